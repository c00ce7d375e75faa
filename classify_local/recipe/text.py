"""Recipe text in and out: YAML 1.2 with comments and order kept, errors with their lines."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from pydantic import ValidationError
from pydantic_core import PydanticCustomError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.representer import RoundTripRepresenter
from ruamel.yaml.scalarfloat import ScalarFloat

from classify_local.errors import InputError, nearest
from classify_local.recipe.model import Recipe, safe_name
from classify_local.recipe.problems import describe_errors

MAX_BYTES = 2_000_000
_MAX_NODES = 300_000
"""A legend of 10,000 classes in the recipe itself is 40,000."""


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
        """The recipe's name, else the stem of its file.

        Raises
        ------
        InputError
            If no file can have that name.
        """
        if self.recipe.name is not None:
            return self.recipe.name
        try:
            return safe_name(Path(self.where).stem)
        except PydanticCustomError as error:
            raise InputError(
                f"{self.where}: the map would be named as this file is, but {error.message()}; "
                "give the recipe a name, for example name: my_map"
            ) from error

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

    def changed(self, changes: Mapping[tuple[Any, ...], Any]) -> RecipeDocument:
        """The same recipe with some values set, each at a path such as `("images", 0, "path")`.

        Raises
        ------
        InputError
            If the result is no valid recipe.
        """
        node = parse(self.text(), self.where)
        for path, value in changes.items():
            inner: Any = node
            for key in path[:-1]:
                inner = inner[key] if isinstance(inner, list) else inner.setdefault(key, CommentedMap())
            inner[path[-1]] = value
        return replace(self, node=node, recipe=validate(node, self.where))

    def with_training(self, entry: Mapping[str, Any]) -> RecipeDocument:
        """The same recipe with one more entry of training data.

        Raises
        ------
        InputError
            If the entry is no valid one.
        """
        node = parse(self.text(), self.where)
        node.setdefault("training", CommentedSeq()).append(dict(entry))
        node = parse(dump(node), self.where)  # so that the new lines have numbers
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
        text, where, folder = _written(source), "recipe", Path.cwd()
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
    if _DEEP.search(text):  # read character by character, such a text takes minutes
        raise InputError(_too_deep(where))
    try:
        node = _yaml().load(text)
    except DuplicateKeyError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        key = str(error.problem).partition("key ")[2].partition(" with")[0]
        raise InputError(f"{where}, line {line}: the key {key} stands twice; keep one") from error
    except MarkedYAMLError as error:
        raise InputError(_syntax_problem(error, text, where)) from error
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise InputError(
            f"{where}, line {line}: holds the control character {chr(error.character)!a}; take it out"
        ) from error
    except RecursionError as error:
        raise InputError(_too_deep(where)) from error
    except Exception as error:  # ruamel.yaml lets what its constructors raise through: ValueError, TypeError, ...
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        reason = "a number with thousands of digits" if "int_max_str_digits" in reason else reason
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
        raise InputError(f"{where}: is no recipe; one is made of 'key: value' lines, first of all images:")
    try:
        return Recipe.model_validate(node)
    except ValidationError as error:
        raise InputError(*describe_errors(error, node, where)) from error


def dump(node: Any) -> str:
    """Nodes as YAML text."""
    stream = io.StringIO()
    _yaml().dump(node, stream)
    return stream.getvalue()


def with_paths(node: Any, change: Callable[[str], str]) -> Any:
    """A copy of a recipe's nodes with every path it names passed through `change`."""
    copy = parse(dump(node), "recipe")
    done: set[tuple[int, str]] = set()
    for part, keys in _parts_with_paths(copy):
        for key in keys:
            if (id(part), key) not in done:  # an alias (*) may lead to the same part twice
                done.add((id(part), key))
                _change_path(part, key, change, done)
    return copy


def _parts_with_paths(node: Any) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """The parts of a recipe that name files, and the keys under which they do."""
    yield node, ("legend", "auxiliary_data", "allowed_folders")
    for image in node.get("images", ()):
        yield image, ("path", "recipe")
        yield image.get("mask"), ("path",)
    for source in node.get("training", ()):
        yield source, ("collected", "csv", "vector", "recipe", "edits")
        yield source.get("sample"), ("path",)
    for auxiliary in node.get("auxiliaries", ()):
        yield auxiliary, ("path",)
    yield node.get("output"), ("aoi",)


def _change_path(part: Any, key: str, change: Callable[[str], str], done: set[tuple[int, str]]) -> None:
    value = part.get(key) if isinstance(part, Mapping) else None
    if isinstance(value, str):
        part[key] = change(value)
    elif isinstance(value, CommentedSeq) and (id(value), "") not in done:
        done.add((id(value), ""))
        value[:] = [change(item) if isinstance(item, str) else item for item in value]


_BARE_COLOR = re.compile(r"(?<=color:)\s*#")
_DEEP = re.compile(r"(?:[\[{]\s*){100}")
_SYNTAX_HINTS = {
    "'\\t'": "; indent with spaces, not with tabs",
    "cannot start any token": "; a text that begins with this character stands in quotes",
    "unknown escape": "; write a path with /, or in 'single' quotes",
    "could not find expected ':'": "; each line is 'key: value'",
    "end of stream": "; is a quote or bracket not closed?",
    "mapping values": "; a text that holds ': ' stands in quotes",
    "but found another document": "; keep one recipe in a file, without lines of ---",
    "<block end>": "; the keys of one part begin in the same column",
    "expected ','": "; is a bracket not closed?",
    "undefined alias": "; a text that begins with * stands in quotes",
}


class _Representer(RoundTripRepresenter):
    """Writes an empty value as the word null, a path as text, and numpy's numbers as numbers."""

    def null(self, data: None) -> Any:
        del data
        return self.represent_scalar("tag:yaml.org,2002:null", "null")

    def path(self, data: PurePath) -> Any:
        return self.represent_str(str(data))

    def real(self, data: ScalarFloat) -> Any:
        """A number as the user wrote it, unless ruamel.yaml's own rounding has made another of it."""
        node = self.represent_scalar_float(data)
        if math.isfinite(data) and float(node.value) != data:
            node.value = repr(float(data))
        return node

    def number(self, data: np.generic) -> Any:
        return self.represent_data(data.item())


_Representer.add_representer(type(None), _Representer.null)
_Representer.add_representer(ScalarFloat, _Representer.real)
_Representer.add_multi_representer(PurePath, _Representer.path)
_Representer.add_multi_representer(np.generic, _Representer.number)


def _yaml() -> YAML:
    """A reader and writer that leaves comments, quotes, indents and lines as they are."""
    yaml = YAML(typ="rt")
    yaml.Representer = _Representer
    yaml.version = None
    yaml.preserve_quotes = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = MAX_BYTES
    return yaml


def _written(source: Mapping[str, Any]) -> str:
    try:
        return dump(dict(source))
    except YAMLError as error:
        raise InputError(
            f"recipe: holds a value that no recipe file can hold ({error}); give texts, numbers, lists and mappings"
        ) from error


def _syntax_problem(error: MarkedYAMLError, text: str, where: str) -> str:
    """What is wrong with a text and where, with what most often is the cause."""
    bare = _BARE_COLOR.search(text)
    if bare:
        line = text.count("\n", 0, bare.start()) + 1
        return f'{where}, line {line}: not valid YAML: write a colour in quotes, for example color: "#006400"'
    mark, began = error.problem_mark or error.context_mark, error.context_mark
    line = mark.line + 1 if mark else 1
    reason = str(error.problem or error.context).strip()
    hint = next((hint for words, hint in _SYNTAX_HINTS.items() if words in reason), "")
    since = f" in what begins on line {began.line + 1}" if began and began.line + 1 != line else ""
    return f"{where}, line {line}: not valid YAML: {reason}{since}{hint}"


def _too_deep(where: str) -> str:
    return f"{where}: lists and mappings nested deeper than in any recipe; take the brackets out"


def _read(path: Path) -> str:
    if not path.is_file():
        raise InputError(f"{path}: {_what_else(path)}; give the path of a recipe, for example recipe.yml")
    if path.stat().st_size > MAX_BYTES:
        raise InputError(
            f"{path}: larger than {MAX_BYTES // 1_000_000} MB, which no recipe is; give the path of a recipe"
        )
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}, line {line} (byte {error.start}): not UTF-8 text; save the file as UTF-8") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error


def _what_else(path: Path) -> str:
    if path.is_dir():
        return "is a folder"
    if path.exists():
        return "is not a file"
    beside = [] if not path.parent.is_dir() else path.parent.glob("*.y*ml")
    return f"does not exist{nearest(path.name, (other.name for other in beside))}"


def _bound(node: Any, where: str) -> None:
    """Refuse a text whose aliases expand beyond what a recipe can be."""
    count, open_nodes = 0, [node]
    while open_nodes:
        top = open_nodes.pop()
        inner = top.values() if isinstance(top, Mapping) else top if isinstance(top, list) else ()
        count += len(inner)
        if count > _MAX_NODES:
            raise InputError(
                f"{where}: expands to more than {_MAX_NODES:,} values, which no recipe does; take out the aliases (*)"
            )
        open_nodes.extend(inner)
