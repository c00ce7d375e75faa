"""Layers of a vector file before they are put in order: what each format's reader gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pyproj import CRS
from pyproj.exceptions import CRSError

from classify_local.errors import InputError, RefusedError
from classify_local.storage.columns import TextArray
from classify_local.storage.geometries import GeometryArray

MAX_FEATURES = 10_000_000
LON_LAT = "EPSG:4326"
_DEFINITION = re.compile(r"\s*([A-Za-z]+:[0-9]+\s*$|[A-Za-z0-9_]+\s*\[)")
"""An authority's code or WKT; PROJ's own strings may name files."""
_CRS_REMEDY = "write the file anew with a reference system that has an EPSG number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What a layer holds, as its file has it.

    Parameters
    ----------
    geometries
        Of any kind, or None, shape (n,).
    numbers
        By which each feature is known: its id in a GeoPackage, else 1, 2, ...
    columns
        Attributes as text.
    crs
        EPSG:n, a definition in WKT, or None where the file does not say.
    problems
        Why a feature has no geometry, where that is known.
    notices
        What was guessed or left out.
    """

    geometries: GeometryArray
    numbers: Sequence[int]
    columns: dict[str, TextArray]
    crs: str | None
    problems: dict[int, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A layer that can be read.

    Parameters
    ----------
    name
        As the file has it.
    count
        How many features it holds.
    spatial
        False for a table without geometries.
    load
        Reads it.
    refusal
        Why it is never read, if it is not.
    """

    name: str
    count: int
    spatial: bool
    load: Callable[[], Features]
    refusal: str = ""


def refused_layer(where: str, name: str, refusal: str, *, spatial: bool) -> Layer:
    """A layer that is listed and never read."""

    def refuse() -> Features:
        raise RefusedError(f"{where}: {refusal}")

    return Layer(name=name, count=0, spatial=spatial, load=refuse, refusal=refusal)


def require_countable(where: str, count: int) -> None:
    """Refuse more features than a workstation holds: 10 million points take some 6 GB while they are read."""
    if count > MAX_FEATURES:
        raise InputError(f"{where}: holds {count:,} features; allowed are {MAX_FEATURES:,}; divide it into files")


def crs_text(definition: str | None, where: str) -> str | None:
    """EPSG:n where a definition is exactly that, else WKT; None where there is none.

    Raises
    ------
    InputError
        If it is an address or no definition.
    """
    if definition is None or not definition.strip():
        return None
    if "://" in definition.partition("[")[0]:
        raise InputError(f"{where}: names its reference system by an address, which is never opened; {_CRS_REMEDY}")
    try:
        crs = CRS.from_user_input(definition) if _DEFINITION.match(definition) else None
    except CRSError:
        crs = None
    if crs is None:
        raise InputError(f"{where}: has an unknown reference system {definition[:60]!r}; {_CRS_REMEDY}")
    code = crs.to_epsg(min_confidence=100)
    return f"EPSG:{code}" if code else str(crs.to_wkt())
