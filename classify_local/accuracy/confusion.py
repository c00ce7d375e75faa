"""The error matrix: map against reference, and the figures that are read from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ErrorMatrix:
    """Counts of reference points by class in the map (rows) and in the reference (columns).

    A figure whose denominator is zero is not a number; nothing warns.

    Parameters
    ----------
    classes
        Class values of rows and columns.
    counts
        Shape (classes, classes).
    """

    classes: tuple[int, ...]
    counts: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.counts.shape != (len(self.classes), len(self.classes)):
            raise ValueError(f"counts of shape {self.counts.shape} do not fit {len(self.classes)} classes")
        if len(set(self.classes)) != len(self.classes):
            raise ValueError(f"a class stands twice in {self.classes}")

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

    @property
    def f1(self) -> NDArray[np.float64]:
        """Harmonic mean of user's and producer's accuracy, 0 where no point of the class is right."""
        return _share(2 * np.diag(self.counts), self.counts.sum(axis=0) + self.counts.sum(axis=1))

    @property
    def balanced(self) -> float:
        """Balanced accuracy: the mean of producer's accuracy over the classes that have reference points."""
        return _mean(self.producers)

    @property
    def macro_f1(self) -> float:
        """The mean of F1 over the classes that map or reference hold."""
        return _mean(self.f1)

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it; rows are the map."""
        return {"classes": list(self.classes), "rows": "map", "columns": "reference", "counts": self.counts.tolist()}


def error_matrix(
    mapped: NDArray[np.int64], reference: NDArray[np.int64], classes: Sequence[int] | None = None
) -> ErrorMatrix:
    """The error matrix of paired class values, each of shape (n,).

    Parameters
    ----------
    mapped, reference
        Class values.
    classes
        Classes of the matrix, if it shall have others than those that occur; they must hold all that occur.
    """
    values = np.unique(np.concatenate([mapped, reference]) if classes is None else np.array(classes, dtype=np.int64))
    if not (np.isin(mapped, values).all() and np.isin(reference, values).all()):
        raise ValueError("a class occurs that the matrix does not have")
    size = len(values)
    cells = np.searchsorted(values, mapped) * size + np.searchsorted(values, reference)
    counts = np.bincount(cells, minlength=size * size).reshape(size, size)
    return ErrorMatrix(classes=tuple(int(value) for value in values), counts=counts.astype(np.int64))


def pooled(matrices: Sequence[ErrorMatrix]) -> ErrorMatrix:
    """The sum of matrices over the same classes."""
    if len({matrix.classes for matrix in matrices}) != 1:
        raise ValueError("matrices of different classes, or none")
    return ErrorMatrix(classes=matrices[0].classes, counts=np.sum([matrix.counts for matrix in matrices], axis=0))


def collapsed(matrix: ErrorMatrix, of: Mapping[int, int]) -> ErrorMatrix:
    """The matrix of broader classes.

    Parameters
    ----------
    matrix
        Of the classes.
    of
        The broader class of each.
    """
    classes = sorted({of[value] for value in matrix.classes})
    place = np.searchsorted(classes, [of[value] for value in matrix.classes])
    counts = np.zeros((len(classes), len(classes)), dtype=np.int64)
    np.add.at(counts, (place[:, None], place[None, :]), matrix.counts)
    return ErrorMatrix(classes=tuple(classes), counts=counts)


def _share(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0))


def _mean(values: NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
