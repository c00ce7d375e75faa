"""Images as the user names them, opened: one file, tiles of one image, or a file for each band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from classify_local.errors import InputError, collect
from classify_local.starting.asking import Asked
from classify_local.starting.band_files import BandFiles, find_band_files, vrt_name
from classify_local.starting.imagery import ImageDraft, draft_image
from classify_local.starting.looking import look_at
from classify_local.storage.images import expand, open_image
from classify_local.storage.safety import AllowedFolders

if TYPE_CHECKING:
    from classify_local.storage.composite import Image


def open_images(given: Sequence[str], folder: Path, asked: Asked, allowed: AllowedFolders) -> list[ImageDraft]:
    """Decide what a recipe shall say of each image.

    Parameters
    ----------
    given
        Files, folders or patterns. Files that hold a band each, or lie side by side, are one image.
    folder
        The recipe's.
    asked
        Answers what cannot be guessed.
    allowed
        Folders in which the sources of a VRT may lie.

    Raises
    ------
    ClassifyLocalError
        All that is wrong with them.
    """
    given = list(dict.fromkeys(given))
    if not given:
        raise InputError("no image is named; give --image with a file, folder or pattern")
    paths = collect(partial(expand, text, _here) for text in given)
    if len(given) > 1 and all(len(found) == 1 for found in paths):
        together = find_band_files([found[0] for found in paths])
        if together is not None and not together.others:
            return [_of_bands(together, given[0], folder, asked)]
    if len(given) > 1 and _side_by_side(collect(partial(open_image, text, _here, allowed) for text in given)):
        mosaic = open_image(given, _here, allowed)
        return [draft_image(tuple(given), look_at(mosaic), asked)]
    return collect(partial(_one, text, found, folder, asked, allowed) for text, found in zip(given, paths, strict=True))


def _here(text: str) -> Path:
    return Path(text).expanduser()


def _one(text: str, paths: list[Path], folder: Path, asked: Asked, allowed: AllowedFolders) -> ImageDraft:
    bands = find_band_files(paths)
    if bands is not None:
        return _of_bands(bands, text, folder, asked)
    return draft_image(text, look_at(open_image(text, _here, allowed)), asked)


def _of_bands(bands: BandFiles, given: str, folder: Path, asked: Asked) -> ImageDraft:
    """An image by a VRT beside the recipe."""
    name = vrt_name(given)
    image = draft_image(str(folder / name), look_at(bands.mosaic()), asked)
    why = f"A file for each band; {name} puts them together, so that indexes can be made of them."
    if bands.others:
        why += f" Not among them, as they lie on other pixels or hold something else: {', '.join(bands.others)}."
    home = folder.resolve()
    outside = dict.fromkeys(str(file.path.absolute().parent) for file in bands.files)
    allow = tuple(place for place in outside if not Path(place).resolve().is_relative_to(home))
    return replace(image, naming=replace(image.naming, why=why), beside={name: bands.vrt(folder)}, allow=allow)


def _side_by_side(mosaics: Sequence[Image]) -> bool:
    """True if images have the same bands and grid, and none lies over another."""
    first = mosaics[0]
    for one, other in combinations(mosaics, 2):
        offset = one.grid.offset_of(other.grid)
        if offset is None or one.names != other.names or one.dtypes != other.dtypes:
            return False
        if not other.grid.window.shifted(*offset).intersection(one.grid.window).is_empty:
            return False
    return not any(getattr(mosaic, "described_by", ()) for mosaic in mosaics) and first.scale == mosaics[-1].scale
