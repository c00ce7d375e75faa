"""Changes to points of somebody's file, kept beside it: the file itself is never rewritten.

=======================================  ==================================================================
columns                                  meaning
=======================================  ==================================================================
`XCoordinate`, `YCoordinate`             the point, as the file and its reference system have it
`action`                                 `class`, `move`, `delete` or `restore`
`class`                                  the new class value, for `class`
`new_XCoordinate`, `new_YCoordinate`     the new place, for `move`
=======================================  ==================================================================

Rows stand in the order of the changes; a later one counts on top of the earlier ones. `restore` takes back
all that was done to a point. Lines are added as `training.appended` says.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classify_local.errors import InputError
from classify_local.storage.numbers import NUMBER
from classify_local.training import appended
from classify_local.training.cells import some
from classify_local.training.labels import class_value
from classify_local.types import LabelArray, MaskArray

HEADER = ("XCoordinate", "YCoordinate", "action", "class", "new_XCoordinate", "new_YCoordinate")
ACTIONS = ("class", "move", "delete", "restore")
Place = tuple[float, float]
_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What became of one point; None where nothing did."""

    label: int | None = None
    place: Place | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Edits:
    """The changes of a file.

    Parameters
    ----------
    where
        The file.
    by_place
        What became of each point, by the place it has in its own file.
    notes
        Sentences a user should read.
    """

    where: str
    by_place: Mapping[Place, Edit]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """Points after their edits, shape (n,); `kept` is False where one was deleted; `notes` are for the user."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    labels: LabelArray
    known: MaskArray
    kept: MaskArray
    notes: tuple[str, ...] = ()


def read_edits(path: Path) -> Edits:
    """The edits of a file; none if there is no file yet.

    Raises
    ------
    InputError
        Naming the rows that cannot be read.
    """
    if not path.exists():
        return Edits(where=str(path), by_place={}, notes=(f"{path}: no such file yet, so nothing is edited",))
    table, cut = appended.read(path, HEADER)
    found: dict[Place, Edit] = {}
    problems = []
    for row, cells in enumerate(zip(*(table.columns[name].tolist() for name in HEADER), strict=True)):
        try:
            take(found, dict(zip(HEADER, cells, strict=True)))
        except ValueError as problem:
            problems.append(f"{table.place(row)}: {problem}")
    if problems:
        more = [f"{path}: {len(problems) - _SHOWN} more rows cannot be read"] if len(problems) > _SHOWN else []
        raise InputError(*problems[:_SHOWN], *more)
    notes = [f"{path}: its last line was cut off and is left out: {cut[:60]!r}"] if cut else []
    return Edits(where=str(path), by_place=found, notes=tuple(notes))


def take(found: dict[Place, Edit], cells: Mapping[str, str]) -> None:
    """Put one change on top of the earlier ones.

    Raises
    ------
    ValueError
        If it cannot be read.
    """
    place = _place(cells, "XCoordinate", "YCoordinate")
    earlier = found.get(place, Edit())
    match cells["action"]:
        case "class":
            found[place] = replace(earlier, label=_label(cells["class"]), deleted=False)
        case "move":
            found[place] = replace(earlier, place=_place(cells, *HEADER[4:]), deleted=False)
        case "delete":
            found[place] = replace(earlier, deleted=True)
        case "restore":
            found.pop(place, None)
        case other:
            raise ValueError(f"no action {other[:40]!r}; there are {', '.join(ACTIONS)}")


def _place(cells: Mapping[str, str], *names: str) -> Place:
    for name in names:
        if not NUMBER.fullmatch(cells[name]) or not math.isfinite(float(cells[name])):
            raise ValueError(f"{name} {cells[name][:40]!r} is not a number; write for example 1234.5")
    x, y = (float(cells[name]) for name in names)
    return x, y


def _label(text: str) -> int:
    value = class_value(text)
    if isinstance(value, str):
        raise ValueError(value)
    return value


def append_edit(path: Path, place: Place, action: str, *, label: int | None = None, to: Place | None = None) -> None:
    """Write a change at the end of the file, which is made if it is not there.

    Parameters
    ----------
    path
        The file of edits.
    place
        The point, as its own file has it.
    action
        One of `ACTIONS`.
    label, to
        The new class value or place, for the actions that have one.

    Raises
    ------
    InputError
        If the change cannot be, or the file has other columns.
    StorageError
        If it cannot be written.
    """
    numbers = [repr(float(number)) for number in (*place, *(to or ()))]
    cells = [*numbers[:2], action, "" if label is None else str(int(label)), *(numbers[2:] or ("", ""))]
    try:
        take({}, dict(zip(HEADER, cells, strict=True)))
    except ValueError as problem:
        raise InputError(f"{path}: {problem}") from problem
    appended.append(path, HEADER, cells)


def edited(
    edits: Edits, x: NDArray[np.float64], y: NDArray[np.float64], labels: LabelArray, known: MaskArray
) -> Edited:
    """Points with their edits applied.

    Parameters
    ----------
    edits
        What became of them.
    x, y
        Places as the file has them, shape (n,).
    labels, known
        Class values, and where there is one, shape (n,).
    """
    x, y, labels, known = x.copy(), y.copy(), labels.copy(), known.copy()
    kept, gone = np.ones(len(x), dtype=bool), dict.fromkeys(edits.by_place)
    for row in np.flatnonzero(np.isin(x, [own_x for own_x, _ in edits.by_place])):
        own = float(x[row]), float(y[row])
        edit = edits.by_place.get(own)
        if edit is None:
            continue
        gone.pop(own, None)
        kept[row] = not edit.deleted
        if edit.label is not None:
            labels[row], known[row] = edit.label, True
        if edit.place is not None:
            x[row], y[row] = edit.place
    notes = (*edits.notes, *_of_gone(edits.where, gone))
    return Edited(x=x, y=y, labels=labels, known=known, kept=kept, notes=notes)


def _of_gone(where: str, places: Iterable[Place]) -> Iterable[str]:
    """What to say of edits whose point the file does not have any more."""
    named = [f"{x!r} {y!r}" for x, y in places]
    if named:
        count = "1 point that is" if len(named) == 1 else f"{len(named):,} points that are"
        yield f"{where}: has edits of {count} no longer in the table, which do nothing: {some(named, 3)}"
