"""A trained model: what it was trained on and for, and the class shares it gives."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classify_local.classifiers import registry
from classify_local.classifiers.inference.build import fastest_exact, fastest_exact_regression
from classify_local.classifiers.inference.protocol import CompiledPredictor, CompiledRegressor
from classify_local.classifiers.protocol import Fitted, FittedRegressor
from classify_local.classifiers.scaling import Scaling, resolve_scaling
from classify_local.errors import InputError
from classify_local.legend import Legend
from classify_local.recipe.classifiers import Classifier
from classify_local.training.samples import TrainingSet
from classify_local.types import FeatureArray

CHUNK = 65_536
"""Pixels classified at once: bounds temporary memory, and the time a stop has to wait."""

_SAMPLES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class BandContract:
    """What the values of a band are.

    Parameters
    ----------
    unit
        Unit of the values.
    reflectance
        Scale and offset that make reflectance of them; None where that does not matter.
    """

    unit: str
    reflectance: tuple[float, float] | None


@dataclass(frozen=True, kw_only=True, eq=False)
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
    fitted
        What it has learnt.
    scaling
        What is done to features before; None if nothing.
    regression
        A second model, of the class values as numbers; None if it was not asked for.
    samples
        Typical pixels as they are read, float32, shape (n, bands): the compiled form is proven on them.
    training
        Digest, counts and band ranges of the training table.
    contract
        For each band what its values are; empty where it was not said.
    """

    classifier: Classifier
    bands: tuple[str, ...]
    classes: tuple[int, ...]
    legend: Legend
    fitted: Fitted
    scaling: Scaling | None
    regression: FittedRegressor | None
    samples: NDArray[np.float32]
    training: dict[str, Any]
    contract: tuple[BandContract, ...] = ()

    @cached_property
    def predictor(self) -> CompiledPredictor:
        """The compiled form, proven against the library; the library where there is none."""
        return fastest_exact(self.classifier, self.fitted, self.samples, len(self.classes), self.scaling)

    @cached_property
    def regressor(self) -> CompiledRegressor:
        """The compiled form of the regression, proven against the library; the library where there is none.

        Raises
        ------
        ValueError
            If the model has no regression.
        """
        if self.regression is None:
            raise ValueError("a regression is asked of a model without one")
        return fastest_exact_regression(self.classifier, self.regression, self.samples)

    def warm_up(self, *, regression: bool) -> TrainedModel:
        """The model itself, its compiled forms made: here, and not by several threads at once."""
        _ = self.predictor
        if regression:
            _ = self.regressor
        return self

    def probabilities(self, features: FeatureArray, stopped: Callable[[], None] = lambda: None) -> NDArray[np.float64]:
        """Probability of each class for each pixel; a classifier that gives none has 1 for its class.

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
        result = np.empty((len(self.classes), features.shape[1]))
        for first in range(0, features.shape[1], CHUNK):
            stopped()
            part = np.ascontiguousarray(features[:, first : first + CHUNK])
            result[:, first : first + CHUNK] = self.predictor.shares(part).probabilities()
        return result


def train(
    classifier: Classifier,
    training: TrainingSet,
    bands: tuple[str, ...],
    legend: Legend,
    output_bands: Collection[str] = ("class", "class_probability"),
    image_samples: FeatureArray | None = None,
) -> TrainedModel:
    """Fit a classifier to a training table.

    Parameters
    ----------
    classifier
        Its parameters.
    training
        The table; of no rows for a classifier that needs no training.
    bands, legend
        The contract.
    output_bands
        What the map will hold: probabilities and a regression are fitted only if they are asked for.
    image_samples
        Pixels of the image, shape (n, bands), for classifiers that scale; the training rows by default.

    Raises
    ------
    InputError
        If a parameter does not fit the table, or the classifier cannot give a band.
    """
    registry.require_can_give(classifier, output_bands)
    classes = _classes(classifier, training, legend)
    codes = np.searchsorted(classes, training.labels)
    can = registry.capabilities_of(classifier)
    samples = training.features if image_samples is None else image_samples
    scaling = resolve_scaling(classifier.normalize, samples) if can.scaled else None  # type: ignore[union-attr]
    features = training.features if scaling is None else scaling.apply(training.features)
    fitted = registry.fit(
        classifier, features, codes, bands=bands, classes=classes,
        probability=registry.wants_probabilities(output_bands),
        weights=registry.resolve_weights(classifier, codes, classes, legend.values),
    )  # fmt: skip
    regression = None
    if "regression" in output_bands:
        regression = registry.fit_regression(classifier, features, training.labels)
    typical = training.features if len(training) else samples
    return TrainedModel(
        classifier=classifier, bands=bands, classes=classes, legend=legend, fitted=fitted, scaling=scaling,
        regression=regression, samples=_thinned(typical), training=training_facts(training, bands),
    )  # fmt: skip


def require_model_gives(model: TrainedModel, output_bands: Collection[str]) -> None:
    """Refuse bands that this model cannot give, whatever a recipe says of its classifier.

    Raises
    ------
    InputError
        One line for each kind of band.
    """
    registry.require_can_give(model.classifier, output_bands)
    problems = []
    if registry.wants_probabilities(output_bands) and not model.fitted.gives_probabilities:
        problems.append("output.bands: the model was trained without probabilities; ask for them in training")
    if "regression" in output_bands and model.regression is None:
        problems.append("output.bands: the model was trained without regression; ask for it in training")
    if problems:
        raise InputError(*problems)


def training_facts(training: TrainingSet, bands: tuple[str, ...]) -> dict[str, Any]:
    """What a model file keeps of its training table: digest, rows, and the range of each band."""
    ranges = {}
    if len(training):
        low, high = training.features.min(axis=0), training.features.max(axis=0)
        ranges = {name: [float(a), float(b)] for name, a, b in zip(bands, low, high, strict=True)}
    return {
        "digest": training.digest,
        "rows": len(training),
        "rows_by_class": {str(value): count for value, count in training.counts.items()},
        "band_ranges": ranges,
    }


def _classes(classifier: Classifier, training: TrainingSet, legend: Legend) -> tuple[int, ...]:
    """Class values the model knows: those with rows, or the legend's where rows are not what tells."""
    if not registry.capabilities_of(classifier).training or getattr(classifier, "svm_type", None) == "one_class":
        return legend.values
    return tuple(sorted(training.counts))


def _thinned(rows: FeatureArray) -> NDArray[np.float32]:
    step = max(1, -(-len(rows) // _SAMPLES))
    return np.ascontiguousarray(rows[::step], dtype=np.float32)
