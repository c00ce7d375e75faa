"""Drawing by lot: every pixel has a number, and of each class those with the smallest numbers are drawn.

The numbers come from a hash of seed, row and column, so that the draw depends on nothing else: neither on the order in
which blocks are read nor on how many there are. As every pixel has the same chance of a small number, it is a simple
random sample without replacement of the pixels that are valid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from classify_local.grid import Grid
from classify_local.training.population import Cells, Population
from classify_local.types import FeatureArray, MaskArray

_TOP = 2**64 - 1
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FACTORS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31))
_AT_ONCE = 1 << 17
"""Pixels whose validity is asked at once; of 100 bands their features are 50 MB."""
_ROUNDS = 3
"""In the last round everything is looked at."""


class Validity(Protocol):
    """The image, as far as it matters here: its grid, and where it has data. A `FeatureStack` is one."""

    @property
    def grid(self) -> Grid:
        """Where its pixels lie."""
        ...

    def sample(self, rows: NDArray[np.int64], cols: NDArray[np.int64]) -> tuple[FeatureArray, MaskArray]:
        """Features (n, bands) and validity (n, layers) of single pixels."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Lots:
    """Pixels of the classification with their numbers: all of shape (n,)."""

    code: NDArray[np.intp]
    number: NDArray[np.uint64]
    row: NDArray[np.int64]
    col: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.code)

    def of(self, chosen: MaskArray | NDArray[np.intp] | slice) -> Lots:
        """Some of them."""
        return Lots(code=self.code[chosen], number=self.number[chosen], row=self.row[chosen], col=self.col[chosen])


def joined(*lots: Lots) -> Lots:
    """All of them, in order of code, number and place."""
    code, number, row, col = (
        np.concatenate([getattr(each, name) for each in lots]) for name in ("code", "number", "row", "col")
    )
    return Lots(code=code, number=number, row=row, col=col).of(np.lexsort((col, row, number, code)))


def pixel_numbers(seed: int, rows: NDArray[np.int64], cols: NDArray[np.int64]) -> NDArray[np.uint64]:
    """The number of each pixel, evenly distributed over 64 bits, shape (rows, cols).

    Each row is a stream of SplitMix64 (Steele, Lea and Flood 2014, Fast splittable pseudorandom number generators),
    which begins at what the same generator makes of seed and row.
    """
    begin = _mixed(np.array([seed], dtype=np.uint64) + _GOLDEN)
    streams = _mixed(begin + _GOLDEN * (rows.astype(np.uint64) + np.uint64(1)))
    return _mixed(streams[:, None] + _GOLDEN * (cols.astype(np.uint64) + np.uint64(1)))


def _mixed(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The output function of SplitMix64, in place; uint64 arithmetic wraps."""
    shifted = np.empty_like(state)
    for shift, factor in zip(_SHIFTS, (*_FACTORS, np.uint64(1)), strict=True):
        state ^= np.right_shift(state, shift, out=shifted)
        if factor != 1:
            state *= factor
    return state


class Lottery:
    """The draw, one class beside the other.

    Parameters
    ----------
    population
        What can be drawn.
    image
        Where there is data.
    wanted, counts
        Points asked for and pixels there are, for each code, shape (codes,).
    seed
        Another one draws other pixels.
    """

    def __init__(
        self,
        population: Population,
        image: Validity,
        wanted: NDArray[np.int64],
        counts: NDArray[np.int64],
        seed: int,
    ) -> None:
        self._population, self._image = population, image
        self._wanted, self._counts = np.minimum(wanted, counts), counts
        self._seed = seed
        self._low, self._high, self._reached = np.zeros((3, len(counts)), dtype=np.uint64)
        self._tested, self._passed = np.zeros((2, len(counts)), dtype=np.int64)
        self._pending: list[Lots] = []
        self._drawn = joined(_none(), _none())

    def draw(self) -> Lots:
        """Of each code the valid pixels with the smallest numbers, as many as are asked for or there are."""
        for number in range(_ROUNDS):
            if not self._set_limits(number):
                break
            for cells in self._population.blocks():
                self._enter(cells)
                if sum(map(len, self._pending)) >= _AT_ONCE:
                    self._settle()
            self._settle()
        return self._drawn

    def _set_limits(self, number: int) -> bool:
        """Choose the numbers looked at in this round; False if no class needs any."""
        lacking = self._wanted - np.bincount(self._drawn.code, minlength=len(self._wanted))
        short = np.flatnonzero((lacking > 0) & (self._reached != _TOP))
        self._low = np.full(len(lacking), _TOP, dtype=np.uint64)
        self._high = np.zeros(len(lacking), dtype=np.uint64)
        for code in short:
            step = self._enough(number, int(lacking[code]), code) * 2**64 // int(self._counts[code])
            self._low[code] = int(self._reached[code]) + 1 if number else 0
            self._high[code] = min(_TOP, int(self._reached[code]) + step)
        self._reached[short] = self._high[short]
        return bool(len(short))

    def _enough(self, number: int, lacking: int, code: np.intp) -> int:
        """How many more pixels to look at so that, most likely, as many as are lacking have data."""
        if number == _ROUNDS - 1:
            return int(self._counts[code])
        share = (self._passed[code] + 0.5) / (self._tested[code] + 1) if number else 1.0
        return 32 + int(1.5 * lacking / share)

    def _enter(self, cells: Cells) -> None:
        """Let the pixels of a block take part whose numbers are within the limits of their classes."""
        numbers = pixel_numbers(self._seed, cells.rows, cells.cols)
        row, col = np.nonzero(numbers <= self._high[cells.codes])
        lots = Lots(code=cells.codes[row, col], number=numbers[row, col], row=cells.rows[row], col=cells.cols[col])
        lots = lots.of(lots.number >= self._low[lots.code])
        if len(lots):
            self._pending.append(lots)

    def _settle(self) -> None:
        """Keep those that are valid, and of these the smallest; larger numbers need not be looked at any more."""
        valid = [lots.of(self._is_valid(lots)) for lots in _chunks(self._pending)]
        self._pending = []
        every = joined(self._drawn, *valid)
        first = np.searchsorted(every.code, np.arange(len(self._wanted)))
        place = np.arange(len(every)) - first[every.code]
        self._drawn = every.of(place < self._wanted[every.code])
        for last in np.flatnonzero(place == self._wanted[every.code] - 1):
            code = every.code[last]
            self._high[code] = min(self._high[code], every.number[last])

    def _is_valid(self, lots: Lots) -> MaskArray:
        pixel_yx = self._population.placement.pixels(lots.row, lots.col)
        valid = np.asarray(self._image.sample(*pixel_yx)[1].all(axis=1))
        self._tested += np.bincount(lots.code, minlength=len(self._tested))
        self._passed += np.bincount(lots.code[valid], minlength=len(self._passed))
        return valid


def _none() -> Lots:
    whole = np.empty(0, dtype=np.int64)
    return Lots(code=np.empty(0, dtype=np.intp), number=np.empty(0, dtype=np.uint64), row=whole, col=whole)


def _chunks(pending: list[Lots]) -> list[Lots]:
    """Together what is read together, but never too much at once."""
    if not pending:
        return []
    names = ("code", "number", "row", "col")
    whole = Lots(**{name: np.concatenate([getattr(lots, name) for lots in pending]) for name in names})
    return [whole.of(slice(start, start + _AT_ONCE)) for start in range(0, len(whole), _AT_ONCE)]
