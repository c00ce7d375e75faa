"""Columns of text, gathered row by row without keeping the rows."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

TextArray: TypeAlias = NDArray[Any]
"""Text in numpy's `StringDType`, shape (n,): 16 bytes a cell, and its own bytes where it has more than 15."""

TEXT = np.dtypes.StringDType()
_CHUNK = 8192


def text_array(cells: Iterable[str]) -> TextArray:
    """Texts as a compact array."""
    return np.array(list(cells), dtype=TEXT)


def no_text(n: int) -> TextArray:
    """An array of empty texts."""
    return np.zeros(n, dtype=TEXT)


class Rows:
    """Gathers rows of one width, stripped, with the number each stands under.

    Parameters
    ----------
    width
        Cells in a row.
    """

    def __init__(self, width: int) -> None:
        self.numbers = array("q")
        self._waiting: list[Sequence[str]] = []
        self._chunks: list[list[TextArray]] = [[] for _ in range(width)]

    def add(self, number: int, row: Sequence[str]) -> None:
        """Keep a row."""
        self.numbers.append(number)
        self._waiting.append(row)
        if len(self._waiting) == _CHUNK:
            self._pack()

    def extend(self, numbers: Iterable[int], columns: Sequence[Sequence[str]]) -> None:
        """Keep rows that come as columns."""
        self._pack()
        self.numbers.extend(numbers)
        for chunks, cells in zip(self._chunks, columns, strict=True):
            chunks.append(text_array([cell.strip() for cell in cells]))

    def widen(self, width: int) -> None:
        """Take wider rows from now on; those before are empty there."""
        self._pack()
        self._chunks += [[no_text(len(self.numbers))] for _ in range(width - len(self._chunks))]

    def _pack(self) -> None:
        for chunks, cells in zip(self._chunks, zip(*self._waiting, strict=True), strict=False):
            chunks.append(text_array([cell.strip() for cell in cells]))
        self._waiting.clear()

    def columns(self) -> list[TextArray]:
        """The columns; the chunks they were made of are let go one by one."""
        self._pack()
        return [_joined(chunks) for chunks in self._chunks]


class Records:
    """Gathers rows whose columns become known on the way; what a row lacks is empty.

    `numbers` holds the number each row stands under.
    """

    def __init__(self) -> None:
        self.numbers = array("q")
        self._waiting: list[Mapping[str, str]] = []
        self._chunks: dict[str, list[TextArray]] = {}

    def add(self, number: int, row: Mapping[str, str]) -> None:
        """Keep a row."""
        self.numbers.append(number)
        self._waiting.append(row)
        if len(self._waiting) == _CHUNK:
            self._pack()

    def _pack(self) -> None:
        packed = len(self.numbers) - len(self._waiting)
        for name in dict.fromkeys(name for row in self._waiting for name in row):
            self._chunks.setdefault(name, [no_text(packed)])
        for name, chunks in self._chunks.items():
            chunks.append(text_array([row.get(name, "").strip() for row in self._waiting]))
        self._waiting.clear()

    def columns(self) -> dict[str, TextArray]:
        """The columns by name, in the order in which they were met."""
        self._pack()
        return {name: _joined(chunks) for name, chunks in self._chunks.items()}


def _joined(chunks: list[TextArray]) -> TextArray:
    joined = np.concatenate(chunks) if chunks else no_text(0)
    chunks.clear()
    return joined
