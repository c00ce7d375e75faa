"""`classify-local check`."""

from __future__ import annotations

from pathlib import Path

import click

from classify_local import api
from classify_local.cli.main import printable
from classify_local.cli.shared import allow_option, offline_option, out_option, recipe_argument, workers_option
from classify_local.report.check import check_lines


@click.command("check")
@recipe_argument
@out_option
@workers_option
@offline_option
@allow_option
@click.option("--deep", is_flag=True, help="Also check the model by cross-validation.")
def command(
    recipe: Path, out: Path | None, workers: int | None, offline: bool, allow: tuple[Path, ...], deep: bool
) -> None:
    """Say everything that would go wrong with a recipe, and what a run would cost. Writes nothing."""
    report = api.check(recipe, out=out, allow=allow, workers=workers, deep=deep, offline=offline)
    for line in check_lines(report):
        click.echo(printable(line))
