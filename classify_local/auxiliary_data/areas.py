"""The area for which data are wanted, on the globe: over the antimeridian, around a pole, from any reference system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from classify_local.auxiliary_data.sources import Cell
from classify_local.errors import InputError
from classify_local.grid import Grid

PAD = 0.002
"""Degrees (some 200 m) around an image: slopes look at neighbours."""
_STEPS = 64
"""Points along each side of an image: its edges are curves on the globe."""
_WORLD = shapely.box(-180, -90, 180, 90)


@dataclass(frozen=True, slots=True)
class Area:
    """A polygon in EPSG:4326, longitudes from -180 to 180; what crosses the antimeridian is in two parts.

    Raises
    ------
    InputError
        If it is empty.
    """

    shape: BaseGeometry

    def __post_init__(self) -> None:
        if self.shape.is_empty or not self.shape.area > 0:
            raise InputError("the area is empty; give west, south, east and north in degrees, or a larger one")

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north; west > east where it is shorter over the antimeridian."""
        west, south, east, north = (float(side) for side in self.shape.bounds)
        if west > -180 or east < 180:
            return west, south, east, north
        parts = shapely.get_parts(self.shape)
        edges = shapely.bounds(parts)
        before, after = edges[edges[:, 0] > 0], edges[edges[:, 2] < 0]
        if len(before) and len(after) and len(before) + len(after) == len(parts):
            return float(before[:, 0].min()), south, float(after[:, 2].max()), north
        return west, south, east, north

    def cells(self, side: int, south: int, north: int) -> list[Cell]:
        """The squares of whole degrees that share land with it, between two latitudes, from north to south.

        Parameters
        ----------
        side
            Of a square; squares begin at multiples of it.
        south, north
            Where coverage ends.
        """
        found = [
            Cell(south=row, west=col, side=side)
            for part in shapely.get_parts(self.shape)
            for row in _multiples(part.bounds[1], part.bounds[3], side, south, north - side)
            for col in _multiples(part.bounds[0], part.bounds[2], side, -180, 180 - side)
        ]
        unique = sorted(set(found), key=lambda cell: (-cell.south, cell.west))
        if not unique:
            return []
        boxes = shapely.box(*np.array([cell.bounds for cell in unique], dtype=float).T)
        shapely.prepare(self.shape)
        shared = shapely.intersects(self.shape, boxes) & ~shapely.touches(self.shape, boxes)
        return [cell for cell, inside in zip(unique, shared, strict=True) if inside]


def of_bounds(west: float, south: float, east: float, north: float) -> Area:
    """The area between two meridians and two parallels; a west greater than east crosses the antimeridian.

    Raises
    ------
    InputError
        If these are no such bounds.
    """
    given = f"west {west:g}, south {south:g}, east {east:g}, north {north:g}"
    if not np.isfinite([west, south, east, north]).all() or not (-360 <= west <= 360 and -360 <= east <= 360):
        raise InputError(f"{given}: are no degrees; longitudes are -180 to 180, latitudes -90 to 90")
    if not -90 <= south < north <= 90:
        raise InputError(f"{given}: south must be less than north, both from -90 to 90; is the order right?")
    if west == east:
        raise InputError(f"{given}: the area has no width")
    east = east if west < east else east + 360
    return Area(_wrapped(shapely.box(west, south, min(east, west + 360), north)))


def of_grid(grid: Grid, where: str) -> Area:
    """The area of an image, with a little around it.

    Raises
    ------
    InputError
        If its reference system gives it no place on the globe.
    """
    rows, cols = grid.shape
    along = np.linspace(0, 1, _STEPS, endpoint=False)
    zero, one = np.zeros(_STEPS), np.ones(_STEPS)
    right, down = np.concatenate([along, one, 1 - along, zero]), np.concatenate([zero, along, one, 1 - along])
    t = grid.transform
    x, y = t.a * right * cols + t.b * down * rows + t.c, t.d * right * cols + t.e * down * rows + t.f
    ring = _on_globe(np.stack([x, y], axis=1), grid.crs.to_wkt(), where)
    return Area(_wrapped(_padded(_of_ring(ring, where))))


def of_features(geometries: Sequence[Any], crs: str | None, where: str) -> Area:
    """The area of polygons and points, with a little around it.

    Raises
    ------
    InputError
        If there are none, or their place is not known.
    """
    held = [geometry for geometry in geometries if geometry is not None and not geometry.is_empty]
    if not held:
        raise InputError(f"{where}: has no geometries, so no area")
    if crs is None:
        raise InputError(f"{where}: does not say its reference system; save it with one, or give --aoi W,S,E,N")
    shapes = [_feature(part, crs, where) for part in shapely.get_parts(held)]
    return Area(shapely.union_all([_wrapped(_padded(shape)) for shape in shapes]))


def _feature(part: BaseGeometry, crs: str, where: str) -> BaseGeometry:
    if not isinstance(part, shapely.Polygon):
        return shapely.MultiPoint(_on_globe(shapely.get_coordinates(part), crs, where))
    west, south, east, north = part.bounds
    fine = shapely.segmentize(part.exterior, max(east - west, north - south) / _STEPS)
    return _of_ring(_on_globe(shapely.get_coordinates(fine)[:-1], crs, where), where)


def _on_globe(xy: NDArray[np.float64], crs: str, where: str) -> NDArray[np.float64]:
    """Longitudes and latitudes, shape (n, 2); places beyond a projection's reach are left out."""
    try:
        transformer = Transformer.from_crs(CRS.from_user_input(crs), CRS.from_epsg(4326), always_xy=True)
        found: NDArray[np.float64] = np.stack(transformer.transform(xy[:, 0], xy[:, 1]), axis=1)
    except ProjError as error:
        raise InputError(f"{where}: its reference system has no place on the globe; give --aoi W,S,E,N") from error
    found = found[np.isfinite(found).all(axis=1) & (np.abs(found[:, 1]) <= 90.0001)]
    if not len(found):
        raise InputError(f"{where}: lies nowhere on the globe in its reference system; give --aoi W,S,E,N")
    return found


def _of_ring(ring: NDArray[np.float64], where: str) -> BaseGeometry:
    """What a ring of longitudes and latitudes encloses; longitudes of the result may pass 180.

    A ring that goes once around the globe encloses the nearer pole.
    """
    if len(ring) < 3:
        raise InputError(f"{where}: lies nowhere on the globe in its reference system; give --aoi W,S,E,N")
    steps = np.diff(ring[:, 0], append=ring[0, 0])
    steps -= 360 * np.round(steps / 360)
    if abs(steps.sum()) > 180:
        least, most = float(ring[:, 1].min()), float(ring[:, 1].max())
        return shapely.box(-180, least, 180, 90) if least + most > 0 else shapely.box(-180, -90, 180, most)
    lon = ring[0, 0] + np.concatenate([[0.0], np.cumsum(steps[:-1])])
    return shapely.make_valid(shapely.Polygon(np.stack([lon, ring[:, 1]], axis=1)))


def _padded(shape: BaseGeometry) -> BaseGeometry:
    """The shape with a little around it: in latitude as in longitude, which near the poles is less."""
    return shapely.buffer(shape, PAD, join_style="mitre", quad_segs=2)


def _wrapped(shape: BaseGeometry) -> BaseGeometry:
    """The shape with longitudes from -180 to 180."""
    west, _, east, _ = shape.bounds
    turns = range(int(np.floor((west + 180) / 360)), int(np.floor((east + 180) / 360)) + 1)
    moved = [affinity.translate(shape, -360 * turn) for turn in turns]
    return shapely.union_all([shapely.intersection(one, _WORLD) for one in moved])


def _multiples(low: float, high: float, side: int, least: int, most: int) -> range:
    """Multiples of `side` from that at or below `low` to that at or below `high`, within limits."""
    first = max(least, int(np.floor(low / side)) * side)
    return range(first, min(most, int(np.floor(high / side)) * side) + 1, side)
