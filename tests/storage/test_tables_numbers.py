"""Numbers in cells: what is one, what is none and why, and the one decimal mark of a column."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify_local.storage import numbers
from classify_local.storage.columns import text_array
from classify_local.storage.numbers import NUMBER, number_problem, parse_numbers


def parsed(*cells: str, decimal_comma: bool = False) -> list[float | None]:
    """Numbers, and None where there is none."""
    values, ok = parse_numbers(text_array(cells), decimal_comma=decimal_comma)
    assert (ok == np.isfinite(values)).all()
    assert (np.isnan(values) == ~ok).all()
    return [float(value) if good else None for value, good in zip(values, ok, strict=True)]


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("1", 1), ("-1.5", -1.5), ("+.5", 0.5), ("5.", 5), ("1e3", 1000), ("1E-2", 0.01), ("007", 7), ("-0", 0),
        ("", None), (".", None), ("-", None), ("+-1", None), ("1.2.3", None), ("1-2", None), ("--1", None),
        ("e5", None), ("1_000", None), ("nan", None), ("inf", None), ("-infinity", None), ("0x10", None),
        ("1e99999", None),
        ("1e999", None), ("-1e999", None), ("\u0663", None), ("\uff11", None), ("1 000", None), ("1\u00a0000", None),
        ("1,5", None), ("12°", None), ("\u22125", None), ("1\n2", None), ("1\0", None),
    ],
)  # fmt: skip
def test_what_is_a_number(cell, number):
    for cells in ([cell], [cell, "1"], ["1"] * 3 + [cell]):
        found = parsed(*cells)
        assert found[cells.index(cell) if cell != "1" else 0] == number


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["12,5", "13"], [12.5, 13]),
        (["12,5", "-,5", "1,5e3", "+5,"], [12.5, -0.5, 1500, 5]),
        (["12.5", "13"], [12.5, 13]),
        (["12,5", "12.5"], [None, None]),
        (["12,5", "13,5", "12.5", "7"], [12.5, 13.5, None, 7]),
        (["12,5", "13.5", "12.5", "7"], [None, 13.5, 12.5, 7]),
        (["1.234,5", "1,234.5", "1,234,567", "2,5"], [None, None, None, 2.5]),
        (["1,234", "2,345"], [1.234, 2.345]),
        (["1e5", "2,5"], [1e5, 2.5]),
    ],
)
def test_a_column_has_one_decimal_mark(cells, expected):
    assert parsed(*cells, decimal_comma=True) == expected


def test_the_decimal_mark_is_that_of_the_whole_column(monkeypatch):
    monkeypatch.setattr(numbers, "_CHUNK", 2)
    assert parsed("1,5", "2,5", "3.5", "4.5", "5,5", decimal_comma=True) == [1.5, 2.5, None, None, 5.5]
    assert parsed("1.5", "2.5", "3,5", decimal_comma=True) == [1.5, 2.5, None]
    assert parsed("1", "2", "3", "x", "5") == [1, 2, 3, None, 5]


@given(st.lists(st.text("0123456789+-.,eE_ n", max_size=6), max_size=30), st.booleans(), st.integers(1, 5))
def test_chunks_and_fast_paths_do_not_show(cells, comma, chunk):
    expected = parsed(*cells, decimal_comma=comma)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numbers, "_CHUNK", chunk)
        assert parsed(*cells, decimal_comma=comma) == expected


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_python_s_numbers_come_back_exactly(values):
    assert parsed(*map(repr, values)) == values
    commas = [repr(value).replace(".", ",") for value in values]
    assert parsed(*commas, decimal_comma=True) == values


@given(st.text(max_size=8))
def test_a_number_alone_is_what_the_rule_says(cell):
    expected = float(cell) if NUMBER.fullmatch(cell) and math.isfinite(float(cell)) else None
    assert parsed(cell) == [expected]


def test_no_cells():
    assert parsed() == []


@pytest.mark.parametrize(
    ("cell", "comma", "said"),
    [
        ("", False, "is empty; write a number"),
        ("abc", False, "'abc' is not a number; write for example 1234.5"),
        ("12,5", False, "has a decimal comma"),
        ("12,5", True, "has another decimal mark than most of its column"),
        ("12.5", True, "has another decimal mark than most of its column"),
        ("1.234,5", True, "may have a separator of thousands, or another decimal mark"),
        ("1,234,567", False, "may have a separator of thousands"),
        ("1\u00a0234", False, "may have a separator of thousands"),
        ("1e999", False, "is too large"),
        ("32°30'15\"E", False, "is in degrees and minutes; write decimal degrees, for example -13.5042"),
        ("13.5 S", False, "is in degrees and minutes"),
        ("x" * 99, False, "'" + "x" * 37 + "...'"),
    ],
)
def test_why_a_cell_is_no_number(cell, comma, said):
    problem = number_problem(cell, decimal_comma=comma)
    assert said in problem
    assert "\n" not in problem
