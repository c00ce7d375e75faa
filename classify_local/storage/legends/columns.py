"""Which column of a table is the class value, the label, the colour: SEPAL's rule, and names before it.

SEPAL looks at what columns hold: a value column holds whole numbers that differ, a label column texts
that differ, a colour column colours that differ. It takes the first colour column; the first value
column, or, where the colour stands in three columns, the first called class, value or type; the first
label column called description, label or name; red, green and blue by their names. Each chosen column
is out of the choice for the next.

Here a column whose name leaves no doubt comes first, so that one wrong cell in it is reported rather
than another column taken; and `class` is the label where another column is the value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from classify_local.errors import InputError, nearest
from classify_local.storage.legends.cells import Cells, is_colored
from classify_local.storage.legends.rows import FIELDS, is_whole

CHANNELS = ("red", "green", "blue")
ROLES = (*FIELDS, *CHANNELS, "parent")
_NAMES = {
    "color": ("color", "colour", "hex"),
    "value": ("value", "code"),
    "label": ("label", "name", "description", "desc"),
    "parent": ("parent",),
}
"""Names that leave no doubt."""
_PARTS = {"value": ("class", "value", "type"), "label": ("desc", "label", "name")}
"""Parts of names, as SEPAL has them."""
_CHANNEL_PARTS = (*CHANNELS, "alpha")
_SHORT = ("r", "g", "b")
_HOLDS = {"value": "different whole numbers", "label": "different texts", "color": "different colours"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The columns of a legend.

    Parameters
    ----------
    value, label, parent
        Names of columns; label and parent may be missing.
    color
        One column, or red, green and blue.
    notices
        What a user should know of the choice.
    """

    value: str
    label: str | None
    color: tuple[str, ...]
    parent: str | None
    notices: tuple[str, ...]


def choose_columns(cells: Cells, given: Mapping[str, str] | None = None) -> Choice:
    """The columns of a table that make a legend.

    Parameters
    ----------
    cells
        The table.
    given
        Columns the user names, by role: value, label, color, red, green, blue, parent.

    Raises
    ------
    InputError
        With a line for each column that is missing.
    """
    chooser = _Chooser(cells)
    chooser.require(given or {})
    color = None if set(CHANNELS) & set(chooser.taken) else chooser.taken.get("color") or chooser.color()
    one_column = color is not None
    value = chooser.taken.get("value") or chooser.value(one_column)
    label = chooser.taken.get("label") or chooser.label()
    colors = (color,) if one_column else tuple(chooser.taken.get(name) or chooser.channel(name) for name in CHANNELS)
    parent = chooser.taken.get("parent") or chooser.named("parent")
    missing = [name for name, found in (("value", value), ("label", label)) if found is None]
    chooser.refuse_missing([*missing, *_missing_colors(colors)])
    found = tuple(name for name in colors if name is not None)
    notices = chooser.notices if cells.headed else [_headless_notice(chooser.taken)]
    notices = [*notices, *_order_notice(cells, found)]
    return Choice(value=value or "", label=label, color=found, parent=parent, notices=tuple(notices))


@dataclass(slots=True)
class _Chooser:
    """Columns that are left, and what was said of those that are not."""

    cells: Cells
    taken: dict[str, str] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)

    def require(self, given: Mapping[str, str]) -> None:
        """Take the columns the user names."""
        folded = {name.casefold(): name for name in reversed(list(self.cells.columns))}
        for role, name in given.items():
            if role not in ROLES:
                raise InputError(f"a legend has no {role!r}, but {', '.join(ROLES)}{nearest(role, ROLES)}")
            if name.casefold() not in folded:
                raise InputError(f"{self.cells.where}: no column {name!r}; it has {self._listed()}")
            self.taken[role] = folded[name.casefold()]

    def color(self) -> str | None:
        """The colour column, if it is one."""
        named = self.named("color")
        if named is not None or all(self._containing((name,)) for name in CHANNELS):
            return named
        return self._first("color", [name for name in self._fit(is_colored) if not self._is_mostly(name, is_whole)])

    def value(self, one_column: bool) -> str | None:
        """The value column; `one_column` tells that the colour stands in one."""
        named = self.named("value")
        if named is not None:
            return named
        fit = self._fit(is_whole)
        best = _containing(fit, _PARTS["value"])
        if best is not None and one_column and best != fit[0]:
            self.notices.append(f"the class value was read from {best!r}; SEPAL would take {fit[0]!r}")
        if best is None and (one_column or not self.cells.headed):
            return self._first("value", fit)
        whole = [name for name in self._left() if self._is_mostly(name, is_whole)]
        best = best or _containing(whole, _PARTS["value"])
        others = [name for name in fit if name.casefold() not in _SHORT and not _containing((name,), _CHANNEL_PARTS)]
        return self._take("value", best) or self._first("value", others if len(others) == 1 else ())

    def label(self) -> str | None:
        """The label column."""
        named = self.named("label")
        if named is not None:
            return named
        fit = self._fit(bool)
        best = _containing(fit, _PARTS["label"]) or self._containing(_PARTS["label"]) or self._containing(("class",))
        texts = [name for name in fit if not self._is_mostly(name, is_whole)]
        return self._take("label", best) or self._first("label", texts)

    def channel(self, name: str) -> str | None:
        """The column of red, green or blue; without a header the next column of numbers."""
        numbers = [other for other in self._left() if self._is_mostly(other, is_whole)]
        if not self.cells.headed:
            return self._take(name, next(iter(numbers), None))
        folded = {other.casefold(): other for other in reversed(list(self.cells.columns))}
        exact = folded.get(name) or (folded[name[0]] if set(_SHORT) <= set(folded) else None)
        return self._take(name, exact or _containing(numbers, (name,)))

    def named(self, role: str) -> str | None:
        """A column whose name leaves no doubt."""
        folded = {name.casefold(): name for name in reversed(self._left())}
        return self._take(role, next((folded[name] for name in _NAMES[role] if name in folded), None))

    def refuse_missing(self, roles: Sequence[str]) -> None:
        """Raise a line for each role that no column has."""
        lines = []
        for role in roles:
            other = " (or red, green and blue)" if role == "color" else ""
            hint = nearest(role, self._left())
            lines.append(f"{self.cells.where}: no column {role!r}{other}; it has {self._listed()}{hint}")
        if lines:
            raise InputError(*lines)

    def _first(self, role: str, fit: Sequence[str]) -> str | None:
        """The first column of those that hold the right thing, and a word on it."""
        if fit:
            self.notices.append(f"no column is called {role!r}; {fit[0]!r} was taken, which holds {_HOLDS[role]}")
        return self._take(role, fit[0] if fit else None)

    def _fit(self, fits: Callable[[str], object]) -> list[str]:
        """Columns that hold what a role needs and no cell twice; without a header it is enough if most cells do."""
        if not self.cells.headed:
            return [name for name in self._left() if self._is_mostly(name, fits)]
        return [name for name in self._left() if _differ(self.cells.columns[name], fits)]

    def _is_mostly(self, name: str, fits: Callable[[str], object]) -> bool:
        values = self.cells.columns[name]
        return 2 * sum(1 for value in values if fits(value)) > len(values)

    def _containing(self, parts: Sequence[str]) -> str | None:
        return _containing(self._left(), parts)

    def _left(self) -> list[str]:
        return [name for name in self.cells.columns if name not in self.taken.values()]

    def _take(self, role: str, name: str | None) -> str | None:
        if name is not None:
            self.taken[role] = name
        return name

    def _listed(self) -> str:
        return ", ".join(self.cells.columns)


def _missing_colors(colors: Sequence[str | None]) -> list[str]:
    """What to say is missing: a colour, or those of three channels that are not there."""
    missing = [name for name, found in zip(CHANNELS, colors, strict=False) if found is None]
    return ["color"] if len(missing) == len(CHANNELS) or colors == (None,) else missing


def _headless_notice(taken: Mapping[str, str]) -> str:
    """What was made of a table without a header."""
    read = ", ".join(f"{role} from {name}" for role, name in taken.items())
    return f"has no header; read as {read}"


def _order_notice(cells: Cells, colors: Sequence[str]) -> tuple[str, ...]:
    """A word on a header in the order of SEPAL's manual, whose numbers stand in another."""
    order = [name for name in cells.columns if name in colors]
    if len(colors) != len(CHANNELS) or order != [colors[0], colors[2], colors[1]]:
        return ()
    sentence = (
        f"the header reads {', '.join(order)}, and the columns were taken by these names; the example in SEPAL's "
        "manual has this header over numbers in the order red, green, blue: look at the colours, and correct the "
        "header if they are wrong"
    )
    return (sentence,)


def _containing(names: Iterable[str], parts: Sequence[str]) -> str | None:
    return next((name for name in names if any(part in name.casefold() for part in parts)), None)


def _differ(values: Sequence[str], fits: Callable[[str], object]) -> bool:
    return bool(values) and all(map(fits, values)) and len(set(values)) == len(values)
