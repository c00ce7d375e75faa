"""Random Forest on scikit-learn, with SEPAL's parameters.

=====================  ==========================================
SEPAL                  scikit-learn's RandomForestClassifier
=====================  ==========================================
number_of_trees        n_estimators
variables_per_split    max_features; square root of the bands if empty
min_leaf_population    min_samples_leaf
bag_fraction           max_samples, drawn with replacement
max_nodes              max_leaf_nodes
seed                   random_state
class_weights          sample_weight of each row
=====================  ==========================================

Earth Engine's forest (Smile) draws each tree's share without replacement and class by class, and its
class is the plain majority of the trees; here, as in scikit-learn, it is the class with the greatest
mean of the trees' leaf shares, which with pure leaves is the same vote. Ties go to the smallest class value.

The regression is RandomForestRegressor on the class values with the same parameters (squared error; the
square root of the bands too, where scikit-learn's own default is all of them).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.tree import DecisionTreeRegressor

from classify_local.classifiers import forest
from classify_local.classifiers.protocol import Arrays, plain
from classify_local.cores import available_cores
from classify_local.errors import InputError
from classify_local.recipe.classifiers import RandomForest
from classify_local.types import FeatureArray, LabelArray

__all__ = [
    "FittedForest", "FittedForestRegressor", "check_structure", "fit", "fit_regression", "regression_trees", "restore",
    "restore_regression",
]  # fmt: skip

_WORTH_THREADS = 50_000
"""Training rows times trees from which several threads grow a forest sooner than one."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FittedForest:
    """A forest that tells classes apart; `estimator` is scikit-learn's."""

    estimator: Any
    gives_probabilities: bool = True

    @property
    def estimators_(self) -> list[Any]:
        """The trees, under scikit-learn's name."""
        return list(self.estimator.estimators_)

    def get_params(self) -> dict[str, Any]:
        """The parameters, under scikit-learn's names."""
        return dict(self.estimator.get_params())

    def predict(self, rows: NDArray[np.float32]) -> NDArray[np.int64]:
        """Codes: the class of the greatest mean share, the first of several."""
        return np.asarray(self.predict_proba(rows).argmax(axis=1), dtype=np.int64)

    def predict_proba(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """Mean of the shares in the leaves that a row reaches."""
        return np.asarray(self.estimator.predict_proba(rows), dtype=np.float64)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The trees, as in `forest.ForestArrays`."""
        return forest.from_estimators(self.estimators_).arrays()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FittedForestRegressor:
    """A forest of class values as numbers; `estimator` is scikit-learn's."""

    estimator: Any

    def predict(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """Mean of the values in the leaves that a row reaches."""
        return np.asarray(self.estimator.predict(rows), dtype=np.float64)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The trees, as in `forest.ForestArrays` with one value for each node."""
        return forest.from_estimators(list(self.estimator.estimators_)).arrays()


def fit(
    parameters: RandomForest, features: FeatureArray, codes: LabelArray,
    *, probability: bool = True, weights: NDArray[np.float64] | None = None,
) -> FittedForest:  # fmt: skip
    """A forest fitted to a training table.

    Parameters
    ----------
    parameters
        SEPAL's parameters.
    features
        Shape (n, bands).
    codes
        Classes as 0, 1, ..., shape (n,).
    probability
        Makes no difference: a forest's class comes from its probabilities.
    weights
        Weight of each row, shape (n,).

    Raises
    ------
    InputError
        If a parameter does not fit the table.
    """
    del probability
    model = RandomForestClassifier(**_options(parameters, features))
    return FittedForest(estimator=_fitted(model, features, codes, weights))


def restore(parameters: RandomForest, arrays: Arrays, n_bands: int, n_classes: int) -> FittedForest:
    """The forest whose arrays these are.

    Raises
    ------
    RefusedError
        If they are no forest's.
    """
    del parameters
    checked = forest.checked(arrays, n_bands, n_classes)
    return FittedForest(estimator=forest.to_classifier(checked, n_bands, n_classes))


def fit_regression(parameters: RandomForest, features: FeatureArray, labels: NDArray[Any]) -> FittedForestRegressor:
    """A forest fitted to class values as numbers, shape (n,).

    Raises
    ------
    InputError
        If a parameter does not fit the table.
    """
    model = RandomForestRegressor(**_options(parameters, features))
    return FittedForestRegressor(estimator=_fitted(model, features, np.asarray(labels, dtype=np.float64)))


def restore_regression(parameters: RandomForest, arrays: Arrays, n_bands: int) -> FittedForestRegressor:
    """The regression forest whose arrays these are.

    Raises
    ------
    RefusedError
        If they are no forest's.
    """
    del parameters
    trees = regression_trees(arrays, n_bands)
    model = RandomForestRegressor(n_estimators=len(trees), n_jobs=1)
    model.estimator_, model.estimators_ = DecisionTreeRegressor(), trees
    model.n_outputs_, model.n_features_in_ = 1, n_bands
    return FittedForestRegressor(estimator=model)


def regression_trees(arrays: Arrays, n_bands: int) -> list[Any]:
    """The scikit-learn regression trees whose arrays these are: `forest.ForestArrays` with one value for each node.

    Raises
    ------
    RefusedError
        If they are none.
    """
    values = plain(arrays, "values", np.float64, (None, 1))
    forest.checked({**arrays, "values": np.ones_like(values)}, n_bands, 1)
    trees = forest.ForestArrays(**arrays)  # type: ignore[arg-type]
    return [_regressor(tree.tree_, n_bands) for tree in forest.to_classifier(trees, n_bands, 1).estimators_]


def check_structure(nodes: Mapping[str, NDArray[Any]], n_bands: int) -> None:
    """Refuse trees whose offsets, left, right, feature or threshold lead outside of them.

    Raises
    ------
    RefusedError
        If they do.
    """
    count = len(nodes["left"])
    unused = {name: np.zeros(count) for name in ("impurity", "weighted_samples")}
    rest = {"samples": np.zeros(count, np.int64), "values": np.ones((count, 1))}
    forest.checked({**nodes, **unused, **rest}, n_bands, 1)


def _regressor(tree: Any, n_bands: int) -> Any:
    model = DecisionTreeRegressor()
    model.tree_, model.n_features_in_, model.n_outputs_ = tree, n_bands, 1
    return model


def _fitted(
    model: Any, features: FeatureArray, target: NDArray[Any], weights: NDArray[np.float64] | None = None
) -> Any:
    """The model fitted, without scikit-learn's advice on its own parameters for few rows or many classes."""
    # each tree draws from a seed of its own, so that the forest is the same however many threads grow it
    model.set_params(n_jobs=available_cores() if len(features) * model.n_estimators >= _WORTH_THREADS else 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        fitted = model.fit(_table(features), target, sample_weight=weights)
    return fitted.set_params(n_jobs=1)  # what it predicts depends on the number of threads in the last bit


def _table(features: FeatureArray) -> NDArray[np.float32]:
    return np.ascontiguousarray(features, dtype=np.float32)


def _options(parameters: RandomForest, features: FeatureArray) -> dict[str, Any]:
    rows, bands = features.shape
    per_split = parameters.variables_per_split
    if per_split is not None and per_split > bands:
        raise InputError(f"classifier.variables_per_split: {per_split} of {bands} bands; give at most {bands}")
    return {
        "n_estimators": parameters.number_of_trees,
        "max_features": "sqrt" if per_split is None else per_split,
        "min_samples_leaf": min(parameters.min_leaf_population, rows),
        "max_leaf_nodes": parameters.max_nodes,
        "bootstrap": True,
        "max_samples": None if parameters.bag_fraction == 1 else float(parameters.bag_fraction),
        "random_state": parameters.seed,
        "n_jobs": 1,
    }
