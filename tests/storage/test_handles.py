"""Open files that are kept: never two readers of one, never more than there may be, never one that failed."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify_local.grid import Window
from classify_local.storage import handles, rasters
from classify_local.storage.handles import Handles, resolve_most
from classify_local.storage.rasters import close_files, describe


class File:
    """Stands for an open file."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.closed = False
        self.lent = threading.Lock()

    def close(self) -> None:
        assert not self.closed, "closed twice"
        self.closed = True


class Files:
    """Opens files and remembers them."""

    def __init__(self, most: int) -> None:
        self.opened: list[File] = []
        self.handles: Handles[File] = Handles(lambda: most)

    def using(self, key: str):
        return self.handles.lent(key, lambda: self._open(key))

    def _open(self, key: str) -> File:
        self.opened.append(File(key))
        return self.opened[-1]

    @property
    def open(self) -> list[str]:
        return sorted(file.key for file in self.opened if not file.closed)


@pytest.mark.parametrize(
    ("limit", "most"),
    [(None, 256), (1024, 256), (256, 64), (20_000, 512), (1_048_576, 512), (64, 16), (2, 1), (0, 1)],
)
def test_how_many_files_stay_open(limit, most):
    assert resolve_most(limit) == most


def test_the_systems_own_limit_is_asked():
    assert 1 <= handles.most_open_files() <= 512


@given(st.lists(st.sampled_from("abcdef"), max_size=40), st.integers(1, 4))
def test_the_least_used_are_closed_first(keys, most):
    files = Files(most)
    for key in keys:
        with files.using(key) as file:
            assert file.key == key
            assert not file.closed
    recent = list(dict.fromkeys(reversed(keys)))[:most]
    assert files.open == sorted(recent)
    files.handles.close()
    assert files.open == []


def test_a_file_in_use_is_opened_again_for_another():
    files = Files(2)
    with files.using("a") as first, files.using("a") as second:
        assert first is not second
    with files.using("a") as again:
        assert again in (first, second)
    assert files.open == ["a", "a"]
    with files.using("b"):
        pass
    assert files.open == ["a", "b"]


def test_one_that_led_to_an_error_is_not_used_again():
    files = Files(2)
    with pytest.raises(ValueError, match="damaged"), files.using("a"):
        raise ValueError("damaged")
    assert files.open == []
    with files.using("a") as file:
        assert not file.closed


def test_no_two_threads_ever_hold_one_file():
    files = Files(3)

    def read(number: int) -> None:
        with files.using("abcd"[number % 4]) as file:
            assert file.lent.acquire(blocking=False), "lent to two at once"
            assert not file.closed
            file.lent.release()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(read, range(4000)))
    assert len(files.open) <= 3


def test_a_file_is_opened_once_for_all_its_readers(tmp_path, make_raster, monkeypatch):
    path = make_raster("a.tif", np.arange(100, dtype="uint8").reshape(10, 10))
    close_files()
    opened: list[Path] = []
    real = rasters._opened
    monkeypatch.setattr(rasters, "_opened", lambda path, driver: opened.append(path) or real(path, driver))
    file = describe(path)
    for row in range(9):
        with ThreadPoolExecutor(1) as pool:
            values, _ = pool.submit(file.read, [1], Window(row=row, col=0, rows=1, cols=10)).result()
        assert values[0, 0, 0] == 10 * row
    assert opened == [path]
    close_files()


def test_a_file_that_was_replaced_is_opened_anew(tmp_path, make_raster):
    one = describe(make_raster("a.tif", np.full((4, 4), 1, "uint8")))
    assert (one.read([1], one.grid.window)[0] == 1).all()
    other = describe(make_raster("a.tif", np.full((6, 4), 2, "uint8")))
    assert (other.read([1], other.grid.window)[0] == 2).all()
    close_files()
