"""The stack of named bands on one grid, read window by window. Memory depends on the window only."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from classify_local.errors import InputError, nearest
from classify_local.grid import BLOCK_SIZE, Grid, Window
from classify_local.storage.sources import Remotes
from classify_local.types import FeatureArray, MaskArray

if TYPE_CHECKING:
    import xarray as xr


STORED = "stored value"
"""Unit of what stands in the files, and of what is computed from it without making it reflectance."""


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
    reflectance
        Scale and offset that make reflectance of its values; None where a scale of the image does not change them.
    """

    name: str
    source: str
    unit: str = STORED
    valid_range: tuple[float, float] | None = None
    reflectance: tuple[float, float] | None = None


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
    def layers(self) -> tuple[str, ...]:
        """What can make a pixel invalid: bands that are read, and masks."""
        ...

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Type of its values."""
        ...

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files of this machine that it reads."""
        ...

    @property
    def remotes(self) -> Remotes:
        """Address and identity of the files on web servers that it reads."""
        ...

    def read(self, window: Window) -> tuple[FeatureArray, MaskArray]:
        """Values (bands, rows, cols) and validity (layers, rows, cols) in a window of the grid."""
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
    picks
        Positions of the bands among those of the sources, where these are not all in their order.
    """

    grid: Grid
    sources: tuple[BandSource, ...]
    names: tuple[str, ...]
    picks: tuple[int, ...] | None = None

    @property
    def bands(self) -> tuple[BandSpec, ...]:
        """The bands, in the order in which a model sees them."""
        every = [spec for source in self.sources for spec in source.bands]
        specs = every if self.picks is None else [every[position] for position in self.picks]
        return tuple(replace(spec, name=name) for name, spec in zip(self.names, specs, strict=True))

    @property
    def layers(self) -> tuple[str, ...]:
        """What can make a pixel invalid: bands that are read, and masks."""
        return resolve_names([source.layers for source in self.sources])

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Type of the features."""
        return resolve_feature_dtype([source.dtype for source in self.sources])

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every file of this machine that the stack reads, each once."""
        return tuple(dict.fromkeys(path for source in self.sources for path in source.paths))

    @property
    def remotes(self) -> Remotes:
        """Address and identity of every file on a web server that it reads, each once."""
        return tuple(dict.fromkeys(remote for source in self.sources for remote in source.remotes))

    @property
    def recipes(self) -> tuple[tuple[Path, str], ...]:
        """Other recipes whose maps it holds, each with the digest of what they ask for; their files are in `paths`."""
        found = (recipe for source in self.sources for recipe in getattr(source, "recipes", ()))
        return tuple(dict.fromkeys(found))

    def read(self, window: Window) -> Block:
        """The features of a window inside the grid."""
        count = sum(len(source.bands) for source in self.sources)
        features = np.empty((count, *window.shape), dtype=self.dtype)
        by_source, first = [], 0
        for source in self.sources:
            values, valid = source.read(window)
            features[first : first + len(values)] = values
            by_source.append(valid)
            first += len(values)
        by_layer = np.concatenate(by_source)
        if self.picks is not None:
            features = features[list(self.picks)]
        return Block(features=features, valid=np.asarray(by_layer.all(axis=0)), valid_by_layer=by_layer)

    def picked(self, names: Sequence[str], wanted_by: str) -> FeatureStack:
        """The stack with only the bands `names`, in their order; the others still mask pixels.

        Raises
        ------
        InputError
            Naming every band that is missing; `wanted_by` says who needs it.
        """
        missing = [name for name in names if name not in self.names]
        if missing:
            raise InputError(
                *(
                    f"{wanted_by} needs the band {name!r}; the images give {', '.join(self.names)}"
                    f"{nearest(name, self.names)}"
                    for name in missing
                )
            )
        if tuple(names) == self.names:
            return self
        before = self.picks or tuple(range(len(self.names)))
        picks = tuple(before[self.names.index(name)] for name in names)
        return replace(self, names=tuple(names), picks=picks)

    def to_xarray(self, chunks: int | tuple[int, int] = BLOCK_SIZE, *, masked: bool = True) -> xr.DataArray:
        """The stack as a lazy array: only chunks that are computed are read.

        Parameters
        ----------
        chunks
            Side of a chunk, or its rows and columns.
        masked
            Give float32 with NaN where a pixel is not valid; else the features as they are stored.

        Returns
        -------
        xarray.DataArray
            Dask-backed, dimensions (band, y, x), with band names, units and sources, coordinates of pixel
            centres and reference system.
        """
        from classify_local.features import lazy

        dtype = np.dtype(np.float32) if masked else self.dtype
        read = self._read_masked if masked else self._read_features
        array = lazy.lazy_array(read, self.grid, len(self.names), dtype, chunks, tokenize(self, masked))
        about = {"unit": [spec.unit for spec in self.bands], "source": [spec.source for spec in self.bands]}
        return lazy.placed(array, self.grid, self.names, about)

    def _read_masked(self, window: Window) -> FeatureArray:
        block = self.read(window)
        return np.where(block.valid, block.features, np.float32(np.nan)).astype(np.float32, copy=False)

    def _read_features(self, window: Window) -> FeatureArray:
        return self.read(window).features

    def __dask_tokenize__(self) -> str:
        return tokenize(self)

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


def tokenize(stack: FeatureStack, *more: object) -> str:
    """Hexadecimal SHA-256 of all that a stack's values depend on: files as they are, bands, grid."""
    return hashlib.sha256(repr((stack, more)).encode()).hexdigest()


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
