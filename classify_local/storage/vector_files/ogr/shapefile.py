"""Shapefiles: the files that make one, beside each other or in a zip archive, and what they say of each other."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

from classify_local.errors import InputError
from classify_local.storage.archives import opened_zip
from classify_local.storage.vector_files.layers import Features, Layer, crs_text
from classify_local.storage.vector_files.ogr import dbf
from classify_local.storage.vector_files.ogr.reading import gdal_layer, staged

_GIVEN = (".shp", ".shx", ".dbf")
"""What GDAL is given; reference system and encoding are read here."""
_ENDINGS = (*_GIVEN, ".prj", ".cpg")
_RAW = "ISO-8859-1"
"""Gives each byte of a text as one character, so that nothing is lost before the encoding is known."""
_MAX_PRJ = 100_000


@contextmanager
def shapefile_layers(path: Path) -> Iterator[tuple[Layer, ...]]:
    """The one layer of a shapefile: the .shp and what lies beside it under the same name.

    Raises
    ------
    InputError
        If one of its files is missing.
    """
    found = {other.name.casefold(): other for other in path.parent.iterdir() if other.is_file()}
    stem = path.name.casefold().removesuffix(".shp")
    beside = {end: found[stem + end] for end in _ENDINGS if stem + end in found}
    files = _complete({**beside, ".shp": path}, path.stem, path)
    with staged({end: files[end] for end in _GIVEN}) as file:
        yield (_layer(file, files, path.stem, path),)


@contextmanager
def zipped_shapefile_layers(path: Path) -> Iterator[tuple[Layer, ...]]:
    """The shapefiles in a zip archive, unpacked to a folder that is removed afterwards.

    Raises
    ------
    InputError
        If one of their files is missing, or the archive damaged.
    RefusedError
        If it unpacks to more than its data can need.
    """
    with TemporaryDirectory(prefix="classify_local_") as folder, opened_zip(path, "a zip archive") as archive:
        names = {name.casefold(): name for name in archive.namelist()}
        stems = [name.removesuffix(".shp") for name in names if is_shapefile(name)]
        yield tuple(
            _unpacked(archive, names, stem, Path(folder, f"layer{i}"), path) for i, stem in enumerate(stems)
        )  # fmt: skip


def is_shapefile(member: str) -> bool:
    """True for the name of a .shp in an archive; what macOS adds for its own use has an underscore and a point."""
    return member.lower().endswith(".shp") and not member.rpartition("/")[2].startswith("._")


def _unpacked(archive: ZipFile, names: Mapping[str, str], stem: str, target: Path, path: Path) -> Layer:
    members = {end: names[stem + end] for end in _ENDINGS if stem + end in names}
    files = {end: target.with_suffix(end) for end in members}
    for end, file in files.items():
        with archive.open(members[end]) as packed, file.open("wb") as unpacked:
            shutil.copyfileobj(packed, unpacked)
    inner = members[".shp"][: -len(".shp")]
    return _layer(files[".shp"], _complete(files, inner, path), inner.rpartition("/")[2], path)


def _complete(files: dict[str, Path], stem: str, path: Path) -> dict[str, Path]:
    missing = [f"{stem}{end}" for end in _GIVEN if end not in files]
    if missing:
        raise InputError(
            f"{path}: {' and '.join(missing)} missing; a shapefile is several files (.shp, .shx, .dbf, .prj) "
            "that go together: copy them all"
        )
    return files


def _layer(file: Path, files: Mapping[str, Path], name: str, path: Path) -> Layer:
    where = f"{path}, layer {name!r}"
    layer = gdal_layer(file, name=name, where=where, driver="ESRI Shapefile", encoding=_RAW)
    return replace(layer, load=partial(_finished, layer, files, where))


def _finished(layer: Layer, files: Mapping[str, Path], where: str) -> Features:
    """The features with their text decoded and their reference system."""
    features = layer.load()
    columns, guessed = dbf.described(files).decoded(features.columns, where)
    definition = files[".prj"].read_bytes()[:_MAX_PRJ].decode("latin-1") if ".prj" in files else None
    crs = crs_text(definition and definition.strip("\xef\xbb\xbf\0 \r\n"), f"{where}, .prj file")
    return replace(features, columns=columns, crs=crs, notices=(*features.notices, *guessed))
