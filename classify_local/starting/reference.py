"""One file of reference data: where its rows lie, which column holds the class, and what a recipe shall say of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from classify_local.errors import InputError
from classify_local.grid import Grid
from classify_local.recipe.model import CsvSource
from classify_local.starting.asking import Asked, Question
from classify_local.starting.class_choice import SourceDraft, with_classes
from classify_local.starting.classes import Vocabulary, listed
from classify_local.starting.columns import (
    guess_class_column,
)
from classify_local.starting.placing import (
    DEGREES,
    Numbers,
    Placed,
    count_inside,
    count_touching,
    crs_text,
    find_coordinates,
    guess_crs,
    looks_like_degrees,
)
from classify_local.storage import safety
from classify_local.storage.geojson import geometries_from_text
from classify_local.storage.geometries import GeometryArray
from classify_local.storage.legends import import_legend
from classify_local.storage.tables import Table, read_table
from classify_local.storage.vector_files.opening import opener
from classify_local.training.columns import GEOMETRY_COLUMN, coordinate_columns

_POLYGONS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
_LAYERS = 20
"""Layers looked into for one with classes."""


def draft_source(path: str, *, grid: Grid, asked: Asked, alone: bool) -> SourceDraft:
    """Decide what a recipe shall say of a file of reference data.

    Parameters
    ----------
    path
        The file: a table, a vector file, or a classification.
    grid
        The image's.
    asked
        Answers what cannot be guessed.
    alone
        True if there is no other file; then it must tell classes apart.

    Raises
    ------
    InputError, RefusedError
        If it cannot be read, none of its rows lies in the image, or nothing tells its classes.
    """
    file = Path(path).expanduser()
    safety.require_file(file)
    if _is_raster(file):
        return _from_raster(path, file)
    table = _table(file)
    if table is None:
        return _from_layers(path, file, grid, asked, alone)
    return _from_table(path, table, grid, asked, alone)


def _is_raster(file: Path) -> bool:
    try:
        safety.sniff(file)
    except InputError:
        return False
    return True


def _table(file: Path) -> Table | None:
    """The file as a table; None if it is a vector file."""
    try:
        return read_table(file)
    except InputError as error:
        try:
            opener(file)
        except InputError:
            raise error from None
        return None


def _from_raster(path: str, file: Path) -> SourceDraft:
    legend = import_legend(file).legend
    vocabulary = Vocabulary(
        where=path, counts={str(entry.value): 0 for entry in legend},
        labels={entry.value: entry.label for entry in legend if entry.label != f"class {entry.value}"},
        colors={entry.value: entry.color for entry in legend},
    )  # fmt: skip
    return SourceDraft(kind="sample", path=path, vocabulary=vocabulary)


def _from_table(path: str, table: Table, grid: Grid, asked: Asked, alone: bool) -> SourceDraft:
    if not len(table):
        raise InputError(f"{path}: has column names and no rows; add points, or leave it out")
    geometry = _geometry_column(table)
    if geometry is not None:
        geometries = geometries_from_text(table.columns[geometry]).geometries
        found = _by_geometry(path, geometries, None, grid, asked)
        keys: dict[str, Any] = {"geojson": geometry}
        if found.crs != DEGREES:
            keys["crs"] = found.crs
        taken: tuple[str, ...] = (geometry,)
        polygons = _count_polygons(geometries)
    else:
        x, y, found = _by_coordinates(path, table, grid, asked)
        keys = {"x": x, "y": y, "crs": found.crs}
        taken, polygons = (x, y), 0
    source = SourceDraft(
        kind="csv", path=path, vocabulary=Vocabulary(where=path, counts={}), keys=keys, rows=len(table),
        inside=found.inside, polygons=polygons, remarks=_on_place(found, taken),
    )  # fmt: skip
    return with_classes(source, table, taken, asked, alone=alone)


def _on_place(found: Placed, taken: tuple[str, ...]) -> tuple[str, ...]:
    if not found.swapped:
        return ()
    return (f"x is the column {taken[0]!r} and y {taken[1]!r}, whatever their names say: so rows lie in the image",)


def _geometry_column(table: Table) -> str | None:
    if GEOMETRY_COLUMN in table.columns:
        return GEOMETRY_COLUMN
    for name, cells in table.columns.items():
        first = next((cell for cell in cells[:50].tolist() if cell), "")
        if str(first).startswith("{") and "coordinates" in first:
            return name
    return None


def _by_coordinates(path: str, table: Table, grid: Grid, asked: Asked) -> tuple[str, str, Placed]:
    x, y = _coordinate_names(path, table, grid)
    (xs, known_x), (ys, known_y) = table.numbers(x), table.numbers(y)
    usable = known_x & known_y
    if not usable.any():
        raise InputError(f"{path}: the columns {x!r} and {y!r} hold no coordinates in decimal numbers; mend them")
    found = _placed(path, xs[usable], ys[usable], grid, asked)
    return (y, x, found) if found.swapped else (x, y, found)


def _coordinate_names(path: str, table: Table, grid: Grid) -> tuple[str, str]:
    """By their names, else by where they lie."""
    try:
        return coordinate_columns(CsvSource(csv=path), table)
    except InputError:
        found = find_coordinates(table, grid)
    if found is None:
        raise InputError(
            f"{path}: no two of its columns lie in the image when taken for x and y; it has "
            f"{listed(list(table.columns))}; is it the right file? if so, call them x and y, or longitude and latitude"
        )
    return found


def _placed(path: str, x: Numbers, y: Numbers, grid: Grid, asked: Asked) -> Placed:
    """The reference system of coordinates; asked for where they lie in the image in none that is known."""
    found = guess_crs(x, y, grid)
    if found is not None:
        return found
    default = DEGREES if looks_like_degrees(x, y) else crs_text(grid)
    question = Question(
        key=f"reference system of {path}", default=default,
        text=f"{path}: its rows lie in the image in no reference system that was tried. Which one is it? EPSG:n",
    )  # fmt: skip
    answer = asked.ask(question)
    inside = count_inside(x, y, answer.text, grid)
    if not inside:
        raise InputError(_outside(path, x, y, answer.text, grid))
    return Placed(crs=answer.text, inside=inside)


def _outside(path: str, x: Numbers, y: Numbers, crs: str, grid: Grid) -> str:
    west, south, east, north = (f"{number:.7g}" for number in grid.bounds)
    return (
        f"{path}: none of its {len(x)} rows lies in the image: x is {x.min():.7g} to {x.max():.7g} and y "
        f"{y.min():.7g} to {y.max():.7g}, in {crs[:40]}; the image is x {west} to {east}, y {south} to {north} in "
        f"{crs_text(grid)[:40]}. Is it the right image, or another reference system?"
    )


def _by_geometry(path: str, geometries: GeometryArray, crs: str | None, grid: Grid, asked: Asked) -> Placed:
    """By the middle of each geometry."""
    middles = shapely.centroid(geometries[~shapely.is_missing(geometries)])
    middles = middles[~shapely.is_empty(middles)]
    if not len(middles):
        raise InputError(f"{path}: holds no points or polygons")
    x, y = shapely.get_x(middles), shapely.get_y(middles)
    if crs is None or (crs == DEGREES and not looks_like_degrees(x, y)):
        return replace(_placed(path, x, y, grid, asked), swapped=False)
    inside = count_inside(x, y, crs, grid) or count_touching(shapely.bounds(geometries), crs, grid)
    if not inside:
        raise InputError(_outside(path, x, y, crs, grid))
    return Placed(crs=crs, inside=inside)


def _from_layers(path: str, file: Path, grid: Grid, asked: Asked, alone: bool) -> SourceDraft:
    from classify_local.storage import vectors  # slow to import

    names = [layer.name for layer in vectors.list_layers(file) if layer.spatial and layer.count]
    if not names:
        raise InputError(f"{path}: holds no features with geometries")
    name, column = _layer(file, names[:_LAYERS])
    layer = vectors.read_layer(file, name)
    found = _by_geometry(path, layer.geometries, layer.crs, grid, asked)
    keys: dict[str, Any] = {"layer": name} if len(names) > 1 else {}
    if layer.crs != found.crs:
        keys["crs"] = found.crs
    source = SourceDraft(
        kind="vector", path=path, vocabulary=Vocabulary(where=path, counts={}), keys=keys, rows=len(layer),
        inside=found.inside, polygons=_count_polygons(layer.geometries),
        remarks=tuple(_on_layers(names, name, layer.crs, found)),
    )  # fmt: skip
    return with_classes(source, layer.table, (), asked, alone=alone, column=column)


def _layer(file: Path, names: list[str]) -> tuple[str, str | None]:
    """The layer `labels`, else the first with classes, else all of them, each a class; and the class column."""
    from classify_local.storage import vectors  # slow to import

    for name in sorted(names, key=lambda name: name != vectors.DEFAULT_LAYER):
        column = guess_class_column(vectors.read_layer(file, name).table.columns)
        if column.name is not None or name == vectors.DEFAULT_LAYER:
            return name, None
    return (names[0], None) if len(names) == 1 else (vectors.ALL, vectors.LAYER_COLUMN)


def _on_layers(names: list[str], name: str, crs: str | None, found: Placed) -> list[str]:
    remarks = []
    others = [other for other in names if other != name]
    if others and name in names:
        remarks.append(f"it also has the layers {listed(others)}; '*' is all of them")
    elif others:
        remarks.append("each of its layers is taken for a class")
    if crs != found.crs:
        remarks.append(f"the file does not say its reference system; in {found.crs[:40]} it lies in the image")
    return remarks


def _count_polygons(geometries: GeometryArray) -> int:
    return int(np.isin(shapely.get_type_id(geometries), _POLYGONS).sum())
