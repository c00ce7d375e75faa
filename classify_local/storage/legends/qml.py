"""QGIS styles (QML): the colours and labels of a raster layer, in and out."""

from __future__ import annotations

from xml.etree import ElementTree as Xml
from xml.etree.ElementTree import Element

from classify_local.errors import InputError
from classify_local.legend import Legend
from classify_local.storage.legends import style_xml
from classify_local.storage.legends.found import Findings, FoundClass

_REMEDY = "in QGIS style the layer by Paletted/Unique values and save the style again"


def qgis_style(legend: Legend, band: int) -> str:
    """A QGIS style (QML) that paints a band in the legend's colours, with its labels."""
    root = Xml.Element("qgis", version="3.28", styleCategories="Symbology")
    renderer = Xml.SubElement(
        Xml.SubElement(root, "pipe"),
        "rasterrenderer",
        type="paletted",
        band=str(band),
        opacity="1",
        alphaBand="-1",
    )
    palette = Xml.SubElement(renderer, "colorPalette")
    for entry in legend:
        Xml.SubElement(
            palette,
            "paletteEntry",
            value=str(entry.value),
            color=entry.color.lower(),
            label=entry.label,
            alpha="255",
        )
    return style_xml.document(root, "<!DOCTYPE qgis>\n")


def read_qml(root: Element, where: str) -> Findings:
    """The classes of a QGIS style: unique values, or a colour ramp of exact values.

    Raises
    ------
    InputError
        If it styles a layer in another way.
    """
    renderer = next(style_xml.every(root, "rasterrenderer"), None)
    if renderer is None:
        raise InputError(f"{where}: holds no style of a raster layer; {_REMEDY}")
    kind = renderer.get("type", "none")
    if kind == "paletted":
        return Findings(where=where, format="QGIS style", classes=_entries(renderer, "paletteEntry", where))
    shader = next(style_xml.every(renderer, "colorrampshader"), None)
    if shader is None:
        raise InputError(f"{where}: styles a raster as {kind!r}, not by classes; {_REMEDY}")
    ramp = shader.get("colorRampType", "INTERPOLATED")
    if ramp != "EXACT":
        raise InputError(f"{where}: is a colour ramp ({ramp}), not classes; {_REMEDY}")
    return Findings(where=where, format="QGIS style", classes=_entries(shader, "item", where))


def _entries(parent: Element, name: str, where: str) -> list[FoundClass]:
    return [
        FoundClass(
            value=style_xml.whole(item.get("value", "")), label=style_xml.label_of(item),
            color=item.get("color", ""), transparent=item.get("alpha") == "0",
            where=f"{where}, {name} {i}", beside=f"{name} {i}",
        )
        for i, item in enumerate(style_xml.every(parent, name), 1)
    ]  # fmt: skip
