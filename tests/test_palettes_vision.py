"""What readers see of colours, against published numbers and palettes chosen for colour-blind readers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify_local.legend import Legend, LegendEntry
from classify_local.palettes import vision
from classify_local.palettes.vision import BLUE_YELLOW, EVERY_READER, RED_GREEN, ciede2000, look_alikes, seen

SHARMA = np.array(
    [
        [50.0000, 2.6772, -79.7751, 50.0000, 0.0000, -82.7485, 2.0425],
        [50.0000, 3.1571, -77.2803, 50.0000, 0.0000, -82.7485, 2.8615],
        [50.0000, 2.8361, -74.0200, 50.0000, 0.0000, -82.7485, 3.4412],
        [50.0000, -1.3802, -84.2814, 50.0000, 0.0000, -82.7485, 1.0000],
        [50.0000, -1.1848, -84.8006, 50.0000, 0.0000, -82.7485, 1.0000],
        [50.0000, -0.9009, -85.5211, 50.0000, 0.0000, -82.7485, 1.0000],
        [50.0000, 0.0000, 0.0000, 50.0000, -1.0000, 2.0000, 2.3669],
        [50.0000, -1.0000, 2.0000, 50.0000, 0.0000, 0.0000, 2.3669],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0009, 7.1792],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0010, 7.1792],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0011, 7.2195],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0012, 7.2195],
        [50.0000, -0.0010, 2.4900, 50.0000, 0.0009, -2.4900, 4.8045],
        [50.0000, -0.0010, 2.4900, 50.0000, 0.0011, -2.4900, 4.7461],
        [50.0000, 2.5000, 0.0000, 50.0000, 0.0000, -2.5000, 4.3065],
        [50.0000, 2.5000, 0.0000, 73.0000, 25.0000, -18.0000, 27.1492],
        [50.0000, 2.5000, 0.0000, 61.0000, -5.0000, 29.0000, 22.8977],
        [50.0000, 2.5000, 0.0000, 56.0000, -27.0000, -3.0000, 31.9030],
        [50.0000, 2.5000, 0.0000, 58.0000, 24.0000, 15.0000, 19.4535],
        [50.0000, 2.5000, 0.0000, 50.0000, 3.1736, 0.5854, 1.0000],
        [50.0000, 2.5000, 0.0000, 50.0000, 3.2972, 0.0000, 1.0000],
        [50.0000, 2.5000, 0.0000, 50.0000, 1.8634, 0.5757, 1.0000],
        [50.0000, 2.5000, 0.0000, 50.0000, 3.2592, 0.3350, 1.0000],
        [60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644],
        [63.0109, -31.0961, -5.8663, 62.8187, -29.7946, -4.0864, 1.2630],
        [61.2901, 3.7196, -5.3901, 61.4292, 2.2480, -4.9620, 1.8731],
        [35.0831, -44.1164, 3.7933, 35.0232, -40.0716, 1.5901, 1.8645],
        [22.7233, 20.0904, -46.6940, 23.0331, 14.9730, -42.5619, 2.0373],
        [36.4612, 47.8580, 18.3852, 36.2715, 50.5065, 21.2231, 1.4146],
        [90.8027, -2.0831, 1.4410, 91.1528, -1.6435, 0.0447, 1.4441],
        [90.9257, -0.5406, -0.9208, 88.6381, -0.8985, -0.7239, 1.5381],
        [6.7747, -0.2908, -2.4247, 5.8714, -0.0985, -2.2286, 0.6377],
        [2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082],
    ]
)
"""Table 1 of Sharma, Wu and Dalal (2005), without pair 14: its hues lie 180 degrees apart, where the formula jumps."""

OKABE_ITO = ("000000", "E69F00", "56B4E9", "009E73", "F0E442", "0072B2", "D55E00", "CC79A7")
SET_1 = ("E41A1C", "377EB8", "4DAF4A", "984EA3")
SET_2 = ("66C2A5", "FC8D62", "8DA0CB")
DARK_2 = ("1B9E77", "D95F02", "7570B3")

labs = st.lists(st.floats(-100, 100), min_size=3, max_size=3).map(lambda lab: np.array([abs(lab[0]), *lab[1:]]))


def legend(*digits: str) -> Legend:
    return Legend(
        tuple(LegendEntry(value=i, label=f"class {i}", color=f"#{color}") for i, color in enumerate(digits, 1))
    )


def rgb(digits: str) -> np.ndarray:
    return np.array([[int(digits[i : i + 2], 16) for i in (0, 2, 4)]]) / 255


def test_ciede2000_gives_the_published_differences():
    np.testing.assert_allclose(ciede2000(SHARMA[:, :3], SHARMA[:, 3:6]), SHARMA[:, 6], atol=5e-5)


@given(labs, labs)
def test_a_difference_is_symmetric_and_none_for_the_same(first, second):
    forth, back = ciede2000(first, second), ciede2000(second, first)
    assert forth >= 0
    assert ciede2000(first, first) == 0
    hues = np.degrees(np.arctan2([first[2], second[2]], [first[1], second[1]]))
    if abs(abs(hues[0] - hues[1]) - 180) > 1:  # the formula jumps where hues lie opposite
        np.testing.assert_allclose(forth, back, atol=1e-9)


@pytest.mark.parametrize(
    ("digits", "lab"),
    [
        ("FFFFFF", (100, 0, 0)),
        ("000000", (0, 0, 0)),
        ("FF0000", (53.24, 80.09, 67.20)),
        ("0000FF", (32.30, 79.19, -107.86)),
    ],
)
def test_colours_as_lab(digits, lab):
    np.testing.assert_allclose(seen(rgb(digits), np.eye(3))[0], lab, atol=0.02)


@pytest.mark.parametrize(
    ("digits", "kind", "number", "lab"),
    [
        ("006400", RED_GREEN, 0, (37.88, -3.36, 45.44)),
        ("006400", RED_GREEN, 1, (35.01, -3.62, 37.43)),
        ("006400", BLUE_YELLOW, 0, (36.21, -27.85, 0.43)),
        ("FA0000", RED_GREEN, 0, (39.45, -3.62, 46.76)),
        ("FA0000", RED_GREEN, 1, (58.62, -5.35, 62.89)),
        ("0064C8", RED_GREEN, 1, (41.48, 17.80, -60.22)),
        ("0064C8", BLUE_YELLOW, 0, (47.60, -22.99, -16.73)),
        ("FFB300", BLUE_YELLOW, 0, (74.79, 35.54, 18.16)),
    ],
)
def test_colours_as_colour_blind_readers_see_them(digits, kind, number, lab):
    """Against the packages colorspacious 1.1.2 (simulation) and scikit-image 0.26 (Lab)."""
    np.testing.assert_allclose(seen(rgb(digits), vision._CONES[kind][number])[0], lab, atol=0.02)


@pytest.mark.parametrize("kind", [RED_GREEN, BLUE_YELLOW])
def test_grey_stays_grey(kind):
    for cones in vision._CONES[kind]:
        np.testing.assert_allclose(cones.sum(axis=1), 1, atol=2e-6)


@pytest.mark.parametrize("colors", [OKABE_ITO, SET_2, DARK_2])
def test_palettes_for_colour_blind_readers_are_told_apart(colors):
    assert look_alikes(legend(*colors)) == ()


def test_palettes_that_are_none_are_not():
    pairs = look_alikes(legend(*SET_1))
    assert [(pair.first.value, pair.second.value) for pair in pairs] == [(2, 4), (1, 3)]
    assert {pair.readers for pair in pairs} == {RED_GREEN}
    assert pairs[0].difference == pytest.approx(4.2, abs=0.05)


def test_dark_green_and_red_of_land_cover_maps():
    pairs = look_alikes(legend("006400", "FA0000", "0064C8"))
    assert [(pair.first.value, pair.second.value, pair.readers) for pair in pairs] == [(1, 2, RED_GREEN)]


def test_what_nobody_can_tell_apart_is_said_once():
    pairs = look_alikes(legend("006400", "006500"))
    assert [pair.readers for pair in pairs] == [EVERY_READER]


def test_the_most_alike_come_first():
    pairs = look_alikes(legend("006400", "FA0000", "006800", "FF0000"))
    assert [pair.difference for pair in pairs] == sorted(pair.difference for pair in pairs)
    assert len(pairs) == 6


@given(st.sets(st.integers(0, 2**24 - 1), min_size=1, max_size=12), st.floats(0, 60), st.floats(0, 60))
def test_a_higher_threshold_finds_no_fewer(numbers, one, other):
    made = legend(*(f"{number:06x}" for number in sorted(numbers)))
    low, high = sorted((one, other))
    few = {(p.first.value, p.second.value) for p in look_alikes(made, low)}
    assert few <= {(p.first.value, p.second.value) for p in look_alikes(made, high)}


def test_very_many_classes_are_not_compared():
    assert look_alikes(legend(*(f"{i:06x}" for i in range(vision.MOST_CLASSES + 1)))) == ()
