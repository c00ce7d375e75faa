"""The exceptions of classify_local, drawn as a tree; each branch knows its exit code.

::

    ClassifyLocalError            1   never raised itself
    ├── InputError                2   something the user gave is wrong
    ├── TilesFailed               3   the run finished, some tiles did not
    ├── StorageError              4   the disk, the folder, a written file, a web server
    ├── RefusedError              5   refused for safety
    ├── LockedError               6   another run holds the output folder
    └── Interrupted              75   stopped by a signal; run again to resume

A message is one line: what, where, what is allowed, what to do. An error that found several
problems at once carries them all in `problems`, and prints one line for each.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import TypeVar, cast

T = TypeVar("T")


class ClassifyLocalError(Exception):
    """Base of everything this package raises on purpose.

    Parameters
    ----------
    *problems
        One line for each problem found.
    """

    exit_code = 1

    def __init__(self, *problems: str) -> None:
        super().__init__(*problems)
        self.problems: tuple[str, ...] = problems

    def __str__(self) -> str:
        return "\n".join(self.problems)


class InputError(ClassifyLocalError):
    """A recipe, raster, table or argument that cannot be used as it is."""

    exit_code = 2


class TilesFailed(ClassifyLocalError):
    """The run came to its end, but the tiles named here have no map."""

    exit_code = 3


class StorageError(ClassifyLocalError):
    """Writing or reading back failed: no space, no permission, a damaged file, a web server that does not answer."""

    exit_code = 4


class RefusedError(ClassifyLocalError):
    """Refused for safety: what a file says leads where it may not."""

    exit_code = 5


class LockedError(ClassifyLocalError):
    """Another run is working in the same output folder."""

    exit_code = 6


class Interrupted(ClassifyLocalError):
    """Stopped on request; everything finished so far is kept."""

    exit_code = 75


class Problems:
    """Gathers what goes wrong in several steps, to say it all at once."""

    def __init__(self) -> None:
        self._found: list[ClassifyLocalError] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, problem: ClassifyLocalError) -> None:
        """Keep a problem."""
        self._found.append(problem)

    def attempt(self, step: Callable[[], T]) -> T | None:
        """The result of a step, or None if it fails; its problem is kept."""
        try:
            return step()
        except ClassifyLocalError as problem:
            self.add(problem)
            return None

    def raise_all(self) -> None:
        """Raise one error that carries all problems; do nothing if there are none.

        The class is that of the gravest one: refusals come before storage, storage before input.
        """
        if len(self._found) == 1:
            raise self._found[0]
        if self._found:
            gravest = max(self._found, key=lambda problem: problem.exit_code)
            raise type(gravest)(*(line for problem in self._found for line in problem.problems))


def collect(steps: Iterable[Callable[[], T]]) -> list[T]:
    """The results of all steps, or one error that carries the problems of all that failed."""
    problems = Problems()
    results = [problems.attempt(step) for step in steps]
    problems.raise_all()
    return cast("list[T]", results)


def nearest(name: str, allowed: Iterable[str]) -> str:
    """A hint that names the allowed spelling nearest to `name`, or an empty string."""
    choices = list(allowed)
    folded = {choice.casefold(): choice for choice in reversed(choices)}
    found = difflib.get_close_matches(str(name).casefold(), list(folded), n=1, cutoff=0.5)
    return f"; did you mean {folded[found[0]]!r}?" if found else ""
