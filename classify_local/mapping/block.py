"""From the features of a block to the pixels of a map. Pure: arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from classify_local.classifiers.trained import TrainedModel
from classify_local.mapping.products import CLASS, Product
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
        Gives the probabilities.
    products
        What to make.
    stopped
        Called now and then; may raise to stop.

    Returns
    -------
    dict
        For each product an array of shape (its bands, rows, cols) in its type.
    """
    probabilities = model.probabilities(features[:, valid], stopped)
    best = probabilities.argmax(axis=0)  # the first of equal ones, as scikit-learn's predict takes it
    result = {}
    for product in products:
        out = np.full((len(product.bands), *valid.shape), product.nodata, dtype=product.dtype)
        if product.kind == CLASS:
            out[0, valid] = np.asarray(model.classes)[best]
        else:
            for i, band in enumerate(product.bands):
                out[i, valid] = percent(_probability_of(band, probabilities, best, model.classes))
        result[product.kind] = out
    return result


def percent(probability: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Probability as whole percent, rounded to the nearest even where it lies between two."""
    return np.rint(100.0 * probability).astype(np.uint8)


def _probability_of(
    band: str, probabilities: NDArray[np.float64], best: NDArray[np.intp], classes: Sequence[int]
) -> NDArray[np.float64]:
    """The assigned class's probability, or that of a class value; 0 for classes without training data."""
    if band == "class_probability":
        return np.asarray(probabilities[best, np.arange(probabilities.shape[1])])
    value = int(band.removeprefix("probability_"))
    if value not in classes:
        return np.zeros(probabilities.shape[1])
    return np.asarray(probabilities[classes.index(value)])
