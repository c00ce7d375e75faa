"""Naive Bayes, compiled: the logarithms of all classes for some hundred pixels at a time, then their shares.

Features are read band by band as they come, so a run of pixels goes through whole vectors; also through the
exponential function, which is written out here because a call would take them apart again.

Sums are float64. Multinomial logarithms are added band by band as in `naive_bayes.FittedMultinomial` and agree to the
bit before the exponential. Gaussian ones multiply by ``1 / (2 variance)`` where scikit-learn divides: probabilities
agree to about 1e-12 where the library computes in float64, and to 1e-5 where it was trained on float32.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classify_local.classifiers.inference.protocol import Shares, checked_features
from classify_local.jit import jit
from classify_local.types import FeatureArray

__all__ = ["CompiledBayes", "compile_gaussian", "compile_multinomial"]

RUN = 256
"""Pixels computed at a time: their logarithms for some dozen classes stay in the first-level cache."""

# What the exponential function needs: log2(e), log(2) in two parts, and a number whose last bit is worth 1.
LOG2_E = 1.4426950408889634074
LOG_2_HIGH = 6.93147180369123816490e-01
LOG_2_LOW = 1.90821492927058770002e-10
WHOLE = 6755399441055744.0
LEAST = -708.0

RealArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CompiledBayes:
    """Bands taken as independent given the class.

    Parameters
    ----------
    gaussian
        Whether a logarithm is ``offset - sum((x - center)**2 * weight)`` over the bands; else it is
        ``sum(count * weight) + offset`` where count is `x` cut to a whole number, 0 if negative.
    center, weight
        Shape (classes, bands).
    offset
        Shape (classes,).
    """

    gaussian: bool
    center: RealArray
    weight: RealArray
    offset: RealArray

    @property
    def bands(self) -> int:
        """How many features a pixel has."""
        return int(self.weight.shape[1])

    @property
    def classes(self) -> int:
        """How many classes it tells apart."""
        return int(self.weight.shape[0])

    def shares(self, features: FeatureArray) -> Shares:
        """Probabilities given the bands."""
        features = checked_features(features, self.bands)
        values = np.empty((self.classes, features.shape[1]))
        if self.gaussian:
            _gaussian_shares(features, self.center, self.weight, self.offset, values)
        else:
            _multinomial_shares(features, self.weight, self.offset, values)
        return Shares(values=values, whole=1.0)


def compile_gaussian(mean: RealArray, variance: RealArray, prior: RealArray) -> CompiledBayes:
    """Gaussian naive Bayes from what it has learnt: `theta_`, `var_` and `class_prior_` in scikit-learn.

    Parameters
    ----------
    mean, variance
        Of each band in each class, shape (classes, bands).
    prior
        Share of each class, shape (classes,).
    """
    mean, variance = np.ascontiguousarray(mean, np.float64), np.ascontiguousarray(variance, np.float64)
    offset = np.log(prior) - 0.5 * np.log(2.0 * math.pi * variance).sum(axis=1)
    return CompiledBayes(gaussian=True, center=mean, weight=0.5 / variance, offset=offset)


def compile_multinomial(log_share: RealArray, log_prior: RealArray) -> CompiledBayes:
    """Multinomial naive Bayes from what it has learnt.

    Parameters
    ----------
    log_share
        Logarithm of each band's share in the counts of a class, shape (classes, bands).
    log_prior
        Logarithm of each class's share of the training, shape (classes,).
    """
    weight = np.ascontiguousarray(log_share, np.float64)
    return CompiledBayes(gaussian=False, center=np.zeros_like(weight), weight=weight, offset=log_prior)


def _normalize_plainly(values: RealArray) -> None:
    values -= values.max(axis=0)
    np.exp(values, out=values)
    values /= values.sum(axis=0)


def _gaussian_plainly(
    features: FeatureArray, center: RealArray, weight: RealArray, offset: RealArray, out: RealArray
) -> None:
    out[...] = offset[:, None]
    for band, row in enumerate(features.astype(np.float64)):
        out -= (row - center[:, band, None]) ** 2 * weight[:, band, None]
    _normalize_plainly(out)


def _multinomial_plainly(features: FeatureArray, weight: RealArray, offset: RealArray, out: RealArray) -> None:
    out[...] = 0
    for band, row in enumerate(np.maximum(np.trunc(features.astype(np.float64)), 0)):
        out += row * weight[:, band, None]
    out += offset[:, None]
    _normalize_plainly(out)


@jit(plain=_gaussian_plainly)
def _gaussian_shares(
    features: FeatureArray, center: RealArray, weight: RealArray, offset: RealArray, out: RealArray
) -> None:
    row, largest, total = np.empty(RUN), np.empty(RUN), np.empty(RUN)
    logs = np.empty((weight.shape[0], RUN))
    for start in range(0, features.shape[1], RUN):
        count = min(RUN, features.shape[1] - start)
        for number in range(logs.shape[0]):
            logs[number, :count] = offset[number]
        for band in range(features.shape[0]):
            values = features[band, start : start + count]  # sliced, as an index that may be negative is no vector
            for i in range(count):
                row[i] = np.float64(values[i])
            for number in range(logs.shape[0]):
                c, w = center[number, band], weight[number, band]
                for i in range(count):
                    logs[number, i] -= (row[i] - c) * (row[i] - c) * w
        _write_normalized(logs, count, largest, total, out[:, start : start + count])


@jit(plain=_multinomial_plainly)
def _multinomial_shares(features: FeatureArray, weight: RealArray, offset: RealArray, out: RealArray) -> None:
    row, largest, total = np.empty(RUN), np.empty(RUN), np.empty(RUN)
    logs = np.empty((weight.shape[0], RUN))
    for start in range(0, features.shape[1], RUN):
        count = min(RUN, features.shape[1] - start)
        logs[:, :count] = 0.0
        for band in range(features.shape[0]):
            values = features[band, start : start + count]
            for i in range(count):
                row[i] = max(np.trunc(np.float64(values[i])), 0.0)
            for number in range(logs.shape[0]):
                w = weight[number, band]
                for i in range(count):
                    logs[number, i] += row[i] * w
        for number in range(logs.shape[0]):
            for i in range(count):
                logs[number, i] += offset[number]
        _write_normalized(logs, count, largest, total, out[:, start : start + count])


@jit
def _write_normalized(logs: RealArray, count: int, largest: RealArray, total: RealArray, out: RealArray) -> None:
    """Write the exponentials divided by their sum, the largest taken as 1 so that none overflows."""
    for i in range(count):
        largest[i], total[i] = logs[0, i], 0.0
    for number in range(1, logs.shape[0]):
        for i in range(count):
            largest[i] = max(largest[i], logs[number, i])
    for number in range(logs.shape[0]):
        for i in range(count):
            share = _exponential(logs[number, i] - largest[i])
            logs[number, i] = share
            total[i] += share
    for number in range(logs.shape[0]):
        for i in range(count):
            out[number, i] = logs[number, i] / total[i]


@jit
def _exponential(x: float) -> float:
    """Compute ``exp(x)`` of a number not above 0, right to the last bit or two; 0 below -708.

    As e**x = 2**n e**r with a whole n and |r| <= log(2) / 2 (W. J. Cody and W. Waite, 1980); the series of e**r ends
    where the next term is below 1e-17. Adding `WHOLE` rounds to a whole number and leaves it in the last bits.
    """
    shifted = np.float64(max(x, LEAST) * LOG2_E + WHOLE)
    n = shifted - WHOLE
    r = max(x, LEAST) - n * LOG_2_HIGH - n * LOG_2_LOW
    p = 1.0 / 6227020800.0
    p = p * r + 1.0 / 479001600.0
    p = p * r + 1.0 / 39916800.0
    p = p * r + 1.0 / 3628800.0
    p = p * r + 1.0 / 362880.0
    p = p * r + 1.0 / 40320.0
    p = p * r + 1.0 / 5040.0
    p = p * r + 1.0 / 720.0
    p = p * r + 1.0 / 120.0
    p = p * r + 1.0 / 24.0
    p = p * r + 1.0 / 6.0
    p = p * r + 0.5
    p = p * r * r + r + 1.0
    power = np.int64((shifted.view(np.int64) + np.int64(1023)) << np.int64(52)).view(np.float64)
    return p * power if x >= LEAST else 0.0
