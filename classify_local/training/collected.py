"""The file of points a user clicks: SEPAL's header, a line for each point (`training.appended`)."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from classify_local.errors import InputError
from classify_local.storage import atomic
from classify_local.storage.tables import Table
from classify_local.training import appended

HEADER = ("XCoordinate", "YCoordinate", "class")
CRS = "EPSG:4326"


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectedPoint:
    """A clicked point, in degrees, with its class value.

    Raises
    ------
    InputError
        If a coordinate is not finite.
    """

    x: float
    y: float
    label: int

    def __post_init__(self) -> None:
        if not (math.isfinite(self.x) and math.isfinite(self.y)):
            raise InputError(f"a point at {self.x}, {self.y} has no place; give its longitude and latitude")

    def cells(self) -> tuple[str, str, str]:
        """As it stands in the file; the numbers are exact."""
        return repr(float(self.x)), repr(float(self.y)), str(int(self.label))


def read(path: Path) -> tuple[Table, str]:
    """The file's rows, and its last line if that was cut off.

    Raises
    ------
    InputError
        If it is no table, or lacks a column.
    """
    return appended.read(path, HEADER)


def append_point(path: Path, point: CollectedPoint) -> None:
    """Add a point at the end of the file, which is made if it is not there.

    Raises
    ------
    InputError
        If the file has other columns.
    StorageError
        If it cannot be written.
    """
    appended.append(path, HEADER, point.cells())


def write_points(path: Path, points: Iterable[CollectedPoint]) -> None:
    """Write all points anew: the old file stays whole until the new one is."""
    atomic.write_text(path, appended.text(HEADER, (point.cells() for point in points)))


def clear(path: Path) -> tuple[int, Path | None]:
    """Take away all points but keep them beside the file, as `<name>.cleared.csv`; how many there were, and the copy.

    A second file of them is `<name>.cleared-2.csv`, and so on: none is ever written over.

    Raises
    ------
    InputError
        If the file is no table of points.
    StorageError
        If one of the files cannot be written.
    """
    if not path.exists():
        return 0, None
    table, _ = read(path)
    if not len(table):
        return 0, None
    copy = _free_name(path)
    atomic.write_bytes(copy, path.read_bytes())
    write_points(path, [])
    return len(table), copy


def _free_name(path: Path) -> Path:
    copy, number = path.with_name(f"{path.stem}.cleared{path.suffix}"), 1
    while copy.exists():
        number += 1
        copy = path.with_name(f"{path.stem}.cleared-{number}{path.suffix}")
    return copy


def reference_csv(rows: Iterable[tuple[float, float, int]]) -> str:
    """Reference data as SEPAL's CSV, written by RFC 4180.

    Parameters
    ----------
    rows
        Longitude, latitude and class value of each point.
    """
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(HEADER)
    writer.writerows((_degrees(x), _degrees(y), label) for x, y, label in rows)
    return stream.getvalue()


def _degrees(value: float) -> str:
    """Ten decimals, a hundredth of a millimetre, without the zeros at their end."""
    return f"{value:.10f}".rstrip("0").rstrip(".")
