"""Points as a layer of a GeoPackage."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
from numpy.typing import NDArray

from classify_local.storage import atomic


def write_points(
    path: Path, x: NDArray[np.float64], y: NDArray[np.float64], crs: str, columns: Mapping[str, NDArray[Any]],
    layer: str,
) -> None:  # fmt: skip
    """Write points with attributes, whole or not at all.

    Parameters
    ----------
    path
        The GeoPackage; what stands there is replaced.
    x, y
        Coordinates in `crs`, shape (n,).
    crs
        The reference system, as EPSG:n or in WKT.
    columns
        Attributes by name, each of shape (n,); text as objects.
    layer
        Name of the layer.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    frame = geopandas.GeoDataFrame(dict(columns), geometry=geopandas.points_from_xy(x, y), crs=crs)
    stream = io.BytesIO()
    frame.to_file(stream, driver="GPKG", layer=layer, engine="pyogrio", geometry_type="Point")
    atomic.write_bytes(path, stream.getvalue())
