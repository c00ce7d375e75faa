"""The reference points of all training entries of a recipe."""

from __future__ import annotations

from functools import partial

from classify_local.errors import collect
from classify_local.recipe.model import CollectedSource, CsvSource
from classify_local.recipe.text import RecipeDocument
from classify_local.training.points import ReferencePoints, read_points


def read_sources(document: RecipeDocument) -> list[ReferencePoints]:
    """The reference points of every training entry.

    Raises
    ------
    InputError
        The problems of all entries.
    """
    sources = [source for source in document.recipe.training if isinstance(source, CollectedSource | CsvSource)]
    return collect(partial(read_points, source, document) for source in sources)
