"""Random Forest beside scikit-learn's, and its model file: bit by bit the same, and nothing else let in."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier

from classify_local.classifiers import persistence, random_forest
from classify_local.classifiers.forest import ForestArrays, checked
from classify_local.classifiers.trained import CHUNK, TrainedModel, train
from classify_local.errors import InputError, RefusedError
from classify_local.legend import Legend, LegendEntry
from classify_local.recipe.classifiers import RandomForest
from classify_local.storage.models import MANIFEST
from classify_local.training.samples import TrainingSet


def legend_of(values) -> Legend:
    return Legend(
        tuple(LegendEntry(value=int(v), label=f"class {v}", color=f"#{i + 1:06x}") for i, v in enumerate(values))
    )


def table(features: np.ndarray, labels: np.ndarray) -> TrainingSet:
    count = len(labels)
    return TrainingSet(
        features=features, labels=labels.astype(np.int64), xy=np.zeros((count, 2)),
        source=np.zeros(count, np.int64), group=np.full(count, -1),
    )  # fmt: skip


def trained(training: TrainingSet, **parameters: Any) -> TrainedModel:
    bands = tuple(f"b{i}" for i in range(training.features.shape[1]))
    classifier = RandomForest(type="random_forest", **{"number_of_trees": 5, **parameters})
    return train(classifier, training, bands, legend_of(np.unique(training.labels)))


def random_table(seed: int = 1, rows: int = 120, bands: int = 4, classes: int = 4) -> TrainingSet:
    rng = np.random.default_rng(seed)
    features = rng.integers(0, 4000, (rows, bands)).astype("uint16")
    labels = rng.permutation(np.arange(rows) % classes) * 7 - 5
    return table(features, labels)


# parameters


@pytest.mark.parametrize(
    ("given_as", "taken"),
    [
        ({}, {"n_estimators": 25, "max_features": "sqrt", "min_samples_leaf": 1, "max_samples": 0.5,
              "max_leaf_nodes": None, "random_state": 1, "bootstrap": True, "n_jobs": 1}),
        ({"number_of_trees": 7}, {"n_estimators": 7}),
        ({"variables_per_split": 3}, {"max_features": 3}),
        ({"min_leaf_population": 4}, {"min_samples_leaf": 4}),
        ({"bag_fraction": 0.25}, {"max_samples": 0.25}),
        ({"bag_fraction": 1}, {"max_samples": None}),
        ({"bag_fraction": 1.0}, {"max_samples": None}),
        ({"max_nodes": 9}, {"max_leaf_nodes": 9}),
        ({"seed": 42}, {"random_state": 42}),
        ({"seed": 0}, {"random_state": 0}),
    ],
)  # fmt: skip
def test_sepals_parameters_in_scikit_learn(given_as, taken):
    training = random_table()
    _, codes = np.unique(training.labels, return_inverse=True)
    fitted = random_forest.fit(RandomForest(type="random_forest", **given_as), training.features, codes)
    found = fitted.get_params()
    assert {name: found[name] for name in taken} == taken
    assert len(fitted.estimators_) == given_as.get("number_of_trees", 25)
    if "max_nodes" in given_as:
        assert max(tree.get_n_leaves() for tree in fitted.estimators_) <= 9
    if "min_leaf_population" in given_as:
        leaves = [tree.tree_.n_node_samples[tree.tree_.children_left == -1].min() for tree in fitted.estimators_]
        assert min(leaves) >= 4


def test_more_variables_than_bands_is_said():
    with pytest.raises(InputError, match=r"classifier\.variables_per_split: 5 of 4 bands; give at most 4"):
        trained(random_table(bands=4), variables_per_split=5)
    assert trained(random_table(bands=4), variables_per_split=4).bands == ("b0", "b1", "b2", "b3")


def test_few_rows_raise_no_advice_on_scikit_learns_parameters():
    """Warnings are errors in the tests: the library has two for tables as small as these."""
    features = np.arange(6, dtype="uint16").reshape(3, 2)
    assert trained(table(features, np.array([1, 2, 3]))).classes == (1, 2, 3)
    assert trained(table(features[:2], np.array([4, 2]))).classes == (2, 4)


# the same as scikit-learn


@st.composite
def tables(draw) -> tuple[TrainingSet, np.ndarray]:
    """A training table and pixels to classify: ties, constant bands and classes of one sample occur."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    classes = draw(st.integers(2, 40))
    rows = draw(st.integers(classes, 150))
    bands = draw(st.integers(1, 8))
    dtype = draw(st.sampled_from(["float32", "uint16", "int16", "uint8"]))
    levels = draw(st.sampled_from([2, 5, 200]))  # few levels make many ties
    values = rng.choice(np.arange(-300, 70_000), classes, replace=False)
    features = rng.integers(0, levels, (rows + 300, bands))
    if draw(st.booleans()):
        features[:, rng.integers(bands)] = 1
    features = features.astype(dtype) if dtype != "float32" else (features / np.float32(3)).astype("float32")
    labels = values[np.concatenate([np.arange(classes), rng.integers(0, classes, rows - classes)])]
    if draw(st.booleans()):
        labels = values[np.minimum(np.arange(rows), classes - 1)]  # all classes but one have a single sample
    return table(features[:rows], rng.permutation(labels)), features[rows:]


parameters = st.fixed_dictionaries(
    {
        "number_of_trees": st.sampled_from([1, 4, 10]),
        "bag_fraction": st.sampled_from([0.5, 1, 0.9]),
        "min_leaf_population": st.sampled_from([1, 1, 3]),
        "max_nodes": st.sampled_from([None, None, 6]),
        "seed": st.integers(0, 2**32 - 1),
    }
)


@pytest.mark.filterwarnings("ignore:The number of unique classes", "ignore:Using the fractional value")
@settings(max_examples=40)
@given(tables(), parameters)
def test_probabilities_and_classes_are_scikit_learns(case, given_as):
    training, pixels = case
    model = trained(training, **given_as)
    reference = RandomForestClassifier(
        n_estimators=given_as["number_of_trees"], max_features="sqrt", bootstrap=True, n_jobs=1,
        max_samples=None if given_as["bag_fraction"] == 1 else given_as["bag_fraction"],
        min_samples_leaf=given_as["min_leaf_population"], max_leaf_nodes=given_as["max_nodes"],
        random_state=given_as["seed"],
    ).fit(training.features.astype("float32"), training.labels)  # fmt: skip
    found = model.probabilities(pixels.T)
    assert model.classes == tuple(reference.classes_)
    np.testing.assert_array_equal(found, reference.predict_proba(pixels.astype("float32")).T)
    np.testing.assert_array_equal(
        np.asarray(model.classes)[found.argmax(axis=0)], reference.predict(pixels.astype("float32"))
    )


@settings(max_examples=15)
@given(tables(), parameters)
def test_a_model_file_gives_the_same_bits(tmp_path_factory, case, given_as):
    training, pixels = case
    model = trained(training, **given_as)
    path = tmp_path_factory.mktemp("model") / "m.zip"
    persistence.save(model, path)
    loaded = persistence.load(path)
    before, after = model.probabilities(pixels.T), loaded.probabilities(pixels.T)
    assert before.tobytes() == after.tobytes()
    assert (loaded.classes, loaded.bands, loaded.legend) == (model.classes, model.bands, model.legend)
    assert loaded.classifier == model.classifier
    again = path.with_name("again.zip")
    persistence.save(loaded, again)
    assert again.read_bytes() == path.read_bytes()


def test_the_training_table_is_told_with_the_model(tmp_path):
    training = random_table()
    model = trained(training)
    persistence.save(model, tmp_path / "m.zip")
    told = persistence.load(tmp_path / "m.zip").training
    assert told["digest"] == training.digest
    assert told["rows"] == 120
    assert told["rows_by_class"] == {str(value): 30 for value in (-5, 2, 9, 16)}


def test_training_twice_gives_the_same_file(tmp_path):
    for name in ("a.zip", "b.zip"):
        persistence.save(trained(random_table()), tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_pixels_come_in_pieces_and_can_be_stopped():
    """More pixels than a piece holds give what single pieces give, and a stop is asked for before each."""
    model = trained(random_table())
    pixels = np.random.default_rng(2).integers(0, 4000, (4, CHUNK + 5)).astype("uint16")
    asked = []
    whole = model.probabilities(pixels, lambda: asked.append(1))
    assert len(asked) == 2
    np.testing.assert_array_equal(whole[:, CHUNK:], model.probabilities(pixels[:, CHUNK:]))
    np.testing.assert_allclose(whole.sum(axis=0), 1)

    class StopNow(Exception):
        pass

    def stop():
        raise StopNow

    with pytest.raises(StopNow):
        model.probabilities(pixels, stop)
    assert model.probabilities(pixels[:, :0]).shape == (4, 0)


# model files that were tampered with


@pytest.fixture(scope="module")
def arrays() -> dict[str, np.ndarray]:
    """A forest of 3 bands and 4 classes."""
    return trained(random_table(bands=3)).fitted.arrays()


def changed(arrays: dict[str, np.ndarray], name: str, place: Any, value: Any) -> dict[str, np.ndarray]:
    copy = arrays[name].copy()
    copy[place] = value
    return {**arrays, name: copy}


def inner(arrays: dict[str, np.ndarray]) -> int:
    """A node with children, not the first."""
    return int(np.flatnonzero(arrays["left"] != -1)[3])


def leaf(arrays: dict[str, np.ndarray]) -> int:
    return int(np.flatnonzero(arrays["left"] == -1)[0])


def wrapped_offsets(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Sizes of trees that are positive only because their sum runs over 64 bits."""
    big = 2**62
    offsets = np.array([0, big, 2 * big - 1, -2 * big, -big, len(arrays["left"])], dtype=np.int64)
    return {**arrays, "offsets": offsets}


HOSTILE = {
    "a child beyond its tree": (lambda a: changed(a, "left", inner(a), 10**6), "child outside its tree"),
    "a right child beyond its tree": (lambda a: changed(a, "right", inner(a), 2**31 - 1), "child outside its tree"),
    "a child in the next tree": (
        lambda a: changed(a, "left", 0, int(a["offsets"][1])), "child outside its tree",
    ),
    "a negative child": (lambda a: changed(a, "left", inner(a), -2), "child outside its tree"),
    "a child that is its parent": (lambda a: changed(a, "left", inner(a), inner(a)), "child outside its tree"),
    "a way back to the root": (lambda a: changed(a, "right", inner(a), 0), "child outside its tree"),
    "one child only": (lambda a: changed(a, "right", leaf(a), 5), "node with one child"),
    "one child lost": (lambda a: changed(a, "right", inner(a), -1), "child outside its tree"),
    "a band it does not have": (lambda a: changed(a, "feature", inner(a), 3), "band it does not have"),
    "a negative band": (lambda a: changed(a, "feature", inner(a), -2), "band it does not have"),
    "a threshold that is no number": (lambda a: changed(a, "threshold", inner(a), np.nan), "not a number"),
    "an infinite threshold": (lambda a: changed(a, "threshold", inner(a), np.inf), "not a number"),
    "a share above 1": (lambda a: changed(a, "values", (leaf(a), 0), 1.5), "shares"),
    "a negative share": (lambda a: changed(a, "values", (leaf(a), 0), -0.1), "shares"),
    "a share that is no number": (lambda a: changed(a, "values", (leaf(a), 0), np.nan), "shares"),
    "shares that sum to more": (lambda a: changed(a, "values", leaf(a), 0.5), "shares"),
    "shares that sum to nothing": (lambda a: changed(a, "values", leaf(a), 0.0), "shares"),
    "shares of fewer classes": (lambda a: {**a, "values": a["values"][:, :2].copy()}, "shares"),
    "an array lost": (lambda a: {k: v for k, v in a.items() if k != "impurity"}, "lack or add an array"),
    "an array more": (lambda a: {**a, "more": a["left"]}, "lack or add an array"),
    "another type": (lambda a: {**a, "left": a["left"].astype("int64")}, "array left has another type"),
    "real children": (lambda a: {**a, "left": a["left"].astype("float64")}, "array left has another type"),
    "short thresholds": (lambda a: {**a, "threshold": a["threshold"].astype("float32")}, "array threshold has another"),
    "two dimensions": (lambda a: {**a, "left": a["left"][:, None]}, "array left has another type or shape"),
    "values in one dimension": (lambda a: {**a, "values": a["values"][:, 0]}, "array values has another type or shape"),
    "nodes cut off": (lambda a: {**a, "feature": a["feature"][:-1]}, "differ in length"),
    "no trees": (lambda a: {**a, "offsets": a["offsets"][:1]}, "do not fill its nodes"),
    "no offsets": (lambda a: {**a, "offsets": a["offsets"][:0]}, "do not fill its nodes"),
    "trees that begin late": (lambda a: changed(a, "offsets", 0, 1), "do not fill its nodes"),
    "trees that end early": (lambda a: changed(a, "offsets", -1, 3), "do not fill its nodes"),
    "trees that go back": (lambda a: changed(a, "offsets", 1, int(a["offsets"][2]) + 1), "do not fill its nodes"),
    "an empty tree": (lambda a: changed(a, "offsets", 1, 0), "do not fill its nodes"),
    "sizes beyond 64 bits": (wrapped_offsets, "do not fill its nodes"),
}  # fmt: skip


def test_a_sound_forest_is_let_in(arrays):
    assert isinstance(checked(arrays, 3, 4), ForestArrays)


@pytest.mark.parametrize(("tamper", "words"), HOSTILE.values(), ids=HOSTILE)
def test_a_forest_that_could_be_walked_out_of_is_refused(arrays, tamper, words):
    with pytest.raises(RefusedError, match=words) as caught:
        checked(tamper(arrays), 3, 4)
    assert caught.value.exit_code == 5


def test_leaves_may_hold_any_feature_and_threshold(arrays):
    """Nothing reads them there, and scikit-learn marks them with -2."""
    checked(changed(changed(arrays, "feature", leaf(arrays), 99), "threshold", leaf(arrays), np.nan), 3, 4)


@pytest.fixture
def model_file(tmp_path) -> Path:
    persistence.save(trained(random_table(bands=3)), tmp_path / "m.zip")
    return tmp_path / "m.zip"


def rewrite(path: Path, manifest: dict[str, Any] | None = None, **replaced: np.ndarray) -> None:
    """Change manifest and arrays (a folder is parted by two underscores), with digests that fit."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for name, array in replaced.items():
        stream = io.BytesIO()
        np.save(stream, array)
        members[f"{name.replace('__', '/')}.npy"] = stream.getvalue()
    said = {**json.loads(members.pop(MANIFEST)), **(manifest or {})}
    said["sha256"] = {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {MANIFEST: json.dumps(said).encode(), **members}.items():
            archive.writestr(name, data)


def test_a_rewritten_file_with_sound_content_is_read(model_file):
    rewrite(model_file)
    assert persistence.load(model_file).classes == (-5, 2, 9, 16)


def test_a_hostile_forest_in_a_file_is_refused_by_the_files_name(model_file, arrays):
    rewrite(model_file, fitted__left=changed(arrays, "left", 0, 10**6)["left"])
    with pytest.raises(RefusedError) as caught:
        persistence.load(model_file)
    assert str(caught.value).startswith(f"{model_file}: the model has a child outside its tree")


CLASS = {"value": 2, "label": "a", "color": "#000001"}
FOUR = [{"value": v, "label": f"c{v}", "color": f"#00000{i}"} for i, v in enumerate((-5, 2, 9, 16))]


@pytest.mark.parametrize(
    "manifest",
    [
        {"bands": []},
        {"bands": "abc"},
        {"bands": None},
        {"bands": [1, 2, 3]},
        {"bands": ["a", "b", "b"]},
        {"classes": [2]},
        {"classes": [-5, 2, 9, 9]},
        {"classes": [2, -5, 9, 16]},
        {"classes": [-5, 2, 9, 1.5]},
        {"classes": [-5, 2, 9, float("inf")]},
        {"classes": [-5, 2, 9, "16"]},
        {"classes": [-5, 2, 9, 17]},
        {"classes": {"-5": 1}},
        {"legend": []},
        {"legend": 5},
        {"legend": [5]},
        {"legend": [CLASS]},
        {"legend": [*FOUR, CLASS]},
        {"legend": [*FOUR[:3], {"value": 16, "label": 5, "color": "#000001"}]},
        {"legend": [*FOUR[:3], {"value": 16.0, "label": "x", "color": "#000007"}]},
        {"legend": [*FOUR[:3], {"value": 16, "label": "x", "color": "red"}]},
        {"legend": [*FOUR[:3], {"value": 2**40, "label": "x", "color": "#000007"}]},
        {"legend": [*FOUR[:3], {"value": 16, "label": "x"}]},
        {"classifier": {}},
        {"classifier": {"type": "random_forest", "number_of_trees": "25"}},
        {"classifier": {"type": "random_forest", "run": "rm -rf /"}},
        {"classifier": {"type": "magic"}},
        {"training": None},
        {"training": [1]},
    ],
    ids=json.dumps,
)
def test_a_manifest_that_describes_no_model_is_refused(model_file, manifest):
    rewrite(model_file, manifest)
    with pytest.raises(RefusedError, match=r"m\.zip: .*manifest does not describe a model"):
        persistence.load(model_file)


def test_bands_and_classes_are_as_many_as_the_trees_know(model_file):
    rewrite(model_file, {"bands": ["a"]})
    with pytest.raises(RefusedError, match="splits on a band it does not have"):
        persistence.load(model_file)
    rewrite(model_file, {"bands": ["a", "b", "c"], "classes": [-5, 2]})
    with pytest.raises(RefusedError, match="shares of its classes"):
        persistence.load(model_file)


# the canary


def canary(path: Path) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(path) as archive:
        return {
            name: np.load(io.BytesIO(archive.read(f"canary/{name}.npy"))) for name in ("rows", "codes", "probabilities")
        }


def test_another_forest_in_a_models_file_does_not_sing(model_file, tmp_path):
    other = trained(random_table(seed=9, bands=3)).fitted.arrays()
    rewrite(model_file, **{f"fitted__{name}": array for name, array in other.items()})
    with pytest.raises(RefusedError, match="does not give what it gave when it was written"):
        persistence.load(model_file)


@pytest.mark.parametrize("name", ["rows", "codes", "probabilities"])
def test_a_canary_that_was_changed_is_refused(model_file, name):
    song = canary(model_file)[name]
    changed_song = song.copy()
    changed_song.flat[0] = song.flat[0] + 1 if name == "codes" else 0.37 if name == "probabilities" else 10_000
    rewrite(model_file, **{f"canary__{name}": changed_song})
    with pytest.raises(RefusedError):
        persistence.load(model_file)


@pytest.mark.parametrize("name", ["rows", "codes", "probabilities"])
def test_a_canary_of_another_size_is_refused(model_file, name):
    song = canary(model_file)[name]
    rewrite(model_file, **{f"canary__{name}": song[:0]})
    with pytest.raises(RefusedError):
        persistence.load(model_file)
