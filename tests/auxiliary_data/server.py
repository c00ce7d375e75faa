"""A web server on this machine that behaves as told: whole, in ranges, cut short, slow, astray."""

from __future__ import annotations

import hashlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from classify_local.storage.connections import Settings

QUICK = Settings(connect_seconds=1, read_seconds=0.4, stall_seconds=0.3, least_rate=2000, pause_seconds=0.01)
"""Patience for tests."""

Behaviour = Callable[["Handler", bytes], None]


@dataclass
class Web:
    """What the server has and how it behaves; what it was asked."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    behaviours: dict[str, list[Behaviour]] = field(default_factory=dict)
    """By path, for one request after the other; the last one stays."""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    lock: Any = field(default_factory=threading.Lock)

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    def ranges(self) -> list[str | None]:
        return [headers.get("Range") for _, headers in self.asked]

    def behaves(self, path: str, *behaviours: Behaviour) -> None:
        self.behaviours[path] = list(behaviours)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    web: Web

    def do_GET(self) -> None:
        with self.web.lock:
            self.web.asked.append((self.path, dict(self.headers)))
            queue = self.web.behaviours.get(self.path, [])
            behaviour = (queue.pop(0) if len(queue) > 1 else queue[0]) if queue else ranged
        data = self.web.files.get(self.path)
        if data is None and not queue:
            status(404)(self, b"")
            return
        try:
            behaviour(self, data or b"")
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def begin(self, code: int, length: int | None, **headers: str) -> None:
        self.send_response_only(code)
        if length is not None:
            self.send_header("Content-Length", str(length))
        else:
            self.close_connection = True
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def log_message(self, *arguments: Any) -> None:
        pass


def etag(data: bytes) -> str:
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'


def offset_asked(handler: Handler, data: bytes) -> int:
    asked, condition = handler.headers.get("Range"), handler.headers.get("If-Range")
    if not asked or condition not in (None, etag(data)):
        return 0
    return int(asked.removeprefix("bytes=").rstrip("-"))


def begin_ranged(handler: Handler, data: bytes) -> bytes:
    """Send the head of a right answer; returns the bytes that belong behind it."""
    first = offset_asked(handler, data)
    if first:
        where = f"bytes {first}-{len(data) - 1}/{len(data)}"
        handler.begin(206, len(data) - first, ETag=etag(data), Content_Range=where)
    else:
        handler.begin(200, len(data), ETag=etag(data), Accept_Ranges="bytes")
    return data[first:]


def ranged(handler: Handler, data: bytes) -> None:
    """As servers should."""
    handler.wfile.write(begin_ranged(handler, data))


def no_ranges(handler: Handler, data: bytes) -> None:
    """The whole file, whatever was asked, without a mark of its state."""
    handler.begin(200, len(data))
    handler.wfile.write(data)


def ignoring_ranges(handler: Handler, data: bytes) -> None:
    handler.begin(200, len(data), ETag=etag(data))
    handler.wfile.write(data)


def unannounced(handler: Handler, data: bytes) -> None:
    """No length: the end of the connection is the end of the file."""
    handler.begin(200, None)
    handler.wfile.write(data)


def chunked(handler: Handler, data: bytes) -> None:
    handler.begin(200, None, Transfer_Encoding="chunked")
    for start in range(0, len(data), 1000):
        piece = data[start : start + 1000]
        handler.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
    handler.wfile.write(b"0\r\n\r\n")


def cut_after(count: int, begin: Callable[[Handler, bytes], bytes] = begin_ranged) -> Behaviour:
    """The connection ends after some bytes of the answer's body."""

    def behave(handler: Handler, data: bytes) -> None:
        handler.wfile.write(begin(handler, data)[:count])
        handler.close_connection = True

    return behave


def reset_after(count: int) -> Behaviour:
    """The connection is reset, as by a router that forgets it."""

    def behave(handler: Handler, data: bytes) -> None:
        handler.wfile.write(begin_ranged(handler, data)[:count])
        handler.wfile.flush()
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.close()
        handler.close_connection = True

    return behave


def stall_after(count: int, seconds: float = 1.0) -> Behaviour:
    def behave(handler: Handler, data: bytes) -> None:
        handler.wfile.write(begin_ranged(handler, data)[:count])
        handler.wfile.flush()
        time.sleep(seconds)
        handler.close_connection = True

    return behave


def drip(pause: float = 0.05, most: int = 40) -> Behaviour:
    """One byte now and then."""

    def behave(handler: Handler, data: bytes) -> None:
        body = begin_ranged(handler, data)
        for i in range(min(most, len(body))):
            handler.wfile.write(body[i : i + 1])
            handler.wfile.flush()
            time.sleep(pause)
        handler.close_connection = True

    return behave


def status(code: int, body: bytes = b"no", **headers: str) -> Behaviour:
    def behave(handler: Handler, data: bytes) -> None:
        handler.begin(code, len(body), **headers)
        handler.wfile.write(body)

    return behave


def redirect(location: str, code: int = 302) -> Behaviour:
    return status(code, Location=location)


def answer(body: bytes, **headers: str) -> Behaviour:
    """Another body than the file's."""
    return status(200, body, **headers)


class Quiet(ThreadingHTTPServer):
    """Clients that go away are what is tested, not worth a line."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


@contextmanager
def serving() -> Iterator[Web]:
    """A server on the loopback interface, under a port of the system's choice."""
    web = Web()
    handler = type("Bound", (Handler,), {"web": web})
    server = Quiet(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.block_on_close = False
    web.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield web
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
