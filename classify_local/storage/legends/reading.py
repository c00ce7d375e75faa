"""A legend from any file that holds one; its content tells what it is, not its name."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element

from classify_local.errors import InputError
from classify_local.legend import Legend
from classify_local.storage import safety
from classify_local.storage.legends import style_xml
from classify_local.storage.legends.attributes import band_classes, findings
from classify_local.storage.legends.cells import cells_of_table, cells_of_text, first_row, is_data, is_sepals
from classify_local.storage.legends.colormaps import is_color_map, read_color_map
from classify_local.storage.legends.found import Findings, ImportedLegend, assemble
from classify_local.storage.legends.qml import read_qml
from classify_local.storage.legends.rasters import read_raster
from classify_local.storage.legends.rows import MAX_CLASSES
from classify_local.storage.legends.sld import read_sld
from classify_local.storage.legends.tables import read_cells
from classify_local.storage.tables import read_table
from classify_local.storage.text import find_encoding

Columns = Mapping[str, str]
FORMATS = "CSV, QML, SLD, .clr and other colour maps, .aux.xml, and class rasters"
_HEAD = 512
_MAX_BYTES = 16_000_000
_ZIP = b"PK\x03\x04"
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MAX_LINES = 20 * MAX_CLASSES
"""Lines that a legend may have at all; labels may hold line ends."""


def read_legend(path: Path) -> Legend:
    """A legend from a file of any format.

    Raises
    ------
    InputError, RefusedError
        All that is wrong, each with its line.
    """
    return import_legend(path).legend


def import_legend(path: Path, columns: Columns | None = None) -> ImportedLegend:
    """A legend from a file of any format, with what a user should know of it.

    Parameters
    ----------
    path
        A table, a QGIS style, a styled layer descriptor, a colour map, a sidecar or a class raster.
    columns
        Columns of a table by role (value, label, color, red, green, blue, parent), where they are
        not to be guessed.

    Raises
    ------
    InputError, RefusedError
        All that is wrong, each with its line.
    """
    safety.require_file(path)
    driver = _driver(path)
    if driver is not None:
        return assemble(read_raster(path, driver))
    data = _small(path)
    if _is_xml(data):
        return assemble(_styled(data, str(path)))
    encoding = None if data.startswith(_ZIP) or (b"\0" in data and data[:2] not in _WIDE) else find_encoding(path)
    text = "" if encoding is None else data.decode(encoding.name)
    if encoding is not None and (is_color_map(text) or is_data(first_row(text)) or is_sepals(text)):
        found = _of_text(text, str(path), columns)
        return replace(found, notices=(*encoding.notices, *found.notices))
    return read_cells(cells_of_table(read_table(path)), columns)


def import_text(text: str, where: str = "the pasted text", columns: Columns | None = None) -> ImportedLegend:
    """A legend from a text that was pasted.

    Raises
    ------
    InputError, RefusedError
        All that is wrong, each with its line.
    """
    _require_size(len(text), text.count("\n"), where)
    if _is_xml(text.encode("utf-8", "replace")):
        return assemble(_styled(text, where))
    return _of_text(text, where, columns)


def _of_text(text: str, where: str, columns: Columns | None) -> ImportedLegend:
    if is_color_map(text):
        return assemble(read_color_map(text, where))
    return read_cells(cells_of_text(text, where), columns)


def _driver(path: Path) -> str | None:
    """The driver of a raster; None for what is none."""
    try:
        with path.open("rb") as stream:
            if _is_xml(stream.read(_HEAD)):
                return None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    try:
        return safety.sniff(path)
    except InputError:
        return None


def _small(path: Path) -> bytes:
    size = path.stat().st_size
    if size > _MAX_BYTES:
        raise InputError(f"{path}: {size / 1e6:,.0f} MB are no legend; it has at most {MAX_CLASSES} classes")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    _require_size(size, data.count(b"\n"), str(path))
    return data


def _require_size(size: int, lines: int, where: str) -> None:
    if size > _MAX_BYTES or lines > _MAX_LINES:
        raise InputError(f"{where}: {lines} lines are no legend; it has at most {MAX_CLASSES} classes")


def _is_xml(head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


def _styled(data: bytes | str, where: str) -> Findings:
    root = style_xml.parse(data, where)
    name = style_xml.local(root)
    if name in _READERS:
        return _READERS[name](root, where)
    what = "a web page: was the download refused?" if name.lower() == "html" else f"XML of another kind ({name})"
    raise InputError(f"{where}: is {what}; legends are read from {FORMATS}")


def _kept_by_gdal(root: Element, where: str) -> Findings:
    return findings(band_classes(root, where), where, style_xml.local(root))


_READERS: dict[str, Callable[[Element, str], Findings]] = {
    "qgis": read_qml,
    "StyledLayerDescriptor": read_sld,
    "PAMDataset": _kept_by_gdal,
    "VRTDataset": _kept_by_gdal,
}
