"""The reference points of all training entries of a recipe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from classify_local.errors import collect
from classify_local.features.stack import FeatureStack
from classify_local.legend import Legend
from classify_local.recipe.model import CollectedSource, CsvSource, SampleSource, TrainingSource, VectorSource
from classify_local.recipe.text import RecipeDocument
from classify_local.storage.images import open_image
from classify_local.storage.safety import AllowedFolders
from classify_local.training.drawing import draw
from classify_local.training.points import ReferencePoints
from classify_local.training.reading import read_points


def read_sources(
    document: RecipeDocument, stack: FeatureStack | None, legend: Legend | None, allowed: AllowedFolders
) -> list[ReferencePoints]:
    """The reference points of every training entry but other recipes.

    Parameters
    ----------
    document
        The recipe.
    stack
        Polygons become pixels of its grid, and classifications are sampled where it has data; None if it could not
        be opened: then what needs it gives no points, and all else is still looked at.
    legend
        Its labels are taken where values are meant; None if there is none yet.
    allowed
        Folders in which the sources of a VRT may lie.

    Raises
    ------
    InputError
        The problems of all entries.
    """
    steps = [_step(source, document, stack, legend, allowed) for source in document.recipe.training]
    return [points for points in collect(steps) if points is not None]


def _step(
    source: TrainingSource, document: RecipeDocument, stack: FeatureStack | None, legend: Legend | None,
    allowed: AllowedFolders,
) -> Callable[[], ReferencePoints | None]:  # fmt: skip
    if isinstance(source, CollectedSource | CsvSource | VectorSource):
        return partial(read_points, source, document, None if stack is None else stack.grid, legend)
    if isinstance(source, SampleSource):
        return partial(_drawn, source, document, stack, legend, allowed)
    return lambda: None  # another recipe, whose table is made on its own images


def _drawn(
    source: SampleSource, document: RecipeDocument, stack: FeatureStack | None, legend: Legend | None,
    allowed: AllowedFolders,
) -> ReferencePoints | None:  # fmt: skip
    mosaic = open_image(source.sample.path, document.resolve, allowed)
    if stack is None:
        return None
    points = draw(source.sample, mosaic, stack, mosaic.where, None if legend is None else legend.values)
    return replace(points, thin=source.thin)
