"""From an entry `recipe:` to an image: bands, the way its pixels are come by, what a run is known by, what is wrong."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classify_local import InputError, api
from classify_local.chaining import chain, maps
from classify_local.chaining.maps import Computed, Finished
from classify_local.mapping.plan import make_plan, require_same, write_plan
from classify_local.mapping.status import resolve_unfinished
from classify_local.preparation import open_images, prepare_training
from classify_local.recipe.text import load
from classify_local.storage.rasters import close_files
from tests.chaining.pairs import LEGEND_VALUES, map_of, write_inner, write_outer


@pytest.fixture(autouse=True)
def _no_open_files():
    yield
    close_files()
    maps.forget()


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the first recipe was run."""
    folder = tmp_path_factory.mktemp("ran")
    api.run(write_inner(folder), workers=2)
    close_files()
    return folder


@pytest.fixture
def folder(ran: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    shutil.copytree(ran, tmp_path / "copy")
    return tmp_path / "copy"


# bands

EVERY = tuple(f"probability_{value}" for value in LEGEND_VALUES)


@pytest.mark.parametrize(
    ("taken", "names"),
    [
        ({}, ("class", "class_probability", "probability_5")),
        ({"bands": ["class"]}, ("class",)),
        ({"bands": ["probability_5", "class"]}, ("probability_5", "class")),
        ({"bands": ["class", "class"]}, ("class",)),
        ({"bands": ["probabilities"]}, EVERY),
        ({"bands": ["probability_2", "probabilities"]}, ("probability_2", "probability_1", "probability_5", EVERY[3])),
        ({"bands": ["regression"]}, ("regression",)),
        (
            {"bands": ["class"], "derived": [{"difference": ["probability_1", "probability_2"]}]},
            ("class", "probability_1_probability_2_difference"),
        ),
        (
            {"derived": {"ratio": ["class_probability", "probability_5"]}},
            ("class", "class_probability", "probability_5", "class_probability_probability_5_ratio"),
        ),
    ],
)
def test_the_bands_that_are_asked_for(folder: Path, taken: dict[str, Any], names: tuple[str, ...]) -> None:
    stack = open_images(load(write_outer(folder, taken=taken)), ())
    assert stack.names == ("band0", "band1", *names)
    assert all(spec.unit == "stored value" or "_ratio" in spec.name for spec in stack.bands)
    assert all(spec.reflectance is None for spec in stack.bands[2:]), "no scale makes reflectance of a class"


def test_bands_of_the_same_name_are_numbered(folder: Path) -> None:
    images = [{"recipe": "../2020/scene.yml", "bands": ["class"]}] * 2
    assert open_images(load(write_outer(folder, images=images)), ()).names == ("class", "class_1")


def test_derived_bands_are_made_of_the_percents(folder: Path) -> None:
    pair = ["probability_5", "class_probability"]
    stack = open_images(load(write_outer(folder, taken={"bands": pair, "derived": {"difference": pair}})), ())
    block = stack.read(stack.grid.window)
    five, own, made = block.features[2:]
    assert stack.names[-1] == "class_probability_probability_5_difference", "in the order of the map's bands"
    np.testing.assert_array_equal(made[block.valid], (own - five)[block.valid])
    assert len(np.unique(made[block.valid])) > 3
    assert block.valid.mean() > 0.9


# the way


def _touch_points(folder: Path) -> None:
    with (folder / "2020" / "points.csv").open("a") as stream:
        stream.write("500005,8599995,1\n")


def _more_trees(folder: Path) -> None:
    recipe = folder / "2020" / "scene.yml"
    recipe.write_text(recipe.read_text().replace("trees: 3", "trees: 4"))


def _lose(pattern: str) -> Callable[[Path], None]:
    def lose(folder: Path) -> None:
        next((folder / "2020" / "downloads" / "scene").glob(pattern)).unlink()

    return lose


def _comment(folder: Path) -> None:
    recipe = folder / "2020" / "scene.yml"
    recipe.write_text(recipe.read_text() + "# more\n")


@pytest.mark.parametrize(
    ("change", "taken", "way", "said"),
    [
        (lambda _: None, {}, Finished, "is up to date and is read"),
        (lambda _: None, {"bands": ["class"]}, Finished, "is up to date and is read"),
        (_comment, {}, Finished, "is up to date and is read"),
        (lambda _: None, {"bands": ["probability_1"]}, Computed, "as its map does not hold probability_1"),
        (lambda f: shutil.rmtree(f / "2020" / "downloads"), {}, Computed, "as it has no map"),
        (_touch_points, {}, Computed, "as its map was made from something else"),
        (_more_trees, {}, Computed, "as its map was made from something else"),
        (_lose("scene_class_*.tif"), {}, Computed, "as its map is not finished"),
        (_lose("scene_run.json"), {}, Computed, "as its map is not finished"),
        (_lose("scene_class.vrt"), {}, Computed, "as its map cannot be read"),
    ],
)
def test_a_finished_map_is_read_if_it_is_what_a_run_would_give(folder: Path, change, taken, way, said: str) -> None:
    change(folder)
    image = map_of(write_outer(folder, taken=taken))
    assert type(image.way) is way
    (note,) = image.notes
    assert note.startswith(f"{image.where}: its map ")
    assert note.endswith(said)


DONE = {"run": "d", "complete": True}


@pytest.mark.parametrize(
    ("record", "begun", "done", "why"),
    [
        (DONE, {"digest": "d"}, "ab", ""),
        (DONE, {"digest": "d"}, "abc", ""),
        (DONE, None, "ab", "it has no map"),
        (DONE, {"digest": "e"}, "ab", "its map was made from something else"),
        (DONE, {"digest": "d"}, "a", "its map is not finished"),
        (None, {"digest": "d"}, "ab", "its map is not finished"),
        ({}, {"digest": "d"}, "ab", "its map is not finished"),
        ({"run": "e", "complete": True}, {"digest": "d"}, "ab", "its map is not finished"),
        ({"run": "d", "complete": False}, {"digest": "d"}, "ab", "its map is not finished"),
    ],
)
def test_why_a_map_is_not_the_one_of_a_plan(record, begun, done: str, why: str) -> None:
    assert resolve_unfinished(record, begun, "d", "ab", done) == why


def test_a_map_in_the_place_of_the_own_one_is_not_read(folder: Path) -> None:
    outer = write_outer(folder, name="scene", images=[{"recipe": "scene.yml"}], legend="legend.csv")
    other = folder / "2020" / "other.yml"
    shutil.copy(outer, other)
    other.write_text("name: scene\n" + other.read_text())
    image = map_of(other)
    assert isinstance(image.way, Computed)
    assert "would lie where that of the recipe that takes it does" in image.notes[0]


# identity


def plan_of(recipe: Path):
    ready = prepare_training(load(recipe), ())
    close_files()
    return make_plan(ready.document, ready.map_stack, ready.legend, others=ready.others)


def _replace(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / "2020" / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def _darken(folder: Path) -> None:
    path = folder / "2020" / "image.tif"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_more_trees, "../2020/scene.yml was changed"),
        (_touch_points, "2020/points.csv was changed"),
        (_darken, "2020/image.tif was changed"),
        (lambda f: _replace(f, "legend.csv", "crop", "fields"), "2020/scene.yml was changed"),
        (lambda f: _replace(f, "scene.yml", "[class, class_probability, probability_5]", "[class]"), "was changed"),
    ],
)
def test_a_run_knows_what_the_other_recipe_depends_on(folder: Path, change, said: str) -> None:
    outer = write_outer(folder, legend=[{"value": 1, "label": "a", "color": "#000001"},
                                        {"value": 2, "label": "b", "color": "#000002"},
                                        {"value": 5, "label": "c", "color": "#000003"},
                                        {"value": 7, "label": "d", "color": "#000004"}])  # fmt: skip
    own = folder / "2021" / "downloads" / "outer" / ".run"
    own.mkdir(parents=True)
    write_plan(plan_of(outer), own, "0")
    change(folder)
    with pytest.raises(InputError) as caught:
        require_same(plan_of(outer), own)
    assert said.removeprefix("../") in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        _comment,
        lambda f: _replace(f, "scene.yml", "tile_size: 256", "tile_size: 512"),
        lambda f: shutil.rmtree(f / "2020" / "downloads"),
    ],
)
def test_what_changes_no_pixel_changes_no_plan(folder: Path, change) -> None:
    outer = write_outer(folder)
    before = plan_of(outer)
    change(folder)
    assert plan_of(outer).digest == before.digest


def test_a_run_knows_the_bands_that_the_other_recipe_has_by_default(folder: Path) -> None:
    """Without `bands` they are those of the other recipe; more of them in its output are more in the stack."""
    outer = write_outer(folder)
    before = plan_of(outer).digest
    _replace(folder, "scene.yml", "probability_5]", "probability_5, probability_1]")
    assert plan_of(outer).digest != before
    fixed = write_outer(folder, name="fixed", taken={"bands": ["class"]})
    before = plan_of(fixed).digest
    _replace(folder, "scene.yml", "probability_5, probability_1]", "probability_5]")
    assert plan_of(fixed).digest == before


# what is wrong


def problems(recipe: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        prepare_training(load(recipe), ())
    return list(caught.value.problems)


def write_ring(folder: Path, edges: dict[str, tuple[str, str]]) -> None:
    """Recipes that take the map (image) or the table (training) of the one named."""
    for name, (kind, other) in edges.items():
        path = write_outer(folder, name=name)
        text = path.read_text().replace("../2020/scene.yml", f"{other}.yml" if kind == "image" else "../2020/scene.yml")
        if kind == "training":
            text = text.replace("training:\n", f"training:\n- recipe: {other}.yml\n")
        path.write_text(text)


@pytest.mark.parametrize(
    ("edges", "what", "way"),
    [
        ({"a": ("image", "a")}, "its own map", "a.yml -> a.yml"),
        ({"a": ("image", "b"), "b": ("image", "a")}, "its own map", "a.yml -> b.yml -> a.yml"),
        ({"a": ("training", "b"), "b": ("image", "a")}, "its own map", "a.yml -> b.yml -> a.yml"),
        ({"a": ("image", "b"), "b": ("training", "a")}, "training data", "a.yml -> b.yml -> a.yml"),
        (
            {"a": ("image", "b"), "b": ("image", "c"), "c": ("image", "b")},
            "its own map", "a.yml -> b.yml -> c.yml -> b.yml",
        ),
    ],
)  # fmt: skip
def test_a_way_that_leads_back_is_refused_and_shown(tmp_path: Path, edges, what: str, way: str) -> None:
    write_inner(tmp_path)
    write_ring(tmp_path, edges)
    found = problems(tmp_path / "2021" / "a.yml")
    assert len(found) == 1
    assert found[0].endswith(f"{way.split(' -> ')[-2]}: takes {what} from itself ({way}); take one of the entries out")


def test_a_long_way_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "MOST", 3)
    write_inner(tmp_path)
    for name, other in zip("abcd", "bcde", strict=True):
        write_ring(tmp_path, {name: ("image", other)})
    (line,) = problems(tmp_path / "2021" / "a.yml")
    assert line.startswith(f"{tmp_path / '2021' / 'c.yml'}: more than 3")
    assert "more than 3 recipes take one from the other (a.yml -> ... -> d.yml)" in line
    write_outer(tmp_path, name="b")
    assert prepare_training(load(tmp_path / "2021" / "a.yml"), ()).stack.names[2:4] == ("class", "class_probability")


def test_a_recipe_that_many_ways_lead_to_is_opened_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of six recipes takes the next one twice: 64 ways lead to the last."""
    write_inner(tmp_path)
    for name, other in zip("abcdef", "bcdefg", strict=True):
        images = [{"recipe": f"{other}.yml", "bands": ["class"]}] * 2
        write_outer(tmp_path, name=name, images=images)
    write_outer(tmp_path, name="g", images=[{"recipe": "missing.yml"}])
    found = problems(tmp_path / "2021" / "a.yml")
    assert len(set(found)) == 1
    assert "missing.yml: does not exist" in found[0]
    write_outer(tmp_path, name="g")
    prepared = []
    from classify_local.chaining.opening import RecipeOpener

    tried = RecipeOpener._tried
    monkeypatch.setattr(RecipeOpener, "_tried", lambda self, path, *more: (
        prepared.append(path.name), tried(self, path, *more))[1])  # fmt: skip
    prepare_training(load(tmp_path / "2021" / "a.yml"), ())
    assert sorted(prepared) == [*(f"{name}.yml" for name in "bcdefg"), "scene.yml"]


def test_all_problems_of_both_are_said_at_once_with_the_recipe_they_are_of(tmp_path: Path) -> None:
    inner = write_inner(tmp_path)
    inner.write_text(inner.read_text().replace("image.tif", "imag.tif").replace("points.csv", "point.csv"))
    outer = write_outer(tmp_path)
    (tmp_path / "2021" / "points.csv").unlink()
    found = problems(outer)
    where = f"{tmp_path / '2021' / '..' / '2020' / 'scene.yml'}: "
    assert len(found) == 3
    assert [line.startswith(where) for line in found] == [True, True, False]
    assert "imag.tif: no such file; did you mean 'image.tif'?" in found[0]
    assert "point.csv: no such file; did you mean 'points.csv'?" in found[1]


@pytest.mark.parametrize(
    ("taken", "said"),
    [
        ({"bands": ["probability_3"]}, "scene.yml: bands: probability_3: the legend has no such class; its values are"),
        ({"derived": {"indexes": ["ndvi"]}}, "ndvi needs the band 'nir'"),
        ({"derived": {"ratio": ["class", "red"]}}, "ratio needs the band 'red'"),
        ({"derived": {"profile": "simple"}}, "the profile simple suits none of its bands"),
    ],
)
def test_bands_that_it_does_not_have(folder: Path, taken: dict[str, Any], said: str) -> None:
    assert any(said in line for line in problems(write_outer(folder, taken=taken)))


def test_bands_that_its_classifier_cannot_give(folder: Path) -> None:
    _replace(folder, "scene.yml", "{type: random_forest, number_of_trees: 3}", "{type: minimum_distance}")
    _replace(folder, "scene.yml", "[class, class_probability, probability_5]", "[class]")
    assert open_images(load(write_outer(folder)), ()).names[2:] == ("class",)
    found = problems(write_outer(folder, taken={"bands": ["class_probability"]}))
    assert len(found) == 1
    assert "scene.yml: " in found[0]
    assert "probabilit" in found[0]


def test_a_recipe_that_lies_elsewhere_on_the_earth(folder: Path) -> None:
    far = write_outer(folder, images=[{"path": "far.tif"}, {"recipe": "../2020/scene.yml"}])
    import rasterio
    from affine import Affine

    with rasterio.open(far.parent / "far.tif", "w", driver="GTiff", width=9, height=9, count=1, dtype="uint8",
                       crs="EPSG:32736", transform=Affine(10, 0, 300_000, 0, -10, 8_600_000)) as handle:  # fmt: skip
        handle.write(np.ones((1, 9, 9), "uint8"))
    assert any("scene.yml: does not overlap the first image" in line for line in problems(far))


def test_a_check_by_the_points_that_taught_the_map_is_said_to_be_too_good(folder: Path) -> None:
    apart, shared = write_outer(folder, name="apart"), write_outer(folder, name="shared")
    shared.write_text(shared.read_text().replace("csv: points.csv", "csv: ../2020/points.csv"))
    assert not any("too good" in note for note in api.check(apart).notes)
    (note,) = [note for note in api.check(shared).notes if "too good" in note]
    assert "scene.yml: learned from points.csv too" in note
