"""Tables of ours that grow line by line, so that a power cut loses no line but the last.

The last cell of a line stands in quotes, `33.1,-13.2,"10"`: one that was cut off while it was written lacks the closing
one. Such a line was never confirmed to anybody; it is left out when read, and taken away by the next line.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from classify_local.errors import InputError, StorageError
from classify_local.storage import atomic
from classify_local.storage.columns import text_array
from classify_local.storage.safety import require_file
from classify_local.storage.tables import Table, read_table

_BOM = b"\xef\xbb\xbf"


def read(path: Path, header: Sequence[str]) -> tuple[Table, str]:
    """The rows of a table, and its last line if that was cut off.

    Parameters
    ----------
    path
        A table of ours, or any other, which has no line that was cut off.
    header
        Our columns.

    Raises
    ------
    InputError
        If it is no table, or lacks one of our columns.
    """
    require_file(path)
    data = path.read_bytes()
    kept, cut = whole_lines(data, header) if data else (",".join(header).encode(), "")
    table = _table(path, kept) if cut or not data else read_table(path)
    missing = [name for name in header if name not in table.columns]
    if missing:
        has, needs = ", ".join(table.columns), ", ".join(header)
        raise InputError(*(f"{path}: no column {name!r}; it has {has}, and needs {needs}" for name in missing))
    return table, cut


def append(path: Path, header: Sequence[str], cells: Sequence[str]) -> None:
    """Add a line at the end of a table of ours, which is made if it is not there.

    Parameters
    ----------
    path
        The table.
    header
        Its columns.
    cells
        Numbers and words, one for each column.

    Raises
    ------
    InputError
        If the table begins with other columns.
    StorageError
        If it cannot be written.
    """
    if not path.exists() or not path.stat().st_size:
        atomic.write_text(path, text(header, [cells]))
        return
    _mend(path, header)
    atomic.append_line(path, _line(cells))


def text(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A whole table."""
    return "\n".join([",".join(header), *map(_line, rows)]) + "\n"


def _line(cells: Sequence[str]) -> str:
    return ",".join([*cells[:-1], f'"{cells[-1]}"'])


def whole_lines(data: bytes, header: Sequence[str]) -> tuple[bytes, str]:
    """The bytes without a last line that was cut off, and that line; an empty text if none was.

    A line that was never written down can also be left as zeros by the file system.
    """
    written = data.rstrip(b"\0")
    head, end, last = written.rpartition(b"\n")
    if not _is_ours(data, header) or not end or head.count(b'"') % 2:
        return data, ""
    if len(written) < len(data):
        return head + end, (last or b"\0").decode("utf-8", errors="replace")
    cells = last.split(b",")
    cut = last.count(b'"') % 2 == 1 or len(cells) < len(header) or not cells[-1].strip()
    return (head + end, last.decode("utf-8", errors="replace")) if last and cut else (data, "")


def _is_ours(data: bytes, header: Sequence[str]) -> bool:
    """True if a table is separated by commas and begins with our columns; more may follow."""
    first = data.partition(b"\n")[0].removeprefix(_BOM).decode("utf-8", errors="replace")
    names = [name.strip() for name in next(csv.reader([first.strip()]), [])]
    return names[: len(header)] == list(header)


def _table(path: Path, data: bytes) -> Table:
    """The rows of a table of ours."""
    reader = csv.reader(io.StringIO(data.decode("utf-8-sig", errors="replace"), newline=""))
    names = [name.strip() for name in next(reader)]
    rows = [(reader.line_num, row) for row in reader if any(map(str.strip, row))]
    columns = {
        name: text_array(row[i].strip() if i < len(row) else "" for _, row in rows) for i, name in enumerate(names)
    }
    return Table(where=str(path), columns=columns, lines=[number for number, _ in rows])


def _mend(path: Path, header: Sequence[str]) -> None:
    """End the last line, or take away what is left of one that was cut off."""
    try:
        data = path.read_bytes()
        if not _is_ours(data, header):
            raise InputError(
                f"{path}: does not begin with the columns {','.join(header)}, so nothing can be added to it; "
                "name another file"
            )
        kept, _ = whole_lines(data, header)
        with path.open("r+b") as stream:
            stream.truncate(len(kept))
            stream.seek(0, io.SEEK_END)
            if not kept.endswith((b"\n", b"\r")):
                stream.write(b"\n")
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error.strerror or error}") from error
