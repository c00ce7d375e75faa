"""`classify-local inspect`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from classify_local import api
from classify_local.cli.main import printable
from classify_local.report.inspection import inspection_lines


@click.command("inspect")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def command(file: Path, as_json: bool) -> None:
    """Say what a raster, vector, table, model, recipe or run folder holds, and what is odd about it."""
    found = api.inspect(file)
    if as_json:
        click.echo(json.dumps(asdict(found), indent=1, ensure_ascii=False))
        return
    for line in inspection_lines(found):
        click.echo(printable(line))
