"""Paths as a recipe holds them, and names for recipe and map."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from pydantic_core import PydanticCustomError

from classify_local.errors import InputError
from classify_local.recipe.model import safe_name

RECIPE = "recipe.yml"
_ENDINGS = (".yml", ".yaml")
_MARKS = re.compile(r"[*?\[]")
_NO_NAMES = {
    "recipe", "image", "images", "mosaic", "mosaics", "stack", "tiles", "tile", "data", "input", "inputs", "output",
    "raster", "rasters", "scene", "composite", "merged", "mosaico", "imagen", "download", "downloads", "tmp", "temp",
    "desktop", "documents", "home", "granule", "img_data", "r10m", "r20m", "r60m",
}  # fmt: skip
"""What says nothing of the place that is mapped."""


def recipe_file(given: Path) -> Path:
    """The file a recipe is written to: a folder means `recipe.yml` in it.

    Raises
    ------
    InputError
        If it can be neither.
    """
    if given.suffix.lower() in _ENDINGS and not given.is_dir():
        return given
    if given.is_dir() or not given.suffix:
        return given / RECIPE
    raise InputError(f"{given}: a recipe's name ends in .yml; give for example {given.with_suffix('.yml').name}")


def written_path(given: str, folder: Path) -> str:
    """A path as the recipe holds it: from the recipe's folder if it lies in or beside it, else in full.

    Parameters
    ----------
    given
        A file, folder or pattern, from the current folder.
    folder
        The recipe's.
    """
    parts = Path(given).expanduser().absolute().parts
    marked = (i for i, part in enumerate(parts) if _MARKS.search(part) and not Path(*parts[: i + 1]).exists())
    first = next(marked, None)
    fixed = Path(*parts) if first is None else Path(*parts[:first])
    pattern = () if first is None else parts[first:]
    home = Path(os.path.realpath(folder))
    real = Path(os.path.realpath(fixed.parent)) / fixed.name if first is None else Path(os.path.realpath(fixed))
    full = Path(os.path.normpath(real), *pattern)
    near = home.parent if home.parent != home.parent.parent else home
    if not full.is_relative_to(near):
        return full.as_posix()
    relative = Path(os.path.relpath(full, home)).as_posix()
    return full.as_posix() if relative.startswith("~") else relative


def telling_name(candidates: Iterable[str]) -> str | None:
    """The first candidate that says something of the place and can be a file's name."""
    for candidate in candidates:
        name = re.sub(r"[^\w .-]+", "_", candidate).strip(" ._-")
        if name.casefold() not in _NO_NAMES and len(name) > 1 and re.search(r"[^\W\d_]", name) and is_name(name):
            return name
    return None


def stamped_name(now: datetime) -> str:
    """The name of a map that has no better one."""
    return f"Classification_{now:%Y-%m-%d_%H-%M-%S}"


def is_name(name: str) -> bool:
    """True if a map can have the name."""
    try:
        safe_name(name)
    except PydanticCustomError:
        return False
    return True


def names_of(path: str) -> tuple[str, ...]:
    """What the path of an image may call a map: its own name, then its folder's."""
    parts = [part for part in Path(path).expanduser().absolute().parts if not _MARKS.search(part)]
    stem = Path(path).stem
    own = [] if _MARKS.search(stem) else [stem]
    folder = parts[-2] if own and len(parts) > 2 else parts[-1]
    return (*own, folder)
