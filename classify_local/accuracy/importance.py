"""Which bands a model lives on: out-of-bag accuracy, held-out permutation importance, and a warning.

The impurity importance that forests carry favours bands with many values and says nothing of other
classifiers. Here a band counts as much as overall accuracy on held-out groups falls when its values
are shuffled. Bands that say the same share their importance: each looks small, and both together may not be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier

from classify_local.accuracy.confusion import ErrorMatrix, error_matrix
from classify_local.accuracy.folds import assign_folds, checked_classes
from classify_local.accuracy.groups import Groups
from classify_local.accuracy.validation import Spread, spread
from classify_local.types import FeatureArray, LabelArray

Predict: TypeAlias = Callable[[FeatureArray], LabelArray]
Fit: TypeAlias = Callable[[FeatureArray, LabelArray], Predict]
"""From features (n, bands) and class values, which are at least two, to what gives those of other rows."""

PREDICTED_ROWS = 3_000_000
"""Rows that are predicted at most, over all bands, shuffles and repeats; fewer rows are scored then."""

FEW_GROUPS = 20
"""Groups for each class below which a band of position can stand for the polygons themselves."""

_LEAST_ROWS = 500
_TOP = 3
_POSITION = {"latitude", "lat", "longitude", "lon", "elevation", "altitude", "dem"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OutOfBag:
    """How well the trees of a forest classify the rows they were not grown from.

    Neighbours of a row in its own polygon do count here, so it flatters; compare with folds by group.

    Parameters
    ----------
    matrix
        Error matrix of the rows that some tree has not seen.
    unseen
        Rows that every tree has seen, which are left out.
    """

    matrix: ErrorMatrix
    unseen: int

    def to_dict(self) -> dict[str, Any]:
        """For the run record."""
        return {
            "overall": self.matrix.overall if self.matrix.total else None,
            "rows": self.matrix.total,
            "rows_in_every_bag": self.unseen,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Importance:
    """What accuracy loses with each band.

    Parameters
    ----------
    bands
        Names, in the order of the features.
    drops
        Fall of overall accuracy, shape (repeats x shuffles, bands).
    overall
        Accuracy with all bands on the rows that were scored.
    groups, classes
        How many there are.
    rows
        Rows scored in each repeat.
    """

    bands: tuple[str, ...]
    drops: NDArray[np.float64]
    overall: Spread
    groups: int
    classes: int
    rows: int

    @property
    def by_band(self) -> dict[str, Spread]:
        """Mean and standard deviation of the fall, the greatest first."""
        figures = {band: spread(column) for band, column in zip(self.bands, self.drops.T.tolist(), strict=True)}
        return dict(sorted(figures.items(), key=lambda item: -item[1].mean))

    def to_dict(self) -> dict[str, Any]:
        """For the run record."""
        return {
            "what": "fall of overall accuracy on held-out groups when the band is shuffled",
            "overall": self.overall.to_dict(), "rows": self.rows, "groups": self.groups,
            "bands": {band: figure.to_dict() for band, figure in self.by_band.items()},
        }  # fmt: skip


def out_of_bag(forest: RandomForestClassifier, features: FeatureArray, labels: LabelArray) -> OutOfBag:
    """Out-of-bag accuracy of a forest as fitting left it.

    Parameters
    ----------
    forest
        Fitted to these rows, with bootstrap; one restored from a file does not know its bags.
    features
        Shape (n, bands).
    labels
        Class values, shape (n,).
    """
    rows = np.ascontiguousarray(features, dtype=np.float32)
    classes = np.unique(labels)
    votes = np.zeros((len(rows), len(classes)))
    for tree, bag in zip(forest.estimators_, forest.estimators_samples_, strict=True):
        outside = np.ones(len(rows), dtype=bool)
        outside[bag] = False
        if outside.any():
            votes[outside] += tree.predict_proba(rows[outside], check_input=False)
    seen = votes.any(axis=1)
    matrix = error_matrix(classes[votes[seen].argmax(axis=1)], labels[seen], classes.tolist())
    return OutOfBag(matrix=matrix, unseen=int((~seen).sum()))


def permutation_importance(
    fit: Fit,
    features: FeatureArray,
    labels: LabelArray,
    bands: Sequence[str],
    groups: Groups,
    *,
    k: int = 5,
    repeats: int = 3,
    shuffles: int = 2,
    seed: int = 1,
    stopped: Callable[[], None] = lambda: None,
) -> Importance:
    """Shuffle each band over all held-out rows and see what accuracy loses.

    Values come from anywhere in the table: shuffled inside one fold, a band would often get another value
    of the same polygon. The folds are those of `cross_validate` with the same k, repeats and seed.

    Parameters
    ----------
    fit
        Trains and returns what predicts.
    features
        Shape (n, bands).
    labels
        Class values, shape (n,).
    bands
        Names of the bands.
    groups
        Which rows stay together.
    k, repeats, shuffles
        Folds, assignments to folds, and shuffles of each band in each.
    seed
        Of folds and shuffles.
    stopped
        Called before each training and each band; may raise to stop.

    Raises
    ------
    InputError
        If the groups do not allow a check.
    """
    checked, _ = checked_classes(labels, groups)
    scored = np.flatnonzero(np.isin(labels, checked))
    most = max(_LEAST_ROWS, PREDICTED_ROWS // (len(bands) * shuffles * repeats))
    drops, overall = [], []
    for repeat in range(repeats):
        folds = assign_folds(groups, labels, k, (seed, repeat))
        chosen = _some(scored, most, (seed, repeat))
        right, losses = 0, np.zeros((shuffles, len(bands)))
        for train, test in folds.splits():
            stopped()
            mine = np.isin(chosen, test)
            predict = _fitted(fit, features[train], labels[train])
            hits, lost = _losses(predict, features, labels, chosen, mine, shuffles, (seed, repeat), stopped)
            right += hits
            losses += lost
        drops.append(losses / len(chosen))
        overall.append(right / len(chosen))
    return Importance(
        bands=tuple(bands), drops=np.concatenate(drops), overall=spread(overall), groups=groups.count,
        classes=len(checked), rows=min(most, len(scored)),
    )  # fmt: skip


def dominance_warnings(importance: Importance) -> Iterator[str]:
    """A sentence for each band of position among the most important, where there are few groups.

    With few polygons, latitude or elevation can tell them apart one by one: the model then knows
    where its training data lie, not what a class looks like.
    """
    if importance.groups >= FEW_GROUPS * importance.classes:
        return
    figures = importance.by_band
    for rank, (band, figure) in enumerate(list(figures.items())[:_TOP], start=1):
        words = set(re.split(r"[^a-z]+", band.lower()))
        if words & _POSITION and figure.mean > 0 and not figure.mean <= figure.sd:
            place = "the most important band" if rank == 1 else f"number {rank} of the bands"
            yield (
                f"{band} is {place} (shuffled, accuracy falls by {100 * figure.mean:.1f} points), and the "
                f"{importance.classes} classes have only {importance.groups} groups of training data: the model may "
                "have learned where these lie; compare with a model without it"
            )


def _fitted(fit: Fit, features: FeatureArray, labels: LabelArray) -> Predict:
    """A fitted model; of a single class, which libraries refuse, one that always gives it."""
    if (labels == labels[0]).all():
        return lambda rows: np.full(len(rows), labels[0])
    return fit(features, labels)


def _losses(
    predict: Predict, features: FeatureArray, labels: LabelArray, chosen: NDArray[np.intp], mine: NDArray[np.bool_],
    shuffles: int, seed: tuple[int, int], stopped: Callable[[], None],
) -> tuple[int, NDArray[np.float64]]:  # fmt: skip
    """Rows of one fold that are right, and how many fewer are with each shuffle of each band."""
    lost = np.zeros((shuffles, features.shape[1]))
    if not mine.any():
        return 0, lost
    rows, truth = features[chosen[mine]], labels[chosen[mine]]
    hits = int((predict(rows) == truth).sum())
    for shuffle, band in np.ndindex(*lost.shape):
        stopped()
        donors = np.random.default_rng((*seed, shuffle, band)).permutation(chosen)[mine]
        changed = rows.copy()
        changed[:, band] = features[donors, band]
        lost[shuffle, band] = hits - int((predict(changed) == truth).sum())
    return hits, lost


def _some(rows: NDArray[np.intp], most: int, seed: tuple[int, ...]) -> NDArray[np.intp]:
    """All rows, or as many as are allowed, drawn at random and in order."""
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
