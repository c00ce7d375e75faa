"""Values that are dear to make, kept as long as they fit into a number of bytes; each is made once at a time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

V = TypeVar("V")


class ByteCache(Generic[V]):
    """The values used last, of at most some bytes in all. Safe for several threads.

    Who asks for a value that somebody else is making waits for that one. A failure is told to all who wait, and
    forgotten.

    Parameters
    ----------
    limit
        Bytes kept.
    size
        Bytes of a value.
    """

    def __init__(self, limit: int, size: Callable[[V], int]) -> None:
        self._limit, self._size = limit, size
        self._kept: OrderedDict[Hashable, V] = OrderedDict()
        self._made: dict[Hashable, Future[V]] = {}
        self._lock = threading.Lock()
        self.used = 0
        """Bytes kept now."""

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """The value of a key, made if it is not kept."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            future = self._made.get(key)
            mine = future is None
            if future is None:
                future = self._made[key] = Future()
        return self._make(key, make, future) if mine else future.result()

    def has(self, key: Hashable) -> bool:
        """True if the value is kept or being made."""
        with self._lock:
            return key in self._kept or key in self._made

    def drop(self, unwanted: Callable[[Hashable], bool]) -> None:
        """Forget the values whose key is not wanted any more."""
        with self._lock:
            for key in [key for key in self._kept if unwanted(key)]:
                self.used -= self._size(self._kept.pop(key))

    def _make(self, key: Hashable, make: Callable[[], V], future: Future[V]) -> V:
        try:
            value = make()
        except BaseException as error:
            with self._lock:
                del self._made[key]
            future.set_exception(error)
            raise
        with self._lock:
            del self._made[key]
            self._kept[key] = value
            self.used += self._size(value)
            while self.used > self._limit:  # one that is too large alone is not kept either
                self.used -= self._size(self._kept.popitem(last=False)[1])
        future.set_result(value)
        return value
