"""From what a recipe names to a trained model, with the check of the model that goes with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from classify_local.accuracy.groups import Groups, make_groups
from classify_local.accuracy.tuning import Tuned
from classify_local.accuracy.validation import Validation, cross_validate
from classify_local.classifiers import registry
from classify_local.classifiers.scaling import resolve_scaling
from classify_local.classifiers.trained import BandContract, TrainedModel, train
from classify_local.errors import InputError
from classify_local.features.stack import FeatureStack
from classify_local.grid import Window, blocks, spread_blocks
from classify_local.legend import Legend, upper
from classify_local.prepared import Trainable
from classify_local.recipe.classifiers import Classifier
from classify_local.studying import Study, study, trainer, tuned
from classify_local.training.joining import sample_all
from classify_local.training.samples import TrainingReport, TrainingSet, require_two_classes
from classify_local.types import FeatureArray

_FOLDS, _REPEATS = 5, 3
_MANY_ROWS = 10_000
"""Training rows from which the check is made once instead of three times."""
IMAGE_SAMPLES = 1_000_000
"""Pixels of the image by which features are scaled."""
_LOOKED_AT = 64
_FEW_PIXELS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """A model and what there is to say of it.

    Parameters
    ----------
    model
        The model; its `training` holds the whole account, for the model file and the run record.
    training
        The table; of no rows for a classifier that needs none.
    report
        What became of the rows of the reference data; None without training.
    groups
        Rows that stay together in a check; None without training.
    pixels
        Pixels of the image by which features are scaled; None for classifiers that do not scale.
    validation
        The check of the model; None where it was not made.
    search
        The account of a search for better parameters; None if none was asked for.
    unchecked
        Why it was not made, or an empty text.
    """

    model: TrainedModel
    training: TrainingSet
    report: TrainingReport | None
    groups: Groups | None
    pixels: FeatureArray | None
    validation: Validation | None
    search: Tuned | None
    unchecked: str


def learn(
    ready: Trainable,
    say: Callable[[TrainingReport], None] = lambda _report: None,
    stopped: Callable[[], None] = lambda: None,
    *,
    check: bool = True,
    pixels: FeatureArray | None = None,
) -> Learned:
    """Sample the training data, fit the recipe's classifier, and check the model by cross-validation.

    Parameters
    ----------
    ready
        A recipe with all a training needs.
    say
        Receives the account of the training rows before anything is fitted.
    stopped
        Called now and then; may raise to stop.
    check
        Make the check.
    pixels
        Pixels of the image by which features are scaled, if they are known already; see `image_samples`.

    Raises
    ------
    InputError
        If the data do not suit the classifier.
    """
    if not registry.capabilities_of(ready.document.recipe.classifier).training:
        return _of_no_rows(ready)
    training, report = sample_all(ready.points, ready.stack, ready.legend, ready.others)
    say(report)
    return _of_rows(ready, training, report, stopped, check=check, pixels=pixels)


def _of_no_rows(ready: Trainable) -> Learned:
    """A classifier that needs no training data."""
    recipe, none = ready.document.recipe, _no_rows(ready.stack)
    samples = image_samples(ready.stack, IMAGE_SAMPLES // 100)
    model = train(recipe.classifier, none, ready.stack.names, ready.legend, recipe.output.bands, samples)
    return Learned(
        model=replace(model, contract=_contract(ready.stack)), training=none, report=None, groups=None, pixels=None,
        validation=None, search=None, unchecked="",
    )  # fmt: skip


def _of_rows(
    ready: Trainable, training: TrainingSet, report: TrainingReport, stopped: Callable[[], None], *, check: bool,
    pixels: FeatureArray | None = None,
) -> Learned:  # fmt: skip
    recipe, bands = ready.document.recipe, ready.stack.names
    classifier, search = recipe.classifier, None
    if not _is_of_its_class(classifier, training):
        require_two_classes(training, report)
    if pixels is None and registry.capabilities_of(classifier).scaled:
        pixels = image_samples(ready.stack, IMAGE_SAMPLES)
    groups = make_groups(training.xy, training.group, "polygons and groups", _FOLDS)
    if getattr(classifier, "tune", False):
        classifier, search = tuned(classifier, training, as_seen(classifier, training, pixels), bands, groups)
    model = train(classifier, training, bands, ready.legend, recipe.output.bands, pixels)
    validation, unchecked = None, ""
    if check:
        try:
            validation = validate(classifier, training, bands, groups, pixels, stopped)
        except InputError as error:
            unchecked = str(error)
    facts = {
        **model.training, **_report_facts(report), "validation": _validation_facts(validation, unchecked, ready.legend),
        "tuning": None if search is None else search.to_dict(),
    }  # fmt: skip
    return Learned(
        model=replace(model, training=facts, contract=_contract(ready.stack)), training=training, report=report,
        groups=groups, pixels=pixels, validation=validation, search=search, unchecked=unchecked,
    )  # fmt: skip


def _is_of_its_class(classifier: Classifier, training: TrainingSet) -> bool:
    """True if a machine that learns a single class has rows of it."""
    return getattr(classifier, "svm_type", "") == "one_class" and getattr(classifier, "one_class", 0) in training.counts


def validate(
    classifier: Classifier,
    training: TrainingSet,
    bands: tuple[str, ...],
    groups: Groups,
    image_pixels: FeatureArray | None = None,
    stopped: Callable[[], None] = lambda: None,
) -> Validation:
    """Check a classifier on a training table by cross-validation; not the map's accuracy.

    Raises
    ------
    InputError
        If there are too few groups or classes, or a fold does not suit the classifier.
    """
    features = as_seen(classifier, training, image_pixels)
    fit = trainer(classifier, bands)
    repeats = _REPEATS if len(training) <= _MANY_ROWS else 1
    return cross_validate(
        lambda rows, labels, held_out: fit(rows, labels)(held_out), features, training.labels, groups,
        k=_FOLDS, repeats=repeats, stopped=stopped,
    )  # fmt: skip


def as_seen(classifier: Classifier, training: TrainingSet, image_pixels: FeatureArray | None) -> FeatureArray:
    """The features of a training table as the classifier sees them: scaled by the image where it scales."""
    if image_pixels is None:
        return training.features
    scaling = resolve_scaling(classifier.normalize, image_pixels)  # type: ignore[union-attr]
    return training.features if scaling is None else scaling.apply(training.features)


def study_of(learned: Learned, stopped: Callable[[], None] = lambda: None) -> Study | None:
    """What else there is to learn of a model: out-of-bag accuracy and importance; None without training."""
    model = learned.model
    if learned.groups is None:
        return None
    features = as_seen(model.classifier, learned.training, learned.pixels)
    return study(model.classifier, model.fitted, learned.training, features, model.bands, learned.groups, stopped)


def image_samples(stack: FeatureStack, most: int) -> FeatureArray:
    """Valid pixels spread evenly over the image, at most `most`, shape (n, bands).

    Raises
    ------
    InputError
        If no pixel has data in every band.
    """
    found = _pixels_of(stack, spread_blocks(stack.grid.window, _LOOKED_AT), most)
    if len(found) < _FEW_PIXELS:  # the image is nearly empty: look at all of it
        found = _pixels_of(stack, blocks(stack.grid.window, stack.grid.window), most)
    if not len(found):
        raise InputError("images: no pixel has data in every band")
    return found


def _pixels_of(stack: FeatureStack, windows: Iterable[Window], most: int) -> FeatureArray:
    """Valid pixels of some windows, thinned so that they are at most `most`, shape (n, bands)."""
    parts = [np.empty((0, len(stack.names)), dtype=stack.dtype)]
    for window in windows:
        block = stack.read(window)
        pixels = block.features[:, block.valid].T
        parts.append(pixels[:: max(1, -(-len(pixels) * _LOOKED_AT // most))])
    return np.concatenate(parts)


def _contract(stack: FeatureStack) -> tuple[BandContract, ...]:
    return tuple(BandContract(unit=spec.unit, reflectance=spec.reflectance) for spec in stack.bands)


def _no_rows(stack: FeatureStack) -> TrainingSet:
    return TrainingSet(
        features=np.empty((0, len(stack.names)), dtype=stack.dtype), labels=np.empty(0, dtype=np.int64),
        xy=np.empty((0, 2)), source=np.empty(0, dtype=np.int64), group=np.empty(0, dtype=np.int64),
    )  # fmt: skip


def _report_facts(report: TrainingReport) -> dict[str, Any]:
    dropped = [{"source": where, "reason": reason, "rows": n} for (where, reason), n in report.dropped.items()]
    without = {layer: {str(value): n for value, n in lost.items()} for layer, lost in report.mask_losses.items()}
    return {
        "rows_read": dict(report.read),
        "rows_dropped": dropped,
        "rows_without_data": without,
        "notes": list(report.notes),
    }


def _validation_facts(validation: Validation | None, unchecked: str, legend: Legend) -> Mapping[str, Any] | None:
    if validation is not None:
        facts = validation.to_dict()
        if legend.parents:
            level = upper(legend)
            facts["upper_level"] = {"labels": level.labels, **validation.collapsed(level.of).to_dict()}
        return facts
    return {"not made": unchecked} if unchecked else None
