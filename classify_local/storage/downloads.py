"""One file from a web server, in as many tries as it takes: what came is kept, and only the rest is asked for.

Beside the partial file lies a note of what it is the beginning of. The rest is asked for with If-Range, so a server
whose file has changed sends it whole, and the new one is begun.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from classify_local.errors import StorageError
from classify_local.storage import atomic
from classify_local.storage.connections import Connections, Settings, Transient, Unreachable, trouble
from classify_local.storage.fingerprint import sha256
from classify_local.storage.resumption import (
    Begun,
    Meaning,
    is_whole,
    note_of,
    read_note,
    resolve_begun,
    resolve_meaning,
    resolve_offset,
    write_note,
)

_CHUNK = 1 << 16
_PROGRESS = 1 << 20
"""Bytes beyond what came before, after which tries are counted anew."""
_LONGEST_PAUSE = 60.0
_SLICE = 0.1
_MARGIN = 64_000_000
"""Bytes that stay free on the disk."""

Heard = Callable[[int, int | None], None]
"""Told how many bytes are here, and how many there will be if the server said so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A file that came whole: its length, SHA-256, and what the server calls its state."""

    bytes: int
    sha256: str
    etag: str | None
    modified: str | None


def download(
    url: str, part: Path, connections: Connections, *, check: Callable[[], None], heard: Heard
) -> Received | None:
    """Bring a file whole into `part`, which may hold its beginning already.

    Parameters
    ----------
    url
        Its address.
    part
        The partial file, under a name of this program's own; never one that a server gives.
    connections
        Through which to ask.
    check
        Called between pieces; raises to stop. What came stays for the next time.
    heard
        Told of progress.

    Returns
    -------
    Received or None
        None if the server says that there is no such file.

    Raises
    ------
    Unreachable, StorageError
        If it does not come, with what was tried; a beginning that is good stays.
    """
    settings = connections.settings
    best, failures = size_of(part), 0
    while True:
        check()
        try:
            return _attempt(url, part, connections, check, heard)
        except Transient as problem:
            if size_of(part) >= best + _PROGRESS:
                best, failures = size_of(part), 0
            failures += 1
            if failures >= settings.tries:
                raise _given_up(url, problem, failures, size_of(part)) from problem
            _pause(min(_LONGEST_PAUSE, max(problem.pause, settings.pause_seconds * 2 ** (failures - 1))), check)


def discard(part: Path) -> None:
    """Remove a partial file and its note."""
    for path in (part, note_of(part)):
        with contextlib.suppress(OSError):
            path.unlink()


def size_of(part: Path) -> int:
    """Bytes that are there."""
    try:
        return part.stat().st_size
    except OSError:
        return 0


def _attempt(
    url: str, part: Path, connections: Connections, check: Callable[[], None], heard: Heard
) -> Received | None:
    begun, size = read_note(part), size_of(part)
    if begun is not None and is_whole(begun, size, url):
        return _received(part, begun)
    offset = resolve_offset(begun, size, url)
    with connections.opened(url, _asking(begun, offset)) as response:
        meaning = resolve_meaning(response.status, response.headers, begun, offset)
        if meaning == "absent":
            discard(part)
            return None
        if meaning == "anew":
            discard(part)
            raise Transient("the file changed on the server while it was being fetched")
        _require_given(meaning, url, response)
        begun = _noted(part, url, response, begun if meaning == "rest" else None)
        offset = offset if meaning == "rest" else 0
        _require_room(part, begun, offset, connections.settings)
        _receive(response, part, offset, begun.total, connections.settings, check, heard)
    return _finished(part, begun)


def _asking(begun: Begun | None, offset: int) -> dict[str, str]:
    if not offset or begun is None or begun.validator is None:
        return {}
    return {"Range": f"bytes={offset}-", "If-Range": begun.validator}


def _require_given(meaning: Meaning, url: str, response: BaseHTTPResponse) -> None:
    status = response.status
    if meaning == "later":
        after = response.headers.get("Retry-After", "").strip()
        raise Transient(f"the server answered {status}", pause=float(after) if after.isdecimal() else 0.0)
    if status in (401, 403, 407):
        raise StorageError(f"{url}: the server refuses ({status}): it asks for a login, or does not have the file")
    if meaning == "refused":
        raise StorageError(f"{url}: the server answered {status}; check --base-url")


def _noted(part: Path, url: str, response: BaseHTTPResponse, begun: Begun | None) -> Begun:
    """The note of what comes, written down before its first byte; a new beginning takes the place of an old one."""
    if begun is not None and begun.total is not None:
        return begun
    if begun is None:
        discard(part)
    note = resolve_begun(url, response.headers, begun)
    write_note(part, note)
    return note


def _require_room(part: Path, begun: Begun, offset: int, settings: Settings) -> None:
    if begun.total is not None and begun.total > settings.most_bytes:
        discard(part)
        raise StorageError(f"{begun.url}: announces {begun.total:,} bytes, more than any tile has; check --base-url")
    atomic.require_space(part.parent, (begun.total or offset) - offset + _MARGIN)


def _receive(
    response: BaseHTTPResponse, part: Path, offset: int, total: int | None, settings: Settings,
    check: Callable[[], None], heard: Heard,
) -> None:  # fmt: skip
    """Write down what comes, until it ends."""
    pace, here = _Pace(settings), offset
    with _appending(part, offset) as stream:
        while data := _next(response):
            here += len(data)
            if here > settings.most_bytes:
                raise StorageError(f"{part.name}: sends more bytes than any tile has; check --base-url")
            _write(stream, data, part)
            heard(here, total)
            check()
            pace.add(len(data))


def _next(response: BaseHTTPResponse) -> bytes:
    try:
        return response.read1(_CHUNK, decode_content=False)
    except (HTTPError, OSError) as error:
        raise trouble(error) from error


def _appending(part: Path, offset: int) -> BinaryIO:
    try:
        stream = part.open("r+b" if offset else "wb", buffering=0)
        stream.seek(offset)
        stream.truncate()
    except OSError as error:
        raise StorageError(f"{part}: cannot be written: {error.strerror or error}") from error
    return stream


def _write(stream: BinaryIO, data: bytes, part: Path) -> None:
    try:
        left = memoryview(data)
        while left:
            left = left[stream.write(left) :]
    except OSError as error:
        raise StorageError(f"{part}: cannot be written: {error.strerror or error}; make room and run again") from error


def _finished(part: Path, begun: Begun) -> Received:
    size = size_of(part)
    if begun.total is not None and size < begun.total:
        raise Transient(f"the connection ended after {size:,} of {begun.total:,} bytes")
    if begun.total is not None and size > begun.total:
        discard(part)
        raise Transient(f"more than the announced {begun.total:,} bytes came")
    return _received(part, begun)


def _received(part: Path, begun: Begun) -> Received:
    try:
        with part.open("rb+") as stream:
            os.fsync(stream.fileno())
        return Received(bytes=size_of(part), sha256=sha256(part), etag=begun.etag, modified=begun.modified)
    except OSError as error:
        raise StorageError(f"{part}: cannot be read back: {error.strerror or error}") from error


class _Pace:
    """Notices a server that sends so slowly that the file would never come."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._since, self._bytes = settings, time.monotonic(), 0

    def add(self, count: int) -> None:
        self._bytes += count
        seconds = time.monotonic() - self._since
        if seconds < self._settings.stall_seconds:
            return
        if self._bytes < self._settings.least_rate * seconds:
            raise Transient(f"only {self._bytes / seconds:.0f} bytes per second came")
        self._since, self._bytes = time.monotonic(), 0


def _given_up(url: str, problem: Transient, tries: int, size: int) -> StorageError:
    kept = f"; {size / 1e6:,.1f} MB are kept" if size else ""
    kind = Unreachable if problem.unreachable else StorageError
    return kind(f"{url}: {problem}, {tries} times{kept}; try again later, or give another --base-url")


def _pause(seconds: float, check: Callable[[], None]) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        check()
        time.sleep(min(_SLICE, left))
