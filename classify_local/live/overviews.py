"""Overviews beside images that have none: a zoomed-out view then reads thousands of pixels, not millions."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import rasterio
import rasterio.shutil
from rasterio.enums import Resampling
from rasterio.errors import RasterioError

from classify_local.errors import StorageError
from classify_local.features.stack import FeatureStack
from classify_local.storage import atomic
from classify_local.storage.rasters import RasterFile, close_files

_LARGE = 2048
"""Side in pixels from which a file needs overviews; coarser ones are made until none is left."""
_FACTORS = (2, 4, 8, 16, 32, 64)
_SMALL = 256
_OPTIONS = {"COMPRESS_OVERVIEW": "DEFLATE", "GDAL_TIFF_OVR_BLOCKSIZE": "256", "BIGTIFF_OVERVIEW": "IF_SAFER"}


def without_overviews(stack: FeatureStack) -> list[Path]:
    """Files of a stack's images that are slow to look at from afar."""
    found: dict[Path, None] = {}
    for source in stack.sources:
        mosaic = getattr(source, "mosaic", None)
        here = set(getattr(mosaic, "paths", ()))  # files on web servers are none of them
        for file in getattr(mosaic, "files", ()):
            if file.path in here and _needs(file):
                found[file.path] = None
    return list(found)


def _needs(file: RasterFile) -> bool:
    if max(file.grid.shape) < _LARGE or file.driver not in ("GTiff", "ENVI", "HFA"):
        return False
    try:
        with rasterio.open(file.path, driver=file.driver) as handle:
            return not handle.overviews(1)
    except RasterioError:  # what is wrong with it is said where it is read
        return False


def build(paths: Sequence[Path]) -> Iterator[int]:
    """Make `<file>.ovr` beside each file, whole or not at all; yields how many are done.

    Pixels are picked, not averaged, so that class maps stay class maps. The files themselves are not touched.

    Raises
    ------
    StorageError
        If one cannot be made.
    """
    for number, path in enumerate(paths, 1):
        _build(path)
        yield number


def _build(path: Path) -> None:
    final = path.with_name(f"{path.name}.ovr")
    stand_in = path.with_name(f"{path.name}.{uuid.uuid4().hex[:12]}{atomic.PART}")
    made = stand_in.with_name(f"{stand_in.name}.ovr")
    try:
        rasterio.shutil.copy(path, stand_in, driver="VRT")
        with rasterio.Env(**_OPTIONS), rasterio.open(stand_in, "r+", driver="VRT") as handle:
            factors = [factor for factor in _FACTORS if max(handle.shape) / factor >= _SMALL] or [2]
            handle.build_overviews(factors, Resampling.nearest)
        close_files()
        made.replace(final)
        atomic.sync_folder(final.parent)
    except (RasterioError, OSError) as error:
        raise StorageError(f"{final}: cannot be made: {error}; is there room, and may it be written?") from error
    finally:
        atomic.remove_parts(stand_in)
