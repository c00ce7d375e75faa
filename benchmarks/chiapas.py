"""Folds by polygon against folds by pixel: `python benchmarks/chiapas.py [FOLDER] [--repeats 5] [--trees 300]`.

FOLDER holds the scene's `image.tif` and `labels.gpkg`. A pixel of a polygon that is held out has neighbours
of the same polygon in the training part unless the whole polygon is held out: what is measured by pixel is
mostly memory. Training data are the pixels whose centres lie in a polygon; the last band, fmask, is left out.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.features import rasterize
from sklearn.ensemble import RandomForestClassifier

from classify_local.accuracy.groups import Groups, block_groups, given_groups
from classify_local.accuracy.importance import dominance_warnings, out_of_bag, permutation_importance
from classify_local.accuracy.validation import cross_validate
from classify_local.legend import Legend, LegendEntry
from classify_local.report.chart import importance_png
from classify_local.report.validation import importance_lines, out_of_bag_line, validation_lines

DATA = Path(__file__).parents[2] / "shared" / "data" / "chiapas_landsat7"
BANDS = ("blue", "green", "red", "nir", "swir1", "swir2", "thermal")
COLORS = ("#B4B4B4", "#006400", "#FFFF4C", "#FA0000", "#0064C8")

Table = tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]


def read(folder: Path) -> tuple[Table, Legend]:
    """Features, class values, polygon numbers and coordinates of the pixels in polygons; and the legend."""
    with rasterio.open(folder / "image.tif") as handle:
        image, transform = handle.read(), handle.transform
        polygons = gpd.read_file(folder / "labels.gpkg").to_crs(handle.crs.to_wkt())
    names = sorted(polygons["class"].unique())
    shapes = [(geometry, number) for number, geometry in enumerate(polygons.geometry, start=1)]
    burned = rasterize(shapes, out_shape=image.shape[1:], transform=transform, dtype="int32")
    rows, cols = np.nonzero(burned)
    polygon = burned[rows, cols].astype(np.int64) - 1
    values = np.array([names.index(name) + 1 for name in polygons["class"]])
    xy = np.column_stack([transform.c + (cols + 0.5) * transform.a, transform.f + (rows + 0.5) * transform.e])
    legend = Legend(tuple(LegendEntry(value=i + 1, label=n, color=COLORS[i]) for i, n in enumerate(names)))
    return (image[: len(BANDS), rows, cols].T.astype(np.float32), values[polygon], polygon, xy), legend


def forest(trees: int) -> RandomForestClassifier:
    return RandomForestClassifier(trees, random_state=1, n_jobs=1)


def ways(polygon: NDArray[np.int64], xy: NDArray[np.float64]) -> Iterator[tuple[str, Groups]]:
    yield "folds by polygon", given_groups(polygon, "polygons")
    yield "folds by block", block_groups(xy, unit="m")
    yield "folds by pixel", given_groups(np.arange(len(polygon)), "single pixels")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=DATA)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--trees", type=int, default=300)
    parser.add_argument("--figure", type=Path, help="where to write the bar chart of importance")
    given = parser.parse_args()
    (features, labels, polygon, xy), legend = read(given.folder)
    print(f"{len(labels)} pixels in {polygon.max() + 1} polygons, {len(legend)} classes, {features.shape[1]} bands")
    for name, groups in ways(polygon, xy):
        began = time.process_time()
        found = cross_validate(
            lambda train, codes, test: forest(given.trees).fit(train, codes).predict(test),
            features, labels, groups, repeats=given.repeats,
        )  # fmt: skip
        print(f"\n== {name}, random forest of {given.trees} trees ({time.process_time() - began:.0f} CPU-s)")
        print("   by repeat: " + "  ".join(f"{matrix.overall:.3f}" for matrix in found.matrices))
        print("\n".join(validation_lines(found, legend)))
    bag = out_of_bag(forest(given.trees).fit(features, labels), features, labels)
    print(f"\n== {out_of_bag_line(bag)}")
    found_importance = permutation_importance(
        lambda train, codes: forest(given.trees).fit(train, codes).predict,
        features, labels, BANDS, given_groups(polygon, "polygons"),
    )  # fmt: skip
    print("\n".join([*importance_lines(found_importance), *dominance_warnings(found_importance)]))
    if given.figure:
        given.figure.write_bytes(importance_png(found_importance))


if __name__ == "__main__":
    main()
