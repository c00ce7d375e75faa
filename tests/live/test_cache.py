"""`ByteCache`: made once, bounded in bytes, failures forgotten."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify_local.live.cache import ByteCache


def test_many_who_ask_at_once_get_what_was_made_once():
    cache: ByteCache[object] = ByteCache(100, lambda value: 1)
    began, go, made = threading.Barrier(9), threading.Event(), []

    def make() -> object:
        go.wait(10)
        made.append(object())
        return made[0]

    def ask() -> object:
        began.wait(10)
        return cache.get("key", make)

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(ask) for _ in range(8)]
        began.wait(10)
        go.set()
        assert {id(each.result(10)) for each in asked} == {id(made[0])}
    assert len(made) == 1


def test_a_failure_is_told_to_all_who_wait_and_not_kept():
    cache: ByteCache[int] = ByteCache(100, lambda value: 1)
    inside, go = threading.Event(), threading.Event()

    def fail() -> int:
        inside.set()
        go.wait(10)
        raise OSError("broken")

    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(cache.get, "key", fail)
        inside.wait(10)
        assert cache.has("key")
        others = [pool.submit(cache.get, "key", lambda: 7) for _ in range(2)]
        while len(pool._threads) < 3:
            pass
        go.set()
        with pytest.raises(OSError, match="broken"):
            first.result(10)
        for each in others:  # whoever came in time hears of the failure, whoever came later makes it anew
            assert each.exception(10) is not None or each.result() == 7
    assert cache.get("key", lambda: 8) in (7, 8)
    assert cache.used == 1


def test_another_key_does_not_wait():
    cache: ByteCache[int] = ByteCache(100, lambda value: 1)
    go = threading.Event()

    def slow() -> int:
        go.wait(10)
        return 1

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(cache.get, "slow", slow)
        assert cache.get("quick", lambda: 2) == 2
        go.set()
        assert waiting.result(10) == 1


@given(st.integers(0, 40), st.lists(st.tuples(st.integers(0, 9), st.integers(0, 50), st.booleans()), max_size=60))
def test_the_bytes_kept_are_counted_and_bounded_and_the_values_used_last_stay(limit, steps):
    cache: ByteCache[bytes] = ByteCache(limit, len)
    order: dict[int, int] = {}
    for key, size, dropped in steps:
        if dropped:
            cache.drop(lambda kept, key=key: kept == key)
            order.pop(key, None)
        else:
            value = cache.get(key, lambda size=size: bytes(size))
            order.pop(key, None)
            order[key] = len(value)  # now the last one used
            while sum(order.values()) > limit:
                order.pop(next(iter(order)))
        assert cache.used == sum(order.values()) <= limit
        assert [key for key in range(10) if cache.has(key)] == sorted(order)
