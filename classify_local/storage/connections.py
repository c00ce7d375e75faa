"""Asking web servers for files: http and https, through the user's proxy, with redirects that stay on the web.

A server learns the address that is asked for and the name and version of this program, nothing else.
"""

from __future__ import annotations

import ssl
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import urllib3
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationValueError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from classify_local import __version__
from classify_local.errors import InputError, StorageError

_REDIRECTS = (301, 302, 303, 307, 308)
_HEADERS = {"User-Agent": f"classify_local/{__version__}", "Accept-Encoding": "identity"}
_SHOWN = 100
"""Characters of a server's text that a message repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How patient a download is.

    Parameters
    ----------
    connect_seconds, read_seconds
        Wait for a connection, and for the next bytes.
    stall_seconds, least_rate
        A download that brings fewer than `least_rate` bytes per second over `stall_seconds` is begun anew.
    tries
        Tries in a row that bring nothing.
    pause_seconds
        Pause after the first of them; doubled after each further one.
    redirects
        Redirects followed for one file.
    most_bytes
        The largest file taken.
    connections
        Connections to one server.
    """

    connect_seconds: float = 15.0
    read_seconds: float = 30.0
    stall_seconds: float = 60.0
    least_rate: float = 200.0
    tries: int = 5
    pause_seconds: float = 1.0
    redirects: int = 5
    most_bytes: int = 8 * 1024**3
    connections: int = 4


class Unreachable(StorageError):
    """A server that cannot be reached at all; further files need not be asked of it."""


class Transient(Exception):
    """Trouble that may pass: worth another try after `pause` seconds."""

    def __init__(self, text: str, *, unreachable: bool = False, pause: float = 0.0) -> None:
        super().__init__(text)
        self.unreachable = unreachable
        self.pause = pause


class Connections:
    """Connections to servers, kept open between files; several threads may use them.

    Parameters
    ----------
    settings
        How long to wait.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._pools: dict[tuple[str | None, bool], urllib3.PoolManager] = {}
        self._proxies = urllib.request.getproxies()

    def close(self) -> None:
        """Close what is open."""
        for pool in self._pools.values():
            pool.clear()

    @contextmanager
    def opened(self, url: str, headers: Mapping[str, str]) -> Iterator[BaseHTTPResponse]:
        """The server's answer to a GET, its body not yet read; redirects are followed.

        Raises
        ------
        Transient
            If it cannot be reached, or falls silent before it has answered.
        StorageError
            If it leads elsewhere than to the web, in circles, or cannot be trusted.
        """
        response = self._followed(url, headers)
        try:
            yield response
        finally:
            response.close()

    def _followed(self, url: str, headers: Mapping[str, str]) -> BaseHTTPResponse:
        here = url
        for _ in range(self.settings.redirects + 1):
            response = self._asked(here, headers)
            if response.status not in _REDIRECTS:
                return response
            location = response.headers.get("Location", "")
            response.close()
            here = redirected(here, location)
        raise StorageError(f"{url}: is redirected more than {self.settings.redirects} times; give another --base-url")

    def _asked(self, url: str, headers: Mapping[str, str]) -> BaseHTTPResponse:
        try:
            return self._pool(url).request(
                "GET", url, headers={**_HEADERS, **headers}, preload_content=False, redirect=False, retries=False
            )
        except SSLError as error:
            raise StorageError(
                f"{url}: the server cannot prove who it is ({error}); is the clock right? If your network looks into "
                "connections, name its certificates with the environment variable SSL_CERT_FILE"
            ) from error
        except (LocationValueError, ValueError) as error:
            raise StorageError(f"{url}: cannot be asked for: {error}; check --base-url and proxy settings") from error
        except (HTTPError, OSError) as error:
            raise trouble(error) from error

    def _pool(self, url: str) -> urllib3.PoolManager:
        proxy = resolve_proxy(url, self._proxies)
        encrypted = "https" in (urlsplit(url).scheme, urlsplit(proxy or "").scheme)
        if (proxy, encrypted) not in self._pools:
            self._pools[proxy, encrypted] = self._made(proxy, encrypted=encrypted)
        return self._pools[proxy, encrypted]

    def _made(self, proxy: str | None, *, encrypted: bool) -> urllib3.PoolManager:
        settings = self.settings
        timeout = urllib3.Timeout(connect=settings.connect_seconds, read=settings.read_seconds)
        context = ssl.create_default_context() if encrypted else None  # reading the certificates takes a while
        if proxy is None:
            return urllib3.PoolManager(maxsize=settings.connections, timeout=timeout, ssl_context=context)
        parts = urlsplit(proxy)
        user = f"{parts.username}:{parts.password or ''}" if parts.username else None
        bare = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        return urllib3.ProxyManager(
            bare, maxsize=settings.connections, timeout=timeout, ssl_context=context,
            proxy_headers=urllib3.make_headers(proxy_basic_auth=user) if user else None,
        )  # fmt: skip


def trouble(error: HTTPError | OSError) -> Transient:
    """What a library's error means, in words; it may pass."""
    if isinstance(error, NewConnectionError | ProxyError):  # the first is also a ConnectTimeoutError
        return Transient(f"the server cannot be reached ({_reason(error)})", unreachable=True)
    if isinstance(error, ConnectTimeoutError):
        return Transient("the server cannot be reached (no answer in time)", unreachable=True)
    if isinstance(error, ReadTimeoutError | TimeoutError):
        return Transient("the server fell silent")
    if isinstance(error, ProtocolError | OSError):
        return Transient(f"the connection broke ({_reason(error)})")
    return Transient(f"the answer cannot be read ({_reason(error)})")


def _reason(error: BaseException) -> str:
    """The innermost cause in a few words: a library's own text repeats addresses of objects."""
    while error.__cause__ is not None:
        error = error.__cause__
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__)[:_SHOWN]


def require_web_address(url: str, said_by: str) -> str:
    """An address without a slash at its end, if it is plain http or https.

    Raises
    ------
    InputError
        If it is of another kind, or carries a password or a query, which would be written down.
    """
    parts = _split(url)
    if parts is None or parts[0] not in ("http", "https") or not parts[1]:
        raise InputError(f"{said_by}: {url!r} is no web address; it begins with https:// or http:// and a server")
    if "@" in parts[1]:
        raise InputError(f"{said_by}: an address with user and password would be written down; give it without them")
    if parts[2]:
        raise InputError(f"{said_by}: {url!r} has a ? or #, to which no file's name can be added; give the folder")
    return url.rstrip("/")


def redirected(here: str, location: str) -> str:
    """Where a redirect leads.

    Raises
    ------
    StorageError
        If it leaves the web, or gives up encryption.
    """
    parts = _split(urljoin(here, location)) if location.isprintable() else None
    shown = ascii(location[:_SHOWN])
    if parts is None or not location or parts[0] not in ("http", "https") or not parts[1]:
        raise StorageError(f"{here}: the server leads to {shown}, which is no web address; give another --base-url")
    if here.startswith("https:") and parts[0] == "http":
        raise StorageError(f"{here}: the server leads to {shown}, without encryption; give another --base-url")
    return urljoin(here, location)


def resolve_proxy(url: str, proxies: Mapping[str, str]) -> str | None:
    """The proxy for an address, as the environment or the system names it; None if it is to be reached directly.

    Raises
    ------
    InputError
        If it is of a kind that is not spoken here.
    """
    parts = urlsplit(url)
    found = proxies.get(parts.scheme) or proxies.get("all")
    if not found or urllib.request.proxy_bypass(parts.netloc):
        return None
    proxy = found if "://" in found else f"http://{found}"
    if urlsplit(proxy).scheme not in ("http", "https"):
        kind = proxy.partition("://")[0]
        raise InputError(f"a proxy of the kind {kind}:// is not supported; give an http:// one in https_proxy")
    return proxy


def _split(url: str) -> tuple[str, str, str] | None:
    """Scheme, server and query with fragment; None for what is no address or holds blanks and line ends."""
    if not url.isprintable() or " " in url:
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts.scheme.lower(), parts.netloc if parts.hostname else "", parts.query + parts.fragment
