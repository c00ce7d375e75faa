"""What an expression is made of: our own values, which can do nothing but be looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import TypeAlias

from classify_local.expressions.values import Scalar


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, text, boolean or missing, written out."""

    value: Scalar


@dataclass(frozen=True, slots=True)
class Column:
    """The value of a column."""

    name: str


@dataclass(frozen=True, slots=True)
class Unary:
    """``-a``, ``+a`` or ``~a``."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Not:
    """``!a`` or ``not a``."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic or bits of two values: ``+ - * / % ** | ^ & << >> >>>``."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Comparison:
    """``a < b``, or a chain such as ``1 < a <= 3``, which holds if each of its comparisons does."""

    first: Node
    operators: tuple[str, ...]
    others: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class InList:
    """``a in [x, y]`` (equal as by ==), ``[x, y].includes(a)`` or ``[x, y].indexOf(a)`` (as by ===)."""

    how: str
    item: Node
    options: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A function of values; ``a.lower()`` is ``lower(a)``."""

    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """``a && b && c``: the first that is not true, or the last."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """``a || b || c``: the first that is true, or the last."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Conditional:
    """``condition ? yes : no``, or ``yes if condition else no``."""

    condition: Node
    yes: Node
    no: Node


Node: TypeAlias = Literal | Column | Unary | Not | Binary | Comparison | InList | Call | AllOf | AnyOf | Conditional


def children(node: Node) -> tuple[Node, ...]:
    """The nodes right below one, in the order they are written in."""
    found: list[Node] = []
    for field in fields(node):
        value = getattr(node, field.name)
        found += [part for part in (value if isinstance(value, tuple) else (value,)) if isinstance(part, Node)]
    return tuple(found)


def walk(root: Node) -> Iterator[tuple[Node, int]]:
    """Every node with its depth, that of the root being 1; without recursion, for any depth."""
    waiting = [(root, 1)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        waiting += [(child, depth + 1) for child in children(node)]
