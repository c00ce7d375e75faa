"""VRTs as GDAL's programs make them: what we read from their sources is what rasterio reads from the VRT."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.enums import ColorInterp

from classify_local.errors import InputError
from classify_local.grid import Window
from classify_local.storage.rasters import close_files
from classify_local.storage.safety import AllowedFolders
from classify_local.storage.vrt_reading import read_vrt
from tests.conftest import TRANSFORM, write_raster

RNG = np.random.default_rng()


@pytest.fixture(autouse=True)
def _same_numbers_and_no_open_files():
    RNG.bit_generator.state = np.random.default_rng(4).bit_generator.state
    close_files()
    yield
    close_files()


def at(row: float, col: float) -> Affine:
    return TRANSFORM @ Affine.translation(col, row)


def digits(shape, dtype="uint8", low=0, high=5):
    return RNG.integers(low, high, shape).astype(dtype)


def require_as_rasterio(vrt: Path, bands: int | None = None) -> None:
    """Values, mask, type, names and grid are those rasterio reads from the VRT itself."""
    mosaic = read_vrt(vrt, AllowedFolders(()))
    with rasterio.open(vrt) as handle:
        numbers = list(range(1, (bands or handle.count) + 1))
        expected, mask = handle.read(numbers), handle.read_masks(numbers) != 0
        assert mosaic.grid.transform.almost_equals(handle.transform)
        assert mosaic.grid.shape == handle.shape
        assert mosaic.grid.crs == handle.crs
        assert mosaic.dtypes == handle.dtypes
        assert len(mosaic.names) == handle.count
        assert [name for name in mosaic.names if not name.startswith("b")] == [d for d in handle.descriptions if d]
    values, valid = mosaic.read(numbers, mosaic.grid.window)
    np.testing.assert_array_equal(valid, mask & np.isfinite(expected))
    np.testing.assert_array_equal(values[valid], expected[valid])
    assert values.dtype == expected.dtype
    middle = Window(row=expected.shape[1] // 3, col=expected.shape[2] // 3, rows=3, cols=4)
    rows, cols = middle.slices_in(mosaic.grid.window)
    part, part_valid = mosaic.read(numbers, middle)
    cut = mask[:, rows, cols]
    np.testing.assert_array_equal(
        part_valid[:, : cut.shape[1], : cut.shape[2]], cut & np.isfinite(expected[:, rows, cols])
    )
    np.testing.assert_array_equal(part[part_valid], expected[:, rows, cols][cut])


@pytest.fixture
def ab(make_raster):
    """Two overlapping files of three bands with nodata 0."""
    make_raster("a.tif", digits((3, 12, 16)), nodata=0, descriptions=("red", "nir", "swir1"))
    make_raster("b.tif", digits((3, 12, 16)), nodata=0, descriptions=("red", "nir", "swir1"), transform=at(4, 9))
    return ["a.tif", "b.tif"]


@pytest.fixture
def plain(make_raster):
    """Two overlapping files of two bands without nodata, that fill their rectangle."""
    make_raster("a.tif", digits((2, 12, 16)))
    make_raster("b.tif", digits((2, 12, 16)), transform=at(0, 9))
    return ["a.tif", "b.tif"]


# gdalbuildvrt


@pytest.mark.parametrize("options", [[], ["-separate"], ["-vrtnodata", "255"], ["-b", "2"], ["-b", "3", "-b", "1"]])
def test_gdalbuildvrt_of_files_with_nodata(tmp_path, gdal, ab, options):
    gdal("gdalbuildvrt", "-q", *options, "m.vrt", *ab)
    require_as_rasterio(tmp_path / "m.vrt")


@pytest.mark.parametrize(
    "options", [[], ["-srcnodata", "3"], ["-srcnodata", "3", "-vrtnodata", "200"], ["-srcnodata", "1 3"], ["-separate"]]
)
def test_gdalbuildvrt_of_files_without_nodata(tmp_path, gdal, plain, options):
    gdal("gdalbuildvrt", "-q", *options, "m.vrt", *plain)
    if options == ["-separate"]:
        outside = read_vrt(tmp_path / "m.vrt", AllowedFolders(())).read([1], Window(row=0, col=16, rows=12, cols=9))
        assert not outside[1].any()  # GDAL says 0 where a band has no file
        return
    require_as_rasterio(tmp_path / "m.vrt")


def test_the_vrts_own_nodata_counts_beside_that_of_its_sources(tmp_path, gdal, plain):
    gdal("gdalbuildvrt", "-q", "-srcnodata", "3", "-vrtnodata", "4", "m.vrt", *plain)
    require_as_rasterio(tmp_path / "m.vrt")


def test_files_with_and_without_nodata(tmp_path, gdal, make_raster, ab):
    make_raster("c.tif", digits((3, 6, 6)), descriptions=("red", "nir", "swir1"), transform=at(2, 5))
    gdal("gdalbuildvrt", "-q", "m.vrt", *ab, "c.tif")
    require_as_rasterio(tmp_path / "m.vrt")


def test_a_simple_source_hides_what_lies_below_even_where_it_has_no_data(tmp_path, gdal, ab):
    """`gdalbuildvrt` before GDAL 1.8, and people, write simple sources over files with nodata."""
    gdal("gdalbuildvrt", "-q", "m.vrt", *ab)
    seen_through = read_vrt(tmp_path / "m.vrt", AllowedFolders(()))
    text = (tmp_path / "m.vrt").read_text().replace("ComplexSource", "SimpleSource").replace("<NODATA>0</NODATA>", "")
    (tmp_path / "m.vrt").write_text(text)
    require_as_rasterio(tmp_path / "m.vrt")
    hidden = read_vrt(tmp_path / "m.vrt", AllowedFolders(()))
    window = hidden.grid.window
    assert hidden.read([1], window)[1].sum() < seen_through.read([1], window)[1].sum()


@pytest.mark.parametrize("internal", [True, False])
def test_files_with_masks(tmp_path, gdal, make_raster, internal):
    mask = RNG.random((12, 16)) < 0.5
    make_raster("a.tif", digits((2, 12, 16)), mask=mask, internal_mask=internal)
    make_raster("b.tif", digits((2, 12, 16)), mask=~mask, internal_mask=internal, transform=at(4, 9))
    gdal("gdalbuildvrt", "-q", "m.vrt", "a.tif", "b.tif")
    require_as_rasterio(tmp_path / "m.vrt")


def test_files_with_transparency(tmp_path, gdal, make_raster):
    colors = (ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha)
    for name, place in (("a.tif", (0, 0)), ("b.tif", (4, 9))):
        values = digits((4, 12, 16), low=1)
        values[3] = np.where(RNG.random((12, 16)) < 0.5, 255, 0)
        make_raster(name, values, colorinterp=colors, transform=at(*place))
    gdal("gdalbuildvrt", "-q", "m.vrt", "a.tif", "b.tif")
    require_as_rasterio(tmp_path / "m.vrt", bands=3)
    assert read_vrt(tmp_path / "m.vrt", AllowedFolders(())).alpha == (4,)


@pytest.mark.parametrize("dtype", ["int16", "uint16", "float32", "float64"])
def test_types_and_not_a_number(tmp_path, gdal, make_raster, dtype):
    nodata = float("nan") if dtype.startswith("float") else 3
    for name, place in (("a.tif", (0, 0)), ("b.tif", (4, 9))):
        values = digits((2, 12, 16), dtype)
        if dtype.startswith("float"):
            values[values == 3] = np.nan
        make_raster(name, values, nodata=nodata, transform=at(*place))
    gdal("gdalbuildvrt", "-q", "m.vrt", "a.tif", "b.tif")
    require_as_rasterio(tmp_path / "m.vrt")


def test_float32s_smallest_number_as_a_vrt_writes_it(tmp_path, gdal, make_raster):
    values = digits((1, 12, 16), "float32")
    values[values == 3] = np.finfo("float32").min
    make_raster("a.tif", values, nodata=float(np.finfo("float32").min))
    gdal("gdalbuildvrt", "-q", "m.vrt", "a.tif")
    text = (tmp_path / "m.vrt").read_text()
    assert "-3.4028234663852886e+38" in text
    require_as_rasterio(tmp_path / "m.vrt")
    (tmp_path / "m.vrt").write_text(text.replace("-3.4028234663852886e+38", "-3.40282346638529e+38"))  # GDAL before 3.5
    require_as_rasterio(tmp_path / "m.vrt")


# gdal_translate


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["-srcwin", "2", "3", "9", "7"],
        ["-b", "3", "-b", "1"],
        ["-b", "2", "-b", "2"],
        ["-srcwin", "5", "1", "8", "10", "-b", "2"],
        ["-a_nodata", "0"],
    ],
)
def test_gdal_translate_of_a_file(tmp_path, gdal, ab, options):
    gdal("gdal_translate", "-q", "-of", "VRT", *options, "a.tif", "m.vrt")
    require_as_rasterio(tmp_path / "m.vrt")


def test_gdal_translate_with_another_nodata_for_a_file_without(tmp_path, gdal, plain):
    gdal("gdal_translate", "-q", "-of", "VRT", "-a_nodata", "2", "a.tif", "m.vrt")
    require_as_rasterio(tmp_path / "m.vrt")


@pytest.mark.parametrize("kind", ["mask", "alpha"])
def test_gdal_translate_keeps_the_files_mask(tmp_path, gdal, make_raster, kind):
    mask = RNG.random((12, 16)) < 0.5
    if kind == "mask":
        make_raster("a.tif", digits((2, 12, 16)), mask=mask)
    else:
        values = np.concatenate([digits((1, 12, 16)), np.where(mask, 255, 0)[None].astype("uint8")])
        make_raster("a.tif", values, colorinterp=(ColorInterp.gray, ColorInterp.alpha))
    gdal("gdal_translate", "-q", "-of", "VRT", "-srcwin", "2", "3", "9", "7", "a.tif", "m.vrt")
    require_as_rasterio(tmp_path / "m.vrt", bands=1)


@pytest.mark.parametrize(
    ("dtype", "out"),
    [("uint16", "Byte"), ("int16", "Byte"), ("float32", "Int16"), ("float32", "Byte"), ("uint8", "Float32"),
     ("int32", "UInt16"), ("float64", "Float32")],
)  # fmt: skip
def test_a_vrt_in_another_type_rounds_and_clips_as_gdal_does(tmp_path, gdal, make_raster, dtype, out):
    values = RNG.uniform(-500, 70_000, (2, 12, 16))
    values[0, :4] = np.arange(64).reshape(4, 16) / 2 - 8
    limits = (0, 65535) if dtype == "uint16" else (-32768, 32767) if dtype == "int16" else (0, 255)
    values = values if dtype in {"float32", "float64", "int32"} else values.clip(*limits)
    make_raster("a.tif", values.astype(dtype))
    gdal("gdal_translate", "-q", "-of", "VRT", "-ot", out, "a.tif", "m.vrt")
    require_as_rasterio(tmp_path / "m.vrt")


# VRTs of VRTs


def test_a_vrt_of_vrts(tmp_path, gdal, make_raster, ab):
    make_raster("c.tif", digits((3, 6, 6)), nodata=0, descriptions=("red", "nir", "swir1"), transform=at(2, 5))
    gdal("gdalbuildvrt", "-q", "inner.vrt", *ab)
    gdal("gdalbuildvrt", "-q", "outer.vrt", "inner.vrt", "c.tif")
    require_as_rasterio(tmp_path / "outer.vrt")


@pytest.mark.parametrize("options", [["-srcwin", "7", "3", "9", "11"], ["-b", "3", "-b", "1"]])
def test_gdal_translate_of_a_mosaic(tmp_path, gdal, ab, options):
    gdal("gdalbuildvrt", "-q", "inner.vrt", *ab)
    gdal("gdal_translate", "-q", "-of", "VRT", *options, "inner.vrt", "m.vrt")
    require_as_rasterio(tmp_path / "m.vrt")


def test_an_inner_vrt_with_a_nodata_of_its_own(tmp_path, gdal, plain):
    """Where its sources say 3 and it says 4, GDAL lets a 4 hide what lies below."""
    gdal("gdalbuildvrt", "-q", "-srcnodata", "3", "-vrtnodata", "4", "inner.vrt", *plain)
    gdal("gdal_translate", "-q", "-of", "VRT", "-srcwin", "7", "3", "9", "8", "inner.vrt", "m.vrt")
    require_as_rasterio(tmp_path / "m.vrt")


def test_gdal_translate_of_tiles_side_by_side(tmp_path, gdal, make_raster):
    make_raster("a.tif", digits((2, 12, 16)), nodata=0)
    make_raster("b.tif", digits((2, 12, 16)), nodata=0, transform=at(0, 16))
    gdal("gdalbuildvrt", "-q", "inner.vrt", "a.tif", "b.tif")
    gdal("gdal_translate", "-q", "-of", "VRT", "-srcwin", "10", "2", "15", "9", "-b", "2", "inner.vrt", "m.vrt")
    require_as_rasterio(tmp_path / "m.vrt")


sources = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(1, 12), st.integers(1, 12), st.booleans()),
    min_size=1,
    max_size=5,
)


@settings(max_examples=12)
@given(sources, st.booleans())
def test_any_sources_with_and_without_nodata(tmp_path_factory, gdal, places, separate):
    folder = tmp_path_factory.mktemp("sources")
    names = [f"{i}.tif" for i in range(len(places))]
    for name, (row, col, rows, cols, with_nodata) in zip(names, places, strict=True):
        nodata = 0 if with_nodata or name == "0.tif" else None  # the first one gives the VRT its nodata
        write_raster(folder / name, digits((1, rows, cols)), nodata=nodata, transform=at(row, col))
    gdal("gdalbuildvrt", "-q", *(["-separate", "-vrtnodata", "0"] if separate else []), "m.vrt", *names, folder=folder)
    require_as_rasterio(folder / "m.vrt")


# what a mask of the VRT's own says


def test_a_mask_from_elsewhere_is_read_or_refused(tmp_path, gdal, make_raster):
    values = digits((3, 12, 16), low=1)
    values[2] = np.where(RNG.random((12, 16)) < 0.5, 255, 0)
    make_raster("a.tif", values)
    gdal("gdal_translate", "-q", "-of", "VRT", "-b", "1", "-b", "2", "-mask", "3", "a.tif", "m.vrt")
    try:
        require_as_rasterio(tmp_path / "m.vrt")
    except InputError as error:
        assert "mask" in str(error).lower()  # noqa: PT017


def test_transparency_that_the_vrt_declares_is_read_or_refused(tmp_path, gdal, make_raster):
    values = digits((2, 12, 16), low=1)
    values[1] = np.where(RNG.random((12, 16)) < 0.5, 255, 0)
    make_raster("a.tif", values)
    gdal("gdal_translate", "-q", "-of", "VRT", "-colorinterp", "gray,alpha", "a.tif", "m.vrt")
    try:
        require_as_rasterio(tmp_path / "m.vrt", bands=1)
    except InputError as error:
        assert "alpha" in str(error).lower()  # noqa: PT017


# what is not read, with the remedy


@pytest.mark.parametrize(
    "options",
    [["-outsize", "50%", "50%"], ["-scale", "0", "5", "0", "255"], ["-r", "bilinear", "-outsize", "200%", "200%"]],
)
def test_resampling_and_arithmetic_are_refused_with_the_way_out(tmp_path, gdal, plain, options):
    gdal("gdal_translate", "-q", "-of", "VRT", *options, "a.tif", "m.vrt")
    with pytest.raises(InputError, match=r"m\.vrt: .*gdal_translate m\.vrt plain\.tif"):
        read_vrt(tmp_path / "m.vrt", AllowedFolders(()))


def test_a_warped_vrt_is_refused_with_the_way_out(tmp_path, gdal, plain):
    gdal("gdalwarp", "-q", "-of", "VRT", "-t_srs", "EPSG:4326", "a.tif", "m.vrt")
    with pytest.raises(InputError, match="VRTWarpedDataset"):
        read_vrt(tmp_path / "m.vrt", AllowedFolders(()))


def test_south_up_sources(tmp_path, gdal, make_raster):
    make_raster("a.tif", digits((1, 12, 16)), nodata=0, transform=Affine(10, 0, 5e5, 0, 10, 8e6))
    gdal("gdal_translate", "-q", "-of", "VRT", "-srcwin", "2", "3", "9", "7", "a.tif", "m.vrt")
    require_as_rasterio(tmp_path / "m.vrt")


def test_a_moved_folder_reads_the_same(tmp_path, gdal, ab):
    gdal("gdalbuildvrt", "-q", "m.vrt", *ab)
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("m.vrt", *ab):
        shutil.move(tmp_path / name, moved / name)
    require_as_rasterio(moved / "m.vrt")
