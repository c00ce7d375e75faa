"""What `inspect` and `doctor` found, as lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from classify_local.doctoring import Finding
from classify_local.inspection import Inspection


def inspection_lines(found: Inspection) -> Iterator[str]:
    """A file in plain language."""
    yield f"{found.path}: a {found.kind}"
    for name, value in found.facts.items():
        yield from _lines(name, value, 1)
    yield from (f"odd: {sentence}" for sentence in found.odd)
    if not found.odd:
        yield "nothing odd"


def finding_lines(findings: Sequence[Finding]) -> Iterator[str]:
    """The state of the machine, one line for each thing looked at."""
    for finding in findings:
        yield f"{'ok ' if finding.well else 'BAD'}  {finding.what}: {finding.said}"


def _lines(name: str, value: Any, depth: int) -> Iterator[str]:
    margin = "  " * depth
    if value in (None, [], {}, ""):
        return
    if isinstance(value, dict):
        yield f"{margin}{name}: {_flat(value)}"
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        yield f"{margin}{name}:"
        yield from (f"{margin}  {_flat(item)}" for item in value)
    elif isinstance(value, list):
        yield f"{margin}{name}: {', '.join(_flat(item) for item in value)}"
    else:
        yield f"{margin}{name}: {_flat(value)}"


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_flat(inner)}" for key, inner in value.items() if inner not in (None, [], {}))
    if isinstance(value, list | tuple):
        return "(" + ", ".join(_flat(item) for item in value) + ")"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.10g}" if isinstance(value, float) else str(value)
