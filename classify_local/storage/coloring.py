"""The colour table of a raster, as its file has it."""

from __future__ import annotations

import rasterio
from rasterio.errors import RasterioError

from classify_local.storage.rasters import RasterFile

Rgba = tuple[int, int, int, int]


def color_table(file: RasterFile) -> dict[int, Rgba]:
    """Red, green, blue and opacity (0 to 255) by value of the first band; empty if there is none."""
    if file.dtypes[0] != "uint8":
        return {}
    try:
        with rasterio.open(file.path, driver=file.driver) as handle:
            return {int(value): tuple(color) for value, color in handle.colormap(1).items()}
    except (ValueError, RasterioError):  # without a colour table
        return {}
