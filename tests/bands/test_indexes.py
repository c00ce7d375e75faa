import math

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from classify_local.bands.indexes import (
    INDEXES,
    RUN,
    available_indexes,
    fill_indexes,
    index_bands,
    index_problems,
)
from classify_local.bands.unmixing import ENDMEMBERS, unmix
from classify_local.errors import InputError

BANDS = ["blue", "green", "red", "nir", "swir1", "swir2", "thermal"]


def over(a, b):
    return a / b if b else 0.0


def expected(blue, green, red, nir, swir1, swir2, thermal):
    """SEPAL's formulas in Python's own floats, for one pixel; NDFI has a test of its own."""
    ndbi = over(swir1 - nir, swir1 + nir)
    savi = over(1.5 * (nir - red), nir + red + 0.5)
    mndwi = over(green - swir1, green + swir1)
    k = math.exp(-((nir - red) ** 2) / (2 * 0.2**2))
    return {
        "ndvi": over(nir - red, nir + red),
        "ndmi": over(nir - swir1, nir + swir1),
        "ndwi": over(green - nir, green + nir),
        "mndwi": mndwi,
        "evi": over(2.5 * (nir - red), nir + 6 * red - 7.5 * blue + 1),
        "evi2": over(2.5 * (nir - red), nir + 2.4 * red + 1),
        "savi": savi,
        "nbr": over(nir - swir2, nir + swir2),
        "mvi": max(-1, min(1, over(0.1 * (nir - green), abs(swir1 - green)))),
        "ui": over(swir2 - nir, swir2 + nir),
        "ndbi": ndbi,
        "ibi": over(ndbi - (savi + mndwi) / 2, ndbi + (savi + mndwi) / 2),
        "nbi": over(red * swir1, nir),
        "ebbi": over(swir1 - nir, 10 * math.sqrt(max(swir1 + thermal, 0))),
        "bui": over(red - swir1, red + swir1) + over(swir2 - swir1, swir2 + swir1),
        "kndvi": (1 - k) / (1 + k),
    }


def test_the_table_is_sepals():
    assert " ".join(INDEXES) == ("ndvi ndmi ndwi mndwi evi evi2 savi nbr mvi ui ndbi ibi nbi ebbi bui ndfi kndvi")
    assert all(name == spec.name for name, spec in INDEXES.items())
    assert all(set(spec.inputs) <= set(BANDS) for spec in INDEXES.values())


def test_ebbi_needs_no_swir2():
    assert "ebbi" in available_indexes(["nir", "swir1", "thermal"])


@pytest.mark.parametrize(
    ("bands", "names"),
    [
        ([], ()),
        (["red", "nir"], ("ndvi", "evi2", "savi", "kndvi")),
        (["nir", "red"], ("ndvi", "evi2", "savi", "kndvi")),
        (["green", "nir"], ("ndwi",)),
        (BANDS[:6], tuple(name for name in INDEXES if name != "ebbi")),
        (BANDS, tuple(INDEXES)),
    ],
)
def test_available(bands, names):
    assert available_indexes(bands) == names


def test_a_missing_band_is_named_with_its_index():
    with pytest.raises(InputError) as error:
        index_bands(np.ones((2, 3), np.int16), ["red", "nir"], ["ndvi", "evi", "ndmi"], scale=1e-4, offset=0)
    evi, ndmi = error.value.problems
    assert "index evi needs the band 'blue'" in evi
    assert "index ndmi needs the band 'swir1'" in ndmi
    assert "red, nir" in evi


def test_an_unknown_index_names_the_nearest():
    (problem,) = index_problems(["NDVI"], BANDS)
    assert "no index 'NDVI'; did you mean 'ndvi'?" in problem


def test_a_known_pixel():
    pixel = np.array([[400], [800], [600], [4000], [2000], [1000], [3000]], np.uint16)
    result = index_bands(pixel, BANDS, list(INDEXES), scale=1e-4, offset=0)[:, 0]
    found = dict(zip(INDEXES, result.tolist(), strict=True))
    assert found["ndvi"] == pytest.approx(0.34 / 0.46)
    assert found["evi"] == pytest.approx(0.85 / 1.46)
    assert found["nbr"] == pytest.approx(0.6)
    assert found["mvi"] == pytest.approx(0.032 / 0.12)
    assert found["nbi"] == pytest.approx(0.03)
    assert found["ebbi"] == pytest.approx(-0.2 / (10 * math.sqrt(0.5)))
    assert found["kndvi"] == pytest.approx(math.tanh(0.34**2 / 0.16))


stored = st.sampled_from(["uint8", "int16", "uint16", "float32"]).flatmap(
    lambda dtype: hnp.arrays(
        dtype,
        (7, 3),
        elements=st.floats(-2, 2, width=32)
        if dtype == "float32"
        else st.integers(max(np.iinfo(dtype).min, -9999), min(np.iinfo(dtype).max, 20000)),
    )
)


@settings(deadline=None)
@given(values=stored, offset=st.sampled_from([0, -0.1]))
def test_equals_the_formula(values, offset):
    scale = 1.0 if values.dtype == np.float32 else 1e-4
    result = dict(zip(INDEXES, index_bands(values, BANDS, list(INDEXES), scale=scale, offset=offset), strict=True))
    for column in range(values.shape[1]):
        reflectance = [float(value) * scale + offset for value in values[:, column]]
        for name, wanted in expected(*reflectance).items():
            with np.errstate(over="ignore"):
                wanted = float(np.float32(wanted))
            assert float(result[name][column]) == pytest.approx(wanted, rel=1e-6, abs=1e-9), name


@settings(deadline=None)
@given(hnp.arrays(np.float64, (7, 4), elements=st.floats(0, 1)))
def test_bounds_hold_for_reflectances(reflectance):
    result = index_bands(reflectance, BANDS, list(INDEXES), scale=1, offset=0)
    for spec, band in zip(INDEXES.values(), result, strict=True):
        if spec.bounds is not None:
            low, high = np.float32(spec.bounds)
            assert low <= band.min() <= band.max() <= high, spec.name


@pytest.mark.parametrize(
    ("name", "pixel", "end"),
    [
        ("evi2", {"red": 1}, 0),
        ("evi2", {"nir": 1}, 1),
        ("savi", {"red": 1}, 0),
        ("savi", {"nir": 1}, 1),
        ("bui", {"swir1": 1}, 0),
        ("bui", {"red": 1, "swir2": 1}, 1),
        ("kndvi", {}, 0),
        ("kndvi", {"nir": 1}, 1),
    ],
)
def test_bounds_are_reached(name, pixel, end):
    values = np.array([[pixel.get(band, 0)] for band in BANDS], np.float32)
    (result,) = index_bands(values, BANDS, [name], scale=1, offset=0)
    assert result[0] == pytest.approx(INDEXES[name].bounds[end])


def test_all_zero_is_zero():
    result = index_bands(np.zeros((7, 2, 2), np.uint8), BANDS, list(INDEXES), scale=1e-4, offset=0)
    assert (result == 0).all()


def test_masked_pixels_may_hold_anything():
    values = np.array([[np.nan], [np.inf], [-np.inf], [3.4e38], [-3.4e38], [np.inf], [np.inf]], np.float32)
    assert index_bands(values, BANDS, list(INDEXES), scale=1, offset=0).shape == (17, 1)


def test_scale_and_offset_for_each_band():
    red, nir = [2000, 5], [9000, 12]
    scale, offset = [1e-4, 0.05], [0.01, -0.1]
    (result,) = index_bands(np.array([red, nir]), ["red", "nir"], ["ndvi"], scale=scale, offset=offset)
    for i in range(2):
        r, n = red[i] * 1e-4 + 0.01, nir[i] * 0.05 - 0.1
        assert result[i] == pytest.approx((n - r) / (n + r))


def test_runs_of_pixels_join():
    values = np.random.default_rng(2).integers(0, 10000, (7, RUN + 1000)).astype(np.uint16)
    whole = index_bands(values, BANDS, list(INDEXES), scale=1e-4, offset=0)
    parts = [
        index_bands(part, BANDS, list(INDEXES), scale=1e-4, offset=0)
        for part in np.split(values, [500, RUN - 1, RUN + 7], axis=1)
    ]
    np.testing.assert_array_equal(whole, np.concatenate(parts, axis=1))


def test_fills_a_part_of_a_larger_array():
    features = np.full((4, 2, 2), -9, np.float32)
    values = np.full((2, 2, 2), 1000, np.int16)
    fill_indexes(values, ["red", "nir"], ["ndvi", "savi"], features[1:3], scale=1e-4, offset=0)
    assert (features[1:3] == 0).all()
    assert (features[[0, 3]] == -9).all()


@pytest.mark.parametrize(
    ("bands", "out"),
    [
        (["red", "nir", "blue"], np.empty((1, 4), np.float32)),
        (["red", "nir"], np.empty((2, 4), np.float32)),
        (["red", "nir"], np.empty((1, 4), np.float64)),
        (["red", "nir"], np.empty((1, 8), np.float32)[:, ::2]),
    ],
)
def test_refuses_arrays_that_do_not_fit(bands, out):
    with pytest.raises(ValueError, match=r"bands of values|C-contiguous float32"):
        fill_indexes(np.ones((2, 4), np.int16), bands, ["ndvi"], out, scale=1, offset=0)


@pytest.mark.parametrize("count", [0, 5])
def test_no_pixels_or_no_names(count):
    values = np.ones((7, 0, count), np.int16)
    assert index_bands(values, BANDS, list(INDEXES), scale=1, offset=0).shape == (17, 0, count)
    assert index_bands(values, BANDS, [], scale=1, offset=0).shape == (0, 0, count)


def test_chiapas(real_data):
    with rasterio.open(real_data / "chiapas_landsat7" / "image.tif") as file:
        values = file.read(range(1, 8))[:, ::9, ::9]
    result = dict(zip(INDEXES, index_bands(values, BANDS, list(INDEXES), scale=1e-4, offset=0), strict=True))
    for row, column in np.ndindex(values.shape[1:]):
        wanted = expected(*(values[:, row, column] * 1e-4).tolist())
        found = {name: float(result[name][row, column]) for name in wanted}
        assert found == pytest.approx(wanted, rel=1e-6, abs=1e-9)
    fractions = dict(zip(ENDMEMBERS, unmix(values[:6] * 1e-4), strict=True))
    gvs, bare = fractions["gv"] / (1 - fractions["shade"]), fractions["npv"] + fractions["soil"]
    np.testing.assert_allclose(result["ndfi"], (gvs - bare) / (gvs + bare), atol=1e-6)
    assert 0.6 < np.median(result["ndvi"]) < 0.9  # a forest


def test_nc_keeps_nodata_quiet(real_data):
    """Nodata is -9999 there, and reflectances are bytes: nothing may warn, every valid pixel is finite."""
    with rasterio.open(real_data / "nc_landsat7" / "image.tif") as file:
        values = file.read()
    names = available_indexes(BANDS[:6])
    result = index_bands(values, BANDS[:6], names, scale=1 / 255, offset=0)
    valid = (values != -9999).all(axis=0)
    assert np.isfinite(result[:, valid]).all()
    a, b = values[3].astype(np.float64)[valid], values[2].astype(np.float64)[valid]
    np.testing.assert_allclose(result[names.index("ndvi")][valid], (a - b) / (a + b), rtol=1e-6, atol=1e-9)
