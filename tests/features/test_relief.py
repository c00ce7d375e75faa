"""Terrain on the grid of a height model."""

from __future__ import annotations

import numpy as np
import pytest
from affine import Affine

from classify_local.features.relief import BANDS, Relief
from classify_local.grid import Window
from tests.storage.test_placing import DEGREES, UTM36, grid_of
from tests.storage.test_warping import Memory


def plane(grid, east: float, north: float) -> Memory:
    """Heights that rise by so many metres a pixel."""
    rows, cols = np.indices(grid.shape)
    up = -1 if grid.transform.e < 0 else 1
    values = (1000 + east * cols + north * up * rows).astype(np.float32)[None]
    return Memory(grid, values, np.ones(values.shape, bool))


@pytest.mark.parametrize("down", [-30, 30])
@pytest.mark.parametrize(("east", "north", "aspect"), [(0, 3, 180), (0, -3, 0), (3, 0, 270), (-3, 0, 90), (-3, -3, 45)])
def test_a_plane_falls_where_it_should_north_up_or_south_up(down, east, north, aspect):
    grid = grid_of(UTM36, Affine(30, 0, 500_000, 0, down, 8_600_000), 9, 8)
    values, valid = Relief(heights=plane(grid, east, north)).read(range(1, 6), Window(row=1, col=1, rows=7, cols=6))
    found = dict(zip(BANDS, values, strict=True))
    assert valid.all()
    np.testing.assert_allclose(found["aspect"], aspect, atol=1e-4)
    np.testing.assert_allclose(found["slope"], np.degrees(np.arctan(np.hypot(east, north) / 30)), rtol=1e-5)
    np.testing.assert_allclose(found["eastness"], np.sin(np.radians(aspect)), atol=1e-6)
    np.testing.assert_allclose(found["northness"], np.cos(np.radians(aspect)), atol=1e-6)


@pytest.mark.parametrize("latitude", [0.0, 45.0, -60.0])
def test_in_degrees_pixels_are_measured_on_the_ellipsoid(latitude):
    """A step of 1/1200 degree: metres by the published lengths of a degree of longitude and latitude."""
    lengths = {0.0: (111_319.5, 110_574.3), 45.0: (78_846.8, 111_131.8), -60.0: (55_800.3, 111_412.3)}
    grid = grid_of(DEGREES, Affine(1 / 1200, 0, 10, 0, -1 / 1200, latitude + 5.5 / 1200), 11, 11)
    for east, north, length in ((5, 0, lengths[latitude][0]), (0, 5, lengths[latitude][1])):
        values, _ = Relief(heights=plane(grid, east, north)).read([2], Window(row=5, col=5, rows=1, cols=1))
        assert values.item() == pytest.approx(np.degrees(np.arctan(5 / (length / 1200))), rel=2e-4)


def test_feet_on_the_ground_are_metres():
    grid = grid_of("EPSG:2264", Affine(100, 0, 2_000_000, 0, -100, 600_000), 9, 9)
    values, _ = Relief(heights=plane(grid, 3, 0)).read([2], Window(row=4, col=4, rows=1, cols=1))
    assert values.item() == pytest.approx(np.degrees(np.arctan(3 / (100 * 1200 / 3937))), rel=1e-5)


def test_windows_are_cut_from_the_whole_and_the_rim_has_no_slope():
    grid = grid_of(UTM36, Affine(30, 0, 500_000, 0, -30, 8_600_000), 20, 30)
    heights = Memory(
        grid, np.random.default_rng(1).normal(size=(1, 20, 30)).astype(np.float32), np.ones((1, 20, 30), bool)
    )
    relief = Relief(heights=heights)
    whole, valid = relief.read([2, 3], grid.window)
    rim = np.ones((20, 30), bool)
    rim[1:-1, 1:-1] = False
    np.testing.assert_array_equal(valid, np.stack([~rim, ~rim]))
    part, part_valid = relief.read([3, 2], Window(row=3, col=4, rows=5, cols=6))
    np.testing.assert_array_equal(part, whole[::-1, 3:8, 4:10])
    assert part_valid.all()
