"""Land-cover classification on your own machine.

The verbs live in `classify_local.api` and are imported when they are first used, so that importing
the package is quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from classify_local.errors import (
    ClassifyLocalError,
    InputError,
    Interrupted,
    LockedError,
    RefusedError,
    StorageError,
    TilesFailed,
)

if TYPE_CHECKING:
    from classify_local.api import (
        check,
        classify,
        demo,
        doctor,
        inspect,
        load_recipe,
        open_stack,
        recipe_schema,
        run,
        status,
        train,
    )
    from classify_local.classifiers.trained import TrainedModel
    from classify_local.features.stack import BandSpec, Block, FeatureStack
    from classify_local.grid import Grid, Tile, Window
    from classify_local.legend import Legend, LegendEntry

__version__ = "0.1.0"

_LAZY = {
    "BandSpec": "features.stack",
    "Block": "features.stack",
    "FeatureStack": "features.stack",
    "Grid": "grid",
    "Legend": "legend",
    "LegendEntry": "legend",
    "Tile": "grid",
    "TrainedModel": "classifiers.trained",
    "Window": "grid",
    "check": "api",
    "classify": "api",
    "demo": "api",
    "doctor": "api",
    "inspect": "api",
    "load_recipe": "api",
    "open_stack": "api",
    "recipe_schema": "api",
    "run": "api",
    "status": "api",
    "train": "api",
}

__all__ = [
    "BandSpec",
    "Block",
    "ClassifyLocalError",
    "FeatureStack",
    "Grid",
    "InputError",
    "Interrupted",
    "Legend",
    "LegendEntry",
    "LockedError",
    "RefusedError",
    "StorageError",
    "Tile",
    "TilesFailed",
    "TrainedModel",
    "Window",
    "check",
    "classify",
    "demo",
    "doctor",
    "inspect",
    "load_recipe",
    "open_stack",
    "recipe_schema",
    "run",
    "status",
    "train",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
