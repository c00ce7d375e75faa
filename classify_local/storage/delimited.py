"""Tables in text: separators, quotes, headers and line numbers as programs write them, row by row."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from classify_local.errors import InputError
from classify_local.storage.columns import Rows, TextArray

if TYPE_CHECKING:
    from _csv import Reader

SEPARATORS = ",;\t|"
MAX_ROWS = 10_000_000
MAX_CELLS = 100_000_000
"""Cells take 16 bytes and what their text has beyond 15: at most 1.6 GB and the longer texts."""
_MAX_FIELD = 1_000_000
_PEEKED = 20
_QUOTED = re.compile(r'"[^"]*"')
_SEP_LINE = re.compile(r"\ufeff?\"?sep=([^\w\s\"']|\t)\"?\s*", re.IGNORECASE)
"""The line with which Excel is told the separator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table's parts: columns by name, the number of each row, and what was decided about it."""

    columns: dict[str, TextArray]
    numbers: Sequence[int]
    separator: str
    notices: tuple[str, ...] = ()


class Header:
    """The names of columns and what to do about rows that do not fit them.

    Parameters
    ----------
    where, number
        The table, and the line or row its header stands in.
    names
        As they stand there; those that are empty become `column 3`, if the column holds anything.
    unit
        line or row.

    Raises
    ------
    InputError
        If a name stands twice.
    """

    def __init__(self, where: str, number: int, names: Sequence[str], unit: str = "line") -> None:
        self.where, self.unit = where, unit
        given = [" ".join(name.split()) if "\n" in name or "\r" in name else name.strip() for name in names]
        twice = sorted({name for name in given if name and given.count(name) > 1})
        if twice:
            raise InputError(f"{where}, {unit} {number}: the column {twice[0]!r} stands twice; give each its own name")
        self.names = [name or _free_name(i, given) for i, name in enumerate(given, 1)]
        self._unnamed = {name for name, own in zip(self.names, given, strict=True) if not own}

    def widen(self, width: int) -> None:
        """Take in columns to the right of the last name."""
        for number in range(len(self.names) + 1, width + 1):
            self.names.append(_free_name(number, self.names))
            self._unnamed.add(self.names[-1])

    def fit(self, number: int, row: Sequence[str]) -> Sequence[str]:
        """The row with as many cells as there are names.

        Raises
        ------
        InputError
            If it holds more.
        """
        width = len(self.names)
        if len(row) <= width:
            return [*row, *[""] * (width - len(row))]
        if any(cell.strip() for cell in row[width:]):
            raise InputError(
                f"{self.where}, {self.unit} {number}: {len(row)} fields where the header has {width}; "
                "numbers have a decimal point, and a text that holds the separator stands in quotes"
            )
        return row[:width]

    def columns(self, rows: Rows) -> dict[str, TextArray]:
        """Columns by name, without those that have neither name nor content."""
        named = dict(zip(self.names, rows.columns(), strict=True))
        return {name: cells for name, cells in named.items() if name not in self._unnamed or (cells != "").any()}


def _free_name(number: int, taken: Sequence[str]) -> str:
    name = f"column {number}"
    while name in taken:
        name += "'"
    return name


def require_bounded(where: str, rows: int, width: int) -> None:
    """Refuse a table that would fill the memory."""
    if rows > MAX_ROWS or rows * width > MAX_CELLS:
        raise InputError(
            f"{where}: has more than {min(MAX_ROWS, MAX_CELLS // max(width, 1)):,} rows of {width} columns; "
            "take out columns that are not needed, or divide it into several files"
        )


def read_delimited(path: Path, encoding: str) -> Grid:
    """A table with a header row; the separator is the one that splits the header most.

    Raises
    ------
    InputError
        If it is empty, or a row has more fields than the header.
    """
    csv.field_size_limit(_MAX_FIELD)
    with path.open(encoding=encoding, newline="") as stream:
        source = _Lines(stream)
        separator = source.separator()
        reader = csv.reader(source, delimiter=separator, skipinitialspace=True)
        try:
            return _read(path, source, reader, separator)
        except csv.Error as error:
            raise InputError(
                f"{path}, line {source.skipped + reader.line_num}: {error}; "
                "is a quote not closed, or this no text table?"
            ) from error


class _Lines:
    """The lines of a table, the first ones looked at beforehand; remembers the last that holds anything."""

    def __init__(self, stream: TextIO) -> None:
        self._first = list(islice(stream, _PEEKED))
        self._rest = stream
        self._told = _SEP_LINE.fullmatch(self._first[0]) if self._first else None
        self.skipped = 1 if self._told else 0
        self.last = ""

    def __iter__(self) -> Iterator[str]:
        for line in chain(self._first[self.skipped :], self._rest):
            if not line.isspace():
                self.last = line
            yield line

    def separator(self) -> str:
        """The one that is told or that splits the header most; a space, if nothing else separates three columns."""
        if self._told:
            return self._told.group(1)
        lines = [line for line in self._first if line.strip(f"{SEPARATORS} \r\n")]
        header = _QUOTED.sub("", lines[0]) if lines else ""
        if not any(separator in header for separator in SEPARATORS) and _are_aligned(lines):
            return " "
        return max(SEPARATORS, key=header.count)


def _are_aligned(lines: Sequence[str]) -> bool:
    widths = {len(_QUOTED.sub("x", line).split()) for line in lines}
    return len(lines) > 1 and len(widths) == 1 and min(widths) >= 3


def _read(path: Path, source: _Lines, reader: Reader, separator: str) -> Grid:
    names = next((row for row in reader if any(cell.strip(f"{SEPARATORS} ") for cell in row)), None)
    if names is None:
        raise InputError(f"{path}: is empty; a table begins with a row of column names")
    header = Header(str(path), source.skipped + reader.line_num, names)
    width, rows = len(header.names), Rows(len(header.names))
    row: Sequence[str] = ()
    for row in reader:
        if not any(map(str.strip, row)):
            continue
        number = source.skipped + reader.line_num
        rows.add(number, row if len(row) == width else header.fit(number, row))
        if not len(rows.numbers) & 0xFFFF:
            require_bounded(str(path), len(rows.numbers), width)
    require_bounded(str(path), len(rows.numbers), width)
    _require_closed(path, source.last, row, rows.numbers)
    notices = (f"{path}: its columns are taken to be separated by spaces",) if separator == " " else ()
    return Grid(columns=header.columns(rows), numbers=rows.numbers, separator=separator, notices=notices)


def _require_closed(path: Path, last_line: str, last_row: Sequence[str], numbers: Sequence[int]) -> None:
    """A quote that is never closed swallows all rows after it into one field, which would be lost in silence."""
    swallowed = any("\n" in cell or "\r" in cell for cell in last_row[-1:])
    if swallowed and not last_line.rstrip(f"{SEPARATORS} \r\n").endswith('"'):
        first = numbers[-2] + 1 if len(numbers) > 1 else 2
        raise InputError(f"{path}, line {first}: a quote that opens here is never closed; close it, or take it out")
