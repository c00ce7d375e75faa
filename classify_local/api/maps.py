"""From a recipe to a map: open, check, train, run, look at the state of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classify_local.api.recipes import PathLike, RecipeLike, as_paths
from classify_local.chaining.maps import recipe_notes
from classify_local.checking import CheckReport, check_recipe
from classify_local.classifiers import persistence
from classify_local.classifiers.export import require_tree, tree_text
from classify_local.classifiers.trained import TrainedModel, require_model_gives
from classify_local.cores import available_cores
from classify_local.demonstration import HeldOut, copy_sample, held_out_accuracy
from classify_local.describing import describe
from classify_local.errors import collect
from classify_local.features.stack import FeatureStack
from classify_local.learning import Learned, learn, study_of
from classify_local.legend import Legend
from classify_local.mapping.execution import Executor
from classify_local.mapping.plan import Plan, make_plan
from classify_local.mapping.progress import Reporter, Silent
from classify_local.mapping.run import Request, RunResult, run_map
from classify_local.mapping.status import RunStatus, read_status
from classify_local.mapping.stopping import Stop, on_signals
from classify_local.preparation import open_images, prepare, prepare_training
from classify_local.prepared import Trainable
from classify_local.recipe.replacing import with_images
from classify_local.recipe.text import RecipeDocument, load
from classify_local.report.learning import learned_lines, study_lines
from classify_local.report.text import mask_lines, training_lines
from classify_local.report.training import separability_lines
from classify_local.storage import atomic
from classify_local.storage.fingerprint import sha256
from classify_local.training.samples import TrainingReport
from classify_local.transfer import require_contract, transfer_notes

if TYPE_CHECKING:
    import xarray as xr


def open_stack(recipe: RecipeLike, *, allow: Sequence[PathLike] = (), offline: bool = False) -> FeatureStack:
    """The named bands of a recipe's images on one grid; with `offline`, those on web servers are refused.

    Raises
    ------
    InputError, RefusedError
        Everything wrong with the images.
    """
    document = load(recipe)
    return open_images(document, as_paths(allow), offline=offline)


def check(
    recipe: RecipeLike,
    *,
    out: PathLike | None = None,
    allow: Sequence[PathLike] = (),
    workers: int | None = None,
    deep: bool = False,
    offline: bool = False,
) -> CheckReport:
    """Everything that would go wrong with a run, and what it would cost. Writes nothing.

    With `deep`, the model is also checked by cross-validation; with `offline`, images on web servers are refused.

    Raises
    ------
    ClassifyLocalError
        All problems at once.
    """
    document = load(recipe)
    folder, workers = _folder(document, out), workers or available_cores()
    return check_recipe(document, folder, as_paths(allow), workers, deep=deep, offline=offline)


def train(
    recipe: RecipeLike,
    model: PathLike | None = None,
    *,
    allow: Sequence[PathLike] = (),
    export_tree: PathLike | None = None,
    importance: bool = False,
    offline: bool = False,
    reporter: Reporter | None = None,
) -> TrainedModel:
    """Train a recipe's classifier, check it, and write the model file if `model` names one.

    Parameters
    ----------
    recipe
        A recipe file, or its content.
    model
        Where the model file goes.
    allow
        Folders in which the sources of a VRT may lie, besides the recipe's.
    export_tree
        Where the text of a CART or forest goes, as Earth Engine and `decision_tree` read it.
    importance
        Also tell out-of-bag accuracy and which bands matter, and draw the latter beside the model file.
    offline
        Refuse images on web servers.
    reporter
        Receives sentences.

    Raises
    ------
    InputError
        If the recipe or its data cannot be used.
    StorageError
        If a file cannot be written.
    """
    document, reporter = load(recipe), reporter or Silent()
    path = None if model is None else Path(model)
    _require_places(document, path, export_tree)
    ready = prepare_training(document, as_paths(allow), offline=offline)
    for note in recipe_notes(ready.stack, document):
        reporter.say(note)
    learned = _learn(ready, reporter, Stop())
    if importance:
        _tell_study(learned, path, reporter)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        persistence.save(learned.model, path)
    if export_tree is not None:
        atomic.write_text(Path(export_tree), tree_text(learned.model))
    return learned.model


def run(
    recipe: RecipeLike,
    *,
    model: PathLike | None = None,
    images: Mapping[str, str] | None = None,
    out: PathLike | None = None,
    name: str | None = None,
    bands: Sequence[str] | None = None,
    scale: float | str | None = None,
    crs: str | None = None,
    aoi: PathLike | Sequence[float] | None = None,
    workers: int | None = None,
    restart: bool = False,
    break_lock: bool = False,
    allow: Sequence[PathLike] = (),
    offline: bool = False,
    executor: Executor | None = None,
    reporter: Reporter | None = None,
) -> RunResult:
    """Train and map, or make what is missing of a map begun before.

    Parameters
    ----------
    recipe
        A recipe file, or its content.
    model
        A model file to map with, instead of training; its bands are taken by name, its legend counts.
    images
        Other files for some images, by an image's name, number or file stem.
    out
        Folder in which the map's folder `<name>` is made; `downloads` beside the recipe by default.
    name, bands, scale, crs, aoi
        Instead of the recipe's own. The area of interest is a vector file or [west, south, east, north] in degrees.
    workers
        Tiles in work at once; all processors by default.
    restart
        Make anew what was made from something else.
    break_lock
        Go on although a run on another machine did not end in order.
    allow
        Folders in which the sources of a VRT may lie, besides the recipe's.
    offline
        Refuse images on web servers.
    executor
        Runs the tiles instead of threads on this machine.
    reporter
        Receives sentences and progress.

    Raises
    ------
    ClassifyLocalError
        See `classify_local.errors`.
    """
    document = with_images(load(recipe), images or {})
    document = _changed(document, {"bands": bands, "scale": scale, "crs": crs, "aoi": _area(aoi)}, name)
    stop, reporter = Stop(), reporter or Silent()
    folder = _folder(document, out)
    with on_signals(stop):
        opened = partial(_to_train, stop=stop) if not model else partial(_given, path=Path(model))
        source = opened(document, as_paths(allow), folder, reporter, offline=offline)
        request = Request(
            document=document, plan=source.plan, stack=source.stack, legend=source.legend, train=source.model,
            folder=folder, workers=workers or available_cores(), restart=restart, break_lock=break_lock,
            executor=executor,
        )  # fmt: skip
        result = run_map(request, stop, reporter)
    facts = result.record
    for line in mask_lines(facts["pixels"], facts["pixels_without_data"], facts["pixels_only_this_removes"]):
        reporter.say(line)
    if not facts["valid_pixels"]:
        reporter.say("warning: 0 valid pixels: no pixel has data in every band, the map is empty")
    return result


def classify(
    stack: FeatureStack, model: TrainedModel, bands: Sequence[str] = ("class", "class_probability"), chunks: int = 512
) -> xr.Dataset:
    """The map of a stack as a lazy dataset, without a run folder; see `classify_local.mapping.lazy`.

    Raises
    ------
    InputError
        If the stack's bands are not those of the model.
    """
    from classify_local.mapping import lazy

    return lazy.classify(stack, model, bands, chunks)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """The demo's map, its accuracy on points held out, and its picture."""

    map: RunResult
    accuracy: HeldOut
    legend: Legend
    preview: Path


def demo(folder: PathLike, *, workers: int | None = None, reporter: Reporter | None = None) -> DemoResult:
    """Copy the sample scene into a folder, map it, compare it with held-out points, and draw it.

    Raises
    ------
    ClassifyLocalError
        If the folder cannot be used.
    """
    from classify_local.report import preview as pictures

    folder = Path(folder)
    document = copy_sample(folder)
    result = run(document, out=folder / "downloads", workers=workers, reporter=reporter)
    ready = prepare_training(document, ())
    preview = folder / f"{document.name}.png"
    pictures.write_preview(preview, result.folder, document.name, ready.stack, ready.legend)
    accuracy = held_out_accuracy(result.folder / f"{document.name}_class.vrt", folder / "reference.csv")
    return DemoResult(map=result, accuracy=accuracy, legend=ready.legend, preview=preview)


def status(folder: PathLike, *, verify: bool = False) -> RunStatus:
    """The state of a run by tile.

    Parameters
    ----------
    folder
        The map's folder, `<out>/<name>`.
    verify
        Also compare every tile with its checksum.

    Raises
    ------
    InputError
        If the folder holds no run.
    """
    return read_status(Path(folder), verify=verify)


def _require_places(document: RecipeDocument, model: Path | None, tree: PathLike | None) -> None:
    """What a training shall write can be written, and is something its classifier has."""
    steps = [partial(atomic.require_file_name, Path(path)) for path in (model, tree) if path is not None]
    if tree is not None:
        steps.append(partial(require_tree, document.recipe.classifier))
    collect(steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """Where a map comes from: the plan, the features, and the model, which is trained or read when it is needed."""

    plan: Plan
    stack: FeatureStack
    legend: Legend
    model: Callable[[], tuple[TrainedModel, Mapping[str, Any]]]


def _to_train(
    document: RecipeDocument, allow: Sequence[Path], folder: Path, reporter: Reporter, *, stop: Stop, offline: bool
) -> _Source:
    ready = prepare_training(document, allow, folder, offline=offline)
    for note in recipe_notes(ready.map_stack, document):
        reporter.say(note)

    def model() -> tuple[TrainedModel, Mapping[str, Any]]:
        trained = _learn(ready, reporter, stop).model
        return trained, trained.training

    plan = make_plan(document, ready.map_stack, ready.legend, others=ready.others)
    return _Source(plan=plan, stack=ready.map_stack, legend=ready.legend, model=model)


def _given(
    document: RecipeDocument, allow: Sequence[Path], folder: Path, reporter: Reporter, *, path: Path, offline: bool
) -> _Source:
    """A model from a file, over images that have its bands."""
    model = persistence.load(path)
    classifier = model.classifier.model_dump(mode="json", by_alias=True)
    own: dict[tuple[str, ...], Any] = {("training",): [], ("legend",): None, ("classifier",): classifier}
    bare = document.changed(own)  # the model knows all three
    require_model_gives(model, bare.recipe.output.bands)
    ready = prepare(bare, allow, folder, offline=offline)
    stack = ready.map_stack.picked(model.bands, str(path))
    require_contract(stack, model, str(path))
    for note in (*recipe_notes(stack, bare), *transfer_notes(stack, model)):
        reporter.say(note)
    plan = make_plan(bare, stack, model.legend, sha256(path))
    return _Source(plan=plan, stack=stack, legend=model.legend, model=lambda: (model, model.training))


def _learn(ready: Trainable, reporter: Reporter, stop: Stop) -> Learned:
    def say(report: TrainingReport) -> None:
        for line in training_lines(report, ready.legend):
            reporter.say(line)

    learned = learn(ready, say, stop.check)
    for line in learned_lines(learned, ready.legend):
        reporter.say(line)
    return _described(learned, ready, reporter)


def _described(learned: Learned, ready: Trainable, reporter: Reporter) -> Learned:
    """The same with what its record says of how far the classes lie apart."""
    found = describe(learned, ready, suspects=False)
    if found is None:
        return learned
    for line in separability_lines(found):
        reporter.say(line)
    facts = {**learned.model.training, "separability": found.to_dict()["separability"]}
    return replace(learned, model=replace(learned.model, training=facts))


def _tell_study(learned: Learned, model: Path | None, reporter: Reporter) -> None:
    from classify_local.report import chart

    found = study_of(learned)
    if found is None:
        return
    for line in study_lines(found):
        reporter.say(line)
    if found.importance is not None and model is not None:
        picture = model.with_name(f"{model.stem}_importance.png")
        atomic.write_bytes(picture, chart.importance_png(found.importance))
        reporter.say(f"picture: {picture}")


def _changed(document: RecipeDocument, output: Mapping[str, Any], name: str | None) -> RecipeDocument:
    changes: dict[tuple[str, ...], Any] = {} if name is None else {("name",): name}
    for key, value in output.items():
        if value is not None:
            changes["output", key] = value if isinstance(value, str | float | int) else list(value)
    return document.changed(changes) if changes else document


def _area(aoi: PathLike | Sequence[float] | None) -> str | list[float] | None:
    """An area of interest as a recipe has it; a file where the caller stands, not where the recipe does."""
    if isinstance(aoi, str | Path):
        return str(Path(aoi).absolute())
    return None if aoi is None else [float(number) for number in aoi]


def _folder(document: RecipeDocument, out: PathLike | None) -> Path:
    return (document.folder / "downloads" if out is None else Path(out)) / document.name
