"""Latitude against GDAL's transformation and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer
from rasterio.warp import transform as warp_points

from classify_local.bands.latitude import NAME, VALID_RANGE, latitude_band, pixel_latitudes, row_latitudes
from classify_local.grid import Window

DEGREES = Affine(1 / 3600, 0, 30, 0, -1 / 3600, -12)
GRIDS = {
    "UTM": ("EPSG:32736", Affine(10, 0, 500_000, 0, -10, 8_600_000)),
    "UTM, turned": ("EPSG:32736", Affine(8, -6, 500_000, -6, -8, 8_600_000)),
    "south-up": ("EPSG:32622", Affine(30, 0, 619_395, 0, 30, -410_205)),
    "Lambert azimuthal equal-area": ("EPSG:3035", Affine(1000, 0, 4_000_000, 0, -1000, 3_500_000)),
    "Mercator": ("EPSG:3857", Affine(30, 0, 1_000_000, 0, -30, 8_400_000)),
    "polar stereographic": ("EPSG:3413", Affine(500, 0, -20_000, 0, -500, 20_000)),
    "feet": ("EPSG:2264", Affine(100, 0, 2_000_000, 0, -100, 700_000)),
}


def to_latitude(crs):
    transformer = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    return lambda x, y: transformer.transform(x, y)[1]


windows = st.builds(
    Window, row=st.integers(0, 5000), col=st.integers(0, 5000), rows=st.integers(0, 9), cols=st.integers(0, 9)
)


def test_degrees_by_hand():
    found = pixel_latitudes(DEGREES, Window(row=3600, col=7, rows=3, cols=2))
    assert found == pytest.approx(np.array([[-13 - (row + 0.5) / 3600] * 2 for row in range(3)]), abs=1e-13)


def test_south_up_degrees():
    found = pixel_latitudes(Affine(1, 0, 0, 0, 1, -90), Window(row=0, col=0, rows=180, cols=1))
    assert found[:, 0].tolist() == [row - 89.5 for row in range(180)]


def test_turned_degrees_change_along_a_row():
    turned = Affine.translation(30, -12) @ Affine.rotation(30) @ Affine.scale(0.001, -0.001)
    found = pixel_latitudes(turned, Window(row=2, col=3, rows=2, cols=2))
    assert found[1, 1] == pytest.approx((turned @ (4.5, 3.5))[1], abs=1e-13)
    with pytest.raises(ValueError, match="turned grid"):
        row_latitudes(turned, Window(row=0, col=0, rows=2, cols=2))


@pytest.mark.parametrize("name", GRIDS)
def test_projected_against_gdal(name):
    """Whose PROJ is another one, with other series for some projections."""
    crs, transform = GRIDS[name]
    window = Window(row=11, col=23, rows=30, cols=40)
    found = pixel_latitudes(transform, window, to_latitude(crs))
    rows, cols = np.indices(window.shape)
    x, y = transform @ (cols.ravel() + window.col + 0.5, rows.ravel() + window.row + 0.5)
    _, latitudes = warp_points(crs, "EPSG:4326", x, y)
    np.testing.assert_allclose(found.ravel(), latitudes, rtol=0, atol=1e-8)
    transformer = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    for i in range(0, x.size, 97):
        assert found.flat[i] == pytest.approx(transformer.transform(x[i], y[i])[1], abs=1e-9)


@given(windows, st.sampled_from(sorted(GRIDS)), st.data())
def test_a_crop_is_the_crop_of_the_whole(window, name, data):
    crs, transform = GRIDS[name]
    row = data.draw(st.integers(0, window.rows))
    col = data.draw(st.integers(0, window.cols))
    inner = Window(row=window.row + row, col=window.col + col, rows=window.rows - row, cols=window.cols - col)
    for conversion in (None, to_latitude(crs)):
        whole = latitude_band(transform, window, conversion)
        crop = latitude_band(transform, inner, conversion)
        assert whole.shape == window.shape
        assert crop.tobytes() == np.ascontiguousarray(whole[inner.slices_in(window)]).tobytes()


@given(st.floats(-89, 89), st.integers(0, 5000))
def test_float32_keeps_the_place_within_4e_minus_6_degrees(top, row):
    window = Window(row=row, col=0, rows=20, cols=1)
    transform = Affine(1e-4, 0, 0, 0, -1e-4, top)
    band = latitude_band(transform, window)
    assert band.dtype == np.float32
    assert np.abs(band - pixel_latitudes(transform, window)).max() < 4e-6


def test_rows_are_those_of_the_pixels():
    window = Window(row=5, col=9, rows=4, cols=3)
    np.testing.assert_array_equal(row_latitudes(DEGREES, window), pixel_latitudes(DEGREES, window)[:, 2])


def test_outside_the_projection_there_is_no_latitude():
    """The corners of a map of the whole Earth in Mollweide's ellipse."""
    transform = Affine(1_000_000, 0, -18_000_000, 0, -1_000_000, 9_000_000)
    found = latitude_band(transform, Window(row=0, col=0, rows=18, cols=36), to_latitude("ESRI:54009"))
    assert np.isnan(found[[0, 0, -1, -1], [0, -1, 0, -1]]).all()
    least, most = VALID_RANGE
    inside = found[np.isfinite(found)]
    assert len(inside) > 300
    assert ((inside >= least) & (inside <= most)).all()
    assert NAME == "latitude"
