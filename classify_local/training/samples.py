"""The training table, and the account of every row that did not make it into it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from classify_local.errors import InputError
from classify_local.legend import Legend
from classify_local.types import FeatureArray, LabelArray, MaskArray

INVALID = "no usable coordinates or class"
FILTERED = "left out by the filter"
DELETED = "deleted on the map page"
UNMATCHED = "no class matches"
TOO_SMALL = "polygon that holds no pixel"
NOT_IN_LEGEND = "class not in the legend"
OUTSIDE = "outside the image"
MASKED = "no data in a band"
DUPLICATE = "same pixel and class again"
CONFLICT = "same pixel with two classes"
THINNED = "thinned"
REASONS = (
    INVALID, FILTERED, DELETED, UNMATCHED, TOO_SMALL, NOT_IN_LEGEND, OUTSIDE, MASKED, DUPLICATE, CONFLICT, THINNED,
)  # fmt: skip
"""Why a row is left out, in the order in which it is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSet:
    """Samples of the stack at reference pixels.

    Parameters
    ----------
    features
        Shape (n, bands).
    labels
        Class values, shape (n,).
    xy
        Coordinates on the stack's grid, shape (n, 2).
    source
        For each row the number of the recipe's training entry, shape (n,).
    group
        For each row the number of the polygon, feature or group it belongs to, -1 for a plain point, shape (n,).
    """

    features: FeatureArray
    labels: LabelArray
    xy: NDArray[np.float64]
    source: NDArray[np.int64]
    group: NDArray[np.int64]

    def __post_init__(self) -> None:
        lengths = {len(self.features), len(self.labels), len(self.xy), len(self.source), len(self.group)}
        if len(lengths) != 1:
            raise ValueError(f"columns of a training set differ in length: {lengths}")

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def counts(self) -> dict[int, int]:
        """Rows of each class value."""
        return {
            int(value): int(count) for value, count in zip(*np.unique(self.labels, return_counts=True), strict=True)
        }

    @property
    def digest(self) -> str:
        """Hexadecimal SHA-256 of features and labels, row by row."""
        digest = hashlib.sha256(str((self.features.dtype, self.features.shape)).encode())
        digest.update(np.ascontiguousarray(self.features).tobytes())
        digest.update(np.ascontiguousarray(self.labels).tobytes())
        return digest.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """All rows of all sources that have a place and a class, on the stack's grid.

    Parameters
    ----------
    labels
        Class values, shape (n,).
    xy
        Coordinates in the stack's reference system, shape (n, 2); not finite where a row has no place in it.
    pixel_yx
        Row and column of the pixel, shape (2, n).
    source
        Number of the recipe's training entry, shape (n,).
    group
        Number of the polygon, feature or group, over all sources; -1 for a plain point, shape (n,).
    line
        Line, or feature, of the file, shape (n,).
    reason
        Why the row is left out, one of `REASONS`; empty for a row that is kept, shape (n,).
    """

    labels: LabelArray
    xy: NDArray[np.float64]
    pixel_yx: NDArray[np.int64]
    source: NDArray[np.int64]
    group: NDArray[np.int64]
    line: NDArray[np.int64]
    reason: NDArray[np.str_]

    def open(self) -> MaskArray:
        """Rows not left out."""
        return np.asarray(self.reason == "")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingReport:
    """What became of the rows.

    Parameters
    ----------
    rows
        The rows themselves; those that are kept are the rows of the training set, in the same order.
    read, kept
        Rows by source.
    dropped
        Rows by source and reason.
    classes
        Rows kept, by class value.
    mask_losses
        For each band or mask the rows of each class value it removed.
    notes
        Sentences a user should read.
    """

    rows: Rows
    read: Mapping[str, int]
    kept: Mapping[str, int]
    dropped: Mapping[tuple[str, str], int]
    classes: Mapping[int, int]
    mask_losses: Mapping[str, Mapping[int, int]]
    notes: tuple[str, ...] = field(default=())

    def total(self, reason: str) -> int:
        """Rows dropped for a reason, over all sources."""
        return sum(count for (_, why), count in self.dropped.items() if why == reason)


def require_two_classes(training: TrainingSet, report: TrainingReport) -> None:
    """Refuse a table no classifier can learn from.

    Raises
    ------
    InputError
        If fewer than two classes have rows; it says where the rows went.
    """
    found = sorted(training.counts)
    if len(found) >= 2:
        return
    lost = ", ".join(f"{report.total(reason)} {reason}" for reason in REASONS if report.total(reason))
    what = f"only class {found[0]} has" if found else "no class has"
    where = ", ".join(report.read) or "training"
    unknown = "".join(f"; {note}" for note in report.notes if "legend does not have" in note)
    raise InputError(
        f"{where}: {what} usable rows, and at least 2 classes must have some"
        + (f" (left out: {lost})" if lost else "; add training data")
        + unknown,
        *(note for note in report.notes if "swapped" in note),
    )


def require_no_class_lost(
    inside: Mapping[int, int],
    kept: Mapping[int, int],
    losses: Mapping[str, Mapping[int, int]],
    legend: Legend,
) -> None:
    """Refuse to lose a class of the legend to a band that is empty where its training data lie.

    Parameters
    ----------
    inside
        Rows of each class inside the image.
    kept
        Rows of each class with data in every band.
    losses
        For each band or mask the rows of each class it removed.
    legend
        The classes that count.

    Raises
    ------
    InputError
        One line for each such class, naming it and the band.
    """
    lines = []
    for value in legend.values:
        if inside.get(value, 0) and not kept.get(value, 0):
            by_layer = Counter({layer: removed.get(value, 0) for layer, removed in losses.items()})
            most = by_layer.most_common(1)[0][1]
            guilty = [layer for layer, count in by_layer.items() if count == most]
            verb = "has" if len(guilty) == 1 else "have"
            lines.append(
                f"training: the class {legend.label(value)!r} ({value}) loses all its {inside[value]} rows to "
                f"{' and '.join(guilty)}, which {verb} no data there; leave it out of the image's bands or give other "
                "training data"
            )
    if lines:
        raise InputError(*lines)
