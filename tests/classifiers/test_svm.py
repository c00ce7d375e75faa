"""Support vector machines beside scikit-learn's, voting and margins, nu, one class, probabilities."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import SVC, NuSVC, OneClassSVM

from classify_local.classifiers import registry, svm
from classify_local.errors import InputError, RefusedError
from tests.classifiers.test_registry import fitted, parameters, random_table


def asked(**given_as):
    return parameters("svm", **{"cost": 1, **given_as})


def scaled_table(seed, **changed):
    features, codes, rows = random_table(seed, **changed)
    return features / np.float32(200), codes, rows / np.float32(200)


@pytest.mark.parametrize(
    ("given_as", "theirs"),
    [
        ({}, SVC(C=1)),
        ({"cost": 100}, SVC(C=100)),
        ({"kernel_type": "linear"}, SVC(kernel="linear")),
        ({"kernel_type": "poly", "degree": 2, "coef0": 1.5}, SVC(kernel="poly", degree=2, coef0=1.5)),
        ({"kernel_type": "sigmoid", "coef0": -1, "gamma": 0.3}, SVC(kernel="sigmoid", coef0=-1, gamma=0.3)),
        ({"gamma": "auto"}, SVC(gamma="auto")),
        ({"gamma": 2}, SVC(gamma=2)),
        ({"gamma": 0}, SVC(gamma=0.0)),
        ({"shrinking": False}, SVC(shrinking=False)),
        ({"svm_type": "nu_svc", "nu": 0.4}, NuSVC(nu=0.4)),
        ({"svm_type": "nu_svc", "nu": 0.8, "kernel_type": "linear"}, NuSVC(nu=0.8, kernel="linear")),
    ],
)
@pytest.mark.parametrize("classes", [2, 5])
def test_as_scikit_learn(given_as, theirs, classes):
    features, codes, rows = scaled_table(3, classes=classes)
    model = svm.fit(asked(**given_as), features, codes)
    expected = theirs.fit(features.astype(float), codes).predict(rows)
    np.testing.assert_array_equal(model.predict(rows), expected)
    again = svm.restore(asked(**given_as), model.arrays(), 4, classes)
    np.testing.assert_array_equal(again.predict(rows), expected)
    np.testing.assert_array_equal(again.estimator.decision_function(rows), theirs.decision_function(rows))


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32 - 1), classes=st.sampled_from([2, 3, 12]), lone=st.booleans(), levels=st.just(5))
def test_ties_and_lone_samples_as_scikit_learn(seed, classes, lone, levels):
    features, codes, rows = random_table(seed, classes=classes, levels=levels, lone=lone, constant=True)
    theirs = SVC(C=1).fit(features, codes)
    np.testing.assert_array_equal(svm.fit(asked(), features, codes).predict(rows), theirs.predict(rows))


@pytest.mark.parametrize("classes", [2, 3, 6])
def test_votes_and_margins_from_the_pairs(classes):
    features, codes, rows = scaled_table(5, classes=classes, extra=2000)
    pairs = SVC(C=1, decision_function_shape="ovo").fit(features, codes).decision_function(rows)
    pairs = -pairs[:, None] if classes == 2 else pairs
    votes, margins = np.zeros((len(rows), classes)), np.zeros((len(rows), classes))
    for number, (one, other) in enumerate(combinations(range(classes), 2)):
        first = pairs[:, number] > 0
        votes[first, one] += 1
        votes[~first, other] += 1
        margins[:, one] += pairs[:, number]
        margins[:, other] -= pairs[:, number]
    by_votes = svm.fit(asked(), features, codes).predict(rows)
    by_margin = svm.fit(asked(decision_procedure="margin"), features, codes).predict(rows)
    np.testing.assert_array_equal(by_votes, votes.argmax(axis=1))
    np.testing.assert_array_equal(by_margin, margins.argmax(axis=1))
    assert (by_votes != by_margin).any() == (classes > 2)


# probabilities


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("weighted", [False, True])
def test_probabilities_as_scikit_learn(classes, weighted):
    features, codes, rows = scaled_table(6, classes=classes)
    weights = np.linspace(1, 2, classes)[codes] if weighted else None
    theirs = CalibratedClassifierCV(SVC(C=1), ensemble=False, cv=StratifiedKFold(5))
    theirs.fit(features.astype(float), codes, sample_weight=weights)
    model = svm.fit(asked(), features, codes, probability=True, weights=weights)
    np.testing.assert_array_equal(model.predict_proba(rows), theirs.predict_proba(rows))
    again = svm.restore(asked(), model.arrays(), 4, classes)
    np.testing.assert_array_equal(again.predict_proba(rows), theirs.predict_proba(rows))


@pytest.mark.parametrize("smallest", [1, 2, 3, 9])
def test_the_class_is_the_same_with_and_without_probabilities(smallest):
    features, _, rows = scaled_table(6)
    codes = np.r_[np.zeros(smallest, int), np.ones(40, int), np.full(50 - smallest, 2)]
    plain, probable = (svm.fit(asked(), features, codes, probability=given_as) for given_as in (False, True))
    np.testing.assert_array_equal(plain.predict(rows), probable.predict(rows))
    assert not plain.gives_probabilities
    with pytest.raises(InputError, match="trained without probabilities"):
        plain.predict_proba(rows)
    shares = probable.predict_proba(rows)
    assert ((shares > 0) & (shares < 1)).all()
    assert shares.max(axis=1).min() > 1 / 3


# nu


@pytest.mark.parametrize("sizes", [(50, 40), (88, 2), (89, 1), (10, 30, 50), (5, 5, 80), (40, 25, 25)])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_largest_nu_is_the_librarys(sizes, weighted):
    features, _, _ = scaled_table(7)
    codes = np.repeat(np.arange(len(sizes)), sizes)
    weights = np.linspace(1, 3, len(sizes))[codes] if weighted else None
    weighed = np.bincount(codes, weights)
    most = min(2 * min(i, j) / (i + j) for i, j in combinations(weighed, 2))
    assert svm.largest_feasible_nu(codes, weights) == pytest.approx(most)
    with pytest.raises(ValueError, match="specified nu is infeasible"):
        NuSVC(nu=min(most * 1.001, 1.0) if most < 1 else 1.0).fit(features, codes, sample_weight=weights)
    svm.fit(asked(svm_type="nu_svc", nu=most * 0.999), features, codes, weights=weights)
    with pytest.raises(InputError, match=r"classifier\.nu: .* is not feasible .*; give at most 0\.\d+, or take c_svc"):
        svm.fit(asked(svm_type="nu_svc", nu=min(most * 1.001, 1)), features, codes, weights=weights)


def test_the_nu_that_is_named_works():
    features, _, _ = scaled_table(7)
    codes = np.repeat([0, 1, 2], (7, 30, 53))
    with pytest.raises(InputError) as caught:
        svm.fit(asked(svm_type="nu_svc"), features, codes)
    assert str(caught.value) == (
        "classifier.nu: 0.5 is not feasible where the smallest class has 7 samples and the largest 53; "
        "give at most 0.233, or take c_svc"
    )
    svm.fit(asked(svm_type="nu_svc", nu=0.233), features, codes)


def test_nu_on_parts_of_the_samples():
    features, _, rows = scaled_table(7)
    features, codes = features[:89], np.repeat([0, 1], (45, 44))
    most = svm.largest_feasible_nu(codes)
    with pytest.raises(InputError, match=r"classifier\.nu: 0\.98.* leaves no room to calibrate"):
        svm.fit(asked(svm_type="nu_svc", nu=most), features, codes, probability=True)
    model = svm.fit(asked(svm_type="nu_svc", nu=0.9), features, codes, probability=True)
    assert np.isfinite(model.predict_proba(rows)).all()


# one class


@pytest.mark.parametrize("chosen", [2, 5])
def test_one_class_knows_its_own(chosen):
    features, codes, rows = scaled_table(8, classes=2)
    code = {2: 0, 5: 1}[chosen]
    model = fitted(asked(svm_type="one_class", one_class=chosen), features, codes)
    theirs = OneClassSVM(nu=0.5).fit(features[codes == code].astype(float))
    np.testing.assert_array_equal(model.predict(rows) == code, theirs.predict(rows) == 1)
    assert (model.predict(features[codes == code]) == code).mean() == pytest.approx(0.5, abs=0.05)
    alone = features[codes == code], codes[codes == code]
    model = fitted(asked(svm_type="one_class", one_class=chosen), *alone, classes=[2, 5])
    np.testing.assert_array_equal(model.predict(rows) == code, theirs.predict(rows) == 1)


@pytest.mark.parametrize(
    ("given_as", "classes", "message"),
    [
        ({"one_class": 2}, [2, 5, 8], "needs a legend of exactly 2 classes, not 3"),
        ({}, [2, 5], r"one_class: is missing; it must be one of the legend's, 2 or 5"),
        ({"one_class": 3}, [2, 5], r"one_class: is 3; it must be"),
    ],
)
def test_one_class_needs_two_classes_and_one_of_them(given_as, classes, message):
    features, codes, _ = scaled_table(8, classes=len(classes))
    with pytest.raises(InputError, match=message):
        fitted(asked(svm_type="one_class", **given_as), features, codes, classes=classes)


def test_one_class_gives_no_probabilities_and_needs_its_samples():
    features, codes, _ = scaled_table(8, classes=2)
    one = asked(svm_type="one_class", one_class=5)
    with pytest.raises(InputError, match="gives no probabilities"):
        fitted(one, features, codes, probability=True)
    with pytest.raises(InputError, match="needs training samples"):
        fitted(one, features, codes * 0, classes=[2, 5])


# what does not work out


def test_a_kernel_without_a_finite_answer():
    features, codes, _ = random_table(1, levels=200)
    with pytest.raises(InputError, match="no finite solution; scale the bands"):
        svm.fit(asked(kernel_type="poly", degree=300, gamma=1), features, codes)


def test_a_fit_without_end(monkeypatch):
    monkeypatch.setattr(svm, "_MOST_STEPS", 5)
    features, codes, _ = random_table(1, levels=200, rows=1000)
    monkeypatch.setattr(svm, "_estimator", lambda *_: SVC(max_iter=5))
    with pytest.raises(InputError, match="not done after millions of steps"):
        svm.fit(asked(), features, codes)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("n_support", lambda a: a + 1), ("n_support", lambda a: a - a), ("n_support", lambda a: a * [-1, 1, 1]),
        ("n_support", lambda a: np.roll(a, 1) * 0 + [2**31 - 1, 1, 1]), ("support_vectors", lambda a: a[:0]),
        ("dual_coef", lambda a: a[:1]), ("intercept", lambda a: a[:2]), ("gamma", lambda a: -a - 1),
        ("sigmoids", lambda a: a[:1]), ("sigmoids", lambda a: a * np.nan),
    ],
)  # fmt: skip
def test_hostile_machines_are_refused(name, change):
    features, codes, _ = scaled_table(9, classes=3)
    arrays = svm.fit(asked(), features, codes, probability=True).arrays()
    arrays[name] = change(arrays[name]).astype(arrays[name].dtype)
    with pytest.raises(RefusedError):
        svm.restore(asked(), arrays, 4, 3)


def test_a_machine_of_one_class_has_a_class_it_knows():
    features, codes, _ = scaled_table(8, classes=2)
    one = asked(svm_type="one_class", one_class=5)
    arrays = fitted(one, features, codes).arrays()
    for known in (-1, 2):
        with pytest.raises(RefusedError):
            registry.restore(one, {**arrays, "known": np.array([known])}, 4, 2)
