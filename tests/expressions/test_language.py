import math

import pytest

from classify_local.errors import InputError
from classify_local.expressions import Kind, parse_expression

ROW = {
    "a": "2",
    "half": "0.5",
    "zero": "0",
    "yes": "true",
    "no": "FALSE",
    "none": "",
    "name": "Old forest",
    "digits": "10",
    "class": "3",
    "Land use": "crop",
    ".geo": "POINT(1 2)",
    "and": "5",
    "true": "6",
    "columns": "7",
    "min": "8",
    "E": "600000",
    "a.b": "9",
    "größe": "11",
    "वर्ग": "12",
    "面积": "13",
    "_x$1": "14",
}


def value(text, row=ROW):
    """The value of an expression in one row."""
    columns = {name: [cell] for name, cell in row.items()}
    return parse_expression(text, "filter").values(columns, 1).to_list()[0]


def same(found, expected):
    return type(found) is type(expected) and found == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", 1.0),
        ("1.5", 1.5),
        (".5", 0.5),
        ("2.", 2.0),
        ("1e3", 1000.0),
        ("1.5E-3", 0.0015),
        ("1e400", math.inf),
        ('"x"', "x"),
        ("'x'", "x"),
        ("'say \"so\"'", 'say "so"'),
        (r"'it\'s'", "it's"),
        (r'"a\\b\n\t\r\""', 'a\\b\n\t\r"'),
        ('""', ""),
        ('"größe 面"', "größe 面"),
        ("true", True),
        ("True", True),
        ("false", False),
        ("False", False),
        ("null", None),
        ("None", None),
        ("undefined", None),
        ("  \n 1 \t", 1.0),
    ],
)
def test_literals(text, expected):
    assert same(value(text), expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", 2.0),
        ("class", 3.0),
        ("columns.a", 2.0),
        ("columns . a", 2.0),
        ('columns["Land use"]', "crop"),
        ("columns['.geo']", "POINT(1 2)"),
        ('columns["a.b"]', 9.0),
        ('columns["and"]', 5.0),
        ("columns.and", 5.0),
        ("columns.true", 6.0),
        ("columns.columns", 7.0),
        ("min", 8.0),
        ("columns.min", 8.0),
        ("min(min, 3)", 3.0),
        ("E", math.e),
        ("columns.E", 600000.0),
        ("größe", 11.0),
        ("वर्ग", 12.0),
        ("面积", 13.0),
        ("_x$1", 14.0),
        ("name", "Old forest"),
        ("none", None),
        ("yes", True),
        ("no", False),
        ("columns.name.length", 10.0),
    ],
)
def test_names(text, expected):
    assert same(value(text), expected)


def test_names_are_the_columns_an_expression_reads():
    found = parse_expression('a > PI && columns["Land use"] in [name, "x"] || max(a, columns.E) == 1', "rule 10")
    assert found.names == {"a", "Land use", "name", "E"}
    assert (found.text[:6], found.where) == ("a > PI", "rule 10")
    assert parse_expression("1 + PI", "filter").names == frozenset()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # numbers
        ("a < 3", True),
        ("a < 2", False),
        ("a <= 2", True),
        ("a > 2", False),
        ("a >= 2", True),
        ("a == 2", True),
        ("a != 2", False),
        ("a === 2", True),
        ("a !== 2", False),
        ("0 == -0", True),
        # texts by their characters
        ('"b" > "a"', True),
        ('"B" > "a"', False),
        ('"10" < "9"', True),
        ('"a" <= "a"', True),
        ('name == "Old forest"', True),
        ('name == "old forest"', False),
        ('name === "Old forest"', True),
        # a text beside something else is read as a cell is
        ('digits == "10"', True),
        ('digits === "10"', False),
        ('"10" == 10', True),
        ('"10.0" == 10', True),
        ('" 10 " == 10', True),
        ('"10" === 10', False),
        ('"10" == "10.0"', False),
        ('yes == "true"', True),
        ('yes == "TRUE"', True),
        ('yes === "true"', False),
        ('"9007199254740993" == 9007199254740992', True),
        ("yes == 1", True),
        ("yes === 1", False),
        ("no == 0", True),
        ("yes > no", True),
        ('"10" > 9', True),
        # a text that is no number is neither more nor less
        ("name > 3", False),
        ("name < 3", False),
        ("name >= 3", False),
        ("name == 3", False),
        ("name != 3", True),
        # missing equals only missing, and the empty text, which a table cannot tell from it
        ("none == null", True),
        ("none === null", True),
        ("none != null", False),
        ("a == null", False),
        ("a != null", True),
        ("zero == null", False),
        ("no == null", False),
        ('none == ""', True),
        ('none != ""', False),
        ('none === ""', False),
        ('none != "test"', True),
        ("none == 0", False),
        ("none == false", False),
        ("none < 1", False),
        ("none <= 0", False),
        ("none >= 0", False),
        ("none > -1", False),
        ('none < "x"', False),
        # infinite
        ("1 / 0 > 1e300", True),
        ("1 / 0 == 2 / 0", True),
        # chains
        ("1 < a < 3", True),
        ("1 < a < 2", False),
        ("3 > a >= 2 > 1", True),
        ("0 <= -1 < 3", False),
        ("(3 > 2 > 1) == true", True),
    ],
)
def test_comparisons(text, expected):
    assert value(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a in [1, 2]", True),
        ("a in [1, 3]", False),
        ("a in []", False),
        ('"" in [5, "x"]', False),
        ('"" in [null]', True),
        ('none in ["", 3]', True),
        ('none in ["x", 3]', False),
        ('yes in ["TRUE"]', True),
        ('"true" in [true]', True),
        ('name in ["x", "Old forest"]', True),
        ("name in [1, null]", False),
        ('digits in ["x", "10.0"]', True),
        ('a in ["2"]', True),
        ("a not in [1, 2]", False),
        ("none in [1, null]", True),
        ("none in [1, 0, false]", False),
        ("a in [half * 4]", True),
        ('[1, "2"].includes(a)', False),
        ("[1, 2].contains(a)", True),
        ("[1, 2].indexOf(a)", 1.0),
        ("[2, 2].indexOf(a)", 0.0),
        ('["2"].indexOf(a)', -1.0),
        ('"forest" in name', True),
        ('"Forest" in name', False),
        ('"Forest" not in name', True),
        ('"x" in none', None),
        ('"x" not in none', True),
        ("1 in digits", True),
    ],
)
def test_membership(text, expected):
    assert same(value(text), expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a && name", "Old forest"),
        ("a and name", "Old forest"),
        ("zero && name", 0.0),
        ("none && name", None),
        ('"" && name', ""),
        ("a || name", 2.0),
        ("zero || name", "Old forest"),
        ("zero or no or none", None),
        ("!a", False),
        ("!none", True),
        ('!""', True),
        ('!"0"', False),
        ("!zero", True),
        ("!!name", True),
        ("not a", False),
        ("not not a", True),
        ("not a == 3", True),
        ("!a == 3", False),
        ("a ? 1 : 2", 1.0),
        ("none ? 1 : 2", 2.0),
        ("1 if none else 2", 2.0),
        ("no ? 1 : yes ? 2 : 3", 2.0),
        ("1 if no else 2 if no else 3", 3.0),
        ("(a > 1) + 1", 2.0),
        ("true || false && false", True),
        ("not false or true", True),
    ],
)
def test_truth(text, expected):
    assert same(value(text), expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + 1", 3.0),
        ("a - 1", 1.0),
        ("a * 3", 6.0),
        ("a / 4", 0.5),
        ("7 % 4", 3.0),
        ("-7 % 4", -3.0),
        ("7 % -4", 3.0),
        ("5.5 % 2", 1.5),
        ("2 ** 3 ** 2", 512.0),
        ("-2 ** 2", -4.0),
        ("2 ** -1", 0.5),
        ("9 ** 9 ** 9 ** 9", math.inf),
        ("(-8) ** 0.5", None),
        ("-a", -2.0),
        ('+"10"', 10.0),
        ("- -a", 2.0),
        ("1 - 2 - 3", -4.0),
        ("2 + 3 * 4", 14.0),
        ("(2 + 3) * 4", 20.0),
        ("1 / 0", math.inf),
        ("-1 / 0", -math.inf),
        ("0 / 0", None),
        ("0 % 0", None),
        ("1 / 0 - 1 / 0", None),
        ("0 * (1 / 0)", None),
        ("none + 1", None),
        ("none * 0", None),
        ("none ** 0", None),
        ("1 ** none", None),
        ("-none", None),
        ("~none", None),
        ("none | 1", None),
        ("name * 2", None),
        ("-name", None),
        ('"3" * "4"', 12.0),
        ("yes + yes", 2.0),
        # texts
        ('"a" + "b"', "ab"),
        ("name + a", "Old forest2"),
        ("half + name", "0.5Old forest"),
        ('digits + ""', "10"),
        ('1 / 3 + ""', "0.3333333333333333"),
        ('1e21 + ""', "1e+21"),
        ('yes + "!"', "true!"),
        ("name + none", None),
        ('none + ""', None),
        ('"1" + 1', "11"),
        # 32 bits
        ("5 | 2", 7.0),
        ("5 & 6", 4.0),
        ("5 ^ 6", 3.0),
        ("~5", -6.0),
        ("-1 >>> 0", 4294967295.0),
        ("-1 >> 1", -1.0),
        ("1 << 31", -2147483648.0),
        ("1 << 32", 1.0),
        ("4294967296 | 0", 0.0),
        ("2147483648 | 0", -2147483648.0),
        ("-1.9 | 0", -1.0),
        ("(1 / 0) | 0", 0.0),
        ("1 + 2 << 1", 6.0),
        ("5 & 6 | 1", 5.0),
    ],
)
def test_arithmetic(text, expected):
    assert same(value(text), expected)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("", False),
        ("  ", False),
        ("0", False),
        ("-0.0", False),
        ("false", False),
        ("1", True),
        ("NaN", True),
        ("x", True),
    ],
)
def test_true_rows_of_a_bare_column(cell, expected):
    assert parse_expression("a", "filter").true_rows({"a": [cell]}, 1).tolist() == [expected]


def test_a_filter_of_a_table():
    table = {
        "editor_name": ["anna", "test", "", "ben"],
        "class": ["1", "2", "3", "0"],
        "cover": ["70", "90", "", "61"],
        "flagged": ["false", "", "", "TRUE"],
    }
    rows = parse_expression('editor_name != "test" and class > 0', "filter").true_rows(table, 4)
    assert rows.tolist() == [True, False, True, False]
    assert rows.dtype == bool
    rule = parse_expression("cover > 60 && !flagged", "rule 10")
    assert rule.true_rows(table, 4).tolist() == [True, True, False, False]
    assert rule.values(table, 4).to_list() == [True, True, False, False]


def test_values_know_their_kinds():
    values = parse_expression("a", "filter").values({"a": ["", "true", "1", "x"]}, 4)
    assert values.kind.tolist() == [Kind.MISSING, Kind.BOOLEAN, Kind.NUMBER, Kind.TEXT]
    assert len(values) == 4


def test_no_rows():
    found = parse_expression('a + "x" == 1', "filter")
    assert found.values({"a": []}, 0).to_list() == []
    assert found.true_rows({"a": []}, 0).tolist() == []


def test_an_expression_without_columns_has_a_value_in_every_row():
    assert parse_expression("1 < 2", "filter").true_rows({}, 3).tolist() == [True] * 3


def test_only_rows_that_need_it_compute_the_rest():
    """The joined text is too long in the first row alone, which is decided before."""
    table = {"ok": ["1", ""], "note": ["x" * 3000, "y"]}
    for text in ("ok || note + note", "!ok && note + note", "ok ? 1 : note + note", "note + note if not ok else 1"):
        parse_expression(text, "filter").values(table, 2)
    with pytest.raises(InputError):
        parse_expression("note + note || ok", "filter").values(table, 2)


def test_expressions_are_frozen():
    found = parse_expression("a", "filter")
    with pytest.raises(AttributeError):
        found.text = "b"


def test_columns_of_another_length_are_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="column 'a' has 2 rows, not 3"):
        parse_expression("a", "filter").values({"a": ["1", "2"]}, 3)
