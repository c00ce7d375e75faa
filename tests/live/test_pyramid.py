"""Tiles at all levels beside the image at full resolution: mosaics with gaps, odd sizes, nested VRTs, masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.enums import ColorInterp

from classify_local.errors import InputError
from classify_local.features.images import open_stack
from classify_local.grid import Window
from classify_local.live import pyramid as pyramids
from classify_local.live.pyramid import Pyramid, TileKey, count_levels
from classify_local.live.viewing import tiles_of
from classify_local.recipe.text import load
from classify_local.storage.coarse import coarse_grid, coarsened
from classify_local.storage.images import open_image
from classify_local.storage.mosaic import Mosaic, of_files
from classify_local.storage.rasters import close_files, describe
from classify_local.storage.safety import AllowedFolders
from classify_local.storage.vrt_reading import read_vrt
from tests.conftest import TRANSFORM, write_raster


@pytest.fixture(autouse=True)
def _no_open_files():
    close_files()
    yield
    close_files()


def at(row: int, col: int) -> Affine:
    return TRANSFORM @ Affine.translation(col, row)


def numbered(rows: int, cols: int, first: int = 1) -> np.ndarray:
    """Every pixel with a number of its own."""
    return (np.arange(rows * cols).reshape(rows, cols) + first).astype("int32")


def require_picked(image: Mosaic, factor: int) -> None:
    """Every coarse pixel is the one in its middle; where a tile is too small to hold a middle, one that it covers."""
    far, whole = coarsened(image, factor), image.grid.window
    (fine,), (fine_valid,) = image.read([1], whole)
    (values,), (valid,) = far.read([1], far.grid.window)
    rows, cols = far.grid.shape
    assert (rows, cols) == tuple(-(-length // factor) for length in image.grid.shape)
    small = np.zeros((rows, cols), dtype=bool)
    for piece in image.pieces:
        if not holds_middles(piece.target, factor):
            top, left = piece.target.row // factor, piece.target.col // factor
            bottom, right = (piece.target.row + piece.target.rows) // factor, (
                piece.target.col + piece.target.cols) // factor  # fmt: skip
            small[top : bottom + 1, left : right + 1] = True
    half = factor // 2
    middle, known = (np.pad(band, ((0, factor), (0, factor)))[half::factor, half::factor][:rows, :cols]
                     for band in (fine, fine_valid))  # fmt: skip
    np.testing.assert_array_equal(valid[~small], known[~small])
    np.testing.assert_array_equal(values[valid & ~small], middle[valid & ~small])


def holds_middles(target: Window, factor: int) -> bool:
    """True if some coarse pixel has its middle in a tile, down and across."""
    half = factor // 2
    spans = (target.row, target.rows), (target.col, target.cols)
    return all(any((index - half) % factor == 0 for index in range(first, first + count)) for first, count in spans)


SIZE = st.tuples(st.integers(0, 23), st.integers(0, 23), st.integers(1, 21), st.integers(1, 21))


@settings(max_examples=25)
@given(tiles=st.lists(SIZE, min_size=1, max_size=4), factor=st.sampled_from([2, 4, 8]), holes=st.booleans())
def test_mosaics_with_gaps_odd_sizes_and_offsets(tmp_path_factory, tiles, factor, holes):
    folder, files = tmp_path_factory.mktemp("mosaic"), []
    for number, (row, col, rows, cols) in enumerate(tiles):
        values = numbered(rows, cols, 1 + 1000 * number)
        if holes:
            values[::3, ::2] = 0
        files.append(describe(write_raster(folder / f"{number}.tif", values, transform=at(row, col), nodata=0)))
    require_picked(of_files(files, "tiles"), factor)
    close_files()


@settings(max_examples=15)
@given(
    shape=st.tuples(st.integers(9, 40), st.integers(9, 40)), factor=st.sampled_from([2, 4]),
    corner=st.tuples(st.integers(0, 30), st.integers(0, 30)), size=st.tuples(st.integers(1, 20), st.integers(1, 20)),
)  # fmt: skip
def test_a_window_is_a_part_of_the_whole(tmp_path_factory, shape, factor, corner, size):
    folder = tmp_path_factory.mktemp("window")
    far = coarsened(of_files([describe(write_raster(folder / "a.tif", numbered(*shape)))], "a"), factor)
    values, valid = far.read([1], far.grid.window)
    window = Window(row=corner[0], col=corner[1], rows=size[0], cols=size[1]).intersection(far.grid.window)
    if window.is_empty:
        return
    part, known = far.read([1], window)
    rows, cols = window.slices_in(far.grid.window)
    np.testing.assert_array_equal(known, valid[:, rows, cols])
    np.testing.assert_array_equal(part[known], values[:, rows, cols][known])
    close_files()


@pytest.mark.parametrize("factor", [2, 4])
@pytest.mark.parametrize("options", [[], ["-vrtnodata", "77"], ["-hidenodata"]])
def test_nested_vrts(tmp_path, gdal, make_raster, factor, options):
    make_raster("a.tif", numbered(14, 17), nodata=40)
    make_raster("b.tif", numbered(9, 8, 1001), nodata=1033, transform=at(7, 13))
    make_raster("c.tif", numbered(5, 6, 2001), transform=at(18, 3))
    gdal("gdalbuildvrt", "-q", *options, "inner.vrt", "a.tif", "b.tif")
    gdal("gdalbuildvrt", "-q", "outer.vrt", "inner.vrt", "c.tif")
    for name in ("inner.vrt", "outer.vrt"):
        image = read_vrt(tmp_path / name, AllowedFolders(()))
        far = coarsened(image, factor)
        (fine,), (known,) = image.read([1], image.grid.window)
        (values,), (valid,) = far.read([1], far.grid.window)
        for row, col in zip(*np.nonzero(valid), strict=True):
            cell = np.s_[row * factor : (row + 1) * factor, col * factor : (col + 1) * factor]
            assert values[row, col] in fine[cell][known[cell]]
        assert valid.sum() >= 0.8 * known[factor // 2 :: factor, factor // 2 :: factor].sum() > 0


@pytest.mark.parametrize("factor", [2, 4])
def test_transparency_masks_from_afar(make_raster, factor):
    shown = np.full((13, 18), 255)
    shown[:7, 5:] = 0
    colors = np.stack([*(numbered(13, 18) % 200 + i for i in range(3)), shown]).astype("uint8")
    rgba = (ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha)
    image = of_files([describe(make_raster("a.tif", colors, colorinterp=rgba))], "a")
    far = coarsened(image, factor)
    values, valid = far.read([1, 2, 3], far.grid.window)
    middle = np.s_[factor // 2 :: factor, factor // 2 :: factor]
    rows, cols = shown[middle].shape
    np.testing.assert_array_equal(valid[:, :rows, :cols], np.stack([shown[middle] > 0] * 3))
    np.testing.assert_array_equal(values[:, :rows, :cols][valid[:, :rows, :cols]],
                                  colors[:3][:, *middle][valid[:, :rows, :cols]])  # fmt: skip


def test_masks_of_files_count_from_afar(make_raster):
    mask = np.ones((16, 16), dtype=bool)
    mask[4:9, 2:13] = False
    image = of_files([describe(make_raster("a.tif", numbered(16, 16), mask=mask))], "a")
    require_picked(image, 2)
    require_picked(image, 4)


@pytest.mark.parametrize("row", range(40, 48))
def test_a_tile_smaller_than_a_coarse_pixel_is_seen_where_it_lies(make_raster, row):
    paths = [make_raster("a.tif", numbered(64, 16)), make_raster("b.tif", [[9999]], transform=at(row, 87 - row))]
    image = of_files([describe(path) for path in paths], "two")
    values, valid = coarsened(image, 8).read([1], coarse_grid(image.grid, 8).window)
    assert np.argwhere(valid[0] & (values[0] == 9999)).tolist() == [[5, 5]]


# the pyramid of a recipe


@pytest.fixture
def pyramid(recipe: Path, monkeypatch: pytest.MonkeyPatch) -> Pyramid:
    """Of the small scene, with tiles of 16 pixels and a coarsest side of 16."""
    monkeypatch.setattr(pyramids, "TILE", 16)
    monkeypatch.setattr(pyramids, "_LEAST", 16)
    monkeypatch.setattr("classify_local.live.viewing.TILE", 16)
    recipe.write_text(
        recipe.read_text().replace("path: image.tif", "path: image.tif\n    derived: [{indexes: [ndvi]}]")
    )
    document = load(recipe)
    return Pyramid(document, open_stack(document), (), 2**24)


def test_tiles_of_full_resolution_are_what_the_stack_reads(pyramid):
    stack = open_stack(pyramid._document)
    seen = np.zeros(stack.grid.shape, dtype=int)
    for key in tiles_of(stack.grid.window, 0):
        window, block = pyramid.window(key), pyramid.read(key)
        expected = stack.read(window)
        np.testing.assert_array_equal(block.features, expected.features)
        np.testing.assert_array_equal(block.valid, expected.valid)
        np.testing.assert_array_equal(block.valid_by_layer, expected.valid_by_layer)
        seen[window.row : window.row + window.rows, window.col : window.col + window.cols] += 1
    assert (seen == 1).all()
    assert seen.shape == (48, 64)


@pytest.mark.parametrize("level", [1, 2])
def test_further_levels_are_picked_pixels_and_what_is_computed_of_them(pyramid, level):
    whole = open_stack(pyramid._document)
    fine, middle = whole.read(whole.grid.window), slice(2**level // 2, None, 2**level)
    for key in tiles_of(pyramid.stack(level).grid.window, level):
        window, block = pyramid.window(key), pyramid.read(key)
        rows, cols = slice(window.row, window.row + window.rows), slice(window.col, window.col + window.cols)
        np.testing.assert_array_equal(block.features, fine.features[:, middle, middle][:, rows, cols])
        np.testing.assert_array_equal(block.valid, fine.valid[middle, middle][rows, cols])


def test_tiles_that_are_not_there(pyramid):
    assert pyramid.levels == 3
    for level, col, row in ((3, 0, 0), (-1, 0, 0), (0, 4, 0), (0, 0, 3), (0, -1, 0), (2, 1, 0)):
        with pytest.raises(InputError, match="level"):
            pyramid.window(TileKey(level, col, row))
    assert pyramid.window(TileKey(0, 3, 2)) == Window(row=32, col=48, rows=16, cols=16)


def test_what_was_read_is_at_hand(pyramid, monkeypatch):
    key = TileKey(0, 1, 1)
    assert not pyramid.has(key)
    first = pyramid.read(key)
    assert pyramid.has(key)
    assert pyramid.read(key) is first


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_the_coarsest_level_fits_and_the_one_before_does_not(rows, cols):
    levels, longer = count_levels((rows, cols)), max(rows, cols)
    assert -(-longer // 2 ** (levels - 1)) <= 512
    assert levels == 1 or -(-longer // 2 ** (levels - 2)) > 512


def test_an_overview_of_the_file_is_what_is_seen_from_afar(tmp_path, gdal, make_raster):
    path = make_raster("a.tif", numbered(64, 64))
    gdal("gdaladdo", "-q", "-ro", "-r", "nearest", str(path), "2", "4")
    image = open_image(str(path), Path, AllowedFolders(()))
    (values,), (valid,) = coarsened(image, 4).read([1], coarse_grid(image.grid, 4).window)
    assert valid.all()
    fine = numbered(64, 64)
    for row in range(16):
        for col in range(16):
            assert values[row, col] in fine[row * 4 : row * 4 + 4, col * 4 : col * 4 + 4]
