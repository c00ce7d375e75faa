"""Costly values: made by one thread, kept while there is room, the longest unused gone first."""

from __future__ import annotations

import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify_local.chaining.once import Once


@given(st.lists(st.integers(1, 6), max_size=40), st.integers(0, 12))
def test_it_keeps_what_a_simple_list_would(keys: list[int], room: int) -> None:
    """The value of key n takes n of the room."""
    store: Once[int] = Once(room, lambda value: value)
    kept: OrderedDict[int, int] = OrderedDict()
    for key in keys:
        made: list[int] = []
        assert store.get(key, lambda key=key, made=made: made.append(key) or key) == key
        assert bool(made) == (key not in kept)
        kept[key] = key
        kept.move_to_end(key)
        if key > room:
            del kept[key]
        while sum(kept) > room:
            kept.popitem(last=False)
        assert store.used == sum(kept) <= room


def test_threads_that_ask_at_once_get_what_one_makes() -> None:
    store: Once[list[int]] = Once(1, lambda _: 1)
    made: list[int] = []
    ready = Barrier(8)

    def make() -> list[int]:
        made.append(1)
        time.sleep(0.05)
        return [7]

    def ask(_: int) -> list[int]:
        ready.wait()
        return store.get("a", make)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(8)))
    assert made == [1]
    assert all(value is found[0] for value in found)


def test_an_error_reaches_all_who_wait_and_is_not_kept() -> None:
    store: Once[int] = Once(1, lambda _: 1)
    ready, made = Barrier(4), []

    def fail() -> int:
        made.append(1)
        time.sleep(0.1)
        raise ValueError("no")

    def ask(_: int) -> str:
        ready.wait()
        try:
            store.get("a", fail)
        except ValueError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4))) == ["no"] * 4
    assert len(made) == 1
    assert store.get("a", lambda: 5) == 5


def test_clear_forgets() -> None:
    store: Once[int] = Once(9, lambda value: value)
    store.get("a", lambda: 3)
    store.clear()
    assert store.used == 0
    assert store.get("a", lambda: 4) == 4


def test_an_error_of_one_key_is_none_of_another() -> None:
    store: Once[int] = Once(9, lambda value: value)
    with pytest.raises(ZeroDivisionError):
        store.get("a", lambda: 1 // 0)
    assert store.get("b", lambda: 2) == 2
