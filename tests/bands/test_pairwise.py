import math
import re
from itertools import combinations

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from classify_local.bands.fused import RUN, _angle, fill_pairs
from classify_local.bands.pairwise import Operation, Pair, pair_bands, pair_names, pairs_of

DTYPES = ["uint8", "int8", "int16", "uint16", "int32", "float32"]


def expected(operation, b1, b2):
    """The formula in Python's own floats, one pixel at a time."""
    b1, b2 = float(b1), float(b2)
    match operation:
        case "ratio":
            return b1 / b2 if b2 else 0.0
        case "normalized_difference":
            return (b1 - b2) / (b1 + b2) if b1 + b2 else 0.0
        case "difference":
            return b1 - b2
        case "distance":
            return math.hypot(b1, b2)
        case "angle":
            return math.atan2(b2 + 0.0, b1 + 0.0) / math.pi


def fused(values, pairs):
    out = np.full((len(pairs), *values.shape[1:]), np.nan, np.float32)
    fill_pairs(values, pairs, out)
    return out


BOTH = pytest.mark.parametrize("compute", [pair_bands, fused])


def test_names_are_pairs_in_the_images_order():
    assert pair_names(["red", "nir", "swir1"], Operation.RATIO) == (
        "red_nir_ratio",
        "red_swir1_ratio",
        "nir_swir1_ratio",
    )
    assert pair_names(["red", "nir"], Operation.NORMALIZED_DIFFERENCE) == ("red_nir_normalized_difference",)


@pytest.mark.parametrize("count", range(6))
def test_pairs_have_the_order_of_their_names(count):
    bands = [f"b{i}" for i in range(count)]
    pairs = pairs_of(range(count), Operation.ANGLE)
    assert len(pairs) == count * (count - 1) // 2
    assert pair_names(bands, Operation.ANGLE) == tuple(f"b{i}_b{j}_angle" for _, i, j in pairs)


def test_pairs_of_some_bands_only():
    assert pairs_of([1, 4], Operation.RATIO) == (Pair(Operation.RATIO, 1, 4),)


@BOTH
@pytest.mark.parametrize(
    ("operation", "b1", "b2", "result"),
    [
        ("ratio", 3, 4, 0.75),
        ("ratio", 3, 0, 0),
        ("ratio", 0, 0, 0),
        ("ratio", -3, 0, 0),
        ("normalized_difference", 1, 3, -0.5),
        ("normalized_difference", 0, 0, 0),
        ("normalized_difference", 5, -5, 0),
        ("difference", 1, 3, -2),
        ("distance", 3, 4, 5),
        ("distance", -3, 4, 5),
        ("distance", 0, 0, 0),
        ("angle", 1, 0, 0),
        ("angle", 1, 1, 0.25),
        ("angle", 0, 1, 0.5),
        ("angle", -1, 1, 0.75),
        ("angle", -1, 0, 1),
        ("angle", -1, -1, -0.75),
        ("angle", 0, -1, -0.5),
        ("angle", 1, -1, -0.25),
        ("angle", 0, 0, 0),
    ],
)
@pytest.mark.parametrize("dtype", ["int16", "int32", "float32"])
def test_values(compute, operation, b1, b2, result, dtype):
    values = np.array([[b1], [b2]], dtype)
    assert compute(values, [Pair(Operation(operation), 0, 1)]).tolist() == [[result]]


@BOTH
@pytest.mark.parametrize(("zero", "other"), [(0.0, -0.0), (-0.0, 0.0), (-0.0, -0.0)])
def test_negative_zero_is_zero(compute, zero, other):
    pairs = [Pair(operation, 0, 1) for operation in Operation]
    assert compute(np.array([[zero], [other]], np.float32), pairs).tolist() == [[0]] * 5
    assert compute(np.array([[-1], [zero]], np.float32), pairs[-1:]).tolist() == [[1]]


@BOTH
@pytest.mark.parametrize(("dtype", "low", "high"), [("uint8", 1, 255), ("uint16", 3, 65535)])
def test_unsigned_values_do_not_wrap_around(compute, dtype, low, high):
    values = np.array([[low, high], [high, low]], dtype)
    result = compute(values, [Pair(Operation.DIFFERENCE, 0, 1), Pair(Operation.NORMALIZED_DIFFERENCE, 0, 1)])
    contrast = np.float32((high - low) / (high + low))
    assert result.tolist() == [[low - high, high - low], [-contrast, contrast]]


@BOTH
def test_the_largest_float_does_not_overflow(compute):
    largest = np.finfo(np.float32).max
    values = np.array([[largest], [largest]], np.float32)
    pairs = [Pair(operation, 0, 1) for operation in (Operation.RATIO, Operation.NORMALIZED_DIFFERENCE)]
    assert compute(values, pairs).tolist() == [[1], [0]]


@BOTH
def test_masked_pixels_may_hold_anything(compute):
    values = np.array([[np.nan, 1, np.inf, np.inf], [1, np.nan, np.inf, 0]], np.float32)
    result = compute(values, [Pair(operation, 0, 1) for operation in Operation])
    assert result.dtype == np.float32
    assert np.isnan(result[:, :2]).all()


arrays = st.sampled_from(DTYPES).flatmap(
    lambda dtype: hnp.arrays(
        dtype,
        st.tuples(st.integers(2, 4), st.integers(0, 9)),
        elements=st.floats(width=32, allow_nan=False, allow_infinity=False) if dtype == "float32" else None,
    )
)


@settings(deadline=None)  # the first example compiles
@given(values=arrays, operation=st.sampled_from(Operation))
def test_equals_the_formula(values, operation):
    pairs = pairs_of(range(len(values)), operation)
    plain = pair_bands(values, pairs)
    assert fused(values, pairs).tobytes() == plain.tobytes()
    with np.errstate(over="ignore"):
        wanted = np.array(
            [[expected(operation, *pixel) for pixel in zip(b1, b2, strict=True)] for b1, b2 in combinations(values, 2)]
        ).astype(np.float32)
    np.testing.assert_allclose(plain, wanted, rtol=1e-6, atol=0)


real = st.floats(width=32, allow_nan=False, allow_infinity=False)


@settings(deadline=None)
@given(real, real)
def test_the_compiled_angle_is_right_in_double_precision(b1, b2):
    assert _angle(b1, b2) == pytest.approx(expected("angle", b1, b2), rel=1e-15, abs=1e-300)


@settings(deadline=None)  # the first example compiles
@given(values=arrays)
def test_order_of_a_pair(values):
    """Swapping the bands turns the sign of differences and leaves the distance."""
    there = pair_bands(values, [Pair(operation, 0, 1) for operation in Operation])
    back = pair_bands(values, [Pair(operation, 1, 0) for operation in Operation])
    np.testing.assert_array_equal(there[1:3], -back[1:3])
    np.testing.assert_array_equal(there[3], back[3])


@pytest.mark.parametrize("dtype", DTYPES)
def test_more_pixels_than_one_run(dtype):
    rng = np.random.default_rng(1)
    values = (rng.uniform(-1, 1, (3, 7, RUN // 3)) * 100).astype(dtype)
    pairs = [pair for operation in Operation for pair in pairs_of(range(3), operation)]
    assert fused(values, pairs).tobytes() == pair_bands(values, pairs).tobytes()


def test_fills_a_part_of_a_larger_array_from_a_window():
    values = np.arange(3 * 8 * 10, dtype=np.uint16).reshape(3, 8, 10)[:, 2:6, 3:8]
    features = np.full((5, 4, 5), -1, np.float32)
    pairs = pairs_of(range(3), Operation.RATIO)
    fill_pairs(values, pairs, features[1:4])
    np.testing.assert_array_equal(features[1:4], pair_bands(values, pairs))
    assert (features[[0, 4]] == -1).all()


@pytest.mark.parametrize(("pairs", "shape"), [([], (3, 4, 5)), ([Pair(Operation.RATIO, 0, 1)], (3, 0, 5))])
def test_nothing_to_do(pairs, shape):
    assert fused(np.ones(shape, np.uint8), pairs).shape == (len(pairs), *shape[1:])


@pytest.mark.parametrize(
    ("pair", "out", "message"),
    [
        ((0, 3), np.empty((1, 4, 5), np.float32), "within 3 bands"),
        ((-1, 0), np.empty((1, 4, 5), np.float32), "within 3 bands"),
        ((0, 1), np.empty((2, 4, 5), np.float32), "of shape (1, 4, 5)"),
        ((0, 1), np.empty((1, 4, 4), np.float32), "of shape (1, 4, 5)"),
        ((0, 1), np.empty((1, 4, 5), np.float64), "float32"),
        ((0, 1), np.empty((1, 4, 10), np.float32)[..., ::2], "C-contiguous"),
    ],
)
def test_refuses_what_would_leave_the_arrays(pair, out, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        fill_pairs(np.ones((3, 4, 5), np.int16), [Pair(Operation.RATIO, *pair)], out)


@pytest.mark.parametrize("scene", ["nc_landsat7", "chiapas_landsat7", "para_landsat5"])
def test_real_scenes(real_data, scene):
    with rasterio.open(real_data / scene / "image.tif") as file:
        values = file.read(window=((0, 200), (0, 200)))
    pairs = [pair for operation in Operation for pair in pairs_of(range(6), operation)]
    got = fused(values, pairs)
    assert got.tobytes() == pair_bands(values, pairs).tobytes()
    stored = values.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        for (operation, i, j), band in zip(pairs, got, strict=True):
            a, b = stored[i], stored[j]
            wanted = {
                "ratio": a / b,
                "normalized_difference": (a - b) / (a + b),
                "difference": a - b,
                "distance": np.hypot(a, b),
                "angle": np.arctan2(b, a) / np.pi,
            }[operation]
            wanted[~np.isfinite(wanted)] = 0
            np.testing.assert_allclose(band, wanted, rtol=1e-6, atol=0)
