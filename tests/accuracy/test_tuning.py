"""The search for parameters: what is tried, what is chosen, what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from classify_local.accuracy.groups import given_groups
from classify_local.accuracy.search_space import search_space
from classify_local.accuracy.tuning import resolve_first_rows, tune
from classify_local.errors import InputError
from classify_local.recipe import classifiers
from tests.accuracy.tables import separable

TYPES = {
    "random_forest": classifiers.RandomForest,
    "gradient_tree_boost": classifiers.GradientTreeBoost,
    "cart": classifiers.Cart,
    "naive_bayes": classifiers.NaiveBayes,
    "svm": classifiers.SupportVectorMachine,
    "minimum_distance": classifiers.MinimumDistance,
}


def given_parameters(kind: str, **more) -> dict:
    return TYPES[kind](type=kind, **more).model_dump(by_alias=True)


def cart(parameters):
    return DecisionTreeClassifier(
        min_samples_leaf=parameters["min_leaf_population"], max_leaf_nodes=parameters["max_nodes"], random_state=0
    )


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("bands", [1, 2, 10, 300])
def test_every_candidate_is_a_valid_classifier(kind: str, bands: int) -> None:
    given = given_parameters(kind)
    candidates = search_space(kind, given, bands)
    assert candidates[0].items() <= given.items()
    assert 3 < len(candidates) < 25
    for number, candidate in enumerate(candidates):
        TYPES[kind](**(given | candidate))
        assert candidate not in candidates[:number]
        assert (candidate.get("variables_per_split") or 1) <= bands


@pytest.mark.parametrize(
    ("more", "names"),
    [
        ({}, {"cost", "gamma"}),
        ({"kernel_type": "linear"}, {"cost"}),
        ({"svm_type": "nu_svc"}, {"nu", "gamma"}),
        ({"svm_type": "nu_svc", "kernel_type": "linear"}, {"nu"}),
    ],
)
def test_the_svms_parameters_that_matter(more: dict, names: set[str]) -> None:
    assert set(search_space("svm", given_parameters("svm", **more), 6)[0]) == names


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        ("decision_tree", {}, "decision_tree has no parameters to search"),
        ("svm", {"svm_type": "one_class", "kernel_type": "rbf"}, "an svm of the type one_class has"),
    ],
)
def test_nothing_to_search(kind: str, given: dict, said: str) -> None:
    with pytest.raises(InputError, match=said):
        search_space(kind, given, 4)


def test_a_tree_that_is_too_deep_is_cut_and_the_search_is_repeatable() -> None:
    features, labels, group = separable(noise=3)
    given = given_parameters("cart")
    found = tune(cart, "cart", given, features, labels, given_groups(group, "plots"))
    again = tune(cart, "cart", given, features, labels, given_groups(group, "plots"))
    assert found.to_dict() == again.to_dict()
    assert found.given == {"min_leaf_population": 1, "max_nodes": None}
    assert found.best["min_leaf_population"] > 1 or found.best["max_nodes"] is not None
    assert len(found.trials) == 20
    figures = {str(trial.parameters): trial.balanced.mean for trial in found.trials}
    assert figures[str(found.best)] == max(figures.values()) > figures[str(found.given)]
    assert "being the best of several, its figure flatters" in found.how
    json.dumps(found.to_dict(), allow_nan=False)


def test_larger_tables_are_halved() -> None:
    features, labels, group = separable(groups=300, points=10, noise=3)
    found = tune(cart, "cart", given_parameters("cart"), features, labels, given_groups(group))
    assert {trial.rows for trial in found.trials} == {1000, 3000}
    assert found.trials[0].rows == 3000


def test_what_the_recipe_gives_wins_a_tie() -> None:
    features, labels, group = separable(noise=0.01)
    given = given_parameters("svm", cost=55)
    found = tune(
        lambda p: SVC(C=p["cost"], gamma=p["gamma"]), "svm", given, features, labels, given_groups(group)
    )  # fmt: skip
    assert found.best == found.given == {"cost": 55, "gamma": "scale"}


def test_refused_parameters_are_passed_over() -> None:
    features, labels, group = separable()

    def make(parameters):
        if parameters["variant"] == "multinomial":
            raise InputError("the bands have negative values")
        return GaussianNB()

    given = given_parameters("naive_bayes", variant="multinomial")
    found = tune(make, "naive_bayes", given, features, labels, given_groups(group))
    assert found.best["variant"] == "gaussian"
    refused = [trial for trial in found.trials if trial.refused]
    assert len(refused) == 3
    assert refused[-1].refused == "the bands have negative values"
    assert found.to_dict()["tried"][-1]["balanced"] == {"mean": None, "sd": None}


def test_parameters_none_of_which_fit() -> None:
    def make(parameters):
        raise InputError("a band is constant")

    features, labels, group = separable()
    with pytest.raises(InputError, match="no parameters fit the training data; a band is constant"):
        tune(make, "minimum_distance", given_parameters("minimum_distance"), features, labels, given_groups(group))


@pytest.mark.parametrize(
    ("rows", "candidates", "expected"),
    [
        (50, 20, 50),
        (2999, 20, 2999),
        (3000, 20, 1000),
        (9000, 20, 1000),
        (9000, 4, 3000),
        (90_000, 20, 10_000),
    ],
)
def test_first_rows(rows: int, candidates: int, expected: int) -> None:
    assert resolve_first_rows(rows, candidates) == expected


def test_parts_without_a_class_do_not_stop_the_search() -> None:
    """Two rows of a rare class in 3,000: the first parts mostly lack it."""
    features, labels, group = separable(groups=300, points=10)
    labels = labels.copy()
    labels[[5, 2995]] = 77
    found = tune(cart, "cart", given_parameters("cart"), features, labels, given_groups(group))
    assert np.isfinite([trial.balanced.mean for trial in found.trials]).all()
