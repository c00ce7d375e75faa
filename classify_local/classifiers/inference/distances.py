"""Minimum distance, compiled: the class whose mean is nearest, as its one vote.

Means are a few dozen numbers, so a matrix product has nothing to gain from a BLAS, whose last bits depend on which
other rows it is given; here a pixel's distances depend on the pixel alone. Sums run over the bands one after the
other in float64. Equal distances go to the class that comes first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classify_local.classifiers.inference.protocol import Shares, checked_features
from classify_local.jit import jit
from classify_local.types import FeatureArray

__all__ = ["CompiledMeans", "compile_means"]

RUN = 256
"""Pixels computed at a time."""

LARGEST = float(np.finfo(np.float32).max)

SQUARES, ABSOLUTES, COSINE = range(3)

RealArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CompiledMeans:
    """Means of classes; see `compile_means`.

    Parameters
    ----------
    rule
        `SQUARES`, `ABSOLUTES` or `COSINE`.
    mean
        Of the turned bands, shape (classes, turned bands); directions for `COSINE`.
    low, span
        A band becomes ``float32((x - low) / span)`` first, cut to what float32 holds; shape (bands,).
    turn
        What decorrelates the bands, shape (bands, turned bands), or without rows.
    """

    rule: int
    mean: RealArray
    low: RealArray
    span: RealArray
    turn: RealArray

    @property
    def bands(self) -> int:
        """How many features a pixel has."""
        return int(self.low.size)

    @property
    def classes(self) -> int:
        """How many classes it tells apart."""
        return int(self.mean.shape[0])

    def shares(self, features: FeatureArray) -> Shares:
        """One vote for the nearest mean."""
        features = checked_features(features, self.bands)
        votes = np.zeros((self.classes, features.shape[1]), np.uint8)
        _vote_for_nearest(features, self.rule, self.mean, self.low, self.span, self.turn, votes)
        return Shares(values=votes, whole=1.0)


def compile_means(
    metric: str, mean: RealArray, transform: RealArray | None = None,
    low: RealArray | None = None, high: RealArray | None = None,
) -> CompiledMeans:  # fmt: skip
    """Minimum distance from what it has learnt.

    Parameters
    ----------
    metric
        `euclidean`, `manhattan`, `cosine` or `mahalanobis`.
    mean
        Of scaled bands, shape (classes, bands).
    transform
        For mahalanobis, what decorrelates the scaled bands; shape (bands, bands).
    low, high
        Limits of the bands that become 0 and 1; default: bands are taken as they are.
    """
    bands = mean.shape[1]
    mean = np.ascontiguousarray(mean, np.float64)
    turn = np.empty((0, 0)) if transform is None else np.ascontiguousarray(transform, np.float64)
    if transform is not None:
        mean = mean @ turn
    if metric == "cosine":
        length = np.sqrt((mean * mean).sum(axis=1, keepdims=True))
        mean = np.divide(mean, length, out=np.zeros_like(mean), where=length > 0)
    rule = {"cosine": COSINE, "manhattan": ABSOLUTES}.get(metric, SQUARES)
    low = np.zeros(bands) if low is None else low
    span = np.ones(bands) if high is None else high - low
    return CompiledMeans(rule=rule, mean=mean, low=low, span=span, turn=turn)


def _vote_plainly(
    features: FeatureArray, rule: int, mean: RealArray, low: RealArray, span: RealArray, turn: RealArray,
    votes: NDArray[np.uint8],
) -> None:  # fmt: skip
    scaled = (features.T.astype(np.float64) - low) / span
    rows = np.clip(scaled, -LARGEST, LARGEST).astype(np.float32).astype(np.float64)
    rows = rows @ turn if turn.size else rows
    if rule == COSINE:
        away = -(rows @ mean.T)
    else:
        distance = np.abs if rule == ABSOLUTES else np.square
        away = np.stack([distance(rows - one).sum(axis=1) for one in mean], axis=1)
    votes[away.argmin(axis=1), np.arange(len(rows))] = 1


@jit(plain=_vote_plainly)
def _vote_for_nearest(
    features: FeatureArray, rule: int, mean: RealArray, low: RealArray, span: RealArray, turn: RealArray,
    votes: NDArray[np.uint8],
) -> None:  # fmt: skip
    rows, turned = np.empty((features.shape[0], RUN)), np.empty((mean.shape[1], RUN))
    away, least, best = np.empty(RUN), np.empty(RUN), np.empty(RUN, np.int64)
    for start in range(0, features.shape[1], RUN):
        count = min(RUN, features.shape[1] - start)
        for band in range(features.shape[0]):
            values = features[band, start : start + count]  # sliced, as an index that may be negative is no vector
            for i in range(count):  # through float32, as the library is handed its rows
                scaled = (np.float64(values[i]) - low[band]) / span[band]
                rows[band, i] = np.float64(np.float32(min(max(scaled, -LARGEST), LARGEST)))
        if turn.size > 0:
            _turn(rows, turn, count, turned)
        for number in range(mean.shape[0]):
            _measure(turned if turn.size > 0 else rows, mean[number], rule, count, away)
            for i in range(count):
                nearer = number == 0 or away[i] < least[i]
                best[i] = number if nearer else best[i]
                least[i] = away[i] if nearer else least[i]
        for i in range(count):
            votes[best[i], start + i] = 1


@jit
def _turn(rows: RealArray, turn: RealArray, count: int, turned: RealArray) -> None:
    turned[:, :count] = 0.0
    for band in range(rows.shape[0]):
        for column in range(turned.shape[0]):
            weight = turn[band, column]
            for i in range(count):
                turned[column, i] += rows[band, i] * weight


@jit
def _measure(rows: RealArray, mean: RealArray, rule: int, count: int, away: RealArray) -> None:
    """Write what is least for the nearest mean."""
    away[:count] = 0.0
    for band in range(mean.size):
        m = mean[band]
        if rule == SQUARES:
            for i in range(count):
                away[i] += (rows[band, i] - m) * (rows[band, i] - m)
        elif rule == ABSOLUTES:
            for i in range(count):
                away[i] += abs(rows[band, i] - m)
        else:
            for i in range(count):
                away[i] -= rows[band, i] * m
