import math

import numpy as np
import pytest

from classify_local.expressions import parse_expression
from classify_local.expressions.functions import CALLS, CONSTANTS, LIST_METHODS, MATH, METHODS

JAVASCRIPT_MATH = [
    "abs",
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cbrt",
    "ceil",
    "clz32",
    "cos",
    "cosh",
    "exp",
    "expm1",
    "floor",
    "fround",
    "hypot",
    "imul",
    "log",
    "log10",
    "log1p",
    "log2",
    "max",
    "min",
    "pow",
    "round",
    "sign",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
    "trunc",
]
SAMPLES = [-2.5, -1.0, -0.75, -1e-9, 0.0, 0.3, 0.5, 1.0, 1.5, 2.5, 10.0, 709.0, 1e15]


def values(text, **columns):
    n = len(next(iter(columns.values())))
    cells = {name: [str(cell) for cell in column] for name, column in columns.items()}
    return parse_expression(text, "filter").values(cells, n).to_list()


def one(text):
    return (
        parse_expression(text, "filter")
        .values({"none": [""], "name": [" Old forest "], "code": ["1100"]}, 1)
        .to_list()[0]
    )


def test_the_table_is_javascripts_without_random():
    assert sorted(MATH) == sorted(JAVASCRIPT_MATH)
    assert sorted(CONSTANTS) == ["E", "LN10", "LN2", "LOG10E", "LOG2E", "PI", "SQRT1_2", "SQRT2"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("E", 2.718281828459045),
        ("LN10", 2.302585092994046),
        ("LN2", 0.6931471805599453),
        ("LOG10E", 0.4342944819032518),
        ("LOG2E", 1.4426950408889634),
        ("PI", 3.141592653589793),
        ("SQRT1_2", 0.7071067811865476),
        ("SQRT2", 1.4142135623730951),
    ],
)
def test_constants_are_those_of_ecma_262(name, expected):
    assert one(name) == expected


def of_python(name, x):
    try:
        return float(getattr(math, name)(x))
    except (ValueError, OverflowError):
        return None


@pytest.mark.parametrize(
    "name",
    [
        "acos",
        "acosh",
        "asin",
        "asinh",
        "atan",
        "atanh",
        "cbrt",
        "ceil",
        "cos",
        "cosh",
        "exp",
        "expm1",
        "floor",
        "log10",
        "log1p",
        "log2",
        "sin",
        "sinh",
        "sqrt",
        "tan",
        "tanh",
        "trunc",
    ],
)
def test_functions_of_one_number_are_those_of_pythons_math(name):
    for x, found in zip(SAMPLES, values(f"{name}(a)", a=SAMPLES), strict=True):
        expected = of_python(name, x)
        if expected is None and found is not None:
            assert math.isinf(found), (name, x)  # log of 0, and what is too large for Python
        else:
            assert found == (None if expected is None else pytest.approx(expected, rel=1e-14)), (name, x)


def test_no_sample_is_taken_for_granted():
    """Every function of one number has a sample with a result that is no fixed point."""
    for name in (name for name in MATH if MATH[name].takes(1) and name not in ("max", "min", "hypot")):
        found = values(f"{name}(a)", a=SAMPLES)
        assert any(y is not None and y != x for x, y in zip(SAMPLES, found, strict=True)), name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("abs(-2.5)", 2.5),
        ("log(E)", 1.0),
        ("log(0)", -math.inf),
        ("log(-1)", None),
        ("sqrt(-1)", None),
        ("atan2(1, -1)", 3 * math.pi / 4),
        ("atan2(-1, 0)", -math.pi / 2),
        ("pow(2, 10)", 1024.0),
        ("pow(-8, 1 / 3)", None),
        ("hypot(3, 4)", 5.0),
        ("hypot(-3)", 3.0),
        ("hypot(2, 3, 6)", 7.0),
        ("max(1, 3, 2)", 3.0),
        ("min(2, 3, 1)", 1.0),
        ("max(1, none)", None),
        ('max("10", 9)', 10.0),
        ("min(1, none, -1)", None),
        ("round(2.5)", 3.0),
        ("round(-2.5)", -2.0),
        ("round(0.49999999999999994)", 0.0),
        ("round(4503599627370497)", 4503599627370497.0),
        ("sign(-3)", -1.0),
        ("sign(0)", 0.0),
        ("sign(7)", 1.0),
        ("trunc(-1.7)", -1.0),
        ("clz32(1)", 31.0),
        ("clz32(0)", 32.0),
        ("clz32(-1)", 0.0),
        ("clz32(2147483648.5)", 0.0),
        ("imul(4294967295, 5)", -5.0),
        ("imul(65536, 65536)", 0.0),
        ("fround(5.05)", 5.050000190734863),
        ("fround(1e40)", math.inf),
        ("abs(none)", None),
        ('abs("x")', None),
        ("abs(true)", 1.0),
        ("isnull(none)", True),
        ("isnull(sqrt(-1))", True),
        ("isnull(0)", False),
        ('isnull("")', False),
    ],
)
def test_functions_of_numbers(text, expected):
    found = one(text)
    assert type(found) is type(expected)
    assert found == (expected if expected is None else pytest.approx(expected, rel=1e-15, abs=0))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('name.includes("fore")', True),
        ('name.contains("Fore")', False),
        ('name.startsWith(" Old")', True),
        ('name.startswith("Old")', False),
        ('name.endsWith("st ")', True),
        ('name.endswith("st")', False),
        ('name.endsWith("")', True),
        ('name.indexOf("o")', 6.0),
        ('name.indexOf("z")', -1.0),
        ("name.toLowerCase()", " old forest "),
        ("name.lower()", " old forest "),
        ("lower(name)", " old forest "),
        ("name.toUpperCase()", " OLD FOREST "),
        ("name.upper()", " OLD FOREST "),
        ("upper(name)", " OLD FOREST "),
        ("name.trim()", "Old forest"),
        ("name.strip()", "Old forest"),
        ("name.length", 12.0),
        ("len(name)", 12.0),
        ("name.trim().lower().length", 10.0),
        ("name.slice(1, 4)", "Old"),
        ("name.slice(-7)", "forest "),
        ("name.slice(-7, -1)", "forest"),
        ("name.slice(5, 2)", ""),
        ("name.slice(1.9, 4.9)", "Old"),
        ("name.slice(0, 1 / 0)", " Old forest "),
        ("name.substring(1, 4)", "Old"),
        ("name.substring(4, 1)", "Old"),
        ("name.substring(-5, 4)", " Old"),
        ("name.substring(5)", "forest "),
        # numbers and booleans are looked at as they are written
        ('code.startsWith("11")', True),
        ("code.length", 4.0),
        ("true.length", 4.0),
        ('"a1100".endsWith(code)', True),
        ("(1 / 4).length", 4.0),
        # of a missing value all is missing
        ('none.includes("x")', None),
        ("none.length", None),
        ("none.lower()", None),
        ('none.indexOf("x")', None),
        ("name.includes(none)", None),
        ("name.slice(none)", None),
        ('name.slice("x")', None),
        ('!none.includes("x")', True),
    ],
)
def test_functions_of_texts(text, expected):
    found = one(text)
    assert type(found) is type(expected)
    assert found == expected


def test_every_spelling_is_tried_above():
    """A spelling that is added needs a row in a table of this module."""
    tried = " ".join(
        mark.args[1].__repr__()
        for test in (test_functions_of_numbers, test_functions_of_texts)
        for mark in test.pytestmark
    )
    tried += " ".join(
        f"{name}("
        for mark in test_functions_of_one_number_are_those_of_pythons_math.pytestmark
        for name in mark.args[1]
    )
    assert [name for name in CALLS if f"{name}(" not in tried] == []
    assert [name for name in METHODS if f".{name}(" not in tried] == []
    assert set(LIST_METHODS) <= set(METHODS)


def test_a_result_does_not_depend_on_the_rows_beside_it():
    """One row, some rows, and a constant in place of a column."""
    numbers = np.random.default_rng(1).uniform(0.1, 50, 101).round(3)
    for text in ("pow(a, 2.7)", "a ** 0.3", "sin(a) + exp(-a)", "atan2(a, 3)", "hypot(a, 2)", "tan(a) * log1p(a)"):
        together = values(text, a=numbers)
        assert together == [values(text, a=[number])[0] for number in numbers]
