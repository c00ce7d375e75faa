"""What a zip archive is, told by the names in it, and SEPAL's recipes, which come in one."""

from __future__ import annotations

import json
import zipfile
from enum import Enum, auto
from pathlib import Path
from typing import Any

from classify_local.errors import InputError
from classify_local.storage.archives import opened_zip
from classify_local.storage.models import MANIFEST
from classify_local.storage.products.opening import open_product

_KIND = "a zip archive"
_MAX_RECIPE = 50_000_000
"""Points that were drawn in SEPAL are in the recipe: a hundred thousand of them are 10 MB."""
_SHOWN = 4


class Packed(Enum):
    """What may be in a zip archive."""

    MODEL = auto()
    SEPAL_RECIPE = auto()
    VECTOR = auto()


def packed_kind(path: Path) -> Packed:
    """What an archive holds; nothing of it is unpacked.

    Raises
    ------
    InputError
        If it is a product that is to be unpacked first, or nothing that can be used.
    RefusedError
        If it announces more than data can be.
    """
    open_product(path)  # one in an archive is refused with what to do
    if _first_name(path) == MANIFEST:
        return Packed.MODEL
    with opened_zip(path, _KIND) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
    if MANIFEST in names:
        return Packed.MODEL
    if len(names) == 1 and names[0].lower().endswith(".json"):
        return Packed.SEPAL_RECIPE
    if any(name.lower().endswith((".shp", ".kml")) for name in names):
        return Packed.VECTOR
    held = ", ".join(repr(name[:40]) for name in names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
    raise InputError(
        f"{path}: is a zip archive of {held or 'nothing'}; known are models, recipes exported from SEPAL (.json.zip) "
        "and zipped shapefiles: unpack any other and give what is in it"
    )


def read_sepal_recipe(path: Path) -> dict[str, Any]:
    """A recipe as SEPAL exports it, as it stands.

    Raises
    ------
    InputError
        If it is no recipe of SEPAL's.
    RefusedError
        If it announces more than a recipe can be.
    """
    with opened_zip(path, _KIND) as archive:
        info = next(info for info in archive.infolist() if not info.is_dir())
        if info.file_size > _MAX_RECIPE:
            raise InputError(f"{path}: {info.filename[:40]!r} is longer than any recipe of SEPAL's; export it again")
        text = archive.read(info)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: holds broken JSON; export the recipe from SEPAL again") from error
    if not isinstance(found, dict) or "type" not in found or not isinstance(found.get("model"), dict):
        raise InputError(f"{path}: holds JSON that is no recipe of SEPAL's; known are those that its 'Export' writes")
    return found


def _first_name(path: Path) -> str:
    """The first member's name, or an empty text if the archive is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            return next(iter(archive.namelist()), "")
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError):
        return ""
