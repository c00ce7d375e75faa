"""`classify-local aux`. The module is not named after it: Windows keeps `aux.py` for itself."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import click

from classify_local.auxiliary_data import asking, bundling, fetching, holdings, sources
from classify_local.auxiliary_data.planning import Plan
from classify_local.auxiliary_data.progress import FetchProgress
from classify_local.cli.main import printable
from classify_local.cli.shared import allow_option
from classify_local.features.auxiliary_folder import default_folder
from classify_local.report.text import duration
from classify_local.storage.connections import Settings

_EVERY = 30.0
"""Seconds between lines of progress in a log."""
_REDRAW = 0.5

_folder = click.argument("folder", required=False, metavar="[DIR]", type=click.Path(path_type=Path))


@click.group("aux")
def command() -> None:
    """Terrain, surface water and land cover for an area. Of these, only `fetch` uses the network."""


@command.command("fetch")
@click.argument("names", nargs=-1, metavar="[terrain] [water] [worldcover]")
@click.option("--image", type=click.Path(path_type=Path), metavar="FILE", help="For the area of this image.")
@click.option("--aoi", metavar="FILE|W,S,E,N", help="For a vector file's area, or degrees: west,south,east,north.")
@click.option("--recipe", type=click.Path(path_type=Path), help="For a recipe: its area, its data, its folder.")
@click.option("--what", multiple=True, help="terrain, water or worldcover; can be given several times.")
@click.option("-o", "--out", type=click.Path(path_type=Path), metavar="DIR", help="Where they go; 'aux' by default.")
@click.option("--terrain", type=click.Choice(sources.TERRAINS), default="srtm", show_default=True)
@click.option("--water-version", type=click.Choice(sources.WATER_VERSIONS), default="1.4", show_default=True)
@click.option(
    "--water-layer", multiple=True, type=click.Choice(sources.WATER_LAYERS),
    help="Only these layers of the water; by default all that become bands.",
)  # fmt: skip
@click.option("--base-url", multiple=True, metavar="KEY=URL", help=f"A mirror; KEY is {', '.join(sources.SOURCES)}.")
@click.option("--workers", type=click.IntRange(1, 16), default=4, show_default=True, help="Files at once.")
@click.option("--timeout", type=click.FloatRange(0, min_open=True), default=30.0, show_default=True, help="Seconds.")
@click.option("--recheck", is_flag=True, help="Ask again for tiles that were not published.")
@click.option("--dry-run", is_flag=True, help="Only say which files would be fetched from where.")
@click.option("--offline", is_flag=True, help="Use no network: fail if anything is missing.")
@allow_option
def fetch(
    names: tuple[str, ...], image: Path | None, aoi: str | None, recipe: Path | None, what: tuple[str, ...],
    out: Path | None, allow: tuple[Path, ...], dry_run: bool, workers: int, timeout: float, offline: bool,
    recheck: bool, **chosen: Any,
) -> None:  # fmt: skip
    """Download what is missing for an area. Stopped, it resumes where it was; what is there is not fetched again."""
    asked = asking.request(
        image=image, aoi=aoi, recipe=recipe, whats=(*names, *what), folder=out, allow=allow, offline=offline
    )
    wanted = sources.chosen(
        asked.whats, chosen["terrain"], chosen["water_version"], chosen["water_layer"] or sources.USED_LAYERS,
        chosen["base_url"],
    )  # fmt: skip
    if dry_run:
        _say_plan(fetching.plan(asked.folder, asked.area, wanted, recheck=recheck))
        return
    settings = Settings(connect_seconds=timeout, read_seconds=timeout, stall_seconds=2 * timeout, connections=workers)
    done = fetching.fetch(
        asked.folder, asked.area, wanted, workers=workers, offline=offline, recheck=recheck, settings=settings,
        watcher=_Shown(),
    )  # fmt: skip
    counts = f"{len(done.fetched)} tiles fetched, {len(done.there)} were there, {len(done.absent)} are not published"
    click.echo(f"done: {printable(str(done.folder))}: {counts}")


@command.command("list")
@_folder
@click.option("--all", "every", is_flag=True, help="Show every file.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def list_(folder: Path | None, every: bool, as_json: bool) -> None:
    """Say what is there: which area it covers, versions, dates, to whom it is owed."""
    held = holdings.holdings(folder or default_folder())
    if as_json:
        click.echo(json.dumps(_facts(held), indent=1))
        return
    for line in holdings.lines(held, most=None if every else 20):
        click.echo(printable(line))


@command.command("verify")
@_folder
def verify(folder: Path | None) -> None:
    """Compare every file with the manifest (sha256) and read all its pixels."""
    checked, unknown = holdings.verify(folder or default_folder())
    by_hand = f"; {unknown} of them are not in the manifest, so only their pixels were read" if unknown else ""
    click.echo(f"{checked} files are good{by_hand}")


@command.command("bundle")
@_folder
@click.option("-o", "--output", "out", required=True, type=click.Path(path_type=Path), help="A .tar or .zip file.")
def bundle(folder: Path | None, out: Path) -> None:
    """Pack a folder, each file proved, to take it to a machine without a network."""
    done = bundling.bundle(folder or default_folder(), out)
    click.echo(f"done: {printable(str(out))}: {len(done.keys)} files, {done.bytes / 1e6:,.1f} MB")


@command.command("unbundle")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-o", "--out", type=click.Path(path_type=Path), metavar="DIR", help="Where it goes; 'aux' by default.")
@click.option("--force", is_flag=True, help="Replace files that are there with another content.")
def unbundle(file: Path, out: Path | None, force: bool) -> None:
    """Unpack a bundle beside what is there, once all of it is proved."""
    done = bundling.unbundle(file, out or default_folder(), force=force)
    click.echo(f"done: {printable(str(done.path))}: {len(done.keys)} files, {done.bytes / 1e6:,.1f} MB")


class _Shown:
    """Progress as a line that is redrawn on a terminal, as a line now and then elsewhere."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._last, self._width = time.monotonic(), 0

    def say(self, text: str) -> None:
        """Show a sentence above the line of progress."""
        self._clear()
        click.echo(printable(text), err=True)

    def progress(self, progress: FetchProgress) -> None:
        """Show a line if it is time for one."""
        now = time.monotonic()
        over = progress.files_done + progress.files_failed == progress.files_total
        if not over and now - self._last < (_REDRAW if self._terminal else _EVERY):
            return
        self._last = now
        self._clear()
        text = progress_text(progress)
        click.echo(text, err=True, nl=over or not self._terminal)
        self._width = 0 if over or not self._terminal else len(text)

    def _clear(self) -> None:
        if self._width:
            click.echo("\r" + " " * self._width + "\r", err=True, nl=False)
            self._width = 0


def progress_text(progress: FetchProgress) -> str:
    """Tiles, megabytes, speed and time left."""
    done, total = progress.bytes_done / 1e6, progress.bytes_total / 1e6
    text = f"{progress.files_done} of {progress.files_total} tiles, {done:,.1f} of about {total:,.1f} MB"
    if progress.seconds_left is not None:
        speed = progress.bytes_now / progress.seconds / 1e6
        text += f", {speed:.2f} MB/s, {duration(progress.seconds_left)} left"
    return text + (f", {progress.files_failed} failed" if progress.files_failed else "")


def _say_plan(plan: Plan) -> None:
    for notice in plan.notices:
        click.echo(printable(notice), err=True)
    for wanted in plan.fetch:
        click.echo(f"{wanted.key}  {wanted.url}")
    there = len(plan.there) + len(plan.by_hand)
    click.echo(
        f"{len(plan.fetch)} tiles to fetch, about {plan.megabytes:,.0f} MB; {there} are there, "
        f"{len(plan.absent)} are not published",
        err=True,
    )


def _facts(held: holdings.Holdings) -> dict[str, Any]:
    files = {
        each.key: {"missing": each.missing, "bounds": each.bounds, "bytes": each.bytes,
                   "manifest": each.record and each.record.model_dump(mode="json", exclude_none=True)}
        for each in held.files
    }  # fmt: skip
    return {"folder": str(held.folder), "files": files, "absent": list(held.absent)}
