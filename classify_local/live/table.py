"""The training table of a recipe, made anew after each change from what is still right of the one before."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classify_local.errors import collect
from classify_local.features.stack import FeatureStack
from classify_local.legend import Legend
from classify_local.recipe.model import CollectedSource, CsvSource, SampleSource, TrainingSource, VectorSource
from classify_local.recipe.text import RecipeDocument
from classify_local.storage.fingerprint import Stamp, stamp
from classify_local.storage.safety import AllowedFolders
from classify_local.training.collect import read_sources
from classify_local.training.points import ReferencePoints
from classify_local.types import FeatureArray, MaskArray


class _Known:
    """Pixels that were read already: their keys, ascending, with features and validity."""

    def __init__(self) -> None:
        self.keys = np.empty(0, dtype=np.int64)
        self.features: FeatureArray | None = None
        self.valid: MaskArray | None = None

    def lacks(self, keys: NDArray[np.int64]) -> MaskArray:
        """Where keys are not among the known ones, shape (n,)."""
        return ~np.isin(keys, self.keys)

    def add(self, keys: NDArray[np.int64], features: FeatureArray, valid: MaskArray) -> None:
        """Take in pixels that are new."""
        keys, first = np.unique(keys, return_index=True)
        if self.features is not None and self.valid is not None:
            keys = np.concatenate([self.keys, keys])
            features = np.concatenate([self.features, features[first]])
            valid = np.concatenate([self.valid, valid[first]])
            first = np.argsort(keys)
            keys = keys[first]
        self.keys, self.features, self.valid = keys, features[first], valid[first]

    def get(self, keys: NDArray[np.int64]) -> tuple[FeatureArray, MaskArray]:
        """Features and validity of known keys."""
        if self.features is None or self.valid is None:
            raise ValueError("nothing is known yet")
        places = np.searchsorted(self.keys, keys)
        return self.features[places], self.valid[places]


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberingStack(FeatureStack):
    """A stack that reads a pixel it has been asked for once only: a click adds one pixel to thousands."""

    known: _Known = field(default_factory=_Known, repr=False, compare=False)

    def sample(self, rows: NDArray[np.int64], cols: NDArray[np.int64]) -> tuple[FeatureArray, MaskArray]:
        """Features at single pixels; see `FeatureStack`."""
        keys = rows * self.grid.shape[1] + cols
        new = self.known.lacks(keys)
        if new.any():
            self.known.add(keys[new], *FeatureStack.sample(self, rows[new], cols[new]))
        return self.known.get(keys) if len(keys) else FeatureStack.sample(self, rows, cols)


def remembering(stack: FeatureStack) -> RememberingStack:
    """The same stack with a memory for single pixels."""
    return RememberingStack(grid=stack.grid, sources=stack.sources, names=stack.names, picks=stack.picks)


class PointReader:
    """Reference points by training entry, read again only where a file has changed.

    Parameters
    ----------
    stack
        The recipe's.
    allowed
        Folders in which the sources of a VRT may lie.
    """

    def __init__(self, stack: FeatureStack, allowed: AllowedFolders) -> None:
        self._stack, self._allowed = stack, allowed
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
        points = read_sources(alone, self._stack, legend, self._allowed)
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
