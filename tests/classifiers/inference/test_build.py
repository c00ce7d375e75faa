import numpy as np
import pytest

from classify_local.classifiers import registry
from classify_local.classifiers.inference.build import compile_fitted, fastest_exact, fastest_exact_regression
from classify_local.classifiers.inference.protocol import LibraryPredictor, LibraryRegressor, NotCompiled
from classify_local.classifiers.scaling import resolve_scaling
from classify_local.recipe.classifiers import (
    Cart,
    DecisionTree,
    GradientTreeBoost,
    MinimumDistance,
    NaiveBayes,
    RandomForest,
    SupportVectorMachine,
)

from .tables import pixels, table

BANDS = ("blue", "red", "nir")
TEXT = "1) root 9 9 1\n2) red<=120.5 9 9 1 *\n3) red>120.5 9 9 1\n6) nir<90 9 9 2 *\n7) nir>=90 9 9 3 *"
MACHINES = {
    f"{kernel} {more}": SupportVectorMachine(type="svm", kernel_type=kernel, **options)
    for kernel in ("linear", "rbf")
    for more, options in {"votes": {}, "margins": {"decision_procedure": "margin"}}.items()
}
CLASSIFIERS = {
    **MACHINES,
    "forest": RandomForest(type="random_forest", number_of_trees=5),
    "impure forest": RandomForest(type="random_forest", number_of_trees=5, min_leaf_population=5),
    "cart": Cart(type="cart"),
    "boost": GradientTreeBoost(type="gradient_tree_boost", number_of_trees=4),
    "gaussian": NaiveBayes(type="naive_bayes"),
    "multinomial": NaiveBayes(type="naive_bayes", variant="multinomial"),
    "text": DecisionTree(type="decision_tree", decision_tree=TEXT),
    **{
        metric: MinimumDistance(type="minimum_distance", metric=metric)
        for metric in ("euclidean", "manhattan", "cosine", "mahalanobis")
    },
}


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_each_classifier_has_a_compiled_form_that_is_proved(name, caplog):
    rng = np.random.default_rng(1)
    classifier = CLASSIFIERS[name]
    features, codes = table(rng, 3, 3, 300, "uint8")
    features[:, 1] = rng.integers(0, 256, 300)
    scaled = registry.capabilities_of(classifier).scaled
    scaling = resolve_scaling("percentile", features) if scaled else None
    fitted = registry.fit(
        classifier, scaling.apply(features) if scaling else features, codes,
        bands=BANDS, classes=(1, 2, 3), probability=registry.capabilities_of(classifier).probability,
    )  # fmt: skip
    found = fastest_exact(classifier, fitted, features, 3, scaling)
    assert not isinstance(found, LibraryPredictor), caplog.text
    image = pixels(rng, 3, 500, "uint8")
    image[1] = rng.integers(0, 256, 500)
    rows = image.T.astype(np.float32)
    expected = fitted.predict(scaling.apply(rows) if scaling else rows)
    assert np.array_equal(found.shares(image).assigned(), expected)


def test_a_classifier_without_compiled_form():
    with pytest.raises(NotCompiled, match="type svm"):
        compile_fitted(SupportVectorMachine(type="svm", svm_type="one_class", one_class=1), {}, 3, 2)


REGRESSIONS = {
    "forest": RandomForest(type="random_forest", number_of_trees=5),
    "cart": Cart(type="cart", min_leaf_population=3),
    **{
        loss: GradientTreeBoost(type="gradient_tree_boost", number_of_trees=4, loss=loss)
        for loss in ("least_squares", "least_absolute_deviation", "huber")
    },
}


@pytest.mark.parametrize("name", REGRESSIONS)
def test_each_regression_has_a_compiled_form_that_is_proved(name, caplog):
    rng = np.random.default_rng(2)
    features, codes = table(rng, 3, 5, 300, "uint8")
    fitted = registry.fit_regression(REGRESSIONS[name], features, codes * 10 - 7)
    found = fastest_exact_regression(REGRESSIONS[name], fitted, features)
    assert not isinstance(found, LibraryRegressor), caplog.text
    assert found.bands == 3
    image = pixels(rng, 3, 500, "uint8")
    assert np.array_equal(found.values(image), fitted.predict(image.T.astype(np.float32)))


def test_a_regression_that_differs_is_left_to_the_library(monkeypatch, caplog):
    classifier = REGRESSIONS["cart"]
    features, codes = table(np.random.default_rng(3), 3, 5, 300, "uint8")
    fitted = registry.fit_regression(classifier, features, codes)
    wrong = {**fitted.arrays(), "values": fitted.arrays()["values"] + 1e-9}
    monkeypatch.setattr(type(fitted), "arrays", lambda self: wrong)
    found = fastest_exact_regression(classifier, fitted, features)
    assert isinstance(found, LibraryRegressor)
    assert "have another value" in caplog.text
    monkeypatch.setattr("classify_local.classifiers.inference.protocol.CHUNK", 7)
    image = pixels(np.random.default_rng(4), 3, 20, "uint8")
    assert np.array_equal(found.values(image), fitted.predict(image.T.astype(np.float32)))


def test_a_tree_of_text_needs_no_samples():
    classifier = CLASSIFIERS["text"]
    none = np.empty((0, 3), np.float32)
    fitted = registry.fit(classifier, none, np.empty(0, int), bands=BANDS, classes=(1, 2, 3), probability=False)
    assert not isinstance(fastest_exact(classifier, fitted, none, 3), LibraryPredictor)


class Machine:
    """A classifier whose class is not the most probable one."""

    gives_probabilities = True

    def predict(self, rows):
        return np.zeros(len(rows), np.int64)

    def predict_proba(self, rows):
        return np.tile([0.25, 0.75], (len(rows), 1))

    def arrays(self):
        return {}


def test_the_library_keeps_a_class_of_its_own(monkeypatch):
    monkeypatch.setattr("classify_local.classifiers.inference.protocol.CHUNK", 7)
    found = fastest_exact(
        SupportVectorMachine(type="svm", svm_type="one_class"), Machine(), np.zeros((5, 3), np.float32), 2
    )
    assert isinstance(found, LibraryPredictor)
    shares = found.shares(np.zeros((3, 20), np.uint8))
    assert not shares.assigned().any()
    assert (shares.probabilities()[1] == 0.75).all()


def test_the_library_without_probabilities_votes():
    machine = Machine()
    machine.gives_probabilities = False
    shares = LibraryPredictor(machine, 3, 2).shares(np.zeros((3, 4), np.uint8))
    assert shares.values.tolist() == [[1, 1, 1, 1], [0, 0, 0, 0]]
