"""What bands are called: from their descriptions, from names of files, from the order sensors have. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from classify_local.bands.aliases import SENSORS, recognise_sensor

Names = tuple[str, ...]
_LONGEST = 100

_LANDSAT_89 = {
    "B1": "aerosol", "B2": "blue", "B3": "green", "B4": "red", "B5": "nir", "B6": "swir1", "B7": "swir2",
    "B8": "pan", "B9": "cirrus", "B10": "thermal", "B11": "thermal2",
}  # fmt: skip
_LANDSAT_457 = {
    "B1": "blue", "B2": "green", "B3": "red", "B4": "nir", "B5": "swir1", "B6": "thermal", "B7": "swir2", "B8": "pan",
}  # fmt: skip
_TABLES = {
    "sentinel2": SENSORS["sentinel2"],
    "landsat89": {**SENSORS["landsat89_sr"], **_LANDSAT_89},
    "landsat457": {**SENSORS["landsat457_sr"], **_LANDSAT_457},
}
_TITLES = {"sentinel2": "Sentinel-2", "landsat89": "Landsat 8 and 9", "landsat457": "Landsat 4 to 7"}
_MARKS = {
    "sentinel2": r"s2[abc]?(?![a-z0-9])|s2[abc]_|sentinel[-_ ]?2|t\d\d[a-z]{3}_\d{8}t",
    "landsat89": r"l[cot]0?[89](?![0-9])|landsat[-_ ]?[89]",
    "landsat457": r"l[etm]0?[4-7](?![0-9])|landsat[-_ ]?[4-7]",
}
_KNOWN = {re.compile(rf"(?<![a-z0-9])(?:{text})"): sensor for sensor, text in _MARKS.items()}
_TOKEN = re.compile(r"(?:^|[-_. ])(S[RT]_B\d{1,2}|B\d{1,2}A?|B6_VCID_\d|SCL|PIXEL_QA|QA_PIXEL)(?:_\d\dM)?$")

_SPELLINGS = {
    "blue": ("blu", "bleu", "azul", "blau"),
    "green": ("grn", "vert", "verde", "gruen", "grün"),
    "red": ("rouge", "rojo", "vermelho", "rot"),
    "nir": ("near infrared", "near-infrared", "nir1", "nir 1", "nir_1", "pir", "nearinfrared", "nir08"),
    "swir1": ("swir", "swir 1", "swir_1", "swir-1", "swir16", "shortwave infrared 1", "mir"),
    "swir2": ("swir 2", "swir_2", "swir-2", "swir22", "shortwave infrared 2"),
    "aerosol": ("coastal", "coastal aerosol", "coastal_aerosol", "coastal_blue"),
    "rededge1": ("red edge 1", "rededge 1", "red_edge_1", "red edge", "rededge", "red_edge", "re1"),
    "rededge2": ("red edge 2", "rededge 2", "red_edge_2", "re2"),
    "rededge3": ("red edge 3", "rededge 3", "red_edge_3", "re3"),
    "thermal": ("tir", "lwir", "brightness temperature"),
}
_COMMON = {spelling: name for name, spellings in _SPELLINGS.items() for spelling in (name, *spellings)}

REFLECTIVE = (
    "aerosol", "blue", "green", "red", "rededge1", "rededge2", "rededge3", "nir", "nir2", "swir1", "swir2", "pan",
)  # fmt: skip
"""Names of bands that hold reflectance."""

_USUAL: dict[tuple[str | None, int], Names] = {
    ("sentinel2", 4): ("blue", "green", "red", "nir"),
    ("sentinel2", 10): (
        "blue", "green", "red", "rededge1", "rededge2", "rededge3", "nir", "nir2", "swir1", "swir2",
    ),
    ("sentinel2", 12): tuple(name for own, name in SENSORS["sentinel2"].items() if own != "B10"),
    ("sentinel2", 13): tuple(SENSORS["sentinel2"].values()),
    ("landsat89", 6): ("blue", "green", "red", "nir", "swir1", "swir2"),
    ("landsat89", 7): ("aerosol", "blue", "green", "red", "nir", "swir1", "swir2"),
    ("landsat457", 6): ("blue", "green", "red", "nir", "swir1", "swir2"),
    ("landsat457", 7): ("blue", "green", "red", "nir", "swir1", "thermal", "swir2"),
    (None, 3): ("red", "green", "blue"),
    (None, 4): ("blue", "green", "red", "nir"),
    (None, 8): ("aerosol", "blue", "green1", "green", "yellow", "red", "rededge1", "nir"),
}  # fmt: skip
"""The order bands commonly have in a file that does not name them, by sensor and number of bands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """What the bands of a file are called.

    Parameters
    ----------
    names
        In the recipe, one for each band of the file.
    why
        Where the names come from, as a sentence.
    sensor
        The sensor that was recognised.
    nameless
        True if nothing says what the bands are, and they go by their numbers.
    usual
        What they often are in such a file: a hint, not a guess.
    """

    names: Names
    why: str
    sensor: str | None = None
    nameless: bool = False
    usual: Names = ()


def sensor_of_name(text: str) -> str | None:
    """The sensor that the name of a file or folder tells: sentinel2, landsat89, landsat457, or None."""
    folded = text.casefold()
    return next((sensor for mark, sensor in _KNOWN.items() if mark.search(folded)), None)


def title(sensor: str) -> str:
    """A sensor's name in a sentence."""
    return _TITLES[sensor]


def band_of_name(stem: str, sensor: str | None) -> str | None:
    """What the name of a file that holds one band says of the band: blue, nir, scl, qa_pixel, or None."""
    token = _TOKEN.search(stem.upper())
    if token and token[1] in ("SCL", "QA_PIXEL", "PIXEL_QA"):
        return token[1].lower()
    if token and sensor:
        found = _TABLES[sensor].get(_without_zero(token[1]))
        if found:
            return found
    words = re.split(r"[-_. ]", stem.casefold())
    return None if "qa" in words else _COMMON.get(words[-1])


def name_bands(own: Sequence[str], where: str, colors: Sequence[str | None] = ()) -> Naming:
    """Names for the bands of a file.

    Parameters
    ----------
    own
        The file's names; `b<number>` where it has none.
    where
        The file's name and those of folders near it.
    colors
        For each band the colour it is shown in, where the file says so.
    """
    named = [name != f"b{number}" for number, name in enumerate(own, 1)]
    hint = sensor_of_name(where)
    if not any(named):
        return _nameless(own, hint, where, colors)
    sensor = _sensor(own, hint)
    table = _TABLES.get(sensor or "", {})
    found = [table.get(_without_zero(name.strip().upper())) or _common(name) for name in own]
    names = unique([_clean(name) or f"band_{number}" for number, name in enumerate(found, 1)])
    if sensor is not None and any(name != given for name, given in zip(names, own, strict=True)):
        return Naming(names=names, why=f"Recognised as {_TITLES[sensor]}, by the names of its bands.", sensor=sensor)
    return Naming(names=names, why="Names as the file has them.", sensor=sensor or hint)


def unique(names: Sequence[str]) -> Names:
    """The names, those that are there already with a number behind."""
    taken: list[str] = []
    for name in names:
        number, fresh = 1, name
        while fresh.casefold() in (other.casefold() for other in taken):
            number += 1
            fresh = f"{name}_{number}"
        taken.append(fresh)
    return tuple(taken)


def _sensor(own: Sequence[str], hint: str | None) -> str | None:
    """By the names of bands; B1, B2, ... are Sentinel-2's or Landsat's, as the file is called."""
    found = recognise_sensor(own)
    plain = {name.strip().upper() for name in own}
    landsat = hint in ("landsat89", "landsat457") and not plain & {"B8A", "B12"}
    if hint and landsat and not any(name.startswith("SR_") for name in plain) and plain & set(_TABLES[hint]):
        return hint
    return None if found is None else found.removesuffix("_sr")


def _nameless(own: Sequence[str], hint: str | None, where: str, colors: Sequence[str | None]) -> Naming:
    if len(own) == 1:
        stem = re.split(r"[\\/]", where)[-1]
        found = band_of_name(stem, hint)
        why = "Named after the file: it has no name of its own."
        return Naming(names=(found or tidy_name(stem) or own[0],), why=why, sensor=hint)
    if {"red", "green", "blue"} <= set(colors):
        names = unique([color or name for color, name in zip(colors, own, strict=True)])
        return Naming(names=names, why="Named by the colours in which the file is shown.", sensor=hint)
    usual = _USUAL.get((hint, len(own)), ())
    return Naming(
        names=tuple(own), why="The file does not name its bands.", nameless=True, sensor=hint,
        usual=usual or _USUAL.get((None, len(own)), ()),
    )  # fmt: skip


def tidy_name(text: str) -> str:
    """A file's stem as a name: letters and digits with single underscores."""
    return re.sub(r"\W+", "_", text).strip("_")[:60].strip("_")


def _common(name: str) -> str:
    """The usual name for a band that is spelt otherwise."""
    return _COMMON.get(name.strip().casefold(), name.strip())


def _clean(name: str) -> str:
    """A name that fits a line."""
    return " ".join("".join(mark if mark.isprintable() else " " for mark in name).split())[:_LONGEST].strip()


def _without_zero(token: str) -> str:
    return re.sub(r"^((?:S[RT]_)?B)0(\d)$", r"\1\2", token)
