"""Stopping in order: a signal asks, the work ends at the next safe place, a second signal ends it at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from classify_local.errors import Interrupted

GRACE = 8.0
"""Seconds for which a stop waits for the tiles in work; a batch system kills after ten or more."""

_MESSAGE = "stopped; what is finished is kept, run the same command again to resume"


class Stop:
    """A request to stop that work asks for now and then."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self.patient = False
        """True while the work itself asks; otherwise a signal interrupts where it is."""

    def ask(self) -> None:
        """Ask the work to stop."""
        self._asked.set()

    @property
    def asked(self) -> bool:
        """True once somebody has asked."""
        return self._asked.is_set()

    def check(self) -> None:
        """Stop here if asked.

        Raises
        ------
        Interrupted
            If somebody has asked.
        """
        if self.asked:
            raise Interrupted(_MESSAGE)


@contextmanager
def on_signals(stop: Stop) -> Iterator[None]:
    """Let SIGINT, SIGTERM and SIGUSR1 ask for a stop, where the system has them and this is the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def asked(number: int, frame: FrameType | None) -> None:
        del number, frame
        if stop.asked:
            os._exit(Interrupted.exit_code)
        stop.ask()
        if not stop.patient:
            stop.check()

    names = ("SIGINT", "SIGTERM", "SIGUSR1")
    signals = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {which: signal.signal(which, asked) for which in signals}
    try:
        yield
    finally:
        for which, handler in before.items():
            signal.signal(which, handler)
