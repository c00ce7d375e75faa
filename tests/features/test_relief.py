"""Terrain on the grid of a height model."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio
from affine import Affine
from pyproj import CRS, Transformer

from classify_local.features.relief import BANDS, Relief, is_cylindrical
from classify_local.grid import Window
from classify_local.storage.mosaic import whole_file
from classify_local.storage.rasters import describe
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


WEB = "EPSG:3857"
RADIUS = 6_378_137.0


def slope_of(path) -> np.ndarray:
    file = describe(path)
    relief = Relief(heights=whole_file(file))
    values, valid = relief.read([2], relief.grid.window)
    return np.where(valid[0], values[0], np.nan)


def ground_per_map(latitude: float) -> tuple[float, float]:
    """Metres on the ground of a metre of the web map, eastward and northward: Snyder (1987), pages 24 and 44."""
    squared = 0.00669437999014
    root = np.sqrt(1 - squared * np.sin(np.radians(latitude)) ** 2)
    cosine = np.cos(np.radians(latitude))
    return cosine / root, cosine * (1 - squared) / root**3


@pytest.mark.parametrize("latitude", [0.0, 35.0, 60.0, -70.0])
@pytest.mark.parametrize("eastward", [True, False])
def test_the_web_maps_slopes_are_gdals_with_the_scale_of_the_latitude(make_raster, gdal, tmp_path, latitude, eastward):
    """GDAL takes one scale for the whole raster and both directions: so small a raster, and planes in one of them."""
    north = RADIUS * np.log(np.tan(np.pi / 4 + np.radians(latitude) / 2))
    grid = grid_of(WEB, Affine(30, 0, 1_000_000, 0, -30, north + 150), 10, 10)
    heights = plane(grid, *((7, 0) if eastward else (0, 7))).values
    path = make_raster("dem.tif", heights, crs=WEB, transform=grid.transform)
    scale = ground_per_map(latitude)[0 if eastward else 1]
    gdal("gdaldem", "slope", path, "gdal.tif", "-s", f"{scale:.12f}")
    with rasterio.open(tmp_path / "gdal.tif") as handle:
        expected = handle.read(1)[1:-1, 1:-1]

    np.testing.assert_allclose(slope_of(path)[1:-1, 1:-1], expected, rtol=1e-3)


@pytest.mark.parametrize("zone_latitude", [(32636, 0.5), (32633, 62.0), (32736, -45.0)])
def test_slopes_of_the_web_map_are_those_of_the_same_land_in_metres(make_raster, gdal, tmp_path, zone_latitude):
    """Hills 3 km apart, by gdaldem in UTM, beside ours from the same heights on the web map.

    UTM's own scale is 0.9996 to 1 here, which is 0.01 degrees of a slope of 20; the cubic resampling of the heights
    and the bilinear one of GDAL's slopes add about as much. Uncorrected, slopes at 62 degrees north would be half.
    """
    zone, latitude = zone_latitude
    x, y = Transformer.from_crs(4326, zone, always_xy=True).transform({32636: 33, 32633: 15, 32736: 33}[zone], latitude)
    corner = Affine(30, 0, round(x) - 4500, 0, -30, round(y) + 4500)
    rows, cols = np.indices((300, 300)) * 30 * 2 * np.pi / 3000
    dem = make_raster("dem.tif", (170 * np.sin(rows) * np.cos(cols)).astype("float32"), crs=f"EPSG:{zone}",
                      transform=corner)  # fmt: skip
    gdal("gdaldem", "slope", dem, "slope.tif")
    size = f"{30 / np.cos(np.radians(latitude)):.3f}"
    gdal("gdalwarp", "-q", "-t_srs", WEB, "-tr", size, size, "-r", "cubic", "-dstnodata", "-9999", dem, "web.tif")
    gdal("gdalwarp", "-q", "-t_srs", WEB, "-tr", size, size, "-r", "bilinear", "-dstnodata", "-9999", "slope.tif",
         "expected.tif")  # fmt: skip
    with rasterio.open(tmp_path / "expected.tif") as handle:
        expected = handle.read(1)[40:-40, 40:-40]
    found = slope_of(tmp_path / "web.tif")[40:-40, 40:-40]

    both = np.isfinite(found) & (expected != -9999)
    off = np.abs(found - expected)[both]
    assert both.mean() > 0.5
    assert expected[both].max() > 15
    assert np.median(off) < 0.02
    assert np.percentile(off, 99) < 0.1


def test_windows_of_the_web_map_are_cut_from_the_whole():
    grid = grid_of(WEB, Affine(30, 0, 1_000_000, 0, -30, 8_000_000), 60, 20)
    heights = Memory(
        grid, np.random.default_rng(1).normal(size=(1, 60, 20)).astype(np.float32), np.ones((1, 60, 20), bool)
    )
    whole, _ = Relief(heights=heights).read([2, 3], grid.window)
    part = Window(row=31, col=5, rows=13, cols=7)
    found, _ = Relief(heights=heights).read([2, 3], part)
    np.testing.assert_array_equal(found, whole[:, 31:44, 5:12])


@pytest.mark.parametrize(
    ("crs", "expected"),
    [
        (WEB, True), ("EPSG:3395", True), ("EPSG:4087", True), ("EPSG:6933", True), ("EPSG:32636", False),
        ("EPSG:3035", False), ("EPSG:3031", False), ("EPSG:4326", False), ("EPSG:2264", False),
    ],
)  # fmt: skip
def test_projections_whose_rows_have_one_latitude(crs, expected):
    assert is_cylindrical(CRS.from_user_input(crs).to_wkt()) is expected
