"""Which band a name means, for the sensors' own names, common names and numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify_local.bands.aliases import SENSORS, band_in_file_name, file_band_names, find_band, recognise_sensor
from classify_local.errors import InputError

S2 = ("B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B9", "B11", "B12")
S2_PADDED = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12")
L89 = ("SR_B1", "SR_B2", "SR_B3", "SR_B4", "SR_B5", "SR_B6", "SR_B7", "ST_B10")
L457 = ("SR_B1", "SR_B2", "SR_B3", "SR_B4", "SR_B5", "SR_B7", "ST_B6")
COMMON = ("blue", "green", "red", "nir", "swir1", "swir2")
L8_LEVEL1 = ("B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B9", "B10", "B11", "QA_PIXEL")
L8_TOA = ("B2", "B3", "B4", "B5", "B6", "B7", "B8", "B10", "B11")
L7_LEVEL1 = ("B1", "B2", "B3", "B4", "B5", "B6_VCID_1", "B6_VCID_2", "B7", "B8")


@pytest.mark.parametrize(
    ("names", "sensor"),
    [
        (S2, "sentinel2"),
        (S2_PADDED, "sentinel2"),
        (tuple(name.lower() for name in S2), "sentinel2"),
        (("B2", "B3", "B4", "B8"), "sentinel2"),
        (("B4", "B8", "B11"), "sentinel2"),
        (("B8A", "B04"), "sentinel2"),
        (L89, "landsat89_sr"),
        (("SR_B4", "SR_B5", "SR_B6"), "landsat89_sr"),
        (("SR_B4", "SR_B5", "ST_B10"), "landsat89_sr"),
        ((*L89, "QA_PIXEL"), "landsat89_sr"),
        ((*L457, "QA_PIXEL"), "landsat457_sr"),
        (L457, "landsat457_sr"),
        (("SR_B3", "SR_B4", "SR_B5"), "landsat457_sr"),
        (COMMON, None),
        (("b1", "b2", "b3"), None),
        (("B2", "B3", "B4"), None),
        (("VV", "VH"), None),
        (L8_LEVEL1, None),
        (L8_TOA, None),
        (L7_LEVEL1, None),
        ((), None),
    ],
)
def test_sensor_is_told_by_all_names(names, sensor):
    assert recognise_sensor(names) == sensor


@pytest.mark.parametrize(
    ("wanted", "names", "found"),
    [
        # the file's own names, in any case
        ("nir", COMMON, "nir"),
        ("NIR", COMMON, "nir"),
        (" red ", COMMON, "red"),
        ("B8A", S2, "B8A"),
        ("b8a", S2, "B8A"),
        # with and without the zero
        ("B08", S2, "B8"),
        ("B8", S2_PADDED, "B08"),
        ("b8", S2_PADDED, "B08"),
        ("B11", S2_PADDED, "B11"),
        # common names of a sensor's bands
        ("blue", S2, "B2"),
        ("red", S2_PADDED, "B04"),
        ("nir", S2, "B8"),
        ("nir2", S2, "B8A"),
        ("near infrared", S2, "B8"),
        ("swir", S2, "B11"),
        ("SWIR", S2_PADDED, "B11"),
        ("swir1", S2, "B11"),
        ("swir2", S2, "B12"),
        ("rededge1", S2, "B5"),
        ("nir", L89, "SR_B5"),
        ("red", L89, "SR_B4"),
        ("swir", L89, "SR_B6"),
        ("swir2", L89, "SR_B7"),
        ("thermal", L89, "ST_B10"),
        ("nir", L457, "SR_B4"),
        ("red", L457, "SR_B3"),
        ("swir1", L457, "SR_B5"),
        ("swir2", L457, "SR_B7"),
        ("thermal", L457, "ST_B6"),
        ("swir", COMMON, "swir1"),
        # a sensor's names where the file has common ones
        ("B8", COMMON, "nir"),
        ("B08", COMMON, "nir"),
        ("B11", COMMON, "swir1"),
        ("SR_B5", COMMON, "nir"),
        # the file's own name wins over what it would mean elsewhere
        ("B5", S2, "B5"),
        ("SR_B5", L457, "SR_B5"),
    ],
)
def test_a_name_means_a_band(wanted, names, found):
    assert names[find_band(wanted, names, "image.tif")] == found


@pytest.mark.parametrize("names", [L8_LEVEL1, L8_TOA, L7_LEVEL1])
def test_landsats_panchromatic_band_is_never_taken_for_near_infrared(names):
    with pytest.raises(InputError, match="no band 'nir'"):
        find_band("nir", names, "image.tif")


@pytest.mark.parametrize("sensor", SENSORS)
def test_every_common_name_of_a_sensor_leads_to_its_band(sensor):
    names = list(SENSORS[sensor])
    assert recognise_sensor(names) == sensor
    for own, common in SENSORS[sensor].items():
        assert names[find_band(common, names, "image.tif")] == own
        assert names[find_band(own.lower(), names, "image.tif")] == own


@given(st.integers(1, 12), st.booleans())
def test_numbers_count_from_one(number, as_text):
    wanted = f" {number} " if as_text else number
    assert find_band(wanted, S2, "image.tif") == number - 1


@pytest.mark.parametrize("number", [0, 13, -1, "0", "13", "00013"])
def test_a_number_outside_the_file_is_said(number):
    with pytest.raises(InputError) as caught:
        find_band(number, S2, "image.tif")
    assert "image.tif" in str(caught.value)
    assert "1 to 12" in str(caught.value) or "no band '-1'" in str(caught.value)


@pytest.mark.parametrize("odd", ["²", "①", "\uff11", "\u0661", "1.0", "1e0", "", " ", "B", "B0", "*"])
def test_what_only_looks_like_a_number_is_no_band(odd):
    with pytest.raises(InputError, match=r"image\.tif: no band"):
        find_band(odd, S2, "image.tif")


@pytest.mark.parametrize(
    ("wanted", "names", "numbers"),
    [
        ("nir", ("nir", "red", "NIR"), "1, 3"),
        ("B8", ("B8", "B08"), "1, 2"),
        ("near infrared", ("nir", "B8", "B11"), "1, 2"),
    ],
)
def test_a_name_of_two_bands_is_refused_with_their_numbers(wanted, names, numbers):
    with pytest.raises(InputError) as caught:
        find_band(wanted, names, "image.tif")
    assert f"bands {numbers} are all called {wanted!r}" in str(caught.value)


@pytest.mark.parametrize(
    ("wanted", "names", "hint"),
    [
        ("nirr", COMMON, "; did you mean 'nir'?"),
        ("swir3", COMMON, "; did you mean 'swir2'?"),
        ("SR_BB5", L89, "; did you mean 'SR_B5'?"),
        ("elevation", COMMON, ""),
        ("B8", ("VV", "VH"), ""),
    ],
)
def test_an_unknown_name_lists_what_there_is(wanted, names, hint):
    with pytest.raises(InputError) as caught:
        find_band(wanted, names, "image.tif")
    assert str(caught.value) == f"image.tif: no band {wanted!r}; it has {', '.join(names)}{hint}"


def test_bands_without_description_are_named_by_their_number():
    assert file_band_names(["red", None, "", "  ", " nir "]) == ["red", "b2", "b3", "b4", "nir"]
    names = file_band_names([None, None, None])
    assert find_band("b2", names, "image.tif") == find_band("B02", names, "image.tif") == 1


@pytest.mark.parametrize(
    ("stem", "band"),
    [
        ("B4", "B4"),
        ("b04", "B4"),
        ("B8A", "B8A"),
        ("T36LZH_20240601T073619_B08_10m", "B8"),
        ("LC08_L2SP_170068_SR_B5", "B5"),
        ("my_band_4", "B4"),
        ("Band 12", "B12"),
        ("husband4", None),
        ("scene-band4", "B4"),
        ("nir", "NIR"),
        ("2024.swir1", "SWIR1"),
        ("S1A_IW_VV", "VV"),
        ("S1A_VV_VH", None),
        ("B4_B8", None),
        ("redwood", None),
        ("tile_12", None),
        ("20240601", None),
        ("", None),
    ],
)
def test_band_in_a_files_name(stem, band):
    assert band_in_file_name(stem) == band
