"""What may be opened: real files with a raster's first bytes, inside folders the user named.

A path the user wrote is trusted. A path that a file names is not: it must lie in the folders of the
recipe, of the file that names it, or in those the user allowed.
"""

from __future__ import annotations

import os
import re
import shlex
import stat
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from pathlib import Path
from xml.etree.ElementTree import Element

import defusedxml.ElementTree as SafeXml
from defusedxml import DefusedXmlException

from classify_local.errors import InputError, RefusedError, nearest

_HEAD = 512
_LISTED = 10_000
"""Names looked through for a hint; a folder may hold millions."""
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_MAGIC = {
    "GTiff": _TIFF,
    "JP2OpenJPEG": (b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51"),
    "HFA": (b"EHFA_HEADER_TAG",),
}
_NOT_YET = {b"CDF\x01": "netCDF", b"CDF\x02": "netCDF", b"CDF\x05": "netCDF", b"\x89HDF": "netCDF or HDF5"}
_IMAGES = (".msk", ".ovr")
_HEIGHTS = re.compile(r"[NS]\d\d[EW]\d\d\d\.hgt", re.IGNORECASE)
_HEIGHT_SIZES = tuple(2 * side * side for side in (1201, 3601))
"""Bytes of tiles of 3 and of 1 arc second."""
_AUXILIARY = ".aux.xml"
_PROLOG = re.compile(r"\A\s*(<\?xml.*?\?>\s*)?(<!--.*?-->\s*)*", re.DOTALL)
_VRT = re.compile(r"<vrtdataset|<!doctype (?!html|svg)")
"""A document type in front hides what comes; no raster needs one, so the VRT's own check refuses it."""
READABLE = "GeoTIFF, COG, VRT, JPEG 2000, ERDAS Imagine, ENVI and SRTM heights (N00E000.hgt)"


@dataclass(frozen=True, slots=True)
class AllowedFolders:
    """Where what the user named may lead.

    Parameters
    ----------
    roots
        Folders in which files named by other files may lie.
    offline
        Do not use the network, even where the user names a web address.
    """

    roots: tuple[Path, ...]
    offline: bool = False

    def also(self, *folders: Path) -> AllowedFolders:
        """These folders and more."""
        return replace(self, roots=(*self.roots, *folders))

    def require(self, path: Path, said_by: Path) -> Path:
        """The resolved path, if it lies in an allowed folder.

        Raises
        ------
        RefusedError
            If it does not; links are followed first.
        """
        resolved = _real(path)
        if any(resolved.is_relative_to(_real(root)) for root in self.roots):
            return resolved
        raise RefusedError(
            f"{said_by}: names {resolved}, which lies outside the allowed folders; "
            f"if you trust it, give --allow {shlex.quote(str(resolved.parent))}"
        )


def _real(path: Path) -> Path:
    """The path with its links followed; of links in a circle `Path.resolve` would make a RuntimeError."""
    return Path(os.path.realpath(path))


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
    except (OSError, ValueError) as error:  # a zero byte in a path is a ValueError
        raise InputError(f"{path}: cannot be opened: {getattr(error, 'strerror', None) or error}") from error
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
    if _VRT.match(_text(head)):
        return "VRT"
    if _envi_header(path):
        return "ENVI"
    if is_heights(path):
        return "SRTMHGT"
    raise InputError(f"{path}: {_what_else(head)}; readable are {READABLE}")


def check_sidecars(path: Path) -> None:
    """Refuse sidecars of a raster that would make GDAL open something else, or wait for ever.

    GDAL takes what lies beside a raster whatever the case of its ending, and for a mask's own
    overviews what lies beside the mask.

    Raises
    ------
    InputError, RefusedError
        If a mask or overview file is no TIFF, `.aux.xml` names another file, or a pipe or device
        has a sidecar's name.
    """
    folder = path.absolute().parent
    for name in _sidecars(folder, folder.stat().st_mtime_ns).beside(path.stem):
        beside = path.with_name(name)
        if _is_special(beside):
            raise RefusedError(f"{beside}: is a pipe, socket or device beside {path.name}; move it away")
        if not name.casefold().startswith(f"{path.name.casefold()}."):
            continue
        if name.casefold().endswith(_AUXILIARY):
            _check_auxiliary(beside)
        elif name.casefold().endswith(_IMAGES) and not _is_tiff(beside):
            raise RefusedError(f"{beside}: is no TIFF, as a mask or overview file must be; move it away")


@dataclass(frozen=True, slots=True)
class _Names:
    """Names in a folder that matter, in the order of their folded forms."""

    folded: tuple[str, ...]
    names: tuple[str, ...]

    def beside(self, stem: str) -> Iterator[str]:
        """Those that begin with a raster's stem and a mark that ends it."""
        start = stem.casefold()
        for i in range(bisect_left(self.folded, start), len(self.folded)):
            if not self.folded[i].startswith(start):
                return
            if self.folded[i][len(start) : len(start) + 1] in (".", "_"):
                yield self.names[i]


@lru_cache(maxsize=64)
def _sidecars(folder: Path, mtime_ns: int) -> _Names:
    """Possible sidecars in a folder, and what is neither file nor folder. Kept: an image may be 10,000 tiles."""
    del mtime_ns  # part of the key: a changed folder is read again
    with os.scandir(folder) as entries:
        found = [
            entry.name
            for entry in entries
            if entry.name.casefold().endswith((*_IMAGES, _AUXILIARY)) or not _is_plain(entry)
        ]
    ordered = sorted((name.casefold(), name) for name in found)
    return _Names(tuple(folded for folded, _ in ordered), tuple(name for _, name in ordered))


def _is_plain(entry: os.DirEntry[str]) -> bool:
    """True for files and folders; not for a link in a circle, which the system refuses to follow."""
    try:
        return entry.is_file() or entry.is_dir()
    except OSError:
        return False


def _is_special(path: Path) -> bool:
    return path.exists() and not path.is_file() and not path.is_dir()


def _is_tiff(path: Path) -> bool:
    """True for a TIFF, and for what is not there (a link that leads nowhere)."""
    if not path.is_file():
        return not path.exists()
    with path.open("rb") as stream:
        return stream.read(4).startswith(_TIFF)


def parse_xml(path: Path, limit: int = 256_000_000) -> Element:
    """The root element of an XML file, without entities and external references.

    Raises
    ------
    InputError, RefusedError
        If it is no file, not XML, or declares entities or document types.
    """
    require_file(path)
    if path.stat().st_size > limit:
        raise InputError(f"{path}: larger than {limit // 1_000_000} MB of XML")
    try:
        root = SafeXml.parse(path, forbid_dtd=True).getroot()
    except DefusedXmlException as error:
        raise RefusedError(
            f"{path}: declares document types or entities, which no raster needs; do not use it"
        ) from error
    except (SafeXml.ParseError, ValueError, LookupError) as error:  # an unknown encoding is a LookupError
        raise InputError(f"{path}: broken XML ({error}); copy or download it again, or move it away") from error
    if root is None:
        raise InputError(f"{path}: is empty XML; move it away")
    return root


def _check_auxiliary(path: Path) -> None:
    if not path.is_file():
        return
    root = parse_xml(path)
    if any(item.get("key", "").upper() == "OVERVIEW_FILE" for item in root.iter("MDI")):
        raise RefusedError(f"{path}: names another file as overview; move it away")


def _text(head: bytes) -> str:
    """The beginning of a text in small letters, without what may stand before an XML's first element."""
    return _PROLOG.sub("", head.decode("utf-8-sig", errors="replace").lower())


def is_heights(path: Path) -> bool:
    """True for a tile of SRTM heights as it is published: plain numbers, told by its name and its length alone."""
    try:
        return bool(_HEIGHTS.fullmatch(path.name)) and path.stat().st_size in _HEIGHT_SIZES
    except OSError:
        return False


def _what_else(head: bytes) -> str:
    if not head:
        return "is empty"
    for magic, name in _NOT_YET.items():
        if head.startswith(magic):
            return f"is {name}, which is read alone: name the one file, without a pattern or list"
    text = _text(head)
    if text.startswith(("<!doctype html", "<html")):
        return "is a web page, not a raster (starts with '<html': a failed download?); download it again"
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
    try:
        names = [other.name for other in islice(path.parent.iterdir(), _LISTED)]
    except OSError:
        return ""
    return nearest(path.name, names)
