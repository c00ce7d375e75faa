"""Pair-wise bands in one pass over the pixels, compiled.

The numbers are those of `classify_local.bands.pairwise`: the same float64 formulas, rounded once. Pixels
are taken in runs short enough for the input values to stay in the processor's cache while every pair is
computed from them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from classify_local.bands.pairwise import Float32Array, Operation, Pair, pair_bands
from classify_local.jit import jit
from classify_local.types import FeatureArray

__all__ = ["fill_pairs"]

RUN = 4096
"""Pixels computed at a time."""

# What the kernel knows the operations by.
RATIO, NORMALIZED_DIFFERENCE, DIFFERENCE, DISTANCE, ANGLE = range(5)
CODES = {
    Operation.RATIO: RATIO,
    Operation.NORMALIZED_DIFFERENCE: NORMALIZED_DIFFERENCE,
    Operation.DIFFERENCE: DIFFERENCE,
    Operation.DISTANCE: DISTANCE,
    Operation.ANGLE: ANGLE,
}


def fill_pairs(values: FeatureArray, pairs: Sequence[Pair], out: Float32Array) -> None:
    """Compute the derived bands `pairs` of `values` into `out`.

    Parameters
    ----------
    values
        Stored values of any real type, shape (bands, rows, cols) or (bands, n).
    pairs
        What to compute of which bands.
    out
        Where to: float32, shape (pairs, rows, cols) or (pairs, n), C-contiguous, so that a slice of bands
        of a larger array will do. It may not overlap `values`.
    """
    _check(values, pairs, out)
    table = np.array([(CODES[operation], first, second) for operation, first, second in pairs], np.int64)
    pixels = math.prod(values.shape[1:])
    _fill(values.reshape(len(values), pixels), table.reshape(-1, 3), out.reshape(len(pairs), pixels))


def _check(values: FeatureArray, pairs: Sequence[Pair], out: Float32Array) -> None:
    """Refuse what would make the kernel read or write outside its arrays."""
    bands = values.shape[0]
    for pair in pairs:
        if not (0 <= pair.first < bands and 0 <= pair.second < bands):
            raise ValueError(f"{pair} does not lie within {bands} bands")
    shape = (len(pairs), *values.shape[1:])
    if out.shape != shape or out.dtype != np.float32 or not out.flags.c_contiguous:
        raise ValueError(f"out is {out.dtype} of shape {out.shape}; it must be C-contiguous float32 of shape {shape}")


def _fill_plainly(values: FeatureArray, table: NDArray[np.int64], out: Float32Array) -> None:
    operations = list(CODES)
    pairs = [Pair(operations[code], first, second) for code, first, second in table.tolist()]
    out[...] = pair_bands(values, pairs)


@jit(plain=_fill_plainly)
def _fill(values: FeatureArray, table: NDArray[np.int64], out: Float32Array) -> None:
    """Run through `values` (bands, n) into `out` (pairs, n); `table` holds (code, first, second)."""
    for start in range(0, values.shape[1], RUN):
        for p in range(table.shape[0]):
            b1 = values[table[p, 1], start : start + RUN]
            b2 = values[table[p, 2], start : start + RUN]
            _fill_run(table[p, 0], b1, b2, out[p, start : start + RUN])


@jit
def _fill_run(code: int, b1: FeatureArray, b2: FeatureArray, out: Float32Array) -> None:
    """Compute one derived band of a run of pixels: a loop for each operation, so that it vectorises."""
    if code == RATIO:
        for i in range(out.size):
            out[i] = _ratio(np.float64(b1[i]), np.float64(b2[i]))
    elif code == NORMALIZED_DIFFERENCE:
        for i in range(out.size):
            out[i] = _normalized_difference(np.float64(b1[i]), np.float64(b2[i]))
    elif code == DIFFERENCE:
        for i in range(out.size):
            out[i] = np.float64(b1[i]) - np.float64(b2[i])
    elif code == DISTANCE:
        for i in range(out.size):
            out[i] = _distance(np.float64(b1[i]), np.float64(b2[i]))
    else:
        for i in range(out.size):
            out[i] = _angle(np.float64(b1[i]), np.float64(b2[i]))


@jit
def _ratio(b1: float, b2: float) -> float:
    return 0.0 if b2 == 0.0 else b1 / b2


@jit
def _normalized_difference(b1: float, b2: float) -> float:
    total = b1 + b2
    return 0.0 if total == 0.0 else (b1 - b2) / total


@jit
def _distance(b1: float, b2: float) -> float:
    return math.sqrt(b1 * b1 + b2 * b2)


@jit
def _angle(b1: float, b2: float) -> float:
    """Compute ``atan2(b2, b1) / pi`` without a call or a branch, so that several pixels go through at a time.

    The arc tangent is that of the Cephes library (S. L. Moshier, atan.c): reduced to |t| <= 0.66, then a
    rational function, right to the last bit or two. Ten times as fast as libm's atan2 for a pixel at a time.
    """
    x, y = abs(b1), abs(b2)
    small = y if y < x else x
    large = x if y < x else y
    beyond = small > 0.66 * large  # then turn by pi/4
    upper = small - large if beyond else small
    lower = small + large if beyond else large
    t = 0.0 if lower == 0.0 else upper / lower
    z = t * t
    p = -8.750608600031904122785e-1
    p = p * z - 1.615753718733365076637e1
    p = p * z - 7.500855792314704667340e1
    p = p * z - 1.228866684490136173410e2
    p = p * z - 6.485021904942025371773e1
    q = z + 2.485846490142306297962e1
    q = q * z + 1.650270098316988542046e2
    q = q * z + 4.328810604912902668951e2
    q = q * z + 4.853903996359136964868e2
    q = q * z + 1.945506571482613964425e2
    turn = t + t * z * p / q
    turn = turn + math.pi / 4 if beyond else turn
    turn = math.pi / 2 - turn if y > x else turn
    turn = math.pi - turn if b1 < 0.0 else turn
    turn = -turn if b2 < 0.0 else turn
    return turn / math.pi
