"""Reference data: what becomes of them, and their ways out of a recipe and into one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from classify_local import describing, reference_data
from classify_local.api.recipes import PathLike, RecipeLike, as_paths
from classify_local.errors import InputError, collect
from classify_local.learning import learn
from classify_local.legend import Legend
from classify_local.preparation import prepare_training
from classify_local.recipe.model import SampleSource, Thinning
from classify_local.recipe.text import load
from classify_local.reference_data import Exported, Which
from classify_local.report.training import description_lines
from classify_local.report.training_html import training_html
from classify_local.storage import atomic
from classify_local.training.samples import TrainingReport


def training_summary(
    recipe: RecipeLike,
    *,
    html: PathLike | None = None,
    suspects: PathLike | None = None,
    allow: Sequence[PathLike] = (),
) -> list[str]:
    """What becomes of the training rows, how far classes lie apart, and which rows may have the wrong class.

    Parameters
    ----------
    recipe
        A recipe file, or its content.
    html
        Where the report goes as a page, with a map of the rows.
    suspects
        Where suspected mislabels go, as a GeoPackage.
    allow
        Folders in which the sources of a VRT may lie, besides the recipe's.

    Returns
    -------
    list of str
        The report as lines.

    Raises
    ------
    ClassifyLocalError
        If the recipe or its data cannot be used, or a file cannot be written.
    """
    document, targets = load(recipe), [Path(path) for path in (html, suspects) if path is not None]
    collect(partial(atomic.require_file_name, path) for path in targets)
    reference_data.require_no_source(document, *targets)
    ready = prepare_training(document, as_paths(allow))
    description = describing.describe(learn(ready), ready)
    if description is None:
        raise InputError(f"{ready.document.where}: its classifier needs no training data; there is nothing to sum up")
    if html is not None:
        atomic.write_text(Path(html), training_html(description))
    if suspects is not None:
        describing.write_suspects(Path(suspects), description)
    return list(description_lines(description))


def export_training(
    recipe: RecipeLike,
    path: PathLike,
    *,
    which: Which = "all",
    thin: Mapping[str, float] | None = None,
    allow: Sequence[PathLike] = (),
) -> Exported:
    """Write a recipe's reference points as SEPAL's CSV or as a GeoPackage.

    Parameters
    ----------
    recipe
        A recipe file, or its content.
    path
        Ends in .csv or .gpkg.
    which
        `all` rows that have a place and a class, points that were `collected`, or rows that are `used` in training.
    thin
        Thin the rows that are used, over all sources, by `share`, `per_class` or `distance`.
    allow
        Folders in which the sources of a VRT may lie, besides the recipe's.

    Raises
    ------
    ClassifyLocalError
        If the recipe or its data cannot be used, or the file cannot be written.
    """
    thinning = None if thin is None else Thinning.model_validate(dict(thin))
    return reference_data.export_points(load(recipe), Path(path), as_paths(allow), which=which, thinning=thinning)


def export_training_table(recipe: RecipeLike, path: PathLike, *, allow: Sequence[PathLike] = ()) -> Exported:
    """Write the sampled training table, a column for each band, as .csv or .parquet.

    Raises
    ------
    ClassifyLocalError
        If the recipe or its data cannot be used, or the file cannot be written.
    """
    return reference_data.export_table(load(recipe), Path(path), as_paths(allow))


def sample_classification(
    recipe: RecipeLike, sample: Mapping[str, Any], path: PathLike, *, allow: Sequence[PathLike] = ()
) -> Exported:
    """Draw points from a class raster where a recipe's images have data, and write them as .csv or .gpkg.

    Parameters
    ----------
    recipe
        A recipe file, or its content.
    sample
        What stands under `sample` in a recipe: path, band, per_class, total, scale, seed, pure, ...
    path
        Where the points go.
    allow
        Folders in which the sources of a VRT may lie, besides the recipe's.

    Raises
    ------
    ClassifyLocalError
        If one of the files cannot be used, or the points cannot be written.
    """
    document = load(recipe)
    drawn = document.with_training({"sample": dict(sample)}).recipe.training[-1]
    if not isinstance(drawn, SampleSource):
        raise InputError("sample: is none")
    return reference_data.sample_classification(document, drawn.sample, Path(path), as_paths(allow))


def import_training(
    recipe: RecipeLike, file: PathLike, keys: Mapping[str, Any] | None = None, *, allow: Sequence[PathLike] = ()
) -> tuple[TrainingReport, Legend]:
    """Add a table or vector file to a recipe's training data, once it has proved to give rows.

    Parameters
    ----------
    recipe
        A recipe file; it is rewritten with its comments, and kept as it was in `<name>~`.
    file
        A table (text or xlsx) or a vector file.
    keys
        What else stands in the entry: class, x, y, crs, layer, filter, group, ...
    allow
        Folders in which the sources of a VRT may lie, besides the recipe's.

    Returns
    -------
    report, legend
        What becomes of the rows of all entries, and the recipe's classes.

    Raises
    ------
    ClassifyLocalError
        If the entry cannot be used; the recipe is as it was then.
    """
    return reference_data.add_file(load(recipe), Path(file), keys or {}, as_paths(allow))


def clear_collected(recipe: RecipeLike) -> list[tuple[Path, int, Path | None]]:
    """Take away the points clicked on the map page; each file is kept beside itself as `<name>.cleared.csv`.

    Raises
    ------
    ClassifyLocalError
        If the recipe collects none, or a file cannot be written.
    """
    return reference_data.clear_collected(load(recipe))
