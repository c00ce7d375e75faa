"""Bands in files of their own, some with larger pixels, beside plain numpy."""

from __future__ import annotations

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st

from classify_local.errors import InputError
from classify_local.grid import Window
from classify_local.storage.composite import REFLECTANCE, Composite, Image, Layer, compose, with_nodata
from classify_local.storage.mosaic import of_files, whole_file
from classify_local.storage.rasters import close_files, describe
from tests.conftest import TRANSFORM, UTM, write_raster


@pytest.fixture(autouse=True)
def _no_open_files():
    close_files()
    yield
    close_files()


def layer(path, **options) -> Layer:
    return Layer(name=path.stem, mosaic=whole_file(describe(path)), **options)


def coarser(down: int, across: int | None = None, row: int = 0, col: int = 0) -> Affine:
    """The grid of pixels that are `down` x `across` of the finest."""
    return TRANSFORM @ Affine.translation(col, row) @ Affine.scale(across or down, down)


def numbers(shape, seed=1, high=200):
    return np.random.default_rng(seed).integers(0, high, shape).astype("uint8")


sizes = st.integers(1, 9)


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(st.integers(1, 6), st.integers(1, 6), sizes, sizes, st.integers(-3, 8), st.integers(-3, 8)),
        min_size=1, max_size=3,
    ),
    st.tuples(st.integers(10, 24), st.integers(10, 24)),
    st.data(),
)  # fmt: skip
def test_any_window_is_that_of_the_repeated_arrays(tmp_path_factory, coarse, shape, data):
    folder = tmp_path_factory.mktemp("layers")
    fine = numbers(shape)
    layers = [layer(write_raster(folder / "fine.tif", fine, nodata=0))]
    expected, known = [fine], [fine != 0]
    for i, (down, across, rows, cols, row, col) in enumerate(coarse):
        if (down, across) == (1, 1) or row + rows * down <= 0 or col + cols * across <= 0:
            continue
        values = numbers((rows, cols), seed=i + 2, high=5)
        path = write_raster(folder / f"c{i}.tif", values, nodata=0, transform=coarser(down, across, row, col))
        layers.append(layer(path))
        whole = np.zeros(shape, "uint8")
        big = values.repeat(down, axis=0).repeat(across, axis=1)
        for r in range(max(row, 0), min(shape[0], row + big.shape[0])):
            for c in range(max(col, 0), min(shape[1], col + big.shape[1])):
                whole[r, c] = big[r - row, c - col]
        expected.append(whole)
        known.append(whole != 0)
    image = compose(layers, "scene")
    assert image.grid.shape == shape
    bands = data.draw(st.lists(st.integers(1, len(layers)), min_size=1, max_size=4))
    window = Window(
        row=data.draw(st.integers(-5, shape[0] + 4)), col=data.draw(st.integers(-5, shape[1] + 4)),
        rows=data.draw(st.integers(0, 30)), cols=data.draw(st.integers(0, 30)),
    )  # fmt: skip
    values, valid = image.read(bands, window)
    inside = window.intersection(image.grid.window)
    cut, source = inside.slices_in(window), inside.slices_in(image.grid.window)
    for i, band in enumerate(bands):
        shown = np.zeros(window.shape, bool)
        shown[cut] = known[band - 1][source]
        np.testing.assert_array_equal(valid[i], shown)
        np.testing.assert_array_equal(values[i][cut][shown[cut]], expected[band - 1][source][shown[cut]])


def test_a_mosaic_and_a_composite_are_images(make_raster):
    path = make_raster("a.tif", numbers((4, 4)))
    images: list[Image] = [whole_file(describe(path)), compose([layer(path)], "scene")]
    for image in images:
        values, valid = image.read([1], image.grid.window)
        assert values.shape == valid.shape == (1, 4, 4)
        assert (image.paths, len(image.files), image.alpha) == ((path,), 1, ())


def test_types_are_those_that_hold_all_bands_asked_for(make_raster):
    fine = layer(make_raster("f.tif", numbers((6, 6)).astype("uint16")))
    coarse = layer(make_raster("c.tif", numbers((2, 2)), transform=coarser(3)))
    image = compose([coarse, fine], "scene")
    assert image.dtypes == ("uint8", "uint16")
    assert image.read([1], image.grid.window)[0].dtype == np.uint8
    assert image.read([1, 2], image.grid.window)[0].dtype == np.uint16


def test_fine_bands_that_cover_different_parts_make_one_grid(make_raster):
    a = make_raster("a.tif", numbers((4, 6)) + 1)
    b = make_raster("b.tif", numbers((5, 5)) + 1, transform=TRANSFORM @ Affine.translation(-2, 1))
    image = compose([layer(a), layer(b)], "scene")
    assert image.grid.shape == (6, 8)
    valid = image.read([1, 2], image.grid.window)[1]
    assert [int(band.sum()) for band in valid] == [24, 25]


def test_coarse_pixels_beyond_the_fine_grid_are_not_valid(make_raster):
    fine = layer(make_raster("f.tif", numbers((5, 5)) + 1))
    coarse = layer(make_raster("c.tif", numbers((2, 2)) + 1, transform=coarser(3)))
    image = compose([fine, coarse], "scene")
    valid = image.read([2], Window(row=0, col=0, rows=6, cols=6))[1]
    assert valid[0, :5, :5].all()
    assert valid.sum() == 25


def test_south_up_bands(make_raster):
    up = Affine(10, 0, 500_000, 0, 10, 8_000_000)
    fine, coarse = numbers((4, 4)), numbers((2, 2), seed=2)
    image = compose(
        [
            layer(make_raster("f.tif", fine, transform=up)),
            layer(make_raster("c.tif", coarse, transform=up @ Affine.scale(2))),
        ],
        "scene",
    )
    values = image.read([1, 2], image.grid.window)[0]
    np.testing.assert_array_equal(values, [fine, coarse.repeat(2, 0).repeat(2, 1)])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"crs": "EPSG:32737"}, r"c\.tif: is in EPSG:32737, f in EPSG:32736; bands of one image share"),
        ({"transform": coarser(2) @ Affine.translation(0.25, 0)}, r"c\.tif: its pixels \(20 x 20\) do not fit"),
        ({"transform": TRANSFORM @ Affine.scale(1.5)}, r"c\.tif: its pixels \(15 x 15\) do not fit"),
        ({"transform": TRANSFORM @ Affine.translation(0.5, 0.5)}, r"c\.tif: its pixels \(10 x 10\) do not fit"),
        ({"transform": TRANSFORM @ Affine.rotation(10) @ Affine.scale(2)}, r"c\.tif: its pixels .* do not fit"),
        ({"transform": TRANSFORM @ Affine.scale(2, -2)}, r"c\.tif: its pixels .* do not fit"),
        ({"transform": coarser(2, row=100)}, r"c\.tif: lies beside f; is it of another scene"),
    ],
)
def test_bands_that_do_not_fit_are_refused_by_name(make_raster, options, words):
    fine = layer(make_raster("f.tif", numbers((8, 8)), crs=UTM))
    coarse = layer(make_raster("c.tif", numbers((4, 4)), **{"crs": UTM, **options}))
    with pytest.raises(InputError, match=words) as caught:
        compose([fine, coarse], "scene")
    assert len(caught.value.problems) == 1


def test_all_bands_that_do_not_fit_are_named(make_raster):
    fine = layer(make_raster("f.tif", numbers((8, 8))))
    others = [layer(make_raster(f"{i}.tif", numbers((4, 4)), transform=coarser(2, row=100 * i))) for i in (1, 2)]
    with pytest.raises(InputError) as caught:
        compose([fine, *others], "scene")
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize(
    ("bands", "common"),
    [
        ([(REFLECTANCE, 1e-4, -0.1), (REFLECTANCE, 1e-4, -0.1), ("", None, None)], (1e-4, -0.1)),
        ([(REFLECTANCE, 1e-4, None), (REFLECTANCE, 1e-4, 0.0), ("K", 0.01, 149.0)], (1e-4, 0.0)),
        ([(REFLECTANCE, 1e-4, 0.0), (REFLECTANCE, 2e-4, 0.0)], (None, None)),
        ([(REFLECTANCE, 1e-4, 0.0), (REFLECTANCE, None, None)], (None, None)),
        ([("K", 0.01, 149.0)], (None, None)),
        ([("", None, None)], (None, None)),
    ],
)
def test_scale_of_the_image_is_that_of_its_reflectances(make_raster, bands, common):
    path = make_raster("f.tif", numbers((4, 4)))
    layers = [layer(path, unit=unit, scale=scale, offset=offset) for unit, scale, offset in bands]
    image = compose(layers, "scene")
    assert (image.scale, image.offset) == common
    expected = [
        None if unit != REFLECTANCE or scale is None else (scale, offset or 0.0) for unit, scale, offset in bands
    ]
    assert image.reflectances == tuple(expected)
    assert image.units == tuple(unit for unit, _, _ in bands)


def test_nodata_of_a_recipe_leaves_quality_bands_alone(make_raster):
    values = np.array([[0, 1], [2, 3]], "uint8")
    a = layer(make_raster("a.tif", values, nodata=0))
    q = layer(make_raster("q.tif", values, nodata=0), quality=True)
    image = compose([a, q], "scene")
    assert image.quality == (2,)
    changed = with_nodata(image, 3)
    assert isinstance(changed, Composite)
    np.testing.assert_array_equal(changed.read([1, 2], image.grid.window)[1], [values != 3, values != 0])
    assert with_nodata(image, None).read([1, 2], image.grid.window)[1].all()
    mosaic = with_nodata(of_files([describe(image.paths[0])], "tiles"), 2)
    np.testing.assert_array_equal(mosaic.read([1], image.grid.window)[1][0], values != 2)


def test_only_the_bands_asked_for_are_read(make_raster):
    a, b = make_raster("a.tif", numbers((4, 4))), make_raster("b.tif", numbers((2, 2)), transform=coarser(2))
    image = compose([layer(a), layer(b)], "scene", described_by=[a.with_name("m.xml")])
    assert image.paths == (a.with_name("m.xml"), a, b)
    b.unlink()
    close_files()
    assert image.read([1], image.grid.window)[0].shape == (1, 4, 4)


def test_a_small_window_reads_a_small_part(make_raster, monkeypatch):
    image = compose(
        [
            layer(make_raster("f.tif", numbers((60, 60)))),
            layer(make_raster("c.tif", numbers((20, 20)), transform=coarser(3))),
        ],
        "scene",
    )
    asked: list[Window] = []
    real = type(image.layers[1].mosaic).read
    monkeypatch.setattr(
        type(image.layers[1].mosaic),
        "read",
        lambda self, bands, window: asked.append(window) or real(self, bands, window),
    )
    image.read([2], Window(row=4, col=8, rows=3, cols=2))
    assert asked == [Window(row=1, col=2, rows=2, cols=2)]
