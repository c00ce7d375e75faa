"""The draft on disk: never over something else, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

from classify_local.errors import InputError, StorageError, collect
from classify_local.starting.asking import Question
from classify_local.starting.drafting import Draft, draft
from classify_local.starting.paths import recipe_file, telling_name
from classify_local.storage import atomic

Ask = Callable[[Question], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A recipe that was written.

    Parameters
    ----------
    recipe
        Its file.
    draft
        What it was written from.
    written
        All files that were written.
    kept
        Copies of what stood there before.
    """

    recipe: Path
    draft: Draft
    written: tuple[Path, ...]
    kept: tuple[Path, ...]


def init(
    recipe: Path,
    images: Sequence[str],
    legend: str | None = None,
    training: Sequence[str] = (),
    *,
    name: str | None = None,
    ask: Ask | None = None,
    answers: Mapping[str, str] | None = None,
    allow: Sequence[str] = (),
    force: bool = False,
) -> Started:
    """Write a recipe with remarks from images, and a legend and reference data if there are.

    Parameters
    ----------
    recipe
        The file to write, or a folder for `recipe.yml`.
    images, legend, training, allow
        As for `draft`.
    name
        The map's; by default the recipe's own, or guessed if that says nothing.
    ask
        Gives an answer to a question that cannot be guessed; without it defaults are taken.
    answers
        Answers that are known before, by a question's key.
    force
        Replace what is there; a copy of it is kept.

    Raises
    ------
    ClassifyLocalError
        All that is wrong; then nothing is written.
    """
    path = require_free(recipe, force=force)
    known, name = dict(answers or {}), name or telling_name([_own_name(recipe)])
    while True:
        drafted = draft(images, legend, training, path.parent, name, answers=known, allow=allow)
        still_open = [question for question in drafted.questions if question.key not in known]
        if ask is None or not still_open:
            break
        known |= {question.key: ask(question) for question in still_open}
    return _written(path, drafted, force)


def require_free(recipe: Path, *, force: bool) -> Path:
    """The file a recipe will be written to.

    Raises
    ------
    InputError
        If it is there already and shall not be replaced.
    StorageError
        If its folder cannot be written to.
    """
    path = recipe_file(recipe)
    _require_absent(path, force)
    folder = path.absolute().parent
    try:
        atomic.require_writable(folder)
    except StorageError as error:
        why = getattr(error.__cause__, "strerror", None) or "a file stands in the way"
        raise StorageError(f"{folder}: nothing can be written there: {why}; give the recipe another place") from error
    return path


def _require_absent(path: Path, force: bool) -> None:
    if (path.exists() or path.is_symlink()) and not force:
        raise InputError(
            f"{path}: is there already; give another name, or --force to replace it and keep a copy of what it is now"
        )


def _own_name(recipe: Path) -> str:
    """What the user called the recipe; a folder that is there already was not named for it."""
    return "" if recipe.is_dir() else recipe.stem


def _written(path: Path, drafted: Draft, force: bool) -> Started:
    beside = {path.with_name(name): text for name, text in drafted.beside.items()}
    texts = {file: text for file, text in beside.items() if not _holds(file, text)}
    collect(partial(_require_absent, file, force) for file in texts)
    _make_folder(path.parent)
    kept = [copy for file in (*texts, path) for copy in _kept(file)]
    for file, text in (*texts.items(), (path, drafted.text)):
        atomic.write_text(file, text)
    return Started(recipe=path, draft=drafted, written=(*texts, path), kept=tuple(kept))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{folder}: cannot be made: {error.strerror or error}; give another place") from error


def _holds(file: Path, text: str) -> bool:
    try:
        return file.read_bytes() == text.encode("utf-8")
    except OSError:
        return False


def _kept(file: Path) -> list[Path]:
    """A copy of a file under a name that is free; none if there is no such file."""
    try:
        if not file.is_file():
            return []
        data = file.read_bytes()
    except OSError as error:
        raise StorageError(f"{file}: no copy of it can be kept: {error.strerror or error}; move it away") from error
    names = (file.with_name(f"{file.name}.bak{number or ''}") for number in count())
    copy = next(name for name in names if not name.exists())
    atomic.write_bytes(copy, data)
    return [copy]
