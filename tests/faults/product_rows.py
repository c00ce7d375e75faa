"""Products as space agencies deliver them, spoilt: metadata, bands and archives."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile

from affine import Affine

from tests.faults.rows import Breaking, Row, image_path, together, write
from tests.faults.scene import TRANSFORM, Scene, write_image
from tests.faults.vrts import bomb

SAFE = "S2A_MSIL2A_20210710T080611_N0400_R078_T36LXK_20210710T104613.SAFE"
MTD = f"{SAFE}/MTD_MSIL2A.xml"
IMAGES = f"{SAFE}/GRANULE/L2A_T36LXK_A031593_20210710T083227/IMG_DATA/R10m"
LANDSAT = "LC08_L2SP_170069_20210710_20210720_02_T1"
ONE = "LC08_L1TP_170069_20210710_20210720_02_T1"
LOSSLESS = {"driver": "JP2OpenJPEG", "QUALITY": "100", "REVERSIBLE": "YES", "tiled": None, "blockxsize": None,
            "blockysize": None}  # fmt: skip
METADATA = (
    "<Product><QUANTIFICATION_VALUES_LIST><BOA_QUANTIFICATION_VALUE>{divisor}</BOA_QUANTIFICATION_VALUE>"
    '</QUANTIFICATION_VALUES_LIST><BOA_ADD_OFFSET band_id="{band}">0</BOA_ADD_OFFSET>{more}</Product>'
)
LEVEL_1 = "GROUP = L\n GROUP = {group}\n  {lines}\n END_GROUP = {group}\nEND_GROUP = L\nEND\n"


def metadata(divisor: str = "10000", band: str = "3", more: str = "") -> str:
    return METADATA.format(divisor=divisor, band=band, more=more)


def jp2(name: str) -> str:
    return f"{IMAGES}/T36LXK_20210710T080611_{name}_10m.jp2"


def safe(*steps: Breaking, bands: tuple[str, ...] = ("B03", "B04", "B08"), mtd: str | None = None) -> Breaking:
    """A small Level-2A product, then what spoils it."""

    def make(scene: Scene) -> None:
        scene.write(MTD, metadata() if mtd is None else mtd)
        for name in bands:
            write_image(scene.path(jp2(name)), count=1, **LOSSLESS)
        scene.recipe["images"] = [{"path": SAFE}]
        together(*steps)(scene)

    return make


def landsat(*steps: Breaking, bands: tuple[str, ...] = ("SR_B3", "SR_B4"), scene_id: str = LANDSAT) -> Breaking:
    """A small scene of Landsat, then what spoils it."""

    def make(scene: Scene) -> None:
        for name in bands:
            write_image(scene.path(f"{scene_id}/{scene_id}_{name}.TIF"), count=1)
        scene.recipe["images"] = [{"path": scene_id}]
        together(*steps)(scene)

    return make


def mtl(text: str, scene_id: str = LANDSAT, ending: str = "txt") -> Breaking:
    return write(f"{scene_id}/{scene_id}_MTL.{ending}", text)


def level_1(group: str, *lines: str) -> Breaking:
    sun = "" if group == "IMAGE_ATTRIBUTES" else LEVEL_1.format(
        group="IMAGE_ATTRIBUTES", lines="SUN_ELEVATION = 45").replace("END\n", "")  # fmt: skip
    text = sun + LEVEL_1.format(group=group, lines="\n".join(lines))
    return landsat(mtl(text, ONE), bands=("B3", "B4"), scene_id=ONE)


def remove(name: str) -> Breaking:
    return lambda scene: scene.path(name).unlink()


def cut(name: str, share: float) -> Breaking:
    """Leave the first part of a file."""

    def make(scene: Scene) -> None:
        data = scene.path(name).read_bytes()
        scene.write(name, data[: int(len(data) * share)])

    return make


def zipped(*members: tuple[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return stream.getvalue()


def tarred(name: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo(name), io.BytesIO(b""))
    return stream.getvalue()


def archive(name: str, content: bytes) -> Breaking:
    return together(write(name, content), image_path(name))


SENTINEL = [
    Row(id="SAFE with an XML bomb", make=safe(mtd=bomb() + metadata(divisor="&i;")), code=5,
        file=r"MTD_MSIL2A\.xml: ", thing="document types or entities", remedy="do not use it"),
    Row(id="SAFE with an external entity", code=5,
        make=safe(mtd='<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + metadata(divisor="&x;")),
        file=r"MTD_MSIL2A\.xml: ", thing="document types or entities", remedy="do not use it"),
    Row(id="SAFE with broken metadata", make=safe(mtd=metadata()[:-20]),
        file=r"MTD_MSIL2A\.xml: ", thing="broken XML", remedy="copy or download it again"),
    Row(id="SAFE without metadata", make=safe(remove(MTD)),
        file=rf"{SAFE}: ", thing=r"holds no MTD_MSIL1C\.xml", remedy="download the product again whole"),
    *(
        Row(id=f"SAFE whose values are divided by {divisor}", make=safe(mtd=metadata(divisor=divisor)),
            file=r"MTD_MSIL2A\.xml: ", thing="BOA_QUANTIFICATION_VALUE is", remedy="download the product again")
        for divisor in ("0", "-10000", "nan", "1e999", "ten", "")
    ),
    *(
        Row(id=f"SAFE with an offset of band {band!r}", make=safe(mtd=metadata(band=band)),
            file=r"MTD_MSIL2A\.xml: ", thing="has the band_id", remedy="allowed are 0 to 12")
        for band in ("13", "-1", "../../x", "²", "")
    ),
    Row(id="SAFE without a granule", make=together(write(MTD, metadata()), image_path(SAFE)),
        file="/GRANULE: ", thing="holds no granule", remedy="download the product again whole"),
    Row(id="SAFE without images", make=safe(write(f"{IMAGES}/readme.txt", "none"), bands=()),
        file="IMG_DATA: ", thing="holds no image of any band", remedy="download the product again whole"),
    Row(id="SAFE with classes alone", make=safe(write(f"{IMAGES}/readme.txt", "none"), bands=("SCL",)),
        file="IMG_DATA: ", thing="holds no image of any band", remedy="download the product again whole"),
    Row(id="SAFE without a band that is asked for",
        make=safe(lambda s: s.recipe["images"][0].update(bands=["B04", "B12"])),
        file=rf"{SAFE}: ", thing="no band 'B12'", remedy="it has B03, B04, B08"),
    *(
        Row(id=f"SAFE with a band of {share:g} of its bytes", make=safe(cut(jp2("B04"), share)),
            file=r"B04_10m\.jp2: ", thing=thing, remedy=remedy)
        for share, thing, remedy in (
            (0.0, "is empty", "readable are"), (0.01, "cannot be opened", "copy or download it again"),
            (0.5, "cannot be read at row 0, column 0", "Read failed"),
        )
    ),
    Row(id="SAFE with a band of three", make=safe(lambda s: write_image(s.path(jp2("B04")), **LOSSLESS)),
        file=r"B04_10m\.jp2: ", thing="holds 3 bands where B04 alone should be", remedy="download it anew"),
    Row(id="SAFE with a band of another place",
        make=safe(lambda s: write_image(s.path(jp2("B04")), count=1, **LOSSLESS,
                                        transform=TRANSFORM @ Affine.translation(10**4, 0))),
        lines=3, file="training: ", thing="loses all its 10 rows to B04", remedy="leave it out"),
    Row(id="SAFE with a band that is a VRT", make=safe(write(jp2("B04"), "<VRTDataset>")),
        file=r"B04_10m\.jp2: ", thing="is a VRT among other files", remedy="the files it is made of"),
    Row(id="SAFE with a band that is a pipe",
        make=safe(remove(jp2("B04")), lambda s: os.mkfifo(s.path(jp2("B04")))),
        file=r"B04_10m\.jp2: ", thing="is a pipe", remedy="give a file"),
    Row(id="SAFE whose metadata are a pipe", make=safe(remove(MTD), lambda s: os.mkfifo(s.path(MTD))),
        file=r"MTD_MSIL2A\.xml: ", thing="is a pipe", remedy="give a file"),
]  # fmt: skip

USGS = [
    Row(id="MTL with an XML bomb", make=landsat(mtl(bomb() + "<L><G>&i;</G></L>", ending="xml")), code=5,
        file=r"_MTL\.xml: ", thing="document types or entities", remedy="do not use it"),
    Row(id="MTL with braces without end", make=landsat(mtl('{"a":' * 100_000, ending="json")),
        file=r"_MTL\.json: ", thing="broken JSON", remedy="download it again"),
    Row(id="MTL of other things", make=landsat(mtl("nothing of use\n")),
        file=r"_MTL\.txt: ", thing="holds no groups of Landsat metadata", remedy="download it again"),
    Row(id="MTL that is empty", make=landsat(mtl("")), file=r"_MTL\.txt: ", thing="holds no groups", remedy="again"),
    Row(id="MTL that is a pipe", make=landsat(lambda s: os.mkfifo(s.path(f"{LANDSAT}/{LANDSAT}_MTL.txt"))),
        file=r"_MTL\.txt: ", thing="is a pipe", remedy="give a file"),
    *(
        Row(id=f"sun at {sun}", make=together(
                level_1("LEVEL1_RADIOMETRIC_RESCALING", "REFLECTANCE_MULT_BAND_3 = 2e-5",
                        "REFLECTANCE_ADD_BAND_3 = -0.1"),
                lambda s, sun=sun: s.write(f"{ONE}/{ONE}_MTL.txt", s.path(f"{ONE}/{ONE}_MTL.txt").read_text().replace(
                    "SUN_ELEVATION = 45", f"SUN_ELEVATION = {sun}"))),
            file=r"_MTL\.txt: ", thing="SUN_ELEVATION is",
            remedy="reflectance needs one of above 0 to 90 degrees|download it again")
        for sun in ("0", "-3", "91", "nan", "high")
    ),
    *(
        Row(id=f"reflectance times {scale}", lines=1,
            make=level_1("LEVEL1_RADIOMETRIC_RESCALING", f"REFLECTANCE_MULT_BAND_3 = {scale}",
                         "REFLECTANCE_ADD_BAND_3 = -0.1"),
            file=r"_MTL\.txt: ", thing="REFLECTANCE_MULT_BAND_3 is",
            remedy="allowed are numbers above 0|download it again")
        for scale in ("0", "-2e-5", "nan", "../../x")
    ),
    Row(id="Landsat with quality alone", make=landsat(bands=("QA_PIXEL",)),
        file=rf"{LANDSAT}: ", thing="holds no band of reflectance", remedy="download the scene's bands too"),
    Row(id="two scenes in a folder",
        make=landsat(lambda s: write_image(s.path(f"{LANDSAT}/{ONE}_B3.TIF"), count=1)),
        file=rf"{LANDSAT}: ", thing="holds bands of 2 Landsat scenes", remedy="give each a folder"),
    Row(id="Landsat with a band cut short", make=landsat(cut(f"{LANDSAT}/{LANDSAT}_SR_B4.TIF", 0.01)),
        file=r"_SR_B4\.TIF: ", thing="cannot be opened", remedy="copy or download it again"),
]  # fmt: skip

BOMB = bytes(50_000_000)
ARCHIVES = [
    Row(id="SAFE in a zip", make=archive("scene.zip", zipped((f"{SAFE}/MTD_MSIL2A.xml", b"x"))),
        file=r"scene\.zip: ", thing="Sentinel-2 product in a zip", remedy="unpack it and give the .SAFE folder"),
    Row(id="SAFE in a zip with names that lead out",
        make=archive("scene.zip", zipped((f"{SAFE}/a", b"x"), ("../../outside/b", b"x"), ("/tmp/c", b"x"))),
        file=r"scene\.zip: ", thing="Sentinel-2 product in a zip", remedy="unpack it"),
    Row(id="zip with names that lead out", make=archive("scene.zip", zipped(("../../outside/image.tif", b"x"))),
        file=r"scene\.zip: ", thing="zip", remedy="unpack it"),
    Row(id="zip bomb as an image", make=archive("image.zip", zipped(*((f"{i}.tif", BOMB) for i in range(4)))),
        file=r"image\.zip: ", thing="zip", remedy="unpack it"),
    Row(id="SAFE zip bomb", make=archive("scene.zip", zipped((f"{SAFE}/MTD_MSIL2A.xml", BOMB))),
        file=r"scene\.zip: ", thing="Sentinel-2 product in a zip", remedy="unpack it"),
    Row(id="zip of one byte more than its mark", make=archive("scene.zip", b"PK\x03\x04\xff"),
        file=r"scene\.zip: ", thing="zip", remedy="unpack it"),
    Row(id="Landsat in a tar", make=archive("scene.tar", tarred(f"{LANDSAT}_SR_B4.TIF")),
        file=r"scene\.tar: ", thing="Landsat scene in a tar", remedy="mkdir scene && tar -xf"),
    Row(id="tar with names that lead out", make=archive("scene.tar", tarred("../../outside/image.tif")),
        file=r"scene\.tar: ", thing="is not a raster", remedy="readable are"),
]  # fmt: skip

ROWS = [*SENTINEL, *USGS, *ARCHIVES]
