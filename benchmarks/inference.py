"""How many pixels a model computes in a second of one core: `python benchmarks/inference.py [--quick]`.

For each case the library computes probabilities from rows that are ready for it, and each compiled form from bands as
a reader has them. All take turns in one process and one thread, and CPU seconds are counted, so that a busy machine
disturbs them alike: trust ratios within a line more than figures. The first turn compiles and is compared, not
counted. `--bands`, `--classes`, `--samples` and `--trees` measure a forest of that size instead of the usual cases.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import llvmlite.binding
import numpy as np
from numpy.typing import NDArray
from scenes import Landscape, SceneSpec
from sklearn.ensemble import RandomForestClassifier
from sklearn.naive_bayes import GaussianNB
from threadpoolctl import threadpool_limits
from xgboost import XGBClassifier

from classify_local.classifiers import registry
from classify_local.classifiers.forest import from_estimators
from classify_local.classifiers.inference.bayes import compile_gaussian
from classify_local.classifiers.inference.boosted import compile_booster
from classify_local.classifiers.inference.build import compile_fitted
from classify_local.classifiers.inference.forest import compile_forest
from classify_local.classifiers.inference.protocol import CompiledPredictor, Shares
from classify_local.classifiers.inference.tail import ASSIGNED, MapPixels, write_shares
from classify_local.classifiers.inference.walks import NAMES, walk_named
from classify_local.classifiers.scaling import resolve_scaling
from classify_local.recipe.classifiers import MinimumDistance, NaiveBayes, SupportVectorMachine

CHUNK = 32_768
"""Rows handed to a library at once, as the package does."""

Rows = NDArray[np.float32]
Act = Callable[[], NDArray[Any] | Shares | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is measured."""

    model: str = "forest"
    bands: int = 10
    classes: int = 12
    samples: int = 10_000
    trees: int = 25
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        trees = f", {self.trees} trees" if self.model in ("forest", "boosted") else ""
        more = "".join(f", {name}={value}" for name, value in self.options.items())
        return f"{self.model}: {self.bands} bands, {self.classes} classes, {self.samples} samples{trees}{more}"


USUAL = (
    Case(),
    Case(trees=100),
    Case(trees=500),
    Case(samples=2000),
    Case(samples=50_000),
    Case(bands=4, classes=5),
    Case(bands=30),
    Case(options={"min_samples_leaf": 5}),
    Case(trees=1),
    Case(model="boosted", trees=100),
    Case(model="boosted", trees=100, options={"max_depth": 0, "max_leaves": 64, "grow_policy": "lossguide"}),
    Case(model="boosted", trees=100, bands=4, classes=2),
    Case(model="gaussian"),
    Case(model="multinomial"),
    Case(model="euclidean"),
    Case(model="mahalanobis"),
    Case(model="svm", samples=2000),
    Case(model="tail"),
)
MODELS = ("forest", "boosted", "gaussian", "multinomial", "euclidean", "cosine", "manhattan", "mahalanobis", "svm")
EVERY = tuple(
    Case(model=model, bands=bands, samples=2000 if model == "svm" else 10_000, trees=100 if model == "boosted" else 25)
    for model in MODELS
    for bands in (4, 10, 30)
) + tuple(
    case
    for bands in (4, 10, 30)
    for case in (
        Case(trees=1, bands=bands),
        Case(model="svm", samples=2000, bands=bands, options={"probability": True}),
    )
)
SLOWER = {"svm": 32, "boosted": 2}
"""Models measured with this part of the pixels."""

QUICK = (Case(samples=2000, trees=5), Case(model="gaussian", samples=2000), Case(model="tail"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Training rows, pixels by band and the same pixels as rows."""

    features: Rows
    codes: NDArray[np.int64]
    image: NDArray[np.uint16]
    rows: Rows


def make_table(case: Case, pixels: int) -> Table:
    """A made-up landscape: training rows from all over it with 4 % wrong labels, pixels from its middle."""
    size = 1024
    strips = list(Landscape(SceneSpec(size=size, bands=case.bands, classes=case.classes)).strips())
    codes = np.concatenate([codes for _, codes, _ in strips]).ravel()
    bands = np.concatenate([bands for _, _, bands in strips], axis=1).reshape(case.bands, -1)
    rng = np.random.default_rng([case.bands, case.classes, case.samples])
    chosen = rng.choice(codes.size, case.samples, replace=False)
    labels = codes[chosen].astype(np.int64)
    wrong = rng.random(case.samples) < 0.04
    labels[wrong] = rng.integers(0, case.classes, np.count_nonzero(wrong))
    first = (codes.size - pixels) // 2
    image = np.ascontiguousarray(bands[:, first : first + pixels])
    return Table(
        features=bands[:, chosen].T.astype(np.float32),
        codes=np.unique(labels, return_inverse=True)[1],
        image=image,
        rows=np.ascontiguousarray(image.T, np.float32),
    )


def by_chunks(compute: Callable[[Rows], NDArray[Any]], rows: Rows) -> NDArray[Any]:
    """What a library gives for all rows."""
    return np.concatenate([compute(rows[first : first + CHUNK]) for first in range(0, len(rows), CHUNK)])


def contenders(case: Case, table: Table) -> dict[str, Act]:
    """The library, and each compiled form; all give probabilities of the same pixels."""
    if case.model == "forest":
        return forests(case, table)
    if case.model == "boosted":
        return boosted(case, table)
    if case.model == "tail":
        return tails(case, len(table.rows))
    if case.model == "gaussian":
        model = GaussianNB().fit(table.features.astype(np.float64), table.codes)
        compiled: CompiledPredictor = compile_gaussian(model.theta_, model.var_, model.class_prior_)
        return {
            "library": lambda: by_chunks(model.predict_proba, table.rows),
            "compiled": lambda: compiled.shares(table.image),
        }
    return packaged(case, table)


def forests(case: Case, table: Table) -> dict[str, Act]:
    """scikit-learn's forest with one job, and the walks."""
    model = RandomForestClassifier(case.trees, max_samples=0.5, random_state=1, n_jobs=1, **case.options)
    arrays = from_estimators(model.fit(table.features, table.codes).estimators_)
    return {"library": lambda: by_chunks(model.predict_proba, table.rows)} | walked(
        table, lambda walk: compile_forest(arrays, case.bands, walk)
    )


def boosted(case: Case, table: Table) -> dict[str, Act]:
    """XGBoost with one thread, and the walks."""
    options = {"max_depth": 6, "learning_rate": 0.1, "subsample": 0.7, "tree_method": "hist", **case.options}
    model = XGBClassifier(n_estimators=case.trees, n_jobs=1, verbosity=0, **options)
    booster = model.fit(table.features, table.codes).get_booster()
    text = bytes(booster.save_raw("json"))
    return {"library": lambda: by_chunks(booster.inplace_predict, table.rows)} | walked(
        table, lambda walk: compile_booster(text, walk)
    )


def walked(table: Table, build: Callable[[Any], CompiledPredictor]) -> dict[str, Act]:
    """A model of trees, walked in each way."""
    compiled = {name: build(walk_named(name)) for name in NAMES}
    return {name: lambda one=one: one.shares(table.image) for name, one in compiled.items()}  # type: ignore[misc]


def packaged(case: Case, table: Table) -> dict[str, Act]:
    """What the package itself computes with numpy, and its compiled form."""
    if case.model == "multinomial":
        classifier: Any = NaiveBayes(type="naive_bayes", variant="multinomial")
    elif case.model == "svm":
        classifier = SupportVectorMachine(type="svm")
    else:
        classifier = MinimumDistance(type="minimum_distance", metric=case.model)  # type: ignore[arg-type]
    scaled = registry.capabilities_of(classifier).scaled
    scaling = resolve_scaling("percentile", table.features) if scaled else None
    ready = table.features if scaling is None else scaling.apply(table.features)
    probability = scaling is None or bool(case.options.get("probability"))
    fitted = registry.fit(
        classifier, ready, table.codes, bands=tuple(map(str, range(case.bands))), classes=range(case.classes),
        probability=probability,
    )  # fmt: skip
    compiled = compile_fitted(classifier, fitted.arrays(), case.bands, case.classes, scaling)

    def by_library(rows: Rows) -> NDArray[Any]:
        if probability:
            return fitted.predict_proba(rows if scaling is None else scaling.apply(rows))
        return np.eye(case.classes)[fitted.predict(scaling.apply(rows))]

    return {"library": lambda: by_chunks(by_library, table.rows), "compiled": lambda: compiled.shares(table.image)}


def tails(case: Case, pixels: int) -> dict[str, Act]:
    """From votes to class and percent, step by step in numpy and in one pass."""
    votes = np.random.default_rng(0).multinomial(25, np.ones(case.classes) / case.classes, pixels).T
    shares = Shares(values=np.ascontiguousarray(votes, np.uint8), whole=25.0)
    shape, positions = (1, pixels), np.arange(pixels)

    def new() -> MapPixels:
        return MapPixels(
            class_values=np.arange(1, case.classes + 1, dtype=np.uint8), class_map=np.zeros(shape, np.uint8),
            percents=np.full((1, *shape), 255, np.uint8), percent_of=[ASSIGNED],
        )  # fmt: skip

    def step_by_step() -> NDArray[Any]:
        out, p = new(), shares.probabilities()
        assert out.class_map is not None
        best = p.argmax(axis=0)
        out.class_map[0] = out.class_values[best]
        out.percents[0, 0] = np.rint(100.0 * p[best, np.arange(pixels)]).astype(np.uint8)
        return np.stack([out.class_map[0], out.percents[0, 0]], axis=1)

    def fused() -> NDArray[Any]:
        out = new()
        write_shares(shares, positions, out)
        assert out.class_map is not None
        return np.stack([out.class_map[0], out.percents[0, 0]], axis=1)

    return {"library": step_by_step, "compiled": fused}


def probabilities(found: Any) -> NDArray[np.float64]:
    """Shape (n, classes) from what a contender gives; XGBoost gives one column for two classes."""
    values = np.asarray(found.probabilities().T if isinstance(found, Shares) else found, np.float64)
    return np.stack([1 - values, values], axis=1) if values.ndim == 1 else values


def difference(found: Any, expected: Any) -> float:
    """The largest difference of two probabilities; infinite if a class differs."""
    values, others = probabilities(found), probabilities(expected)
    if not np.array_equal(values.argmax(axis=1), others.argmax(axis=1)):
        return float("inf")
    return float(np.abs(values - others).max())


def measure(case: Case, pixels: int, rounds: int) -> dict[str, Any]:
    """Million pixels per CPU second of each contender, and how far its probabilities are from the library's."""
    acts = contenders(case, make_table(case, pixels))
    expected = acts["library"]()
    differences = {name: difference(act(), expected) for name, act in acts.items()}
    speeds: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(rounds):
        for name, act in acts.items():
            start = time.process_time()
            act()
            speeds[name].append(pixels / 1e6 / (time.process_time() - start))
    return {
        "case": asdict(case), "difference": differences,
        "median": {name: statistics.median(each) for name, each in speeds.items()},
        "best": {name: max(each) for name, each in speeds.items()},
    }  # fmt: skip


def lines(case: Case, found: dict[str, Any]) -> Iterator[str]:
    """One line for each contender."""
    yield str(case)
    for name, speed in found["median"].items():
        best, median = found["best"], found["median"]
        yield (
            f"  {name:<10} {speed:8.3f} median {best[name]:8.3f} best Mpx/CPU-s   "
            f"{speed / median['library']:6.2f}x median {best[name] / best['library']:6.2f}x best   "
            f"difference {found['difference'][name]:.1e}"
        )


def machine() -> dict[str, str]:
    """What was measured on."""
    return {
        "processor": llvmlite.binding.get_host_cpu_name(), "system": platform.platform(),
        "python": platform.python_version(), "cores": str(os.cpu_count()),
    }  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="three small cases")
    parser.add_argument("--every", action="store_true", help="every kind of model with 4, 10 and 30 bands")
    parser.add_argument("--only", help="usual cases of this model alone")
    parser.add_argument("--bands", type=int)
    parser.add_argument("--classes", type=int)
    parser.add_argument("--samples", type=int)
    parser.add_argument("--trees", type=int)
    parser.add_argument("--pixels", type=int, default=131_072)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write everything found into this file")
    options = parser.parse_args(arguments)
    sizes = {name: getattr(options, name) for name in ("bands", "classes", "samples", "trees")}
    own = {name: value for name, value in sizes.items() if value is not None}
    cases = [Case(**own)] if own else list(QUICK if options.quick else EVERY if options.every else USUAL)
    cases = [case for case in cases if options.only in (None, case.model)]
    print(json.dumps(machine()))
    results = []
    for case in cases:
        with threadpool_limits(1):
            found = measure(
                case, options.pixels // SLOWER.get(case.model, 4 if case.trees >= 200 else 1), options.rounds
            )
        results.append(found)
        print("\n".join(lines(case, found)), flush=True)
    if options.json:
        options.json.write_text(json.dumps({"machine": machine(), "results": results}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
