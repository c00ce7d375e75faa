import numpy as np
import pytest

from classify_local.classifiers.inference.distances import RUN, compile_means
from classify_local.classifiers.minimum_distance import fit
from classify_local.classifiers.scaling import resolve_scaling
from classify_local.recipe.classifiers import MinimumDistance

from .tables import pixels, table

METRICS = ["euclidean", "manhattan", "cosine", "mahalanobis"]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dtype", ["uint16", "float32"])
@pytest.mark.parametrize("scaled", [False, True])
def test_the_nearest_mean_is_the_packages(metric, dtype, scaled):
    rng = np.random.default_rng(1)
    features, codes = table(rng, 5, 7, 400, dtype)
    scaling = resolve_scaling("percentile", features) if scaled else None
    apply = scaling.apply if scaling else lambda rows: rows
    model = fit(MinimumDistance(type="minimum_distance", metric=metric), apply(features), codes)
    limits = (scaling.low, scaling.high) if scaling else ()
    compiled = compile_means(metric, model.mean, model.transform, *limits)
    image = pixels(rng, 5, 900, dtype, distinct=900)
    shares = compiled.shares(image)
    assert shares.are_votes
    assert (shares.values.sum(axis=0) == 1).all()
    assert np.array_equal(shares.assigned(), model.predict(apply(image.T.astype(np.float32))))


def test_equally_near_goes_to_the_first():
    compiled = compile_means("euclidean", np.array([[2.0], [0.0], [2.0]]))
    assert compiled.shares(np.array([[1, 2, 0]], np.uint8)).assigned().tolist() == [0, 0, 1]


def test_a_direction_of_zeros_is_at_right_angles_to_everything():
    compiled = compile_means("cosine", np.array([[0.0, 0.0], [1.0, 1.0]]))
    assert compiled.shares(np.array([[0, 5, 1], [0, 5, -3]], np.int16)).assigned().tolist() == [0, 1, 0]


def test_values_beyond_float32_are_cut_to_its_largest():
    low, high = np.array([0.0]), np.array([1e-30])
    compiled = compile_means("euclidean", np.array([[0.0], [1.0]]), None, low, high)
    assert compiled.shares(np.array([[3e38, -3e38, 0.0]], np.float32)).assigned().tolist() == [0, 0, 0]


@pytest.mark.parametrize("count", [0, 1, RUN - 1, RUN, RUN + 1])
def test_numbers_of_pixels(count):
    rng = np.random.default_rng(4)
    compiled = compile_means("manhattan", rng.normal(size=(3, 2)))
    image = rng.normal(size=(2, RUN + 1)).astype(np.float32)
    assert np.array_equal(
        compiled.shares(np.ascontiguousarray(image[:, :count])).values, compiled.shares(image).values[:, :count]
    )
