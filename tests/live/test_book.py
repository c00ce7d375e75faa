"""Changes on the map are changes in files: what the command line reads is what the page shows, and nothing is lost."""

from __future__ import annotations

import contextlib
import json
import math
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classify_local.errors import ClassifyLocalError, InputError
from classify_local.live import book as books
from classify_local.live.book import Book, Changed, Stale
from classify_local.live.marks import CollectedSheet, ImportedSheet, PlotSheet
from classify_local.live.telling import changed_marks
from classify_local.storage import atomic, versions
from tests.live.conftest import NewScene, contents, open_book, read_anew

SQUARE = [(4.0, 4.0), (9.5, 4.0), (9.5, 9.0), (4.0, 9.0)]
THEIRS = ("image.tif", "points.csv", "plots of others.gpkg", "legend.csv")


def shown(book: Book) -> list[list[tuple[float, float, int]]]:
    """Places and classes of each entry's marks; of plots the class alone."""
    return [
        sorted((math.nan, math.nan, mark.value) if mark.ring else (*mark.place, mark.value)
               for mark in sheet.marks.values())
        for sheet in book.sheets
    ]  # fmt: skip


def require_as_read(book: Book, recipe: Path) -> None:
    """The points that train are the marks: as the command line reads the recipe, and as the page would open it."""
    again = open_book(recipe)
    for sheet, other, points in zip(book.sheets, again.sheets, read_anew(recipe), strict=True):
        if isinstance(sheet, PlotSheet):
            rings = [(mark.value, normal(mark.ring)) for mark in sheet.marks.values()]
            assert rings == [(mark.value, normal(mark.ring)) for mark in other.marks.values()]
            classes = dict(zip(points.line.tolist(), points.labels.tolist(), strict=True))
            assert sorted(classes.values()) == sorted(value for value, _ in rings)
            continue
        marks = [(*mark.place, mark.value) for mark in sheet.marks.values()]
        assert marks == [(*mark.place, mark.value) for mark in other.marks.values()]
        assert marks == list(zip(points.x.tolist(), points.y.tolist(), points.labels.tolist(), strict=True))


def normal(ring: tuple[tuple[float, float], ...]) -> frozenset[tuple[float, float]]:
    return frozenset(ring)


def ids(book: Book, kind: type) -> list[str]:
    return [mark.id for sheet, mark in book.marks() if isinstance(sheet, kind)]


CHANGES = {
    "add": lambda book: book.add(10.25, 11.75, 5),
    "plot": lambda book: book.plot(SQUARE, 2),
    "reclass a clicked point": lambda book: book.reclass(ids(book, CollectedSheet)[1], 7),
    "move a clicked point": lambda book: book.move(ids(book, CollectedSheet)[0], 3.5, 4.5),
    "delete a clicked point": lambda book: book.delete(ids(book, CollectedSheet)[-1]),
    "reclass a row of a table": lambda book: book.reclass("i0:5", 7),
    "move a row of a table": lambda book: book.move("i0:5", 20.125, 30.5),
    "delete a row of a table": lambda book: book.delete("i0:5"),
    "reclass a feature": lambda book: book.reclass(ids(book, ImportedSheet)[-1], 1),
    "move a feature": lambda book: book.move(ids(book, ImportedSheet)[-1], 1.5, 1.5),
    "delete a feature": lambda book: book.delete(ids(book, ImportedSheet)[-1]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_in_the_files_and_is_taken_back(recipe, change):
    book, before = open_book(recipe), contents(recipe.parent)
    marks = shown(book)
    change(book)
    assert shown(book) != marks
    require_as_read(book, recipe)
    after = shown(book)
    book.undo()
    assert [sheet for sheet in shown(book) if sheet] == marks
    require_as_read(book, recipe)
    book.redo()
    assert shown(book) == after
    require_as_read(book, recipe)
    assert {name: contents(recipe.parent)[name] for name in THEIRS} == {name: before[name] for name in THEIRS}


@pytest.mark.parametrize("name", ["add", "reclass a clicked point", "move a clicked point", "delete a clicked point"])
def test_taken_back_the_clicked_points_stand_byte_for_byte_as_before(recipe, name):
    book, before = open_book(recipe), contents(recipe.parent)
    CHANGES[name](book)
    assert contents(recipe.parent) != before
    book.undo()
    assert contents(recipe.parent) == before


STEP = st.tuples(
    st.sampled_from(["add", "plot", "reclass", "move", "delete", "undo", "undo", "redo"]),
    st.integers(0, 10**6), st.floats(0, 63.9), st.floats(0, 47.9), st.sampled_from([1, 2, 5, 7]),
)  # fmt: skip


def take(book: Book, op: str, which: int, x: float, y: float, value: int) -> None:
    if (op == "undo" and not book.can_undo) or (op == "redo" and not book.can_redo):
        return
    marks = sorted(mark.id for _, mark in book.marks())
    mark_id = marks[which % len(marks)]
    corner_x, corner_y = min(x, 55), min(y, 40)
    asked = {
        "add": {"x": x, "y": y, "value": value},
        "plot": {"ring": [[corner_x, corner_y], [corner_x + 4, corner_y], [corner_x + 3, corner_y + 5]],
                 "value": value},
        "reclass": {"id": mark_id, "value": value},
        "move": {"id": mark_id, "x": x, "y": y},
        "delete": {"id": mark_id},
    }.get(op, {})  # fmt: skip
    if op == "move" and book.find(mark_id)[1].ring:
        with pytest.raises(InputError, match="not moved as a whole"):
            books.apply(book, {"version": book.version, "op": op, **asked})
        return
    books.apply(book, {"version": book.version, "op": op, **asked})


@settings(max_examples=20)
@given(steps=st.lists(STEP, min_size=1, max_size=12))
def test_after_any_changes_the_files_say_what_is_shown_and_all_can_be_taken_back(new_scene: NewScene, steps):
    recipe = new_scene()
    book, before = open_book(recipe), contents(recipe.parent)
    marks, version = shown(book), book.version
    for step in steps:
        take(book, *step)
    require_as_read(book, recipe)
    while book.can_undo:
        book.undo()
    require_as_read(book, recipe)
    assert shown(book)[:3] == marks
    assert not any(shown(book)[3:])
    after = contents(recipe.parent)
    assert {name: after[name] for name in THEIRS} == {name: before[name] for name in THEIRS}
    assert after["clicked.csv"] == before["clicked.csv"]
    assert (book.version > version) or after == before


def test_the_recipe_gets_its_entries_and_keeps_its_comments(recipe):
    text = recipe.read_text().replace("  - collected: clicked.csv\n", "")
    recipe.write_text(text)
    book = open_book(recipe)
    book.add(3.5, 3.5, 1)
    book.plot(SQUARE, 2)
    book.reclass("i0:2", 7)
    book.delete(ids(book, ImportedSheet)[-1])
    after = recipe.read_text()
    for comment in ("# a recipe somebody wrote", "# with comments", "# a table", "# a layer"):
        assert comment in after
    entries = open_book(recipe).document.recipe.training
    assert [getattr(entry, "collected", None) for entry in entries] == [None, None, "recipe_points.csv", None]
    assert [getattr(entry, "edits", None) for entry in entries[:2]] == ["points_edits.csv", "plots of others_edits.csv"]
    assert entries[3].vector == "recipe_plots.geojson"
    require_as_read(book, recipe)


def test_a_file_that_is_there_is_not_taken_for_a_new_entry(recipe):
    recipe.write_text(recipe.read_text().replace("  - collected: clicked.csv\n", ""))
    other = recipe.with_name("recipe_points.csv")
    other.write_text("somebody else's")
    book = open_book(recipe)
    book.add(3.5, 3.5, 1)
    assert other.read_text() == "somebody else's"
    assert book.sheets[-1].paths[0].name == "recipe_points-2.csv"
    require_as_read(book, recipe)


REFUSED = {
    "unknown class": lambda book: book.add(1.0, 1.0, 99),
    "outside": lambda book: book.add(64.0, 1.0, 1),
    "not finite": lambda book: book.add(math.nan, 1.0, 1),
    "crossing itself": lambda book: book.plot([(1, 1), (5, 5), (5, 1), (1, 5)], 1),
    "plot of an unknown class": lambda book: book.plot(SQUARE, 99),
    "no such point": lambda book: book.delete("c2:99"),
    "reclass to nothing": lambda book: book.reclass("i0:5", 99),
    "moved outside": lambda book: book.move("i0:5", -1.0, 1.0),
    "nothing to undo": lambda book: book.undo(),
    "nothing to redo": lambda book: book.redo(),
}


@pytest.mark.parametrize("collected", [True, False])
@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED)
def test_what_is_refused_changes_nothing(recipe, change, collected):
    if not collected:
        recipe.write_text(recipe.read_text().replace("  - collected: clicked.csv\n", ""))
    book, before = open_book(recipe), contents(recipe.parent)
    marks = shown(book)
    with pytest.raises(InputError):
        change(book)
    assert (shown(book), book.version) == (marks, 0)
    assert contents(recipe.parent) == before


def test_the_class_it_has_is_no_change(recipe):
    book, before = open_book(recipe), contents(recipe.parent)
    book.reclass("i0:5", book.find("i0:5")[1].value)
    assert (book.version, book.can_undo) == (0, False)
    assert contents(recipe.parent) == before


@pytest.mark.parametrize("name", ["recipe.yml", "clicked.csv"])
def test_a_file_changed_by_somebody_else_is_never_written_over(recipe, name):
    book, path = open_book(recipe), recipe.with_name(name)
    path.write_bytes(path.read_bytes() + b"\n")
    before = contents(recipe.parent)
    assert book.changed_outside() == [path]
    for change in ("add", "move a clicked point", "delete a clicked point"):
        with pytest.raises(Changed, match=f"{name}: was changed by another program"):
            CHANGES[change](book)
    assert contents(recipe.parent) == before
    assert (book.version, book.can_undo) == (0, False)


def test_a_table_changed_by_somebody_else_takes_no_edits(recipe):
    book, table = open_book(recipe), recipe.with_name("points.csv")
    book.reclass("i0:5", 7)
    table.write_text(table.read_text() + "500005,8599995,1\n")
    before = contents(recipe.parent)
    with pytest.raises(Changed, match=r"points\.csv"):
        book.reclass("i0:6", 7)
    assert contents(recipe.parent) == before


def test_a_change_of_the_same_length_within_a_moment_is_seen(recipe):
    book, path = open_book(recipe), recipe.with_name("clicked.csv")
    times = path.stat()
    path.write_bytes(path.read_bytes().replace(b'"1"', b'"2"'))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert book.changed_outside() == [path]


def test_earlier_versions_are_kept_before_anything_is_taken_away(recipe):
    book, path = open_book(recipe), recipe.with_name("clicked.csv")
    states = [path.read_bytes()]
    for change in ("reclass a clicked point", "move a clicked point", "delete a clicked point"):
        CHANGES[change](book)
        states.append(path.read_bytes())
    assert [copy.read_bytes() for copy in versions.versions(path)] == states[:-1]
    recipe_before = recipe.read_bytes()
    book.plot(SQUARE, 1)
    assert [copy.read_bytes() for copy in versions.versions(recipe)] == [recipe_before]


class Crash(BaseException):
    """The power goes."""


@pytest.mark.parametrize("name", ["add", "plot", "reclass a clicked point", "delete a clicked point", "move a feature"])
def test_a_crash_at_any_step_leaves_old_or_new_files_whole(new_scene: NewScene, monkeypatch, name):
    at, crashed = 0, True
    while crashed:
        recipe, at, crashed = new_scene(), at + 1, False
        book = open_book(recipe)
        before = shown(book)
        left = at

        def reached(step: str) -> None:
            nonlocal left, crashed
            left -= 1
            if not left:
                crashed = True
                raise Crash(step)

        with monkeypatch.context() as patch:
            patch.setattr(atomic, "reached", reached)
            with contextlib.suppress(Crash):
                CHANGES[name](book)
        again = open_book(recipe)
        after = [sheet for sheet in shown(again) if sheet]
        require_as_read(again, recipe)
        if not crashed:
            assert after != before
        elif after != before:  # the file was renamed already: then it is the new one
            CHANGES[name](unbroken := open_book(new_scene()))
            assert after == [sheet for sheet in shown(unbroken) if sheet]
        assert not list(recipe.parent.rglob("*.part"))
    assert at > 1 or name == "add"


def test_a_disk_that_is_full_changes_nothing(recipe, monkeypatch):
    book, before = open_book(recipe), contents(recipe.parent)
    marks = shown(book)

    def full(step: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic, "reached", full)
    for name in ("reclass a clicked point", "delete a clicked point", "plot"):
        with pytest.raises(ClassifyLocalError, match="No space left"):
            CHANGES[name](book)
    assert (shown(book), contents(recipe.parent), book.can_undo) == (marks, before, False)


def test_points_on_one_place_change_together_as_their_edits_go_by_place(recipe):
    table = recipe.with_name("points.csv")
    table.write_text(table.read_text() + table.read_text().splitlines()[4] + "\n")
    book = open_book(recipe)
    twin = ids(book, ImportedSheet)[119 + 1]
    step = book.reclass("i0:5", 7)
    assert book.find(twin)[1].value == book.find("i0:5")[1].value == 7
    require_as_read(book, recipe)
    assert {mark.id for _, mark in changed_marks(book, step)[0]} == {"i0:5", twin}
    assert set(changed_marks(book, book.delete(twin))[1]) == {"i0:5", twin}


def test_a_clicked_file_with_more_columns_is_not_rewritten(recipe):
    path = recipe.with_name("clicked.csv")
    path.write_text("XCoordinate,YCoordinate,class,who\n33.001,-12.668,1,ana\n33.002,-12.669,2,bea\n")
    book, before = open_book(recipe), path.read_bytes()
    with pytest.raises(InputError, match="name it as csv"):
        book.delete(ids(book, CollectedSheet)[0])
    assert path.read_bytes() == before


PLOT = {
    "type": "Feature", "properties": {"class": 2},
    "geometry": {"type": "Polygon", "coordinates": [[[33.001, -12.668], [33.002, -12.668], [33.002, -12.669],
                                                     [33.001, -12.668]]]},
}  # fmt: skip
HOLE = [[33.0015, -12.6681], [33.0018, -12.6681], [33.0018, -12.6684], [33.0015, -12.6681]]
OTHERS = {
    "a further column": {**PLOT, "properties": {"class": 2, "who": "ana"}},
    "a hole": {**PLOT, "geometry": {"type": "Polygon", "coordinates": [*PLOT["geometry"]["coordinates"], HOLE]}},
    "several parts": {**PLOT, "geometry": {"type": "MultiPolygon",
                                           "coordinates": [PLOT["geometry"]["coordinates"]]}},
    "a point": {**PLOT, "geometry": {"type": "Point", "coordinates": [33.001, -12.668]}},
}  # fmt: skip


def with_plots(recipe: Path, *features: object) -> Path:
    path = recipe.with_name("drawn_plots.geojson")
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    recipe.write_text(recipe.read_text().replace("classifier:", "  - {vector: drawn_plots.geojson, class: class}\n"
                                                 "classifier:"))  # fmt: skip
    return path


def test_a_file_of_plots_is_the_pages_own(recipe):
    with_plots(recipe, PLOT)
    book = open_book(recipe)
    assert isinstance(book.sheets[3], PlotSheet)
    book.reclass("p3:1", 7)
    book.plot(SQUARE, 1)
    require_as_read(book, recipe)


@pytest.mark.parametrize("feature", OTHERS.values(), ids=OTHERS)
def test_plots_to_which_another_program_added_are_not_rewritten(recipe, feature):
    path = with_plots(recipe, PLOT, feature)
    before = path.read_bytes()
    book = open_book(recipe)
    assert not isinstance(book.sheets[3], PlotSheet)
    book.plot(SQUARE, 1)
    assert path.read_bytes() == before
    assert book.sheets[-1].paths[0].name == "recipe_plots.geojson"


def test_a_page_that_has_not_seen_the_newest_state_is_told(recipe):
    book = open_book(recipe)
    book.add(1.5, 1.5, 1)
    with pytest.raises(Stale):
        books.apply(book, {"version": 0, "op": "undo"})
    assert book.can_undo
