"""Training tables and legends that cannot be used."""

from __future__ import annotations

import os

from tests.faults.rows import Breaking, Row, image, put, together, write
from tests.faults.scene import Scene, points

POINTS = r"reference\.csv: "
LEGEND = r"legend\.csv: "
RECIPE = r"recipe\.yml, line \d+, "


def reference(content: str | bytes) -> Breaking:
    return write("reference.csv", content)


def legend(*rows: str, header: str = "color,value,label") -> Breaking:
    return write("legend.csv", "\n".join([header, *rows, ""]))


def style(content: str) -> Breaking:
    return together(write("style.qml", content), put("legend", "style.qml"))


def inline(**second: object) -> Breaking:
    """A legend in the recipe, whose second entry is changed."""
    tree = {"value": 10, "label": "Tree cover", "color": "#006400"}
    crop = {"value": 40, "label": "Cropland", "color": "#F096FF"}
    return put("legend", [tree, crop | second])


def pipe_for_points(scene: Scene) -> None:
    scene.path("reference.csv").unlink()
    os.mkfifo(scene.path("reference.csv"))


def folder_for_points(scene: Scene) -> None:
    scene.path("reference.csv").unlink()
    scene.path("reference.csv").mkdir()


ARABIC_TEN = "\u0661\u0660"
"""Digits to Python's int and float."""

LOCAL_CRS = 'ENGCRS["site",EDATUM["peg"],CS[Cartesian,2],AXIS["x",east],AXIS["y",north],LENGTHUNIT["metre",1]]'

TRAINING = [
    Row(id="missing table", make=put("training", 0, "csv", "referenc.csv"),
        file=r"referenc\.csv: ", thing="no such file", remedy=r"did you mean 'reference\.csv'\?"),
    Row(id="table is a pipe", make=pipe_for_points, file=POINTS, thing="is a pipe", remedy="give a file"),
    Row(id="table is a folder", make=folder_for_points, file=POINTS, thing="is a folder", remedy="give a file"),
    Row(id="table is empty", make=reference(""), file=POINTS, thing="is empty", remedy="begins with a row of column"),
    Row(id="table of empty lines", make=reference("\n\n"), file=POINTS, thing="is empty", remedy="row of column names"),
    Row(id="table without rows", make=reference("XCoordinate,YCoordinate,landcover\n"),
        file=POINTS, thing="has column names and no rows", remedy="add points"),
    Row(id="all points outside", make=reference(points(shift=1)),
        file="reference.csv", thing="30 outside the image", remedy="at least 2 classes"),
    Row(id="all points outside, swapped", make=reference(points(row="{y:.8f},{x:.8f},{label}")), lines=2,
        file=POINTS, thing="inside it with x and y swapped", remedy="check the columns"),
    Row(id="one class only", make=reference(points(labels=(10,))),
        file="reference.csv: ", thing="only class 10 has usable rows", remedy="add training data"),
    Row(id="no class in the legend", make=reference(points(labels=(1, 2))),
        file="reference.csv", thing="are ignored: 1, 2", remedy="its values are 10, 40, 80"),
    Row(id="missing x", make=reference(points(header="XCoordinat,YCoordinate,landcover")),
        file=POINTS, thing="no column 'XCoordinate'; it has XCoordinat,", remedy=r"mean 'XCoordinat'\? .*with x:"),
    Row(id="missing class", make=reference(points(header="XCoordinate,YCoordinate,land_cover")),
        file=POINTS, thing="no column 'landcover'", remedy=r"did you mean 'land_cover'\? .*with class:"),
    Row(id="missing all columns", make=reference(points(header="a,b,c")), lines=3,
        file=POINTS, thing="no column 'YCoordinate'; it has a, b, c", remedy="the recipe names it with y:"),
    Row(id="names that are no labels", make=reference(points(labels=("Baum", "Acker"))), lines=4,
        file=r"reference\.csv, line 2: ", thing="class 'Baum' is not a number, and no label of the legend",
        remedy="give the legend's value"),
    Row(id="decimal commas between commas", make=reference(points().replace(".", ",")),
        file=r"reference\.csv, line 2: ", thing="5 fields where the header has 3", remedy="decimal point"),
    Row(id="no number", make=reference(points(row="nan,{y:.8f},{label}")), lines=4,
        file=r"reference\.csv, line 2: ", thing="coordinate 'nan' is not a number", remedy=r"write for example 1234"),
    Row(id="endless number", make=reference(points(row="{x:.8f},1e999,{label}")), lines=4,
        file=r"reference\.csv, line 2: ", thing="coordinate '1e999' is too large", remedy=r"write for example 1234\.5"),
    Row(id="digits of another script", make=reference(points(row="{x:.8f},{y:.8f}," + ARABIC_TEN)), lines=4,
        file=r"line 2: ", thing=f"class '{ARABIC_TEN}' is not a number", remedy="the legend's value"),
    Row(id="class 1.5", make=reference(points(labels=(1.5,))), lines=4,
        file=r"reference\.csv, line 2: ", thing="class '1.5' is not a whole number", remedy="give the legend's value"),
    Row(id="empty class", make=reference(points(labels=("",))), lines=4,
        file=r"reference\.csv, line 2: ", thing="class is empty", remedy="give the legend's value"),
    Row(id="column twice", make=reference("XCoordinate,YCoordinate,landcover,landcover\n1,2,3,4\n"),
        file=r"reference\.csv, line 1: ", thing="'landcover' stands twice", remedy="its own name"),
    Row(id="quote never closed", make=reference(points().replace(",80", ',"80', 1)),
        file=r"reference\.csv, line 4: ", thing="quote that opens here is never closed", remedy="close it"),
    Row(id="field of 2 MB", make=reference("XCoordinate,YCoordinate,landcover\n1,2," + "3" * 2_000_000 + "\n"),
        file=r"reference\.csv, line 2: ", thing="field larger than", remedy="is a quote not closed"),
    Row(id="no text in any encoding", make=reference(points(labels=("for\x81t",)).encode("latin-1")),
        file=r"reference\.csv, line 2 \(byte \d+\): ", thing="UTF-8", remedy="save the table as UTF-8"),
    Row(id="Latin-1 that names no class", make=reference(points(labels=("forêt",)).encode("latin-1")), lines=4,
        file=r"reference\.csv, line 2: ", thing="class 'forêt' is not a number", remedy="give the legend's value"),
    Row(id="spreadsheet", make=reference(b"PK\x03\x04" + bytes(99)), file=POINTS, thing="spreadsheet", remedy="as CSV"),
    Row(id="zero byte", make=reference(points().encode()[:99] + b"\0"),
        file=r"reference\.csv, line \d+ \(byte 99\): ", thing="a zero byte", remedy="save the table as text"),
    Row(id="CRS that is none", make=put("training", 0, "crs", "UTM 36 S"),
        file=RECIPE, thing=r"training\[0\]\.crs: unknown reference system 'UTM 36 S'", remedy="write EPSG:n"),
    Row(id="CRS with an unknown code", make=put("training", 0, "crs", "EPSG:999999"),
        file=RECIPE, thing=r"training\[0\]\.crs: unknown .*EPSG:999999", remedy="for example EPSG:4326"),
    Row(id="CRS as an address", make=put("training", 0, "crs", "http://127.0.0.1/crs"),
        file=RECIPE, thing=r"training\[0\]\.crs: 'http://127.0.0.1/crs' is an address", remedy="write EPSG:n"),
    Row(id="image in a local CRS", make=image(crs=LOCAL_CRS),
        file=POINTS, thing="points in EPSG:4326 cannot be placed .* 'site'", remedy="tied to the earth"),
    Row(id="collected points of other columns", lines=3,
        make=together(write("clicked.csv", "a,b\n1,2\n"), put("training", 0, {"collected": "clicked.csv"})),
        file=r"clicked\.csv: ", thing="no column 'class'", remedy="it has a, b"),
]  # fmt: skip

LEGENDS = [
    Row(id="missing legend", make=put("legend", "legnd.csv"),
        file=r"legnd\.csv: ", thing="no such file", remedy=r"did you mean 'legend\.csv'\?"),
    Row(id="empty legend", make=write("legend.csv", ""), file=LEGEND, thing="is empty", remedy="row of column names"),
    Row(id="legend without rows", make=legend(), file=LEGEND, thing="holds no class", remedy="write one row for each"),
    Row(id="legend without a column", make=legend("#000000,1", header="color,value"),
        file=LEGEND, thing="no column 'label'", remedy="it has color, value"),
    Row(id="legend with a misspelt column", make=legend("#000000,1.5,a", header="color,valeu,label"),
        file=LEGEND, thing="no column 'value'", remedy=r"did you mean 'valeu'\?"),
    *(
        Row(id=f"legend value {value}", make=legend(f"#000000,{value},a", "#000001,2,b"),
            file=r"legend\.csv, line 2: ", thing=f"class value '{value}' is not a whole number", remedy="example 10")
        for value in ("1.5", "1e3", ARABIC_TEN, "--5", "", "0x10")
    ),
    Row(id="legend value too large", make=legend("#000000,2147483648,a", "#000001,2,b"),
        file=r"legend\.csv, line 2: ", thing="class value 2147483648 is too large", remedy="allowed are -2147483648"),
    *(
        Row(id=f"legend colour {color}", make=legend(f"{color},1,a", "#000001,2,b"),
            file=r"legend\.csv, line 2: ", thing=f"colour '{color}' is not", remedy="write it as #RRGGBB")
        for color in ("#12G", "#1234", "gren", "")
    ),
    Row(id="legend value twice", make=legend("#000000,1,a", "#000001,1,b"),
        file=r"legend\.csv, line 3: ", thing="value 1 stands also in line 2", remedy="each class needs its own"),
    Row(id="legend label twice", make=legend("#000000,1,a", "#000001,2,a"),
        file=r"legend\.csv, line 3: ", thing="label 'a' stands also in line 2", remedy="each class needs its own"),
    Row(id="legend colour twice", make=legend("#00f,1,a", "#0000FF,2,b"),
        file=r"legend\.csv, line 3: ", thing="'#0000FF' stands also in line 2", remedy="each class needs its own"),
    Row(id="legend with an empty label", make=legend("#000000,1, ", "#000001,2,b"),
        file=r"legend\.csv, line 2: ", thing="class 1 has an empty label", remedy="give it a name"),
    Row(id="legend with two faults", make=legend("#12G,1,a", "#000001,1.5,b"), lines=2,
        file=r"legend\.csv, line 3: ", thing="'1.5'", remedy="write for example 10"),
    Row(id="legend with a zero byte", make=legend("#000000,1,a\0"),
        file=r"legend\.csv, line 2 ", thing="a zero byte", remedy="save the table as text"),
    Row(id="legend of 10,001 classes", make=legend(*(f"#{i:06x},{i},c{i}" for i in range(10_001))),
        file=LEGEND, thing="10001 classes", remedy="allowed are 10000"),
    Row(id="legend row with a field more", make=legend("#000000,1,a,b"),
        file=r"legend\.csv, line 2: ", thing="4 fields where the header has 3", remedy="stands in quotes"),
    Row(id="legend with a channel of 300", make=legend("1,a,300,0,0", "2,b,1,2,3", header="value,label,red,green,blue"),
        file=r"legend\.csv, line 2: ", thing="red '300' is not a whole number", remedy="from 0 to 255"),
    Row(id="legend without blue", make=legend("1,a,3,0", "2,b,1,2", header="value,label,red,green"),
        file=LEGEND, thing="no column 'blue'", remedy="it has value, label, red, green"),
    Row(id="legend as a style without classes", make=style('<qgis><rasterrenderer type="singlebandgray"/></qgis>'),
        file=r"style\.qml: ", thing="styles a raster as 'singlebandgray'", remedy="Paletted/Unique values"),
    Row(id="legend with entities", make=style('<!DOCTYPE qgis [<!ENTITY a "b">]><qgis>&a;</qgis>'), code=5,
        file=r"style\.qml: ", thing="declares entities", remedy="do not use it"),
    Row(id="legend as a web page", make=style("<html><body>Sign in</body></html>"),
        file=r"style\.qml: ", thing="is a web page", remedy="legends are read from CSV, QML"),
    Row(id="image as a legend", make=put("legend", "image.tif"),
        file=r"image\.tif: ", thing="different values among its pixels", remedy="is it a map of classes"),
    Row(id="inline value twice", make=inline(value=10),
        file=RECIPE, thing=r"legend\[1\]: value 10 stands also in legend\[0\]", remedy="each class needs its own"),
    Row(id="inline label twice", make=inline(label="Tree cover"),
        file=RECIPE, thing=r"legend\[1\]: label 'Tree cover' stands also", remedy="each class needs its own"),
    Row(id="inline colour twice", make=inline(color="#006400"),
        file=RECIPE, thing=r"legend\[1\]: color '#006400' stands also", remedy="each class needs its own"),
    Row(id="inline empty label", make=inline(label=""),
        file=RECIPE, thing=r"legend\[1\]: class 40 has an empty label", remedy="give it a name"),
    Row(id="inline colour", make=inline(color="#12G"),
        file=RECIPE, thing=r"legend\[1\]: colour '#12G'", remedy="write it as #RRGGBB"),
    Row(id="inline value too large", make=inline(value=2**31),
        file=RECIPE, thing=r"legend\[1\]\.value: .*2147483648", remedy="at most 2147483647"),
    Row(id="inline without entries", make=put("legend", []),
        file=RECIPE, thing="legend: holds no class", remedy="write"),
]  # fmt: skip

ROWS = [*TRAINING, *LEGENDS]
