"""XML that a user gives: parsed without entities, its elements found whatever their namespace."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree as Xml
from xml.etree.ElementTree import Element

import defusedxml.ElementTree as SafeXml
from defusedxml import DefusedXmlException

from classify_local.errors import InputError, RefusedError

_WHOLE = re.compile(r"(-?[0-9]+)\.0*")


def parse(data: bytes | str, where: str) -> Element:
    """The root of an XML text. A document type may stand there, as QGIS writes one; entities may not.

    Raises
    ------
    InputError, RefusedError
        If it is not XML, or declares entities.
    """
    try:
        root: Element = SafeXml.fromstring(data, forbid_dtd=False, forbid_entities=True, forbid_external=True)
    except DefusedXmlException as error:
        raise RefusedError(f"{where}: declares entities, which no style needs; do not use it") from error
    except (SafeXml.ParseError, ValueError, LookupError) as error:  # an unknown encoding is a LookupError
        raise InputError(f"{where}: broken XML ({error}); save or download it again") from error
    return root


def local(element: Element) -> str:
    """An element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def child_text(element: Element, name: str) -> str:
    """The text of a child, empty if there is none."""
    return next((child.text or "" for child in element if local(child) == name), "")


def every(root: Element, name: str) -> Iterator[Element]:
    """All elements of a name, in any namespace."""
    return (element for element in root.iter() if local(element) == name)


def label_of(element: Element) -> str | None:
    """The attribute `label`; None if it is empty, as programs write it for classes without a name."""
    label = element.get("label", "")
    return label if label.strip() else None


def whole(text: str) -> str:
    """A number as a class value is written: `10` for `10.0`; other texts as they are."""
    found = _WHOLE.fullmatch(text.strip())
    return found[1] if found else text.strip()


def document(root: Element, head: str = "") -> str:
    """An element as a text, indented, with line ends inside texts kept."""
    Xml.indent(root)
    return head + Xml.tostring(root, encoding="unicode").replace("\r", "&#13;") + "\n"
