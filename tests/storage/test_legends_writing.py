"""Legends written for others: every label comes back from every format, and GDAL reads what is meant for it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from xml.etree import ElementTree as Xml

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from classify_local.errors import InputError, StorageError
from classify_local.legend import Legend, LegendEntry
from classify_local.storage.legends import (
    import_legend,
    import_text,
    legend_csv,
    legend_text,
    qgis_style,
    read_legend,
    write_legend,
)
from classify_local.storage.legends.formulas import guarded, unguarded

ENDINGS = (".csv", ".qml", ".sld", ".aux.xml")
ODD = (
    "'", "''", '"', ",", ";", "\t", "\n", "\r", "\r\n", "=", "+", "-", "@", "|", "\\", "\u202e", "\u200b", "&", "<",
    "]]>", "%u0041", "#", " ", "é", "غ", "🌲",
)  # fmt: skip

marks = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")
texts = st.lists(st.one_of(marks, st.sampled_from(ODD)), min_size=1, max_size=8).map("".join)


def comes_back(text: str) -> bool:
    """True for what a CSV keeps: no blanks around it, but for a tab or line end that is guarded."""
    return bool(text.strip()) and text == text.rstrip() and (text == text.lstrip() or text[0] in "\t\r")


labels = texts.filter(comes_back)


@st.composite
def legends(draw: st.DrawFn, kept: st.SearchStrategy[str] = labels) -> Legend:
    values = draw(st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=6, unique=True))
    names = draw(st.lists(kept, min_size=len(values), max_size=len(values), unique_by=str.strip))
    colors = draw(st.lists(st.integers(0, 2**24 - 1), min_size=len(values), max_size=len(values), unique=True))
    parents = draw(st.lists(st.none() | kept.map(str.strip), min_size=len(values), max_size=len(values)))
    return Legend(
        tuple(
            LegendEntry(value=value, label=label, color=f"#{color:06x}", parent=parent)
            for value, label, color, parent in zip(values, names, colors, parents, strict=True)
        )
    )


def without_parents(legend: Legend) -> list[tuple[int, str, str]]:
    return [(entry.value, entry.label, entry.color) for entry in legend]


def one(label: str, parent: str | None = None) -> Legend:
    return Legend((LegendEntry(value=10, label=label, color="#006400", parent=parent),))


# round trips


@given(legends())
@example(one("=1+1"))
@example(one("'=1+1", "@x"))
@example(one("\t=1+1", "''-1"))
@example(one("'quoted'"))
@example(one("a\r\nb\rc\nd"))
def test_a_csv_gives_the_legend_back(tmp_path, legend):
    path = tmp_path / "legend.csv"
    write_legend(legend, path, replace=True)
    assert read_legend(path) == legend
    assert import_text(legend_csv(legend)).legend == legend


@given(legends(texts.filter(str.strip)))
def test_a_qgis_style_gives_the_classes_back(legend):
    assert without_parents(import_text(qgis_style(legend, 1)).legend) == without_parents(legend)


@given(legends(texts.filter(str.strip)))
def test_a_styled_layer_gives_the_classes_back(legend):
    assert without_parents(import_text(legend_text(legend, "map.sld")).legend) == without_parents(legend)


@given(legends())
def test_an_attribute_table_gives_the_legend_back(legend):
    found = import_text(legend_text(legend, "map.tif.aux.xml")).legend
    assert [entry.label for entry in found] == [entry.label.strip() for entry in legend]
    assert [(e.value, e.color, e.parent) for e in found] == [(e.value, e.color, e.parent) for e in legend]


@given(legends())
def test_a_spreadsheet_sees_no_formula(legend):
    rows = list(csv.reader(io.StringIO(legend_csv(legend), newline="")))
    assert rows[0] == ["color", "value", "label", "parent"][: len(rows[0])]
    for row in rows[1:]:
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in (row[0], *row[2:]))
        assert row[1] == str(int(row[1]))


# the guard


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Forest", "Forest"),
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1", "'+1"),
        ("-", "'-"),
        ("@x", "'@x"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("'=1", "''=1"),
        ("''@1", "'''@1"),
        ("'quoted'", "'quoted'"),
        ("'", "'"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_formulas_get_an_apostrophe(text, written):
    assert guarded(text) == written
    assert unguarded(written) == text


@given(texts)
def test_the_guard_can_be_undone(text):
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r"))


# formats


def test_sepals_csv():
    legend = Legend(
        (
            LegendEntry(value=20, label='a "b", c', color="#f096ff"),
            LegendEntry(value=10, label="Forest", color="#006400"),
        )
    )
    assert legend_csv(legend) == 'color,value,label\r\n#006400,10,Forest\r\n#F096FF,20,"a ""b"", c"\r\n'


def test_a_column_for_parents_only_if_there_are_any():
    assert legend_csv(one("Pine", "Forest land")) == "color,value,label,parent\r\n#006400,10,Pine,Forest land\r\n"
    assert legend_csv(one("Pine")).startswith("color,value,label\r\n")


def test_a_qgis_style_is_what_qgis_writes():
    root = Xml.fromstring(qgis_style(one('<a "b" & c>'), band=3))  # noqa: S314 - our own text
    renderer = root.find("pipe/rasterrenderer")
    assert renderer is not None
    assert (renderer.get("type"), renderer.get("band")) == ("paletted", "3")
    item = renderer.find("colorPalette/paletteEntry")
    assert item is not None
    assert item.attrib == {"value": "10", "color": "#006400", "label": '<a "b" & c>', "alpha": "255"}


def test_a_styled_layer_has_single_values():
    root = Xml.fromstring(legend_text(one("Forest"), "map.sld"))  # noqa: S314 - our own text
    space = "{http://www.opengis.net/sld}"
    assert root.get("version") == "1.0.0"
    colors = root.find(f".//{space}ColorMap")
    assert colors is not None
    assert colors.get("type") == "values"
    assert [item.attrib for item in colors] == [
        {"color": "#006400", "quantity": "10", "label": "Forest", "opacity": "1"}
    ]


def test_gdal_reads_the_attribute_table(make_raster, gdal):
    """GDAL's own program, of another version than the library."""
    path = make_raster("map.tif", np.full((4, 4), 10, np.uint8))
    legend = Legend(
        (
            LegendEntry(value=10, label='Forêt & "x" <y>', color="#006400", parent="Forest land"),
            LegendEntry(value=20, label="غابة", color="#F096FF"),
        )
    )
    write_legend(legend, Path(f"{path}.aux.xml"))
    table = json.loads(gdal("gdalinfo", "-json", path))["rat"]
    names = [field["name"] for field in table["fieldDefn"]]
    assert names == ["Value", "ClassName", "Red", "Green", "Blue", "Alpha", "Parent"]
    assert [field["usage"] for field in table["fieldDefn"]] == [5, 2, 6, 7, 8, 9, 0]
    assert [row["f"] for row in table["row"]] == [
        [10, 'Forêt & "x" <y>', 0, 100, 0, 255, "Forest land"],
        [20, "غابة", 240, 150, 255, 255, ""],
    ]
    assert "Forêt" in gdal("gdalinfo", path)
    assert read_legend(path) == legend


def test_gdal_copies_the_attribute_table_as_it_was_meant(make_raster, gdal, tmp_path):
    path = make_raster("map.tif", np.full((4, 4), 10, np.uint8))
    legend = one("Forest", "Forest land")
    write_legend(legend, Path(f"{path}.aux.xml"))
    gdal("gdal_translate", "-q", path, "copy.tif")
    assert read_legend(tmp_path / "copy.tif") == legend
    gdal("gdal_translate", "-q", "-of", "VRT", path, "copy.vrt")
    assert read_legend(tmp_path / "copy.vrt") == legend


# files


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_ending_tells_the_format(tmp_path, ending):
    path = tmp_path / f"map{ending}"
    lost = write_legend(one("Forest", "Forest land"), path)
    assert read_legend(path).label(10) == "Forest"
    assert bool(lost) == (ending in (".qml", ".sld"))


def test_a_file_is_never_replaced_unasked(tmp_path):
    path = tmp_path / "legend.csv"
    path.write_text("mine")
    with pytest.raises(InputError, match=r"legend\.csv: is there already; give --force to replace it"):
        write_legend(one("Forest"), path)
    assert path.read_text() == "mine"
    write_legend(one("Forest"), path, replace=True)
    assert read_legend(path) == one("Forest")
    assert [child.name for child in tmp_path.iterdir()] == ["legend.csv"]


@pytest.mark.parametrize(
    ("name", "said"), [("legend.png", "may be .csv, .qml, .sld, .aux.xml"), ("legend.qlm", "did you mean '.qml'")]
)
def test_other_endings_are_refused(tmp_path, name, said):
    with pytest.raises(InputError, match=said):
        write_legend(one("Forest"), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(StorageError, match="cannot be written"):
        write_legend(one("Forest"), tmp_path / "absent" / "legend.csv")


def test_what_cannot_be_held_is_told(tmp_path):
    (lost,) = write_legend(one("Forest", "Forest land"), tmp_path / "map.qml")
    assert "holds no parent classes" in lost
    assert import_legend(tmp_path / "map.qml").legend.parents == ()
