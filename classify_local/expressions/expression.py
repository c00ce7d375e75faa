"""An expression: parsed once, computed for the rows of any table that has its columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from lark.exceptions import UnexpectedToken

from classify_local.errors import InputError, nearest
from classify_local.expressions.building import Fault, shown
from classify_local.expressions.cells import StringColumn
from classify_local.expressions.evaluation import Chunk, Frame, evaluate
from classify_local.expressions.faults import DEEPEST, spot, token_fault, tokens_of
from classify_local.expressions.functions import CALLS
from classify_local.expressions.grammar import parser
from classify_local.expressions.nodes import Column, Node, walk
from classify_local.expressions.operators import truthy
from classify_local.expressions.values import BoolArray, Values, joined

CHUNK = 16_384
"""Rows computed at a time; results do not depend on it."""

LONGEST = 10_000
"""Characters that an expression may have."""

_SHOWN = 20
"""Columns named in an error."""

_OTHER_SPELLINGS = {"TRUE": "true", "FALSE": "false", "NULL": "null", "NA": "null", "NaN": "null", "nan": "null"}
"""How other programs write values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A row filter or class rule.

    Its methods take the columns of a table as text, a list or array for each name, all of length `n`. A column that
    several expressions read can be given as `read_cells` makes it, so that its cells are looked at once.
    """

    text: str
    """As it was written."""

    where: str
    """What errors call it, for example ``points.filter``."""

    names: frozenset[str]
    """The columns it reads."""

    root: Node = field(repr=False)

    def values(
        self, columns: Mapping[str, StringColumn | Values], n: int, lines: Sequence[int] | None = None
    ) -> Values:
        """Compute the value of each row.

        Parameters
        ----------
        columns
            The table's columns by name, each of length `n`; it may have more than the expression reads.
        n
            Number of rows.
        lines
            Line of each row in its file, for errors; without it they count rows from 1.

        Raises
        ------
        InputError
            If a column is missing, all of them at once; or if a row cannot be computed, with its line.
        """
        return joined(list(self._computed(columns, n, lines)))

    def true_rows(
        self, columns: Mapping[str, StringColumn | Values], n: int, lines: Sequence[int] | None = None
    ) -> BoolArray:
        """Where the value counts as true, shape (n,): not for missing, false, 0 and the empty text.

        Parameters and errors are those of `values`.
        """
        parts = [truthy(values) for values in self._computed(columns, n, lines)]
        return np.concatenate([np.empty(0, np.bool_), *parts])

    def _computed(
        self, columns: Mapping[str, StringColumn | Values], n: int, lines: Sequence[int] | None
    ) -> Iterator[Values]:
        self._require_columns(columns)
        for name in self.names:
            if len(columns[name]) != n:
                raise ValueError(f"column {name!r} has {len(columns[name])} rows, not {n}")
        for start in range(0, n, CHUNK):
            rows = slice(start, min(start + CHUNK, n))
            index = np.arange(rows.stop - start)
            frame = Frame(chunk=Chunk(columns=columns, rows=rows), index=index, where=self.where, lines=lines)
            with np.errstate(all="ignore"):  # what has no result is missing
                yield evaluate(self.root, frame).spread(len(index))

    def _require_columns(self, columns: Mapping[str, StringColumn | Values]) -> None:
        unknown = sorted(self.names - columns.keys())
        if unknown:
            raise InputError(*(f"{self.where}: {_unknown_column(name, list(columns))}" for name in unknown))


def parse_expression(text: str, where: str) -> Expression:
    """Read a row filter or class rule; nothing of it is run.

    Parameters
    ----------
    text
        The expression, at most `LONGEST` characters.
    where
        What errors call it, for example ``points.filter``.

    Raises
    ------
    InputError
        If it is not of the language, with the character at which it is not.
    """
    if len(text) > LONGEST:
        raise InputError(
            f"{where}: the expression has {len(text)} characters, and at most {LONGEST} are read; shorten it"
        )
    if not text.strip():
        raise InputError(f"{where}: the expression is empty; write one, for example class > 0, or leave it out")
    try:
        root = _parsed(text)
    except Fault as fault:
        place = f"character {fault.position + 1} ({spot(text, fault.position)})"
        raise InputError(f"{where}, {place}: {fault.sentence}") from fault
    depth = max(depth for _, depth in walk(root))
    if depth > DEEPEST:
        raise InputError(f"{where}: operators stand {depth} deep in each other, at most {DEEPEST} may; simplify it")
    names = frozenset(node.name for node, _ in walk(root) if isinstance(node, Column))
    return Expression(text=text, where=where, names=names, root=root)


def _parsed(text: str) -> Node:
    tokens = tokens_of(parser(), text)
    try:
        root: Node = parser().parse(text)  # type: ignore[assignment]
    except UnexpectedToken as error:
        raise token_fault(error, tokens, text) from error
    return root


def _unknown_column(name: str, columns: Sequence[str]) -> str:
    more = f" and {len(columns) - _SHOWN} more" if len(columns) > _SHOWN else ""
    there = f"there are {', '.join(columns[:_SHOWN])}{more}" if columns else "the table has none"
    return f"'{shown(name)}' is not a column; {there}{_column_hint(name, columns)}"


def _column_hint(name: str, columns: Sequence[str]) -> str:
    if name in CALLS:
        return f"; {name} is a function, written {name}(...)"
    if name in _OTHER_SPELLINGS:
        return f"; did you mean the value {_OTHER_SPELLINGS[name]}?"
    return nearest(name, columns)
