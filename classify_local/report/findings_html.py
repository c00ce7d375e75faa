"""What was found in a training table, as parts of a page: distances of classes, suspects, the check of the model."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element

from classify_local.accuracy.separability import GOOD, INSEPARABLE, POOR, Pair, Separability
from classify_local.accuracy.validation import WHAT_IT_IS, Validation
from classify_local.describing import TrainingDescription
from classify_local.legend import Legend
from classify_local.report.html import Cells, el, listing, table
from classify_local.report.svg import class_name
from classify_local.report.training import caution_sentences, pair_sentences, suspects_sentence, where
from classify_local.report.validation import percent

SHOWN_SUSPECTS = 100
"""Suspected rows on the page; all are in the GeoPackage."""

MATRIX_CLASSES = 20
"""Classes of which a matrix of distances still fits a page."""

CLOSEST_PAIRS = 100
"""Pairs that are shown where they do not."""

_ROOMY = 12

_DEGREES = (
    (INSEPARABLE, "hardly", f"below {INSEPARABLE:g}: hardly told apart"),
    (POOR, "poor", f"below {POOR:g}: hard to tell apart"),
    (GOOD, "fair", f"below {GOOD:g}: some overlap"),
    (float("inf"), "good", f"{GOOD:g} to 2: apart"),
)


def separability_part(description: TrainingDescription) -> Iterator[Element]:
    """How far the classes lie apart: the worst pairs in words, all of them as a coloured table."""
    found, legend = description.separability, description.legend
    if found is None:
        yield el("p", f"Not known: {description.unseparated}")
        return
    yield el(
        "p", "The Jeffries-Matusita distance says how much two classes overlap in the bands: 0 if they are the same, 2 "
        "if they never overlap. It takes the values of a class to lie around one centre; a class of several kinds, "
        "such as crops in different states, is described less well.",
    )  # fmt: skip
    yield listing(pair_sentences(found, legend))
    yield _matrix(found, legend) if len(found.signatures) <= MATRIX_CLASSES else _closest(found, legend)
    yield el("p", [el("span", text, class_=f"key {name}") for _, name, text in _DEGREES], class_="small")
    if found.few or not found.together:
        yield listing(caution_sentences(found, legend))


def _matrix(found: Separability, legend: Legend) -> Element:
    values = [one.value for one in found.signatures]
    pairs = {frozenset((pair.first, pair.second)): pair for pair in found.pairs}
    rows: list[Cells] = [
        [class_name(row, legend, number=True), *(_degree(pairs.get(frozenset((row, col)))) for col in values)]
        for row in values
    ]
    caption = "Distance of each pair of classes; columns are numbered by the class value. * from few rows."
    return table(["Class", *map(str, values)], rows, caption=caption, class_=_matrix_class(len(values)))


def _closest(found: Separability, legend: Legend) -> Element:
    """The closest pairs, where the classes are too many for a matrix."""
    rows: list[Cells] = [
        [class_name(pair.first, legend), class_name(pair.second, legend), _degree(pair)]
        for pair in found.pairs[:CLOSEST_PAIRS]
    ]
    caption = f"The closest {len(rows)} of {len(found.pairs):,} pairs. * from few rows."
    return table(["Class", "and", "distance"], rows, caption=caption)


def _matrix_class(classes: int) -> str:
    return "matrix wide" if classes > _ROOMY else "matrix"


def _degree(pair: Pair | None) -> Element:
    if pair is None:
        return el("td", "·")
    name = next(name for limit, name, _ in _DEGREES if pair.distance < limit)
    return el("td", f"{pair.distance:.2f}{'' if pair.trusted else '*'}", class_=name)


def suspects_part(description: TrainingDescription, names: Mapping[str, str]) -> Iterator[Element]:
    """Rows whose class is probably wrong, with `names` for their files: polygons first, then the first rows."""
    found, legend = description.suspects, description.legend
    if found is None:
        yield el("p", f"Not looked for: {description.unsuspected}")
        return
    text = suspects_sentence(description)
    yield el("p", f"{text[0].upper()}{text[1:]}.")
    if description.suspect_groups:
        rows: list[Cells] = [
            [
                names.get(source, source), str(line) if line >= 0 else "", f"{one.suspected} of {one.rows}",
                class_name(one.given, legend), class_name(one.likely, legend),
            ]
            for one, source, line in description.suspect_groups[:SHOWN_SUSPECTS]
        ]  # fmt: skip
        heads = ["File", "feature", "suspected", "class", "looks like"]
        yield table(heads, rows, caption="Polygons and groups of which half or more is suspected.", numbers=[1, 2])
    if description.suspect_rows:
        yield _suspect_table(description, names)
    if found.unjudged:
        labels = ", ".join(legend.label(value) for value in found.unjudged)
        yield el("p", f"Not all rows could be judged, since one group only has the class: {labels}.")


def _suspect_table(description: TrainingDescription, names: Mapping[str, str]) -> Element:
    legend, rows = description.legend, description.suspect_rows
    lines: list[Cells] = [
        [
            str(rank), names.get(row.source, row.source), where(row), _place(row.longitude, row.latitude),
            class_name(row.given, legend), f"{100 * row.given_probability:.0f} %",
            class_name(row.likely, legend), f"{100 * row.likely_probability:.0f} %",
        ]
        for rank, row in enumerate(rows[:SHOWN_SUSPECTS], start=1)
    ]  # fmt: skip
    first = f"The first {SHOWN_SUSPECTS} of {len(rows):,} rows" if len(rows) > SHOWN_SUSPECTS else "The rows"
    return table(
        ["", "File", "line or feature", "longitude, latitude", "class", "probability", "looks like", "probability"],
        lines, caption=f"{first}, the least probable first. A row to look at need not be a mistake.",
        numbers=[0, 3, 5, 7],
    )  # fmt: skip


def validation_part(description: TrainingDescription) -> Iterator[Element]:
    """The check of the model: figures, figures by class, error matrix."""
    check, legend = description.validation, description.legend
    if check is None:
        yield el("p", f"The model was not checked: {description.unchecked}")
        return
    yield el("p", f"Cross-validation, {WHAT_IT_IS}: {check.sentence}.")
    yield listing([
        f"overall accuracy {percent(check.overall)}", f"balanced accuracy {percent(check.balanced)}",
        f"mean F1 {percent(check.macro_f1)}",
    ])  # fmt: skip
    by_class = zip(check.classes, check.users, check.producers, check.f1, strict=True)
    spread = " ± standard deviation over the repeats" if check.repeats > 1 else ""
    yield table(
        ["Class", "user's accuracy", "producer's accuracy", "F1"],
        [[class_name(value, legend), *(percent(figure) for figure in figures)] for value, *figures in by_class],
        caption=f"Figures of each class{spread}.", numbers=[1, 2, 3],
    )  # fmt: skip
    yield _error_matrix(check, legend)


def _error_matrix(check: Validation, legend: Legend) -> Element:
    matrix = check.matrix
    counts = matrix.counts.tolist()
    rows: list[Cells] = [
        [
            class_name(value, legend, number=True),
            *(el("td", f"{count:,}", **({"class_": "right"} if i == j else {})) for j, count in enumerate(row)),
            el("td", f"{sum(row):,}"),
        ]
        for i, (value, row) in enumerate(zip(matrix.classes, counts, strict=True))
    ]
    sums = [el("td", f"{count:,}") for count in (*matrix.counts.sum(axis=0).tolist(), matrix.total)]
    caption = "Error matrix. Rows: what the model says; columns, by class value: the training data."
    heads = ["Class", *map(str, matrix.classes), "sum"]
    return table(heads, rows, caption=caption, foot=["sum", *sums], class_=_matrix_class(len(rows)))


def _place(longitude: float, latitude: float) -> str:
    return f"{longitude:.5f}, {latitude:.5f}" if math.isfinite(longitude + latitude) else ""
