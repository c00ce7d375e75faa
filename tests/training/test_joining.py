"""Other recipes as training data: bands by name, places, legends, groups, accounts; and ways that lead back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer
from ruamel.yaml import YAML

from classify_local.errors import InputError
from classify_local.learning import learn
from classify_local.mapping.block import classify_block
from classify_local.mapping.plan import make_plan
from classify_local.preparation import prepare_training
from classify_local.prepared import Trainable
from classify_local.recipe.text import load
from classify_local.storage.rasters import close_files
from classify_local.training import samples
from classify_local.training.joining import sample_all
from classify_local.training.samples import TrainingReport, TrainingSet
from tests.conftest import TRANSFORM, UTM, write_raster

ROWS, COLS = 8, 10
COLORS = {1: "#000001", 2: "#000002", 5: "#000005", 7: "#000007"}
OTHER = Affine(30, 0, 200_000, 0, -30, 9_000_000)


@pytest.fixture(autouse=True)
def _no_open_files():
    yield
    close_files()


def write_recipe(
    folder: Path, name: str, *, bands: tuple[str, ...] = ("red", "nir"), start: int = 1,
    legend: tuple[int, ...] = (1, 2), labels: tuple[int, ...] = (1, 2), others: tuple[str, ...] = (),
    crs: str = UTM, transform: Affine = TRANSFORM,
    dtype: str = "uint16", image: dict[str, Any] | None = None, own: bool = True, group: bool = False,
) -> Path:  # fmt: skip
    """A recipe whose band number b is `start + 1000 b` and the pixel's number, with a point on each of 12 pixels."""
    values = start + np.arange(ROWS * COLS).reshape(ROWS, COLS) + 1000 * np.arange(len(bands))[:, None, None]
    write_raster(folder / f"{name}.tif", values.astype(dtype), descriptions=bands, crs=crs, transform=transform)
    lines = []
    for i in range(12):
        x, y = transform @ (i % COLS + 0.5, i // COLS + 0.5)
        lines.append(f"{x!r},{y!r},{labels[i % len(labels)]},{i // 4}\n")
    (folder / f"{name}.csv").write_text("x,y,class,plot\n" + "".join(lines))
    entry = {"csv": f"{name}.csv", "crs": crs} | ({"group": "plot"} if group else {})
    recipe = {
        "images": [{"path": f"{name}.tif", **(image or {})}],
        "legend": [{"value": v, "label": f"class {v}", "color": COLORS[v]} for v in legend],
        "training": [*([entry] if own else []), *({"recipe": other} for other in others)],
        "classifier": {"type": "random_forest", "number_of_trees": 3},
    }
    path = folder / f"{name}.yml"
    YAML().dump(recipe, path)
    return path


def prepared(recipe: Path) -> Trainable:
    return prepare_training(load(recipe), ())


def sampled(recipe: Path) -> tuple[TrainingSet, TrainingReport]:
    ready = prepared(recipe)
    return sample_all(ready.points, ready.stack, ready.legend, ready.others)


# tables


def test_rows_of_another_recipe_stand_behind_the_own_ones(tmp_path):
    write_recipe(tmp_path, "old", start=100)
    training, report = sampled(write_recipe(tmp_path, "new", others=("old.yml",)))
    own = np.stack([1 + np.arange(12), 1001 + np.arange(12)], axis=1)
    np.testing.assert_array_equal(training.features, np.concatenate([own, own + 99]))
    assert training.features.dtype == np.uint16
    assert training.labels.tolist() == [1, 2] * 12
    assert training.source.tolist() == [0] * 12 + [1] * 12
    assert (report.read, report.kept) == (
        {str(tmp_path / name): 12 for name in ("new.csv", "old.yml")},
        {str(tmp_path / name): 12 for name in ("new.csv", "old.yml")},
    )  # fmt: skip
    assert report.classes == {1: 12, 2: 12}
    assert len(report.rows.labels) == 12, "rows of other recipes are no points of this map"


def test_bands_are_joined_by_name_in_the_order_of_the_one_that_asks(tmp_path):
    write_recipe(tmp_path, "old", bands=("swir1", "nir", "red"), start=0)
    training, _ = sampled(write_recipe(tmp_path, "new", bands=("red", "nir"), others=("old.yml",)))
    np.testing.assert_array_equal(training.features[12], [2000, 1000])


def test_bands_that_are_missing_are_named_with_those_there_are(tmp_path):
    write_recipe(tmp_path, "old", bands=("rad", "swir1"))
    new = write_recipe(tmp_path, "new", bands=("red", "nir"), others=("old.yml",))
    with pytest.raises(InputError) as caught:
        prepared(new)
    first, second = caught.value.problems
    needs = f"{new}, of {tmp_path / 'old.yml'}, needs the band"
    assert first == f"{needs} 'red'; the images give rad, swir1; did you mean 'rad'?"
    assert second.startswith(f"{needs} 'nir'; the images give rad, swir1")


def test_a_recipe_may_have_no_points_of_its_own(tmp_path):
    write_recipe(tmp_path, "old", start=100)
    training, report = sampled(write_recipe(tmp_path, "new", others=("old.yml",), own=False))
    assert training.features[:, 0].tolist() == list(range(100, 112))
    assert training.source.tolist() == [0] * 12
    assert report.kept == {str(tmp_path / "old.yml"): 12}
    assert not report.notes
    learned = learn(prepared(tmp_path / "new.yml"))
    assert learned.model.classes


def test_places_of_another_system_are_moved(tmp_path):
    write_recipe(tmp_path, "old", crs="EPSG:32735", transform=OTHER)
    training, _ = sampled(write_recipe(tmp_path, "new", others=("old.yml",)))
    expected = Transformer.from_crs("EPSG:32735", UTM, always_xy=True).transform(*(OTHER @ (0.5, 0.5)))
    np.testing.assert_allclose(training.xy[12], expected, atol=1e-6)
    np.testing.assert_allclose(training.xy[0], TRANSFORM @ (0.5, 0.5))


def test_classes_the_own_legend_lacks_are_counted_under_the_other_recipe(tmp_path):
    write_recipe(tmp_path, "old", legend=(1, 5, 7), labels=(1, 5, 7, 2))
    training, report = sampled(write_recipe(tmp_path, "new", legend=(1, 2, 5), others=("old.yml",)))
    assert training.counts == {1: 6 + 3, 2: 6, 5: 3}
    old = str(tmp_path / "old.yml")
    assert report.dropped == {(old, samples.NOT_IN_LEGEND): 3 + 3}, "one half by its own legend, one by ours"
    assert (report.read[old], report.kept[old]) == (12, 6)


def test_classes_that_only_another_recipe_has_are_not_missed(tmp_path):
    write_recipe(tmp_path, "old", legend=(1, 5), labels=(5,))
    new = write_recipe(tmp_path, "new", legend=(1, 2, 5, 7), others=("old.yml",))
    training, report = sampled(new)
    assert sorted(training.counts) == [1, 2, 5]
    missed = [note for note in report.notes if "without training data" in note]
    assert missed == ["classes without training data, which the map cannot show: class 7"]


def test_groups_of_recipes_are_kept_apart(tmp_path):
    write_recipe(tmp_path, "older", group=True)
    write_recipe(tmp_path, "old", group=True, others=("older.yml",))
    write_recipe(tmp_path, "plain")
    training, _ = sampled(write_recipe(tmp_path, "new", group=True, others=("old.yml", "plain.yml")))
    assert training.group.tolist() == [*np.repeat(np.arange(9), 4).tolist(), *[-1] * 12]


def test_other_recipes_bring_theirs_with_them(tmp_path):
    write_recipe(tmp_path, "a", start=100)
    write_recipe(tmp_path, "b", start=200, others=("a.yml",), bands=("nir", "x", "red"))
    with pytest.raises(InputError, match=r"b\.yml, of .*a\.yml, needs the band 'x'"):
        prepared(tmp_path / "b.yml")
    write_recipe(tmp_path, "a", start=100, bands=("red", "x", "nir", "y"))
    training, report = sampled(write_recipe(tmp_path, "c", start=300, others=("b.yml",)))
    assert training.features[::12].tolist() == [[300, 1300], [2200, 200], [100, 2100]]
    assert (report.read[str(tmp_path / "b.yml")], report.kept[str(tmp_path / "b.yml")]) == (24, 24)


def test_a_recipe_reached_by_two_ways_gives_its_rows_once(tmp_path):
    (tmp_path / "deep").mkdir()
    write_recipe(tmp_path, "a", start=100)
    write_recipe(tmp_path, "b", start=200, others=("a.yml",))
    write_recipe(tmp_path, "c", start=300, others=("deep/../a.yml", "b.yml"))
    training, report = sampled(write_recipe(tmp_path, "d", start=400, others=("b.yml", "c.yml", "b.yml")))
    assert training.features[::12, 0].tolist() == [400, 200, 100, 300]
    assert sum("is reached by two ways and taken once" in note for note in report.notes) == 3
    assert sum(report.kept.values()) == len(training) == 48


def test_notes_say_of_which_recipe_they_speak(tmp_path):
    write_recipe(tmp_path, "old")
    with (tmp_path / "old.csv").open("a") as stream:
        stream.write("x,1,1,0\n")
    _, report = sampled(write_recipe(tmp_path, "new", others=("old.yml",)))
    (note,) = report.notes
    assert note.startswith(f"{tmp_path / 'old.yml'}: {tmp_path / 'old.csv'}, line 14: coordinate 'x' is not")
    assert report.dropped == {(str(tmp_path / "old.yml"), samples.INVALID): 1}


def test_what_masks_remove_is_counted_together(tmp_path):
    for name in ("old", "new"):
        write_recipe(tmp_path, name, image={"nodata": 4}, others=("old.yml",) if name == "new" else ())
    _, report = sampled(tmp_path / "new.yml")
    assert report.mask_losses == {"red": {2: 2}}
    assert report.total(samples.MASKED) == 2


# kinds of bands


@pytest.mark.parametrize(
    ("own", "other", "joined"),
    [("uint8", "uint16", "uint16"), ("uint16", "int16", "float32"), ("uint16", "float32", "float32"),
     ("float32", "uint32", "float32"), ("float64", "uint8", "float32")],
)  # fmt: skip
def test_the_type_of_the_joined_table_is_one_a_stack_can_have(tmp_path, own, other, joined):
    small = {"bands": ("red",), "start": 1}
    write_recipe(tmp_path, "old", dtype=other, **small)
    training, _ = sampled(write_recipe(tmp_path, "new", dtype=own, others=("old.yml",), **small))
    assert training.features.dtype == joined
    assert training.features[:, 0].tolist() == [*range(1, 13)] * 2


def test_a_model_of_joined_integers_and_floats_maps_integers_as_their_floats(tmp_path):
    write_recipe(tmp_path, "old", dtype="float32", start=30)
    ready = prepared(write_recipe(tmp_path, "new", others=("old.yml",)))
    model = learn(ready, check=False).model
    products = make_plan(ready.document, ready.stack, ready.legend).products
    block = ready.stack.read(ready.stack.grid.window)
    assert block.features.dtype == np.uint16
    as_stored, as_floats = (
        classify_block(features, block.valid, model, products)
        for features in (block.features, block.features.astype(np.float32))
    )
    assert as_stored.keys() == as_floats.keys()
    for name, values in as_stored.items():
        np.testing.assert_array_equal(values, as_floats[name])
    assert set(np.unique(as_stored["class"])) == {1, 2}


def test_bands_of_another_unit_are_refused(tmp_path):
    write_recipe(tmp_path, "old", bands=("a", "b", "ndvi"))
    derived = {"derived": [{"indexes": ["ndvi"]}]}
    new = write_recipe(tmp_path, "new", bands=("red", "nir"), image=derived, others=("old.yml",))
    write_recipe(tmp_path, "old", bands=("red", "nir", "ndvi"))
    with pytest.raises(InputError) as caught:
        sampled(new)
    (line,) = caught.value.problems
    assert line.startswith(f"{tmp_path / 'old.yml'}: has ndvi in the unit 'stored value', and here it is in ")
    assert line.endswith("give the bands of both recipes in the same way")


def test_another_scale_of_reflectance_is_told(tmp_path):
    write_recipe(tmp_path, "old", image={"reflectance": {"scale": 0.0001}})
    new = write_recipe(tmp_path, "new", others=("old.yml",), image={"reflectance": {"scale": 0.001}})
    _, report = sampled(new)
    (note,) = [note for note in report.notes if "reflectance" in note]
    assert note.startswith(f"{tmp_path / 'old.yml'}: the stored values of red, nir become reflectance by another scale")


# ways that lead back


@pytest.mark.parametrize(
    ("edges", "way"),
    [
        ({"a": ("a",)}, "a.yml -> a.yml"),
        ({"a": ("b",), "b": ("a",)}, "a.yml -> b.yml -> a.yml"),
        ({"a": ("b",), "b": ("c",), "c": ("a",)}, "a.yml -> b.yml -> c.yml -> a.yml"),
        ({"a": ("b",), "b": ("b",)}, "a.yml -> b.yml -> b.yml"),
    ],
)
def test_a_way_that_leads_back_is_refused_and_shown(tmp_path, edges, way):
    for name, others in edges.items():
        write_recipe(tmp_path, name, others=tuple(f"{other}.yml" for other in others))
    last = way.split(" -> ")[-2]
    with pytest.raises(InputError) as caught:
        prepared(tmp_path / "a.yml")
    (line,) = caught.value.problems
    assert line == f"{tmp_path / last}: takes training data from itself ({way}); take one of the entries out"


def test_the_problems_of_other_recipes_are_said_with_the_own_ones(tmp_path):
    write_recipe(tmp_path, "old")
    (tmp_path / "old.tif").unlink()
    new = write_recipe(tmp_path, "new", others=("old.yml", "none.yml"))
    (tmp_path / "new.csv").unlink()
    with pytest.raises(InputError) as caught:
        prepared(new)
    assert len(caught.value.problems) == 3
    for words, line in zip(("new.csv: no such", "old.tif", "none.yml"), caught.value.problems, strict=True):
        assert words in line


# accounts

VALUES = st.sampled_from((1, 2, 5, 7))


@settings(max_examples=20)
@given(
    st.lists(st.tuples(st.lists(VALUES, min_size=1, max_size=4), st.sets(VALUES, min_size=1)), min_size=1, max_size=3),
    st.booleans(),
)
def test_accounts_add_up(tmp_path, recipes, chained):
    """What is read is kept or dropped, whether other recipes are all named by the first or each by the one before."""
    for number in reversed(range(len(recipes))):
        labels, legend = recipes[number]
        others = range(1, len(recipes)) if number == 0 else ()
        if chained:
            others = range(number + 1, min(number + 2, len(recipes)))
        write_recipe(
            tmp_path, f"r{number}", labels=tuple(labels), legend=tuple(sorted(legend)), start=100 * number + 1,
            others=tuple(f"r{other}.yml" for other in others), group=number % 2 == 0,
        )  # fmt: skip
    training, report = sampled(tmp_path / "r0.yml")
    assert sum(report.read.values()) == 12 * len(recipes)
    assert sum(report.read.values()) == sum(report.kept.values()) + sum(report.dropped.values())
    assert sum(report.kept.values()) == len(training) == sum(report.classes.values())
    for where in report.read:
        dropped = sum(count for (source, _), count in report.dropped.items() if source == where)
        assert report.read[where] == report.kept[where] + dropped
    legends, expected = [], []
    for number, (labels, legend) in enumerate(recipes):
        legends = [*legends, legend] if chained else [*legends[:1], legend] if number else [legend]
        known = set.intersection(*legends)
        expected += [label for label in (labels * 12)[:12] if label in known]
    assert training.labels.tolist() == expected
