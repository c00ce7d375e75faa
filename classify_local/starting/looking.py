"""A look at an image: its files opened, and the values of some pixels spread over it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import rasterio
from numpy.typing import NDArray

from classify_local.grid import Window, spread_blocks
from classify_local.types import FeatureArray, MaskArray

if TYPE_CHECKING:
    from classify_local.starting.masks import MaskRule
    from classify_local.storage.composite import Image

_BLOCKS = 16
"""Blocks looked at, spread evenly."""
_READ, _KEPT = 16_000_000, 12_000_000
"""Values read of a block at most, and kept of all of them."""
_SENTINELS = (0.0, -9999.0, -32768.0, 65535.0, -99999.0)
"""Values that often stand for no data."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """What was seen of an image.

    Parameters
    ----------
    mosaic
        Its files.
    values, valid
        Of the pixels looked at, shape (bands, n).
    colors
        For each band the colour it is shown in, where the file says so.
    """

    mosaic: Image
    values: FeatureArray
    valid: MaskArray
    colors: tuple[str | None, ...]

    def share_valid(self, band: int) -> float:
        """Share of the pixels that have data in a band (from 0)."""
        return float(self.valid[band].mean())

    def data(self, band: int) -> NDArray[np.generic]:
        """The values of a band (from 0) where it has data."""
        return np.asarray(self.values[band][self.valid[band]])

    def distinct(self, band: int) -> tuple[int, ...]:
        """The whole numbers among the values of a band, whether they count as data or not."""
        found = np.unique(self.values[band])
        return tuple(int(value) for value in found.tolist() if value == value and float(value).is_integer())

    def share_kept(self, band: int, rule: MaskRule) -> float:
        """Share of the pixels a mask by a band would keep."""
        return float(rule.clear(self.values[band]).mean())

    def constant_shares(self, bands: list[int]) -> dict[float, float]:
        """Share of the pixels that hold one and the same value in all of some bands, for values that may mean none."""
        values = self.values[bands]
        with np.errstate(invalid="ignore"):
            return {value: float((values == value).all(axis=0).mean()) for value in _SENTINELS}


def look_at(mosaic: Image) -> Look:
    """Read an image's pixels here and there.

    Raises
    ------
    ClassifyLocalError
        If they cannot be read.
    """
    numbers = list(range(1, len(mosaic.names) + 1))
    side = max(1, int(np.sqrt(_READ / len(numbers))))
    chosen = [_corner(window, side) for window in spread_blocks(mosaic.grid.window, _BLOCKS)]
    pixels = sum(window.rows * window.cols for window in chosen)
    step = int(np.ceil(np.sqrt(max(1.0, pixels * len(numbers) / _KEPT))))
    parts = [_thinned(mosaic, numbers, window, step) for window in chosen]
    values, valid = (np.concatenate(group, axis=1) for group in zip(*parts, strict=True))
    return Look(mosaic=mosaic, values=values, valid=valid, colors=_colors(mosaic))


def _corner(window: Window, side: int) -> Window:
    return Window(row=window.row, col=window.col, rows=min(window.rows, side), cols=min(window.cols, side))


def _thinned(mosaic: Image, numbers: list[int], window: Window, step: int) -> tuple[FeatureArray, MaskArray]:
    values, valid = mosaic.read(numbers, window)
    count = len(numbers)
    return values[:, ::step, ::step].reshape(count, -1).copy(), valid[:, ::step, ::step].reshape(count, -1).copy()


def _colors(mosaic: Image) -> tuple[str | None, ...]:
    """What the first file says of the colours its bands are shown in, if the bands are the image's."""
    nothing = (None,) * len(mosaic.names)
    first = mosaic.files[0] if mosaic.files else None
    described = getattr(mosaic, "described_by", None)
    if first is None or described or first.names != mosaic.names:
        return nothing
    with rasterio.open(first.path, driver=first.driver) as handle:
        names = [kind.name for kind in handle.colorinterp]
    return tuple(name if name in ("red", "green", "blue") else None for name in names)


def base_names(paths: tuple[Path, ...]) -> str:
    """Names that may tell the sensor: the first file's, with its folders'."""
    first = paths[0]
    return "/".join([*first.absolute().parent.parts[-6:], first.stem])
