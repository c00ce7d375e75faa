"""Images resampled to another grid, beside loops over every pixel and beside GDAL's warper."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from unittest.mock import patch

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer
from rasterio.enums import Resampling
from rasterio.io import MemoryFile
from rasterio.vrt import WarpedVRT

from classify_local.errors import InputError
from classify_local.grid import Grid, Window
from classify_local.storage import warping
from classify_local.storage.aligned import on_grid
from classify_local.storage.images import open_image
from classify_local.storage.safety import AllowedFolders
from classify_local.storage.warping import overlaps, warped
from tests.storage.test_placing import DEGREES, UTM36, UTM37, exact_places, grid_of, grids

EDGE = 1e-6


@dataclass(frozen=True)
class Memory:
    """A raster in memory that reads as a mosaic does."""

    grid: Grid
    values: np.ndarray
    valid: np.ndarray

    @property
    def dtypes(self):
        return (str(self.values.dtype),) * len(self.values)

    def read(self, bands, window):
        shape = (len(bands), *window.shape)
        values, valid = np.zeros(shape, self.values.dtype), np.zeros(shape, bool)
        inside = window.intersection(self.grid.window)
        rows, cols = inside.slices_in(window)
        own_rows, own_cols = inside.slices_in(self.grid.window)
        for i, band in enumerate(bands):
            values[i, rows, cols] = self.values[band - 1, own_rows, own_cols]
            valid[i, rows, cols] = self.valid[band - 1, own_rows, own_cols]
        return values, valid


def memory(grid: Grid, dtype="int16", bands=1, share=1.0, seed=1) -> Memory:
    rng = np.random.default_rng(seed)
    values = rng.integers(-3000, 3000, (bands, *grid.shape)).astype(dtype)
    return Memory(grid, values, rng.random(values.shape) < share)


def smooth(grid: Grid) -> Memory:
    rows, cols = np.indices(grid.shape)
    values = (1000 * np.sin(rows / 9) + 1000 * np.cos(cols / 7)).astype(np.float32)[None]
    return Memory(grid, values, np.ones(values.shape, bool))


def gdal_warped(source: Memory, grid: Grid, method: Resampling) -> tuple[np.ndarray, np.ndarray]:
    """Values and validity by GDAL's warper, asked to be exact; `reproject` takes no tolerance in this version."""
    rows, cols = source.grid.shape
    with MemoryFile() as file:
        with file.open(driver="GTiff", width=cols, height=rows, count=1, dtype="float32", crs=source.grid.crs,
                       transform=source.grid.transform, nodata=-9999) as handle:  # fmt: skip
            handle.write(np.where(source.valid[0], source.values[0], -9999).astype(np.float32), 1)
        with file.open() as handle, WarpedVRT(
            handle, crs=grid.crs, transform=grid.transform, height=grid.shape[0], width=grid.shape[1],
            resampling=method, tolerance=1e-6,
        ) as warper:  # fmt: skip
            values = warper.read(1)
    return values, values != -9999


# nearest


def require_nearest(source: Memory, grid: Grid) -> np.ndarray:
    """Every pixel is the one that the exact projection finds; gives where that was looked at."""
    values, valid = warped(source, grid, "nearest", "s").read([1], grid.window)
    exact = exact_places(grid, source.grid)
    clear = np.isfinite(exact).all(axis=0) & ~(np.abs(exact - np.round(exact)) < EDGE).any(axis=0)
    rows, cols = np.floor(np.where(clear, exact, -1)).astype(int)
    inside = clear & (rows >= 0) & (rows < source.grid.shape[0]) & (cols >= 0) & (cols < source.grid.shape[1])
    at = np.where(inside, rows, 0), np.where(inside, cols, 0)
    expected_valid = inside & source.valid[0][at]
    np.testing.assert_array_equal(valid[0][clear], expected_valid[clear])
    np.testing.assert_array_equal(values[0][expected_valid], source.values[0][at][expected_valid])
    assert values.dtype == source.values.dtype
    return clear


@settings(max_examples=25)
@given(st.sampled_from([UTM36, UTM37, DEGREES]), st.sampled_from([UTM36, UTM37, DEGREES]), st.data())
def test_every_pixel_is_the_nearest_one_by_the_exact_projection(to, since, data):
    grid, source = data.draw(grids(to, 90, 110)), data.draw(grids(since, 100, 80))
    require_nearest(memory(source, share=0.8), grid)


def north_up(side: float, x: float, y: float) -> Affine:
    return Affine(side, 0, x, 0, -side, y)


TEN = north_up(10, 814_000, 8_660_000)
CASES = {
    "another zone": (UTM36, TEN, UTM37, north_up(10, 161_000.4, 8_661_000.2)),
    "degrees to UTM": (UTM36, TEN, DEGREES, north_up(1e-4, 35.88, -12.08)),
    "UTM to degrees": (DEGREES, north_up(1e-4, 35.9, -12.1), UTM36, north_up(10, 815_000, 8_661_000)),
    "turned, south up, longish": (
        UTM36, Affine(7, 2, 815_000, -3, 11, 8_657_000), UTM37, Affine(20, 0, 160_000, 0, 15, 8_650_000),
    ),
    "the same system, shifted": (UTM36, TEN, UTM36, north_up(10, 814_003, 8_660_004)),
    "the same system, coarser": (UTM36, TEN, UTM36, north_up(30, 813_993, 8_660_011)),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_almost_all_pixels_are_those_of_gdals_warper(case):
    """GDAL measures otherwise at the edges of pixels: one in a thousand may differ; without holes, as it fills none."""
    crs, transform, source_crs, source_transform = CASES[case]
    grid, source = grid_of(crs, transform, 530, 300), memory(grid_of(source_crs, source_transform, 900, 900))
    values, valid = warped(source, grid, "nearest", "s").read([1], grid.window)
    expected, known = gdal_warped(source, grid, Resampling.nearest)
    differ = (valid[0] != known) | (known & (values[0] != expected))
    assert known.mean() > 0.5
    assert differ.mean() <= 0.001
    assert require_nearest(source, grid).mean() > 0.9


# bilinear and average


def by_loop(source: Memory, grid: Grid, take) -> tuple[np.ndarray, np.ndarray]:
    """`take(values, valid, y, x)` at every pixel centre."""
    exact = exact_places(grid, source.grid)
    values, valid = np.zeros(grid.shape), np.zeros(grid.shape, bool)
    for place in np.ndindex(grid.shape):
        y, x = exact[:, place[0], place[1]]
        if 0 <= y < source.grid.shape[0] and 0 <= x < source.grid.shape[1]:
            values[place], valid[place] = take(source.values[0], source.valid[0], y, x)
    return values, valid


def four_around(values, valid, y, x):
    if not valid[int(y), int(x)]:
        return 0, False
    total = weight = 0.0
    for r in (int(np.floor(y - 0.5)), int(np.floor(y - 0.5)) + 1):
        for c in (int(np.floor(x - 0.5)), int(np.floor(x - 0.5)) + 1):
            if 0 <= r < values.shape[0] and 0 <= c < values.shape[1] and valid[r, c]:
                w = (1 - abs(r + 0.5 - y)) * (1 - abs(c + 0.5 - x))
                total, weight = total + w * values[r, c], weight + w
    return total / weight, True


def box_around(half_height, half_width):
    def take(values, valid, y, x):
        rows, cols = np.arange(values.shape[0]), np.arange(values.shape[1])
        down = np.clip(np.minimum(rows + 1, y + half_height) - np.maximum(rows, y - half_height), 0, None)
        across = np.clip(np.minimum(cols + 1, x + half_width) - np.maximum(cols, x - half_width), 0, None)
        weight = np.outer(down, across) * valid
        return (float((weight * values).sum() / weight.sum()), True) if weight.sum() else (0, False)

    return take


@pytest.mark.parametrize("share", [1.0, 0.7])
@pytest.mark.parametrize("to", [UTM36, UTM37])
def test_bilinear_is_the_mean_of_the_valid_ones_of_four(share, to):
    """Neighbours differ by up to 6000: places that err by e pixels move a value by 12000 e at most."""
    x, y = Transformer.from_crs(UTM36, to, always_xy=True).transform(814_000, 8_660_000)
    grid = grid_of(to, Affine(7, 0, x + 1.3, 0, -7, y - 2.1), 50, 60)
    source = memory(grid_of(UTM36, Affine(10, 0, 814_000, 0, -10, 8_660_000), 40, 40), share=share)
    values, valid = warped(source, grid, "bilinear", "s").read([1], grid.window)
    expected, known = by_loop(source, grid, four_around)
    sure = valid[0] & known
    assert (valid[0] != known).mean() <= (0 if to == UTM36 else 0.001)  # a hole begins at an edge of pixels
    assert np.abs(values[0] - expected)[sure].max() <= (0.01 if to == UTM36 else 1)
    assert values.dtype == np.float32


@pytest.mark.parametrize("ratio", [(2, 2), (3, 3), (2.5, 2.5), (4, 1.5), (0.5, 0.5)])
def test_average_is_the_mean_of_the_valid_part_that_a_pixel_covers(ratio):
    down, across = ratio
    source = memory(grid_of(UTM36, Affine(10, 0, 814_000, 0, -10, 8_660_000), 45, 50), share=0.7)
    grid = grid_of(UTM36, Affine(10 * across, 0, 814_013, 0, -10 * down, 8_659_984), 9, 11)
    values, valid = warped(source, grid, "average", "s").read([1], grid.window)
    expected, known = by_loop(source, grid, box_around(max(down, 1) / 2, max(across, 1) / 2))
    np.testing.assert_array_equal(valid[0], known)
    np.testing.assert_allclose(values[0][known], expected[known], atol=0.01)


@pytest.mark.parametrize("rest", [1, 2])
def test_a_strip_of_one_pixel_at_the_edge_of_the_grid_is_averaged_like_the_others(rest):
    source = memory(grid_of(UTM36, Affine(10, 0, 814_000, 0, -10, 8_660_000), 40, 2100))
    grid = grid_of(UTM36, Affine(40, 0, 814_000, 0, -40, 8_660_000), 1, 512 + rest)
    values, _ = warped(source, grid, "average", "s").read([1], grid.window)
    expected = source.values[0, :4, : 4 * (512 + rest)].reshape(4, -1, 4).mean(axis=(0, 2))
    np.testing.assert_allclose(values[0, 0], expected, atol=0.01)


@pytest.mark.parametrize(
    ("resampling", "method", "side"),
    [("bilinear", Resampling.bilinear, 8), ("average", Resampling.average, 40), ("average", Resampling.average, 60)],
)
@pytest.mark.parametrize("crs", [UTM36, UTM37, DEGREES])
def test_smooth_land_is_as_by_gdals_warper(resampling, method, side, crs):
    """Land between -2000 and 2000 that falls by up to 180 a pixel: within 0.5 % of its range, away from the edges."""
    source = smooth(grid_of(UTM36, Affine(10, 0, 814_000, 0, -10, 8_660_000), 300, 300))
    x, y = Transformer.from_crs(UTM36, crs, always_xy=True).transform(814_700, 8_659_300)
    size = side / 111_319 if crs == DEGREES else side
    grid = grid_of(crs, Affine(size, 0, x, 0, -size, y), 1500 // side, 1500 // side)
    values, valid = warped(source, grid, resampling, "s").read([1], grid.window)
    expected, known = gdal_warped(source, grid, method)
    assert (valid[0] & known).all()
    assert np.abs(values[0] - expected).max() < 20


@pytest.mark.parametrize("resampling", ["bilinear", "average"])
def test_what_float32_does_not_hold_is_no_data(resampling):
    source = memory(grid_of(UTM36, Affine(10, 0, 814_000, 0, -10, 8_660_000), 20, 20), dtype="float64")
    source.values[0, 10:] = 1e300
    grid = grid_of(UTM36, Affine(20, 0, 814_003, 0, -20, 8_660_000), 10, 9)
    values, valid = warped(source, grid, resampling, "s").read([1], grid.window)
    assert valid[0, :4].all()
    assert not valid[0, 6:].any()
    assert np.isfinite(values[valid]).all()


# windows


@st.composite
def windows(draw, shape):
    """Windows that may reach beyond the grid on every side."""
    row, col = draw(st.integers(-9, shape[0] + 5)), draw(st.integers(-9, shape[1] + 5))
    return Window(row=row, col=col, rows=draw(st.integers(1, shape[0])), cols=draw(st.integers(1, shape[1])))


GRID = grid_of(UTM36, Affine(10, 0, 814_000, 0, -10, 8_660_000), 521, 530)
SOURCES = {
    "zone": grid_of(UTM37, Affine(7, 0, 161_000, 0, -7, 8_659_900), 640, 700),
    "degrees": grid_of(DEGREES, Affine(2e-4, 0, 35.89, 0, -2e-4, -12.09), 240, 260),
    "shifted": grid_of(UTM36, Affine(25, 0, 814_108, 0, -25, 8_659_950), 200, 190),
}


@pytest.mark.parametrize("resampling", ["nearest", "bilinear", "average"])
@pytest.mark.parametrize("name", SOURCES)
def test_a_window_is_cut_from_the_whole_bit_for_bit(name, resampling):
    source = memory(SOURCES[name], bands=2, share=0.8)
    image = warped(source, GRID, resampling, "s")
    whole, whole_valid = image.read([1, 2], GRID.window)
    with patch.object(warping, "_MOST", 5_000):
        again, again_valid = image.read([1, 2], GRID.window)
    np.testing.assert_array_equal(again_valid, whole_valid)
    if resampling == "average":  # sums in another order of magnitude: the last bit
        np.testing.assert_allclose(again, whole, rtol=1e-6, atol=1e-3)
    else:
        np.testing.assert_array_equal(again, whole)
    assert 0.1 < whole_valid.mean() < 0.9

    @settings(max_examples=8)
    @given(windows(GRID.shape))
    def cut(window):
        values, valid = image.read([2], window)
        inside = window.intersection(GRID.window)
        expected = np.zeros(window.shape, bool)
        part, own = inside.slices_in(window), inside.slices_in(GRID.window)
        expected[part] = whole_valid[1][own]
        np.testing.assert_array_equal(valid[0], expected)
        np.testing.assert_array_equal(values[0][part], whole[1][own])

    cut()


def test_memory_is_bounded_when_a_block_needs_much_of_the_raster(monkeypatch):
    asked = []
    source = memory(grid_of(UTM36, Affine(1, 0, 814_000, 0, -1, 8_660_000), 600, 600))
    grid = grid_of(UTM36, Affine(20, 0, 814_000, 0, -20, 8_660_000), 30, 30)
    expected, _ = warped(source, grid, "average", "s").read([1], grid.window)
    read = Memory.read
    monkeypatch.setattr(Memory, "read", lambda self, bands, window: asked.append(window) or read(self, bands, window))
    monkeypatch.setattr(warping, "_MOST", 20_000)
    found, _ = warped(source, grid, "average", "s").read([1], grid.window)
    assert max(window.rows * window.cols for window in asked) <= 20_000
    np.testing.assert_allclose(found, expected, atol=1e-3)
    np.testing.assert_allclose(found[0], source.values[0].reshape(30, 20, 30, 20).mean(axis=(1, 3)), atol=0.01)


# places that jump, or are not there


def test_no_box_reaches_around_the_world_at_the_antimeridian():
    """Longitude jumps by 360 degrees between two pixels: neither is the mean of all others."""
    source = grid_of(DEGREES, Affine(0.05, 0, -180, 0, -0.05, 2), 80, 7200)
    values = np.broadcast_to(np.abs(np.arange(7200) - 3599.5).astype(np.float32), (1, 80, 7200)).copy()
    zone = grid_of("EPSG:32660", Affine(20_000, 0, 700_000, 0, -20_000, 100_000), 9, 20)
    found, valid = warped(Memory(source, values, np.ones(values.shape, bool)), zone, "average", "s").read(
        [1], zone.window
    )
    assert valid.all()
    assert found.min() > 3500


@pytest.mark.parametrize("resampling", ["nearest", "bilinear", "average"])
def test_beyond_the_reach_of_a_projection_nothing_is_valid(resampling):
    """The corners of a picture of the disc of the earth see the sky."""
    disc = grid_of(
        "+proj=geos +h=35785831 +lon_0=0 +sweep=y", Affine(200_000, 0, -6_000_000, 0, -200_000, 6_000_000), 60, 60
    )
    source = smooth(grid_of(DEGREES, Affine(0.5, 0, -180, 0, -0.5, 90), 360, 720))
    values, valid = warped(source, disc, resampling, "s").read([1], disc.window)
    exact = exact_places(disc, source.grid)
    np.testing.assert_array_equal(valid[0], np.isfinite(exact).all(axis=0))
    assert not valid[0][0, 0]
    assert valid[0][30, 30]
    assert np.isfinite(values).all()


# what overlaps


@pytest.mark.parametrize(
    ("row", "col", "expected"), [(500, 500, True), (0, 990, True), (-40, 0, False), (0, 1001, False)]
)
def test_a_raster_between_the_lines_that_are_looked_at_overlaps(row, col, expected):
    grid = grid_of(UTM36, Affine(10, 0, 814_000, 0, -10, 8_660_000), 1000, 1000)
    small = grid_of(UTM36, grid.transform @ Affine.translation(col + 3.3, row + 3.3), 4, 4)
    assert overlaps(small, grid, "s") is expected
    assert overlaps(grid, small, "s") is expected


def test_images_apart_are_refused_with_both_places():
    grid = grid_of(UTM36, Affine(10, 0, 814_000, 0, -10, 8_660_000), 100, 100)
    for crs, transform in (
        (UTM36, Affine(7, 0, 600_000, 0, -7, 8_660_000)),
        (DEGREES, Affine(1e-4, 0, -60, 0, -1e-4, 12)),
    ):
        with pytest.raises(InputError, match=r"b\.tif: does not overlap the first image \(bounds .* in EPSG:32736\)"):
            on_grid(memory(grid_of(crs, transform, 50, 50)), grid, "nearest", "b.tif")


def test_files_are_resampled_as_arrays_are(tmp_path, make_raster):
    """The whole way from a file, with nodata."""
    source = memory(SOURCES["zone"], dtype="uint16", bands=2)
    make_raster(
        "b.tif", source.values, crs=UTM37, transform=source.grid.transform, nodata=float(source.values[0, 0, 0])
    )
    image = open_image("b.tif", lambda text: tmp_path / text, AllowedFolders((tmp_path,)))
    shown = Memory(source.grid, source.values, source.values != source.values[0, 0, 0])
    for resampling in ("nearest", "bilinear", "average"):
        for found, expected in zip(
            on_grid(image, GRID, resampling, "b").read([2, 1], GRID.window),
            warped(shown, GRID, resampling, "b").read([2, 1], GRID.window),
            strict=True,
        ):
            np.testing.assert_array_equal(found, expected)


def test_steps_are_those_of_the_nearer_neighbour():
    places = np.array([[[0.0, 1.0, 2.5, 400.0, 401.0, np.inf, np.inf]]] * 2)
    np.testing.assert_array_equal(warping._steps(places, 2)[0, 0], [1, 1, 1.5, 1, 1, 0, 0])
    assert all(a <= b for a, b in pairwise(warping._steps(np.arange(6.0).reshape(1, 1, 6) ** 2, 2)[0, 0]))
