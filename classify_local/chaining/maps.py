"""A recipe's map as an image: its pixels come from finished files or from the recipe's model, and are the same."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from classify_local.chaining.once import Once
from classify_local.classifiers.trained import TrainedModel
from classify_local.errors import ClassifyLocalError, Interrupted
from classify_local.features.images import ImageSource
from classify_local.features.stack import FeatureStack
from classify_local.grid import BLOCK_SIZE, Grid, Window, blocks
from classify_local.learning import learn
from classify_local.mapping.plan import training_files
from classify_local.mapping.products import REGRESSION, Product
from classify_local.mapping.window import map_window
from classify_local.prepared import Trainable
from classify_local.recipe.text import RecipeDocument
from classify_local.storage.composite import Image
from classify_local.storage.rasters import RasterFile, is_data
from classify_local.storage.sources import Remotes
from classify_local.types import FeatureArray, MaskArray

T = TypeVar("T")
Arrays = Mapping[str, NDArray[np.generic]]
"""For each kind of product the pixels of a block, shape (bands, rows, cols)."""

KEPT_BYTES = 256_000_000
"""Computed blocks of maps that are kept; a block of two bands of bytes takes half a megabyte."""
_KEPT_MODELS = 8

_BLOCKS: Once[Arrays] = Once(KEPT_BYTES, lambda arrays: sum(array.nbytes for array in arrays.values()))
_MODELS: Once[TrainedModel] = Once(_KEPT_MODELS, lambda _model: 1)


class Way(Protocol):
    """How the pixels of a map are come by."""

    @property
    def products(self) -> tuple[Product, ...]:
        """What it gives."""
        ...

    def read(self, product: Product, numbers: Sequence[int], window: Window) -> tuple[FeatureArray, MaskArray]:
        """Values and validity of bands of a product (from 1) in a window of the grid."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A map that was run: `files` has its pixels by kind of product."""

    products: tuple[Product, ...]
    files: Mapping[str, Image]

    def read(self, product: Product, numbers: Sequence[int], window: Window) -> tuple[FeatureArray, MaskArray]:
        """See `Way`."""
        return self.files[product.kind].read(numbers, window)


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """A map that is made where it is asked for, in the blocks in which a run would make it.

    Parameters
    ----------
    products
        What is made of each block.
    ready
        The recipe; its model is trained when the first block is asked for.
    key
        Digest of all that model and pixels depend on.
    """

    products: tuple[Product, ...]
    ready: Trainable
    key: str

    def read(self, product: Product, numbers: Sequence[int], window: Window) -> tuple[FeatureArray, MaskArray]:
        """See `Way`."""
        values = np.empty((len(numbers), *window.shape), dtype=product.dtype)
        for block in blocks(window, self.ready.map_stack.grid.window):
            part = block.intersection(window)
            rows, cols = part.slices_in(block)
            found = self._block(block)[product.kind]
            for i, number in enumerate(numbers):
                values[i][part.slices_in(window)] = found[number - 1, rows, cols]
        return values, is_data(values, product.nodata)

    def _block(self, block: Window) -> Arrays:
        return _BLOCKS.get((self.key, self.products, block.row, block.col), lambda: self._made(block))

    def _made(self, block: Window) -> Arrays:
        made = map_window(self.ready.map_stack, self._model(), self.products, block)
        return {kind: _apart(values) for kind, values in made.items()}

    def _model(self) -> TrainedModel:
        return _MODELS.get(self.key, self._train)

    def _train(self) -> TrainedModel:
        model = learn(self.ready, check=False).model
        return model.warm_up(regression=any(product.kind == REGRESSION for product in self.products))


def _apart(values: NDArray[np.generic]) -> NDArray[np.generic]:
    """A copy outside the heap, read-only: kept on it among large short-lived arrays, small ones would tear it apart."""
    copy = np.frombuffer(mmap.mmap(-1, values.nbytes), dtype=values.dtype).reshape(values.shape)
    copy[...] = values
    copy.flags.writeable = False
    return copy


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeMap:
    """The map of a recipe as an `Image`.

    Parameters
    ----------
    where
        The recipe's file.
    grid
        The map's.
    names, dtypes
        Its bands: those that are asked for, then what bands derived from them need.
    default
        Numbers (from 1) of those that are asked for.
    paths
        The files that decide the pixels: the recipe's images, its training data, those of recipes it takes in turn.
    remotes
        Those of them on web servers.
    recipes
        The recipe, and those it takes in turn, each with the digest of what is asked for.
    digest
        Of all that decides the pixels.
    taught_by
        The files of its training data, and of those of recipes it takes in turn.
    way
        Where they come from; they are the same whichever it is.
    notes
        A sentence for the user that says which it is.
    """

    where: str
    grid: Grid
    names: tuple[str, ...]
    dtypes: tuple[str, ...]
    default: tuple[int, ...]
    paths: tuple[Path, ...]
    remotes: Remotes
    recipes: tuple[tuple[Path, str], ...]
    digest: str
    taught_by: tuple[Path, ...]
    way: Way = field(repr=False)
    notes: tuple[str, ...] = field(repr=False)

    @property
    def alpha(self) -> tuple[int, ...]:
        """None."""
        return ()

    @property
    def scale(self) -> float | None:
        """None: classes and percents are no reflectance."""
        return None

    @property
    def offset(self) -> float | None:
        """None."""
        return None

    @property
    def files(self) -> tuple[RasterFile, ...]:
        """None: what it is made of are no rasters of its own."""
        return ()

    def read(self, bands: Sequence[int], window: Window) -> tuple[FeatureArray, MaskArray]:
        """Values and validity of bands in a window; see `Image.read`.

        Raises
        ------
        ClassifyLocalError
            If an input of the recipe cannot be read, or does not suit its classifier; the recipe is named.
        """
        names = [self.names[band - 1] for band in bands]
        dtype = np.result_type(*(np.dtype(self.dtypes[band - 1]) for band in bands))
        values = np.zeros((len(bands), *window.shape), dtype=dtype)
        valid = np.zeros(values.shape, dtype=bool)
        inside = window.intersection(self.grid.window)
        if inside.is_empty:
            return values, valid
        rows, cols = inside.slices_in(window)
        for product in self.way.products:
            at = [i for i, name in enumerate(names) if name in product.bands]
            if at:
                numbers = [product.bands.index(names[i]) + 1 for i in at]
                found, shown = of_recipe(self.where, partial(self.way.read, product, numbers, inside))
                values[at, rows, cols], valid[at, rows, cols] = found, shown
        return values, valid


def of_recipe(where: str, step: Callable[[], T], told: Callable[[], Container[str]] = tuple) -> T:
    """The result of a step, or its problems with the recipe they are of in front; those `told` have it already."""
    try:
        return step()
    except Interrupted:
        raise
    except ClassifyLocalError as error:
        known = told()
        lines = [line if line.startswith(where) or line in known else f"{where}: {line}" for line in error.problems]
        raise type(error)(*lines) from error


def recipe_maps(stack: FeatureStack) -> tuple[RecipeMap, ...]:
    """The maps of other recipes in a stack."""
    images = [source.mosaic for source in stack.sources if isinstance(source, ImageSource)]
    return tuple(image for image in images if isinstance(image, RecipeMap))


def recipe_notes(stack: FeatureStack, document: RecipeDocument) -> tuple[str, ...]:
    """What a user should know of the maps of other recipes in a stack: how they are come by, and what they learned."""
    own = {path.resolve() for path in training_files(document)}
    shared = [_shared_note(image, own & set(image.taught_by)) for image in recipe_maps(stack)]
    return tuple(dict.fromkeys([*_ways(stack), *filter(None, shared)]))


def _shared_note(image: RecipeMap, shared: set[Path]) -> str:
    """A map knows the points it learned from, so that a check by the same points finds it better than it is."""
    if not shared:
        return ""
    return (
        f"{image.where}: learned from {', '.join(sorted(path.name for path in shared))} too, so its bands know these "
        "rows' classes and the check of the model is too good; keep the training data of the two apart"
    )


def _ways(stack: FeatureStack) -> list[str]:
    """How maps are come by; also those that these take in turn, if they have to be read."""
    found: list[str] = []
    for image in recipe_maps(stack):
        found += image.notes
        if isinstance(image.way, Computed):
            found += _ways(image.way.ready.map_stack)
    return found


def recipe_bytes(stack: FeatureStack, workers: int) -> int:
    """Memory that computing other recipes' maps takes: blocks that are kept, and for each worker one in work."""
    ways = [image.way for image in recipe_maps(stack) if isinstance(image.way, Computed)]
    if not ways:
        return 0
    return KEPT_BYTES + workers * sum(_block_bytes(way) for way in ways)


def _block_bytes(way: Computed) -> int:
    """A block of features with copies, and its pixels, of this recipe and of those it takes in turn."""
    stack = way.ready.map_stack
    inner = [image.way for image in recipe_maps(stack) if isinstance(image.way, Computed)]
    features = len(stack.names) * (3 * stack.dtype.itemsize + 6) + 16 * len(way.ready.legend.values)
    return BLOCK_SIZE**2 * features + sum(map(_block_bytes, inner))


def forget() -> None:
    """Forget all models and blocks."""
    _BLOCKS.clear()
    _MODELS.clear()
