"""The text of a recipe from what was decided, with the reason beside each key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classify_local.starting.class_choice import SourceDraft
from classify_local.starting.classes import Matched
from classify_local.starting.imagery import ImageDraft
from classify_local.starting.lines import Lines, entry, flow
from classify_local.starting.paths import written_path
from classify_local.starting.text_images import write_image
from classify_local.starting.text_sources import write_source

INLINE = 30
"""Classes up to which a legend stands in the recipe itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a recipe is written from.

    Parameters
    ----------
    name
        The map's.
    folder
        The recipe's.
    images, sources
        What is decided of them.
    matched
        The classes; None if nothing tells them.
    legend_file
        The file that holds the legend, as the recipe names it; None if it stands in the recipe.
    own_legend
        True if the user gave the legend.
    without_data
        Class values whose rows all lie where the image has no data.
    allow
        Folders in which sources of a VRT may lie.
    """

    name: str
    folder: Path
    images: Sequence[ImageDraft]
    sources: Sequence[SourceDraft]
    matched: Matched | None
    legend_file: str | None
    own_legend: bool
    without_data: Sequence[int]
    allow: Sequence[str]


def recipe_text(parts: Parts) -> str:
    """The recipe as YAML."""
    lines = Lines()
    lines.say("Made by classify-local init from what the files say. What had to be guessed says so: look at it there.")
    lines.say("A line that begins with # does nothing; take the # away to use what it offers. Then, in a terminal:")
    lines.say("  classify-local check recipe.yml    and    classify-local run recipe.yml")
    lines.key("name", parts.name)
    lines.blank()
    _images(lines, parts)
    if parts.allow:
        lines.say("Folders in which the files that a VRT names may lie.")
        lines.key("allowed_folders", [written_path(folder, parts.folder) for folder in parts.allow])
        lines.blank()
    _legend(lines, parts)
    _training(lines, parts)
    _rest(lines)
    return lines.text()


def _images(lines: Lines, parts: Parts) -> None:
    if len(parts.images) > 1:
        lines.say("The first image gives the map its pixels and its extent.")
    lines.open("images")
    for image in parts.images:
        write_image(lines, image, parts.folder, parts.images[0].grid)
    lines.blank()


def _legend(lines: Lines, parts: Parts) -> None:
    matched = parts.matched
    if matched is None:
        lines.say("The classes: value in the map, name and colour. A run needs them; for example:")
        lines.offer(
            ["legend:", *(f"  - {flow(_class(*one))}" for one in ((1, "Forest", "#006400"), (2, "Other", "#FFD24D")))]
        )
        lines.blank()
        return
    lines.say(_legend_remark(parts, matched))
    if parts.legend_file is not None:
        lines.key("legend", parts.legend_file)
        if parts.own_legend and parts.without_data:
            lines.say(f"All rows of {_labels(matched, parts.without_data)} lie where the image has no data.")
    else:
        _inline_legend(lines, parts, matched)
    lines.blank()


def _inline_legend(lines: Lines, parts: Parts, matched: Matched) -> None:
    lines.open("legend")
    for one in matched.legend:
        item = _class(one.value, one.label, one.color)
        if one.value in parts.without_data:
            lines.say("all rows of this class lie where the image has no data, so no map can show it:", 2)
            lines.offer([f"- {flow(item)}"], 2)
        else:
            lines.item(item, 2, _counted(matched.rows.get(one.value, 0), parts))


def _counted(rows: int, parts: Parts) -> str:
    """How many rows of the reference data are of a class."""
    what = "polygon" if all(source.polygons == source.rows for source in parts.sources) else "row"
    return f"{rows:,} {what}{'' if rows == 1 else 's'}" if rows else ""


def _class(value: int, label: str, color: str) -> dict[str, Any]:
    return {"value": value, "label": label, "color": color}


def _legend_remark(parts: Parts, matched: Matched) -> str:
    if parts.own_legend:
        return "The classes: your legend."
    where = " and ".join(Path(source.path).name for source in parts.sources)
    texts = any(matched.texts)
    order = ", numbered in the order of the alphabet" if texts else ""
    unnamed = " Nothing there names them: give them names." if matched.nameless else ""
    return f"The classes: value in the map, name and colour; change them as you like. Found in {where}{order}.{unnamed}"


def _labels(matched: Matched, values: Sequence[int]) -> str:
    return ", ".join(matched.legend.label(value) for value in values)


def _training(lines: Lines, parts: Parts) -> None:
    if not parts.sources:
        lines.say("What the classifier learns from: points or polygons with a class. A run needs some; for example:")
        lines.offer(["training:", f"  - {entry('csv', 'points.csv')}   # columns x, y (longitude, latitude) and class"])
        lines.blank()
        return
    lines.say("What the classifier learns from.")
    lines.open("training")
    for number, source in enumerate(parts.sources):
        texts = parts.matched.texts[number] if parts.matched else {}
        unknown = parts.matched.unknown[number] if parts.matched else {}
        write_source(lines, source, parts.folder, texts, unknown)
    lines.blank()


def _rest(lines: Lines) -> None:
    lines.say("Six other classifiers: gradient_tree_boost, svm, cart, naive_bayes, minimum_distance, decision_tree.")
    lines.key("classifier", {"type": "random_forest", "number_of_trees": 100, "seed": 1})
    lines.blank()
    lines.say("The map: the class of each pixel, and how sure the classifier is of it in percent.")
    lines.open("output")
    lines.key("bands", ["class", "class_probability"], 2)
