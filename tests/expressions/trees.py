"""Random trees and tables."""

from hypothesis import strategies as st

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
from tests.expressions.reference import ARITHMETIC, NUMERIC, TEXTUAL

NAMES = ("a", "class", "Land use", "and", "min", "E", ".geo", 'say "so"')
TEXTS = ["", "0", "1", "2.5", "-3", "true", "FALSE", "x", "Foo", "10", "1e3", " 7 ", "9007199254740993", "nan"]
TEXTS += [
    "Infinity",
    "stra\u00dfe",
    "1e400",
    "-1e400",
    "\\ 'q' \"r\"\n",
    "4294967297.5",
    "1e-7",
    "123456789012345680000",
]

texts = st.sampled_from(TEXTS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
amounts = st.sampled_from([0.0, 1.0, 2.0, 0.5, 10.0, 31.0, 1e-7, 4294967295.0, 1e21, 1e300])
amounts |= st.floats(0, allow_infinity=False).map(abs)
literals = st.builds(Literal, texts | amounts | st.sampled_from([None, True, False]))
columns = st.builds(Column, st.sampled_from(NAMES))


def _tuples(parts, least=1, most=3):
    return st.lists(parts, min_size=least, max_size=most).map(tuple)


def _chains(parts):
    one = st.tuples(st.sampled_from(["==", "!=", "===", "!==", "<", "<=", ">", ">="]))
    ways = [st.lists(st.sampled_from(way), min_size=2, max_size=3) for way in (["<", "<="], [">", ">="])]
    operators = one | st.one_of(ways).map(tuple)
    return operators.flatmap(
        lambda found: st.builds(Comparison, parts, st.just(found), st.tuples(*[parts] * len(found)))
    )


def _calls(parts):
    arguments = dict.fromkeys((*NUMERIC, *TEXTUAL, "isnull"), (1, 1))
    arguments |= dict.fromkeys(("includes", "startsWith", "endsWith", "indexOf", "imul"), (2, 2))
    arguments |= dict.fromkeys(("slice", "substring"), (2, 3)) | dict.fromkeys(("max", "min"), (1, 3))
    one_of_them = [st.builds(Call, st.just(name), _tuples(parts, *count)) for name, count in arguments.items()]
    return st.one_of(one_of_them)


def _flipped(part):
    """The bits of a part, unless that is refused because the part is true or false."""
    return Unary("-" if isinstance(part, Comparison | Not | AllOf | AnyOf) else "~", part)


def _extended(parts):
    return st.one_of(
        st.builds(Unary, st.sampled_from("-+"), parts) | parts.map(_flipped),
        st.builds(Not, parts),
        st.builds(Binary, st.sampled_from(["+", *ARITHMETIC]), parts, parts),
        _chains(parts),
        st.builds(InList, st.sampled_from(["in", "includes", "indexOf"]), parts, _tuples(parts, 0)),
        _calls(parts),
        st.builds(AllOf, _tuples(parts, 2)),
        st.builds(AnyOf, _tuples(parts, 2)),
        st.builds(Conditional, parts, parts, parts),
    )


trees = st.recursive(literals | columns, _extended, max_leaves=8)
tables = st.integers(0, 9).flatmap(
    lambda n: st.fixed_dictionaries({name: st.lists(texts, min_size=n, max_size=n) for name in NAMES})
)
