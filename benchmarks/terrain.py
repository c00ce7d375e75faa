"""How fast one core computes terrain, water, latitude, texture and focal bands: `python benchmarks/terrain.py`.

Each band is made of a made-up block with its halo, some turns in one process and one thread; the first turn compiles
and is not counted. CPU seconds are counted and the best turn is shown, so that a busy machine disturbs little: trust
ratios within one run more than figures of different days. `--size` and `--turns` for another block and more turns.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import Transformer
from scipy.ndimage import gaussian_filter

from classify_local.bands.focal import Statistic, focal_bands
from classify_local.bands.latitude import latitude_band
from classify_local.bands.terrain import TERRAIN_BANDS, Method, terrain_bands
from classify_local.bands.texture import Measure, texture_bands
from classify_local.bands.water import TILE_LAYERS, decode_tile
from classify_local.grid import Window

SIDES = (3, 7, 15, 31)
ALIKE = (Measure.CONTRAST, Measure.HOMOGENEITY, Measure.CORRELATION)
UTM = Affine(10, 0, 500_000, 0, -10, 8_600_000)

Case = tuple[str, Callable[[], NDArray[Any]]]


def land(side: int) -> NDArray[np.float32]:
    """Hills with noise, mean 0 and deviation about 1."""
    rng = np.random.default_rng(7)
    smooth = gaussian_filter(rng.normal(size=(side, side)), 3)
    return (smooth / smooth.std() + rng.normal(0, 0.2, smooth.shape)).astype(np.float32)


def terrain_cases(size: int) -> Iterator[Case]:
    heights = land(size + 2) * 100
    sizes = {"width_metres": 30, "height_metres": -30}
    for method in Method:
        for names in (("slope",), ("aspect",), tuple(TERRAIN_BANDS)):
            label = f"terrain, {method}: {', '.join(names)}"
            yield label, lambda names=names, method=method: terrain_bands(heights, names, method=method, **sizes)


def other_cases(size: int) -> Iterator[Case]:
    codes = np.random.default_rng(8).integers(0, 256, (size, size), dtype=np.uint8)
    for layer, names in TILE_LAYERS.items():
        yield f"water: {layer}, {len(names)} bands", lambda names=names: decode_tile(codes, names)
    window = Window(row=512, col=512, rows=size, cols=size)
    transformer = Transformer.from_crs("EPSG:32736", "EPSG:4326", always_xy=True)
    yield "latitude: UTM", lambda: latitude_band(UTM, window, lambda x, y: transformer.transform(x, y)[1])
    yield "latitude: degrees", lambda: latitude_band(UTM, window)


def texture_cases(size: int) -> Iterator[Case]:
    for side in SIDES:
        values = land(size + side - 1)
        for measures in (ALIKE, (Measure.ENTROPY,), tuple(Measure)):
            label = f"texture, side {side}: {', '.join(measures) if len(measures) < 9 else 'all nine'}"
            yield (
                label,
                lambda values=values, side=side, measures=measures: texture_bands(
                    values, measures, low=-2.5, high=2.5, side=side
                ),
            )


def focal_cases(size: int) -> Iterator[Case]:
    kinds = {"float32": lambda z: z, "uint16": lambda z: (z * 500 + 5000).astype(np.uint16)}
    kinds["12 classes"] = lambda z: np.clip(z * 3 + 6, 0, 11).astype(np.uint8)
    for kind, convert in kinds.items():
        for side in SIDES:
            values = convert(land(size + side - 1))
            for statistic in Statistic:
                yield (
                    f"focal, {kind}, side {side}: {statistic}",
                    lambda values=values, side=side, name=statistic: focal_bands(values, [name], side=side),
                )


def cpu_seconds(act: Callable[[], NDArray[Any]], turns: int) -> float:
    """The best turn, after one that is not counted."""
    act()
    found = []
    for _ in range(turns):
        begun = time.process_time()
        act()
        found.append(time.process_time() - begun)
    return min(found)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--turns", type=int, default=5)
    options = parser.parse_args()
    for cases in (terrain_cases, other_cases, texture_cases, focal_cases):
        for label, act in cases(options.size):
            speed = options.size**2 / max(cpu_seconds(act, options.turns), 1e-9) / 1e6
            print(f"{label:<60} {speed:9.2f} million pixels a second", flush=True)


if __name__ == "__main__":
    main()
