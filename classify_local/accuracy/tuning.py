"""A small search for better parameters, on the same folds by group that check the model.

`search_space` says what is tried; what the recipe gives is among it and wins a tie of the last round.
The search is scikit-learn's successive halving: all candidates on a part of the rows, the best third on
three times as many, and so on up to all rows; tables under 1,000 rows are used whole from the beginning.
The measure is balanced accuracy, the mean over the folds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.experimental import enable_halving_search_cv  # noqa: F401  (it unlocks the import below)
from sklearn.model_selection import HalvingGridSearchCV

from classify_local.accuracy.confusion import error_matrix
from classify_local.accuracy.folds import assign_folds, checked_classes
from classify_local.accuracy.groups import Groups
from classify_local.accuracy.search_space import Parameters, search_space
from classify_local.accuracy.validation import Spread
from classify_local.errors import InputError
from classify_local.types import FeatureArray, LabelArray

MakeEstimator: TypeAlias = Callable[[Parameters], Any]
"""From the searched parameters to something with scikit-learn's `fit(features, labels)` and `predict(features)`.
Making and fitting may raise InputError where parameters do not fit the table; they are passed over then."""

_ROWS = 1000
_FACTOR = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One candidate in the last round it reached.

    Parameters
    ----------
    parameters
        The searched ones.
    rows
        Rows of the round.
    balanced
        Balanced accuracy over the folds.
    refused
        Why it cannot be used with this table, or empty.
    """

    parameters: Parameters
    rows: int
    balanced: Spread
    refused: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """What a search found.

    Parameters
    ----------
    best
        The searched parameters at their best.
    given
        The same parameters as the recipe has them.
    trials
        All candidates; those that came furthest first, and of them the best.
    how
        How it was done.
    """

    best: Parameters
    given: Parameters
    trials: tuple[Trial, ...]
    how: str

    def to_dict(self) -> dict[str, Any]:
        """For the run record."""
        return {
            "how": self.how,
            "best": dict(self.best),
            "given": dict(self.given),
            "tried": [
                {"parameters": dict(trial.parameters), "rows": trial.rows, "balanced": trial.balanced.to_dict()}
                | ({"refused": trial.refused} if trial.refused else {})
                for trial in self.trials
            ],
        }


def tune(
    make_estimator: MakeEstimator,
    classifier: str,
    given: Parameters,
    features: FeatureArray,
    labels: LabelArray,
    groups: Groups,
    *,
    k: int = 5,
    seed: int = 1,
) -> Tuned:
    """Search for better parameters than the recipe's.

    Parameters
    ----------
    make_estimator
        Makes an unfitted estimator with the searched parameters; all others are its own business.
    classifier, given
        The type, and the recipe's parameters with their defaults.
    features
        Shape (n, bands).
    labels
        Class values, shape (n,).
    groups
        Which rows stay together.
    k
        Number of folds.
    seed
        Of the folds and of the parts of the rows.

    Raises
    ------
    InputError
        If there is nothing to search, or the groups do not allow a check.
    """
    candidates = search_space(classifier, given, features.shape[1])
    checked_classes(labels, groups)
    folds = assign_folds(groups, labels, k, (seed, 0))
    refusals: dict[str, str] = {}

    def refuse(parameters: Parameters, why: str) -> None:
        refusals[repr(parameters)] = why

    search = HalvingGridSearchCV(
        _Candidate(make_estimator, refuse, candidates[0]), {"parameters": candidates}, factor=_FACTOR,
        cv=list(folds.splits()), min_resources=resolve_first_rows(len(labels), len(candidates)), scoring=_balanced,
        refit=False, return_train_score=False, random_state=seed, n_jobs=1, error_score="raise",
    )  # fmt: skip
    search.fit(features, labels)
    trials = tuple(_trials(search.cv_results_, candidates, refusals))
    if trials[0].refused:
        raise InputError(f"classifier.tune: no parameters fit the training data; {trials[0].refused}")
    how = (
        f"the best of {len(candidates)} by balanced accuracy on {groups.how}, {folds.k} folds; "
        "being the best of several, its figure flatters"
    )
    return Tuned(best=trials[0].parameters, given=candidates[0], trials=trials, how=how)


def resolve_first_rows(rows: int, candidates: int) -> int:
    """Rows of the first round: such that the last one has about all, and none less than about 1,000."""
    by_rows = math.floor(math.log(max(rows / _ROWS, 1), _FACTOR) + 1e-9)
    by_candidates = math.floor(math.log(candidates, _FACTOR) + 1e-9)
    return int(rows // _FACTOR ** min(by_rows, by_candidates))


class _Candidate(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """An estimator whose one parameter of interest is the set of parameters; takes classes as they come."""

    def __init__(
        self, make_estimator: MakeEstimator, refuse: Callable[[Parameters, str], None], parameters: Parameters
    ) -> None:
        self.make_estimator = make_estimator
        self.refuse = refuse
        self.parameters = parameters

    def fit(self, features: FeatureArray, labels: LabelArray) -> _Candidate:
        self.classes_ = np.unique(labels)
        self.refused_, self.fitted_ = False, None
        if len(self.classes_) > 1:
            try:
                self.fitted_ = self.make_estimator(self.parameters)
                self.fitted_.fit(features, labels)
            except InputError as error:
                self.refused_ = True
                self.refuse(self.parameters, str(error))
        return self

    def predict(self, features: FeatureArray) -> LabelArray:
        if self.fitted_ is None:
            return np.full(len(features), self.classes_[0])
        return np.asarray(self.fitted_.predict(features))


def _balanced(candidate: _Candidate, features: FeatureArray, labels: LabelArray) -> float:
    """The measure; -1, which no model has, where the parameters were refused or the part is empty."""
    if candidate.refused_ or not len(labels):
        return -1.0
    return error_matrix(candidate.predict(features), labels).balanced


def _trials(results: Mapping[str, Any], candidates: list[dict[str, Any]], refusals: Mapping[str, str]) -> list[Trial]:
    """The last round of each candidate, the winner first, those refused last."""
    tried = [entry["parameters"] for entry in results["params"]]
    last = {candidates.index(parameters): row for row, parameters in enumerate(tried)}
    order = sorted(
        last,
        key=lambda number: (
            repr(candidates[number]) in refusals,
            -results["n_resources"][last[number]],
            -results["mean_test_score"][last[number]],
            number,
        ),
    )
    return [
        Trial(
            parameters=candidates[number],
            rows=int(results["n_resources"][last[number]]),
            balanced=_figure(results, last[number], repr(candidates[number]) in refusals),
            refused=refusals.get(repr(candidates[number]), ""),
        )
        for number in order
    ]


def _figure(results: Mapping[str, Any], row: int, refused: bool) -> Spread:
    if refused:
        return Spread(mean=math.nan, sd=math.nan)
    return Spread(mean=float(results["mean_test_score"][row]), sd=float(results["std_test_score"][row]))
