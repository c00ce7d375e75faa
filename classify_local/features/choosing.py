"""Which bands of an image are meant, and how their stored values become reflectance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from classify_local.bands.aliases import band_number, find_band
from classify_local.errors import InputError, collect
from classify_local.recipe.model import BandRef, Reflectance
from classify_local.storage.composite import Image


def select_bands(wanted: Sequence[BandRef] | Mapping[str, BandRef] | None, mosaic: Image) -> list[tuple[str, int]]:
    """Name in the stack and number in the file (from 1) of each band a recipe asks for.

    Without a wish, all bands but transparency and those that tell of the quality of pixels are taken.

    Raises
    ------
    InputError
        Naming every band that is not there, and the nearest one that is.
    """
    if wanted is None:
        left_out = {*mosaic.alpha, *getattr(mosaic, "quality", ())}
        numbers = [n for n in range(1, len(mosaic.names) + 1) if n not in left_out]
        chosen = [(mosaic.names[number - 1], number) for number in numbers]
    else:
        pairs = wanted.items() if isinstance(wanted, Mapping) else [(_name(ref, mosaic), ref) for ref in wanted]
        found = collect(partial(find_band, ref, mosaic.names, mosaic.where) for _, ref in pairs)
        chosen = [(name, index + 1) for (name, _), index in zip(pairs, found, strict=True)]
    names = [name for name, _ in chosen]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            f"{mosaic.where}: several bands are called {', '.join(twice)}; name them by a mapping {{red: 3}}"
        )
    return chosen


def _name(ref: BandRef, mosaic: Image) -> str:
    """A band asked for by number goes by the file's name for it."""
    number = band_number(ref)
    if number is None:
        return str(ref)
    return mosaic.names[number - 1] if 1 <= number <= len(mosaic.names) else str(ref)


def resolve_reflectance(given: Reflectance | None, mosaic: Image, numbers: Sequence[int] = ()) -> tuple[float, float]:
    """Scale and offset from stored value to reflectance: the recipe's, else the file's tags, else by type.

    A product may have others for each band: then those that the bands `numbers` share, as far as they are known.

    Raises
    ------
    InputError
        If these bands have different ones.
    """
    if given is not None:
        return float(given.scale), float(given.offset)
    if mosaic.scale is not None:
        return mosaic.scale, mosaic.offset or 0.0
    each = getattr(mosaic, "reflectances", None)
    if each is not None:
        known = {each[number - 1] for number in numbers} - {None}
        if len(known) > 1:
            raise InputError(
                f"{mosaic.where}: its bands become reflectance by different numbers; give each its own image, or say "
                "reflectance: {scale: ..., offset: ...}"
            )
        return known.pop() if known else (1.0, 0.0)
    whole = np.issubdtype(np.result_type(*mosaic.dtypes), np.integer)
    return (0.0001, 0.0) if whole else (1.0, 0.0)


def said_reflectance(given: Reflectance | None, mosaic: Image, number: int) -> tuple[float, float] | None:
    """Scale and offset of a band (from 1) to reflectance where the recipe or the file says them, else None."""
    if given is not None:
        return float(given.scale), float(given.offset)
    each: Sequence[tuple[float, float] | None] | None = getattr(mosaic, "reflectances", None)
    if each is not None:
        return each[number - 1]
    return None if mosaic.scale is None else (mosaic.scale, mosaic.offset or 0.0)


def find_number(mosaic: Image, name: str) -> int:
    """Number (from 1) of a band by name or alias; raises InputError where there is none."""
    return find_band(name, mosaic.names, mosaic.where) + 1


def has_band(mosaic: Image, name: str) -> bool:
    """True if the image has the band."""
    try:
        return find_number(mosaic, name) > 0
    except InputError:
        return False
