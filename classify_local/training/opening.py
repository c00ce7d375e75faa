"""The file of a training entry, opened: its rows, its reference system, and its geometries if it is a layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from classify_local.recipe.model import CollectedSource, CsvSource, VectorSource
from classify_local.recipe.text import RecipeDocument
from classify_local.storage.columns import no_text
from classify_local.storage.geometries import GeometryArray, no_geometries
from classify_local.storage.tables import Table, read_table
from classify_local.training import collected
from classify_local.training.plots import holds_none, is_plots

Source = CollectedSource | CsvSource | VectorSource


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedFile:
    """What a training entry names.

    Parameters
    ----------
    table
        Its rows.
    crs
        The reference system of their places; None if neither file nor recipe says it.
    geometries, problems
        Of the features of a layer, and by row why there is None; without meaning for a table.
    notes
        Sentences a user should read.
    """

    table: Table
    crs: str | None
    geometries: GeometryArray = field(default_factory=lambda: no_geometries(0))
    problems: Mapping[int, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def open_source(source: Source, document: RecipeDocument) -> OpenedFile:
    """Open the file of a training entry; a file of collected points or drawn plots that is not there yet has no rows.

    Raises
    ------
    InputError
        If it is not there, or no file of its kind.
    """
    if isinstance(source, CollectedSource):
        return _open_collected(source, document)
    if isinstance(source, VectorSource):
        return _open_layer(source, document)
    table = read_table(document.resolve(source.csv), sheet=source.sheet, encoding=source.encoding)
    return OpenedFile(table=table, crs=source.crs, notes=table.notices)


def _open_collected(source: CollectedSource, document: RecipeDocument) -> OpenedFile:
    path = document.resolve(source.collected)
    if not path.exists():
        return OpenedFile(table=_no_rows(path, collected.HEADER), crs=collected.CRS)
    table, cut = collected.read(path)
    notes = (f"{path}: its last line was cut off and is left out: {cut[:60]!r}",) if cut else ()
    return OpenedFile(table=table, crs=collected.CRS, notes=(*table.notices, *notes))


def _open_layer(source: VectorSource, document: RecipeDocument) -> OpenedFile:
    from classify_local.storage import vectors  # slow to import

    path = document.resolve(source.vector)
    if is_plots(source) and holds_none(path):
        return OpenedFile(table=_no_rows(path, (str(source.class_),)), crs=collected.CRS)
    layer = vectors.read_layer(path, source.layer)
    notes = tuple(dict.fromkeys((*layer.table.notices, *layer.notices)))
    if None not in (source.crs, layer.crs) and source.crs != layer.crs:
        notes += (f"{layer.where}: is in {layer.crs:.40} by itself; the recipe's crs: {source.crs:.40} counts",)
    return OpenedFile(
        table=layer.table, crs=source.crs or layer.crs, geometries=layer.geometries, problems=layer.problems,
        notes=notes,
    )  # fmt: skip


def _no_rows(path: Path, names: Iterable[str]) -> Table:
    return Table(where=str(path), columns={name: no_text(0) for name in names}, lines=[])
