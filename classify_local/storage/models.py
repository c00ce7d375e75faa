"""The model file: a zip of a manifest and plain arrays. No pickle, nothing that runs on loading.

=====================  =====================================================================
`manifest.json`        format, versions, bands, classes, legend, parameters, training, and the
                       SHA-256 of every other member
`forest/<name>.npy`    the trees' arrays
=====================  =====================================================================

The same model gives the same bytes: members carry no time.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import platform
import re
import zipfile
import zlib
from collections.abc import Mapping
from importlib.metadata import distributions, version
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import sklearn
from numpy.typing import NDArray

from classify_local import __version__
from classify_local.errors import InputError, RefusedError
from classify_local.storage import atomic
from classify_local.storage.safety import require_file

FORMAT = 1
MANIFEST = "manifest.json"
_MAX_MEMBERS = 64
_MAX_BYTES = 8 * 1024**3
_MAX_MANIFEST = 10_000_000
_MAX_RATIO = 500
"""Forests shrink to a 5th, with 1,000 classes to a 165th; what shrinks more is made to fill the memory."""
_MEMBER = re.compile(r"[a-z][a-z0-9_]*(/[a-z][a-z0-9_]*)*\.npy")
_NPY = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '([<|](?:b1|[iu][1248]|f[248]))', 'fortran_order': False, "
    rb"'shape': \(((?:[0-9]{1,12}(?:,|, [0-9]{1,12}))?)\), \} *\n",
    re.DOTALL,
)
"""A plain array of one or two dimensions as NumPy writes it."""
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)
_EPOCH = (1980, 1, 1, 0, 0, 0)


def versions() -> dict[str, str]:
    """Versions on which results depend."""
    return {
        "classify_local": __version__, "python": platform.python_version(), "numpy": np.__version__,
        "scikit-learn": sklearn.__version__, "xgboost": _xgboost_version(), "rasterio": rasterio.__version__,
        "gdal": rasterio.__gdal_version__,
    }  # fmt: skip


def _xgboost_version() -> str:
    """Asked of the installed package, since importing the library takes a second."""
    found = (name for name in ("xgboost-cpu", "xgboost") for _ in distributions(name=name))
    name = next(found, None)
    return "" if name is None else version(name)


def pack(description: Mapping[str, Any], arrays: Mapping[str, NDArray[np.generic]]) -> bytes:
    """The bytes of a model file.

    Parameters
    ----------
    description
        What the manifest says, besides format, versions and digests.
    arrays
        Arrays by member name without `.npy`.
    """
    members = {f"{name}.npy": _array_bytes(array) for name, array in sorted(arrays.items())}
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}
    manifest = {"format": FORMAT, "versions": versions(), **description, "sha256": digests}
    text = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {MANIFEST: text.encode("utf-8"), **members}.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), data, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def write(path: Path, description: Mapping[str, Any], arrays: Mapping[str, NDArray[np.generic]]) -> None:
    """Write a model file, whole or not at all."""
    atomic.write_bytes(path, pack(description, arrays))


def read(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[np.generic]]]:
    """Manifest and arrays of a model file, every member checked against its digest.

    Raises
    ------
    InputError
        If it is missing or no model file.
    RefusedError
        If a member is changed, missing, too large or not announced.
    """
    require_file(path)
    try:
        archive = zipfile.ZipFile(path)
    except (*_DAMAGE, OSError) as error:
        raise InputError(f"{path}: is not a model file: {error}") from error
    with archive:
        try:
            return _contents(archive, path)
        except (*_DAMAGE, OSError) as error:
            raise RefusedError(f"{path}: is damaged or was changed: {error}; train the model again") from error


def _contents(archive: zipfile.ZipFile, path: Path) -> tuple[dict[str, Any], dict[str, NDArray[np.generic]]]:
    infos = archive.infolist()
    _check_members(path, infos)
    manifest = _manifest(archive, path)
    digests = dict(manifest["sha256"])
    if sorted([*digests, MANIFEST]) != sorted(info.filename for info in infos):
        raise RefusedError(f"{path}: holds other members than its manifest names")
    return manifest, {name[:-4]: _array(archive, name, digest, path) for name, digest in digests.items()}


def _check_members(path: Path, infos: list[zipfile.ZipInfo]) -> None:
    size, stored = sum(info.file_size for info in infos), path.stat().st_size
    if len(infos) > _MAX_MEMBERS or size > _MAX_BYTES or size > _MAX_MANIFEST + _MAX_RATIO * stored:
        raise RefusedError(f"{path}: holds more than a model does")
    for info in infos:
        name = info.filename
        if name != MANIFEST and not _MEMBER.fullmatch(name):
            raise RefusedError(f"{path}: holds a member {name!r}, which no model does")
        if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise RefusedError(f"{path}: {name} is encrypted or packed as no model is")
        if name == MANIFEST and info.file_size > _MAX_MANIFEST:
            raise RefusedError(f"{path}: its manifest is longer than any model's")


def _manifest(archive: zipfile.ZipFile, path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(archive.read(MANIFEST))
        found = manifest["format"]
        if not isinstance(manifest["sha256"], dict):
            raise TypeError
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise RefusedError(f"{path}: has no readable manifest") from error
    if found != FORMAT:
        raise InputError(f"{path}: is of model format {found}, this version reads {FORMAT}; train it again")
    return dict(manifest)


def _array(archive: zipfile.ZipFile, name: str, digest: str, path: Path) -> NDArray[np.generic]:
    data = archive.read(name)
    if hashlib.sha256(data).hexdigest() != digest:
        raise RefusedError(f"{path}: {name} was changed since the model was written")
    array = plain_array(data)
    if array is None:
        raise RefusedError(f"{path}: {name} is not a plain array")
    return array


def plain_array(data: bytes) -> NDArray[np.generic] | None:
    """The array in the bytes of an `.npy` file, or None if they are anything but plain numbers.

    NumPy's own reader evaluates the header and makes room for the shape it claims before it looks.
    """
    header = _NPY.match(data)
    if header is None or header.end() != 10 + int.from_bytes(data[8:10], "little"):
        return None
    dtype = np.dtype(header[1].decode("ascii"))
    shape = tuple(int(side) for side in header[2].replace(b",", b" ").split())
    if len(data) - header.end() != math.prod(shape) * dtype.itemsize:
        return None
    return np.frombuffer(data, dtype, offset=header.end()).reshape(shape).copy()


def _array_bytes(array: NDArray[np.generic]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.ascontiguousarray(array), allow_pickle=False)
    return stream.getvalue()
