"""Make the sample scene: `python sample_data/make_scene.py [OUT_DIR]`.

Writes every data file of this folder (the recipe and the README are written by hand).
Running it twice gives the same pixels and the same tables.
"""

import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import rasterio
from affine import Affine
from cover import BARE, BUILT, CROP, GRASS, SHRUB, TREE, WATER, WETLAND, Classes, Cover, make_cover
from image import BANDS, acquire, cloud_holes, make_reflectance
from numpy.typing import NDArray
from points import Pixels, reference_points, training_points
from pyproj import Transformer
from rasterio.transform import array_bounds, rowcol, xy
from relief import FINE, Field, Mask, Relief, make_relief, ramp
from scipy import ndimage

SEED = 20210615
SCENE_CRS, GEOGRAPHIC = "EPSG:32736", "EPSG:4326"
SIZE = 420
"""Rows and columns of the image, in the middle of the landscape."""
MARGIN = (FINE - SIZE) // 2
LEFT, TOP, PIXEL = 413_200, 8_531_400, 10
TRANSFORM = Affine(PIXEL, 0, LEFT, 0, -PIXEL, TOP)
WEST, EAST = slice(0, 225), slice(195, SIZE)
"""Columns of the two tiles: they share 30."""

Kind = TypeVar("Kind", bound=np.generic)

LEGEND = [
    (TREE, "Tree cover", "#006400"),
    (SHRUB, "Shrubland", "#ffbb22"),
    (GRASS, "Grassland", "#ffff4c"),
    (CROP, "Cropland", "#f096ff"),
    (BUILT, "Built-up", "#fa0000"),
    (BARE, "Bare / sparse vegetation", "#b4b4b4"),
    (WATER, "Permanent water bodies", "#0064c8"),
    (WETLAND, "Herbaceous wetland", "#0096a0"),
]

SRTM_STEP = 1 / 3600
JRC_STEP = 0.00025
AROUND_SCENE = 0.002
"""Degrees by which the auxiliary rasters reach beyond the image."""

# Row, column, radius on the landscape's grid. The third of each list lies in the overlap.
CLOUDS_WEST = [(128, 92, 13.0), (372, 150, 12.0), (300, 257, 8.0), (300, 64, 10.0)]
CLOUDS_EAST = [(150, 430, 12.0), (405, 420, 13.0), (110, 253, 8.0), (268, 452, 8.0)]


def crop(field: NDArray[Kind]) -> NDArray[Kind]:
    """Return the part of a landscape field that the image shows."""
    return field[..., MARGIN : MARGIN + SIZE, MARGIN : MARGIN + SIZE]


def lonlat(pixels: Pixels, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the longitude and latitude of clicks somewhere in the given image pixels, shape (n, 2)."""
    row, col = (pixels + 0.5 + rng.uniform(-0.35, 0.35, pixels.shape)).T
    to_geographic = Transformer.from_crs(SCENE_CRS, GEOGRAPHIC, always_xy=True)
    return np.stack(to_geographic.transform(*xy(TRANSFORM, row, col, offset="ul")), axis=1)


def geographic_grid(step: float, offset: float) -> tuple[Affine, tuple[int, int]]:
    """Return the transform and shape of a global lon/lat grid's part around the image.

    Parameters
    ----------
    step
        Pixel size in degrees.
    offset
        Where pixel edges lie, in pixels from a whole degree.
    """
    to_geographic = Transformer.from_crs(SCENE_CRS, GEOGRAPHIC, always_xy=True)
    west, south, east, north = to_geographic.transform_bounds(*array_bounds(SIZE, SIZE, TRANSFORM))
    first_col = int(np.floor((west - AROUND_SCENE) / step))
    first_row = int(np.ceil((north + AROUND_SCENE) / step))
    shape = (int((north - south + 2 * AROUND_SCENE) / step), int((east - west + 2 * AROUND_SCENE) / step))
    return Affine(step, 0, (first_col + offset) * step, 0, -step, (first_row + offset) * step), shape


def project(field: Field, transform: Affine, shape: tuple[int, int]) -> Field:
    """Return a landscape field at the pixel centres of a lon/lat grid, bilinear."""
    row, col = np.indices(shape)
    lon, lat = xy(transform, row.ravel(), col.ravel())
    to_scene = Transformer.from_crs(GEOGRAPHIC, SCENE_CRS, always_xy=True)
    where = np.stack(rowcol(TRANSFORM, *to_scene.transform(lon, lat), op=np.positive)) + MARGIN - 0.5
    return ndimage.map_coordinates(field, where, order=1, mode="nearest").reshape(shape)


def write_raster(
    path: Path, data: NDArray[np.generic], *, names: tuple[str, ...] = (), **profile: object
) -> None:
    """Write bands (n, rows, cols) in one call, with band descriptions."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count, height, width = data.shape
    size = {"count": count, "height": height, "width": width, "dtype": data.dtype.name}
    with rasterio.open(path, "w", **size, **profile) as target:
        target.write(data)
        if names:
            target.descriptions = names


def write_mosaic(out: Path, tiles: list[NDArray[np.uint16]]) -> None:
    """Write the two image tiles on one grid."""
    layout = {"driver": "GTiff", "tiled": True, "blockxsize": 256, "blockysize": 256}
    packing = {"compress": "deflate", "predictor": 2, "zlevel": 9, "interleave": "band"}
    for name, cols, tile in zip(("west", "east"), (WEST, EAST), tiles, strict=True):
        write_raster(
            out / "mosaic" / f"{name}.tif",
            tile,
            names=BANDS,
            crs=SCENE_CRS,
            transform=Affine(PIXEL, 0, LEFT + cols.start * PIXEL, 0, -PIXEL, TOP),
            nodata=0,
            **layout,
            **packing,
        )


def elevation(relief: Relief, cover: Cover, rng: np.random.Generator) -> tuple[NDArray[np.int16], Affine]:
    """Return heights as radar saw them: part of the canopy included, a metre or two of noise, water level."""
    # SRTM's pixel centres lie on whole arc seconds, hence half a pixel of offset.
    transform, shape = geographic_grid(SRTM_STEP, -0.5)
    land = cover.classes != WATER
    canopy = np.where(cover.classes == TREE, 6.0 * cover.woody, 0)
    seen = ndimage.gaussian_filter(relief.height + canopy * land, 1.2)
    noise = ndimage.gaussian_filter(rng.standard_normal(shape), 0.6) * 2.0
    height = project(np.where(relief.lake, relief.height, seen), transform, shape)
    height += noise * (project(land.astype(float), transform, shape) > 0.5)
    return np.rint(height).astype(np.int16), transform


def water_occurrence(cover: Cover, rng: np.random.Generator) -> tuple[NDArray[np.uint8], Affine]:
    """Return the percentage of months with water: high in the open, falling at shores, low on dambos."""
    transform, shape = geographic_grid(JRC_STEP, 0.0)
    wet = ndimage.gaussian_filter((cover.classes == WATER).astype(float), 1.3)
    soaked = ndimage.gaussian_filter((cover.classes == WETLAND).astype(float), 1.5)
    share = 99 * ramp(project(wet, transform, shape), 0.08, 0.85)
    seldom = 14 * ramp(project(soaked, transform, shape), 0.3, 1.0) * rng.uniform(0, 1, shape)
    unsure = np.where((share > 0) & (share < 95), rng.normal(0, 4, shape), rng.uniform(-3, 1, shape))
    percent = np.maximum(share + unsure * (share > 2), seldom)
    return np.rint(np.clip(percent, 0, 100)).astype(np.uint8), transform


def write_auxiliaries(out: Path, relief: Relief, cover: Cover, rng: np.random.Generator) -> None:
    """Write elevation and water occurrence, named and coded as their publishers do."""
    packing = {"driver": "COG", "compress": "deflate", "predictor": "yes", "crs": GEOGRAPHIC}
    height, transform = elevation(relief, cover, rng)
    write_raster(out / "aux/terrain/S14E032.tif", height[None], transform=transform, nodata=-32768, **packing)
    percent, transform = water_occurrence(cover, rng)
    name = "occurrence_30E_10Sv1_4_2021.tif"
    write_raster(out / "aux/water" / name, percent[None], transform=transform, nodata=255, **packing)


def coarsen(classes: Classes, rng: np.random.Generator) -> Classes:
    """Return the commonest class of each 3 x 3 pixels, with some clumps of mapping errors."""
    rows, cols = (n // 3 for n in classes.shape)
    blocks = classes.reshape(rows, 3, cols, 3).swapaxes(1, 2).reshape(rows, cols, 9)
    votes = np.stack([(blocks == value).sum(axis=2) for value, _, _ in LEGEND])
    mode = np.array([value for value, _, _ in LEGEND], dtype=np.uint8)[votes.argmax(axis=0)]
    doubt = ndimage.gaussian_filter(rng.standard_normal(mode.shape), 1.0)
    confused = {TREE: SHRUB, SHRUB: GRASS, GRASS: SHRUB, CROP: GRASS, WETLAND: GRASS}
    wrong = doubt > np.quantile(doubt, 0.993)
    swapped = np.arange(256, dtype=np.uint8)
    swapped[list(confused)] = list(confused.values())
    return np.where(wrong, swapped[mode], mode)


def write_older(out: Path, cover: Cover, rng: np.random.Generator) -> None:
    """Write the older classification, 30 m, with its colour table."""
    older = coarsen(crop(cover.older), rng)
    path = out / "older_landcover.tif"
    layout = {"driver": "GTiff", "compress": "deflate", "nodata": 0, "crs": SCENE_CRS}
    transform = Affine(3 * PIXEL, 0, LEFT, 0, -3 * PIXEL, TOP)
    write_raster(path, older[None], names=("class",), transform=transform, **layout)
    colours = {v: tuple(int(c[i : i + 2], 16) for i in (1, 3, 5)) for v, _, c in LEGEND}
    with rasterio.open(path, "r+") as target:
        target.write_colormap(1, colours)


def write_table(path: Path, header: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> None:
    """Write a CSV file with Unix line ends on every system."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_points(path: Path, pixels: Pixels, labels: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Write points with SEPAL's header."""
    rows = [
        (f"{x:.7f}", f"{y:.7f}", label)
        for (x, y), label in zip(lonlat(pixels, rng), labels.tolist(), strict=True)
    ]
    write_table(path, ("XCoordinate", "YCoordinate", "class"), rows)


def make_tiles(
    cover: Cover, relief: Relief, rng: np.random.Generator
) -> tuple[list[NDArray[np.uint16]], Mask]:
    """Return the two tiles, seen on two days, and where at least one of them has data."""
    reflectance = make_reflectance(cover, relief, rng)
    days = [(WEST, CLOUDS_WEST, 0.008, 0.02), (EAST, CLOUDS_EAST, 0.0095, 0.03)]
    tiles, valid = [], np.zeros((SIZE, SIZE), dtype=bool)
    for cols, clouds, haze, tilt in days:
        hole = crop(cloud_holes(clouds, rng))
        image = np.where(hole, 0, crop(acquire(reflectance, rng, haze=haze, tilt=tilt)))
        tiles.append(image[..., cols].astype(np.uint16))
        valid[:, cols] |= ~hole[:, cols]
    return tiles, valid


def make_scene(out: Path) -> None:
    """Make all data files of the sample scene in `out`."""
    rng = np.random.default_rng(SEED)
    relief = make_relief(rng)
    cover = make_cover(relief, rng)
    tiles, valid = make_tiles(cover, relief, rng)
    write_mosaic(out, tiles)
    write_auxiliaries(out, relief, cover, rng)
    write_older(out, cover, rng)
    write_table(out / "legend.csv", ("color", "value", "label"), [(c, v, name) for v, name, c in LEGEND])
    truth = crop(cover.classes)
    training, labels = training_points(truth, valid, rng)
    write_points(out / "points.csv", training, labels, rng)
    write_points(out / "reference.csv", *reference_points(truth, valid, training, rng), rng)


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent
    make_scene(folder)
    print(f"sample scene written to {folder}")
