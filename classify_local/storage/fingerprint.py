"""By what a file is known again: at once by size and time, between runs also by its content."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

WHOLE = 8_000_000
"""Bytes up to which a file is read whole."""
_PIECE = 65_536
_PIECES = 64
_BESIDE = (".aux.xml", ".msk", ".hdr")
_INSTEAD = (".hdr", ".tfw", ".j2w", ".wld")


@dataclass(frozen=True, slots=True)
class Stamp:
    """Size in bytes and time of the last change in nanoseconds."""

    size: int
    mtime_ns: int


def stamp(path: Path) -> Stamp:
    """The stamp of a file as it is now; zeros if it is gone."""
    try:
        status = path.stat()
    except OSError:
        return Stamp(0, 0)
    return Stamp(status.st_size, status.st_mtime_ns)


def sidecars(path: Path) -> list[Path]:
    """Files beside a raster from which GDAL takes its mask, nodata or place: they change pixels as it does itself."""
    named = [path.with_name(path.name + suffix) for suffix in _BESIDE]
    renamed = [path.with_suffix(suffix) for suffix in _INSTEAD]
    return [beside for beside in (*named, *renamed) if beside != path and os.path.isfile(beside)]  # noqa: PTH113 - a name too long is none


def fingerprint(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's size and content.

    Of a file over 8 MB, 64 pieces of 64 kB spread from its first byte to its last are read, so that
    a mosaic of terabytes can be checked at the start of every run. A change that keeps the size
    and misses all pieces is told by the file's time (`Stamp`).
    """
    size = path.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as stream:
        if size <= WHOLE:
            digest.update(stream.read())
        else:
            for piece in range(_PIECES):
                stream.seek(piece * (size - _PIECE) // (_PIECES - 1))
                digest.update(stream.read(_PIECE))
    return digest.hexdigest()


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a whole file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
