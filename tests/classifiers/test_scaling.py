"""Limits of the bands: what a recipe's `normalize` means."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from classify_local.classifiers import scaling
from classify_local.classifiers.scaling import Scaling, resolve_scaling
from classify_local.errors import InputError, RefusedError

SAMPLES = np.column_stack([np.arange(201), np.full(201, 7), np.r_[np.zeros(200), 50], np.arange(-200, 1)]).astype("f4")


@pytest.mark.parametrize(
    ("mode", "low", "high"),
    [
        ("percentile", [2, 7, 0, -198], [198, 8, 50, -2]),  # a band whose percentiles coincide takes its whole range
        (True, [2, 7, 0, -198], [198, 8, 50, -2]),
        ("min_max", [0, 7, 0, -200], [200, 8, 50, 0]),
    ],
)
def test_limits(mode, low, high):
    found = resolve_scaling(mode, SAMPLES)
    np.testing.assert_allclose(found.low, low)
    np.testing.assert_allclose(found.high, high)


def test_no_scaling():
    assert resolve_scaling(False, SAMPLES) is None


def test_values_outside_are_not_clamped():
    found = Scaling(low=np.array([0.0, 10.0]), high=np.array([10.0, 20.0])).apply(np.array([[-5, 25]], "int16"))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.array([[-0.5, 1.5]], "f4"))


def test_an_image_without_a_valid_pixel():
    with pytest.raises(InputError, match=r"classifier\.normalize: the image has no valid pixel"):
        resolve_scaling("percentile", np.zeros((0, 3)))


@given(arrays(np.float32, (5, 3), elements=st.floats(-(2.0**60), 2.0**60, width=32)), st.booleans())
def test_any_image_has_finite_values_and_comes_back(samples, min_max):
    found = resolve_scaling("min_max" if min_max else "percentile", samples)
    scaled = found.apply(samples)
    assert np.isfinite(scaled).all()
    if min_max:
        assert scaled.min() >= 0
        assert scaled.max() <= 1
    again = scaling.restore(found.arrays(), 3)
    np.testing.assert_array_equal(again.apply(samples), scaled)


ONE = np.ones(2)


@pytest.mark.parametrize(
    "hostile",
    [
        {}, {"low": 0 * ONE}, {"low": 0 * ONE, "high": ONE, "more": ONE}, {"low": ONE, "high": ONE},
        {"low": ONE, "high": 0 * ONE}, {"low": 0 * ONE, "high": np.ones(3)}, {"low": np.nan * ONE, "high": ONE},
        {"low": 0 * ONE, "high": np.inf * ONE}, {"low": -1e308 * ONE, "high": 1e308 * ONE},
        {"low": (0 * ONE).astype("f4"), "high": ONE}, {"low": np.zeros((1, 2)), "high": np.ones((1, 2))},
    ],
)  # fmt: skip
def test_hostile_limits_are_refused(hostile):
    with np.errstate(over="ignore"), pytest.raises(RefusedError):
        scaling.restore(hostile, 2)


def test_limits_that_are_none():
    with pytest.raises(ValueError, match="shapes"):
        Scaling(low=np.zeros(2), high=np.ones(3))
    with pytest.raises(ValueError, match="below"):
        Scaling(low=np.ones(2), high=np.ones(2))
