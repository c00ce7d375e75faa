"""Legends as files: SEPAL's CSV in and out, and the style file QGIS takes colours and names from."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from xml.etree import ElementTree as Xml

from classify_local.errors import InputError, nearest
from classify_local.legend import Legend, LegendEntry
from classify_local.recipe.problems import place
from classify_local.recipe.text import RecipeDocument
from classify_local.storage.tables import Table, read_csv

MAX_CLASSES = 10_000
COLUMNS = ("color", "value", "label")
_OTHER_NAMES = {
    "color": ("colour", "hex"),
    "value": ("code",),
    "label": ("name", "class", "description", "desc"),
}


def read_legend(path: Path) -> Legend:
    """A legend from a CSV with the columns color, value and label.

    Raises
    ------
    InputError
        All that is wrong, each with its line.
    """
    table = read_csv(path)
    names = _columns(table)
    if len(table) > MAX_CLASSES:
        raise InputError(f"{path}: {len(table)} classes; allowed are {MAX_CLASSES}")
    entries, problems = [], []
    for i, line in enumerate(table.lines):
        try:
            entries.append(_entry(*(table.columns[names[field]][i] for field in COLUMNS)))
        except (InputError, ValueError) as error:
            problems.append(f"{path}, line {line}: {error}")
    try:
        legend = Legend(tuple(entries)) if entries or not problems else None
    except InputError as error:
        problems += [f"{path}: {line}" for line in error.problems]
    if problems or legend is None:
        raise InputError(*problems)
    return legend


def legend_csv(legend: Legend) -> str:
    """A legend as SEPAL's CSV, written by RFC 4180."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows((entry.color, entry.value, entry.label) for entry in legend)
    return stream.getvalue()


def qgis_style(legend: Legend, band: int) -> str:
    """A QGIS style (QML) that paints a band in the legend's colours, with its labels."""
    root = Xml.Element("qgis", version="3.28", styleCategories="Symbology")
    renderer = Xml.SubElement(
        Xml.SubElement(root, "pipe"),
        "rasterrenderer",
        type="paletted",
        band=str(band),
        opacity="1",
        alphaBand="-1",
    )
    palette = Xml.SubElement(renderer, "colorPalette")
    for entry in legend:
        Xml.SubElement(
            palette,
            "paletteEntry",
            value=str(entry.value),
            color=entry.color.lower(),
            label=entry.label,
            alpha="255",
        )
    Xml.indent(root)
    return "<!DOCTYPE qgis>\n" + Xml.tostring(root, encoding="unicode") + "\n"


def _columns(table: Table) -> dict[str, str]:
    folded = {name.casefold(): name for name in reversed(list(table.columns))}
    found, problems = {}, []
    for field in COLUMNS:
        match = next((folded[name] for name in (field, *_OTHER_NAMES[field]) if name in folded), None)
        if match is None:
            hint = nearest(field, table.columns)
            problems.append(f"{table.where}: no column {field!r}; it has {', '.join(table.columns)}{hint}")
        else:
            found[field] = match
    if problems:
        raise InputError(*problems)
    return found


def _entry(color: str, value: str, label: str) -> LegendEntry:
    number = value.strip()
    if not (number.isascii() and number.lstrip("-").isdigit()):
        raise InputError(f"class value {value!r} is not a whole number")
    return LegendEntry(value=int(number), label=label, color=color)


def recipe_legend(document: RecipeDocument) -> Legend | None:
    """The legend a recipe gives, inline or as a file; None if it gives none.

    Raises
    ------
    InputError
        All that is wrong with it.
    """
    given = document.recipe.legend
    if given is None:
        return None
    if isinstance(given, str):
        return read_legend(document.resolve(given))
    try:
        return Legend(tuple(LegendEntry(value=item.value, label=item.label, color=item.color) for item in given))
    except InputError as error:
        where = place(document.node, ("legend",), document.where)
        raise InputError(*(f"{where}: {line}" for line in error.problems)) from error
