"""Images of a recipe as sources of bands: which bands, under which names, with which masks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classify_local.bands.aliases import find_band
from classify_local.bands.quality import QualityRule, clear_of, keep_pixels
from classify_local.errors import InputError, collect
from classify_local.features.area import map_grid
from classify_local.features.auxiliaries import auxiliary_sources
from classify_local.features.choosing import find_number, has_band, resolve_reflectance, said_reflectance, select_bands
from classify_local.features.derived import IndexRun, Inputs, PairRun, Run, profile_bands, resolve_derived
from classify_local.features.neighbourhood import Neighbourhood, NeighbourRun
from classify_local.features.stack import BandSource, BandSpec, FeatureStack, resolve_feature_dtype, resolve_names
from classify_local.features.surroundings import Optics
from classify_local.grid import Grid, Window, metres_per_pixel, spread_blocks
from classify_local.recipe.model import Mask, RasterImage, RecipeImage, Reflectance, Resampling
from classify_local.recipe.text import RecipeDocument
from classify_local.storage.aligned import OnGrid, on_grid
from classify_local.storage.coarse import coarse_grid, coarsened
from classify_local.storage.composite import Image, remotes_of, with_nodata
from classify_local.storage.images import open_image
from classify_local.storage.safety import AllowedFolders
from classify_local.storage.sources import Remotes
from classify_local.types import FeatureArray, MaskArray

OpenRecipe = Callable[[RecipeImage, RecipeDocument], Image]
"""Gives the map of another recipe as an image. It takes a model, so those who know models give it."""
_LOOKED_AT = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelMask:
    """Pixels to keep, told by a band: the values `keep`, or if None what `rule` calls clear, or all that is not 0."""

    mosaic: Image
    pixels: OnGrid
    bare: OnGrid
    band: int
    keep: tuple[int, ...] | None
    rule: QualityRule | None = None

    def read(self, window: Window) -> MaskArray:
        """True where the pixel is kept, shape (1, rows, cols)."""
        if self.keep is None and self.rule is None:
            values, valid = self.pixels.read([self.band], window)
            return np.asarray((values != 0) & valid)
        # a value that is to be kept is one even where the file, or the image's other bands, call it nodata
        values, shown = self.bare.read([self.band], window)
        by_rule = self.rule is not None and self.keep is None
        kept = keep_pixels(self.rule, values) if by_rule else np.isin(values, self.keep or ())  # type: ignore[arg-type]
        return np.asarray(kept & shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSource:
    """Selected and derived bands of one image on the grid of the stack.

    Parameters
    ----------
    mosaic
        The image's files.
    pixels
        Its pixels on the grid of the stack.
    numbers, names
        Bands that are read (numbers from 1): those selected first, then what derived bands need.
    selected
        The bands of the stack that are bands of the image.
    runs
        The bands of the stack that are derived, behind the selected ones.
    mask, mask_name
        Pixels to keep, if the recipe says so.
    around
        The bands of those runs that need the pixels around, on the grid of the stack; None without such.
    """

    mosaic: Image
    pixels: OnGrid
    numbers: tuple[int, ...]
    names: tuple[str, ...]
    selected: tuple[BandSpec, ...]
    runs: tuple[Run, ...]
    mask: PixelMask | None
    mask_name: str
    around: OnGrid | None = None

    @property
    def bands(self) -> tuple[BandSpec, ...]:
        """The selected bands, then the derived ones."""
        return self.selected + tuple(spec for run in self.runs for spec in run.bands)

    @property
    def layers(self) -> tuple[str, ...]:
        """The bands that are read, the mask, bands of neighbourhoods, and derived bands where these can overflow."""
        masks = () if self.mask is None else (self.mask_name,)
        around = () if self.around is None else (f"texture and focal bands of {self.mosaic.where}",)
        return self.names + masks + around + ((f"derived bands of {self.mosaic.where}",) if self._can_overflow else ())

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Common type of the bands."""
        if self.runs:
            return np.dtype(np.float32)
        return resolve_feature_dtype([np.dtype(self.pixels.dtypes[number - 1]) for number in self.numbers])

    @property
    def paths(self) -> tuple[Path, ...]:
        """The image's files and those of its mask."""
        return self.mosaic.paths + (() if self.mask is None else self.mask.mosaic.paths)

    @property
    def remotes(self) -> Remotes:
        """Those of them on web servers."""
        return remotes_of(self.mosaic) + (() if self.mask is None else remotes_of(self.mask.mosaic))

    @property
    def recipes(self) -> tuple[tuple[Path, str], ...]:
        """Other recipes that the image's pixels depend on, each with the digest of what they ask for."""
        return tuple(getattr(self.mosaic, "recipes", ()))

    @property
    def _can_overflow(self) -> bool:
        """True if a derived value may be too large for float32, which no classifier takes."""
        floats = (np.issubdtype(np.dtype(self.pixels.dtypes[n - 1]), np.floating) for n in self.numbers)
        return bool(self.runs) and any(floats)

    def read(self, window: Window) -> tuple[FeatureArray, MaskArray]:
        """Values and validity; see `BandSource`."""
        values, valid = self.pixels.read(self.numbers, window)
        if values.dtype == np.float64:
            valid &= np.abs(values) <= np.finfo(np.float32).max  # features are float32, and beyond it infinite
        layers = [valid]
        if self.mask is not None:
            layers.append(self.mask.read(window))
        around = None
        if self.around is not None:
            around, known = self.around.read(range(1, len(self.around.dtypes) + 1), window)
            # where the pixel itself is missing or masked, that is to blame
            lost = ~np.concatenate(layers).all(axis=0)
            layers.append(np.asarray(known.all(axis=0) | lost)[None])
        if self.runs:
            values = self._with_derived(values, around)
        elif values.dtype == np.float64:
            with np.errstate(over="ignore"):
                values = values.astype(np.float32)
        if self._can_overflow:
            derived = values[len(self.selected) :]
            # where an input is missing, the input is to blame, not the overflow of what stands there
            layers.append(np.asarray(np.isfinite(derived).all(axis=0) | ~valid.all(axis=0))[None])
        return values, np.concatenate(layers) if len(layers) > 1 else valid

    def reflectances(self, window: Window) -> Iterator[tuple[str, NDArray[np.float64]]]:
        """Name and valid reflectances, shape (n,), of each optical band that indexes and textures need."""
        values, valid = self.pixels.read(self.numbers, window)
        for run in self.runs:
            if isinstance(run, IndexRun):
                for name, position in run.inputs:
                    if name != "thermal":
                        yield name, values[position][valid[position]] * run.scale + run.offset
            elif isinstance(run, NeighbourRun):
                for name, number, scale, offset in run.optical:
                    stored, known = self.pixels.read([number], window)
                    yield name, stored[known] * scale + offset

    def _with_derived(self, values: FeatureArray, around: FeatureArray | None) -> NDArray[np.float32]:
        out = np.empty((len(self.bands), *values.shape[1:]), dtype=np.float32)
        first = len(self.selected)
        with np.errstate(over="ignore", invalid="ignore"):  # pixels without data hold anything
            out[:first] = values[:first]
        neighbours = 0
        for run in self.runs:
            last = first + len(run.bands)
            if not isinstance(run, NeighbourRun):
                run.fill(values, out[first:last])
            elif around is not None:
                out[first:last] = around[neighbours : neighbours + len(run.bands)]
                neighbours += len(run.bands)
            first = last
        return out


@dataclass(frozen=True, slots=True, kw_only=True)
class _Afar:
    """From how far a stack is seen: `factor` pixels of the grid `fine` along a side of one of its own."""

    factor: int
    fine: Grid


def open_stack(
    document: RecipeDocument,
    allow: Sequence[Path] = (),
    *,
    for_map: bool = False,
    offline: bool = False,
    factor: int = 1,
    open_recipe: OpenRecipe | None = None,
) -> FeatureStack:
    """The stack of a recipe's images and auxiliary layers.

    Reference data take their values on the first image's own grid, whatever the map's; see `for_map`.

    Parameters
    ----------
    document
        The recipe.
    allow
        Folders, besides the recipe's own, in which the sources of a VRT may lie.
    for_map
        On the grid that the recipe's output asks for, with its area of interest as a mask.
    offline
        Refuse images on web servers.
    factor
        Pixels of the grid along a side of one of the stack: more than 1 to look at the image from afar.
    open_recipe
        Opens the images that are maps of other recipes.

    Raises
    ------
    InputError, RefusedError, StorageError
        Everything wrong with the images, at once.
    """
    recipe = document.recipe
    allowed = allowed_folders(document, allow, offline=offline)
    mosaics = collect(partial(_open, image, document, allowed, open_recipe) for image in recipe.images)
    grid, fine = coarse_grid(mosaics[0].grid, factor), mosaics[0].grid
    mosaics = [coarsened(mosaic, share_of(factor, fine, mosaic.grid)) for mosaic in mosaics]
    masks: list[BandSource] = []
    if for_map:
        grid, masks = map_grid(document, grid)
    steps: list[Callable[[], BandSource]] = [
        partial(_source, number, image, mosaic, grid, document, allowed, _Afar(factor=factor, fine=fine))
        for number, (image, mosaic) in enumerate(zip(recipe.images, mosaics, strict=True), 1)
    ]
    steps += auxiliary_sources(document, grid, allowed)
    sources = [*collect(steps), *masks]
    names = resolve_names([[spec.name for spec in source.bands] for source in sources])
    return FeatureStack(grid=grid, sources=tuple(sources), names=names)


def share_of(factor: int, fine: Grid, own: Grid) -> int:
    """The power of two by which an image may be coarsened so that its pixels are no larger than the stack's."""
    if factor == 1 or fine.offset_of(own) is not None:
        return factor
    most = factor * min(metres_per_pixel(fine)) / max(metres_per_pixel(own))
    return int(2 ** max(0, math.floor(math.log2(max(1.0, most)))))


def allowed_folders(document: RecipeDocument, allow: Sequence[Path] = (), *, offline: bool = False) -> AllowedFolders:
    """Folders in which the sources of a VRT may lie: the recipe's, those it names, and `allow`."""
    named = map(document.resolve, document.recipe.allowed_folders)
    return AllowedFolders((document.folder,), offline=offline).also(*named, *allow)


def _open(
    image: RasterImage | RecipeImage,
    document: RecipeDocument,
    allowed: AllowedFolders,
    open_recipe: OpenRecipe | None,
) -> Image:
    if isinstance(image, RecipeImage):
        if open_recipe is None:
            raise InputError(f"{document.where}: {image.recipe} is another recipe, whose map is not opened here")
        return open_recipe(image, document)
    mosaic = open_image(image.path, document.resolve, allowed, image.time)
    return mosaic if image.nodata is None else with_nodata(mosaic, float(image.nodata))


def _source(
    number: int,
    image: RasterImage | RecipeImage,
    mosaic: Image,
    grid: Grid,
    document: RecipeDocument,
    allowed: AllowedFolders,
    afar: _Afar,
) -> ImageSource:
    if isinstance(image, RecipeImage):
        return _source_of_recipe(number, image, mosaic, grid)
    pixels = on_grid(mosaic, grid, image.resampling, mosaic.where)
    find = partial(find_number, mosaic)
    by_profile = None if image.bands is not None else profile_bands(image.derived, partial(has_band, mosaic))
    chosen = select_bands(by_profile or image.bands, mosaic)
    inputs = Inputs(chosen, find)
    reflectance = resolve_reflectance(image.reflectance, mosaic, [number for _, number in chosen])
    runs = resolve_derived(
        image.derived, inputs, mosaic.where, *reflectance, _optics(image.reflectance, mosaic, reflectance)
    )
    _require_no_clash(chosen, runs, mosaic.where)
    mask = own_mask = None
    if image.mask is not None:
        mask = _mask(image.mask, mosaic, grid, document, allowed, afar)
        around_it = any(isinstance(run, NeighbourRun) for run in runs)
        own_mask = _mask(image.mask, mosaic, mosaic.grid, document, allowed, afar) if around_it else None
    around = _around(runs, mosaic, own_mask, grid, image.resampling)
    return ImageSource(
        mosaic=mosaic, pixels=pixels, numbers=tuple(inputs.numbers), names=tuple(inputs.names),
        selected=tuple(
            BandSpec(name=name, source=f"{mosaic.where}, band {n}", reflectance=reflectance) for name, n in chosen
        ),
        runs=runs, mask=mask, mask_name=f"mask of image {number}", around=around,
    )  # fmt: skip


def _source_of_recipe(number: int, image: RecipeImage, mosaic: Image, grid: Grid) -> ImageSource:
    """Bands of another recipe's map: classes and percents, which no scale turns into reflectance."""
    chosen = select_bands(_map_bands(image, mosaic), mosaic)
    inputs = Inputs(chosen, partial(find_number, mosaic))
    runs = resolve_derived(image.derived, inputs, mosaic.where, 1.0, 0.0, _optics(None, mosaic, (1.0, 0.0)))
    _require_no_clash(chosen, runs, mosaic.where)
    return ImageSource(
        mosaic=mosaic, pixels=on_grid(mosaic, grid, image.resampling, mosaic.where),
        numbers=tuple(inputs.numbers), names=tuple(inputs.names),
        selected=tuple(BandSpec(name=name, source=f"{name} of {mosaic.where}") for name, _ in chosen),
        runs=tuple(map(_without_reflectance, runs)), mask=None, mask_name=f"mask of image {number}",
        around=_around(runs, mosaic, None, grid, image.resampling),
    )  # fmt: skip


def _map_bands(image: RecipeImage, mosaic: Image) -> list[str] | None:
    """The bands a recipe asks for, each once; `probabilities` are those of all classes."""
    if image.bands is None:
        return [mosaic.names[number - 1] for number in getattr(mosaic, "default", range(1, len(mosaic.names) + 1))]
    every = [name for name in mosaic.names if name.startswith("probability_")]
    wanted = [name for asked in image.bands for name in (every if asked == "probabilities" else [asked])]
    return list(dict.fromkeys(wanted))


def _without_reflectance(run: Run) -> Run:
    if not isinstance(run, PairRun):
        return run
    return replace(run, bands=tuple(replace(spec, reflectance=None) for spec in run.bands))


def _around(
    runs: Sequence[Run], mosaic: Image, mask: PixelMask | None, grid: Grid, resampling: Resampling
) -> OnGrid | None:
    """Bands of neighbourhoods, made of the image's own pixels and then brought to the grid as these are."""
    parts = [part for run in runs if isinstance(run, NeighbourRun) for part in run.parts]
    if not parts:
        return None
    return on_grid(Neighbourhood(source=mosaic, parts=tuple(parts), mask=mask), grid, resampling, mosaic.where)


def _optics(given: Reflectance | None, mosaic: Image, scaling: tuple[float, float]) -> Optics:
    return Optics(
        where=mosaic.where, scaling=scaling, reflectance=partial(said_reflectance, given, mosaic),
        look=partial(_look, mosaic),
    )  # fmt: skip


def _look(mosaic: Image, number: int) -> NDArray[np.generic]:
    """Valid values of a band in a few blocks spread over an image, shape (n,)."""
    read = (mosaic.read([number], window) for window in spread_blocks(mosaic.grid.window, _LOOKED_AT))
    return np.concatenate([values[valid] for values, valid in read])


def _require_no_clash(chosen: Sequence[tuple[str, int]], runs: Sequence[Run], where: str) -> None:
    """A selected band and an index of the same name: SEPAL silently replaces the band; we ask."""
    made = {spec.name for run in runs for spec in run.bands}
    both = [name for name, _ in chosen if name in made]
    if both:
        raise InputError(
            f"{where}: {', '.join(both)} is selected as a band and asked for as a derived band; keep one of them"
        )


def _mask(
    mask: Mask, mosaic: Image, grid: Grid, document: RecipeDocument, allowed: AllowedFolders, afar: _Afar
) -> PixelMask:
    """Masks are codes: they are never averaged."""
    if mask.path is not None:
        mosaic = open_image(mask.path, document.resolve, allowed)
        mosaic = coarsened(mosaic, share_of(afar.factor, afar.fine, mosaic.grid))
    band = 1 if mask.band is None else find_band(mask.band, mosaic.names, mosaic.where) + 1
    return PixelMask(
        mosaic=mosaic, pixels=on_grid(mosaic, grid, "nearest", mosaic.where),
        bare=on_grid(with_nodata(mosaic, None), grid, "nearest", mosaic.where), band=band, keep=mask.keep,
        rule=clear_of(mosaic.names[band - 1]),
    )  # fmt: skip
