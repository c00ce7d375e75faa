"""Accuracy on Statlog (Landsat), official split: `python benchmarks/statlog.py`.

Fits every classifier and variant to the first 4,435 rows (36 features: 4 MSS bands of 3 x 3 pixels, 6 classes) and
prints its accuracy on the other 2,000 beside published ones. The table is satellite.csv in the folder `statlog` of
$CLASSIFY_LOCAL_REAL_DATA, by default ../shared/data. Ends with 1 if Random Forest with 500 trees, each on as many rows
as there are, as in the published figure, has less than .905. On half the rows, SEPAL's default, it has .9035 to .909
by the seed (1 to 5); on all, .909 to .9135.
"""

from __future__ import annotations

import csv
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from classify_local.classifiers import registry
from classify_local.classifiers.scaling import resolve_scaling
from classify_local.recipe.classifiers import Classifier

TRAINING_ROWS = 4435
WANTED = 0.905
FOREST = "Random Forest, 500 trees, bag_fraction 1"
SEPAL_SVM = {"type": "svm", "kernel_type": "linear", "gamma": "auto", "cost": 1, "normalize": "min_max"}
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "Random Forest, 25 trees": ({"type": "random_forest"}, ""),
    "Random Forest, 500 trees": ({"type": "random_forest", "number_of_trees": 500}, ""),
    FOREST: (
        {"type": "random_forest", "number_of_trees": 500, "bag_fraction": 1}, "scikit-learn, 300 trees 91.1",
    ),
    "Random Forest, 500 trees, balanced": (
        {"type": "random_forest", "number_of_trees": 500, "class_weights": "balanced"}, "",
    ),
    "Gradient tree boost": ({"type": "gradient_tree_boost"}, ""),
    "Gradient tree boost, SEPAL's parameters": (
        {"type": "gradient_tree_boost", "number_of_trees": 25, "shrinkage": 0.005}, "",
    ),
    "CART": ({"type": "cart"}, "CART 86.2; scikit-learn 85.1"),
    "Naive Bayes, gaussian": ({"type": "naive_bayes"}, "Bayes 71.3"),
    "Naive Bayes, multinomial": ({"type": "naive_bayes", "variant": "multinomial"}, "Bayes 71.3"),
    "SVM, rbf": ({"type": "svm"}, "scikit-learn, rbf 90.5"),
    "SVM, rbf, margin": ({"type": "svm", "decision_procedure": "margin"}, "scikit-learn, rbf 90.5"),
    "SVM, poly": ({"type": "svm", "kernel_type": "poly"}, ""),
    "SVM, sigmoid, cost 1": ({"type": "svm", "kernel_type": "sigmoid", "cost": 1}, ""),
    "SVM, linear, SEPAL's parameters": (SEPAL_SVM, "LDA 82.9"),
    "SVM, rbf, nu 0.2": ({"type": "svm", "svm_type": "nu_svc", "nu": 0.2}, ""),
    "Minimum distance, euclidean": ({"type": "minimum_distance"}, ""),
    "Minimum distance, cosine": ({"type": "minimum_distance", "metric": "cosine"}, ""),
    "Minimum distance, mahalanobis": ({"type": "minimum_distance", "metric": "mahalanobis"}, "LDA 82.9; ML 84.5"),
    "Minimum distance, manhattan": ({"type": "minimum_distance", "metric": "manhattan"}, ""),
}  # fmt: skip


def table() -> tuple[NDArray[np.float32], NDArray[np.int64], list[str]]:
    """Features (n, 36), codes and class names."""
    beside = Path(__file__).parents[1] / ".." / "shared" / "data"
    path = Path(os.environ.get("CLASSIFY_LOCAL_REAL_DATA", beside)) / "statlog" / "satellite.csv"
    if not path.is_file():
        sys.exit(f"{path.resolve()} is missing; set CLASSIFY_LOCAL_REAL_DATA to the folder that holds statlog/")
    with path.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.reader(stream))[1:]
    names, codes = np.unique([row[-1] for row in rows], return_inverse=True)
    return np.array([row[:-1] for row in rows], dtype=np.float32), codes.astype(np.int64), names.tolist()


def accuracy(parameters: dict[str, Any], features: NDArray[np.float32], codes: NDArray[np.int64]) -> float:
    """Share of the official test rows that a classifier gets right."""
    classifier: Any = TypeAdapter(Classifier).validate_python(parameters)
    train, classes = slice(TRAINING_ROWS), list(range(int(codes.max()) + 1))
    if registry.capabilities_of(classifier).scaled:
        scaling = resolve_scaling(classifier.normalize, features[train])
        features = features if scaling is None else scaling.apply(features)
    bands = [f"b{number}" for number in range(features.shape[1])]
    weights = registry.resolve_weights(classifier, codes[train], classes)
    fitted = registry.fit(
        classifier, features[train], codes[train], bands=bands, classes=classes, probability=False, weights=weights
    )
    return float((fitted.predict(features[TRAINING_ROWS:]) == codes[TRAINING_ROWS:]).mean())


def main() -> None:
    """Print the table."""
    features, codes, _ = table()
    print(f"{'classifier':42}{'accuracy':>9}{'CPU s':>8}  published")
    found = {}
    for name, (parameters, published) in CASES.items():
        began = time.process_time()
        found[name] = accuracy(parameters, features, codes)
        print(f"{name:42}{100 * found[name]:9.2f}{time.process_time() - began:8.1f}  {published}", flush=True)
    print("also published: kNN 90.6")
    if found[FOREST] < WANTED:
        sys.exit(f"{FOREST}: {found[FOREST]:.4f} is less than {WANTED}")


if __name__ == "__main__":
    main()
