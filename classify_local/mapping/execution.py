"""Tiles through an executor: threads on one machine, whatever has `submit` elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any, Protocol

from classify_local.errors import ClassifyLocalError, InputError, Interrupted
from classify_local.grid import Tile
from classify_local.mapping.journal import TileRecord
from classify_local.mapping.stopping import GRACE, Stop

_POLL = 0.2


class Executor(Protocol):
    """What runs tiles. `concurrent.futures` executors are such, and dask's `Client.get_executor()`."""

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> Future[Any]:
        """Start a task."""
        ...


@contextmanager
def threads(workers: int) -> Iterator[Executor]:
    """An executor of threads on this machine; leaving it does not wait for tiles in work."""
    pool = ThreadPoolExecutor(workers, thread_name_prefix="tile")
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def run_tiles(
    executor: Executor,
    task: Callable[[Tile], TileRecord],
    tiles: Sequence[Tile],
    stop: Stop,
    *,
    done: Callable[[Tile, TileRecord], None],
    failed: Callable[[Tile, ClassifyLocalError], None],
) -> None:
    """Run a task for each tile, and tell of each end in this thread.

    A tile whose input cannot be read is told as failed and the others go on; any other error ends
    the run, as does a stop, which waits for tiles in work for a few seconds.

    Raises
    ------
    Interrupted
        If somebody asked to stop.
    ClassifyLocalError
        What ended the run.
    """
    waiting = {executor.submit(task, tile): tile for tile in tiles}
    try:
        while waiting:
            stop.check()
            ended, _ = wait(waiting, timeout=_POLL, return_when=FIRST_COMPLETED)
            for future in ended:
                _tell(future, waiting.pop(future), done, failed)
    except BaseException:
        stop.ask()
        _let_finish(waiting, done)
        raise


def _tell(
    future: Future[TileRecord],
    tile: Tile,
    done: Callable[[Tile, TileRecord], None],
    failed: Callable[[Tile, ClassifyLocalError], None],
) -> None:
    try:
        record = future.result()
    except InputError as error:
        failed(tile, error)
    else:
        done(tile, record)


def _let_finish(waiting: dict[Future[TileRecord], Tile], done: Callable[[Tile, TileRecord], None]) -> None:
    """Cancel what has not begun, and keep what ends in time."""
    for future in waiting:
        future.cancel()
    until = time.monotonic() + GRACE
    while waiting and time.monotonic() < until:
        ended, _ = wait(waiting, timeout=_POLL, return_when=FIRST_COMPLETED)
        for future in ended:
            tile = waiting.pop(future)
            try:
                done(tile, future.result())
            except (CancelledError, Interrupted, ClassifyLocalError):
                continue  # it did not come to its end; a later run makes it
