"""Places of rows: points as they are, the points of multipoints, the pixels of polygons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray

from classify_local.grid import Grid
from classify_local.recipe.model import ClassMapping
from classify_local.storage.geometries import GeometryArray
from classify_local.training import samples
from classify_local.training.columns import RowPlaces
from classify_local.training.polygons import PolygonPixels, coordinates, in_crs, on_grid, polygon_pixels

_POLYGONS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Places of rows.

    Parameters
    ----------
    row
        The row each place belongs to, shape (n,).
    x, y
        Coordinates in `crs`, shape (n,).
    feature
        The number of the row where it can have several places; -1 for a plain point, shape (n,).
    crs
        The reference system.
    dropped
        Rows that have no place, by reason.
    notes
        Sentences a user should read.
    """

    row: NDArray[np.intp]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    feature: NDArray[np.int64]
    crs: str
    dropped: Mapping[str, NDArray[np.intp]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def locate(
    lying: RowPlaces, rows: NDArray[np.intp], crs: str, where: str, source: ClassMapping, grid: Grid | None
) -> Places:
    """Places of some rows.

    Parameters
    ----------
    lying
        Coordinates or geometries of all rows.
    rows
        Those that count; none of them without coordinates or geometry.
    crs, where
        The reference system, and the file, for messages.
    source
        Says how polygons are taken.
    grid
        The stack's; without it polygons have no places.

    Raises
    ------
    InputError
        If polygons cannot be brought into the grid's reference system.
    """
    if lying.geometries is None:
        return _plain(lying, rows, crs)
    kinds = shapely.get_type_id(lying.geometries[rows])
    points = _joined(
        _plain(lying, rows[kinds == shapely.GeometryType.POINT], crs),
        _parts(lying.geometries, rows[kinds == shapely.GeometryType.MULTIPOINT], crs),
    )
    polygons = rows[np.isin(kinds, _POLYGONS)]
    if not len(polygons) or grid is None:
        return points
    moved = in_crs(lying.geometries[polygons], crs, grid, where)
    held = polygon_pixels(moved, grid, source.per_polygon, pure=source.pure)
    return _joined(_moved(points, grid, where), _pixels(held, polygons, grid, where, source))


def _plain(lying: RowPlaces, rows: NDArray[np.intp], crs: str) -> Places:
    return Places(row=rows, x=lying.x[rows], y=lying.y[rows], feature=np.full(len(rows), -1, np.int64), crs=crs)


def _parts(geometries: GeometryArray, rows: NDArray[np.intp], crs: str) -> Places:
    """The points of multipoints."""
    points, number = shapely.get_parts(geometries[rows], return_index=True)
    row = rows[number]
    return Places(row=row, x=shapely.get_x(points), y=shapely.get_y(points), feature=row.astype(np.int64), crs=crs)


def _moved(points: Places, grid: Grid, where: str) -> Places:
    """Points in the grid's reference system."""
    x, y = on_grid(points.x, points.y, points.crs, grid, where)
    return Places(row=points.row, x=x, y=y, feature=points.feature, crs=grid.crs.to_wkt())


def _pixels(held: PolygonPixels, polygons: NDArray[np.intp], grid: Grid, where: str, source: ClassMapping) -> Places:
    """The centres of the pixels of polygons."""
    x, y = coordinates(grid, *(held.pixel_yx + 0.5))
    row = polygons[held.polygon]
    dropped = {samples.OUTSIDE: polygons[list(held.outside)], samples.TOO_SMALL: polygons[list(held.too_small)]}
    return Places(
        row=row, x=x, y=y, feature=row.astype(np.int64), crs=grid.crs.to_wkt(), dropped=dropped,
        notes=(f"{where}: {_said(held, len(polygons), source)}",),
    )  # fmt: skip


def _joined(first: Places, second: Places) -> Places:
    """Both, in one reference system; what is dropped and said is the second's."""
    row, x, y, feature = (
        np.concatenate([getattr(first, name), getattr(second, name)]) for name in ("row", "x", "y", "feature")
    )
    return Places(row=row, x=x, y=y, feature=feature, crs=second.crs, dropped=second.dropped, notes=second.notes)


def _said(held: PolygonPixels, count: int, source: ClassMapping) -> str:
    inside = count - len(held.outside) - len(held.too_small)
    pixels = f"{held.pixel_yx.shape[1]:,} {'whole ' if source.pure else ''}pixels"
    most = f", at most {source.per_polygon} of each: {held.capped:,} have more" if held.capped else ""
    return f"{pixels} of {inside:,} polygon{'' if inside == 1 else 's'}{most}"
