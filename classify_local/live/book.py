"""The marks of a recipe, how they are changed, taken back and done again, and the files they are kept in.

The files are the truth: each change is written before it counts, and a file that somebody else has changed meanwhile is
never written over; the marks are then read anew.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import shapely

from classify_local.errors import ClassifyLocalError, InputError
from classify_local.grid import Grid
from classify_local.legend import Legend
from classify_local.live.marks import CollectedSheet, FixedSheet, ImportedSheet, Mark, PlotSheet, Sheet, sheet_of
from classify_local.live.placing import LON_LAT, one_place
from classify_local.live.table import source_paths
from classify_local.recipe.text import RecipeDocument, load
from classify_local.storage import atomic
from classify_local.storage.fingerprint import stamp
from classify_local.storage.versions import keep_version, writing_alone
from classify_local.training import plots
from classify_local.training.points import ReferencePoints

_MOST_STEPS = 1000
"""Changes that can be taken back."""
_WHOLE = 4_000_000
"""Bytes up to which a file is known by its content."""
_LEAST_CORNERS, _MOST_CORNERS = 3, 1000


class Changed(InputError):
    """A file was changed by somebody else, so that what was asked for was not done."""


class Stale(InputError):
    """The change was asked for by a page that has not seen the newest state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a change did to one mark; None before it was there, or after it was gone."""

    mark_id: str
    before: Mark | None
    after: Mark | None

    @property
    def back(self) -> Step:
        """The step that takes it back."""
        return Step(mark_id=self.mark_id, before=self.after, after=self.before)


class Book:
    """The marks of a recipe.

    Parameters
    ----------
    document
        The recipe, in a file.
    grid
        The image's own.
    legend
        The classes a mark may have; None if there are none yet.
    points
        The reference points of a training entry, as they train.
    strict
        Refuse a recipe of which an entry cannot be read, instead of noting it.
    """

    def __init__(
        self, document: RecipeDocument, grid: Grid, legend: Legend | None,
        points: Callable[[int, RecipeDocument], ReferencePoints | None], *, strict: bool = False,
    ) -> None:  # fmt: skip
        self.document, self.grid, self.legend = document, grid, legend
        self.version = 0
        """Grows with each change."""
        self._done: list[Step] = []
        self._undone: list[Step] = []
        self._kept: set[Path] = set()
        self._ids = itertools.count(1_000_000)  # above every line of a file
        self.notes: list[str] = []
        """Why entries of the recipe cannot be shown."""
        self._strict = strict
        self.sheets: list[Sheet] = [self._sheet(number, points) for number in range(len(document.recipe.training))]
        self._digests = {path: _digest(path) for path in self._paths()}

    def _sheet(self, number: int, points: Callable[[int, RecipeDocument], ReferencePoints | None]) -> Sheet:
        """The marks of a training entry; none of one that cannot be read, which stops nothing else."""
        try:
            return sheet_of(number, self.document, points(number, self.document), self.legend)
        except ClassifyLocalError as error:
            if self._strict:
                raise
            self.notes += error.problems
            where = f"training entry {number + 1}"
            watched = tuple(source_paths(self.document.recipe.training[number], self.document))
            return FixedSheet(where=where, crs=LON_LAT, paths=watched, marks={})

    @property
    def can_undo(self) -> bool:
        """True if there is a change to take back."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """True if there is a change to do again."""
        return bool(self._undone)

    def marks(self) -> Iterable[tuple[Sheet, Mark]]:
        """Every mark with its sheet."""
        return ((sheet, mark) for sheet in self.sheets for mark in sheet.marks.values())

    def find(self, mark_id: str) -> tuple[int, Mark]:
        """Number of its sheet, and a mark.

        Raises
        ------
        InputError
            If there is none.
        """
        for number, sheet in enumerate(self.sheets):
            if mark_id in sheet.marks:
                return number, sheet.marks[mark_id]
        raise Stale("this point is not there any more; the page shows the points as they are now")

    def sheet(self, mark_id: str) -> Sheet:
        """The sheet a mark is or was on."""
        return self.sheets[_sheet_number(mark_id)]

    def changed_outside(self) -> list[Path]:
        """Files of the recipe that somebody else has changed since they were last read or written."""
        return [path for path, digest in self._digests.items() if _digest(path) != digest]

    def add(self, x: float, y: float, value: int) -> Step:
        """Put a point at a pixel (fractional column and row).

        Raises
        ------
        InputError, StorageError
            If that cannot be; then nothing has changed.
        """
        self._require_inside([(x, y)])
        value = self._value(value)  # before the recipe gets an entry
        number = self._collected()
        place = one_place(x, y, self.sheets[number].crs, self.grid)
        mark = Mark(id=f"c{number}:{next(self._ids)}", kind="collected", place=place, value=value)
        return self._do(Step(mark_id=mark.id, before=None, after=mark), number)

    def plot(self, ring: Sequence[tuple[float, float]], value: int) -> Step:
        """Draw a plot by its corners (fractional columns and rows); see `add`."""
        if not _LEAST_CORNERS <= len(ring) <= _MOST_CORNERS:
            raise InputError(f"a plot has {_LEAST_CORNERS} to {_MOST_CORNERS} corners, not {len(ring)}")
        self._require_inside(ring)
        shape = shapely.Polygon(ring)
        if not shape.is_valid or not shape.area:
            raise InputError("the outline of the plot crosses itself; draw it anew")
        value = self._value(value)  # before the recipe gets an entry
        number = self._plots()
        crs = self.sheets[number].crs
        corners = tuple(one_place(x, y, crs, self.grid) for x, y in ring)
        inside = shape.representative_point()
        mark = Mark(
            id=f"p{number}:{next(self._ids)}", kind="plot", place=one_place(inside.x, inside.y, crs, self.grid),
            value=value, ring=corners,
        )  # fmt: skip
        return self._do(Step(mark_id=mark.id, before=None, after=mark), number)

    def reclass(self, mark_id: str, value: int) -> Step:
        """Give a mark another class; see `add`."""
        number, mark = self.find(mark_id)
        return self._do(Step(mark_id=mark_id, before=mark, after=replace(mark, value=self._value(value))), number)

    def move(self, mark_id: str, x: float, y: float) -> Step:
        """Move a point to a pixel; see `add`."""
        number, mark = self.find(mark_id)
        if mark.ring:
            raise InputError("a plot is not moved as a whole; delete it and draw it anew")
        self._require_inside([(x, y)])
        place = one_place(x, y, self.sheets[number].crs, self.grid)
        return self._do(Step(mark_id=mark_id, before=mark, after=replace(mark, place=place)), number)

    def delete(self, mark_id: str) -> Step:
        """Take a mark away; see `add`."""
        number, mark = self.find(mark_id)
        return self._do(Step(mark_id=mark_id, before=mark, after=None), number)

    def undo(self) -> Step:
        """Take the last change back; see `add`."""
        if not self._done:
            raise InputError("there is nothing to undo")
        step = self._apply(self._done[-1].back)
        self._undone.append(self._done.pop())
        return step

    def redo(self) -> Step:
        """Do the last change again that was taken back; see `add`."""
        if not self._undone:
            raise InputError("there is nothing to redo")
        step = self._apply(self._undone[-1])
        self._done.append(self._undone.pop())
        return step

    def _do(self, step: Step, number: int) -> Step:
        if step.before != step.after:
            self._need_edits(number)
            self._apply(step, number)
            self._done = [*self._done[-_MOST_STEPS:], step]
            self._undone = []
        return step

    def _apply(self, step: Step, number: int | None = None) -> Step:
        number = _sheet_number(step.mark_id) if number is None else number
        sheet = self.sheets[number]
        with self._alone():
            self._require_unchanged([*sheet.paths, Path(self.document.where)])
            for path in sheet.written:
                if step.before is not None or path not in self._kept:  # a new line alone takes nothing away
                    keep_version(path)
                    self._kept.add(path)
            self.sheets[number] = sheet.changed(step.mark_id, step.after)
            self._remember(self.sheets[number].paths)
        self.version += 1
        return step

    def _alone(self) -> AbstractContextManager[None]:
        """No other page writes between the look at the files and the writing."""
        return writing_alone(Path(self.document.where))

    def _value(self, value: int) -> int:
        if self.legend is None:
            raise InputError("the recipe has no legend yet; give it classes, for example legend: legend.csv")
        if value not in self.legend.values:
            raise InputError(f"the legend has no class {value}; it has {', '.join(map(str, self.legend.values))}")
        return value

    def _require_inside(self, places: Iterable[tuple[float, float]]) -> None:
        rows, cols = self.grid.shape
        if not all(0 <= x < cols and 0 <= y < rows for x, y in places):
            raise InputError("the point lies outside the image; click inside it")

    def _collected(self) -> int:
        """The sheet of clicked points; the recipe gets one if it has none."""
        for number, sheet in enumerate(self.sheets):
            if isinstance(sheet, CollectedSheet):
                return number
        path = _free(self.document.folder, f"{Path(self.document.where).stem}_points.csv")
        self._rewrite(self.document.with_training({"collected": path.name}))
        self.sheets.append(CollectedSheet(path=path))
        return len(self.sheets) - 1

    def _plots(self) -> int:
        """The sheet of drawn plots; the recipe gets one if it has none."""
        for number, sheet in enumerate(self.sheets):
            if isinstance(sheet, PlotSheet):
                return number
        path = _free(self.document.folder, f"{Path(self.document.where).stem}{plots.ENDING}")
        self._rewrite(self.document.with_training({"vector": path.name, "class": "class"}))
        self.sheets.append(PlotSheet(path=path, column="class"))
        return len(self.sheets) - 1

    def _need_edits(self, number: int) -> None:
        sheet = self.sheets[number]
        if isinstance(sheet, ImportedSheet) and sheet.edits_path is None:
            path = _free(self.document.folder, f"{sheet.path.stem}_edits.csv")
            self._rewrite(self.document.changed({("training", number, "edits"): path.name}))
            self.sheets[number] = replace(sheet, edits_path=path)

    def _rewrite(self, document: RecipeDocument) -> None:
        """Save the recipe with a new entry."""
        path = Path(self.document.where)
        with self._alone():
            self._require_unchanged([path])
            keep_version(path)
            atomic.write_text(path, document.text())
            self.document = load(path)
            self._remember([path])

    def _require_unchanged(self, paths: Iterable[Path]) -> None:
        other = [path.name for path in paths if _digest(path) != self._digests.get(path, _digest(path))]
        if other:
            raise Changed(f"{', '.join(other)}: was changed by another program; it is read anew, then do it again")

    def _remember(self, paths: Iterable[Path]) -> None:
        self._digests |= {path: _digest(path) for path in paths}

    def _paths(self) -> set[Path]:
        named = {path for sheet in self.sheets for path in sheet.paths}
        legend = self.document.recipe.legend
        beside = {self.document.resolve(legend)} if isinstance(legend, str) else set()
        return {Path(self.document.where), *named, *beside}


def apply(book: Book, asked: Mapping[str, object]) -> Step:
    """Do what a page asks for: `op` and what belongs to it.

    Raises
    ------
    InputError, StorageError
        If it is nothing that can be done; then nothing has changed.
    """
    version = asked.get("version")
    if type(version) is not int or version != book.version:
        raise Stale("the points have changed meanwhile; the page shows them as they are now, then do it again")
    match asked:
        case {"op": "add", "x": x, "y": y, "value": value}:
            return book.add(_real(x), _real(y), _class(value))
        case {"op": "plot", "ring": list() as ring, "value": value}:
            return book.plot(_ring(ring), _class(value))
        case {"op": "reclass", "id": str() as mark_id, "value": value}:
            return book.reclass(mark_id, _class(value))
        case {"op": "move", "id": str() as mark_id, "x": x, "y": y}:
            return book.move(mark_id, _real(x), _real(y))
        case {"op": "delete", "id": str() as mark_id}:
            return book.delete(mark_id)
        case {"op": "undo"}:
            return book.undo()
        case {"op": "redo"}:
            return book.redo()
    raise InputError("no such change; there are add, plot, reclass, move, delete, undo and redo")


def _ring(given: Sequence[object]) -> list[tuple[float, float]]:
    ring: list[tuple[float, float]] = []
    for corner in given:
        match corner:
            case [x, y]:
                ring.append((_real(x), _real(y)))
            case _:
                raise InputError("a corner of a plot is a column and a row")
    return ring


def _real(given: object) -> float:
    """A number as JSON has it; true and false are none, though Python counts them in."""
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise InputError("a place is a column and a row, two numbers")
    try:
        return float(given)
    except OverflowError:  # a whole number beyond all floats
        return math.inf


def _class(given: object) -> int:
    if isinstance(given, bool) or not isinstance(given, int):
        raise InputError("a class is a whole number, the value of one of the legend's")
    return given


def _sheet_number(mark_id: str) -> int:
    return int(mark_id.partition(":")[0][1:])


def _free(folder: Path, name: str) -> Path:
    """A path that no file has."""
    path, number = folder / name, 1
    while path.exists():
        number += 1
        stem, dot, ending = name.partition("_plots" if name.endswith(plots.ENDING) else ".")
        path = folder / f"{stem}-{number}{dot}{ending}"
    return path


def _digest(path: Path) -> str:
    """By what a change is noticed: the content of small files, whose times are too coarse to trust; of none, empty."""
    known = stamp(path)
    if not known.size or known.size > _WHOLE:
        return "" if not known.mtime_ns else str(known)
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
