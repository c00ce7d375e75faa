"""Codes of surface water against tables written by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from classify_local.bands.water import (
    EXPORT_LAYERS,
    MISSING,
    TILE_LAYERS,
    WATER_BANDS,
    decode_export,
    decode_tile,
    find_water_band,
    missing_water,
)
from classify_local.errors import InputError

MASKS = (
    "water_no_change",
    "water_permanent",
    "water_new_permanent",
    "water_lost_permanent",
    "water_seasonal",
    "water_new_seasonal",
    "water_lost_seasonal",
    "water_seasonal_to_permanent",
    "water_permanent_to_seasonal",
    "water_ephemeral_permanent",
    "water_ephemeral_seasonal",
)
CONTINUOUS = ("water_occurrence", "water_change_abs", "water_change_norm", "water_seasonality", "water_max_extent")

# Every code that is a value, by layer and band; all others of the 256 are 0.
PER_CENT = {code: code for code in range(101)}
TILES = {
    ("occurrence", "water_occurrence"): PER_CENT,
    ("change", "water_change_abs"): dict(zip(range(201), range(-100, 101), strict=True)),
    ("seasonality", "water_seasonality"): {code: code for code in range(13)},
    ("extent", "water_max_extent"): {0: 0, 1: 1},
    ("transitions", "water_no_change"): {code: 1 for code in range(256) if not 1 <= code <= 10},
    ("transitions", "water_permanent"): {1: 1},
    ("transitions", "water_new_permanent"): {2: 1},
    ("transitions", "water_lost_permanent"): {3: 1},
    ("transitions", "water_seasonal"): {4: 1},
    ("transitions", "water_new_seasonal"): {5: 1},
    ("transitions", "water_lost_seasonal"): {6: 1},
    ("transitions", "water_seasonal_to_permanent"): {7: 1},
    ("transitions", "water_permanent_to_seasonal"): {8: 1},
    ("transitions", "water_ephemeral_permanent"): {9: 1},
    ("transitions", "water_ephemeral_seasonal"): {10: 1},
}
SIGNED = {code: code for code in range(-100, 101)}
EXPORT = {
    **{name: {value: int(value == code) for value in range(11)} for code, name in enumerate(MASKS)},
    "water_occurrence": PER_CENT,
    "water_change_abs": SIGNED,
    "water_change_norm": SIGNED,
    "water_seasonality": {code: code for code in range(13)},
    "water_max_extent": {0: 0, 1: 1},
}
CODES = np.arange(256, dtype=np.uint8)


def test_bands_are_sepals():
    assert tuple(WATER_BANDS) == (*CONTINUOUS, *MASKS)
    assert len(WATER_BANDS) == 16
    assert all(name == band.name for name, band in WATER_BANDS.items())


def test_every_layer_gives_the_bands_of_the_table():
    assert {(layer, name) for layer, names in TILE_LAYERS.items() for name in names} == set(TILES)
    assert {name for names in EXPORT_LAYERS.values() for name in names} == set(WATER_BANDS)
    assert EXPORT_LAYERS["transition"] == MASKS


@pytest.mark.parametrize(("layer", "name"), TILES)
def test_all_codes_of_the_tiles(layer, name):
    values = TILES[layer, name]
    (found,) = decode_tile(CODES, [name])
    assert found.dtype == np.int8
    assert found.tolist() == [values.get(code, 0) for code in range(256)]


@pytest.mark.parametrize(
    ("name", "codes", "values"),
    [
        ("water_occurrence", [0, 1, 100, 101, 254, 255], [0, 1, 100, 0, 0, 0]),
        ("water_change_abs", [0, 99, 100, 101, 200, 201, 253, 254, 255], [-100, -1, 0, 1, 100, 0, 0, 0, 0]),
        ("water_seasonality", [0, 1, 12, 13, 255], [0, 1, 12, 0, 0]),
        ("water_max_extent", [0, 1, 2, 255], [0, 1, 0, 0]),
        ("water_no_change", [0, 1, 10, 11, 255], [1, 0, 0, 1, 1]),
        ("water_ephemeral_seasonal", [0, 9, 10, 11, 255], [0, 0, 1, 0, 0]),
    ],
)
def test_known_codes(name, codes, values):
    assert decode_tile(np.array(codes, np.uint8), [name]).tolist() == [values]


def test_bands_of_one_layer_at_a_time():
    codes = CODES.reshape(16, 16)
    found = decode_tile(codes, TILE_LAYERS["transitions"])
    assert found.shape == (11, 16, 16)
    assert (found.sum(axis=0) == 1).all()
    assert decode_tile(codes, []).shape == (0, 16, 16)


@pytest.mark.parametrize("name", WATER_BANDS)
@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.float32, np.float64])
def test_all_values_of_an_export(name, dtype):
    kind = np.iinfo(dtype if np.issubdtype(dtype, np.integer) else np.int16)
    values = np.arange(kind.min, kind.max + 1, dtype=np.int32).astype(dtype)
    found = decode_export(values, name)
    assert found.dtype == np.int8
    table, other = EXPORT[name], int(name == "water_no_change")
    assert found.tolist() == [table.get(int(value), other) for value in values]


@pytest.mark.parametrize("name", WATER_BANDS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -3.4e38])
def test_what_is_no_number_is_no_value(name, value):
    assert decode_export(np.array([value]), name).tolist() == [int(name == "water_no_change")]


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("water_occurrence", 43.7, 44),
        ("water_occurrence", 100.2, 0),
        ("water_change_norm", -43.7, -44),
        ("water_max_extent", 0.75, 1),
        ("water_permanent", 1.2, 0),
        ("water_no_change", 1.2, 1),
    ],
)
def test_fractions_of_a_resampled_export(name, value, found):
    assert decode_export(np.array([value], np.float32), name).tolist() == [found]


@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=6)), st.sampled_from(sorted(TILES)))
def test_values_lie_in_their_range(codes, case):
    layer, name = case
    least, most = WATER_BANDS[name].valid_range
    (found,) = decode_tile(codes, [name])
    assert found.shape == codes.shape
    assert ((found >= least) & (found <= most)).all()
    assert WATER_BANDS[name].tile_layer == layer


@given(hnp.arrays(np.uint8, 20, elements=st.sampled_from([*range(11), MISSING])))
def test_every_pixel_has_one_transition(codes):
    assert decode_tile(codes, MASKS).sum(axis=0).tolist() == [1] * 20


def test_a_missing_tile_is_one_without_data():
    nothing = np.full((3, 4), MISSING, np.uint8)
    names = [name for _, name in TILES]
    missing = missing_water(names, (3, 4))
    np.testing.assert_array_equal(missing, decode_tile(nothing, names))
    assert missing.dtype == np.int8
    assert missing_water(["water_no_change", "water_change_norm"], (2,)).tolist() == [[1, 1], [0, 0]]
    assert missing_water([], (3, 4)).shape == (0, 3, 4)
    missing[0] = 5  # an array of its own


@pytest.mark.parametrize("name", WATER_BANDS)
def test_names_without_the_prefix(name):
    assert find_water_band(name) is find_water_band(name.removeprefix("water_")) is WATER_BANDS[name]


def test_an_unknown_name_says_the_nearest():
    with pytest.raises(InputError, match="no band of surface water 'occurence'; did you mean 'water_occurrence'"):
        find_water_band("occurence")


def test_what_no_tile_holds_is_refused():
    with pytest.raises(ValueError, match="water_change_norm is made of no published layer"):
        decode_tile(CODES, ["water_change_norm"])


def test_only_bytes_are_codes():
    with pytest.raises(ValueError, match="codes are int16"):
        decode_tile(CODES.astype(np.int16), ["water_occurrence"])
