"""Texture from grey-level co-occurrence matrices of a moving window, compiled.

Values are quantised to a few levels. A pair is two pixels of the window, a given distance apart in a given direction;
p(i, j) is the share of pairs that have the levels i and j, each pair counted both ways round, so that p is symmetric
and sums to 1. With m the mean of i under p and v its variance::

    contrast       sum of p (i - j)^2            asm          sum of p^2
    dissimilarity  sum of p |i - j|              energy       sqrt(asm)
    homogeneity    sum of p / (1 + (i - j)^2)    entropy      -sum of p ln p
    mean           m                             correlation  sum of p (i - m)(j - m) / v, 1 where v is 0
    variance       v

Each is computed for the directions 0, 45, 90 and 135 degrees and averaged. A distance of d is d rows, d columns or d
of both (the chessboard's distance). Source: Haralick, Shanmugam and Dinstein (1973), IEEE Transactions on Systems, Man
and Cybernetics 3, 610-621; homogeneity is its inverse difference moment, contrast without its division. Energy is the
mean of the roots, not the root of the mean.

* A pair with an unknown pixel does not count; a direction without pairs is left out of the average. A pixel that is
  itself unknown, or has no pair at all, has no texture. So the surroundings of a cloud and the rim of an image keep
  theirs, from the pairs that are known.
* Pairs do not reach beyond the window, as though it were an image of its own; so `halo` pixels are enough for any
  distance.

Everything is summed in integers while the window slides along a row: what leaves it is taken out exactly, and a pixel
has the same bits wherever the row was begun. The irrational c ln c of entropy and the fractions of homogeneity are
rounded once to a multiple of 2^-40, which keeps the result right to 1e-12.
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
from classify_local.types import FeatureArray, FloatArray

__all__ = ["LEVELS", "SIDES", "Measure", "bounds", "fill_texture", "halo", "quantise", "texture_bands"]

SIDES = range(3, 32, 2)
"""Sides a window may have."""

LEVELS = range(2, 257)
"""How many levels there may be."""

FRACTION = 2.0**40
"""Units of the sums that are not whole numbers."""

UNKNOWN = -1
"""Level of a pixel without a value."""

IntArray: TypeAlias = NDArray[np.int64]
Levels: TypeAlias = NDArray[np.int16]

Pairing: TypeAlias = tuple[int, int, int, int]
"""The pairs of one direction: side of the window, rows down to the lower pixel, columns to the upper and the lower."""


class Measure(StrEnum):
    """The measures, as a recipe spells them."""

    CONTRAST = "contrast"
    DISSIMILARITY = "dissimilarity"
    HOMOGENEITY = "homogeneity"
    ASM = "asm"
    ENERGY = "energy"
    ENTROPY = "entropy"
    CORRELATION = "correlation"
    MEAN = "mean"
    VARIANCE = "variance"


# What the kernels know the measures by.
CONTRAST, DISSIMILARITY, HOMOGENEITY, ASM, ENERGY, ENTROPY, CORRELATION, MEAN, VARIANCE = range(9)

# Sums over the pairs (i, j) of a window, then over the cells of p with their counts c: half of c^2, and by how much
# c ln c is less than if all pairs were in one cell.
PAIRS, LEVEL, SQUARE, PRODUCT, DISTANCE, NEARNESS, SQUARED_COUNTS, LOGARITHMS = range(8)
SIMPLE = 6

DIRECTIONS = ((0, 0, 1), (1, 1, 0), (1, 0, 0), (1, 0, 1))
"""For 0, 45, 90, 135 degrees: rows down to a pair's lower pixel, columns to its upper and to its lower pixel."""


def halo(side: int) -> int:
    """Pixels needed around those that are computed."""
    return side // 2


def bounds(measure: Measure, levels: int) -> tuple[float, float]:
    """Least and greatest value that a measure can have."""
    most = levels - 1.0
    greatest = {
        Measure.CONTRAST: most**2,
        Measure.DISSIMILARITY: most,
        Measure.ENTROPY: 2 * math.log(levels),
        Measure.MEAN: most,
        Measure.VARIANCE: (most / 2) ** 2,
    }
    least = {Measure.CORRELATION: -1.0, Measure.HOMOGENEITY: 1 / (1 + most**2)}
    return least.get(measure, 0.0), greatest.get(measure, 1.0)


def quantise(values: FeatureArray, *, low: float, high: float, levels: int) -> NDArray[np.int16]:
    """Divide the range from `low` to `high` into `levels` equal parts and number them from 0.

    Parameters
    ----------
    values
        Of any real type and shape; NaN and infinity where unknown.
    low, high
        Limits. What lies beyond them gets the first or the last level.
    levels
        How many.

    Returns
    -------
    ndarray
        int16, the shape of `values`: 0 to ``levels - 1``, `UNKNOWN` where a value is.
    """
    if levels not in LEVELS:
        raise ValueError(f"{levels} levels; there may be {LEVELS[0]} to {LEVELS[-1]}")
    if not (low < high and math.isfinite(high - low)):
        raise ValueError(f"levels from {low} to {high}; the first has to be less, and both finite")
    known = np.isfinite(values)
    within = np.clip(np.where(known, values, low).astype(np.float64), low, high)
    parts = np.minimum(np.floor((within - low) * (levels / (high - low))), levels - 1)
    return np.where(known, parts, UNKNOWN).astype(np.int16)


def texture_bands(
    values: FeatureArray,
    measures: Sequence[Measure],
    *,
    low: float,
    high: float,
    levels: int = 32,
    side: int = 7,
    distance: int = 1,
) -> Float32Array:
    """Compute the `measures` as a new array; parameters are those of `fill_texture`.

    Returns
    -------
    ndarray
        float32, shape (measures, rows, cols).
    """
    rows, cols = (max(size - 2 * halo(side), 0) for size in values.shape)
    out = np.empty((len(measures), rows, cols), np.float32)
    fill_texture(values, measures, out, low=low, high=high, levels=levels, side=side, distance=distance)
    return out


def fill_texture(
    values: FeatureArray,
    measures: Sequence[Measure],
    out: FloatArray,
    *,
    low: float,
    high: float,
    levels: int = 32,
    side: int = 7,
    distance: int = 1,
) -> None:
    """Compute the `measures` of `values` into `out`.

    Parameters
    ----------
    values
        One band, of any real type, NaN where unknown, shape (rows + side - 1, cols + side - 1): `halo` pixels more on
        every side than `out`.
    measures
        What to compute.
    out
        float32 or float64, shape (measures, rows, cols); NaN where a pixel has no texture.
    low, high, levels
        How values are quantised, see `quantise`. They belong to the model: with other limits it is another band.
    side
        Rows and columns of the window, odd, see `SIDES`.
    distance
        Of the two pixels of a pair, from 1 to ``side - 1``.
    """
    shape = (len(measures), *(size - 2 * halo(side) for size in values.shape))
    if out.shape != shape or not np.issubdtype(out.dtype, np.floating):
        raise ValueError(f"out is {out.dtype} of shape {out.shape}; it must be floats of shape {shape}")
    if side not in SIDES or not 1 <= distance < side:
        raise ValueError(f"a window of side {side} with pairs at distance {distance}; sides are odd, 3 to 31")
    numbers = quantise(values, low=low, high=high, levels=levels)
    total, directions = _sum_directions(numbers, [Measure(measure) for measure in measures], levels, side, distance)
    centre = numbers[side // 2 :, side // 2 :][: shape[1], : shape[2]]
    known = (centre != UNKNOWN) & (directions > 0)
    out[...] = np.where(known, total / np.maximum(directions, 1), np.nan)


def _sum_directions(
    numbers: Levels, measures: Sequence[Measure], levels: int, side: int, distance: int
) -> tuple[Float64Array, IntArray]:
    """Add up each measure over the directions, and count for each pixel the directions that have pairs."""
    rows, cols = (size - side + 1 for size in numbers.shape)
    total, directions = np.zeros((len(measures), rows, cols)), np.zeros((rows, cols), np.int64)
    codes = np.array([list(Measure).index(measure) for measure in measures], np.int64)
    columns = np.ascontiguousarray(numbers.T)
    nearness = np.rint(FRACTION / (1 + np.arange(LEVELS[-1]) ** 2.0)).astype(np.int64)
    logarithms = _logarithms(side)
    for down, upper, lower in DIRECTIONS:
        pairing = (side, distance * down, distance * upper, distance * lower)
        _add_direction(numbers, columns, codes, pairing, levels, nearness, logarithms, total, directions)
    return total, directions


def _logarithms(side: int) -> IntArray:
    """Tabulate the sum of c ln c over the cells of p, c the count in a cell, in units of 1 / `FRACTION`.

    Returns
    -------
    ndarray
        Shape (3, pairs + 1), by the number of pairs of the same two levels: what one more of them adds, if the levels
        differ (two cells with a count each) and if they are equal (one cell with both); and their sum in that case.
    """
    count = np.arange(side * side + 2.0)
    logarithm = np.log(np.maximum(count, 1))
    sums = np.stack([2 * count * logarithm, 2 * count * (logarithm + math.log(2))])
    whole = np.rint(sums * FRACTION).astype(np.int64)
    return np.vstack([whole[:, 1:] - whole[:, :-1], whole[1:, :-1]])


@jit
def _add_direction(
    numbers: Levels,
    columns: Levels,
    codes: IntArray,
    pairing: Pairing,
    levels: int,
    nearness: IntArray,
    logarithms: IntArray,
    total: Float64Array,
    directions: IntArray,
) -> None:
    """Add the measures of one direction to `total` (measures, rows, cols); `columns` is `numbers`, columns first."""
    side, _, upper, lower = pairing
    matrix = False
    for code in codes:
        matrix = matrix or ASM <= code <= ENTROPY
    counts = np.zeros((levels, levels) if matrix else (0, 0), np.int16)
    strip = np.zeros((SIMPLE, numbers.shape[1]), np.int64)
    sums = np.zeros((SIMPLE + 2, directions.shape[1]), np.int64)
    for row in range(directions.shape[0] if directions.shape[1] else 0):
        _move_down(numbers, row, pairing, nearness, strip)
        _sum_windows(strip, side - max(upper, lower), sums)
        if matrix:
            _slide(columns[:, row : row + side], pairing, logarithms, counts, sums)
        for band in range(codes.size):
            _add_measure(codes[band], sums, total[band, row])
        for i in range(directions.shape[1]):
            directions[row, i] += 1 if sums[PAIRS, i] > 0 else 0


@jit
def _move_down(numbers: Levels, row: int, pairing: Pairing, nearness: IntArray, strip: IntArray) -> None:
    """Let `strip`, the sums over the pairs of each column of the windows of a row, follow to the next row."""
    side, down, _, _ = pairing
    last = row + side - down - 1
    if row > 0:
        _add_pairs(numbers, row - 1, pairing, -1, nearness, strip)
    for first in range(last if row > 0 else 0, last + 1):
        _add_pairs(numbers, first, pairing, 1, nearness, strip)


@jit
def _add_pairs(numbers: Levels, row: int, pairing: Pairing, sign: int, nearness: IntArray, strip: IntArray) -> None:
    """Add (sign 1) or take away (-1) the pairs whose upper pixel lies in a row, each to the sums of its column."""
    _, down, upper, lower = pairing
    one, other = numbers[row, upper:], numbers[row + down, lower:]
    for c in range(min(one.size, other.size)):
        known = sign if (one[c] >= 0) & (other[c] >= 0) else 0
        i, j = np.int64(one[c]), np.int64(other[c])
        strip[PAIRS, c] += known
        strip[LEVEL, c] += known * (i + j)
        strip[SQUARE, c] += known * (i * i + j * j)
        strip[PRODUCT, c] += known * (i * j)
        strip[DISTANCE, c] += known * abs(i - j)
        strip[NEARNESS, c] += known * nearness[np.uint32(abs(i - j))]


@jit
def _sum_windows(strip: IntArray, width: int, sums: IntArray) -> None:
    """Sum up the columns of each window of a row."""
    for q in range(SIMPLE):
        total = np.int64(0)
        for i in range(width):
            total += strip[q, i]
        sums[q, 0] = total
        for i in range(1, sums.shape[1]):
            total += strip[q, i + width - 1] - strip[q, i - 1]
            sums[q, i] = total


@jit
def _slide(strip: Levels, pairing: Pairing, logarithms: IntArray, counts: Levels, sums: IntArray) -> None:
    """Count the pairs of levels in each window of a row, `sums` holding how many there are.

    Pairs are counted by the column they begin in: `width` such columns lie in a window. `counts` is all zero before
    and after.
    """
    side, _, upper, lower = pairing
    width, columns = side - max(upper, lower), strip.shape[0] - max(upper, lower)
    now = np.zeros(2, np.int64)
    for col in range(columns + width):
        if col >= width:
            _count(strip, col - width, pairing, -1, logarithms, counts, now)
        if col < columns:
            _count(strip, col, pairing, 1, logarithms, counts, now)
        if width - 1 <= col < columns:
            sums[SQUARED_COUNTS, col - width + 1] = now[0]
            sums[LOGARITHMS, col - width + 1] = logarithms[2, sums[PAIRS, col - width + 1]] - now[1]


@jit
def _count(
    strip: Levels, col: int, pairing: Pairing, sign: int, logarithms: IntArray, counts: Levels, now: IntArray
) -> None:
    """Count (sign 1) or uncount (-1) the pairs that begin in a column; `now` holds the sums over `counts`."""
    _, down, upper, lower = pairing
    one, other = strip[col + upper], strip[col + lower]
    for row in range(one.size - down):
        first, second = one[row], other[row + down]
        if first < 0 or second < 0:
            continue
        i, j = np.uint32(min(first, second)), np.uint32(max(first, second))  # unsigned: no look at the sign
        count = np.int64(counts[i, j])
        counts[i, j] = count + sign
        same = np.uint32(i == j)
        now[0] += (1 + np.int64(same)) * (2 * count * sign + 1)
        now[1] += sign * logarithms[same, np.uint32(count + (sign - 1) // 2)]


@jit
def _add_measure(code: int, sums: IntArray, total: Float64Array) -> None:
    """Add a measure of each window of a row; a window without pairs adds 0."""
    for i in range(total.size):
        value = _measure(code, sums, i)
        total[i] += value if sums[PAIRS, i] > 0 else 0.0


@jit
def _measure(code: int, sums: IntArray, i: int) -> float:
    """Compute a measure of the sums of one window; anything where there are no pairs."""
    pairs: int = max(sums[PAIRS, i], 1)
    level: int = sums[LEVEL, i]
    square: int = sums[SQUARE, i]
    product: int = sums[PRODUCT, i]
    distance: int = sums[DISTANCE, i]
    near: int = sums[NEARNESS, i]
    squared_counts: int = sums[SQUARED_COUNTS, i]
    logarithms: int = sums[LOGARITHMS, i]
    if code == CONTRAST:
        return (square - 2 * product) / pairs
    if code == DISSIMILARITY:
        return distance / pairs
    if code == HOMOGENEITY:
        return near / FRACTION / pairs
    if code == ASM:
        return squared_counts / (2.0 * pairs * pairs)
    if code == ENERGY:
        return math.sqrt(squared_counts / 2.0) / pairs
    if code == ENTROPY:
        return logarithms / FRACTION / (2.0 * pairs)
    if code == MEAN:
        return level / (2.0 * pairs)
    spread = 2 * pairs * square - level * level
    if code == VARIANCE:
        return spread / (4.0 * pairs * pairs)
    return (4 * pairs * product - level * level) / spread if spread else 1.0
