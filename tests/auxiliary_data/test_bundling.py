"""Taking auxiliary data to another machine, and saying what a folder holds."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
import rasterio

from classify_local.auxiliary_data import holdings, manifest
from classify_local.auxiliary_data.areas import of_bounds
from classify_local.auxiliary_data.bundling import bundle, unbundle
from classify_local.auxiliary_data.fetching import fetch
from classify_local.errors import ClassifyLocalError, InputError, Interrupted, RefusedError, StorageError
from classify_local.features import auxiliary_folder
from classify_local.features.auxiliary_folder import default_folder
from classify_local.storage import bundles
from tests.auxiliary_data.conftest import names, source, tile_bytes
from tests.auxiliary_data.server import QUICK

FILES = [
    "manifest.json", "terrain/S14E032.tif", "terrain/S14E033.tif", "water/mine.tif",
    "water/occurrence_30E_10Sv1_4_2021.tif",
]  # fmt: skip


@pytest.fixture
def folder(web, tmp_path) -> Path:
    """Two tiles, one over the sea, one of water, and one put there by hand."""
    into = tmp_path / "aux"
    area = of_bounds(32.2, -13.8, 34.8, -13.2)
    fetch(into, area, [source(web, "srtm"), source(web, "water-1.4", "occurrence")], settings=QUICK)
    (into / "water/mine.tif").write_bytes(tile_bytes(0, 1, 1))
    return into


# what is there


def test_what_a_folder_holds(folder):
    text = "\n".join(holdings.lines(holdings.holdings(folder)))
    assert "terrain: SRTM GL1, version 3: 2 files, 0.0 MB, 14 S to 13 S, 32 E to 34 E" in text
    assert "water: put there by hand: 1 files, 0.0 MB, place not told by names" in text
    assert "water: JRC Global Surface Water 1984-2021, version 1.4: 1 files" in text
    assert "EC JRC/Google" in text
    assert "  fetched 20" in text
    assert "water/mine.tif  0.0 MB, not in the manifest" in text
    assert text.endswith("not published (over open sea, or kept back): 1 tiles: terrain/S14E034.tif")


def test_a_folder_without_manifest():
    """The sample scene's folder was put together by hand."""
    sample = Path(__file__).parents[2] / "sample_data" / "aux"
    text = "\n".join(holdings.lines(holdings.holdings(sample)))
    assert "terrain: put there by hand: 1 files" in text
    assert "14 S to 13 S, 32 E to 33 E" in text
    assert holdings.verify(sample) == (2, 2)


def test_many_files_are_cut_short(folder):
    text = list(holdings.lines(holdings.holdings(folder), most=2))
    assert "  and 2 more; --all shows them" in text


def test_folders_that_are_none(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        holdings.holdings(tmp_path / "none")
    assert list(holdings.lines(holdings.holdings(tmp_path))) == [f"{tmp_path}: holds no auxiliary data"]


@pytest.mark.parametrize(
    ("spans", "found"),
    [
        ([(32, 33), (33, 34)], (32, 34)), ([(179, 180), (-180, -179)], (179, -179)), ([(-1, 0), (0, 1)], (-1, 1)),
        ([(10, 11), (-170, -160)], (-170, 11)), ([(170, 180), (-180, -170), (-170, -160)], (170, -160)),
        ([(-180, 180)], (-180, 180)),
    ],
)  # fmt: skip
def test_the_short_way_round(spans, found):
    assert holdings._span(spans) == found


def test_the_default_folder(monkeypatch):
    assert default_folder() == Path("aux")
    monkeypatch.setenv("CLASSIFY_LOCAL_AUX", "/data/aux")
    assert default_folder() == Path("/data/aux")
    monkeypatch.delenv("CLASSIFY_LOCAL_AUX")
    monkeypatch.setattr(auxiliary_folder, "os", type("nt", (), {"name": "nt", "environ": {}}))
    assert default_folder() == Path("auxiliary")
    assert default_folder(Path("place")) == Path("place/auxiliary")


# whether it is good


def test_all_is_good(folder):
    assert holdings.verify(folder) == (4, 1)


def flip(path: Path, place: int = -200) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 0x55
    path.write_bytes(data)


def test_damage_is_named(folder):
    flip(folder / "terrain/S14E032.tif")
    (folder / "terrain/S14E033.tif").unlink()
    (folder / "water/mine.tif").write_bytes((folder / "water/mine.tif").read_bytes()[:-3000])
    (folder / "water/occurrence_30E_10Sv1_4_2021.tif").write_bytes(b"<html>")
    with pytest.raises(StorageError) as caught:
        holdings.verify(folder)
    text = [line.removeprefix(f"{folder}/") for line in caught.value.problems]
    assert text[0] == "terrain/S14E032.tif: its content is not that of the manifest (sha256)"
    assert text[1] == "terrain/S14E033.tif: is missing"
    assert text[2].startswith("water/mine.tif: cannot be read at row 0")
    assert text[3].startswith("water/occurrence_30E_10Sv1_4_2021.tif: has 6 bytes, the manifest says")
    assert text[4] == "4 of 4 files are damaged; delete them and fetch again"
    assert caught.value.exit_code == 4


# to another machine


@pytest.mark.parametrize("ending", [".tar", ".zip"])
def test_there_and_back(folder, tmp_path, ending):
    out, into = tmp_path / f"b{ending}", tmp_path / "other"
    done = bundle(folder, out)
    assert list(done.keys) == FILES[1:]
    unbundle(out, into)
    assert names(into) == FILES
    for name in FILES[1:]:
        assert (into / name).read_bytes() == (folder / name).read_bytes()
    assert holdings.verify(into) == (4, 0)
    ours, theirs = manifest.read(folder), manifest.read(into)
    assert theirs.absent == ours.absent
    assert {key: theirs.files[key] for key in ours.files} == ours.files
    assert theirs.files["water/mine.tif"].url is None
    unbundle(out, into)
    again = tmp_path / f"c{ending}"
    bundle(into, again)
    assert again.read_bytes() == out.read_bytes()


def test_what_was_brought_need_not_be_fetched(folder, tmp_path, web):
    bundle(folder, tmp_path / "b.tar")
    unbundle(tmp_path / "b.tar", tmp_path / "other")
    area = of_bounds(32.2, -13.8, 34.8, -13.2)
    done = fetch(tmp_path / "other", area, [source(web, "srtm")], offline=True)
    assert (len(done.there), len(done.absent)) == (2, 1)


def test_beside_what_is_there(folder, tmp_path):
    bundle(folder, tmp_path / "b.tar")
    into = tmp_path / "other"
    (into / "terrain").mkdir(parents=True)
    (into / "terrain/N00E000.tif").write_bytes(tile_bytes(0, 1, 1))
    (into / "terrain/S14E032.tif").write_bytes(b"mine")
    with pytest.raises(InputError, match=r"S14E032.tif: is there with another content; give --force"):
        unbundle(tmp_path / "b.tar", into)
    assert names(into) == ["terrain/N00E000.tif", "terrain/S14E032.tif"]
    unbundle(tmp_path / "b.tar", into, force=True)
    assert names(into) == sorted([*FILES, "terrain/N00E000.tif"])
    assert (into / "terrain/S14E032.tif").read_bytes() == (folder / "terrain/S14E032.tif").read_bytes()


def test_nothing_damaged_is_packed(folder, tmp_path):
    flip(folder / "terrain/S14E032.tif")
    with pytest.raises(StorageError, match="nothing was packed"):
        bundle(folder, tmp_path / "b.tar")
    assert not (tmp_path / "b.tar").exists()


def test_an_empty_folder(tmp_path):
    with pytest.raises(InputError, match="holds no auxiliary data"):
        bundle(tmp_path, tmp_path / "b.tar")


@pytest.mark.parametrize("ending", [".tar", ".zip"])
def test_whatever_byte_is_wrong_nothing_is_moved(folder, tmp_path, ending):
    """A bundle with one flipped byte gives what it should, or nothing at all."""
    out, into = tmp_path / f"b{ending}", tmp_path / "other"
    bundle(folder, out)
    whole = out.read_bytes()
    good = {name: (folder / name).read_bytes() for name in FILES[1:]}
    for place in range(0, len(whole), len(whole) // 60):
        out.write_bytes(whole[:place] + bytes([whole[place] ^ 0x20]) + whole[place + 1 :])
        shutil.rmtree(into, ignore_errors=True)
        try:
            unbundle(out, into)
        except (InputError, StorageError, RefusedError):
            assert names(into) == []
        else:
            assert {name: (into / name).read_bytes() for name in FILES[1:]} == good


def made(path: Path, facts: dict, **files: bytes) -> Path:
    inside = {"manifest.json": json.dumps(facts).encode()}
    bundles.pack(path, {**inside, **{name.replace("__", "/") + ".tif": data for name, data in files.items()}})
    return path


def test_manifest_and_files_must_agree(tmp_path):
    data = tile_bytes(32, -13, 1)
    record = {"what": "terrain", "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    into = tmp_path / "other"
    cases: list[tuple[dict, dict, type, str]] = [
        ({}, {"terrain__a": data}, RefusedError, "differ, first at terrain/a.tif"),
        ({"terrain/a.tif": record}, {}, RefusedError, "differ"),
        ({"terrain/a.tif": {**record, "bytes": 5}}, {"terrain__a": data}, StorageError, "not the length"),
        ({"terrain/a.tif": {**record, "sha256": "0" * 64}}, {"terrain__a": data}, StorageError, "changed"),
    ]  # fmt: skip
    for files, members, error, text in cases:
        with pytest.raises(error, match=text):
            unbundle(made(tmp_path / "b.tar", {"files": files}, **members), into)
        assert names(into) == []
    html = b"<html>" * 100
    record = {"what": "terrain", "bytes": len(html), "sha256": hashlib.sha256(html).hexdigest()}
    with pytest.raises(ClassifyLocalError):
        unbundle(made(tmp_path / "b.tar", {"files": {"terrain/a.tif": record}}, terrain__a=html), into)
    assert names(into) == []
    bundles.pack(tmp_path / "b.tar", {"terrain/a.tif": data})
    with pytest.raises(InputError, match=r"holds no manifest\.json"):
        unbundle(tmp_path / "b.tar", into)


def test_stopped_nothing_is_moved(folder, tmp_path):
    bundle(folder, tmp_path / "b.tar")
    calls = []

    def check() -> None:
        calls.append(1)
        if len(calls) == 3:
            raise Interrupted("stopped")

    with pytest.raises(Interrupted):
        unbundle(tmp_path / "b.tar", tmp_path / "other", check=check)
    assert names(tmp_path / "other") == []


def test_links_in_the_folder_are_the_users_own(folder, tmp_path):
    """A folder that is a link leads where the user said."""
    elsewhere = tmp_path / "disk"
    elsewhere.mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other/terrain").symlink_to(elsewhere)
    bundle(folder, tmp_path / "b.tar")
    unbundle(tmp_path / "b.tar", tmp_path / "other")
    with rasterio.open(elsewhere / "S14E032.tif") as handle:
        assert handle.shape == (60, 60)
