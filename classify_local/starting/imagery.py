"""One image of a recipe: its bands, mask, no data and reflectance, each with the reason for it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from classify_local.bands.aliases import band_number, find_band
from classify_local.errors import InputError
from classify_local.grid import Grid, grid_sentence
from classify_local.starting.asking import Asked, Question
from classify_local.starting.looking import Look, base_names
from classify_local.starting.masks import MaskRule, is_date, is_quality, mask_rule
from classify_local.starting.sensors import REFLECTIVE, Naming, name_bands, title
from classify_local.starting.values import (
    Scaling,
    Stored,
    resolve_empty,
    resolve_lacking,
    resolve_scaling,
)

if TYPE_CHECKING:
    from classify_local.storage.composite import Image

BandRef = str | int
_SHIFTED = re.compile(r"_N0[45]\d\d_")
"""Sentinel-2's processing baselines 04.00 and later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """A band that is taken: its name in the recipe, what the file knows it by, and its number from 1."""

    name: str
    ref: BandRef
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskPick:
    """A band that masks pixels, and the share of the pixels it keeps."""

    ref: BandRef
    number: int
    rule: MaskRule
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageDraft:
    """What a recipe shall say of an image.

    Parameters
    ----------
    path
        As the user gave it; several files are tiles of one image.
    look
        What was seen of it.
    about
        Its grid and type, as a sentence.
    picks
        The bands that are taken.
    naming
        What the bands are called.
    named
        True if the user named them.
    left_out
        Bands that are not taken, and why.
    mask
        The band that masks pixels; `mask_why_not` may say why a known one does not.
    nodata
        A value that stands for no data although the file does not say so.
    data
        What the file itself says of no data.
    scaling
        From stored value to reflectance; None for what holds none.
    lacking
        Bands with much less data than others, and the share of the image they lack.
    beside
        Files it needs in the recipe's folder, by name.
    allow
        Folders in which files lie that these name.
    """

    path: str | tuple[str, ...]
    look: Look
    about: str
    picks: tuple[Pick, ...]
    naming: Naming
    named: bool
    left_out: tuple[tuple[str, str], ...]
    mask: MaskPick | None
    mask_why_not: str
    nodata: float | None
    data: str
    scaling: Scaling | None
    lacking: dict[str, float]
    beside: Mapping[str, str] = field(default_factory=dict)
    allow: tuple[str, ...] = ()

    @property
    def grid(self) -> Grid:
        """Where its pixels lie."""
        return self.look.mosaic.grid

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the bands that are taken."""
        return tuple(pick.name for pick in self.picks)


def draft_image(path: str | tuple[str, ...], look: Look, asked: Asked) -> ImageDraft:
    """Decide what a recipe shall say of an image.

    Raises
    ------
    InputError
        If no band is left to classify by.
    """
    mosaic, where = look.mosaic, base_names(look.mosaic.paths)
    naming, named = _named(name_bands(mosaic.names, where, look.colors), mosaic, asked)
    mask, why_not = _mask(naming, look)
    left_out = dict(_left_out(naming, look, mask))
    picks = tuple(
        Pick(name=name, ref=_ref(number, mosaic), number=number)
        for number, name in enumerate(naming.names, 1)
        if number not in mosaic.alpha and name not in left_out
    )
    if not picks:
        why = ", ".join(f"{name} {reason}" for name, reason in left_out.items())
        raise InputError(f"{mosaic.where}: holds no band to classify by ({why or 'only transparency'})")
    numbers = [pick.number - 1 for pick in picks]
    return ImageDraft(
        path=path, look=look, about=_about(mosaic), picks=picks, naming=naming, named=named,
        left_out=tuple(left_out.items()), mask=mask, mask_why_not=why_not,
        nodata=resolve_empty(look.constant_shares(numbers), len(picks), declared=_declares(mosaic)),
        data=_data(mosaic), scaling=_scaling(picks, naming, look, where),
        lacking=resolve_lacking({pick.name: look.share_valid(pick.number - 1) for pick in picks}),
    )  # fmt: skip


def _named(naming: Naming, mosaic: Image, asked: Asked) -> tuple[Naming, bool]:
    """Names the user gave where the file has none."""
    if not naming.nameless:
        return naming, False
    often = f" {_often(naming)}" if naming.usual else ""
    question = Question(
        key=f"bands of {mosaic.where}", default=", ".join(naming.names), count=len(naming.names),
        text=f"{mosaic.where}: its {len(naming.names)} bands have no names. What are they, in this order?{often}",
    )  # fmt: skip
    answer = asked.ask(question)
    names = question.names(answer.text)
    if names == naming.names:
        return naming, False
    return Naming(names=names, why="Named by you.", sensor=naming.sensor), True


def _often(naming: Naming) -> str:
    whose = f"{title(naming.sensor)} often comes" if naming.sensor else "Often they come"
    return f"{whose} as {', '.join(naming.usual)}."


def _ref(number: int, mosaic: Image) -> BandRef:
    """The file's name for a band, or its number where the name leads elsewhere."""
    name = mosaic.names[number - 1]
    try:
        plain = band_number(name) is None and find_band(name, mosaic.names, mosaic.where) == number - 1
    except InputError:
        plain = False
    return name if plain and name.isprintable() and name != f"b{number}" else number


def _mask(naming: Naming, look: Look) -> tuple[MaskPick | None, str]:
    """The first band known to mask pixels, unless it would keep none."""
    for number, name in enumerate(naming.names, 1):
        stored_as = look.mosaic.names[number - 1]
        rule = mask_rule(name, look.distinct(number - 1), stored_as) if is_quality(name) else None
        if rule is not None:
            share = look.share_kept(number - 1, rule)
            if share > 0:
                return MaskPick(ref=_ref(number, look.mosaic), number=number, rule=rule, share=share), ""
            return None, f"The band {name} could mask pixels, but none of the values it holds is known to be clear."
    return None, ""


def _left_out(naming: Naming, look: Look, mask: MaskPick | None) -> Iterator[tuple[str, str]]:
    if len(naming.names) == 1:
        return
    for number, name in enumerate(naming.names, 1):
        if mask is not None and number == mask.number:
            yield name, "is the mask below"
        elif is_quality(name):
            yield name, "tells of the pixels' quality"
        elif is_date(name):
            yield name, "tells when a pixel was seen, not what it is"
        elif number not in look.mosaic.alpha and not look.valid[number - 1].any():
            yield name, "has no data anywhere"


def _about(mosaic: Image) -> str:
    files = len(mosaic.files)
    made_of = f"{files} files, " if files > 1 else ""
    return f"{made_of}{grid_sentence(mosaic.grid)}; {'/'.join(dict.fromkeys(mosaic.dtypes))}"


def _declares(mosaic: Image) -> bool:
    return bool(mosaic.alpha) or bool(_nodata(mosaic)) or any(file.has_mask or file.alpha for file in mosaic.files)


def _nodata(mosaic: Image) -> list[str]:
    """Values that the files, or a VRT over them, declare to be no data."""
    declared = {value for file in mosaic.files for value in file.nodata if value is not None}
    declared |= {value for values in getattr(mosaic, "nodata", ()) for value in values}
    return [f"{value:.6g}" for value in sorted(declared)]


def _data(mosaic: Image) -> str:
    values = _nodata(mosaic)
    if mosaic.alpha or any(file.has_mask or file.alpha for file in mosaic.files):
        return "a mask or transparency band in the file says which pixels have data"
    return f"no data is {' and '.join(values)}, as the file says" if values else "the file names no value for no data"


def _scaling(picks: Sequence[Pick], naming: Naming, look: Look, where: str) -> Scaling | None:
    """From the values of the bands that may hold reflectance; None if there are none."""
    reflective = [pick for pick in picks if pick.name in REFLECTIVE]
    if not reflective and not (naming.nameless and len(picks) > 2):
        return None
    bands = [pick.number - 1 for pick in reflective or picks]
    data = [found.astype(np.float64) for found in map(look.data, bands) if len(found)]
    if not data:
        return None
    low, high = np.min([np.percentile(d, 1) for d in data]), np.max([np.percentile(d, 99) for d in data])
    mosaic = look.mosaic
    tags = None if mosaic.scale is None else (mosaic.scale, mosaic.offset or 0.0)
    own = [mosaic.names[band].upper() for band in bands]
    kind = np.result_type(*(mosaic.dtypes[band] for band in bands))
    return resolve_scaling(
        Stored(
            whole=np.issubdtype(kind, np.integer), low=float(low), high=float(high),
            greatest=float(max(d.max() for d in data)), tags=tags, sensor=naming.sensor,
            collection_2=any(name.startswith("SR_B") for name in own) or "_SR_" in where.upper(),
            shifted=naming.sensor == "sentinel2" and bool(_SHIFTED.search(where)),
        )
    )  # fmt: skip
