"""Areas on the globe and the tiles they need."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import assume, given
from hypothesis import strategies as st
from pyproj import Transformer
from rasterio.crs import CRS

from classify_local.auxiliary_data.areas import Area, of_bounds, of_features, of_grid
from classify_local.auxiliary_data.planning import tiles_of
from classify_local.auxiliary_data.sources import SOURCES
from classify_local.errors import InputError
from classify_local.grid import Grid

DEGREES = "EPSG:4326"


def grid(crs: str, west: float, north: float, pixel: float, rows: int, cols: int) -> Grid:
    return Grid(crs=CRS.from_user_input(crs), transform=Affine(pixel, 0, west, 0, -pixel, north), shape=(rows, cols))


def names(area: Area, key: str = "srtm") -> list[str]:
    return [wanted.file.removesuffix(".tif") for wanted in tiles_of(area, SOURCES[key])]


@pytest.mark.parametrize(
    ("bounds", "key", "found"),
    [
        ((32.1, -13.4, 32.3, -13.2), "srtm", ["S14E032"]),
        ((32, -14, 33, -13), "srtm", ["S14E032"]),
        ((31.9, -14, 33, -13), "srtm", ["S14E031", "S14E032"]),
        ((-0.1, -0.1, 0.1, 0.1), "srtm", ["N00W001", "N00E000", "S01W001", "S01E000"]),
        ((179.9, 10.1, -179.9, 10.2), "srtm", ["N10W180", "N10E179"]),
        ((179.9, 10.1, 180.1, 10.2), "srtm", ["N10W180", "N10E179"]),
        ((-180.1, 10.1, -179.9, 10.2), "srtm", ["N10W180", "N10E179"]),
        ((200.1, 10.1, 200.2, 10.2), "srtm", ["N10W160"]),
        ((10.1, 59.5, 10.2, 61), "srtm", ["N59E010"]),
        ((10.1, 59.5, 10.2, 61), "skadi", ["N60E010", "N59E010"]),
        ((0.5, 89.5, 2.5, 90), "skadi", ["N89E000", "N89E001", "N89E002"]),
        ((10.1, -90, 10.2, -89.5), "skadi", ["S90E010"]),
        ((10.1, 70, 10.2, 71), "srtm", []),
        ((32.1, -13.4, 33.3, -11.9), "worldcover", [
            "ESA_WorldCover_10m_2021_v200_S12E030_Map", "ESA_WorldCover_10m_2021_v200_S12E033_Map",
            "ESA_WorldCover_10m_2021_v200_S15E030_Map", "ESA_WorldCover_10m_2021_v200_S15E033_Map",
        ]),
        ((10, 82, 11, 83), "worldcover", ["ESA_WorldCover_10m_2021_v200_N81E009_Map"]),
    ],
)  # fmt: skip
def test_tiles_of_bounds(bounds, key, found):
    assert sorted(names(of_bounds(*bounds), key)) == sorted(found)


def test_water_tiles_have_layers():
    found = names(of_bounds(32.1, -13.4, 32.3, -13.2), "water-1.4")
    assert found == [
        f"{layer}_30E_10Sv1_4_2021"
        for layer in ("occurrence", "change", "seasonality", "recurrence", "transitions", "extent")
    ]


def test_the_whole_world():
    assert len(names(of_bounds(-180, -90, 180, 90), "worldcover")) == 120 * 48
    assert len(names(of_bounds(0, -90, 360, 90), "water-1.5")) == 36 * 14 * 6


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        ((0, 0, 1, 91), "south must be less"), ((0, 2, 1, 1), "is the order right"), ((0, 1, 1, 1), "south must"),
        ((1, 0, 1, 1), "no width"), ((float("nan"), 0, 1, 1), "no degrees"), ((0, 0, float("inf"), 1), "no degrees"),
        ((500_000, 0, 600_000, 1), "no degrees"),
    ],
)  # fmt: skip
def test_bounds_that_are_none(bounds, said):
    with pytest.raises(InputError, match=said):
        of_bounds(*bounds)


@given(
    west=st.floats(-180, 179.99), width=st.floats(0.001, 180), south=st.floats(-89.9, 89.8), height=st.floats(0.001, 9),
    key=st.sampled_from(list(SOURCES)),
)  # fmt: skip
def test_tiles_cover_the_area_and_each_touches_it(west, width, south, height, key):
    east, north = west + width, min(90.0, south + height)
    assume(north > south)
    area, source = of_bounds(west, south, east, north), SOURCES[key]
    cells = area.cells(source.side, source.south, source.north)
    boxes = shapely.union_all([shapely.box(*cell.bounds) for cell in cells])
    covered = shapely.intersection(area.shape, shapely.box(-180, source.south, 180, source.north))
    assert shapely.difference(covered, boxes).area < 1e-9
    for cell in cells:
        assert shapely.box(*cell.bounds).intersects(area.shape)
        assert -180 <= cell.west <= 180 - source.side
        assert source.south <= cell.south <= source.north - source.side
    assert len(set(cells)) == len(cells)


@given(
    lon=st.floats(-179.9, 179.9), lat=st.floats(-80, 80), rows=st.integers(1, 400), cols=st.integers(1, 400),
    row=st.floats(0, 1), col=st.floats(0, 1),
)  # fmt: skip
def test_every_pixel_of_a_projected_image_lies_in_a_tile(lon, lat, rows, cols, row, col):
    """Also where the zone's neighbour lies over the antimeridian."""
    zone = int((lon + 180) // 6) + 1
    crs = f"EPSG:{(32600 if lat >= 0 else 32700) + zone}"
    x, y = Transformer.from_crs(DEGREES, crs, always_xy=True).transform(lon, lat)
    image = grid(crs, x, y, 300.0, rows, cols)
    px, py = image.transform @ (col * cols, row * rows)
    there = Transformer.from_crs(crs, DEGREES, always_xy=True).transform(px, py)
    cells = of_grid(image, "image").cells(1, -90, 90)
    assert any(
        cell.west <= there[0] <= cell.west + 1 and cell.south <= there[1] <= cell.south + 1 for cell in cells
    )  # fmt: skip
    degrees_high = 3 + 120 / 111
    degrees_wide = 3 + 120 / (111 * math.cos(math.radians(min(abs(lat) + 1.5, 85))))
    assert len(cells) <= degrees_high * degrees_wide  # no band around the globe


def test_an_image_at_the_antimeridian():
    area = of_grid(grid("EPSG:32701", 100_000, 8_000_000, 1000, 100, 200), "image")  # zone 1 reaches over 180
    west, _, east, _ = area.bounds
    assert 179 <= west <= 180
    assert -180 <= east <= -178
    assert len(names(area)) < 10


@pytest.mark.parametrize(("crs", "sign"), [("EPSG:3995", 1), ("EPSG:3031", -1)])
def test_an_image_around_a_pole(crs, sign):
    area = of_grid(grid(crs, -100_000, 100_000, 1000, 200, 200), "image")
    assert len(area.cells(1, -90, 90)) == 2 * 360  # the edges' middles are 0.9 degrees from it, the corners 1.3
    assert sign * area.shape.centroid.y > 88


def test_an_image_in_longitudes_to_360():
    assert names(of_grid(grid(DEGREES, 199.2, 10.5, 0.1, 2, 4), "image")) == ["N10W161"]
    assert len(of_grid(grid(DEGREES, 0, 90, 1, 180, 360), "image").cells(1, -90, 90)) == 360 * 180


def test_neighbours_of_an_image_that_ends_at_a_tile():
    """Slopes at its edge look at heights beyond."""
    assert len(names(of_grid(grid(DEGREES, 32, -13, 0.1, 10, 10), "image"))) == 9
    assert len(names(of_bounds(32, -14, 33, -13))) == 1


def test_an_image_nowhere():
    with pytest.raises(InputError, match="nowhere on the globe"):
        of_grid(grid("EPSG:3035", 1e9, 1e9, 1e3, 2, 2), "image")


def test_features():
    ell = shapely.Polygon([(32.1, -13.9), (35.9, -13.9), (35.9, -13.8), (32.2, -13.8), (32.2, -10.1), (32.1, -10.1)])
    found = names(of_features([None, ell], DEGREES, "area"))
    assert found == ["S11E032", "S12E032", "S13E032", "S14E032", "S14E033", "S14E034", "S14E035"]
    points = [shapely.Point(32.5, -13.5), shapely.MultiPoint([(40.5, 3.5), (33, 2.5)])]
    assert names(of_features(points, DEGREES, "area")) == ["N03E040", "N02E032", "N02E033", "S14E032"]


def test_features_in_metres_and_over_the_antimeridian():
    to = Transformer.from_crs(DEGREES, "EPSG:32701", always_xy=True).transform
    ring = [to(lon, lat) for lon, lat in ((179.5, -17.5), (-179.5, -17.5), (-179.5, -17.2), (179.5, -17.2))]
    assert sorted(names(of_features([shapely.Polygon(ring)], "EPSG:32701", "area"))) == ["S18E179", "S18W180"]


@pytest.mark.parametrize(
    ("shapes", "crs", "said"),
    [
        ([], DEGREES, "no geometries"), ([None, shapely.Point()], DEGREES, "no geometries"),
        ([shapely.Point(0, 0)], None, "reference system"),
        ([shapely.Point(1e9, 1e9)], DEGREES, "nowhere"),
    ],
)  # fmt: skip
def test_features_without_a_place(shapes, crs, said):
    with pytest.raises(InputError, match=said):
        of_features(shapes, crs, "area")


def test_bounds_are_told_the_short_way_round():
    assert of_bounds(170, 0, -170, 1).bounds == (170, 0, -170, 1)
    assert of_bounds(-180, 0, 180, 1).bounds == (-180, 0, 180, 1)
    assert np.allclose(of_bounds(10, 0, 20, 1).bounds, (10, 0, 20, 1))
