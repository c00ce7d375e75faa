"""Gradient boosted trees of XGBoost, compiled from their arrays or from the JSON text of the booster.

A row goes left where ``x < t`` in float32, so the key of the threshold is one less than that of `t`. The leaves of
each class are added in float32, tree by tree, to the class's base score, and become probabilities as in XGBoost
(src/common/math.h, Softmax and Sigmoid): the differences left are those of two exponential functions.

The fields read here are those of https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html, versions 2.1
to 3.2.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classify_local.classifiers.inference.forest import each_block
from classify_local.classifiers.inference.forest_layout import PackedTrees, SplitTrees, pack
from classify_local.classifiers.inference.keys import keys_of
from classify_local.classifiers.inference.leaves import add_named_values, add_values
from classify_local.classifiers.inference.protocol import NotCompiled, Shares, checked_features
from classify_local.classifiers.inference.walk_portable import walk_portable
from classify_local.classifiers.inference.walks import Walk, chosen_walk
from classify_local.jit import jit
from classify_local.types import FeatureArray

__all__ = [
    "CompiledBoostRegression", "CompiledBooster", "compile_boost", "compile_boost_regression", "compile_booster",
]  # fmt: skip

_COLUMNS: Mapping[str, tuple[str, type[np.generic]]] = {
    "left": ("left_children", np.int32), "right": ("right_children", np.int32), "feature": ("split_indices", np.int32),
    "threshold": ("split_conditions", np.float32), "weight": ("sum_hessian", np.float64),
}  # fmt: skip
"""Arrays by their names in the model's text."""

MarginArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CompiledBooster:
    """Trees whose leaves are added up; see `compile_boost`.

    Parameters
    ----------
    packed
        The trees.
    values
        Values of the leaves by number; None if a walk gives the values themselves, as their bits.
    margin_of
        To which margin each tree adds.
    base
        What each margin begins with.
    walk
        How the trees are walked.
    """

    packed: PackedTrees
    values: NDArray[np.float32] | None
    margin_of: NDArray[np.int64]
    base: NDArray[np.float32]
    walk: Walk

    @property
    def bands(self) -> int:
        """How many features a pixel has."""
        return self.packed.bands

    @property
    def classes(self) -> int:
        """How many classes it tells apart: with two there is one margin."""
        return max(2, len(self.base))

    def margins(self, features: FeatureArray) -> MarginArray:
        """Sums of the leaves, shape (classes, n), or (1, n) with two classes."""
        features = checked_features(features, self.bands)
        result = np.repeat(self.base[:, None], features.shape[1], axis=1)
        for block, first, state in each_block(features, self.packed, self.walk):
            margin_of, sums = self.margin_of[first : first + len(state)], result[:, block]
            if self.values is None:
                add_values(state.view(np.float32), margin_of, sums)
            else:
                add_named_values(state, self.values, margin_of, sums)
        return result

    def shares(self, features: FeatureArray) -> Shares:
        """Probabilities, computed in float32 as in XGBoost."""
        margins = self.margins(features)
        values = np.empty((self.classes, margins.shape[1]))
        if len(margins) == 1:
            _sigmoid(margins[0], values)
        else:
            _softmax(margins, values)
        return Shares(values=values, whole=1.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CompiledBoostRegression:
    """Boosted trees of one number; see `compile_boost_regression`.

    Parameters
    ----------
    booster
        The trees, with one margin.
    """

    booster: CompiledBooster

    @property
    def bands(self) -> int:
        """How many features a pixel has."""
        return self.booster.bands

    def values(self, features: FeatureArray) -> NDArray[np.float64]:
        """Sums of the leaves, shape (n,), of features (bands, n); computed in float32 as in XGBoost."""
        return np.asarray(self.booster.margins(features)[0], np.float64)


def compile_booster(text: str | bytes, walk: Walk | None = None) -> CompiledBooster:
    """A booster from its JSON text, as ``Booster.save_raw("json")`` gives it.

    Parameters
    ----------
    text
        The model.
    walk
        How the trees are walked; default: as suits the processor.

    Raises
    ------
    NotCompiled
        If it is not one of classes with plain trees.
    """
    learner = json.loads(text)["learner"]
    trees = _plain_trees(learner)
    parameters = learner["learner_model_param"]
    base = np.array([float(score) for score in parameters["base_score"].strip("[]").split(",")], np.float32)
    arrays = {name: _column(trees, its, dtype) for name, (its, dtype) in _COLUMNS.items()}
    arrays["offsets"] = np.cumsum([0, *(len(tree["left_children"]) for tree in trees)], dtype=np.int64)
    classes = max(2, int(parameters["num_class"]))
    return compile_boost({**arrays, "base": base}, int(parameters["num_feature"]), classes, walk)


def compile_boost(
    arrays: Mapping[str, NDArray[Any]], bands: int, classes: int, walk: Walk | None = None
) -> CompiledBooster:
    """Boosted trees from their arrays, those of `gradient_tree_boost.FittedBoost`.

    Parameters
    ----------
    arrays
        `offsets`, `left`, `right`, `feature`, `threshold` (the value in a leaf) and `base` (one number or one for
        each class; with two classes a probability); `weight` if it is known how much of the training each node
        held. Trees of the classes take turns.
    bands, classes
        The sizes of input and output; with two classes all trees add to one margin.
    walk
        How the trees are walked; default: as suits the processor.

    Raises
    ------
    NotCompiled
        If the trees are too large for the kernels.
    """
    if classes == 2:
        return _compiled(arrays, bands, _logits(arrays["base"]), walk)
    return _compiled(arrays, bands, np.broadcast_to(arrays["base"], classes).astype(np.float32), walk)


def compile_boost_regression(
    arrays: Mapping[str, NDArray[Any]], bands: int, walk: Walk | None = None
) -> CompiledBoostRegression:
    """Boosted trees of one number, from the arrays of `gradient_tree_boost.FittedBoostRegressor`.

    The parameters are those of `compile_boost`. The objective must be one whose margin is the value.
    """
    return CompiledBoostRegression(booster=_compiled(arrays, bands, arrays["base"].astype(np.float32), walk))


def _compiled(
    arrays: Mapping[str, NDArray[Any]], bands: int, base: NDArray[np.float32], walk: Walk | None
) -> CompiledBooster:
    walk = walk or chosen_walk()
    threshold = np.asarray(arrays["threshold"], np.float32)
    values, number = np.unique(threshold, return_inverse=True)
    packed = pack(
        SplitTrees(
            offsets=arrays["offsets"], left=arrays["left"], right=arrays["right"], feature=arrays["feature"],
            threshold=keys_of(threshold) - np.uint32(1),
            weight=arrays.get("weight", np.zeros(len(threshold))), payload=number,
        ),
        bands,
    )  # fmt: skip
    direct = packed.crown.complete and walk is not walk_portable
    if direct:  # the ends of the crown need no table between them and the sums
        bits = values.view(np.uint32)[packed.crown.ends]
        packed = replace(packed, crown=replace(packed.crown, ends=bits))
    return CompiledBooster(
        packed=packed, values=None if direct else values, margin_of=np.arange(packed.trees) % len(base),
        base=base, walk=walk,
    )  # fmt: skip


def _plain_trees(learner: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The trees of a model, if they are of the kind compiled here."""
    objective, booster = learner["objective"]["name"], learner["gradient_booster"]
    if objective not in ("multi:softprob", "binary:logistic"):
        raise NotCompiled(f"boosted trees with the objective {objective}")
    if booster["name"] != "gbtree":
        raise NotCompiled(f"a booster of the kind {booster['name']}")
    if "best_iteration" in learner.get("attributes", {}):
        raise NotCompiled("boosted trees that were stopped early")
    trees: Sequence[Mapping[str, Any]] = booster["model"]["trees"]
    if not trees:
        raise NotCompiled("a booster without trees")
    if int(booster["model"]["gbtree_model_param"].get("num_parallel_tree", 1)) > 1:
        raise NotCompiled("a booster of forests")
    if any(any(tree["split_type"]) or int(tree["tree_param"]["size_leaf_vector"]) > 1 for tree in trees):
        raise NotCompiled("boosted trees with categories or several values in a leaf")
    return trees


def _column(trees: Sequence[Mapping[str, Any]], name: str, dtype: type[np.generic]) -> NDArray[Any]:
    return np.concatenate([np.array(tree[name], dtype) for tree in trees])


def _logits(shares: NDArray[np.float32]) -> NDArray[np.float32]:
    """Margins of probabilities, as XGBoost computes them."""
    odds = np.float32(1) / shares - np.float32(1)
    return np.array([-math.log(one) for one in odds], np.float32)


def _softmax_plainly(margins: MarginArray, out: NDArray[np.float64]) -> None:
    shares = np.exp(margins - margins.max(axis=0))
    out[...] = shares / shares.sum(axis=0, dtype=np.float64).astype(np.float32)


@jit(plain=_softmax_plainly)
def _softmax(margins: MarginArray, out: NDArray[np.float64]) -> None:
    for pixel in range(margins.shape[1]):
        largest = margins[0, pixel]
        for number in range(1, margins.shape[0]):
            largest = max(largest, margins[number, pixel])
        total = 0.0
        for number in range(margins.shape[0]):
            share = math.exp(margins[number, pixel] - largest)
            margins[number, pixel] = share
            total += share
        for number in range(margins.shape[0]):
            out[number, pixel] = margins[number, pixel] / np.float32(total)


def _sigmoid_plainly(margins: MarginArray, out: NDArray[np.float64]) -> None:
    with np.errstate(over="ignore"):
        out[1] = np.float32(1) / (np.float32(1) + np.exp(-margins))
    out[0] = np.float32(1) - out[1].astype(np.float32)


@jit(plain=_sigmoid_plainly)
def _sigmoid(margins: MarginArray, out: NDArray[np.float64]) -> None:
    one = np.float32(1)
    for pixel in range(margins.size):
        share = one / (one + np.float32(math.exp(-margins[pixel])))
        out[0, pixel], out[1, pixel] = one - share, share
