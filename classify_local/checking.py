"""Everything that would go wrong with a run, found before anything is computed, and what it would cost."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classify_local.classifiers.trained import train
from classify_local.features.stack import FeatureStack
from classify_local.grid import BLOCK_SIZE, Grid, Window, blocks
from classify_local.legend import Legend
from classify_local.mapping.block import classify_block
from classify_local.mapping.plan import Plan, make_plan
from classify_local.preparation import prepare
from classify_local.recipe.text import RecipeDocument
from classify_local.storage import gdal
from classify_local.training.samples import TrainingReport, TrainingSet, require_two_classes
from classify_local.training.sampling import sample_points

_LOOKED_AT = 64
"""Blocks read to find what masks remove; a larger image is estimated from as many, spread evenly."""
_BASE_BYTES = 350_000_000
"""Memory of the process with its libraries, measured at the start of a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskLosses:
    """Share of the image that bands and masks remove.

    Parameters
    ----------
    pixels
        Pixels looked at.
    lost, alone
        Of those, the pixels each band or mask removes, and those nothing else removes.
    exact
        True if the whole image was looked at.
    """

    pixels: int
    lost: Mapping[str, int]
    alone: Mapping[str, int]
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a run would need.

    Parameters
    ----------
    memory, disk, disk_free
        Bytes.
    seconds
        Time with `workers`, from one block timed on this machine; None without training data.
    workers
        Tiles in work at once.
    """

    memory: int
    disk: int
    disk_free: int
    seconds: float | None
    workers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What `check` found; a recipe with problems raises instead.

    `legend`, `training` and `cost` are None where the recipe leaves them out.
    """

    name: str
    folder: Path
    grid: Grid
    stack: FeatureStack
    losses: MaskLosses
    legend: Legend | None
    training: TrainingReport | None
    tiles: int
    cost: Cost | None
    notes: tuple[str, ...]


def check_recipe(document: RecipeDocument, folder: Path, allow: Sequence[Path], workers: int) -> CheckReport:
    """Check a recipe and what it names.

    Raises
    ------
    ClassifyLocalError
        All problems at once.
    """
    ready = prepare(document, allow, folder)
    stack, legend = ready.stack, ready.legend
    training = report = plan = cost = None
    if legend is not None:
        plan = make_plan(document, stack, legend)
        if document.recipe.training:
            training, report = sample_points(ready.points, stack, legend)
            require_two_classes(training, report)
        cost = estimate_cost(document, stack, legend, plan, training, workers, folder)
    return CheckReport(
        name=document.name, folder=folder, grid=stack.grid, stack=stack, losses=mask_losses(stack), legend=legend,
        training=report, tiles=0 if plan is None else len(plan.tiles), cost=cost,
        notes=tuple(_notes(document, stack, legend)),
    )  # fmt: skip


def mask_losses(stack: FeatureStack, looked_at: int = _LOOKED_AT) -> MaskLosses:
    """What each band and mask removes, from all blocks or from evenly spread ones."""
    every = list(blocks(stack.grid.window, stack.grid.window))
    chosen = _spread(every, looked_at)
    lost: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    for window in chosen:
        by_layer = stack.read(window).valid_by_layer
        missing = (~by_layer).sum(axis=0)
        for layer, valid in zip(stack.layers, by_layer, strict=True):
            lost[layer] += int((~valid).sum())
            alone[layer] += int((~valid & (missing == 1)).sum())
    pixels = sum(window.rows * window.cols for window in chosen)
    return MaskLosses(pixels=pixels, lost=lost, alone=alone, exact=len(chosen) == len(every))


def estimate_cost(
    document: RecipeDocument,
    stack: FeatureStack,
    legend: Legend,
    plan: Plan,
    training: TrainingSet | None,
    workers: int,
    folder: Path,
) -> Cost:
    """Memory, disk and time of a run, the last from training the model and timing one block."""
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return Cost(
        memory=_memory(stack, plan, workers),
        disk=plan.bytes_needed,
        disk_free=shutil.disk_usage(existing).free,
        seconds=None if training is None else _seconds(document, stack, legend, plan, training, workers),
        workers=workers,
    )


def _memory(stack: FeatureStack, plan: Plan, workers: int) -> int:
    """Process, GDAL's cache, and for each worker a block of features with copies, and a tile of output with copies."""
    bands = len(stack.names)
    block = BLOCK_SIZE**2 * (bands * (3 * stack.dtype.itemsize + 6) + 16 * len(plan.identity["legend"]))
    tile = max(tile.window.rows * tile.window.cols for tile in plan.tiles)
    output = 4 * tile * sum(len(product.bands) * np.dtype(product.dtype).itemsize for product in plan.products)
    return _BASE_BYTES + gdal.CACHE_MB * 1_000_000 + workers * (block + output)


def _seconds(
    document: RecipeDocument,
    stack: FeatureStack,
    legend: Legend,
    plan: Plan,
    training: TrainingSet,
    workers: int,
) -> float:
    began = time.perf_counter()
    model = train(document.recipe.classifier, training, stack.names, legend)
    fitted = time.perf_counter() - began
    every = list(blocks(stack.grid.window, stack.grid.window))
    window = every[len(every) // 2]
    began = time.perf_counter()
    block = stack.read(window)
    classify_block(block.features, block.valid, model, plan.products)
    one = (time.perf_counter() - began) / (window.rows * window.cols)
    rows, cols = stack.grid.shape
    return fitted + one * rows * cols / min(workers, len(plan.tiles))


def _notes(document: RecipeDocument, stack: FeatureStack, legend: Legend | None) -> list[str]:
    notes = []
    if legend is None:
        notes.append("no legend yet: a run needs one")
    if not document.recipe.training:
        notes.append("no training data yet: a run needs some")
    if document.recipe.output.tile_size % BLOCK_SIZE:
        notes.append(
            f"a tile_size that is a multiple of {BLOCK_SIZE} is read fastest; {document.recipe.output.tile_size} is not"
        )
    if stack.grid.transform.e > 0:
        notes.append("the image is stored south side up; the map will be too")
    return notes


def _spread(every: list[Window], count: int) -> list[Window]:
    if len(every) <= count:
        return every
    return [every[i * len(every) // count] for i in range(count)]
