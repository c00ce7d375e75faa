"""The language row by row, in plain Python: slow, and written without the package's arithmetic."""

import math
import re
import struct

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

NUMBER = re.compile(r"[+-]?([0-9]+[.]?|[0-9]*[.][0-9]+)([eE][+-]?[0-9]+)?")


def cell(text, exact=True):
    """The value of a cell."""
    bare = text.strip()
    if bare == "":
        return None
    if bare.lower() in ("true", "false"):
        return bare.lower() == "true"
    if not NUMBER.fullmatch(bare):
        return text
    if exact and re.fullmatch("[+-]?[0-9]+", bare) and abs(int(bare)) >= 2**53:
        return text
    return float(bare)


def evaluate(node, row):
    """The value of a tree in one row, which gives each column's value."""
    return _RULES[type(node)](node, lambda part: evaluate(part, row), row)


def truth(value):
    return value is not None and value is not False and value not in (0, "")


def number(value):
    """The number a value stands for, or None."""
    value = cell(value, exact=False) if isinstance(value, str) else value
    return float(value) if isinstance(value, bool | float) else None


def shown(value):
    """A value as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else number_shown(value)


def number_shown(value):
    """A number as JavaScript writes it, from the digits and exponent of Python's own shortest form."""
    if value == 0 or math.isinf(value):
        return {0.0: "0", math.inf: "Infinity", -math.inf: "-Infinity"}[value]
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole_part, _, fraction = mantissa.partition(".")
    digits = (whole_part + fraction).lstrip("0")
    point = len(whole_part) + int(exponent or 0) - (len(whole_part + fraction) - len(digits))
    digits = digits.rstrip("0")
    sign = "-" if value < 0 else ""
    if len(digits) <= point <= 21:
        return sign + digits.ljust(point, "0")
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    mantissa = digits[0] + ("." + digits[1:] if digits[1:] else "")
    return f"{sign}{mantissa}e{point - 1:+d}"


def strictly_equal(a, b):
    return type(a) is type(b) and a == b


def equal(a, b):
    if isinstance(a, str) != isinstance(b, str):
        a, b = (cell(v, exact=False) if isinstance(v, str) else v for v in (a, b))
        if isinstance(a, str) or isinstance(b, str):
            return False
    return a == b


def compare(operator, a, b):
    if operator in ("==", "!="):
        return equal(a, b) == (operator == "==")
    if operator in ("===", "!=="):
        return strictly_equal(a, b) == (operator == "===")
    if not (isinstance(a, str) and isinstance(b, str)):
        a, b = number(a), number(b)
        if a is None or b is None:
            return False
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator]


def int32(x):
    whole = 0 if math.isinf(x) else int(x) % 2**32
    return whole - 2**32 if whole >= 2**31 else whole


def real(compute, *values):
    """A computation with numbers; None if one is missing or there is no result."""
    found = [number(value) for value in values]
    if None in found:
        return None
    try:
        result = float(compute(*found))
    except (ValueError, OverflowError):
        return None
    return None if math.isnan(result) else result


def divide(a, b):
    if b == 0:
        return math.nan if a == 0 else math.copysign(math.inf, a) * math.copysign(1, b)
    return a / b


ARITHMETIC = {
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": divide,
    "%": lambda a, b: math.fmod(a, b),
    "|": lambda a, b: int32(a) | int32(b),
    "^": lambda a, b: int32(a) ^ int32(b),
    "&": lambda a, b: int32(a) & int32(b),
    "<<": lambda a, b: int32(int32(a) * 2 ** (int32(b) % 32)),
    ">>": lambda a, b: int32(a) // 2 ** (int32(b) % 32),
    ">>>": lambda a, b: int32(a) % 2**32 // 2 ** (int32(b) % 32),
}


def binary(node, value, _):
    a, b = value(node.left), value(node.right)
    if node.operator != "+":
        return real(ARITHMETIC[node.operator], a, b)
    if not isinstance(a, str) and not isinstance(b, str):
        return real(lambda a, b: a + b, a, b)
    return None if a is None or b is None else shown(a) + shown(b)


def in_list(node, value, _):
    item, options = value(node.item), [value(option) for option in node.options]
    same = equal if node.how == "in" else strictly_equal
    found = next((i for i, option in enumerate(options) if same(item, option)), -1)
    return float(found) if node.how == "indexOf" else found >= 0


def chain(node, value, _):
    values = [value(node.first), *map(value, node.others)]
    return all(map(compare, node.operators, values[:-1], values[1:]))


def first(items, value, decisive):
    for item in items:
        found = value(item)
        if truth(found) == decisive:
            return found
    return found


def single(x):
    try:
        return struct.unpack("f", struct.pack("f", x))[0]
    except OverflowError:
        return math.copysign(math.inf, x)


def whole(change):
    return lambda x: x if math.isinf(x) else math.copysign(change(x), x)


NUMERIC = {
    "abs": abs,
    "ceil": whole(math.ceil),
    "floor": whole(math.floor),
    "trunc": whole(math.trunc),
    "round": lambda x: x if math.isinf(x) else math.floor(x) + (x - math.floor(x) >= 0.5),
    "sign": lambda x: (x > 0) - (x < 0),
    "sqrt": math.sqrt,
    "fround": single,
    "clz32": lambda x: 32 - (int32(x) % 2**32).bit_length(),
    "imul": lambda a, b: int32(int32(a) * int32(b)),
    "max": lambda *values: sorted(values)[-1],
    "min": lambda *values: sorted(values)[0],
}


def position(value):
    return max(min(math.trunc(value) if math.isfinite(value) else math.copysign(1e9, value), 10**9), -(10**9))


def sliced(text, *bounds):
    start, stop, *_ = [int(position(b)) for b in bounds] + [len(text)]
    start, stop = (max(len(text) + b, 0) if b < 0 else b for b in (start, stop))
    return "".join(text[i] for i in range(start, min(stop, len(text))))


def substring(text, *bounds):
    a, b, *_ = [min(max(int(position(b)), 0), len(text)) for b in bounds] + [len(text)]
    return "".join(text[i] for i in range(min(a, b), max(a, b)))


TEXTUAL = {
    "includes": lambda text, part: part in text,
    "startsWith": lambda text, part: text[: len(part)] == part,
    "endsWith": lambda text, part: text[len(text) - len(part) :] == part if len(part) <= len(text) else False,
    "indexOf": lambda text, part: float(text.find(part)),
    "lower": lambda text: text.lower(),
    "upper": lambda text: text.upper(),
    "trim": lambda text: text.strip(),
    "length": lambda text: float(len(text)),
}


def call(node, value, _):
    values = [value(part) for part in node.arguments]
    if node.function == "isnull":
        return values[0] is None
    if node.function in NUMERIC:
        return real(NUMERIC[node.function], *values)
    if values[0] is None:
        return None
    if node.function in ("slice", "substring"):
        bounds = [number(bound) for bound in values[1:]]
        cut = sliced if node.function == "slice" else substring
        return None if None in bounds else cut(shown(values[0]), *bounds)
    return None if None in values else TEXTUAL[node.function](*map(shown, values))


SIGNED = {"-": lambda a: -a, "+": lambda a: a, "~": lambda a: -int32(a) - 1}

_RULES = {
    Literal: lambda node, *_: node.value,
    Column: lambda node, _, row: row[node.name],
    Unary: lambda node, value, _: real(SIGNED[node.operator], value(node.operand)),
    Not: lambda node, value, _: not truth(value(node.operand)),
    Binary: binary,
    Comparison: chain,
    InList: in_list,
    Call: call,
    AllOf: lambda node, value, _: first(node.items, value, False),
    AnyOf: lambda node, value, _: first(node.items, value, True),
    Conditional: lambda node, value, _: value(node.yes if truth(value(node.condition)) else node.no),
}
