"""What holds for every recipe, and what garbage may never do."""

from __future__ import annotations

import string
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from classify_local.errors import InputError
from classify_local.recipe.model import INDEXES, MEASURES, PAIRWISE, STATISTICS, Recipe, safe_name
from classify_local.recipe.text import dump, load, parse, validate
from tests.recipe.examples import FULL

QUICK = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])

# any text YAML can carry, looks like another type, or needs quotes
tricky = st.sampled_from(
    ["no", "yes", "null", "~", "1", "1.5", "0x1F", "2021-01-01", "a: b", "# x", "*a", "&a", "'", '"']
)
words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12) | tricky
paths = words.filter(str.strip)
values = st.integers(-(2**31), 2**31 - 1)
numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
bands = st.integers(1, 300) | words


def names() -> st.SearchStrategy[str]:
    def usable(text: str) -> bool:
        try:
            return bool(safe_name(text))
        except ValueError:
            return False

    return st.text(string.ascii_letters + string.digits + " -_.é森", min_size=1, max_size=20).filter(usable)


def record(required: dict[str, Any], optional: dict[str, Any] | None = None) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional or {})


windows = st.sampled_from(range(3, 32, 2))
texture = record(
    {"bands": st.lists(words, min_size=1, max_size=3)},
    {
        "measures": st.lists(st.sampled_from(MEASURES), min_size=1, max_size=3),
        "window": windows,
        "levels": st.integers(2, 256),
        "limits": st.tuples(st.floats(-1e9, 0), st.floats(0.001, 1e9)).map(list),
        "distance": st.integers(1, 2),
    },
)
focal = record(
    {"bands": st.lists(words, min_size=1, max_size=3)},
    {"statistics": st.lists(st.sampled_from(STATISTICS), min_size=1, max_size=3), "window": windows},
)
derived = st.one_of(
    st.dictionaries(st.sampled_from(PAIRWISE), st.lists(words, min_size=2, max_size=4), min_size=1, max_size=1),
    record({"indexes": st.lists(st.sampled_from(INDEXES), min_size=1, max_size=3)}),
    record({"profile": st.sampled_from(["simple", "rlcms"])}),
    record({"texture": texture}),
    record({"focal": focal}),
)
resampling = st.sampled_from(["nearest", "bilinear", "average"])
map_bands = st.sampled_from(["class", "probabilities"]) | values.map("probability_{}".format)
raster = record(
    {"path": paths | st.lists(paths, min_size=1, max_size=3)},
    {
        "bands": st.lists(bands, min_size=1, max_size=4) | st.dictionaries(words, bands, max_size=3),
        "nodata": numbers,
        "mask": words | record({"path": paths}, {"keep": st.lists(values, max_size=3), "band": bands}),
        "reflectance": record({}, {"scale": numbers, "offset": numbers}),
        "resampling": resampling,
        "derived": st.lists(derived, max_size=3) | derived,
    },
)
images = raster | record(
    {"recipe": paths}, {"bands": st.lists(map_bands, min_size=1, max_size=3), "resampling": resampling}
)
columns = {
    "class": words,
    "classes": st.dictionaries(values, st.lists(words | values, max_size=3) | words, max_size=3),
    "columns": st.dictionaries(values, words | st.lists(words, max_size=2), max_size=3),
    "default": values,
    "filter": words,
    "edits": paths,
    "group": words,
}
sample = record(
    {"path": paths},
    {
        "band": bands,
        "per_class": st.dictionaries(values | st.just("default"), st.integers(0, 10**6), max_size=3),
        "scale": st.floats(0.001, 1e6),
        "classes": st.dictionaries(values, st.lists(values, max_size=3), max_size=3),
    },
)
training = st.one_of(
    record({"collected": paths}),
    record({"csv": paths}, columns | {"x": words, "y": words, "crs": words, "geojson": words}),
    record({"vector": paths}, columns | {"layer": words, "per_polygon": st.integers(1, 1000), "pure": st.booleans()}),
    record({"sample": sample}),
    record({"recipe": paths}),
)
classifiers = st.one_of(
    record({"type": st.just("random_forest")}, {"seed": st.integers(1, 9), "bag_fraction": st.floats(0.1, 1)}),
    record({"type": st.just("naive_bayes")}, {"lambda": st.floats(1e-9, 10)}),
    record({"type": st.just("svm")}, {"gamma": st.sampled_from(["scale", "auto"]) | st.floats(0, 10)}),
    record({"type": st.just("decision_tree"), "decision_tree": words}),
)  # fmt: skip
outputs = record(
    {},
    {
        "bands": st.lists(map_bands, min_size=1, max_size=3),
        "scale": st.floats(0.001, 1e6) | words,
        "crs": words,
        "aoi": paths | st.tuples(numbers, numbers, numbers, numbers).map(list),
        "tile_size": st.integers(64, 32768),
    },
)
legends = paths | st.lists(record({"value": values, "label": words, "color": words}), max_size=4)
recipes = record(
    {"images": st.lists(images, min_size=1, max_size=3)},
    {
        "name": names(),
        "legend": legends,
        "training": st.lists(training, max_size=3),
        "auxiliaries": st.lists(
            st.sampled_from(["latitude", "terrain", "water"]) | record({"name": words, "path": paths}), max_size=3
        ),
        "auxiliary_data": paths,
        "allowed_folders": st.lists(paths, max_size=2),
        "classifier": classifiers,
        "output": outputs,
    },
)


@settings(QUICK, max_examples=60)
@given(recipes)
def test_a_recipe_written_and_read_is_the_same(content: dict[str, Any]):
    document = load(content)

    assert document.recipe == Recipe.model_validate(content)
    text = document.text()
    again = parse(text, "f.yml")
    assert validate(again, "f.yml") == document.recipe
    assert dump(again) == text


@QUICK
@given(recipes)
def test_a_recipe_survives_json(content: dict[str, Any]):
    recipe = Recipe.model_validate(content)

    assert Recipe.model_validate_json(recipe.model_dump_json(by_alias=True, exclude_unset=True)) == recipe


# ruamel.yaml has a grammar of its own for each of these marks
marks = st.sampled_from(
    [
        *":-?[]{},&*!|>'\"%@`#~<= \n\t.0123456789abcxe_\\",
        *("\n  ", "\n- ", ": ", "<<: ", "!!", "--- ", "...\n", "0x", "1e", "images", "path", "null"),
        *("\0", "\ufeff", "\x85", "\u2028", "\ud800", "é"),
    ]
)
garbage = st.lists(marks, max_size=40).map("".join)


def read_all(text: str) -> None:
    """Read a text, which may fail in one way only."""
    began = time.perf_counter()
    require_named("f.yml", lambda: validate(parse(text, "f.yml"), "f.yml"))
    assert time.perf_counter() - began < 5


def require_named(where: str, step: Callable[[], object]) -> None:
    """Do a step; if it is refused, each line of the refusal names where."""
    try:
        step()
    except InputError as refused:
        problems = refused.problems
    else:
        return
    assert problems
    assert all(line.startswith(where) and len(line) < 1000 for line in problems)


@QUICK
@given(garbage)
@example("a: &a\n  <<: *a\n")
@example("<<: 5\n")
@example("? {a: b}\n: c\n")
@example("? [a, [b]]\n: c\n")
@example("a: !!int x\n")
@example("a: !!float x\n")
@example("a: !!bool x\n")
@example("a: !!binary é\n")
@example("a: !!timestamp x\n")
@example("a: !!omap [1]\n")
@example("a: !!set [1]\n")
@example("a: 2021-99-99\n")
@example("a: 0x" + "f" * 9000 + "\n")
@example("0x" + "f" * 900 + ": 1\n")
@example("0b" + "1" * 30000 + ": 1\n")
@example("a: " + "9" * 5000 + "\n")
@example("a: 1e999999999\n")
@example("a: 1:60:60\n")
@example("%YAML 9.9\n---\na: b\n")
@example("%TAG ! tag:x,2000:\n---\n!a b\n")
@example("a: |9\n b\n")
@example("- - - - -\n" * 30)
def test_garbage_is_answered_and_nothing_else(text: str):
    read_all(text)


@QUICK
@given(st.data())
def test_a_damaged_recipe_is_answered_and_nothing_else(data: st.DataObject):
    start = data.draw(st.integers(0, len(FULL)))
    length = data.draw(st.integers(0, 60))
    read_all(FULL[:start] + data.draw(garbage) + FULL[start + length :])


parts = st.sampled_from(["images", "legend", "training", "auxiliaries", "classifier", "output", "name"])
anything = st.recursive(
    st.none() | st.booleans() | numbers | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)


@QUICK
@given(parts, anything)
def test_any_value_in_place_of_a_part_is_answered(key: str, value: Any):
    require_named("recipe", lambda: load({"images": [{"path": "a.tif"}]} | {key: value}))


@pytest.mark.parametrize("inside", ["images", "training", "legend", "auxiliaries"])
def test_any_value_in_place_of_an_entry_is_answered(inside: str):
    for value in (None, 5, "a", [], {}, [[]], {"a": {}}, {"path": {}}, {"csv": []}, {"value": {}}, True, 1.5, {5: 5}):
        content = {"images": [{"path": "a.tif"}]} | {inside: [value]}
        require_named("recipe, line", lambda content=content: load(content))
