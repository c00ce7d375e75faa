"""The way from recipe to recipe: none leads back, and each is opened once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from classify_local.errors import ClassifyLocalError, InputError
from classify_local.recipe.text import RecipeDocument

MOST = 32
"""Recipes that take one from the other in a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The recipes that led here, by taking one another's map or training data.

    `opened` is shared by all that follow: what each way of taking a recipe gave, an image or an error.
    """

    paths: tuple[Path, ...] = ()
    opened: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    def within(self, document: RecipeDocument) -> Chain:
        """The chain that leads on from a recipe."""
        return replace(self, paths=(*self.paths, Path(document.where).resolve()))

    def told(self) -> set[str]:
        """The problems of the recipes that were opened; they name these."""
        errors = [found for found in self.opened.values() if isinstance(found, ClassifyLocalError)]
        return {line for error in errors for line in error.problems}

    def require_new(self, path: Path, said_by: str, what: str) -> None:
        """Refuse a way that leads back, or that does not end.

        Parameters
        ----------
        path
            The recipe that is taken.
        said_by, what
            The recipe that takes it, and what it takes.

        Raises
        ------
        InputError
            Naming the ring.
        """
        way = " -> ".join([*(recipe.name for recipe in self.paths), path.name])
        if path.resolve() in self.paths:
            raise InputError(f"{said_by}: takes {what} from itself ({way}); take one of the entries out")
        if len(self.paths) >= MOST:
            raise InputError(
                f"{said_by}: more than {MOST} recipes take one from the other ({self.paths[0].name} -> ... -> "
                f"{path.name}); run one in between and give its map as path:"
            )
