"""The command line's entrance: finds a command, and turns errors into lines and exit codes."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import click

from classify_local import __version__
from classify_local.errors import ClassifyLocalError, InputError, Interrupted, nearest

COMMANDS = {
    "demo": "Copy the sample scene into a folder and map it: the first thing to run.",
    "init": "Write a recipe for an image of your own: bands, classes and columns are guessed, and said why.",
    "check": "Say everything that would go wrong with a recipe, and what a run would cost.",
    "run": "Train and map; started again, only what is missing is made.",
    "status": "Show the state of a run by tile.",
    "train": "Train a recipe's classifier and write the model file.",
    "inspect": "Say what a raster, vector, table, model, recipe or run folder holds, and what is odd.",
    "doctor": "Say whether this machine has what is needed.",
    "training": "Reference data: what becomes of them, in and out of a recipe, drawn from a map, thinned.",
    "legend": "Show a legend, read and write it in other formats, give it colours.",
    "map": "Open a recipe's map in the browser: click points and see the map change.",
    "recipe": "The recipe's JSON Schema.",
    "aux": "Terrain, surface water and land cover for an area: fetch, list, verify, take to another machine.",
}
"""Commands with their short help. Each stands in a module of its own, imported when it is called."""

MODULES = {"aux": "auxiliary"}
"""Modules with another name than their command: Windows keeps `aux.py` for itself."""


class _Lazy(click.Group):
    """Commands are imported when they are called, so that help does not wait for scientific libraries."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = _module(cmd_name).command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"no command {args[0]!r}{nearest(args[0], COMMANDS)}; see classify-local --help")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _module(cmd_name: str) -> Any:
    return importlib.import_module(f"classify_local.cli.{MODULES.get(cmd_name, cmd_name)}")


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="classify-local")
@click.option("--debug", is_flag=True, help="Show where in the program an error arose.")
def cli(debug: bool) -> None:
    """Land-cover classification on your own machine.

    Begin with:  classify-local demo
    """
    del debug


def main() -> None:
    """Run the command line and end the process with its exit code."""
    _leave(call(sys.argv[1:]))


def call(arguments: Sequence[str]) -> int:
    """Run a command and turn what it raises into lines and an exit code.

    Parameters
    ----------
    arguments
        The words after the program's name.
    """
    try:
        return cli.main(list(arguments), prog_name="classify-local", standalone_mode=False) or 0
    except ClassifyLocalError as error:
        return _report(error, "--debug" in arguments)
    except click.ClickException as error:
        error.show()
        return InputError.exit_code
    except (click.Abort, KeyboardInterrupt):
        return Interrupted.exit_code
    except Exception:
        traceback.print_exc()
        click.echo("This is a fault of classify_local, not yours; please report it with the lines above.", err=True)
        return ClassifyLocalError.exit_code


def _report(error: ClassifyLocalError, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    for line in error.problems:
        click.echo(click.style("error: ", fg="red") + printable(line), err=True)
    return error.exit_code


def printable(text: str) -> str:
    """`text` on one line, with what a terminal would obey (escapes, line ends) written out."""
    return "".join(mark if mark.isprintable() else repr(mark)[1:-1] for mark in text)


def _leave(code: int) -> None:
    """End at once: threads of an interrupted run are not waited for."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    os._exit(code)
