"""The error matrix beside scikit-learn's figures and published ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics

from classify_local.accuracy.confusion import ErrorMatrix, collapsed, error_matrix

values = st.sampled_from([-3, 0, 1, 7, 255, 70_000])
pairs = st.integers(1, 60).flatmap(
    lambda n: st.tuples(hnp.arrays(np.int64, n, elements=values), hnp.arrays(np.int64, n, elements=values))
)


def test_rows_are_the_map_and_columns_the_reference():
    matrix = error_matrix(np.array([1, 1, 1, 2]), np.array([1, 2, 2, 2]))
    assert matrix.classes == (1, 2)
    assert matrix.counts.tolist() == [[1, 2], [0, 1]]
    assert matrix.total == 4
    assert matrix.overall == 0.5
    assert matrix.users.tolist() == [1 / 3, 1]  # of three mapped as 1, one is it
    assert matrix.producers.tolist() == [1, 1 / 3]  # of three that are 2, one is mapped as it


@pytest.mark.filterwarnings("ignore:A single label was found")
@settings(max_examples=40)
@given(pairs)
def test_figures_are_scikit_learns(pair):
    mapped, reference = pair
    matrix = error_matrix(mapped, reference)
    classes = np.unique(pair)
    assert matrix.classes == tuple(classes.tolist())
    np.testing.assert_array_equal(matrix.counts.T, metrics.confusion_matrix(reference, mapped, labels=classes))
    assert matrix.overall == pytest.approx(metrics.accuracy_score(reference, mapped))
    options = {"labels": classes, "average": None, "zero_division": np.nan}
    np.testing.assert_allclose(matrix.users, metrics.precision_score(reference, mapped, **options))
    np.testing.assert_allclose(matrix.producers, metrics.recall_score(reference, mapped, **options))


@settings(max_examples=40)
@given(pairs, st.randoms(use_true_random=False))
def test_the_order_of_points_does_not_matter(pair, random):
    order = list(range(len(pair[0])))
    random.shuffle(order)
    np.testing.assert_array_equal(error_matrix(*pair).counts, error_matrix(pair[0][order], pair[1][order]).counts)


@given(pairs)
def test_swapping_map_and_reference_turns_the_matrix(pair):
    one, other = error_matrix(*pair), error_matrix(pair[1], pair[0])
    np.testing.assert_array_equal(one.counts, other.counts.T)
    np.testing.assert_array_equal(one.users, other.producers)


@pytest.mark.parametrize(
    ("counts", "users"),
    [
        # Olofsson et al. 2014, table 8, and 2013, examples 1 and 2: user's accuracy knows no strata
        ([[66, 0, 5, 4], [0, 55, 8, 12], [1, 0, 153, 11], [2, 1, 9, 313]], [0.88, 0.7333333, 0.9272727, 0.9630769]),
        ([[97, 0, 3], [3, 279, 18], [2, 1, 97]], [0.97, 0.93, 0.97]),
        ([[127, 66, 54], [2, 322, 17], [0, 15, 540]], [0.51417, 0.9442815, 0.972973]),
    ],
)
def test_published_users_accuracy(counts, users):
    table = np.array(counts)
    mapped, reference = np.repeat(np.stack(np.indices(table.shape)).reshape(2, -1), table.ravel(), axis=1)
    matrix = error_matrix(mapped, reference)
    np.testing.assert_array_equal(matrix.counts, table)
    np.testing.assert_allclose(matrix.users, users, atol=1e-6)
    assert matrix.overall == pytest.approx(np.trace(table) / table.sum())


def test_a_class_that_is_never_mapped_has_no_users_accuracy():
    matrix = error_matrix(np.array([1, 1]), np.array([1, 2]))
    np.testing.assert_array_equal(matrix.users, [0.5, np.nan])
    np.testing.assert_array_equal(matrix.producers, [1, 0])


def test_without_points_there_is_no_figure():
    empty = np.empty(0, np.int64)
    matrix = error_matrix(empty, empty)
    assert matrix.classes == ()
    assert matrix.total == 0
    assert np.isnan(matrix.overall)
    assert matrix.users.shape == matrix.producers.shape == (0,)


def test_counts_may_be_given_as_they_are():
    matrix = ErrorMatrix(classes=(3, 9), counts=np.array([[4, 1], [0, 5]]))
    assert (matrix.total, matrix.overall) == (10, 0.9)


@given(st.integers(0, 2**32 - 1))
def test_a_matrix_collapses_to_that_of_the_broader_classes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mapped, reference = rng.choice([3, 5, -2, 9], (2, 60))
    of = {3: 1, 5: 0, -2: 1, 9: 4}
    broad = [np.array([of[value] for value in values]) for values in (mapped, reference)]
    found = collapsed(error_matrix(mapped, reference), of)
    np.testing.assert_array_equal(found.counts, error_matrix(*broad, classes=found.classes).counts)
    assert found.total == 60
