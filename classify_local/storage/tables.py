"""Tables as agencies hold them, read into columns of text: separated text and Excel workbooks."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from classify_local.errors import InputError
from classify_local.storage.archives import ZIP
from classify_local.storage.columns import TextArray, text_array
from classify_local.storage.delimited import read_delimited
from classify_local.storage.numbers import parse_numbers
from classify_local.storage.safety import require_file
from classify_local.storage.text import find_encoding
from classify_local.types import MaskArray

Unit: TypeAlias = Literal["line", "row", "feature"]

_HEAD = 512
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
_AS_CSV = "save it as CSV in UTF-8"
_AS_VECTOR = "give it with vector:"
_OTHER = {
    ZIP: ("a spreadsheet or zip archive", _AS_CSV),
    b"\xd0\xcf\x11\xe0": ("a spreadsheet of Excel's old format (.xls) or with a password", "save it as .xlsx or CSV"),
    b"SQLite format 3": ("a database (GeoPackage?)", f"{_AS_VECTOR}, if it is a GeoPackage"),
    b"\0\0\x27\x0a": ("a shapefile", _AS_VECTOR),
    b"\x89HDF": ("an HDF file", _AS_CSV),
    b"PAR1": ("a Parquet file", _AS_CSV),
    b"%PDF": ("a PDF", _AS_CSV),
    b"\x1f\x8b": ("packed with gzip", "unpack it first"),
}
_WEB = (b"<!doctype", b"<html", b"<table", b"<?xml", b"<kml", b"<gpx", b"<svg", b"<head", b"<meta", b"<ogrvrt")
_JSON = (b'{"', b"{'", b"[{", b"[[", b'["')


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Columns of text with the number each row stands under.

    Parameters
    ----------
    where
        The file, for messages.
    columns
        A header's values, stripped, all of the length of `lines`; lists become compact arrays.
    lines
        Line, row of a sheet, or feature of each row.
    notices
        What was guessed or left out: for the user's eyes.
    separator
        Between the columns; empty where cells stand by themselves, as in a sheet.
    unit
        What `lines` count.
    parts
        Where rows come from several places: the first row of each, and its name, in order.
    """

    where: str
    columns: dict[str, TextArray]
    lines: Sequence[int]
    notices: tuple[str, ...] = ()
    separator: str = ","
    unit: Unit = "line"
    parts: tuple[tuple[int, str], ...] = ()

    def __post_init__(self) -> None:
        arrays = {
            name: cells if isinstance(cells, np.ndarray) else text_array(cells) for name, cells in self.columns.items()
        }
        if any(len(cells) != len(self.lines) for cells in arrays.values()):
            raise ValueError("columns differ in length")
        object.__setattr__(self, "columns", arrays)

    def __len__(self) -> int:
        return len(self.lines)

    def place(self, row: int) -> str:
        """File and line, row or feature, as messages begin."""
        part = bisect_right(self.parts, row, key=lambda part: part[0]) - 1
        where = self.parts[part][1] if part >= 0 else self.where
        return f"{where}, {self.unit} {self.lines[row]}"

    def numbers(self, name: str) -> tuple[NDArray[np.float64], MaskArray]:
        """A column's numbers and where they are numbers, as `storage.numbers.parse_numbers` gives them."""
        return parse_numbers(self.columns[name], decimal_comma=self.decimal_comma)

    @property
    def decimal_comma(self) -> bool:
        """True if a comma may be a decimal mark, because it does not separate the columns."""
        return self.separator != ","


def read_table(path: Path, *, sheet: str | None = None, encoding: str | None = None) -> Table:
    """A table with a header row, from text with any separator or from an Excel workbook (.xlsx).

    Parameters
    ----------
    path
        The file; its content decides what it is, never its name.
    sheet
        The sheet of a workbook; the first that holds anything if not given.
    encoding
        How text is encoded; found out if not given (`storage.text.find_encoding`).

    Returns
    -------
    Table
        All cells as text. About 20 bytes of memory for each cell.

    Raises
    ------
    InputError
        If the file is missing, empty, damaged or no table, or a row has more fields than the header.
    RefusedError
        If a workbook unpacks to more than a table can hold, or declares entities.
    """
    require_file(path)
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
        if head.startswith(ZIP) and encoding is None:
            return _workbook(path, sheet, head)
        return _text(path, sheet, encoding, head)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error


def read_csv(path: Path) -> Table:
    """A table in UTF-8 text, nothing guessed: for files that this package writes, or that have no place for notices."""
    return read_table(path, encoding="utf-8")


def _workbook(path: Path, sheet: str | None, head: bytes) -> Table:
    if _ODS in head:
        raise InputError(f"{path}: is an OpenDocument spreadsheet (.ods); save it as .xlsx or CSV")
    from classify_local.storage import spreadsheets

    found = spreadsheets.read_sheet(path, sheet)
    return Table(
        where=found.where, columns=found.grid.columns, lines=found.grid.numbers, notices=found.grid.notices,
        separator=found.grid.separator, unit="row",
    )  # fmt: skip


def _text(path: Path, sheet: str | None, encoding: str | None, head: bytes) -> Table:
    _refuse_other(path, head)
    if sheet is not None:
        raise InputError(f"{path}: is text, which has no sheets; take sheet: out")
    found = find_encoding(path, encoding)
    grid = read_delimited(path, found.name)
    return Table(
        where=str(path), columns=grid.columns, lines=grid.numbers, notices=found.notices + grid.notices,
        separator=grid.separator,
    )  # fmt: skip


def _refuse_other(path: Path, head: bytes) -> None:
    """Say what a file is that is no text table, where its beginning tells."""
    for magic, (kind, remedy) in _OTHER.items():
        if head.startswith(magic):
            raise InputError(f"{path}: is {kind}, not a table in plain text; {remedy}")
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith(_WEB):
        raise InputError(f"{path}: is a web page or XML, not a table; open it in a spreadsheet and save it as CSV")
    if start.startswith(_JSON):
        raise InputError(f"{path}: is JSON, not a table; GeoJSON is given with vector:, a table as CSV")
