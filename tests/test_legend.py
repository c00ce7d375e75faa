"""The legend: what a class is, and which numbers a map of it may hold."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify_local.errors import InputError
from classify_local.legend import (
    CLASS_DTYPES,
    Legend,
    LegendEntry,
    class_dtype,
    next_value,
    normal_color,
    resolve_nodata,
    upper,
)

TOP = 2**31 - 1
BOTTOM = -(2**31)


def entry(value: int, label: str | None = None, color: str | None = None) -> LegendEntry:
    """A class with a label and a colour of its own."""
    return LegendEntry(value=value, label=label or f"class {value}", color=color or f"#{value % 2**24:06x}")


def legend(*values: int) -> Legend:
    return Legend(tuple(LegendEntry(value=v, label=f"class {v}", color=f"#{i:06x}") for i, v in enumerate(values)))


@pytest.mark.parametrize(
    ("values", "dtype", "nodata"),
    [
        ([0, 1], "uint8", 255),
        ([1, 2], "uint8", 0),
        (range(10, 101, 10), "uint8", 0),
        ([7], "uint8", 0),
        ([0], "uint8", 255),
        ([0, 255], "uint8", 254),
        ([0, 253, 254, 255], "uint8", 252),
        ([1, 255], "uint8", 0),
        (range(255), "uint8", 255),
        (range(1, 256), "uint8", 0),
        ([v for v in range(256) if v != 17], "uint8", 17),
        (range(256), "uint16", 65535),
        ([10, 256], "uint16", 0),
        ([0, 256], "uint16", 65535),
        ([0, 65535], "uint16", 65534),
        ([-1, 1], "int16", 0),
        ([-1, 0], "int16", 32767),
        ([-32768, 0, 32767], "int16", 32766),
        ([-1, 32768], "int32", 0),
        ([-32769], "int32", 0),
        ([65536], "int32", 0),
        ([0, 65536], "int32", TOP),
        ([0, TOP], "int32", TOP - 1),
        ([BOTTOM, 0], "int32", TOP),
    ],
)
def test_type_and_nodata(values, dtype, nodata):
    wanted = legend(*values)
    assert class_dtype(wanted) == np.dtype(dtype)
    assert resolve_nodata(wanted, np.dtype(dtype)) == nodata


@pytest.mark.parametrize("values", [[2**31], [1, 2**31], [BOTTOM - 1], [-5, 2**40]])
def test_values_beyond_32_bits_are_refused(values):
    with pytest.raises(InputError, match=f"not {min(values)} to {max(values)}"):
        legend(*values)


def test_maps_are_never_int8():
    assert "int8" not in CLASS_DTYPES


values = st.one_of(st.integers(-3, 260), st.integers(BOTTOM, TOP), st.sampled_from([0, 255, 256, 32767, 65535, TOP]))


@given(st.sets(values, min_size=1, max_size=40))
def test_nodata_is_no_class_and_fits_the_type(chosen):
    made = legend(*chosen)
    dtype = class_dtype(made)
    nodata = resolve_nodata(made, dtype)
    limits = np.iinfo(dtype)
    assert nodata not in chosen
    assert all(limits.min <= value <= limits.max for value in [*chosen, nodata])


@given(st.sets(values, min_size=1, max_size=40))
def test_no_smaller_type_holds_it(chosen):
    found = CLASS_DTYPES.index(str(class_dtype(legend(*chosen))))
    for name in CLASS_DTYPES[:found]:
        limits = np.iinfo(name)
        assert min(chosen) < limits.min or max(chosen) > limits.max or len(chosen) == limits.max - limits.min + 1


@given(st.permutations([entry(value) for value in (70, -3, 0, 12, 4000)]))
def test_classes_are_sorted_by_value(entries):
    made = Legend(tuple(entries))
    assert made.values == (-3, 0, 12, 70, 4000)
    assert [e.value for e in made] == list(made.values)
    assert len(made) == 5


def test_a_label_is_found_by_its_value():
    made = legend(3, 5)
    assert made.label(5) == "class 5"
    assert made.label(99) == "99"


# colours


@pytest.mark.parametrize(
    ("given_as", "normal"),
    [
        ("#006400", "#006400"),
        ("#f096ff", "#F096FF"),
        ("f096ff", "#F096FF"),
        ("#fff", "#FFFFFF"),
        ("#a1b", "#AA11BB"),
        (" #A1B2C3 ", "#A1B2C3"),
    ],
)
def test_colours_become_capital_hex(given_as, normal):
    assert normal_color(given_as) == normal
    assert entry(1, color=given_as).color == normal


@pytest.mark.parametrize(
    "given_as", ["", "#", "#12G", "#12", "#1234", "#12345", "#1234567", "##123456", "red", "rgb(1,2,3)", "#١٢٣٤٥٦"]
)
def test_what_is_no_colour_is_refused_with_an_example(given_as):
    with pytest.raises(InputError) as caught:
        normal_color(given_as)
    assert repr(given_as) in str(caught.value)
    assert "#006400" in str(caught.value)


@given(st.tuples(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255)))
def test_rgb_is_what_the_hex_says(rgb):
    made = entry(1, color="#{:02x}{:02X}{:02x}".format(*rgb))
    assert made.rgb == rgb
    assert colorsys.rgb_to_hsv(*made.rgb) == colorsys.rgb_to_hsv(*rgb)


# labels


@pytest.mark.parametrize("label", ["", " ", "\t\n"])
def test_a_class_has_a_name(label):
    with pytest.raises(InputError, match="class 3 has an empty label"):
        LegendEntry(value=3, label=label, color="#006400")


@pytest.mark.parametrize("label", ["a\x00b", "bell\x07", "\x0bvertical", "\x1b[31mred", "half \ud800 a pair", "\ufffe"])
def test_a_label_is_text_that_every_file_can_hold(label):
    """XML, in which VRT and style file carry labels, has no way to write these."""
    with pytest.raises(InputError, match="class 3 has a label with"):
        LegendEntry(value=3, label=label, color="#006400")


@pytest.mark.parametrize(
    "label",
    ["forêt & <b>savanne</b>", "лес", "森林", "غابة", "a\u200bb", "\u202eabc", "🌲", "=1+1", "con", "../x", "a\tb"],
)
def test_any_text_is_a_label(label):
    assert entry(3, label=label).label == label


# repetitions


def test_all_repetitions_are_said_at_once():
    with pytest.raises(InputError) as caught:
        Legend(
            (
                entry(1, "forest", "#006400"),
                entry(1, "crop", "#F096FF"),
                entry(2, "forest", "#0064C8"),
                entry(3, "water", "#006400"),
                entry(1, "bare", "#B4B4B4"),
            )
        )
    lines = caught.value.problems
    assert len(lines) == 4
    assert sorted(line.partition(" stands")[0] for line in lines) == [
        "color '#006400'", "label 'forest'", "value 1", "value 1",
    ]  # fmt: skip
    assert all("'forest' and" in line for line in lines)


def test_colours_repeat_however_they_are_written():
    with pytest.raises(InputError, match="color '#AABBCC' stands twice"):
        Legend((entry(1, color="#abc"), entry(2, color="AABBCC")))


def test_a_legend_without_classes_is_none():
    with pytest.raises(InputError, match="holds no class"):
        Legend(())


def test_labels_that_differ_by_blanks_only_are_the_same():
    """A CSV does not keep the blanks around a label."""
    with pytest.raises(InputError, match="label 'forest' stands twice"):
        Legend((entry(1, "forest "), entry(2, "forest")))


# the upper level


def grouped(**parents: str | None) -> Legend:
    return Legend(
        tuple(
            LegendEntry(value=10 * i, label=label, color=f"#{i:06x}", parent=parent)
            for i, (label, parent) in enumerate(parents.items(), 1)
        )
    )


@pytest.mark.parametrize(
    ("given_as", "kept"), [(None, None), ("", None), (" \t", None), (" Forest land ", "Forest land"), ("лес", "лес")]
)
def test_a_parent_that_is_empty_is_none(given_as, kept):
    assert LegendEntry(value=1, label="a", color="#000000", parent=given_as).parent == kept


def test_a_parent_is_text_that_every_file_can_hold():
    with pytest.raises(InputError, match="class 1 has a parent with the control character"):
        LegendEntry(value=1, label="a", color="#000000", parent="x\x00")


def test_parents_in_the_order_of_class_values():
    made = grouped(mangrove="Forest", crop=None, pine="Forest", town="Settlement")
    assert made.parents == ("Forest", "Settlement")
    assert [made.parent_of(value) for value in (10, 20, 30, 40, 99)] == ["Forest", None, "Forest", "Settlement", None]


@pytest.mark.parametrize(
    ("parents", "labels", "of"),
    [
        ({"a": None, "b": None}, ("a", "b"), {10: 0, 20: 1}),
        ({"a": "X", "b": "X"}, ("X",), {10: 0, 20: 0}),
        ({"a": "X", "b": None, "c": "X"}, ("X", "b"), {10: 0, 20: 1, 30: 0}),
        ({"a": "b", "b": None, "c": None}, ("b", "c"), {10: 0, 20: 0, 30: 1}),
        ({"a": None, "b": "a"}, ("a",), {10: 0, 20: 0}),
        ({"a": "Y", "b": "X"}, ("Y", "X"), {10: 0, 20: 1}),
    ],
)
def test_classes_without_a_parent_are_upper_classes_themselves(parents, labels, of):
    found = upper(grouped(**parents))
    assert found.labels == labels
    assert found.of == of


@given(st.lists(st.sampled_from([None, "X", "Y", "class 1"]), min_size=1, max_size=12))
def test_every_class_has_one_upper_class(parents):
    made = grouped(**{f"class {i}": parent for i, parent in enumerate(parents)})
    found = upper(made)
    assert set(found.of) == set(made.values)
    assert set(found.of.values()) == set(range(len(found.labels)))
    assert set(made.parents) <= set(found.labels)


@pytest.mark.parametrize(("values", "following"), [((), 1), ((1,), 2), ((10, 20), 21), ((-5,), -4), ((7, 3), 8)])
def test_the_next_value_is_one_above_the_greatest(values, following):
    assert next_value(values) == following
