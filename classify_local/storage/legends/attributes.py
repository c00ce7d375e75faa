"""Classes as GDAL keeps them beside a raster (`.aux.xml`) or in a VRT: attribute table, category names, colours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from xml.etree import ElementTree as Xml
from xml.etree.ElementTree import Element

from classify_local.errors import InputError
from classify_local.legend import Legend
from classify_local.storage.legends import style_xml
from classify_local.storage.legends.found import Findings, FoundClass
from classify_local.storage.legends.style_xml import child_text, local
from classify_local.storage.tiles import categories

Rgba = tuple[int, int, int, int]
_INTEGER, _REAL, _STRING = 0, 1, 2
_VALUE, _NAME, _MINIMUM, _RED, _GREEN, _BLUE, _ALPHA, _OTHER = 5, 2, 3, 6, 7, 8, 9, 0
"""GDAL's codes for what a column is used for (GDALRATFieldUsage)."""
_COLUMNS = (
    ("Value", _INTEGER, _VALUE), ("ClassName", _STRING, _NAME), ("Red", _INTEGER, _RED), ("Green", _INTEGER, _GREEN),
    ("Blue", _INTEGER, _BLUE), ("Alpha", _INTEGER, _ALPHA),
)  # fmt: skip
_PARENT = ("Parent", _STRING, _OTHER)
_USAGES = {"value": (_VALUE, _MINIMUM), "label": (_NAME,), "red": (_RED,), "green": (_GREEN,), "blue": (_BLUE,)}
_PARTS = {
    "value": ("value",), "label": ("name", "label", "class", "desc"), "red": ("red",), "green": ("green",),
    "blue": ("blue",), "parent": ("parent",),
}  # fmt: skip
_RAMP = 64
"""A colour table of more colours than this, without names, is a ramp rather than a list of classes."""


@dataclass(frozen=True, slots=True)
class BandClasses:
    """What a raster's band says of its classes.

    Parameters
    ----------
    table
        The rows of an attribute table.
    names, colors
        By class value; GDAL lists them from 0, so that most may be empty.
    """

    table: Sequence[FoundClass] = ()
    names: Mapping[int, str] = field(default_factory=dict)
    colors: Mapping[int, Rgba] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.table or any(self.names.values()) or self.colors)


def attribute_table(legend: Legend) -> str:
    """An `.aux.xml` with category names and a raster attribute table, as GDAL, QGIS and ArcGIS read it."""
    root = Xml.Element("PAMDataset")
    band = Xml.SubElement(root, "PAMRasterBand", band="1")
    band.append(categories(legend))
    table = Xml.SubElement(band, "GDALRasterAttributeTable", tableType="thematic")
    columns = (*_COLUMNS, _PARENT) if legend.parents else _COLUMNS
    for i, (name, kind, usage) in enumerate(columns):
        definition = Xml.SubElement(table, "FieldDefn", index=str(i))
        for tag, text in (("Name", name), ("Type", str(kind)), ("Usage", str(usage))):
            Xml.SubElement(definition, tag).text = text
    for i, entry in enumerate(legend):
        row = Xml.SubElement(table, "Row", index=str(i))
        numbers = [str(number) for number in (*entry.rgb, 255)]
        for text in (str(entry.value), entry.label, *numbers, entry.parent or "")[: len(columns)]:
            Xml.SubElement(row, "F").text = text
    return style_xml.document(root)


def band_classes(root: Element, where: str) -> BandClasses:
    """The classes of the first band of a sidecar or VRT that has any."""
    for band in root:
        if local(band).endswith("RasterBand"):
            found = BandClasses(_table(band, where), _names(band), _colors(band))
            if found:
                return found
    return BandClasses()


def findings(
    said: BandClasses, where: str, kind: str, present: Collection[int] = (), nodata: float | None = None
) -> Findings:
    """The classes of a band.

    Parameters
    ----------
    said
        What its file says of them.
    where, kind
        The file, and of what kind it is.
    present
        Values seen among its pixels.
    nodata
        The value that stands for no class.

    Raises
    ------
    InputError
        If there is nothing to tell classes by.
    """
    if said.table:
        return Findings(where=where, format=kind, classes=[_colored(entry, said.colors) for entry in said.table])
    values = resolve_values(said, present, nodata)
    if not values:
        raise InputError(f"{where}: has no class names, colour table or attribute table; give a legend as CSV")
    shared = Counter(said.colors[value][:3] for value in values if value in said.colors)
    classes = [
        FoundClass(
            value=str(value), label=_named(said, value),
            color=_color(said.colors.get(value), shared), where=f"{where}, class {value}", beside=f"class {value}",
        )
        for value in values
    ]  # fmt: skip
    return Findings(where=where, format=kind, classes=classes)


def resolve_values(said: BandClasses, present: Collection[int] = (), nodata: float | None = None) -> list[int]:
    """Which values are classes: those with a name; without names those with a colour of their own; those seen.

    Colour tables have 256 entries whatever the classes: black ones, transparent ones and those of a
    colour that stands twice are none unless they are seen.
    """
    chosen = {value for value, name in said.names.items() if name.strip()}
    if not chosen:
        shared = Counter(rgba[:3] for rgba in said.colors.values())
        chosen = {value for value, rgba in said.colors.items() if rgba[3] and any(rgba[:3]) and shared[rgba[:3]] == 1}
        chosen = set() if len(chosen) > _RAMP and present else chosen
    return sorted((chosen | set(present)) - {nodata})


def _named(said: BandClasses, value: int) -> str | None:
    name = said.names.get(value, "")
    return name if name.strip() else None


def _color(rgba: Rgba | None, shared: Mapping[tuple[int, int, int], int]) -> str | None:
    return None if rgba is None or shared[rgba[:3]] > 1 else "#{:02X}{:02X}{:02X}".format(*rgba[:3])


def _colored(entry: FoundClass, colors: Mapping[int, Rgba]) -> FoundClass:
    """A row of an attribute table without colours, with that of the colour table."""
    if entry.color is not None or not entry.value.isascii() or not entry.value.isdigit():
        return entry
    rgba = colors.get(int(entry.value[:9]))
    return replace(entry, color=None if rgba is None else "#{:02X}{:02X}{:02X}".format(*rgba[:3]))


def _names(band: Element) -> dict[int, str]:
    return {
        value: item.text or "" for names in band if local(names) == "CategoryNames" for value, item in enumerate(names)
    }


def _colors(band: Element) -> dict[int, Rgba]:
    """The colour table; entries that are no colours are left out."""
    found: dict[int, Rgba] = {}
    for table in band:
        if local(table) == "ColorTable":
            for value, entry in enumerate(table):
                parts = [entry.get(name, "255") for name in ("c1", "c2", "c3", "c4")]
                if all(part.isascii() and part.isdigit() and len(part) < 4 and int(part) < 256 for part in parts):
                    red, green, blue, alpha = map(int, parts)
                    found[value] = red, green, blue, alpha
    return found


def _table(band: Element, where: str) -> list[FoundClass]:
    """The rows of an attribute table that names its values and at least a label or a colour."""
    table = next((child for child in band if local(child) == "GDALRasterAttributeTable"), None)
    if table is None:
        return []
    definitions = list(style_xml.every(table, "FieldDefn"))
    columns = _used(definitions)
    rows = [[field.text or "" for field in row] for row in table if local(row) == "Row"]
    if "value" not in columns or not {"label", "red"} & set(columns):
        return []
    channels = [columns[name] for name in ("red", "green", "blue") if name in columns]
    real = all(child_text(definitions[number], "Type").strip() == str(_REAL) for number in channels)
    scale = _scale(rows, channels, real)
    return [
        FoundClass(
            value=style_xml.whole(_cell(row, columns["value"])), label=_cell(row, columns.get("label")).strip() or None,
            color=_channels(row, channels, scale), parent=_cell(row, columns.get("parent")),
            where=f"{where}, row {i} of the attribute table", beside=f"row {i}",
        )
        for i, row in enumerate(rows, 1)
    ]  # fmt: skip


def _used(definitions: Sequence[Element]) -> dict[str, int]:
    """Columns by role: as GDAL's codes tell, else as their names do."""
    columns: dict[str, int] = {}
    usages = [child_text(definition, "Usage").strip() for definition in definitions]
    names = [child_text(definition, "Name").casefold() for definition in definitions]
    for role, parts in _PARTS.items():
        by_code = (i for code in _USAGES.get(role, ()) for i, usage in enumerate(usages) if usage == str(code))
        by_name = (i for part in parts for i, name in enumerate(names) if part in name and i not in columns.values())
        found = next(by_code, next(by_name, None))
        if found is not None:
            columns[role] = found
    return columns


def _cell(row: Sequence[str], number: int | None) -> str:
    return row[number] if number is not None and number < len(row) else ""


def _scale(rows: Sequence[Sequence[str]], channels: Sequence[int], real: bool) -> bool:
    """True if colours go from 0 to 1, as ERDAS Imagine has them."""
    try:
        return real and all(0 <= float(_cell(row, number)) <= 1 for row in rows for number in channels)
    except ValueError:
        return False


def _channels(row: Sequence[str], channels: Sequence[int], scale: bool) -> tuple[str, str, str] | None:
    if len(channels) != 3:
        return None
    texts = [_cell(row, number) for number in channels]
    red, green, blue = (str(round(255 * float(text))) if scale else style_xml.whole(text) for text in texts)
    return red, green, blue
