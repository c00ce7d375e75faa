"""`init` as a new user meets it: files in, a recipe out that passes, or one clear line and an exit code."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from classify_local import InputError, api, starting
from classify_local.cli.main import call
from classify_local.demonstration import sample_folder
from classify_local.recipe.text import dump, load, parse
from tests.conftest import MakeRaster, Scene

ROOT = Path(__file__).parents[2]
Capture = pytest.CaptureFixture[str]


def ran(*arguments: object) -> int:
    return call(["init", *map(str, arguments)])


def test_a_recipe_is_written_and_passes(scene: Scene, tmp_path: Path, capsys: Capture) -> None:
    recipe = tmp_path / "mine" / "place.yml"
    assert ran(recipe, "--image", scene.image, "--legend", scene.legend, "--training", scene.table) == 0
    out = capsys.readouterr().out
    assert f"wrote: {recipe}" in out
    assert f"  classify-local check {recipe}\n  classify-local run {recipe}\n" in out
    assert "120 rows, 120 in the image" in out
    document = load(recipe)
    assert document.name == "place"
    assert document.recipe.legend == "../scene/legend.csv"
    assert call(["check", str(recipe)]) == 0


def test_a_folder_means_recipe_yml_in_it(scene: Scene, tmp_path: Path) -> None:
    assert ran(tmp_path / "north", "--image", scene.image, "--training", scene.table) == 0
    assert load(tmp_path / "north" / "recipe.yml").name == "north"
    assert ran(tmp_path, "--image", scene.image, "--name", "mine") == 0
    assert load(tmp_path / "recipe.yml").name == "mine"


def test_nothing_is_overwritten_without_force(scene: Scene, tmp_path: Path, capsys: Capture) -> None:
    before = scene.recipe.read_text()
    assert ran(scene.recipe, "--image", scene.image) == InputError.exit_code
    assert capsys.readouterr().err.count("\n") == 1
    assert scene.recipe.read_text() == before
    assert ran(scene.recipe, "--image", scene.image, "--force") == 0
    assert "recipe.yml.bak, as it was" in capsys.readouterr().out
    assert (scene.folder / "recipe.yml.bak").read_text() == before
    assert ran(scene.recipe, "--image", scene.image, "--force") == 0
    assert (scene.folder / "recipe.yml.bak").read_text() == before
    assert (scene.folder / "recipe.yml.bak1").is_file()


def test_a_legend_beside_it_is_not_overwritten_either(scene: Scene, tmp_path: Path, capsys: Capture) -> None:
    lines = scene.table.read_text().splitlines()
    many = [line.rsplit(",", 1)[0] + f",{i % 40}" for i, line in enumerate(lines[1:])]
    scene.table.write_text("\n".join([lines[0], *many]) + "\n")
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "map_legend.csv").write_text("mine")
    arguments = (mine / "map.yml", "--image", scene.image, "--training", scene.table)
    assert ran(*arguments) == InputError.exit_code
    assert "map_legend.csv: is there already" in capsys.readouterr().err
    assert not (mine / "map.yml").exists()
    assert ran(*arguments, "--force") == 0
    assert (mine / "map_legend.csv.bak").read_text() == "mine"
    assert len(api.check(mine / "map.yml").legend or ()) == 40


BAD: dict[str, tuple[Callable[[Scene], list[object]], int, str]] = {
    "no image": (lambda s: [s.folder / "new.yml"], 2, "Missing option '--image'"),
    "image missing": (lambda s: [s.folder / "new.yml", "--image", s.folder / "imag.tif"], 2, "did you mean"),
    "image no raster": (lambda s: [s.folder / "new.yml", "--image", s.table], 2, "is not a raster"),
    "folder without rasters": (lambda s: [s.folder / "new.yml", "--image", s.folder.parent], 2, "holds no raster"),
    "pattern without quotes": (
        lambda s: [s.folder / "new.yml", "--image", s.image, s.image], 2, "write a pattern in quotes",
    ),
    "training missing": (
        lambda s: [s.folder / "new.yml", "--image", s.image, "--training", s.folder / "x.csv"], 2, "no such file",
    ),
    "training outside": (
        lambda s: [s.folder / "new.yml", "--image", s.image, "--training", s.folder / "far.csv"], 2,
        "none of its 2 rows lies in the image",
    ),
    "training empty": (
        lambda s: [s.folder / "new.yml", "--image", s.image, "--training", s.folder / "empty.csv"], 2, "no rows",
    ),
    "legend is none": (lambda s: [s.folder / "new.yml", "--image", s.image, "--legend", s.image], 2, "error: "),
    "recipe exists": (lambda s: [s.recipe, "--image", s.image], 2, "is there already; give another name, or --force"),
    "recipe is no YAML": (lambda s: [s.folder / "new.txt", "--image", s.image], 2, "ends in .yml"),
    "name is none": (lambda s: [s.folder / "new.yml", "--image", s.image, "--name", "a/b"], 2, "can be no file's name"),
    "folder is a file": (lambda s: [s.table / "new.yml", "--image", s.image], 4, "give the recipe another place"),
    "vrt leads away": (
        lambda s: [s.folder.parent / "new" / "new.yml", "--image", s.folder.parent / "v" / "far.vrt"], 5,
        "give --allow",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_nothing_is_written(
    scene: Scene, capsys: Capture, case: str, make_raster: MakeRaster
) -> None:
    arguments, code, words = BAD[case]
    (scene.folder / "far.csv").write_text("x,y,class\n7.1,46.2,1\n7.2,46.3,2\n")
    (scene.folder / "empty.csv").write_text("x,y,class\n")
    (scene.folder.parent / "v").mkdir()
    write_vrt(scene.folder.parent / "v" / "far.vrt", scene.image)
    before = sorted(scene.folder.parent.rglob("*"))
    assert ran(*arguments(scene)) == code
    said = capsys.readouterr().err
    assert words in said
    assert "Traceback" not in said
    assert len([line for line in said.splitlines() if line.startswith(("error: ", "Error: "))]) == 1
    assert sorted(scene.folder.parent.rglob("*")) == before


def write_vrt(path: Path, source: Path) -> None:
    rectangle = 'xOff="0" yOff="0" xSize="64" ySize="48"'
    path.write_text(
        '<VRTDataset rasterXSize="64" rasterYSize="48"><SRS>EPSG:32736</SRS>'
        "<GeoTransform>500000, 10, 0, 8600000, 0, -10</GeoTransform>"
        f'<VRTRasterBand dataType="UInt16" band="1"><SimpleSource><SourceFilename>{source}</SourceFilename>'
        f"<SourceBand>1</SourceBand><SrcRect {rectangle}/><DstRect {rectangle}/></SimpleSource></VRTRasterBand>"
        "</VRTDataset>"
    )


def test_a_vrt_that_is_trusted(scene: Scene, tmp_path: Path) -> None:
    write_vrt(tmp_path / "far.vrt", scene.image)
    recipe = tmp_path / "a" / "b" / "new.yml"
    assert ran(recipe, "--image", tmp_path / "far.vrt", "--allow", scene.folder) == 0
    assert "allowed_folders: [" in recipe.read_text()
    assert api.open_stack(recipe).grid.shape == (48, 64)


def test_a_disk_that_fails_leaves_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def full(path: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    monkeypatch.setattr("classify_local.storage.atomic.require_writable", lambda folder: None)
    assert ran(tmp_path / "new.yml", "--image", scene.image) == 4
    assert not list(tmp_path.glob("new.yml*"))


# a terminal


def in_terminal(arguments: list[object], answers: list[str]) -> str:
    """What a terminal shows when a user types answers."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    os.write(ours, "".join(f"{answer}\n" for answer in answers).encode())
    command = [sys.executable, "-m", "classify_local", "init", *map(str, arguments)]
    ended = subprocess.run(command, stdin=theirs, capture_output=True, text=True, timeout=120, check=False)
    os.close(ours)
    os.close(theirs)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_a_terminal_asks_what_cannot_be_guessed(scene: Scene, tmp_path: Path, make_raster: MakeRaster) -> None:
    make_raster(scene.image, load_pixels(scene.image), nodata=0)
    arguments = [tmp_path / "new.yml", "--image", scene.image, "--training", scene.table]
    shown = in_terminal(arguments, ["red nir", "red nir swir1", "forest, crop, water, bare"])
    assert "its 3 bands have no names" in shown
    assert "holds 2 names; write 3" in shown
    text = (tmp_path / "new.yml").read_text()
    assert "bands: {red: 1, nir: 2, swir1: 3}" in text
    assert "label: crop" in text
    quiet = in_terminal([tmp_path / "other.yml", *arguments[1:], "--yes"], [])
    assert "Answer" not in quiet
    assert "bands: {b1: 1, b2: 2, b3: 3}" in (tmp_path / "other.yml").read_text()


def load_pixels(path: Path) -> object:
    import rasterio

    with rasterio.open(path) as handle:
        return handle.read()


# real files


REAL = [
    ("chiapas_landsat7", "labels.gpkg"),
    ("nc_landsat7", "labels.gpkg"),
    ("nc_landsat7", "points.gpkg"),
    ("para_landsat5", "labels.gpkg"),
    ("japan_sentinel2", "points.gpkg"),
]


@pytest.mark.parametrize(("name", "training"), REAL)
def test_real_scenes_pass_without_an_edit(real_data: Path, tmp_path: Path, name: str, training: str) -> None:
    scene = real_data / name
    started = starting.init(tmp_path / name, [str(scene / "image.tif")], None, [str(scene / training)])
    assert started.recipe == tmp_path / name / "recipe.yml"
    text = started.recipe.read_text(encoding="utf-8")
    assert dump(parse(text, name)) == text
    report = api.check(started.recipe)
    assert report.learned is not None
    assert report.learned.report is not None
    assert report.legend is not None
    assert set(report.learned.report.classes) == set(report.legend.values)


EXPECTED = {
    "chiapas_landsat7": ["mask: {band: fmask}", "reflectance: {scale: 0.0001, offset: 0}", "1: [barren]"],
    "nc_landsat7": [
        "Not taken: swir2 has no data in 37.6 %",
        "digital numbers",
        "bands: [blue, green, red, nir, swir1]",
    ],
    "para_landsat5": ["digital numbers", "thermal, swir2]", "the file names no value for no data"],
}


@pytest.mark.parametrize("name", EXPECTED)
def test_what_is_guessed_of_real_scenes(real_data: Path, tmp_path: Path, name: str) -> None:
    scene = real_data / name
    draft = starting.draft([str(scene / "image.tif")], None, [str(scene / "labels.gpkg")], tmp_path)
    text = re.sub(r"\n *# ", " ", draft.text)
    assert f"name: {name}" in text
    for words in EXPECTED[name]:
        assert words in text


def test_the_sample_scene_passes_without_an_edit(tmp_path: Path) -> None:
    sample = sample_folder()
    started = starting.init(tmp_path / "mine", [str(sample / "mosaic")], None, [str(sample / "points.csv")])
    assert "give it with --legend" in " ".join(started.draft.notes)
    report = api.check(started.recipe)
    assert report.learned is not None
    assert len(report.legend or ()) == 8


# the page


def commands(page: str) -> list[list[str]]:
    blocks = re.findall(r"```bash\n(.*?)```", page, re.S)
    joined = "\n".join(blocks).replace("\\\n", " ")
    return [shlex.split(line, comments=True) for line in joined.splitlines() if line.startswith("classify-local ")]


def test_the_page_can_be_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "getting-started.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    found = commands(page)
    assert {words[1] for words in found} >= {"demo", "init", "check", "run"}
    for words in found:
        assert call(words[1:]) == 0, words
