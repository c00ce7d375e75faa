"""The write protocol: a file is born under a temporary name, checked, made durable, then renamed.

A killed writer leaves a raster that opens and reads all zeros, so a file under its final name must
always be whole. The steps are announced through `reached`, where the tests of the protocol stand in.
"""

from __future__ import annotations

import contextlib
import glob
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from classify_local.errors import StorageError

PART = ".part"
_OURS = re.compile(rf"\.[0-9a-f]{{12}}{re.escape(PART)}(\.[\w.]+)?$")
"""How a temporary name ends, with what a driver may add; a user's own `east.part` or `my.partial.tif` differs."""


def reached(step: str) -> None:
    """Do nothing: a place where tests of the protocol stop the process."""
    del step


def write_atomically(
    final: Path, write: Callable[[Path], None], check: Callable[[Path], None] = lambda _part: None
) -> None:
    """Write a file so that it appears whole or not at all.

    Parameters
    ----------
    final
        Where it shall be; what stands there is replaced.
    write
        Writes to the temporary path it is given, in the same folder.
    check
        Reads it back and raises if it is not as it should be.

    Raises
    ------
    StorageError
        If it cannot be written, read back or renamed; nothing stays behind.
    """
    part = final.with_name(f"{final.name}.{uuid.uuid4().hex[:12]}{PART}")
    try:
        reached("before write")
        write(part)
        reached("written")
        check(part)
        reached("checked")
        _sync_file(part)
        reached("before rename")
        part.replace(final)
        reached("renamed")
        sync_folder(final.parent)
        reached("folder synced")
    except OSError as error:
        raise StorageError(f"{final}: cannot be written: {error.strerror or error}") from error
    finally:
        remove_parts(part)


def write_text(final: Path, text: str) -> None:
    """Write text, in UTF-8 and with the line ends it has, whole or not at all."""
    write_bytes(final, text.encode("utf-8"))


def keep_text(final: Path, text: str) -> None:
    """Write text unless it stands there already."""
    try:
        if final.read_bytes() == text.encode("utf-8"):
            return
    except OSError:
        pass  # not there yet, or not readable: write it
    write_text(final, text)


def write_bytes(final: Path, data: bytes) -> None:
    """Write bytes, whole or not at all."""

    def check(part: Path) -> None:
        if part.read_bytes() != data:
            raise StorageError(f"{final}: reads back differently; the disk may be failing")

    write_atomically(final, lambda part: _write(part, data), check)


def append_line(path: Path, line: str) -> None:
    """Append one line and make it durable, with the file's name if it is new."""
    try:
        is_new = not path.exists()
        with path.open("ab") as stream:
            stream.write(line.encode("utf-8") + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        if is_new:
            sync_folder(path.parent)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error.strerror or error}") from error


def remove_parts(part: Path) -> None:
    """Remove a temporary file and what a driver may have put beside it."""
    for path in part.parent.glob(f"{glob.escape(part.name)}*"):
        with contextlib.suppress(OSError):
            path.unlink()


def leftover_parts(folder: Path) -> Iterator[Path]:
    """Temporary files of writers that were killed."""
    return (path for path in folder.glob(f"*{PART}*") if _OURS.search(path.name) and path.is_file())


def sync_folder(folder: Path) -> None:
    """Make a rename in a folder durable, where the system can (Windows cannot)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network file systems refuse
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def require_file_name(path: Path) -> None:
    """Refuse a path at which no file can be written, before there is something to write.

    Raises
    ------
    StorageError
        If it is a folder, or its folder cannot be written.
    """
    if path.is_dir():
        raise StorageError(f"{path}: is a folder; name a file in it")
    require_writable(path.absolute().parent)


def require_writable(folder: Path) -> None:
    """Prove that files can be written in a folder, or in what exists of it; leaves nothing behind.

    Raises
    ------
    StorageError
        If it is a file, or nothing can be written there.
    """
    existing = _existing(folder)
    if not existing.is_dir():
        raise StorageError(f"{existing}: is a file; give a folder for the output with --out")
    probe = existing / f".probe.{uuid.uuid4().hex[:12]}{PART}"
    try:
        probe.write_bytes(b"probe")
        probe.unlink()
    except OSError as error:
        raise StorageError(
            f"{existing}: cannot be written to: {error.strerror or error}; give another folder with --out"
        ) from error


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    try:
        return next(path for path in (folder, *folder.absolute().parents) if path.exists())
    except OSError as error:  # a name too long for the system
        raise StorageError(f"{folder}: cannot be a folder: {error.strerror}; give another with --out") from error


def require_space(folder: Path, needed: int) -> None:
    """Refuse to begin what the disk cannot hold.

    Raises
    ------
    StorageError
        If fewer than `needed` bytes are free.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StorageError(
            f"{folder}: {free / 1e6:,.0f} MB are free and {needed / 1e6:,.0f} MB are needed; make room or give --out"
        )


def _write(part: Path, data: bytes) -> None:
    part.write_bytes(data)


def _sync_file(path: Path) -> None:
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())
