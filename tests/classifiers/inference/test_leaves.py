import numpy as np
import pytest

from classify_local.classifiers.inference import leaves
from classify_local.classifiers.inference.leaves import add_rows, add_votes, different_rows, held_classes, vote_dtype


@pytest.mark.parametrize(("trees", "dtype"), [(1, "uint8"), (255, "uint8"), (256, "uint16"), (70000, "uint32")])
def test_vote_types(trees, dtype):
    assert vote_dtype(trees) == dtype


def test_pure_leaves_hold_classes():
    held, rows = held_classes(np.eye(3)[[2, 0, 0, 1]])
    assert rows is None
    assert held.tolist() == [2, 0, 0, 1]


@pytest.mark.parametrize("impure", [[0.5, 0.5, 0], [1, 1e-300, 0], [0, 0, 0], [1 - 2**-53, 0, 0]])
def test_one_impure_leaf_is_enough_for_rows(impure):
    shares = np.array([[1.0, 0, 0], impure, [1, 0, 0]])
    held, rows = held_classes(shares)
    assert rows is not None
    assert rows.shape == (2, 4)
    assert np.array_equal(rows[held][:, :3], shares)
    assert not rows[:, 3:].any()


def test_each_different_row_is_kept_once():
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 4, (20_000, 3)) + np.array([[0, 0, 1]])
    shares = counts / counts.sum(axis=1, keepdims=True)
    held, rows = different_rows(shares)
    assert len(rows) == len(np.unique(shares, axis=0))
    assert np.array_equal(rows[held][:, :3], shares)


def test_rows_that_fall_on_one_number_stay_apart(monkeypatch):
    class Zeros:
        def integers(self, *limits, dtype):
            size = limits[2]
            return np.zeros(size, dtype)

    monkeypatch.setattr(leaves.np.random, "default_rng", lambda seed: Zeros())
    shares = np.array([[0.25, 0.75], [0.75, 0.25], [0.5, 0.5]])
    held, rows = different_rows(shares)
    assert np.array_equal(rows[held][:, :2], shares)


def test_sums_go_from_tree_to_tree():
    """Added in another order, these would differ in the last bits."""
    rng = np.random.default_rng(0)
    rows, state = rng.random((50, 16)), rng.integers(0, 50, (9, 130)).astype(np.uint32)
    sums = np.zeros((130, 16))
    add_rows(state[:4], rows, sums)
    add_rows(state[4:], rows, sums)
    expected = np.zeros((130, 16))
    for numbers in state:
        expected += rows[numbers]
    assert np.array_equal(sums, expected)


def test_padded_pixels_do_not_vote():
    votes = np.zeros((2, 3), np.uint8)
    add_votes(np.ones((4, 64), np.uint32), votes)
    assert votes.tolist() == [[0, 0, 0], [4, 4, 4]]
