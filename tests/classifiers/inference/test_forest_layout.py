from dataclasses import replace

import numpy as np
import pytest

from classify_local.classifiers.inference import forest_layout
from classify_local.classifiers.inference.forest_layout import LAST, MOST_PAYLOADS, SplitTrees, pack, resolve_narrow
from classify_local.classifiers.inference.protocol import NotCompiled


def trees(left, right, **others):
    left, right = np.array(left, np.int32), np.array(right, np.int32)
    count = len(left)
    columns = {
        "offsets": np.array([0, count]), "left": left, "right": right,
        "feature": np.zeros(count, np.int32), "threshold": np.arange(1, count + 1, dtype=np.uint32),
        "weight": np.ones(count), "payload": np.arange(count),
    }  # fmt: skip
    return SplitTrees(**{**columns, **others})


STUMP = trees([1, -1, -1], [2, -1, -1])
CHAIN = trees([1, -1, 3, -1, -1], [2, -1, 4, -1, -1])


@pytest.mark.parametrize(
    ("slots", "bands", "narrow"),
    [(2, 1, True), (65536, 4096, True), (65537, 1, False), (65538, 4096, False), (2, 4097, False), (2, 950, True)],
)
def test_narrow_nodes(slots, bands, narrow):
    assert resolve_narrow(slots, bands) is narrow


def test_children_are_neighbours_and_leaves_lead_to_themselves():
    packed = pack(CHAIN, 3)
    left, feature = packed.fields[3::4], packed.fields[2::4]
    assert packed.narrow
    assert packed.words.ctypes.data % 64 == 0
    assert packed.words.size == packed.offsets[-1] == 6
    assert list(left) == [2, 1, 2, 4, 4, 5]
    assert not feature.any()
    assert list(packed.words.astype(np.uint32)) == [1, LAST, LAST - 1, 3, LAST - 3, LAST - 4]


def test_the_heavier_child_comes_first():
    both = trees([1, 3, 5, -1, -1, -1, -1], [2, 4, 6, -1, -1, -1, -1], weight=np.array([9.0, 1, 8, 1, 1, 1, 1]))
    left = pack(both, 1).fields[3::4]
    assert (left[2], left[3]) == (6, 4)


def test_a_single_leaf_is_a_whole_crown():
    packed = pack(trees([-1], [-1], payload=np.array([5])), 1)
    assert packed.crown.complete
    assert (packed.crown.ends == 5).all()
    assert packed.sure_steps == 0


def chain(levels):
    """A tree in which every left child is a leaf."""
    node = np.arange(2 * levels + 1)
    inner = (node % 2 == 0) & (node < 2 * levels)
    return trees(np.where(inner, node + 1, -1), np.where(inner, node + 2, -1))


@pytest.mark.parametrize(
    ("levels", "crown", "complete"), [(1, 4, True), (4, 4, True), (5, 6, True), (6, 6, True), (7, 4, False)]
)
def test_crowns(levels, crown, complete):
    found = pack(chain(levels), 1).crown
    assert (found.levels, found.complete) == (crown, complete)
    assert found.ends.shape == (1, 2**crown)


def test_steps_that_most_pixels_need(monkeypatch):
    monkeypatch.setattr(forest_layout, "CROWN", 4)
    count = 2**8 - 1
    node = np.arange(count)
    left = np.where(node < count // 2, 2 * node + 1, -1)
    full = trees(left, np.where(left > 0, left + 1, -1))
    assert pack(full, 1).sure_steps == 3
    assert pack(replace(full, weight=np.zeros(count)), 1).sure_steps == 3


def test_nodes_cut_off_are_left_out():
    cut = trees([1, -1, -1, 4, -1, -1], [2, -1, -1, 5, -1, -1])
    assert pack(cut, 1).offsets[-1] == 4
    assert list(pack(cut, 1).words.astype(np.uint32)) == [1, LAST, LAST - 1, LAST - 2]


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (replace(STUMP, feature=np.array([3, 0, 0], np.int32)), "outside its 3 bands"),
        (replace(STUMP, feature=np.array([-1, 0, 0], np.int32)), "outside its 3 bands"),
        (replace(STUMP, payload=np.array([0, MOST_PAYLOADS, 0])), "different things"),
        (replace(STUMP, payload=np.array([0, -1, 0])), "different things"),
        (replace(STUMP, left=np.array([0, -1, -1], np.int32)), "behind its parent"),
        (replace(STUMP, right=np.array([3, -1, -1], np.int32)), "behind its parent"),
        (replace(STUMP, right=np.array([1, -1, -1], np.int32)), "two parents"),
    ],
)
def test_what_would_lead_outside_is_refused(broken, message):
    with pytest.raises(NotCompiled, match=message):
        pack(broken, 3)


def test_big_endian_processors_are_left_to_the_library(monkeypatch):
    monkeypatch.setattr(forest_layout.sys, "byteorder", "big")
    with pytest.raises(NotCompiled, match="low byte"):
        pack(STUMP, 1)
