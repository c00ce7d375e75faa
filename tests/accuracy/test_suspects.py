"""Rows whose class is probably wrong: labels changed on purpose are found, and little else."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from rasterio.features import rasterize
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import PredefinedSplit, cross_val_predict

from classify_local.accuracy import suspects as module
from classify_local.accuracy.folds import assign_folds
from classify_local.accuracy.suspects import (
    BUNDLES,
    LEAST_LEAF,
    LEAST_PROBABILITY,
    TREES,
    Suspects,
    find_suspects,
    labelled_together,
    suspected_groups,
)
from classify_local.errors import InputError, Interrupted


def points(rows: int = 300, seed: int = 1, noise: float = 0.7) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Three classes of plain points."""
    rng = np.random.default_rng(seed)
    labels = np.array([10, -2, 7])[np.arange(rows) % 3]
    centres = np.array([[0, 0, 0], [3, 0, 1], [0, 3, 2]])[np.arange(rows) % 3]
    return centres + rng.normal(0, noise, (rows, 3)), labels, np.full(rows, -1)


def polygons(polygons: int = 30, rows: int = 12) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Three classes, each in polygons whose pixels resemble one another."""
    rng = np.random.default_rng(2)
    group = np.repeat(np.arange(polygons), rows)
    centres = np.array([[0, 0], [4, 0], [0, 4]])[np.arange(polygons) % 3] + rng.normal(0, 0.5, (polygons, 2))
    return centres[group] + rng.normal(0, 0.2, (len(group), 2)), np.array([1, 2, 3])[group % 3], group


def flipped(labels: np.ndarray, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels of which a share was changed to another class, and which."""
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(labels), round(share * len(labels)), replace=False)
    changed, values = labels.copy(), np.unique(labels)
    for row in chosen:
        changed[row] = rng.choice(values[values != labels[row]])
    wrong = np.zeros(len(labels), dtype=bool)
    wrong[chosen] = True
    return changed, wrong


def precision_recall(row: np.ndarray, wrong: np.ndarray) -> tuple[float, float]:
    return float(wrong[row].mean()), float(wrong[row].sum() / wrong.sum())


def confident_learning(probability: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Rows by the rule of Northcutt et al. 2021: over the threshold of another class, under that of their own."""
    own = probability[np.arange(len(codes)), codes]
    thresholds = np.array([own[codes == code].mean() for code in range(probability.shape[1])])
    likely = np.where(probability >= thresholds, probability, -1).argmax(axis=1)
    over = (probability >= thresholds).any(axis=1)
    return np.flatnonzero(over & (likely != codes) & (own < thresholds[codes]))


def chiapas(real_data) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, classes and polygons of the pixels of a real scene."""
    folder = real_data / "chiapas_landsat7"
    frame = gpd.read_file(folder / "labels.gpkg")
    with rasterio.open(folder / "image.tif") as handle:
        shapes = zip(frame.to_crs(handle.crs.to_wkt()).geometry, range(1, len(frame) + 1), strict=True)
        burned = rasterize(shapes, out_shape=handle.shape, transform=handle.transform)
        features = handle.read([1, 2, 3, 4, 5, 6])[:, burned > 0].T
    group = burned[burned > 0].astype(np.int64) - 1
    return features, np.unique(frame["class"], return_inverse=True)[1][group] + 1, group


def test_changed_labels_are_found() -> None:
    features, labels, group = points(600, noise=0.6)
    changed, wrong = flipped(labels, 0.05, 3)
    found = find_suspects(features, changed, group)
    precision, recall = precision_recall(found.row, wrong)
    assert precision > 0.85
    assert recall > 0.85
    assert (found.likely[wrong[found.row]] == labels[found.row[wrong[found.row]]]).all()
    assert (found.given == changed[found.row]).all()
    assert (found.given_probability < LEAST_PROBABILITY).all()
    assert (np.diff(found.given_probability) >= 0).all()
    assert len(found) / found.rows < 0.07


def test_right_labels_are_left_alone() -> None:
    assert len(find_suspects(*points(noise=0.4))) == 0


def test_real_points_with_changed_labels(real_data) -> None:
    features, labels, _ = chiapas(real_data)
    alone = np.full(len(labels), -1)
    figures = []
    for seed in range(3):
        changed, wrong = flipped(labels, 0.05, seed)
        figures.append(precision_recall(find_suspects(features, changed, alone).row, wrong))
    precision, recall = np.mean(figures, axis=0)
    assert precision > 0.9
    assert recall > 0.9


def test_real_polygons_with_changed_labels(real_data) -> None:
    """Whole polygons are harder: some differ from the others of their class by nature."""
    features, labels, group = chiapas(real_data)
    flagged = right = changed_polygons = 0
    for seed in range(3):
        rng = np.random.default_rng(seed)
        chosen = rng.choice(np.unique(group), 2, replace=False)
        changed = labels.copy()
        for polygon in chosen:
            own = labels[group == polygon][0]
            changed[group == polygon] = rng.choice(np.setdiff1d(labels, own))
        groups = suspected_groups(find_suspects(features, changed, group), group, changed)
        flagged += len(groups)
        right += len({one.number for one in groups} & set(chosen.tolist()))
        changed_polygons += 2
    assert right >= 0.8 * changed_polygons
    assert right >= 0.3 * flagged


def test_finds_more_than_confident_learning_with_fewer_false_alarms(real_data) -> None:
    features, labels, _ = chiapas(real_data)
    group = np.full(len(labels), -1)
    ours, theirs = [], []
    for seed in range(3):
        changed, wrong = flipped(labels, 0.05, seed)
        ours.append(precision_recall(find_suspects(features, changed, group).row, wrong))
        folds = assign_folds(labelled_together(group, changed), changed, 5, 1)
        forest = RandomForestClassifier(TREES, min_samples_leaf=LEAST_LEAF, random_state=1)
        probability = cross_val_predict(
            forest, features, changed, cv=PredefinedSplit(folds.fold), method="predict_proba"
        )
        rule = confident_learning(probability, np.unique(changed, return_inverse=True)[1])
        theirs.append(precision_recall(rule, wrong))
    assert (np.mean(ours, axis=0) > np.mean(theirs, axis=0)).all()


def test_as_scikit_learns_cross_validation() -> None:
    features, labels, group = points(120, noise=1.5)
    found = find_suspects(features, labels, group)
    order = np.lexsort((labels, *features.T, group))
    rows, truth = features[order].astype(np.float32), labels[order]
    folds = assign_folds(labelled_together(group, truth), truth, 5, 1)
    forest = RandomForestClassifier(TREES, min_samples_leaf=LEAST_LEAF, random_state=1)
    probability = cross_val_predict(forest, rows, truth, cv=PredefinedSplit(folds.fold), method="predict_proba")
    classes = np.unique(labels)
    own = probability[np.arange(120), np.searchsorted(classes, truth)]
    expected = (own < LEAST_PROBABILITY) & (classes[probability.argmax(axis=1)] != truth)
    assert 0 < expected.sum() < 60
    assert sorted(found.row) == sorted(order[expected])
    np.testing.assert_allclose(found.given_probability, np.sort(own[expected]))


@settings(max_examples=4, phases=[Phase.generate])  # shrinking would train hundreds of forests
@given(st.integers(0, 2**31))
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    features, labels, group = polygons(12, 6)
    features, labels = np.concatenate([features, features[:30] + 0.3]), np.concatenate([labels, labels[30:60]])
    group = np.concatenate([group, np.full(30, -1)])
    order = np.random.default_rng(seed).permutation(len(labels))
    one, other = find_suspects(features, labels, group), find_suspects(features[order], labels[order], group[order])
    assert len(one)
    np.testing.assert_array_equal(one.row, order[other.row])
    np.testing.assert_array_equal(one.given_probability, other.given_probability)
    np.testing.assert_array_equal(one.likely, other.likely)


def test_a_polygon_with_the_wrong_class_is_found_as_a_whole() -> None:
    features, labels, group = polygons()
    changed = np.where(group == 4, 1, labels)
    found = find_suspects(features, changed, group)
    assert set(found.row) == set(np.flatnonzero(group == 4))
    (one,) = suspected_groups(found, group, changed)
    assert (one.number, one.row, one.rows, one.suspected, one.given, one.likely) == (4, 48, 12, 12, 1, 2)


@pytest.mark.parametrize(("rows", "is_one"), [((0, 1), False), ((0, 1, 2), True), ((0, 1, 2, 3, 4), True), ((), False)])
def test_a_group_is_suspected_from_half_of_its_rows_on(rows: tuple[int, ...], is_one: bool) -> None:
    group, labels = np.array([3, 3, 3, 3, 3, 8, -1, -1]), np.ones(8, dtype=int)
    chosen = np.array([*rows, 5, 6, 7], dtype=np.intp)
    found = Suspects(
        row=chosen, given=labels[chosen], likely=np.full(len(chosen), 2), given_probability=np.zeros(len(chosen)),
        likely_probability=np.ones(len(chosen)), rows=8, judged=8, unjudged=(), k=5, seed=1,
    )  # fmt: skip
    assert [one.number for one in suspected_groups(found, group, labels)] == ([3] if is_one else [])


def test_a_class_in_one_group_only_is_not_judged() -> None:
    features, labels, group = polygons()
    labels = np.where(group == 0, 99, labels)
    found = find_suspects(features, labels, group)
    assert found.unjudged == (99,)
    assert not (found.given == 99).any()
    assert (found.judged, found.rows) == (348, 360)


@pytest.mark.parametrize(
    ("group", "labels"), [([0, 0, 0, 0], [1, 1, 2, 2]), ([0, 0, 1, 1], [1, 1, 2, 2]), ([-1, -1, -1, -1], [1, 1, 1, 1])]
)
def test_too_few_groups(group: list[int], labels: list[int]) -> None:
    with pytest.raises(InputError):
        find_suspects(np.arange(8.0).reshape(4, 2), np.array(labels), np.array(group))


@given(st.lists(st.tuples(st.integers(-1, 5), st.integers(1, 3)), min_size=1, max_size=60))
def test_what_was_labelled_together_stays_together(rows: list[tuple[int, int]]) -> None:
    group, labels = (np.array(column) for column in zip(*rows, strict=True))
    codes = labelled_together(group, labels).codes
    for one in range(len(rows)):
        for other in range(one):
            assert (codes[one] == codes[other]) == (group[one] == group[other] >= 0)


def test_many_points_are_dealt_into_bundles_of_a_class() -> None:
    labels = np.repeat([1, 2, 3], [1000, 50, 250])
    groups = labelled_together(np.full(1300, -1), labels)
    assert groups.count == BUNDLES + 50 + BUNDLES
    assert np.bincount(groups.codes[:1000]).tolist() == [10] * BUNDLES
    assert all(len(np.unique(labels[groups.codes == code])) == 1 for code in range(groups.count))


def test_a_forest_learns_from_some_rows_and_judges_all(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels, group = points(900)
    changed, wrong = flipped(labels, 0.05, 1)
    monkeypatch.setattr(module, "LEARNED_ROWS", 150)
    monkeypatch.setattr(module, "_LEAST_LEARNED", 20)
    monkeypatch.setattr(module, "_CHUNK", 37)
    found = find_suspects(features, changed, group)
    assert found.judged == 900
    precision, recall = precision_recall(found.row, wrong)
    assert precision > 0.75
    assert recall > 0.75


def test_a_share_of_each_class_is_learned_and_rare_ones_whole() -> None:
    labels = np.repeat([1, 2, 3], [90_000, 9_900, 100])
    chosen = module._some(labels, 10_000, 1)
    assert np.bincount(labels[chosen]).tolist() == [0, 9000, 990, 100]
    assert (np.diff(chosen) > 0).all()
    assert np.array_equal(module._some(labels[:50], 50, 1), np.arange(50))


def test_it_can_be_stopped() -> None:
    def stop() -> None:
        raise Interrupted("stopped")

    with pytest.raises(Interrupted):
        find_suspects(*points(60), stopped=stop)


def test_facts() -> None:
    features, labels, group = points()
    changed, _ = flipped(labels, 0.05, 3)
    facts = json.loads(json.dumps(find_suspects(features, changed, group).to_dict(), allow_nan=False))
    assert facts["suspected"] == sum(pair["rows"] for pair in facts["by_class"])
    assert facts["judged"] == facts["rows"] == 300
    assert "less than 10 %" in facts["how"]
    assert find_suspects(*points(noise=0.4)).to_dict()["by_class"] == []
