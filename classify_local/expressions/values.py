"""Values of many rows at once, each a number, a text, a boolean, or missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Scalar: TypeAlias = float | bool | str | None
"""One value, as Python has it; None is missing."""

BoolArray: TypeAlias = NDArray[np.bool_]
Float64Array: TypeAlias = NDArray[np.float64]
TextArray: TypeAlias = NDArray[np.object_]


class Kind(IntEnum):
    """What one value is."""

    MISSING = 0
    BOOLEAN = 1
    NUMBER = 2
    TEXT = 3


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """The value of an expression in each row; those of a constant may have length 1 and stand for all rows.

    There is no NaN among numbers: a computation without a result is missing.
    """

    kind: NDArray[np.uint8]
    """A `Kind` for each row, shape (n,)."""

    number: Float64Array
    """The numbers, booleans as 1 and 0, NaN for all else, shape (n,)."""

    text: TextArray | None
    """The texts, Python's str, empty for all else, shape (n,); None if no row holds a text."""

    def __len__(self) -> int:
        return len(self.kind)

    def is_kind(self, kind: Kind) -> BoolArray:
        """Where the values are of one kind, shape (n,)."""
        return np.equal(self.kind, kind)

    def texts(self) -> TextArray:
        """The texts, also when there is none."""
        return np.full(len(self), "", object) if self.text is None else self.text

    def spread(self, n: int) -> Values:
        """The same values with length `n`; only a length of 1 can be spread."""
        if len(self) == n:
            return self
        text = None if self.text is None else np.broadcast_to(self.text, n)
        return Values(np.broadcast_to(self.kind, n), np.broadcast_to(self.number, n), text)

    def take(self, rows: Any) -> Values:
        """The values of some rows: a mask, an index array or a slice."""
        text = None if self.text is None else self.text[rows]
        return Values(self.kind[rows], self.number[rows], text)

    def put(self, mask: BoolArray, part: Values) -> Values:
        """New values: those of `part`, in their order, where `mask` is true, and these elsewhere."""
        kind, number = self.kind.copy(), self.number.copy()
        kind[mask], number[mask] = part.kind, part.number
        if self.text is None and part.text is None:
            return Values(kind, number, None)
        text = self.texts().copy()
        text[mask] = part.texts()
        return Values(kind, number, text)

    def to_list(self) -> list[Scalar]:
        """Python's own objects: None for missing, bool, float or str."""
        found = zip(self.kind.tolist(), self.number.tolist(), self.texts().tolist(), strict=True)
        return [_scalar(kind, number, text) for kind, number, text in found]


def _scalar(kind: int, number: float, text: str) -> Scalar:
    if kind == Kind.MISSING:
        return None
    if kind == Kind.TEXT:
        return text
    return bool(number) if kind == Kind.BOOLEAN else number


def constants(given: Sequence[Scalar]) -> Values:
    """Values written out; a single one has length 1 and stands for all rows."""
    kind = np.array([kind_of(value) for value in given], np.uint8)
    number = [np.nan if value is None or isinstance(value, str) else value for value in given]
    text = np.array([value if isinstance(value, str) else "" for value in given], object)
    return Values(kind, np.array(number, np.float64), text if np.any(kind == Kind.TEXT) else None)


def kind_of(value: Scalar) -> Kind:
    """What one value is."""
    if value is None:
        return Kind.MISSING
    if isinstance(value, str):
        return Kind.TEXT
    return Kind.BOOLEAN if isinstance(value, bool) else Kind.NUMBER


def booleans(mask: BoolArray, missing: BoolArray | None = None) -> Values:
    """True and false, and missing where `missing` is true."""
    kind = np.full(mask.shape, Kind.BOOLEAN, np.uint8)
    number = mask.astype(np.float64)
    if missing is not None:
        kind[missing], number[missing] = Kind.MISSING, np.nan
    return Values(kind, number, None)


def numbers(number: Float64Array) -> Values:
    """Numbers; NaN becomes missing."""
    return Values(np.where(np.isnan(number), Kind.MISSING, Kind.NUMBER).astype(np.uint8), number, None)


def texts_of(text: Iterable[str], missing: BoolArray | None = None) -> Values:
    """Texts, and missing where `missing` is true."""
    array = np.array(list(text), object)
    kind = np.full(array.shape, Kind.TEXT, np.uint8)
    if missing is not None:
        kind[missing], array[missing] = Kind.MISSING, ""
    return Values(kind, np.full(array.shape, np.nan), array)


def joined(parts: Sequence[Values]) -> Values:
    """The values of consecutive runs of rows as one."""
    if not parts:
        return numbers(np.empty(0, np.float64))
    some_text = any(part.text is not None for part in parts)
    return Values(
        np.concatenate([part.kind for part in parts]),
        np.concatenate([part.number for part in parts]),
        np.concatenate([part.texts() for part in parts]) if some_text else None,
    )
