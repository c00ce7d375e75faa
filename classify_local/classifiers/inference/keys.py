"""Real numbers as integers that sort alike, so that one integer comparison answers a split exactly.

A tree compares a feature as float32 with a threshold as float64. Every float32 value `x` has ``x <= t`` exactly
if ``x <= floor(t)``, where floor takes the nearest float32 below; and two float32 numbers compare as their bits
do, once those of negative numbers are turned round (M. Herf, "Radix tricks", 2001). Integer rasters go through
float32 too, as they do in the library. NaN has no place in this order: pixels without data never arrive here.

Kernels read the keys in tiles of `LANES` pixels, all bands of a tile together: what one pixel compares next lies
at a fixed distance from what its neighbour does, and within a few cache lines.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from classify_local.jit import jit
from classify_local.types import FeatureArray

__all__ = ["LANES", "fill_keys", "float32_floor", "key_tiles", "keys_of"]

LANES = 16
"""Pixels in a tile."""

LINE = 64
"""Bytes in a cache line."""

SIGN = 0x8000_0000

KeyArray = NDArray[np.uint32]


def float32_floor(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """The largest float32 that is not above each value."""
    with np.errstate(over="ignore"):  # beyond float32 it becomes infinite, and is taken back
        nearest = values.astype(np.float32)
        above = nearest.astype(np.float64) > values
        return np.where(above, np.nextafter(nearest, np.float32(-np.inf)), nearest)


def keys_of(values: NDArray[np.float32]) -> KeyArray:
    """Keys that sort as the values do; -0.0 and 0.0 have the same one."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    bits = np.where(bits == SIGN, np.uint32(0), bits)
    return np.where(bits >= SIGN, ~bits, bits | np.uint32(SIGN))


def key_tiles(pixels: int, bands: int) -> KeyArray:
    """Room for the keys of some pixels, shape (tiles, bands, `LANES`), beginning at a cache line."""
    tiles = -(-pixels // LANES)
    size = tiles * bands * LANES
    room = np.zeros(size + LINE // 4, np.uint32)
    start = -room.ctypes.data % LINE // 4
    return room[start : start + size].reshape(tiles, bands, LANES)


def _fill_plainly(features: FeatureArray, first: int, count: int, tiles: KeyArray) -> None:
    bands = features.shape[0]
    full = np.zeros((bands, tiles.shape[0] * LANES), np.uint32)
    full[:, :count] = keys_of(features[:, first : first + count].astype(np.float32))
    tiles[...] = full.reshape(bands, -1, LANES).transpose(1, 0, 2)


@jit(plain=_fill_plainly)
def fill_keys(features: FeatureArray, first: int, count: int, tiles: KeyArray) -> None:
    """Write the keys of `count` pixels from `first` on; lanes beyond the last pixel keep what they hold."""
    full = count // LANES
    for tile in range(full):
        for band in range(features.shape[0]):
            for lane in range(LANES):
                tiles[tile, band, lane] = _key(features[band, first + tile * LANES + lane])
    for band in range(features.shape[0]):
        for pixel in range(full * LANES, count):
            tiles[full, band, pixel - full * LANES] = _key(features[band, first + pixel])


@jit
def _key(value: float) -> np.uint32:
    bits = np.float32(value).view(np.uint32)
    bits = np.uint32(0) if bits == np.uint32(SIGN) else bits
    return np.uint32(~bits) if bits & np.uint32(SIGN) else bits | np.uint32(SIGN)
