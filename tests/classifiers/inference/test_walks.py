import logging
from dataclasses import replace

import numpy as np
import pytest

from classify_local.classifiers.inference import walk_vector, walks
from classify_local.classifiers.inference.forest_layout import pack
from classify_local.classifiers.inference.keys import LANES, key_tiles, keys_of
from classify_local.classifiers.inference.walk_portable import walk_portable
from classify_local.classifiers.inference.walks import PAD, SWITCH, chosen_walk, resolve_walk, walk_named
from classify_local.errors import InputError
from classify_local.jit import NO_JIT

NAMES = ["portable", "vector", "gather"]


@pytest.fixture
def fresh():
    walks._chosen.cache_clear()
    yield
    walks._chosen.cache_clear()


def followed(tree, keys):
    """What the leaf of one pixel holds, one node after the other."""
    node = 0
    while tree.left[node] >= 0:
        right = keys[tree.feature[node]] > tree.threshold[node]
        node = tree.right[node] if right else tree.left[node]
    return tree.payload[node]


def many(rng, depths, bands):
    """Trees of several depths, one after the other; random thresholds, the smaller half cut off here and there."""
    parts = []
    for depth in depths:
        tree = walks._full_tree(depth, bands)
        parts.append(tree)
    sizes = [len(part.left) for part in parts]
    columns = ("left", "right", "feature", "threshold", "weight", "payload")
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in columns}
    return parts, replace(parts[0], offsets=np.cumsum([0, *sizes]), **joined)


def room(rng, bands, levels=None):
    tiles = key_tiles(2 * PAD, bands)
    values = rng.random((2 * PAD, bands), np.float32) if levels is None else rng.choice(levels, (2 * PAD, bands))
    tiles[...] = keys_of(values).reshape(-1, LANES, bands).transpose(0, 2, 1)
    return tiles, keys_of(values)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("depths", "bands"), [((0, 1, 3), 2), ((5, 6), 3), ((2, 9, 7), 40), ((8,), 5000)])
def test_walks_arrive_where_single_steps_do(name, depths, bands):
    rng = np.random.default_rng(3)
    parts, joined = many(rng, depths, bands)
    packed = pack(joined, bands)
    assert packed.narrow == (bands <= 4096)
    tiles, keys = room(rng, bands)
    state = np.zeros((len(depths), 2 * PAD), np.uint32)
    walk_named(name)(tiles, packed, 0, state)
    expected = [[followed(part, pixel) for pixel in keys] for part in parts]
    assert np.array_equal(state, expected)


@pytest.mark.parametrize("name", NAMES)
def test_trees_too_large_for_narrow_nodes(name):
    _, joined = many(None, (16, 2), 2)
    packed = pack(joined, 2)
    assert not packed.narrow
    tiles, keys = room(np.random.default_rng(0), 2)
    state = np.zeros((1, 2 * PAD), np.uint32)
    walk_named(name)(tiles, packed, 0, state)
    assert np.array_equal(state[0], [followed(walks._full_tree(16, 2), pixel) for pixel in keys])


@pytest.mark.parametrize("name", NAMES)
def test_walks_begin_at_any_tree(name):
    parts, joined = many(None, (3, 8, 7, 2), 3)
    tiles, keys = room(np.random.default_rng(1), 3)
    state = np.zeros((2, 2 * PAD), np.uint32)
    walk_named(name)(tiles, pack(joined, 3), 1, state)
    assert np.array_equal(state, [[followed(part, pixel) for pixel in keys] for part in parts[1:3]])


@pytest.mark.parametrize(
    ("wanted", "compiling", "expected"),
    [
        ("", True, "vector"), ("portable", True, "portable"), ("gather", True, "gather"), ("vector", True, "vector"),
        ("", False, "portable"), ("vector", False, "portable"),
    ],
)  # fmt: skip
def test_which_walk(wanted, compiling, expected):
    assert resolve_walk(wanted, compiling=compiling) == expected


def test_no_such_walk():
    with pytest.raises(InputError, match="CLASSIFY_LOCAL_WALK=fast: there is no such walk; take one of portable, "):
        resolve_walk("fast", compiling=True)


@pytest.mark.usefixtures("fresh")
def test_the_environment_decides(monkeypatch):
    monkeypatch.delenv(NO_JIT, raising=False)
    monkeypatch.setenv(SWITCH, "portable")
    assert chosen_walk() is walk_portable
    monkeypatch.setenv(SWITCH, "gather")
    assert chosen_walk() is walk_vector.walk_gathering
    monkeypatch.setenv(SWITCH, "")
    assert chosen_walk() is walk_vector.walk_vector
    monkeypatch.setenv(NO_JIT, "1")
    assert chosen_walk() is walk_portable


def fails(*_):
    raise RuntimeError("no such instruction")


def strays(tiles, packed, first, state):
    walk_portable(tiles, packed, first, state)
    state[0, 5] += 1


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize(
    ("broken", "reason"), [(fails, "RuntimeError: no such instruction"), (strays, "other numbers")]
)
def test_a_walk_that_does_not_work_is_replaced_and_named_once(monkeypatch, caplog, broken, reason):
    monkeypatch.delenv(NO_JIT, raising=False)
    monkeypatch.delenv(SWITCH, raising=False)
    monkeypatch.setattr(walks, "walk_named", lambda name: broken)
    with caplog.at_level(logging.WARNING):
        assert chosen_walk() is walk_portable
        assert chosen_walk() is walk_portable
    assert len(caplog.records) == 1
    assert reason in caplog.text


@pytest.mark.usefixtures("fresh")
def test_without_the_code_generator_there_is_still_a_walk(monkeypatch, caplog):
    monkeypatch.delenv(NO_JIT, raising=False)
    monkeypatch.setitem(__import__("sys").modules, "classify_local.classifiers.inference.walk_vector", None)
    monkeypatch.delattr("classify_local.classifiers.inference.walk_vector")
    assert chosen_walk() is walk_portable
    assert "ImportError" in caplog.text or "ModuleNotFoundError" in caplog.text
