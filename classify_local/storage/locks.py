"""One run at a time in an output folder.

The operating system's file lock is freed when its process ends, however it ends, so a killed run
leaves nothing to clean up. On network file systems such a lock may not be seen by other machines;
there the owner's note decides: it is removed at a clean end, and one left by another machine has to be
broken by the user.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from classify_local.errors import LockedError, StorageError
from classify_local.storage import atomic

_LOCK = "lock"
_OWNER = "owner.json"


@contextmanager
def hold(folder: Path, *, break_lock: bool = False) -> Iterator[None]:
    """Hold the lock of a run folder.

    Parameters
    ----------
    folder
        The folder `.run` of the output.
    break_lock
        Go on although a run on another machine has left its note.

    Raises
    ------
    LockedError
        If another run holds it; it names host and process.
    """
    lock = FileLock(folder / _LOCK, timeout=0)
    try:
        lock.acquire()
    except OSError as error:
        if not isinstance(error, Timeout):
            raise StorageError(
                f"{folder.parent}: its file system cannot lock files ({error.strerror or error}); give another --out"
            ) from error
        raise LockedError(
            f"{folder.parent}: {_said(owner(folder))} is working here; wait, or give another --out"
        ) from error
    try:
        left = owner(folder)
        if left and left.get("host") != socket.gethostname() and not break_lock:
            raise LockedError(
                f"{folder.parent}: {_said(left)} may still be working here; if it is not, give --break-lock"
            )
        note = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "since": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        }
        atomic.write_text(folder / _OWNER, json.dumps(note))
        try:
            yield
        finally:
            (folder / _OWNER).unlink(missing_ok=True)
    finally:
        lock.release()


def owner(folder: Path) -> dict[str, Any] | None:
    """The note of the run that holds a folder, or was killed while it did."""
    try:
        note = json.loads((folder / _OWNER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return note if isinstance(note, dict) else None


def is_held(folder: Path) -> bool:
    """True while a run on this machine holds the lock."""
    if not (folder / _LOCK).exists():
        return False
    lock = FileLock(folder / _LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        return True
    except OSError:  # a folder one may only read: nobody here can run in it
        return False
    lock.release()
    return False


def _said(note: dict[str, Any] | None) -> str:
    if not note:
        return "another run"
    return f"a run on {note.get('host')} (process {note.get('pid')}, since {note.get('since')})"
