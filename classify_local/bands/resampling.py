"""Pixels of one raster taken at places given in fractions of its pixels: nearest, bilinear, average. Pure.

Places count from the upper left corner of the raster: the centre of its first pixel is (0.5, 0.5), and `floor` of
a place is the pixel that holds it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from classify_local.jit import jit
from classify_local.types import FeatureArray, MaskArray

Places = NDArray[np.float64]

__all__ = ["average", "bilinear", "nearest"]


def nearest(values: FeatureArray, valid: MaskArray, places_yx: Places, out: FeatureArray, out_valid: MaskArray) -> None:
    """The pixel that holds each place.

    Parameters
    ----------
    values, valid
        The raster, both of shape (bands, rows, cols).
    places_yx
        Rows and columns, shape (2, n). Places outside the raster, or not finite, get nothing valid.
    out, out_valid
        What is filled, both of shape (bands, n).
    """
    _check(values, valid, places_yx, out, out_valid)
    _nearest(values, valid, places_yx, out, out_valid)


def bilinear(
    values: FeatureArray, valid: MaskArray, places_yx: Places, out: NDArray[np.float32], out_valid: MaskArray
) -> None:
    """The mean of the four pixels around each place, weighted by nearness; of those among them that are valid.

    A place is valid where the pixel that holds it is. The parameters are those of `nearest`.
    """
    _check(values, valid, places_yx, out, out_valid)
    _bilinear(values, valid, places_yx, out, out_valid)


def average(
    values: FeatureArray, valid: MaskArray, places_yx: Places, reach_yx: Places, out: NDArray[np.float32],
    out_valid: MaskArray,
) -> None:  # fmt: skip
    """The mean of the valid pixels that a box around each place covers, weighted by how much of them it covers.

    Parameters
    ----------
    reach_yx
        Half the box's height and width in pixels of the raster, shape (2, n); at least half a pixel is taken.

    The other parameters are those of `nearest`.
    """
    _check(values, valid, places_yx, out, out_valid)
    _average(values, valid, places_yx, np.maximum(reach_yx, 0.5), out, out_valid)


def _check(values: FeatureArray, valid: MaskArray, places_yx: Places, out: Any, out_valid: MaskArray) -> None:
    """A kernel would write past the end of arrays that do not fit."""
    shape = (len(values), places_yx.shape[1])
    if values.shape != valid.shape or out.shape != shape or out_valid.shape != shape or len(places_yx) != 2:
        raise ValueError(f"arrays of shapes {values.shape}, {valid.shape}, {places_yx.shape}, {out.shape} do not fit")


@jit
def _nearest(
    values: FeatureArray, valid: MaskArray, places_yx: Places, out: FeatureArray, out_valid: MaskArray
) -> None:
    bands, rows, cols = values.shape
    for i in range(places_yx.shape[1]):
        y, x = places_yx[0, i], places_yx[1, i]
        inside = (y >= 0.0) and (y < rows) and (x >= 0.0) and (x < cols)
        if inside:
            r, c = int(y), int(x)
            for b in range(bands):
                out[b, i] = values[b, r, c]
                out_valid[b, i] = valid[b, r, c]
        else:
            for b in range(bands):
                out[b, i] = 0
                out_valid[b, i] = False


@jit
def _bilinear(
    values: FeatureArray, valid: MaskArray, places_yx: Places, out: NDArray[np.float32], out_valid: MaskArray
) -> None:
    bands, rows, cols = values.shape
    for i in range(places_yx.shape[1]):
        y, x = places_yx[0, i], places_yx[1, i]
        inside = (y >= 0.0) and (y < rows) and (x >= 0.0) and (x < cols)
        if not inside:
            for b in range(bands):
                out[b, i] = 0.0
                out_valid[b, i] = False
            continue
        held_r, held_c = int(y), int(x)
        top, left = int(np.floor(y - 0.5)), int(np.floor(x - 0.5))
        down, right = (y - 0.5) - top, (x - 0.5) - left
        for b in range(bands):
            total, weights = 0.0, 0.0
            for dr in range(2):
                for dc in range(2):
                    r, c = top + dr, left + dc
                    if 0 <= r < rows and 0 <= c < cols and valid[b, r, c]:
                        w = (down if dr else 1.0 - down) * (right if dc else 1.0 - right)
                        total += w * values[b, r, c]
                        weights += w
            out_valid[b, i] = valid[b, held_r, held_c]
            out[b, i] = total / weights if weights > 0.0 else 0.0


@jit
def _average(
    values: FeatureArray, valid: MaskArray, places_yx: Places, reach_yx: Places, out: NDArray[np.float32],
    out_valid: MaskArray,
) -> None:  # fmt: skip
    bands, rows, cols = values.shape
    for i in range(places_yx.shape[1]):
        y, x = places_yx[0, i], places_yx[1, i]
        if not ((y >= 0.0) and (y < rows) and (x >= 0.0) and (x < cols)):
            for b in range(bands):
                out[b, i] = 0.0
                out_valid[b, i] = False
            continue
        top, bottom = max(y - reach_yx[0, i], 0.0), min(y + reach_yx[0, i], float(rows))
        left, right = max(x - reach_yx[1, i], 0.0), min(x + reach_yx[1, i], float(cols))
        first_r, last_r = int(top), min(int(np.ceil(bottom)), rows)
        first_c, last_c = int(left), min(int(np.ceil(right)), cols)
        for b in range(bands):
            total, weights = 0.0, 0.0
            for r in range(first_r, last_r):
                height = min(bottom, r + 1.0) - max(top, float(r))
                for c in range(first_c, last_c):
                    if valid[b, r, c]:
                        w = height * (min(right, c + 1.0) - max(left, float(c)))
                        total += w * values[b, r, c]
                        weights += w
            out_valid[b, i] = weights > 0.0
            out[b, i] = total / weights if weights > 0.0 else 0.0
