"""Where the rows of a training table lie, as a picture."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from classify_local.describing import TrainingDescription
from classify_local.grid import Grid
from classify_local.report.html import el
from classify_local.report.svg import FAINT, GREY, INK, picture, ticks
from classify_local.training.samples import REASONS
from classify_local.types import MaskArray

MOST_POINTS = 20_000
"""Rows drawn on the map at most."""

_LEAST_POINTS = 500
_WIDTH = 900.0
_BEYOND = 0.25
_METRES_PER_DEGREE = 111_320.0

Places: TypeAlias = NDArray[np.float64]

_MARKS = (
    "-3-3l6 6m0-6l-6 6", "-4 0h8m-4-4v8", "-3-3h6v6h-6z", "0-4l4 4l-4 4l-4-4z", "-4-3h8l-4 7z", "-4 3h8l-4-7z",
    "-4 0h8", "0-4v8", "-4-2h8m-8 4h8", "-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0", "-3-3v6h6", "-3 3v-6h6",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """From coordinates to pixels of the picture."""

    left: float
    top: float
    per_x: float
    per_y: float
    width: float
    height: float

    def at(self, xy: Places) -> Places:
        """Pixels right and down, shape (n, 2)."""
        return np.stack([(xy[:, 0] - self.left) * self.per_x, (self.top - xy[:, 1]) * self.per_y], axis=1)

    def holds(self, pixels: Places) -> MaskArray:
        """Pixels that lie in the picture, shape (n,)."""
        return np.asarray(((pixels >= 0) & (pixels <= (self.width, self.height))).all(axis=1))


def map_chart(description: TrainingDescription) -> tuple[Element, int, int]:
    """Kept rows in the colours of their classes, the others as grey marks, over the image's outline.

    Returns
    -------
    svg, drawn, beyond
        The picture, how many rows it shows, and how many with a place lie so far outside that it does not reach them.
    """
    grid, rows = description.grid, description.report.rows
    outline = _corners(grid)
    known = np.asarray(np.isfinite(rows.xy).all(axis=1))
    view = _view(grid, np.concatenate([outline, rows.xy[known]]))
    seen = known & view.holds(view.at(rows.xy))
    layers = list(_layers(description, seen))
    share = min(1.0, MOST_POINTS / max(1, sum(len(chosen) for *_, chosen in layers)))
    drawn, parts = 0, [_frame(view, outline)]
    for title, color, mark, chosen in layers:
        part = _some(chosen, share)
        drawn += len(part)
        parts += _points(title, color, mark, view.at(rows.xy[part]), _radius(int(seen.sum())))
    suspected = [(row.x, row.y) for row in description.suspect_rows[:_LEAST_POINTS]]
    rings = view.at(np.array(suspected, dtype=float).reshape(-1, 2))
    parts.append(el("path", d=_rings(rings[view.holds(rings)]), fill="none", stroke="#000000", stroke_width=1.3))
    label = f"Map of {drawn:,} training rows over the outline of the image"
    svg = picture(
        view.width + 120, view.height + 40, label, el("g", parts, _axes(view, grid), transform="translate(82 4)")
    )
    return svg, drawn, int(known.sum() - seen.sum())


def mark(reason: str) -> Element:
    """The mark of a reason on the map."""
    glyph = el("path", d=f"M{_mark(reason)}", stroke=INK, fill="none", stroke_width=1.2)
    return el("svg", glyph, class_="swatch", width=12, height=12, viewBox="-6 -6 12 12", aria_hidden="true")


def _corners(grid: Grid) -> Places:
    rows, cols = grid.shape
    return np.array([grid.transform @ corner for corner in ((0, 0), (cols, 0), (cols, rows), (0, rows))], dtype=float)


def _view(grid: Grid, xy: Places) -> _View:
    """All places, but none further from the image than a quarter of its size."""
    west, south, east, north = grid.bounds
    reach = _BEYOND * max(east - west, north - south)
    inside = xy.clip((west - reach, south - reach), (east + reach, north + reach))
    (left, bottom), (right, top) = inside.min(axis=0), inside.max(axis=0)
    margin = 0.02 * max(right - left, top - bottom)
    left, bottom, right, top = left - margin, bottom - margin, right + margin, top + margin
    narrow = max(0.05, math.cos(math.radians((south + north) / 2))) if grid.crs.is_geographic else 1.0
    per_y = min((_WIDTH - 120) / ((right - left) * narrow), 640 / (top - bottom))
    per_x = per_y * narrow
    return _View(
        left=left, top=top, per_x=per_x, per_y=per_y, width=(right - left) * per_x, height=(top - bottom) * per_y
    )


def _layers(description: TrainingDescription, seen: MaskArray) -> Iterator[tuple[str, str, str, NDArray[np.intp]]]:
    """Title, colour, mark and rows of what is drawn, the last on top: rare classes over frequent ones."""
    rows = description.report.rows
    for reason in REASONS:
        chosen = np.flatnonzero(seen & (rows.reason == reason))
        if len(chosen):
            yield reason, GREY, _mark(reason), chosen
    by_class = [
        (entry.label, entry.color, "", np.flatnonzero(seen & (rows.labels == entry.value) & rows.open()))
        for entry in description.legend
    ]
    yield from sorted((layer for layer in by_class if len(layer[3])), key=lambda layer: -len(layer[3]))


def _mark(reason: str) -> str:
    """A mark for each reason, as a path that begins where the row lies."""
    return _MARKS[REASONS.index(reason) % len(_MARKS)]


def _some(rows: NDArray[np.intp], share: float) -> NDArray[np.intp]:
    wanted = max(math.ceil(share * len(rows)), min(len(rows), _LEAST_POINTS)) if share < 1 else len(rows)
    return np.sort(np.random.default_rng(1).permutation(rows)[:wanted])


def _radius(count: int) -> float:
    return 3.4 if count < 800 else 2.6 if count < 4000 else 1.8 if count < 10_000 else 1.2


def _points(title: str, color: str, mark: str, xy: Places, radius: float) -> Iterator[Element]:
    """Dots of a class, or marks of a reason."""
    if mark:
        path = "".join(f"M{x:.1f} {y:.1f}m{mark}" for x, y in xy)
        yield el("path", el("title", title), d=path, fill="none", stroke=color, stroke_width=1.1)
        return
    path = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in xy)
    for ink, width in ((INK, 2 * radius + 1.2), (color, 2 * radius)):
        yield el("path", el("title", title), d=path, stroke=ink, stroke_width=width, stroke_linecap="round")


def _rings(xy: Places) -> str:
    return "".join(f"M{x - 6:.1f} {y:.1f}a6 6 0 1 0 12 0a6 6 0 1 0-12 0" for x, y in xy)


def _frame(view: _View, outline: Places) -> Element:
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in view.at(outline)) + "Z"
    back = el("rect", width=view.width, height=view.height, fill="#ffffff", stroke=FAINT)
    return el("g", back, el("path", d=path, fill="#f3f2ec", stroke=GREY, stroke_width=1.2))


def _axes(view: _View, grid: Grid) -> Iterator[Element]:
    """Coordinates at the left and below, and a bar of a round length."""
    right, bottom = view.left + view.width / view.per_x, view.top - view.height / view.per_y
    for x in ticks(view.left, right, max(2, int(view.width / 150))):
        at = (x - view.left) * view.per_x
        yield el("path", d=f"M{at:.1f} {view.height:.1f}v5", stroke=GREY)
        yield el("text", _coordinate(x, grid), x=at, y=view.height + 18, font_size=11, fill=INK, text_anchor="middle")
    for y in ticks(bottom, view.top, max(2, int(view.height / 100))):
        at = (view.top - y) * view.per_y
        yield el("path", d=f"M0 {at:.1f}h-5", stroke=GREY)
        yield el("text", _coordinate(y, grid), x=-8, y=at + 4, font_size=11, fill=INK, text_anchor="end")
    yield from _scale_bar(view, grid)


def _scale_bar(view: _View, grid: Grid) -> Iterator[Element]:
    unit = _METRES_PER_DEGREE if grid.crs.is_geographic else grid.crs.linear_units_factor[1]
    per_metre = view.per_y / unit
    longest = view.width / 4 / per_metre
    power = 10.0 ** math.floor(math.log10(longest))
    length = max(factor * power for factor in (1, 2, 5) if factor * power <= longest)
    text = f"{length / 1000:,g} km" if length >= 1000 else f"{length:,g} m"
    x, y = view.width - length * per_metre - 12, view.height - 14
    width = length * per_metre + 16
    yield el("rect", x=x - 8, y=y - 22, width=width, height=29, fill="#ffffff", fill_opacity=0.85)
    yield el("path", d=f"M{x:.1f} {y - 5:.1f}v5h{length * per_metre:.1f}v-5", fill="none", stroke=INK, stroke_width=1.6)
    yield el("text", text, x=x + length * per_metre / 2, y=y - 7, font_size=12, fill=INK, text_anchor="middle")


def _coordinate(value: float, grid: Grid) -> str:
    return f"{value:.6g}°" if grid.crs.is_geographic else f"{value:,.0f}"
