"""Requests of other sites, other programs and odd clients: each is refused, changes nothing, and gets no HTML."""

from __future__ import annotations

import json

import pytest

from tests.web.conftest import MARKUP, TOKEN, Reply, Server, digest_of
from tests.web.requests import ROWS, Row

SECURITY = {
    "x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin", "cross-origin-resource-policy": "same-origin",
}  # fmt: skip


def sent(server: Server, row: Row) -> Reply:
    body = server.fill(row.body.decode("latin-1")).encode("latin-1")
    text = server.fill(row.text)
    if body != row.body:  # the version became shorter than its name
        text = text.replace(f"content-length: {len(row.body)}", f"content-length: {len(body)}")
    return server.send(text.encode("latin-1", errors="surrogateescape") + body, end=row.end)


def require_headers(reply: Reply) -> None:
    assert SECURITY.items() <= reply.headers.items()
    policy = reply.headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert not reply.repeated


def ask(server: Server, target: str, *more: str) -> Reply:
    lines = [f"GET {target} HTTP/1.1", "Host: 127.0.0.1:<PORT>", "Connection: close", *more]
    return server.send(server.fill("\r\n".join([*lines, "", ""])).encode())


def test_the_table_is_one_of_many_different_requests() -> None:
    assert len({(row.text, row.body) for row in ROWS}) == len(ROWS) >= 60


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name[:60])
def test_refused_without_side_effect(server: Server, row: Row) -> None:
    told: list[object] = []
    end = server.session.listen(told.append)
    before, version = digest_of(server.folder, server.secret.parent), server.session.book.version
    reply = sent(server, row)
    end()
    assert reply.status == row.status, reply
    assert "set-cookie" not in reply.headers
    assert "access-control-allow-origin" not in reply.headers
    assert reply.headers.get("content-type", "text/plain").partition(";")[0] in ("text/plain", "application/json")
    if not row.parser:
        require_headers(reply)
    if reply.headers.get("content-type") == "application/json":
        require_one_line(json.loads(reply.body))
    assert str(server.folder.parent) not in reply.body.decode("utf-8", errors="replace")
    assert b"Traceback" not in reply.body
    assert digest_of(server.folder, server.secret.parent) == before
    assert server.session.book.version == version
    assert told == []


def require_one_line(said: dict[str, str]) -> None:
    assert list(said) == ["error"]
    assert said["error"]
    assert "\n" not in said["error"]


def test_the_server_still_answers_after_all_of_them(server: Server) -> None:
    reply = ask(server, "/api/state", "Cookie: classify_local_<PORT>=<COOKIE>")
    assert reply.status == 200
    require_headers(reply)


def test_the_right_token_becomes_a_cookie_and_leaves_the_address(server: Server) -> None:
    reply = ask(server, f"/?token={TOKEN}")
    assert reply.status == 303
    assert reply.headers["location"] == "/"
    name, *attributes = reply.headers["set-cookie"].split("; ")
    assert name == f"classify_local_{server.port}={server.cookie}"
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} == set(attributes)
    assert TOKEN not in reply.headers["set-cookie"]
    require_headers(reply)


def test_the_page_is_html_and_has_the_headers(server: Server) -> None:
    reply = ask(server, "/", "Cookie: classify_local_<PORT>=<COOKIE>")
    assert (reply.status, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
    require_headers(reply)


def test_markup_in_names_comes_as_json_text(server: Server) -> None:
    cookie = "Cookie: classify_local_<PORT>=<COOKIE>"
    state, files = ask(server, "/api/state", cookie), ask(server, "/api/files", cookie)
    for reply in (state, files):
        assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
        require_headers(reply)
    told = json.loads(state.body)
    assert told["legend"][0]["label"] == MARKUP
    assert f"{MARKUP} %" in [each["title"] for each in told["outputs"]]
    assert MARKUP in [band["name"] for band in told["bands"]]
    assert f"{MARKUP}.tif" in [entry["name"] for entry in json.loads(files.body)["entries"]]


def test_links_that_lead_out_are_not_listed(server: Server) -> None:
    names = {entry["name"] for entry in server_listing(server)}
    assert "image.tif" in names
    assert names.isdisjoint({"link.tif", "linked", "circle"})


def server_listing(server: Server) -> list[dict[str, str]]:
    reply = ask(server, "/api/files?folder=0", "Cookie: classify_local_<PORT>=<COOKIE>")
    return list(json.loads(reply.body)["entries"])


def test_hostile_words_on_the_websocket_harm_nobody(server: Server) -> None:
    client = pytest.importorskip("websockets.sync.client")
    own = f"127.0.0.1:{server.port}"
    with client.connect(
        f"ws://{own}/api/events", origin=f"http://{own}", compression=None,
        additional_headers={"Cookie": f"classify_local_{server.port}={server.cookie}"},
    ) as line:  # fmt: skip
        for text in ("[" * 60_000, "null", "1", '"view"', "not JSON", *map(json.dumps, views())):
            line.send(text)
        server.session.say("still there")
        told = {"type": "hello"}
        while told["type"] != "note":
            told = json.loads(line.recv(timeout=20))
        assert told == {"type": "note", "text": "still there"}


def views() -> list[dict[str, object]]:
    """What a page says of where it looks, and no page of ours would."""
    huge, sides = 10**60, ("x0", "y0", "x1", "y1")
    return [
        {"type": "view"},
        {"type": "view", "level": 99, **dict.fromkeys(sides, 0)},
        {"type": "view", "level": -1, **dict.fromkeys(sides, 0)},
        {"type": "view", "level": huge, **dict.fromkeys(sides, 0)},
        {"type": "view", "level": 0, **dict.fromkeys(sides, huge)},
        {"type": "view", "level": 0, "x0": 0, "y0": 0, "x1": 10**6, "y1": 10**6},
        {"type": "view", "level": True, **dict.fromkeys(sides, 0.5)},
    ]
