"""What classes look like in the bands, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from classify_local.accuracy.signatures import Signature
from classify_local.legend import Legend
from classify_local.report.html import el
from classify_local.report.svg import FAINT, GREY, INK, picture, ticks

_WIDTH, _HEIGHT, _LEFT = 900.0, 300.0, 84.0
_FLAT, _TURNED = 30.0, 125.0
"""Room for the names of the bands below the picture."""

_BANDS_IN_A_ROW = 18
_JOINED = 12
"""Classes up to which the dots of a class are joined by a line; more lines than that hide one another."""
_ALIKE = 20.0
"""Bands whose ranges differ more than so many times have a scale each."""

Floats: TypeAlias = NDArray[np.float64]


def signature_charts(
    signatures: Sequence[Signature], bands: Sequence[str], legend: Legend
) -> tuple[list[Element], bool]:
    """Mean and one standard deviation of each class in each band, one line for each class.

    Parameters
    ----------
    signatures
        Of the classes.
    bands
        Names of the bands.
    legend
        Gives colours and labels.

    Returns
    -------
    pictures, common
        As many pictures as the bands need, and whether all bands have the same scale; else each has one of its own.
    """
    scales, common = resolve_scales(signatures)
    rows = -(-len(bands) // _BANDS_IN_A_ROW)
    parts = np.array_split(np.arange(len(bands)), rows)
    return [_chart(signatures, bands, legend, scales, common, part) for part in parts], common


def resolve_scales(signatures: Sequence[Signature]) -> tuple[Floats, bool]:
    """Values at the foot and the top of the picture, shape (bands, 2); one for all bands if their ranges are alike."""
    means = np.stack([one.mean for one in signatures])
    sds = np.stack([np.nan_to_num(one.sd) for one in signatures])
    low, high = (means - sds).min(axis=0), (means + sds).max(axis=0)
    spans = high - low
    some = spans[spans > 0]
    whole = float(high.max() - low.min())
    if len(some) and whole <= _ALIKE * float(some.min()):
        scales = np.tile([low.min() - 0.04 * whole, high.max() + 0.04 * whole], (len(low), 1))
        return scales, True
    margin = np.where(spans > 0, 0.04 * spans, 1.0)
    return np.stack([low - margin, high + margin], axis=1), False


def _chart(
    signatures: Sequence[Signature], bands: Sequence[str], legend: Legend, scales: Floats, common: bool,
    part: NDArray[np.intp],
) -> Element:  # fmt: skip
    names = [bands[number] for number in part]
    step = min(150.0, (_WIDTH - _LEFT - 10) / len(part))
    parts = [_axes(names, step, (float(scales[0, 0]), float(scales[0, 1])) if common else None)]
    for number, one in enumerate(signatures):
        aside = (number - (len(signatures) - 1) / 2) * min(7.0, 0.7 * step / len(signatures))
        x = (np.arange(len(part)) + 0.5) * step + aside
        parts.append(_class(one, legend, scales, part, x, joined=len(signatures) <= _JOINED))
    label = f"Mean and standard deviation of {len(signatures)} classes in the bands {', '.join(names)}"
    inner = el("g", parts, transform=f"translate({_LEFT:g} 10)")
    foot = _FLAT if _fit(names, step) else _TURNED
    return picture(_LEFT + step * len(part) + 10, _HEIGHT + foot + 10, label, inner)


def _class(
    one: Signature, legend: Legend, scales: Floats, part: NDArray[np.intp], x: NDArray[np.floating[Any]], *,
    joined: bool,
) -> Element:  # fmt: skip
    """Dots at the means, joined if wanted, with whiskers of one standard deviation."""
    color = next((entry.color for entry in legend if entry.value == one.value), GREY)
    sd, (foot, top) = np.nan_to_num(one.sd), scales[part].T
    y, low, high = (
        _HEIGHT * (top - values[part]) / (top - foot) for values in (one.mean, one.mean - sd, one.mean + sd)
    )
    lines = "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True)) if joined else ""
    whiskers = "".join(f"M{a:.1f} {b:.1f}V{c:.1f}" for a, b, c in zip(x, low, high, strict=True))
    dots = "".join(f"M{a:.1f} {b:.1f}h0" for a, b in zip(x, y, strict=True))
    return el(
        "g", el("title", legend.label(one.value)),
        el("path", d=lines + whiskers, stroke=INK, stroke_width=3.2, stroke_opacity=0.45),
        el("path", d=lines + whiskers, stroke=color, stroke_width=2),
        el("path", d=dots, stroke=INK, stroke_width=8, stroke_linecap="round"),
        el("path", d=dots, stroke=color, stroke_width=6, stroke_linecap="round"),
        fill="none",
    )  # fmt: skip


def _fit(names: Sequence[str], step: float) -> bool:
    return max(map(len, names)) * 6.6 < step


def _axes(bands: Sequence[str], step: float, scale: tuple[float, float] | None) -> Element:
    """Names of the bands below; values at the left where all bands share them."""
    width, parts = step * len(bands), []
    low, high = scale or (0.0, 0.0)
    for value in ticks(low, high, 6) if scale else []:
        at = _HEIGHT * (high - value) / (high - low)
        parts.append(el("path", d=f"M0 {at:.1f}H{width:.1f}", stroke=FAINT))
        parts.append(el("text", f"{value:,.6g}", x=-8, y=at + 4, font_size=11, fill=INK, text_anchor="end"))
    flat = _fit(bands, step)
    for number, band in enumerate(bands):
        x, name = (number + 0.5) * step, band if len(band) <= 22 else f"{band[:10]}…{band[-11:]}"
        turned = {} if flat else {"transform": f"rotate(-50 {x:.1f} {_HEIGHT + 16:.1f})"}
        parts.append(el("path", d=f"M{x:.1f} 0V{_HEIGHT:.1f}", stroke=FAINT))
        anchor = "middle" if flat else "end"
        parts.append(el(
            "text", name, x=x, y=_HEIGHT + 18, font_size=12, fill=INK, text_anchor=anchor, **turned
        ))  # fmt: skip
    parts.append(el("rect", width=width, height=_HEIGHT, fill="none", stroke=GREY))
    return el("g", parts)
