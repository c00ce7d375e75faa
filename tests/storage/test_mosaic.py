"""Several files as one image, beside GDAL's own mosaic of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.crs import CRS
from rasterio.enums import ColorInterp

from classify_local.errors import InputError, StorageError
from classify_local.grid import Grid, Window
from classify_local.storage import rasters
from classify_local.storage.composite import with_nodata
from classify_local.storage.mosaic import Mosaic, Piece, of_files, whole_file
from classify_local.storage.rasters import close_files, describe
from tests.conftest import TRANSFORM, UTM, write_raster

RNG = np.random.default_rng()


@pytest.fixture(autouse=True)
def _same_numbers_and_no_open_files():
    RNG.bit_generator.state = np.random.default_rng(3).bit_generator.state
    close_files()
    yield
    close_files()


def at(row: float, col: float, transform: Affine = TRANSFORM) -> Affine:
    """The transform of a tile that begins at a pixel of the grid."""
    return transform @ Affine.translation(col, row)


def digits(shape, dtype="uint8", low=0, high=5):
    return RNG.integers(low, high, shape).astype(dtype)


def mosaic_of(*paths: Path) -> Mosaic:
    return of_files([describe(path) for path in paths], "tiles")


def require_as_gdal(mosaic: Mosaic, vrt: Path) -> None:
    """The whole mosaic has the values and the mask that rasterio reads from a VRT."""
    with rasterio.open(vrt) as handle:
        expected, mask = handle.read(), handle.read_masks() != 0
        assert mosaic.grid.transform.almost_equals(handle.transform)
        assert mosaic.grid.shape == handle.shape
    values, valid = mosaic.read(range(1, len(expected) + 1), mosaic.grid.window)
    np.testing.assert_array_equal(valid, mask & np.isfinite(expected))
    np.testing.assert_array_equal(values[valid], expected[valid])
    assert values.dtype == expected.dtype


# tiles on one grid


def test_the_last_file_lies_on_top_and_its_gaps_are_filled_from_below(tmp_path, make_raster, gdal):
    make_raster("a.tif", digits((2, 20, 30)), nodata=0)
    make_raster("b.tif", digits((2, 20, 30)), nodata=0, transform=at(8, 20))
    make_raster("c.tif", digits((2, 6, 6)), nodata=0, transform=at(-3, 18))
    gdal("gdalbuildvrt", "-q", "abc.vrt", "a.tif", "b.tif", "c.tif")
    mosaic = mosaic_of(tmp_path / "a.tif", tmp_path / "b.tif", tmp_path / "c.tif")
    require_as_gdal(mosaic, tmp_path / "abc.vrt")
    turned = mosaic_of(tmp_path / "c.tif", tmp_path / "b.tif", tmp_path / "a.tif")
    everything = mosaic.grid.window
    assert not np.array_equal(turned.read([1], everything)[0], mosaic.read([1], everything)[0])


tiles = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(1, 15), st.integers(1, 15)), min_size=1, max_size=5
)


@settings(max_examples=12)
@given(tiles, st.sampled_from(["uint8", "int16", "float32"]), st.integers(1, 2), st.data())
def test_any_tiles_are_as_in_gdals_mosaic(tmp_path_factory, gdal, places, dtype, bands, data):
    folder = tmp_path_factory.mktemp("tiles")
    names = [f"{i}.tif" for i in range(len(places))]
    for name, (row, col, rows, cols) in zip(names, places, strict=True):
        write_raster(folder / name, digits((bands, rows, cols), dtype), nodata=0, transform=at(row, col))
    gdal("gdalbuildvrt", "-q", "all.vrt", *names, folder=folder)
    mosaic = mosaic_of(*(folder / name for name in names))
    require_as_gdal(mosaic, folder / "all.vrt")
    whole, valid = mosaic.read([1], mosaic.grid.window)
    window = data.draw(windows_around(mosaic.grid.shape))
    part, part_valid = mosaic.read([1], window)
    inside = window.intersection(mosaic.grid.window)
    cut, source = inside.slices_in(window), inside.slices_in(mosaic.grid.window)
    expected = np.zeros(window.shape, dtype=bool)
    expected[cut] = valid[0][source]
    np.testing.assert_array_equal(part_valid[0], expected)
    np.testing.assert_array_equal(part[0][expected], whole[0][source][valid[0][source]])


@st.composite
def windows_around(draw, shape):
    """Windows that may reach beyond the image on every side."""
    row, col = draw(st.integers(-4, shape[0] + 3)), draw(st.integers(-4, shape[1] + 3))
    return Window(row=row, col=col, rows=draw(st.integers(1, 20)), cols=draw(st.integers(1, 20)))


@pytest.mark.parametrize("internal", [True, False])
def test_masks_of_tiles(tmp_path, make_raster, gdal, internal):
    mask = RNG.random((9, 9)) < 0.5
    make_raster("a.tif", digits((2, 9, 9), low=1), mask=mask, internal_mask=internal)
    make_raster("b.tif", digits((2, 9, 9), low=1), mask=~mask, internal_mask=internal, transform=at(2, 5))
    gdal("gdalbuildvrt", "-q", "ab.vrt", "a.tif", "b.tif")
    require_as_gdal(mosaic_of(tmp_path / "a.tif", tmp_path / "b.tif"), tmp_path / "ab.vrt")


def test_transparent_tiles(tmp_path, make_raster, gdal):
    colors = (ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha)
    for name, place in (("a.tif", (0, 0)), ("b.tif", (3, 4))):
        values = digits((4, 9, 9), low=1)
        values[3] = np.where(RNG.random((9, 9)) < 0.5, 255, 0)
        make_raster(name, values, colorinterp=colors, transform=at(*place))
    gdal("gdalbuildvrt", "-q", "ab.vrt", "a.tif", "b.tif")
    mosaic = mosaic_of(tmp_path / "a.tif", tmp_path / "b.tif")
    assert mosaic.alpha == (4,)
    with rasterio.open(tmp_path / "ab.vrt") as handle:
        expected, mask = handle.read([1, 2, 3]), handle.read_masks([1, 2, 3]) != 0
    values, valid = mosaic.read([1, 2, 3], mosaic.grid.window)
    np.testing.assert_array_equal(valid, mask)
    np.testing.assert_array_equal(values[valid], expected[mask])


def test_each_tile_has_its_own_nodata(tmp_path, make_raster):
    a, b = digits((1, 8, 8)), digits((1, 8, 8))
    make_raster("a.tif", a, nodata=0)
    make_raster("b.tif", b, nodata=4, transform=at(0, 4))
    mosaic = mosaic_of(tmp_path / "a.tif", tmp_path / "b.tif")
    values, valid = mosaic.read([1], mosaic.grid.window)
    expected = np.concatenate([a[0], np.zeros((8, 4), "uint8")], axis=1)
    has = np.concatenate([a[0] != 0, np.zeros((8, 4), bool)], axis=1)
    expected[:, 4:] = np.where(b[0] != 4, b[0], expected[:, 4:])
    has[:, 4:] |= b[0] != 4
    np.testing.assert_array_equal(valid[0], has)
    np.testing.assert_array_equal(values[0][has], expected[has])


def test_a_recipes_nodata_counts_in_every_tile(tmp_path, make_raster):
    a, b = digits((1, 8, 8)), digits((1, 8, 8))
    make_raster("a.tif", a, nodata=0)
    make_raster("b.tif", b, nodata=4, transform=at(0, 8))
    mosaic = with_nodata(mosaic_of(tmp_path / "a.tif", tmp_path / "b.tif"), 2)
    np.testing.assert_array_equal(mosaic.read([1], mosaic.grid.window)[1], np.concatenate([a, b], axis=2) != 2)


@pytest.mark.parametrize(
    ("first", "second", "common"),
    [("uint8", "uint16", "uint16"), ("int16", "uint16", "int32")],
)
def test_tiles_of_several_types_are_read_in_a_common_one(tmp_path, make_raster, first, second, common):
    a, b = digits((1, 8, 8), first), digits((1, 8, 8), second) + np.array(200, second)
    make_raster("a.tif", a)
    make_raster("b.tif", b, transform=at(0, 8))
    mosaic = mosaic_of(tmp_path / "a.tif", tmp_path / "b.tif")
    assert mosaic.dtypes == (common,)
    for window in (mosaic.grid.window, Window(row=0, col=0, rows=8, cols=8), Window(row=0, col=8, rows=8, cols=8)):
        values, _ = mosaic.read([1], window)
        assert values.dtype == common
        np.testing.assert_array_equal(
            values, np.concatenate([a, b], axis=2)[:, :, window.col : window.col + window.cols]
        )


@pytest.mark.parametrize("dy", [10, -10])
def test_south_up_tiles(tmp_path, make_raster, dy):
    transform = Affine(10, 0, 500_000, 0, dy, 8_000_000)
    whole = digits((2, 12, 8), high=200)
    make_raster("a.tif", whole[:, :7], transform=transform)
    make_raster("b.tif", whole[:, 7:], transform=at(7, 0, transform))
    mosaic = mosaic_of(tmp_path / "b.tif", tmp_path / "a.tif")
    assert mosaic.grid.transform == transform
    np.testing.assert_array_equal(mosaic.read([1, 2], mosaic.grid.window)[0], whole)


# what is opened


def test_only_files_that_meet_a_window_are_opened(tmp_path, make_raster, monkeypatch):
    paths = [
        make_raster(f"{row}{col}.tif", digits((1, 10, 10), low=1), nodata=0, transform=at(10 * row, 10 * col))
        for row in range(4)
        for col in range(4)
    ]
    mosaic = mosaic_of(*paths)
    opened: list[str] = []
    real = rasters._opened
    monkeypatch.setattr(rasters, "_opened", lambda path, driver: opened.append(path.name) or real(path, driver))
    for window, expected in (
        (Window(row=12, col=23, rows=5, cols=5), ["12.tif"]),
        (Window(row=19, col=19, rows=2, cols=2), ["11.tif", "12.tif", "21.tif", "22.tif"]),
        (Window(row=-5, col=-5, rows=5, cols=5), []),
    ):
        close_files()
        opened.clear()
        mosaic.read([1], window)
        assert sorted(opened) == expected


def test_what_lies_wholly_under_a_full_tile_is_not_read(tmp_path, make_raster, monkeypatch):
    make_raster("below.tif", digits((1, 10, 10), low=1), nodata=0)
    make_raster("above.tif", digits((1, 10, 10), low=1), nodata=0)
    mosaic = mosaic_of(tmp_path / "below.tif", tmp_path / "above.tif")
    (tmp_path / "below.tif").unlink()
    assert mosaic.read([1], mosaic.grid.window)[1].all()


def test_a_tile_that_changes_is_an_error(tmp_path, make_raster):
    make_raster("a.tif", digits((1, 10, 10)), nodata=0)
    make_raster("b.tif", digits((1, 10, 10)), nodata=0, transform=at(0, 5))
    mosaic = mosaic_of(tmp_path / "a.tif", tmp_path / "b.tif")
    make_raster("b.tif", digits((1, 11, 10)), nodata=0, transform=at(0, 5))
    assert mosaic.read([1], Window(row=0, col=0, rows=10, cols=5))[0].shape == (1, 10, 5)
    with pytest.raises(StorageError, match=r"b\.tif: was changed"):
        mosaic.read([1], mosaic.grid.window)


def test_paths_are_named_once(tmp_path, make_raster):
    a = make_raster("a.tif", digits((1, 4, 4)))
    assert whole_file(describe(a)).paths == (a,)
    assert mosaic_of(a, a).paths == (a,)


# tiles that do not belong together


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"descriptions": ("red", "nir")}, "its bands are red, nir, those of a.tif are b1, b2"),
        ({"transform": at(0.5, 0)}, "its pixels do not lie on the grid of a.tif"),
        ({"transform": TRANSFORM @ Affine.scale(2)}, "its pixels do not lie on the grid of a.tif"),
        ({"crs": "EPSG:32737"}, "is in EPSG:32737, a.tif in EPSG:32736"),
    ],
)
def test_tiles_that_do_not_fit_are_refused_by_name(tmp_path, make_raster, changes, words):
    a = make_raster("a.tif", digits((2, 4, 4)), crs=UTM)
    b = make_raster("b.tif", digits((2, 4, 4)), **{"crs": UTM, **changes})
    with pytest.raises(InputError) as caught:
        mosaic_of(a, b)
    assert str(caught.value).startswith(f"{b}: ")
    assert words in str(caught.value)


def test_tiles_with_another_number_of_bands_are_refused(tmp_path, make_raster):
    a, b = make_raster("a.tif", digits((2, 4, 4))), make_raster("b.tif", digits((3, 4, 4)))
    with pytest.raises(InputError, match=r"b\.tif: its bands are b1, b2, b3"):
        mosaic_of(a, b)


# pieces of any kind, pixel by pixel


@dataclass(frozen=True)
class Pixels:
    """Stands for a file."""

    values: np.ndarray
    valid: np.ndarray

    def read(self, bands, window):
        rows, cols = window.slices_in(Window(row=0, col=0, rows=self.values.shape[1], cols=self.values.shape[2]))
        chosen = [band - 1 for band in bands]
        return self.values[chosen][:, rows, cols], self.valid[chosen][:, rows, cols]


@st.composite
def pieces(draw):
    rows, cols = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    values = RNG.integers(1, 200, (2, rows, cols)).astype("uint8")
    file = Pixels(values, RNG.random(values.shape) < draw(st.sampled_from([0.0, 0.5, 1.0])))
    bands = draw(st.sampled_from([(1, 2), (2, 1), (1, None), (None, 2), (None, None)]))
    return Piece(
        file=file, bands=bands, source=Window(row=0, col=0, rows=rows, cols=cols), row=draw(st.integers(0, 15)),
        col=draw(st.integers(0, 15)), nodata=((), ()), opaque=draw(st.booleans()),
    )  # fmt: skip


def top_pixel(found, band: int, row: int, col: int):
    """The value that counts at a pixel, or None: from above, to the first that has data or is opaque."""
    for piece in reversed(found):
        own_row, own_col, number = row - piece.row, col - piece.col, piece.bands[band - 1]
        if number is None or not (0 <= own_row < piece.source.rows and 0 <= own_col < piece.source.cols):
            continue
        if piece.file.valid[number - 1, own_row, own_col]:
            return piece.file.values[number - 1, own_row, own_col]
        if piece.opaque:
            return None
    return None


@settings(max_examples=150)
@given(st.lists(pieces(), max_size=6), st.data())
def test_any_pieces_lie_over_each_other_pixel_by_pixel(found, data):
    grid = Grid(crs=CRS.from_string(UTM), transform=TRANSFORM, shape=(27, 27))
    mosaic = Mosaic(
        grid=grid, names=("a", "b"), dtypes=("uint8", "uint8"), alpha=(), scale=None, offset=None,
        pieces=tuple(found), where="pieces",
    )  # fmt: skip
    bands = data.draw(st.sampled_from([[1], [2], [1, 2], [2, 1]]))
    window = data.draw(windows_around(grid.shape))
    values, valid = mosaic.read(bands, window)
    for i, row, col in np.ndindex(values.shape):
        expected = top_pixel(found, bands[i], window.row + row, window.col + col)
        assert valid[i, row, col] == (expected is not None)
        assert expected is None or values[i, row, col] == expected


@given(st.lists(pieces(), max_size=6), st.integers(-5, 30), st.integers(-5, 30), st.integers(0, 9), st.integers(0, 9))
def test_the_pieces_that_meet_a_window_are_those_that_share_pixels(found, row, col, rows, cols):
    grid = Grid(crs=CRS.from_string(UTM), transform=TRANSFORM, shape=(27, 27))
    mosaic = Mosaic(
        grid=grid, names=("a", "b"), dtypes=("uint8", "uint8"), alpha=(), scale=None, offset=None,
        pieces=tuple(found), where="pieces",
    )  # fmt: skip
    window = Window(row=row, col=col, rows=rows, cols=cols)
    assert mosaic._met(window) == [piece for piece in found if not piece.target.intersection(window).is_empty]
