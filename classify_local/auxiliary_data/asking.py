"""From what a user names, an image, an area, a recipe, to the area and the kinds of data that are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from classify_local.auxiliary_data.areas import Area, of_bounds, of_features, of_grid
from classify_local.errors import InputError
from classify_local.features.auxiliary_folder import default_folder
from classify_local.recipe.model import RasterImage
from classify_local.recipe.text import RecipeDocument, load
from classify_local.storage.images import open_image
from classify_local.storage.safety import AllowedFolders
from classify_local.storage.vectors import read_layer

DEFAULT_WHATS = ("terrain", "water")
_CHAIN = 8
"""Recipes that take another recipe's map as their image, one after the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The area, the kinds of data and the folder they go to."""

    area: Area
    whats: tuple[str, ...]
    folder: Path


def request(
    *,
    image: Path | None = None,
    aoi: str | None = None,
    recipe: Path | None = None,
    whats: Sequence[str] = (),
    folder: Path | None = None,
    allow: Sequence[Path] = (),
    offline: bool = False,
) -> Request:
    """Take one of an image, an area and a recipe.

    Parameters
    ----------
    image
        A raster, folder, glob or VRT.
    aoi
        A vector file, or "west,south,east,north" in degrees.
    recipe
        A recipe, whose first image gives the area; its `auxiliaries` say what is wanted, unless `whats` does.
    whats
        Of terrain, water and worldcover.
    folder
        Where they go; if not given, the recipe's `auxiliary_data`, else the environment's, else `aux` here.
    allow
        Folders in which the sources of a VRT may lie.
    offline
        Refuse a recipe whose first image lies on a web server.

    Raises
    ------
    InputError
        If none or several are given, or what is given cannot be used.
    """
    if sum(each is not None for each in (image, aoi, recipe)) != 1:
        raise InputError("give the area with one of --image FILE, --aoi FILE_OR_W,S,E,N and --recipe RECIPE")
    document = None if recipe is None else load(recipe)
    if document is not None:
        area = _of_recipe(document, allow, offline=offline)
    elif image is not None:
        area = _of_image(image, allow)
    else:
        area = _of_text(str(aoi))
    return Request(
        area=area, whats=tuple(whats) or _wanted_by(document), folder=folder or _folder_of(document)
    )  # fmt: skip


def _of_text(text: str) -> Area:
    words = text.split(",")
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        layer = read_layer(Path(text))
        return of_features(list(layer.geometries), layer.crs, layer.where)
    if len(numbers) != 4:
        raise InputError(f"--aoi {text}: write west,south,east,north, for example --aoi 32,-14,33,-13")
    return of_bounds(*numbers)


def _of_image(path: Path, allow: Sequence[Path]) -> Area:
    folder = path.parent if path.parent.is_dir() else Path()
    mosaic = open_image(str(path), Path, AllowedFolders((folder, Path.cwd(), *allow)))
    return of_grid(mosaic.grid, mosaic.where)


def _of_recipe(document: RecipeDocument, allow: Sequence[Path], depth: int = 0, *, offline: bool = False) -> Area:
    """The area of the first image, which may be another recipe's map."""
    first = document.recipe.images[0]
    if isinstance(first, RasterImage):
        given = [first.path] if isinstance(first.path, str) else list(first.path)
        folders = [document.resolve(folder) for folder in document.recipe.allowed_folders]
        allowed = AllowedFolders((document.folder, *folders, *allow), offline=offline)
        mosaic = open_image(given, document.resolve, allowed, first.time)
        return of_grid(mosaic.grid, mosaic.where)
    if depth >= _CHAIN:
        raise InputError(f"{document.where}: its images lead from recipe to recipe without end; give --image FILE")
    return _of_recipe(load(document.resolve(first.recipe)), allow, depth + 1, offline=offline)


def _wanted_by(document: RecipeDocument | None) -> tuple[str, ...]:
    if document is None:
        return DEFAULT_WHATS
    named = tuple(what for what in DEFAULT_WHATS if what in document.recipe.auxiliaries)
    return named or DEFAULT_WHATS


def _folder_of(document: RecipeDocument | None) -> Path:
    if document is not None and document.recipe.auxiliary_data is not None:
        return document.resolve(document.recipe.auxiliary_data)
    return default_folder() if document is None else default_folder(document.folder)
