"""Hostile requests as a table: what is sent, byte for byte, and the status that refuses it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

Header = str | Sequence[str] | None


@dataclass(frozen=True)
class Row:
    """A request and the status of its refusal.

    `<PORT>`, `<COOKIE>`, `<TOKEN>`, `<OUTSIDE>`, `<REVISION>` and `<VERSION>` stand for what the server has. `end` says
    that the sender hangs up after it; `parser` that the HTTP parser refuses it before any of our code.
    """

    name: str
    status: int
    text: str
    body: bytes = b""
    end: bool = False
    parser: bool = False


def row(
    name: str, status: int, target: str = "/api/state", method: str = "GET", body: bytes | str | object = b"",
    *, end: bool = False, parser: bool = False, length: str | None = "", version: str = "1.1", more: str = "",
    **headers: Header,
) -> Row:  # fmt: skip
    """A request as the page sends it, but for the headers given; None leaves one out, a list sends it often."""
    if not isinstance(body, bytes):
        body = (body if isinstance(body, str) else json.dumps(body)).encode()
    own: dict[str, Header] = {
        "host": "127.0.0.1:<PORT>", "cookie": "classify_local_<PORT>=<COOKIE>", "connection": "close",
    }  # fmt: skip
    if method in ("POST", "DELETE"):
        own["origin"] = "http://127.0.0.1:<PORT>"
    if body:
        own["content-type"] = "application/json"
    if length is not None and (body or length):
        own["content-length"] = length or str(len(body))
    lines = [f"{method} {target} HTTP/{version}"]
    for key, value in {**own, **{key.replace("_", "-"): value for key, value in headers.items()}}.items():
        if value is not None:
            lines += [f"{key}: {each}" for each in ([value] if isinstance(value, str) else value)]
    return Row(name=name, status=status, text="\r\n".join(lines) + f"\r\n{more}\r\n", body=body, end=end, parser=parser)


def change(name: str, status: int, body: object, **more: object) -> Row:
    """A change that is asked for."""
    return row(name, status, "/api/change", "POST", body, **more)  # type: ignore[arg-type]


def socket_row(name: str, status: int = 403, target: str = "/api/events", **headers: Header) -> Row:
    """The beginning of a websocket."""
    own: dict[str, Header] = {
        "upgrade": "websocket", "connection": "Upgrade", "sec_websocket_version": "13",
        "sec_websocket_key": "dGhlIHNhbXBsZSBub25jZQ==", "origin": "http://127.0.0.1:<PORT>",
    }  # fmt: skip
    return row(name, status, target, **{**own, **headers})


def chunked(body: bytes) -> bytes:
    """A body in pieces that do not say how long the whole is."""
    pieces = [body[i : i + 30_000] for i in range(0, len(body), 30_000)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


COOKIE = "classify_local_<PORT>=<COOKIE>"
IMAGE = "/tiles/image/0/0/0.webp?"
GOOD_IMAGE = "bands=red&limits=0,1"
TILE = "/tiles/model/<REVISION>/class"

WHO = [
    row("no cookie", 403, cookie=None),
    row("wrong cookie", 403, cookie="classify_local_<PORT>=guessed"),
    row("empty cookie", 403, cookie="classify_local_<PORT>="),
    row("the token as cookie", 403, cookie="classify_local_<PORT>=<TOKEN>"),
    row("right cookie of another port", 403, cookie="classify_local_1=<COOKIE>"),
    row("cookie without port", 403, cookie="classify_local=<COOKIE>"),
    row("cookie name in upper case", 403, cookie="CLASSIFY_LOCAL_<PORT>=<COOKIE>"),
    row("part of the cookie", 403, cookie="classify_local_<PORT>=<COOKIE>x"),
    row("two cookie headers, right and wrong", 403, cookie=[COOKIE, "classify_local_<PORT>=guessed"]),
    row("two cookie headers, both right", 403, cookie=[COOKIE, COOKIE]),
    row("a wrong cookie after the right one", 403, cookie=f"{COOKIE}; classify_local_<PORT>=guessed"),
    row("a cookie that is not ASCII", 403, cookie="classify_local_<PORT>=\u00e9\u00ff"),
    row("cookie and a word as header of ours", 403, cookie=None, authorization="Bearer <TOKEN>"),
    row("wrong token", 403, "/?token=guessed", cookie=None),
    row("wrong token with the right cookie", 403, "/?token=guessed"),
    row("empty token", 403, "/?token=", cookie=None),
    row("token twice", 403, "/?token=<TOKEN>&token=<TOKEN>", cookie=None),
    row("right and wrong token", 403, "/?token=<TOKEN>&token=x", cookie=None),
    row("token with a NUL", 403, "/?token=<TOKEN>%00", cookie=None),
    row("token that is no UTF-8", 403, "/?token=%ff%fe", cookie=None),
    row("token in upper case", 403, "/?TOKEN=<TOKEN>", cookie=None),
    row("token on another path", 403, "/api/state?token=<TOKEN>", cookie=None),
    row("token on a tile", 403, f"{TILE}/0/0/0.png?token=<TOKEN>", cookie=None),
    row("token in a fragment", 403, "/#?token=<TOKEN>", cookie=None),
    row("POST with token", 403, "/?token=<TOKEN>", "POST", cookie=None),
    row("HEAD with token", 403, "/?token=<TOKEN>", "HEAD", cookie=None),
]

HOST = [
    row("Host of another name", 421, host="attacker.example:<PORT>"),
    row("Host that begins like ours", 421, host="127.0.0.1.attacker.example:<PORT>"),
    row("Host of another port", 421, host="127.0.0.1:1"),
    row("Host without port", 421, host="127.0.0.1"),
    row("no Host", 400, host=None, parser=True),
    row("no Host, HTTP/1.0", 421, host=None, version="1.0"),
    row("empty Host", 421, host=""),
    row("two Hosts", 400, host=["127.0.0.1:<PORT>", "attacker.example"], parser=True),
    row("two Hosts, HTTP/1.0", 400, host=["127.0.0.1:<PORT>", "127.0.0.1:<PORT>"], version="1.0", parser=True),
    row("Host with userinfo", 421, host="127.0.0.1:<PORT>@attacker.example"),
    row("Host with userinfo before", 421, host="me@127.0.0.1:<PORT>"),
    row("Host with a dot at its end", 421, host="localhost.:<PORT>"),
    row("Host as IPv6", 421, host="[::1]:<PORT>"),
    row("Host as IPv6 of IPv4", 421, host="[::ffff:127.0.0.1]:<PORT>"),
    row("Host as one number", 421, host="2130706433:<PORT>"),
    row("Host as short address", 421, host="127.1:<PORT>"),
    row("Host of every address", 421, host="0.0.0.0:<PORT>"),
    row("Host in upper case", 421, host="LOCALHOST:<PORT>"),
    row("Host with leading zero", 421, host="127.0.0.1:0<PORT>"),
    row("two Hosts in one", 421, host="127.0.0.1:<PORT>, attacker.example"),
    row("whole address of another server", 404, "http://attacker.example/api/state"),
    row("token by another Host", 421, "/?token=<TOKEN>", host="attacker.example:<PORT>", cookie=None),
    row("Host by X-Forwarded-Host only", 421, host="attacker.example", x_forwarded_host="127.0.0.1:<PORT>"),
]

TRAIN = {"target": "/api/train", "method": "POST"}
ORIGIN = [
    row("GET from another site", 403, origin="http://attacker.example"),
    row("Origin null", 403, origin="null"),
    row("Origin empty", 403, origin="", **TRAIN),
    row("Origin of another port", 403, origin="http://127.0.0.1:1", **TRAIN),
    row("Origin without port", 403, origin="http://127.0.0.1", **TRAIN),
    row("Origin by https", 403, origin="https://127.0.0.1:<PORT>", **TRAIN),
    row("Origin with a path", 403, origin="http://127.0.0.1:<PORT>/", **TRAIN),
    row("Origin in upper case", 403, origin="HTTP://127.0.0.1:<PORT>", **TRAIN),
    row("POST without Origin", 403, origin=None, **TRAIN),
    row("DELETE without Origin", 403, "/api/layers/r1", "DELETE", origin=None),
    row("two Origins", 403, origin=["http://127.0.0.1:<PORT>", "http://attacker.example"], **TRAIN),
    row("two Origins in one", 403, origin="http://127.0.0.1:<PORT> http://attacker.example", **TRAIN),
    row("Sec-Fetch-Site cross-site", 403, sec_fetch_site="cross-site"),
    row("Sec-Fetch-Site same-site", 403, sec_fetch_site="same-site"),
    row("Sec-Fetch-Site twice", 403, sec_fetch_site=["same-origin", "cross-site"]),
    row("Sec-Fetch-Site on the token", 403, "/?token=<TOKEN>", sec_fetch_site="cross-site", cookie=None),
    socket_row("websocket without cookie", cookie=None),
    socket_row("websocket with the token", target="/api/events?token=<TOKEN>", cookie=None),
    socket_row("websocket from another site", origin="http://attacker.example"),
    socket_row("websocket from nowhere", origin="null"),
    socket_row("websocket without Origin", origin=None),
    socket_row("websocket to another Host", 421, host="attacker.example:<PORT>"),
    socket_row("websocket from another site by Sec-Fetch-Site", sec_fetch_site="cross-site"),
    socket_row("websocket elsewhere", 403, target="/api/state"),
]

METHOD = [
    *(row(f"method {method}", 405, method=method) for method in ("PUT", "PATCH", "TRACE", "OPTIONS", "DELETE", "POST")),
    row("method CONNECT", 405, "attacker.example:443", "CONNECT"),
    row("a method nobody knows", 405, method="BREW"),
    row("GET of a change", 405, "/api/change"),
    row("method by override", 405, "/api/change", x_http_method_override="POST"),
    row("preflight", 405, "/api/change", "OPTIONS", origin="http://127.0.0.1:<PORT>",
        access_control_request_method="POST"),
]  # fmt: skip

STATIC = [
    row(f"static {name}", 404, f"/static/{name}")
    for name in (
        "../app.py", "%2e%2e/app.py", "%2e%2e%2fapp.py", "..%2fapp.py", "%252e%252e%252fapp.py", "..%5capp.py",
        "....//app.py", "/etc/passwd", "%2fetc%2fpasswd", "C:%5cboot.ini", "C:/boot.ini", "app.js%00.css",
        "%c0%ae%c0%ae%c0%afapp.py", "%e0%80%ae./app.py", "%u002e%u002e/app.py", "secret.key", "app.js/", "",
        "app.js%0d%0aset-cookie:a=b", "%ef%bc%8e%ef%bc%8e/app.py", "//attacker.example/app.js", "APP.JS",
    )
]  # fmt: skip
PATHS = [
    ("..", 403), ("0/..", 403), ("0/../outside", 403), ("0/%2e%2e/outside", 403), ("0/%252e%252e/outside", 400),
    ("0/..%5coutside", 403), ("0/linked/..%2f..", 403), ("/etc", 403), ("0//etc", 403), ("0/%2fetc", 403),
    ("<OUTSIDE>", 403), ("0/<OUTSIDE>", 403), ("C:%5c", 403), ("0/C:/", 403), ("%5c%5chost%5cshare", 403),
    ("//host/share", 403), ("0%2f%2fhost/share", 403), ("http://attacker.example/", 403), ("0/linked", 403),
    ("0/http://attacker.example/", 403), ("0/circle", 403), ("0/a%00b", 403), ("1", 403), ("-1", 403), ("00x", 403),
    ("%d9%a0", 403), ("%d9%a0/", 403), ("9" * 3900, 403), ("0/" + "a" * 3000, 400), ("0/%c0%ae%c0%ae", 400),
    ("0/image.tif", 400), ("0/image.tif/..", 403), ("~", 403), ("0/nothing", 400), ("file:///etc", 403),
]  # fmt: skip
FILES = [row(f"files {path[:40]}", status, f"/api/files?folder={path}") for path, status in PATHS]
NAMED = [
    ("../outside/secret.tif", 403), ("0/../outside/secret.tif", 403), ("0/link.tif", 403), ("0/circle", 403),
    ("0/linked/secret.tif", 403), ("<OUTSIDE>/secret.tif", 403), ("0/<OUTSIDE>/secret.tif", 403),
    ("/vsicurl/http://attacker.example/a.tif", 403), ("0//vsicurl/http://attacker.example/a.tif", 403),
    ("0/vsicurl/a.tif", 400), ("http://attacker.example/a.tif", 403), ("0/NETCDF:image.tif", 403),
    ("0\\..\\outside\\secret.tif", 403), ("0/..\\outside\\secret.tif", 403), ("\\\\host\\share\\a.tif", 403),
    ("//host/share/a.tif", 403), ("0/C:\\a.tif", 403), ("0/image.tif\0.tif", 403), ("\u0660/image.tif", 403),
    ("0/\ud800.tif", 400), ("0/" + "a" * 100_000, 400), ("9" * 5000 + "/image.tif", 403), ("", 403),
    ("0/recipe.yml", 400), ("0", 400), ("0/nothing.tif", 400), ("0/image.tif/../image.tif", 403),
]  # fmt: skip
LAYERS = [
    *(row(f"layer {path[:40]!a}", status, "/api/layers", "POST", {"path": path}) for path, status in NAMED),
    *(
        row(f"layer path as {type(path).__name__}", 400, "/api/layers", "POST", {"path": path})
        for path in (1, None, ["0/image.tif"], {"a": 1}, True)
    ),
    row("layer without path", 400, "/api/layers", "POST", {}),
    row("remove a layer that is not there", 400, "/api/layers/r99", "DELETE"),
    row("remove by traversal", 404, "/api/layers/..%2f..", "DELETE"),
    row("features of no layer", 400, "/api/layers/v99/features"),
    row("tile of no layer", 400, "/tiles/layer/r99/0/0/0.png"),
]

NUMBERS = (
    "99/0/0", "1/0/0", "-1/0/0", "0/-1/0", "0/0/-1", "0/1000000000/0", "0/999999999/0", "0/0/1", "0/1/0",
    "0/" + "9" * 1000 + "/0", "%d9%a0/0/0", "0/%c2%b2/0", "0.0/0/0", "0/1e0/0", "0/%2b0/0", "0/%200/0", "0x0/0/0",
    "0/NaN/0", "0/0_0/0", "0/ /0".replace(" ", "%20"),
)  # fmt: skip
TILES = [
    *(row(f"model tile {place[:30]}", 400, f"{TILE}/{place}.png") for place in NUMBERS),
    *(row(f"image tile {place[:30]}", 400, f"/tiles/image/{place}.webp?{GOOD_IMAGE}") for place in NUMBERS),
    row("tile without numbers", 404, f"{TILE}///.png"),
    row("stale revision", 410, "/tiles/model/0/class/0/0/0.png"),
    row("revision to come", 410, "/tiles/model/999999/class/0/0/0.png"),
    row("revision that is no number", 400, "/tiles/model/x/class/0/0/0.png"),
    row("huge revision", 400, f"/tiles/model/{'9' * 2000}/class/0/0/0.png"),
    row("unknown output", 400, "/tiles/model/<REVISION>/probability_99/0/0/0.png"),
    row("output of markup", 400, "/tiles/model/<REVISION>/%3Cscript%3E/0/0/0.png"),
    row("output by traversal", 404, "/tiles/model/<REVISION>/..%2f..%2fstate/0/0/0.png"),
    *(
        row(f"fade {fade}", 400, f"{TILE}/0/0/0.png?fade={fade}")
        for fade in ("101", "-1", "1e1", "NaN", "", "99999999999")
    ),
    *(
        row(f"image {query[:40]}", 400, IMAGE + query)
        for query in (
            "", "bands=&limits=", "bands=red", "limits=0,1", "bands=red,nir&limits=0,1,0,1", "bands=red&limits=0",
            "bands=red,red,red,red&limits=" + ",".join(["0,1"] * 4), "bands=" + ",".join(["red"] * 800),
            "bands=unknown&limits=0,1", "bands=%3Cscript%3E&limits=0,1", "bands=red&limits=NaN,1",
            "bands=red&limits=0,inf", "bands=red&limits=-Infinity,1", "bands=red&limits=0,1e999", "bands=red&limits=,",
            "bands=red&limits=a,b", "bands=red&limits=0," + "9" * 500, "bands=red%00&limits=0,1",
        )
    ),
    row("stretch of an unknown band", 400, "/api/stretch?bands=nothing"),
    *(row(f"values {query}", 400, f"/api/values?{query}") for query in (
        "", "x=1", "x=NaN&y=1", "x=inf&y=0", "x=-1&y=0", "x=64&y=0", "x=0&y=48", "x=1e30&y=0", "x=a&y=b",
        "x=-0.0001&y=0", "x=" + "9" * 1000 + "&y=0",
    )),
    *(row(f"next {query}", 400, f"/api/next?{query}") for query in ("n=0", "n=51", "n=-1", "n=x", "seed=-1")),
]  # fmt: skip

ADD = {"version": "<VERSION>", "op": "add", "x": 3.5, "y": 3.5, "value": 1}


def body_of(**changed: object) -> str:
    """An addition, with what is changed of it; the version as a number."""
    return json.dumps({**ADD, **changed}).replace('"<VERSION>"', "<VERSION>")


def op(**asked: object) -> str:
    return json.dumps({"version": "<VERSION>", **asked}).replace('"<VERSION>"', "<VERSION>")


SQUARE = [[2, 2], [8, 2], [8, 8], [2, 8]]
LARGE = b" " * (300 * 1024)
BODIES = [
    change("too large", 413, LARGE),
    change("too large, by its word only", 413, b"{}", length=str(10**9)),
    change("too large beyond all numbers", 413, b"{}", length="9" * 18),
    change("a length longer than numbers are read", 400, b"{}", length="9" * 5000, parser=True),
    change("negative length", 400, b"{}", length="-1", parser=True),
    change("two lengths", 400, b"{}", length=None, content_length=["2", "3"], parser=True),
    change("length and pieces", 400, chunked(b"{}"), transfer_encoding="chunked"),
    change("pieces too large in all", 413, chunked(LARGE), length=None, transfer_encoding="chunked"),
    change(
        "pieces that are none", 400, b"zzzz\r\n{}\r\n0\r\n\r\n", length=None, transfer_encoding="chunked", parser=True
    ),
    change("pieces packed", 400, b"{}", length=None, transfer_encoding="gzip", parser=True),
    change("no body", 400, b"", content_type="application/json"),
    change("not JSON", 400, "add a point"),
    change("half JSON", 400, '{"version": 0, "op": "add"'),
    change("not UTF-8", 400, b"\xff\xfe{}"),
    change("packed", 400, b"\x1f\x8b\x08\x00", content_encoding="gzip"),
    change("100,000 brackets", 400, "[" * 100_000),
    change("100,000 braces", 400, '{"a":' * 40_000),
    change("deep and whole", 400, "[" * 100_000 + "]" * 100_000),
    change("a list", 400, [ADD]),
    change("a word", 400, '"undo"'),
    change("null", 400, "null"),
    change("as a form", 400, "op=undo&version=0", content_type="application/x-www-form-urlencoded"),
    change("as plain text", 400, body_of(), content_type="text/plain"),
    change("without a type", 400, body_of(), content_type=None),
    change("a type that begins like ours", 400, body_of(), content_type="application/jsonp"),
    change("NaN", 400, body_of(x=float("nan"))),
    change("infinite", 400, body_of(x=float("inf"))),
    change("beyond floats", 400, body_of().replace("3.5", "1e999", 1)),
    change("a number of 400 digits", 400, body_of(x=10**400)),
    change("a number of 10,000 digits", 400, body_of().replace("3.5", "9" * 10_000, 1)),
    change("a class of 400 digits", 400, body_of(value=10**400)),
    change("left of the image", 400, body_of(x=-0.001)),
    change("right of the image", 400, body_of(x=64)),
    change("below the image", 400, body_of(y=48.0)),
    change("far away", 400, body_of(x=1e300)),
    change("x as true", 400, body_of(x=True)),
    change("y as false", 400, body_of(y=False)),
    change("class as true", 400, body_of(value=True)),
    change("class as a fraction", 400, body_of(value=1.0)),
    change("class as text", 400, body_of(value="1")),
    change("class that is not there", 400, body_of(value=99)),
    change("x as text", 400, body_of(x="3.5")),
    change("x as list", 400, body_of(x=[3.5])),
    change("x missing", 400, op(op="add", y=3.5, value=1)),
    change("unknown change", 400, op(op="drop")),
    change("change as list", 400, op(op=["add"])),
    change("dunder change", 400, op(op="__class__")),
    change("no change named", 400, op()),
    change("nothing to undo", 400, op(op="undo")),
    change("nothing to redo", 400, op(op="redo")),
    change("stale version", 409, {**ADD, "version": 10**6}),
    change("version as text", 409, {**ADD, "version": "0"}),
    change("version as false", 409, {**ADD, "version": False}),
    change("version as fraction", 409, {**ADD, "version": 0.0}),
    change("version missing", 409, {key: value for key, value in ADD.items() if key != "version"}),
    change("unknown point", 409, op(op="delete", id="c0:99")),
    change("a point that is no point", 409, op(op="delete", id="__proto__")),
    change("id as number", 400, op(op="delete", id=7)),
    change("id of 100,000 characters", 409, op(op="delete", id="c" * 100_000)),
    change("id with markup", 409, op(op="reclass", id="<script>", value=1)),
    change("reclass to no class", 400, op(op="reclass", id="i0:2", value=99)),
    change("reclass to true", 400, op(op="reclass", id="i0:2", value=True)),
    change("move out of the image", 400, op(op="move", id="i0:2", x=-5, y=3)),
    change("move to NaN", 400, op(op="move", id="i0:2", x=float("nan"), y=3)),
    change("plot of two corners", 400, op(op="plot", ring=SQUARE[:2], value=1)),
    change("plot of 20,000 corners", 400, op(op="plot", ring=[[1, 2]] * 20_000, value=1)),
    change("plot of 100,000 corners", 413, op(op="plot", ring=[[1, 2]] * 100_000, value=1)),
    change("plot that crosses itself", 400, op(op="plot", ring=[[2, 2], [8, 8], [8, 2], [2, 8]], value=1)),
    change("plot without area", 400, op(op="plot", ring=[[2, 2]] * 4, value=1)),
    change("plot on a line", 400, op(op="plot", ring=[[2, 2], [4, 4], [8, 8]], value=1)),
    change("plot outside", 400, op(op="plot", ring=[[2, 2], [80, 2], [8, 8]], value=1)),
    change("plot with NaN", 400, op(op="plot", ring=[[2, 2], [float("nan"), 2], [8, 8]], value=1)),
    change("plot of no class", 400, op(op="plot", ring=SQUARE, value=99)),
    change("plot of true class", 400, op(op="plot", ring=SQUARE, value=True)),
    change("plot of words", 400, op(op="plot", ring=["a", "b", "c"], value=1)),
    change("plot of true corners", 400, op(op="plot", ring=[[True, 2], [8, 2], [8, 8]], value=1)),
    change("plot of corners with height", 400, op(op="plot", ring=[[2, 2, 1], [8, 2, 1], [8, 8, 1]], value=1)),
    change("plot of huge corners", 400, op(op="plot", ring=[[10**400, 2], [8, 2], [8, 8]], value=1)),
    change("plot without ring", 400, op(op="plot", value=1)),
    row("live neither on nor off", 400, "/api/live", "POST", {"on": 1}),
    row("live as text", 400, "/api/live", "POST", {"on": "false"}),
    change("a body that stops short", 0, body_of(), length="5000", end=True, parser=True),
]

PARSER = [
    row("NUL in the path", 400, "/api/\0state", parser=True),
    row("header with line end", 403, cookie=None, x_a="b\r\ncookie-x: c"),
    row("header folded", 403, cookie=None, x_a=f"b\r\n {COOKIE}"),
    row("header without colon", 400, more="cookie\r\n", parser=True),
    row("space before the colon", 400, more=f"cookie : {COOKIE}\r\n", parser=True),
    row("line end within the path", 404, "/api/state%0d%0aset-cookie:a=b"),
    row("line end within a query", 400, "/api/values?x=1%0d%0aset-cookie:a=b&y=1"),
    row("not HTTP", 400, "/ HTTP/1.1 x", parser=True),
    row("address of 5,000 characters", 414, "/api/state?" + "a" * 5000),
    row("address of 20,000 characters", 414, "/api/state?" + "a" * 20_000),
    row("headers of 36,000 characters", 431, x_a=["a" * 9_000] * 4),
    row("path not ASCII", 404, "/api/%ff%fe"),
    row("nothing there", 404, "/api/nothing"),
    row("upwards", 404, "/api/../../etc/passwd"),
    row("the prototype", 404, "/__proto__"),
]

ROWS = [*WHO, *HOST, *ORIGIN, *METHOD, *STATIC, *FILES, *LAYERS, *TILES, *BODIES, *PARSER]
