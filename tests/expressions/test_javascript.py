"""Against JavaScript itself, where it and the language mean the same; skipped where there is no node."""

import json
import math
import random
import re
import shutil
import subprocess

import pytest

from classify_local.expressions import parse_expression
from classify_local.expressions.functions import MATH

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="no node")

PROGRAM = """
const {rows, texts} = JSON.parse(require('fs').readFileSync(0, 'utf8'))
const shown = value => typeof value === 'number' ? [String(value)] : value
const results = texts.map(text => {
    const compute = new Function('row', `with (row) { with (Math) { return (${text}) } }`)
    return rows.map(row => shown(compute(row)))
})
console.log(JSON.stringify(results))
"""

ROWS = [
    {"a": 3, "b": 0.5, "c": -7, "big": 4294967297.5, "s": "Old forest", "t": "Stra\u00dfe", "yes": True, "no": False},
    {"a": 1, "b": 2.5, "c": 12, "big": 1e21, "s": "crop", "t": "1e3 x", "yes": False, "no": True},
    {"a": -2, "b": -0.25, "c": 31, "big": -2147483649, "s": "x", "t": "X y", "yes": True, "no": True},
]

ATOMS = {
    "n": ["a", "b", "c", "big", "2", "0.1", "1e3", "yes"],
    "t": ["s", "s", "t", '"x"', "'forest'", '"1"', '""'],
    "b": ["yes", "no", "true", "false"],
    "o": ["+", "-", "*", "<<", ">>", ">>>", "&", "|", "^"],
    "<": ["<", "<=", ">", ">="],
    "=": ["==", "!=", "===", "!=="],
}
FORMS = {
    "n": [
        *["<n> <o> <n> <o> <n> <o> <n>"] * 4,
        "-<n> - ~<n> * +<n>",
        "<n> % 7 / 3 - <n> % -0.3",
        "abs(<n>) + floor(<n>) + ceil(<n>)",
        "round(<n>) - trunc(<n>) * sign(<n>)",
        "clz32(<n>) + imul(<n>, <n>) + fround(<n>)",
        "max(<n>, <n>, <n>) - min(<n>, <n>)",
        "<t>.length + <t>.indexOf(<t>)",
        "<b> ? <n> : <b> ? <n> : <n>",
    ],
    "t": [
        "<t> + <n>",
        "<n> + <n> + <t> + <n> * <n>",
        "<b> + <t>",
        "<t>.toLowerCase() + <t>.toUpperCase() + <t>.trim()",
        "<t>.slice(<n>, <n>) + <t>.slice(<n>)",
        "<t>.substring(<n>, <n>) + <t>.substring(<n>)",
        "<b> && <t> || <t>",
    ],
    "b": [
        "<n> + <n> <<> <n> * <n> && <n> << 1 <<> <n>",
        "<b> && <b> || !<b> && !!<b>",
        "<b> || <b> && <b> || <b>",
        "<t>.includes(<t>) || <t>.startsWith(<t>) && <t>.endsWith(<t>)",
        "[1, 's', <n>, true].includes(<n>) || ['x', <t>].indexOf(<t>) > 0",
        "<t> <<> <t> || <t> <=> <t>",
        "<n> <=> <n> && <n> <=> <b>",
        "<n> <=> '2' || <n> <<> '0.3'",
    ],
}


def of_node(texts, rows):
    """The value of each text in each row."""
    given = json.dumps({"rows": rows, "texts": texts})
    ended = subprocess.run([NODE, "-e", PROGRAM], input=given, capture_output=True, encoding="utf-8", check=True)
    found = json.loads(ended.stdout)
    return [[float(value[0]) if isinstance(value, list) else value for value in row] for row in found]


def require_alike(texts, rows):
    columns = {name: [str(row[name]) for row in rows] for name in rows[0]}
    for text, expected in zip(texts, of_node(texts, rows), strict=True):
        found = parse_expression(text, "filter").values(columns, len(rows)).to_list()
        assert list(map(type, found)) == [type(None if is_nan(value) else value) for value in expected], text
        for ours, theirs in zip(found, expected, strict=True):
            number = isinstance(ours, float)
            assert is_nan(theirs) or ours == (pytest.approx(theirs, rel=1e-13, abs=0) if number else theirs), text


def is_nan(value):
    return isinstance(value, float) and math.isnan(value)


def composed(chosen, kind, depth):
    """A random expression; its parts have parentheses if they are no atoms."""
    if depth == 0 or kind not in FORMS:
        return chosen.choice(ATOMS[kind])

    def part(mark):
        inner = composed(chosen, mark[1], depth - 1)
        return inner if mark[1] not in FORMS or re.fullmatch(r"[a-z]+|'.*'|\"\w*\"", inner) else f"({inner})"

    return re.sub(r"<(.)>", part, chosen.choice(FORMS[kind]))


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("depth", [1, 2])
def test_random_expressions(kind, depth):
    chosen = random.Random(f"{kind} {depth}")
    require_alike([composed(chosen, kind, depth) for _ in range(200)], ROWS)


def test_functions_of_math():
    samples = [-2.5, -0.5, 0, 0.25, 0.49999999999999994, 1, 2.5, 31, 1e10, 4294967295, 1e300]
    ones = [f"{name}(x)" for name in MATH if MATH[name].takes(1)]
    others = [f"{name}(x, y)" for name in MATH if MATH[name].takes(2)]
    require_alike(ones + others, [{"x": x, "y": y} for x in samples for y in samples[1:8]])


def test_numbers_as_text():
    chosen = random.Random(1)
    numbers = [chosen.uniform(-1, 1) * 10 ** chosen.randint(-320, 308) for _ in range(300)]
    numbers += [2.0**n for n in range(-80, 80)] + [10.0**n for n in range(-10, 25)]
    require_alike(["x + '!'"], [{"x": x} for x in numbers])
