"""Recipe text in and out: YAML 1.2 with comments and order kept, errors with their lines."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from classify_local.errors import InputError, NotAvailableYet
from classify_local.recipe.availability import unavailable
from classify_local.recipe.model import Recipe
from classify_local.recipe.problems import describe_errors, place

MAX_BYTES = 10_000_000
_MAX_NODES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeDocument:
    """A recipe with the text and the folder it came from.

    `node` is the parsed text with its comments; `folder` is what relative paths are relative to.
    """

    recipe: Recipe
    node: Any
    folder: Path
    where: str

    @property
    def name(self) -> str:
        """The recipe's name, else the stem of its file."""
        return self.recipe.name or Path(self.where).stem

    def resolve(self, path: str) -> Path:
        """The path a recipe means, which is relative to the recipe's folder.

        Raises
        ------
        InputError
            If it begins with `~` and a user this machine does not have.
        """
        try:
            return self.folder / Path(path).expanduser()
        except RuntimeError as error:
            raise InputError(
                f"{self.where}: the path {path!r} begins with the home folder of a user whom this machine does not "
                "have; write the path from the recipe's folder, or the whole path"
            ) from error

    def text(self) -> str:
        """The recipe as YAML, with the comments it was read with."""
        return dump(self.node)

    def changed(self, changes: Mapping[tuple[str, ...], Any]) -> RecipeDocument:
        """The same recipe with some values set, each at a path such as `("output", "bands")`.

        Raises
        ------
        InputError
            If the result is no valid recipe.
        """
        node = parse(self.text(), self.where)
        for path, value in changes.items():
            inner = node
            for key in path[:-1]:
                inner = inner.setdefault(key, CommentedMap())
            inner[path[-1]] = value
        return replace(self, node=node, recipe=validate(node, self.where))


def load(source: str | Path | Mapping[str, Any] | RecipeDocument) -> RecipeDocument:
    """Read a recipe from its file, or take one that is already in memory.

    A mapping is taken as the content of a recipe in the current folder.

    Raises
    ------
    InputError
        With one line for each problem: file, line, path inside, what is allowed.
    """
    if isinstance(source, RecipeDocument):
        return source
    if isinstance(source, Mapping):
        text, where, folder = dump(dict(source)), "recipe", Path.cwd()
    else:
        path = Path(source)
        text, where, folder = _read(path), str(path), path.resolve().parent
    node = parse(text, where)
    return RecipeDocument(recipe=validate(node, where), node=node, folder=folder, where=where)


def parse(text: str, where: str) -> Any:
    """The nodes of a YAML text, each with its line.

    Raises
    ------
    InputError
        If the text is not YAML, or expands to more than a recipe can be.
    """
    try:
        node = _yaml().load(text)
    except DuplicateKeyError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        key = str(error.problem).partition("key ")[2].partition(" with")[0]
        raise InputError(f"{where}, line {line}: the key {key} stands twice; keep one") from error
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise InputError(f"{where}, line {line}: not valid YAML: {error.problem}{_color_hint(text)}") from error
    except (YAMLError, ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{where}: not valid YAML: {reason}") from error
    _bound(node, where)
    return node


def validate(node: Any, where: str) -> Recipe:
    """The recipe that parsed nodes mean.

    Raises
    ------
    InputError
        With all problems at once.
    """
    if not isinstance(node, Mapping):
        raise InputError(f"{where}: a recipe is a list of 'key: value' lines that begins with images:")
    try:
        return Recipe.model_validate(node)
    except ValidationError as error:
        raise InputError(*describe_errors(error, node, where)) from error


def require_available(document: RecipeDocument) -> None:
    """Refuse what the schema knows and this version does not do.

    Raises
    ------
    NotAvailableYet
        One line for each such part.
    """
    lines = [
        f"{place(document.node, path, document.where)}: {what} is not available yet in this version"
        for path, what in unavailable(document.recipe)
    ]
    if lines:
        raise NotAvailableYet(*lines)


def dump(node: Any) -> str:
    """Nodes as YAML text."""
    stream = io.StringIO()
    _yaml().dump(node, stream)
    return stream.getvalue()


def with_paths(node: Any, change: Callable[[str], str]) -> Any:
    """A copy of a recipe's nodes with every path it names passed through `change`."""
    copy = parse(dump(node), "recipe")
    for image in copy.get("images", ()):
        _change_paths(image, ("path", "recipe"), change)
        if isinstance(image.get("mask"), dict):
            _change_paths(image["mask"], ("path",), change)
    for source in copy.get("training", ()):
        _change_paths(source, ("collected", "csv", "vector", "recipe", "edits"), change)
        _change_paths(source.get("sample", {}), ("path",), change)
    for auxiliary in copy.get("auxiliaries", ()):
        if isinstance(auxiliary, dict):
            _change_paths(auxiliary, ("path",), change)
    _change_paths(copy, ("legend", "auxiliary_data", "allowed_folders"), change)
    if isinstance(copy.get("output"), dict):
        _change_paths(copy["output"], ("aoi",), change)
    return copy


def _change_paths(mapping: Any, keys: tuple[str, ...], change: Callable[[str], str]) -> None:
    for key in keys:
        value = mapping.get(key)
        if isinstance(value, str):
            mapping[key] = change(value)
        elif isinstance(value, CommentedSeq) and all(isinstance(item, str) for item in value):
            for index, item in enumerate(value):
                value[index] = change(item)


def _yaml() -> YAML:
    yaml = YAML(typ="rt")
    yaml.version = None
    yaml.preserve_quotes = True
    yaml.width = 120
    return yaml


def _color_hint(text: str) -> str:
    bare = re.search(r"color:\s*#", text)
    return '; a colour is written in quotes, for example color: "#006400"' if bare else ""


def _read(path: Path) -> str:
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist" if not path.exists() else "is not a file"
        raise InputError(f"{path}: {what}; give the path of a recipe, for example recipe.yml")
    if path.stat().st_size > MAX_BYTES:
        raise InputError(f"{path}: larger than {MAX_BYTES // 1_000_000} MB, which no recipe is")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}, byte {error.start}: not UTF-8 text; save the file as UTF-8") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error


def _bound(node: Any, where: str) -> None:
    """Refuse a text whose aliases expand beyond what a recipe can be."""
    count, open_nodes = 0, [node]
    while open_nodes:
        count += 1
        if count > _MAX_NODES:
            raise InputError(f"{where}: expands to more than {_MAX_NODES} values, which no recipe does")
        top = open_nodes.pop()
        if isinstance(top, Mapping):
            open_nodes.extend(top.values())
        elif isinstance(top, list):
            open_nodes.extend(top)
