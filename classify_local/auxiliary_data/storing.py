"""A file that came becomes a file of ours: a cloud-optimised GeoTIFF with the same pixels in the right place."""

from __future__ import annotations

import gzip
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import rasterio
import rasterio.shutil
from affine import Affine
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader
from rasterio.windows import Window

from classify_local.auxiliary_data.sources import Cell
from classify_local.errors import ClassifyLocalError, StorageError
from classify_local.storage import atomic, gdal, rasters, safety

gdal.secure_environment()

Stored = Literal["as published", "rewritten as COG", "unpacked and written as COG"]
Check = Callable[[], None]

HEIGHT_NODATA = -32768
_SIDES = {2 * side * side: side for side in (3601, 1201)}
"""Points along a side of an HGT file, by its length: 1 and 3 arc seconds."""
_ROWS = 512
_ASTRAY = 0.01
"""Degrees by which published tiles reach beyond their square: half pixels, and shifts of one."""
_GZIP = b"\x1f\x8b"
_OPTIONS = {"compress": "DEFLATE", "level": 6, "predictor": "YES", "blocksize": 512, "bigtiff": "IF_SAFER",
            "num_threads": "1"}  # fmt: skip


class WrongContent(StorageError):
    """What came is not what it should be: it is thrown away, and a later try begins anew."""


def store(part: Path, final: Path, cell: Cell, overviews: str, check: Check, *, packed: bool = False) -> Stored:
    """Put what came into its place, after it has proved to be the raster it should be.

    Parameters
    ----------
    part
        The file as it came.
    final
        Where it shall be. `part` stays, so that a stop in between costs no second download.
    cell
        Where on the globe it must lie.
    overviews
        Resampling for overviews.
    check
        Called now and then; raises to stop.
    packed
        True for a gzipped HGT file.

    Raises
    ------
    WrongContent
        If it is no such raster, lies elsewhere or is damaged. It names no file: the caller knows.
    StorageError
        If it cannot be written.
    """
    if packed:
        heights = unpack_heights(part)
        atomic.write_atomically(
            final, lambda new: _write_heights(new, heights, cell), lambda new: _check_heights(new, heights)
        )
        return "unpacked and written as COG"
    require_tile(part, cell)
    if _is_cog(part):
        read_whole(part, check)
        atomic.write_atomically(final, lambda new: _copy(part, new), lambda new: _check_bytes(part, new))
        return "as published"
    try:
        atomic.write_atomically(
            final, lambda new: _rewrite(part, new, overviews), lambda new: require_equal(part, new, check)
        )
    except StorageError:
        read_whole(part, check)  # if that fails, it is what came that is wrong, not the disk
        raise
    return "rewritten as COG"


def require_tile(path: Path, cell: Cell) -> None:
    """Refuse what is no GeoTIFF, or lies elsewhere.

    Raises
    ------
    WrongContent
        With the first bytes, or both places.
    """
    try:
        described = rasters.describe(path)
    except ClassifyLocalError as error:
        raise WrongContent(str(error).removeprefix(f"{path}: ")) from error
    if described.driver != "GTiff":
        raise WrongContent(f"is {described.driver}, not the GeoTIFF that is published")
    west, south, east, north = described.grid.bounds
    least_west, least_south, most_east, most_north = cell.bounds
    inside = west > least_west - _ASTRAY and south > least_south - _ASTRAY
    inside = inside and east < most_east + _ASTRAY and north < most_north + _ASTRAY
    if not described.grid.crs.is_geographic or not inside:
        raise WrongContent(f"lies at {west:.4g}, {south:.4g}, {east:.4g}, {north:.4g}, not in the square of its name")


def read_whole(path: Path, check: Check) -> None:
    """Read every pixel: what is cut short or flipped in compressed data shows there.

    Raises
    ------
    WrongContent
        Saying where it fails.
    """
    with _opened(path) as handle:
        for window in _strips(handle):
            check()
            _strip(handle, window)


def require_equal(path: Path, new: Path, check: Check) -> None:
    """Refuse a rewritten raster that is not the same: values, place, type, nodata, colours.

    Raises
    ------
    StorageError
        If it differs, or one of them cannot be read.
    """
    with _opened(path) as one, _opened(new) as two:
        same = one.shape == two.shape and one.dtypes == two.dtypes and one.crs == two.crs
        same = same and repr(one.nodatavals) == repr(two.nodatavals)  # not a number equals itself as text
        same = same and np.allclose(tuple(one.transform), tuple(two.transform), rtol=1e-12, atol=0)
        same = same and _colors(one) == _colors(two)
        for window in _strips(one) if same else ():
            check()
            same = same and _strip(one, window).tobytes() == _strip(two, window).tobytes()
    if not same:
        raise StorageError("reads back differently once it is rewritten; the disk may be failing")


def unpack_heights(path: Path) -> NDArray[np.int16]:
    """Heights in metres of a gzipped HGT file, shape (rows, cols), north up, -32768 where unknown.

    Raises
    ------
    WrongContent
        If it is none.
    """
    with path.open("rb") as stream:
        if stream.read(2) != _GZIP:
            raise WrongContent(f"is no gzipped height file ({_first(path)}); check --base-url")
    most = max(_SIDES)
    try:
        with gzip.open(path) as packed:
            data = packed.read(most + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise WrongContent(f"is a damaged gzip file ({error}); fetch it again") from error
    if len(data) not in _SIDES:
        raise WrongContent(f"unpacks to {len(data):,} bytes or more; a height file has {most:,}")
    side = _SIDES[len(data)]
    return np.frombuffer(data, ">i2").reshape(side, side).astype(np.int16)


def _write_heights(new: Path, heights: NDArray[np.int16], cell: Cell) -> None:
    """Points lie on the square's edges, so pixels reach beyond it by one half."""
    side = heights.shape[0]
    step = cell.side / (side - 1)
    transform = Affine(step, 0, cell.west - step / 2, 0, -step, cell.south + cell.side + step / 2)
    profile = {
        "driver": "COG", "width": side, "height": side, "count": 1, "dtype": "int16", "crs": "EPSG:4326",
        "transform": transform, "nodata": HEIGHT_NODATA, "overview_resampling": "average", **_OPTIONS,
    }  # fmt: skip
    try:
        with rasterio.open(new, "w", **profile) as handle:
            handle.write(heights, 1)
            handle.update_tags(AREA_OR_POINT="Point")
    except Exception as error:  # the driver reports a full disk at close, as an error of no common class
        raise StorageError(f"cannot be written: {error}") from error


def _check_heights(new: Path, heights: NDArray[np.int16]) -> None:
    with _opened(new) as handle:
        if not np.array_equal(_strip(handle, Window(0, 0, *heights.shape))[0], heights):
            raise StorageError("reads back differently; the disk may be failing")


def _rewrite(part: Path, new: Path, overviews: str) -> None:
    """GDAL copies block by block: memory does not grow with the tile."""
    try:
        rasterio.shutil.copy(part, new, driver="COG", overview_resampling=overviews, **_OPTIONS)
    except Exception as error:  # a full disk and a damaged file come as errors of no common class
        raise StorageError(f"cannot be rewritten as COG: {error}; fetch it again, or make room") from error


def _copy(part: Path, new: Path) -> None:
    with part.open("rb") as source, new.open("wb") as target:
        while data := source.read(1 << 20):
            target.write(data)


def _check_bytes(part: Path, new: Path) -> None:
    with part.open("rb") as one, new.open("rb") as two:
        while data := one.read(1 << 20):
            if two.read(1 << 20) != data:
                raise StorageError("reads back differently; the disk may be failing")


def _is_cog(path: Path) -> bool:
    with _opened(path) as handle:
        return bool(handle.tags(ns="IMAGE_STRUCTURE").get("LAYOUT") == "COG")


def _opened(path: Path) -> DatasetReader:
    if safety.sniff(path) != "GTiff":
        raise WrongContent("is no GeoTIFF")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return rasterio.open(path, driver="GTiff", sharing=False)
    except (RasterioError, ValueError) as error:
        raise WrongContent(f"cannot be opened: {error}") from error


def _strips(handle: DatasetReader) -> list[Window]:
    rows, cols = handle.shape
    return [Window(0, row, cols, min(_ROWS, rows - row)) for row in range(0, rows, _ROWS)]


def _strip(handle: DatasetReader, window: Window) -> NDArray[np.generic]:
    try:
        values: NDArray[np.generic] = handle.read(window=window)
    except (RasterioError, MemoryError) as error:
        raise WrongContent(f"cannot be read at row {window.row_off}: {error}") from error
    return values


def _colors(handle: DatasetReader) -> dict[int, tuple[int, ...]] | None:
    try:
        colors: dict[int, tuple[int, ...]] = handle.colormap(1)
    except ValueError:
        return None
    return colors


def _first(path: Path) -> str:
    with path.open("rb") as stream:
        return f"starts with {stream.read(12)!r}"
