"""One raster file: what is read and what counts as data, beside what rasterio says of the same file."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from rasterio.enums import ColorInterp
from rasterio.windows import Window as RasterioWindow

from classify_local.errors import InputError, StorageError
from classify_local.grid import Window
from classify_local.storage.composite import with_nodata
from classify_local.storage.mosaic import whole_file
from classify_local.storage.rasters import close_files, describe, is_data

WHOLE = Window(row=0, col=0, rows=9, cols=11)
FLOAT_MIN = float(np.finfo("float32").min)


@pytest.fixture(autouse=True)
def _no_open_files():
    yield
    close_files()


def numbers(dtype, bands=2, seed=1):
    """Values from 0 to 9, of any type."""
    return np.random.default_rng(seed).integers(0, 10, (bands, 9, 11)).astype(dtype)


def holes(dtype, *special, bands=2):
    """Values from 1 to 9, with the special ones strewn in."""
    values = np.maximum(numbers(dtype, bands), 1).astype(dtype)
    rng = np.random.default_rng(2)
    for value in special:
        values[rng.random(values.shape) < 0.2] = value
    return values


def require_same(path: Path, window: Window = WHOLE):
    """Values and validity are those of rasterio, and what is not finite is not valid."""
    file = describe(path)
    bands = range(1, len(file.names) + 1)
    values, valid = file.read(bands, window)
    part = RasterioWindow(window.col, window.row, window.cols, window.rows)
    with rasterio.open(path) as handle:
        expected, mask = handle.read(window=part), handle.read_masks(window=part) != 0
    assert values.dtype == expected.dtype
    np.testing.assert_array_equal(values, expected)
    np.testing.assert_array_equal(valid, mask & np.isfinite(expected))
    return file, valid


@pytest.mark.parametrize(
    ("dtype", "nodata"),
    [
        ("uint8", 0),
        ("uint8", 255),
        ("int8", -1),
        ("int16", -9999),
        ("uint16", 65535),
        ("int32", -(2**31)),
        ("uint32", 2**32 - 1),
        ("float32", -9999.0),
        ("float32", FLOAT_MIN),
        ("float32", 0.1),
        ("float64", -1.7976931348623157e308),
        ("float64", 0.1),
        ("float32", float("nan")),
        ("float64", float("nan")),
    ],
)
def test_nodata(make_raster, dtype, nodata):
    path = make_raster("a.tif", holes(dtype, nodata), nodata=nodata)
    file, valid = require_same(path)
    assert 0 < valid.mean() < 1
    assert len(file.nodata) == 2


@pytest.mark.parametrize("said", ["-3.4e38", "-3.4e+38", "-3.39999995214436e+38"])
def test_nodata_written_shorter_than_float32_stores_it(make_raster, said):
    """Many programs write -3.4e38 where the file holds the float32 next to it."""
    path = make_raster("a.tif", holes("float32", np.float32(-3.4e38)))
    write_pam(path, [said, said])
    file, valid = require_same(path)
    assert 0 < valid.mean() < 1
    assert file.nodata[0] != float(np.float32(-3.4e38))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("nodata", [None, -9999.0, float("nan")])
def test_what_is_not_finite_is_no_data(make_raster, dtype, nodata):
    values = holes(dtype, np.nan, np.inf, -np.inf)
    _, valid = require_same(make_raster("a.tif", values, nodata=nodata))
    np.testing.assert_array_equal(valid, np.isfinite(values))


def test_without_nodata_all_is_data(make_raster):
    file, valid = require_same(make_raster("a.tif", numbers("uint8")))
    assert valid.all()
    assert file.nodata == (None, None)
    assert not file.has_mask


@pytest.mark.parametrize(
    ("dtype", "nodata"),
    [("uint8", "-9999"), ("uint8", "300"), ("uint8", "256"), ("int16", "70000"), ("uint8", "nan"), ("int16", "1e40")],
)
def test_nodata_that_the_type_cannot_hold_matches_nothing(make_raster, dtype, nodata):
    path = make_raster("a.tif", numbers(dtype))
    write_pam(path, [nodata, nodata])
    _, valid = require_same(path)
    assert valid.all()


def test_nodata_between_two_whole_numbers_matches_neither(make_raster):
    """GDAL takes 0.5 for a whole number next to it."""
    path = make_raster("a.tif", numbers("uint8"))
    write_pam(path, ["0.5", "0.5"])
    file = describe(path)
    assert file.nodata == (0.5, 0.5)
    assert file.read([1, 2], WHOLE)[1].all()


def write_pam(path: Path, nodata: list[str]) -> None:
    """A sidecar `.aux.xml` that gives each band a nodata."""
    bands = "".join(
        f'<PAMRasterBand band="{i}"><NoDataValue>{value}</NoDataValue></PAMRasterBand>'
        for i, value in enumerate(nodata, 1)
    )
    path.with_name(path.name + ".aux.xml").write_text(f"<PAMDataset>{bands}</PAMDataset>")


def test_a_sidecars_nodata_is_honoured(make_raster):
    path = make_raster("a.tif", holes("uint8", 7))
    write_pam(path, ["7", "7"])
    file, valid = require_same(path)
    assert file.nodata == (7, 7)
    assert 0 < valid.mean() < 1


def test_each_band_has_its_own_nodata(make_raster):
    path = make_raster("a.tif", holes("int16", 3, 5, bands=3))
    write_pam(path, ["3", "5", "-32768"])
    file, valid = require_same(path)
    assert file.nodata == (3, 5, -32768)
    values, _ = file.read([2, 1], WHOLE)
    np.testing.assert_array_equal(file.read([2, 1], WHOLE)[1], np.stack([values[0] != 5, values[1] != 3]))
    assert valid[2].all()


# masks and transparency


MASK = np.random.default_rng(5).random((9, 11)) < 0.6


@pytest.mark.parametrize("internal", [True, False])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_masks_inside_and_beside_a_file(make_raster, tmp_path, internal, dtype):
    path = make_raster("a.tif", numbers(dtype, 3), mask=MASK, internal_mask=internal)
    assert (tmp_path / "a.tif.msk").exists() != internal
    file, valid = require_same(path)
    assert file.has_mask
    np.testing.assert_array_equal(valid, np.broadcast_to(MASK, valid.shape))


def test_a_mask_and_nodata_both_count(make_raster):
    """GDAL looks at the mask alone; here what either leaves out is left out."""
    values = holes("uint8", 7)
    path = make_raster("a.tif", values, nodata=7, mask=MASK)
    _, valid = describe(path).read([1, 2], WHOLE)
    np.testing.assert_array_equal(valid, MASK & (values != 7))


COLORS = (ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha)


def transparent(dtype="uint8"):
    values = numbers(dtype, 4)
    values[3] = np.where(MASK, np.random.default_rng(6).integers(1, 256, MASK.shape), 0)
    return values


def test_a_transparency_band(make_raster):
    values = transparent()
    path = make_raster("a.tif", values, colorinterp=COLORS)
    file = describe(path)
    assert file.alpha == (4,)
    _, valid = file.read([1, 2, 3], WHOLE)
    with rasterio.open(path) as handle:
        np.testing.assert_array_equal(valid, handle.read_masks([1, 2, 3]) != 0)
    np.testing.assert_array_equal(valid, np.broadcast_to(MASK, valid.shape))


def test_a_transparency_band_asked_for_first_still_masks_the_others(make_raster):
    path = make_raster("a.tif", transparent(), colorinterp=COLORS)
    _, valid = describe(path).read([4, 1], WHOLE)
    np.testing.assert_array_equal(valid[1], MASK)


def test_transparency_and_nodata_both_count(make_raster):
    """GDAL looks at nodata alone; what is transparent is no data all the same."""
    values = transparent()
    values[:3][:, 0, :5] = 77
    path = make_raster("a.tif", values, colorinterp=COLORS, nodata=77)
    _, valid = describe(path).read([1, 2, 3], WHOLE)
    np.testing.assert_array_equal(valid, MASK & (values[:3] != 77))


# what a recipe says instead


def test_a_recipes_nodata_takes_the_place_of_the_files(make_raster):
    values = holes("int16", 3, 7)
    mosaic = with_nodata(whole_file(describe(make_raster("a.tif", values, nodata=7))), 3)
    found, valid = mosaic.read([1, 2], WHOLE)
    np.testing.assert_array_equal(found, values)
    np.testing.assert_array_equal(valid, values != 3)


def test_a_recipes_nodata_leaves_the_mask(make_raster):
    values = holes("int16", 3, 7)
    mosaic = with_nodata(whole_file(describe(make_raster("a.tif", values, nodata=7, mask=MASK))), 3)
    np.testing.assert_array_equal(mosaic.read([1, 2], WHOLE)[1], MASK & (values != 3))


@given(
    hnp.arrays(
        st.sampled_from(["uint8", "int16", "float32", "float64"]),
        12,
        elements=st.sampled_from([0, 1, 7, 100]),
    ),
    st.sampled_from([None, 0, 1, 7, 7.5, 300, -1, float("nan"), float("inf"), 1e300, -1e300]),
)
def test_is_data_never_warns_and_compares_in_the_values_own_type(values, nodata):
    valid = is_data(values, nodata)
    assert valid.dtype == bool
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(valid, np.ones(12, bool) if nodata is None else values != np.float64(nodata))


# windows


@settings(max_examples=25)
@given(st.data())
def test_windows_are_parts_of_the_whole(tmp_path_factory, data):
    folder = Path(tmp_path_factory.getbasetemp())
    path = folder / "windows.tif"
    if not path.exists():
        with rasterio.open(
            path, "w", driver="GTiff", width=100, height=70, count=2, dtype="uint16", crs="EPSG:32736",
            transform=Affine(10, 0, 5e5, 0, -10, 8e6), nodata=3, tiled=True, blockxsize=16, blockysize=16,
        ) as handle:  # fmt: skip
            handle.write(np.random.default_rng(1).integers(0, 9, (2, 70, 100)).astype("uint16"))
    row, col = data.draw(st.integers(0, 69)), data.draw(st.integers(0, 99))
    window = Window(
        row=row, col=col, rows=data.draw(st.integers(1, 70 - row)), cols=data.draw(st.integers(1, 100 - col))
    )
    require_same(path, window)


@pytest.mark.parametrize(
    "window",
    [
        Window(row=-1, col=0, rows=3, cols=3),
        Window(row=0, col=-3, rows=3, cols=3),
        Window(row=7, col=0, rows=3, cols=3),
        Window(row=0, col=9, rows=3, cols=3),
        Window(row=100, col=100, rows=3, cols=3),
        Window(row=0, col=0, rows=10**9, cols=1),
    ],
)
def test_a_window_beyond_the_file_is_an_error(make_raster, window):
    file = describe(make_raster("a.tif", numbers("uint8")))
    with pytest.raises(InputError, match=r"a\.tif: .*(outside|cannot be read)"):
        file.read([1], window)


# a file that is not what it was


def test_a_file_that_changes_while_it_is_read(make_raster):
    path = make_raster("a.tif", numbers("uint8"))
    file = describe(path)
    file.read([1], WHOLE)
    make_raster("a.tif", numbers("uint8", seed=9))
    os.utime(path, ns=(1, 1))
    with pytest.raises(StorageError, match=r"a\.tif: was changed") as caught:
        file.read([1], WHOLE)
    assert caught.value.exit_code == 4


def test_a_file_that_is_gone(make_raster):
    path = make_raster("a.tif", numbers("uint8"))
    file = describe(path)
    path.unlink()
    with pytest.raises(StorageError, match=r"a\.tif: was changed"):
        file.read([1], WHOLE)


def test_a_damaged_part_is_an_input_error_that_says_where(make_raster):
    path = make_raster("a.tif", np.random.default_rng(1).integers(0, 255, (1, 256, 256)).astype("uint8"),
                       tiled=True, blockxsize=64, blockysize=64, compress="deflate")  # fmt: skip
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 400] = bytes(400)
    path.write_bytes(data)
    file = describe(path)
    with pytest.raises(InputError, match=r"a\.tif: cannot be read at row 0, column 0"):
        file.read([1], Window(row=0, col=0, rows=256, cols=256))


# where it lies, and other formats


def test_a_world_file_places_a_raster_that_has_no_place_itself(make_raster, tmp_path):
    path = make_raster("a.tif", numbers("uint8"), transform=None)
    with pytest.raises(InputError, match="no position"):
        describe(path)
    (tmp_path / "a.tfw").write_text("10\n0\n0\n-10\n500005\n8599995\n")
    file, _ = require_same(path)
    assert file.grid.transform == Affine(10, 0, 500_000, 0, -10, 8_600_000)


def test_south_up(make_raster):
    transform = Affine(10, 0, 500_000, 0, 10, 8_000_000)
    file, _ = require_same(make_raster("a.tif", holes("uint8", 7), nodata=7, transform=transform))
    assert file.grid.transform == transform
    assert file.grid.bounds == (500_000, 8_000_000, 500_110, 8_000_090)


JP2 = {"QUALITY": "100", "REVERSIBLE": "YES"}


@pytest.mark.parametrize(
    ("name", "driver", "options", "dtype"),
    [
        *((name, driver, {}, dtype) for name, driver in (("a.dat", "ENVI"), ("a.img", "HFA"), ("a.img", "ENVI"))
          for dtype in ("uint8", "uint16", "int16", "float32")),
        *(("a.jp2", "JP2OpenJPEG", JP2, dtype) for dtype in ("uint8", "uint16", "int16")),
    ],
)  # fmt: skip
def test_other_formats(make_raster, name, driver, options, dtype):
    nodata = 7 if driver != "JP2OpenJPEG" else None
    values = holes(dtype, 7)
    path = make_raster(name, values, driver=driver, nodata=nodata, **options)
    file, valid = require_same(path)
    assert file.driver == driver
    np.testing.assert_array_equal(file.read([1, 2], WHOLE)[0], values)
    np.testing.assert_array_equal(valid, (values != 7) | (nodata is None))


def test_names_and_scale_come_from_the_file(make_raster):
    path = make_raster("a.tif", numbers("uint16", 3), descriptions=("red", "", "nir"), scales=(1e-4, 1e-4, 1e-4))
    file = describe(path)
    assert file.names == ("red", "b2", "nir")
    assert (file.scale, file.offset) == (1e-4, 0)
    assert file.dtypes == ("uint16",) * 3


def test_many_files_are_read_with_few_open(make_raster):
    files = [describe(make_raster(f"{i}.tif", np.full((4, 4), i, "uint8"))) for i in range(60)]
    before = open_files()
    window = Window(row=0, col=0, rows=4, cols=4)
    for _ in range(2):
        assert [int(file.read([1], window)[0].max()) for file in files] == list(range(60))
    assert open_files() <= before + 24


def open_files() -> int:
    """Files this process holds open, where the system tells."""
    descriptors = Path("/proc/self/fd")
    return len(list(descriptors.iterdir())) if descriptors.is_dir() else 0
