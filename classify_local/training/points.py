"""Reference points from tables: coordinates and classes, with everything that could not be read."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from classify_local.errors import InputError, nearest
from classify_local.recipe.model import CollectedSource, CsvSource
from classify_local.recipe.problems import place
from classify_local.recipe.text import RecipeDocument
from classify_local.storage.tables import Table, read_csv
from classify_local.training import samples
from classify_local.types import LabelArray

COORDINATE_COLUMNS = (
    ("lon", "lat"),
    ("center_lon", "center_lat"),
    ("CENTER_LON", "CENTER_LAT"),
    ("XCoordinate", "YCoordinate"),
    ("location_x", "location_y"),
)
"""Columns taken for coordinates when the recipe names none, first found; SEPAL's list."""

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
"""Narrower than Python's: no underscores, no digits of other scripts, nan and inf are no places."""

_KEYS = ("x", "y", "class")
_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferencePoints:
    """Points with a class.

    Parameters
    ----------
    where
        The file they come from.
    x, y
        Coordinates in `crs`, shape (n,).
    labels
        Class values, shape (n,).
    crs
        The reference system of the coordinates.
    line
        Line of the file, or number of the feature, shape (n,).
    group
        Number of the polygon, feature or group; -1 for a plain point, shape (n,).
    grouped_by
        What the groups are, in the plural: "polygons".
    left_out
        How many rows of the file are not among the points, by reason; see `samples.REASONS`.
    notes
        Sentences a user should read, among them the first rows without usable coordinates or class.
    """

    where: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    labels: LabelArray
    crs: str
    line: NDArray[np.int64]
    group: NDArray[np.int64]
    grouped_by: str = "groups"
    left_out: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    def in_crs(self, crs_wkt: str) -> ReferencePoints:
        """The same points in another reference system; not finite where a point has no place in it."""
        try:
            x, y = project(self.x, self.y, self.crs, crs_wkt)
        except InputError as error:
            raise InputError(*(f"{self.where}: {line}" for line in error.problems)) from error
        return replace(self, x=x, y=y, crs=crs_wkt)


def project(
    x: NDArray[np.float64], y: NDArray[np.float64], source: str, target: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates in another reference system, x (or longitude) first in both."""
    try:
        transformer = Transformer.from_crs(known_crs(source, "crs"), CRS.from_user_input(target), always_xy=True)
        new_x, new_y = transformer.transform(x, y)
    except (ProjError, CRSError) as error:
        raise InputError(
            f"points in {source} cannot be placed on the image, whose reference system is {_title(target)}; "
            "give the image one that is tied to the earth, for example EPSG:32736"
        ) from error
    return np.asarray(new_x, dtype=float), np.asarray(new_y, dtype=float)


def _title(crs: str) -> str:
    """The name a definition begins with, as WKT has it."""
    return repr(crs.partition('"')[2].partition('"')[0] or crs[:40])


def known_crs(text: str, where: str) -> CRS:
    """The reference system a text means: EPSG:n or a definition, never an address.

    Raises
    ------
    InputError
        If there is no such system.
    """
    if "://" in text:
        raise InputError(f"{where}: {text!r} is an address, which is never opened; write EPSG:n, for example EPSG:4326")
    try:
        return CRS.from_user_input(text)
    except CRSError as error:
        raise InputError(f"{where}: unknown reference system {text!r}; write EPSG:n, for example EPSG:4326") from error


def read_points(source: CollectedSource | CsvSource, document: RecipeDocument) -> ReferencePoints:
    """The points of one training entry.

    A file of collected points that does not exist yet holds no points.

    Raises
    ------
    InputError
        If the table or its columns are not there, or no row can be read.
    """
    if isinstance(source, CollectedSource):
        path = document.resolve(source.collected)
        table = read_csv(path) if path.exists() else Table(where=str(path), columns={}, lines=[])
        columns = ("XCoordinate", "YCoordinate", "class")
        crs = "EPSG:4326"
    else:
        table = read_csv(document.resolve(source.csv))
        columns = (*_coordinate_columns(source, table), source.class_ or "class")
        crs = source.crs
    known_crs(crs, _place_of_crs(source, document))
    if isinstance(source, CsvSource) and not len(table):
        raise InputError(f"{table.where}: has column names and no rows; add points, or take it out of the recipe")
    return _parsed(table, columns, crs) if table.columns else _parsed(table, None, crs)


def _place_of_crs(source: CollectedSource | CsvSource, document: RecipeDocument) -> str:
    return place(document.node, ("training", document.recipe.training.index(source), "crs"), document.where)


def _coordinate_columns(source: CsvSource, table: Table) -> tuple[str, str]:
    for x, y in COORDINATE_COLUMNS:
        if source.x is None and source.y is None and x in table.columns and y in table.columns:
            return x, y
    return source.x or "XCoordinate", source.y or "YCoordinate"


def _parsed(table: Table, columns: tuple[str, str, str] | None, crs: str) -> ReferencePoints:
    x, y, labels, lines, unreadable = [], [], [], [], []
    for line, fields in _rows(table, columns):
        try:
            point = _coordinate(fields[0]), _coordinate(fields[1]), _class_value(fields[2])
        except ValueError as error:
            unreadable.append(f"{table.where}, line {line}: {error}")
            continue
        x.append(point[0])
        y.append(point[1])
        labels.append(point[2])
        lines.append(line)
    if unreadable and not x:
        raise InputError(*unreadable[:3], f"{table.where}: none of its {len(unreadable)} rows can be used")
    return ReferencePoints(
        where=table.where, x=np.array(x, dtype=float), y=np.array(y, dtype=float), crs=crs,
        labels=np.array(labels, dtype=np.int64), line=np.array(lines, dtype=np.int64), group=np.full(len(x), -1),
        left_out={samples.INVALID: len(unreadable)}, notes=tuple(unreadable[:_SHOWN]),
    )  # fmt: skip


def _rows(table: Table, columns: tuple[str, str, str] | None) -> list[tuple[int, tuple[str, ...]]]:
    if columns is None:
        return []
    missing = [(key, name) for key, name in zip(_KEYS, columns, strict=True) if name not in table.columns]
    if missing:
        raise InputError(
            *(
                f"{table.where}: no column {name!r}; it has {', '.join(table.columns)}{nearest(name, table.columns)} "
                f"(the recipe names it with {key}:)"
                for key, name in missing
            )
        )
    fields = zip(*(table.columns[name] for name in columns), strict=True)
    return list(zip(table.lines, fields, strict=True))


def _coordinate(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        remedy = "write a decimal point, not a comma" if text.count(",") == 1 else "write for example 32.5"
        raise ValueError(f"coordinate {text[:40]!r} is not a number; {remedy}")
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"coordinate {text[:40]!r} is too large; write for example 32.5")
    return number


def _class_value(text: str) -> int:
    """A class value; whole numbers stored as 10.0 are accepted."""
    if not text:
        raise ValueError("the class is empty; give the legend's value")
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"class {text[:40]!r} is not a number; give the legend's value, not its label")
    number = float(text)
    if not number.is_integer() or abs(number) > 2**31:
        raise ValueError(f"class {text[:40]!r} is not a whole number; give the legend's value")
    return int(number)
