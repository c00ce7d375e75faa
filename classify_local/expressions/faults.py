"""Sentences for texts that are no expression: what stands where it cannot, and what may have been meant."""

from __future__ import annotations

from collections.abc import Sequence

from lark import Lark, Token
from lark.exceptions import UnexpectedCharacters, UnexpectedToken

from classify_local.expressions.building import Fault, shown
from classify_local.expressions.grammar import WORDS

DEEPEST = 100
"""Levels of parentheses, and of operators in each other, that an expression may have."""

_SPOT = 25
"""Characters shown on each side of the spot."""

_SIGNS = {
    "=": "'=' compares nothing; write == to compare",
    "=>": "'=>' is no operator; write >=",
    "=<": "'=<' is no operator; write <=",
    "<>": "'<>' is no operator; write !=",
    "//": "'//' is no operator; write floor(a / b)",
    "??": "'??' is no operator; write b if a == null else a",
    "\u2264": "'\u2264' is not understood; write <=",
    "\u2265": "'\u2265' is not understood; write >=",
    "\u2260": "'\u2260' is not understood; write !=",
    "\u00d7": "'\u00d7' is not understood; write *",
    "\u00f7": "'\u00f7' is not understood; write /",
    "\u2212": "this is a long minus sign; write -",
    "\u2013": "this is a dash; write -",
}
_ENDS = ("NAME", "NUMBER", "STRING", "RPAR", "RSQB")
"""What the value before an operator may end with."""

_QUOTES = "\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb\u00b4`"
_MEANT = {
    "AND": "'AND' is written and",
    "OR": "'OR' is written or",
    "NOT": "'NOT' is written not",
    "IN": "'IN' is written in",
    "is": "'is' is not part of the language; write == or !=, for example name == null",
    "IS": "'IS' is not part of the language; write == or !=, for example name == null",
    "like": "'like' is not part of the language; write name.includes(\"x\")",
    "LIKE": "'LIKE' is not part of the language; write name.includes(\"x\")",
    "between": "'between' is not part of the language; write 1 <= a <= 3",
    "BETWEEN": "'BETWEEN' is not part of the language; write 1 <= a <= 3",
}


def tokens_of(parser: Lark, text: str) -> list[Token]:
    """The words and signs of a text.

    Raises
    ------
    Fault
        If a character belongs to none of them, or brackets do not pair or are too deep.
    """
    try:
        tokens = list(parser.lex(text))
    except UnexpectedCharacters as error:
        position = error.pos_in_stream or 0
        raise Fault(position, _character(text, position)) from error
    _require_brackets(tokens, len(text))
    return tokens


def _character(text: str, position: int) -> str:
    sign = text[position]
    if sign in "\"'":
        return f"the text that begins here has no closing {sign} on its line"
    if sign in _QUOTES:
        return f"'{sign}' is a typographic quote; write \" or '"
    known = _SIGNS.get(text[position : position + 2]) or _SIGNS.get(sign)
    visible = f"'{sign}'" if sign.isprintable() else f"the character U+{ord(sign):04X}"
    return known or f'{visible} means nothing here; a column with such a sign in its name is written columns["a b"]'


def _require_brackets(tokens: Sequence[Token], end: int) -> None:
    opened: list[Token] = []
    for token in tokens:
        if token in ("(", "["):
            opened.append(token)
        elif token in (")", "]") and (not opened or opened.pop() + token not in ("()", "[]")):
            raise Fault(token.start_pos, f"there is no open bracket that '{token}' could close; take it out")
        if len(opened) > DEEPEST:
            raise Fault(token.start_pos, f"more than {DEEPEST} brackets are open; simplify the expression")
    if opened:
        position = (opened[-1].start_pos or 0) + 1
        raise Fault(end, f"the '{opened[-1]}' at character {position} is not closed")


def token_fault(error: UnexpectedToken, tokens: Sequence[Token], text: str) -> Fault:
    """What is wrong at the word or sign at which the parser stopped."""
    token = error.token
    position = len(text) if token.type == "$END" else token.start_pos
    before = [other for other in tokens if (other.start_pos or 0) < (position or 0)]
    last = before[-1] if before else None
    if last == "columns" or (last == "[" and before[-2:-1] == ["columns"]):
        return Fault(position, 'columns stands before the name of a column: columns.name or columns["Land use"]')
    stray = token if token.type == "LSQB" else _stray_list(before)
    if stray is not None:
        return Fault(
            stray.start_pos,
            'a list can stand only after in, or before .includes(); a column is written columns["name"]',
        )
    return Fault(position, _sentence(token, last))


def _sentence(token: Token, last: Token | None) -> str:
    if token.type == "$END":
        return "the expression ends before it is complete; write what comes here, or take out what is too much before"
    if last is not None and last.end_pos == token.start_pos and last[-1:] + token[:1] in _SIGNS:
        return _SIGNS[last[-1:] + token[:1]]
    return _word_sentence(token, last)


def _stray_list(tokens: Sequence[Token]) -> Token | None:
    """The bracket of the first list, if nothing looks into it."""
    for i, token in enumerate(tokens):
        if token.type == "LSQB" and tokens[max(i - 1, 0)] not in ("in", "columns"):
            end = next((k for k in range(i, len(tokens)) if tokens[k] == "]"), i)
            return None if len(tokens) >= end + 4 and tokens[end + 1] == "." else token
    return None


def _word_sentence(token: Token, last: Token | None) -> str:
    meant = _MEANT.get(str(token)) or _MEANT.get(str(last))
    if meant:
        return meant
    if token in WORDS:
        return f"'{token}' is a word of the language and cannot stand here; a column is written columns[\"{token}\"]"
    if token.type in ("NAME", "NUMBER", "STRING"):
        return (
            f"'{shown(token)}' follows without an operator between; join comparisons with and, write a text in "
            'quotes, and a column whose name has spaces or begins with a digit as columns["Land use"]'
        )
    if token.type in ("COMPARE", "BAR", "CARET", "AMPERSAND") and last is not None and last.type in _ENDS:
        return f"'{token}' cannot stand here; where | ^ & meet comparisons, put parentheses: (a & 1) == 1"
    return f"'{token}' cannot stand here; is something missing before it?"


def spot(text: str, position: int) -> str:
    """The text around a position on one line, with ``<here>`` before the character at it."""
    start, stop = max(position - _SPOT, 0), position + _SPOT
    before = ("..." if start else "") + text[start:position]
    after = text[position:stop] + ("..." if stop < len(text) else "")
    return " ".join(shown(f"{before} <here> {after}", most=3 * _SPOT).split())
