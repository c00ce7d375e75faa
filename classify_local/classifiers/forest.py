"""Trees as flat arrays: what a model file stores, checked before a library or a kernel sees them.

Loading a tree trusts its arrays: a child index outside the tree would be read out of bounds. So
every array is checked for type, shape and range first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier
from sklearn.tree._tree import Tree

from classify_local.errors import RefusedError

_LEAF = -1
_COLUMNS = {
    "offsets": "int64", "left": "int32", "right": "int32", "feature": "int32", "threshold": "float64",
    "impurity": "float64", "samples": "int64", "weighted_samples": "float64", "values": "float64",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ForestArrays:
    """Nodes of all trees, one after the other.

    Parameters
    ----------
    offsets
        Where each tree begins, and the end; shape (trees + 1,).
    left, right
        Children within the tree, -1 in a leaf; shape (nodes,).
    feature, threshold
        The split: a row goes left where feature <= threshold; shape (nodes,).
    impurity, samples, weighted_samples
        What the library keeps of the training; shape (nodes,).
    values
        Share of each class; shape (nodes, classes).
    """

    offsets: NDArray[np.int64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: NDArray[np.float64]
    impurity: NDArray[np.float64]
    samples: NDArray[np.int64]
    weighted_samples: NDArray[np.float64]
    values: NDArray[np.float64]

    @property
    def number_of_trees(self) -> int:
        """How many trees there are."""
        return len(self.offsets) - 1

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The arrays by name, as a model file stores them."""
        return {name: getattr(self, name) for name in _COLUMNS}


def from_estimators(trees: list[DecisionTreeClassifier]) -> ForestArrays:
    """The arrays of fitted trees."""
    states = [tree.tree_.__getstate__() for tree in trees]
    nodes = np.concatenate([state["nodes"] for state in states])
    return ForestArrays(
        offsets=np.cumsum([0, *(state["node_count"] for state in states)], dtype=np.int64),
        left=nodes["left_child"].astype(np.int32), right=nodes["right_child"].astype(np.int32),
        feature=nodes["feature"].astype(np.int32), threshold=nodes["threshold"].astype(np.float64),
        impurity=nodes["impurity"].astype(np.float64), samples=nodes["n_node_samples"].astype(np.int64),
        weighted_samples=nodes["weighted_n_node_samples"].astype(np.float64),
        values=np.concatenate([state["values"][:, 0, :] for state in states]),
    )  # fmt: skip


def checked(arrays: Mapping[str, NDArray[np.generic]], n_features: int, n_classes: int) -> ForestArrays:
    """Arrays of a file as a forest, if they can be one.

    Raises
    ------
    RefusedError
        If a type, shape, child, feature or share is out of range.
    """
    if set(arrays) != set(_COLUMNS):
        raise RefusedError("the model's trees lack or add an array")
    for name, dtype in _COLUMNS.items():
        if arrays[name].dtype != np.dtype(dtype) or arrays[name].ndim != (2 if name == "values" else 1):
            raise RefusedError(f"the model's array {name} has another type or shape")
    forest = ForestArrays(**arrays)  # type: ignore[arg-type]
    count = len(forest.left)
    if any(len(getattr(forest, name)) != count for name in _COLUMNS if name != "offsets"):
        raise RefusedError("the model's arrays differ in length")
    _check_ranges(forest, count, n_features, n_classes)
    return forest


def to_classifier(forest: ForestArrays, n_features: int, n_classes: int) -> RandomForestClassifier:
    """A fitted scikit-learn forest that predicts as the one the arrays came from; classes are 0, 1, ..."""
    classifier = RandomForestClassifier(n_estimators=forest.number_of_trees, n_jobs=1)
    classifier.estimators_ = [_tree(forest, i, n_features, n_classes) for i in range(forest.number_of_trees)]
    classifier.estimator_ = DecisionTreeClassifier()
    classifier.classes_ = np.arange(n_classes)
    classifier.n_classes_, classifier.n_outputs_, classifier.n_features_in_ = n_classes, 1, n_features
    return classifier


def _tree(forest: ForestArrays, number: int, n_features: int, n_classes: int) -> DecisionTreeClassifier:
    part = slice(forest.offsets[number], forest.offsets[number + 1])
    template = DecisionTreeClassifier().fit([[0.0]], [0]).tree_.__getstate__()["nodes"]
    nodes = np.zeros(part.stop - part.start, dtype=template.dtype)
    for ours, its in (
        ("left", "left_child"), ("right", "right_child"), ("feature", "feature"), ("threshold", "threshold"),
        ("impurity", "impurity"), ("samples", "n_node_samples"), ("weighted_samples", "weighted_n_node_samples"),
    ):  # fmt: skip
        nodes[its] = getattr(forest, ours)[part]
    tree = Tree(n_features, np.array([n_classes], dtype=np.intp), 1)
    values = np.ascontiguousarray(forest.values[part][:, None, :])
    depth = _depth(forest.left[part], forest.right[part])
    tree.__setstate__({"max_depth": depth, "node_count": len(nodes), "nodes": nodes, "values": values})
    estimator = DecisionTreeClassifier()
    estimator.tree_, estimator.n_features_in_, estimator.n_outputs_ = tree, n_features, 1
    estimator.classes_, estimator.n_classes_ = np.arange(n_classes), n_classes
    return estimator


def _check_ranges(forest: ForestArrays, count: int, n_features: int, n_classes: int) -> None:
    sizes = np.diff(forest.offsets)
    fills = forest.offsets[:1].tolist() == [0] and forest.offsets[-1] == count and len(sizes) > 0
    if not fills or (sizes < 1).any() or (sizes > count).any():
        raise RefusedError("the model's trees do not fill its nodes")
    if forest.values.shape[1] != n_classes or not _are_shares(forest.values):
        raise RefusedError("the model's leaves do not hold shares of its classes")
    size = np.repeat(sizes, sizes)
    position = np.arange(count) - np.repeat(forest.offsets[:-1], sizes)
    leaf = forest.left == _LEAF
    inner = ~leaf
    if (forest.right[leaf] != _LEAF).any():
        raise RefusedError("the model has a node with one child")
    for child in (forest.left[inner], forest.right[inner]):
        # A child always stands behind its parent, so a walk cannot turn in a circle.
        if (child <= position[inner]).any() or (child >= size[inner]).any():
            raise RefusedError("the model has a child outside its tree")
    if ((forest.feature[inner] < 0) | (forest.feature[inner] >= n_features)).any():
        raise RefusedError("the model splits on a band it does not have")
    if not np.isfinite(forest.threshold[inner]).all():
        raise RefusedError("the model has a threshold that is not a number")


def _are_shares(values: NDArray[np.float64]) -> bool:
    """True if every row is of numbers from 0 to 1 that sum to 1."""
    in_range = ((values >= 0) & (values <= 1)).all()
    return bool(in_range and (np.abs(values.sum(axis=1) - 1) < 1e-6).all())


def _depth(left: NDArray[np.int32], right: NDArray[np.int32]) -> int:
    depth = np.zeros(len(left), dtype=np.int64)
    for node in range(len(left)):  # parents come before their children
        if left[node] != _LEAF:
            depth[left[node]] = depth[right[node]] = depth[node] + 1
    return int(depth.max())
