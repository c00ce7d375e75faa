"""Height models in tiles of several spacings, as Copernicus has them beyond 50 degrees: slopes as on one grid."""

from __future__ import annotations

import numpy as np
import pytest
from affine import Affine
from rasterio.crs import CRS

from classify_local.api import open_stack
from classify_local.grid import Grid
from tests.conftest import write_raster

DEGREE = 111_195.0


def plane(x, y):
    """Heights that rise by one metre in five to the east and one in ten to the north, at 50 degrees."""
    return 500 + 0.2 * (x - 14.5) * DEGREE * np.cos(np.radians(50)) + 0.1 * (y - 50) * DEGREE


def tile(folder, south, cols):
    """A tile of 240 rows and some columns, pixel centres on whole degrees as Copernicus has them."""
    width, height = 1 / cols, 1 / 240
    transform = Affine(width, 0, 14 - width / 2, 0, -height, south + 1 + height / 2)
    x, y = 14 + np.arange(cols) * width, south + 1 - np.arange(240) * height
    heights = plane(*np.meshgrid(x, y)).astype(np.float32)
    write_raster(folder / f"N{south}.tif", heights[None], crs="EPSG:4326", transform=transform)


@pytest.fixture
def scene(tmp_path):
    (tmp_path / "aux" / "terrain").mkdir(parents=True)
    tile(tmp_path / "aux" / "terrain", 49, 240)
    tile(tmp_path / "aux" / "terrain", 50, 160)
    grid = Grid(crs=CRS.from_epsg(32633), transform=Affine(500, 0, 440_000, 0, -500, 5_550_000), shape=(60, 60))
    write_raster(tmp_path / "image.tif", np.ones((1, 60, 60), np.uint8), crs="EPSG:32633", transform=grid.transform)
    return tmp_path


def slopes(scene, gradient):
    text = f"images: [{{path: image.tif}}]\nauxiliaries: [terrain]\nterrain_gradient: {gradient}\n"
    (scene / "recipe.yml").write_text(text, encoding="utf-8")
    stack = open_stack(scene / "recipe.yml")
    block = stack.read(stack.grid.window)
    assert block.valid.mean() > 0.98  # the line between the tiles is no gap
    return block.features[stack.names.index("slope")][block.valid]


@pytest.mark.parametrize("gradient", ["horn", "four"])
def test_a_plane_has_one_slope_on_both_sides(scene, gradient):
    found = slopes(scene, gradient)
    expected = np.degrees(np.arctan(np.hypot(0.2, 0.1)))
    assert np.abs(np.median(found) - expected) < 0.2
    assert np.percentile(np.abs(found - expected), 99) < 0.6


def test_the_two_gradients_differ(scene, tmp_path):
    rough = np.random.default_rng(1).normal(0, 50, (240, 240)).astype(np.float32)
    for name in ("N49.tif", "N50.tif"):
        (scene / "aux" / "terrain" / name).unlink()
    write_raster(
        scene / "aux" / "terrain" / "N50.tif", rough[None], crs="EPSG:4326",
        transform=Affine(1 / 240, 0, 14, 0, -1 / 240, 51 - 0.4),
    )  # fmt: skip
    assert not np.allclose(slopes(scene, "horn"), slopes(scene, "four"))


def test_heights_of_srtm_as_they_are_published(tmp_path):
    (tmp_path / "aux" / "terrain").mkdir(parents=True)
    heights = np.add.outer(np.arange(1201)[::-1], np.arange(1201)).astype(">i2")
    (tmp_path / "aux" / "terrain" / "S12E033.hgt").write_bytes(heights.tobytes())
    write_raster(
        tmp_path / "image.tif", np.ones((1, 40, 40), np.uint8), crs="EPSG:4326",
        transform=Affine(1 / 1200, 0, 33.4, 0, -1 / 1200, -11.4),
    )  # fmt: skip
    (tmp_path / "recipe.yml").write_text("images: [{path: image.tif}]\nauxiliaries: [terrain]\n", encoding="utf-8")
    stack = open_stack(tmp_path / "recipe.yml")
    block = stack.read(stack.grid.window)
    elevation = block.features[stack.names.index("elevation")]
    assert block.valid.all()
    # row 0 of the tile lies at 11 degrees south; pixel centres of the image lie between those of the tile
    assert elevation[0, 0] == pytest.approx(1200 - 480.5 + 480.5, abs=1.01)
