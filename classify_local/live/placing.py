"""Places on the page: pixels of the image's own grid, its reference system, and degrees."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from classify_local.grid import Grid
from classify_local.training.points import project

LON_LAT = "EPSG:4326"


def to_pixels(x: NDArray[np.float64], y: NDArray[np.float64], crs: str, grid: Grid) -> NDArray[np.float64]:
    """Columns and rows, shape (2, n), fractional; not finite where a place has none.

    Raises
    ------
    InputError
        If nothing leads from one reference system to the other.
    """
    own_x, own_y = project(x, y, crs, grid.crs.to_wkt())
    return grid.pixel_yx(own_x, own_y)[::-1]


def from_pixels(cols: NDArray[np.float64], rows: NDArray[np.float64], crs: str, grid: Grid) -> NDArray[np.float64]:
    """X and y in a reference system, shape (2, n), of fractional columns and rows.

    Raises
    ------
    InputError
        If nothing leads from one reference system to the other.
    """
    t = grid.transform
    x, y = t.a * cols + t.b * rows + t.c, t.d * cols + t.e * rows + t.f
    return np.stack(project(x, y, grid.crs.to_wkt(), crs))


def one_place(x: float, y: float, crs: str, grid: Grid) -> tuple[float, float]:
    """A place in a reference system, of a pixel of the grid."""
    found = from_pixels(np.array([x]), np.array([y]), crs, grid)
    return float(found[0, 0]), float(found[1, 0])


def places_to_pixels(places: Sequence[tuple[float, float]], crs: str, grid: Grid) -> list[tuple[float, float]]:
    """Columns and rows of some places."""
    if not places:
        return []
    x, y = np.array(places, dtype=float).T
    cols, rows = to_pixels(x, y, crs, grid)
    return list(zip(cols.tolist(), rows.tolist(), strict=True))
