"""The lines of a recipe that say what a file of reference data holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from classify_local.starting.class_choice import SourceDraft
from classify_local.starting.classes import listed
from classify_local.starting.lines import Lines, entry
from classify_local.starting.paths import written_path


def write_source(
    lines: Lines, source: SourceDraft, folder: Path, texts: Mapping[int, Sequence[str]], unknown: Mapping[str, int]
) -> None:
    """Write an entry of `training`.

    Parameters
    ----------
    lines
        Where to.
    source
        What is decided of the file.
    folder
        The recipe's.
    texts, unknown
        What its classes are in the legend, and those that are not in it; as `Matched` has them.
    """
    for remark in _source_remarks(source, unknown):
        lines.say(f"{remark[0].upper()}{remark[1:]}.", 2)
    path = written_path(source.path, folder)
    if source.kind == "sample":
        lines.key("sample", {"path": path, "per_class": {"default": 1000}, "pure": True}, 4, first=True)
        return
    lines.key(source.kind, path, 4, first=True)
    for key, value in source.keys.items():
        if key != "whole":
            lines.key(key, value, 4)
    _mapping(lines, source, texts)
    if source.polygons:
        lines.say("Most pixels taken from one polygon, and whether to leave out those its border cuts.", 4)
        lines.key("per_polygon", 100, 4)
        lines.offer([entry("pure", True)], 4)


def _source_remarks(source: SourceDraft, unknown: Mapping[str, int]) -> list[str]:
    if source.kind == "sample":
        return ["an older map: points drawn from it, in pixels all of whose neighbours have the same class"]
    polygons = f", {source.polygons:,} of them polygons" if 0 < source.polygons < source.rows else ""
    what = ("polygon" if source.polygons == source.rows else "row") + ("" if source.rows == 1 else "s")
    within = "all" if source.inside == source.rows else f"{source.inside:,} of them"
    remarks = [f"{source.rows:,} {what}{polygons}, {within} in the image"]
    if unknown:
        few = [f"{text!r} ({count:,})" for text, count in unknown.items()]
        remarks.append(f"not in the legend, so these rows do not count: {listed(few)}")
    return [*remarks, *source.remarks]


def _mapping(lines: Lines, source: SourceDraft, texts: Mapping[int, Sequence[str]]) -> None:
    """Class value to the texts, or the columns, that mean it."""
    if "whole" in source.keys:
        lines.key("classes", {}, 4)
        lines.key("default", next(iter(texts)), 4)
        return
    if not texts:
        return
    if source.columns:
        lines.say("Class value: the column of the answer.", 4)
        lines.open("columns", 4)
    else:
        lines.say("Class value: what the column calls it. To join two classes put both names in one list.", 4)
        lines.open("classes", 4)
    for value, names in texts.items():
        of = [source.columns[name] for name in names] if source.columns else list(names)
        lines.key(value, of[0] if source.columns and len(of) == 1 else of, 6)
