"""Where arrays lie: the grid of their coordinates, and which of their dimensions are y, x and time (CF conventions)."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pyproj
import xarray as xr
from affine import Affine
from numpy.typing import NDArray
from pyproj.exceptions import CRSError as ProjError
from rasterio.crs import CRS
from rasterio.errors import CRSError

from classify_local.errors import InputError, RefusedError
from classify_local.grid import Grid

_NAMES = {
    "y": ("y", "lat", "latitude", "northing", "nav_lat"),
    "x": ("x", "lon", "longitude", "easting", "long", "nav_lon"),
    "t": ("time", "t", "date", "datetime"),
}
_STANDARD = {
    "y": ("projection_y_coordinate", "latitude"),
    "x": ("projection_x_coordinate", "longitude"),
    "t": ("time",),
}
_REGULAR = 0.02
"""Share of a pixel by which a coordinate may lie off its place; those in 32 bits do by rounding."""
_DEFINITION = re.compile(r"[A-Z_0-9]+\s*\[", re.IGNORECASE)
_DEGREES = ("degrees_north", "degree_north", "degrees_n", "degrees_east", "degree_east", "degrees_e")
_ASSIGN = "assign one, for example with rioxarray: ds.rio.write_crs(32736)"


def axis_of(dataset: xr.Dataset, dimension: Hashable) -> str | None:
    """y, x, t, or None for any other dimension."""
    attributes = dataset[dimension].attrs if dimension in dataset.variables else {}
    standard, axis = str(attributes.get("standard_name", "")), str(attributes.get("axis", "")).lower()
    for kind in ("y", "x", "t"):
        if standard in _STANDARD[kind] or axis == kind:
            return kind
    if " since " in str(attributes.get("units", "")):
        return "t"
    if dimension in dataset.variables and np.issubdtype(dataset[dimension].dtype, np.datetime64):
        return "t"
    return next((kind for kind, names in _NAMES.items() if str(dimension).lower() in names), None)


def grid_of(dataset: xr.Dataset, variable: xr.DataArray, y: Hashable, x: Hashable, where: str) -> Grid:
    """The grid of a variable's pixels.

    Raises
    ------
    InputError
        If its coordinates are missing, not at equal distances, or in an unknown reference system.
    RefusedError
        If the reference system is given as an address.
    """
    mapping = _grid_mapping(dataset, variable)
    down, across = _places(dataset, y), _places(dataset, x)
    if down is None or across is None:
        transform = _geotransform(mapping, where, y if down is None else x)
    else:
        transform = _regular(down, across, mapping, where, (y, x))
    shape = (int(variable.sizes[y]), int(variable.sizes[x]))
    try:
        return Grid(crs=_crs(mapping, dataset, y, x, where), transform=transform, shape=shape)
    except ValueError as error:
        raise InputError(f"{where}: {error}") from error


def _places(dataset: xr.Dataset, dimension: Hashable) -> NDArray[Any] | None:
    """Coordinates along a dimension, or None if there are none."""
    if dimension not in dataset.variables or dataset[dimension].dims != (dimension,):
        return None
    found = np.asarray(dataset[dimension].values)
    return found if np.issubdtype(found.dtype, np.number) else None


def _regular(
    down: NDArray[Any], across: NDArray[Any], mapping: Mapping[str, Any], where: str, names: tuple[Hashable, Hashable]
) -> Affine:
    if min(len(down), len(across)) < 2:
        return _geotransform(mapping, where, names[0] if len(down) < 2 else names[1])
    (top, height), (left, width) = (
        _first_and_step(places, where, name) for places, name in zip((down, across), names, strict=True)
    )
    return Affine(width, 0, left - width / 2, 0, height, top - height / 2)


def _first_and_step(places: NDArray[Any], where: str, name: Hashable) -> tuple[float, float]:
    exact = places.astype(np.float64)
    step = float(exact[-1] - exact[0]) / (len(exact) - 1)
    expected = exact[0] + step * np.arange(len(exact))
    off = np.abs(exact - expected).max()
    if not np.isfinite(off) or step == 0 or off > _REGULAR * abs(step):
        raise InputError(
            f"{where}: its coordinates {str(name)!r} are not at equal distances; "
            "resample it to a regular grid first, for example: gdalwarp in.nc out.tif"
        )
    return float(exact[0]), step


def _geotransform(mapping: Mapping[str, Any], where: str, lacking: Hashable) -> Affine:
    """From GDAL's own attribute, for arrays without coordinates or with a single row or column."""
    try:
        numbers = [float(part) for part in str(mapping.get("GeoTransform", "")).split()]
    except ValueError:
        numbers = []
    if len(numbers) != 6 or not np.isfinite(numbers).all():
        raise InputError(
            f"{where}: has no coordinates in one dimension along {str(lacking)!r} that say where its pixels lie; "
            "resample it to a regular grid first, for example: gdalwarp in.nc out.tif"
        )
    return Affine.from_gdal(*numbers)


def _grid_mapping(dataset: xr.Dataset, variable: xr.DataArray) -> Mapping[str, Any]:
    """Attributes that describe the reference system; empty if there are none."""
    name = variable.encoding.get("grid_mapping") or variable.attrs.get("grid_mapping") or "spatial_ref"
    found = dataset.variables.get(str(name).split(":")[0])
    return {} if found is None else found.attrs


def _crs(mapping: Mapping[str, Any], dataset: xr.Dataset, y: Hashable, x: Hashable, where: str) -> CRS:
    """Only definitions and CF's parameters: a text could be an address, which a library would open."""
    text = str(mapping.get("crs_wkt") or mapping.get("spatial_ref") or "").strip()
    if "://" in text.split("[")[0]:
        raise RefusedError(f"{where}: gives its reference system as an address, which is never opened; {_ASSIGN}")
    try:
        if text and not _DEFINITION.match(text):
            raise CRSError("neither WKT nor CF")
        if text:
            return CRS.from_wkt(text)
        if "grid_mapping_name" in mapping:
            return CRS.from_wkt(pyproj.CRS.from_cf(dict(mapping)).to_wkt())
    except (CRSError, ProjError, KeyError, ValueError, TypeError) as error:
        raise InputError(f"{where}: unknown reference system {text[:40]!r}; {_ASSIGN}") from error
    units = [str(dataset[name].attrs.get("units", "")).lower() for name in (y, x) if name in dataset.variables]
    if len(units) == 2 and all(unit in _DEGREES for unit in units):
        return CRS.from_epsg(4326)
    raise InputError(f"{where}: has no coordinate reference system (grid_mapping); {_ASSIGN}")
