"""Features of a GeoPackage's table: geometries out of their envelopes, attributes as text."""

from __future__ import annotations

import re
import sqlite3
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from classify_local.storage.columns import Rows, TextArray
from classify_local.storage.geometries import GeometryArray, from_wkb, no_geometries
from classify_local.storage.vector_files.layers import Features, crs_text, require_countable

_CHUNK = 8192
_BOX_BYTES = (0, 32, 48, 48, 64)
"""Bytes of the bounding box in front of a geometry, by its code."""
_LEAST, _WKB_HEAD, _EXTENDED = 8, 5, 0x20
_CURVES = (8, 12)
_UNDEFINED = re.compile(r'\s*(\w+\[")?undefined\b', re.IGNORECASE)
_LOST = "\ufffd"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceSystem:
    """A row of a GeoPackage's table of reference systems."""

    organization: str
    code: Any
    definition: str

    def text(self, where: str) -> str | None:
        """As `layers.crs_text` has it; None where it says "undefined", as the standard or as GDAL does."""
        if self.organization.upper() == "EPSG" and isinstance(self.code, int) and self.code > 0:
            return crs_text(f"EPSG:{self.code}", where)
        return None if _UNDEFINED.match(self.definition) else crs_text(self.definition, where)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureTable:
    """A plain table and how its features are stored."""

    connection: sqlite3.Connection
    where: str
    name: str
    geometry: str | None
    system: ReferenceSystem | None
    notices: tuple[str, ...]

    def count(self) -> int:
        """How many rows it has."""
        ((found,),) = self.connection.execute(f"SELECT count(*) FROM {quoted(self.name)}")  # noqa: S608
        return int(found)

    def load(self) -> Features:
        """All features, in the order in which the file has them."""
        require_countable(self.where, self.count())
        described = _Columns.of(self)
        rows = Rows(len(described.names))
        parts: list[GeometryArray] = [no_geometries(0)]
        problems: dict[int, str] = {}
        cursor = self.connection.execute(described.query)
        while part := cursor.fetchmany(_CHUNK):
            first = len(rows.numbers)
            cells = list(zip(*part, strict=True))
            if described.geometry:
                parts.append(_geometries(cells.pop(), first, problems))
            rows.extend(described.numbers(cells, first, len(part)), described.texts(cells))
        columns = dict(zip(described.names, rows.columns(), strict=True))
        return Features(
            geometries=np.concatenate(parts) if described.geometry else no_geometries(len(rows.numbers)),
            numbers=rows.numbers, columns=columns, problems=problems,
            crs=self.system.text(self.where) if self.system else None,
            notices=(*self.notices, *_losses(self.where, columns)),
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    """A table's columns: attributes by name, then the geometry."""

    names: list[str]
    booleans: frozenset[str]
    key: int | None
    geometry: str | None
    query: str

    @classmethod
    def of(cls, table: FeatureTable) -> _Columns:
        # computed columns are not listed, so they are never computed
        described = list(table.connection.execute(f"PRAGMA table_info({quoted(table.name)})"))
        stored = {name.casefold(): name for _, name, *_ in described}
        geometry = stored.get(table.geometry.casefold()) if table.geometry else None
        names = [name for _, name, *_ in described if name != geometry]
        keys = [name for _, name, kind, _, _, key in described if key and kind.upper() == "INTEGER"]
        chosen = ", ".join(map(quoted, [*names, geometry] if geometry else names))
        return cls(
            names=names, geometry=geometry,
            booleans=frozenset(name for _, name, kind, *_ in described if kind.upper() == "BOOLEAN"),
            key=names.index(keys[0]) if len(keys) == 1 and keys[0] in names else None,
            query=f"SELECT {chosen} FROM {quoted(table.name)}",  # noqa: S608
        )  # fmt: skip

    def numbers(self, cells: Sequence[Sequence[Any]], first: int, n: int) -> list[int]:
        """The features' ids, or their positions where they have none."""
        positions = range(first + 1, first + n + 1)
        ids = positions if self.key is None else cells[self.key]
        return [own if isinstance(own, int) else position for own, position in zip(ids, positions, strict=True)]

    def texts(self, cells: Sequence[Sequence[Any]]) -> list[Sequence[str]]:
        """Columns as text."""
        return [_texts(column, name in self.booleans) for name, column in zip(self.names, cells, strict=True)]


def quoted(name: str) -> str:
    """A name as SQL writes it, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def _texts(cells: Sequence[Any], boolean: bool) -> Sequence[str]:
    kinds = set(map(type, cells))
    if kinds == {str}:
        return cells
    if not boolean and kinds <= {int, float}:
        return list(map(repr, cells))
    return [_text(cell, boolean) for cell in cells]


def _text(value: Any, boolean: bool) -> str:
    if value is None or isinstance(value, bytes):
        return ""
    if boolean and value in (0, 1):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def _geometries(blobs: Sequence[Any], first: int, problems: dict[int, str]) -> GeometryArray:
    geometries = from_wkb([_wkb(blob) for blob in blobs])
    for i in np.flatnonzero(shapely.is_missing(geometries)).tolist():
        if blobs[i] is not None:
            problems[first + i] = _problem(blobs[i])
    return geometries


def _wkb(blob: Any) -> bytes | None:
    """What follows a GeoPackage's own head of a geometry; None if that is not as it should be."""
    if not isinstance(blob, bytes) or len(blob) < _LEAST or blob[:2] != b"GP":
        return None
    flags = blob[3]
    box = flags >> 1 & 7
    return None if flags & _EXTENDED or box >= len(_BOX_BYTES) else blob[8 + _BOX_BYTES[box] :]


def _problem(blob: Any) -> str:
    """What to say of a geometry that cannot be read."""
    if not isinstance(blob, bytes) or blob[:2] != b"GP":
        return "has a geometry that is not in a GeoPackage's form"
    if len(blob) >= _LEAST and blob[3] & _EXTENDED:
        return "has a geometry of an extended kind, which is not read"
    wkb = _wkb(blob)
    if wkb is None or len(wkb) < _WKB_HEAD:
        return "has a damaged geometry"
    (kind,) = struct.unpack("<I" if wkb[0] else ">I", wkb[1:_WKB_HEAD])
    curved = _CURVES[0] <= (kind & 0xFFFF) % 1000 <= _CURVES[1]
    return "is curved; convert it to straight segments" if curved else "has a damaged geometry"


def _losses(where: str, columns: dict[str, TextArray]) -> list[str]:
    lost = [name for name, cells in columns.items() if (np.strings.find(cells, _LOST) >= 0).any()]
    return [f"{where}: the column {name!r} holds text that is not UTF-8; it is shown with {_LOST}" for name in lost]
