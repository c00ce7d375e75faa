"""Full runs on real scenes, compared with scikit-learn on the same table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.warp import transform
from sklearn.ensemble import RandomForestClassifier

from classify_local import InputError, api
from tests.integration.real_scenes import point_rows, polygon_pixels, write_recipe

OPTICAL = ["blue", "green", "red", "nir", "swir1", "swir2"]


class Lines:
    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)

    def progress(self, progress) -> None:
        pass


def independent_map(image: Path, rows, crs: str, bands: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Class and percent by rasterio and scikit-learn alone; 0 and 255 where there is no data."""
    names = sorted({name for _, _, name in rows})
    with rasterio.open(image) as handle:
        data, nodata = handle.read(bands), handle.nodata
        xs, ys = transform(crs, handle.crs, [x for x, _, _ in rows], [y for _, y, _ in rows])
        inverse = ~handle.transform
    pixels: dict[tuple[int, int], list[int]] = {}
    for x, y, (_, _, name) in zip(xs, ys, rows, strict=True):
        col, row = int(np.floor(inverse.a * x + inverse.c)), int(np.floor(inverse.e * y + inverse.f))
        if 0 <= row < data.shape[1] and 0 <= col < data.shape[2] and (data[:, row, col] != nodata).all():
            pixels.setdefault((row, col), []).append(names.index(name) + 1)
    chosen = [(place, labels[0]) for place, labels in pixels.items() if len(set(labels)) == 1]
    table = np.array([data[:, row, col] for (row, col), _ in chosen], dtype=np.float32)
    labels = np.array([label for _, label in chosen])
    forest = RandomForestClassifier(25, max_samples=0.5, random_state=1, n_jobs=1).fit(table, labels)
    valid = (data != nodata).all(axis=0)
    probabilities = forest.predict_proba(data[:, valid].T.astype(np.float32))
    mapped = np.zeros(valid.shape, dtype=np.uint8)
    mapped[valid] = forest.predict(data[:, valid].T.astype(np.float32))
    percent = np.full(valid.shape, 255, dtype=np.uint8)
    percent[valid] = np.rint(100 * probabilities.max(axis=1))
    return mapped, percent


def test_chiapas_equals_scikit_learn_pixel_for_pixel(real_data: Path, tmp_path: Path) -> None:
    image = real_data / "chiapas_landsat7" / "image.tif"
    rows = polygon_pixels(real_data / "chiapas_landsat7" / "labels.gpkg", image)
    recipe = write_recipe(tmp_path, image, rows, "EPSG:32615", OPTICAL)
    result = api.run(recipe, workers=2)
    expected, percent = independent_map(image, rows, "EPSG:32615", [1, 2, 3, 4, 5, 6])
    with rasterio.open(result.folder / "recipe_class.vrt") as handle:
        np.testing.assert_array_equal(handle.read(1), expected)
    with rasterio.open(result.folder / "recipe_probability.vrt") as handle:
        np.testing.assert_array_equal(handle.read(1), percent)
    assert result.record["training"]["rows"] == 718


def test_north_carolina_says_what_each_band_removes(real_data: Path, tmp_path: Path) -> None:
    image = real_data / "nc_landsat7" / "image.tif"
    rows = point_rows(real_data / "nc_landsat7" / "points.gpkg")
    lines = Lines()
    result = api.run(write_recipe(tmp_path, image, rows, "EPSG:3358"), reporter=lines)
    said = "\n".join(lines.said)
    assert "115 outside the image" in said
    assert "no data in swir2 removes 323 rows: 2 of agriculture" in said
    assert "no data in swir2 removes 37.6 % of the image, 22.3 % where nothing else lacks data" in said
    assert result.record["training"]["rows_by_class"]["1"] == 3  # agriculture, of 5 inside the image
    assert result.record["training"]["rows_by_class"]["7"] == 8  # water
    expected, _ = independent_map(image, rows, "EPSG:3358", [1, 2, 3, 4, 5, 6])
    with rasterio.open(result.folder / "recipe_class.vrt") as handle:
        np.testing.assert_array_equal(handle.read(1), expected)


def test_a_class_lost_to_a_band_ends_the_run(real_data: Path, tmp_path: Path) -> None:
    image = real_data / "nc_landsat7" / "image.tif"
    rows = polygon_pixels(real_data / "nc_landsat7" / "labels.gpkg", image)
    recipe = write_recipe(tmp_path, image, rows, "EPSG:32119")
    with pytest.raises(InputError, match=r"'agriculture' \(1\) loses all its \d+ rows to swir2"):
        api.run(recipe)
    assert not (tmp_path / "downloads").exists()


def test_without_the_guilty_band_the_same_data_run(real_data: Path, tmp_path: Path) -> None:
    image = real_data / "nc_landsat7" / "image.tif"
    rows = polygon_pixels(real_data / "nc_landsat7" / "labels.gpkg", image)
    result = api.run(write_recipe(tmp_path, image, rows, "EPSG:32119", OPTICAL[:5]))
    assert set(result.record["pixels_by_class"]) >= {"1", "3", "7"}


@pytest.mark.parametrize("scene", ["japan_sentinel2", "para_landsat5"])
def test_other_scenes_run(real_data: Path, tmp_path: Path, scene: str) -> None:
    folder = real_data / scene
    image = folder / "image.tif"
    if scene == "japan_sentinel2":
        rows = [(x, y, f"class {int(value)}") for x, y, value in point_rows(folder / "points.gpkg")]
        crs = "EPSG:3395"
    else:
        rows, crs = polygon_pixels(folder / "labels.gpkg", image), "EPSG:32622"
    result = api.run(write_recipe(tmp_path, image, rows, crs))
    with rasterio.open(image) as given, rasterio.open(result.folder / "recipe_class.vrt") as made:
        valid = given.read_masks().all(axis=0) & np.isfinite(given.read()).all(axis=0)
        np.testing.assert_array_equal(made.read(1) != made.nodata, valid)
