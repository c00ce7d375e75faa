"""Places where another point would help most: those a model is least sure of.

By SEPAL's rule, pixels whose class is less than 75 % probable, up to five of each class, in random order; or those
where the two likeliest classes are nearest to each other (smallest margin, Scheffer, Decomain and Wrobel 2001,
doi:10.1007/3-540-44816-0_31).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from classify_local.errors import InputError
from classify_local.features.stack import Block, FeatureStack
from classify_local.grid import Window
from classify_local.live.snapshot import Snapshot

Rule = Literal["confidence", "margin"]

SURE = 75
"""Percent from which SEPAL asks for no further point."""
PER_CLASS = 5
_WINDOWS, _SIDE = 240, 96
"""Most parts of the image looked at, and pixels along a side of one."""
_ENOUGH = 24 * 96**2
"""Pixels with data from which no further part is looked at."""
_APART = 3
"""Least distance of two places in pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A pixel a model is unsure of; `x` and `y` are its centre as column and row, `percent` that of its class."""

    x: float
    y: float
    value: int
    percent: int


def suggest(
    stack: FeatureStack, snapshot: Snapshot, rule: Rule, per_class: int = PER_CLASS, seed: int = 0
) -> list[Suggestion]:
    """Places to look at, at most `per_class` of each class.

    Parameters
    ----------
    stack
        The features at full resolution.
    snapshot
        The model.
    rule
        Which pixels count as unsure.
    per_class
        Most places of a class.
    seed
        Of the parts of the image that are looked at, and of the order; another model or question gives others.

    Raises
    ------
    InputError
        If the model gives no probabilities.
    """
    if not snapshot.model.fitted.gives_probabilities:
        raise InputError("this classifier does not say how sure it is, so no place is less sure than another")
    rng = np.random.default_rng((seed, snapshot.revision))
    parts, seen = [], 0
    for window in _windows(stack, rng):
        block = stack.read(window)
        seen += int(block.valid.sum())
        parts.append(_look(block, snapshot, window, rule))
        if seen >= _ENOUGH:
            break
    if not seen:
        raise InputError("no data was found where the image was looked at; add points where there is some")
    yx, codes, percent, doubt = (np.concatenate([part[i] for part in parts], axis=-1) for i in range(4))
    found = [
        Suggestion(x=float(yx[1, i]) + 0.5, y=float(yx[0, i]) + 0.5, value=snapshot.model.classes[code],
                   percent=int(percent[i]))
        for code in range(len(snapshot.model.classes))
        for i in _least_sure(np.flatnonzero(codes == code), doubt, yx, per_class, rule, rng)
    ]  # fmt: skip
    return [found[i] for i in rng.permutation(len(found))]


def _windows(stack: FeatureStack, rng: np.random.Generator) -> Iterator[Window]:
    """Parts of the image by lot; all of a small one."""
    rows, cols = stack.grid.shape
    if rows * cols <= _ENOUGH:
        yield stack.grid.window
        return
    height, width = min(_SIDE, rows), min(_SIDE, cols)
    for _ in range(_WINDOWS):
        row, col = int(rng.integers(rows - height + 1)), int(rng.integers(cols - width + 1))
        yield Window(row=row, col=col, rows=height, cols=width)


def _look(
    block: Block, snapshot: Snapshot, window: Window, rule: Rule
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Unsure pixels of a window: place (2, n), class code, percent of the class, and doubt: least is worst."""
    rows, cols = np.nonzero(block.valid)
    shares = snapshot.model.probabilities(block.features[:, rows, cols])
    ordered = np.sort(shares, axis=0)
    percent = np.rint(100 * ordered[-1])
    margin = 100 * (ordered[-1] - ordered[-2]) if len(ordered) > 1 else percent
    doubt = percent if rule == "confidence" else margin
    unsure = np.flatnonzero(doubt < SURE)
    places = np.stack([rows[unsure] + window.row, cols[unsure] + window.col])
    return places, shares.argmax(axis=0)[unsure], percent[unsure], doubt[unsure]


def _least_sure(
    members: NDArray[np.intp], doubt: NDArray[np.float64], yx: NDArray[np.int64], most: int, rule: Rule,
    rng: np.random.Generator,
) -> Iterator[int]:  # fmt: skip
    """Some members, not next to each other: by lot as in SEPAL, or the smallest margins first."""
    order = rng.permutation(members)
    if rule == "margin":
        order = order[np.argsort(doubt[order], kind="stable")]
    taken: list[NDArray[np.int64]] = []
    for i in order.tolist():
        if len(taken) == most:
            return
        if all(np.abs(yx[:, i] - other).max() >= _APART for other in taken):
            taken.append(yx[:, i])
            yield i
