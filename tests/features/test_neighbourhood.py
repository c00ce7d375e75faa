"""Texture and focal statistics in a stack: against scikit-image and scipy, and the same in every window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from classify_local import InputError, api, open_stack
from classify_local.bands.texture import Measure
from classify_local.features import neighbourhood
from classify_local.features.stack import FeatureStack
from classify_local.features.surroundings import resolve_limits, suggest_limits
from classify_local.grid import Window
from tests.bands.test_texture import of_windows
from tests.conftest import write_raster

ROWS, COLS = 37, 45
NAMES = ("red", "nir", "scl")
TEXTURE = {
    "bands": ["nir"],
    "measures": [measure.value for measure in Measure],
    "window": 5,
    "levels": 8,
    "limits": [1000, 5000],
}
FOCAL = {"bands": ["nir", "red"], "statistics": ["standard_deviation", "median", "mean"], "window": 7}
DERIVED = [{"texture": TEXTURE}, {"indexes": ["ndvi"]}, {"focal": FOCAL}]


def pixels(rows: int = ROWS, cols: int = COLS) -> np.ndarray:
    """Hills with noise in red and nir, with holes and single pixels without data, and a band of codes."""
    rng = np.random.default_rng(5)
    hills = 3000 + 1500 * np.sin(np.arange(rows)[:, None] / 4) * np.cos(np.arange(cols) / 5)
    data = np.stack([hills + rng.normal(0, 400, hills.shape), hills[::-1] + rng.normal(0, 300, hills.shape), hills])
    data = data.astype(np.uint16)
    data[:, rng.random(hills.shape) < 0.05] = 0
    data[1, 10:18, 20:30] = 0
    data[2] = rng.choice([3, 4, 5, 8], hills.shape, p=[0.1, 0.4, 0.4, 0.1])
    return data


def stack_of(path: Path, **image) -> FeatureStack:
    return open_stack({"images": [{"path": str(path), "bands": ["red"], "derived": DERIVED, **image}]})


def band(stack: FeatureStack, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Values and validity of the whole image."""
    block = stack.read(stack.grid.window)
    return block.features[stack.names.index(name)], block.valid


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return write_raster(tmp_path / "a.tif", pixels(), nodata=0, descriptions=NAMES, scales=(1e-4,) * 3)


def test_texture_equals_scikit_image(image: Path) -> None:
    """Quantised here by numpy's own bins; beyond the image's edges nothing is known."""
    nir = pixels()[1]
    levels = np.clip(np.digitize(nir, np.linspace(1000, 5000, 9)) - 1, 0, 7)
    expected = of_windows(np.pad(np.where(nir > 0, levels, -1), 2, constant_values=-1), 8, 5, 1)
    stack = stack_of(image)
    for measure, values in zip(Measure, expected, strict=True):
        found, valid = band(stack, f"nir_texture_{measure}_5x5")
        np.testing.assert_allclose(found[valid], values[valid], rtol=1e-5, atol=1e-6, err_msg=measure)
    np.testing.assert_array_equal(valid, (pixels()[:2] != 0).all(axis=0))


def of_known(function):
    """A function of those values of a window that are known."""

    def of_window(window):
        known = window[~np.isnan(window)]
        return function(known) if known.size else np.nan

    return of_window


def test_focal_statistics_equal_scipy(image: Path) -> None:
    stack = stack_of(image)
    functions = {"standard_deviation": np.std, "median": np.median, "mean": np.mean}
    for number, name in enumerate(("red", "nir")):
        values = pixels()[number].astype(float)
        values[values == 0] = np.nan
        for statistic, function in functions.items():
            found, valid = band(stack, f"{name}_{statistic}_7x7")
            expected = ndimage.generic_filter(values, of_known(function), 7, mode="constant", cval=np.nan)
            np.testing.assert_allclose(found[valid], expected[valid], rtol=1e-6, err_msg=f"{name} {statistic}")


def test_bands_stand_in_the_order_of_the_recipe(image: Path) -> None:
    stack = stack_of(image)
    textures = [f"nir_texture_{measure}_5x5" for measure in Measure]
    focal = [f"{name}_{what}_7x7" for name in ("nir", "red") for what in FOCAL["statistics"]]
    assert stack.names == ("red", *textures, "ndvi", *focal)
    assert stack.layers == ("red", "nir", f"texture and focal bands of {image}")
    assert {spec.unit for spec in stack.bands[1:10]} == {"texture of 8 levels of values from 1000 to 5000"}
    assert stack.bands[1].valid_range == (0.0, 49.0)
    assert {spec.unit for spec in stack.bands[-6:]} == {"stored value"}
    ndvi, valid = band(stack, "ndvi")
    red, nir = pixels()[:2, valid].astype(float)
    np.testing.assert_allclose(ndvi[valid], (nir - red) / (nir + red), rtol=1e-6)


def test_masked_pixels_are_no_neighbours(image: Path) -> None:
    """A mask has the effect that no data in the file has."""
    data = pixels()
    masked = stack_of(image, mask={"band": "scl", "keep": [4, 5]})
    data[:2, (data[2] != 4) & (data[2] != 5)] = 0
    burnt = stack_of(write_raster(image.with_name("b.tif"), data, nodata=0, descriptions=NAMES, scales=(1e-4,) * 3))
    one, two = (stack.read(stack.grid.window) for stack in (masked, burnt))
    np.testing.assert_array_equal(one.valid, two.valid)
    np.testing.assert_array_equal(one.features[:, one.valid], two.features[:, one.valid])
    free = stack_of(image).read(masked.grid.window)
    assert (one.features[:, one.valid] != free.features[:, one.valid]).mean() > 0.3


def test_what_is_missing_is_to_blame_and_not_its_texture(image: Path) -> None:
    stack = stack_of(image, mask={"band": "scl", "keep": [4, 5]})
    assert stack.layers[2:] == ("mask of image 1", f"texture and focal bands of {image}")
    assert stack.read(stack.grid.window).valid_by_layer[3].all()


def test_a_pixel_without_any_pair_has_no_texture(tmp_path: Path) -> None:
    data = np.zeros((9, 9), np.uint16)
    data[4, 4] = 2000
    data[0, 0:2] = 2000
    path = write_raster(tmp_path / "a.tif", data, nodata=0, descriptions=("nir",))
    stack = stack_of(path, bands=["nir"], derived=[{"texture": {"bands": ["nir"], "limits": [0, 5000], "window": 3}}])
    block = stack.read(stack.grid.window)
    assert np.argwhere(block.valid).tolist() == [[0, 0], [0, 1]]
    assert np.argwhere(~block.valid_by_layer[1]).tolist() == [[4, 4]]


def test_a_band_of_nothing_but_neighbourhoods_is_masked_where_it_is_missing(image: Path) -> None:
    stack = stack_of(image, bands=["red"], derived={"focal": {"bands": ["nir"], "statistics": ["mean"]}})
    assert stack.layers[:1] == ("red",)
    np.testing.assert_array_equal(stack.read(stack.grid.window).valid, (pixels()[:2] != 0).all(axis=0))


@pytest.mark.parametrize("most", [1, 100, 1000])
def test_values_do_not_depend_on_how_much_is_computed_at_once(
    image: Path, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = stack_of(image)
    whole = stack.read(stack.grid.window).features
    monkeypatch.setattr(neighbourhood, "_MOST", most)
    np.testing.assert_array_equal(stack.read(stack.grid.window).features, whole)


GRIDS = {
    "own": {},
    "moved": {"first": {"transform": (10, 0, 500_070, 0, -10, 8_599_950)}},
    "nearest": {"first": {"transform": (7, 0, 500_003, 0, -7, 8_600_010)}},
    "bilinear": {"first": {"transform": (7, 0, 500_003, 0, -7, 8_600_010)}, "resampling": "bilinear"},
    "average": {"first": {"transform": (23, 0, 499_953, 0, -23, 8_600_010)}, "resampling": "average"},
    "degrees": {
        "first": {"transform": (9e-5, 0, 33.0, 0, -9e-5, -12.665), "crs": "EPSG:4326"},
        "resampling": "bilinear",
    },
}
SHAPE = (540, 530)


def other_grid(folder: Path, name: str) -> FeatureStack:
    """The image behind a first one that gives the grid: larger than a block, so that windows cross its edges."""
    rows, cols = (540, 530) if name in ("own", "moved", "nearest", "bilinear") else (300, 290)
    data = pixels(rows, cols)
    image = write_raster(folder / f"{name}.tif", data, nodata=0, descriptions=NAMES)
    given = GRIDS[name]
    second = {"path": str(image), "bands": ["red"], "derived": DERIVED, "mask": {"band": "scl", "keep": [3, 4, 5]}}
    second |= {"resampling": given["resampling"]} if "resampling" in given else {}
    if "first" not in given:
        return open_stack({"images": [second]})
    options = {**given["first"]}
    first = write_raster(
        folder / f"{name}_first.tif", np.ones(SHAPE, np.uint8), crs=options.get("crs", "EPSG:32736"),
        transform=Affine(*options["transform"]),
    )  # fmt: skip
    return open_stack({"images": [{"path": str(first), "bands": {"one": 1}}, second]})


@pytest.fixture(scope="module")
def wholes(tmp_path_factory: pytest.TempPathFactory):
    """Each stack and all of it."""
    folder = tmp_path_factory.mktemp("grids")
    made = {name: other_grid(folder, name) for name in GRIDS}
    return {name: (stack, stack.read(stack.grid.window)) for name, stack in made.items()}


@pytest.mark.parametrize("name", GRIDS)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_any_window_is_the_crop_of_the_whole(wholes, name: str, data: st.DataObject) -> None:
    stack, whole = wholes[name]
    assert whole.valid.mean() > 0.05
    rows, cols = stack.grid.shape
    row, col = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, cols - 1))
    window = Window(
        row=row, col=col, rows=data.draw(st.integers(1, rows - row)), cols=data.draw(st.integers(1, cols - col))
    )
    block = stack.read(window)
    r, c = window.slices_in(stack.grid.window)
    np.testing.assert_array_equal(block.valid_by_layer, whole.valid_by_layer[:, r, c])
    np.testing.assert_array_equal(block.features[:, block.valid], whole.features[:, r, c][:, block.valid])


@pytest.mark.parametrize("name", GRIDS)
def test_training_pixels_have_the_values_of_the_map(wholes, name: str) -> None:
    stack, whole = wholes[name]
    rng = np.random.default_rng(2)
    rows, cols = (rng.integers(0, size, 60) for size in stack.grid.shape)
    features, valid = stack.sample(rows, cols)
    np.testing.assert_array_equal(valid.T, whole.valid_by_layer[:, rows, cols])
    shown = valid.all(axis=1)
    assert shown.any()
    np.testing.assert_array_equal(features[shown].T, whole.features[:, rows[shown], cols[shown]])


def test_windows_hold_the_images_own_pixels_on_any_grid(wholes) -> None:
    """On a grid of 7 m a pixel has the texture of the 10 m pixel it lies in, and not one of repeated pixels."""
    _, own = wholes["own"]
    stack, other = wholes["nearest"]
    rows = ((stack.grid.transform.f - 8_600_000 - 7 * (np.arange(SHAPE[0]) + 0.5)) / -10).astype(float)
    cols = (stack.grid.transform.c - 500_000 + 7 * (np.arange(SHAPE[1]) + 0.5)) / 10
    clear = [np.flatnonzero((at > 0) & (np.abs(at - np.rint(at)) > 1e-6)) for at in (rows, cols)]
    at = np.ix_(*(np.floor(place[index]).astype(int) for place, index in zip((rows, cols), clear, strict=True)))
    valid = other.valid[np.ix_(*clear)]
    np.testing.assert_array_equal(valid, own.valid[at])
    for found, expected in zip(other.features[1:], own.features, strict=True):
        np.testing.assert_array_equal(found[np.ix_(*clear)][valid], expected[at][valid])


@pytest.mark.parametrize(
    ("given_limits", "reflectance", "expected"),
    [
        ((-25, 0), None, (-25, 0)),
        ((10, 20), (1e-4, 0.0), (10, 20)),
        (None, (1e-4, 0.0), (0, 5000)),
        (None, (1.0, 0.0), (0, 0.5)),
        (None, (0.0000275, -0.2), (0.2 / 0.0000275, 0.7 / 0.0000275)),
        (None, (-0.5, 1.0), (1, 2)),
    ],
)
def test_limits_are_those_given_or_those_of_reflectance(given_limits, reflectance, expected) -> None:
    assert resolve_limits(given_limits, reflectance) == pytest.approx(expected)


def test_the_levels_are_of_reflectance_whatever_the_scale(tmp_path: Path, image: Path) -> None:
    stored = write_raster(tmp_path / "b.tif", (pixels() * 2).astype(np.int32) + 7, nodata=7, descriptions=NAMES)
    derived = {"texture": {"bands": ["nir"], "measures": ["contrast"], "window": 3}}
    one = stack_of(image, derived=derived)
    two = stack_of(stored, derived=derived, reflectance={"scale": 0.00005, "offset": -0.00035})
    assert one.bands[1].unit == two.bands[1].unit == "texture of 32 levels of reflectances from 0 to 0.5"
    (values, valid), (others, shown) = (band(stack, "nir_texture_contrast_3x3") for stack in (one, two))
    np.testing.assert_array_equal(valid, shown)
    edges = np.isin(pixels()[1] * 32 % 5000, [0]) & (pixels()[1] > 0)  # these may round either way
    near = ndimage.binary_dilation(edges, np.ones((3, 3)))
    assert near.mean() < 0.2
    np.testing.assert_allclose(values[valid & ~near], others[valid & ~near], rtol=1e-6)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.arange(101), (1, 99)),
        (np.linspace(0, 0.5, 1001), (0, 0.5)),
        (np.full(5, 3), None),
        (np.array([]), None),
        (np.array([np.nan, -20.0, -10.0]), (-19.9, -10)),
    ],
)
def test_limits_that_are_suggested(values, expected) -> None:
    found = suggest_limits(values)
    assert found == (expected and pytest.approx(expected, abs=0.011))


@pytest.mark.parametrize(
    ("derived", "said"),
    [
        ([{"texture": {"bands": ["tir"], "limits": [0, 1]}}], r"texture needs the band 'tir': .*it has red, nir, scl"),
        ([{"focal": {"bands": ["nir", "tir"]}}], r"focal needs the band 'tir'"),
        (
            [{"texture": {"bands": ["nir"]}}],
            r"b\.tif: derived: texture of 'nir' needs limits.*limits: \[1[0-9]00, [45]",
        ),
        ([{"texture": TEXTURE}, {"texture": {**TEXTURE, "levels": 9}}], r"nir_texture_contrast_5x5 is asked for twice"),
    ],
)
def test_what_cannot_be_made_is_said_in_one_line(tmp_path: Path, derived: list, said: str) -> None:
    path = write_raster(tmp_path / "b.tif", pixels(), nodata=0, descriptions=NAMES)
    with pytest.raises(InputError, match=said) as raised:
        stack_of(path, derived=derived)
    assert len(str(raised.value).splitlines()) == 1


def test_each_band_is_made_once(image: Path) -> None:
    derived = [
        {"texture": {**TEXTURE, "measures": ["contrast", "contrast"]}},
        {"texture": {**TEXTURE, "bands": ["red", "nir", "red"], "measures": ["asm", "contrast"]}},
        {"texture": {**TEXTURE, "measures": ["contrast"], "distance": 2}},
        {"texture": {**TEXTURE, "measures": ["mean"], "window": 7}},
        {"focal": {"bands": ["nir"], "statistics": ["mean"], "window": 7}},
    ]
    stack = stack_of(image, derived=derived)
    assert stack.names == (
        "red", "nir_texture_contrast_5x5", "red_texture_asm_5x5", "red_texture_contrast_5x5", "nir_texture_asm_5x5",
        "nir_texture_contrast_5x5_2", "nir_texture_mean_7x7", "nir_mean_7x7",
    )  # fmt: skip
    full = stack_of(image)
    for name in ("nir_texture_contrast_5x5", "nir_texture_asm_5x5", "nir_mean_7x7"):
        np.testing.assert_array_equal(band(stack, name)[0], band(full, name)[0])


def test_values_that_no_feature_can_have_are_no_neighbours(tmp_path: Path) -> None:
    data = np.full((1, 9, 9), 0.25)
    data[0, 4, 4] = 1e300
    data[0, 0, 0], data[0, 0, 1] = 3e38, -3e38
    path = write_raster(tmp_path / "a.tif", data, descriptions=("nir",))
    stack = stack_of(
        path, bands=["nir"], derived={"focal": {"bands": ["nir"], "statistics": ["mean", "range"], "window": 3}}
    )
    block = stack.read(stack.grid.window)
    expected = np.ones((9, 9), bool)
    expected[4, 4] = False
    expected[:2, :2] = False  # their range is beyond float32
    np.testing.assert_array_equal(block.valid[2:], expected[2:])
    assert (block.features[1, 3:6, 3:6][expected[3:6, 3:6]] == 0.25).all()
    assert not block.valid[:2, :2].any()


def test_check_warns_of_a_wrong_scale_of_texture(image: Path) -> None:
    def notes(**given) -> str:
        recipe = {"images": [{"path": str(image), "bands": ["red"], **given}]}
        return "\n".join(api.check(recipe, out=image.parent).notes)

    derived = {"texture": {"bands": ["nir"]}}
    assert "the reflectance of nir in" in notes(derived=derived, reflectance={"scale": 1})
    assert "is not from 0 to 1" not in notes(derived=derived)
    limits = {"texture": {"bands": ["nir"], "limits": [0, 5000]}}
    assert "is not from 0 to 1" not in notes(derived=limits, reflectance={"scale": 1})
