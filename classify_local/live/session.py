"""One recipe open on a page: its image, its points, the newest model, and what is told to whoever looks.

Everything here can be thrown away: the recipe and its files are the truth. Methods may be called from any thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from classify_local.errors import ClassifyLocalError, InputError
from classify_local.features.images import allowed_folders
from classify_local.learning import Learned
from classify_local.legend import Legend
from classify_local.live import overviews, telling
from classify_local.live.book import Book, apply
from classify_local.live.layers import Layers
from classify_local.live.learner import Check, Learner, check
from classify_local.live.pyramid import Pyramid, TileKey
from classify_local.live.snapshot import Snapshot, can_give_probabilities, output_bands
from classify_local.live.suggest import Rule, Suggestion, suggest
from classify_local.live.trainer import Superseded, Trainer
from classify_local.live.viewing import Limits, View, tiles_of
from classify_local.live.watching import changed, stamps, watched_paths
from classify_local.preparation import prepare
from classify_local.prepared import Prepared
from classify_local.recipe.text import RecipeDocument, load

Event = dict[str, Any]
_BREATH = 0.05
"""Seconds between two looks whether there is time to read ahead."""
FEATURES = 512 * 2**20
"""Bytes of features kept by default."""


class Gone(ClassifyLocalError):
    """Asked of a model that a newer one has followed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """How far the training is: none, waiting, training, ready or failed."""

    status: str
    message: str = ""
    rows: int = 0
    seconds: float = 0.0
    by_class: Mapping[int, int] | None = None


class LiveMap:
    """A recipe that is looked at and trained on the fly.

    Parameters
    ----------
    recipe
        The recipe's file.
    allow
        Folders in which the sources of a VRT may lie, besides the recipe's.
    memory
        Bytes of features kept.
    offline
        Refuse images on web servers.

    Raises
    ------
    ClassifyLocalError
        Everything wrong with the recipe.
    """

    def __init__(
        self, recipe: Path, allow: Sequence[Path] = (), memory: int = FEATURES, *, offline: bool = False
    ) -> None:
        self._path, self._allow, self._memory, self._offline = recipe, tuple(allow), memory, offline
        self._lock = threading.RLock()
        self.images = 0
        """Grows when the images are opened anew, so that pictures of before are not taken for pictures of now."""
        self._listeners: list[Callable[[Event], None]] = []
        self._revision = 0
        self._open(load(recipe))
        self.live = True
        self._pending = False
        """True if a change waits to be trained."""
        self._building = False
        self._view_wanted: tuple[int, int, int, int, int] | None = None
        self._trainer = Trainer(self._train, self._check)
        self._retrain()

    def _open(self, document: RecipeDocument, *, strict: bool = False) -> None:
        """Take a recipe as it is now; `strict` refuses one of which an entry cannot be read."""
        ready = _prepared(document, self._allow, offline=self._offline)
        learner = Learner(ready.stack, ready.others, allowed_folders(document, self._allow, offline=self._offline))
        self.book = Book(  # first, since it may fail: then all is as it was
            document, ready.stack.grid, ready.legend,
            lambda number, document: learner.points.entry(number, document, ready.legend), strict=strict,
        )  # fmt: skip
        self._learner = learner
        self.document, self.legend = document, ready.legend
        self.pyramid = Pyramid(document, ready.stack, self._allow, self._memory, offline=self._offline)
        self.view = View(self.pyramid)
        self.layers = Layers(ready.stack.grid, allowed_folders(document, self._allow, offline=True))
        self.snapshot: Snapshot | None = None
        self._learned: Learned | None = None
        self.training = Training(status="none")
        self.checked: Check | None = None
        self.notes: tuple[str, ...] = tuple(self.book.notes)
        self.missing_overviews = overviews.without_overviews(ready.stack)
        self.images = self.images + 1
        self._watched = stamps(watched_paths(ready, document))

    @property
    def folder(self) -> Path:
        """The recipe's folder."""
        return self.document.folder

    @property
    def allowed(self) -> tuple[Path, ...]:
        """Further folders that the recipe allows."""
        return tuple(map(self.document.resolve, self.document.recipe.allowed_folders))

    @property
    def outputs(self) -> tuple[str, ...]:
        """The bands that the recipe's classifier can show."""
        if self.legend is None:
            return ()
        return output_bands(self.legend, probabilities=can_give_probabilities(self.document.recipe.classifier))

    @property
    def overviews_building(self) -> bool:
        """True while overviews are being made."""
        return self._building

    def close(self) -> None:
        """End the training thread."""
        self._trainer.close()

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Have every event told, from any thread; the function returned ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def state(self) -> dict[str, Any]:
        """Everything a page needs to begin."""
        with self._lock:
            return telling.state(self)

    def now(self) -> list[Event]:
        """The events by which a page that knows an earlier state catches up."""
        with self._lock:
            return telling.now(self)

    def change(self, asked: Mapping[str, object]) -> Event:
        """Do what a page asks for: add, plot, reclass, move, delete, undo or redo; see `book.apply`.

        Raises
        ------
        ClassifyLocalError
            If that cannot be; then nothing has changed, or what changed outside has been read anew.
        """
        with self._lock:
            step = apply(self.book, asked)
            self.document = self.book.document
            event = telling.changes(self, step)
            self._tell(event)  # in the order of the changes
        self._retrain()
        return event

    def set_live(self, on: bool) -> None:
        """Train after each change, or only when asked."""
        self.live = on
        self._tell({"type": "live", "on": on})
        if on and self._pending:
            self.train_now()

    def train_now(self) -> None:
        """Train with the points as they are."""
        self._trainer.request()

    def settled(self, timeout: float = 60.0) -> bool:
        """Wait until nothing waits to be trained; False if that takes longer."""
        return self._trainer.wait(timeout)

    def model_tile(self, revision: int, output: str, key: TileKey, fade: int | None = None) -> bytes:
        """A tile of the map as PNG.

        Raises
        ------
        Gone
            If a newer model has come, or there is none yet.
        InputError
            If there is no such output or tile.
        """
        snapshot = self.snapshot
        self.pyramid.window(key)
        if snapshot is None or snapshot.revision != revision:
            raise Gone("a newer model has come")
        return self.view.model_tile(snapshot, output, key, fade)

    def image_tile(self, bands: Sequence[str], limits: Sequence[Limits], key: TileKey) -> bytes:
        """A tile of the image; see `View.image_tile`."""
        return self.view.image_tile(bands, limits, key)

    def layer_tile(self, layer: str, key: TileKey) -> bytes:
        """A tile of a further raster."""
        return self.layers.tile(layer, key, self.pyramid.window(key))

    def values(self, x: float, y: float) -> dict[str, Any]:
        """What stands at a pixel; see `View.values`."""
        return self.view.values(x, y, self.snapshot)

    def next_places(self, rule: Rule, per_class: int, seed: int) -> list[Suggestion]:
        """Places where another point would help most.

        Raises
        ------
        InputError
            If there is no model yet.
        """
        snapshot = self.snapshot
        if snapshot is None:
            raise InputError("there is no model yet; add points of two classes first")
        return suggest(self.pyramid.stack(0), snapshot, rule, per_class, seed)

    def look_at(self, level: int, x0: int, y0: int, x1: int, y1: int) -> None:
        """Remember what a page shows: what was asked of `prefetch` for another view is not wanted any more."""
        self._view_wanted = (level, x0, y0, x1, y1)

    def prefetch(self, level: int, x0: int, y0: int, x1: int, y1: int, free: Callable[[], bool] = lambda: True) -> None:
        """Read the tiles around what a page shows (columns and rows of a level), unless it moves on meanwhile.

        `free` tells whether nobody waits for anything; else the reading waits.

        Raises
        ------
        InputError
            If there is no such level.
        """
        wanted = (level, x0, y0, x1, y1)
        self.pyramid.window(TileKey(level, 0, 0))  # refused if there is no such level
        shown = self.pyramid.stack(level).grid.window
        for key in _around(level, x0, y0, x1, y1):
            while not free() and self._view_wanted == wanted:
                time.sleep(_BREATH)
            if self._view_wanted != wanted:
                return
            if self._trainer.wait(0) and _lies_in(key, tiles_of(shown, level)) and not self.pyramid.has(key):
                self.pyramid.read(key)

    def add_layer(self, path: Path) -> dict[str, Any]:
        """Lay a further raster or vector beside the map; see `Layers.add`."""
        told = self.layers.add(path)
        self._tell({"type": "layers", "layers": self.layers.told()})
        return told

    def remove_layer(self, layer: str) -> None:
        """Take one away."""
        self.layers.remove(layer)
        self._tell({"type": "layers", "layers": self.layers.told()})

    def build_overviews(self) -> None:
        """Make the overviews that are missing; tells how far it is."""
        with self._lock:
            if self._building or not self.missing_overviews:
                return
            self._building = True
            paths = list(self.missing_overviews)
        try:
            for done in overviews.build(paths):
                self._tell(telling.overviews(self, done / len(paths)))
            with self._lock:
                self._reopen(load(self._path))
            self._retrain()
        finally:
            self._building = False
            self._tell(telling.overviews(self, 1.0))
        self._tell({"type": "reload", "reason": "the image has overviews now"})

    def look_for_changes(self) -> bool:
        """Read everything anew if somebody else has changed the recipe or a file of points; True if so."""
        with self._lock:
            other = [*self.book.changed_outside(), *changed(self._watched)]
            if not other:
                return False
            names = ", ".join(path.name for path in other)
            try:
                self._reopen(load(self._path))
            except ClassifyLocalError as error:
                notes = (f"{names} was changed and cannot be read now: {'; '.join(error.problems)}",)
                if notes != self.notes:  # once, not at every look
                    self.notes = notes
                    self.say(notes[0])
                return False
        self._tell({"type": "reload", "reason": f"{names} was changed by another program"})
        self._retrain()
        return True

    def _reopen(self, document: RecipeDocument) -> None:
        version, layers = self.book.version, self.layers
        self._open(document, strict=True)
        self.book.version = version + 1
        self.layers.take_over(layers)

    def _retrain(self) -> None:
        if self.live:
            self._trainer.request()
        else:
            self._pending = True
            self._say_training(_waiting(self.training))

    def _train(self, stopped: Callable[[], None]) -> None:
        with self._lock:
            document, legend, learner, revision = self.document, self.legend, self._learner, self._revision + 1
            self._pending = False
        lacking = _lacking(legend)
        if lacking or legend is None:
            self._say_training(Training(status="none", message=lacking))
            return
        self._say_training(replace(self.training, status="training", message=""))
        began = time.perf_counter()
        try:
            snapshot, learned = learner.train(document, legend, revision, stopped)
        except ClassifyLocalError as error:
            enough = self.snapshot is not None
            self._say_training(Training(status="failed" if enough else "none", message="; ".join(error.problems)))
            return
        except Superseded:
            raise
        except Exception as error:  # the thread must live, or nothing would ever be trained again
            self._say_training(Training(status="failed", message=f"unexpected: {type(error).__name__}: {error}"))
            return
        self._publish(snapshot, learned, time.perf_counter() - began, learner)

    def _publish(self, snapshot: Snapshot, learned: Learned, seconds: float, learner: Learner) -> None:
        with self._lock:
            if learner is not self._learner:  # the recipe was read anew meanwhile
                return
            self.snapshot, self._learned, self._revision = snapshot, learned, snapshot.revision
            self.checked = None
            self.view.forget_before(snapshot.revision)
            self.notes = (*self.book.notes, *(() if learned.report is None else learned.report.notes))
        counts = learned.training.counts
        ready = Training(status="ready", rows=len(learned.training), seconds=seconds, by_class=counts)
        self._say_training(_waiting(ready) if self._pending else ready)
        self._tell({"type": "model", "revision": snapshot.revision, "outputs": telling.outputs(self)})

    def _check(self, stopped: Callable[[], None]) -> None:
        learned = self._learned
        if learned is None or self.checked is not None:
            return
        try:
            found = check(learned, stopped)
        except Superseded:
            raise
        except Exception as error:  # the thread must live; see `_train`
            said = "; ".join(error.problems) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
            self._tell({"type": "check", **telling.unchecked(said)})
            return
        if found is not None and learned is self._learned:
            self.checked = found
            self._tell({"type": "check", **telling.check(found)})

    def _say_training(self, training: Training) -> None:
        self.training = training
        self._tell({"type": "training", **telling.training(training)})

    def say(self, text: str) -> None:
        """Tell every page a sentence."""
        self._tell({"type": "note", "text": text})

    def _tell(self, event: Event) -> None:
        for listener in list(self._listeners):
            listener(event)


def _prepared(document: RecipeDocument, allow: Sequence[Path], *, offline: bool) -> Prepared:
    """The recipe's parts; its points are read where they are trained, so that a faulty file stops nothing else."""
    without = document.recipe.model_copy(
        update={"training": tuple(entry for entry in document.recipe.training if hasattr(entry, "recipe"))}
    )
    ready = prepare(replace(document, recipe=without), allow, offline=offline)
    return replace(ready, document=document)


def _waiting(training: Training) -> Training:
    return replace(training, status="waiting", message="changes wait to be trained")


def _lacking(legend: Legend | None) -> str:
    """What a training waits for; an empty text if for nothing."""
    if legend is None:
        return "the recipe has no legend yet; give it classes, for example legend: legend.csv"
    return ""


def _around(level: int, x0: int, y0: int, x1: int, y1: int) -> Iterable[TileKey]:
    """Tile by tile the frame around a rectangle of tiles."""
    for row in range(y0 - 1, y1 + 2):
        for col in range(x0 - 1, x1 + 2):
            if not (x0 <= col <= x1 and y0 <= row <= y1):
                yield TileKey(level, col, row)


def _lies_in(key: TileKey, keys: Sequence[TileKey]) -> bool:
    return bool(keys) and 0 <= key.col <= keys[-1].col and 0 <= key.row <= keys[-1].row
