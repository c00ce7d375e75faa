"""The compiled form of a fitted classifier, found by the classifier's type from the arrays it has learnt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from classify_local.classifiers.inference.bayes import compile_gaussian, compile_multinomial
from classify_local.classifiers.inference.boosted import compile_boost, compile_boost_regression
from classify_local.classifiers.inference.distances import compile_means
from classify_local.classifiers.inference.forest import compile_forest, compile_regression, compile_votes
from classify_local.classifiers.inference.machine import CompiledMachine, compile_machine
from classify_local.classifiers.inference.proof import compiled_or_library, exact_or_library, probe_rows, threshold_rows
from classify_local.classifiers.inference.protocol import (
    CompiledPredictor,
    CompiledRegressor,
    LibraryPredictor,
    LibraryRegressor,
    NotCompiled,
)

if TYPE_CHECKING:
    from classify_local.classifiers.protocol import Fitted, FittedRegressor
    from classify_local.classifiers.scaling import Scaling
    from classify_local.recipe.classifiers import Classifier, SupportVectorMachine

__all__ = ["TOLERANCES", "compile_fitted", "compile_fitted_regression", "fastest_exact", "fastest_exact_regression"]

Arrays = Mapping[str, NDArray[Any]]

TOLERANCES = {
    "random_forest": 0.0, "cart": 0.0, "decision_tree": 0.0, "minimum_distance": 0.0,
    "gradient_tree_boost": 1e-6, "naive_bayes": 1e-9, "svm": 1e-9,
}  # fmt: skip
"""How much a probability may differ from the library's, by the type of classifier."""


def fastest_exact(
    classifier: Classifier, fitted: Fitted, samples: NDArray[np.float32], classes: int,
    scaling: Scaling | None = None,
) -> CompiledPredictor:  # fmt: skip
    """The compiled form of a classifier if it gives what the library gives, else the library.

    Parameters
    ----------
    classifier
        Its parameters.
    fitted
        What it has learnt.
    samples
        Typical pixels as they are read, not scaled, shape (n, bands); rows of the training, for example.
    classes
        How many classes it tells apart.
    scaling
        What is done to pixels before.
    """
    bands, samples = samples.shape[1], _some(samples)
    own_class = classifier.type == "svm"
    library = LibraryPredictor(fitted, bands, classes, None if scaling is None else scaling.apply, own_class)
    arrays = fitted.arrays()
    rows = probe_rows(samples)
    if "threshold" in arrays:
        rows = np.concatenate([rows, threshold_rows(_Trees(arrays), samples)])
    return compiled_or_library(
        lambda: compile_fitted(classifier, arrays, bands, classes, scaling), library, rows,
        TOLERANCES.get(classifier.type, 0.0),
    )  # fmt: skip


def fastest_exact_regression(
    classifier: Classifier, fitted: FittedRegressor, samples: NDArray[np.float32]
) -> CompiledRegressor:
    """The compiled form of a regression if it gives what the library gives to the bit, else the library.

    Parameters
    ----------
    classifier
        Its parameters.
    fitted
        What it has learnt.
    samples
        Typical pixels as they are read, shape (n, bands).
    """
    bands, samples = samples.shape[1], _some(samples)
    arrays = fitted.arrays()
    library = LibraryRegressor(fitted, bands)
    rows = probe_rows(samples)
    if "threshold" in arrays:
        rows = np.concatenate([rows, threshold_rows(_Trees(arrays), samples)])
    return exact_or_library(lambda: compile_fitted_regression(classifier, arrays, bands), library, rows)


def compile_fitted_regression(classifier: Classifier, arrays: Arrays, bands: int) -> CompiledRegressor:
    """The compiled form of what a regression has learnt; the parameters are those of `compile_fitted`."""
    if classifier.type == "gradient_tree_boost":
        return compile_boost_regression(arrays, bands)
    if "threshold" not in arrays:
        raise NotCompiled(f"a regression of the type {classifier.type}")
    return compile_regression(_Trees(arrays), bands)


def _some(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """The samples, or one of zeros: a tree given as text has none."""
    return samples if len(samples) else np.zeros((1, samples.shape[1]), np.float32)


def compile_fitted(
    classifier: Classifier, arrays: Arrays, bands: int, classes: int, scaling: Scaling | None = None
) -> CompiledPredictor:
    """The compiled form of what a classifier has learnt.

    Parameters
    ----------
    classifier
        Its parameters.
    arrays
        What it has learnt, as its `arrays` gives it; checked where it comes from a file.
    bands, classes
        The sizes of its input and output.
    scaling
        What is done to pixels before.

    Raises
    ------
    NotCompiled
        If there is no compiled form.
    """
    match classifier.type:
        case "random_forest" | "cart":
            return compile_forest(_Trees(arrays), bands)
        case "decision_tree":
            return compile_votes(_Trees(arrays), arrays["value"], classes, bands)
        case "gradient_tree_boost":
            return compile_boost(arrays, bands, classes)
        case "naive_bayes" if classifier.variant == "gaussian":
            return compile_gaussian(arrays["mean"], arrays["variance"], arrays["prior"])
        case "naive_bayes":
            return compile_multinomial(arrays["log_share"], arrays["log_prior"])
        case "minimum_distance":
            limits = () if scaling is None else (scaling.low, scaling.high)
            return compile_means(classifier.metric, arrays["mean"], arrays.get("transform"), *limits)
        case "svm" if classifier.svm_type != "one_class":
            return _machine(classifier, arrays, scaling)
    raise NotCompiled(f"a classifier of the type {classifier.type}")


def _machine(classifier: SupportVectorMachine, arrays: Arrays, scaling: Scaling | None) -> CompiledMachine:
    sigmoids = arrays.get("sigmoids")
    return compile_machine(
        classifier.kernel_type, arrays["support_vectors"], arrays["dual_coef"], arrays["intercept"],
        arrays["n_support"], gamma=float(arrays["gamma"][0]), coef0=classifier.coef0, degree=classifier.degree,
        margin=classifier.decision_procedure == "margin", low=None if scaling is None else scaling.low,
        high=None if scaling is None else scaling.high, sigmoids=None if sigmoids is None else sigmoids.T,
    )  # fmt: skip


class _Trees:
    """Arrays by name as attributes."""

    def __init__(self, arrays: Arrays):
        self.offsets: NDArray[np.int64] = arrays["offsets"]
        self.left: NDArray[np.int32] = arrays["left"]
        self.right: NDArray[np.int32] = arrays["right"]
        self.feature: NDArray[np.int32] = arrays["feature"]
        self.threshold: NDArray[np.float64] = arrays["threshold"]
        self.weighted_samples: NDArray[np.float64] = arrays.get("weighted_samples", np.zeros(len(self.left)))
        self.values: NDArray[np.float64] = arrays.get("values", np.zeros((len(self.left), 0)))
