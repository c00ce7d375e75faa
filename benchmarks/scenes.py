"""A landscape with known truth: `python benchmarks/scenes.py FOLDER [--size 5000] [--bands 10] [--classes 12]`.

Writes into FOLDER what of the scene is not there already:

=========================  ====================================================================
`image.tif`                uint16 reflectance x 10000, named bands, nodata 0, tiled, deflate
`truth.tif`                the true class of every pixel
`points_<n>.csv`           n points, each on a pixel of its own, as many of each class; SEPAL's header
`legend.csv`               values 10, 20, ...
`recipe_<n>.yml`           the default forest trained on `points_<n>.csv`
`scene.json`               what the pixels were made from; written once they are whole
=========================  ====================================================================

A class is where its random field is the greatest. A pixel is its class's spectrum under light that
varies over the land, with noise that all bands share and noise of each band's own, so that classes
overlap in every band. Made in strips; memory does not grow with the number of bands.
"""

from __future__ import annotations

import argparse
import colorsys
import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.transform import xy as centres
from rasterio.warp import transform as warp_points
from rasterio.windows import Window
from scipy.ndimage import gaussian_filter

CRS = "EPSG:32736"
TRANSFORM = Affine(10, 0, 500_000, 0, -10, 8_700_000)
BLOCK = 512
NAMES = ("blue", "green", "red", "nir", "swir1", "swir2", "re1", "re2", "re3", "nir2")
MARKER = "scene.json"

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneSpec:
    """What a scene is made from; the same spec gives the same pixels."""

    size: int = 5000
    bands: int = 10
    classes: int = 12
    points: tuple[int, ...] = (2000, 10_000)
    seed: int = 7

    def __post_init__(self) -> None:
        if not 2 <= self.classes <= 25:
            raise ValueError(f"{self.classes} classes; 2 to 25 have values that fit a byte")

    @property
    def values(self) -> NDArray[np.uint8]:
        """The class values."""
        return np.arange(10, 10 * self.classes + 1, 10, dtype=np.uint8)

    @property
    def band_names(self) -> tuple[str, ...]:
        """Names of the bands."""
        return (*NAMES, *(f"band{i}" for i in range(len(NAMES) + 1, self.bands + 1)))[: self.bands]

    @property
    def megapixels(self) -> float:
        """Millions of pixels."""
        return self.size**2 / 1e6


class SmoothField:
    """A random field with mean 0 and deviation 1, kept coarse and interpolated strip by strip.

    Parameters
    ----------
    rng
        Where the randomness comes from.
    size
        Rows and columns.
    sigma
        How far its values hang together, in pixels.
    step
        Pixels between the values kept.
    """

    def __init__(self, rng: np.random.Generator, size: int, sigma: float, step: int) -> None:
        count = size // step + 2
        coarse = gaussian_filter(rng.standard_normal((count, count), dtype=np.float32), sigma / step, mode="wrap")
        self._coarse: Floats = (coarse - coarse.mean()) / coarse.std()
        self._step = step
        self._size = size

    def rows(self, first: int, count: int) -> Floats:
        """Its values in some rows, shape (count, size)."""
        low, share = self._places(np.arange(first, first + count))
        strip = _between(self._coarse[low], self._coarse[low + 1], share[:, None])
        low, share = self._places(np.arange(self._size))
        return _between(strip[:, low], strip[:, low + 1], share)

    def _places(self, pixels: NDArray[np.int64]) -> tuple[NDArray[np.int64], Floats]:
        return pixels // self._step, (pixels % self._step / self._step).astype(np.float32)


def _between(low: Floats, high: Floats, share: Floats) -> Floats:
    return low + (high - low) * share


class Landscape:
    """The fields a scene is made of."""

    def __init__(self, spec: SceneSpec) -> None:
        rng = np.random.default_rng([spec.seed, 0])
        self._spec = spec
        self._broad = [SmoothField(rng, spec.size, 50, 8) for _ in range(spec.classes)]
        self._fine = [SmoothField(rng, spec.size, 9, 3) for _ in range(spec.classes)]
        self._light = SmoothField(rng, spec.size, 30, 8)
        self._spectra = spectra(spec)

    def strips(self) -> Iterator[tuple[int, NDArray[np.uint8], NDArray[np.uint16]]]:
        """First row, class codes (rows, cols) and bands (bands, rows, cols) of each strip."""
        for first in range(0, self._spec.size, BLOCK):
            codes = self._codes(first, min(BLOCK, self._spec.size - first))
            yield first, codes, self._bands(first, codes)

    def _codes(self, first: int, count: int) -> NDArray[np.uint8]:
        codes = np.zeros((count, self._spec.size), dtype=np.uint8)
        best = np.full(codes.shape, -np.inf, dtype=np.float32)
        for code, (broad, fine) in enumerate(zip(self._broad, self._fine, strict=True)):
            field = broad.rows(first, count) + 0.5 * fine.rows(first, count)
            higher = field > best
            best[higher], codes[higher] = field[higher], code
        return codes

    def _bands(self, first: int, codes: NDArray[np.uint8]) -> NDArray[np.uint16]:
        rng = np.random.Generator(np.random.SFC64([self._spec.seed, 1, first]))
        light = 1 + 0.06 * self._light.rows(first, len(codes))
        common = 150 * rng.standard_normal(codes.shape, dtype=np.float32)
        bands = np.empty((self._spec.bands, *codes.shape), dtype=np.uint16)
        for out, spectrum in zip(bands, self._spectra.T, strict=True):
            own = (200 + 0.09 * spectrum)[codes] * rng.standard_normal(codes.shape, dtype=np.float32)
            out[:] = np.clip(spectrum[codes] * light + common + own, 1, 12_000)
        return bands


def spectra(spec: SceneSpec) -> Floats:
    """Stored value of each class in each band, shape (classes, bands)."""
    code, band = np.arange(spec.classes)[:, None], np.linspace(0, 1, spec.bands)
    return (900 + 1900 * np.abs(np.sin(1.3 * code + 2.2 * band + 0.7 * code * band))).astype(np.float32)


def make_scene(folder: Path, spec: SceneSpec) -> None:
    """Make a scene, or what of it the folder does not hold; another one there is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    if not holds(folder, spec):
        for path in (folder / MARKER, *folder.glob("points_*.csv"), *folder.glob("recipe_*.yml")):
            path.unlink(missing_ok=True)
        _write_rasters(folder, spec)
        _write_legend(folder / "legend.csv", spec)
        (folder / MARKER).write_text(_description(spec), encoding="utf-8")
    for number in spec.points:
        if not (folder / f"recipe_{number}.yml").exists():
            _add_points(folder, spec, number)


def holds(folder: Path, spec: SceneSpec) -> bool:
    """True if the folder holds the whole image of this scene; tables of points may be missing."""
    marker = folder / MARKER
    return marker.exists() and marker.read_text(encoding="utf-8") == _description(spec)


def draw_points(
    codes: NDArray[np.uint8], number: int, classes: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of points in random order: as many of each class, no pixel twice."""
    flat = codes.ravel()
    chosen = []
    for code in range(classes):
        pixels = np.flatnonzero(flat == code)
        chosen.append(rng.choice(pixels, min(len(pixels), number // classes), replace=False))
    places = rng.permutation(np.concatenate(chosen))
    return np.divmod(places, codes.shape[1])


def recipe_text(number: int) -> str:
    """The recipe that trains on one of the tables."""
    return (
        f"name: scene_{number}\n"
        "images:\n  - path: image.tif\n"
        "legend: legend.csv\n"
        f"training:\n  - csv: points_{number}.csv\n"
        "classifier: {type: random_forest, number_of_trees: 25, bag_fraction: 0.5, seed: 1}\n"
        "output: {bands: [class, class_probability]}\n"
    )


def _write_rasters(folder: Path, spec: SceneSpec) -> None:
    layout = _layout(spec.size)
    with (
        rasterio.open(folder / "image.tif", "w", count=spec.bands, dtype="uint16", predictor=2, **layout) as image,
        rasterio.open(folder / "truth.tif", "w", count=1, dtype="uint8", **layout) as truth,
    ):
        image.descriptions = spec.band_names
        for first, codes, bands in Landscape(spec).strips():
            window = Window(0, first, spec.size, len(codes))
            image.write(bands, window=window)
            truth.write(spec.values[codes], 1, window=window)


def _add_points(folder: Path, spec: SceneSpec, number: int) -> None:
    """Write a table of points and its recipe."""
    code_of = np.zeros(256, dtype=np.uint8)
    code_of[spec.values] = np.arange(spec.classes)
    with rasterio.open(folder / "truth.tif") as truth:
        codes = code_of[truth.read(1)]
    rng = np.random.default_rng([spec.seed, 2, number])
    _write_points(folder / f"points_{number}.csv", draw_points(codes, number, spec.classes, rng), codes, spec)
    (folder / f"recipe_{number}.yml").write_text(recipe_text(number), encoding="utf-8")


def _layout(size: int) -> dict[str, Any]:
    return {
        "driver": "GTiff", "width": size, "height": size, "crs": CRS, "transform": TRANSFORM, "nodata": 0,
        "tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK, "interleave": "pixel", "compress": "deflate",
        "bigtiff": "if_safer",
    }  # fmt: skip


def _write_points(
    path: Path, pixel_yx: tuple[NDArray[np.int64], NDArray[np.int64]], codes: NDArray[np.uint8], spec: SceneSpec
) -> None:
    rows, cols = pixel_yx
    x, y = centres(TRANSFORM, rows, cols)
    lon, lat = warp_points(CRS, "EPSG:4326", x, y)
    values = spec.values[codes[rows, cols]].tolist()
    _write_table(path, [("XCoordinate", "YCoordinate", "class"), *zip(lon, lat, values, strict=True)])


def _write_legend(path: Path, spec: SceneSpec) -> None:
    rows = [(_color(i / spec.classes), value, f"Class {i + 1}") for i, value in enumerate(spec.values.tolist())]
    _write_table(path, [("color", "value", "label"), *rows])


def _write_table(path: Path, rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)


def _color(hue: float) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in colorsys.hsv_to_rgb(hue, 0.8, 0.85))


def _description(spec: SceneSpec) -> str:
    return json.dumps({key: value for key, value in asdict(spec).items() if key != "points"}) + "\n"


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that say which scene."""
    default = SceneSpec()
    parser.add_argument("--size", type=int, default=default.size, help="rows and columns")
    parser.add_argument("--bands", type=int, default=default.bands)
    parser.add_argument("--classes", type=int, default=default.classes)
    parser.add_argument("--points", type=int, nargs="+", default=list(default.points), help="one table for each number")
    parser.add_argument("--seed", type=int, default=default.seed)


def spec_of(options: argparse.Namespace) -> SceneSpec:
    """The scene that options ask for."""
    return SceneSpec(
        size=options.size, bands=options.bands, classes=options.classes, points=tuple(options.points),
        seed=options.seed,
    )  # fmt: skip


def main() -> None:
    """Make a scene."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    add_options(parser)
    options = parser.parse_args()
    make_scene(options.folder, spec_of(options))
    print(f"{options.folder}: {', '.join(sorted(path.name for path in options.folder.iterdir()))}")


if __name__ == "__main__":
    main()
