import numpy as np
import pytest

from classify_local.classifiers import registry
from classify_local.classifiers.inference.build import compile_fitted, fastest_exact
from classify_local.classifiers.inference.protocol import LibraryPredictor, NotCompiled
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
