"""What is wrong with a recipe, in the words of someone who wrote it: file, line, path, remedy."""

from __future__ import annotations

import datetime
import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from classify_local.errors import nearest
from classify_local.recipe.model import Recipe

_LIMITS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}
_TYPES = {
    "int_type": "a whole number",
    "float_type": "a number",
    "string_type": "text",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping of keys and values",
    "model_attributes_type": "a mapping of keys and values",
    "finite_number": "a finite number",
    "int_parsing": "a whole number",
    "string_unicode": "text that UTF-8 can hold",
    "int_parsing_size": "a whole number",
}
_EXAMPLES = {
    "images": "images: [{path: mosaic.tif}]",
    "images.bands": "bands: [red, nir]",
    "images.derived": "derived: [{indexes: [ndvi]}]",
    "images.derived.texture": "texture: {bands: [nir], window: 7}",
    "images.derived.texture.limits": "limits: [0, 5000]",
    "images.derived.focal": "focal: {bands: [nir], statistics: [mean], window: 5}",
    "legend": "legend: legend.csv",
    "training": "training: [{csv: points.csv}]",
    "training.sample.per_class": "per_class: {default: 1000}",
    "auxiliaries": "auxiliaries: [terrain]",
    "allowed_folders": "allowed_folders: [/data/mosaics]",
    "classifier": "classifier: {type: random_forest}",
    "output.bands": "bands: [class]",
    "output.aoi": "aoi: area.gpkg, or aoi: [west, south, east, north]",
}
"""How parts are written that are often written otherwise."""

_SHALLOW = {*_TYPES, "too_short", "literal_error"}
"""What pydantic says of a whole although the fault lies deeper in it."""


def describe_errors(error: ValidationError, node: Any, where: str) -> list[str]:
    """One line for each thing pydantic found, in the order of the file."""
    lines = {}
    for details in _pruned(error):
        path = tuple(details["loc"])
        lines[f"{place(node, path, where)}: {_message(details, path)}"] = _line(node, path)
    return sorted(lines, key=lambda text: lines[text])


def place(node: Any, path: tuple[Any, ...], where: str) -> str:
    """`file, line N, path.inside[0]`, as far as the text goes."""
    return f"{where}, line {_line(node, path)}, {_path_text(node, path) or 'top'}"


def _pruned(error: ValidationError) -> Iterator[dict[str, Any]]:
    """Leave out what the members of a union that were not meant complain about."""
    found: list[Any] = error.errors(include_url=False)
    groups: dict[tuple[Any, ...], list[Any]] = {}
    for details in found:
        groups.setdefault(_user_path(details["loc"]), []).append(details)
    for path, group in groups.items():
        deeper = any(other != path and other[: len(path)] == path for other in groups)
        if not (deeper and all(details["type"] in _SHALLOW for details in group)):
            yield _joined(group)


def _joined(group: list[Any]) -> dict[str, Any]:
    """Members of a union that all want another type: one message that names them all."""
    if len(group) > 1 and all(details["type"] in _TYPES for details in group):
        wanted = " or ".join(dict.fromkeys(_TYPES[details["type"]] for details in group))
        return {**group[0], "type": "either", "ctx": {"wanted": wanted}}
    telling = [details for details in group if details["type"] not in _TYPES]
    return dict((telling or group)[0])


def _message(details: Mapping[str, Any], path: tuple[Any, ...]) -> str:
    kind, given, context = details["type"], details["input"], details.get("ctx", {})
    if kind in ("extra_forbidden", "invalid_key"):
        allowed = _allowed_keys(path)
        key = _key(path[-1])
        return f"unknown key {key!r}{nearest(key, allowed)}; allowed: {', '.join(allowed)}"
    if kind == "missing" and isinstance(path[-1], int):
        return "a value is missing here"
    if kind == "missing":
        return f"the key {_user_path(path)[-1]!r} is missing{_example(path)}"
    if kind == "kind":
        return f"{details['msg']}{_kind_hint(given, details['msg'])}"
    if kind == "either":
        return f"must be {context['wanted']}, not {_shown(given)}{_example(path)}"
    if kind in _TYPES:
        return f"must be {_TYPES[kind]}, not {_shown(given)}{_type_hint(kind, given, path)}"
    if kind in _LIMITS:
        limit, words = _LIMITS[kind]
        return f"must be {words} {context[limit]}, not {_shown(given)}"
    return _enumerated(kind, given, context) or f"{details['msg']}"


def _enumerated(kind: str, given: Any, context: Mapping[str, Any]) -> str | None:
    if kind == "literal_error":
        allowed = [part.strip("' ") for part in context["expected"].replace(" or ", ", ").split(", ")]
        return f"must be one of {', '.join(allowed)}, not {_shown(given)}{nearest(str(given), allowed)}"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        allowed = [part.strip("' ") for part in str(context.get("expected_tags", "")).split(", ") if part]
        tag = context.get("tag")
        if tag is None:
            return "needs the key 'type', for example type: random_forest"
        return f"type must be one of {', '.join(allowed)}, not {tag!r}{nearest(str(tag), allowed)}"
    if kind == "too_short":
        return f"must hold at least {context['min_length']}, not {context['actual_length']}"
    if kind == "too_long":
        return f"must hold {context['max_length']}, not {context['actual_length']}"
    return None


def _type_hint(kind: str, given: Any, path: tuple[Any, ...]) -> str:
    if path[-1:] == ("color",) and given is None:
        return '; write it in quotes, for example "#006400"'
    plain = isinstance(given, int | float | datetime.date) and not isinstance(given, bool)
    if kind == "string_type" and plain:
        return f'; write it in quotes: "{_shown(given)}"'
    return _example(path)


def _kind_hint(given: Any, message: str) -> str:
    """What is there instead of the one key that tells what an entry is."""
    if not isinstance(given, Mapping):
        return f", not {_shown(given)}"
    allowed = message.partition(": ")[2].split(", ")
    held = [key for key in allowed if key in given]
    if held:
        return f"; it has {' and '.join(held)}: make several entries of it"
    hints = (nearest(_key(key), allowed) for key in given if key not in allowed)
    return next((hint for hint in hints if hint), f"; it has {', '.join(map(_key, given)) or 'none'}")


def _key(key: Any) -> str:
    """A key as text. A file may hold any as key, also a number too long to be written."""
    text = _shown(key) if isinstance(key, int) else str(key)
    return text if len(text) <= 60 else text[:57] + "..."


def _example(path: tuple[Any, ...]) -> str:
    keys = [str(step) for step in _user_path(path) if not isinstance(step, int)]
    example = None if isinstance(path[-1], int) else _EXAMPLES.get(".".join(keys))
    return f", for example {example}" if example else ""


def _shown(value: Any) -> str:
    if isinstance(value, list | Mapping):
        return "a list" if isinstance(value, list) else "a mapping"
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    if isinstance(value, int) and value.bit_length() > 64:
        return "a number too large"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _is_tag(step: Any) -> bool:
    """True for the steps pydantic adds to a path for the member of a union it tried."""
    return isinstance(step, str) and (step.startswith(("<", "constrained-")) or "[" in step or step in _TYPE_STEPS)


_TYPE_STEPS = {
    "str", "int", "float", "bool", "random_forest", "gradient_tree_boost", "cart", "naive_bayes", "svm",
    "minimum_distance", "decision_tree", "Auxiliary",
}  # fmt: skip


def _user_path(path: tuple[Any, ...]) -> tuple[Any, ...]:
    steps = [step for step in path if not _is_tag(step)]
    return tuple(steps)


def _path_text(node: Any, path: tuple[Any, ...]) -> str:
    del node
    text = ""
    for step in _user_path(path):
        text += f"[{step}]" if isinstance(step, int) else f".{_key(step)}" if text else _key(step)
    return text


def _line(node: Any, path: tuple[Any, ...]) -> int:
    """Line (from 1) of the deepest part of `path` that the text holds."""
    line = getattr(getattr(node, "lc", None), "line", 0) or 0
    for step in _user_path(path):
        if isinstance(node, CommentedMap) and step in node:
            line = _key_line(node, step, line)
            node = node[step]
        elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
            line = (node.lc.data or {}).get(step, (line,))[0]
            node = node[step]
        else:
            break
    return int(line) + 1


def _key_line(node: CommentedMap, key: Any, line: int) -> int:
    """The line of a key; `line` if the key was merged in or set by the program, and has none."""
    found = (node.lc.data or {}).get(key)
    return found[0] if found else line


def _allowed_keys(path: tuple[Any, ...]) -> list[str]:
    """The keys of the mapping in which the last step of `path` stands."""
    models: list[type[BaseModel]] = [Recipe]
    for step in path[:-1]:
        models = [found for model in models for found in _step(model, step)] or models
    return list(dict.fromkeys(_alias(model, name) for model in models for name in model.model_fields))


def _alias(model: type[BaseModel], name: str) -> str:
    return model.model_fields[name].alias or name


def _step(model: type[BaseModel], step: Any) -> list[type[BaseModel]]:
    """Models that `step` leads to from `model`: the members of a field, or the member a tag names."""
    if isinstance(step, int):
        return [model]
    if _is_tag(step):
        tag = step.strip("<>")
        field = model.model_fields.get("type")
        named = field is not None and tag in get_args(field.annotation)
        return [model] if named or tag in model.model_fields or tag == model.__name__ else []
    for name, info in model.model_fields.items():
        if step == _alias(model, name):
            return list(_models(info.annotation))
    return []


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """All models inside an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in (Union, types.UnionType, tuple, Annotated):
        for part in get_args(annotation):
            if not isinstance(part, Tag) and get_origin(part) is not Literal:
                yield from _models(part)
