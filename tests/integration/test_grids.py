"""Maps on other grids than the first image's, made by whole runs: area, pixel size, reference system."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from pyproj import Transformer

from classify_local import InputError, api
from classify_local.features.images import open_stack
from classify_local.grid import Window
from classify_local.recipe.text import load
from tests.conftest import TRANSFORM, UTM, Scene, write_raster
from tests.storage.test_placing import exact_places, grid_of

DEGREES = "EPSG:4326"
TO_DEGREES = Transformer.from_crs(UTM, DEGREES, always_xy=True)


def changed(scene: Scene, output: dict, **more):
    """The scene's recipe with another output."""
    changes = {("output", key): value for key, value in output.items()}
    return load(scene.recipe).changed({**changes, **{(key,): value for key, value in more.items()}})


def mapped(scene: Scene, output: dict, out: str = "out", workers: int = 1, **more):
    """The run and the two products as arrays."""
    run = api.run(changed(scene, output, **more), out=scene.folder / out, workers=workers)
    bands = {}
    for kind in ("class", "probability"):
        with rasterio.open(run.folder / f"scene_{kind}.vrt") as handle:
            bands[kind] = handle.read(1)
            grid = grid_of(handle.crs.to_string(), handle.transform, *handle.shape)
    return run, bands, grid


def nearest_of(whole: dict, first, grid) -> tuple[dict, np.ndarray]:
    """What the map on the first image's grid holds at the pixel centres of another; and where that is not doubtful."""
    places = exact_places(grid, first)
    clear = ~(np.abs(places - np.round(places)) < 1e-6).any(axis=0)
    rows, cols = np.floor(places).astype(int)
    inside = (rows >= 0) & (rows < first.shape[0]) & (cols >= 0) & (cols < first.shape[1])
    found = {}
    for (kind, values), nodata in zip(whole.items(), (0, 255), strict=True):
        taken = values[np.where(inside, rows, 0), np.where(inside, cols, 0)]
        found[kind] = np.where(inside, taken, nodata)
    return found, clear


def write_polygon(path: Path, shape, crs: str | None) -> Path:
    """A GeoJSON file; without `crs` in degrees, as the format has it."""
    collection = {"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {}, "geometry": json.loads(shapely.to_geojson(shape))}
    ]}  # fmt: skip
    if crs is not None:
        collection["crs"] = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{crs[5:]}"}}
    path.write_text(json.dumps(collection), encoding="utf-8")
    return path


def star(x: float, y: float, radius: float):
    """A polygon with bays: its bounds say little of it."""
    angles = np.arange(10) * np.pi / 5
    radii = np.where(np.arange(10) % 2, 0.4, 1) * radius
    return shapely.Polygon(np.column_stack([x + radii * np.sin(angles), y + radii * np.cos(angles)]))


# the map equals the map on the image's own grid, taken at its pixel centres


@pytest.mark.parametrize(
    "output",
    [
        {"scale": 20}, {"scale": 5}, {"scale": 7.3}, {"crs": DEGREES}, {"crs": "EPSG:32737", "scale": 9},
        {"crs": DEGREES, "scale": "0.0001 deg"},
    ],
)  # fmt: skip
def test_a_map_on_another_grid_is_that_of_the_nearest_pixels(scene, output):
    """As every band is that of the nearest pixel, so is the map of them."""
    _, whole, first = mapped(scene, {}, "whole")
    _, found, grid = mapped(scene, output)
    expected, clear = nearest_of(whole, first, grid)
    if output != {"scale": 20}:
        assert clear.mean() > 0.95
    for kind in found:
        np.testing.assert_array_equal(found[kind][clear], expected[kind][clear])
    if output == {"scale": 20}:  # centres on corners of pixels: the lower right one, as floor has it
        for kind in found:
            np.testing.assert_array_equal(found[kind], whole[kind][1::2, 1::2])


@pytest.mark.parametrize("resampling", ["bilinear", "average"])
def test_a_coarser_map_of_averages_is_the_model_on_the_averages(scene, resampling):
    """Both of four equal pixels at twice the size."""
    model = api.train(scene.recipe)
    images = [{"path": "image.tif", "resampling": resampling}]
    _, found, _ = mapped(scene, {"scale": 20}, images=images)
    with rasterio.open(scene.image) as handle:
        image = handle.read().astype(np.float64)
    four = image.reshape(3, 24, 2, 32, 2)
    valid = (four != 0).all(axis=(0, 2, 4))
    features = four.mean(axis=(2, 4)).astype(np.float32)
    shares = model.probabilities(features.reshape(3, -1))
    expected = np.array(model.classes)[shares.argmax(axis=-1 if shares.shape[0] == 24 * 32 else 0)].reshape(24, 32)
    np.testing.assert_array_equal(found["class"], np.where(valid, expected, 0))


# an area


@pytest.mark.parametrize("output", [{}, {"scale": 20}, {"crs": DEGREES, "scale": 10}])
@pytest.mark.parametrize("crs", [UTM, DEGREES, "EPSG:3857"])
def test_pixels_whose_centre_lies_outside_a_polygon_are_nodata(scene, output, crs):
    middle = TRANSFORM @ (30, 22)
    x, y = Transformer.from_crs(UTM, crs, always_xy=True).transform(*middle)
    shape = star(x, y, 200 / 111_319 if crs == DEGREES else 200)
    write_polygon(scene.folder / "area.geojson", shape, None if crs == DEGREES else crs)
    _, whole, first = mapped(scene, {}, "whole")
    _, found, grid = mapped(scene, {**output, "aoi": "area.geojson"})
    expected, clear = nearest_of(whole, first, grid)
    rows, cols = np.indices(grid.shape) + 0.5
    xs, ys = grid.transform @ (cols, rows)
    own_x, own_y = Transformer.from_crs(grid.crs.to_wkt(), crs, always_xy=True).transform(xs, ys)
    inside = shapely.intersects_xy(shape, own_x, own_y)
    near = shapely.distance(shapely.points(own_x, own_y), shape.boundary) < (1e-9 if crs == DEGREES else 1e-3)
    sure = clear & ~near
    assert 0.2 < inside.mean() < 0.6
    for kind, nodata in (("class", 0), ("probability", 255)):
        np.testing.assert_array_equal(found[kind][sure], np.where(inside, expected[kind], nodata)[sure])


def test_training_data_outside_the_area_are_kept(scene):
    """They are taken on the first image's own grid, whatever the map's."""
    x, y = TRANSFORM @ (8, 8)
    write_polygon(scene.folder / "area.geojson", star(x, y, 60), UTM)
    whole, _, _ = mapped(scene, {}, "whole")
    run, found, _ = mapped(scene, {"aoi": "area.geojson", "scale": 30, "crs": DEGREES})
    assert run.record["training"]["rows"] == whole.record["training"]["rows"] == 120
    assert run.record["training"]["rows_by_class"] == whole.record["training"]["rows_by_class"]
    assert set(np.unique(found["class"])) == {0, 1}


def test_bounds_crop_to_whole_pixels(scene):
    west, south = TO_DEGREES.transform(*(TRANSFORM @ (10.3, 40.6)))
    east, north = TO_DEGREES.transform(*(TRANSFORM @ (50.7, 5.4)))
    _, whole, first = mapped(scene, {}, "whole")
    _, found, grid = mapped(scene, {"aoi": [west, south, east, north]})
    assert first.offset_of(grid) == (5, 10)
    for kind in found:
        np.testing.assert_array_equal(found[kind], whole[kind][5:41, 10:51])


def test_an_area_beside_the_image_is_refused_with_exit_code_2(scene):
    write_polygon(scene.folder / "area.geojson", star(10, 50, 1), None)
    for aoi in ("area.geojson", [10, 49, 11, 50]):
        for more in ({}, {"scale": 20}, {"crs": DEGREES}):
            with pytest.raises(InputError, match=r"lies outside the first image|has no place") as caught:
                api.run(changed(scene, {"aoi": aoi, **more}), out=scene.folder / "out")
            assert caught.value.exit_code == 2


def test_long_sides_of_an_area_in_degrees_follow_the_parallel(tmp_path):
    """A side of three degrees at 50 north bends by 300 m or so on the map of a UTM zone."""
    write_raster(
        tmp_path / "a.tif", np.ones((1, 200, 260), "uint8"), crs="EPSG:32633",
        transform=Affine(1000, 0, 390_000, 0, -1000, 5_600_000),
    )  # fmt: skip
    shape = shapely.box(13.6, 49, 16.8, 50)
    write_polygon(tmp_path / "area.geojson", shape, None)
    (tmp_path / "recipe.yml").write_text("images: [{path: a.tif}]\noutput: {aoi: area.geojson, scale: 50}\n", "utf-8")
    stack = open_stack(load(tmp_path / "recipe.yml"), for_map=True)
    rows = Window(row=0, col=0, rows=40, cols=stack.grid.shape[1])
    inside = stack.read(rows).valid
    r, c = np.indices(rows.shape) + 0.5
    to_degrees = Transformer.from_crs("EPSG:32633", DEGREES, always_xy=True)
    longitudes, latitudes = to_degrees.transform(*(stack.grid.transform @ (c, r)))
    clear = np.minimum(np.abs(latitudes - 50), np.abs(np.abs(longitudes - 15.2) - 1.6)) > 1e-5  # 1 m
    expected = (latitudes < 50) & (np.abs(longitudes - 15.2) < 1.6)
    np.testing.assert_array_equal(inside[clear], expected[clear])
    assert 0.1 < inside.mean() < 0.9


@pytest.mark.parametrize("split", [True, False])
@pytest.mark.parametrize("crs", ["EPSG:32660", "EPSG:32601", DEGREES])
def test_an_area_across_the_antimeridian(tmp_path, crs, split):
    """Cut at 180 as GeoJSON asks, or counted on; the image in metres or degrees."""
    x, y = Transformer.from_crs(DEGREES, crs, always_xy=True).transform(180, 5)
    side = 0.001 if crs == DEGREES else 111
    corner = Affine(side, 0, abs(x) - 100 * side if crs == DEGREES else x - 100 * side, 0, -side, y + 100 * side)
    write_raster(tmp_path / "a.tif", np.ones((1, 200, 200), "uint8"), crs=crs, transform=corner)
    parts = [shapely.box(179.95, 4.95, 180, 5.05), shapely.box(-180, 4.95, -179.95, 5.05)]
    write_polygon(
        tmp_path / "area.geojson",
        shapely.MultiPolygon(parts) if split else shapely.box(179.95, 4.95, 180.05, 5.05),
        None,
    )
    for more in ("", ", crs: EPSG:4326", ", scale: 222"):
        recipe = f"images: [{{path: a.tif}}]\noutput: {{aoi: area.geojson{more}}}\n"
        (tmp_path / "recipe.yml").write_text(recipe, "utf-8")
        stack = open_stack(load(tmp_path / "recipe.yml"), for_map=True)
        size = 50 if "222" in more else 100
        assert stack.grid.shape == pytest.approx((size, size), abs=0.04 * size)
        assert stack.read(stack.grid.window).valid.mean() > 0.9


# nothing depends on tiles and workers


@pytest.mark.parametrize("output", [{"scale": 3.7}, {"crs": DEGREES, "scale": 4, "aoi": "area.geojson"}])
@pytest.mark.parametrize("resampling", ["nearest", "bilinear", "average"])
def test_tile_size_and_workers_change_no_pixel(scene, output, resampling):
    x, y = TRANSFORM @ (32, 24)
    write_polygon(scene.folder / "area.geojson", star(x, y, 300), UTM)
    images = [{"path": "image.tif", "resampling": resampling}]
    maps = []
    for size, workers in ((64, 1), (100, 2), (512, 1)):
        wish = {**output, "tile_size": size}
        run, bands, grid = mapped(scene, wish, f"{size}", workers, images=images)
        assert len(list(run.folder.glob("scene_class_*.tif"))) == np.prod([-(-side // size) for side in grid.shape])
        maps.append(bands)
    for other in maps[1:]:
        for kind in other:
            np.testing.assert_array_equal(other[kind], maps[0][kind])
    assert len(np.unique(maps[0]["class"])) == 5


# images on several grids


def test_a_second_image_on_another_grid_joins_the_stack(scene):
    """In degrees and coarser: every pixel is that of the exact projection, in training and in the map."""
    rng = np.random.default_rng(3)
    west, north = TO_DEGREES.transform(*(TRANSFORM @ (-3, -3)))
    place = Affine(0.0002, 0, west, 0, -0.0002, north)
    other = rng.integers(1, 4000, (2, 40, 40)).astype(np.uint16)
    write_raster(scene.folder / "other.tif", other, crs=DEGREES, transform=place, descriptions=("vv", "vh"))
    document = changed(scene, {}, images=[{"path": "image.tif"}, {"path": "other.tif"}])
    stack = open_stack(document)
    block = stack.read(stack.grid.window)
    places = exact_places(stack.grid, grid_of(DEGREES, place, 40, 40))
    rows, cols = np.floor(places).astype(int)
    np.testing.assert_array_equal(block.features[3:], other[:, rows, cols])
    run = api.run(document, out=scene.folder / "out")
    assert run.record["valid_pixels"] == 48 * 64 - 100


def test_finer_pixels_are_noted_by_a_check(scene):
    report = api.check(changed(scene, {"scale": 5}), out=scene.folder / "out")
    assert any("2 times smaller than the first image's" in line for line in report.notes)


def test_a_pixel_size_that_would_fill_every_disk_is_refused(scene):
    with pytest.raises(InputError, match=r"output: claims .* pixels; .*is output\.scale in metres"):
        api.check(changed(scene, {"scale": 0.0001}), out=scene.folder / "out")
