"""Which rows of a source to keep: the same ones every time, spread evenly over the land.

The rows of a class are put in an order of which every beginning is spread evenly: first one row of the whole extent,
then one of each quarter of it that has rows and is not yet represented, then one of each sixteenth, and so on.
So where rows lie thick fewer of them are kept, and land with few rows keeps them. To keep fewer rows is to take a
shorter beginning: what a smaller share keeps, a larger one keeps too.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from classify_local.recipe.model import Thinning
from classify_local.types import LabelArray, MaskArray

_LEVELS = 24
"""Halvings of the extent: of one of 1,000 km, cells of 6 cm."""
_TOLERANCE = 1e-6
"""Rows of a regular grid whose spacing is the distance asked for are all kept, whatever rounding did to coordinates."""


def thin(
    xy: NDArray[np.float64], labels: LabelArray, thinning: Thinning, key: NDArray[np.int64] | None = None
) -> MaskArray:
    """Rows to keep.

    First rows are left out that lie nearer than `distance` to a kept row of any class; classes take turns,
    each in its even order, so that a rare class is not crowded out by a common one. Then each class keeps
    `share` of what it has left, rounded, and one row at least; then `per_class` rows at most.

    Parameters
    ----------
    xy
        Places in metres, finite, shape (n, 2).
    labels
        Class of each row, shape (n,).
    thinning
        What to keep.
    key
        Tells rows of one class apart that lie at one place, for example the line, shape (n,).

    Returns
    -------
    ndarray
        True for rows to keep, shape (n,). Another order of the rows keeps the same ones.
    """
    rank = np.arange(len(labels)) if key is None else key
    kept = np.ones(len(labels), dtype=bool)
    if thinning.distance is not None:
        turns = np.lexsort((labels, even_ranks(xy, labels, rank)))
        kept = _apart(xy, turns, thinning.distance)
    if thinning.share is not None or thinning.per_class is not None:
        rows = np.flatnonzero(kept)
        kept[rows] = even_ranks(xy[rows], labels[rows], rank[rows]) < _most(labels[rows], thinning)
    return kept


def even_ranks(xy: NDArray[np.float64], labels: LabelArray, key: NDArray[np.int64]) -> NDArray[np.int64]:
    """Place of each row in the even order of its class, from 0, shape (n,).

    Within a cell the row nearest to its middle represents it. New cells are taken in the order of the cells
    they are part of, diagonal quarter first, so that the rows of a level come evenly too.
    """
    ranks = np.empty(len(labels), dtype=np.int64)
    for value in np.unique(labels):
        rows = np.flatnonzero(labels == value)
        ranks[rows[_even_order(xy[rows], key[rows])]] = np.arange(len(rows))
    return ranks


def _even_order(xy: NDArray[np.float64], key: NDArray[np.int64]) -> NDArray[np.intp]:
    """Rows of one class in even order, shape (n,)."""
    by_place = np.lexsort((key, xy[:, 1], xy[:, 0]))  # from here on, ties go to the first
    unit = _unit_square(xy[by_place])
    taken = _nearest_middle(np.arange(len(unit)), unit, 0)
    for level in range(1, _LEVELS + 1):
        if len(taken) == len(unit):
            break
        represented = np.isin(_cells(unit, level), _cells(unit[taken], level))
        new = _nearest_middle(np.flatnonzero(~represented), unit, level)
        taken = np.concatenate([taken, _in_turn(new, taken, unit, level)])
    return np.asarray(by_place[np.concatenate([taken, _repetitions(taken, unit)])])


def _unit_square(xy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Places in the square around all of them, from 0 to 1, 1 left out."""
    low, high = xy.min(axis=0), xy.max(axis=0)
    side = float((high - low).max()) or 1.0
    return np.asarray(((xy - (low + high) / 2) / side + 0.5).clip(0, np.nextafter(1.0, 0.0)))


def _cells(unit: NDArray[np.float64], level: int) -> NDArray[np.int64]:
    """A number for the cell that holds each row, of the 4^level cells of a level."""
    col, row = (unit * 2.0**level).astype(np.int64).T
    return np.asarray(row << 32 | col)


def _nearest_middle(rows: NDArray[np.intp], unit: NDArray[np.float64], level: int) -> NDArray[np.intp]:
    """Of each cell that holds some of the rows the one nearest to its middle."""
    off_middle = np.square(unit[rows] * 2.0**level % 1 - 0.5).sum(axis=1)
    cells = _cells(unit[rows], level)
    order = np.lexsort((rows, off_middle, cells))
    _, first = np.unique(cells[order], return_index=True)
    return rows[order[first]]


def _in_turn(new: NDArray[np.intp], taken: NDArray[np.intp], unit: NDArray[np.float64], level: int) -> NDArray[np.intp]:
    """New rows of a level, at first one of each cell above, in the order in which these were represented."""
    turn = _rank_of_cell(new, taken, unit, level - 1)
    row, col = (_quarter(unit[new], level) != _quarter(unit[taken[turn]], level)).T
    which = np.where(row & col, 0, 1 + row)
    order = np.lexsort((which, turn))
    return np.asarray(new[order][np.lexsort((turn[order], _occurrence(turn[order])))])


def _quarter(unit: NDArray[np.float64], level: int) -> NDArray[np.int64]:
    """Which half of the cell above holds each row, across and down, shape (n, 2)."""
    return (unit * 2.0**level).astype(np.int64) & 1


def _repetitions(taken: NDArray[np.intp], unit: NDArray[np.float64]) -> NDArray[np.intp]:
    """Rows that share their place with a taken one, at first one of each place."""
    rest = np.setdiff1d(np.arange(len(unit)), taken)
    turn = _rank_of_cell(rest, taken, unit, _LEVELS)
    order = np.argsort(turn, kind="stable")
    return rest[order][np.lexsort((turn[order], _occurrence(turn[order])))]


def _rank_of_cell(
    rows: NDArray[np.intp], taken: NDArray[np.intp], unit: NDArray[np.float64], level: int
) -> NDArray[np.intp]:
    """Which of the taken rows represents the cell of each row: its position in the order."""
    cells, first = np.unique(_cells(unit[taken], level), return_index=True)
    return np.asarray(first[np.searchsorted(cells, _cells(unit[rows], level))])


def _occurrence(ascending: NDArray[np.intp]) -> NDArray[np.intp]:
    """For each number how many of the same stand before it."""
    return np.arange(len(ascending)) - np.searchsorted(ascending, ascending)


def _apart(xy: NDArray[np.float64], order: NDArray[np.intp], distance: float) -> MaskArray:
    """Rows kept when they are asked in an order and each must lie far enough from those kept before."""
    tree = cKDTree(xy)
    kept = np.zeros(len(xy), dtype=bool)
    excluded = np.zeros(len(xy), dtype=bool)
    for row in order:
        if not excluded[row]:
            kept[row] = True
            excluded[tree.query_ball_point(xy[row], distance * (1 - _TOLERANCE))] = True
    return kept


def _most(labels: LabelArray, thinning: Thinning) -> NDArray[np.int64]:
    """For each row how many of its class are kept, shape (n,)."""
    _, of_class, counts = np.unique(labels, return_inverse=True, return_counts=True)
    most = counts
    if thinning.share is not None:
        most = np.maximum(1, np.floor(counts * thinning.share + 0.5)).astype(np.int64)
    if thinning.per_class is not None:
        most = np.minimum(most, thinning.per_class)
    return np.asarray(most[of_class.ravel()])
