"""What a user should know of an image's files before trusting its map."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import rasterio
from rasterio.enums import ColorInterp
from rasterio.errors import RasterioError

from classify_local.storage.composite import Image
from classify_local.storage.fingerprint import sidecars
from classify_local.storage.rasters import RasterFile

_SHOWN = 3
_PLAIN = ("GTiff", "HFA", "ENVI")
"""Drivers whose files may hold a palette."""


def remarks_on(image: Image) -> tuple[str, ...]:
    """What its reader left out or took for granted, colours for classes, and files beside it that change it."""
    notes = tuple(f"{image.where}: {note}" for note in getattr(image, "notes", ()))
    return (*notes, *_palettes(image.files), *_beside(image.files))


def _palettes(files: Sequence[RasterFile]) -> Iterator[str]:
    """Tiles of one image are alike: the first one tells."""
    for file in files[:1]:
        if file.driver in _PLAIN and _has_palette(file):
            yield (
                f"{file.path}: is coloured by a palette, so its numbers are classes or colours, no measurements; give "
                "the image it was made from"
            )


def _has_palette(file: RasterFile) -> bool:
    try:
        with rasterio.open(file.path, driver=file.driver) as handle:
            return ColorInterp.palette in handle.colorinterp
    except RasterioError:
        return False  # what is wrong with it is said where it is read


def _beside(files: Sequence[RasterFile]) -> Iterator[str]:
    """Files of GDAL's from which nodata, mask, place or names are taken as well."""
    found = [beside for file in files for beside in sidecars(file.path) if beside.suffix.lower() != ".hdr"]
    if found:
        more = f" and {len(found) - _SHOWN:,} more" if len(found) > _SHOWN else ""
        names = ", ".join(str(path) for path in found[:_SHOWN])
        yield f"{names}{more}: read with the image, and can change its nodata, mask, place and reference system"
