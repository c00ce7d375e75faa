"""Trees as text, in the two spellings that the language has."""

import re

from classify_local.expressions.functions import CONSTANTS, TEXT
from classify_local.expressions.grammar import WORDS
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
    Not,
    Unary,
)

PLAIN = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
METHODS = {
    "sepal": {"lower": "toLowerCase", "upper": "toUpperCase", "trim": "trim"},
    "python": {"startsWith": "startswith", "endsWith": "endswith", "includes": "contains", "trim": "strip"},
}


def printed(node, spelling):
    """The text of a tree, with parentheses around whatever is made of parts; `spelling` is sepal or python."""
    return _PRINTERS[type(node)](node, lambda part: _inner(part, spelling), spelling)


def quoted(text, spelling):
    quote = '"' if spelling == "sepal" else "'"
    escaped = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return quote + escaped.replace(quote, "\\" + quote) + quote


def _inner(node, spelling):
    text = printed(node, spelling)
    return text if isinstance(node, Literal | Column) else f"({text})"


def _literal(node, _, spelling):
    value = node.value
    if isinstance(value, str):
        return quoted(value, spelling)
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    words = {
        "sepal": {None: "null", True: "true", False: "false"},
        "python": {None: "None", True: "True", False: "False"},
    }
    return words[spelling][value]


def _column(node, _, spelling):
    plain = PLAIN.fullmatch(node.name) and node.name not in CONSTANTS
    if plain and node.name not in WORDS:
        return node.name
    return f"columns.{node.name}" if plain else f"columns[{quoted(node.name, spelling)}]"


def _chain(node, show, _):
    parts = zip(node.operators, node.others, strict=True)
    return show(node.first) + "".join(f" {operator} {show(other)}" for operator, other in parts)


def _in_list(node, show, _):
    options = f"[{', '.join(map(show, node.options))}]"
    return f"{show(node.item)} in {options}" if node.how == "in" else f"{options}.{node.how}({show(node.item)})"


def _call(node, show, spelling):
    first, *rest = map(show, node.arguments)
    if node.function == "length" and spelling == "python":
        return f"len({first})"
    if node.function not in TEXT:
        return f"{node.function}({', '.join([first, *rest])})"
    owner = f"({first})" if first[0].isdigit() else first
    if node.function == "length":
        return f"{owner}.length"
    return f"{owner}.{METHODS[spelling].get(node.function, node.function)}({', '.join(rest)})"


def _conditional(node, show, spelling):
    condition, yes, no = show(node.condition), show(node.yes), show(node.no)
    return f"{condition} ? {yes} : {no}" if spelling == "sepal" else f"{yes} if {condition} else {no}"


def _joined(sepal, python):
    return lambda node, show, spelling: f" {sepal if spelling == 'sepal' else python} ".join(map(show, node.items))


_PRINTERS = {
    Literal: _literal,
    Column: _column,
    Unary: lambda node, show, _: node.operator + show(node.operand),
    Not: lambda node, show, spelling: ("!" if spelling == "sepal" else "not ") + show(node.operand),
    Binary: lambda node, show, _: f"{show(node.left)} {node.operator} {show(node.right)}",
    Comparison: _chain,
    InList: _in_list,
    Call: _call,
    AllOf: _joined("&&", "and"),
    AnyOf: _joined("||", "or"),
    Conditional: _conditional,
}
