"""Gradient tree boost on XGBoost, with SEPAL's parameters.

=====================  =================================================================================
SEPAL                  XGBoost's XGBClassifier
=====================  =================================================================================
number_of_trees        n_estimators: rounds, each of one tree, or of one for each class from three on
shrinkage              learning_rate
sampling_rate          subsample
max_nodes              max_leaves; 64 if empty
loss                   of the regression alone: reg:squarederror, reg:absoluteerror, reg:pseudohubererror
seed                   random_state
class_weights          sample_weight of each row
=====================  =================================================================================

Fixed: tree_method hist (256 bins), grow_policy lossguide without a limit of depth, min_child_weight 0 as a leaf may
hold one sample, reg_lambda 1, one thread; so the same table gives the same model.

What differs from Earth Engine (Smile): it looks at every value for a split, not at bins; it draws each tree's share
class by class; its leaves are not regularised; a tree without `max_nodes` grows until it knows every sample. That
is what boosting cannot use: one tree then leaves nothing for the others to mend. 64 leaves are what XGBoost's own
trees have at most (Statlog, 100 rounds: 6 leaves .889, 32 .906, 64 .912, no limit .906). reg_lambda 1 keeps the
leaf of one confidently wrong sample finite; without it, probabilities are too sure (log loss .31 against .26).

The model file holds the trees as arrays, not XGBoost's own format: its reader trusts what a file says of parents
and children. `restore` checks the arrays, and writes the format itself from a new, empty model of the library.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xgboost import Booster, XGBClassifier, XGBRegressor
from xgboost.core import XGBoostError

from classify_local.classifiers.protocol import Arrays, plain, require_names
from classify_local.classifiers.random_forest import check_structure
from classify_local.errors import RefusedError
from classify_local.recipe.classifiers import GradientTreeBoost
from classify_local.types import FeatureArray, LabelArray

__all__ = ["FittedBoost", "FittedBoostRegressor", "fit", "fit_regression", "restore", "restore_regression"]

MOST_LEAVES = 64
"""Of a tree, where a recipe sets no limit."""

_LOSSES = {
    "least_squares": "reg:squarederror",
    "least_absolute_deviation": "reg:absoluteerror",
    "huber": "reg:pseudohubererror",
}
_NODES = {
    "left": ("left_children", np.int32), "right": ("right_children", np.int32), "feature": ("split_indices", np.int32),
    "threshold": ("split_conditions", np.float32), "missing_left": ("default_left", np.uint8),
}  # fmt: skip
_ROOT_PARENT = 2147483647


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FittedBoost:
    """Boosted trees that tell classes apart; `booster` is XGBoost's."""

    booster: Booster
    gives_probabilities: bool = True

    def predict(self, rows: NDArray[np.float32]) -> NDArray[np.int64]:
        """Codes of the most probable class, the first of several."""
        return np.asarray(self.predict_proba(rows).argmax(axis=1), dtype=np.int64)

    def predict_proba(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """Probabilities; XGBoost computes them as float32."""
        found = self.booster.inplace_predict(rows)
        if found.ndim == 1:
            found = np.stack([1 - found, found], axis=1)
        return np.asarray(found, dtype=np.float64)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The trees: offsets, left, right, feature, threshold (the value in a leaf), missing_left, base."""
        return _booster_arrays(self.booster)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FittedBoostRegressor:
    """Boosted trees of class values as numbers; `booster` is XGBoost's."""

    booster: Booster

    def predict(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """Values; XGBoost computes them as float32."""
        return np.asarray(self.booster.inplace_predict(rows), dtype=np.float64)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The trees, as those of a classifier."""
        return _booster_arrays(self.booster)


def fit(
    parameters: GradientTreeBoost, features: FeatureArray, codes: LabelArray,
    *, probability: bool = True, weights: NDArray[np.float64] | None = None,
) -> FittedBoost:  # fmt: skip
    """Trees fitted to features (n, bands) and class codes (n,).

    `probability` makes no difference: the class comes from the probabilities.
    """
    del probability
    model = _classifier(parameters, int(codes.max()) + 1)
    return FittedBoost(booster=model.fit(_table(features), codes, sample_weight=weights).get_booster())


def restore(parameters: GradientTreeBoost, arrays: Arrays, n_bands: int, n_classes: int) -> FittedBoost:
    """The trees whose arrays these are.

    Raises
    ------
    RefusedError
        If they are none.
    """
    codes = np.arange(n_classes)
    empty = _classifier(parameters, n_classes, n_estimators=0).fit(np.zeros((n_classes, n_bands), np.float32), codes)
    groups = 1 if n_classes == 2 else n_classes
    return FittedBoost(booster=_filled(empty.get_booster(), arrays, n_bands, groups, is_share=n_classes == 2))


def fit_regression(parameters: GradientTreeBoost, features: FeatureArray, labels: NDArray[Any]) -> FittedBoostRegressor:
    """Trees fitted to class values as numbers, shape (n,)."""
    model = _regressor(parameters).fit(_table(features), np.asarray(labels, dtype=np.float32))
    return FittedBoostRegressor(booster=model.get_booster())


def restore_regression(parameters: GradientTreeBoost, arrays: Arrays, n_bands: int) -> FittedBoostRegressor:
    """The regression trees whose arrays these are.

    Raises
    ------
    RefusedError
        If they are none.
    """
    empty = _regressor(parameters, n_estimators=0).fit(np.zeros((2, n_bands), np.float32), np.arange(2.0))
    return FittedBoostRegressor(booster=_filled(empty.get_booster(), arrays, n_bands, 1))


def _classifier(parameters: GradientTreeBoost, n_classes: int, **changed: Any) -> XGBClassifier:
    objective = "binary:logistic" if n_classes == 2 else "multi:softprob"
    return XGBClassifier(**{**_options(parameters), "objective": objective, **changed})


def _regressor(parameters: GradientTreeBoost, **changed: Any) -> XGBRegressor:
    return XGBRegressor(**{**_options(parameters), "objective": _LOSSES[parameters.loss], **changed})


def _table(features: FeatureArray) -> NDArray[np.float32]:
    return np.ascontiguousarray(features, dtype=np.float32)


def _options(parameters: GradientTreeBoost) -> dict[str, Any]:
    return {
        "n_estimators": parameters.number_of_trees,
        "learning_rate": float(parameters.shrinkage),
        "subsample": float(parameters.sampling_rate),
        "max_leaves": parameters.max_nodes or MOST_LEAVES,
        "max_depth": 0,
        "tree_method": "hist",
        "grow_policy": "lossguide",
        "reg_lambda": 1.0,
        "min_child_weight": 0.0,
        "random_state": parameters.seed,
        "n_jobs": 1,
        "verbosity": 0,
    }


def _described(booster: Booster) -> dict[str, Any]:
    return dict(json.loads(booster.save_raw("json")))


def _booster_arrays(booster: Booster) -> dict[str, NDArray[np.generic]]:
    learner = _described(booster)["learner"]
    trees = learner["gradient_booster"]["model"]["trees"]
    columns: dict[str, NDArray[np.generic]] = {
        ours: np.concatenate([np.asarray(tree[its], dtype) for tree in trees]) for ours, (its, dtype) in _NODES.items()
    }
    sizes = [len(tree["left_children"]) for tree in trees]
    base = np.atleast_1d(np.asarray(json.loads(learner["learner_model_param"]["base_score"]), np.float32))
    return {"offsets": np.cumsum([0, *sizes], dtype=np.int64), **columns, "base": base}


def _checked(arrays: Arrays, n_bands: int, groups: int, is_share: bool) -> dict[str, NDArray[Any]]:
    """The arrays, if they are those of whole rounds of `groups` trees; `is_share` if their base is a probability."""
    require_names(arrays, ("offsets", *_NODES, "base"))
    found: dict[str, NDArray[Any]] = {"offsets": plain(arrays, "offsets", np.int64, (None,))}
    count = len(arrays["left"])
    for name, (_, dtype) in _NODES.items():
        found[name] = plain(arrays, name, dtype, (count,))
    split = {name: found[name] for name in ("offsets", "left", "right", "feature")}
    check_structure({**split, "threshold": found["threshold"].astype(np.float64)}, n_bands)
    leaf = found["left"] < 0
    if (found["feature"][leaf] != 0).any() or (found["missing_left"] > 1).any():
        raise RefusedError("the model's nodes say what no tree does")
    found["base"] = plain(arrays, "base", np.float32, (None,))
    if (len(found["offsets"]) - 1) % groups or len(found["base"]) not in (1, groups):
        raise RefusedError("the model's trees are not as many for each class")
    if is_share and not (0 < found["base"][0] < 1):
        raise RefusedError("the model's array base is no probability")
    return found


def _filled(empty: Booster, arrays: Arrays, n_bands: int, groups: int, *, is_share: bool = False) -> Booster:
    """A booster of checked trees, in the format of the library that reads it."""
    found = _checked(arrays, n_bands, groups, is_share)
    description = _described(empty)
    learner, count = description["learner"], len(found["offsets"]) - 1
    learner["learner_model_param"]["base_score"] = _as_library(found["base"])
    model = learner["gradient_booster"]["model"]
    model["gbtree_model_param"]["num_trees"] = str(count)
    model["iteration_indptr"] = list(range(0, count + 1, groups))
    model["tree_info"] = [tree % groups for tree in range(count)]
    model["trees"] = [_tree(found, number, n_bands) for number in range(count)]
    booster = Booster({"nthread": 1, "verbosity": 0})
    try:
        booster.load_model(bytearray(json.dumps(description).encode()))
    except XGBoostError as error:
        raise RefusedError("the model's trees are none that XGBoost takes") from error
    return booster


def _as_library(base: NDArray[np.float32]) -> str:
    numbers = [str(value) for value in base]
    return f"[{','.join(numbers)}]" if len(numbers) > 1 else numbers[0]


def _tree(found: dict[str, NDArray[Any]], number: int, n_bands: int) -> dict[str, Any]:
    part = slice(found["offsets"][number], found["offsets"][number + 1])
    left, right = found["left"][part], found["right"][part]
    size, inner = len(left), np.flatnonzero(left >= 0)
    parents = np.full(size, _ROOT_PARENT)
    parents[left[inner]] = parents[right[inner]] = inner
    columns: dict[str, Any] = {its: found[ours][part].tolist() for ours, (its, _) in _NODES.items()}
    # float32 in its shortest form, which is read back to the same bits
    columns["split_conditions"] = [float(str(value)) for value in found["threshold"][part]]
    columns |= {name: [] for name in ("categories", "categories_nodes", "categories_segments", "categories_sizes")}
    columns |= {name: [0.0] * size for name in ("base_weights", "loss_changes", "sum_hessian")}
    shape = {"num_deleted": "0", "num_feature": str(n_bands), "num_nodes": str(size), "size_leaf_vector": "1"}
    return {**columns, "id": number, "parents": parents.tolist(), "split_type": [0] * size, "tree_param": shape}
