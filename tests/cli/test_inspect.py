"""`inspect` and `doctor`: every kind of file in plain language and as JSON."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from click.testing import CliRunner
from shapely.geometry import Point

from classify_local import InputError, api
from classify_local.cli.main import cli
from classify_local.inspection import inspect_path
from tests.integration.synthetic import write_scene


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inspect")
    api.run(write_scene(folder))
    api.train(folder / "scene.yml", folder / "model.zip")
    frame = gpd.GeoDataFrame({"class": [1]}, geometry=[Point(1, 2)], crs="EPSG:4326")
    frame.to_file(folder / "plots.gpkg", layer="plots")
    return folder


def said(*arguments: str) -> str:
    result = CliRunner().invoke(cli, list(arguments), standalone_mode=False, catch_exceptions=False)
    return result.output


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        (
            "image.tif",
            "raster",
            ["1,300 x 700 pixels", "name band0, type uint16", "nodata: 0.0", "nothing odd"],
        ),
        ("legend.csv", "legend", ["value 1, label forest, color #006400"]),
        (
            "points.csv",
            "table",
            ["rows: 240", "coordinates: x, y", "odd: the coordinates are no degrees; say their system"],
        ),
        ("scene.yml", "recipe", ["images: image.tif", "type random_forest, number_of_trees 5"]),
        ("model.zip", "model", ["bands: band0, band1, band2, band3", "classes: 1, 2, 5, 7", "scikit-learn"]),
        ("plots.gpkg", "vector", ["layer plots, features 1, geometry (Point), crs EPSG:4326, columns (fid, class)"]),
        ("downloads/scene", "run", ["complete: yes", "tiles done: 18"]),
    ],
)
def test_every_kind(scene: Path, name: str, kind: str, words: list[str]) -> None:
    text = said("inspect", str(scene / name))
    assert f": a {kind}\n" in text
    for word in words:
        assert word in text
    found = json.loads(said("inspect", str(scene / name), "--json"))
    assert found["kind"] == kind
    assert found["facts"]


def test_what_is_odd_about_a_raster(tmp_path: Path) -> None:
    path = tmp_path / "odd.tif"
    transform = rasterio.Affine(0.001, 0, 30, 0, 0.001, -14)
    profile = {"driver": "GTiff", "count": 1, "width": 9, "height": 9, "crs": "EPSG:4326", "transform": transform}
    with rasterio.open(path, "w", dtype="float64", **profile) as handle:
        handle.write(np.ones((1, 9, 9)))
    odd = "\n".join(api.inspect(path).odd)
    for words in ("neither nodata nor a mask", "b1, b2", "float64", "south side up", "in degrees"):
        assert words in odd


def test_what_is_no_known_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.dat").write_text("hello")
    with pytest.raises(InputError, match="is not a raster"):
        api.inspect(tmp_path / "text.dat")
    with pytest.raises(InputError, match="no such file"):
        api.inspect(tmp_path / "absent.tif")


def test_doctor(tmp_path: Path) -> None:
    lines = said("doctor", "--out", str(tmp_path)).splitlines()
    assert len(lines) == 8
    assert all(line.startswith("ok") for line in lines)
    assert {finding["what"] for finding in json.loads(said("doctor", "--json"))} >= {"versions", "disk", "offline"}


def test_doctor_names_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    findings = {finding.what: finding for finding in api.doctor(tmp_path / "file")}
    assert not findings["write access"].well
    assert "give a folder" in findings["write access"].said


SEPAL = {
    "id": "1", "type": "CLASSIFICATION", "title": "Zambia 2021",
    "model": {
        "inputImagery": {"images": [{"type": "ASSET", "id": "users/a/mosaic", "bands": ["red"]}]},
        "legend": {"entries": [{"value": 1, "label": "forest", "color": "#006400"}]},
        "trainingData": {"dataSets": [{"name": "points", "referenceData": [{"x": 1, "y": 2, "class": 1}] * 3}]},
        "auxiliaryImagery": ["TERRAIN"], "classifier": {"type": "RANDOM_FOREST"},
    },
}  # fmt: skip


def _zip(path: Path, **members: str | bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_a_recipe_exported_from_sepal_is_one(tmp_path: Path) -> None:
    path = _zip(tmp_path / "Zambia 2021.json.zip", **{"Zambia 2021.json": json.dumps(SEPAL)})

    text = said("inspect", str(path))

    assert ": a SEPAL recipe\n" in text
    words = ["Zambia 2021", "ASSET users/a/mosaic", "1 classes", "points (3 points)", "TERRAIN", "RANDOM_FOREST"]
    for word in words:
        assert word in text


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"a.txt": "x", "b/c.csv": "y"}, "is a zip archive of 'a.txt', 'b/c.csv'; known are models, recipes exported"),
        ({}, "is a zip archive of nothing"),
        ({"a.json": "[]"}, "is no recipe of SEPAL's"),
        ({"a.json": '{"type": 1, "model": 2}'}, "is no recipe of SEPAL's"),
        ({"a.json": "{" * 100_000}, "holds broken JSON"),
        ({"S2A_MSIL2A_20210710.SAFE/MTD_MSIL2A.xml": "x"}, "is a Sentinel-2 product in a zip archive; unpack it"),
        ({"../../a.shp": "x"}, "../../a.dbf missing"),
    ],
)
def test_other_zips_are_told_by_one_line(tmp_path: Path, members: dict[str, str], words: str) -> None:
    path = _zip(tmp_path / "a.zip", **members)
    with pytest.raises(InputError) as caught:
        inspect_path(path)
    assert len(caught.value.problems) == 1
    assert words in caught.value.problems[0]
    assert [each.name for each in tmp_path.iterdir()] == ["a.zip"]


@pytest.mark.parametrize(
    "model",
    [{"legend": 1}, {"legend": {"entries": "x"}}, {"trainingData": {"dataSets": [1, None]}}, {"auxiliaryImagery": 3}],
)
def test_a_recipe_of_sepals_in_another_form_is_still_told(tmp_path: Path, model: object) -> None:
    path = _zip(tmp_path / "a.json.zip", **{"a.json": json.dumps({"type": "X", "model": model})})
    assert inspect_path(path).kind == "SEPAL recipe"


def test_notes_of_products_are_shown_by_inspect_and_check(tmp_path: Path) -> None:
    root = write_scene(tmp_path).parent
    with rasterio.open(root / "image.tif") as handle:
        values, profile = handle.read(), handle.profile
    name = "LC08_L2SP_170069_20210710_20210720_02_T1"
    (root / name).mkdir()
    profile.update(count=1)
    for band, number in (("SR_B3", 0), ("SR_B4", 1), ("SR_B5", 2), ("ST_ATRAN", 3)):
        with rasterio.open(root / name / f"{name}_{band}.TIF", "w", **profile) as handle:
            handle.write(values[number], 1)
    recipe = (root / "scene.yml").read_text().replace("image.tif", name)
    (root / "landsat.yml").write_text(recipe)

    assert "odd: " in said("inspect", str(root / name))
    assert "left out are ST_ATRAN" in said("inspect", str(root / name))
    assert "left out are ST_ATRAN" in said("check", str(root / "landsat.yml"))
