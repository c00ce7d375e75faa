"""Random Forest behind the common interface, and its regression, beside scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from classify_local.classifiers import random_forest
from classify_local.errors import InputError, RefusedError
from tests.classifiers.test_registry import parameters, random_table, spoilt


@settings(max_examples=15)
@given(seed=st.integers(0, 2**32 - 1), classes=st.sampled_from([2, 5, 12]), lone=st.booleans(), balanced=st.booleans())
def test_as_scikit_learn(seed, classes, lone, balanced):
    features, codes, rows = random_table(seed, classes=classes, levels=9, lone=lone)
    weights = (len(codes) / (classes * np.bincount(codes)))[codes] if balanced else None
    ours = random_forest.fit(parameters("random_forest", number_of_trees=6, seed=3), features, codes, weights=weights)
    theirs = RandomForestClassifier(6, max_samples=0.5, random_state=3).fit(features, codes, sample_weight=weights)
    np.testing.assert_array_equal(ours.predict_proba(rows), theirs.predict_proba(rows))
    np.testing.assert_array_equal(ours.predict(rows), theirs.predict(rows))


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32 - 1), leaf=st.sampled_from([1, 4]), nodes=st.sampled_from([None, 5]))
def test_regression_as_scikit_learn_and_back_from_its_arrays(seed, leaf, nodes):
    features, codes, rows = random_table(seed, classes=5, constant=True)
    labels = codes * 40 - 7
    asked = parameters("random_forest", number_of_trees=5, min_leaf_population=leaf, max_nodes=nodes)
    ours = random_forest.fit_regression(asked, features, labels)
    theirs = RandomForestRegressor(
        5, max_features="sqrt", max_samples=0.5, random_state=1, min_samples_leaf=leaf, max_leaf_nodes=nodes
    ).fit(features, labels)
    np.testing.assert_array_equal(ours.predict(rows), theirs.predict(rows))
    again = random_forest.restore_regression(asked, ours.arrays(), features.shape[1])
    np.testing.assert_array_equal(again.predict(rows), ours.predict(rows))
    assert again.predict(rows).dtype == np.float64


def test_hostile_regression_arrays_are_refused():
    asked = parameters("random_forest", number_of_trees=2)
    features, codes, _ = random_table(1)
    good = random_forest.fit_regression(asked, features, codes).arrays()
    for name, array in good.items():
        if name in ("impurity", "weighted_samples"):  # not looked at by any prediction
            continue
        for changed in spoilt(array):
            with pytest.raises(RefusedError):
                random_forest.restore_regression(asked, {**good, name: changed}, features.shape[1])
    for name, value in (("left", 10**6), ("right", 0), ("feature", 4), ("feature", -1)):
        changed = good[name].copy()
        changed[0] = value
        with pytest.raises(RefusedError):
            random_forest.restore_regression(asked, {**good, name: changed}, features.shape[1])


def test_more_variables_than_bands_is_said_for_the_regression_too():
    features, codes, _ = random_table(1)
    with pytest.raises(InputError, match=r"variables_per_split: 5 of 4 bands"):
        random_forest.fit_regression(parameters("random_forest", variables_per_split=5), features, codes)


def test_a_leaf_may_be_larger_than_the_table():
    features, codes, rows = random_table(1)
    model = random_forest.fit(parameters("random_forest", min_leaf_population=2**31 - 1), features, codes)
    assert len(np.unique(model.predict_proba(rows), axis=0)) == 1
