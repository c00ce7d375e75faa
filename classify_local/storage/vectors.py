"""Vector files as agencies hold them: geometries, reference system and attributes of one or more layers.

The first bytes decide what a file is, never its name. GeoPackage, GeoJSON, KML and GPX are read by readers of our
own, shapefiles and FlatGeobufs by GDAL (`vector_files.ogr`); what else GDAL could open is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from classify_local.errors import InputError, nearest
from classify_local.storage.columns import TEXT, TextArray, no_text
from classify_local.storage.geometries import GeometryArray, tidy
from classify_local.storage.tables import Table
from classify_local.storage.vector_files.layers import Layer, require_countable
from classify_local.storage.vector_files.opening import opener

ALL = "*"
DEFAULT_LAYER = "labels"
LAYER_COLUMN = "layer"


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorLayer:
    """Features of one or more layers.

    Parameters
    ----------
    where
        The file, and the layer if it has several.
    geometries
        Points, multipoints, valid polygons and multipolygons in two dimensions, or None, shape (n,).
    crs
        EPSG:n, a definition in WKT, or None where the file does not say.
    table
        Attributes as text; a row for each feature.
    problems
        By row why a feature has no geometry, in words that go on from "file, feature 7: ".
    notices
        What was guessed, repaired or left out: for the user's eyes.
    """

    where: str
    geometries: GeometryArray
    crs: str | None
    table: Table
    problems: dict[int, str]
    notices: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.geometries)


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSummary:
    """A layer's name, its number of features, and whether they have geometries."""

    name: str
    count: int
    spatial: bool


def read_layer(path: Path, layer: str | Sequence[str] | None = None) -> VectorLayer:
    """Features of a GeoPackage, shapefile (also zipped), GeoJSON, KML, KMZ, GPX or FlatGeobuf.

    Parameters
    ----------
    path
        The file.
    layer
        A layer's name; several, or "*" for all that have geometries, are put one after the other in the reference
        system of the first, with a column `layer`. If not given: `labels`, else the first that has geometries.

    Returns
    -------
    VectorLayer
        Reading takes some 600 bytes of memory for a point with four short attributes, more for long outlines.

    Raises
    ------
    InputError
        If the file or layer is missing, damaged, empty, too large or of another kind.
    RefusedError
        If it is an address, or a file that makes its reader open or run something else.
    """
    with opener(path)(path) as layers:
        chosen = _chosen(path, layers, layer)
        parts = [_part(path, found, alone=len(layers) == 1) for found in chosen]
        notices = _choice_notices(path, layers, chosen) if layer is None else ()
    united = parts[0] if layer is None or (isinstance(layer, str) and layer != ALL) else _united(path, parts, chosen)
    return replace(united, notices=(*notices, *united.notices))


def list_layers(path: Path) -> tuple[LayerSummary, ...]:
    """What layers a file has, without reading more of them than it must.

    Raises
    ------
    InputError, RefusedError
        As for `read_layer`.
    """
    with opener(path)(path) as layers:
        return tuple(LayerSummary(name=layer.name, count=layer.count, spatial=layer.spatial) for layer in layers)


def _chosen(path: Path, layers: Sequence[Layer], wanted: str | Sequence[str] | None) -> list[Layer]:
    usable = [layer for layer in layers if layer.spatial and layer.count and not layer.refusal]
    if wanted is None or wanted == ALL:
        if not usable:
            raise InputError(f"{path}: holds no features with geometries{_listed(layers)}")
        preferred = [layer for layer in usable if layer.name == DEFAULT_LAYER]
        return usable if wanted == ALL else (preferred or usable)[:1]
    by_name = {layer.name: layer for layer in layers}
    names = [wanted] if isinstance(wanted, str) else list(dict.fromkeys(wanted))
    for name in names:
        if name not in by_name:
            raise InputError(f"{path}: no layer {name!r}{_listed(layers)}{nearest(name, by_name)}")
        if not by_name[name].count and not by_name[name].refusal:
            raise InputError(f"{path}: the layer {name!r} holds no features{_listed(layers)}")
    if not names:
        raise InputError(f"{path}: no layer is named{_listed(layers)}")
    return [by_name[name] for name in names]


def _listed(layers: Sequence[Layer]) -> str:
    known = ", ".join(f"{layer.name!r} ({layer.refusal or _counted(layer)})" for layer in layers)
    return f"; it has {known}" if known else ""


def _counted(layer: Layer) -> str:
    what = ("feature" if layer.spatial else "row") + ("" if layer.count == 1 else "s")
    return f"{layer.count:,} {what}" if layer.spatial else f"{layer.count:,} {what} without geometries"


def _choice_notices(path: Path, layers: Sequence[Layer], chosen: Sequence[Layer]) -> tuple[str, ...]:
    others = [layer for layer in layers if layer.spatial and layer not in chosen]
    if not others:
        return ()
    return (
        f"{path}: the layer {chosen[0].name!r} is read; for others give layer:, for all of them '*'{_listed(others)}",
    )


def _part(path: Path, layer: Layer, *, alone: bool) -> VectorLayer:
    features = layer.load()
    where = str(path) if alone else f"{path}, layer {layer.name!r}"
    tidied = tidy(features.geometries, features.problems)
    table = Table(where=where, columns=features.columns, lines=features.numbers, separator="", unit="feature")
    return VectorLayer(
        where=where, geometries=tidied.geometries, crs=features.crs, table=table, problems=tidied.problems,
        notices=(*features.notices, *tidied.notices(where)),
    )  # fmt: skip


def _united(path: Path, parts: Sequence[VectorLayer], layers: Sequence[Layer]) -> VectorLayer:
    """One after the other, in the reference system of the first."""
    firsts = [0, *np.cumsum([len(part) for part in parts]).tolist()]
    total = firsts[-1]
    require_countable(str(path), total)
    moved = [_moved(part, parts[0]) for part in parts]
    names = dict.fromkeys(name for part in parts for name in part.table.columns)
    columns = {name: np.concatenate([_column(part, name) for part in parts]) for name in names}
    if LAYER_COLUMN not in columns:
        columns[LAYER_COLUMN] = np.concatenate(
            [np.full(len(part), layer.name, dtype=TEXT) for part, layer in zip(parts, layers, strict=True)]
        )
    table = Table(
        where=str(path), columns=columns, lines=np.concatenate([part.table.lines for part in parts]).tolist(),
        separator="", unit="feature", parts=tuple(zip(firsts, (part.where for part in parts), strict=False)),
    )  # fmt: skip
    starts = zip(firsts, moved, strict=False)
    return VectorLayer(
        where=str(path), geometries=np.concatenate([part.geometries for part in moved]), crs=parts[0].crs, table=table,
        problems={first + i: text for first, part in starts for i, text in part.problems.items()},
        notices=tuple(notice for part in moved for notice in part.notices),
    )  # fmt: skip


def _column(part: VectorLayer, name: str) -> TextArray:
    found = part.table.columns.get(name)
    return no_text(len(part)) if found is None else found


def _moved(part: VectorLayer, first: VectorLayer) -> VectorLayer:
    """A layer in the reference system of the first one."""
    if part.crs == first.crs:
        return part
    if part.crs is None or first.crs is None:
        without = part if part.crs is None else first
        raise InputError(f"{without.where}: does not say its reference system, as other layers do; read it by itself")
    try:
        transformer = Transformer.from_crs(
            CRS.from_user_input(part.crs), CRS.from_user_input(first.crs), always_xy=True
        )
        geometries = shapely.transform(part.geometries, lambda xy: np.stack(transformer.transform(*xy.T), axis=1))
    except ProjError as error:
        raise InputError(f"{part.where}: cannot be brought into the reference system of {first.where}") from error
    tidied = tidy(geometries, part.problems)
    notice = f"{part.where}: is brought from {_short(part.crs)} into {_short(first.crs)}, that of {first.where}"
    return replace(
        part, geometries=tidied.geometries, problems=tidied.problems, crs=first.crs, notices=(*part.notices, notice)
    )


def _short(crs: str) -> str:
    """EPSG:n, or the name a definition begins with."""
    return crs if len(crs) < 20 else repr(crs.partition('"')[2].partition('"')[0])
