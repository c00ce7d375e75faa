"""What a page shows: tiles of the image and of the map, the values under the cursor, and how bands are stretched."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from classify_local.errors import InputError, nearest
from classify_local.features.stack import Block
from classify_local.grid import Window
from classify_local.live import pictures
from classify_local.live.cache import ByteCache
from classify_local.live.placing import LON_LAT, one_place
from classify_local.live.pyramid import TILE, Pyramid, TileKey, layer_mask
from classify_local.live.snapshot import CLASS_PROBABILITY, Snapshot, TileMap, below, map_tile
from classify_local.mapping.products import CLASS, PERCENT_NODATA

Limits = tuple[float, float]

_SHOWN = (2.0, 98.0)
"""Percentiles of a band that become black and full brightness."""
_MAPS = 96 * 2**20
"""Bytes of maps kept."""


class View:
    """Tiles and values of a recipe's image and of the models made for it. Safe for several threads.

    Parameters
    ----------
    pyramid
        The features.
    """

    def __init__(self, pyramid: Pyramid) -> None:
        self.pyramid = pyramid
        self._maps: ByteCache[TileMap] = ByteCache(_MAPS, lambda tile: tile.nbytes)
        self._limits: dict[str, Limits] = {}
        self._lock = threading.Lock()

    def model_tile(self, snapshot: Snapshot, output: str, key: TileKey, fade: int | None = None) -> bytes:
        """A tile of the map as PNG.

        Parameters
        ----------
        snapshot
            The model.
        output
            `class`, `class_probability` or `probability_<value>`.
        key
            The tile.
        fade
            Percent below which the class is shown pale; for `class` only.

        Raises
        ------
        InputError
            If there is no such output or tile.
        """
        if output not in snapshot.outputs:
            raise InputError(f"no output {output!r}; there are {', '.join(snapshot.outputs)}")
        tile = self.map(snapshot, key, output)
        if output != CLASS:
            return pictures.percent_png(tile.percents[output])
        faded = below(tile, fade) if fade and CLASS_PROBABILITY in tile.percents else None
        return pictures.class_png(tile.classes, snapshot.legend, faded)

    def map(self, snapshot: Snapshot, key: TileKey, output: str = CLASS) -> TileMap:
        """The map of a tile; probabilities of single classes are made when one of them is asked for."""
        single = output not in (CLASS, CLASS_PROBABILITY)
        bands = snapshot.outputs if single else snapshot.outputs[:2]
        return self._maps.get(
            (snapshot.revision, key, single), lambda: map_tile(snapshot, self.pyramid.read(key), bands)
        )

    def forget_before(self, revision: int) -> None:
        """Drop the maps of earlier models."""
        self._maps.drop(lambda key: isinstance(key, tuple) and key[0] < revision)

    def image_tile(self, bands: Sequence[str], limits: Sequence[Limits], key: TileKey) -> bytes:
        """A tile of one band in grey or three in colour.

        Raises
        ------
        InputError
            If there is no such band or tile, or the numbers do not fit.
        """
        if len(bands) not in (1, 3) or len(limits) != len(bands):
            raise InputError("a picture is made of one band or of three, each with two limits")
        if not all(math.isfinite(number) for pair in limits for number in pair):
            raise InputError("the limits of a picture are numbers")
        positions = self.positions(bands)
        block = self.pyramid.read(key)
        valid = layer_mask(self.pyramid.stack(key.level), block, bands)
        return pictures.bands_picture(block.features[positions], valid, limits, exact=key.level == 0)

    def positions(self, bands: Sequence[str]) -> list[int]:
        """Where bands stand in the stack.

        Raises
        ------
        InputError
            Naming a band that is not there.
        """
        names = self.pyramid.names
        for band in bands:
            if band not in names:
                raise InputError(f"no band {band!r}{nearest(band, names)}")
        return [names.index(band) for band in bands]

    def stretch(self, bands: Sequence[str]) -> dict[str, Limits]:
        """For each band the 2nd and 98th percentile of what the coarsest level shows.

        Raises
        ------
        InputError
            If there is no such band.
        """
        positions = self.positions(bands)
        with self._lock:
            if any(band not in self._limits for band in bands):
                self._measure()
        return {band: self._limits[band] for band, _ in zip(bands, positions, strict=True)}

    def _measure(self) -> None:
        """The limits of all bands, from the coarsest level."""
        level = self.pyramid.levels - 1
        stack = self.pyramid.stack(level)
        blocks = [self.pyramid.read(key) for key in tiles_of(stack.grid.window, level)]
        shown = np.concatenate([block.features[:, block.valid] for block in blocks], axis=1).astype(np.float64)
        for name, values in zip(self.pyramid.names, shown, strict=True):
            known = values[np.isfinite(values)]
            low, high = np.percentile(known, _SHOWN) if len(known) else (0.0, 1.0)
            self._limits[name] = (float(low), float(high) if high > low else float(low) + 1)

    def values(self, x: float, y: float, snapshot: Snapshot | None) -> dict[str, Any]:
        """What stands at a pixel (fractional column and row): place, bands, class and probabilities.

        Raises
        ------
        InputError
            If it lies outside the image.
        """
        rows, cols = self.pyramid.grid.shape
        if not (0 <= x < cols and 0 <= y < rows):
            raise InputError("this place lies outside the image")
        col, row = int(x), int(y)
        block = self._pixel(row, col)
        numbers = [float(value) for value in block.features[:, 0, 0]]
        crs_x, crs_y = one_place(x, y, self.pyramid.grid.crs.to_wkt(), self.pyramid.grid)
        lon, lat = one_place(x, y, LON_LAT, self.pyramid.grid)
        return {
            "x": x, "y": y, "crs_x": finite(crs_x), "crs_y": finite(crs_y), "lon": finite(lon), "lat": finite(lat),
            "bands": [
                {"name": name, "value": finite(value)}
                for name, value in zip(self.pyramid.names, numbers, strict=True)
            ],
            "valid": bool(block.valid[0, 0]), **_mapped(snapshot, block),
        }  # fmt: skip

    def _pixel(self, row: int, col: int) -> Block:
        """The features of one pixel, out of its tile if that is at hand."""
        key = TileKey(0, col // TILE, row // TILE)
        if not self.pyramid.has(key):
            return self.pyramid.stack(0).read(Window(row=row, col=col, rows=1, cols=1))
        tile, top, left = self.pyramid.read(key), row - key.row * TILE, col - key.col * TILE
        rows, cols = slice(top, top + 1), slice(left, left + 1)
        return Block(
            features=tile.features[:, rows, cols], valid=tile.valid[rows, cols],
            valid_by_layer=tile.valid_by_layer[:, rows, cols],
        )  # fmt: skip


def _mapped(snapshot: Snapshot | None, pixel: Block) -> dict[str, Any]:
    """Class and percents of a pixel."""
    nothing: dict[str, Any] = {"class": None, "class_probability": None, "probabilities": {}}
    if snapshot is None or not pixel.valid[0, 0]:
        return nothing
    tile = map_tile(snapshot, pixel, snapshot.outputs)
    value = int(tile.classes[0, 0])
    percents = {band: int(values[0, 0]) for band, values in tile.percents.items()}
    return {
        "class": {"value": value, "label": snapshot.legend.label(value)},
        "class_probability": percents.get(CLASS_PROBABILITY),
        "probabilities": {
            band.removeprefix("probability_"): percent
            for band, percent in percents.items()
            if band != CLASS_PROBABILITY and percent != PERCENT_NODATA
        },
    }


def tiles_of(window: Window, level: int) -> list[TileKey]:
    """The tiles of a level that a window of it meets."""
    return [
        TileKey(level, col, row)
        for row in range(window.row // TILE, -(-(window.row + window.rows) // TILE))
        for col in range(window.col // TILE, -(-(window.col + window.cols) // TILE))
    ]


def finite(value: float) -> float | None:
    """As JSON has it."""
    return value if math.isfinite(value) else None
