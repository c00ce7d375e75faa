"""Training tables and pixels that look for differences, and the trees grown on them."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from classify_local.classifiers.forest import from_estimators

DTYPES = ("uint8", "int8", "int16", "uint16", "float32")


def limits(dtype):
    return (-3000.0, 3000.0) if dtype == "float32" else (np.iinfo(dtype).min, np.iinfo(dtype).max)


def pixels(rng, bands, count, dtype, distinct=40):
    """Values of few distinct levels, so that many lie on thresholds; some bands constant."""
    low, high = limits(dtype)
    levels = rng.uniform(low, high, (bands, distinct)).astype(dtype)
    values = np.take_along_axis(levels, rng.integers(0, distinct, (bands, count)), axis=1)
    if bands > 2:
        values[1] = levels[1, 0]
    return np.ascontiguousarray(values)


def table(rng, bands, classes, rows, dtype):
    """Features (rows, bands) as float32 and codes; the last class has one sample."""
    features = pixels(rng, bands, rows, dtype).T.astype(np.float32)
    score = features[:, 0] + features[:, -1] * rng.normal() + rng.normal(size=rows) * features[:, 0].std()
    cuts = np.quantile(score, np.linspace(0, 1, max(classes, 2))[1:-1])
    codes = np.searchsorted(cuts, score)
    codes[0] = classes - 1
    return features, np.unique(codes, return_inverse=True)[1]


def forest(features, codes, **options):
    options = {"n_estimators": 7, "random_state": 1, "n_jobs": 1, **options}
    model = RandomForestClassifier(**options).fit(features, codes)
    return model, from_estimators(model.estimators_)


def on_thresholds(trees, values):
    """Pixels (bands, n) with every other value moved onto a threshold, as float32, or one float beside it."""
    rng = np.random.default_rng(5)
    values = values.astype(np.float32).copy()
    inner = np.flatnonzero(trees.left >= 0)
    for column in range(0, values.shape[1], 2):
        node = rng.choice(inner)
        with np.errstate(over="ignore"):
            at = np.float32(trees.threshold[node])
        values[trees.feature[node], column] = rng.choice([at, np.nextafter(at, -np.inf), np.nextafter(at, np.inf)])
    return values
