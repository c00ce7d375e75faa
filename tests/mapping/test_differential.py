"""Every classifier on awkward tables: the pixels of a map are what the library gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import TypeAdapter

from classify_local.classifiers import registry
from classify_local.classifiers.inference.protocol import LibraryPredictor
from classify_local.classifiers.trained import TrainedModel, train
from classify_local.legend import Legend, LegendEntry
from classify_local.mapping.block import classify_block
from classify_local.mapping.products import resolve_products
from classify_local.recipe.classifiers import Classifier
from classify_local.training.samples import TrainingSet

ADAPTER: TypeAdapter[Any] = TypeAdapter(Classifier)

CLASSIFIERS: tuple[dict[str, Any], ...] = (
    {"type": "random_forest", "number_of_trees": 10},
    {"type": "random_forest", "number_of_trees": 10, "min_leaf_population": 3, "class_weights": "balanced"},
    {"type": "cart"},
    {"type": "gradient_tree_boost", "number_of_trees": 5},
    {"type": "naive_bayes"},
    {"type": "naive_bayes", "variant": "multinomial"},
    {"type": "svm"},
    {"type": "svm", "kernel_type": "linear", "cost": 1, "normalize": "min_max"},
    {"type": "svm", "kernel_type": "poly", "decision_procedure": "margin", "coef0": 1, "cost": 1},
    {"type": "svm", "kernel_type": "sigmoid", "cost": 1, "gamma": 0.1},
    {"type": "minimum_distance"},
    {"type": "minimum_distance", "metric": "cosine", "normalize": False},
    {"type": "minimum_distance", "metric": "mahalanobis"},
    {"type": "minimum_distance", "metric": "manhattan"},
)

TABLES: dict[str, dict[str, Any]] = {
    "ties": {"levels": 3},
    "a constant band": {"constant": True},
    "classes of one row": {"lone": True},
    "float32": {"dtype": "float32"},
    "int16 with negative values": {"dtype": "int16", "shift": -100},
    "two classes": {"classes": 2},
    "40 classes": {"classes": 40, "rows": 400},
    "negative and unordered class values": {"values": (900, -7, 0, 31, -2000)},
    "300 bands": {"bands": 300, "rows": 120},
}


def table(
    *, rows: int = 150, bands: int = 5, classes: int = 5, levels: int = 200, dtype: str = "uint16", shift: int = 0,
    lone: bool = False, constant: bool = False, values: tuple[int, ...] = (),
) -> tuple[TrainingSet, NDArray[Any]]:  # fmt: skip
    """A training table, and features of a block of 40 x 50 pixels, of the same kind."""
    rng = np.random.default_rng(11)
    known = np.array(values or [10 * (code + 1) for code in range(classes)])
    codes = np.minimum(np.arange(rows), len(known) - 1) if lone else np.arange(rows) % len(known)
    features = rng.integers(0, levels, (rows, bands)) + (codes[:, None] * levels) // (2 * len(known)) + shift
    block = rng.integers(0, 2 * levels, (bands, 40, 50)) + shift
    if constant:
        features[:, 2] = block[2] = 7
    kind = np.dtype(dtype)
    made = [array / np.float32(3) if kind.kind == "f" else array for array in (features, block)]
    training = TrainingSet(
        features=made[0].astype(kind), labels=known[codes], xy=np.zeros((rows, 2)), source=np.zeros(rows, np.int64),
        group=np.full(rows, -1),
    )  # fmt: skip
    return training, made[1].astype(kind)


def legend_of(training: TrainingSet) -> Legend:
    return Legend(
        tuple(
            LegendEntry(value=value, label=f"class {value}", color=f"#{i + 1:06x}")
            for i, value in enumerate(sorted(set(training.labels.tolist())))
        )
    )


def expected(model: TrainedModel, block: NDArray[Any], asked: bool) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Class values and percents by the library, shape (n,) and (classes, n)."""
    rows = np.ascontiguousarray(block.reshape(len(block), -1).T, dtype=np.float32)
    rows = rows if model.scaling is None else model.scaling.apply(rows)
    codes = np.concatenate([model.fitted.predict(part) for part in np.array_split(rows, 3)])
    return np.array(model.classes)[codes], 100 * model.fitted.predict_proba(rows).T if asked else None


@pytest.mark.parametrize("kind", TABLES, ids=lambda kind: kind.replace(" ", "_"))
@pytest.mark.parametrize("given_as", CLASSIFIERS, ids=lambda given_as: "-".join(str(v)[:12] for v in given_as.values()))
def test_pixels_are_the_librarys(given_as: dict[str, Any], kind: str) -> None:
    classifier = ADAPTER.validate_python(given_as)
    training, block = table(**TABLES[kind])
    asked = registry.capabilities_of(classifier).probability
    legend = legend_of(training)
    bands = ("class", "probabilities") if asked else ("class",)
    model = train(classifier, training, tuple(f"b{i}" for i in range(len(block))), legend, bands)
    products = resolve_products(bands, legend)
    valid = np.random.default_rng(3).random(block.shape[1:]) > 0.1
    made = classify_block(block, valid, model, products)
    values, percents = expected(model, block, asked)
    np.testing.assert_array_equal(made["class"][0][valid], values[valid.ravel()])
    assert (made["class"][0][~valid] == products[0].nodata).all()
    if percents is not None:
        found = made["probability"][:, valid].astype(float)
        assert np.abs(found - percents[:, valid.ravel()]).max() <= 0.5 + 1e-4


@pytest.mark.parametrize("given_as", CLASSIFIERS, ids=lambda given_as: "-".join(str(v)[:12] for v in given_as.values()))
def test_the_compiled_form_is_what_runs(given_as: dict[str, Any]) -> None:
    """Otherwise the library would be compared with itself."""
    training, _ = table()
    classifier = ADAPTER.validate_python(given_as)
    model = train(classifier, training, tuple("abcde"), legend_of(training), ("class",))
    assert not isinstance(model.predictor, LibraryPredictor)
