"""GeoJSON files: feature collections, single features and geometries, and one feature on each line.

The text is in memory once; features are decoded one after the other and let go.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from classify_local.errors import InputError, RefusedError
from classify_local.storage.columns import Records
from classify_local.storage.geojson import TYPES, geometries_from_chunk
from classify_local.storage.geometries import GeometryArray, no_geometries
from classify_local.storage.text import find_encoding
from classify_local.storage.vector_files.layers import (
    LON_LAT,
    MAX_FEATURES,
    Features,
    Layer,
    crs_text,
    require_countable,
)

_MAX_BYTES = 4 * 1024**3
_CHUNK = 8192
_BETWEEN = " \t\r\n\x1e"
"""What stands between values; the last begins the records of a text sequence."""
_SKIP = re.compile(f"[{_BETWEEN}]*")
_URN = re.compile(r"(?:urn:(?:x-)?ogc:def:crs:)?EPSG:(?:[^:]*:)?([0-9]+)", re.IGNORECASE)
_CRS84 = re.compile(r"(urn:(x-)?ogc:def:crs:)?(OGC:[0-9.]*:?)?CRS84", re.IGNORECASE)
_BROKEN = "save it again, or as GeoPackage"


@contextmanager
def geojson_layers(path: Path) -> Iterator[tuple[Layer, ...]]:
    """The one layer of a GeoJSON file.

    Raises
    ------
    InputError
        If it is broken, too large or no GeoJSON.
    RefusedError
        If its reference system is an address.
    """
    if path.stat().st_size > _MAX_BYTES:
        raise InputError(f"{path}: is larger than {_MAX_BYTES // 1024**3} GB of JSON; save it as GeoPackage")
    encoding = find_encoding(path)
    text = path.read_text(encoding=encoding.name)
    reader = _Reader(path, text)
    features = reader.features(encoding.notices)
    name = reader.name if isinstance(reader.name, str) and reader.name else path.stem
    yield (Layer(name=name, count=len(features.numbers), spatial=True, load=lambda: features),)


@dataclass(slots=True)
class _Gathered:
    """Features as they are met, their geometries packed by the chunk."""

    records: Records = field(default_factory=Records)
    parts: list[GeometryArray] = field(default_factory=lambda: [no_geometries(0)])
    problems: dict[int, str] = field(default_factory=dict)
    _texts: list[str] = field(default_factory=list)

    def add(self, value: dict[str, Any], text: str) -> None:
        properties = value.get("properties") if value["type"] == "Feature" else None
        row = {str(name): _text(cell) for name, cell in properties.items()} if isinstance(properties, dict) else {}
        if "id" in value:
            row.setdefault("id", _text(value["id"]))
        self.records.add(len(self.records.numbers) + 1, row)
        self._texts.append("" if value["type"] == "Feature" and value.get("geometry") is None else text)
        if len(self._texts) == _CHUNK:
            self.pack()

    def pack(self) -> None:
        first = sum(map(len, self.parts))
        part, reasons = geometries_from_chunk(self._texts)
        if reasons:  # of what stands beside the geometry, perhaps, such as a property that is NaN
            again = [_geometry_alone(self._texts[i]) for i in reasons]
            rows = list(reasons)
            part[rows], left = geometries_from_chunk(again)
            self.problems |= {first + rows[i]: reason for i, reason in left.items() if again[i]}
        self.parts.append(part)
        self._texts.clear()


def _geometry_alone(text: str) -> str:
    value = json.loads(text) if text else None
    geometry = value["geometry"] if value and value["type"] == "Feature" else value
    return json.dumps(geometry) if geometry else ""


class _Reader:
    """Goes through the text of a file value by value.

    `name` is the member of that name, once the text has been gone through.
    """

    def __init__(self, path: Path, text: str) -> None:
        self._path, self._text = path, text
        self._decode = json.JSONDecoder().raw_decode
        self._gathered = _Gathered()
        self._crs: Any = _ABSENT
        self.name: Any = None

    def features(self, notices: tuple[str, ...]) -> Features:
        at = self._skip(0)
        try:
            while at < len(self._text):
                at = self._skip(self._top(at))
        except (ValueError, RecursionError) as error:
            raise InputError(f"{self._path}: is broken JSON ({error}); {_BROKEN}") from error
        self._gathered.pack()
        return Features(
            geometries=np.concatenate(self._gathered.parts), numbers=self._gathered.records.numbers,
            columns=self._gathered.records.columns(), crs=_crs(self._crs, self._path),
            problems=self._gathered.problems, notices=notices,
        )  # fmt: skip

    def _skip(self, at: int) -> int:
        found = _SKIP.match(self._text, at)
        return found.end() if found else at

    def _top(self, at: int) -> int:
        """Read one value; of a collection, whose features may come before it is known to be one, member by member."""
        if self._text[at] != "{":
            raise InputError(f"{self._path}: holds JSON, but no GeoJSON; {_BROKEN}")
        start, members, collected = at, {}, False
        at = self._skip(at + 1)
        while self._text[at : at + 1] != "}":
            name, at = self._decode(self._text, at)
            at = self._after(":", at)
            if name == "features" and self._text[at : at + 1] == "[":
                at, collected = self._array(at), True
            else:
                members[name], at = self._decode(self._text, at)
            at = self._skip(at)
            if self._text[at : at + 1] != "}":
                at = self._after(",", at)
        self._close(members, collected, self._text[start : at + 1] if not collected else "")
        return at + 1

    def _after(self, mark: str, at: int) -> int:
        at = self._skip(at)
        if self._text[at : at + 1] != mark:
            raise json.JSONDecodeError(f"expecting {mark!r}", self._text, at)
        return self._skip(at + 1)

    def _array(self, at: int) -> int:
        at = self._skip(at + 1)
        while self._text[at : at + 1] != "]":
            value, end = self._decode(self._text, at)
            if not isinstance(value, dict) or value.get("type") != "Feature":
                number = len(self._gathered.records.numbers) + 1
                kind = "Esri JSON" if isinstance(value, dict) and "attributes" in value else "no GeoJSON"
                raise InputError(f"{self._path}, feature {number}: is {kind}; save the file as GeoJSON or GeoPackage")
            self._add(value, self._text[at:end])
            at = self._skip(end)
            if self._text[at : at + 1] != "]":
                at = self._after(",", at)
        return at + 1

    def _add(self, value: dict[str, Any], text: str) -> None:
        self._gathered.add(value, text)
        if len(self._gathered.records.numbers) > MAX_FEATURES:
            require_countable(str(self._path), MAX_FEATURES + 1)

    def _close(self, members: dict[str, Any], collected: bool, text: str) -> None:
        kind = members.get("type")
        if collected and kind not in ("FeatureCollection", None):
            raise InputError(f"{self._path}: is JSON of the type {str(kind)[:40]!r}, not GeoJSON; {_BROKEN}")
        if not collected and kind != "Feature" and kind not in TYPES:
            what = {"Topology": "is TopoJSON", "gdal_streamed_alg": "names a process to run, not features"}
            raise InputError(f"{self._path}: {what.get(str(kind), 'holds JSON, but no GeoJSON')}; save it as GeoJSON")
        if not collected:
            self._add(members, text)
        self._crs = members.get("crs", self._crs)
        self.name = members.get("name", self.name)


_ABSENT = object()


def _text(value: Any) -> str:
    """A property as text: whole numbers without a point, truth as true and false, what is nested as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", errors="replace").decode()
    if isinstance(value, bool | dict | list):
        return json.dumps(value, ensure_ascii=False)
    return repr(value)


def _crs(member: Any, path: Path) -> str | None:
    """The reference system of the old member `crs`; longitude and latitude where there is none."""
    if member is _ABSENT:
        return LON_LAT
    if member is None:
        return None
    if isinstance(member, dict) and member.get("type") == "link":
        raise RefusedError(f"{path}: names its reference system by an address, which is never opened; save it anew")
    properties = member.get("properties") if isinstance(member, dict) else None
    name = str(properties.get("name")) if isinstance(properties, dict) else str(member)
    if _CRS84.fullmatch(name):
        return LON_LAT
    code = _URN.fullmatch(name)
    return crs_text(f"EPSG:{code.group(1)}" if code else name, str(path))
