"""Who may ask the page's server, and for how much: this machine's browser, with the key, from the page itself.

Any web page a user visits can send requests to a port of this machine, and a name of the attacker's can be made to mean
127.0.0.1. So each request must name this server as its host, come from its own page, and carry the session's cookie,
which only the address printed in the terminal gives.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 256 * 1024
"""Bytes of a request's body."""

POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; connect-src 'self' ws://127.0.0.1:{port} ws://localhost:{port}; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What the page may load: only what this server gives."""

_METHODS = ("GET", "HEAD", "POST", "DELETE")
_CHANGING = ("POST", "DELETE")
_MAX_URL = 4096
_MAX_HEADERS = 32 * 1024
EVENTS = "/api/events"
"""Where a websocket may go."""


class Refusal(Exception):
    """A request that is not answered: status and reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class Guard:
    """Lets in what comes from the page; everything else is refused before any of it is read.

    Parameters
    ----------
    app
        What answers.
    port
        The port the server listens on.
    token
        The key in the address that is opened first.
    """

    def __init__(self, app: ASGIApp, port: int, token: str) -> None:
        self._app, self._token = app, token
        self._session = secrets.token_urlsafe(32)
        self._cookie = f"classify_local_{port}"
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self._origins = {f"http://{host}" for host in self._hosts}
        self._policy = POLICY.format(port=port)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = _Headers(scope["headers"])
        try:
            self._require_own(scope, headers)
            if self._brings_token(scope):
                await _answer(send, 303, "", [*self._headers(), (b"location", b"/"), self._set_cookie()])
                return
            self._require_cookie(headers)
            _require_small(scope, headers)
        except Refusal as refusal:
            await _refuse(scope, receive, send, refusal, self._headers())
            return
        try:
            await self._app(scope, _limited(receive), self._with_headers(send))
        except Refusal as refusal:
            await _refuse(scope, receive, send, refusal, self._headers())

    def _require_own(self, scope: Scope, headers: _Headers) -> None:
        """The request names this server, and comes from its own page or from nobody else's."""
        if (headers.all(b"host") and not set(headers.all(b"host")) <= self._hosts) or len(headers.all(b"host")) != 1:
            raise Refusal(421, "this server answers to 127.0.0.1 and localhost only")
        origins = headers.all(b"origin")
        changing = scope["type"] == "websocket" or scope.get("method") in _CHANGING
        if (changing and not origins) or not set(origins) <= self._origins:
            raise Refusal(403, "the request does not come from this page")
        if set(headers.all(b"sec-fetch-site")) - {"same-origin", "none"}:
            raise Refusal(403, "the request comes from another site")
        if scope["type"] == "websocket" and scope["path"] != EVENTS:
            raise Refusal(403, f"a websocket goes to {EVENTS} only")
        if scope["type"] == "http" and scope["method"] not in _METHODS:
            raise Refusal(405, f"allowed are {', '.join(_METHODS)}")

    def _brings_token(self, scope: Scope) -> bool:
        """True for the first address, `/?token=...`, with the right token."""
        if scope["type"] != "http" or scope["path"] != "/" or scope["method"] != "GET":
            return False
        given = parse_qs(scope["query_string"].decode("ascii", errors="replace")).get("token", [])
        if not given:
            return False
        if len(given) == 1 and _same(given[0], self._token):
            return True
        raise Refusal(403, "this address is not the one printed in the terminal; copy it from there")

    def _require_cookie(self, headers: _Headers) -> None:
        cookies: list[str] = []
        for text in headers.all(b"cookie"):
            try:
                found = SimpleCookie(text).get(self._cookie)
            except CookieError:
                continue
            cookies += [] if found is None else [found.value]
        if len(cookies) != 1 or not _same(cookies[0], self._session):
            raise Refusal(403, "open the page by the address printed in the terminal")

    def _set_cookie(self) -> tuple[bytes, bytes]:
        return b"set-cookie", f"{self._cookie}={self._session}; HttpOnly; SameSite=Strict; Path=/".encode()

    def _headers(self) -> list[tuple[bytes, bytes]]:
        return [
            (b"content-security-policy", self._policy.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"x-frame-options", b"DENY"),
            (b"referrer-policy", b"no-referrer"),
            (b"cross-origin-opener-policy", b"same-origin"),
            (b"cross-origin-resource-policy", b"same-origin"),
        ]

    def _with_headers(self, send: Send) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start", "websocket.accept"):
                message["headers"] = [*message.get("headers", []), *self._headers()]
            await send(message)

        return sending


class _Headers:
    """A request's headers, of which an attacker may send several with one name."""

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._raw = list(raw)
        self.size = sum(len(name) + len(value) for name, value in self._raw)
        """Bytes of names and values."""

    def all(self, name: bytes) -> list[str]:
        """Every value of a header."""
        return [value.decode("latin-1") for key, value in self._raw if key.lower() == name]


def _same(given: str, right: str) -> bool:
    """Compare in a time that does not depend on how much is right."""
    return hmac.compare_digest(given.encode("utf-8", errors="replace"), right.encode())


def _require_small(scope: Scope, headers: _Headers) -> None:
    if len(scope["path"]) + len(scope["query_string"]) > _MAX_URL:
        raise Refusal(414, "the address is too long")
    if headers.size > _MAX_HEADERS:
        raise Refusal(431, f"the headers of a request hold at most {_MAX_HEADERS // 1024} kB")
    if headers.all(b"content-length") and headers.all(b"transfer-encoding"):
        raise Refusal(400, "a request says its length, or comes in pieces, not both")
    for length in headers.all(b"content-length"):
        if not length.isdecimal() or int(length) > MAX_BODY:
            raise Refusal(413, f"a request holds at most {MAX_BODY // 1024} kB")


def _limited(receive: Receive) -> Receive:
    """Stop reading a body that does not say how long it is, and is too long."""
    taken = 0

    async def receiving() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b"")) if message["type"] == "http.request" else 0
        if taken > MAX_BODY:
            raise Refusal(413, f"a request holds at most {MAX_BODY // 1024} kB")
        return message

    return receiving


async def _refuse(
    scope: Scope, receive: Receive, send: Send, refusal: Refusal, headers: list[tuple[bytes, bytes]]
) -> None:
    if scope["type"] == "websocket":
        await receive()
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008, "reason": refusal.reason})
            return
    await _answer(send, refusal.status, refusal.reason, headers, scope["type"] == "websocket")


async def _answer(
    send: Send, status: int, text: str, headers: list[tuple[bytes, bytes]], websocket: bool = False
) -> None:
    """Answer in plain text, also a websocket that is not let in."""
    kind, body = "websocket.http.response" if websocket else "http.response", text.encode()
    plain = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": f"{kind}.start", "status": status, "headers": [*plain, *headers]})
    await send({"type": f"{kind}.body", "body": body})
