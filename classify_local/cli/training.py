"""`classify-local training`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from classify_local import api
from classify_local.cli.main import printable
from classify_local.cli.shared import allow_option, recipe_argument
from classify_local.report.text import training_lines

_output = click.option(
    "-o", "--output", "out", required=True, type=click.Path(path_type=Path), help="The file to write: .csv or .gpkg."
)
_force = click.option("--force", is_flag=True, help="Replace the file if it is there.")
_seed = click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of the draw.")


@click.group("training")
def command() -> None:
    """Reference data: what becomes of them, in and out of a recipe, drawn from a map, thinned."""


@command.command("summary")
@recipe_argument
@click.option(
    "--html", type=click.Path(path_type=Path), help="Also write the report as a page, with a map of the rows."
)
@click.option("--suspects", type=click.Path(path_type=Path), help="Also write suspected mislabels as a GeoPackage.")
@_force
@allow_option
def summary(recipe: Path, html: Path | None, suspects: Path | None, force: bool, allow: tuple[Path, ...]) -> None:
    """Say what becomes of each row, how far classes lie apart, and which rows to look at."""
    for path in (html, suspects):
        if path is not None:
            _require_free(path, force)
    for line in api.training_summary(recipe, html=html, suspects=suspects, allow=allow):
        click.echo(printable(line))


@command.command("export")
@recipe_argument
@_output
@click.option("--collected", "which", flag_value="collected", help="Only points clicked on the map page.")
@click.option("--used", "which", flag_value="used", help="Only the rows that train, after masks and thinning.")
@click.option("--table", is_flag=True, help="The sampled table, with a column for each band: .csv or .parquet.")
@_force
@allow_option
def export(recipe: Path, out: Path, which: Any, table: bool, force: bool, allow: tuple[Path, ...]) -> None:
    """Write a recipe's reference data: SEPAL's CSV (XCoordinate,YCoordinate,class), or a GeoPackage."""
    _require_free(out, force)
    if table and which is not None:
        raise click.UsageError("--table has all rows that train; leave out --collected and --used")
    if table:
        _tell(api.export_training_table(recipe, out, allow=allow))
    else:
        _tell(api.export_training(recipe, out, which=which or "all", allow=allow))


@command.command("import")
@recipe_argument
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--class", "class_", metavar="COLUMN", help="The column of the class.")
@click.option("--layer", help="The layer of a vector file.")
@click.option("--x", metavar="COLUMN", help="The column of x or longitude.")
@click.option("--y", metavar="COLUMN", help="The column of y or latitude.")
@click.option("--crs", help="The reference system of the coordinates, for example EPSG:32736.")
@click.option("--filter", help="Which rows to take, for example 'editor != \"test\" and class > 0'.")
@click.option("--group", metavar="COLUMN", help="What must stay together when the model is checked.")
@allow_option
def import_(recipe: Path, file: Path, class_: str | None, allow: tuple[Path, ...], **keys: str | None) -> None:
    """Add FILE to the recipe as training data, once it has proved to give rows."""
    given = {key: value for key, value in {"class": class_, **keys}.items() if value is not None}
    report, legend = api.import_training(recipe, file, given, allow=allow)
    for line in training_lines(report, legend):
        click.echo(printable(line))
    click.echo(f"added to {recipe}; the recipe as it was is in {recipe.name}~")


@command.command("sample")
@recipe_argument
@click.argument("classification", type=click.Path(path_type=Path))
@_output
@click.option("--band", default="1", show_default=True, help="The band of the classification: a number or a name.")
@click.option("--per-class", type=click.IntRange(1), help="Points of each class; 1000 if nothing is said.")
@click.option("--class", "counts", multiple=True, metavar="VALUE=N", help="Points of one class; several times.")
@click.option("--total", type=click.IntRange(1), help="Points in all, instead of counts per class.")
@click.option("--proportional", is_flag=True, help="Share the total by area; with --floor at least so many each.")
@click.option("--floor", type=click.IntRange(0), default=0, help="Least points of a class when shared by area.")
@click.option(
    "--scale",
    type=click.FloatRange(0, min_open=True),
    help="Side of a sampled cell in metres; the classification's pixel by default.",
)
@click.option("--pure", is_flag=True, help="Only pixels whose neighbours are of the same class.")
@_seed
@_force
@allow_option
def sample(
    recipe: Path, classification: Path, out: Path, band: str, per_class: int | None, counts: tuple[str, ...],
    proportional: bool, force: bool, allow: tuple[Path, ...], **keys: Any,
) -> None:  # fmt: skip
    """Draw points from CLASSIFICATION, a class raster, where the recipe's images have data."""
    _require_free(out, force)
    given = {key: value for key, value in keys.items() if value not in (None, False, 0)}
    if keys["total"] is None and (proportional or keys["floor"]):
        raise click.UsageError("--proportional and --floor share a --total; give it")
    if keys["total"] is not None and (per_class or counts):
        raise click.UsageError("give either --total, or --per-class and --class")
    if keys["total"] is None:
        given["per_class"] = {"default": per_class or 1000, **dict(map(_count, counts))}
    given |= {"path": str(classification.absolute()), "band": int(band) if band.isdigit() else band}
    given |= {"seed": keys["seed"], "allocation": "proportional" if proportional else "equal"}
    _tell(api.sample_classification(recipe, given, out, allow=allow))


@command.command("thin")
@recipe_argument
@_output
@click.option("--share", type=click.FloatRange(0, 1, min_open=True), help="Share of each class to keep, 0 to 1.")
@click.option("--per-class", type=click.IntRange(1), help="Most rows of a class.")
@click.option("--distance", type=click.FloatRange(0, min_open=True), help="Least distance between rows, in metres.")
@_force
@allow_option
def thin(recipe: Path, out: Path, force: bool, allow: tuple[Path, ...], **keys: float | None) -> None:
    """Write a part of a recipe's training rows, evenly spread over the land; the same ones every time."""
    _require_free(out, force)
    given = {key: value for key, value in keys.items() if value is not None}
    if not given:
        raise click.UsageError("give --share, --per-class or --distance")
    _tell(api.export_training(recipe, out, which="used", thin=given, allow=allow))


@command.command("clear")
@recipe_argument
@click.option("--yes", is_flag=True, help="Do not ask.")
def clear(recipe: Path, yes: bool) -> None:
    """Take away the points clicked on the map page; a copy of them is kept beside their file."""
    if not yes:
        click.confirm(f"Take away all collected points of {recipe}?", abort=True)
    for path, count, copy in api.clear_collected(recipe):
        said = f"{count} points taken away; they are kept in {copy}" if copy is not None else "holds no points"
        click.echo(f"{path}: {said}")


def _count(text: str) -> tuple[int, int]:
    value, equals, count = text.partition("=")
    if not equals or not count.isdigit() or not value.lstrip("-").isdigit():
        raise click.BadParameter(f"{text!r} is not VALUE=N, for example --class 80=200")
    return int(value), int(count)


def _require_free(out: Path, force: bool) -> None:
    if out.exists() and not force:
        raise click.UsageError(f"{out} is there already; name another file, or give --force to replace it")


def _tell(written: api.Exported) -> None:
    for line in _few(written.notes):
        click.echo(printable(line))
    click.echo(f"done: {written.path} ({written.rows:,} rows)")


def _few(lines: Iterable[str]) -> list[str]:
    return list(lines)[:20]
