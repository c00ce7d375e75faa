"""`classify-local init`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from classify_local import starting
from classify_local.cli.main import printable
from classify_local.cli.shared import allow_option
from classify_local.starting import Question, Started


@click.command("init", context_settings={"allow_interspersed_args": True})
@click.argument("recipe", type=click.Path(path_type=Path))
@click.argument("more", nargs=-1, metavar="")
@click.option(
    "--image", "images", multiple=True, required=True, metavar="FILE",
    help="A raster, a folder of tiles, a pattern in quotes ('tiles/*.tif') or a VRT; several times for several images.",
)  # fmt: skip
@click.option(
    "--legend",
    metavar="FILE",
    help="The classes, from any file that holds a legend; by default they are taken from the training data.",
)
@click.option(
    "--training", multiple=True, metavar="FILE",
    help="Points or polygons with a class: CSV, Excel, GeoPackage, shapefile, GeoJSON, KML; or an older map.",
)  # fmt: skip
@click.option("--name", help="What the map is called; by default as the recipe or the image is.")
@click.option("--yes", is_flag=True, help="Ask nothing; what cannot be guessed is said in the recipe.")
@click.option("--force", is_flag=True, help="Replace the recipe if it is there, and keep a copy of it.")
@allow_option
def command(
    recipe: Path, more: tuple[str, ...], images: tuple[str, ...], legend: str | None, training: tuple[str, ...],
    name: str | None, yes: bool, force: bool, allow: tuple[Path, ...],
) -> None:  # fmt: skip
    """Write a recipe for an image of your own, with a remark beside each line.

    RECIPE is the file to write, for example my_place/recipe.yml. Bands, masks, classes and columns are
    guessed from what the files hold; what cannot be guessed is asked.
    """
    if more:
        raise click.UsageError(
            f"{more[0]!r} belongs to no option; write a pattern in quotes, --image 'tiles/*.tif', "
            "and --image or --training before each file"
        )
    asks = sys.stdin.isatty() and not yes
    started = starting.init(
        recipe, images, legend, training, name=name, ask=_ask if asks else None, allow=[str(path) for path in allow],
        force=force,
    )  # fmt: skip
    _say(started)


def _ask(question: Question) -> str:
    """Ask until the answer is one."""
    while True:
        click.echo(printable(question.text))
        prompt = "Answer, or Enter for" if question.default else "Answer"
        answer: str = click.prompt(prompt, default=question.default or None)
        problem = question.problem(answer)
        if problem is None:
            return answer
        click.echo(f"That {problem}.")


def _say(started: Started) -> None:
    for line in started.draft.summary:
        click.echo(printable(line))
    for note in started.draft.notes:
        click.echo(f"note: {printable(note)}")
    for copy in started.kept:
        click.echo(f"kept: {printable(str(copy))}, as it was")
    recipe, asked_for = shlex.quote(str(started.recipe)), started.draft.document.recipe
    click.echo(f"wrote: {printable(str(started.recipe))}; read it, each line says why it is there. Then:")
    click.echo(f"  classify-local check {recipe}")
    if asked_for.legend is not None and asked_for.training:
        click.echo(f"  classify-local run {recipe}")
    else:
        click.echo("and once it names a legend and training data (in the recipe, or by init again with --force):")
        click.echo(f"  classify-local run {recipe}")
