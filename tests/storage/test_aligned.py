"""Pixels that lie on the stack's grid are moved, others resampled."""

from __future__ import annotations

import numpy as np
import pytest
from affine import Affine

from classify_local.errors import InputError
from classify_local.grid import Window
from classify_local.storage.aligned import Moved, on_grid
from classify_local.storage.warping import Warped
from tests.storage.test_placing import UTM36, UTM37, grid_of
from tests.storage.test_warping import memory

TEN = Affine(10, 0, 814_000, 0, -10, 8_660_000)
GRID = grid_of(UTM36, TEN, 40, 50)


@pytest.mark.parametrize(
    ("crs", "transform", "kind"),
    [
        (UTM36, TEN, Moved),
        (UTM36, TEN @ Affine.translation(7, -3), Moved),
        (UTM36, TEN @ Affine.translation(7.0005, -3), Moved),
        (UTM36, TEN @ Affine.translation(7.002, -3), Warped),
        (UTM36, TEN @ Affine.scale(2), Warped),
        (UTM36, TEN @ Affine.translation(0, 30) @ Affine.scale(1, -1), Warped),
        (UTM37, Affine(10, 0, 161_000, 0, -10, 8_660_000), Warped),
    ],
)
def test_only_what_does_not_share_the_pixels_is_resampled(crs, transform, kind):
    assert isinstance(on_grid(memory(grid_of(crs, transform, 300, 300)), GRID, "bilinear", "b"), kind)


@pytest.mark.parametrize("resampling", ["nearest", "bilinear", "average"])
def test_moved_pixels_keep_values_and_type(resampling):
    source = memory(grid_of(UTM36, TEN @ Affine.translation(7, -3), 20, 30), share=0.8)
    values, valid = on_grid(source, GRID, resampling, "b").read([1], GRID.window)
    expected = np.zeros(GRID.shape, bool)
    expected[:17, 7:37] = source.valid[0, 3:]
    np.testing.assert_array_equal(valid[0], expected)
    np.testing.assert_array_equal(values[0, :17, 7:37], source.values[0, 3:])
    assert values.dtype == "int16"


def test_pixels_of_the_same_grid_are_the_same_moved_or_resampled():
    """A shift of a two-thousandth of a pixel either way cannot tell in the nearest pixel."""
    source = memory(grid_of(UTM36, TEN @ Affine.translation(7, -3), 20, 30), share=0.8)
    near = memory(grid_of(UTM36, TEN @ Affine.translation(7.002, -3.002), 20, 30), share=0.8)
    window = Window(row=0, col=0, rows=17, cols=50)
    moved, resampled = on_grid(source, GRID, "nearest", "b"), on_grid(near, GRID, "nearest", "b")
    assert isinstance(resampled, Warped)
    for found, expected in zip(moved.read([1], window), resampled.read([1], window), strict=True):
        np.testing.assert_array_equal(found[:, :16, 8:], expected[:, :16, 8:])


@pytest.mark.parametrize("shift", [(0, 50), (-20, 0), (40, 0), (0, -30)])
def test_pixels_on_the_grid_that_lie_beside_it_are_refused(shift):
    row, col = shift
    source = memory(grid_of(UTM36, TEN @ Affine.translation(col, row), 20, 30))
    with pytest.raises(InputError, match=r"^b\.tif: does not overlap the base \(bounds 8"):
        on_grid(source, GRID, "nearest", "b.tif", "the base")
