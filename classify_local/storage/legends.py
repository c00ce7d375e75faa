"""Legends as files: SEPAL's CSV in and out, and the style file QGIS takes colours and names from."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from xml.etree import ElementTree as Xml

from classify_local.errors import InputError, Problems, nearest
from classify_local.legend import Legend, LegendEntry
from classify_local.recipe.problems import place
from classify_local.recipe.text import RecipeDocument
from classify_local.storage.tables import Table, read_csv

MAX_CLASSES = 10_000
COLUMNS = ("color", "value", "label")
_WHOLE = re.compile("-?[0-9]{1,40}")
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
    if not len(table):
        raise InputError(f"{path}: holds no class; write one row for each, below the names of the columns")
    rows = [
        _Row(
            make=partial(_entry, *(table.columns[names[field]][i] for field in COLUMNS)),
            where=f"{path}, line {line}",
            beside=f"line {line}",
        )
        for i, line in enumerate(table.lines)
    ]
    return _legend(rows)


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
    if not _WHOLE.fullmatch(value):
        raise InputError(f"class value {_short(value)} is not a whole number; write for example 10")
    if abs(int(value)) >= 2**31:
        raise InputError(f"class value {value} is too large; allowed are {-(2**31)} to {2**31 - 1}")
    return LegendEntry(value=int(value), label=label, color=color)


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """An entry that is still to be made, and where it stands: in full, and seen from its neighbours."""

    make: Callable[[], LegendEntry]
    where: str
    beside: str

    def entry(self) -> LegendEntry:
        try:
            return self.make()
        except InputError as error:
            raise InputError(*(f"{self.where}: {line}" for line in error.problems)) from error


def _legend(rows: Sequence[_Row]) -> Legend:
    """The legend of some rows.

    Raises
    ------
    InputError
        All that is wrong with the rows, and with their being together.
    """
    problems = Problems()
    made = [(row, problems.attempt(row.entry)) for row in rows]
    entries = [(row, entry) for row, entry in made if entry is not None]
    for line in _repetitions(entries):
        problems.add(InputError(line))
    problems.raise_all()
    return Legend(tuple(entry for _, entry in entries))


def _repetitions(entries: Sequence[tuple[_Row, LegendEntry]]) -> Iterator[str]:
    for field in COLUMNS:
        seen: dict[object, str] = {}
        for row, entry in entries:
            given = getattr(entry, field)
            if given in seen:
                yield f"{row.where}: {field} {given!r} stands also in {seen[given]}; each class needs its own"
            seen.setdefault(given, row.beside)


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
    if not given:
        where = place(document.node, ("legend",), document.where)
        raise InputError(f"{where}: holds no class; write one entry for each, or take the key out")
    rows = [
        _Row(
            make=partial(LegendEntry, value=item.value, label=item.label, color=item.color),
            where=place(document.node, ("legend", i), document.where),
            beside=f"legend[{i}]",
        )
        for i, item in enumerate(given)
    ]
    return _legend(rows)
