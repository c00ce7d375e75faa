"""All training data of a recipe as one table, with everything wrong with them said at once."""

from __future__ import annotations

from functools import partial

from classify_local.errors import collect
from classify_local.features.stack import FeatureStack
from classify_local.legend import Legend
from classify_local.recipe.model import CollectedSource, CsvSource
from classify_local.recipe.text import RecipeDocument
from classify_local.training.points import ReferencePoints, read_points
from classify_local.training.samples import TrainingReport, TrainingSet
from classify_local.training.sampling import sample_points


def read_sources(document: RecipeDocument) -> list[ReferencePoints]:
    """The reference points of every training entry.

    Raises
    ------
    InputError
        The problems of all entries.
    """
    sources = [source for source in document.recipe.training if isinstance(source, CollectedSource | CsvSource)]
    return collect(partial(read_points, source, document) for source in sources)


def training_table(document: RecipeDocument, stack: FeatureStack, legend: Legend) -> tuple[TrainingSet, TrainingReport]:
    """A recipe's training table, sampled on its images.

    Raises
    ------
    InputError
        If the data cannot be read, or a class loses all its rows to a band.
    """
    return sample_points(read_sources(document), stack, legend)
