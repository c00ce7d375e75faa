"""Support vector machines, compiled: each support vector compared with some hundred pixels at a time.

A BLAS has to write down all comparisons, hand them to an exponential function and read them again, and its last bits
depend on which other rows it is given. Here a run of pixels meets one support vector after the other and nothing is
written down but the sums; a pixel's decisions depend on the pixel alone.

Decisions are libsvm's, one for each pair of classes (C.-C. Chang and C.-J. Lin, LIBSVM, 2011; svm_predict_values in
svm.cpp). They agree with libsvm's to about 1e-12, as sums are rounded in another order. From them come

* the class: of most pairs (`voting`), or of the greatest sum of decisions (`margin`); equal: the class first;
* probabilities, for a machine whose decisions were calibrated: a sigmoid for each class (J. Platt, 1999) of
  scikit-learn's one-versus-rest decisions (`_ovr_decision_function`), divided by their sum.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from classify_local.classifiers.inference.protocol import NotCompiled, Shares, checked_features
from classify_local.jit import jit
from classify_local.types import FeatureArray

__all__ = ["CompiledMachine", "compile_machine"]

RUN = 128
"""Pixels computed at a time: the sums of one class stay in the first-level cache."""

BLOCK = 4096
"""Pixels scaled at a time."""

LARGEST = float(np.finfo(np.float32).max)

LINEAR, POLY, RBF, SIGMOID = range(4)
KERNELS = {"linear": LINEAR, "poly": POLY, "rbf": RBF, "sigmoid": SIGMOID}

# What the exponential function needs; see `bayes`.
LOG2_E = 1.4426950408889634074
LOG_2_HIGH = 6.93147180369123816490e-01
LOG_2_LOW = 1.90821492927058770002e-10
WHOLE = 6755399441055744.0
LEAST = -708.0

RealArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CompiledMachine:
    """Support vectors and what is made of their decisions; see `compile_machine`.

    Parameters
    ----------
    kernel, gamma, coef0, degree
        How a pixel is compared with a support vector.
    vectors
        Those of the first class first; shape (vectors, bands).
    weights
        Of a vector in the decisions against each other class, shape (vectors, classes - 1).
    starts
        Where the vectors of each class begin, and the end; shape (classes + 1,).
    intercept
        Of each pair of classes, (0, 1), (0, 2), ..., (1, 2), ...
    margin
        Whether decisions are summed up for the class, not counted.
    low, span
        A band becomes ``float32((x - low) / span)`` first, cut to what float32 holds; shape (bands,).
    sigmoids
        Slope and offset of each class's sigmoid, shape (2, classes), or (2, 1) with two classes; or None.
    """

    kernel: int
    gamma: float
    coef0: float
    degree: int
    vectors: RealArray
    weights: RealArray
    starts: NDArray[np.int64]
    intercept: RealArray
    margin: bool
    low: RealArray
    span: RealArray
    sigmoids: RealArray | None

    @property
    def bands(self) -> int:
        """How many features a pixel has."""
        return int(self.low.size)

    @property
    def classes(self) -> int:
        """How many classes it tells apart."""
        return self.starts.size - 1

    def decisions(self, features: FeatureArray) -> RealArray:
        """Decision of each pair of classes, above 0 for the first; shape (pairs, n), of features (bands, n)."""
        features = checked_features(features, self.bands)
        result = np.empty((self.intercept.size, features.shape[1]))
        for start in range(0, features.shape[1], BLOCK):
            block = slice(start, start + BLOCK)
            _decide(
                self._scaled(features[:, block]), self.kernel, self.gamma, self.coef0, self.degree, self.vectors,
                self.weights, self.starts, self.intercept, result[:, block],
            )  # fmt: skip
        return result

    def _scaled(self, features: FeatureArray) -> RealArray:
        scaled = (features.astype(np.float64) - self.low[:, None]) / self.span[:, None]
        # Through float32, as the library is handed its rows.
        return np.clip(scaled, -LARGEST, LARGEST).astype(np.float32).astype(np.float64)

    def shares(self, features: FeatureArray) -> Shares:
        """Probabilities and the machine's own classes, or one vote for the class if it was not calibrated."""
        decisions = self.decisions(features)
        count = decisions.shape[1]
        scores = np.empty((self.classes, count))
        _score(decisions, self.margin, scores)
        codes = scores.argmax(axis=0)
        if self.sigmoids is None:
            votes = np.zeros((self.classes, count), np.uint8)
            votes[codes, np.arange(count)] = 1
            return Shares(values=votes, whole=1.0)
        return Shares(values=_calibrated(decisions, self.sigmoids, self.classes), whole=1.0, codes=codes)


def compile_machine(
    kernel: str, vectors: RealArray, dual: RealArray, intercept: RealArray, sizes: NDArray[np.int64],
    *, gamma: float = 0.0, coef0: float = 0.0, degree: int = 3, margin: bool = False,
    low: RealArray | None = None, high: RealArray | None = None, sigmoids: RealArray | None = None,
) -> CompiledMachine:  # fmt: skip
    """A machine of at least two classes from what it has learnt; names in brackets are those of scikit-learn's SVC.

    Parameters
    ----------
    kernel
        `linear`, `poly`, `rbf` or `sigmoid`.
    vectors
        Support vectors [support_vectors_], class after class; shape (vectors, bands).
    dual, intercept
        As libsvm has them [_dual_coef_, _intercept_], so with two classes above 0 for the first; shape
        (classes - 1, vectors) and (pairs,).
    sizes
        Support vectors of each class [n_support_].
    gamma, coef0, degree
        Of the kernel [_gamma, coef0, degree].
    margin
        Whether the class has the greatest sum of decisions, not most of the pairs.
    low, high
        Limits of the bands that become 0 and 1; default: bands are taken as they are.
    sigmoids
        Slopes and offsets [a_, b_] of the classes' sigmoids, shape (2, classes); with two classes (2, 1).
    """
    if kernel not in KERNELS:
        raise NotCompiled(f"a support vector machine with the kernel {kernel}")
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    vectors, weights = np.ascontiguousarray(vectors, np.float64), np.ascontiguousarray(dual.T, np.float64)
    if kernel == "linear":
        vectors, weights, starts = _summed_up(vectors, weights, starts)
    bands = vectors.shape[1]
    low = np.zeros(bands) if low is None else low
    return CompiledMachine(
        kernel=KERNELS[kernel], gamma=float(gamma), coef0=float(coef0), degree=int(degree), vectors=vectors,
        weights=weights, starts=starts, intercept=np.asarray(intercept, np.float64), margin=margin, low=low,
        span=np.ones(bands) if high is None else high - low, sigmoids=sigmoids,
    )  # fmt: skip


def _summed_up(
    vectors: RealArray, weights: RealArray, starts: NDArray[np.int64]
) -> tuple[RealArray, RealArray, NDArray[np.int64]]:
    """With a linear kernel, all vectors of a class are one for each other class."""
    others = weights.shape[1]
    parts = [slice(first, last) for first, last in pairwise(starts)]
    sums = np.concatenate([weights[part].T @ vectors[part] for part in parts])
    return sums, np.tile(np.eye(others), (len(parts), 1)), np.arange(len(parts) + 1) * others


def _calibrated(decisions: RealArray, sigmoids: RealArray, classes: int) -> RealArray:
    """Probabilities from decisions, shape (classes, n)."""
    if classes == 2:
        second = _sigmoid(-decisions, sigmoids)[0]
        return np.stack([1.0 - second, second])
    ratings = np.empty((classes, decisions.shape[1]))
    _rate(decisions, ratings)
    shares = _sigmoid(ratings, sigmoids)
    total = shares.sum(axis=0)
    equal = np.full_like(shares, 1.0 / classes)
    return np.asarray(np.minimum(np.divide(shares, total, out=equal, where=total != 0), 1.0))


def _sigmoid(ratings: RealArray, sigmoids: RealArray) -> RealArray:
    with np.errstate(over="ignore"):
        return np.asarray(1.0 / (1.0 + np.exp(sigmoids[0][:, None] * ratings + sigmoids[1][:, None])))


def _score_plainly(decisions: RealArray, margin: bool, scores: RealArray) -> None:
    scores[...] = 0
    pair = 0
    for one in range(len(scores)):
        for other in range(one + 1, len(scores)):
            won = decisions[pair] > 0
            scores[one] += decisions[pair] if margin else won
            scores[other] += -decisions[pair] if margin else ~won
            pair += 1


def _rate_plainly(decisions: RealArray, ratings: RealArray) -> None:
    votes, sums = np.empty_like(ratings), np.empty_like(ratings)
    # A decision of 0 is a vote for the first class here, for the second in libsvm.
    _score_plainly(np.where(decisions == 0, 1.0, decisions), False, votes)
    _score_plainly(decisions, True, sums)
    ratings[...] = votes + sums / (3 * (np.abs(sums) + 1))


def _decide_plainly(
    features: RealArray, kernel: int, gamma: float, coef0: float, degree: int, vectors: RealArray,
    weights: RealArray, starts: NDArray[np.int64], intercept: RealArray, out: RealArray,
) -> None:  # fmt: skip
    rows = features.T
    dot = rows @ vectors.T
    if kernel == RBF:
        far = (rows * rows).sum(axis=1)[:, None] + (vectors * vectors).sum(axis=1) - 2 * dot
        alike = np.exp(-gamma * far)
    else:
        shifted = gamma * dot + coef0
        alike = {LINEAR: dot, POLY: shifted**degree, SIGMOID: np.tanh(shifted)}[kernel]
    sums = [alike[:, first:last] @ weights[first:last] for first, last in pairwise(starts)]
    pair = 0
    for one in range(len(sums)):
        for other in range(one + 1, len(sums)):
            out[pair] = sums[one][:, other - 1] + sums[other][:, one] + intercept[pair]
            pair += 1


@jit(plain=_decide_plainly)
def _decide(
    features: RealArray, kernel: int, gamma: float, coef0: float, degree: int, vectors: RealArray,
    weights: RealArray, starts: NDArray[np.int64], intercept: RealArray, out: RealArray,
) -> None:  # fmt: skip
    rows, alike = np.empty((features.shape[0], RUN)), np.empty(RUN)
    sums = np.empty((starts.size - 1, starts.size - 2, RUN))
    for start in range(0, features.shape[1], RUN):
        count = min(RUN, features.shape[1] - start)
        rows[:, :count] = features[:, start : start + count]
        sums[:] = 0.0
        for number in range(sums.shape[0]):
            for vector in range(starts[number], starts[number + 1]):
                _compare(rows, vectors[vector], kernel, count, alike)
                _bend(kernel, gamma, coef0, degree, count, alike)
                _add_weighted(alike, weights[vector], count, sums[number])
        _write_pairs(sums, intercept, count, out[:, start : start + count])


@jit
def _add_weighted(alike: RealArray, weights: RealArray, count: int, sums: RealArray) -> None:
    for other in range(weights.size):
        weight = weights[other]
        if weight != 0.0:
            for i in range(count):
                sums[other, i] += weight * alike[i]


@jit
def _write_pairs(sums: RealArray, intercept: RealArray, count: int, out: RealArray) -> None:
    pair = 0
    for one in range(sums.shape[0]):
        for other in range(one + 1, sums.shape[0]):
            for i in range(count):
                out[pair, i] = sums[one, other - 1, i] + sums[other, one, i] + intercept[pair]
            pair += 1


@jit
def _compare(rows: RealArray, vector: RealArray, kernel: int, count: int, alike: RealArray) -> None:
    """Write the squared distances of some pixels from a support vector, or the products with it."""
    alike[:count] = 0.0
    for band in range(vector.size):
        v = vector[band]
        if kernel == RBF:
            for i in range(count):
                alike[i] += (rows[band, i] - v) * (rows[band, i] - v)
        else:
            for i in range(count):
                alike[i] += rows[band, i] * v


@jit
def _bend(kernel: int, gamma: float, coef0: float, degree: int, count: int, alike: RealArray) -> None:
    """Make the kernel function of them."""
    if kernel == RBF:
        for i in range(count):
            alike[i] = _exponential(-gamma * alike[i])
    elif kernel == POLY:
        for i in range(count):
            alike[i] = (gamma * alike[i] + coef0) ** degree
    elif kernel == SIGMOID:
        for i in range(count):
            x = gamma * alike[i] + coef0
            fall = _exponential(-2.0 * abs(x))  # the hyperbolic tangent, to 1e-16
            alike[i] = math.copysign((1.0 - fall) / (1.0 + fall), x)


@jit(plain=_score_plainly)
def _score(decisions: RealArray, margin: bool, scores: RealArray) -> None:
    """Write the votes, or the sums of decisions, of each class."""
    scores[:] = 0.0
    pair = 0
    for one in range(scores.shape[0]):
        for other in range(one + 1, scores.shape[0]):
            for i in range(scores.shape[1]):
                d = decisions[pair, i]
                scores[one, i] += d if margin else np.float64(d > 0.0)
                scores[other, i] -= d if margin else np.float64(d > 0.0) - 1.0
            pair += 1


@jit(plain=_rate_plainly)
def _rate(decisions: RealArray, ratings: RealArray) -> None:
    """Write scikit-learn's one-versus-rest decisions: votes, and sums of decisions brought below a third of one."""
    votes = np.zeros(ratings.shape)
    ratings[:] = 0.0
    pair = 0
    for one in range(ratings.shape[0]):
        for other in range(one + 1, ratings.shape[0]):
            for i in range(ratings.shape[1]):
                d = decisions[pair, i]
                ratings[one, i] += d
                ratings[other, i] -= d
                votes[one, i] += np.float64(d >= 0.0)
                votes[other, i] += np.float64(d < 0.0)
            pair += 1
    for number in range(ratings.shape[0]):
        for i in range(ratings.shape[1]):
            s = ratings[number, i]
            ratings[number, i] = votes[number, i] + s / (3.0 * (abs(s) + 1.0))


@jit
def _exponential(x: float) -> float:
    # A copy of that of `bayes`, where it is explained: kernels may call only those of their own file.
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
