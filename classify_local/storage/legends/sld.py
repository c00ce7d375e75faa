"""Styled layer descriptors (SLD) as GeoServer and QGIS use them for classes, in and out."""

from __future__ import annotations

from xml.etree import ElementTree as Xml
from xml.etree.ElementTree import Element

from classify_local.errors import InputError
from classify_local.legend import Legend
from classify_local.storage.legends import style_xml
from classify_local.storage.legends.found import Findings, FoundClass

_NAMESPACE = "http://www.opengis.net/sld"
_UNSEEN = 0.005


def styled_layer(legend: Legend, name: str) -> str:
    """An SLD 1.0.0 whose colour map is of type `values`: a colour for each class, no ramp between them."""
    root = Xml.Element("StyledLayerDescriptor", {"version": "1.0.0", "xmlns": _NAMESPACE})
    layer = Xml.SubElement(root, "NamedLayer")
    Xml.SubElement(layer, "Name").text = name
    style = Xml.SubElement(layer, "UserStyle")
    Xml.SubElement(style, "Name").text = name
    rule = Xml.SubElement(Xml.SubElement(style, "FeatureTypeStyle"), "Rule")
    colors = Xml.SubElement(Xml.SubElement(rule, "RasterSymbolizer"), "ColorMap", type="values")
    for entry in legend:
        Xml.SubElement(
            colors, "ColorMapEntry", color=entry.color, quantity=str(entry.value), label=entry.label, opacity="1"
        )
    return style_xml.document(root, '<?xml version="1.0" encoding="UTF-8"?>\n')


def read_sld(root: Element, where: str) -> Findings:
    """The classes of a styled layer descriptor, of version 1.0 or 1.1.

    Raises
    ------
    InputError
        If it has no colour map of single values.
    """
    colors = next(style_xml.every(root, "ColorMap"), None)
    if colors is None:
        raise InputError(f"{where}: holds no ColorMap, as the style of a raster with classes has")
    entries = list(style_xml.every(colors, "ColorMapEntry"))
    kind = colors.get("type", "ramp" if entries else "a function of SLD 1.1")
    if kind != "values":
        raise InputError(f'{where}: its ColorMap is {kind!r}, not classes; give it type="values"')
    found = [
        FoundClass(
            value=style_xml.whole(item.get("quantity", "")), label=style_xml.label_of(item),
            color=item.get("color", ""), transparent=_is_unseen(item.get("opacity", "1")),
            where=f"{where}, ColorMapEntry {i}", beside=f"ColorMapEntry {i}",
        )
        for i, item in enumerate(entries, 1)
    ]  # fmt: skip
    return Findings(where=where, format="styled layer descriptor", classes=found)


def _is_unseen(opacity: str) -> bool:
    try:
        return float(opacity) < _UNSEEN
    except ValueError:
        return False
