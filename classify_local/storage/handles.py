"""Open raster files, kept for whoever reads them next: opening one takes as long as reading a block of it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Generic, Protocol, TypeVar

resource: ModuleType | None
try:
    import resource
except ImportError:  # on Windows
    resource = None

_MOST = 512
"""GDAL's cache of blocks is one for all files, so that an open file costs little but its descriptor."""
_SHARE = 4
"""Of the descriptors a process may have, one in so many is for rasters."""
_UNLIMITED = 1024


class _Closes(Protocol):
    def close(self) -> None: ...


Handle = TypeVar("Handle", bound=_Closes)


class Handles(Generic[Handle]):
    """Open files of all threads: lent to one at a time, as GDAL's may not be shared; the least used closed first.

    Parameters
    ----------
    most
        How many may lie idle.
    """

    def __init__(self, most: Callable[[], int]) -> None:
        self._most = most
        self._idle: OrderedDict[Hashable, list[Handle]] = OrderedDict()
        self._count = 0
        self._lock = threading.Lock()

    @contextmanager
    def lent(self, key: Hashable, opened: Callable[[], Handle]) -> Iterator[Handle]:
        """An open file for the length of the block; one that led to an error is not used again.

        Parameters
        ----------
        key
            The file, and what it looked like: the handle of a file that was replaced is another's.
        opened
            Opens it.
        """
        handle = self._take(key) or opened()
        try:
            yield handle
        except BaseException:
            handle.close()
            raise
        self._give(key, handle)

    def close(self) -> None:
        """Close all that lie idle."""
        with self._lock:
            idle = [handle for handles in self._idle.values() for handle in handles]
            self._idle.clear()
            self._count = 0
        for handle in idle:
            handle.close()

    def _take(self, key: Hashable) -> Handle | None:
        with self._lock:
            handles = self._idle.get(key)
            if not handles:
                return None
            self._count -= 1
            handle = handles.pop()
            if not handles:
                del self._idle[key]
            return handle

    def _give(self, key: Hashable, handle: Handle) -> None:
        with self._lock:
            self._idle.setdefault(key, []).append(handle)
            self._idle.move_to_end(key)
            self._count += 1
            surplus = [self._oldest() for _ in range(self._count - self._most())]
        for old in surplus:
            old.close()

    def _oldest(self) -> Handle:
        key, handles = next(iter(self._idle.items()))
        self._count -= 1
        handle = handles.pop(0)
        if not handles:
            del self._idle[key]
        return handle


def resolve_most(limit: int | None) -> int:
    """How many files to keep open where a process may have `limit` descriptors; None if nobody says."""
    return max(1, min(_MOST, (_UNLIMITED if limit is None else limit) // _SHARE))


@cache
def most_open_files() -> int:
    """How many files this process keeps open."""
    return resolve_most(_limit())


def _limit() -> int | None:
    """Descriptors this process may have; None where the system does not say (Windows) or has no limit."""
    if resource is None:
        return None
    soft: int = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return None if soft == resource.RLIM_INFINITY else soft
