"""Classes one by one, each with the place it was read from, and the legend they make together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from classify_local.errors import InputError, Problems
from classify_local.legend import Legend, LegendEntry
from classify_local.storage.legends.css import css_color

MAX_CLASSES = 10_000
FIELDS = ("color", "value", "label")
_MAX_PROBLEMS = 20
_WHOLE = re.compile("-?[0-9]{1,40}")
_CHANNEL = re.compile("[0-9]{1,3}")
Color = str | tuple[str, str, str]
"""A colour as a file has it: a text, or red, green and blue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An entry that is still to be made, and where it stands: in full, and seen from its neighbours."""

    make: Callable[[], LegendEntry]
    where: str
    beside: str

    def entry(self) -> LegendEntry:
        """The class.

        Raises
        ------
        InputError
            What is wrong with it, and where.
        """
        try:
            return self.make()
        except InputError as error:
            raise InputError(*(f"{self.where}: {line}" for line in error.problems)) from error


def text_row(value: str, label: str, color: Color, parent: str | None = None, *, where: str, beside: str) -> Row:
    """A row of texts, as files have them."""
    return Row(make=partial(_entry, value, label, color, parent), where=where, beside=beside)


def legend_of(rows: Sequence[Row], where: str) -> Legend:
    """The legend of some rows of a file, or of a part of a recipe.

    Raises
    ------
    InputError
        All that is wrong with the rows, and with their being together.
    """
    require_count(len(rows), where)
    problems = Problems()
    made = [(row, problems.attempt(row.entry)) for row in rows]
    entries = [(row, entry) for row, entry in made if entry is not None]
    for line in _repetitions(entries):
        problems.add(InputError(line))
    _raise_all(problems, where)
    return Legend(tuple(entry for _, entry in entries))


def require_count(count: int, where: str) -> None:
    """Refuse more classes than any map has.

    Raises
    ------
    InputError
        If there are more.
    """
    if count > MAX_CLASSES:
        raise InputError(f"{where}: {count} classes; allowed are {MAX_CLASSES}")


def is_whole(text: str) -> bool:
    """True for a whole number in plain digits, which `int` would also find in other scripts."""
    return _WHOLE.fullmatch(text) is not None


def class_value(text: str) -> int:
    """A class value.

    Raises
    ------
    InputError
        If it is not a whole number of 32 bits.
    """
    if not is_whole(text):
        raise InputError(f"class value {short(text)} is not a whole number; write for example 10")
    if not -(2**31) <= int(text) < 2**31:
        raise InputError(f"class value {text} is too large; allowed are {-(2**31)} to {2**31 - 1}")
    return int(text)


def short(text: str) -> str:
    """A text for a message: in quotes, and not longer than a line can bear."""
    return repr(text if len(text) <= 40 else text[:37] + "...")


def _entry(value: str, label: str, color: Color, parent: str | None) -> LegendEntry:
    number = class_value(value)
    return LegendEntry(value=number, label=label, color=_color(color), parent=parent)


def _color(color: Color) -> str:
    if isinstance(color, str):
        return css_color(color)
    for name, part in zip(("red", "green", "blue"), color, strict=True):
        if not _CHANNEL.fullmatch(part) or int(part) > 255:
            raise InputError(f"{name} {short(part)} is not a whole number from 0 to 255")
    return "#{:02X}{:02X}{:02X}".format(*map(int, color))


def _repetitions(entries: Sequence[tuple[Row, LegendEntry]]) -> Iterator[str]:
    for field in FIELDS:
        seen: dict[object, str] = {}
        for row, entry in entries:
            given = getattr(entry, field)
            key = given.strip() if isinstance(given, str) else given
            if key in seen:
                yield f"{row.where}: {field} {given!r} stands also in {seen[key]}; each class needs its own"
            seen.setdefault(key, row.beside)


def _raise_all(problems: Problems, where: str) -> None:
    """Raise what was found; of very many the first, and how many more there are."""
    try:
        problems.raise_all()
    except InputError as error:
        more = len(error.problems) - _MAX_PROBLEMS
        if more <= 0:
            raise
        raise InputError(
            *error.problems[:_MAX_PROBLEMS], f"{where}: {more} more problems of the same kinds; mend these first"
        ) from error
