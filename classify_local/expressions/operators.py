"""Operators on values of all rows at once, with JavaScript's meaning save where a docstring says otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from classify_local.expressions.cells import reread, written
from classify_local.expressions.values import BoolArray, Float64Array, Kind, Values, booleans, numbers, texts_of

LONGEST_TEXT = 4_000
"""Characters that two texts may have together; it bounds what a run of rows takes in memory."""

Operator: TypeAlias = Callable[[Values, Values], Values]


class RowError(Exception):
    """An operator cannot do what it should in one row; `row` is counted from 0 in its operands."""

    def __init__(self, row: int) -> None:
        super().__init__(row)
        self.row = row


def truthy(values: Values) -> BoolArray:
    """Where values count as true, shape (n,): not for missing, false, 0 and the empty text."""
    true: BoolArray = (values.number != 0) & ~np.isnan(values.number)
    return true if values.text is None else true | (values.text != "")


def as_number(values: Values) -> Float64Array:
    """The numbers that values stand for, NaN for missing and for a text that is no number, shape (n,)."""
    text = values.is_kind(Kind.TEXT)
    if values.text is None or not text.any():
        return values.number
    number = values.number.copy()
    number[text] = reread(values.text[text]).number
    return number


def same_length(left: Values, right: Values) -> tuple[Values, Values]:
    """Both values with the length of the longer one."""
    n = len(right) if len(left) == 1 else len(left)
    return left.spread(n), right.spread(n)


def equal(left: Values, right: Values) -> BoolArray:
    """``==``: a text is compared with something else as what it stands for in a cell, missing equals missing."""
    left, right = same_length(left, right)
    result = strictly_equal(left, right) | np.equal(left.number, right.number)
    differ: BoolArray = left.is_kind(Kind.TEXT) != right.is_kind(Kind.TEXT)
    if differ.any():
        some_left, some_right = _reread_texts(left.take(differ)), _reread_texts(right.take(differ))
        missing = some_left.is_kind(Kind.MISSING) & some_right.is_kind(Kind.MISSING)
        result[differ] = missing | np.equal(some_left.number, some_right.number)
    return result


def _reread_texts(values: Values) -> Values:
    text = values.is_kind(Kind.TEXT)
    return values if values.text is None else values.put(text, reread(values.text[text]))


def among(values: Values, options: Values) -> BoolArray:
    """Where values are `equal` to any of some options, however many, shape (n,)."""
    result = _equals_plain(values, _reread_texts(options))
    text = values.is_kind(Kind.TEXT)
    if text.any():
        textual = options.is_kind(Kind.TEXT)
        rows, plain, sought = values.take(text), options.take(~textual), set(options.texts()[textual])
        same = np.array([one in sought for one in rows.texts()], np.bool_)
        result[text] = same | _equals_plain(_reread_texts(rows), plain) if len(plain) else same
    return result


def _equals_plain(values: Values, options: Values) -> BoolArray:
    missing = values.is_kind(Kind.MISSING) & options.is_kind(Kind.MISSING).any()
    return missing | np.isin(values.number, options.number[~np.isnan(options.number)])


def strictly_equal(left: Values, right: Values) -> BoolArray:
    """``===``: of one kind and equal, missing equals missing."""
    same: BoolArray = np.equal(left.kind, right.kind)
    alike = np.equal(left.number, right.number) | left.is_kind(Kind.MISSING)
    if left.text is not None and right.text is not None:
        alike = alike | (left.is_kind(Kind.TEXT) & np.equal(left.text, right.text).astype(bool))
    return same & alike


def ordered(compare: Callable[[Any, Any], NDArray[Any]]) -> Callable[[Values, Values], BoolArray]:
    """A comparison of order: of two texts by their characters, of all else as numbers; false with missing."""

    def decide(left: Values, right: Values) -> BoolArray:
        result = compare(as_number(left), as_number(right)).astype(bool)
        if left.text is None or right.text is None:
            return result
        both = left.is_kind(Kind.TEXT) & right.is_kind(Kind.TEXT)
        return np.where(both, compare(left.text, right.text).astype(bool), result)

    return decide


COMPARISONS: Mapping[str, Callable[[Values, Values], BoolArray]] = MappingProxyType(
    {
        "==": equal,
        "!=": lambda left, right: ~equal(left, right),
        "===": strictly_equal,
        "!==": lambda left, right: ~strictly_equal(left, right),
        "<": ordered(np.less),
        "<=": ordered(np.less_equal),
        ">": ordered(np.greater),
        ">=": ordered(np.greater_equal),
    }
)
"""Each gives where it holds, shape (n,)."""


def numeric(function: Callable[..., Float64Array]) -> Callable[..., Values]:
    """A function of numbers as one of values: missing if any argument is missing, or no number, or the result NaN.

    The arguments get one length before, so that the processor computes each row by the same instructions, whatever
    rows are beside it.
    """

    def compute(*arguments: Values) -> Values:
        plain = [np.ascontiguousarray(x) for x in np.broadcast_arrays(*map(as_number, arguments))]
        missing = np.logical_or.reduce([np.isnan(x) for x in plain])
        return numbers(np.where(missing, np.nan, function(*plain)))

    return compute


def add(left: Values, right: Values) -> Values:
    """``+``: a sum, or both texts in a row if one of them is a text; missing if one of them is.

    Raises
    ------
    RowError
        If a text would have more than `LONGEST_TEXT` characters.
    """
    left, right = same_length(left, right)
    result: Values = numeric(np.add)(left, right)
    text = left.is_kind(Kind.TEXT) | right.is_kind(Kind.TEXT)
    return result.put(text, _concatenated(left.take(text), right.take(text), text)) if text.any() else result


def _concatenated(left: Values, right: Values, mask: BoolArray) -> Values:
    (first, first_missing), (second, second_missing) = written(left), written(right)
    missing = first_missing | second_missing
    lengths = np.array([len(a) + len(b) for a, b in zip(first, second, strict=True)])
    too_long = (lengths > LONGEST_TEXT) & ~missing
    if too_long.any():
        raise RowError(int(np.flatnonzero(mask)[too_long.argmax()]))
    return texts_of(np.where(missing, "", first + second), missing)


def signed32(number: Float64Array) -> NDArray[np.int32]:
    """Numbers as integers of 32 bits: cut to whole ones, counted on from the other end (ECMA-262, ToInt32)."""
    whole = np.where(np.isfinite(number), np.trunc(number), 0.0)
    return np.fmod(whole, 2.0**32).astype(np.int64).astype(np.uint32).view(np.int32)


def unsigned32(number: Float64Array) -> NDArray[np.uint32]:
    """Numbers as integers of 32 bits without sign (ECMA-262, ToUint32)."""
    return signed32(number).view(np.uint32)


def _bits(operation: Callable[[Any, Any], NDArray[Any]]) -> Operator:
    return numeric(lambda a, b: operation(signed32(a), signed32(b)).astype(np.float64))


def _shift_left(a: NDArray[np.int32], b: NDArray[np.int32]) -> NDArray[np.int32]:
    return np.left_shift(a.view(np.uint32), (b & 31).view(np.uint32)).view(np.int32)


def _shift_right_unsigned(a: NDArray[np.int32], b: NDArray[np.int32]) -> NDArray[np.uint32]:
    return np.right_shift(a.view(np.uint32), (b & 31).view(np.uint32))


BINARY: Mapping[str, Operator] = MappingProxyType(
    {
        "+": add,
        "-": numeric(np.subtract),
        "*": numeric(np.multiply),
        "/": numeric(np.divide),
        "%": numeric(np.fmod),
        "**": numeric(np.power),
        "|": _bits(np.bitwise_or),
        "^": _bits(np.bitwise_xor),
        "&": _bits(np.bitwise_and),
        "<<": _bits(_shift_left),
        ">>": _bits(lambda a, b: np.right_shift(a, b & 31)),
        ">>>": _bits(_shift_right_unsigned),
    }
)

UNARY: Mapping[str, Callable[[Values], Values]] = MappingProxyType(
    {
        "-": numeric(np.negative),
        "+": numeric(np.positive),
        "~": numeric(lambda a: np.invert(signed32(a)).astype(np.float64)),
    }
)


def negated(values: Values) -> Values:
    """``!``: true where values are not."""
    return booleans(~truthy(values))
