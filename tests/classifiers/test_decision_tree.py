"""Trees as text: R's forms read, every mistake said with its line, trained trees written and read back."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classify_local.classifiers import cart, decision_tree, forest, random_forest
from classify_local.classifiers.decision_tree import parse, to_text
from classify_local.errors import InputError, RefusedError
from tests.classifiers.test_registry import parameters, random_table

BANDS = ("nd", "red", "near infrared")
SEPAL = "1) root 9999 9999 9999\n2) nd<=-0.15 9999 9999 1 *\n3) nd>-0.15 9999 9999 2 *"
RPART = """n= 150

node), split, n, loss, yval, (yprob)
      * denotes terminal node

1) root 150 100 1 (0.33333333 0.33333333 0.33333333)
  2) red< 2.45 50   0 1 (1.00000000 0.00000000 0.00000000) *
  3) red>=2.45 100  50 2 (0.00000000 0.50000000 0.50000000)
    6) nd>=1.75 46   1 3 (0.00000000 0.02173913 0.97826087) *
    7) nd< 1.75 54   5 2 (0.00000000 0.90740741 0.09259259) *
"""
TREE = """node), split, n, deviance, yval, (yprob)
      * denotes terminal node

 1) root 150 329.600 1 ( 0.33333 0.33333 0.33333 )
   2) red < 2.45 50   0.000 1 ( 1.00000 0.00000 0.00000 ) *
   3) red > 2.45 100 138.600 2 ( 0.00000 0.50000 0.50000 )
     6) nd < 1.75 54  33.320 2 ( 0.00000 0.90741 0.09259 ) *
     7) nd > 1.75 46   9.635 3 ( 0.00000 0.02174 0.97826 ) *
"""


def predicted(text: str, rows: list[list[float]], classes=(1, 2, 3, 4, 5)) -> list[int]:
    model = decision_tree.build(parameters("decision_tree", decision_tree=text), BANDS, classes)
    return [classes[code] for code in model.predict(np.array(rows, "f4"))]


@pytest.mark.parametrize(
    ("text", "rows", "expected"),
    [
        (SEPAL, [[-0.2, 0, 0], [-0.1, 0, 0]], [1, 2]),
        (SEPAL.replace("<=", " <= ").replace(">", " > "), [[-0.2, 0, 0], [-0.1, 0, 0]], [1, 2]),
        ("\n\n\t" + SEPAL.replace("\n", "\r\n\r\n").replace(" 9999", "\t9999"), [[-0.2, 0, 0]], [1]),
        ("\n".join(reversed(SEPAL.splitlines())), [[-0.2, 0, 0], [-0.1, 0, 0]], [1, 2]),
        (RPART, [[0, 2, 0], [1.75, 2.5, 0], [1.7, 2.5, 0]], [1, 3, 2]),
        (TREE, [[0, 2, 0], [1.75, 2.5, 0], [1.7, 2.5, 0]], [1, 3, 2]),
        ("1) root 5 0 4 *", [[0, 0, 0]], [4]),
        ("1) root 5 0 4.000 *", [[0, 0, 0]], [4]),
        ("1) root 9 9 a\n2) near infrared<1 9 9 1*\n3) near infrared>=1 9 9 2 (0 1)*", [[0, 0, 0], [0, 0, 1]], [1, 2]),
        ("1) root 9 9 9\n2) `near infrared`<1e-1 9 9 1 *\n3) `near infrared`>=+.1 9 9 2 *", [[0, 0, 0.05]], [1]),
        ("n=8 (2 observations deleted due to missingness)\n" + SEPAL, [[0, 0, 0]], [2]),
        (json.dumps([SEPAL]), [[0, 0, 0]], [2]),
        ("  " + json.dumps([SEPAL, "1) root 1 1 1 *", "1) root 1 1 1 *"], indent=1), [[0, 0, 0]], [1]),
        (json.dumps(["1) root 1 1 5 *", "1) root 1 1 3 *"]), [[0, 0, 0]], [3]),  # as many: the smallest value
        (json.dumps(["1) root 1 1 5 *", "1) root 1 1 3 *", "1) root 1 1 5 *"]), [[0, 0, 0]], [5]),
    ],
)  # fmt: skip
def test_texts_that_are_trees(text, rows, expected):
    assert predicted(text, rows) == expected


@pytest.mark.parametrize(
    ("first", "second", "at"),
    [("<", ">=", 2), ("<=", ">", 1), (">", "<=", 2), (">=", "<", 1), ("<", ">", 2), (">", "<", 2)],
)  # fmt: skip
def test_a_value_just_at_the_threshold(first, second, at):
    text = f"1) root 9 9 9\n2) nd{first}0.5 9 9 1 *\n3) nd{second}0.5 9 9 2 *"
    below, above = (1, 2) if first[0] == "<" else (2, 1)
    rows = [[np.nextafter(np.float32(0.5), np.float32(0)), 0, 0], [0.5, 0, 0], [0.50001, 0, 0]]
    assert predicted(text, rows) == [below, at, above]


def test_thresholds_are_compared_as_they_are_printed():
    """0.1 as float32 is greater than 0.1."""
    assert predicted("1) root 9 9 9\n2) nd<=0.1 9 9 1 *\n3) nd>0.1 9 9 2 *", [[0.1, 0, 0]]) == [2]


LEAVES = "2) nd<1 9 9 1 *\n3) nd>=1 9 9 2 *"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: there is no root"),
        ("n= 5\n", "line 1: there is no root"),
        (LEAVES, "line 1: there is no root"),
        ("1) root 9 9 9\nhello\n" + LEAVES, "line 2: 'hello' is no node"),
        ("1) root 9 9 9\n2 nd<1 9 9 1 *", "line 2: '2 nd<1 9 9 1 *' is no node"),
        ("1) nd<1 9 9 1 *", "line 1: node 1 must be the root"),
        ("1) root 9 9\n" + LEAVES, "line 1: after the split must stand n, deviance and class, not '9 9'"),
        ("1) root 9 9 9 9 *", "line 1: after the split must stand n, deviance and class, not '9 9 9 9'"),
        ("1) root 9 9 9\n" + LEAVES.replace("3) nd", "3) ndd"), "line 3: there is no band 'ndd'; did you mean 'nd'?"),
        ("1) root 9 9 9\n" + LEAVES.replace("nd>=1", "root"), "line 3: 'root 9 9 2 *' has no split of a band with <"),
        ("1) root 9 9 9\n" + LEAVES.replace("nd>=1", "nd=ab"), "line 3: 'nd=ab 9 9 2 *' has no split of a band with <"),
        ("1) root 9 9 9\n" + LEAVES.replace(">=1", ">=x1"), "line 3: 'x1' is not a number that a band can be compared"),
        ("1) root 9 9 9\n" + LEAVES.replace(">=1", ">=nan"), "line 3: 'nan' is not a number"),
        ("1) root 9 9 9\n" + LEAVES.replace(">=1", ">=inf"), "line 3: 'inf' is not a number"),
        ("1) root 9 9 9\n" + LEAVES.replace(">=1", ">=1_0"), "line 3: '1_0' is not a number"),
        ("1) root 9 9 9\n" + LEAVES.replace(">=1", ">=1e999"), "line 3: '1e999' is not a number"),
        ("1) root 9 9 9\n" + LEAVES.replace(">=1 9 9 2 *", ">="), "line 3: '' is not a number"),
        ("1) root 9 9 9\n" + LEAVES.replace("2 *", "forest *"), "line 3: the class 'forest' of a leaf must be a class"),
        ("1) root 9 9 9\n" + LEAVES.replace("2 *", "1.5 *"), "line 3: the class '1.5' of a leaf must be a class value"),
        ("1) root 9 9 9\n" + LEAVES.replace("2 *", "7 *"), "line 3: the legend has no class 7; it has 1, 2, 3, 4, 5"),
        ("1) root 9 9 9\n" + LEAVES.replace("3)", "2)"), "line 3: node 2 stands on line 2 already"),
        ("1) root 9 9 9\n2) nd<1 9 9 1 *", "line 1: node 1 has no child 3; add it, or mark a leaf with *"),
        (
            "1) root 9 9 9\n" + LEAVES.replace("2 *", "2"),
            "line 3: node 3 has no child 6; add it, or mark a leaf with *",
        ),
        ("1) root 9 9 1 *\n" + LEAVES, "line 2: node 2 stands below node 1, which is a leaf"),
        ("1) root 9 9 9\n" + LEAVES + "\n10) red<1 9 9 1 *", "line 4: node 10 stands below node 5, which is not there"),
        ("1) root 9 9 9\n0) nd<1 9 9 1 *\n" + LEAVES, "line 2: '0) nd<1 9 9 1 *' is no node"),
        ("1) root 9 9 9\n" + LEAVES.replace(">=1", ">=2"), "line 3: the split of node 3 is not the opposite of line 2"),
        ("1) root 9 9 9\n" + LEAVES.replace(">=", "<="), "line 3: the split of node 3 is not the opposite of line 2"),
        ("1) root 9 9 9\n" + LEAVES.replace("3) nd", "3) red"), "line 3: the split of node 3 is not the opposite of"),
        (json.dumps([SEPAL, SEPAL.replace(">-", ">")]), "tree 2, line 3: the split of node 3 is not the opposite"),
        ("[1) root", "begins as a JSON array and is none"),
        ("[]", "a JSON array must hold trees as texts, at least one"),
        ("[3]", "a JSON array must hold trees as texts"),
        ("[" * 100_000, "begins as a JSON array and is none"),
    ],
)
def test_texts_that_are_none_name_their_line(text, message):
    with pytest.raises(InputError) as caught:
        parse(text, BANDS, (1, 2, 3, 4, 5))
    assert str(caught.value).startswith("classifier.decision_tree")
    assert message in str(caught.value)


def test_more_nodes_than_a_tree_has(monkeypatch):
    monkeypatch.setattr(decision_tree, "MOST_NODES", 2)
    with pytest.raises(InputError, match="line 3: more than 2 nodes"):
        parse(SEPAL, BANDS)
    with pytest.raises(InputError, match="more than 2 nodes"):
        parse(json.dumps(["1) root 1 1 1 *"] * 3), BANDS)


def balanced(depth: int) -> str:
    nodes = range(2, 2 ** (depth + 1))
    lines = [f"{node}) {split(node)} 9 9 {'1 *' if node >= 2**depth else '9'}" for node in nodes]
    return "\n".join(["1) root 9 9 9", *lines])


def split(number: int) -> str:
    return f"nd{'<=' if number % 2 == 0 else '>'}{number // 2}.25"


def test_a_megabyte_of_text_is_read_at_once():
    text = balanced(14)
    assert 700_000 < len(text) < 2_000_000
    began = time.process_time()
    trees = parse(text, BANDS)
    assert time.process_time() - began < 3
    assert len(trees.left) == 2**15 - 1


@pytest.mark.parametrize(
    "text", [" " * 10**6 + "x", "1) root" + " " * 10**6, "1) root 1 1 1 " + "(" * 10**6, "2) " + "a " * 10**6]
)
def test_odd_long_lines_take_no_time(text):
    began = time.process_time()
    with pytest.raises(InputError):
        parse(text, BANDS)
    assert time.process_time() - began < 3


def test_a_very_deep_tree():
    lines, node = ["1) root 9 9 9"], 1
    for depth in range(900):
        lines += [f"{2 * node}) nd<={depth} 9 9 1 *", f"{2 * node + 1}) nd>{depth} 9 9 2{' *' if depth == 899 else ''}"]
        node = 2 * node + 1
    assert predicted("\n".join(lines), [[10**6, 0, 0], [500.5, 0, 0]]) == [2, 1]


# trained trees


@settings(max_examples=20)
@given(
    seed=st.integers(0, 2**32 - 1), classes=st.sampled_from([2, 5]), dtype=st.sampled_from(["float32", "uint16"]),
    levels=st.sampled_from([3, 3000]),
)  # fmt: skip
def test_a_trained_tree_travels(seed, classes, dtype, levels):
    features, codes, rows = random_table(seed, classes=classes, dtype=dtype, levels=levels)
    model = cart.fit(parameters("cart"), features, codes)
    bands, values = ("a", "b.2", "sw ir", "-x"), [3 * code - 5 for code in range(classes)]
    text = to_text(forest.from_estimators([model.estimator]), bands, values)
    read = decision_tree.build(parameters("decision_tree", decision_tree=text), bands, values)
    np.testing.assert_array_equal(read.predict(rows), model.predict(rows))
    np.testing.assert_array_equal(read.predict(features.astype("f4")), model.predict(features.astype("f4")))


def test_a_trained_forest_travels_as_an_ensemble():
    features, codes, rows = random_table(3, extra=3000)
    model = random_forest.fit(parameters("random_forest", number_of_trees=9), features, codes)
    bands = tuple("abcd")
    text = to_text(forest.from_estimators(model.estimators_), bands, [1, 2, 3, 4])
    assert len(json.loads(text)) == 9
    read = decision_tree.build(parameters("decision_tree", decision_tree=text), bands, [1, 2, 3, 4])
    np.testing.assert_array_equal(read.predict(rows), model.predict(rows))  # leaves are pure
    assert parse(text, bands).classes == (1, 2, 3, 4)


@pytest.mark.parametrize("band", ["a<b", "a>b", "root", "", " a", "`a`", "a\nb"])
def test_bands_that_cannot_be_written(band):
    features, codes, _ = random_table(3, bands=1)
    model = cart.fit(parameters("cart"), features, codes)
    with pytest.raises(InputError, match="cannot be named in the text of a tree"):
        to_text(forest.from_estimators([model.estimator]), (band,), [1, 2, 3, 4])


# arrays


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [
        ("left", 0, 99), ("left", 0, 0), ("right", 0, -1), ("feature", 0, 3), ("feature", 0, -1), ("value", 1, -1),
        ("value", 1, 3), ("threshold", 0, np.nan), ("offsets", 1, 2), ("offsets", 0, 1),
    ],
)  # fmt: skip
def test_hostile_trees_are_refused(name, place, value):
    asked = parameters("decision_tree", decision_tree=RPART)
    arrays = decision_tree.build(asked, BANDS, (1, 2, 3)).arrays()
    arrays[name] = arrays[name].copy()
    arrays[name][place] = value
    with pytest.raises(RefusedError):
        decision_tree.restore(asked, arrays, 3, 3)
