"""What a user should know of a legend that is right: letters that are not seen, values that SEPAL cannot hold."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from classify_local.legend import Legend

_UNSEEN = ("Cf", "Zl", "Zp")
"""Unicode's categories of marks that format text: zero-width ones and those that turn its direction."""
_MOST = 20


def legend_notices(legend: Legend) -> Iterator[str]:
    """Sentences on a legend."""
    unseen = [(entry.value, what, mark) for entry in legend for what, mark in _unseen_marks(entry.label, entry.parent)]
    for value, what, mark in unseen[:_MOST]:
        name = unicodedata.name(mark, "without a name").lower()
        yield f"the {what} of class {value} holds a mark that is not seen: U+{ord(mark):04X} ({name})"
    if len(unseen) > _MOST:
        yield f"{len(unseen) - _MOST} more labels hold marks that are not seen"
    beyond = [value for value in legend.values if not 0 <= value <= 255]
    if beyond:
        values = f"{beyond[0]} and others" if len(beyond) > 1 else f"{beyond[0]}"
        yield f"SEPAL's maps hold class values from 0 to 255; {values} would become another class there, not here"


def _unseen_marks(label: str, parent: str | None) -> Iterator[tuple[str, str]]:
    for what, text in (("label", label), ("parent", parent or "")):
        mark = next((mark for mark in text if unicodedata.category(mark) in _UNSEEN), None)
        if mark is not None:
            yield what, mark
