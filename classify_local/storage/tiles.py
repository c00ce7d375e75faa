"""Tiles of a map as cloud-optimised GeoTIFF, each written with one call and read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import numpy as np
import rasterio
from numpy.typing import NDArray

from classify_local.errors import StorageError
from classify_local.grid import Grid
from classify_local.legend import Legend
from classify_local.storage import atomic, gdal

gdal.secure_environment()

_BLOCK = 512
_LAST_CATEGORY = 4095
_OPAQUE = 255


def write_tile(
    final: Path,
    values: NDArray[np.generic],
    grid: Grid,
    *,
    bands: Sequence[str],
    nodata: float,
    overviews: str,
    legend: Legend | None = None,
) -> None:
    """Write one tile.

    The COG driver is used because its bytes do not depend on the state of GDAL's cache.

    Parameters
    ----------
    final
        The file.
    values
        Shape (bands, rows, cols).
    grid
        Where the tile lies.
    bands
        Names of the bands.
    nodata
        The value that means no map here.
    overviews
        Resampling for overviews: mode or average.
    legend
        Gives the colour table and category names of a class tile.

    Raises
    ------
    StorageError
        If it cannot be written or reads back differently.
    """
    colors = color_table(legend) if legend is not None and values.dtype == np.uint8 else None
    if legend is not None:
        atomic.write_text(final.with_name(f"{final.name}.aux.xml"), category_names(legend))
    profile = _profile(values, grid, nodata, overviews)
    atomic.write_atomically(
        final,
        lambda part: _write(part, values, profile, bands, colors),
        lambda part: _check(part, final, values, grid, nodata),
    )


def color_table(legend: Legend) -> dict[int, tuple[int, int, int, int]]:
    """The legend's colours by class value, as GeoTIFF has them for values of one byte."""
    return {entry.value: (*entry.rgb, _OPAQUE) for entry in legend if 0 <= entry.value <= 255}


def category_names(legend: Legend) -> str:
    """An `.aux.xml` that gives GDAL and QGIS the class labels; GDAL counts them from 0.

    Legends whose values reach beyond what a list can name carry their labels in the QML only.
    """
    root = Xml.Element("PAMDataset")
    band = Xml.SubElement(root, "PAMRasterBand", band="1")
    band.append(categories(legend))
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode") + "\n"


def categories(legend: Legend) -> Xml.Element:
    """The element `CategoryNames`: one name for each value from 0, empty where the legend has none.

    The list reaches to the greatest value it can hold; labels of values beyond are in the QML only.
    """
    element = Xml.Element("CategoryNames")
    labels = {entry.value: entry.label for entry in legend}
    last = max((value for value in labels if 0 <= value <= _LAST_CATEGORY), default=-1)
    for value in range(last + 1):
        Xml.SubElement(element, "Category").text = labels.get(value, "")
    return element


def _profile(values: NDArray[np.generic], grid: Grid, nodata: float, overviews: str) -> dict[str, Any]:
    count, rows, cols = values.shape
    profile: dict[str, Any] = {
        "driver": "COG", "width": cols, "height": rows, "count": count, "dtype": values.dtype, "crs": grid.crs,
        "transform": grid.transform, "nodata": nodata, "blocksize": _BLOCK, "compress": "DEFLATE", "level": 6,
        "overview_resampling": overviews, "overview_count": _levels(rows, cols), "bigtiff": "IF_SAFER",
        "num_threads": 1,
    }  # fmt: skip
    if overviews == "average":  # numbers, not classes: neighbours are alike, and more effort finds no more
        profile |= {"predictor": "YES", "level": 1}
    return profile


def _levels(rows: int, cols: int) -> int:
    """Overviews until the smallest fits a block; their sizes are rounded up."""
    levels = 0
    while max(rows, cols) > _BLOCK << levels:
        levels += 1
    return levels


def _write(
    part: Path,
    values: NDArray[np.generic],
    profile: Mapping[str, Any],
    bands: Sequence[str],
    colors: dict[int, tuple[int, int, int, int]] | None,
) -> None:
    try:
        with rasterio.open(part, "w", **profile) as handle:
            handle.write(values)
            handle.descriptions = tuple(bands)
            if colors:
                handle.write_colormap(1, colors)
    except Exception as error:  # the driver reports a full disk at close, as an error of no common class
        raise StorageError(f"{part.name}: cannot be written: {error}") from error


def _check(part: Path, final: Path, values: NDArray[np.generic], grid: Grid, nodata: float) -> None:
    try:
        with rasterio.open(part, driver="GTiff") as handle:
            same = handle.shape == grid.shape and handle.dtypes[0] == str(values.dtype)
            same = same and np.array_equal(handle.nodata, nodata, equal_nan=True)
            same = same and np.allclose(tuple(handle.transform), tuple(grid.transform), rtol=1e-12, atol=0)
            same = same and np.array_equal(handle.read(), values, equal_nan=values.dtype.kind == "f")
    except Exception as error:  # whatever GDAL says, the tile is not good
        raise StorageError(f"{final}: cannot be read back: {error}") from error
    if not same:
        raise StorageError(f"{final}: reads back differently; the disk may be failing")
