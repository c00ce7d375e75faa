"""A recipe for other images: the same request, with the paths of some images replaced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePath

from classify_local.addresses import is_url, shown
from classify_local.errors import InputError, Problems, nearest
from classify_local.recipe.model import RasterImage
from classify_local.recipe.text import RecipeDocument, parse, validate


def with_images(document: RecipeDocument, given: Mapping[str, str]) -> RecipeDocument:
    """The recipe with other files for the images that `given` names.

    Parameters
    ----------
    document
        The recipe.
    given
        For an image, by its `name`, its number from 1 or the stem of its file, the path to take instead, relative to
        the current folder, or a web address.

    Raises
    ------
    InputError
        If a name means no image, or several.
    """
    node = parse(document.text(), document.where)
    problems = Problems()
    for name, path in given.items():
        number = problems.attempt(lambda name=name: image_number(document, name))  # type: ignore[misc]
        if number is not None:
            _put(node["images"][number], path)
    problems.raise_all()
    return replace(document, node=node, recipe=validate(node, document.where))


def _put(entry: dict[str, str], path: str) -> None:
    """Another file for an image; in place of another recipe's map another recipe, or a map in files."""
    is_recipe = "recipe" in entry and path.lower().endswith((".yml", ".yaml")) and not is_url(path)
    if not is_recipe:
        entry.pop("recipe", None)
    entry["recipe" if is_recipe else "path"] = path if is_url(path) else str(Path(path).absolute())


def image_number(document: RecipeDocument, name: str) -> int:
    """Position (from 0) of the image that a name means.

    Raises
    ------
    InputError
        If it means none, or several.
    """
    found = [number for number, names in enumerate(_names(document)) if name in names]
    if len(found) == 1:
        return found[0]
    known = [names[-1] for names in _names(document)]
    if found:
        raise InputError(f"--image {name}: {len(found)} images go by this name; use the number, 1 to {len(known)}")
    raise InputError(f"--image {name}: the recipe's images are {', '.join(known)}{nearest(name, known)}")


def _names(document: RecipeDocument) -> Iterator[list[str]]:
    """What each image can be called; the last is shown."""
    for number, image in enumerate(document.recipe.images, 1):
        names = [str(number)]
        if isinstance(image, RasterImage):
            path = image.path if isinstance(image.path, str) else image.path[0]
            stem = PurePath(shown(path) if is_url(path) else path).stem
            names += [stem] if stem and not set("*?[") & set(stem) else []
            names += [image.name] if image.name else []
        yield names
