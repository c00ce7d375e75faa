"""What it costs that pixels lie on several grids: `python benchmarks/warping.py [--size 4096] [--tiles 400]`.

The same land with six bands of 10 m is mapped from one file, from tiles in two UTM zones, and from three files of
10 m, 20 m and 30 m, the last in degrees. The model is trained before and read from its file, and everything is compiled
and mapped once before, so that mapping alone counts: reading, resampling, 25 trees, writing. CPU seconds of one
worker; ratios within one run say more than figures of different days. `--profile` prints where they went.
"""

from __future__ import annotations

import argparse
import cProfile
import csv
import pstats
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.warp import reproject, transform
from scipy.ndimage import gaussian_filter

import classify_local as cl

LEFT, RIGHT, DEGREES = "EPSG:32736", "EPSG:32737", "EPSG:4326"
SIDE = 10.0
NAMES = ("b1", "b2", "b3", "b4", "b5", "b6")
CLASSES = 6
OUTPUTS: Mapping[str, list[str]] = {"class": ["class"], "class + probability": ["class", "class_probability"]}

Values = NDArray[np.uint16]


def land(size: int) -> tuple[Values, NDArray[np.int64]]:
    """Six bands and the classes they come from, in patches of some hundred metres."""
    rng = np.random.default_rng(5)
    fields = [gaussian_filter(rng.normal(size=(size, size)).astype(np.float32), 12) for _ in range(CLASSES)]
    classes = np.argmax(fields, axis=0)
    means = rng.integers(500, 4000, (len(NAMES), CLASSES)).astype(np.float32)
    noise = rng.normal(0, 350, (len(NAMES), size, size)).astype(np.float32)
    return np.clip(means[:, classes] + noise, 1, 9999).astype(np.uint16), classes


def write(path: Path, values: Values, crs: str, place: Affine, names: Sequence[str]) -> Path:
    """A tiled file; 0 is no data."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = {"count": len(values), "height": values.shape[1], "width": values.shape[2]}
    with rasterio.open(
        path, "w", driver="GTiff", dtype="uint16", nodata=0, crs=crs, transform=place, tiled=True, blockxsize=256,
        blockysize=256, **shape,
    ) as handle:  # fmt: skip
        handle.write(values)
        handle.descriptions = tuple(names)
    return path


def warped_to(values: Values, place: Affine, crs: str, side: float, method: Resampling) -> tuple[Values, Affine]:
    """The land on north-up pixels of another system; 0 beside it."""
    rows, cols = values.shape[1:]
    corners = [place @ corner for corner in ((0, 0), (cols, 0), (0, rows), (cols, rows))]
    xs, ys = transform(LEFT, crs, *map(list, zip(*corners, strict=True)))
    target = Affine(side, 0, min(xs), 0, -side, max(ys))
    shape = (int((max(ys) - min(ys)) / side), int((max(xs) - min(xs)) / side))
    out = np.zeros((len(values), *shape), np.uint16)
    reproject(values, out, src_transform=place, src_crs=LEFT, dst_transform=target, dst_crs=crs, resampling=method,
              src_nodata=0, dst_nodata=0)  # fmt: skip
    return out, target


def write_tiles(folder: Path, values: Values, crs: str, place: Affine, count: int) -> None:
    """About as many square tiles as asked for; those without data are left out."""
    across = max(1, round(count**0.5))
    size = -(-max(values.shape[1:]) // across // 16) * 16
    for row in range(0, values.shape[1], size):
        for col in range(0, values.shape[2], size):
            part = values[:, row : row + size, col : col + size]
            if part.any():
                write(
                    folder / f"{crs[5:]}_{row:05d}_{col:05d}.tif",
                    part,
                    crs,
                    place @ Affine.translation(col, row),
                    NAMES,
                )


def prepare(folder: Path, size: int, tiles: int) -> dict[str, list[dict[str, Any]]]:
    """Write the land in its three forms and train; gives the images of each."""
    values, classes = land(size)
    (x,), (y,) = transform(DEGREES, LEFT, [36.0], [-12.0])
    place = Affine(SIDE, 0, round(x - size * SIDE / 2, -1), 0, -SIDE, round(y, -1))
    write(folder / "one.tif", values, LEFT, place, NAMES)
    half = values.shape[2] // 2
    write_tiles(folder / "tiles", values[:, :, :half], LEFT, place, tiles // 2)
    right = place @ Affine.translation(half, 0)
    write_tiles(
        folder / "tiles", *_last_two(warped_to(values[:, :, half:], right, RIGHT, SIDE, Resampling.nearest)), tiles
    )
    write(folder / "ten.tif", values[:2], LEFT, place, NAMES[:2])
    coarse = values[2:4, : size // 2 * 2, : size // 2 * 2].reshape(2, size // 2, 2, size // 2, 2).mean(axis=(2, 4))
    write(folder / "twenty.tif", coarse.astype(np.uint16), LEFT, place @ Affine.scale(2), NAMES[2:4])
    degrees = warped_to(values[4:], place, DEGREES, 30 / 111_319, Resampling.average)
    write(folder / "thirty.tif", degrees[0], DEGREES, degrees[1], NAMES[4:])
    _train(folder, classes, place)
    names = ("ten.tif", "twenty.tif", "thirty.tif")
    return {
        "one file": [_image(folder, "one.tif")],
        f"{len(list((folder / 'tiles').iterdir()))} tiles in two zones": [_image(folder, "tiles")],
        "10 m, 20 m and 30 m in degrees": [_image(folder, name) for name in names],
    }


def _last_two(found: tuple[Values, Affine]) -> tuple[Values, str, Affine]:
    return found[0], RIGHT, found[1]


def _image(folder: Path, name: str) -> dict[str, Any]:
    return {"path": str(folder / name)}


def _train(folder: Path, classes: NDArray[np.int64], place: Affine) -> None:
    rng = np.random.default_rng(6)
    rows, cols = rng.integers(0, classes.shape[0], (2, 1500))
    with (folder / "points.csv").open("w", newline="", encoding="utf-8") as stream:
        lines = ((*(place @ (c + 0.5, r + 0.5)), classes[r, c] + 1) for r, c in zip(rows, cols, strict=True))
        csv.writer(stream).writerows([("x", "y", "class"), *lines])
    legend = [{"value": i + 1, "label": f"class {i + 1}", "color": f"#{40 * i:02x}8000"} for i in range(CLASSES)]
    points = {"csv": str(folder / "points.csv"), "x": "x", "y": "y", "crs": LEFT}
    forest = {"type": "random_forest", "number_of_trees": 25, "seed": 1}
    recipe = {"name": "land", "images": [_image(folder, "one.tif")], "legend": legend, "training": [points]}
    cl.train({**recipe, "classifier": forest}, folder / "land_model.zip")


def mapped(folder: Path, images: Sequence[Mapping[str, Any]], bands: Sequence[str]) -> tuple[float, float]:
    """Megapixels and CPU seconds of one run with the stored model."""
    recipe = {"name": "land", "images": list(images), "output": {"bands": list(bands)}}
    with tempfile.TemporaryDirectory(dir=folder) as out:
        began = time.process_time()
        made = cl.run(recipe, model=folder / "land_model.zip", out=out, workers=1)
        return made.record["pixels"] / 1e6, time.process_time() - began


def profiled(folder: Path, images: Sequence[Mapping[str, Any]]) -> None:
    """Print the functions that took the most time of their own in the tiles."""
    from classify_local.mapping import tiles

    profile, real = cProfile.Profile(), tiles.map_window
    tiles.map_window = lambda *given, **named: profile.runcall(real, *given, **named)
    try:
        mapped(folder, images, ["class"])
    finally:
        tiles.map_window = real
    pstats.Stats(profile).sort_stats("tottime").print_stats(14)


def measure(folder: Path, size: int, tiles: int, turns: int, profile: bool) -> None:
    """Write, warm up, measure, print."""
    forms = prepare(folder, size, tiles)
    for images in forms.values():
        mapped(folder, images, OUTPUTS["class + probability"])
    print("| form | output | Mpx | CPU s | Mpx per CPU-second | of one file's |\n|---|---|---:|---:|---:|---:|")
    base: dict[str, float] = {}
    for form, images in forms.items():
        for output, bands in OUTPUTS.items():
            pixels, cpu = min((mapped(folder, images, bands) for _ in range(turns)), key=lambda found: found[1])
            speed = pixels / cpu
            share = speed / base.setdefault(output, speed)
            print(f"| {form} | {output} | {pixels:.1f} | {cpu:.2f} | {speed:.2f} | {share:.0%} |", flush=True)
        if profile:
            profiled(folder, images)


def main() -> None:
    """Measure in the folder given, or in one that is removed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=4096)
    parser.add_argument("--tiles", type=int, default=400)
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="keep the files here")
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(options.folder or Path(folder), options.size, options.tiles, options.turns, options.profile)


if __name__ == "__main__":
    main()
