"""Beyond a check: which bands a model needs, what its bags say, and whether other parameters would be better."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from classify_local.accuracy.groups import Groups
from classify_local.accuracy.importance import Importance, OutOfBag, out_of_bag, permutation_importance
from classify_local.accuracy.tuning import Tuned, tune
from classify_local.classifiers import registry
from classify_local.classifiers.protocol import Fitted
from classify_local.errors import InputError
from classify_local.recipe.classifiers import Classifier, RandomForest
from classify_local.training.samples import TrainingSet
from classify_local.types import FeatureArray, LabelArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """What was found; None where a classifier or the data do not allow it."""

    out_of_bag: OutOfBag | None
    importance: Importance | None
    unstudied: str


def study(
    classifier: Classifier,
    fitted: Fitted,
    training: TrainingSet,
    features: FeatureArray,
    bands: tuple[str, ...],
    groups: Groups,
    stopped: Callable[[], None] = lambda: None,
) -> Study:
    """Out-of-bag accuracy of a forest, and held-out importance of the bands.

    Parameters
    ----------
    classifier, fitted
        The parameters, and what was fitted with them just now.
    training
        The table.
    features
        Its features as the classifier sees them, scaled where it scales.
    bands
        Names of the bands.
    groups
        Rows that stay together.
    stopped
        Called now and then; may raise to stop.
    """
    bags = None
    if isinstance(classifier, RandomForest):
        bags = out_of_bag(fitted.estimator, features, training.labels)  # type: ignore[attr-defined]
    try:
        found = permutation_importance(
            trainer(classifier, bands), features, training.labels, bands, groups, repeats=1, stopped=stopped
        )
    except InputError as error:
        return Study(out_of_bag=bags, importance=None, unstudied=str(error))
    return Study(out_of_bag=bags, importance=found, unstudied="")


def tuned(
    classifier: Classifier, training: TrainingSet, features: FeatureArray, bands: tuple[str, ...], groups: Groups
) -> tuple[Classifier, Tuned]:
    """The classifier with the parameters a small search found best, and the account of the search.

    Raises
    ------
    InputError
        If there is nothing to search, or the groups do not allow a check.
    """

    def make(parameters: Mapping[str, Any]) -> _Estimator:
        return _Estimator(_with(classifier, parameters), bands)

    given = classifier.model_dump(by_alias=True)
    found = tune(make, classifier.type, given, features, training.labels, groups)
    return _with(classifier, found.best), found


def trainer(
    classifier: Classifier, bands: tuple[str, ...]
) -> Callable[[FeatureArray, LabelArray], Callable[[FeatureArray], LabelArray]]:
    """A function that fits a classifier to rows with class values and gives what predicts those of other rows."""
    asked = getattr(classifier, "class_weights", None)
    weighted = asked if isinstance(asked, dict) else ()  # a part of the rows may lack a class that has a weight

    def fit(features: FeatureArray, labels: LabelArray) -> Callable[[FeatureArray], LabelArray]:
        distinct, codes = np.unique(labels, return_inverse=True)
        classes = tuple(distinct.tolist())
        fitted = registry.fit(
            classifier, features, codes, bands=bands, classes=classes, probability=False,
            weights=registry.resolve_weights(classifier, codes, classes, weighted),
        )  # fmt: skip
        return lambda rows: distinct[fitted.predict(np.ascontiguousarray(rows, dtype=np.float32))]

    return fit


class _Estimator:
    """A classifier behind scikit-learn's verbs."""

    def __init__(self, classifier: Classifier, bands: tuple[str, ...]) -> None:
        self._fit = trainer(classifier, bands)
        self._predict: Callable[[FeatureArray], LabelArray] | None = None

    def fit(self, features: FeatureArray, labels: LabelArray) -> _Estimator:
        """Fit to class values."""
        self._predict = self._fit(features, labels)
        return self

    def predict(self, features: FeatureArray) -> LabelArray:
        """Class values of rows."""
        if self._predict is None:
            raise ValueError("fit comes before predict")
        return self._predict(features)


def _with(classifier: Classifier, parameters: Mapping[str, Any]) -> Classifier:
    changed: Classifier = type(classifier).model_validate({**classifier.model_dump(by_alias=True), **parameters})
    return changed
