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

__all__ = ["average", "between", "bilinear", "nearest"]

_RUN = 512
"""Places looked up at once: their pixels are then taken band by band, as these lie in memory."""


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
    rows, cols = values.shape[1:]
    flat, flat_valid = (np.ascontiguousarray(array).reshape(len(array), rows * cols) for array in (values, valid))
    _nearest(flat, flat_valid, rows, cols, places_yx, out, out_valid)


def between(nodes_yx: Places, nodes: NDArray[np.int64], shares: NDArray[np.float64], limit: float) -> tuple[
    Places, MaskArray
]:  # fmt: skip
    """Places between lines of nodes, and which of them lie near an edge between pixels.

    Parameters
    ----------
    nodes_yx
        Places at the lines of nodes, shape (2, lines, cols).
    nodes, shares
        For each row the line before it, and how far it is from there to the next; both of shape (rows,).
    limit
        How near is near, in pixels.

    Returns
    -------
    places_yx, near
        Of shapes (2, rows, cols) and (rows, cols).
    """
    if len(nodes) and not 0 <= nodes.min() <= nodes.max() < nodes_yx.shape[1] - 1:
        raise ValueError(f"rows lie between the lines {nodes.min()} and {nodes.max() + 1} of {nodes_yx.shape[1]}")
    shape = len(nodes), nodes_yx.shape[2]
    places_yx, near = np.empty((2, *shape)), np.empty(shape, dtype=bool)
    _between(nodes_yx, nodes, shares, limit, places_yx, near)
    return places_yx, near


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
    values: NDArray[Any], valid: NDArray[np.bool_], rows: int, cols: int, places_yx: Places, out: FeatureArray,
    out_valid: MaskArray,
) -> None:  # fmt: skip
    pixels = np.empty(_RUN, np.int64)
    for start in range(0, places_yx.shape[1], _RUN):
        count = min(_RUN, places_yx.shape[1] - start)
        for i in range(count):
            y, x = places_yx[0, start + i], places_yx[1, start + i]
            inside = (y >= 0.0) and (y < rows) and (x >= 0.0) and (x < cols)
            pixels[i] = int(y) * cols + int(x) if inside else -1
        for b in range(values.shape[0]):
            for i in range(count):
                pixel = pixels[i]
                if pixel >= 0:
                    out[b, start + i] = values[b, pixel]
                    out_valid[b, start + i] = valid[b, pixel]
                else:
                    out[b, start + i] = 0
                    out_valid[b, start + i] = False


@jit
def _between(
    nodes_yx: Places, nodes: NDArray[np.int64], shares: NDArray[np.float64], limit: float, places_yx: Places,
    near: NDArray[np.bool_],
) -> None:  # fmt: skip
    for r in range(len(nodes)):
        above, share = nodes[r], shares[r]
        rest = 1.0 - share
        for c in range(places_yx.shape[2]):
            y = nodes_yx[0, above, c] * rest + nodes_yx[0, above + 1, c] * share
            x = nodes_yx[1, above, c] * rest + nodes_yx[1, above + 1, c] * share
            places_yx[0, r, c] = y
            places_yx[1, r, c] = x
            near[r, c] = (abs(y - np.rint(y)) <= limit) | (abs(x - np.rint(x)) <= limit)


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
