"""Reference points: places with a class, and the reference system of the places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from classify_local.errors import InputError
from classify_local.grid import DEGREE, Grid
from classify_local.recipe.model import Thinning
from classify_local.types import LabelArray


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
    thin
        Which of them to keep in the training table; all if None.
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
    thin: Thinning | None = None
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


def in_metres(xy: NDArray[np.float64], grid: Grid) -> NDArray[np.float64]:
    """Coordinates on a grid in metres, shape (n, 2); degrees by their length at the middle latitude of the points."""
    if not grid.crs.is_geographic:
        return xy * float(grid.crs.linear_units_factor[1])
    middle = np.radians((xy[:, 1].min() + xy[:, 1].max()) / 2) if len(xy) else 0.0
    return xy * (DEGREE * np.array([np.cos(middle), 1.0]))


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
