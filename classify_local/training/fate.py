"""The account of a file's rows: which still give points, and why the others do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from classify_local.storage.tables import Table
from classify_local.training.samples import REASONS
from classify_local.types import MaskArray

SHOWN = 20
"""Rows of a file whose fault is said."""


class Fate:
    """What becomes of the rows of a table. A row that is left out keeps its first reason.

    Parameters
    ----------
    table
        The rows; all are open at first.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._reason = np.full(len(table), -1, dtype=np.int8)
        self._said: dict[int, str] = {}

    @property
    def open(self) -> MaskArray:
        """Rows not left out, shape (n,)."""
        return np.asarray(self._reason < 0)

    def drop(self, rows: MaskArray, reason: str, why: Callable[[int], str] | None = None) -> None:
        """Leave out those of some rows that are still open.

        Parameters
        ----------
        rows
            True for the rows, shape (n,).
        reason
            One of `samples.REASONS`.
        why
            Says what is wrong with a row; asked for the first ones.
        """
        new = np.flatnonzero(rows & self.open)
        self._reason[new] = REASONS.index(reason)
        if why is not None:
            self._said |= {row: why(row) for row in new[:SHOWN].tolist()}

    def drop_numbers(self, rows: NDArray[np.intp], reason: str) -> None:
        """Leave out rows by their numbers."""
        chosen = np.zeros(len(self._reason), dtype=bool)
        chosen[rows] = True
        self.drop(chosen, reason)

    def counts(self) -> Mapping[str, int]:
        """How many rows are left out, by reason."""
        counts = np.bincount(self._reason[self._reason >= 0], minlength=len(REASONS)).tolist()
        return {reason: count for reason, count in zip(REASONS, counts, strict=True) if count}

    def lines(self, most: int = SHOWN) -> list[str]:
        """What is wrong with the first rows."""
        return [f"{self._table.place(row)}: {text}" for row, text in sorted(self._said.items())[:most]]
