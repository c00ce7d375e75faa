"""Sentinel-2 products as ESA publishes them: a .SAFE folder, Level-1C or Level-2A.

Names of bands come from the names of files in the granule's folder, never from the metadata; these only say how stored
values become reflectance (`(value + offset) / quantification`, ESA S2-PDGS-TAS-DI-PSD, processing baseline 04.00 on).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

from classify_local.errors import InputError
from classify_local.storage.composite import REFLECTANCE
from classify_local.storage.products.scene import BandFile, Scene, listing
from classify_local.storage.safety import parse_xml

_METADATA = re.compile(r"MTD_MSI(L1C|L2A)\.xml", re.IGNORECASE)
_IMAGE = re.compile(
    r"(?:L2A_)?T\d{2}[A-Z]{3}_\d{8}T\d{6}_(B\d{2}|B8A|SCL|AOT|WVP|TCI)(?:_(10|20|60)m)?\.jp2", re.IGNORECASE
)
_ORDER = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")
"""As the metadata number them, from 0."""
_EXTRA = ("SCL", "AOT", "WVP")
_NOT_OF_THE_GROUND = ("B10",)
"""The cirrus band sees the upper air."""
_NODATA, _SATURATED = 0, 65535
_LIMIT = 20_000_000
_AGAIN = "download the product again"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Metadata:
    """Divisor of stored values, and what is added to them before, by band."""

    quantification: float
    offsets: dict[str, float]
    aerosol: float
    water_vapour: float


def metadata_file(folder: Path) -> Path | None:
    """The file that describes a product, or None if the folder is no Sentinel-2 product."""
    return next((path for path in listing(folder) if _METADATA.fullmatch(path.name)), None)


def find_root(path: Path) -> Path | None:
    """The product's folder, from it, from its metadata file, or from the folder of one of its granules."""
    if path.is_file():
        return path.parent if _METADATA.fullmatch(path.name) else None
    if metadata_file(path) is not None or path.name.upper().endswith(".SAFE"):
        return path
    above = path.parent.parent
    return above if path.parent.name == "GRANULE" and metadata_file(above) is not None else None


def read_safe(path: Path) -> Scene | None:
    """The scene in a Sentinel-2 product, or None if `path` is none.

    Raises
    ------
    InputError, RefusedError
        If it is one and cannot be used, with the reason.
    """
    root = find_root(path)
    if root is None:
        return None
    described = metadata_file(root)
    if described is None:
        raise InputError(
            f"{root}: holds no MTD_MSIL1C.xml or MTD_MSIL2A.xml, which says how to read its values; {_AGAIN} whole "
            "(in the format of after December 2016)"
        )
    metadata = _read_metadata(described)
    granule = path if path.parent == root / "GRANULE" else _granule(root)
    images = _images(granule / "IMG_DATA")
    if not set(_ORDER) & set(images):
        raise InputError(f"{granule / 'IMG_DATA'}: holds no image of any band; {_AGAIN} whole")
    bands = tuple(_band(name, images[name], metadata) for name in (*_ORDER, *_EXTRA) if name in images)
    return Scene(where=path if path.is_dir() else root, bands=bands, described_by=(described,), notes=_notes(images))


def _granule(root: Path) -> Path:
    found = [path for path in listing(root / "GRANULE") if path.is_dir()]
    if not found:
        raise InputError(f"{root / 'GRANULE'}: holds no granule, where the images are; {_AGAIN} whole")
    if len(found) > 1:
        names = ", ".join(path.name for path in found[:4])
        raise InputError(
            f"{root}: holds {len(found)} granules ({names}); give one of them, or a list, "
            f"for example path: {root.name}/GRANULE/{found[0].name}"
        )
    return found[0]


def _images(folder: Path) -> dict[str, Path]:
    """The finest image of each band: they lie in one folder (Level-1C) or in one for each pixel size (Level-2A)."""
    found: dict[str, tuple[int, Path]] = {}
    files = [file for part in (folder, *(folder / f"R{size}m" for size in (10, 20, 60))) for file in listing(part)]
    for path in files:
        match = _IMAGE.fullmatch(path.name)
        if match is None or match[1].upper() == "TCI":
            continue
        name, size = match[1].upper(), int(match[2] or 0)
        known = found.get(name)
        if known is not None and known[0] == size:
            raise InputError(
                f"{path}: is a second image of {name} beside {known[1].name}; {_AGAIN} into an empty folder"
            )
        if known is None or size < known[0]:
            found[name] = size, path
    return {name: path for name, (_, path) in found.items()}


def _band(name: str, path: Path, metadata: _Metadata) -> BandFile:
    if name == "SCL":
        return BandFile(name=name, path=path, nodata=(_NODATA,), quality=True)
    if name in _EXTRA:
        scale = 1 / (metadata.aerosol if name == "AOT" else metadata.water_vapour)
        unit = "1" if name == "AOT" else "cm"
        return BandFile(name=name, path=path, nodata=(_NODATA,), unit=unit, scale=scale, offset=0.0, quality=True)
    return BandFile(
        name=name, path=path, nodata=(_NODATA, _SATURATED), unit=REFLECTANCE, scale=1 / metadata.quantification,
        offset=metadata.offsets.get(name, 0.0) / metadata.quantification, quality=name in _NOT_OF_THE_GROUND,
    )  # fmt: skip


def _notes(images: dict[str, Path]) -> tuple[str, ...]:
    lacking = [name for name in _ORDER if name not in images and name not in _NOT_OF_THE_GROUND]
    return (f"the product lacks {', '.join(lacking)}",) if lacking else ()


def _read_metadata(path: Path) -> _Metadata:
    root = parse_xml(path, _LIMIT)
    level = "BOA" if root.find(".//BOA_QUANTIFICATION_VALUE") is not None else ""
    divisor = _number(root.find(f".//{level}_QUANTIFICATION_VALUE" if level else ".//QUANTIFICATION_VALUE"), path)
    offsets = root.findall(".//BOA_ADD_OFFSET" if level else ".//RADIO_ADD_OFFSET")
    if divisor is None:
        raise InputError(f"{path}: says no QUANTIFICATION_VALUE, which makes reflectance of stored values; {_AGAIN}")
    return _Metadata(
        quantification=divisor,
        offsets=dict(_offset(element, path) for element in offsets),
        aerosol=_number(root.find(".//AOT_QUANTIFICATION_VALUE"), path) or 1000.0,
        water_vapour=_number(root.find(".//WVP_QUANTIFICATION_VALUE"), path) or 1000.0,
    )


def _offset(element: Element, path: Path) -> tuple[str, float]:
    number = (element.get("band_id") or "").strip()
    if not number.isascii() or not number.isdigit() or int(number) >= len(_ORDER):
        raise InputError(f"{path}: {element.tag} has the band_id {number[:20]!r}; allowed are 0 to 12; {_AGAIN}")
    return _ORDER[int(number)], _finite(element, path)


def _number(element: Element | None, path: Path) -> float | None:
    if element is None:
        return None
    value = _finite(element, path)
    if value <= 0:
        raise InputError(f"{path}: {element.tag} is {value:g}; allowed are numbers above 0; {_AGAIN}")
    return value


def _finite(element: Element, path: Path) -> float:
    text = (element.text or "").strip()
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"{path}: {element.tag} is {text[:20]!r}, not a number; {_AGAIN}")
    return value
