"""An image on another grid than the stack's, as one on the stack's: resampled in canonical blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from classify_local.bands.resampling import average, bilinear, nearest
from classify_local.grid import BLOCK_SIZE, Grid, Window, blocks
from classify_local.storage.placing import Placing, placing
from classify_local.types import FeatureArray, MaskArray

_MOST = 1 << 24
"""Pixels of the raster read at once."""

Resampling = Literal["nearest", "bilinear", "average"]


class PixelReader(Protocol):
    """Bands of pixels on one grid, as a mosaic has them."""

    @property
    def grid(self) -> Grid:
        """Where the pixels lie."""
        ...

    @property
    def dtypes(self) -> tuple[str, ...]:
        """Type of each band."""
        ...

    def read(self, bands: Sequence[int], window: Window) -> tuple[FeatureArray, MaskArray]:
        """Values and validity of bands (from 1) in a window, which may reach beyond the grid."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Warped:
    """Pixels resampled to the stack's grid.

    Parameters
    ----------
    source
        What is resampled.
    placing
        Where the pixels of the stack's grid lie on it.
    resampling
        How. The nearest pixel keeps values and type; the others give float32.
    """

    source: PixelReader
    placing: Placing
    resampling: Resampling

    @property
    def grid(self) -> Grid:
        """The stack's grid."""
        return self.placing.grid

    @property
    def dtypes(self) -> tuple[str, ...]:
        """Type of each band."""
        if self.resampling == "nearest":
            return self.source.dtypes
        return ("float32",) * len(self.source.dtypes)

    def read(self, bands: Sequence[int], window: Window) -> tuple[FeatureArray, MaskArray]:
        """Values and validity of bands (from 1) in a window, both of shape (bands, rows, cols).

        Whole canonical blocks are computed and cropped, so that a value depends on nothing but its pixel. Beyond the
        grid nothing is valid.
        """
        dtype = np.result_type(*(np.dtype(self.dtypes[band - 1]) for band in bands))
        inside = window.intersection(self.grid.window)
        touched = list(blocks(inside, self.grid.window, BLOCK_SIZE))
        if touched == [window]:
            return self._block(bands, window, dtype)
        values = np.zeros((len(bands), *window.shape), dtype=dtype)
        valid = np.zeros(values.shape, dtype=bool)
        for block in touched:
            part = block.intersection(inside)
            found, shown = self._block(bands, block, dtype)
            rows, cols = part.slices_in(window)
            own_rows, own_cols = part.slices_in(block)
            values[:, rows, cols] = found[:, own_rows, own_cols]
            valid[:, rows, cols] = shown[:, own_rows, own_cols]
        return values, valid

    def _block(
        self, bands: Sequence[int], block: Window, dtype: np.dtype[np.generic]
    ) -> tuple[FeatureArray, MaskArray]:
        out = np.zeros((len(bands), *block.shape), dtype=dtype)
        out_valid = np.zeros(out.shape, dtype=bool)
        places = self.placing.touching(block, exact_pixels=self.resampling == "nearest")
        if places is None:
            return out, out_valid
        reach = self._reach(block, places) if self.resampling == "average" else None
        self._fill(bands, places, reach, out, out_valid)
        if self.resampling != "nearest":
            out_valid &= np.isfinite(out)  # float32 does not hold every float64
        return out, out_valid

    def _reach(self, block: Window, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Half the height and width on the raster of the square that each pixel covers, shape (2, rows, cols)."""
        if min(block.shape) < 2:  # a strip at the grid's edge has no neighbours of its own
            wider = Window(row=block.row, col=block.col, rows=max(2, block.rows), cols=max(2, block.cols))
            places = self.placing.lines(wider)
        found = (_steps(places, 1) + _steps(places, 2)) / 2
        return found[:, : block.rows, : block.cols]

    def _fill(
        self, bands: Sequence[int], places: NDArray[np.float64], reach: NDArray[np.float64] | None,
        out: FeatureArray, out_valid: MaskArray,
    ) -> None:  # fmt: skip
        """Fill a rectangle of pixels; in quarters where it needs much of the raster, to bound memory."""
        window = _needed(places, reach, self.source.grid)
        if window.is_empty:
            return
        if window.rows * window.cols > _MOST and max(places.shape[1:]) > 1:
            for rows, cols in _quarters(places.shape[1:]):
                part = None if reach is None else reach[:, rows, cols]
                self._fill(bands, places[:, rows, cols], part, out[:, rows, cols], out_valid[:, rows, cols])
            return
        values, valid = self.source.read(bands, window)
        flat = places.reshape(2, -1) - np.array([[window.row], [window.col]])
        found, shown = (np.ascontiguousarray(each).reshape(len(bands), -1) for each in (out, out_valid))
        self._resample(values, valid, flat, reach, found, shown)
        if not np.may_share_memory(found, out):  # a quarter does not lie in one piece
            out[...], out_valid[...] = found.reshape(out.shape), shown.reshape(out.shape)

    def _resample(
        self, values: FeatureArray, valid: MaskArray, places: NDArray[np.float64], reach: NDArray[np.float64] | None,
        out: FeatureArray, out_valid: MaskArray,
    ) -> None:  # fmt: skip
        if reach is not None:
            average(values, valid, places, reach.reshape(2, -1), out, out_valid)
        elif self.resampling == "bilinear":
            bilinear(values, valid, places, out, out_valid)
        else:
            nearest(values, valid, places, out, out_valid)


def warped(source: PixelReader, grid: Grid, resampling: Resampling, where: str) -> Warped:
    """An image resampled to a grid.

    Raises
    ------
    InputError
        If nothing leads from the one reference system to the other.
    """
    return Warped(source=source, placing=placing(grid, source.grid, where), resampling=resampling)


def overlaps(source: Grid, grid: Grid, where: str) -> bool:
    """Whether a raster covers any of a grid, looked at in lines from edge to edge of both: one may hold the other."""
    return _crosses(grid, source, where) or _crosses(source, grid, where)


def _crosses(grid: Grid, source: Grid, where: str) -> bool:
    """Whether a line of a grid's pixels has one within a raster."""
    found = placing(grid, source, where)
    limits = np.array(source.shape)[:, None, None]
    for line in _sections(grid):
        places_yx = found.lines(line)
        if ((places_yx >= 0) & (places_yx < limits)).all(axis=0).any():
            return True
    return False


def _sections(grid: Grid) -> Iterator[Window]:
    """Lines of pixels across the grid, up to 65 each way."""
    rows, cols = grid.shape
    for row in np.unique(np.linspace(0, rows - 1, 65).astype(int)):
        yield Window(row=int(row), col=0, rows=1, cols=cols)
    for col in np.unique(np.linspace(0, cols - 1, 65).astype(int)):
        yield Window(row=0, col=int(col), rows=rows, cols=1)


def _quarters(shape: tuple[int, ...]) -> Iterator[tuple[slice, slice]]:
    middle_row, middle_col = -(-shape[0] // 2), -(-shape[1] // 2)
    for rows in (slice(0, middle_row), slice(middle_row, shape[0])):
        for cols in (slice(0, middle_col), slice(middle_col, shape[1])):
            if rows.start < shape[0] and cols.start < shape[1]:
                yield rows, cols


def _steps(places_yx: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """How far each pixel's place is from its neighbours' along an axis; the nearer one's, as places may jump."""
    with np.errstate(invalid="ignore"):  # a place beyond a projection's reach is infinite
        step = np.abs(np.diff(places_yx, axis=axis))
    step[~np.isfinite(step)] = np.inf
    count = step.shape[axis]
    before = np.take(step, [min(1, count - 1), *range(count)], axis=axis)
    after = np.take(step, [*range(count), max(count - 2, 0)], axis=axis)
    found = np.minimum(before, after)
    return np.where(np.isfinite(found), found, 0.0)


def _needed(places_yx: NDArray[np.float64], reach_yx: NDArray[np.float64] | None, source: Grid) -> Window:
    """The pixels of the raster that the places need, with one more around them."""
    # both axes at once take many times as long
    low, high = (np.array([take(places) for places in places_yx]) for take in (np.min, np.max))
    if not np.isfinite([low, high]).all():
        known = np.isfinite(places_yx).all(axis=0)
        if not known.any():
            return Window(row=0, col=0, rows=0, cols=0)
        low, high = places_yx[:, known].min(axis=1), places_yx[:, known].max(axis=1)
    margin = 1 if reach_yx is None else 1 + np.ceil(reach_yx.max(axis=(1, 2)))
    low = np.maximum(np.floor(low) - margin, 0)
    high = np.minimum(np.floor(high) + 1 + margin, source.shape)
    rows, cols = (high - low).astype(int)
    if rows <= 0 or cols <= 0:
        return Window(row=0, col=0, rows=0, cols=0)
    return Window(row=int(low[0]), col=int(low[1]), rows=int(rows), cols=int(cols))
