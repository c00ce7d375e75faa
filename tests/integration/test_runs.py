"""Runs: the same pixels whatever tiles and workers, resumed after any kill, stopped in order."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import rasterio

from classify_local import InputError, Interrupted, LockedError, StorageError, TilesFailed, api
from classify_local.mapping import tiles
from classify_local.storage import atomic, locks
from tests.integration.kill_driver import STEPS
from tests.integration.synthetic import read_bands, write_scene

VARYING = {"scene_run.json", "lock"}
"""Files that hold times."""


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a map that does not hold times."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in VARYING and "journal" not in path.parts
    }


def test_outputs_are_those_of_the_contract(tmp_path: Path) -> None:
    result = api.run(write_scene(tmp_path, tile_size=1024), workers=1)
    names = sorted(path.name for path in result.folder.iterdir())
    ids = ["0000000000-0000000000", "0000000000-0000001024"]
    assert names == sorted(
        [
            ".run", "scene.qml", "scene.vrt", "scene_class.vrt", "scene_legend.csv", "scene_model.zip",
            "scene_probability.vrt", "scene_recipe.yml", "scene_run.json",
            *(f"scene_class_{i}.tif" for i in ids), *(f"scene_class_{i}.tif.aux.xml" for i in ids),
            *(f"scene_probability_{i}.tif" for i in ids),
        ]
    )  # fmt: skip
    with rasterio.open(result.vrt) as handle:
        assert handle.descriptions == ("class", "class_probability", "probability_5")
        assert handle.nodatavals == (0, 255, 255)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """The map in tiles of 2048 pixels made by one worker."""
    folder = tmp_path_factory.mktemp("reference")
    return read_bands(api.run(write_scene(folder, tile_size=2048), workers=1).vrt)


@pytest.mark.parametrize(("tile_size", "workers"), [(256, 1), (256, 2), (1000, 2), (2048, 2), (100, 2)])
def test_pixels_do_not_depend_on_tiles_or_workers(
    tmp_path: Path, reference: np.ndarray, tile_size: int, workers: int
) -> None:
    result = api.run(write_scene(tmp_path, tile_size=tile_size), workers=workers)
    np.testing.assert_array_equal(read_bands(result.vrt), reference)


def test_files_do_not_depend_on_workers(tmp_path: Path) -> None:
    recipe = write_scene(tmp_path)
    one = api.run(recipe, workers=1, out=tmp_path / "one")
    two = api.run(recipe, workers=2, out=tmp_path / "two")
    assert digests(one.folder) == digests(two.folder)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_twenty_kills_leave_the_same_bytes(tmp_path: Path) -> None:
    recipe = write_scene(tmp_path)
    whole = api.run(recipe, workers=1, out=tmp_path / "whole")
    driver = Path(__file__).parent / "kill_driver.py"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    ended = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", driver, recipe, "11", "8"],
        capture_output=True, text=True, env=environment, timeout=280, check=False,
    )  # fmt: skip
    lines = ended.stdout.splitlines()
    assert lines[-1] == "last: exit 0", ended.stdout + ended.stderr
    assert lines[: len(STEPS)] == [f"{step}: killed" for step in STEPS]
    assert sum(line == "random: killed" for line in lines) >= 4
    killed = tmp_path / "downloads" / "scene"
    assert digests(killed) == digests(whole.folder)
    assert not list(atomic.leftover_parts(killed))


def test_a_second_run_makes_nothing(tmp_path: Path) -> None:
    recipe = write_scene(tmp_path)
    folder = api.run(recipe).folder
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file() and path.name != "lock"}
    api.run(recipe)
    after = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file() and path.name != "lock"}
    assert before == after


def test_only_what_is_missing_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = write_scene(tmp_path)
    folder = api.run(recipe).folder
    before = digests(folder)
    (folder / "scene_class_0000000256-0000000512.tif").unlink()
    (folder / "scene.vrt").unlink()
    made = []
    write = tiles.write_tile
    monkeypatch.setattr(
        tiles, "write_tile", lambda path, *args, **more: (made.append(path.name), write(path, *args, **more))
    )
    api.run(recipe)
    assert sorted(made) == [
        "scene_class_0000000256-0000000512.tif",
        "scene_probability_0000000256-0000000512.tif",
    ]
    assert digests(folder) == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda folder: _replace(folder / "scene.yml", "trees: 5", "trees: 6"), "number_of_trees was 5, is 6"),
        (lambda folder: _replace(folder / "legend.csv", "forest", "woods"), "the legend was changed"),
        (lambda folder: _replace(folder / "points.csv", "x,y,class\n", "x,y,class\n\n"), "points.csv was changed"),
        (lambda folder: _brighten(folder / "image.tif"), "image.tif was changed"),
    ],
)  # fmt: skip
def test_a_change_is_noticed_and_restart_makes_the_map_anew(tmp_path: Path, change, said: str) -> None:
    recipe = write_scene(tmp_path)
    folder = api.run(recipe).folder
    before = digests(folder)
    change(tmp_path)
    with pytest.raises(InputError, match=said) as caught:
        api.run(recipe)
    assert "--restart" in str(caught.value)
    assert digests(folder) == before
    again = api.run(recipe, restart=True)
    fresh = api.run(recipe, out=tmp_path / "fresh")
    assert digests(again.folder) == digests(fresh.folder)


def test_restart_with_other_tiles_leaves_none_of_the_old(tmp_path: Path) -> None:
    recipe = write_scene(tmp_path, tile_size=256)
    api.run(recipe)
    _replace(recipe, "tile_size: 256", "tile_size: 512")
    folder = api.run(recipe, restart=True).folder
    assert len(list(folder.glob("*_class_*.tif"))) == 6


def test_a_restart_that_cannot_be_trained_keeps_the_old_map(tmp_path: Path) -> None:
    recipe = write_scene(tmp_path)
    folder = api.run(recipe).folder
    before = digests(folder)
    (tmp_path / "points.csv").write_text("x,y,class\n500005,8599995,1\n")
    with pytest.raises(InputError, match="at least 2 classes"):
        api.run(recipe, restart=True)
    assert digests(folder) == before


def test_a_damaged_image_fails_its_tiles_only(tmp_path: Path) -> None:
    recipe = write_scene(tmp_path)
    image = tmp_path / "image.tif"
    _keep_points(tmp_path / "points.csv", north_of=8_600_000 - 2500)
    sound = api.run(recipe, out=tmp_path / "sound")
    _destroy_block(image, row=1, col=3)
    with pytest.raises(TilesFailed, match=r"tile \d{10}-\d{10}: .*image.tif: cannot be read at row"):
        api.run(recipe)
    folder = tmp_path / "downloads" / "scene"
    found = api.status(folder)
    assert found.failed
    assert found.done
    assert not found.complete
    assert set(found.failed) == set(found.missing)
    for tile in found.done:
        name = f"scene_class_{tile}.tif"
        np.testing.assert_array_equal(read_bands(folder / name), read_bands(sound.folder / name))
    assert json.loads((folder / "scene_run.json").read_text())["complete"] is False


def test_a_second_run_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    recipe = write_scene(tmp_path)
    folder = api.run(recipe).folder
    with locks.hold(folder / ".run"), pytest.raises(LockedError, match=f"process {os.getpid()}"):
        api.run(recipe)


def test_a_note_of_another_machine_has_to_be_broken(tmp_path: Path) -> None:
    recipe = write_scene(tmp_path)
    folder = api.run(recipe).folder
    (folder / ".run" / "owner.json").write_text('{"host": "elsewhere", "pid": 7, "since": "today"}')
    with pytest.raises(LockedError, match=r"elsewhere.*--break-lock"):
        api.run(recipe)
    api.run(recipe, break_lock=True)


def test_a_full_disk_ends_the_run_and_a_later_one_completes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = write_scene(tmp_path)
    whole = api.run(recipe, out=tmp_path / "whole")
    left = [12]

    def full(step: str) -> None:
        if step == "before write":
            left[0] -= 1
            if left[0] < 0:
                raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(atomic, "reached", full)
        with pytest.raises(StorageError, match="No space left on device"):
            api.run(recipe)
    assert digests(api.run(recipe).folder) == digests(whole.folder)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of other processes")
@pytest.mark.parametrize("which", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_a_signal_stops_in_order_and_the_next_run_resumes(tmp_path: Path, which: signal.Signals) -> None:
    recipe = write_scene(tmp_path, trees=150)
    process = _start(recipe)
    assert _wait_for_tiles(tmp_path / "downloads" / "scene", process) > 0
    asked = time.monotonic()
    process.send_signal(which)
    _, said = process.communicate(timeout=30)
    assert process.returncode == Interrupted.exit_code, said
    assert time.monotonic() - asked < 10
    assert "run the same command again to resume" in said
    assert "Traceback" not in said
    folder = tmp_path / "downloads" / "scene"
    found = api.status(folder)
    assert found.done
    assert found.missing
    api.run(recipe)
    assert api.status(folder).complete


def _start(recipe: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "classify_local", "run", str(recipe), "--workers", "1"]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _wait_for_tiles(folder: Path, process: subprocess.Popen[str]) -> int:
    """Wait until the first tile is noted; how many are."""
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        noted = sum(len(path.read_text().splitlines()) for path in folder.glob(".run/journal/*.jsonl"))
        if noted:
            return noted
        time.sleep(0.02)
    return 0


def _destroy_block(image: Path, row: int, col: int) -> None:
    """Overwrite a compressed block from its first byte; one damaged later may be decoded to other values."""
    with rasterio.open(image) as handle:
        tags = {
            key: handle.get_tag_item(f"{key}_{col}_{row}", "TIFF", bidx=1) for key in ("BLOCK_OFFSET", "BLOCK_SIZE")
        }
    first, size = int(tags["BLOCK_OFFSET"]), int(tags["BLOCK_SIZE"])
    data = bytearray(image.read_bytes())
    data[first : first + size] = b"\xff" * size
    image.write_bytes(data)


def _brighten(image: Path) -> None:
    with rasterio.open(image, "r+") as handle:
        handle.write(handle.read(1) + 1, 1)


def _keep_points(path: Path, north_of: float) -> None:
    """Leave only points whose blocks the damaged image still has."""
    header, *rows = path.read_text().splitlines()
    kept = [row for row in rows if float(row.split(",")[1]) > north_of]
    path.write_text("\n".join([header, *kept]) + "\n")


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_the_moved_folder_still_opens(tmp_path: Path) -> None:
    result = api.run(write_scene(tmp_path))
    before = read_bands(result.vrt)
    moved = tmp_path / "elsewhere"
    result.folder.rename(moved)
    np.testing.assert_array_equal(read_bands(moved / "scene.vrt"), before)


def test_the_recipe_copy_gives_the_same_map(tmp_path: Path) -> None:
    result = api.run(write_scene(tmp_path))
    copy = result.folder / "scene_recipe.yml"
    assert copy.read_text().startswith("# a comment")
    again = api.run(copy, out=tmp_path / "again")
    np.testing.assert_array_equal(read_bands(again.vrt), read_bands(result.vrt))


def test_the_record_tells_what_was_done(tmp_path: Path) -> None:
    result = api.run(write_scene(tmp_path))
    record = json.loads((result.folder / "scene_run.json").read_text())
    assert record["complete"] is True
    assert set(record["identity"]["files"]) == {"image.tif", "points.csv"}
    assert record["training"]["rows"] == 240
    assert sum(record["pixels_by_class"].values()) == record["valid_pixels"]
    assert record["pixels"] == 700 * 1300
    tile = random.Random(1).choice(sorted(record["tiles"]))
    for name, facts in record["tiles"][tile]["files"].items():
        assert hashlib.sha256((result.folder / name).read_bytes()).hexdigest() == facts["sha256"]
