"""Windows, blocks, tiles and grids: tables, properties, and rasterio's own row and column."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from rasterio.crs import CRS
from rasterio.transform import rowcol

from classify_local.errors import InputError
from classify_local.grid import BLOCK_SIZE, Grid, Tile, Window, block_count, blocks, spread_blocks, tiles, union

UTM = CRS.from_epsg(32736)
LONLAT = CRS.from_epsg(4326)

NORTH_UP = Affine(10, 0, 500_000, 0, -10, 8_600_000)
TRANSFORMS = {
    "north up": NORTH_UP,
    "south up": Affine(10, 0, 500_000, 0, 10, 8_600_000),
    "east left": Affine(-10, 0, 500_000, 0, -10, 8_600_000),
    "oblong pixels": Affine(10, 0, 500_000, 0, -1000, 8_600_000),
    "degrees": Affine(0.00026949458523585647, 0, 32.1, 0, -0.00026949458523585647, -13.9),
    "rotated": Affine.translation(500_000, 8_600_000) @ Affine.rotation(30) @ Affine.scale(10, -10),
    "sheared": Affine(10, 3, 500_000, 2, -10, 8_600_000),
}

sizes = st.integers(1, 40)
offsets = st.integers(-60, 60)
windows = st.builds(Window, row=offsets, col=offsets, rows=st.integers(0, 40), cols=st.integers(0, 40))
filled = st.builds(Window, row=offsets, col=offsets, rows=sizes, cols=sizes)


def grid(rows: int = 40, cols: int = 60, transform: Affine = NORTH_UP, crs: CRS = UTM) -> Grid:
    return Grid(crs=crs, transform=transform, shape=(rows, cols))


def pixels(window: Window) -> set[tuple[int, int]]:
    return set(
        itertools.product(range(window.row, window.row + window.rows), range(window.col, window.col + window.cols))
    )


# windows


@pytest.mark.parametrize(("rows", "cols"), [(-1, 1), (1, -1)])
def test_a_window_has_no_negative_size(rows, cols):
    with pytest.raises(ValueError, match="zero or more"):
        Window(row=0, col=0, rows=rows, cols=cols)


@given(windows, windows)
def test_intersection_holds_the_pixels_of_both(a, b):
    common = a.intersection(b)
    assert pixels(common) == pixels(a) & pixels(b)
    assert common.is_empty == (not pixels(common))


@given(windows, offsets, offsets)
def test_a_shift_moves_every_pixel(window, rows, cols):
    assert pixels(window.shifted(rows, cols)) == {(r + rows, c + cols) for r, c in pixels(window)}


@given(windows, st.data())
def test_slices_cut_a_window_out_of_an_array(a, data):
    top, left = data.draw(st.integers(0, a.rows)), data.draw(st.integers(0, a.cols))
    rows, cols = data.draw(st.integers(0, a.rows - top)), data.draw(st.integers(0, a.cols - left))
    common = Window(row=a.row + top, col=a.col + left, rows=rows, cols=cols)
    rows, cols = np.meshgrid(np.arange(a.row, a.row + a.rows), np.arange(a.col, a.col + a.cols), indexing="ij")
    cut = common.slices_in(a)
    assert set(zip(rows[cut].ravel().tolist(), cols[cut].ravel().tolist(), strict=True)) == pixels(common)
    assert rows[cut].shape == common.shape


# blocks and tiles


@given(windows, st.integers(1, 17))
def test_blocks_cover_a_window_once_and_are_aligned(window, size):
    within = Window(row=0, col=0, rows=50, cols=45)
    window = window.intersection(within)
    found = list(blocks(window, within, size))
    covered = [pixel for block in found for pixel in pixels(block)]
    assert len(covered) == len(set(covered))
    assert pixels(window) <= set(covered)
    for block in found:
        assert block.row % size == 0
        assert block.col % size == 0
        assert not block.intersection(window).is_empty
        assert block.rows == min(size, within.rows - block.row)
        assert block.cols == min(size, within.cols - block.col)


def test_blocks_are_the_same_whatever_window_asks_for_them():
    within = Window(row=0, col=0, rows=1300, cols=1100)
    every = set(blocks(within, within))
    assert len(every) == 9
    assert Window(row=1024, col=1024, rows=276, cols=76) in every
    for window in (Window(row=500, col=3, rows=30, cols=600), Window(row=1299, col=1099, rows=1, cols=1)):
        assert set(blocks(window, within)) <= every
    assert BLOCK_SIZE == 512


@given(sizes, sizes, st.integers(1, 50))
def test_tiles_cover_each_pixel_once(rows, cols, size):
    count = np.zeros((rows, cols), dtype=int)
    whole = Window(row=0, col=0, rows=rows, cols=cols)
    found = tiles(grid(rows, cols), size)
    for tile in found:
        count[tile.window.slices_in(whole)] += 1
        assert max(tile.window.shape) <= size
    assert (count == 1).all()
    assert len({tile.id for tile in found}) == len(found)
    assert [tile.window for tile in found] == sorted(tile.window for tile in found)


def test_a_tile_is_named_by_its_offset():
    assert Tile(window=Window(row=2048, col=40960, rows=1, cols=1)).id == "0000002048-0000040960"


# grids


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (-1, 5)])
def test_a_grid_is_not_empty(shape):
    with pytest.raises(ValueError, match="at least one pixel"):
        Grid(crs=UTM, transform=NORTH_UP, shape=shape)


@pytest.mark.parametrize(
    "transform",
    [
        Affine(0, 0, 5, 0, -10, 5),
        Affine(10, 0, 5, 0, 0, 5),
        Affine(10, 20, 0, 5, 10, 0),
        Affine(float("nan"), 0, 5, 0, -10, 5),
        Affine(10, 0, float("inf"), 0, -10, 5),
    ],
)
def test_a_pixel_has_a_size(transform):
    with pytest.raises(ValueError, match="pixel size"):
        Grid(crs=UTM, transform=transform, shape=(5, 5))


@pytest.mark.parametrize(
    ("name", "size"),
    [("north up", (10, 10)), ("south up", (10, 10)), ("oblong pixels", (1000, 10)), ("rotated", (10, 10))],
)
def test_pixel_size_is_height_and_width(name, size):
    assert grid(transform=TRANSFORMS[name]).pixel_size == pytest.approx(size)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_bounds_hold_every_corner(name):
    g = grid(transform=TRANSFORMS[name])
    corners = np.array([g.transform @ (col, row) for col in (0, 60) for row in (0, 40)])
    assert g.bounds == (*corners.min(axis=0), *corners.max(axis=0))


@pytest.mark.parametrize("name", TRANSFORMS)
def test_pixel_yx_is_rasterios_row_and_column(name):
    """Also at the corners of pixels, where rounding decides."""
    transform = TRANSFORMS[name]
    rng = np.random.default_rng(1)
    col = np.concatenate([rng.uniform(-20, 80, 500), np.arange(-5, 60), rng.integers(0, 60, 65) + 0.5])
    row = np.concatenate([rng.uniform(-20, 80, 500), np.arange(5, 70), rng.integers(0, 60, 65) + 0.5])
    x, y = np.array([transform @ pair for pair in zip(col, row, strict=True)]).T
    found = np.floor(grid(transform=transform).pixel_yx(x, y)).astype(int)
    expected = np.array(rowcol(transform, x, y))
    inside = slice(0, 500)
    np.testing.assert_array_equal(found[:, inside], expected[:, inside])
    np.testing.assert_array_equal(found[:, inside], np.floor([row[inside], col[inside]]))
    # on a corner the two may round differently, by one pixel, only where the grid is turned
    differs = (found != expected).any(axis=0)
    assert differs.sum() <= (0 if transform.b == transform.d == 0 else 20)
    assert np.abs(found - expected).max() <= 1


def test_pixel_yx_of_what_is_no_place_is_not_finite():
    places = grid().pixel_yx(np.array([np.nan, np.inf, 500_005.0]), np.array([8_599_995.0, 8_599_995.0, np.nan]))
    assert np.isfinite(places).all(axis=0).tolist() == [False, False, False]


# two grids

RELATIONS = [
    ("the same", lambda t: t, UTM, (0, 0)),
    ("three rows down, two columns left", lambda t: t @ Affine.translation(-2, 3), UTM, (3, -2)),
    ("far away", lambda t: t @ Affine.translation(100_000, -200_000), UTM, (-200_000, 100_000)),
    ("half a pixel right", lambda t: t @ Affine.translation(0.5, 0), UTM, None),
    ("half a pixel down", lambda t: t @ Affine.translation(0, 0.5), UTM, None),
    ("a hundredth of a pixel", lambda t: t @ Affine.translation(0.01, 0), UTM, None),
    ("noise in the origin", lambda t: t @ Affine.translation(4 + 1e-5, 7 - 1e-5), UTM, (7, 4)),
    ("noise in the pixel size", lambda t: t @ Affine.scale(1 + 1e-9, 1 - 1e-9), UTM, (0, 0)),
    ("pixels twice as large", lambda t: t @ Affine.scale(2), UTM, None),
    ("pixels that drift by a hundredth over the width", lambda t: t @ Affine.scale(1 + 0.01 / 60, 1), UTM, None),
    ("pixels that drift by a hundredth over the height", lambda t: t @ Affine.scale(1, 1 + 0.01 / 40), UTM, None),
    ("pixels that lean by a hundredth", lambda t: t @ Affine(1, 0.01 / 40, 0, 0, 1, 0), UTM, None),
    ("turned a little", lambda t: t @ Affine.rotation(0.1), UTM, None),
    ("upside down", lambda t: t @ Affine.scale(1, -1), UTM, None),
    ("mirrored", lambda t: t @ Affine.scale(-1, 1), UTM, None),
    ("another reference system", lambda t: t, LONLAT, None),
]


@pytest.mark.parametrize("name", TRANSFORMS)
@pytest.mark.parametrize(("change", "crs", "expected"), [case[1:] for case in RELATIONS], ids=[c[0] for c in RELATIONS])
def test_offset_of_another_grid(name, change, crs, expected):
    own = grid(transform=TRANSFORMS[name])
    other = grid(transform=change(TRANSFORMS[name]), crs=crs)
    assert own.offset_of(other) == expected


def test_the_same_reference_system_written_otherwise_is_the_same():
    assert grid().offset_of(grid(crs=CRS.from_wkt(UTM.to_wkt()))) == (0, 0)
    assert grid().offset_of(grid(crs=CRS.from_string("+proj=utm +zone=36 +south +datum=WGS84 +units=m"))) in (
        (0, 0),
        None,  # a definition without its code may be told apart, but nothing in between
    )


@given(st.sampled_from(sorted(TRANSFORMS)), filled)
def test_a_cropped_grid_begins_where_its_window_does(name, window):
    own = grid(transform=TRANSFORMS[name])
    part = own.cropped(window)
    assert part.shape == window.shape
    assert own.offset_of(part) == (window.row, window.col)
    assert part.offset_of(own) == (-window.row, -window.col)


@given(st.sampled_from(sorted(TRANSFORMS)), st.lists(filled, min_size=1, max_size=5))
def test_union_is_the_smallest_grid_that_holds_all(name, parts):
    own = grid(transform=TRANSFORMS[name])
    whole, starts = union([own.cropped(part) for part in parts])
    assert min(row for row, _ in starts) == 0
    assert min(col for _, col in starts) == 0
    assert whole.shape == (
        max(row + part.rows for (row, _), part in zip(starts, parts, strict=True)),
        max(col + part.cols for (_, col), part in zip(starts, parts, strict=True)),
    )
    for start, part in zip(starts, parts, strict=True):
        assert whole.offset_of(own.cropped(part)) == start


def test_union_names_the_grid_that_does_not_fit():
    shifted = NORTH_UP @ Affine.translation(0.5, 0)
    with pytest.raises(InputError, match="grid 2 does not share"):
        union([grid(), grid(), grid(transform=shifted)])


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(1, 70))
def test_spread_blocks_are_blocks_of_the_grid_spread_over_it(rows: int, cols: int, count: int) -> None:
    within = Window(row=0, col=0, rows=rows, cols=cols)
    every = list(blocks(within, within))
    assert block_count(within) == len(every)
    chosen = spread_blocks(within, count)
    assert len(chosen) == min(count, len(every))
    assert len(set(chosen)) == len(chosen)
    assert set(chosen) <= set(every)
    assert chosen[0] == every[0]
