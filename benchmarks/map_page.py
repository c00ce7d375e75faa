"""How soon the map page shows a change: from a click to the last new tile, and from a pan to the last tile.

    python benchmarks/map_page.py FOLDER --size 10980 --bands 8 --classes 10

Makes a scene with overviews in FOLDER (once), opens its recipe as a user would, in Chromium with three panes (image,
class, class probability), and clicks 20 times. Needs Playwright for Python and a Chromium (--chromium). CPU-seconds are
those of the server; the browser's are beside them.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import scenes
from playwright.sync_api import Page, sync_playwright

from classify_local.live.overviews import build

CLICKS = 20
WATCH = """() => {
  window.told = [];
  const note = () => window.told.push([performance.now(), document.body.dataset.revision, document.body.dataset.tiles]);
  new MutationObserver(note).observe(document.body, {attributes: true});
  addEventListener('pointerdown', () => { window.pressed = performance.now(); window.told = []; }, true);
}"""
SETTLED = "document.body.dataset.tiles === 'idle'"


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds until the last new tile, and CPU-seconds of the server meanwhile."""

    wall: float
    cpu: float


@contextmanager
def server(recipe: Path) -> Iterator[tuple[str, int]]:
    """The page's address and the server's process."""
    command = [sys.executable, "-m", "classify_local", "map", str(recipe), "--no-browser"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        address = next(found[0] for line in process.stdout if (found := re.search(r"http://\S+", line)))
        yield address, process.pid
    finally:
        process.terminate()
        process.wait()


def cpu_seconds(pid: int) -> float:
    """CPU-seconds a process has used, from Linux's own count."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def settle(page: Page, revision: int | None = None) -> None:
    """Wait until every tile of a revision (or of a later one) is drawn, and stays so."""
    newer = "" if revision is None else f" && Number(document.body.dataset.revision) > {revision}"
    wait(page, SETTLED + newer)
    page.wait_for_timeout(250)
    wait(page, SETTLED + newer)


def wait(page: Page, expression: str) -> None:
    """Wait until an expression is true; Playwright's own way of it is stopped by the page's rules for scripts."""
    end = time.monotonic() + 20
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"waited 20 s for {expression}"
        page.wait_for_timeout(10)


def click(page: Page, pid: int, x: float, y: float) -> Timing:
    """Click in the first pane, and see when the last tile of the new model is there."""
    revision, cpu = int(page.evaluate("document.body.dataset.revision")), cpu_seconds(pid)
    page.mouse.click(x, y)
    settle(page, revision)
    last = page.evaluate("Math.max(...window.told.filter(t => t[2] === 'idle').map(t => t[0])) - window.pressed")
    return Timing(wall=last / 1000, cpu=cpu_seconds(pid) - cpu)


def pan(page: Page, pid: int, x: float, y: float) -> Timing:
    """Drag by most of a pane to where nothing was read yet."""
    cpu = cpu_seconds(pid)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 350, y - 500, steps=4)
    page.evaluate("() => { window.told = []; window.pressed = performance.now(); }")
    page.mouse.up()
    settle(page)
    told = page.evaluate("window.told.filter(t => t[2] === 'idle').map(t => t[0] - window.pressed)")
    return Timing(wall=max(told, default=0.0) / 1000, cpu=cpu_seconds(pid) - cpu)


def measure(recipe: Path, chromium: str, shot: Path | None) -> Iterator[tuple[str, list[Timing]]]:
    """Clicks and pans on one recipe."""
    with server(recipe) as (address, pid), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(address)
        wait(page, "document.body.dataset.revision !== undefined")
        page.get_by_test_id("layout-3").click()
        settle(page)
        for _ in range(5):  # to full resolution
            page.get_by_test_id("zoom-in").click()
            page.wait_for_timeout(300)
        page.evaluate(WATCH)
        settle(page)
        box = page.get_by_test_id("pane-0").bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        yield "cold pan", [pan(page, pid, x, y + 200) for _ in range(3)]
        page.get_by_test_id("collect").click()
        page.wait_for_timeout(300)
        box = page.get_by_test_id("pane-0").bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        click_first_class(page, x, y + 280)
        yield "click", [click(page, pid, x - 130 + 65 * (i % 5), y - 260 + 130 * (i // 5)) for i in range(CLICKS)]
        if shot is not None:
            page.screenshot(path=shot)
        browser.close()


def click_first_class(page: Page, x: float, y: float) -> None:
    """Add a first point and give it a class, which the next ones take."""
    revision = int(page.evaluate("document.body.dataset.revision"))
    page.mouse.click(x, y)
    page.keyboard.press("1")
    settle(page, revision)


def fresh(folder: Path, number: int) -> Path:
    """A recipe that no click has changed yet."""
    recipe = folder / f"page_{number}.yml"
    shutil.copy(folder / f"recipe_{number}.yml", recipe)
    recipe.with_name(f"{recipe.stem}_points.csv").unlink(missing_ok=True)
    return recipe


def main() -> None:
    """Measure with 60 points and with 11,000 training rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    scenes.add_options(parser)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--chromium", default=shutil.which("chromium") or "chromium")
    parser.add_argument("--shot", type=Path, help="Where a picture of the page goes.")
    options = parser.parse_args()
    spec = scenes.spec_of(options)
    scenes.make_scene(options.folder, spec)
    image = options.folder / "image.tif"
    if not image.with_name("image.tif.ovr").exists():
        list(build([image]))
    print("| training rows | what | best s | median s | worst s | server CPU s (median) |\n|---|---|---|---|---|---|")
    for number in spec.points:
        recipe = fresh(options.folder, number)
        for what, found in measure(recipe, options.chromium, options.shot):
            walls = sorted(each.wall for each in found)
            cpu = statistics.median(each.cpu for each in found)
            figures = (walls[0], statistics.median(walls), walls[-1], cpu)
            print(f"| {number:,} | {what} | {' | '.join(f'{figure:.2f}' for figure in figures)} |")


if __name__ == "__main__":
    began = time.perf_counter()
    main()
    print(f"\n{time.perf_counter() - began:.0f} s in all")
