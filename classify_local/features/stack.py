"""The stack of named bands on one grid, read window by window. Memory depends on the window only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from classify_local.grid import BLOCK_SIZE, Grid, Window
from classify_local.types import FeatureArray, MaskArray


@dataclass(frozen=True, slots=True, kw_only=True)
class BandSpec:
    """A band of the stack.

    Parameters
    ----------
    name
        The name it has in the recipe, the model and the reports.
    source
        The file or rule it comes from.
    unit
        Unit of its values.
    valid_range
        Least and greatest possible value, where there are such.
    """

    name: str
    source: str
    unit: str = "stored value"
    valid_range: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Features of one window.

    Parameters
    ----------
    features
        Shape (bands, rows, cols), float32 or the images' common integer type.
    valid
        Shape (rows, cols): True where every band and mask has data.
    valid_by_layer
        Shape (layers, rows, cols): the same for each band and mask alone, in the order of
        `FeatureStack.layers`.
    """

    features: FeatureArray
    valid: MaskArray
    valid_by_layer: MaskArray


class BandSource(Protocol):
    """Something that gives bands on the stack's grid: an image, later a derived or auxiliary layer."""

    @property
    def bands(self) -> tuple[BandSpec, ...]:
        """The bands it gives."""
        ...

    @property
    def masks(self) -> tuple[str, ...]:
        """Names of masks it applies beside those of its bands."""
        ...

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Type of its values."""
        ...

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files it reads."""
        ...

    def read(self, window: Window) -> tuple[FeatureArray, MaskArray]:
        """Values (bands, rows, cols) and validity (bands + masks, rows, cols) in a window of the grid."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureStack:
    """All bands of a recipe on one grid.

    Parameters
    ----------
    grid
        The first image's grid.
    sources
        What gives the bands, in order.
    names
        Name of each band, unique over all sources.
    """

    grid: Grid
    sources: tuple[BandSource, ...]
    names: tuple[str, ...]

    @property
    def bands(self) -> tuple[BandSpec, ...]:
        """The bands, in the order in which a model sees them."""
        specs = [spec for source in self.sources for spec in source.bands]
        return tuple(
            BandSpec(name=name, source=spec.source, unit=spec.unit, valid_range=spec.valid_range)
            for name, spec in zip(self.names, specs, strict=True)
        )

    @property
    def layers(self) -> tuple[str, ...]:
        """What can make a pixel invalid: the bands, then the masks."""
        return self.names + tuple(mask for source in self.sources for mask in source.masks)

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Type of the features."""
        return resolve_feature_dtype([source.dtype for source in self.sources])

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every file the stack reads, each once."""
        return tuple(dict.fromkeys(path for source in self.sources for path in source.paths))

    def read(self, window: Window) -> Block:
        """The features of a window inside the grid."""
        features = np.empty((len(self.names), *window.shape), dtype=self.dtype)
        of_bands, of_masks, first = [], [], 0
        for source in self.sources:
            values, valid = source.read(window)
            count = len(source.bands)
            features[first : first + count] = values
            of_bands.append(valid[:count])
            of_masks.append(valid[count:])
            first += count
        by_layer = np.concatenate([*of_bands, *of_masks])
        return Block(features=features, valid=np.asarray(by_layer.all(axis=0)), valid_by_layer=by_layer)

    def sample(self, rows: NDArray[np.int64], cols: NDArray[np.int64]) -> tuple[FeatureArray, MaskArray]:
        """Features at single pixels, read block by block.

        Parameters
        ----------
        rows, cols
            Pixels of the grid, shape (n,).

        Returns
        -------
        features, valid_by_layer
            Shapes (n, bands) and (n, layers).
        """
        features = np.zeros((len(rows), len(self.names)), dtype=self.dtype)
        valid = np.zeros((len(rows), len(self.layers)), dtype=bool)
        for members in _by_block(rows, cols):
            r, c = rows[members], cols[members]
            window = Window(row=int(r.min()), col=int(c.min()), rows=int(np.ptp(r)) + 1, cols=int(np.ptp(c)) + 1)
            block = self.read(window)
            features[members] = block.features[:, r - window.row, c - window.col].T
            valid[members] = block.valid_by_layer[:, r - window.row, c - window.col].T
        return features, valid


def resolve_feature_dtype(dtypes: Sequence[np.dtype[np.generic]]) -> np.dtype[np.generic]:
    """The common type if all are integers of 16 bits or less, else float32."""
    common = np.result_type(*dtypes)
    small = np.issubdtype(common, np.integer) and common.itemsize <= 2
    return common if small else np.dtype(np.float32)


def resolve_names(groups: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Unique band names over several images: a name that is taken gets `_1`, `_2`, as in SEPAL."""
    taken: dict[str, None] = {}
    for name in (name for group in groups for name in group):
        unique, number = name, 0
        while unique in taken:
            number += 1
            unique = f"{name}_{number}"
        taken[unique] = None
    return tuple(taken)


def _by_block(rows: NDArray[np.int64], cols: NDArray[np.int64]) -> list[NDArray[np.intp]]:
    """Indices of the pixels, grouped by the canonical block that holds them."""
    if not len(rows):
        return []
    keys = np.stack([rows // BLOCK_SIZE, cols // BLOCK_SIZE])
    _, group = np.unique(keys, axis=1, return_inverse=True)
    order = np.argsort(group.ravel(), kind="stable")
    return np.split(order, np.flatnonzero(np.diff(group.ravel()[order])) + 1)
