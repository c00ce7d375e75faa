"""Landsat Collection 2 scenes as USGS publishes them: a folder with a GeoTIFF for each band, Level 1 or 2.

Level 2 holds surface reflectance and temperature (USGS LSDS-1618, LSDS-1619), Level 1 numbers from which the metadata
lead to reflectance at the top of the atmosphere; that is divided by the sine of the sun's elevation (LSDS-1574, 5.2).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from classify_local.errors import InputError
from classify_local.storage.composite import REFLECTANCE
from classify_local.storage.products.metadata import Groups, number, read_mtl
from classify_local.storage.products.scene import BandFile, Scene, listing

_NAME = re.compile(
    r"(?P<scene>L[COTEM]0[1-9]_(?P<level>L[12])\w{2}_\d{6}_\d{8}_\d{8}_(?P<collection>0[12])_(?:T1|T2|RT|A1|A2))_"
    r"(?P<rest>\w+)\.(?P<ending>TIFF?|txt|json|xml)",
    re.IGNORECASE,
)
_OPTICAL = re.compile(r"(?:SR_)?B([1-9])")
_SURFACE_TEMPERATURE = re.compile(r"ST_B(?:6|10)")
_LEVEL1_THERMAL = re.compile(r"B(?:10|11|6_VCID_[12])")
_QUALITY = {"QA_PIXEL": (1.0,), "QA_RADSAT": (), "SR_QA_AEROSOL": (1.0,), "SR_CLOUD_QA": ()}
"""Bands of bits, and the value of fill in each."""
_RESCALED = (0.0000275, -0.2)
"""Surface reflectance of all of Collection 2 (USGS LSDS-1618, LSDS-1619, table 6-1)."""
_KELVIN = (0.00341802, 149.0)
_METADATA = ("txt", "json", "xml")
_PAN = "B8"
_WITH_PAN = ("LC", "LO", "LE")
_CIRRUS = "B9"
_NOT_OF_THE_GROUND = (_CIRRUS,)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Folder:
    """Files of one scene by what follows its name: bands, and the metadata file."""

    root: Path
    scene: str
    level: str
    bands: dict[str, Path]
    metadata: Path | None


def find_root(path: Path) -> Path:
    """The scene's folder, from it or from its metadata file."""
    match = _NAME.fullmatch(path.name)
    return path.parent if match is not None and match["rest"].upper() == "MTL" else path


def read_landsat(path: Path) -> Scene | None:
    """The scene in a folder of Landsat Collection 2, or None if it is none.

    Raises
    ------
    InputError, RefusedError
        If it is one and cannot be used, with the reason.
    """
    folder = _folder(find_root(path))
    if folder is None:
        return None
    groups = read_mtl(folder.metadata) if folder.metadata is not None else {}
    reader = _Reader(folder=folder, groups=groups)
    bands = tuple(band for name in sorted(folder.bands, key=_order) if (band := reader.band(name)) is not None)
    if not any(band.unit == REFLECTANCE for band in bands):
        raise InputError(
            f"{folder.root}: holds no band of reflectance of {folder.scene}; download the scene's bands too"
        )
    return Scene(
        where=folder.root, bands=bands, notes=tuple(reader.notes(bands)),
        described_by=() if folder.metadata is None else (folder.metadata,),
    )  # fmt: skip


def _folder(root: Path) -> _Folder | None:
    found = [(path, match) for path in listing(root) if (match := _NAME.fullmatch(path.name))]
    images = [(path, match) for path, match in found if match["ending"].upper().startswith("TIF")]
    if not images:
        return None
    scenes = sorted({match["scene"].upper() for _, match in images})
    if len(scenes) > 1:
        raise InputError(
            f"{root}: holds bands of {len(scenes)} Landsat scenes ({', '.join(scenes[:3])}); "
            "give each a folder of its own, or name the files of one"
        )
    first = images[0][1]
    if first["collection"] == "01":
        raise InputError(f"{root}: is of Landsat Collection 1, which USGS has withdrawn; download it from Collection 2")
    texts = {match["ending"].lower(): path for path, match in found if match["rest"].upper() == "MTL"}
    return _Folder(
        root=root, scene=scenes[0], level=first["level"].upper(),
        bands={match["rest"].upper(): path for path, match in images},
        metadata=next((texts[kind] for kind in _METADATA if kind in texts), None),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """What a scene's metadata say of its bands."""

    folder: _Folder
    groups: Groups

    def band(self, name: str) -> BandFile | None:
        """The band a file's name stands for; None for those that are left out."""
        path = self.folder.bands[name]
        if name in _QUALITY:
            return BandFile(name=name, path=path, nodata=_QUALITY[name], quality=True)
        if name == self._pan:
            return None
        if _SURFACE_TEMPERATURE.fullmatch(name):
            scale, offset = self._kelvin(name)
            return BandFile(name=name, path=path, nodata=(0.0,), unit="K", scale=scale, offset=offset)
        if _LEVEL1_THERMAL.fullmatch(name) or (name == "B6" and self._b6_is_thermal):
            return BandFile(name=name, path=path, nodata=(0.0,))
        if _OPTICAL.fullmatch(name):
            return self._optical(name, path)
        return None

    def notes(self, bands: Iterable[BandFile]) -> Iterable[str]:
        """What was left out or taken for granted."""
        taken = {band.name for band in bands}
        if self._pan in self.folder.bands:
            yield f"{self._pan} is panchromatic, with pixels of 15 m that fit no others, and is left out"
        rest = sorted(set(self.folder.bands) - taken - {self._pan})
        if rest:
            yield f"left out are {', '.join(rest)}, which are steps on the way to a band, not bands to classify by"
        if self.folder.metadata is None and self.folder.level == "L1":
            yield "there is no MTL file, so stored values do not lead to reflectance; give reflectance in the recipe"

    @property
    def _sensor(self) -> str:
        return self.folder.scene[:2]

    @property
    def _pan(self) -> str:
        return _PAN if self.folder.level == "L1" and self._sensor in _WITH_PAN else ""

    @property
    def _b6_is_thermal(self) -> bool:
        """On Landsat 4 and 5; the `LT` of Landsat 8 and 9 is the thermal sensor alone, without B6."""
        return self._sensor == "LT"

    def _optical(self, name: str, path: Path) -> BandFile:
        digit = name[-1]
        scaling = self._surface(digit) if self.folder.level == "L2" else self._top_of_atmosphere(digit)
        return BandFile(
            name=name, path=path, nodata=(0.0,), unit=REFLECTANCE, scale=scaling[0], offset=scaling[1],
            quality=name in _NOT_OF_THE_GROUND,
        )  # fmt: skip

    def _surface(self, digit: str) -> tuple[float, float]:
        found = self._pair("LEVEL2_SURFACE_REFLECTANCE_PARAMETERS", "REFLECTANCE", digit)
        return _RESCALED if found is None else found

    def _kelvin(self, name: str) -> tuple[float, float]:
        found = self._pair("LEVEL2_SURFACE_TEMPERATURE_PARAMETERS", "TEMPERATURE", name)
        return _KELVIN if found is None else found

    def _top_of_atmosphere(self, digit: str) -> tuple[float, float] | tuple[None, None]:
        found = self._pair("LEVEL1_RADIOMETRIC_RESCALING", "REFLECTANCE", digit)
        if found is None:
            return None, None
        elevation = self._value("IMAGE_ATTRIBUTES", "SUN_ELEVATION")
        if elevation is None or not 0 < elevation <= 90:
            raise InputError(
                f"{self.folder.metadata}: SUN_ELEVATION is {elevation}; reflectance needs one of above 0 to 90 degrees"
            )
        sine = math.sin(math.radians(elevation))
        return found[0] / sine, found[1] / sine

    def _pair(self, group: str, kind: str, band: str) -> tuple[float, float] | None:
        scale, offset = self._value(group, f"{kind}_MULT_BAND_{band}"), self._value(group, f"{kind}_ADD_BAND_{band}")
        if scale is None or offset is None:
            return None
        if scale <= 0:
            raise InputError(
                f"{self.folder.metadata}: {kind}_MULT_BAND_{band} is {scale:g}; allowed are numbers above 0"
            )
        return scale, offset

    def _value(self, group: str, name: str) -> float | None:
        return None if self.folder.metadata is None else number(self.groups, group, name, self.folder.metadata)


def _order(name: str) -> tuple[int, int, str]:
    """Reflectance by number, then temperature, then quality."""
    optical = _OPTICAL.fullmatch(name)
    if optical is not None:
        return 0, int(optical[1]), name
    return (2 if name in _QUALITY else 1), 0, name
