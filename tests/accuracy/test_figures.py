"""F1, balanced accuracy and pooling: published counts, scikit-learn, and what must hold whatever the counts."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics

from classify_local.accuracy.confusion import ErrorMatrix, error_matrix, pooled

OLOFSSON_2014 = ErrorMatrix(
    classes=(1, 2, 3, 4),
    counts=np.array([[66, 0, 5, 4], [0, 55, 8, 12], [1, 0, 153, 11], [2, 1, 9, 313]]),
)
"""Table 8, as plain counts."""

PAIRS = arrays(np.int64, st.tuples(st.just(2), st.integers(1, 60)), elements=st.integers(-3, 4))


def test_figures_of_published_counts() -> None:
    found = OLOFSSON_2014
    assert found.total == 640
    assert found.overall == pytest.approx(0.9171875)
    np.testing.assert_allclose(found.users, [0.88, 0.7333333, 0.9272727, 0.9630769], atol=1e-6)
    np.testing.assert_allclose(found.producers, [0.956522, 0.982143, 0.874286, 0.920588], atol=1e-6)
    np.testing.assert_allclose(found.f1, [0.916667, 0.839695, 0.900000, 0.941353], atol=1e-6)
    assert found.macro_f1 == pytest.approx(0.899429, abs=1e-6)
    assert found.balanced == pytest.approx(0.933385, abs=1e-6)


@given(PAIRS)
def test_figures_are_scikit_learns(pairs: np.ndarray) -> None:
    mapped, reference = pairs
    found = error_matrix(mapped, reference)
    f1 = metrics.f1_score(reference, mapped, average=None, zero_division=0)
    np.testing.assert_allclose(found.f1, f1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # classes the reference does not have, or one class in all
        assert found.balanced == pytest.approx(metrics.balanced_accuracy_score(reference, mapped))
    assert found.macro_f1 == pytest.approx(metrics.f1_score(reference, mapped, average="macro", zero_division=0))


@given(PAIRS, st.integers(-3, 4), st.integers(-3, 4))
def test_merging_two_classes_never_lowers_overall_accuracy(pairs: np.ndarray, one: int, other: int) -> None:
    before = error_matrix(*pairs)
    after = error_matrix(*np.where(pairs == one, other, pairs))
    assert after.total == before.total
    assert after.overall >= before.overall


@given(PAIRS)
def test_map_and_reference_change_places(pairs: np.ndarray) -> None:
    straight, swapped = error_matrix(pairs[0], pairs[1]), error_matrix(pairs[1], pairs[0])
    np.testing.assert_array_equal(straight.users, swapped.producers)
    np.testing.assert_array_equal(straight.f1, swapped.f1)


def test_what_has_no_denominator_is_not_a_number() -> None:
    found = error_matrix(np.array([1, 1, 3]), np.array([1, 2, 2]), classes=(1, 2, 3, 4))
    np.testing.assert_array_equal(found.users, [0.5, np.nan, 0, np.nan])
    np.testing.assert_array_equal(found.producers, [1, 0, np.nan, np.nan])
    np.testing.assert_array_equal(found.f1, [2 / 3, 0, 0, np.nan])
    assert found.balanced == 0.5
    assert found.macro_f1 == pytest.approx(2 / 9)


def test_no_points_at_all() -> None:
    empty = np.array([], dtype=np.int64)
    for found in (error_matrix(empty, empty), error_matrix(empty, empty, classes=(1, 2))):
        assert found.total == 0
        assert np.isnan([found.overall, found.balanced, found.macro_f1]).all()


def test_pooled_counts_add() -> None:
    found = pooled([OLOFSSON_2014, OLOFSSON_2014])
    np.testing.assert_array_equal(found.counts, 2 * OLOFSSON_2014.counts)
    assert found.overall == OLOFSSON_2014.overall
    assert found.to_dict()["counts"][0] == [132, 0, 10, 8]


@pytest.mark.parametrize(
    "build",
    [
        lambda: ErrorMatrix(classes=(1, 2), counts=np.zeros((3, 3), dtype=np.int64)),
        lambda: ErrorMatrix(classes=(1, 1), counts=np.zeros((2, 2), dtype=np.int64)),
        lambda: error_matrix(np.array([5]), np.array([1]), classes=(1, 2)),
        lambda: pooled([]),
        lambda: pooled([OLOFSSON_2014, error_matrix(np.array([1]), np.array([2]))]),
    ],
)
def test_half_valid_matrices_cannot_exist(build) -> None:
    with pytest.raises(ValueError, match="class"):
        build()
