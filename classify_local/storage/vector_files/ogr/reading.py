"""Layers that GDAL reads through pyogrio, under a close watch.

GDAL chooses a driver by looking at a file, and no caller of pyogrio can narrow its choice. So it is given these two
formats alone, whose first bytes no other driver takes, under names of our own in a folder that holds nothing else: no
sidecar, archive, address or connection is ever seen.
"""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyogrio

from classify_local.errors import InputError
from classify_local.storage import gdal
from classify_local.storage.columns import TEXT, TextArray, text_array
from classify_local.storage.geometries import from_wkb, no_geometries
from classify_local.storage.vector_files.layers import Features, Layer, crs_text, require_countable

gdal.secure_environment()

_EXACT = 2**53
_ASCII_BLANK = " \t\r\n\0"
"""What may be stripped of text whose bytes are still to be decoded."""
_FAILURES = (RuntimeError, ValueError, MemoryError, IndexError, KeyError, TypeError, OverflowError)
"""What pyogrio raises on damaged files; its own errors are RuntimeErrors."""


@contextmanager
def flatgeobuf_layers(path: Path) -> Iterator[tuple[Layer, ...]]:
    """The one layer of a FlatGeobuf file."""
    with staged({".fgb": path}) as file:
        yield (gdal_layer(file, name=path.stem, where=f"{path}, layer {path.stem!r}", driver="FlatGeobuf"),)


@contextmanager
def staged(files: Mapping[str, Path]) -> Iterator[Path]:
    """Files as layer.shp and so on in a folder of their own: links, or copies where links are not possible.

    Gives the first of them.
    """
    with TemporaryDirectory(prefix="classify_local_") as folder:
        for end, file in files.items():
            stage = Path(folder, f"layer{end}")
            try:
                stage.symlink_to(file.absolute())
            except (OSError, NotImplementedError):
                shutil.copyfile(file, stage)
        yield Path(folder, f"layer{next(iter(files))}")


def gdal_layer(file: Path, *, name: str, where: str, driver: str, encoding: str | None = None) -> Layer:
    """The one layer of a file whose first bytes have been looked at.

    Raises
    ------
    InputError
        If GDAL takes it for something else, or cannot read it.
    """
    info, _ = _asked(where, partial(pyogrio.read_info, file, force_feature_count=True, encoding=encoding))
    if info["driver"] != driver:
        raise InputError(f"{where}: is not what its first bytes say ({driver}); export it anew as GeoPackage")
    count = int(info["features"])
    require_countable(where, count)
    spatial = info["geometry_type"] is not None
    return Layer(name=name, count=count, spatial=spatial, load=partial(_load, file, where, encoding))


def _asked(where: str, ask: Callable[[], Any]) -> tuple[Any, tuple[str, ...]]:
    """What pyogrio answers, and its warnings as notices."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            answer = ask()
        except _FAILURES as error:
            reason = " ".join(str(error).split())
            raise InputError(f"{where}: is damaged ({reason}); copy it again, or export it anew") from error
    said = dict.fromkeys(" ".join(str(warning.message).split()) for warning in caught)
    return answer, tuple(f"{where}: {words}" for words in said)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """A column as pyogrio gives it."""

    name: str
    kind: str
    subkind: str
    values: Any


def _load(file: Path, where: str, encoding: str | None) -> Features:
    ask = partial(pyogrio.raw.read, file, force_2d=True, datetime_as_string=True, return_fids=True, encoding=encoding)
    (meta, ids, blobs, values), notices = _asked(where, ask)
    described = zip(meta["fields"], meta["ogr_types"], meta["ogr_subtypes"], values, strict=True)
    fields = [_Field(name=str(name), kind=kind, subkind=sub, values=cells) for name, kind, sub, cells in described]
    rounded = tuple(f"{where}: {_rounded(field.name)}" for field in fields if _is_rounded(field))
    return Features(
        geometries=no_geometries(len(ids)) if blobs is None else from_wkb(blobs),
        numbers=range(1, len(ids) + 1), columns={field.name: _texts(field, encoding) for field in fields},
        crs=crs_text(meta["crs"], where), notices=notices + rounded,
    )  # fmt: skip


def _texts(field: _Field, encoding: str | None) -> TextArray:
    """A column as text: whole numbers without a point, truth as true and false, dates in ISO 8601."""
    values = np.asarray(field.values)
    if field.subkind == "OFSTBoolean" or values.dtype == bool:
        return text_array(_boolean(value) for value in values.tolist())
    if values.dtype.kind in "iu":
        return values.astype(TEXT)
    if values.dtype.kind == "f":
        return _numbers(values, whole=field.kind in ("OFTInteger", "OFTInteger64"))
    date = field.kind in ("OFTDate", "OFTDateTime")
    blank = None if encoding is None else _ASCII_BLANK
    return text_array(_cell(value, date=date).strip(blank) for value in values.tolist())


def _boolean(value: Any) -> str:
    """Truth comes as numbers where some are missing."""
    known = value is not None and not np.isnan(value)
    return ("true" if value else "false") if known else ""


def _numbers(values: Any, *, whole: bool) -> TextArray:
    """Whole numbers come as floats where some are missing."""
    missing = np.isnan(values)
    known = np.where(missing, 0, values)
    texts = np.asarray(known.astype(np.int64).astype(TEXT) if whole else known.astype(TEXT))
    texts[missing] = ""
    return texts


def _cell(value: Any, *, date: bool) -> str:
    if value is None or isinstance(value, bytes):
        return ""
    if isinstance(value, list | np.ndarray):
        return json.dumps(np.asarray(value).tolist(), ensure_ascii=False)
    return str(value).replace("/", "-") if date else str(value)


def _is_rounded(field: _Field) -> bool:
    values = np.asarray(field.values)
    whole = field.kind == "OFTInteger64" and values.dtype.kind == "f"
    return whole and bool((np.abs(values[~np.isnan(values)]) > _EXACT).any())


def _rounded(name: str) -> str:
    return f"the column {name!r} has empty cells and whole numbers beyond {_EXACT:,}, which may be rounded"
