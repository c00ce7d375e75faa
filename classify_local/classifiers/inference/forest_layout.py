"""Trees laid out for walking: eight bytes for a node, children side by side, leaves that lead to themselves.

A pixel's step is ``node = left + (key > threshold)``: the right child stands behind the left one, and a leaf has
itself on the left and a threshold above every key, so that no step needs to ask whether it has arrived. How far a
leaf's threshold lies below 2**32 - 1 says what the leaf holds, on the cache line that is at hand anyway.

A narrow node is ``threshold: 32 bits | feature: 16 | left: 16``. A forest with a tree of more than 65,536 nodes or
with more than 4,096 bands has wide nodes, ``threshold: 32 | left: 32 | feature: 32 | 32 unused``. In both the
feature is the third of four equal fields, and is stored as the place of its keys within a tile.

Pairs of children follow each other depth first, that child first which held more of the training: the paths most
pixels take lie on few cache lines (a quarter faster than level by level for 10,000 nodes a tree).

The crown is the top of each tree as a complete tree of a few levels. Those nodes are compared for every pixel, with
no look-up at all, which several pixels at a time do faster than one pixel's path through them.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classify_local.classifiers.inference.keys import LANES, LINE
from classify_local.classifiers.inference.protocol import NotCompiled
from classify_local.jit import jit

__all__ = ["MOST_PAYLOADS", "Crown", "PackedTrees", "SplitTrees", "pack"]

LEAF = -1
NARROW_SLOTS = 1 << 16
WIDE_SLOTS = 1 << 31
LAST = 0xFFFF_FFFF
MOST_PAYLOADS = 1 << 23
"""How many different things leaves can hold: the thresholds left above the key of infinity."""

CROWN = 4
"""Levels of the crown of deep trees; five cost as much as they save."""
FULL_CROWN = 6
"""Trees no deeper than this are all crown."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SplitTrees:
    """Trees of any library, one after the other, as `pack` takes them.

    Parameters
    ----------
    offsets
        Where each tree begins, and the end; shape (trees + 1,).
    left, right
        Children within the tree, -1 in a leaf, behind their parent; shape (nodes,).
    feature
        Band that is compared; shape (nodes,).
    threshold
        Key up to which a pixel goes left; shape (nodes,).
    weight
        How much of the training a node held, all 0 if unknown; shape (nodes,).
    payload
        What a leaf holds, a number below `MOST_PAYLOADS`; shape (nodes,).
    """

    offsets: NDArray[np.int64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: NDArray[np.uint32]
    weight: NDArray[np.float64]
    payload: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Crown:
    """The top levels of each tree; node `i` has children `2 i` and `2 i + 1`, the root is 1.

    Parameters
    ----------
    levels
        4 or 6.
    thresholds, places
        Of each node, 0 unused; shape (trees, 2**levels).
    ends
        Node of the tree where the walk goes on; shape (trees, 2**levels).
    complete
        Whether all ends are leaves: then `ends` holds what they hold.
    """

    levels: int
    thresholds: NDArray[np.uint32]
    places: NDArray[np.uint32]
    ends: NDArray[np.uint32]
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PackedTrees:
    """Trees as the kernels walk them.

    Parameters
    ----------
    words
        One (narrow) or two (wide) for each node.
    fields
        The same memory as four fields for each node, uint16 or uint32.
    offsets
        Where each tree begins, in nodes; shape (trees + 1,).
    bands
        How many features a pixel has.
    crown
        The top levels.
    sure_steps
        Steps that most pixels need below the crown; those are taken before asking whether all have arrived.
    """

    words: NDArray[np.uint64]
    fields: NDArray[Any]
    offsets: NDArray[np.int64]
    bands: int
    crown: Crown
    sure_steps: int

    @property
    def trees(self) -> int:
        """How many trees there are."""
        return len(self.offsets) - 1

    @property
    def narrow(self) -> bool:
        """Whether a node is one word."""
        return bool(self.fields.dtype == np.uint16)


def pack(trees: SplitTrees, bands: int) -> PackedTrees:
    """Lay trees out for walking.

    Raises
    ------
    NotCompiled
        If a number does not fit the nodes.
    """
    _check(trees, bands)
    slots, sizes, depths = _arrange(trees)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    nodes = _Nodes(trees, slots, offsets)
    narrow = resolve_narrow(int(sizes.max()), bands)
    words = nodes.narrow_words() if narrow else nodes.wide_words()
    leaf = trees.left == LEAF
    deepest = int(depths.max())
    crown = nodes.crown(FULL_CROWN if CROWN < deepest <= FULL_CROWN else CROWN)
    # Where it is not known how the training was split, as if into halves.
    weight = trees.weight[leaf] if trees.weight.any() else 0.5 ** depths[leaf]
    mean = float(np.average(depths[leaf], weights=weight))
    return PackedTrees(
        words=words, fields=words.view(np.uint16 if narrow else np.uint32), offsets=offsets, bands=bands,
        crown=crown, sure_steps=max(0, round(mean) - crown.levels),
    )  # fmt: skip


def resolve_narrow(slots: int, bands: int) -> bool:
    """Whether a node of one word can hold the children and features of a tree with so many nodes."""
    return slots <= NARROW_SLOTS and (bands - 1) * LANES < NARROW_SLOTS


def _check(trees: SplitTrees, bands: int) -> None:
    """Refuse what would make a kernel read outside its arrays, or does not fit."""
    if sys.byteorder != "little":
        raise NotCompiled("nodes are laid out for processors that store the low byte first")
    inner = trees.left != LEAF
    if inner.any() and not 0 <= trees.feature[inner].min() <= trees.feature[inner].max() < bands:
        raise NotCompiled(f"a tree splits on a feature outside its {bands} bands")
    if (trees.payload[~inner] < 0).any() or (trees.payload[~inner] >= MOST_PAYLOADS).any():
        raise NotCompiled(f"the leaves hold more than {MOST_PAYLOADS:,} different things")
    if np.diff(trees.offsets).max() > WIDE_SLOTS // 2 or bands > WIDE_SLOTS // LANES:
        raise NotCompiled("a tree has too many nodes or bands")
    _check_children(trees, inner)


def _check_children(trees: SplitTrees, inner: NDArray[np.bool_]) -> None:
    sizes = np.diff(trees.offsets)
    start, size = np.repeat(trees.offsets[:-1], sizes)[inner], np.repeat(sizes, sizes)[inner]
    place = np.flatnonzero(inner) - start
    for child in (trees.left[inner], trees.right[inner]):
        if (child <= place).any() or (child >= size).any():
            raise NotCompiled("a child does not stand behind its parent within the tree")
    parents = np.bincount(np.concatenate([start + trees.left[inner], start + trees.right[inner]]))
    if (parents > 1).any():
        raise NotCompiled("a node has two parents")


def _arrange(trees: SplitTrees) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Slot of each node within its tree, number of slots of each tree, depth of each node."""
    slots = np.zeros(len(trees.left), np.int64)
    depths = np.zeros(len(trees.left), np.int64)
    sizes = np.empty(len(trees.offsets) - 1, np.int64)
    _place(trees.offsets, trees.left, trees.right, trees.weight, slots, depths, sizes)
    return slots, sizes, depths


@jit
def _place(
    offsets: NDArray[np.int64], left: NDArray[np.int32], right: NDArray[np.int32], weight: NDArray[np.float64],
    slots: NDArray[np.int64], depths: NDArray[np.int64], sizes: NDArray[np.int64],
) -> None:  # fmt: skip
    """Give pairs of children slots, depth first, the heavier child's own pair first.

    Slot 1 of a tree stays empty, so that pairs begin at even slots and never straddle two cache lines.
    """
    waiting = np.empty(slots.size + 1, np.int64)
    for tree in range(offsets.size - 1):
        start = offsets[tree]
        taken, top = 2, 1
        waiting[0] = start
        while top > 0:
            top -= 1
            node = waiting[top]
            if left[node] < 0:
                continue
            first, second = start + left[node], start + right[node]
            slots[first], slots[second] = taken, taken + 1
            depths[first] = depths[second] = depths[node] + 1
            taken += 2
            if weight[first] < weight[second]:
                first, second = second, first
            waiting[top], waiting[top + 1] = second, first
            top += 2
        sizes[tree] = taken


class _Nodes:
    """All slots of all trees, before they are packed; empty slots are leaves nobody reaches."""

    def __init__(self, trees: SplitTrees, slots: NDArray[np.int64], offsets: NDArray[np.int64]):
        tree = np.repeat(np.arange(len(offsets) - 1), np.diff(trees.offsets))
        at = offsets[tree] + slots
        reached = slots > 0  # other nodes than the root have lost their parent, when the library cut the tree back
        reached[trees.offsets[:-1]] = True
        sizes = np.diff(offsets)
        self.offsets = offsets
        self.left = np.arange(offsets[-1]) - np.repeat(offsets[:-1], sizes)
        self.place = np.zeros(offsets[-1], np.uint64)
        self.threshold = np.full(offsets[-1], LAST, np.uint64)
        leaf = reached & (trees.left == LEAF)
        self.threshold[at[leaf]] = (LAST - trees.payload[leaf]).astype(np.uint64)
        inner = reached & (trees.left != LEAF)
        self.threshold[at[inner]] = trees.threshold[inner]
        self.place[at[inner]] = trees.feature[inner] * np.int64(LANES)
        self.left[at[inner]] = slots[trees.offsets[tree[inner]] + trees.left[inner]]

    def narrow_words(self) -> NDArray[np.uint64]:
        """One word for each node."""
        words = self.threshold | self.place << np.uint64(32) | self.left.astype(np.uint64) << np.uint64(48)
        return _at_cache_line(words)

    def wide_words(self) -> NDArray[np.uint64]:
        """Two words for each node."""
        first = self.threshold | self.left.astype(np.uint64) << np.uint64(32)
        return _at_cache_line(np.stack([first, self.place], axis=1).ravel())

    def crown(self, levels: int) -> Crown:
        """The top `levels` levels of all trees; where a leaf comes earlier, all ways below lead to it."""
        shape = (len(self.offsets) - 1, 1 << levels)
        thresholds, places = np.zeros(shape, np.uint32), np.zeros(shape, np.uint32)
        start = self.offsets[:-1, None]
        at = np.zeros((shape[0], 1), np.int64)  # the nodes of one level, within their trees
        for level in range(levels):
            this = slice(1 << level, 2 << level)
            thresholds[:, this] = self.threshold[start + at]
            places[:, this] = self.place[start + at]
            left = self.left[start + at]
            at = np.stack([left, np.where(left == at, left, left + 1)], axis=2).reshape(shape[0], -1)
        complete = bool((self.left[start + at] == at).all())
        ends = LAST - self.threshold[start + at] if complete else at
        return Crown(
            levels=levels, thresholds=thresholds, places=places, ends=ends.astype(np.uint32), complete=complete
        )


def _at_cache_line(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    room = np.zeros(len(words) + LINE // 8, np.uint64)
    start = -room.ctypes.data % LINE // 8
    room[start : start + len(words)] = words
    return room[start : start + len(words)]
