"""The pixel grid: where pixels lie, and the windows, blocks and tiles cut from it. Pure.

All arithmetic is in (row, col) order, as arrays are. Nothing here reads a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS

from classify_local.errors import InputError

BLOCK_SIZE = 512
"""Side in pixels of a canonical block: everything is computed in these, so that results depend on
nothing but the grid."""

DEGREE = 111_195.0
"""Metres of a degree on a sphere of 6,371,000 m."""
_ALIGNED = 1e-3
"""Two grids are one when their pixels lie within this share of a pixel."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Window:
    """A rectangle of pixels: offset of its first row and column, and its size.

    Raises
    ------
    ValueError
        If a size is negative.
    """

    row: int
    col: int
    rows: int
    cols: int

    def __post_init__(self) -> None:
        if self.rows < 0 or self.cols < 0:
            raise ValueError(f"a window has a size of zero or more, not {self.rows} x {self.cols}")

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.rows, self.cols

    @property
    def is_empty(self) -> bool:
        """True where no pixel lies in it."""
        return self.rows == 0 or self.cols == 0

    def shifted(self, rows: int, cols: int) -> Window:
        """The same window, moved by `rows` and `cols`."""
        return Window(row=self.row + rows, col=self.col + cols, rows=self.rows, cols=self.cols)

    def padded(self, halo: int) -> Window:
        """The window with `halo` pixels more on every side."""
        return Window(row=self.row - halo, col=self.col - halo, rows=self.rows + 2 * halo, cols=self.cols + 2 * halo)

    def intersection(self, other: Window) -> Window:
        """The pixels both hold; empty if none."""
        row, col = max(self.row, other.row), max(self.col, other.col)
        last_row = min(self.row + self.rows, other.row + other.rows)
        last_col = min(self.col + self.cols, other.col + other.cols)
        return Window(row=row, col=col, rows=max(0, last_row - row), cols=max(0, last_col - col))

    def slices_in(self, outer: Window) -> tuple[slice, slice]:
        """The slices that cut this window out of an array that covers `outer`."""
        row, col = self.row - outer.row, self.col - outer.col
        return slice(row, row + self.rows), slice(col, col + self.cols)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One piece of the output: a window with the name its files carry."""

    window: Window

    @property
    def id(self) -> str:
        """`<row offset>-<column offset>`, ten digits each."""
        return f"{self.window.row:010d}-{self.window.col:010d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A coordinate reference system, an affine transform and a shape.

    Parameters
    ----------
    crs
        Coordinate reference system of the coordinates.
    transform
        From (column, row) at a pixel's upper left corner to (x, y).
    shape
        Rows and columns.

    Raises
    ------
    ValueError
        If the grid is empty, or its transform cannot be inverted or is not finite.
    """

    crs: CRS
    transform: Affine
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        if min(self.shape) < 1:
            raise ValueError(f"a grid has at least one pixel, not {self.shape[0]} x {self.shape[1]}")
        if not np.isfinite(self.transform[:6]).all() or self.transform.determinant == 0:
            raise ValueError("the pixel size is zero or not a number")

    @property
    def window(self) -> Window:
        """The whole grid."""
        return Window(row=0, col=0, rows=self.shape[0], cols=self.shape[1])

    @property
    def pixel_size(self) -> tuple[float, float]:
        """Height and width of a pixel, in units of the CRS."""
        t = self.transform
        return float(np.hypot(t.b, t.e)), float(np.hypot(t.a, t.d))

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Least x, least y, greatest x and greatest y of the four corners."""
        rows, cols = self.shape
        corners = [self.transform @ corner for corner in ((0, 0), (cols, 0), (0, rows), (cols, rows))]
        xs, ys = zip(*corners, strict=True)
        return min(xs), min(ys), max(xs), max(ys)

    def pixel_yx(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Fractional row and column of coordinates.

        Parameters
        ----------
        x, y
            Coordinates in the grid's CRS, shape (n,).

        Returns
        -------
        ndarray
            Shape (2, n): rows and columns; `floor` of them is the pixel that holds the point.
            Not finite where a coordinate is not.
        """
        inverse = ~self.transform
        with np.errstate(invalid="ignore"):  # a place beyond a projection's reach is infinite
            cols = inverse.a * x + inverse.b * y + inverse.c
            rows = inverse.d * x + inverse.e * y + inverse.f
        return np.stack([rows, cols])

    def offset_of(self, other: Grid) -> tuple[int, int] | None:
        """Row and column of this grid at which `other` begins, or None if their pixels do not match."""
        if self.crs != other.crs:
            return None
        step = ~self.transform @ other.transform  # from its pixels to ours: a shift if they are the same
        sides = max(*self.shape, *other.shape)
        if max(abs(step.a - 1), abs(step.b), abs(step.d), abs(step.e - 1)) * sides > _ALIGNED:
            return None
        row, col = round(step.f), round(step.c)
        return (row, col) if max(abs(step.f - row), abs(step.c - col)) <= _ALIGNED else None

    def cropped(self, window: Window) -> Grid:
        """The grid of the pixels in `window`."""
        moved = self.transform @ Affine.translation(window.col, window.row)
        return Grid(crs=self.crs, transform=moved, shape=window.shape)


def union(grids: list[Grid]) -> tuple[Grid, list[tuple[int, int]]]:
    """The smallest grid that holds all `grids`, and where each begins on it.

    Raises
    ------
    InputError
        If their pixels do not lie on one grid; the message counts from 0.
    """
    first = grids[0]
    offsets = []
    for number, grid in enumerate(grids):
        offset = first.offset_of(grid)
        if offset is None:
            raise InputError(f"grid {number} does not share the pixels of grid 0")
        offsets.append(offset)
    top, left = min(row for row, _ in offsets), min(col for _, col in offsets)
    bottom = max(row + grid.shape[0] for (row, _), grid in zip(offsets, grids, strict=True))
    right = max(col + grid.shape[1] for (_, col), grid in zip(offsets, grids, strict=True))
    whole = first.cropped(Window(row=top, col=left, rows=bottom - top, cols=right - left))
    return whole, [(row - top, col - left) for row, col in offsets]


def blocks(window: Window, within: Window, size: int = BLOCK_SIZE) -> Iterator[Window]:
    """The canonical blocks that `window` touches, row by row, clipped to the grid `within`."""
    if window.is_empty:
        return
    for row in range(window.row // size * size, window.row + window.rows, size):
        for col in range(window.col // size * size, window.col + window.cols, size):
            yield Window(row=row, col=col, rows=size, cols=size).intersection(within)


def block_count(window: Window, size: int = BLOCK_SIZE) -> int:
    """How many canonical blocks a window touches."""
    if window.is_empty:
        return 0
    rows = (window.row + window.rows - 1) // size - window.row // size + 1
    cols = (window.col + window.cols - 1) // size - window.col // size + 1
    return rows * cols


def spread_blocks(within: Window, count: int, size: int = BLOCK_SIZE) -> list[Window]:
    """At most `count` canonical blocks of a grid, evenly spread over it; none of the others is made."""
    across = -(-within.cols // size)
    total = block_count(within, size)
    chosen = range(total) if total <= count else (i * total // count for i in range(count))
    return [
        Window(row=number // across * size, col=number % across * size, rows=size, cols=size).intersection(within)
        for number in chosen
    ]


def tiles(grid: Grid, size: int) -> list[Tile]:
    """The tiles of `size` pixels that cover the grid once, row by row; the last ones are smaller."""
    rows, cols = grid.shape
    return [
        Tile(window=Window(row=row, col=col, rows=min(size, rows - row), cols=min(size, cols - col)))
        for row in range(0, rows, size)
        for col in range(0, cols, size)
    ]


def grid_sentence(grid: Grid) -> str:
    """The grid in plain words: size, pixel, place, reference system."""
    rows, cols = grid.shape
    height, width = grid.pixel_size
    unit, factor = _unit(grid)
    size = f"{width * factor:g} x {height * factor:g} {unit}" if width != height else f"{width * factor:g} {unit}"
    whole = f"{cols * width * factor / 1000:,.1f} x {rows * height * factor / 1000:,.1f} km" if unit == "m" else ""
    name = grid.crs.to_string() if grid.crs.to_epsg() else "a reference system of its own"
    return f"{cols:,} x {rows:,} pixels of {size}{', ' + whole if whole else ''}, {name}"


def metres_per_pixel(grid: Grid) -> tuple[float, float]:
    """About how high and wide a pixel is in metres; degrees by their length at the middle of the grid."""
    height, width = grid.pixel_size
    if not grid.crs.is_geographic:
        factor = float(grid.crs.linear_units_factor[1])
        return height * factor, width * factor
    _, south, _, north = grid.bounds
    middle = min(89.0, abs(south + north) / 2)
    return height * DEGREE, width * DEGREE * float(np.cos(np.radians(middle)))


def _unit(grid: Grid) -> tuple[str, float]:
    if grid.crs.is_geographic:
        return "degrees", 1.0
    factor = grid.crs.linear_units_factor[1]
    return "m", float(factor)
