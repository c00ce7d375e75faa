"""Numbers in cells of text: a decimal point, or a decimal comma where it can be nothing else."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from classify_local.storage.columns import TextArray
from classify_local.types import MaskArray

NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
"""Narrower than Python's: no underscores, no digits of other scripts, nan and inf are no places."""

_COMMA_NUMBER = re.compile(NUMBER.pattern.replace(r"\.", ","))
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}([.,' \u00a0\u202f\u2019][0-9]{3})+([.,][0-9]*)?")
_DEGREES = re.compile(r"[°º\u2032\u2033'\"]|[NSEWnsew]\s*$")
_PLAIN = b"0123456789+-.\n"
_CHUNK = 65_536


def parse_numbers(cells: TextArray, *, decimal_comma: bool) -> tuple[NDArray[np.float64], MaskArray]:
    """The numbers of a column.

    A column has one decimal mark. Where some cells have a comma and others a point, those with the rarer
    mark are no numbers (both, if they are equally many): one of the two separates thousands.

    Parameters
    ----------
    cells
        Stripped text, shape (n,).
    decimal_comma
        True if a comma may be the decimal mark: where it does not separate the columns.

    Returns
    -------
    values, ok
        Both of shape (n,). Where a cell is not a finite number, the value is NaN and `ok` False.
    """
    values = np.full(len(cells), np.nan)
    commas, points = [], []
    for first in range(0, len(cells), _CHUNK):
        part = cells[first : first + _CHUNK]
        with_comma, with_point = _parse_chunk(part, values[first : first + _CHUNK], decimal_comma)
        commas.append(first + with_comma)
        points.append(first + with_point)
    _keep_one_mark(values, np.concatenate([*commas, _NONE]), np.concatenate([*points, _NONE]))
    values[np.isinf(values)] = np.nan
    return values, ~np.isnan(values)


_NONE = np.empty(0, dtype=np.intp)


def _parse_chunk(
    cells: TextArray, values: NDArray[np.float64], decimal_comma: bool
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Fill in the values; the places of cells with a decimal comma, and of those with a decimal point."""
    texts = cells.tolist()
    if not "\n".join(texts).encode().translate(None, _PLAIN):
        try:
            values[:] = cells.astype(np.float64)
        except ValueError:
            pass  # empty cells, for example: one by one
        else:
            return _NONE, np.flatnonzero(np.strings.find(cells, ".") >= 0)
    commas, points = [], []
    for i, text in enumerate(texts):
        if NUMBER.fullmatch(text):
            values[i] = float(text)
            if "." in text:
                points.append(i)
        elif decimal_comma and _COMMA_NUMBER.fullmatch(text):
            values[i] = float(text.replace(",", "."))
            commas.append(i)
    return np.array(commas, dtype=np.intp), np.array(points, dtype=np.intp)


def _keep_one_mark(values: NDArray[np.float64], commas: NDArray[np.intp], points: NDArray[np.intp]) -> None:
    if len(commas) and len(commas) <= len(points):
        values[commas] = np.nan
    if len(points) and len(points) <= len(commas):
        values[points] = np.nan


def number_problem(text: str, *, decimal_comma: bool = False) -> str:
    """Why a cell that is not a number is none, and what to write instead.

    Parameters
    ----------
    text
        The cell.
    decimal_comma
        As for `parse_numbers`.
    """
    if not text:
        return "is empty; write a number"
    shown = repr(text if len(text) <= 40 else text[:37] + "...")
    if _GROUPED.fullmatch(text):
        return f"{shown} may have a separator of thousands, or another decimal mark than its column; {_REMEDY}"
    if text.count(",") == 1 and _COMMA_NUMBER.fullmatch(text):
        mixed = "another decimal mark than most of its column" if decimal_comma else "a decimal comma"
        return f"{shown} has {mixed}; {_REMEDY}"
    if decimal_comma and NUMBER.fullmatch(text) and "." in text:
        return f"{shown} has another decimal mark than most of its column; {_REMEDY}"
    if NUMBER.fullmatch(text):
        return f"{shown} is too large; {_REMEDY}"
    if _DEGREES.search(text) and any(character.isdigit() for character in text):
        return f"{shown} is in degrees and minutes; write decimal degrees, for example -13.5042"
    return f"{shown} is not a number; {_REMEDY}"


_REMEDY = "write for example 1234.5"
