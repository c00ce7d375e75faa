"""What the page on filters and rules shows can be written, and what can be written is on the page."""

import re
from pathlib import Path

import pytest

from classify_local.errors import InputError
from classify_local.expressions import parse_expression
from classify_local.expressions.functions import CALLS, CONSTANTS, METHODS

PAGE = (Path(__file__).parents[2] / "docs" / "expressions.md").read_text(encoding="utf-8")
TABLES = re.findall(r"\| write \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE)
CELLS = [row.split(" | ")[0] for table in TABLES for row in table.splitlines()]
WRITTEN = [
    (text or escaped.replace("&#124;", "|"))
    for cell in CELLS
    for text, escaped in re.findall(r"`([^`]+)`|<code>(.*?)</code>", cell)
]


@pytest.mark.parametrize("text", WRITTEN)
def test_what_the_tables_show_is_an_expression(text):
    parse_expression(text, "docs/expressions.md")


def test_all_tables_are_read():
    assert len(WRITTEN) > 130
    assert len(TABLES) == PAGE.count("| write |")


def test_every_spelling_is_on_the_page():
    shown = " ".join(WRITTEN)
    assert [name for name in CALLS if f"{name}(" not in shown] == []
    assert [name for name in METHODS if f".{name}(" not in shown] == []
    assert [name for name in CONSTANTS if name not in WRITTEN] == []


@pytest.mark.parametrize(
    ("text", "cell", "expected"),
    [
        ("a < 5", "", False),
        ("a + 1", "", None),
        ('a == ""', "", True),
        ("1 < a < 3", "7", False),
        ('a == "true"', "true", True),
        ("a.length", "1100", 4.0),
        ("a.length", "", None),
        ("a", "2020-01-31T10:00:00Z", "2020-01-31T10:00:00Z"),
        ("a", "tRuE", True),
    ],
)
def test_differences_from_sepal(text, cell, expected):
    assert parse_expression(text, "filter").values({"a": [cell]}, 1).to_list() == [expected]


@pytest.mark.parametrize("text", ["a & 1 == 1", "a == b == c", r'"\d"', "random()"])
def test_what_is_asked_to_be_written_otherwise(text):
    with pytest.raises(InputError):
        parse_expression(text, "filter")


def test_the_errors_shown_are_those_given():
    with pytest.raises(InputError) as caught:
        parse_expression("class = 3", "points.filter")
    assert str(caught.value) in PAGE
    with pytest.raises(InputError) as caught:
        parse_expression("coverr > 60", "points.filter").true_rows({"cover": [], "Land use": [], "class": []}, 0)
    assert str(caught.value) in PAGE
