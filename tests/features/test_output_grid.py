"""The grid of the map: as a table, by properties, around the world."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer
from rasterio.crs import CRS
from rasterio.warp import transform_bounds

from classify_local.errors import InputError
from classify_local.features.output_grid import bounds_in, finer_note, resolve_grid
from classify_local.grid import Grid
from tests.storage.test_placing import DEGREES, grid_of

UTM = "EPSG:32736"
FIRST = grid_of(UTM, Affine(10, 0, 500_000, 0, -10, 8_600_000), 100, 200)
DEGREE = 111_319.490793


def degrees_of(x0: float, y0: float, x1: float, y1: float, crs: str = UTM) -> tuple[float, float, float, float]:
    """Bounds in degrees that lie within a box of another system: what is asked for is never more than the box."""
    transformer = Transformer.from_crs(crs, DEGREES, always_xy=True)
    west, south = transformer.transform(x0, y0)
    east, north = transformer.transform(x1, y1)
    return west, south, east, north


def lies_on(grid: Grid, first: Grid) -> bool:
    """Whether a grid's pixels begin where whole numbers of them from the first's corner do."""
    t = ~grid.transform @ first.transform
    return abs(t.c - round(t.c)) < 1e-6 and abs(t.f - round(t.f)) < 1e-6


# the first image's own pixels


def test_without_a_wish_it_is_the_first_images():
    assert resolve_grid(FIRST) is FIRST
    assert resolve_grid(FIRST, crs=UTM) is FIRST


@given(st.integers(0, 98), st.integers(0, 198), st.data())
def test_an_area_takes_the_pixels_it_touches(row, col, data):
    last_row, last_col = data.draw(st.integers(row + 1, 100)), data.draw(st.integers(col + 1, 200))
    inset = data.draw(st.floats(0.01, 0.45))
    x, y = FIRST.transform @ (np.array([col + inset, last_col - inset]), np.array([last_row - inset, row + inset]))
    grid = resolve_grid(FIRST, within=(x[0], y[0], x[1], y[1]))
    assert grid.shape == (last_row - row, last_col - col)
    assert FIRST.offset_of(grid) == (row, col)


def test_an_area_on_edges_of_pixels_takes_no_more():
    grid = resolve_grid(FIRST, within=(500_100, 8_599_500, 500_300, 8_599_900))
    assert (grid.shape, FIRST.offset_of(grid)) == ((40, 20), (10, 10))


def test_an_area_in_degrees_is_covered():
    area = degrees_of(500_105, 8_599_505, 500_295, 8_599_895)
    grid = resolve_grid(FIRST, area=area)
    assert (grid.shape, FIRST.offset_of(grid)) == ((40, 20), (10, 10))


def test_an_area_larger_than_the_image_is_cut():
    assert resolve_grid(FIRST, area=(-10, -50, 60, 30)).shape == FIRST.shape


@pytest.mark.parametrize(
    "linear", [Affine(10, 0, 0, 0, 10, 0), Affine(8, 6, 0, 6, -8, 0), Affine(-10, 0, 0, 0, -20, 0)]
)
def test_south_up_and_turned_images_are_cropped_to_their_own_pixels(linear):
    first = grid_of(UTM, Affine.translation(500_000, 8_600_000) @ linear, 100, 200)
    x, y = first.transform @ (np.array([40.5, 60.5]), np.array([30.5, 50.5]))
    within = (min(x), min(y), max(x), max(y))
    grid = resolve_grid(first, within=within)
    row, col = first.offset_of(grid)
    corners = first.pixel_yx(*np.meshgrid(within[::2], within[1::2]))
    assert row == np.floor(corners[0].min())
    assert col == np.floor(corners[1].min())
    assert row + grid.shape[0] == np.ceil(corners[0].max())
    assert col + grid.shape[1] == np.ceil(corners[1].max())


# another pixel size


@pytest.mark.parametrize(
    ("scale", "shape"),
    [(20, (50, 100)), (30, (34, 67)), (5, (200, 400)), (10, (100, 200)), (7.5, (134, 267)), (3000, (1, 1))],
)
def test_scale_in_metres_begins_where_the_first_image_does(scale, shape):
    grid = resolve_grid(FIRST, scale=scale)
    assert grid.shape == shape
    assert grid.transform == Affine(scale, 0, 500_000, 0, -scale, 8_600_000)


@given(st.floats(3, 200), st.floats(0, 900), st.floats(0, 1900), st.floats(20, 900), st.floats(20, 900))
def test_scale_and_area_keep_the_lattice_and_cover_no_pixel_too_many(scale, down, across, height, width):
    within = (500_000 + across, 8_600_000 - down - height, 500_000 + across + width, 8_600_000 - down)
    grid = resolve_grid(FIRST, scale=scale, within=within)
    assert lies_on(grid, resolve_grid(FIRST, scale=scale))
    left, bottom, right, top = grid.bounds
    slack = 1e-5 * scale
    common = (within[0], max(within[1], 8_599_000), min(within[2], 502_000), within[3])
    assert left <= common[0] + slack < left + scale + 2 * slack
    assert right >= common[2] - slack > right - scale - 2 * slack
    assert bottom <= common[1] + slack < bottom + scale + 2 * slack
    assert top >= common[3] - slack > top - scale - 2 * slack


@pytest.mark.parametrize(
    ("crs", "scale", "side"),
    [
        (UTM, "0.00025 deg", 0.00025 * DEGREE),
        (DEGREES, 30, 30 / DEGREE),
        (DEGREES, "0.00025 deg", 0.00025),
        (DEGREES, " 2.5e-4deg", 0.00025),
        ("EPSG:2264", 30, 30 * 3937 / 1200),  # US survey feet
    ],
)
def test_metres_and_degrees_by_the_equator_as_earth_engine(crs, scale, side):
    first = grid_of("EPSG:32617", Affine(10, 0, 600_000, 0, -10, 3_900_000), 50, 50)
    assert resolve_grid(first, crs=crs, scale=scale).pixel_size == pytest.approx((side, side), rel=1e-9)


@pytest.mark.parametrize("linear", [Affine(10, 0, 0, 0, 10, 0), Affine(8, 6, 0, 6, -8, 0)])
def test_with_a_scale_south_up_and_turned_images_are_turned_north_up(linear):
    first = grid_of(UTM, Affine.translation(500_000, 8_600_000) @ linear, 100, 200)
    grid = resolve_grid(first, scale=20)
    assert (grid.transform.a, grid.transform.b, grid.transform.d, grid.transform.e) == (20, 0, 0, -20)
    assert lies_on(grid, grid_of(UTM, Affine(20, 0, 500_000, 0, -20, 8_600_000), 1, 1))
    left, bottom, right, top = first.bounds
    assert grid.bounds[0] <= left < grid.bounds[0] + 20
    assert grid.bounds[3] >= top > grid.bounds[3] - 20
    assert grid.bounds[1] <= bottom < grid.bounds[1] + 20
    assert grid.bounds[2] >= right > grid.bounds[2] - 20


# another reference system


@pytest.mark.parametrize("crs", [DEGREES, "EPSG:32737", "EPSG:3857"])
def test_another_system_lies_at_whole_pixels_from_its_origin_and_holds_the_image(crs):
    grid = resolve_grid(FIRST, crs=crs, scale=20)
    assert grid.crs == CRS.from_string(crs)
    side = grid.transform.a
    assert (grid.transform.c / side, grid.transform.f / side) == pytest.approx(
        (round(grid.transform.c / side), round(grid.transform.f / side)), abs=1e-5
    )
    left, bottom, right, top = transform_bounds(UTM, crs, *FIRST.bounds)
    assert grid.bounds[0] <= left + 1e-9 < grid.bounds[0] + 1.001 * side
    assert grid.bounds[3] >= top - 1e-9 > grid.bounds[3] - 1.001 * side
    assert grid.bounds[1] <= bottom + 1e-9
    assert grid.bounds[2] >= right - 1e-9


def test_without_a_scale_another_system_has_about_as_many_pixels():
    for crs in (DEGREES, "EPSG:32737", "EPSG:3857"):
        rows, cols = resolve_grid(FIRST, crs=crs).shape
        assert rows * cols == pytest.approx(100 * 200, rel=0.12)


# around the world


@pytest.mark.parametrize("west", [179.9, -180.1])
@pytest.mark.parametrize(
    "area", [(179.95, 4.85, -179.95, 4.95), (179.95, 4.85, 180.05, 4.95), (-180.05, 4.85, -179.95, 4.95)]
)
def test_an_image_and_an_area_across_the_antimeridian_in_degrees(west, area):
    first = grid_of(DEGREES, Affine(0.001, 0, west, 0, -0.001, 5), 200, 200)
    assert first.offset_of(resolve_grid(first, area=area)) == (50, 50)
    assert resolve_grid(first, area=area).shape == (100, 100)
    assert resolve_grid(first, area=area, scale="0.002 deg").shape == (50, 50)
    east_side = resolve_grid(first, area=(-179.98, 4.85, -179.95, 4.95))
    assert first.offset_of(east_side) == (50, 120)
    assert east_side.shape == (100, 30)


@pytest.mark.parametrize("zone", ["EPSG:32660", "EPSG:32601"])
def test_an_image_in_metres_across_the_antimeridian(zone):
    x, y = Transformer.from_crs(DEGREES, zone, always_xy=True).transform(180, 5)
    first = grid_of(zone, Affine(30, 0, x - 15_000, 0, -30, y + 15_000), 1000, 1000)
    grid = resolve_grid(first, area=(179.95, 4.95, -179.95, 5.05))
    centre = first.pixel_yx(np.array([x]), np.array([y]))[:, 0]
    row, col = first.offset_of(grid)
    assert (centre - [row, col]) * 2 == pytest.approx(grid.shape, abs=8)
    assert grid.shape == pytest.approx((0.1 * 110_574 / 30, 0.1 * 110_900 / 30), rel=0.02)
    made = resolve_grid(first, crs=DEGREES)
    assert made.shape == pytest.approx((1000, 1000), rel=0.08)
    assert made.bounds[0] < 180 < made.bounds[2] < 180.2
    cut = resolve_grid(first, crs=DEGREES, area=(179.95, 4.95, -179.95, 5.05), scale=30)
    assert cut.bounds == pytest.approx((179.95, 4.95, 180.05, 5.05), abs=1e-3)


def test_an_area_that_goes_on_where_a_world_image_ends_is_refused():
    first = grid_of(DEGREES, Affine(0.1, 0, -180, 0, -0.1, 90), 1800, 3600)
    assert resolve_grid(first, area=(10, 20, 30, 40)).shape == (200, 200)
    assert resolve_grid(first, area=(-180, -90, 180, 90)) == first
    with pytest.raises(InputError, match="crosses the meridian at which the first image ends"):
        resolve_grid(first, area=(170, 20, -170, 40))


@pytest.mark.parametrize(
    ("begins", "area", "sides"),
    [
        (-180, (170, 20, -170, 40), [(170, 20, 180, 40), (-180, 20, -170, 40)]),
        (0, (-10, 20, 10.5, 40), [(0, 20, 10.5, 40), (350, 20, 360, 40)]),
    ],
)
def test_the_sides_to_map_one_by_one_are_said_and_together_are_the_area(begins, area, sides):
    first = grid_of(DEGREES, Affine(0.1, 0, begins, 0, -0.1, 90), 1800, 3600)
    with pytest.raises(InputError, match="its sides one by one") as caught:
        resolve_grid(first, area=area)
    said = [
        tuple(json.loads(text)) for text in re.findall(r"aoi: (\[[^]]*\])", str(caught.value).split("one by one")[1])
    ]
    assert said == sides
    width = (area[2] - area[0]) % 360
    assert sum(resolve_grid(first, area=side).shape[1] for side in said) == pytest.approx(width * 10)


@pytest.mark.parametrize(
    ("area", "within"),
    [
        ((-180, 89, 180, 90), (-112_000, -112_000, 112_000, 112_000)),
        ((-45, 89, 45, 90), (0, -112_000, 112_000, 0)),
        ((0, 80, 10, 81), None),
    ],
)
def test_an_area_at_the_pole(area, within):
    first = grid_of("EPSG:3413", Affine(1000, 0, -1_500_000, 0, -1000, 1_500_000), 3000, 3000)
    grid = resolve_grid(first, area=area)
    if within is not None:
        assert grid.bounds == pytest.approx(within, abs=4000)
    inside = Transformer.from_crs(DEGREES, "EPSG:3413", always_xy=True)
    rng = np.random.default_rng(1)
    x, y = inside.transform(rng.uniform(area[0], area[2], 500), rng.uniform(area[1], area[3], 500))
    left, bottom, right, top = grid.bounds
    assert ((x >= left) & (x <= right) & (y >= bottom) & (y <= top)).all()


def test_a_polar_image_in_degrees_reaches_around_the_pole():
    first = grid_of("EPSG:3413", Affine(10_000, 0, -500_000, 0, -10_000, 500_000), 100, 100)
    left, bottom, right, top = bounds_in(first, CRS.from_string(DEGREES))
    assert (left, right, top) == pytest.approx((-180, 180, 90), abs=1e-6)
    assert bottom < 86


def test_an_area_that_a_projection_folds_back_upon_the_image_is_refused():
    """A quarter of the earth away, the bounds of a zone of UTM hold every place."""
    with pytest.raises(InputError, match="lies outside the first image"):
        resolve_grid(FIRST, area=(100, 0, 120, 2))


def test_the_whole_world_is_the_whole_image():
    assert resolve_grid(FIRST, area=(-180, -90, 180, 90)) == FIRST


@given(st.floats(-180, 179), st.floats(-90, 89), st.floats(0.1, 20), st.floats(0.1, 20))
def test_any_area_is_covered_or_refused(west, south, width, height):
    """Never a part of the image that the area does not touch."""
    area = (west, south, min(west + width, 180.0), min(south + height, 90.0))
    own = transform_bounds(UTM, DEGREES, *FIRST.bounds)
    meets = area[0] < own[2] and area[2] > own[0] and area[1] < own[3] and area[3] > own[1]
    margin = 0.3  # an area's bounds in metres are wider than itself
    beside = area[0] > own[2] + margin or area[2] < own[0] - margin
    beside |= area[1] > own[3] + margin or area[3] < own[1] - margin
    if beside:
        with pytest.raises(InputError, match=r"output\.aoi: .*(lies outside|has no place)"):
            resolve_grid(FIRST, area=area)
    elif meets:
        resolve_grid(FIRST, area=area)


# what makes no sense


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({"crs": "EPSG:999999"}, "unknown reference system 'EPSG:999999'"),
        ({"crs": "UTM"}, "write EPSG:n"),
        ({"crs": "https://example.org/crs"}, "is an address, which is never opened"),
        ({"scale": "30 m"}, "is no size; write metres as a number"),
        ({"scale": "0 deg"}, "is no size"),
        ({"area": (0, 10, 5, 5)}, "is not west, south, east, north"),
        ({"area": (33, -100, 34, -12)}, "is not west, south, east, north"),
        ({"area": (500_000, 8_599_000, 501_000, 8_600_000)}, "is not west, south, east, north"),
        (
            {"area": (10, 10, 20, 20)},
            r"lies outside the first image \(3.* in degrees; 500000 8599000 502000 8600000 in the map's system",
        ),
        ({"area": (10, 10, 20, 20), "scale": 30}, "lies outside the first image"),
        ({"area": (10, 10, 20, 20), "crs": DEGREES}, "lies outside the first image"),
    ],
)
def test_what_makes_no_sense_is_refused(wishes, words):
    with pytest.raises(InputError, match=words):
        resolve_grid(FIRST, **wishes)


@pytest.mark.parametrize(
    ("wishes", "words"),
    [({}, ""), ({"scale": 20}, ""), ({"scale": 10}, ""), ({"crs": DEGREES}, ""), ({"scale": 5}, "2 times smaller")],
)
def test_pixels_smaller_than_the_images_are_noted(wishes, words):
    note = finer_note(resolve_grid(FIRST, **wishes), FIRST)
    assert words in note
    assert bool(note) == bool(words)
    if note:
        assert "80,000 pixels instead of 20,000" in note
