"""Everything that would go wrong with a run, found before anything is computed, and what it would cost."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classify_local.chaining.maps import RecipeMap, recipe_bytes, recipe_notes
from classify_local.classifiers import registry
from classify_local.classifiers.trained import TrainedModel
from classify_local.describing import TrainingDescription, describe
from classify_local.features.auxiliaries import notes_of
from classify_local.features.images import ImageSource
from classify_local.features.output_grid import finer_note
from classify_local.features.stack import Block, FeatureStack
from classify_local.grid import BLOCK_SIZE, Grid, block_count, spread_blocks
from classify_local.learning import Learned, learn
from classify_local.legend import Legend
from classify_local.mapping.block import classify_block
from classify_local.mapping.plan import Plan, make_plan
from classify_local.mapping.window import MaskCount
from classify_local.preparation import prepare
from classify_local.prepared import Prepared, Trainable
from classify_local.recipe.text import RecipeDocument
from classify_local.storage import gdal
from classify_local.storage.remarks import remarks_on
from classify_local.storage.remote import bytes_kept, close_remote

_LOOKED_AT = 64
"""Blocks read to find what masks remove; a larger image is estimated from as many, spread evenly."""
_LOOKED_AT_CLOSELY = 8
_SLACK = 1e-6
_FEW = 0.01
"""Share of pixels outside an index's range that is taken for noise, shadow and over-correction."""
_BASE_BYTES = 350_000_000
"""Memory of the process with its libraries, measured at the start of a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a look at the image showed.

    Parameters
    ----------
    pixels
        Pixels looked at.
    lost, alone
        Of those, the pixels each band or mask removes, and those nothing else removes.
    outside
        Pixels in which a derived band lies outside its possible range.
    exact
        True if the whole image was looked at.
    """

    pixels: int
    lost: Mapping[str, int]
    alone: Mapping[str, int]
    outside: Mapping[str, int]
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

    `legend`, `description`, `learned` and `cost` are None where the recipe leaves them out.
    """

    name: str
    folder: Path
    grid: Grid
    stack: FeatureStack
    look: Look
    legend: Legend | None
    description: TrainingDescription | None
    learned: Learned | None
    tiles: int
    cost: Cost | None
    notes: tuple[str, ...]


def check_recipe(
    document: RecipeDocument,
    folder: Path,
    allow: Sequence[Path],
    workers: int,
    *,
    deep: bool = False,
    offline: bool = False,
) -> CheckReport:
    """Check a recipe and what it names; with `deep`, also the model by cross-validation; `offline` refuses web servers.

    Raises
    ------
    ClassifyLocalError
        All problems at once.
    """
    ready = prepare(document, allow, folder, offline=offline)
    stack, legend = ready.stack, ready.legend
    learned = plan = cost = description = None
    if legend is not None:
        plan = make_plan(document, ready.map_stack, legend, others=ready.others)
        began = time.perf_counter()
        if document.recipe.training or not registry.capabilities_of(document.recipe.classifier).training:
            whole = Trainable(
                document=document,
                stack=stack,
                map_stack=ready.map_stack,
                legend=legend,
                points=ready.points,
                others=ready.others,
            )
            learned = learn(whole, check=deep)
            description = describe(learned, whole, suspects=deep)
        cost = estimate_cost(ready.map_stack, plan, learned, time.perf_counter() - began, workers, folder)
    seen = look(ready.map_stack)
    return CheckReport(
        name=document.name, folder=folder, grid=ready.map_stack.grid, stack=ready.map_stack, look=seen, legend=legend,
        description=description, learned=learned,
        tiles=0 if plan is None else len(plan.tiles), cost=cost,
        notes=tuple(_notes(document, ready, seen)),
    )  # fmt: skip


def look(stack: FeatureStack, looked_at: int = _LOOKED_AT) -> Look:
    """Look at all blocks of an image, or at evenly spread ones."""
    chosen = spread_blocks(stack.grid.window, looked_at)
    count = MaskCount(stack.layers)
    outside: Counter[str] = Counter()
    for window in chosen:
        block = stack.read(window)
        count.count(block.valid_by_layer)
        _count_outside(stack, block, outside)
    pixels = sum(window.rows * window.cols for window in chosen)
    exact = len(chosen) == block_count(stack.grid.window)
    return Look(pixels=pixels, lost=count.any, alone=count.alone, outside=outside, exact=exact)


def _count_outside(stack: FeatureStack, block: Block, outside: Counter[str]) -> None:
    """Count pixels of derived bands that lie outside the range their formula can give."""
    for values, spec in zip(block.features, stack.bands, strict=True):
        if spec.valid_range is not None:
            low, high = spec.valid_range
            found = values[block.valid]
            outside[spec.name] += int(((found < low - _SLACK) | (found > high + _SLACK)).sum())


def estimate_cost(
    stack: FeatureStack, plan: Plan, learned: Learned | None, learning: float, workers: int, folder: Path
) -> Cost:
    """Memory, disk and time of a run, the last from the time that learning took and one block timed here."""
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return Cost(
        memory=_memory(stack, plan, workers),
        disk=plan.bytes_needed,
        disk_free=shutil.disk_usage(existing).free,
        seconds=None if learned is None else learning + _mapping_seconds(stack, plan, learned.model, workers),
        workers=workers,
    )


def _memory(stack: FeatureStack, plan: Plan, workers: int) -> int:
    """Process, GDAL's cache, and for each worker a block of features with copies, and a tile of output with copies."""
    bands = len(stack.names)
    block = BLOCK_SIZE**2 * (bands * (3 * stack.dtype.itemsize + 6) + 16 * len(plan.identity["legend"]))
    block += bytes_kept(len(stack.remotes))
    tile = max(tile.window.rows * tile.window.cols for tile in plan.tiles)
    output = 4 * tile * sum(len(product.bands) * np.dtype(product.dtype).itemsize for product in plan.products)
    own = _BASE_BYTES + gdal.CACHE_MB * 1_000_000 + workers * (block + output)
    return own + recipe_bytes(stack, workers)


def _mapping_seconds(stack: FeatureStack, plan: Plan, model: TrainedModel, workers: int) -> float:
    window = spread_blocks(stack.grid.window, 2)[-1]
    block = stack.read(window)
    classify_block(block.features, block.valid, model, plan.products)  # compiles what is not yet
    close_remote()  # what was fetched is kept, and a run fetches each part
    began = time.perf_counter()
    block = stack.read(window)
    classify_block(block.features, block.valid, model, plan.products)
    one = (time.perf_counter() - began) / (window.rows * window.cols)
    rows, cols = stack.grid.shape
    return one * rows * cols / min(workers, len(plan.tiles))


def _notes(document: RecipeDocument, ready: Prepared, seen: Look) -> list[str]:
    stack, legend = ready.map_stack, ready.legend
    notes = [*filter(None, [finer_note(stack.grid, ready.stack.grid)]), *notes_of(stack.sources)]
    notes += recipe_notes(stack, document)
    images = [source.mosaic for source in stack.sources if isinstance(source, ImageSource)]
    notes += [remark for image in images if not isinstance(image, RecipeMap) for remark in remarks_on(image)]
    if legend is None:
        notes.append("no legend yet: a run needs one")
    if not document.recipe.training and registry.capabilities_of(document.recipe.classifier).training:
        notes.append("no training data yet: a run needs some")
    if document.recipe.output.tile_size % BLOCK_SIZE:
        notes.append(
            f"a tile_size that is a multiple of {BLOCK_SIZE} is read fastest; {document.recipe.output.tile_size} is not"
        )
    notes += _range_notes(stack, seen)
    if stack.grid.transform.e > 0:
        notes.append("the image is stored south side up; the map will be too")
    return list(dict.fromkeys(notes))  # several images may lie in one product


def _range_notes(stack: FeatureStack, seen: Look) -> Iterator[str]:
    """What tells that stored values are not turned into reflectance as they should be."""
    remedy = "is it scaled right? for example reflectance: {scale: 0.0001, offset: 0}"
    for name, count in seen.outside.items():
        if count > _FEW * seen.pixels:
            yield f"{name} lies outside its possible range in {100 * count / seen.pixels:.0f} % of the image; {remedy}"
    for source in stack.sources:
        if isinstance(source, ImageSource):
            found: dict[str, list[NDArray[np.float64]]] = {}
            for window in spread_blocks(stack.grid.window, _LOOKED_AT_CLOSELY):
                for name, values in source.reflectances(window):
                    found.setdefault(name, []).append(values)
            wrong = [name for name, parts in found.items() if not _plausible(np.concatenate(parts))]
            if wrong:
                yield f"the reflectance of {', '.join(wrong)} in {source.mosaic.where} is not from 0 to 1; {remedy}"


def _plausible(reflectance: NDArray[np.float64]) -> bool:
    """False if much lies beyond what a surface reflects, or nearly nothing above zero."""
    if not len(reflectance):
        return True
    beyond = (reflectance < -0.2) | (reflectance > 2.0)
    return bool(beyond.mean() <= _FEW and np.percentile(reflectance, 99) > 0.005)
