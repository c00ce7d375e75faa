"""Orfeo ToolBox as an opponent: `python benchmarks/otb.py IMAGE POINTS FOLDER [--class-only]`.

Runs the programs of the Debian package otb-bin (`apt-get install otb-bin`) where they are on PATH; elsewhere
it says that they are absent. Three steps: SampleExtraction, TrainVectorClassifier, ImageClassifier.

The forest is made as alike as its parameters allow (`FOREST`): 25 trees; three variables per split, the
root of ten, as scikit-learn takes; splits until a leaf is pure; no early end. Two things stay different and
are to be read with the figures. OpenCV, which does the work, draws as many rows for a tree as there are,
not half of them, so its trees are larger, and its maps a little better. And with a confidence map it sends
each pixel through the forest twice, so the class map alone is measured too.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import rasterio
from rasterio.warp import transform

NEEDED = ("otbcli_SampleExtraction", "otbcli_TrainVectorClassifier", "otbcli_ImageClassifier")
ABSENT = "Orfeo ToolBox is absent (no otbcli_ImageClassifier on PATH); on Debian: apt-get install otb-bin"
FOREST = {
    "nbtrees": 25,  # number of trees
    "max": 25,  # greatest depth; OpenCV allows no more, and no tree comes near it
    "min": 1,  # a node of so few rows is not split
    "var": 0,  # variables per split; 0 is the square root of their number
    "acc": 0,  # out-of-bag error at which it may end early: never
    "ra": 0,  # for regression only
    "cat": 10,  # for categorical variables only
}
"""Parameters `-classifier.rf.*`."""
ONE_THREAD = {"ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1"}
MEMORY_MB = 256
"""Its own default for -ram."""
DEFLATE = "?&gdal:co:COMPRESS=DEFLATE&gdal:co:TILED=YES&gdal:co:BLOCKXSIZE=512&gdal:co:BLOCKYSIZE=512"


def is_present() -> bool:
    """True if all programs are on PATH."""
    return all(shutil.which(name) for name in NEEDED)


def write_places(image: Path, points: Path, out: Path) -> None:
    """A table with SEPAL's header as GeoJSON in the image's reference system, as a user would have it ready."""
    with points.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    with rasterio.open(image) as handle:
        crs = handle.crs
    lon, lat = ([float(row[name]) for row in rows] for name in ("XCoordinate", "YCoordinate"))
    features = [
        {
            "type": "Feature",
            "properties": {"class": int(row["class"])},
            "geometry": {"type": "Point", "coordinates": place},
        }
        for row, *place in zip(rows, *transform("EPSG:4326", crs, lon, lat), strict=True)
    ]
    named = {"type": "name", "properties": {"name": crs.to_string()}}
    out.write_text(json.dumps({"type": "FeatureCollection", "crs": named, "features": features}), encoding="utf-8")


def steps(image: Path, bands: int, folder: Path, *, confidence: bool) -> list[list[str]]:
    """The commands that lead from `places.geojson` in a folder to its `class.tif` and `confidence.tif`."""
    places, samples, model = (str(folder / name) for name in ("places.geojson", "samples.sqlite", "model.rf"))
    forest = [part for key, value in FOREST.items() for part in (f"-classifier.rf.{key}", str(value))]
    fields = [f"value_{i}" for i in range(bands)]
    also = ["-confmap", f"{folder / 'confidence.tif'}{DEFLATE}", "float"] if confidence else []
    common = ["-progress", "0"]
    return [
        [NEEDED[0], "-in", str(image), "-vec", places, "-field", "class", "-out", samples, *common],
        [
            NEEDED[1], "-io.vd", samples, "-feat", *fields, "-cfield", "class", "-classifier", "rf", *forest,
            "-rand", "1", "-io.out", model, "-v", "0", *common,
        ],
        [
            NEEDED[2], "-in", str(image), "-model", model, "-out", f"{folder / 'class.tif'}{DEFLATE}", "uint8", *also,
            "-ram", str(MEMORY_MB), *common,
        ],
    ]  # fmt: skip


def forest_size(model: Path) -> dict[str, float]:
    """Trees, mean nodes per tree and greatest depth of a model file, which is OpenCV's YAML."""
    depths = [int(depth) for depth in re.findall(r"(?<!\w)depth:\s*(\d+)", model.read_text(encoding="utf-8"))]
    trees = depths.count(0)
    return {"trees": trees, "nodes": len(depths) / trees, "depth": max(depths)}


def band_count(image: Path) -> int:
    """Bands of an image."""
    with rasterio.open(image) as handle:
        return int(handle.count)


def run(commands: Sequence[Sequence[str]]) -> None:
    """Run the steps one after the other."""
    for command in commands:
        print("+", " ".join(command), flush=True)
        subprocess.run(["env", *(f"{k}={v}" for k, v in ONE_THREAD.items()), *command], check=True)


def main() -> None:
    """Train and map with OTB."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("image", "points", "folder"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--class-only", action="store_true", help="no confidence map")
    options = parser.parse_args()
    if not is_present():
        print(ABSENT)
        return
    options.folder.mkdir(parents=True, exist_ok=True)
    write_places(options.image, options.points, options.folder / "places.geojson")
    bands = band_count(options.image)
    run(steps(options.image, bands, options.folder, confidence=not options.class_only))
    print(json.dumps(forest_size(options.folder / "model.rf")))


if __name__ == "__main__":
    main()
