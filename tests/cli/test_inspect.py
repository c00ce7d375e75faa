"""`inspect` and `doctor`: every kind of file in plain language and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from click.testing import CliRunner
from shapely.geometry import Point

from classify_local import InputError, api
from classify_local.cli.main import cli
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
    assert len(lines) == 7
    assert all(line.startswith("ok") for line in lines)
    assert {finding["what"] for finding in json.loads(said("doctor", "--json"))} >= {"versions", "disk", "offline"}


def test_doctor_names_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    findings = {finding.what: finding for finding in api.doctor(tmp_path / "file")}
    assert not findings["write access"].well
    assert "give a folder" in findings["write access"].said
