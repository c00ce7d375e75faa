"""As much of JSON Schema as the recipe's schema uses, so that the tests need no further package."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}
_SIZES: dict[str, Callable[[Any, Any], bool]] = {
    "minimum": lambda value, limit: value >= limit,
    "maximum": lambda value, limit: value <= limit,
    "exclusiveMinimum": lambda value, limit: value > limit,
    "exclusiveMaximum": lambda value, limit: value < limit,
    "minItems": lambda value, limit: len(value) >= limit,
    "maxItems": lambda value, limit: len(value) <= limit,
}
_IGNORED = {"title", "description", "default", "$defs", "$schema", "discriminator", "propertyNames"}


def problems_of(value: Any, schema: dict[str, Any], root: dict[str, Any] | None = None) -> Iterator[str]:
    """What is wrong with a value. A keyword that is not known here is an error, never skipped."""
    root = root or schema
    for keyword, rule in schema.items():
        yield from _problems(keyword, rule, value, schema, root)


def _problems(keyword: str, rule: Any, value: Any, schema: dict[str, Any], root: dict[str, Any]) -> Iterator[str]:
    if keyword == "$ref":
        yield from problems_of(value, root["$defs"][rule.rpartition("/")[2]], root)
    elif keyword in ("anyOf", "oneOf"):
        fitting = sum(not list(problems_of(value, choice, root)) for choice in rule)
        if not fitting or (keyword == "oneOf" and fitting > 1):
            yield f"{value!r} fits {fitting} of {keyword}"
    elif keyword in ("properties", "required", "additionalProperties"):
        yield from _of_object(keyword, rule, value, schema, root) if isinstance(value, dict) else ()
    elif keyword in ("items", "prefixItems"):
        yield from _of_array(keyword, rule, value, schema, root) if isinstance(value, list) else ()
    elif keyword not in _IGNORED and not _holds(keyword, rule, value):
        yield f"{value!r} against {keyword} {rule!r}"


def _holds(keyword: str, rule: Any, value: Any) -> bool:
    """A keyword that asks of the value alone."""
    if keyword in _SIZES:
        return not _applies(keyword, value) or _SIZES[keyword](value, rule)
    asked: dict[str, Callable[[], bool]] = {
        "type": lambda: _TYPES[rule](value),
        "const": lambda: value == rule,
        "enum": lambda: value in rule,
        "pattern": lambda: not isinstance(value, str) or bool(re.search(rule, value)),
    }
    return asked[keyword]()


def _applies(keyword: str, value: Any) -> bool:
    return _TYPES["array"](value) if keyword.endswith("Items") else _TYPES["number"](value)


def _of_object(
    keyword: str, rule: Any, value: dict[str, Any], schema: dict[str, Any], root: dict[str, Any]
) -> Iterator[str]:
    if keyword == "required":
        yield from (f"{key} is missing" for key in rule if key not in value)
    elif keyword == "properties":
        for key in value.keys() & rule.keys():
            yield from problems_of(value[key], rule[key], root)
    else:
        for key in value.keys() - schema.get("properties", {}).keys():
            if rule is False:
                yield f"{key} is not allowed"
            elif isinstance(rule, dict):
                yield from problems_of(value[key], rule, root)


def _of_array(keyword: str, rule: Any, value: list[Any], schema: dict[str, Any], root: dict[str, Any]) -> Iterator[str]:
    if keyword == "prefixItems":
        for item, part in zip(value, rule, strict=False):
            yield from problems_of(item, part, root)
    else:
        for item in value[len(schema.get("prefixItems", ())) :]:
            yield from problems_of(item, rule, root)
