"""`classify-local training`, as a user calls it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner

from classify_local.cli.main import cli
from classify_local.errors import ClassifyLocalError, InputError, RefusedError
from classify_local.recipe.text import load
from tests.conftest import UTM


def training(*words: object) -> str:
    """What the command prints; its errors are raised."""
    result = CliRunner().invoke(cli, ["training", *map(str, words)], standalone_mode=False)
    if isinstance(result.exception, Exception):
        raise result.exception
    return result.output


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


@pytest.fixture
def more(scene) -> Path:
    """Another table of points beside the recipe: every third of its own, a pixel further east."""
    path = scene.folder / "more.csv"
    lines = [f"{x + 10},{y},{value}" for x, y, value in scene.points[::3]]
    path.write_text("\n".join(["x,y,class", *lines]), encoding="utf-8")
    return path


def test_import_adds_an_entry_that_gives_rows(scene, more):
    before = scene.recipe.read_text(encoding="utf-8")
    said = training("import", scene.recipe, more, "--x", "x", "--y", "y", "--crs", UTM)
    assert "added to" in said
    entry = load(scene.recipe).recipe.training[-1]
    assert (entry.csv, entry.crs) == ("more.csv", UTM)
    assert (scene.folder / "recipe.yml~").read_text(encoding="utf-8") == before
    with pytest.raises(InputError, match="has this training entry already"):
        training("import", scene.recipe, more, "--x", "x", "--y", "y", "--crs", UTM)


def test_import_of_what_gives_no_rows_leaves_the_recipe_alone(scene, more):
    before = scene.recipe.read_bytes()
    more.write_text("x,y,class\n1,2,1\n3,4,2\n", encoding="utf-8")
    with pytest.raises(InputError, match="none of its rows can be used"):
        training("import", scene.recipe, more, "--x", "x", "--y", "y", "--crs", UTM)
    with pytest.raises(InputError, match="no such file"):
        training("import", scene.recipe, scene.folder / "nothing.csv")
    assert scene.recipe.read_bytes() == before
    assert not (scene.folder / "recipe.yml~").exists()


def test_what_is_exported_comes_back_the_same(scene):
    out = scene.folder / "out.csv"
    assert "(120 rows)" in training("export", scene.recipe, "-o", out)
    entries = [{"collected": "out.csv"}]
    again = load(scene.recipe).changed({("training",): entries}).text()
    (scene.folder / "again.yml").write_text(again, encoding="utf-8")
    assert "(120 rows)" in training("export", scene.folder / "again.yml", "-o", scene.folder / "two.csv")
    assert rows_of(scene.folder / "two.csv") == rows_of(out)
    assert rows_of(out)[0] == ["XCoordinate", "YCoordinate", "class"]


@pytest.mark.parametrize("name", ["points.gpkg", "table.csv", "table.parquet"])
def test_other_forms_of_export(scene, name):
    words = ["--table"] if name.startswith("table") else ["--used"]
    assert "(120 rows)" in training("export", scene.recipe, "-o", scene.folder / name, *words)
    assert (scene.folder / name).stat().st_size > 1000


@pytest.mark.parametrize(
    "words",
    [
        ["export", "recipe.yml", "-o", "points.csv", "--force"],
        ["thin", "recipe.yml", "-o", "points.csv", "--share", "0.5", "--force"],
        ["export", "recipe.yml", "-o", "legend.csv", "--table", "--force"],
        ["summary", "recipe.yml", "--html", "recipe.yml", "--force"],
        ["summary", "recipe.yml", "--suspects", "image.tif", "--force"],
    ],
    ids=" ".join,
)
def test_nothing_a_recipe_is_made_of_is_written_over(scene, monkeypatch, words):
    monkeypatch.chdir(scene.folder)
    before = {path: path.read_bytes() for path in scene.folder.iterdir() if path.is_file()}
    with pytest.raises(RefusedError, match="is made of"):
        training(*words)
    assert {path: path.read_bytes() for path in scene.folder.iterdir() if path.is_file()} == before


def test_a_file_that_is_there_is_not_replaced_unasked(scene):
    out = scene.folder / "old.html"
    out.write_text("mine", encoding="utf-8")
    with pytest.raises(Exception, match="is there already"):
        training("summary", scene.recipe, "--html", out)
    assert out.read_text(encoding="utf-8") == "mine"
    training("summary", scene.recipe, "--html", out, "--force")
    assert "<html" in out.read_text(encoding="utf-8")


def test_thinning_counts_all_sources_together(scene, more):
    training("import", scene.recipe, more, "--x", "x", "--y", "y", "--crs", UTM)
    out = scene.folder / "fewer.csv"
    assert "(20 rows)" in training("thin", scene.recipe, "-o", out, "--per-class", 5)
    counts = {value: [row[2] for row in rows_of(out)[1:]].count(value) for value in ("1", "2", "5", "7")}
    assert set(counts.values()) == {5}


@pytest.mark.parametrize(
    ("words", "counts"),
    [
        (["--per-class", "20"], {"1": 20, "2": 20, "5": 20, "7": 20}),
        (["--per-class", "20", "--class", "5=3"], {"1": 20, "2": 20, "5": 3, "7": 20}),
        (["--total", "40"], {"1": 10, "2": 10, "5": 10, "7": 10}),
        (["--total", "41", "--proportional", "--floor", "5"], None),
    ],
)
def test_points_are_drawn_from_a_class_raster(scene, make_raster, words, counts):
    raster = make_raster(scene.folder / "old.tif", scene.truth.astype("uint8"), nodata=0)
    out = scene.folder / "drawn.csv"
    training("sample", scene.recipe, raster, "-o", out, *words)
    labels = [row[2] for row in rows_of(out)[1:]]
    if counts is None:
        assert len(labels) == 41
    else:
        assert {value: labels.count(value) for value in counts} == counts


@pytest.mark.parametrize(
    "words", [["--proportional"], ["--floor", "5"], ["--total", "9", "--per-class", "3"], ["--scale", "-3"]]
)
def test_options_that_say_nothing_together_are_refused(scene, make_raster, words):
    raster = make_raster(scene.folder / "old.tif", scene.truth.astype("uint8"), nodata=0)
    with pytest.raises(Exception, match=r"--total|not in the range"):
        training("sample", scene.recipe, raster, "-o", scene.folder / "drawn.csv", *words)
    assert not (scene.folder / "drawn.csv").exists()


def test_collected_points_are_cleared_and_kept(scene):
    points = scene.folder / "clicked.csv"
    recipe = load(scene.recipe).changed({("training",): [{"collected": "clicked.csv"}]}).text()
    scene.recipe.write_text(recipe, encoding="utf-8")
    points.write_text('XCoordinate,YCoordinate,class\n33.0,-12.6,"1"\n', encoding="utf-8")
    for number, copy in enumerate(("clicked.cleared.csv", "clicked.cleared-2.csv")):
        assert copy in training("clear", scene.recipe, "--yes")
        assert len(rows_of(points)) == 1, number
        points.write_text('XCoordinate,YCoordinate,class\n33.0,-12.6,"1"\n', encoding="utf-8")
    points.unlink()
    assert "holds no points" in training("clear", scene.recipe, "--yes")


def test_a_recipe_without_points_has_nothing_to_write(scene):
    scene.table.write_text("x,y,class\n", encoding="utf-8")
    with pytest.raises(ClassifyLocalError):
        training("export", scene.recipe, "-o", scene.folder / "none.csv")
    assert not (scene.folder / "none.csv").exists()
