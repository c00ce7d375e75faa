"""Values that are costly to make: made once, by one thread, and kept while there is room."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

V = TypeVar("V")


class Once(Generic[V]):
    """A store of values by key. Several threads may ask; for each value one makes it while the others wait.

    Parameters
    ----------
    room
        Most that is kept, in units of `size`; what was used longest ago goes first.
    size
        Room that a value takes.
    """

    def __init__(self, room: int, size: Callable[[V], int]) -> None:
        self._room, self._size = room, size
        self._kept: OrderedDict[Hashable, V] = OrderedDict()
        self._making: dict[Hashable, Future[V]] = {}
        self._lock = Lock()
        self._used = 0

    @property
    def used(self) -> int:
        """Room that is taken."""
        return self._used

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """The value of a key, made if it is not there. An error of `make` is raised, and not kept."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            waiting = self._making.get(key)
            if waiting is None:
                made = self._making[key] = Future()
        if waiting is not None:
            return waiting.result()
        try:
            value = make()
        except BaseException as error:
            self._forget(key)
            made.set_exception(error)
            raise
        self._keep(key, value)
        made.set_result(value)
        return value

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self._used = 0

    def _forget(self, key: Hashable) -> None:
        with self._lock:
            del self._making[key]

    def _keep(self, key: Hashable, value: V) -> None:
        with self._lock:
            del self._making[key]
            if self._size(value) > self._room:
                return
            self._kept[key] = value
            self._used += self._size(value)
            while self._used > self._room:
                _, oldest = self._kept.popitem(last=False)
                self._used -= self._size(oldest)
