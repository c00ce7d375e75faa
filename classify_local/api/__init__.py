"""The verbs: what a notebook calls, and what the command line and the map page are made of."""

from __future__ import annotations

from classify_local.api.looking import doctor, inspect
from classify_local.api.maps import check, classify, demo, open_stack, run, status, train
from classify_local.api.recipes import load_recipe, recipe_schema
from classify_local.api.training import (
    clear_collected,
    export_training,
    export_training_table,
    import_training,
    sample_classification,
    training_summary,
)
from classify_local.classifiers.trained import TrainedModel
from classify_local.reference_data import Exported

__all__ = [
    "Exported",
    "TrainedModel",
    "check",
    "classify",
    "clear_collected",
    "demo",
    "doctor",
    "export_training",
    "export_training_table",
    "import_training",
    "inspect",
    "load_recipe",
    "open_stack",
    "recipe_schema",
    "run",
    "sample_classification",
    "status",
    "train",
    "training_summary",
]
