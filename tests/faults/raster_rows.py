"""Images that cannot be used."""

from __future__ import annotations

import io
import os
import socket
import struct
import warnings
import zipfile

import numpy as np
import rasterio
import rasterio.control
from affine import Affine

from tests.faults.rows import Breaking, Row, image, image_path, one_more_image, put, together, without, write
from tests.faults.scene import COLS, TRANSFORM, Scene
from tests.faults.scene import ROWS as LINES

IMAGE = r"image\.tif: "
BY = TRANSFORM @ Affine.translation(0.5, 0)


def truncated(size: int) -> Breaking:
    return lambda scene: scene.write("image.tif", scene.path("image.tif").read_bytes()[:size])


def no_image(scene: Scene) -> None:
    scene.path("image.tif").unlink()


def pipe(name: str) -> Breaking:
    return lambda scene: os.mkfifo(scene.path(name))


def loop(name: str) -> Breaking:
    return lambda scene: scene.path(name).symlink_to(name)


def renamed_to_latin1(scene: Scene) -> None:
    scene.path("tiles/a.tif").rename(scene.path(f"tiles/{os.fsdecode(bytes.fromhex('636166e9'))}.tif"))


def latin1_name(scene: Scene) -> None:
    scene.image(names=["v_g_table", "nir", "swir1"])
    path = scene.path("image.tif")
    path.write_bytes(path.read_bytes().replace(b"v_g_table", b"v\xe9g\xe9table", 1))


def zip_of(name: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, "content")
    return stream.getvalue()


def tiles(**changes: object) -> Breaking:
    """Two tiles, the second of which differs from the first."""
    return together(image("tiles/a.tif"), image("tiles/b.tif", **changes), image_path("tiles/*.tif"))


def edited(old: bytes, new: bytes, **changes: object) -> Breaking:
    """An image in whose bytes one thing is replaced by another of the same length."""

    def make(scene: Scene) -> None:
        path = scene.image(**changes)
        data = path.read_bytes()
        assert data.count(old) >= 1
        assert len(old) == len(new)
        path.write_bytes(data.replace(old, new))

    return make


def entry(tag: int, kind: int, count: int, value: int | None = None) -> bytes:
    """An entry of a TIFF's directory, without its value if none is given."""
    return struct.pack("<HHI", tag, kind, count) + (b"" if value is None else struct.pack("<I", value))


def control_points_only(scene: Scene) -> None:
    path = scene.image(transform=None, crs=None)
    with warnings.catch_warnings(action="ignore"), rasterio.open(path, "r+") as handle:
        corners = [(0, 0), (0, COLS), (LINES, 0), (LINES, COLS)]
        points = [
            rasterio.control.GroundControlPoint(row=row, col=col, x=33 + col * 1e-4, y=-12.6 - row * 1e-4)
            for row, col in corners
        ]
        handle.gcps = points, rasterio.crs.CRS.from_epsg(4326)


def open_socket(scene: Scene) -> None:
    """A socket in the file system, whose path may not be long."""
    here = os.open(scene.folder, os.O_RDONLY)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(f"/proc/self/fd/{here}/image.socket.tif")
    finally:
        os.close(here)


FILES = [
    Row(id="missing file", make=image_path("imag.tif"),
        file=r"imag\.tif: ", thing="no such file", remedy=r"did you mean 'image\.tif'\?"),
    Row(id="missing folder", make=image_path("mosaics/image.tif"),
        file=r"mosaics/image\.tif: ", thing="no such file", remedy=r"folder .*mosaics does not exist"),
    Row(id="empty file", make=write("image.tif", b""), file=IMAGE, thing="is empty", remedy="readable are GeoTIFF"),
    Row(id="web page", make=write("image.tif", "\n <!DOCTYPE html><html>404"),
        file=IMAGE, thing=r"web page.*failed download", remedy="download it again"),
    Row(id="truncated header", make=truncated(8), file=IMAGE, thing="cannot be opened", remedy="copy or download it"),
    Row(id="truncated directory", make=truncated(6000),
        file=IMAGE, thing="cannot be opened", remedy="copy or download it"),
    Row(id="text", make=write("image.tif", "blue,red\n1,2\n"),
        file=IMAGE, thing="is not a raster .*blue,red", remedy="readable are GeoTIFF"),
    Row(id="zip archive", make=write("image.tif", zip_of("image.tif")), file=IMAGE, thing="zip", remedy="unpack it"),
    Row(id="netCDF", make=write("image.tif", b"CDF\x01" + bytes(90)),
        file=IMAGE, thing="holds no variable over y and x", remedy="it has none"),
    Row(id="folder without rasters", make=together(write("data/notes.txt", "x"), image_path("data")),
        file=r"/data: ", thing="holds no raster", remedy=r"\.tif, .*\.vrt"),
    Row(id="folder in place of the image", make=together(no_image, lambda s: s.path("image.tif").mkdir()),
        file=IMAGE, thing="folder holds no raster", remedy=r"files that end in \.tif"),
    Row(id="folder in a list", make=together(write("data/x", ""), image_path(["image.tif", "da*"])),
        file=r"/data: ", thing="is a folder", remedy="give a file"),
    Row(id="pattern without match", make=together(image("tiles/a.tiff"), image_path("tiles/*.tif")),
        file=r"tiles/\*\.tif: ", thing="no file matches", remedy=r"the folder holds a\.tiff"),
    Row(id="pattern in no folder", make=image_path("tiles/*.tif"),
        file=r"tiles/\*\.tif: ", thing="no file matches", remedy="tiles does not exist"),
    Row(id="pattern that is none", make=image_path("a**b.tif"),
        file=r"a\*\*b\.tif: ", thing="no pattern", remedy=r"write for example tiles/\*\*"),
    Row(id="VRT among tiles",
        make=together(image("data/a.tif"), write("data/b.vrt", "<VRTDataset>"), image_path("data")),
        file=r"b\.vrt: ", thing="is a VRT among other files", remedy="give either the VRT alone or"),
    Row(id="pipe", make=together(pipe("pipe.tif"), image_path("pipe.tif")),
        file=r"pipe\.tif: ", thing="is a pipe", remedy="give a file"),
    Row(id="socket", make=together(open_socket, image_path("image.socket.tif")),
        file=r"image\.socket\.tif: ", thing="is a pipe, socket or device", remedy="give a file"),
    Row(id="device", make=image_path("/dev/zero"), file="/dev/zero: ", thing="device", remedy="give a file"),
    Row(id="links in a circle", make=together(loop("loop.tif"), image_path("loop.tif")),
        file=r"loop\.tif: ", thing="cannot be opened: .*symbolic links", remedy="symbolic links"),
    Row(id="long name", make=image_path("a" * 300 + ".tif"),
        file=r"a{300}\.tif: ", thing="cannot be opened", remedy="name too long"),
    Row(id="long pattern", make=image_path("a" * 300 + "*"),
        file=r"a{300}\*: ", thing="cannot be opened", remedy="name too long"),
    Row(id="name in Latin-1", make=together(image("tiles/a.tif"), renamed_to_latin1, image_path("tiles/*.tif")),
        file=r"caf\\udce9\.tif: ", thing="name of this file is not in UTF-8", remedy="rename it"),
    Row(id="address", make=image_path("ftp://127.0.0.1/image.tif"),
        file="ftp://127.0.0.1/image.tif: ", thing="not a path on this machine", remedy="give a file, a list"),
    Row(id="virtual file system", make=image_path("/vsicurl/http://127.0.0.1/image.tif"),
        file="/vsicurl/.*: ", thing="not a path on this machine", remedy="give a file, a list"),
    Row(id="home of nobody", make=image_path("~nobody_here/image.tif"),
        file=r"recipe\.yml: ", thing="~nobody_here/image.tif", remedy="write the path from the recipe's folder"),
]  # fmt: skip

CONTENT = [
    Row(id="no CRS", make=image(crs=None), file=IMAGE, thing="no coordinate reference", remedy="rio edit-info --crs"),
    Row(id="no geotransform", make=image(transform=None),
        file=IMAGE, thing="no position", remedy="gdal_edit -a_ullr"),
    Row(id="only ground control points", make=control_points_only,
        file=IMAGE, thing="only ground control points", remedy="gdalwarp"),
    Row(id="bands none", make=edited(entry(277, 3, 1, 3), entry(277, 3, 1, 0)),
        file=IMAGE, thing="cannot be opened", remedy="copy or download it again"),
    Row(id="5,000 bands", make=image(count=5000, width=32, height=32),
        file=IMAGE, thing="has 5000 bands", remedy="allowed are 1 to 4096"),
    Row(id="65,535 bands", make=edited(entry(277, 3, 1, 3), entry(277, 3, 1, 65535)),
        file=IMAGE, thing="cannot be opened", remedy="copy or download it again"),
    Row(id="unknown code of a system",
        make=edited(struct.pack("<4H", 3072, 0, 1, 32736), struct.pack("<4H", 3072, 0, 1, 29999)),
        file=r"reference\.csv: ", thing="cannot be placed on the image", remedy="tied to the earth"),
    Row(id="local system", make=image(crs='LOCAL_CS["yard",UNIT["metre",1]]'),
        file=r"reference\.csv: ", thing="points in EPSG:4326 cannot be placed on the image", remedy="EPSG:32736"),
    Row(id="system of heights", make=image(crs="EPSG:5773"),
        file=r"reference\.csv: ", thing="points in EPSG:4326 cannot be placed on the image", remedy="EPSG:32736"),
    Row(id="system of three dimensions", make=image(crs="EPSG:4978"),
        file=r"reference\.csv: ", thing="30 outside the image", remedy="at least 2 classes"),
    *(
        Row(id=f"pixels {size} wide", make=edited(struct.pack("<ddd", 10, 10, 0), struct.pack("<ddd", size, 10, 0)),
            file=IMAGE, thing=thing, remedy=remedy)
        for size, thing, remedy in (
            (0.0, "only ground control points", "gdalwarp"), (float("nan"), "pixel size is zero", "not a number"),
            (float("inf"), "pixel size is zero", "not a number"),
        )
    ),
    Row(id="place that is none", make=edited(struct.pack("<d", 500_000), struct.pack("<d", float("nan"))),
        file=IMAGE, thing="pixel size is zero", remedy="or not a number"),
    Row(id="pixels of 1e-300 m", make=image(transform=Affine(1e-300, 0, 5e5, 0, -1e-300, 8.6e6)),
        file=IMAGE, thing="pixel size is zero", remedy="or not a number"),
    Row(id="grid of no area", make=image(transform=Affine(10, 10, 5e5, -10, -10, 8.6e6)),
        file=IMAGE, thing="pixel size is zero", remedy="or not a number"),
    Row(id="band not found", make=put("images", 0, "bands", ["red", "nirr"]),
        file=IMAGE, thing="no band 'nirr'; it has red, nir, swir1", remedy=r"did you mean 'nir'\?"),
    Row(id="two bands not found", make=put("images", 0, "bands", ["redd", "nir", "sswir1"]), lines=2,
        file=IMAGE, thing="no band 'sswir1'", remedy=r"did you mean 'swir1'\?"),
    Row(id="band number out of range", make=put("images", 0, "bands", [1, 7]),
        file=IMAGE, thing="no band 7", remedy="numbered 1 to 3"),
    Row(id="band number 0", make=put("images", 0, "bands", [0]), file=IMAGE, thing="band 0", remedy="numbered 1 to 3"),
    Row(id="negative band number", make=put("images", 0, "bands", [-1]),
        file=IMAGE, thing="band -1", remedy="numbered 1 to 3"),
    Row(id="band number in raised digits", make=put("images", 0, "bands", ["²"]),
        file=IMAGE, thing="no band '²'", remedy="it has red, nir, swir1"),
    Row(id="band in a mapping", make=put("images", 0, "bands", {"green": "gren"}),
        file=IMAGE, thing="no band 'gren'", remedy="did you mean"),
    Row(id="same band twice", make=put("images", 0, "bands", ["red", "red"]),
        file=IMAGE, thing="several bands are called red", remedy=r"by a mapping \{red: 3\}"),
    Row(id="duplicate names",
        make=together(image(names=["red", "red", "nir"]), put("images", 0, {"path": "image.tif"})),
        file=IMAGE, thing="several bands are called red", remedy=r"by a mapping \{red: 3\}"),
    Row(id="duplicate name asked for", make=image(names=["red", "red", "nir", "swir1"], count=4),
        file=IMAGE, thing="bands 1, 2 are all called 'red'", remedy="by its number"),
    Row(id="band name in Latin-1", make=latin1_name,
        file=IMAGE, thing="band name or tag that is not in UTF-8", remedy="gdal_translate -nomd"),
    Row(id="complex numbers", make=image(dtype="complex64"), file=IMAGE, thing="complex", remedy="magnitude or parts"),
    Row(id="mask band not found", make=put("images", 0, "mask", {"band": "cloud"}),
        file=IMAGE, thing="no band 'cloud'", remedy="it has red, nir, swir1"),
    Row(id="mask file missing", make=put("images", 0, "mask", {"path": "mask.tif", "keep": [1]}),
        file=r"mask\.tif: ", thing="no such file", remedy="did you mean 'image.tif'"),
    Row(id="no data in any band", make=image(values=np.zeros((3, 50, 60), "uint16"), nodata=0), lines=3,
        file="training: ", thing="Cropland.* loses all its 10 rows to red", remedy="leave it out"),
    Row(id="more pixels than any image has", make=image(values=False, width=2**30, height=2**30, sparse_ok=True,
                                                        blockxsize=2**19, blockysize=2**19),
        file=IMAGE, thing="1,073,741,824 x 1,073,741,824 pixels", remedy="at most 1,000,000,000,000"),
]  # fmt: skip

TILES = [
    Row(id="tiles of other bands", make=tiles(names=["red", "nir", "blue"]),
        file=r"tiles/b\.tif: ", thing="its bands are red, nir, blue, those of a.tif are", remedy="have the same bands"),
    Row(id="tiles of fewer bands", make=tiles(count=2),
        file=r"tiles/b\.tif: ", thing="its bands are red, nir, those of a.tif", remedy="have the same bands"),
    Row(id="tiles far apart", make=tiles(transform=TRANSFORM @ Affine.translation(10**8, 10**8)),
        file=r"tiles/\*\.tif: ", thing="100,000,050 x 100,000,060 pixels", remedy="is one of them misplaced"),
    Row(id="images apart",
        make=together(image("b.tif", transform=TRANSFORM @ Affine.translation(100, 0)), one_more_image(path="b.tif")),
        file=r"b\.tif: ", thing=r"does not overlap .*bounds 501000 .* against 500000", remedy="the first image"),
    Row(id="images in other CRS", make=together(image("b.tif", crs="EPSG:32737"), one_more_image(path="b.tif")),
        file=r"b\.tif: ", thing="does not overlap the first image", remedy="EPSG:32737 against .* in EPSG:32736"),
]  # fmt: skip

ZONES = [
    Row(id="tile of another zone cut short",
        make=together(tiles(crs="EPSG:32737"),
                      lambda s: s.write("tiles/b.tif", s.path("tiles/b.tif").read_bytes()[:400])),
        file=r"tiles/b\.tif: ", thing="cannot be opened", remedy="copy or download it again"),
    Row(id="tile of another zone without a system", make=tiles(crs=None),
        file=r"tiles/b\.tif: ", thing="no coordinate reference", remedy="rio edit-info --crs"),
    Row(id="tile of another zone with other bands", make=tiles(crs="EPSG:32737", names=["red", "nir", "blue"]),
        file=r"tiles/b\.tif \.\.\.: ", thing="are not those of", remedy="alike"),
    Row(id="tile of another zone stored otherwise", make=tiles(crs="EPSG:32737", dtype="float32"),
        file=r"tiles/b\.tif \.\.\.: ", thing="or how they are stored, are not those of", remedy="alike"),
    Row(id="tile of a local system", make=tiles(crs='LOCAL_CS["yard",UNIT["metre",1]]'),
        file=r"tiles/b\.tif \.\.\.: ", thing="tied to no place on the earth", remedy="for example EPSG:32736"),
    Row(id="tile of another zone with a sidecar that leads out", code=5,
        make=together(tiles(crs="EPSG:32737"), write("tiles/b.tif.msk", "<VRTDataset>")),
        file=r"tiles/b\.tif\.msk: ", thing="is no TIFF", remedy="move it away"),
]  # fmt: skip

OUTPUTS = [
    Row(id="output is a file", make=write("out", "x"), code=4, arguments=("--out", "{folder}/out"),
        file=r"/out: ", thing="is a file", remedy="give a folder for the output with --out"),
    Row(id="output below a file", make=write("out", "x"), code=4, arguments=("--out", "{folder}/out/maps"),
        file=r"/out: ", thing="is a file", remedy="give a folder for the output with --out"),
    Row(id="output where nothing can be written", make=lambda s: None, code=4, arguments=("--out", "/proc/maps"),
        file=r"/proc: ", thing="cannot be written to", remedy="give another folder with --out"),
    Row(id="output with a long name", make=lambda s: None, code=4, arguments=("--out", "{folder}/" + "a" * 300),
        file="a{300}", thing="too long", remedy="--out"),
    Row(id="no legend for a run", make=without("legend"), commands=("run",),
        file=r"recipe\.yml: ", thing="has no legend", remedy="for example legend: legend.csv"),
    Row(id="no training data for a run", make=without("training"), commands=("run",),
        file=r"recipe\.yml: ", thing="has no training data", remedy=r"for example - csv: points\.csv"),
    Row(id="neither for a run", make=together(without("legend"), without("training")), commands=("run",), lines=2,
        file=r"recipe\.yml: ", thing="has no training data", remedy=r"for example - csv: points\.csv"),
    Row(id="probability of an unknown class", make=put("output", "bands", ["class", "probability_7"]),
        file="output.bands: ", thing="probability_7: the legend has no such class", remedy="values are 10, 40, 80"),
]  # fmt: skip

ROWS = [*FILES, *CONTENT, *TILES, *ZONES, *OUTPUTS]
