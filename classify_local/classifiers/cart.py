"""CART, one decision tree, on scikit-learn with SEPAL's parameters.

=====================  ==========================================
SEPAL                  scikit-learn's DecisionTreeClassifier
=====================  ==========================================
min_leaf_population    min_samples_leaf
max_nodes              max_leaf_nodes
class_weights          sample_weight of each row
=====================  ==========================================

Splits by Gini impurity, over all bands. Where two splits are equally good, scikit-learn takes one at random; the
seed of that is 0. A probability is the share of the class in the leaf, so with the default of one sample to a leaf
it is 0 or 1; Earth Engine (Smile) adds one sample of each class to every leaf, so that it is never 0 or 1.

The regression is DecisionTreeRegressor on the class values with the same parameters (squared error).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from classify_local.classifiers import forest
from classify_local.classifiers.protocol import Arrays
from classify_local.classifiers.random_forest import regression_trees
from classify_local.errors import RefusedError
from classify_local.recipe.classifiers import Cart
from classify_local.types import FeatureArray, LabelArray

__all__ = ["FittedTree", "FittedTreeRegressor", "fit", "fit_regression", "restore", "restore_regression"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FittedTree:
    """A tree that tells classes apart; `estimator` is scikit-learn's."""

    estimator: Any
    gives_probabilities: bool = True

    def predict(self, rows: NDArray[np.float32]) -> NDArray[np.int64]:
        """Codes: the most frequent class of the leaf, the first of several."""
        return np.asarray(self.predict_proba(rows).argmax(axis=1), dtype=np.int64)

    def predict_proba(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """Shares in the leaf that a row reaches."""
        return np.asarray(self.estimator.predict_proba(rows), dtype=np.float64)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The tree, as in `forest.ForestArrays`."""
        return forest.from_estimators([self.estimator]).arrays()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FittedTreeRegressor:
    """A tree of class values as numbers; `estimator` is scikit-learn's."""

    estimator: Any

    def predict(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """The value of the leaf that a row reaches."""
        return np.asarray(self.estimator.predict(rows), dtype=np.float64)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The tree, as in `forest.ForestArrays` with one value for each node."""
        return forest.from_estimators([self.estimator]).arrays()


def fit(
    parameters: Cart, features: FeatureArray, codes: LabelArray,
    *, probability: bool = True, weights: NDArray[np.float64] | None = None,
) -> FittedTree:  # fmt: skip
    """A tree fitted to features (n, bands) and class codes (n,).

    `probability` makes no difference: the class comes from the leaf's shares.
    """
    del probability
    model = DecisionTreeClassifier(**_options(parameters, features))
    return FittedTree(estimator=model.fit(_table(features), codes, sample_weight=weights))


def restore(parameters: Cart, arrays: Arrays, n_bands: int, n_classes: int) -> FittedTree:
    """The tree whose arrays these are.

    Raises
    ------
    RefusedError
        If they are no tree's.
    """
    del parameters
    checked = forest.checked(arrays, n_bands, n_classes)
    trees = forest.to_classifier(checked, n_bands, n_classes).estimators_
    return FittedTree(estimator=_the_only(trees))


def fit_regression(parameters: Cart, features: FeatureArray, labels: NDArray[Any]) -> FittedTreeRegressor:
    """A tree fitted to class values as numbers, shape (n,)."""
    model = DecisionTreeRegressor(**_options(parameters, features))
    return FittedTreeRegressor(estimator=model.fit(_table(features), np.asarray(labels, dtype=np.float64)))


def restore_regression(parameters: Cart, arrays: Arrays, n_bands: int) -> FittedTreeRegressor:
    """The regression tree whose arrays these are.

    Raises
    ------
    RefusedError
        If they are no tree's.
    """
    del parameters
    return FittedTreeRegressor(estimator=_the_only(regression_trees(arrays, n_bands)))


def _the_only(trees: list[Any]) -> Any:
    if len(trees) != 1:
        raise RefusedError(f"the model of one tree holds {len(trees)}")
    return trees[0]


def _table(features: FeatureArray) -> NDArray[np.float32]:
    return np.ascontiguousarray(features, dtype=np.float32)


def _options(parameters: Cart, features: FeatureArray) -> dict[str, Any]:
    return {
        "min_samples_leaf": min(parameters.min_leaf_population, len(features)),
        "max_leaf_nodes": parameters.max_nodes,
        "random_state": 0,
    }
