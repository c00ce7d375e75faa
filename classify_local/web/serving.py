"""Starting the server of the map page, and opening a browser on it."""

from __future__ import annotations

import secrets
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass

import uvicorn

from classify_local.errors import InputError
from classify_local.live.session import LiveMap
from classify_local.web.app import Page
from classify_local.web.files import Folders

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the page is: `url` holds the key and is for the user alone."""

    port: int
    url: str


def listen(port: int) -> socket.socket:
    """A socket on this machine alone; port 0 takes a free one.

    Raises
    ------
    InputError
        If the port is taken.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    _take_alone(listening)
    try:
        listening.bind((HOST, port))
        listening.listen(128)  # before the address is told
    except OSError as error:
        listening.close()
        raise InputError(f"--port {port}: cannot be used: {error.strerror}; give another, or none") from error
    return listening


def _take_alone(listening: socket.socket) -> None:
    """Use a port that was just given up; on Windows the option for that would let others share it."""
    if sys.platform == "win32":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


def serve(
    session: LiveMap, folders: Folders, listening: socket.socket, ready: Callable[[Address], None], *, browser: bool
) -> None:
    """Serve until the user ends it.

    Parameters
    ----------
    session
        The recipe.
    folders
        Where the user may choose further files.
    listening
        From `listen`.
    ready
        Told the address.
    browser
        Open the user's browser on it.
    """
    port, token = listening.getsockname()[1], secrets.token_urlsafe(32)
    address = Address(port=port, url=f"http://{HOST}:{port}/?token={token}")
    ready(address)
    if browser:
        threading.Timer(0.3, webbrowser.open, [address.url]).start()
    make_server(session, folders, port, token).run(sockets=[listening])


def make_server(session: LiveMap, folders: Folders, port: int, token: str) -> uvicorn.Server:
    """The server, not yet begun; see `serve`."""
    config = uvicorn.Config(
        Page(session, folders).app(port, token), http="h11", log_level="error", access_log=False,
        server_header=False, lifespan="on", ws_max_size=65536, timeout_graceful_shutdown=2,
        h11_max_incomplete_event_size=32768,
    )  # fmt: skip
    return uvicorn.Server(config)
