"""One tile of a map: read its blocks, classify them, write its files. A pure task: it can be repeated."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classify_local.classifiers.trained import TrainedModel
from classify_local.features.stack import FeatureStack
from classify_local.grid import Tile
from classify_local.legend import Legend
from classify_local.mapping.journal import TileRecord
from classify_local.mapping.plan import Plan
from classify_local.mapping.products import CLASS
from classify_local.mapping.window import MaskCount, map_window
from classify_local.storage.fingerprint import sha256
from classify_local.storage.tiles import write_tile


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MapJob:
    """All that the tiles of a run have in common."""

    plan: Plan
    stack: FeatureStack
    model: TrainedModel
    legend: Legend
    folder: Path


def map_tile(job: MapJob, tile: Tile, stopped: Callable[[], None] = lambda: None) -> TileRecord:
    """Compute and write a tile.

    Parameters
    ----------
    job
        The run.
    tile
        What to make.
    stopped
        Called now and then; raises to stop.

    Returns
    -------
    TileRecord
        What was written, for the journal.

    Raises
    ------
    InputError
        If an input cannot be read there.
    StorageError
        If a file cannot be written.
    """
    began = time.monotonic()
    losses = MaskCount(job.stack.layers)
    arrays = map_window(job.stack, job.model, job.plan.products, tile.window, seen=losses.count, stopped=stopped)
    files = {}
    for product in job.plan.products:
        stopped()
        path = job.folder / job.plan.file_name(product, tile)
        write_tile(
            path, arrays[product.kind], job.plan.grid.cropped(tile.window), bands=product.bands,
            nodata=product.nodata, overviews=product.overviews, legend=job.legend if product.kind == CLASS else None,
        )  # fmt: skip
        files[path.name] = {"product": product.kind, "sha256": sha256(path), "bytes": path.stat().st_size}
    return TileRecord(
        tile=tile.id, run=job.plan.digest, files=files, pixels=tile.window.rows * tile.window.cols,
        lost=dict(losses.any), lost_alone=dict(losses.alone), seconds=round(time.monotonic() - began, 3),
        valid=_valid_count(job, arrays), classes=_class_counts(job, arrays),
    )  # fmt: skip


def _class_counts(job: MapJob, arrays: dict[str, NDArray[np.generic]]) -> dict[str, int]:
    """Pixels of each class, where the class is mapped."""
    product = job.plan.products[0]
    if product.kind != CLASS:
        return {}
    values, counts = counted(arrays[CLASS][0])
    return {str(value): int(n) for value, n in zip(values, counts, strict=True) if value != product.nodata}


def counted(mapped: NDArray[np.generic]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The values of a map and how often each occurs; small unsigned types are counted without sorting."""
    if mapped.dtype.kind != "u":
        values, counts = np.unique(mapped, return_counts=True)
        return values.astype(np.int64), counts
    every = np.bincount(mapped.reshape(-1))
    values = np.flatnonzero(every)
    return values, every[values]


def _valid_count(job: MapJob, arrays: dict[str, NDArray[np.generic]]) -> int:
    product = job.plan.products[0]
    first = arrays[product.kind][0]
    return int((~np.isnan(first) if math.isnan(product.nodata) else first != product.nodata).sum())
