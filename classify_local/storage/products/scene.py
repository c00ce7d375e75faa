"""What the readers of products have in common: bands of scenes, joined over scenes, as a composite."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from classify_local.errors import InputError, collect
from classify_local.storage.composite import Composite, Layer, compose
from classify_local.storage.mosaic import Mosaic, of_files
from classify_local.storage.rasters import RasterFile, describe, require_size

_ENTRIES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BandFile:
    """A band of a scene as the product's own conventions tell it.

    Parameters
    ----------
    name
        As the agency names it: B8A, SR_B4, QA_PIXEL.
    path
        Its file.
    nodata
        Values that stand for no data whatever the file declares.
    unit, scale, offset, quality
        As `Layer` has them.
    """

    name: str
    path: Path
    nodata: tuple[float, ...] = ()
    unit: str = ""
    scale: float | None = None
    offset: float | None = None
    quality: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One product: where it is, its bands, the metadata that describe them, and sentences for the user."""

    where: Path
    bands: tuple[BandFile, ...]
    described_by: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()


def join(scenes: Sequence[Scene]) -> Composite:
    """Scenes as one image; where they overlap, later ones lie on top.

    Raises
    ------
    InputError
        If their bands differ, are stored otherwise, or do not lie on one grid.
    """
    first = scenes[0]
    names = [band.name for band in first.bands]
    for scene in scenes[1:]:
        other = [band.name for band in scene.bands]
        if other != names:
            raise InputError(
                f"{scene.where}: its bands are {', '.join(other)}, those of {first.where.name} are "
                f"{', '.join(names)}; scenes of one image are of one sensor and level"
            )
    layers = collect(partial(_layer, [scene.bands[i] for scene in scenes]) for i in range(len(names)))
    where = ", ".join(str(scene.where) for scene in scenes)
    composite = compose(
        layers, where,
        described_by=[path for scene in scenes for path in scene.described_by],
        notes=list(dict.fromkeys(note for scene in scenes for note in scene.notes)),
    )  # fmt: skip
    require_size(composite.grid.shape, where, "; scenes of one image lie side by side: is one of them misplaced?")
    return composite


def _layer(bands: Sequence[BandFile]) -> Layer:
    band = bands[0]
    files = collect(partial(_described, each) for each in bands)
    mosaic = of_files(files, str(files[0].path))
    return Layer(
        name=band.name, mosaic=_without(mosaic, band.nodata), unit=band.unit, scale=band.scale, offset=band.offset,
        quality=band.quality,
    )  # fmt: skip


def _described(band: BandFile) -> RasterFile:
    """The band's file, under the name, the scale and the first nodata value that the product gives it."""
    file = describe(band.path)
    if len(file.names) != 1:
        raise InputError(
            f"{band.path}: holds {len(file.names)} bands where {band.name} alone should be; download it anew"
        )
    declared = band.nodata[:1] or file.nodata
    return replace(file, names=(band.name,), nodata=tuple(declared), scale=band.scale, offset=band.offset)


def _without(mosaic: Mosaic, nodata: tuple[float, ...]) -> Mosaic:
    return replace(mosaic, nodata=(nodata[1:],)) if nodata[1:] else mosaic


def listing(folder: Path) -> list[Path]:
    """What lies in a folder, sorted by name; nothing if it is none.

    Raises
    ------
    InputError
        If it cannot be read, or holds more than any product does.
    """
    if not folder.is_dir():
        return []
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for _, entry in zip(range(_ENTRIES + 1), entries, strict=False)]
    except OSError as error:
        raise InputError(f"{folder}: cannot be read: {error.strerror or error}") from error
    if len(names) > _ENTRIES:
        raise InputError(
            f"{folder}: holds more than {_ENTRIES:,} files; give a pattern, for example {folder.name}/*.tif"
        )
    return [folder / name for name in sorted(names)]
