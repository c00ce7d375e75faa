"""Latitude of pixel centres, of any window of any grid.

Where the coordinates are geographic, it is the grid's own arithmetic. Elsewhere every pixel goes through the
transformation to geographic coordinates: 0.15 microseconds each in UTM, little beside classifying it, so nothing is
interpolated. Each pixel is computed from its own row and column in the grid, and is the same in every window.

The band is float32, as features are: it is within 4e-6 degrees of the latitude (half a unit in the last place above 64
degrees, less below), 0.4 m on the ground.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from affine import Affine

from classify_local.bands.pairwise import Float32Array, Float64Array
from classify_local.grid import Window

__all__ = ["NAME", "UNIT", "VALID_RANGE", "ToLatitude", "latitude_band", "pixel_latitudes", "row_latitudes"]

NAME, UNIT, VALID_RANGE = "latitude", "degrees", (-90.0, 90.0)
"""What the band is called, its unit, its least and greatest value."""

ToLatitude: TypeAlias = Callable[[Float64Array, Float64Array], Float64Array]
"""From x and y of the grid, arrays of one shape, to latitudes in degrees, not finite where there is none."""


def latitude_band(transform: Affine, window: Window, to_latitude: ToLatitude | None = None) -> Float32Array:
    """Compute `pixel_latitudes` as a band: float32, shape (rows, cols)."""
    return pixel_latitudes(transform, window, to_latitude).astype(np.float32)


def pixel_latitudes(transform: Affine, window: Window, to_latitude: ToLatitude | None = None) -> Float64Array:
    """Compute the latitude of every pixel centre.

    Parameters
    ----------
    transform
        The grid's, from (column, row) at a pixel's upper left corner to (x, y); it may be turned.
    window
        Which pixels of the grid.
    to_latitude
        Such as ``lambda x, y: transformer.transform(x, y)[1]``, with a pyproj transformer to EPSG:4326 made with
        ``always_xy=True``. None where the grid's own coordinates are longitude and latitude in degrees.

    Returns
    -------
    ndarray
        Degrees, float64, shape (rows, cols); NaN where a pixel lies outside the projection.
    """
    rows = np.arange(window.row, window.row + window.rows)[:, None] + 0.5
    cols = np.arange(window.col, window.col + window.cols) + 0.5
    y = transform.d * cols + transform.e * rows + transform.f
    if to_latitude is None:
        return y
    latitudes = to_latitude(transform.a * cols + transform.b * rows + transform.c, y)
    return np.where(np.isfinite(latitudes), latitudes, np.nan)


def row_latitudes(transform: Affine, window: Window) -> Float64Array:
    """Compute the latitude of each row of a grid in longitude and latitude: degrees, float64, shape (rows,).

    Raises
    ------
    ValueError
        If the grid is turned, so that latitude changes along a row.
    """
    if transform.d:
        raise ValueError(f"latitude changes along the rows of a turned grid: {transform.d} degrees a column")
    return pixel_latitudes(transform, Window(row=window.row, col=0, rows=window.rows, cols=1))[:, 0]
