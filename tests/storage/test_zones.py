"""Tiles of several zones, or of shifted grids, as one image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from classify_local.errors import InputError
from classify_local.grid import Window
from classify_local.storage.composite import with_nodata
from classify_local.storage.images import open_image
from classify_local.storage.mosaic import Mosaic
from classify_local.storage.rasters import describe
from classify_local.storage.safety import AllowedFolders
from classify_local.storage.zones import Zones
from tests.conftest import write_raster
from tests.storage.test_placing import exact_places

UTM36, UTM37, DEGREES = "EPSG:32736", "EPSG:32737", "EPSG:4326"
BORDER = {
    crs: Transformer.from_crs(DEGREES, crs, always_xy=True).transform(36.0, -12.0) for crs in (UTM36, UTM37, DEGREES)
}
"""A place on the border of the zones 36 and 37."""
EDGE = 1e-6


def place(crs: str, row: float, col: float, side: float = 10.0) -> Affine:
    """A tile that begins so many pixels below and right of the place on the border, less half a metre."""
    x, y = BORDER[crs]
    side = side / 111_319 if crs == DEGREES else side
    return Affine(side, 0, x + (col + 0.05) * side, 0, -side, y - (row + 0.07) * side)


def noise(shape, seed, dtype="uint16", low=0):
    return np.random.default_rng(seed).integers(low, 9, shape).astype(dtype)


def opened(folder: Path, *names: str) -> Zones:
    image = open_image(list(names), lambda text: folder / text, AllowedFolders((folder,)))
    assert isinstance(image, Zones)
    return image


def by_hand(image: Zones, paths: list[Path], nodata: float | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values and validity of the first band, tile by tile, later ones on top; and where no edge of pixels is near."""
    values, valid = np.zeros(image.grid.shape, np.float64), np.zeros(image.grid.shape, bool)
    clear = np.ones(image.grid.shape, bool)
    for path in paths:
        file = describe(path)
        places = exact_places(image.grid, file.grid)
        if file.grid.crs == image.grid.crs:
            places = np.round(places, 9)
        near = np.abs(places - np.round(places)).min(axis=0) < EDGE
        clear &= ~near
        rows, cols = np.floor(places).astype(int)
        inside = (rows >= 0) & (rows < file.grid.shape[0]) & (cols >= 0) & (cols < file.grid.shape[1])
        stored, _ = file.read([1], file.grid.window)
        found = stored[0][np.where(inside, rows, 0), np.where(inside, cols, 0)]
        take = inside if nodata is None else inside & (found != nodata)
        values[take], valid[take] = found[take], True
    return values, valid, clear


def require_by_hand(image: Zones, paths: list[Path], nodata: float | None) -> None:
    values, valid = image.read([1], image.grid.window)
    expected, known, clear = by_hand(image, paths, nodata)
    assert clear.mean() > 0.99
    np.testing.assert_array_equal(valid[0][clear], known[clear])
    np.testing.assert_array_equal(values[0][clear & known], expected[clear & known])


def require_holds(image: Zones, path: Path) -> None:
    """Every corner of a tile lies within the image's grid."""
    tile = describe(path).grid
    t, (rows, cols) = tile.transform, tile.shape
    corners = np.array([t @ corner for corner in ((0, 0), (cols, 0), (0, rows), (cols, rows))])
    to_image = Transformer.from_crs(tile.crs.to_wkt(), image.grid.crs.to_wkt(), always_xy=True)
    places = image.grid.pixel_yx(*np.array(to_image.transform(*corners.T)))
    assert places.min() >= -1e-3
    assert (places.max(axis=1) <= np.array(image.grid.shape) + 1e-3).all()


@settings(max_examples=12)
@given(
    st.lists(
        st.tuples(st.sampled_from([UTM36, UTM37, DEGREES]), st.integers(-30, 30), st.integers(-30, 30),
                  st.sampled_from([10.0, 7.0, 25.0]), st.integers(1, 25), st.integers(1, 25)),
        min_size=2, max_size=5, unique_by=lambda tile: (tile[0], tile[3]),
    )
)  # fmt: skip
def test_any_tiles_are_laid_over_each_other_in_their_order(tmp_path_factory, tiles):
    folder = tmp_path_factory.mktemp("zones")
    paths = [
        write_raster(
            folder / f"{i}.tif", noise((2, rows, cols), i), crs=crs, transform=place(crs, row, col, side), nodata=0
        )
        for i, (crs, row, col, side, rows, cols) in enumerate(tiles)
    ]
    image = opened(folder, *(path.name for path in paths))
    require_by_hand(image, paths, 0)
    for path in paths:
        require_holds(image, path)
    first = describe(paths[0]).grid
    assert first.offset_of(image.grid) is not None  # the pixels are those of the first tile


def test_the_mosaic_whose_first_tile_comes_later_lies_on_top(tmp_path, make_raster):
    make_raster("a.tif", np.full((1, 20, 20), 1, "uint8"), crs=UTM36, transform=place(UTM36, 0, 0))
    make_raster("b.tif", np.full((1, 40, 40), 2, "uint8"), crs=UTM37, transform=place(UTM37, 5, 5))
    make_raster("c.tif", np.full((1, 20, 20), 3, "uint8"), crs=UTM36, transform=place(UTM36, 0, 20))
    for names, middle in ((("a.tif", "b.tif", "c.tif"), 2), (("b.tif", "a.tif", "c.tif"), {1, 3})):
        image = opened(tmp_path, *names)
        x, y = BORDER[UTM36]
        if image.grid.crs.to_epsg() == 32737:
            x, y = BORDER[UTM37]
        row, col = np.floor(image.grid.pixel_yx(np.array([x + 185]), np.array([y - 105]))[:, 0]).astype(int)
        values, valid = image.read([1], Window(row=int(row), col=int(col), rows=1, cols=9))
        assert valid.all()
        assert set(np.unique(values)) == (middle if isinstance(middle, set) else {middle})


def test_gaps_of_the_upper_mosaic_show_the_lower_one_band_by_band(tmp_path, make_raster):
    lower, upper = np.full((2, 30, 30), 5, "uint8"), np.zeros((2, 30, 30), "uint8")
    upper[1] = 7
    make_raster("a.tif", lower, crs=UTM36, transform=place(UTM36, 0, 0), nodata=0)
    make_raster("b.tif", upper, crs=UTM37, transform=place(UTM37, 0, 0), nodata=0)
    image = opened(tmp_path, "a.tif", "b.tif")
    x, y = BORDER[UTM36]
    row, col = np.floor(image.grid.pixel_yx(np.array([x + 150]), np.array([y - 150]))[:, 0]).astype(int)
    values, valid = image.read([1, 2], Window(row=int(row), col=int(col), rows=1, cols=1))
    assert values.ravel().tolist() == [5, 7]
    assert valid.all()


def test_tiles_of_one_zone_on_shifted_grids(tmp_path, make_raster):
    paths = [
        make_raster("a.tif", noise((1, 20, 20), 1), crs=UTM36, transform=place(UTM36, 0, 0), nodata=0),
        make_raster("b.tif", noise((1, 20, 20), 2), crs=UTM36, transform=place(UTM36, 10.4, 5.3), nodata=0),
        make_raster("c.tif", noise((1, 20, 20), 3), crs=UTM36, transform=place(UTM36, -13, 17), nodata=0),
    ]
    image = opened(tmp_path, "a.tif", "b.tif", "c.tif")
    assert [len(mosaic.files) for mosaic in image.mosaics] == [2, 1]
    assert image.grid.shape == (13 + 10 + 21, 37)
    require_by_hand(image, [paths[0], paths[2], paths[1]], 0)


@pytest.mark.parametrize("nodata", [None, 3])
def test_a_recipes_nodata_counts_in_every_zone(tmp_path, make_raster, nodata):
    paths = [
        make_raster("a.tif", noise((1, 30, 30), 1), crs=UTM36, transform=place(UTM36, 0, -25), nodata=0),
        make_raster("b.tif", noise((1, 30, 30), 2), crs=UTM37, transform=place(UTM37, 3, -4), nodata=5),
    ]
    require_by_hand(with_nodata(opened(tmp_path, "a.tif", "b.tif"), nodata), paths, nodata)


def test_windows_are_cut_from_the_whole_and_beyond_it_nothing_is_valid(tmp_path, make_raster):
    make_raster("a.tif", noise((1, 40, 40), 1, low=1), crs=UTM36, transform=place(UTM36, 0, -35), nodata=0)
    make_raster("b.tif", noise((1, 40, 40), 2, low=1), crs=UTM37, transform=place(UTM37, 3, 0), nodata=0)
    image = opened(tmp_path, "a.tif", "b.tif")
    rows, cols = image.grid.shape
    whole, whole_valid = image.read([1], image.grid.window)
    values, valid = image.read([1], Window(row=-3, col=-2, rows=rows + 5, cols=cols + 9))
    np.testing.assert_array_equal(valid[0, 3 : rows + 3, 2 : cols + 2], whole_valid[0])
    np.testing.assert_array_equal(values[0, 3 : rows + 3, 2 : cols + 2], whole[0])
    assert valid.sum() == whole_valid.sum()
    for window in (Window(row=7, col=11, rows=1, cols=30), Window(row=20, col=33, rows=9, cols=8)):
        part, part_valid = image.read([1], window)
        own = window.slices_in(image.grid.window)
        np.testing.assert_array_equal(part_valid[0], whole_valid[0][own])
        np.testing.assert_array_equal(part[0][part_valid[0]], whole[0][own][part_valid[0]])


def test_types_are_the_common_one_and_files_are_named_once(tmp_path, make_raster):
    make_raster("a.tif", noise((1, 20, 20), 1, "int16", -8), crs=UTM36, transform=place(UTM36, 0, 0))
    make_raster(
        "b.tif", noise((1, 20, 20), 2, "uint16") + np.array(60_000, "uint16"), crs=UTM37, transform=place(UTM37, 0, 19)
    )
    image = opened(tmp_path, "a.tif", "b.tif", "a.tif")
    assert image.dtypes == ("int32",)
    assert [path.name for path in image.paths] == ["a.tif", "b.tif"]
    values, valid = image.read([1], image.grid.window)
    assert values[valid].min() < 0
    assert values[valid].max() >= 60_000


@pytest.mark.parametrize(
    ("first", "second"), [((DEGREES, 179.9), (DEGREES, -180.03)), (("EPSG:32660",), ("EPSG:32601",))]
)
@pytest.mark.parametrize("turned", [False, True])
def test_tiles_on_both_sides_of_the_antimeridian_lie_side_by_side(tmp_path, make_raster, first, second, turned):
    """In degrees with pixels that do not match, or in the zones 60 and 1, either of them first."""
    named = {"a.tif": first, "b.tif": second}
    for i, (name, (crs, *west)) in enumerate(named.items()):
        if west:
            corner, side = (west[0], 5.0), 0.001 if i == 0 else 0.0011
        else:
            corner, side = Transformer.from_crs(DEGREES, crs, always_xy=True).transform((179.9, -180.03)[i], 5.0), 110.0
        make_raster(
            name,
            np.full((1, 100, 120), i + 1, "uint8"),
            crs=crs,
            transform=Affine(side, 0, corner[0], 0, -side, corner[1]),
        )
    image = opened(tmp_path, *(reversed(named) if turned else named))
    assert image.grid.shape[1] < 300
    values, valid = image.read([1], image.grid.window)
    counts = [(values[valid] == value).sum() for value in (1, 2)]
    assert min(counts) > 0.55 * 100 * 120
    assert valid.mean() > 0.85


@pytest.mark.parametrize("crs", ["EPSG:32660", "EPSG:32601"])
def test_a_tile_in_degrees_and_one_in_metres_at_the_antimeridian(tmp_path, make_raster, crs):
    x, y = Transformer.from_crs(DEGREES, crs, always_xy=True).transform(179.95, 5.0)
    make_raster("a.tif", np.ones((1, 100, 90), "uint8"), crs=DEGREES, transform=Affine(0.001, 0, 179.9, 0, -0.001, 5.0))
    make_raster("b.tif", np.ones((1, 90, 100), "uint8"), crs=crs, transform=Affine(110, 0, x, 0, -110, y))
    image = opened(tmp_path, "a.tif", "b.tif")
    assert image.grid.shape[1] < 180
    assert image.read([1], image.grid.window)[1].mean() > 0.85


@pytest.mark.parametrize(
    ("changes", "values"),
    [({"descriptions": ("red",)}, np.ones((1, 9, 9), "uint8")), ({}, np.ones((2, 9, 9), "uint8")),
     ({}, np.ones((1, 9, 9), "float32")), ({"scales": (0.1,)}, np.ones((1, 9, 9), "uint8"))],
)  # fmt: skip
def test_tiles_of_two_zones_that_are_not_alike_are_refused(tmp_path, make_raster, changes, values):
    make_raster("a.tif", np.ones((1, 9, 9), "uint8"), crs=UTM36, transform=place(UTM36, 0, 0))
    make_raster("b.tif", values, crs=UTM37, transform=place(UTM37, 0, 0), **changes)
    with pytest.raises(InputError, match=r"b\.tif .*its bands, or how they are stored, are not those of .*a\.tif"):
        opened(tmp_path, "a.tif", "b.tif")


def test_one_zone_stays_a_mosaic(tmp_path, make_raster):
    make_raster("a.tif", noise((1, 9, 9), 1), crs=UTM36, transform=place(UTM36, 0, 0))
    make_raster("b.tif", noise((1, 9, 9), 1), crs=UTM36, transform=place(UTM36, 4, 9))
    image = open_image(["a.tif", "b.tif"], lambda text: tmp_path / text, AllowedFolders((tmp_path,)))
    assert isinstance(image, Mosaic)
