"""What a valid recipe may ask for that this version does not do yet: said, never skipped."""

from __future__ import annotations

from collections.abc import Iterator

from classify_local.recipe.model import RasterImage, Recipe

Path = tuple[str | int, ...]


def unavailable(recipe: Recipe) -> Iterator[tuple[Path, str]]:
    """Path in the recipe and name of each part that is not available yet."""
    yield from _images(recipe)


def _images(recipe: Recipe) -> Iterator[tuple[Path, str]]:
    for number, image in enumerate(recipe.images):
        if isinstance(image, RasterImage):
            paths = (image.path,) if isinstance(image.path, str) else image.path
            if any(path.startswith(("http://", "https://")) for path in paths):
                yield ("images", number, "path"), "an image over HTTP"
