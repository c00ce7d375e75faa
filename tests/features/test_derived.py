"""Derived bands in a stack: names, order and values, against plain formulas on real and random images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from classify_local import InputError, api, open_stack
from classify_local.checking import look

NAMES = ("blue", "green", "red", "nir", "swir1", "swir2")


def stack_of(path: Path, **image):
    return open_stack({"images": [{"path": str(path), **image}]})


def band(block, stack, name: str) -> np.ndarray:
    return block.features[stack.names.index(name)]


def plain(data: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Formulas of the indexes written out again, on reflectance, in float64; division by zero is 0."""

    def div(a, b):
        return np.divide(a, b, out=np.zeros_like(a), where=b != 0)

    blue, green, red, nir, swir1, swir2 = (data[name] for name in NAMES)
    ndvi, savi = div(nir - red, nir + red), div(1.5 * (nir - red), nir + red + 0.5)
    ndbi, mndwi = div(swir1 - nir, swir1 + nir), div(green - swir1, green + swir1)
    mean = (savi + mndwi) / 2
    k = np.exp(-((nir - red) ** 2) / (2 * 0.2**2))
    return {
        "ndvi": ndvi, "ndmi": div(nir - swir1, nir + swir1), "ndwi": div(green - nir, green + nir), "mndwi": mndwi,
        "evi": div(2.5 * (nir - red), nir + 6 * red - 7.5 * blue + 1),
        "evi2": div(2.5 * (nir - red), nir + 2.4 * red + 1), "savi": savi, "nbr": div(nir - swir2, nir + swir2),
        "mvi": np.clip(div(0.1 * (nir - green), np.abs(swir1 - green)), -1, 1),
        "ui": div(swir2 - nir, swir2 + nir), "ndbi": ndbi, "ibi": div(ndbi - mean, ndbi + mean),
        "nbi": div(red * swir1, nir), "bui": div(red - swir1, red + swir1) + div(swir2 - swir1, swir2 + swir1),
        "kndvi": (1 - k) / (1 + k),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("scene", "scale", "offset"), [("chiapas_landsat7", 1e-4, 0.0), ("nc_landsat7", 1 / 400, 0.01)]
)
def test_every_index_equals_the_plain_formula(real_data: Path, scene: str, scale: float, offset: float) -> None:
    image = real_data / scene / "image.tif"
    names = list(plain({name: np.ones(1) for name in NAMES}))
    stack = stack_of(image, bands=["red"], reflectance={"scale": scale, "offset": offset}, derived=[{"indexes": names}])
    block = stack.read(stack.grid.window)
    with rasterio.open(image) as handle:
        data = {name: handle.read(i + 1).astype(float) * scale + offset for i, name in enumerate(NAMES)}
    for name, expected in plain(data).items():
        found = band(block, stack, name)[block.valid]
        np.testing.assert_allclose(found, expected[block.valid], rtol=1e-6, atol=1e-6, err_msg=name)


def test_every_operation_equals_the_plain_formula(real_data: Path) -> None:
    image = real_data / "nc_landsat7" / "image.tif"
    operations = ["ratio", "normalized_difference", "difference", "distance", "angle"]
    stack = stack_of(image, bands=["nir"], derived=[{name: ["swir1", "red", "nir"]} for name in operations])
    block = stack.read(stack.grid.window)
    with rasterio.open(image) as handle:
        red, nir, swir1 = (handle.read(i).astype(float)[block.valid] for i in (3, 4, 5))
    formulas = {
        "ratio": lambda a, b: np.divide(a, b, out=np.zeros_like(a), where=b != 0),
        "normalized_difference": lambda a, b: np.divide(a - b, a + b, out=np.zeros_like(a), where=a + b != 0),
        "difference": lambda a, b: a - b,
        "distance": np.hypot,
        "angle": lambda a, b: np.arctan2(b, a) / np.pi,
    }
    assert stack.names[1:4] == ("red_nir_ratio", "red_swir1_ratio", "nir_swir1_ratio")
    for operation, formula in formulas.items():
        for (one, a), (two, b) in ((("red", red), ("nir", nir)), (("red", red), ("swir1", swir1))):
            found = band(block, stack, f"{one}_{two}_{operation}")[block.valid]
            np.testing.assert_allclose(found, formula(a, b), rtol=1e-6, atol=1e-6, err_msg=operation)


def write(path: Path, data: np.ndarray, names=NAMES, nodata=None) -> Path:
    profile = {
        "driver": "GTiff", "count": len(data), "height": data.shape[1], "width": data.shape[2], "dtype": data.dtype,
        "crs": "EPSG:32736", "transform": Affine(10, 0, 5e5, 0, -10, 8.5e6), "nodata": nodata,
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as handle:
        handle.write(data)
        handle.descriptions = names[: len(data)]
    return path


def test_random_values_with_zeros_nodata_and_negatives(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    data = rng.integers(-3000, 12000, (6, 40, 50)).astype(np.int16)
    data[:, rng.random((40, 50)) < 0.1] = 0
    data[:, ::7, ::5] = -9999
    data[3, 5] = data[2, 5]
    stack = stack_of(
        write(tmp_path / "a.tif", data, nodata=-9999),
        derived=[{"indexes": ["ndvi", "evi", "ibi", "mvi"]}, {"normalized_difference": ["red", "nir"]}],
    )
    block = stack.read(stack.grid.window)
    expected = plain({name: data[i].astype(float) * 1e-4 for i, name in enumerate(NAMES)})
    np.testing.assert_array_equal(block.valid, (data != -9999).all(axis=0))
    for name in ("ndvi", "evi", "ibi", "mvi"):
        found = band(block, stack, name)[block.valid]
        np.testing.assert_allclose(found, expected[name][block.valid], rtol=1e-5, atol=1e-6)
        assert np.isfinite(found).all()


def test_an_input_that_is_not_selected_still_masks(tmp_path: Path) -> None:
    data = np.full((6, 10, 10), 2000, dtype=np.uint16)
    data[3, 2, 3] = 0
    stack = stack_of(write(tmp_path / "a.tif", data, nodata=0), bands=["blue"], derived=[{"indexes": ["ndvi"]}])
    assert stack.names == ("blue", "ndvi")
    assert stack.layers == ("blue", "red", "nir")
    block = stack.read(stack.grid.window)
    assert not block.valid[2, 3]
    assert block.valid.sum() == 99


def test_a_value_beyond_float32_makes_its_pixel_invalid(tmp_path: Path) -> None:
    data = np.full((6, 4, 4), 0.3, dtype=np.float32)
    data[2, 1, 1], data[3, 1, 1] = 3e38, 1e-38
    stack = stack_of(write(tmp_path / "a.tif", data), derived=[{"ratio": ["red", "nir"]}])
    block = stack.read(stack.grid.window)
    assert not block.valid[1, 1]
    assert block.valid.sum() == 15
    assert stack.layers[-1].startswith("derived bands of")


@pytest.mark.parametrize(
    ("derived", "said"),
    [
        ([{"ratio": ["red", "tir"]}], r"ratio needs the band 'tir'.*it has blue, green"),
        ([{"indexes": ["ebbi"]}], r"ebbi needs the band 'thermal'"),
        ([{"indexes": ["ndvi"]}, {"angle": ["brightness", "wetness"]}], r"angle needs the band 'brightness'"),
    ],
)
def test_a_missing_input_is_named(tmp_path: Path, derived: list, said: str) -> None:
    path = write(tmp_path / "a.tif", np.ones((6, 4, 4), dtype=np.uint16))
    with pytest.raises(InputError, match=said):
        stack_of(path, derived=derived)


def test_a_band_and_an_index_of_one_name_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", np.ones((4, 4, 4), dtype=np.uint16), ("red", "nir", "ndvi", "blue"))
    with pytest.raises(InputError, match="ndvi is selected as a band and asked for as a derived band"):
        stack_of(path, derived=[{"indexes": ["ndvi"]}])


def test_profiles(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", np.ones((6, 4, 4), dtype=np.uint16))
    simple = stack_of(path, derived={"profile": "simple"})
    assert simple.names[:5] == ("red", "nir", "swir1", "swir2", "red_nir_ratio")
    assert len(simple.names) == 4 + 6
    rlcms = stack_of(path, derived={"profile": "rlcms"})
    assert rlcms.names[:6] == NAMES
    assert rlcms.names[-5:] == ("nir_swir1_ratio", "red_swir1_ratio", "evi", "savi", "ibi")
    assert len(rlcms.names) == 6 + 15 + 2 + 3


def test_the_same_band_asked_for_twice_is_made_once(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", np.ones((6, 4, 4), dtype=np.uint16))
    stack = stack_of(path, bands=["red"], derived=[{"ratio": ["red", "nir"]}, {"ratio": ["nir", "red", "blue"]}])
    assert stack.names == ("red", "red_nir_ratio", "blue_red_ratio", "blue_nir_ratio")


def test_check_warns_of_a_wrong_scale(tmp_path: Path) -> None:
    data = np.random.default_rng(1).integers(200, 6000, (6, 60, 60)).astype(np.uint16)
    path = write(tmp_path / "a.tif", data)

    def notes(**image) -> str:
        return "\n".join(api.check({"images": [{"path": str(path), **image}]}, out=tmp_path).notes)

    indexes = [{"indexes": ["evi", "savi"]}]
    assert "is not from 0 to 1" in notes(derived=indexes, reflectance={"scale": 1})
    assert "is not from 0 to 1" in notes(derived=indexes, reflectance={"scale": 1e-8})
    assert "reflectance" not in notes(derived=indexes)


def test_an_index_outside_its_range_is_counted(tmp_path: Path) -> None:
    data = np.full((6, 20, 20), 3000, dtype=np.int16)
    data[2] = -2900
    stack = stack_of(write(tmp_path / "a.tif", data), derived=[{"indexes": ["ndvi"]}])
    assert look(stack).outside["ndvi"] == 400
    notes = api.check({"images": [{"path": str(tmp_path / "a.tif"), "derived": [{"indexes": ["ndvi"]}]}]}).notes
    assert any("ndvi lies outside its possible range in 100 %" in note for note in notes)


def test_neutral_tags_of_a_vrt_are_no_tags(tmp_path: Path) -> None:
    data = np.random.default_rng(3).integers(200, 6000, (6, 10, 10)).astype(np.uint16)
    plain_file = write(tmp_path / "a.tif", data)
    sources = "".join(
        f'<VRTRasterBand dataType="UInt16" band="{i}"><Description>{name}</Description><Offset>0</Offset>'
        f'<Scale>1</Scale><SimpleSource><SourceFilename relativeToVRT="1">a.tif</SourceFilename><SourceBand>{i}'
        '</SourceBand><SrcRect xOff="0" yOff="0" xSize="10" ySize="10"/><DstRect xOff="0" yOff="0" xSize="10" '
        'ySize="10"/></SimpleSource></VRTRasterBand>'
        for i, name in enumerate(NAMES, 1)
    )
    (tmp_path / "a.vrt").write_text(
        '<VRTDataset rasterXSize="10" rasterYSize="10"><SRS>EPSG:32736</SRS>'
        f"<GeoTransform>500000, 10, 0, 8500000, 0, -10</GeoTransform>{sources}</VRTDataset>"
    )
    one, two = (stack_of(path, derived=[{"indexes": ["savi"]}]) for path in (plain_file, tmp_path / "a.vrt"))
    window = one.grid.window
    np.testing.assert_array_equal(one.read(window).features, two.read(window).features)


def test_tiles_stored_in_another_way_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.tif", np.full((6, 5, 5), 3000, dtype=np.uint16))
    write(tmp_path / "b.tif", np.full((6, 5, 5), 0.3, dtype=np.float32))
    with pytest.raises(InputError, match=r"b\.tif: holds float32, a\.tif holds uint16; tiles of one image"):
        open_stack({"images": [{"path": [str(tmp_path / "a.tif"), str(tmp_path / "b.tif")]}]})


def test_a_quality_value_to_keep_may_be_the_files_nodata(tmp_path: Path) -> None:
    data = np.full((6, 4, 4), 2000, dtype=np.uint16)
    data[5] = np.arange(16).reshape(4, 4) % 2  # 0 is clear, 1 is cloud
    path = write(tmp_path / "a.tif", data, (*NAMES[:5], "qa"), nodata=0)
    stack = stack_of(path, bands=["red", "nir"], mask={"band": "qa", "keep": [0]})
    np.testing.assert_array_equal(stack.read(stack.grid.window).valid, data[5] == 0)
