"""Reference data tried on the images: which band or mask would take a class away whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from classify_local.features.stack import BandSpec, FeatureStack, resolve_names
from classify_local.grid import Grid, Window
from classify_local.legend import Legend
from classify_local.starting.imagery import ImageDraft
from classify_local.storage.composite import remotes_of, with_nodata
from classify_local.storage.sources import Remotes
from classify_local.training.points import ReferencePoints
from classify_local.types import FeatureArray, MaskArray

if TYPE_CHECKING:
    from classify_local.storage.composite import Image

Layer = tuple[int, str | None]
"""Number of an image from 0, and the name of its band; None for its mask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What became of the rows of each class.

    Parameters
    ----------
    culprits
        Bands and masks that had better be left out, each with the labels of the classes it takes away.
    lost
        Class values that lose all rows, and no band or mask alone is to blame.
    """

    culprits: Mapping[Layer, tuple[str, ...]] = field(default_factory=dict)
    lost: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pixels:
    """Bands and mask of an image on the grid of the first, where their pixels are the same; see `BandSource`."""

    image: ImageDraft
    mosaic: Image
    bare: Image
    number: int
    row: int
    col: int

    @property
    def bands(self) -> tuple[BandSpec, ...]:
        return tuple(BandSpec(name=name, source=self.mosaic.where) for name in self.image.names)

    @property
    def layers(self) -> tuple[str, ...]:
        return (*self.image.names, *([f"mask of image {self.number}"] if self.image.mask else []))

    @property
    def dtype(self) -> np.dtype[np.generic]:
        return np.dtype(np.float32)

    @property
    def paths(self) -> tuple[Path, ...]:
        return self.mosaic.paths

    @property
    def remotes(self) -> Remotes:
        return remotes_of(self.mosaic)

    def read(self, window: Window) -> tuple[FeatureArray, MaskArray]:
        place = window.shifted(-self.row, -self.col)
        values, valid = self.mosaic.read([pick.number for pick in self.image.picks], place)
        mask = self.image.mask
        if mask is None:
            return values, valid
        told, shown = (self.bare if mask.rule.looks_at_nodata else self.mosaic).read([mask.number], place)
        return values, np.concatenate([valid, mask.rule.clear(told) & shown])


def stack_of(images: Sequence[ImageDraft]) -> FeatureStack:
    """The bands and masks of images on the grid of the first; those on another grid are left out."""
    grid = images[0].grid
    sources = [source for number, image in enumerate(images, 1) for source in _source(number, image, grid)]
    names = resolve_names([[spec.name for spec in source.bands] for source in sources])
    return FeatureStack(grid=grid, sources=tuple(sources), names=names)


def try_points(points: Sequence[ReferencePoints], images: Sequence[ImageDraft], legend: Legend) -> Trial:
    """Look at the pixels of reference points.

    Parameters
    ----------
    points
        Of all files.
    images
        The images, as they would stand in the recipe.
    legend
        Its classes count.
    """
    stack = stack_of(images)
    rows, cols, labels = _pixels(points, stack.grid)
    valid = stack.sample(rows, cols)[1]
    wanted = np.isin(labels, legend.values)
    inside, kept = Counter(labels[wanted].tolist()), Counter(labels[wanted & valid.all(axis=1)].tolist())
    lost = [value for value in legend.values if inside[value] and not kept[value]]
    layers = [(number, name) for number, image in enumerate(images) for name in _layers(image, stack.grid)]
    culprits: dict[Layer, list[str]] = {}
    hopeless = []
    for value in lost:
        missing = dict(zip(layers, (~valid[labels == value]).sum(axis=0).tolist(), strict=True))
        guilty = _guilty(missing, images)
        for layer in guilty:
            culprits.setdefault(layer, []).append(legend.label(value))
        if not guilty:
            hopeless.append(value)
    return Trial(culprits={layer: tuple(of) for layer, of in culprits.items()}, lost=tuple(hopeless))


def _guilty(missing: Mapping[Layer, int], images: Sequence[ImageDraft]) -> list[Layer]:
    """Layers that lack the most rows of a class; none if that leaves an image without bands."""
    most = max(missing.values())
    guilty = [layer for layer, count in missing.items() if count == most]
    masks = [layer for layer in guilty if layer[1] is None]
    if len(guilty) == len(missing):
        return []
    whole = any(all((number, name) in guilty for name in image.names) for number, image in enumerate(images))
    return masks or ([] if whole else guilty)


def _pixels(points: Sequence[ReferencePoints], grid: Grid) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    wkt = grid.crs.to_wkt()
    placed = [one.in_crs(wkt) for one in points]
    x, y = (np.concatenate([np.empty(0), *values]) for values in zip(*((p.x, p.y) for p in placed), strict=True))
    labels = np.concatenate([np.empty(0, np.int64), *(one.labels for one in placed)])
    with np.errstate(invalid="ignore"):
        row, col = np.floor(grid.pixel_yx(x, y))
        held = (row >= 0) & (row < grid.shape[0]) & (col >= 0) & (col < grid.shape[1])
    return row[held].astype(np.int64), col[held].astype(np.int64), labels[held]


def _layers(image: ImageDraft, grid: Grid) -> list[str | None]:
    if grid.offset_of(image.grid) is None:
        return []
    return [*image.names, *([None] if image.mask is not None else [])]


def _source(number: int, image: ImageDraft, grid: Grid) -> Iterator[_Pixels]:
    offset = grid.offset_of(image.grid)
    if offset is not None:
        mosaic = image.look.mosaic if image.nodata is None else with_nodata(image.look.mosaic, image.nodata)
        bare = mosaic if image.mask is None else with_nodata(mosaic, None)
        yield _Pixels(image=image, mosaic=mosaic, bare=bare, number=number, row=offset[0], col=offset[1])
