"""`classify-local run`."""

from __future__ import annotations

from pathlib import Path

import click

from classify_local import api
from classify_local.cli.shared import (
    allow_option,
    offline_option,
    out_option,
    recipe_argument,
    reporter,
    workers_option,
)
from classify_local.errors import InputError


@click.command("run")
@recipe_argument
@out_option
@click.option("--model", type=click.Path(path_type=Path), metavar="FILE", help="Map with this model, without training.")
@click.option(
    "--image", "images", multiple=True, metavar="NAME=PATH",
    help="Another file or web address for an image, by its name, number or file stem; can be given several times.",
)  # fmt: skip
@click.option("--name", help="Name of the map, instead of the recipe's.")
@click.option("--bands", metavar="A,B", help="Output bands, instead of the recipe's: class,class_probability,...")
@click.option("--scale", metavar="SIZE", help='Side of the map\'s pixels in metres, or for example "0.00025 deg".')
@click.option("--crs", help="Reference system of the map, for example EPSG:4326.")
@click.option("--aoi", metavar="AREA", help="Area to map: a vector file, or west,south,east,north in degrees.")
@workers_option
@click.option("--restart", is_flag=True, help="Make anew what was made from something else; the old map is removed.")
@click.option("--break-lock", is_flag=True, help="Go on although a run on another machine did not end in order.")
@offline_option
@allow_option
def command(
    recipe: Path,
    out: Path | None,
    model: Path | None,
    images: tuple[str, ...],
    name: str | None,
    bands: str | None,
    scale: str | None,
    crs: str | None,
    aoi: str | None,
    workers: int | None,
    restart: bool,
    break_lock: bool,
    offline: bool,
    allow: tuple[Path, ...],
) -> None:
    """Train and map. Started again, only what is missing is made."""
    result = api.run(
        recipe, model=model, images=dict(map(_pair, images)), out=out, name=name, bands=_listed(bands),
        scale=_size(scale), crs=crs, aoi=_area(aoi), workers=workers, restart=restart, break_lock=break_lock,
        allow=allow, offline=offline, reporter=reporter(),
    )  # fmt: skip
    click.echo(f"done: {result.vrt}")


def _listed(bands: str | None) -> list[str] | None:
    return None if bands is None else [band.strip() for band in bands.split(",")]


def _size(scale: str | None) -> float | str | None:
    """Metres as a number; degrees stay text."""
    try:
        return None if scale is None else float(scale)
    except ValueError:
        return scale


def _area(aoi: str | None) -> str | list[float] | None:
    """Four numbers as bounds, anything else as a path."""
    try:
        return None if aoi is None else [float(number) for number in aoi.split(",")]
    except ValueError:
        return aoi


def _pair(text: str) -> tuple[str, str]:
    name, equals, path = text.partition("=")
    if not (name and equals and path):
        raise InputError(f"--image {text}: write NAME=PATH, for example --image 1=mosaic_2022.tif")
    return name, path
