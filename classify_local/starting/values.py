"""What stored values mean: reflectance, digital numbers, no data. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

_EIGHT_BITS = 255
_TEN_THOUSAND = 12_000
"""Reflectance x 10,000 with some room for clouds and snow."""
_COLLECTION_2 = (7_000, 45_000)
"""What reflectances of 0 and 1 are in Landsat's Collection 2: 7,273 and 43,636."""
_MANY = 0.005
"""Share of an image from which on a value in all bands at once is no chance."""
_FINER = 0.6
_MORE = 0.05
"""Share of an image that a band lacks beyond the others before that is worth a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What is known of the values of an image's bands.

    Parameters
    ----------
    whole
        True if they are stored as integers.
    low, high
        1st and 99th percentile over the bands that may hold reflectance.
    greatest
        The greatest value seen.
    tags
        Scale and offset as the file gives them.
    collection_2
        True if names tell of Landsat's surface reflectance, Collection 2.
    sensor
        As `sensors` names it.
    shifted
        True if names tell of a Sentinel-2 product whose values have 1,000 added.
    """

    whole: bool
    low: float
    high: float
    greatest: float
    tags: tuple[float, float] | None = None
    collection_2: bool = False
    sensor: str | None = None
    shifted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """From stored value to reflectance, or None where nothing is to be written, and why."""

    reflectance: tuple[float, float] | None
    why: str
    known: bool = True


def resolve_scaling(stored: Stored) -> Scaling:
    """Scale and offset that make reflectance of stored values."""
    if stored.tags is not None:
        scale, offset = stored.tags
        why = f"the file's own tags say it, scale {scale:.10g} and offset {offset:.10g}"
        return Scaling(reflectance=None, why=why)
    return _of_integers(stored) if stored.whole else _of_floats(stored)


def _of_integers(stored: Stored) -> Scaling:
    seen = f"99 of 100 values are {stored.high:,.0f} or less"
    if stored.greatest <= _EIGHT_BITS:
        return Scaling(
            reflectance=None, known=False,
            why=f"no value is above {stored.greatest:.0f}, so these are digital numbers. "
            "Classifying works with them; indexes that need reflectance do not",
        )  # fmt: skip
    if stored.collection_2 and stored.high >= _COLLECTION_2[0]:
        return Scaling(reflectance=(0.0000275, -0.2), why="that of Landsat's Collection 2, by the names of the bands")
    if stored.shifted:
        why = "Sentinel-2 x 10,000 with 1,000 added, as ESA delivers it since 2022"
        return Scaling(reflectance=(0.0001, -0.1), why=why)
    if stored.high <= _TEN_THOUSAND or stored.sensor == "sentinel2":
        return Scaling(reflectance=(0.0001, 0.0), why=f"guessed, as {seen}: reflectance x 10,000")
    if stored.low >= _COLLECTION_2[0] and stored.high <= _COLLECTION_2[1]:
        return Scaling(
            reflectance=None, known=False,
            why=f"the values ({stored.low:,.0f} to {stored.high:,.0f}) are such as Landsat's Collection 2 "
            "has, but no name says so. If they are: {scale: 0.0000275, offset: -0.2}",
        )  # fmt: skip
    return Scaling(reflectance=None, known=False, why=f"{seen}, which tells of no known scale. Indexes need one")


def _of_floats(stored: Stored) -> Scaling:
    seen = f"99 of 100 values are {stored.high:.4g} or less"
    if stored.low < -0.5:
        return Scaling(
            reflectance=None, known=False, why="many values are negative, as no reflectance is. Indexes need one"
        )
    if stored.high <= 2:
        return Scaling(reflectance=(1.0, 0.0), why=f"stored as it is: {seen}")
    if stored.high <= 100:
        return Scaling(reflectance=(0.01, 0.0), why=f"guessed, as {seen}: percent")
    if stored.high <= _TEN_THOUSAND:
        return Scaling(reflectance=(0.0001, 0.0), why=f"guessed, as {seen}: reflectance x 10,000")
    return Scaling(reflectance=None, known=False, why=f"{seen}, which tells of no known scale. Indexes need one")


def resolve_resampling(ratio: float, *, whole: bool, reflective: bool) -> str:
    """How an image on other pixels is brought onto those of the first: averaged if much finer, else blended.

    Parameters
    ----------
    ratio
        Side of its pixels, in those of the first image.
    whole, reflective
        True if it holds integers; if it holds reflectance. Integers that are none may be classes.
    """
    if whole and not reflective:
        return "nearest"
    return "average" if ratio < _FINER else "bilinear"


def resolve_empty(shares: Mapping[float, float], bands: int, *, declared: bool) -> float | None:
    """A value that stands for no data although the file does not say so; None if there is none.

    Parameters
    ----------
    shares
        Share of the pixels in which all bands hold a value, by value; such as 0 and the type's ends.
    bands
        How many there are: in a single one a value is common by itself.
    declared
        True if the file says which pixels have data.
    """
    if bands < 2 or declared:
        return None
    return next((value for value, share in sorted(shares.items()) if share >= _MANY), None)


def resolve_lacking(valid: Mapping[str, float]) -> dict[str, float]:
    """Bands that have much less data than most, and the share of the image they lack."""
    usual = float(np.median(list(valid.values()))) if valid else 0.0
    return {name: 1 - share for name, share in valid.items() if usual - share > _MORE}
