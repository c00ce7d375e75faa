"""Classes in one column: the legend's values, or its labels where these stand instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from classify_local.legend import Legend
from classify_local.storage.numbers import NUMBER
from classify_local.storage.tables import Table
from classify_local.training.cells import distinct, some, with_points
from classify_local.types import LabelArray, MaskArray

_LEAST, _GREATEST = -(2**31), 2**31 - 1

ByLabel: TypeAlias = Callable[[str], int | None]
"""Gives the class value of a label, or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Classes:
    """The class of each row.

    Parameters
    ----------
    labels
        Class values; of no meaning where `matched` is False, shape (n,).
    matched
        True where a row has a class, shape (n,).
    why
        Says what is wrong with the cell of a row without a class; None where no cell is wrong.
    notes
        Sentences a user should read.
    """

    labels: LabelArray
    matched: MaskArray
    why: Callable[[int], str] | None = None
    notes: tuple[str, ...] = ()


def classes_in_column(table: Table, column: str, legend: Legend | None, *, known_only: bool) -> Classes:
    """The class of each row by the cells of one column.

    Parameters
    ----------
    table, column
        The rows, and where their class stands.
    legend
        Its labels are taken for its values; None if there is none yet.
    known_only
        Values that the legend does not have are no classes.
    """
    texts, number = distinct(with_points(table, column))
    by_label = label_reader(legend)
    found = [class_value(text, by_label) for text in texts]
    wanted = set(legend.values) if known_only and legend is not None else None
    matched = np.array([isinstance(one, int) and (wanted is None or one in wanted) for one in found], dtype=bool)
    labels = np.array([one if isinstance(one, int) else 0 for one in found], dtype=np.int64)
    taken = [text for text, yes in zip(texts, matched.tolist(), strict=True) if yes and not NUMBER.fullmatch(text)]
    notes = [f"{table.where}: labels in the column {column!r} are taken for their values: {some(taken)}"]
    return Classes(
        labels=labels[number], matched=matched[number], why=lambda row: str(found[number[row]]),
        notes=tuple(notes if taken else ()),
    )  # fmt: skip


def label_reader(legend: Legend | None) -> ByLabel:
    """What gives the class value of a label as it is written, or in any case of letters if it is one class's."""
    exact = {entry.label.strip(): entry.value for entry in legend or ()}
    count = Counter(label.casefold() for label in exact)
    folded = {label.casefold(): value for label, value in exact.items() if count[label.casefold()] == 1}
    return lambda text: exact.get(text, folded.get(text.casefold()))


def class_value(text: str, by_label: ByLabel = lambda _text: None) -> int | str:
    """The class value that a cell stands for, or what is wrong with it; whole numbers stored as 10.0 are accepted.

    Parameters
    ----------
    text
        The cell.
    by_label
        As `label_reader` gives it.
    """
    if not NUMBER.fullmatch(text):
        value = by_label(text)
        return _no_number(text) if value is None else value
    number = float(text)
    if not number.is_integer() or not _LEAST <= number <= _GREATEST:
        return f"class {text[:40]!r} is not a whole number from {_LEAST} to {_GREATEST}; give the legend's value"
    return int(number)


def _no_number(text: str) -> str:
    if not text:
        return "the class is empty; give the legend's value"
    return f"class {text[:40]!r} is not a number, and no label of the legend; give the legend's value"
