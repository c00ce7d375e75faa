"""Groups and folds: tables, what must hold for any table, and scikit-learn's folds by group."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedGroupKFold

from classify_local.accuracy.folds import assign_folds, checked_classes
from classify_local.accuracy.groups import (
    BLOCKS_PER_FOLD,
    Groups,
    block_groups,
    given_groups,
    make_groups,
    resolve_block_side,
)
from classify_local.errors import InputError

tables = st.integers(2, 60).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(0, 12), min_size=n, max_size=n),
        st.lists(st.sampled_from([-1, 3, 40]), min_size=n, max_size=n),
    )
).filter(lambda table: len(set(table[0])) > 1)  # fmt: skip


@given(tables, st.integers(2, 6), st.integers(0, 5))
def test_each_row_is_held_out_once_and_no_group_is_split(table, k: int, seed: int) -> None:
    groups, labels = given_groups(np.array(table[0])), np.array(table[1])
    found = assign_folds(groups, labels, k, seed)
    tests = [test for _, test in found.splits()]
    np.testing.assert_array_equal(np.sort(np.concatenate(tests)), np.arange(len(labels)))
    assert found.k == min(k, groups.count)
    assert all(len(test) for test in tests)
    for train, test in found.splits():
        assert not set(groups.codes[train]) & set(groups.codes[test])
        missing = set(labels) - set(labels[train])
        several = {value for value in missing if len(set(groups.codes[labels == value])) > 1}
        assert several <= set(found.lost)
    again = assign_folds(groups, labels, k, seed)
    np.testing.assert_array_equal(found.fold, again.fold)


@given(tables, st.integers(2, 6), st.randoms(use_true_random=False))
def test_permuted_rows_have_permuted_folds(table, k: int, random) -> None:
    values, labels = np.array(table[0]), np.array(table[1])
    order = np.array(random.sample(range(len(values)), len(values)))
    straight = assign_folds(given_groups(values), labels, k)
    permuted = assign_folds(given_groups(values[order]), labels[order], k)
    np.testing.assert_array_equal(straight.fold[order], permuted.fold)
    assert straight.lost == permuted.lost


@given(tables, st.integers(3, 6))
def test_a_class_of_pure_groups_is_never_lost(table, k: int) -> None:
    """Where each group has one class, two groups of a class never share all folds."""
    values = np.array(table[0])
    labels = values % 3
    found = assign_folds(given_groups(values), labels, k)
    assert found.lost == ()


def test_classes_are_spread_as_evenly_as_by_scikit_learn() -> None:
    """Imbalance: standard deviation of the share of a class over folds, the mean over classes."""
    rng = np.random.default_rng(3)
    group = np.repeat(np.arange(60), rng.integers(1, 40, 60))
    labels = rng.choice(5, 60, p=[0.4, 0.3, 0.15, 0.1, 0.05])[group]

    def imbalance(fold):
        counts = np.array([[np.sum((fold == f) & (labels == c)) for f in range(5)] for c in np.unique(labels)])
        return (counts / counts.sum(axis=1, keepdims=True)).std(axis=1).mean()

    ours = np.mean([imbalance(assign_folds(given_groups(group), labels, 5, s).fold) for s in range(10)])
    blind = np.mean([imbalance(np.random.default_rng(s).permutation(60)[group] % 5) for s in range(10)])
    theirs = []
    for seed in range(3):
        fold = np.empty(len(labels), dtype=int)
        for number, (_, test) in enumerate(
            StratifiedGroupKFold(5, shuffle=True, random_state=seed).split(group, labels, group)
        ):
            fold[test] = number  # fmt: skip
        theirs.append(imbalance(fold))
    assert ours < 0.6 * blind
    assert ours < 2 * np.mean(theirs)


def test_other_seeds_give_other_folds() -> None:
    groups, labels = given_groups(np.repeat(np.arange(30), 3)), np.repeat(np.arange(30) % 4, 3)
    folds = {tuple(assign_folds(groups, labels, 5, (1, repeat)).fold) for repeat in range(5)}
    assert len(folds) == 5


def test_a_class_that_no_assignment_can_keep_is_reported() -> None:
    """Two folds; a group with classes 1 and 2, one with 2 and 3, one with 1 and 3: two must go together."""
    groups = given_groups(np.array([0, 0, 1, 1, 2, 2]))
    found = assign_folds(groups, np.array([1, 2, 2, 3, 1, 3]), 2)
    assert len(found.lost) == 1


@pytest.mark.parametrize(
    ("values", "labels", "expected"),
    [
        ([0, 1, 2, 3], [1, 1, 2, 2], ((1, 2), ())),
        ([0, 1, 2, 3, 4, 4], [1, 1, 2, 2, 5, 5], ((1, 2), (5,))),
        ([0, 0, 1, 1, 1], [1, 2, 1, 2, 3], ((1, 2), (3,))),
    ],
)
def test_checked_classes(values, labels, expected) -> None:
    assert checked_classes(np.array(labels), given_groups(np.array(values))) == expected


@pytest.mark.parametrize(
    ("values", "labels", "said"),
    [
        ([0, 0, 0], [1, 2, 2], "0 of 2 classes have training data in two or more groups"),
        ([0, 1, 2], [1, 1, 2], "1 of 2 classes"),
    ],
)
def test_too_few_groups_for_a_check(values, labels, said: str) -> None:
    with pytest.raises(InputError, match=said):
        checked_classes(np.array(labels), given_groups(np.array(values), "polygons"))


def test_folds_that_cannot_be() -> None:
    with pytest.raises(InputError, match="1 folds; give at least 2"):
        assign_folds(given_groups(np.array([0, 1])), np.array([1, 1]), 1)
    with pytest.raises(InputError, match=r"all training data are in one group \(1 polygons\)"):
        assign_folds(given_groups(np.array([4, 4]), "polygons"), np.array([1, 2]))


@pytest.mark.parametrize("codes", [[0, 2], [1, 2], [-1, 0], [[0, 1]]])
def test_groups_have_no_gaps(codes) -> None:
    with pytest.raises(ValueError, match="without gaps"):
        Groups(codes=np.array(codes), how="")


def test_given_groups_take_any_numbers() -> None:
    found = given_groups(np.array([70, -5, 70, 12]), "features")
    assert found.codes.tolist() == [2, 0, 2, 1]
    assert (found.count, found.how) == (3, "3 features")


@pytest.mark.parametrize("k", [3, 5, 10])
def test_blocks_hold_points_in_about_the_number_wanted(k: int) -> None:
    xy = np.random.default_rng(1).random((3000, 2)) * [40_000, 25_000] + [3e5, -8e6]
    found = block_groups(xy, k, unit="m")
    assert BLOCKS_PER_FOLD * k * 0.7 <= found.count <= BLOCKS_PER_FOLD * k * 1.8
    assert " m on a side, that hold points" in found.how


@given(st.integers(2, 80), st.integers(2, 6), st.integers(0, 3))
def test_a_block_is_square_and_more_than_a_point(n: int, k: int, seed: int) -> None:
    xy = np.random.default_rng(n).random((n, 2)) * 1000
    side = resolve_block_side(xy, k)
    found = block_groups(xy, k, seed)
    for group in range(found.count):
        assert (np.ptp(xy[found.codes == group], axis=0) <= side).all()
    order = np.random.default_rng(seed).permutation(n)
    np.testing.assert_array_equal(block_groups(xy[order], k, seed).codes, found.codes[order])
    if n >= 8 * k:
        assert found.count <= n / 2


def test_blocks_of_one_place_and_of_two() -> None:
    assert block_groups(np.zeros((5, 2))).count == 1
    assert block_groups(np.repeat([[0.0, 0.0], [9.0, 0.0]], 5, axis=0)).count == 2


def test_blocks_keep_distances_when_moved() -> None:
    xy = np.random.default_rng(1).random((200, 2)) * 5000
    np.testing.assert_array_equal(block_groups(xy).codes, block_groups(xy + np.array([1e5, -2e5])).codes)


def test_a_side_can_be_given() -> None:
    found = block_groups(np.array([[0.0, 0.0], [10.0, 0.0], [10_000.0, 0.0]]), side=2500, unit="m")
    assert found.how.endswith("square blocks, 2,500 m on a side, that hold points")
    assert found.codes[2] not in found.codes[:2]


def test_plain_points_beside_polygons() -> None:
    xy = np.array([[0, 0], [0, 1], [5000, 0], [0, 5000], [900, 900], [905, 905]], dtype=float)
    found = make_groups(xy, np.array([7, 7, -1, -1, 3, 3]), "polygons", unit="m")
    assert found.codes[:2].tolist() == [1, 1]
    assert found.codes[4:].tolist() == [0, 0]
    assert set(found.codes[2:4]) == {2, 3}
    assert found.how.startswith("2 polygons and 2 square blocks, ")
    assert make_groups(xy, np.full(6, -1)).how == block_groups(xy).how
    assert make_groups(xy, np.arange(6), "plots").how == "6 plots"
