"""`classify-local train`."""

from __future__ import annotations

from pathlib import Path

import click

from classify_local import api
from classify_local.cli.shared import allow_option, recipe_argument


@click.command("train")
@recipe_argument
@click.option(
    "-o", "--output", "model", required=True, type=click.Path(path_type=Path), help="The model file to write."
)
@allow_option
def command(recipe: Path, model: Path, allow: tuple[Path, ...]) -> None:
    """Train a recipe's classifier and write the model file."""
    trained = api.train(recipe, model, allow=allow)
    rows = trained.training["rows_by_class"]
    for value in trained.classes:
        click.echo(f"  {value:>6}  {trained.legend.label(value):<32}  {rows[str(value)]:>7,} rows")
    click.echo(f"done: {model} ({len(trained.bands)} bands: {', '.join(trained.bands)})")
