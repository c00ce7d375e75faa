"""Slope, aspect, eastness and northness from heights, compiled.

With z the heights of a pixel's window, rows from the first to the last, w the width and h the height of a pixel in
metres, signed as in the grid's transform (h is negative where the first row is the northern one)::

    z1 z2 z3     Horn            dz/dx = ((z3 + 2 z6 + z9) - (z1 + 2 z4 + z7)) / 8w
    z4 z5 z6                     dz/dy = ((z7 + 2 z8 + z9) - (z1 + 2 z2 + z3)) / 8h
    z7 z8 z9     four neighbours dz/dx = (z6 - z4) / 2w,  dz/dy = (z8 - z2) / 2h

    slope = atan(|grad z|)       aspect = atan2(-dz/dx, -dz/dy), clockwise from north, the way water runs
    eastness = sin(aspect)       northness = cos(aspect)

Sources: Horn (1981), Proceedings of the IEEE 69, 14-47, GDAL's default; Zevenbergen and Thorne (1987), Earth Surface
Processes and Landforms 12, 47-56, whose first derivatives are those of the four neighbours, as in Earth Engine.

* North is the grid's: up a column. In a projected grid it turns away from true north by the convergence of meridians.
* A window that holds an unknown height has no slope: a gradient from what is left would look as sure as any other.
  So the outermost pixels of a height model have none, as with gdaldem and Earth Engine.
* Flat ground has no aspect. Its aspect is 0, as Earth Engine has it, for the lack of a better number; its eastness and
  northness are 0 too, halfway between facing and turning away, where the sine and cosine of 0 would say that plains
  face north.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from classify_local.bands.pairwise import Float32Array, Float64Array
from classify_local.jit import jit
from classify_local.types import FloatArray

__all__ = ["HALO", "TERRAIN_BANDS", "Method", "TerrainBand", "fill_terrain", "pixel_size_metres", "terrain_bands"]

HALO = 1
"""Pixels of heights needed around those that are computed."""

EQUATORIAL_RADIUS = 6_378_137.0
"""Half the greater axis of the WGS84 ellipsoid in metres."""

FLATTENING = 1 / 298.257223563
"""Flattening of the WGS84 ellipsoid."""

# What the kernels know the bands by.
ELEVATION, SLOPE, ASPECT, EASTNESS, NORTHNESS = range(5)


class Method(StrEnum):
    """How the gradient is taken, as a recipe spells it."""

    HORN = "horn"
    FOUR = "four"


@dataclass(frozen=True, slots=True, kw_only=True)
class TerrainBand:
    """One band of terrain."""

    name: str
    """As a recipe spells it."""

    unit: str
    """Unit of its values."""

    valid_range: tuple[float, float] | None
    """Least and greatest possible value; None where there is no such limit."""


_BANDS = (
    TerrainBand(name="elevation", unit="m", valid_range=None),
    TerrainBand(name="slope", unit="degrees", valid_range=(0.0, 90.0)),
    TerrainBand(name="aspect", unit="degrees", valid_range=(0.0, 360.0)),
    TerrainBand(name="eastness", unit="1", valid_range=(-1.0, 1.0)),
    TerrainBand(name="northness", unit="1", valid_range=(-1.0, 1.0)),
)

TERRAIN_BANDS: Mapping[str, TerrainBand] = MappingProxyType({band.name: band for band in _BANDS})
"""All bands by name, in SEPAL's order."""


def pixel_size_metres(
    latitudes: ArrayLike, width_degrees: float, height_degrees: ArrayLike
) -> tuple[Float64Array, Float64Array]:
    """Measure the pixels of a geographic grid on the WGS84 ellipsoid.

    A degree of longitude is ``N cos(latitude)`` radians' worth and a degree of latitude ``M``, with N the radius of
    curvature in the prime vertical and M that in the meridian; Snyder (1987), USGS Professional Paper 1395, 24-25.

    Parameters
    ----------
    latitudes
        Of the pixel centres of each row, degrees, shape (rows,).
    width_degrees, height_degrees
        Size of a pixel, signed as in the grid's transform: `height_degrees` is negative where the first row is the
        northern one. It may differ by row: in Mercator's projection it does.

    Returns
    -------
    tuple of ndarray
        Width and height in metres, signed alike, float64, each of shape (rows,).
    """
    latitude = np.radians(np.asarray(latitudes, np.float64))
    squared_eccentricity = FLATTENING * (2 - FLATTENING)
    root = np.sqrt(1 - squared_eccentricity * np.sin(latitude) ** 2)
    width = EQUATORIAL_RADIUS / root * np.cos(latitude) * math.radians(width_degrees)
    height = EQUATORIAL_RADIUS * (1 - squared_eccentricity) / root**3 * np.radians(height_degrees)
    return width, height


def terrain_bands(
    heights: FloatArray,
    names: Sequence[str],
    *,
    width_metres: ArrayLike,
    height_metres: ArrayLike,
    method: Method = Method.HORN,
) -> Float32Array:
    """Compute the bands `names` as a new array; parameters are those of `fill_terrain`.

    Returns
    -------
    ndarray
        float32, shape (names, rows, cols).
    """
    rows, cols = (max(side - 2 * HALO, 0) for side in heights.shape)
    out = np.empty((len(names), rows, cols), np.float32)
    fill_terrain(heights, names, out, width_metres=width_metres, height_metres=height_metres, method=method)
    return out


def fill_terrain(
    heights: FloatArray,
    names: Sequence[str],
    out: Float32Array,
    *,
    width_metres: ArrayLike,
    height_metres: ArrayLike,
    method: Method = Method.HORN,
) -> None:
    """Compute the bands `names` of `heights` into `out`.

    Parameters
    ----------
    heights
        Heights in metres, shape (rows + 2, cols + 2), one pixel more on every side than `out`; NaN or infinite where
        unknown.
    names
        Which bands, names as in `TERRAIN_BANDS`.
    out
        float32, shape (names, rows, cols), C-contiguous; NaN where a pixel has no value.
    width_metres, height_metres
        Size of a pixel in metres, signed as in the grid's transform: a number, or one for each row of `out`.
    method
        How the gradient is taken.
    """
    shape = (len(names), heights.shape[0] - 2 * HALO, heights.shape[1] - 2 * HALO)
    if out.shape != shape or out.dtype != np.float32 or not out.flags.c_contiguous:
        raise ValueError(f"out is {out.dtype} of shape {out.shape}; it must be C-contiguous float32 of shape {shape}")
    precise: FloatArray = heights if heights.dtype == np.float32 else np.asarray(heights, np.float64)
    widths, lengths = (np.array(np.broadcast_to(size, shape[1]), np.float64) for size in (width_metres, height_metres))
    if not (widths.all() and lengths.all()):
        raise ValueError("a pixel has a width or height of 0 metres")
    codes = np.array([list(TERRAIN_BANDS).index(name) for name in names], np.int64)
    with np.errstate(invalid="ignore"):  # infinite heights are unknown too
        _fill(np.ascontiguousarray(precise), codes, widths, lengths, Method(method) is Method.HORN, out)


@jit
def _fill(
    heights: FloatArray,
    codes: NDArray[np.int64],
    widths: Float64Array,
    lengths: Float64Array,
    horn: bool,
    out: Float32Array,
) -> None:
    """Go through the rows of `out` (bands, rows, cols): first the fall of each pixel, then the bands."""
    east, north = np.empty(out.shape[2]), np.empty(out.shape[2])
    for row in range(out.shape[1]):
        z = heights[row : row + 3]
        if horn:
            _fall_by_horn(z, 8.0 * widths[row], 8.0 * lengths[row], east, north)
        else:
            _fall_by_four(z, 2.0 * widths[row], 2.0 * lengths[row], east, north)
        for band in range(codes.size):
            _fill_row(codes[band], z[1], east, north, out[band, row])


@jit
def _fall_by_horn(z: FloatArray, width: float, length: float, east: Float64Array, north: Float64Array) -> None:
    """Compute how far the ground falls per metre eastward and northward in a row; NaN if a height is."""
    for i in range(east.size):
        z1, z2, z3 = np.float64(z[0, i]), np.float64(z[0, i + 1]), np.float64(z[0, i + 2])
        z4, z5, z6 = np.float64(z[1, i]), np.float64(z[1, i + 1]), np.float64(z[1, i + 2])
        z7, z8, z9 = np.float64(z[2, i]), np.float64(z[2, i + 1]), np.float64(z[2, i + 2])
        unknown = (z1 + z2 + z3 + z4 + z5 + z6 + z7 + z8 + z9) * 0.0
        east[i] = ((z1 + z7 + 2.0 * z4) - (z3 + z9 + 2.0 * z6)) / width + unknown
        north[i] = ((z1 + z3 + 2.0 * z2) - (z7 + z9 + 2.0 * z8)) / length + unknown


@jit
def _fall_by_four(z: FloatArray, width: float, length: float, east: Float64Array, north: Float64Array) -> None:
    """Compute the same from the four neighbours."""
    for i in range(east.size):
        z2, z8 = np.float64(z[0, i + 1]), np.float64(z[2, i + 1])
        z4, z5, z6 = np.float64(z[1, i]), np.float64(z[1, i + 1]), np.float64(z[1, i + 2])
        unknown = (z2 + z4 + z5 + z6 + z8) * 0.0
        east[i] = (z4 - z6) / width + unknown
        north[i] = (z2 - z8) / length + unknown


@jit
def _fill_row(code: int, centre: FloatArray, east: Float64Array, north: Float64Array, out: Float32Array) -> None:
    """Compute one band of a row: a loop for each, so that it vectorises."""
    if code == ELEVATION:
        for i in range(out.size):
            out[i] = centre[i + 1]
    elif code == SLOPE:
        for i in range(out.size):
            out[i] = _direction(1.0, math.sqrt(east[i] * east[i] + north[i] * north[i]))
    elif code == ASPECT:
        for i in range(out.size):
            degrees = np.float32(_direction(north[i], east[i]))
            out[i] = 0.0 if degrees == 360.0 else degrees  # what is next to 360 rounds to it
    elif code == EASTNESS:
        for i in range(out.size):
            out[i] = _share(east[i], north[i])
    else:
        for i in range(out.size):
            out[i] = _share(north[i], east[i])


@jit
def _share(along: float, across: float) -> float:
    """Divide by the length of the vector: the cosine of its angle; 0 for no vector."""
    length = math.sqrt(along * along + across * across)
    return 0.0 if length == 0.0 else along / length + 0.0  # + 0.0: no negative zero


@jit
def _direction(x: float, y: float) -> float:
    """Compute ``atan2(y, x)`` in degrees from 0 to 360 without a call or a branch, so that it vectorises; 0 for 0, 0.

    The arc tangent is that of the Cephes library (S. L. Moshier, atan.c), as in `classify_local.bands.fused`; one
    of our own gives the same bits wherever a window is cut, which a processor's library need not.
    """
    u, v = abs(x), abs(y)
    small = v if v < u else u
    large = u if v < u else v
    beyond = small > 0.66 * large  # then turn by 45 degrees
    upper = small - large if beyond else small
    lower = small + large if beyond else large
    t = 0.0 if lower == 0.0 else upper / lower
    z = t * t
    p = -8.750608600031904122785e-1
    p = p * z - 1.615753718733365076637e1
    p = p * z - 7.500855792314704667340e1
    p = p * z - 1.228866684490136173410e2
    p = p * z - 6.485021904942025371773e1
    q = z + 2.485846490142306297962e1
    q = q * z + 1.650270098316988542046e2
    q = q * z + 4.328810604912902668951e2
    q = q * z + 4.853903996359136964868e2
    q = q * z + 1.945506571482613964425e2
    turn = math.degrees(t + t * z * p / q)
    turn = turn + 45.0 if beyond else turn
    turn = 90.0 - turn if v > u else turn
    turn = 180.0 - turn if x < 0.0 else turn
    return 360.0 - turn if y < 0.0 else turn
