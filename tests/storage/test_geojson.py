"""Geometries in cells: GeoJSON and WKT as programs export them, and what is said of what cannot be read."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from classify_local.storage import geojson
from classify_local.storage.columns import text_array
from classify_local.storage.geojson import geometries_from_text
from classify_local.storage.geometries import Tidied, from_wkb, tidy
from classify_local.storage.wkb import is_nested_deeper

POINT = {"type": "Point", "coordinates": [32.5, -13.25]}
COORDINATE = st.floats(-1e6, 1e6)


def read(*cells: Any) -> Tidied:
    """Cells, given as text or as what becomes JSON."""
    return geometries_from_text(text_array(cell if isinstance(cell, str) else json.dumps(cell) for cell in cells))


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (POINT, "POINT (32.5 -13.25)"),
        ({"geodesic": False, **POINT}, "POINT (32.5 -13.25)"),
        ({**POINT, "crs": {"type": "name"}, "bbox": [0, 0, 1, 1]}, "POINT (32.5 -13.25)"),
        (json.dumps(POINT, indent=1), "POINT (32.5 -13.25)"),
        (str(POINT), "POINT (32.5 -13.25)"),
        ({"type": "Feature", "geometry": POINT, "properties": {}}, "POINT (32.5 -13.25)"),
        ({"type": "Feature", "geometry": POINT}, "POINT (32.5 -13.25)"),
        ({"type": "Point", "coordinates": [1, 2, 3]}, "POINT (1 2)"),
        ({"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]}, "MULTIPOINT ((1 2), (3 4))"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [2, 0], [2, 2], [0, 0]]]}, "POLYGON ((0 0, 2 0, 2 2, 0 0))"),
        (
            {"type": "GeometryCollection", "geometries": [POINT, {"type": "MultiPoint", "coordinates": [[1, 2]]}]},
            "MULTIPOINT ((1 2), (32.5 -13.25))",
        ),
        ("POINT (32.5 -13.25)", "POINT (32.5 -13.25)"),
        ("point(32.5 -13.25)", "POINT (32.5 -13.25)"),
        ("POINT Z (1 2 3)", "POINT (1 2)"),
        ("MULTIPOLYGON (((0 0, 2 0, 2 2, 0 0)))", "MULTIPOLYGON (((0 0, 2 0, 2 2, 0 0)))"),
    ],
)
def test_what_is_read(cell, expected):
    found = read(cell)
    assert shapely.equals_exact(shapely.normalize(found.geometries[0]), shapely.normalize(shapely.from_wkt(expected)))
    assert (found.problems, found.repaired) == ({}, 0)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("", "is empty"),
        ("null", "is empty"),
        ({"type": "Feature", "geometry": None}, "is empty"),
        ("forest", "'forest' is not GeoJSON; write for example"),
        ("[32.5, -13.25]", r"'\[32.5, -13.25\]' is not GeoJSON"),
        ('{"type": "Point", "coordinates": [1, 2]', "is broken JSON"),
        ('{"type": "Point", "coordinates": [1, 2]} and more', "is broken JSON"),
        ("{'type': 'Point', 'x': \"'\"}", "is broken JSON"),
        ({"type": "Point"}, "has coordinates that are not those of a Point; write for example"),
        ({"type": "Point", "coordinates": ["1", "2"]}, "coordinates that are not those of a Point"),
        ({"type": "Point", "coordinates": [1]}, "coordinates that are not those of a Point"),
        ({"type": "Point", "coordinates": [1, float("nan")]}, "coordinates that are not those of a Point"),
        ('{"type": "Point", "coordinates": [1e999, 2]}', "coordinates that are not those of a Point"),
        ({"type": "Point", "coordinates": []}, "has an empty geometry"),
        ({"type": "point", "coordinates": [1, 2]}, "has the type 'point'; allowed are Point, MultiPoint"),
        ({"coordinates": [1, 2]}, "has the type 'None'"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1]]]}, "is a Polygon with a ring that does not end"),
        ({"type": "MultiPolygon", "coordinates": [[[[0, 0], [1, 0], [1, 1]]]]}, "is a MultiPolygon with a ring that"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 0]]]}, "coordinates that are not|without area"),
        ({"type": "Polygon", "coordinates": 5}, "coordinates that are not those of a Polygon"),
        ({"type": "LineString", "coordinates": [[0, 0], [1, 1]]}, "is a line; points and polygons can be used"),
        ({"type": "GeometryCollection", "geometries": []}, "has an empty geometry"),
        ("LINESTRING (0 0, 1 1)", "is a line"),
        ("POINT EMPTY", "has an empty geometry"),
        ("POINT (nan 1)", "has a coordinate that is not a number"),
        ("CIRCULARSTRING (0 0, 1 1, 2 0)", "is not GeoJSON"),
        ("SRID=4326;POINT (1 2)", "has an SRID of its own; export it as GeoJSON or plain WKT"),
        (shapely.to_wkb(shapely.Point(1, 2), hex=True), "is binary .WKB.; export it as GeoJSON"),
    ],
)
def test_what_is_said_of_the_rest(cell, said):
    found = read(POINT, cell, "POINT (1 2)")
    assert found.geometries[1] is None
    assert list(found.problems) == [1]
    assert re.search(said, found.problems[1]), found.problems[1]
    assert "\n" not in found.problems[1]
    assert [found.geometries[0].x, found.geometries[2].x] == [32.5, 1]


def test_polygons_are_repaired_and_counted():
    found = read({"type": "Polygon", "coordinates": [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]]}, POINT)
    assert found.geometries[0].area == pytest.approx(2)
    assert shapely.is_valid(found.geometries).all()
    assert found.notices("a.csv") == ("a.csv: 1 polygon was invalid (self-intersection) and repaired",)
    assert read(POINT).notices("a.csv") == ()


def test_overlapping_parts_stay_covered():
    """The even-odd rule would make a hole of what two parts share."""
    parts = "MULTIPOLYGON (((0 0, 2 0, 2 2, 0 2, 0 0)), ((1 1, 3 1, 3 3, 1 3, 1 1)))"
    assert read(parts).geometries[0].area == pytest.approx(7)


@given(st.lists(st.tuples(COORDINATE, COORDINATE), min_size=1, max_size=30), st.integers(1, 7))
def test_coordinates_come_back_exactly_whatever_the_chunks(places, chunk):
    cells = [{"type": "Point", "coordinates": list(place)} for place in places]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(geojson, "_CHUNK", chunk)
        found = read(*cells)
    np.testing.assert_array_equal(shapely.get_coordinates(found.geometries), np.array(places))


@given(st.lists(st.text('{}[]":,POINT()123 "type"coordinates', max_size=30) | st.text(max_size=10), max_size=10))
def test_any_text_is_read_or_has_a_problem(cells):
    found = geometries_from_text(text_array(cell.strip() for cell in cells))
    missing = [i for i, geometry in enumerate(found.geometries) if geometry is None]
    assert missing == list(found.problems)


def test_no_cells():
    assert read().geometries.shape == (0,)


NESTED = {
    "GeoJSON": '{"type":"GeometryCollection","geometries":[' * 90_000 + json.dumps(POINT) + "]}" * 90_000,
    "GeoJSON in disguise": '{"type":"Geometry\\u0043ollection","geometries":[' * 90_000 + json.dumps(POINT),
    "WKT": "GEOMETRYCOLLECTION (" * 90_000 + "POINT (1 2)" + ")" * 90_000,
}


@pytest.mark.parametrize("kind", NESTED)
def test_what_is_nested_too_deep_is_a_problem(kind):
    found = read(NESTED[kind])
    assert found.problems == {0: "is a collection of too many parts; keep one geometry for each row"}


def test_what_is_nested_too_deep_in_wkb_is_not_read():
    """In a process of its own, as it would overflow the stack."""
    code = (
        "from classify_local.storage.geometries import from_wkb\n"
        "import struct\n"
        "for kind in (4, 6, 7, 1007, 2006, 3007, 0x80000007, 0xC0000007):\n"
        "    for order in '<>':\n"
        "        part = struct.pack(order + 'BII', order == '<', kind, 1)\n"
        "        print(from_wkb([part * 90_000 + bytes(21), b'']))\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["[None", "None]"] * 16


def test_large_multi_part_geometries_are_read():
    squares = [shapely.box(3 * i, 0, 3 * i + 1, 1) for i in range(5_000)]
    for many in (
        shapely.MultiPolygon(squares),
        shapely.MultiPoint([square.centroid for square in squares]),
        shapely.GeometryCollection([shapely.MultiPolygon([square]) for square in squares]),
        shapely.force_3d(shapely.MultiPolygon(squares)),
    ):
        for options in ({}, {"byte_order": 0}, {"flavor": "iso"}, {"include_srid": True}):
            (found,) = from_wkb([shapely.to_wkb(shapely.set_srid(many, 32736), **options)])
            assert shapely.equals_identical(shapely.set_srid(found, 32736), shapely.set_srid(many, 32736))


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 3), st.sampled_from([0, 1]))
def test_depth_is_counted_as_it_is(levels, limit, width, byte_order):
    geometry: shapely.Geometry = shapely.GeometryCollection([shapely.Point(1, 2)])
    beside = [shapely.Point(0, 4), shapely.LineString([(0, 0), (4, 4)]), shapely.box(0, 0, 4, 6)] * 9
    for _ in range(levels - 1):
        geometry = shapely.GeometryCollection([*beside[:width], geometry, *beside])
    assert is_nested_deeper(shapely.to_wkb(geometry, byte_order=byte_order) + bytes(1000), limit) == (levels > limit)


def test_collections_are_taken_apart():
    nested = shapely.GeometryCollection(
        [shapely.Point(1, 2), shapely.GeometryCollection([shapely.MultiPoint([(3, 4), (5, 6)]), shapely.Point()])]
    )
    both = shapely.GeometryCollection([shapely.box(0, 0, 1, 1), shapely.Point(1, 2)])
    found = tidy(np.array([nested, both, None], dtype=object))
    assert found.geometries[0].equals(shapely.MultiPoint([(1, 2), (3, 4), (5, 6)]))
    assert found.problems == {1: "mixes points, lines and polygons; keep one kind", 2: "has no geometry"}
