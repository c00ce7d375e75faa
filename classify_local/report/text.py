"""Reports as plain text."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TypeVar

from classify_local.accuracy.confusion import ErrorMatrix
from classify_local.legend import Legend
from classify_local.training.samples import REASONS, TrainingReport

F = TypeVar("F", bound=Hashable)


def training_lines(report: TrainingReport, legend: Legend) -> Iterator[str]:
    """What became of the training rows: by source, by class, by band."""
    for where, count in report.read.items():
        yield f"{where}: {count} rows, {report.kept.get(where, 0)} used"
        for reason in REASONS:
            if report.dropped.get((where, reason)):
                yield f"  left out: {report.dropped[where, reason]} {reason}"
    yield from class_table(report.classes, legend)
    for layers, removed in _grouped({layer: tuple(lost.items()) for layer, lost in report.mask_losses.items()}):
        parts = ", ".join(f"{count} of {legend.label(value)}" for value, count in removed)
        yield f"no data in {layers} removes {sum(count for _, count in removed)} rows: {parts}"
    yield from report.notes


def class_table(counts: Mapping[int, int], legend: Legend) -> Iterator[str]:
    """Rows by class, one line each."""
    width = max((len(entry.label) for entry in legend), default=0)
    for entry in legend:
        yield f"  {entry.value:>6}  {entry.label:<{width}}  {counts.get(entry.value, 0):>7,}"


def mask_lines(pixels: int, lost: Mapping[str, int], alone: Mapping[str, int], certainty: str = "") -> Iterator[str]:
    """What each band's mask removes of the image, most first."""
    facts = {layer: (count, alone.get(layer, 0)) for layer, count in lost.items() if count}
    for layers, (count, only) in sorted(_grouped(facts), key=lambda group: -group[1][0]):
        share = f"{100 * count / pixels:.1f} %{certainty} of the image"
        single = f", {100 * only / pixels:.1f} % where nothing else lacks data" if only else ""
        yield f"no data in {layers} removes {share}{single}"


def duration(seconds: float) -> str:
    """Seconds in words: 45 s, 12 min, 3.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def accuracy_lines(matrix: ErrorMatrix, legend: Legend) -> Iterator[str]:
    """Overall, user's and producer's accuracy of a map on reference points."""
    yield f"accuracy on {matrix.total} held-out reference points: {100 * matrix.overall:.1f} % overall"
    width = max((len(legend.label(value)) for value in matrix.classes), default=0)
    yield f"  {'':<{width}}  user's  producer's"
    for value, users, producers in zip(matrix.classes, matrix.users, matrix.producers, strict=True):
        yield f"  {legend.label(value):<{width}}  {_percent(users):>6}  {_percent(producers):>10}"


def _grouped(facts: Mapping[str, F]) -> list[tuple[str, F]]:
    """Layers of which the same is to be said, as one: 'blue, green and red'."""
    groups: dict[F, list[str]] = {}
    for layer, fact in facts.items():
        groups.setdefault(fact, []).append(layer)
    return [(_listed(layers), fact) for fact, layers in groups.items()]


def _listed(names: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def _percent(share: float) -> str:
    return "-" if math.isnan(share) else f"{100 * share:.1f} %"
