"""Naive Bayes on scikit-learn, with SEPAL's parameter.

===========================  ================================================================
SEPAL                        scikit-learn
===========================  ================================================================
variant: gaussian            GaussianNB, a normal distribution of each band in each class;
                             `lambda` has no part in it
variant: multinomial         MultinomialNB on max(trunc(x), 0)
lambda                       alpha of MultinomialNB
class_weights                sample_weight of each row
===========================  ================================================================

SEPAL has only the multinomial variant, for counts: values are cut to integers and negative ones to 0, so bands of
fractions (indexes, ratios) say nothing to it. Earth Engine (Smile) gives no class to a pixel without a positive
feature and skips such rows in training; here, the class of such a pixel is the one most frequent in training, and
its probabilities are the classes' shares there, because a pixel is without a class only where it has no data.
Such rows of training count for those shares and for nothing else.

The gaussian variant adds a 1e-9th of the greatest band's variance to all variances, as scikit-learn does; a class
of one sample has this variance only. Where no band varies at all, the class is the most frequent one.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.naive_bayes import GaussianNB, MultinomialNB

from classify_local.classifiers.protocol import Arrays, plain, products, require_names
from classify_local.errors import RefusedError
from classify_local.recipe.classifiers import NaiveBayes
from classify_local.types import FeatureArray, LabelArray

__all__ = ["FittedGaussian", "FittedMultinomial", "fit", "restore"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FittedGaussian:
    """Normal distributions; `estimator` is scikit-learn's."""

    estimator: Any
    gives_probabilities: bool = True

    def predict(self, rows: NDArray[np.float32]) -> NDArray[np.int64]:
        """Codes of the most probable class, the first of several."""
        return np.asarray(self.estimator.predict(rows), dtype=np.int64)

    def predict_proba(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """Probabilities given the bands."""
        return np.asarray(self.estimator.predict_proba(rows), dtype=np.float64)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Mean and variance (classes, bands), prior (classes,)."""
        model = self.estimator
        return {"mean": model.theta_, "variance": model.var_, "prior": model.class_prior_}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FittedMultinomial:
    """Shares of counts.

    Parameters
    ----------
    log_share
        Logarithm of each band's share in the counts of a class, shape (classes, bands).
    log_prior
        Logarithm of each class's share of the training, shape (classes,).
    """

    log_share: NDArray[np.float64]
    log_prior: NDArray[np.float64]
    gives_probabilities: bool = True

    def predict(self, rows: NDArray[np.float32]) -> NDArray[np.int64]:
        """Codes of the most probable class, the first of several."""
        return np.asarray(self._joint(rows).argmax(axis=1), dtype=np.int64)

    def predict_proba(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """Probabilities given the counts."""
        joint = self._joint(rows)
        likelihood = np.exp(joint - joint.max(axis=1, keepdims=True))
        return np.asarray(likelihood / likelihood.sum(axis=1, keepdims=True), dtype=np.float64)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The fields, as a model file stores them."""
        return {"log_share": self.log_share, "log_prior": self.log_prior}

    def _joint(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        return products(counts(rows), np.ascontiguousarray(self.log_share.T)) + self.log_prior


def counts(rows: FeatureArray) -> NDArray[np.float64]:
    """What the multinomial variant takes for a count: whole numbers, 0 for negative ones."""
    return np.maximum(np.trunc(rows.astype(np.float64)), 0)


def fit(
    parameters: NaiveBayes, features: FeatureArray, codes: LabelArray,
    *, probability: bool = True, weights: NDArray[np.float64] | None = None,
) -> FittedGaussian | FittedMultinomial:  # fmt: skip
    """A model fitted to features (n, bands) and class codes (n,).

    `probability` makes no difference: the class comes from the probabilities.
    """
    del probability
    values = np.asarray(features, dtype=np.float32)
    if parameters.variant == "gaussian":
        return FittedGaussian(estimator=_gaussian(values.astype(np.float64), codes, weights))
    model = MultinomialNB(alpha=float(parameters.lambda_), force_alpha=True)
    model.fit(counts(values), codes, sample_weight=weights)
    return FittedMultinomial(log_share=model.feature_log_prob_, log_prior=model.class_log_prior_)


def restore(parameters: NaiveBayes, arrays: Arrays, n_bands: int, n_classes: int) -> FittedGaussian | FittedMultinomial:
    """The model whose arrays these are.

    Raises
    ------
    RefusedError
        If they are none of this variant.
    """
    if parameters.variant == "gaussian":
        return _restore_gaussian(arrays, n_bands, n_classes)
    require_names(arrays, ("log_share", "log_prior"))
    return FittedMultinomial(
        log_share=plain(arrays, "log_share", np.float64, (n_classes, n_bands), high=1e-9),
        log_prior=plain(arrays, "log_prior", np.float64, (n_classes,), high=1e-9),
    )


def _gaussian(values: NDArray[np.float64], codes: LabelArray, weights: NDArray[np.float64] | None) -> GaussianNB:
    model = GaussianNB()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of variances that are all 0, seen to below
        model.fit(values, codes, sample_weight=weights)
    if not (model.var_ > 0).all():
        model.var_ = np.ones_like(model.var_)
    return model


def _restore_gaussian(arrays: Arrays, n_bands: int, n_classes: int) -> FittedGaussian:
    require_names(arrays, ("mean", "variance", "prior"))
    model = GaussianNB()
    model.theta_ = plain(arrays, "mean", np.float64, (n_classes, n_bands))
    model.var_ = plain(arrays, "variance", np.float64, (n_classes, n_bands), low=np.finfo(np.float64).tiny)
    model.class_prior_ = plain(arrays, "prior", np.float64, (n_classes,), low=0, high=1)
    if not (model.class_prior_ > 0).all() or abs(model.class_prior_.sum() - 1) > 1e-6:
        raise RefusedError("the model's array prior does not hold shares of its classes")
    model.classes_, model.n_features_in_ = np.arange(n_classes), n_bands
    return FittedGaussian(estimator=model)
