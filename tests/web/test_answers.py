"""What the page itself asks is answered: the same requests as in the table of hostile ones, with nothing wrong."""

from __future__ import annotations

import json

import pytest

from tests.web.conftest import Reply, Server, digest_of
from tests.web.requests import GOOD_IMAGE, IMAGE, TILE, Row, body_of, change, chunked, op, row
from tests.web.test_hostile_requests import require_headers, sent

READ = [
    row("state", 200),
    row("state by the other name", 200, host="localhost:<PORT>"),
    row("state from the page", 200, origin="http://127.0.0.1:<PORT>", sec_fetch_site="same-origin"),
    row("state by hand", 200, sec_fetch_site="none"),
    row("state beside other cookies", 200, cookie="theme=dark; classify_local_<PORT>=<COOKIE>; classify_local_1=x"),
    row("state, head only", 200, method="HEAD"),
    row("script", 200, "/static/app.js"),
    row("tile of the map", 200, f"{TILE}/0/0/0.png"),
    row("faded", 200, f"{TILE}/0/0/0.png?fade=80"),
    row("tile of the image", 200, IMAGE + GOOD_IMAGE),
    row("three bands", 200, f"{IMAGE}bands=nir,red,swir1&limits=0,1,0,1e3,-5.5,9"),
    row("values", 200, "/api/values?x=63.999&y=0"),
    row("stretch", 200, "/api/stretch?bands=nir,red"),
    row("next", 200, "/api/next?rule=margin&n=50&seed=7"),
    row("files", 200, "/api/files"),
    row("files by number", 200, "/api/files?folder=0"),
]
DONE = [
    row("train", 200, "/api/train", "POST"),
    row("live", 200, "/api/live", "POST", {"on": True}),
    row("overviews of none", 202, "/api/overviews", "POST"),
    change("add", 200, body_of()),
    change("add in pieces", 200, chunked(body_of().encode()), length=None, transfer_encoding="chunked"),
    change("add, the type with its letters", 200, body_of(), content_type="application/json; charset=utf-8"),
    change("whole numbers", 200, body_of(x=3, y=0)),
    change("plot", 200, op(op="plot", ring=[[2, 2], [8, 2], [8, 8]], value=1)),
    change("reclass", 200, op(op="reclass", id="i0:2", value=5)),
    change("move", 200, op(op="move", id="i0:2", x=63.9, y=0)),
    change("delete", 200, op(op="delete", id="i0:2")),
    change("undo", 200, op(op="undo")),
    change("redo", 200, op(op="redo")),
]


@pytest.mark.parametrize("row", READ, ids=lambda row: row.name)
def test_what_is_read(server: Server, row: Row) -> None:
    before = digest_of(server.folder)
    reply = sent(server, row)
    assert reply.status == 200, reply
    require_headers(reply)
    assert digest_of(server.folder) == before


@pytest.mark.parametrize("target", [f"{TILE}/0/0/0.png", IMAGE + GOOD_IMAGE])
def test_tiles_are_kept_for_this_session_alone(server: Server, target: str) -> None:
    reply = sent(server, row("tile", 200, target))
    assert reply.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert reply.headers["vary"] == "cookie"
    assert reply.body[:4] == b"\x89PNG"
    assert reply.headers["content-type"] == "image/png"


def test_what_is_done_in_turn(server: Server) -> None:
    """One after the other, each with the version the one before gave; ends the file, since it changes the scene."""
    replies: dict[str, Reply] = {}
    for each in DONE:
        filled = sent_with_length(server, each)
        assert filled.status == each.status, (each.name, filled)
        require_headers(filled)
        replies[each.name] = filled
    told = {name: json.loads(reply.body) for name, reply in replies.items()}
    assert [told[name]["version"] for name in ("add", "undo", "redo")] == [1, 9, 10]
    assert told["delete"]["removed"] == ["i0:2"]
    assert told["undo"]["changed"][0]["id"] == "i0:2"
    assert (server.folder / "recipe_points.csv").is_file()
    assert (server.folder / "recipe_plots.geojson").is_file()
    assert server.session.settled()
    assert server.session.training.status == "ready"


def sent_with_length(server: Server, each: Row) -> Reply:
    """Send a change; in pieces the lengths must be those of what is sent."""
    if b"<VERSION>" in each.body and "chunked" in each.text:
        body = chunked(server.fill(body_of()).encode())
        return server.send(server.fill(each.text).encode() + body)
    return sent(server, each)


def test_one_hears_of_changes(server: Server) -> None:
    client = pytest.importorskip("websockets.sync.client")
    own = f"127.0.0.1:{server.port}"
    with client.connect(
        f"ws://{own}/api/events", origin=f"http://{own}", compression=None,
        additional_headers={"Cookie": f"classify_local_{server.port}={server.cookie}"},
    ) as line:  # fmt: skip
        assert line.response is not None
        assert line.response.headers["x-content-type-options"] == "nosniff"
        reply = sent(server, change("add", 200, body_of(x=9.5)))
        while (heard := json.loads(line.recv(timeout=20)))["type"] != "points":
            assert heard["type"] in ("hello", "training", "model", "check")
        assert heard == json.loads(reply.body)
