"""Training tables of several recipes as one: joined by the names of bands, whatever images they were sampled on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from classify_local.errors import InputError
from classify_local.features.stack import BandSpec, FeatureStack, resolve_feature_dtype
from classify_local.legend import Legend
from classify_local.training import samples
from classify_local.training.points import ReferencePoints, project
from classify_local.training.samples import TrainingReport, TrainingSet
from classify_local.training.sampling import sample_points
from classify_local.types import MaskArray

_WITHOUT = "classes without training data"


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherRecipe:
    """What another recipe gives to a training table.

    Parameters
    ----------
    where
        Its file.
    stack
        Its images, with the bands of the recipe that asks, in its order.
    legend
        Its own legend, by which it was checked.
    points
        Its reference points.
    others
        The recipes it takes training data from in turn.
    """

    where: str
    stack: FeatureStack
    legend: Legend
    points: tuple[ReferencePoints, ...]
    others: tuple[OtherRecipe, ...] = ()


def sample_all(
    sources: Sequence[ReferencePoints], stack: FeatureStack, legend: Legend, others: Sequence[OtherRecipe] = ()
) -> tuple[TrainingSet, TrainingReport]:
    """The training table of a recipe's own points and of other recipes, and what became of the rows.

    Rows of other recipes stand behind the own ones. They are no points of this map: `report.rows` has the own ones
    alone, and the others are counted under the file of their recipe. A recipe that is reached by several ways gives
    its rows once.

    Raises
    ------
    InputError
        If a class of a legend loses all its rows to a band without data, or a band of another recipe is in another
        unit.
    """
    return _sampled(sources, stack, legend, others, set())


def _sampled(
    sources: Sequence[ReferencePoints], stack: FeatureStack, legend: Legend, others: Sequence[OtherRecipe],
    taken: set[Path],
) -> tuple[TrainingSet, TrainingReport]:  # fmt: skip
    training, report = sample_points(sources, stack, legend)
    for number, other in enumerate(others, start=len(sources)):
        if Path(other.where).resolve() in taken:
            report = replace(report, notes=(*report.notes, f"{other.where}: is reached by two ways and taken once"))
            continue
        taken.add(Path(other.where).resolve())
        _require_same_units(other, stack)
        more, account = _sampled(other.points, other.stack, other.legend, other.others, taken)
        known = np.isin(more.labels, legend.values)
        training = _behind(training, _chosen(more, known), other.stack, stack, number)
        account = replace(account, notes=(*account.notes, *_scale_notes(other.stack, stack)))
        report = _with(report, account, other.where, int(known.sum()), int((~known).sum()))
    return training, _completed(report, training, legend) if others else report


def _require_same_units(other: OtherRecipe, stack: FeatureStack) -> None:
    lines = [
        f"{other.where}: has {own.name} in the unit {theirs.unit!r}, and here it is in {own.unit!r} ({own.source}); "
        "give the bands of both recipes in the same way"
        for own, theirs in _pairs(stack, other.stack)
        if own.unit != theirs.unit
    ]
    if lines:
        raise InputError(*lines)


def _scale_notes(their: FeatureStack, own: FeatureStack) -> Iterator[str]:
    """What to say of bands whose stored values become reflectance by other numbers than the own ones."""
    differing = [
        mine.name for mine, theirs in _pairs(own, their)
        if None not in (mine.reflectance, theirs.reflectance) and mine.reflectance != theirs.reflectance
    ]  # fmt: skip
    if differing:
        yield (
            f"the stored values of {', '.join(differing)} become reflectance by another scale or offset than here; "
            "rescale the images, or say their reflectance: if the files' own tags are wrong"
        )


def _pairs(own: FeatureStack, their: FeatureStack) -> Iterator[tuple[BandSpec, BandSpec]]:
    return zip(own.bands, their.bands, strict=True)


def _chosen(training: TrainingSet, rows: MaskArray) -> TrainingSet:
    return TrainingSet(
        features=training.features[rows], labels=training.labels[rows], xy=training.xy[rows],
        source=training.source[rows], group=training.group[rows],
    )  # fmt: skip


def _behind(
    training: TrainingSet, more: TrainingSet, their: FeatureStack, own: FeatureStack, number: int
) -> TrainingSet:
    """Both tables as one; places of the second in the reference system of the first."""
    x, y = more.xy.T
    if their.grid.crs != own.grid.crs:
        x, y = project(x, y, their.grid.crs.to_wkt(), own.grid.crs.to_wkt())
    first = int(training.group.max(initial=-1)) + 1
    dtype = resolve_feature_dtype([training.features.dtype, more.features.dtype])
    return TrainingSet(
        features=np.concatenate([training.features, more.features]).astype(dtype, copy=False),
        labels=np.concatenate([training.labels, more.labels]),
        xy=np.concatenate([training.xy, np.stack([x, y], axis=1)]),
        source=np.concatenate([training.source, np.full(len(more), number)]),
        group=np.concatenate([training.group, np.where(more.group >= 0, more.group + first, -1)]),
    )


def _with(report: TrainingReport, other: TrainingReport, where: str, kept: int, unknown: int) -> TrainingReport:
    """The account of both, the other's under the file of its recipe."""
    dropped = Counter(report.dropped)
    for (_, reason), count in other.dropped.items():
        dropped[where, reason] += count
    if unknown:
        dropped[where, samples.NOT_IN_LEGEND] += unknown
    losses = {layer: Counter(lost) for layer, lost in report.mask_losses.items()}
    for layer, lost in other.mask_losses.items():
        losses.setdefault(layer, Counter()).update(lost)
    return replace(
        report, read={**report.read, where: sum(other.read.values())}, kept={**report.kept, where: kept},
        dropped=dict(dropped), mask_losses={layer: dict(lost) for layer, lost in losses.items()},
        notes=(*report.notes, *(f"{where}: {note}" for note in other.notes if not note.startswith(_WITHOUT))),
    )  # fmt: skip


def _completed(report: TrainingReport, training: TrainingSet, legend: Legend) -> TrainingReport:
    """The account with what can be said only of the whole table."""
    notes = [note for note in report.notes if not note.startswith(_WITHOUT)]
    without = [entry.label for entry in legend if entry.value not in training.counts]
    if without:
        notes.append(f"{_WITHOUT}, which the map cannot show: {', '.join(without)}")
    return replace(report, classes=training.counts, notes=tuple(notes))
