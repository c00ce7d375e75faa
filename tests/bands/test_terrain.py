"""Terrain against planes with known slopes, gdaldem, and geodesic distances."""

from __future__ import annotations

import math
import re
import warnings

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pyproj import Geod, Transformer
from rasterio.errors import NotGeoreferencedWarning

from classify_local.bands.terrain import (
    HALO,
    TERRAIN_BANDS,
    Method,
    _direction,
    fill_terrain,
    pixel_size_metres,
    terrain_bands,
)

NAMES = tuple(TERRAIN_BANDS)
GEOD = Geod(ellps="WGS84")
METHODS = pytest.mark.parametrize("method", Method)


def terrain(heights, width=10.0, height=-10.0, method=Method.HORN):
    """All bands by name."""
    found = terrain_bands(np.asarray(heights), NAMES, width_metres=width, height_metres=height, method=method)
    return dict(zip(NAMES, found, strict=True))


def plane(east, north, *, width=10.0, height=-10.0, shape=(5, 6)):
    """Heights that rise by `east` and `north` per metre."""
    rows, cols = np.indices(shape)
    return 500 + east * cols * width + north * rows * height


def test_bands_are_sepals():
    assert NAMES == ("elevation", "slope", "aspect", "eastness", "northness")
    assert all(name == band.name for name, band in TERRAIN_BANDS.items())
    assert [band.unit for band in TERRAIN_BANDS.values()] == ["m", "degrees", "degrees", "1", "1"]


@METHODS
@pytest.mark.parametrize(
    ("east", "north", "aspect"),
    [
        (0, -1, 0),  # falls to the north
        (-1, -1, 45),
        (-1, 0, 90),
        (-1, 1, 135),
        (0, 1, 180),
        (1, 1, 225),
        (1, 0, 270),
        (1, -1, 315),
        (-1, -math.sqrt(3), 30),
    ],
)
@pytest.mark.parametrize("width", [10.0, -10.0, 25.0])
@pytest.mark.parametrize("height", [-10.0, 10.0, -4.0])
@pytest.mark.parametrize("steep", [0.001, 0.5, 3.0])
def test_planes(method, east, north, aspect, width, height, steep):
    """Whatever the pixels' shape, and whichever way rows and columns run."""
    heights = plane(steep * east, steep * north, width=width, height=height)
    found = terrain(heights, width, height, method)
    assert found["elevation"] == pytest.approx(heights[1:-1, 1:-1])
    assert found["slope"] == pytest.approx(math.degrees(math.atan(steep * math.hypot(east, north))), rel=1e-6)
    assert (found["aspect"] - aspect + 180) % 360 == pytest.approx(180, abs=1e-3)
    assert found["eastness"] == pytest.approx(math.sin(math.radians(aspect)), abs=1e-6)
    assert found["northness"] == pytest.approx(math.cos(math.radians(aspect)), abs=1e-6)


@METHODS
@pytest.mark.parametrize("height", [0, 0.1, -430, 8848.86, 1e30])
def test_flat_ground_faces_nowhere(method, height):
    found = terrain(np.full((4, 5), height), method=method)
    for name in NAMES[1:]:
        assert found[name].tolist() == [[0] * 3] * 2
        assert not np.signbit(found[name]).any()


@METHODS
@pytest.mark.parametrize("rise", [-1, 1])
@pytest.mark.parametrize("size", [-10.0, 10.0])
@pytest.mark.parametrize("lift", [0, -5000])
def test_no_negative_zero(method, rise, size, lift):
    """Whichever way pixels run, and below the sea."""
    along, across = (terrain(plane(*way) + lift, size, size, method) for way in ((0, rise), (rise, 0)))
    assert along["eastness"].tolist() == across["northness"].tolist() == [[0] * 4] * 3
    assert not np.signbit(along["eastness"]).any()
    assert not np.signbit(across["northness"]).any()


def test_an_aspect_next_to_360_is_0():
    """In float32 it would be 360."""
    heights = plane(1e-12, -1, shape=(3, 3))
    heights -= 500
    assert 359.9 < math.degrees(math.atan2(-1e-12, 1)) % 360 < 360
    assert terrain(heights, method=Method.FOUR)["aspect"].tolist() == [[0]]


@METHODS
@pytest.mark.parametrize("unknown", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_unknown_height_takes_the_slope_of_the_windows_it_is_in(method, unknown, dtype):
    heights = plane(0.3, 0.2, shape=(7, 7)).astype(dtype)
    heights[3, 3] = unknown
    found = terrain(heights, method=method)
    window = np.zeros((5, 5), bool)
    window[1:4, 1:4] = True
    if method is Method.FOUR:
        window[[1, 1, 3, 3], [1, 3, 1, 3]] = False
    for name in NAMES[1:]:
        assert np.isnan(found[name]).tolist() == window.tolist(), name
    assert np.isfinite(found["elevation"]).sum() == 24


@pytest.mark.parametrize("latitude", [-89.5, -56, -33.9, 0, 1e-9, 13.5, 45, 60, 83.6])
def test_pixel_sizes_are_geodesic(latitude):
    degrees = 1 / 3600
    width, height = pixel_size_metres([latitude], degrees, -degrees)
    _, _, across = GEOD.inv(-degrees / 2, latitude, degrees / 2, latitude)
    _, _, along = GEOD.inv(0, latitude - degrees / 2, 0, latitude + degrees / 2)
    assert width == pytest.approx([across], rel=1e-8)
    assert height == pytest.approx([-along], rel=1e-8)


def test_pixel_sizes_in_mercators_projection():
    """Where the height in degrees differs by row."""
    inverse = Transformer.from_crs("EPSG:3857", "EPSG:4326", always_xy=True)
    edges = 8_400_000 - 100 * np.arange(6)
    lon, lat = inverse.transform(np.full(6, 1_000_000), edges)
    _, centres = inverse.transform(np.full(5, 1_000_000), edges[:-1] - 50)
    width_degrees = 100 / 6_378_137 * 180 / math.pi
    width, height = pixel_size_metres(centres, width_degrees, np.diff(lat))
    assert width == pytest.approx(GEOD.inv(lon[1:] - width_degrees, centres, lon[1:], centres)[2], rel=1e-8)
    assert -height == pytest.approx(GEOD.inv(lon[1:], lat[:-1], lon[1:], lat[1:])[2], rel=1e-8)


heights_of_metres = hnp.arrays(
    np.int16, st.tuples(st.integers(3, 9), st.integers(3, 9)), elements=st.integers(-400, 8848)
).map(lambda heights: heights.astype(np.float32))
holed = hnp.arrays(
    np.float32,
    st.tuples(st.integers(3, 9), st.integers(3, 9)),
    elements=st.one_of(st.floats(-500, 9000, width=32), st.just(np.nan)),
)
methods = st.sampled_from(Method)


@given(holed, methods, st.data())
def test_a_crop_with_its_halo_is_the_crop_of_the_whole(heights, method, data):
    rows, cols = heights.shape
    top, left = data.draw(st.integers(0, rows - 3)), data.draw(st.integers(0, cols - 3))
    bottom, right = data.draw(st.integers(top + 3, rows)), data.draw(st.integers(left + 3, cols))
    widths, lengths = np.linspace(20, 21, rows - 2), np.linspace(-30, -31, rows - 2)
    whole = terrain_bands(heights, NAMES, width_metres=widths, height_metres=lengths, method=method)
    inner = slice(top, bottom - 2 * HALO)
    crop = terrain_bands(
        heights[top:bottom, left:right], NAMES, width_metres=widths[inner], height_metres=lengths[inner], method=method
    )
    wanted = np.ascontiguousarray(whole[:, inner, left : right - 2 * HALO])
    assert crop.tobytes() == wanted.tobytes()


def test_columns_at_the_ends_of_long_rows_are_as_alone():
    """Where a processor takes several pixels at a time, the last ones go singly."""
    heights = np.random.default_rng(2).normal(300, 40, (3, 103))
    for method in Method:
        whole = terrain_bands(heights, NAMES, width_metres=7, height_metres=-9, method=method)
        singly = [
            terrain_bands(heights[:, i : i + 3], NAMES, width_metres=7, height_metres=-9, method=method)
            for i in range(101)
        ]
        assert np.concatenate(singly, axis=2).tobytes() == whole.tobytes()


@given(heights_of_metres, methods)
def test_a_quarter_turn_of_the_land_turns_the_aspect(heights, method):
    """Turned clockwise: what faced north faces east."""
    there = terrain(heights, method=method)
    turned = terrain(np.rot90(heights, -1), method=method)
    back = {name: np.rot90(band) for name, band in turned.items()}
    np.testing.assert_array_equal(back["slope"], there["slope"])
    np.testing.assert_array_equal(back["eastness"], there["northness"])
    np.testing.assert_array_equal(back["northness"], -there["eastness"])
    steep = there["slope"] > 0
    change = (back["aspect"] - there["aspect"])[steep]
    np.testing.assert_allclose(change % 360, 90, atol=1e-4)


@given(heights_of_metres, methods, st.integers(-300, 300))
def test_only_differences_of_height_count(heights, method, lift):
    there, lifted = terrain(heights, method=method), terrain(heights + np.float32(lift), method=method)
    for name in NAMES[1:]:
        np.testing.assert_array_equal(lifted[name], there[name])


@given(holed, methods)
def test_bands_agree_with_each_other_and_their_ranges(heights, method):
    found = terrain(heights, method=method)
    known = np.isfinite(found["slope"])
    for name, band in TERRAIN_BANDS.items():
        if band.valid_range:
            low, high = band.valid_range
            assert ((found[name][known] >= low) & (found[name][known] <= high)).all()
    steep = known & (found["slope"] > 0)
    aspect = np.radians(found["aspect"][steep].astype(float))
    assert (found["aspect"][steep] < 360).all()
    np.testing.assert_allclose(found["eastness"][steep], np.sin(aspect), atol=1e-6)
    np.testing.assert_allclose(found["northness"][steep], np.cos(aspect), atol=1e-6)


real = st.floats(-1e9, 1e9)


@settings(deadline=None)
@given(real, real)
def test_the_compiled_direction_is_right_in_double_precision(x, y):
    found = _direction(x, y)
    wanted = math.degrees(math.atan2(y + 0.0, x + 0.0)) % 360
    assert (found - wanted + 180) % 360 == pytest.approx(180, abs=1e-12)


def reference(heights, widths, lengths, method):
    """Slope and aspect of the inner pixels in numpy."""
    z = np.asarray(heights, np.float64)
    if method is Method.HORN:
        across = (z[:-2] + 2 * z[1:-1] + z[2:]) / 4
        along = (z[:, :-2] + 2 * z[:, 1:-1] + z[:, 2:]) / 4
    else:
        across, along = z[1:-1], z[:, 1:-1]
    dz_dx = (across[:, 2:] - across[:, :-2]) / 2 / np.reshape(widths, (-1, 1))
    dz_dy = (along[2:] - along[:-2]) / 2 / np.reshape(lengths, (-1, 1))
    return np.degrees(np.arctan(np.hypot(dz_dx, dz_dy))), np.degrees(np.arctan2(-dz_dx, -dz_dy)) % 360


@METHODS
def test_degrees_against_geodesic_distances(real_data, method):
    with rasterio.open(real_data / "dem" / "zion_srtm.tif") as file:
        heights, t = file.read(1).astype(np.float32), file.transform
    latitudes = t.f + t.e * (np.arange(1, len(heights) - 1) + 0.5)
    across = [GEOD.inv(0, lat, t.a, lat)[2] for lat in latitudes]
    along = [-GEOD.inv(0, lat + t.e / 2, 0, lat - t.e / 2)[2] for lat in latitudes]
    slope, aspect = reference(heights, across, along, method)
    found = terrain(heights, *pixel_size_metres(latitudes, t.a, t.e), method)
    np.testing.assert_allclose(found["slope"], slope, atol=1e-5)
    steep = slope > 0
    assert 0.9 < steep.mean() <= 1
    assert (found["aspect"][~steep] == 0).all()
    np.testing.assert_allclose((found["aspect"] - aspect + 180)[steep] % 360, 180, atol=1e-4)


def gdaldem(gdal, folder, product, source, method):
    """What gdaldem makes of a height model; nan where it has no value."""
    out = folder / f"{product}_{method}.tif"
    alg = "Horn" if method is Method.HORN else "ZevenbergenThorne"
    gdal("gdaldem", product, "-alg", alg, "-q", source, out)
    with rasterio.open(out) as file:
        return file.read(1, masked=True).filled(np.nan)[1:-1, 1:-1]


@METHODS
@pytest.mark.parametrize(
    ("model", "zone", "pixel"), [("dem/zion_srtm.tif", 32612, 90), ("para_landsat5/srtm_1arc.tif", 32622, 30)]
)
def test_projected_against_gdaldem(real_data, gdal, tmp_path, model, zone, pixel, method):
    """In whole metres: gdaldem adds up in float32, which costs it up to 0.1 degrees of aspect with other heights."""
    source, size = tmp_path / "utm.tif", str(pixel)
    warp = ("-t_srs", f"EPSG:{zone}", "-tr", size, size, "-r", "bilinear", "-ot", "Int16")
    gdal("gdalwarp", "-q", "-dstnodata", "-32768", *warp, real_data / model, source)
    with rasterio.open(source) as file:
        heights, t = file.read(1, masked=True).astype(np.float32).filled(np.nan), file.transform
    found = terrain(heights, t.a, t.e, method)
    slope, aspect = (gdaldem(gdal, tmp_path, product, source, method) for product in ("slope", "aspect"))
    both = np.isfinite(slope) & np.isfinite(found["slope"])
    assert both.mean() > 0.8
    if method is Method.HORN:  # gdaldem wants all eight neighbours even where it reads four
        assert (np.isfinite(slope) == np.isfinite(found["slope"])).all()
    np.testing.assert_allclose(found["slope"][both], slope[both], atol=1e-3)
    steep = both & np.isfinite(aspect)
    assert steep.mean() > 0.6
    np.testing.assert_allclose((found["aspect"] - aspect + 180)[steep] % 360, 180, atol=1e-3)
    assert (found["aspect"][both & ~np.isfinite(aspect)] == 0).all()


def test_south_up_is_the_same_land(real_data):
    with warnings.catch_warnings(), rasterio.open(real_data / "para_landsat5" / "srtm_1arc.tif") as file:
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        heights = file.read(1).astype(np.float32)
    there, flipped = terrain(heights, 30, -30), terrain(heights[::-1], 30, 30)
    for name in NAMES:
        np.testing.assert_array_equal(flipped[name][::-1], there[name])


def test_fills_a_part_of_a_larger_array():
    heights = plane(0.1, 0.2)
    features = np.full((4, 3, 4), -1, np.float32)
    fill_terrain(heights, ("slope", "northness"), features[1:3], width_metres=10, height_metres=-10)
    wanted = terrain(heights)
    np.testing.assert_array_equal(features[1:3], [wanted["slope"], wanted["northness"]])
    assert (features[[0, 3]] == -1).all()


@pytest.mark.parametrize(("names", "shape"), [((), (4, 5)), (("slope",), (2, 5)), (("slope",), (5, 2))])
def test_nothing_to_do(names, shape):
    found = terrain_bands(np.ones(shape), names, width_metres=1, height_metres=-1)
    assert found.shape == (len(names), shape[0] - 2, shape[1] - 2)


@pytest.mark.parametrize(
    ("out", "size", "message"),
    [
        (np.empty((1, 3, 5), np.float32), 10, "of shape (1, 3, 4)"),
        (np.empty((2, 3, 4), np.float32), 10, "of shape (1, 3, 4)"),
        (np.empty((1, 3, 4)), 10, "float32"),
        (np.empty((1, 3, 8), np.float32)[..., ::2], 10, "C-contiguous"),
        (np.empty((1, 3, 4), np.float32), 0, "of 0 metres"),
    ],
)
def test_refuses_what_would_leave_the_arrays(out, size, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        fill_terrain(plane(0, 0), ("slope",), out, width_metres=size, height_metres=-10)
