"""Bands that say which pixels are clear, and what their numbers mean. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_QUALITY = re.compile(
    r"qa|qa_?\w+|\w+_qa(?:_\w+)?|bqa|scl|aot|wvp|tci|clp|cld|snw|msk_\w+|udm\d?|fmask|cfmask|pixel_qa|sr_aerosol|sr_atmos_opacity"
    r"|cloud_?\w*|snow|shadow|haze_?\w*|confidence|data_?mask|valid_?\w*|st_(?:atran|cdist|drad|emis|emsd|trad|urad)"
)
_DATES = re.compile(r"unix_?time_?days|day_?of_?year|days_?from_?target|doy|date|acquisition_?date|time")
_CLEAR_BITS = 0b111111
"""Of QA_PIXEL: fill, dilated cloud, cirrus, cloud, cloud shadow, snow (USGS LSDS-1619, LSDS-1618)."""
_CLEAR_457, _CLEAR_89 = (5440, 5504, 5568), (21824, 21888, 21952)
"""QA_PIXEL of clear land and water, all confidences low; the bit 'clear' of water is wrong in some scenes."""
_COLLECTION_1 = (66, 68, 130, 132, 322, 324, 386, 388)
_NOT_CLEAR_1 = 0b111001
"""Of Collection 1's pixel_qa: fill, shadow, snow, cloud."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskRule:
    """A mask by a band: the values to keep, all but 0 if None, and what values mean."""

    keep: tuple[int, ...] | None
    meaning: str


_FMASK = MaskRule(keep=(0, 1), meaning="0 is clear land, 1 clear water; 2 cloud shadow, 3 snow, 4 cloud, 255 no data")
_RULES = {
    "scl": MaskRule(
        keep=(4, 5, 6),
        meaning="4 is vegetation, 5 bare or built, 6 water; 3 cloud shadow, 8 to 10 cloud and cirrus, 0 and 1 no "
        "usable data. Add 7 (unclassified), 2 (dark) or 11 (snow) if too much is lost",
    ),
    "fmask": _FMASK,
    "cfmask": _FMASK,
    "qa60": MaskRule(keep=(0,), meaning="0 is clear; 1024 cloud, 2048 cirrus"),
    "datamask": MaskRule(keep=None, meaning="0 is no data; every other value is kept"),
}


def is_quality(name: str) -> bool:
    """True for a band that tells of the pixels' quality and is none to classify by."""
    return bool(_QUALITY.fullmatch(name.strip().casefold().replace(" ", "_")))


def is_date(name: str) -> bool:
    """True for a band that tells when pixels were seen, as mosaics have it."""
    return bool(_DATES.fullmatch(name.strip().casefold().replace(" ", "_")))


def mask_rule(name: str, values: Iterable[int]) -> MaskRule | None:
    """How a band masks pixels, if it is known for that.

    Parameters
    ----------
    name
        The band.
    values
        Those it was seen to hold.
    """
    folded = name.strip().casefold()
    if folded in ("qa_pixel", "pixel_qa"):
        return _bits(set(values), collection_1=folded == "pixel_qa")
    return _RULES.get(folded.replace("_", "") if folded.startswith("data") else folded)


def _bits(values: set[int], *, collection_1: bool) -> MaskRule:
    """Landsat's quality bits, as the values in which none of the bits for cloud and the like is set."""
    bits = _NOT_CLEAR_1 if collection_1 else _CLEAR_BITS
    usual = _COLLECTION_1 if collection_1 else _CLEAR_89 if max(values, default=21824) >= 1 << 14 else _CLEAR_457
    seen = {value for value in values if value > 1 and not value & bits}
    kept = tuple(sorted(seen | {value for value in usual if not value & bits}))
    return MaskRule(keep=kept, meaning="these are clear land and water; all others have cloud, shadow, snow or no data")
