"""Palettes under SEPAL's names: the colours, how many there are, and the rule between them."""

from __future__ import annotations

import importlib
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify_local.errors import InputError
from classify_local.palettes.defaults import DEFAULT_COLORS, next_color
from classify_local.palettes.names import PALETTES, find_palette
from classify_local.palettes.ramps import anchors, palette_colors, pick_colors

HERE = [palette for palette in PALETTES if palette.missing is None]
colors = st.builds("#{:06X}".format, st.integers(0, 2**24 - 1))


def rgb(color: str) -> list[int]:
    return [int(color[i : i + 2], 16) for i in (1, 3, 5)]


def furthest(found: tuple[str, ...], wanted: list[str]) -> int:
    assert len(found) == len(wanted)
    return int(np.abs(np.array([rgb(c) for c in found]) - np.array([rgb(c) for c in wanted])).max())


# SEPAL's rule


@pytest.mark.parametrize(
    ("count", "given_as", "picked"),
    [
        (2, ["000000", "FFFFFF"], ["000000", "FFFFFF"]),
        (1, ["000000", "FFFFFF"], ["000000"]),
        (2, ["000000", "808080", "FFFFFF"], ["000000", "FFFFFF"]),
        (3, ["000000", "808080", "FFFFFF"], ["000000", "808080", "FFFFFF"]),
        (3, ["000", "444", "666", "FFF"], ["000000", "555555", "FFFFFF"]),
        (3, ["000000", "FFFFFF"], ["000000", "808080", "FFFFFF"]),
        (4, ["#ff0000", "#0000ff"], ["FF0000", "AA0055", "5500AA", "0000FF"]),
        (3, ["#123456"], ["123456", "123456", "123456"]),
    ],
)
def test_picked_colours(count, given_as, picked):
    assert pick_colors(count, given_as) == tuple(f"#{digits}" for digits in picked)


@given(st.integers(2, 40), st.lists(colors, min_size=2, max_size=12))
def test_ends_are_exact_and_all_lies_between_neighbours(count, given_as):
    picked = pick_colors(count, given_as)
    assert len(picked) == count
    assert (picked[0], picked[-1]) == (given_as[0], given_as[-1])
    for i, color in enumerate(picked):
        place = i * (len(given_as) - 1) / (count - 1)
        before, after = rgb(given_as[int(place)]), rgb(given_as[min(int(place) + 1, len(given_as) - 1)])
        for channel in range(3):
            low, high = sorted((before[channel], after[channel]))
            assert low <= rgb(color)[channel] <= high


@given(st.lists(colors, min_size=1, max_size=12))
def test_as_many_classes_as_anchors_get_the_anchors(given_as):
    assert pick_colors(len(given_as), given_as) == tuple(given_as)


# names


def test_sepals_groups_are_complete():
    groups = {palette.group: 0 for palette in PALETTES}
    for palette in PALETTES:
        groups[palette.group] += 1
    assert groups == {
        "cmocean": 18, "crameri": 23, "kovesi": 50, "matplotlib": 4, "misc": 17, "niccoli": 5, "Color Brewer": 35,
    }  # fmt: skip
    assert len({palette.name.casefold() for palette in PALETTES}) == len(PALETTES)
    assert [palette.name for palette in PALETTES if palette.missing] == [
        "Parula", "Blue fluorite", "cubicyf", "isol", "linearl", "linearlhot",
    ]  # fmt: skip


@pytest.mark.parametrize("palette", HERE, ids=lambda palette: palette.name)
def test_every_palette_gives_colours_for_any_number_of_classes(palette):
    for count in (1, 2, 3, 8, 13):
        found = palette_colors(palette.name, count)
        assert len(found) == count
        assert all(color == color.upper() and len(color) == 7 for color in found)


@pytest.mark.parametrize("name", ["thermal", "THERMAL", "Cool_warm", "coolwarm", "linear-bmy_10 95 c78", "ylgnbu"])
def test_a_name_is_found_however_it_is_written(name):
    assert palette_colors(name, 3)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("viridi", "no palette 'viridi'; did you mean 'viridis'"),
        ("", "no palette ''"),
        ("Parula", "'Parula' is not here: it belongs to MathWorks"),
        ("isol", "no package under a permissive licence"),
    ],
)
def test_what_is_no_palette_is_refused(name, said):
    with pytest.raises(InputError, match=said):
        palette_colors(name, 3)


def test_a_package_that_cannot_be_imported_is_named(monkeypatch):
    real = importlib.import_module

    def without(name):
        if name.startswith("palettable"):
            raise ImportError("broken")
        return real(name)

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(InputError, match=r"'Thermal' is in the package palettable, .*; pip install palettable"):
        palette_colors("Thermal", 3)


def test_packages_of_colours_are_imported_when_one_is_asked_for():
    code = (
        "import sys; from classify_local.palettes import names, ramps; names.find_palette('Thermal'); "
        "print(sorted({'palettable', 'colorcet', 'matplotlib'} & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"


# colours, beside other packages


@pytest.mark.parametrize("name", ["magma", "inferno", "plasma", "viridis", "cividis"])
def test_perceptual_maps_as_matplotlib_has_them(name):
    wanted = [mpl.colors.to_hex(mpl.colormaps[name](i / 6)) for i in range(7)]
    assert furthest(anchors(name, 7), wanted) <= 4


@pytest.mark.parametrize(
    ("name", "theirs", "number"),
    [("YlGn", "YlGn", 9), ("Set1", "Set1", 9), ("Dark2", "Dark2", 8), ("BrBG", "BrBG", 11), ("Water", "Blues", 9)],
)
def test_colorbrewer_as_matplotlib_has_it(name, theirs, number):
    table = mpl.colormaps[theirs].resampled(number)
    assert furthest(anchors(name, number), [mpl.colors.to_hex(table(i)) for i in range(number)]) <= 1


@pytest.mark.parametrize(
    ("name", "some"),
    [
        ("Thermal", {0: "#042333", 6: "#E8FA5B"}),
        ("lajolla", {0: "#FFFFCC", 9: "#1A1A01"}),
        ("roma", {0: "#7F1900", 9: "#1A3399"}),
        ("tokyo", {4: "#8D7982"}),
        ("Jet", {0: "#00007F", 1: "#002AFF", 3: "#7FFF7F"}),
        ("Gnuplot", {0: "#000033", 6: "#FFFF60"}),
        ("Cube helix", {0: "#000000", 3: "#A07949"}),
        ("linear bmy 10 95 c78", {0: "#000C7D", 6: "#FFF123"}),
        ("Black to blue", {0: "#1A1A1A", 5: "#D1E5F0", 9: "#053061"}),
        ("White to red", {0: "#FFFFFF", 1: "#FF0000"}),
    ],
)
def test_some_of_the_colours_sepal_shows(name, some):
    found = anchors(name, 7)
    assert max(furthest((found[i],), [color]) for i, color in some.items()) <= 2
    assert max(some) <= len(found) - 1


@pytest.mark.parametrize(
    ("name", "classes", "number"), [("YlGn", 2, 3), ("YlGn", 3, 3), ("YlGn", 9, 9), ("YlGn", 12, 9), ("Paired", 12, 12)]
)
def test_colorbrewers_variant_for_the_number_of_classes(name, classes, number):
    """The one for so many classes, else the next larger, else the largest."""
    assert len(anchors(name, classes)) == number


def test_qualitative_palettes_are_told_from_ramps():
    assert find_palette("set1").qualitative
    assert not find_palette("viridis").qualitative


# default colours


def test_the_first_twenty_defaults_are_sepals():
    taken: list[str] = []
    for number in range(20):
        taken.append(next_color(number, taken))
    assert tuple(taken) == DEFAULT_COLORS
    assert taken[:3] == ["#FFB300", "#803E75", "#FF6800"]


@given(st.integers(0, 400), st.sets(st.sampled_from(DEFAULT_COLORS)))
def test_a_default_is_never_taken(number, taken):
    assert next_color(number, taken) not in taken


def test_a_hundred_defaults_differ():
    taken: list[str] = []
    for number in range(100):
        taken.append(next_color(number, taken))
    assert len(set(taken)) == 100
