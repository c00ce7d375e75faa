import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.svm import SVC, NuSVC

from classify_local.classifiers.inference.machine import RUN, compile_machine
from classify_local.classifiers.inference.protocol import NotCompiled
from classify_local.classifiers.scaling import resolve_scaling

from .tables import pixels

KERNELS = ["linear", "poly", "rbf", "sigmoid"]


def case(classes, kernel, dtype="uint16", kind=SVC, **options):
    """Scaled training rows and their scaling, a fitted machine, pixels, and the pixels as the library has them."""
    rng = np.random.default_rng(1)
    features = pixels(rng, 4, 40 * classes, dtype, distinct=1000).T.astype(np.float32)
    codes = np.arange(40 * classes) % classes
    features[:, 0] += codes * features[:, 0].std()
    scaling = resolve_scaling("percentile", features)
    model = kind(kernel=kernel, decision_function_shape="ovo", coef0=0.5, gamma=0.7, **options)
    model.fit(scaling.apply(features), codes)
    image = pixels(rng, 4, 300, dtype, distinct=300)
    return model, scaling, image, scaling.apply(image.T.astype(np.float32))


def compiled(model, scaling, **options):
    return compile_machine(
        model.kernel, model.support_vectors_, model._dual_coef_, model._intercept_, model.n_support_,
        gamma=model._gamma, coef0=model.coef0, degree=model.degree, low=scaling.low, high=scaling.high, **options,
    )  # fmt: skip


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("kind", [SVC, NuSVC])
def test_decisions_and_votes_are_the_librarys(kernel, classes, kind):
    model, scaling, image, rows = case(classes, kernel, kind=kind)
    machine = compiled(model, scaling)
    decisions = model.decision_function(rows).reshape(300, -1).T * (-1 if classes == 2 else 1)
    found = machine.decisions(image)
    assert np.abs(found - decisions).max() < 1e-10 * (1 + np.abs(decisions).max())
    shares = machine.shares(image)
    assert shares.are_votes
    assert (shares.values.sum(axis=0) == 1).all()
    assert np.array_equal(shares.assigned(), model.predict(rows))


@pytest.mark.parametrize("classes", [2, 4])
def test_margins(classes):
    model, scaling, image, rows = case(classes, "rbf")
    decisions = model.decision_function(rows).reshape(300, -1)
    decisions = -decisions if classes == 2 else decisions
    sums = np.zeros((300, classes))
    for decision, one, other in zip(decisions.T, *np.triu_indices(classes, 1), strict=True):
        sums[:, one] += decision
        sums[:, other] -= decision
    assert np.array_equal(compiled(model, scaling, margin=True).shares(image).assigned(), sums.argmax(axis=1))


@pytest.mark.parametrize("classes", [2, 3, 6])
def test_calibrated_probabilities_are_the_librarys(classes):
    _, scaling, image, rows = case(classes, "rbf", C=10)
    rng = np.random.default_rng(2)
    features = pixels(rng, 4, 40 * classes, "uint16", distinct=1000).T.astype(np.float32)
    codes = np.arange(40 * classes) % classes
    features[:, 0] += codes * features[:, 0].std()
    calibrated = CalibratedClassifierCV(SVC(gamma=0.7, C=10), ensemble=False, cv=3)
    calibrated.fit(scaling.apply(features), codes)
    inner = calibrated.calibrated_classifiers_[0]
    sigmoids = np.array([[each.a_, each.b_] for each in inner.calibrators]).T
    shares = compiled(inner.estimator, scaling, sigmoids=sigmoids).shares(image)
    assert np.abs(shares.probabilities() - calibrated.predict_proba(rows).T).max() < 1e-11
    assert np.array_equal(shares.assigned(), inner.estimator.predict(rows))


def test_sigmoids_that_say_no_to_every_class_share_evenly():
    model, scaling, image, _ = case(3, "linear")
    sigmoids = np.array([[0.0] * 3, [1e9] * 3])
    shares = compiled(model, scaling, sigmoids=sigmoids).shares(image)
    assert np.allclose(shares.values, 1 / 3)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_types_of_features(dtype):
    model, scaling, image, rows = case(3, "rbf", dtype)
    assert np.array_equal(compiled(model, scaling).shares(image).assigned(), model.predict(rows))


def test_each_pixel_depends_on_itself_alone():
    model, scaling, image, _ = case(3, "rbf")
    machine = compiled(model, scaling)
    whole = machine.decisions(image)
    for count in (0, 1, RUN - 1, RUN, RUN + 1, 300):
        assert np.array_equal(machine.decisions(np.ascontiguousarray(image[:, :count])), whole[:, :count])


def test_another_kernel():
    with pytest.raises(NotCompiled, match="kernel precomputed"):
        compile_machine("precomputed", np.zeros((2, 2)), np.zeros((1, 2)), np.zeros(1), np.array([1, 1]))
