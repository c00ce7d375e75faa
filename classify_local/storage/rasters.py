"""One raster file: what it holds, and windows of it read with the mask that goes with them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import rasterio
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.io import DatasetReader
from rasterio.windows import Window as RasterioWindow

from classify_local.bands.aliases import file_band_names
from classify_local.errors import InputError, RefusedError, StorageError
from classify_local.grid import Grid, Window
from classify_local.storage import gdal, safety
from classify_local.storage.fingerprint import Stamp, stamp
from classify_local.storage.handles import Handles, most_open_files
from classify_local.types import FeatureArray, MaskArray

gdal.secure_environment()

_MAX_BANDS = 4096
_MAX_PIXELS = 10**12
"""Russia from west to east and south to north is 4e11 pixels of 10 m."""
_WITHOUT_TAGS = "write it anew, for example: gdal_translate -nomd in.tif out.tif"


@dataclass(frozen=True, slots=True, kw_only=True)
class RasterFile:
    """What a raster file says of itself.

    Parameters
    ----------
    path, driver
        The file and the driver its first bytes ask for.
    grid
        Where its pixels lie.
    names, dtypes, nodata
        One for each band; a nodata of None means that no value stands for it.
    alpha
        Numbers (from 1) of the bands that are transparency, not data.
    has_mask
        True if a mask, within the file or beside it, says which pixels are valid.
    scale, offset
        Stored value to reflectance, where the file's tags give them.
    stamp
        Size and time of the file, by which a later change is noticed.
    """

    path: Path
    driver: str
    grid: Grid
    names: tuple[str, ...]
    dtypes: tuple[str, ...]
    nodata: tuple[float | None, ...]
    alpha: tuple[int, ...]
    has_mask: bool
    scale: float | None
    offset: float | None
    stamp: Stamp

    def read(
        self, bands: Sequence[int], window: Window, shape: tuple[int, int] | None = None
    ) -> tuple[FeatureArray, MaskArray]:
        """Values and validity of some bands in a window inside the file.

        Parameters
        ----------
        bands
            Numbers from 1.
        window
            In pixels of this file.
        shape
            Rows and columns to give, fewer than the window's: the nearest pixels, from the overview that fits.

        Returns
        -------
        values, valid
            Both of shape (bands, rows, cols). A pixel is not valid where it is nodata, masked,
            transparent, not a number or infinite.

        Raises
        ------
        StorageError
            If the file has changed since it was described.
        InputError
            If the file is damaged there.
        """
        if stamp(self.path) != self.stamp:
            raise StorageError(f"{self.path}: was changed while it was being read; run again with --restart")
        part = RasterioWindow(window.col, window.row, window.cols, window.rows)
        try:
            with _lent(self.path, self.driver, self.stamp) as handle:
                values = handle.read(list(bands), window=part, out_shape=shape)
                mask = self._mask(handle, part, shape)
        except (RasterioError, MemoryError) as error:
            raise InputError(
                f"{self.path}: cannot be read at row {window.row}, column {window.col}: {error}"
            ) from error
        if values.shape[1:] != (shape or window.shape):
            raise InputError(f"{self.path}: the window {window} lies outside the file")
        valid = _are_data(values, [self.nodata[band - 1] for band in bands])
        return values, valid if mask is None else valid & mask

    def _mask(
        self, handle: DatasetReader, part: RasterioWindow, shape: tuple[int, int] | None = None
    ) -> MaskArray | None:
        """True where the file's mask and its transparency bands show the pixel; GDAL would look at one of them."""
        shown = [handle.read(number, window=part, out_shape=shape) != 0 for number in self.alpha]
        if self.has_mask:
            data = next(number for number in range(1, len(self.names) + 1) if number not in self.alpha)
            shown.append(handle.read_masks(data, window=part, out_shape=shape) != 0)
        return np.logical_and.reduce(shown) if shown else None


def describe(path: Path) -> RasterFile:
    """Open a raster safely and say what it holds.

    Raises
    ------
    InputError
        If it is no raster, has no place on earth, or holds what cannot be used.
    RefusedError
        If a sidecar leads elsewhere.
    """
    driver = safety.sniff(path)
    if driver == "VRT":
        raise InputError(f"{path}: is a VRT among other files; give either the VRT alone or the files it is made of")
    safety.check_sidecars(path)
    taken = stamp(path)
    with _lent(path, driver, taken) as handle:
        try:
            return _described(handle, path, driver, taken)
        except UnicodeDecodeError as error:
            raise InputError(f"{path}: holds a band name or tag that is not in UTF-8; {_WITHOUT_TAGS}") from error
        except (RasterioError, ValueError) as error:
            raise InputError(f"{path}: holds what {driver} does not allow: {error}; {_WITHOUT_TAGS}") from error


def _described(handle: DatasetReader, path: Path, driver: str, taken: Stamp) -> RasterFile:
    _require_usable(handle, path)
    _require_own_overviews(handle, path)
    _require_all_bytes(handle, path, driver)
    scale, offset = _reflectance_tags(handle)
    return RasterFile(
        path=path, driver=driver, grid=_grid(handle, path), stamp=taken,
        names=tuple(file_band_names(handle.descriptions)),
        dtypes=tuple(handle.dtypes), nodata=tuple(handle.nodatavals),
        alpha=tuple(i for i, kind in enumerate(handle.colorinterp, 1) if kind is ColorInterp.alpha),
        has_mask=_has_mask(handle),
        scale=scale, offset=offset,
    )  # fmt: skip


def is_data(values: FeatureArray, nodata: float | None) -> MaskArray:
    """True where values are data: finite and not `nodata`, which is compared in their own precision.

    A nodata of 3.4e38 is stored in float32 as the number nearest to it; one that an integer type
    cannot hold matches nothing.
    """
    if np.issubdtype(values.dtype, np.floating):
        valid = np.isfinite(values)
        if nodata is not None and np.isfinite(nodata):
            with np.errstate(over="ignore"):
                valid &= values != values.dtype.type(nodata)
        return valid
    if nodata is None or not float(nodata).is_integer() or not _holds(values.dtype, int(nodata)):
        return np.ones(values.shape, dtype=bool)
    return np.asarray(values != int(nodata))


def _are_data(values: FeatureArray, nodata: Sequence[float | None]) -> MaskArray:
    """See `is_data`, for bands of shape (bands, rows, cols)."""
    if all(value == nodata[0] for value in nodata):
        return is_data(values, nodata[0])
    return np.stack([is_data(band, value) for band, value in zip(values, nodata, strict=True)])


def close_files() -> None:
    """Close the files that are open and not being read."""
    _handles.close()


_handles: Handles[DatasetReader] = Handles(most_open_files)


def _lent(path: Path, driver: str, taken: Stamp) -> AbstractContextManager[DatasetReader]:
    return _handles.lent((path, driver, taken), partial(_opened, path, driver))


def _opened(path: Path, driver: str) -> DatasetReader:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            return rasterio.open(path, driver=driver, sharing=False)
    except UnicodeEncodeError as error:
        raise InputError(f"{path}: the name of this file is not in UTF-8; rename it") from error
    except (RasterioError, ValueError) as error:
        raise InputError(
            f"{path}: cannot be opened as {driver}: {error}; if it was cut short or damaged, copy or download it again"
        ) from error


def require_size(shape: tuple[int, int], where: str, hint: str = "") -> None:
    """Refuse an image that claims more pixels than any has, before something counts its blocks.

    Raises
    ------
    InputError
        If it does.
    """
    if shape[0] * shape[1] > _MAX_PIXELS:
        raise InputError(f"{where}: claims {shape[0]:,} x {shape[1]:,} pixels; at most {_MAX_PIXELS:,} are read{hint}")


def _require_usable(handle: DatasetReader, path: Path) -> None:
    if not 1 <= handle.count <= _MAX_BANDS:
        raise InputError(f"{path}: has {handle.count} bands; allowed are 1 to {_MAX_BANDS}")
    if any("complex" in dtype for dtype in handle.dtypes):
        raise InputError(f"{path}: holds complex numbers; give their magnitude or parts as bands")


def _require_own_overviews(handle: DatasetReader, path: Path) -> None:
    """A tag can name any file as overview, and GDAL would take pixels from there."""
    if "OVERVIEW_FILE" in handle.tags(ns="OVERVIEWS"):
        raise RefusedError(f"{path}: its tags name another file as overview (OVERVIEW_FILE); {_WITHOUT_TAGS}")


def _require_all_bytes(handle: DatasetReader, path: Path, driver: str) -> None:
    """Of plain numbers that were cut short, GDAL would read what is missing as 0."""
    if driver != "ENVI" or handle.tags(ns="ENVI").get("file_compression", "0").strip() != "0":
        return
    needed = handle.width * handle.height * sum(np.dtype(dtype).itemsize for dtype in handle.dtypes)
    size = path.stat().st_size
    if size < needed:
        raise InputError(
            f"{path}: is {size:,} bytes, its header claims pixels of {needed:,}; if it was cut short, copy or "
            "download it again"
        )


def _grid(handle: DatasetReader, path: Path) -> Grid:
    if handle.gcps[0] and handle.transform.is_identity:
        warp = f"warp it first, for example: gdalwarp {path.name} placed.tif"
        raise InputError(f"{path}: has only ground control points; {warp}")
    if handle.crs is None:
        raise InputError(
            f"{path}: has no coordinate reference system; assign the right one, "
            f"for example: rio edit-info --crs EPSG:32736 {path.name}"
        )
    if handle.transform.is_identity:
        place = f"gdal_edit -a_ullr WEST NORTH EAST SOUTH {path.name}"
        raise InputError(f"{path}: has no position (geotransform); give it one: {place}")
    require_size(handle.shape, str(path))
    try:
        return Grid(crs=handle.crs, transform=handle.transform, shape=handle.shape)
    except ValueError as error:
        raise InputError(f"{path}: {error}") from error


def _has_mask(handle: DatasetReader) -> bool:
    """True if there is a mask beside nodata and transparency bands, within the file or as a sidecar."""
    return any(MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags for flags in handle.mask_flag_enums)


def _reflectance_tags(handle: DatasetReader) -> tuple[float | None, float | None]:
    return resolve_tags(handle.scales[0], handle.offsets[0])


def resolve_tags(scale: float | None, offset: float | None) -> tuple[float | None, float | None]:
    """Scale and offset as a file gives them; both None if they are neutral, absent or no use."""
    known = (1.0 if scale is None else scale, 0.0 if offset is None else offset)
    usable = np.isfinite(known).all() and known[0] != 0
    return known if usable and known != (1.0, 0.0) else (None, None)


def _holds(dtype: np.dtype[np.generic], value: int) -> bool:
    limits = np.iinfo(dtype)  # type: ignore[type-var]
    return bool(limits.min <= value <= limits.max)
