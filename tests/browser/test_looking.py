"""Confidence, suggestions, further layers, other tabs and programs, and names that are no markup."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.browser.conftest import Scene, Tab, open_tab, start

PALETTE = ("000000", "480000", "710101", "BA0000", "FF0000", "FFA500", "FFFF00", "79C900", "006400")


def test_the_probability_of_the_class(looker: Tab) -> None:
    looker.press("layout-3")
    looker.settle()
    looker.shot("three_panes")
    rgba = looker.tile(f"/tiles/model/{looker.revision}/class_probability/0/0/0.png")
    assert (rgba[rgba[..., 3] > 0][:, :3] == (0, 100, 0)).all(axis=1).any()  # 100 %
    values = looker.page.evaluate("fetch('/api/values?x=255&y=290').then(r => r.json())")
    assert 0 <= values["class_probability"] <= 100
    assert values["probabilities"][str(values["class"]["value"])] == values["class_probability"]
    assert sum(values["probabilities"].values()) in range(96, 105)


def test_the_threshold_makes_unsure_pixels_pale(looker: Tab) -> None:
    plain = looker.tile(f"/tiles/model/{looker.revision}/class/0/0/0.png")
    faded = looker.tile(f"/tiles/model/{looker.revision}/class/0/0/0.png?fade=80")
    pale = (faded[..., 3] > 0) & (faded[..., 3] < 255)
    assert pale.any()
    assert np.array_equal(plain[..., :3], faded[..., :3])
    looker.press("confidence")
    looker.page.wait_for_timeout(500)
    looker.settle()
    looker.shot("threshold")


def test_next_place_goes_to_an_unsure_pixel(looker: Tab) -> None:
    looker.page.keyboard.press("n")
    looker.page.wait_for_timeout(1500)
    looker.settle()
    looker.shot("next_place")
    places = looker.page.evaluate("fetch('/api/next?rule=confidence').then(r => r.json())")["places"]
    assert places
    assert all(place["probability"] < 75 for place in places)


def test_a_second_tab_follows(chromium: tuple[Any, Path], tab: Tab) -> None:
    browser, _ = chromium
    other = open_tab(browser, tab.scene)
    tab.press("collect")
    tab.closer(3)
    tab.click(200.5, 200.5)
    tab.page.keyboard.press("1")
    tab.wait_points(511)
    other.wait_points(511)
    other.page.keyboard.press("Control+z")
    tab.wait_points(510)
    other.page.context.close()


def test_an_edited_file_is_read_anew_and_never_written_over(tab: Tab) -> None:
    path = tab.scene.folder / "points.csv"
    with path.open("a", encoding="utf-8") as stream:
        stream.write("32.21,-13.30,80\n")
    tab.wait_points(511)
    tab.settle()
    assert tab.scene.lines()[-1] == "32.21,-13.30,80"


def test_a_stopped_server_is_said(chromium: tuple[Any, Path], scene: Scene) -> None:
    browser, _ = chromium
    tab = open_tab(browser, scene)
    scene.stop()
    tab.page.get_by_test_id("stopped").wait_for(timeout=20_000)
    tab.shot("stopped")
    tab.page.context.close()


def test_names_are_text(chromium: tuple[Any, Path], tmp_path: Path, scene: Scene) -> None:
    browser, _ = chromium
    scene.stop()
    legend = scene.folder / "legend.csv"
    text = legend.read_text(encoding="utf-8").replace("Tree cover", "<img src=x onerror=window.hurt=1>")
    legend.write_text(text, encoding="utf-8")
    running = start(scene.folder)
    try:
        tab = open_tab(browser, running)
        tab.press("collect")
        assert "<img src=x onerror=window.hurt=1>" in tab.page.inner_text("body")
        assert tab.page.evaluate("window.hurt") is None
        tab.page.context.close()
    finally:
        running.stop()


def test_dark_and_small(chromium: tuple[Any, Path], shared_scene: Scene) -> None:
    browser, _ = chromium
    tab = open_tab(browser, shared_scene, color_scheme="dark")
    tab.page.set_viewport_size({"width": 1280, "height": 720})
    tab.press("layout-4")
    tab.press("collect")
    tab.settle()
    tab.shot("dark_small")
    box = tab.page.get_by_test_id("legend").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 720
    tab.page.context.close()


def test_the_palette_is_sepals(looker: Tab) -> None:
    assert [color.removeprefix("#") for color in looker.state()["palette"]] == list(PALETTE)
    picture = Image.fromarray(looker.tile(f"/tiles/model/{looker.revision}/probability_80/0/0/1.png"))
    assert picture.size == (256, 256)
