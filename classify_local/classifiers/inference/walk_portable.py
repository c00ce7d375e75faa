"""Walking trees eight pixels at a time, in plain numba.

One pixel's walk is a chain of loads that wait for each other; eight walks side by side hide the waiting, and still
fit a processor's registers. All eight go on until the slowest arrives, since a leaf leads to itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from classify_local.classifiers.inference.forest_layout import LAST, PackedTrees
from classify_local.classifiers.inference.keys import LANES, KeyArray
from classify_local.jit import jit

__all__ = ["StateArray", "walk_from", "walk_portable"]

StateArray = NDArray[np.uint32]
"""Shape (trees, pixels): the node where each pixel stands, and after the walk what its leaf holds."""

WordArray = NDArray[np.uint64]
FieldArray = NDArray[Any]


def walk_portable(tiles: KeyArray, packed: PackedTrees, first: int, state: StateArray) -> None:
    """Write what the leaf of each pixel holds, of as many trees from `first` on as `state` has rows.

    Parameters
    ----------
    tiles
        Keys of the pixels, shape (tiles, bands, `LANES`).
    packed
        The trees.
    first
        The first tree to walk.
    state
        Where to, shape (trees, tiles x `LANES`).
    """
    state[...] = 0
    walk_from(tiles, packed, first, state, packed.sure_steps + packed.crown.levels)


def walk_from(tiles: KeyArray, packed: PackedTrees, first: int, state: StateArray, sure_steps: int) -> None:
    """Walk on from the nodes in `state`; the other parameters are those of `walk_portable`."""
    offsets = packed.offsets[first : first + len(state) + 1]
    size = (0,) if packed.narrow else (0, 0)
    _walk(tiles.reshape(-1), packed.fields, offsets, size, LANES, packed.bands * LANES, sure_steps, state)


def _walk_plainly(
    keys: KeyArray, fields: FieldArray, offsets: NDArray[np.int64], size: tuple[int, ...], lanes: int,
    tile_size: int, sure_steps: int, state: StateArray,
) -> None:  # fmt: skip
    del sure_steps
    words = fields.view(np.uint64)
    bits = 16 * len(size)
    stride = len(size)
    pixel = np.arange(state.shape[1])
    base = pixel // lanes * tile_size + pixel % lanes
    for nodes, start in zip(state, offsets[:-1], strict=True):
        at = nodes.astype(np.int64)
        before = at - 1
        while (at != before).any():
            before = at
            word = words[(start + at) * stride]
            key = keys[base + fields[(start + at) * 4 + 2]]
            at = (word >> np.uint64(64 - bits)).astype(np.int64) + (key > word.astype(np.uint32))
        nodes[:] = LAST - words[(start + at) * stride].astype(np.uint32)


@jit(plain=_walk_plainly)
def _walk(
    keys: KeyArray, fields: FieldArray, offsets: NDArray[np.int64], size: tuple[int, ...], lanes: int,
    tile_size: int, sure_steps: int, state: StateArray,
) -> None:  # fmt: skip
    # `size` has one entry for each word of a node: numba knows the length of a tuple when it compiles.
    for tree in range(state.shape[0]):
        f = fields[offsets[tree] * 4 :]
        w = f.view(np.uint64)
        for tile in range(state.shape[1] // lanes):
            for lane in range(0, lanes, 8):
                pixel = tile * lanes + lane
                x = keys[tile * tile_size + lane :]
                _walk_eight(x, w, f, size, sure_steps, state[tree, pixel : pixel + 8])


@jit(forceinline=True)
def _walk_eight(
    x: KeyArray, w: WordArray, f: FieldArray, s: tuple[int, ...], sure_steps: int, nodes: StateArray
) -> None:
    a, b, c, d = np.uint64(nodes[0]), np.uint64(nodes[1]), np.uint64(nodes[2]), np.uint64(nodes[3])
    e, g, h, i = np.uint64(nodes[4]), np.uint64(nodes[5]), np.uint64(nodes[6]), np.uint64(nodes[7])
    for _ in range(sure_steps):
        a, b, c, d = _step(x, w, f, s, a, 0), _step(x, w, f, s, b, 1), _step(x, w, f, s, c, 2), _step(x, w, f, s, d, 3)
        e, g, h, i = _step(x, w, f, s, e, 4), _step(x, w, f, s, g, 5), _step(x, w, f, s, h, 6), _step(x, w, f, s, i, 7)
    before = np.uint64(0)
    while True:
        a, b, c, d = _step(x, w, f, s, a, 0), _step(x, w, f, s, b, 1), _step(x, w, f, s, c, 2), _step(x, w, f, s, d, 3)
        e, g, h, i = _step(x, w, f, s, e, 4), _step(x, w, f, s, g, 5), _step(x, w, f, s, h, 6), _step(x, w, f, s, i, 7)
        # Nodes only ever grow, so their sum stands still when all of them do: one branch instead of eight.
        total = a + b + c + d + e + g + h + i
        if total == before:
            break
        before = total
    nodes[0], nodes[1], nodes[2], nodes[3] = _leaf(w, s, a), _leaf(w, s, b), _leaf(w, s, c), _leaf(w, s, d)
    nodes[4], nodes[5], nodes[6], nodes[7] = _leaf(w, s, e), _leaf(w, s, g), _leaf(w, s, h), _leaf(w, s, i)


@jit(forceinline=True)
def _step(
    x: KeyArray, words: WordArray, fields: FieldArray, size: tuple[int, ...], node: np.uint64, lane: int
) -> np.uint64:
    # The feature is loaded by itself: that is shorter than to take it out of the word.
    word = words[node * np.uint64(len(size))]
    key = x[np.uint64(fields[node * np.uint64(4) + np.uint64(2)]) + np.uint64(lane)]
    left: np.uint64 = word >> np.uint64(64 - 16 * len(size))
    return left + np.uint64(key > np.uint32(word))


@jit(forceinline=True)
def _leaf(words: WordArray, size: tuple[int, ...], node: np.uint64) -> np.uint32:
    return np.uint32(~words[node * np.uint64(len(size))])
