"""The palettes that SEPAL offers, by group, and what became of each here."""

from __future__ import annotations

import re
from dataclasses import dataclass

from classify_local.errors import InputError, nearest

CMOCEAN, CRAMERI, KOVESI, MATPLOTLIB = "cmocean", "crameri", "kovesi", "matplotlib"
MISC, NICCOLI, COLOR_BREWER = "misc", "niccoli", "Color Brewer"

_LISTED = {
    CMOCEAN: (
        "Thermal, Haline, Solar, Ice, Gray, Oxy, Deep, Dense, Algae, Matter, Turbid, Speed, Amp, Tempo, Phase, "
        "Balance, Delta, Curl"
    ),
    CRAMERI: (
        "acton, bamako, berlin, bilbao, broc, buda, cork, davos, devon, grayC, hawaii, imola, lajolla, lapaz, lisbon, "
        "nuuk, oleron, oslo, roma, tofino, tokyo, turku, vik"
    ),
    KOVESI: (
        "cyclic grey 15 85 c0, cyclic grey 15 85 c0 s25, cyclic mrybm 35 75 c68, cyclic mrybm 35 75 c68 s25, cyclic "
        "mygbm 30 95 c78, cyclic mygbm 30 95 c78 s25, cyclic wrwbw 40 90 c42, cyclic wrwbw 40 90 c42 s25, diverging "
        "isoluminant cjm 75 c23, diverging isoluminant cjm 75 c24, diverging isoluminant cjo 70 c25, diverging linear "
        "bjr 30 55 c53, diverging linear bjy 30 90 c45, diverging rainbow bgymr 45 85 c67, diverging bkr 55 10 c35, "
        "diverging bky 60 10 c30, diverging bwr 40 95 c42, diverging bwr 55 98 c37, diverging cwm 80 100 c22, "
        "diverging gkr 60 10 c40, diverging gwr 55 95 c38, diverging gwv 55 95 c39, isoluminant cgo 70 c39, "
        "isoluminant cgo 80 c38, isoluminant cm 70 c39, rainbow bgyr 35 85 c72, rainbow bgyr 35 85 c73, rainbow bgyrm "
        "35 85 c69, rainbow bgyrm 35 85 c71, linear bgy 10 95 c74, linear bgyw 15 100 c67, linear bgyw 15 100 c68, "
        "linear blue 5 95 c73, linear blue 95 50 c20, linear bmw 5 95 c86, linear bmw 5 95 c89, linear bmy 10 95 c71, "
        "linear bmy 10 95 c78, linear gow 60 85 c27, linear gow 65 90 c35, linear green 5 95 c69, linear grey 0 100 "
        "c0, linear grey 10 95 c0, linear kry 5 95 c72, linear kry 5 98 c75, linear kryw 5 100 c64, linear kryw 5 100 "
        "c67, linear ternary blue 0 44 c57, linear ternary green 0 46 c42, linear ternary red 0 50 c52"
    ),
    MATPLOTLIB: "magma, inferno, plasma, viridis",
    MISC: (
        "Cool warm, Warm cool, Cube helix, Gnuplot, Jet, Parula, Tol rainbow, Cividis, Blue fluorite, Water, Red to "
        "blue, Hot, White to red, Black to red to white, Blue to red to white, Blue to white to red, Black to blue"
    ),
    NICCOLI: "cubicyf, cubicl, isol, linearl, linearlhot",
    COLOR_BREWER: (
        "YlGn, YlGnBu, GnBu, BuGn, PuBuGn, PuBu, BuPu, RdPu, PuRd, OrRd, YlOrRd, YlOrBr, Purples, Blues, Greens, "
        "Oranges, Reds, Greys, PuOr, BrBG, PRGn, PiYG, RdBu, RdGy, RdYlBu, Spectral, RdYlGn, Accent, Dark2, Pastel1, "
        "Pastel2, Paired, Set1, Set2, Set3"
    ),
}

_NO_PACKAGE = "no package under a permissive licence has its colours"
_MISSING = {
    "Parula": "it belongs to MathWorks",
    "Blue fluorite": _NO_PACKAGE,
    "cubicyf": _NO_PACKAGE,
    "isol": _NO_PACKAGE,
    "linearl": _NO_PACKAGE,
    "linearlhot": _NO_PACKAGE,
}
QUALITATIVE = frozenset({"Accent", "Dark2", "Pastel1", "Pastel2", "Paired", "Set1", "Set2", "Set3"})
"""Palettes whose neighbours differ in hue; those of all others run from one colour to another."""

SOURCES = {
    CMOCEAN: "K. Thyng et al., cmocean, MIT",
    CRAMERI: "F. Crameri, Scientific colour maps, MIT",
    KOVESI: "P. Kovesi, Good colour maps (colorcet), CC BY 4.0",
    MATPLOTLIB: "N. Smith, S. van der Walt and E. Firing, CC0",
    MISC: "various; see the user guide",
    NICCOLI: "M. Niccoli, mycarta",
    COLOR_BREWER: "C. Brewer, M. Harrower and The Pennsylvania State University, ColorBrewer, Apache 2.0",
}
"""Who made the colours of a group, and the licence they come under."""


@dataclass(frozen=True, slots=True)
class PaletteName:
    """A palette of SEPAL's.

    Parameters
    ----------
    group, name
        As in SEPAL's menu.
    missing
        Why it is not here; None if it is.
    """

    group: str
    name: str
    missing: str | None = None

    @property
    def qualitative(self) -> bool:
        """True if its colours differ in hue rather than run from one to another."""
        return self.name in QUALITATIVE


PALETTES = tuple(
    PaletteName(group, name, _MISSING.get(name)) for group, listed in _LISTED.items() for name in listed.split(", ")
)


def find_palette(name: str) -> PaletteName:
    """A palette by its name, whatever its capitals; `_`, `-` and spaces are alike.

    Raises
    ------
    InputError
        If there is none of that name, or it is one of SEPAL's that is missing here.
    """
    found = _BY_FOLDED.get(_folded(name))
    if found is None:
        hint = nearest(name, (palette.name for palette in PALETTES if palette.missing is None))
        raise InputError(f"no palette {name!r}{hint}; classify-local legend palettes lists them")
    if found.missing is not None:
        raise InputError(f"the palette {found.name!r} is not here: {found.missing}; take another")
    return found


def _folded(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name).casefold()


_BY_FOLDED = {_folded(palette.name): palette for palette in PALETTES}
