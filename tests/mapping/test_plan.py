"""By what a run is known again: its plan changes with all that pixels depend on, and says what changed."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classify_local.errors import InputError
from classify_local.features.images import open_stack
from classify_local.mapping.plan import Plan, make_plan, read_plan, require_same, write_plan
from classify_local.recipe.text import RecipeDocument, load
from classify_local.storage import models
from classify_local.storage.legends import recipe_legend
from classify_local.storage.rasters import close_files
from tests.conftest import Scene, write_raster


@pytest.fixture(autouse=True)
def _no_open_files():
    yield
    close_files()


def plan_of(recipe: Path | RecipeDocument) -> Plan:
    document = load(recipe)
    legend = recipe_legend(document)
    assert legend is not None
    return make_plan(document, open_stack(document), legend)


def edit(scene: Scene, old: str, new: str) -> None:
    text = scene.recipe.read_text()
    assert old in text
    scene.recipe.write_text(text.replace(old, new))


def said(scene: Scene, before: Plan) -> str:
    """What is said when a run is to go on that was begun under the plan `before`."""
    own = scene.folder / "out" / ".run"
    own.mkdir(parents=True, exist_ok=True)
    write_plan(before, own, "0")
    with pytest.raises(InputError) as caught:
        require_same(plan_of(scene.recipe), own)
    (line,) = caught.value.problems
    assert line.startswith(f"{own.parent}: holds a map made from something else (")
    assert "--restart" in line
    assert "--out" in line
    return line.partition("something else (")[2].rpartition(");")[0]


def test_a_plan(scene):
    plan = plan_of(scene.recipe)
    assert plan.name == "scene"
    assert plan.grid.shape == (48, 64)
    assert [tile.id for tile in plan.tiles] == ["0000000000-0000000000"]
    assert [product.kind for product in plan.products] == ["class", "probability"]
    assert plan.file_name(plan.products[0], plan.tiles[0]) == "scene_class_0000000000-0000000000.tif"
    assert 0 < plan.bytes_needed <= 2 * 48 * 64


def test_the_same_recipe_gives_the_same_plan(scene):
    before = plan_of(scene.recipe)
    again = plan_of(scene.recipe)
    assert again.digest == before.digest
    assert again.identity == before.identity
    own = scene.folder / "out"
    own.mkdir()
    require_same(before, own)
    write_plan(before, own, "0")
    require_same(again, own)
    assert read_plan(own)["digest"] == before.digest


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("number_of_trees: 5", "number_of_trees: 6", "classifier.number_of_trees was 5, is 6"),
        ("seed: 1", "seed: 2", "classifier.seed was 1, is 2"),
        ("tile_size: 64", "tile_size: 128", "output.tile_size was 64, is 128"),
        ("[class, class_probability]", "[class]", 'output.bands was ["class", "class_probability"], is ["class"]'),
        ("path: image.tif", "path: image.tif\n    nodata: 7", "images was"),
        ("path: image.tif", "path: image.tif\n    bands: [nir, red]", "images was"),
        ("x: x, y: y", "x: y, y: x", "training was"),
    ],
)
def test_a_changed_recipe(scene, old, new, words):
    before = plan_of(scene.recipe)
    edit(scene, old, new)
    assert plan_of(scene.recipe).digest != before.digest
    assert words in said(scene, before)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: scene", "name: other"),
        ("name: scene", "# a comment\nname: scene"),
        ("legend: legend.csv\n", "legend:   'legend.csv'\n"),
        ("seed: 1}", "seed: 1, bag_fraction: 0.5}"),
    ],
)
def test_what_changes_no_pixel_changes_no_plan(scene, old, new):
    before = plan_of(scene.recipe)
    edit(scene, old, new)
    assert plan_of(scene.recipe).digest == before.digest


def test_the_legend_may_stand_elsewhere(scene):
    before = plan_of(scene.recipe)
    scene.legend.rename(scene.folder / "classes.csv")
    edit(scene, "legend.csv", "classes.csv")
    assert plan_of(scene.recipe).digest == before.digest


@pytest.mark.parametrize(("old", "new"), [("#006400", "#006401"), ("forest", "woods"), (",7,", ",8,")])
def test_a_changed_legend(scene, old, new):
    before = plan_of(scene.recipe)
    scene.legend.write_text(scene.legend.read_text().replace(old, new))
    assert said(scene, before) == "the legend was changed"


def test_a_changed_image(scene):
    before = plan_of(scene.recipe)
    times = scene.image.stat()
    data = bytearray(scene.image.read_bytes())
    data[-1] ^= 1
    scene.image.write_bytes(data)
    os.utime(scene.image, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert said(scene, before) == "image.tif was changed"


def test_changed_points(scene):
    before = plan_of(scene.recipe)
    scene.table.write_text(scene.table.read_text() + "500005,8599995,1\n")
    assert said(scene, before) == "points.csv was changed"


def _with_training(scene: Scene, entry: str) -> None:
    edit(scene, "training:\n", f"training:\n  - {entry}\n")


def _vector(scene: Scene) -> Path:
    from shapely.geometry import Point, mapping

    path = scene.folder / "plots.geojson"
    one = {"type": "Feature", "geometry": mapping(Point(31, -12)), "properties": {"class": 1}}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [one]}))
    _with_training(scene, "vector: plots.geojson")
    return path


def _edits(scene: Scene) -> Path:
    path = scene.folder / "edits.csv"
    path.write_text("XCoordinate,YCoordinate,action,class,new_XCoordinate,new_YCoordinate\n")
    edit(scene, "{csv: points.csv,", "{csv: points.csv, edits: edits.csv,")
    return path


def _sampled(scene: Scene) -> Path:
    path = write_raster(scene.folder / "older.tif", np.ones((8, 8), "uint8"))
    _with_training(scene, "sample: {path: 'old*.tif'}")
    return path


def _shapefile(scene: Scene) -> Path:
    for ending in ("shp", "dbf"):
        (scene.folder / f"plots.{ending}").write_text("a")
    _with_training(scene, "vector: plots.shp")
    return scene.folder / "plots.dbf"


def _recipe(scene: Scene) -> Path:
    path = scene.folder / "other.yml"
    path.write_text(scene.recipe.read_text().replace("points.csv", "own.csv"))
    (scene.folder / "own.csv").write_text(scene.table.read_text())
    _with_training(scene, "recipe: other.yml")
    return path


def _table_of_recipe(scene: Scene) -> Path:
    return _recipe(scene).with_name("own.csv")


@pytest.mark.parametrize("write", [_vector, _edits, _sampled, _shapefile, _recipe, _table_of_recipe])
def test_changed_training_data_of_any_kind(scene, write):
    path = write(scene)
    before = plan_of(scene.recipe)
    assert plan_of(scene.recipe).digest == before.digest
    path.write_bytes(path.read_bytes() + b"\n")
    assert said(scene, before) == f"{path.name} was changed"


def test_a_file_that_comes_or_goes(scene):
    edit(scene, "path: image.tif", "path: 'i*.tif'")
    before = plan_of(scene.recipe)
    write_raster(scene.folder / "i2.tif", np.ones((3, 8, 8), "uint16"), nodata=0, descriptions=("red", "nir", "swir1"))
    assert said(scene, before) == "i2.tif is new"
    after = plan_of(scene.recipe)
    (scene.folder / "i2.tif").unlink()
    assert said(scene, after) == "i2.tif is gone"


def test_a_new_version(scene, monkeypatch):
    before = plan_of(scene.recipe)
    now = models.versions()
    monkeypatch.setattr(models, "versions", lambda: {**now, "scikit-learn": "99.0", "python": "4.0"})
    assert said(scene, before) == f"scikit-learn was {now['scikit-learn']}, is 99.0"


def test_many_changes_are_counted(scene):
    before = plan_of(scene.recipe)
    edit(scene, "number_of_trees: 5, seed: 1", "number_of_trees: 6, seed: 2, bag_fraction: 0.3, max_nodes: 9")
    edit(scene, "tile_size: 64", "tile_size: 128")
    scene.table.write_text(scene.table.read_text() + "500005,8599995,1\n")
    assert said(scene, before).endswith(" and 2 more")


def test_a_moved_project_is_the_same(scene, tmp_path):
    before = plan_of(scene.recipe)
    moved = tmp_path / "elsewhere"
    shutil.copytree(scene.folder, moved)
    assert plan_of(moved / "recipe.yml").digest == before.digest


def test_a_recipe_with_nodata_that_is_no_number_can_be_resumed(scene):
    """NaN is not equal to itself, but it is the same wish."""
    without = plan_of(scene.recipe)
    edit(scene, "path: image.tif", "path: image.tif\n    nodata: .nan")
    before = plan_of(scene.recipe)
    assert before.digest != without.digest
    own = scene.folder / "out"
    own.mkdir()
    write_plan(before, own, "0")
    require_same(plan_of(scene.recipe), own)
    assert plan_of(scene.recipe).digest == read_plan(own)["digest"]
    edit(scene, "nodata: .nan", "nodata: 5")
    assert "images was" in said(scene, before)


@pytest.mark.parametrize("suffix", [".aux.xml", ".msk"])
def test_a_changed_sidecar(scene, suffix):
    """Masks and nodata beside an image change pixels as the image itself does."""
    before = plan_of(scene.recipe)
    if suffix == ".msk":
        write_raster(scene.folder / "image.tif.msk", np.zeros((48, 64), "uint8"), crs=None, transform=None)
    else:
        bands = "".join(f'<PAMRasterBand band="{i}"><NoDataValue>9</NoDataValue></PAMRasterBand>' for i in (1, 2, 3))
        (scene.folder / "image.tif.aux.xml").write_text(f"<PAMDataset>{bands}</PAMDataset>")
    assert said(scene, before) == f"image.tif{suffix} is new"


def test_a_changed_vrt(scene, gdal):
    """The same files placed otherwise are another image."""
    gdal("gdal_translate", "-q", "-of", "VRT", "image.tif", "m.vrt", folder=scene.folder)
    edit(scene, "path: image.tif", "path: m.vrt")
    before = plan_of(scene.recipe)
    gdal("gdal_translate", "-q", "-of", "VRT", "-a_nodata", "9", "image.tif", "m.vrt", folder=scene.folder)
    assert said(scene, before) == "m.vrt was changed"


def test_a_changed_vrt_inside_another(scene, gdal):
    gdal("gdal_translate", "-q", "-of", "VRT", "image.tif", "inner.vrt", folder=scene.folder)
    gdal(
        "gdal_translate", "-q", "-of", "VRT", "-srcwin", "0", "0", "64", "40", "inner.vrt", "m.vrt", folder=scene.folder
    )
    text = (scene.folder / "m.vrt").read_text()
    (scene.folder / "m.vrt").write_text(text.replace("image.tif", "inner.vrt"))  # GDAL shortens the way
    edit(scene, "path: image.tif", "path: m.vrt")
    before = plan_of(scene.recipe)
    gdal("gdal_translate", "-q", "-of", "VRT", "-a_nodata", "9", "image.tif", "inner.vrt", folder=scene.folder)
    assert said(scene, before) == "inner.vrt was changed"


# what is stored


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"null", b'{"digest": "x"}', b"\xff\xfe", b"5"])
def test_a_plan_that_cannot_be_read_is_none(tmp_path, scene, content):
    if content is not None:
        (tmp_path / "plan.json").write_bytes(content)
    assert read_plan(tmp_path) is None
    require_same(plan_of(scene.recipe), tmp_path)


def test_what_is_stored_is_json_with_the_tiles(scene, tmp_path):
    plan = plan_of(scene.recipe)
    write_plan(plan, tmp_path, "abc")
    found: dict[str, Any] = json.loads((tmp_path / "plan.json").read_text())
    assert found["tiles"] == [tile.id for tile in plan.tiles]
    assert found["name"] == "scene"
    assert found["identity"]["files"].keys() == {"image.tif", "points.csv"}
    assert len(found["digest"]) == 64
