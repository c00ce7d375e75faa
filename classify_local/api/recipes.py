"""Recipes as what the other verbs take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from classify_local.recipe.model import Recipe
from classify_local.recipe.text import RecipeDocument, load

PathLike = str | Path
RecipeLike = str | Path | Mapping[str, Any] | RecipeDocument


def load_recipe(recipe: RecipeLike) -> RecipeDocument:
    """A recipe from its file, or from a mapping of the same shape.

    Raises
    ------
    InputError
        With one line for each problem.
    """
    return load(recipe)


def recipe_schema() -> dict[str, Any]:
    """The JSON Schema of recipes."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Recipe.model_json_schema(by_alias=True),
    }


def as_paths(given: Sequence[PathLike]) -> list[Path]:
    """Texts or paths as paths."""
    return [Path(path) for path in given]
