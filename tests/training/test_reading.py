"""From the file of a training entry to points: tables, layers, filters, systems, and all that is wrong said at once."""

from __future__ import annotations

import importlib
import json
import sys
from collections import Counter
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from rasterio.crs import CRS
from shapely.geometry import LineString, MultiPoint, MultiPolygon, Point, Polygon, box

from classify_local.errors import InputError
from classify_local.grid import Grid
from classify_local.recipe.text import load
from classify_local.storage.tables import Table
from classify_local.training import samples
from classify_local.training.collect import read_sources
from classify_local.training.fate import SHOWN, Fate
from classify_local.training.samples import FILTERED, INVALID, OUTSIDE, UNMATCHED
from tests.conftest import TRANSFORM, UTM
from tests.training.entries import legend_of, read_entry, read_text

GRID = Grid(crs=CRS.from_string(UTM), transform=TRANSFORM, shape=(20, 30))
LEFT, TOP = TRANSFORM.c, TRANSFORM.f


def pixels_of(points, chosen=slice(None)) -> Counter[tuple[int, int]]:
    """How often each pixel of the grid is taken."""
    placed = points.in_crs(GRID.crs.to_wkt())
    rows, cols = np.floor(GRID.pixel_yx(placed.x[chosen], placed.y[chosen])).astype(int).tolist()
    return Counter(zip(rows, cols, strict=True))


def block(row: int, col: int, rows: int, cols: int) -> Polygon:
    """A polygon along the borders of pixels."""
    return box(LEFT + 10 * col, TOP - 10 * (row + rows), LEFT + 10 * (col + cols), TOP - 10 * row)


def inside(row: int, col: int, rows: int, cols: int) -> Counter[tuple[int, int]]:
    return Counter((row + i, col + j) for i in range(rows) for j in range(cols))


def layer(path, shapes, classes, crs: str = UTM):
    geopandas.GeoDataFrame({"class": classes}, geometry=list(shapes), crs=crs).to_file(path)
    return str(path)


# filters


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('editor != "test"', [10, 80]),
        ("class > 10", [40, 80]),
        ('editor != "test" && !flagged', [10]),
        ('columns["land use"].includes("for")', [10, 40]),
        ("cover > 59.5", [40, 80]),
        ("false", []),
    ],
)
def test_a_filter_keeps_the_rows_for_which_it_is_true(tmp_path, text, kept):
    table = (
        "lon;lat;class;editor;flagged;land use;cover\n1;1;10;ann;FALSE;forest;59,5\n2;2;40;test;;forest;60\n"
        "3;3;80;bob;TRUE;water;70,25\n"
    )
    points = read_text(tmp_path, table, filter=text)
    assert points.labels.tolist() == kept
    assert dict(points.left_out) == {FILTERED: 3 - len(kept)}


def test_rows_that_the_filter_leaves_out_are_not_complained_of(tmp_path):
    text = "lon,lat,class,use\n" + "x,2,3,0\n" * 30 + "1,2,3,1\ny,2,3,1\n"
    points = read_text(tmp_path, text, filter="use")
    assert dict(points.left_out) == {FILTERED: 30, INVALID: 1}
    assert len(points.notes) == 1
    assert "line 33: coordinate 'y'" in points.notes[0]


def test_a_filter_may_leave_nothing(tmp_path):
    assert len(read_text(tmp_path, "lon,lat,class\n1,2,3\n", filter="class > 5")) == 0


# all at once


def test_all_that_is_wrong_with_an_entry_is_said_at_once(tmp_path):
    (tmp_path / "edits.csv").write_text("a\n1\n")
    with pytest.raises(InputError) as caught:
        read_text(
            tmp_path, "e,n,cover,plot\n1,2,3,4\n", x="east", y="n", crs="EPSG:1", filter="cover >", group="plt",
            classes={10: "covr > 3", 40: ["a"]}, columns={80: "water"}, edits=str(tmp_path / "edits.csv"),
        )  # fmt: skip
    lines = caught.value.problems
    words = [
        "crs: unknown reference system 'EPSG:1'", "no column 'east'", ".filter, character 8", "no column 'water'",
        "no column 'class'", ".classes.10: 'covr' is not a column", "no column 'plt'",
        *(f"edits.csv: no column {name!r}" for name in ("XCoordinate", "YCoordinate", "action", "class",
                                                        "new_XCoordinate", "new_YCoordinate")),
    ]  # fmt: skip
    assert len(lines) == len(words), lines
    for line, word in zip(lines, words, strict=True):
        assert word in line
        assert "\n" not in line


def test_the_problems_of_all_entries_are_said_at_once(tmp_path):
    (tmp_path / "a.csv").write_text("lon,lat\n1,2\n")
    document = load(
        {"images": [{"path": "i.tif"}], "training": [{"csv": str(tmp_path / "a.csv")},
                                                      {"csv": str(tmp_path / "b.csv")},
                                                      {"vector": str(tmp_path / "c.gpkg")}]}
    )  # fmt: skip
    with pytest.raises(InputError) as caught:
        read_sources(document, None, None, None)
    for line, words in zip(caught.value.problems, ("a.csv: no column 'class'", "b.csv: no", "c.gpkg: no"), strict=True):
        assert words in line


def test_at_most_twenty_rows_are_shown_in_the_order_of_the_file(tmp_path):
    rows = [("x", "2", "3") if i % 2 else ("1", "2", "shrub") for i in range(60)]
    points = read_text(tmp_path, "lon,lat,class\n" + "".join(",".join(row) + "\n" for row in rows) + "1,2,3\n")
    assert points.left_out[INVALID] == 60
    numbers = [int(note.partition("line ")[2].partition(":")[0]) for note in points.notes]
    assert numbers == list(range(2, 22))


@pytest.mark.parametrize(
    ("rows", "keys", "last"),
    [
        ("x,2,3\n1,2,shrub\n", {}, "none of its 2 rows can be used"),
        ("x,2,3\n1,2,4\n1,2,4\n", {"filter": "class < 4"},
         "none of its 3 rows can be used (2 left out by the filter)"),
    ],
)  # fmt: skip
def test_a_file_of_which_nothing_can_be_used_is_refused(tmp_path, rows, keys, last):
    with pytest.raises(InputError) as caught:
        read_text(tmp_path, "lon,lat,class\n" + rows, **keys)
    assert caught.value.problems[-1].endswith(last)
    assert "line 2: coordinate 'x'" in caught.value.problems[0]


def test_rows_that_no_class_matches_may_be_all(tmp_path):
    """Another entry may have what this one lacks; a table without rows is refused where it is made."""
    points = read_text(tmp_path, "lon,lat,class\n1,2,shrub\nx,2,forest\n", classes={10: ["forest"]})
    assert dict(points.left_out) == {UNMATCHED: 1, INVALID: 1}
    assert any("did you mean" in note or "no class has the values 'shrub'" in note for note in points.notes)


@given(
    st.lists(st.tuples(st.sampled_from(samples.REASONS), st.lists(st.booleans(), min_size=30, max_size=30)), max_size=6)
)
def test_every_row_has_one_fate_and_keeps_its_first(drops):
    fate = Fate(Table(where="a.csv", columns={}, lines=range(2, 32)))
    expected: list[str] = [""] * 30
    for reason, rows in drops:
        fate.drop(np.array(rows), reason, lambda row: f"row {row}")
        expected = [old or (reason if new else "") for old, new in zip(expected, rows, strict=True)]
    assert fate.counts() == {reason: expected.count(reason) for reason in samples.REASONS if reason in expected}
    assert fate.open.tolist() == [not reason for reason in expected]
    said = [row for row, reason in enumerate(expected) if reason]
    assert fate.lines() == [f"a.csv, line {row + 2}: row {row}" for row in said][:SHOWN]


def test_only_the_first_rows_are_explained():
    fate, asked = Fate(Table(where="a.csv", columns={}, lines=range(2, 102))), []
    fate.drop(np.ones(100, bool), INVALID, lambda row: asked.append(row) or "wrong")
    assert asked == list(range(SHOWN))


# reference systems


def test_a_table_in_another_system(tmp_path):
    x, y = TRANSFORM @ (3.5, 7.5)
    points = read_text(tmp_path, f"easting,northing,class\n{x},{y},10\n", crs=UTM)
    assert points.crs == UTM
    assert pixels_of(points) == {(7, 3): 1}
    degrees = points.in_crs("EPSG:4326")
    again = read_text(tmp_path, f"lon,lat,class\n{float(degrees.x[0])!r},{float(degrees.y[0])!r},10\n")
    assert pixels_of(again) == {(7, 3): 1}


def test_a_layer_without_a_system_is_refused_with_the_remedy_and_read_with_it(tmp_path):
    path = layer(tmp_path / "plots.shp", [block(1, 2, 2, 3)], [10])
    (tmp_path / "plots.prj").unlink()
    with pytest.raises(InputError) as caught:
        read_entry(None, GRID, vector=path, group="plt")
    first, second = caught.value.problems
    assert first == f"{path}: does not say its reference system; say it in the recipe, for example crs: EPSG:4326"
    assert "no column 'plt'" in second
    assert pixels_of(read_entry(None, GRID, vector=path, crs=UTM)) == inside(1, 2, 2, 3)


def test_a_system_of_the_recipe_counts_before_the_files_and_that_is_said(tmp_path):
    path = layer(tmp_path / "plots.gpkg", [block(1, 2, 2, 3)], [10], crs="EPSG:32735")
    points = read_entry(None, GRID, vector=path, crs=UTM)
    assert pixels_of(points) == inside(1, 2, 2, 3)
    assert f"{path}: is in EPSG:32735 by itself; the recipe's crs: {UTM} counts" in points.notes
    same = layer(tmp_path / "same.gpkg", [block(1, 2, 2, 3)], [10])
    assert not any("by itself" in note for note in read_entry(None, GRID, vector=same, crs=UTM).notes)


# layers


def test_points_multipoints_and_polygons_with_holes_in_one_layer(tmp_path):
    with_hole = block(0, 0, 5, 5) - block(1, 1, 3, 3)
    shapes = [
        Point(LEFT + 105, TOP - 5), MultiPoint([(LEFT + 125, TOP - 5), (LEFT + 145, TOP - 15)]), with_hole,
        MultiPolygon([block(10, 0, 1, 2), block(10, 5, 1, 1)]), LineString([(LEFT, TOP), (LEFT + 9, TOP)]),
    ]  # fmt: skip
    path = layer(tmp_path / "plots.gpkg", shapes, [1, 2, 3, 4, 5])
    points = read_entry(None, GRID, vector=path)
    by_class = {
        1: Counter({(0, 10): 1}), 2: Counter({(0, 12): 1, (1, 14): 1}), 3: inside(0, 0, 5, 5) - inside(1, 1, 3, 3),
        4: inside(10, 0, 1, 2) + inside(10, 5, 1, 1),
    }  # fmt: skip
    for label, pixels in by_class.items():
        assert pixels_of(points, points.labels == label) == pixels
    assert pixels_of(points) == sum(by_class.values(), Counter())
    assert dict(points.left_out) == {INVALID: 1}
    assert points.line.tolist() == points.labels.tolist(), "the number of the feature"
    assert f"{path}, feature 5: is a line; points and polygons can be used" in points.notes


def test_points_and_polygons_in_another_system_than_the_image(tmp_path):
    shapes = [shapely.buffer(block(2, 3, 4, 5), 1), Point(LEFT + 105, TOP - 5), block(0, 0, 1, 1).buffer(-4.9)]
    frame = geopandas.GeoDataFrame({"class": [1, 2, 1]}, geometry=shapes, crs=UTM).to_crs("EPSG:4326")
    frame.to_file(tmp_path / "plots.geojson")
    points = read_entry(None, GRID, vector=str(tmp_path / "plots.geojson"))
    assert pixels_of(points) == inside(2, 3, 4, 5) + Counter({(0, 10): 1, (0, 0): 1})
    assert shapely.equals_exact(Point(points.x[0], points.y[0]), Point(LEFT + 105, TOP - 5), 1e-3)


def test_geojson_columns_hold_points_and_polygons(tmp_path):
    frame = geopandas.GeoSeries([block(2, 3, 4, 5).buffer(1), Point(LEFT + 105, TOP - 5)], crs=UTM).to_crs("EPSG:4326")
    cells = [json.dumps(shape.__geo_interface__).replace('"', '""') for shape in frame]
    text = "class,shape\n" + "".join(f'{i + 1},"{cell}"\n' for i, cell in enumerate(cells))
    points = read_text(tmp_path, text, geojson="shape")
    assert len(points) == 1, "without a grid only the point has a place"
    points = read_entry(None, GRID, csv=str(tmp_path / "points.csv"), geojson="shape")
    assert pixels_of(points) == inside(2, 3, 4, 5) + Counter({(0, 10): 1})
    assert points.crs == GRID.crs.to_wkt()


def test_names_of_layers_as_classes(tmp_path):
    path = tmp_path / "plots.gpkg"
    for name, shape in (("forest", block(0, 0, 1, 2)), ("water", block(5, 5, 2, 1))):
        geopandas.GeoDataFrame({"id": [1]}, geometry=[shape], crs=UTM).to_file(path, layer=name)
    entry = {"vector": str(path), "layer": "*", "class": "layer"}
    points = read_entry(legend_of(Forest=10, Water=80), GRID, **entry)
    assert points.labels.tolist() == [10, 10, 80, 80]
    assert pixels_of(points) == inside(0, 0, 1, 2) + inside(5, 5, 2, 1)
    mapped = read_entry(None, GRID, **entry, classes={7: ["forest"], 3: ["water"]})
    assert mapped.labels.tolist() == [7, 7, 3, 3]
    (one,) = {*read_entry(None, GRID, vector=str(path), layer="water", classes={3: "id == 1"}).labels.tolist()}
    assert one == 3


def test_polygons_outside_the_image_are_counted_as_rows(tmp_path):
    path = layer(tmp_path / "plots.gpkg", [block(-90, 0, 2, 2), block(0, 0, 1, 1)], [10, 40])
    points = read_entry(None, GRID, vector=path)
    assert dict(points.left_out) == {OUTSIDE: 1}
    assert points.labels.tolist() == [40]


def test_invalid_polygons_are_repaired_and_that_is_said(tmp_path):
    bow_tie = Polygon([(LEFT, TOP), (LEFT + 20, TOP - 20), (LEFT + 20, TOP), (LEFT, TOP - 20)])
    points = read_entry(None, GRID, vector=layer(tmp_path / "plots.gpkg", [bow_tie], [10]))
    assert len(points) > 0
    assert any("was invalid (self-intersection) and repaired" in note for note in points.notes)


def test_a_class_stored_as_a_real_number(tmp_path):
    path = layer(tmp_path / "plots.gpkg", [block(0, 0, 1, 1), block(1, 1, 1, 1)], [10.0, 40.0])
    assert read_entry(None, GRID, vector=path).labels.tolist() == [10, 40]
    assert read_entry(None, GRID, vector=path, classes={1: [10], 2: ["40"]}).labels.tolist() == [1, 2]


def test_the_benchmark_reads_what_it_says(tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    benchmark = importlib.import_module("reading")
    benchmark.make(tmp_path, 300)
    counts = {}
    for case in benchmark.CASES:
        benchmark.read_case(tmp_path, case, 300)
        counts[case] = json.loads(capsys.readouterr().out)["points"]
    assert {case for case, count in counts.items() if not count} == {"a column of names", "a column that is no class"}
    assert counts["values"] == counts["labels"] == counts["GeoJSON"] == 300
    assert 150 < counts["filter and lists"] < counts["decimal commas"] < 300
    printed, seconds, peak = benchmark.measured([sys.executable, "-c", "print(len(bytes(50_000_000)))"])
    assert printed == "50000000\n"
    assert seconds > 0
    assert peak > 50
