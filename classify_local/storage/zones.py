"""One image of tiles in several zones, or on grids that do not share their pixels: each group a mosaic of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from rasterio.warp import transform_bounds

from classify_local.errors import InputError
from classify_local.grid import Grid, Window
from classify_local.storage.aligned import OnGrid, on_grid
from classify_local.storage.composite import mosaic_with_nodata
from classify_local.storage.mosaic import Mosaic, as_type
from classify_local.storage.placing import near_longitude
from classify_local.storage.rasters import RasterFile
from classify_local.storage.sources import Remotes
from classify_local.storage.warping import Resampling
from classify_local.types import FeatureArray, MaskArray


@dataclass(frozen=True, kw_only=True)
class Zones:
    """Mosaics laid over each other on the grid of the first; the last one with data counts.

    Parameters
    ----------
    mosaics
        With the same bands, in the order in which their first tiles were given.
    grid
        The first mosaic's grid, widened so that it holds all.
    where
        What to call the image.
    resampling
        How the others come to the grid of the first: classes and stored values by nearest, heights better otherwise.
    """

    mosaics: tuple[Mosaic, ...]
    grid: Grid
    where: str
    resampling: Resampling = "nearest"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the bands."""
        return self.mosaics[0].names

    @property
    def dtypes(self) -> tuple[str, ...]:
        """Type of each band."""
        if self.resampling != "nearest":
            return ("float32",) * len(self.names)
        kinds = zip(*(mosaic.dtypes for mosaic in self.mosaics), strict=True)
        return tuple(str(np.result_type(*each)) for each in kinds)

    @property
    def alpha(self) -> tuple[int, ...]:
        """Numbers of the bands that are transparency."""
        return self.mosaics[0].alpha

    @property
    def scale(self) -> float | None:
        """Stored value to reflectance, where the files say so."""
        return self.mosaics[0].scale

    @property
    def offset(self) -> float | None:
        """The same."""
        return self.mosaics[0].offset

    @property
    def files(self) -> tuple[RasterFile, ...]:
        """The files, each once."""
        return tuple(dict.fromkeys(file for mosaic in self.mosaics for file in mosaic.files))

    @property
    def paths(self) -> tuple[Path, ...]:
        """Their paths."""
        return tuple(dict.fromkeys(path for mosaic in self.mosaics for path in mosaic.paths))

    @property
    def remotes(self) -> Remotes:
        """Those of them that lie on web servers."""
        return tuple(dict.fromkeys(remote for mosaic in self.mosaics for remote in mosaic.remotes))

    @cached_property
    def _parts(self) -> tuple[OnGrid, ...]:
        return tuple(on_grid(mosaic, self.grid, self.resampling, mosaic.where) for mosaic in self.mosaics)

    def read(self, bands: Sequence[int], window: Window) -> tuple[FeatureArray, MaskArray]:
        """Values and validity of bands (from 1) in a window, which may reach beyond the grid."""
        dtype = np.result_type(*(np.dtype(self.dtypes[band - 1]) for band in bands))
        parts = list(reversed(self._parts))
        values, valid = parts[0].read(bands, window)
        values = as_type(values, dtype)
        for part in parts[1:]:
            if valid.all():
                break
            found, shown = part.read(bands, window)
            if not valid.any():  # as in most windows: they lie in one zone
                values, valid = as_type(found, dtype), shown
                continue
            take = shown & ~valid
            np.copyto(values, as_type(found, dtype), where=take)
            valid |= take
        return values, valid

    def with_nodata(self, nodata: float | None) -> Zones:
        """The same with `nodata` in place of what the files declare; with None every value is data."""
        return replace(self, mosaics=tuple(mosaic_with_nodata(mosaic, nodata) for mosaic in self.mosaics))


def zones(mosaics: Sequence[Mosaic], where: str) -> Zones:
    """Mosaics as one image.

    Raises
    ------
    InputError
        If their bands differ.
    """
    first = mosaics[0]
    for other in mosaics[1:]:
        if other.names != first.names or _stored(other) != _stored(first):
            raise InputError(
                f"{other.where}: its bands, or how they are stored, are not those of {first.where}; tiles of one "
                "image are alike"
            )
    for mosaic in mosaics:
        if not (mosaic.grid.crs.is_projected or mosaic.grid.crs.is_geographic):
            raise InputError(
                f"{mosaic.where}: its reference system is tied to no place on the earth, so it lies beside no other "
                "tile; give it one that is, for example EPSG:32736"
            )
    return Zones(
        mosaics=tuple(mosaics), grid=_widened(first.grid, [mosaic.grid for mosaic in mosaics[1:]]), where=where
    )


def _stored(mosaic: Mosaic) -> tuple[object, ...]:
    """What tiles of one image have in common: scale, offset, whole numbers or fractions."""
    return mosaic.scale, mosaic.offset, np.result_type(*mosaic.dtypes).kind == "f"


def _widened(first: Grid, others: Sequence[Grid]) -> Grid:
    """The first grid, with as many more of its pixels on each side as the others need."""
    rows, cols = [0.0, first.shape[0]], [0.0, first.shape[1]]
    for other in others:
        left, bottom, right, top = transform_bounds(other.crs, first.crs, *other.bounds, densify_pts=65)
        if not np.isfinite([left, bottom, right, top]).all():
            raise InputError("tiles lie where the reference system of the first one does not reach")
        if first.crs.is_geographic:
            left, right = _near(left, right, first)
        found = first.pixel_yx(np.array([left, right, left, right]), np.array([bottom, bottom, top, top]))
        rows += found[0].tolist()
        cols += found[1].tolist()
    top_row, left_col = int(np.floor(min(rows) + 1e-6)), int(np.floor(min(cols) + 1e-6))
    height, width = int(np.ceil(max(rows) - 1e-6)) - top_row, int(np.ceil(max(cols) - 1e-6)) - left_col
    return first.cropped(Window(row=top_row, col=left_col, rows=height, cols=width))


def _near(left: float, right: float, first: Grid) -> tuple[float, float]:
    """Longitudes of the same places beside the first grid, which may reach across the antimeridian."""
    width = right - left if right >= left else right - left + 360
    start = float(near_longitude(np.array([left + width / 2]), first)[0]) - width / 2
    return start, start + width
