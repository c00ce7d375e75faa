"""Focal statistics against scipy's generic filter with numpy's functions."""

from __future__ import annotations

import math
import re
import statistics

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.ndimage import generic_filter

from classify_local.bands.focal import SIDES, STEP, Statistic, fill_focal, focal_bands, halo

STATISTICS = tuple(Statistic)


def focal(values, side=3, wanted=STATISTICS):
    """The statistics in float64."""
    values = np.asarray(values)
    out = np.empty((len(wanted), *(size - side + 1 for size in values.shape)))
    fill_focal(values, wanted, out, side=side)
    return out


def majority(window):
    """Python's mode of the sorted values: the least of the most frequent."""
    return statistics.mode(sorted(window.tolist()))


FUNCTIONS = {
    Statistic.MEAN: np.mean,
    Statistic.STANDARD_DEVIATION: np.std,
    Statistic.MINIMUM: np.min,
    Statistic.MAXIMUM: np.max,
    Statistic.RANGE: np.ptp,
    Statistic.MEDIAN: np.median,
    Statistic.MAJORITY: majority,
}


def expected(values, side):
    """All statistics by scipy, of the known values, where the centre is known."""
    values, margin = np.asarray(values, float), side // 2
    middle = side * side // 2

    def filtered(function):
        def of_known(window):
            return math.nan if np.isnan(window[middle]) else function(window[~np.isnan(window)])

        found = generic_filter(values, of_known, size=side, mode="nearest")
        return found[margin : values.shape[0] - margin, margin : values.shape[1] - margin]

    return np.stack([filtered(FUNCTIONS[statistic]) for statistic in STATISTICS])


@pytest.mark.parametrize("side", [3, 5, 9, 31])
@pytest.mark.parametrize("missing", [0, 0.4])
@pytest.mark.parametrize("kind", ["float", "few", "large"])
def test_random_values_against_scipy(side, missing, kind):
    rng = np.random.default_rng(side)
    shape = (side + 4, side + 7)
    values = {
        "float": rng.normal(0, 1, shape),
        "few": rng.integers(-3, 4, shape).astype(float),
        "large": 1e6 + rng.normal(0, 1e-3, shape),
    }[kind]
    values[rng.random(shape) < missing] = np.nan
    found, wanted = focal(values, side), expected(values, side)
    np.testing.assert_allclose(found, wanted, rtol=1e-9 if kind != "large" else 1e-6, atol=1e-12)
    for statistic in (Statistic.MINIMUM, Statistic.MAXIMUM, Statistic.RANGE, Statistic.MEDIAN, Statistic.MAJORITY):
        band = STATISTICS.index(statistic)
        np.testing.assert_array_equal(found[band], wanted[band])


@pytest.mark.parametrize("scene", ["nc_landsat7", "para_landsat5"])
@pytest.mark.parametrize("side", [3, 7])
def test_real_windows_against_scipy(real_data, scene, side):
    with rasterio.open(real_data / scene / "image.tif") as file:
        values = file.read(3, window=((50, 90), (60, 110)))
    np.testing.assert_allclose(focal(values, side), expected(values, side), rtol=1e-9, atol=1e-9)


def test_more_distinct_values_than_the_counts_of_two_levels_hold():
    values = np.random.default_rng(3).permutation(90 * 90).reshape(90, 90).astype(np.float32)
    assert values.size > STEP**2
    (median,) = focal(values, 5, [Statistic.MEDIAN])
    windows = np.lib.stride_tricks.sliding_window_view(values, (5, 5))
    np.testing.assert_array_equal(median, np.median(windows, axis=(2, 3)))


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "uint16", "int32", "float32", "float64", "bool"])
def test_types(dtype):
    values = np.random.default_rng(2).uniform(0, 2 if dtype == "bool" else 120, (6, 7)).astype(dtype)
    np.testing.assert_allclose(focal(values), expected(values, 3), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("value", [0, -7, 0.1, 1e-30, 65535, 3.4e38])
@pytest.mark.parametrize("side", [3, 31])
def test_even_ground_has_no_spread(value, side):
    values = np.full((side + 1, side + 2), value, np.float32)
    found = dict(zip(STATISTICS, focal(values, side), strict=True))
    for statistic in (Statistic.MEAN, Statistic.MINIMUM, Statistic.MAXIMUM, Statistic.MEDIAN, Statistic.MAJORITY):
        assert (found[statistic] == np.float32(value)).all(), statistic
    for statistic in (Statistic.STANDARD_DEVIATION, Statistic.RANGE):
        assert found[statistic].tolist() == [[0] * 3] * 2, statistic


@pytest.mark.parametrize(
    ("window", "value"),
    [
        ([1, 1, 2, 2, 2, 3, 3, 3, 3], 3),
        ([5, 5, 5, 5, 2, 2, 2, 2, 9], 2),
        ([9, 8, 7, 6, 5, 4, 3, 2, 1], 1),
        ([np.nan, 4, 4, np.nan, 7, np.nan, 7, 4, np.nan], 4),
        ([np.nan] * 4 + [6] + [np.nan] * 4, 6),
        ([1] * 4 + [np.nan] + [1] * 4, np.nan),
    ],
)
def test_majority(window, value):
    found = focal(np.reshape(np.array(window, float), (3, 3)), 3, [Statistic.MAJORITY])
    np.testing.assert_array_equal(found, [[[value]]])


def test_a_missing_pixel_has_no_statistics_and_leaves_its_neighbours_theirs():
    for missing in (np.nan, np.inf, -np.inf):
        values = np.ones((7, 7))
        values[3, 3] = missing
        found = focal(values)
        assert np.argwhere(np.isnan(found).any(axis=0)).tolist() == [[2, 2]]
        assert (found[0, 2, [0, 1, 3, 4]] == 1).all()


def test_nothing_known():
    assert np.isnan(focal(np.full((5, 5), np.nan))).all()


def test_no_negative_zero():
    values = np.zeros((5, 5))
    values[::2] = -0.0
    assert not np.signbit(focal(values)).any()


@st.composite
def images(draw):
    """Values with missing ones, and the side of a window that fits."""
    side = draw(st.sampled_from([3, 5, 7]))
    shape = draw(st.tuples(st.integers(side, side + 6), st.integers(side, side + 6)))
    few = st.sampled_from([0.0, -0.0, 1.0, 2.0, 0.1])
    many = st.floats(-1e6, 1e6)
    return draw(hnp.arrays(np.float64, shape, elements=st.one_of(few, many, st.just(np.nan)))), side


@given(images(), st.data())
def test_a_crop_with_its_halo_is_the_crop_of_the_whole(image, data):
    values, side = image
    rows, cols = values.shape
    top, left = data.draw(st.integers(0, rows - side)), data.draw(st.integers(0, cols - side))
    bottom, right = data.draw(st.integers(top + side, rows)), data.draw(st.integers(left + side, cols))
    whole, crop = focal(values, side), focal(values[top:bottom, left:right], side)
    margin = 2 * halo(side)
    assert crop.tobytes() == np.ascontiguousarray(whole[:, top : bottom - margin, left : right - margin]).tobytes()


@pytest.mark.parametrize("side", [3, 7])
def test_columns_at_the_ends_of_long_rows_are_as_alone(side):
    """Where a processor takes several pixels at a time, the last ones go singly."""
    values = np.random.default_rng(2).normal(300, 40, (side, side + 100))
    singly = [focal(values[:, i : i + side], side) for i in range(101)]
    assert np.concatenate(singly, axis=2).tobytes() == focal(values, side).tobytes()


@given(images())
def test_order_of_the_statistics(image):
    values, side = image
    found = dict(zip(STATISTICS, focal(values, side), strict=True))
    known = np.isfinite(found[Statistic.MEAN])
    least, most = found[Statistic.MINIMUM][known], found[Statistic.MAXIMUM][known]
    slack = 1e-9 * (1 + np.abs(least) + np.abs(most))
    for statistic in (Statistic.MEAN, Statistic.MEDIAN, Statistic.MAJORITY):
        assert ((found[statistic][known] >= least - slack) & (found[statistic][known] <= most + slack)).all()
    assert (found[Statistic.STANDARD_DEVIATION][known] <= (most - least) / 2 + slack).all()


@given(images())
def test_turning_the_image_turns_the_statistics(image):
    values, side = image
    turned = np.rot90(focal(np.rot90(values), side), -1, axes=(1, 2))
    np.testing.assert_allclose(turned, focal(values, side), rtol=1e-9, atol=1e-9)


def test_any_choice_in_any_order():
    values = np.random.default_rng(5).normal(size=(9, 12))
    whole = focal(values)
    for wanted in ([Statistic.RANGE, Statistic.MEAN], [Statistic.MAJORITY], [Statistic.MEDIAN, Statistic.MINIMUM]):
        np.testing.assert_array_equal(focal(values, 3, wanted), whole[[STATISTICS.index(name) for name in wanted]])


def test_a_new_array_is_float32():
    values = np.random.default_rng(6).normal(size=(9, 12))
    band = focal_bands(values, ["mean", "median"], side=5)
    assert band.dtype == np.float32
    wanted = focal(values, 5, [Statistic.MEAN, Statistic.MEDIAN])
    np.testing.assert_array_equal(band, wanted.astype(np.float32))


@pytest.mark.parametrize(("wanted", "shape"), [((), (9, 9)), (STATISTICS, (6, 9)), (STATISTICS, (9, 6))])
def test_nothing_to_do(wanted, shape):
    assert focal_bands(np.ones(shape), wanted, side=7).shape == (len(wanted), shape[0] - 6, shape[1] - 6)


@pytest.mark.parametrize(
    ("out", "side", "message"),
    [
        (np.empty((1, 5, 4)), 5, "of shape (1, 5, 5)"),
        (np.empty((1, 5, 5), np.int64), 5, "floats"),
        (np.empty((1, 5, 5)), 4, "side 4"),
        (np.empty((1, 9, 9)), 1, "side 1"),
    ],
)
def test_refuses_what_would_leave_the_arrays(out, side, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        fill_focal(np.ones((9, 9)), [Statistic.MEAN], out, side=side)


def test_choices():
    assert (SIDES[0], SIDES[-1], len(SIDES)) == (3, 31, 15)
