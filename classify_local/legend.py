"""The legend: class values with their labels and colours, and what a map's numbers may be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from classify_local.errors import InputError

CLASS_DTYPES = ("uint8", "uint16", "int16", "int32")
"""Types a class map may have, the first that fits is taken. Never int8: older readers take it for
Byte, and negative classes become others."""

_HEX = re.compile(r"#?(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{3})")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML, in which VRTs and styles carry labels, has no way to write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegendEntry:
    """One class: the value in the map, what people call it, and its colour as `#RRGGBB`.

    Parameters
    ----------
    value, label, color
        The class value, its name and its colour.
    parent
        The class of an upper level it belongs to, for example `Forest land`; an empty one is none.

    Raises
    ------
    InputError
        If the label is empty, label or parent hold what no file can, or the colour is none.
    """

    value: int
    label: str
    color: str
    parent: str | None = None

    def __post_init__(self) -> None:
        if not self.label.strip():
            raise InputError(f"class {self.value} has an empty label; give it a name")
        for what, text in (("label", self.label), ("parent", self.parent or "")):
            unwritable = _NOT_XML.search(text)
            if unwritable:
                raise InputError(
                    f"class {self.value} has a {what} with the control character {unwritable[0]!a}; take it out"
                )
        object.__setattr__(self, "color", normal_color(self.color))
        object.__setattr__(self, "parent", (self.parent or "").strip() or None)

    @property
    def rgb(self) -> tuple[int, int, int]:
        """Red, green and blue, 0 to 255."""
        return int(self.color[1:3], 16), int(self.color[3:5], 16), int(self.color[5:7], 16)


@dataclass(frozen=True, slots=True)
class Legend:
    """The classes of a map, sorted by value; values, labels and colours are unique.

    Raises
    ------
    InputError
        With every repetition found, or if there is no class or no integer type holds the values.
    """

    entries: tuple[LegendEntry, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "entries", tuple(sorted(self.entries, key=lambda entry: entry.value)))
        problems = [*_repetitions(self.entries)]
        if not self.entries:
            problems.append("the legend holds no class; give at least one")
        if problems:
            raise InputError(*problems)
        class_dtype(self)

    def __iter__(self) -> Iterator[LegendEntry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def values(self) -> tuple[int, ...]:
        """The class values, ascending."""
        return tuple(entry.value for entry in self.entries)

    def label(self, value: int) -> str:
        """The label of a class value; the value itself as text if the legend has none."""
        return next((entry.label for entry in self.entries if entry.value == value), str(value))

    @property
    def parents(self) -> tuple[str, ...]:
        """The classes of the upper level that are named, in the order of the class values."""
        return tuple(dict.fromkeys(entry.parent for entry in self.entries if entry.parent is not None))

    def parent_of(self, value: int) -> str | None:
        """The class of the upper level a class value belongs to; None if none is named."""
        return next((entry.parent for entry in self.entries if entry.value == value), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpperLevel:
    """The legend one level up.

    Parameters
    ----------
    labels
        The upper classes, in the order of the class values below them.
    of
        Class value to the number of its upper class, from 0.
    """

    labels: tuple[str, ...]
    of: Mapping[int, int]


def upper(legend: Legend) -> UpperLevel:
    """The upper level of a legend, to which maps and error matrices can be collapsed.

    A class without a parent is an upper class itself, under its own label; classes that name that
    label as their parent join it.
    """
    names = [entry.parent or entry.label for entry in legend]
    labels = tuple(dict.fromkeys(names))
    number = {label: i for i, label in enumerate(labels)}
    return UpperLevel(labels=labels, of={entry.value: number[name] for entry, name in zip(legend, names, strict=True)})


def upper_legend(legend: Legend) -> Legend:
    """The upper classes as a legend: numbered as in `upper`, each in the colour of its first class."""
    level = upper(legend)
    first = {level.of[entry.value]: entry.color for entry in reversed(legend.entries)}
    return Legend(tuple(LegendEntry(value=i, label=label, color=first[i]) for i, label in enumerate(level.labels)))


def next_value(values: Iterable[int]) -> int:
    """The value of a class that is added: one above the greatest, 1 for the first, as in SEPAL."""
    return max(values, default=0) + 1


def normal_color(color: str) -> str:
    """The colour as `#RRGGBB` in capitals.

    Raises
    ------
    InputError
        If `color` is not a hex colour of three or six digits.
    """
    if not _HEX.fullmatch(color.strip()):
        raise InputError(f"colour {color!r} is not a hex colour; write it as #RRGGBB, for example #006400")
    digits = color.strip().lstrip("#")
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    return f"#{digits.upper()}"


def class_dtype(legend: Legend) -> np.dtype[np.generic]:
    """The smallest type that holds the legend and a nodata outside it.

    Raises
    ------
    InputError
        If a value lies outside 32 bits.
    """
    for name in CLASS_DTYPES:
        dtype = np.dtype(name)
        if _fits(legend.values, dtype):
            return dtype
    low, high = np.iinfo("int32").min, np.iinfo("int32").max
    raise InputError(f"class values lie between {low} and {high}, not {legend.values[0]} to {legend.values[-1]}")


def resolve_nodata(legend: Legend, dtype: np.dtype[np.generic]) -> int:
    """The value that means 'no class' in a map: 0 if the legend leaves it free, else the largest free value."""
    used = set(legend.values)
    if 0 not in used:
        return 0
    value = int(np.iinfo(dtype).max)  # type: ignore[type-var]
    while value in used:
        value -= 1
    return value


def _fits(values: Sequence[int], dtype: np.dtype[np.generic]) -> bool:
    limits = np.iinfo(dtype)  # type: ignore[type-var]
    size = int(limits.max) - int(limits.min) + 1
    return limits.min <= min(values) and max(values) <= limits.max and len(set(values)) < size


def _repetitions(entries: Sequence[LegendEntry]) -> Iterator[str]:
    for field in ("value", "label", "color"):
        seen: dict[object, LegendEntry] = {}
        for entry in entries:
            given = getattr(entry, field)
            given = given.strip() if isinstance(given, str) else given
            if given in seen:
                yield (
                    f"{field} {given!r} stands twice in the legend, for {seen[given].label!r} and "
                    f"{entry.label!r}; each class needs its own"
                )
            seen.setdefault(given, entry)
