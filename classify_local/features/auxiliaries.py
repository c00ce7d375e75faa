"""Auxiliary layers on the stack's grid: latitude, terrain, water, and any raster by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS

from classify_local.bands.aliases import find_band
from classify_local.bands.latitude import latitude_band
from classify_local.bands.terrain import TERRAIN_BANDS, Method
from classify_local.bands.water import EXPORT_LAYERS, TILE_LAYERS, WATER_BANDS, decode_export, decode_tile
from classify_local.errors import InputError
from classify_local.features.auxiliary_folder import default_folder
from classify_local.features.relief import BANDS as RELIEF_BANDS
from classify_local.features.relief import Patchwork, relief_on_grid
from classify_local.features.stack import BandSource, BandSpec
from classify_local.grid import Grid, Window
from classify_local.recipe.model import Auxiliary
from classify_local.recipe.text import RecipeDocument
from classify_local.storage.aligned import OnGrid, on_grid
from classify_local.storage.composite import Image, remotes_of
from classify_local.storage.images import open_image
from classify_local.storage.placing import transformer_between
from classify_local.storage.safety import AllowedFolders
from classify_local.storage.sources import Remotes
from classify_local.storage.warping import overlaps
from classify_local.types import FeatureArray, MaskArray

_DEGREES = "degrees"
_LON_LAT = CRS.from_epsg(4326).to_wkt()


def auxiliary_folder(document: RecipeDocument) -> Path:
    """Where terrain and water lie: as the recipe says, else the environment, else `aux` beside the recipe."""
    if document.recipe.auxiliary_data is not None:
        return document.resolve(document.recipe.auxiliary_data)
    return default_folder(document.folder)


def auxiliary_sources(document: RecipeDocument, grid: Grid, allowed: AllowedFolders) -> list[Callable[[], BandSource]]:
    """Steps that open the auxiliary layers of a recipe, in its order."""
    method = Method(document.recipe.terrain_gradient)
    groups: dict[str, Callable[[], BandSource]] = {
        "latitude": lambda: Latitude(grid=grid),
        "terrain": partial(_terrain, auxiliary_folder(document), grid, allowed, method),
        "water": partial(_water, auxiliary_folder(document), grid, allowed),
    }
    return [
        groups[item] if isinstance(item, str) else partial(_named, item, document, grid, allowed)
        for item in document.recipe.auxiliaries
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Latitude:
    """The latitude of pixel centres."""

    grid: Grid

    @property
    def bands(self) -> tuple[BandSpec, ...]:
        """One band."""
        return (BandSpec(name="latitude", source="pixel centres", unit=_DEGREES, valid_range=(-90.0, 90.0)),)

    @property
    def layers(self) -> tuple[str, ...]:
        """One layer."""
        return ("latitude",)

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Type of its values."""
        return np.dtype(np.float32)

    @property
    def paths(self) -> tuple[Path, ...]:
        """No files."""
        return ()

    @property
    def remotes(self) -> Remotes:
        """None."""
        return ()

    def read(self, window: Window) -> tuple[FeatureArray, MaskArray]:
        """Values and validity; see `BandSource`."""
        to_latitude = None
        if not self.grid.crs.is_geographic:
            to_latitude = partial(_latitudes, self.grid.crs.to_wkt())
        values = latitude_band(self.grid.transform, window, to_latitude)[None]
        known = np.isfinite(values)
        return np.where(known, values, np.float32(0)), known


def _latitudes(wkt: str, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(transformer_between(wkt, _LON_LAT).transform(x, y)[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Terrain:
    """Elevation, slope, aspect, eastness and northness, brought to the stack's grid.

    Directions are not averaged as angles, of which 359 and 1 would give 180: aspect is that of the averaged eastness
    and northness.

    Parameters
    ----------
    pixels
        A `Relief` on the stack's grid.
    mosaic
        The height model.
    """

    pixels: OnGrid | Patchwork
    mosaic: Image

    @property
    def bands(self) -> tuple[BandSpec, ...]:
        """The five bands, in SEPAL's order."""
        return tuple(
            BandSpec(name=band.name, source=self.mosaic.where, unit=band.unit, valid_range=band.valid_range)
            for band in TERRAIN_BANDS.values()
        )

    @property
    def layers(self) -> tuple[str, ...]:
        """Height and slope: voids have no height, their edges no slope."""
        return ("elevation", "slope")

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Type of its values."""
        return np.dtype(np.float32)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files of the height model."""
        return self.mosaic.paths

    @property
    def remotes(self) -> Remotes:
        """Those of them on web servers."""
        return remotes_of(self.mosaic)

    def read(self, window: Window) -> tuple[FeatureArray, MaskArray]:
        """Values and validity; see `BandSource`."""
        number = {name: i for i, name in enumerate(RELIEF_BANDS, 1)}
        asked = [number[name] for name in ("elevation", "slope", "eastness", "northness")]
        (elevation, slope, eastness, northness), valid = self.pixels.read(asked, window)
        aspect = np.degrees(np.arctan2(eastness, northness)) % 360
        aspect[((eastness == 0) & (northness == 0)) | (aspect == 360)] = 0  # what is next to 360 rounds to it
        values = np.stack([elevation, slope, aspect, eastness, northness]).astype(np.float32)
        return values, np.stack([valid[0], valid[1] & valid[2] & valid[3]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Water:
    """Bands of surface water; where there is no data, there is none.

    Parameters
    ----------
    layers_of
        For each published layer, or band of an export, its pixels on the stack's grid and the band that is read.
    mosaics
        The files.
    names
        The bands, in SEPAL's order.
    export
        True for the coding of an Earth Engine export.
    """

    layers_of: dict[str, tuple[OnGrid | None, int]] = field(repr=False)
    mosaics: tuple[Image, ...]
    names: tuple[str, ...]
    export: bool

    @property
    def bands(self) -> tuple[BandSpec, ...]:
        """The bands for which there are files."""
        found = (WATER_BANDS[name] for name in self.names)
        where = ", ".join(mosaic.where for mosaic in self.mosaics)
        return tuple(
            BandSpec(name=band.name, source=where, unit=band.unit, valid_range=tuple(map(float, band.valid_range)))  # type: ignore[arg-type]
            for band in found
        )

    @property
    def layers(self) -> tuple[str, ...]:
        """None: missing is 0."""
        return ()

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Type of its values."""
        return np.dtype(np.int8)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files."""
        return tuple(path for mosaic in self.mosaics for path in mosaic.paths)

    @property
    def remotes(self) -> Remotes:
        """Those of them on web servers."""
        return tuple(remote for mosaic in self.mosaics for remote in remotes_of(mosaic))

    def read(self, window: Window) -> tuple[FeatureArray, MaskArray]:
        """Values and validity; see `BandSource`."""
        out = np.zeros((len(self.names), *window.shape), dtype=np.int8)
        tables = EXPORT_LAYERS if self.export else TILE_LAYERS
        for layer, (pixels, band) in self.layers_of.items():
            if pixels is None:
                values, valid = np.zeros((1, *window.shape), np.uint8), np.zeros((1, *window.shape), bool)
            else:
                values, valid = pixels.read([band], window)
            for name in tables[layer]:
                out[self.names.index(name)] = self._decoded(name, values[0], valid[0])
        return out, np.ones((0, *window.shape), dtype=bool)

    def _decoded(self, name: str, values: FeatureArray, valid: MaskArray) -> FeatureArray:
        if self.export:
            return decode_export(np.where(valid, values, np.float32(np.nan)), name)
        return np.asarray(decode_tile(np.where(valid, values, 255).astype(np.uint8), [name])[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A band of any raster under a name of its own."""

    name: str
    pixels: OnGrid
    mosaic: Image
    band: int

    @property
    def bands(self) -> tuple[BandSpec, ...]:
        """One band."""
        return (BandSpec(name=self.name, source=f"{self.mosaic.where}, band {self.band}"),)

    @property
    def layers(self) -> tuple[str, ...]:
        """One layer."""
        return (self.name,)

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Type of its values."""
        return np.dtype(self.pixels.dtypes[self.band - 1])

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files."""
        return self.mosaic.paths

    @property
    def remotes(self) -> Remotes:
        """Those of them on web servers."""
        return remotes_of(self.mosaic)

    def read(self, window: Window) -> tuple[FeatureArray, MaskArray]:
        """Values and validity; see `BandSource`."""
        values, valid = self.pixels.read([self.band], window)
        if values.dtype == np.float64:
            valid &= np.abs(values) <= np.finfo(np.float32).max  # features are float32, and beyond it infinite
            values = np.where(valid, values, 0).astype(np.float32)
        return values, valid


def _named(given: Auxiliary, document: RecipeDocument, grid: Grid, allowed: AllowedFolders) -> BandSource:
    mosaic = open_image(given.path, document.resolve, allowed)
    band = find_band(given.band, mosaic.names, mosaic.where) + 1
    pixels = on_grid(mosaic, grid, given.resampling, mosaic.where)
    return Named(name=given.name, pixels=pixels, mosaic=mosaic, band=band)


def _terrain(folder: Path, grid: Grid, allowed: AllowedFolders, method: Method) -> BandSource:
    heights = open_image(str(_present(folder, "terrain")), Path, allowed)
    return Terrain(pixels=relief_on_grid(heights, grid, method), mosaic=heights)


def _water(folder: Path, grid: Grid, allowed: AllowedFolders) -> BandSource:
    place = _present(folder, "water")
    by_layer = {layer: sorted(place.glob(f"{layer}_*.tif")) for layer in TILE_LAYERS}
    found = {layer: [str(path) for path in paths] for layer, paths in by_layer.items() if paths}
    if not found:
        return _export(place, grid, allowed)
    mosaics = {layer: open_image(paths, Path, allowed) for layer, paths in found.items()}
    names = {name for layer in found for name in TILE_LAYERS[layer]}
    return Water(
        layers_of={layer: (_anywhere(mosaic, grid), 1) for layer, mosaic in mosaics.items()},
        mosaics=tuple(mosaics.values()), names=tuple(name for name in WATER_BANDS if name in names), export=False,
    )  # fmt: skip


def _export(place: Path, grid: Grid, allowed: AllowedFolders) -> BandSource:
    """Surface water as Earth Engine exports it: one image, a band for each layer."""
    mosaic = open_image(str(place), Path, allowed)
    bands = {layer: mosaic.names.index(layer) + 1 for layer in EXPORT_LAYERS if layer in mosaic.names}
    if not bands:
        raise InputError(
            f"{place}: holds neither tiles of surface water (occurrence_30E_10Sv1_4_2021.tif, ...) nor an export with "
            f"bands such as {', '.join(EXPORT_LAYERS)}; fetch them with classify-local aux fetch"
        )
    pixels = _anywhere(mosaic, grid)
    names = {name for layer in bands for name in EXPORT_LAYERS[layer]}
    return Water(
        layers_of={layer: (pixels, band) for layer, band in bands.items()}, mosaics=(mosaic,),
        names=tuple(name for name in WATER_BANDS if name in names), export=True,
    )  # fmt: skip


def _anywhere(mosaic: Image, grid: Grid) -> OnGrid | None:
    """Pixels on the grid, or None where there are none: over the ocean no tile is published."""
    return on_grid(mosaic, grid, "nearest", mosaic.where) if overlaps(mosaic.grid, grid, mosaic.where) else None


def _present(folder: Path, group: str) -> Path:
    place = folder / group
    if not place.is_dir():
        raise InputError(
            f"auxiliaries: {group} is looked for in {place}, which is not there; fetch it with "
            f"classify-local aux fetch, or name its folder with auxiliary_data:"
        )
    return place


def notes_of(sources: tuple[BandSource, ...]) -> Iterator[str]:
    """What a user should know of the auxiliary layers: bands of surface water for which there is no file."""
    for source in sources:
        if isinstance(source, Water) and len(source.names) < len(WATER_BANDS):
            missing = [name for name in WATER_BANDS if name not in source.names]
            yield f"water: no data for {', '.join(missing)}; the map is made without these bands"
