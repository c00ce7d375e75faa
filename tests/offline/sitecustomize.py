"""No Python process of the tests, nor one that it starts, reaches anything but this machine.

Python imports a module of this name when it starts, if its folder is on the path; `tests/conftest.py` puts it there.
What is tried fails as it does without a network, and is noted in the file that the environment names, so that code that
puts up with a failure is found as well. Sockets of libraries in C are not seen here: for them the tests are run in a
network namespace of their own (`test_no_network.py`, and CONTRIBUTING.md).
"""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from typing import Any

NOTED = "CLASSIFY_LOCAL_TESTS_CONNECTIONS"
"""Environment variable that names the file of attempts; without it nothing is refused."""

_HOST_FIRST = ("socket.getaddrinfo", "socket.gethostbyname")
_ADDRESS_SECOND = ("socket.connect", "socket.sendto", "socket.sendmsg")


def is_here(host: Any) -> bool:
    """True for loopback addresses and for no host at all."""
    if isinstance(host, bytes | bytearray):
        host = host.decode("ascii", errors="replace")
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _HOST_FIRST:
        host = arguments[0]
    elif event in _ADDRESS_SECOND:
        family = getattr(arguments[0], "family", None)
        address = arguments[1]
        if family not in (socket.AF_INET, socket.AF_INET6) or not isinstance(address, tuple):
            return
        host = address[0]
    else:
        return
    noted = os.environ.get(NOTED)
    if not noted or is_here(host):
        return
    with open(noted, "a", encoding="utf-8") as stream:  # noqa: PTH123 - light at every start of Python
        stream.write(f"{event} {host!r}\n")
    raise PermissionError(f"tests reach this machine only: {event} {host!r}")


sys.addaudithook(_watch)
