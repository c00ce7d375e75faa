"""Bands brought to a common scale by limits of the image: for classifiers that measure distances.

=================  =========================================================================
`normalize`        limits of a band
=================  =========================================================================
percentile, true   1st and 99th percentile of the samples; one cloud does not set the scale
min_max            least and greatest value, as SEPAL
false              none: the values stay as they are
=================  =========================================================================

A value becomes (x - low) / (high - low), not clamped. A band whose percentiles coincide takes its least and
greatest value; a band of one value becomes 0 (SEPAL's x / max is 1; neither changes any distance).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from classify_local.classifiers.protocol import Arrays, plain, require_names
from classify_local.errors import InputError, RefusedError
from classify_local.types import FeatureArray

__all__ = ["Scaling", "resolve_scaling", "restore"]

PERCENTILES = (1, 99)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scaling:
    """Limits of the bands that become 0 and 1.

    Parameters
    ----------
    low, high
        Shape (bands,), finite, low below high.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.low.ndim != 1 or self.low.shape != self.high.shape:
            raise ValueError(f"limits have shapes {self.low.shape} and {self.high.shape}")
        if not np.isfinite([self.low, self.high, self.high - self.low]).all() or (self.low >= self.high).any():
            raise ValueError("limits must be finite, and the low ones below the high ones")

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The limits, for a model file."""
        return {"low": self.low, "high": self.high}

    def apply(self, rows: FeatureArray) -> NDArray[np.float32]:
        """Rows (n, bands) on the common scale, not clamped; values beyond what float32 holds become its largest."""
        scaled = (rows.astype(np.float64) - self.low) / (self.high - self.low)
        largest = np.finfo(np.float32).max
        return np.clip(scaled, -largest, largest).astype(np.float32)


def restore(arrays: Arrays, n_bands: int) -> Scaling:
    """The scaling whose arrays these are.

    Raises
    ------
    RefusedError
        If they are none.
    """
    require_names(arrays, ("low", "high"))
    limits = {name: plain(arrays, name, np.float64, (n_bands,)) for name in ("low", "high")}
    try:
        return Scaling(**limits)
    except ValueError as error:
        raise RefusedError(f"the model's scaling is none: {error}") from error


def resolve_scaling(mode: Literal["percentile", "min_max"] | bool, samples: FeatureArray) -> Scaling | None:
    """The scaling that a recipe's `normalize` means for an image, or None.

    Parameters
    ----------
    mode
        The recipe's value.
    samples
        Valid pixels from all over the image, shape (n, bands).

    Raises
    ------
    InputError
        If there are no samples.
    """
    if mode is False:
        return None
    if not len(samples):
        raise InputError("classifier.normalize: the image has no valid pixel to take the range of its bands from")
    values = np.asarray(samples, dtype=np.float64)
    least, greatest = values.min(axis=0), values.max(axis=0)
    low, high = (least, greatest) if mode == "min_max" else np.percentile(values, PERCENTILES, axis=0)
    flat = low >= high
    low, high = np.where(flat, least, low), np.where(flat, greatest, high)
    return Scaling(low=low, high=np.where(low < high, high, low + _span_of_constants(low)))


def _span_of_constants(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """What is added to the limit of a band of one value: 1, or more where 1 is lost in rounding."""
    return np.maximum(1.0, np.abs(values) * 1e-6)
