"""What a map consists of: its files, their bands, types and nodata, decided from recipe and legend."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from classify_local.errors import InputError
from classify_local.legend import Legend, class_dtype, resolve_nodata

PERCENT_NODATA = 255
CLASS = "class"
PROBABILITY = "probability"
REGRESSION = "regression"


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One kind of output file.

    Parameters
    ----------
    kind
        `class`, `probability` or `regression`; part of the file names.
    bands
        Names of its bands.
    dtype
        Type of its values.
    nodata
        The value that means no map here.
    overviews
        How overviews are made.
    """

    kind: str
    bands: tuple[str, ...]
    dtype: str
    nodata: float
    overviews: str


def resolve_products(wanted: Sequence[str], legend: Legend) -> tuple[Product, ...]:
    """The files that a recipe's output bands ask for.

    Raises
    ------
    InputError
        If a probability is asked for a value the legend does not have.
    """
    bands = resolve_bands(wanted, legend)
    products = []
    if CLASS in bands:
        dtype = class_dtype(legend)
        products.append(
            Product(
                kind=CLASS,
                bands=(CLASS,),
                dtype=str(dtype),
                nodata=resolve_nodata(legend, dtype),
                overviews="mode",
            )
        )
    percents = tuple(band for band in bands if band not in (CLASS, REGRESSION))
    if percents:
        products.append(
            Product(kind=PROBABILITY, bands=percents, dtype="uint8", nodata=PERCENT_NODATA, overviews="average")
        )
    if REGRESSION in bands:
        products.append(
            Product(kind=REGRESSION, bands=(REGRESSION,), dtype="float32", nodata=math.nan, overviews="average")
        )
    return tuple(products)


def resolve_bands(wanted: Sequence[str], legend: Legend) -> tuple[str, ...]:
    """Output bands in their fixed order, each once: class, class_probability, probability_<value> as asked.

    Raises
    ------
    InputError
        If the legend does not have a value.
    """
    asked: list[str] = []
    for name in wanted:
        asked += [f"probability_{value}" for value in legend.values] if name == "probabilities" else [name]
    known = {"class", "class_probability", "regression", *(f"probability_{value}" for value in legend.values)}
    problems = [
        f"output.bands: {name}: the legend has no such class; its values are {', '.join(map(str, legend.values))}"
        for name in asked
        if name not in known
    ]
    if problems:
        raise InputError(*problems)
    first = [name for name in ("class", "class_probability", "regression") if name in asked]
    return tuple(dict.fromkeys([*first, *asked]))


def common_dtype(products: Sequence[Product]) -> str:
    """One type that holds all products, for the VRT over all of them."""
    return str(np.result_type(*(product.dtype for product in products)))
