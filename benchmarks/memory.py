"""Peak memory of a run over one Sentinel-2 tile: `python benchmarks/memory.py FOLDER [--size 10980]`.

Makes a scene of 10 bands in FOLDER, if it is not there, and maps it with two workers in a process of its
own. Prints peak resident memory, wall and CPU time.
"""

from __future__ import annotations

import argparse
import csv
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from rasterio.windows import Window

CLASSES, BANDS, STRIP = 8, 10, 512
TRANSFORM = Affine(10, 0, 300_000, 0, -10, 8_600_000)


def strip(row: int, size: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Class codes and bands of 512 rows."""
    rows = min(STRIP, size - row)
    codes = np.kron(rng.integers(0, CLASSES, (STRIP // 32, size // 32 + 1)), np.ones((32, 32), int))[:rows, :size]
    spectra = 500 + 2500 * np.abs(np.sin(1.3 * np.arange(CLASSES)[:, None] + 0.7 * np.arange(BANDS)))
    noise = rng.integers(-400, 400, (rows, size), dtype=np.int16)
    bands = np.stack([spectra[:, b].astype(np.int16)[codes] + np.roll(noise, 7 * b, axis=1) for b in range(BANDS)])
    return codes, np.clip(bands, 1, 10000).astype(np.uint16)


def make_scene(folder: Path, size: int) -> Path:
    """Image, points, legend and recipe."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(5)
    profile = {
        "driver": "GTiff", "width": size, "height": size, "count": BANDS, "dtype": "uint16", "nodata": 0,
        "crs": "EPSG:32736", "transform": TRANSFORM, "tiled": True, "blockxsize": 512, "blockysize": 512,
        "compress": "deflate", "zlevel": 1, "bigtiff": "yes", "interleave": "band",
    }  # fmt: skip
    points = []
    with rasterio.open(folder / "image.tif", "w", **profile) as handle:
        for row in range(0, size, STRIP):
            codes, bands = strip(row, size, rng)
            handle.write(bands, window=Window(0, row, size, bands.shape[1]))
            for col in rng.integers(0, size, 2000 * STRIP // size):
                inside = int(rng.integers(0, bands.shape[1]))
                points.append((*(TRANSFORM @ (col + 0.5, row + inside + 0.5)), int(codes[inside, col]) + 1))
    with (folder / "points.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([("x", "y", "class"), *points])
    colors = ["#006400", "#FFBB22", "#FFFF4C", "#F096FF", "#FA0000", "#B4B4B4", "#0064C8", "#0096A0"]
    with (folder / "legend.csv").open("w", newline="") as stream:
        rows = [(color, value, f"class {value}") for value, color in enumerate(colors, 1)]
        csv.writer(stream).writerows([("color", "value", "label"), *rows])
    recipe = folder / "memory.yml"
    recipe.write_text(
        "images: [{path: image.tif}]\nlegend: legend.csv\n"
        "training: [{csv: points.csv, x: x, y: y, crs: 'EPSG:32736'}]\n"
    )
    return recipe


def main() -> None:
    """Make the scene if need be, run, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=10980)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    recipe = options.folder / "memory.yml"
    if not recipe.exists():
        make_scene(options.folder, options.size)
    shutil.rmtree(options.folder / "downloads", ignore_errors=True)
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "classify_local", "run", recipe, "--workers", str(options.workers)], check=True
    )
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    megapixels = options.size**2 / 1e6
    cpu = used.ru_utime + used.ru_stime
    print(f"{options.size} x {options.size}, {BANDS} bands, {options.workers} workers")
    print(f"peak memory {used.ru_maxrss / 1024:,.0f} MiB")
    print(f"wall {time.perf_counter() - began:,.0f} s, CPU {cpu:,.0f} s, {megapixels / cpu:.2f} Mpx per CPU-second")


if __name__ == "__main__":
    main()
