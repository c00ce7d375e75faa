"""`classify-local demo`."""

from __future__ import annotations

from pathlib import Path

import click

from classify_local import api
from classify_local.cli.shared import reporter, workers_option
from classify_local.report.text import accuracy_lines


@click.command("demo")
@click.argument("folder", default="demo", type=click.Path(path_type=Path))
@workers_option
def command(folder: Path, workers: int | None) -> None:
    """Copy the sample scene into FOLDER (default: demo), map it, and draw a picture of the map."""
    result = api.demo(folder, workers=workers, reporter=reporter())
    for line in accuracy_lines(result.accuracy.matrix, result.legend):
        click.echo(line)
    click.echo(f"map:     {result.map.vrt}")
    click.echo(f"picture: {result.preview}")
    click.echo(
        f"recipe:  {folder / 'recipe.yml'} (change it, then: classify-local run {folder / 'recipe.yml'} --restart)"
    )
