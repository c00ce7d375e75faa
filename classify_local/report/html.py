"""Pages of HTML that need nothing else: elements built from text, tables, and a page with its style.

Whatever comes from a file (labels, names, notes) enters as text or as an attribute's value and is escaped when the
page is written; no function takes markup. A page loads nothing and runs nothing, and forbids it to the browser.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import TypeAlias
from xml.etree.ElementTree import Element, tostring

Part: TypeAlias = "Element | str"
Cells: TypeAlias = "Sequence[Element | str | int]"

_UNWRITABLE = re.compile("[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Control characters, halves of characters as broken file names have them, and the like."""

_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Marks that turn the direction of what follows, and would let a label rewrite its row."""

STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.5rem 3rem; max-width: 62rem; background: #fff; color: #1d1d1b;
  font: 15px/1.5 "Source Sans 3", "Segoe UI", "Noto Sans", "DejaVu Sans", Arial, sans-serif; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .2rem; }
h2 { font-size: 1.25rem; margin: 2.4rem 0 .5rem; padding-top: .7rem; border-top: 2px solid #2f6b4f; }
h3 { font-size: 1.02rem; margin: 1.4rem 0 .3rem; }
p { margin: .4rem 0; max-width: 46rem; }
ul { margin: .4rem 0; padding-left: 1.2rem; max-width: 50rem; }
li { margin: .15rem 0; }
.lead, figcaption, caption, .small { color: #55534e; }
.small, figcaption, caption { font-size: .86rem; }
figure { margin: .8rem 0 1.2rem; }
figcaption { max-width: 46rem; margin-top: .3rem; }
svg { display: block; max-width: 100%; height: auto; }
svg.swatch, svg.bar { display: inline-block; vertical-align: -.1em; }
svg text { font-family: inherit; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; min-width: 28rem; margin: .6rem 0 1rem; font-size: .9rem;
  font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: 0 0 .35rem; max-width: 46rem; }
th, td { padding: .24rem .6rem; text-align: left; vertical-align: baseline; border-bottom: 1px solid #e4e1da; }
thead th { border-bottom: 1.5px solid #8a867c; vertical-align: bottom; font-weight: 600; }
tbody th { font-weight: 400; }
tfoot th, tfoot td { border-top: 1.5px solid #8a867c; border-bottom: 0; font-weight: 600; }
.number { text-align: right; white-space: nowrap; }
thead .number { white-space: normal; max-width: 8.5rem; }
.text { overflow-wrap: break-word; min-width: 6.5rem; max-width: 24rem; }
.matrix .text { min-width: 0; }
.matrix { min-width: 0; }
.matrix th { white-space: nowrap; max-width: 16rem; overflow: hidden; text-overflow: ellipsis; }
.wide { font-size: .68rem; }
.wide td { min-width: 0; padding: .15rem .12rem; }
.wide th { padding: .15rem .3rem; max-width: 9rem; }
.matrix td { text-align: center; border: 1px solid #fff; min-width: 2.9rem; }
.matrix thead th { text-align: center; }
.hardly { background: #f2b8ae; } .poor { background: #f8dcae; } .fair { background: #fbf3c6; }
.good { background: #d8ebd6; } .right { background: #e7f1e6; }
.key { display: inline-block; padding: 0 .45rem; margin-right: .25rem; }
.notes { background: #faf7ef; border-left: 4px solid #c79a2e; padding: .5rem .9rem .5rem 1rem; margin: .8rem 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.2rem; margin: .8rem 0; }
dt { color: #55534e; } dd { margin: 0; overflow-wrap: anywhere; }
footer { margin-top: 3rem; padding-top: .6rem; border-top: 1px solid #c9c5bb; color: #55534e; font-size: .84rem; }
@media print {
  @page { size: A4; margin: 16mm 14mm; }
  body { padding: 0; max-width: none; font-size: 10pt; }
  h2, h3 { break-after: avoid; } figure, tr, .notes { break-inside: avoid; } thead { display: table-header-group; }
  .scroll { overflow: visible; } details:not([open]) { display: none; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""


def clean(text: str) -> str:
    """Text without the characters that HTML cannot carry or that hide what stands beside them."""
    return _BIDI.sub("\ufffd", _UNWRITABLE.sub("\ufffd", text))


def el(tag: str, *parts: Part | Iterable[Part], **attributes: str | float) -> Element:
    """An element.

    Parameters
    ----------
    tag
        Its name.
    parts
        Texts and elements it holds, in order.
    attributes
        By name; `_` stands for `-`, one at the end is left out: `class_`, `stroke_width`.
    """
    element = Element(tag, {_name(name): clean(_value(value)) for name, value in attributes.items()})
    for part in _flat(parts):
        if isinstance(part, Element):
            element.append(part)
        elif len(element):
            element[-1].tail = (element[-1].tail or "") + clean(part)
        else:
            element.text = (element.text or "") + clean(part)
    return element


def table(
    heads: Sequence[Part],
    rows: Iterable[Cells],
    *,
    caption: str,
    numbers: Iterable[int] = (),
    foot: Cells = (),
    class_: str = "",
) -> Element:
    """A table; the first cell of each row is its head.

    Parameters
    ----------
    heads
        What the columns are.
    rows
        Cells, as many as heads; whole numbers are written out, a `td` or `th` is taken as it is.
    caption
        What the table shows, in a sentence.
    numbers
        Columns that hold numbers, which stand to the right.
    foot
        A last row of sums.
    class_
        Of the table.
    """
    right = set(numbers)

    def line(cells: Cells, scope: str, all_heads: bool) -> Element:
        return el("tr", [_cell(cell, scope if all_heads or not i else "", i in right) for i, cell in enumerate(cells)])

    body = [line(row, "row", False) for row in rows]
    parts = [el("caption", caption), el("thead", line(heads, "col", True)), el("tbody", body)]
    if foot:
        parts.append(el("tfoot", line(foot, "row", False)))
    return el("div", el("table", parts, **({"class_": class_} if class_ else {})), class_="scroll", tabindex="0")


def section(title: str, *parts: Part | Iterable[Part]) -> Element:
    """A part of a page under a heading."""
    return el("section", el("h2", title), *parts)


def listing(sentences: Iterable[Part]) -> Element:
    """Sentences as a list."""
    return el("ul", [el("li", sentence) for sentence in sentences])


def page(title: str, *parts: Part | Iterable[Part]) -> str:
    """A whole page as text, which loads and runs nothing."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=policy),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("title", title),
        el("style", STYLE),
    )
    whole = el("html", head, el("body", el("main", *parts)), lang="en")
    return f"<!DOCTYPE html>\n{tostring(whole, encoding='unicode', method='html')}\n"


def _cell(cell: Part | int, scope: str, right: bool) -> Element:
    if isinstance(cell, Element) and cell.tag in ("td", "th"):
        return cell
    attributes = {"scope": scope} if scope else {}
    part = f"{cell:,}" if isinstance(cell, int) else cell
    return el("th" if scope else "td", part, **attributes, class_="number" if right else "text")


def _flat(parts: Iterable[Part | Iterable[Part]]) -> Iterable[Part]:
    for part in parts:
        if isinstance(part, str | Element):
            yield part
        else:
            yield from part


def _name(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def _value(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"
