"""What the check of a model found, as lines."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from classify_local.accuracy.confusion import ErrorMatrix
from classify_local.accuracy.importance import Importance, OutOfBag
from classify_local.accuracy.tuning import Tuned
from classify_local.accuracy.validation import WHAT_IT_IS, Spread, Validation
from classify_local.legend import Legend, upper, upper_legend


def validation_lines(validation: Validation, legend: Legend) -> Iterator[str]:
    """Figures with their spread, the error matrix, and what could not be checked."""
    yield f"cross-validation, {WHAT_IT_IS}: {validation.sentence}"
    if validation.repeats > 1:
        yield f"  mean and standard deviation over the {validation.repeats} assignments:"
    for name, figure in (
        ("overall accuracy", validation.overall),
        ("balanced accuracy", validation.balanced),
        ("mean F1", validation.macro_f1),
    ):
        yield f"  {name:<17}  {percent(figure)}"
    yield from _class_lines(validation, legend)
    times = f"all {validation.repeats} assignments together, " if validation.repeats > 1 else ""
    yield f"  error matrix ({times}rows: what the model says, columns: the training data):"
    yield from (f"  {line}" for line in matrix_lines(validation.matrix, legend))
    if legend.parents:
        yield from _upper_lines(validation, legend)
    if validation.unchecked:
        yield (
            f"  not checked: {_labels(validation.unchecked, legend)}, in one group only; "
            "give training data from a second place"
        )
    if validation.lost:
        yield f"  in some folds no training data were left of {_labels(validation.lost, legend)}"


def _upper_lines(validation: Validation, legend: Legend) -> Iterator[str]:
    """Overall accuracy and figures by class at the upper level of the legend."""
    broad = validation.collapsed(upper(legend).of)
    yield f"  at the upper level, overall accuracy {percent(broad.overall)}"
    yield from _class_lines(broad, upper_legend(legend))


def matrix_lines(matrix: ErrorMatrix, legend: Legend) -> Iterator[str]:
    """The counts as a table with labels; columns are numbered by the class value."""
    names = [_short(legend.label(value), 24) for value in matrix.classes]
    heads = [str(value) for value in matrix.classes]
    rows = [[f"{count:,}" for count in row] for row in matrix.counts.tolist()]
    sums = [f"{count:,}" for count in matrix.counts.sum(axis=0).tolist()]
    totals = [f"{sum(row):,}" for row in matrix.counts.tolist()] + [f"{matrix.total:,}"]
    left = max(len(name) for name in (*names, "sum"))
    number = max(len(head) for head in heads)
    widths = [max(map(len, column)) for column in zip(heads, *rows, sums, strict=True)]
    last = max(len(total) for total in (*totals, "sum"))

    def line(head: str, name: str, cells: Sequence[str], total: str) -> str:
        row = "  ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
        return f"  {head:>{number}}  {name:<{left}}  {row}  {total:>{last}}".rstrip()

    yield line("", "", heads, "sum")
    for head, name, row, total in zip(heads, names, rows, totals[:-1], strict=True):
        yield line(head, name, row, total)
    yield line("", "sum", sums, totals[-1])


def out_of_bag_line(found: OutOfBag) -> str:
    """Out-of-bag accuracy, and why it is not the one above."""
    unseen = f", {found.unseen:,} rows are in every tree's bag" if found.unseen else ""
    overall = f"{100 * found.matrix.overall:.1f} %" if found.matrix.total else "not to be had, all rows are in all bags"
    return f"out-of-bag accuracy: {overall} (flatters where rows have neighbours in their own group{unseen})"


def importance_lines(importance: Importance, most: int = 10) -> Iterator[str]:
    """The most important bands."""
    yield (
        f"importance: by how many points overall accuracy ({percent(importance.overall)}) falls on held-out groups "
        "when a band is shuffled"
    )
    figures = list(importance.by_band.items())
    width = max(len(band) for band, _ in figures[:most])
    for band, figure in figures[:most]:
        yield f"  {band:<{width}}  {_points(figure)}"
    if len(figures) > most:
        yield f"  and {len(figures) - most} more, each less than {100 * figures[most - 1][1].mean:.1f}"


def tuning_lines(tuned: Tuned, most: int = 5) -> Iterator[str]:
    """What the search chose, and the best of what it tried."""
    changed = {name: value for name, value in tuned.best.items() if value != tuned.given[name]}
    yield f"tuning: {_settings(changed) if changed else 'the given parameters are the best'} ({tuned.how})"
    for trial in [trial for trial in tuned.trials if not trial.refused][:most]:
        yield f"  {percent(trial.balanced)}  {trial.rows:>7,} rows  {_settings(trial.parameters)}"
    if len(tuned.trials) > most:
        yield f"  and {len(tuned.trials) - most} more, see the run record"


def percent(figure: Spread) -> str:
    """A share with its spread: `81.8 ± 2.1 %`; a dash where there is none."""
    if math.isnan(figure.mean):
        return "-"
    return (
        f"{100 * figure.mean:.1f} %" if math.isnan(figure.sd) else f"{100 * figure.mean:.1f} ± {100 * figure.sd:.1f} %"
    )


def _class_lines(validation: Validation, legend: Legend) -> Iterator[str]:
    heads = ("user's", "producer's", "F1")
    by_class = zip(validation.users, validation.producers, validation.f1, strict=True)
    table = [heads, *(tuple(percent(figure) for figure in figures) for figures in by_class)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    names = ["", *(_short(legend.label(value), 24) for value in validation.classes)]
    left = max(map(len, names))
    for name, row in zip(names, table, strict=True):
        yield f"    {name:<{left}}  " + "  ".join(f"{cell:>{w}}" for cell, w in zip(row, widths, strict=True))


def _points(figure: Spread) -> str:
    return f"{100 * figure.mean:5.1f}" + ("" if math.isnan(figure.sd) else f" ± {100 * figure.sd:.1f}")


def _settings(parameters: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {'empty' if value is None else value}" for name, value in parameters.items())


def _labels(values: Sequence[int], legend: Legend) -> str:
    return ", ".join(f"{legend.label(value)!r}" for value in values)


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
