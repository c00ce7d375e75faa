"""VRTs over the tiles of a map: relative, so that the folder can be moved, with names and colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as Xml

import numpy as np

from classify_local.grid import Grid, Tile
from classify_local.legend import Legend
from classify_local.storage import atomic
from classify_local.storage.tiles import categories, color_table

_KINDS = {
    "uint8": "Byte",
    "uint16": "UInt16",
    "int16": "Int16",
    "int32": "Int32",
    "float32": "Float32",
    "float64": "Float64",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VrtBand:
    """A band of a VRT.

    Parameters
    ----------
    name
        Its description.
    nodata
        The value that means no map here.
    files
        The tiles that exist, each with its file name.
    file_band
        Band of the files, from 1.
    dtype
        Type of the files.
    legend
        Gives names and colours, for a class band.
    """

    name: str
    nodata: float
    files: Sequence[tuple[Tile, str]]
    file_band: int
    dtype: str
    legend: Legend | None = None


def write_vrt(final: Path, grid: Grid, bands: Sequence[VrtBand], dtype: str) -> None:
    """Write a VRT of bands in one common type.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    atomic.keep_text(final, vrt_text(grid, bands, dtype))


def vrt_text(grid: Grid, bands: Sequence[VrtBand], dtype: str) -> str:
    """The XML of a VRT."""
    rows, cols = grid.shape
    root = Xml.Element("VRTDataset", rasterXSize=str(cols), rasterYSize=str(rows))
    Xml.SubElement(root, "SRS", dataAxisToSRSAxisMapping="1,2").text = grid.crs.to_wkt()
    Xml.SubElement(root, "GeoTransform").text = ", ".join(repr(float(n)) for n in grid.transform.to_gdal())
    for number, band in enumerate(bands, 1):
        root.append(_band(number, band, dtype))
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode") + "\n"


def _band(number: int, band: VrtBand, dtype: str) -> Xml.Element:
    element = Xml.Element("VRTRasterBand", dataType=_KINDS[dtype], band=str(number))
    Xml.SubElement(element, "Description").text = band.name
    Xml.SubElement(element, "NoDataValue").text = str(band.nodata)
    if band.legend is not None:
        _describe_classes(element, band.legend, dtype)
    for tile, name in band.files:
        element.append(_source(band, tile, name))
    return element


def _describe_classes(element: Xml.Element, legend: Legend, dtype: str) -> None:
    colors = color_table(legend)
    if colors and np.dtype(dtype) == np.uint8:
        Xml.SubElement(element, "ColorInterp").text = "Palette"
        table = Xml.SubElement(element, "ColorTable")
        for value in range(max(colors) + 1):
            red, green, blue, alpha = colors.get(value, (0, 0, 0, 0))
            Xml.SubElement(table, "Entry", c1=str(red), c2=str(green), c3=str(blue), c4=str(alpha))
    element.append(categories(legend))


def _source(band: VrtBand, tile: Tile, name: str) -> Xml.Element:
    window = tile.window
    rows, cols = str(window.rows), str(window.cols)
    source = Xml.Element("SimpleSource")
    Xml.SubElement(source, "SourceFilename", relativeToVRT="1", shared="0").text = name
    Xml.SubElement(source, "SourceBand").text = str(band.file_band)
    Xml.SubElement(
        source, "SourceProperties", RasterXSize=str(window.cols), RasterYSize=str(window.rows),
        DataType=_KINDS[band.dtype], BlockXSize="512", BlockYSize="512",
    )  # fmt: skip
    Xml.SubElement(source, "SrcRect", xOff="0", yOff="0", xSize=cols, ySize=rows)
    Xml.SubElement(source, "DstRect", xOff=str(window.col), yOff=str(window.row), xSize=cols, ySize=rows)
    return source
