"""A run: from a plan to a finished map, resumed where an earlier one stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from classify_local.classifiers import persistence
from classify_local.classifiers.trained import TrainedModel
from classify_local.errors import ClassifyLocalError, StorageError, TilesFailed
from classify_local.features.stack import FeatureStack
from classify_local.grid import Tile
from classify_local.legend import Legend
from classify_local.mapping import finish
from classify_local.mapping.execution import Executor, run_tiles, threads
from classify_local.mapping.journal import Journal, TileRecord
from classify_local.mapping.plan import Plan, read_plan, remove_plan, require_same, write_plan
from classify_local.mapping.products import REGRESSION
from classify_local.mapping.progress import Progress, Reporter
from classify_local.mapping.stopping import Stop
from classify_local.mapping.tiles import MapJob, map_tile
from classify_local.recipe.text import RecipeDocument
from classify_local.storage import atomic, locks
from classify_local.storage.fingerprint import sha256
from classify_local.storage.rasters import close_files

RUN_FOLDER = ".run"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """A finished map.

    Parameters
    ----------
    folder
        Where it lies.
    vrt
        The VRT over all its bands.
    record
        The run record, as stored in `<name>_run.json`.
    """

    folder: Path
    vrt: Path
    record: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to map and how. `train` is called only if no model of the same plan is stored."""

    document: RecipeDocument
    plan: Plan
    stack: FeatureStack
    legend: Legend
    train: Callable[[], tuple[TrainedModel, Mapping[str, Any]]]
    folder: Path
    workers: int
    restart: bool = False
    break_lock: bool = False
    executor: Executor | None = None


def run_map(request: Request, stop: Stop, reporter: Reporter) -> RunResult:
    """Make a map, or what is missing of it.

    Raises
    ------
    InputError
        If the folder holds a map made from something else.
    LockedError
        If another run works there.
    StorageError
        If the folder cannot be written.
    TilesFailed
        If the run came to its end but some tiles could not be read.
    Interrupted
        If somebody asked to stop.
    """
    folder, own = request.folder, request.folder / RUN_FOLDER
    atomic.require_writable(folder)
    if own.is_dir():
        with locks.hold(own, break_lock=request.break_lock):
            return _run(request, stop, reporter)
    ready = request.train()  # nothing is written before the training data have proved usable
    _make_folder(own)
    with locks.hold(own, break_lock=request.break_lock):
        return _run(request, stop, reporter, ready)


def _run(
    request: Request,
    stop: Stop,
    reporter: Reporter,
    ready: tuple[TrainedModel, Mapping[str, Any]] | None = None,
) -> RunResult:
    plan, folder, own = request.plan, request.folder, request.folder / RUN_FOLDER
    began = time.time()
    if not request.restart:
        require_same(plan, own)
    for part in [*atomic.leftover_parts(folder), *atomic.leftover_parts(own)]:
        part.unlink(missing_ok=True)
    model, training = _model(request, ready)
    model.warm_up(regression=any(product.kind == REGRESSION for product in plan.products))
    journal = Journal(own)
    journal.open()
    job = MapJob(plan=plan, stack=request.stack, model=model, legend=request.legend, folder=folder)
    records = journal.done(plan.digest, folder)
    missing = [tile for tile in plan.tiles if tile.id not in records]
    if records and missing:
        reporter.say(f"resuming: {len(records)} of {len(plan.tiles)} tiles are done")
    stop.check()
    atomic.require_space(folder, plan.bytes_needed * len(missing) // max(1, len(plan.tiles)))
    try:
        failures = _make_tiles(request, job, journal, missing, records, stop, reporter)
    finally:
        close_files()  # Windows lets nobody replace a file that is open
    finish.write_companions(job, request.document, records)
    record = _record(request, model, records, failures, training, began, bool(missing))
    if failures:
        raise TilesFailed(*(f"tile {tile}: {error}" for tile, error in failures.items()))
    return RunResult(folder=folder, vrt=folder / f"{plan.name}.vrt", record=record)


def _model(
    request: Request, ready: tuple[TrainedModel, Mapping[str, Any]] | None
) -> tuple[TrainedModel, Mapping[str, Any]]:
    """The stored model of this plan, else a new one; the old map goes only once the new model is there."""
    plan, folder, own = request.plan, request.folder, request.folder / RUN_FOLDER
    path = folder / f"{plan.name}_model.zip"
    begun = read_plan(own)
    if begun is not None and not request.restart and _is_stored(path, begun, plan):
        model = persistence.load(path)
        return model, model.training
    model, training = ready or request.train()
    if begun is not None:
        remove_plan(own)
        Journal(own).clear()
        _remove_map(folder, str(begun["name"]))
    persistence.save(model, path)
    atomic.reached("model stored")
    write_plan(plan, own, sha256(path))
    atomic.reached("plan stored")
    return model, training


def _is_stored(path: Path, begun: Mapping[str, Any], plan: Plan) -> bool:
    """True if the model of this plan is there as it was stored."""
    return begun["digest"] == plan.digest and path.exists() and sha256(path) == begun["model_sha256"]


def _make_tiles(
    request: Request,
    job: MapJob,
    journal: Journal,
    missing: list[Tile],
    records: dict[str, TileRecord],
    stop: Stop,
    reporter: Reporter,
) -> dict[str, ClassifyLocalError]:
    """Run what is missing; add to `records`, and return what could not be read."""
    failures: dict[str, ClassifyLocalError] = {}
    total = sum(tile.window.rows * tile.window.cols for tile in missing)
    began, pixels = time.monotonic(), 0

    def tell() -> None:
        reporter.progress(
            Progress(
                tiles_done=len(records), tiles_total=len(job.plan.tiles), tiles_failed=len(failures),
                pixels_done=pixels, pixels_total=total, seconds=time.monotonic() - began,
            )
        )  # fmt: skip

    def done(tile: Tile, record: TileRecord) -> None:
        nonlocal pixels
        journal.add(record)
        records[tile.id] = record
        pixels += record.pixels
        tell()

    def failed(tile: Tile, error: ClassifyLocalError) -> None:
        failures[tile.id] = error
        reporter.say(f"tile {tile.id} failed: {error}")
        tell()

    def task(tile: Tile) -> TileRecord:
        return map_tile(job, tile, stop.check)

    stop.patient = True
    executor = threads(request.workers) if request.executor is None else nullcontext(request.executor)
    with executor as running:
        run_tiles(running, task, missing, stop, done=done, failed=failed)
    stop.patient = False
    return failures


def _record(
    request: Request,
    model: TrainedModel,
    records: Mapping[str, TileRecord],
    failures: Mapping[str, ClassifyLocalError],
    training: Mapping[str, Any],
    began: float,
    worked: bool,
) -> Mapping[str, Any]:
    """Write the run record, unless the map was complete before and its record stands."""
    plan = request.plan
    path = request.folder / f"{plan.name}_run.json"
    earlier = finish.read_record(path)
    if earlier is not None and earlier.get("run") == plan.digest and not worked and not failures:
        return earlier
    facts = {
        "name": plan.name,
        "run": plan.digest,
        "complete": not failures,
        "identity": plan.identity,
        "model_sha256": sha256(request.folder / f"{plan.name}_model.zip"),
        "classifier": model.classifier.model_dump(mode="json", by_alias=True),
        "training": {key: value for key, value in training.items() if key != "validation"},
        "validation": training.get("validation"),
        **finish.summary(records, request.legend),
        "tiles": {tile: _tile_facts(records[tile]) for tile in sorted(records)},
        "failed_tiles": {tile: str(error) for tile, error in failures.items()},
        "timings": {
            "started": time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(began)),
            "seconds": round(time.time() - began, 3),
            "tile_seconds": round(sum(record.seconds for record in records.values()), 3),
            "workers": request.workers,
        },
    }
    finish.write_record(path, facts)
    return facts


def _tile_facts(record: TileRecord) -> dict[str, Any]:
    facts = asdict(record)
    return {key: facts[key] for key in ("files", "pixels", "valid", "seconds")}


def _remove_map(folder: Path, name: str) -> None:
    """Take away the products of an earlier plan: first what leads to its tiles, then the tiles."""
    for pattern in (
        f"{name}.vrt",
        f"{name}_*.vrt",
        f"{name}_run.json",
        f"{name}_*.tif",
        f"{name}_*.tif.aux.xml",
    ):
        for path in folder.glob(_literal(pattern, name)):
            path.unlink()


def _literal(pattern: str, name: str) -> str:
    """A glob pattern in which the name's own brackets mean themselves."""
    return pattern.replace(name, name.replace("[", "[[]"), 1)


def _make_folder(own: Path) -> None:
    try:
        own.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{own.parent}: cannot be made: {error.strerror or error}") from error
