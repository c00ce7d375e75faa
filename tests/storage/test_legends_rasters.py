"""Legends that class rasters carry: colour tables, names and attribute tables, or only values."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st

from classify_local.errors import InputError, RefusedError
from classify_local.grid import Grid
from classify_local.legend import Legend, LegendEntry
from classify_local.storage.legends import import_legend, read_legend
from classify_local.storage.legends.attributes import BandClasses, resolve_values
from classify_local.storage.tiles import write_tile

WORLDCOVER = {
    10: (0, 100, 0), 20: (255, 187, 34), 30: (255, 255, 76), 40: (240, 150, 255), 50: (250, 0, 0), 60: (180, 180, 180),
    70: (240, 240, 240), 80: (0, 100, 200), 90: (0, 150, 160), 95: (0, 207, 117), 100: (250, 230, 160),
}  # fmt: skip


def paint(path, colors):
    with rasterio.open(path, "r+") as handle:
        handle.write_colormap(1, {value: (*rgb, 255) for value, rgb in colors.items()})
    return path


@pytest.mark.parametrize("driver", ["GTiff", "HFA"])
def test_worldcovers_colour_table(make_raster, driver):
    """A tile holds some of the classes; its table has 256 entries, black but for eleven."""
    values = np.full((30, 30), 10, np.uint8)
    values[:10], values[:2] = 80, 0
    path = paint(make_raster("tile.tif", values, nodata=0, driver=driver), WORLDCOVER)
    found = import_legend(path)
    assert found.legend.values == tuple(WORLDCOVER)
    assert [entry.rgb for entry in found.legend] == list(WORLDCOVER.values())
    assert found.legend.label(95) == "class 95"
    assert "has no label for 10, 20, " in found.notices[0]


def test_our_own_tiles_give_their_legend_back(tmp_path):
    legend = Legend(
        (LegendEntry(value=0, label="Forêt", color="#006400"), LegendEntry(value=7, label="a, b", color="#F096FF"))
    )
    grid = Grid(crs=rasterio.CRS.from_epsg(32736), transform=rasterio.Affine(10, 0, 5e5, 0, -10, 8.6e6), shape=(20, 20))
    path = tmp_path / "map_class.tif"
    write_tile(
        path, np.zeros((1, 20, 20), np.uint8), grid, bands=["class"], nodata=255, overviews="mode", legend=legend
    )
    assert read_legend(path) == legend
    assert import_legend(path).notices == ()


def test_values_without_a_colour_get_one(make_raster):
    path = make_raster("plain.tif", np.array([[1, 2], [5, 255]], np.uint8), nodata=255)
    found = import_legend(path)
    assert found.legend.values == (1, 2, 5)
    assert [entry.color for entry in found.legend] == ["#FFB300", "#803E75", "#FF6800"]
    assert any("default colours were taken" in notice for notice in found.notices)


@pytest.mark.parametrize("values", [[[-1, 1]], [[0, 70_000]], [[256, 300]]])
def test_values_beyond_a_byte(make_raster, values):
    found = import_legend(make_raster("wide.tif", np.array(values, np.int32)))
    assert found.legend.values == tuple(sorted(values[0]))


def test_black_is_a_class_where_it_is_seen(make_raster):
    path = paint(make_raster("black.tif", np.array([[3, 4]], np.uint8)), {4: (255, 0, 0)})
    found = import_legend(path).legend
    assert [(entry.value, entry.color) for entry in found] == [(3, "#000000"), (4, "#FF0000")]


def test_large_rasters_are_sampled(make_raster):
    values = np.full((2500, 2500), 3, np.uint8)
    values[2400:, 2400:] = 9
    path = make_raster("large.tif", values, tiled=True, blockxsize=256, blockysize=256, compress="deflate")
    assert import_legend(path).legend.values == (3, 9)
    with rasterio.open(path, "r+") as handle:
        handle.build_overviews([2, 4], rasterio.enums.Resampling.mode)
    assert import_legend(path).legend.values == (3, 9)


def test_rasters_without_a_place_on_earth_have_legends_too(make_raster):
    path = make_raster("nowhere.tif", np.array([[1, 2]], np.uint8), crs=None, transform=None)
    assert import_legend(path).legend.values == (1, 2)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            np.arange(400, dtype=np.uint16).reshape(20, 20),
            "399 different values among its pixels; is it a map of classes",
        ),
        (np.zeros((4, 4), np.float32), "its first band holds float32; classes are whole numbers"),
        (np.zeros((4, 4), np.uint8), "has no class names, colour table or attribute table; give a legend as CSV"),
    ],
)
def test_rasters_that_are_no_classes(make_raster, values, said):
    with pytest.raises(InputError, match=said):
        import_legend(make_raster("image.tif", values, nodata=0))


def test_a_sidecar_is_looked_at_before_gdal_does(make_raster, tmp_path):
    path = make_raster("map.tif", np.ones((4, 4), np.uint8))
    sidecar = tmp_path / "map.tif.aux.xml"
    sidecar.write_text(
        '<PAMDataset><Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">/etc/x</MDI></Metadata></PAMDataset>'
    )
    with pytest.raises(RefusedError, match="names another file"):
        import_legend(path)


def test_a_vrt_is_never_opened(tmp_path):
    path = tmp_path / "map.vrt"
    path.write_text(
        '<VRTDataset rasterXSize="9" rasterYSize="9">'
        '<VRTRasterBand dataType="Byte" band="1" subClass="VRTRawRasterBand">'
        "<SourceFilename>/etc/passwd</SourceFilename><CategoryNames><Category/><Category>Forest</Category></CategoryNames>"
        "</VRTRasterBand></VRTDataset>"
    )
    assert [(entry.value, entry.label) for entry in read_legend(path)] == [(1, "Forest")]


def test_a_damaged_raster_is_refused(make_raster):
    path = make_raster(
        "map.tif", np.random.default_rng(1).integers(0, 5, (99, 99)).astype(np.uint8), compress="deflate"
    )
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(InputError, match="cannot be read as GTiff"):
        import_legend(path)


# which values are classes

BLACK, RED, BLUE, GLASS = (0, 0, 0, 255), (255, 0, 0, 255), (0, 0, 255, 255), (0, 255, 0, 0)


@pytest.mark.parametrize(
    ("names", "colors", "present", "nodata", "values"),
    [
        ({1: "a", 2: "", 3: "c"}, {}, (), None, [1, 3]),
        ({1: "a"}, {1: RED, 2: BLUE}, (), None, [1]),
        ({1: "a"}, {}, (1, 4), None, [1, 4]),
        ({0: "none", 1: "a"}, {}, (0, 1), 0, [1]),
        ({}, {0: BLACK, 1: RED, 2: BLUE}, (), None, [1, 2]),
        ({}, {0: BLACK, 1: RED, 2: BLUE}, (0,), None, [0, 1, 2]),
        ({}, {1: RED, 2: RED, 3: BLUE}, (), None, [3]),
        ({}, {1: RED, 2: RED, 3: BLUE}, (2,), None, [2, 3]),
        ({}, {1: RED, 2: GLASS}, (), None, [1]),
        ({}, {i: (i, 1, 1, 255) for i in range(200)}, (4, 9), None, [4, 9]),
        ({}, {}, (7, 5), None, [5, 7]),
        ({}, {}, (7,), 7, []),
        ({}, {}, (7,), float("nan"), [7]),
    ],
)
def test_which_values_are_classes(names, colors, present, nodata, values):
    assert resolve_values(BandClasses((), names, colors), present, nodata) == values


@given(
    st.dictionaries(st.integers(0, 20), st.sampled_from(["", "a", "b"])),
    st.dictionaries(st.integers(0, 20), st.sampled_from([BLACK, RED, BLUE, GLASS])),
    st.sets(st.integers(-5, 20)),
    st.none() | st.integers(-5, 20),
)
def test_what_is_seen_is_a_class_unless_it_means_none(names, colors, present, nodata):
    found = resolve_values(BandClasses((), names, colors), present, nodata)
    assert nodata not in found
    assert present - {nodata} <= set(found)
    assert set(found) <= present | {v for v, name in names.items() if name} | set(colors)
