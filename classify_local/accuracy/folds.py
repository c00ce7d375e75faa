"""The assignment of groups to folds: at random, no group split, each class in as many folds as its groups allow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classify_local.accuracy.groups import Groups
from classify_local.errors import InputError
from classify_local.types import LabelArray

_ATTEMPTS = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Folds:
    """One assignment of rows to folds; no group is split.

    Parameters
    ----------
    fold
        For each row the fold in which it is held out, shape (n,).
    k
        Number of folds.
    lost
        Classes that some training part lacks although several groups hold them.
    """

    fold: NDArray[np.int64]
    k: int
    lost: tuple[int, ...]

    def splits(self) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Row numbers of the training and the test part of each fold."""
        for number in range(self.k):
            yield np.flatnonzero(self.fold != number), np.flatnonzero(self.fold == number)


def checked_classes(labels: LabelArray, groups: Groups) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Classes that can be checked, because at least two groups hold them, and the others.

    Raises
    ------
    InputError
        If fewer than two classes can be checked.
    """
    classes, counts = _class_counts(labels, groups)
    enough = (counts > 0).sum(axis=0) >= 2
    if enough.sum() < 2:
        raise InputError(
            f"validation: {enough.sum()} of {len(classes)} classes have training data in two or more groups "
            f"({groups.how}), and at least 2 must; give training data from more places, or a group column"
        )
    return tuple(classes[enough].tolist()), tuple(classes[~enough].tolist())


def assign_folds(groups: Groups, labels: LabelArray, k: int = 5, seed: int | tuple[int, ...] = 1) -> Folds:
    """Assign groups to folds at random, each class spread as evenly as the groups allow.

    Groups come in random order. Each goes to the fold that keeps its classes in the most training parts,
    then to the one with the least of its classes (in shares of the class, so that rare ones count as much),
    then to the smallest; what is still equal is drawn by lot. Where a training part still lacks a class,
    other orders are tried. There are at most as many folds as groups.

    Parameters
    ----------
    groups
        Which rows stay together.
    labels
        Class values, shape (n,).
    k
        Number of folds, 2 or more.
    seed
        Same seed, same folds, in whatever order the rows come.

    Raises
    ------
    InputError
        If there are fewer than two groups or folds.
    """
    if k < 2:
        raise InputError(f"validation: {k} folds; give at least 2")
    if groups.count < 2:
        raise InputError(f"validation: all training data are in one group ({groups.how}); give a group column")
    k = min(k, groups.count)
    classes, counts = _class_counts(labels, groups)
    rng = np.random.default_rng(seed)
    best = _deal(counts, k, rng)
    for _ in range(_ATTEMPTS):
        if not _lost(counts, best, k).any():
            break
        other = _deal(counts, k, rng)
        if _lost(counts, other, k).sum() < _lost(counts, best, k).sum():
            best = other
    lost = tuple(classes[_lost(counts, best, k)].tolist())
    return Folds(fold=best[groups.codes], k=k, lost=lost)


def _class_counts(labels: LabelArray, groups: Groups) -> tuple[LabelArray, NDArray[np.int64]]:
    """The classes, and how many rows of each a group holds, shape (groups, classes)."""
    classes, codes = np.unique(labels, return_inverse=True)
    cells = np.bincount(groups.codes * len(classes) + codes, minlength=groups.count * len(classes))
    return classes, cells.reshape(groups.count, len(classes))


def _deal(counts: NDArray[np.int64], k: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """The fold of each group."""
    shares = counts / counts.sum(axis=0)
    held, rows, placed = np.zeros((k, counts.shape[1])), np.zeros(k), np.zeros((k, counts.shape[1]), dtype=np.int64)
    fold = np.empty(len(counts), dtype=np.int64)
    for group in rng.permutation(len(counts)):
        has = counts[group] > 0
        alone = (placed[:, has] > 0) & (placed[:, has] == placed[:, has].sum(axis=0))
        lot = rng.random(k)
        chosen = np.lexsort((lot, rows, np.round(held @ shares[group], 12), alone.sum(axis=1)))[0]
        fold[group] = chosen
        held[chosen] += shares[group]
        rows[chosen] += counts[group].sum()
        placed[chosen] += has
    return fold


def _lost(counts: NDArray[np.int64], fold: NDArray[np.int64], k: int) -> NDArray[np.bool_]:
    """Classes of several groups that are all held out in the same fold, shape (classes,)."""
    holds = counts > 0
    folds_with = np.stack([holds[fold == number].any(axis=0) for number in range(k)]).sum(axis=0)
    return np.asarray((folds_with == 1) & (holds.sum(axis=0) > 1))
