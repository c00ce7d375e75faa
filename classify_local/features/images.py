"""Images of a recipe as sources of bands: which bands, under which names, with which masks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from classify_local.bands.aliases import find_band
from classify_local.errors import InputError, collect
from classify_local.features.stack import BandSpec, FeatureStack, resolve_feature_dtype, resolve_names
from classify_local.grid import Grid, Window
from classify_local.recipe.model import BandRef, Mask, RasterImage
from classify_local.recipe.text import RecipeDocument
from classify_local.storage.images import open_image, with_nodata
from classify_local.storage.mosaic import Mosaic
from classify_local.storage.safety import AllowedFolders
from classify_local.types import FeatureArray, MaskArray


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelMask:
    """Pixels to keep, told by a band of a mosaic. `keep` of None keeps all that is not 0."""

    mosaic: Mosaic
    band: int
    keep: tuple[int, ...] | None
    row: int
    col: int

    def read(self, window: Window) -> MaskArray:
        """True where the pixel is kept, shape (1, rows, cols)."""
        values, valid = self.mosaic.read([self.band], window.shifted(-self.row, -self.col))
        kept = values != 0 if self.keep is None else np.isin(values, self.keep)
        return np.asarray(kept & valid)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSource:
    """Selected bands of one image on the grid of the stack.

    `row` and `col` say where the image begins on that grid.
    """

    mosaic: Mosaic
    numbers: tuple[int, ...]
    bands: tuple[BandSpec, ...]
    mask: PixelMask | None
    mask_name: str
    row: int
    col: int

    @property
    def masks(self) -> tuple[str, ...]:
        """The mask, if the recipe gives one."""
        return () if self.mask is None else (self.mask_name,)

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Common type of the selected bands."""
        return resolve_feature_dtype([np.dtype(self.mosaic.dtypes[number - 1]) for number in self.numbers])

    @property
    def paths(self) -> tuple[Path, ...]:
        """The image's files and those of its mask."""
        return self.mosaic.paths + (() if self.mask is None else self.mask.mosaic.paths)

    def read(self, window: Window) -> tuple[FeatureArray, MaskArray]:
        """Values and validity; see `BandSource`."""
        values, valid = self.mosaic.read(self.numbers, window.shifted(-self.row, -self.col))
        if self.mask is not None:
            valid = np.concatenate([valid, self.mask.read(window)])
        return values, valid


def open_stack(document: RecipeDocument, allow: Sequence[Path] = ()) -> FeatureStack:
    """The stack of a recipe's images.

    Parameters
    ----------
    document
        The recipe.
    allow
        Folders, besides the recipe's own, in which the sources of a VRT may lie.

    Raises
    ------
    InputError, RefusedError
        Everything wrong with the images, at once.
    """
    recipe = document.recipe
    allowed = AllowedFolders((document.folder,)).also(*map(document.resolve, recipe.allowed_folders), *allow)
    images = [image for image in recipe.images if isinstance(image, RasterImage)]
    mosaics = collect(partial(_open, image, document, allowed) for image in images)
    grid = mosaics[0].grid
    sources = collect(
        partial(_source, number, image, mosaic, grid, document, allowed)
        for number, (image, mosaic) in enumerate(zip(images, mosaics, strict=True), 1)
    )
    names = resolve_names([[spec.name for spec in source.bands] for source in sources])
    return FeatureStack(grid=grid, sources=tuple(sources), names=names)


def select_bands(wanted: Sequence[BandRef] | Mapping[str, BandRef] | None, mosaic: Mosaic) -> list[tuple[str, int]]:
    """Name in the stack and number in the file (from 1) of each band a recipe asks for.

    Without a wish, all bands but transparency are taken.

    Raises
    ------
    InputError
        Naming every band that is not there, and the nearest one that is.
    """
    if wanted is None:
        numbers = [n for n in range(1, len(mosaic.names) + 1) if n not in mosaic.alpha]
        chosen = [(mosaic.names[number - 1], number) for number in numbers]
    else:
        pairs = wanted.items() if isinstance(wanted, Mapping) else [(_name(ref, mosaic), ref) for ref in wanted]
        found = collect(partial(find_band, ref, mosaic.names, mosaic.where) for _, ref in pairs)
        chosen = [(name, index + 1) for (name, _), index in zip(pairs, found, strict=True)]
    names = [name for name, _ in chosen]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            f"{mosaic.where}: several bands are called {', '.join(twice)}; name them by a mapping {{red: 3}}"
        )
    return chosen


def _name(ref: BandRef, mosaic: Mosaic) -> str:
    """A band asked for by number goes by the file's name for it."""
    if isinstance(ref, str) and not ref.strip().isdigit():
        return ref
    number = int(ref)
    return mosaic.names[number - 1] if 1 <= number <= len(mosaic.names) else str(ref)


def _open(image: RasterImage, document: RecipeDocument, allowed: AllowedFolders) -> Mosaic:
    mosaic = open_image(image.path, document.resolve, allowed)
    return mosaic if image.nodata is None else with_nodata(mosaic, float(image.nodata))


def _source(
    number: int,
    image: RasterImage,
    mosaic: Mosaic,
    grid: Grid,
    document: RecipeDocument,
    allowed: AllowedFolders,
) -> ImageSource:
    offset = _offset(mosaic, grid)
    chosen = select_bands(image.bands, mosaic)
    mask = None if image.mask is None else _mask(image.mask, mosaic, offset, grid, document, allowed)
    return ImageSource(
        mosaic=mosaic, numbers=tuple(n for _, n in chosen), row=offset[0], col=offset[1],
        bands=tuple(BandSpec(name=name, source=f"{mosaic.where}, band {n}") for name, n in chosen),
        mask=mask, mask_name=f"mask of image {number}",
    )  # fmt: skip


def _mask(
    mask: Mask,
    mosaic: Mosaic,
    offset: tuple[int, int],
    grid: Grid,
    document: RecipeDocument,
    allowed: AllowedFolders,
) -> PixelMask:
    if mask.path is not None:
        mosaic = open_image(mask.path, document.resolve, allowed)
        offset = _offset(mosaic, grid)
    band = 1 if mask.band is None else find_band(mask.band, mosaic.names, mosaic.where) + 1
    return PixelMask(mosaic=mosaic, band=band, keep=mask.keep, row=offset[0], col=offset[1])


def _offset(mosaic: Mosaic, grid: Grid) -> tuple[int, int]:
    offset = grid.offset_of(mosaic.grid)
    if offset is None:
        raise InputError(
            f"{mosaic.where}: lies on another grid than the first image ({_said(mosaic.grid)} against {_said(grid)}); "
            "warping is not available yet in this version"
        )
    if mosaic.grid.window.shifted(*offset).intersection(grid.window).is_empty:
        raise InputError(
            f"{mosaic.where}: does not overlap the first image (bounds {_bounds(mosaic.grid)} against {_bounds(grid)})"
        )
    return offset


def _said(grid: Grid) -> str:
    height, width = grid.pixel_size
    return f"{grid.crs.to_string()[:40]}, pixels of {width:g} x {height:g}"


def _bounds(grid: Grid) -> str:
    return " ".join(f"{number:.10g}" for number in grid.bounds)
