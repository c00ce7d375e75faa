"""Auxiliary layers through the stack, beside pyproj, GDAL's programs and the pure functions of the bands."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from pyproj import Transformer

from classify_local import InputError, api
from classify_local.bands.terrain import TERRAIN_BANDS, pixel_size_metres, terrain_bands
from classify_local.bands.water import WATER_BANDS
from classify_local.demonstration import copy_sample
from classify_local.features.auxiliary_folder import FOLDER
from classify_local.features.images import open_stack
from classify_local.features.stack import Block, FeatureStack
from classify_local.grid import Window
from classify_local.recipe.text import load
from tests.conftest import TRANSFORM, UTM, write_raster
from tests.integration.real_scenes import polygon_pixels, write_recipe

DEGREES = "EPSG:4326"
TERRAIN = tuple(TERRAIN_BANDS)


@pytest.fixture(autouse=True)
def _no_folder_of_the_users(monkeypatch):
    monkeypatch.delenv(FOLDER, raising=False)


def stack_of(folder: Path, auxiliaries: str, image: str = "image.tif", more: str = "") -> FeatureStack:
    (folder / "recipe.yml").write_text(f"images: [{{path: {image}}}]\nauxiliaries: [{auxiliaries}]\n{more}", "utf-8")
    return open_stack(load(folder / "recipe.yml"))


def whole(stack: FeatureStack) -> Block:
    return stack.read(stack.grid.window)


def bands_of(block: Block, stack: FeatureStack) -> dict[str, np.ndarray]:
    return dict(zip(stack.names, block.features, strict=True))


def ones(path: Path, shape: tuple[int, int], crs: str = UTM, transform: Affine = TRANSFORM) -> Path:
    return write_raster(path, np.ones((1, *shape), "uint8"), crs=crs, transform=transform)


# latitude


@pytest.mark.parametrize(
    ("crs", "transform"),
    [
        (UTM, TRANSFORM), (DEGREES, Affine(0.001, 0, 33, 0, -0.001, -12)),
        ("EPSG:3413", Affine(1000, 0, -30_000, 0, -1000, 20_000)), (UTM, TRANSFORM @ Affine.rotation(20)),
    ],
)  # fmt: skip
def test_latitude_is_that_of_pixel_centres(tmp_path, crs, transform):
    ones(tmp_path / "image.tif", (40, 60), crs, transform)
    stack = stack_of(tmp_path, "latitude")
    block = whole(stack)
    rows, cols = np.indices((40, 60)) + 0.5
    _, expected = Transformer.from_crs(crs, DEGREES, always_xy=True).transform(*(transform @ (cols, rows)))
    assert stack.names == ("b1", "latitude")
    np.testing.assert_array_equal(block.features[1], np.asarray(expected).astype(np.float32))  # its nearest float32
    assert block.valid.all()
    assert stack.bands[1].unit == "degrees"


# terrain


def test_terrain_on_the_models_own_grid_is_gdals(tmp_path, real_data, gdal):
    """In metres: of a model in degrees gdaldem takes one factor for both sides of a pixel."""
    source = real_data / "dem" / "zion_srtm.tif"
    wishes = ["-tr", "30", "30", "-r", "bilinear", "-dstnodata", "-9999", "-ot", "Float32", "-t_srs", "EPSG:32612"]
    gdal("gdalwarp", "-q", *wishes, source, "dem.tif")
    (tmp_path / "aux" / "terrain").mkdir(parents=True)
    shutil.copy(tmp_path / "dem.tif", tmp_path / "aux" / "terrain")
    stack = stack_of(tmp_path, "terrain", "dem.tif")
    block = whole(stack)
    found = bands_of(block, stack)
    assert stack.names == ("b1", *TERRAIN)
    gdal("gdaldem", "slope", "-q", "dem.tif", "slope.tif")
    gdal("gdaldem", "aspect", "-q", "-zero_for_flat", "dem.tif", "aspect.tif")
    with rasterio.open(tmp_path / "slope.tif") as slope, rasterio.open(tmp_path / "aspect.tif") as aspect:
        slopes, aspects = slope.read(1), aspect.read(1)
        known = slopes != slope.nodata
    np.testing.assert_array_equal(block.valid, known)
    assert np.abs(found["slope"] - slopes)[known].max() < 1e-3
    turned = np.abs(found["aspect"] - aspects)
    turned = np.minimum(turned, 360 - turned)
    assert (turned * np.tan(np.radians(slopes)))[known].max() < 1e-3  # next to flat, GDAL's own float32 turns it
    radians = np.radians(aspects)
    steep = known & (slopes > 10)
    assert turned[steep].max() < 5e-3
    assert np.abs(found["eastness"] - np.sin(radians))[steep].max() < 1e-4
    assert np.abs(found["northness"] - np.cos(radians))[steep].max() < 1e-4


def test_terrain_in_degrees_is_that_of_the_pure_function(tmp_path, real_data):
    (tmp_path / "aux" / "terrain").mkdir(parents=True)
    dem = shutil.copy(real_data / "dem" / "zion_srtm.tif", tmp_path / "aux" / "terrain" / "dem.tif")
    with rasterio.open(dem) as handle:
        heights, t, nodata, crs = handle.read(1).astype(np.float32), handle.transform, handle.nodata, handle.crs
    assert crs.is_geographic
    heights[heights == nodata] = np.nan if nodata is not None else heights
    stack = stack_of(tmp_path, "terrain", "aux/terrain/dem.tif")
    block = whole(stack)
    latitudes = t.f + (np.arange(heights.shape[0]) + 0.5) * t.e
    width, height = pixel_size_metres(latitudes, t.a, t.e)
    expected = terrain_bands(
        np.pad(heights, 1, constant_values=np.nan), TERRAIN, width_metres=width, height_metres=height
    )
    np.testing.assert_array_equal(block.valid, np.isfinite(expected).all(axis=0))
    assert np.abs(block.features[1:] - expected)[:, block.valid].max() < 1e-4


def tilted(path: Path, rows: int, cols: int, transform: Affine, crs: str = UTM, holes: bool = False) -> np.ndarray:
    """A rough height model; its values."""
    rng = np.random.default_rng(2)
    r, c = np.indices((rows, cols))
    values = (500 + 80 * np.sin(r / 11) + 60 * np.cos(c / 7) + rng.normal(0, 2, (rows, cols))).astype(np.float32)
    if holes:
        values[rows // 3 : rows // 3 + 4, cols // 2 : cols // 2 + 5] = -32768
    write_raster(path, values, crs=crs, transform=transform, nodata=-32768)
    return values


@pytest.mark.parametrize(("crs", "side"), [(UTM, 10.0), (UTM, 7.0), (DEGREES, 1e-4)])
def test_a_model_in_tiles_has_no_seams(tmp_path, crs, side):
    """Tiles meet in the middle of the image, with one row in common as SRTM's."""
    x, y = Transformer.from_crs(UTM, crs, always_xy=True).transform(499_900, 8_600_100)
    place = Affine(side, 0, x, 0, -side, y)
    values = tilted(tmp_path / "aux" / "terrain" / "whole.tif", 120, 140, place, crs)
    ones(tmp_path / "image.tif", (50, 60))
    expected = whole(stack_of(tmp_path, "terrain"))
    (tmp_path / "aux" / "terrain" / "whole.tif").unlink()
    for row in (0, 1):
        for col in (0, 1):
            part = values[row * 40 : 41 + row * 79, col * 45 : 46 + col * 94]
            corner = place @ Affine.translation(col * 45, row * 40)
            write_raster(
                tmp_path / "aux" / "terrain" / f"{row}{col}.tif", part, crs=crs, transform=corner, nodata=-32768
            )
    found = whole(stack_of(tmp_path, "terrain"))
    assert found.valid.mean() > 0.9
    np.testing.assert_array_equal(found.valid, expected.valid)
    np.testing.assert_array_equal(found.features, expected.features)


@pytest.mark.parametrize(("crs", "side"), [(UTM, 10.0), (DEGREES, 2.5e-4)])
def test_windows_of_terrain_are_cut_from_the_whole(tmp_path, crs, side):
    x, y = Transformer.from_crs(UTM, crs, always_xy=True).transform(499_500, 8_600_500)
    tilted(tmp_path / "aux" / "terrain" / "a.tif", 900, 700, Affine(side, 0, x, 0, -side, y), crs, holes=True)
    ones(tmp_path / "image.tif", (520, 600))
    stack = stack_of(tmp_path, "terrain")
    block = whole(stack)
    for row, col, rows, cols in ((0, 0, 64, 64), (500, 500, 20, 100), (511, 3, 2, 1), (77, 430, 100, 100)):
        part = stack.read(Window(row=row, col=col, rows=rows, cols=cols))
        own = np.s_[row : row + rows, col : col + cols]
        np.testing.assert_array_equal(part.valid, block.valid[own])
        np.testing.assert_array_equal(part.features[:, part.valid], block.features[:, *own][:, part.valid])


def test_aspect_never_averages_359_and_1_to_180(tmp_path):
    """A slope that faces north, a little east of it and a little west, resampled to where both meet."""
    rows, cols = np.indices((40, 40))
    values = (1000 + 5.0 * rows - 0.1 * np.abs(cols - 19.5)).astype(np.float32)  # rises southward
    write_raster(tmp_path / "aux" / "terrain" / "a.tif", values, transform=TRANSFORM @ Affine.translation(-5, -5))
    ones(tmp_path / "image.tif", (40, 40), transform=TRANSFORM @ Affine.translation(0, 0) @ Affine.scale(0.7))
    stack = stack_of(tmp_path, "terrain")
    block = whole(stack)
    aspect, northness = (bands_of(block, stack)[name][block.valid] for name in ("aspect", "northness"))
    assert (np.minimum(aspect, 360 - aspect) < 3).all()
    assert aspect.min() < 90 < 270 < aspect.max() < 360
    assert (northness > 0.99).all()


def test_flat_land_has_aspect_0_and_faces_nowhere(tmp_path):
    write_raster(
        tmp_path / "aux" / "terrain" / "a.tif",
        np.full((40, 40), 7, "int16"),
        transform=TRANSFORM @ Affine.translation(-5.3, -5),
    )
    ones(tmp_path / "image.tif", (20, 20))
    block = whole(stack_of(tmp_path, "terrain"))
    assert block.valid.all()
    for band, value in zip(block.features[1:], (7, 0, 0, 0, 0), strict=True):
        assert (band == value).all()


def test_voids_mask_and_so_do_the_edges_of_the_model(tmp_path):
    tilted(tmp_path / "aux" / "terrain" / "a.tif", 48, 64, TRANSFORM, holes=True)
    ones(tmp_path / "image.tif", (48, 64))
    stack = stack_of(tmp_path, "terrain")
    block = whole(stack)
    assert stack.layers == ("b1", "elevation", "slope")
    height, slope = block.valid_by_layer[1:]
    expected = np.ones((48, 64), bool)
    expected[16:20, 32:37] = False
    np.testing.assert_array_equal(height, expected)
    expected[15:21, 31:38] = expected[[0, -1]] = expected[:, [0, -1]] = False
    np.testing.assert_array_equal(slope, expected)


def test_a_turned_height_model_is_refused(tmp_path):
    write_raster(tmp_path / "aux" / "terrain" / "a.tif", np.ones((40, 40)), transform=TRANSFORM @ Affine.rotation(10))
    ones(tmp_path / "image.tif", (20, 20))
    with pytest.raises(InputError, match="turned against its axes, and slopes cannot be taken; warp it with gdalwarp"):
        stack_of(tmp_path, "terrain")


@pytest.mark.parametrize("group", ["terrain", "water"])
def test_a_folder_that_is_not_there_is_told_with_what_to_do(tmp_path, group):
    ones(tmp_path / "image.tif", (20, 20))
    with pytest.raises(InputError, match=rf"{group} is looked for in .*aux.{group}, which is not there; fetch it with"):
        stack_of(tmp_path, group)


def test_the_folder_is_the_recipes_then_the_environments_then_aux(tmp_path, monkeypatch):
    ones(tmp_path / "image.tif", (20, 20))
    for height, folder in ((1, "aux"), (2, "shared"), (3, "own")):
        write_raster(
            tmp_path / folder / "terrain" / "a.tif",
            np.full((30, 30), height, "int16"),
            transform=TRANSFORM @ Affine.translation(-5, -5),
        )
    assert (whole(stack_of(tmp_path, "terrain")).features[1] == 1).all()
    monkeypatch.setenv(FOLDER, str(tmp_path / "shared"))
    assert (whole(stack_of(tmp_path, "terrain")).features[1] == 2).all()
    assert (whole(stack_of(tmp_path, "terrain", more="auxiliary_data: own\n")).features[1] == 3).all()


# water


CODES = {
    "occurrence": ([0, 100, 57, 255], {"water_occurrence": [0, 100, 57, 0]}),
    "change": ([0, 200, 100, 253], {"water_change_abs": [-100, 100, 0, 0]}),
    "seasonality": ([0, 12, 5, 255], {"water_seasonality": [0, 12, 5, 0]}),
    "extent": ([0, 1, 1, 255], {"water_max_extent": [0, 1, 1, 0]}),
    "transitions": (
        [0, 1, 10, 255],
        {"water_no_change": [1, 0, 0, 1], "water_permanent": [0, 1, 0, 0], "water_ephemeral_seasonal": [0, 0, 1, 0],
         "water_seasonal": [0, 0, 0, 0]},
    ),
}  # fmt: skip


def water_tile(folder: Path, layer: str, codes, col: int = 0) -> Path:
    return write_raster(
        folder / "aux" / "water" / f"{layer}_30E_10Sv1_4_2021.tif", np.array([codes], "uint8"),
        transform=TRANSFORM @ Affine.translation(col, 0),
    )  # fmt: skip


def test_codes_of_water_are_decoded_and_beside_the_tiles_they_are_0(tmp_path):
    ones(tmp_path / "image.tif", (1, 6))
    for layer, (codes, _) in CODES.items():
        water_tile(tmp_path, layer, codes, col=1)
    stack = stack_of(tmp_path, "water")
    assert stack.names[1:] == tuple(name for name in WATER_BANDS if name != "water_change_norm")
    block = whole(stack)
    assert block.valid.all()
    found = bands_of(block, stack)
    for _, expected in CODES.values():
        for name, values in expected.items():
            beside = int(name == "water_no_change")
            assert found[name].ravel().tolist() == [beside, *values, beside], name


def test_far_from_every_tile_there_is_no_water_and_no_change(tmp_path):
    ones(tmp_path / "image.tif", (5, 6))
    for layer, (codes, _) in CODES.items():
        water_tile(tmp_path, layer, codes, col=100)
    stack = stack_of(tmp_path, "water")
    for name, band in bands_of(whole(stack), stack).items():
        assert (band == int(name in ("b1", "water_no_change"))).all(), name


def test_water_is_never_averaged(tmp_path):
    """Codes of coarser pixels that do not match."""
    ones(tmp_path / "image.tif", (40, 40), transform=TRANSFORM @ Affine.scale(0.13))
    codes = np.random.default_rng(1).choice([0, 100], (9, 9)).astype("uint8")
    write_raster(tmp_path / "aux" / "water" / "occurrence_a.tif", codes)
    assert set(np.unique(whole(stack_of(tmp_path, "water")).features[1])) == {0, 100}


def test_an_export_of_earth_engine(tmp_path):
    ones(tmp_path / "image.tif", (1, 4))
    names = ("occurrence", "change_abs", "change_norm", "seasonality", "recurrence", "transition", "max_extent")
    values = np.array([[5, 0, 99, -128], [-100, 100, 0, -128], [-7, 7, 100, -128], [0, 12, 1, -128], [9, 9, 9, 9],
                       [0, 3, 10, -128], [0, 1, 1, -128]], "int16")[:, None]  # fmt: skip
    write_raster(tmp_path / "aux" / "water" / "gsw.tif", values, descriptions=names, nodata=-128)
    stack = stack_of(tmp_path, "water")
    assert stack.names[1:] == tuple(WATER_BANDS)
    found = bands_of(whole(stack), stack)
    for name, expected in {
        "water_occurrence": [5, 0, 99, 0], "water_change_abs": [-100, 100, 0, 0], "water_change_norm": [-7, 7, 100, 0],
        "water_seasonality": [0, 12, 1, 0], "water_max_extent": [0, 1, 1, 0], "water_no_change": [1, 0, 0, 1],
        "water_lost_permanent": [0, 1, 0, 0], "water_ephemeral_seasonal": [0, 0, 1, 0],
    }.items():  # fmt: skip
        assert found[name].ravel().tolist() == expected, name


def test_bands_that_no_file_gives_are_noted_by_a_check(tmp_path):
    ones(tmp_path / "image.tif", (2, 4))
    for layer in ("occurrence", "transitions"):
        water_tile(tmp_path, layer, CODES[layer][0])
    stack_of(tmp_path, "water")
    (note,) = [line for line in api.check(tmp_path / "recipe.yml", out=tmp_path / "out").notes if "water" in line]
    assert note.startswith(
        "water: no data for water_change_abs, water_change_norm, water_seasonality, water_max_extent; "
    )


def test_a_folder_without_water_says_what_is_looked_for(tmp_path):
    ones(tmp_path / "image.tif", (2, 4))
    ones(tmp_path / "aux" / "water" / "else.tif", (2, 4))
    with pytest.raises(InputError, match=r"holds neither tiles of surface water .* nor an export"):
        stack_of(tmp_path, "water")


# any raster by name


@pytest.mark.parametrize(("resampling", "expected"), [("nearest", {0, 100}), ("bilinear", {0, 25, 75, 100})])
def test_a_named_raster_is_resampled_as_asked(tmp_path, resampling, expected):
    ones(tmp_path / "image.tif", (8, 8), transform=TRANSFORM @ Affine.scale(0.5))
    values = np.where(np.arange(4) < 2, 0, 100).astype("uint8")
    write_raster(
        tmp_path / "other.tif",
        np.stack([np.full((4, 4), 7, "uint8"), np.broadcast_to(values, (4, 4))]),
        descriptions=("x", "soil"),
    )
    stack = stack_of(tmp_path, f"{{name: clay, path: other.tif, band: soil, resampling: {resampling}}}")
    assert stack.names == ("b1", "clay")
    assert set(np.unique(whole(stack).features[1])) == expected


def test_a_named_raster_masks_where_it_has_no_data_or_more_than_float32_holds(tmp_path):
    ones(tmp_path / "image.tif", (1, 4))
    write_raster(tmp_path / "other.tif", np.array([[1.0, -9.0, 1e300, 2.0]]), nodata=-9)
    block = whole(stack_of(tmp_path, "{name: other, path: other.tif, resampling: nearest}"))
    assert block.valid.tolist() == [[True, False, False, True]]
    assert np.isfinite(block.features).all()


def test_a_name_that_is_taken_gets_a_number(tmp_path):
    ones(tmp_path / "image.tif", (1, 4))
    stack = stack_of(tmp_path, "{name: b1, path: image.tif}, latitude, {name: latitude, path: image.tif}")
    assert stack.names == ("b1", "b1_1", "latitude", "latitude_1")


# whole runs


def test_the_sample_runs_with_every_auxiliary_layer(tmp_path):
    document = copy_sample(tmp_path / "sample")
    named = {"name": "older", "path": "older_landcover.tif", "resampling": "nearest"}
    more = document.changed({("auxiliaries",): ["latitude", "terrain", "water", named], ("auxiliary_data",): "aux"})
    run = api.run(more, out=tmp_path / "out")
    stack = api.open_stack(more)
    assert stack.names[6:] == ("latitude", *TERRAIN, "water_occurrence", "older")
    assert run.record["valid_pixels"] > 0.8 * run.record["pixels"]


def test_para_with_its_height_model(tmp_path, real_data):
    scene = real_data / "para_landsat5"
    (tmp_path / "aux" / "terrain").mkdir(parents=True)
    shutil.copy(scene / "srtm_1arc.tif", tmp_path / "aux" / "terrain")
    rows = polygon_pixels(scene / "labels.gpkg", scene / "image.tif")
    with rasterio.open(scene / "image.tif") as handle:
        crs = handle.crs.to_string()
    recipe = write_recipe(tmp_path, scene / "image.tif", rows, crs)
    document = load(recipe).changed({("auxiliaries",): ["terrain"]})
    run = api.run(document, out=tmp_path / "out")
    plain = api.run(recipe, out=tmp_path / "plain")
    assert api.open_stack(document).names[-5:] == TERRAIN
    assert run.record["valid_pixels"] > 0.97 * plain.record["valid_pixels"]
    assert run.record["training"]["rows"] > 0.95 * plain.record["training"]["rows"]
