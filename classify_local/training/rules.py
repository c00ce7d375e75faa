"""From the columns of a table to class values, as the class keys of a recipe say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from classify_local.errors import InputError, collect, nearest
from classify_local.expressions import read_cells
from classify_local.expressions.operators import truthy
from classify_local.legend import Legend
from classify_local.recipe.model import ClassMapping
from classify_local.storage.tables import Table
from classify_local.training.cells import (
    Value,
    distinct,
    key,
    require_column,
    require_expression,
    some,
    true_rows,
    with_points,
    written,
)
from classify_local.training.labels import Classes, classes_in_column
from classify_local.types import MaskArray

CLASS_COLUMNS = ("class", "land_use_category")
"""Columns taken for the class when the recipe names none, first found; SEPAL's list."""

_COMPARED = 1000
"""Values of a column among which one is sought that a misspelt one may have meant."""


def classes_of(source: ClassMapping, table: Table, legend: Legend | None, where: str) -> Classes:
    """The class of each row of a table.

    Parameters
    ----------
    source
        The recipe's keys: a column of values or labels; values of a column or an expression for each class; a
        column for each class; and the class of rows that nothing matched.
    table
        The rows.
    legend
        Its labels are taken where values are meant; None if the recipe has none yet.
    where
        The entry in the recipe, for messages.

    Raises
    ------
    InputError
        If a column is not there, or a rule cannot be read.
    """
    require_class_keys(source, table, where)
    if by_value(source):
        column = class_column(source, table)
        found = classes_in_column(table, column, legend, known_only=source.default is not None)
    else:
        found = _by_rules(source, table, where)
    if source.default is None:
        return found
    return replace(
        found, labels=np.where(found.matched, found.labels, source.default), matched=np.ones(len(table), bool), why=None
    )


def by_value(source: ClassMapping) -> bool:
    """True where the class stands in one column, as a value of the legend or a label."""
    return source.classes is None and source.columns is None


def class_column(source: ClassMapping, table: Table) -> str:
    """The column that holds the class: the named one, else the first that is known for it.

    Raises
    ------
    InputError
        If it is not there.
    """
    if source.class_ is None:
        folded = {name.casefold(): name for name in reversed(list(table.columns))}
        for name in CLASS_COLUMNS:
            if name in table.columns or name in folded:
                return name if name in table.columns else folded[name]
    return require_column(source.class_ or CLASS_COLUMNS[0], table, "class")


def require_class_keys(source: ClassMapping, table: Table, where: str) -> None:
    """Refuse columns that a table lacks, rules that cannot be read, and values that are given to two classes.

    Raises
    ------
    InputError
        All that is wrong.
    """
    steps: list[Callable[[], object]] = [partial(require_column, name, table, "columns") for name in _named(source)]
    rules = source.classes or {}
    lists = any(not isinstance(rule, str) for rule in rules.values())
    if lists or by_value(source) or source.class_ is not None:
        steps.append(partial(class_column, source, table))
    for value, rule in sorted(rules.items()):
        if isinstance(rule, str):
            steps.append(partial(require_expression, rule, f"{where}.classes.{value}", table))
    steps.append(partial(_require_one_class_each, source, where))
    collect(steps)


def _named(source: ClassMapping) -> list[str]:
    named = [(names,) if isinstance(names, str) else names for names in (source.columns or {}).values()]
    return list(dict.fromkeys(name for names in named for name in names))


def _require_one_class_each(source: ClassMapping, where: str) -> None:
    owner: dict[float | str, int] = {}
    lines = []
    for value, rule in sorted((source.classes or {}).items()):
        for item in rule if isinstance(rule, tuple) else ():
            first = owner.setdefault(key(written(item)), value)
            if first != value:
                lines.append(f"{where}.classes: {item!r} stands for two classes, {first} and {value}; give it to one")
    if lines:
        raise InputError(*lines)


def _by_rules(source: ClassMapping, table: Table, where: str) -> Classes:
    """The first class, by ascending value, with a rule that is true."""
    labels, matched = np.zeros(len(table), np.int64), np.zeros(len(table), bool)
    twice, column = np.zeros(len(table), bool), _column_of_lists(source, table)
    for value in sorted({*(source.classes or {}), *(source.columns or {})}):
        true = np.logical_or.reduce([np.zeros(len(table), bool), *_rules_of(value, source, table, where, column)])
        labels[true & ~matched] = value
        twice |= true & matched
        matched |= true
    notes = [] if column is None else [*column.missing]
    if twice.any():
        rows = f"{twice.sum():,} of {len(table):,} rows"
        notes.append(f"{table.where}: {rows} fit several classes; the lowest class value is taken")
    if column is not None and source.default is None:
        notes += column.rest(matched)
    return Classes(labels=labels, matched=matched, notes=tuple(notes))


def _rules_of(
    value: int, source: ClassMapping, table: Table, where: str, column: _Column | None
) -> Iterator[MaskArray]:
    """Where each rule of a class is true."""
    rule = (source.classes or {}).get(value)
    if isinstance(rule, str):
        yield true_rows(rule, f"{where}.classes.{value}", table)
    elif rule is not None and column is not None:
        yield column.rows_of(value, rule)
    named = (source.columns or {}).get(value, ())
    for name in (named,) if isinstance(named, str) else named:
        texts, number = distinct(with_points(table, name))
        yield truthy(read_cells(texts))[number]


class _Column:
    """A column whose values the classes share out: numbers are compared by value, all else by text."""

    def __init__(self, table: Table, name: str) -> None:
        self.missing: list[str] = []
        self._where = f"{table.where}, column {name!r}"
        self._texts, self._number = distinct(with_points(table, name))
        self._keys = [key(text) for text in self._texts]

    def rows_of(self, value: int, wanted: Sequence[Value]) -> MaskArray:
        """Where a cell is one of the values of a class."""
        asked = {key(written(item)): item for item in wanted}
        there, among = set(self._keys), self._texts if len(self._texts) <= _COMPARED else ()
        for one, item in asked.items():
            if one not in there:
                self.missing.append(f"{self._where}, class {value}: no row has {item!r}{nearest(str(item), among)}")
        return np.array([one in asked for one in self._keys], dtype=bool)[self._number]

    def rest(self, matched: MaskArray) -> Iterator[str]:
        """What to say of values that no class has."""
        texts = [self._texts[i] for i in np.unique(self._number[~matched]).tolist()]
        if any(texts):
            yield f"{self._where}: no class has the values {some([repr(text) for text in texts if text])}"


def _column_of_lists(source: ClassMapping, table: Table) -> _Column | None:
    """The column of the class, if a class has a list of its values."""
    if all(isinstance(rule, str) for rule in (source.classes or {}).values()):
        return None
    return _Column(table, class_column(source, table))
