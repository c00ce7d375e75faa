"""What the leaves hold, added up over the trees in the order the library adds it.

* Pure leaves hold a class: a vote.
* Other leaves hold a row of float64 shares. scikit-learn adds the rows tree by tree to zeros and divides by the
  number of trees at the end (`ForestClassifier.predict_proba` with one job), so those sums are the same to the bit.
* Boosted and regression trees hold one value, of float32 and float64.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from classify_local.classifiers.inference.walk_portable import StateArray
from classify_local.jit import jit

__all__ = [
    "add_named_values", "add_rows", "add_values", "add_votes", "different_rows", "held_classes", "vote_dtype",
]  # fmt: skip

RealArray = NDArray[np.float32] | NDArray[np.float64]

STEP = 4
"""Rows are padded to a multiple of this, to be added in vectors."""

RUN = 256
"""Pixels whose sums are added up together; those stay in the cache from tree to tree."""


def vote_dtype(trees: int) -> np.dtype[np.generic]:
    """The smallest unsigned type that counts the votes of so many trees."""
    return np.min_scalar_type(trees)


def held_classes(shares: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64] | None]:
    """What leaves hold: their classes and None if each has only one, else numbers of rows and the rows.

    Parameters
    ----------
    shares
        Of the classes in each leaf; shape (leaves, classes).

    Returns
    -------
    tuple
        Shape (leaves,), and None or shape (different rows, classes padded to a multiple of `STEP`).
    """
    pure = (shares == 1).any(axis=1) & (np.count_nonzero(shares, axis=1) == 1)
    return (shares.argmax(axis=1), None) if pure.all() else different_rows(shares)


def different_rows(shares: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The number of each row among the different ones, and those: the fewer, the more stay in the cache."""
    odd = np.random.default_rng(0).integers(0, 2**63, shares.shape[1], dtype=np.uint64) | np.uint64(1)
    with np.errstate(over="ignore"):
        bits = np.ascontiguousarray(shares).view(np.uint64)
        # The last bits of short fractions are 0, and would stay so in the product.
        mixed = ((bits ^ (bits >> np.uint64(32))) * odd).sum(axis=1, dtype=np.uint64)
    _, first, number = np.unique(mixed, return_index=True, return_inverse=True)
    if not np.array_equal(shares[first][number], shares):  # two rows fell on one number
        first = number = np.arange(len(shares))
    rows = np.zeros((len(first), -(-shares.shape[1] // STEP) * STEP))
    rows[:, : shares.shape[1]] = shares[first]
    return number, rows


def _add_votes_plainly(state: StateArray, votes: NDArray[np.unsignedinteger]) -> None:
    for number in range(len(votes)):
        votes[number] += (state[:, : votes.shape[1]] == number).sum(axis=0, dtype=votes.dtype)


@jit(plain=_add_votes_plainly)
def add_votes(state: StateArray, votes: NDArray[np.unsignedinteger]) -> None:
    """Add one vote of each tree to `votes`, shape (classes, pixels)."""
    for tree in range(state.shape[0]):
        for pixel in range(votes.shape[1]):
            votes[np.uint64(state[tree, pixel]), np.uint64(pixel)] += 1


def _add_rows_plainly(state: StateArray, rows: NDArray[np.float64], sums: NDArray[np.float64]) -> None:
    for numbers in state:
        sums += rows[numbers[: len(sums)]]


@jit(plain=_add_rows_plainly)
def add_rows(state: StateArray, rows: NDArray[np.float64], sums: NDArray[np.float64]) -> None:
    """Add each tree's row to `sums`, shape (pixels, columns of `rows`).

    The row is taken from a flat array and its length from the sums: so LLVM makes vectors of the innermost loop.
    """
    flat, width = rows.reshape(-1), np.uint64(rows.shape[1])
    for start in range(0, sums.shape[0], RUN):
        for tree in range(state.shape[0]):
            for pixel in range(start, min(start + RUN, sums.shape[0])):
                at = np.uint64(state[tree, pixel]) * width
                for column in range(sums.shape[1]):
                    sums[pixel, column] += flat[at + np.uint64(column)]


def _add_values_plainly(values: RealArray, number: NDArray[np.int64], sums: RealArray) -> None:
    for row, where in zip(values, number, strict=True):
        sums[where] += row[: sums.shape[1]]


@jit(plain=_add_values_plainly)
def add_values(values: RealArray, number: NDArray[np.int64], sums: RealArray) -> None:
    """Add each tree's values, shape (trees, pixels), to the row `number[tree]` of `sums`."""
    for tree in range(values.shape[0]):
        row = sums[number[tree]]
        for pixel in range(row.size):
            row[pixel] += values[tree, pixel]


def _add_named_plainly(state: StateArray, values: RealArray, number: NDArray[np.int64], sums: RealArray) -> None:
    _add_values_plainly(values[state], number, sums)


@jit(plain=_add_named_plainly)
def add_named_values(state: StateArray, values: RealArray, number: NDArray[np.int64], sums: RealArray) -> None:
    """Add the values that `state` names, as `add_values` does."""
    for tree in range(state.shape[0]):
        row = sums[number[tree]]
        for pixel in range(row.size):
            row[pixel] += values[np.uint64(state[tree, pixel])]
