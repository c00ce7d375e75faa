"""Geometries from cells of text: GeoJSON as Earth Engine and others export it, and WKT."""

from __future__ import annotations

import json
import re
from typing import Any

from classify_local.storage.columns import TextArray
from classify_local.storage.geometries import (
    MAX_NESTED,
    GeometryArray,
    Tidied,
    from_geojson,
    from_wkt,
    no_geometries,
    tidy,
)

TYPES = (
    "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection",
)  # fmt: skip
_MAX_TEXT = 50_000_000
_CHUNK = 8192
_EXAMPLE = 'write for example {"type": "Point", "coordinates": [32.5, -13.5]}'
_NESTING = re.compile("collection|curve|surface", re.IGNORECASE)
_HEX = re.compile("0[01][0-9A-Fa-f]{16,}")


def geometries_from_text(cells: TextArray) -> Tidied:
    """Geometries from cells that hold GeoJSON (a geometry or a feature) or WKT.

    Parameters
    ----------
    cells
        Stripped text, shape (n,).

    Returns
    -------
    Tidied
        Points and polygons in two dimensions, or None, shape (n,); and by row why there is None, in words
        that go on from "file, line 7: the geometry ".
    """
    found = no_geometries(len(cells))
    problems: dict[int, str] = {}
    for first in range(0, len(cells), _CHUNK):
        texts = [_as_json(text) for text in cells[first : first + _CHUNK].tolist()]
        part, reasons = geometries_from_chunk(texts)
        found[first : first + _CHUNK] = part
        problems |= {first + i: reason for i, reason in reasons.items()}
    return tidy(found, problems)


def geometries_from_chunk(texts: list[str]) -> tuple[GeometryArray, dict[int, str]]:
    """Geometries as they stand in some texts, and by position why there is None."""
    reasons = {i: reason for i, text in enumerate(texts) if (reason := _refusal(text))}
    is_json = [i not in reasons and text.startswith("{") for i, text in enumerate(texts)]
    found = from_geojson([text if own else None for text, own in zip(texts, is_json, strict=True)])
    others = [i for i, own in enumerate(is_json) if not own and i not in reasons]
    if others:
        found[others] = from_wkt([texts[i] for i in others])
    for i, geometry in enumerate(found):
        if geometry is None and i not in reasons:
            reasons[i] = _explain_json(texts[i]) if is_json[i] else f"{_shown(texts[i])} is not GeoJSON; {_EXAMPLE}"
    return found, reasons


def _as_json(text: str) -> str:
    """A mapping as Python prints it is taken for the JSON it was."""
    return text.replace("'", '"') if text.startswith("{'") and '"' not in text else text


def _refusal(text: str) -> str:
    if not text or text == "null":
        return "is empty"
    if len(text) > _MAX_TEXT:
        return f"is longer than {_MAX_TEXT:,} characters"
    if text.count("{") > MAX_NESTED or (text.count("(") > MAX_NESTED and _NESTING.search(text)):
        return "is a collection of too many parts; keep one geometry for each row"
    if _HEX.fullmatch(text):
        return f"{_shown(text)} is binary (WKB); export it as GeoJSON, in PostGIS with ST_AsGeoJSON"
    return "has an SRID of its own; export it as GeoJSON or plain WKT" if text[:5].upper() == "SRID=" else ""


def _explain_json(text: str) -> str:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        return f"{_shown(text)} is broken JSON ({error}); {_EXAMPLE}"
    return explain(value)


def explain(value: Any) -> str:
    """What is wrong with a decoded geometry or feature that could not be read."""
    if isinstance(value, dict) and value.get("type") == "Feature":
        value = value.get("geometry")
    if value is None:
        return "is empty"
    kind = value.get("type") if isinstance(value, dict) else None
    if kind not in TYPES:
        return f"has the type {_shown(str(kind))}; allowed are {', '.join(TYPES)}"
    if kind in ("Polygon", "MultiPolygon") and _has_open_ring(value):
        return f"is a {kind} with a ring that does not end where it begins; repeat its first point at the end"
    return f"has coordinates that are not those of a {kind}; {_EXAMPLE}"


def _has_open_ring(value: dict[str, Any]) -> bool:
    try:
        polygons = [value["coordinates"]] if value["type"] == "Polygon" else value["coordinates"]
        return any(ring[0] != ring[-1] for polygon in polygons for ring in polygon)
    except (KeyError, IndexError, TypeError):
        return False


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")
