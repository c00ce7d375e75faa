"""All classifiers through one interface: what each can give, its weights, and its way into a file and back."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from classify_local.classifiers import registry
from classify_local.errors import InputError, RefusedError
from classify_local.recipe.classifiers import Classifier
from classify_local.storage.models import _array_bytes as bytes_of
from classify_local.storage.models import plain_array

ADAPTER: TypeAdapter[Any] = TypeAdapter(Classifier)
TREE = "1) root 9 9 9\n2) b0<=3 9 9 2 *\n3) b0>3 9 9 5 *\n"
EVERY = (
    {"type": "random_forest", "number_of_trees": 4},
    {"type": "random_forest", "number_of_trees": 4, "min_leaf_population": 3, "bag_fraction": 1},
    {"type": "cart"},
    {"type": "cart", "max_nodes": 4, "min_leaf_population": 2},
    {"type": "gradient_tree_boost", "number_of_trees": 4},
    {"type": "gradient_tree_boost", "number_of_trees": 3, "max_nodes": 3, "shrinkage": 1},
    {"type": "naive_bayes"},
    {"type": "naive_bayes", "variant": "multinomial"},
    {"type": "svm", "cost": 1},
    {"type": "svm", "cost": 1, "decision_procedure": "margin", "kernel_type": "poly", "degree": 2, "coef0": 1},
    {"type": "svm", "svm_type": "nu_svc", "nu": 0.6},
    {"type": "svm", "kernel_type": "sigmoid", "gamma": 0.2, "cost": 1},
    {"type": "svm", "svm_type": "one_class", "one_class": 5},
    {"type": "minimum_distance"},
    {"type": "minimum_distance", "metric": "cosine"},
    {"type": "minimum_distance", "metric": "mahalanobis"},
    {"type": "minimum_distance", "metric": "manhattan"},
    {"type": "decision_tree", "decision_tree": TREE},
)


def parameters(type_: str, **given_as: Any) -> Any:
    return ADAPTER.validate_python({"type": type_, **given_as})


def random_table(
    seed: int, *, rows: int = 90, bands: int = 4, classes: int = 4, levels: int = 200, dtype: str = "uint16",
    lone: bool = False, constant: bool = False, extra: int = 200,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Features, codes, and float32 rows to classify. Few levels make ties; `lone` leaves each class but one a row."""
    rng = np.random.default_rng(seed)
    values = rng.integers(0, levels, (rows + extra, bands))
    if constant:
        values[:, rng.integers(bands)] = 1
    features = (values / np.float32(3)).astype("float32") if dtype == "float32" else values.astype(dtype)
    codes = np.minimum(np.arange(rows), classes - 1) if lone else np.arange(rows) % classes
    return features[:rows], rng.permutation(codes), features[rows:].astype("float32")


def fitted(classifier: Any, features: np.ndarray, codes: np.ndarray, **changed: Any) -> Any:
    classes = [2 + 3 * code for code in range(int(codes.max()) + 1)]
    bands = [f"b{number}" for number in range(features.shape[1])]
    probability = registry.capabilities_of(classifier).probability
    options = {"bands": bands, "classes": classes, "probability": probability, "weights": None, **changed}
    return registry.fit(classifier, features, codes, **options)


def assert_restores(classifier: Any, model: Any, rows: np.ndarray, classes: int) -> None:
    """Arrays go through the bytes of a model file and give the same numbers, whatever other rows stand beside."""
    read = {name: plain_array(bytes_of(array)) for name, array in model.arrays().items()}
    again = registry.restore(classifier, read, rows.shape[1], classes)
    codes = model.predict(rows)
    assert codes.dtype == np.int64
    assert codes.shape == (len(rows),)
    assert codes.min() >= 0
    assert codes.max() < classes
    np.testing.assert_array_equal(again.predict(rows), codes)
    np.testing.assert_array_equal(again.predict(rows[5:12]), codes[5:12])
    assert again.gives_probabilities == model.gives_probabilities
    if not model.gives_probabilities:
        with pytest.raises(InputError, match="probabilities"):
            again.predict_proba(rows)
        return
    shares = model.predict_proba(rows)
    assert shares.dtype == np.float64
    assert shares.shape == (len(rows), classes)
    assert (shares >= 0).all()
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(again.predict_proba(rows), shares)
    np.testing.assert_array_equal(again.predict_proba(rows[5:12]), shares[5:12])
    for name, array in again.arrays().items():
        np.testing.assert_array_equal(array, model.arrays()[name])


@pytest.mark.parametrize("given_as", EVERY, ids=lambda given_as: "-".join(str(v)[:12] for v in given_as.values()))
@settings(max_examples=7)
@given(
    seed=st.integers(0, 2**32 - 1), classes=st.sampled_from([2, 3, 7, 12]), levels=st.sampled_from([3, 200]),
    dtype=st.sampled_from(["float32", "uint16"]), lone=st.booleans(), constant=st.booleans(),
)  # fmt: skip
def test_every_classifier_comes_back_from_its_arrays(given_as, seed, classes, levels, dtype, lone, constant):
    classifier = ADAPTER.validate_python(given_as)
    if given_as["type"] == "decision_tree" or given_as.get("svm_type") == "one_class":
        classes = 2
    if given_as.get("svm_type") == "nu_svc":  # with the others there is no solution, which is said
        lone, levels = False, 200
    features, codes, rows = random_table(
        seed, classes=classes, levels=levels, dtype=dtype, lone=lone, constant=constant
    )
    if registry.capabilities_of(classifier).scaled:
        features, rows = features / np.float32(levels), rows / np.float32(levels)
    assert_restores(classifier, fitted(classifier, features, codes), rows, classes)


@pytest.mark.parametrize("given_as", EVERY, ids=lambda given_as: "-".join(str(v)[:12] for v in given_as.values()))
def test_arrays_that_lack_add_or_change_anything_are_refused(given_as):
    classifier = ADAPTER.validate_python(given_as)
    classes = 2 if given_as["type"] == "decision_tree" or given_as.get("svm_type") == "one_class" else 4
    features, codes, _ = random_table(3, classes=classes, levels=9)
    good = fitted(classifier, features / np.float32(9), codes).arrays()
    bad: list[dict[str, np.ndarray]] = [{}, {**good, "more": np.zeros(1)}]
    for name, array in good.items():
        bad += [{key: value for key, value in good.items() if key != name}] if name != "sigmoids" else []
        unread = name in ("impurity", "weighted_samples")  # kept of the training; no prediction looks at them
        bad += [{**good, name: changed} for changed in spoilt(array)[: 5 if unread else None]]
    for arrays in bad:
        with pytest.raises(RefusedError):
            registry.restore(classifier, arrays, features.shape[1], classes)


def spoilt(array: np.ndarray) -> list[np.ndarray]:
    """The array in other types and shapes, and with a number that is none."""
    changed = [array.astype("f2"), array.astype("O"), array[..., None], array[:0], np.concatenate([array, array[-1:]])]
    if array.dtype.kind == "f":
        for number in (np.nan, np.inf):
            one = array.copy()
            one.flat[0] = number
            changed.append(one)
    return changed


@pytest.mark.parametrize(
    ("type_", "probability", "regression", "training", "scaled"),
    [
        ("random_forest", True, True, True, False),
        ("gradient_tree_boost", True, True, True, False),
        ("cart", True, True, True, False),
        ("naive_bayes", True, False, True, False),
        ("svm", True, False, True, True),
        ("minimum_distance", False, False, True, True),
        ("decision_tree", False, False, False, False),
    ],
)
def test_sepals_table_of_capabilities(type_, probability, regression, training, scaled):
    can = registry.CAPABILITIES[type_]
    assert (can.probability, can.regression, can.training, can.scaled) == (probability, regression, training, scaled)


def test_there_is_a_module_for_every_type_of_the_recipe():
    said = ADAPTER.json_schema()["discriminator"]["mapping"]
    assert set(said) == set(registry.CAPABILITIES)


def test_what_a_classifier_cannot_give_names_those_that_can():
    bands = ("class", "class_probability", "probability_3", "regression")
    registry.require_can_give(parameters("cart"), bands)
    registry.require_can_give(parameters("minimum_distance"), ("class",))
    registry.require_can_give(parameters("svm"), bands[:3])
    with pytest.raises(InputError) as caught:
        registry.require_can_give(parameters("minimum_distance"), bands)
    trees = "random_forest, gradient_tree_boost"
    assert caught.value.problems == (
        f"output.bands: minimum_distance cannot give {bands[1]}, {bands[2]}; {trees}, cart, naive_bayes and svm can",
        "output.bands: minimum_distance cannot give regression; random_forest, gradient_tree_boost and cart can",
    )
    with pytest.raises(InputError, match="svm cannot give regression; random_forest, gradient_tree_boost and cart"):
        registry.fit_regression(parameters("svm"), np.zeros((2, 1)), np.zeros(2))
    with pytest.raises(InputError, match="svm of type one_class cannot give probabilities"):
        registry.require_can_give(parameters("svm", svm_type="one_class", one_class=1), ("probabilities",))
    with pytest.raises(RefusedError, match="a naive_bayes has not"):
        registry.restore_regression(parameters("naive_bayes"), {}, 1)


@pytest.mark.parametrize(
    ("bands", "wanted"), [(("class", "regression"), False), (("class_probability",), True), (("probability_-3",), True)]
)
def test_probabilities_are_computed_only_when_asked_for(bands, wanted):
    assert registry.wants_probabilities(bands) is wanted


# weights


def test_weights_of_rows():
    codes = np.array([0, 0, 0, 1])
    assert registry.resolve_weights(parameters("cart"), codes, [3, 7]) is None
    assert registry.resolve_weights(parameters("cart", class_weights={}), codes, [3, 7]) is None
    assert registry.resolve_weights(parameters("minimum_distance"), codes, [3, 7]) is None
    balanced = registry.resolve_weights(parameters("cart", class_weights="balanced"), codes, [3, 7])
    np.testing.assert_allclose(balanced, [4 / 6, 4 / 6, 4 / 6, 2])
    given_by_value = registry.resolve_weights(parameters("cart", class_weights={7: 2.5}), codes, [3, 7])
    np.testing.assert_array_equal(given_by_value, [1, 1, 1, 2.5])
    assert registry.resolve_weights(parameters("cart", class_weights={9: 2}), codes, [3, 7], [3, 7, 9]) is not None
    with pytest.raises(InputError, match=r"classifier\.class_weights: there is no class 9; the classes are 3, 7"):
        registry.resolve_weights(parameters("cart", class_weights={9: 2}), codes, [3, 7])


@pytest.mark.parametrize("weights", [{1: 0}, {1: -1}, {1: float("nan")}, {1: True}, {"a": 1}, {1.5: 1}, "even", 3])
def test_weights_that_are_none(weights):
    with pytest.raises(ValidationError):
        parameters("random_forest", class_weights=weights)


def test_weights_come_back_from_json():
    asked = parameters("svm", class_weights={-3: 2, 200: 0.5})
    assert ADAPTER.validate_python(asked.model_dump(mode="json", by_alias=True)) == asked


@pytest.mark.parametrize(
    "given_as",
    [
        {"type": "random_forest"}, {"type": "cart", "max_nodes": 4}, {"type": "naive_bayes"},
        {"type": "svm", "cost": 1}, {"type": "gradient_tree_boost", "number_of_trees": 5},
        {"type": "naive_bayes", "variant": "multinomial"},
    ],
)  # fmt: skip
def test_a_heavier_class_is_given_more_often(given_as):
    features, codes, rows = random_table(8, classes=3, levels=12, extra=2000)
    features, rows = features / np.float32(3), rows / np.float32(3)
    often = []
    for weight in (1, 5):
        classifier = ADAPTER.validate_python({**given_as, "class_weights": {5: weight}})
        weights = registry.resolve_weights(classifier, codes, [2, 5, 8])
        model = fitted(classifier, features, codes, weights=weights)
        often.append((model.predict(rows) == 1).sum())
    assert often[1] > often[0] * 1.1


# what does not fit


def test_codes_without_a_class_are_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="codes of 2 classes for 3"):
        fitted(parameters("cart"), np.zeros((3, 1)), np.array([0, 0, 2]))


def test_a_model_without_bands_is_refused():
    with pytest.raises(RefusedError, match="no bands"):
        registry.restore(parameters("cart"), {}, 0, 2)


def test_libraries_are_imported_when_needed():
    code = "import sys; import classify_local.classifiers.registry; print({'xgboost', 'sklearn'} & set(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "set()"
