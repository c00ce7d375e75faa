"""Earlier versions of small files that a program changes on its user's behalf, in a folder beside them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from classify_local.errors import LockedError, StorageError
from classify_local.storage import atomic

FOLDER = ".classify_local"
_TIME = re.compile(r"\.\d{8}T\d{6}\.\d{6}$")
_PATIENCE = 10.0
"""Seconds another process is waited for."""
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
    try:
        return _keep(path)
    except OSError as error:
        raise StorageError(f"{path}: an earlier version cannot be kept: {error.strerror or error}") from error


def _keep(path: Path) -> Path | None:
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
    folder = path.parent / FOLDER
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(copy for copy in found if copy.stem.rpartition(".")[0] == path.name and _TIME.search(copy.name))


@contextmanager
def writing_alone(path: Path) -> Iterator[None]:
    """Hold what keeps other processes from changing the files of a recipe at the same time.

    Raises
    ------
    LockedError
        If another one does not let go within some seconds.
    StorageError
        If the folder cannot be written.
    """
    lock = path.parent / FOLDER / f"{path.name}.lock"
    try:
        lock.parent.mkdir(exist_ok=True)
        with FileLock(lock, timeout=_PATIENCE):
            yield
    except Timeout as error:
        raise LockedError(f"{path}: another program is writing its points; try again") from error
    except OSError as error:
        raise StorageError(f"{path.parent}: cannot be written: {error.strerror or error}") from error
