"""Small pictures as SVG, and what larger ones share."""

from __future__ import annotations

import math
from xml.etree.ElementTree import Element

from classify_local.legend import Legend
from classify_local.report.html import el

INK, FAINT, GREY = "#33312d", "#d9d6ce", "#77746d"


def picture(width: float, height: float, label: str, *parts: Element) -> Element:
    """A picture with its description."""
    return el(
        "svg", el("title", label), *parts, viewBox=f"0 0 {width:.0f} {height:.0f}", width=f"{width:.0f}",
        height=f"{height:.0f}", role="img", aria_label=label, xmlns="http://www.w3.org/2000/svg",
    )  # fmt: skip


def swatch(color: str) -> Element:
    """A small square of a class's colour."""
    square = el("rect", x=0.5, y=0.5, width=13, height=13, rx=2, fill=color, stroke="#55534e", stroke_width=1)
    return el("svg", square, class_="swatch", width=14, height=14, viewBox="0 0 14 14", aria_hidden="true")


def class_name(value: int, legend: Legend, *, number: bool = False) -> Element:
    """A class's swatch and label, and its value before it if wanted."""
    color = next((entry.color for entry in legend if entry.value == value), "#FFFFFF")
    text = f"{value} {legend.label(value)}" if number else legend.label(value)
    return el("span", swatch(color), f"\N{NO-BREAK SPACE}{text}")


def bar(share: float, color: str) -> Element:
    """A bar as long as a share of the longest one."""
    length = max(1.0, 180 * share) if share > 0 else 0.0
    rect = el("rect", width=length, height=12, fill=color, stroke="#55534e", stroke_width=0.6)
    return el("svg", rect, class_="bar", width=182, height=12, viewBox="0 0 182 12", aria_hidden="true")


def ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers between two, at most so many."""
    if not high > low:
        return [low]
    rough = (high - low) / max(1, most)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    return [number * step for number in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]
