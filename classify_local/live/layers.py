"""Further rasters and vectors that a user lays beside the map; they are looked at, and train nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import shapely

from classify_local.errors import InputError
from classify_local.features.images import share_of
from classify_local.grid import Grid
from classify_local.live import pictures
from classify_local.live.placing import places_to_pixels
from classify_local.live.pyramid import TileKey
from classify_local.storage.aligned import OnGrid, on_grid
from classify_local.storage.coarse import coarse_grid, coarsened
from classify_local.storage.coloring import Rgba, color_table
from classify_local.storage.composite import Image
from classify_local.storage.images import open_image
from classify_local.storage.mbtiles import open_mbtiles
from classify_local.storage.safety import AllowedFolders
from classify_local.types import FeatureArray, MaskArray

Style = Literal["class", "gray", "rgb"]

VECTOR_ENDINGS = (".gpkg", ".shp", ".geojson", ".json", ".kml", ".kmz", ".gpx", ".fgb")
TILES_ENDING = ".mbtiles"
_MOST_FEATURES = 20_000
_MOST_CORNERS = 500_000
_PERCENTILES = (2.0, 98.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RasterLayer:
    """A raster beside the map; `colors` are those of its colour table, else `limits` stretch its bands."""

    id: str
    title: str
    image: Image
    style: Style
    numbers: tuple[int, ...]
    colors: dict[int, Rgba]
    limits: tuple[tuple[float, float], ...]

    def told(self) -> dict[str, Any]:
        """For the page."""
        return {
            "id": self.id, "kind": "raster", "title": self.title, "bands": len(self.image.names), "style": self.style,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorShapes:
    """A vector layer beside the map, in pixels of the image."""

    id: str
    title: str
    features: tuple[dict[str, Any], ...]

    def told(self) -> dict[str, Any]:
        """For the page."""
        return {"id": self.id, "kind": "vector", "title": self.title, "bands": 0, "style": "class"}


class Layers:
    """The layers of a page. Safe for several threads.

    Parameters
    ----------
    grid
        The image's own, at full resolution.
    allowed
        Folders in which the sources of a VRT may lie.
    """

    def __init__(self, grid: Grid, allowed: AllowedFolders) -> None:
        self._grid, self._allowed = grid, allowed
        self._layers: dict[str, RasterLayer | VectorShapes] = {}
        self._placed: dict[tuple[str, int], OnGrid] = {}
        self._lock = threading.Lock()
        self._count = 0

    def take_over(self, earlier: Layers) -> None:
        """Go on with the layers of an image on the same grid; of another, only their numbers are not used again."""
        self._count = earlier._count
        if earlier._grid == self._grid:
            self._layers = earlier._layers

    def told(self) -> list[dict[str, Any]]:
        """All of them, for the page."""
        return [layer.told() for layer in self._layers.values()]

    def add(self, path: Path) -> dict[str, Any]:
        """Open a raster or vector file.

        Raises
        ------
        InputError, RefusedError
            If it cannot be read, or does not meet the image.
        """
        with self._lock:
            self._count += 1
            number = self._count
        vector = path.suffix.lower() in VECTOR_ENDINGS
        layer = self._vector(f"v{number}", path) if vector else self._raster(f"r{number}", path)
        self._layers[layer.id] = layer
        return layer.told()

    def remove(self, layer_id: str) -> None:
        """Forget a layer."""
        self._get(layer_id)
        self._layers.pop(layer_id, None)

    def features(self, layer_id: str) -> list[dict[str, Any]]:
        """The shapes of a vector layer.

        Raises
        ------
        InputError
            If there is no such layer.
        """
        layer = self._get(layer_id)
        return list(layer.features) if isinstance(layer, VectorShapes) else []

    def tile(self, layer_id: str, key: TileKey, window: Any) -> bytes:
        """A tile of a raster layer as PNG.

        Raises
        ------
        InputError
            If there is no such layer.
        """
        layer = self._get(layer_id)
        if not isinstance(layer, RasterLayer):
            raise InputError(f"{layer.title} is made of shapes, not of pixels")
        values, valid = self._at(layer, key.level).read(layer.numbers, window)
        if layer.style == "class":
            return pictures.rgba_png(_colored(values[0], valid[0], layer.colors))
        return pictures.bands_picture(values, np.asarray(valid.all(axis=0)), layer.limits, exact=True)

    def _get(self, layer_id: str) -> RasterLayer | VectorShapes:
        if layer_id not in self._layers:
            raise InputError("there is no such layer any more")
        return self._layers[layer_id]

    def _at(self, layer: RasterLayer, level: int) -> OnGrid:
        with self._lock:
            if (layer.id, level) not in self._placed:
                factor = 2**level
                seen = coarsened(layer.image, share_of(factor, self._grid, layer.image.grid))
                self._placed[layer.id, level] = on_grid(seen, coarse_grid(self._grid, factor), "nearest", layer.title)
            return self._placed[layer.id, level]

    def _raster(self, layer_id: str, path: Path) -> RasterLayer:
        if path.suffix.lower() == TILES_ENDING:
            tiles = open_mbtiles(path)
            return RasterLayer(
                id=layer_id, title=path.name, image=tiles, style="rgb", numbers=(1, 2, 3), colors={},
                limits=((0.0, 255.0),) * 3,
            )  # fmt: skip
        image = open_image(str(path), Path, self._allowed)
        on_grid(image, self._grid, "nearest", path.name)  # refused here if it does not meet the image
        shown = [n for n in range(1, len(image.names) + 1) if n not in image.alpha]
        colors = color_table(image.files[0]) if image.files else {}
        numbers = tuple(shown[:3] if len(shown) >= 3 else shown[:1])
        style: Style = "class" if colors else "rgb" if len(numbers) == 3 else "gray"
        numbers = numbers[:1] if style == "class" else numbers
        limits = () if style == "class" else tuple(_limits(image, numbers))
        return RasterLayer(
            id=layer_id, title=path.name, image=image, style=style, numbers=numbers, colors=colors, limits=limits
        )

    def _vector(self, layer_id: str, path: Path) -> VectorShapes:
        from classify_local.storage import vectors  # slow to import

        layer = vectors.read_layer(path)
        if layer.crs is None:
            raise InputError(f"{path.name}: does not say its reference system, so it cannot be placed")
        titles = _titles(layer.table.columns)
        shapes: list[dict[str, Any]] = []
        left = _MOST_CORNERS
        for row, geometry in enumerate(layer.geometries):
            for part in () if geometry is None else shapely.get_parts(geometry):
                left -= shapely.get_num_coordinates(part)
                if len(shapes) >= _MOST_FEATURES or left < 0:
                    raise InputError(f"{path.name}: has too many shapes to show; give a part of it")
                shapes += _shape(part, layer.crs, self._grid, titles[row] if titles else "")
        return VectorShapes(id=layer_id, title=path.name, features=tuple(shapes))


def _titles(columns: Any) -> list[str]:
    """What features are called: the first column whose name says so."""
    for name in columns:
        if name.casefold() in ("name", "label", "class", "title", "id"):
            return [str(cell) for cell in columns[name].tolist()]
    return []


def _shape(part: Any, crs: str, grid: Grid, title: str) -> Iterator[dict[str, Any]]:
    """A simple geometry in pixels of the grid."""
    if part.is_empty:
        return
    kind, lines = _lines_of(part)
    placed = [places_to_pixels(line, crs, grid) for line in lines]
    if not placed or not np.isfinite(np.concatenate(placed)).all():
        return  # of no kind that is shown, or where the image's reference system has no place
    coordinates = placed if kind == "polygon" else placed[0] if kind == "line" else placed[0][0]
    yield {"kind": kind, "coordinates": coordinates, "title": title}


def _lines_of(part: Any) -> tuple[str, list[list[tuple[float, float]]]]:
    """What a simple geometry is, and its lines of places; none for kinds that are not shown."""
    if part.geom_type == "Polygon":
        return "polygon", [_places(ring) for ring in (part.exterior, *part.interiors)]
    if part.geom_type in ("LineString", "LinearRing"):
        return "line", [_places(part)]
    return "point", [_places(part)] if part.geom_type == "Point" else []


def _places(line: Any) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in shapely.get_coordinates(line)]


def _colored(values: np.ndarray[Any, Any], valid: MaskArray, colors: dict[int, Rgba]) -> np.ndarray[Any, Any]:
    table = np.zeros((256, 4), dtype=np.uint8)
    for value, color in colors.items():
        table[value] = color
    rgba: np.ndarray[Any, Any] = table[values.astype(np.uint8)]
    rgba[~valid] = 0
    return rgba


def _limits(image: Image, numbers: Sequence[int]) -> Iterator[tuple[float, float]]:
    """For each band the values shown as black and as full brightness, from a look at the whole from afar."""
    factor = 1
    while max(image.grid.shape) // factor > 512:
        factor *= 2
    far = coarsened(image, factor)
    values, valid = _whole(far, numbers)
    for band, known in zip(values, valid, strict=True):
        shown = band[known]
        low, high = np.percentile(shown, _PERCENTILES) if shown.size else (0.0, 1.0)
        yield float(low), float(high) if high > low else float(low) + 1


def _whole(image: Image, numbers: Sequence[int]) -> tuple[FeatureArray, MaskArray]:
    return image.read(numbers, image.grid.window)
