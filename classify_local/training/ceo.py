"""Tables of Collect Earth Online, of which a recipe need not say anything.

Plots have a column for each answer, `Question:Answer`, with the share of their samples that have it. Samples have a
column for each question, in which the answer stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from classify_local.errors import InputError
from classify_local.legend import Legend
from classify_local.recipe.model import ClassMapping
from classify_local.storage.tables import Table
from classify_local.training.cells import distinct, some
from classify_local.training.labels import label_reader

Mapped = TypeVar("Mapped", bound=ClassMapping)

_PLOTS = ({"center_lon"}, {"center_lat"}, {"flagged"})
_SAMPLES = ({"lon"}, {"lat"}, {"flagged"}, {"plotid", "plot_id"}, {"sampleid", "sample_id"})
"""What both kinds have, each under one of some names in any case of letters."""
_ADDED = ("pl_", "smpl_")
"""How columns begin that were in the plans of plots and samples."""
_LISTED = 20


def as_survey(source: Mapped, table: Table, legend: Legend | None) -> tuple[Mapped, tuple[str, ...]]:
    """An entry with what its recipe leaves to be known of such a table, and what to say of that.

    As SEPAL does, plots count that somebody analysed and nobody flagged, and the question is taken whose answers are
    the legend's labels. Samples of a plot stay together in a check of the model.

    Parameters
    ----------
    source
        An entry that names its class is given back as it is.
    table
        Likewise, if it is no such table.
    legend
        None if there is none yet: then no row has a class.

    Raises
    ------
    InputError
        If not one question has the labels as answers.
    """
    by_name = {name.casefold(): name for name in table.columns}
    if "class" in by_name or (source.class_, source.classes, source.columns) != (None, None, None):
        return source, ()
    plots, samples = (all(names & by_name.keys() for names in kind) for kind in (_PLOTS, _SAMPLES))
    if not samples and not (plots and answers(table)):
        return source, ()
    keys: dict[str, object] = {"filter": _filter(by_name) if source.filter is None else source.filter}
    if legend is None:
        return source.model_copy(update=keys | {"columns": {}}), ()
    if samples:
        question = keys["class_"] = _question(table, legend)
        keys["group"] = source.group or by_name.get("plotid") or by_name["plot_id"]
    else:
        question, keys["columns"] = _columns(table, legend)
    note = (
        f"{table.where}: a table of Collect Earth Online; the answers to {question!r} are the classes, and rows count "
        f"for which {keys['filter']}"
    )
    return source.model_copy(update=keys), (note,)


def answers(table: Table) -> dict[str, dict[str, str]]:
    """By question the column of each answer."""
    found: dict[str, dict[str, str]] = {}
    for name in table.columns:
        question, colon, answer = name.rpartition(":")
        if colon and question.strip() and answer.strip():
            found.setdefault(question.strip(), {})[answer.strip()] = name
    return found


def _filter(by_name: Mapping[str, str]) -> str:
    """Rows that somebody analysed, where that is told, and nobody flagged."""
    rules = [f"!{by_name['flagged']}", *([by_name["analyses"]] if "analyses" in by_name else [])]
    return " && ".join(rules)


def _columns(table: Table, legend: Legend) -> tuple[str, dict[int, tuple[str, ...]]]:
    """The question whose answers are the labels, and the column of each class."""
    by_label = label_reader(legend)
    found = {
        question: {by_label(answer): (column,) for answer, column in columns.items()}
        for question, columns in answers(table).items()
    }
    whole = {question: columns for question, columns in found.items() if set(legend.values) <= columns.keys()}
    if len(whole) != 1:
        listed = [f"{question}: {some(list(columns))}" for question, columns in answers(table).items()]
        example = next(iter(next(iter(answers(table).values())).values()))
        raise InputError(
            f"{_unclear(table, len(whole), '; '.join(listed[:_LISTED]))}; say the columns, for example "
            f'columns: {{10: "{example}"}}'
        )
    question, columns = next(iter(whole.items()))
    return question, {value: column for value, column in columns.items() if value is not None}


def _question(table: Table, legend: Legend) -> str:
    """The column in which nothing but labels stands."""
    by_label = label_reader(legend)
    texts = {name: set(distinct(cells)[0]) - {""} for name, cells in table.columns.items()}
    fitting = [name for name, cells in texts.items() if cells and all(by_label(cell) is not None for cell in cells)]
    asked = [name for name in fitting if not name.casefold().startswith(_ADDED)]
    if len(asked) != 1:
        there = asked or list(table.columns)
        unclear = _unclear(table, len(asked), some(there, _LISTED))
        raise InputError(f"{unclear}; say the column, for example class: {there[-1]}")
    return asked[0]


def _unclear(table: Table, count: int, listed: str) -> str:
    how_many = "not one question has" if count == 0 else f"{count} questions have"
    return f"{table.where}: a table of Collect Earth Online, and {how_many} the legend's labels as answers ({listed})"
