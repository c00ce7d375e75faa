"""`classify-local run`."""

from __future__ import annotations

from pathlib import Path

import click

from classify_local import api
from classify_local.cli.shared import allow_option, out_option, recipe_argument, reporter, workers_option


@click.command("run")
@recipe_argument
@out_option
@click.option("--name", help="Name of the map, instead of the recipe's.")
@click.option("--bands", metavar="A,B", help="Output bands, instead of the recipe's: class,class_probability,...")
@workers_option
@click.option("--restart", is_flag=True, help="Make anew what was made from something else; the old map is removed.")
@click.option("--break-lock", is_flag=True, help="Go on although a run on another machine did not end in order.")
@allow_option
def command(
    recipe: Path,
    out: Path | None,
    name: str | None,
    bands: str | None,
    workers: int | None,
    restart: bool,
    break_lock: bool,
    allow: tuple[Path, ...],
) -> None:
    """Train and map. Started again, only what is missing is made."""
    wanted = None if bands is None else [band.strip() for band in bands.split(",")]
    result = api.run(
        recipe, out=out, name=name, bands=wanted, workers=workers, restart=restart, break_lock=break_lock,
        allow=allow, reporter=reporter(),
    )  # fmt: skip
    click.echo(f"done: {result.vrt}")
