"""Every classifier on real scenes: the map is what its library gives, pixel for pixel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from classify_local import InputError, api
from tests.integration.real_scenes import point_rows, polygon_pixels, write_recipe

TREE = """node), split, n, deviance, yval
1) root 100 20 1
  2) nir <= 1200 40 5 5 *
  3) nir > 1200 60 9 1
    6) red < 800 30 2 2 *
    7) red >= 800 30 2 1 *
"""
CASES: list[tuple[dict[str, Any], bool]] = [
    ({"type": "random_forest"}, True),
    ({"type": "random_forest", "min_leaf_population": 4, "number_of_trees": 40}, True),
    ({"type": "random_forest", "class_weights": "balanced"}, True),
    ({"type": "cart"}, True),
    ({"type": "gradient_tree_boost", "number_of_trees": 20}, True),
    ({"type": "naive_bayes"}, True),
    ({"type": "naive_bayes", "variant": "multinomial"}, True),
    ({"type": "svm"}, True),
    ({"type": "svm"}, False),
    ({"type": "svm", "svm_type": "nu_svc", "nu": 0.02, "kernel_type": "poly"}, False),
    (
        {"type": "svm", "kernel_type": "linear", "cost": 1, "decision_procedure": "margin", "normalize": "min_max"},
        False,
    ),
    ({"type": "minimum_distance"}, False),
    ({"type": "minimum_distance", "metric": "cosine", "normalize": False}, False),
    ({"type": "minimum_distance", "metric": "mahalanobis"}, False),
    ({"type": "minimum_distance", "metric": "manhattan"}, False),
    ({"type": "decision_tree", "decision_tree": TREE}, False),
]


def as_rows(model: api.TrainedModel, features: np.ndarray) -> np.ndarray:
    """Features (bands, n) as the rows a library takes, scaled where the model scales."""
    rows = np.ascontiguousarray(features.T, dtype=np.float32)
    return rows if model.scaling is None else model.scaling.apply(rows)


@pytest.fixture(scope="module")
def chiapas(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    image = real_data / "chiapas_landsat7" / "image.tif"
    rows = polygon_pixels(real_data / "chiapas_landsat7" / "labels.gpkg", image)
    bands = ["blue", "green", "red", "nir", "swir1", "swir2"]
    return write_recipe(tmp_path_factory.mktemp("chiapas"), image, rows, "EPSG:32615", bands)


@pytest.mark.parametrize(("classifier", "probability"), CASES, ids=str)
def test_the_map_is_the_librarys(chiapas: Path, tmp_path: Path, classifier: dict[str, Any], probability: bool) -> None:
    bands = ["class", "class_probability"] if probability else ["class"]
    document = api.load_recipe(chiapas).changed({("classifier",): classifier, ("output", "bands"): bands})
    model = api.train(document)
    result = api.run(document, out=tmp_path)
    stack = api.open_stack(document)
    block = stack.read(stack.grid.window)
    rows = as_rows(model, block.features[:, block.valid])
    codes = model.fitted.predict(rows)
    expected = np.zeros(block.valid.shape, dtype=np.uint8)
    expected[block.valid] = np.array(model.classes)[codes]
    with rasterio.open(result.vrt) as handle:
        np.testing.assert_array_equal(handle.read(1), expected)
        if probability:
            share = model.fitted.predict_proba(rows)[np.arange(len(rows)), codes]
            np.testing.assert_allclose(
                handle.read(2)[block.valid], np.rint(100 * share), atol=1e-9 + _slack(classifier)
            )
    assert len(np.unique(expected)) > 1


def _slack(classifier: dict[str, Any]) -> int:
    """Probabilities within 1e-6 may fall on two sides of a half percent."""
    return 1 if classifier["type"] in ("gradient_tree_boost", "naive_bayes") else 0


def test_regression_is_the_librarys_and_nowhere_else(chiapas: Path, tmp_path: Path) -> None:
    for kind in ("random_forest", "cart", "gradient_tree_boost"):
        changes = {("classifier",): {"type": kind}, ("output", "bands"): ["class", "regression"], ("name",): kind}
        document = api.load_recipe(chiapas).changed(changes)
        result, model = api.run(document, out=tmp_path), api.train(document)
        stack = api.open_stack(document)
        block = stack.read(stack.grid.window)
        with rasterio.open(result.folder / f"{kind}_regression.vrt") as handle:
            found = handle.read(1)
            assert np.isnan(handle.nodata)
        assert np.isnan(found[~block.valid]).all()
        assert model.regression is not None
        expected = model.regression.predict(as_rows(model, block.features[:, block.valid]))
        np.testing.assert_array_equal(found[block.valid], expected.astype(np.float32))
        with rasterio.open(result.vrt) as handle:
            assert handle.descriptions == ("class", "regression")


@pytest.mark.parametrize(
    ("classifier", "bands", "said"),
    [
        (
            {"type": "minimum_distance"},
            ["class", "class_probability"],
            "minimum_distance cannot give class_probability",
        ),
        ({"type": "svm"}, ["class", "regression"], "svm cannot give regression; random_forest, gradient_tree_boost"),
        (
            {"type": "decision_tree", "decision_tree": TREE},
            ["probabilities"],
            "decision_tree cannot give probabilities",
        ),
    ],
)
def test_what_a_classifier_cannot_give_names_those_that_can(chiapas: Path, classifier, bands, said: str) -> None:
    document = api.load_recipe(chiapas).changed({("classifier",): classifier, ("output", "bands"): bands})
    with pytest.raises(InputError, match=said):
        api.check(document)


def test_a_decision_tree_needs_no_training(chiapas: Path, tmp_path: Path) -> None:
    changes = {
        ("classifier",): {"type": "decision_tree", "decision_tree": TREE}, ("output", "bands"): ["class"],
        ("training",): [],
    }  # fmt: skip
    result = api.run(api.load_recipe(chiapas).changed(changes), out=tmp_path)
    assert set(result.record["pixels_by_class"]) <= {"1", "2", "5"}


def test_an_exported_tree_maps_like_its_model(chiapas: Path, tmp_path: Path) -> None:
    document = api.load_recipe(chiapas).changed({("classifier",): {"type": "cart"}, ("output", "bands"): ["class"]})
    api.train(document, export_tree=tmp_path / "tree.txt")
    text = (tmp_path / "tree.txt").read_text()
    again = document.changed({("classifier",): {"type": "decision_tree", "decision_tree": text}})
    one, two = api.run(document, out=tmp_path / "one"), api.run(again, out=tmp_path / "two")
    with rasterio.open(one.vrt) as a, rasterio.open(two.vrt) as b:
        np.testing.assert_array_equal(a.read(), b.read())


def test_tuning_is_told_and_recorded(chiapas: Path, tmp_path: Path) -> None:
    document = api.load_recipe(chiapas).changed({("classifier",): {"type": "cart", "tune": True}})
    result = api.run(document, out=tmp_path)
    tuning = result.record["training"]["tuning"]
    assert len(tuning["tried"]) > 1
    assert set(tuning["best"]) == set(tuning["given"])


def test_a_model_maps_another_image(chiapas: Path, real_data: Path, tmp_path: Path) -> None:
    model = tmp_path / "model.zip"
    api.train(chiapas, model)
    trained_here = api.run(chiapas, out=tmp_path / "here")
    again = api.run(chiapas, model=model, out=tmp_path / "again")
    with rasterio.open(trained_here.vrt) as a, rasterio.open(again.vrt) as b:
        np.testing.assert_array_equal(a.read(), b.read())
    other = {"1": str(real_data / "nc_landsat7" / "image.tif")}
    lines: list[str] = []

    class Lines:
        def say(self, text: str) -> None:
            lines.append(text)

        def progress(self, progress: object) -> None:
            pass

    api.run(chiapas, model=model, images=other, name="nc", out=tmp_path, reporter=Lines())
    assert any("lies outside the range of the training data" in line for line in lines)
    japan = {"1": str(real_data / "japan_sentinel2" / "image.tif")}
    with pytest.raises(InputError, match="no band 'blue'"):
        api.run(chiapas, model=model, images=japan, name="japan", out=tmp_path)


def test_points_of_north_carolina_by_every_classifier(real_data: Path, tmp_path: Path) -> None:
    """Classes with three rows do not stop a classifier; what cannot be checked is said."""
    rows = point_rows(real_data / "nc_landsat7" / "points.gpkg")
    recipe = write_recipe(tmp_path, real_data / "nc_landsat7" / "image.tif", rows, "EPSG:3358")
    for kind in ("random_forest", "cart", "naive_bayes", "svm", "minimum_distance"):
        changes = {("classifier",): {"type": kind}, ("output", "bands"): ["class"], ("name",): kind}
        result = api.run(api.load_recipe(recipe).changed(changes), out=tmp_path)
        assert result.record["validation"]["overall"]["mean"] > 0.4


def test_a_model_gives_no_band_it_was_not_trained_for(chiapas: Path, tmp_path: Path) -> None:
    """A machine trained for the class alone has votes, which are not probabilities; nor a regression."""
    document = api.load_recipe(chiapas)
    for classifier in ({"type": "svm"}, {"type": "minimum_distance"}):
        given = document.changed({("classifier",): classifier, ("output", "bands"): ["class"]})
        model = api.train(given, tmp_path / "model.zip")
        with pytest.raises(InputError, match=r"trained without probabilities|cannot give class_probability"):
            api.run(document, model=tmp_path / "model.zip", out=tmp_path)
        with pytest.raises(InputError, match=r"trained without probabilities|cannot give class_probability"):
            api.classify(api.open_stack(document), model)
    api.train(document, tmp_path / "forest.zip")
    regression = document.changed({("output", "bands"): ["class", "regression"]})
    with pytest.raises(InputError, match="trained without regression"):
        api.run(regression, model=tmp_path / "forest.zip", out=tmp_path)
    other = document.changed({("classifier",): {"type": "minimum_distance"}})
    result = api.run(
        other, model=tmp_path / "forest.zip", out=tmp_path
    )  # the model counts, not the recipe's classifier
    assert result.record["classifier"]["type"] == "random_forest"
