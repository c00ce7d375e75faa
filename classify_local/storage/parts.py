"""A file on a web server as a file of Python's, of which only the parts that are asked for are fetched.

A library that reads through it may take no notice when nothing comes. So a failure is kept, nothing more is given after
it, and `PartlyRead.trusted` raises it whatever the library made of it.
"""

from __future__ import annotations

import hashlib
import io
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from urllib3.exceptions import HTTPError

from classify_local.addresses import shown
from classify_local.errors import ClassifyLocalError, InputError, StorageError
from classify_local.storage.connections import Connections, Settings, Transient, trouble

T = TypeVar("T")
_BLOCK = 65_536
_MOST_KEPT = 256
KEPT_BYTES = _MOST_KEPT * _BLOCK
"""What is kept of each open file: 16 MB."""
_HEAD = 16
_LONGEST_PAUSE = 60.0
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_GONE, _SHUT, _LATER = (404, 410), (401, 403, 407, 451), (408, 425, 429, 500, 502, 503, 504)
_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")
_QUERY = re.compile(r"[?#](?=[^\s'])[^\s']*?(?=:?[\s']|:?$)")
"""What follows a question mark within a word: an address may be shortened, quoted, or of any scheme."""
_DOWNLOAD = "download it and name the file"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Size of a file on a server, and the marks by which the server tells its states apart."""

    size: int
    etag: str
    modified: str

    @property
    def digest(self) -> str:
        """Hexadecimal SHA-256 of all of it."""
        return hashlib.sha256(repr((self.size, self.etag, self.modified)).encode()).hexdigest()


class PartlyRead:
    """The parts of one file that one thread has fetched, and the failure that ended it.

    Parameters
    ----------
    url, state
        The file, which must not change.
    settings
        How patient to be.
    """

    def __init__(self, url: str, state: State, settings: Settings) -> None:
        self.state = state
        self._url = url
        self._settings = settings
        self._connections = Connections(settings)
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._failure: ClassifyLocalError | None = None

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()

    def opener(self, name: str) -> Callable[..., io.RawIOBase]:
        """What gives a new view of the file under `name`, and finds nothing under any other."""

        def opened(path: str, mode: str = "rb", **_: Any) -> io.RawIOBase:
            if path != name or "w" in mode or "+" in mode:
                raise FileNotFoundError(path)
            return _View(self)

        return opened

    @contextmanager
    def trusted(self) -> Iterator[None]:
        """Raise the failure of any part at the end, whatever was raised or not on its account.

        Raises
        ------
        StorageError, InputError
            The failure.
        """
        try:
            yield
        except Exception as error:
            if self._failure is not None:
                raise self._failure from error
            raise
        if self._failure is not None:
            raise self._failure

    def read(self, first: int, count: int) -> bytes:
        """Bytes from `first` on, fewer at the file's end; none once a part has failed."""
        end = min(first + count, self.state.size)
        if self._failure is not None or first >= end:
            return b""
        blocks = range(first // _BLOCK, -(-end // _BLOCK))
        try:
            found = self._blocks(blocks)
        except ClassifyLocalError as error:
            self._failure = error
            return b""
        start = blocks[0] * _BLOCK
        return found[first - start : end - start]

    def _blocks(self, blocks: range) -> bytes:
        missing = [block for block in blocks if block not in self._kept]
        found = {block: self._kept[block] for block in blocks if block in self._kept}
        if missing:
            first, end = missing[0] * _BLOCK, min((missing[-1] + 1) * _BLOCK, self.state.size)
            content = _patiently(self._url, self._settings, lambda: self._fetch(first, end))
            for block in range(missing[0], missing[-1] + 1):
                found[block] = self._kept[block] = content[block * _BLOCK - first :][:_BLOCK]
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return b"".join(found[block] for block in blocks)

    def _fetch(self, first: int, end: int) -> bytes:
        state, content = _part(self._url, self._connections, first, end)
        if state != self.state:
            raise StorageError(
                f"{shown(self._url)}: was changed on the server while it was being read; run again with --restart"
            )
        return content


class _View(io.RawIOBase):
    """A place in a file that is read by parts."""

    def __init__(self, parts: PartlyRead) -> None:
        super().__init__()
        self._parts = parts
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._parts.state.size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        count = self._parts.state.size - self._at if size is None or size < 0 else size
        found = self._parts.read(self._at, max(0, count))
        self._at += len(found)
        return found


def ask(url: str, settings: Settings) -> State:
    """The state of a file, if it is a TIFF that is served by parts.

    Raises
    ------
    InputError
        If it is not, or not there.
    StorageError
        If the server cannot be reached.
    """
    connections = Connections(settings)
    try:
        state, head = _patiently(url, settings, lambda: _part(url, connections, 0, _HEAD))
    finally:
        connections.close()
    if not head.startswith(_TIFF):
        web = head.lstrip().lower().startswith((b"<!doctype", b"<html"))
        what = "a web page" if web else f"no GeoTIFF (starts with {head[:8]!r})"
        raise InputError(f"{shown(url)}: is {what}; only GeoTIFFs (COG) are read from a web server, else {_DOWNLOAD}")
    return state


def _part(url: str, connections: Connections, first: int, end: int) -> tuple[State, bytes]:
    """Bytes of a file from `first` to before `end`, or to its own end, and its state."""
    try:
        with connections.opened(url, {"Range": f"bytes={first}-{end - 1}"}) as response:
            _require_part(response.status, url)
            sent = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
            if sent is None or int(sent[1]) != first:
                raise InputError(f"{shown(url)}: the server does not say which part it sends; {_DOWNLOAD}")
            size = int(sent[3])
            wanted = min(end, size) - first
            content = response.read(wanted)
            state = _state(size, response.headers)
    except (HTTPError, OSError) as error:
        raise trouble(error) from error
    if len(content) != wanted:
        raise Transient("the server sends less than was asked for")
    return state, content


def _state(size: int, headers: Mapping[str, str]) -> State:
    return State(size=size, etag=headers.get("ETag", ""), modified=headers.get("Last-Modified", ""))


def _patiently(url: str, settings: Settings, step: Callable[[], T]) -> T:
    """The result of a step, in as many tries as the settings give.

    Raises
    ------
    StorageError
        With what came of the last of them.
    """
    for number in range(settings.tries):
        try:
            return step()
        except Transient as problem:
            if number + 1 == settings.tries:
                raise StorageError(
                    f"{shown(url)}: {problem}, {settings.tries} times; run again when the network is there"
                ) from problem
            time.sleep(min(_LONGEST_PAUSE, max(problem.pause, settings.pause_seconds * 2**number)))
        except StorageError as error:
            raise StorageError(*map(_without_advice, error.problems)) from error
    raise StorageError(f"{shown(url)}: was not asked for")


def _without_advice(line: str) -> str:
    """A message for an address that stands in a recipe; a redirect may lead to one that holds a key."""
    return _QUERY.sub("", line.replace("; give another --base-url", "; give another address"))


def _require_part(status: int, url: str) -> None:
    if status == 206:
        return
    if status in _LATER:
        raise Transient(f"the server answers {status}")
    where = shown(url)
    if status in _GONE:
        raise InputError(f"{where}: the server has no such file ({status}); is the address right?")
    if status in _SHUT:
        raise InputError(f"{where}: the server does not give it to everyone ({status}); {_DOWNLOAD}")
    if status == 200:
        raise InputError(f"{where}: the server sends only the whole file, never parts of it; {_DOWNLOAD}")
    raise InputError(f"{where}: the server answers {status}; {_DOWNLOAD}")
