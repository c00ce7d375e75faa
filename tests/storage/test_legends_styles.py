"""Legends from styles, colour maps and what GDAL keeps beside rasters: as other programs write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from classify_local.errors import ClassifyLocalError, InputError, RefusedError
from classify_local.storage.legends import import_legend, import_text

BOTH = [(10, "Forest", "#006400"), (20, "Crop", "#F096FF")]


def qml(*entries: str, renderer: str = 'type="paletted" band="1"', head: str = "") -> str:
    """A style as QGIS 3 writes it: a document type first, and much that is no class."""
    return (
        f"{head or chr(60)}!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
        '<qgis version="3.34.1-Prizren" styleCategories="AllStyleCategories">\n'
        ' <customproperties><Option type="Map"/></customproperties>\n'
        f" <pipe><rasterrenderer {renderer} alphaBand='-1' opacity='1' nodataColor=''>\n"
        "  <rasterTransparency/><minMaxOrigin><limits>None</limits></minMaxOrigin>\n"
        f"  <colorPalette>{''.join(entries)}</colorPalette>\n"
        '  <colorramp name="[source]" type="randomcolors"/>\n'
        " </rasterrenderer></pipe>\n"
        "</qgis>\n"
    )


def entry(value: object, color: str, label: str, alpha: str = "255") -> str:
    return f'<paletteEntry value="{value}" color="{color}" label="{label}" alpha="{alpha}"/>'


def shader(kind: str) -> str:
    return (
        '<qgis><pipe><rasterrenderer type="singlebandpseudocolor" band="1"><rastershader>'
        f'<colorrampshader {kind} classificationMode="1" clip="0">'
        '<colorramp type="gradient" name="[source]"><Option type="Map"/></colorramp>'
        '<item alpha="255" label="Forest" value="10" color="#006400"/>'
        '<item alpha="255" label="Crop" value="20.0" color="#f096ff"/>'
        "</colorrampshader></rastershader></rasterrenderer></pipe></qgis>"
    )


def sld(entries: str, kind: str = 'type="values"', prefix: str = "sld:") -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<StyledLayerDescriptor xmlns="http://www.opengis.net/sld" xmlns:sld="http://www.opengis.net/sld" '
        'xmlns:se="http://www.opengis.net/se" version="1.0.0">'
        "<UserLayer><sld:UserStyle><sld:FeatureTypeStyle><sld:Rule>"
        f"<{prefix}RasterSymbolizer><{prefix}ColorMap {kind}>{entries}</{prefix}ColorMap></{prefix}RasterSymbolizer>"
        "</sld:Rule></sld:FeatureTypeStyle></sld:UserStyle></UserLayer></StyledLayerDescriptor>"
    )


TWO = (
    '<sld:ColorMapEntry color="#006400" label="Forest" quantity="10"/>'
    '<sld:ColorMapEntry quantity="20.0" color="#f096ff" opacity="0.7" label="Crop"/>'
)
TABLE = (
    '<GDALRasterAttributeTable tableType="thematic">'
    '<FieldDefn index="0"><Name>VALUE</Name><Type typeAsString="Real">1</Type><Usage>5</Usage></FieldDefn>'
    '<FieldDefn index="1"><Name>Count</Name><Type>1</Type><Usage>1</Usage></FieldDefn>'
    '<FieldDefn index="2"><Name>Class_Name</Name><Type>2</Type><Usage>0</Usage></FieldDefn>{colors}'
    '<Row index="0"><F>10</F><F>5</F><F>Forest</F>{first}</Row>'
    '<Row index="1"><F>20</F><F>6</F><F>Crop</F>{second}</Row></GDALRasterAttributeTable>'
)
CHANNELS = "".join(
    f'<FieldDefn index="{i}"><Name>{name}</Name><Type>{{kind}}</Type><Usage>{usage}</Usage></FieldDefn>'
    for i, name, usage in ((3, "Red", 6), (4, "Green", 7), (5, "Blue", 8))
)


def pam(inside: str, root: str = "PAMDataset", band: str = "PAMRasterBand") -> str:
    return f'<{root}><Metadata/><{band} band="1"/><{band} band="2">{inside}</{band}></{root}>'


def channels(kind: int, first: tuple[object, ...], second: tuple[object, ...]) -> str:
    rows = ["".join(f"<F>{part}</F>" for part in parts) for parts in (first, second)]
    return TABLE.format(colors=CHANNELS.format(kind=kind), first=rows[0], second=rows[1])


NAMES = (
    "<CategoryNames>"
    + "<Category/>" * 10
    + "<Category>Forest</Category>"
    + "<Category/>" * 9
    + "<Category>Crop</Category></CategoryNames>"
)
COLORS = "<ColorTable>" + "".join(
    '<Entry c1="{}" c2="{}" c3="{}" c4="255"/>'.format(*{10: (0, 100, 0), 20: (240, 150, 255)}.get(i, (0, 0, 0)))
    for i in range(256)
) + "</ColorTable>"  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        qml(entry(10, "#006400", "Forest"), entry(20, "#f096ff", "Crop")),
        qml(
            entry(20, "#f096ff", "Crop"), entry("10.0", "#006400", "Forest"), entry(0, "#000000", "no data", alpha="0")
        ),
        qml(entry(10, "#006400", "Forest"), entry(20, "#f096ff", "Crop"), head='<?xml version="1.0"?>\n<'),
        shader('colorRampType="EXACT"'),
        sld(TWO),
        sld(TWO.replace("sld:", "se:"), prefix="se:"),
        sld(TWO + '<sld:ColorMapEntry color="#ffffff" opacity="0.00000000001" quantity="0.00000000001" label=""/>'),
        "10 0 100 0 255 Forest\n20 240 150 255 255 Crop",
        "# QGIS Generated Color Map Export File\nINTERPOLATION:EXACT\n10,0,100,0,255,Forest\n20,240,150,255,255,Crop\n",
        "10 0 100 0 Forest\r\n\r\n20 240 150 255 Crop\r\n0 0 0 0 0 none\r\n",
        "10\t0:100:0\tForest\n20\t240:150:255\tCrop\nnv 255:255:255\ndefault grey\nend\n",
        '10,0,100,0,255,"Forest"\n20,240,150,255,255,"Crop"\n',
        "10 #006400 Forest\n20 #f096ff Crop\n",
        pam(channels(0, (0, 100, 0), (240, 150, 255))),
        pam(channels(1, (0, 0.392157, 0), (0.941176, 0.588235, 1))),
        pam(TABLE.format(colors="", first="", second="") + COLORS),
        pam(NAMES + COLORS),
        pam(NAMES + COLORS, root="VRTDataset", band="VRTRasterBand"),
        pam(channels(0, (0, 100, 0), (240, 150, 255)), root="VRTDataset", band="VRTRasterBand"),
    ],
)
def test_styles_of_the_same_legend(text, tmp_path):
    found = import_text(text).legend
    assert [(item.value, item.label, item.color) for item in found] == BOTH
    (tmp_path / "style").write_text(text, newline="")
    assert import_legend(tmp_path / "style").legend == found


def test_classes_without_a_label_are_called_by_their_value():
    found = import_text("10 0 100 0\n20 240 150 255\n")
    assert [item.label for item in found.legend] == ["class 10", "class 20"]
    assert "has no label for 10, 20" in found.notices[0]
    found = import_text(qml(entry(10, "#006400", ""), entry(20, "#f096ff", " ")))
    assert [item.label for item in found.legend] == ["class 10", "class 20"]


def test_names_without_colours_get_some():
    found = import_text(pam(NAMES))
    assert [(item.value, item.label) for item in found.legend] == [(10, "Forest"), (20, "Crop")]
    assert [item.color for item in found.legend] == ["#FFB300", "#803E75"]
    assert "has no colour for 10, 20; default colours were taken" in found.notices[0]


def test_what_is_transparent_is_left_out_and_told():
    found = import_text(qml(entry(10, "#006400", "Forest"), entry(255, "#ffffff", "no data", alpha="0")))
    assert found.legend.values == (10,)
    assert "left out, for it is fully transparent and stands for no data: 255" in found.notices[0]


def test_parents_come_with_an_attribute_table():
    table = channels(0, (0, 100, 0), (240, 150, 255))
    table = table.replace(
        "<Row", '<FieldDefn index="6"><Name>Parent</Name><Type>2</Type><Usage>0</Usage></FieldDefn><Row', 1
    )
    table = table.replace("<F>0</F></Row>", "<F>0</F><F>Forest land</F></Row>")
    assert [item.parent for item in import_text(pam(table)).legend] == ["Forest land", None]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (shader('colorRampType="INTERPOLATED"'), r"is a colour ramp \(INTERPOLATED\), not classes; in QGIS style"),
        (shader(""), "is a colour ramp"),
        (qml(renderer='type="multibandcolor"'), "styles a raster as 'multibandcolor', not by classes"),
        (qml(), "holds no class"),
        ("<qgis><renderer-v2 type='categorizedSymbol'/></qgis>", "holds no style of a raster layer"),
        (sld(TWO, kind='type="ramp"'), 'its ColorMap is .ramp., not classes; give it type="values"'),
        (sld(TWO, kind=""), "its ColorMap is 'ramp'"),
        (sld("<se:Categorize/>", kind=""), "a function of SLD 1.1"),
        ("<StyledLayerDescriptor/>", "holds no ColorMap"),
        (pam(""), "has no class names, colour table or attribute table"),
        ("<svg/>", r"is XML of another kind \(svg\); legends are read from CSV, QML"),
        ("<html><body/></html>", "is a web page"),
        ("<qgis><pipe>", "broken XML"),
        ("INTERPOLATION:DISCRETE\n10,0,100,0,255,Forest\n", r"is a colour ramp \(DISCRETE\)"),
    ],
)
def test_styles_that_give_no_classes_say_why(text, said):
    with pytest.raises(InputError, match=said):
        import_text(text)


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE qgis [<!ENTITY a "b">]>',
        '<!DOCTYPE qgis [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE qgis [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>',
    ],
)
def test_entities_are_refused(head):
    with pytest.raises(RefusedError, match="declares entities"):
        import_text(f"{head}<qgis>&a;</qgis>")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            qml(
                entry("1.5", "#006400", "a"), entry(2, "#12G", "b"), entry(3, "#000001", "c"), entry(3, "#000002", "d")
            ),
            [
                "the pasted text, paletteEntry 1: class value '1.5' is not a whole number",
                "the pasted text, paletteEntry 2: colour '#12G' is not a hex colour",
                "the pasted text, paletteEntry 4: value 3 stands also in paletteEntry 3",
            ],
        ),
        (
            sld('<sld:ColorMapEntry quantity="" color="" label=""/>' + TWO),
            ["the pasted text, ColorMapEntry 1: class value '' is not a whole number"],
        ),
        (
            "10 0 100 0 Forest\n20 300 0 0 Crop\nforest\n",
            [
                "the pasted text, line 2: red '300' is not a whole number from 0 to 255",
                "the pasted text, line 3: 'forest' is no line of a colour map; write: value red green blue",
            ],
        ),
        (
            pam(channels(0, (0, "x", 0), (0, 256, 0))),
            [
                "the pasted text, row 1 of the attribute table: green 'x' is not a whole number",
                "the pasted text, row 2 of the attribute table: green '256' is not a whole number",
            ],
        ),
    ],
)
def test_all_problems_are_told_with_their_place(text, lines):
    with pytest.raises(InputError) as caught:
        import_text(text)
    assert len(caught.value.problems) == len(lines)
    for problem, line in zip(caught.value.problems, lines, strict=True):
        assert problem.startswith(line)


@pytest.mark.parametrize(
    "text", [qml(entry(10, "#006400", "a"), entry(20, "#f096ff", "b")), sld(TWO), pam(NAMES + COLORS)]
)
def test_cut_styles_are_read_or_refused(text, tmp_path):
    path = Path(tmp_path / "cut")
    for end in range(0, len(text), 7):
        path.write_text(text[:end])
        try:
            import_legend(path)
        except ClassifyLocalError as error:
            assert error.exit_code in (2, 5)  # noqa: PT017 - either is right
