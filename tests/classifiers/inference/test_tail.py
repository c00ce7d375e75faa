import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify_local.classifiers.inference import tail
from classify_local.classifiers.inference.protocol import Shares
from classify_local.classifiers.inference.tail import (
    ABSENT,
    ASSIGNED,
    MapPixels,
    fill_map,
    percent_table,
    positions_of,
    write_shares,
)


def pixels_of(shape, class_values, percent_of, nodata=0):
    return MapPixels(
        class_values=class_values, class_map=np.full(shape, nodata, class_values.dtype),
        percents=np.full((len(percent_of), *shape), 255, np.uint8), percent_of=percent_of,
    )  # fmt: skip


def step_by_step(probabilities, valid, class_values, percent_of, nodata=0, codes=None):
    """As mapping/block.py makes them."""
    best = probabilities.argmax(axis=0) if codes is None else codes
    class_map = np.full(valid.shape, nodata, class_values.dtype)
    class_map[valid] = class_values[best]
    percents = np.full((len(percent_of), *valid.shape), 255, np.uint8)
    for band, number in zip(percents, percent_of, strict=True):
        p = probabilities[best, np.arange(len(best))] if number == ASSIGNED else np.zeros(len(best))
        p = probabilities[number] if number >= 0 else p
        band[valid] = np.rint(100.0 * p).astype(np.uint8)
    return class_map, percents


CLASS_VALUES = [
    np.array([7, 2, 200, 11, 3], np.uint8),
    np.array([-5, 300, 0, -32768, 9], np.int16),
    np.array([70000, -70000, 1, 2, 3], np.int32),
    np.array([65535, 4, 3, 2, 1], np.uint16),
]


@given(
    seed=st.integers(0, 2**32 - 1), trees=st.sampled_from([1, 3, 8, 25, 200, 300, 1000]),
    kind=st.sampled_from(["votes", "sums", "probabilities"]), values=st.sampled_from(CLASS_VALUES),
    percent_of=st.lists(st.integers(ABSENT, 4), max_size=7), cover=st.sampled_from([0.0, 0.5, 1.0]), own=st.booleans(),
)  # fmt: skip
def test_pixels_are_those_made_step_by_step(seed, trees, kind, values, percent_of, cover, own):
    rng = np.random.default_rng(seed)
    valid = rng.random((11, 13)) < cover
    count = np.count_nonzero(valid)
    votes = rng.multinomial(trees, rng.dirichlet(np.ones(5)), count).T
    if kind == "votes":
        shares = Shares(values=votes.astype(np.min_scalar_type(trees)), whole=float(trees))
    else:
        sums = rng.permuted(votes + rng.random((5, 1)) * (kind == "sums"), axis=0)
        shares = Shares(values=sums / sums.sum(axis=0, initial=1e-9), whole=1.0 if kind == "probabilities" else 3.0)
    if own:
        shares = Shares(values=shares.values, whole=shares.whole, codes=rng.integers(0, 5, count))
    out = pixels_of(valid.shape, values, percent_of, nodata=1)
    positions = positions_of(valid)
    for part in np.array_split(np.arange(count), 3):
        codes = None if shares.codes is None else shares.codes[part]
        write_shares(Shares(values=shares.values[:, part], whole=shares.whole, codes=codes), positions[part], out)
    expected = step_by_step(shares.probabilities(), valid, values, percent_of, nodata=1, codes=shares.codes)
    assert np.array_equal(out.class_map, expected[0])
    assert np.array_equal(out.percents, expected[1])
    assert np.array_equal(shares.assigned(), expected[0][valid] if values is None else shares.assigned())


def test_long_runs():
    rng = np.random.default_rng(0)
    votes = rng.multinomial(25, np.ones(4) / 4, 5000).T.astype(np.uint8)
    for values in (votes, votes / 25):
        shares = Shares(values=values, whole=25.0 if values is votes else 1.0)
        out = pixels_of((50, 100), np.array([4, 3, 2, 1], np.uint8), [ASSIGNED, 2])
        write_shares(shares, np.arange(5000), out)
        valid = np.ones((50, 100), bool)
        expected = step_by_step(shares.probabilities(), valid, out.class_values, [ASSIGNED, 2])
        assert np.array_equal(out.class_map, expected[0])
        assert np.array_equal(out.percents, expected[1])


def test_sums_are_divided_before_they_are_compared():
    """Two sums that differ may give one quotient; then the first class has the pixel, as in the library."""
    low, high = 1.5, np.nextafter(1.5, 2.0)
    while high / 3 != low / 3:
        low, high = high, np.nextafter(high, 2.0)
    out = pixels_of((1, 1), np.array([5, 6], np.uint8), [])
    write_shares(Shares(values=np.array([[low], [high]]), whole=3.0), np.array([0]), out)
    assert out.class_map[0, 0] == 5


@pytest.mark.parametrize("whole", [1, 8, 25, 40, 200, 1000, 65535])
def test_percents_of_votes(whole):
    counts = np.arange(whole + 1)
    assert np.array_equal(percent_table(whole), np.rint(100.0 * (counts / whole)).astype(np.uint8))


class Mirror:
    """Gives the first band's pixels to their own class."""

    bands, classes = 2, 256

    def shares(self, features):
        assert features.shape[1] <= 1000
        votes = np.zeros((256, features.shape[1]), np.uint8)
        votes[features[0], np.arange(features.shape[1])] = 1
        return Shares(values=votes, whole=1.0)


@pytest.mark.parametrize("cover", [0.0, 0.4, 1.0])
def test_blocks_are_filled_chunk_by_chunk(monkeypatch, cover):
    monkeypatch.setattr(tail, "CHUNK", 1000)
    rng = np.random.default_rng(1)
    features = rng.integers(0, 256, (2, 60, 70)).astype(np.uint8)
    valid = rng.random((60, 70)) < cover
    out = pixels_of((60, 70), np.arange(256, dtype=np.int16), [ASSIGNED], nodata=-1)
    calls = []
    fill_map(Mirror(), features, valid, out, lambda: calls.append(None))
    assert np.array_equal(out.class_map, np.where(valid, features[0].astype(np.int16), -1))
    assert np.array_equal(out.percents[0], np.where(valid, 100, 255))
    assert len(calls) == -(-np.count_nonzero(valid) // 1000)


def test_a_stop_ends_a_block():
    def stop():
        raise InterruptedError

    out = pixels_of((2, 2), np.arange(256, dtype=np.int16), [])
    with pytest.raises(InterruptedError):
        fill_map(Mirror(), np.zeros((2, 2, 2), np.uint8), np.ones((2, 2), bool), out, stop)
    assert not out.class_map.any()


def test_half_percents_go_to_the_even_number():
    assert percent_table(200)[[1, 3, 5]].tolist() == [0, 2, 2]


def test_only_percents_or_only_the_class():
    shares = Shares(values=np.array([[1, 0], [0, 1]], np.uint8), whole=1.0)
    out = MapPixels(
        class_values=np.array([1, 2], np.uint8), class_map=None, percents=np.zeros((1, 1, 3), np.uint8), percent_of=[1]
    )
    write_shares(shares, np.array([0, 2]), out)
    assert out.percents.tolist() == [[[0, 0, 100]]]
    only = pixels_of((1, 3), np.array([1, 2], np.uint8), [])
    write_shares(shares, np.array([0, 2]), only)
    assert only.class_map.tolist() == [[1, 0, 2]]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"class_map": np.zeros((2, 2), np.int16)}, "class values are uint8, their map is int16"),
        ({"percent_of": [0, 1]}, "1 bands of percents for 2 classes"),
        ({"percent_of": [2]}, "percents of classes"),
        ({"percent_of": [-3]}, "percents of classes"),
        ({"class_map": np.zeros((2, 4), np.uint8)[:, ::2]}, "C-contiguous"),
        ({"percents": np.zeros((1, 2, 3), np.uint8)}, "for a map of"),
    ],
)
def test_places_that_do_not_fit(changed, message):
    fitting = {
        "class_values": np.array([1, 2], np.uint8), "class_map": np.zeros((2, 2), np.uint8),
        "percents": np.zeros((1, 2, 2), np.uint8), "percent_of": [0],
    }  # fmt: skip
    with pytest.raises(ValueError, match=message):
        MapPixels(**{**fitting, **changed})


@pytest.mark.parametrize(
    ("shares", "positions", "message"),
    [
        (Shares(values=np.zeros((3, 1), np.uint8), whole=1.0), [0], "these pixels need"),
        (Shares(values=np.zeros((2, 2), np.uint8), whole=1.0), [0], "these pixels need"),
        (Shares(values=np.zeros((2, 1), np.uint8), whole=1.0), [4], "outside 4 pixels"),
        (Shares(values=np.zeros((2, 1), np.uint8), whole=1.0), [-1], "outside 4 pixels"),
        (Shares(values=np.zeros((2, 1)), whole=1.0, codes=np.array([2])), [0], "numbers from 0 to 1"),
        (Shares(values=np.zeros((2, 1)), whole=1.0, codes=np.array([0, 0])), [0], "numbers from 0 to 1"),
    ],
)
def test_shares_that_do_not_fit(shares, positions, message):
    with pytest.raises(ValueError, match=message):
        write_shares(shares, np.array(positions), pixels_of((2, 2), np.array([1, 2], np.uint8), [0]))
