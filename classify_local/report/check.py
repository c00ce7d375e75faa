"""What `check` found, as lines."""

from __future__ import annotations

from collections.abc import Iterator

from classify_local.checking import CheckReport, Cost
from classify_local.grid import grid_sentence
from classify_local.report.learning import learned_lines
from classify_local.report.text import duration, mask_lines, training_lines
from classify_local.report.training import separability_lines, suspect_lines


def check_lines(report: CheckReport) -> Iterator[str]:
    """The report of a recipe that can be run, or could be once it is complete."""
    yield f"{report.name}: nothing stands against it"
    yield f"grid: {grid_sentence(report.grid)}"
    yield f"bands: {', '.join(report.stack.names)} ({report.stack.dtype})"
    seen = report.look
    certainty = "" if seen.exact else " (estimated)"
    removed = list(mask_lines(seen.pixels, seen.lost, seen.alone, certainty))
    yield from removed or [f"every band has data everywhere{certainty}"]
    if report.description is not None:
        yield "training data:"
        yield from (f"  {line}" for line in training_lines(report.description.report, report.description.legend))
        yield from separability_lines(report.description)
        if report.description.suspects is not None:
            yield from suspect_lines(report.description)
    if report.learned is not None and report.legend is not None:
        yield from learned_lines(report.learned, report.legend)
    if report.cost is not None:
        yield _cost_line(report.cost, report.tiles)
        yield f"the map will be in {report.folder}"
    yield from (f"note: {note}" for note in report.notes)


def _cost_line(cost: Cost, tiles: int) -> str:
    time = "" if cost.seconds is None else f", about {duration(cost.seconds)}"
    disk = f"at most about {_size(cost.disk)} of disk ({_size(cost.disk_free)} free)"
    return f"a run: {tiles} tiles, {cost.workers} workers, about {_size(cost.memory)} of memory, {disk}{time}"


def _size(count: int) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{max(1, round(count / 1e6)):,} MB"
