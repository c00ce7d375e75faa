import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.naive_bayes import GaussianNB

from classify_local.classifiers.inference.bayes import RUN, _exponential, compile_gaussian, compile_multinomial
from classify_local.classifiers.naive_bayes import fit
from classify_local.recipe.classifiers import NaiveBayes

from .tables import pixels, table


@given(st.floats(-708, 0))
def test_exponential(x):
    assert _exponential(x) == pytest.approx(math.exp(x), rel=4e-16)


@pytest.mark.parametrize(("x", "expected"), [(0.0, 1.0), (-0.0, 1.0), (-709.0, 0.0), (-1e300, 0.0), (-math.inf, 0.0)])
def test_ends_of_the_exponential(x, expected):
    assert _exponential(x) == expected


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
@pytest.mark.parametrize("classes", [1, 2, 9])
def test_gaussian_is_the_librarys(dtype, classes):
    rng = np.random.default_rng(1)
    features, codes = table(rng, 5, classes, 300, dtype)
    features += rng.normal(size=features.shape).astype(np.float32)
    model = GaussianNB().fit(features.astype(np.float64), codes)
    compiled = compile_gaussian(model.theta_, model.var_, model.class_prior_)
    image = pixels(rng, 5, 900, dtype)
    expected = model.predict_proba(image.T.astype(np.float64)).T
    found = compiled.shares(image).probabilities()
    assert np.array_equal(found.argmax(axis=0), expected.argmax(axis=0))
    assert np.abs(found - expected).max() < 1e-9


def test_gaussian_trained_on_float32_is_near():
    rng = np.random.default_rng(2)
    features = rng.normal(1000, 50, (300, 6)).astype(np.float32)
    codes = (features[:, 0] > 1000).astype(int)
    model = GaussianNB().fit(features, codes)
    compiled = compile_gaussian(model.theta_, model.var_, model.class_prior_)
    expected = model.predict_proba(features).T
    found = compiled.shares(np.ascontiguousarray(features.T)).probabilities()
    assert np.abs(found - expected).max() < 1e-4


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_multinomial_is_the_packages(dtype):
    rng = np.random.default_rng(3)
    features, codes = table(rng, 4, 5, 300, dtype)
    model = fit(NaiveBayes(type="naive_bayes", variant="multinomial"), features, codes)
    compiled = compile_multinomial(model.log_share, model.log_prior)
    image = pixels(rng, 4, 900, dtype)
    expected = model.predict_proba(image.T.astype(np.float32)).T
    found = compiled.shares(image).probabilities()
    assert np.array_equal(found.argmax(axis=0), expected.argmax(axis=0))
    assert np.abs(found - expected).max() < 1e-12


@pytest.mark.parametrize("count", [0, 1, RUN - 1, RUN, RUN + 1, 2 * RUN + 7])
def test_numbers_of_pixels(count):
    rng = np.random.default_rng(4)
    model = compile_gaussian(rng.normal(size=(3, 2)), np.ones((3, 2)), np.full(3, 1 / 3))
    image = rng.normal(size=(2, 2 * RUN + 7)).astype(np.float32)
    found = model.shares(np.ascontiguousarray(image[:, :count])).values
    assert np.array_equal(found, model.shares(image).values[:, :count])
    assert np.allclose(found.sum(axis=0), 1)


def test_another_number_of_bands_is_refused():
    model = compile_gaussian(np.zeros((3, 2)), np.ones((3, 2)), np.full(3, 1 / 3))
    with pytest.raises(ValueError, match=r"needs \(2, n\)"):
        model.shares(np.zeros((3, 5), np.uint8))
