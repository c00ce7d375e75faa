"""Reference points of one training entry: from the rows of a file to places with a class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from classify_local.errors import InputError, collect
from classify_local.grid import Grid
from classify_local.legend import Legend
from classify_local.recipe.model import CollectedSource, CsvSource, VectorSource
from classify_local.recipe.problems import place
from classify_local.recipe.text import RecipeDocument
from classify_local.storage.tables import Table
from classify_local.training import collected, samples
from classify_local.training.cells import group_numbers, require_column, require_expression, true_rows
from classify_local.training.ceo import as_survey
from classify_local.training.columns import RowPlaces, geometry_places, require_places, row_places
from classify_local.training.edits import edited, read_edits
from classify_local.training.fate import Fate
from classify_local.training.labels import Classes
from classify_local.training.located import Places, locate
from classify_local.training.opening import OpenedFile, Source, open_source
from classify_local.training.plots import is_plots
from classify_local.training.points import ReferencePoints, known_crs
from classify_local.training.rules import by_value, classes_of, require_class_keys

Entry = CsvSource | VectorSource

_NO_DEGREES = 360.0
"""No longitude or latitude is larger, however it is counted."""
_HIDES = {samples.INVALID, samples.FILTERED, samples.DELETED}
"""Reasons that leave nothing to be said later of a file of which no row is left."""


def read_points(
    source: Source, document: RecipeDocument, grid: Grid | None = None, legend: Legend | None = None
) -> ReferencePoints:
    """The points of one training entry.

    A file of collected points or drawn plots that does not exist yet holds no points.

    Parameters
    ----------
    source, document
        The entry, and the recipe it stands in.
    grid
        The stack's; polygons become its pixels. Without it they give no points.
    legend
        Its labels are taken where values are meant.

    Raises
    ------
    InputError
        If the file or its columns are not there, or no row can be read.
    """
    where = place(document.node, ("training", document.recipe.training.index(source)), document.where)
    file = open_source(source, document)
    if not len(file.table) and not isinstance(source, CollectedSource) and not is_plots(source):
        raise InputError(f"{file.table.where}: has column names and no rows; add points, or take it out of the recipe")
    entry, notes = as_survey(_entry(source), file.table, legend)
    _require(entry, file, where, document)
    return _points(entry, replace(file, notes=(*file.notes, *notes)), where, document, grid, legend)


def _entry(source: Source) -> Entry:
    """The entry with all keys; collected points are a table whose columns are known."""
    if not isinstance(source, CollectedSource):
        return source
    keys = dict(zip(("x", "y", "class"), collected.HEADER, strict=True))
    return CsvSource.model_validate({"csv": source.collected, "thin": source.thin, "crs": collected.CRS, **keys})


def _require(entry: Entry, file: OpenedFile, where: str, document: RecipeDocument) -> None:
    """Refuse an entry that names what is not there, or says what cannot be read.

    Raises
    ------
    InputError
        All that is wrong.
    """
    table = file.table
    steps: list[Callable[[], object]] = [partial(_require_crs, entry, file, where)]
    if isinstance(entry, CsvSource):
        steps.append(partial(require_places, entry, table))
    if entry.filter is not None:
        steps.append(partial(require_expression, entry.filter, f"{where}.filter", table))
    steps.append(partial(require_class_keys, entry, table, where))
    if entry.group is not None:
        steps.append(partial(require_column, entry.group, table, "group"))
    if entry.edits is not None:
        steps.append(partial(read_edits, document.resolve(entry.edits)))
    collect(steps)


def _require_crs(entry: Entry, file: OpenedFile, where: str) -> None:
    if file.crs is None:
        raise InputError(
            f"{file.table.where}: does not say its reference system; say it in the recipe, for example crs: EPSG:4326"
        )
    known_crs(file.crs, file.table.where if entry.crs is None else f"{where}.crs")


def _points(
    entry: Entry, file: OpenedFile, where: str, document: RecipeDocument, grid: Grid | None, legend: Legend | None
) -> ReferencePoints:
    table, fate = file.table, Fate(file.table)
    if entry.filter is not None:
        fate.drop(~true_rows(entry.filter, f"{where}.filter", table), samples.FILTERED)
    lying, classes = _lying(entry, file), classes_of(entry, table, legend, where)
    lying, classes = _edited(entry, lying, classes, fate, document)
    fate.drop(~classes.matched, samples.INVALID if by_value(entry) else samples.UNMATCHED, classes.why)
    places = _places(entry, lying, file, fate, grid)
    _require_some(fate, table)
    return ReferencePoints(
        where=table.where, x=places.x, y=places.y, crs=places.crs, labels=classes.labels[places.row], thin=entry.thin,
        line=np.asarray(table.lines, dtype=np.int64)[places.row], group=_groups(entry, table, places),
        grouped_by="features" if entry.group is None else f"values of {entry.group}", left_out=fate.counts(),
        notes=(*file.notes, *lying.notes, *classes.notes, *places.notes, *fate.lines()),
    )  # fmt: skip


def _lying(entry: Entry, file: OpenedFile) -> RowPlaces:
    if isinstance(entry, CsvSource):
        return row_places(entry, file.table)
    return geometry_places(file.geometries, file.problems)


def _edited(
    entry: Entry, lying: RowPlaces, classes: Classes, fate: Fate, document: RecipeDocument
) -> tuple[RowPlaces, Classes]:
    """Places and classes with the edits of the map page; deleted rows are dropped."""
    if entry.edits is None:
        return lying, classes
    edits = read_edits(document.resolve(entry.edits))
    found = edited(edits, lying.x, lying.y, classes.labels, classes.matched)
    fate.drop(~found.kept, samples.DELETED)
    return (
        replace(lying, x=found.x, y=found.y, notes=(*lying.notes, *found.notes)),
        replace(classes, labels=found.labels, matched=found.known),
    )


def _places(entry: Entry, lying: RowPlaces, file: OpenedFile, fate: Fate, grid: Grid | None) -> Places:
    """Where the open rows lie; rows without a place are dropped."""
    crs, where = file.crs or "", file.table.where
    fate.drop(~lying.known, samples.INVALID, lying.why)
    _require_degrees(lying, fate, crs, file.table)
    places = locate(lying, np.flatnonzero(fate.open), crs, where, entry, grid)
    for reason, rows in places.dropped.items():
        fate.drop_numbers(rows, reason)
    return places


def _require_degrees(lying: RowPlaces, fate: Fate, crs: str, table: Table) -> None:
    """Refuse points whose coordinates are metres where degrees are meant."""
    rows = np.flatnonzero(fate.open & np.isfinite(lying.x))
    largest = np.maximum(np.abs(lying.x[rows]), np.abs(lying.y[rows]))
    if len(rows) and largest.min() > _NO_DEGREES and known_crs(crs, table.where).is_geographic:
        x, y = float(lying.x[rows[0]]), float(lying.y[rows[0]])
        raise InputError(
            f"{table.place(rows[0])}: {x!r} {y!r} are not degrees, which {crs:.40} has; say the reference system of "
            "the coordinates, for example crs: EPSG:32736"
        )


def _require_some(fate: Fate, table: Table) -> None:
    """Refuse a file of which nothing is left, and rows cannot be read."""
    counts = fate.counts()
    if counts.get(samples.INVALID) and not fate.open.any() and not counts.keys() - _HIDES:
        also = "".join(f", {counts[reason]} {reason}" for reason in counts if reason != samples.INVALID)
        raise InputError(
            *fate.lines(3), f"{table.where}: none of its {len(table)} rows can be used{also and f' ({also[2:]})'}"
        )


def _groups(entry: Entry, table: Table, places: Places) -> NDArray[np.int64]:
    """Numbers of what stays together: the group column's values, else the features of several places."""
    if entry.group is None:
        return places.feature
    values = group_numbers(table.columns[entry.group])[places.row]
    first = int(values.max(initial=-1)) + 1
    return np.where(values >= 0, values, np.where(places.feature >= 0, places.feature + first, -1))
