"""`classify-local legend`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from classify_local.api import legends as legending
from classify_local.cli.main import printable
from classify_local.legend import Legend
from classify_local.report.legend import class_lines, look_alike_lines, palette_lines
from classify_local.storage.legends import ImportedLegend

_MOST_BYTES = 20_000_000
"""More than any legend has: what is longer is refused, not read to its end."""
_file = click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
_output = click.option(
    "-o", "--output", "out", required=True, type=click.Path(path_type=Path),
    help="The file to write; .csv, .qml, .sld or .aux.xml tells the format.",
)  # fmt: skip
_force = click.option("--force", is_flag=True, help="Replace the file if it is there.")
_column = click.option(
    "--column", "columns", multiple=True, metavar="ROLE=NAME",
    help="Which column of a table is value, label, color, red, green, blue or parent, where the guess is wrong.",
)  # fmt: skip


@click.group("legend")
def command() -> None:
    """Show a legend, read and write it in other formats, give it colours."""


@command.command("show")
@_file
@_column
def show(file: Path, columns: tuple[str, ...]) -> None:
    """Show the classes of FILE and who can tell their colours apart.

    FILE is a recipe, a table, a QGIS style, an SLD, a colour map, an .aux.xml or a class raster; - reads
    what is pasted.
    """
    found = _read(file, columns)
    for rgb, line in class_lines(found.legend):
        click.echo(f"{click.style('    ', bg=rgb)} {printable(line)}")
    for line in look_alike_lines(found.legend, legending.check_colors(found.legend)):
        click.echo(printable(line))


@command.command("convert")
@_file
@_output
@_force
@_column
def convert(file: Path, out: Path, force: bool, columns: tuple[str, ...]) -> None:
    """Read the legend in FILE and write it to another format. - reads what is pasted."""
    _write(_read(file, columns).legend, out, force)


command.add_command(convert, "import")


@command.command("export")
@click.argument("source", type=click.Path(path_type=Path), metavar="RECIPE")
@_output
@_force
def export(source: Path, out: Path, force: bool) -> None:
    """Write the legend of RECIPE, or of a file that holds one, for other programs."""
    _write(_read(source, ()).legend, out, force)


@command.command("palette")
@click.argument("name")
@_file
@click.option(
    "-o", "--output", "out", type=click.Path(path_type=Path), help="The file to write; without it the CSV is printed."
)
@_force
@_column
def palette(name: str, file: Path, out: Path | None, force: bool, columns: tuple[str, ...]) -> None:
    """Give the classes of FILE the colours of the palette NAME."""
    colored = legending.with_palette(_read(file, columns).legend, name)
    if out is not None:
        _write(colored, out, force)
        return
    text = legending.legend_csv(colored).replace("\r\n", "\n")
    shown = "\n".join(printable(line) for line in text.split("\n")) if sys.stdout.isatty() else text
    click.echo(shown, nl=False)


@command.command("palettes")
def palettes() -> None:
    """List the palettes."""
    for line in palette_lines(legending.list_palettes()):
        click.echo(line)


def _read(file: Path, columns: Sequence[str]) -> ImportedLegend:
    """A legend, its notices said beside what the command prints."""
    roles = dict(_role(text) for text in columns)
    if str(file) == "-":
        found = legending.paste_legend(sys.stdin.buffer.read(_MOST_BYTES), columns=roles)
    else:
        found = legending.import_legend(file, columns=roles)
    for notice in found.notices:
        click.echo(f"note: {printable(notice)}", err=True)
    return found


def _role(text: str) -> tuple[str, str]:
    role, _, name = text.partition("=")
    if not name:
        raise click.BadParameter(f"{text!r} is not ROLE=NAME; write for example value=Code", param_hint="--column")
    return role, name


def _write(legend: Legend, out: Path, force: bool) -> None:
    for lost in legending.export_legend(legend, out, replace=force):
        click.echo(f"note: {printable(lost)}", err=True)
    click.echo(f"done: {out} ({len(legend)} classes)")
