"""Which band of a file a name means: its description, its number, or the sensor's own name for it.

Sensors number their bands differently (B5 is near infrared on Landsat 8 and red edge on Sentinel-2),
so the sensor is recognised from all descriptions of a file before a name is looked up.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from classify_local.errors import InputError, nearest

_OPTICAL = ("blue", "green", "red", "nir", "swir1", "swir2")

SENSORS: dict[str, dict[str, str]] = {
    "sentinel2": {
        "B1": "aerosol", "B2": "blue", "B3": "green", "B4": "red", "B5": "rededge1", "B6": "rededge2",
        "B7": "rededge3", "B8": "nir", "B8A": "nir2", "B9": "vapor", "B10": "cirrus", "B11": "swir1",
        "B12": "swir2",
    },
    "landsat89_sr": {
        "SR_B1": "aerosol", "SR_B2": "blue", "SR_B3": "green", "SR_B4": "red", "SR_B5": "nir",
        "SR_B6": "swir1", "SR_B7": "swir2", "ST_B10": "thermal",
    },
    "landsat457_sr": {
        "SR_B1": "blue", "SR_B2": "green", "SR_B3": "red", "SR_B4": "nir", "SR_B5": "swir1",
        "SR_B7": "swir2", "ST_B6": "thermal",
    },
}  # fmt: skip
"""Names of the bands as published by ESA and USGS, with SEPAL's names for them."""

_LANDSAT_LEVEL1 = {"B10", "B6_VCID_1", "B6_VCID_2", "QA_PIXEL", "BQA"}
"""What tells Landsat's Level-1 bands (B1 ... B11) from Sentinel-2's: there B8 is panchromatic."""

_SYNONYMS = {"swir": "swir1", "near infrared": "nir", "nir1": "nir"}
_LEADING_ZERO = re.compile(r"^B0(\d)$")
_RADAR = {"VV", "VH", "HH", "HV"}
_SPELT = re.compile(r"\bBAND[^0-9A-Z]*(?=\d)")
_NUMBERED = re.compile(r"^B0*(\d{1,2}A?)$")
_APART = re.compile(r"[^0-9A-Za-z]+")


def recognise_sensor(descriptions: Sequence[str]) -> str | None:
    """The sensor whose band names `descriptions` hold, or None.

    Landsat 8 and 9 differ from earlier ones by SR_B6, which 4 to 7 do not have.
    """
    names = {_folded(description) for description in descriptions}
    looks_like_it = "B11" in names or {"B4", "B8"} <= names
    if names & {"B8A", "B12"} or (looks_like_it and not names & _LANDSAT_LEVEL1):
        return "sentinel2"
    if names & {"SR_B6", "ST_B10"}:
        return "landsat89_sr"
    if any(name.startswith("SR_B") for name in names):
        return "landsat457_sr"
    return None


def file_band_names(descriptions: Sequence[str | None]) -> list[str]:
    """The name each band of a file goes by: its description, or `b<number>` where it has none."""
    return [(description or "").strip() or f"b{number}" for number, description in enumerate(descriptions, 1)]


def band_in_file_name(stem: str) -> str | None:
    """The band that a file's name tells of, as B4 in S2_2024_B04_10m; None without one, or with several."""
    words = _APART.split(_SPELT.sub("B", stem.upper().replace("_", " ")))
    known = {"SWIR"} | _RADAR | {name.upper() for sensor in SENSORS.values() for name in sensor.values()}
    numbered = {f"B{found[1]}" for word in words if (found := _NUMBERED.match(word))}
    found_names = numbered or known & set(words)
    return found_names.pop() if len(found_names) == 1 else None


def find_band(wanted: str | int, names: Sequence[str], where: str) -> int:
    """Index (from 0) of the band that `wanted` means.

    Parameters
    ----------
    wanted
        A band number from 1, a name of `names`, or an alias of one (nir, B8, B08, SR_B5).
    names
        Names of the file's bands, in order.
    where
        The file, for the message.

    Raises
    ------
    InputError
        If there is no such band, or if two bands carry the name.
    """
    number = band_number(wanted)
    if number is not None:
        return _by_number(number, names, where)
    wanted = str(wanted)
    for candidates in ([wanted], sorted(_aliases(wanted, names))):
        folded = {_folded(candidate) for candidate in candidates}
        found = [index for index, name in enumerate(names) if _folded(name) in folded]
        if len(found) == 1:
            return found[0]
        if len(found) > 1:
            numbers = ", ".join(str(index + 1) for index in found)
            raise InputError(f"{where}: bands {numbers} are all called {wanted!r}; name the band by its number")
    raise InputError(f"{where}: no band {wanted!r}; it has {', '.join(names)}{nearest(wanted, names)}")


def band_number(wanted: str | int) -> int | None:
    """The number a band is asked for by, or None if it is asked for by name."""
    if isinstance(wanted, int):
        return wanted
    text = wanted.strip()
    return int(text) if text.isascii() and text.isdigit() else None


def _by_number(number: int, names: Sequence[str], where: str) -> int:
    if not 1 <= number <= len(names):
        raise InputError(f"{where}: no band {number}; its bands are numbered 1 to {len(names)}")
    return number - 1


def _aliases(wanted: str, names: Sequence[str]) -> set[str]:
    """Other names for `wanted`, as far as the file's own names tell the sensor."""
    canonical = _SYNONYMS.get(wanted.strip().casefold(), wanted.strip().casefold())
    sensor = recognise_sensor(names)
    aliases = {canonical}
    for own, common in SENSORS.get(sensor or "", {}).items():
        if common == canonical:
            aliases.add(own)
    if sensor is None and set(_OPTICAL) & {name.casefold() for name in names}:
        wanted_as = recognise_sensor([wanted, "B11"] if _folded(wanted).startswith("B") else [wanted, "SR_B6"])
        common_name = SENSORS.get(wanted_as or "", {}).get(_folded(wanted))
        aliases |= {common_name} if common_name else set()
    return aliases


def _folded(name: str) -> str:
    return _LEADING_ZERO.sub(r"B\1", name.strip().upper())
