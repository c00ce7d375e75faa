"""Bands that say which pixels are clear, and what their numbers mean. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from classify_local.bands.quality import QA_PIXEL, QualityRule, clear_of, keep_pixels
from classify_local.types import FeatureArray, MaskArray

_QUALITY = re.compile(
    r"qa|qa_?\w+|\w+_qa(?:_\w+)?|bqa|scl|aot|wvp|tci|clp|cld|snw|msk_\w+|udm\d?|fmask|cfmask|pixel_qa|sr_aerosol|sr_atmos_opacity"
    r"|cloud_?\w*|snow|shadow|haze_?\w*|confidence|data_?mask|valid_?\w*|st_(?:atran|cdist|drad|emis|emsd|trad|urad)"
)
_DATES = re.compile(r"unix_?time_?days|day_?of_?year|days_?from_?target|doy|date|acquisition_?date|time")
_CLEAR_457, _CLEAR_89 = (5440, 5504, 5568), (21824, 21888, 21952)
"""QA_PIXEL of clear land and water, all confidences low; the bit 'clear' of water is wrong in some scenes."""
_COLLECTION_1 = (66, 68, 130, 132, 322, 324, 386, 388)
_NOT_CLEAR_1 = 0b101001
"""Of Collection 1's pixel_qa: fill, shadow, cloud. Snow is kept, as by all rules of `bands.quality`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskRule:
    """A mask by a band: values to keep, or if None those that `rule` calls clear, or all but 0; and what that means.

    `rule` is set where a recipe that names the band alone has it applied.
    """

    keep: tuple[int, ...] | None
    meaning: str
    rule: QualityRule | None = None

    def clear(self, values: FeatureArray) -> MaskArray:
        """True where a pixel is kept."""
        if self.keep is not None:
            return np.asarray(np.isin(values, self.keep))
        return np.asarray(values != 0) if self.rule is None else keep_pixels(self.rule, values)

    @property
    def looks_at_nodata(self) -> bool:
        """True if a value counts even where the file calls it nodata."""
        return self.keep is not None or self.rule is not None


_DATA = MaskRule(keep=None, meaning="0 is no data; every other value is kept")


def is_quality(name: str) -> bool:
    """True for a band that tells of the pixels' quality and is none to classify by."""
    return bool(_QUALITY.fullmatch(name.strip().casefold().replace(" ", "_")))


def is_date(name: str) -> bool:
    """True for a band that tells when pixels were seen, as mosaics have it."""
    return bool(_DATES.fullmatch(name.strip().casefold().replace(" ", "_")))


def mask_rule(name: str, values: Iterable[int], stored_as: str | None = None) -> MaskRule | None:
    """How a band masks pixels, if it is known for that; see `bands.quality` for what is kept.

    Parameters
    ----------
    name
        What the band is.
    values
        Those it was seen to hold.
    stored_as
        The file's name for it, if any: a recipe that names the band gets the rule of that name.
    """
    folded, seen = name.strip().casefold(), set(values)
    if folded in ("datamask", "data_mask"):
        return _DATA
    if folded == "pixel_qa":
        return _collection_1(seen)
    rule = clear_of(folded)
    if rule is None or (rule.values and not seen <= {0, *rule.values}):
        return None  # of the same name, but other codes
    if stored_as is not None and clear_of(stored_as) is rule:
        return MaskRule(keep=None, meaning=_meaning(rule), rule=rule)
    return MaskRule(keep=rule.keep or _clear_values(rule, seen), meaning=_meaning(rule))


def _meaning(rule: QualityRule) -> str:
    """The rule in words, as they stand behind "Pixels to keep"."""
    table = rule.values or rule.bits
    kept = ", ".join(f"{number} {what.text}" for number, what in table.items() if what.clear)
    dropped = ", ".join(f"{number} {what.text}" for number, what in table.items() if not what.clear)
    return f"all without the bits {dropped}" if rule.bits else f"{kept}; left out are {dropped}"


def _clear_values(rule: QualityRule, seen: set[int]) -> tuple[int, ...]:
    """The values of a band of bits in which none that excludes is set: those seen, and those of usual scenes."""
    landsat = _CLEAR_89 if max(seen, default=21824) >= 1 << 14 else _CLEAR_457
    usual = landsat if rule is QA_PIXEL else (0,)
    return tuple(sorted({value for value in (*seen, *usual) if value >= 0 and not value & rule.excluding}))


def _collection_1(seen: set[int]) -> MaskRule:
    found = {value for value in seen if value > 1 and not value & _NOT_CLEAR_1} | set(_COLLECTION_1)
    return MaskRule(
        keep=tuple(sorted(found)),
        meaning="these are clear land, water and snow; all others have cloud, shadow or no data",
    )
