"""Files a user may choose on the page: those in the recipe's folder and the allowed ones; no link leads out of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from classify_local.errors import InputError, RefusedError

_RASTERS = (".tif", ".tiff", ".vrt", ".jp2", ".img")
_VECTORS = (".gpkg", ".shp", ".geojson", ".json", ".kml", ".kmz", ".gpx", ".fgb")
_MOST = 2000
"""Entries of a folder that are listed."""


class Folders:
    """Folders that may be looked into. A path on the page is the number of one and the way from there: `0/tiles/a.tif`.

    Parameters
    ----------
    roots
        The recipe's folder, and those allowed.
    """

    def __init__(self, roots: Sequence[Path]) -> None:
        self._roots = [root.resolve() for root in dict.fromkeys(roots)]

    def listing(self, asked: str) -> dict[str, Any]:
        """What a folder holds; of an empty text the first folder.

        Raises
        ------
        InputError, RefusedError
            If it is no folder, or lies elsewhere.
        """
        folder = self.find(asked or "0")
        if not folder.is_dir():
            raise InputError("this is no folder")
        try:
            found = sorted(folder.iterdir(), key=lambda path: (not path.is_dir(), path.name.casefold()))[:_MOST]
        except OSError as error:
            raise InputError(f"this folder cannot be read: {error.strerror}") from error
        number = (asked or "0").partition("/")[0]
        entries = [
            {
                "name": path.name,
                "path": f"{number}/{path.relative_to(self._roots[int(number)]).as_posix()}",
                "kind": kind,
            }
            for path in found
            if not path.name.startswith(".") and (kind := _kind(path)) and self._holds(path, int(number))
        ]
        return {"folder": asked or "0", "parents": self._parents(folder, int(number)), "entries": entries}

    def find(self, asked: str) -> Path:
        """The file or folder a path of the page means.

        Raises
        ------
        InputError, RefusedError
            If there is none, or it lies elsewhere.
        """
        number, _, rest = asked.partition("/")
        parts = rest.replace("\\", "/").split("/") if rest else []
        if number not in map(str, range(len(self._roots))) or "\0" in asked or ".." in parts or ":" in rest:
            raise RefusedError("this path is not one of the page's; choose a file from the list")
        path = self._roots[int(number)].joinpath(*parts)
        if rest.startswith("/") or not self._holds(path, int(number)):
            raise RefusedError("this path leads out of the recipe's folder and those allowed (--allow)")
        if not _exists(path):
            raise InputError("there is no such file any more")
        return path

    def find_file(self, asked: str) -> Path:
        """The raster or vector a path of the page means: one that `listing` shows; see `find`."""
        path = self.find(asked)
        if not path.is_file() or not _kind(path):
            raise InputError("this is no raster or vector that can be shown; choose a file from the list")
        return path

    def _holds(self, path: Path, number: int) -> bool:
        """True if a path, with its links followed, lies in a folder."""
        try:
            return path.resolve().is_relative_to(self._roots[number])
        except UnicodeEncodeError:  # half a character, which no file name holds
            return True
        except (OSError, RuntimeError):  # links in a circle
            return False

    def _parents(self, folder: Path, number: int) -> list[dict[str, str]]:
        """The way down to a folder; first of all the other folders one can begin from."""
        starts = [{"name": root.name or str(root), "path": str(i)} for i, root in enumerate(self._roots)]
        inner = folder.resolve().relative_to(self._roots[number]).parts
        ways = ["/".join(inner[: i + 1]) for i in range(len(inner))]
        down = [{"name": name, "path": f"{number}/{way}"} for name, way in zip(inner, ways, strict=True)]
        return [*starts, *down]


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, UnicodeEncodeError):  # a name that no file can have
        return False


def _kind(path: Path) -> str:
    """Folder, raster, vector or mbtiles; an empty text for what a page cannot show."""
    if path.is_dir():
        return "folder"
    ending = path.suffix.lower()
    if ending == ".mbtiles":
        return "mbtiles"
    return "raster" if ending in _RASTERS else "vector" if ending in _VECTORS else ""
