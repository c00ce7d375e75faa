"""Earlier versions of small files that a program changes on its user's behalf, in a folder beside them."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path

from classify_local.storage import atomic

FOLDER = ".classify_local"
_KEPT = 40
"""Versions of a file; the oldest go first, but the first of all stays."""


def keep_version(path: Path) -> Path | None:
    """Copy a file as it is now to `.classify_local/<name>.<time>` beside it, unless the newest copy says the same.

    Returns
    -------
    Path or None
        The copy; None if there is no file, or it is kept already.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    if not path.is_file():
        return None
    data, earlier = path.read_bytes(), versions(path)
    if earlier and earlier[-1].read_bytes() == data:
        return None
    folder = path.parent / FOLDER
    folder.mkdir(exist_ok=True)
    copy = folder / f"{path.name}.{datetime.now(UTC):%Y%m%dT%H%M%S.%f}"
    atomic.write_bytes(copy, data)
    for old in earlier[1 : max(1, len(earlier) + 1 - _KEPT + 1)]:
        with contextlib.suppress(OSError):
            old.unlink()
    return copy


def versions(path: Path) -> list[Path]:
    """The copies of a file, oldest first."""
    folder, start = path.parent / FOLDER, f"{path.name}."
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(copy for copy in found if copy.name.startswith(start) and copy.name[len(start) :][:8].isdigit())
