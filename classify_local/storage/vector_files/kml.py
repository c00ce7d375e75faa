"""KML and KMZ as Google Earth and field apps write them: folders are layers, placemarks are features."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import Element

import numpy as np
import shapely

from classify_local.storage.archives import opened_zip
from classify_local.storage.columns import Records
from classify_local.storage.markup import child, child_text, elements, local
from classify_local.storage.numbers import NUMBER
from classify_local.storage.vector_files.layers import LON_LAT, MAX_FEATURES, Features, Layer, require_countable

_CONTAINERS = ("Folder", "Document")
_SINGLE = ("Point", "LineString", "LinearRing", "Polygon")
_COMMA = re.compile(r"\s*,\s*")
_UNREAD = "is a {}, which is not read; draw points or polygons"


@contextmanager
def kml_layers(path: Path) -> Iterator[tuple[Layer, ...]]:
    """The folders of a KML file that hold placemarks.

    Raises
    ------
    InputError, RefusedError
        If it is broken, or declares entities.
    """
    with path.open("rb") as stream:
        yield _layers(stream, str(path), path.stem, ())


@contextmanager
def kmz_layers(path: Path) -> Iterator[tuple[Layer, ...]]:
    """The folders of the main KML file in a KMZ archive; nothing is unpacked to disk.

    Raises
    ------
    InputError, RefusedError
        As for `kml_layers`, or if the archive unpacks to more than its data can need.
    """
    with opened_zip(path, "a KMZ archive") as archive:
        names = [name for name in archive.namelist() if name.lower().endswith(".kml")]
        main = min(names, key=lambda name: (name.lower() != "doc.kml", name.count("/"), names.index(name)))
        notices = (f"{path}: {main} in it is read; it has {len(names) - 1} more",) if len(names) > 1 else ()
        with archive.open(main) as stream:
            yield _layers(stream, f"{path}, {main}", path.stem, notices)


@dataclass(slots=True)
class _Folder:
    """Placemarks of one folder as they are met."""

    records: Records = field(default_factory=Records)
    geometries: list[shapely.Geometry | None] = field(default_factory=list)
    problems: dict[int, str] = field(default_factory=dict)

    def add(self, placemark: Element) -> None:
        row = len(self.geometries)
        self.records.add(row + 1, _attributes(placemark))
        try:
            self.geometries.append(_geometry(placemark))
        except (_BadGeometry, shapely.errors.GEOSException, ValueError) as error:
            self.geometries.append(None)
            self.problems[row] = str(error)

    def features(self, notices: tuple[str, ...]) -> Features:
        return Features(
            geometries=np.array([*self.geometries, None], dtype=object)[:-1], numbers=self.records.numbers,
            columns=self.records.columns(), crs=LON_LAT, problems=self.problems, notices=notices,
        )  # fmt: skip


def _layers(stream: IO[bytes], where: str, stem: str, notices: tuple[str, ...]) -> tuple[Layer, ...]:
    folders: dict[str, _Folder] = {}
    links = count = 0
    for element, within in elements(stream, where, ("Placemark", "NetworkLink")):
        if local(element) == "NetworkLink":
            links += 1
            continue
        folders.setdefault(_folder_name(within) or stem, _Folder()).add(element)
        count += 1
        if count > MAX_FEATURES:
            require_countable(where, count)
    if links:
        notices += (f"{where}: names {links} other files or addresses (NetworkLink), which are not read",)
    return tuple(_layer(name, folder, notices) for name, folder in folders.items())


def _layer(name: str, folder: _Folder, notices: tuple[str, ...]) -> Layer:
    return Layer(name=name, count=len(folder.geometries), spatial=True, load=lambda: folder.features(notices))


def _folder_name(within: Sequence[Element]) -> str:
    names = (child_text(element, "name") for element in reversed(within) if local(element) in _CONTAINERS)
    return next((name for name in names if name), "")


def _attributes(placemark: Element) -> dict[str, str]:
    """Name, description, times and extended data, under the names that GDAL and QGIS give them."""
    found = {}
    for element in placemark:
        name, text = local(element), (element.text or "").strip()
        if name == "name":
            found["Name"] = text
        elif name == "description":
            found["description"] = text
        elif name == "TimeStamp":
            found["timestamp"] = child_text(element, "when")
        elif name == "ExtendedData":
            found |= _extended(element)
    return found


def _extended(element: Element) -> dict[str, str]:
    found = {}
    for data in element.iter():
        name = data.get("name")
        if name and local(data) == "SimpleData":
            found[name] = (data.text or "").strip()
        elif name and local(data) == "Data":
            found[name] = child_text(data, "value")
    return found


class _BadGeometry(Exception):
    """A geometry that cannot be made; says why."""


def _geometry(placemark: Element) -> shapely.Geometry | None:
    parts = [part for element in placemark for part in _parts(element)]
    if len(parts) < 2:
        return parts[0] if parts else None
    return shapely.GeometryCollection(parts)


def _parts(element: Element) -> Iterator[shapely.Geometry]:
    kind = local(element)
    if kind == "MultiGeometry":
        for inner in element:
            yield from _parts(inner)
    elif kind == "Point":
        (place, *more) = _coordinates(element)
        if more:
            raise _BadGeometry("is a point with several places")
        yield shapely.Point(place)
    elif kind == "Polygon":
        yield _polygon(element)
    elif kind in _SINGLE:
        yield shapely.LineString(_coordinates(element))
    elif kind in ("Model", "Track", "MultiTrack"):
        raise _BadGeometry(_UNREAD.format(kind.lower()))


def _polygon(element: Element) -> shapely.Geometry:
    rings = [[], []]  # type: list[list[list[tuple[float, float]]]]
    for boundary in element:
        inner = local(boundary) == "innerBoundaryIs"
        if inner or local(boundary) == "outerBoundaryIs":
            rings[inner] += [_coordinates(ring) for ring in boundary if local(ring) == "LinearRing"]
    if len(rings[0]) != 1:
        raise _BadGeometry("is a polygon without an outer boundary, or with several")
    return shapely.Polygon(rings[0][0], rings[1])


def _coordinates(element: Element) -> list[tuple[float, float]]:
    """Longitude and latitude of each place; heights are left out, blanks beside commas forgiven."""
    found = child(element, "coordinates")
    text = _COMMA.sub(",", (found.text or "").strip() if found is not None else "")
    if not text:
        raise _BadGeometry("has no coordinates")
    return [_place(token) for token in text.split()]


def _place(token: str) -> tuple[float, float]:
    numbers = token.rstrip(",").split(",")
    if len(numbers) not in (2, 3) or not all(NUMBER.fullmatch(number) for number in numbers):
        raise _BadGeometry(f"has the coordinates {token[:40]!r}, where longitude,latitude are expected")
    return float(numbers[0]), float(numbers[1])
