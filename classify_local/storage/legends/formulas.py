"""Texts that a spreadsheet would take for a formula, made harmless on the way out and whole on the way in.

A cell that begins with one of `= + - @`, a tab or a carriage return is run as a formula when the file is
opened in a spreadsheet; an apostrophe before it keeps it a text. The rule takes apostrophes that are
there already along, so that it can be undone: a text gets one apostrophe more if it begins, after any
number of apostrophes, with such a character; and a text that begins with an apostrophe and then so
loses one. Every other text stays as it is, `'quoted'` for example.
"""

from __future__ import annotations

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def guarded(text: str) -> str:
    """The text as it is written to a CSV."""
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """The text that `guarded` made this of; others unchanged."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
