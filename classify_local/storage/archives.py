"""Zip archives that hold data: opened only if they are no larger than data is."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from classify_local.errors import InputError, RefusedError

ZIP = b"PK\x03\x04"
_MAX_MEMBERS = 10_000
_MAX_BYTES = 4 * 1024**3
_FREE_BYTES = 64 * 1024**2
_MAX_RATIO = 200
"""Sheets and shapefiles shrink to a 10th or 20th, very monotonous ones to a 100th."""
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)


@contextmanager
def opened_zip(path: Path, kind: str) -> Iterator[zipfile.ZipFile]:
    """An archive whose contents, as it announces them, are no bomb; nothing longer than announced is ever read.

    Parameters
    ----------
    path
        The archive.
    kind
        What it should be, for messages: "a spreadsheet or zip archive".

    Raises
    ------
    InputError
        If it is damaged, also while it is read, or encrypted.
    RefusedError
        If it holds more than such files do.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check(path, archive.infolist(), path.stat().st_size)
            yield archive
    except _DAMAGE as error:
        raise InputError(
            f"{path}: is {kind} that cannot be opened ({error}); copy it again, or save its data as CSV or GeoPackage"
        ) from error


def _check(path: Path, infos: list[zipfile.ZipInfo], stored: int) -> None:
    size = sum(info.file_size for info in infos)
    if len(infos) > _MAX_MEMBERS or size > _MAX_BYTES or size > _FREE_BYTES + _MAX_RATIO * stored:
        raise RefusedError(
            f"{path}: unpacks to {size:,} bytes in {len(infos):,} files, more than its data can need; "
            "save its data as CSV or GeoPackage"
        )
    if any(info.flag_bits & 1 for info in infos):
        raise InputError(f"{path}: is protected by a password; save it without one")
