"""Gradient tree boost beside XGBoost's own, and what a file's trees may be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xgboost import XGBClassifier, XGBRegressor

from classify_local.classifiers import gradient_tree_boost as boost
from classify_local.errors import RefusedError
from tests.classifiers.test_registry import parameters, random_table

FIXED = {
    "learning_rate": 0.1, "subsample": 0.7, "max_leaves": 64, "max_depth": 0, "tree_method": "hist",
    "grow_policy": "lossguide", "reg_lambda": 1, "min_child_weight": 0, "random_state": 1, "n_jobs": 1,
}  # fmt: skip


def asked(**given_as):
    return parameters("gradient_tree_boost", **{"number_of_trees": 4, **given_as})


@pytest.mark.parametrize(
    ("given_as", "taken"),
    [
        ({}, FIXED),
        ({"number_of_trees": 9}, {"n_estimators": 9}),
        ({"shrinkage": 0.5}, {"learning_rate": 0.5}),
        ({"sampling_rate": 1}, {"subsample": 1}),
        ({"max_nodes": 7}, {"max_leaves": 7}),
        ({"seed": 0}, {"random_state": 0}),
        ({"loss": "huber"}, {}),
    ],
)
@pytest.mark.parametrize("classes", [2, 4])
def test_as_xgboost(given_as, taken, classes):
    features, codes, rows = random_table(7, classes=classes)
    theirs = XGBClassifier(**{**FIXED, "n_estimators": 4, **taken}).fit(features.astype("f4"), codes)
    ours = boost.fit(asked(**given_as), features, codes)
    np.testing.assert_array_equal(ours.predict_proba(rows), theirs.predict_proba(rows).astype(float))
    np.testing.assert_array_equal(ours.predict(rows), theirs.predict(rows))


@settings(max_examples=15)
@given(seed=st.integers(0, 2**32 - 1), classes=st.sampled_from([2, 3, 12]), lone=st.booleans(), levels=st.just(3))
def test_ties_and_lone_samples_as_xgboost(seed, classes, lone, levels):
    features, codes, rows = random_table(seed, classes=classes, levels=levels, lone=lone)
    weights = np.linspace(1, 2, classes)[codes]
    model = XGBClassifier(**FIXED, n_estimators=4).fit(features.astype("f4"), codes, sample_weight=weights)
    ours = boost.fit(asked(), features, codes, weights=weights)
    np.testing.assert_array_equal(ours.predict(rows), model.predict(rows))


@pytest.mark.parametrize(
    ("loss", "objective"),
    [
        ("least_squares", "reg:squarederror"), ("least_absolute_deviation", "reg:absoluteerror"),
        ("huber", "reg:pseudohubererror"),
    ],
)  # fmt: skip
def test_regression_as_xgboost_and_back_from_its_arrays(loss, objective):
    features, codes, rows = random_table(7, constant=True)
    labels = codes * 30 - 20
    theirs = XGBRegressor(**FIXED, n_estimators=4, objective=objective).fit(features.astype("f4"), labels)
    ours = boost.fit_regression(asked(loss=loss), features, labels)
    np.testing.assert_array_equal(ours.predict(rows), theirs.predict(rows).astype(float))
    again = boost.restore_regression(asked(loss=loss), ours.arrays(), 4)
    np.testing.assert_array_equal(again.predict(rows), ours.predict(rows))


def test_the_same_table_gives_the_same_model():
    features, codes, _ = random_table(7)
    one, other = (boost.fit(asked(), features, codes).arrays() for _ in range(2))
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name])


def test_a_tree_has_as_many_leaves_as_it_may():
    features, codes, _ = random_table(7, rows=3000, classes=2)
    for given_as, most in (({}, 64), ({"max_nodes": 5}, 5), ({"max_nodes": 2**31 - 1}, 3000)):
        arrays = boost.fit(asked(number_of_trees=1, **given_as), features, codes).arrays()
        leaves = (arrays["left"] < 0).sum()
        assert leaves <= most
        assert leaves > most / 10


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [
        ("left", 0, 10**6), ("left", 0, 0), ("left", 0, -5), ("right", 0, -1), ("right", 0, 2**31 - 1),
        ("feature", 0, 4), ("feature", 0, -1), ("threshold", 0, np.nan), ("threshold", -1, np.inf),
        ("missing_left", 0, 2), ("offsets", 1, 10**9), ("offsets", 1, -1), ("offsets", 0, 1), ("base", 0, np.nan),
        ("feature", -1, 3),
    ],
)  # fmt: skip
def test_hostile_trees_are_refused(name, place, value):
    features, codes, _ = random_table(7)
    arrays = boost.fit(asked(), features, codes).arrays()
    arrays[name] = arrays[name].copy()
    arrays[name][place] = value
    with pytest.raises(RefusedError):
        boost.restore(asked(), arrays, 4, 4)


def test_trees_for_other_classes_are_refused():
    features, codes, _ = random_table(7)
    arrays = boost.fit(asked(), features, codes).arrays()
    for classes in (2, 3, 5):
        with pytest.raises(RefusedError):
            boost.restore(asked(), arrays, 4, classes)
    two = boost.fit(asked(), features, codes % 2).arrays()
    for base in (7, 0, 1, -1):
        with pytest.raises(RefusedError, match="base is no probability"):
            boost.restore(asked(), {**two, "base": np.array([base], "f4")}, 4, 2)
