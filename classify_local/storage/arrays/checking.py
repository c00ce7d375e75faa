"""What an array store must not hold, looked at before a library opens it.

An HDF5 file can take arrays from any other file, and a Zarr array can name a codec that runs what it unpacks.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from classify_local.errors import InputError, RefusedError

_METADATA_LIMIT = 10_000_000
_ARRAYS = 1_000
_MOST_IN_A_CHUNK = 512_000_000
"""Bytes of a piece that is unpacked whole for any window in it."""
_LONGEST_COORDINATE = 10_000_000
_CODECS_2 = {"zlib", "gzip", "bz2", "lzma", "zstd", "lz4", "blosc", "shuffle", "delta", "bitround", "crc32", "crc32c"}
_CODECS_3 = {"bytes", "gzip", "zstd", "blosc", "crc32c", "transpose", "sharding_indexed", "vlen-utf8"}
_NUMERIC_2 = re.compile(r"[<>|][iufbcSUM]\d+(\[\w+\])?")
_NUMERIC_3 = re.compile(r"bool|u?int(8|16|32|64)|float(16|32|64)|string|fixed_length_utf32|numpy\.datetime64")
_REWRITE = "write it anew as plain numbers"


def check_zarr(folder: Path) -> list[Path]:
    """The metadata files of the arrays in a local Zarr group, none of which holds objects or unknown codecs.

    Raises
    ------
    InputError
        If the metadata are broken, too many or too large.
    RefusedError
        If an array holds objects or names a codec that is not among the plain ones.
    """
    found = []
    for path in _zarr_metadata(folder):
        text = _read_json(path)
        found.append(path)
        if path.name == ".zarray":
            _check_zarr_2(text, path)
        elif path.name == "zarr.json" and text.get("node_type") == "array":
            _check_zarr_3(text, path)
    return found


def check_hdf5(path: Path) -> None:
    """Refuse an HDF5 file whose arrays come from elsewhere.

    Raises
    ------
    InputError
        If it is damaged, or in pieces too large to unpack.
    RefusedError
        If it links to other files or takes numbers from them.
    """
    h5py = importlib.import_module("h5py")
    try:
        with h5py.File(path, "r") as file:
            for name in islice(file, _ARRAYS):
                if isinstance(file.get(name, getlink=True), h5py.ExternalLink):
                    raise RefusedError(
                        f"{path}: {str(name)[:40]!r} is a link to another file; copy what it means into one"
                    )
                item = file.get(name)
                if isinstance(item, h5py.Dataset):
                    _check_dataset(item, path, str(name)[:40])
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise InputError(
            f"{path}: cannot be opened as netCDF-4: {_first_line(error)}; copy or download it again"
        ) from error


def _check_dataset(item: Any, path: Path, name: str) -> None:
    if item.external or item.is_virtual:
        raise RefusedError(f"{path}: {name!r} takes its numbers from another file; copy them into one")
    _require_small(item.chunks or (), item.dtype.itemsize, path, name)
    _require_short(item.shape or (), path, name)


def _zarr_metadata(folder: Path) -> Iterator[Path]:
    """Metadata of the group itself and of the arrays right below it."""
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in islice(entries, _ARRAYS + 1) if entry.is_dir())
    if len(names) > _ARRAYS:
        raise InputError(f"{folder}: holds more than {_ARRAYS:,} arrays; give one with the bands alone")
    for where in (folder, *(folder / name for name in names)):
        for mark in (".zgroup", ".zarray", ".zattrs", "zarr.json"):
            if (where / mark).is_file():
                yield where / mark


def _read_json(path: Path) -> dict[str, Any]:
    if path.stat().st_size > _METADATA_LIMIT:
        raise InputError(f"{path}: larger than {_METADATA_LIMIT // 1_000_000} MB of metadata; {_REWRITE}")
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: broken JSON; copy or download the folder again") from error
    if not isinstance(found, dict):
        raise InputError(f"{path}: holds no metadata of Zarr; copy or download the folder again")
    return found


def _check_zarr_2(text: Mapping[str, Any], path: Path) -> None:
    codecs = [text.get("compressor"), *(text.get("filters") or [])]
    names = {str(codec.get("id")) if isinstance(codec, dict) else str(codec) for codec in codecs if codec is not None}
    dtype = str(text.get("dtype"))
    if dtype == "|O" and names <= {*_CODECS_2, "vlen-utf8"}:
        return
    if not _NUMERIC_2.fullmatch(dtype):
        raise RefusedError(f"{path}: holds {dtype[:40]}, objects or records, which are never unpacked; {_REWRITE}")
    _require_plain(names - _CODECS_2, path)
    itemsize = np.dtype(dtype).itemsize
    _require_small(_shape(text.get("chunks"), path), itemsize, path, path.parent.name)
    _require_short(_shape(text.get("shape"), path), path, path.parent.name)


def _check_zarr_3(text: Mapping[str, Any], path: Path) -> None:
    kind = text.get("data_type")
    name = str(kind.get("name")) if isinstance(kind, dict) else str(kind)
    if not _NUMERIC_3.fullmatch(name):
        raise RefusedError(f"{path}: holds {name[:40]}, objects or records, which are never unpacked; {_REWRITE}")
    _require_plain(set(_codecs_3(text.get("codecs"))) - _CODECS_3, path)
    if text.get("storage_transformers"):
        raise RefusedError(f"{path}: names a storage transformer, which is never run; {_REWRITE}")
    grid = text.get("chunk_grid")
    settings = grid.get("configuration") if isinstance(grid, dict) else None
    chunks = settings.get("chunk_shape") if isinstance(settings, dict) else None
    itemsize = int(bits[1]) // 8 if (bits := re.search(r"(\d+)$", name)) else 1
    _require_small(_inner_chunk(text) or _shape(chunks, path), itemsize, path, path.parent.name)
    _require_short(_shape(text.get("shape"), path), path, path.parent.name)


def _codecs_3(codecs: Any) -> Iterator[str]:
    """Names of codecs, those within shards too."""
    for codec in codecs if isinstance(codecs, list) else []:
        if not isinstance(codec, dict):
            yield str(codec)
            continue
        yield str(codec.get("name"))
        inner = codec.get("configuration")
        if isinstance(inner, dict):
            yield from _codecs_3(inner.get("codecs"))
            yield from _codecs_3(inner.get("index_codecs"))


def _inner_chunk(text: Mapping[str, Any]) -> tuple[int, ...]:
    """The chunk within a shard, which is what is unpacked; empty if there are no shards."""
    for codec in text.get("codecs") or []:
        settings = codec.get("configuration") if isinstance(codec, dict) else None
        if isinstance(settings, dict) and isinstance(settings.get("chunk_shape"), list):
            return tuple(int(n) for n in settings["chunk_shape"] if isinstance(n, int))
    return ()


def _require_plain(unknown: set[str], path: Path) -> None:
    if unknown:
        names = ", ".join(name[:40] for name in sorted(unknown))
        raise RefusedError(f"{path}: is packed by {names}, which is never run; {_REWRITE}, packed by zstd or gzip")


def _shape(given: Any, path: Path) -> tuple[int, ...]:
    if not isinstance(given, list) or not all(isinstance(n, int) and 0 <= n < 2**63 for n in given):
        raise InputError(f"{path}: has no shape in whole numbers; copy or download the folder again")
    return tuple(given)


def _require_small(chunk: tuple[int, ...], itemsize: int, path: Path, name: str) -> None:
    if 0 in chunk:
        raise InputError(f"{path}: {name!r} is packed in pieces of no numbers; copy or download it again")
    size = math.prod(chunk) * itemsize
    if size > _MOST_IN_A_CHUNK:
        raise InputError(
            f"{path}: {name!r} is packed in pieces of {size // 1_000_000:,} MB; at most "
            f"{_MOST_IN_A_CHUNK // 1_000_000} MB are unpacked at once: write it in smaller chunks"
        )


def _require_short(shape: tuple[int, ...], path: Path, name: str) -> None:
    if len(shape) == 1 and shape[0] > _LONGEST_COORDINATE:
        raise InputError(
            f"{path}: {name!r} claims {shape[0]:,} numbers in a row; at most {_LONGEST_COORDINATE:,} are read"
        )


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n")[0][:120]
