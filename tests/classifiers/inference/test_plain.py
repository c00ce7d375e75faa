"""Without the compiler the kernels' plain forms run; they give the same, and say what the kernels do."""

import numpy as np
import pytest

from classify_local.classifiers.inference import (
    bayes,
    boosted,
    distances,
    forest,
    keys,
    leaves,
    machine,
    tail,
    walk_portable,
)
from classify_local.classifiers.inference.bayes import compile_gaussian, compile_multinomial
from classify_local.classifiers.inference.boosted import compile_booster
from classify_local.classifiers.inference.distances import compile_means
from classify_local.classifiers.inference.forest import compile_forest, compile_regression
from classify_local.classifiers.inference.machine import compile_machine
from classify_local.classifiers.inference.tail import ABSENT, ASSIGNED, MapPixels, write_shares
from classify_local.jit import Kernel

from .tables import forest as grown
from .tables import pixels, table
from .test_boosted import boosted as boost
from .test_boosted import text_of

MODULES = (bayes, boosted, distances, forest, keys, leaves, machine, tail, walk_portable)


@pytest.fixture
def plainly(monkeypatch):
    """Runs something without compiled kernels."""

    def run(act):
        with monkeypatch.context() as patch:
            for module in MODULES:
                for kernel in vars(module).values():
                    if isinstance(kernel, Kernel):
                        patch.setattr(kernel, "_run", kernel._plain)
            return act()

    return run


RNG = np.random.default_rng(1)
FEATURES, CODES = table(RNG, 4, 5, 200, "int16")
IMAGE = pixels(RNG, 4, 333, "int16")


@pytest.mark.parametrize("leaf", [1, 3])
def test_forests(plainly, leaf):
    _, trees = grown(FEATURES, CODES, min_samples_leaf=leaf, n_estimators=20)
    compiled = compile_forest(trees, 4, walk_portable.walk_portable)
    assert np.array_equal(plainly(lambda: compiled.shares(IMAGE)).values, compiled.shares(IMAGE).values)


def test_regressions(plainly):
    _, trees = grown(FEATURES, CODES, min_samples_leaf=3)
    compiled = compile_regression(trees, 4, walk_portable.walk_portable)
    assert np.array_equal(plainly(lambda: compiled.values(IMAGE)), compiled.values(IMAGE))


@pytest.mark.parametrize("classes", [2, 5])
def test_boosted(plainly, classes):
    compiled = compile_booster(text_of(boost(FEATURES, np.arange(200) % classes)), walk_portable.walk_portable)
    assert np.array_equal(plainly(lambda: compiled.margins(IMAGE)), compiled.margins(IMAGE))
    found, expected = plainly(lambda: compiled.shares(IMAGE)).values, compiled.shares(IMAGE).values
    assert np.abs(found - expected).max() < 1e-6


def test_bayes(plainly):
    rng = np.random.default_rng(0)
    mean = rng.normal(size=(5, 4)) * 1000
    for compiled in (
        compile_gaussian(mean, np.full((5, 4), 1e5), np.full(5, 0.2)),
        compile_multinomial(np.log(rng.dirichlet(np.ones(4), 5)), np.log(np.full(5, 0.2))),
    ):
        found, expected = plainly(lambda: compiled.shares(IMAGE)).values, compiled.shares(IMAGE).values  # noqa: B023
        assert np.abs(found - expected).max() < 1e-11


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "cosine", "mahalanobis"])
def test_distances(plainly, metric):
    rng = np.random.default_rng(0)
    turn = rng.normal(size=(4, 4)) if metric == "mahalanobis" else None
    compiled = compile_means(metric, rng.normal(size=(5, 4)), turn, np.full(4, -9.0), np.full(4, 9000.0))
    assert np.array_equal(plainly(lambda: compiled.shares(IMAGE)).values, compiled.shares(IMAGE).values)


@pytest.mark.parametrize("kernel", ["linear", "poly", "rbf", "sigmoid"])
@pytest.mark.parametrize("calibrated", [False, True])
def test_machines(plainly, kernel, calibrated):
    rng = np.random.default_rng(0)
    sigmoids = np.array([[-2.0, -1, -3], [0.1, 0.2, 0.3]]) if calibrated else None
    compiled = compile_machine(
        kernel, rng.random((30, 4)), rng.normal(size=(2, 30)), rng.normal(size=3), np.array([10, 12, 8]), gamma=0.5,
        coef0=0.1, low=np.full(4, -3e4), high=np.full(4, 3e4), sigmoids=sigmoids,
    )  # fmt: skip
    found, expected = plainly(lambda: compiled.shares(IMAGE)), compiled.shares(IMAGE)
    assert np.array_equal(found.assigned(), expected.assigned())
    assert np.abs(found.probabilities() - expected.probabilities()).max() < 1e-12


@pytest.mark.parametrize("leaf", [1, 3])
@pytest.mark.parametrize("own", [False, True])
def test_pixels_of_a_map(plainly, leaf, own):
    _, trees = grown(FEATURES, CODES, min_samples_leaf=leaf)
    shares = compile_forest(trees, 4).shares(IMAGE)
    codes = np.arange(333) % 5 if own else None
    shares = type(shares)(values=shares.values, whole=shares.whole, codes=codes)
    both = []
    for run in (plainly, lambda act: act()):
        out = MapPixels(
            class_values=np.array([9, 8, 7, 6, 5], np.uint8), class_map=np.zeros((20, 20), np.uint8),
            percents=np.full((3, 20, 20), 255, np.uint8), percent_of=[ASSIGNED, 3, ABSENT],
        )  # fmt: skip
        run(lambda: write_shares(shares, np.arange(20, 353), out))  # noqa: B023
        both.append(out)
    assert np.array_equal(both[0].class_map, both[1].class_map)
    assert np.array_equal(both[0].percents, both[1].percents)
