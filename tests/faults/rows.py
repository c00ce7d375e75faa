"""What a row of the tables of bad input holds, and the words with which rows break a scene."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.faults.scene import Scene

Breaking = Callable[[Scene], Any]
BOTH = ("check", "run")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One way to break the scene and what must be said about it.

    `file`, `thing` and `remedy` are patterns that one of the lines matches all three of; `lines` is
    how many lines there are.
    """

    id: str
    make: Breaking
    file: str
    thing: str
    remedy: str
    code: int = 2
    lines: int = 1
    commands: tuple[str, ...] = BOTH
    arguments: tuple[str, ...] = ()


def together(*steps: Breaking) -> Breaking:
    def make(scene: Scene) -> None:
        for step in steps:
            step(scene)

    return make


def write(name: str, content: str | bytes) -> Breaking:
    return lambda scene: scene.write(name, content)


def image(name: str = "image.tif", **changes: Any) -> Breaking:
    return lambda scene: scene.image(name, **changes)


def put(*path_and_value: Any) -> Breaking:
    """Set a value in the recipe, at a path such as `"images", 0, "path"`."""
    *path, key, value = path_and_value

    def make(scene: Scene) -> None:
        part: Any = scene.recipe
        for step in path:
            part = part[step]
        part[key] = value

    return make


def without(key: str) -> Breaking:
    return lambda scene: scene.recipe.pop(key)


def text(content: str | bytes) -> Breaking:
    """The recipe itself, as it stands in its file."""

    def make(scene: Scene) -> None:
        scene.text = content

    return make


def image_path(path: Any) -> Breaking:
    return put("images", 0, "path", path)


def one_more_image(**entry: Any) -> Breaking:
    return lambda scene: scene.recipe["images"].append(entry)
