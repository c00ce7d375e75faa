"""How far apart the classes lie in the bands: their signatures, and the Jeffries-Matusita distance of each pair.

The distance takes each class for one normal distribution. It is 0 for classes with the same distribution and 2 for
classes that never overlap; it does not depend on the units of the bands. With B, the Bhattacharyya distance,

    B = (m1 - m2)' S^-1 (m1 - m2) / 8  +  ln(|S| / sqrt(|S1| |S2|)) / 2,    S = (S1 + S2) / 2
    JM = 2 (1 - exp(-B))

(Swain and Davis 1978, Remote Sensing: The Quantitative Approach; Richards 2013, Remote Sensing Digital Image
Analysis, 5th ed., chapter 10). Covariances of few rows are poor, and singular where a class has no more rows than
there are bands or a band does not vary in it. So each is drawn towards the mean covariance of all classes, by the
share that makes its expected error least (Ledoit and Wolf 2004): nothing to speak of with many rows, everything with
one. Bands that say the same (a spread below 1/10,000 of the whole in some direction) count as if they had that spread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import solve_triangular

from classify_local.accuracy.signatures import Floats, Signature, chunks, signature
from classify_local.errors import InputError
from classify_local.types import FeatureArray, LabelArray

INSEPARABLE, POOR, GOOD = 1.0, 1.7, 1.9
"""Distances below which a pair is hardly told apart, badly, or with some overlap. 1.9 and 1.0 are ENVI's (from 1.9 on
good; below 1 better made one class), 1.7 is Jensen's (Introductory Digital Image Processing, for the transformed
divergence on the same scale)."""

ROWS_PER_BAND = 10
"""Rows a class needs for each band before its distances can be trusted; 100 are better (Swain and Davis 1978)."""

_FLOOR = 1e-8
_ROWS_FOR_ALL = 2
"""Rows for each band, over all classes, from which the bands are looked at together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two classes and the distance between them.

    Parameters
    ----------
    first, second
        Class values.
    distance
        Jeffries-Matusita distance by all bands, 0 to 2. It is never less than that of the best band, since a band
        more cannot bring classes closer.
    band, band_distance
        The band that separates them best on its own, and the distance by it.
    trusted
        False if one of the classes has too few rows.
    """

    first: int
    second: int
    distance: float
    band: str
    band_distance: float
    trusted: bool

    def to_dict(self) -> dict[str, Any]:
        """For the run record."""
        return {
            "classes": [self.first, self.second], "jeffries_matusita": self.distance, "best_band": self.band,
            "by_best_band": self.band_distance, "enough_rows": self.trusted,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Separability:
    """Signatures of the classes, and how far each pair lies apart.

    Parameters
    ----------
    bands
        Names, in the order of the features.
    signatures
        By class value.
    pairs
        The closest first.
    together
        True if all bands were looked at together; False if the rows of all classes are too few for that: then
        distances are those of the best band, and the true ones are greater.
    """

    bands: tuple[str, ...]
    signatures: tuple[Signature, ...]
    pairs: tuple[Pair, ...]
    together: bool

    @property
    def rows_needed(self) -> int:
        """Rows a class needs before its distances can be trusted."""
        return ROWS_PER_BAND * (len(self.bands) if self.together else 1)

    @property
    def few(self) -> tuple[int, ...]:
        """Classes with fewer."""
        return tuple(signature.value for signature in self.signatures if signature.count < self.rows_needed)

    def below(self, distance: float) -> tuple[Pair, ...]:
        """Pairs that lie closer than a distance, the closest first."""
        return tuple(pair for pair in self.pairs if pair.distance < distance)

    def to_dict(self) -> dict[str, Any]:
        """For the run record."""
        return {
            "what": "Jeffries-Matusita distance, 0 (the same) to 2 (no overlap)",
            "thresholds": {"hardly told apart below": INSEPARABLE, "poor below": POOR, "good from": GOOD},
            "bands_together": self.together, "rows_needed": self.rows_needed, "classes_with_few_rows": list(self.few),
            "pairs": [pair.to_dict() for pair in self.pairs],
        }  # fmt: skip


def separability(features: FeatureArray, labels: LabelArray, bands: Sequence[str]) -> Separability:
    """Signatures and distances of the classes of a training table.

    Parameters
    ----------
    features
        Shape (n, bands), finite; of any scale.
    labels
        Class values, shape (n,).
    bands
        Names of the bands.

    Raises
    ------
    InputError
        If there are fewer than two classes, or none has two rows.
    """
    values = [int(value) for value in np.unique(labels)]
    if len(values) < 2 or len(labels) == len(values):
        raise InputError("separability: needs two classes, and one of them with two rows or more")
    found = [signature(features[labels == value], value) for value in values]
    spread, within = _pooled(features, labels, found)
    together = len(labels) - len(found) >= _ROWS_FOR_ALL * len(bands)
    frame = _frame(spread, within, together)
    normals = [_normal(features[labels == one.value], one, frame) for one in found]
    needed = ROWS_PER_BAND * (len(bands) if together else 1)
    pairs = []
    for i, j in zip(*np.triu_indices(len(found), 1), strict=True):
        alone = _alone(normals[i], normals[j])
        best = int(alone.argmax())
        whole = jeffries_matusita(normals[i].mean, normals[i].covariance, normals[j].mean, normals[j].covariance)
        pairs.append(Pair(
            first=found[i].value, second=found[j].value, distance=max(whole, float(alone[best])), band=bands[best],
            band_distance=float(alone[best]), trusted=min(found[i].count, found[j].count) >= needed,
        ))  # fmt: skip
    pairs.sort(key=lambda pair: (pair.distance, pair.first, pair.second))
    return Separability(bands=tuple(bands), signatures=tuple(found), pairs=tuple(pairs), together=together)


def jeffries_matusita(first_mean: Floats, first: Floats, second_mean: Floats, second: Floats) -> float:
    """Distance of two normal distributions, 0 to 2, by the formula above.

    Parameters
    ----------
    first_mean, second_mean
        Shape (bands,).
    first, second
        Covariances, positive definite, shape (bands, bands).
    """
    middle = np.linalg.cholesky((first + second) / 2)
    apart = solve_triangular(middle, first_mean - second_mean, lower=True)
    logs = 2 * np.log(np.diag(middle)).sum() - (np.linalg.slogdet(first)[1] + np.linalg.slogdet(second)[1]) / 2
    return _from_bhattacharyya(float(apart @ apart) / 8 + float(logs) / 2)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Frame:
    """Axes along which the mean covariance of the classes is the identity, and the same for single bands.

    Parameters
    ----------
    axes
        As columns, shape (bands, axes); no axes if the bands are not looked at together.
    padding
        What each class's variance is given along each axis, because all classes have too little, shape (axes,).
    scale, scale_padding
        The unit of each band, and what its variance is given, shape (bands,).
    """

    axes: Floats
    padding: Floats
    scale: Floats
    scale_padding: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Normal:
    """A class as a normal distribution in a frame; `means` and `variances` are those of the single bands."""

    mean: Floats
    covariance: Floats
    means: Floats
    variances: Floats


def _pooled(features: FeatureArray, labels: LabelArray, found: Sequence[Signature]) -> tuple[Floats, Floats]:
    """Standard deviation of each band over all rows, and the mean covariance of the classes in its units."""
    counts, means = np.array([one.count for one in found]), np.stack([one.mean for one in found])
    squares = sum(np.nan_to_num(one.sd) ** 2 * max(one.count - 1, 0) for one in found)
    between = counts @ (means - counts @ means / counts.sum()) ** 2
    spread = np.sqrt((squares + between) / counts.sum())
    spread[spread == 0] = 1.0  # a band of one value only tells nothing, and harms nothing
    within = np.zeros((len(spread), len(spread)))
    for one in found:
        for chunk in chunks(features[labels == one.value]):
            residuals = (chunk - one.mean) / spread
            within += residuals.T @ residuals
    return spread, within / (len(labels) - len(found))


def _frame(spread: Floats, within: Floats, together: bool) -> _Frame:
    """The frame of a mean covariance given in units of the bands' spread."""
    variances, directions = np.linalg.eigh(within if together else within[:0, :0])
    variances, alone = np.maximum(variances, 0), np.diag(within)
    padded, alone_padded = np.maximum(variances, _FLOOR), np.maximum(alone, _FLOOR)
    axes = directions / np.sqrt(padded) / spread[:, None] if together else np.zeros((len(spread), 0))
    return _Frame(
        axes=axes, padding=1 - variances / padded,
        scale=spread * np.sqrt(alone_padded), scale_padding=1 - alone / alone_padded,
    )  # fmt: skip


def _normal(features: FeatureArray, one: Signature, frame: _Frame) -> _Normal:
    """The distribution of one class, with its covariance drawn towards the mean one."""
    axes = frame.axes.shape[1]
    squares, fourth = np.zeros((axes, axes)), 0.0
    square_alone, fourth_alone = np.zeros(len(frame.scale)), np.zeros(len(frame.scale))
    for chunk in chunks(features):
        alone = (chunk - one.mean) / frame.scale
        square_alone += (alone**2).sum(axis=0)
        fourth_alone += (alone**4).sum(axis=0)
        rows = (chunk - one.mean) @ frame.axes
        squares += rows.T @ rows
        fourth += float(((rows**2).sum(axis=1) ** 2).sum())
    own, own_alone = squares / max(one.count - 1, 1), square_alone / max(one.count - 1, 1)
    target, target_alone = np.diag(1 - frame.padding), 1 - frame.scale_padding
    drawn = _drawn(one.count, np.array(fourth), np.array((own**2).sum()), np.array(((own - target) ** 2).sum()))
    drawn_alone = _drawn(one.count, fourth_alone, own_alone**2, (own_alone - target_alone) ** 2)
    return _Normal(
        mean=one.mean @ frame.axes, covariance=own + drawn * (target - own) + np.diag(frame.padding),
        means=one.mean / frame.scale,
        variances=own_alone + drawn_alone * (target_alone - own_alone) + frame.scale_padding,
    )  # fmt: skip


def _drawn(count: int, fourth: Floats, norm: Floats, away: Floats) -> Floats:
    """How far a covariance is drawn towards the mean one, 0 to 1 (Ledoit and Wolf 2004, with a given target).

    The variance of its estimate over its squared distance from the target.

    Parameters
    ----------
    count
        Rows.
    fourth
        Sum over the rows of their length to the fourth power.
    norm, away
        Squared Frobenius norm of the covariance, and of its difference from the mean one.
    """
    if count < 2:
        return np.ones_like(norm)
    variance = (fourth - (count - 2) * norm) / count**2
    share = np.divide(variance, away, out=np.ones_like(norm), where=away > 0)
    return np.asarray(np.clip(share, _FLOOR, 1.0))


def _alone(first: _Normal, second: _Normal) -> Floats:
    """Distance by each band on its own, shape (bands,)."""
    both = first.variances + second.variances
    logs = np.log(both / 2) - (np.log(first.variances) + np.log(second.variances)) / 2
    return np.asarray(-2 * np.expm1(-np.maximum((first.means - second.means) ** 2 / both / 4 + logs / 2, 0)))


def _from_bhattacharyya(distance: float) -> float:
    return float(-2 * np.expm1(-max(distance, 0.0)))
