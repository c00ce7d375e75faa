"""Sheets of Excel workbooks (.xlsx) as columns of text. Slow to import: imported where one is read."""

from __future__ import annotations

import datetime
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from classify_local.errors import InputError, nearest
from classify_local.storage.archives import opened_zip
from classify_local.storage.columns import Rows
from classify_local.storage.delimited import Grid, Header, require_bounded
from classify_local.storage.markup import root_name

_KIND = "a spreadsheet or zip archive"
_PEEKED = 20
_DAMAGE = (
    InvalidFileException, KeyError, ValueError, TypeError, IndexError, AttributeError, SyntaxError, EOFError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What openpyxl raises on workbooks that are not as they should be; broken XML is a SyntaxError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A sheet's place for messages, and what it holds."""

    where: str
    grid: Grid


def read_sheet(path: Path, name: str | None) -> Sheet:
    """A sheet with a header row: the named one, or the first that holds anything.

    Cells are what their formulas gave when the workbook was saved. Dates become ISO 8601.

    Raises
    ------
    InputError
        If it is no workbook, the sheet is not there or empty, or its header is not sound.
    RefusedError
        If the workbook unpacks to more than a table can hold, or declares entities.
    """
    with opened_zip(path, _KIND) as archive:
        _require_workbook(path, archive)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on styles and validation, which are not read
        try:
            with path.open("rb") as stream:
                return _read(path, stream, name)
        except _DAMAGE as error:
            reason = " ".join(str(error.__cause__ or error).split())
            raise InputError(f"{path}: is a damaged spreadsheet ({reason}); save it again, or as CSV") from error


def _require_workbook(path: Path, archive: zipfile.ZipFile) -> None:
    names = archive.namelist()
    if "xl/workbook.xml" in names:
        _require_plain_xml(path, archive)
        return
    if "xl/workbook.bin" in names:
        raise InputError(f"{path}: is a binary workbook (.xlsb); save it as .xlsx or CSV")
    if "content.xml" in names:
        raise InputError(f"{path}: is an OpenDocument file; save it as .xlsx or CSV")
    if any(name.lower().endswith((".shp", ".kml")) for name in names):
        raise InputError(f"{path}: is a zip archive of geometries, not a table; give it with vector:")
    raise InputError(f"{path}: is a zip archive, not a spreadsheet; unpack it first")


def _require_plain_xml(path: Path, archive: zipfile.ZipFile) -> None:
    """Refuse document types and entities here: openpyxl would, but it can be told not to."""
    for info in archive.infolist():
        if info.filename.endswith((".xml", ".rels")) and info.file_size:
            with archive.open(info) as stream:
                root_name(stream, f"{path}, {info.filename}")


def _read(path: Path, stream: BinaryIO, name: str | None) -> Sheet:
    book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
    sheet = _chosen(path, book, name)
    where = f"{path}, sheet {sheet.title!r}"
    grid = _grid(where, _numbered(sheet))
    others = [other.title for other in book.worksheets if other.title != sheet.title and _holds_anything(other)]
    notices = []
    if others and name is None:
        notices.append(f"{where}: is read; for another give sheet:, of {', '.join(map(repr, others))}")
    empty = [column for column, cells in grid.columns.items() if not (cells != "").any()]
    if empty and grid.numbers:
        notices += _formulas_without_results(stream, sheet.title, where, empty)
    return Sheet(where=where, grid=replace(grid, notices=tuple(notices)))


def _chosen(path: Path, book: Any, name: str | None) -> Any:
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if name is not None and name not in sheets:
        raise InputError(f"{path}: no sheet {name!r}; it has {', '.join(sheets)}{nearest(name, sheets)}")
    if name is not None:
        return sheets[name]
    for sheet in sorted(sheets.values(), key=lambda sheet: sheet.sheet_state != "visible"):
        if _holds_anything(sheet):
            return sheet
    raise InputError(f"{path}: is empty; a table begins with a row of column names")


def _holds_anything(sheet: Any) -> bool:
    return any(any(row) for _, row in _numbered(sheet))


def _numbered(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    """Rows as texts, with their numbers in the sheet, without the empty ones."""
    sheet.reset_dimensions()  # some programs write them wrongly
    for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
        cells = [_text(value) for value in row]
        if any(cells):
            yield number, cells


def _grid(where: str, rows: Iterable[tuple[int, Sequence[str]]]) -> Grid:
    remaining = iter(rows)
    first = next(remaining, None)
    if first is None:
        raise InputError(f"{where}: is empty; a table begins with a row of column names")
    header = Header(where, *first, unit="row")
    gathered = Rows(len(header.names))
    for number, row in remaining:
        if len(row) > len(header.names) and any(row[len(header.names) :]):  # remarks beside the table, for example
            header.widen(len(row))
            gathered.widen(len(row))
        gathered.add(number, row if len(row) == len(header.names) else header.fit(number, row))
        require_bounded(where, len(gathered.numbers), len(header.names))
    return Grid(columns=header.columns(gathered), numbers=gathered.numbers, separator="")


def _text(value: Any) -> str:
    """A cell as text: whole numbers without a point, dates in ISO 8601, truth as true and false."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.date().isoformat() if midnight else value.isoformat()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return repr(value) if isinstance(value, int | float) else str(value)


def _formulas_without_results(stream: BinaryIO, title: str, where: str, empty: Sequence[str]) -> list[str]:
    """A notice if columns that seem empty hold formulas that no program has computed yet."""
    book = openpyxl.load_workbook(stream, read_only=True, data_only=False, keep_links=False)
    rows = [row for _, row in islice(_numbered(book[title]), _PEEKED)]
    if not rows:
        return []
    names = rows[0]
    found = {
        name
        for row in rows[1:]
        for name, cell in zip(names, row, strict=False)
        if name in empty and cell.startswith("=")
    }
    return [
        f"{where}: the column {name!r} holds formulas without results; open the workbook in a spreadsheet and save it"
        for name in sorted(found)
    ]
