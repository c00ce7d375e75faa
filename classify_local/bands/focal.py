"""Focal statistics: what a square window around each pixel holds, compiled.

Of the known values x of the window, n of them::

    mean                sum of x / n                            median    the middle one, the mean of two if n is even
    standard_deviation  sqrt(sum of (x - mean)^2 / n)           majority  the most frequent one, the least of several
    minimum, maximum                                            range     maximum - minimum

Missing pixels are left out, so the surroundings of a cloud and the rim of an image keep their statistics. A pixel that
is itself missing has none: a window does not fill gaps.

A pixel has the same bits in every cut of the image that holds its window. Sums are taken anew for each window, column
by column and then over the columns, always in this order, and none runs along the row; deviations are taken from the
means of columns and these from the mean of all, which loses nothing to large values (Chan, Golub and LeVeque (1983),
The American Statistician 37, 242-247). Median and majority come from counts of ranks, which are whole numbers (the
sliding histogram of Huang, Yang and Tang (1979), IEEE Transactions on Acoustics, Speech and Signal Processing 27,
13-18, of ranks instead of grey levels).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from classify_local.bands.pairwise import Float32Array, Float64Array
from classify_local.jit import jit
from classify_local.types import FeatureArray, FloatArray, MaskArray

__all__ = ["SIDES", "Statistic", "fill_focal", "focal_bands", "halo"]

SIDES = range(3, 32, 2)
"""Sides a window may have."""

UNKNOWN = -1
"""Rank of a missing pixel."""

STEP = 64
"""How many counts one count of the next level sums up."""

Ranks: TypeAlias = NDArray[np.int32]


class Statistic(StrEnum):
    """The statistics, as a recipe spells them."""

    MEAN = "mean"
    STANDARD_DEVIATION = "standard_deviation"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    RANGE = "range"
    MEDIAN = "median"
    MAJORITY = "majority"


MOMENTS = {Statistic.MEAN, Statistic.STANDARD_DEVIATION}
EXTREMES = {Statistic.MINIMUM, Statistic.MAXIMUM, Statistic.RANGE}
RANKED = {Statistic.MEDIAN, Statistic.MAJORITY}


def halo(side: int) -> int:
    """Pixels needed around those that are computed."""
    return side // 2


def focal_bands(values: FeatureArray, statistics: Sequence[Statistic], *, side: int) -> Float32Array:
    """Compute the `statistics` as a new array; parameters are those of `fill_focal`.

    Returns
    -------
    ndarray
        float32, shape (statistics, rows, cols).
    """
    rows, cols = (max(size - 2 * halo(side), 0) for size in values.shape)
    out = np.empty((len(statistics), rows, cols), np.float32)
    fill_focal(values, statistics, out, side=side)
    return out


def fill_focal(values: FeatureArray, statistics: Sequence[Statistic], out: FloatArray, *, side: int) -> None:
    """Compute the `statistics` of `values` into `out`.

    Parameters
    ----------
    values
        One band, of any real type, NaN or infinite where missing, shape (rows + side - 1, cols + side - 1): `halo`
        pixels more on every side than `out`.
    statistics
        What to compute.
    out
        float32 or float64, shape (statistics, rows, cols); NaN where a pixel is missing. In the unit of `values`.
    side
        Rows and columns of the window, odd, see `SIDES`.
    """
    shape = (len(statistics), *(size - 2 * halo(side) for size in values.shape))
    if out.shape != shape or not np.issubdtype(out.dtype, np.floating):
        raise ValueError(f"out is {out.dtype} of shape {out.shape}; it must be floats of shape {shape}")
    if side not in SIDES:
        raise ValueError(f"a window of side {side}; sides are odd, {SIDES[0]} to {SIDES[-1]}")
    known = np.isfinite(values)
    centre = known[side // 2 :, side // 2 :][: shape[1], : shape[2]]
    found = _compute(
        np.where(known, values, 0).astype(np.float64) + 0.0, known, {Statistic(name) for name in statistics}, side
    )
    for band, name in zip(out, statistics, strict=True):
        band[...] = np.where(centre, found[Statistic(name)], np.nan)


def _compute(x: Float64Array, known: MaskArray, wanted: set[Statistic], side: int) -> dict[Statistic, Float64Array]:
    """Compute at least the wanted statistics; `x` holds 0 where nothing is known, and no negative zero."""
    shape = (x.shape[0] - side + 1, x.shape[1] - side + 1)
    found: dict[Statistic, Float64Array] = {}
    if wanted & MOMENTS:
        mean, deviation = np.empty(shape), np.empty(shape)
        _fill_moments(x, known.astype(np.float64), side, mean, deviation)
        found |= {Statistic.MEAN: mean, Statistic.STANDARD_DEVIATION: deviation}
    if wanted & EXTREMES:
        least, greatest = np.empty(shape), np.empty(shape)
        _fill_minimum(np.where(known, x, np.inf), side, least)
        _fill_minimum(np.where(known, -x, np.inf), side, greatest)
        greatest = 0.0 - greatest
        with np.errstate(invalid="ignore"):  # infinite where nothing is known
            found |= {Statistic.MINIMUM: least, Statistic.MAXIMUM: greatest, Statistic.RANGE: greatest - least}
    if wanted & RANKED:
        distinct, ranks = _rank(x, known)
        for name, fill in ((Statistic.MEDIAN, _fill_median), (Statistic.MAJORITY, _fill_majority)):
            if name in wanted:
                found[name] = np.zeros(shape)
                fill(ranks, distinct, side, found[name])
    return found


def _rank(x: Float64Array, known: MaskArray) -> tuple[Float64Array, Ranks]:
    """Number the values by size: the distinct ones, sorted, and the rank of each pixel, shape (cols, rows)."""
    distinct, number = np.unique(x[known], return_inverse=True)
    ranks = np.full(x.shape, UNKNOWN, np.int32)
    ranks[known] = number
    return distinct, np.ascontiguousarray(ranks.T)


@jit
def _fill_moments(x: Float64Array, known: Float64Array, side: int, mean: Float64Array, deviation: Float64Array) -> None:
    """Compute mean and standard deviation; `known` is 1 or 0, and `x` is 0 where it is."""
    number, total = np.empty(x.shape[1]), np.empty(x.shape[1])
    middle, squares = np.empty(x.shape[1]), np.empty(x.shape[1])
    for row in range(mean.shape[0]):
        number[:], total[:], squares[:] = 0.0, 0.0, 0.0
        for r in range(row, row + side):
            for c in range(x.shape[1]):
                number[c] += known[r, c]
                total[c] += x[r, c]
        for c in range(x.shape[1]):
            middle[c] = total[c] / max(number[c], 1.0)
        for r in range(row, row + side):
            for c in range(x.shape[1]):
                off = x[r, c] - middle[c]
                squares[c] += known[r, c] * off * off
        _join_columns(number, total, middle, squares, side, mean[row], deviation[row])


@jit
def _join_columns(
    number: Float64Array,
    total: Float64Array,
    middle: Float64Array,
    squares: Float64Array,
    side: int,
    mean: Float64Array,
    deviation: Float64Array,
) -> None:
    """Make mean and standard deviation of each window of a row from those of its columns."""
    numbers = np.zeros(mean.size)
    mean[:], deviation[:] = 0.0, 0.0
    for k in range(side):
        for i in range(mean.size):
            numbers[i] += number[i + k]
            mean[i] += total[i + k]
    for i in range(mean.size):
        numbers[i] = max(numbers[i], 1.0)
        mean[i] /= numbers[i]
    for k in range(side):
        for i in range(mean.size):
            off = middle[i + k] - mean[i]
            deviation[i] += squares[i + k] + number[i + k] * off * off
    for i in range(mean.size):
        deviation[i] = math.sqrt(deviation[i] / numbers[i])


@jit
def _fill_minimum(x: Float64Array, side: int, out: Float64Array) -> None:
    """Compute the least value of each window, first of its columns."""
    least = np.empty(x.shape[1])
    for row in range(out.shape[0]):
        least[:] = x[row]
        for r in range(row + 1, row + side):
            for c in range(x.shape[1]):
                least[c] = x[r, c] if x[r, c] < least[c] else least[c]
        out[row] = least[: out.shape[1]]
        for k in range(1, side):
            for i in range(out.shape[1]):
                out[row, i] = least[i + k] if least[i + k] < out[row, i] else out[row, i]


@jit
def _fill_median(ranks: Ranks, distinct: Float64Array, side: int, out: Float64Array) -> None:
    """Compute the median of each window from counts of ranks, summed up by `STEP` twice; `ranks` is columns first."""
    counts = np.zeros(distinct.size, np.int32)
    sums, tops = np.zeros(distinct.size // STEP + 1, np.int32), np.zeros(distinct.size // STEP**2 + 1, np.int32)
    for row in range(out.shape[0]):
        known = 0
        for col in range(ranks.shape[0] + side):
            if col >= side:
                known += _count(ranks[col - side, row : row + side], -1, counts, sums, tops)
            if col < ranks.shape[0]:
                known += _count(ranks[col, row : row + side], 1, counts, sums, tops)
            if known > 0 and side - 1 <= col < ranks.shape[0]:
                low = _find((known - 1) // 2, counts, sums, tops)
                high = low if known % 2 else _find(known // 2, counts, sums, tops)
                out[row, col - side + 1] = (distinct[low] + distinct[high]) / 2.0


@jit
def _count(column: Ranks, sign: int, counts: Ranks, sums: Ranks, tops: Ranks) -> int:
    """Count (sign 1) or uncount (-1) the pixels of a column of a window; returns how many are known, signed."""
    known = 0
    for rank in column:
        if rank != UNKNOWN:
            counts[rank] += sign
            sums[rank // STEP] += sign
            tops[rank // STEP**2] += sign
            known += sign
    return known


@jit
def _find(place: int, counts: Ranks, sums: Ranks, tops: Ranks) -> int:
    """Find the rank that stands at a place, from 0, among those counted."""
    rank = 0
    for level in (tops, sums, counts):
        rank *= STEP
        while place >= level[rank]:
            place -= level[rank]
            rank += 1
    return rank


@jit
def _fill_majority(ranks: Ranks, distinct: Float64Array, side: int, out: Float64Array) -> None:
    """Find the most frequent value of each window, the least of several; `ranks` is columns first."""
    counts = np.zeros(distinct.size, np.int32)
    for row in range(out.shape[0] if distinct.size else 0):
        best = 0
        for col in range(ranks.shape[0] + side):
            lost = False
            for r in range(row, row + side):
                if col >= side and ranks[col - side, r] != UNKNOWN:
                    counts[ranks[col - side, r]] -= 1
                    lost = lost or ranks[col - side, r] == best
            for r in range(row, row + side):
                if col < ranks.shape[0] and ranks[col, r] != UNKNOWN:
                    counts[ranks[col, r]] += 1
                    best = _more_frequent(ranks[col, r], best, counts)
            if side - 1 <= col < ranks.shape[0]:
                if lost:
                    best = _most_frequent(ranks[col - side + 1 : col + 1, row : row + side], best, counts)
                out[row, col - side + 1] = distinct[best]


@jit
def _most_frequent(window: Ranks, best: int, counts: Ranks) -> int:
    """Find the most frequent rank among all, or among those in the window if these are fewer."""
    if counts.size <= window.size:
        for rank in range(counts.size):
            best = _more_frequent(rank, best, counts)
        return best
    for column in window:
        for rank in column:
            if rank != UNKNOWN:
                best = _more_frequent(rank, best, counts)
    return best


@jit
def _more_frequent(rank: int, best: int, counts: Ranks) -> int:
    """Choose the one with the greater count, of equal ones the lesser."""
    if counts[rank] > counts[best] or (counts[rank] == counts[best] and rank < best):
        return rank
    return best
