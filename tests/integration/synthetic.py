"""A small made-up scene with several tiles, a hole and two images."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine

ROWS, COLS = 700, 1300
TRANSFORM = Affine(10, 0, 500_000, 0, -10, 8_600_000)
LEGEND = ((1, "forest", "#006400"), (2, "crop", "#F096FF"), (5, "water", "#0064C8"), (7, "bare", "#B4B4B4"))


def write_scene(folder: Path, tile_size: int = 256, bands: int = 4, trees: int = 5) -> Path:
    """Image, points, legend and recipe; returns the recipe."""
    rng = np.random.default_rng(3)
    truth = _patches(rng)
    image = 800 + 600 * np.sin(1.7 * truth + 1.1 * np.arange(bands)[:, None, None])
    image = np.clip(image + rng.normal(0, 120, image.shape), 1, 9999).astype(np.uint16)
    image[:, 300:420, 200:500] = 0
    image[1, 600:, :90] = 0
    profile = {
        "driver": "GTiff", "width": COLS, "height": ROWS, "count": bands, "dtype": "uint16", "nodata": 0,
        "crs": "EPSG:32736", "transform": TRANSFORM, "tiled": True, "compress": "deflate",
    }  # fmt: skip
    with rasterio.open(folder / "image.tif", "w", **profile) as handle:
        handle.write(image)
        handle.descriptions = [f"band{i}" for i in range(bands)]
    _write_points(folder / "points.csv", truth, image, rng)
    with (folder / "legend.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([("color", "value", "label"), *((c, v, n) for v, n, c in LEGEND)])
    recipe = folder / "scene.yml"
    recipe.write_text(
        "# a comment\n"
        "images:\n  - path: image.tif\n"
        "legend: legend.csv\n"
        "training:\n  - {csv: points.csv, x: x, y: y, crs: 'EPSG:32736'}\n"
        f"classifier: {{type: random_forest, number_of_trees: {trees}}}\n"
        f"output: {{bands: [class, class_probability, probability_5], tile_size: {tile_size}}}\n"
    )
    return recipe


def read_bands(vrt: Path) -> np.ndarray:
    with rasterio.open(vrt) as handle:
        return handle.read()


def _patches(rng: np.random.Generator) -> np.ndarray:
    coarse = rng.integers(0, len(LEGEND), (ROWS // 50, COLS // 50))
    return np.kron(coarse, np.ones((50, 50), dtype=int))


def _write_points(path: Path, truth: np.ndarray, image: np.ndarray, rng: np.random.Generator) -> None:
    rows, cols = np.nonzero((image > 0).all(axis=0))
    chosen = rng.choice(len(rows), 240, replace=False)
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["x", "y", "class"])
        for row, col in zip(rows[chosen], cols[chosen], strict=True):
            x, y = TRANSFORM @ (col + 0.5, row + 0.5)
            writer.writerow([x, y, LEGEND[truth[row, col]][0]])
