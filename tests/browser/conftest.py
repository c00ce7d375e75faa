"""A real browser on a real server: Debian's Chromium, headless, with every name but this machine's unresolvable."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from classify_local.page import BUILT

sync_api = pytest.importorskip("playwright.sync_api", reason="no Playwright: pip install playwright")

SAMPLE = Path(__file__).parents[2] / "sample_data"
CHROMIUM = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)
SHOTS = os.environ.get("CLASSIFY_LOCAL_SCREENSHOTS")
"""Folder in which pictures of the page are kept, for people to look at."""
_NETWORK = ("http", "https", "ws", "wss")
PATIENCE = 40.0


@dataclass(frozen=True)
class Scene:
    """A recipe's folder, the page's address, and what the server's process said."""

    folder: Path
    address: str
    process: subprocess.Popen[str]

    @property
    def recipe(self) -> Path:
        return self.folder / "recipe.yml"

    def stop(self) -> None:
        """End the server."""
        self.process.terminate()
        self.process.communicate(timeout=20)

    def lines(self, name: str = "points.csv") -> list[str]:
        return (self.folder / name).read_text(encoding="utf-8").splitlines()


def start(folder: Path) -> Scene:
    """The server on a copy of the sample scene."""
    command = [sys.executable, "-m", "classify_local", "map", str(folder / "recipe.yml"), "--no-browser"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if found := re.search(r"http://\S+", line):
            return Scene(folder=folder, address=found[0], process=process)
    raise AssertionError("".join(said))


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Path]]:
    """The browser, and the log of its network."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (Debian: apt install chromium)")
    if not (BUILT / "index.html").is_file():
        pytest.skip("the map page is not built (Node.js 20 or later, then install the package again)")
    log = tmp_path_factory.mktemp("chromium") / "net.json"
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                f"--log-net-log={log}",
                "--disable-component-update",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            ],
        )
        yield browser, log
        browser.close()
    if log.exists():
        assert_stays_here(log)


def _is_of_page(part: dict[str, Any]) -> bool:
    """True for what a page asks for, or a user; Chromium also asks for its own updates, which lead nowhere here."""
    return str(part.get("initiator", "")).startswith("http") or "127.0.0.1" in str(part["url"])


def assert_stays_here(log: Path) -> None:
    """No request of a page and no connection of the browser goes to another machine."""
    text = log.read_text(encoding="utf-8", errors="replace")
    text = text if text.rstrip().endswith("}") else text.rstrip().rstrip(",") + "]}"
    events = json.loads(text)["events"]
    params = [event.get("params", {}) for event in events]
    asked = {str(part["url"]) for part in params if "url" in part and _is_of_page(part)}
    elsewhere = {url for url in asked if urlsplit(url).scheme in _NETWORK and urlsplit(url).hostname != "127.0.0.1"}
    peers = {str(part["remote_address"]) for part in params if "remote_address" in part}
    assert not elsewhere, elsewhere
    assert all(peer.startswith("127.0.0.1:") for peer in peers), peers
    assert any(urlsplit(url).hostname == "127.0.0.1" for url in asked)  # the log tells what was asked for


@contextmanager
def served(folder: Path) -> Iterator[Scene]:
    """The sample scene, open on a server of its own."""
    shutil.copytree(SAMPLE, folder)
    running = start(folder)
    yield running
    running.stop()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A scene that a test may change."""
    with served(tmp_path / "scene") as running:
        yield running


@pytest.fixture(scope="module")
def shared_scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A scene that tests only look at."""
    with served(tmp_path_factory.mktemp("shared") / "scene") as running:
        yield running


@dataclass
class Tab:
    """A page in the browser, with what a user does on it."""

    page: Any
    scene: Scene
    problems: list[str] = field(default_factory=list)

    def settle(self, after: int | None = None) -> None:
        """Wait until the tiles of a model later than `after` are drawn."""
        newer = "true" if after is None else f"Number(document.body.dataset.revision) > {after}"
        self.wait(f"document.body.dataset.revision && {newer} && document.body.dataset.tiles === 'idle'")
        self.page.wait_for_timeout(200)

    def wait(self, expression: str) -> None:
        """Wait until an expression is true; Playwright's own way of it is stopped by the page's rules for scripts."""
        end = time.monotonic() + PATIENCE
        while not self.page.evaluate(expression):
            if time.monotonic() > end:
                self.shot("waited")
                raise AssertionError(f"waited {PATIENCE} s for {expression}")
            self.page.wait_for_timeout(20)

    @property
    def revision(self) -> int:
        return int(self.page.evaluate("document.body.dataset.revision"))

    @property
    def points(self) -> int:
        return int(self.page.evaluate("document.body.dataset.points"))

    def press(self, name: str) -> None:
        self.page.get_by_test_id(name).click()

    def at(self, x: float, y: float, pane: int = 0) -> tuple[float, float]:
        """Where a pixel of the image is on the page."""
        left, top = self.page.evaluate(f"window.classifyLocal.pixelOf({x}, {y}, {pane})")
        return left, top

    def click(self, x: float, y: float, pane: int = 0) -> None:
        self.page.mouse.click(*self.at(x, y, pane))

    def closer(self, times: int) -> None:
        """Zoom in on the middle of the image."""
        for _ in range(times):
            self.press("zoom-in")
            self.page.wait_for_timeout(300)

    def look_at(self, x: float, y: float) -> None:
        """Zoom in on a pixel of the image with the wheel, until its neighbours are well apart."""
        self.page.mouse.move(*self.at(x, y))
        for _ in range(5):
            self.page.mouse.wheel(0, -400)
            self.page.wait_for_timeout(400)

    def wait_points(self, count: int) -> None:
        self.wait(f"Number(document.body.dataset.points) === {count}")

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.page.evaluate("fetch('/api/state').then(r => r.json())")
        return found

    def tile(self, address: str) -> NDArray[np.uint8]:
        """A tile as the browser gets it, shape (256, 256, 4)."""
        numbers = self.page.evaluate(
            "a => fetch(a).then(r => r.arrayBuffer()).then(b => Array.from(new Uint8Array(b)))", address
        )
        return np.asarray(Image.open(io.BytesIO(bytes(numbers))).convert("RGBA"))

    def classes(self) -> NDArray[np.int64]:
        """The whole class map at full resolution, read from tiles by the legend's colours; 0 where there is none."""
        state = self.state()
        rows, cols, revision = state["grid"]["rows"], state["grid"]["cols"], state["revision"]
        found = np.zeros((-(-rows // 256) * 256, -(-cols // 256) * 256), dtype=np.int64)
        for row in range(0, rows, 256):
            for col in range(0, cols, 256):
                rgba = self.tile(f"/tiles/model/{revision}/class/0/{col // 256}/{row // 256}.png")
                for entry in state["legend"]:
                    color = [int(entry["color"][i : i + 2], 16) for i in (1, 3, 5)]
                    same = (rgba[..., :3] == color).all(axis=-1) & (rgba[..., 3] == 255)
                    found[row : row + 256, col : col + 256][same] = entry["value"]
        return found[:rows, :cols]

    def shot(self, name: str) -> None:
        """Keep a picture, if somebody wants to look at it."""
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(SHOTS) / f"{name}.png")


def open_tab(browser: Any, scene: Scene, **options: Any) -> Tab:
    """The page in a browser profile of its own."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, **options)
    tab = Tab(page=context.new_page(), scene=scene)
    tab.page.on("pageerror", lambda error: tab.problems.append(str(error)))
    tab.page.on("console", lambda message: tab.problems.append(message.text) if message.type == "error" else None)
    tab.page.goto(scene.address)
    tab.settle()
    return tab


@contextmanager
def faultless(browser: Any, scene: Scene) -> Iterator[Tab]:
    """A tab on which nothing may have gone wrong in the end."""
    opened = open_tab(browser, scene)
    yield opened
    wrong = [line for line in opened.problems if "410" not in line]  # tiles of a model that a newer one followed
    opened.page.context.close()
    assert not wrong, wrong


@pytest.fixture
def tab(chromium: tuple[Any, Path], scene: Scene) -> Iterator[Tab]:
    """A scene of the test's own, open in the browser."""
    with faultless(chromium[0], scene) as opened:
        yield opened


@pytest.fixture
def looker(chromium: tuple[Any, Path], shared_scene: Scene) -> Iterator[Tab]:
    """The scene that is only looked at, open in the browser."""
    with faultless(chromium[0], shared_scene) as opened:
        yield opened
