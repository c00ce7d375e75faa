"""Windows of a grid as lazy xarray arrays: dask-backed, with coordinates and reference system.

Importing this module takes a second, so it is imported when the first such array is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dask.array as da
import numpy as np
import rioxarray  # noqa: F401 - gives arrays their accessor .rio
import xarray as xr
from dask.array.core import normalize_chunks
from numpy.typing import NDArray

from classify_local.grid import Grid, Window
from classify_local.types import FloatArray

Chunks = int | tuple[int, int]


def lazy_array(
    read: Callable[[Window], NDArray[Any]],
    grid: Grid,
    count: int,
    dtype: np.dtype[Any],
    chunks: Chunks,
    token: str,
) -> da.Array:
    """A dask array of shape (count, rows, cols) whose chunks are read when they are computed.

    Parameters
    ----------
    read
        Gives the values of a window, shape (count, rows, cols).
    grid
        The whole.
    count, dtype
        Number of bands and type.
    chunks
        Side of a chunk, or its rows and columns.
    token
        Names the content: equal tokens, equal values.
    """
    rows, cols = chunks if isinstance(chunks, tuple) else (chunks, chunks)
    shape = (count, *grid.shape)
    sizes = normalize_chunks((count, rows, cols), shape=shape, dtype=dtype)  # type: ignore[no-untyped-call]
    array: da.Array = da.map_blocks(  # type: ignore[no-untyped-call]
        _read_chunk,
        read=read,
        chunks=sizes,
        dtype=dtype,
        name=f"classify_local-{token}-{rows}-{cols}",
        meta=np.empty((0, 0, 0), dtype=dtype),
    )
    return array


def placed(array: da.Array, grid: Grid, names: Sequence[str], about: Mapping[str, Sequence[str]]) -> xr.DataArray:
    """A dask array with its bands, coordinates of pixel centres, transform and reference system.

    Parameters
    ----------
    array
        Shape (bands, rows, cols).
    grid
        Where its pixels lie.
    names
        Names of the bands.
    about
        Further things to say of each band, by name of the coordinate.
    """
    coords: dict[str, Any] = {"band": list(names), **coordinates(grid)}
    coords |= {key: ("band", list(values)) for key, values in about.items()}
    result = xr.DataArray(array, dims=("band", "y", "x"), coords=coords, name="features")
    return located(result, grid)


def located(array: xr.DataArray, grid: Grid) -> xr.DataArray:
    """The array with the grid's reference system and transform."""
    written: xr.DataArray = array.rio.write_crs(grid.crs).rio.write_transform(grid.transform)
    return written


def coordinates(grid: Grid) -> dict[str, FloatArray]:
    """Coordinates of pixel centres along x and y; none where the grid is rotated."""
    t = grid.transform
    if t.b or t.d:
        return {}
    rows, cols = grid.shape
    return {"y": t.f + t.e * (np.arange(rows) + 0.5), "x": t.c + t.a * (np.arange(cols) + 0.5)}


def _read_chunk(read: Callable[[Window], NDArray[Any]], block_info: Any = None) -> NDArray[Any]:
    _, (top, bottom), (left, right) = block_info[None]["array-location"]
    return read(Window(row=top, col=left, rows=bottom - top, cols=right - left))
