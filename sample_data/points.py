"""Training and reference points of the sample scene."""

import numpy as np
from cover import BARE, BUILT, CROP, GRASS, SHRUB, TREE, WATER, WETLAND, Classes
from numpy.typing import NDArray
from relief import Mask
from scipy import ndimage

Pixels = NDArray[np.int64]
"""Rows and columns, shape (n, 2)."""

_TRAINING = {TREE: 85, SHRUB: 75, GRASS: 85, CROP: 90, BUILT: 45, BARE: 40, WATER: 40, WETLAND: 50}
_REFERENCE = 600
_REFERENCE_FLOOR = 40
_MISTAKES = {
    TREE: SHRUB, SHRUB: GRASS, GRASS: SHRUB, CROP: GRASS,
    BUILT: BARE, BARE: CROP, WATER: WETLAND, WETLAND: GRASS,
}  # fmt: skip
"""What a tired interpreter clicks instead."""

_CLUSTER_RADIUS = 14
_CLUSTER_POINTS = 4
_DISTANCE_FROM_TRAINING = 3


def _interior(classes: Classes) -> Mask:
    """Return pixels whose neighbours to the four sides are of the same class: what people click on."""
    cross = ndimage.generate_binary_structure(2, 1)
    low = ndimage.minimum_filter(classes, footprint=cross)
    return low == ndimage.maximum_filter(classes, footprint=cross)


def _cluster(candidates: Pixels, count: int, rng: np.random.Generator) -> Pixels:
    """Pick `count` pixels in small groups, as someone does who pans, clicks a few, pans on."""
    chosen: list[int] = []
    while len(chosen) < count:
        centre = candidates[rng.integers(len(candidates))]
        near = np.flatnonzero(np.hypot(*(candidates - centre).T) < _CLUSTER_RADIUS)
        group = rng.choice(near, min(int(rng.integers(1, _CLUSTER_POINTS + 1)), len(near)), replace=False)
        chosen += [int(i) for i in group if int(i) not in chosen]
    return candidates[chosen[:count]]


def training_points(
    classes: Classes, valid: Mask, rng: np.random.Generator
) -> tuple[Pixels, NDArray[np.uint8]]:
    """Draw pixels and classes as collected by a person: pure pixels, groups, one in fifty wrong."""
    pure = _interior(classes) & valid
    picked = [
        _cluster(np.argwhere((classes == value) & pure), count, rng) for value, count in _TRAINING.items()
    ]
    pixels = np.concatenate(picked)
    labels = classes[tuple(pixels.T)].copy()
    wrong = rng.choice(len(labels), len(labels) // 50, replace=False)
    labels[wrong] = [_MISTAKES[int(value)] for value in labels[wrong]]
    order = rng.permutation(len(labels))
    return pixels[order], labels[order]


def _allocate(classes: Classes, allowed: Mask) -> dict[int, int]:
    """Return reference points per class: by area, but no class below a floor."""
    values, counts = np.unique(classes[allowed], return_counts=True)
    shares = np.rint(_REFERENCE * counts / counts.sum()).astype(int)
    return {int(v): max(int(n), _REFERENCE_FLOOR) for v, n in zip(values, shares, strict=True)}


def reference_points(
    classes: Classes, valid: Mask, training: Pixels, rng: np.random.Generator
) -> tuple[Pixels, NDArray[np.uint8]]:
    """Draw a stratified random sample of the truth, mixed pixels included, away from training."""
    taken = np.zeros(classes.shape, dtype=bool)
    taken[tuple(training.T)] = True
    allowed = valid & ~ndimage.binary_dilation(taken, np.ones((3, 3)), iterations=_DISTANCE_FROM_TRAINING)
    strata = [
        rng.permutation(np.argwhere(allowed & (classes == value)))[:count]
        for value, count in _allocate(classes, allowed).items()
    ]
    pixels = rng.permutation(np.concatenate(strata))
    return pixels, classes[tuple(pixels.T)]
