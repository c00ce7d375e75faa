"""Nodes from what the parser finds, and what it finds but the language does not have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias

from lark import Token, Transformer, v_args

from classify_local.errors import nearest
from classify_local.expressions.functions import CALLS, CONSTANTS, FUNCTIONS, LIST_METHODS, METHODS, Function
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
)

Nodes: TypeAlias = tuple[Node, ...]

_ESCAPES = {"\\": "\\", "'": "'", '"': '"', "n": "\n", "t": "\t", "r": "\r"}
_PATTERNS = {"match", "matchAll", "search", "replace", "replaceAll", "split", "test", "exec", "findall", "sub"}
_ONE_WAY = ({"<", "<="}, {">", ">="})
_TRUE_OR_FALSE = (Comparison, Not, AllOf, AnyOf)


class Fault(Exception):
    """What is wrong at one character of an expression, counted from 0."""

    def __init__(self, position: int | None, sentence: str) -> None:
        super().__init__(sentence)
        self.position = position or 0
        self.sentence = sentence


def shown(text: str, most: int = 40) -> str:
    """A text for a sentence: on one line, without what cannot be printed, cut if it is long."""
    plain = "".join(c if c.isprintable() else " " for c in text[: most + 1])
    return plain if len(plain) <= most else plain[:most] + "..."


@v_args(inline=True)
class Builder(Transformer[Token, Node]):
    """One method for each rule of the grammar.

    Raises
    ------
    Fault
        If a function, a method, an escape or a chain is not of the language.
    """

    def conditional(self, condition: Node, yes: Node, no: Node) -> Node:
        """``condition ? yes : no``."""
        return Conditional(condition, yes, no)

    def yes_if_else(self, yes: Node, condition: Node, no: Node) -> Node:
        """``yes if condition else no``."""
        return Conditional(condition, yes, no)

    def any_of(self, *items: Node) -> Node:
        """``a || b``."""
        return AnyOf(items)

    def all_of(self, *items: Node) -> Node:
        """``a && b``."""
        return AllOf(items)

    def negated(self, operand: Node) -> Node:
        """``!a``."""
        return Not(operand)

    def comparison(self, first: Node, *rest: Token | Node) -> Node:
        """``a < b``; a chain must go one way, as languages differ in what others mean."""
        operators = [part for part in rest if isinstance(part, Token)]
        others = tuple(part for part in rest if not isinstance(part, Token))
        if len(operators) > 1 and not any(set(operators) <= way for way in _ONE_WAY):
            raise Fault(
                operators[1].start_pos,
                f"'{operators[1]}' after '{operators[0]}' can be read in two ways; join the comparisons with 'and', "
                "or put parentheses",
            )
        return Comparison(first, tuple(map(str, operators)), others)

    def list(self, *items: Node) -> Nodes:
        """``[a, b]``; it is no value, so it can only be looked into."""
        return items

    def arguments(self, *items: Node) -> Nodes:
        """What stands between the parentheses of a call."""
        return items

    def in_list(self, item: Node, options: Nodes) -> Node:
        """``a in [b]``."""
        return InList("in", item, options)

    def not_in_list(self, item: Node, options: Nodes) -> Node:
        """``a not in [b]``."""
        return Not(self.in_list(item, options))

    def in_text(self, part: Node, text: Node) -> Node:
        """``a in b``."""
        return Call("includes", (text, part))

    def not_in_text(self, part: Node, text: Node) -> Node:
        """``a not in b``."""
        return Not(self.in_text(part, text))

    def binary(self, left: Node, operator: Token, right: Node) -> Node:
        """``a + b``."""
        return Binary(str(operator), left, right)

    def unary(self, operator: Token, operand: Node) -> Node:
        """``-a``."""
        if operator == "~" and isinstance(operand, _TRUE_OR_FALSE):
            raise Fault(operator.start_pos, "'~' turns bits around, which is never false here; write '!' or 'not'")
        return Unary(str(operator), operand)

    def property(self, operand: Node, name: Token) -> Node:
        """``a.length``."""
        if name == "length":
            return Call("length", (operand,))
        if name in METHODS:
            raise Fault(name.start_pos, f"{name} is called with parentheses: .{name}()")
        raise Fault(
            name.start_pos,
            f"'.{shown(name)}' is nothing that can be looked at; a column with a point in its name is written "
            f'columns["a.b"], and a text has .length and {_methods(METHODS)}',
        )

    def method(self, operand: Node, name: Token, arguments: Nodes) -> Node:
        """``a.lower()``."""
        if name not in METHODS:
            raise Fault(name.start_pos, _unknown_method(str(name), "a text", METHODS))
        self._require_count(name, FUNCTIONS[METHODS[name]], len(arguments), own=1)
        return Call(METHODS[name], (operand, *arguments))

    def list_method(self, options: Nodes, name: Token, arguments: Nodes) -> Node:
        """``[a, b].includes(c)``."""
        if name not in LIST_METHODS:
            raise Fault(name.start_pos, _unknown_method(str(name), "a list", LIST_METHODS))
        self._require_count(name, FUNCTIONS[LIST_METHODS[name]], len(arguments), own=1)
        return InList(LIST_METHODS[name], arguments[0], options)

    def call(self, name: Token, arguments: Nodes) -> Node:
        """``abs(a)``."""
        if name not in CALLS:
            raise Fault(name.start_pos, _unknown_function(str(name)))
        self._require_count(name, FUNCTIONS[CALLS[name]], len(arguments))
        return Call(CALLS[name], arguments)

    def _require_count(self, name: Token, function: Function, count: int, own: int = 0) -> None:
        if function.takes(count + own):
            return
        least, most = function.least - own, "more" if function.most is None else function.most - own
        allowed = f"{least} value" if most == 1 else f"{least} or {most} values" if least != most else f"{least} values"
        raise Fault(name.start_pos, f"{name}() takes {allowed}, not {count}")

    def number(self, token: Token) -> Node:
        """``1.5``; one too large is infinite."""
        return Literal(float(token))

    def string(self, token: Token) -> Node:
        """``"text"``."""
        return Literal(_unquoted(token))

    def true(self) -> Node:
        """``true``."""
        return Literal(True)

    def false(self) -> Node:
        """``false``."""
        return Literal(False)

    def missing(self) -> Node:
        """``null``."""
        return Literal(None)

    def name(self, token: Token) -> Node:
        """A constant, or else a column."""
        return Literal(CONSTANTS[token]) if token in CONSTANTS else Column(str(token))

    def word(self, token: Token) -> Token:
        """A word of the language where only a column can be meant."""
        return token

    def column(self, token: Token) -> Node:
        """``columns.name``."""
        return Column(str(token))

    def quoted_column(self, token: Token) -> Node:
        """``columns["name"]``."""
        return Column(_unquoted(token))


def _unquoted(token: Token) -> str:
    def plain(escape: re.Match[str]) -> str:
        if escape[1] not in _ESCAPES:
            raise Fault(
                (token.start_pos or 0) + 1 + escape.start(),
                f"'{shown(escape[0])}' means nothing in a text; write \\\\ for a backslash, \\\" for a quote, "
                "\\n for a new line or \\t for a tab",
            )
        return _ESCAPES[escape[1]]

    return re.sub(r"\\(.)", plain, token[1:-1])


def _unknown_function(name: str) -> str:
    if name == "random":
        return "random() would choose other rows in each run; filter by a column of the table instead"
    if name in METHODS:
        return f"{name} is asked of a text: write a.{name}(...) with a column or text in place of a"
    return f"there is no function '{shown(name)}'{nearest(name, CALLS)}; there are {', '.join(sorted(CALLS))}"


def _unknown_method(name: str, owner: str, known: Mapping[str, str]) -> str:
    if name in _PATTERNS:
        return f".{name}() and its patterns are not part of the language; use .includes(), .startsWith() or .endsWith()"
    if name in CALLS:
        return f"{name} is no method; write {name}(...)"
    return f"{owner} has no method '{shown(name)}'{nearest(name, known)}; it has {_methods(known)}"


def _methods(known: Mapping[str, str]) -> str:
    return ", ".join(f".{name}()" for name, function in known.items() if name == function)
