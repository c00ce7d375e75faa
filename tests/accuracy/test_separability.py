"""How far classes lie apart: closed forms, a slow reference, and what must not matter."""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from classify_local.accuracy import signatures
from classify_local.accuracy.separability import (
    GOOD,
    INSEPARABLE,
    POOR,
    ROWS_PER_BAND,
    Separability,
    jeffries_matusita,
    separability,
)
from classify_local.accuracy.signatures import signature
from classify_local.errors import InputError
from tests.integration.real_scenes import polygon_pixels

NAMES = tuple(f"band_{number}" for number in range(80))


def textbook(first: np.ndarray, second: np.ndarray) -> float:
    """The distance by the samples' own covariances."""
    return jeffries_matusita(first.mean(axis=0), np.cov(first.T), second.mean(axis=0), np.cov(second.T))


def table(rows: int, bands: int, classes: int = 3, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Classes of different means and covariances, in bands of very different units."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes) + 1, rows)
    mixing = [np.eye(bands) + rng.uniform(-0.5, 0.5, (bands, bands)) for _ in range(classes)]
    parts = [rng.normal(size=(rows, bands)) @ mixed + rng.normal(0, 1.5, bands) for mixed in mixing]
    return np.concatenate(parts) * 10.0 ** rng.integers(-3, 4, bands), labels


def slow(features: np.ndarray, labels: np.ndarray) -> dict[tuple[int, int], float]:
    """The same figure written out row by row: covariances drawn towards their mean, in its own axes."""
    values = np.unique(labels)
    parts = {value: features[labels == value] / features.std(axis=0) for value in values}
    residuals = np.concatenate([rows - rows.mean(axis=0) for rows in parts.values()])
    mean_covariance = residuals.T @ residuals / (len(labels) - len(values))
    roots, vectors = np.linalg.eigh(mean_covariance)
    axes = vectors / np.sqrt(roots)
    normals = {}
    for value, rows in parts.items():
        white = (rows - rows.mean(axis=0)) @ axes
        own = white.T @ white / (len(rows) - 1)
        noise = sum(((np.outer(row, row) - own) ** 2).sum() for row in white) / len(rows) ** 2
        drawn = min(1.0, noise / ((own - np.eye(len(own))) ** 2).sum())
        normals[value] = rows.mean(axis=0) @ axes, drawn * np.eye(len(own)) + (1 - drawn) * own
    return {
        (int(one), int(other)): jeffries_matusita(*normals[one], *normals[other])
        for one, other in itertools.combinations(values, 2)
    }


def distances(found: Separability) -> dict[tuple[int, int], float]:
    return {(pair.first, pair.second): pair.distance for pair in found.pairs}


@pytest.mark.parametrize(
    ("first", "second"), [((0, 1), (0, 1)), ((0, 1), (1, 1)), ((0, 1), (0, 3)), ((-2, 0.5), (1, 2)), ((0, 1), (30, 1))]
)
def test_one_band_as_the_overlap_of_two_densities(first: tuple[float, float], second: tuple[float, float]) -> None:
    def root(x: float) -> float:
        return math.sqrt(norm.pdf(x, *first) * norm.pdf(x, *second))

    overlap = quad(root, -60, 60, points=[first[0], second[0]], limit=200)[0]
    found = jeffries_matusita(*_normal(*first), *_normal(*second))
    assert found == pytest.approx(2 * (1 - overlap), abs=1e-7)


def _normal(mean: float, sd: float) -> tuple[np.ndarray, np.ndarray]:
    return np.array([mean]), np.array([[sd**2]])


@pytest.mark.parametrize(
    ("apart", "expected"),
    [(0.0, 0.0), (1.0, 2 * (1 - math.exp(-1 / 8))), (4.0, 2 * (1 - math.exp(-2))), (100.0, 2.0)],
)
def test_equal_covariances_leave_the_mahalanobis_distance(apart: float, expected: float) -> None:
    mixing = np.array([[2.0, 0.3], [-1.0, 5.0]])
    covariance = mixing @ mixing.T
    found = jeffries_matusita(mixing @ [apart, 0.0], covariance, np.zeros(2), covariance)
    assert found == pytest.approx(expected, abs=1e-12)


def test_independent_bands_add_their_bhattacharyya_distances() -> None:
    rng = np.random.default_rng(4)
    means, variances = rng.normal(size=(2, 5)), rng.uniform(0.2, 3, (2, 5))
    alone = [
        jeffries_matusita(*_normal(means[0, i], variances[0, i]), *_normal(means[1, i], variances[1, i]))
        for i in range(5)
    ]
    whole = jeffries_matusita(means[0], np.diag(variances[0] ** 2), means[1], np.diag(variances[1] ** 2))
    assert -math.log(1 - whole / 2) == pytest.approx(sum(-math.log(1 - one / 2) for one in alone))


@pytest.mark.parametrize(("rows", "bands"), [(12, 3), (40, 6), (25, 12), (300, 2)])
def test_as_the_slow_reference(rows: int, bands: int) -> None:
    features, labels = table(rows, bands)
    found = separability(features, labels, NAMES[:bands])
    expected = slow(features, labels)
    for pair in found.pairs:
        assert pair.distance == pytest.approx(max(expected[pair.first, pair.second], pair.band_distance), abs=1e-9)


def test_the_figure_of_a_band_alone_is_that_of_a_table_with_this_band_only() -> None:
    features, labels = table(30, 5)
    found = separability(features, labels, NAMES[:5])
    alone = [distances(separability(features[:, [i]], labels, NAMES[:1])) for i in range(5)]
    for pair in found.pairs:
        best = max(range(5), key=lambda i: alone[i][pair.first, pair.second])
        assert pair.band == NAMES[best]
        assert pair.band_distance == pytest.approx(alone[best][pair.first, pair.second], abs=1e-9)


def test_with_many_rows_it_is_the_textbook_figure() -> None:
    features, labels = table(5000, 6)
    found = distances(separability(features, labels, NAMES[:6]))
    for (one, other), distance in found.items():
        assert distance == pytest.approx(textbook(features[labels == one], features[labels == other]), abs=0.01)


@pytest.mark.parametrize(("bands", "rows", "most"), [(6, 20, 0.35), (20, 50, 0.3), (60, 100, 0.5)])
def test_samples_of_the_same_class_do_not_look_apart(bands: int, rows: int, most: float) -> None:
    """Covariances of few rows differ by chance, which the textbook figure takes for a difference of the classes."""
    rng = np.random.default_rng(2)
    features = rng.normal(size=(4 * rows, bands)) @ rng.normal(size=(bands, bands))
    labels = np.repeat(np.arange(4), rows)
    found = separability(features, labels, NAMES[:bands])
    assert max(pair.distance for pair in found.pairs) < most
    assert textbook(features[labels == 0], features[labels == 1]) > 2 * most or bands == 6
    assert found.few == (0, 1, 2, 3)


tables = st.builds(table, st.integers(8, 40), st.integers(1, 5), st.integers(2, 4), st.integers(0, 10_000))


@given(tables, st.randoms(use_true_random=False))
def test_units_order_and_names_do_not_matter(given_table: tuple[np.ndarray, np.ndarray], random) -> None:
    features, labels = given_table
    bands = features.shape[1]
    before = distances(separability(features, labels, NAMES[:bands]))
    rng = np.random.default_rng(random.randrange(2**32))
    order = rng.permutation(len(labels))
    spread = features.std(axis=0)
    changed = features * rng.uniform(0.1, 10, bands) * rng.choice([-1, 1], bands) + rng.normal(0, 3, bands) * spread
    after = separability(changed[order], 100 - labels[order], NAMES[:bands])
    assert all(0 <= pair.distance <= 2 for pair in after.pairs)
    assert [pair.distance for pair in after.pairs] == sorted(pair.distance for pair in after.pairs)
    for pair in after.pairs:
        assert pair.distance == pytest.approx(before[100 - pair.second, 100 - pair.first], abs=1e-6)


@given(st.integers(0, 10_000), st.floats(0, 5), st.floats(0, 5))
def test_further_apart_is_further_apart(seed: int, one: float, other: float) -> None:
    rng = np.random.default_rng(seed)
    noise, labels = rng.normal(size=(60, 3)), np.repeat([1, 2], 30)
    way = rng.normal(size=3)

    def distance(length: float) -> float:
        middle = noise - np.where(labels == 1, 1, 0)[:, None] * (noise[:30].mean(axis=0) - noise[30:].mean(axis=0))
        return separability(middle + (labels == 1)[:, None] * length * way, labels, NAMES[:3]).pairs[0].distance

    near, far = sorted((one, other))
    assert distance(near) <= distance(far) + 1e-9


def test_the_same_rows_twice_are_not_apart() -> None:
    features, _ = table(30, 4, classes=1)
    found = separability(np.concatenate([features, features]), np.repeat([5, 9], 30), NAMES[:4])
    assert found.pairs[0].distance == pytest.approx(0, abs=1e-12)
    assert found.below(INSEPARABLE) == found.pairs


def test_bands_that_say_the_same_change_nothing() -> None:
    features, labels = table(60, 3)
    total = features[:, :1] / np.ptp(features[:, 0]) + features[:, 1:2] / np.ptp(features[:, 1])
    more = np.concatenate([features, features[:, :2], 3 - 2 * features[:, :1], total, np.full((180, 1), 7.0)], axis=1)
    before = distances(separability(features, labels, NAMES[:3]))
    after = distances(separability(more, labels, NAMES[:8]))
    assert after == pytest.approx(before, abs=1e-6)
    rounded = distances(separability(more.astype(np.float32), labels, NAMES[:8]))
    assert rounded == pytest.approx(before, abs=1e-3)


def test_bands_that_do_not_vary_within_classes() -> None:
    labels = np.repeat([1, 2, 3], 20)
    features = np.stack([np.where(labels == 1, 5, 6), np.full(60, 3)], axis=1)
    found = distances(separability(features, labels, NAMES[:2]))
    assert found == pytest.approx({(1, 2): 2, (1, 3): 2, (2, 3): 0})
    noisy = np.concatenate([features, np.random.default_rng(1).normal(size=(60, 2))], axis=1)
    assert distances(separability(noisy, labels, NAMES[:4]))[1, 2] == pytest.approx(2)


def test_a_class_that_does_not_vary_is_no_trouble() -> None:
    features, labels = table(40, 3)
    features[labels == 2] = features[labels == 2][0]
    found = separability(features, labels, NAMES[:3])
    assert all(np.isfinite(pair.distance) for pair in found.pairs)


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_class_of_few_rows_has_the_spread_of_the_others(rows: int) -> None:
    features, labels = table(200, 4, classes=2)
    lone = np.tile(features[0], (rows, 1)) + np.arange(rows)[:, None] * features.std(axis=0) * 0.01
    found = separability(np.concatenate([features, lone]), np.concatenate([labels, np.full(rows, 9)]), NAMES[:4])
    assert found.few == (9,)
    assert {pair.trusted for pair in found.pairs if 9 in (pair.first, pair.second)} == {False}
    assert all(np.isfinite(pair.distance) for pair in found.pairs)
    assert math.isnan(found.signatures[-1].sd[0]) == (rows == 1)
    json.dumps([one.to_dict(NAMES[:4]) for one in found.signatures], allow_nan=False)


def test_fewer_rows_than_bands_are_looked_at_band_by_band() -> None:
    features, labels = table(10, 40)
    found = separability(features, labels, NAMES[:40])
    assert not found.together
    assert found.rows_needed == ROWS_PER_BAND
    assert found.few == ()
    assert all(pair.distance == pair.band_distance for pair in found.pairs)


@pytest.mark.parametrize(("labels", "what"), [([3, 3, 3], "two classes"), ([1, 2, 3], "two rows")])
def test_what_cannot_be_measured(labels: list[int], what: str) -> None:
    with pytest.raises(InputError, match=what):
        separability(np.arange(6.0).reshape(3, 2), np.array(labels), NAMES[:2])


def test_whole_numbers_of_any_type() -> None:
    rng = np.random.default_rng(3)
    labels = np.repeat([1, 2], 50)
    values = rng.integers(0, 200, (100, 3)) + 50 * (labels == 2)[:, None]
    expected = distances(separability(values.astype(float), labels, NAMES[:3]))
    for dtype in ("uint8", "int16", "uint16", "float32"):
        assert distances(separability(values.astype(dtype), labels, NAMES[:3])) == pytest.approx(expected)


def test_a_signature_is_numpys(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(1).normal(3000, 400, (1000, 3)).astype(np.float32)
    whole = signature(rows, 7)
    monkeypatch.setattr(signatures, "_CHUNK", 7)
    for one in (whole, signature(rows, 7)):
        assert (one.value, one.count) == (7, 1000)
        np.testing.assert_allclose(one.mean, rows.mean(axis=0, dtype=float))
        np.testing.assert_allclose(one.sd, rows.astype(float).std(axis=0, ddof=1))
        np.testing.assert_array_equal(one.minimum, rows.min(axis=0))
        np.testing.assert_array_equal(one.maximum, rows.max(axis=0))
        np.testing.assert_allclose(one.percentiles, np.percentile(rows.astype(float), [2, 50, 98], axis=0), rtol=1e-6)


def test_parts_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = table(40, 4)
    before = distances(separability(features, labels, NAMES[:4]))
    monkeypatch.setattr(signatures, "_CHUNK", 9)
    assert distances(separability(features, labels, NAMES[:4])) == pytest.approx(before)


def test_degrees_and_facts() -> None:
    assert INSEPARABLE < POOR < GOOD < 2
    features, labels = table(100, 3)
    found = separability(features, labels, NAMES[:3])
    facts = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert [pair["classes"] for pair in facts["pairs"]] == [[pair.first, pair.second] for pair in found.pairs]
    assert len(facts["pairs"]) == 3
    for limit in (0.5, POOR, 2.1):
        assert found.below(limit) == tuple(pair for pair in found.pairs if pair.distance < limit)


def test_a_real_scene(real_data) -> None:
    """Textbook figures where classes have enough rows; barren land and towns are what is hard to tell apart."""
    image = real_data / "chiapas_landsat7" / "image.tif"
    rows = polygon_pixels(real_data / "chiapas_landsat7" / "labels.gpkg", image)
    names = sorted({name for _, _, name in rows})
    labels = np.array([names.index(name) for _, _, name in rows])
    with rasterio.open(image) as handle:
        features = np.array(list(handle.sample([(x, y) for x, y, _ in rows], indexes=[1, 2, 3, 4, 5, 6])))
    found = separability(features, labels, ["blue", "green", "red", "nir", "swir1", "swir2"])
    worst = found.pairs[0]
    assert {names[worst.first], names[worst.second]} == {"barren", "urban"}
    assert [names[value] for value in found.few] == ["water"]
    for pair in found.pairs:
        if pair.trusted:
            expected = textbook(features[labels == pair.first], features[labels == pair.second])
            assert pair.distance == pytest.approx(expected, abs=0.1)
            assert pair.distance <= expected
