"""Rasters of every bad kind, by number: where each is tested, and those that are no refusals."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from classify_local import api
from tests.faults.rows import image, image_path, put, together
from tests.faults.scene import COLS, CRS, ROWS, TRANSFORM, Scene, call, places, write_image
from tests.faults.test_bad_input import ROWS as TABLE

TESTS = Path(__file__).parents[1]

CASES: dict[int, tuple[str, tuple[str, ...]]] = {
    1: ("empty file", ("empty file",)),
    2: ("web page saved as .tif", ("web page",)),
    3: ("header cut short", ("truncated header", "truncated directory")),
    4: ("data cut short", ("faults/test_raster_cases.py::test_data_cut_short_fail_their_tiles_only",)),
    5: ("flipped byte in packed data", ("integration/test_runs.py::test_a_damaged_image_fails_its_tiles_only",)),
    6: ("flipped byte in plain data", (
        "faults/test_raster_cases.py::test_a_flipped_byte_of_a_map_is_found_by_its_checksum",)),
    7: ("VRT named .tif", ("VRT named .tif",)),
    8: ("VRT with an absolute path", ("source elsewhere",)),
    9: ("VRT with ../..", ("source above",)),
    10: ("VRT on the network", (
        "faults/test_trust.py::test_a_source_on_the_network_is_refused_before_anything_connects",)),
    11: ("VRT of a file's bytes", ("raw band",)),
    12: ("VRT with Python", ("python pixel function", "faults/test_trust.py::test_python_in_a_vrt_does_not_run")),
    13: ("VRT in circles", ("VRT to itself", "two VRTs in a circle", "VRTs fifty deep")),
    14: ("XML bomb, external entity", ("XML bomb", "external entity", "SAFE with an XML bomb", "MTL with an XML bomb")),
    15: ("2^31 pixels", ("2^31 pixels", "more pixels than any image has", "HDF5 of a huge grid")),
    16: ("200,000 x 200,000 sparse", ("faults/test_raster_cases.py::test_a_huge_sparse_image_is_read_by_windows",)),
    17: ("no bands, 65,535 bands", ("bands none", "5,000 bands", "65,535 bands")),
    18: ("duplicate band names", ("duplicate names", "duplicate name asked for")),
    19: ("band names of any text", ("faults/test_raster_cases.py::test_names_of_bands_are_text",)),
    20: ("no CRS", ("no CRS", "no SRS", "netCDF without a system", "Zarr without a system")),
    21: ("unknown EPSG code", ("SRS EPSG:999999", "unknown code of a system", "map in 'EPSG:999999'")),
    22: ("CRS as an address", ("reference system as an address", "netCDF with a system of an address")),
    23: ("local CRS", ("local system", "system of heights", "tile of a local system")),
    24: ("no geotransform", ("no geotransform", "only ground control points")),
    25: ("rotated", ("faults/test_raster_cases.py::test_any_grid_gives_points_their_own_pixels",)),
    26: ("south up", ("faults/test_raster_cases.py::test_any_grid_gives_points_their_own_pixels",)),
    27: ("pixels of no size", ("pixels 0.0 wide", "pixels nan wide", "grid of no area", "place that is none")),
    28: ("images apart", ("images apart", "images in other CRS")),
    29: ("grids half a pixel apart", ("faults/test_raster_cases.py::test_a_grid_half_a_pixel_off_is_resampled",)),
    30: ("another CRS for each image", (
        "integration/test_grids.py::test_a_second_image_on_another_grid_joins_the_stack",)),
    31: ("antimeridian", ("storage/test_zones.py::test_tiles_on_both_sides_of_the_antimeridian_lie_side_by_side",
                          "integration/test_grids.py::test_an_area_across_the_antimeridian")),
    32: ("poles", ("storage/test_placing.py::test_the_pole_lies_where_it_should",
                   "features/test_output_grid.py::test_an_area_at_the_pole")),
    33: ("no valid pixel", ("no data in any band",
                            "faults/test_raster_cases.py::test_a_map_without_a_valid_pixel_is_made_and_said")),
    34: ("nodata that is no number", ("faults/test_raster_cases.py::test_nodata_that_no_whole_number_can_be",)),
    35: ("nodata by band", ("storage/test_rasters.py::test_each_band_has_its_own_nodata",)),
    36: ("alpha, mask or both", ("storage/test_rasters.py::test_masks_inside_and_beside_a_file",
                                 "storage/test_rasters.py::test_a_transparency_band")),
    37: ("infinite pixels", ("storage/test_rasters.py::test_what_is_not_finite_is_no_data",)),
    38: ("complex numbers", ("complex numbers", "complex band")),
    39: ("64-bit integers", ("faults/test_raster_cases.py::test_what_is_odd_is_said_by_inspect",)),
    40: ("palette", ("faults/test_raster_cases.py::test_what_is_odd_is_said_by_inspect",
                     "faults/test_raster_cases.py::test_colours_and_sidecars_are_noted_by_check")),
    41: ("sidecar that changes nodata", ("storage/test_rasters.py::test_a_sidecars_nodata_is_honoured",
                                         "faults/test_raster_cases.py::test_colours_and_sidecars_are_noted_by_check")),
    42: ("pipe, device, folder, socket", ("pipe", "device", "folder in place of the image", "socket")),
    43: ("links in a circle", ("links in a circle",)),
    44: ("link out of the folder", ("source behind a link",)),
    45: ("changes during the run", ("storage/test_rasters.py::test_a_file_that_changes_while_it_is_read",)),
    46: ("removed midway", ("storage/test_rasters.py::test_a_file_that_is_gone",)),
    47: ("awkward paths", ("faults/test_raster_cases.py::test_any_path_works",)),
    48: ("windows outside", ("storage/test_rasters.py::test_a_window_beyond_the_file_is_an_error",
                             "test_grid.py::test_a_window_has_no_negative_size",
                             "storage/test_zones.py::test_windows_are_cut_from_the_whole_and_beyond_it_nothing_is_valid")),
}  # fmt: skip
"""Title of each kind, and the rows of the tables and the tests that hold it."""


@pytest.mark.parametrize("number", range(1, 49))
def test_every_case_is_tested_somewhere(number: int):
    rows = {row.id for row in TABLE}
    _, names = CASES[number]
    assert names
    for name in names:
        path, _, function = name.partition("::")
        assert name in rows or re.search(rf"^def {function}\(", (TESTS / path).read_text(), re.MULTILINE), name


def values_of(scene: Scene, name: str = "recipe") -> np.ndarray:
    with rasterio.open(scene.path(f"downloads/{name}/{name}.vrt")) as handle:
        return handle.read(1)


def test_data_cut_short_fail_their_tiles_only(scene: Scene):
    """The directory stands in front, as in a COG, so that the file opens; the last rows are not there."""
    path = scene.image(height=2000, width=1000, compress="deflate", driver="COG", tiled=None, blockxsize=None,
                       blockysize=None, BLOCKSIZE=512)  # fmt: skip
    scene.recipe["output"]["tile_size"] = 512
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 3 // 4])

    result = scene.call("run")

    assert result.code == 3, result.err
    assert all("image.tif: cannot be read at row" in line for line in result.problems)
    status = api.status(scene.path("downloads/recipe"))
    assert status.done
    assert status.failed


def test_a_flipped_byte_of_a_map_is_found_by_its_checksum(scene: Scene):
    """Of an image of the user's own no checksum is known: there it cannot be seen."""
    assert scene.call("run").code == 0
    (tile,) = scene.path("downloads/recipe").glob("recipe_class_*.tif")
    data = bytearray(tile.read_bytes())
    data[len(data) // 2] ^= 1
    tile.write_bytes(data)

    result = call("status", str(scene.path("downloads/recipe")), "--verify")

    assert (result.code, len(result.problems)) == (4, 1), result.err
    assert "differs from its checksum; delete it and run again" in result.problems[0]


def test_a_huge_sparse_image_is_read_by_windows(scene: Scene):
    """7 MB on disk, 320 GB unpacked; all of it is one value."""
    side = 200_000
    scene.image(values=False, count=1, dtype="float64", width=side, height=side, sparse_ok=True, tiled=True,
                blockxsize=2048, blockysize=2048, transform=Affine(1, 0, 5e5, 0, -1, 8_600_000), BIGTIFF="YES",
                names=["red"])  # fmt: skip
    scene.recipe["images"] = [{"path": "image.tif", "bands": ["red"]}]
    west, north = min(x for x, _ in places()), max(y for _, y in places())
    scene.recipe["output"]["aoi"] = [west, north - 0.001, west + 0.001, north]

    checked = scene.call("check")
    mapped = scene.call("run")

    assert (checked.code, mapped.code) == (0, 0), checked.err + mapped.err
    assert max(checked.memory, mapped.memory) < 500_000_000
    assert (values_of(scene) != 0).all()


@pytest.mark.parametrize("name", ["a/b", "../../x", "<script>alert(1)</script>", "=1+1", "a b", "日本", "x" * 200])
def test_names_of_bands_are_text(scene: Scene, name: str):
    scene.image(names=[name, "nir", "swir1"])
    scene.recipe["images"] = [{"path": "image.tif"}]

    checked, mapped = scene.call("check"), scene.call("run")

    assert (checked.code, mapped.code) == (0, 0), checked.err + mapped.err
    assert name in checked.out
    made = [path for path in scene.path("downloads").rglob("*") if path.is_file()]
    assert all("script" not in path.name and "=1" not in path.name for path in made)
    for page in scene.path("downloads").rglob("*.html"):
        assert "<script>alert" not in page.read_text()
    assert {path.name for path in scene.folder.parent.iterdir()} == {"scene", "outside"}


def test_a_line_end_in_a_band_name_stays_on_its_line(scene: Scene):
    scene.image(names=["red\nerror: none", "nir", "swir1"])
    scene.recipe["images"] = [{"path": "image.tif"}]

    result = scene.call("check")

    assert result.code == 0, result.err
    assert not any(line.startswith("error") for line in result.out.splitlines())


GRIDS = {
    "north up": (TRANSFORM, np.s_[:, :, :]),
    "south up": (Affine(10, 0, 500_000, 0, 10, 8_600_000 - 10 * ROWS), np.s_[:, ::-1, :]),
    "west to the right": (Affine(-10, 0, 500_000 + 10 * COLS, 0, -10, 8_600_000), np.s_[:, :, ::-1]),
    "turned by 90 degrees": (Affine(0, 10, 500_000, -10, 0, 8_600_000), None),
}


@pytest.mark.parametrize("name", GRIDS)
def test_any_grid_gives_points_their_own_pixels(scene: Scene, name: str):
    """The same pixels stored in another order get the same classes."""
    with rasterio.open(scene.path("image.tif")) as handle:
        values = handle.read()
    expected = scene.call("run")
    assert expected.code == 0
    plain = values_of(scene)
    transform, order = GRIDS[name]
    stored = values.transpose(0, 2, 1) if order is None else values[order]
    scene.image(values=stored, transform=transform, width=stored.shape[2], height=stored.shape[1])

    result = scene.call("run", "--restart")

    assert result.code == 0, result.err
    found = values_of(scene)
    np.testing.assert_array_equal(found.T if order is None else found[order[1:]], plain)


def test_a_grid_half_a_pixel_off_is_resampled(scene: Scene):
    """Each pixel of the first image takes the nearest of the second, and the record names both."""
    shifted = TRANSFORM @ Affine.translation(0.4, 0.4)
    write_image(scene.path("b.tif"), transform=shifted, count=1, names=["blue"])
    scene.recipe["images"].append({"path": "b.tif"})

    result = scene.call("run")

    assert result.code == 0, result.err
    assert values_of(scene).shape == (ROWS, COLS)
    record = json.loads(scene.path("downloads/recipe/recipe_run.json").read_text())
    assert "b.tif" in json.dumps(record)


def test_a_map_without_a_valid_pixel_is_made_and_said(scene: Scene):
    assert scene.call("train", "-o", str(scene.path("model.zip"))).code == 0
    scene.image(values=np.zeros((3, ROWS, COLS), "uint16"), nodata=0)

    result = scene.call("run", "--model", str(scene.path("model.zip")))

    assert result.code == 0, result.err
    assert (values_of(scene) == 0).all()
    assert "no pixel" in result.out + result.err or "0 valid" in result.out + result.err


def test_nodata_that_no_whole_number_can_be(scene: Scene):
    path = scene.image(nodata=65535)
    path.write_bytes(path.read_bytes().replace(b"65535\0", b"nan\0\0\0"))

    result = scene.call("run")

    assert result.code == 0, result.err
    assert (values_of(scene) != 0).all()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"dtype": "int64"}, "32-bit floating point"),
        ({"photometric": "palette", "count": 1, "dtype": "uint8"}, "palette"),
    ],
)
def test_what_is_odd_is_said_by_inspect(scene: Scene, changes: dict[str, object], said: str):
    path = scene.image(**changes)

    result = call("inspect", str(path))

    assert result.code == 0, result.err
    assert any(said in line for line in result.out.splitlines() if line.startswith("odd: ")), result.out


def test_colours_and_sidecars_are_noted_by_check(scene: Scene):
    scene.image(photometric="palette", count=1, dtype="uint8")
    scene.recipe["images"][0]["bands"] = ["red"]
    scene.write("image.tif.aux.xml", "<PAMDataset><PAMRasterBand band='1'><NoDataValue>7</NoDataValue>"
                "</PAMRasterBand></PAMDataset>")  # fmt: skip

    result = scene.call("check")

    assert result.code == 0, result.err
    notes = [line for line in result.out.splitlines() if line.startswith("note: ")]
    assert any("palette" in note and "image.tif" in note for note in notes), result.out
    assert any("image.tif.aux.xml" in note for note in notes), result.out


NAMES = ["with space.tif", "it's \"quoted\".tif",
         "caf\u00e9.tif", "cafe\u0301.tif", "-rf.tif", "森林.tif", "a" * 251 + ".tif",
         "$(touch ran).tif", "%20.tif", "#.tif"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_any_path_works(scene: Scene, name: str):
    scene.path("image.tif").rename(scene.path(name))
    together(image_path(name))(scene)

    checked, mapped = scene.call("check"), scene.call("run")

    assert (checked.code, mapped.code) == (0, 0), checked.err + mapped.err
    assert not scene.path("ran").exists()
    assert not Path("ran").exists()


def test_a_self_crossing_area_is_taken(scene: Scene):
    """What the even-odd rule calls inside; the crossing is mended, not refused."""
    from tests.faults.grid_rows import INSIDE, area, polygon

    bow_tie = [INSIDE[i] for i in (0, 2, 1, 3)]
    area(polygon([(x, y - 0.004) for x, y in bow_tie]))(scene)

    result = scene.call("run")

    assert result.code == 0, result.err
    values = values_of(scene)
    assert (values == 0).any()
    assert (values != 0).any()


def test_paths_in_metadata_of_a_product_lead_nowhere(scene: Scene):
    from tests.faults.product_rows import metadata, safe

    more = "".join(f"<IMAGE_FILE>{name}</IMAGE_FILE>" for name in ("../../outside/secret", "/etc/passwd", "http://a/b"))
    together(safe(mtd=metadata(more=more)), put("images", 0, "bands", ["B03", "B04", "B08"]))(scene)

    assert scene.call("check").code == 0


def test_tiles_of_two_zones_are_one_map(scene: Scene):
    """The neighbour the tables break, sound."""
    from rasterio.warp import transform as to

    x, y = to("EPSG:32736", "EPSG:32735", [500_600], [8_600_000])
    together(image("tiles/a.tif"), image("tiles/b.tif", crs="EPSG:32735", transform=Affine(10, 0, x[0], 0, -10, y[0])),
             image_path("tiles/*.tif"))(scene)  # fmt: skip

    result = scene.call("check")

    assert (result.code, CRS) == (0, "EPSG:32736"), result.err
