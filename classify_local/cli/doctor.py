"""`classify-local doctor`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from classify_local import api
from classify_local.errors import StorageError
from classify_local.report.inspection import finding_lines


@click.command("doctor")
@click.option("--out", type=click.Path(path_type=Path), default=Path(), metavar="DIR", help="Where maps would go.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def command(out: Path, as_json: bool) -> None:
    """Say whether this machine has what is needed: versions, formats, processor, write access, disk."""
    findings = api.doctor(out)
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        for line in finding_lines(findings):
            click.echo(line)
    bad = [finding for finding in findings if not finding.well]
    if bad:
        raise StorageError(*(f"{finding.what}: {finding.said}" for finding in bad))
