"""A VRT's simple sources as our own mosaic index: a user's XML is never handed to GDAL.

Source: GDAL's VRT format, https://gdal.org/en/stable/drivers/raster/vrt.html. Simple and complex sources
without resampling or arithmetic are read; everything else is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rasterio
from affine import Affine
from rasterio.crs import CRS
from rasterio.errors import CRSError

from classify_local.bands.aliases import file_band_names
from classify_local.errors import InputError, RefusedError
from classify_local.grid import Grid, Window
from classify_local.storage import safety
from classify_local.storage.mosaic import Mosaic, Piece, whole_file
from classify_local.storage.rasters import RasterFile, describe, require_size, resolve_tags
from classify_local.storage.safety import AllowedFolders

_MAX_DEPTH = 8
_DTYPES = {
    "Byte": "uint8", "Int8": "int8", "UInt16": "uint16", "Int16": "int16", "UInt32": "uint32",
    "Int32": "int32", "UInt64": "uint64", "Int64": "int64", "Float32": "float32", "Float64": "float64",
}  # fmt: skip
_PLAIN = {"SimpleSource", "ComplexSource"}
_ARITHMETIC = ("ScaleOffset", "ScaleRatio", "LUT", "Exponent", "ColorTableComponent", "OpenOptions", "SrcMin")
_COUNT = re.compile("[1-9][0-9]{0,9}")
_CODE_OR_DEFINITION = re.compile(
    r"[A-Z]+:[A-Z0-9+]+$|urn:ogc:def:crs:[\w.:]+$|[A-Z_]+\s*\[|\{", re.ASCII | re.IGNORECASE
)
_CONNECTION = re.compile(r"[A-Za-z][A-Za-z0-9+._-]+:")
"""What GDAL takes for more than a path: WMS:..., MEM:::..., https://...; a single letter is a Windows drive."""
_ASK_FOR_FILES = "ask whoever made it for the pixels themselves, as GeoTIFF"
_WRITE_SRS = "write EPSG:n or a definition (WKT)"
_REMEDY = "; write it out first, for example: gdal_translate {name} plain.tif"


@dataclass(frozen=True, slots=True)
class _Source:
    """One source of one band, as the XML has it."""

    path: Path
    band: int
    source: Window
    target: Window
    nodata: float | None
    opaque: bool


def read_vrt(path: Path, allowed: AllowedFolders, chain: tuple[Path, ...] = ()) -> Mosaic:
    """The mosaic that a VRT describes.

    Parameters
    ----------
    path
        The VRT.
    allowed
        Folders in which its sources may lie, besides its own.
    chain
        The VRTs that led here.

    Raises
    ------
    InputError
        If it is broken, or does more than place pixels.
    RefusedError
        If it names raw, network or Python sources, files elsewhere, or itself.
    """
    own = path.resolve()
    if own in chain or len(chain) >= _MAX_DEPTH:
        raise RefusedError(
            f"{path}: a VRT that leads back to itself or through more than {_MAX_DEPTH} others; name its source files"
        )
    root = safety.parse_xml(path)
    _require_plain(root, path)
    _require_masks_of_sources(root, path)
    grid = _grid(root, path)
    bands = root.findall("VRTRasterBand")
    if not bands:
        raise InputError(f"{path}: holds no bands (VRTRasterBand); make it anew with gdalbuildvrt")
    folders = allowed.also(own.parent)
    table = [list(_sources(band, path)) for band in bands]
    opened: dict[Path, Mosaic] = {}
    pieces = tuple(_pieces(table, folders, (*chain, own), path, opened))
    alpha = tuple(i for i, band in enumerate(bands, 1) if band.findtext("ColorInterp") == "Alpha")
    nodata = tuple(_known(_number(band.findtext("NoDataValue"))) for band in bands)
    scale, offset = resolve_tags(_number(bands[0].findtext("Scale")), _number(bands[0].findtext("Offset")))
    inner = [described for mosaic in opened.values() for described in mosaic.described_by]
    return Mosaic(
        grid=grid, where=str(path), names=tuple(file_band_names([band.findtext("Description") for band in bands])),
        dtypes=tuple(_dtype(band, path) for band in bands),
        alpha=alpha, masked_by_alpha=bool(alpha), described_by=(path, *inner),
        scale=scale, offset=offset,
        pieces=pieces,
        nodata=nodata,
    )  # fmt: skip


def _require_plain(root: Any, path: Path) -> None:
    kind = root.get("subClass")
    if kind:
        raise InputError(f"{path}: is a {kind}, which is not read{_REMEDY.format(name=path.name)}")
    for band in root.iter("VRTRasterBand"):
        kind = band.get("subClass", "VRTSourcedRasterBand")
        if "Raw" in kind or band.find("PixelFunctionCode") is not None or _is_python(band):
            raise RefusedError(
                f"{path}: holds a raw or Python source ({kind}), which is never opened; {_ASK_FOR_FILES}"
            )
        if kind != "VRTSourcedRasterBand":
            raise InputError(f"{path}: holds a {kind}, which is not read{_REMEDY.format(name=path.name)}")


def _require_masks_of_sources(root: Any, path: Path) -> None:
    """A VRT's mask may only pass on the masks of its sources, which are read with them."""
    for mask in root.iter("MaskBand"):
        taken = [(source.text or "").strip() for source in mask.iter("SourceBand")]
        if not taken or not all(text.startswith("mask") for text in taken):
            raise InputError(f"{path}: holds a mask band of its own, which is not read{_REMEDY.format(name=path.name)}")


def _is_python(band: Any) -> bool:
    return (band.findtext("PixelFunctionLanguage") or "").strip().lower() == "python"


def _grid(root: Any, path: Path) -> Grid:
    text = root.findtext("SRS")
    numbers = [_number(part) for part in (root.findtext("GeoTransform") or "").split(",")]
    if not text:
        raise InputError(f"{path}: has no coordinate reference system (SRS); make it anew from files that have one")
    known = [number for number in numbers if number is not None]
    if len(known) != 6:
        raise InputError(f"{path}: has no position (GeoTransform); make it anew from files that have one")
    shape = _size(root, "rasterYSize", path), _size(root, "rasterXSize", path)
    require_size(shape, str(path))
    try:
        return Grid(crs=_crs(text, path), transform=Affine.from_gdal(*known), shape=shape)
    except ValueError as error:
        raise InputError(f"{path}: {error}; make it anew with gdalbuildvrt") from error


def _size(root: Any, key: str, path: Path) -> int:
    text = (root.get(key) or "").strip()
    if not _COUNT.fullmatch(text):
        raise InputError(f"{path}: {key} {text[:20]!r} is not a number of pixels; make it anew with gdalbuildvrt")
    return int(text)


def _crs(text: str, path: Path) -> CRS:
    """Only codes and definitions: GDAL would open an address, and read a file."""
    text = text.strip()
    if "://" in text:
        raise RefusedError(
            f"{path}: gives its reference system (SRS) as an address, which is never opened; {_WRITE_SRS}"
        )
    try:
        if not _CODE_OR_DEFINITION.match(text):
            raise CRSError("neither a code nor a definition")
        with rasterio.Env():  # otherwise GDAL prints what it thinks of the text
            return CRS.from_string(text)
    except CRSError as error:
        raise InputError(f"{path}: unknown reference system (SRS) {text[:60]!r}; {_WRITE_SRS}") from error


def _sources(band: Any, path: Path) -> Iterator[_Source]:
    for element in band:
        if element.tag in _PLAIN:
            yield _source(element, path)
        elif element.tag.endswith("Source"):
            raise InputError(f"{path}: holds a {element.tag}, which is not read{_REMEDY.format(name=path.name)}")


def _source(element: Any, path: Path) -> _Source:
    name = element.find("SourceFilename")
    if name is None or not (name.text or "").strip():
        raise InputError(f"{path}: a source without a file name (SourceFilename); make it anew with gdalbuildvrt")
    for tag in _ARITHMETIC:
        if element.find(tag) is not None:
            raise InputError(f"{path}: a source with {tag}, which is not read{_REMEDY.format(name=path.name)}")
    source, target = _rectangle(element, "SrcRect", path), _rectangle(element, "DstRect", path)
    if source.shape != target.shape:
        raise InputError(f"{path}: a source changes the pixel size, which is not read{_REMEDY.format(name=path.name)}")
    band = (element.findtext("SourceBand") or "1").strip()
    if not _COUNT.fullmatch(band):
        raise InputError(f"{path}: a source takes band {band!r}, which is not read{_REMEDY.format(name=path.name)}")
    return _Source(
        path=_source_path(name, path), band=int(band), source=source, target=target,
        nodata=_number(element.findtext("NODATA")),
        opaque=element.tag == "SimpleSource",
    )  # fmt: skip


def _source_path(name: Any, path: Path) -> Path:
    text = name.text.strip()
    if text.startswith("/vsi") or "<" in text or _CONNECTION.match(text):
        raise RefusedError(
            f"{path}: names {text[:80]!r}, a network or virtual source, which is never opened; {_ASK_FOR_FILES}"
        )
    return path.parent / text if name.get("relativeToVRT") == "1" else Path(text)


def _rectangle(element: Any, tag: str, path: Path) -> Window:
    rectangle = element.find(tag)
    if rectangle is None:
        raise InputError(f"{path}: a source without {tag}; make it anew with gdalbuildvrt")
    numbers = [_number(rectangle.get(key)) for key in ("yOff", "xOff", "ySize", "xSize")]
    known = [number for number in numbers if number is not None and abs(number) < 2**31]
    whole = [round(number) for number in known]
    if len(known) != 4 or any(abs(number - near) > 1e-6 for number, near in zip(known, whole, strict=True)):
        raise InputError(f"{path}: {tag} is not in whole pixels{_REMEDY.format(name=path.name)}")
    if min(whole[2:]) < 1:
        raise InputError(f"{path}: {tag} is empty; make it anew with gdalbuildvrt")
    return Window(row=whole[0], col=whole[1], rows=whole[2], cols=whole[3])


def _pieces(
    table: list[list[_Source]], allowed: AllowedFolders, chain: tuple[Path, ...], path: Path, opened: dict[Path, Mosaic]
) -> Iterator[Piece]:
    """Sources at the same place in the same file, over all bands, as one piece.

    Sources are joined only at the same position of their bands' lists, so that the order within
    each band stays. Every source is opened once, and kept in `opened`.
    """
    for position in range(max(map(len, table))):
        joined: dict[tuple[Any, ...], dict[int, _Source]] = {}
        for band, sources in enumerate(table):
            if position < len(sources):
                source = sources[position]
                joined.setdefault((source.path, source.source, source.target), {})[band] = source
        for group in joined.values():
            first = next(iter(group.values()))
            if first.path not in opened:
                opened[first.path] = _open_source(first.path, allowed, chain, path)
            yield from _placed(opened[first.path], group, len(table), path)


def _open_source(source: Path, allowed: AllowedFolders, chain: tuple[Path, ...], path: Path) -> Mosaic:
    resolved = allowed.require(source, path)
    try:
        driver = safety.sniff(resolved)
    except InputError as error:
        raise InputError(*(f"{line} ({path.name} names it)" for line in error.problems)) from error
    if driver == "VRT":
        return read_vrt(resolved, allowed, chain)
    return whole_file(describe(resolved))


def _placed(mosaic: Mosaic, group: dict[int, _Source], count: int, path: Path) -> Iterator[Piece]:
    """The pieces of a source, cut to its rectangle and moved to where the VRT puts it."""
    first = next(iter(group.values()))
    for source in group.values():
        if source.band > len(mosaic.names):
            raise InputError(
                f"{path}: asks for band {source.band} of {source.path}, which has {len(mosaic.names)}; make it anew"
            )
    part = mosaic.grid.window.intersection(first.source)
    if part.is_empty:
        return
    alone = mosaic.pieces[0] if isinstance(mosaic.pieces[0].file, RasterFile) and not mosaic.described_by else None
    bands: list[int | None] = [None] * count
    nodata: list[tuple[float, ...]] = [()] * count
    for band, source in group.items():
        bands[band], nodata[band] = source.band, _known(source.nodata)
    yield Piece(
        file=mosaic if alone is None else alone.file, bands=tuple(bands), source=part, nodata=tuple(nodata),
        row=part.row - first.source.row + first.target.row, col=part.col - first.source.col + first.target.col,
        opaque=first.opaque,
    )  # fmt: skip


def _known(nodata: float | None) -> tuple[float, ...]:
    return () if nodata is None else (nodata,)


def _dtype(band: Any, path: Path) -> str:
    kind = band.get("dataType", "Byte")
    if kind not in _DTYPES:
        raise InputError(f"{path}: holds {kind}, which is not read; readable are {', '.join(_DTYPES)}")
    return _DTYPES[kind]


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text is not None and text.strip() else None
    except ValueError:
        return None
