"""Terrain from a height model: computed on the model's own grid, then brought to the stack's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS

from classify_local.bands.latitude import row_latitudes
from classify_local.bands.terrain import HALO, TERRAIN_BANDS, Method, pixel_size_metres, terrain_bands
from classify_local.errors import InputError
from classify_local.grid import Grid, Window
from classify_local.storage.aligned import OnGrid, on_grid
from classify_local.storage.composite import Image
from classify_local.storage.mosaic import Mosaic
from classify_local.storage.placing import transformer_between
from classify_local.storage.warping import PixelReader, overlaps
from classify_local.storage.zones import Zones, zones
from classify_local.types import FeatureArray, MaskArray

BANDS = tuple(TERRAIN_BANDS)
_CYLINDRICAL = (
    "Mercator", "Popular Visualisation Pseudo Mercator", "Equidistant Cylindrical", "Lambert Cylindrical Equal Area"
)  # fmt: skip
"""Beginnings of the names that EPSG gives to methods of projection."""
_LON_LAT = CRS.from_epsg(4326).to_wkt()


@dataclass(frozen=True, slots=True, kw_only=True)
class Relief:
    """Elevation, slope, aspect, eastness and northness on the grid of a height model, as bands 1 to 5.

    Parameters
    ----------
    heights
        The model; its first band is metres.
    method
        How slopes are taken.
    """

    heights: PixelReader
    method: Method = Method.HORN

    @property
    def grid(self) -> Grid:
        """The model's grid."""
        return self.heights.grid

    @property
    def dtypes(self) -> tuple[str, ...]:
        """Type of each band."""
        return ("float32",) * len(BANDS)

    def read(self, bands: Sequence[int], window: Window) -> tuple[FeatureArray, MaskArray]:
        """Values and validity of bands (from 1) in a window, which may reach beyond the grid."""
        wider = Window(
            row=window.row - HALO, col=window.col - HALO, rows=window.rows + 2 * HALO, cols=window.cols + 2 * HALO
        )
        values, valid = self.heights.read([1], wider)
        metres = np.where(valid[0], values[0], np.nan).astype(np.float32)
        width, height = self._pixel_metres(window)
        names = [BANDS[band - 1] for band in bands]
        found = terrain_bands(metres, names, width_metres=width, height_metres=height, method=self.method)
        known = np.isfinite(found)
        return np.where(known, found, np.float32(0)), known

    def _pixel_metres(self, window: Window) -> tuple[NDArray[np.float64] | float, NDArray[np.float64] | float]:
        t = self.grid.transform
        if self.grid.crs.is_geographic:
            latitudes = np.clip(row_latitudes(t, window), -89.999, 89.999)
            return pixel_size_metres(latitudes, t.a, t.e)
        if is_cylindrical(self.grid.crs.to_wkt()):
            return self._on_the_ground(window)
        factor = float(self.grid.crs.linear_units_factor[1])
        return t.a * factor, t.e * factor

    def _on_the_ground(self, window: Window) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Of a cylindrical projection: in Mercator's, a metre of the map at 60 degrees is half a metre."""
        t, to_degrees = self.grid.transform, transformer_between(self.grid.crs.to_wkt(), _LON_LAT)
        x = t.c + t.a * self.grid.shape[1] / 2
        half_rows = t.f + t.e * (window.row + np.arange(2 * window.rows + 1) / 2)
        latitudes = to_degrees.transform(np.full(len(half_rows), x), half_rows)[1]
        middle = t.f + t.e * self.grid.shape[0] / 2
        west, east = to_degrees.transform(np.array([x, x + t.a]), np.array([middle, middle]))[0]
        heights = np.diff(latitudes[::2])
        heights[heights == 0] = np.nan  # rows so far beyond the pole that they have no height
        return pixel_size_metres(np.clip(latitudes[1::2], -89.999, 89.999), (east - west + 180) % 360 - 180, heights)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patchwork:
    """Relief of height models on several grids, each on its own, with a rim of heights from the others.

    Copernicus tiles change their spacing at 50 degrees north, and gradients of heights that were brought to another
    spacing are stripes.

    Parameters
    ----------
    parts
        The relief of each model on the stack's grid.
    own
        The models' own heights there: which relief counts.
    """

    parts: tuple[OnGrid, ...]
    own: tuple[OnGrid, ...]

    @property
    def dtypes(self) -> tuple[str, ...]:
        """Type of each band."""
        return self.parts[0].dtypes

    def read(self, bands: Sequence[int], window: Window) -> tuple[FeatureArray, MaskArray]:
        """Values and validity of bands (from 1) in a window of the stack's grid."""
        values = np.zeros((len(bands), *window.shape), dtype=np.float32)
        valid = np.zeros(values.shape, dtype=bool)
        for part, own in reversed(list(zip(self.parts, self.own, strict=True))):
            shown = own.read([1], window)[1][0]
            if not shown.any():
                continue
            found, known = part.read(bands, window)
            take = known & shown & ~valid
            np.copyto(values, found.astype(np.float32, copy=False), where=take)
            valid |= take
        return values, valid


def relief_on_grid(heights: Image, grid: Grid, method: Method) -> OnGrid | Patchwork:
    """The relief of a height model, of one grid or several, on the stack's grid.

    Raises
    ------
    InputError
        If it is turned against its axes, or does not meet the grid.
    """
    require_upright(heights.grid, heights.where)
    if not isinstance(heights, Zones):
        return on_grid(Relief(heights=heights, method=method), grid, "bilinear", heights.where)
    met = [mosaic for mosaic in heights.mosaics if overlaps(mosaic.grid, grid, mosaic.where)]
    if not met:
        return on_grid(Relief(heights=heights, method=method), grid, "bilinear", heights.where)
    for mosaic in met:
        require_upright(mosaic.grid, mosaic.where)
    whole = [_rimmed(mosaic, met) for mosaic in met]
    return Patchwork(
        parts=tuple(on_grid(Relief(heights=each, method=method), grid, "bilinear", each.where) for each in whole),
        own=tuple(on_grid(mosaic, grid, "nearest", mosaic.where) for mosaic in met),
    )


def _rimmed(mosaic: Mosaic, others: Sequence[Mosaic]) -> Zones:
    """A model on its own grid, with the heights of the others around it."""
    beside = [other for other in others if other is not mosaic]
    return replace(zones([mosaic, *beside], mosaic.where), resampling="bilinear")


@lru_cache(maxsize=64)
def is_cylindrical(wkt: str) -> bool:
    """True for projections in which a row has one latitude, and pixels of a row one size, which differs by row."""
    crs = CRS.from_wkt(wkt)
    crs = crs.sub_crs_list[0] if crs.is_compound else crs
    crs = crs.source_crs or crs if crs.is_bound else crs
    operation = crs.coordinate_operation
    return operation is not None and operation.method_name.startswith(_CYLINDRICAL)


def require_upright(grid: Grid, where: str) -> None:
    """Refuse a height model whose rows do not run from west to east.

    Raises
    ------
    InputError
        If it is turned.
    """
    if grid.transform.b or grid.transform.d:
        raise InputError(
            f"{where}: is turned against its axes, and slopes cannot be taken; warp it with gdalwarp first"
        )
