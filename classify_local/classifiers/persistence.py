"""Trained models to model files and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from classify_local.classifiers import forest
from classify_local.classifiers.trained import TrainedModel
from classify_local.errors import ClassifyLocalError, RefusedError
from classify_local.legend import Legend, LegendEntry
from classify_local.recipe.classifiers import Classifier
from classify_local.storage import models

_PREFIX = "forest/"
_PARAMETERS: TypeAdapter[Any] = TypeAdapter(Classifier)


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
        bands, classes = tuple(map(str, manifest["bands"])), tuple(map(int, manifest["classes"]))
        legend = Legend(tuple(LegendEntry(**entry) for entry in manifest["legend"]))
        classifier = _PARAMETERS.validate_python(manifest["classifier"])
        training = dict(manifest["training"])
    except (KeyError, TypeError, ValueError, ValidationError, ClassifyLocalError) as error:
        raise RefusedError(f"{path}: its manifest does not describe a model") from error
    if not bands or len(classes) < 2 or len(set(classes)) != len(classes):
        raise RefusedError(f"{path}: its manifest does not describe a model")
    named = {name.removeprefix(_PREFIX): array for name, array in arrays.items()}
    trees = forest.checked(named, len(bands), len(classes))
    predictor = forest.to_classifier(trees, len(bands), len(classes))
    return TrainedModel(
        classifier=classifier,
        bands=bands,
        classes=classes,
        legend=legend,
        predictor=predictor,
        training=training,
    )


def describe(model: TrainedModel) -> dict[str, Any]:
    """What the manifest says of a model."""
    return {
        "classifier": model.classifier.model_dump(mode="json", by_alias=True),
        "bands": list(model.bands),
        "classes": list(model.classes),
        "legend": [{"value": e.value, "label": e.label, "color": e.color} for e in model.legend],
        "training": {
            **model.training,
            "rows_by_class": {str(k): v for k, v in model.training["rows_by_class"].items()},
        },
    }
