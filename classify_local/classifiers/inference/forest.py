"""A forest or a single tree, compiled: votes or probabilities to the bit those of scikit-learn with one job."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from classify_local.classifiers.inference.forest_layout import LEAF, PackedTrees, SplitTrees, pack
from classify_local.classifiers.inference.keys import LANES, KeyArray, fill_keys, float32_floor, key_tiles, keys_of
from classify_local.classifiers.inference.leaves import (
    add_named_values,
    add_rows,
    add_votes,
    held_classes,
    vote_dtype,
)  # fmt: skip
from classify_local.classifiers.inference.protocol import NotCompiled, Shares, checked_features
from classify_local.classifiers.inference.walk_portable import StateArray
from classify_local.classifiers.inference.walks import PAD, Walk, chosen_walk
from classify_local.types import FeatureArray

__all__ = [
    "CompiledForest", "CompiledRegression", "SplittingTrees", "ValuedTrees", "compile_forest", "compile_regression",
    "compile_votes", "each_block", "resolve_block",
]  # fmt: skip


class SplittingTrees(Protocol):
    """Trees of which a row goes left where feature <= threshold; the fields are those of `ForestArrays`."""

    @property
    def offsets(self) -> NDArray[np.int64]: ...  # noqa: D102
    @property
    def left(self) -> NDArray[np.int32]: ...  # noqa: D102
    @property
    def right(self) -> NDArray[np.int32]: ...  # noqa: D102
    @property
    def feature(self) -> NDArray[np.int32]: ...  # noqa: D102
    @property
    def threshold(self) -> NDArray[np.float64]: ...  # noqa: D102


class ValuedTrees(SplittingTrees, Protocol):
    """Trees with shares of the classes, or one value, in each node."""

    @property
    def weighted_samples(self) -> NDArray[np.float64]: ...  # noqa: D102
    @property
    def values(self) -> NDArray[np.float64]: ...  # noqa: D102


TREES = 16
"""Trees walked before their leaves are counted: what they reach stays in the second-level cache."""

BLOCK = 8192
KEY_BYTES = 1 << 19
"""Keys of a block, at most: half of a small second-level cache, since every tree reads them all."""


def resolve_block(bands: int) -> int:
    """Pixels that go through all trees together, a multiple of `PAD`.

    Each block reads every tree once and each tree all keys of the block. With 10 bands, blocks of 2,048 to 16,384
    pixels were within a few percent, and 512 pixels a quarter slower for trees of 10,000 nodes; with 30 bands 2,048
    to 4,096 were best, with 150 about 512.
    """
    return max(PAD, min(BLOCK, KEY_BYTES // (4 * bands)) // PAD * PAD)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CompiledForest:
    """Trees whose mean is taken; see `compile_forest`.

    Parameters
    ----------
    packed
        The trees.
    classes
        How many classes the leaves tell apart.
    rows
        What the leaves hold, or None if each holds one class.
    walk
        How the trees are walked.
    """

    packed: PackedTrees
    classes: int
    rows: NDArray[np.float64] | None
    walk: Walk

    @property
    def bands(self) -> int:
        """How many features a pixel has."""
        return self.packed.bands

    def shares(self, features: FeatureArray) -> Shares:
        """Votes, or means of the leaves' shares."""
        features = checked_features(features, self.bands)
        count = features.shape[1]
        whole = float(self.packed.trees)
        if self.rows is None:
            votes = np.zeros((self.classes, count), vote_dtype(self.packed.trees))
            for block, _, state in each_block(features, self.packed, self.walk):
                add_votes(state, votes[:, block])
            return Shares(values=votes, whole=whole)
        shares = np.empty((self.classes, count))
        sums = np.empty((0, 0))
        for block, first, state in each_block(features, self.packed, self.walk):
            if first == 0:
                sums = np.zeros((block.stop - block.start, self.rows.shape[1]))
            add_rows(state, self.rows, sums)
            if first + len(state) == self.packed.trees:
                shares[:, block] = sums.T[: self.classes]
        return Shares(values=shares, whole=whole)


def each_block(features: FeatureArray, packed: PackedTrees, walk: Walk) -> Iterator[tuple[slice, int, StateArray]]:
    """Walk all trees for all pixels; gives the pixels, the first tree and what their leaves hold, tree by tree.

    The array is used again for the next block.
    """
    count = features.shape[1]
    size = max(PAD, min(resolve_block(packed.bands), -(-count // PAD) * PAD))
    room_of_keys = key_tiles(size, packed.bands)
    room_of_state = np.empty(min(TREES, packed.trees) * size, np.uint32)
    for start in range(0, count, size):
        stop = min(start + size, count)
        padded = -(-(stop - start) // PAD) * PAD
        tiles: KeyArray = room_of_keys[: padded // LANES]
        fill_keys(features, start, stop - start, tiles)
        for first in range(0, packed.trees, TREES):
            trees = min(TREES, packed.trees - first)
            state = room_of_state[: trees * padded].reshape(trees, padded)
            walk(tiles, packed, first, state)
            yield slice(start, stop), first, state


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CompiledRegression:
    """Trees whose mean value is taken; see `compile_regression`.

    Parameters
    ----------
    packed
        The trees.
    held
        Values of the leaves by number.
    walk
        How the trees are walked.
    """

    packed: PackedTrees
    held: NDArray[np.float64]
    walk: Walk

    @property
    def bands(self) -> int:
        """How many features a pixel has."""
        return self.packed.bands

    def values(self, features: FeatureArray) -> NDArray[np.float64]:
        """Mean of the leaves' values, shape (n,), of features (bands, n)."""
        features = checked_features(features, self.bands)
        sums = np.zeros((1, features.shape[1]))
        for block, _, state in each_block(features, self.packed, self.walk):
            add_named_values(state, self.held, np.zeros(len(state), np.int64), sums[:, block])
        return np.asarray(sums[0] / self.packed.trees)


def compile_forest(forest: ValuedTrees, bands: int, walk: Walk | None = None) -> CompiledForest:
    """A forest, or a single tree, from its arrays.

    Parameters
    ----------
    forest
        The trees, checked.
    bands
        How many features a pixel has.
    walk
        How the trees are walked; default: as suits the processor.

    Raises
    ------
    NotCompiled
        If the forest is too large for the kernels.
    """
    leaf = forest.left == LEAF
    shares = forest.values[leaf]
    held, rows = held_classes(shares)
    payload = np.zeros(len(leaf), np.int64)
    payload[leaf] = held
    return CompiledForest(
        packed=_packed(forest, payload, bands), classes=forest.values.shape[1],
        rows=rows, walk=walk or chosen_walk(),
    )  # fmt: skip


def compile_votes(
    trees: SplittingTrees, classes: NDArray[np.int64], n_classes: int, bands: int, walk: Walk | None = None
) -> CompiledForest:
    """Trees with one class in each leaf, each with one vote.

    Parameters
    ----------
    trees
        The trees, checked.
    classes
        Class of each node, from 0 on; what inner nodes have says nothing. Shape (nodes,).
    n_classes, bands
        The sizes of output and input.
    walk
        How the trees are walked; default: as suits the processor.

    Raises
    ------
    NotCompiled
        If the trees are too large for the kernels.
    """
    leaf = trees.left == LEAF
    if ((classes[leaf] < 0) | (classes[leaf] >= n_classes)).any():
        raise NotCompiled(f"a leaf has a class outside 0 to {n_classes - 1}")
    packed = _packed(trees, np.where(leaf, classes, 0), bands)
    return CompiledForest(packed=packed, classes=n_classes, rows=None, walk=walk or chosen_walk())


def compile_regression(forest: ValuedTrees, bands: int, walk: Walk | None = None) -> CompiledRegression:
    """A regression forest, or a single tree, from its arrays; the other parameters are those of `compile_forest`."""
    held, payload = np.unique(forest.values[:, 0], return_inverse=True)
    return CompiledRegression(packed=_packed(forest, payload, bands), held=held, walk=walk or chosen_walk())


def _packed(trees: SplittingTrees, payload: NDArray[np.int64], bands: int) -> PackedTrees:
    weight = getattr(trees, "weighted_samples", None)
    return pack(
        SplitTrees(
            offsets=trees.offsets, left=trees.left, right=trees.right, feature=trees.feature,
            threshold=keys_of(float32_floor(trees.threshold)),
            weight=np.zeros(len(payload)) if weight is None else weight, payload=payload,
        ),
        bands,
    )  # fmt: skip
