import logging
from dataclasses import dataclass, replace

import numpy as np
import pytest

from classify_local.classifiers.inference.forest import compile_forest
from classify_local.classifiers.inference.proof import (
    compiled_or_library,
    probe_rows,
    prove,
    threshold_rows,
)
from classify_local.classifiers.inference.protocol import LibraryPredictor, NotCompiled, Shares
from classify_local.classifiers.random_forest import FittedForest
from classify_local.errors import InputError

from .tables import forest, table


@pytest.fixture(scope="module")
def case():
    features, codes = table(np.random.default_rng(1), 4, 5, 300, "float32")
    model, arrays = forest(features, codes, min_samples_leaf=2)
    library = LibraryPredictor(FittedForest(estimator=model), 4, 5)
    rows = np.concatenate([probe_rows(features, 500), threshold_rows(arrays, features, 500)])
    return features, arrays, library, rows


def moved(arrays, by):
    """The forest with one threshold after the other moved by one step."""
    threshold = arrays.threshold.copy()
    inner = arrays.left >= 0
    threshold[inner] = np.nextafter(threshold[inner].astype(np.float32), np.float32(by)).astype(np.float64)
    return replace(arrays, threshold=threshold)


def test_a_forest_is_proved(case):
    _, arrays, library, rows = case
    proof = prove(compile_forest(arrays, 4), library, rows)
    assert proof.holds
    assert (proof.rows, proof.other_classes, proof.largest_difference) == (1000, 0, 0.0)


@pytest.mark.parametrize("by", [-np.inf, np.inf])
def test_thresholds_that_are_off_by_one_float_are_found(case, by):
    _, arrays, library, rows = case
    assert not prove(compile_forest(moved(arrays, by), 4), library, rows).holds


@dataclass
class Off:
    """The library, with something added to the share of one class."""

    library: LibraryPredictor
    by: float

    def shares(self, features):
        values = self.library.shares(features).values
        values[0] += self.by
        return Shares(values=values, whole=1.0)


@pytest.mark.parametrize(("by", "holds"), [(0.0, True), (1e-8, True), (1e-6, False), (np.nan, False)])
def test_differences_within_the_tolerance(case, by, holds):
    _, _, library, rows = case
    assert prove(Off(library, by), library, rows[500:520], tolerance=1e-7).holds is holds


def test_nothing_compared_proves_nothing(case):
    _, arrays, library, rows = case
    assert not prove(compile_forest(arrays, 4), library, rows[:0]).holds


def test_another_number_of_classes(case):
    _, arrays, library, rows = case
    narrower = replace(arrays, values=arrays.values[:, :1] * 0 + 1)
    assert not prove(compile_forest(narrower, 4), library, rows).holds


def refuses():
    raise NotCompiled("it is too large")


def breaks():
    raise RuntimeError("no")


@pytest.mark.parametrize(
    ("build", "level", "said"), [(refuses, "INFO", "it is too large"), (breaks, "WARNING", "RuntimeError: no")]
)
def test_what_cannot_be_compiled_is_left_to_the_library(case, caplog, build, level, said):
    _, _, library, rows = case
    with caplog.at_level(logging.INFO):
        assert compiled_or_library(build, library, rows) is library
    assert [record.levelname for record in caplog.records] == [level]
    assert said in caplog.text


def misnamed():
    raise InputError("there is no such walk")


def test_what_the_user_has_to_hear_is_not_caught(case):
    _, _, library, rows = case
    with pytest.raises(InputError, match="no such walk"):
        compiled_or_library(misnamed, library, rows)


def test_what_differs_is_left_to_the_library(case, caplog):
    _, arrays, library, rows = case
    assert compiled_or_library(lambda: compile_forest(moved(arrays, np.inf), 4), library, rows) is library
    assert "test pixels have another class" in caplog.text


def test_what_agrees_is_used(case, caplog):
    _, arrays, library, rows = case
    compiled = compile_forest(arrays, 4)
    assert compiled_or_library(lambda: compiled, library, rows) is compiled
    assert not caplog.records


def test_values_to_test_with_are_finite(case):
    features, arrays, _, _ = case
    wild = replace(arrays, threshold=np.full(len(arrays.threshold), 1e300))
    assert np.isfinite(threshold_rows(wild, features, 50)).all()


def test_probes_are_the_same_each_time_and_lie_around_the_samples(case):
    features = case[0]
    rows = probe_rows(features, 301)
    assert rows.shape == (301, 4)
    assert rows.dtype == np.float32
    assert np.array_equal(rows, probe_rows(features, 301))
    assert rows[:, 0].min() < features[:, 0].min()
    assert rows[:, 0].max() > features[:, 0].max()
