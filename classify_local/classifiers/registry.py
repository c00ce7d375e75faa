"""The classifiers by their type: what each can give, and its fitting and restoring behind one interface.

A classifier's module is imported when it is first needed: each brings a library of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from classify_local.classifiers.protocol import Arrays, Fitted, FittedRegressor
from classify_local.errors import InputError, RefusedError
from classify_local.recipe.classifiers import Classifier, SupportVectorMachine
from classify_local.types import FeatureArray, LabelArray

__all__ = [
    "CAPABILITIES", "Capabilities", "capabilities_of", "fit", "fit_regression", "require_can_give", "resolve_weights",
    "restore", "restore_regression", "wants_probabilities",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a classifier can do.

    Parameters
    ----------
    probability
        It can give probabilities.
    regression
        It can be fitted to the class values as numbers.
    training
        It needs training data.
    scaled
        Its features are brought to a common scale first, as its `normalize` says.
    """

    probability: bool
    regression: bool
    training: bool = True
    scaled: bool = False


CAPABILITIES = {
    "random_forest": Capabilities(probability=True, regression=True),
    "gradient_tree_boost": Capabilities(probability=True, regression=True),
    "cart": Capabilities(probability=True, regression=True),
    "naive_bayes": Capabilities(probability=True, regression=False),
    "svm": Capabilities(probability=True, regression=False, scaled=True),
    "minimum_distance": Capabilities(probability=False, regression=False, scaled=True),
    "decision_tree": Capabilities(probability=False, regression=False, training=False),
}
"""By the type that a recipe names; each is also the name of a module here."""


def capabilities_of(classifier: Classifier) -> Capabilities:
    """What a classifier with these parameters can do."""
    found = CAPABILITIES[classifier.type]
    if _is_one_class(classifier):
        return Capabilities(probability=False, regression=False, scaled=True)
    return found


def wants_probabilities(output_bands: Collection[str]) -> bool:
    """Whether any of a map's bands is a probability."""
    return any("probabilit" in band for band in output_bands)


def require_can_give(classifier: Classifier, output_bands: Collection[str]) -> None:
    """Refuse bands that a classifier cannot give.

    Raises
    ------
    InputError
        One line for each kind of band, with the classifiers that can.
    """
    can, problems = capabilities_of(classifier), []
    kinds = {kind: [band for band in output_bands if kind[:10] in band] for kind in ("probability", "regression")}
    for kind, bands in kinds.items():
        if bands and not getattr(can, kind):
            others = [name for name, each in CAPABILITIES.items() if getattr(each, kind)]
            named = "svm of type one_class" if _is_one_class(classifier) else classifier.type
            problems.append(
                f"output.bands: {named} cannot give {', '.join(bands)}; {', '.join(others[:-1])} and {others[-1]} can"
            )
    if problems:
        raise InputError(*problems)


def fit(
    classifier: Classifier, features: FeatureArray, codes: LabelArray,
    *, bands: Sequence[str], classes: Sequence[int], probability: bool, weights: NDArray[np.float64] | None = None,
) -> Fitted:  # fmt: skip
    """A classifier fitted to a training table.

    Parameters
    ----------
    classifier
        Its parameters.
    features
        Shape (n, bands), scaled if `capabilities_of` says so. Of no rows for a classifier that needs no training.
    codes
        Positions of the rows' classes in `classes`, shape (n,). Every class must occur, but for a decision tree and
        for the class that a one_class svm does not know.
    bands
        Names of the bands.
    classes
        Class values, ascending.
    probability
        Whether probabilities will be asked for.
    weights
        Of the rows, as `resolve_weights` gives them.

    Raises
    ------
    InputError
        If a parameter does not fit the table.
    """
    module = _module(classifier)
    if classifier.type == "decision_tree":
        return cast("Fitted", module.build(classifier, bands, classes))
    chosen: dict[str, Any] = {}
    if isinstance(classifier, SupportVectorMachine) and classifier.svm_type == "one_class":
        chosen["one_class"] = _one_class_code(classifier, classes)
    elif len(np.unique(codes)) != len(classes):
        raise ValueError(f"codes of {len(np.unique(codes))} classes for {len(classes)} class values")
    fitted = module.fit(classifier, features, codes, probability=probability, weights=weights, **chosen)
    return cast("Fitted", fitted)


def restore(classifier: Classifier, arrays: Arrays, n_bands: int, n_classes: int) -> Fitted:
    """The fitted classifier whose arrays these are; it predicts as the one that gave them.

    Raises
    ------
    RefusedError
        If they are none of this classifier's.
    """
    if n_bands < 1 or n_classes < 1:
        raise RefusedError("the model has no bands or no classes")
    return cast("Fitted", _module(classifier).restore(classifier, arrays, n_bands, n_classes))


def fit_regression(classifier: Classifier, features: FeatureArray, labels: NDArray[Any]) -> FittedRegressor:
    """A regression of class values, shape (n,), on features, shape (n, bands).

    Raises
    ------
    InputError
        If the classifier has none, or a parameter does not fit the table.
    """
    require_can_give(classifier, ("regression",))
    return cast("FittedRegressor", _module(classifier).fit_regression(classifier, features, labels))


def restore_regression(classifier: Classifier, arrays: Arrays, n_bands: int) -> FittedRegressor:
    """The regression whose arrays these are.

    Raises
    ------
    RefusedError
        If they are none of this classifier's.
    """
    if not capabilities_of(classifier).regression:
        raise RefusedError(f"the model has a regression, which a {classifier.type} has not")
    return cast("FittedRegressor", _module(classifier).restore_regression(classifier, arrays, n_bands))


def resolve_weights(
    classifier: Classifier, codes: LabelArray, classes: Sequence[int], legend: Collection[int] = ()
) -> NDArray[np.float64] | None:
    """Weight of each row as the classifier's `class_weights` says; None if all count the same.

    Parameters
    ----------
    classifier
        Its parameters.
    codes
        Positions of the rows' classes in `classes`.
    classes
        Class values with training rows, ascending.
    legend
        Class values that may have a weight without having rows.

    Raises
    ------
    InputError
        If a weight is for no class.
    """
    asked = getattr(classifier, "class_weights", None)
    if not asked:
        return None
    if asked == "balanced":
        sizes = np.bincount(codes, minlength=len(classes))
        return np.asarray(len(codes) / (np.count_nonzero(sizes) * sizes[codes].astype(np.float64)))
    allowed = sorted({*classes, *legend})
    unknown = [value for value in asked if value not in allowed]
    if unknown:
        raise InputError(
            f"classifier.class_weights: there is no class {', '.join(map(str, unknown))}; "
            f"the classes are {', '.join(map(str, allowed))}"
        )
    return np.array([float(asked.get(value, 1)) for value in classes])[codes]


def _module(classifier: Classifier) -> Any:
    return import_module(f"{__package__}.{classifier.type}")


def _is_one_class(classifier: Classifier) -> bool:
    return isinstance(classifier, SupportVectorMachine) and classifier.svm_type == "one_class"


def _one_class_code(classifier: SupportVectorMachine, classes: Sequence[int]) -> int:
    if len(classes) != 2:
        raise InputError(
            f"classifier.svm_type: one_class needs a legend of exactly 2 classes, not {len(classes)}; take c_svc"
        )
    chosen = classifier.one_class
    if chosen is None or chosen not in classes:
        named = "is missing" if chosen is None else f"is {chosen}"
        raise InputError(f"classifier.one_class: {named}; it must be one of the legend's, {classes[0]} or {classes[1]}")
    return list(classes).index(chosen)
