"""Nothing is fetched that was not asked for: no test reaches beyond this machine, and the demo needs no network."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import connections_tried
from tests.offline.sitecustomize import is_here

ELSEWHERE = "192.0.2.1"
"""An address for documentation (RFC 5737), which nobody has."""


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True), ("127.8.9.10", True), ("::1", True), ("localhost", True), ("", True), (None, True),
        (ELSEWHERE, False), ("10.0.0.1", False), ("0.0.0.0", False), ("::", False), ("fe80::1%eth0", False),  # noqa: S104
        ("example.org", False), (b"example.org", False), ("localhost.example.org", False), ("2130706433", False),
    ],
)  # fmt: skip
def test_what_is_this_machine(host: object, here: bool):
    assert is_here(host) is here


def test_a_test_that_connects_is_found():
    with socket.socket() as client, pytest.raises(PermissionError, match="this machine only"):
        client.connect((ELSEWHERE, 80))
    with pytest.raises(PermissionError, match="this machine only"):
        socket.getaddrinfo("example.org", 443)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client, pytest.raises(PermissionError):
        client.sendto(b"", (ELSEWHERE, 53))
    assert len(connections_tried()) == 3
    assert connections_tried() == []


def test_a_process_of_a_test_that_connects_is_found():
    code = (
        f"import socket\ntry:\n    socket.create_connection(({ELSEWHERE!r}, 80))\nexcept OSError:\n    print('put up')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "put up\n"
    assert len(connections_tried()) == 1


def test_loopback_is_reached():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()


@pytest.fixture(scope="module")
def without_network() -> list[str]:
    """A command in front of others that leaves them no network at all, not even this machine's own."""
    command = [shutil.which("unshare") or "unshare", "--map-root-user", "--net"]
    try:
        subprocess.run([*command, "true"], check=True, capture_output=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        pytest.skip("no network namespaces here")
    return command


def test_a_library_in_c_reaches_nothing_there(without_network: list[str]):
    """The namespace does what it is for: GDAL's own client has no way out of it."""
    code = (
        "import os, rasterio\n"
        "os.environ['CPL_VSIL_CURL_ALLOWED_EXTENSIONS'] = ''\n"
        f"rasterio.open('/vsicurl/http://{ELSEWHERE}/a.tif')"
    )
    done = subprocess.run([*without_network, sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "RasterioIOError" in done.stderr


def test_the_demo_needs_no_network(without_network: list[str], tmp_path: Path):
    """Training, validation and map of the sample, by the command line."""
    done = subprocess.run(
        [*without_network, sys.executable, "-m", "classify_local", "demo"],
        capture_output=True, text=True, timeout=300, cwd=tmp_path, env=os.environ | {"PYTHONPATH": _package()},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "map:" in done.stdout


def _package() -> str:
    return os.pathsep.join([str(Path(__file__).parents[1]), os.environ["PYTHONPATH"]])
