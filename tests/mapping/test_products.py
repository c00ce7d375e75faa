"""What a map consists of, decided from a recipe's output bands and its legend."""

from __future__ import annotations

import itertools
import math

import pytest

from classify_local.errors import InputError
from classify_local.legend import Legend, LegendEntry
from classify_local.mapping.products import Product, common_dtype, resolve_bands, resolve_products


def legend(*values: int) -> Legend:
    return Legend(tuple(LegendEntry(value=v, label=f"class {v}", color=f"#{i + 1:06x}") for i, v in enumerate(values)))


@pytest.mark.parametrize(
    ("wanted", "bands"),
    [
        (["class"], ["class"]),
        (["class_probability"], ["class_probability"]),
        (["class_probability", "class"], ["class", "class_probability"]),
        (["class", "class", "class"], ["class"]),
        (["probability_5", "probability_-1"], ["probability_5", "probability_-1"]),
        (["probability_5", "class"], ["class", "probability_5"]),
        (["probabilities"], ["probability_-1", "probability_2", "probability_5"]),
        (["probabilities", "probability_2", "class"], ["class", "probability_-1", "probability_2", "probability_5"]),
        (["probability_5", "probabilities"], ["probability_5", "probability_-1", "probability_2"]),
        (["probability_2", "regression", "class"], ["class", "regression", "probability_2"]),
        (
            ["probabilities", "class_probability", "class"],
            ["class", "class_probability", "probability_-1", "probability_2", "probability_5"],
        ),
    ],
)
def test_bands_are_in_a_fixed_order_each_once(wanted, bands):
    assert list(resolve_bands(wanted, legend(5, -1, 2))) == bands


def test_the_order_of_class_and_its_probability_does_not_depend_on_the_recipe():
    asked = ["class", "class_probability", "probability_2"]
    assert {resolve_bands(order, legend(1, 2)) for order in itertools.permutations(asked)} == {tuple(asked)}


@pytest.mark.parametrize("name", ["probability_3", "probability_02", "probability_-2", "probability_", "klass"])
def test_what_the_legend_does_not_have_is_said_with_what_it_has(name):
    with pytest.raises(InputError) as caught:
        resolve_bands(["class", name, "probability_99"], legend(1, 2))
    assert len(caught.value.problems) == 2
    assert f"output.bands: {name}: the legend has no such class; its values are 1, 2" in caught.value.problems[0]


@pytest.mark.parametrize(
    ("wanted", "values", "expected"),
    [
        (
            ["class", "class_probability"],
            [1, 2],
            [
                ("class", ("class",), "uint8", 0, "mode"),
                ("probability", ("class_probability",), "uint8", 255, "average"),
            ],
        ),
        (["class"], [0, 1], [("class", ("class",), "uint8", 255, "mode")]),
        (["class"], [0, 300], [("class", ("class",), "uint16", 65535, "mode")]),
        (["class"], [-1, 1], [("class", ("class",), "int16", 0, "mode")]),
        (["class"], range(256), [("class", ("class",), "uint16", 65535, "mode")]),
        (
            ["probabilities"],
            [7, 3],
            [("probability", ("probability_3", "probability_7"), "uint8", 255, "average")],
        ),
    ],
)
def test_products(wanted, values, expected):
    found = resolve_products(wanted, legend(*values))
    assert [(p.kind, p.bands, p.dtype, p.nodata, p.overviews) for p in found] == expected


def test_a_regression_is_real_and_not_a_number_where_there_is_none():
    last = resolve_products(["regression", "class_probability", "class"], legend(1, 2))[-1]
    assert (last.kind, last.bands, last.dtype, last.overviews) == ("regression", ("regression",), "float32", "average")
    assert math.isnan(last.nodata)


@pytest.mark.parametrize(
    ("dtypes", "common"),
    [
        (["uint8"], "uint8"),
        (["uint8", "uint8"], "uint8"),
        (["uint16", "uint8"], "uint16"),
        (["int16", "uint8"], "int16"),
        (["int32", "uint8"], "int32"),
        (["uint8", "float32"], "float32"),
        (["uint16", "uint8", "float32"], "float32"),
    ],
)
def test_one_type_for_all_bands(dtypes, common):
    products = [Product(kind=f"k{i}", bands=("b",), dtype=d, nodata=0, overviews="mode") for i, d in enumerate(dtypes)]
    assert common_dtype(products) == common
