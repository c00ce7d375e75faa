"""Where rows of a table lie: the columns of coordinates, named or guessed, or a column of geometries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import shapely
from numpy.typing import NDArray

from classify_local.errors import collect
from classify_local.recipe.model import CsvSource
from classify_local.storage.geojson import geometries_from_text
from classify_local.storage.geometries import GeometryArray
from classify_local.storage.numbers import number_problem
from classify_local.storage.tables import Table
from classify_local.training.cells import require_column
from classify_local.types import MaskArray

COORDINATE_COLUMNS = (
    ("lon", "lat"),
    ("center_lon", "center_lat"),
    ("CENTER_LON", "CENTER_LAT"),
    ("XCoordinate", "YCoordinate"),
    ("location_x", "location_y"),
)
"""Columns taken for coordinates when the recipe names none, first found; SEPAL's list, as it is spelt."""

COMMON_COLUMNS = (
    ("longitude", "latitude"),
    ("lon", "lat"),
    ("long", "lat"),
    ("lng", "lat"),
    ("x", "y"),
    ("xcoord", "ycoord"),
    ("xcoordinate", "ycoordinate"),
    ("x_coord", "y_coord"),
    ("coord_x", "coord_y"),
    ("point_x", "point_y"),
    ("easting", "northing"),
    ("center_lon", "center_lat"),
    ("pl_lon", "pl_lat"),
    ("sample_lon", "sample_lat"),
    ("_gps_longitude", "_gps_latitude"),
    ("_geolocation_longitude", "_geolocation_latitude"),
)
"""Further columns, in any case of letters."""

GEOMETRY_COLUMN = ".geo"
"""Where Earth Engine's tables hold a row's geometry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPlaces:
    """Where rows lie.

    Parameters
    ----------
    x, y
        Coordinates of rows that are points, not finite for all others, shape (n,).
    geometries
        Of all rows, if they have such; None for a row that has none.
    why
        Says of a row without coordinates or geometry why it has none.
    notes
        Sentences a user should read.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    geometries: GeometryArray | None = None
    why: Callable[[int], str]
    notes: tuple[str, ...] = ()

    @property
    def known(self) -> MaskArray:
        """Rows that have coordinates or a geometry, shape (n,)."""
        if self.geometries is None:
            return np.asarray(np.isfinite(self.x) & np.isfinite(self.y))
        return np.asarray(~shapely.is_missing(self.geometries))


def row_places(source: CsvSource, table: Table) -> RowPlaces:
    """Where the rows of a table lie.

    Raises
    ------
    InputError
        If it lacks a column.
    """
    column = _geometry_column(source, table)
    if column is None:
        return _by_coordinates(table, coordinate_columns(source, table))
    found = geometries_from_text(table.columns[column])
    return geometry_places(found.geometries, found.problems, "the geometry ", found.notices(table.where))


def require_places(source: CsvSource, table: Table) -> None:
    """Refuse a table that lacks the columns of its places.

    Raises
    ------
    InputError
        All that are missing.
    """
    if _geometry_column(source, table) is None:
        coordinate_columns(source, table)


def geometry_places(
    geometries: GeometryArray, problems: Mapping[int, str], what: str = "", notes: tuple[str, ...] = ()
) -> RowPlaces:
    """Places of rows by their geometries.

    Parameters
    ----------
    geometries
        Of all rows, or None.
    problems
        Why there is None, in words that go on from `what`.
    what, notes
        What the problems speak of, and sentences a user should read.
    """
    x, y = np.full((2, len(geometries)), np.nan)
    rows = np.flatnonzero(shapely.get_type_id(geometries) == shapely.GeometryType.POINT)
    x[rows], y[rows] = shapely.get_x(geometries[rows]), shapely.get_y(geometries[rows])
    return RowPlaces(x=x, y=y, geometries=geometries, why=lambda row: f"{what}{problems[row]}", notes=notes)


def _geometry_column(source: CsvSource, table: Table) -> str | None:
    """The column of geometries, if the recipe names one or the table is one of Earth Engine's."""
    if source.geojson is not None:
        return require_column(source.geojson, table, "geojson")
    named = source.x is not None or source.y is not None
    return GEOMETRY_COLUMN if GEOMETRY_COLUMN in table.columns and not named else None


def coordinate_columns(source: CsvSource, table: Table) -> tuple[str, str]:
    """The columns of x (or longitude) and y: those the recipe names, else the first pair that is known.

    Raises
    ------
    InputError
        If they are not there.
    """
    x, y = _known_pair(source, table) or (source.x or "XCoordinate", source.y or "YCoordinate")
    first, second = collect(partial(require_column, name, table, key) for name, key in ((x, "x"), (y, "y")))
    return first, second


def _known_pair(source: CsvSource, table: Table) -> tuple[str, str] | None:
    """The first known pair that the table has, of which what the recipe names is part."""
    folded = {name.casefold(): name for name in reversed(list(table.columns))}
    common = [(folded[x], folded[y]) for x, y in COMMON_COLUMNS if x in folded and y in folded]
    there = [pair for pair in COORDINATE_COLUMNS if set(pair) <= table.columns.keys()]
    for x, y in (*there, *common):
        if source.x in (None, x) and source.y in (None, y):
            return x, y
    return None


def _by_coordinates(table: Table, names: tuple[str, str]) -> RowPlaces:
    (x, x_known), (y, _) = (table.numbers(name) for name in names)

    def why(row: int) -> str:
        column = table.columns[names[1] if x_known[row] else names[0]]
        return f"coordinate {number_problem(column[row], decimal_comma=table.decimal_comma)}"

    return RowPlaces(x=x, y=y, why=why)
