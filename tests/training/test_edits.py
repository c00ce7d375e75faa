"""Changes to points of somebody's file: the four actions, their order, points that are gone, torn lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classify_local.errors import InputError
from classify_local.training.edits import ACTIONS, HEADER, Edit, Edits, append_edit, edited, read_edits, take
from classify_local.training.samples import DELETED, FILTERED, INVALID, UNMATCHED
from tests.training.entries import read_entry, read_text

TABLE = "lon,lat,class\n33.1,-13.1,10\n33.2,-13.2,40\n33.3,-13.3,\n33.4,x,10\n"
HEAD = ",".join(HEADER) + "\n"


def edits_file(folder: Path, *lines: str) -> str:
    (folder / "edits.csv").write_text(HEAD + "".join(f"{line}\n" for line in lines))
    return str(folder / "edits.csv")


def rows_of(points: Any) -> list[tuple[float, float, int]]:
    return list(zip(points.x.tolist(), points.y.tolist(), points.labels.tolist(), strict=True))


A, B = (33.1, -13.1, 10), (33.2, -13.2, 40)


@pytest.mark.parametrize(
    ("lines", "rows", "left"),
    [
        ([], [A, B], {INVALID: 2}),
        (["33.1,-13.1,class,80,,"], [(33.1, -13.1, 80), B], {INVALID: 2}),
        (["33.1,-13.1,class,80.0,,"], [(33.1, -13.1, 80), B], {INVALID: 2}),
        (["33.10,-13.1000,class,0,,"], [(33.1, -13.1, 0), B], {INVALID: 2}),
        (["33.1,-13.1,move,,34,-14.5"], [(34, -14.5, 10), B], {INVALID: 2}),
        (["33.1,-13.1,delete,,,"], [B], {INVALID: 2, DELETED: 1}),
        (["33.1,-13.1,delete,,,", "33.1,-13.1,restore,,,"], [A, B], {INVALID: 2}),
        (["33.1,-13.1,class,80,,", "33.1,-13.1,class,7,,"], [(33.1, -13.1, 7), B], {INVALID: 2}),
        (["33.1,-13.1,class,80,,", "33.1,-13.1,move,,1,2"], [(1, 2, 80), B], {INVALID: 2}),
        (["33.1,-13.1,move,,1,2", "33.1,-13.1,move,,3,4"], [(3, 4, 10), B], {INVALID: 2}),
        (["33.1,-13.1,move,,1,2", "33.1,-13.1,restore,,,", "33.1,-13.1,class,3,,"], [(33.1, -13.1, 3), B],
         {INVALID: 2}),
        (["33.1,-13.1,delete,,,", "33.1,-13.1,class,80,,"], [(33.1, -13.1, 80), B], {INVALID: 2}),
        (["33.1,-13.1,class,80,,", "33.1,-13.1,delete,,,"], [B], {INVALID: 2, DELETED: 1}),
        (["33.3,-13.3,class,80,,"], [A, B, (33.3, -13.3, 80)], {INVALID: 1}),
        (["33.1,-13.1,move,,33.2,-13.2", "33.2,-13.2,delete,,,"], [(33.2, -13.2, 10)], {INVALID: 2, DELETED: 1}),
    ],
)  # fmt: skip
def test_what_becomes_of_points(tmp_path, lines, rows, left):
    path = edits_file(tmp_path, *lines)
    points = read_text(tmp_path, TABLE, edits=path)
    assert rows_of(points) == rows
    assert dict(points.left_out) == left
    assert (tmp_path / "points.csv").read_text() == TABLE, "the user's own file is never written"


def test_edits_that_are_not_there_yet_are_none(tmp_path):
    assert rows_of(read_text(tmp_path, TABLE, edits=str(tmp_path / "none.csv"))) == [A, B]
    (tmp_path / "empty.csv").write_text("")
    assert rows_of(read_text(tmp_path, TABLE, edits=str(tmp_path / "empty.csv"))) == [A, B]


def test_all_points_at_a_place_are_edited(tmp_path):
    path = edits_file(tmp_path, "1,2,class,9,,")
    assert rows_of(read_text(tmp_path, "lon,lat,class\n1,2,3\n1,2,4\n1,3,5\n", edits=path)) == [
        (1, 2, 9), (1, 2, 9), (1, 3, 5),
    ]  # fmt: skip


def test_edits_of_points_that_are_gone_are_told(tmp_path):
    path = edits_file(tmp_path, "33.1,-13.1,class,80,,", "1,2,delete,,,", "33.1,-13.2,class,3,,")
    points = read_text(tmp_path, TABLE, edits=path)
    assert f"{path}: has edits of 2 points that are no longer in the table, which do nothing: 1.0 2.0, 33.1 -13.2" in (
        points.notes
    )
    one = read_text(tmp_path, TABLE, edits=edits_file(tmp_path, "1,2,delete,,,"))
    assert any("1 point that is no longer in the table" in note for note in one.notes)
    none = read_text(tmp_path, TABLE, edits=edits_file(tmp_path, "1,2,delete,,,", "1,2,restore,,,"))
    assert not any("no longer" in note for note in none.notes)


def test_a_point_that_the_filter_leaves_out_is_not_gone(tmp_path):
    points = read_text(tmp_path, TABLE, edits=edits_file(tmp_path, "33.1,-13.1,class,80,,"), filter="lon > 33.15")
    assert dict(points.left_out) == {FILTERED: 1, INVALID: 2}
    assert not any("no longer" in note for note in points.notes)


def test_edits_count_after_class_mapping(tmp_path):
    table = "lon,lat,cover\n1,1,forest\n2,2,shrub\n3,3,crop\n"
    path = edits_file(tmp_path, "2,2,class,80,,", "3,3,class,10,,")
    points = read_text(tmp_path, table, edits=path, classes={10: ["forest"]}, **{"class": "cover"})
    assert points.labels.tolist() == [10, 80, 10]
    assert UNMATCHED not in points.left_out


def test_places_are_those_of_the_file_in_its_reference_system(tmp_path):
    path = edits_file(tmp_path, "512000.25,8590000,move,,512010,8590010")
    points = read_text(tmp_path, "x;y;class\n512000,25;8590000;10\n", crs="EPSG:32736", edits=path)
    assert rows_of(points) == [(512010, 8590010, 10)]


def test_points_of_layers_and_geojson_columns_are_edited(tmp_path):
    path = edits_file(tmp_path, "33.5,-13.5,move,,34.5,-14.5", "33.6,-13.6,delete,,,")
    shapes = geopandas.points_from_xy([33.5, 33.6, 33.7], [-13.5, -13.6, -13.7])
    frame = geopandas.GeoDataFrame({"class": [1, 2, 3]}, geometry=shapes, crs="EPSG:4326")
    frame.to_file(tmp_path / "plots.gpkg")
    cells = [json.dumps(shape.__geo_interface__).replace('"', '""') for shape in shapes]
    text = "geom,class\n" + "".join(f'"{cell}",{i + 1}\n' for i, cell in enumerate(cells))
    for points in (
        read_entry(vector=str(tmp_path / "plots.gpkg"), edits=path),
        read_text(tmp_path, text, geojson="geom", edits=path),
    ):
        assert rows_of(points) == [(34.5, -14.5, 1), (33.7, -13.7, 3)]
        assert dict(points.left_out) == {DELETED: 1}


# what cannot be read


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("1,2,clas,3,,", "no action 'clas'; there are class, move, delete, restore"),
        ("1,2,,,,", "no action ''"),
        ("x,2,delete,,,", "XCoordinate 'x' is not a number; write for example 1234.5"),
        ("1,,delete,,,", "YCoordinate '' is not a number"),
        ("1,1e999,delete,,,", "YCoordinate '1e999' is not a number"),
        ("1,2,move,,,", "new_XCoordinate '' is not a number"),
        ("1,2,move,,3,nan", "new_YCoordinate 'nan' is not a number"),
        ("1,2,class,,,", "the class is empty"),
        ("1,2,class,1.5,,", "class '1.5' is not a whole number from"),
        ("1,2,class,3000000000,,", "class '3000000000' is not a whole number"),
        ("1,2,class,forest,,", "class 'forest' is not a number"),
    ],
)
def test_lines_that_cannot_be_read_are_said_with_their_number(tmp_path, line, said):
    path = edits_file(tmp_path, "1,2,delete,,,", line, "1,2,restore,,,")
    with pytest.raises(InputError) as caught:
        read_text(tmp_path, TABLE, edits=path)
    (problem,) = caught.value.problems
    assert problem.startswith(f"{path}, line 3: {said}")


def test_at_most_twenty_lines_are_said_and_the_rest_counted(tmp_path):
    path = Path(edits_file(tmp_path, *["x,2,delete,,,"] * 27))
    with pytest.raises(InputError) as caught:
        read_edits(path)
    assert len(caught.value.problems) == 21
    assert caught.value.problems[-1] == f"{path}: 7 more rows cannot be read"


def test_another_table_is_no_table_of_edits(tmp_path):
    (tmp_path / "edits.csv").write_text("XCoordinate,YCoordinate,class\n1,2,3\n")
    with pytest.raises(InputError) as caught:
        read_edits(tmp_path / "edits.csv")
    assert [line.split(";")[0] for line in caught.value.problems] == [
        f"{tmp_path / 'edits.csv'}: no column {name!r}" for name in ("action", *HEADER[4:])
    ]
    with pytest.raises(InputError, match="nothing can be added to it"):
        append_edit(tmp_path / "edits.csv", (1, 2), "delete")


@pytest.mark.parametrize(
    ("action", "more"),
    [("class", {}), ("move", {}), ("clas", {"label": 1}), ("class", {"label": 2**31}), ("move", {"to": (1, np.nan)})],
)
def test_a_change_that_cannot_be_is_not_written(tmp_path, action, more):
    with pytest.raises(InputError, match=r"edits\.csv: "):
        append_edit(tmp_path / "edits.csv", (1, 2), action, **more)
    assert not (tmp_path / "edits.csv").exists()


# writing

PLACES = st.sampled_from([(33.1, -13.1), (33.2, -13.2), (1e-7, 0.1), (-179.99999999999997, 89.0)])


@st.composite
def changes(draw: st.DrawFn) -> dict[str, Any]:
    action = draw(st.sampled_from(ACTIONS))
    more = {"class": {"label": draw(st.integers(-9, 300))},
            "move": {"to": (draw(st.floats(-180, 180)), draw(st.floats(-90, 90)))}}  # fmt: skip
    return {"place": draw(PLACES), "action": action, **more.get(action, {})}


def slow_fate(place: tuple[float, float], made: list[dict[str, Any]]) -> tuple[Any, Any, bool]:
    """Label, place and deletion of one point after all changes, one by one."""
    label, now, deleted = None, None, False
    for change in made:
        if change["place"] != place:
            continue
        match change["action"]:
            case "restore":
                label, now, deleted = None, None, False
            case "delete":
                deleted = True
            case "class":
                label, deleted = change["label"], False
            case "move":
                now, deleted = change["to"], False
    return label, now, deleted


@settings(max_examples=25)
@given(st.lists(changes(), max_size=7), st.integers(0, 7))
def test_changes_written_one_by_one_give_what_each_point_went_through(tmp_path, made, cut):
    path = tmp_path / "edits.csv"
    path.unlink(missing_ok=True)
    for change in made:
        append_edit(path, **change)
    whole = read_edits(path)
    for place in {change["place"] for change in made}:
        label, now, deleted = slow_fate(place, made)
        expected = Edit(label=label, place=now, deleted=deleted)
        assert whole.by_place.get(place, Edit()) == expected
    # the file read in two parts, one on top of the other
    found: dict[tuple[float, float], Edit] = {}
    lines = path.read_text().splitlines()[1:] if made else []
    for part in (lines[:cut], lines[cut:]):
        for line in part:
            take(found, dict(zip(HEADER, line.replace('"', "").split(","), strict=True)))
    assert found == whole.by_place


@given(st.lists(changes(), max_size=8), st.permutations(range(4)))
def test_points_and_their_order_do_not_matter_to_each_other(made, order):
    found: dict[tuple[float, float], Edit] = {}
    for change in made:
        cells = ["", "", *map(repr, change.get("to", ()))][-2:] if "to" in change else ["", ""]
        row = [*map(repr, change["place"]), change["action"], str(change.get("label", "")), *cells]
        take(found, dict(zip(HEADER, row, strict=True)))
    edits = Edits(where="edits.csv", by_place=found)
    places = np.array([(33.1, -13.1), (33.2, -13.2), (5.0, 5.0), (1e-7, 0.1)])
    labels, known = np.arange(4), np.array([True, False, True, True])
    whole = edited(edits, *places.T, labels, known)
    mixed = edited(edits, *places[order].T, labels[order], known[order])
    for name in ("x", "y", "labels", "known", "kept"):
        np.testing.assert_array_equal(getattr(mixed, name), getattr(whole, name)[order])
    assert whole.known[2]
    assert (whole.x[2], whole.y[2], whole.labels[2], whole.kept[2]) == (5, 5, 2, True)
    assert whole.notes == mixed.notes


def test_a_power_cut_at_any_byte_loses_the_last_change_at_most(tmp_path):
    path = tmp_path / "edits.csv"
    append_edit(path, (33.1, -13.1), "class", label=80)
    append_edit(path, (33.2, -13.2), "delete")
    for last in ({"action": "class", "label": 1234}, {"action": "move", "to": (33.123456, -13.654321)},
                 {"action": "delete"}, {"action": "restore"}):  # fmt: skip
        before, old = path.read_bytes(), read_edits(path).by_place
        append_edit(path, (33.1, -13.1), **last)
        whole, new = path.read_bytes(), read_edits(path).by_place
        for length in range(len(before), len(whole) + 1):
            path.write_bytes(whole[:length])
            edits = read_edits(path)
            assert edits.by_place == (new if length >= len(whole) - 1 else old), whole[len(before) : length]
            assert bool(edits.notes) == (len(before) < length < len(whole) - 1)
        path.write_bytes(whole[:-3])
        append_edit(path, (5, 5), "delete")
        assert read_edits(path).by_place == {**old, (5.0, 5.0): Edit(deleted=True)}
        path.write_bytes(before)
