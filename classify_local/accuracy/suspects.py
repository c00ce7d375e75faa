"""Rows whose class is probably wrong: what a forest that has not seen them thinks of their labels.

Rows that were labelled together (a polygon, a feature, a value of the group column) are held out together, each plain
point with the rest of its fold. Blocks of land, which a check of a model holds out, would hide mistakes here rather
than find them: right neighbours of a point are the best witnesses against its label. A forest of the other rows gives
each class a probability; a row is suspected if it gives the row's own class less than `LEAST_PROBABILITY` and another
class more than any. On real points with 5 % of the labels changed this finds more of them with fewer false alarms than
the thresholds by class of confident learning (Northcutt, Jiang and Chuang 2021, doi:10.1613/jair.1.12125); on whole
polygons with another label it raises about half as many false alarms and finds somewhat fewer: the figures are in
`docs/training-report.md`. It is a list of rows to look at, not of mistakes.

The forest is always the same, whatever the recipe's classifier.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier

from classify_local.accuracy.folds import Folds, assign_folds, checked_classes
from classify_local.accuracy.groups import Groups
from classify_local.types import FeatureArray, LabelArray, MaskArray

LEAST_PROBABILITY = 0.1
"""Probability of its own class below which a row is suspected."""

SUSPECTED_SHARE = 0.5
"""Share of a group's rows that are suspected from which the group is."""

LEARNED_ROWS = 10_000
"""Rows from which the forest of a fold learns at most; every row is judged all the same."""

TREES, LEAST_LEAF = 100, 3

BUNDLES = 100
"""Parts into which the plain points of a class are dealt, so that a million of them are held out as fast as a few."""

_LEAST_LEARNED = 200
_CHUNK = 100_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Suspects:
    """Rows whose class is probably wrong, the least probable first.

    Parameters
    ----------
    row
        Numbers of the rows in the table, shape (m,).
    given, likely
        Class values the rows have, and what the forest takes them for, shape (m,).
    given_probability, likely_probability
        What the forest gives these classes, shape (m,).
    rows, judged
        Rows in the table, and those that could be judged.
    unjudged
        Classes of which no row, or not every row, could be judged, because no other group has them.
    k, seed
        Folds, and seed of folds and forests.
    """

    row: NDArray[np.intp]
    given: LabelArray
    likely: LabelArray
    given_probability: NDArray[np.float64]
    likely_probability: NDArray[np.float64]
    rows: int
    judged: int
    unjudged: tuple[int, ...]
    k: int
    seed: int

    def __len__(self) -> int:
        return len(self.row)

    @property
    def how(self) -> str:
        """How they were found."""
        return (
            f"{self.k} folds, rows labelled together held out together; a random forest of {TREES} trees on the other "
            f"rows gives the row's own class less than {100 * LEAST_PROBABILITY:g} % and another class more than any"
        )

    def to_dict(self) -> dict[str, Any]:
        """For the run record, without the rows."""
        pairs, counts = np.unique(np.stack([self.given, self.likely], axis=1), axis=0, return_counts=True)
        mistaken = [
            {"given": given, "likely": likely, "rows": count}
            for (given, likely), count in zip(pairs.tolist(), counts.tolist(), strict=True)
        ]
        return {
            "what": "rows to look at: their class is improbable for a model that has not seen them", "how": self.how,
            "suspected": len(self), "judged": self.judged, "rows": self.rows,
            "classes_not_judged": list(self.unjudged), "by_class": mistaken, "seed": self.seed,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectGroup:
    """A polygon, feature or group of which many rows are suspected.

    Parameters
    ----------
    number
        Of the group.
    row
        Its first row in the table.
    rows, suspected
        Its rows, and how many of them are suspected.
    given, likely
        Class values: what most of its rows have, and what most suspected ones are taken for.
    """

    number: int
    row: int
    rows: int
    suspected: int
    given: int
    likely: int


def find_suspects(
    features: FeatureArray,
    labels: LabelArray,
    group: NDArray[np.int64],
    *,
    k: int = 5,
    seed: int = 1,
    stopped: Callable[[], None] = lambda: None,
) -> Suspects:
    """Rows whose class is probably wrong; the same whatever order the rows come in.

    Parameters
    ----------
    features
        Shape (n, bands).
    labels
        Class values, shape (n,).
    group
        Number of the polygon, feature or group a row was labelled with, -1 for a plain point, shape (n,).
    k
        Number of folds.
    seed
        Of folds and forests.
    stopped
        Called before each training; may raise to stop.

    Raises
    ------
    InputError
        If there are too few groups or classes to hold any out.
    """
    order = np.lexsort((labels, *features.T, group))
    groups = labelled_together(group[order], labels[order], seed)
    checked_classes(labels[order], groups)
    folds = assign_folds(groups, labels[order], k, seed)
    own, best, likely, judged = _judgements(features[order], labels[order], folds, seed, stopped)
    suspected = np.flatnonzero(judged & (own < LEAST_PROBABILITY) & (likely != labels[order]))
    worst = suspected[np.lexsort((-best[suspected], own[suspected]))]
    return Suspects(
        row=order[worst], given=labels[order][worst], likely=likely[worst],
        given_probability=own[worst], likely_probability=best[worst],
        rows=len(labels), judged=int(judged.sum()), k=folds.k, seed=seed,
        unjudged=tuple(np.unique(labels[order][~judged]).tolist()),
    )  # fmt: skip


def suspected_groups(suspects: Suspects, group: NDArray[np.int64], labels: LabelArray) -> tuple[SuspectGroup, ...]:
    """Groups of two rows or more of which `SUSPECTED_SHARE` is suspected, those with the most suspected rows first.

    Parameters
    ----------
    suspects
        What `find_suspects` found in the table.
    group, labels
        The table's, shape (n,).
    """
    numbers, codes, rows = np.unique(group, return_inverse=True, return_counts=True)
    suspected = np.bincount(codes[suspects.row], minlength=len(numbers))
    place = np.full(len(group), -1)
    place[suspects.row] = np.arange(len(suspects))
    order, begins = np.argsort(codes, kind="stable"), np.cumsum(rows) - rows
    found = []
    for i in np.flatnonzero((numbers >= 0) & (rows > 1) & (suspected >= SUSPECTED_SHARE * rows)):
        members = order[begins[i] : begins[i] + rows[i]]
        mine = place[members][place[members] >= 0]
        found.append(SuspectGroup(
            number=int(numbers[i]), row=int(members[0]), rows=int(rows[i]), suspected=int(suspected[i]),
            given=_commonest(labels[members]), likely=_commonest(suspects.likely[mine]),
        ))  # fmt: skip
    return tuple(sorted(found, key=lambda one: (-one.suspected, one.number)))


def labelled_together(group: NDArray[np.int64], labels: LabelArray, seed: int = 1) -> Groups:
    """Groups as they are given; a plain point (-1) is one of its own, or one of `BUNDLES` of its class by lot.

    Parameters
    ----------
    group
        Shape (n,).
    labels
        Class values, shape (n,).
    seed
        Of the lots.
    """
    plain = group < 0
    given, codes = np.unique(group, return_inverse=True)
    codes = codes.astype(np.int64)
    rng, first = np.random.default_rng(seed), len(given)
    for value in np.unique(labels[plain]):
        points = rng.permutation(np.flatnonzero(plain & (labels == value)))
        codes[points] = first + np.arange(len(points)) % BUNDLES
        first += min(len(points), BUNDLES)
    how = f"{len(given) - plain.any():,} groups and {plain.sum():,} points"
    return Groups(codes=codes - int(plain.any()), how=how)


def _judgements(
    features: FeatureArray, labels: LabelArray, folds: Folds, seed: int, stopped: Callable[[], None]
) -> tuple[NDArray[np.float64], NDArray[np.float64], LabelArray, MaskArray]:
    """Of each row: probability of its class and of the likeliest, which that is, and whether it can be judged."""
    own, best, likely = np.zeros(len(labels)), np.zeros(len(labels)), labels.copy()
    judged = np.zeros(len(labels), dtype=bool)
    for train, test in folds.splits():
        stopped()
        judged[test] = np.isin(labels[test], labels[train])
        learned = train[_some(labels[train], LEARNED_ROWS, seed)]
        forest = RandomForestClassifier(TREES, min_samples_leaf=LEAST_LEAF, n_jobs=1, random_state=seed)
        forest.fit(features[learned].astype(np.float32), labels[learned])
        for part in _parts(test):
            probability = forest.predict_proba(features[part].astype(np.float32))
            column = np.searchsorted(forest.classes_, labels[part]).clip(max=len(forest.classes_) - 1)
            own[part] = probability[np.arange(len(part)), column]
            best[part], likely[part] = probability.max(axis=1), forest.classes_[probability.argmax(axis=1)]
    return own, best, likely, judged


def _some(labels: LabelArray, most: int, seed: int) -> NDArray[np.intp]:
    """About so many rows at most, of each class its share or a few hundred, in order."""
    if len(labels) <= most:
        return np.arange(len(labels))
    rng, chosen = np.random.default_rng(seed), []
    for value in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == value))
        chosen.append(rows[: max(_LEAST_LEARNED, len(rows) * most // len(labels))])
    return np.sort(np.concatenate(chosen))


def _parts(rows: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    for start in range(0, len(rows), _CHUNK):
        yield rows[start : start + _CHUNK]


def _commonest(values: LabelArray) -> int:
    found, counts = np.unique(values, return_counts=True)
    return int(found[counts.argmax()])
