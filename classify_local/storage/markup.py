"""Large XML files element by element, without entities, document types or endless nesting."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import IO
from xml.etree.ElementTree import Element

import defusedxml.ElementTree as SafeXml
from defusedxml import DefusedXmlException

from classify_local.errors import InputError, RefusedError

_MAX_DEPTH = 100


def local(element: Element) -> str:
    """An element's name without its namespace, which old files lack or misspell."""
    return str(element.tag).rpartition("}")[2]


def child(element: Element, name: str) -> Element | None:
    """The first child of a name."""
    return next((found for found in element if local(found) == name), None)


def child_text(element: Element, name: str) -> str:
    """What the first child of a name says, or an empty text."""
    found = child(element, name)
    return (found.text or "").strip() if found is not None else ""


def elements(stream: IO[bytes], where: str, names: Collection[str]) -> Iterator[tuple[Element, tuple[Element, ...]]]:
    """Elements of some names, complete, each with those that hold it; it is let go afterwards.

    Raises
    ------
    InputError, RefusedError
        If the file is broken, or declares document types or entities.
    """
    within: list[Element] = []
    for event, element in _events(stream, where):
        if event == "start":
            within.append(element)
            if len(within) > _MAX_DEPTH:
                raise InputError(f"{where}: has elements nested deeper than {_MAX_DEPTH}; export it anew")
            continue
        within.pop()
        if local(element) in names:
            yield element, tuple(within)
            if within:
                within[-1].remove(element)


def root_name(stream: IO[bytes], where: str) -> str:
    """The name of the outermost element.

    Raises
    ------
    InputError, RefusedError
        As for `elements`.
    """
    return next(local(element) for _, element in _events(stream, where))


def _events(stream: IO[bytes], where: str) -> Iterator[tuple[str, Element]]:
    try:
        yield from SafeXml.iterparse(stream, events=("start", "end"), forbid_dtd=True)
    except DefusedXmlException as error:
        raise RefusedError(
            f"{where}: declares document types or entities, which no data need; do not use it"
        ) from error
    except (SafeXml.ParseError, ValueError, LookupError) as error:  # an unknown encoding is a LookupError
        raise InputError(f"{where}: is broken XML ({error}); save or export it anew") from error
