"""Which walk to use: decided once for a process, by what the processor is and what compiles.

The environment variable ``CLASSIFY_LOCAL_WALK`` decides otherwise: ``portable`` (plain numba), ``vector`` (crown by
vectors, then eight pixels at a time) or ``gather`` (crown by vectors, then gathers). All give the same numbers.
"""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from classify_local.classifiers.inference.forest_layout import LEAF, PackedTrees, SplitTrees, pack
from classify_local.classifiers.inference.keys import LANES, KeyArray, key_tiles, keys_of
from classify_local.classifiers.inference.walk_portable import StateArray, walk_portable
from classify_local.errors import InputError
from classify_local.jit import NO_JIT

__all__ = ["PAD", "SWITCH", "Walk", "chosen_walk", "resolve_walk", "walk_named"]

SWITCH = "CLASSIFY_LOCAL_WALK"
NAMES = ("portable", "vector", "gather")

PAD = 4 * LANES
"""Walks take whole multiples of this many pixels."""

Walk: TypeAlias = Callable[[KeyArray, PackedTrees, int, StateArray], None]
"""What `walk_portable` is."""

log = logging.getLogger(__name__)


def resolve_walk(wanted: str, *, compiling: bool) -> str:
    """The walk to try first.

    Raises
    ------
    InputError
        If there is no such walk.
    """
    if wanted not in ("", *NAMES):
        raise InputError(f"{SWITCH}={wanted}: there is no such walk; take one of {', '.join(NAMES)}")
    if not compiling:
        return "portable"
    return wanted or "vector"


def walk_named(name: str) -> Walk:
    """One of the walks; importing and compiling one that uses vectors may fail with any exception."""
    if name == "portable":
        return walk_portable
    from classify_local.classifiers.inference import walk_vector

    return walk_vector.walk_gathering if name == "gather" else walk_vector.walk_vector


def chosen_walk() -> Walk:
    """The walk for this process; the portable one if the other does not compile here or gives other numbers."""
    return _chosen(resolve_walk(os.environ.get(SWITCH, ""), compiling=os.environ.get(NO_JIT, "") in ("", "0")))


@functools.cache
def _chosen(name: str) -> Walk:
    try:
        walk = walk_named(name)
        if _agrees(walk):
            return walk
        problem = "it gives other numbers"
    except Exception as failed:  # a code generator of another version may fail in any way
        problem = f"{type(failed).__name__}: {failed}"
    log.warning("trees are walked without vectors, the %s walk does not work here: %s", name, problem)
    return walk_portable


def _agrees(walk: Walk) -> bool:
    """Whether a walk gives what the portable one does, on trees that stay in the crown and trees that leave it."""
    return all(np.array_equal(_walked(walk, depth), _walked(walk_portable, depth)) for depth in (3, 6, 9))


def _walked(walk: Walk, depth: int) -> StateArray:
    bands = 3
    packed = pack(_full_tree(depth, bands), bands)
    tiles = key_tiles(2 * PAD, bands)
    tiles[...] = keys_of(np.random.default_rng(depth).random(tiles.shape, np.float32))
    state = np.zeros((1, 2 * PAD), np.uint32)
    walk(tiles, packed, 0, state)
    return state


def _full_tree(depth: int, bands: int) -> SplitTrees:
    """A complete tree with random thresholds; each leaf holds its number."""
    count = (2 << depth) - 1
    node = np.arange(count)
    inner = node < count // 2
    rng = np.random.default_rng(depth)
    return SplitTrees(
        offsets=np.array([0, count]),
        left=np.where(inner, 2 * node + 1, LEAF).astype(np.int32),
        right=np.where(inner, 2 * node + 2, LEAF).astype(np.int32),
        feature=rng.integers(0, bands, count).astype(np.int32),
        threshold=keys_of(rng.random(count, np.float32)),
        weight=rng.random(count),
        payload=node,
    )
