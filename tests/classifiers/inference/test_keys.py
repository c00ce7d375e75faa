import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from classify_local.classifiers.inference.keys import LANES, fill_keys, float32_floor, key_tiles, keys_of

from .tables import DTYPES, pixels

FLOATS = st.floats(width=32, allow_nan=False)


@given(hnp.arrays(np.float32, st.integers(1, 20), elements=FLOATS), hnp.arrays(np.float32, 1, elements=FLOATS))
def test_keys_sort_as_the_numbers_do(values, other):
    assert np.array_equal(keys_of(values) > keys_of(other), values > other)
    assert np.array_equal(keys_of(values) == keys_of(other), values == other)


def test_zeros_have_one_key_and_the_ends_leave_room_for_leaves():
    assert len(np.unique(keys_of(np.array([0.0, -0.0], np.float32)))) == 1
    low, high = keys_of(np.array([-np.inf, np.inf], np.float32))
    assert low > 0
    assert high == 0xFF80_0000


@given(st.floats(allow_nan=False), FLOATS)
def test_comparing_with_the_floor_is_comparing_with_the_number(threshold, value):
    floor = float32_floor(np.array([threshold]))[0]
    assert (np.float32(value) <= floor) == (float(value) <= threshold)


@pytest.mark.parametrize("dtype", [*DTYPES, "int32", "float64"])
@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 64, 131])
def test_tiles_hold_the_keys_of_float32(dtype, count):
    rng = np.random.default_rng(count)
    features = (rng.normal(size=(3, 200)) * 2e9).astype("float64")
    features = features.astype(dtype) if dtype[0] in "f" else pixels(rng, 3, 200, dtype)
    tiles = key_tiles(144, 3)
    assert tiles.ctypes.data % 64 == 0
    fill_keys(features, 7, count, tiles)
    flat = tiles.transpose(1, 0, 2).reshape(3, 9 * LANES)
    assert np.array_equal(flat[:, :count], keys_of(features[:, 7 : 7 + count].astype(np.float32)))
    assert not flat[:, count:].any()


def test_negative_zero_of_an_image():
    tiles = key_tiles(2, 1)
    fill_keys(np.array([[0.0, -0.0]], np.float32), 0, 2, tiles)
    assert tiles[0, 0, 0] == tiles[0, 0, 1]
