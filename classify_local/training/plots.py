"""The file of plots a user draws on the map: GeoJSON, written by the map page alone."""

from __future__ import annotations

import json
from pathlib import Path

from classify_local.recipe.model import VectorSource

ENDING = "_plots.geojson"
"""How it is called: it is the page's own and may be rewritten."""

_SMALL = 4096
"""Bytes up to which a file may hold no plot."""


def is_plots(source: object) -> bool:
    """True if a training entry names a file of plots drawn on the map."""
    return (
        isinstance(source, VectorSource)
        and source.vector.endswith(ENDING)
        and source.model_fields_set == {"vector", "class_"}
        and isinstance(source.class_, str)
    )


def holds_none(path: Path) -> bool:
    """True if no plot is drawn yet, or the last one was taken away: the file is not there, or lists no feature."""
    try:
        if path.stat().st_size > _SMALL:
            return False
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return True
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and content.get("type") == "FeatureCollection" and content.get("features") == []
