"""A legend and its palettes, as lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from classify_local.legend import Legend
from classify_local.palettes.names import SOURCES, PaletteName
from classify_local.palettes.vision import APART, EVERY_READER, MOST_CLASSES, LookAlike

_MOST_PAIRS = 10


def class_lines(legend: Legend) -> Iterator[tuple[tuple[int, int, int], str]]:
    """The classes, one line each, with the colour of its swatch."""
    values = max((len(str(value)) for value in legend.values), default=0)
    labels = max((len(entry.label) for entry in legend), default=0)
    for entry in legend:
        parent = "" if entry.parent is None else f"  ({entry.parent})"
        yield entry.rgb, f"{entry.color}  {entry.value:>{values}}  {entry.label:<{labels if parent else 0}}{parent}"


def look_alike_lines(legend: Legend, found: Sequence[LookAlike]) -> Iterator[str]:
    """Which classes look alike, and to whom."""
    if len(legend) > MOST_CLASSES:
        yield f"the colours of {len(legend)} classes were not compared: so many cannot be told apart"
        return
    for pair in found[:_MOST_PAIRS]:
        readers = EVERY_READER if pair.readers == EVERY_READER else f"readers with {pair.readers}"
        yield (
            f"{pair.first.label} and {pair.second.label} look alike to {readers} "
            f"(difference {pair.difference:.1f}; {APART:.0f} and more can be told apart)"
        )
    if len(found) > _MOST_PAIRS:
        yield f"{len(found) - _MOST_PAIRS} more pairs of classes look alike"
    if not found:
        yield "all colours can be told apart, with a colour blindness too"


def palette_lines(palettes: Sequence[PaletteName]) -> Iterator[str]:
    """The palettes by group, with their sources, and why some are missing."""
    for group in dict.fromkeys(palette.group for palette in palettes):
        here = [palette for palette in palettes if palette.group == group]
        yield f"{group} ({SOURCES[group]})"
        hues = [palette.name for palette in here if palette.missing is None and palette.qualitative]
        ramps = [palette.name for palette in here if palette.missing is None and not palette.qualitative]
        yield from (f"  {', '.join(names)}{note}" for names, note in ((ramps, ""), (hues, _HUES)) if names)
        for why in dict.fromkeys(palette.missing for palette in here if palette.missing is not None):
            yield f"  not here: {', '.join(palette.name for palette in here if palette.missing == why)} ({why})"


_HUES = " (for classes without an order)"
