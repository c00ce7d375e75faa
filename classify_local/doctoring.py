"""Whether this machine has what classify_local needs, in plain language."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numba
import rasterio
from llvmlite import binding
from rasterio.drivers import raster_driver_extensions

from classify_local import page
from classify_local.cores import available_cores
from classify_local.errors import ClassifyLocalError, InputError, StorageError
from classify_local.storage import atomic, models

_DRIVERS = ("GTiff", "COG", "JP2OpenJPEG", "HFA", "ENVI", "netCDF")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at: whether it is well, and what it is or what to do."""

    what: str
    well: bool
    said: str


def examine(folder: Path) -> list[Finding]:
    """Look at versions, drivers, processor, memory, disk and network.

    Parameters
    ----------
    folder
        Where output would go.
    """
    looks: list[tuple[str, Callable[[], str]]] = [
        ("versions", _versions),
        ("raster formats", _formats),
        ("processor", _processor),
        ("compiled code", _compiled),
        ("write access", lambda: _write_access(folder)),
        ("disk", lambda: _disk(folder)),
        ("offline", _offline),
        ("map page", _map_page),
    ]
    return [_finding(what, look) for what, look in looks]


def _finding(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what=what, well=True, said=look())
    except ClassifyLocalError as error:
        return Finding(what=what, well=False, said=str(error))


def _versions() -> str:
    return ", ".join(f"{name} {version}" for name, version in models.versions().items())


def _formats() -> str:
    with rasterio.Env() as env:
        known = set(env.drivers())
    missing = [name for name in _DRIVERS if name not in known]
    if {"GTiff", "COG"} & set(missing):
        raise InputError("this GDAL cannot write Cloud Optimized GeoTIFF; install rasterio from PyPI")
    endings = len(raster_driver_extensions())
    lacking = f"; without {', '.join(missing)}" if missing else ""
    return f"GeoTIFF, COG, VRT{lacking} ({endings} file endings can be written)"


def _processor() -> str:
    return f"{platform.machine()}, {available_cores()} processors for this program, features: {_cpu_features()}"


def _cpu_features() -> str:
    """Instruction sets that matter to compiled inference, as LLVM names them."""
    found: Any = binding.get_host_cpu_features()
    names = [name for name in ("avx512f", "avx2", "neon", "sve") if found.get(name)]
    return ", ".join(names) or "none of avx512f, avx2, neon"


def _compiled() -> str:
    cache = os.environ.get("NUMBA_CACHE_DIR", "beside the package or in the home folder")
    off = os.environ.get("CLASSIFY_LOCAL_NO_JIT", "0") not in ("", "0")
    return f"numba {numba.__version__}, cache {cache}" + (", switched off by CLASSIFY_LOCAL_NO_JIT" if off else "")


def _write_access(folder: Path) -> str:
    atomic.require_writable(folder)
    with tempfile.TemporaryDirectory() as temporary:
        atomic.write_text(Path(temporary) / "probe.txt", "probe")
    return f"{folder.absolute()} can be written"


def _disk(folder: Path) -> str:
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if free < 1_000_000_000:
        raise InputError(f"only {free / 1e6:.0f} MB are free in {existing.absolute()}; make room")
    return f"{free / 1e9:,.1f} GB free"


def _map_page() -> str:
    """The page is an extra: without it all else works, so that its absence is told and no fault."""
    try:
        page.require_packages()
        page.require_built()
    except StorageError as error:
        return f"cannot be opened, all else works: {error}"
    return "can be opened: classify-local map recipe.yml"


def _offline() -> str:
    """Nothing here needs a network; say whether names could be looked up, without asking anyone."""
    proj = os.environ.get("PROJ_NETWORK", "")
    if proj != "OFF":
        raise InputError("PROJ may fetch grids from the network; set PROJ_NETWORK=OFF")
    return f"nothing needs a network; PROJ and GDAL are kept from using one (this machine is {socket.gethostname()})"
