"""Lines of a YAML text with remarks, written so that reading and writing it again changes nothing."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from ruamel.yaml.comments import CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from classify_local.errors import InputError
from classify_local.recipe.text import dump

_WIDTH = 116
_MOST_IN_LINE = 100
_DOUBTFUL = re.compile(r"^[^\w./]|[^\w ./()+*=@%:-]|:(?!\w)|\s$")
"""What may mean something to YAML, by where it stands; such texts stand in double quotes."""


class Lines:
    """Gathers lines at an indent."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def text(self) -> str:
        """All of them."""
        return "\n".join(self._lines) + "\n"

    def blank(self) -> None:
        """An empty line."""
        self._lines.append("")

    def say(self, text: str, indent: int = 0) -> None:
        """A remark, over several lines if it is long."""
        margin = " " * indent + "# "
        self._lines += textwrap.wrap(
            plain(text), _WIDTH, initial_indent=margin, subsequent_indent=margin, break_long_words=False,
            break_on_hyphens=False,
        )  # fmt: skip

    def offer(self, lines: Sequence[str], indent: int = 0) -> None:
        """Lines of YAML that do nothing until their # is taken away."""
        self._lines += [" " * indent + "# " + line for line in lines]

    def key(self, key: str | int, value: Any, indent: int = 0, *, first: bool = False) -> None:
        """A key with a value; `first` begins an entry of a list."""
        dash = "- " if first else ""
        self._lines.append(f"{' ' * (indent - len(dash))}{dash}{entry(key, value)}")

    def open(self, key: str, indent: int = 0, *, first: bool = False) -> None:
        """A key whose value stands below it."""
        dash = "- " if first else ""
        self._lines.append(f"{' ' * (indent - len(dash))}{dash}{scalar(key)}:")

    def item(self, value: Any, indent: int, remark: str = "") -> None:
        """An entry of a list on one line."""
        self._lines.append(f"{' ' * indent}- {flow(value)}{f'  # {plain(remark)}' if remark else ''}")


def entry(key: str | int, value: Any) -> str:
    """`key: value` on one line."""
    return f"{scalar(key)}: {flow(value)}"


def flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(entry(key, inner) for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(inner) for inner in value) + "]"
    return scalar(value)


def fits_a_line(value: Any) -> bool:
    """True if a value is short enough to be read on one line."""
    return len(flow(value)) <= _MOST_IN_LINE


def scalar(value: Any) -> str:
    """A number, text or truth value as YAML."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return np.format_float_positional(value, trim="-")
    return _text(str(value))


@lru_cache(maxsize=4096)
def _text(text: str) -> str:
    """A text, in quotes where YAML may need them."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"{plain(text)}: is not in UTF-8, as all in a recipe is; rename it") from error
    quoted = _DOUBTFUL.search(text) or not text.isprintable()
    node = CommentedSeq([DoubleQuotedScalarString(text) if quoted else text])
    node.fa.set_flow_style()
    return dump(node).strip()[1:-1]


def plain(text: str) -> str:
    """A text on one line that a terminal and YAML take as it is."""
    return "".join(mark if mark.isprintable() else repr(mark)[1:-1] for mark in text)
