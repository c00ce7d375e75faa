"""`classify-local inspect`."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from classify_local import api
from classify_local.cli.main import printable
from classify_local.cli.shared import offline_option
from classify_local.report.inspection import inspection_lines


@click.command("inspect")
@click.argument("file", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@offline_option
def command(file: str, as_json: bool, offline: bool) -> None:
    """Say what a raster, vector, table, model, recipe or run folder holds, and what is odd about it.

    A GeoTIFF on a web server goes by its address.
    """
    found = api.inspect(file, offline=offline)
    if as_json:
        click.echo(json.dumps(asdict(found), indent=1, ensure_ascii=False))
        return
    for line in inspection_lines(found):
        click.echo(printable(line))
