"""How many points each class gets: tables, sums that are exact, and largest remainders beside a plain reckoning."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify_local.errors import InputError
from classify_local.recipe.model import Sample
from classify_local.training.allocation import allocate, equal, proportional

AVAILABLE = st.dictionaries(st.integers(-5, 300), st.integers(1, 10**9), min_size=1, max_size=12)
SMALL = st.dictionaries(st.integers(0, 30), st.integers(1, 200), min_size=1, max_size=12)
TOTAL = st.integers(1, 2000)


def sample(**wish) -> Sample:
    return Sample(path="cover.tif", **wish)


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ({}, {10: 1000, 20: 1000, 80: 1000}),
        ({"per_class": {"default": 50, 80: 200}}, {10: 50, 20: 50, 80: 200}),
        ({"per_class": {80: 200}}, {10: 0, 20: 0, 80: 200}),
        ({"per_class": {"default": 50, 80: 0, 99: 7}}, {10: 50, 20: 50, 80: 0}),
        ({"total": 9}, {10: 3, 20: 3, 80: 3}),
        ({"total": 11}, {10: 4, 20: 4, 80: 3}),
        ({"total": 1000}, {10: 485, 20: 485, 80: 30}),
        ({"total": 10**9}, {10: 6000, 20: 3000, 80: 30}),
        ({"total": 903, "allocation": "proportional"}, {10: 600, 20: 300, 80: 3}),
        ({"total": 903, "allocation": "proportional", "floor": 20}, {10: 589, 20: 294, 80: 20}),
        ({"total": 903, "allocation": "proportional", "floor": 50}, {10: 582, 20: 291, 80: 30}),
        ({"total": 903, "allocation": "proportional", "floor": 301}, {10: 572, 20: 301, 80: 30}),
        ({"total": 9, "floor": 100}, {10: 3, 20: 3, 80: 3}),
    ],
)
def test_table(wish, expected):
    assert allocate(sample(**wish), {80: 30, 10: 6000, 20: 3000}, "cover.tif") == expected


@pytest.mark.parametrize(
    ("total", "available", "expected"),
    [
        # seats of three parties, as Hamilton's method is commonly explained
        (10, {1: 1500, 2: 1500, 3: 900, 4: 500, 5: 500, 6: 200}, {1: 3, 2: 3, 3: 2, 4: 1, 5: 1, 6: 0}),
        (1, {1: 5, 2: 5}, {1: 1, 2: 0}),
        (3, {7: 1, 8: 1, 9: 1}, {7: 1, 8: 1, 9: 1}),
        (2, {7: 1, 8: 1, 9: 1}, {7: 1, 8: 1, 9: 0}),
    ],
)
def test_largest_remainders(total, available, expected):
    assert proportional(total, available) == expected


@given(total=TOTAL, available=AVAILABLE)
def test_no_exchange_of_a_point_brings_shares_nearer_to_their_quotas(total, available):
    shares = proportional(total, available)
    whole = sum(available.values())
    excess = {value: share - Fraction(min(total, whole) * available[value], whole) for value, share in shares.items()}
    assert all(abs(each) < 1 for each in excess.values())
    for giver, taker in permutations(excess, 2):
        before = excess[giver] ** 2 + excess[taker] ** 2
        assert (excess[giver] - 1) ** 2 + (excess[taker] + 1) ** 2 >= before


@given(total=TOTAL, available=SMALL, floor=st.integers(0, 60))
def test_sums_are_exact_and_nothing_is_drawn_that_is_not_there(total, available, floor):
    for shares in (equal(total, available), proportional(total, available, floor)):
        assert sum(shares.values()) == min(total, sum(available.values()))
        assert all(0 <= shares[value] <= available[value] for value in available)
        assert list(shares) == sorted(available)


@given(total=TOTAL, available=SMALL)
def test_equal_shares_differ_by_one_unless_a_class_has_no_more(total, available):
    shares = equal(total, available)
    most = max(shares.values())
    for value, share in shares.items():
        assert share == available[value] or share >= most - 1


@given(total=TOTAL, available=SMALL, floor=st.integers(0, 60))
def test_a_floor_is_kept_where_the_total_allows_it(total, available, floor):
    needed = sum(min(floor, count) for count in available.values())
    wish = sample(total=total, allocation="proportional", floor=floor)
    if needed > total:
        with pytest.raises(InputError, match=r"a floor of .* needs .* raise total or lower the floor"):
            allocate(wish, available, "cover.tif")
    else:
        shares = allocate(wish, available, "cover.tif")
        assert all(shares[value] >= min(floor, available[value]) for value in available)


@given(total=TOTAL, available=SMALL)
def test_more_pixels_never_get_fewer_points(total, available):
    shares = proportional(total, available)
    by_count = sorted(available, key=lambda value: (-available[value], value))
    assert all(shares[more] >= shares[less] for more, less in pairwise(by_count))


def test_total_and_counts_exclude_each_other():
    with pytest.raises(InputError, match=r"^cover.tif: both total and per_class are given; keep one of them$"):
        allocate(sample(total=10, per_class={"default": 5}), {1: 100}, "cover.tif")
