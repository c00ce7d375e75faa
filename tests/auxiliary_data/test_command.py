"""`classify-local aux`: from a recipe, an image or an area to tiles, against a server on this machine."""

from __future__ import annotations

import json

import pytest

from classify_local.auxiliary_data import asking
from classify_local.auxiliary_data.progress import FetchProgress
from classify_local.cli.auxiliary import progress_text
from classify_local.cli.main import call
from tests.auxiliary_data.conftest import names

AREA = "32.2,-13.8,32.8,-13.2"


@pytest.fixture
def addresses(web) -> list[str]:
    keys = ("srtm", "skadi", "copernicus", "water-1.4", "water-1.5", "worldcover")
    return [f"--base-url={key}={web.url}/{key.partition('-')[0]}" for key in keys]


def test_the_whole_way(web, addresses, tmp_path, capsys):
    out = str(tmp_path / "aux")
    asked = ["aux", "fetch", "--aoi", AREA, "-o", out, *addresses]
    assert call([*asked, "--what", "terrain", "--what", "worldcover", "--timeout", "5"]) == 0
    said = capsys.readouterr()
    assert said.out == f"done: {out}: 2 tiles fetched, 0 were there, 0 are not published\n"
    assert "2 tiles to fetch, about 75 MB" in said.err
    assert "2 of 2 tiles, 0.0 of about 0.0 MB" in said.err
    assert call([*asked, "--what", "water", "--water-layer", "occurrence", "--water-layer", "extent"]) == 0
    assert "1 tiles fetched, 0 were there, 1 are not published" in capsys.readouterr().out
    assert call(["aux", "list", out]) == 0
    assert "terrain: SRTM GL1, version 3: 1 files" in capsys.readouterr().out
    assert call(["aux", "list", out, "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)["absent"]) == {"water/extent_30E_10Sv1_4_2021.tif"}
    assert call(["aux", "verify", out]) == 0
    assert capsys.readouterr().out == "3 files are good\n"
    assert call(["aux", "bundle", out, "-o", str(tmp_path / "b.zip")]) == 0
    assert call(["aux", "unbundle", str(tmp_path / "b.zip"), "-o", str(tmp_path / "there")]) == 0
    assert names(tmp_path / "there") == names(tmp_path / "aux")
    (tmp_path / "aux/terrain/S14E032.tif").write_bytes(b"x")
    assert call(["aux", "verify", out]) == 4
    assert "S14E032.tif: has 1 bytes, the manifest says" in capsys.readouterr().err


def test_what_would_be_done(addresses, tmp_path, capsys, web):
    assert call(["aux", "fetch", "terrain", "--aoi", AREA, "-o", str(tmp_path / "a"), "--dry-run", *addresses]) == 0
    said = capsys.readouterr()
    assert said.out == f"terrain/S14E032.tif  {web.url}/srtm/S14E032.tif\n"
    assert "1 tiles to fetch, about 15 MB" in said.err
    assert web.asked == []
    assert not (tmp_path / "a").exists()


def test_for_an_image(scene, addresses, tmp_path, capsys):
    asked = ["aux", "fetch", "terrain", "--image", str(scene.image), "-o", str(tmp_path / "a"), "--dry-run"]
    assert call([*asked, *addresses]) == 0
    out = capsys.readouterr().out
    assert [line.split()[0] for line in out.splitlines()] == ["terrain/S13E032.tif", "terrain/S13E033.tif"]


def test_for_a_recipe(scene, addresses, capsys, monkeypatch, tmp_path):
    """Its first image is the area, its auxiliaries what is wanted, its folder where it goes."""
    text = scene.recipe.read_text()
    scene.recipe.write_text(text + "auxiliaries: [terrain, latitude]\nauxiliary_data: ../heights\n")
    found = asking.request(recipe=scene.recipe)
    assert found.whats == ("terrain",)
    assert found.folder == scene.recipe.parent / "../heights"
    assert call(["aux", "fetch", "--recipe", str(scene.recipe), "--dry-run", *addresses]) == 0
    assert capsys.readouterr().out.count("\n") == 2
    scene.recipe.write_text(text)
    found = asking.request(recipe=scene.recipe)
    assert (found.whats, found.folder) == (("terrain", "water"), scene.recipe.resolve().parent / "aux")
    monkeypatch.setenv("CLASSIFY_LOCAL_AUX", str(tmp_path / "shared"))
    assert asking.request(recipe=scene.recipe).folder == tmp_path / "shared"


def test_a_recipe_over_another(scene, tmp_path):
    second = tmp_path / "second.yml"
    second.write_text("images:\n  - {recipe: scene/recipe.yml, bands: [class]}\n")
    first = asking.request(recipe=scene.recipe).area
    assert asking.request(recipe=second).area.bounds == first.bounds
    second.write_text("images:\n  - {recipe: second.yml, bands: [class]}\n")
    assert call(["aux", "fetch", "--recipe", str(second), "--dry-run"]) == 2


def test_for_a_vector_file(addresses, tmp_path, capsys):
    ring = [[32.2, -13.8], [32.8, -13.8], [32.8, -13.2], [32.2, -13.8]]
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    path = tmp_path / "area.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    assert call(["aux", "fetch", "terrain", "--aoi", str(path), "--dry-run", *addresses]) == 0
    assert capsys.readouterr().out.startswith("terrain/S14E032.tif ")


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["fetch"], 2, "give the area with one of"),
        (["fetch", "--aoi", AREA, "--image", "a.tif"], 2, "give the area with one of"),
        (["fetch", "--aoi", "1,2,3"], 2, "write west,south,east,north"),
        (["fetch", "--aoi", "1,5,2,3"], 2, "is the order right"),
        (["fetch", "--aoi", "none.gpkg"], 2, "none.gpkg: no such file"),
        (["fetch", "--image", "none.tif"], 2, "none.tif"),
        (["fetch", "terain", "--aoi", AREA], 2, "did you mean 'terrain'"),
        (["fetch", "--aoi", AREA, "--base-url", "srtm=file:///etc"], 2, "no web address"),
        (["fetch", "--aoi", AREA, "--terrain", "aster"], 2, "'aster' is not one of"),
        (["fetch", "--aoi", AREA, "--offline"], 5, "the network is not to be used"),
        (["list", "none"], 2, "none: no such folder"),
        (["verify", "none"], 2, "none: no such folder"),
        (["bundle", "none", "-o", "b.tar"], 2, "none: no such folder"),
        (["unbundle", "none.tar"], 2, "none.tar: no such file"),
    ],
)
def test_what_cannot_be_done(words, code, text, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("a socket"))
    assert call(["aux", *words]) == code
    assert text in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_offline_by_the_environment(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CLASSIFY_LOCAL_OFFLINE", "1")
    assert call(["aux", "fetch", "--aoi", AREA, "-o", str(tmp_path / "a")]) == 5
    assert "6 tiles are not in" in capsys.readouterr().err


def test_what_the_line_of_progress_says():
    step = FetchProgress(
        files_done=3, files_total=10, files_failed=1, bytes_done=30_000_000, bytes_total=130_000_000,
        bytes_now=20_000_000, seconds=10,
    )  # fmt: skip
    assert progress_text(step) == "3 of 10 tiles, 30.0 of about 130.0 MB, 2.00 MB/s, 50 s left, 1 failed"


def test_only_fetch_opens_sockets(web, addresses, tmp_path, monkeypatch):
    out, there = str(tmp_path / "aux"), str(tmp_path / "there")
    assert call(["aux", "fetch", "terrain", "--aoi", AREA, "-o", out, *addresses]) == 0
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("a socket"))
    for words in (
        ["list", out],
        ["verify", out],
        ["bundle", out, "-o", there + ".tar"],
        ["unbundle", there + ".tar", "-o", there],
    ):
        assert call(["aux", *words]) == 0
    assert call(["aux", "fetch", "terrain", "--aoi", AREA, "-o", there, "--offline"]) == 0


def test_offline_a_recipe_with_an_address_is_not_followed(web, tmp_path, capsys):
    recipe = tmp_path / "recipe.yml"
    recipe.write_text(f"images: [{{path: '{web.url}/a.tif'}}]\n")
    assert call(["aux", "fetch", "--recipe", str(recipe), "-o", str(tmp_path / "aux"), "--offline"]) == 5
    assert f"{web.url}/a.tif: the network is not to be used" in capsys.readouterr().err
    assert web.asked == []
