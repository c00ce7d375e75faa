"""Colours for classes that have none yet."""

from __future__ import annotations

import colorsys
from collections.abc import Collection, Iterator

DEFAULT_COLORS = (
    "#FFB300", "#803E75", "#FF6800", "#A6BDD7", "#C10020", "#CEA262", "#817066", "#007D34", "#F6768E", "#00538A",
    "#FF7A5C", "#53377A", "#FF8E00", "#B32851", "#F4C800", "#7F180D", "#93AA00", "#593315", "#F13A13", "#232C16",
)  # fmt: skip
"""SEPAL's, for the first twenty classes."""

_GOLDEN = (5**0.5 - 1) / 2
"""Hues a golden section apart never come close to one another again."""


def next_color(number: int, taken: Collection[str]) -> str:
    """The colour of a class that is added.

    Parameters
    ----------
    number
        How many classes there are.
    taken
        Their colours, as `#RRGGBB`.

    Returns
    -------
    str
        SEPAL's default of that number; a colour of its own if that is taken, or for the twenty-first
        class and more, for which SEPAL repeats the last.
    """
    return next(color for color in _from(number) if color not in taken)


def _from(number: int) -> Iterator[str]:
    yield from DEFAULT_COLORS[number:]
    yield from DEFAULT_COLORS
    for i in range(1 << 24):
        hue, lightness, saturation = (i * _GOLDEN) % 1, 0.3 + 0.1 * (i % 5), 0.9 - 0.2 * (i % 3)
        yield "#{:02X}{:02X}{:02X}".format(
            *(round(255 * part) for part in colorsys.hls_to_rgb(hue, lightness, saturation))
        )
