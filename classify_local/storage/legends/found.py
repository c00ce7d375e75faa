"""What a file says of classes, before it is a legend: labels and colours may be missing, entries be no class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from classify_local.errors import InputError
from classify_local.legend import Legend, LegendEntry
from classify_local.palettes.defaults import next_color
from classify_local.storage.legends.notices import legend_notices
from classify_local.storage.legends.rows import Color, Row, legend_of, text_row

_LISTED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundClass:
    """An entry of a style or table, as texts.

    Parameters
    ----------
    value, label, color, parent
        As the file has them; None where it has none.
    transparent
        True if it is not to be seen, as styles have it for no data.
    where, beside
        Where it stands, in full and seen from its neighbours.
    problem
        What is wrong with it already.
    """

    value: str
    label: str | None
    color: Color | None
    parent: str | None = None
    transparent: bool = False
    where: str
    beside: str
    problem: str | None = None

    @classmethod
    def broken(cls, problem: str, *, where: str, beside: str) -> FoundClass:
        """An entry that cannot be read."""
        return cls(value="", label=None, color=None, where=where, beside=beside, problem=problem)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What one file, or paste, says of classes, and what should be said of the file itself."""

    where: str
    format: str
    classes: Sequence[FoundClass]
    notices: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ImportedLegend:
    """A legend that was read, and what a user should know of it.

    Parameters
    ----------
    legend
        The legend.
    notices
        Sentences; none of them stands against using it.
    format
        What kind of file it was.
    """

    legend: Legend
    notices: tuple[str, ...]
    format: str


def assemble(findings: Findings) -> ImportedLegend:
    """The legend of what was found.

    Entries that are not to be seen stand for no data and are left out; classes without a label are
    called by their value, and those without a colour get one.

    Raises
    ------
    InputError
        All that is wrong with the entries, or if there is no class among them.
    """
    found, where = findings.classes, findings.where
    shown = [entry for entry in found if not entry.transparent] or list(found)
    if not shown:
        raise InputError(f"{where}: holds no class")
    legend = legend_of(list(_rows(shown)), where)
    said = [*findings.notices, *_left_out(found, shown), *_made_up(shown), *legend_notices(legend)]
    placed = (notice if notice.startswith(where) else f"{where}: {notice}" for notice in said)
    return ImportedLegend(legend, tuple(placed), findings.format)


def _rows(found: Sequence[FoundClass]) -> Iterator[Row]:
    taken: set[str] = set()
    for i, entry in enumerate(found):
        if entry.problem is not None:
            yield Row(make=partial(_refuse, entry.problem), where=entry.where, beside=entry.beside)
            continue
        color = entry.color
        if color is None:
            color = next_color(i, taken)
            taken.add(color)
        label = f"class {entry.value}" if entry.label is None else entry.label
        yield text_row(entry.value, label, color, entry.parent, where=entry.where, beside=entry.beside)


def _refuse(problem: str) -> LegendEntry:
    raise InputError(problem)


def _left_out(found: Sequence[FoundClass], shown: Sequence[FoundClass]) -> Iterator[str]:
    values = [entry.value for entry in found if entry.transparent]
    if values and len(shown) < len(found):
        yield f"left out, for it is fully transparent and stands for no data: {_listed(values)}"


def _made_up(shown: Sequence[FoundClass]) -> Iterator[str]:
    nameless = [entry.value for entry in shown if entry.label is None]
    colorless = [entry.value for entry in shown if entry.color is None and entry.problem is None]
    if nameless:
        yield f"has no label for {_listed(nameless)}; called 'class {nameless[0]}' and so on until you name them"
    if colorless:
        yield f"has no colour for {_listed(colorless)}; default colours were taken"


def _listed(values: Sequence[str]) -> str:
    shown = ", ".join(values[:_LISTED])
    return shown if len(values) <= _LISTED else f"{shown} and {len(values) - _LISTED} more"
