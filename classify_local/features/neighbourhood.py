"""Bands that tell of a pixel's neighbourhood: texture and focal statistics, computed on the image's own grid.

They are then brought to the stack's grid as the image's pixels are, so that a window always holds the image's pixels,
whatever the grid and the area of the map. What lies beyond the image, holds no data or is masked is left out of the
windows of its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from classify_local.bands import focal, texture
from classify_local.bands.focal import Statistic, fill_focal
from classify_local.bands.texture import Measure, fill_texture
from classify_local.features.stack import BandSpec
from classify_local.grid import Grid, Window
from classify_local.storage.warping import PixelReader
from classify_local.types import FeatureArray, MaskArray

_MOST = 1 << 20
"""Pixels computed at once: bounds temporary memory where resampling needs much of the image."""


class Keeping(Protocol):
    """A mask on the image's own grid."""

    def read(self, window: Window) -> MaskArray:
        """True where a pixel is kept, shape (1, rows, cols), in a window that may reach beyond the grid."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TextureOf:
    """Texture of one band of an image; see `fill_texture`."""

    number: int
    measures: tuple[Measure, ...]
    low: float
    high: float
    levels: int
    side: int
    distance: int

    @property
    def wanted(self) -> tuple[Measure, ...]:
        """The bands it gives."""
        return self.measures

    def of(self, measures: tuple[Measure, ...]) -> TextureOf:
        """The same with other measures."""
        return replace(self, measures=measures)

    @property
    def halo(self) -> int:
        """Pixels needed around those that are computed."""
        return texture.halo(self.side)

    def fill(self, values: FeatureArray, out: NDArray[np.float32]) -> None:
        """Compute them from the band with its halo, NaN where unknown, into (bands, rows, cols)."""
        fill_texture(
            values, self.measures, out,
            low=self.low, high=self.high, levels=self.levels, side=self.side, distance=self.distance,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class FocalOf:
    """Focal statistics of one band of an image; see `fill_focal`."""

    number: int
    statistics: tuple[Statistic, ...]
    side: int

    @property
    def wanted(self) -> tuple[Statistic, ...]:
        """The bands it gives."""
        return self.statistics

    def of(self, statistics: tuple[Statistic, ...]) -> FocalOf:
        """The same with other statistics."""
        return replace(self, statistics=statistics)

    @property
    def halo(self) -> int:
        """Pixels needed around those that are computed."""
        return focal.halo(self.side)

    def fill(self, values: FeatureArray, out: NDArray[np.float32]) -> None:
        """Compute them from the band with its halo, NaN where unknown, into (bands, rows, cols)."""
        with np.errstate(over="ignore"):  # a range may be too large for float32, and is unknown then
            fill_focal(values, self.statistics, out, side=self.side)


Part: TypeAlias = TextureOf | FocalOf

Optical: TypeAlias = tuple[str, int, float, float]
"""Name and number of a band, and scale and offset that make reflectance of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighbourRun:
    """Neighbouring bands of the stack that tell of neighbourhoods.

    Parameters
    ----------
    bands
        The bands, in the order of `parts`.
    parts
        How they are computed.
    optical
        The bands whose levels are those of reflectances.
    """

    bands: tuple[BandSpec, ...]
    parts: tuple[Part, ...]
    optical: tuple[Optical, ...] = ()

    def each(self) -> Iterator[tuple[BandSpec, Part]]:
        """Every band with the part of it alone."""
        parts = [part.of((what,)) for part in self.parts for what in part.wanted]  # type: ignore[arg-type]
        return zip(self.bands, parts, strict=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbourhood:
    """The bands of some runs as pixels on the image's own grid, numbered from 1.

    Parameters
    ----------
    source
        The image.
    parts
        What is computed.
    mask
        Pixels to keep, on the image's grid; None for all.
    """

    source: PixelReader
    parts: tuple[Part, ...]
    mask: Keeping | None

    @property
    def grid(self) -> Grid:
        """The image's grid."""
        return self.source.grid

    @property
    def dtypes(self) -> tuple[str, ...]:
        """Type of each band."""
        return ("float32",) * sum(len(part.wanted) for part in self.parts)

    def read(self, bands: Sequence[int], window: Window) -> tuple[FeatureArray, MaskArray]:
        """Values and validity of bands (from 1) in a window, which may reach beyond the grid."""
        out = np.full((len(self.dtypes), *window.shape), np.nan, dtype=np.float32)
        halo = max(part.halo for part in self.parts)
        numbers = list(dict.fromkeys(part.number for part in self.parts))
        values = None if window.is_empty else self._known(numbers, window.padded(halo))
        if values is not None:
            self._fill(dict(zip(numbers, values, strict=True)), halo, out)
        chosen = [band - 1 for band in bands]
        found = out if chosen == list(range(len(out))) else out[chosen]
        known = np.isfinite(found)
        found[~known] = 0
        return found, known

    def _known(self, numbers: Sequence[int], window: Window) -> FeatureArray | None:
        """Values of bands, NaN where they do not count; None if none does."""
        values, valid = self.source.read(numbers, window)
        if values.dtype == np.float64:
            valid = valid & (np.abs(values) <= np.finfo(np.float32).max)  # as features, which are float32
        if self.mask is not None:
            valid = valid & self.mask.read(window)
        return np.where(valid, values, np.nan) if valid.any() else None

    def _fill(self, values: dict[int, FeatureArray], halo: int, out: NDArray[np.float32]) -> None:
        rows, cols = out.shape[1:]
        step = max(1, _MOST // cols)
        for row in range(0, rows, step):
            last, first = min(row + step, rows), 0
            for part in self.parts:
                margin = halo - part.halo
                around = values[part.number][row + margin : last + 2 * halo - margin, margin : cols + 2 * halo - margin]
                part.fill(around, out[first : first + len(part.wanted), row:last])
                first += len(part.wanted)
