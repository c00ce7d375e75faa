"""The reference points of a recipe as marks on a map: where each stands, its class, and how to write it back.

Marks of one training entry form a `Sheet`, which knows how a change becomes bytes in its file: clicked points are
written into their own file, drawn plots into theirs, and points of somebody else's file into the edits beside it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import shapely

from classify_local.errors import InputError
from classify_local.legend import Legend
from classify_local.recipe.model import CollectedSource, CsvSource, VectorSource
from classify_local.recipe.text import RecipeDocument
from classify_local.storage import atomic
from classify_local.training import collected
from classify_local.training.collected import CollectedPoint
from classify_local.training.edits import Edit, append_edit, read_edits
from classify_local.training.opening import OpenedFile, open_source
from classify_local.training.plots import holds_none, is_plots
from classify_local.training.points import ReferencePoints
from classify_local.training.reading import read_points

Kind = Literal["collected", "imported", "plot", "polygon"]
Place = tuple[float, float]

_MOST_RINGS = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A point or polygon on the map.

    Parameters
    ----------
    id
        Unique within a session.
    kind
        A clicked point, a point of a file, a drawn plot, or a polygon of a file.
    place
        x and y in its file's reference system; of a polygon, a place within.
    value
        Class value.
    ring
        Corners of a plot or polygon, in the same system.
    """

    id: str
    kind: Kind
    place: Place
    value: int
    ring: tuple[Place, ...] = ()

    def __post_init__(self) -> None:
        if not all(math.isfinite(number) for place in (self.place, *self.ring) for number in place):
            raise InputError("a point needs a place on the image; click inside it")


class Sheet(Protocol):
    """The marks of one training entry."""

    @property
    def crs(self) -> str:
        """Reference system of the places."""
        ...

    @property
    def where(self) -> str:
        """The file's name, for people."""
        ...

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that hold the marks."""
        ...

    @property
    def written(self) -> tuple[Path, ...]:
        """Those that changes are written into."""
        ...

    @property
    def marks(self) -> Mapping[str, Mark]:
        """The marks by id, in the order of the file."""
        ...

    def changed(self, mark_id: str, mark: Mark | None) -> Sheet:
        """The sheet with a mark put or taken away; writes the file first.

        Raises
        ------
        InputError, StorageError
            If that cannot be; then nothing has changed.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSheet:
    """Marks in a file of our own. Ids count upwards in the order of the file."""

    path: Path
    marks: Mapping[str, Mark] = field(default_factory=dict)
    crs: str = collected.CRS

    @property
    def where(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def paths(self) -> tuple[Path, ...]:
        """The file."""
        return (self.path,)

    @property
    def written(self) -> tuple[Path, ...]:
        """The file."""
        return (self.path,)

    def after(self, mark_id: str, mark: Mark | None) -> dict[str, Mark]:
        """The marks with one put or taken away."""
        others = {id_: kept for id_, kept in self.marks.items() if id_ != mark_id}
        after = others if mark is None else {**others, mark_id: mark}
        return dict(sorted(after.items(), key=lambda item: _number(item[0])))


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectedSheet(OwnSheet):
    """Clicked points."""

    rewritable: bool = True

    def changed(self, mark_id: str, mark: Mark | None) -> CollectedSheet:
        """See `Sheet`; a new point is a new line, anything else writes the file anew."""
        after = self.after(mark_id, mark)
        added = mark is not None and mark_id not in self.marks and next(reversed(after)) == mark_id
        self._require_rewritable()
        if added and mark is not None:
            collected.append_point(self.path, _point(mark))
        else:
            collected.write_points(self.path, map(_point, after.values()))
        return replace(self, marks=after)

    def _require_rewritable(self) -> None:
        if not self.rewritable:
            raise InputError(
                f"{self.path.name}: holds more than {', '.join(collected.HEADER)}, so its points are not rewritten; "
                "name it as csv: in the recipe, and changes are kept beside it"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlotSheet(OwnSheet):
    """Plots drawn on the map, in a GeoJSON file of our own."""

    column: str

    def changed(self, mark_id: str, mark: Mark | None) -> PlotSheet:
        """See `Sheet`."""
        after = self.after(mark_id, mark)
        atomic.write_text(self.path, plots_text(after.values(), self.column))
        return replace(self, marks=after)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedSheet:
    """Points of somebody's file; changes go to the edits beside it.

    `originals` are the points as the file has them; `edits_path` is None as long as the recipe names no edits.
    """

    path: Path
    edits_path: Path | None
    crs: str
    originals: Mapping[str, Mark]
    marks: Mapping[str, Mark]

    @property
    def where(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def paths(self) -> tuple[Path, ...]:
        """The file and its edits."""
        return (self.path, *self.written)

    @property
    def written(self) -> tuple[Path, ...]:
        """The edits."""
        return () if self.edits_path is None else (self.edits_path,)

    def together(self, mark_id: str) -> list[str]:
        """The marks that change with one, since edits go by place: those the file has on the same place."""
        place = self.originals[mark_id].place
        return [id_ for id_, own in self.originals.items() if own.place == place]

    def changed(self, mark_id: str, mark: Mark | None) -> ImportedSheet:
        """See `Sheet`; every point on the same place takes part, since edits go by place."""
        if self.edits_path is None:
            raise ValueError(f"{self.path}: the recipe names no edits yet")
        origin = self.originals[mark_id]
        for action, label, to in steps(origin, self.marks.get(mark_id), mark):
            append_edit(self.edits_path, origin.place, action, label=label, to=to)
        edit = read_edits(self.edits_path).by_place.get(origin.place)
        after = {
            id_: shown
            for id_, own in self.originals.items()
            if (shown := with_edit(own, edit) if own.place == origin.place else self.marks.get(id_)) is not None
        }
        return replace(self, marks=after)


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedSheet:
    """Marks that are looked at only: polygons of a file, points of a sampled map."""

    where: str
    crs: str
    paths: tuple[Path, ...]
    marks: Mapping[str, Mark]
    written: tuple[Path, ...] = ()

    def changed(self, mark_id: str, mark: Mark | None) -> FixedSheet:
        """See `Sheet`."""
        del mark_id, mark
        raise InputError(f"{self.where}: its polygons and samples are shown, and changed in their own program only")


def steps(origin: Mark, now: Mark | None, wanted: Mark | None) -> Iterator[tuple[str, int | None, Place | None]]:
    """Edits (action, class, place) that lead from one state of a point to another."""
    if wanted is None:
        yield "delete", None, None
        return
    if (wanted.value, wanted.place) == (origin.value, origin.place):
        yield "restore", None, None
        return
    if now is None:
        yield "restore", None, None
        now = origin
    if wanted.value != now.value:
        yield "class", wanted.value, None
    if wanted.place != now.place:
        yield "move", None, wanted.place


def with_edit(origin: Mark, edit: Edit | None) -> Mark | None:
    """A point after its edit; None if it was deleted."""
    if edit is None:
        return origin
    if edit.deleted:
        return None
    return replace(
        origin,
        value=origin.value if edit.label is None else edit.label,
        place=origin.place if edit.place is None else edit.place,
    )


def sheet_of(
    number: int, document: RecipeDocument, points: ReferencePoints | None, legend: Legend | None = None
) -> Sheet:
    """The marks of a training entry.

    Parameters
    ----------
    number
        Of the entry, from 0.
    document
        The recipe.
    points
        Its reference points as they train, for entries whose marks are only looked at.
    legend
        Its labels are taken where values are meant.

    Raises
    ------
    InputError
        If its file cannot be read.
    """
    source = document.recipe.training[number]
    if isinstance(source, CollectedSource):
        return _collected(number, document.resolve(source.collected))
    if isinstance(source, VectorSource) and is_plots(source) and (plots := _plots(number, source, document)):
        return plots
    if isinstance(source, CsvSource | VectorSource):
        return _imported(number, source, document, points, legend)
    return _fixed(number, points)


def plots_text(plots: Any, column: str) -> str:
    """Plots as GeoJSON (RFC 7946): longitude first, rings counter-clockwise and closed."""
    features = [
        {
            "type": "Feature",
            "properties": {column: mark.value},
            "geometry": shapely.geometry.mapping(shapely.orient_polygons(shapely.Polygon(mark.ring))),
        }
        for mark in plots
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, indent=1) + "\n"


def _collected(number: int, path: Path) -> CollectedSheet:
    if not path.exists():
        return CollectedSheet(path=path)
    table, _ = collected.read(path)
    marks, unread = {}, 0
    columns = (table.columns[name].tolist() for name in collected.HEADER)
    for line, (x, y, value) in enumerate(zip(*columns, strict=True), 1):
        try:
            mark = Mark(id=f"c{number}:{line}", kind="collected", place=(float(x), float(y)), value=int(value))
        except (ValueError, InputError):
            unread += 1  # a row the recipe cannot use either: it stays as it is
            continue
        marks[mark.id] = mark
    whole = not unread and tuple(table.columns) == collected.HEADER
    return CollectedSheet(path=path, marks=marks, rewritable=whole)


def _plots(number: int, source: VectorSource, document: RecipeDocument) -> PlotSheet | None:
    """The drawn plots of a file; None if another program put more into it, which writing it anew would lose."""
    path, column = document.resolve(source.vector), source.class_ or "class"
    if holds_none(path):
        return PlotSheet(path=path, column=column)
    file = open_source(source, document)
    if not _only_plots(file, column):
        return None
    marks = {}
    for line, (geometry, value) in enumerate(zip(file.geometries, file.table.columns[column].tolist(), strict=True), 1):
        mark = _polygon_mark(f"p{number}:{line}", "plot", geometry, int(value))
        marks[mark.id] = mark
    return PlotSheet(path=path, column=column, marks=marks)


def _only_plots(file: OpenedFile, column: str) -> bool:
    """True if a file holds what is written of plots, and no more."""
    plain = all(
        shapely.get_type_id(shape) == shapely.GeometryType.POLYGON and not shape.is_empty and not shape.interiors
        for shape in file.geometries
    )
    values = file.table.columns.get(column, np.array([]))
    whole = len(values) == len(file.geometries) and all(str(value).isdecimal() for value in values.tolist())
    return plain and whole and set(file.table.columns) == {column} and file.crs == collected.CRS


def _imported(
    number: int, source: CsvSource | VectorSource, document: RecipeDocument, points: ReferencePoints | None,
    legend: Legend | None,
) -> Sheet:  # fmt: skip
    bare = source.model_copy(update={"edits": None})
    training = tuple(bare if i == number else entry for i, entry in enumerate(document.recipe.training))
    recipe = document.recipe.model_copy(update={"training": training})
    original = read_points(bare, replace(document, recipe=recipe), legend=legend)
    file = open_source(source, document)
    path = Path(file.table.where)
    polygons = _polygons(number, file, points)
    plain = _plain_rows(file)
    if original.crs != file.crs or not len(original) or not plain:
        return FixedSheet(where=path.name, crs=file.crs or original.crs, paths=(path,), marks=polygons)
    originals = {}
    for line, x, y, value in zip(
        original.line.tolist(), original.x.tolist(), original.y.tolist(), original.labels.tolist(), strict=True
    ):
        if line in plain:
            mark = Mark(id=f"i{number}:{line}", kind="imported", place=(x, y), value=value)
            originals[mark.id] = mark
    edits_path = None if source.edits is None else document.resolve(source.edits)
    edits = {} if edits_path is None else read_edits(edits_path).by_place
    marks = {
        id_: shown for id_, own in originals.items() if (shown := with_edit(own, edits.get(own.place))) is not None
    }
    return ImportedSheet(path=path, edits_path=edits_path, crs=original.crs, originals=originals, marks=marks)


def _plain_rows(file: OpenedFile) -> set[int]:
    """Lines of rows that are single points."""
    lines = [int(line) for line in file.table.lines]
    if not len(file.geometries):
        return set(lines)
    kinds = shapely.get_type_id(file.geometries)
    return {line for line, kind in zip(lines, kinds.tolist(), strict=True) if kind == shapely.GeometryType.POINT}


def _polygons(number: int, file: OpenedFile, points: ReferencePoints | None) -> dict[str, Mark]:
    """The outlines of polygons that train, at most some thousand."""
    if points is None or not len(file.geometries):
        return {}
    lines = np.asarray(file.table.lines, dtype=np.int64)
    labels = dict(zip(points.line.tolist(), points.labels.tolist(), strict=True))
    found: dict[str, Mark] = {}
    for row, line in enumerate(lines.tolist()):
        geometry = file.geometries[row]
        if line not in labels or geometry is None or len(found) >= _MOST_RINGS:
            continue
        for part, polygon in enumerate(shapely.get_parts(geometry)):
            if shapely.get_type_id(polygon) == shapely.GeometryType.POLYGON and not polygon.is_empty:
                mark = _polygon_mark(f"g{number}:{line}.{part}", "polygon", polygon, labels[line])
                found[mark.id] = mark
    return found


def _polygon_mark(id_: str, kind: Kind, geometry: Any, value: int) -> Mark:
    inside = geometry.representative_point()
    ring = tuple((float(x), float(y)) for x, y in geometry.exterior.coords[:-1])
    return Mark(id=id_, kind=kind, place=(inside.x, inside.y), value=value, ring=ring)


def _fixed(number: int, points: ReferencePoints | None) -> FixedSheet:
    if points is None:
        return FixedSheet(where="another recipe", crs=collected.CRS, paths=(), marks={})
    rows = zip(points.x.tolist(), points.y.tolist(), points.labels.tolist(), strict=True)
    marks = {
        f"s{number}:{i}": Mark(id=f"s{number}:{i}", kind="polygon", place=(x, y), value=value)
        for i, (x, y, value) in enumerate(rows)
        if math.isfinite(x) and math.isfinite(y)
    }
    return FixedSheet(where=Path(points.where).name, crs=points.crs, paths=(), marks=marks)


def _point(mark: Mark) -> CollectedPoint:
    return CollectedPoint(x=mark.place[0], y=mark.place[1], label=mark.value)


def _number(mark_id: str) -> int:
    return int(mark_id.rpartition(":")[2])
