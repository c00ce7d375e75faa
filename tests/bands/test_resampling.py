"""Pixels taken at places, beside slow loops of our own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classify_local.bands.resampling import average, between, bilinear, nearest

NAN, INFINITE = float("nan"), float("inf")


def slow_bilinear(values, valid, y, x):
    rows, cols = values.shape
    top, left = int(np.floor(y - 0.5)), int(np.floor(x - 0.5))
    four = [
        ((1 - abs(r + 0.5 - y)) * (1 - abs(c + 0.5 - x)), values[r, c])
        for r in (top, top + 1)
        for c in (left, left + 1)
        if 0 <= r < rows and 0 <= c < cols and valid[r, c]
    ]
    weight = sum(w for w, _ in four)
    held = 0 <= y < rows and 0 <= x < cols and valid[int(y), int(x)]
    return (sum(w * v for w, v in four) / weight, True) if held else (None, False)


def slow_average(values, valid, y, x, reach_y, reach_x):
    """By small steps of a sixteenth of a pixel: places and reaches of the tests are whole numbers of them."""
    rows, cols = values.shape
    reach_y, reach_x = max(reach_y, 0.5), max(reach_x, 0.5)
    step = 1 / 16
    taken = [
        values[int(r), int(c)]
        for r in np.arange(y - reach_y + step / 2, y + reach_y, step)
        for c in np.arange(x - reach_x + step / 2, x + reach_x, step)
        if 0 <= r < rows and 0 <= c < cols and valid[int(r), int(c)]
    ]
    inside = 0 <= y < rows and 0 <= x < cols
    return (float(np.mean(taken)), True) if taken and inside else (None, False)


@st.composite
def rasters(draw, sixteenths=False):
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    shape = draw(st.tuples(st.integers(1, 3), st.integers(1, 6), st.integers(1, 6)))
    values = rng.integers(-1000, 1000, shape).astype(draw(st.sampled_from(["int16", "float32", "float64"])))
    valid = rng.random(shape) < draw(st.sampled_from([0.3, 0.7, 1.0]))
    count = draw(st.integers(1, 12))
    places = rng.uniform(-1.5, 7.5, (2, count))
    if sixteenths:
        places = np.round(places * 16) / 16
    return values, valid, places, np.round(rng.uniform(0, 3, places.shape) * 16) / 16


def test_nearest_of_more_places_than_are_looked_up_at_once():
    rng = np.random.default_rng(4)
    values, valid = rng.integers(0, 99, (2, 30, 40)).astype("int16"), rng.random((2, 30, 40)) < 0.7
    places = rng.uniform(-2, 42, (2, 1700))
    out, out_valid = np.full((2, 1700), 7, "int16"), np.ones((2, 1700), bool)
    nearest(values[:, :, ::-1], valid[:, :, ::-1], places, out, out_valid)
    y, x = np.floor(places).astype(int)
    inside = (y >= 0) & (y < 30) & (x >= 0) & (x < 40)
    at = np.where(inside, y, 0), np.where(inside, 39 - x, 0)
    np.testing.assert_array_equal(out, np.where(inside, values[:, at[0], at[1]], 0))
    np.testing.assert_array_equal(out_valid, inside & valid[:, at[0], at[1]])


@given(st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 9), st.integers(2, 5), st.floats(0, 0.5))
def test_places_between_nodes_and_those_near_an_edge(seed, rows, cols, lines, limit):
    rng = np.random.default_rng(seed)
    nodes_yx = rng.uniform(-50, 50, (2, lines, cols))
    nodes, shares = rng.integers(0, lines - 1, rows), rng.random(rows)
    places_yx, near = between(nodes_yx, nodes, shares, limit)
    expected = nodes_yx[:, nodes] * (1 - shares)[:, None] + nodes_yx[:, nodes + 1] * shares[:, None]
    np.testing.assert_array_equal(places_yx, expected)
    np.testing.assert_array_equal(near, (np.abs(expected - np.rint(expected)) <= limit).any(axis=0))


@pytest.mark.parametrize("node", [-1, 2, 3])
def test_a_row_beyond_the_nodes_is_refused(node):
    with pytest.raises(ValueError, match="rows lie between"):
        between(np.zeros((2, 3, 4)), np.array([0, node]), np.zeros(2), 0.1)


@given(rasters())
def test_nearest_is_the_pixel_that_holds_the_place(given_):
    values, valid, places, _ = given_
    bands, rows, cols = values.shape
    out, out_valid = np.full((bands, places.shape[1]), 77, values.dtype), np.ones((bands, places.shape[1]), bool)
    nearest(values, valid, places, out, out_valid)
    for i, (y, x) in enumerate(places.T):
        inside = 0 <= y < rows and 0 <= x < cols
        for b in range(bands):
            assert out_valid[b, i] == (inside and valid[b, int(y), int(x)])
            assert out[b, i] == (values[b, int(y), int(x)] if inside else 0)


@given(rasters())
def test_bilinear_is_the_weighted_mean_of_the_valid_ones_among_four(given_):
    values, valid, places, _ = given_
    out, out_valid = (
        np.empty((len(values), places.shape[1]), np.float32),
        np.empty((len(values), places.shape[1]), bool),
    )
    bilinear(values, valid, places, out, out_valid)
    for b, i in np.ndindex(out.shape):
        expected, known = slow_bilinear(values[b], valid[b], *places[:, i])
        assert out_valid[b, i] == known
        if known:
            assert out[b, i] == pytest.approx(expected, rel=1e-6, abs=1e-4)


@settings(max_examples=40)
@given(rasters(sixteenths=True))
def test_average_is_the_mean_of_the_valid_part_of_the_box(given_):
    values, valid, places, reach = given_
    out, out_valid = (
        np.empty((len(values), places.shape[1]), np.float32),
        np.empty((len(values), places.shape[1]), bool),
    )
    average(values, valid, places, reach, out, out_valid)
    for b, i in np.ndindex(out.shape):
        expected, known = slow_average(values[b], valid[b], *places[:, i], *reach[:, i])
        assert out_valid[b, i] == known
        if known:
            assert out[b, i] == pytest.approx(expected, rel=1e-5, abs=1e-3)


def test_bilinear_by_hand():
    values = np.array([[[0, 100], [200, 300]]], dtype=np.int16)
    places = np.array([[0.5, 1.0, 1.0, 0.1], [0.5, 1.0, 0.75, 0.1]])
    out, out_valid = np.empty((1, 4), np.float32), np.empty((1, 4), bool)
    bilinear(values, np.ones(values.shape, bool), places, out, out_valid)
    np.testing.assert_array_equal(out[0], [0, 150, 125, 0])
    valid = np.array([[[True, True], [False, True]]])
    bilinear(values, valid, places, out, out_valid)
    assert out_valid[0].tolist() == [True, True, False, True]  # the third lies in the hole
    assert out[0, 1] == pytest.approx(400 / 3)


def test_average_by_hand():
    values = np.array([[[0, 100, 200, 300]]], dtype=np.uint16)
    valid = np.array([[[True, True, False, True]]])
    places, reach = np.array([[0.5, 0.5, 0.5], [2.0, 1.0, 2.5]]), np.array([[0.5, 0.5, 0.5], [2.0, 1.0, 0.1]])
    out, out_valid = np.empty((1, 3), np.float32), np.empty((1, 3), bool)
    average(values, valid, places, reach, out, out_valid)
    np.testing.assert_allclose(out[0], [400 / 3, 50, 0])
    assert out_valid[0].tolist() == [True, True, False]


def test_what_is_not_valid_is_never_taken():
    values = np.array([[[NAN, 5.0], [INFINITE, 7.0]]], dtype=np.float32)
    valid = np.isfinite(values)
    places = np.array([[0.9, 1.1], [1.2, 1.2]])
    out, out_valid = np.empty((1, 2), np.float32), np.empty((1, 2), bool)
    bilinear(values, valid, places, out, out_valid)
    np.testing.assert_allclose(out[0], [5.8, 6.2], rtol=1e-6)
    average(values, valid, places, np.full((2, 2), 1.0), out, out_valid)
    assert np.isfinite(out).all()
    assert out_valid.all()


@pytest.mark.parametrize("bad", [NAN, INFINITE, -INFINITE, -1e-12, 2.0, 1e300])
def test_places_outside_or_nowhere_get_nothing(bad):
    values, valid = np.ones((1, 2, 2)), np.ones((1, 2, 2), bool)
    places = np.array([[bad, 1.0], [1.0, bad]])
    for take, more in ((nearest, ()), (bilinear, ()), (average, (np.ones((2, 2)),))):
        out, out_valid = np.full((1, 2), 9, np.float64 if take is nearest else np.float32), np.ones((1, 2), bool)
        take(values, valid, places, *more, out, out_valid)
        assert not out_valid.any()
        assert not out.any()


def test_arrays_that_do_not_fit_are_refused():
    values, valid = np.ones((1, 2, 2)), np.ones((1, 2, 2), bool)
    with pytest.raises(ValueError, match="do not fit"):
        nearest(values, valid, np.ones((2, 3)), np.ones((1, 2)), np.ones((1, 2), bool))
    with pytest.raises(ValueError, match="do not fit"):
        bilinear(values, valid[:, :1], np.ones((2, 2)), np.ones((1, 2), np.float32), np.ones((1, 2), bool))
