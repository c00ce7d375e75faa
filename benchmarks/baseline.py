"""The fixed opponent: `python benchmarks/baseline.py IMAGE POINTS OUT`.

The straightforward script people write with rasterio and scikit-learn: sample the image at the points,
fit a forest of 25 trees on half of the rows each, go through the image in blocks of 1024 pixels, ask for
the probabilities in one thread, and write class and class_probability (percent) as one deflated GeoTIFF.
It stands alone and stays as it is: what it does must not change, or figures cannot be compared. Prints
the size of its trees as JSON.
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.io import DatasetReader
from rasterio.warp import transform
from rasterio.windows import Window
from sklearn.ensemble import RandomForestClassifier

BLOCK = 1024


def sample(image: DatasetReader, points: Path) -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
    """Pixel values (n, bands) and classes (n,) at the points of a table with SEPAL's header."""
    with points.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    lon, lat = ([float(row[name]) for row in rows] for name in ("XCoordinate", "YCoordinate"))
    x, y = transform("EPSG:4326", image.crs, lon, lat)
    features = np.array(list(image.sample(zip(x, y, strict=True))))
    return features, np.array([int(row["class"]) for row in rows])


def fit(features: NDArray[np.uint16], labels: NDArray[np.int64]) -> RandomForestClassifier:
    """The forest."""
    return RandomForestClassifier(25, max_samples=0.5, random_state=1).fit(features, labels)


def classify(image: DatasetReader, model: RandomForestClassifier, out: Path) -> None:
    """Write the map block by block."""
    profile = dict(
        image.profile, count=2, dtype="uint8", nodata=0, predictor=1, tiled=True, blockxsize=512, blockysize=512,
        compress="deflate",
    )  # fmt: skip
    with rasterio.open(out, "w", **profile) as target:
        for row in range(0, image.height, BLOCK):
            for col in range(0, image.width, BLOCK):
                window = Window(col, row, min(BLOCK, image.width - col), min(BLOCK, image.height - row))
                pixels = image.read(window=window)
                valid = (pixels != image.nodata).all(axis=0)
                probabilities = model.predict_proba(pixels.reshape(pixels.shape[0], -1).T)
                classes = model.classes_[probabilities.argmax(axis=1)].reshape(valid.shape)
                percent = (probabilities.max(axis=1) * 100).round().reshape(valid.shape)
                target.write(np.where(valid, classes, 0).astype("uint8"), 1, window=window)
                target.write(percent.astype("uint8"), 2, window=window)


def main() -> None:
    """Train and map."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("image", "points", "out"):
        parser.add_argument(name, type=Path)
    options = parser.parse_args()
    with rasterio.open(options.image) as image:
        model = fit(*sample(image, options.points))
        classify(image, model, options.out)
    trees = [tree.tree_ for tree in model.estimators_]
    nodes, depths = [tree.node_count for tree in trees], [tree.max_depth for tree in trees]
    print(json.dumps({"trees": len(trees), "nodes": float(np.mean(nodes)), "depth": max(depths)}))


if __name__ == "__main__":
    main()
