"""From probabilities to the pixels of a map, beside a plain walk over the pixels."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from classify_local.classifiers.inference.protocol import LibraryPredictor
from classify_local.classifiers.trained import TrainedModel
from classify_local.legend import Legend, LegendEntry
from classify_local.mapping.block import classify_block
from classify_local.mapping.products import resolve_products
from classify_local.recipe.classifiers import RandomForest


class Echo:
    """A fitted classifier whose features are the probabilities it gives, or the rows of a table of them."""

    gives_probabilities = True

    def __init__(self, table: NDArray[np.float64] | None = None) -> None:
        self._table = table

    def predict_proba(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        return rows.astype(np.float64) if self._table is None else self._table[rows[:, 0].astype(int)]

    def predict(self, rows: NDArray[np.float32]) -> NDArray[np.int64]:
        return self.predict_proba(rows).argmax(axis=1)

    def arrays(self) -> dict[str, Any]:
        return {}


class Sum:
    """A fitted regression: the sum of the features."""

    def predict(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        return rows.sum(axis=1, dtype=np.float64)

    def arrays(self) -> dict[str, Any]:
        return {}


def legend(*values: int) -> Legend:
    return Legend(tuple(LegendEntry(value=v, label=f"class {v}", color=f"#{i + 1:06x}") for i, v in enumerate(values)))


def model(classes: tuple[int, ...], *more: int, table: NDArray[np.float64] | None = None) -> TrainedModel:
    """A model of these classes; the legend has `more`."""
    count = len(classes)
    made = TrainedModel(
        classifier=RandomForest(type="random_forest"), bands=tuple(f"b{i}" for i in range(count)), classes=classes,
        legend=legend(*sorted({*classes, *more})), fitted=Echo(table), scaling=None, regression=Sum(),
        samples=np.zeros((1, count), np.float32), training={},
    )  # fmt: skip
    made.__dict__["predictor"] = LibraryPredictor(Echo(table), count, count)
    return made


# percent


def percents(probabilities: list[float]) -> list[int]:
    """What a map holds for a class of these probabilities."""
    table = np.array([probabilities, 1 - np.array(probabilities)]).T
    made = model((1, 2), table=table)
    features = np.stack([np.arange(len(table)), np.zeros(len(table))])[:, None].astype(np.float32)
    products = resolve_products(["probability_1"], made.legend)
    out = classify_block(features, np.ones((1, len(table)), bool), made, products)["probability"]
    assert out.dtype == np.uint8
    return out[0, 0].tolist()


@pytest.mark.parametrize(
    ("probability", "expected"),
    [
        (0.0, 0), (1.0, 100), (0.004, 0), (0.006, 1), (0.005, 0), (0.015, 2), (0.025, 2), (0.125, 12), (0.375, 38),
        (0.625, 62), (0.875, 88), (1 / 3, 33), (2 / 3, 67), (0.995, 100), (0.9949999, 99), (1 + 2**-52, 100),
        (1e-300, 0),
    ],
)  # fmt: skip
def test_percent_rounds_to_the_nearest_even(probability, expected):
    assert percents([probability]) == [expected]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_percent_is_half_even_of_the_exact_product(probabilities):
    expected = [int(Decimal(100.0 * p).quantize(Decimal(1), ROUND_HALF_EVEN)) for p in probabilities]
    assert percents(probabilities) == expected


@given(st.integers(1, 500), st.data())
def test_shares_of_a_forest_are_never_nodata(trees, data):
    votes = data.draw(st.integers(0, trees))
    assert percents([votes / trees])[0] == round(100.0 * (votes / trees)) <= 100


# blocks


@st.composite
def blocks(draw) -> tuple[NDArray[np.float32], NDArray[np.bool_], tuple[int, ...]]:
    """Probabilities of some classes with many ties, and which pixels are valid."""
    classes = tuple(sorted(draw(st.sets(st.integers(-3, 300), min_size=2, max_size=5))))
    shape = (len(classes), draw(st.integers(1, 5)), draw(st.integers(1, 5)))
    votes = draw(hnp.arrays(np.int64, shape, elements=st.integers(0, 3)))
    votes[0] += votes.sum(axis=0) == 0
    valid = draw(hnp.arrays(np.bool_, shape[1:]))
    return (votes / votes.sum(axis=0)).astype(np.float32), valid, classes


@given(blocks(), st.booleans())
def test_a_block_pixel_by_pixel(block, with_more):
    features, valid, classes = block
    more = (301,) if with_more else ()
    made = model(classes, *more)
    products = resolve_products(["class", "class_probability", "probabilities"], made.legend)
    out = classify_block(features, valid, made, products)
    of_class = products[0]
    assert out["class"].dtype == of_class.dtype
    assert out["probability"].dtype == np.uint8
    assert out["class"].shape == (1, *valid.shape)
    assert out["probability"].shape == (1 + len(classes) + len(more), *valid.shape)
    for row, col in np.ndindex(valid.shape):
        pixel = out["probability"][:, row, col].tolist()
        if not valid[row, col]:
            assert out["class"][0, row, col] == of_class.nodata
            assert pixel == [255] * len(pixel)
            continue
        shares = features[:, row, col].astype(np.float64)
        first = next(i for i, share in enumerate(shares) if share == max(shares))
        assert out["class"][0, row, col] == classes[first]
        in_percent = [round(100.0 * share) for share in shares.tolist()]
        assert pixel == [in_percent[first], *in_percent, *(0 for _ in more)]


def test_the_probability_is_that_of_the_assigned_class():
    features = np.array([[[0.5, 0.2]], [[0.5, 0.8]]], dtype=np.float32)
    made = model((1, 2))
    out = classify_block(features, np.array([[True, True]]), made, resolve_products(["class_probability"], made.legend))
    assert list(out) == ["probability"]
    assert out["probability"].tolist() == [[[50, 80]]]


def test_a_tie_goes_to_the_smallest_class_value():
    made = model((-7, 3, 20))
    features = np.full((3, 1, 2), 1 / 3, dtype=np.float32)
    features[:, 0, 1] = [0.2, 0.4, 0.4]
    out = classify_block(features, np.ones((1, 2), bool), made, resolve_products(["class"], made.legend))
    assert out["class"].tolist() == [[[-7, 3]]]


def test_a_regression_is_the_regressors_number():
    made = model((1, 2))
    features = np.array([[[0.25, 3.0, 9.0]], [[0.5, -7.0, 9.0]]], dtype=np.float32)
    out = classify_block(features, np.array([[True, True, False]]), made, resolve_products(["regression"], made.legend))
    assert out["regression"].dtype == np.float32
    np.testing.assert_array_equal(out["regression"], np.array([[[0.75, -4.0, np.nan]]], dtype=np.float32))


def test_only_what_is_asked_for_and_in_that_order():
    made = model((1, 2), 9)
    products = resolve_products(["probability_9", "probability_2", "class"], made.legend)
    features = np.array([[[0.3]], [[0.7]]], dtype=np.float32)
    out = classify_block(features, np.ones((1, 1), bool), made, products)
    assert list(out) == ["class", "probability"]
    assert out["probability"].tolist() == [[[0]], [[70]]]


def test_a_block_without_data_is_nodata():
    made = model((0, 1))
    products = resolve_products(["class", "class_probability"], made.legend)
    out = classify_block(np.zeros((2, 3, 4), np.float32), np.zeros((3, 4), bool), made, products)
    assert (out["class"] == 255).all()
    assert (out["probability"] == 255).all()


@pytest.mark.parametrize(
    ("classes", "dtype"), [((1, 255), "uint8"), ((1, 60_000), "uint16"), ((-9, 1), "int16"), ((1, -70_000), "int32")]
)
def test_class_values_of_any_type_survive(classes, dtype):
    made = model(tuple(sorted(classes)))
    features = np.array([[[1, 0]], [[0, 1]]], dtype=np.float32)
    out = classify_block(features, np.ones((1, 2), bool), made, resolve_products(["class"], made.legend))
    assert out["class"].dtype == dtype
    assert out["class"][0, 0].tolist() == sorted(classes)


def test_a_stop_is_asked_for_between_pieces():
    class StopNow(Exception):
        pass

    def stop():
        raise StopNow

    made = model((1, 2))
    with pytest.raises(StopNow):
        classify_block(
            np.zeros((2, 1, 1), np.float32), np.ones((1, 1), bool), made, resolve_products(["class"], made.legend), stop
        )
