"""The classes of a classification's values, and the pixels that lie amid their own class."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from classify_local.errors import InputError
from classify_local.recipe.model import Sample
from classify_local.types import FeatureArray, MaskArray

MOST_VALUES = 1000
"""A band with more values is an image, not a classification."""
_CLASS_LIMIT = 2**31
NO_CODE = 0
"""The code of pixels without data."""


class Strata:
    """Codes for the values of a classification: 0 where there is no data, the same number for all values of a class.

    A value that belongs to no class has a code of its own. Codes are given as values are met, so they
    depend on the order of reading; classes do not.

    Parameters
    ----------
    sample
        What the recipe says of values and classes: `classes` and `default`.
    where
        The classification, for messages.
    legend
        The classes that may be drawn; all if None.

    Raises
    ------
    InputError
        If one value is given to two classes.
    """

    def __init__(self, sample: Sample, where: str, legend: Collection[int] | None = None) -> None:
        self._class_of = None if sample.classes is None else _inverted(sample.classes, where)
        self._default = sample.default
        self._legend = legend
        self._where = where
        self._codes: dict[int, int] = {}
        self._tables: dict[str, NDArray[np.intp]] = {}
        self._classes: list[int | None] = [None]
        self._values: list[int | None] = [None]

    @property
    def classes(self) -> Sequence[int | None]:
        """For each code its class; None for 0 and for what belongs to no class."""
        return self._classes

    @property
    def values(self) -> Sequence[int | None]:
        """For each code the value that belongs to no class; None for 0 and for classes."""
        return self._values

    def codes(self, values: FeatureArray, valid: MaskArray) -> NDArray[np.intp]:
        """The codes of pixels, of any shape.

        Raises
        ------
        InputError
            If the values are not those of a classification: whole numbers, and not too many of them.
        """
        if np.issubdtype(values.dtype, np.integer) and values.dtype.itemsize <= 2:
            return self._looked_up(values, valid)
        codes = np.zeros(values.shape, dtype=np.intp)
        distinct, inverse = np.unique(values[valid], return_inverse=True)
        self._require_classes(distinct)
        codes[valid] = np.array([self._code(int(value)) for value in distinct], dtype=np.intp)[inverse]
        return codes

    def _looked_up(self, values: FeatureArray, valid: MaskArray) -> NDArray[np.intp]:
        limits = np.iinfo(values.dtype)
        table = self._tables.setdefault(values.dtype.name, np.full(limits.max - limits.min + 1, -1, dtype=np.intp))
        places = values if limits.min == 0 else values.astype(np.intp) - limits.min
        codes = table[places]
        new = np.unique(places[(codes < 0) & valid])
        if len(new):
            table[new] = [self._code(int(place) + limits.min) for place in new]
            codes = table[places]
        codes[~valid] = NO_CODE
        return codes

    def _code(self, value: int) -> int:
        if value not in self._codes:
            if len(self._codes) >= MOST_VALUES:
                raise InputError(
                    f"{self._where}: holds more than {MOST_VALUES:,} different values, and a classification holds few; "
                    "name the band with its classes, for example band: 1"
                )
            self._codes[value] = self._new_code(value)
        return self._codes[value]

    def _new_code(self, value: int) -> int:
        wanted = self.class_of(value)
        if wanted is not None and wanted in self._classes:
            return self._classes.index(wanted)
        self._classes.append(wanted)
        self._values.append(value if wanted is None else None)
        return len(self._classes) - 1

    def class_of(self, value: int) -> int | None:
        """The class of a value, or None if it has none that may be drawn."""
        mapped = value if self._class_of is None else self._class_of.get(value)
        known = mapped is not None and (self._legend is None or mapped in self._legend)
        if not known and (self._class_of is None or mapped is None):
            mapped = self._default
            known = mapped is not None and (self._legend is None or mapped in self._legend)
        return mapped if known else None

    def _require_classes(self, distinct: FeatureArray) -> None:
        usable = (distinct == np.rint(distinct)) & (np.abs(distinct.astype(float)) <= _CLASS_LIMIT)
        if not usable.all():
            raise InputError(
                f"{self._where}: holds {distinct[~usable][0]:g}, and classes are whole numbers of at most 31 bits; "
                "name the band with its classes, for example band: 1"
            )


def amid_their_class(codes: NDArray[np.intp]) -> NDArray[np.intp]:
    """Codes without their outermost rows and columns, and 0 where one of the 8 neighbours has another code.

    Parameters
    ----------
    codes
        Shape (rows + 2, cols + 2).
    """
    level = codes[:, 1:] == codes[:, :-1]
    level = level[:, 1:] & level[:, :-1]
    upright = codes[1:, 1:-1] == codes[:-1, 1:-1]
    alike = level[:-2] & level[1:-1] & level[2:] & upright[1:] & upright[:-1]
    return np.where(alike, codes[1:-1, 1:-1], NO_CODE)


def _inverted(classes: Mapping[int, Sequence[int]], where: str) -> dict[int, int]:
    """Value of the classification -> class."""
    found: dict[int, int] = {}
    for wanted, values in classes.items():
        for value in values:
            if found.setdefault(value, wanted) != wanted:
                raise InputError(
                    f"{where}: classes gives the value {value} to {found[value]} and to {wanted}; keep one of them"
                )
    return found
