"""Names and addresses of tiles: every example that is published, and what holds for all of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify_local.auxiliary_data.manifest import is_key
from classify_local.auxiliary_data.sources import (
    SOURCES,
    USED_LAYERS,
    WATER_LAYERS,
    Cell,
    Source,
    chosen,
    recognised,
)
from classify_local.errors import InputError

SRTM = "https://opentopography.s3.sdsc.edu/raster/SRTM_GL1/SRTM_GL1_srtm/"
SKADI = "https://s3.amazonaws.com/elevation-tiles-prod/skadi/"
COP = "https://copernicus-dem-30m.s3.amazonaws.com/"
W14 = "https://storage.googleapis.com/global-surface-water/downloads2021/"
W15 = "https://storage.googleapis.com/water-world/download2024/VER1-5/"
WC = "https://esa-worldcover.s3.eu-central-1.amazonaws.com/v200/2021/map/"


@pytest.mark.parametrize(
    ("key", "west", "south", "layer", "name", "url"),
    [
        ("srtm", -123, 49, "", "N49W123.tif", SRTM + "N49W123.tif"),
        ("srtm", 33, -12, "", "S12E033.tif", SRTM + "S12E033.tif"),
        ("srtm", 32, -14, "", "S14E032.tif", SRTM + "S14E032.tif"),
        ("srtm", 0, 0, "", "N00E000.tif", SRTM + "N00E000.tif"),
        ("srtm", -1, -1, "", "S01W001.tif", SRTM + "S01W001.tif"),
        ("srtm", -180, -56, "", "S56W180.tif", SRTM + "S56W180.tif"),
        ("skadi", 8, 46, "", "N46E008.tif", SKADI + "N46/N46E008.hgt.gz"),
        (
            "copernicus", 30, -1, "", "Copernicus_DSM_COG_10_S01_00_E030_00_DEM.tif",
            COP + "Copernicus_DSM_COG_10_S01_00_E030_00_DEM/Copernicus_DSM_COG_10_S01_00_E030_00_DEM.tif",
        ),
        (
            "water-1.4", 30, -20, "occurrence", "occurrence_30E_10Sv1_4_2021.tif",
            W14 + "occurrence/occurrence_30E_10Sv1_4_2021.tif",
        ),
        ("water-1.4", 0, 0, "change", "change_0E_10Nv1_4_2021.tif", W14 + "change/change_0E_10Nv1_4_2021.tif"),
        ("water-1.4", -10, -20, "extent", "extent_10W_10Sv1_4_2021.tif", W14 + "extent/extent_10W_10Sv1_4_2021.tif"),
        (
            "water-1.4", -180, 70, "seasonality", "seasonality_180W_80Nv1_4_2021.tif",
            W14 + "seasonality/seasonality_180W_80Nv1_4_2021.tif",
        ),
        ("water-1.4", 170, -10, "extent", "extent_170E_0Nv1_4_2021.tif", W14 + "extent/extent_170E_0Nv1_4_2021.tif"),
        (
            "water-1.5", 30, -20, "transitions", "transitions_30E_10S_v1_5_2024.tif",
            W15 + "transitions/transitions_30E_10S_v1_5_2024.tif",
        ),
        (
            "worldcover", 33, -12, "", "ESA_WorldCover_10m_2021_v200_S12E033_Map.tif",
            WC + "ESA_WorldCover_10m_2021_v200_S12E033_Map.tif",
        ),
    ],
)  # fmt: skip
def test_published_names(key, west, south, layer, name, url):
    source = SOURCES[key]
    cell = Cell(south=south, west=west, side=source.side)
    assert source.file_name(cell, layer) == name
    assert source.url(cell, layer) == url
    assert source.cell_of(name) == cell


def test_the_sample_scene_holds_such_names():
    assert recognised("terrain", "S14E032.tif") == (SOURCES["srtm"], Cell(south=-14, west=32, side=1))
    source, cell = recognised("water", "occurrence_30E_10Sv1_4_2021.tif")
    assert (source.key, cell.bounds) == ("water-1.4", (30, -20, 40, -10))


@pytest.mark.parametrize(
    ("what", "name"),
    [
        ("terrain", "S14E32.tif"), ("terrain", "s14e032.tif"), ("terrain", "S14E032.tif.tif"), ("terrain", "my.tif"),
        ("terrain", "S00E000.tif"), ("terrain", "N00W000.tif"), ("water", "S14E032.tif"),
        ("water", "occurrence_030E_10Sv1_4_2021.tif"), ("water", "depth_30E_10Sv1_4_2021.tif"),
        ("terrain", "S1\u0664E032.tif"),
    ],
)  # fmt: skip
def test_names_of_others(what, name):
    assert recognised(what, name) is None


@given(source=st.sampled_from(list(SOURCES.values())), data=st.data())
def test_names_say_their_place(source: Source, data):
    step = source.side
    cell = Cell(
        south=data.draw(st.integers(source.south // step, source.north // step - 1)) * step,
        west=data.draw(st.integers(-180 // step, 180 // step - 1)) * step,
        side=step,
    )
    layer = data.draw(st.sampled_from(source.layers))
    name = source.file_name(cell, layer)
    assert source.cell_of(name) == cell
    assert is_key(f"{source.what}/{name}")
    assert source.url(cell, layer).startswith(source.base_url + "/")
    found, place = recognised(source.what, name)
    assert place == cell
    assert found.key == source.key or {found.key, source.key} == {"srtm", "skadi"}


def test_every_source_says_to_whom_it_is_owed():
    for key, source in SOURCES.items():
        assert key == source.key
        assert source.attribution
        assert source.licence
        assert source.base_url.startswith("https://")
        assert not source.base_url.endswith("/")
        assert source.north % source.side == source.south % source.side == 0


# what a user asks for


def test_the_chosen_sources():
    found = chosen(["terrain", "water", "terrain"], "copernicus", "1.5", USED_LAYERS, [])
    assert [source.key for source in found] == ["copernicus", "water-1.5"]
    assert found[1].layers == ("occurrence", "change", "seasonality", "transitions", "extent")
    assert set(found[1].layers) == set(WATER_LAYERS) - {"recurrence"}


def test_another_address():
    (found,) = chosen(["terrain"], "srtm", "1.4", (), ["srtm=http://mirror.example/srtm/", "skadi=http://b"])
    assert found.url(Cell(south=-14, west=32, side=1), "") == "http://mirror.example/srtm/S14E032.tif"


@pytest.mark.parametrize(
    ("what", "address", "said"),
    [
        ("terain", None, "did you mean 'terrain'"),
        ("terrain", "http://a", "write KEY=URL"),
        ("terrain", "strm=http://a", "did you mean 'srtm'"),
        ("terrain", "srtm=file:///tmp", "no web address"),
        ("terrain", "srtm=", "no web address"),
    ],
)
def test_what_cannot_be_chosen(what, address, said):
    with pytest.raises(InputError, match=said):
        chosen([what], "srtm", "1.4", (), [address] if address else [])
