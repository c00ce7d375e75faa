"""What a call may use of memory and processor time: bad input must not take more than sound input does."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

try:
    import resource
except ImportError:  # Windows has no such limits
    resource = None  # type: ignore[assignment]

_ADDRESSES = 2 * 1024**3
"""Bytes of addresses a call may add to those the process has: an allocation beyond fails at once."""
_PROCESSOR = 60
"""Seconds of processor time after which the kernel ends the process, even within a library that never returns."""
_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass
class Used:
    """What a call used: seconds of processor time, and bytes of memory at most beyond what the process had."""

    seconds: float = 0.0
    memory: int = 0


@contextlib.contextmanager
def bounded() -> Iterator[Used]:
    """Limit addresses and processor time of what is done within, and measure it. Hard limits are left alone."""
    used, began, before = Used(), time.process_time(), _from_here()
    with _soft("RLIMIT_AS", _bytes("VmSize"), _ADDRESSES), _soft("RLIMIT_CPU", int(began) + 1, _PROCESSOR):
        yield used
    used.seconds = time.process_time() - began
    used.memory = max(0, _bytes("VmHWM") - before)


@contextlib.contextmanager
def _soft(name: str, now: int, more: int) -> Iterator[None]:
    if resource is None or not now or threading.current_thread() is not threading.main_thread():
        yield
        return
    kind = getattr(resource, name)
    soft, hard = resource.getrlimit(kind)
    wanted = now + more
    resource.setrlimit(kind, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(kind, (soft, hard))


def _from_here() -> int:
    """Memory now; the kernel forgets the peak of before, where it lets itself be asked."""
    with contextlib.suppress(OSError):
        _CLEAR.write_text("5")
    return _bytes("VmHWM")


def _bytes(key: str) -> int:
    """A line of the process's status in bytes; 0 where there is none."""
    with contextlib.suppress(OSError):
        for line in _STATUS.read_text().splitlines():
            if line.startswith(f"{key}:"):
                return int(line.split()[1]) * 1024
    return 0
