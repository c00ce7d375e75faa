"""The grammar of expressions, and the parser made of it."""

from __future__ import annotations

from functools import cache

from lark import Lark

from classify_local.expressions.building import Builder

_LETTERS = r"\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u1fff\u200c\u200d\u2c00-\u2fef\u3005-\U000effff"
"""Letters of all scripts with their marks, without the signs of arithmetic and the blocks of spaces and symbols."""

GRAMMAR = rf"""
?start: choice

?choice: any_of
    | any_of "?" choice ":" choice              -> conditional
    | any_of "if" any_of "else" choice          -> yes_if_else

?any_of: all_of (("||" | "or") all_of)*
?all_of: negation (("&&" | "and") negation)*
?negation: relation | "not" negation            -> negated

?relation: bits
    | shifted (COMPARE shifted)+                -> comparison
    | shifted "in" list                         -> in_list
    | shifted "not" "in" list                   -> not_in_list
    | shifted "in" shifted                      -> in_text
    | shifted "not" "in" shifted                -> not_in_text

?bits: exclusive | bits BAR exclusive           -> binary
?exclusive: common | exclusive CARET common     -> binary
?common: shifted | common AMPERSAND shifted     -> binary

?shifted: sum | shifted SHIFT sum               -> binary
?sum: product | sum SIGN product                -> binary
?product: signed | product TIMES signed         -> binary
?signed: power | (SIGN | FLIP) signed           -> unary
    | "!" signed                                -> negated
?power: member | member POWER signed            -> binary

?member: atom
    | member "." NAME                           -> property
    | member "." NAME arguments                 -> method
    | list "." NAME arguments                   -> list_method

list: "[" (choice ("," choice)*)? "]"
arguments: "(" (choice ("," choice)*)? ")"

?atom: "(" choice ")"
    | NUMBER                                    -> number
    | STRING                                    -> string
    | ("true" | "True")                         -> true
    | ("false" | "False")                       -> false
    | ("null" | "None" | "undefined")           -> missing
    | NAME                                      -> name
    | NAME arguments                            -> call
    | "columns" "." (NAME | word)               -> column
    | "columns" "[" STRING "]"                  -> quoted_column

!word: "or" | "and" | "not" | "in" | "if" | "else" | "columns"
    | "true" | "True" | "false" | "False" | "null" | "None" | "undefined"

COMPARE: /[=!]==?|<(?!<)=?|>(?!>)=?/
BAR: "|"
CARET: "^"
AMPERSAND: "&"
SHIFT: /<<|>>>?/
SIGN: /[+-]/
TIMES: /\*(?!\*)|[\/%]/
POWER: "**"
FLIP: "~"
NUMBER: /(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?/
STRING: /"(?:[^"\\\r\n]|\\.)*"|'(?:[^'\\\r\n]|\\.)*'/
NAME: /[A-Za-z_${_LETTERS}][\w${_LETTERS}]*/
%ignore /\s+/
"""
"""Operators from the loosest to the tightest. A bit operator beside a comparison needs parentheses: JavaScript and
Python read it in different ways."""

WORDS = frozenset({"or", "and", "not", "in", "if", "else", "columns"}) | {
    "true",
    "True",
    "false",
    "False",
    "null",
    "None",
    "undefined",
}
"""Names that are no columns unless written after ``columns``."""


@cache
def parser() -> Lark:
    """The parser; it gives the root `Node`, and builds it without recursion.

    The basic lexer takes words of the language for such wherever they stand.
    """
    return Lark(GRAMMAR, parser="lalr", lexer="basic", transformer=Builder(), maybe_placeholders=False)
