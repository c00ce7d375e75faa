"""Recipes over the real scenes, with their vector labels turned into tables."""

from __future__ import annotations

import csv
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
from rasterio.features import rasterize
from rasterio.transform import xy

PALETTE = ("#006400", "#FFBB22", "#FFFF4C", "#F096FF", "#FA0000", "#B4B4B4", "#0064C8", "#0096A0")


def class_names(vector: Path) -> list[str]:
    return sorted(gpd.read_file(vector)["class"].unique())


def polygon_pixels(vector: Path, image: Path) -> list[tuple[float, float, str]]:
    """Centres of the image's pixels that polygons hold, in the image's reference system."""
    with rasterio.open(image) as handle:
        labels = gpd.read_file(vector).to_crs(handle.crs.to_wkt())
        names = sorted(labels["class"].unique())
        shapes = [
            (geometry, names.index(name) + 1) for geometry, name in zip(labels.geometry, labels["class"], strict=True)
        ]
        burned = rasterize(shapes, out_shape=handle.shape, transform=handle.transform)
        rows, cols = np.nonzero(burned)
        xs, ys = xy(handle.transform, rows, cols)
        return [(x, y, names[burned[r, c] - 1]) for x, y, r, c in zip(xs, ys, rows, cols, strict=True)]


def point_rows(vector: Path) -> list[tuple[float, float, str]]:
    points = gpd.read_file(vector)
    return [(p.x, p.y, name) for p, name in zip(points.geometry, points["class"], strict=True)]


def write_recipe(folder: Path, image: Path, rows, crs: str, bands=None, **more: str) -> Path:
    """A recipe with legend and points beside it; class values are 1, 2, ... by name."""
    names = sorted({name for _, _, name in rows})
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "points.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["x", "y", "class"])
        writer.writerows((repr(float(x)), repr(float(y)), names.index(name) + 1) for x, y, name in rows)
    with (folder / "legend.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["color", "value", "label"])
        writer.writerows((PALETTE[i], i + 1, name) for i, name in enumerate(names))
    (folder / "points.crs").write_text(crs)
    lines = [
        "images:",
        f"  - path: {image}",
        *([f"    bands: [{', '.join(bands)}]"] if bands else []),
        "legend: legend.csv",
        "training:",
        "  - csv: points.csv",
        "    x: x",
        "    y: y",
        f"    crs: '{crs}'",
        *(f"{key}: {value}" for key, value in more.items()),
    ]
    recipe = folder / "recipe.yml"
    recipe.write_text("\n".join(lines) + "\n")
    return recipe
