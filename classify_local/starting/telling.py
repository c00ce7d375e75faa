"""What a draft holds, in sentences."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from classify_local.errors import ClassifyLocalError
from classify_local.starting.classes import listed
from classify_local.starting.imagery import ImageDraft
from classify_local.starting.text import Parts
from classify_local.storage.legends import import_legend

_LOOKED_INTO = 5


def _legend_beside(parts: Parts) -> Path | None:
    """A legend beside the reference data that has all their classes."""
    for source in parts.sources:
        for file in sorted(Path(source.path).expanduser().parent.glob("*legend*.csv"))[:_LOOKED_INTO]:
            with contextlib.suppress(ClassifyLocalError):
                if parts.matched and set(parts.matched.nameless) <= set(import_legend(file).legend.values):
                    return file
    return None


def summary(parts: Parts) -> list[str]:
    """What a recipe holds."""
    lines = [f"{image.look.mosaic.where}: {image.about}; bands {', '.join(image.names)}" for image in parts.images]
    if parts.matched is not None:
        lines.append(f"{len(parts.matched.legend)} classes: {listed([entry.label for entry in parts.matched.legend])}")
    for source in parts.sources:
        what = ("polygon" if source.polygons == source.rows else "row") + ("" if source.rows == 1 else "s")
        drawn = source.kind == "sample"
        lines.append(
            f"{source.path}: points will be drawn from it"
            if drawn
            else f"{source.path}: {source.rows:,} {what}, {source.inside:,} in the image"
        )
    return lines


def notes(parts: Parts) -> list[str]:
    """What a user should look at."""
    said = [note for image in parts.images for note in _on_image(image)]
    for number, source in enumerate(parts.sources):
        said += [f"{source.path}: {remark}" for remark in source.remarks]
        unknown = parts.matched.unknown[number] if parts.matched else {}
        if unknown:
            said.append(f"{source.path}: not in the legend, so not used: {listed(unknown)}")
    if parts.matched is not None and parts.without_data:
        labels = listed([parts.matched.legend.label(value) for value in parts.without_data])
        said.append(f"all rows of {labels} lie where the image has no data: give others")
    if parts.matched is not None and parts.matched.nameless:
        beside = _legend_beside(parts)
        named = f"{beside} seems to name them, give it with --legend" if beside else "name them in the recipe"
        said.append(f"the classes have numbers and no names yet: {named}")
    if parts.matched is None:
        said.append("there is no legend yet: a run needs one")
    if not parts.sources:
        said.append("there is no reference data yet: a run needs some")
    return said


def _on_image(image: ImageDraft) -> Iterator[str]:
    where = image.look.mosaic.where
    yield from (f"{where}: {name} is not taken: it {why}" for name, why in image.left_out if "no data" in why)
    if image.mask_why_not:
        yield f"{where}: {image.mask_why_not}"
    if image.naming.nameless:
        yield f"{where}: its bands have no names and go by their numbers; the recipe shows how to name them"
    yield from (f"{where}: {name} has no data in {100 * share:.1f} % of it" for name, share in image.lacking.items())
    if image.nodata is not None:
        yield f"{where}: {image.nodata:g} is taken for no data"
