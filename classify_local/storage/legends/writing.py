"""Legends as files for others: CSV for SEPAL and spreadsheets, styles for QGIS and GeoServer, GDAL's sidecar."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable
from pathlib import Path

from classify_local.errors import InputError, nearest
from classify_local.legend import Legend
from classify_local.storage import atomic
from classify_local.storage.legends.attributes import attribute_table
from classify_local.storage.legends.formulas import guarded
from classify_local.storage.legends.qml import qgis_style
from classify_local.storage.legends.rows import FIELDS
from classify_local.storage.legends.sld import styled_layer


def legend_csv(legend: Legend) -> str:
    """A legend as SEPAL's CSV, written by RFC 4180; with a column `parent` if a class has one.

    Texts that a spreadsheet would take for formulas are guarded, see `formulas`.
    """
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    parents = bool(legend.parents)
    writer.writerow((*FIELDS, "parent") if parents else FIELDS)
    for entry in legend:
        row = (entry.color, entry.value, guarded(entry.label))
        writer.writerow((*row, guarded(entry.parent or "")) if parents else row)
    return stream.getvalue()


def legend_text(legend: Legend, name: str) -> str:
    """A legend as the text of a file.

    Parameters
    ----------
    legend
        The legend.
    name
        The file's name, whose ending tells the format: .csv, .qml, .sld or .aux.xml.

    Raises
    ------
    InputError
        If the ending is none of these.
    """
    return _WRITERS[_ending(name)](legend, name)


def write_legend(legend: Legend, path: Path, *, replace: bool = False) -> tuple[str, ...]:
    """Write a legend, whole or not at all.

    Parameters
    ----------
    legend
        The legend.
    path
        The file, whose ending tells the format.
    replace
        Also if there is such a file.

    Returns
    -------
    tuple of str
        What the format cannot hold.

    Raises
    ------
    InputError
        If the ending is unknown, or the file is there.
    StorageError
        If it cannot be written.
    """
    text = legend_text(legend, path.name)
    if not replace and os.path.lexists(path):
        raise InputError(f"{path}: is there already; give --force to replace it, or another name")
    atomic.write_text(path, text)
    lost = legend.parents and _ending(path.name) in (".qml", ".sld")
    return (f"{path}: holds no parent classes; CSV and .aux.xml do",) if lost else ()


def _ending(name: str) -> str:
    found = next((ending for ending in _WRITERS if name.casefold().endswith(ending)), None)
    if found is None:
        hint = nearest(Path(name).suffix, _WRITERS)
        raise InputError(f"{name}: the ending tells the format; it may be {', '.join(_WRITERS)}{hint}")
    return found


_WRITERS: dict[str, Callable[[Legend, str], str]] = {
    ".csv": lambda legend, _: legend_csv(legend),
    ".qml": lambda legend, _: qgis_style(legend, band=1),
    ".sld": lambda legend, name: styled_layer(legend, Path(name).stem),
    ".aux.xml": lambda legend, _: attribute_table(legend),
}
