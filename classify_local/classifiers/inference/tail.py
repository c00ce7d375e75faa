"""From class shares to the pixels of a map: class values and whole percents, written where pixels are valid.

The same as taking ``argmax``, ``numpy.rint(100 * p)`` and ``out[valid] = ...`` one after the other, in one pass. With
votes there are only as many different probabilities as trees, so each percent is looked up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classify_local.classifiers.inference.protocol import Shares
from classify_local.jit import jit
from classify_local.types import MaskArray

__all__ = ["ABSENT", "ASSIGNED", "MapPixels", "positions_of", "write_shares"]

ASSIGNED = -1
"""In `MapPixels.percent_of`: the probability of the class that was assigned."""

ABSENT = -2
"""In `MapPixels.percent_of`: the probability of a class the model does not know, which is 0."""

RUN = 1024
"""Pixels whose best class is found at a time."""

IndexArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MapPixels:
    """Where the pixels of a block go. Arrays are C-contiguous and hold nodata to begin with.

    Parameters
    ----------
    class_values
        Value of each class of the model, in the type of the map; shape (classes,).
    class_map
        Shape (rows, cols), or None.
    percents
        Shape (bands, rows, cols); without bands if no probability is wanted.
    percent_of
        What each band of `percents` shows: the number of a class in the model, `ASSIGNED` or `ABSENT`.
    """

    class_values: NDArray[Any]
    class_map: NDArray[Any] | None
    percents: NDArray[np.uint8]
    percent_of: Sequence[int]

    def __post_init__(self) -> None:
        if self.class_map is not None and self.class_map.dtype != self.class_values.dtype:
            raise ValueError(f"class values are {self.class_values.dtype}, their map is {self.class_map.dtype}")
        if len(self.percents) != len(self.percent_of):
            raise ValueError(f"{len(self.percents)} bands of percents for {len(self.percent_of)} classes")
        if any(not ABSENT <= number < len(self.class_values) for number in self.percent_of):
            raise ValueError(f"percents of classes {list(self.percent_of)} of {len(self.class_values)}")
        arrays = [self.percents] if self.class_map is None else [self.percents, self.class_map]
        if not all(array.flags.c_contiguous for array in arrays):
            raise ValueError("pixels can only be written into C-contiguous arrays")
        if self.class_map is not None and len(self.percents) and self.percents.shape[1:] != self.class_map.shape:
            raise ValueError(f"percents of {self.percents.shape[1:]} pixels for a map of {self.class_map.shape}")


def positions_of(valid: MaskArray) -> IndexArray:
    """Places of the valid pixels in the order of features[:, valid]; shape (n,)."""
    return np.flatnonzero(valid)


def write_shares(shares: Shares, positions: IndexArray, out: MapPixels) -> None:
    """Write the pixels whose shares these are.

    Parameters
    ----------
    shares
        Of n pixels; equal shares go to the class that comes first.
    positions
        Places of these pixels in a flat block, ascending; shape (n,).
    out
        Where to.
    """
    _check(shares, positions, out)
    class_map = np.empty(0, out.class_values.dtype) if out.class_map is None else out.class_map.reshape(-1)
    percents = out.percents.reshape(len(out.percents), -1) if len(out.percents) else np.empty((0, 0), np.uint8)
    percent_of = np.array(out.percent_of, np.int64)
    codes = np.empty(0, np.int64) if shares.codes is None else shares.codes
    if shares.are_votes:
        table = percent_table(int(shares.whole))
        _write_votes(shares.values, table, codes, positions, out.class_values, class_map, percent_of, percents)
    else:
        whole = float(shares.whole)
        _write_real(shares.values, whole, codes, positions, out.class_values, class_map, percent_of, percents)


def percent_table(whole: int) -> NDArray[np.uint8]:
    """Whole percent of each number of votes, rounded to the nearest even where it lies between two."""
    return np.rint(100.0 * (np.arange(whole + 1) / np.float64(whole))).astype(np.uint8)


def _check(shares: Shares, positions: IndexArray, out: MapPixels) -> None:
    """Refuse what would make the kernel write outside its arrays."""
    if shares.values.shape != (len(out.class_values), len(positions)):
        wanted = (len(out.class_values), len(positions))
        raise ValueError(f"shares have shape {shares.values.shape}; these pixels need {wanted}")
    codes = shares.codes
    if codes is not None and (codes.shape != positions.shape or ((codes < 0) | (codes >= len(out.class_values))).any()):
        raise ValueError(f"classes of pixels must be {len(positions)} numbers from 0 to {len(out.class_values) - 1}")
    size = out.class_map.size if out.class_map is not None else out.percents[:1].size
    written = out.class_map is not None or len(out.percents) > 0
    if written and len(positions) and (positions[0] < 0 or positions[-1] >= size):
        raise ValueError(f"positions {positions[0]} to {positions[-1]} lie outside {size} pixels")


def _write_plainly(
    probabilities: NDArray[np.float64], codes: IndexArray, positions: IndexArray, class_values: NDArray[Any],
    class_map: NDArray[Any], percent_of: IndexArray, percents: NDArray[np.uint8],
) -> None:  # fmt: skip
    best = codes if codes.size else probabilities.argmax(axis=0)
    if class_map.size:
        class_map[positions] = class_values[best]
    for band, number in zip(percents, percent_of, strict=True):
        chosen = best if number == ASSIGNED else number
        p = probabilities[chosen, np.arange(len(positions))] if number != ABSENT else np.zeros(len(positions))
        band[positions] = np.rint(100.0 * p).astype(np.uint8)


def _write_votes_plainly(votes: NDArray[Any], table: NDArray[np.uint8], *rest: Any) -> None:
    _write_plainly(votes / np.float64(len(table) - 1), *rest)


def _write_real_plainly(shares: NDArray[np.float64], whole: float, *rest: Any) -> None:
    _write_plainly(shares / whole, *rest)


@jit(plain=_write_votes_plainly)
def _write_votes(
    votes: NDArray[Any], table: NDArray[np.uint8], codes: IndexArray, positions: IndexArray,
    class_values: NDArray[Any], class_map: NDArray[Any], percent_of: IndexArray, percents: NDArray[np.uint8],
) -> None:  # fmt: skip
    best, most = np.empty(RUN, np.int64), np.empty(RUN, votes.dtype)
    for start in range(0, positions.size, RUN):
        run, at = votes[:, start : start + RUN], positions[start : start + RUN]
        _find_best(run, codes[start : start + RUN], best, most)
        _write_classes(best, at, class_values, class_map)
        for band in range(percent_of.size):
            source = most[: at.size] if percent_of[band] == ASSIGNED else run[max(percent_of[band], 0)]
            if percent_of[band] == ABSENT:
                _write_zeros(at, percents[band])
            else:
                for i in range(at.size):
                    percents[band, at[i]] = table[source[i]]


@jit(plain=_write_real_plainly)
def _write_real(
    shares: NDArray[np.float64], whole: float, codes: IndexArray, positions: IndexArray, class_values: NDArray[Any],
    class_map: NDArray[Any], percent_of: IndexArray, percents: NDArray[np.uint8],
) -> None:  # fmt: skip
    best, most = np.empty(RUN, np.int64), np.empty(RUN)
    for start in range(0, positions.size, RUN):
        at = positions[start : start + RUN]
        # Divided before they are compared, as the library does: two sums may give one quotient.
        run = shares[:, start : start + RUN] / whole
        _find_best(run, codes[start : start + RUN], best, most)
        _write_classes(best, at, class_values, class_map)
        for band in range(percent_of.size):
            source = most[: at.size] if percent_of[band] == ASSIGNED else run[max(percent_of[band], 0)]
            if percent_of[band] == ABSENT:
                _write_zeros(at, percents[band])
            else:
                for i in range(at.size):
                    percents[band, at[i]] = np.uint8(np.rint(100.0 * source[i]))


@jit
def _find_best(shares: NDArray[Any], codes: IndexArray, best: IndexArray, most: NDArray[Any]) -> None:
    """Find the class of each pixel and its share: the given class, else the first of those with the greatest."""
    if codes.size > 0:
        for i in range(codes.size):
            best[i], most[i] = codes[i], shares[codes[i], i]
        return
    for i in range(shares.shape[1]):
        best[i], most[i] = 0, shares[0, i]
    for number in range(1, shares.shape[0]):
        for i in range(shares.shape[1]):
            more = shares[number, i] > most[i]
            best[i] = number if more else best[i]
            most[i] = shares[number, i] if more else most[i]


@jit
def _write_classes(
    best: IndexArray, positions: IndexArray, class_values: NDArray[Any], class_map: NDArray[Any]
) -> None:
    if class_map.size > 0:
        for i in range(positions.size):
            class_map[positions[i]] = class_values[best[i]]


@jit
def _write_zeros(positions: IndexArray, percents: NDArray[np.uint8]) -> None:
    for i in range(positions.size):
        percents[positions[i]] = 0
