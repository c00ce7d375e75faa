"""Bands that lie in files of their own, some with larger pixels, as one image on the grid of the finest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from classify_local.errors import InputError, collect
from classify_local.grid import Grid, Window, union
from classify_local.storage.mosaic import Mosaic
from classify_local.storage.rasters import RasterFile
from classify_local.storage.sources import Remotes, Source
from classify_local.types import FeatureArray, MaskArray

REFLECTANCE = "reflectance"
"""Unit of bands whose scale and offset lead to reflectance."""
_ALIGNED = 1e-3
"""Corners of pixels are the same within this share of a pixel of the finest band."""


class Image(Protocol):
    """What the rest of the package reads: named bands of pixels on one grid. A `Mosaic` is one."""

    @property
    def grid(self) -> Grid:
        """Where the pixels lie."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each band."""
        ...

    @property
    def dtypes(self) -> tuple[str, ...]:
        """Type of each band."""
        ...

    @property
    def alpha(self) -> tuple[int, ...]:
        """Numbers (from 1) of the bands that are transparency, not data."""
        ...

    @property
    def scale(self) -> float | None:
        """Stored value to reflectance, if the files say it and it is one for all bands."""
        ...

    @property
    def offset(self) -> float | None:
        """What is added to the scaled value."""
        ...

    @property
    def where(self) -> str:
        """What messages call it."""
        ...

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files of this machine that decide its pixels; see `remotes_of` for others."""
        ...

    @property
    def files(self) -> tuple[RasterFile, ...]:
        """The rasters among them, for those who want to say what they are."""
        ...

    def read(self, bands: Sequence[int], window: Window) -> tuple[FeatureArray, MaskArray]:
        """Values and validity of bands (from 1), both (bands, rows, cols), in a window.

        The window may reach beyond the grid, where nothing is valid.
        """
        ...


@runtime_checkable
class OtherNodata(Protocol):
    """An image that can be read with other values for no data."""

    def with_nodata(self, nodata: float | None) -> Image:
        """See the function of this name."""
        ...


@runtime_checkable
class FromWeb(Protocol):
    """An image that may be made of files on web servers."""

    @property
    def remotes(self) -> Remotes:
        """See `remotes_of`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One band and the files it is in.

    Parameters
    ----------
    name
        What the band is called.
    mosaic
        Its files; the first band of them is taken.
    unit
        `REFLECTANCE`, another unit, or empty for classes, bits and plain numbers.
    scale, offset
        From stored value to the unit; None where unknown or where there is none.
    quality
        True for a band that tells of the pixels' quality or of the air: none to classify by unless it is asked for.
    """

    name: str
    mosaic: Mosaic
    unit: str = ""
    scale: float | None = None
    offset: float | None = None
    quality: bool = False

    @property
    def reflectance(self) -> tuple[float, float] | None:
        """Scale and offset to reflectance; None if they are unknown or it is none."""
        if self.unit != REFLECTANCE or self.scale is None:
            return None
        return self.scale, self.offset or 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where a layer begins on the image's grid, and how many pixels of that its own cover down and across."""

    row: int
    col: int
    down: int
    across: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Composite:
    """Layers on the grid of the finest; pixels of coarser ones are repeated.

    Make it with `compose`. `notes` are sentences for the user on what was left out or taken for granted,
    `described_by` the metadata files that say how to read the layers.
    """

    grid: Grid
    layers: tuple[Layer, ...]
    placements: tuple[Placement, ...]
    where: str
    described_by: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each band."""
        return tuple(layer.name for layer in self.layers)

    @property
    def dtypes(self) -> tuple[str, ...]:
        """Type of each band."""
        return tuple(layer.mosaic.dtypes[0] for layer in self.layers)

    @property
    def alpha(self) -> tuple[int, ...]:
        """None: a layer's own transparency is its mask."""
        return ()

    @property
    def quality(self) -> tuple[int, ...]:
        """Numbers (from 1) of bands that are none to classify by unless a recipe names them."""
        return tuple(number for number, layer in enumerate(self.layers, 1) if layer.quality)

    @property
    def units(self) -> tuple[str, ...]:
        """Unit that scale and offset of each band lead to."""
        return tuple(layer.unit for layer in self.layers)

    @property
    def reflectances(self) -> tuple[tuple[float, float] | None, ...]:
        """Scale and offset to reflectance of each band; None where a band is none, or they are unknown."""
        return tuple(layer.reflectance for layer in self.layers)

    @property
    def scale(self) -> float | None:
        """Stored value to reflectance if it is the same for all bands that are reflectance, else None."""
        return self._common[0]

    @property
    def offset(self) -> float | None:
        """What is added to the scaled value."""
        return self._common[1]

    @property
    def _common(self) -> tuple[float, float] | tuple[None, None]:
        known = {layer.reflectance for layer in self.layers if layer.unit == REFLECTANCE}
        only = known.pop() if len(known) == 1 else None
        return (None, None) if only is None else only

    @property
    def files(self) -> tuple[RasterFile, ...]:
        """The files of its layers, each once."""
        return tuple(dict.fromkeys(file for layer in self.layers for file in layer.mosaic.files))

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files it is made of and those that describe it, each once."""
        return tuple(dict.fromkeys([*self.described_by, *(file.path for file in self.files)]))

    def read(self, bands: Sequence[int], window: Window) -> tuple[FeatureArray, MaskArray]:
        """Values and validity of bands in a window; see `Image.read`.

        The values are of the type that holds those of all these bands. Memory is that of the window.
        """
        dtype = np.result_type(*(np.dtype(self.dtypes[band - 1]) for band in bands))
        values = np.zeros((len(bands), *window.shape), dtype=dtype)
        valid = np.zeros(values.shape, dtype=bool)
        inside = window.intersection(self.grid.window)
        if inside.is_empty:
            return values, valid
        rows, cols = inside.slices_in(window)
        for i, band in enumerate(bands):
            values[i, rows, cols], valid[i, rows, cols] = self._band(band, inside)
        return values, valid

    def with_nodata(self, nodata: float | None) -> Composite:
        """See `with_nodata`; quality bands keep what stands for no data in them, unless all is data."""
        layers = tuple(
            layer
            if layer.quality and nodata is not None
            else replace(layer, mosaic=mosaic_with_nodata(layer.mosaic, nodata))
            for layer in self.layers
        )
        return replace(self, layers=layers)

    def _band(self, band: int, window: Window) -> tuple[FeatureArray, MaskArray]:
        """One band in a window of the grid that is not empty."""
        mosaic, place = self.layers[band - 1].mosaic, self.placements[band - 1]
        shifted = window.shifted(-place.row, -place.col)
        if (place.down, place.across) == (1, 1):
            values, valid = mosaic.read([1], shifted)
            return values[0], valid[0]
        rows = np.arange(shifted.row, shifted.row + shifted.rows) // place.down
        cols = np.arange(shifted.col, shifted.col + shifted.cols) // place.across
        top, left = int(rows[0]), int(cols[0])
        values, valid = mosaic.read(
            [1], Window(row=top, col=left, rows=int(rows[-1]) - top + 1, cols=int(cols[-1]) - left + 1)
        )
        chosen = np.ix_(rows - top, cols - left)
        return values[0][chosen], valid[0][chosen]


def compose(
    layers: Sequence[Layer], where: str, *, described_by: Sequence[Path] = (), notes: Sequence[str] = ()
) -> Composite:
    """Layers as one image on the grid of those with the smallest pixels.

    Raises
    ------
    InputError
        Naming every layer that is in another reference system, whose pixels are no whole multiple of the finest, or
        whose corners lie elsewhere.
    """
    finest = min(layers, key=lambda layer: _area(layer.mosaic.grid))
    fine = [layer.mosaic.grid for layer in layers if finest.mosaic.grid.offset_of(layer.mosaic.grid) is not None]
    grid, _ = union(fine)
    placements = collect(_Step(layer, finest, grid) for layer in layers)
    return Composite(
        grid=grid, layers=tuple(layers), placements=tuple(placements), where=where, described_by=tuple(described_by),
        notes=tuple(notes),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Step:
    """The placing of one layer, still to be done."""

    layer: Layer
    finest: Layer
    grid: Grid

    def __call__(self) -> Placement:
        own, where = self.layer.mosaic.grid, self.layer.mosaic.where
        if own.crs != self.grid.crs:
            raise InputError(
                f"{where}: is in {own.crs.to_string()[:40]}, {self.finest.name} in "
                f"{self.grid.crs.to_string()[:40]}; bands of one image share a reference system"
            )
        placed = place(own, self.grid)
        if placed is None:
            height, width = own.pixel_size
            raise InputError(
                f"{where}: its pixels ({width:g} x {height:g}) do not fit on those of {self.finest.name} "
                f"({self.grid.pixel_size[1]:g} x {self.grid.pixel_size[0]:g}): no whole multiple, or other corners; "
                "give it as an image of its own, which is resampled"
            )
        covered = Window(
            row=placed.row, col=placed.col, rows=own.shape[0] * placed.down, cols=own.shape[1] * placed.across
        )
        if covered.intersection(self.grid.window).is_empty:
            raise InputError(f"{where}: lies beside {self.finest.name}; is it of another scene?")
        return placed


def place(own: Grid, grid: Grid) -> Placement | None:
    """Where a grid lies on a finer one of the same system; None unless its pixels are whole blocks of the finer's."""
    step = ~grid.transform @ own.transform
    across, down, col, row = round(step.a), round(step.e), round(step.c), round(step.f)
    drift = max(abs(step.a - across), abs(step.b), abs(step.d), abs(step.e - down)) * max(own.shape)
    shift = max(abs(step.c - col), abs(step.f - row))
    if min(across, down) < 1 or drift > _ALIGNED or shift > _ALIGNED:
        return None
    return Placement(row=row, col=col, down=down, across=across)


def _area(grid: Grid) -> float:
    height, width = grid.pixel_size
    return height * width


def with_nodata(image: Image, nodata: float | None) -> Image:
    """The image with `nodata` in place of what its files declare; with None every value is data.

    Masks and transparency still count.

    Raises
    ------
    TypeError
        If it is neither a mosaic nor an `OtherNodata`.
    """
    if isinstance(image, Mosaic):
        return mosaic_with_nodata(image, nodata)
    if isinstance(image, OtherNodata):
        return image.with_nodata(nodata)
    raise TypeError(f"{type(image).__name__} declares no values that stand for no data")


def mosaic_with_nodata(mosaic: Mosaic, nodata: float | None) -> Mosaic:
    """See `with_nodata`."""
    pieces = tuple(
        replace(piece, file=_file_with_nodata(piece.file, nodata), nodata=((),) * len(piece.nodata))
        for piece in mosaic.pieces
    )
    return replace(mosaic, pieces=pieces, nodata=())


def _file_with_nodata(file: RasterFile | Source, nodata: float | None) -> RasterFile | Source:
    if isinstance(file, RasterFile):
        return replace(file, nodata=(nodata,) * len(file.nodata))
    return with_nodata(file, nodata)  # type: ignore[return-value]  # of a mosaic or a file on a server it is one


def remotes_of(image: Image) -> Remotes:
    """Address (without what may be a key) and identity of each file on a web server that decides an image's pixels."""
    return image.remotes if isinstance(image, FromWeb) else ()
