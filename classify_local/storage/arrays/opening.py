"""netCDF files and local Zarr folders as images."""

from __future__ import annotations

import importlib.util
import math
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from pathlib import Path

import numpy as np
import xarray as xr

from classify_local.errors import InputError, StorageError
from classify_local.grid import Grid, Window
from classify_local.storage.arrays.checking import check_hdf5, check_zarr
from classify_local.storage.arrays.sniffing import ArrayStore, sniff_arrays
from classify_local.storage.arrays.variables import ArrayBand, arrange
from classify_local.storage.fingerprint import Stamp, stamp
from classify_local.storage.rasters import RasterFile, is_data, require_size
from classify_local.types import FeatureArray, MaskArray

_ENGINES: dict[ArrayStore, tuple[str, tuple[str, ...]]] = {
    "netCDF3": ("scipy", ()),
    "netCDF4": ("h5netcdf", ("h5netcdf", "h5py")),
    "Zarr": ("zarr", ("zarr",)),
}
_EXTRA = "arrays"
_CDF5 = b"CDF\x05"
_CHUNKS_WATCHED = 64
_CHUNKS_LISTED = 100_000
_AGAIN = "copy or download it again"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayImage:
    """Variables over y and x of one file or folder, as an image (`storage.composite.Image`).

    Parameters
    ----------
    path, store, taken
        The file or folder, what it is, and its stamp by which a later change is noticed.
    grid
        Where the pixels lie.
    bands
        Where each band is found, what is no data in it, and what its stored values mean.
    watched
        Files that decide its pixels: the file itself; of a folder the metadata and some of the chunks.
    notes
        Sentences on what was left out.
    """

    path: Path
    store: ArrayStore
    taken: Stamp
    grid: Grid
    bands: tuple[ArrayBand, ...]
    watched: tuple[Path, ...]
    notes: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """The file or folder."""
        return str(self.path)

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each band."""
        return tuple(band.name for band in self.bands)

    @property
    def dtypes(self) -> tuple[str, ...]:
        """Type of each band."""
        return tuple(band.dtype for band in self.bands)

    @property
    def alpha(self) -> tuple[int, ...]:
        """None."""
        return ()

    @property
    def reflectances(self) -> tuple[tuple[float, float] | None, ...]:
        """Scale and offset of each band where the file gives them."""
        return tuple(band.scaling for band in self.bands)

    @property
    def scale(self) -> float | None:
        """That of all bands that have one, if they agree."""
        return self._common[0]

    @property
    def offset(self) -> float | None:
        """What is added to the scaled value."""
        return self._common[1]

    @property
    def _common(self) -> tuple[float, float] | tuple[None, None]:
        known = {band.scaling for band in self.bands if band.scaling is not None}
        return known.pop() if len(known) == 1 else (None, None)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that decide its pixels."""
        return self.watched

    @property
    def files(self) -> tuple[RasterFile, ...]:
        """The whole as one file, to say what it is; it is read through `read` only."""
        return (
            RasterFile(
                path=self.path, driver="Zarr" if self.store == "Zarr" else "netCDF", grid=self.grid, names=self.names,
                dtypes=self.dtypes, nodata=tuple(band.nodata[0] if band.nodata else None for band in self.bands),
                alpha=(), has_mask=False, scale=self.scale, offset=self.offset, stamp=self.taken,
            ),
        )  # fmt: skip

    def with_nodata(self, nodata: float | None) -> ArrayImage:
        """The image with `nodata` in place of what it declares; with None every value is data."""
        given = () if nodata is None else (nodata,)
        return replace(self, bands=tuple(replace(band, nodata=given, limits=None) for band in self.bands))

    def read(self, bands: Sequence[int], window: Window) -> tuple[FeatureArray, MaskArray]:
        """Values and validity of bands in a window; see `Image.read`.

        Raises
        ------
        StorageError
            If the file has changed since it was opened.
        InputError
            If it is damaged there.
        """
        if stamp(self.path) != self.taken:
            raise StorageError(f"{self.path}: was changed while it was being read; run again with --restart")
        dtype = np.result_type(*(np.dtype(self.dtypes[band - 1]) for band in bands))
        values = np.zeros((len(bands), *window.shape), dtype=dtype)
        valid = np.zeros(values.shape, dtype=bool)
        inside = window.intersection(self.grid.window)
        if inside.is_empty:
            return values, valid
        rows, cols = inside.slices_in(window)
        dataset = _dataset(self.path, self.store, self.taken)
        for i, band in enumerate(bands):
            values[i, rows, cols], valid[i, rows, cols] = self._band(dataset, self.bands[band - 1], inside)
        return values, valid

    def _band(self, dataset: xr.Dataset, band: ArrayBand, window: Window) -> tuple[FeatureArray, MaskArray]:
        rows = slice(window.row, window.row + window.rows)
        cols = slice(window.col, window.col + window.cols)
        try:
            part = dataset[band.variable].isel({**dict(band.fixed), band.y: rows, band.x: cols})
            found = band.stored(np.asarray(part.transpose(band.y, band.x).values))
        except (OSError, RuntimeError, ValueError, KeyError, MemoryError) as error:
            raise InputError(
                f"{self.path}: {band.name} cannot be read at row {window.row}, column {window.col}: {error}; {_AGAIN}"
            ) from error
        valid = is_data(found, None)
        for nodata in band.nodata:
            valid &= is_data(found, nodata)
        if band.limits is not None:
            valid &= (found >= band.limits[0]) & (found <= band.limits[1])
        return found, valid


def open_arrays(path: Path, *, time: str | None = None) -> ArrayImage | None:
    """The image in a netCDF file or a local Zarr folder; None if `path` is neither.

    Parameters
    ----------
    path
        The file or folder.
    time
        Which of several dates is meant: the beginning of one, as 2021-07-10.

    Raises
    ------
    InputError
        If it cannot be used as an image, or a library for it is not installed.
    RefusedError
        If it holds objects, or leads to other files.
    """
    store = sniff_arrays(path)
    if store is None:
        return None
    _require_engine(store, path)
    watched = _check(path, store)
    taken = stamp(path)
    arranged = arrange(_dataset(path, store, taken), time, str(path), by_name=store == "Zarr")
    require_size(arranged.grid.shape, str(path))
    return ArrayImage(
        path=path, store=store, taken=taken, grid=arranged.grid, bands=arranged.bands, watched=tuple(watched),
        notes=arranged.notes,
    )  # fmt: skip


def close_arrays() -> None:
    """Forget the files that are open."""
    _dataset.cache_clear()


def _require_engine(store: ArrayStore, path: Path) -> None:
    missing = [name for name in _ENGINES[store][1] if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(
            f"{path}: is {store}, which needs {' and '.join(missing)}; "
            f"install what reads it: pip install 'classify_local[{_EXTRA}]'"
        )


def _check(path: Path, store: ArrayStore) -> list[Path]:
    """Refuse what must not be opened; the files that decide the pixels."""
    if store == "Zarr":
        metadata = check_zarr(path)
        return [*metadata, *_some_chunks(metadata)]
    if store == "netCDF4":
        check_hdf5(path)
    else:
        with path.open("rb") as stream:
            if stream.read(len(_CDF5)) == _CDF5:
                raise InputError(
                    f"{path}: is netCDF in 64-bit data format (CDF-5); write it anew: nccopy -k nc4 in.nc out.nc"
                )
    return [path]


def _some_chunks(metadata: Sequence[Path]) -> list[Path]:
    """Chunk files spread over those there are: a folder may hold too many to look at each."""
    folders = sorted({path.parent for path in metadata if path.name in (".zarray", "zarr.json")})
    walked = (Path(root) / name for folder in folders for root, _, names in os.walk(folder) for name in sorted(names))
    known = set(metadata)
    chunks = [path for path in islice(walked, _CHUNKS_LISTED) if path not in known]
    return list(dict.fromkeys(chunks[:: max(1, math.ceil(len(chunks) / _CHUNKS_WATCHED))]))


@lru_cache(maxsize=16)
def _dataset(path: Path, store: ArrayStore, taken: Stamp) -> xr.Dataset:
    """The open store; libraries lock what must not be read by two threads at once."""
    del taken  # part of the key: a changed file is opened anew
    settings = {"consolidated": False} if store == "Zarr" else None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on attributes and formats: what matters is checked here
            return xr.open_dataset(
                path.absolute(), engine=_ENGINES[store][0], mask_and_scale=False, decode_times=False,
                decode_coords="all", cache=False, chunks=None, backend_kwargs=settings,
            )  # fmt: skip
    except MemoryError as error:
        raise InputError(f"{path}: needs more memory to open than there is; {_AGAIN}") from error
    except Exception as error:  # what libraries raise on damaged files is of any kind
        said = str(error).strip().split("\n")[0][:120]
        raise InputError(f"{path}: cannot be opened as {store}: {said}; {_AGAIN}") from error
