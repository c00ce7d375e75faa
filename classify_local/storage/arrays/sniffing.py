"""Whether a path is netCDF or Zarr, told by first bytes and by the names in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

ArrayStore = Literal["netCDF3", "netCDF4", "Zarr"]

_CLASSIC = (b"CDF\x01", b"CDF\x02", b"CDF\x05")
_HDF5 = b"\x89HDF\r\n\x1a\n"
ZARR_MARKS = ("zarr.json", ".zgroup", ".zarray", ".zmetadata")


def sniff_arrays(path: Path) -> ArrayStore | None:
    """What kind of array store a path is, or None."""
    if path.is_dir():
        return "Zarr" if any((path / mark).is_file() for mark in ZARR_MARKS) else None
    if not path.is_file():
        return None
    with path.open("rb") as stream:
        head = stream.read(len(_HDF5))
    if head.startswith(_CLASSIC):
        return "netCDF3"
    return "netCDF4" if head == _HDF5 else None
