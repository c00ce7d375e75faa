"""Any window of a map, computed in canonical blocks and cropped, so that its pixels depend on nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from classify_local.classifiers.trained import TrainedModel
from classify_local.features.stack import Block, FeatureStack
from classify_local.grid import Window, blocks
from classify_local.mapping.block import classify_block
from classify_local.mapping.products import Product
from classify_local.types import MaskArray


class MaskCount:
    """Pixels that each band or mask removes, counted over blocks.

    Parameters
    ----------
    layers
        Names of bands and masks, in the order of `Block.valid_by_layer`.
    """

    def __init__(self, layers: tuple[str, ...]) -> None:
        self._layers = layers
        self.any: Counter[str] = Counter()
        """Pixels without data in a layer."""
        self.alone: Counter[str] = Counter()
        """Of those, the ones with data in every other layer."""

    def count(self, valid_by_layer: MaskArray) -> None:
        """Add a block, shape (layers, rows, cols)."""
        if valid_by_layer.all():
            return
        missing = len(self._layers) - valid_by_layer.sum(axis=0, dtype=np.int32)
        for layer, valid in zip(self._layers, valid_by_layer, strict=True):
            self.any[layer] += int(valid.size - valid.sum())
            self.alone[layer] += int((~valid & (missing == 1)).sum())


def map_window(
    stack: FeatureStack,
    model: TrainedModel,
    products: Sequence[Product],
    window: Window,
    *,
    seen: Callable[[MaskArray], None] = lambda _valid: None,
    stopped: Callable[[], None] = lambda: None,
) -> dict[str, NDArray[np.generic]]:
    """The products of a window.

    Parameters
    ----------
    stack, model, products
        What to classify, by what, into what.
    window
        Inside the stack's grid.
    seen
        Receives the validity of each part, shape (layers, rows, cols).
    stopped
        Called now and then; may raise to stop.

    Returns
    -------
    dict
        For each product an array of shape (its bands, rows, cols) in its type.
    """
    arrays: dict[str, NDArray[np.generic]] = {
        product.kind: np.empty((len(product.bands), *window.shape), dtype=product.dtype) for product in products
    }
    for area in blocks(window, within=stack.grid.window):
        stopped()
        wanted = area.intersection(window)
        part, target = _crop(stack.read(area), wanted.slices_in(area)), wanted.slices_in(window)
        seen(part.valid_by_layer)
        for kind, values in classify_block(part.features, part.valid, model, products, stopped).items():
            arrays[kind][:, *target] = values
    return arrays


def _crop(block: Block, inside: tuple[slice, slice]) -> Block:
    """The part that is asked for: a tree looks at one pixel at a time, so the rest need not be classified."""
    rows, cols = inside
    return Block(
        features=block.features[:, rows, cols],
        valid=block.valid[rows, cols],
        valid_by_layer=block.valid_by_layer[:, rows, cols],
    )
