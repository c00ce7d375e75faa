import json

import numpy as np
import pytest
import xgboost

from classify_local.classifiers.inference.boosted import compile_boost, compile_booster
from classify_local.classifiers.inference.protocol import NotCompiled
from classify_local.classifiers.inference.walks import walk_named

from .tables import DTYPES, pixels, table

WALKS = ["portable", "vector", "gather"]
SHAPES = {
    "stumps": {"max_depth": 1},
    "depth 3": {"max_depth": 3},
    "depth 6": {"max_depth": 6},
    "by leaves": {"max_depth": 0, "max_leaves": 40, "grow_policy": "lossguide"},
    "cut back": {"max_depth": 5, "gamma": 3.0},
    "no splits": {"max_depth": 3, "gamma": 1e9},
}


def boosted(features, codes, **options):
    options = {"n_estimators": 6, "n_jobs": 1, "subsample": 0.8, "tree_method": "hist", "verbosity": 0, **options}
    return xgboost.XGBClassifier(**options).fit(features, codes)


def text_of(model):
    return bytes(model.get_booster().save_raw("json"))


def agree(compiled, model, features):
    rows = np.ascontiguousarray(features.T, np.float32)
    margins = model.get_booster().inplace_predict(rows, predict_type="margin")
    expected = model.predict_proba(rows).T
    found = compiled.shares(features).probabilities()
    assert np.array_equal(compiled.margins(features), margins.reshape(len(rows), -1).T)
    assert np.array_equal(found.argmax(axis=0), expected.argmax(axis=0))
    assert np.abs(found - expected).max() < 1e-6


@pytest.mark.parametrize("walk", WALKS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("classes", [2, 5])
def test_margins_are_the_librarys(walk, shape, classes):
    rng = np.random.default_rng(1)
    features, codes = table(rng, 4, classes, 400, "uint16")
    model = boosted(features, codes, **SHAPES[shape])
    compiled = compile_booster(text_of(model), walk_named(walk))
    assert (compiled.bands, compiled.classes) == (4, classes)
    agree(compiled, model, pixels(rng, 4, 700, "uint16"))


@pytest.mark.parametrize("dtype", DTYPES)
def test_values_on_thresholds_go_right(dtype):
    rng = np.random.default_rng(2)
    features, codes = table(rng, 3, 4, 300, dtype)
    model = boosted(features, codes, tree_method="exact", max_depth=7, subsample=1)
    agree(compile_booster(text_of(model)), model, pixels(rng, 3, 500, dtype))
    if dtype == "float32":
        trees = json.loads(text_of(model))["learner"]["gradient_booster"]["model"]["trees"]
        at = np.array([value for tree in trees for value in tree["split_conditions"]], np.float32)
        near = np.concatenate([at, np.nextafter(at, -np.inf), np.nextafter(at, np.inf), [0.0, -0.0]])
        agree(compile_booster(text_of(model)), model, rng.choice(near, (3, 2000)).astype(np.float32))


def test_every_number_of_pixels():
    rng = np.random.default_rng(3)
    features, codes = table(rng, 3, 3, 200, "int16")
    model = boosted(features, codes)
    compiled = compile_booster(text_of(model))
    image = pixels(rng, 3, 130, "int16")
    whole = compiled.shares(image).values
    for count in range(131):
        assert np.array_equal(compiled.shares(np.ascontiguousarray(image[:, :count])).values, whole[:, :count])


def test_arrays_without_weights_give_the_same():
    rng = np.random.default_rng(4)
    features, codes = table(rng, 3, 3, 300, "uint8")
    model = boosted(features, codes, max_depth=8)
    learner = json.loads(text_of(model))["learner"]
    trees = learner["gradient_booster"]["model"]["trees"]
    names = {"left": "left_children", "right": "right_children", "feature": "split_indices"}
    arrays = {ours: np.concatenate([np.array(tree[its], np.int32) for tree in trees]) for ours, its in names.items()}
    arrays["threshold"] = np.concatenate([np.array(tree["split_conditions"], np.float32) for tree in trees])
    arrays["offsets"] = np.cumsum([0, *(len(tree["left_children"]) for tree in trees)])
    arrays["base"] = np.array(json.loads(learner["learner_model_param"]["base_score"]), np.float32)
    agree(compile_boost(arrays, 3, 3), model, pixels(rng, 3, 300, "uint8"))


def test_one_base_score_for_all_classes():
    rng = np.random.default_rng(5)
    features, codes = table(rng, 3, 4, 200, "uint8")
    model = boosted(features, codes, base_score=0.25)
    agree(compile_booster(text_of(model)), model, pixels(rng, 3, 300, "uint8"))


def test_margins_far_apart_stay_finite():
    rng = np.random.default_rng(6)
    features, codes = table(rng, 3, 2, 200, "uint8")
    for classes in (codes, np.arange(200) % 3):
        model = boosted(features, classes, learning_rate=80.0, reg_lambda=0.0)
        agree(compile_booster(text_of(model)), model, pixels(rng, 3, 300, "uint8"))


def changed(path, value):
    rng = np.random.default_rng(7)
    description = json.loads(text_of(boosted(*table(rng, 3, 3, 100, "uint8"))))
    part = description
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = value
    return json.dumps(description)


MODEL = ("learner", "gradient_booster", "model")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("learner", "objective", "name"), "reg:squarederror", "objective reg:squarederror"),
        (("learner", "gradient_booster", "name"), "dart", "kind dart"),
        (("learner", "attributes", "best_iteration"), "3", "stopped early"),
        ((*MODEL, "trees"), [], "without trees"),
        ((*MODEL, "gbtree_model_param", "num_parallel_tree"), "2", "booster of forests"),
        ((*MODEL, "trees", 0, "split_type"), [1], "categories"),
        ((*MODEL, "trees", 0, "tree_param", "size_leaf_vector"), "3", "several values"),
    ],
)
def test_other_boosters_are_left_to_the_library(path, value, message):
    with pytest.raises(NotCompiled, match=message):
        compile_booster(changed(path, value))
