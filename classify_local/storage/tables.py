"""Tables in text: rows with their line numbers, in the separators and marks that programs write."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from classify_local.errors import InputError
from classify_local.storage.safety import require_file

_SEPARATORS = ",;\t|"
_MAX_FIELD = 1_000_000
_NO_TEXT = {
    b"PK\x03\x04": "a spreadsheet or zip archive",
    b"\xd0\xcf\x11\xe0": "a spreadsheet",
    b"SQLite format 3": "a database (GeoPackage?)",
    b"\xff\xfe": "in UTF-16",
    b"\xfe\xff": "in UTF-16",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Columns of text with the line each row stands on.

    `columns` maps a header to its values, which are all of the length of `lines`.
    """

    where: str
    columns: dict[str, list[str]]
    lines: list[int]

    def __len__(self) -> int:
        return len(self.lines)


def read_csv(path: Path) -> Table:
    """A table with a header row; the separator is the one that splits the header most.

    Raises
    ------
    InputError
        If the file is missing, empty, not text, or a row has more fields than the header.
    """
    require_file(path)
    text = _decoded(path)
    header_line = text.lstrip("\r\n").partition("\n")[0]
    separator = max(_SEPARATORS, key=header_line.count)
    csv.field_size_limit(_MAX_FIELD)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        header = [name.strip() for name in next((row for row in reader if row), [])]
        rows = [(reader.line_num, row) for row in reader if any(field.strip() for field in row)]
    except csv.Error as error:
        raise InputError(
            f"{path}, line {reader.line_num}: {error}; is a quote not closed, or this no text table?"
        ) from error
    _require_sound(path, header, rows)
    _require_closed(path, text, rows)
    columns = {name: [row[i].strip() if i < len(row) else "" for _, row in rows] for i, name in enumerate(header)}
    return Table(where=str(path), columns=columns, lines=[line for line, _ in rows])


def _require_sound(path: Path, header: Sequence[str], rows: Sequence[tuple[int, list[str]]]) -> None:
    if not header:
        raise InputError(f"{path}: is empty; a table begins with a row of column names")
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise InputError(f"{path}, line 1: the column {twice[0]!r} stands twice; give each its own name")
    for line, row in rows:
        if len(row) > len(header):
            raise InputError(
                f"{path}, line {line}: {len(row)} fields where the header has {len(header)}; "
                "numbers have a decimal point, and a text that holds the separator stands in quotes"
            )


def _require_closed(path: Path, text: str, rows: Sequence[tuple[int, list[str]]]) -> None:
    """A quote that is never closed swallows all rows after it into one field, which would be lost in silence."""
    if rows and "\n" in rows[-1][1][-1] and not text.rstrip(f"{_SEPARATORS} \r\n").endswith('"'):
        first = rows[-2][0] + 1 if len(rows) > 1 else 2
        raise InputError(f"{path}, line {first}: a quote that opens here is never closed; close it, or take it out")


def _decoded(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    other = next((name for start, name in _NO_TEXT.items() if data.startswith(start)), None)
    if other:
        raise InputError(f"{path}: is {other}, not a table in plain text; save it as CSV in UTF-8")
    if b"\0" in data:
        at = data.index(0)
        raise InputError(f"{path}, line {_line(data, at)} (byte {at}): a zero byte; save the table as text in UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = _line(error.object, error.start)
        raise InputError(
            f"{path}, line {line} (byte {error.start}): not UTF-8 text; save the table as UTF-8"
        ) from error


def _line(data: bytes, at: int) -> int:
    return data.count(b"\n", 0, at) + 1
