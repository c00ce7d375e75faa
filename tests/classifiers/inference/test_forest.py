from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import ExtraTreesClassifier, RandomForestRegressor
from sklearn.tree import DecisionTreeClassifier

from classify_local.classifiers.forest import from_estimators
from classify_local.classifiers.inference import forest as forest_module
from classify_local.classifiers.inference.forest import (
    compile_forest,
    compile_regression,
    compile_votes,
    each_block,
    resolve_block,
)
from classify_local.classifiers.inference.protocol import NotCompiled
from classify_local.classifiers.inference.walks import PAD, walk_named

from .tables import DTYPES, forest, on_thresholds, pixels, table

WALKS = ["portable", "vector", "gather"]


def same(compiled, model, features):
    """Whether the probabilities are those of the library, to the bit."""
    rows = np.ascontiguousarray(features.T, np.float32)
    with np.errstate(over="ignore", invalid="ignore"):  # the library adds up all values to see if they are finite
        expected = model.predict_proba(rows).T if len(rows) else np.empty((compiled.classes, 0))
    found = compiled.shares(features).probabilities()
    assert found.dtype == np.float64
    return found.tobytes() == np.ascontiguousarray(expected).tobytes()


@pytest.mark.parametrize("walk", WALKS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("impure", [False, True])
def test_probabilities_are_the_librarys(walk, dtype, impure):
    rng = np.random.default_rng(1)
    features, codes = table(rng, 5, 6, 300, dtype)
    model, trees = forest(features, codes, min_samples_leaf=4 if impure else 1)
    compiled = compile_forest(trees, 5, walk_named(walk))
    image = pixels(rng, 5, 1000, dtype)
    assert compiled.shares(image).are_votes == (not impure)
    assert same(compiled, model, image)
    assert same(compiled, model, on_thresholds(trees, image))


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**32 - 1), bands=st.integers(1, 6), classes=st.integers(1, 12), rows=st.integers(1, 120),
    dtype=st.sampled_from(DTYPES), trees=st.integers(1, 9), leaf=st.integers(1, 5),
    depth=st.sampled_from([1, 3, 6, None]), walk=st.sampled_from(WALKS),
)  # fmt: skip
def test_any_small_forest(seed, bands, classes, rows, dtype, trees, leaf, depth, walk):
    rng = np.random.default_rng(seed)
    features, codes = table(rng, bands, classes, rows, dtype)
    model, arrays = forest(features, codes, n_estimators=trees, min_samples_leaf=leaf, max_depth=depth, random_state=7)
    compiled = compile_forest(arrays, bands, walk_named(walk))
    assert same(compiled, model, pixels(rng, bands, 150, dtype))


@pytest.mark.parametrize("walk", WALKS)
def test_every_number_of_pixels(walk):
    rng = np.random.default_rng(2)
    features, codes = table(rng, 4, 5, 200, "uint16")
    for leaf in (1, 3):
        model, trees = forest(features, codes, min_samples_leaf=leaf)
        compiled = compile_forest(trees, 4, walk_named(walk))
        image = pixels(rng, 4, 200, "uint16")
        assert all(same(compiled, model, np.ascontiguousarray(image[:, :count])) for count in range(201))


@pytest.mark.parametrize("leaf", [1, 2])
@pytest.mark.parametrize("count", [127, 128, 129, 500])
def test_blocks_and_groups_of_trees_meet(monkeypatch, leaf, count):
    monkeypatch.setattr(forest_module, "BLOCK", 128)
    monkeypatch.setattr(forest_module, "TREES", 4)
    rng = np.random.default_rng(3)
    features, codes = table(rng, 3, 7, 150, "int16")
    model, trees = forest(features, codes, n_estimators=9, min_samples_leaf=leaf)
    assert same(compile_forest(trees, 3), model, pixels(rng, 3, count, "int16"))


@pytest.mark.parametrize(("trees", "dtype"), [(1, "uint8"), (255, "uint8"), (256, "uint16"), (300, "uint16")])
def test_votes_are_counted_in_the_smallest_type(trees, dtype):
    rng = np.random.default_rng(4)
    features, codes = table(rng, 3, 3, 60, "uint8")
    model, arrays = forest(features, codes, n_estimators=trees)
    compiled = compile_forest(arrays, 3)
    image = pixels(rng, 3, 100, "uint8")
    assert compiled.shares(image).values.dtype == dtype
    assert same(compiled, model, image)


def test_one_class_in_all_leaves_and_votes_of_all_trees():
    features = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
    model, arrays = forest(features, np.zeros(20, int), n_estimators=255)
    shares = compile_forest(arrays, 2).shares(np.ascontiguousarray(features.T))
    assert (shares.values == 255).all()
    assert (shares.probabilities() == 1).all()
    assert same(compile_forest(arrays, 2), model, np.ascontiguousarray(features.T))


@pytest.mark.parametrize("classes", [2, 17, 40])
@pytest.mark.parametrize("leaf", [1, 5])
def test_many_classes(classes, leaf):
    rng = np.random.default_rng(classes)
    features, codes = table(rng, 6, classes, 600, "float32")
    model, arrays = forest(features, codes, min_samples_leaf=leaf)
    assert same(compile_forest(arrays, 6), model, pixels(rng, 6, 300, "float32", distinct=300))


@pytest.mark.parametrize("bands", [256, 300, 4097])
def test_many_bands(bands):
    rng = np.random.default_rng(bands)
    features, codes = table(rng, bands, 4, 60, "int16")
    model, arrays = forest(features, codes, max_features=None)
    compiled = compile_forest(arrays, bands)
    assert compiled.packed.narrow == (bands <= 4096)
    assert same(compiled, model, pixels(rng, bands, 70, "int16"))


@pytest.mark.parametrize("leaf", [1, 6])
def test_a_single_tree(leaf):
    rng = np.random.default_rng(6)
    features, codes = table(rng, 4, 5, 300, "uint16")
    model = DecisionTreeClassifier(min_samples_leaf=leaf, random_state=0).fit(features, codes)
    assert same(compile_forest(from_estimators([model]), 4), model, pixels(rng, 4, 400, "uint16"))


def test_thresholds_between_floats_and_beyond_them():
    """Trees of a text or of another library may have thresholds that are no float32, or larger than any."""
    rng = np.random.default_rng(7)
    features, codes = table(rng, 3, 4, 200, "float32")
    model = ExtraTreesClassifier(5, random_state=0).fit(features, codes)
    for number, tree in enumerate(model.estimators_):
        state = tree.tree_.__getstate__()
        wild = state["nodes"]["threshold"]
        wild[rng.random(len(wild)) < 0.1 * number] = rng.choice([1e300, -1e300, 1e-300, -1e-300, 3.5e38, 1 / 3])
        tree.tree_.__setstate__(state)
    arrays = from_estimators(model.estimators_)
    image = on_thresholds(arrays, np.clip(pixels(rng, 3, 500, "float32"), -1e38, 1e38))
    image[:, :50] = rng.choice(np.array([0.0, -0.0, 1e-45, -1e-45, 3.4e38, -3.4e38, 1 / 3], np.float32), (3, 50))
    finite = np.ascontiguousarray(image[:, np.isfinite(image).all(axis=0)])
    assert same(compile_forest(arrays, 3), model, finite)


def test_several_threads_have_their_own_scratch():
    rng = np.random.default_rng(8)
    features, codes = table(rng, 5, 6, 400, "uint16")
    for leaf in (1, 4):
        _, arrays = forest(features, codes, n_estimators=20, min_samples_leaf=leaf)
        compiled = compile_forest(arrays, 5)
        images = [pixels(rng, 5, 3000, "uint16") for _ in range(8)]
        alone = [compiled.shares(image).values for image in images]
        with ThreadPoolExecutor(4) as pool:
            together = list(pool.map(compiled.shares, images * 3))
        assert all(np.array_equal(shares.values, alone[i % 8]) for i, shares in enumerate(together))


def test_features_as_readers_have_them():
    rng = np.random.default_rng(9)
    features, codes = table(rng, 3, 4, 100, "uint16")
    model, arrays = forest(features, codes)
    compiled = compile_forest(arrays, 3)
    block = pixels(rng, 3, 400, "uint16").reshape(3, 20, 20)
    valid = rng.random((20, 20)) < 0.5
    frozen = block.reshape(3, 400).copy()
    frozen.flags.writeable = False
    assert same(compiled, model, block[:, valid])
    assert same(compiled, model, frozen)
    assert same(compiled, model, np.asfortranarray(frozen))
    assert same(compiled, model, frozen[:, ::3])
    assert same(compiled, model, frozen.astype(np.int32))
    assert same(compiled, model, frozen.astype(">u2"))
    assert same(compiled, model, (frozen // 64).astype(np.float16))


@pytest.mark.parametrize("shape", [(4, 10), (2, 10), (10,), (3, 2, 2)])
def test_other_numbers_of_bands_are_refused(shape):
    rng = np.random.default_rng(0)
    _, arrays = forest(*table(rng, 3, 2, 20, "uint8"))
    with pytest.raises(ValueError, match=r"needs \(3, n\)"):
        compile_forest(arrays, 3).shares(np.zeros(shape, np.uint8))


def test_features_that_are_no_numbers_are_refused():
    _, arrays = forest(*table(np.random.default_rng(0), 3, 2, 20, "uint8"))
    with pytest.raises(ValueError, match="must be integer or real"):
        compile_forest(arrays, 3).shares(np.zeros((3, 2), np.complex64))


@pytest.mark.parametrize(("bands", "expected"), [(1, 8192), (10, 8192), (30, 4352), (950, 128), (10**7, PAD)])
def test_block_sizes(bands, expected):
    assert resolve_block(bands) == expected


def test_a_block_is_not_larger_than_the_image():
    _, arrays = forest(*table(np.random.default_rng(0), 3, 2, 20, "uint8"))
    compiled = compile_forest(arrays, 3)
    blocks = [(block, first, state.shape) for block, first, state in each_block(
        np.zeros((3, 70), np.uint8), compiled.packed, compiled.walk)]  # fmt: skip
    assert blocks == [(slice(0, 70), 0, (7, 2 * PAD))]


@pytest.mark.parametrize("trees", [1, 20])
def test_regression_is_the_librarys(trees):
    rng = np.random.default_rng(10)
    features, _ = table(rng, 4, 3, 300, "int16")
    target = rng.normal(size=300) * 100
    model = RandomForestRegressor(trees, random_state=0, n_jobs=1, min_samples_leaf=3).fit(features, target)
    image = pixels(rng, 4, 777, "int16")
    found = compile_regression(from_estimators(model.estimators_), 4).values(image)
    assert found.tobytes() == model.predict(image.T.astype(np.float32)).tobytes()


def test_trees_with_a_class_in_each_leaf():
    trees = SimpleNamespace(
        offsets=np.array([0, 3, 4]), left=np.array([1, -1, -1, -1], np.int32),
        right=np.array([2, -1, -1, -1], np.int32), feature=np.array([1, 0, 0, 0], np.int32),
        threshold=np.array([0.1, 0, 0, 0]),
    )  # fmt: skip
    classes = np.array([0, 2, 1, 2])
    features = np.array([[9, 9, 9], [0.0, 0.1, 0.2]], np.float32)
    shares = compile_votes(trees, classes, 3, 2).shares(features)
    # float32's 0.1 is above the float64 one
    assert shares.values.tolist() == [[0, 0, 0], [0, 1, 1], [2, 1, 1]]
    with pytest.raises(NotCompiled, match="class outside 0 to 1"):
        compile_votes(trees, classes, 2, 2)
