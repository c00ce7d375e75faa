"""Tiles as pictures: classes and percents with a palette, bands stretched to grey or colour."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from classify_local.legend import Legend
from classify_local.live.pyramid import TILE
from classify_local.mapping.products import PERCENT_NODATA
from classify_local.palettes.ramps import pick_colors
from classify_local.types import FeatureArray, MaskArray

PROBABILITY_COLORS = (
    "#000000", "#480000", "#710101", "#BA0000", "#FF0000", "#FFA500", "#FFFF00", "#79C900", "#006400",
)  # fmt: skip
"""SEPAL's colours of 0 to 100 percent."""

_FADED = 60
"""Opacity of a pixel below the threshold, of 255."""
_MOST_COLORS = 256


def class_png(classes: NDArray[np.generic], legend: Legend, faded: MaskArray | None = None) -> bytes:
    """A class map as PNG: the legend's colours, transparent where there is no class of the legend.

    Parameters
    ----------
    classes
        Class values, shape (rows, cols), at most a tile.
    legend
        Gives the colours.
    faded
        Pixels to show pale, shape (rows, cols).
    """
    values = np.array(legend.values)
    place = np.minimum(np.searchsorted(values, classes), len(values) - 1)
    known = values[place] == classes
    indexes = np.where(known, place + 1, 0)
    colors = [(0, 0, 0, 0), *((*entry.rgb, 255) for entry in legend)]
    if faded is not None:
        indexes = np.where(known & faded, indexes + len(values), indexes)
        colors += [(*entry.rgb, _FADED) for entry in legend]
    return _indexed(indexes, colors)


def percent_png(percent: NDArray[np.uint8]) -> bytes:
    """Percents as PNG in the colours of probability; transparent where there is none.

    Parameters
    ----------
    percent
        Shape (rows, cols), at most a tile.
    """
    ramp = [(*(int(color[i : i + 2], 16) for i in (1, 3, 5)), 255) for color in pick_colors(101, PROBABILITY_COLORS)]
    return _indexed(np.where(percent == PERCENT_NODATA, 101, np.minimum(percent, 100)), [*ramp, (0, 0, 0, 0)])


def bands_picture(
    bands: FeatureArray, valid: MaskArray, limits: Sequence[tuple[float, float]], *, exact: bool
) -> bytes:
    """One band as grey or three as red, green and blue.

    Parameters
    ----------
    bands
        Shape (1 or 3, rows, cols).
    valid
        Shape (rows, cols); the others are transparent.
    limits
        For each band the values shown as black and as full brightness.
    exact
        As PNG, in which each pixel keeps its colour; else as WebP, smaller and sooner made.

    Returns
    -------
    bytes
        See `media_type`.
    """
    rgba = np.zeros((TILE, TILE, 4), dtype=np.uint8)
    rows, cols = valid.shape
    stretched = [_stretched(band, *limit) for band, limit in zip(bands, limits, strict=True)]
    rgba[:rows, :cols, :3] = np.stack(stretched if len(stretched) == 3 else stretched * 3, axis=-1)
    rgba[:rows, :cols, 3] = np.where(valid, 255, 0)
    stream = io.BytesIO()
    picture = Pillow.fromarray(rgba)
    if exact:
        picture.save(stream, "PNG", compress_level=1)
    else:
        picture.save(stream, "WEBP", quality=90, method=0)
    return stream.getvalue()


def rgba_png(rgba: NDArray[np.uint8]) -> bytes:
    """Colours, shape (rows, cols, 4), at most a tile, as PNG."""
    whole = np.zeros((TILE, TILE, 4), dtype=np.uint8)
    whole[: rgba.shape[0], : rgba.shape[1]] = rgba
    stream = io.BytesIO()
    Pillow.fromarray(whole).save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def media_type(picture: bytes) -> str:
    """What kind of picture these bytes are."""
    return "image/webp" if picture[:4] == b"RIFF" else "image/png"


def _stretched(band: NDArray[np.generic], low: float, high: float) -> NDArray[np.uint8]:
    with np.errstate(invalid="ignore", over="ignore"):
        share = (band.astype(np.float32) - np.float32(low)) * np.float32(255 / ((high - low) or 1))
    return np.asarray(np.nan_to_num(np.clip(share, 0, 255)), dtype=np.uint8)


def _indexed(indexes: NDArray[np.intp], colors: Sequence[tuple[int, ...]]) -> bytes:
    """A picture of a palette, a whole tile, the rest in the first transparent colour; of all colours beyond 256."""
    if len(colors) > _MOST_COLORS:
        return rgba_png(np.array(colors, dtype=np.uint8)[indexes])
    whole = np.full((TILE, TILE), next(i for i, color in enumerate(colors) if color[3] == 0), dtype=np.uint8)
    whole[: indexes.shape[0], : indexes.shape[1]] = indexes
    picture = Pillow.frombytes("P", (TILE, TILE), whole.tobytes())
    picture.putpalette([part for color in colors for part in color[:3]])
    stream = io.BytesIO()
    picture.save(stream, "PNG", compress_level=1, transparency=bytes(color[3] for color in colors))
    return stream.getvalue()
