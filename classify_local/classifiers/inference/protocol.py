"""What every compiled model offers, and the two forms its answer has: votes, or real shares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from classify_local.types import FeatureArray

if TYPE_CHECKING:
    from classify_local.classifiers.protocol import Fitted, FittedRegressor

__all__ = [
    "CHUNK", "CompiledPredictor", "CompiledRegressor", "LibraryPredictor", "LibraryRegressor", "NotCompiled", "Shares",
    "checked_features",
]  # fmt: skip

CHUNK = 32_768
"""Pixels computed at once: bounds temporary memory, and the time a stop has to wait."""


class NotCompiled(Exception):
    """A model the kernels cannot take; the library it was trained with computes it instead."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shares:
    """How much of `whole` each class has of each pixel.

    A forest whose leaves are pure gives votes, which the tail of a map turns into percent by a table with one
    entry for each number of votes, so that no probability is ever computed for a pixel.

    Parameters
    ----------
    values
        Shape (classes, n): votes as unsigned integers, or float64.
    whole
        What a value is divided by to give a probability.
    codes
        Class of each pixel, shape (n,), for a model whose class need not be the most probable one; None where it
        is that of the greatest share, the first of equal ones.
    """

    values: NDArray[Any]
    whole: float
    codes: NDArray[np.int64] | None = None

    @property
    def are_votes(self) -> bool:
        """Whether the values are whole numbers of votes."""
        return self.values.dtype.kind == "u"

    def probabilities(self) -> NDArray[np.float64]:
        """Shape (classes, n)."""
        return np.asarray(np.divide(self.values, np.float64(self.whole), dtype=np.float64))

    def assigned(self) -> NDArray[np.int64]:
        """Class of each pixel, shape (n,)."""
        return self.probabilities().argmax(axis=0) if self.codes is None else self.codes


class CompiledPredictor(Protocol):
    """Class shares of pixels; safe to call from several threads at once."""

    @property
    def bands(self) -> int:
        """How many features a pixel has."""
        ...

    @property
    def classes(self) -> int:
        """How many classes it tells apart."""
        ...

    def shares(self, features: FeatureArray) -> Shares:
        """Shares from features as the reader has them: shape (bands, n), valid pixels only."""
        ...


class CompiledRegressor(Protocol):
    """Values of pixels; safe to call from several threads at once."""

    @property
    def bands(self) -> int:
        """How many features a pixel has."""
        ...

    def values(self, features: FeatureArray) -> NDArray[np.float64]:
        """Shape (n,), from features as the reader has them: shape (bands, n), valid pixels only."""
        ...


@dataclass(frozen=True, slots=True)
class LibraryRegressor:
    """The library behind the interface of the compiled regressions.

    Parameters
    ----------
    fitted
        The regression.
    bands
        How many features a pixel has.
    """

    fitted: FittedRegressor
    bands: int

    def values(self, features: FeatureArray) -> NDArray[np.float64]:
        """Values, computed by the library."""
        features = checked_features(features, self.bands)
        result = np.empty(features.shape[1])
        for first in range(0, features.shape[1], CHUNK):
            rows = np.ascontiguousarray(features[:, first : first + CHUNK].T, dtype=np.float32)
            result[first : first + CHUNK] = self.fitted.predict(rows)
        return result


@dataclass(frozen=True, slots=True)
class LibraryPredictor:
    """The library behind the interface of the compiled models.

    Parameters
    ----------
    fitted
        The classifier.
    bands, classes
        The sizes of its input and output.
    scale
        What is done to rows, shape (n, bands), before; nothing if None.
    own_class
        Whether its class may be another than the most probable one.
    """

    fitted: Fitted
    bands: int
    classes: int
    scale: Callable[[NDArray[np.float32]], NDArray[np.float32]] | None = None
    own_class: bool = False

    def shares(self, features: FeatureArray) -> Shares:
        """Probabilities, or one vote for the class of a classifier that has none; computed by the library."""
        features = checked_features(features, self.bands)
        count = features.shape[1]
        proba = self.fitted.gives_probabilities
        values = np.zeros((self.classes, count), np.float64 if proba else np.uint8)
        codes = np.empty(count, np.int64) if self.own_class and proba else None
        for first in range(0, count, CHUNK):
            rows = np.ascontiguousarray(features[:, first : first + CHUNK].T, dtype=np.float32)
            rows = rows if self.scale is None else self.scale(rows)
            if proba:
                values[:, first : first + CHUNK] = self.fitted.predict_proba(rows).T
            else:
                values[self.fitted.predict(rows), np.arange(first, first + len(rows))] = 1
            if codes is not None:
                codes[first : first + CHUNK] = self.fitted.predict(rows)
        return Shares(values=values, whole=1.0, codes=codes)


def checked_features(features: FeatureArray, bands: int) -> FeatureArray:
    """The features, if a kernel may read them: it would read past the end of an array with fewer bands."""
    if features.ndim != 2 or features.shape[0] != bands:
        raise ValueError(f"features have shape {features.shape}; this model needs ({bands}, n)")
    if features.dtype.kind not in "uif":
        raise ValueError(f"features are {features.dtype}; they must be integer or real numbers")
    if features.dtype == np.float16 or not features.dtype.isnative:  # which numba does not know
        return features.astype(np.float32)
    return features
