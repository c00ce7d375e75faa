"""Runs on another recipe's map: the same pixels whichever way they come, in whatever tiles, by however many workers."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import rasterio

from classify_local import InputError, api
from classify_local.chaining import maps
from classify_local.mapping.progress import Reporter
from classify_local.storage.rasters import close_files
from tests.chaining.pairs import write_inner, write_outer
from tests.integration.synthetic import COLS, ROWS, read_bands

SAMPLE = Path(__file__).parents[2] / "sample_data"


@pytest.fixture(autouse=True)
def _clean():
    maps.forget()
    yield
    close_files()


class Heard(Reporter):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)

    def progress(self, progress: object) -> None:
        pass


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """The map made by one worker from files: the first recipe's class as a plain image."""
    folder = tmp_path_factory.mktemp("reference")
    inner = api.run(write_inner(folder), workers=1)
    images = [
        {"path": "../2020/image.tif", "bands": ["band0", "band1"]},
        {"path": str(inner.folder / "scene_class.vrt"), "bands": {"class": 1}},
    ]
    made = read_bands(api.run(write_outer(folder, images=images), workers=1).vrt)
    close_files()
    return made


@pytest.mark.parametrize("finished", [False, True])
@pytest.mark.parametrize(("tile_size", "workers"), [(256, 2), (100, 2), (2048, 1)])
def test_pixels_are_those_of_the_plain_path(
    tmp_path: Path, reference: np.ndarray, finished: bool, tile_size: int, workers: int
) -> None:
    inner = write_inner(tmp_path)
    if finished:
        api.run(inner, workers=2)
    heard = Heard()
    outer = write_outer(tmp_path, taken={"bands": ["class"]}, output={"tile_size": tile_size})
    result = api.run(outer, workers=workers, reporter=heard)
    np.testing.assert_array_equal(read_bands(result.vrt), reference)
    assert any(("is read" if finished else "computed block by block") in line for line in heard.lines)


@pytest.mark.parametrize("resampling", ["nearest", "bilinear", "average"])
def test_on_another_grid_both_ways_give_the_same(tmp_path: Path, resampling: str) -> None:
    inner = write_inner(tmp_path)
    taken = {"bands": ["class_probability", "probability_5"], "resampling": resampling}
    outer = write_outer(tmp_path, taken=taken, output={"scale": 27, "crs": "EPSG:32735", "tile_size": 128})
    computed = read_bands(api.run(outer, workers=2, out=tmp_path / "computed").vrt)
    maps.forget()
    api.run(inner, workers=2)
    heard = Heard()
    finished = api.run(outer, workers=1, out=tmp_path / "finished", reporter=heard)
    assert any("is up to date and is read" in line for line in heard.lines)
    np.testing.assert_array_equal(read_bands(finished.vrt), computed)
    assert (computed[0] != 0).mean() > 0.5


def test_as_the_first_image_it_gives_the_grid(tmp_path: Path) -> None:
    inner = write_inner(tmp_path)
    inner.write_text(inner.read_text().replace("tile_size: 256", "tile_size: 256, scale: 20, crs: EPSG:32735"))
    outer = write_outer(tmp_path, images=[{"recipe": "../2020/scene.yml", "bands": ["class", "class_probability"]}])
    assert api.open_stack(outer).grid == api.check(inner).grid
    computed = api.run(outer, workers=2, out=tmp_path / "computed")
    grid = api.run(inner, workers=2)
    with rasterio.open(computed.vrt) as own, rasterio.open(grid.vrt) as other:
        assert (own.crs, own.transform, own.shape) == (other.crs, other.transform, other.shape)
    maps.forget()
    np.testing.assert_array_equal(
        read_bands(api.run(outer, workers=1, out=tmp_path / "finished").vrt), read_bands(computed.vrt)
    )


def test_three_in_a_row_with_training_data_of_each_other(tmp_path: Path) -> None:
    """The third takes the second's map and the first one's table; the second the first one's map."""
    inner = write_inner(tmp_path)
    second = write_outer(tmp_path, name="second", taken={"bands": ["class", "probabilities"]})
    third = write_outer(tmp_path, name="third", images=[
        {"path": "../2020/image.tif"}, {"recipe": "second.yml", "bands": ["class_probability"]}])  # fmt: skip
    computed = read_bands(api.run(third, workers=2, out=tmp_path / "computed").vrt)
    notes = api.check(third).notes
    assert sum("computed block by block" in note for note in notes) == 2
    api.run(inner, workers=2)
    api.run(second, workers=2)
    maps.forget()
    notes = api.check(third).notes
    assert [("second.yml" in note, "is read" in note) for note in notes if "its map" in note] == [(True, True)]
    finished = read_bands(api.run(third, workers=2, out=tmp_path / "finished").vrt)
    np.testing.assert_array_equal(finished, computed)


def test_a_run_is_resumed_whichever_way_the_other_map_comes(tmp_path: Path) -> None:
    """The first recipe is run between two runs of the second; what it gives is the same, and so is the plan."""
    inner, outer = write_inner(tmp_path), write_outer(tmp_path)
    result = api.run(outer, workers=2)
    before = read_bands(result.vrt)
    next(result.folder.glob("*_class_*.tif")).unlink()
    maps.forget()
    api.run(inner, workers=2)
    np.testing.assert_array_equal(read_bands(api.run(outer, workers=2).vrt), before)
    inner.write_text(inner.read_text().replace("trees: 3", "trees: 4"))
    with pytest.raises(InputError, match=r"2020/scene\.yml was changed") as caught:
        api.run(outer)
    assert "--restart" in str(caught.value)


def test_a_notebook_gets_the_pixels_of_a_run(tmp_path: Path) -> None:
    write_inner(tmp_path)
    outer = write_outer(tmp_path)
    model = api.train(outer, tmp_path / "model.zip")
    lazy = api.classify(api.open_stack(outer), model, chunks=400)
    mapped = read_bands(api.run(outer, workers=2).vrt)
    np.testing.assert_array_equal(lazy["class"].values, mapped[0])
    given = api.run(outer, model=tmp_path / "model.zip", out=tmp_path / "given", workers=2)
    np.testing.assert_array_equal(read_bands(given.vrt), mapped)


def test_a_model_is_given_the_map_in_files_or_another_recipe(tmp_path: Path) -> None:
    inner, outer = write_inner(tmp_path), write_outer(tmp_path, taken={"bands": ["class"]})
    api.train(outer, tmp_path / "model.zip")
    files = api.run(inner, workers=2).folder / "scene_class.vrt"
    shutil.copy(inner, inner.with_name("again.yml"))
    own = read_bands(api.run(outer, workers=2).vrt)
    for number, path in enumerate((files, inner.with_name("again.yml"))):
        made = api.run(outer, model=tmp_path / "model.zip", images={"2": str(path)}, out=tmp_path / str(number))
        np.testing.assert_array_equal(read_bands(made.vrt), own)


def test_on_the_sample_scene(tmp_path: Path) -> None:
    """Two recipes of the sample data: the second one, on two bands and the first one's map."""
    folder = tmp_path / "sample"
    shutil.copytree(SAMPLE, folder)
    (folder / "second.yml").write_text(
        "images:\n  - path: mosaic/*.tif\n    bands: [red, nir]\n"
        "  - recipe: recipe.yml\n    bands: [class, probabilities]\n"
        "    derived: {ratio: [probability_10, probability_40]}\n"
        "legend: legend.csv\ntraining:\n  - csv: reference.csv\n"
        "classifier: {type: random_forest, number_of_trees: 5}\noutput: {tile_size: 128}\n"
    )
    first = api.run(folder / "second.yml", workers=1, out=tmp_path / "one")
    maps.forget()
    second = api.run(folder / "second.yml", workers=2, out=tmp_path / "two")
    np.testing.assert_array_equal(read_bands(first.vrt), read_bands(second.vrt))
    assert first.record["valid_pixels"] > 0.9 * first.record["pixels"]


def test_the_scene_is_of_several_blocks() -> None:
    assert min(ROWS, COLS) > 512
