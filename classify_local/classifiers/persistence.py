"""Trained models to model files and back.

A model file holds a canary: pixels with the classes and probabilities the model gave them when it was
written. A model that gives others after loading, for whatever reason, is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, StrictInt, StrictStr, ValidationError

from classify_local.classifiers import registry, scaling
from classify_local.classifiers.inference.protocol import LibraryPredictor
from classify_local.classifiers.protocol import plain
from classify_local.classifiers.trained import BandContract, TrainedModel
from classify_local.errors import InputError, RefusedError
from classify_local.legend import Legend, LegendEntry
from classify_local.recipe.classifiers import Classifier
from classify_local.storage import models

_CANARY = 256
_TOLERANCE = 1e-6
Members = Mapping[str, NDArray[np.generic]]


class _Class(BaseModel):
    value: StrictInt
    label: StrictStr
    color: StrictStr
    parent: StrictStr | None = None


class _Band(BaseModel):
    name: StrictStr
    unit: StrictStr
    reflectance: tuple[float, float] | None


class _Manifest(BaseModel):
    """What a manifest must say beside format, versions and digests; a file may say anything."""

    classifier: Classifier
    bands: tuple[StrictStr, ...] = Field(min_length=1)
    classes: tuple[StrictInt, ...] = Field(min_length=2)
    legend: tuple[_Class, ...]
    training: dict[str, Any]
    contract: tuple[_Band, ...] = ()


def save(model: TrainedModel, path: Path) -> None:
    """Write a model file.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    models.write(path, describe(model), _members(model))


def digest(model: TrainedModel) -> str:
    """Hexadecimal SHA-256 of the model file that `save` would write."""
    return hashlib.sha256(models.pack(describe(model), _members(model))).hexdigest()


def load(path: Path) -> TrainedModel:
    """Read a model file.

    Raises
    ------
    InputError, RefusedError
        If it is no model, or was tampered with.
    """
    manifest, members = models.read(path)
    try:
        said = _Manifest.model_validate(manifest)
        legend = Legend(tuple(LegendEntry(**entry.model_dump()) for entry in said.legend))
    except (ValidationError, InputError) as error:
        raise RefusedError(f"{path}: its manifest does not describe a model; train the model again") from error
    told = tuple(band.name for band in said.contract)
    if told not in ((), said.bands):
        raise RefusedError(f"{path}: its manifest does not describe a model; train the model again")
    if list(said.classes) != sorted(set(said.classes) & set(legend.values)) or len(set(said.bands)) != len(said.bands):
        raise RefusedError(f"{path}: its manifest does not describe a model; train the model again")
    try:
        model = _restored(said, legend, members)
        _require_canary(model, _part(members, "canary"))
    except RefusedError as error:
        raise RefusedError(f"{path}: {error}; train the model again") from error
    return model


def describe(model: TrainedModel) -> dict[str, Any]:
    """What the manifest says of a model."""
    return {
        "classifier": model.classifier.model_dump(mode="json", by_alias=True),
        "bands": list(model.bands),
        "classes": list(model.classes),
        "legend": [_class_facts(entry) for entry in model.legend],
        "training": model.training,
        "contract": [
            {"name": name, "unit": band.unit, "reflectance": band.reflectance}
            for name, band in zip(model.bands, model.contract, strict=False)
        ],
    }


def _class_facts(entry: LegendEntry) -> dict[str, Any]:
    parent = {} if entry.parent is None else {"parent": entry.parent}
    return {"value": entry.value, "label": entry.label, "color": entry.color, **parent}


def _members(model: TrainedModel) -> dict[str, NDArray[np.generic]]:
    """Every array of a model file by the name of its member."""
    members = {f"fitted/{name}": array for name, array in model.fitted.arrays().items()}
    if model.scaling is not None:
        members |= {f"scaling/{name}": array for name, array in model.scaling.arrays().items()}
    if model.regression is not None:
        members |= {f"regression/{name}": array for name, array in model.regression.arrays().items()}
    members |= {f"canary/{name}": array for name, array in _canary(model, model.samples[:_CANARY]).items()}
    return members


def _restored(said: _Manifest, legend: Legend, members: Members) -> TrainedModel:
    parts = {name.partition("/")[0] for name in members}
    if not parts <= {"fitted", "scaling", "regression", "canary"}:
        raise RefusedError("the model holds arrays that no model does")
    bands = len(said.bands)
    return TrainedModel(
        classifier=said.classifier, bands=said.bands, classes=said.classes, legend=legend, training=said.training,
        fitted=registry.restore(said.classifier, _part(members, "fitted"), bands, len(said.classes)),
        scaling=scaling.restore(_part(members, "scaling"), bands) if "scaling" in parts else None,
        regression=(
            registry.restore_regression(said.classifier, _part(members, "regression"), bands)
            if "regression" in parts else None
        ),
        samples=plain(_part(members, "canary"), "rows", np.float32, (None, bands)),
        contract=tuple(BandContract(unit=band.unit, reflectance=band.reflectance) for band in said.contract),
    )  # fmt: skip


def _part(members: Members, name: str) -> dict[str, NDArray[np.generic]]:
    """The members below one folder, without its name."""
    return {full[len(name) + 1 :]: array for full, array in members.items() if full.startswith(f"{name}/")}


def _canary(model: TrainedModel, rows: NDArray[np.float32]) -> dict[str, NDArray[np.generic]]:
    own_class = model.classifier.type == "svm"
    scale = None if model.scaling is None else model.scaling.apply
    shares = LibraryPredictor(model.fitted, len(model.bands), len(model.classes), scale, own_class).shares(rows.T)
    return {"rows": rows, "codes": shares.assigned(), "probabilities": shares.probabilities()}


def _require_canary(model: TrainedModel, stored: Members) -> None:
    count, classes = len(model.samples), len(model.classes)
    codes = plain(stored, "codes", np.int64, (count,), low=0, high=classes - 1)
    probabilities = plain(stored, "probabilities", np.float64, (classes, count), low=0, high=1)
    if not count:
        raise RefusedError("the model has no pixels to prove itself with")
    now = _canary(model, model.samples)
    same = np.array_equal(now["codes"], codes)
    if not same or np.abs(now["probabilities"].astype(np.float64) - probabilities).max() > _TOLERANCE:
        raise RefusedError("the model does not give what it gave when it was written")
