"""Where the pixels of a grid lie on another raster: exact where it decides, interpolated where it does not.

A projection is nearly linear within a canonical block. So it is asked at nodes, the block's places are interpolated
between them, and the error of that is measured between the nodes. For the nearest pixel, places so near to an edge
between pixels that the error could matter are projected one by one: the pixel is always that of the exact projection.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from classify_local.bands.resampling import between
from classify_local.errors import InputError
from classify_local.grid import BLOCK_SIZE, Grid, Window
from classify_local.types import MaskArray

_STEP = 32
"""Pixels between nodes."""
_CAUTION = 2.0
"""The error is measured between the nodes, where it is greatest for a smooth projection."""
_USELESS = 0.05
"""An interpolation that errs by more, in pixels of the raster, is not used."""
_ROUNDING = 1e-7

Places = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Nodes:
    """Exact places at the nodes of a block, and how far those between them may be from the true ones."""

    places_yx: Places
    error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """Pixel centres of a grid as places on another raster.

    Parameters
    ----------
    grid
        Whose pixels are placed.
    source
        The raster's grid.
    transformer
        From the reference system of the grid to that of the raster; None if they are the same.
    """

    grid: Grid
    source: Grid
    transformer: Transformer | None = field(repr=False)

    def places(self, block: Window, *, exact_pixels: bool) -> Places:
        """Rows and columns on the raster of the centres of a block's pixels, shape (2, rows, cols).

        Parameters
        ----------
        block
            A canonical block of the grid, or what lies of it within the grid.
        exact_pixels
            Make sure that `floor` of each place is that of the exact projection.
        """
        if self.transformer is None:
            return self._within(block)
        return self._places(block, self._asked(block), exact_pixels)

    def touching(self, block: Window, *, exact_pixels: bool) -> Places | None:
        """The same; None if no pixel centre of the block lies on the raster. Not always where none does."""
        if self.transformer is None:
            return self._within(block)
        nodes = self._asked(block)
        return self._places(block, nodes, exact_pixels) if self._touches(nodes) else None

    def _touches(self, nodes: _Nodes) -> bool:
        if not nodes.error <= _USELESS:
            return True
        low, high = nodes.places_yx.min(axis=(1, 2)), nodes.places_yx.max(axis=(1, 2))
        return bool((high >= -1).all() and (low <= np.array(self.source.shape) + 1).all())

    def lines(self, part: Window) -> Places:
        """Exact places of the centres of any part of the grid, shape (2, rows, cols)."""
        return self._every(part)

    def _every(self, block: Window) -> Places:
        rows, cols = np.indices(block.shape, dtype=np.float64)
        return self._exact(rows + (block.row + 0.5), cols + (block.col + 0.5))

    def _within(self, block: Window) -> Places:
        """Exact places in the same reference system; of grids that are not turned to each other line by line."""
        rows = np.arange(block.row, block.row + block.rows, dtype=np.float64)[:, None] + 0.5
        cols = np.arange(block.col, block.col + block.cols, dtype=np.float64)[None] + 0.5
        if any((t.b, t.d) != (0, 0) for t in (self.grid.transform, self.source.transform)):
            return self._exact(*np.broadcast_arrays(rows, cols))
        found = np.empty((2, *block.shape))
        found[0] = self._exact(rows, np.full_like(rows, cols[0, 0]))[0]
        found[1] = self._exact(np.full_like(cols, rows[0, 0]), cols)[1]
        return found

    def _asked(self, block: Window) -> _Nodes:
        rows, cols = _nodes(block.row, block.rows), _nodes(block.col, block.cols)
        places_yx = self._exact(*np.meshgrid(rows, cols, indexing="ij"))
        return _Nodes(places_yx=places_yx, error=self._error(places_yx, rows, cols))

    def _places(self, block: Window, nodes: _Nodes, exact_pixels: bool) -> Places:
        if not nodes.error <= _USELESS:
            return self._every(block)
        found, near = _between(nodes.places_yx, block, nodes.error + _ROUNDING)
        if exact_pixels:
            self._settle(found, block, near)
        return found

    def _settle(self, places_yx: Places, block: Window, near: MaskArray) -> None:
        """Replace places that lie within the error of an edge between pixels by the exact ones."""
        rows, cols = np.divmod(np.flatnonzero(near), block.cols)
        if len(rows):
            own_rows, own_cols = rows.astype(np.float64), cols.astype(np.float64)
            exact = self._exact(own_rows + (block.row + 0.5), own_cols + (block.col + 0.5))
            places_yx[:, rows, cols] = exact

    def _exact(self, rows: Places, cols: Places) -> Places:
        t = self.grid.transform
        x, y = t.a * cols + t.b * rows + t.c, t.d * cols + t.e * rows + t.f
        if self.transformer is not None:
            x, y = self.transformer.transform(x.ravel(), y.ravel())
        x = np.asarray(x).ravel()
        if self.source.crs.is_geographic:
            x = near_longitude(x, self.source)
        return self.source.pixel_yx(x, np.asarray(y).ravel()).reshape(2, *rows.shape)

    def _error(self, nodes_yx: Places, rows: NDArray[np.float64], cols: NDArray[np.float64]) -> float:
        """How far interpolated places may be from the true ones, in pixels of the raster; not finite if unknown.

        Measured between neighbouring nodes, down and across apart: in the middle of four of them the errors of a
        conformal projection cancel each other.
        """
        middle_rows, middle_cols = (rows[1:] + rows[:-1]) / 2, (cols[1:] + cols[:-1]) / 2
        down = self._exact(*np.meshgrid(middle_rows, cols, indexing="ij"))
        across = self._exact(*np.meshgrid(rows, middle_cols, indexing="ij"))
        with np.errstate(invalid="ignore"):
            wrong_down = np.abs((nodes_yx[:, 1:] + nodes_yx[:, :-1]) / 2 - down).max()
            wrong_across = np.abs((nodes_yx[:, :, 1:] + nodes_yx[:, :, :-1]) / 2 - across).max()
        return float(wrong_down + wrong_across) * _CAUTION


def placing(grid: Grid, source: Grid, where: str) -> Placing:
    """How a grid's pixels lie on the raster `where`.

    Raises
    ------
    InputError
        If nothing leads from the one reference system to the other.
    """
    if grid.crs == source.crs:
        return Placing(grid=grid, source=source, transformer=None)
    try:
        return Placing(
            grid=grid, source=source, transformer=transformer_between(grid.crs.to_wkt(), source.crs.to_wkt())
        )
    except (ProjError, CRSError) as error:
        raise InputError(
            f"{where}: its reference system ({source.crs.to_string()[:40]}) and the first image's "
            f"({grid.crs.to_string()[:40]}) cannot be brought together; give both one that is tied to the earth"
        ) from error


def near_longitude(x: Places, grid: Grid) -> Places:
    """Longitudes in turns of 360 degrees, so that they lie within half a turn of a grid's middle."""
    west, _, east, _ = grid.bounds
    middle = (west + east) / 2
    with np.errstate(invalid="ignore"):  # a place beyond a projection's reach is infinite
        turns = np.round((x - middle) / 360.0)
        return np.asarray(np.where(turns == 0, x, x - 360.0 * turns))


@lru_cache(maxsize=64)
def transformer_between(source: str, target: str) -> Transformer:
    """From one reference system to another, both in WKT, x (or longitude) first; made once, as that takes long."""
    return Transformer.from_crs(CRS.from_wkt(source), CRS.from_wkt(target), always_xy=True)


def _nodes(first: int, count: int) -> NDArray[np.float64]:
    """Lines of nodes that hold the centres of `count` pixels from `first` on; the same for any part of a block."""
    start = first // BLOCK_SIZE * BLOCK_SIZE
    low = (first - start) // _STEP
    high = -(-(first - start + count) // _STEP)
    return start + np.arange(low, high + 1, dtype=np.float64) * _STEP


def _between(nodes_yx: Places, block: Window, limit: float) -> tuple[Places, MaskArray]:
    """Places of the pixel centres of a block, from those at its nodes, and which lie near an edge between pixels."""
    before, across = _steps(block.col, block.cols)
    level = nodes_yx[:, :, before] * (1 - across) + nodes_yx[:, :, before + 1] * across
    return between(level, *_steps(block.row, block.rows), limit)


def _steps(first: int, count: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The node before each pixel centre, counted from the first node, and how far it is from there to the next."""
    start = first // _STEP * _STEP
    steps = (np.arange(first, first + count) + 0.5 - start) / _STEP
    node = steps.astype(np.int64)
    return node, steps - node
