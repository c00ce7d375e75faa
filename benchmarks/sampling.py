"""Cost of drawing points from a classification: `python benchmarks/sampling.py --folder FOLDER [--size 10980]`.

Makes a classification of ten classes in patches and an image of four bands in FOLDER, if they are not there, each of
the size of a Sentinel-2 tile, and draws 1,000 points of each class: from the image's own grid, with pure pixels only,
from a classification in degrees, and where clouds hide much of the image. Each draw runs in a process of its own and
prints its CPU-seconds and its peak resident memory.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from rasterio.crs import CRS
from rasterio.warp import transform_bounds
from rasterio.windows import Window

from classify_local.features.images import open_stack
from classify_local.recipe.model import Sample
from classify_local.recipe.text import load
from classify_local.storage.images import open_image
from classify_local.storage.safety import AllowedFolders
from classify_local.training.drawing import draw

CLASSES, BANDS, STRIP, PATCH = 10, 4, 512, 40
TRANSFORM = Affine(10, 0, 300_000, 0, -10, 8_600_000)
UTM, DEGREES = "EPSG:32736", "EPSG:4326"
TILED = {"driver": "GTiff", "tiled": True, "blockxsize": 512, "blockysize": 512, "compress": "deflate", "zlevel": 1}

CASES: dict[str, tuple[str, str, dict[str, object]]] = {
    "same grid": ("classes.tif", "image.tif", {}),
    "same grid, 20 of each": ("classes.tif", "image.tif", {"per_class": {"default": 20}}),
    "same grid, pure": ("classes.tif", "image.tif", {"pure": True}),
    "same grid, proportional": ("classes.tif", "image.tif", {"total": 10_000, "allocation": "proportional"}),
    "in degrees": ("degrees.tif", "image.tif", {}),
    "in degrees, pure": ("degrees.tif", "image.tif", {"pure": True}),
    "in degrees, clouds over 95 %": ("degrees.tif", "clouds.tif", {}),
}


def patches(rows: int, cols: int, rng: np.random.Generator) -> np.ndarray:
    """Classes in squares, the last of them rare."""
    shares = np.array([20, 15, 15, 12, 12, 10, 8, 5, 2.5, 0.5])
    coarse = rng.choice(np.arange(1, CLASSES + 1), (rows // PATCH + 1, cols // PATCH + 1), p=shares / shares.sum())
    return np.kron(coarse, np.ones((PATCH, PATCH), int))[:rows, :cols].astype(np.uint8)


def write_classes(path: Path, shape: tuple[int, int], crs: str, transform: Affine) -> None:
    """A classification in strips."""
    rng = np.random.default_rng(3)
    profile = {**TILED, "height": shape[0], "width": shape[1], "count": 1, "dtype": "uint8", "nodata": 0}
    with rasterio.open(path, "w", crs=crs, transform=transform, **profile) as handle:
        for row in range(0, shape[0], STRIP):
            rows = min(STRIP, shape[0] - row)
            handle.write(patches(rows, shape[1], rng)[None], window=Window(0, row, shape[1], rows))


def write_image(path: Path, size: int, clouds: float) -> None:
    """Four bands of noise; clouds hide whole patches."""
    rng = np.random.default_rng(4)
    profile = {**TILED, "height": size, "width": size, "count": BANDS, "dtype": "uint16", "nodata": 0}
    with rasterio.open(path, "w", crs=UTM, transform=TRANSFORM, **profile) as handle:
        for row in range(0, size, STRIP):
            rows = min(STRIP, size - row)
            clear = rng.random((STRIP // 128, size // 128 + 1)) >= clouds
            clear = np.kron(clear, np.ones((128, 128), bool))[:rows, :size]
            bands = rng.integers(500, 3000, (BANDS, rows, size), dtype=np.uint16) * clear
            handle.write(bands, window=Window(0, row, size, rows))


def make(folder: Path, size: int) -> None:
    """The rasters that are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "classes.tif").exists():
        write_classes(folder / "classes.tif", (size, size), UTM, TRANSFORM)
    if not (folder / "degrees.tif").exists():
        right, bottom = TRANSFORM @ (size, size)
        west, south, east, north = transform_bounds(
            CRS.from_user_input(UTM), DEGREES, 300_000, bottom, right, 8_600_000
        )
        side = 10 / 111_320
        shape = (int((north - south) / side) + 1, int((east - west) / side) + 1)
        write_classes(folder / "degrees.tif", shape, DEGREES, Affine(side, 0, west, 0, -side, north))
    for name, clouds in (("image.tif", 0.0), ("clouds.tif", 0.95)):
        if not (folder / name).exists():
            write_image(folder / name, size, clouds)


def draw_case(folder: Path, case: str) -> None:
    """One draw in this process; prints its facts as JSON."""
    classes, image, wish = CASES[case]
    began = time.process_time()
    stack = open_stack(load({"images": [{"path": str(folder / image)}]}))
    mosaic = open_image(classes, lambda text: folder / text, AllowedFolders((folder,)))
    points = draw(Sample(path=classes, seed=1, **wish), mosaic, stack, classes)  # type: ignore[arg-type]
    facts = {
        "points": len(points),
        "cpu_seconds": time.process_time() - began,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "fewest": int(np.unique(points.labels, return_counts=True)[1].min()),
    }
    print(json.dumps(facts))


def main() -> None:
    """Make the rasters if need be, draw each case in its own process, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--size", type=int, default=10980)
    parser.add_argument("--case", choices=list(CASES))
    options = parser.parse_args()
    if options.case:
        draw_case(options.folder, options.case)
        return
    make(options.folder, options.size)
    print(f"{options.size} x {options.size}, {CLASSES} classes, {BANDS} bands, {os.cpu_count()} cores")
    print("| classification | points | fewest of a class | CPU-seconds | peak MiB |\n|---|---|---|---|---|")
    for case in CASES:
        command = [sys.executable, __file__, "--folder", str(options.folder), "--case", case]
        facts = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        print(
            f"| {case} | {facts['points']:,} | {facts['fewest']:,} | {facts['cpu_seconds']:.1f} | "
            f"{facts['peak_mib']:.0f} |"
        )


if __name__ == "__main__":
    main()
