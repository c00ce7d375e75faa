"""Bands that say which pixels are clear: what their numbers mean, and which pixels to keep. Pure.

What is kept is what can be classified: land and water seen without cloud, haze or shadow, and snow, which is a land
cover of its own in many legends. A recipe that wants it otherwise says so with `keep`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from classify_local.types import FeatureArray, MaskArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a value or a bit stands for, and whether the pixel is used where it does."""

    text: str
    clear: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityRule:
    """Which pixels of a quality band are clear.

    Parameters
    ----------
    name
        The band, as its publisher calls it.
    values
        Meaning of each value of a band of classes; a value that is not there is not clear.
    bits
        Meaning of each bit of a band of bits, counted from 0; one that is set and not clear excludes the pixel, and
        bits that are not there do not count.

    Raises
    ------
    ValueError
        Unless it has either values or bits.
    """

    name: str
    values: Mapping[int, Meaning] = field(default_factory=dict)
    bits: Mapping[int, Meaning] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if bool(self.values) == bool(self.bits):
            raise ValueError("a rule has values or bits")

    @property
    def keep(self) -> tuple[int, ...]:
        """Values of clear pixels; none if the band is one of bits."""
        return tuple(value for value, meaning in self.values.items() if meaning.clear)

    @property
    def excluding(self) -> int:
        """The bits that exclude a pixel, as one number; 0 if the band is one of classes."""
        return sum(1 << bit for bit, meaning in self.bits.items() if not meaning.clear)

    @property
    def sentence(self) -> str:
        """What is kept and what is left out, in words."""
        table = self.values or self.bits
        kept = [f"{number} {meaning.text}" for number, meaning in table.items() if meaning.clear]
        dropped = [f"{number} {meaning.text}" for number, meaning in table.items() if not meaning.clear]
        unit = "bits" if self.bits else "values"
        return f"{self.name}: left out are pixels with the {unit} {', '.join(dropped)}; kept {', '.join(kept)}"


def _table(*rows: tuple[int, str, bool]) -> dict[int, Meaning]:
    return {number: Meaning(text=text, clear=clear) for number, text, clear in rows}


SCL = QualityRule(
    name="SCL",
    values=_table(
        (0, "no data", False),
        (1, "saturated or defective", False),
        (2, "dark or topographic shadow", False),
        (3, "cloud shadow", False),
        (4, "vegetation", True),
        (5, "not vegetated", True),
        (6, "water", True),
        (7, "unclassified", True),
        (8, "cloud, medium probability", False),
        (9, "cloud, high probability", False),
        (10, "thin cirrus", False),
        (11, "snow or ice", True),
    ),
)
"""Scene classification of Sentinel-2 Level-2A (ESA, Sentinel-2 Products Specification Document, S2-PDGS-TAS-DI-PSD).

Unclassified pixels are kept: what no test of Sen2Cor claims is most often built-up or mixed land, and leaving it out
takes towns off the map. Dark pixels are left out: they are shadows of mountains and of clouds.
"""

QA_PIXEL = QualityRule(
    name="QA_PIXEL",
    bits=_table(
        (0, "fill", False),
        (1, "dilated cloud", False),
        (2, "cirrus", False),
        (3, "cloud", False),
        (4, "cloud shadow", False),
        (5, "snow", True),
        (6, "clear", True),
        (7, "water", True),
    ),
)
"""Pixel quality of Landsat Collection 2 (USGS LSDS-1328, LSDS-1618, LSDS-1619). Bits 8 to 15 say how sure bits 3, 4, 5
and 2 are; bit 2 is not used before Landsat 8. Bit 6 says no more than bits 1 and 3 together, so it does not count."""

FMASK = QualityRule(
    name="Fmask",
    values=_table(
        (0, "clear land", True),
        (1, "clear water", True),
        (2, "cloud shadow", False),
        (3, "snow", True),
        (4, "cloud", False),
        (255, "no observation", False),
    ),
)
"""Classes of Fmask (Zhu and Woodcock 2012, doi:10.1016/j.rse.2011.10.028). That of HLS is one of bits: give `keep`."""

QA60 = QualityRule(
    name="QA60",
    bits=_table((10, "opaque cloud", False), (11, "cirrus", False), (0, "other", True)),
)
"""Cloud bits of Sentinel-2 images exported from Earth Engine; it is 0 everywhere from 2022-01-25 to 2024-02-28."""

_RULES = {"scl": SCL, "qa_pixel": QA_PIXEL, "fmask": FMASK, "cfmask": FMASK, "qa60": QA60}


def clear_of(name: str) -> QualityRule | None:
    """The rule of a band that is known by name to tell clear pixels, or None."""
    return _RULES.get(name.strip().casefold())


def keep_pixels(rule: QualityRule, values: FeatureArray) -> MaskArray:
    """True where a pixel is clear.

    Parameters
    ----------
    rule
        That of the band.
    values
        The band's stored values, any shape; of real numbers only whole ones can be clear.
    """
    if rule.values:
        return np.asarray(np.isin(values, rule.keep))
    if np.issubdtype(values.dtype, np.integer):
        return np.asarray((values & np.array(rule.excluding, dtype=values.dtype)) == 0)
    whole = np.isfinite(values) & (values == np.trunc(values)) & (np.abs(values) < 2**31)
    bits = np.where(whole, values, -1).astype(np.int64)
    return np.asarray(whole & (bits & rule.excluding == 0))
