"""Where rows lie: columns named and guessed, decimal commas, GeoJSON in a column, coordinates that are no degrees."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify_local.errors import InputError
from classify_local.storage.tables import Table
from classify_local.training.columns import COMMON_COLUMNS, COORDINATE_COLUMNS, coordinate_columns, row_places
from classify_local.training.samples import INVALID
from tests.training.entries import entry_of, read_entry, read_text, table_of


def columns_of(*names: str, **keys: str) -> tuple[str, str]:
    table = Table(where="plots.csv", columns={name: [] for name in names}, lines=[])
    return coordinate_columns(entry_of(**keys), table)


SEPAL = [
    "lon lat", "center_lon center_lat", "CENTER_LON CENTER_LAT", "XCoordinate YCoordinate", "location_x location_y",
]  # fmt: skip


def test_the_first_names_are_sepals_as_it_spells_them():
    assert [" ".join(pair) for pair in COORDINATE_COLUMNS] == SEPAL


@pytest.mark.parametrize("pair", [pair.split() for pair in SEPAL], ids=" ".join)
def test_sepals_names_come_before_all_others(pair):
    others = [name for names in COMMON_COLUMNS for name in names]
    assert columns_of(*dict.fromkeys([*others, *reversed(pair)])) in ((*pair,), ("lon", "lat"))
    without = [name for name in others if name.casefold() not in ("lon", "lat", "center_lon", "center_lat")]
    assert columns_of(*without, *reversed(pair)) == tuple(pair)


@pytest.mark.parametrize("pair", COMMON_COLUMNS, ids=" ".join)
@pytest.mark.parametrize("spell", [str.lower, str.upper, str.title], ids=["lower", "upper", "title"])
def test_common_names_are_found_in_any_case(pair, spell):
    names = tuple(map(spell, pair))
    assert columns_of("id", *reversed(names), "class") == names


@pytest.mark.parametrize(
    ("names", "pair"),
    [
        (("Lon", "LAT", "lon", "lat"), ("lon", "lat")),
        (("Lon", "lon", "LAT"), ("Lon", "LAT")),
        (("X", "Y", "Longitude", "Latitude"), ("Longitude", "Latitude")),
        (("x", "Latitude", "y"), ("x", "y")),
        (("center_lon", "CENTER_LAT"), ("center_lon", "CENTER_LAT")),
        (("pl_lon", "pl_lat", "sample_lon", "sample_lat"), ("pl_lon", "pl_lat")),
    ],
)
def test_of_several_pairs_the_first_known_is_taken(names, pair):
    assert columns_of(*names) == pair


@pytest.mark.parametrize(
    ("keys", "pair"),
    [
        ({"x": "E", "y": "N"}, ("E", "N")),
        ({"x": "lat", "y": "lon"}, ("lat", "lon")),
        ({"x": "lon"}, ("lon", "lat")),
        ({"y": "Y"}, ("X", "Y")),
        ({"y": "northing"}, ("Easting", "northing")),
    ],
)
def test_what_the_recipe_names_counts_and_its_partner_is_found(keys, pair):
    assert columns_of("lon", "lat", "X", "Y", "E", "N", "Easting", "northing", **keys) == pair


@pytest.mark.parametrize(
    ("names", "keys", "said"),
    [
        (("lon", "y"), {}, ["no column 'XCoordinate'", "no column 'YCoordinate'"]),
        (("lon", "lat"), {"x": "lom", "y": "lat"},
         ["no column 'lom'; it has lon, lat; did you mean 'lon'? (the recipe names it with x:)"]),
        (("a", "b"), {"x": "a", "y": "c"}, ["no column 'c'"]),
        (("lon", "lat"), {"x": "a"}, ["no column 'a'", "no column 'YCoordinate'"]),
    ],
)  # fmt: skip
def test_columns_that_are_not_there_are_all_said(names, keys, said):
    with pytest.raises(InputError) as caught:
        columns_of(*names, **keys)
    assert len(caught.value.problems) == len(said)
    assert all(words in line for words, line in zip(said, caught.value.problems, strict=True))


# numbers


def test_decimal_commas_where_something_else_separates_the_columns(tmp_path):
    for separator in (";", "\t", "|"):
        text = "lon;lat;class\n33,125;-13,5;10\n34;-14,25;40\n".replace(";", separator)
        points = read_text(tmp_path, text)
        assert (points.x.tolist(), points.y.tolist()) == ([33.125, 34], [-13.5, -14.25])
        assert points.labels.tolist() == [10, 40]


def test_a_decimal_comma_beside_points_is_no_number(tmp_path):
    points = read_text(tmp_path, "lon;lat;class\n33.125;-13.5;10\n34.5;-14.5;40\n35,5;-13.0;10\n")
    assert points.x.tolist() == [33.125, 34.5]
    (note,) = points.notes
    assert "line 4: coordinate '35,5' has another decimal mark than most of its column" in note


@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=1, max_size=20))
def test_coordinates_are_exact(places):
    columns = {"lon": [repr(x) for x, _ in places], "lat": [repr(y) for _, y in places]}
    lying = row_places(entry_of(), table_of(**columns))
    assert list(zip(lying.x.tolist(), lying.y.tolist(), strict=True)) == places
    assert lying.known.all()
    comma = {name: [cell.replace(".", ",") for cell in cells] for name, cells in columns.items()}
    again = row_places(entry_of(), table_of(";", **comma))
    np.testing.assert_array_equal([again.x, again.y], [lying.x, lying.y])


# coordinates that are no degrees


@pytest.mark.parametrize("crs", [{}, {"crs": "EPSG:4326"}, {"crs": "EPSG:4258"}])
def test_metres_where_degrees_are_meant_are_refused_with_the_remedy(tmp_path, crs):
    text = "id,x,y,class\n1,,5,10\n2,512000.5,8590000,10\n3,513000,8591000,40\n"
    with pytest.raises(InputError) as caught:
        read_text(tmp_path, text, **crs)
    (line,) = caught.value.problems
    said = f"points.csv, line 3: 512000.5 8590000.0 are not degrees, which {crs.get('crs', 'EPSG:4326')} has; "
    assert said in line
    assert line.endswith("say the reference system of the coordinates, for example crs: EPSG:32736")
    assert len(read_text(tmp_path, text, crs="EPSG:32736")) == 2


def test_one_row_in_degrees_shows_that_degrees_are_meant(tmp_path):
    points = read_text(tmp_path, "x,y,class\n512000,8590000,10\n33,-13,40\n")
    assert points.x.tolist() == [512000, 33], "the first lies outside every image, and is counted there"


def test_a_collected_point_in_metres_is_refused_too(tmp_path):
    (tmp_path / "clicked.csv").write_text('XCoordinate,YCoordinate,class\n512000,8590000,"10"\n')
    with pytest.raises(InputError, match="are not degrees"):
        read_entry(collected=str(tmp_path / "clicked.csv"))


# geometries in a column

POINT = {"type": "Point", "coordinates": [33.5, -13.25]}
FEATURE = {"type": "Feature", "properties": {}, "geometry": POINT}


def quoted(geometry: object) -> str:
    return '"' + json.dumps(geometry).replace('"', '""') + '"'


@pytest.mark.parametrize("geometry", [POINT, FEATURE, {**POINT, "coordinates": [33.5, -13.25, 1200.0]}])
def test_points_in_a_geojson_column(tmp_path, geometry):
    text = f"class,shape\n10,{quoted(geometry)}\n40,\n80,not one\n"
    points = read_text(tmp_path, text, geojson="shape")
    assert (points.x.tolist(), points.y.tolist(), points.labels.tolist()) == ([33.5], [-13.25], [10])
    assert dict(points.left_out) == {INVALID: 2}
    empty, other = (note.partition("points.csv, ")[2] for note in points.notes)
    assert empty == "line 3: the geometry is empty"
    assert other.startswith("line 4: the geometry 'not one' is not GeoJSON; write for example {")


def test_earth_engines_column_comes_first_and_named_columns_before_it(tmp_path):
    text = f"system:index,class,.geo,lon,lat,e,n\n0,10,{quoted(POINT)},1,2,3,4\n"
    for keys, place in (({}, (33.5, -13.25)), ({"x": "e", "y": "n"}, (3, 4)), ({"x": "lon"}, (1, 2))):
        points = read_text(tmp_path, text, **keys)
        assert (points.x[0], points.y[0]) == place


def test_a_geojson_column_that_is_not_there_is_said_with_all_else(tmp_path):
    with pytest.raises(InputError) as caught:
        read_text(tmp_path, "lon,lat,cover\n1,2,3\n", geojson="geom")
    first, second = caught.value.problems
    assert "no column 'geom'; it has lon, lat, cover" in first
    assert "(the recipe names it with geojson:)" in first
    assert "no column 'class'" in second
