"""Colour maps as text: one class on each line, `value red green blue`, with alpha and label where they stand.

QGIS writes them (`.clr` and its colour map export), ESRI (`.clr`), GDAL's `gdaldem` and GRASS's `r.colors`
read them. Blanks, commas, semicolons, tabs and colons separate.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from classify_local.errors import InputError
from classify_local.storage.legends.css import is_css_color
from classify_local.storage.legends.found import Findings, FoundClass
from classify_local.storage.legends.rows import short

_GAP = r"[\s,;:]+"
_NUMBERS = re.compile(
    rf"(-?[0-9]+){_GAP}([0-9]+){_GAP}([0-9]+){_GAP}([0-9]+)(?:{_GAP}([0-9]+)(?={_GAP}|$))?(?:[\s,;:]+(.*))?"
)
_WORD = re.compile(r"(-?[0-9]+)[ \t:]+([^\s,;]+)(?:[ \t]+(.*))?")
_ASIDE = re.compile(r"#(?![0-9a-fA-F]{3,6}\b)|interpolation\s*:|(nv|default|end)\b", re.IGNORECASE)
_RAMP = re.compile(r"^\s*interpolation\s*:\s*(interpolated|linear|discrete)", re.IGNORECASE | re.MULTILINE)
_LONGEST = 10_000


def is_color_map(text: str) -> bool:
    """True if the first line that says something is one of a colour map."""
    line = next((line for _, line in _lines(text)), "")
    return _parsed(line) is not None


def read_color_map(text: str, where: str) -> Findings:
    """The classes of a colour map.

    Raises
    ------
    InputError
        If it is a ramp between colours, which gives no classes.
    """
    ramp = _RAMP.search(text)
    if ramp:
        raise InputError(
            f"{where}: is a colour ramp ({ramp[1].upper()}), not classes; in QGIS style the layer by "
            "Paletted/Unique values and save its colours again"
        )
    found = [_found(line, number, where) for number, line in _lines(text)]
    return Findings(where=where, format="colour map", classes=found)


def _found(line: str, number: int, where: str) -> FoundClass:
    place, beside = f"{where}, line {number}", f"line {number}"
    parsed = _parsed(line)
    if parsed is None:
        return FoundClass.broken(
            f"{short(line)} is no line of a colour map; write: value red green blue, for example 10 0 100 0",
            where=place, beside=beside,
        )  # fmt: skip
    value, color, alpha, label = parsed
    return FoundClass(value=value, color=color, label=label, transparent=alpha == "0", where=place, beside=beside)


def _parsed(line: str) -> tuple[str, str | tuple[str, str, str], str | None, str | None] | None:
    """Value, colour, alpha and label of a line."""
    if len(line) > _LONGEST:
        return None
    numbers = _NUMBERS.fullmatch(line)
    if numbers:
        value, red, green, blue, alpha, label = numbers.groups()
        return value, (red, green, blue), alpha, _unquoted(label)
    word = _WORD.fullmatch(line)
    if word and is_css_color(word[2]):
        return word[1], word[2], None, _unquoted(word[3])
    return None


def _unquoted(label: str | None) -> str | None:
    if label and len(label) > 1 and label[0] == label[-1] == '"':
        return label[1:-1].replace('""', '"')
    return label


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines that hold a class, by number; comments and GDAL's and GRASS's other words are left out."""
    for number, line in enumerate(text.lstrip("\ufeff").split("\n"), 1):
        if line.strip() and not _ASIDE.match(line.strip()):
            yield number, line.strip()
