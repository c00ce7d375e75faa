"""The error matrix: map against reference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ErrorMatrix:
    """Counts of reference points by class in the map (rows) and in the reference (columns).

    Parameters
    ----------
    classes
        Class values of rows and columns.
    counts
        Shape (classes, classes).
    """

    classes: tuple[int, ...]
    counts: NDArray[np.int64]

    @property
    def total(self) -> int:
        """All points."""
        return int(self.counts.sum())

    @property
    def overall(self) -> float:
        """Share of points on which map and reference agree; not a number without points."""
        return float(np.trace(self.counts) / self.total) if self.total else float("nan")

    @property
    def users(self) -> NDArray[np.float64]:
        """User's accuracy: of what the map calls a class, the share that is it."""
        return _share(np.diag(self.counts), self.counts.sum(axis=1))

    @property
    def producers(self) -> NDArray[np.float64]:
        """Producer's accuracy: of what is a class, the share that the map calls it."""
        return _share(np.diag(self.counts), self.counts.sum(axis=0))


def error_matrix(mapped: NDArray[np.int64], reference: NDArray[np.int64]) -> ErrorMatrix:
    """The error matrix of paired class values, each of shape (n,)."""
    classes = np.unique(np.concatenate([mapped, reference]))
    counts = np.zeros((len(classes), len(classes)), dtype=np.int64)
    np.add.at(counts, (np.searchsorted(classes, mapped), np.searchsorted(classes, reference)), 1)
    return ErrorMatrix(classes=tuple(int(value) for value in classes), counts=counts)


def _share(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0))
