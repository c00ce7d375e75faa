"""Pixels of an image on the stack's grid: moved where the grids share their pixels, resampled where they do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from classify_local.errors import InputError
from classify_local.grid import Grid, Window
from classify_local.storage.warping import PixelReader, Resampling, Warped, overlaps, warped
from classify_local.types import FeatureArray, MaskArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Pixels that lie on the stack's grid, beginning somewhere else.

    Parameters
    ----------
    source
        The pixels.
    row, col
        Where they begin on the stack's grid.
    """

    source: PixelReader
    row: int
    col: int

    @property
    def dtypes(self) -> tuple[str, ...]:
        """Type of each band."""
        return self.source.dtypes

    def read(self, bands: Sequence[int], window: Window) -> tuple[FeatureArray, MaskArray]:
        """Values and validity of bands (from 1) in a window of the stack's grid."""
        return self.source.read(bands, window.shifted(-self.row, -self.col))


OnGrid = Moved | Warped


def on_grid(
    source: PixelReader, grid: Grid, resampling: Resampling, where: str, order: str = "the first image"
) -> OnGrid:
    """An image's pixels on a grid.

    Parameters
    ----------
    source
        The image.
    grid
        The stack's.
    resampling
        How, where their pixels do not lie on each other.
    where, order
        The image and what it has to overlap, for messages.

    Raises
    ------
    InputError
        If they do not overlap, or nothing leads from one reference system to the other.
    """
    offset = grid.offset_of(source.grid)
    if offset is not None:
        if source.grid.window.shifted(*offset).intersection(grid.window).is_empty:
            raise InputError(_apart(source.grid, grid, where, order))
        return Moved(source=source, row=offset[0], col=offset[1])
    if not overlaps(source.grid, grid, where):
        raise InputError(_apart(source.grid, grid, where, order))
    return warped(source, grid, resampling, where)


def _apart(source: Grid, grid: Grid, where: str, order: str) -> str:
    return (
        f"{where}: does not overlap {order} (bounds {_bounds(source)} in {_named(source)} against {_bounds(grid)} in "
        f"{_named(grid)})"
    )


def _bounds(grid: Grid) -> str:
    return " ".join(f"{number:.10g}" for number in grid.bounds)


def _named(grid: Grid) -> str:
    return str(grid.crs.to_string()[:40])
