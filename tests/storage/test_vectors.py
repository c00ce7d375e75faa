"""Vector files beside GDAL's reading of them: the same geometries and attributes, in every format; and nothing run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from classify_local.errors import InputError, RefusedError
from classify_local.storage.vector_files import layers
from classify_local.storage.vector_files.ogr import reading
from classify_local.storage.vectors import LayerSummary, list_layers, read_layer
from tests.faults.table_files.vector_cases import READ, VRT
from tests.faults.table_files.vector_files import POINTS, SQUARE, frame, vector, write

PLACE = st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("C",)), max_size=12).map(str.strip)
NUMBERS = st.integers(-(2**31), 2**31 - 1)


def box(corner: tuple[float, float]) -> shapely.Polygon:
    x, y = corner
    return shapely.Polygon(
        shapely.box(x, y, x + 100, y + 50).exterior, [shapely.box(x + 1, y + 1, x + 5, y + 5).exterior]
    )


POINT = PLACE.map(shapely.Point)
POLYGON = PLACE.map(box)
KINDS = {
    "points": POINT,
    "multipoints": st.lists(PLACE, min_size=1, max_size=4).map(shapely.MultiPoint),
    "polygons": POLYGON,
    "multipolygons": PLACE.map(lambda xy: shapely.MultiPolygon([box(xy), box((xy[0] + 1000, xy[1]))])),
}


def rows(kind: str) -> st.SearchStrategy[list[tuple[Any, str, int, float]]]:
    return st.lists(st.tuples(KINDS[kind], WORDS, NUMBERS, st.floats(-1e9, 1e9)), min_size=1, max_size=6)


def as_text(value: Any) -> str:
    """A value as GDAL gives it, in the words of a table."""
    return "" if value is None or value != value else str(value)


@pytest.mark.parametrize("ending", [".gpkg", ".shp", ".geojson", ".fgb"])
@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15)
@given(data=st.data())
def test_geometries_and_attributes_are_those_of_gdal(tmp_path_factory, ending, kind, data):
    found = data.draw(rows(kind))
    path = tmp_path_factory.mktemp("data") / f"a{ending}"
    geometries, words, whole, real = zip(*found, strict=True)
    made = geopandas.GeoDataFrame({"s": words, "i": whole, "f": real}, geometry=list(geometries), crs="EPSG:32736")
    write(made, path)
    theirs = geopandas.read_file(path, engine="pyogrio")
    ours = read_layer(path)
    assert shapely.equals_exact(shapely.normalize(ours.geometries), shapely.normalize(theirs.geometry.values)).all()
    assert ours.crs == "EPSG:32736"
    for name in ("i", "f"):
        np.testing.assert_array_equal(ours.table.numbers(name)[0], theirs[name].to_numpy(dtype=float))
    assert ours.table.columns["s"].tolist() == [as_text(value).strip() for value in theirs["s"]]
    assert ours.table.columns["i"].tolist() == [str(value) for value in theirs["i"]]


@pytest.mark.parametrize(
    "case", [case for case in READ if case.name.endswith((".kml", ".gpx"))], ids=lambda case: case.id
)
def test_places_in_kml_and_gpx_are_those_of_gdal(case, tmp_path):
    """Where GDAL finds more, it is what has a problem here."""
    if case.read or case.problems or "UTF-16" in case.id:
        pytest.skip("GDAL sees other layers, other features or nothing")
    path = tmp_path / case.name
    case.make(path)
    theirs = geopandas.read_file(path, engine="pyogrio", layer=list_layers(path)[0].name)
    ours = read_layer(path)
    assert shapely.equals(ours.geometries, shapely.force_2d(theirs.geometry.values)).all()
    for name in set(ours.table.columns) & set(theirs.columns) - {"timestamp"}:
        assert ours.table.columns[name].tolist() == [as_text(value) for value in theirs[name]] or name == "ele"


def test_real_geopackages_are_read_as_gdal_reads_them(real_data: Path):
    paths = sorted(real_data.glob("*/*.gpkg"))
    assert paths
    for path in paths:
        theirs = geopandas.read_file(path, layer="labels", engine="pyogrio")
        ours = read_layer(path)
        assert shapely.equals_exact(ours.geometries, shapely.force_2d(theirs.geometry.values)).all()
        assert ours.crs == f"EPSG:{theirs.crs.to_epsg()}"
        assert ours.table.columns["class"].tolist() == [as_text(value) for value in theirs["class"]]
        assert (ours.problems, ours.notices) == ({}, ())
        assert list_layers(path) == (LayerSummary(name="labels", count=len(theirs), spatial=True),)


def test_places_name_layer_and_feature(tmp_path):
    path = tmp_path / "a.gpkg"
    write(frame(POINTS), path, layer="plots")
    assert read_layer(path).table.place(1) == f"{path}, feature 2"
    write(frame([SQUARE]), path, layer="crops")
    assert read_layer(path).table.place(1) == f"{path}, layer 'plots', feature 2"
    united = read_layer(path, ["crops", "plots"])
    places = [united.table.place(i) for i in range(3)]
    assert places == [
        f"{path}, layer {name}, feature {i}" for name, i in [("'crops'", 1), ("'plots'", 1), ("'plots'", 2)]
    ]
    assert united.where == str(path)
    assert len(united) == 3


def test_problems_of_united_layers_keep_their_rows(tmp_path):
    path = tmp_path / "a.gpkg"
    write(frame(["POINT (1 2)", "LINESTRING (0 0, 1 1)"]), path, layer="a")
    write(frame([None, "POINT (33 0)", "POINT (33 90)"], "EPSG:4326"), path, layer="b")
    united = read_layer(path, "*")
    assert list(united.problems) == [1, 2]
    assert [geometry is None for geometry in united.geometries] == [False, True, True, False, False]


def test_places_without_an_image_in_the_first_system_are_problems(tmp_path):
    path = tmp_path / "a.gpkg"
    write(frame(["POINT (0 0)"], "EPSG:3857"), path, layer="a")
    write(frame(["POINT (1 100)", "POINT (1 50)"], "EPSG:4326"), path, layer="b")
    united = read_layer(path, "*")
    assert united.problems == {1: "has a coordinate that is not a number"}


def test_layers_are_listed_without_being_read(tmp_path):
    path = tmp_path / "a.gpkg"
    write(frame(POINTS), path, layer="plots")
    write(frame([SQUARE]), path, layer="crops")
    assert list_layers(path) == (
        LayerSummary(name="plots", count=2, spatial=True),
        LayerSummary(name="crops", count=1, spatial=True),
    )


# what is not opened


@pytest.mark.parametrize(
    "address",
    [
        "/vsicurl/http://127.0.0.1/a.gpkg", "/vsizip/a.zip/a.shp", "vsimem/a", "http://127.0.0.1/a.geojson",
        "https://127.0.0.1/a.fgb", "PG:host=127.0.0.1 dbname=x", "WFS:http://127.0.0.1", "GPKG:a.gpkg:labels",
        "ftp://127.0.0.1/a", "MEM:::DATAPOINTER=1", VRT.format("a.gpkg"), "file:///etc/passwd",
    ],
)  # fmt: skip
def test_addresses_and_connections_are_never_opened(address):
    with pytest.raises(RefusedError, match="is an address or connection, which is never opened") as caught:
        read_layer(Path(address))
    assert len(caught.value.problems) == 1


def test_a_file_whose_name_looks_like_an_address_is_a_file(tmp_path, monkeypatch):
    vector(POINTS)(tmp_path / "a.gpkg")
    (tmp_path / "a.gpkg").rename(tmp_path / "PG:a")
    monkeypatch.chdir(tmp_path)
    assert len(read_layer(Path("PG:a"))) == 2


def test_the_folder_of_a_shapefile_may_be_named_by_a_link(tmp_path):
    (tmp_path / "data").mkdir()
    vector(POINTS)(tmp_path / "data" / "a.shp")
    (tmp_path / "link").symlink_to(tmp_path / "data")
    assert len(read_layer(tmp_path / "link" / "a.shp")) == 2


def test_where_links_are_not_possible_files_are_copied(tmp_path, monkeypatch):
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError("a privilege is missing")

    vector(POINTS)(tmp_path / "a.shp")
    vector(POINTS)(tmp_path / "a.fgb")
    monkeypatch.setattr(Path, "symlink_to", refuse)
    assert len(read_layer(tmp_path / "a.shp")) == len(read_layer(tmp_path / "a.fgb")) == 2


def test_what_gdal_takes_for_another_format_is_refused(tmp_path, monkeypatch):
    vector(POINTS)(tmp_path / "a.fgb")
    monkeypatch.setattr(reading.pyogrio, "read_info", lambda *_, **__: {"driver": "OGR_VRT"})
    with pytest.raises(InputError, match="is not what its first bytes say"):
        read_layer(tmp_path / "a.fgb")


def test_warnings_of_gdal_become_notices(tmp_path, monkeypatch):
    import warnings

    vector(POINTS)(tmp_path / "a.fgb")
    read = pyogrio.raw.read

    def warn(*arguments: Any, **options: Any) -> Any:
        warnings.warn("something\nodd", RuntimeWarning, stacklevel=2)
        return read(*arguments, **options)

    monkeypatch.setattr(pyogrio.raw, "read", warn)
    assert read_layer(tmp_path / "a.fgb").notices == (f"{tmp_path / 'a.fgb'}, layer 'a': something odd",)


@pytest.mark.parametrize("name", ["a.gpkg", "a.shp", "a.fgb", "a.geojson"])
def test_too_many_features_are_refused(tmp_path, monkeypatch, name):
    path = tmp_path / name
    vector(POINTS)(path)
    for module in [module for module in sys.modules.values() if hasattr(module, "MAX_FEATURES")]:
        monkeypatch.setattr(module, "MAX_FEATURES", 1)
    with pytest.raises(InputError, match=r"holds 2 features; allowed are 1; divide it into files"):
        read_layer(path)
    assert layers.MAX_FEATURES == 1


def test_reading_starts_no_process_and_no_connection_and_writes_nothing(tmp_path):
    """Every format, hostile ones among them, under an audit hook, in a process of its own."""
    chosen = [case for case in READ if not case.id.startswith("GeoPackage open")][::3]
    hostile = tmp_path / "hostile.kml"
    hostile.write_text(VRT.format("/vsicurl/http://127.0.0.1/a"))
    paths = [hostile]
    for i, case in enumerate(chosen):
        folder = tmp_path / str(i)
        folder.mkdir()
        case.make(folder / case.name)
        paths.append(folder / case.name)
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from classify_local.errors import ClassifyLocalError\n"
        "from classify_local.storage.vectors import read_layer\n"
        "from classify_local.storage.vector_files.ogr import shapefile\n"
        "found = set()\n"
        "def hook(event, arguments):\n"
        "    if event.startswith(('socket.', 'subprocess.', 'os.system', 'os.exec', 'os.fork', 'os.posix_spawn')):\n"
        "        found.add(event)\n"
        "    if event == 'open' and isinstance(arguments[1], str) and set(arguments[1]) & set('wax+'):\n"
        "        found.update([f'{event} {arguments}'] if 'classify_local_' not in str(arguments[0]) else [])\n"
        "sys.addaudithook(hook)\n"
        "for path in sys.argv[1:]:\n"
        "    try:\n        read_layer(Path(path))\n"
        "    except ClassifyLocalError:\n        pass\n"
        "print(sorted(found))\n"
    )
    ended = subprocess.run([sys.executable, "-c", code, *map(str, paths)], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"


def test_geopackages_geojson_and_kml_need_no_gdal(tmp_path):
    vector(POINTS)(tmp_path / "a.gpkg")
    vector(POINTS)(tmp_path / "a.geojson")
    code = (
        "import sys; from pathlib import Path; from classify_local.storage.vectors import read_layer\n"
        f"for name in ('a.gpkg', 'a.geojson'): read_layer(Path({str(tmp_path)!r}) / name)\n"
        "print({m.split('.')[0] for m in sys.modules} & {'openpyxl', 'pyogrio', 'geopandas', 'pandas', 'rasterio'})"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "set()"
