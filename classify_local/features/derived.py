"""Bands derived from an image's own: which, from which inputs, and their values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from classify_local.bands.fused import fill_pairs
from classify_local.bands.indexes import INDEXES, fill_indexes
from classify_local.bands.pairwise import Operation, Pair, pair_names, pairs_of
from classify_local.bands.profiles import BANDS, INDEX, BandSetSpec, profile
from classify_local.errors import InputError, collect
from classify_local.features.neighbourhood import NeighbourRun
from classify_local.features.stack import STORED, BandSpec
from classify_local.features.surroundings import Optics, focal_bands, join, texture_bands
from classify_local.recipe.model import Derived, Focal, Texture
from classify_local.types import FeatureArray

_UNITS = {
    Operation.RATIO: "1", Operation.NORMALIZED_DIFFERENCE: "1", Operation.DIFFERENCE: STORED,
    Operation.DISTANCE: STORED, Operation.ANGLE: "half turns",
}  # fmt: skip
_RANGES = {Operation.ANGLE: (-1.0, 1.0)}


class Inputs:
    """Bands of an image by the names a recipe uses, and those among them that have to be read.

    Parameters
    ----------
    selected
        Name and number of each band the recipe selects, in order.
    find
        The number (from 1) of any band of the file by name; raises InputError where there is none.
    """

    def __init__(self, selected: Sequence[tuple[str, int]], find: Callable[[str], int]) -> None:
        self._selected = dict(selected)
        self._find = find
        self.numbers = [number for _, number in selected]
        self.names = [name for name, _ in selected]

    def position(self, name: str) -> int:
        """Place of a band among those that are read; it is added if it is not yet there."""
        number = self.number(name)
        if number not in self.numbers:
            self.numbers.append(number)
            self.names.append(name)
        return self.numbers.index(number)

    def number(self, name: str) -> int:
        """Number of a band in the file."""
        return self._selected[name] if name in self._selected else self._find(name)

    def has(self, name: str) -> bool:
        """True if the image has the band."""
        try:
            self.number(name)
        except InputError:
            return False
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRun:
    """Neighbouring bands of the stack that are pair-wise bands."""

    bands: tuple[BandSpec, ...]
    pairs: tuple[Pair, ...]

    def fill(self, values: FeatureArray, out: NDArray[np.float32]) -> None:
        """Compute them from what was read, shape (read, rows, cols)."""
        fill_pairs(values, self.pairs, out)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexRun:
    """Neighbouring bands of the stack that are indexes."""

    bands: tuple[BandSpec, ...]
    inputs: tuple[tuple[str, int], ...]
    scale: float
    offset: float

    def fill(self, values: FeatureArray, out: NDArray[np.float32]) -> None:
        """Compute them from what was read, shape (read, rows, cols)."""
        names = [""] * len(values)
        for name, position in self.inputs:
            names[position] = name
        wanted = [spec.name for spec in self.bands]
        fill_indexes(values, names, wanted, out, scale=self.scale, offset=self.offset)


Run = PairRun | IndexRun | NeighbourRun


def resolve_derived(
    derived: Iterable[Derived], inputs: Inputs, source: str, scale: float, offset: float, optics: Optics
) -> tuple[Run, ...]:
    """What to compute for an image, in the order of the recipe; a band asked for twice is made once.

    Parameters
    ----------
    derived
        The recipe's entries.
    inputs
        The image's bands; those needed are added to what is read.
    source
        The image, for messages.
    scale, offset
        Stored value to reflectance.
    optics
        What the image tells of each band's values, for texture.

    Raises
    ------
    InputError
        Naming every band that is missing.
    """
    runs: list[Run] = []
    taken: set[str] = set()
    for spec in [spec for entry in derived for spec in _specs(entry, inputs, source)]:
        if isinstance(spec, Texture | Focal):
            run: Run = _neighbour_run(spec, inputs, [run for run in runs if isinstance(run, NeighbourRun)], optics)
        elif spec.kind == INDEX:
            run = _index_run(spec, inputs, taken, source, scale, offset)
        else:
            run = _pair_run(spec, inputs, taken, source, scale, offset)
        taken |= {band.name for band in run.bands}
        if run.bands:
            runs.append(run)
    return tuple(runs)


def profile_bands(derived: Iterable[Derived], has: Callable[[str], bool]) -> list[str] | None:
    """The bands a profile selects where the recipe names none itself; None means all."""
    for entry in derived:
        if entry.profile == "simple":
            return [name for name in ("red", "nir", "swir1", "swir2") if has(name)] or None
    return None


def _specs(entry: Derived, inputs: Inputs, source: str) -> Sequence[BandSetSpec | Texture | Focal]:
    """An entry as sets of bands; a profile is several."""
    around = entry.texture or entry.focal
    if around is not None:
        return [around]
    if entry.profile is not None:
        known = [name for name in _profile_names() if inputs.has(name)]
        by_number = sorted(known, key=inputs.number)
        found = [spec for spec in profile(entry.profile.upper(), by_number) if spec.kind != BANDS]
        if not found:
            raise InputError(f"{source}: the profile {entry.profile} suits none of its bands")
        return found
    kind = next(iter(entry.model_fields_set))
    return [BandSetSpec(kind=kind, names=getattr(entry, kind))]


def _profile_names() -> list[str]:
    bands = [name for spec in INDEXES.values() for name in spec.inputs]
    return list(dict.fromkeys([*bands, "brightness", "greenness", "wetness"]))


def _pair_run(spec: BandSetSpec, inputs: Inputs, taken: set[str], source: str, scale: float, offset: float) -> PairRun:
    """Every pair i < j in the image's band order, whatever the order in the recipe, as SEPAL has it."""
    operation = Operation(spec.kind)
    asked = list(dict.fromkeys(spec.names or ()))
    numbers = collect(partial(_number, name, inputs, spec.kind) for name in asked)
    ordered = [name for _, name in sorted(zip(numbers, asked, strict=True))]
    positions = [inputs.position(name) for name in ordered]
    unit = _UNITS[operation]
    made = zip(pair_names(ordered, operation), pairs_of(positions, operation), strict=True)
    new = [(name, pair) for name, pair in made if name not in taken]
    return PairRun(
        pairs=tuple(pair for _, pair in new),
        bands=tuple(
            BandSpec(
                name=name, source=f"{operation} of {source}", unit=unit, valid_range=_RANGES.get(operation),
                reflectance=(scale, offset) if unit == STORED else None,
            )
            for name, _ in new
        ),
    )  # fmt: skip


def _index_run(
    spec: BandSetSpec, inputs: Inputs, taken: set[str], source: str, scale: float, offset: float
) -> IndexRun:
    wanted = [name for name in dict.fromkeys(spec.names or ()) if name not in taken]
    needed = list(dict.fromkeys(band for name in wanted for band in INDEXES[name].inputs))
    users = {band: next(name for name in wanted if band in INDEXES[name].inputs) for band in needed}
    collect(partial(_number, band, inputs, users[band]) for band in needed)
    return IndexRun(
        bands=tuple(
            BandSpec(name=name, source=f"index of {source}", unit="1", valid_range=INDEXES[name].bounds)
            for name in wanted
        ),
        inputs=tuple((band, inputs.position(band)) for band in needed), scale=scale, offset=offset,
    )  # fmt: skip


def _neighbour_run(
    asked: Texture | Focal, inputs: Inputs, before: Sequence[NeighbourRun], optics: Optics
) -> NeighbourRun:
    """Bands are read apart, with the pixels around a window, so that none is added to the inputs."""
    names = list(dict.fromkeys(asked.bands))
    user = "texture" if isinstance(asked, Texture) else "focal"
    numbers = dict(zip(names, collect(partial(_number, name, inputs, user) for name in names), strict=True))
    if isinstance(asked, Texture):
        return join(texture_bands(asked, numbers, optics), before)
    return join(focal_bands(asked, numbers, optics), before)


def _number(name: str, inputs: Inputs, user: str) -> int:
    try:
        return inputs.number(name)
    except InputError as error:
        raise InputError(f"derived: {user} needs the band {name!r}: {error}") from error
