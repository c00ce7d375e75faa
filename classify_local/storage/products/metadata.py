"""Landsat's metadata: the same groups of names and values as text (ODL), JSON or XML."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path

from classify_local.errors import InputError
from classify_local.storage.safety import parse_xml, require_file

_LIMIT = 5_000_000
_LINE = re.compile(r"\s*(\w+)\s*=\s*(.*?)\s*")
_AGAIN = "download it again"

Groups = Mapping[str, Mapping[str, str]]
"""Values by name, by the innermost group they stand in."""


def read_mtl(path: Path) -> Groups:
    """The groups of a Landsat metadata file, its form told by its content.

    Raises
    ------
    InputError, RefusedError
        If it is too large, or broken.
    """
    require_file(path)
    if path.stat().st_size > _LIMIT:
        raise InputError(f"{path}: larger than {_LIMIT // 1_000_000} MB of metadata; {_AGAIN}")
    content = path.read_bytes()
    head = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if head == b"<":
        return _of_xml(path)
    text = content.decode("utf-8-sig", errors="replace")
    groups = _of_json(text, path) if head == b"{" else _of_text(text)
    if not groups:
        raise InputError(f"{path}: holds no groups of Landsat metadata; {_AGAIN}")
    return groups


def number(groups: Groups, group: str, name: str, path: Path) -> float | None:
    """A number, or None if it is not there.

    Raises
    ------
    InputError
        If what stands there is no finite number.
    """
    text = groups.get(group, {}).get(name)
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"{path}: {name} is {text[:20]!r}, not a number; {_AGAIN}")
    return value


def _of_xml(path: Path) -> Groups:
    root = parse_xml(path, _LIMIT)
    return {group.tag: {item.tag: (item.text or "").strip() for item in group} for group in root}


def _of_json(text: str, path: Path) -> Groups:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: broken JSON; {_AGAIN}") from error
    whole = found.get("LANDSAT_METADATA_FILE", {})
    if not isinstance(whole, dict):
        return {}
    return {
        group: {name: str(value) for name, value in items.items()}
        for group, items in whole.items()
        if isinstance(items, dict)
    }


def _of_text(text: str) -> Groups:
    groups: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    for line in text.splitlines():
        match = _LINE.fullmatch(line)
        if match is None:
            continue
        if match[1] == "GROUP":
            current = groups.setdefault(match[2], {})
        elif match[1] != "END_GROUP":
            current[match[1]] = match[2].strip('"')
    return groups
