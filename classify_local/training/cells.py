"""Cells of a table: distinct texts, numbers with decimal commas, and when two cells are the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from classify_local.errors import InputError, nearest
from classify_local.expressions import Expression, parse_expression
from classify_local.expressions.cells import EXACT
from classify_local.storage.columns import TextArray, text_array
from classify_local.storage.numbers import NUMBER, parse_numbers
from classify_local.storage.tables import Table
from classify_local.types import MaskArray

Value = str | int | float | bool
"""A value of a column as a recipe writes it."""

_CHUNK = 65_536
_NAMED = 30
"""Columns named in an error."""


def require_column(name: str, table: Table, key: str) -> str:
    """The name of a column, if the table has it.

    Raises
    ------
    InputError
        Naming those it has, and the recipe's key that names this one.
    """
    if name in table.columns:
        return name
    raise InputError(
        f"{table.where}: no column {name!r}; it has {some(list(table.columns), _NAMED)}"
        f"{nearest(name, table.columns)} (the recipe names it with {key}:)"
    )


def distinct(column: TextArray) -> tuple[list[str], NDArray[np.intp]]:
    """The distinct texts of a column in the order in which they come, and for each row the number of its text."""
    numbers: dict[str, int] = {}
    rows = np.empty(len(column), dtype=np.intp)
    for first in range(0, len(column), _CHUNK):
        cells = column[first : first + _CHUNK].tolist()
        rows[first : first + _CHUNK] = [numbers.setdefault(cell, len(numbers)) for cell in cells]
    return list(numbers), rows


def group_numbers(column: TextArray) -> NDArray[np.int64]:
    """A number for each distinct value of a group column; -1 where the cell is empty."""
    _, number = distinct(column)
    return np.where(np.asarray(column == ""), -1, number).astype(np.int64)


def with_points(table: Table, name: str) -> TextArray:
    """A column as text; one of numbers with decimal commas gets decimal points.

    A column of which one cell is neither empty nor such a number stays as it is.
    """
    column = table.columns[name]
    if not table.decimal_comma or not (np.strings.find(column, ",") >= 0).any():
        return column
    texts = text_array(distinct(column)[0])
    _, is_number = parse_numbers(texts, decimal_comma=True)
    return np.strings.replace(column, ",", ".") if (is_number | (texts == "")).all() else column


def true_rows(text: str, where: str, table: Table) -> MaskArray:
    """Where an expression is true, shape (n,).

    Raises
    ------
    InputError
        If it cannot be read, names a column that is not there, or cannot be computed in a row.
    """
    expression = require_expression(text, where, table)
    columns = {name: with_points(table, name) for name in expression.names}
    return expression.true_rows(columns, len(table), table.lines)


def require_expression(text: str, where: str, table: Table) -> Expression:
    """An expression that can be read and whose columns a table has; nothing is computed.

    Raises
    ------
    InputError
        If it is not so.
    """
    expression = parse_expression(text, where)
    expression.true_rows(dict.fromkeys(table.columns, ()), 0)
    return expression


def written(value: Value) -> str:
    """A value of a recipe as it would stand in a cell."""
    return str(value).lower() if isinstance(value, bool) else str(value).strip()


def key(text: str) -> float | str:
    """What makes two cells the same: 10, 10.0 and 1e1 are one number, True and true one word; long ones are texts."""
    if NUMBER.fullmatch(text) and abs(float(text)) < EXACT:
        return float(text)
    return text.lower() if text.lower() in ("true", "false") else text


def some(names: Sequence[str], most: int = 5) -> str:
    """The first of some names, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
