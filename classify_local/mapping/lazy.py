"""A map as a lazy xarray dataset, without a run folder: to plot, to slice, or to compute on a cluster."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from classify_local.classifiers import persistence
from classify_local.classifiers.trained import TrainedModel, require_model_gives
from classify_local.features.lazy import Chunks, coordinates, lazy_array, located
from classify_local.features.stack import FeatureStack
from classify_local.grid import BLOCK_SIZE, Window
from classify_local.mapping.products import Product, common_dtype, resolve_products
from classify_local.mapping.window import map_window


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Bands:
    """All output bands of a window in one type; what a dask worker calls."""

    stack: FeatureStack
    model: TrainedModel
    products: tuple[Product, ...]

    def read(self, window: Window) -> NDArray[np.generic]:
        arrays = map_window(self.stack, self.model, self.products, window)
        together = [arrays[product.kind].astype(common_dtype(self.products)) for product in self.products]
        return np.concatenate(together)


def classify(
    stack: FeatureStack,
    model: TrainedModel,
    bands: Sequence[str] = ("class", "class_probability"),
    chunks: Chunks = BLOCK_SIZE,
) -> xr.Dataset:
    """The map of a stack as a dataset of lazy variables, one for each output band.

    Its values are those of `run`: pixels are computed in canonical blocks whatever the chunks.

    Parameters
    ----------
    stack
        The features; the bands the model was trained on are taken by name.
    model
        From `train`.
    bands
        Output bands, as in a recipe.
    chunks
        Side of a chunk, or its rows and columns; multiples of 512 cost least.

    Returns
    -------
    xarray.Dataset
        Variables of shape (y, x) in the types of the map's files, each with its `_FillValue`.

    Raises
    ------
    InputError
        If the stack lacks a band of the model, or the model cannot give an output band.
    """
    require_model_gives(model, bands)
    stack = stack.picked(model.bands, "the model")
    products = resolve_products(bands, model.legend)
    owners = [(name, product) for product in products for name in product.bands]
    dtype = np.dtype(common_dtype(products))
    source = _Bands(stack=stack, model=model, products=products)
    token = hashlib.sha256(f"{stack!r}{persistence.digest(model)}{products}".encode()).hexdigest()
    array = lazy_array(source.read, stack.grid, len(owners), dtype, chunks, token)
    variables = {}
    for i, (name, product) in enumerate(owners):
        layer = xr.DataArray(array[i].astype(product.dtype), dims=("y", "x"), coords=coordinates(stack.grid), name=name)
        layer.attrs["_FillValue"] = product.nodata
        variables[name] = located(layer, stack.grid)
    return xr.Dataset(variables)
