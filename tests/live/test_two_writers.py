"""Two pages, each with a server of its own, on one recipe: no point that was accepted is ever lost."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from classify_local.errors import ClassifyLocalError
from classify_local.live.session import LiveMap

SAMPLE = Path(__file__).parents[2] / "sample_data"


@pytest.fixture
def recipe(tmp_path):
    shutil.copytree(SAMPLE, tmp_path / "scene")
    return tmp_path / "scene" / "recipe.yml"


def add_many(session: LiveMap, row: int) -> int:
    """Points added, reading anew whenever the other one was first; how many were accepted."""
    accepted = 0
    for col in range(40):
        asked = {"version": session.book.version, "op": "add", "x": col + 0.5, "y": row + 0.5, "value": 10}
        try:
            session.change(asked)
            accepted += 1
        except ClassifyLocalError:
            session.look_for_changes()
    return accepted


def test_no_accepted_point_is_lost(recipe):
    sessions = [LiveMap(recipe), LiveMap(recipe)]
    for session in sessions:
        session.set_live(on=False)
    before = len((recipe.parent / "points.csv").read_text().splitlines())
    try:
        with ThreadPoolExecutor(2) as pool:
            accepted = sum(pool.map(add_many, sessions, (10, 200)))
    finally:
        for session in sessions:
            session.close()
    assert accepted > 20
    assert len((recipe.parent / "points.csv").read_text().splitlines()) == before + accepted


def test_the_map_comes_back_when_overviews_are_made(recipe, monkeypatch):
    session = LiveMap(recipe)
    try:
        assert session.settled()
        session.missing_overviews = [recipe.parent / "mosaic" / "none.tif"]
        monkeypatch.setattr("classify_local.live.overviews.build", lambda paths: iter([1]))
        session.build_overviews()
        assert session.settled()
        assert session.snapshot is not None
    finally:
        session.close()


def test_an_image_that_was_overwritten_is_noticed(recipe):
    session = LiveMap(recipe)
    try:
        images = session.images
        tile = next((recipe.parent / "mosaic").glob("*.tif"))
        data = tile.read_bytes()
        tile.write_bytes(data)
        assert session.look_for_changes()
        assert session.images == images + 1
        assert session.settled()
        assert session.snapshot is not None
    finally:
        session.close()


def test_a_missing_table_stops_nothing_else(recipe):
    text = recipe.read_text().replace("training:\n", "training:\n  - csv: gone.csv\n", 1)
    recipe.write_text(text)
    session = LiveMap(recipe)
    try:
        assert any("gone.csv" in note for note in session.state()["notes"])
        assert len(session.state()["points"]) == 510
    finally:
        session.close()
