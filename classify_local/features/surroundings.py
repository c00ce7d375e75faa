"""Which texture and focal bands an entry of a recipe asks for: their names, units and limits."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from classify_local.bands.focal import Statistic
from classify_local.bands.texture import Measure, bounds
from classify_local.errors import InputError, collect
from classify_local.features.neighbourhood import FocalOf, NeighbourRun, Optical, TextureOf
from classify_local.features.stack import STORED, BandSpec
from classify_local.recipe.model import Focal, Texture

REFLECTANCE_LIMITS = (0.0, 0.5)
"""Reflectances between which the levels lie where a recipe names no limits: brighter is the last level."""

_SHARE = 1
"""Per cent of the values beyond each of the limits that are suggested."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Optics:
    """What an image tells of the values of its bands.

    Parameters
    ----------
    where
        The image, for messages.
    scaling
        Scale and offset to reflectance for all its bands, guessed where nothing says them.
    reflectance
        Scale and offset to reflectance of a band (from 1) as the recipe or the file says; None where neither does.
    look
        Some valid values of a band, shape (n,).
    """

    where: str
    scaling: tuple[float, float]
    reflectance: Callable[[int], tuple[float, float] | None]
    look: Callable[[int], NDArray[np.generic]]

    def optical(self, name: str, number: int) -> Optical | None:
        """A band whose reflectance is known."""
        known = self.reflectance(number)
        return None if known is None else (name, number, *known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One band and how it is computed; `optical` is the band it is made of where that is taken as a reflectance."""

    spec: BandSpec
    part: TextureOf | FocalOf
    optical: Optical | None = None


def texture_bands(asked: Texture, numbers: Mapping[str, int], optics: Optics) -> list[Wanted]:
    """The bands of an entry of texture, one by one.

    Parameters
    ----------
    asked
        The entry.
    numbers
        Number in the file of each of its bands.
    optics
        What the image tells of them.

    Raises
    ------
    InputError
        For each band whose limits are neither named nor known.
    """
    limits = collect(partial(_limits, asked, name, number, optics) for name, number in numbers.items())
    unit = _unit(asked)
    return [
        Wanted(
            spec=BandSpec(
                name=texture_name(name, measure, asked), source=f"texture of {optics.where}", unit=unit,
                valid_range=bounds(measure, asked.levels),
                reflectance=None if asked.limits is None else optics.scaling,
            ),
            part=TextureOf(
                number=number, measures=(measure,), low=low, high=high, levels=asked.levels, side=asked.window,
                distance=asked.distance,
            ),
            optical=optics.optical(name, number) if asked.limits is None else None,
        )
        for (name, number), (low, high) in zip(numbers.items(), limits, strict=True)
        for measure in map(Measure, dict.fromkeys(asked.measures))
    ]  # fmt: skip


def focal_bands(asked: Focal, numbers: Mapping[str, int], optics: Optics) -> list[Wanted]:
    """The bands of an entry of focal statistics, one by one; parameters are those of `texture_bands`."""
    return [
        Wanted(
            spec=BandSpec(
                name=focal_name(name, statistic, asked), source=f"focal {statistic} of {optics.where}", unit=STORED,
                reflectance=optics.scaling,
            ),
            part=FocalOf(number=number, statistics=(statistic,), side=asked.window),
        )
        for name, number in numbers.items()
        for statistic in map(Statistic, dict.fromkeys(asked.statistics))
    ]  # fmt: skip


def join(wanted: Iterable[Wanted], before: Iterable[NeighbourRun]) -> NeighbourRun:
    """A run of the bands that are not made before; what differs in nothing but the measure is computed together.

    Raises
    ------
    InputError
        If bands that differ would have one name.
    """
    made = {spec.name: part for run in before for spec, part in run.each()}
    new: dict[str, Wanted] = {}
    for one in wanted:
        if made.setdefault(one.spec.name, one.part) != one.part:
            raise InputError(
                f"derived: {one.spec.name} is asked for twice, with other levels or limits; leave one of them out"
            )
        new[one.spec.name] = one
    known = {spec.name for run in before for spec in run.bands}
    left = [one for name, one in new.items() if name not in known]
    groups = groupby((one.part for one in left), key=lambda part: part.of(()))
    return NeighbourRun(
        bands=tuple(one.spec for one in left),
        parts=tuple(key.of(tuple(what for part in parts for what in part.wanted)) for key, parts in groups),
        optical=tuple(dict.fromkeys(one.optical for one in left if one.optical is not None)),
    )


def texture_name(band: str, measure: Measure, asked: Texture) -> str:
    """For example `nir_texture_contrast_7x7`, or `nir_texture_contrast_7x7_2` for pairs two pixels apart."""
    apart = f"_{asked.distance}" if asked.distance > 1 else ""
    return f"{band}_texture_{measure}_{asked.window}x{asked.window}{apart}"


def focal_name(band: str, statistic: Statistic, asked: Focal) -> str:
    """For example `nir_mean_5x5`."""
    return f"{band}_{statistic}_{asked.window}x{asked.window}"


def resolve_limits(given: tuple[float, float] | None, reflectance: tuple[float, float] | None) -> tuple[float, float]:
    """Stored values between which levels lie: those given, else those of the reflectances `REFLECTANCE_LIMITS`.

    Raises
    ------
    ValueError
        If nothing is given and no reflectance known.
    """
    if given is not None:
        return given
    if reflectance is None or reflectance[0] == 0:
        raise ValueError("no limits and no reflectance")
    scale, offset = reflectance
    low, high = sorted((limit - offset) / scale for limit in REFLECTANCE_LIMITS)
    return low, high


def suggest_limits(values: NDArray[np.generic]) -> tuple[float, float] | None:
    """Limits that hold nearly all of some values, of two digits; None if these do not differ."""
    known = values[np.isfinite(values)].astype(np.float64)
    if not known.size:
        return None
    low, high = np.percentile(known, [_SHARE, 100 - _SHARE])
    if not low < high:
        return None
    step = 10.0 ** math.floor(math.log10(high - low) - 1)
    return math.floor(low / step) * step, math.ceil(high / step) * step


def _limits(asked: Texture, name: str, number: int, optics: Optics) -> tuple[float, float]:
    try:
        return resolve_limits(asked.limits, optics.reflectance(number))
    except ValueError:
        found = suggest_limits(optics.look(number)) or (0.0, 5000.0)
        raise InputError(
            f"{optics.where}: derived: texture of {name!r} needs limits for its levels, since nothing says how its "
            f"values become reflectance; for example limits: [{found[0]:.6g}, {found[1]:.6g}]"
        ) from None


def _unit(asked: Texture) -> str:
    """The levels make the quantity: a model takes no texture of others."""
    low, high = asked.limits or REFLECTANCE_LIMITS
    what = "values" if asked.limits is not None else "reflectances"
    apart = f", pixels {asked.distance} apart" if asked.distance > 1 else ""
    return f"texture of {asked.levels} levels of {what} from {low:g} to {high:g}{apart}"
