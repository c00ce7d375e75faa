"""`classify-local status`."""

from __future__ import annotations

from pathlib import Path

import click

from classify_local import api
from classify_local.errors import StorageError


@click.command("status")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--verify", is_flag=True, help="Compare every tile with its checksum.")
@click.option("--tiles", is_flag=True, help="List the tiles.")
def command(out: Path, verify: bool, tiles: bool) -> None:
    """Show the state of a run by tile. OUT is the folder <out>/<name>."""
    found = api.status(out, verify=verify)
    total = len(found.done) + len(found.missing)
    state = "running" if found.running else "complete" if found.complete else "not finished; run again to resume"
    click.echo(f"{found.name}: {len(found.done)} of {total} tiles done, {state}")
    for tile, reason in found.failed.items():
        click.echo(f"  failed   {tile}: {reason}")
    if tiles:
        for tile in found.done:
            click.echo(f"  done     {tile}")
        for tile in found.missing:
            click.echo(f"  missing  {tile}")
    if found.damaged:
        raise StorageError(
            *(f"tile {tile}: differs from its checksum; delete it and run again" for tile in found.damaged)
        )
