"""In which reference system coordinates lie in the image, and which columns they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classify_local.errors import InputError
from classify_local.grid import Grid
from classify_local.starting.columns import coordinate_pairs
from classify_local.storage.tables import Table
from classify_local.training.points import project

Numbers = NDArray[np.float64]
DEGREES = "EPSG:4326"
_ENOUGH = 0.5
"""Share of rows in the image from which on a reference system is taken without looking further."""
_NUMBERS = 0.9
_DIFFERENT = 5
_LOOKED_AT = 2000
_MOST_COLUMNS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """How coordinates are to be read.

    Parameters
    ----------
    crs
        The reference system.
    inside
        Rows that lie in the image.
    swapped
        True if they do so with x and y exchanged.
    """

    crs: str
    inside: int
    swapped: bool = False


def crs_text(grid: Grid) -> str:
    """The reference system of an image as a recipe writes it."""
    code = grid.crs.to_epsg()
    return f"EPSG:{code}" if code else str(grid.crs.to_wkt())


def count_inside(x: Numbers, y: Numbers, crs: str, grid: Grid) -> int:
    """How many places lie in an image; none if nothing leads from the one reference system to the other."""
    try:
        x, y = project(x, y, crs, grid.crs.to_wkt())
    except InputError:
        return 0
    row, col = grid.pixel_yx(x, y)
    with np.errstate(invalid="ignore"):
        held = (row >= 0) & (row < grid.shape[0]) & (col >= 0) & (col < grid.shape[1])
    return int(held.sum())


def count_touching(boxes: NDArray[np.float64], crs: str, grid: Grid) -> int:
    """How many boxes, shape (n, 4) as west, south, east and north, touch an image."""
    boxes = boxes[np.isfinite(boxes).all(axis=1)]
    try:
        corners = [
            project(boxes[:, i], boxes[:, j], crs, grid.crs.to_wkt()) for i, j in ((0, 1), (2, 3), (0, 3), (2, 1))
        ]
    except InputError:
        return 0
    x, y = (np.stack(values) for values in zip(*corners, strict=True))
    west, south, east, north = grid.bounds
    touching = (x.max(axis=0) > west) & (x.min(axis=0) < east) & (y.max(axis=0) > south) & (y.min(axis=0) < north)
    return int(touching.sum())


def guess_crs(x: Numbers, y: Numbers, grid: Grid) -> Placed | None:
    """The reference system in which most places lie in the image; None if there is none in which any does."""
    best: Placed | None = None
    for swapped in (False, True):
        first, second = (y, x) if swapped else (x, y)
        for crs in _candidates(first, second, grid):
            inside = count_inside(first, second, crs, grid)
            if inside > (best.inside if best else 0):
                best = Placed(crs=crs, inside=inside, swapped=swapped)
            if best and best.inside >= _ENOUGH * len(x):
                return best
    return best


def looks_like_degrees(x: Numbers, y: Numbers) -> bool:
    """True if all places can be longitudes and latitudes."""
    return bool(len(x) and (np.abs(x) <= 180).all() and (np.abs(y) <= 90).all())


def find_coordinates(table: Table, grid: Grid) -> tuple[str, str] | None:
    """The two columns of numbers that lie in the image when taken for x and y; None if none do."""
    numbers = {}
    for name in list(table.columns)[: _MOST_COLUMNS * 4]:
        values, known = table.numbers(name)
        if known.mean() >= _NUMBERS and len(np.unique(values[known])) >= min(_DIFFERENT, len(table)):
            numbers[name] = values
    best, found = 0, None
    for x, y in coordinate_pairs(list(numbers)[:_MOST_COLUMNS]):
        usable = np.flatnonzero(np.isfinite(numbers[x]) & np.isfinite(numbers[y]))[:_LOOKED_AT]
        placed = guess_crs(numbers[x][usable], numbers[y][usable], grid)
        if placed is not None and not placed.swapped and placed.inside > best:
            best, found = placed.inside, (x, y)
        if best >= _ENOUGH * max(1, len(usable)):
            return found
    return found


def _candidates(x: Numbers, y: Numbers, grid: Grid) -> Iterator[str]:
    if looks_like_degrees(x, y):
        yield DEGREES
    yield crs_text(grid)
    yield from _zones(grid)
    yield "EPSG:3857"


def _zones(grid: Grid) -> Iterator[str]:
    """UTM, north and south, of the zone in which the middle of the image lies."""
    west, south, east, north = grid.bounds
    try:
        lon, lat = project(np.array([(west + east) / 2]), np.array([(south + north) / 2]), grid.crs.to_wkt(), DEGREES)
    except InputError:
        return
    if np.isfinite(lon[0]) and np.isfinite(lat[0]):
        zone = min(60, max(1, int((lon[0] + 180) // 6) + 1))
        yield from (f"EPSG:{half}{zone:02d}" for half in ((326, 327) if lat[0] >= 0 else (327, 326)))
