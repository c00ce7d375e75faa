"""What a recipe may try with an image: bands derived from others, and how it comes onto other pixels."""

from __future__ import annotations

from typing import Any

import numpy as np

from classify_local.bands.indexes import available_indexes
from classify_local.grid import Grid
from classify_local.starting.imagery import ImageDraft
from classify_local.starting.sensors import REFLECTIVE
from classify_local.starting.values import resolve_resampling

_INDEXES = ("ndvi", "ndmi", "nbr", "mndwi", "ndwi", "evi2")
_MOST_INDEXES = 4
_DEGREE = 111_195.0
_TEXTURED, _SIDE = "nir", 7
_PAIRED = 4
_PAIRED_BANDS = ("green", "red", "nir", "swir1", "swir2")


def suggested_derived(image: ImageDraft) -> list[dict[str, Any]]:
    """Sets of derived bands worth trying, as a recipe writes them."""
    names = list(image.names)
    possible = [name for name in available_indexes(names) if name not in names]
    sets: list[dict[str, Any]] = []
    if image.scaling is not None and image.scaling.known:
        indexes = [name for name in _INDEXES if name in possible][:_MOST_INDEXES]
        sets += [{"indexes": indexes}] if indexes else []
    paired = [name for name in names if name in _PAIRED_BANDS] or names
    if len(paired) > 1:
        sets.append({"normalized_difference": paired[:_PAIRED]})
    if image.scaling is not None and image.scaling.reflectance is not None and _TEXTURED in names:
        sets.append({"texture": {"bands": [_TEXTURED], "window": _SIDE}})
    return sets


def resampling_onto(image: ImageDraft, grid: Grid) -> str | None:
    """How an image is brought onto the pixels of the first; None if it has the same."""
    if grid.offset_of(image.grid) is not None:
        return None
    dtypes = [image.look.mosaic.dtypes[pick.number - 1] for pick in image.picks]
    return resolve_resampling(
        _metres(image.grid) / _metres(grid), whole=np.issubdtype(np.result_type(*dtypes), np.integer),
        reflective=any(name in REFLECTIVE for name in image.names),
    )  # fmt: skip


def _metres(grid: Grid) -> float:
    """Height of a pixel, roughly."""
    factor = _DEGREE if grid.crs.is_geographic else float(grid.crs.linear_units_factor[1])
    return grid.pixel_size[0] * factor
