"""Bands of the JRC Global Surface Water data under SEPAL's names.

Two codings are read: that of the published tiles, one byte a pixel and a layer a file, and that of an export from
Earth Engine, signed values in one image. Every value that is none becomes 0, as SEPAL's unmask makes it; so where
there is no data, or no tile, all bands are 0 but `water_no_change`, which is 1.

Source of the codes: Pekel, Cottam, Gorelick and Belward (2016), Nature 540, 418-422, and the data users guide of the
Joint Research Centre to versions 1.4 and 1.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from classify_local.errors import InputError, nearest
from classify_local.types import FeatureArray

__all__ = [
    "EXPORT_LAYERS",
    "MISSING",
    "PREFIX",
    "TILE_LAYERS",
    "WATER_BANDS",
    "WaterBand",
    "decode_export",
    "decode_tile",
    "find_water_band",
    "missing_water",
]

PREFIX = "water_"
"""What SEPAL puts before the names; they are known without it too."""

MISSING = 255
"""Code of no data in every layer of the tiles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaterBand:
    """One band of surface water.

    It is the layer's value where that lies within `valid_range`, else 0. A mask is 1 where the layer's value is
    `transition`, else 0; `water_no_change` is 1 also where the layer has no value.
    """

    name: str
    """As SEPAL names it."""

    unit: str
    """Unit of its values; `1` for a mask."""

    valid_range: tuple[int, int]
    """Least and greatest value."""

    tile_layer: str | None
    """Layer of the published tiles that it is made of; None where none is published."""

    export_layer: str
    """Band of the Earth Engine image that it is made of."""

    transition: int | None
    """Value of the layer that the band is the mask of; None for a band that is no mask."""


_TRANSITIONS = (
    "no_change",
    "permanent",
    "new_permanent",
    "lost_permanent",
    "seasonal",
    "new_seasonal",
    "lost_seasonal",
    "seasonal_to_permanent",
    "permanent_to_seasonal",
    "ephemeral_permanent",
    "ephemeral_seasonal",
)
"""Classes of transition in the order of their values, 0 to 10."""


def _band(name: str, unit: str, least: int, most: int, tile: str | None, export: str) -> WaterBand:
    return WaterBand(
        name=PREFIX + name, unit=unit, valid_range=(least, most), tile_layer=tile, export_layer=export, transition=None
    )


def _mask(transition: int) -> WaterBand:
    band = _band(_TRANSITIONS[transition], "1", 0, 1, "transitions", "transition")
    return replace(band, transition=transition)


_BANDS = (
    _band("occurrence", "%", 0, 100, "occurrence", "occurrence"),
    _band("change_abs", "%", -100, 100, "change", "change_abs"),
    _band("change_norm", "%", -100, 100, None, "change_norm"),
    _band("seasonality", "months", 0, 12, "seasonality", "seasonality"),
    _band("max_extent", "1", 0, 1, "extent", "max_extent"),
    *map(_mask, range(len(_TRANSITIONS))),
)

WATER_BANDS: Mapping[str, WaterBand] = MappingProxyType({band.name: band for band in _BANDS})
"""All 16 bands by name, in SEPAL's order."""

TILE_LAYERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        layer: tuple(band.name for band in _BANDS if band.tile_layer == layer)
        for layer in ("occurrence", "change", "seasonality", "transitions", "extent")
    }
)
"""The published layers that bands are made of, and the names of these bands."""

EXPORT_LAYERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        layer: tuple(band.name for band in _BANDS if band.export_layer == layer)
        for layer in ("occurrence", "change_abs", "change_norm", "seasonality", "transition", "max_extent")
    }
)
"""The bands of an Earth Engine export that ours are made of; `recurrence` is in it too, and not used."""


def find_water_band(name: str) -> WaterBand:
    """Look up a band by SEPAL's name or by the same without `PREFIX`.

    Raises
    ------
    InputError
        If there is no such band.
    """
    band = WATER_BANDS.get(name) or WATER_BANDS.get(PREFIX + name)
    if band is None:
        known = ", ".join(WATER_BANDS)
        raise InputError(f"there is no band of surface water {name!r}{nearest(name, WATER_BANDS)}; known: {known}")
    return band


def decode_tile(codes: NDArray[np.uint8], names: Iterable[str]) -> NDArray[np.int8]:
    """Make bands of the codes of one published layer.

    Parameters
    ----------
    codes
        The layer as published, uint8, any shape.
    names
        Names in `WATER_BANDS` of bands that are made of this layer, see `TILE_LAYERS`.

    Returns
    -------
    ndarray
        int8, shape (names, *codes.shape).
    """
    if codes.dtype != np.uint8:
        raise ValueError(f"codes are {codes.dtype}; the published layers are uint8")
    tables = [_table(WATER_BANDS[name]) for name in names]
    return np.stack([table[codes] for table in tables]) if tables else np.empty((0, *codes.shape), np.int8)


def _table(band: WaterBand) -> NDArray[np.int8]:
    """Value of a band for each of the 256 codes."""
    if band.tile_layer is None:
        raise ValueError(f"{band.name} is made of no published layer")
    return _values(band, np.arange(256) + band.valid_range[0])  # codes count from the least value


def decode_export(values: FeatureArray, name: str) -> NDArray[np.int8]:
    """Make one band of the band of an Earth Engine export that it is made of.

    Parameters
    ----------
    values
        Values of the band `WaterBand.export_layer` as exported, of any real type and shape; NaN, and whatever lies
        outside the range of values, is no value. What an export has resampled to fractions is rounded, half to even;
        a fraction is none of the classes of transition.
    name
        Name of the band in `WATER_BANDS`.

    Returns
    -------
    ndarray
        int8, the shape of `values`.
    """
    return _values(WATER_BANDS[name], values)


def _values(band: WaterBand, signed: FeatureArray) -> NDArray[np.int8]:
    """Apply the rule of `WaterBand` to values that are signed."""
    if band.transition is None:
        least, most = band.valid_range
        known = (signed >= least) & (signed <= most)
        return np.asarray(np.rint(np.where(known, signed, 0)), np.int8)
    if band.transition == 0:  # also what is no class
        return np.asarray(~np.isin(signed, np.arange(1, len(_TRANSITIONS))), np.int8)
    return np.asarray(signed == band.transition, np.int8)


def missing_water(names: Iterable[str], shape: tuple[int, ...]) -> NDArray[np.int8]:
    """Make the bands `names` of places without data, as where no tile is published; int8, shape (names, *shape)."""
    values = [int(WATER_BANDS[name].transition == 0) for name in names]
    return np.broadcast_to(np.array(values, np.int8).reshape(-1, *[1] * len(shape)), (len(values), *shape)).copy()
