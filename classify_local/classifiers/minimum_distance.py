"""Minimum distance: the class whose mean lies nearest.

=====================  ==============================================================================
metric                 distance of a pixel x to the mean m of a class
=====================  ==============================================================================
euclidean              square root of the sum of (x - m)^2; scikit-learn's NearestCentroid
manhattan              sum of |x - m| (to the mean: scikit-learn would take the median)
cosine                 angle between x and m as vectors from 0, the spectral angle
mahalanobis            euclidean once the bands are decorrelated by the covariance within the classes
=====================  ==============================================================================

Equally near: the smallest class value. Earth Engine does not say which covariance it takes. Here it is one for
all classes, pooled, because few classes have the samples for one of their own. Where bands depend on each other or
do not vary within the classes, it cannot be inverted: variances are kept above a 1e-6th of the band's whole
variance, and eigenvalues of the correlations above 1e-6. There are no probabilities and no weights of classes: a
mean does not know how many others there are. Bands are scaled by `normalize` before.

An angle needs a direction: a pixel, or a mean, of only zeros stands at right angles to everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from classify_local.classifiers.protocol import Arrays, plain, products, require_names
from classify_local.errors import InputError
from classify_local.recipe.classifiers import MinimumDistance
from classify_local.types import FeatureArray, LabelArray

__all__ = ["FittedMeans", "fit", "restore"]

_LEAST = 1e-6
_ROWS = 4096


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FittedMeans:
    """Means of the classes.

    Parameters
    ----------
    metric
        How distance is measured.
    mean
        Shape (classes, bands).
    transform
        For mahalanobis, what decorrelates the bands, shape (bands, bands); else None.
    """

    metric: Literal["euclidean", "cosine", "mahalanobis", "manhattan"]
    mean: NDArray[np.float64]
    transform: NDArray[np.float64] | None = None
    gives_probabilities: bool = False

    def predict(self, rows: NDArray[np.float32]) -> NDArray[np.int64]:
        """Codes of the nearest mean, the first of several."""
        codes = np.empty(len(rows), np.int64)
        for first in range(0, len(rows), _ROWS):
            codes[first : first + _ROWS] = self.distances(rows[first : first + _ROWS]).argmin(axis=1)
        return codes

    def distances(self, rows: FeatureArray) -> NDArray[np.float64]:
        """What is least for the nearest mean, shape (n, classes): the distance or one that rises with it."""
        values, means = rows.astype(np.float64), self.mean
        if self.metric == "cosine":
            return -products(values, np.ascontiguousarray(_directions(means).T))
        if self.transform is not None:
            values, means = products(values, self.transform), products(means, self.transform)
        away = np.abs if self.metric == "manhattan" else np.square
        return np.stack([away(values - mean).sum(axis=1) for mean in means], axis=1)

    def predict_proba(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """Refuse.

        Raises
        ------
        InputError
            Always: distances are no probabilities.
        """
        raise InputError(f"minimum_distance gives no probabilities for its {len(rows)} rows; only the class")

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The means and, for mahalanobis, the transform."""
        return {"mean": self.mean} if self.transform is None else {"mean": self.mean, "transform": self.transform}


def fit(
    parameters: MinimumDistance, features: FeatureArray, codes: LabelArray,
    *, probability: bool = False, weights: NDArray[np.float64] | None = None,
) -> FittedMeans:  # fmt: skip
    """Means of features (n, bands), already scaled, by class codes (n,).

    `probability` must be false and `weights` None: there is neither.
    """
    if probability or weights is not None:
        raise InputError("minimum_distance gives no probabilities and takes no weights of classes")
    values = np.asarray(features, dtype=np.float32).astype(np.float64)
    mean = np.stack([values[codes == code].mean(axis=0) for code in range(int(codes.max()) + 1)])
    mahalanobis = parameters.metric == "mahalanobis"
    return FittedMeans(
        metric=parameters.metric, mean=mean, transform=_decorrelation(values, mean, codes) if mahalanobis else None
    )


def restore(parameters: MinimumDistance, arrays: Arrays, n_bands: int, n_classes: int) -> FittedMeans:
    """The means whose arrays these are.

    Raises
    ------
    RefusedError
        If they are none.
    """
    mahalanobis = parameters.metric == "mahalanobis"
    require_names(arrays, ("mean", "transform") if mahalanobis else ("mean",))
    return FittedMeans(
        metric=parameters.metric,
        mean=plain(arrays, "mean", np.float64, (n_classes, n_bands)),
        transform=plain(arrays, "transform", np.float64, (n_bands, n_bands)) if mahalanobis else None,
    )


def _directions(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Vectors of length 1; those of only zeros stay."""
    length = np.sqrt(np.square(vectors).sum(axis=1, keepdims=True))
    return np.asarray(vectors / np.where(length > 0, length, 1))


def _decorrelation(values: NDArray[np.float64], mean: NDArray[np.float64], codes: LabelArray) -> NDArray[np.float64]:
    """A matrix after which the bands have variance 1 and covariance 0 within the classes."""
    within = values - mean[codes]
    freedom = max(len(values) - len(mean), 1)
    whole = values.var(axis=0)
    variance = np.maximum(np.square(within).sum(axis=0) / freedom, _LEAST * whole)
    deviation = np.sqrt(np.where(variance > 0, variance, 1))
    standard = within / deviation
    eigenvalues, vectors = np.linalg.eigh(standard.T @ standard / freedom)
    return np.asarray(vectors / np.sqrt(np.maximum(eigenvalues, _LEAST)) / deviation[:, None])
