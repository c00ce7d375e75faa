"""CART beside scikit-learn's tree."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from classify_local.classifiers import cart, random_forest
from classify_local.errors import RefusedError
from tests.classifiers.test_registry import parameters, random_table


@pytest.mark.parametrize(
    ("given_as", "taken"),
    [
        ({}, {"min_samples_leaf": 1, "max_leaf_nodes": None, "criterion": "gini", "random_state": 0}),
        ({"min_leaf_population": 5}, {"min_samples_leaf": 5}),
        ({"min_leaf_population": 10**9}, {"min_samples_leaf": 90}),
        ({"max_nodes": 3}, {"max_leaf_nodes": 3}),
    ],
)
def test_sepals_parameters_in_scikit_learn(given_as, taken):
    features, codes, _ = random_table(1)
    found = cart.fit(parameters("cart", **given_as), features, codes).estimator
    assert {name: found.get_params()[name] for name in taken} == taken
    if "max_nodes" in given_as:
        assert found.get_n_leaves() == 3


@settings(max_examples=20)
@given(
    seed=st.integers(0, 2**32 - 1), classes=st.sampled_from([2, 4, 12]), levels=st.sampled_from([2, 9, 200]),
    lone=st.booleans(), dtype=st.sampled_from(["float32", "uint16"]), leaf=st.sampled_from([1, 4]),
)  # fmt: skip
def test_as_scikit_learn(seed, classes, levels, lone, dtype, leaf):
    features, codes, rows = random_table(seed, classes=classes, levels=levels, lone=lone, dtype=dtype)
    asked = parameters("cart", min_leaf_population=leaf)
    theirs = DecisionTreeClassifier(min_samples_leaf=leaf, random_state=0).fit(features, codes)
    ours = cart.restore(asked, cart.fit(asked, features, codes).arrays(), 4, classes)
    np.testing.assert_array_equal(ours.predict_proba(rows), theirs.predict_proba(rows))
    np.testing.assert_array_equal(ours.predict(rows), theirs.predict(rows))
    regression = DecisionTreeRegressor(min_samples_leaf=leaf, random_state=0).fit(features, codes)
    ours_too = cart.restore_regression(asked, cart.fit_regression(asked, features, codes).arrays(), 4)
    np.testing.assert_array_equal(ours_too.predict(rows), regression.predict(rows))


def test_several_trees_are_no_tree():
    features, codes, _ = random_table(1)
    forest = parameters("random_forest", number_of_trees=2)
    arrays = random_forest.fit(forest, features, codes).arrays()
    with pytest.raises(RefusedError, match="of one tree holds 2"):
        cart.restore(parameters("cart"), arrays, 4, 4)
    arrays = random_forest.fit_regression(forest, features, codes).arrays()
    with pytest.raises(RefusedError, match="of one tree holds 2"):
        cart.restore_regression(parameters("cart"), arrays, 4)
