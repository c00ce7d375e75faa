"""Text as cells: columns with or without names, and the line each row stands on."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from classify_local.errors import InputError
from classify_local.storage.legends.css import is_css_color
from classify_local.storage.legends.rows import is_whole
from classify_local.storage.tables import Table

_SEPARATORS = ",;\t|"
_MAX_FIELD = 1_000_000
_HEADER_NAMES = {"color", "colour", "hex", "value", "code", "label", "name", "class"}
_BARE_HEX = re.compile("[0-9a-fA-F]{6}")
_SEPALS = re.compile(r'color,value,label\n[^\n]*"\n', re.ASCII)
_PERCENT_U = re.compile("(?:%u[0-9a-fA-F]{4})+")
_SEPALS_NOTICE = "was written by SEPAL, which escapes quotes and letters in labels; they were read as they were meant"
Line = tuple[int, list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Columns of text by name, all as long as `lines`, which count lines or other units.

    `headed` is False where the names are made up; `notices` are what was guessed.
    """

    where: str
    columns: Mapping[str, Sequence[str]]
    lines: Sequence[int]
    unit: str = "line"
    headed: bool = True
    notices: tuple[str, ...] = ()


def cells_of_table(table: Table) -> Cells:
    """A table that was read from a file; without a header its first row is data too."""
    columns = {name: [str(cell) for cell in cells] for name, cells in table.columns.items()}
    found = Cells(where=table.where, columns=columns, lines=table.lines, unit=table.unit, notices=table.notices)
    names = list(columns)
    if not is_data(names):
        return found
    rows = [[columns[name][i] for name in names] for i in range(len(table))]
    return replace(headless([(1, names), *zip(table.lines, rows, strict=True)], table.where), unit=table.unit)


def cells_of_text(text: str, where: str) -> Cells:
    """A text with or without a header.

    Raises
    ------
    InputError
        If it is empty, or its rows are no table.
    """
    rows = split(text, where)
    if not rows:
        raise InputError(f"{where}: is empty; a table begins with a row of column names")
    if is_data(rows[0][1]):
        return headless(rows, where)
    header = rows[0][1]
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{where}, line 1: the column {twice!r} stands twice; give each its own name")
    found = _columns(header, rows[1:], where, headed=True)
    return replace(found, notices=(_SEPALS_NOTICE,)) if is_sepals(text) else found


def headless(rows: Sequence[Line], where: str) -> Cells:
    """Rows without names for their columns."""
    width = max(len(row) for _, row in rows)
    return _columns([f"column {i + 1}" for i in range(width)], rows, where, headed=False)


def is_data(row: Sequence[str]) -> bool:
    """True for a row that holds a number or a colour, as no header does; `red` may be a column."""
    if any(cell.casefold() in _HEADER_NAMES for cell in row):
        return False
    return any(is_whole(cell) or (is_colored(cell) and not cell.isalpha()) for cell in row)


def is_colored(cell: str) -> bool:
    """True for a colour, with or without `#`."""
    return is_css_color(cell) or _BARE_HEX.fullmatch(cell) is not None


def first_row(text: str) -> list[str]:
    """The cells of the first line that is not empty."""
    line = text.lstrip("\r\n\ufeff").partition("\n")[0]
    return [cell.strip().strip('"') for cell in line.split(_separator(line))]


def is_sepals(text: str) -> bool:
    """True for a legend SEPAL wrote with letters it escapes: quotes by a backslash, others as `%u0431`."""
    return _SEPALS.match(f"{text}\n") is not None and ('\\"' in text or _PERCENT_U.search(text) is not None)


def split(text: str, where: str) -> list[Line]:
    """Rows of cells with their lines.

    Raises
    ------
    InputError
        If a quote is not closed.
    """
    text = text.lstrip("\ufeff")
    line = text.lstrip("\r\n").partition("\n")[0]
    csv.field_size_limit(_MAX_FIELD)
    sepals = is_sepals(text)
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=_separator(line), strict=True, doublequote=not sepals,
        escapechar="\\" if sepals else None,
    )  # fmt: skip
    try:
        rows = [(reader.line_num, [(_unescaped(cell) if sepals else cell).strip() for cell in row]) for row in reader]
    except csv.Error as error:
        raise InputError(
            f"{where}, line {reader.line_num}: {error}; is a quote not closed, or this no text table?"
        ) from error
    return [(number, row) for number, row in rows if any(row)]


def _unescaped(cell: str) -> str:
    """A cell in which SEPAL wrote letters as `%u0431`, as they were; those beyond 16 bits stand as pairs."""
    return _PERCENT_U.sub(lambda found: bytes.fromhex(found[0].replace("%u", "")).decode("utf-16-be", "replace"), cell)


def _separator(line: str) -> str:
    return max(_SEPARATORS, key=line.count)


def _columns(names: Sequence[str], rows: Sequence[Line], where: str, *, headed: bool) -> Cells:
    for line, row in rows:
        if len(row) > len(names):
            raise InputError(
                f"{where}, line {line}: {len(row)} fields where the header has {len(names)}; "
                "numbers have a decimal point, and a text that holds the separator stands in quotes"
            )
    columns = {name: [row[i] if i < len(row) else "" for _, row in rows] for i, name in enumerate(names)}
    return Cells(where=where, columns=columns, lines=[line for line, _ in rows], headed=headed)
