"""What a recipe names, opened: images, legend and reference points, or all that stands against them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from classify_local.classifiers import registry
from classify_local.errors import InputError, Problems
from classify_local.features.images import open_stack
from classify_local.features.stack import FeatureStack
from classify_local.legend import Legend
from classify_local.recipe.text import RecipeDocument, require_available
from classify_local.storage import atomic
from classify_local.storage.legends import recipe_legend
from classify_local.training.collect import read_sources
from classify_local.training.points import ReferencePoints


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A recipe's parts. `legend` is None and `points` are empty where the recipe leaves them out."""

    document: RecipeDocument
    stack: FeatureStack
    legend: Legend | None
    points: tuple[ReferencePoints, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trainable:
    """A recipe that has all a training needs."""

    document: RecipeDocument
    stack: FeatureStack
    legend: Legend
    points: tuple[ReferencePoints, ...]


def prepare(document: RecipeDocument, allow: Sequence[Path], folder: Path | None = None) -> Prepared:
    """Open everything a recipe names.

    Parameters
    ----------
    document
        The recipe.
    allow
        Folders in which the sources of a VRT may lie, besides the recipe's.
    folder
        Where output shall go; it must be writable.

    Raises
    ------
    ClassifyLocalError
        All problems at once.
    """
    require_available(document)
    problems = Problems()
    problems.attempt(lambda: registry.require_can_give(document.recipe.classifier, document.recipe.output.bands))
    stack = problems.attempt(lambda: open_stack(document, allow))
    legend = problems.attempt(lambda: recipe_legend(document))
    points = problems.attempt(lambda: read_sources(document))
    if folder is not None:
        problems.attempt(lambda: atomic.require_writable(folder))
    problems.raise_all()
    if stack is None:
        raise InputError(f"{document.where}: has no images")
    return Prepared(document=document, stack=stack, legend=legend, points=tuple(points or ()))


def prepare_training(document: RecipeDocument, allow: Sequence[Path], folder: Path | None = None) -> Trainable:
    """Open everything a recipe names, and require what a training needs.

    Raises
    ------
    ClassifyLocalError
        All problems at once.
    """
    problems = Problems()
    ready = problems.attempt(lambda: prepare(document, allow, folder))
    if document.recipe.legend is None:
        problems.add(InputError(f"{document.where}: has no legend; a run needs one, for example legend: legend.csv"))
    needed = registry.capabilities_of(document.recipe.classifier).training
    if needed and not document.recipe.training:
        problems.add(
            InputError(f"{document.where}: has no training data; a run needs some, for example - csv: points.csv")
        )
    problems.raise_all()
    if ready is None or ready.legend is None:
        raise InputError(f"{document.where}: has no legend")
    return Trainable(document=document, stack=ready.stack, legend=ready.legend, points=ready.points)
