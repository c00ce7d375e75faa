"""Reference data out of a recipe and into one: exports, a sample of a classification, entries, collected points."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from classify_local.errors import InputError, RefusedError
from classify_local.features.images import allowed_folders
from classify_local.legend import Legend
from classify_local.preparation import open_images, prepare, prepare_training
from classify_local.prepared import Prepared
from classify_local.recipe.model import CollectedSource, Sample, SampleSource, Thinning
from classify_local.recipe.text import RecipeDocument
from classify_local.storage import atomic
from classify_local.storage.images import open_image
from classify_local.storage.legends import recipe_legend
from classify_local.storage.legends.formulas import guarded
from classify_local.storage.safety import require_file
from classify_local.training import collected
from classify_local.training.drawing import draw
from classify_local.training.joining import sample_all
from classify_local.training.points import ReferencePoints, in_metres, project
from classify_local.training.samples import TrainingReport, TrainingSet
from classify_local.training.thinning import thin
from classify_local.types import LabelArray

LON_LAT = "EPSG:4326"
Which = Literal["all", "collected", "used"]
LAYER = "labels"
"""The layer that is read where a GeoPackage has several: what is exported can be brought back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was written, and what there is to say of it."""

    path: Path
    rows: int
    notes: tuple[str, ...] = ()


def export_points(
    document: RecipeDocument, path: Path, allow: Sequence[Path] = (), *, which: Which = "all",
    thinning: Thinning | None = None,
) -> Exported:  # fmt: skip
    """Write reference points, as SEPAL's CSV or as a GeoPackage.

    Parameters
    ----------
    document
        The recipe.
    path
        Ends in .csv or .gpkg.
    allow
        Folders in which the sources of a VRT may lie.
    which
        All rows that have a place and a class; the points clicked on the map page; or the rows the training table
        keeps, after masks, repetitions and thinning.
    thinning
        Thin the rows that are used once more, over all sources together.

    Raises
    ------
    InputError
        If the recipe cannot be read, the ending is another, or there is nothing to write.
    RefusedError
        If the file is one of those the recipe is made of.
    """
    write = _writer(path)
    require_no_source(document, path)
    ready = prepare(document, allow)
    points = ready.points
    if which == "collected":
        files = {str(file) for file in _collected_files(document)}
        points = tuple(each for each in points if each.where in files)
    x, y, labels = _kept(ready, thinning) if which == "used" else _all(points)
    notes = [note for each in points for note in each.notes]
    notes += [f"{other.where}: its rows are no points of this recipe; --table has them" for other in ready.others]
    if not len(labels):
        raise InputError(f"{document.where}: has no reference points to write", *notes[:3])
    write(path, x, y, labels, ready)
    return Exported(path=path, rows=len(labels), notes=tuple(notes))


def require_no_source(document: RecipeDocument, *paths: Path) -> None:
    """Refuse to write over the recipe or what it names.

    Raises
    ------
    RefusedError
        Naming the file.
    """
    sources = {place.resolve() for place in _named_files(document)}
    for path in paths:
        own = path.resolve()
        if own in sources or (own.parent in sources and own.exists()):
            raise RefusedError(f"{path}: is a file that {document.where} is made of; name another file")


def _named_files(document: RecipeDocument) -> Iterator[Path]:
    """The recipe, and the files and folders that it names."""
    recipe = document.recipe
    yield Path(document.where)
    texts: list[str] = [recipe.legend] if isinstance(recipe.legend, str) else []
    for part in (*recipe.images, *recipe.training):
        for key in ("path", "recipe", "collected", "csv", "vector", "edits"):
            value = getattr(part, key, None)
            texts += [value] if isinstance(value, str) else list(value or ())
    texts += [part.sample.path for part in recipe.training if isinstance(part, SampleSource)]
    yield from (document.resolve(text) for text in texts)


def _collected_files(document: RecipeDocument) -> list[Path]:
    files = [document.resolve(s.collected) for s in document.recipe.training if isinstance(s, CollectedSource)]
    if not files:
        raise InputError(f"{document.where}: collects no points; add - collected: points.csv to training")
    return files


def _all(points: Sequence[ReferencePoints]) -> tuple[NDArray[np.float64], NDArray[np.float64], LabelArray]:
    """Longitude, latitude and class value of all points."""
    placed = [project(each.x, each.y, each.crs, LON_LAT) for each in points]
    x = np.concatenate([np.empty(0), *(x for x, _ in placed)])
    y = np.concatenate([np.empty(0), *(y for _, y in placed)])
    labels = np.concatenate([np.empty(0, np.int64), *(each.labels for each in points)])
    known = np.isfinite(x) & np.isfinite(y)
    return x[known], y[known], labels[known]


def _kept(ready: Prepared, thinning: Thinning | None) -> tuple[NDArray[np.float64], NDArray[np.float64], LabelArray]:
    """The same of the rows that train."""
    if ready.legend is None:
        return _all(ready.points)
    _, report = sample_all(ready.points, ready.stack, ready.legend)
    rows = report.rows
    kept = np.flatnonzero(rows.open())
    if thinning is not None:
        places = in_metres(rows.xy[kept], ready.stack.grid)
        kept = kept[thin(places, rows.labels[kept], thinning, kept)]
    own_x, own_y = rows.xy[kept].T
    x, y = project(own_x, own_y, ready.stack.grid.crs.to_wkt(), LON_LAT)
    return x, y, rows.labels[kept]


def _writer(path: Path) -> Any:
    atomic.require_file_name(path)
    writers = {".csv": _write_csv, ".gpkg": _write_geopackage}
    if path.suffix.lower() not in writers:
        raise InputError(f"{path}: reference data are written as .csv or .gpkg; name the file so")
    return writers[path.suffix.lower()]


def _write_csv(path: Path, x: NDArray[np.float64], y: NDArray[np.float64], labels: LabelArray, ready: Prepared) -> None:
    del ready
    rows = zip(x.tolist(), y.tolist(), labels.tolist(), strict=True)
    atomic.write_text(path, collected.reference_csv(rows))


def _write_geopackage(
    path: Path, x: NDArray[np.float64], y: NDArray[np.float64], labels: LabelArray, ready: Prepared
) -> None:
    from classify_local.storage import geopackages

    columns: dict[str, NDArray[Any]] = {"class": labels}
    if ready.legend is not None:
        columns["label"] = np.array([ready.legend.label(value) for value in labels.tolist()], dtype=object)
    geopackages.write_points(path, x, y, LON_LAT, columns, LAYER)


def export_table(document: RecipeDocument, path: Path, allow: Sequence[Path] = ()) -> Exported:
    """Write the sampled training table: a column for each band, the class, the place and where the row comes from.

    Parameters
    ----------
    document
        The recipe.
    path
        Ends in .csv or .parquet.
    allow
        Folders in which the sources of a VRT may lie.

    Raises
    ------
    InputError
        If there is no table, the ending is another, or what writes Parquet is not installed.
    """
    atomic.require_file_name(path)
    require_no_source(document, path)
    ready = prepare_training(document, allow)
    training, report = sample_all(ready.points, ready.stack, ready.legend, ready.others)
    columns = _columns(training, report, ready.stack.names)
    if path.suffix.lower() == ".parquet":
        _write_parquet(path, columns)
    elif path.suffix.lower() == ".csv":
        atomic.write_text(path, _table_csv(columns))
    else:
        raise InputError(f"{path}: a table is written as .csv or .parquet; name the file so")
    return Exported(path=path, rows=len(training))


def _columns(training: TrainingSet, report: TrainingReport, bands: Sequence[str]) -> dict[str, NDArray[Any]]:
    sources = np.array([*report.read, ""], dtype=object)
    columns: dict[str, NDArray[Any]] = {band: training.features[:, i] for i, band in enumerate(bands)}
    taken = {"class": training.labels, "x": training.xy[:, 0], "y": training.xy[:, 1]}
    taken |= {"group": training.group, "source": sources[np.minimum(training.source, len(sources) - 1)]}
    for name, values in taken.items():
        columns[name if name not in columns else f"{name}_"] = values
    return columns


def _table_csv(columns: Mapping[str, NDArray[Any]]) -> str:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow([guarded(name) for name in columns])
    cells = [values.tolist() for values in columns.values()]
    for row in zip(*cells, strict=True):
        writer.writerow([guarded(cell) if isinstance(cell, str) else cell for cell in row])
    return stream.getvalue()


def _write_parquet(path: Path, columns: Mapping[str, NDArray[Any]]) -> None:
    import pandas

    stream = io.BytesIO()
    try:
        pandas.DataFrame(dict(columns)).to_parquet(stream, index=False)
    except ImportError as error:
        raise InputError(
            f"{path}: Parquet needs pyarrow, which is not here; pip install 'classify_local[parquet]', or write .csv"
        ) from error
    atomic.write_bytes(path, stream.getvalue())


def sample_classification(document: RecipeDocument, sample: Sample, path: Path, allow: Sequence[Path] = ()) -> Exported:
    """Draw points from a classification where a recipe's images have data, and write them.

    Parameters
    ----------
    document
        The recipe.
    sample
        What to draw.
    path
        Ends in .csv or .gpkg.
    allow
        Folders in which the sources of a VRT may lie.

    Raises
    ------
    InputError
        If one of the files cannot be read, or they do not overlap.
    """
    write = _writer(path)
    require_no_source(document, path)
    stack, legend = open_images(document, allow), recipe_legend(document)
    mosaic = open_image(sample.path, document.resolve, allowed_folders(document, allow))
    points = draw(sample, mosaic, stack, mosaic.where, None if legend is None else legend.values)
    ready = Prepared(document=document, stack=stack, map_stack=stack, legend=legend, points=(points,))
    write(path, *_all([points]), ready)
    return Exported(path=path, rows=len(points), notes=points.notes)


def clear_collected(document: RecipeDocument) -> list[tuple[Path, int, Path | None]]:
    """Take away the points clicked on the map page; each file is kept beside itself as `<name>.cleared.csv`.

    Returns
    -------
    list of (Path, int, Path or None)
        The files, how many points each had, and where these are kept.

    Raises
    ------
    InputError
        If the recipe collects none.
    StorageError
        If a file cannot be written.
    """
    return [(path, *collected.clear(path)) for path in _collected_files(document)]


_TABLES = (".csv", ".tsv", ".txt", ".xlsx")


def add_file(
    document: RecipeDocument, file: Path, keys: Mapping[str, Any], allow: Sequence[Path] = ()
) -> tuple[TrainingReport, Legend]:
    """Add a file to a recipe's training data; see `add_entry`. Its path is written relative to the recipe's folder."""
    require_file(file)
    kind = "csv" if file.suffix.lower() in _TABLES else "vector"
    return add_entry(document, {kind: _relative(file, document.folder), **keys}, allow)


def _relative(file: Path, folder: Path) -> str:
    """The path from a folder if the file lies in it, with forward slashes, else the whole path."""
    whole = file.absolute()
    return whole.relative_to(folder.absolute()).as_posix() if whole.is_relative_to(folder.absolute()) else str(whole)


def add_entry(
    document: RecipeDocument, entry: Mapping[str, Any], allow: Sequence[Path] = ()
) -> tuple[TrainingReport, Legend]:
    """Add a training entry to a recipe's file, once it has proved to give rows; the older text is kept as `<name>~`.

    Parameters
    ----------
    document
        A recipe from a file.
    entry
        What is written under `training`, for example {"vector": "plots.gpkg", "class": "cover"}.
    allow
        Folders in which the sources of a VRT may lie.

    Returns
    -------
    report, legend
        What becomes of the rows of all entries, and the recipe's classes.

    Raises
    ------
    InputError
        If the entry cannot be read, or the recipe is no file.
    """
    path = Path(document.where)
    if not path.is_file():
        raise InputError(f"{document.where}: is no file that an entry could be added to")
    changed = document.with_training(entry)
    if changed.recipe.training[-1] in document.recipe.training:
        raise InputError(f"{document.where}: has this training entry already; nothing is added")
    ready = prepare_training(changed, allow)
    _, report = sample_all(ready.points, ready.stack, ready.legend, ready.others)
    new = report.rows.source == len(ready.points) - 1
    if not (new & report.rows.open()).any():
        raise InputError(f"{ready.points[-1].where}: none of its rows can be used", *report.notes[:3])
    atomic.write_bytes(_backup(path), path.read_bytes())
    atomic.write_text(path, changed.text())
    return report, ready.legend


def _backup(path: Path) -> Path:
    """A free name for the recipe as it was: `recipe.yml~`, `recipe.yml~2`, ..."""
    copy, number = path.with_name(f"{path.name}~"), 1
    while copy.exists():
        number += 1
        copy = path.with_name(f"{path.name}~{number}")
    return copy
