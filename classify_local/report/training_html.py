"""The account of a training table as one page of HTML: for a printer, an annex, or a browser without a network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from xml.etree.ElementTree import Element

from classify_local import __version__
from classify_local.accuracy.separability import INSEPARABLE
from classify_local.describing import USED, TrainingDescription
from classify_local.grid import grid_sentence
from classify_local.legend import Legend
from classify_local.report.findings_html import separability_part, suspects_part, validation_part
from classify_local.report.html import Cells, Part, el, listing, page, section, table
from classify_local.report.signature_chart import signature_charts
from classify_local.report.svg import bar, class_name, swatch
from classify_local.report.training_map import map_chart, mark
from classify_local.training.samples import REASONS


def training_html(description: TrainingDescription, made: str = "") -> str:
    """The whole report as a page that needs no other file.

    Parameters
    ----------
    description
        What there is to say.
    made
        When, as it shall be written.
    """
    title = f"Training data of {description.name}"
    names = short_names(list(description.report.read))
    foot = f"classify_local {__version__}{', ' + made if made else ''}"
    return page(
        title,
        el("header", el("h1", title), el("p", _lead(description), class_="lead"), _facts(description)),
        _in_short(description, names),
        section("What was read", *_read(description, names)),
        section("Where the rows lie", *_map(description)),
        section("Classes", *_classes(description)),
        section("How far the classes lie apart", *separability_part(description)),
        section("Rows to look at", *suspects_part(description, names)),
        *([section("Check of the model", *validation_part(description))] if _has_check(description) else []),
        el("footer", foot),
    )


def short_names(paths: Sequence[str]) -> dict[str, str]:
    """File names, with as much of their folders as it takes to tell them apart."""
    parts = {path: PurePath(path.replace("\\", "/")).parts or (path,) for path in paths}
    names = {}
    for path, own in parts.items():
        tails = (own[-length:] for length in range(1, len(own) + 1))
        unique = (tail for tail in tails if sum(other[-len(tail) :] == tail for other in parts.values()) == 1)
        names[path] = "/".join(next(unique, own))
    return names


def _lead(description: TrainingDescription) -> str:
    read, used = sum(description.report.read.values()), len(description.training)
    present = len(description.legend) - len(description.without_rows)
    return f"{used:,} of {read:,} rows of reference data teach {present} of {len(description.legend)} classes."


def _facts(description: TrainingDescription) -> Element:
    facts = {"Image grid": grid_sentence(description.grid), "Bands": ", ".join(description.bands)}
    return el("dl", [part for name, fact in facts.items() for part in (el("dt", name), el("dd", fact))])


def _in_short(description: TrainingDescription, names: Mapping[str, str]) -> Element:
    """What a reader should know if they read nothing else."""
    legend = description.legend
    sentences = [_shortened(note, names) for note in description.report.notes]
    if description.separability is not None:
        close = description.separability.below(INSEPARABLE)
        sentences += [
            f"{legend.label(pair.first)} and {legend.label(pair.second)} can hardly be told apart by these bands "
            f"(distance {pair.distance:.2f} of 2)."
            for pair in close[:5]
        ]
    if description.suspects is not None and len(description.suspects):
        of = f"{len(description.suspects):,} of {description.suspects.judged:,} rows"
        sentences.append(f"Look at {of} again: in the bands they look like another class than theirs.")
    return el("div", listing(sentences), class_="notes") if sentences else el("div")


def _read(description: TrainingDescription, names: Mapping[str, str]) -> Iterator[Element]:
    report, legend = description.report, description.legend
    reasons = [reason for reason in REASONS if report.total(reason)]
    rows: list[Cells] = [
        [names[source], count, report.kept.get(source, 0), *(report.dropped.get((source, why), 0) for why in reasons)]
        for source, count in report.read.items()
    ]
    totals = [sum(report.read.values()), sum(report.kept.values()), *(report.total(r) for r in reasons)]
    heads = ["File", "read", "used", *reasons]
    yield table(
        heads, rows, caption="Rows of each file: how many were read and used, and why the others were left out.",
        numbers=range(1, len(heads)), foot=["all", *totals] if len(rows) > 1 else (),
    )  # fmt: skip
    yield table(
        ["Class", "used", *reasons], _by_class(description, reasons),
        caption="The same rows by class, over all files.", numbers=range(1, len(heads) - 1),
    )  # fmt: skip
    if report.mask_losses:
        yield table(
            ["Bands and masks", "rows", "of the classes"], _losses(report.mask_losses, legend), numbers=[1],
            caption="Rows without data in a band; one row can lack several.",
        )  # fmt: skip


def _losses(mask_losses: Mapping[str, Mapping[int, int]], legend: Legend) -> Iterator[Cells]:
    """Rows each band removes; bands that remove the same ones in one line."""
    layers: dict[tuple[tuple[int, int], ...], list[str]] = {}
    for layer, lost in mask_losses.items():
        layers.setdefault(tuple(lost.items()), []).append(layer)
    for removed, names in layers.items():
        parts = ", ".join(f"{rows:,} of {legend.label(value)}" for value, rows in removed)
        yield [", ".join(names), sum(rows for _, rows in removed), parts]


def _by_class(description: TrainingDescription, reasons: Sequence[str]) -> Iterator[Cells]:
    """Rows of each class of the legend, of other classes, and without one, by fate."""
    counts: dict[tuple[int | None, str], int] = {}
    for cell in description.cells:
        counts[cell.value, cell.fate] = counts.get((cell.value, cell.fate), 0) + cell.rows
    others = sorted({cell.value for cell in description.cells if cell.value is not None} - {*description.legend.values})
    lines: list[tuple[int | None, Part]] = [
        *((entry.value, class_name(entry.value, description.legend)) for entry in description.legend),
        *((value, f"{value} (not in the legend)") for value in others),
        *([(None, "class not known")] if any(value is None for value, _ in counts) else []),
    ]
    for value, name in lines:
        yield [name, *(counts.get((value, fate), 0) for fate in (USED, *reasons))]


def _map(description: TrainingDescription) -> Iterator[Element]:
    chart, drawn, beyond = map_chart(description)
    placed = len(description.report.rows.labels)
    text = "Dots: rows used, in the colours of their classes; marks: rows left out. The shaded shape is the image."
    if description.suspect_rows:
        text += " Rings: rows to look at, see below."
    if drawn + beyond < placed:
        text += f" {drawn:,} of {placed:,} rows are drawn."
    if len(description.training) > description.report.rows.open().sum():
        text += " Rows that other recipes give are not drawn."
    if beyond:
        text += f" {beyond:,} rows lie too far from the image to be shown."
    present = [reason for reason in REASONS if (description.report.rows.reason == reason).any()]
    keys = [
        *(el("span", swatch(entry.color), f" {entry.label}", class_="key") for entry in description.legend),
        *(el("span", mark(reason), f" {reason}", class_="key") for reason in present),
    ]
    yield el("figure", chart, el("p", keys, class_="small"), el("figcaption", text))


def _classes(description: TrainingDescription) -> Iterator[Element]:
    counts = description.report.classes
    most = max(counts.values(), default=1)
    total = max(1, sum(counts.values()))
    rows: list[Cells] = [
        [
            str(entry.value), el("td", swatch(entry.color), f" {entry.label}"), counts.get(entry.value, 0),
            f"{100 * counts.get(entry.value, 0) / total:.1f} %", bar(counts.get(entry.value, 0) / most, entry.color),
        ]
        for entry in description.legend
    ]  # fmt: skip
    yield table(
        ["Value", "Class", "rows used", "share", ""], rows, caption="Rows of each class in the training table.",
        numbers=[0, 2, 3],
    )  # fmt: skip
    if description.separability is None:
        return
    signatures, bands = description.separability.signatures, description.bands
    charts, common = signature_charts(signatures, bands, description.legend)
    scale = "" if common else " Each band has a scale of its own, from the lowest to the highest of these values."
    text = f"Dots: mean of the rows of a class in each band; whiskers: one standard deviation.{scale}"
    yield el("figure", charts, _keys(description.legend, counts), el("figcaption", text))
    numbers: list[Cells] = [
        [class_name(one.value, description.legend), *(_figure(m, s) for m, s in zip(one.mean, one.sd, strict=True))]
        for one in signatures
    ]
    caption = "Mean ± standard deviation of the stored values of each band."
    yield el(
        "details", el("summary", "The numbers"),
        table(["Class", *bands], numbers, caption=caption, numbers=range(1, len(bands) + 1)),
    )  # fmt: skip


def _keys(legend: Legend, counts: Mapping[int, int]) -> Element:
    shown = [entry for entry in legend if counts.get(entry.value)]
    return el(
        "p", [el("span", swatch(entry.color), f" {entry.label}", class_="key") for entry in shown], class_="small"
    )


def _has_check(description: TrainingDescription) -> bool:
    return description.validation is not None or bool(description.unchecked)


def _shortened(note: str, names: Mapping[str, str]) -> str:
    for path, name in names.items():
        note = note.replace(path, name)
    return note


def _figure(mean: float, sd: float) -> str:
    return f"{mean:,.4g}" + (f" ± {sd:,.3g}" if sd == sd else "")
