"""Places of pixels on another grid, beside pyproj asked for every single pixel."""

from __future__ import annotations

import numpy as np
import pytest
from affine import Affine
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pyproj import Transformer
from rasterio.crs import CRS

from classify_local.errors import InputError
from classify_local.grid import Grid, Window, blocks
from classify_local.storage.placing import near_longitude, placing

UTM36, UTM37, DEGREES = "EPSG:32736", "EPSG:32737", "EPSG:4326"
EDGE = 1e-6
"""Nearer to an edge between pixels than this, in pixels, the last bit of a projection decides."""


def grid_of(crs: str, transform: Affine, rows: int, cols: int) -> Grid:
    return Grid(crs=CRS.from_string(crs), transform=transform, shape=(rows, cols))


def exact_places(grid: Grid, source: Grid) -> np.ndarray:
    """Row and column on `source` of every pixel centre of `grid`, shape (2, rows, cols)."""
    rows, cols = np.indices(grid.shape) + 0.5
    x, y = grid.transform @ (cols, rows)
    to_source = Transformer.from_crs(grid.crs.to_wkt(), source.crs.to_wkt(), always_xy=True)
    places_x, places_y = to_source.transform(x, y)
    inverse = ~source.transform
    with np.errstate(invalid="ignore"):  # beyond the projection's reach
        col, row = inverse @ (np.asarray(places_x), np.asarray(places_y))
    return np.stack([row, col])


def places_of(grid: Grid, source: Grid, *, exact_pixels: bool) -> np.ndarray:
    found = np.empty((2, *grid.shape))
    way = placing(grid, source, "source.tif")
    for block in blocks(grid.window, grid.window):
        rows, cols = block.slices_in(grid.window)
        found[:, rows, cols] = way.places(block, exact_pixels=exact_pixels)
    return found


def require_same_pixels(grid: Grid, source: Grid) -> int:
    """`floor` of the places is that of the exact ones, but on edges of pixels; gives how many lie within."""
    exact, found = exact_places(grid, source), places_of(grid, source, exact_pixels=True)
    finite = np.isfinite(exact).all(axis=0)
    np.testing.assert_array_equal(np.isfinite(found).all(axis=0), finite)
    on_edge = (np.abs(exact - np.round(exact)) < EDGE).any(axis=0)
    clear = finite & ~on_edge
    np.testing.assert_array_equal(np.floor(found)[:, clear], np.floor(exact)[:, clear])
    return int(clear.sum())


@st.composite
def shapes_of_pixels(draw, side: float):
    """Side, aspect, turn and direction of the pixels of a grid: a linear part."""
    across, down = side * draw(st.floats(0.3, 3)), side * draw(st.floats(0.3, 3))
    turn = draw(st.sampled_from([0.0, 0.0, 17.0, 90.0, -133.0]))
    return Affine.rotation(turn) @ Affine.scale(across, down * draw(st.sampled_from([-1, 1])))


@st.composite
def grids(draw, crs: str, rows: int, cols: int):
    """A grid of any kind about 33 east and 12 south, between the zones 36 and 37."""
    middle = Transformer.from_crs(DEGREES, crs, always_xy=True).transform(35.9, -12.1)
    side = 10 / 111_319 if crs == DEGREES else 10.0
    linear = draw(shapes_of_pixels(side))
    moved = draw(st.tuples(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5)))
    corner = Affine.translation(*middle) @ linear @ Affine.translation(-cols * (0.5 + moved[0]), -rows / 2 + moved[1])
    return grid_of(crs, corner, rows, cols)


@settings(max_examples=30)
@given(st.sampled_from([UTM36, UTM37, DEGREES]), st.sampled_from([UTM36, UTM37, DEGREES, "EPSG:3857"]), st.data())
def test_the_nearest_pixel_is_that_of_the_exact_projection(to, since, data):
    grid, source = data.draw(grids(to, 130, 170)), data.draw(grids(since, 100, 100))
    compared = require_same_pixels(grid, source)
    assume(compared > 0.9 * grid.shape[0] * grid.shape[1])  # not all on edges, as hypothesis likes them


def test_several_blocks_and_their_clipped_rest():
    grid = grid_of(UTM36, Affine(10, 0, 790_000, 0, -10, 8_660_000), 517, 1030)
    source = grid_of(UTM37, Affine(10, 0, 140_000.3, 0, -10, 8_664_000.7), 700, 1200)
    require_same_pixels(grid, source)


def test_places_that_are_not_asked_for_exactly_err_by_less_than_a_twentieth_of_a_pixel():
    grid = grid_of(UTM36, Affine(10, 0, 790_000, 0, -10, 8_660_000), 512, 512)
    for crs, transform in (
        (UTM37, Affine(10, 0, 140_000, 0, -10, 8_664_000)),
        (DEGREES, Affine(1e-5, 0, 35.6, 0, -1e-5, -12)),
    ):
        source = grid_of(crs, transform, 600, 600)
        found = places_of(grid, source, exact_pixels=False)
        assert np.abs(found - exact_places(grid, source)).max() < 0.05


@pytest.mark.parametrize("side", [5_000.0, 50_000.0])
def test_where_a_projection_bends_within_a_block_every_pixel_is_projected(side):
    """Pixels of 50 km span half the world: interpolation is of no use."""
    grid = grid_of("EPSG:3413", Affine(side, 0, -64 * side, 0, -side, 64 * side), 128, 128)
    source = grid_of(DEGREES, Affine(0.1, 0, -180, 0, -0.1, 90), 1800, 3600)
    require_same_pixels(grid, source)


def test_a_block_and_a_part_of_the_grid_agree():
    """`lines` gives what `places` does, up to the last bits."""
    grid = grid_of(UTM36, Affine(10, 0, 790_000, 0, -10, 8_660_000), 600, 600)
    source = grid_of(UTM37, Affine(10, 0, 140_000, 0, -10, 8_664_000), 600, 600)
    whole = places_of(grid, source, exact_pixels=False)
    part = Window(row=510, col=0, rows=5, cols=600)
    found = placing(grid, source, "s").lines(part)
    np.testing.assert_allclose(found, whole[:, 510:515], atol=0.05)
    np.testing.assert_allclose(found, exact_places(grid, source)[:, 510:515], atol=1e-9)


# around the world


@pytest.mark.parametrize("zone", ["EPSG:32660", "EPSG:32601"])
@pytest.mark.parametrize("west", [179.9, -180.1])
def test_longitudes_count_on_across_the_antimeridian(zone, west):
    to_zone = Transformer.from_crs(DEGREES, zone, always_xy=True)
    x, y = to_zone.transform(179.99, 5.0)
    grid = grid_of(zone, Affine(30, 0, x - 3000, 0, -30, y + 1500), 100, 200)
    source = grid_of(DEGREES, Affine(0.0005, 0, west, 0, -0.0005, 5.1), 400, 400)
    found = places_of(grid, source, exact_pixels=True)
    assert ((found >= 0) & (found < 400)).all()
    rows, cols = np.indices(grid.shape) + 0.5
    back = Transformer.from_crs(zone, DEGREES, always_xy=True)
    longitudes, latitudes = back.transform(*(grid.transform @ (cols, rows)))
    assert longitudes.max() > 179.9 > -179.9 > longitudes.min()  # both sides
    expected = np.where(longitudes < 0, longitudes + 360, longitudes)
    np.testing.assert_allclose(found[1] * 0.0005, expected - (west % 360), atol=1e-6)
    np.testing.assert_allclose(5.1 - found[0] * 0.0005, latitudes, atol=1e-6)


def test_degrees_counted_otherwise_are_the_same_places():
    grid = grid_of(DEGREES, Affine(0.001, 0, 179.9, 0, -0.001, 5), 20, 200)
    source = grid_of(DEGREES, Affine(0.001, 0, -180.1, 0, -0.001, 5), 20, 200)
    rows, cols = np.indices(grid.shape) + 0.5
    np.testing.assert_allclose(places_of(grid, source, exact_pixels=True), [rows, cols], atol=1e-6)


@given(st.floats(-720, 720), st.floats(-180, 180))
def test_near_longitudes_are_the_same_meridian(longitude, middle):
    grid = grid_of(DEGREES, Affine(0.1, 0, middle - 1, 0, -0.1, 5), 20, 20)
    (found,) = near_longitude(np.array([longitude]), grid)
    assert abs(found - middle) <= 180 + 1e-9
    assert abs((found - longitude) / 360 - round((found - longitude) / 360)) < 1e-9


def test_the_pole_lies_where_it_should():
    grid = grid_of("EPSG:3413", Affine(1000, 0, -64_000, 0, -1000, 64_000), 128, 128)
    source = grid_of(DEGREES, Affine(0.25, 0, -180, 0, -0.0625, 90), 32, 1440)
    assert require_same_pixels(grid, source) > 0.98 * 128 * 128


def test_systems_that_do_not_meet_are_refused():
    local = 'LOCAL_CS["site",UNIT["metre",1],AXIS["x",EAST],AXIS["y",NORTH]]'
    grid = grid_of(UTM36, Affine(10, 0, 500_000, 0, -10, 8_600_000), 4, 4)
    with pytest.raises(InputError, match=r"plan\.tif: its reference system .* cannot be brought together"):
        placing(grid, grid_of(local, Affine(10, 0, 0, 0, -10, 0), 4, 4), "plan.tif")
