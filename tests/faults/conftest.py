"""A scene for each test, no network, and an end to every wait."""

from __future__ import annotations

import shutil
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.scene import Scene, write_scene

PATIENCE = 20.0
"""Seconds after which a test that waits (for a pipe, say) is ended."""


@pytest.fixture(scope="session")
def sound_scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scene that is broken later. Checked once, so that no test pays for importing the libraries."""
    folder = tmp_path_factory.mktemp("sound") / "scene"
    write_scene(folder)
    result = Scene(folder).call("check")
    assert result.code == 0, result.err
    (folder / "recipe.yml").unlink()
    return folder


@pytest.fixture
def scene(sound_scene: Path, tmp_path: Path) -> Scene:
    shutil.copytree(sound_scene, tmp_path / "scene")
    (tmp_path / "outside").mkdir()
    return Scene(tmp_path / "scene", outside=tmp_path / "outside")


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any) -> None:
        raise AssertionError(f"opened a socket: {arguments}")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(autouse=True)
def patience() -> Iterator[Callable[[], None]]:
    """Ends a test that waits; calling it begins the wait anew."""
    if not hasattr(signal, "setitimer"):
        yield lambda: None
        return

    def give_up(*_: Any) -> None:
        raise TimeoutError(f"waited for more than {PATIENCE:g} s")

    def begin() -> None:
        signal.setitimer(signal.ITIMER_REAL, PATIENCE)

    before = signal.signal(signal.SIGALRM, give_up)
    begin()
    yield begin
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)
