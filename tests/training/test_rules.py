"""Class mapping: values, labels, lists, expressions, columns, the default; and beside a slow reference row by row."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from classify_local.errors import InputError
from classify_local.legend import Legend, LegendEntry
from classify_local.storage.tables import Table
from classify_local.training.cells import distinct, key, written
from classify_local.training.labels import class_value, label_reader
from classify_local.training.rules import class_column, classes_of, require_class_keys
from classify_local.training.samples import INVALID, NOT_IN_LEGEND, UNMATCHED
from tests.training.entries import entry_of, legend_of, read_text, table_of

WHERE = "recipe.yml, line 9, training[0]"
LEGEND = legend_of(Tree_cover=10, Cropland=40, Water=80)


def mapped(cells: dict[str, list[str]], /, legend: Legend | None = LEGEND, separator: str = ",", **keys: Any) -> list:
    """The class of each row, None where it has none."""
    found = classes_of(entry_of(**keys), table_of(separator, **cells), legend, WHERE)
    return [label if yes else None for label, yes in zip(found.labels.tolist(), found.matched.tolist(), strict=True)]


def notes(cells: dict[str, list[str]], /, legend: Legend | None = LEGEND, **keys: Any) -> tuple[str, ...]:
    return classes_of(entry_of(**keys), table_of(**cells), legend, WHERE).notes


# one column of values or labels


@pytest.mark.parametrize(
    ("cells", "keys", "classes"),
    [
        (["10", "10.0", "1e1", "+10", "010"], {}, [10] * 5),
        (["Tree cover", "tree COVER", "Cropland", "80"], {}, [10, 10, 40, 80]),
        (["Tree cove", "", "true", "10.5", "1,5", "nan"], {}, [None] * 6),
        (["99", "-1", "0", "2147483647", "2147483648", "-2147483648", "-2147483649"], {},
         [99, -1, 0, 2**31 - 1, None, -(2**31), None]),
        (["10", "99", "shrub", "", "Water"], {"default": 40}, [10, 40, 40, 40, 80]),
        (["10", "99", "shrub", ""], {"default": 0}, [10, 0, 0, 0]),
        (["0", "99"], {"default": 0}, [0, 0]),
    ],
)  # fmt: skip
def test_values_and_labels_in_one_column(cells, keys, classes):
    assert mapped({"class": cells}, **keys) == classes


def test_labels_are_taken_with_a_notice_that_names_them():
    (note,) = notes({"cover": ["Water", "10", "Cropland", "Water", "shrub"]}, **{"class": "cover"})
    assert note == "plots.csv: labels in the column 'cover' are taken for their values: Water, Cropland"
    assert notes({"class": ["10", "40"]}) == ()


def test_values_the_legend_lacks_stay_classes_only_without_a_default():
    """They are counted as such when the table is sampled; a default takes all that no class has."""
    assert mapped({"class": ["99", "10"]}) == [99, 10]
    assert mapped({"class": ["99", "10"]}, legend=None, default=40) == [99, 10]
    assert mapped({"class": ["99", "10"]}, default=40) == [40, 10]


def test_labels_that_differ_in_their_case_only_are_told_apart():
    legend = legend_of(forest=1, Forest=2, Water=3)
    assert mapped({"class": ["forest", "Forest", "FOREST", "WATER"]}, legend) == [1, 2, None, 3]
    assert label_reader(None)("forest") is None


def test_a_label_with_spaces_at_its_ends_is_met():
    legend = Legend((LegendEntry(value=7, label=" Bare soil ", color="#000001"),))
    assert mapped({"class": ["Bare soil", "bare soil"]}, legend) == [7, 7]


def test_decimal_commas_in_the_class_column():
    assert mapped({"class": ["10,0", "40,00", ""]}, separator=";") == [10, 40, None]
    assert mapped({"class": ["10,0", "40", "x"]}, separator=";") == [None, 40, None]
    assert mapped({"class": ["10,0", "40,0"]}, separator=",") == [None, None]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the class is empty; give the legend's value"),
        ("shrub", "class 'shrub' is not a number, and no label of the legend; give the legend's value"),
        ("1.5", "class '1.5' is not a whole number from -2147483648 to 2147483647; give the legend's value"),
        ("3e9", "class '3e9' is not a whole number from -2147483648 to 2147483647; give the legend's value"),
        ("1e999", "class '1e999' is not a whole number"),
        ("x" * 99, "class '" + "x" * 40 + "' is not"),
    ],
)
def test_what_is_wrong_with_a_cell_is_said(text, said):
    assert str(class_value(text)).startswith(said)
    found = classes_of(entry_of(), table_of(**{"class": ["10", text]}), LEGEND, WHERE)
    assert found.why is not None
    assert found.why(1).startswith(said)


@pytest.mark.parametrize(
    ("names", "keys", "column"),
    [
        (("class", "land_use_category"), {}, "class"),
        (("x", "land_use_category"), {}, "land_use_category"),
        (("Class", "land_use_category"), {}, "Class"),
        (("CLASS", "class"), {}, "class"),
        (("Land_Use_Category", "x"), {}, "Land_Use_Category"),
        (("class", "cover"), {"class": "cover"}, "cover"),
    ],
)
def test_the_class_column_is_guessed_as_sepal_does_and_then_in_any_case(names, keys, column):
    table = Table(where="plots.csv", columns={name: [] for name in names}, lines=[])
    assert class_column(entry_of(**keys), table) == column


# lists of values


@pytest.mark.parametrize(
    ("cells", "wanted", "fit"),
    [
        (["10", "10.0", "1e1", "10.5", "x"], [10], [True, True, True, False, False]),
        (["10", "10.0"], [10.0], [True, True]),
        (["10", "10.0"], ["10"], [True, True]),
        (["true", "True", "TRUE", "1", "yes"], [True], [True, True, True, False, False]),
        (["false", "0", ""], [False], [True, False, False]),
        (["true", "1"], ["true"], [True, False]),
        (["forest", "Forest", "forests"], ["forest"], [True, False, False]),
        (["forest", "crop", "mangrove"], ["forest", " mangrove "], [True, False, True]),
        (["", "0"], [""], [True, False]),
        (["-3", "-3.0"], [-3], [True, True]),
        (["9007199254740993", "9007199254740992"], [9007199254740993], [True, False]),
        (["1e400", "inf"], ["1e400"], [True, False]),
    ],
)
def test_a_list_of_values_compares_numbers_by_value_and_all_else_by_text(cells, wanted, fit):
    assert mapped({"class": cells}, classes={7: wanted}) == [7 if yes else None for yes in fit]


def test_what_a_list_names_and_no_row_has_is_said_with_what_may_be_meant():
    said = notes({"cover": ["forest", "mangroves", "crop"]}, **{"class": "cover"}, classes={10: ["forest", "mangrove"]})
    assert said == (
        "plots.csv, column 'cover', class 10: no row has 'mangrove'; did you mean 'mangroves'?",
        "plots.csv, column 'cover': no class has the values 'mangroves', 'crop'",
    )


def test_values_that_no_class_has_are_not_listed_if_a_default_takes_them():
    keys = {"class": "cover", "classes": {10: ["forest"]}, "default": 40}
    assert notes({"cover": ["forest", "crop"]}, **keys) == ()


def test_no_suggestion_is_sought_among_very_many_values():
    said = notes({"cover": [f"forest {i}" for i in range(2000)]}, **{"class": "cover"}, classes={10: ["forest 2000"]})
    assert said[0] == "plots.csv, column 'cover', class 10: no row has 'forest 2000'"
    assert said[1].endswith("and 1995 more")


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        ({10: ["a", "b"], 40: ["b"]}, ["'b' stands for two classes, 10 and 40"]),
        ({10: [1], 40: ["1.0"]}, ["'1.0' stands for two classes, 10 and 40"]),
        ({10: [True], 40: ["TRUE"]}, ["'TRUE' stands for two classes"]),
        ({10: ["a"], 40: ["a"], 80: ["a"]}, ["classes, 10 and 40", "classes, 10 and 80"]),
    ],
)
def test_a_value_given_to_two_classes_is_refused(classes, said):
    with pytest.raises(InputError) as caught:
        mapped({"class": ["a"]}, classes=classes)
    assert len(caught.value.problems) == len(said)
    for line, words in zip(caught.value.problems, said, strict=True):
        assert line.startswith(f"{WHERE}.classes: ")
        assert words in line
        assert line.endswith("; give it to one")


def test_a_value_may_be_named_twice_for_one_class():
    assert mapped({"class": ["a", "1"]}, classes={10: ["a", "a", 1, 1.0]}) == [10, 10]


# expressions, columns and mixtures


@pytest.mark.parametrize(
    ("columns", "keys", "classes"),
    [
        ({"cover": ["70", "60", "", "x"]}, {"classes": {10: "cover > 60", 40: "cover <= 60"}}, [10, 40, None, None]),
        ({"cover": ["70", "20"]}, {"classes": {40: "cover > 60", 10: "cover > 10"}}, [10, 10]),
        ({"a": ["1", "0", "", "x", "false", "TRUE", "0.00"]}, {"columns": {5: "a"}},
         [5, None, None, 5, None, 5, None]),
        ({"a": ["1", "0", "0"], "b": ["1", "1", "0"]}, {"columns": {9: "a", 5: "b"}}, [5, 5, None]),
        ({"a": ["1", "0", "0"], "b": ["0", "1", "0"]}, {"columns": {9: ["a", "b"]}}, [9, 9, None]),
        ({"class": ["a", "b", "c"], "n": ["1", "9", "9"]}, {"classes": {7: ["c"], 3: "n > 5"}}, [None, 3, 3]),
        ({"class": ["a", "b", "c"], "n": ["1", "9", "9"]}, {"classes": {3: ["c"], 7: "n > 5"}}, [None, 7, 3]),
        ({"class": ["a", "b", "c"], "n": ["1", "9", "0"]}, {"classes": {3: ["a"]}, "columns": {2: "n"}},
         [2, 2, None]),
        ({"class": ["a", "b", "c"], "n": ["0", "9", "0"]}, {"classes": {3: ["a"]}, "columns": {3: "n"}, "default": 0},
         [3, 3, 0]),
        ({"a": ["0", "1"]}, {"columns": {0: "a"}}, [None, 0]),
        ({"a": ["0", "1"]}, {"columns": {0: "a"}, "default": 0}, [0, 0]),
        ({"a": ["0", "1"]}, {"columns": {1: "a"}, "default": 0}, [0, 1]),
        ({"a": ["0", "1"]}, {"columns": {-2: "a", 1: "a"}}, [None, -2]),
        ({"a": ["1"]}, {"columns": {}}, [None]),
        ({"a": ["1"]}, {"classes": {}, "default": 4}, [4]),
    ],
)  # fmt: skip
def test_the_first_class_with_a_true_rule_is_taken_by_ascending_value(columns, keys, classes):
    assert mapped(columns, **keys) == classes


def test_rows_that_fit_several_classes_are_counted():
    said = notes({"a": ["1", "1", "0", "1"], "b": ["1", "0", "1", "1"]}, columns={10: "a", 40: "b"})
    assert said == ("plots.csv: 2 of 4 rows fit several classes; the lowest class value is taken",)


def test_expressions_read_numbers_with_decimal_commas_where_a_comma_separates_no_columns():
    columns = {"cover": ["60,5", "59,5", "", "60"]}
    assert mapped(columns, separator=";", classes={10: "cover > 60"}) == [10, None, None, None]
    assert mapped(columns, separator=",", classes={10: "cover > 60"}) == [None] * 4
    assert mapped({"a": ["0,0", "0,1"]}, separator="\t", columns={5: "a"}) == [None, 5]


def test_a_column_with_commas_that_are_no_decimal_marks_stays_text():
    columns = {"codes": ["1,2", "1,2,3", "2"]}
    assert mapped(columns, separator=";", classes={10: 'codes == "1,2"'}) == [10, None, None]


def test_all_that_is_wrong_is_said_at_once():
    entry = entry_of(
        classes={10: "cover >", 20: "covr > 5", 30: ["a"], 40: ["a"]}, columns={10: "is_forest", 50: ["cover", "no"]},
        **{"class": "clas"},
    )  # fmt: skip
    with pytest.raises(InputError) as caught:
        require_class_keys(entry, table_of(cover=["1"], name=["a"]), WHERE)
    lines = caught.value.problems
    assert [line.split(": ")[1].partition(" ")[0] for line in lines[:3]] == ["no", "no", "no"]
    assert all("(the recipe names it with columns:)" in line for line in lines[:2])
    assert "no column 'clas'; it has cover, name" in lines[2]
    assert lines[3].startswith(f"{WHERE}.classes.10, character 8 ")
    assert lines[4].startswith(f"{WHERE}.classes.20: 'covr' is not a column; there are cover, name; did you mean 'cov")
    assert lines[5].startswith(f"{WHERE}.classes: 'a' stands for two classes, 30 and 40")
    assert len(lines) == 6


def test_many_columns_are_not_all_listed():
    columns = {f"c{i}": ["1"] for i in range(100)}
    with pytest.raises(InputError, match=r"it has c0, .*, c29 and 70 more") as caught:
        mapped(columns, columns={5: "d0"})
    assert len(str(caught.value)) < 400


# what becomes of the rows of a file


def test_rows_without_a_class_are_counted_by_reason(tmp_path):
    text = "lon,lat,class\n1,2,10\n1,2,99\n1,2,shrub\n1,2,\n"
    points = read_text(tmp_path, text, LEGEND)
    assert points.labels.tolist() == [10, 99], "what the legend lacks is counted when it is sampled"
    assert dict(points.left_out) == {INVALID: 2}
    assert NOT_IN_LEGEND not in points.left_out
    places = [note.partition(": ")[0].rpartition(", ")[2] for note in points.notes]
    assert places == ["line 4", "line 5"]
    points = read_text(tmp_path, text, LEGEND, classes={10: [10]})
    assert (points.labels.tolist(), dict(points.left_out)) == ([10], {UNMATCHED: 3})
    points = read_text(tmp_path, text, LEGEND, classes={10: [10]}, default=0)
    assert (points.labels.tolist(), dict(points.left_out)) == ([10, 0, 0, 0], {})


# beside a reference that goes row by row

CELLS = st.sampled_from(["", "1", "1.0", "2", "0", "true", "FALSE", "forest", "Forest", "crop", "10", "-1", "2.5"])
VALUES = st.one_of(st.sampled_from(["forest", "crop", "1", "2.0", "", "true"]), st.integers(-1, 3), st.booleans(),
                   st.sampled_from([1.0, 2.5, 10.0]))  # fmt: skip
RULES = st.one_of(st.lists(VALUES, min_size=1, max_size=3), st.sampled_from(['b == "forest"', "b > 0", "!b", "class"]))
KEYS = st.integers(-3, 50)


def slow_class(row: dict[str, str], classes: dict[int, Any], columns: dict[int, list[str]], default: int | None):
    """The class of one row, in plain Python."""
    for value in sorted({*classes, *columns}):
        rule = classes.get(value)
        if isinstance(rule, list) and any(slow_same(row["class"], one) for one in rule):
            return value
        if isinstance(rule, str) and slow_true(rule, row):
            return value
        if any(slow_truthy(row[name]) for name in columns.get(value, [])):
            return value
    return default


def slow_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def slow_same(cell: str, value: Any) -> bool:
    if isinstance(value, bool):
        return cell.lower() == str(value).lower()
    asked = slow_number(str(value))
    if asked is not None:
        return slow_number(cell) == asked
    return cell.lower() == "true" if value == "true" else cell == value


def slow_truthy(cell: str) -> bool:
    return cell != "" and cell.lower() != "false" and slow_number(cell) != 0


def slow_true(rule: str, row: dict[str, str]) -> bool:
    match rule:
        case 'b == "forest"':
            return row["b"] == "forest"
        case "b > 0":
            return (slow_number(row["b"]) or float(row["b"].lower() == "true")) > 0
        case "!b":
            return not slow_truthy(row["b"])
    return slow_truthy(row["class"])


@given(
    st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=12), st.dictionaries(KEYS, RULES, max_size=4),
    st.dictionaries(KEYS, st.lists(st.sampled_from(["b", "c"]), max_size=2), max_size=3),
    st.none() | st.integers(-2, 2),
)  # fmt: skip
def test_classes_equal_a_reference_row_by_row(rows, classes, columns, default):
    owner: dict[Any, int] = {}
    for value, rule in classes.items():
        for one in rule if isinstance(rule, list) else ():
            assume(owner.setdefault(key(written(one)), value) == value)  # else it is refused
    named = ["class", "b", "c"]
    cells = {name: [row[i] for row in rows] for i, name in enumerate(named)}
    found = mapped(cells, classes=classes, columns=columns, default=default)
    expected = [slow_class(dict(zip(named, row, strict=True)), classes, columns, default) for row in rows]
    assert found == expected


@given(st.lists(CELLS, max_size=40))
def test_distinct_texts_give_the_column_back(cells):
    texts, number = distinct(table_of(a=cells).columns["a"])
    assert [texts[i] for i in number] == cells
    assert len(set(texts)) == len(texts)
    assert texts == list(dict.fromkeys(cells))
