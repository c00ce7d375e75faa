"""From the features of a block to the pixels of a map. Pure: arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from classify_local.classifiers.inference.tail import ABSENT, ASSIGNED, MapPixels, positions_of, write_shares
from classify_local.classifiers.trained import CHUNK, TrainedModel
from classify_local.mapping.products import CLASS, PROBABILITY, REGRESSION, Product
from classify_local.types import FeatureArray, MaskArray


def classify_block(
    features: FeatureArray,
    valid: MaskArray,
    model: TrainedModel,
    products: Sequence[Product],
    stopped: Callable[[], None] = lambda: None,
) -> dict[str, NDArray[np.generic]]:
    """The output bands of a block, by product kind.

    Parameters
    ----------
    features
        Shape (bands, rows, cols).
    valid
        Shape (rows, cols); the others become nodata.
    model
        Gives the class shares.
    products
        What to make.
    stopped
        Called now and then; may raise to stop.

    Returns
    -------
    dict
        For each product an array of shape (its bands, rows, cols) in its type.
    """
    made = {
        product.kind: np.full((len(product.bands), *valid.shape), product.nodata, dtype=product.dtype)
        for product in products
    }
    positions = positions_of(valid)
    flat = features.reshape(len(features), -1)
    pixels = flat if valid.all() else np.take(flat, positions, axis=1)
    target = _target(made, products, model, valid.shape)
    for first in range(0, len(positions), CHUNK):
        stopped()
        part = np.ascontiguousarray(pixels[:, first : first + CHUNK])
        places = positions[first : first + CHUNK]
        if CLASS in made or PROBABILITY in made:
            write_shares(model.predictor.shares(part), places, target)
        if REGRESSION in made:
            made[REGRESSION].reshape(-1)[places] = model.regressor.values(part)
    return made


def _target(
    made: dict[str, NDArray[np.generic]], products: Sequence[Product], model: TrainedModel, shape: tuple[int, ...]
) -> MapPixels:
    """Where the class and the percents of the pixels go."""
    class_map = made[CLASS][0] if CLASS in made else None
    dtype = np.int64 if class_map is None else class_map.dtype
    percents = next((product.bands for product in products if product.kind == PROBABILITY), ())
    return MapPixels(
        class_values=np.array(model.classes, dtype=dtype),
        class_map=class_map,
        percents=made[PROBABILITY].view(np.uint8) if PROBABILITY in made else np.empty((0, *shape), dtype=np.uint8),
        percent_of=[_class_of(band, model.classes) for band in percents],
    )


def _class_of(band: str, classes: Sequence[int]) -> int:
    """The number of the class whose probability a band shows; classes without training data are absent."""
    if band == "class_probability":
        return ASSIGNED
    value = int(band.removeprefix("probability_"))
    return classes.index(value) if value in classes else ABSENT
