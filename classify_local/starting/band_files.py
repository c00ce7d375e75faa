"""A file for each band, as Landsat and Sentinel-2 are delivered: one image of them, placed by a VRT."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from pathlib import Path
from xml.etree import ElementTree as Xml

import numpy as np

from classify_local.errors import InputError, collect
from classify_local.grid import Tile
from classify_local.starting.looking import base_names
from classify_local.starting.masks import is_quality
from classify_local.starting.paths import written_path
from classify_local.starting.sensors import REFLECTIVE, band_of_name, sensor_of_name, tidy_name, unique
from classify_local.storage.mosaic import Mosaic, Piece
from classify_local.storage.rasters import RasterFile, describe
from classify_local.storage.vrt_writing import VrtBand, vrt_text

_MOST = 60
"""Files up to which they may be bands; more are tiles."""
_KINDS = ("uint8", "uint16", "int16", "int32", "float32", "float64")
_ORDER = (*REFLECTIVE, "thermal", "thermal2")


@dataclass(frozen=True, slots=True, kw_only=True)
class BandFiles:
    """Files that hold a band each, on the same pixels.

    Parameters
    ----------
    files, names
        One for each band.
    others
        Names of files that are not taken, because they lie on other pixels or hold several bands.
    """

    files: tuple[RasterFile, ...]
    names: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def dtype(self) -> str:
        """A type that holds the values of all."""
        common = str(np.result_type(*(file.dtypes[0] for file in self.files)))
        return common if common in _KINDS else "float64"

    def mosaic(self) -> Mosaic:
        """The bands as one image, as the VRT will place them."""
        count, grid = len(self.files), self.files[0].grid
        pieces = tuple(
            Piece(
                file=file, bands=tuple(1 if i == number else None for i in range(count)), source=grid.window, row=0,
                col=0, nodata=((),) * count,
            )
            for number, file in enumerate(self.files)
        )  # fmt: skip
        tags = {(file.scale, file.offset) for file in self.files}
        scale, offset = tags.pop() if len(tags) == 1 else (None, None)
        return Mosaic(
            grid=grid, names=self.names, dtypes=(self.dtype,) * count, alpha=(), scale=scale, offset=offset,
            pieces=pieces, where=str(self.files[0].path.parent),
        )  # fmt: skip

    def vrt(self, folder: Path) -> str:
        """A VRT of the bands for a folder."""
        grid, mosaic = self.files[0].grid, self.mosaic()
        bands = [
            VrtBand(
                name=name, nodata=np.nan if file.nodata[0] is None else file.nodata[0], file_band=1,
                files=[(Tile(window=grid.window), written_path(str(file.path), folder))], dtype=_kind(file),
            )
            for name, file in zip(self.names, self.files, strict=True)
        ]  # fmt: skip
        root = Xml.fromstring(vrt_text(grid, bands, self.dtype))  # noqa: S314 - our own text
        for band in root.iter("VRTRasterBand"):
            _finish(band, mosaic)
        Xml.indent(root)
        return Xml.tostring(root, encoding="unicode") + "\n"


def find_band_files(paths: Sequence[Path]) -> BandFiles | None:
    """Files that hold a band each; None if they are tiles, or there is only one.

    Raises
    ------
    InputError
        If one cannot be read, or there are several files of one band.
    """
    if not 1 < len(paths) <= _MOST:
        return None
    described = collect(partial(describe, path) for path in paths if path.suffix.lower() != ".vrt")
    single = [file for file in described if len(file.names) == 1]
    chosen = max(([other for other in single if other.grid == file.grid] for file in single), key=len, default=[])
    if len(chosen) < 2:
        return None
    found = _names(chosen)
    spectral = [name for name in found if name not in ("pan",)]
    order = sorted(range(len(chosen)), key=lambda i: _rank(found[i]))
    kept = [i for i in order if found[i] in spectral]
    taken = {chosen[i].path for i in kept}
    return BandFiles(
        files=tuple(chosen[i] for i in kept), names=unique([found[i] for i in kept]),
        others=tuple(path.name for path in paths if path not in taken),
    )  # fmt: skip


def vrt_name(given: str) -> str:
    """What the VRT of a folder or pattern is called."""
    path = Path(given).expanduser().absolute()
    folder = path if path.is_dir() else path.parent
    return f"{tidy_name(folder.name) or 'image'}_bands.vrt"


def _names(files: Sequence[RasterFile]) -> list[str]:
    """The band that a file's description or name tells, else what tells its name from the others'."""
    sensor = sensor_of_name(base_names(tuple(file.path for file in files)))
    known = [file.names[0] if file.names[0] != "b1" else band_of_name(file.path.stem, sensor) or "" for file in files]
    known = known if len({name for name in known if name}) == sum(map(bool, known)) else [""] * len(files)
    stems = [file.path.stem for file in files]
    start, end = _alike(stems), _alike([stem[::-1] for stem in stems])
    parts = [tidy_name(stem[start : len(stem) - end]) for stem in stems]
    if not all(any(mark.isalpha() for mark in part) for part in parts):  # digits alone would be a band's number
        parts = [tidy_name(stem) for stem in stems]
    named = [name or part for name, part in zip(known, parts, strict=True)]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise InputError(
            f"{files[0].path.parent}: several files of the band {twice[0]}; files of one band each are taken for one "
            "image: give those of one scene, or one file with all bands for each"
        )
    return named


def _alike(texts: Sequence[str]) -> int:
    """How many characters all texts begin with, up to the end of a word."""
    same = (len(set(marks)) == 1 for marks in zip(*texts, strict=False))
    alike = texts[0][: sum(1 for _ in takewhile(bool, same))]
    return max(alike.rfind(mark) for mark in "_-. ") + 1


def _rank(name: str) -> tuple[int, int]:
    return (is_quality(name), _ORDER.index(name) if name in _ORDER else len(_ORDER))


def _kind(file: RasterFile) -> str:
    return file.dtypes[0] if file.dtypes[0] in _KINDS else "float64"


def _finish(band: Xml.Element, mosaic: Mosaic) -> None:
    """Leave out no data where a file has none, and say the scale that files have in tags."""
    nodata = band.find("NoDataValue")
    if nodata is not None and re.fullmatch("nan", nodata.text or ""):
        band.remove(nodata)
    if mosaic.scale is not None:
        Xml.SubElement(band, "Offset").text = repr(float(mosaic.offset or 0))
        Xml.SubElement(band, "Scale").text = repr(float(mosaic.scale))
