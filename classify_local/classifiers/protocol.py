"""What every fitted classifier offers, and how an array of a model file is let in.

A fitted classifier works on class codes 0, 1, ...: the positions of the class values, ascending. It gives its
state as plain arrays, and its module's `restore` makes it again from them, to the last bit of what it predicts.
An array that comes from a file may hold anything, so all of it is checked before a library sees it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from classify_local.errors import RefusedError

__all__ = ["Arrays", "Fitted", "FittedRegressor", "plain", "products", "require_names"]

Arrays: TypeAlias = Mapping[str, NDArray[np.generic]]
"""The arrays of a model by name."""

Scalar = TypeVar("Scalar", bound=np.generic)

_ROWS = 2048
"""Rows that `products` works on at once, so that they stay in the cache."""


class Fitted(Protocol):
    """A fitted classifier over class codes 0..k-1; safe to call from several threads at once."""

    @property
    def gives_probabilities(self) -> bool:
        """Whether `predict_proba` can be called."""
        ...

    def predict(self, rows: NDArray[np.float32]) -> NDArray[np.int64]:
        """Codes, shape (n,), of rows, shape (n, bands)."""
        ...

    def predict_proba(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """Probabilities, shape (n, classes), of rows, shape (n, bands)."""
        ...

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Everything it has learnt, as plain arrays."""
        ...


class FittedRegressor(Protocol):
    """A model of the class values as numbers; safe to call from several threads at once."""

    def predict(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """Values, shape (n,), of rows, shape (n, bands)."""
        ...

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Everything it has learnt, as plain arrays."""
        ...


def require_names(arrays: Arrays, names: Collection[str]) -> None:
    """Refuse arrays that are not exactly those of `names`.

    Raises
    ------
    RefusedError
        If one is missing or added.
    """
    if set(arrays) != set(names):
        wrong = ", ".join(sorted(set(arrays) ^ set(names)))
        raise RefusedError(f"the model lacks or adds an array: {wrong}")


def plain(
    arrays: Arrays, name: str, dtype: type[Scalar], shape: tuple[int | None, ...],
    *, low: float = -np.inf, high: float = np.inf,
) -> NDArray[Scalar]:  # fmt: skip
    """One array of a model, if it is what it must be.

    Parameters
    ----------
    arrays
        The arrays of the file.
    name
        Which one.
    dtype
        Its type.
    shape
        Its shape; None where any length will do.
    low, high
        Least and greatest value allowed. Values that are not finite never are.

    Raises
    ------
    RefusedError
        If it is missing, or of another type, shape or range.
    """
    array: NDArray[Any] | None = arrays.get(name)
    if array is None or array.dtype != np.dtype(dtype) or array.ndim != len(shape):
        raise RefusedError(f"the model's array {name} is missing or has another type or shape")
    if any(wanted is not None and found != wanted for found, wanted in zip(array.shape, shape, strict=True)):
        raise RefusedError(f"the model's array {name} has another shape")
    if not np.isfinite(array).all() or ((array < low) | (array > high)).any():
        raise RefusedError(f"the model's array {name} holds a value out of its range")
    return array


def products(rows: NDArray[np.floating[Any]], columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Matrix product of rows (n, bands) and columns (bands, k), each row by itself.

    A BLAS gives other last bits to a row when other rows stand beside it; here, a row's result depends on
    nothing but the row.
    """
    result = np.zeros((len(rows), columns.shape[1]))
    for first in range(0, len(rows), _ROWS):
        part, of = result[first : first + _ROWS], rows[first : first + _ROWS].astype(np.float64)
        for band, weights in enumerate(columns):
            part += of[:, band, None] * weights
    return result
