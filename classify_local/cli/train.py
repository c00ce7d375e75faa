"""`classify-local train`."""

from __future__ import annotations

from pathlib import Path

import click

from classify_local import api
from classify_local.cli.shared import allow_option, offline_option, recipe_argument, reporter


@click.command("train")
@recipe_argument
@click.option(
    "-o", "--output", "model", required=True, type=click.Path(path_type=Path), help="The model file to write."
)
@click.option(
    "--export-tree", type=click.Path(path_type=Path), metavar="FILE",
    help="Also write a CART or forest as text, as Earth Engine and decision_tree read it.",
)  # fmt: skip
@click.option(
    "--importance/--no-importance", default=True, show_default=True,
    help="Tell which bands matter, with a picture beside the model file.",
)  # fmt: skip
@offline_option
@allow_option
def command(
    recipe: Path, model: Path, export_tree: Path | None, importance: bool, offline: bool, allow: tuple[Path, ...]
) -> None:
    """Train a recipe's classifier, check it by cross-validation, and write the model file."""
    trained = api.train(
        recipe, model, allow=allow, export_tree=export_tree, importance=importance, offline=offline,
        reporter=reporter(),
    )  # fmt: skip
    click.echo(f"done: {model} ({len(trained.bands)} bands: {', '.join(trained.bands)})")
