"""Out-of-bag accuracy, importance on held-out groups, and the warning on bands of position."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.naive_bayes import GaussianNB

from classify_local.accuracy import importance as module
from classify_local.accuracy.groups import given_groups
from classify_local.accuracy.importance import Importance, dominance_warnings, out_of_bag, permutation_importance
from classify_local.accuracy.validation import Spread, cross_validate
from tests.accuracy.tables import bayes, separable


def fit_bayes(features, codes):
    return GaussianNB().fit(features, codes).predict


@pytest.mark.parametrize("share", [None, 0.5])
def test_out_of_bag_is_scikit_learns(share: float | None) -> None:
    features, labels, _ = separable(noise=3)
    features = features.astype(np.float32)
    forest = RandomForestClassifier(60, random_state=1, max_samples=share, oob_score=True).fit(features, labels)
    found = out_of_bag(forest, features, labels)
    assert found.unseen == 0
    assert found.matrix.overall == pytest.approx(forest.oob_score_)
    assert found.matrix.classes == (-2, 7, 10)


def test_rows_in_every_bag_are_left_out_and_counted() -> None:
    features, labels, _ = separable()
    found = out_of_bag(RandomForestClassifier(2, random_state=1).fit(features, labels), features, labels)
    assert found.unseen > 0
    assert found.unseen + found.matrix.total == len(labels)
    all_in = out_of_bag(RandomForestClassifier(2, bootstrap=False).fit(features, labels), features, labels)
    assert all_in.to_dict() == {"overall": None, "rows": 0, "rows_in_every_bag": len(labels)}


def test_the_band_that_tells_classes_apart_comes_first() -> None:
    features, labels, group = separable()
    found = permutation_importance(fit_bayes, features, labels, ("nir", "red", "noise"), given_groups(group))
    figures = found.by_band
    assert next(iter(figures)) == "nir"
    assert figures["nir"].mean > 0.3
    assert abs(figures["noise"].mean) < 0.03
    assert found.drops.shape == (6, 3)
    json.dumps(found.to_dict(), allow_nan=False)


def test_the_baseline_is_the_cross_validation() -> None:
    features, labels, group = separable(noise=2)
    groups = given_groups(group)
    found = permutation_importance(fit_bayes, features, labels, ("a", "b", "c"), groups, seed=4)
    checked = cross_validate(bayes, features, labels, groups, seed=4)
    assert found.overall == checked.overall
    again = permutation_importance(fit_bayes, features, labels, ("a", "b", "c"), groups, seed=4)
    np.testing.assert_array_equal(found.drops, again.drops)


def test_cost_is_bounded(monkeypatch) -> None:
    monkeypatch.setattr(module, "PREDICTED_ROWS", 1000)
    monkeypatch.setattr(module, "_LEAST_ROWS", 50)
    features, labels, group = separable()
    predicted = []

    def fit(train, codes):
        model = GaussianNB().fit(train, codes)
        return lambda rows: predicted.append(len(rows)) or model.predict(rows)

    found = permutation_importance(fit, features, labels, ("a", "b", "c"), given_groups(group))
    assert found.rows == 55
    assert sum(predicted) == 3 * 55 * (1 + 2 * 3)


def importance(bands, means, groups=30, sd=0.01) -> Importance:
    drops = np.array([means, means]) + np.array([[sd], [-sd]]) / np.sqrt(2)
    return Importance(
        bands=bands, drops=drops, overall=Spread(mean=0.8, sd=0.02), groups=groups, classes=5, rows=100
    )  # fmt: skip


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (importance(("latitude", "red"), [0.2, 0.1]), ["latitude is the most important band"]),
        (importance(("red", "dem_elevation"), [0.2, 0.1]), ["dem_elevation is number 2 of the bands"]),
        (importance(("Latitude", "elevation"), [0.2, 0.1]), ["Latitude is the", "elevation is number 2"]),
        (importance(("latitude", "red"), [0.2, 0.1], groups=100), []),
        (importance(("latitude", "red"), [0.005, 0.1]), []),
        (importance(("a", "b", "c", "latitude"), [0.4, 0.3, 0.2, 0.1]), []),
        (importance(("plateau", "elevated"), [0.2, 0.1]), []),
    ],
)
def test_bands_of_position_with_few_groups(found: Importance, said: list[str]) -> None:
    warnings = list(dominance_warnings(found))
    assert len(warnings) == len(said)
    assert all(warning.startswith(start) for warning, start in zip(warnings, said, strict=True))


def test_the_warning_says_the_figures() -> None:
    (said,) = dominance_warnings(importance(("elevation", "red"), [0.2, 0.1]))
    assert "accuracy falls by 20.0 points" in said
    assert "the 5 classes have only 30 groups of training data" in said
