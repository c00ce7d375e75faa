"""From reference points to a training table: each point takes the pixel that holds it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from classify_local.features.stack import FeatureStack
from classify_local.grid import Grid
from classify_local.legend import Legend
from classify_local.training import samples
from classify_local.training.points import ReferencePoints, in_metres, project
from classify_local.training.samples import Rows, TrainingReport, TrainingSet
from classify_local.training.thinning import thin
from classify_local.types import LabelArray, MaskArray


def sample_points(
    sources: Sequence[ReferencePoints], stack: FeatureStack, legend: Legend
) -> tuple[TrainingSet, TrainingReport]:
    """The training table of all sources, and what became of their rows.

    Each row is asked in this order: is its class in the legend, does it lie in the image, has every
    band data there, is the pixel new, do all rows on the pixel agree.

    Raises
    ------
    InputError
        If a class of the legend loses all its rows to a band without data.
    """
    rows = _gather(sources, stack.grid)
    rows.reason[rows.open() & ~np.isin(rows.labels, legend.values)] = samples.NOT_IN_LEGEND
    rows.reason[rows.open() & ~_inside(rows, stack.grid)] = samples.OUTSIDE
    asked = np.flatnonzero(rows.open())
    features, by_layer = stack.sample(*rows.pixel_yx[:, asked])
    has_data = by_layer.all(axis=1)
    losses = _mask_losses(rows.labels[asked], by_layer, stack.layers)
    inside, kept = Counter(rows.labels[asked].tolist()), Counter(rows.labels[asked][has_data].tolist())
    samples.require_no_class_lost(inside, kept, losses, legend)
    rows.reason[asked[~has_data]] = samples.MASKED
    _drop_repetitions(rows)
    _thin(rows, sources, stack.grid)
    chosen = rows.open()
    training = TrainingSet(
        features=features[chosen[asked]],
        labels=rows.labels[chosen],
        xy=rows.xy[chosen],
        source=rows.source[chosen],
        group=rows.group[chosen],
    )
    return training, _report(sources, rows, training, losses, stack.grid, legend)


def _gather(sources: Sequence[ReferencePoints], grid: Grid) -> Rows:
    placed = [points.in_crs(grid.crs.to_wkt()) for points in sources]
    x = np.concatenate([np.empty(0), *(points.x for points in placed)])
    y = np.concatenate([np.empty(0), *(points.y for points in placed)])
    labels = np.concatenate([np.empty(0, np.int64), *(points.labels for points in placed)])
    source = np.repeat(np.arange(len(placed)), [len(points) for points in placed])
    line = np.concatenate([np.empty(0, np.int64), *(points.line for points in placed)])
    return Rows(
        labels=labels, xy=np.stack([x, y], axis=1), source=source, line=line, group=_groups(placed),
        pixel_yx=_whole_pixels(grid.pixel_yx(x, y)), reason=np.full(len(x), "", dtype="U64"),
    )  # fmt: skip


def _groups(sources: Sequence[ReferencePoints]) -> NDArray[np.int64]:
    """Numbers of groups, made different from source to source."""
    found, first = [np.empty(0, np.int64)], 0
    for points in sources:
        found.append(np.where(points.group >= 0, points.group + first, -1))
        first += int(points.group.max(initial=-1)) + 1
    return np.concatenate(found)


def _whole_pixels(yx: NDArray[np.float64]) -> NDArray[np.int64]:
    """Row and column of the pixel that holds each place; -1 where the place is not finite."""
    limit = 2.0**40
    with np.errstate(invalid="ignore"):
        usable = np.isfinite(yx).all(axis=0) & (np.abs(yx) < limit).all(axis=0)
    return np.where(usable, np.floor(np.where(usable, yx, 0)), -1).astype(np.int64)


def _inside(rows: Rows, grid: Grid) -> MaskArray:
    y, x = rows.pixel_yx
    return np.asarray((y >= 0) & (y < grid.shape[0]) & (x >= 0) & (x < grid.shape[1]))


def _mask_losses(labels: LabelArray, by_layer: MaskArray, layers: Sequence[str]) -> dict[str, dict[int, int]]:
    """For each band or mask the rows of each class without data in it; layers that remove none are left out."""
    losses = {}
    for layer, valid in zip(layers, by_layer.T, strict=True):
        if not valid.all():
            losses[layer] = dict(sorted(Counter(labels[~valid].tolist()).items()))
    return losses


def _drop_repetitions(rows: Rows) -> None:
    """Leave out pixels with two classes, and all but the first row of a pixel."""
    kept = np.flatnonzero(rows.open())
    row, col = rows.pixel_yx[:, kept]
    _, pixel = np.unique(row * (col.max(initial=0) + 1) + col, return_inverse=True)
    low = np.full(pixel.max(initial=-1) + 1, np.iinfo(np.int64).max)
    high = np.full(len(low), np.iinfo(np.int64).min)
    np.minimum.at(low, pixel, rows.labels[kept])
    np.maximum.at(high, pixel, rows.labels[kept])
    first = np.zeros(len(kept), dtype=bool)
    first[np.unique(pixel, return_index=True)[1]] = True
    conflict = low[pixel] != high[pixel]
    rows.reason[kept[~first]] = samples.DUPLICATE
    rows.reason[kept[conflict]] = samples.CONFLICT


def _thin(rows: Rows, sources: Sequence[ReferencePoints], grid: Grid) -> None:
    """Leave out what a source's `thin` does not keep: rows that could be used, evenly over the land."""
    for number, points in enumerate(sources):
        if points.thin is not None:
            mine = np.flatnonzero(rows.open() & (rows.source == number))
            places = in_metres(rows.xy[mine], grid)
            kept = thin(places, rows.labels[mine], points.thin, rows.line[mine])
            rows.reason[mine[~kept]] = samples.THINNED


def _report(
    sources: Sequence[ReferencePoints],
    rows: Rows,
    training: TrainingSet,
    losses: dict[str, dict[int, int]],
    grid: Grid,
    legend: Legend,
) -> TrainingReport:
    dropped: Counter[tuple[str, str]] = Counter()
    read: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    for number, points in enumerate(sources):
        mine = rows.source == number
        read[points.where] += len(points) + sum(points.left_out.values())
        kept[points.where] += int((mine & rows.open()).sum())
        for reason in samples.REASONS:
            count = int((rows.reason[mine] == reason).sum()) + points.left_out.get(reason, 0)
            if count:
                dropped[points.where, reason] += count
    return TrainingReport(
        rows=rows, read=read, kept=kept, dropped=dropped, classes=training.counts, mask_losses=losses,
        notes=tuple(_notes(sources, rows, training, grid, legend)),
    )  # fmt: skip


def _notes(
    sources: Sequence[ReferencePoints], rows: Rows, training: TrainingSet, grid: Grid, legend: Legend
) -> list[str]:
    notes = [line for points in sources for line in points.notes]
    for number, points in enumerate(sources):
        outside = rows.reason[rows.source == number] == samples.OUTSIDE
        if outside.any() and _swapped(points, outside, grid) > outside.sum() / 2:
            notes.append(
                f"{points.where}: points outside the image lie inside it with x and y swapped; check the columns"
            )
    unknown = sorted(set(rows.labels[rows.reason == samples.NOT_IN_LEGEND].tolist()))
    if unknown:
        listed = ", ".join(map(str, unknown))
        notes.append(f"classes that the legend does not have ({_values(legend)}) are ignored: {listed}")
    without = [entry.label for entry in legend if entry.value not in training.counts]
    if without:
        notes.append(f"classes without training data, which the map cannot show: {', '.join(without)}")
    return notes


def _swapped(points: ReferencePoints, chosen: MaskArray, grid: Grid) -> int:
    """How many of the chosen points lie inside the image when x and y change places."""
    x, y = project(points.y[chosen], points.x[chosen], points.crs, grid.crs.to_wkt())
    row, col = _whole_pixels(grid.pixel_yx(x, y))
    return int(((row >= 0) & (row < grid.shape[0]) & (col >= 0) & (col < grid.shape[1])).sum())


def _values(legend: Legend) -> str:
    return f"its values are {', '.join(map(str, legend.values))}"
