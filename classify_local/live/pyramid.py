"""The feature stack as square tiles at full resolution and at halves, quarters, ... of it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classify_local.errors import InputError
from classify_local.features.stack import Block, FeatureStack
from classify_local.grid import Grid, Window
from classify_local.live.cache import ByteCache
from classify_local.preparation import open_images
from classify_local.recipe.text import RecipeDocument
from classify_local.types import MaskArray

TILE = 256
"""Pixels along a side of a tile."""

_LEAST = 512
"""Pixels to which the longer side of the image is brought at the coarsest level."""


@dataclass(frozen=True, slots=True)
class TileKey:
    """A tile: level 0 is full resolution, each further one has half of it; `col` and `row` count tiles."""

    level: int
    col: int
    row: int


class Pyramid:
    """Features of a recipe's images, tile by tile. Safe for several threads.

    Parameters
    ----------
    document
        The recipe.
    stack
        Its features at full resolution.
    allow
        Folders in which the sources of a VRT may lie, besides the recipe's.
    limit
        Bytes of features kept in memory.
    offline
        Refuse images on web servers.
    """

    def __init__(
        self, document: RecipeDocument, stack: FeatureStack, allow: Sequence[Path], limit: int, *, offline: bool = False
    ) -> None:
        self._document, self._allow, self._offline = document, tuple(allow), offline
        self._stacks = {0: stack}
        self._lock = threading.Lock()
        self._blocks: ByteCache[Block] = ByteCache(limit, _bytes)

    @property
    def grid(self) -> Grid:
        """Of full resolution."""
        return self._stacks[0].grid

    @property
    def names(self) -> tuple[str, ...]:
        """The bands."""
        return self._stacks[0].names

    @property
    def levels(self) -> int:
        """How many levels there are."""
        return count_levels(self.grid.shape)

    def stack(self, level: int) -> FeatureStack:
        """The features at a level, opened when they are first asked for."""
        with self._lock:
            if level not in self._stacks:
                self._stacks[level] = open_images(self._document, self._allow, factor=2**level, offline=self._offline)
            return self._stacks[level]

    def window(self, key: TileKey) -> Window:
        """The pixels of a tile at its level; less than a full square at the far edges.

        Raises
        ------
        InputError
            If there is no such tile.
        """
        if not 0 <= key.level < self.levels:
            raise InputError(f"there is no level {key.level}; there are 0 to {self.levels - 1}")
        rows, cols = (-(-length // 2**key.level) for length in self.grid.shape)
        if not (0 <= key.row * TILE < rows and 0 <= key.col * TILE < cols):
            raise InputError(f"the tile {key.col}, {key.row} of level {key.level} lies outside the image")
        whole = Window(row=0, col=0, rows=rows, cols=cols)
        return Window(row=key.row * TILE, col=key.col * TILE, rows=TILE, cols=TILE).intersection(whole)

    def read(self, key: TileKey) -> Block:
        """The features of a tile.

        Raises
        ------
        InputError
            If there is no such tile, or a file cannot be read there.
        """
        window = self.window(key)
        return self._blocks.get(key, lambda: self.stack(key.level).read(window))

    def has(self, key: TileKey) -> bool:
        """True if a tile's features are at hand."""
        return self._blocks.has(key)


def count_levels(shape: tuple[int, int]) -> int:
    """Levels until the longer side has no more than 512 pixels."""
    count = 1
    while -(-max(shape) // 2 ** (count - 1)) > _LEAST:
        count += 1
    return count


def layer_mask(stack: FeatureStack, block: Block, names: Sequence[str]) -> MaskArray:
    """Where some bands have data: by themselves where each is a layer of its own, else where the stack has.

    Shape (rows, cols).
    """
    layers = stack.layers
    if all(name in layers for name in names):
        return np.asarray(block.valid_by_layer[[layers.index(name) for name in names]].all(axis=0))
    return block.valid


def _bytes(block: Block) -> int:
    return block.features.nbytes + block.valid.nbytes + block.valid_by_layer.nbytes
