"""Cross-validation: leakage shown, figures checked by hand and by scikit-learn, edges."""

from __future__ import annotations

import json
import math

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from rasterio.features import rasterize
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score
from sklearn.model_selection import PredefinedSplit, cross_val_predict
from sklearn.naive_bayes import GaussianNB

from classify_local.accuracy.folds import assign_folds
from classify_local.accuracy.groups import block_groups, given_groups
from classify_local.accuracy.validation import WHAT_IT_IS, cross_validate, held_out, spread
from classify_local.errors import InputError
from tests.accuracy.tables import bayes, clustered, nearest_neighbour, separable


def test_folds_by_row_praise_memory_and_folds_by_group_do_not() -> None:
    """Clusters of near-identical points with labels that mean nothing: there is nothing to learn."""
    by_row, by_group, by_block = [], [], []
    for seed in range(2, 5):
        features, labels, cluster, xy = clustered(seed)
        by_row.append(cross_validate(nearest_neighbour, features, labels, given_groups(np.arange(len(labels)))))
        by_group.append(cross_validate(nearest_neighbour, features, labels, given_groups(cluster)))
        by_block.append(cross_validate(nearest_neighbour, features, labels, block_groups(xy)))
    assert min(found.overall.mean for found in by_row) > 0.9
    assert np.mean([found.overall.mean for found in by_group]) == pytest.approx(0.25, abs=0.06)
    assert np.mean([found.overall.mean for found in by_block]) == pytest.approx(0.25, abs=0.06)


def test_folds_by_polygon_and_by_pixel_on_a_real_scene(real_data) -> None:
    scene = real_data / "chiapas_landsat7"
    with rasterio.open(scene / "image.tif") as handle:
        image = handle.read(range(1, 8))
        polygons = gpd.read_file(scene / "labels.gpkg").to_crs(handle.crs.to_wkt())
        shapes = [(geometry, number) for number, geometry in enumerate(polygons.geometry, start=1)]
        burned = rasterize(shapes, out_shape=handle.shape, transform=handle.transform)
    rows, cols = np.nonzero(burned)
    polygon, features = burned[rows, cols].astype(np.int64), image[:, rows, cols].T
    labels = np.unique(polygons["class"], return_inverse=True)[1][polygon - 1]

    def forest(train, codes, test):
        return RandomForestClassifier(40, random_state=1).fit(train, codes).predict(test)

    by_polygon = cross_validate(forest, features, labels, given_groups(polygon), repeats=2)
    by_pixel = cross_validate(forest, features, labels, given_groups(np.arange(len(labels))), repeats=1)
    assert (by_polygon.groups, by_polygon.rows) == (30, 718)
    assert 0.7 < by_polygon.overall.mean < 0.88
    assert by_pixel.overall.mean > 0.97


def test_the_same_as_scikit_learn_on_the_same_folds() -> None:
    features, labels, group = separable(noise=2.5)
    groups = given_groups(group)
    found = cross_validate(bayes, features, labels, groups, repeats=2, seed=7)
    for repeat, matrix in enumerate(found.matrices):
        split = PredefinedSplit(assign_folds(groups, labels, 5, (7, repeat)).fold)
        theirs = cross_val_predict(GaussianNB(), features, labels, cv=split)
        assert matrix.overall == pytest.approx(accuracy_score(labels, theirs))


def test_each_row_counts_once_in_each_repeat() -> None:
    features, labels, group = separable()
    found = cross_validate(bayes, features, labels, given_groups(group, "plots"), k=4, repeats=3)
    assert (found.repeats, found.k, found.groups, found.rows) == (3, 4, 30, 240)
    assert found.classes == (-2, 7, 10)
    for matrix in found.matrices:
        np.testing.assert_array_equal(matrix.counts.sum(axis=0), [80, 80, 80])
    assert found.matrix.total == 720
    assert found.overall.mean == pytest.approx(np.mean([matrix.overall for matrix in found.matrices]))
    assert found.overall.sd == pytest.approx(np.std([matrix.overall for matrix in found.matrices], ddof=1))
    assert found.producers[1].mean == pytest.approx(np.mean([matrix.producers[1] for matrix in found.matrices]))
    assert found.sentence == "240 training rows in 30 plots, assigned to 4 folds at random 3 times"


def test_the_result_does_not_depend_on_the_order_of_rows() -> None:
    features, labels, group = separable(noise=2.5)
    order = np.random.default_rng(5).permutation(len(labels))
    straight = cross_validate(nearest_neighbour, features, labels, given_groups(group))
    permuted = cross_validate(nearest_neighbour, features[order], labels[order], given_groups(group[order]))
    assert straight.to_dict() == permuted.to_dict()


def test_no_row_of_a_held_out_group_trains() -> None:
    features, labels, group = separable(groups=9)
    features = np.column_stack([features, group])
    seen = []

    def spy(train, known, test):
        assert set(known) <= set(labels)
        assert not set(train[:, -1]) & set(test[:, -1])
        seen.append(len(test))
        return np.full(len(test), labels[0])

    cross_validate(spy, features, labels, given_groups(group), k=3, repeats=2)
    assert sum(seen) == 2 * len(labels)


def test_a_class_of_one_group_trains_and_is_not_scored() -> None:
    features, labels, group = separable()
    labels = np.where(group == 0, 99, labels)
    found = cross_validate(bayes, features, labels, given_groups(group))
    assert found.unchecked == (99,)
    assert found.classes == (-2, 7, 10, 99)
    assert found.rows == 232
    assert math.isnan(found.producers[3].mean)


def test_a_training_part_of_one_class_is_not_given_to_a_classifier() -> None:
    labels = np.array([1, 2, 2, 1])
    folds = assign_folds(given_groups(np.array([0, 0, 1, 1])), labels, 2)
    one = held_out(lambda *_: pytest.fail("called"), np.zeros((4, 1)), np.ones(4, dtype=np.int64), folds)
    assert one.tolist() == [1, 1, 1, 1]


def test_the_record_is_json_and_says_what_it_is() -> None:
    features, labels, group = separable()
    labels = np.where(group == 0, 99, labels)
    record = cross_validate(bayes, features, labels, given_groups(group, "polygons"), repeats=1).to_dict()
    said = json.loads(json.dumps(record, allow_nan=False))
    assert said["what"] == WHAT_IT_IS == "a check of the model, not the map's accuracy"
    assert said["overall"]["sd"] is None
    assert said["classes"]["99"]["producers"]["mean"] is None
    assert said["unchecked_classes"] == [99]
    assert np.sum(said["matrix"]["counts"]) == 232


def test_it_can_be_stopped() -> None:
    def stopped() -> None:
        raise KeyboardInterrupt

    features, labels, group = separable()
    with pytest.raises(KeyboardInterrupt):
        cross_validate(bayes, features, labels, given_groups(group), stopped=stopped)


def test_no_repeats_are_refused() -> None:
    features, labels, group = separable()
    with pytest.raises(InputError, match="0 repeats"):
        cross_validate(bayes, features, labels, given_groups(group), repeats=0)


@pytest.mark.parametrize(
    ("values", "mean", "sd"),
    [
        ([0.5, 0.7], 0.6, 0.1414214),
        ([0.5], 0.5, math.nan),
        ([math.nan, 0.5, 0.7], 0.6, 0.1414214),
        ([], math.nan, math.nan),
    ],
)
def test_spread(values, mean: float, sd: float) -> None:
    found = spread(values)
    assert (found.mean, found.sd) == (pytest.approx(mean, nan_ok=True), pytest.approx(sd, abs=1e-6, nan_ok=True))
