"""What can be asked of a text. A number or boolean is looked at as it is written; of a missing value all is missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from classify_local.expressions.cells import written
from classify_local.expressions.operators import as_number, same_length
from classify_local.expressions.values import BoolArray, Float64Array, Values, booleans, numbers, texts_of

_FAR = 2.0**40
"""Beyond the end of any text."""


def changed(change: Callable[[str], str], values: Values) -> Values:
    """Each text changed by one of Python's own methods."""
    text, missing = written(values)
    return texts_of(map(change, text.tolist()), missing)


def length(values: Values) -> Values:
    """Number of characters (Unicode code points)."""
    text, missing = written(values)
    return numbers(np.where(missing, np.nan, np.fromiter(map(len, text.tolist()), np.float64)))


def includes(values: Values, part: Values) -> Values:
    """Whether `part` is somewhere in the text."""
    return booleans(*_asked(lambda text, part: part in text, values, part))


def starts_with(values: Values, part: Values) -> Values:
    """Whether the text begins with `part`."""
    return booleans(*_asked(str.startswith, values, part))


def ends_with(values: Values, part: Values) -> Values:
    """Whether the text ends with `part`."""
    return booleans(*_asked(str.endswith, values, part))


def index_of(values: Values, part: Values) -> Values:
    """Where `part` first begins in the text, counted from 0; -1 if nowhere."""
    found, missing = _asked(str.find, values, part, np.float64)
    return numbers(np.where(missing, np.nan, found))


def _asked(
    ask: Callable[[str, str], Any], values: Values, part: Values, dtype: type = np.bool_
) -> tuple[Any, BoolArray]:
    (text, no_text), (sought, no_part) = map(written, same_length(values, part))
    return np.fromiter(map(ask, text.tolist(), sought.tolist()), dtype), no_text | no_part


def sliced(values: Values, start: Values, stop: Values | None = None) -> Values:
    """The characters from `start` to before `stop`, counted from 0; negative ones from the end."""
    return _cut(lambda text, a, b: text[int(a) : int(b)], values, start, stop)


def substring(values: Values, start: Values, stop: Values | None = None) -> Values:
    """The characters between two positions in either order; negative ones count as 0."""
    return _cut(lambda text, a, b: text[int(max(min(a, b), 0)) : int(max(a, b, 0))], values, start, stop)


def _cut(cut: Callable[[str, float, float], str], values: Values, start: Values, stop: Values | None) -> Values:
    text, missing = written(values)
    last_bound = np.array([_FAR]) if stop is None else _bound(as_number(stop))
    spread_text, first, last, gone = np.broadcast_arrays(text, _bound(as_number(start)), last_bound, missing)
    gone = gone | np.isnan(first) | np.isnan(last)
    rows = zip(spread_text.tolist(), first.tolist(), last.tolist(), gone.tolist(), strict=True)
    return texts_of(["" if no else cut(text, a, b) for text, a, b, no in rows], gone)


def _bound(position: Float64Array) -> Float64Array:
    return np.clip(np.trunc(position), -_FAR, _FAR)
