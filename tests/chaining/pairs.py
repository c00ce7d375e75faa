"""Two recipes in folders of their own, of which the second takes the first one's map."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from classify_local.chaining.maps import RecipeMap, recipe_maps
from classify_local.preparation import open_images
from classify_local.recipe.text import load
from tests.integration.synthetic import write_scene

LEGEND_VALUES = (1, 2, 5, 7)


def write_inner(folder: Path) -> Path:
    """The recipe `2020/scene.yml`: 700 x 1300 pixels in six blocks; class, its probability, and that of class 5."""
    (folder / "2020").mkdir(parents=True)
    return write_scene(folder / "2020", trees=3)


def write_outer(folder: Path, name: str = "outer", **changes: Any) -> Path:
    """A recipe in `2021` on two bands of the image and the other's map; `taken` are keys of its entry."""
    taken = changes.pop("taken", {})
    recipe = {
        "images": [
            {"path": "../2020/image.tif", "bands": ["band0", "band1"]},
            {"recipe": "../2020/scene.yml", **taken},
        ],
        "legend": "../2020/legend.csv",
        "training": [{"csv": "points.csv", "x": "x", "y": "y", "crs": "EPSG:32736"}],
        "classifier": {"type": "random_forest", "number_of_trees": 3},
        "output": {"tile_size": 256},
    } | changes
    (folder / "2021").mkdir(exist_ok=True)
    shutil.copy(folder / "2020" / "points.csv", folder / "2021" / "points.csv")
    path = folder / "2021" / f"{name}.yml"
    YAML().dump(recipe, path)
    return path


def map_of(recipe: Path) -> RecipeMap:
    """The one map of another recipe that a recipe takes."""
    (found,) = recipe_maps(open_images(load(recipe), ()))
    return found
