"""The area of interest as a mask."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st

from classify_local import InputError
from classify_local.features.area import Area, map_grid
from classify_local.grid import Window
from classify_local.recipe.text import load
from tests.conftest import TRANSFORM, UTM
from tests.integration.test_grids import star, write_polygon
from tests.storage.test_placing import grid_of

GRID = grid_of(UTM, TRANSFORM, 60, 80)


def area(shape, grid=GRID, path=None) -> Area:
    return Area(shape=shape, grid=grid, path=path)


@given(st.floats(0, 80), st.floats(0, 60), st.floats(20, 400), st.sampled_from([0, 30]))
def test_centres_within_are_kept_and_no_others(col, row, radius, turn):
    grid = grid_of(UTM, TRANSFORM @ Affine.rotation(turn), 60, 80)
    shape = star(*(grid.transform @ (col, row)), radius)
    values, valid = area(shape, grid).read(Window(row=5, col=7, rows=30, cols=40))
    expected = [
        [shape.covers(shapely.Point(*(grid.transform @ (c + 0.5, r + 0.5)))) for c in range(7, 47)]
        for r in range(5, 35)
    ]
    np.testing.assert_array_equal(valid[0], expected)
    assert values.shape == (0, 30, 40)


def test_holes_are_outside():
    x, y = TRANSFORM @ (40, 30)
    shape = shapely.Point(x, y).buffer(200).difference(shapely.Point(x, y).buffer(80))
    _, valid = area(shape).read(GRID.window)
    assert not valid[0, 30, 40]
    assert valid[0, 30, 54]
    assert not valid[0, 0, 0]


def test_threads_may_ask_at_once():
    """With an index that the first question makes."""
    angles = np.linspace(0, 2 * np.pi, 20_000, endpoint=False)
    radii = 250 + 20 * np.sin(40 * angles)
    x, y = TRANSFORM @ (40, 30)
    points = np.column_stack([x + radii * np.cos(angles), y + radii * np.sin(angles)])
    expected = area(shapely.Polygon(points)).read(GRID.window)[1]
    fresh = area(shapely.Polygon(points))
    with ThreadPoolExecutor(4) as pool:
        for _, valid in pool.map(fresh.read, [GRID.window] * 12):
            np.testing.assert_array_equal(valid, expected)


def recipe_of(folder, name):
    (folder / "recipe.yml").write_text(f"images: [{{path: a.tif}}]\noutput: {{aoi: {name}}}\n", "utf-8")
    return load(folder / "recipe.yml")


def test_the_grid_is_cut_to_the_shape_not_to_its_bounds_in_degrees(tmp_path):
    x, y = TRANSFORM @ (40.5, 30.5)
    write_polygon(tmp_path / "area.geojson", shapely.box(x - 100, y - 50, x + 100, y + 50), UTM)
    grid, (mask,) = map_grid(recipe_of(tmp_path, "area.geojson"), GRID)
    assert (GRID.offset_of(grid), grid.shape) == ((25, 30), (11, 21))
    assert mask.paths == (tmp_path / "area.geojson",)
    assert mask.read(grid.window)[1].sum() >= 9 * 19


def test_several_polygons_are_one_area(tmp_path):
    x, y = TRANSFORM @ (20, 20)
    boxes = [shapely.box(x, y, x + 50, y + 50), shapely.box(x + 300, y, x + 350, y + 50)]
    write_polygon(tmp_path / "area.geojson", shapely.MultiPolygon(boxes), UTM)
    grid, (mask,) = map_grid(recipe_of(tmp_path, "area.geojson"), GRID)
    assert grid.shape == (5, 35)
    np.testing.assert_array_equal(mask.read(grid.window)[1][0].any(axis=0), [True] * 5 + [False] * 25 + [True] * 5)


def test_points_are_no_area(tmp_path):
    write_polygon(tmp_path / "area.geojson", shapely.Point(33, -12), None)
    with pytest.raises(InputError, match="holds no polygon; an area of interest is one, or"):
        map_grid(recipe_of(tmp_path, "area.geojson"), GRID)
