"""Which reader a vector file gets: decided by its first bytes; what must not or cannot be opened is refused."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeAlias

from classify_local.errors import InputError, RefusedError
from classify_local.storage import markup
from classify_local.storage.archives import ZIP, opened_zip
from classify_local.storage.safety import require_file
from classify_local.storage.vector_files import geojson, geopackage, gpx, kml
from classify_local.storage.vector_files.layers import Layer

Opener: TypeAlias = Callable[[Path], AbstractContextManager[tuple[Layer, ...]]]

READABLE = "GeoPackage, shapefile, GeoJSON, KML, KMZ, GPX and FlatGeobuf"
SHAPEFILE = b"\0\0\x27\x0a"
FLATGEOBUF = b"fgb\x03fgb"
_HEAD = 4096
_AS_GEOPACKAGE = "export it as GeoPackage"
_ADDRESS = re.compile(r"[/\\]*vsi[a-z0-9_]+[/\\]|[A-Za-z][A-Za-z0-9+.-]+:|<", re.IGNORECASE)
"""What GDAL would take for an address, a connection or a file within another; a drive has one letter."""
_RUNS = re.compile(rb"<ogrvrtdatasource|gdal_streamed_alg", re.IGNORECASE)
_OTHER = {
    b"II*\0": "a raster; give it as an image",
    b"MM\0*": "a raster; give it as an image",
    b"II+\0": "a raster; give it as an image",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\xd0\xcf\x11\xe0": "a spreadsheet of Excel's old format; save it as .xlsx or CSV and give it with csv:",
    b"%PDF": "a PDF",
    b"\x89HDF": "an HDF file",
    b"PAR1": f"a Parquet file; {_AS_GEOPACKAGE}",
    b"\x1f\x8b": "packed with gzip; unpack it first",
    b"!table": f"a MapInfo table; {_AS_GEOPACKAGE}",
    b"AC10": f"a CAD drawing (.dwg); {_AS_GEOPACKAGE}",
}
_ROOTS = {
    "FeatureCollection": f"GML; {_AS_GEOPACKAGE}",
    "osm": f"OpenStreetMap's XML; {_AS_GEOPACKAGE}",
    "svg": "a picture",
    "VRTDataset": "a raster; give it as an image",
}


def opener(path: Path) -> Opener:
    """The reader for a file.

    Raises
    ------
    InputError
        If it is missing, or of a kind that is not read.
    RefusedError
        If it is an address, or names other files or processes.
    """
    _refuse_address(path)
    _require_file(path)
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    if _RUNS.search(head.replace(b"\0", b"")):
        raise RefusedError(f"{path}: names files to open or processes to run, and holds no features; {_AS_GEOPACKAGE}")
    return _binary(path, head) or _textual(path, head)


def _refuse_address(path: Path) -> None:
    text = str(path)
    if _ADDRESS.match(text) and not path.exists():
        raise RefusedError(f"{text}: is an address or connection, which is never opened; give a file on this machine")
    if re.match(r"[/\\]vsi[a-z0-9_]*[/\\]", text, re.IGNORECASE):
        raise RefusedError(f"{text}: is a path that GDAL would read in its own way; move the file to another folder")


def _require_file(path: Path) -> None:
    if path.is_dir() and path.suffix.lower() == ".gdb":
        raise InputError(f"{path}: is a File Geodatabase, which is not read; {_AS_GEOPACKAGE}")
    require_file(path)


def _binary(path: Path, head: bytes) -> Opener | None:
    if head.startswith(geopackage.MAGIC):
        return geopackage.geopackage_layers
    if head.startswith(ZIP):
        return _zipped(path)
    if head.startswith(SHAPEFILE):
        return _shapefile(path)
    if head.startswith(FLATGEOBUF):
        from classify_local.storage.vector_files.ogr.reading import flatgeobuf_layers

        return flatgeobuf_layers
    kind = next((kind for magic, kind in _OTHER.items() if head.startswith(magic)), None)
    if kind:
        raise InputError(f"{path}: is {kind}; readable are {READABLE}")
    return None


def _shapefile(path: Path) -> Opener:
    if path.suffix.lower() == ".shx":
        raise InputError(f"{path}: is the index of a shapefile; give its .shp file")
    from classify_local.storage.vector_files.ogr.shapefile import shapefile_layers

    return shapefile_layers


def _zipped(path: Path) -> Opener:
    with opened_zip(path, "a zip archive") as archive:
        names = [name.lower() for name in archive.namelist()]
    if any(name.endswith(".kml") for name in names):
        return kml.kmz_layers
    if any(name.endswith(".shp") for name in names):
        from classify_local.storage.vector_files.ogr.shapefile import zipped_shapefile_layers

        return zipped_shapefile_layers
    if "xl/workbook.xml" in names:
        raise InputError(f"{path}: is a spreadsheet; give it with csv:, and the columns of its coordinates")
    raise InputError(f"{path}: is a zip archive without a shapefile or KML; unpack it first")


def _textual(path: Path, head: bytes) -> Opener:
    start = _start(head)
    if start.startswith(("{", "[", "\x1e")):
        return geojson.geojson_layers
    if start.lower().startswith(("<!doctype html", "<html")):
        raise InputError(f"{path}: is a web page; download the file itself")
    if start.startswith("<"):
        return _xml(path)
    if not start:
        raise InputError(f"{path}: is empty; readable are {READABLE}")
    if path.suffix.lower() in (".dbf", ".prj", ".cpg"):
        raise InputError(f"{path}: is a part of a shapefile; give its .shp file")
    if re.match(r"\s*0\s+SECTION", start):
        raise InputError(f"{path}: is a CAD drawing (.dxf); {_AS_GEOPACKAGE}")
    if "\0" not in start and re.search(r"[,;\t|]", start.partition("\n")[0]):
        raise InputError(f"{path}: is a table in text; give it with csv:, and the columns of its coordinates")
    raise InputError(f"{path}: is no vector file that is read; readable are {READABLE}")


def _start(head: bytes) -> str:
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = head[: len(head) & ~1].decode("utf-16" if wide else "utf-8", errors="replace")
    return text.removeprefix("\ufeff").lstrip(" \t\r\n")


def _xml(path: Path) -> Opener:
    with path.open("rb") as stream:
        root = markup.root_name(stream, str(path))
    if root in ("kml", "Document", "Folder", "Placemark"):
        return kml.kml_layers
    if root == "gpx":
        return gpx.gpx_layers
    raise InputError(f"{path}: is {_ROOTS.get(root, f'XML of the kind {root[:40]!r}')}; readable are {READABLE}")
