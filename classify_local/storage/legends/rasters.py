"""The legend a class raster carries: what lies in the file, beside it, and which values its pixels have."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import rasterio
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.io import DatasetReader
from rasterio.windows import Window

from classify_local.errors import InputError
from classify_local.storage import gdal, safety
from classify_local.storage.legends.attributes import BandClasses, Rgba, band_classes, findings
from classify_local.storage.legends.found import Findings

gdal.secure_environment()

_SIDE = 2048
"""Rows and columns that are looked at: an overview of a large image, or as many of its pixels in windows."""
_WINDOWS = 4
_MOST_VALUES = 256


def read_raster(path: Path, driver: str) -> Findings:
    """The classes of a raster's first band.

    Parameters
    ----------
    path
        The file.
    driver
        As `safety.sniff` tells it.

    Raises
    ------
    InputError, RefusedError
        If its pixels are no classes, or nothing tells classes apart.
    """
    if driver == "VRT":
        return findings(band_classes(safety.parse_xml(path), str(path)), str(path), "VRT")
    safety.check_sidecars(path)
    beside = path.with_name(f"{path.name}.aux.xml")
    said = band_classes(safety.parse_xml(beside), str(beside)) if beside.is_file() else BandClasses()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(path, driver=driver) as handle:
                return _read(handle, said, str(path))
    except (RasterioError, ValueError, MemoryError) as error:
        raise InputError(f"{path}: cannot be read as {driver}: {error}; copy or download it again") from error


def _read(handle: DatasetReader, said: BandClasses, where: str) -> Findings:
    dtype = np.dtype(handle.dtypes[0])
    if dtype.kind not in "iu":
        raise InputError(f"{where}: its first band holds {dtype}; classes are whole numbers")
    nodata = handle.nodatavals[0]
    said = BandClasses(said.table, said.names, said.colors or _colors(handle))
    if said.table:
        return findings(said, where, "raster")
    present = _present(handle)
    if len(present) > _MOST_VALUES:
        if not said:
            raise InputError(f"{where}: {len(present)} different values among its pixels; is it a map of classes?")
        present = []
    return findings(said, where, "raster", present, nodata)


def _colors(handle: DatasetReader) -> dict[int, Rgba]:
    try:
        return dict(handle.colormap(1))
    except ValueError:  # it has none
        return {}


def _present(handle: DatasetReader) -> list[int]:
    """Values among the pixels of the first band: all of a small image, an overview or samples of a large one."""
    if handle.width * handle.height <= _SIDE * _SIDE:
        parts = [handle.read(1, masked=True)]
    elif handle.overviews(1):
        shape = min(handle.height, _SIDE), min(handle.width, _SIDE)
        parts = [handle.read(1, out_shape=shape, masked=True)]
    else:
        parts = [handle.read(1, window=window, masked=True) for window in _spread(handle)]
    values = np.unique(np.concatenate([part.compressed() for part in parts]))
    return [int(value) for value in values.tolist()]


def _spread(handle: DatasetReader) -> list[Window]:
    """Windows spread evenly over a large image."""
    side = _SIDE // _WINDOWS
    rows = np.linspace(0, max(0, handle.height - side), _WINDOWS).astype(int).tolist()
    cols = np.linspace(0, max(0, handle.width - side), _WINDOWS).astype(int).tolist()
    return [Window(col, row, min(side, handle.width), min(side, handle.height)) for row in rows for col in cols]
