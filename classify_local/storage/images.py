"""An image as a user names it, a file, a list, a glob, a folder or a VRT, as one mosaic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from classify_local.errors import InputError, collect
from classify_local.storage import safety
from classify_local.storage.mosaic import Mosaic, of_files, whole_file
from classify_local.storage.rasters import describe
from classify_local.storage.safety import AllowedFolders
from classify_local.storage.vrt_reading import read_vrt

_ENDINGS = {".tif", ".tiff", ".vrt", ".jp2", ".img"}


def open_image(path: str | Sequence[str], resolve: Callable[[str], Path], allowed: AllowedFolders) -> Mosaic:
    """The mosaic a recipe's `path` means.

    Parameters
    ----------
    path
        A file, glob or folder, or a list of them.
    resolve
        From a path in the recipe to a path on this machine.
    allowed
        Folders in which the sources of a VRT may lie.

    Raises
    ------
    InputError, RefusedError
        All that is wrong with the files, at once.
    """
    given = [path] if isinstance(path, str) else list(path)
    paths = [found for text in given for found in expand(text, resolve)]
    where = ", ".join(given)
    if len(paths) == 1 and safety.sniff(paths[0]) == "VRT":
        return read_vrt(paths[0], allowed)
    files = collect(partial(describe, path) for path in paths)
    return whole_file(files[0]) if len(files) == 1 else of_files(files, where)


def expand(text: str, resolve: Callable[[str], Path]) -> list[Path]:
    """The files a path means, sorted by name; a folder means the rasters in it.

    Raises
    ------
    InputError
        If there is none.
    """
    if "://" in text or text.startswith("/vsi"):
        raise InputError(f"{text}: is not a path on this machine; give a file, a list, a glob or a folder")
    path = resolve(text)
    if path.is_dir():
        found = sorted(file for file in path.iterdir() if file.suffix.lower() in _ENDINGS and file.is_file())
        if not found:
            raise InputError(f"{path}: the folder holds no raster ({', '.join(sorted(_ENDINGS))})")
        return found
    if any(mark in text for mark in "*?[") and not path.exists():
        found = sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))
        if not found:
            raise InputError(f"{path}: no file matches")
        return found
    return [path]


def with_nodata(mosaic: Mosaic, nodata: float) -> Mosaic:
    """The mosaic with `nodata` in place of what its files declare."""
    pieces = []
    for piece in mosaic.pieces:
        file = replace(piece.file, nodata=(nodata,) * len(piece.file.nodata))
        pieces.append(replace(piece, file=file, nodata=(None,) * len(piece.nodata)))
    return replace(mosaic, pieces=tuple(pieces))
