"""An image at a fraction of its resolution, for looking at it from afar.

A coarse pixel shows one of the pixels it covers, read from an overview of the file where there is one that fits; what
an overview holds is up to whoever made it. No map that is kept is ever computed from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from affine import Affine

from classify_local.grid import Grid, Window
from classify_local.storage.composite import Image, with_nodata
from classify_local.storage.mosaic import Mosaic, Piece, of_files
from classify_local.storage.rasters import RasterFile, is_data
from classify_local.storage.remote import RemoteImage
from classify_local.storage.sources import Source
from classify_local.types import FeatureArray, MaskArray

_STRIP = 1 << 24
"""Pixels of full resolution read at once where an image cannot be read coarsely."""


@runtime_checkable
class Zoomed(Protocol):
    """An image that is stored at several resolutions."""

    def coarser(self, factor: int) -> tuple[Image, int]:
        """The image at a fraction of its resolution, as far as it is stored, and what is left of the fraction."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Coarse:
    """An image of which every `factor`-th pixel is shown; an `Image` itself.

    Parameters
    ----------
    image
        At full resolution.
    factor
        Pixels of the image along a side of a coarse one.
    """

    image: Image
    factor: int

    @property
    def grid(self) -> Grid:
        """Where the coarse pixels lie."""
        return coarse_grid(self.image.grid, self.factor)

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each band."""
        return self.image.names

    @property
    def dtypes(self) -> tuple[str, ...]:
        """Type of each band."""
        return self.image.dtypes

    @property
    def alpha(self) -> tuple[int, ...]:
        """Numbers (from 1) of the bands that are transparency, not data."""
        return self.image.alpha

    @property
    def scale(self) -> float | None:
        """Stored value to reflectance."""
        return self.image.scale

    @property
    def offset(self) -> float | None:
        """What is added to the scaled value."""
        return self.image.offset

    @property
    def where(self) -> str:
        """What messages call it."""
        return self.image.where

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that decide its pixels."""
        return self.image.paths

    @property
    def files(self) -> tuple[RasterFile, ...]:
        """The rasters among them."""
        return self.image.files

    def __getattr__(self, name: str) -> Any:
        """What some images know beside the rest: their bands' quality, remote files, other recipes."""
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.image, name)

    def with_nodata(self, nodata: float | None) -> Image:
        """The same with another value for no data."""
        return replace(self, image=with_nodata(self.image, nodata))

    def read(self, bands: Sequence[int], window: Window) -> tuple[FeatureArray, MaskArray]:
        """Values and validity of bands (from 1) in a window, in coarse pixels; see `Image`."""
        if isinstance(self.image, Mosaic):
            return _of_mosaic(self.image, bands, window, self.factor)
        if isinstance(self.image, RemoteImage):
            return _of_mosaic(of_files([self.image], self.image.where), bands, window, self.factor)
        return _picked(self.image, bands, window, self.factor)


def coarsened(image: Image, factor: int) -> Image:
    """The image at a fraction of its resolution; itself for a factor of 1."""
    if isinstance(image, Zoomed) and factor > 1:
        image, factor = image.coarser(factor)
    return image if factor == 1 else Coarse(image=image, factor=factor)


def coarse_grid(grid: Grid, factor: int) -> Grid:
    """Pixels of `factor` by `factor` of a grid's; those at the far edges may reach beyond it."""
    rows, cols = (-(-length // factor) for length in grid.shape)
    return Grid(crs=grid.crs, transform=grid.transform @ Affine.scale(factor), shape=(rows, cols))


def _picked(image: Image, bands: Sequence[int], window: Window, factor: int) -> tuple[FeatureArray, MaskArray]:
    """The middle pixel of each coarse one, read strip by strip at full resolution."""
    step = max(1, _STRIP // max(1, window.cols * factor * factor))
    parts = [
        image.read(
            bands,
            Window(
                row=(window.row + first) * factor, col=window.col * factor,
                rows=min(step, window.rows - first) * factor, cols=window.cols * factor,
            ),
        )
        for first in range(0, window.rows, step)
    ]  # fmt: skip
    middle = slice(factor // 2, None, factor)
    values, valid = (np.concatenate([part[i][:, middle, middle] for part in parts], axis=1) for i in (0, 1))
    return values, valid


def _of_mosaic(mosaic: Mosaic, bands: Sequence[int], window: Window, factor: int) -> tuple[FeatureArray, MaskArray]:
    """The last piece with data counts, as at full resolution."""
    wanted = (*bands, *mosaic.alpha) if mosaic.masked_by_alpha else tuple(bands)
    dtype = np.result_type(*(np.dtype(mosaic.dtypes[band - 1]) for band in wanted))
    values = np.zeros((len(wanted), *window.shape), dtype=dtype)
    valid = np.zeros(values.shape, dtype=bool)
    decided = np.zeros(values.shape, dtype=bool)
    for piece in reversed(mosaic.pieces):
        covered = _covered(piece.target, factor).intersection(window)
        if not covered.is_empty and not decided.all():
            _lay(piece, wanted, covered, window, factor, (values, valid, decided))
    for i, band in enumerate(wanted):
        for nodata in mosaic.nodata[band - 1] if mosaic.nodata else ():
            valid[i] &= is_data(values[i], nodata)
    if mosaic.masked_by_alpha:
        valid[: len(bands)] &= ((values[len(bands) :] != 0) & valid[len(bands) :]).all(axis=0)
    return values[: len(bands)], valid[: len(bands)]


def _covered(target: Window, factor: int) -> Window:
    """The coarse pixels whose middle pixel a piece has; at least one, so that small tiles are seen at all."""
    row, rows = _middles_in(target.row, target.rows, factor)
    col, cols = _middles_in(target.col, target.cols, factor)
    return Window(row=row, col=col, rows=rows, cols=cols)


def _middles_in(start: int, length: int, factor: int) -> tuple[int, int]:
    """First and number of the coarse pixels whose middle lies in a span; of none, the one the span begins in."""
    half = factor // 2
    first, end = max(0, -(-(start - half) // factor)), -(-(start + length - half) // factor)
    return (first, end - first) if end > first else (start // factor, 1)


def _lay(
    piece: Piece, bands: Sequence[int], covered: Window, window: Window, factor: int,
    under: tuple[FeatureArray, MaskArray, MaskArray],
) -> None:  # fmt: skip
    """Put a piece's pixels below what is decided already."""
    held = [i for i, band in enumerate(bands) if piece.bands[band - 1] is not None]
    if not held:
        return
    numbers = [piece.bands[bands[i] - 1] or 0 for i in held]
    found, known = _read_piece(piece, numbers, covered, factor)
    rows, cols = covered.slices_in(window)
    values, valid, decided = under
    for i, band_values, band_known in zip(held, found, known, strict=True):
        for nodata in piece.nodata[bands[i] - 1]:
            band_known &= is_data(band_values, nodata)
        open_ = ~decided[i, rows, cols]
        taken = open_ if piece.opaque else open_ & band_known
        values[i, rows, cols][taken] = band_values[taken]
        valid[i, rows, cols][taken] = band_known[taken]
        decided[i, rows, cols] |= taken


def _read_piece(piece: Piece, numbers: Sequence[int], covered: Window, factor: int) -> tuple[FeatureArray, MaskArray]:
    """The coarse pixels of a piece; one that reaches beyond the piece shows the piece's part of it."""
    source = piece.source
    rows = _spans(covered.row, covered.rows, factor, source.row - piece.row, source.row, source.rows)
    cols = _spans(covered.col, covered.cols, factor, source.col - piece.col, source.col, source.cols)
    parts = [
        [
            _decimated(piece.file, numbers, Window(row=row, col=col, rows=height, cols=width), (down, across))
            for col, width, across in cols
        ]
        for row, height, down in rows
    ]
    values, valid = (np.block([[part[i] for part in line] for line in parts]) for i in (0, 1))
    return values, valid


def _spans(first: int, count: int, factor: int, shift: int, start: int, length: int) -> list[tuple[int, int, int]]:
    """Coarse pixels along an axis as windows of the file: where each begins, its length, and how many pixels it gives.

    Whole coarse pixels are one window. Of the first and the last, which may be parts, the same pixel is taken as if
    they were whole, so that none is seen that another piece hides.
    """
    end = start + length
    found: list[list[int]] = []
    for number in range(first, first + count):
        low, high = number * factor + shift, (number + 1) * factor + shift
        if start <= low and high <= end and found and found[-1][1] == found[-1][2] * factor:
            found[-1][1] += factor
            found[-1][2] += 1
        else:
            whole = start <= low and high <= end
            middle = min(max(low + factor // 2, start), end - 1)
            found.append([low, factor, 1] if whole else [middle, 1, 1])
    return [(low, size, given) for low, size, given in found]


def _decimated(
    file: RasterFile | Source, numbers: Sequence[int], window: Window, shape: tuple[int, int]
) -> tuple[FeatureArray, MaskArray]:
    if isinstance(file, RasterFile | RemoteImage):
        return file.read(numbers, window, shape)
    rows, cols = _middles(window.rows, shape[0]), _middles(window.cols, shape[1])
    step = max(1, _STRIP * shape[0] // max(1, window.rows * window.cols))  # rows given of a strip that is read
    parts = [_strip(file, numbers, window, rows[first : first + step], cols) for first in range(0, shape[0], step)]
    return np.concatenate([part[0] for part in parts], axis=1), np.concatenate([part[1] for part in parts], axis=1)


def _strip(
    file: RasterFile | Source, numbers: Sequence[int], window: Window, rows: Sequence[int], cols: Sequence[int]
) -> tuple[FeatureArray, MaskArray]:
    """Some rows and columns of a window, of which no more than from the first to the last row is read."""
    part = Window(row=window.row + rows[0], col=window.col, rows=rows[-1] - rows[0] + 1, cols=window.cols)
    values, valid = file.read(numbers, part)
    picks = np.ix_(range(len(numbers)), [row - rows[0] for row in rows], list(cols))
    return values[picks], valid[picks]


def _middles(length: int, count: int) -> list[int]:
    """The pixels in the middle of `count` equal parts."""
    return [min(length - 1, int((i + 0.5) * length / count)) for i in range(count)]
