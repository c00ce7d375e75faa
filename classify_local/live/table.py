"""The training table of a recipe, made anew after each change from what is still right of the one before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classify_local.errors import collect
from classify_local.features.images import allowed_folders
from classify_local.features.stack import FeatureStack
from classify_local.legend import Legend
from classify_local.recipe.model import CollectedSource, CsvSource, SampleSource, TrainingSource, VectorSource
from classify_local.recipe.text import RecipeDocument
from classify_local.storage.fingerprint import Stamp, stamp
from classify_local.training.collect import read_sources
from classify_local.training.points import ReferencePoints
from classify_local.types import FeatureArray, MaskArray


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberingStack(FeatureStack):
    """A stack that reads a pixel it has been asked for once only: a click adds one pixel to thousands."""

    known: dict[int, tuple[FeatureArray, MaskArray]] = field(default_factory=dict, repr=False, compare=False)

    def sample(self, rows: NDArray[np.int64], cols: NDArray[np.int64]) -> tuple[FeatureArray, MaskArray]:
        """Features at single pixels; see `FeatureStack`."""
        keys = rows * self.grid.shape[1] + cols
        new = np.array([i for i, key in enumerate(keys.tolist()) if key not in self.known], dtype=np.intp)
        if len(new):
            features, valid = FeatureStack.sample(self, rows[new], cols[new])
            self.known.update(zip(keys[new].tolist(), zip(features, valid, strict=True), strict=True))
        found = [self.known[key] for key in keys.tolist()]
        if not found:
            return FeatureStack.sample(self, rows, cols)
        return np.stack([features for features, _ in found]), np.stack([valid for _, valid in found])


def remembering(stack: FeatureStack) -> RememberingStack:
    """The same stack with a memory for single pixels."""
    return RememberingStack(grid=stack.grid, sources=stack.sources, names=stack.names, picks=stack.picks)


class PointReader:
    """Reference points by training entry, read again only where a file has changed.

    Parameters
    ----------
    stack
        The recipe's.
    allow
        Folders in which the sources of a VRT may lie, besides the recipe's.
    """

    def __init__(self, stack: FeatureStack, allow: Sequence[Path]) -> None:
        self._stack, self._allow = stack, tuple(allow)
        self._kept: dict[int, tuple[object, list[ReferencePoints]]] = {}

    def read(self, document: RecipeDocument, legend: Legend | None) -> list[ReferencePoints]:
        """The points of all entries but other recipes.

        Raises
        ------
        InputError
            The problems of all entries.
        """
        entries = range(len(document.recipe.training))
        found = collect(partial(self._entry, number, document, legend) for number in entries)
        return [points for each in found for points in each]

    def entry(self, number: int, document: RecipeDocument, legend: Legend | None) -> ReferencePoints | None:
        """The points of one entry; None for another recipe."""
        return next(iter(self._entry(number, document, legend)), None)

    def _entry(self, number: int, document: RecipeDocument, legend: Legend | None) -> list[ReferencePoints]:
        source = document.recipe.training[number]
        state = (source, legend, tuple(_stamps(source, document)))
        if number in self._kept and self._kept[number][0] == state:
            return self._kept[number][1]
        recipe = document.recipe.model_copy(update={"training": (source,)})
        alone = RecipeDocument(recipe=recipe, node=document.node, folder=document.folder, where=document.where)
        points = read_sources(alone, self._stack, legend, allowed_folders(document, self._allow))
        self._kept[number] = (state, points)
        return points


def source_paths(source: TrainingSource, document: RecipeDocument) -> list[Path]:
    """The files whose change changes an entry's points."""
    named: list[str | None] = []
    if isinstance(source, CollectedSource):
        named = [source.collected]
    elif isinstance(source, CsvSource):
        named = [source.csv, source.edits]
    elif isinstance(source, VectorSource):
        named = [source.vector, source.edits]
    elif isinstance(source, SampleSource):
        named = [source.sample.path]
    return [document.resolve(path) for path in named if path is not None]


def _stamps(source: TrainingSource, document: RecipeDocument) -> list[Stamp]:
    return [stamp(path) for path in source_paths(source, document)]
