"""The land cover of the sample scene: where what grows, flows and is built.

Arrays in, arrays out, on the 10 m grid of `relief`. Class values are those of ESA WorldCover.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from relief import FINE, Field, Mask, Relief, fractal, ramp
from scipy import ndimage
from settlements import Settlement, dry_land, settle

Classes = NDArray[np.uint8]

TREE, SHRUB, GRASS, CROP, BUILT, BARE, WATER, WETLAND = 10, 20, 30, 40, 50, 60, 80, 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """The truth of the scene and what its reflectance depends on, every field (FINE, FINE)."""

    classes: Classes
    """Class values."""
    older: Classes
    """Class values some years earlier."""
    woody: Field
    """Density of trees and shrubs, 0 to 1, whatever the class."""
    moisture: Field
    """0 (dry ridge) to 1 (soaked)."""
    road: Field
    """Share of the pixel that is road."""
    parcel: NDArray[np.int64]
    """Number of the field parcel; the last is the irrigated one."""
    street: Field
    """Share of open ground between houses, 0 to 1."""


def _parcels(rng: np.random.Generator) -> NDArray[np.int64]:
    """Return numbered field parcels: bent strips of fields of unequal size, about one hectare each."""
    row, col = np.mgrid[:FINE, :FINE]
    angle = 0.7
    y, x = (
        axis + 9 * ndimage.gaussian_filter(fractal(rng, FINE, beta=3, longest=200), 8) for axis in (row, col)
    )
    u, v = x * np.cos(angle) + y * np.sin(angle), -x * np.sin(angle) + y * np.cos(angle)
    band = np.clip(np.floor((v + 900) / 9), 0, 299).astype(int)
    width = rng.uniform(8, 19, 300)[band]
    column = np.floor((u + 900 + rng.uniform(0, 40, 300)[band]) / width).astype(int)
    return np.unique(band * 1000 + column, return_inverse=True)[1].reshape(FINE, FINE)


def _per_parcel(parcel: NDArray[np.int64], values: Field) -> Field:
    """Return the mean of `values` over each parcel."""
    return (np.bincount(parcel.ravel(), values.ravel()) / np.bincount(parcel.ravel()))[parcel]


def _pivot(relief: Relief) -> Mask:
    """Return a round irrigated field on the gentlest open ground by the reservoir."""
    row, col = np.mgrid[:FINE, :FINE]
    shore = ndimage.distance_transform_edt(~relief.lake)
    score = -ndimage.uniform_filter(relief.slope, 45) - 0.02 * np.abs(shore - 36)
    inside = (np.abs(row - FINE / 2) < 170) & (np.abs(col - FINE / 2) < 170) & (col > 300)
    free = (shore > 28) & (relief.river_distance > 40) & inside
    y, x = np.unravel_index(int(np.argmax(np.where(free, score, -np.inf))), free.shape)
    return np.hypot(row - y, col - x) < 22


def _crops(
    relief: Relief, people: Settlement, parcel: NDArray[np.int64], rng: np.random.Generator
) -> tuple[Mask, Mask]:
    """Return the cropland, now and some years ago: whole parcels, near people and on gentle dry ground."""
    near = ramp(people.distance, 75, 8)
    gentle = ramp(relief.slope, 9, 3) * ramp(relief.above_stream, 0.8, 2.5)
    suits = near + gentle + 0.35 * fractal(rng, FINE, beta=2.4) - 0.8 * (~dry_land(relief))
    score = _per_parcel(parcel, suits) + 0.22 * rng.standard_normal(parcel.max() + 1)[parcel]
    then = score - 0.30 * np.abs(rng.standard_normal(parcel.max() + 1))[parcel]
    hedge = ndimage.morphological_gradient(parcel, 2) > 0
    kept = ~(hedge & (fractal(rng, FINE, beta=2, longest=40) > 1.8)) & (relief.slope < 13)
    return ((score > 1.42) & kept), (then > 1.2) & kept


def _water(relief: Relief, rng: np.random.Generator) -> tuple[Mask, Mask]:
    """Return the open water (river and reservoir) and the sand banks along the river."""
    bends = fractal(rng, FINE, beta=2.5, longest=50)
    half = 1.5 + 0.45 * bends
    river = relief.river_distance <= np.maximum(half, 1.0)
    other = fractal(rng, FINE, beta=2.2, longest=35)
    banks = (relief.river_distance <= half + 1.2 + 1.6 * ramp(other, 0.6, 1.8)) & (other > 0.6) & ~river
    return river | relief.lake, banks


def _wetland(relief: Relief, rng: np.random.Generator) -> Mask:
    """Return dambos along the gentle streams, reeds where streams enter the reservoir."""
    soak = (
        relief.stream + ramp(relief.above_stream, 2.2, 0.2) + 0.30 * fractal(rng, FINE, beta=2.2, longest=60)
    )
    dambo = (soak > 1.12) & (relief.slope < 5) & (relief.river_distance > 5)
    shore = ndimage.distance_transform_edt(~relief.lake)
    reeds = (shore < 7) & (relief.slope < 3) & (fractal(rng, FINE, beta=2.2, longest=60) > 0.7)
    return ndimage.binary_opening(dambo | reeds, np.ones((3, 3)))


def _woody(relief: Relief, people: Settlement, rng: np.random.Generator) -> Field:
    """Return the density of woody plants, 0 to 1: dense on hills and along the river, thin near people."""
    hills = 1.15 * ramp(ndimage.gaussian_filter(relief.slope, 5), 2, 14)
    gallery = 1.0 * ramp(relief.river_distance, 13, 4) + 0.7 * ramp(relief.stream, 0.45, 0.8)
    cleared = 0.75 * ramp(people.distance, 45, 3)
    patches = 0.62 * fractal(rng, FINE, beta=3.0, longest=160) + 0.03 * fractal(rng, FINE, beta=1.6)
    raw = hills + gallery - cleared + patches
    return np.clip((raw - 0.25) / 2.2 + 0.5, 0, 1)


def _bare(relief: Relief, people: Settlement, rng: np.random.Generator) -> Mask:
    """Return rock on crests and steep faces, worn ground around houses."""
    rugged = fractal(rng, FINE, beta=2.6, longest=50)
    crest = ramp(relief.slope, 12, 22) + ramp(relief.above_stream, 25, 70)
    rock = crest + 0.55 * rugged > 2.05
    worn = (people.distance < 10) & (rugged > 1.25)
    return ndimage.binary_opening(rock | worn, iterations=1)


def _older(classes: Classes, then_crop: Mask, people: Settlement, woody: Field) -> Classes:
    """Return the land some years earlier: fewer fields and houses, more trees."""
    wild = np.select([woody > 0.36, woody > 0.26], [TREE, SHRUB], GRASS)
    older = np.where(np.isin(classes, (CROP, BUILT)), wild, classes)
    older = np.where((classes == CROP) & then_crop, CROP, older)
    return np.where(people.older_built, BUILT, older).astype(np.uint8)


def make_cover(relief: Relief, rng: np.random.Generator) -> Cover:
    """Return the land cover that goes with a relief."""
    people, parcel = settle(relief, rng), _parcels(rng)
    woody = _woody(relief, people, rng)
    pivot = _pivot(relief)
    crop, then_crop = _crops(relief, people, parcel, rng)
    water, banks = _water(relief, rng)
    wetland, bare = _wetland(relief, rng), _bare(relief, people, rng)
    rules = [
        (water, WATER),
        (people.built, BUILT),
        (banks, BARE),
        (pivot, CROP),
        (wetland, WETLAND),
        (crop, CROP),
        (bare, BARE),
        (woody > 0.66, TREE),
        (woody > 0.43, SHRUB),
    ]
    classes = np.select([where for where, _ in rules], [value for _, value in rules], GRASS).astype(np.uint8)
    soaked = 0.6 * ramp(relief.above_stream, 8, 0) + 0.5 * ramp(relief.stream, 0.2, 0.9)
    return Cover(
        classes=classes,
        older=_older(classes, then_crop, people, woody),
        woody=woody,
        moisture=np.clip(soaked + 0.12 * fractal(rng, FINE, beta=2), 0, 1),
        road=people.road,
        parcel=np.where(pivot, parcel.max() + 1, parcel),
        street=people.street,
    )
