"""Web addresses as texts: what is meant as one, and how it is shown."""

from __future__ import annotations

from typing import Any

_SCHEMES = ("http://", "https://")


def is_url(text: str) -> bool:
    """True for what is meant as a web address."""
    return text.strip().lower().startswith(_SCHEMES)


def shown(url: str) -> str:
    """An address as messages and records have it: without its query, which may hold a key."""
    return url.split("?")[0].split("#")[0]


def without_keys(value: Any) -> Any:
    """Plain values (lists, mappings, texts, numbers) in which every web address stands as it is `shown`."""
    if isinstance(value, str):
        return shown(value) if is_url(value) else value
    if isinstance(value, dict):
        return {key: without_keys(inner) for key, inner in value.items()}
    return [without_keys(inner) for inner in value] if isinstance(value, list | tuple) else value
