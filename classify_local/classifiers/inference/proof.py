"""A compiled model is used only after it gave what the library gives, on rows that look for differences.

Three kinds of rows: on paths through trees each value equal to a threshold, or the next float32 above or below it;
rows like those of the training; and random ones over the same range and beyond it. A difference costs speed and
nothing else: the library computes the map, and a line in the log says why.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from classify_local.classifiers.inference.forest import SplittingTrees
from classify_local.classifiers.inference.keys import float32_floor
from classify_local.classifiers.inference.protocol import CompiledPredictor, CompiledRegressor, NotCompiled
from classify_local.errors import ClassifyLocalError

__all__ = ["Proof", "compiled_or_library", "exact_or_library", "probe_rows", "prove", "threshold_rows"]

log = logging.getLogger(__name__)

RowArray = NDArray[np.float32]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a comparison found.

    Parameters
    ----------
    rows
        How many rows were compared.
    other_classes
        In how many the most probable class differs.
    largest_difference
        Of two probabilities.
    tolerance
        How large it may be.
    """

    rows: int
    other_classes: int
    largest_difference: float
    tolerance: float

    @property
    def holds(self) -> bool:
        """Whether the compiled model may be used."""
        return self.rows > 0 and self.other_classes == 0 and self.largest_difference <= self.tolerance

    def __str__(self) -> str:
        return (
            f"{self.other_classes} of {self.rows} test pixels have another class, "
            f"the largest difference of a probability is {self.largest_difference:.2g}"
        )


def prove(compiled: CompiledPredictor, reference: CompiledPredictor, rows: RowArray, tolerance: float = 0.0) -> Proof:
    """Compare a compiled model with the library it came from.

    Parameters
    ----------
    compiled, reference
        The two; the library stands behind a `LibraryPredictor`.
    rows
        Shape (n, bands), float32.
    tolerance
        How much a probability may differ; 0 for forests, which agree to the bit.
    """
    features = np.ascontiguousarray(rows.T)
    expected, found = reference.shares(features), compiled.shares(features)
    p, q = expected.probabilities(), found.probabilities()
    if p.shape != q.shape or not np.isfinite(q).all():
        return Proof(rows=len(rows), other_classes=len(rows), largest_difference=np.inf, tolerance=tolerance)
    others = np.count_nonzero(expected.assigned() != found.assigned())
    largest = float(np.abs(p - q).max(initial=0.0))
    return Proof(rows=len(rows), other_classes=int(others), largest_difference=largest, tolerance=tolerance)


def compiled_or_library(
    build: Callable[[], CompiledPredictor], library: CompiledPredictor, rows: RowArray, tolerance: float = 0.0
) -> CompiledPredictor:
    """The compiled model if it can be built and agrees with the library, else the library.

    Parameters
    ----------
    build
        Compiles the model; may raise `NotCompiled`.
    library
        The fitted classifier behind a `LibraryPredictor`.
    rows
        To compare, shape (n, bands).
    tolerance
        How much a probability may differ.
    """

    def attempt() -> tuple[CompiledPredictor, str]:
        compiled = build()
        proof = prove(compiled, library, rows, tolerance)
        return compiled, "" if proof.holds else str(proof)

    return _tried(attempt, library)


def exact_or_library(
    build: Callable[[], CompiledRegressor], library: CompiledRegressor, rows: RowArray
) -> CompiledRegressor:
    """The compiled regression if it gives the library's values to the bit, else the library.

    The parameters are those of `compiled_or_library`.
    """

    def attempt() -> tuple[CompiledRegressor, str]:
        compiled = build()
        features = np.ascontiguousarray(rows.T)
        others = np.count_nonzero(compiled.values(features) != library.values(features))
        return compiled, f"{others} of {len(rows)} test pixels have another value" if others else ""

    return _tried(attempt, library)


def _tried(attempt: Callable[[], tuple[T, str]], library: T) -> T:
    """What an attempt gives if nothing is wrong with it, else the library and a line in the log."""
    try:
        compiled, problem = attempt()
    except NotCompiled as reason:
        log.info("the model is computed by its library, at less speed: %s", reason)
        return library
    except ClassifyLocalError:
        raise  # what the user has to hear
    except Exception:  # whatever fails in generated code, there is a library that does the same
        log.warning("the model is computed by its library, at less speed; compiling it failed", exc_info=True)
        return library
    if problem:
        log.warning("the model is computed by its library, at less speed: %s", problem)
        return library
    return compiled


def probe_rows(samples: RowArray, count: int = 2048, seed: int = 0) -> RowArray:
    """Rows like those of the training, and random ones over their range and a little beyond.

    Parameters
    ----------
    samples
        Rows of the training, or any that are typical; shape (n, bands).
    count
        How many rows to make.
    seed
        Of the random choice.
    """
    rng = np.random.default_rng(seed)
    low, high = samples.min(axis=0).astype(np.float64), samples.max(axis=0).astype(np.float64)
    margin = 0.1 * (high - low) + 1
    random = rng.uniform(low - margin, high + margin, (count - count // 2, samples.shape[1]))
    typical = samples[rng.integers(0, len(samples), count // 2)]
    mixed = np.where(rng.random(typical.shape) < 0.1, rng.permuted(typical, axis=0), typical)
    return np.concatenate([mixed, random.round(1)]).astype(np.float32)


def threshold_rows(trees: SplittingTrees, samples: RowArray, count: int = 1024, seed: int = 0) -> RowArray:
    """Rows that lie on the thresholds of random paths, or next to them.

    Parameters
    ----------
    trees
        The trees.
    samples
        Values of the bands that a path does not ask for; shape (n, bands).
    count
        How many rows to make.
    seed
        Of the random choice.
    """
    rng = np.random.default_rng(seed)
    rows = samples[rng.integers(0, len(samples), count)].astype(np.float32)
    exact = float32_floor(trees.threshold)
    above = _next(exact, np.inf)
    for row in rows:
        start = trees.offsets[rng.integers(0, len(trees.offsets) - 1)]
        node = start
        while trees.left[node] >= 0:
            right = rng.random() < 0.5
            row[trees.feature[node]] = above[node] if right else exact[node]
            node = start + (trees.right[node] if right else trees.left[node])
        if trees.left[start] >= 0:  # one of the values a little off, so that the path leaves where it would not
            band = rng.integers(0, rows.shape[1])
            row[band] = _next(row[band], rng.choice([-np.inf, np.inf]))
    largest = np.finfo(np.float32).max
    return np.clip(rows, -largest, largest)  # the library refuses infinite values


def _next(values: Any, towards: float) -> Any:
    """The float32 beside each value; infinite beyond the largest."""
    with np.errstate(over="ignore"):
        return np.nextafter(values, np.float32(towards))
