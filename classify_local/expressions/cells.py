"""Cells of a table: what a text stands for, and how a value is written as text."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from classify_local.expressions.values import BoolArray, Float64Array, Kind, TextArray, Values, numbers

StringColumn: TypeAlias = Sequence[str | None] | NDArray[Any]
"""A column of text: a list of str, or a numpy array of StringDType, fixed-width or object str. None is missing."""

EXACT = 2.0**53
"""Whole numbers below it are exact; a longer one in a table is an identifier and stays a text."""

_CELL = re.compile(
    r"""\s*+(?:
        ([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
        | ([tT][rR][uU][eE])
        | ([fF][aA][lL][sS][eE])
    )?\s*+""",
    re.VERBOSE,
)
"""A cell that is no text: a number, true, false, or nothing. Spaces are never given back, so that a cell of a million
of them takes no time."""

_TEXT, _NUMBER = int(Kind.TEXT), int(Kind.NUMBER)
_MISSING = (int(Kind.MISSING), math.nan, "")
_WORDS: dict[int | None, tuple[int, float, str]] = {
    None: _MISSING,
    2: (int(Kind.BOOLEAN), 1.0, ""),
    3: (int(Kind.BOOLEAN), 0.0, ""),
}
"""What a cell without a number stands for, by the group of `_CELL` that it has."""


_DIGITS = re.compile(r"[0-9eE+.\-]*")
"""Of these characters, `float` makes no number that `_CELL` does not."""


def read_cells(column: StringColumn) -> Values:
    """The values that the cells of a column stand for.

    A number (with a decimal point) is a number; ``true`` and ``false`` in any case are booleans; an empty cell, or
    one of spaces alone, is missing; all else is text, as it stands. Whole numbers from 2**53 on stay text.

    Parameters
    ----------
    column
        The cells, length n.
    """
    return _read(column.tolist() if isinstance(column, np.ndarray) else column, exact=True)


def reread(texts: TextArray) -> Values:
    """The values that computed texts stand for: as `read_cells`, but whole numbers of any length are numbers."""
    return _read(texts.tolist(), exact=False)


def _read(cells: Sequence[str | None], *, exact: bool) -> Values:
    number = _all_numbers(cells)
    if number is not None and not (exact and np.any(np.abs(number) >= EXACT)):
        return numbers(number)
    distinct = dict.fromkeys(cells, 0)
    read = [_read_cell(cell, exact) for cell in distinct]
    distinct.update(zip(distinct, range(len(distinct)), strict=True))
    rows = np.fromiter(map(distinct.__getitem__, cells), np.intp, len(cells))
    kind = np.array([one[0] for one in read], np.uint8)
    text = np.array([one[2] for one in read], object)[rows] if np.any(kind == Kind.TEXT) else None
    return Values(kind[rows], np.array([one[1] for one in read], np.float64)[rows], text)


def _all_numbers(cells: Sequence[str | None]) -> Float64Array | None:
    """The numbers of a column without text, NaN for empty cells; None if there may be text. Only faster."""
    if not _DIGITS.fullmatch("".join(filter(None, cells))):
        return None
    try:
        return np.fromiter(map(float, [cell or "nan" for cell in cells]), np.float64, len(cells))
    except ValueError:
        return None


def _read_cell(cell: str | None, exact: bool) -> tuple[int, float, str]:
    """Kind, number and text of the value that one cell stands for."""
    if cell is None:
        return _MISSING
    found = _CELL.fullmatch(cell)
    if found is None:
        return _TEXT, math.nan, cell
    if found.lastindex != 1:
        return _WORDS[found.lastindex]
    number = float(found[1])
    if exact and abs(number) >= EXACT and found[1].lstrip("+-").isdigit():
        return _TEXT, math.nan, cell
    return _NUMBER, number, ""


def written(values: Values) -> tuple[TextArray, BoolArray]:
    """All values as text, empty where missing, and where they are missing; both of shape (n,)."""
    text = values.texts().copy()
    other = values.is_kind(Kind.NUMBER) | values.is_kind(Kind.BOOLEAN)
    if other.any():
        part = values.take(other)
        shown = zip(part.kind.tolist(), part.number.tolist(), strict=True)
        text[other] = [str(bool(n)).lower() if kind == Kind.BOOLEAN else number_text(n) for kind, n in shown]
    return text, values.is_kind(Kind.MISSING)


def number_text(number: float) -> str:
    """A number as JavaScript writes it: ``10``, ``0.1``, ``1e+21``, ``Infinity`` (ECMA-262, Number::toString)."""
    if number == 0:
        return "0"
    if not np.isfinite(number):
        return "Infinity" if number > 0 else "-Infinity"
    if number.is_integer() and abs(number) < EXACT:
        return str(int(number))
    shortest = Decimal(repr(number)).normalize()
    if 1e-6 <= abs(number) < 1e21:
        return f"{shortest:f}"
    mantissa, _, exponent = f"{shortest:e}".partition("e")
    return f"{mantissa}e{int(exponent):+d}"
