"""Tiles and the VRTs over them: what other programs find in them, and that they are the same every time."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rioxarray
from affine import Affine
from rasterio.crs import CRS
from rasterio.enums import ColorInterp
from rasterio.errors import RasterioError

from classify_local.errors import StorageError
from classify_local.grid import Grid, tiles
from classify_local.legend import Legend, LegendEntry
from classify_local.storage import atomic
from classify_local.storage import tiles as module
from classify_local.storage.tiles import write_tile
from classify_local.storage.vrt_writing import VrtBand, write_vrt

UTM = CRS.from_epsg(32736)
LEGEND = Legend(
    (
        LegendEntry(value=1, label="Forêt & <savanne>", color="#006400"),
        LegendEntry(value=2, label='crop "dry"', color="#F096FF"),
        LegendEntry(value=5, label="вода", color="#0064C8"),
    )
)
NAMES = ["", "Forêt & <savanne>", 'crop "dry"', "", "", "вода"]


def grid(rows: int, cols: int, **changes) -> Grid:
    transform = Affine(10, 0, 500_000, 0, -10, 8_600_000)
    return Grid(**{"crs": UTM, "transform": transform, "shape": (rows, cols), **changes})


def classes(rows: int, cols: int, dtype: str = "uint8") -> np.ndarray:
    """A class map in patches, with a hole of nodata 0."""
    rng = np.random.default_rng(3)
    values = np.kron(rng.choice([1, 2, 5], (rows // 7 + 1, cols // 7 + 1)), np.ones((7, 7), int))[:rows, :cols]
    values[rows // 3 : rows // 2, cols // 3 : cols // 2] = 0
    return values[None].astype(dtype)


def write_class_tile(path: Path, values: np.ndarray | None = None, **changes) -> np.ndarray:
    values = classes(700, 1100) if values is None else values
    options = {"bands": ["class"], "nodata": 0, "overviews": "mode", "legend": LEGEND, **changes}
    write_tile(path, values, grid(*values.shape[1:]), **options)
    return values


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# one tile


def test_a_class_tile_holds_what_was_written(tmp_path):
    values = write_class_tile(tmp_path / "t.tif")
    with rasterio.open(tmp_path / "t.tif") as handle:
        np.testing.assert_array_equal(handle.read(), values)
        np.testing.assert_array_equal(handle.read_masks(1) != 0, values[0] != 0)
        assert handle.nodata == 0
        assert handle.crs == UTM
        assert handle.transform == grid(1, 1).transform
        assert handle.descriptions == ("class",)
        assert handle.colorinterp == (ColorInterp.palette,)
        table = handle.colormap(1)
        assert {value: table[value] for value in (1, 2, 5)} == {
            entry.value: (*entry.rgb, 255) for entry in LEGEND
        }  # fmt: skip
        assert handle.profile["tiled"]
        assert handle.profile["blockxsize"] == handle.profile["blockysize"] == 512
        assert handle.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
    assert files(tmp_path) == ["t.tif", "t.tif.aux.xml"]


def test_gdalinfo_sees_names_colours_and_nodata(tmp_path, gdal):
    write_class_tile(tmp_path / "t.tif")
    band = json.loads(gdal("gdalinfo", "-json", "t.tif"))["bands"][0]
    assert band["noDataValue"] == 0
    assert band["description"] == "class"
    assert band["colorInterpretation"] == "Palette"
    assert band["colorTable"]["entries"][5] == [0x00, 0x64, 0xC8, 255]
    text = gdal("gdalinfo", "t.tif")
    listed = text.partition("Categories:\n")[2].splitlines()[:6]
    assert [line.strip() for line in listed] == [f"{i}: {name}".strip() for i, name in enumerate(NAMES)]


@pytest.mark.parametrize("dtype", ["uint16", "int16", "int32"])
def test_wider_types_have_names_but_no_colour_table(tmp_path, gdal, dtype):
    values = write_class_tile(tmp_path / "t.tif", classes(60, 80, dtype), nodata=0)
    with rasterio.open(tmp_path / "t.tif") as handle:
        np.testing.assert_array_equal(handle.read(), values)
        assert handle.dtypes == (dtype,)
        with pytest.raises(ValueError, match="color table"):
            handle.colormap(1)
    assert "1: Forêt & <savanne>" in gdal("gdalinfo", "t.tif")


@pytest.mark.parametrize(
    ("rows", "cols", "factors"),
    [(1, 1, []), (512, 512, []), (513, 512, [2]), (100, 1025, [2, 4]), (2048, 2048, [2, 4]), (2049, 600, [2, 4, 8])],
)
def test_overviews_go_down_to_one_block(tmp_path, rows, cols, factors):
    write_class_tile(tmp_path / "t.tif", np.ones((1, rows, cols), "uint8"))
    with rasterio.open(tmp_path / "t.tif") as handle:
        assert handle.overviews(1) == factors
        assert handle.read().all()


def overview(path: Path, level: int) -> np.ndarray:
    with rasterio.open(path, overview_level=level) as handle:
        return handle.read()


def modes(values: np.ndarray, nodata: int) -> list[list[set[int]]]:
    """For each 2 x 2 pixels the values that occur most often, nodata left aside."""
    found = []
    for row in range(0, values.shape[0], 2):
        line = []
        for col in range(0, values.shape[1], 2):
            four = values[row : row + 2, col : col + 2].ravel()
            kept = four[four != nodata]
            seen, counts = np.unique(kept, return_counts=True)
            line.append(set(seen[counts == counts.max()].tolist()) if len(kept) else {nodata})
        found.append(line)
    return found


def test_overviews_of_classes_take_the_most_frequent(tmp_path):
    """Never a mean of class values, and a pixel without class only where all four are."""
    rng = np.random.default_rng(5)
    checkers = np.indices((600, 40)).sum(axis=0) % 2
    values = np.where(checkers, rng.choice([1, 2, 5], (600, 40)), rng.choice([0, 1, 5], (600, 40))).astype("uint8")
    write_class_tile(tmp_path / "t.tif", values[None])
    small = overview(tmp_path / "t.tif", 0)[0]
    assert small.shape == (300, 20)
    expected = modes(values, 0)
    wrong = [(r, c) for r in range(300) for c in range(20) if int(small[r, c]) not in expected[r][c]]
    assert wrong == []


def test_overviews_of_percent_are_means_without_nodata(tmp_path):
    rng = np.random.default_rng(6)
    values = rng.integers(0, 101, (2, 600, 40)).astype("uint8")
    values[:, rng.random((600, 40)) < 0.4] = 255
    write_tile(
        tmp_path / "t.tif", values, grid(600, 40), bands=["a", "b"], nodata=255, overviews="average"
    )  # fmt: skip
    small = overview(tmp_path / "t.tif", 0)
    four = values.reshape(2, 300, 2, 20, 2).transpose(0, 1, 3, 2, 4).reshape(2, 300, 20, 4)
    kept = four != 255
    with np.errstate(invalid="ignore"):
        mean = np.where(kept, four, 0).sum(axis=3) / kept.sum(axis=3)
    empty = ~kept.any(axis=3)
    assert (small[empty] == 255).all()
    assert np.abs(small[~empty] - mean[~empty]).max() <= 0.5


def test_south_up_and_odd_sizes(tmp_path):
    values = classes(701, 53)
    place = grid(701, 53, transform=Affine(10, 0, 5e5, 0, 10, 8e6))
    write_tile(tmp_path / "t.tif", values, place, bands=["class"], nodata=0, overviews="mode", legend=LEGEND)
    with rasterio.open(tmp_path / "t.tif") as handle:
        assert handle.transform == place.transform
        np.testing.assert_array_equal(handle.read(), values)


# the same bytes every time

PROGRAM = """
import sys
from pathlib import Path
import numpy as np, rasterio
from affine import Affine
from rasterio._env import get_gdal_config
from rasterio.crs import CRS
from classify_local.grid import Grid
from classify_local.storage.tiles import write_tile
name, cache = sys.argv[1], int(sys.argv[2])
values = np.load("values.npy")
place = Grid(crs=CRS.from_epsg(32736), transform=Affine(10, 0, 500_000, 0, -10, 8_600_000), shape=values.shape[1:])
with rasterio.Env(GDAL_CACHEMAX=cache):
    assert get_gdal_config("GDAL_CACHEMAX") == cache, get_gdal_config("GDAL_CACHEMAX")
    write_tile(Path(name + "_c.tif"), values[:1], place, bands=["class"], nodata=0, overviews="mode")
    write_tile(Path(name + "_p.tif"), values, place, bands=["a", "b"], nodata=255, overviews="average")
"""


def digests(folder: Path, name: str) -> list[str]:
    return [hashlib.sha256((folder / f"{name}_{kind}.tif").read_bytes()).hexdigest() for kind in "cp"]


def test_tiles_are_the_same_bytes_whatever_gdals_cache(tmp_path):
    """Two processes with caches of 4 and 512 MB, and this one twice; a tile has 5 MB and more."""
    mapped = classes(1500, 1700)
    values = np.concatenate([mapped, mapped * 7])
    np.save(tmp_path / "values.npy", values)
    running = [
        subprocess.Popen([sys.executable, "-c", PROGRAM, f"cache{cache}", str(cache * 10**6)], cwd=tmp_path)
        for cache in (4, 512)
    ]
    for name in ("first", "second"):
        write_class_tile(tmp_path / f"{name}_c.tif", mapped, legend=None)
        write_class_tile(
            tmp_path / f"{name}_p.tif", values, bands=["a", "b"], nodata=255, overviews="average", legend=None
        )
    assert [process.wait(timeout=60) for process in running] == [0, 0]
    assert len({tuple(digests(tmp_path, name)) for name in ("cache4", "cache512", "first", "second")}) == 1


# a write that goes wrong


def test_a_tile_that_reads_back_differently_is_an_error(tmp_path, monkeypatch):
    real = module._write

    def damaged(part, values, *others):
        changed = values.copy()
        changed[0, 5, 5] += 1
        real(part, changed, *others)

    monkeypatch.setattr(module, "_write", damaged)
    with pytest.raises(StorageError, match=r"t\.tif: reads back differently") as caught:
        write_class_tile(tmp_path / "t.tif", classes(60, 60))
    assert caught.value.exit_code == 4
    assert files(tmp_path) in ([], ["t.tif.aux.xml"])


def test_a_tile_in_the_wrong_place_is_an_error(tmp_path, monkeypatch):
    real = module._write

    def shifted(part, values, profile, *others):
        real(part, values, {**profile, "transform": profile["transform"] @ Affine.translation(1, 0)}, *others)

    monkeypatch.setattr(module, "_write", shifted)
    with pytest.raises(StorageError, match=r"t\.tif: reads back differently"):
        write_class_tile(tmp_path / "t.tif", classes(60, 60))


def flip(part: Path, place: int) -> None:
    data = bytearray(part.read_bytes())
    data[place] ^= 0xFF
    part.write_bytes(data)


@pytest.mark.parametrize("place", [0, 4, 2_000, 50_000, -2_000])
def test_a_byte_that_the_disk_loses_is_noticed(tmp_path, monkeypatch, place):
    def changing(step):
        if step == "written":
            for part in tmp_path.glob("*.tif.*.part"):
                flip(part, place)

    monkeypatch.setattr(atomic, "reached", changing)
    values = np.random.default_rng(1).integers(1, 9, (1, 512, 512)).astype("uint8")
    with pytest.raises(StorageError, match=r"t\.tif: (cannot be read back|reads back differently)"):
        write_class_tile(tmp_path / "t.tif", values, legend=None)
    assert files(tmp_path) == []


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left"), RasterioError("broken"), MemoryError("no")])
def test_a_write_that_fails_leaves_nothing(tmp_path, monkeypatch, error):
    def broken(*_arguments, **_options):
        raise error

    monkeypatch.setattr(module.rasterio, "open", broken)
    with pytest.raises(StorageError, match="cannot be written"):
        write_class_tile(tmp_path / "t.tif", classes(60, 60))
    assert files(tmp_path) in ([], ["t.tif.aux.xml"])


def test_an_earlier_tile_stays_when_its_replacement_fails(tmp_path, monkeypatch):
    values = write_class_tile(tmp_path / "t.tif", classes(60, 60))
    monkeypatch.setattr(module, "_check", lambda *_a: (_ for _ in ()).throw(StorageError("no")))
    with pytest.raises(StorageError):
        write_class_tile(tmp_path / "t.tif", values[:, ::-1].copy())
    monkeypatch.undo()
    with rasterio.open(tmp_path / "t.tif") as handle:
        np.testing.assert_array_equal(handle.read(), values)
    assert files(tmp_path) == ["t.tif", "t.tif.aux.xml"]


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="limits on file size are a matter of POSIX")
def test_a_full_disk_is_a_storage_error(tmp_path):
    """A limit on the size of files stands for a disk without room: the driver tells of it only when it closes."""
    program = (
        "import resource, signal, sys; from pathlib import Path; import numpy as np\n"
        "from affine import Affine; from rasterio.crs import CRS; from classify_local.grid import Grid\n"
        "from classify_local.errors import StorageError\n"
        "from classify_local.storage.tiles import write_tile\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
        "values = np.random.default_rng(1).integers(0, 200, (1, 800, 800)).astype('uint8')\n"
        "try:\n"
        "    place = Grid(crs=CRS.from_epsg(32736), transform=Affine(10, 0, 5e5, 0, -10, 8e6), shape=(800, 800))\n"
        "    write_tile(Path('t.tif'), values, place, bands=['a'], nodata=255, overviews='average')\n"
        "except StorageError as error:\n"
        "    assert 't.tif' in str(error), error\n"
        "    sys.exit(4)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=False, capture_output=True, timeout=60)
    assert ended.returncode == 4, ended.stderr.decode()
    assert files(tmp_path) == []


# VRTs over tiles


@pytest.fixture
def map_folder(tmp_path) -> tuple[Path, np.ndarray, np.ndarray]:
    """A folder with class and probability tiles of 64 pixels, all but one, and the three VRTs."""
    folder = tmp_path / "a map"
    folder.mkdir()
    whole = grid(150, 200)
    mapped, sure = classes(150, 200), np.random.default_rng(1).integers(0, 101, (2, 150, 200)).astype("uint8")
    found = []
    for tile in tiles(whole, 64):
        inside = tile.window.slices_in(whole.window)
        if tile.id == "0000000064-0000000128":
            mapped[:, *inside], sure[:, *inside] = 0, 255
            continue
        write_tile(
            folder / f"m_class_{tile.id}.tif", mapped[:, *inside], whole.cropped(tile.window), bands=["class"],
            nodata=0, overviews="mode", legend=LEGEND,
        )  # fmt: skip
        write_tile(
            folder / f"m_probability_{tile.id}.tif", sure[:, *inside], whole.cropped(tile.window),
            bands=["class_probability", "probability_1"], nodata=255, overviews="average",
        )  # fmt: skip
        found.append(tile)
    of_class = [
        VrtBand(name="class", nodata=0, files=[(t, f"m_class_{t.id}.tif") for t in found], file_band=1,
                dtype="uint8", legend=LEGEND)
    ]  # fmt: skip
    of_probability = [
        VrtBand(name=name, nodata=255, files=[(t, f"m_probability_{t.id}.tif") for t in found], file_band=number,
                dtype="uint8")
        for number, name in enumerate(["class_probability", "probability_1"], 1)
    ]  # fmt: skip
    write_vrt(folder / "m_class.vrt", whole, of_class, "uint8")
    write_vrt(folder / "m_probability.vrt", whole, of_probability, "uint8")
    write_vrt(folder / "m.vrt", whole, [*of_class, *of_probability], "uint8")
    return folder, mapped, sure


@pytest.mark.parametrize("moved", [False, True])
def test_vrts_open_in_rasterio(map_folder, moved):
    folder, mapped, sure = map_folder
    if moved:
        folder = folder.rename(folder.with_name("other place"))
    for name, expected, nodata, bands in (
        ("m_class", mapped, (0,), ("class",)),
        ("m_probability", sure, (255, 255), ("class_probability", "probability_1")),
        ("m", np.concatenate([mapped, sure]), (0, 255, 255), ("class", "class_probability", "probability_1")),
    ):
        with rasterio.open(folder / f"{name}.vrt") as handle:
            np.testing.assert_array_equal(handle.read(), expected)
            assert handle.nodatavals == nodata
            assert handle.descriptions == bands
            assert handle.crs == UTM
            assert handle.transform == grid(1, 1).transform
            if bands[0] == "class":
                assert handle.colormap(1)[5] == (0x00, 0x64, 0xC8, 255)


def test_vrts_open_in_rioxarray(map_folder):
    folder, mapped, sure = map_folder
    for name, expected in (("m_class", mapped), ("m_probability", sure), ("m", np.concatenate([mapped, sure]))):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PendingDeprecationWarning)  # of affine, in rioxarray
            opened = rioxarray.open_rasterio(folder / f"{name}.vrt")
        with opened as array:
            np.testing.assert_array_equal(array.values, expected)
            assert array.rio.crs == UTM
            assert array.rio.nodata == (255 if name == "m_probability" else 0)


def test_vrts_open_in_gdalinfo(map_folder, gdal):
    folder, _, _ = map_folder
    told = json.loads(gdal("gdalinfo", "-json", "m.vrt", folder=folder))
    assert [band["description"] for band in told["bands"]] == ["class", "class_probability", "probability_1"]
    assert [band["noDataValue"] for band in told["bands"]] == [0, 255, 255]
    assert told["bands"][0]["colorTable"]["entries"][2] == [0xF0, 0x96, 0xFF, 255]
    assert len(told["files"]) == 1 + 2 * 11  # the VRT, and two files of each tile but the missing one
    text = gdal("gdalinfo", "m_class.vrt", folder=folder)
    listed = text.partition("Categories:\n")[2].splitlines()[:6]
    assert [line.strip() for line in listed] == [f"{i}: {name}".strip() for i, name in enumerate(NAMES)]


@pytest.mark.parametrize("dtype", ["uint16", "int16", "int32"])
def test_a_wide_class_and_its_probability_in_one_type(tmp_path, gdal, dtype):
    """The VRT over all bands widens the probability; the class keeps its names and has no colour table."""
    whole = grid(40, 50)
    wide = {"uint16": 60_000, "int16": -5, "int32": -70_000}[dtype]
    legend = Legend((*LEGEND, LegendEntry(value=wide, label="odd", color="#123456")))
    values = np.random.default_rng(1).choice([1, 2, wide], (1, 40, 50)).astype(dtype)
    sure = np.random.default_rng(2).integers(0, 101, (1, 40, 50)).astype("uint8")
    write_tile(tmp_path / "c.tif", values, whole, bands=["class"], nodata=0, overviews="mode", legend=legend)
    write_tile(tmp_path / "p.tif", sure, whole, bands=["class_probability"], nodata=255, overviews="average")
    (tile,) = tiles(whole, 64)
    bands = [
        VrtBand(name="class", nodata=0, files=[(tile, "c.tif")], file_band=1, dtype=dtype, legend=legend),
        VrtBand(name="class_probability", nodata=255, files=[(tile, "p.tif")], file_band=1, dtype="uint8"),
    ]
    write_vrt(tmp_path / "m.vrt", whole, bands, dtype)
    with rasterio.open(tmp_path / "m.vrt") as handle:
        np.testing.assert_array_equal(handle.read(), np.concatenate([values, sure.astype(dtype)]))
        assert handle.nodatavals == (0, 255)
        assert handle.dtypes == (dtype, dtype)
    told = json.loads(gdal("gdalinfo", "-json", "m.vrt"))
    assert "colorTable" not in told["bands"][0]


def test_a_rotated_and_a_geographic_grid_keep_their_place(tmp_path):
    for number, place in enumerate(
        (
            grid(30, 40, transform=Affine.translation(5e5, 8e6) @ Affine.rotation(20) @ Affine.scale(10, -10)),
            grid(30, 40, transform=Affine(1 / 3600, 0, 32.1, 0, -1 / 3600, -13.9), crs=CRS.from_epsg(4326)),
        )
    ):
        (tile,) = tiles(place, 64)
        values = classes(30, 40)
        write_tile(tmp_path / f"{number}.tif", values, place, bands=["class"], nodata=0, overviews="mode")
        band = VrtBand(name="class", nodata=0, files=[(tile, f"{number}.tif")], file_band=1, dtype="uint8")
        write_vrt(tmp_path / f"{number}.vrt", place, [band], "uint8")
        for name in (f"{number}.tif", f"{number}.vrt"):
            with rasterio.open(tmp_path / name) as handle:
                assert handle.transform.almost_equals(place.transform, precision=1e-12)
                assert handle.crs == place.crs
                np.testing.assert_array_equal(handle.read(), values)


def test_a_vrt_is_written_once(tmp_path, monkeypatch):
    whole = grid(30, 40)
    band = VrtBand(name="class", nodata=0, files=[], file_band=1, dtype="uint8", legend=LEGEND)
    write_vrt(tmp_path / "m.vrt", whole, [band], "uint8")
    before = (tmp_path / "m.vrt").stat()
    write_vrt(tmp_path / "m.vrt", whole, [band], "uint8")
    assert (tmp_path / "m.vrt").stat().st_ino == before.st_ino
    with rasterio.open(tmp_path / "m.vrt") as handle:
        assert not handle.read().any()  # no tile yet: nodata
