"""The functions and constants of the language, and all their spellings."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial, reduce
from types import MappingProxyType

import numpy as np

from classify_local.expressions import texts
from classify_local.expressions.operators import numeric, signed32, unsigned32
from classify_local.expressions.values import Float64Array, Kind, Values, booleans


@dataclass(frozen=True, slots=True)
class Function:
    """A function of values."""

    compute: Callable[..., Values]
    """Values of one row or of n rows in, values out."""

    least: int
    """Fewest arguments."""

    most: int | None
    """Most arguments; None for any number."""

    def takes(self, count: int) -> bool:
        """Whether it can be called with so many arguments."""
        return self.least <= count and (self.most is None or count <= self.most)


def rounded(x: Float64Array) -> Float64Array:
    """The nearest whole number, the upper one of two (ECMA-262, Math.round)."""
    low = np.floor(x)
    return low + (x - low >= 0.5)


def _leading_zeros(x: Float64Array) -> Float64Array:
    return 32.0 - np.frexp(unsigned32(x).astype(np.float64))[1]


def _product32(a: Float64Array, b: Float64Array) -> Float64Array:
    product = signed32(a).astype(np.int64) * signed32(b)
    return product.astype(np.uint32).view(np.int32).astype(np.float64)


def _single(x: Float64Array) -> Float64Array:
    return x.astype(np.float32).astype(np.float64)


def _largest(*numbers: Float64Array) -> Float64Array:
    return reduce(lambda a, b: np.where(b > a, b, a), numbers)


def _smallest(*numbers: Float64Array) -> Float64Array:
    return reduce(lambda a, b: np.where(b < a, b, a), numbers)


def _length_of_vector(first: Float64Array, *others: Float64Array) -> Float64Array:
    return reduce(np.hypot, others, np.abs(first))


def _isnull(values: Values) -> Values:
    return booleans(values.is_kind(Kind.MISSING))


_ONE: dict[str, Callable[..., Float64Array]] = {
    "abs": np.abs,
    "acos": np.arccos,
    "acosh": np.arccosh,
    "asin": np.arcsin,
    "asinh": np.arcsinh,
    "atan": np.arctan,
    "atanh": np.arctanh,
    "cbrt": np.cbrt,
    "ceil": np.ceil,
    "clz32": _leading_zeros,
    "cos": np.cos,
    "cosh": np.cosh,
    "exp": np.exp,
    "expm1": np.expm1,
    "floor": np.floor,
    "fround": _single,
    "log": np.log,
    "log10": np.log10,
    "log1p": np.log1p,
    "log2": np.log2,
    "round": rounded,
    "sign": np.sign,
    "sin": np.sin,
    "sinh": np.sinh,
    "sqrt": np.sqrt,
    "tan": np.tan,
    "tanh": np.tanh,
    "trunc": np.trunc,
}
_TWO: dict[str, Callable[..., Float64Array]] = {"atan2": np.arctan2, "imul": _product32, "pow": np.power}
_MANY: dict[str, Callable[..., Float64Array]] = {"hypot": _length_of_vector, "max": _largest, "min": _smallest}

MATH: Mapping[str, Function] = MappingProxyType(
    {name: Function(numeric(function), 1, 1) for name, function in _ONE.items()}
    | {name: Function(numeric(function), 2, 2) for name, function in _TWO.items()}
    | {name: Function(numeric(function), 1, None) for name, function in _MANY.items()}
)
"""The functions of JavaScript's Math, without `random`."""

TEXT: Mapping[str, Function] = MappingProxyType(
    {
        "includes": Function(texts.includes, 2, 2),
        "startsWith": Function(texts.starts_with, 2, 2),
        "endsWith": Function(texts.ends_with, 2, 2),
        "indexOf": Function(texts.index_of, 2, 2),
        "lower": Function(partial(texts.changed, str.lower), 1, 1),
        "upper": Function(partial(texts.changed, str.upper), 1, 1),
        "trim": Function(partial(texts.changed, str.strip), 1, 1),
        "slice": Function(texts.sliced, 2, 3),
        "substring": Function(texts.substring, 2, 3),
        "length": Function(texts.length, 1, 1),
    }
)
"""Functions that look at texts; the text is their first argument."""

FUNCTIONS: Mapping[str, Function] = MappingProxyType({**MATH, **TEXT, "isnull": Function(_isnull, 1, 1)})
"""Every function by the name that nodes have."""

CALLS: Mapping[str, str] = MappingProxyType(
    {name: name for name in (*MATH, "lower", "upper", "isnull")} | {"len": "length"}
)
"""Spellings of a call, ``lower(a)``, and the function it means."""

METHODS: Mapping[str, str] = MappingProxyType(
    {name: name for name in TEXT if name != "length"}
    | {"contains": "includes", "startswith": "startsWith", "endswith": "endsWith", "strip": "trim"}
    | {"toLowerCase": "lower", "toUpperCase": "upper"}
)
"""Spellings of a method, ``a.lower()``, and the function it means."""

LIST_METHODS: Mapping[str, str] = MappingProxyType(
    {"includes": "includes", "contains": "includes", "indexOf": "indexOf"}
)
"""Spellings of a method of a list, ``[1, 2].includes(a)``, and how it looks."""

CONSTANTS: Mapping[str, float] = MappingProxyType(
    {
        "E": math.e,
        "LN10": math.log(10),
        "LN2": math.log(2),
        "LOG10E": math.log10(math.e),
        "LOG2E": math.log2(math.e),
        "PI": math.pi,
        "SQRT1_2": math.sqrt(0.5),
        "SQRT2": math.sqrt(2),
    }
)
"""The constants of JavaScript's Math; as bare names they come before columns of the same name."""
