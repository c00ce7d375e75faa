"""The area of interest: pixels of the map whose centre it does not hold are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import local
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from rasterio.crs import CRS as RasterioCRS  # noqa: N811
from shapely import affinity

from classify_local.errors import InputError
from classify_local.features.output_grid import Bounds, bounds_in, resolve_crs, resolve_grid
from classify_local.features.stack import BandSource, BandSpec
from classify_local.grid import Grid, Window
from classify_local.recipe.text import RecipeDocument
from classify_local.storage.rasters import require_size
from classify_local.storage.sources import Remotes
from classify_local.types import FeatureArray, MaskArray

LAYER = "the area of interest"

_PIECES = 512
"""Pieces into which the sides of a shape are cut before they are moved to another reference system."""
_OWN = local()


def map_grid(document: RecipeDocument, first: Grid) -> tuple[Grid, list[BandSource]]:
    """The grid of the map that a recipe asks for, and the area of interest as a source if it is a shape.

    Raises
    ------
    InputError
        If the grid or the area makes no sense.
    """
    output = document.recipe.output
    if not isinstance(output.aoi, str):
        area = None if output.aoi is None else _four(output.aoi)
        return _sane(resolve_grid(first, scale=output.scale, crs=output.crs, area=area)), []
    path = document.resolve(output.aoi)
    target = resolve_crs(first, output.crs)
    shape, crs = _shape(path)
    if crs.is_geographic:  # far from the image a projection may fold back upon it
        shape = _in_every_turn(shape, bounds_in(first, RasterioCRS.from_wkt(crs.to_wkt())), path)
    shape = _in_crs(shape, crs, target, path)
    if target.is_geographic:
        shape = _in_every_turn(shape, bounds_in(first, target), path)
    grid = _sane(resolve_grid(first, scale=output.scale, crs=output.crs, within=_four(shape.bounds)))
    return grid, [Area(shape=shape, grid=grid, path=path)]


def _sane(grid: Grid) -> Grid:
    require_size(grid.shape, "output", "; is output.scale in metres, or in degrees as in 0.00025 deg?")
    return grid


def _in_every_turn(shape: Any, image: Bounds, path: Path) -> Any:
    """What lies about the image of a shape in degrees, which may be counted from -180, from 0, or cut at 180."""
    copies = shapely.union_all([affinity.translate(shape, turn) for turn in (-360, 0, 360)])
    margin = max(image[2] - image[0], image[3] - image[1]) / 10
    found = copies.intersection(shapely.box(*image).buffer(margin, join_style="mitre"))
    if found.is_empty:
        raise InputError(f"output.aoi: {path}: lies outside the first image")
    return found


def _four(bounds: Sequence[float]) -> Bounds:
    west, south, east, north = map(float, bounds)
    return west, south, east, north


def _shape(path: Path) -> tuple[Any, CRS]:
    """The polygons of a vector file as one, and their reference system."""
    from classify_local.storage import vectors  # slow to import

    layer = vectors.read_layer(path)
    polygons = [shape for shape in layer.geometries if shape is not None and "Polygon" in shape.geom_type]
    if not polygons:
        raise InputError(f"{path}: holds no polygon; an area of interest is one, or [west, south, east, north]")
    if layer.crs is None:
        raise InputError(f"{path}: does not say its reference system; write it anew with one")
    return shapely.union_all(polygons), CRS.from_user_input(layer.crs)


def _in_crs(shape: Any, source: CRS, target: RasterioCRS, path: Path) -> Any:
    """A shape in the map's reference system; its sides stay straight in their own."""
    wanted = CRS.from_wkt(target.to_wkt())
    if source == wanted:
        return shape
    west, south, east, north = shape.bounds
    transformer = Transformer.from_crs(source, wanted, always_xy=True)

    def moved(points: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = transformer.transform(points[:, 0], points[:, 1])
        if target.is_geographic:
            x = x - 360 * np.round((x - x[0]) / 360)  # no jump at the antimeridian
        return np.column_stack([x, y])

    dense = shapely.get_parts(shapely.segmentize(shape, max(east - west, north - south) / _PIECES))
    found = shapely.union_all([shapely.make_valid(shapely.transform(part, moved)) for part in dense])
    if not np.isfinite(found.bounds).all():
        raise InputError(f"{path}: has no place in the map's reference system")
    return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Area:
    """A source without bands that masks what lies outside an area.

    Parameters
    ----------
    shape
        A polygon in the grid's reference system.
    grid
        The stack's.
    path
        The file it comes from.
    """

    shape: Any
    grid: Grid
    path: Path

    @property
    def bands(self) -> tuple[BandSpec, ...]:
        """None."""
        return ()

    @property
    def layers(self) -> tuple[str, ...]:
        """The area itself."""
        return (LAYER,)

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The smallest."""
        return np.dtype(np.uint8)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The file."""
        return (self.path,)

    @property
    def remotes(self) -> Remotes:
        """None."""
        return ()

    def read(self, window: Window) -> tuple[FeatureArray, MaskArray]:
        """No values, and True where the area holds the centre of the pixel."""
        rows, cols = np.indices(window.shape) + np.array([window.row, window.col])[:, None, None] + 0.5
        t = self.grid.transform
        x, y = t.a * cols + t.b * rows + t.c, t.d * cols + t.e * rows + t.f
        inside = shapely.intersects_xy(_own_copy(self.shape), x, y)
        return np.empty((0, *window.shape), dtype=np.uint8), np.asarray(inside)[None]


def _own_copy(shape: Any) -> Any:
    """The shape, prepared, for this thread alone: GEOS makes its index at the first question, without a lock."""
    if getattr(_OWN, "shape", None) is not shape:
        _OWN.shape, _OWN.copy = shape, shapely.from_wkb(shapely.to_wkb(shape))
        shapely.prepare(_OWN.copy)
    return _OWN.copy
