"""Several raster files as one image: an index of pieces on one grid.

A window opens only the files it meets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePath

import numpy as np
from numpy.typing import NDArray

from classify_local.errors import InputError
from classify_local.grid import Grid, Window, union
from classify_local.storage.rasters import RasterFile, is_data
from classify_local.storage.sources import Remotes, Source, called, files_of, paths_of
from classify_local.types import FeatureArray, MaskArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a file and where it lies on the mosaic.

    Parameters
    ----------
    file
        The file it comes from, on this machine or a server, or a mosaic in turn: a VRT among the sources of a VRT.
    bands
        For each band of the mosaic the band of the file (from 1), or None where it gives none.
    source
        The pixels of the file that are used.
    row, col
        Where the first of them lies on the mosaic.
    nodata
        For each band of the mosaic the values that are no data here, beside the file's own.
    opaque
        True if this piece hides what lies below even where it has no data, as the simple sources
        of a VRT do.
    """

    file: RasterFile | Source
    bands: tuple[int | None, ...]
    source: Window
    row: int
    col: int
    nodata: tuple[tuple[float, ...], ...]
    opaque: bool = False

    @property
    def target(self) -> Window:
        """The pixels of the mosaic that it covers."""
        return Window(row=self.row, col=self.col, rows=self.source.rows, cols=self.source.cols)

    def gives_all(self, bands: Sequence[int], window: Window) -> bool:
        """True if it covers the whole window with all of these bands."""
        covered = self.target.intersection(window) == window
        return covered and all(self.bands[band - 1] is not None for band in bands)

    def read(self, bands: Sequence[int], window: Window) -> tuple[FeatureArray, MaskArray]:
        """Values and validity of the mosaic's `bands` in a window of the mosaic that it covers."""
        numbers = [number for number in (self.bands[band - 1] for band in bands) if number is not None]
        inside = window.shifted(self.source.row - self.row, self.source.col - self.col)
        values, valid = self.file.read(numbers, inside)
        for i, band in enumerate(bands):
            for nodata in self.nodata[band - 1]:
                valid[i] &= is_data(values[i], nodata)
        return values, valid


@dataclass(frozen=True, kw_only=True)
class Mosaic:
    """Pieces on one grid; where several cover a pixel, the last one with data there counts.

    `names` and `dtypes` are those of the bands, `alpha` the numbers (from 1) of bands that are
    transparency, `masked_by_alpha` is True where the pieces do not know that they are. `nodata` holds
    for each band values that are no data wherever they come from. `scale` and `offset` lead from stored
    value to reflectance if the files say so. `described_by` are VRTs that place the pieces.
    """

    grid: Grid
    names: tuple[str, ...]
    dtypes: tuple[str, ...]
    alpha: tuple[int, ...]
    scale: float | None
    offset: float | None
    pieces: tuple[Piece, ...]
    where: str
    nodata: tuple[tuple[float, ...], ...] = ()
    masked_by_alpha: bool = False
    described_by: tuple[Path, ...] = ()

    @property
    def files(self) -> tuple[RasterFile, ...]:
        """The files of its pieces, each once."""
        nested = (files_of(piece.file) for piece in self.pieces)
        return tuple(dict.fromkeys(file for files in nested for file in files))

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files of this machine it is made of and those that describe it, each once."""
        nested = (paths_of(piece.file) for piece in self.pieces)
        return tuple(dict.fromkeys([*self.described_by, *(path for paths in nested for path in paths)]))

    @property
    def remotes(self) -> Remotes:
        """The files on web servers that it is made of, each once."""
        nested = (piece.file.remotes for piece in self.pieces if not isinstance(piece.file, RasterFile))
        return tuple(dict.fromkeys(remote for remotes in nested for remote in remotes))

    def read(self, bands: Sequence[int], window: Window) -> tuple[FeatureArray, MaskArray]:
        """Values and validity of bands in a window.

        Parameters
        ----------
        bands
            Numbers from 1.
        window
            In pixels of the mosaic; may reach beyond it, where nothing is valid.

        Returns
        -------
        values, valid
            Both of shape (bands, rows, cols), the values in the type that holds those of all
            these bands; what stands where nothing is valid has no meaning.
        """
        values, valid = self._read(bands, window)
        for i, band in enumerate(bands):
            for nodata in self.nodata[band - 1] if self.nodata else ():
                valid[i] &= is_data(values[i], nodata)
        if self.masked_by_alpha:
            shown, known = self._read(self.alpha, window)
            valid &= ((shown != 0) & known).all(axis=0)
        return values, valid

    def _read(self, bands: Sequence[int], window: Window) -> tuple[FeatureArray, MaskArray]:
        met = self._met(window)
        dtypes = [np.dtype(self.dtypes[band - 1]) for band in bands]
        dtype = np.result_type(*dtypes)
        if len(met) == 1 and met[0].gives_all(bands, window):
            found, valid = met[0].read(bands, window)
            if found.dtype != dtype or any(kind != dtype for kind in dtypes):
                found = np.stack([as_type(band, kind).astype(dtype) for band, kind in zip(found, dtypes, strict=True)])
            return found, valid
        values = np.zeros((len(bands), *window.shape), dtype=dtype)
        valid = np.zeros(values.shape, dtype=bool)
        decided = np.zeros(values.shape, dtype=bool) if any(piece.opaque for piece in met) else valid
        for piece in reversed(met):
            _lay(piece, bands, dtypes, window, values, valid, decided)
            if decided.all():
                break
        return values, valid

    @cached_property
    def _edges(self) -> NDArray[np.int64]:
        """First row and column and those behind the last of each piece, shape (2, 2, pieces)."""
        targets = [piece.target for piece in self.pieces]
        first = [(target.row, target.col) for target in targets]
        behind = [(target.row + target.rows, target.col + target.cols) for target in targets]
        return np.array([first, behind], dtype=np.int64).reshape(2, -1, 2).transpose(0, 2, 1)

    def _met(self, window: Window) -> list[Piece]:
        """The pieces that lie in a window, in their order: looked up at once, as an image may be of 10,000."""
        low = np.array([[window.row], [window.col]])
        high = low + np.array([[window.rows], [window.cols]])
        shared = np.minimum(self._edges[1], high) > np.maximum(self._edges[0], low)
        return [self.pieces[i] for i in np.flatnonzero(shared.all(axis=0))]


def _lay(
    piece: Piece,
    bands: Sequence[int],
    dtypes: Sequence[np.dtype[np.generic]],
    window: Window,
    values: FeatureArray,
    valid: MaskArray,
    decided: MaskArray,
) -> None:
    """Put a piece under what is decided already; `decided` may be `valid` itself where no piece is opaque."""
    given = [i for i, band in enumerate(bands) if piece.bands[band - 1] is not None]
    part = piece.target.intersection(window)
    rows, cols = part.slices_in(window)
    before = decided[:, rows, cols] if len(given) == len(bands) else decided[:, rows, cols][given]
    if not given or before.all():
        return
    is_first = not before.any()
    new, has_data = piece.read([bands[i] for i in given], part)
    for k, i in enumerate(given):
        found = as_type(new[k], dtypes[i])
        if is_first:  # as of most tiles: nothing to look for
            values[i, rows, cols], valid[i, rows, cols] = found, has_data[k]
            if decided is not valid:
                decided[i, rows, cols] = piece.opaque | has_data[k]
            continue
        still_open = ~decided[i, rows, cols]
        take = still_open & has_data[k]
        np.copyto(values[i, rows, cols], found, where=take)
        valid[i, rows, cols] |= take
        decided[i, rows, cols] |= still_open if piece.opaque else take


def as_type(values: FeatureArray, dtype: np.dtype[np.generic]) -> FeatureArray:
    """Values in another type, rounded and clipped to it as GDAL does; a VRT may declare less than its files hold."""
    if np.can_cast(values.dtype, dtype):
        return values.astype(dtype, copy=False)
    if np.issubdtype(dtype, np.floating):
        with np.errstate(over="ignore"):  # becomes infinite, which is no data
            return values.astype(dtype)
    limits = np.iinfo(dtype)  # type: ignore[type-var]
    if np.issubdtype(values.dtype, np.floating):
        whole = np.trunc(values + np.copysign(0.5, values))
        return np.asarray(np.nan_to_num(whole, nan=0).clip(limits.min, limits.max).astype(dtype))
    own = np.iinfo(values.dtype)
    return np.asarray(values.clip(max(limits.min, own.min), min(limits.max, own.max)).astype(dtype))


def whole_file(file: RasterFile) -> Mosaic:
    """A mosaic of one file."""
    return _mosaic_of([file], [(0, 0)], file.grid, str(file.path))


def of_files(files: Sequence[RasterFile | Source], where: str) -> Mosaic:
    """A mosaic of files that share one grid; later ones lie on top.

    Raises
    ------
    InputError
        If their bands or pixels do not match.
    """
    first = files[0]
    for file in files[1:]:
        _require_alike(first, file)
    grid, offsets = union([file.grid for file in files])
    return _mosaic_of(files, offsets, grid, where)


def _mosaic_of(
    files: Sequence[RasterFile | Source], offsets: Sequence[tuple[int, int]], grid: Grid, where: str
) -> Mosaic:
    first = files[0]
    count = len(first.names)
    dtypes = tuple(str(np.result_type(*kinds)) for kinds in zip(*(file.dtypes for file in files), strict=True))
    pieces = tuple(
        Piece(
            file=file, bands=tuple(range(1, count + 1)), source=file.grid.window, row=row, col=col,
            nodata=((),) * count,
        )
        for file, (row, col) in zip(files, offsets, strict=True)
    )  # fmt: skip
    return Mosaic(
        grid=grid, names=first.names, dtypes=dtypes, alpha=first.alpha, scale=first.scale, offset=first.offset,
        pieces=pieces, where=where,
    )  # fmt: skip


def _require_alike(first: RasterFile | Source, file: RasterFile | Source) -> None:
    where, model = called(file), PurePath(called(first)).name
    if file.names != first.names:
        raise InputError(
            f"{where}: its bands are {', '.join(file.names)}, those of {model} are "
            f"{', '.join(first.names)}; tiles of one image have the same bands"
        )
    kinds = [np.result_type(*each.dtypes).kind == "f" for each in (first, file)]
    if kinds[0] != kinds[1] or (file.scale, file.offset) != (first.scale, first.offset):
        raise InputError(
            f"{where}: holds {_stored(file)}, {model} holds {_stored(first)}; tiles of one image are stored alike"
        )
    if file.grid.crs != first.grid.crs:
        raise InputError(
            f"{where}: is in {file.grid.crs}, {model} in {first.grid.crs}; bands of one product lie in one reference "
            "system: give each zone's product as an image of its own, or warp them to one with gdalwarp"
        )
    if first.grid.offset_of(file.grid) is None:
        raise InputError(f"{where}: its pixels do not lie on the grid of {model}; tiles of one image share a grid")


def _stored(file: RasterFile | Source) -> str:
    """Types, and scale and offset where the tags give them."""
    scaled = "" if file.scale is None else f" with scale {file.scale:g} and offset {file.offset:g}"
    return "/".join(dict.fromkeys(file.dtypes)) + scaled
