"""What tells the class of rows of reference data: a column, several columns, or the file itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from classify_local.errors import InputError
from classify_local.expressions import read_cells
from classify_local.expressions.operators import truthy
from classify_local.starting.asking import Asked, Question
from classify_local.starting.classes import Vocabulary, listed
from classify_local.starting.columns import ClassColumn, class_counts, guess_class_column, labels_beside
from classify_local.starting.sensors import tidy_name
from classify_local.storage.tables import Table
from classify_local.training import ceo


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDraft:
    """What a recipe shall say of a file of reference data.

    Parameters
    ----------
    kind, path
        The key that names the file, and the file.
    vocabulary
        Its classes.
    keys
        Further keys of the entry, in order.
    columns
        For a survey, the column of each class by its label.
    rows, inside
        Rows, and how many of them lie in the image; 0 for a classification, of which pixels are drawn.
    polygons
        How many of the rows are polygons.
    remarks
        Sentences on what was guessed.
    """

    kind: Literal["csv", "vector", "sample"]
    path: str
    vocabulary: Vocabulary
    keys: Mapping[str, Any] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    rows: int = 0
    inside: int = 0
    polygons: int = 0
    remarks: tuple[str, ...] = ()


_PLOTS = ({"center_lon"}, {"center_lat"}, {"flagged"})
_SAMPLES = ({"lon"}, {"lat"}, {"flagged"}, {"plotid", "plot_id"}, {"sampleid", "sample_id"})
"""Columns of Collect Earth Online's tables, each under one of some names in any case of letters."""
_KEPT = ("flagged", "analyses", "plotid", "plot_id", "sampleid", "sample_id", "email", "collection_time", "user_id")
_ADDED = ("pl_", "smpl_")


def with_classes(
    source: SourceDraft, table: Table, taken: tuple[str, ...], asked: Asked, *, alone: bool, column: str | None = None
) -> SourceDraft:
    """The entry with what tells the class of its rows.

    Parameters
    ----------
    source
        The entry, with its place keys.
    table
        The rows.
    taken
        Columns that hold something else.
    asked
        Answers what cannot be guessed.
    alone
        True if there is no other file; else one without a class column may be one class.
    column
        The class column where it is known.

    Raises
    ------
    InputError
        If nothing tells the class.
    """
    by_name = {name.casefold(): name for name in table.columns}
    if column is None and "class" not in by_name:
        if _has(by_name, _PLOTS) and ceo.answers(table):
            return _with_answers(source, table, by_name, asked)
        if _has(by_name, _SAMPLES):
            source = _as_samples(source, by_name)
            taken = (*taken, *(name for key, name in by_name.items() if key in _KEPT or key.startswith(_ADDED)))
    return _with_column(source, table, taken, asked, alone, column)


def _has(by_name: Mapping[str, str], kind: tuple[set[str], ...]) -> bool:
    return all(names & by_name.keys() for names in kind)


def _survey_filter(by_name: Mapping[str, str]) -> str:
    """Rows that somebody analysed, where that is told, and nobody flagged."""
    return " && ".join([f"!{by_name['flagged']}", *([by_name["analyses"]] if "analyses" in by_name else [])])


def _as_samples(source: SourceDraft, by_name: Mapping[str, str]) -> SourceDraft:
    plot = by_name.get("plotid", by_name.get("plot_id"))
    remark = "samples of Collect Earth Online: those of one plot stay together when the model is checked"
    keys = {**source.keys, "filter": _survey_filter(by_name), "group": plot}
    return replace(source, keys=keys, remarks=(*source.remarks, remark))


def _with_answers(source: SourceDraft, table: Table, by_name: Mapping[str, str], asked: Asked) -> SourceDraft:
    """Plots of Collect Earth Online: a column for each answer to a question."""
    questions = ceo.answers(table)
    question = Question(
        key=f"question of {source.path}", choices=tuple(questions), default=next(iter(questions)),
        text=f"{source.path}: a survey of Collect Earth Online. Which question tells the class?",
    )  # fmt: skip
    chosen = asked.ask(question).text if len(questions) > 1 else question.default
    columns = questions[chosen]
    counts = {answer: int(truthy(read_cells(table.columns[column])).sum()) for answer, column in columns.items()}
    remark = f"plots of Collect Earth Online: the answers to {chosen!r} are the classes"
    return replace(
        source, vocabulary=Vocabulary(where=source.path, counts=counts), columns=columns,
        keys={**source.keys, "filter": _survey_filter(by_name)}, remarks=(*source.remarks, remark),
    )  # fmt: skip


def _with_column(
    source: SourceDraft, table: Table, taken: tuple[str, ...], asked: Asked, alone: bool, column: str | None
) -> SourceDraft:  # fmt: skip
    """The class column and what it holds; a file without one is one class, if there are others."""
    remark = ""
    if column is None:
        guess = guess_class_column(dict(table.columns), taken)
        if guess.name is None and not alone:
            return _one_class(source, asked)
        column, remark = _chosen_column(source.path, guess, table, taken, asked)
    counts = class_counts(table.columns[column])
    if not counts:
        raise InputError(f"{source.path}: the column {column!r} is empty; which one holds the class?")
    vocabulary = Vocabulary(where=source.path, counts=counts)
    if vocabulary.by_value:
        vocabulary = replace(vocabulary, labels=labels_beside(dict(table.columns), column))
    return replace(
        source, vocabulary=vocabulary, keys={**source.keys, "class": column},
        remarks=(*source.remarks, *([remark] if remark else [])),
    )  # fmt: skip


def _chosen_column(
    path: str, guess: ClassColumn, table: Table, taken: tuple[str, ...], asked: Asked
) -> tuple[str, str]:
    """The class column, and what is to be said of the choice."""
    if guess.name is not None and not guess.others:
        return guess.name, f"the class is in {guess.name!r}, {guess.why}" if guess.why != "by its name" else ""
    choices = tuple(name for name in table.columns if name not in taken)
    first = f"is it {' or '.join([guess.name, *guess.others][:4])}?" if guess.name else f"It has {listed(choices)}."
    question = Question(
        key=f"class column of {path}", choices=choices, default=guess.name or "",
        text=f"{path}: which column holds the class? {first}",
    )  # fmt: skip
    answer = asked.ask(question)
    if not answer.text:
        raise InputError(
            f"{path}: no column looks like a class, which few different values in many rows would; it has "
            f"{listed(choices) or 'no other column'}; call the right one 'class', or give a file for each class"
        )
    return answer.text, "" if answer.given else f"the class may as well be in {listed(guess.others)}: look at it"


def _one_class(source: SourceDraft, asked: Asked) -> SourceDraft:
    question = Question(
        key=f"class of {source.path}", default=tidy_name(Path(source.path).stem).replace("_", " ") or "class",
        text=f"{source.path}: has no class column. Which class do all its rows show?",
    )  # fmt: skip
    label = asked.ask(question).text
    return replace(
        source, vocabulary=Vocabulary(where=source.path, counts={label: source.rows}),
        keys={**source.keys, "whole": label},
        remarks=(*source.remarks, "no column tells the class: all rows are of one, named after the file"),
    )  # fmt: skip
