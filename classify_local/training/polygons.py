"""Pixels of polygons: those whose centre a polygon holds, at most so many of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from classify_local.errors import InputError
from classify_local.grid import Grid, Window
from classify_local.storage.geometries import GeometryArray
from classify_local.training.points import known_crs, project

_CELL = 32
"""Side of the squares of pixels that are asked for as a whole, before pixels are."""
_AT_ONCE = 1 << 20
"""Pixels asked for at once: bounds memory, however large a polygon is."""
_SIDE = np.uint64(1 << 32)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolygonPixels:
    """What polygons hold of a grid.

    Parameters
    ----------
    polygon
        For each pixel the position of its polygon in what was given, shape (n,).
    pixel_yx
        Row and column, polygon by polygon in the order of the grid, shape (2, n).
    outside
        Positions of polygons that lie wholly outside the grid.
    too_small
        Positions of polygons in the grid that hold no pixel's centre, or no whole pixel where these were asked for.
    capped
        How many polygons hold more pixels than were taken.
    """

    polygon: NDArray[np.int64]
    pixel_yx: NDArray[np.int64]
    outside: tuple[int, ...]
    too_small: tuple[int, ...]
    capped: int = 0


def polygon_pixels(polygons: Sequence[Any] | GeometryArray, grid: Grid, most: int, *, pure: bool) -> PolygonPixels:
    """The pixels of polygons on a grid.

    Where a polygon holds more than `most`, those with the lowest of a number that is drawn for each pixel of the
    grid are taken: at random, the same every time, and the same for two polygons over each other.

    Parameters
    ----------
    polygons
        Shapely polygons in the grid's reference system.
    grid
        The stack's.
    most
        Most pixels of one polygon.
    pure
        Take only pixels that lie wholly in the polygon.
    """
    found, counts, outside, too_small = [np.empty((2, 0), np.int64)], [], [], []
    capped = 0
    for number, polygon in enumerate(polygons):
        window = _window_of(polygon, grid)
        shapely.prepare(polygon)
        pixels, held = _few(_held(polygon, grid, window, pure=pure), most)
        shapely.destroy_prepared(polygon)
        found.append(pixels)
        counts.append(pixels.shape[1])
        capped += held > most
        if window.is_empty:
            outside.append(number)
        elif not held:
            too_small.append(number)
    return PolygonPixels(
        polygon=np.repeat(np.arange(len(counts)), counts), pixel_yx=np.hstack(found), outside=tuple(outside),
        too_small=tuple(too_small), capped=capped,
    )  # fmt: skip


def in_crs(polygons: GeometryArray, source: str, grid: Grid, where: str) -> GeometryArray:
    """Polygons in the reference system of a grid; empty where they have no place in it.

    Corners are moved, and edges are straight in the new system as they were in the old.

    Raises
    ------
    InputError
        If nothing leads from the one system to the other.
    """
    if known_crs(source, where) == CRS.from_wkt(grid.crs.to_wkt()):
        return polygons
    moved = shapely.transform(polygons, lambda xy: np.column_stack(on_grid(xy[:, 0], xy[:, 1], source, grid, where)))
    xy, number = shapely.get_coordinates(moved, return_index=True)
    moved[number[~np.isfinite(xy).all(axis=1)]] = shapely.from_wkt("POLYGON EMPTY")
    invalid = ~shapely.is_valid(moved)
    moved[invalid] = shapely.make_valid(moved[invalid], method="structure", keep_collapsed=False)
    return np.asarray(moved, dtype=object)


def on_grid(
    x: NDArray[np.float64], y: NDArray[np.float64], source: str, grid: Grid, where: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates in the reference system of a grid; not finite where they have no place in it.

    Raises
    ------
    InputError
        If nothing leads from the one system to the other; it begins with `where`.
    """
    try:
        return project(x, y, source, grid.crs.to_wkt())
    except InputError as error:
        raise InputError(*(f"{where}: {line}" for line in error.problems)) from error


def _window_of(polygon: Any, grid: Grid) -> Window:
    """The pixels of the grid that a polygon's bounds touch."""
    if polygon.is_empty:
        return Window(row=0, col=0, rows=0, cols=0)
    left, bottom, right, top = polygon.bounds
    rows, cols = grid.pixel_yx(np.array([left, right, left, right]), np.array([bottom, bottom, top, top]))
    first = np.clip(np.floor([rows.min(), cols.min()]), 0, grid.shape).astype(int)
    last = np.clip(np.floor([rows.max(), cols.max()]) + 1, 0, grid.shape).astype(int)
    size = last - first if (last > first).all() else np.zeros(2, int)
    return Window(row=int(first[0]), col=int(first[1]), rows=int(size[0]), cols=int(size[1]))


def _held(polygon: Any, grid: Grid, window: Window, *, pure: bool) -> Iterator[NDArray[np.int64]]:
    """Row and column of the pixels in a window whose centre, or whole square, the polygon holds; in some parts.

    Of the squares of many pixels that the polygon touches, only those that it does not hold whole are looked into.
    """
    for cells in _cells(window):
        squares = _squares(grid, cells * _CELL + np.array([[window.row], [window.col]]), _CELL)
        inside = shapely.contains_properly(polygon, squares)
        touched = shapely.intersects(polygon, squares) & ~inside
        yield _pixels_of(cells[:, inside], window)
        pixels = _pixels_of(cells[:, touched], window)
        if pure:
            yield pixels[:, shapely.covers(polygon, _squares(grid, pixels, 1))]
        else:
            yield pixels[:, shapely.intersects_xy(polygon, *coordinates(grid, *(pixels + 0.5)))]


def _cells(window: Window) -> Iterator[NDArray[np.int64]]:
    """Row and column of all cells of a window, counted from its corner, so many at once as memory allows."""
    rows, cols = -(-window.rows // _CELL), -(-window.cols // _CELL)
    step = max(1, _AT_ONCE // _CELL**2)
    for first in range(0, rows * cols, step):
        number = np.arange(first, min(first + step, rows * cols))
        yield np.stack([number // cols, number % cols])


def _pixels_of(cells: NDArray[np.int64], window: Window) -> NDArray[np.int64]:
    """Row and column on the grid of the pixels of some cells, as far as the window goes."""
    inner = np.indices((_CELL, _CELL)).reshape(2, 1, -1)
    pixels = (cells[:, :, None] * _CELL + inner).reshape(2, -1)
    pixels = pixels[:, (pixels[0] < window.rows) & (pixels[1] < window.cols)]
    return np.asarray(pixels + np.array([[window.row], [window.col]]))


def _squares(grid: Grid, corners_yx: NDArray[np.int64], side: int) -> Any:
    """Squares of pixels by their first row and column, as polygons."""
    steps = [(0, 0), (0, side), (side, side), (side, 0), (0, 0)]
    ring = [np.stack(coordinates(grid, *(corners_yx + np.array([step]).T)), axis=1) for step in steps]
    return shapely.polygons(np.stack(ring, axis=1))


def coordinates(grid: Grid, rows: NDArray[Any], cols: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates of places in pixels of a grid."""
    t = grid.transform
    return t.a * cols + t.b * rows + t.c, t.d * cols + t.e * rows + t.f


def _few(parts: Iterator[NDArray[np.int64]], most: int) -> tuple[NDArray[np.int64], int]:
    """The pixels of all parts, or the `most` with the lowest drawn numbers, in the order of the grid; and how many."""
    chosen, count = np.empty((2, 0), np.int64), 0
    for part in parts:
        count += part.shape[1]
        chosen = np.hstack([chosen, part])
        if chosen.shape[1] > most:
            chosen = chosen[:, np.argpartition(pixel_numbers(chosen), most - 1)[:most]]
    return chosen[:, np.lexsort(chosen[::-1])], count


def pixel_numbers(pixel_yx: NDArray[np.int64]) -> NDArray[np.uint64]:
    """A number for each pixel, without pattern and different for all: SplitMix64 (Steele et al. 2014) of its place."""
    rows, cols = pixel_yx.astype(np.uint64)
    mixed = rows * _SIDE + cols + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))
