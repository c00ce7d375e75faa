"""The account of a training table, as lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from classify_local.accuracy.separability import GOOD, INSEPARABLE, POOR, Pair, Separability
from classify_local.describing import USED, SuspectRow, TrainingDescription
from classify_local.legend import Legend
from classify_local.report.text import training_lines

WORST = 10
"""Pairs of classes of which a sentence is made."""


def description_lines(description: TrainingDescription, shown: int = 10) -> Iterator[str]:
    """All of it: rows, how far the classes lie apart, and rows whose class is probably wrong.

    Parameters
    ----------
    description
        What there is to say.
    shown
        Suspected rows that are listed.
    """
    yield from training_lines(description.report, description.legend)
    yield from left_out_lines(description)
    yield from separability_lines(description)
    yield from suspect_lines(description, shown)


def left_out_lines(description: TrainingDescription) -> Iterator[str]:
    """The rows that are left out, by class and source."""
    cells = [cell for cell in description.cells if cell.fate != USED]
    several = len(description.report.read) > 1
    if cells:
        yield "left out, by class:"
    for cell in cells:
        label = "class not known" if cell.value is None else description.legend.label(cell.value)
        yield f"  {label}: {cell.rows:,} {cell.fate}" + (f", {cell.source}" if several else "")


def separability_lines(description: TrainingDescription) -> Iterator[str]:
    """Pairs of classes that lie close together, the closest first."""
    found, legend = description.separability, description.legend
    if found is None:
        yield f"how far the classes lie apart is not known: {description.unseparated}"
        return
    yield "how far the classes lie apart in the bands (Jeffries-Matusita distance, 0: the same, 2: no overlap):"
    yield from (f"  {line}" for line in pair_sentences(found, legend))
    yield from (f"  {line}" for line in caution_sentences(found, legend))


def pair_sentences(found: Separability, legend: Legend) -> Iterator[str]:
    """A sentence for each of the worst pairs, and one for the rest."""
    poor = found.below(POOR)
    for pair in poor[:WORST]:
        yield pair_sentence(pair, legend, found.together)
    if len(poor) > WORST:
        yield f"{_count(len(poor) - WORST, 'more pair')} below {POOR}"
    fair, good = len(found.below(GOOD)) - len(poor), len(found.pairs) - len(found.below(GOOD))
    rest = "all pairs" if not poor else "the others"
    if fair or good:
        yield f"{rest} lie at {POOR} or more: {fair} with some overlap (below {GOOD}), {good} apart"


def pair_sentence(pair: Pair, legend: Legend, together: bool) -> str:
    """What a pair's distance means."""
    names = f"{legend.label(pair.first)!r} and {legend.label(pair.second)!r}"
    how = "can hardly be told apart" if pair.distance < INSEPARABLE else "are hard to tell apart"
    best = f"best single band: {pair.band}" + (f", {pair.band_distance:.2f}" if together else "")
    doubt = "" if pair.trusted else "; from few rows"
    return f"{names} {how} by these bands ({pair.distance:.2f} of 2; {best}{doubt})"


def caution_sentences(found: Separability, legend: Legend) -> Iterator[str]:
    """Why some distances are not to be trusted."""
    if not found.together:
        yield (
            f"there are too few rows to look at {len(found.bands)} bands together: distances are those of the best "
            "single band, and the true ones are greater"
        )
    if found.few:
        few = ", ".join(repr(legend.label(value)) for value in found.few)
        yield (
            f"uncertain, because of fewer than {found.rows_needed:,} rows "
            f"({found.rows_needed // (len(found.bands) if found.together else 1)} for each band): {few}"
        )


def suspect_lines(description: TrainingDescription, shown: int = 10) -> Iterator[str]:
    """Rows whose class is probably wrong: how many, of which groups, and the first of them."""
    found = description.suspects
    if found is None:
        yield f"rows whose class is probably wrong were not looked for: {description.unsuspected}"
        return
    yield suspects_sentence(description)
    for group, source, line in description.suspect_groups[:shown]:
        feature = f"feature {line}" if line >= 0 else "a feature of this recipe"
        yield (
            f"  {source}, {feature}: {group.suspected} of {group.rows} rows of "
            f"{description.legend.label(group.given)!r} look like {description.legend.label(group.likely)!r}"
        )
    for row in description.suspect_rows[:shown]:
        yield f"  {row.source}, {where(row)}: {row_sentence(row, description.legend)}"
    if len(found) > shown:
        yield f"  and {len(found) - shown:,} more"
    if found.unjudged:
        yield f"  not all rows could be judged of {_labels(found.unjudged, description.legend)}, in one group only"


def suspects_sentence(description: TrainingDescription) -> str:
    """How many rows are suspected, and how they were found."""
    found = description.suspects
    if found is None:
        return ""
    return f"rows whose class is probably wrong: {len(found):,} of {found.judged:,}, to be looked at ({found.how})"


def row_sentence(row: SuspectRow, legend: Legend) -> str:
    """What a row is, and what it looks like."""
    return (
        f"{legend.label(row.given)!r} ({100 * row.given_probability:.0f} %) looks like {legend.label(row.likely)!r} "
        f"({100 * row.likely_probability:.0f} %)"
    )


def where(row: SuspectRow) -> str:
    """Line or feature of the file."""
    if row.line < 0:
        return "a row of this recipe"
    return f"{'line' if row.group < 0 else 'feature'} {row.line}"


def _labels(values: Sequence[int], legend: Legend) -> str:
    return ", ".join(repr(legend.label(value)) for value in values)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
