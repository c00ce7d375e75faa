"""From the recipe's files as they are now to a snapshot, and what a check says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from classify_local.accuracy.confidence import Above, HeldOutRows, above, held_out_confidence
from classify_local.classifiers import registry
from classify_local.errors import InputError
from classify_local.features.stack import FeatureStack
from classify_local.learning import IMAGE_SAMPLES, Learned, as_seen, image_samples, learn
from classify_local.legend import Legend
from classify_local.live.snapshot import CLASS_PROBABILITY, Snapshot, can_give_probabilities
from classify_local.live.table import PointReader, remembering
from classify_local.mapping.products import CLASS
from classify_local.prepared import Trainable
from classify_local.recipe.classifiers import Classifier
from classify_local.recipe.text import RecipeDocument
from classify_local.storage.safety import AllowedFolders
from classify_local.training.joining import OtherRecipe
from classify_local.types import FeatureArray, LabelArray

THRESHOLDS = tuple(range(0, 100, 5))
"""Percents for which a check says how much is right above."""

_MANY_ROWS = 2000
"""Training rows from which a check on the page is made once instead of three times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What held-out training rows say of a model: a check of the model, not the map's accuracy.

    Parameters
    ----------
    accuracy
        Share of the held-out rows whose class was found, mean over the repeats.
    spread
        Standard deviation over the repeats; None for one.
    rows
        Training rows that were scored.
    how
        What was held out together.
    above
        Figures above thresholds of confidence; empty for a classifier that gives no probabilities.
    """

    accuracy: float
    spread: float | None
    rows: int
    how: str
    above: tuple[Above, ...]


class Learner:
    """Trains a recipe's classifier again and again, keeping what does not change.

    Parameters
    ----------
    stack
        The recipe's features.
    others
        Recipes whose training tables it takes.
    allowed
        Folders in which the sources of a VRT may lie.
    """

    def __init__(self, stack: FeatureStack, others: tuple[OtherRecipe, ...], allowed: AllowedFolders) -> None:
        self._stack, self._others = remembering(stack), others
        self.points = PointReader(stack, allowed)
        """The recipe's reference points."""
        self._pixels: FeatureArray | None = None

    def train(
        self, document: RecipeDocument, legend: Legend, revision: int, stopped: Callable[[], None]
    ) -> tuple[Snapshot, Learned]:
        """A snapshot of what the files say now.

        Raises
        ------
        InputError
            If there is not enough to train with, or the data do not suit the classifier.
        """
        points = self.points.read(document, legend)
        ready = Trainable(
            document=showing(document), stack=self._stack, map_stack=self._stack, legend=legend, points=tuple(points),
            others=self._others,
        )  # fmt: skip
        learned = learn(ready, stopped=stopped, check=False, pixels=self._image_pixels(document.recipe.classifier))
        stopped()
        regression = "regression" in document.recipe.output.bands
        return Snapshot(revision=revision, model=learned.model.warm_up(regression=regression)), learned

    def _image_pixels(self, classifier: Classifier) -> FeatureArray | None:
        if self._pixels is None and registry.capabilities_of(classifier).scaled:
            self._pixels = image_samples(self._stack, IMAGE_SAMPLES)
        return self._pixels


def showing(document: RecipeDocument) -> RecipeDocument:
    """The recipe with the bands that a page shows among its output."""
    recipe = document.recipe
    wanted = (CLASS, CLASS_PROBABILITY) if can_give_probabilities(recipe.classifier) else (CLASS,)
    bands = tuple(dict.fromkeys((*recipe.output.bands, *wanted)))
    output = recipe.output.model_copy(update={"bands": bands})
    return replace(document, recipe=recipe.model_copy(update={"output": output}))


def check(learned: Learned, stopped: Callable[[], None]) -> Check | None:
    """What held-out rows say of a model just trained; None without training.

    Raises
    ------
    InputError
        If there are too few groups or classes.
    """
    if learned.groups is None:
        return None
    classifier, training = learned.model.classifier, learned.training
    features = as_seen(classifier, training, learned.pixels)
    repeats = 3 if len(training) <= _MANY_ROWS else 1
    rows = held_out_confidence(
        _confident(classifier, learned.model.bands), features, training.labels, learned.groups, repeats=repeats,
        stopped=stopped,
    )  # fmt: skip
    found = above(rows, THRESHOLDS) if learned.model.fitted.gives_probabilities else ()
    mean, sd = _over_repeats(rows, repeats)
    return Check(accuracy=mean, spread=sd, rows=len(rows.labels) // repeats, how=learned.groups.how, above=found)


def _over_repeats(rows: HeldOutRows, repeats: int) -> tuple[float, float | None]:
    shares = rows.right.reshape(repeats, -1).mean(axis=1)
    return float(shares.mean()), float(shares.std(ddof=1)) if repeats > 1 else None


def _confident(
    classifier: Classifier, bands: tuple[str, ...]
) -> Callable[[FeatureArray, LabelArray], Callable[[FeatureArray], tuple[LabelArray, NDArray[np.float64]]]]:
    """A function that fits a classifier and gives what tells class and probability of other rows."""
    probability = can_give_probabilities(classifier)
    asked = getattr(classifier, "class_weights", None)
    weighted = asked if isinstance(asked, dict) else ()

    def fit(
        features: FeatureArray, labels: LabelArray
    ) -> Callable[[FeatureArray], tuple[LabelArray, NDArray[np.float64]]]:
        distinct, codes = np.unique(labels, return_inverse=True)
        classes = tuple(distinct.tolist())
        fitted = registry.fit(
            classifier, features, codes, bands=bands, classes=classes, probability=probability,
            weights=registry.resolve_weights(classifier, codes, classes, weighted),
        )  # fmt: skip

        def tell(rows: FeatureArray) -> tuple[LabelArray, NDArray[np.float64]]:
            rows = np.ascontiguousarray(rows, dtype=np.float32)
            found = fitted.predict(rows)
            shares = fitted.predict_proba(rows)[np.arange(len(rows)), found] if probability else np.ones(len(rows))
            return distinct[found], shares

        return tell

    return fit


def sentence(check: Check, threshold: int) -> str:
    """What cross-validation found above a threshold, in words.

    Raises
    ------
    InputError
        If there is no such threshold.
    """
    found = next((each for each in check.above if each.threshold == threshold), None)
    if found is None:
        raise InputError(f"no figures for {threshold} %; there are some for {', '.join(map(str, THRESHOLDS))}")
    if found.right is None:
        return f"no held-out training point reached {threshold} %"
    held = "" if found.errors_held is None else f"; {100 * found.errors_held:.0f} % of all errors lie there too"
    return (
        f"of the held-out training points at {threshold} % or more, {100 * found.right:.0f} % were right: "
        f"{100 * found.share:.0f} % of the points{held}. A check of the model, not the map's accuracy"
    )
