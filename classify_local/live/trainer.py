"""Training in the background: the newest state counts, older requests are passed over."""

from __future__ import annotations

import threading
from collections.abc import Callable

Stopped = Callable[[], None]
"""Raises if newer work waits."""


class Superseded(Exception):
    """What was being made is not wanted any more."""


class Trainer:
    """A thread that trains whenever something has changed, and checks the model when nothing has for a while.

    Parameters
    ----------
    train
        Trains with what there is now. May raise `Superseded` when asked by its argument, which raises if newer work
        waits.
    check
        Checks the model just trained; the same holds.
    quiet
        Seconds without a change after which the model is checked.
    """

    def __init__(
        self,
        train: Callable[[Stopped], None],
        check: Callable[[Stopped], None],
        quiet: float = 0.8,
    ) -> None:
        self._train, self._check, self._quiet = train, check, quiet
        self._wanted = threading.Event()
        self._ended = False
        self._lock = threading.Lock()
        """Held where what is wanted and what is idle must agree."""
        self._idle = threading.Event()
        self._idle.set()
        self._thread = threading.Thread(target=self._work, name="trainer", daemon=True)
        self._thread.start()

    def request(self) -> None:
        """Ask for a training with what there is now."""
        with self._lock:
            self._idle.clear()
            self._wanted.set()

    def wait(self, timeout: float) -> bool:
        """Wait until nothing is asked for; False if it takes longer."""
        return self._idle.wait(timeout)

    def close(self) -> None:
        """End the thread."""
        self._ended = True
        self._wanted.set()
        self._thread.join(10)

    def _stop_if_newer(self) -> None:
        if self._wanted.is_set():
            raise Superseded

    def _work(self) -> None:
        while True:
            self._wanted.wait()
            if self._ended:
                return
            self._wanted.clear()
            try:
                self._train(self._stop_if_newer)
                self._rest()
                if not self._wanted.wait(self._quiet):
                    self._check(self._stop_if_newer)
            except Superseded:
                continue
            finally:
                self._rest()

    def _rest(self) -> None:
        with self._lock:
            if not self._wanted.is_set():
                self._idle.set()
