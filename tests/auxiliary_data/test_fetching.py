"""Fetching from a server on this machine: what lies in the folder afterwards, whatever the server does."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.io import MemoryFile

from classify_local.auxiliary_data import fetching, manifest, storing
from classify_local.auxiliary_data.areas import of_bounds
from classify_local.auxiliary_data.fetching import fetch
from classify_local.auxiliary_data.progress import FetchProgress
from classify_local.cli.main import call
from classify_local.errors import InputError, Interrupted, LockedError, RefusedError, StorageError
from classify_local.mapping.stopping import Stop
from classify_local.storage import atomic, locks
from tests.auxiliary_data import server
from tests.auxiliary_data.conftest import heights, names, source, tile_bytes
from tests.auxiliary_data.server import QUICK, Web

TWO = of_bounds(32.2, -13.8, 33.8, -13.2)
THREE = of_bounds(32.2, -13.8, 34.8, -13.2)
TILES = ["manifest.json", "terrain/S14E032.tif", "terrain/S14E033.tif"]


class Seen:
    def __init__(self) -> None:
        self.said: list[str] = []
        self.steps: list[FetchProgress] = []

    def say(self, text: str) -> None:
        self.said.append(text)

    def progress(self, progress: FetchProgress) -> None:
        self.steps.append(progress)


def srtm(web: Web, folder: Path, area=TWO, **options):
    return fetch(folder, area, [source(web, "srtm")], **{"settings": QUICK, **options})


def said(folder: Path) -> dict:
    return json.loads((folder / "manifest.json").read_text())


# all is well


def test_tiles_come_with_a_manifest(web, tmp_path):
    done = srtm(web, tmp_path)
    assert names(tmp_path) == TILES
    assert set(done.fetched) == {"terrain/S14E032.tif", "terrain/S14E033.tif"}
    records = said(tmp_path)["files"]
    for name in ("S14E032", "S14E033"):
        record, path = records[f"terrain/{name}.tif"], tmp_path / "terrain" / f"{name}.tif"
        published = web.files[f"/srtm/{name}.tif"]
        assert record["url"] == f"{web.url}/srtm/{name}.tif"
        assert record["bytes"] == path.stat().st_size
        assert record["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert record["published"]["sha256"] == hashlib.sha256(published).hexdigest()
        assert record["published"]["bytes"] == len(published)
        assert (record["what"], record["source"], record["version"]) == ("terrain", "srtm", "3")
        assert "USGS" in record["attribution"]
        assert record["date"].startswith("20")
        with rasterio.open(path) as ours, MemoryFile(published) as memory, memory.open() as theirs:
            assert ours.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
            assert ours.tags(ns="IMAGE_STRUCTURE")["COMPRESSION"] == "DEFLATE"
            np.testing.assert_array_equal(ours.read(), theirs.read())
            assert (ours.crs, ours.transform, ours.nodata) == (theirs.crs, theirs.transform, theirs.nodata)
    assert records["terrain/S14E032.tif"]["bounds"] == [32, -14, 33, -13]
    assert records["terrain/S14E032.tif"]["stored"] == "rewritten as COG"
    assert records["terrain/S14E033.tif"]["stored"] == "as published"
    assert (tmp_path / "terrain/S14E033.tif").read_bytes() == web.files["/srtm/S14E033.tif"]


def test_what_is_there_is_not_fetched_again(web, tmp_path):
    srtm(web, tmp_path)
    before = len(web.asked)
    done = srtm(web, tmp_path)
    assert (done.fetched, set(done.there)) == ((), {"terrain/S14E032.tif", "terrain/S14E033.tif"})
    assert len(web.asked) == before
    (tmp_path / "terrain/S14E032.tif").unlink()
    assert srtm(web, tmp_path).fetched == ("terrain/S14E032.tif",)


def test_sea_is_an_answer_that_is_kept(web, tmp_path):
    seen = Seen()
    done = srtm(web, tmp_path, THREE, watcher=seen)
    assert done.absent == ("terrain/S14E034.tif",)
    assert any("S14E034.tif: is not published" in text for text in seen.said)
    assert said(tmp_path)["absent"]["terrain/S14E034.tif"]["url"] == f"{web.url}/srtm/S14E034.tif"
    before = len(web.asked)
    assert srtm(web, tmp_path, THREE).absent == ("terrain/S14E034.tif",)
    assert len(web.asked) == before
    web.files["/srtm/S14E034.tif"] = tile_bytes(34, -13, 1)
    assert srtm(web, tmp_path, THREE, recheck=True).fetched == ("terrain/S14E034.tif",)
    assert said(tmp_path)["absent"] == {}


def test_absence_on_one_server_says_nothing_of_another(web, tmp_path):
    """A misspelt address must not make land into sea."""
    srtm(web, tmp_path)
    (tmp_path / "terrain/S14E032.tif").unlink()
    wrong = replace(source(web, "srtm"), base_url=f"{web.url}/strm")
    assert fetch(tmp_path, TWO, [wrong], settings=QUICK).absent == ("terrain/S14E032.tif",)
    assert srtm(web, tmp_path).fetched == ("terrain/S14E032.tif",)


def test_water_keeps_its_codes_and_land_cover_its_colours(web, tmp_path):
    area = of_bounds(32.2, -13.8, 32.8, -13.2)
    done = fetch(
        tmp_path, area, [source(web, "water-1.4", "occurrence"), source(web, "worldcover")], settings=QUICK
    )  # fmt: skip
    water, cover = "water/occurrence_30E_10Sv1_4_2021.tif", "worldcover/ESA_WorldCover_10m_2021_v200_S15E030_Map.tif"
    assert set(done.fetched) == {water, cover}
    with rasterio.open(tmp_path / water) as handle:
        assert handle.nodata == 255
        assert handle.profile["blockxsize"] == 512
    with rasterio.open(tmp_path / cover) as handle:
        assert handle.colormap(1)[10] == (0, 100, 0, 255)


def test_height_files_become_rasters_in_the_right_place(web, tmp_path):
    """Their points lie on whole degrees, so pixels reach half a step beyond."""
    fetch(tmp_path, of_bounds(32.2, -13.8, 32.8, -13.2), [source(web, "skadi")], settings=QUICK)
    with rasterio.open(tmp_path / "terrain/S14E032.tif") as handle:
        np.testing.assert_array_equal(handle.read(1), heights())
        assert handle.nodata == -32768
        assert handle.dtypes == ("int16",)
        assert handle.tags()["AREA_OR_POINT"] == "Point"
        assert handle.xy(0, 0) == pytest.approx((32, -13), abs=1e-9)
        assert handle.xy(1200, 1200) == pytest.approx((33, -14), abs=1e-9)
        assert handle.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
    assert said(tmp_path)["files"]["terrain/S14E032.tif"]["stored"] == "unpacked and written as COG"


def test_progress_counts_bytes(web, tmp_path):
    seen = Seen()
    srtm(web, tmp_path, THREE, watcher=seen)
    assert "3 tiles to fetch, about 45 MB" in seen.said[0]
    last = seen.steps[-1]
    size = sum(len(web.files[f"/srtm/S14E03{i}.tif"]) for i in (2, 3))
    assert (last.files_done, last.files_total, last.files_failed) == (3, 3, 0)
    assert last.bytes_done == last.bytes_total == last.bytes_now == size
    assert last.seconds_left == 0
    assert all(step.bytes_done <= step.bytes_total for step in seen.steps)


def test_the_number_of_connections_is_bounded(web, tmp_path):
    now, most, lock = [0], [0], threading.Lock()

    def slow(handler: server.Handler, data: bytes) -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.03)
        with lock:
            now[0] -= 1
        server.status(404)(handler, data)

    for col in range(10, 22):
        web.behaves(f"/srtm/N01E0{col}.tif", slow)
    srtm(web, tmp_path, of_bounds(10.1, 1.1, 21.9, 1.9), workers=3)
    assert most[0] == 3


# servers that fail


@pytest.mark.parametrize(
    ("behaviour", "text"),
    [
        (server.status(500), "the server answered 500, 5 times"),
        (server.status(403), "the server refuses (403)"),
        (server.redirect("file:///etc/passwd"), "leads to 'file:///etc/passwd', which is no web address"),
        (server.answer(b"<html><body>Log in</body>"), "is a web page, not a raster (starts with '<html'"),
        (server.answer(b""), "is empty"),
        (server.answer(b"II*\0" + b"\0" * 100), "cannot be opened as GTiff"),
        (server.answer(b"<VRTDataset rasterXSize='1' rasterYSize='1'></VRTDataset>"), "is a VRT"),
        (server.answer(tile_bytes(40, 40, 1)), "lies at 40, 39, 41, 40, not in the square of its name"),
        (server.unannounced, "failed"),
        (server.cut_after(300), "5 times"),
        (server.drip(0.05, 8), "bytes per second came"),
    ],
)  # fmt: skip
def test_what_came_stays_and_what_failed_is_named(web, tmp_path, behaviour, text):
    if behaviour is server.unannounced:  # a file cut short by a server that never said how long it is
        web.files["/srtm/S14E032.tif"], text = web.files["/srtm/S14E032.tif"][:4000], "cannot be"
    web.behaves("/srtm/S14E032.tif", behaviour)
    with pytest.raises(StorageError) as caught:
        srtm(web, tmp_path)
    first, last = caught.value.problems
    assert first.startswith(f"terrain/S14E032.tif: {web.url}/srtm/S14E032.tif: ")
    assert text in first
    assert last == "1 of 2 tiles did not come; 1 are done and stay: run the same command again"
    assert caught.value.exit_code == 4
    assert [name for name in names(tmp_path) if not name.startswith(".incoming")] == [TILES[0], TILES[2]]
    web.files["/srtm/S14E032.tif"] = tile_bytes(32, -13, 1)
    web.behaves("/srtm/S14E032.tif", server.ranged)
    assert srtm(web, tmp_path).fetched == ("terrain/S14E032.tif",)
    assert names(tmp_path) == TILES


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"\x1f\x8bnonsense", "damaged gzip"), (b"II*\0", "is no gzipped height file"), (b"", "is no gzipped"),
     (None, "unpacks to 25,934,403 bytes or more"), (b"short", "unpacks to 5 bytes")],
)  # fmt: skip
def test_height_files_that_are_none(web, tmp_path, data, text):
    web.files["/skadi/S14/S14E032.hgt.gz"] = (
        gzip.compress(b"\0" * 40_000_000) if data is None else gzip.compress(data) if data == b"short" else data
    )
    with pytest.raises(StorageError, match=text):
        fetch(tmp_path, of_bounds(32.2, -13.8, 32.8, -13.2), [source(web, "skadi")], settings=QUICK)
    assert names(tmp_path) == []


def test_a_server_that_is_away_is_not_asked_for_each_tile(tmp_path):
    with server.serving() as gone:
        away = source(gone, "srtm")
    began = time.monotonic()
    with pytest.raises(StorageError) as caught:
        fetch(tmp_path, of_bounds(0.1, 0.1, 19.9, 0.9), [away], settings=QUICK, workers=2)
    assert time.monotonic() - began < 5
    assert len(caught.value.problems) == 21
    assert sum("cannot be reached (Connection refused), 5 times" in line for line in caught.value.problems) <= 2
    assert sum("not tried, since 127.0.0.1" in line for line in caught.value.problems) >= 18


def test_names_of_servers_are_never_used(web, tmp_path):
    web.behaves(
        "/srtm/S14E032.tif",
        server.answer(web.files["/srtm/S14E032.tif"], Content_Disposition='attachment; filename="../../evil.tif"'),
    )
    srtm(web, tmp_path / "aux")
    assert [name for name in names(tmp_path) if not name.endswith("/lock")] == [f"aux/{name}" for name in TILES]


def test_sources_are_not_mixed(web, tmp_path):
    srtm(web, tmp_path)
    with pytest.raises(InputError, match="holds terrain of SRTM GL1"):
        fetch(tmp_path, TWO, [source(web, "skadi")], settings=QUICK)


def test_a_file_put_there_by_hand_is_left(web, tmp_path):
    (tmp_path / "terrain").mkdir()
    (tmp_path / "terrain/S14E032.tif").write_bytes(tile_bytes(32, -13, 1, seed=9))
    seen = Seen()
    done = srtm(web, tmp_path, watcher=seen)
    assert done.fetched == ("terrain/S14E033.tif",)
    assert "terrain/S14E032.tif: put there by hand; left as it is" in seen.said
    assert (tmp_path / "terrain/S14E032.tif").read_bytes() == tile_bytes(32, -13, 1, seed=9)


def test_beyond_the_coverage(web, tmp_path):
    seen = Seen()
    srtm(web, tmp_path, of_bounds(10.1, 59.1, 10.2, 60.5), watcher=seen)
    assert (
        "SRTM GL1 reaches from 56 S to 60 N, the area from 59.1 N to 60.5 N; --terrain copernicus covers all land"
        in (seen.said)
    )
    with pytest.raises(InputError, match="the area lies from 65 N to 66 N, and SRTM GL1 reaches from 56 S to 60 N"):
        srtm(web, tmp_path, of_bounds(10, 65, 11, 66))


# no network


@pytest.mark.parametrize("how", ["option", "1", "true"])
def test_offline_no_socket_is_opened(web, tmp_path, monkeypatch, how):
    if how != "option":
        monkeypatch.setenv("CLASSIFY_LOCAL_OFFLINE", how)
    seen = []
    monkeypatch.setattr("socket.socket.connect", lambda *a: seen.append(a))
    monkeypatch.setattr("socket.getaddrinfo", lambda *a, **o: seen.append(a))
    with pytest.raises(RefusedError, match=r"2 tiles are not in .*, the first is terrain/S14E032.tif"):
        srtm(web, tmp_path / "aux", offline=how == "option")
    assert seen == []
    assert not (tmp_path / "aux").exists()


def test_offline_what_is_there_is_fine(web, tmp_path, monkeypatch):
    srtm(web, tmp_path)
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("a socket"))
    assert len(srtm(web, tmp_path, offline=True).there) == 2


@pytest.mark.parametrize("value", ["", "0", "no", "off", "False"])
def test_not_offline(monkeypatch, value):
    monkeypatch.setenv("CLASSIFY_LOCAL_OFFLINE", value)
    assert not fetching.is_offline()


# stopping


def test_a_stop_keeps_what_came(web, tmp_path):
    stop = Stop()

    class Stopper(Seen):
        def progress(self, progress: FetchProgress) -> None:
            if progress.files_done:
                stop.ask()

    web.behaves("/srtm/S14E032.tif", server.stall_after(2000, 0.3))
    with pytest.raises(Interrupted, match="run the same command again to resume"):
        srtm(web, tmp_path, watcher=Stopper(), stop=stop)
    assert set(TILES[:1] + TILES[2:]) <= set(names(tmp_path))
    web.behaves("/srtm/S14E032.tif", server.ranged)
    assert srtm(web, tmp_path).fetched == ("terrain/S14E032.tif",)
    assert names(tmp_path) == TILES
    assert [text for path, text in zip(web.paths(), web.ranges(), strict=True) if "032" in path][-1] == "bytes=2000-"


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_a_signal_ends_it_in_order(web, tmp_path):
    web.behaves("/srtm/S14E032.tif", server.drip(0.02, 10_000))
    command = [
        sys.executable, "-c", "from classify_local.cli.main import main; main()", "aux", "fetch", "terrain",
        "--aoi", "32.2,-13.8,33.8,-13.2", "-o", str(tmp_path / "aux"), "--base-url", f"srtm={web.url}/srtm",
    ]  # fmt: skip
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 30
    while not (tmp_path / "aux/manifest.json").exists() and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.3)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=20)
    assert running.returncode == 75, err
    assert "run the same command again to resume" in err
    part = tmp_path / "aux/.incoming/terrain~S14E032.tif.part"
    kept = part.stat().st_size
    assert kept > 0
    web.behaves("/srtm/S14E032.tif", server.ranged)
    assert call(command[3:]) == 0
    assert web.ranges()[-1] == f"bytes={kept}-"
    assert names(tmp_path / "aux") == TILES


@pytest.mark.parametrize("step", ["before write", "written", "before rename", "renamed"])
def test_killed_while_storing_nothing_is_fetched_twice(web, tmp_path, monkeypatch, step):
    """A process that dies leaves the download; the next one stores it without asking the server."""

    def die(reached: str) -> None:
        if reached == step and threading.current_thread() is not threading.main_thread():
            raise KeyboardInterrupt

    area = of_bounds(32.2, -13.8, 32.8, -13.2)
    (tmp_path / ".incoming").mkdir()
    part = tmp_path / ".incoming/terrain~S14E032.tif.part"
    part.write_bytes(web.files["/srtm/S14E032.tif"])
    note = {"url": f"{web.url}/srtm/S14E032.tif", "total": part.stat().st_size, "etag": None, "modified": None}
    part.with_name(f"{part.name}.json").write_text(json.dumps(note))
    with monkeypatch.context() as patch:
        patch.setattr(atomic, "reached", die)
        with pytest.raises(KeyboardInterrupt):
            srtm(web, tmp_path, area)
    assert srtm(web, tmp_path, area).fetched == ("terrain/S14E032.tif",)
    assert web.asked == []
    assert names(tmp_path) == TILES[:2]


def test_leftovers_of_killed_writers_go(web, tmp_path):
    (tmp_path / "terrain").mkdir()
    (tmp_path / "terrain/S14E032.tif.0123456789ab.part").write_bytes(b"x")
    srtm(web, tmp_path)
    assert names(tmp_path) == TILES


def test_two_fetches_in_one_folder(web, tmp_path):
    (tmp_path / ".incoming").mkdir()
    with locks.hold(tmp_path / ".incoming"), pytest.raises(LockedError):
        srtm(web, tmp_path)


# disks


def test_a_folder_that_cannot_be_written(web, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="is a file"):
        srtm(web, tmp_path / "file")
    assert web.asked == []


def test_a_disk_that_is_full_while_storing(web, tmp_path, monkeypatch):
    monkeypatch.setattr(storing.rasterio.shutil, "copy", lambda *a, **o: (_ for _ in ()).throw(OSError(28, "No space")))
    with pytest.raises(StorageError, match=r"S14E032.tif: .*cannot be rewritten as COG: .*No space"):
        srtm(web, tmp_path)
    asked = len(web.asked)
    monkeypatch.undo()
    assert srtm(web, tmp_path).fetched == ("terrain/S14E032.tif",)
    assert len(web.asked) == asked  # what came was kept


def test_a_manifest_that_is_damaged(web, tmp_path):
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(InputError, match="is no manifest"):
        srtm(web, tmp_path)
    assert web.asked == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"format": 2}', "newer version"),
        ('{"files": {"../../x.tif": {"what": "terrain", "bytes": 1, "sha256": "' + "0" * 64 + '"}}}', "names"),
        ('{"files": {"terrain/a.tif": {"what": "terrain", "bytes": -1, "sha256": "x"}}}', "damaged at files.terrain/a"),
        ('{"absent": {"terrain/..tif": {"what": "terrain", "url": "u", "date": "d"}}}', "names"),
        ("[]", "damaged"),
        ("[" * 100_000, "no manifest"),
    ],
)
def test_manifests_from_elsewhere(text, told):
    with pytest.raises(InputError, match=told):
        manifest.parse(text.encode(), "manifest.json")
