"""What this version does not do yet is said of every part, and of nothing else."""

from __future__ import annotations

import ast
import inspect
from typing import Any

import pytest

from classify_local.recipe import availability
from classify_local.recipe.model import Recipe
from tests.faults.recipe_rows import NOT_YET
from tests.faults.scene import Scene, default_recipe


def parts_of(**changes: Any) -> list[tuple[tuple[str | int, ...], str]]:
    return list(availability.unavailable(Recipe.model_validate(default_recipe() | changes)))


def test_the_plain_recipe_is_available():
    assert parts_of() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"training": [{"collected": "points.csv"}]},
        {"training": [{"csv": "a.csv", "x": "x", "y": "y", "crs": "EPSG:32736", "class": "c"}]},
        {"output": {"bands": ["class", "class_probability", "probabilities", "probability_10"], "tile_size": 64}},
        {"images": [{"path": ["a.tif", "b.tif"], "mask": {"band": 1}, "nodata": 0, "bands": {"a": 1}}]},
        {"allowed_folders": ["/data"], "name": "map"},
    ],
)
def test_what_is_done_is_not_refused(changes: dict[str, Any]):
    assert parts_of(**changes) == []


@pytest.mark.parametrize("row", NOT_YET, ids=[row.id for row in NOT_YET])
def test_what_is_not_done_is_named(row: Any, tmp_path: Any):
    scene = Scene(tmp_path)
    row.make(scene)

    found = list(availability.unavailable(Recipe.model_validate(scene.recipe)))

    assert len(found) == row.lines


def test_every_branch_of_the_module_has_a_row():
    """The table of bad input names each `yield` of the module, so that none is forgotten."""
    tree = ast.parse(inspect.getsource(availability))
    yields = [node for node in ast.walk(tree) if isinstance(node, ast.Yield)]
    said = set()
    for row in NOT_YET:
        scene = Scene(None)  # type: ignore[arg-type]
        row.make(scene)
        said |= {what for _, what in availability.unavailable(Recipe.model_validate(scene.recipe))}

    constants = {text for node in yields for text in _texts(node.value)}
    missing = [text for text in constants if not any(text in what for what in said)]
    assert missing == []


def _texts(value: Any) -> list[str]:
    """The constant text of the second value of a yield."""
    what = value.elts[1]
    if isinstance(what, ast.Constant):
        return [str(what.value)]
    return [max((part.value for part in what.values if isinstance(part, ast.Constant)), key=len)]
