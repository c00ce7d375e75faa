"""What can be drawn from a classification: its pixels inside the image that belong to a class, block by block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classify_local.grid import Window, blocks
from classify_local.storage.composite import Image
from classify_local.training.placement import Placement
from classify_local.training.strata import NO_CODE, Strata, amid_their_class


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Pixels of one block.

    Parameters
    ----------
    rows, cols
        Lines of the classification that are sampled here, shapes (r,) and (c,).
    codes
        What `Strata` makes of each pixel, shape (r, c); 0 where nothing can be drawn.
    """

    rows: NDArray[np.int64]
    cols: NDArray[np.int64]
    codes: NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """How many pixels of each code there are, shape (codes,), among those that are sampled."""

    strata: Strata
    counts: NDArray[np.int64]

    @property
    def available(self) -> dict[int, int]:
        """Pixels of each class that can be drawn, by class value."""
        of_class = {value: code for code, value in enumerate(self.strata.classes) if value is not None}
        return {value: int(self.counts[of_class[value]]) for value in sorted(of_class) if self.counts[of_class[value]]}

    @property
    def left_out(self) -> list[int]:
        """Values that belong to no class."""
        return sorted(
            value for value, count in zip(self.strata.values, self.counts, strict=True) if count and value is not None
        )

    def by_code(self, asked: Mapping[int, int]) -> NDArray[np.int64]:
        """What is asked of each class, for each code."""
        classes = self.strata.classes
        return np.array([0 if value is None else asked.get(value, 0) for value in classes], dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Pixels of a classification whose centres lie in the image.

    Parameters
    ----------
    mosaic, band
        The classification, and the number (from 1) of the band with its classes.
    strata
        The classes of its values.
    placement
        Where its pixels lie on the image.
    rows, cols
        Lines that are sampled, ascending: all that meet the image, or one of each cell.
    pure
        True if only pixels count whose 8 neighbours are all there and of the same class.
    block_size
        Side of what is read at once, in pixels; the result does not depend on it.
    """

    mosaic: Image
    band: int
    strata: Strata
    placement: Placement
    rows: NDArray[np.int64]
    cols: NDArray[np.int64]
    pure: bool
    block_size: int

    def blocks(self) -> Iterator[Cells]:
        """The cells of every block that meets the image.

        Raises
        ------
        InputError
            If the band does not hold classes.
        """
        whole = self.mosaic.grid.window
        for window in blocks(_around(self.rows, self.cols), whole, self.block_size):
            rows, cols = _within(self.rows, window.row, window.rows), _within(self.cols, window.col, window.cols)
            if not len(rows) or not len(cols):
                continue
            inside = self.placement.inside(rows, cols)
            if not inside.any():
                continue
            codes = self._codes(window)[_cut(rows - window.row)][:, _cut(cols - window.col)]
            yield Cells(rows=rows, cols=cols, codes=codes if inside.all() else np.where(inside, codes, NO_CODE))

    def census(self) -> Census:
        """What there is of each class. Reads the classification once."""
        counts = np.zeros(1, dtype=np.int64)
        for cells in self.blocks():
            found = np.bincount(cells.codes.ravel(), minlength=len(counts))
            found[: len(counts)] += counts
            counts = found
        missing = len(self.strata.classes) - len(counts)
        return Census(strata=self.strata, counts=np.concatenate([counts, np.zeros(missing, dtype=np.int64)]))

    def _codes(self, window: Window) -> NDArray[np.intp]:
        reach = 1 if self.pure else 0
        around = Window(
            row=window.row - reach, col=window.col - reach, rows=window.rows + 2 * reach, cols=window.cols + 2 * reach
        )
        values, valid = self.mosaic.read([self.band], around)
        codes = self.strata.codes(values[0], valid[0])
        return amid_their_class(codes) if self.pure else codes


def sampled_lines(first: int, count: int, step: float) -> NDArray[np.int64]:
    """Lines of pixels that hold the middle of a cell of `step` lines, among the `count` lines from `first` on.

    Cells are laid from the raster's first line on, so that the part of it that is read does not matter.
    """
    cells = np.arange(int(first / step), int((first + count) / step) + 1)
    lines = np.floor((cells + 0.5) * step).astype(np.int64)
    return np.asarray(lines[(lines >= first) & (lines < first + count)])


def _around(rows: NDArray[np.int64], cols: NDArray[np.int64]) -> Window:
    if not len(rows) or not len(cols):
        return Window(row=0, col=0, rows=0, cols=0)
    row, col = int(rows[0]), int(cols[0])
    return Window(row=row, col=col, rows=int(rows[-1]) + 1 - row, cols=int(cols[-1]) + 1 - col)


def _within(lines: NDArray[np.int64], first: int, count: int) -> NDArray[np.int64]:
    """Those of the ascending lines that lie in a block."""
    return lines[np.searchsorted(lines, first) : np.searchsorted(lines, first + count)]


def _cut(lines: NDArray[np.int64]) -> slice | NDArray[np.int64]:
    """A slice where the lines follow each other, which copies nothing."""
    first, last = int(lines[0]), int(lines[-1])
    return slice(first, last + 1) if last - first == len(lines) - 1 else lines
