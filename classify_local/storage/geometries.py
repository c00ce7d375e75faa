"""Geometries made fit for sampling: in two dimensions, valid, points or polygons; or a reason why not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from classify_local.storage.wkb import is_nested_deeper

GeometryArray: TypeAlias = NDArray[np.object_]
"""Shapely geometries or None, shape (n,)."""

MAX_NESTED = 200
"""Collections in collections beyond some 10,000 overflow the stack of the library that reads them."""

_Type = shapely.GeometryType
_POINTS = (_Type.POINT, _Type.MULTIPOINT)
_POLYGONS = (_Type.POLYGON, _Type.MULTIPOLYGON)
_LINES = (_Type.LINESTRING, _Type.LINEARRING, _Type.MULTILINESTRING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tidied:
    """Geometries fit for sampling.

    Parameters
    ----------
    geometries
        Points, multipoints, polygons and multipolygons, or None, shape (n,).
    problems
        Why there is None, by row.
    repaired
        How many polygons were invalid and are valid now, and of what kind the first was.
    """

    geometries: GeometryArray
    problems: dict[int, str]
    repaired: int = 0
    reason: str = ""

    def notices(self, where: str) -> tuple[str, ...]:
        """What was repaired in the geometries of a place, if anything."""
        if not self.repaired:
            return ()
        was = "1 polygon was" if self.repaired == 1 else f"{self.repaired:,} polygons were"
        return (f"{where}: {was} invalid ({self.reason}) and repaired",)


def no_geometries(n: int) -> GeometryArray:
    """An array of None."""
    return np.full(n, None, dtype=object)


def tidy(geometries: GeometryArray, problems: dict[int, str] | None = None) -> Tidied:
    """Points and polygons in two dimensions, valid; what cannot be that is None and has a problem.

    Collections are taken apart. Invalid polygons are repaired so that every part they cover stays covered.

    Parameters
    ----------
    geometries
        As read, shape (n,).
    problems
        What is already known of rows without a geometry.
    """
    tidied = shapely.force_2d(np.asarray(geometries, dtype=object))
    found = dict(problems or {})
    _take_apart(tidied)
    kinds = shapely.get_type_id(tidied)
    _drop(tidied, kinds < 0, found, "has no geometry")
    _drop(tidied, np.isin(kinds, _LINES), found, "is a line; points and polygons can be used")
    _drop(tidied, shapely.is_empty(tidied), found, "has an empty geometry")
    _drop(tidied, kinds == _Type.GEOMETRYCOLLECTION, found, "mixes points, lines and polygons; keep one kind")
    _drop(tidied, _not_finite(tidied), found, "has a coordinate that is not a number")
    repaired, reason = _repair(tidied)
    _drop(tidied, shapely.is_empty(tidied), found, "is a polygon without area")
    return Tidied(geometries=tidied, problems=dict(sorted(found.items())), repaired=repaired, reason=reason)


def _drop(geometries: GeometryArray, rows: NDArray[np.bool_], problems: dict[int, str], reason: str) -> None:
    for row in np.flatnonzero(rows).tolist():
        problems.setdefault(row, reason)
    geometries[rows] = None


def _take_apart(geometries: GeometryArray) -> None:
    """Collections of one kind become multi-part geometries."""
    for row in np.flatnonzero(shapely.get_type_id(geometries) == _Type.GEOMETRYCOLLECTION):
        parts = _leaves(geometries[row])
        kinds = set(shapely.get_type_id(parts).tolist()) if len(parts) else set()
        if kinds == {_Type.POINT}:
            geometries[row] = shapely.multipoints(parts)
        elif kinds == {_Type.POLYGON}:
            geometries[row] = shapely.multipolygons(parts)


def _leaves(geometry: Any) -> GeometryArray:
    parts = np.array([geometry], dtype=object)
    while len(parts) and (shapely.get_type_id(parts) >= _Type.MULTIPOINT).any():
        single = shapely.get_type_id(parts) < _Type.MULTIPOINT
        parts = np.concatenate([parts[single], shapely.get_parts(parts[~single])])
    return parts[~shapely.is_empty(parts)]


def _not_finite(geometries: GeometryArray) -> NDArray[np.bool_]:
    coordinates, rows = shapely.get_coordinates(geometries, return_index=True)
    bad = np.zeros(len(geometries), dtype=bool)
    bad[rows[~np.isfinite(coordinates).all(axis=1)]] = True
    return bad


def _repair(geometries: GeometryArray) -> tuple[int, str]:
    polygons = np.isin(shapely.get_type_id(geometries), _POLYGONS)
    invalid = np.flatnonzero(polygons & ~shapely.is_valid(geometries))
    if not len(invalid):
        return 0, ""
    reason = shapely.is_valid_reason(geometries[invalid[0]]).partition("[")[0].strip().lower()
    repaired = shapely.make_valid(geometries[invalid], method="structure", keep_collapsed=False)
    geometries[invalid] = repaired
    return int((~shapely.is_empty(repaired)).sum()), reason


def from_wkb(blobs: Sequence[bytes | None]) -> GeometryArray:
    """Geometries from WKB; None where it is missing, damaged, or of a kind that is not read."""
    safe = [None if blob is None or is_nested_deeper(blob, MAX_NESTED) else blob for blob in blobs]
    return _read_all(shapely.from_wkb, np.array([*safe, None], dtype=object)[:-1])


def from_wkt(texts: Sequence[str | None]) -> GeometryArray:
    """Geometries from WKT; None as for `from_wkb`."""
    return _read_all(shapely.from_wkt, np.array([*texts, None], dtype=object)[:-1])


def from_geojson(texts: Sequence[str | None]) -> GeometryArray:
    """Geometries from GeoJSON, of features too; None as for `from_wkb`."""
    return _read_all(shapely.from_geojson, np.array([*texts, None], dtype=object)[:-1])


def _read_all(read: Callable[..., Any], texts: GeometryArray) -> GeometryArray:
    with np.errstate(all="ignore"):  # of numbers too large, which become problems of their rows
        try:
            return np.asarray(read(texts, on_invalid="ignore"), dtype=object)
        except NotImplementedError:  # one is a curve: which one is not said
            return np.array([*(_read_one(read, text) for text in texts), None], dtype=object)[:-1]


def _read_one(read: Callable[..., Any], text: Any) -> Any:
    try:
        return read(text, on_invalid="ignore")
    except NotImplementedError:
        return None
