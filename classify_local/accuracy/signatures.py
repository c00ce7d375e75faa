"""What the rows of a class hold in each band."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from classify_local.types import FeatureArray

PERCENTILES = (2.0, 50.0, 98.0)

Floats: TypeAlias = NDArray[np.float64]

_CHUNK = 65_536


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Signature:
    """What the rows of one class hold in each band.

    Parameters
    ----------
    value, count
        Class value and number of rows.
    mean, sd, minimum, maximum
        Shape (bands,), in the units of the bands; sd with n - 1, not a number for a single row.
    percentiles
        At `PERCENTILES`, shape (3, bands).
    """

    value: int
    count: int
    mean: Floats
    sd: Floats
    minimum: Floats
    maximum: Floats
    percentiles: Floats

    def to_dict(self, bands: Sequence[str]) -> dict[str, Any]:
        """Figures by band; no figure is null."""
        names = ("mean", "sd", "min", "max", *(f"p{level:g}" for level in PERCENTILES))
        columns = np.stack([self.mean, self.sd, self.minimum, self.maximum, *self.percentiles], axis=1)
        table = [[None if np.isnan(figure) else float(figure) for figure in row] for row in columns]
        by_band = {band: dict(zip(names, row, strict=True)) for band, row in zip(bands, table, strict=True)}
        return {"rows": self.count, "bands": by_band}


def signature(features: FeatureArray, value: int) -> Signature:
    """The signature of the rows of one class, shape (n, bands), n > 0."""
    count = len(features)
    mean = sum((chunk.sum(axis=0) for chunk in chunks(features)), np.zeros(features.shape[1])) / count
    squares = sum((((chunk - mean) ** 2).sum(axis=0) for chunk in chunks(features)), np.zeros(features.shape[1]))
    sd = np.sqrt(squares / (count - 1)) if count > 1 else np.full(len(mean), np.nan)
    return Signature(
        value=value, count=count, mean=mean, sd=sd,
        minimum=features.min(axis=0).astype(np.float64), maximum=features.max(axis=0).astype(np.float64),
        percentiles=np.percentile(features, PERCENTILES, axis=0).astype(np.float64),
    )  # fmt: skip


def chunks(features: FeatureArray) -> Iterator[Floats]:
    """Rows as float64, a part at a time."""
    for start in range(0, len(features), _CHUNK):
        yield features[start : start + _CHUNK].astype(np.float64)
