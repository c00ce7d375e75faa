"""The lines of a recipe that say what an image is, with the reason beside each key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from classify_local.grid import Grid
from classify_local.starting.imagery import ImageDraft
from classify_local.starting.lines import Lines, entry, fits_a_line
from classify_local.starting.paths import written_path
from classify_local.starting.sensors import title
from classify_local.starting.suggesting import resampling_onto, suggested_derived


def write_image(lines: Lines, image: ImageDraft, folder: Path, first: Grid) -> None:
    """Write an entry of `images`, at paths from the recipe's folder; `first` is the grid of the first one."""
    lines.say(f"{image.about}; {image.data}.", 2)
    path = image.path
    written = written_path(path, folder) if isinstance(path, str) else [written_path(one, folder) for one in path]
    lines.key("path", written, 4, first=True)
    _resampling(lines, resampling_onto(image, first))
    _bands(lines, image)
    _nodata(lines, image)
    _mask(lines, image)
    _reflectance(lines, image)
    _derived(lines, image)


def _resampling(lines: Lines, resampling: str | None) -> None:
    if resampling is not None:
        lines.say(
            "Its pixels are not those of the first image: nearest, bilinear (blended) or average (of finer ones).", 4
        )
        lines.key("resampling", resampling, 4)


def _bands(lines: Lines, image: ImageDraft) -> None:
    naming = image.naming
    lines.say(f"{naming.why}{_left_out(image)}", 4)
    if naming.nameless:
        lines.say("A map can be made without their names. To name them write, for example:", 4)
        order = naming.usual if len(naming.usual) == len(image.names) else ()
        names = order or [f"my_name_{number}" for number in range(1, len(image.names) + 1)]
        lines.offer([entry("bands", {name: pick.number for name, pick in zip(names, image.picks, strict=True)})], 4)
        if order:
            whose = f" of {title(naming.sensor)}" if naming.sensor else ""
            lines.say(f"That is the usual order{whose}: is it this file's?", 4)
    for name, share in image.lacking.items():
        lines.say(
            f"Look at {name}: it has no data in {_percent(share)} of the image, more than other bands. Only pixels "
            f"with data in all bands count: without {name} the map has fewer holes.", 4,
        )  # fmt: skip
    _band_list(lines, image)


def _left_out(image: ImageDraft) -> str:
    left_out = "; ".join(f"{name} {why}" for name, why in image.left_out)
    return f" Not taken: {left_out}." if left_out else ""


def _band_list(lines: Lines, image: ImageDraft) -> None:
    if all(pick.name == pick.ref for pick in image.picks):
        whole: Any = [pick.name for pick in image.picks]
    else:
        whole = {pick.name: pick.ref for pick in image.picks}
    if fits_a_line(whole):
        lines.key("bands", whole, 4)
        return
    lines.open("bands", 4)
    for pick in image.picks:
        if isinstance(whole, dict):
            lines.key(pick.name, pick.ref, 6)
        else:
            lines.item(pick.name, 6)


def _nodata(lines: Lines, image: ImageDraft) -> None:
    if image.nodata is not None:
        value = int(image.nodata) if image.nodata.is_integer() else image.nodata
        lines.say(f"Guessed: many pixels hold {value} in all bands, as where there is no data.", 4)
        lines.key("nodata", value, 4)


def _mask(lines: Lines, image: ImageDraft) -> None:
    if image.mask_why_not:
        lines.say(image.mask_why_not, 4)
    if image.mask is None:
        return
    keep = image.mask.rule.keep
    value = {"band": image.mask.ref, **({} if keep is None else {"keep": list(keep)})}
    kept = f"This keeps {_percent(image.mask.share)} of the image"
    lines.say(f"Pixels to keep: {image.mask.rule.meaning}. {kept}.", 4)
    lines.key("mask", value, 4)


def _reflectance(lines: Lines, image: ImageDraft) -> None:
    if image.scaling is None:
        return
    if image.scaling.reflectance is None:
        lines.say(f"No scale to reflectance is given: {image.scaling.why}.", 4)
    else:
        lines.say(f"From stored value to reflectance, which only indexes and texture need: {image.scaling.why}.", 4)
        scale, offset = image.scaling.reflectance
        lines.key("reflectance", {"scale": scale, "offset": offset}, 4)


def _derived(lines: Lines, image: ImageDraft) -> None:
    sets = suggested_derived(image)
    if sets:
        lines.say("More bands made of these; see what they do for the map:", 4)
        lines.offer(["derived:", *(f"  - {entry(kind, names)}" for one in sets for kind, names in one.items())], 4)


def _percent(share: float) -> str:
    text = f"{100 * share:.1f}".removesuffix(".0")
    return f"{'about ' if 0 < share < 1 else ''}{text} %"
