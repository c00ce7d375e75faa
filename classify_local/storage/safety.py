"""What may be opened: real files with a raster's first bytes, inside folders the user named.

A path the user wrote is trusted. A path that a file names is not: it must lie in the folders of the
recipe, of the file that names it, or in those the user allowed.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

import defusedxml.ElementTree as SafeXml
from defusedxml import DefusedXmlException

from classify_local.errors import InputError, RefusedError, nearest

_HEAD = 512
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_MAGIC = {
    "GTiff": _TIFF,
    "JP2OpenJPEG": (b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51"),
    "HFA": (b"EHFA_HEADER_TAG",),
}
_NOT_YET = {b"CDF\x01": "netCDF", b"CDF\x02": "netCDF", b"CDF\x05": "netCDF", b"\x89HDF": "netCDF or HDF5"}
READABLE = "GeoTIFF, COG, VRT, JPEG 2000, ERDAS Imagine and ENVI"


@dataclass(frozen=True, slots=True)
class AllowedFolders:
    """Folders in which files named by other files may lie."""

    roots: tuple[Path, ...]

    def also(self, *folders: Path) -> AllowedFolders:
        """These folders and more."""
        return AllowedFolders((*self.roots, *folders))

    def require(self, path: Path, said_by: Path) -> Path:
        """The resolved path, if it lies in an allowed folder.

        Raises
        ------
        RefusedError
            If it does not; links are followed first.
        """
        resolved = path.resolve()
        if any(resolved.is_relative_to(root.resolve()) for root in self.roots):
            return resolved
        raise RefusedError(
            f"{said_by}: names {resolved}, which lies outside the allowed folders; "
            f"if you trust it, give --allow {resolved.parent}"
        )


def require_file(path: Path) -> None:
    """Refuse what is missing, a folder, a pipe or a device.

    Raises
    ------
    InputError
        Saying which of them it is.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file{_near_files(path)}") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be opened: {error.strerror or error}") from error
    if stat.S_ISDIR(mode):
        raise InputError(f"{path}: is a folder; give a file")
    if not stat.S_ISREG(mode):
        raise InputError(f"{path}: is a pipe, socket or device; give a file")


def sniff(path: Path) -> str:
    """The GDAL driver for a raster, told by its first bytes, never by its name.

    Raises
    ------
    InputError
        If they are not those of a raster this package reads.
    """
    require_file(path)
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    for driver, beginnings in _MAGIC.items():
        if head.startswith(beginnings):
            return driver
    if _text(head).startswith("<vrtdataset"):
        return "VRT"
    if _envi_header(path):
        return "ENVI"
    raise InputError(f"{path}: {_what_else(head)}; readable are {READABLE}")


def check_sidecars(path: Path) -> None:
    """Refuse sidecars of a raster that would make GDAL open something else.

    Raises
    ------
    RefusedError
        If a mask or overview file is no TIFF, or `.aux.xml` names another file.
    """
    for suffix in (".msk", ".ovr"):
        beside = path.with_name(path.name + suffix)
        if beside.is_file():
            with beside.open("rb") as stream:
                if not stream.read(4).startswith(_TIFF):
                    raise RefusedError(f"{beside}: is no TIFF, as a mask or overview file must be; move it away")
    auxiliary = path.with_name(path.name + ".aux.xml")
    if auxiliary.is_file():
        _check_auxiliary(auxiliary)


def parse_xml(path: Path, limit: int = 256_000_000) -> Element:
    """The root element of an XML file, without entities and external references.

    Raises
    ------
    InputError, RefusedError
        If it is not XML, or declares entities or document types.
    """
    if path.stat().st_size > limit:
        raise InputError(f"{path}: larger than {limit // 1_000_000} MB of XML")
    try:
        root = SafeXml.parse(path, forbid_dtd=True).getroot()
    except DefusedXmlException as error:
        raise RefusedError(f"{path}: declares document types or entities, which no raster needs") from error
    except (SafeXml.ParseError, ValueError) as error:
        raise InputError(f"{path}: broken XML: {error}") from error
    if root is None:
        raise InputError(f"{path}: is empty XML")
    return root


def _check_auxiliary(path: Path) -> None:
    root = parse_xml(path)
    if any(item.get("key", "").upper() == "OVERVIEW_FILE" for item in root.iter("MDI")):
        raise RefusedError(f"{path}: names another file as overview; move it away")


def _text(head: bytes) -> str:
    text = head.decode("utf-8-sig", errors="replace").lstrip().lower()
    return text.partition("?>")[2].lstrip() if text.startswith("<?xml") else text


def _what_else(head: bytes) -> str:
    if not head:
        return "is empty"
    for magic, name in _NOT_YET.items():
        if head.startswith(magic):
            return f"is {name}, which is not available yet in this version"
    text = _text(head)
    if text.startswith(("<!doctype html", "<html")):
        return "is a web page, not a raster (starts with '<html': a failed download?)"
    if head.startswith(b"PK\x03\x04"):
        return "is a zip archive, not a raster; unpack it first"
    return f"is not a raster (starts with {head[:12]!r})"


def _envi_header(path: Path) -> bool:
    for header in (path.with_suffix(".hdr"), path.with_name(path.name + ".hdr")):
        if header.is_file() and header != path:
            with header.open("rb") as stream:
                return stream.read(4) == b"ENVI"
    return False


def _near_files(path: Path) -> str:
    """The nearest name in the same folder, as a hint."""
    if not path.parent.is_dir():
        return f": the folder {path.parent} does not exist"
    return nearest(path.name, (other.name for other in path.parent.iterdir()))
