import numpy as np
import pytest

from classify_local.expressions import read_cells
from classify_local.expressions.cells import number_text


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("", None),
        ("  \t", None),
        (None, None),
        ("12", 12.0),
        ("-12", -12.0),
        ("+12", 12.0),
        ("012", 12.0),
        ("1.", 1.0),
        (".5", 0.5),
        ("-.5e-1", -0.05),
        ("1E3", 1000.0),
        (" 12 ", 12.0),
        ("0\x1f", 0.0),
        ("true", True),
        ("TRUE", True),
        ("False", False),
        (" false ", False),
        ("9007199254740991", 9007199254740991.0),
        ("9007199254740992", "9007199254740992"),
        ("-9007199254740992", "-9007199254740992"),
        ("12345678901234567890.0", 12345678901234567890.0),
        ("1e20", 1e20),
        ("NaN", "NaN"),
        ("nan", "nan"),
        ("inf", "inf"),
        ("Infinity", "Infinity"),
        ("NA", "NA"),
        ("null", "null"),
        ("1,5", "1,5"),
        ("1_000", "1_000"),
        ("0x10", "0x10"),
        ("1 2", "1 2"),
        ("--1", "--1"),
        ("1e", "1e"),
        (".", "."),
        ("-", "-"),
        ("e5", "e5"),
        ("\u0663", "\u0663"),
        ("2020-01-31", "2020-01-31"),
        (" x ", " x "),
        ("yes", "yes"),
        ("T", "T"),
    ],
)
def test_what_a_cell_stands_for(cell, expected):
    for column in ([cell], [cell, "text"], [cell, "1"], ["", cell]):
        found = read_cells(column).to_list()[column.index(cell)]
        assert type(found) is type(expected)
        assert found == expected


@pytest.mark.parametrize(
    "column",
    [
        np.array(["1", "x", ""], np.dtypes.StringDType()),
        np.array(["1", "x", ""]),
        np.array(["1", "x", None], object),
        ("1", "x", ""),
        np.array(["1", "", "x"], object)[[0, 2, 1]],
    ],
    ids=["StringDType", "fixed width", "object", "tuple", "indexed"],
)
def test_forms_of_columns(column):
    assert read_cells(column).to_list() == [1.0, "x", None]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (10.0, "10"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (-1.5, "-1.5"),
        (1e20, "100000000000000000000"),
        (123456789012345680000.0, "123456789012345680000"),
        (2.0**53, "9007199254740992"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (0.000001, "0.000001"),
        (1e-7, "1e-7"),
        (1.25e-7, "1.25e-7"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
    ],
)
def test_numbers_as_text(number, expected):
    assert number_text(number) == expected
