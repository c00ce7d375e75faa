"""netCDF and Zarr as images, beside what xarray itself reads from them."""

from __future__ import annotations

import json
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyproj
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.crs import CRS

from classify_local.errors import InputError, RefusedError, StorageError
from classify_local.grid import Window
from classify_local.storage.arrays import opening, sniff_arrays
from classify_local.storage.arrays.opening import close_arrays, open_arrays
from classify_local.storage.arrays.times import resolve_time
from classify_local.storage.composite import with_nodata

xr = pytest.importorskip("xarray")
pytest.importorskip("h5netcdf")
zarr = pytest.importorskip("zarr")
h5py = pytest.importorskip("h5py")

WKT = CRS.from_epsg(32736).to_wkt()
KINDS = ["cdf1", "cdf2", "nc4", "zarr2", "zarr3"]


@pytest.fixture(autouse=True)
def _no_open_files():
    close_arrays()
    yield
    close_arrays()


def places(shape, *, step=10.0, south_up=False):
    rows, cols = shape
    y = 8_600_000 - step / 2 - step * np.arange(rows)
    return {"y": y[::-1] if south_up else y, "x": 500_000 + step / 2 + step * np.arange(cols)}


def scene(variables, *, shape=(6, 8), crs=WKT, coords=None, **more):
    """A dataset over y and x (and what `more` coordinates name)."""
    found = dict(places(shape) if coords is None else coords) | more
    mapping = {} if crs is None else {"grid_mapping": "spatial_ref"}
    arrays = {
        name: (dims, values, {**attrs, **mapping}) for name, (dims, values, attrs) in variables.items()
    }  # fmt: skip
    dataset = xr.Dataset(arrays, coords=found)
    if crs is not None:
        dataset["spatial_ref"] = ((), np.int32(0), {"crs_wkt": crs, "grid_mapping_name": "transverse_mercator"})
    return dataset


def write(folder, dataset, kind):
    path = folder / f"scene.{'zarr' if 'zarr' in kind else 'nc'}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if "zarr" in kind:
            dataset.to_zarr(path, mode="w", zarr_format=int(kind[-1]), consolidated=False)
        elif kind == "nc4":
            dataset.to_netcdf(path, engine="h5netcdf")
        else:
            dataset.to_netcdf(path, engine="scipy", format={"cdf1": "NETCDF3_CLASSIC", "cdf2": "NETCDF3_64BIT"}[kind])
    return path


def numbers(shape, dtype="int16", seed=1, high=500):
    return np.random.default_rng(seed).integers(0, high, shape).astype(dtype)


RED = (("y", "x"), numbers((6, 8)), {"_FillValue": np.int16(3), "scale_factor": 1e-4, "add_offset": -0.1})
NIR = (("y", "x"), numbers((6, 8), seed=2), {"_FillValue": np.int16(3), "scale_factor": 1e-4, "add_offset": -0.1})


@pytest.mark.parametrize("kind", KINDS)
def test_variables_are_bands_with_their_stored_values(tmp_path, kind):
    path = write(tmp_path, scene({"red": RED, "nir": NIR}), kind)
    image = open_arrays(path)
    order = ("nir", "red") if "zarr" in kind else ("red", "nir")  # a folder has no order but that of names
    assert image.names == order
    assert image.dtypes == ("int16", "int16")
    assert (image.scale, image.offset) == (1e-4, -0.1)
    assert image.grid.transform == Affine(10, 0, 500_000, 0, -10, 8_600_000)
    assert image.grid.crs.to_epsg() == 32736
    values, valid = image.read([order.index("nir") + 1, order.index("red") + 1], image.grid.window)
    np.testing.assert_array_equal(values, [NIR[1], RED[1]])
    np.testing.assert_array_equal(valid, values != 3)
    assert all(path in (watched, *watched.parents) for watched in image.paths)
    assert image.files[0].driver == ("Zarr" if "zarr" in kind else "netCDF")
    assert with_nodata(image, None).read([1], image.grid.window)[1].all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "float64"])
def test_types(tmp_path, kind, dtype):
    if "cdf" in kind and dtype.startswith("uint"):
        pytest.skip("netCDF-3 has no unsigned numbers but by an attribute")
    values = numbers((6, 8), dtype)
    image = open_arrays(write(tmp_path, scene({"a": (("y", "x"), values, {})}), kind))
    found, valid = image.read([1], image.grid.window)
    assert image.dtypes == (dtype,) == (found.dtype,)
    np.testing.assert_array_equal(found[0], values)
    assert valid.all()


@settings(max_examples=20)
@given(st.sampled_from(KINDS), st.integers(1, 3), st.data())
def test_any_window_is_that_of_the_array(tmp_path_factory, kind, count, data):
    values = numbers((count, 7, 9))
    dataset = scene({"a": (("band", "y", "x"), values, {"_FillValue": np.int16(7)})}, shape=(7, 9))
    image = open_arrays(write(tmp_path_factory.mktemp("arrays"), dataset, kind))
    window = Window(
        row=data.draw(st.integers(-4, 9)), col=data.draw(st.integers(-4, 11)),
        rows=data.draw(st.integers(0, 14)), cols=data.draw(st.integers(0, 14)),
    )  # fmt: skip
    bands = data.draw(st.lists(st.integers(1, count), min_size=1, max_size=3))
    found, valid = image.read(bands, window)
    inside = window.intersection(image.grid.window)
    cut, source = inside.slices_in(window), inside.slices_in(image.grid.window)
    for i, band in enumerate(bands):
        known = np.zeros(window.shape, bool)
        known[cut] = values[band - 1][source] != 7
        np.testing.assert_array_equal(valid[i], known)
        np.testing.assert_array_equal(found[i][known], values[band - 1][source][known[cut]])


@pytest.mark.parametrize(
    ("variables", "more", "expected"),
    [
        ({"a": (("band", "y", "x"), 2, {})}, {"band": ["red", "nir"]}, ("red", "nir")),
        ({"a": (("band", "y", "x"), 2, {})}, {"band": [4, 8]}, ("b4", "b8")),
        ({"a": (("band", "y", "x"), 2, {})}, {}, ("b1", "b2")),
        ({"a": (("band", "y", "x"), 1, {})}, {"band": [1]}, ("a",)),
        ({"a": (("y", "x", "band"), 2, {})}, {"band": ["red", "nir"]}, ("red", "nir")),
        (
            {"a": (("band", "y", "x"), 2, {}), "b": (("band", "y", "x"), 2, {})}, {"band": ["u", "v"]},
            ("a_u", "a_v", "b_u", "b_v"),
        ),
        ({"a": (("band", "y", "x"), 2, {}), "b": (("y", "x"), 0, {})}, {"band": [1, 2]}, ("a_1", "a_2", "b")),
        ({"a": (("band", "y", "x"), 2, {"long_name": ["blue", "green"]})}, {"band": [1, 2]}, ("blue", "green")),
    ],
)  # fmt: skip
def test_names_of_bands(tmp_path, variables, more, expected):
    sizes = {"y": 6, "x": 8, "band": max(count for _, count, _ in variables.values())}
    arrays = {
        name: (dims, numbers([sizes[dim] for dim in dims], seed=i), attrs)
        for i, (name, (dims, _, attrs)) in enumerate(variables.items())
    }  # fmt: skip
    image = open_arrays(write(tmp_path, scene(arrays, **more), "nc4"))
    assert image.names == expected
    first = arrays["a"][1]
    if first.ndim == 3:
        first = first if arrays["a"][0][0] == "band" else np.moveaxis(first, 2, 0)
        found, _ = image.read(range(1, len(first) + 1), image.grid.window)
        np.testing.assert_array_equal(found, first)


@pytest.mark.parametrize("dims", [("x", "y"), ("y", "x")])
@pytest.mark.parametrize("south_up", [True, False])
def test_order_and_direction_of_the_axes(tmp_path, dims, south_up):
    values = numbers((6, 8))
    stored = values if dims[0] == "y" else values.T
    dataset = scene({"a": (dims, stored, {})}, coords=places((6, 8), south_up=south_up))
    image = open_arrays(write(tmp_path, dataset, "nc4"))
    np.testing.assert_array_equal(image.read([1], image.grid.window)[0][0], values)
    assert image.grid.transform.e == (10 if south_up else -10)
    assert image.grid.bounds == (500_000, 8_599_940, 500_080, 8_600_000)


def test_degrees_without_a_reference_system_are_those_of_wgs84(tmp_path):
    coords = {
        "lat": ("lat", np.linspace(1, -1, 6).astype("float32"), {"units": "degrees_north"}),
        "lon": ("lon", np.linspace(30, 32, 8).astype("float32"), {"units": "degrees_east"}),
    }
    image = open_arrays(
        write(tmp_path, scene({"a": (("lat", "lon"), numbers((6, 8)), {})}, crs=None, coords=coords), "nc4")
    )
    assert image.grid.crs.to_epsg() == 4326
    assert image.grid.transform.a == pytest.approx(2 / 7, abs=1e-6)


def test_a_reference_system_in_parameters_of_cf(tmp_path):
    dataset = scene({"a": (("y", "x"), numbers((6, 8)), {})})
    dataset["spatial_ref"].attrs = {
        key: value for key, value in pyproj.CRS.from_epsg(32736).to_cf().items() if key != "crs_wkt"
    }
    image = open_arrays(write(tmp_path, dataset, "nc4"))
    assert image.grid.crs.linear_units == "metre"


@pytest.mark.parametrize(
    ("attributes", "values", "valid"),
    [
        ({"missing_value": np.int16(5)}, [5, 6], [False, True]),
        ({"_FillValue": np.int16(5), "missing_value": np.array([6, 7], "int16")}, [5, 6, 7, 8], [0, 0, 0, 1]),
        ({"valid_range": np.array([2, 9], "int16")}, [1, 2, 9, 10], [0, 1, 1, 0]),
        ({"valid_min": np.int16(2)}, [1, 2, 30000], [0, 1, 1]),
        ({"valid_max": np.int16(2)}, [-1, 2, 3], [1, 1, 0]),
        ({}, [0, -32767, 32767], [1, 1, 1]),
    ],
)
def test_what_is_no_data(tmp_path, attributes, values, valid):
    array = np.array([values] * 2, "int16")
    dataset = scene({"a": (("y", "x"), array, attributes)}, shape=array.shape)
    image = open_arrays(write(tmp_path, dataset, "cdf1"))
    np.testing.assert_array_equal(image.read([1], image.grid.window)[1][0], np.array([valid] * 2, bool))


def test_real_numbers_that_were_never_written_are_no_data(tmp_path):
    array = np.array([[1, np.nan, 9.969209968386869e36, np.inf]] * 2, "float32")
    dataset = scene({"a": (("y", "x"), array, {})}, shape=array.shape)
    dataset["a"].encoding["_FillValue"] = None
    image = open_arrays(write(tmp_path, dataset, "nc4"))
    assert image.read([1], image.grid.window)[1][0].tolist() == [[True, False, False, False]] * 2


def test_unsigned_bytes_of_netcdf_3(tmp_path):
    array = np.array([[0, 127, -128, -1]] * 2, "int8")
    dataset = scene({"a": (("y", "x"), array, {"_Unsigned": "true", "_FillValue": np.int8(-1)})}, shape=array.shape)
    image = open_arrays(write(tmp_path, dataset, "cdf1"))
    found, valid = image.read([1], image.grid.window)
    assert image.dtypes == ("uint8",)
    assert found[0, 0].tolist() == [0, 127, 128, 255]
    assert valid[0, 0].tolist() == [True, True, True, False]


def test_bands_of_several_scales_have_none_in_common(tmp_path):
    quality = (("y", "x"), numbers((6, 8), "uint8"), {})
    image = open_arrays(write(tmp_path, scene({"red": RED, "scl": quality}), "nc4"))
    assert (image.scale, image.reflectances) == (1e-4, ((1e-4, -0.1), None))
    other = (("y", "x"), numbers((6, 8)), {"scale_factor": 0.01})
    image = open_arrays(write(tmp_path / "b", scene({"red": RED, "lst": other}), "zarr2"))
    assert (image.scale, image.reflectances) == (None, ((0.01, 0.0), (1e-4, -0.1)))


# time


def times(count, **options):
    values = numbers((count, 6, 8))
    dates = np.array("2021-07-01", "datetime64[ns]") + np.arange(count) * np.timedelta64(5, "D")
    return values, scene({"a": (("time", "y", "x"), values, {})}, time=dates, **options)


@pytest.mark.parametrize("kind", KINDS)
def test_one_of_several_dates_is_taken(tmp_path, kind):
    values, dataset = times(4)
    path = write(tmp_path, dataset, kind)
    image = open_arrays(path, time="2021-07-06")
    assert image.names == ("a",)
    np.testing.assert_array_equal(image.read([1], image.grid.window)[0][0], values[1])
    with pytest.raises(InputError, match=r"holds 4 dates \(2021-07-01, .*, 2021-07-16\); .* time: 2021-07-01"):
        open_arrays(path)
    with pytest.raises(InputError, match=r"has no date '2021-08-06'; it has 2021-07-01"):
        open_arrays(path, time="2021-08-06")
    with pytest.raises(InputError, match=r"time '2021-07' means 4 dates"):
        open_arrays(path, time="2021-07")


def test_a_single_date_needs_no_choice(tmp_path):
    values, dataset = times(1)
    image = open_arrays(write(tmp_path, dataset, "nc4"))
    np.testing.assert_array_equal(image.read([1], image.grid.window)[0], values)
    close_arrays()
    with pytest.raises(InputError, match="has no time axis"):
        open_arrays(write(tmp_path / "b", scene({"red": RED}), "zarr2"), time="2021")


def test_time_and_bands(tmp_path):
    values = numbers((3, 2, 6, 8))
    dates = np.array(["2021-07-01", "2021-07-06", "2021-08-01"], "datetime64[ns]")
    dataset = scene({"a": (("time", "band", "y", "x"), values, {})}, time=dates, band=["red", "nir"])
    image = open_arrays(write(tmp_path, dataset, "nc4"), time="2021-08")
    assert image.names == ("red", "nir")
    np.testing.assert_array_equal(image.read([1, 2], image.grid.window)[0], values[2])


@pytest.mark.parametrize(
    ("dates", "wanted", "expected"),
    [
        (["2021-07-01"], None, 0),
        (["2021-07-01", "2021-07-06"], "2021-07-06", 1),
        (["2021-07-01T10:00:00", "2021-07-01T22:00:00"], "2021-07-01 22:00:00", 1),
        (["2021-07-01T10:00:00", "2021-07-06T10:00:00"], "2021-07-06", 1),
        (["2021-07-01T10:00:00", "2021-07-06T10:00:00"], "2021-07-06T10:00:00Z", 1),
        (["2021", "2021-07"], "2021", 0),
    ],
)
def test_which_date_is_meant(dates, wanted, expected):
    assert resolve_time(dates, wanted, "x") == expected


@pytest.mark.parametrize("wanted", ["", "  ", "July", "2022"])
def test_dates_that_are_none(wanted):
    with pytest.raises(InputError, match="has no date"):
        resolve_time(["2021-07-01", "2021-07-06"], wanted, "x")


# what is not read


def irregular():
    coords = places((6, 8))
    coords["x"] = coords["x"] + np.arange(8) ** 2
    return scene({"a": (("y", "x"), numbers((6, 8)), {})}, coords=coords)


def curvilinear():
    dims = ("j", "i")
    coords = {"lat": (dims, np.random.default_rng(1).random((6, 8))), "lon": (dims, np.zeros((6, 8)))}
    return scene({"a": (dims, numbers((6, 8)), {})}, coords=coords)


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (irregular, InputError, "its coordinates 'x' are not at equal distances"),
        (curvilinear, InputError, "holds no variable over y and x in numbers; it has a"),
        (
            lambda: scene({"a": (("y", "x"), numbers((6, 8)), {})}, crs=None), InputError,
            r"has no coordinate reference system \(grid_mapping\)",
        ),
        (
            lambda: scene({"a": (("y", "x"), numbers((6, 8)), {})}, crs="https://evil/crs"), RefusedError,
            "as an address, which is never opened",
        ),
        (
            lambda: scene({"a": (("y", "x"), numbers((6, 8)), {})}, crs="/etc/passwd"), InputError,
            "unknown reference system '/etc/passwd'",
        ),
        (
            lambda: scene({"a": (("y", "x"), numbers((6, 1)), {})}, shape=(6, 1)), InputError,
            "has no coordinates in one dimension along 'x'",
        ),
        (
            lambda: scene({"a": (("u", "v", "y", "x"), numbers((2, 2, 6, 8)), {})}), InputError,
            "a have several dimensions besides time, y and x",
        ),
        (
            lambda: scene({"a": (("band", "y", "x"), numbers((2, 6, 8)), {})}, band=["b", "b"]), InputError,
            "several bands are called b",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("store", ["nc4", "zarr2"])
def test_what_is_no_image(tmp_path, make, kind, words, store):
    path = write(tmp_path, make(), store)
    with pytest.raises(kind, match=words) as caught:
        open_arrays(path)
    assert len(caught.value.problems) == 1
    assert str(caught.value).startswith(f"{path}: ")


def test_what_is_no_array_store(tmp_path, make_raster):
    path = make_raster("a.tif", numbers((4, 4)))
    (tmp_path / "x.nc").write_text("CDFnot")
    for other in (path, tmp_path, tmp_path / "x.nc", tmp_path / "missing"):
        assert sniff_arrays(other) is None
        assert open_arrays(other) is None


def read_all(path):
    image = open_arrays(path)
    return image.read([1, 2], image.grid.window)


@pytest.mark.parametrize("cut", [8, 40, 300, 2000])
def test_files_that_were_cut_short(tmp_path, cut):
    for kind in ("cdf1", "nc4"):
        folder = tmp_path / kind
        folder.mkdir()
        path = write(folder, scene({"red": RED, "nir": NIR}), kind)
        content = path.read_bytes()
        path.write_bytes(content[: min(cut, len(content) - 50)])
        close_arrays()
        with pytest.raises(InputError) as caught:
            read_all(path)
        assert "\n" not in caught.value.problems[0]


def test_netcdf_of_64_bit_data_is_named(tmp_path):
    (tmp_path / "x.nc").write_bytes(b"CDF\x05" + b"\0" * 40)
    with pytest.raises(InputError, match="nccopy -k nc4"):
        open_arrays(tmp_path / "x.nc")


def test_a_missing_library_is_named(tmp_path, monkeypatch):
    path = write(tmp_path, scene({"red": RED}), "zarr2")
    monkeypatch.setattr(opening.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"is Zarr, which needs zarr; .* pip install 'classify_local\[arrays\]'"):
        open_arrays(path)


def test_a_file_that_changes_is_an_error(tmp_path):
    path = write(tmp_path, scene({"red": RED}), "nc4")
    image = open_arrays(path)
    with path.open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(StorageError, match="was changed"):
        image.read([1], image.grid.window)


# hostile stores


def secret(tmp_path):
    path = tmp_path / "secret"
    path.write_bytes(b"x" * 1000)
    return path


def external_link(file, tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["a"] = numbers((6, 8))
    file["stolen"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/a")


def external_storage(file, tmp_path):
    file.create_dataset("stolen", (6, 8), "u1", external=[(str(secret(tmp_path)), 0, 48)])


def virtual(file, tmp_path):
    layout = h5py.VirtualLayout((6, 8), "u1")
    layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "a", (6, 8), "u1")
    file.create_virtual_dataset("stolen", layout)


@pytest.mark.parametrize("harm", [external_link, external_storage, virtual])
def test_hdf5_that_leads_to_other_files_is_refused(tmp_path, harm):
    path = write(tmp_path, scene({"red": RED}), "nc4")
    with h5py.File(path, "a") as file:
        harm(file, tmp_path)
    with pytest.raises(RefusedError, match="another file"):
        open_arrays(path)


def test_pieces_too_large_to_unpack_are_refused(tmp_path):
    path = write(tmp_path, scene({"red": RED}), "nc4")
    with h5py.File(path, "a") as file:
        file.create_dataset("big", (100_000, 100_000), "u1", chunks=(50_000, 50_000))
    with pytest.raises(InputError, match=r"'big' is packed in pieces of 2,500 MB"):
        open_arrays(path)


def changed(path, mark, **changes):
    text = json.loads((path / mark).read_text())
    (path / mark).write_text(json.dumps(text | changes))


@pytest.mark.parametrize(
    ("kind", "mark", "changes", "error", "words"),
    [
        ("zarr2", "red/.zarray", {"dtype": "|O", "filters": [{"id": "pickle"}]}, RefusedError, "objects or records"),
        ("zarr2", "red/.zarray", {"filters": [{"id": "pickle", "protocol": 5}]}, RefusedError, "packed by pickle"),
        ("zarr2", "red/.zarray", {"compressor": {"id": "json2"}}, RefusedError, "packed by json2"),
        ("zarr2", "red/.zarray", {"dtype": [["a", "<i2"]]}, RefusedError, "objects or records"),
        ("zarr2", "red/.zarray", {"chunks": [10**6, 10**6]}, InputError, "packed in pieces of 2,000,000 MB"),
        ("zarr2", "red/.zarray", {"shape": ["a"]}, InputError, "has no shape in whole numbers"),
        ("zarr2", "x/.zarray", {"shape": [10**12]}, InputError, "'x' claims 1,000,000,000,000 numbers"),
        ("zarr3", "red/zarr.json", {"data_type": "object"}, RefusedError, "objects or records"),
        ("zarr3", "red/zarr.json", {"codecs": [{"name": "numcodecs.pickle"}]}, RefusedError, "packed by numcodecs"),
        (
            "zarr3", "red/zarr.json",
            {"codecs": [{"name": "sharding_indexed", "configuration": {"codecs": [{"name": "numcodecs.pickle"}]}}]},
            RefusedError, "packed by numcodecs.pickle",
        ),
        ("zarr3", "red/zarr.json", {"storage_transformers": [{"name": "x"}]}, RefusedError, "storage transformer"),
    ],
)  # fmt: skip
def test_hostile_zarr_is_refused_before_it_is_opened(tmp_path, monkeypatch, kind, mark, changes, error, words):
    path = write(tmp_path, scene({"red": RED}), kind)
    changed(path, mark, **changes)
    monkeypatch.setattr(opening.xr, "open_dataset", None)
    with pytest.raises(error, match=words):
        open_arrays(path)


@pytest.mark.parametrize("text", ["{", "[]", "[" * 100_000, "\0"])
def test_broken_metadata_of_zarr(tmp_path, text):
    path = write(tmp_path, scene({"red": RED}), "zarr2")
    (path / "red" / ".zarray").write_text(text)
    with pytest.raises(InputError, match=r"red/\.zarray: "):
        open_arrays(path)


def test_a_damaged_chunk_is_named(tmp_path):
    path = write(tmp_path, scene({"red": RED}), "zarr2")
    (path / "red" / "0.0").write_bytes(b"damaged")
    image = open_arrays(path)
    with pytest.raises(InputError, match=r"red cannot be read at row 0, column 0"):
        image.read([1], image.grid.window)


def test_claims_of_more_pixels_than_there_are(tmp_path):
    path = write(tmp_path, scene({"red": RED}), "zarr2")
    for name, shape in (("red", [2**31, 2**31]),):
        changed(path, f"{name}/.zarray", shape=shape)
    with pytest.raises(InputError):
        open_arrays(path)


# how it reads


@pytest.mark.parametrize("kind", KINDS)
def test_threads_read_the_same(tmp_path, kind):
    values = numbers((200, 200))
    image = open_arrays(write(tmp_path, scene({"a": (("y", "x"), values, {})}, shape=(200, 200)), kind))
    windows = [Window(row=row, col=col, rows=40, cols=40) for row in range(0, 200, 20) for col in range(0, 200, 20)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda window: image.read([1], window)[0][0], windows))
    for window, part in zip(windows, found, strict=True):
        inside = window.intersection(image.grid.window)
        np.testing.assert_array_equal(part[inside.slices_in(window)], values[inside.slices_in(image.grid.window)])


def test_a_window_reads_only_the_chunks_it_meets(tmp_path):
    values = numbers((40, 40))
    path = write(tmp_path, scene({"a": (("y", "x"), values, {})}, shape=(40, 40)).chunk(10), "zarr2")
    image = open_arrays(path)
    for chunk in (path / "a").glob("[0-9]*"):
        if chunk.name != "1.2":
            chunk.write_bytes(b"damaged")
    window = Window(row=10, col=20, rows=10, cols=10)
    np.testing.assert_array_equal(image.read([1], window)[0][0], values[10:20, 20:30])
