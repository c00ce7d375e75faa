"""Support vector machine on scikit-learn's libsvm, with SEPAL's parameters; Earth Engine's is libsvm too.

=====================  =============================================================================
SEPAL                  scikit-learn
=====================  =============================================================================
svm_type: c_svc        SVC(C=cost)
svm_type: nu_svc       NuSVC(nu=nu)
svm_type: one_class    OneClassSVM(nu=0.5) on the samples of the class `one_class` alone
kernel_type            kernel
degree, coef0          the same
gamma                  the same; `auto` is 1 / number of bands, as in SEPAL where gamma is empty;
                       `scale` is that divided by the variance of all scaled values
shrinking              shrinking
class_weights          sample_weight of each row: its share of the cost, or of nu
=====================  =============================================================================

* decision_procedure: with `voting`, each pair of classes gives one vote, as libsvm and SVC.predict; with `margin`,
  each pair adds its decision value to the one class and takes it from the other. Equal: the smallest class value.
* Probability: libsvm's own is going from scikit-learn, so it is CalibratedClassifierCV(ensemble=False), which fits
  a sigmoid for each class to decision values of rows held out; only when asked for. The class is the same with and
  without, so it may be another than the most probable one. As many folds as the smallest class has samples, 2 to 5;
  a class of one sample has it in both of two folds, so that its probability rests on a row that was not held out.
* one_class says whether a pixel is like the chosen class; it is the legend's other class if not, so the legend must
  have exactly two. Earth Engine knows the class values 0 and 1 only. No probability, weights or decision procedure.
* nu of nu_svc has an upper limit for each pair of classes, 2 * min(n_i, n_j) / (n_i + n_j). Close to it, and close
  to 0 where classes lie among each other, there may be no solution.

Bands are scaled by `normalize` before. A fit that does not end is stopped where libsvm itself stops it.
"""

from __future__ import annotations

import copy
import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import SVC, NuSVC, OneClassSVM

from classify_local.classifiers.protocol import Arrays, plain, require_names
from classify_local.errors import InputError, RefusedError
from classify_local.recipe.classifiers import SupportVectorMachine
from classify_local.types import FeatureArray, LabelArray

__all__ = ["FittedMachine", "FittedOneClass", "fit", "largest_feasible_nu", "restore"]

_FOLDS = 5
_MOST_STEPS = 10_000_000
_MACHINE = ("support_vectors", "n_support", "dual_coef", "intercept", "gamma")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FittedMachine:
    """A machine that tells classes apart.

    Parameters
    ----------
    estimator
        scikit-learn's SVC or NuSVC.
    by_margin
        Whether decision values are added up, instead of votes.
    sigmoids
        Slope and offset of the probability of each class (of the second alone where there are two), or None.
    """

    estimator: Any
    by_margin: bool
    sigmoids: NDArray[np.float64] | None = None

    @property
    def gives_probabilities(self) -> bool:
        """Whether it was fitted with them."""
        return self.sigmoids is not None

    def predict(self, rows: NDArray[np.float32]) -> NDArray[np.int64]:
        """Codes by votes or margins, the first of several."""
        if not self.by_margin:
            return np.asarray(self.estimator.predict(rows), dtype=np.int64)
        return np.asarray(self.margins(rows).argmax(axis=1), dtype=np.int64)

    def margins(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """Sum of the decision values of each class against each other one, shape (n, classes)."""
        pairwise = copy.copy(self.estimator).set_params(decision_function_shape="ovo")
        values = pairwise.decision_function(rows)
        if values.ndim == 1:
            return np.stack([-values, values], axis=1)
        first, second = np.triu_indices(len(self.estimator.classes_), 1)
        sums = np.zeros((len(rows), len(self.estimator.classes_)))
        for value, one, other in zip(values.T, first, second, strict=True):
            sums[:, one] += value
            sums[:, other] -= value
        return sums

    def predict_proba(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """Calibrated probabilities.

        Raises
        ------
        InputError
            If it was fitted without.
        """
        if self.sigmoids is None:
            raise InputError("this svm was trained without probabilities; train it again with them")
        decisions = self.estimator.decision_function(rows).reshape(len(rows), -1)
        shares = expit(-(self.sigmoids[:, 0] * decisions + self.sigmoids[:, 1]))
        if shares.shape[1] == 1:
            return np.concatenate([1.0 - shares, shares], axis=1)
        whole = shares.sum(axis=1, keepdims=True)
        equal = np.full_like(shares, 1 / shares.shape[1])
        return np.asarray(np.minimum(np.divide(shares, whole, out=equal, where=whole != 0), 1.0))

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The machine's arrays, and its sigmoids if it has them."""
        found = _machine_arrays(self.estimator)
        return found if self.sigmoids is None else {**found, "sigmoids": self.sigmoids}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FittedOneClass:
    """A machine that knows one class of two; `code` is the class it knows."""

    estimator: Any
    code: int
    gives_probabilities: bool = False

    def predict(self, rows: NDArray[np.float32]) -> NDArray[np.int64]:
        """Codes: the class it knows, or the other."""
        return np.where(self.estimator.predict(rows) > 0, self.code, 1 - self.code).astype(np.int64)

    def predict_proba(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """Refuse.

        Raises
        ------
        InputError
            Always.
        """
        raise InputError(f"a one_class svm gives no probabilities for its {len(rows)} rows; only the class")

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The machine's arrays and the class it knows."""
        return {**_machine_arrays(self.estimator), "known": np.array([self.code], np.int64)}


def fit(
    parameters: SupportVectorMachine, features: FeatureArray, codes: LabelArray,
    *, probability: bool = False, weights: NDArray[np.float64] | None = None, one_class: int | None = None,
) -> FittedMachine | FittedOneClass:  # fmt: skip
    """A machine fitted to features (n, bands), already scaled, and class codes (n,).

    `one_class` is the code of the class that a machine of that type shall know.

    Raises
    ------
    InputError
        If a parameter does not fit the table, or the fit does not end.
    """
    values = np.asarray(features, dtype=np.float32).astype(np.float64)
    model = _estimator(parameters, len(values))
    if parameters.svm_type == "one_class":
        return FittedOneClass(estimator=_one_class(model, values, codes, one_class, probability), code=one_class or 0)
    if parameters.svm_type == "nu_svc":
        _require_feasible(parameters.nu, codes, weights)
    by_margin = parameters.decision_procedure == "margin"
    if not probability:
        return FittedMachine(estimator=_fitted(model, values, codes, weights), by_margin=by_margin)
    machine, sigmoids = _calibrated(model, values, codes, weights)
    return FittedMachine(estimator=machine, by_margin=by_margin, sigmoids=sigmoids)


def restore(
    parameters: SupportVectorMachine, arrays: Arrays, n_bands: int, n_classes: int
) -> FittedMachine | FittedOneClass:
    """The machine whose arrays these are.

    Raises
    ------
    RefusedError
        If they are none.
    """
    one_class = parameters.svm_type == "one_class"
    has_sigmoids = not one_class and "sigmoids" in arrays
    require_names(arrays, (*_MACHINE, *(("known",) if one_class else ("sigmoids",) if has_sigmoids else ())))
    machine = _restored(_estimator(parameters, 1), arrays, n_bands, 2 if one_class else n_classes, one_class)
    if one_class:
        return FittedOneClass(estimator=machine, code=int(plain(arrays, "known", np.int64, (1,), low=0, high=1)[0]))
    rows = 1 if n_classes == 2 else n_classes
    sigmoids = plain(arrays, "sigmoids", np.float64, (rows, 2)) if has_sigmoids else None
    return FittedMachine(estimator=machine, by_margin=parameters.decision_procedure == "margin", sigmoids=sigmoids)


def largest_feasible_nu(codes: LabelArray, weights: NDArray[np.float64] | None = None) -> float:
    """The greatest nu that every pair of classes allows: 2 * min(n_i, n_j) / (n_i + n_j), or of their weights."""
    sizes = _sizes(codes, weights)
    return float(2 * sizes.min() / (sizes.min() + sizes.max()))


def _sizes(codes: LabelArray, weights: NDArray[np.float64] | None) -> NDArray[np.float64]:
    sizes = np.bincount(codes, weights).astype(np.float64)
    return sizes[sizes > 0]


def _is_feasible(nu: float, codes: LabelArray, weights: NDArray[np.float64] | None) -> bool:
    sizes = _sizes(codes, weights)
    return bool(nu * (sizes.min() + sizes.max()) / 2 <= sizes.min())


def _require_feasible(nu: float, codes: LabelArray, weights: NDArray[np.float64] | None) -> None:
    if _is_feasible(nu, codes, weights):
        return
    sizes, most = _sizes(codes, weights), largest_feasible_nu(codes, weights)
    digits = 10.0 ** (2 - math.floor(math.log10(most)))
    raise InputError(
        f"classifier.nu: {nu} is not feasible where the smallest class has {sizes.min():g} samples and the largest "
        f"{sizes.max():g}; give at most {math.floor(most * digits) / digits:g}, or take c_svc"
    )


def _estimator(parameters: SupportVectorMachine, rows: int) -> Any:
    common = {
        "kernel": parameters.kernel_type, "degree": parameters.degree, "gamma": parameters.gamma,
        "coef0": float(parameters.coef0), "shrinking": parameters.shrinking, "max_iter": max(_MOST_STEPS, 100 * rows),
    }  # fmt: skip
    if parameters.svm_type == "one_class":
        return OneClassSVM(nu=0.5, **common)
    if parameters.svm_type == "nu_svc":
        return NuSVC(nu=float(parameters.nu), **common)
    return SVC(C=float(parameters.cost), **common)


def _fitted(model: Any, values: NDArray[np.float64], *targets: Any) -> Any:
    """The model, fitted, if the fit comes to its end."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            return model.fit(values, *targets)
        except ConvergenceWarning as warning:
            raise InputError(
                "classifier: the svm was not done after millions of steps; scale the bands (normalize: percentile), "
                "lower the cost, or take the kernel rbf"
            ) from warning
        except ValueError as error:
            if "not finite" not in str(error):
                raise
            raise InputError(
                "classifier: the svm finds no finite solution; scale the bands (normalize: percentile), lower degree, "
                "gamma or coef0, change nu, or take c_svc with the kernel rbf"
            ) from error


def _one_class(model: Any, values: NDArray[np.float64], codes: LabelArray, code: int | None, probability: bool) -> Any:
    if code not in (0, 1) or not (codes == code).any():
        raise InputError("classifier.one_class: needs training samples of the class, one of the legend's two")
    if probability:
        raise InputError("classifier.svm_type: a one_class svm gives no probabilities; ask for class alone")
    return _fitted(model, values[codes == code])


def _calibrated(
    model: Any, values: NDArray[np.float64], codes: LabelArray, weights: NDArray[np.float64] | None
) -> tuple[Any, NDArray[np.float64]]:
    """The machine, and slope and offset of its sigmoids."""
    lone = np.flatnonzero(np.bincount(codes)[codes] == 1)
    rows = np.concatenate([np.arange(len(codes)), lone])
    given = None if weights is None else weights[rows]
    folds = _folds(model, values[rows], codes[rows], given)
    fitted = _fitted(CalibratedClassifierCV(model, cv=folds, ensemble=False), values[rows], codes[rows], given)
    inner = fitted.calibrated_classifiers_[0]
    sigmoids = np.array([[each.a_, each.b_] for each in inner.calibrators], dtype=np.float64)
    return (_fitted(model, values, codes, weights) if len(lone) else inner.estimator), sigmoids


def _folds(
    model: Any, values: NDArray[np.float64], codes: LabelArray, weights: NDArray[np.float64] | None
) -> StratifiedKFold:
    """As many folds as the smallest class fills and nu allows."""
    for count in range(min(_FOLDS, int(np.bincount(codes).min())), 1, -1):
        folds = StratifiedKFold(count)
        parts = [rows for rows, _ in folds.split(values, codes)]
        given = [None if weights is None else weights[rows] for rows in parts]
        nu = getattr(model, "nu", 0.0)
        if all(_is_feasible(nu, codes[rows], part) for rows, part in zip(parts, given, strict=True)):
            return folds
    raise InputError(
        f"classifier.nu: {model.nu} leaves no room to calibrate probabilities on parts of the samples; lower it a "
        "little, take c_svc, or ask for no probabilities"
    )


def _machine_arrays(estimator: Any) -> dict[str, NDArray[np.generic]]:
    return {
        "support_vectors": np.asarray(estimator.support_vectors_, np.float64),
        "n_support": np.asarray(estimator._n_support, np.int32),
        "dual_coef": np.asarray(estimator._dual_coef_, np.float64),
        "intercept": np.asarray(estimator._intercept_, np.float64),
        "gamma": np.array([estimator._gamma], np.float64),
    }


def _restored(model: Any, arrays: Arrays, n_bands: int, n_classes: int, one_class: bool) -> Any:
    """The estimator with what it had learnt set again: the same library code then computes with the same numbers."""
    vectors = plain(arrays, "support_vectors", np.float64, (None, n_bands))
    sizes = plain(arrays, "n_support", np.int32, (n_classes,), low=0, high=len(vectors))
    told = sizes.max() if one_class else sizes.sum(dtype=np.int64)  # libsvm says it twice of one class
    if not len(vectors) or told != len(vectors):
        raise RefusedError("the model's support vectors are not as many as its classes have")
    model._dual_coef_ = plain(arrays, "dual_coef", np.float64, (n_classes - 1, len(vectors)))
    model._intercept_ = plain(arrays, "intercept", np.float64, (n_classes * (n_classes - 1) // 2,))
    model._gamma = float(plain(arrays, "gamma", np.float64, (1,), low=0)[0])
    model.support_vectors_, model._n_support = vectors, sizes
    model.support_ = np.arange(len(vectors), dtype=np.int32)
    model._probA = model._probB = np.empty(0)
    model._sparse, model._effective_probability, model.fit_status_ = False, False, 0
    model.n_features_in_, model.shape_fit_ = n_bands, vectors.shape
    sign = 1 if one_class or n_classes > 2 else -1
    model.dual_coef_, model.intercept_ = sign * model._dual_coef_, sign * model._intercept_
    if not one_class:
        model.classes_, model.class_weight_ = np.arange(n_classes), np.ones(n_classes)
    return model
