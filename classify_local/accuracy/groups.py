"""Groups of rows that stay together when some are held out.

Pixels of one polygon, or points near one another, are almost copies. Where copies of a row that is
held out stay in the training part, a check praises memory. So rows are held out by group: a polygon, a
feature, a value of the group column; plain points go by square blocks of land.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLOCKS_PER_FOLD = 4
"""Blocks of plain points to a fold, about. Few and large, since small ones cut clusters of points in two: a forest
on the pixels of chiapas's polygons has 95 % with 10 blocks to a fold, but with 4 it has 76 to 81 % in four of
five shifts of the grid (91 % in one), as it has by polygon (78 %)."""

_PLACES_PER_BLOCK = 4
_HALVINGS = 30


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Groups:
    """Which rows stay together.

    Parameters
    ----------
    codes
        For each row the number of its group, 0, 1, ... without gaps, shape (n,).
    how
        What the groups are, as part of a sentence: "30 polygons".
    """

    codes: NDArray[np.int64]
    how: str

    def __post_init__(self) -> None:
        present = np.unique(self.codes)
        if self.codes.ndim != 1 or not np.array_equal(present, np.arange(len(present))):
            raise ValueError("groups are numbered 0, 1, ... without gaps, one number for each row")

    @property
    def count(self) -> int:
        """How many groups there are."""
        return int(self.codes.max()) + 1 if len(self.codes) else 0


def given_groups(values: NDArray[np.int64], what: str = "groups") -> Groups:
    """Groups by a number each row has: of its polygon, its feature or its value of the group column.

    Parameters
    ----------
    values
        Shape (n,).
    what
        What they number, in the plural.
    """
    distinct, codes = np.unique(values, return_inverse=True)
    return Groups(codes=codes.astype(np.int64), how=f"{len(distinct):,} {what}")


def block_groups(
    xy: NDArray[np.float64], k: int = 5, seed: int = 1, side: float | None = None, unit: str = ""
) -> Groups:
    """Square blocks for points that have no group.

    The grid of blocks begins at the lower left corner of the points, shifted by a random part of a block.
    Points in neighbouring blocks can still be near one another: give a side that is longer than the
    distance over which neighbours resemble each other where it is known.

    Parameters
    ----------
    xy
        Coordinates, shape (n, 2).
    k
        Number of folds the blocks are for.
    seed
        Of the shift.
    side
        Side of a block; by default `resolve_block_side`.
    unit
        Of the coordinates, for the sentence.
    """
    side = resolve_block_side(xy, k) if side is None else side
    shift = np.random.default_rng(seed).random(2) * side
    distinct, codes = np.unique(_blocks(xy, side, shift), return_inverse=True)
    size = f"{side:.3g}" if side < 1000 else f"{float(f'{side:.2g}'):,.0f}"
    how = f"{len(distinct):,} square blocks, {f'{size} {unit}'.strip()} on a side, that hold points"
    return Groups(codes=codes.astype(np.int64), how=how)


def make_groups(
    xy: NDArray[np.float64], values: NDArray[np.int64], what: str = "groups", k: int = 5, seed: int = 1, unit: str = ""
) -> Groups:
    """Groups of a table in which some rows have a group and others are plain points.

    Parameters
    ----------
    xy
        Coordinates, shape (n, 2).
    values
        Number of the group, -1 for a plain point, shape (n,).
    what, k, seed, unit
        As for `given_groups` and `block_groups`.
    """
    plain = values < 0
    if not plain.any():
        return given_groups(values, what)
    blocks = block_groups(xy[plain], k, seed, unit=unit)
    if plain.all():
        return blocks
    given = given_groups(values[~plain], what)
    codes = np.empty(len(values), dtype=np.int64)
    codes[~plain], codes[plain] = given.codes, blocks.codes + given.count
    return Groups(codes=codes, how=f"{given.how} and {blocks.how}")


def resolve_block_side(xy: NDArray[np.float64], k: int) -> float:
    """The side of blocks: the longest with which `BLOCKS_PER_FOLD` times k blocks hold points.

    Sides are tried from the longer side of the bounding box down, each 2^(1/4) times shorter than the one
    before. With few points fewer blocks are asked for, a quarter of the number of distinct places, but not
    fewer than 2 k, so that a block is more than a point.
    """
    extent = float(np.ptp(xy, axis=0).max()) if len(xy) else 0.0
    if not extent > 0:
        return 1.0
    places = len(np.unique(xy, axis=0))
    wanted = min(BLOCKS_PER_FOLD * k, max(2 * k, places // _PLACES_PER_BLOCK), places)
    sides = extent * 2.0 ** (-np.arange(4 * _HALVINGS) / 4)
    reached = (side for side in sides if len(np.unique(_blocks(xy, side, np.zeros(2)))) >= wanted)
    return float(next(reached, sides[-1]))


def _blocks(xy: NDArray[np.float64], side: float, shift: NDArray[np.float64]) -> NDArray[np.int64]:
    """One number for the block of each point."""
    col_row = np.floor((xy - xy.min(axis=0) + shift) / side).astype(np.int64)
    return np.asarray(col_row[:, 0] * (1 << 31) + col_row[:, 1])
