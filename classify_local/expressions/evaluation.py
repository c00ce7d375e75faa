"""The value of a node in many rows at once; a row sees only those parts of an expression that decide it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import singledispatch

import numpy as np
from numpy.typing import NDArray

from classify_local.errors import InputError
from classify_local.expressions.cells import StringColumn, read_cells
from classify_local.expressions.functions import FUNCTIONS
from classify_local.expressions.nodes import (
    AllOf,
    AnyOf,
    Binary,
    Call,
    Column,
    Comparison,
    Conditional,
    InList,
    Literal,
    Node,
    Not,
    Unary,
    walk,
)
from classify_local.expressions.operators import (
    BINARY,
    COMPARISONS,
    LONGEST_TEXT,
    UNARY,
    RowError,
    among,
    equal,
    negated,
    strictly_equal,
    truthy,
)
from classify_local.expressions.values import BoolArray, Values, booleans, constants, numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A run of rows of a table, whose columns are read when first asked for."""

    columns: Mapping[str, StringColumn | Values]
    rows: slice
    cells: dict[str, Values] = field(default_factory=dict)

    def column(self, name: str) -> Values:
        """The values of a column in these rows."""
        if name not in self.cells:
            column = self.columns[name]
            self.cells[name] = column.take(self.rows) if isinstance(column, Values) else read_cells(column[self.rows])
        return self.cells[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The rows of a chunk that an expression is computed for."""

    chunk: Chunk
    index: NDArray[np.intp]
    """Which rows of the chunk."""

    where: str
    lines: Sequence[int] | None
    """Lines of all rows of the table, for errors."""

    def __len__(self) -> int:
        return len(self.index)

    def column(self, name: str) -> Values:
        """The values of a column in the frame's rows."""
        values = self.chunk.column(name)
        return values if len(values) == len(self) else values.take(self.index)

    def only(self, mask: BoolArray) -> Frame:
        """The rows at which `mask` is true."""
        if mask.all():
            return self
        return Frame(chunk=self.chunk, index=self.index[mask], where=self.where, lines=self.lines)

    def line(self, row: int) -> str:
        """What to call a row: by its line in the file, or by its number from 1."""
        position = self.chunk.rows.start + int(self.index[row])
        return f"row {position + 1}" if self.lines is None else f"line {self.lines[position]}"


@singledispatch
def evaluate(node: Node, frame: Frame) -> Values:
    """The values of a node in the rows of a frame; of length 1 if it is the same in all.

    Raises
    ------
    InputError
        If something cannot be computed in one row, with its line.
    """
    raise TypeError(f"{frame.where}: {node!r} is no node")


@evaluate.register
def _(node: Literal, _frame: Frame) -> Values:
    return constants([node.value])


@evaluate.register
def _(node: Column, frame: Frame) -> Values:
    return frame.column(node.name)


@evaluate.register
def _(node: Unary, frame: Frame) -> Values:
    return UNARY[node.operator](evaluate(node.operand, frame))


@evaluate.register
def _(node: Not, frame: Frame) -> Values:
    return negated(evaluate(node.operand, frame))


@evaluate.register
def _(node: Binary, frame: Frame) -> Values:
    left, right = evaluate(node.left, frame), evaluate(node.right, frame)
    try:
        return BINARY[node.operator](left, right)
    except RowError as error:
        names = sorted({part.name for part, _ in walk(node) if isinstance(part, Column)})
        raise InputError(
            f"{frame.where}, {frame.line(error.row)}: joining texts{' of ' if names else ''}"
            f"{' and '.join(map(repr, names))} gives more than {LONGEST_TEXT} characters; look into each of them by "
            'itself, for example a.includes("x") or b.includes("x")'
        ) from error


@evaluate.register
def _(node: Comparison, frame: Frame) -> Values:
    holds, left = np.array([True]), evaluate(node.first, frame)
    for operator, other in zip(node.operators, node.others, strict=True):
        right = evaluate(other, frame)
        holds = holds & COMPARISONS[operator](left, right)
        left = right
    return booleans(holds)


@evaluate.register
def _(node: InList, frame: Frame) -> Values:
    item = evaluate(node.item, frame)
    written_out = [option.value for option in node.options if isinstance(option, Literal)]
    if node.how == "in" and len(written_out) == len(node.options):
        return booleans(among(item, constants(written_out)))
    alike = equal if node.how == "in" else strictly_equal
    position = np.array([-1.0])
    for i in reversed(range(len(node.options))):
        position = np.where(alike(item, evaluate(node.options[i], frame)), i, position)
    return numbers(position) if node.how == "indexOf" else booleans(position >= 0)


@evaluate.register
def _(node: Call, frame: Frame) -> Values:
    return FUNCTIONS[node.function].compute(*(evaluate(part, frame) for part in node.arguments))


@evaluate.register
def _(node: AllOf, frame: Frame) -> Values:
    return _first(node.items, frame, decides=False)


@evaluate.register
def _(node: AnyOf, frame: Frame) -> Values:
    return _first(node.items, frame, decides=True)


def _first(items: Sequence[Node], frame: Frame, *, decides: bool) -> Values:
    """The first value of each row whose truth decides, or the last; later ones are not computed for the row."""
    result = evaluate(items[0], frame).spread(len(frame))
    for item in items[1:]:
        open_rows = truthy(result) != decides
        if not open_rows.any():
            break
        result = result.put(open_rows, evaluate(item, frame.only(open_rows)))
    return result


@evaluate.register
def _(node: Conditional, frame: Frame) -> Values:
    holds = truthy(evaluate(node.condition, frame).spread(len(frame)))
    result = constants([None]).spread(len(frame))
    for rows, branch in ((holds, node.yes), (~holds, node.no)):
        if rows.any():
            result = result.put(rows, evaluate(branch, frame.only(rows)))
    return result
