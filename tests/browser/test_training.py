"""Points are added, given other classes, moved, deleted, taken back and done again; map and files follow."""

from __future__ import annotations

import shutil
import subprocess
import sys

import numpy as np
import rasterio

from tests.browser.conftest import Tab

WATER, BUILT_UP = 80, 50
KEY_OF = {10: "1", 20: "2", 30: "3", 40: "4", 50: "5", 60: "6", 80: "7", 90: "8"}


def water(tab: Tab, count: int) -> list[tuple[float, float]]:
    """Pixels of open water (columns and rows) near the middle of the image, away from every point and each other."""
    classes, taken = tab.classes(), [(point["x"], point["y"]) for point in tab.state()["points"]]
    rows, cols = np.nonzero(classes == WATER)
    order = np.argsort(np.hypot(rows - classes.shape[0] / 2, cols - classes.shape[1] / 2))
    found: list[tuple[float, float]] = []
    for row, col in zip(rows[order].tolist(), cols[order].tolist(), strict=True):
        place = (col + 0.5, row + 0.5)
        if all(max(abs(place[0] - x), abs(place[1] - y)) > 5 for x, y in (*taken, *found)):
            found.append(place)
        if len(found) == count:
            return found
    raise AssertionError("no open water")


def add(tab: Tab, x: float, y: float, value: int, pane: int = 0) -> None:
    """Click a point and give it a class by its key."""
    revision, points = tab.revision, tab.points
    tab.click(x, y, pane)
    tab.page.keyboard.press(KEY_OF[value])
    tab.wait_points(points + 1)
    tab.settle(revision)


def test_the_page_opens_with_image_map_and_points(tab: Tab) -> None:
    assert tab.points == 510
    classes = tab.classes()
    assert classes[290, 255] == WATER
    assert set(np.unique(classes)) <= {0, 10, 20, 30, 40, 50, 60, 80, 90}
    tab.shot("opened")


def test_clicks_change_the_map_and_the_file(tab: Tab) -> None:
    before = tab.classes()
    lake = water(tab, 5)
    tab.press("collect")
    tab.look_at(*lake[0])
    for number, (x, y) in enumerate(lake):
        add(tab, x, y, BUILT_UP, pane=number % 2)
    tab.shot("collecting")
    after = tab.classes()
    changed = int((before != after).sum())
    assert changed > 0
    assert (after[[int(y) for _, y in lake], [int(x) for x, _ in lake]] == BUILT_UP).sum() > 0
    written = tab.scene.lines()
    assert len(written) == 511 + len(lake)
    assert all(line.endswith(f'"{BUILT_UP}"') for line in written[-len(lake) :])


def test_reclass_move_delete_undo_redo(tab: Tab) -> None:
    start = tab.scene.lines()
    place = water(tab, 1)[0]
    tab.press("collect")
    tab.look_at(*place)
    add(tab, *place, BUILT_UP)
    added = tab.scene.lines()
    revision = tab.revision
    tab.page.keyboard.press(KEY_OF[WATER])  # the new point is still selected
    tab.settle(revision)
    assert tab.scene.lines()[-1].endswith(f'"{WATER}"')
    revision = tab.revision
    left, top = tab.at(*place)
    tab.page.mouse.move(left, top)
    tab.page.mouse.down()
    tab.page.mouse.move(*tab.at(place[0] + 3, place[1] + 2), steps=6)
    tab.page.mouse.up()
    tab.settle(revision)
    moved = tab.scene.lines()
    assert moved[-1] != added[-1]
    assert moved[-1].endswith(f'"{WATER}"')
    tab.shot("moved")
    revision = tab.revision
    tab.page.keyboard.press("Delete")
    tab.wait_points(510)
    tab.settle(revision)
    same = sorted(line.replace('"', "") for line in start[1:])
    assert len(tab.scene.lines()) == len(start)
    for expected in (moved, None, added, start):  # delete, move and class taken back, then the point itself
        revision = tab.revision
        tab.page.keyboard.press("Control+z")
        tab.settle(revision)
        if expected is not None:
            assert len(tab.scene.lines()) == len(expected)
    assert tab.points == 510
    for _ in range(4):
        revision = tab.revision
        tab.page.keyboard.press("Control+Shift+z")
        tab.settle(revision)
    assert tab.points == 510
    places = [tuple(map(float, line.replace('"', "").split(","))) for line in tab.scene.lines()[1:]]
    assert np.allclose(sorted(places), sorted(tuple(map(float, line.split(","))) for line in same))


def test_by_keyboard_alone(tab: Tab) -> None:
    tab.page.keyboard.press("t")
    assert tab.page.evaluate("document.body.dataset.mode") == "collecting"
    for key in ("+", "+", "ArrowDown", "ArrowRight"):
        tab.page.keyboard.press(key)
        tab.page.wait_for_timeout(300)
    revision = tab.revision
    tab.page.keyboard.press("Enter")
    tab.page.keyboard.press(KEY_OF[BUILT_UP])
    tab.wait_points(511)
    tab.settle(revision)
    assert tab.scene.lines()[-1].endswith(f'"{BUILT_UP}"')
    revision = tab.revision
    tab.page.keyboard.press(KEY_OF[WATER])
    tab.settle(revision)
    assert tab.scene.lines()[-1].endswith(f'"{WATER}"')
    revision = tab.revision
    tab.page.keyboard.press("Delete")
    tab.wait_points(510)
    tab.settle(revision)
    tab.page.keyboard.press("Control+z")
    tab.wait_points(511)
    tab.page.keyboard.press("Control+y")
    tab.wait_points(510)
    tab.page.keyboard.press("Escape")
    tab.page.keyboard.press("Escape")
    assert tab.page.evaluate("document.body.dataset.mode") == "looking"


def test_a_run_of_the_saved_recipe_gives_the_map_on_the_page(tab: Tab) -> None:
    lake = water(tab, 3)
    tab.press("collect")
    tab.look_at(*lake[0])
    for x, y in lake:
        add(tab, x, y, BUILT_UP)
    shown = tab.classes()
    copy = tab.scene.folder.parent / "copy"
    shutil.copytree(tab.scene.folder, copy)
    command = [sys.executable, "-m", "classify_local", "run", str(copy / "recipe.yml")]
    subprocess.run(command, check=True, capture_output=True)
    with rasterio.open(copy / "downloads" / "eastern_zambia" / "eastern_zambia_class.vrt") as written:
        classes = written.read(1)
        nodata = written.nodata
    assert np.array_equal(np.where(classes == nodata, 0, classes), shown)
