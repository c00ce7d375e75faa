"""A GeoTIFF on a web server, read by the parts that are needed; only where a recipe names its address.

GDAL never sees the network: it reads through `storage.parts`, which knows when a part did not come. GDAL's own reader
does not say so where it looks for a mask, and would take every pixel for data. What lies beside the file on the server
is not looked at.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import rasterio
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader
from rasterio.windows import Window as RasterioWindow

from classify_local.addresses import is_url, shown
from classify_local.errors import ClassifyLocalError, InputError, RefusedError
from classify_local.grid import Grid, Window
from classify_local.storage import gdal, rasters
from classify_local.storage.connections import Settings
from classify_local.storage.fingerprint import Stamp
from classify_local.storage.parts import KEPT_BYTES, PartlyRead, State, ask
from classify_local.storage.rasters import RasterFile, is_data
from classify_local.storage.sources import Remotes
from classify_local.types import FeatureArray, MaskArray

gdal.secure_environment()

OFFLINE = "CLASSIFY_LOCAL_OFFLINE"
_LONGEST = 4096
_NAME = "remote.tif"
_ALONE = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_PAM_ENABLED": "NO"}
"""Look at nothing beside the file."""
_OPEN_FILES = 4
_DOWNLOAD = "download it and name the file"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteImage:
    """A GeoTIFF on a web server, as an image (`storage.composite.Image`).

    Parameters
    ----------
    url
        Its address.
    file
        What it says of itself; it is read through `read` only.
    state
        What the server says of its size and state, by which every part is known to be of the same file.
    settings
        How patient to be.
    """

    url: str
    file: RasterFile
    state: State
    settings: Settings = field(default_factory=Settings)

    @property
    def identity(self) -> str:
        """Hexadecimal SHA-256 of its size and state, by which a change between runs is noticed."""
        return self.state.digest

    @property
    def where(self) -> str:
        """The address without its query, which may hold a key."""
        return shown(self.url)

    @property
    def grid(self) -> Grid:
        """Where the pixels lie."""
        return self.file.grid

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each band."""
        return self.file.names

    @property
    def dtypes(self) -> tuple[str, ...]:
        """Type of each band."""
        return self.file.dtypes

    @property
    def alpha(self) -> tuple[int, ...]:
        """Numbers (from 1) of the bands that are transparency."""
        return self.file.alpha

    @property
    def scale(self) -> float | None:
        """Stored value to reflectance, if its tags say so."""
        return self.file.scale

    @property
    def offset(self) -> float | None:
        """What is added to the scaled value."""
        return self.file.offset

    @property
    def paths(self) -> tuple[Path, ...]:
        """None: nothing of it lies on this machine; see `remotes`."""
        return ()

    @property
    def remotes(self) -> Remotes:
        """Its address and identity."""
        return ((self.where, self.identity),)

    @property
    def files(self) -> tuple[RasterFile, ...]:
        """The file, to say what it is."""
        return (self.file,)

    def with_nodata(self, nodata: float | None) -> RemoteImage:
        """The image with `nodata` in place of what it declares; with None every value is data."""
        return replace(self, file=replace(self.file, nodata=(nodata,) * len(self.file.nodata)))

    def read(
        self, bands: Sequence[int], window: Window, shape: tuple[int, int] | None = None
    ) -> tuple[FeatureArray, MaskArray]:
        """Values and validity of bands in a window; see `Image.read`.

        With `shape`, fewer rows and columns of a window inside the file: nearest pixels, of the overview that fits.

        Raises
        ------
        StorageError
            If the server cannot be reached, sends less than was asked for, or has another file there by now.
        InputError
            If the file is damaged there.
        """
        dtype = np.result_type(*(np.dtype(self.dtypes[band - 1]) for band in bands))
        values = np.zeros((len(bands), *window.shape), dtype=dtype)
        valid = np.zeros(values.shape, dtype=bool)
        inside = window.intersection(self.grid.window)
        if inside.is_empty:
            return values, valid
        rows, cols = inside.slices_in(window)
        if shape is not None:
            values, valid = np.zeros((len(bands), *shape), dtype=dtype), np.zeros((len(bands), *shape), dtype=bool)
            rows = cols = slice(None)
        part = RasterioWindow(inside.col, inside.row, inside.cols, inside.rows)
        try:
            with rasterio.Env(**_ALONE), _handles.using(self) as handle:
                found = handle.read(list(bands), window=part, out_shape=shape)
                mask = self.file._mask(handle, part, shape)
        except (RasterioError, MemoryError) as error:
            raise InputError(
                f"{self.where}: cannot be read at row {inside.row}, column {inside.col}: {_said(error)}"
            ) from error
        known = np.stack([is_data(found[i], self.file.nodata[band - 1]) for i, band in enumerate(bands)])
        values[:, rows, cols] = found
        valid[:, rows, cols] = known if mask is None else known & mask
        return values, valid


def describe_remote(url: str, *, offline: bool = False, settings: Settings | None = None) -> RemoteImage:
    """Ask a web server what GeoTIFF it has at an address; a few kilobytes are read.

    Parameters
    ----------
    url
        http or https, without user and password.
    offline
        Ask no server; the environment CLASSIFY_LOCAL_OFFLINE does the same.
    settings
        How patient to be.

    Raises
    ------
    RefusedError
        If the network is not to be used; no socket is opened.
    InputError
        If the address is none, or there is no GeoTIFF that is served by parts.
    StorageError
        If the server cannot be reached.
    """
    require_url(url)
    if offline or os.environ.get(OFFLINE, "0").strip().lower() not in ("", "0", "no", "false", "off"):
        raise RefusedError(f"{shown(url)}: the network is not to be used (--offline or {OFFLINE}); {_DOWNLOAD}")
    settings = settings or Settings()
    state = ask(url, settings)
    path = Path("/remote") / shown(url)
    try:
        with rasterio.Env(**_ALONE), _opened(url, state, settings) as (handle, parts), parts.trusted():
            file = rasters._described(handle, path, "GTiff", Stamp(0, 0))
    except RasterioError as error:
        raise InputError(
            f"{shown(url)}: cannot be opened as GeoTIFF: {_said(error)}; if it is damaged, tell who publishes it"
        ) from error
    except ClassifyLocalError as error:
        raise type(error)(*(line.replace(str(path), shown(url)) for line in error.problems)) from error
    return RemoteImage(url=url, file=file, state=state, settings=settings)


def require_url(url: str) -> None:
    """Refuse an address that is none, or that carries a password.

    Raises
    ------
    InputError
        Saying how to write it.
    """
    try:
        parts = urlsplit(url)
        server, _ = parts.hostname, parts.port
    except ValueError:
        server = None
    if not is_url(url) or not server or not url.isascii() or not url.isprintable() or " " in url or len(url) > _LONGEST:
        raise InputError(
            f"{shown(url)!r}: is no web address; it begins with https:// or http:// and a server, without blanks"
        )
    if "@" in parts.netloc:
        raise InputError(f"https://...@{server}: an address with user and password would be written down; {_DOWNLOAD}")
    if parts.fragment:
        raise InputError(f"{shown(url)}: has a # in it, which servers never see; leave it out")


def bytes_kept(files: int) -> int:
    """Memory in which a thread keeps parts of so many files."""
    return KEPT_BYTES * min(files, _OPEN_FILES)


def close_remote() -> None:
    """Close what this thread holds open."""
    _handles.close()


def _open(url: str, state: State, settings: Settings) -> tuple[DatasetReader, PartlyRead]:
    parts = PartlyRead(url, state, settings)
    try:
        with parts.trusted():
            return rasterio.open(_NAME, driver="GTiff", sharing=False, opener=parts.opener(_NAME)), parts
    except BaseException:
        parts.close()
        raise


@contextmanager
def _opened(url: str, state: State, settings: Settings) -> Iterator[tuple[DatasetReader, PartlyRead]]:
    handle, parts = _open(url, state, settings)
    try:
        yield handle, parts
    finally:
        handle.close()
        parts.close()


class _Handles(threading.local):
    """Open files of one thread, the least used closed first."""

    def __init__(self) -> None:
        self._open: OrderedDict[tuple[str, State], tuple[DatasetReader, PartlyRead]] = OrderedDict()

    @contextmanager
    def using(self, image: RemoteImage) -> Iterator[DatasetReader]:
        """The open file; it is closed if anything goes wrong, as GDAL keeps what it did not get."""
        key = image.url, image.state
        if key not in self._open:
            while len(self._open) >= _OPEN_FILES:
                self._drop(next(iter(self._open)))
            self._open[key] = _open(image.url, image.state, image.settings)
        self._open.move_to_end(key)
        handle, parts = self._open[key]
        try:
            with parts.trusted():
                yield handle
        except BaseException:
            self._drop(key)
            raise

    def close(self) -> None:
        """Close all."""
        for key in list(self._open):
            self._drop(key)

    def _drop(self, key: tuple[str, State]) -> None:
        handle, parts = self._open.pop(key)
        handle.close()
        parts.close()


_handles = _Handles()


def _said(error: BaseException) -> str:
    """A library's own words in one line."""
    return str(error.__cause__ or error).strip().split("\n")[0][:200]
