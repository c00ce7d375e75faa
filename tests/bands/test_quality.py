"""Which pixels quality bands call clear, over all their values."""

from __future__ import annotations

import numpy as np
import pytest

from classify_local.bands.quality import FMASK, QA60, QA_PIXEL, SCL, Meaning, QualityRule, clear_of, keep_pixels


def test_every_value_of_scl():
    clear = {0: 0, 1: 0, 2: 0, 3: 0, 4: 1, 5: 1, 6: 1, 7: 1, 8: 0, 9: 0, 10: 0, 11: 1}
    values = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(keep_pixels(SCL, values), [bool(clear.get(value, 0)) for value in range(256)])
    assert set(SCL.values) == set(clear)
    assert SCL.keep == (4, 5, 6, 7, 11)


def test_every_value_of_qa_pixel():
    values = np.arange(65536, dtype=np.uint16)
    bits = (values[:, None] >> np.arange(16)) & 1
    np.testing.assert_array_equal(keep_pixels(QA_PIXEL, values), ~bits[:, :5].any(axis=1))


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        # USGS LSDS-1619, table 6-3 (Landsat 8 and 9) and LSDS-1618, table 6-3 (4 to 7): land, water, snow
        ((21824, 21888, 21952, 30048, 30112, 5440, 5504, 13600, 13664), True),
        # middle confidence of cloud without the bits of cloud or of its surroundings
        ((22080, 22144, 5696, 5760), True),
        # fill; dilated cloud; cloud; cirrus; shadow
        ((1, 21826, 21890, 5442, 5506, 22280, 5896, 54596, 54852, 55052, 23888, 23952, 7440, 7568), False),
        ((24088, 24216, 24344, 24472, 56856, 56984, 57240, 7696, 7824, 7960, 8088), False),
    ],
)
def test_values_that_usgs_lists(values, kept):
    assert keep_pixels(QA_PIXEL, np.array(values, dtype=np.uint16)).tolist() == [kept] * len(values)


def test_every_value_of_fmask():
    values = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(keep_pixels(FMASK, values), np.isin(values, [0, 1, 3]))


def test_every_value_of_qa60():
    values = np.arange(65536, dtype=np.uint16)
    np.testing.assert_array_equal(keep_pixels(QA60, values), (values & 0b1100_0000_0000) == 0)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("SCL", SCL), ("scl", SCL), (" SCL ", SCL), ("QA_PIXEL", QA_PIXEL), ("qa_pixel", QA_PIXEL), ("Fmask", FMASK),
        ("cfmask", FMASK), ("QA60", QA60), ("B4", None), ("QA", None), ("", None), ("scl_b", None), ("pixel_qa", None),
    ],
)  # fmt: skip
def test_rules_by_name(name, rule):
    assert clear_of(name) is rule


@pytest.mark.parametrize("rule", [SCL, QA_PIXEL, FMASK, QA60])
@pytest.mark.parametrize("dtype", ["uint16", "int32", "int64", "float32", "float64"])
def test_the_type_of_the_values_does_not_matter(rule, dtype):
    values = np.arange(4096).reshape(64, 64)
    np.testing.assert_array_equal(keep_pixels(rule, values.astype(dtype)), keep_pixels(rule, values.astype("uint16")))


@pytest.mark.parametrize("rule", [SCL, QA_PIXEL])
def test_real_numbers_that_are_not_whole_are_not_clear(rule):
    values = np.array([np.nan, np.inf, -np.inf, 4.5, 1e30])
    assert not keep_pixels(rule, values).any()


def test_bytes_hold_the_bits_that_fit():
    np.testing.assert_array_equal(
        keep_pixels(QA_PIXEL, np.array([0, 1, 32, 64, 128], dtype=np.uint8)), [True, False, True, True, True]
    )


def test_a_rule_has_values_or_bits():
    row = {0: Meaning(text="x", clear=True)}
    for bad in ({}, {"values": row, "bits": row}):
        with pytest.raises(ValueError, match="values or bits"):
            QualityRule(name="x", **bad)


@pytest.mark.parametrize("rule", [SCL, QA_PIXEL, FMASK, QA60])
def test_the_sentence_names_every_value(rule):
    for number, meaning in (rule.values or rule.bits).items():
        assert f"{number} {meaning.text}" in rule.sentence
