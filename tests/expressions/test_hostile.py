"""What must neither run, nor take long, nor end in anything but one sentence (or a harmless value)."""

import builtins
import os
import subprocess
import time
from unittest.mock import patch

import pytest

from classify_local.errors import InputError
from classify_local.expressions import parse_expression
from classify_local.expressions.expression import LONGEST

COLUMNS = {"a": ["1", "x", ""], "name": ["n", "", "2"]}

REFUSED = [
    "__import__('os').system('x')",
    "__import__",
    "a.__class__",
    "a.__class__.__mro__[1].__subclasses__()",
    "''.__class__",
    "a.constructor",
    "a.constructor.constructor('return process')()",
    "a['__class__']",
    "columns.__class__.x",
    "columns['a'].__dict__",
    "columns[a]",
    "columns['__class__']",
    "columns.__proto__",
    "eval('1')",
    "exec('1')",
    "compile('1', '', 'exec')",
    "open('/etc/passwd')",
    "getattr(a, 'b')",
    "globals()",
    "print(1)",
    "lambda: 1",
    "(lambda: 1)()",
    "function() { return 1 }",
    "() => 1",
    "a => a",
    "[x for x in a]",
    "{a: 1}",
    "{1, 2}",
    "a = 1",
    "a += 1",
    "(a := 1)",
    "a; a",
    "import os",
    "del a",
    "yield a",
    "await a",
    "new Date()",
    "this.a",
    "this",
    "process.exit()",
    "name.format(a)",
    "'{0.__class__}'.format(a)",
    "f'{a}'",
    "name.replace('a', 'b')",
    "name.repeat(1000000000)",
    "name.padStart(1000000000)",
    "name.match('(a+)+$')",
    "name.search(/(a+)+$/)",
    "/(a+)+$/.test(name)",
    "${a}",
    "`a`",
    "a\x00",
    "\x00",
    "\ufeffa",
    "\u202ea",
    "\ud800",
    "a # b",
    "a // b",
    "a /* b */",
    "random()",
    "9..a",
    "(" * 10_000 + "1" + ")" * 10_000,
    "(" * 4_900 + "1" + ")" * 4_900,
    "(" * 9_999,
    ")" * 9_999,
    "[" * 9_999,
    "a in " + "[" * 4_000 + "]" * 4_000,
    "abs(" * 1_900 + "1" + ")" * 1_900,
    "-" * 9_000 + "1",
    "!" * 9_000 + "a",
    "~" * 9_000 + "1",
    "not " * 2_400 + "a",
    "1" + "+1" * 4_900,
    "1" + "**1" * 3_300,
    "a" + ".lower()" * 1_200,
    "a?1:" * 2_400 + "1",
    "a if a else " * 800 + "a",
    "a<" * 4_000,
    '"' * 9_999,
    '"' + "\\" * 9_999,
    '"' + "x" * 9_998,
    "x" * 10_000,
    "\u00e9" * 10_000,
    "1" * 9_999 + "x",
    "columns." * 1_200,
    "x" * 1_000_000,
    "(" * 1_000_000,
    '"' + "x" * 1_000_000 + '"',
    " " * 1_000_000,
    "",
    "   \n ",
]

HARMLESS = [
    ("9**9**9**9", float("inf")),
    ("9**9**9**-9**9", 9.0),
    ("1" * 9_999, float("inf")),
    ("1e999999999", float("inf")),
    ("1e-999999999", 0.0),
    ("1 << 1e9", 1.0),
    ("'x' * 1000000000", None),
    ("'" + "x" * 9_000 + "'.length", 9000.0),
    ("(" * 90 + "1" + ")" * 90, 1.0),
    ("||".join(["a == 9"] * 1_000), False),
    ("a in [" + ",".join(["5"] * 4_000) + "]", False),
    ("max(" + ",".join(["2"] * 4_000) + ")", 2.0),
    ("1" + " <= 1" * 1_900, True),
    ("+".join(["1"] * 90), 90.0),
]


def forbidden(*_, **__):
    raise AssertionError("something was run")


@pytest.fixture(autouse=True, scope="module")
def _the_parser_is_made():
    """Its tables are made once, which is not what is timed."""
    parse_expression("a in [1]", "filter").values(COLUMNS, 3)


@pytest.fixture
def _nothing_runs(monkeypatch):
    for owner, name in [(builtins, "eval"), (builtins, "exec"), (os, "system"), (subprocess, "Popen")]:
        monkeypatch.setattr(owner, name, forbidden)


@pytest.mark.usefixtures("_nothing_runs")
@pytest.mark.parametrize("text", REFUSED, ids=lambda text: ascii(text[:40]))
def test_refused_in_a_sentence_at_once(text):
    start = time.process_time()
    with pytest.raises(InputError) as caught:
        parse_expression(text, "filter").values(COLUMNS, 3)
    assert time.process_time() - start < 1
    message = str(caught.value)
    assert message.startswith("filter")
    assert message.isprintable()
    assert len(message) < 700


@pytest.mark.parametrize(("text", "expected"), HARMLESS, ids=lambda text: ascii(text)[:40])
def test_harmless_at_once(text, expected):
    start = time.process_time()
    found = parse_expression(text, "filter").values(COLUMNS, 3)
    assert time.process_time() - start < 1
    assert found.to_list() == [expected] * 3


def test_the_longest_text_is_read_and_a_longer_one_is_not():
    most = "1" + " " * (LONGEST - 1)
    assert parse_expression(most, "filter").values({}, 1).to_list() == [1.0]
    with pytest.raises(InputError, match="has 10001 characters, and at most 10000 are read; shorten it"):
        parse_expression(most + " ", "filter")


def test_a_long_text_is_refused_before_it_is_looked_at():
    with patch("classify_local.expressions.expression.parser", forbidden), pytest.raises(InputError):
        parse_expression("x" * 1_000_000, "filter")


@pytest.mark.parametrize("cell", ["1" * 1_000_000 + "x", " " * 1_000_000 + "x", "1" * 1_000_000, "-" * 1_000_000])
def test_long_cells_are_read_at_once(cell):
    start = time.process_time()
    parse_expression('a > 3 && a == "b"', "filter").true_rows({"a": [cell, "b"]}, 2)
    assert time.process_time() - start < 1
