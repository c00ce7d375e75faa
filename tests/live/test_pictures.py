"""Tiles as a browser sees them: decoded, colour for colour."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from classify_local.legend import Legend, LegendEntry
from classify_local.live.pictures import PROBABILITY_COLORS, bands_picture, class_png, media_type, percent_png, rgba_png
from classify_local.live.pyramid import TILE

COLORS = ["#006400", "#F096FF", "#0064C8"]
LEGEND = Legend([LegendEntry(value=value, label=str(value), color=color)
                 for value, color in zip((1, 5, 300), COLORS, strict=True)])  # fmt: skip


def seen(picture: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(picture)) as image:
        assert image.size == (TILE, TILE)
        return np.asarray(image.convert("RGBA"))


def rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1), st.booleans())
def test_classes_have_the_legends_colours(rows, cols, seed, fading):
    rng = np.random.default_rng(seed)
    classes = rng.choice(np.array([0, 1, 2, 5, 300, 65535], dtype=np.uint16), (rows, cols))
    faded = rng.random((rows, cols)) < 0.5 if fading else None
    picture = seen(class_png(classes, LEGEND, faded))
    for row in range(rows):
        for col in range(cols):
            value, pixel = int(classes[row, col]), picture[row, col].tolist()
            if value not in LEGEND.values:
                assert pixel[3] == 0
                continue
            pale = faded is not None and bool(faded[row, col])
            assert tuple(pixel[:3]) == rgb(COLORS[[1, 5, 300].index(value)])
            assert (0 < pixel[3] < 128) if pale else pixel[3] == 255
    assert not picture[rows:, :, 3].any()
    assert not picture[:, cols:, 3].any()


@pytest.mark.parametrize("count", [127, 128, 255, 256, 700])
@pytest.mark.parametrize("fading", [False, True])
def test_legends_larger_than_a_palette(count, fading):
    legend = Legend([LegendEntry(value=value, label=str(value), color=f"#{value * 7919 % 2**24:06X}")
                     for value in range(1, count + 1)])  # fmt: skip
    classes = np.arange(count + 1, dtype=np.uint16)[None, :200].repeat(2, axis=0)
    faded = np.array([[False], [True]]).repeat(classes.shape[1], axis=1) if fading else None
    picture = seen(class_png(classes, legend, faded))
    for col in range(1, min(count + 1, 200)):
        assert tuple(picture[0, col, :3].tolist()) == legend_rgb(legend, col)
        assert picture[0, col, 3] == 255
        assert tuple(picture[1, col, :3].tolist()) == legend_rgb(legend, col)
        assert (picture[1, col, 3] < 128) == fading
    assert picture[0, 0, 3] == 0


def legend_rgb(legend: Legend, value: int) -> tuple[int, int, int]:
    return next(entry.rgb for entry in legend if entry.value == value)


def test_percents_have_the_colours_of_probability():
    percent = np.array([[*range(101), 255]], dtype=np.uint8)
    picture = seen(percent_png(percent))
    assert tuple(picture[0, 0]) == (*rgb(PROBABILITY_COLORS[0]), 255)
    assert tuple(picture[0, 50]) == (*rgb(PROBABILITY_COLORS[4]), 255)
    assert tuple(picture[0, 100]) == (*rgb(PROBABILITY_COLORS[-1]), 255)
    assert picture[0, 101, 3] == 0
    assert len({tuple(pixel) for pixel in picture[0, :101].tolist()}) > 90
    assert not picture[1:, :, 3].any()


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("exact", [True, False])
def test_bands_are_stretched_between_their_limits(count, exact):
    bands = np.linspace(-50, 350, 30 * 40).reshape(30, 40).astype(np.float32)[None].repeat(count, axis=0)
    bands[-1] *= 2
    valid = np.ones((30, 40), dtype=bool)
    valid[3:9, 5:20] = False
    limits = [(0.0, 255.0), (0.0, 255.0), (0.0, 510.0)][:count] if count == 3 else [(0.0, 510.0)]
    picture = bands_picture(bands, valid, limits, exact=exact)
    assert media_type(picture) == ("image/png" if exact else "image/webp")
    pixels = seen(picture)
    expected = np.clip(bands[0] / (1 if count == 3 else 2), 0, 255)
    inside = pixels[:30, :40]
    np.testing.assert_array_equal(inside[..., 3], np.where(valid, 255, 0))
    if exact:
        for channel in range(3):
            np.testing.assert_allclose(inside[..., channel][valid], expected[valid], atol=1.01)
    assert not pixels[30:, :, 3].any()
    assert not pixels[:, 40:, 3].any()


@pytest.mark.parametrize("limit", [(5.0, 5.0), (1e308, -1e308), (-1e-320, 1e-320), (9.0, 1.0)])
def test_odd_limits_and_values_are_a_picture(limit):
    bands = np.array([[[np.nan, np.inf, -np.inf, 3e38, 0.0, 5.0]]], dtype=np.float32)
    assert seen(bands_picture(bands, np.ones((1, 6), dtype=bool), [limit], exact=True))[0, :6, 3].all()


def test_colours_are_kept():
    rgba = np.random.default_rng(1).integers(0, 256, (20, 30, 4)).astype(np.uint8)
    np.testing.assert_array_equal(seen(rgba_png(rgba))[:20, :30], rgba)
