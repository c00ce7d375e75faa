"""What a mosaic's pieces are cut from: files of this machine, files on web servers, mosaics in turn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from classify_local.grid import Grid, Window
from classify_local.storage.rasters import RasterFile
from classify_local.types import FeatureArray, MaskArray

Remotes = tuple[tuple[str, str], ...]
"""Address, without what may be a key, and identity of files on web servers."""


class Source(Protocol):
    """What a piece can be cut from, besides a file of this machine: a mosaic in turn, or a file on a web server."""

    @property
    def grid(self) -> Grid:
        """Where the pixels lie."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each band."""
        ...

    @property
    def dtypes(self) -> tuple[str, ...]:
        """Type of each band."""
        ...

    @property
    def alpha(self) -> tuple[int, ...]:
        """Numbers (from 1) of the bands that are transparency."""
        ...

    @property
    def scale(self) -> float | None:
        """Stored value to reflectance."""
        ...

    @property
    def offset(self) -> float | None:
        """What is added to the scaled value."""
        ...

    @property
    def where(self) -> str:
        """What messages call it."""
        ...

    @property
    def files(self) -> tuple[RasterFile, ...]:
        """The rasters it is made of."""
        ...

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files of this machine that decide its pixels."""
        ...

    @property
    def remotes(self) -> Remotes:
        """The files on web servers that do."""
        ...

    def read(self, bands: Sequence[int], window: Window) -> tuple[FeatureArray, MaskArray]:
        """Values and validity of bands in a window."""
        ...


def files_of(source: RasterFile | Source) -> tuple[RasterFile, ...]:
    """The rasters it is made of."""
    return (source,) if isinstance(source, RasterFile) else source.files


def paths_of(source: RasterFile | Source) -> tuple[Path, ...]:
    """The files of this machine that it is made of."""
    return (source.path,) if isinstance(source, RasterFile) else source.paths


def called(source: RasterFile | Source) -> str:
    """What messages call a file."""
    return str(source.path) if isinstance(source, RasterFile) else source.where
