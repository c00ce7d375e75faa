"""What confidence is worth: beside a slow, plain computation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify_local.accuracy.confidence import HeldOutRows, above, held_out_confidence
from classify_local.accuracy.folds import assign_folds
from classify_local.accuracy.groups import Groups

ROW = st.tuples(st.sampled_from([1, 2, 5]), st.sampled_from([1, 2, 5]), st.integers(0, 100))


@given(st.lists(ROW, max_size=30), st.integers(0, 100))
def test_above_a_threshold_beside_plain_counting(rows, threshold):
    mapped, labels, percent = (np.array([row[i] for row in rows], dtype=np.int64) for i in range(3))
    held = HeldOutRows(mapped=mapped, labels=labels, percent=percent.astype(np.float64))
    (found,) = above(held, [threshold])
    chosen = [row for row in rows if row[2] >= threshold]
    wrong = [row for row in rows if row[0] != row[1]]
    assert (found.threshold, found.rows) == (threshold, len(chosen))
    assert found.share == (len(chosen) / len(rows) if rows else 0)
    right = [row for row in chosen if row[0] == row[1]]
    assert found.right == (pytest.approx(len(right) / len(chosen)) if chosen else None)
    high = [row for row in wrong if row[2] >= threshold]
    assert found.errors_held == (pytest.approx(len(high) / len(wrong)) if wrong else None)


def nearest_mean(features, labels):
    """A classifier that is sure of what is much nearer to one mean than to the others."""
    means = {value: features[labels == value].mean(axis=0) for value in sorted(set(labels.tolist()))}

    def tell(rows):
        found, shares = [], []
        for row in rows:
            weights = {value: 1 / (0.1 + float(np.abs(row - mean).sum())) for value, mean in means.items()}
            best = max(weights, key=lambda value: weights[value])
            found.append(best)
            shares.append(weights[best] / sum(weights.values()))
        return np.array(found), np.array(shares)

    return tell


@pytest.fixture
def rows():
    rng = np.random.default_rng(5)
    labels = np.repeat([1, 2, 7], [20, 15, 10])
    return rng.normal(labels[:, None], 1.5, (45, 3)).astype(np.float32), labels


def groups_of(rows: int, size: int) -> Groups:
    return Groups(codes=np.arange(rows) // size, how="groups")


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("repeats", [1, 2])
def test_held_out_rows_beside_a_plain_loop(rows, size, repeats):
    features, labels = rows
    groups = groups_of(len(labels), size)
    found = held_out_confidence(nearest_mean, features, labels, groups, k=4, repeats=repeats, seed=9)
    mapped, percent = [], []
    for repeat in range(repeats):
        told = {}
        for train, test in assign_folds(groups, labels, 4, (9, repeat)).splits():
            held = np.flatnonzero(test) if test.dtype == bool else test
            kept = np.flatnonzero(train) if train.dtype == bool else train
            assert not set(kept.tolist()) & set(held.tolist())
            for row in held.tolist():
                (value,), (share,) = nearest_mean(features[kept], labels[kept])(features[[row]])
                told[row] = int(value), round(100 * float(share))
        assert sorted(told) == list(range(len(labels)))
        mapped += [told[row][0] for row in range(len(labels))]
        percent += [told[row][1] for row in range(len(labels))]
    assert found.mapped.tolist() == mapped
    assert found.percent.tolist() == percent
    assert found.labels.tolist() == labels.tolist() * repeats
    assert found.right.tolist() == [a == b for a, b in zip(mapped, labels.tolist() * repeats, strict=True)]


def test_it_stops_when_told(rows):
    features, labels = rows

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        held_out_confidence(nearest_mean, features, labels, groups_of(45, 1), stopped=stop)


def test_the_same_seed_gives_the_same_rows(rows):
    features, labels = rows
    one, two, other = (
        held_out_confidence(nearest_mean, features, labels, groups_of(45, 1), seed=seed) for seed in (1, 1, 2)
    )
    assert one.percent.tolist() == two.percent.tolist() != other.percent.tolist()
