"""The colours of a named palette for any number of classes, by SEPAL's rule."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Sequence
from typing import Any

from classify_local.errors import InputError
from classify_local.legend import normal_color
from classify_local.palettes import names
from classify_local.palettes.names import PaletteName, find_palette

_ANCHORS = 7
"""Colours SEPAL holds of each continuous palette; it interpolates between them."""
_CRAMERI_ANCHORS = 10
_MODULES = {
    names.CMOCEAN: ("palettable.cmocean.sequential", "palettable.cmocean.diverging"),
    names.CRAMERI: ("palettable.scientific.sequential", "palettable.scientific.diverging"),
    names.MATPLOTLIB: ("palettable.matplotlib",),
    names.NICCOLI: ("palettable.mycarta",),
    names.COLOR_BREWER: (
        "palettable.colorbrewer.sequential", "palettable.colorbrewer.diverging", "palettable.colorbrewer.qualitative",
    ),
}  # fmt: skip
_THEIR_NAMES = {"cubicl": "Cube1"}
_JET = ("#00007F", "#0000FF", "#007FFF", "#00FFFF", "#7FFF7F", "#FFFF00", "#FF7F00", "#FF0000", "#7F0000")
_TOL_RAINBOW = ("#781C81", "#3F60AE", "#539EB6", "#6DB388", "#CAB843", "#E78532", "#D92120")
"""The rainbow of seven colours of P. Tol, Colour Schemes, SRON/EPS/TN/09-002, issue 2.2, 2012."""


def palette_colors(name: str, count: int) -> tuple[str, ...]:
    """Colours of a palette for some number of classes.

    Parameters
    ----------
    name
        A palette of `names.PALETTES`.
    count
        Number of classes, at least 1.

    Returns
    -------
    tuple of str
        As `#RRGGBB`. They may repeat: a palette of eight hues has no twenty.

    Raises
    ------
    InputError
        If there is no such palette.
    """
    return pick_colors(count, anchors(name, count))


def pick_colors(count: int, anchor_colors: Sequence[str]) -> tuple[str, ...]:
    """SEPAL's rule: class i of n at i/(n-1) along equally spaced anchors, linear in each of red, green and blue.

    The first and the last colour are the ends'; one class alone gets the first. Halves are rounded up.
    """
    colors = [normal_color(color) for color in anchor_colors]
    if count == 1 or len(colors) == 1:
        return (colors[0],) * count
    rgb = [[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in colors]
    steps = len(colors) - 1
    picked = []
    for i in range(count):
        start = min(i * steps // (count - 1), steps - 1)
        share = i * steps / (count - 1) - start
        mixed = (math.floor(a + share * (b - a) + 0.5) for a, b in zip(rgb[start], rgb[start + 1], strict=True))
        picked.append("#{:02X}{:02X}{:02X}".format(*mixed))
    return tuple(picked)


def anchors(name: str, count: int) -> tuple[str, ...]:
    """The colours a palette is given by.

    Of ColorBrewer's variants the one for `count` classes, else the next larger, else the largest.

    Raises
    ------
    InputError
        If there is no such palette.
    """
    palette = find_palette(name)
    if palette.group == names.MISC:
        return _MISC[palette.name]()
    if palette.group == names.KOVESI:
        return _sampled(_module("colorcet", palette).palette[palette.name.replace(" ", "_")])
    if palette.group == names.COLOR_BREWER:
        return _brewer(palette.name, count)
    wanted = _CRAMERI_ANCHORS if palette.group == names.CRAMERI else _ANCHORS
    return _variants(palette)[wanted]


def _variants(palette: PaletteName) -> dict[int, tuple[str, ...]]:
    """The colours of a palette by their number."""
    theirs = _THEIR_NAMES.get(palette.name, palette.name).casefold()
    found: dict[int, tuple[str, ...]] = {}
    for module_name in _MODULES[palette.group]:
        module = _module(module_name, palette)
        for attribute in vars(module):
            name, _, number = attribute.rpartition("_")
            if name.casefold() == theirs and number.isdigit():
                found[int(number)] = tuple(map(normal_color, getattr(module, attribute).hex_colors))
    return found


def _brewer(name: str, count: int) -> tuple[str, ...]:
    variants = _variants(find_palette(name))
    return variants[min((number for number in variants if number >= count), default=max(variants))]


def _sampled(table: Sequence[str]) -> tuple[str, ...]:
    """Equally spaced colours of a long table."""
    last = len(table) - 1
    return tuple(normal_color(table[math.floor(i * last / (_ANCHORS - 1) + 0.5)]) for i in range(_ANCHORS))


def _colormap(name: str, start: float = 0.0, end: float = 1.0) -> tuple[str, ...]:
    """Equally spaced colours of one of matplotlib's maps."""
    matplotlib = importlib.import_module("matplotlib")
    colormap = matplotlib.colormaps[name].resampled(1021)
    places = (start + (end - start) * i / (_ANCHORS - 1) for i in range(_ANCHORS))
    return tuple("#{:02X}{:02X}{:02X}".format(*colormap(place, bytes=True)[:3]) for place in places)


def _module(name: str, palette: PaletteName) -> Any:
    """A package that holds colours; it is imported when the first palette of it is asked for."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise InputError(
            f"the palette {palette.name!r} is in the package {package}, which cannot be imported ({error}); "
            f"pip install {package}"
        ) from error


_BLUE, _RED, _PALE = "#2171B5", "#E31A1C", "#FFFFB2"
"""ColorBrewer's: of Blues, Paired and YlOrRd."""
_MISC: dict[str, Callable[[], tuple[str, ...]]] = {
    "Cool warm": lambda: _colormap("coolwarm"),
    "Warm cool": lambda: _colormap("coolwarm")[::-1],
    "Cube helix": lambda: _colormap("cubehelix"),
    "Gnuplot": lambda: _colormap("gnuplot2", 0.05, 0.95),
    "Jet": lambda: pick_colors(_ANCHORS, _JET),
    "Tol rainbow": lambda: _TOL_RAINBOW,
    "Cividis": lambda: _colormap("cividis"),
    "Water": lambda: _brewer("Blues", 9),
    "Red to blue": lambda: _brewer("RdBu", 10),
    "Hot": lambda: _colormap("hot"),
    "White to red": lambda: ("#FFFFFF", "#FF0000"),
    "Black to red to white": lambda: ("#000000", "#FF0000", "#FFFFFF"),
    "Blue to red to white": lambda: (_BLUE, _RED, _PALE, "#FFFFFF"),
    "Blue to white to red": lambda: (_BLUE, "#FFFFFF", _RED),
    "Black to blue": lambda: (*_brewer("RdGy", 10)[:4:-1], *_brewer("RdBu", 10)[5:]),
}
