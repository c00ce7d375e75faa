"""The parts of a recipe, opened: what `preparation` gives and all that follows takes."""

from __future__ import annotations

from dataclasses import dataclass

from classify_local.features.stack import FeatureStack
from classify_local.legend import Legend
from classify_local.recipe.text import RecipeDocument
from classify_local.training.joining import OtherRecipe
from classify_local.training.points import ReferencePoints


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A recipe's parts. `legend` is None, `points` and `others` are empty where the recipe leaves them out.

    `stack` lies on the first image's grid, where reference data take their values; `map_stack` on the map's, which is
    the same unless the recipe's output says otherwise.
    """

    document: RecipeDocument
    stack: FeatureStack
    map_stack: FeatureStack
    legend: Legend | None
    points: tuple[ReferencePoints, ...]
    others: tuple[OtherRecipe, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trainable:
    """A recipe that has all a training needs; see `Prepared`."""

    document: RecipeDocument
    stack: FeatureStack
    map_stack: FeatureStack
    legend: Legend
    points: tuple[ReferencePoints, ...]
    others: tuple[OtherRecipe, ...] = ()
