"""Reference points from tables: which columns, which numbers, which reference system, and what cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyproj import Transformer
from rasterio.warp import transform as rasterio_transform

from classify_local.errors import InputError
from classify_local.recipe.text import load
from classify_local.training.columns import COORDINATE_COLUMNS
from classify_local.training.points import ReferencePoints, known_crs
from classify_local.training.reading import read_points
from classify_local.training.samples import INVALID


def read_entry(**entry: Any) -> ReferencePoints:
    """The points of a recipe's only training entry."""
    document = load({"images": [{"path": "image.tif"}], "training": [entry]})
    (source,) = document.recipe.training
    return read_points(source, document)


@pytest.fixture
def read(tmp_path):
    """Read a table given as text."""

    def points(text: str | bytes, **source: Any) -> ReferencePoints:
        path = tmp_path / "points.csv"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return read_entry(csv=str(path), **source)

    return points


# columns


@pytest.mark.parametrize(
    "pair",
    [
        ("lon", "lat"),
        ("center_lon", "center_lat"),
        ("CENTER_LON", "CENTER_LAT"),
        ("XCoordinate", "YCoordinate"),
        ("location_x", "location_y"),
    ],
)
def test_coordinates_are_found_by_sepals_names(read, pair):
    x, y = pair
    points = read(f"class,{y},other,{x}\n3,-13.5,9,32.25\n")
    assert (points.x.tolist(), points.y.tolist(), points.labels.tolist()) == ([32.25], [-13.5], [3])
    assert points.crs == "EPSG:4326"


def test_the_first_pair_of_sepals_list_wins(read):
    names = [name for pair in reversed(COORDINATE_COLUMNS) for name in pair]
    for i in range(len(COORDINATE_COLUMNS)):
        left = names[: len(names) - 2 * i]
        text = ",".join([*left, "class"]) + "\n" + ",".join(str(10 * j) for j in range(len(left))) + ",1\n"
        points = read(text)
        assert (points.x[0], points.y[0]) == (10 * (len(left) - 2), 10 * (len(left) - 1))


def test_half_a_pair_is_no_pair(read):
    points = read("lon,XCoordinate,YCoordinate,class\n1,2,3,4\n")
    assert (points.x[0], points.y[0]) == (2, 3)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({"x": "a", "y": "b"}, (1, 2, 9)),
        ({"x": "b", "y": "a"}, (2, 1, 9)),
        ({"x": "a", "y": "b", "class": "code"}, (1, 2, 8)),
        ({"class": "code"}, (3, 4, 8)),
        ({}, (3, 4, 9)),
    ],
)
def test_a_recipe_names_its_columns(read, source, expected):
    points = read("a,b,lon,lat,code,class\n1,2,3,4,8,9\n", **source)
    assert (points.x[0], points.y[0], points.labels[0]) == expected


@pytest.mark.parametrize(
    ("header", "source", "said"),
    [
        ("long,laenge,class", {}, ["no column 'XCoordinate'", "no column 'YCoordinate'"]),
        ("Lon,La,class", {}, ["no column 'XCoordinate'", "no column 'YCoordinate'"]),
        ("lon,lat,Klasse", {}, ["no column 'class'; it has lon, lat, Klasse; did you mean 'Klasse'?"]),
        ("lon,lat,class", {"class": "cover"}, ["no column 'cover'"]),
        ("east,north,class", {"x": "est", "y": "north"}, ["no column 'est'; it has east, north, class; did you mean"]),
        ("a,b,c", {"x": "x", "y": "y", "class": "k"}, ["no column 'x'", "no column 'y'", "no column 'k'"]),
    ],
)
def test_every_missing_column_is_said_with_those_there_are(read, header, source, said):
    with pytest.raises(InputError) as caught:
        read(f"{header}\n1,2,3\n", **source)
    assert len(caught.value.problems) == len(said)
    for line, words in zip(caught.value.problems, said, strict=True):
        assert "points.csv: " in line
        assert words in line


def test_a_band_order_mark_separators_and_quotes(read):
    plain = read("lon,lat,class\n1.5,2.5,3\n")
    for text in (
        b"\xef\xbb\xbflon,lat,class\r\n1.5,2.5,3\r\n",
        b"lon;lat;class\n1.5;2.5;3\n",
        b"lon\tlat\tclass\n1.5\t2.5\t3\n",
        b'"lon","lat","class"\n"1.5","2.5","3"\n',
        b"\n lon , lat , class \n\n 1.5 , 2.5 , 3 \n\n",
    ):
        points = read(text)
        assert (points.x[0], points.y[0], points.labels[0]) == (plain.x[0], plain.y[0], plain.labels[0])


# rows


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10", 10),
        ("10.0", 10),
        (" 10 ", 10),
        ("-3", -3),
        ("-3.000", -3),
        ("0", 0),
        ("1e2", 100),
        ("2147483647", 2**31 - 1),
    ],
)
def test_a_class_may_be_written_as_a_real_number(read, text, value):
    assert read(f"lon,lat,class\n1,2,{text}\n").labels.tolist() == [value]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("1,2,1.5", "class '1.5' is not a whole number"),
        ("1,2,forest", "class 'forest' is not a number, and no label of the legend; give the legend's value"),
        ("1,2,", "class"),
        ("1,2", "class"),
        ("1,2,nan", "class 'nan' is not a"),
        ("1,2,inf", "class 'inf' is not a"),
        ("1,2,1e300", "class '1e300' is not a whole number"),
        ("1,2,1_0", "class '1_0' is not a number"),
        ("1,2,\u0661", "class '\u0661' is not a number"),
        ("a,2,3", "coordinate 'a' is not a number"),
        (",2,3", "coordinate is empty; write a number"),
        ('"32,5",2,3', "coordinate '32,5' has a decimal comma; write for example 1234.5"),
        ("3_2,2,3", "coordinate '3_2' is not a number"),
        ("nan,2,3", "coordinate 'nan' is not"),
        ("1,-inf,3", "coordinate '-inf' is not"),
        ("1,1e999,3", "coordinate '1e999' is"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(read, row, words):
    points = read(f"lon,lat,class\n1,2,3\n{row}\n4,5,6\n")
    assert points.labels.tolist() == [3, 6]
    assert points.left_out.get(INVALID, 0) == 1
    (line,) = points.notes
    assert "points.csv, line 3: " in line
    assert words in line


def test_lines_are_counted_as_an_editor_does(read):
    points = read('lon,lat,class,note\n\n1,2,3,"two\nlines"\n\nx,2,3,\n')
    assert points.labels.tolist() == [3]
    assert "line 6" in points.notes[0]


def test_the_first_twenty_are_shown_and_all_are_counted(read):
    points = read("lon,lat,class\n1,2,3\n" + "x,2,3\n" * 50)
    assert (len(points.notes), points.left_out.get(INVALID, 0)) == (20, 50)
    assert len(points.x) + points.left_out.get(INVALID, 0) == 51


def test_a_table_in_which_nothing_can_be_read_is_an_error(read):
    with pytest.raises(InputError) as caught:
        read("lon,lat,class\n" + "1,2,forest\n" * 9)
    first, *_, last = caught.value.problems
    assert len(caught.value.problems) < 9
    assert "points.csv, line 2: class 'forest'" in first
    assert "points.csv: " in last
    assert "row" in last


def test_a_table_without_rows_is_an_error(read):
    with pytest.raises(InputError, match=r"points\.csv: .* no rows"):
        read("lon,lat,class\n")


# points clicked on the map page


def test_collected_points_have_sepals_header(tmp_path):
    path = tmp_path / "collected.csv"
    path.write_text("XCoordinate,YCoordinate,class,lon,lat\n32.5,-13.5,2,0,0\n")
    points = read_entry(collected=str(path))
    assert (points.x.tolist(), points.y.tolist(), points.labels.tolist()) == ([32.5], [-13.5], [2])


def test_collected_points_that_are_not_there_yet_are_none(tmp_path):
    (tmp_path / "empty.csv").write_text("XCoordinate,YCoordinate,class\n")
    for name in ("none.csv", "empty.csv"):
        points = read_entry(collected=str(tmp_path / name))
        assert len(points.x) == len(points.y) == len(points.labels) == points.left_out.get(INVALID, 0) == 0


def test_a_table_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(InputError, match=r"none\.csv: no such file"):
        read_entry(csv=str(tmp_path / "none.csv"))


# reference systems

PLACES = np.array([32.0, 32.5, 33.25]), np.array([-13.0, -13.75, -14.0])


def points_at(x: np.ndarray, y: np.ndarray, crs: str) -> ReferencePoints:
    return ReferencePoints(
        where="points.csv",
        x=x,
        y=y,
        labels=np.arange(len(x)),
        crs=crs,
        line=np.arange(len(x)),
        group=np.full(len(x), -1),
    )


@pytest.mark.parametrize("target", ["EPSG:32736", "EPSG:32735", "EPSG:3857", "EPSG:4326", "EPSG:9822"])
def test_coordinates_move_as_with_pyproj_and_rasterio(target):
    if target == "EPSG:9822":
        target = "+proj=laea +lat_0=5 +lon_0=20 +datum=WGS84 +units=m +type=crs"
    wkt = known_crs(target, "test").to_wkt()
    moved = points_at(*PLACES, "EPSG:4326").in_crs(wkt)
    expected = Transformer.from_crs("EPSG:4326", wkt, always_xy=True).transform(*PLACES)
    np.testing.assert_array_equal([moved.x, moved.y], expected)
    np.testing.assert_allclose([moved.x, moved.y], rasterio_transform("EPSG:4326", wkt, *PLACES), atol=1e-3, rtol=1e-9)
    back = moved.in_crs("EPSG:4326")
    np.testing.assert_allclose([back.x, back.y], PLACES, atol=1e-7)


def test_the_axes_of_a_system_do_not_turn_x_and_y():
    """EPSG:4326 and many national grids name north first; tables name x first."""
    gauss = points_at(np.array([3_500_000.0]), np.array([5_500_000.0]), "EPSG:31467").in_crs("EPSG:4326")
    assert (gauss.x[0], gauss.y[0]) == pytest.approx((9.0, 49.6), abs=0.1)


def test_what_has_no_place_in_a_system_is_not_finite():
    moved = points_at(np.array([32.0, 32.0]), np.array([91.0, -13.0]), "EPSG:4326").in_crs("EPSG:32736")
    assert np.isfinite(moved.x).tolist() == [False, True]


@pytest.mark.parametrize("crs", ["EPSG:999999", "EPSG:", "banana", "", "32736.5"])
def test_an_unknown_system_is_said(read, crs):
    with pytest.raises(InputError, match=r"unknown reference system .*EPSG:4326"):
        read("lon,lat,class\n1,2,3\n", crs=crs)


@pytest.mark.parametrize("crs", ["https://example.com/crs.wkt", "file:///etc/passwd"])
def test_a_system_is_never_fetched(read, crs):
    with pytest.raises(InputError, match="is an address"):
        read("lon,lat,class\n1,2,3\n", crs=crs)


def test_the_sample_scenes_points_are_read():
    path = Path(__file__).parents[2] / "sample_data" / "points.csv"
    points = read_entry(collected=str(path))
    lines = path.read_text().splitlines()[1:]
    assert len(points.x) == len(lines)
    assert points.left_out.get(INVALID, 0) == 0
