"""From class shares to the pixels of a map: class values and whole percents, written where pixels are valid.

The same as taking ``argmax``, ``numpy.rint(100 * p)`` and ``out[valid] = ...`` one after the other. With votes there
are only as many different probabilities as trees, so each percent is looked up and no probability is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classify_local.classifiers.inference.protocol import CHUNK, CompiledPredictor, Shares
from classify_local.jit import jit
from classify_local.types import FeatureArray, MaskArray

__all__ = ["ABSENT", "ASSIGNED", "MapPixels", "fill_map", "positions_of", "write_shares"]

ASSIGNED = -1
"""In `MapPixels.percent_of`: the probability of the class that was assigned."""

ABSENT = -2
"""In `MapPixels.percent_of`: the probability of a class the model does not know, which is 0."""

RUN = 1024
"""Pixels whose best class is found at a time."""

IndexArray = NDArray[np.int64]
CodeArray = NDArray[np.uint16]
RealArray = NDArray[np.float64]


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


def fill_map(
    predictor: CompiledPredictor, features: FeatureArray, valid: MaskArray, out: MapPixels,
    stopped: Callable[[], None] = lambda: None,
) -> None:  # fmt: skip
    """Write the pixels of a block, some ten thousand at a time.

    Parameters
    ----------
    predictor
        Gives the shares.
    features
        Shape (bands, rows, cols).
    valid
        Shape (rows, cols); the others keep what `out` holds.
    out
        Where to.
    stopped
        Called now and then; may raise to stop.
    """
    flat, positions = features.reshape(len(features), -1), positions_of(valid)
    for first in range(0, len(positions), CHUNK):
        stopped()
        part = positions[first : first + CHUNK]
        whole = len(positions) == valid.size
        pixels = flat[:, first : first + CHUNK] if whole else np.take(flat, part, axis=1)
        write_shares(predictor.shares(pixels), part, out)


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
    # Divided before they are compared, as the library does: two sums may give one quotient.
    values = shares.values if shares.are_votes or shares.whole == 1 else shares.probabilities()
    best, most = np.empty(len(positions), np.uint16), np.empty(len(positions), values.dtype)
    _find_best(values, np.empty(0, np.int64) if shares.codes is None else shares.codes, best, most)
    if out.class_map is not None:
        _write_classes(best, out.class_values, positions, out.class_map.reshape(-1))
    table = percent_table(int(shares.whole)) if shares.are_votes else None
    for band, number in zip(out.percents, out.percent_of, strict=True):
        source = most if number == ASSIGNED else values[number]
        if number == ABSENT:
            _write_zeros(positions, band.reshape(-1))
        elif table is None:
            _write_rounded(source, positions, band.reshape(-1))
        else:
            _write_looked_up(source, table, positions, band.reshape(-1))


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


def _find_best_plainly(values: NDArray[Any], codes: IndexArray, best: CodeArray, most: NDArray[Any]) -> None:
    best[:] = codes if codes.size else values.argmax(axis=0)
    most[:] = values[best, np.arange(best.size)]


@jit(plain=_find_best_plainly)
def _find_best(values: NDArray[Any], codes: IndexArray, best: CodeArray, most: NDArray[Any]) -> None:
    """Find the class of each pixel and its share: the given class, else the first of those with the greatest."""
    if codes.size > 0:
        for i in range(codes.size):
            best[i], most[i] = codes[i], values[codes[i], i]
        return
    for start in range(0, best.size, RUN):
        _find_greatest(values[:, start : start + RUN], best[start : start + RUN], most[start : start + RUN])


@jit
def _find_greatest(values: NDArray[Any], best: CodeArray, most: NDArray[Any]) -> None:
    for i in range(best.size):
        best[i], most[i] = np.uint16(0), values[0, i]
    for number in range(1, values.shape[0]):
        row = values[number]
        for i in range(best.size):
            more = row[i] > most[i]
            best[i] = np.uint16(number) if more else best[i]
            most[i] = row[i] if more else most[i]


def _write_classes_plainly(
    best: CodeArray, class_values: NDArray[Any], positions: IndexArray, class_map: NDArray[Any]
) -> None:
    class_map[positions] = class_values[best]


@jit(plain=_write_classes_plainly)
def _write_classes(best: CodeArray, class_values: NDArray[Any], positions: IndexArray, class_map: NDArray[Any]) -> None:
    for i in range(positions.size):
        class_map[positions[i]] = class_values[best[i]]


def _write_zeros(positions: IndexArray, percents: NDArray[np.uint8]) -> None:
    percents[positions] = 0


def _write_looked_up_plainly(
    votes: NDArray[Any], table: NDArray[np.uint8], positions: IndexArray, percents: NDArray[np.uint8]
) -> None:
    percents[positions] = table[votes]


@jit(plain=_write_looked_up_plainly)
def _write_looked_up(
    votes: NDArray[Any], table: NDArray[np.uint8], positions: IndexArray, percents: NDArray[np.uint8]
) -> None:
    for i in range(positions.size):
        percents[positions[i]] = table[votes[i]]


def _write_rounded_plainly(shares: RealArray, positions: IndexArray, percents: NDArray[np.uint8]) -> None:
    percents[positions] = np.rint(100.0 * shares).astype(np.uint8)


@jit(plain=_write_rounded_plainly)
def _write_rounded(shares: RealArray, positions: IndexArray, percents: NDArray[np.uint8]) -> None:
    for i in range(positions.size):
        percents[positions[i]] = np.uint8(np.rint(100.0 * shares[i]))
