"""Places of one raster's pixels on another: quick ways beside the projection of every centre."""

from __future__ import annotations

import numpy as np
import pytest
from affine import Affine
from pyproj import Geod
from rasterio.crs import CRS

from classify_local.grid import Grid
from classify_local.training.placement import pixel_metres, place
from tests.conftest import UTM
from tests.training.test_drawing import GEOMETRIES, image_of


@pytest.mark.parametrize("geometry", list(GEOMETRIES))
def test_inside_is_what_projecting_every_centre_says(geometry):
    transform, crs = GEOMETRIES[geometry]
    source = Grid(crs=CRS.from_user_input(crs), transform=transform, shape=(700, 600))
    placement = place(source, image_of(np.ones((200, 150))).grid, "cover.tif")
    for rows, cols in ((np.arange(0, 512), np.arange(20, 600)), (np.arange(3, 700, 7), np.array([35]))):
        yx = placement.pixels(np.repeat(rows, len(cols)), np.tile(cols, len(rows))).reshape(2, len(rows), len(cols))
        expected = (yx[0] >= 0) & (yx[0] < 200) & (yx[1] >= 0) & (yx[1] < 150)
        np.testing.assert_array_equal(placement.inside(rows, cols), expected)
        assert 0 < expected.mean() < 1


@pytest.mark.parametrize(
    ("crs", "transform", "shape"),
    [
        ("EPSG:4326", Affine(0.25, 0, -180, 0, -0.25, 90), (720, 1440)),
        ("EPSG:3857", Affine(40_000, 0, -2e7, 0, -40_000, 2e7), (1000, 1000)),
        ("EPSG:6933", Affine(20_000, 0, -17_367_530, 0, -20_000, 7_314_540), (731, 1736)),
    ],
)
@pytest.mark.parametrize(
    ("image_crs", "image_transform"),
    [
        (UTM, Affine(1000, 0, 200_000, 0, -1000, 8_600_000)),
        ("EPSG:32660", Affine(1000, 0, 300_000, 0, -1000, 7_000_000)),  # over the 180th meridian
        ("EPSG:3413", Affine(1000, 0, -250_000, 0, -1000, 250_000)),  # over the pole
        ("EPSG:4326", Affine(0.01, 0, 30, 0, -0.01, 5)),
    ],
)
def test_what_is_covered_holds_all_that_is_inside(crs, transform, shape, image_crs, image_transform):
    source = Grid(crs=CRS.from_user_input(crs), transform=transform, shape=shape)
    placement = place(source, image_of(np.ones((500, 500)), image_transform, image_crs).grid, "world.tif")
    window = placement.covered()
    rows, cols = (lines.ravel() for lines in np.indices(shape))
    yx = placement.pixels(rows, cols)
    inside = ((yx >= 0) & (yx < 500)).all(axis=0)
    np.testing.assert_array_equal(
        inside.reshape(shape), placement.inside(np.arange(shape[0]), np.arange(shape[1])), "of the whole world"
    )
    rows, cols = rows[inside], cols[inside]
    if image_crs != "EPSG:3413" or crs == "EPSG:4326":
        assert len(rows) > 100
        assert rows.min() >= window.row
        assert rows.max() < window.row + window.rows
        assert cols.min() >= window.col
        assert cols.max() < window.col + window.cols
    if image_crs == UTM:
        assert window.rows * window.cols < 4 * len(rows) + 400, "not much more is read"


def test_pixels_in_metres():
    degrees = Grid(crs=CRS.from_epsg(4326), transform=Affine(0.01, 0, 20, 0, -0.01, 60), shape=(100, 100))
    height, width = pixel_metres(degrees, 0, 0)
    geod = Geod(ellps="WGS84")
    assert height == pytest.approx(geod.line_length([20, 20], [60, 59.99]))
    assert width == pytest.approx(geod.line_length([20, 20.01], [60, 60]))
    feet = Grid(crs=CRS.from_epsg(2264), transform=Affine(100, 0, 0, 0, -50, 0), shape=(2, 2))
    assert pixel_metres(feet, 0, 0) == pytest.approx((50 * 0.3048006096, 100 * 0.3048006096))
