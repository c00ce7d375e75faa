"""Minimum distance beside scikit-learn's and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestCentroid

from classify_local.classifiers import minimum_distance
from classify_local.errors import InputError
from tests.classifiers.test_registry import parameters, random_table

METRICS = ("euclidean", "cosine", "mahalanobis", "manhattan")


def model_of(metric, features, codes):
    return minimum_distance.fit(parameters("minimum_distance", metric=metric), features, codes)


@pytest.mark.filterwarnings("ignore:self.within_class_std_dev_")  # which we do not need
@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), classes=st.sampled_from([2, 4, 12]), lone=st.booleans(), constant=st.booleans())
def test_euclidean_as_scikit_learn(seed, classes, lone, constant):
    features, codes, rows = random_table(seed, classes=classes, lone=lone, constant=constant)
    ours, theirs = model_of("euclidean", features, codes), NearestCentroid().fit(features.astype(float), codes)
    first, second = np.sort(ours.distances(rows), axis=1)[:, :2].T
    clear = second > first * (1 + 1e-9)
    np.testing.assert_array_equal(ours.predict(rows)[clear], theirs.predict(rows.astype(float))[clear])


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), metric=st.sampled_from(METRICS))
def test_distances_as_defined(seed, metric):
    features, codes, rows = random_table(seed, rows=200)
    values, means = features.astype(float), [features[codes == code].mean(axis=0) for code in range(4)]
    within = values - np.array(means)[codes]
    inverse = np.linalg.inv(within.T @ within / (200 - 4))
    define = {
        "euclidean": lambda x, m: np.sqrt(((x - m) ** 2).sum()),
        "manhattan": lambda x, m: np.abs(x - m).sum(),
        "cosine": lambda x, m: np.arccos(np.clip(x @ m / np.linalg.norm(x) / np.linalg.norm(m), -1, 1)),
        "mahalanobis": lambda x, m: np.sqrt((x - m) @ inverse @ (x - m)),
    }[metric]
    expected = np.array([[define(row, mean) for mean in means] for row in rows[:50].astype(float)])
    model = model_of(metric, features, codes)
    first, second = np.sort(expected, axis=1)[:, :2].T
    clear = second > first + 1e-6
    np.testing.assert_array_equal(model.predict(rows[:50])[clear], expected.argmin(axis=1)[clear])
    if metric == "mahalanobis":
        np.testing.assert_allclose(np.sqrt(model.distances(rows[:50])), expected, rtol=1e-6)


@pytest.mark.parametrize("metric", METRICS)
def test_equally_near_is_the_smallest_class(metric):
    features = np.array([[1, 0], [1, 0], [1, 0], [1, 0], [0, 1], [0, 1]], "f4")
    model = model_of(metric, features, np.array([1, 1, 0, 0, 2, 2]))
    assert model.predict(np.array([[1, 0]], "f4")) == 0
    assert model.predict(np.array([[0, 1]], "f4")) == 2
    assert model.predict(np.array([[3, 3]], "f4")) == 0


def test_zeros_have_no_angle():
    model = model_of("cosine", np.array([[0, 0], [1, 1]], "f4"), np.array([0, 1]))
    np.testing.assert_array_equal(model.predict(np.array([[0, 0], [2, 2], [-1, -1]], "f4")), [0, 1, 0])


@pytest.mark.parametrize("kind", ["lone", "constant", "copied", "within"])
def test_covariances_that_cannot_be_inverted(kind):
    features, codes, rows = random_table(5, rows=40, classes=4, lone=kind == "lone", constant=kind == "constant")
    if kind == "lone":
        features, codes = features[:4], np.arange(4)
    if kind == "copied":
        features[:, 1] = rows[:, 1] = features[:, 0][:1]
        features[:, 1], rows[:, 1] = features[:, 0], rows[:, 0]
    if kind == "within":  # a band that tells the classes apart without a doubt
        features[:, 2] = 100 * codes
    model = model_of("mahalanobis", features, codes)
    assert np.isfinite(model.distances(rows)).all()
    if kind in ("lone", "within"):
        np.testing.assert_array_equal(model.predict(features.astype("f4")), codes)


def test_mahalanobis_does_not_depend_on_the_unit_of_a_band():
    features, codes, rows = random_table(6, rows=200)
    unit = np.array([1, 1000, 1e-3, 7], "f4")
    one, other = model_of("mahalanobis", features, codes), model_of("mahalanobis", features * unit, codes)
    np.testing.assert_allclose(one.distances(rows), other.distances(rows * unit), rtol=1e-4)


@pytest.mark.parametrize("metric", METRICS)
def test_what_a_row_gets_does_not_depend_on_the_rows_beside_it(metric):
    features, codes, rows = random_table(2, bands=23, levels=5000, extra=5000)
    model = model_of(metric, features, codes)
    whole = model.distances(rows)
    for first, count in ((0, 1), (4999, 1), (17, 7), (100, 2049)):
        np.testing.assert_array_equal(model.distances(rows[first : first + count]), whole[first : first + count])


def test_no_probabilities_and_no_weights():
    features, codes, _ = random_table(2)
    asked = parameters("minimum_distance")
    for given_as in ({"probability": True}, {"weights": np.ones(len(codes))}):
        with pytest.raises(InputError, match="no probabilities and takes no weights"):
            minimum_distance.fit(asked, features, codes, **given_as)
