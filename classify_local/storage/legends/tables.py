"""Legends from tables: which column is what, and a class for each row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from classify_local.errors import InputError
from classify_local.storage.legends.cells import Cells
from classify_local.storage.legends.columns import CHANNELS, Choice, choose_columns
from classify_local.storage.legends.formulas import unguarded
from classify_local.storage.legends.found import Findings, FoundClass, ImportedLegend, assemble
from classify_local.storage.legends.rows import Color, require_count


def read_cells(cells: Cells, given: Mapping[str, str] | None = None) -> ImportedLegend:
    """The legend of a table.

    Parameters
    ----------
    cells
        The table.
    given
        Columns the user names, by role.

    Raises
    ------
    InputError
        All that is wrong, each with its line.
    """
    require_count(len(cells.lines), cells.where)
    if not cells.lines:
        raise InputError(f"{cells.where}: holds no class; write one row for each, below the names of the columns")
    choice = choose_columns(cells, given)
    found = Findings(
        where=cells.where, format="table", classes=list(_found(cells, choice)),
        notices=(*cells.notices, *choice.notices),
    )  # fmt: skip
    return assemble(found)


def _found(cells: Cells, choice: Choice) -> Iterator[FoundClass]:
    labels = cells.columns[choice.label or ""]
    parents: Sequence[str | None] = [None] * len(cells.lines) if choice.parent is None else cells.columns[choice.parent]
    for i, line in enumerate(cells.lines):
        beside = f"{cells.unit} {line}"
        yield FoundClass(
            value=cells.columns[choice.value][i], label=unguarded(labels[i]), color=_color(cells, choice, i),
            parent=unguarded(parents[i] or ""), where=f"{cells.where}, {beside}", beside=beside,
        )  # fmt: skip


def _color(cells: Cells, choice: Choice, i: int) -> Color:
    parts = [cells.columns[name][i] for name in choice.color]
    return (parts[0], parts[1], parts[2]) if len(parts) == len(CHANNELS) else parts[0]
