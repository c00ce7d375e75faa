"""What a case of an input file holds: how it is made, and what reading it must give."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from classify_local.errors import ClassifyLocalError, InputError

Make = Callable[[Path], object]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A file as someone might bring it.

    `make` writes the file (and what goes with it) at a path of the given `name`; `read` are arguments of the reader.
    Either all columns are given as they must be read, or `error` and a pattern of its message. `notices` are
    patterns, one for each notice. The rest is compared where it is given.
    """

    id: str
    name: str
    make: Make
    read: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, list[str]] | None = None
    lines: list[int] | None = None
    numbers: dict[str, list[float | None]] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    geometries: list[str | None] | None = None
    crs: str | None = None
    problems: dict[int, str] = field(default_factory=dict)
    error: type[ClassifyLocalError] | None = None
    message: str = ""


def refused(id: str, name: str, make: Make, message: str, error: type = InputError, **read: Any) -> Case:  # noqa: A002
    """A file that is not read, with what must be said."""
    return Case(id=id, name=name, make=make, message=message, error=error, read=read)


def content(text: str | bytes, encoding: str = "utf-8") -> Make:
    """Write these bytes, or this text in an encoding."""
    data = text if isinstance(text, bytes) else text.encode(encoding)
    return lambda path: path.write_bytes(data)


def require_notices(found: tuple[str, ...], patterns: tuple[str, ...]) -> None:
    assert len(found) == len(patterns), found
    for notice, pattern in zip(found, patterns, strict=True):
        assert re.search(pattern, notice), f"{pattern!r} does not describe {notice!r}"
        assert "\n" not in notice


def require_line(error: ClassifyLocalError, path: Path, pattern: str) -> None:
    """One line, which begins with the file and says what the pattern describes."""
    assert len(error.problems) == 1
    assert "\n" not in error.problems[0]
    assert error.problems[0].startswith(str(path)), error.problems[0]
    assert re.search(pattern, error.problems[0]), f"{pattern!r} does not describe {error.problems[0]!r}"
