"""What several commands share: arguments, and how a run shows its progress."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from classify_local.mapping.progress import Progress
from classify_local.report.text import duration

F = TypeVar("F", bound=Callable[..., Any])

_EVERY = 30.0
"""Seconds between lines of progress in a log."""

recipe_argument = click.argument("recipe", type=click.Path(path_type=Path))
allow_option = click.option(
    "--allow", multiple=True, type=click.Path(path_type=Path), metavar="DIR",
    help="A folder in which the sources of a VRT may lie; can be given several times.",
)  # fmt: skip
workers_option = click.option(
    "--workers", type=click.IntRange(1, 1024), help="Tiles in work at once; all processors by default."
)
offline_option = click.option(
    "--offline", is_flag=True, help="Use no network: refuse what lies on a web server (exit code 5)."
)
out_option = click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR",
    help="Where the map's folder <name> is made; 'downloads' beside the recipe by default.",
)  # fmt: skip


def reporter() -> Terminal | Log:
    """A line that is redrawn on a terminal, plain lines elsewhere."""
    return Terminal() if sys.stderr.isatty() else Log()


def progress_text(progress: Progress) -> str:
    """Tiles, share, speed and time left."""
    share = 100 * progress.pixels_done / progress.pixels_total if progress.pixels_total else 100.0
    text = f"{progress.tiles_done} of {progress.tiles_total} tiles, {share:3.0f} %"
    if progress.seconds_left is not None and progress.seconds > 0:
        text += f", {progress.pixels_done / progress.seconds / 1e6:.2f} Mpx/s, {duration(progress.seconds_left)} left"
    return text + (f", {progress.tiles_failed} failed" if progress.tiles_failed else "")


class Terminal:
    """Sentences above one line of progress."""

    def __init__(self) -> None:
        self._width = 0

    def say(self, text: str) -> None:
        """Show a sentence."""
        self._clear()
        click.echo(text, err=True)

    def progress(self, progress: Progress) -> None:
        """Redraw the line; end it with the last tile."""
        text = progress_text(progress)
        self._clear()
        click.echo(text, err=True, nl=False)
        self._width = len(text)
        if progress.pixels_done == progress.pixels_total:
            click.echo(err=True)
            self._width = 0

    def _clear(self) -> None:
        if self._width:
            click.echo("\r" + " " * self._width + "\r", err=True, nl=False)
            self._width = 0


class Log:
    """Plain lines, one of progress every half minute and at the end."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def say(self, text: str) -> None:
        """Show a sentence."""
        click.echo(text, err=True)

    def progress(self, progress: Progress) -> None:
        """Show a line if it is time for one."""
        now = time.monotonic()
        if now - self._last >= _EVERY or progress.pixels_done == progress.pixels_total:
            self._last = now
            click.echo(progress_text(progress), err=True)
