"""Naive Bayes beside scikit-learn's, and where a library would give no number."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.naive_bayes import GaussianNB, MultinomialNB

from classify_local.classifiers import naive_bayes
from classify_local.errors import RefusedError
from tests.classifiers.test_registry import parameters, random_table

GAUSSIAN = parameters("naive_bayes")
MULTINOMIAL = parameters("naive_bayes", variant="multinomial")

tables = given(
    seed=st.integers(0, 2**32 - 1), classes=st.sampled_from([2, 5, 12]), levels=st.sampled_from([3, 200]),
    lone=st.booleans(), constant=st.booleans(), weighted=st.booleans(),
)  # fmt: skip


def weights_of(codes, weighted):
    return np.linspace(0.5, 3, codes.max() + 1)[codes] if weighted else None


@settings(max_examples=20)
@tables
def test_gaussian_as_scikit_learn(seed, classes, levels, lone, constant, weighted):
    features, codes, rows = random_table(seed, classes=classes, levels=levels, lone=lone, constant=constant)
    weights = weights_of(codes, weighted)
    ours = naive_bayes.fit(GAUSSIAN, features, codes, weights=weights)
    theirs = GaussianNB().fit(features.astype(float), codes, sample_weight=weights)
    np.testing.assert_array_equal(ours.predict_proba(rows), theirs.predict_proba(rows))
    np.testing.assert_array_equal(ours.predict(rows), theirs.predict(rows))


@settings(max_examples=20)
@tables
def test_multinomial_as_scikit_learn(seed, classes, levels, lone, constant, weighted):
    features, codes, rows = random_table(seed, classes=classes, levels=levels, lone=lone, constant=constant)
    weights = weights_of(codes, weighted)
    ours = naive_bayes.fit(MULTINOMIAL, features, codes, weights=weights)
    theirs = MultinomialNB(alpha=1e-6).fit(features, codes, sample_weight=weights)
    shares = theirs.predict_proba(np.trunc(rows))
    np.testing.assert_allclose(ours.predict_proba(rows), shares, rtol=1e-9, atol=1e-12)
    first, second = np.sort(shares, axis=1)[:, :-3:-1].T
    clear = first - second > 1e-9
    np.testing.assert_array_equal(ours.predict(rows)[clear], theirs.predict(np.trunc(rows))[clear])


def test_lambda_is_alpha():
    features, codes, rows = random_table(4, levels=5)
    ours = naive_bayes.fit(parameters("naive_bayes", **{"variant": "multinomial", "lambda": 3}), features, codes)
    theirs = MultinomialNB(alpha=3).fit(features, codes)
    np.testing.assert_allclose(ours.predict_proba(rows), theirs.predict_proba(rows), rtol=1e-9)


@pytest.mark.parametrize(
    ("value", "count"), [(2.9, 2), (0.999, 0), (-0.5, 0), (-7, 0), (0, 0), (65_535, 65_535), (1, 1)]
)
def test_what_counts(value, count):
    assert naive_bayes.counts(np.array([[value]], "f4")) == count


def test_a_pixel_without_a_positive_feature_is_of_the_most_frequent_class():
    features = np.array([[3, 0], [0, 4], [0, 5], [0, 0], [0, 0]], "f4")
    codes = np.array([0, 1, 1, 1, 2])
    model = naive_bayes.fit(MULTINOMIAL, features, codes)
    rows = np.array([[0, 0], [-4, 0.7], [9, 0]], "f4")
    np.testing.assert_array_equal(model.predict(rows), [1, 1, 0])
    np.testing.assert_allclose(model.predict_proba(rows)[:2], [[0.2, 0.6, 0.2]] * 2)


def test_bands_that_do_not_vary_leave_the_most_frequent_class():
    model = naive_bayes.fit(GAUSSIAN, np.full((5, 3), 7, "u1"), np.array([0, 1, 1, 1, 2]))
    rows = np.array([[7, 7, 7], [0, 3, 200]], "f4")
    np.testing.assert_array_equal(model.predict(rows), [1, 1])
    np.testing.assert_allclose(model.predict_proba(rows), [[0.2, 0.6, 0.2]] * 2)


def test_what_a_row_gets_does_not_depend_on_the_rows_beside_it():
    features, codes, rows = random_table(2, bands=30, levels=5000, extra=5000)
    model = naive_bayes.fit(MULTINOMIAL, features, codes)
    whole = model.predict_proba(rows)
    for first, count in ((0, 1), (4999, 1), (17, 7), (100, 2049)):
        np.testing.assert_array_equal(model.predict_proba(rows[first : first + count]), whole[first : first + count])


@pytest.mark.parametrize(
    ("asked", "name", "value"),
    [
        (GAUSSIAN, "variance", 0.0), (GAUSSIAN, "variance", -1.0), (GAUSSIAN, "prior", 0.0), (GAUSSIAN, "prior", 0.9),
        (GAUSSIAN, "mean", np.nan), (MULTINOMIAL, "log_share", 0.5), (MULTINOMIAL, "log_prior", -np.inf),
    ],
)  # fmt: skip
def test_hostile_numbers_are_refused(asked, name, value):
    features, codes, _ = random_table(1)
    arrays = naive_bayes.fit(asked, features, codes).arrays()
    arrays[name] = arrays[name].copy()
    arrays[name].flat[0] = value
    with pytest.raises(RefusedError):
        naive_bayes.restore(asked, arrays, 4, 4)


def test_arrays_of_the_other_variant_are_refused():
    features, codes, _ = random_table(1)
    with pytest.raises(RefusedError):
        naive_bayes.restore(GAUSSIAN, naive_bayes.fit(MULTINOMIAL, features, codes).arrays(), 4, 4)
