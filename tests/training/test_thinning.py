"""Thinning: counts that are exact, whatever the order of the rows; evenness; distances beside all pairs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from classify_local.recipe.model import Thinning
from classify_local.training.thinning import even_ranks, thin

SIDE = 16


def scattered(seed: int, rows: int, classes: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places, half of them in a cluster and some of them the same, with classes and lines."""
    rng = np.random.default_rng(seed)
    xy = rng.integers(0, 2000, (rows, 2)).astype(float)
    xy[: rows // 2] = 1000 + rng.integers(-15, 15, (rows // 2, 2))
    return xy, rng.integers(0, classes, rows), rng.permutation(rows)


def lattice(side: int = SIDE, spacing: float = 30.0) -> np.ndarray:
    rows, cols = np.divmod(np.arange(side * side), side)
    return np.stack([500_000 + cols * spacing, 8_600_000 - rows * spacing], axis=1)


def kept_lines(xy, labels, key, **wish) -> set[int]:
    return set(key[thin(xy, labels, Thinning(**wish), key)].tolist())


WISHES = st.fixed_dictionaries(
    {},
    optional={
        "share": st.floats(0.01, 1),
        "per_class": st.integers(1, 40),
        "distance": st.floats(0.5, 300),
    },
).filter(bool)


@pytest.mark.parametrize(
    ("rows", "wish", "kept"),
    [
        (100, {"share": 0.25}, 25),
        (100, {"share": 1.0}, 100),
        (10, {"share": 0.25}, 3),
        (10, {"share": 0.24}, 2),
        (3, {"share": 0.01}, 1),
        (100, {"per_class": 7}, 7),
        (5, {"per_class": 7}, 5),
        (100, {"share": 0.5, "per_class": 7}, 7),
        (100, {"share": 0.05, "per_class": 7}, 5),
        (0, {"share": 0.5}, 0),
        (0, {"distance": 10.0}, 0),
        (1, {"distance": 10.0, "share": 0.1, "per_class": 1}, 1),
    ],
)
def test_how_many_rows_of_a_class(rows, wish, kept):
    xy, _, key = scattered(1, rows)
    assert thin(xy, np.full(rows, 4), Thinning(**wish), key).sum() == kept


def test_each_class_is_thinned_by_itself():
    xy, _, key = scattered(2, 130)
    labels = np.repeat([5, 9, 1], [100, 20, 10])
    mask = thin(xy, labels, Thinning(share=0.2), key)
    assert [mask[labels == value].sum() for value in (5, 9, 1)] == [20, 4, 2]
    alone = thin(xy[:100], labels[:100], Thinning(share=0.2), key[:100])
    np.testing.assert_array_equal(mask[:100], alone)


@given(seed=st.integers(0, 10**6), rows=st.integers(1, 120), wish=WISHES)
def test_another_order_of_the_rows_keeps_the_same_ones(seed, rows, wish):
    xy, labels, key = scattered(seed, rows)
    shuffled = np.random.default_rng(seed).permutation(rows)
    assert kept_lines(xy, labels, key, **wish) == kept_lines(xy[shuffled], labels[shuffled], key[shuffled], **wish)


@given(seed=st.integers(0, 10**6), rows=st.integers(1, 120), shares=st.lists(st.floats(0.01, 1), min_size=2))
def test_a_smaller_share_is_part_of_a_larger_one(seed, rows, shares):
    xy, labels, key = scattered(seed, rows)
    kept = [kept_lines(xy, labels, key, share=share) for share in sorted(shares)]
    assert all(fewer <= more for fewer, more in itertools.pairwise(kept))


@given(seed=st.integers(0, 10**6), rows=st.integers(1, 120))
def test_ranks_count_the_rows_of_each_class(seed, rows):
    xy, labels, key = scattered(seed, rows)
    ranks = even_ranks(xy, labels, key)
    for value in np.unique(labels):
        assert sorted(ranks[labels == value]) == list(range((labels == value).sum()))


@given(seed=st.integers(0, 10**6), rows=st.integers(1, 120), distance=st.floats(0.5, 500))
def test_kept_rows_are_apart_and_no_other_could_be_kept(seed, rows, distance):
    xy, labels, key = scattered(seed, rows)
    mask = thin(xy, labels, Thinning(distance=distance), key)
    between = cdist(xy[mask], xy[mask])
    np.fill_diagonal(between, np.inf)
    assert between.min() >= distance * (1 - 1e-6)
    if not mask.all():
        assert cdist(xy[~mask], xy[mask]).min(axis=1).max() < distance


def test_rows_of_a_lattice_are_as_far_apart_as_asked_for():
    xy = lattice(spacing=0.1 + 0.2)  # not a number of the machine
    labels = np.arange(len(xy)) % 2
    assert thin(xy, labels, Thinning(distance=0.3), np.arange(len(xy))).all()
    assert thin(xy, labels, Thinning(distance=0.31), np.arange(len(xy))).sum() < len(xy)


def test_a_rare_class_is_not_crowded_out():
    rng = np.random.default_rng(5)
    xy = rng.uniform(0, 1000, (2020, 2))
    labels = np.repeat([1, 2], [2000, 20])
    mask = thin(xy, labels, Thinning(distance=100), np.arange(2020))
    assert mask[labels == 2].sum() > 10
    assert mask[labels == 1].sum() > 10
    as_one = thin(xy, np.ones(2020, int), Thinning(distance=100), np.arange(2020))
    assert as_one[labels == 2].sum() < 5


# even over the land


def spread(ranks: np.ndarray, part: np.ndarray, parts: int) -> int:
    """Greatest difference in rows between two parts, over all lengths of a beginning of the order."""
    in_order = part[np.argsort(ranks)]
    running = np.cumsum(in_order[:, None] == np.arange(parts), axis=0)
    return int(np.ptp(running, axis=1).max())


def quarters(xy: np.ndarray, halvings: int) -> np.ndarray:
    unit = (xy - xy.min(axis=0)) / (np.ptp(xy, axis=0) + 1e-6)
    cell = (unit * 2**halvings).astype(int)
    return cell[:, 1] * 2**halvings + cell[:, 0]


@pytest.mark.parametrize("halvings", [1, 2, 3])
def test_every_beginning_covers_a_lattice_evenly(halvings):
    xy = lattice()
    ranks = even_ranks(xy, np.zeros(len(xy), int), np.arange(len(xy)))
    assert spread(ranks, quarters(xy, halvings), 4**halvings) <= 1


def test_the_check_of_evenness_can_fail():
    xy = lattice()
    assert spread(np.arange(len(xy)), quarters(xy, 1), 4) > 50
    assert spread(np.random.default_rng(1).permutation(len(xy)), quarters(xy, 1), 4) > 3


@pytest.mark.parametrize("side", [7, 10, 13, 25])
def test_other_lattices_are_covered_nearly_evenly(side):
    xy = lattice(side)
    kept = thin(xy, np.zeros(len(xy), int), Thinning(share=0.3), np.arange(len(xy)))
    part = quarters(xy, 1)
    share = np.bincount(part[kept], minlength=4) / np.bincount(part, minlength=4)
    assert np.ptp(share) < 0.15


def test_a_cluster_does_not_outweigh_the_land_around_it():
    """Half of the rows in a thousandth of the land: few of them stay."""
    rng = np.random.default_rng(3)
    xy = rng.uniform(0, 10_000, (2000, 2))
    xy[:1000] = 5000 + rng.uniform(-150, 150, (1000, 2))
    mask = thin(xy, np.ones(2000, int), Thinning(per_class=200), np.arange(2000))
    assert mask[:1000].sum() < 10


def test_kept_rows_lie_wider_than_as_many_drawn_at_random():
    rng = np.random.default_rng(4)
    xy = rng.uniform(0, 10_000, (3000, 2))
    mask = thin(xy, np.ones(3000, int), Thinning(per_class=150), np.arange(3000))

    def nearest(places: np.ndarray) -> float:
        between = cdist(places, places)
        np.fill_diagonal(between, np.inf)
        return float(np.median(between.min(axis=1)))

    random = [nearest(xy[rng.choice(3000, 150, replace=False)]) for _ in range(50)]
    assert nearest(xy[mask]) > max(random)
    assert nearest(xy[mask]) > 1.25 * np.mean(random)


def test_rows_at_one_place_come_last():
    xy = np.concatenate([np.repeat([[10.0, 10.0]], 50, axis=0), lattice(5) - lattice(5).min(axis=0)])
    mask = thin(xy, np.ones(75, int), Thinning(per_class=26), np.arange(75))
    assert mask[50:].all()
    assert np.flatnonzero(mask[:50]).tolist() == [0]


def test_rows_in_a_line_and_at_one_place():
    line = np.stack([np.arange(64.0), np.zeros(64)], axis=1)
    ranks = even_ranks(line, np.zeros(64, int), np.arange(64))
    assert spread(ranks, np.arange(64) // 16, 4) <= 2
    same = np.zeros((5, 2))
    assert even_ranks(same, np.zeros(5, int), np.array([4, 2, 0, 1, 3])).tolist() == [4, 2, 0, 1, 3]


def test_without_a_key_the_order_of_the_rows_tells_them_apart():
    assert thin(np.zeros((3, 2)), np.ones(3, int), Thinning(per_class=1)).tolist() == [True, False, False]
