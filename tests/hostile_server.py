"""A web server of the tests' own, on this machine."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from classify_local.storage.connections import Settings

HASTY = Settings(connect_seconds=1, read_seconds=1, tries=2, pause_seconds=0.05)


class Server(ThreadingHTTPServer):
    """Serves files by name; `misbehave` tells how the answers to later requests go wrong; `down` hangs up."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.down = False
        self.files: dict[str, bytes] = {}
        self.etags: dict[str, str] = {}
        self.misbehave = ""
        self.asked: list[tuple[str, str]] = []
        self.stop_waiting = threading.Event()

    def handle_error(self, request, client_address):
        """Clients hang up on purpose."""

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{name}"


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """Say nothing."""

    def do_HEAD(self):
        self.answer(body=False)

    def do_GET(self):
        self.answer(body=True)

    def answer(self, *, body):
        name = self.path.lstrip("/").split("?")[0]
        self.server.asked.append((self.command, self.path))
        if self.server.down:
            self.close_connection = True
            return None
        content, how = self.server.files.get(name), self.server.misbehave
        if how.isdigit() or content is None:
            return self.plain(int(how or 404))
        if how.startswith("to "):
            return self.plain(302, Location=how[3:])
        if how == "stall":
            self.server.stop_waiting.wait(20)
            return None
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if found is None or how == "whole":
            return self.part(200, content, 0, len(content), body)
        first = int(found[1])
        last = min(int(found[2] or len(content) - 1), len(content) - 1)
        if first >= len(content):
            return self.plain(416)
        return self.part(206, content, first, last + 1, body)

    def plain(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def part(self, status, content, first, end, body):
        name = self.path.lstrip("/").split("?")[0]
        self.send_response(status)
        self.send_header("Content-Length", str(end - first))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", self.server.etags.get(name, '"1"'))
        if status == 206:
            self.send_header("Content-Range", f"bytes {first}-{end - 1}/{len(content)}")
        self.end_headers()
        if body:
            cut = self.server.misbehave == "truncate"
            self.wfile.write(content[first : first + (end - first) // 2 if cut else end])
            if cut:
                self.close_connection = True


@contextmanager
def serving(port: int = 0) -> Iterator[Server]:
    """The server at work, until the end; at a free port if none is named."""
    found = Server(port)
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield found
    finally:
        found.down = True
        found.stop_waiting.set()
        found.shutdown()
        found.server_close()
        thread.join()
