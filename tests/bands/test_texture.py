"""Texture against scikit-image's co-occurrence matrices, and by hand."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage.feature import graycomatrix, graycoprops

from classify_local.bands.texture import LEVELS, SIDES, UNKNOWN, Measure, bounds, fill_texture, quantise, texture_bands

MEASURES = tuple(Measure)
SKIMAGE = {measure: measure.value for measure in Measure} | {Measure.ASM: "ASM"}


def texture(numbers, *, levels=8, side=5, distance=1, measures=MEASURES):
    """The measures in float64 of numbers that are levels already; negative ones are unknown."""
    values = np.where(np.asarray(numbers) < 0, np.nan, np.asarray(numbers, float))
    out = np.empty((len(measures), *(size - side + 1 for size in values.shape)))
    fill_texture(values, measures, out, low=0, high=levels, levels=levels, side=side, distance=distance)
    return out


def matrices(window, levels, distance):
    """Counts of pairs by scikit-image in four directions, shape (levels, levels, directions); negative is unknown."""
    marked = np.where(window < 0, levels, window).astype(np.uint16)
    found = []
    for angle, length in ((0, 1), (np.pi / 4, math.sqrt(2)), (np.pi / 2, 1), (3 * np.pi / 4, math.sqrt(2))):
        made = graycomatrix(marked, [distance * length], [angle], levels=levels + 1, symmetric=True)
        found.append(made[:levels, :levels, 0, 0])
    return np.stack(found, axis=-1)


def of_window(window, levels, distance):
    """All measures of one window by scikit-image."""
    counts = matrices(window, levels, distance)
    counts = counts[..., counts.sum(axis=(0, 1)) > 0]
    if window[window.shape[0] // 2, window.shape[1] // 2] < 0 or not counts.size:
        return [math.nan] * len(MEASURES)
    return [graycoprops(counts[:, :, None, :], SKIMAGE[measure]).mean() for measure in MEASURES]


def of_windows(numbers, levels, side, distance):
    """The same for each window, shape (measures, rows, cols)."""
    windows = np.lib.stride_tricks.sliding_window_view(numbers, (side, side))
    found = [[of_window(window, levels, distance) for window in row] for row in windows]
    return np.moveaxis(np.array(found), -1, 0)


@pytest.mark.parametrize(
    ("side", "distance", "levels"),
    [(3, 1, 4), (3, 2, 5), (5, 1, 8), (5, 2, 32), (5, 4, 2), (7, 3, 16), (15, 2, 16), (31, 1, 32), (31, 17, 256)],
)
@pytest.mark.parametrize("missing", [0, 0.3])
def test_random_windows_against_scikit_image(side, distance, levels, missing):
    rng = np.random.default_rng(side + levels)
    numbers = rng.integers(0, levels, (side + 3, side + 5))
    numbers[rng.random(numbers.shape) < missing] = UNKNOWN
    found = texture(numbers, levels=levels, side=side, distance=distance)
    np.testing.assert_allclose(found, of_windows(numbers, levels, side, distance), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("scene", ["nc_landsat7", "chiapas_landsat7", "para_landsat5"])
@pytest.mark.parametrize(("side", "levels"), [(7, 32), (15, 16)])
def test_real_windows_against_scikit_image(real_data, scene, side, levels):
    with rasterio.open(real_data / scene / "image.tif") as file:
        values = file.read(4, window=((100, 100 + side + 7), (80, 80 + side + 8)))
    low, high = np.percentile(values, [2, 98])
    numbers = quantise(values, low=low, high=high, levels=levels)
    assert len(np.unique(numbers)) > levels / 2
    found = np.empty((len(MEASURES), 8, 9))
    fill_texture(values, MEASURES, found, low=low, high=high, levels=levels, side=side)
    np.testing.assert_allclose(found, of_windows(numbers, levels, side, 1), rtol=1e-9, atol=1e-9)


def named(found):
    return dict(zip(MEASURES, found[:, 0, 0].tolist(), strict=True))


def test_one_level_only():
    assert named(texture(np.full((5, 5), 3))) == {
        "contrast": 0, "dissimilarity": 0, "homogeneity": 1, "asm": 1, "energy": 1, "entropy": 0, "correlation": 1,
        "mean": 3, "variance": 0,
    }  # fmt: skip


def test_stripes_by_hand():
    """Columns of 0 and 2: along them all pairs are equal, in the three other directions none."""
    found = named(texture(np.tile([0, 2], (5, 3))[:, :5]))
    assert found["contrast"] == pytest.approx(4 * 3 / 4)
    assert found["dissimilarity"] == pytest.approx(2 * 3 / 4)
    assert found["homogeneity"] == pytest.approx((3 / 5 + 1) / 4)
    along = np.array([3 / 5, 2 / 5])
    assert found["asm"] == pytest.approx((3 / 2 + (along**2).sum()) / 4)
    assert found["energy"] == pytest.approx((3 / math.sqrt(2) + math.sqrt((along**2).sum())) / 4)
    assert found["entropy"] == pytest.approx((3 * math.log(2) - (along * np.log(along)).sum()) / 4)
    assert found["correlation"] == pytest.approx((-3 + 1) / 4)
    assert found["mean"] == pytest.approx((3 * 1 + 2 * 2 / 5) / 4)
    assert found["variance"] == pytest.approx((3 * 1 + 4 * 2 / 5 * 3 / 5) / 4)


@pytest.mark.parametrize(
    ("value", "level"),
    [(-5, 0), (10, 0), (12.4, 0), (12.5, 1), (19.9, 3), (20, 3), (21, 3), (np.nan, -1), (np.inf, -1), (-np.inf, -1)],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_levels(value, level, dtype):
    assert quantise(np.array([value], dtype), low=10, high=20, levels=4).tolist() == [level]


def test_levels_of_all_bytes():
    codes = np.arange(256, dtype=np.uint8)
    assert quantise(codes, low=0, high=256, levels=256).tolist() == codes.tolist()
    assert quantise(codes, low=0, high=256, levels=16).tolist() == (codes // 16).tolist()


@pytest.mark.parametrize(
    ("low", "high", "levels", "message"),
    [
        (0, 1, 1, "1 levels; there may be 2 to 256"),
        (0, 1, 257, "257 levels"),
        (1, 1, 8, "levels from 1 to 1"),
        (0, math.inf, 8, "levels from 0 to inf"),
        (math.nan, 1, 8, "levels from nan to 1"),
    ],
)
def test_limits_of_levels(low, high, levels, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        quantise(np.zeros(3), low=low, high=high, levels=levels)


def test_an_unknown_pixel_has_no_texture_and_leaves_its_neighbours_theirs():
    numbers = np.random.default_rng(1).integers(0, 8, (11, 11))
    numbers[5, 5] = UNKNOWN
    found = texture(numbers)
    assert np.argwhere(np.isnan(found).any(axis=0)).tolist() == [[3, 3]]


def test_a_pixel_without_pairs_has_no_texture():
    numbers = np.full((5, 5), UNKNOWN)
    numbers[2, 2] = 4
    assert np.isnan(texture(numbers)).all()
    numbers[2, 3] = 4  # now there are pairs in one direction
    assert named(texture(numbers))["mean"] == 4


sides = st.sampled_from([3, 5, 7])


@st.composite
def images(draw):
    """Levels with unknown ones, the side of a window that fits, and a distance."""
    side = draw(sides)
    shape = draw(st.tuples(st.integers(side, side + 6), st.integers(side, side + 6)))
    numbers = draw(hnp.arrays(np.int64, shape, elements=st.integers(-1, 7)))
    return numbers, side, draw(st.integers(1, side - 1))


@given(images(), st.data())
def test_a_crop_with_its_halo_is_the_crop_of_the_whole(image, data):
    numbers, side, distance = image
    rows, cols = numbers.shape
    top, left = data.draw(st.integers(0, rows - side)), data.draw(st.integers(0, cols - side))
    bottom, right = data.draw(st.integers(top + side, rows)), data.draw(st.integers(left + side, cols))
    whole = texture(numbers, side=side, distance=distance)
    crop = texture(numbers[top:bottom, left:right], side=side, distance=distance)
    wanted = np.ascontiguousarray(whole[:, top : bottom - side + 1, left : right - side + 1])
    assert crop.tobytes() == wanted.tobytes()


@given(images())
def test_turning_the_image_turns_the_texture(image):
    numbers, side, distance = image
    there = texture(numbers, side=side, distance=distance)
    turned = texture(np.rot90(numbers), side=side, distance=distance)
    np.testing.assert_allclose(np.rot90(turned, -1, axes=(1, 2)), there, rtol=1e-12, atol=1e-12)


@given(images())
def test_reversed_levels_keep_what_depends_on_differences(image):
    numbers, side, distance = image
    there = texture(numbers, side=side, distance=distance)
    back = texture(np.where(numbers < 0, numbers, 7 - numbers), side=side, distance=distance)
    for measure, one, other in zip(MEASURES, there, back, strict=True):
        wanted = 7 - one if measure is Measure.MEAN else one
        np.testing.assert_allclose(other, wanted, rtol=1e-12, atol=1e-12)


@given(images())
def test_values_lie_within_their_bounds(image):
    numbers, side, distance = image
    for measure, band in zip(MEASURES, texture(numbers, side=side, distance=distance), strict=True):
        least, most = bounds(measure, 8)
        assert ((band >= least - 1e-12) & (band <= most + 1e-12))[np.isfinite(band)].all()


@pytest.mark.parametrize("measure", Measure)
@pytest.mark.parametrize("levels", [2, 3, 16])
def test_bounds_are_reached(measure, levels):
    """By an even image, by noise, and by pixels of the two outermost levels in turn."""
    most = levels - 1
    board = np.indices((31, 31)).sum(axis=0) % 2 * most
    noise = np.random.default_rng(4).integers(0, levels, (31, 31))
    rows = np.tile(np.arange(31) % 2 * most, (31, 1))
    found = [
        texture(numbers, levels=levels, side=31, measures=[measure])
        for numbers in (np.zeros((31, 31)), np.full((31, 31), most), board, noise, rows)
    ]
    least, greatest = bounds(measure, levels)
    assert max(map(np.max, found)) > 0.4 * greatest
    assert min(map(np.min, found)) < least + 0.6 * (greatest - least)


@settings(max_examples=30)
@given(images(), st.sampled_from([0.5, 2.0, 1024.0]), st.integers(-1000, 1000))
def test_only_the_place_within_the_limits_counts(image, scale, offset):
    numbers, side, distance = image
    values = np.where(numbers < 0, np.nan, numbers * scale + offset)
    out = np.empty((len(MEASURES), *(size - side + 1 for size in values.shape)))
    fill_texture(values, MEASURES, out, low=offset, high=8 * scale + offset, levels=8, side=side, distance=distance)
    np.testing.assert_array_equal(out, texture(numbers, side=side, distance=distance))


def test_any_choice_of_measures_in_any_order():
    numbers = np.random.default_rng(5).integers(-1, 8, (9, 12))
    whole = texture(numbers)
    for measures in ([Measure.MEAN, Measure.CONTRAST], [Measure.ENTROPY], [Measure.VARIANCE, Measure.ENERGY]):
        wanted = whole[[MEASURES.index(measure) for measure in measures]]
        np.testing.assert_array_equal(texture(numbers, measures=measures), wanted)


def test_a_new_array_is_float32():
    values = np.random.default_rng(6).integers(0, 200, (9, 10), dtype=np.uint8)
    band = texture_bands(values, ["contrast"], low=0, high=200, side=3)
    wide = np.empty((1, 7, 8))
    fill_texture(values, [Measure.CONTRAST], wide, low=0, high=200, side=3)
    assert band.dtype == np.float32
    np.testing.assert_array_equal(band, wide.astype(np.float32))


@pytest.mark.parametrize(("measures", "shape"), [((), (9, 9)), (MEASURES, (6, 9)), (MEASURES, (9, 6))])
def test_nothing_to_do(measures, shape):
    found = texture_bands(np.ones(shape), measures, low=0, high=2, side=7)
    assert found.shape == (len(measures), shape[0] - 6, shape[1] - 6)


@pytest.mark.parametrize(
    ("out", "side", "distance", "message"),
    [
        (np.empty((1, 5, 4)), 5, 1, "of shape (1, 5, 5)"),
        (np.empty((1, 5, 5), np.int64), 5, 1, "floats"),
        (np.empty((1, 5, 5)), 4, 1, "side 4"),
        (np.empty((1, 9, 9)), 1, 1, "side 1"),
        (np.empty((1, 5, 5)), 5, 5, "distance 5"),
        (np.empty((1, 5, 5)), 5, 0, "distance 0"),
    ],
)
def test_refuses_what_would_leave_the_arrays(out, side, distance, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        fill_texture(np.ones((9, 9)), [Measure.MEAN], out, low=0, high=2, side=side, distance=distance)


def test_choices():
    assert (SIDES[0], SIDES[-1], len(SIDES)) == (3, 31, 15)
    assert (LEVELS[0], LEVELS[-1]) == (2, 256)
