"""A background map in an MBTiles file: pictures of tiles in web Mercator, kept in SQLite.

See the MBTiles 1.3 specification (github.com/mapbox/mbtiles-spec): rows count from the south, pictures are PNG, JPEG or
WebP. The file is opened for reading only. `tiles` may be a view of the file's own, so that a question is given up that
takes longer than a tile should.
"""

from __future__ import annotations

import io
import math
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from PIL import Image as Pillow
from rasterio.crs import CRS

from classify_local.errors import InputError
from classify_local.grid import Grid, Window
from classify_local.storage.rasters import RasterFile
from classify_local.storage.safety import require_file
from classify_local.types import FeatureArray, MaskArray

_HALF = math.pi * 6_378_137.0
"""Metres from the middle of the web Mercator square to its edge."""
_SIDES = (256, 512)
_FORMATS = ("PNG", "JPEG", "WEBP")
_MOST_BYTES = 2 * 2**20
"""Of one tile's picture."""
_DEEPEST = 23
_SECONDS, _STEPS = 5.0, 10_000
"""How long a question may take, and SQLite's steps between two looks at the clock."""
_KEPT = 64
"""Decoded tiles kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TileMap:
    """One zoom of an MBTiles file as an image of red, green and blue (`storage.composite.Image`), over the whole world.

    Parameters
    ----------
    path
        The file.
    zooms
        Least and greatest zoom it holds.
    zoom
        The one shown.
    side
        Pixels along a side of a tile.
    """

    path: Path
    zooms: tuple[int, int]
    zoom: int
    side: int
    reader: _Reader = field(repr=False, compare=False)

    @property
    def grid(self) -> Grid:
        """The web Mercator square."""
        count = self.side * 2**self.zoom
        size = 2 * _HALF / count
        return Grid(crs=CRS.from_epsg(3857), transform=Affine(size, 0, -_HALF, 0, -size, _HALF), shape=(count, count))

    @property
    def names(self) -> tuple[str, ...]:
        """Red, green and blue."""
        return ("red", "green", "blue")

    @property
    def dtypes(self) -> tuple[str, ...]:
        """Bytes."""
        return ("uint8",) * 3

    @property
    def alpha(self) -> tuple[int, ...]:
        """None: transparency is told as validity."""
        return ()

    @property
    def scale(self) -> float | None:
        """None: colours are no reflectance."""
        return None

    @property
    def offset(self) -> float | None:
        """None."""
        return None

    @property
    def where(self) -> str:
        """The file."""
        return str(self.path)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The file."""
        return (self.path,)

    @property
    def files(self) -> tuple[RasterFile, ...]:
        """No rasters."""
        return ()

    def coarser(self, factor: int) -> tuple[TileMap, int]:
        """The zoom of which `factor` pixels are one, or the nearest the file holds, and what is left of the factor."""
        zoom = max(self.zooms[0], self.zoom - int(math.log2(factor)))
        return replace(self, zoom=zoom), factor // 2 ** (self.zoom - zoom)

    def read(self, bands: Sequence[int], window: Window) -> tuple[FeatureArray, MaskArray]:
        """Values and validity of bands (from 1) in a window."""
        rgba = np.zeros((*window.shape, 4), dtype=np.uint8)
        inside = window.intersection(self.grid.window)
        if not inside.is_empty:
            for row in range(inside.row // self.side, -(-(inside.row + inside.rows) // self.side)):
                for col in range(inside.col // self.side, -(-(inside.col + inside.cols) // self.side)):
                    self._lay(rgba, window, row, col)
        valid = np.broadcast_to(rgba[..., 3] > 0, (len(bands), *window.shape)).copy()
        return np.stack([rgba[..., band - 1] for band in bands]), valid

    def _lay(self, rgba: NDArray[np.uint8], window: Window, row: int, col: int) -> None:
        picture = self.reader.tile(self.zoom, row, col, self.side)
        tile = Window(row=row * self.side, col=col * self.side, rows=self.side, cols=self.side)
        shared = tile.intersection(window)
        if picture is not None:
            rgba[shared.slices_in(window)] = picture[shared.slices_in(tile)]


def open_mbtiles(path: Path) -> TileMap:
    """An MBTiles file at its greatest zoom.

    Raises
    ------
    InputError
        If it is no such file, or holds vector tiles.
    """
    require_file(path)
    reader = _Reader(path)
    zooms = reader.zooms()
    return TileMap(path=path, zooms=zooms, zoom=zooms[1], side=reader.side(zooms[1]), reader=reader)


class _Reader:
    """Tiles of a file; each thread asks with a connection of its own.

    Parameters
    ----------
    path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._own = threading.local()
        self._kept: OrderedDict[tuple[int, int, int], NDArray[np.uint8] | None] = OrderedDict()
        self._lock = threading.Lock()

    def zooms(self) -> tuple[int, int]:
        """Least and greatest zoom."""
        row = self._ask("SELECT min(zoom_level), max(zoom_level) FROM tiles", ())
        if row is None or not all(isinstance(zoom, int) and 0 <= zoom <= _DEEPEST for zoom in row):
            raise InputError(f"{self._path}: holds no tiles of zooms 0 to {_DEEPEST}")
        return int(row[0]), int(row[1])

    def side(self, zoom: int) -> int:
        """Pixels along a side of a tile."""
        row = self._ask("SELECT tile_data FROM tiles WHERE zoom_level = ? LIMIT 1", (zoom,))
        return len(self._decoded(None if row is None else row[0]))

    def tile(self, zoom: int, row: int, col: int, side: int) -> NDArray[np.uint8] | None:
        """Colours of a tile, shape (side, side, 4); None where there is none. Rows count from the north."""
        key = (zoom, row, col)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        found = self._ask(
            "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?",
            (zoom, col, 2**zoom - 1 - row),
        )
        picture = None if found is None else self._decoded(found[0])
        if picture is not None and len(picture) != side:
            raise InputError(f"{self._path}: has tiles of several sizes")
        with self._lock:
            self._kept[key] = picture
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return picture

    def _ask(self, question: str, values: tuple[int, ...]) -> Any:
        try:
            if not hasattr(self._own, "connection"):
                address = f"{self._path.absolute().as_uri()}?mode=ro&immutable=1"
                self._own.connection = sqlite3.connect(address, uri=True, check_same_thread=False)
                self._own.connection.execute("PRAGMA trusted_schema = OFF")
                self._own.connection.set_progress_handler(self._too_late, _STEPS)
            self._own.end = time.monotonic() + _SECONDS
            return self._own.connection.execute(question, values).fetchone()
        except sqlite3.Error as error:
            raise InputError(f"{self._path}: is no MBTiles file that can be read ({error})") from error

    def _too_late(self) -> int:
        """Asked by SQLite now and then; anything but 0 ends the question."""
        return int(time.monotonic() > self._own.end)

    def _decoded(self, data: object) -> NDArray[np.uint8]:
        if not isinstance(data, bytes) or len(data) > _MOST_BYTES:
            raise InputError(f"{self._path}: holds a tile that is no picture of at most {_MOST_BYTES // 2**20} MB")
        try:
            with Pillow.open(io.BytesIO(data), formats=_FORMATS) as picture:
                if picture.width != picture.height or picture.width not in _SIDES:
                    raise InputError(
                        f"{self._path}: has tiles of {picture.width} x {picture.height} pixels, not 256 or 512"
                    )
                return np.asarray(picture.convert("RGBA"))
        except (OSError, ValueError, SyntaxError) as error:
            raise InputError(
                f"{self._path}: its tiles are no PNG, JPEG or WebP (vector tiles are not shown)"
            ) from error
