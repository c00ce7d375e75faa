"""The page's real server on a free port, over a small scene with names that are markup, and raw sockets to it."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from classify_local.api.live import live_map
from classify_local.live.session import LiveMap
from tests.conftest import write_raster, write_scene

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

from classify_local.web import app, serving
from classify_local.web.files import Folders

TOKEN = "a-token-of-the-tests"  # noqa: S105
MARKUP = "<img src=x onerror=alert(1)>"


@dataclass(frozen=True)
class Reply:
    """What came back, header names in lower case; status 0 if nothing did."""

    status: int
    headers: dict[str, str]
    repeated: tuple[str, ...]
    body: bytes


@dataclass(frozen=True)
class Server:
    """A server that runs, `folder` the recipe's, `secret` a file outside it."""

    session: LiveMap
    folder: Path
    secret: Path
    port: int
    cookie: str = ""

    def fill(self, text: str) -> str:
        """A request's text with this server's own port, cookie and so on."""
        filled = {"<PORT>": self.port, "<COOKIE>": self.cookie, "<TOKEN>": TOKEN, "<OUTSIDE>": self.secret.parent,
                  "<REVISION>": self.session.snapshot.revision if self.session.snapshot else 0,
                  "<VERSION>": self.session.book.version}  # fmt: skip
        for mark, value in filled.items():
            text = text.replace(mark, str(value))
        return text

    def send(self, request: bytes, *, end: bool = False) -> Reply:
        """Send bytes as they are; with `end` the sender says that nothing more comes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as line:
            try:
                line.sendall(request)
                if end:
                    line.shutdown(socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError):  # refused before all was sent
                pass
            return read_reply(line)


def read_reply(line: socket.socket) -> Reply:
    """One reply of a server that closes the connection afterwards, or says how long it is."""
    data = b""
    try:
        while not _whole(data) and (more := line.recv(65536)):
            data += more
    except ConnectionResetError:
        pass
    head, _, body = data.partition(b"\r\n\r\n")
    if not head:
        return Reply(status=0, headers={}, repeated=(), body=b"")
    first, *lines = head.decode("latin-1").split("\r\n")
    named = [(name.strip().lower(), value.strip()) for name, _, value in (each.partition(":") for each in lines)]
    headers = dict(named)
    repeated = tuple(name for name in headers if [each for each, _ in named].count(name) > 1)
    return Reply(status=int(first.split(" ")[1]), headers=headers, repeated=repeated, body=body)


def _whole(data: bytes) -> bool:
    head, end, body = data.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return bool(end) and len(body) >= int(line.partition(b":")[2])
    return False


def digest_of(*folders: Path) -> dict[str, str]:
    """Every file of folders with its content."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def write_hostile_scene(folder: Path) -> None:
    """A scene whose names are markup, with links that lead out of it."""
    write_scene(folder)
    (folder / "legend.csv").write_text(
        f"color,value,label\n#006400,1,{MARKUP}\n#F096FF,2,crop\n#0064C8,5,water\n#B4B4B4,7,bare\n", encoding="utf-8"
    )
    write_raster(folder / f"{MARKUP}.tif", [[1, 2], [3, 4]])
    recipe = folder / "recipe.yml"
    recipe.write_text(recipe.read_text().replace("path: image.tif", f'path: image.tif\n    bands: [red, nir, swir1]\n'
                                                 f'  - path: "{MARKUP}2.tif"'))  # fmt: skip
    (folder / "layer.json").write_text('{"type": "FeatureCollection", "features": []}')
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "secret.tif").write_bytes((folder / "image.tif").read_bytes())
    (folder / "link.tif").symlink_to(outside / "secret.tif")
    (folder / "linked").symlink_to(outside, target_is_directory=True)
    (folder / "circle").symlink_to(folder / "circle")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose model is trained, with the cookie of a session."""
    folder = tmp_path_factory.mktemp("web") / "scene"
    folder.mkdir()
    write_hostile_scene(folder)
    rng = np.random.default_rng(1)
    write_raster(folder / f"{MARKUP}2.tif", rng.integers(1, 9, (1, 48, 64)).astype("uint16"), descriptions=(MARKUP,))
    static = folder.parent / "static"
    static.mkdir()
    (static / "index.html").write_text("<!doctype html><title>map</title>")
    (static / "app.js").write_text("'use strict';")
    (static / "secret.key").write_text("no kind of the page's")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "BUILT", static)
        session = live_map(folder / "recipe.yml")
        try:
            yield from _served(session, folder)
        finally:
            session.close()


def _served(session: LiveMap, folder: Path) -> Iterator[Server]:
    listening = serving.listen(0)
    port = listening.getsockname()[1]
    running = serving.make_server(session, Folders([folder]), port, TOKEN)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while (session.checked is None or not running.started) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert session.checked is not None
    plain = Server(session=session, folder=folder, secret=folder.parent / "outside" / "secret.tif", port=port)
    first = plain.send(f"GET /?token={TOKEN} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
    cookie = first.headers["set-cookie"].partition(";")[0].partition("=")[2]
    try:
        yield Server(session=session, folder=folder, secret=plain.secret, port=port, cookie=cookie)
    finally:
        running.should_exit = True
        thread.join(20)
        listening.close()
