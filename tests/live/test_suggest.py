"""Next points: places a model is unsure of, few of each class, apart from each other."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from classify_local.errors import InputError
from classify_local.live import suggest as suggesting
from classify_local.live.learner import Learner
from classify_local.live.suggest import SURE, suggest
from classify_local.preparation import prepare
from classify_local.recipe.text import load
from classify_local.storage.safety import AllowedFolders


def trained(recipe, text="type: random_forest, number_of_trees: 5, seed: 1", bands="class, class_probability"):
    recipe.write_text(
        recipe.read_text()
        .replace("type: random_forest, number_of_trees: 5, seed: 1", text)
        .replace("class, class_probability", bands)
    )
    table = recipe.with_name("points.csv")
    rng = np.random.default_rng(3)
    head, *rows = table.read_text().splitlines()
    classes = rng.permuted([row.rpartition(",")[2] for row in rows][:60]).tolist()
    mixed = [f"{row.rpartition(',')[0]},{value}" for row, value in zip(rows, classes, strict=False)]
    table.write_text("\n".join([head, *mixed, *rows[60:]]) + "\n")  # so that there is something to be unsure of
    document = load(recipe)
    ready = prepare(document, ())
    learner = Learner(ready.stack, ready.others, AllowedFolders(()))
    return ready.stack, learner.train(document, ready.legend, 4, lambda: None)[0]


@pytest.mark.parametrize("rule", ["confidence", "margin"])
@pytest.mark.parametrize("most", [1, 5])
@pytest.mark.parametrize("windows", [False, True])
def test_places_are_unsure_few_and_apart(recipe, monkeypatch, rule, most, windows):
    stack, snapshot = trained(recipe)
    if windows:
        monkeypatch.setattr(suggesting, "_WINDOWS", 3)
        monkeypatch.setattr(suggesting, "_SIDE", 12)
    found = suggest(stack, snapshot, rule, most, seed=2)
    block = stack.read(stack.grid.window)
    assert found
    for place in found:
        row, col = int(place.y), int(place.x)
        assert (place.x - col, place.y - row) == (0.5, 0.5)
        assert block.valid[row, col]
        shares = snapshot.model.probabilities(block.features[:, row : row + 1, col])[:, 0]
        assert snapshot.model.classes[int(shares.argmax())] == place.value
        assert place.percent == round(100 * float(shares.max()))
        best, second = np.sort(shares)[:-3:-1]
        doubt = place.percent if rule == "confidence" else 100 * (best - second)
        assert doubt < SURE
    for value in {place.value for place in found}:
        own = [place for place in found if place.value == value]
        assert len(own) <= most
        assert all(max(abs(a.x - b.x), abs(a.y - b.y)) >= 3 for a, b in combinations(own, 2))


def test_the_smallest_margin_is_among_them(recipe):
    stack, snapshot = trained(recipe)
    block = stack.read(stack.grid.window)
    rows, cols = np.nonzero(block.valid)
    shares = np.sort(snapshot.model.probabilities(block.features[:, rows, cols]), axis=0)
    found = suggest(stack, snapshot, "margin", 1)
    picked = [int(np.flatnonzero((rows == int(place.y)) & (cols == int(place.x)))[0]) for place in found]
    margins = shares[-1] - shares[-2]
    assert min(margins[picked]) == pytest.approx(margins.min())


def test_another_seed_gives_others_and_the_same_gives_the_same(recipe):
    stack, snapshot = trained(recipe)
    assert suggest(stack, snapshot, "confidence", 5, 1) == suggest(stack, snapshot, "confidence", 5, 1)
    assert suggest(stack, snapshot, "confidence", 5, 1) != suggest(stack, snapshot, "confidence", 5, 2)


def test_a_part_without_data_is_passed_over(recipe, monkeypatch):
    stack, snapshot = trained(recipe)
    hole = suggesting.Window(row=21, col=31, rows=6, cols=6)
    monkeypatch.setattr(suggesting, "_windows", lambda stack, rng: iter([hole]))
    with pytest.raises(InputError, match="no data was found"):
        suggest(stack, snapshot, "confidence")


def test_a_classifier_that_is_always_sure_is_not_asked(recipe):
    stack, snapshot = trained(recipe, "type: minimum_distance", bands="class")
    with pytest.raises(InputError, match="does not say how sure"):
        suggest(stack, snapshot, "confidence")
