"""What is told to a page, as JSON has it. Places are columns and rows of the image's own pixels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from classify_local.features.stack import BandSpec
from classify_local.grid import Grid, metres_per_pixel
from classify_local.live.book import Book, Step
from classify_local.live.learner import Check, sentence
from classify_local.live.marks import FixedSheet, ImportedSheet, Mark, Sheet
from classify_local.live.pictures import PROBABILITY_COLORS
from classify_local.live.placing import LON_LAT, from_pixels, places_to_pixels
from classify_local.live.viewing import finite

if TYPE_CHECKING:
    from classify_local.live.session import LiveMap, Training

_COMPOSITE = ("nir", "red", "swir1")


def state(session: LiveMap) -> dict[str, Any]:
    """Everything a page needs to begin."""
    names = session.pyramid.names
    return {
        "recipe": {"name": session.document.name, "file": session.document.where},
        "grid": grid(session.pyramid.grid, session.pyramid.levels),
        "legend": [
            {"value": entry.value, "label": entry.label, "color": entry.color} for entry in session.legend or ()
        ],
        "bands": bands(session.pyramid.stack(0).bands, names),
        "composite": composite(names),
        "outputs": outputs(session),
        "palette": list(PROBABILITY_COLORS),
        "layers": session.layers.told(),
        "version": session.book.version,
        "points": points(session.book.marks(), session.pyramid.grid),
        "undo": session.book.can_undo, "redo": session.book.can_redo,
        "training": training(session.training),
        "images": session.images,
        "revision": None if session.snapshot is None else session.snapshot.revision,
        "live": session.live,
        "check": None if session.checked is None else check(session.checked),
        "overviews": {"missing": [path.name for path in session.missing_overviews],
                      "building": session.overviews_building},
        "notes": list(session.notes),
    }  # fmt: skip


def now(session: LiveMap) -> list[dict[str, Any]]:
    """The events that bring a page up to date: the version of the points, the training, the model and its check."""
    events: list[dict[str, Any]] = [
        {"type": "hello", "version": session.book.version},
        {"type": "training", **training(session.training)},
    ]
    if session.snapshot is not None:
        events.append({"type": "model", "revision": session.snapshot.revision, "outputs": outputs(session)})
    if session.checked is not None:
        events.append({"type": "check", **check(session.checked)})
    return events


def grid(own: Grid, levels: int) -> dict[str, Any]:
    """The image's own grid."""
    height, width = metres_per_pixel(own)
    name = own.crs.to_string() if own.crs.to_epsg() else "a reference system of its own"
    return {
        "rows": own.shape[0], "cols": own.shape[1], "levels": levels, "aspect": height / width,
        "metres_per_pixel": width, "crs": name, "north": north(own),
    }  # fmt: skip


def north(own: Grid) -> float:
    """Where north lies on the page, in degrees clockwise from up: 180 for an image stored from south to north."""
    west, south, east, top = own.bounds
    x, y = np.full(2, (west + east) / 2), np.array([south, top])
    rows, cols = own.pixel_yx(x, y)
    height, width = metres_per_pixel(own)
    return float(np.degrees(np.arctan2((cols[1] - cols[0]) * width, (rows[0] - rows[1]) * height)) % 360.0)


def bands(specs: Iterable[BandSpec], names: Iterable[str]) -> list[dict[str, str]]:
    """The bands by name, with where they come from."""
    return [{"name": name, "group": spec.source} for spec, name in zip(specs, names, strict=True)]


def composite(names: tuple[str, ...]) -> list[str]:
    """The bands shown as red, green and blue at first: nir, red and swir1, or what there is."""
    if all(name in names for name in _COMPOSITE):
        return list(_COMPOSITE)
    return list(names[:3]) if len(names) >= 3 else [names[0]] * 3


def outputs(session: LiveMap) -> list[dict[str, str]]:
    """The bands of the map by id, with what people call them."""
    legend = session.legend

    def title(band: str) -> str:
        if band.startswith("probability_") and legend is not None:
            return f"{legend.label(int(band.removeprefix('probability_')))} %"
        return {"class": "Classification", "class_probability": "Class probability"}[band]

    return [{"id": band, "title": title(band)} for band in session.outputs]


def points(marks: Iterable[tuple[Sheet, Mark]], own: Grid) -> list[dict[str, Any]]:
    """Marks with their places; those outside the image are told too, so that they can be found and moved."""
    by_crs: dict[str, list[tuple[Sheet, Mark]]] = {}
    for sheet, mark in marks:
        by_crs.setdefault(sheet.crs, []).append((sheet, mark))
    return [told for crs, group in by_crs.items() for told in _points(group, crs, own)]


def _points(marks: list[tuple[Sheet, Mark]], crs: str, own: Grid) -> Iterable[dict[str, Any]]:
    places = np.array(places_to_pixels([mark.place for _, mark in marks], crs, own))
    lon, lat = from_pixels(places[:, 0], places[:, 1], LON_LAT, own)
    for (sheet, mark), (x, y), east, north in zip(marks, places.tolist(), lon.tolist(), lat.tolist(), strict=True):
        ring = {"ring": places_to_pixels(mark.ring, crs, own)} if mark.ring else {}
        if not np.isfinite([(x, y), *ring.get("ring", ())]).all():
            continue
        yield {
            "id": mark.id, "x": x, "y": y, "lon": finite(east), "lat": finite(north), "value": mark.value,
            "source": sheet.where, "kind": mark.kind, "editable": not isinstance(sheet, FixedSheet), **ring,
        }  # fmt: skip


def changes(session: LiveMap, step: Step) -> dict[str, Any]:
    """What a change did."""
    found, removed = changed_marks(session.book, step)
    return {
        "type": "points", "version": session.book.version, "changed": points(found, session.pyramid.grid),
        "removed": removed, "undo": session.book.can_undo, "redo": session.book.can_redo,
        "selected": None if step.mark_id in removed else step.mark_id,
    }  # fmt: skip


def changed_marks(book: Book, step: Step) -> tuple[list[tuple[Sheet, Mark]], list[str]]:
    """The marks that a step changed, and the ids of those it took away."""
    sheet = book.sheet(step.mark_id)
    ids = sheet.together(step.mark_id) if isinstance(sheet, ImportedSheet) else [step.mark_id]
    found = [(sheet, sheet.marks[mark_id]) for mark_id in ids if mark_id in sheet.marks]
    return found, [mark_id for mark_id in ids if mark_id not in sheet.marks]


def training(told: Training) -> dict[str, Any]:
    """How far the training is."""
    return {
        "status": told.status, "message": told.message, "rows": told.rows, "seconds": told.seconds,
        "by_class": {str(value): count for value, count in (told.by_class or {}).items()},
    }  # fmt: skip


def check(found: Check) -> dict[str, Any]:
    """What cross-validation found."""
    spread = "" if found.spread is None else f" (spread {100 * found.spread:.1f})"
    return {
        "accuracy": found.accuracy, "spread": found.spread, "rows": found.rows,
        "above": [
            {"threshold": each.threshold, "right": each.right, "share": each.share, "errors_held": each.errors_held,
             "text": sentence(found, each.threshold)}
            for each in found.above
        ],
        "text": f"{100 * found.accuracy:.1f} % of {found.rows:,} held-out training points right{spread}, held out in "
        f"{found.how}: a check of the model, not the map's accuracy",
    }  # fmt: skip


def unchecked(why: str) -> dict[str, Any]:
    """A check that could not be made."""
    return {"accuracy": None, "spread": None, "rows": 0, "above": [], "text": f"not checked: {why}"}


def overviews(session: LiveMap, progress: float) -> dict[str, Any]:
    """How far the making of overviews is."""
    missing = [path.name for path in session.missing_overviews]
    return {"type": "overviews", "building": session.overviews_building, "missing": missing, "progress": progress}
