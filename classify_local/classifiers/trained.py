"""A trained model: what it was trained on and for, and the probabilities it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from classify_local.classifiers import random_forest
from classify_local.errors import NotAvailableYet
from classify_local.legend import Legend
from classify_local.recipe.classifiers import Classifier, RandomForest
from classify_local.training.samples import TrainingSet
from classify_local.types import FeatureArray

CHUNK = 32_768
"""Pixels handed to a library at once: bounds its temporary memory, and the time a stop has to wait."""


class Predictor(Protocol):
    """Class probabilities of feature rows; a fitted scikit-learn classifier is one."""

    def predict_proba(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """Shape (n, classes) from shape (n, bands)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainedModel:
    """A fitted classifier with the contract it was trained under.

    Parameters
    ----------
    classifier
        The parameters it was fitted with.
    bands
        Names of the bands, in the order of the features.
    classes
        Class values it can give, ascending.
    legend
        The recipe's legend, which may hold more.
    predictor
        What computes the probabilities.
    training
        Digest and counts of the training table.
    """

    classifier: Classifier
    bands: tuple[str, ...]
    classes: tuple[int, ...]
    legend: Legend
    predictor: Predictor
    training: dict[str, Any]

    def probabilities(self, features: FeatureArray, stopped: Callable[[], None] = lambda: None) -> NDArray[np.float64]:
        """Probability of each class for each pixel.

        Parameters
        ----------
        features
            Shape (bands, n).
        stopped
            Called between chunks; may raise to stop.

        Returns
        -------
        ndarray
            Shape (classes, n), in the order of `classes`; each column sums to 1.
        """
        count = features.shape[1]
        result = np.empty((len(self.classes), count))
        for first in range(0, count, CHUNK):
            stopped()
            rows = np.ascontiguousarray(features[:, first : first + CHUNK].T, dtype=np.float32)
            result[:, first : first + CHUNK] = self.predictor.predict_proba(rows).T
        return result


def train(classifier: Classifier, training: TrainingSet, bands: tuple[str, ...], legend: Legend) -> TrainedModel:
    """Fit a classifier to a training table.

    Raises
    ------
    NotAvailableYet
        If this version does not have the classifier.
    """
    if not isinstance(classifier, RandomForest):
        raise NotAvailableYet(f"classifier.type: {classifier.type} is not available yet in this version")
    classes, codes = np.unique(training.labels, return_inverse=True)
    predictor = random_forest.fit(classifier, training.features, codes)
    return TrainedModel(
        classifier=classifier, bands=bands, classes=tuple(int(value) for value in classes), legend=legend,
        predictor=predictor,
        training=training_facts(training, bands),
    )  # fmt: skip


def training_facts(training: TrainingSet, bands: tuple[str, ...]) -> dict[str, Any]:
    """What a model file keeps of its training table: digest, rows, and the range of each band."""
    low, high = training.features.min(axis=0), training.features.max(axis=0)
    return {
        "digest": training.digest,
        "rows": len(training),
        "rows_by_class": {str(value): count for value, count in training.counts.items()},
        "band_ranges": {name: [float(a), float(b)] for name, a, b in zip(bands, low, high, strict=True)},
    }
