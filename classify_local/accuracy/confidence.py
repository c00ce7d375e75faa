"""What a model's confidence is worth: held-out rows, and how many of those above a threshold are right.

It is a check of the model on its training data, as `accuracy.validation` is, and says nothing of the map's accuracy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classify_local.accuracy.folds import assign_folds, checked_classes
from classify_local.accuracy.groups import Groups
from classify_local.types import FeatureArray, LabelArray, MaskArray

FitConfidence = Callable[[FeatureArray, LabelArray], Callable[[FeatureArray], tuple[LabelArray, NDArray[np.float64]]]]
"""Fits to rows and class values, and gives what tells class and probability of other rows."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeldOutRows:
    """What models that had not seen them made of rows.

    Parameters
    ----------
    mapped
        Class values given, shape (n,).
    percent
        Probability of the class given, as a map has it, in percent, shape (n,).
    labels
        Class values the rows have, shape (n,).
    """

    mapped: LabelArray
    percent: NDArray[np.float64]
    labels: LabelArray

    @property
    def right(self) -> MaskArray:
        """Rows whose class was found."""
        return np.asarray(self.mapped == self.labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Above:
    """Rows at or above a threshold of confidence.

    Parameters
    ----------
    threshold
        In percent.
    rows
        How many there are.
    share
        Of all rows, 0 to 1.
    right
        Of those at or above it, the share whose class is right; None if there are none.
    errors_held
        Of all wrong rows, the share that is at or above it; None if none is wrong.
    """

    threshold: int
    rows: int
    share: float
    right: float | None
    errors_held: float | None


def held_out_confidence(
    fit: FitConfidence,
    features: FeatureArray,
    labels: LabelArray,
    groups: Groups,
    *,
    k: int = 5,
    repeats: int = 1,
    seed: int = 1,
    stopped: Callable[[], None] = lambda: None,
) -> HeldOutRows:
    """Class and probability of each row from models of the other groups; `repeats` rows for each.

    Parameters
    ----------
    fit
        Trains, and tells class and probability.
    features
        Shape (n, bands).
    labels
        Class values, shape (n,).
    groups
        Which rows stay together.
    k, repeats, seed
        Folds, how often they are drawn, and their seed; repeat r uses (seed, r) as `cross_validate` does.
    stopped
        Called before each training; may raise to stop.

    Raises
    ------
    InputError
        If there are too few groups or classes.
    """
    checked, _ = checked_classes(labels, groups)
    scored = np.isin(labels, checked)
    found: list[tuple[LabelArray, NDArray[np.float64]]] = []
    for repeat in range(repeats):
        mapped, percent = np.empty(len(labels), dtype=np.int64), np.full(len(labels), 100.0)
        for train, test in assign_folds(groups, labels, k, (seed, repeat)).splits():
            stopped()
            known = labels[train]
            if (known == known[0]).all():  # nothing to learn, and libraries refuse to
                mapped[test] = known[0]
                continue
            mapped[test], shares = fit(features[train], known)(features[test])
            percent[test] = np.rint(100 * shares)
        found.append((mapped[scored], percent[scored]))
    return HeldOutRows(
        mapped=np.concatenate([mapped for mapped, _ in found]),
        percent=np.concatenate([percent for _, percent in found]),
        labels=np.tile(labels[scored], repeats),
    )


def above(rows: HeldOutRows, thresholds: Iterable[int]) -> tuple[Above, ...]:
    """How many rows lie at or above each threshold (percent), and how many of them are right."""
    wrong = ~rows.right
    return tuple(_above(rows.percent >= threshold, wrong, threshold) for threshold in thresholds)


def _above(chosen: MaskArray, wrong: MaskArray, threshold: int) -> Above:
    count, errors = int(chosen.sum()), int(wrong.sum())
    return Above(
        threshold=threshold, rows=count, share=count / max(1, len(chosen)),
        right=None if not count else float((~wrong[chosen]).mean()),
        errors_held=None if not errors else float((wrong & chosen).sum() / errors),
    )  # fmt: skip
