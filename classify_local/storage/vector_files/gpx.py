"""GPX as GPS receivers and apps write it: waypoints, and the points of routes and tracks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np
import shapely
from numpy.typing import NDArray

from classify_local.storage.columns import Records
from classify_local.storage.geometries import no_geometries
from classify_local.storage.markup import elements, local
from classify_local.storage.numbers import NUMBER
from classify_local.storage.vector_files.layers import LON_LAT, MAX_FEATURES, Features, Layer, require_countable

_LAYERS = {"wpt": "waypoints", "rtept": "route_points", "trkpt": "track_points"}


@contextmanager
def gpx_layers(path: Path) -> Iterator[tuple[Layer, ...]]:
    """Waypoints first, then the points of routes and tracks, as far as there are any.

    Raises
    ------
    InputError, RefusedError
        If it is broken, or declares entities.
    """
    points = {name: _Points() for name in _LAYERS}
    with path.open("rb") as stream:
        for count, (element, _) in enumerate(elements(stream, str(path), tuple(_LAYERS)), 1):
            points[local(element)].add(element)
            if count > MAX_FEATURES:
                require_countable(str(path), count)
    yield tuple(
        Layer(name=_LAYERS[kind], count=len(found.xy), spatial=True, load=found.features)
        for kind, found in points.items()
        if found.xy or kind == "wpt"
    )


class _Points:
    """Points of one kind as they are met."""

    def __init__(self) -> None:
        self.records = Records()
        self.xy: list[tuple[float, float]] = []
        self._problems: dict[int, str] = {}

    def add(self, element: Element) -> None:
        lon, lat = element.get("lon", ""), element.get("lat", "")
        if NUMBER.fullmatch(lon) and NUMBER.fullmatch(lat):
            self.xy.append((float(lon), float(lat)))
        else:
            self._problems[len(self.xy)] = f"has lat {lat[:40]!r} and lon {lon[:40]!r}, where numbers are expected"
            self.xy.append((np.nan, np.nan))
        self.records.add(len(self.xy), _attributes(element))

    def features(self) -> Features:
        geometries = no_geometries(len(self.xy))
        xy: NDArray[np.float64] = np.array(self.xy, dtype=float).reshape(-1, 2)
        read = ~np.isnan(xy).any(axis=1)
        geometries[read] = shapely.points(xy[read])
        return Features(
            geometries=geometries, numbers=self.records.numbers, columns=self.records.columns(), crs=LON_LAT,
            problems=self._problems,
        )  # fmt: skip


def _attributes(point: Element) -> dict[str, str]:
    """Every element within that holds text, by its name; extensions among them."""
    texts = ((local(element), (element.text or "").strip()) for element in point.iter() if not len(element))
    found: dict[str, str] = {}
    for name, text in texts:
        if text:
            found.setdefault(name, text)
    return found
