"""The recipe's values: the documented shape, SEPAL's defaults, and nothing that can be changed."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from classify_local import api
from classify_local.recipe.classifiers import Classifier
from classify_local.recipe.model import (
    CollectedSource,
    CsvSource,
    RasterImage,
    Recipe,
    RecipeImage,
    RecipeSource,
    SampleSource,
    VectorSource,
    safe_name,
)
from classify_local.recipe.text import parse, validate
from tests.recipe.examples import FULL, MINIMAL
from tests.recipe.schema import problems_of


@pytest.fixture(scope="module")
def full() -> Recipe:
    return validate(parse(FULL, "f.yml"), "f.yml")


def plain(node: Any) -> Any:
    """Nodes as JSON has them."""
    if isinstance(node, dict):
        return {str(key): plain(value) for key, value in node.items()}
    return [plain(item) for item in node] if isinstance(node, list) else node


def test_the_documented_recipe_means_what_it_says(full: Recipe):
    first, second, third = full.images

    assert isinstance(first, RasterImage)
    assert first.bands == ("red", "nir", "swir1", "green")
    assert (first.mask.path, first.mask.keep) == ("scl.tif", (4, 5, 6))
    assert [part.model_fields_set for part in first.derived] == [
        {"normalized_difference"}, {"ratio"}, {"indexes"}, {"texture"}, {"focal"},
    ]  # fmt: skip
    assert isinstance(second, RasterImage)
    assert second.bands == {"red": 3, "nir": "B8"}
    assert (second.mask.path, second.mask.band) == (None, "scl")
    assert isinstance(third, RecipeImage)
    kinds = [CollectedSource, CsvSource, CsvSource, VectorSource, VectorSource, SampleSource, RecipeSource]
    assert [type(source) for source in full.training] == kinds
    assert full.training[3].classes == {10: ("forest", "mangrove"), 40: ("crop",)}
    assert full.training[4].classes == {10: "cover > 60"}
    assert full.training[5].sample.per_class == {"default": 1000, 80: 200}
    assert full.output.bands == ("class", "class_probability")


def test_the_defaults_are_the_documented_ones():
    recipe = validate(parse(MINIMAL, "f.yml"), "f.yml")

    assert recipe.classifier == classifier(type="random_forest", number_of_trees=25, seed=1)
    assert recipe.output.model_dump() == {
        "bands": ("class", "class_probability"), "scale": None, "crs": None, "aoi": None, "tile_size": 2048,
    }  # fmt: skip
    assert (recipe.legend, recipe.training, recipe.auxiliaries, recipe.allowed_folders) == (None, (), (), ())
    source = CsvSource(csv="a.csv")
    assert (source.crs, source.class_, source.default) == ("EPSG:4326", None, None)
    plots = VectorSource(vector="a.gpkg")
    assert (plots.per_polygon, plots.pure) == (100, False)
    sample = validate(parse(MINIMAL + "training: [{sample: {path: a.tif}}]\n", "f.yml"), "f.yml").training[0].sample
    assert (sample.band, sample.per_class, sample.scale, sample.seed) == (1, {"default": 1000}, None, 1)


CLASSIFIERS = {
    "random_forest": {
        "number_of_trees": 25, "variables_per_split": None, "min_leaf_population": 1, "bag_fraction": 0.5,
        "max_nodes": None, "seed": 1,
    },
    # SEPAL's own 25 trees and shrinkage of 0.005 under-fit: product.md, section 4
    "gradient_tree_boost": {
        "number_of_trees": 100, "shrinkage": 0.1, "sampling_rate": 0.7, "max_nodes": None,
        "loss": "least_absolute_deviation", "seed": 1,
    },
    "cart": {"min_leaf_population": 1, "max_nodes": None},
    "naive_bayes": {"variant": "gaussian", "lambda": 1e-6},
    # SEPAL's linear kernel with cost 1 on min-max: product.md, section 4
    "svm": {
        "decision_procedure": "voting", "svm_type": "c_svc", "kernel_type": "rbf", "one_class": None,
        "shrinking": True, "degree": 3, "gamma": "scale", "coef0": 0, "cost": 100, "nu": 0.5, "normalize": "percentile",
    },
    "minimum_distance": {"metric": "euclidean", "normalize": "percentile"},
    "decision_tree": {"decision_tree": "1) root 9 9 1 *"},
}  # fmt: skip


def classifier(**given: Any) -> BaseModel:
    return TypeAdapter(Classifier).validate_python(given)


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_a_classifier_has_sepals_parameters_and_defaults(kind: str):
    expected = CLASSIFIERS[kind]
    needed = {"decision_tree": expected["decision_tree"]} if kind == "decision_tree" else {}

    found = classifier(type=kind, **needed).model_dump(by_alias=True)

    assert {name: found[name] for name in ("type", *expected)} == {"type": kind} | expected
    assert {found[name] for name in found.keys() - expected.keys() - {"type"}} <= {None, False}


RANGES = [
    ("random_forest", "number_of_trees", [1, 100_000], [0, -1, 1.0, "25", True, 10**6, 2**70]),
    ("random_forest", "variables_per_split", [None, 1], [0, 1.5]),
    ("random_forest", "min_leaf_population", [1, 500], [0, True]),
    ("random_forest", "bag_fraction", [1e-9, 0.5, 1], [0, -0.1, 1.01, float("nan"), float("inf"), "0.5"]),
    ("random_forest", "max_nodes", [None, 2, 2147483647], [1, 2147483648]),
    ("random_forest", "seed", [0, 4294967295], [-1, 4294967296, 1.5, None]),
    ("gradient_tree_boost", "shrinkage", [0.005, 1], [0, 1.5]),
    ("gradient_tree_boost", "sampling_rate", [0.7, 1], [0, 2]),
    ("gradient_tree_boost", "loss", ["least_squares", "huber"], ["squared", None]),
    ("cart", "max_nodes", [2], [1, 0]),
    ("naive_bayes", "lambda", [1e-6, 1], [0, -1]),
    ("naive_bayes", "variant", ["multinomial"], ["bernoulli"]),
    ("svm", "decision_procedure", ["voting", "margin"], ["vote"]),
    ("svm", "svm_type", ["c_svc", "nu_svc", "one_class"], ["C_SVC"]),
    ("svm", "kernel_type", ["linear", "poly", "rbf", "sigmoid"], ["gaussian"]),
    ("svm", "degree", [1, 5], [0, 2.5]),
    ("svm", "gamma", ["scale", "auto", 0, 0.5], [-0.1, "big", float("inf")]),
    ("svm", "cost", [0.1, 100], [0, -1]),
    ("svm", "nu", [0.1, 1], [0, 1.1]),
    ("svm", "normalize", ["percentile", "min_max", True, False], ["yes", 1.5]),
    ("minimum_distance", "metric", ["euclidean", "cosine", "mahalanobis", "manhattan"], ["taxicab"]),
    ("decision_tree", "decision_tree", ["1) root 9 9 1 *"], [None, 5]),
]


@pytest.mark.parametrize(("kind", "name", "good", "bad"), RANGES, ids=[f"{kind}-{name}" for kind, name, *_ in RANGES])
def test_a_parameter_takes_sepals_range(kind: str, name: str, good: list[Any], bad: list[Any]):
    for value in good:
        assert classifier(type=kind, **{name: value}).model_dump(by_alias=True)[name] == value
    for value in bad:
        with pytest.raises(ValidationError):
            classifier(type=kind, **{name: value})


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_a_classifier_takes_no_other_parameter(kind: str):
    with pytest.raises(ValidationError, match="extra_forbidden"):
        classifier(type=kind, **CLASSIFIERS[kind], depth=3)


def test_nothing_in_a_recipe_can_be_changed(full: Recipe):
    parts = [full, full.images[0], full.images[0].mask, full.training[5].sample, full.classifier, full.output]
    for part in parts:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(part, next(iter(type(part).model_fields)), None)


NAMES = [
    ("zambia_2021", True), ("a b", True), ("Forêt", True), ("森林", True), ("a.b", True), ("x" * 100, True),
    ("", False), (" a", False), ("a ", False), (".a", False), ("-a", False), ("a.", False), ("a/b", False),
    ("a\\b", False), ("..", False), ("a:b", False), ("a*", False), ("a?", False), ('a"', False), ("a<b", False),
    ("a|b", False), ("a\nb", False), ("a\0", False), ("\u202ea", False), ("\ud800", False), ("x" * 101, False),
    ("森" * 61, False), ("con", False), ("AUX", False), ("nul.x", False), ("com1", False), ("console", True),
]  # fmt: skip


@pytest.mark.parametrize(("name", "usable"), NAMES)
def test_a_name_that_files_can_have(name: str, usable: bool):
    if usable:
        assert safe_name(name) == name
    else:
        with pytest.raises(PydanticCustomError, match="a name is used for files"):
            safe_name(name)


BANDS = [
    ("class", True), ("class_probability", True), ("regression", True), ("probabilities", True),
    ("probability_10", True), ("probability_0", True), ("probability_-5", True),
    ("probability_", False), ("probability_x", False), ("probability_010", False), ("probability_--1", False),
    ("probability_²", False), ("probability_1.5", False), ("Class", False), ("", False),
]  # fmt: skip


@pytest.mark.parametrize(("band", "known"), BANDS)
def test_output_bands(band: str, known: bool):
    recipe = {"images": [{"path": "a.tif"}], "output": {"bands": [band]}}
    if known:
        assert Recipe.model_validate(recipe).output.bands == (band,)
    else:
        with pytest.raises(ValidationError):
            Recipe.model_validate(recipe)


SCHEMA = [
    (FULL, True),
    (MINIMAL, True),
    (MINIMAL + "legend: legend.csv\n", True),
    (MINIMAL + "legend: 5\n", False),
    ("legend: legend.csv\n", False),
    ("images: []\n", False),
    (MINIMAL + "outputs: {}\n", False),
    (MINIMAL + "output: {tile_size: 1}\n", False),
    (MINIMAL + "output: {tile_size: big}\n", False),
    (MINIMAL + "classifier: {type: forest}\n", False),
    (MINIMAL + "classifier: {type: cart, max_nodes: 1}\n", False),
    (MINIMAL + "training: [{cvs: a}]\n", False),
    (MINIMAL + "training: [{csv: a, class: b}]\n", True),
    (MINIMAL + "training: [{csv: a, class_: b}]\n", False),
    (MINIMAL + "auxiliaries: [slope]\n", False),
    (MINIMAL + "    mask: 4\n    derived: {indexes: [ndvi]}\n", True),
    (MINIMAL + "    derived: [{texture: {bands: [nir]}}, {focal: {bands: [nir], window: 31}}]\n", True),
    (MINIMAL + "    derived: {texture: {bands: [nir], limits: [0, 0.5], levels: 64, distance: 3}}\n", True),
    (MINIMAL + "    derived: {texture: {bands: [nir], window: 6}}\n", False),
    (MINIMAL + "    derived: {texture: {bands: [nir], limits: [1, 2, 3]}}\n", False),
    (MINIMAL + "    derived: {focal: {bands: [nir], statistics: [std]}}\n", False),
    (MINIMAL + "    mask: true\n", False),
    (MINIMAL + "    derived: ndvi\n", False),
    (MINIMAL + "classifier: {type: random_forest, bag_fraction: 2}\n", False),
    (MINIMAL + "output: {scale: -30}\n", False),
]


@pytest.mark.parametrize(("text", "valid"), SCHEMA)
def test_the_json_schema_says_the_same_as_the_model(text: str, valid: bool):
    problems = list(problems_of(plain(parse(text, "f.yml")), api.recipe_schema()))

    assert (not problems) == valid, problems
    if not valid:
        with pytest.raises(ValidationError):
            Recipe.model_validate(parse(text, "f.yml"))


def test_the_json_schema_names_every_key():
    schema = api.recipe_schema()

    assert schema["$schema"].endswith("2020-12/schema")
    assert list(schema["properties"]) == [
        "name", "images", "legend", "training", "auxiliaries", "terrain_gradient", "auxiliary_data", "allowed_folders",
        "classifier", "output",
    ]  # fmt: skip
    assert schema["required"] == ["images"]
    assert "class" in schema["$defs"]["CsvSource"]["properties"]
