"""The sentences, whole: what, where, what is allowed, what to do."""

import pytest

from classify_local.errors import InputError
from classify_local.expressions import parse_expression

NO_OPERATOR = (
    "follows without an operator between; join comparisons with and, write a text in quotes, and a column whose name "
    'has spaces or begins with a digit as columns["Land use"]'
)
LIST = 'a list can stand only after in, or before .includes(); a column is written columns["name"]'
COLUMNS = 'columns stands before the name of a column: columns.name or columns["Land use"]'
ENDS = "the expression ends before it is complete; write what comes here, or take out what is too much before"
METHODS = ".includes(), .startsWith(), .endsWith(), .indexOf(), .lower(), .upper(), .trim(), .slice(), .substring()"
BITS = "cannot stand here; where | ^ & meet comparisons, put parentheses: (a & 1) == 1"
IS = "is not part of the language; write == or !=, for example name == null"
TWO_WAYS = "can be read in two ways; join the comparisons with 'and', or put parentheses"
IN_NAME = 'means nothing here; a column with such a sign in its name is written columns["a b"]'
WORD = "is a word of the language and cannot stand here; a column is written"
PROPERTY = (
    'is nothing that can be looked at; a column with a point in its name is written columns["a.b"], and a text has '
    f".length and {METHODS}"
)


@pytest.mark.parametrize(
    ("text", "place", "sentence"),
    [
        ("class = 3", "character 7 (class <here> = 3)", "'=' compares nothing; write == to compare"),
        ("a => 3", "character 3 (a <here> => 3)", "'=>' is no operator; write >="),
        ("a =< 3", "character 3 (a <here> =< 3)", "'=<' is no operator; write <="),
        ("a <> 3", "character 4 (a < <here> > 3)", "'<>' is no operator; write !="),
        ("a // 3", "character 4 (a / <here> / 3)", "'//' is no operator; write floor(a / b)"),
        ("a ?? 3", "character 4 (a ? <here> ? 3)", "'??' is no operator; write b if a == null else a"),
        ("a \u2264 3", "character 3 (a <here> \u2264 3)", "'\u2264' is not understood; write <="),
        ("a \u2265 3", "character 3 (a <here> \u2265 3)", "'\u2265' is not understood; write >="),
        ("a \u2260 3", "character 3 (a <here> \u2260 3)", "'\u2260' is not understood; write !="),
        ("a \xd7 3", "character 3 (a <here> \xd7 3)", "'\xd7' is not understood; write *"),
        ("a \u2013 3", "character 3 (a <here> \u2013 3)", "this is a dash; write -"),
        ("a \u2212 3", "character 3 (a <here> \u2212 3)", "this is a long minus sign; write -"),
        (
            "a == \u201cx\u201d",
            "character 6 (a == <here> \u201cx\u201d)",
            "'\u201c' is a typographic quote; write \" or '",
        ),
        ('a == "x', 'character 6 (a == <here> "x)', 'the text that begins here has no closing " on its line'),
        ("a == 'x\n'", "character 6 (a == <here> 'x ')", "the text that begins here has no closing ' on its line"),
        ("a; b", "character 2 (a <here> ; b)", f"';' {IN_NAME}"),
        ("a\x00", "character 2 (a <here>)", f"the character U+0000 {IN_NAME}"),
        (
            '"C:\\dir"',
            'character 4 ("C: <here> \\dir")',
            (
                "'\\d' means nothing in a text; write \\\\ for a backslash, \\\" for a quote, \\n for a new "
                "line or \\t for a tab"
            ),
        ),
        ("((a)", "character 5 (((a) <here>)", "the '(' at character 1 is not closed"),
        ("a in [1", "character 8 (a in [1 <here>)", "the '[' at character 6 is not closed"),
        ("a)", "character 2 (a <here> ))", "there is no open bracket that ')' could close; take it out"),
        ("(a]", "character 3 ((a <here> ])", "there is no open bracket that ']' could close; take it out"),
        ("a +", "character 4 (a + <here>)", ENDS),
        ("a ? 1", "character 6 (a ? 1 <here>)", ENDS),
        ('columns["x"] >', 'character 15 (columns["x"] > <here>)', ENDS),
        ("a AND b", "character 3 (a <here> AND b)", "'AND' is written and"),
        ("NOT a", "character 5 (NOT <here> a)", "'NOT' is written not"),
        ("a is None", "character 3 (a <here> is None)", f"'is' {IS}"),
        (
            "a like 'x'",
            "character 3 (a <here> like 'x')",
            "'like' is not part of the language; write name.includes(\"x\")",
        ),
        (
            "a BETWEEN 1 and 3",
            "character 3 (a <here> BETWEEN 1 and 3)",
            "'BETWEEN' is not part of the language; write 1 <= a <= 3",
        ),
        ("Land use == 1", "character 6 (Land <here> use == 1)", f"'use' {NO_OPERATOR}"),
        ("3rd == 1", "character 2 (3 <here> rd == 1)", f"'rd' {NO_OPERATOR}"),
        ("a == 1 2", "character 8 (a == 1 <here> 2)", f"'2' {NO_OPERATOR}"),
        ("in == 1", "character 1 (<here> in == 1)", f"'in' {WORD} columns[\"in\"]"),
        ("a and and", "character 7 (a and <here> and)", f"'and' {WORD} columns[\"and\"]"),
        ("a > > 3", "character 5 (a > <here> > 3)", "'>' cannot stand here; is something missing before it?"),
        ("a & 1 == 1", "character 7 (a & 1 <here> == 1)", f"'==' {BITS}"),
        ("a == 1 | b == 2", "character 8 (a == 1 <here> | b == 2)", f"'|' {BITS}"),
        ("a < b == c", "character 7 (a < b <here> == c)", f"'==' after '<' {TWO_WAYS}"),
        ("a < b > c", "character 7 (a < b <here> > c)", f"'>' after '<' {TWO_WAYS}"),
        ("a == b == c", "character 8 (a == b <here> == c)", f"'==' after '==' {TWO_WAYS}"),
        (
            "~(a > 3)",
            "character 1 (<here> ~(a > 3))",
            "'~' turns bits around, which is never false here; write '!' or 'not'",
        ),
        ("[1]", "character 1 (<here> [1])", LIST),
        ("[1] == a", "character 1 (<here> [1] == a)", LIST),
        ("[1, 2].length", "character 1 (<here> [1, 2].length)", LIST),
        ("a == [1]", "character 6 (a == <here> [1])", LIST),
        ("a[0]", "character 2 (a <here> [0])", LIST),
        ("columns", "character 8 (columns <here>)", COLUMNS),
        ("columns == 1", "character 9 (columns <here> == 1)", COLUMNS),
        ("columns[a]", "character 9 (columns[ <here> a])", COLUMNS),
        ("a.b", "character 3 (a. <here> b)", f"'.b' {PROPERTY}"),
        ("a.__class__", "character 3 (a. <here> __class__)", f"'.__class__' {PROPERTY}"),
        ("a.lower", "character 3 (a. <here> lower)", "lower is called with parentheses: .lower()"),
        ("a.charAt(1)", "character 3 (a. <here> charAt(1))", f"a text has no method 'charAt'; it has {METHODS}"),
        (
            "a.startWith(1)",
            "character 3 (a. <here> startWith(1))",
            f"a text has no method 'startWith'; did you mean 'startsWith'?; it has {METHODS}",
        ),
        (
            "[1].has(a)",
            "character 5 ([1]. <here> has(a))",
            "a list has no method 'has'; it has .includes(), .indexOf()",
        ),
        ("a.abs()", "character 3 (a. <here> abs())", "abs is no method; write abs(...)"),
        (
            'a.match("x")',
            'character 3 (a. <here> match("x"))',
            (".match() and its patterns are not part of the language; use .includes(), .startsWith() or .endsWith()"),
        ),
        (
            "includes(a)",
            "character 1 (<here> includes(a))",
            ("includes is asked of a text: write a.includes(...) with a column or text in place of a"),
        ),
        (
            "random()",
            "character 1 (<here> random())",
            ("random() would choose other rows in each run; filter by a column of the table instead"),
        ),
        ("round(a, 2)", "character 1 (<here> round(a, 2))", "round() takes 1 value, not 2"),
        ("max()", "character 1 (<here> max())", "max() takes 1 or more values, not 0"),
        ("atan2(1)", "character 1 (<here> atan2(1))", "atan2() takes 2 values, not 1"),
        ("a.slice()", "character 3 (a. <here> slice())", "slice() takes 1 or 2 values, not 0"),
        ("a.includes(1, 2)", "character 3 (a. <here> includes(1, 2))", "includes() takes 1 value, not 2"),
        ("a.lower(1)", "character 3 (a. <here> lower(1))", "lower() takes 0 values, not 1"),
        ("[1].includes()", "character 5 ([1]. <here> includes())", "includes() takes 1 value, not 0"),
        ("", "", "the expression is empty; write one, for example class > 0, or leave it out"),
        ("1" + "+1" * 100, "", "operators stand 101 deep in each other, at most 100 may; simplify it"),
        (
            "(" * 101,
            f"character 101 (...{'(' * 25} <here> ()",
            "more than 100 brackets are open; simplify the expression",
        ),
        (
            "aaaaaaaaaa == 1 and bbbbbbbbbb == 2 and c = 3 and dddddddddd == 4 and eeeeeeeeee",
            "character 43 (...nd bbbbbbbbbb == 2 and c <here> = 3 and dddddddddd == 4 a...)",
            "'=' compares nothing; write == to compare",
        ),
    ],
)
def test_what_is_no_expression(text, place, sentence):
    with pytest.raises(InputError) as caught:
        parse_expression(text, "points.filter")
    where = f"points.filter, {place}" if place else "points.filter"
    assert caught.value.problems == (f"{where}: {sentence}",)


def test_an_unknown_function_is_told_all():
    with pytest.raises(InputError) as caught:
        parse_expression("absolute(a)", "filter")
    message = str(caught.value)
    assert (
        "(<here> absolute(a)): there is no function 'absolute'; did you mean 'abs'?; there are abs, acos, " in message
    )
    assert message.endswith("tanh, trunc, upper")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("coverr > 60", "filter: 'coverr' is not a column; there are cover, Land use, class; did you mean 'cover'?"),
        ("zzz", "filter: 'zzz' is not a column; there are cover, Land use, class"),
        (
            "min > 3",
            "filter: 'min' is not a column; there are cover, Land use, class; min is a function, written min(...)",
        ),
        ("false && zzz", "filter: 'zzz' is not a column; there are cover, Land use, class"),
        (
            "Cover || klass",
            (
                "filter: 'Cover' is not a column; there are cover, Land use, class; did you mean 'cover'?\n"
                "filter: 'klass' is not a column; there are cover, Land use, class; did you mean 'class'?"
            ),
        ),
        ("TRUE", "filter: 'TRUE' is not a column; there are cover, Land use, class; did you mean the value true?"),
        (
            "cover == NULL",
            "filter: 'NULL' is not a column; there are cover, Land use, class; did you mean the value null?",
        ),
    ],
)
def test_unknown_columns(text, expected):
    table = {name: ["1"] for name in ("cover", "Land use", "class")}
    with pytest.raises(InputError) as caught:
        parse_expression(text, "filter").values(table, 1)
    assert str(caught.value) == expected


def test_only_the_first_columns_of_many_are_named():
    table = {f"c{i}": ["1"] for i in range(25)}
    with pytest.raises(InputError, match=r"there are c0, c1, .*, c19 and 5 more$"):
        parse_expression("x", "filter").true_rows(table, 1)
    with pytest.raises(InputError, match=r"'x' is not a column; the table has none$"):
        parse_expression("x", "filter").true_rows({}, 1)


def test_a_row_is_named_by_its_line():
    table = {"name": ["a", "x" * 2001, "b"], "note": ["", "y" * 2000, ""]}
    expected = (
        "joining texts of 'name' and 'note' gives more than 4000 characters; look into each of them by itself, for "
        'example a.includes("x") or b.includes("x")'
    )
    found = parse_expression("name + note", "points.filter")
    with pytest.raises(InputError) as caught:
        found.values(table, 3, lines=[2, 3, 5])
    assert caught.value.problems == (f"points.filter, line 3: {expected}",)
    with pytest.raises(InputError) as caught:
        found.true_rows(table, 3)
    assert caught.value.problems == (f"points.filter, row 2: {expected}",)


@pytest.mark.parametrize("chunk", [1, 2, 3, 100])
def test_the_line_does_not_depend_on_chunks_or_on_what_was_decided_before(chunk, monkeypatch):
    monkeypatch.setattr("classify_local.expressions.expression.CHUNK", chunk)
    table = {"ok": ["1", "", "1", "", ""], "note": ["x" * 2001, "", "x" * 2001, "", "x" * 2001]}
    with pytest.raises(InputError, match="filter, line 14: joining texts of 'note' "):
        parse_expression("ok || note + note", "filter").values(table, 5, lines=[10, 11, 12, 13, 14])


def test_the_longest_joined_text():
    found = parse_expression("a + a", "filter")
    assert found.values({"a": ["x" * 2000]}, 1).to_list() == ["x" * 4000]


def test_a_long_text_joined_with_nothing_is_missing():
    table = {"a": ["x" * 4001, ""]}
    assert parse_expression("a + null", "filter").values(table, 2).to_list() == [None, None]
