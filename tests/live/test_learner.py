"""The map on the page is the map of a run: every class and percent of full-resolution tiles, for every classifier."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from classify_local import api
from classify_local.errors import InputError
from classify_local.live import learner as learners
from classify_local.live.learner import Learner, check, sentence
from classify_local.live.pyramid import Pyramid
from classify_local.live.snapshot import below, map_tile
from classify_local.live.viewing import tiles_of
from classify_local.preparation import prepare
from classify_local.recipe.text import load
from classify_local.storage.safety import AllowedFolders
from tests.live.conftest import open_book

TREE = """node), split, n, deviance, yval
1) root 100 20 1
  2) nir <= 1200 40 5 1 *
  3) nir > 1200 60 9 1
    6) red < 800 30 2 2 *
    7) red >= 800 30 2 5 *
"""
CLASSIFIERS: list[dict[str, Any]] = [
    {"type": "random_forest", "number_of_trees": 25, "seed": 1},
    {"type": "random_forest", "class_weights": "balanced", "number_of_trees": 9},
    {"type": "gradient_tree_boost", "number_of_trees": 10},
    {"type": "cart"},
    {"type": "svm"},
    {"type": "svm", "kernel_type": "linear", "normalize": "min_max", "decision_procedure": "margin"},
    {"type": "naive_bayes"},
    {"type": "minimum_distance"},
    {"type": "minimum_distance", "metric": "mahalanobis"},
    {"type": "decision_tree", "decision_tree": TREE},
]


def never() -> None:
    """Nothing newer waits."""


def trained(recipe: Path, classifier: dict[str, Any], bands: list[str]) -> tuple[Any, Any, Pyramid]:
    document = load(recipe).changed({("classifier",): classifier, ("output", "bands"): bands})
    recipe.write_text(document.text())
    document = load(recipe)
    ready = prepare(document, ())
    assert ready.legend is not None
    learner = Learner(ready.stack, ready.others, AllowedFolders(()))
    snapshot, learned = learner.train(document, ready.legend, 1, never)
    return snapshot, learned, Pyramid(document, ready.stack, (), 2**24)


@pytest.mark.parametrize("classifier", CLASSIFIERS, ids=str)
def test_tiles_are_the_map_of_a_run(recipe, tmp_path, classifier):
    snapshot, _, pyramid = trained(recipe, classifier, ["class"])
    percents = snapshot.outputs[1:]
    recipe.write_text(load(recipe).changed({("output", "bands"): list(snapshot.outputs)}).text())
    result = api.run(recipe, out=tmp_path / "out", workers=1)
    with rasterio.open(result.vrt) as handle:
        expected = handle.read()
    for key in tiles_of(pyramid.grid.window, 0):
        window = pyramid.window(key)
        made = map_tile(snapshot, pyramid.read(key), snapshot.outputs)
        part = expected[:, window.row : window.row + window.rows, window.col : window.col + window.cols]
        np.testing.assert_array_equal(made.classes, part[0])
        for band, percent in zip(percents, part[1:], strict=True):
            np.testing.assert_array_equal(made.percents[band], percent)
    assert len(np.unique(expected[0])) > 2


def test_an_added_point_counts_and_only_its_pixel_is_read(recipe, monkeypatch):
    document = load(recipe)
    ready = prepare(document, ())
    assert ready.legend is not None
    learner = Learner(ready.stack, ready.others, AllowedFolders(()))
    before = len(learner.train(document, ready.legend, 1, never)[1].training)
    asked: list[int] = []
    sample = learners.FeatureStack.sample

    def counting(stack: Any, rows: Any, cols: Any) -> Any:
        asked.append(len(rows))
        return sample(stack, rows, cols)

    monkeypatch.setattr(learners.FeatureStack, "sample", counting)

    open_book(recipe).add(33.5, 2.5, 5)
    snapshot, learned = learner.train(load(recipe), ready.legend, 2, never)
    assert len(learned.training) == before + 1
    assert snapshot.revision == 2
    assert asked == [1]


def test_faded_pixels_are_those_below_the_threshold(recipe):
    snapshot, _, pyramid = trained(recipe, {"type": "random_forest", "number_of_trees": 9}, ["class"])
    made = map_tile(snapshot, pyramid.read(tiles_of(pyramid.grid.window, 0)[0]), snapshot.outputs)
    percent = made.percents["class_probability"]
    for threshold in (1, 50, 80, 100):
        expected = [[value < threshold and value != 255 for value in row] for row in percent.tolist()]
        np.testing.assert_array_equal(below(made, threshold), expected)
    assert (percent == 255).any()


def test_a_check_is_what_held_out_rows_say(recipe):
    _, learned, _ = trained(recipe, {"type": "random_forest", "number_of_trees": 9}, ["class"])
    found = check(learned, never)
    assert found is not None
    assert found.rows == len(learned.training)
    assert [each.threshold for each in found.above] == list(range(0, 100, 5))
    assert found.above[0].share == 1
    assert found.above[0].right == pytest.approx(found.accuracy)
    shares = [each.share for each in found.above]
    assert shares == sorted(shares, reverse=True)
    assert "A check of the model, not the map's accuracy" in sentence(found, 80)
    with pytest.raises(InputError, match="no figures for 81 %"):
        sentence(found, 81)


def test_a_check_without_probabilities_has_no_figures_above(recipe):
    _, learned, _ = trained(recipe, {"type": "minimum_distance"}, ["class"])
    found = check(learned, never)
    assert found is not None
    assert found.above == ()
    assert 0.5 < found.accuracy <= 1


def test_above_is_told_for_every_threshold_in_words(recipe):
    _, learned, _ = trained(recipe, {"type": "random_forest", "number_of_trees": 3}, ["class"])
    found = check(learned, never)
    assert found is not None
    assert all(str(each.threshold) in sentence(found, each.threshold) for each in found.above)
