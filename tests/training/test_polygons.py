"""Pixels of polygons: beside GDAL's rasterising, a brute force over all centres, geopandas; caps, purity, systems."""

from __future__ import annotations

import itertools
from pathlib import Path
from unittest import mock

import geopandas
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rasterio.crs import CRS
from rasterio.features import rasterize
from shapely.geometry import MultiPolygon, Polygon, box

from classify_local.errors import InputError
from classify_local.grid import Grid
from classify_local.training import polygons
from classify_local.training.polygons import PolygonPixels, coordinates, in_crs, pixel_numbers, polygon_pixels
from classify_local.training.samples import OUTSIDE, TOO_SMALL
from tests.training.entries import read_entry

UTM = CRS.from_epsg(32736)
NORTH_UP = Affine(10, 0, 500_000, 0, -10, 8_600_000)
MANY = 10**9


def grid_of(transform: Affine = NORTH_UP, shape: tuple[int, int] = (40, 50), crs: CRS = UTM) -> Grid:
    return Grid(crs=crs, transform=transform, shape=shape)


def pixels_of(found: PolygonPixels, number: int = 0) -> list[tuple[int, int]]:
    return list(zip(*found.pixel_yx[:, found.polygon == number].tolist(), strict=True))


def to_map(polygon: shapely.Geometry, transform: Affine) -> shapely.Geometry:
    """A polygon drawn in (column, row) as it lies on the map."""
    a, b, c, d, e, f = transform[:6]
    return shapely.transform(polygon, lambda p: p @ np.array([[a, d], [b, e]]) + np.array([c, f]))


# random polygons and grids

TRANSFORMS = st.sampled_from(
    [
        NORTH_UP,
        Affine(10, 0, 500_000, 0, 10, 8_600_000),
        Affine(30, 0, 500_000, 0, -10, 8_600_000),
        NORTH_UP @ Affine.rotation(33),
        Affine(10, 0, 500_000, 0, 10, 8_600_000) @ Affine.rotation(-70),
        NORTH_UP @ Affine.shear(20, -5),
        Affine(-10, 0, 500_000, 0, -10, 8_600_000),
        Affine(0, 10, 500_000, 10, 0, 8_600_000),
    ]
)


@st.composite
def stars(draw: st.DrawFn) -> Polygon:
    """A polygon in (column, row), often partly outside the grid, with or without a hole."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    corners = draw(st.integers(3, 12))
    centre, size = rng.uniform(-10, 60, 2), draw(st.sampled_from([0.4, 3.0, 12.0, 60.0]))
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
    rays = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    radius = rng.uniform(0.3, 1, corners) * size
    ring = centre + rays * radius[:, None]
    hole = centre + rays * radius[:, None] * 0.4
    polygon = Polygon(ring, [hole] if draw(st.booleans()) else [])
    assume(polygon.is_valid)
    return polygon


@st.composite
def shapes(draw: st.DrawFn) -> shapely.Geometry:
    found = draw(st.lists(stars(), min_size=1, max_size=2))
    whole = found[0] if len(found) == 1 else MultiPolygon(found)
    assume(whole.is_valid)
    return whole


def brute_force(polygon: shapely.Geometry, grid: Grid) -> set[tuple[int, int]]:
    """Crossings of a ray from every centre with every edge, counted in plain numpy."""
    rows, cols = np.indices(grid.shape).reshape(2, -1)
    x, y = grid.transform @ (cols + 0.5, rows + 0.5)
    crossed = np.zeros(len(x), int)
    for part in shapely.get_parts(polygon):
        for ring in (part.exterior, *part.interiors):
            corners = np.asarray(ring.coords)
            for (ax, ay), (bx, by) in itertools.pairwise(corners):
                with np.errstate(divide="ignore", invalid="ignore"):
                    meets = ax + (y - ay) * (bx - ax) / (by - ay)
                crossed += ((ay > y) != (by > y)) & (x < meets)
    inside = crossed % 2 == 1
    return set(zip(rows[inside].tolist(), cols[inside].tolist(), strict=True))


def near_border(polygon: shapely.Geometry, grid: Grid) -> bool:
    rows, cols = np.indices(grid.shape).reshape(2, -1)
    centres = shapely.points(*(grid.transform @ (cols + 0.5, rows + 0.5)))
    return bool((shapely.distance(polygon.boundary, centres) < 1e-4).any())


@settings(max_examples=60)
@given(shapes(), TRANSFORMS)
def test_pixels_are_those_of_gdal_and_of_a_brute_force(shape, transform):
    grid = grid_of(transform)
    polygon = to_map(shape, transform)
    assume(not near_border(polygon, grid))
    found = polygon_pixels([polygon], grid, MANY, pure=False)
    burnt = rasterize([polygon], out_shape=grid.shape, transform=transform)
    assert pixels_of(found) == list(zip(*map(np.ndarray.tolist, np.nonzero(burnt)), strict=True)), "in the grid's order"
    assert set(pixels_of(found)) == brute_force(polygon, grid)
    assert (found.polygon == 0).all()


@settings(max_examples=30)
@given(shapes(), TRANSFORMS)
def test_pure_pixels_are_covered_wholly_and_no_covered_one_is_missed(shape, transform):
    grid = grid_of(transform)
    polygon = to_map(shape, transform)
    found = set(pixels_of(polygon_pixels([polygon], grid, MANY, pure=True)))
    for row, col in np.argwhere(rasterize([polygon], out_shape=grid.shape, transform=transform, all_touched=True)):
        square = to_map(box(col, row, col + 1, row + 1), transform)
        beyond = shapely.difference(square, polygon).area / square.area
        if (row, col) in found:
            found.remove((row, col))
            assert beyond < 1e-9
        else:
            assert beyond > 0
    assert not found, "pixels that the polygon does not even touch"


@settings(max_examples=30)
@given(shapes(), TRANSFORMS, st.integers(1, 60), st.booleans(), st.sampled_from([1, 3, 64]), st.sampled_from([1, 99]))
def test_nothing_depends_on_how_the_pixels_are_asked_for(shape, transform, most, pure, cell, at_once):
    grid, polygon = grid_of(transform), [to_map(shape, transform)]
    whole = polygon_pixels(polygon, grid, most, pure=pure)
    with mock.patch.multiple(polygons, _CELL=cell, _AT_ONCE=at_once):
        again = polygon_pixels(polygon, grid, most, pure=pure)
    assert pixels_of(whole) == pixels_of(again)
    assert (whole.outside, whole.too_small, whole.capped) == (again.outside, again.too_small, again.capped)


@settings(max_examples=40)
@given(shapes(), st.integers(1, 300), st.booleans())
def test_the_cap_takes_exactly_so_many_and_a_smaller_one_takes_some_of_these(shape, most, pure):
    grid, polygon = grid_of(), [to_map(shape, NORTH_UP)]
    every = pixels_of(polygon_pixels(polygon, grid, MANY, pure=pure))
    some = polygon_pixels(polygon, grid, most, pure=pure)
    assert len(pixels_of(some)) == min(most, len(every))
    assert set(pixels_of(some)) <= set(every)
    assert pixels_of(some) == sorted(pixels_of(some))
    assert some.capped == (len(every) > most)
    assert polygon_pixels(polygon, grid, max(1, len(every)), pure=pure).capped == 0
    fewer = polygon_pixels(polygon, grid, max(1, most // 2), pure=pure)
    assert set(pixels_of(fewer)) <= set(pixels_of(some))


# what falls where


def test_a_polygon_takes_the_pixels_whose_centres_it_holds():
    found = polygon_pixels([box(500_004, 8_599_976, 500_016, 8_599_996)], grid_of(), 100, pure=False)
    assert pixels_of(found) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    found = polygon_pixels([box(500_006, 8_599_976, 500_016, 8_599_994)], grid_of(), 100, pure=False)
    assert pixels_of(found) == [(1, 1)]


def test_pixels_that_a_border_only_touches_are_pure():
    found = polygon_pixels([box(500_010, 8_599_970, 500_030, 8_599_990)], grid_of(), 100, pure=True)
    assert pixels_of(found) == [(1, 1), (1, 2), (2, 1), (2, 2)]


def test_holes_and_parts():
    whole = box(500_000, 8_599_600, 500_500, 8_600_000) - box(500_010, 8_599_980, 500_490, 8_599_990)
    found = polygon_pixels([whole], grid_of(), MANY, pure=True)
    assert set(pixels_of(found)) == set(np.ndindex(40, 50)) - {(1, col) for col in range(1, 49)}
    parts = MultiPolygon([box(500_000, 8_599_990, 500_010, 8_600_000), box(500_490, 8_599_600, 500_500, 8_599_610)])
    assert pixels_of(polygon_pixels([parts], grid_of(), MANY, pure=False)) == [(0, 0), (39, 49)]


def test_polygons_outside_and_too_small_are_told_apart():
    inside = box(500_000, 8_599_990, 500_010, 8_600_000)
    found = polygon_pixels(
        [
            box(400_000, 8_599_990, 400_010, 8_600_000),
            box(500_001, 8_599_996, 500_004, 8_599_999),
            inside,
            Polygon(),
            box(499_000, 8_590_000, 510_000, 8_610_000),
        ],
        grid_of(), 7, pure=False,
    )  # fmt: skip
    assert (found.outside, found.too_small, found.capped) == ((0, 3), (1,), 1)
    assert np.bincount(found.polygon).tolist() == [0, 0, 1, 0, 7]
    pure = polygon_pixels([shapely.buffer(inside, -1), inside], grid_of(), 7, pure=True)
    assert (pure.too_small, pure.polygon.tolist()) == ((0,), [1])


def test_two_polygons_over_each_other_take_the_same_pixels():
    shapes = [box(500_000, 8_599_600, 500_500, 8_600_000)] * 2
    found = polygon_pixels(shapes, grid_of(), 20, pure=False)
    assert pixels_of(found, 0) == pixels_of(found, 1)


def test_no_polygons():
    found = polygon_pixels([], grid_of(), 20, pure=False)
    assert found.pixel_yx.shape == (2, 0)
    assert len(found.polygon) == 0


def test_a_polygon_as_large_as_an_image_needs_little_memory(monkeypatch):
    """Its pixels are never held all at once."""
    grid = grid_of(shape=(4000, 4000))
    most_at_once = []
    numbers = polygons.pixel_numbers
    monkeypatch.setattr(
        polygons, "pixel_numbers", lambda pixels: most_at_once.append(pixels.shape[1]) or numbers(pixels)
    )
    found = polygon_pixels([box(*grid.bounds)], grid, 100, pure=False)
    assert len(found.polygon) == 100
    assert 100 < max(most_at_once) <= (1 << 20) + 100


@given(st.sets(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)), min_size=2, max_size=50))
def test_pixels_have_numbers_of_their_own(places):
    pixels = np.array(sorted(places)).T
    numbers = pixel_numbers(pixels)
    assert len(set(numbers.tolist())) == len(places)
    np.testing.assert_array_equal(pixel_numbers(pixels[:, ::-1]), numbers[::-1])


def test_the_pixels_taken_are_spread_over_the_polygon():
    grid = grid_of(shape=(200, 200))
    found = polygon_pixels([box(*grid.bounds)], grid, 400, pure=False)
    quarters = np.histogram2d(*found.pixel_yx, bins=4, range=[[0, 200]] * 2)[0]
    assert quarters.min() >= 10, quarters
    assert quarters.max() <= 45, quarters


def test_coordinates_are_those_of_the_transform():
    for transform in (NORTH_UP, NORTH_UP @ Affine.rotation(33)):
        x, y = coordinates(grid_of(transform), np.array([0.5, 7.25]), np.array([3.0, 1.5]))
        assert list(zip(x, y, strict=True)) == [transform @ (3.0, 0.5), transform @ (1.5, 7.25)]


# reference systems


def test_polygons_of_another_system_are_moved():
    degrees = box(33.0, -12.7, 33.01, -12.69)
    (moved,) = in_crs(np.array([degrees], dtype=object), "EPSG:4326", grid_of(), "plots.gpkg")
    expected = geopandas.GeoSeries([degrees], crs="EPSG:4326").to_crs("EPSG:32736")[0]
    assert shapely.equals_exact(moved, expected, 1e-6)


def test_polygons_of_the_same_system_stay_as_they_are():
    given_ = np.array([box(500_000, 8_599_990, 500_010, 8_600_000)], dtype=object)
    for name in ("EPSG:32736", UTM.to_wkt()):
        assert in_crs(given_, name, grid_of(), "plots.gpkg") is given_


def test_a_polygon_without_a_place_in_the_system_lies_outside():
    on_earth, beyond = box(33.0, -12.7, 33.01, -12.69), box(33.0, 89.0, 33.1, 91.0)
    shapes = np.array([beyond, on_earth, MultiPolygon([on_earth, beyond])], dtype=object)
    moved = in_crs(shapes, "EPSG:4326", grid_of(), "plots.gpkg")
    assert shapely.is_empty(moved).tolist() == [True, False, True]
    assert polygon_pixels(moved, grid_of(), 9, pure=False).outside == (0, 1, 2)


def test_a_system_that_leads_nowhere_is_said_with_the_file():
    local = CRS.from_wkt(
        'ENGCRS["site",EDATUM["peg"],CS[Cartesian,2],AXIS["x",east],AXIS["y",north],LENGTHUNIT["metre",1]]'
    )
    with pytest.raises(InputError, match=r"^plots\.gpkg: points in EPSG:4326 cannot be placed on the image"):
        in_crs(np.array([box(0, 0, 1, 1)], dtype=object), "EPSG:4326", grid_of(crs=local), "plots.gpkg")


# real polygons, and the entry of a recipe


def image_grid(path: Path) -> Grid:
    with rasterio.open(path) as handle:
        return Grid(crs=handle.crs, transform=handle.transform, shape=handle.shape)


@pytest.mark.parametrize(
    ("scene", "pixels", "polygons_with_pixels"),
    [("chiapas_landsat7", 718, 30), ("nc_landsat7", None, None), ("para_landsat5", None, None)],
)
@pytest.mark.parametrize("pure", [False, True])
def test_real_polygons_beside_geopandas(real_data, scene, pixels, polygons_with_pixels, pure):
    folder = real_data / scene
    grid = image_grid(folder / "image.tif")
    labels = geopandas.read_file(folder / "labels.gpkg").to_crs(grid.crs)
    values = {str(label): i + 1 for i, label in enumerate(sorted(set(labels["class"].astype(str))))}
    classes = {value: [label] for label, value in values.items()}
    points = read_entry(
        None, grid, vector=str(folder / "labels.gpkg"), per_polygon=1_000_000, pure=pure, classes=classes
    )
    rows, cols = np.indices(grid.shape).reshape(2, -1)
    x, y = grid.transform @ (cols + 0.5, rows + 0.5)
    if pure:
        t = grid.transform
        squares = shapely.box(t.c + cols * t.a, t.f + (rows + 1) * t.e, t.c + (cols + 1) * t.a, t.f + rows * t.e)
        centres = geopandas.GeoDataFrame(geometry=squares, crs=grid.crs)
        joined = centres.sjoin(labels, predicate="covered_by")
    else:
        centres = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(x, y), crs=grid.crs)
        joined = centres.sjoin(labels, predicate="within")
    own_rows, own_cols = np.floor(grid.pixel_yx(points.x, points.y)).astype(int)
    own = sorted(zip((own_rows * grid.shape[1] + own_cols).tolist(), points.labels.tolist(), strict=True))
    theirs = sorted(zip(joined.index.tolist(), joined["class"].astype(str).map(values).tolist(), strict=True))
    assert own == theirs
    assert len(set(points.group.tolist())) == joined["index_right"].nunique()
    if pixels is not None and not pure:
        assert (len(points), len(set(points.group.tolist()))) == (pixels, polygons_with_pixels)


def test_an_entry_with_polygons_says_what_it_took_and_what_fell_away(tmp_path):
    shapes = [
        box(500_000, 8_599_900, 500_100, 8_600_000), box(500_200, 8_599_990, 500_210, 8_600_000),
        box(500_301, 8_599_996, 500_304, 8_599_999), box(400_000, 8_599_990, 400_010, 8_600_000),
    ]  # fmt: skip
    path = tmp_path / "plots.gpkg"
    geopandas.GeoDataFrame({"class": [10, 40, 10, 40]}, geometry=shapes, crs="EPSG:32736").to_file(path)
    points = read_entry(None, grid_of(), vector=str(path), per_polygon=30)
    assert np.bincount(points.labels).tolist()[10::30] == [30, 1]
    assert dict(points.left_out) == {OUTSIDE: 1, TOO_SMALL: 1}
    assert points.notes == (f"{path}: 31 pixels of 2 polygons, at most 30 of each: 1 have more",)
    assert len(read_entry(None, grid_of(), vector=str(path))) == 101, "100 pixels of a polygon if nothing is said"
    assert len(read_entry(None, None, vector=str(path))) == 0, "without a grid polygons have no places"
