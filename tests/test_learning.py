"""From points to a model with its check: what is asked for reaches the check too."""

from __future__ import annotations

import numpy as np
import pytest

from classify_local import InputError, StorageError, api
from classify_local.api import maps
from classify_local.classifiers import persistence
from classify_local.recipe.classifiers import RandomForest
from classify_local.studying import trainer
from tests.accuracy.tables import separable


def changed(scene, **classifier):
    return api.load_recipe(scene.recipe).changed({("classifier",): classifier, ("output", "bands"): ["class"]})


@pytest.mark.parametrize("weights", [None, "balanced", {1: 1000, 9: 3}])
def test_weights_count_in_the_check(weights):
    """Of two classes that cannot be told apart, the one that weighs a thousand times as much wins."""
    rng = np.random.default_rng(1)
    features = rng.normal(size=(400, 2)).astype(np.float32)
    labels = np.repeat([1, 4], 200)
    forest = RandomForest(type="random_forest", class_weights=weights, min_leaf_population=40)
    share = (trainer(forest, ("a", "b"))(features, labels)(features) == 1).mean()
    assert share > 0.95 if isinstance(weights, dict) else share < 0.8


def test_what_is_fitted_gives_class_values():
    features, labels, _ = separable()
    fitted = trainer(RandomForest(type="random_forest"), ("a", "b", "c"))(features.astype(np.float32), labels)
    assert set(fitted(features)) == set(labels)


def test_a_machine_of_one_class_needs_rows_of_its_class_only(scene):
    """Its legend has two classes: the one it learns and the rest."""
    legend = [{"value": 1, "label": "forest", "color": "#006400"}, {"value": 2, "label": "else", "color": "#FFFFFF"}]
    lines = scene.table.read_text(encoding="utf-8").splitlines()
    scene.table.write_text("\n".join([lines[0], *(line for line in lines if line.endswith(",1"))]), encoding="utf-8")
    machine = changed(scene, type="svm", svm_type="one_class", one_class=1).changed({("legend",): legend})
    model = api.train(machine)
    assert model.classes == (1, 2)
    assert "classes" in model.training["validation"]["not made"]
    with pytest.raises(InputError, match="only class 1 has usable rows"):
        api.train(machine.changed({("classifier",): {"type": "cart"}}))


def test_a_machine_of_one_class_is_checked_where_both_have_rows(scene):
    legend = [{"value": 1, "label": "forest", "color": "#006400"}, {"value": 2, "label": "else", "color": "#FFFFFF"}]
    machine = changed(scene, type="svm", svm_type="one_class", one_class=1).changed({("legend",): legend})
    found = api.train(machine).training["validation"]
    assert found["overall"]["mean"] > 0.6


def test_what_cannot_be_written_is_said_before_anything_is_trained(scene, tmp_path, monkeypatch):
    monkeypatch.setattr(maps, "prepare_training", lambda *_: pytest.fail("began"))
    machine = changed(scene, type="svm")
    with pytest.raises(StorageError) as caught:
        api.train(machine, tmp_path, export_tree=tmp_path)
    assert caught.value.problems == (
        f"{tmp_path}: is a folder; name a file in it",
        f"{tmp_path}: is a folder; name a file in it",
        "svm has no tree to export; cart and random_forest have",
    )


def test_results_are_given_at_the_upper_level_too(scene, tmp_path):
    """Forest and crop are land with plants; confusion between them does not count there."""
    entries = [
        {"value": 1, "label": "forest", "color": "#006400", "parent": "plants"},
        {"value": 2, "label": "crop", "color": "#F096FF", "parent": "plants"},
        {"value": 5, "label": "water", "color": "#0064C8"},
        {"value": 7, "label": "bare", "color": "#B4B4B4"},
    ]
    lines = []

    class Lines:
        def say(self, text: str) -> None:
            lines.append(text)

        def progress(self, progress: object) -> None:
            pass

    document = api.load_recipe(scene.recipe).changed({("legend",): entries})
    record = api.run(document, out=tmp_path, reporter=Lines()).record
    upper = record["validation"]["upper_level"]
    assert list(upper["labels"]) == ["plants", "water", "bare"]
    assert upper["overall"]["mean"] >= record["validation"]["overall"]["mean"]
    assert any("at the upper level, overall accuracy" in line for line in lines)
    assert any(line.split()[:1] == ["plants"] for line in lines)
    by_class, by_upper = record["pixels_by_class"], record["pixels_by_upper_class"]
    assert by_upper == {
        "plants": by_class["1"] + by_class["2"], "water": by_class["5"], "bare": by_class["7"],
    }  # fmt: skip
    model = persistence.load(next(tmp_path.glob("*/*_model.zip")))
    assert model.legend.parents == ("plants",)
