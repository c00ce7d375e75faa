"""VRTs and sidecars that lead somewhere they may not, or that are broken."""

from __future__ import annotations

import os

from tests.faults.rows import Breaking, Row, image, image_path, together, write
from tests.faults.scene import Scene, write_image
from tests.faults.vrts import as_image, bomb, vrt

VRT = r"mosaic\.vrt: "
FILES_INSTEAD = "as GeoTIFF"
WRITE_OUT = r"gdal_translate mosaic\.vrt plain\.tif"
ALLOW = r"outside the allowed folders; if you trust it, give --allow \S+outside"
OVERVIEW = '<PAMDataset><Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">/etc/passwd</MDI></Metadata></PAMDataset>'
OWN_MASK = f"<MaskBand>{vrt().partition('</GeoTransform>')[2].partition('</VRTDataset>')[0]}</MaskBand>"
PYTHON = (
    "<PixelFunctionType>f</PixelFunctionType><PixelFunctionLanguage>Python</PixelFunctionLanguage>"
    "<PixelFunctionCode>import os; os.system('touch ran')</PixelFunctionCode>"
)
RAW = "<SourceFilename>/etc/passwd</SourceFilename><ImageOffset>0</ImageOffset>"


def outside(scene: Scene) -> None:
    write_image(scene.outside / "secret.tif")


def names_outside(scene: Scene) -> None:
    outside(scene)
    as_image(vrt(str(scene.outside / "secret.tif"), relative=0))(scene)


def link_to_outside(scene: Scene) -> None:
    outside(scene)
    scene.path("inside.tif").symlink_to(scene.outside / "secret.tif")


def chain(length: int) -> Breaking:
    """VRTs each of which names the next."""
    links = [write(f"v{i}.vrt", vrt(f"v{i + 1}.vrt")) for i in range(length)]
    return together(*links, write(f"v{length}.vrt", vrt()), image_path("v0.vrt"))


def link(name: str, target: str) -> Breaking:
    return lambda scene: scene.path(name).symlink_to(target)


def pipe(name: str) -> Breaking:
    return lambda scene: os.mkfifo(scene.path(name))


SAFETY = [
    Row(id="raw band", make=as_image(vrt(band='subClass="VRTRawRasterBand"', of_band=RAW)), code=5,
        file=VRT, thing=r"raw or Python source \(VRTRawRasterBand\)", remedy=FILES_INSTEAD),
    Row(id="python pixel function", make=as_image(vrt(band='subClass="VRTDerivedRasterBand"', of_band=PYTHON)), code=5,
        file=VRT, thing="raw or Python source", remedy=FILES_INSTEAD),
    *(
        Row(id=f"source {name}", make=as_image(vrt(name, relative=relative)), code=5,
            file=VRT, thing="a network or virtual source, which is never opened", remedy=FILES_INSTEAD)
        for relative, name in enumerate((
            "/vsicurl/http://127.0.0.1/image.tif", "http://127.0.0.1/image.tif", "/vsizip/image.zip/image.tif",
            "MEM:::DATAPOINTER=1", "WMS:http", "PG:host=127.0.0.1", "&lt;VRTDataset/&gt;",
        ), -6)
    ),
    Row(id="source elsewhere", make=names_outside, code=5, file=VRT, thing=r"/secret\.tif", remedy=ALLOW),
    Row(id="source above", make=together(outside, as_image(vrt("../outside/secret.tif"))), code=5,
        file=VRT, thing=r"/secret\.tif", remedy=ALLOW),
    Row(id="source behind a link", make=together(link_to_outside, as_image(vrt("inside.tif"))), code=5,
        file=VRT, thing=r"/secret\.tif", remedy=ALLOW),
    Row(id="mask elsewhere", code=5,
        make=together(outside, write("mask.vrt", vrt("../outside/secret.tif")),
                      lambda s: s.recipe["images"][0].update(mask={"path": "mask.vrt"})),
        file=r"mask\.vrt: ", thing=r"/secret\.tif", remedy=ALLOW),
    Row(id="VRT named .tif", make=together(outside, as_image(vrt("../outside/secret.tif"), "mosaic.tif")), code=5,
        file=r"mosaic\.tif: ", thing=r"/secret\.tif", remedy=ALLOW),
    Row(id="VRT in a VRT", code=5,
        make=together(outside, write("inner.vrt", vrt("../outside/secret.tif")), as_image(vrt("inner.vrt"))),
        file=r"inner\.vrt: ", thing=r"/secret\.tif", remedy=ALLOW),
    Row(id="VRT to itself", make=as_image(vrt("mosaic.vrt")), code=5,
        file=VRT, thing="leads back to itself", remedy="name its source files"),
    Row(id="two VRTs in a circle", make=together(as_image(vrt("b.vrt")), write("b.vrt", vrt("mosaic.vrt"))), code=5,
        file=VRT, thing="leads back to itself", remedy="name its source files"),
    Row(id="VRT to itself through a link", make=together(as_image(vrt("b.vrt")), link("b.vrt", "mosaic.vrt")), code=5,
        file=VRT, thing="leads back to itself", remedy="name its source files"),
    Row(id="VRTs fifty deep", make=chain(50), code=5,
        file=r"v8\.vrt: ", thing="through more than 8 others", remedy="name its source files"),
    Row(id="XML bomb", make=as_image(bomb() + vrt(srs="&i;")), code=5,
        file=VRT, thing="document types or entities", remedy="do not use it"),
    Row(id="XML bomb behind a declaration", make=as_image('<?xml version="1.0"?>\n' + bomb() + vrt(srs="&i;")), code=5,
        file=VRT, thing="document types or entities", remedy="do not use it"),
    Row(id="external entity", code=5,
        make=as_image('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + vrt(srs="&x;")),
        file=VRT, thing="document types or entities", remedy="do not use it"),
    Row(id="reference system as an address", make=as_image(vrt(srs="http://127.0.0.1/crs")), code=5,
        file=VRT, thing=r"reference system \(SRS\) as an address", remedy="write EPSG:n"),
    *(
        Row(id=f"sidecar {ending}", make=write(f"image.tif{ending}", vrt("mosaic.vrt")), code=5,
            file=rf"image\.tif{ending}: ", thing="is no TIFF", remedy="move it away")
        for ending in (".msk", ".ovr", ".MSK", ".Ovr", ".msk.ovr", ".ovr.msk")
    ),
    Row(id="sidecar names an overview", make=write("image.tif.aux.xml", OVERVIEW), code=5,
        file=r"image\.tif\.aux\.xml: ", thing="another file as overview", remedy="move it away"),
    Row(id="sidecar with an XML bomb", make=write("image.tif.aux.xml", bomb() + "<PAMDataset>&i;</PAMDataset>"), code=5,
        file=r"image\.tif\.aux\.xml: ", thing="document types or entities", remedy="do not use it"),
    Row(id="tag names an overview", make=image(tags={"OVERVIEWS": {"OVERVIEW_FILE": "/etc/passwd"}}), code=5,
        file=r"image\.tif: ", thing="another file as overview", remedy="gdal_translate -nomd"),
    *(
        Row(id=f"sidecar {name} is a pipe", make=pipe(name), code=5,
            file=rf"{name}: ", thing="is a pipe, socket or device beside image.tif", remedy="move it away")
        for name in ("image.tif.msk", "image.tif.aux.xml", "image.tfw", "image.IMD")
    ),
]  # fmt: skip

BROKEN = [
    Row(id="missing source", make=as_image(vrt("imag.tif")),
        file=r"imag\.tif: ", thing=r"no such file.*\(mosaic\.vrt names it\)", remedy=r"did you mean 'image\.tif'\?"),
    Row(id="source is a pipe", make=together(pipe("p.tif"), as_image(vrt("p.tif"))),
        file=r"p\.tif: ", thing=r"is a pipe.*mosaic\.vrt names it", remedy="give a file"),
    Row(id="source is links in a circle", make=together(link("l.tif", "l.tif"), as_image(vrt("l.tif"))),
        file=r"l\.tif: ", thing=r"symbolic links.*mosaic\.vrt names it", remedy="symbolic links"),
    Row(id="source without a name", make=as_image(vrt(" ")),
        file=VRT, thing="without a file name", remedy="with gdalbuildvrt"),
    Row(id="2^31 pixels", make=as_image(vrt(size=(2**31, 2**31))),
        file=VRT, thing="2,147,483,648 x 2,147,483,648 pixels", remedy="at most 1,000,000,000,000"),
    Row(id="size of 0", make=as_image(vrt(size=(0, 50))), file=VRT, thing="rasterXSize '0'", remedy="gdalbuildvrt"),
    Row(id="size in words", make=as_image(vrt().replace('rasterYSize="50"', 'rasterYSize="fifty"')),
        file=VRT, thing="rasterYSize 'fifty' is not a number", remedy="gdalbuildvrt"),
    Row(id="resampled source", make=as_image(vrt(source_rectangle=(0, 0, 30, 25), target=(0, 0, 60, 50))),
        file=VRT, thing="changes the pixel size", remedy=WRITE_OUT),
    Row(id="source between pixels", make=as_image(vrt(source_rectangle=(0.5, 0, 30, 25))),
        file=VRT, thing="SrcRect is not in whole pixels", remedy=WRITE_OUT),
    Row(id="source band 0", make=as_image(vrt(number="0")), file=VRT, thing="takes band '0'", remedy=WRITE_OUT),
    Row(id="source band in raised digits", make=as_image(vrt(number="²")),
        file=VRT, thing="takes band '²'", remedy=WRITE_OUT),
    Row(id="source band 9", make=as_image(vrt(number="9")), file=VRT, thing="asks for band 9 .* has 3", remedy="anew"),
    Row(id="scaled source", make=as_image(vrt(kind="ComplexSource", of_source="<ScaleRatio>2</ScaleRatio>")),
        file=VRT, thing="a source with ScaleRatio", remedy=WRITE_OUT),
    Row(id="filtered source", make=as_image(vrt(kind="KernelFilteredSource")),
        file=VRT, thing="holds a KernelFilteredSource", remedy=WRITE_OUT),
    Row(id="derived band", make=as_image(vrt(band='subClass="VRTDerivedRasterBand"')),
        file=VRT, thing="holds a VRTDerivedRasterBand", remedy=WRITE_OUT),
    Row(id="warped VRT", make=as_image(vrt(root='subClass="VRTWarpedDataset"')),
        file=VRT, thing="is a VRTWarpedDataset", remedy=WRITE_OUT),
    Row(id="mask of its own", make=as_image(vrt(of_root=OWN_MASK)),
        file=VRT, thing="mask band of its own", remedy=WRITE_OUT),
    Row(id="complex band", make=as_image(vrt(dtype="CFloat32")), file=VRT, thing="holds CFloat32", remedy="Byte, Int8"),
    Row(id="no SRS", make=as_image(vrt(srs="")),
        file=VRT, thing="no coordinate reference", remedy="from files that have"),
    *(
        Row(id=f"SRS {srs}", make=as_image(vrt(srs=srs)),
            file=VRT, thing=rf"unknown reference system \(SRS\) '{srs}'", remedy="write EPSG:n")
        for srs in ("EPSG:999999", "somewhere", "/etc/passwd", "EPSG:²")
    ),
    Row(id="broken XML", make=as_image(vrt()[:-30]), file=VRT, thing="broken XML", remedy="copy or download it again"),
    Row(id="unknown encoding", make=as_image('<?xml version="1.0" encoding="hex"?>' + vrt()),
        file=VRT, thing="broken XML", remedy="copy or download it again"),
    Row(id="no bands", make=as_image(vrt().replace("VRTRasterBand", "Band")),
        file=VRT, thing="holds no bands", remedy="gdalbuildvrt"),
    Row(id="elements 50,000 deep", make=as_image("<VRTDataset>" + "<a>" * 50_000 + "</a>" * 50_000 + "</VRTDataset>"),
        file=VRT, thing="no coordinate reference system", remedy="make it anew"),
    Row(id="broken sidecar", make=write("image.tif.aux.xml", "<PAMDataset>"),
        file=r"image\.tif\.aux\.xml: ", thing="broken XML", remedy="move it away"),
]  # fmt: skip

ROWS = [*SAFETY, *BROKEN]
