"""The sample scene is small, made by its script, and believable enough to teach with."""

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from pyproj import Transformer
from rasterio.transform import rowcol, xy
from rasterio.warp import transform_bounds
from scipy import ndimage
from sklearn.ensemble import RandomForestClassifier

SAMPLE = Path(__file__).resolve().parents[1] / "sample_data"
RASTERS = [
    "mosaic/west.tif",
    "mosaic/east.tif",
    "older_landcover.tif",
    "aux/terrain/S14E032.tif",
    "aux/water/occurrence_30E_10Sv1_4_2021.tif",
]
TABLES = ["legend.csv", "points.csv", "reference.csv"]
OVERLAP = 30
BANDS = ("blue", "green", "red", "nir", "swir1", "swir2")


@pytest.fixture(scope="module")
def made_twice(tmp_path_factory):
    """Two folders made by the script, side by side."""
    folders = [tmp_path_factory.mktemp("scene") for _ in range(2)]
    script = str(SAMPLE / "make_scene.py")
    runs = [
        subprocess.Popen([sys.executable, "-B", script, str(folder)], stdout=subprocess.DEVNULL) for folder in folders
    ]
    assert [run.wait(timeout=120) for run in runs] == [0, 0]
    return folders


@pytest.fixture(scope="module")
def mosaic():
    """Both tiles as one array (bands, rows, cols), and its transform."""
    west, east = (read(SAMPLE / "mosaic" / name) for name in ("west.tif", "east.tif"))
    with rasterio.open(SAMPLE / "mosaic/west.tif") as source:
        transform = source.transform
    beyond = np.zeros((6, west.shape[1], east.shape[2] - OVERLAP), dtype=west.dtype)
    both = np.concatenate([west, beyond], axis=2)
    gaps = both[:, :, -east.shape[2] :]
    gaps[gaps == 0] = east[gaps == 0]
    return both, transform


def read(path):
    with rasterio.open(path) as source:
        return source.read()


def table(name):
    with (SAMPLE / name).open(newline="", encoding="utf-8") as stream:
        return list(csv.reader(stream))


def pixels_and_classes(name, transform):
    values = np.array(table(name)[1:], dtype=float)
    to_utm = Transformer.from_crs("EPSG:4326", "EPSG:32736", always_xy=True)
    rows, cols = rowcol(transform, *to_utm.transform(values[:, 0], values[:, 1]), op=np.floor)
    return np.stack([rows, cols], axis=1).astype(int), values[:, 2].astype(int)


def test_small():
    files = [p for p in SAMPLE.rglob("*") if p.is_file() and not {"__pycache__", ".mypy_cache"} & set(p.parts)]
    assert sum(p.stat().st_size for p in files) < 3_000_000


@pytest.mark.parametrize("name", RASTERS)
def test_script_makes_the_rasters(made_twice, name):
    first, second = (read(folder / name) for folder in made_twice)
    np.testing.assert_array_equal(first, second)
    # Another CPU may round a handful of pixels the other way.
    committed = read(SAMPLE / name)
    assert committed.shape == first.shape
    assert np.mean(committed != first) < 0.001


@pytest.mark.parametrize("name", TABLES)
def test_script_makes_the_tables(made_twice, name):
    texts = [(folder / name).read_bytes() for folder in [*made_twice, SAMPLE]]
    assert texts[0] == texts[1] == texts[2]


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("legend.csv", ["color", "value", "label"]),
        ("points.csv", ["XCoordinate", "YCoordinate", "class"]),
        ("reference.csv", ["XCoordinate", "YCoordinate", "class"]),
    ],
)
def test_headers(name, header):
    assert table(name)[0] == header


def test_tiles_overlap_on_one_grid():
    with (
        rasterio.open(SAMPLE / "mosaic/west.tif") as west,
        rasterio.open(SAMPLE / "mosaic/east.tif") as east,
    ):
        assert west.crs == east.crs == "EPSG:32736"
        assert west.descriptions == east.descriptions == BANDS
        assert west.nodata == east.nodata == 0
        assert west.dtypes == east.dtypes == ("uint16",) * 6
        assert west.transform.f == east.transform.f
        assert west.res == east.res == (10, 10)
        assert west.width - (east.transform.c - west.transform.c) / 10 == OVERLAP


def test_clouds_leave_holes_and_the_overlap_fills_some(mosaic):
    west, east = (
        read(SAMPLE / "mosaic/west.tif")[:, :, -OVERLAP:],
        read(SAMPLE / "mosaic/east.tif")[:, :, :OVERLAP],
    )
    assert np.any((west[0] == 0) & (east[0] > 0))
    assert np.any((east[0] == 0) & (west[0] > 0))
    missing = mosaic[0] == 0
    assert np.array_equal(missing.any(axis=0), missing.all(axis=0))
    assert 0.01 < missing[0].mean() < 0.025


@pytest.mark.parametrize(("name", "least"), [("points.csv", 25), ("reference.csv", 40)])
def test_points_are_of_the_legend_and_on_data(mosaic, name, least):
    image, transform = mosaic
    pixels, classes = pixels_and_classes(name, transform)
    values, counts = np.unique(classes, return_counts=True)
    assert values.tolist() == sorted(int(row[1]) for row in table("legend.csv")[1:])
    assert counts.min() >= least
    assert np.all(image[0][tuple(pixels.T)] > 0)


def test_reference_keeps_away_from_training(mosaic):
    training, _ = pixels_and_classes("points.csv", mosaic[1])
    reference, _ = pixels_and_classes("reference.csv", mosaic[1])
    apart = np.abs(reference[:, None] - training[None]).max(axis=2)
    assert len(reference) >= 500
    assert apart.min() > 3


def test_a_random_forest_is_good_but_not_perfect(mosaic):
    image, transform = mosaic
    training, labels = pixels_and_classes("points.csv", transform)
    reference, truth = pixels_and_classes("reference.csv", transform)
    forest = RandomForestClassifier(n_estimators=25, max_samples=0.5, random_state=1)
    forest.fit(image[:, training[:, 0], training[:, 1]].T, labels)
    right = forest.predict(image[:, reference[:, 0], reference[:, 1]].T) == truth
    assert 0.80 < right.mean() < 0.95
    assert all(right[truth == value].mean() > 0.4 for value in np.unique(truth))


def test_the_river_lies_lower_than_the_land_around_it():
    with rasterio.open(SAMPLE / "aux/terrain/S14E032.tif") as terrain:
        height, grid, bounds = terrain.read(1).astype(float), terrain.transform, terrain.bounds
        assert terrain.crs == "EPSG:4326"
        assert terrain.nodata == -32768
    with rasterio.open(SAMPLE / "aux/water/occurrence_30E_10Sv1_4_2021.tif") as water:
        occurrence, to_lonlat = water.read(1), water.transform
        assert water.nodata == 255
    water = occurrence > 50
    lake = ndimage.binary_dilation(ndimage.binary_opening(water, np.ones((4, 4))), iterations=4)
    to_river = np.where(lake, np.inf, ndimage.distance_transform_edt(~(water & ~lake)))
    rows, cols = np.indices(occurrence.shape)
    lon, lat = xy(to_lonlat, rows.ravel(), cols.ravel())
    inside = (lon > bounds.left) & (lon < bounds.right) & (lat > bounds.bottom) & (lat < bounds.top)
    y, x = rowcol(grid, lon[inside], lat[inside], op=np.floor)
    here, distance = height[y.astype(int), x.astype(int)], to_river.ravel()[inside]
    around = (distance > 7) & (distance < 15)
    assert np.median(here[distance == 0]) < np.median(here[around]) - 3


def test_auxiliaries_cover_the_scene():
    for name in RASTERS[:2]:
        with rasterio.open(SAMPLE / name) as tile:
            west, south, east, north = transform_bounds(tile.crs, "EPSG:4326", *tile.bounds)
        for auxiliary in RASTERS[3:]:
            with rasterio.open(SAMPLE / auxiliary) as source:
                box = source.bounds
                assert source.tags(ns="IMAGE_STRUCTURE").get("LAYOUT") == "COG"
            assert box.left < west
            assert box.right > east
            assert box.bottom < south
            assert box.top > north


def test_older_map_agrees_mostly(mosaic):
    with rasterio.open(SAMPLE / "older_landcover.tif") as source:
        older, transform = source.read(1), source.transform
        assert source.nodata == 0
        assert source.dtypes == ("uint8",)
        assert source.colormap(1)[10][:3] == (0, 100, 0)
    assert set(np.unique(older)) <= {int(row[1]) for row in table("legend.csv")[1:]}
    pixels, classes = pixels_and_classes("reference.csv", transform)
    assert 0.6 < np.mean(older[tuple(pixels.T)] == classes) < 0.95
