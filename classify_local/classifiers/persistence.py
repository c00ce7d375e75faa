"""Trained models to model files and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, StrictInt, StrictStr, ValidationError

from classify_local.classifiers import forest
from classify_local.classifiers.trained import TrainedModel
from classify_local.errors import InputError, RefusedError
from classify_local.legend import Legend, LegendEntry
from classify_local.recipe.classifiers import Classifier
from classify_local.storage import models

_PREFIX = "forest/"


class _Class(BaseModel):
    value: StrictInt
    label: StrictStr
    color: StrictStr


class _Manifest(BaseModel):
    """What a manifest must say beside format, versions and digests; a file may say anything."""

    classifier: Classifier
    bands: tuple[StrictStr, ...] = Field(min_length=1)
    classes: tuple[StrictInt, ...] = Field(min_length=2)
    legend: tuple[_Class, ...]
    training: dict[str, Any]


def save(model: TrainedModel, path: Path) -> None:
    """Write a model file.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    estimators: Any = model.predictor
    arrays = forest.from_estimators(list(estimators.estimators_)).arrays()
    models.write(path, describe(model), {_PREFIX + name: array for name, array in arrays.items()})


def load(path: Path) -> TrainedModel:
    """Read a model file.

    Raises
    ------
    InputError, RefusedError
        If it is no model, or was tampered with.
    """
    manifest, arrays = models.read(path)
    try:
        said = _Manifest.model_validate(manifest)
        legend = Legend(tuple(LegendEntry(**entry.model_dump()) for entry in said.legend))
    except (ValidationError, InputError) as error:
        raise RefusedError(f"{path}: its manifest does not describe a model") from error
    if list(said.classes) != sorted(set(said.classes) & set(legend.values)) or len(set(said.bands)) != len(said.bands):
        raise RefusedError(f"{path}: its manifest does not describe a model")
    named = {name.removeprefix(_PREFIX): array for name, array in arrays.items()}
    try:
        trees = forest.checked(named, len(said.bands), len(said.classes))
    except RefusedError as error:
        raise RefusedError(f"{path}: {error}; train the model again") from error
    return TrainedModel(
        classifier=said.classifier, bands=said.bands, classes=said.classes, legend=legend, training=said.training,
        predictor=forest.to_classifier(trees, len(said.bands), len(said.classes)),
    )  # fmt: skip


def describe(model: TrainedModel) -> dict[str, Any]:
    """What the manifest says of a model."""
    return {
        "classifier": model.classifier.model_dump(mode="json", by_alias=True),
        "bands": list(model.bands),
        "classes": list(model.classes),
        "legend": [{"value": e.value, "label": e.label, "color": e.color} for e in model.legend],
        "training": model.training,
    }
