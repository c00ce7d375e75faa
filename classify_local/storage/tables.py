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
        raise InputError(f"{path}, line {reader.line_num}: {error}") from error
    _require_sound(path, header, rows)
    columns = {name: [row[i].strip() if i < len(row) else "" for _, row in rows] for i, name in enumerate(header)}
    return Table(where=str(path), columns=columns, lines=[line for line, _ in rows])


def _require_sound(path: Path, header: Sequence[str], rows: Sequence[tuple[int, list[str]]]) -> None:
    if not header:
        raise InputError(f"{path}: is empty; a table begins with a row of column names")
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise InputError(f"{path}, line 1: the column {twice[0]!r} stands twice")
    for line, row in rows:
        if len(row) > len(header):
            raise InputError(f"{path}, line {line}: {len(row)} fields where the header has {len(header)}")


def _decoded(path: Path) -> str:
    data = path.read_bytes()
    if b"\0" in data:
        raise InputError(f"{path}, byte {data.index(0)}: a zero byte; this is no text table")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}, byte {error.start}: not UTF-8 text; save the table as UTF-8") from error
