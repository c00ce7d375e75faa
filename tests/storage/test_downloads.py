"""One file from a server that fails in every way; asked for on the loopback interface only."""

from __future__ import annotations

import hashlib
import json
import os
import random
import socket
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classify_local import __version__
from classify_local.errors import InputError, Interrupted, StorageError
from classify_local.storage import atomic, connections, downloads
from classify_local.storage.connections import (
    Connections,
    Settings,
    Unreachable,
    redirected,
    require_web_address,
    resolve_proxy,
)
from classify_local.storage.downloads import download
from classify_local.storage.resumption import Begun, resolve_meaning, resolve_offset
from tests.auxiliary_data import server
from tests.auxiliary_data.server import QUICK, Web

DATA = random.Random(1).randbytes(300_000)


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch):
    """No test opens a socket to elsewhere, nor is a proxy of this machine asked."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        assert self.family == socket.AF_UNIX or address[0] in ("127.0.0.1", "::1", "localhost"), address
        real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def web():
    with server.serving() as web:
        web.files["/a.tif"] = DATA
        yield web


class Ask:
    """Downloads into a folder, and remembers what it heard."""

    def __init__(self, folder: Path, settings: Settings = QUICK) -> None:
        self.part, self.settings = folder / "a.part", settings
        self.heard: list[tuple[int, int | None]] = []

    def __call__(self, url: str, check: Any = lambda: None) -> downloads.Received | None:
        opened = Connections(self.settings)
        try:
            return download(url, self.part, opened, check=check, heard=lambda *told: self.heard.append(told))
        finally:
            opened.close()


@pytest.fixture
def ask(tmp_path):
    return Ask(tmp_path)


def test_a_whole_file(web, ask):
    received = ask(f"{web.url}/a.tif")
    assert ask.part.read_bytes() == DATA
    assert received == downloads.Received(
        bytes=len(DATA), sha256=hashlib.sha256(DATA).hexdigest(), etag=server.etag(DATA), modified=None
    )
    assert ask.heard[-1] == (len(DATA), len(DATA))


def test_nothing_of_the_user_is_sent(web, ask):
    ask(f"{web.url}/a.tif")
    ((_, headers),) = web.asked
    assert headers == {
        "Host": web.url.removeprefix("http://"), "User-Agent": f"classify_local/{__version__}",
        "Accept-Encoding": "identity",
    }  # fmt: skip


def test_what_is_whole_is_not_asked_for_again(web, ask):
    first = ask(f"{web.url}/a.tif")
    assert ask(f"{web.url}/a.tif") == first
    assert len(web.asked) == 1


@pytest.mark.parametrize("code", [404, 410])
def test_a_missing_file_is_an_answer(web, ask, code, tmp_path):
    web.behaves("/a.tif", server.status(code))
    assert ask(f"{web.url}/a.tif") is None
    assert list(tmp_path.iterdir()) == []
    assert len(web.asked) == 1


@pytest.mark.parametrize("behaviour", [server.no_ranges, server.unannounced, server.chunked])
def test_other_ways_to_send_a_file(web, ask, behaviour):
    web.behaves("/a.tif", behaviour)
    assert ask(f"{web.url}/a.tif").bytes == len(DATA)
    assert ask.part.read_bytes() == DATA


@pytest.mark.parametrize(
    "fault",
    [
        server.cut_after(100_000),
        server.reset_after(100_000),
        server.stall_after(100_000),
        server.status(500),
        server.status(503, Retry_After="0"),
        server.status(503, Retry_After="Wed, 21 Oct 2026 07:28:00 GMT"),
        server.status(429),
        server.drip(),
    ],
)
def test_trouble_that_passes(web, ask, fault):
    web.behaves("/a.tif", fault, server.ranged)
    assert ask(f"{web.url}/a.tif").sha256 == hashlib.sha256(DATA).hexdigest()
    assert len(web.asked) == 2


def test_only_the_rest_is_asked_for(web, ask):
    web.behaves("/a.tif", server.cut_after(100_000), server.cut_after(50_000), server.ranged)
    ask(f"{web.url}/a.tif")
    assert web.ranges() == [None, "bytes=100000-", "bytes=150000-"]
    assert web.asked[1][1]["If-Range"] == server.etag(DATA)
    assert ask.part.read_bytes() == DATA


def test_a_server_that_ignores_ranges_sends_it_whole(web, ask):
    web.behaves("/a.tif", server.cut_after(100_000), server.ignoring_ranges)
    ask(f"{web.url}/a.tif")
    assert ask.part.read_bytes() == DATA


def test_a_file_without_a_mark_of_its_state_is_begun_anew(web, ask):
    def cut(handler: server.Handler, data: bytes) -> bytes:
        handler.begin(200, len(data))
        return data

    web.behaves("/a.tif", server.cut_after(100_000, cut), server.no_ranges)
    ask(f"{web.url}/a.tif")
    assert web.ranges() == [None, None]
    assert ask.part.read_bytes() == DATA


def test_a_file_that_changes_meanwhile_is_begun_anew(web, ask):
    new = DATA[::-1]
    web.behaves("/a.tif", server.cut_after(100_000), server.status(500))
    with pytest.raises(StorageError):
        ask(f"{web.url}/a.tif")
    web.files["/a.tif"] = new
    web.behaves("/a.tif", server.ranged)
    ask(f"{web.url}/a.tif")
    assert ask.part.read_bytes() == new


def test_a_rest_of_another_state_is_not_put_behind_the_beginning(web, ask):
    def other_rest(handler: server.Handler, data: bytes) -> None:
        handler.begin(206, 10, ETag='"other"', Content_Range=f"bytes 100000-100009/{len(data)}")
        handler.wfile.write(b"0123456789")

    web.behaves("/a.tif", server.cut_after(100_000), other_rest, server.ranged)
    ask(f"{web.url}/a.tif")
    assert ask.part.read_bytes() == DATA


@pytest.mark.parametrize("range_", ["bytes 0-9/300000", "bytes 100001-299999/300000", "bytes 100000-9/9", "nonsense"])
def test_a_rest_from_another_place_is_not_taken(web, ask, range_):
    web.behaves("/a.tif", server.cut_after(100_000), server.status(206, DATA[:10], Content_Range=range_), server.ranged)
    ask(f"{web.url}/a.tif")
    assert ask.part.read_bytes() == DATA


def test_a_range_that_cannot_be_given(web, ask):
    web.behaves("/a.tif", server.cut_after(100_000), server.status(416), server.ranged)
    ask(f"{web.url}/a.tif")
    assert ask.part.read_bytes() == DATA


def test_a_beginning_of_another_address_is_not_continued(web, ask):
    web.files["/b.tif"] = DATA[::-1]
    web.behaves("/a.tif", server.cut_after(100_000), server.status(500))
    with pytest.raises(StorageError):
        ask(f"{web.url}/a.tif")
    ask(f"{web.url}/b.tif")
    assert ask.part.read_bytes() == DATA[::-1]


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (server.status(500), "the server answered 500, 5 times; try again later"),
        (server.cut_after(0), "the connection"),
        (server.reset_after(0), "the connection broke (Connection reset by peer), 5 times"),
        (server.drip(0.05, 8), "bytes per second came, 5 times; 0.0 MB are kept"),
    ],
)
def test_tries_are_limited(web, ask, behaviour, said):
    web.behaves("/a.tif", behaviour)
    with pytest.raises(StorageError) as caught:
        ask(f"{web.url}/a.tif")
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"{web.url}/a.tif: ")
    assert not isinstance(caught.value, Unreachable)
    assert len(web.asked) == 5


def test_a_silent_server_is_given_up(web, tmp_path):
    web.behaves("/a.tif", server.stall_after(1000, 0.5))
    ask = Ask(tmp_path, Settings(read_seconds=0.1, pause_seconds=0.01, tries=2))
    with pytest.raises(StorageError, match=r"fell silent, 2 times; 0\.0 MB are kept"):
        ask(f"{web.url}/a.tif")
    assert ask.part.read_bytes() == DATA[:2000]


def test_tries_count_anew_while_it_comes(web, ask, monkeypatch):
    monkeypatch.setattr(downloads, "_PROGRESS", 20_000)
    web.behaves("/a.tif", server.cut_after(30_000))
    ask(f"{web.url}/a.tif")
    assert ask.part.read_bytes() == DATA
    assert len(web.asked) == 10


def test_a_server_that_begins_anew_each_time_is_given_up(web, ask, monkeypatch):
    """What came once is no progress when it comes again."""
    monkeypatch.setattr(downloads, "_PROGRESS", 20_000)

    def whole(handler: server.Handler, data: bytes) -> bytes:
        handler.begin(200, len(data))
        return data

    web.behaves("/a.tif", server.cut_after(30_000, whole))
    with pytest.raises(StorageError, match="5 times"):
        ask(f"{web.url}/a.tif")
    assert len(web.asked) <= 7


@pytest.mark.parametrize("code", [401, 403])
def test_a_login_is_not_tried_again(web, ask, code):
    web.behaves("/a.tif", server.status(code))
    with pytest.raises(StorageError, match=rf"the server refuses \({code}\)"):
        ask(f"{web.url}/a.tif")
    assert len(web.asked) == 1


@pytest.mark.parametrize("code", [400, 204, 304, 418])
def test_an_odd_answer_is_not_tried_again(web, ask, code):
    web.behaves("/a.tif", server.status(code, b""))
    with pytest.raises(StorageError, match=f"the server answered {code}"):
        ask(f"{web.url}/a.tif")
    assert len(web.asked) == 1


def test_a_closed_port(ask):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Unreachable, match=r"cannot be reached \(.*refused.*\), 5 times"):
        ask(f"http://127.0.0.1:{port}/a.tif")


def test_something_that_speaks_no_http(ask):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def answer() -> None:
            for _ in range(5):
                peer, _ = listener.accept()
                with peer:
                    peer.sendall(b"220 ftp ready\r\n")
                    peer.recv(10_000)

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(StorageError, match="5 times"):
            ask(f"http://127.0.0.1:{listener.getsockname()[1]}/a.tif")


# redirects


def test_redirects_are_followed(web, ask):
    web.files["/data/b.tif"] = DATA
    web.behaves("/a.tif", server.redirect("/next", 301))
    web.behaves("/next", server.redirect(f"{web.url}/data/b.tif", 307))
    assert ask(f"{web.url}/a.tif").bytes == len(DATA)


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://127.0.0.1/a", "http://:80/", "", "javascript:x", "http://a b/", "\x01"]
)
def test_a_redirect_that_leaves_the_web(web, ask, location, tmp_path):
    web.behaves("/a.tif", server.redirect(location))
    with pytest.raises(StorageError, match="which is no web address"):
        ask(f"{web.url}/a.tif")
    assert list(tmp_path.iterdir()) == []
    assert len(web.asked) == 1


def test_redirects_in_a_circle(web, ask):
    web.behaves("/a.tif", server.redirect("/b.tif"))
    web.behaves("/b.tif", server.redirect("/a.tif"))
    with pytest.raises(StorageError, match="redirected more than 5 times"):
        ask(f"{web.url}/a.tif")
    assert len(web.asked) == 6


@pytest.mark.parametrize(
    ("here", "location", "there"),
    [
        ("http://a/b/c.tif", "d.tif", "http://a/b/d.tif"),
        ("http://a/b/c.tif", "https://b/x", "https://b/x"),
        ("https://a/b", "//c/d", "https://c/d"),
        ("https://a/b", "http://a/b", None),
        ("https://a/b", "HTTP://a/b", None),
        ("http://a/b", "file://a/b", None),
        ("http://a/b", "http://a:99999/b", None),
        ("http://a/b", "http://a/\r\nHost: b", None),
    ],
)
def test_where_a_redirect_leads(here, location, there):
    if there is None:
        with pytest.raises(StorageError):
            redirected(here, location)
    else:
        assert redirected(here, location) == there


# addresses and proxies


@pytest.mark.parametrize("url", ["http://a", "https://a:8443/b/c/", "http://127.0.0.1:1/x", "HTTP://[::1]/x"])
def test_addresses(url):
    assert require_web_address(url, "--base-url") == url.rstrip("/")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("file:///tmp", "no web address"), ("ftp://a/b", "no web address"), ("/tmp", "no web address"),
        ("", "no web address"), ("http://", "no web address"), ("http://u:p@a/b", "user and password"),
        ("http://a/b?key=1", r"\? or #"), ("http://a/#b", r"\? or #"), ("http://a b", "no web address"),
        ("http://a:x/", "no web address"), ("http://[::1/", "no web address"), ("s3://a/b", "no web address"),
    ],
)  # fmt: skip
def test_addresses_that_are_refused(url, said):
    with pytest.raises(InputError, match=said):
        require_web_address(url, "--base-url")


@pytest.mark.parametrize(
    ("proxies", "found"),
    [
        ({}, None),
        ({"http": "http://p:3128"}, None),
        ({"https": "http://p:3128"}, "http://p:3128"),
        ({"https": "p:3128"}, "http://p:3128"),
        ({"all": "http://p:3128"}, "http://p:3128"),
    ],
)
def test_proxies(proxies, found):
    assert resolve_proxy("https://a/b", proxies) == found


def test_a_proxy_that_is_not_spoken():
    with pytest.raises(InputError, match="socks5://"):
        resolve_proxy("https://a/b", {"https": "socks5://user:secret@p"})


def test_the_proxy_of_the_environment_is_asked(web, ask, monkeypatch):
    """The whole address goes to the proxy; its password to nobody else."""
    monkeypatch.setenv("http_proxy", web.url.replace("http://", "http://user:secret@"))
    web.files["http://data.example/a.tif"] = DATA
    assert ask("http://data.example/a.tif").bytes == len(DATA)
    ((path, headers),) = web.asked
    assert path == "http://data.example/a.tif"
    assert headers["proxy-authorization"].startswith("Basic ")


def test_hosts_without_a_proxy(web, ask, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert ask(f"{web.url}/a.tif").bytes == len(DATA)


# stopping, disks


def test_a_stop_keeps_what_came(web, ask):
    web.behaves("/a.tif", server.cut_after(100_000), server.status(500))

    def stop_in_the_middle() -> None:
        if ask.heard and ask.heard[-1][0] >= 50_000:
            raise Interrupted("stopped")

    with pytest.raises(Interrupted):
        ask(f"{web.url}/a.tif", stop_in_the_middle)
    assert 50_000 <= ask.part.stat().st_size <= 100_000
    web.behaves("/a.tif", server.ranged)
    ask(f"{web.url}/a.tif")
    assert ask.part.read_bytes() == DATA


def test_a_pause_can_be_stopped(web, tmp_path):
    web.behaves("/a.tif", server.status(503, Retry_After="50"))
    began = time.monotonic()

    def check() -> None:
        if time.monotonic() - began > 0.2:
            raise Interrupted("stopped")

    with pytest.raises(Interrupted):
        Ask(tmp_path)(f"{web.url}/a.tif", check)
    assert time.monotonic() - began < 5


def test_a_full_disk_is_seen_before(web, ask, monkeypatch):
    monkeypatch.setattr(atomic.shutil, "disk_usage", lambda _: SimpleNamespace(free=64_100_000))
    with pytest.raises(StorageError, match="64 MB are free"):
        ask(f"{web.url}/a.tif")
    assert downloads.size_of(ask.part) == 0


def test_a_disk_that_fills(web, ask, monkeypatch):
    real = downloads._write

    def write(stream: Any, data: bytes, part: Path) -> None:
        if stream.tell() > 100_000:
            raise StorageError(f"{part}: cannot be written: {os.strerror(28)}")
        real(stream, data, part)

    monkeypatch.setattr(downloads, "_write", write)
    with pytest.raises(StorageError, match="No space left"):
        ask(f"{web.url}/a.tif")
    assert len(web.asked) == 1
    monkeypatch.undo()


@pytest.mark.parametrize("announced", [True, False])
def test_a_file_without_end(web, tmp_path, announced):
    ask = Ask(tmp_path, Settings(most_bytes=100_000))
    web.behaves("/a.tif", server.ranged if announced else server.unannounced)
    with pytest.raises(StorageError, match=r"more (than any tile|bytes than any tile) has"):
        ask(f"{web.url}/a.tif")
    assert downloads.size_of(ask.part) <= 100_000


# the decisions

NOTE = Begun(url="u", total=100, etag='"e"', modified=None)


@pytest.mark.parametrize(
    ("begun", "size", "url", "offset"),
    [
        (None, 50, "u", 0), (NOTE, 50, "u", 50), (NOTE, 0, "u", 0), (NOTE, 50, "v", 0), (NOTE, 101, "u", 0),
        (Begun(url="u", total=None, etag='"e"', modified=None), 50, "u", 50),
        (Begun(url="u", total=100, etag='W/"e"', modified=None), 50, "u", 0),
        (Begun(url="u", total=100, etag='W/"e"', modified="Wed"), 50, "u", 50),
        (Begun(url="u", total=100, etag=None, modified=None), 50, "u", 0),
    ],
)  # fmt: skip
def test_from_where_to_go_on(begun, size, url, offset):
    assert resolve_offset(begun, size, url) == offset


@pytest.mark.parametrize(
    ("status", "headers", "meaning"),
    [
        (200, {}, "whole"),
        (206, {"Content-Range": "bytes 50-99/100"}, "rest"),
        (206, {"Content-Range": "bytes 50-99/100", "ETag": '"e"'}, "rest"),
        (206, {"Content-Range": "bytes 50-99/100", "ETag": '"f"'}, "anew"),
        (206, {"Content-Range": "bytes 50-99/*"}, "rest"),
        (206, {"Content-Range": "bytes 50-99/101"}, "anew"),
        (206, {"Content-Range": "bytes 0-99/100"}, "anew"),
        (206, {}, "anew"),
        (416, {}, "anew"),
        (404, {}, "absent"), (410, {}, "absent"),
        (500, {}, "later"), (502, {}, "later"), (503, {}, "later"), (504, {}, "later"), (429, {}, "later"),
        (408, {}, "later"),
        (400, {}, "refused"), (401, {}, "refused"), (403, {}, "refused"), (501, {}, "refused"), (302, {}, "refused"),
    ],
)  # fmt: skip
def test_what_an_answer_means(status, headers, meaning):
    assert resolve_meaning(status, headers, NOTE, 50) == meaning


@pytest.mark.parametrize("note", ["", "{", "[]", "{}", '{"url": 1, "total": "x", "etag": null, "modified": null}'])
def test_a_broken_note_means_a_new_beginning(web, ask, note):
    ask.part.write_bytes(b"x" * 50)
    ask.part.with_name("a.part.json").write_text(note)
    ask(f"{web.url}/a.tif")
    assert ask.part.read_bytes() == DATA


@settings(max_examples=60)
@given(cuts=st.lists(st.integers(0, 9000), max_size=4), data=st.binary(max_size=9000))
def test_interrupted_anywhere_and_resumed_it_is_the_same_file(tmp_path_factory, shared_web, cuts, data):
    """Also where the interruption is a kill: the part and its note are all that the next try knows."""
    ask = Ask(tmp_path_factory.mktemp("part"))
    shared_web.files["/a.tif"] = data
    for cut in cuts:
        shared_web.behaves("/a.tif", server.cut_after(cut), server.status(400))
        try:
            ask(f"{shared_web.url}/a.tif")
        except StorageError:
            continue
    shared_web.behaves("/a.tif", server.ranged)
    assert ask(f"{shared_web.url}/a.tif").sha256 == hashlib.sha256(data).hexdigest()
    assert ask.part.read_bytes() == data


@pytest.fixture(scope="module")
def shared_web():
    with server.serving() as web:
        yield web


def test_killed_at_any_byte_it_resumes(web, ask):
    """A part of any length beside its note is continued; nothing else of the first process is left."""
    data = web.files["/a.tif"] = DATA[:2000]
    note = {"url": f"{web.url}/a.tif", "total": 2000, "etag": server.etag(data), "modified": None}
    for length in range(0, 2001, 97):
        ask.part.write_bytes(data[:length])
        ask.part.with_name("a.part.json").write_text(json.dumps(note))
        ask(f"{web.url}/a.tif")
        assert ask.part.read_bytes() == data


def test_certificates_are_always_checked(web, monkeypatch, tmp_path):
    """An encrypted address on a server that does not encrypt: no fall-back."""
    ask = Ask(tmp_path)
    with pytest.raises(StorageError, match=r"cannot prove who it is|cannot be reached|connection broke"):
        ask(web.url.replace("http:", "https:") + "/a.tif")
    made = Connections(QUICK)._made(None, encrypted=True)
    assert made.connection_pool_kw["ssl_context"].verify_mode == connections.ssl.CERT_REQUIRED
    assert made.connection_pool_kw["ssl_context"].check_hostname


def test_the_web_is_what_it_says(web: Web):
    assert web.url.startswith("http://127.0.0.1:")
