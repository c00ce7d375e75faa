"""Bands derived from two bands: ratio, normalized difference, difference, distance, angle.

They are computed on the values as stored, whatever their type, in float64 and rounded once to float32. In
float64 the values of every band type we read are exact, unsigned values cannot wrap around, nothing
overflows in between, and so each result is the formula's own to half a unit in its last place.

These are the plain functions that define the operations; `classify_local.bands.fused` computes the same
numbers in one pass over the pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from itertools import combinations
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from classify_local.types import FeatureArray

__all__ = [
    "OPERATIONS",
    "Operation",
    "Pair",
    "angle",
    "difference",
    "distance",
    "normalized_difference",
    "pair_bands",
    "pair_names",
    "pairs_of",
    "quotient",
    "ratio",
]

Float32Array: TypeAlias = NDArray[np.float32]
Float64Array: TypeAlias = NDArray[np.float64]


class Operation(StrEnum):
    """The five operations on a pair of bands, as a recipe spells them."""

    RATIO = "ratio"
    NORMALIZED_DIFFERENCE = "normalized_difference"
    DIFFERENCE = "difference"
    DISTANCE = "distance"
    ANGLE = "angle"


class Pair(NamedTuple):
    """One derived band: an operation and the positions of its two bands."""

    operation: Operation
    first: int
    second: int


def ratio(b1: FeatureArray, b2: FeatureArray) -> Float32Array:
    """Divide: ``b1 / b2``, and 0 where b2 is 0."""
    return _float32(quotient(_float64(b1), _float64(b2)))


def normalized_difference(b1: FeatureArray, b2: FeatureArray) -> Float32Array:
    """Contrast: ``(b1 - b2) / (b1 + b2)``, 0 where the sum is 0; -1 to 1 unless values are negative."""
    b1, b2 = _float64(b1), _float64(b2)
    return _float32(quotient(b1 - b2, b1 + b2))


def difference(b1: FeatureArray, b2: FeatureArray) -> Float32Array:
    """Subtract: ``b1 - b2``."""
    return _float32(_float64(b1) - _float64(b2))


def distance(b1: FeatureArray, b2: FeatureArray) -> Float32Array:
    """Measure the length of the vector (b1, b2), ``sqrt(b1**2 + b2**2)``; SEPAL calls this the angle.

    The squares of float32 values neither overflow nor vanish in float64, so the plain root is as good as
    `numpy.hypot`, at a fraction of its cost.
    """
    b1, b2 = _float64(b1), _float64(b2)
    return _float32(np.sqrt(b1 * b1 + b2 * b2))


def angle(b1: FeatureArray, b2: FeatureArray) -> Float32Array:
    """Measure the direction of the vector (b1, b2), ``arctan2(b2, b1) / pi``; SEPAL calls this the distance.

    In units of pi, over -1 up to 1: 0 along b1, 0.5 along b2, 1 against b1, and 0 where both are 0.
    """
    return _float32(np.arctan2(_float64(b2) + 0.0, _float64(b1) + 0.0) / np.pi)  # + 0.0: no negative zeros


OPERATIONS: Mapping[Operation, Callable[[FeatureArray, FeatureArray], Float32Array]] = MappingProxyType(
    {
        Operation.RATIO: ratio,
        Operation.NORMALIZED_DIFFERENCE: normalized_difference,
        Operation.DIFFERENCE: difference,
        Operation.DISTANCE: distance,
        Operation.ANGLE: angle,
    }
)


def pair_names(bands: Iterable[str], operation: Operation) -> tuple[str, ...]:
    """Name the results ``<b1>_<b2>_<operation>`` of every unordered pair of bands i < j."""
    return tuple(f"{b1}_{b2}_{operation}" for b1, b2 in combinations(bands, 2))


def pairs_of(positions: Iterable[int], operation: Operation) -> tuple[Pair, ...]:
    """Pair up the bands at `positions`, in the order of `pair_names`."""
    return tuple(Pair(operation, first, second) for first, second in combinations(positions, 2))


def pair_bands(values: FeatureArray, pairs: Sequence[Pair]) -> Float32Array:
    """Compute the derived bands `pairs` of `values`.

    Parameters
    ----------
    values
        Stored values, shape (bands, rows, cols) or (bands, n).
    pairs
        What to compute of which bands.

    Returns
    -------
    ndarray
        float32, shape (pairs, rows, cols) or (pairs, n).
    """
    out = np.empty((len(pairs), *values.shape[1:]), np.float32)
    with np.errstate(over="ignore", invalid="ignore"):  # masked pixels hold anything
        for row, (operation, first, second) in zip(out, pairs, strict=True):
            row[...] = OPERATIONS[operation](values[first], values[second])
    return out


def quotient(numerator: Float64Array, denominator: Float64Array) -> Float64Array:
    """Divide in float64, ``numerator / denominator`` of one shape, and give 0 where the denominator is 0."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        result = np.asarray(numerator / denominator)
    result[denominator == 0] = 0.0
    return result


def _float64(values: FeatureArray) -> Float64Array:
    return np.asarray(values, dtype=np.float64)


def _float32(values: Any) -> Float32Array:
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite
        return np.asarray(values, dtype=np.float32)
