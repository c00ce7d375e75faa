"""Tables in text as programs and people write them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from tests.faults.table_files.cases import Case, content, refused

POINT = '{"geodesic":false,"type":"Point","coordinates":[32.5,-13.25]}'


def table(id: str, text: str | bytes, columns: dict[str, list[str]], lines: list[int], **more: object) -> Case:  # noqa: A002
    """A file of the name table.csv that is read."""
    encoding = str(more.pop("encoding", "utf-8"))
    return Case(
        id=id, name="table.csv", make=content(text, encoding), columns=columns, lines=lines,
        **more  # type: ignore[arg-type]
    )  # fmt: skip


def quoted(*rows: list[str], separator: str = ",", end: str = "\n") -> str:
    """Rows with every field in quotes."""
    return end.join(separator.join(f'"{cell}"' for cell in row) for row in rows) + end


def wide(path: Path) -> None:
    names = [f"v{i}" for i in range(300)]
    path.write_text("\n".join([",".join(names), ",".join(map(str, range(300)))]) + "\n")


PROGRAMS = [
    table("QGIS, coordinates as columns", 'X,Y,fid,class,photo\n32.5,-13.25,1,10,"a, b.jpg"\n32.6,-13.3,2,40,\n',
          {"X": ["32.5", "32.6"], "Y": ["-13.25", "-13.3"], "fid": ["1", "2"], "class": ["10", "40"],
           "photo": ["a, b.jpg", ""]}, [2, 3], numbers={"X": [32.5, 32.6]}),
    table("QGIS, geometry as WKT", 'WKT,fid,class\n"POINT (32.5 -13.25)",1,"forest"\n',
          {"WKT": ["POINT (32.5 -13.25)"], "fid": ["1"], "class": ["forest"]}, [2]),
    table("SEPAL's reference data", "XCoordinate,YCoordinate,class\n32.5,-13.25,10\n",
          {"XCoordinate": ["32.5"], "YCoordinate": ["-13.25"], "class": ["10"]}, [2]),
    table("Excel in German", "Länge;Breite;Klasse\r\n32,5;-13,25;Wälder\r\n33;-14,5;Äcker\r\n", encoding="cp1252",
          columns={"Länge": ["32,5", "33"], "Breite": ["-13,25", "-14,5"], "Klasse": ["Wälder", "Äcker"]}, lines=[2, 3],
          numbers={"Länge": [32.5, 33], "Breite": [-13.25, -14.5], "Klasse": [None, None]},
          notices=(r"table\.csv: is not in UTF-8 and is read as Windows-1252 .* line 1 \(byte 1\) on: 'Länge'",)),
    table("Excel, Unicode text", "x\ty\tclass\r\n32,5\t-13,25\tforêt\r\n", encoding="utf-16",
          columns={"x": ["32,5"], "y": ["-13,25"], "class": ["forêt"]}, lines=[2], numbers={"y": [-13.25]}),
    table("Unicode text, big-endian", b"\xfe\xff" + "x\ty\n1\tü\n".encode("utf-16-be"), {"x": ["1"], "y": ["ü"]}, [2]),
    table("text in UTF-32", "x\ty\n1\tü\n", {"x": ["1"], "y": ["ü"]}, [2], encoding="utf-32"),
    table("Excel's separator line", "sep=;\r\na;b\r\n1,5;2\r\n", {"a": ["1,5"], "b": ["2"]}, [3], numbers={"a": [1.5]}),
    table("Excel's separator line, unusual", "sep=^\na^b\n1^2\n", {"a": ["1"], "b": ["2"]}, [3]),
    table("Excel's separator line after a mark", "sep=\t\na\tb\n1\t2\n", {"a": ["1"], "b": ["2"]}, [3],
          encoding="utf-8-sig"),
    table("Excel, CSV in UTF-8", "x;y;Fläche\r\n1;2;ü\r\n", {"x": ["1"], "y": ["2"], "Fläche": ["ü"]}, [2],
          encoding="utf-8-sig"),
    table("Excel, empty rows above", ";;\r\n;;\r\nx;y;c\r\n1;2;3\r\n;;\r\n4;5;6\r\n",
          {"x": ["1", "4"], "y": ["2", "5"], "c": ["3", "6"]}, [4, 6]),
    table("Excel, empty columns at the right", "x;y;c;;\r\n1;2;3;;\r\n4;5;6;;\r\n",
          {"x": ["1", "4"], "y": ["2", "5"], "c": ["3", "6"]}, [2, 3]),
    table("Earth Engine", 'system:index,class,.geo\n0_0,10,"' + POINT.replace('"', '""') + '"\n',
          {"system:index": ["0_0"], "class": ["10"], ".geo": [POINT]}, [2]),
    table("Collect Earth Online, plots",
          "plotid,center_lon,center_lat,shape,size_m,sample_points,email,flagged,flagged_reason,collection_time,"
          "analysis_duration,LAND USE:Forest,LAND USE:Crop\n"
          '7,32.5,-13.25,square,100.0,4,a@b.org,false,,2021-05-03 10:00,"12.4 secs",75.0,25.0\n'
          '8,32.6,-13.3,square,100.0,4,a@b.org,true,"clouds, haze",2021-05-03 10:01,"3.1 secs",,\n',
          {"plotid": ["7", "8"], "center_lon": ["32.5", "32.6"], "center_lat": ["-13.25", "-13.3"],
           "shape": ["square"] * 2, "size_m": ["100.0"] * 2, "sample_points": ["4"] * 2, "email": ["a@b.org"] * 2,
           "flagged": ["false", "true"], "flagged_reason": ["", "clouds, haze"],
           "collection_time": ["2021-05-03 10:00", "2021-05-03 10:01"], "analysis_duration": ["12.4 secs", "3.1 secs"],
           "LAND USE:Forest": ["75.0", ""], "LAND USE:Crop": ["25.0", ""]}, [2, 3],
          numbers={"LAND USE:Forest": [75, None]}),
    table("Collect Earth Online, samples",
          "plotid,sampleid,sample_internal_id,lon,lat,flagged,LAND USE,TREE COVER\n7,1,91,32.5,-13.25,false,Forest,\n",
          {"plotid": ["7"], "sampleid": ["1"], "sample_internal_id": ["91"], "lon": ["32.5"], "lat": ["-13.25"],
           "flagged": ["false"], "LAND USE": ["Forest"], "TREE COVER": [""]}, [2]),
    table("Collect Earth Online, old",
          "PLOT_ID,CENTER_LON,CENTER_LAT,SIZE_M,SHAPE,FLAGGED,ANALYSES,SAMPLE_POINTS,USER_ID,LAND USE:FOREST\n"
          "1,32.5,-13.25,100,circle,FALSE,1,1,a@b.org,100.0\n",
          {"PLOT_ID": ["1"], "CENTER_LON": ["32.5"], "CENTER_LAT": ["-13.25"], "SIZE_M": ["100"], "SHAPE": ["circle"],
           "FLAGGED": ["FALSE"], "ANALYSES": ["1"], "SAMPLE_POINTS": ["1"], "USER_ID": ["a@b.org"],
           "LAND USE:FOREST": ["100.0"]}, [2]),
    table("Collect", quoted(["id", "location_srs", "location_x", "location_y", "land_use_category", "remarks"],
                            ["1", "EPSG:4326", "32.5", "-13.25", "forest", ""]),
          {"id": ["1"], "location_srs": ["EPSG:4326"], "location_x": ["32.5"], "location_y": ["-13.25"],
           "land_use_category": ["forest"], "remarks": [""]}, [2]),
    table("Kobo", quoted(["start", "_gps_latitude", "_gps_longitude", "land_cover", "_uuid"],
                         ["2021-05-03T10:00:00.000+02:00", "-13.25", "32.5", "forest", "uuid:1"], separator=";"),
          {"start": ["2021-05-03T10:00:00.000+02:00"], "_gps_latitude": ["-13.25"], "_gps_longitude": ["32.5"],
           "land_cover": ["forest"], "_uuid": ["uuid:1"]}, [2]),
    table("ODK, geopoint in one cell", "KEY,geopoint,class\nuuid:1,-13.25 32.5 1100.0 4.9,10\n",
          {"KEY": ["uuid:1"], "geopoint": ["-13.25 32.5 1100.0 4.9"], "class": ["10"]}, [2],
          numbers={"geopoint": [None]}),
    table("R, row names", '"","x","y"\n"1",32.5,NA\n"2",32.6,-13\n',
          {"column 1": ["1", "2"], "x": ["32.5", "32.6"], "y": ["NA", "-13"]}, [2, 3], numbers={"y": [None, -13]}),
    table("R, separated by spaces", '"x" "y" "land cover"\n32.5 -13.25 "dense forest"\n33 -14 crop\n',
          {"x": ["32.5", "33"], "y": ["-13.25", "-14"], "land cover": ["dense forest", "crop"]}, [2, 3],
          notices=("taken to be separated by spaces",)),
    table("pandas, index without a name", ",x,y\n0,1.0,2.0\n", {"column 1": ["0"], "x": ["1.0"], "y": ["2.0"]}, [2]),
]  # fmt: skip

SHAPES = [
    table("tabs", "x\ty\n1\t2\n", {"x": ["1"], "y": ["2"]}, [2]),
    table("pipes", "x|y\n1,5|2\n", {"x": ["1,5"], "y": ["2"]}, [2], numbers={"x": [1.5]}),
    table("aligned with spaces", "  x      y   class\n 32.5  -13.2    10\n132.5  -13.2    40  \n",
          {"x": ["32.5", "132.5"], "y": ["-13.2", "-13.2"], "class": ["10", "40"]}, [2, 3],
          notices=("taken to be separated by spaces",)),
    table("one column", "class\nforest\n\ncrop\n", {"class": ["forest", "crop"]}, [2, 4]),
    table("one column of several words", "land cover\ndense forest\nopen forest\n",
          {"land cover": ["dense forest", "open forest"]}, [2, 3]),
    table("header only", "x,y,class\n", {"x": [], "y": [], "class": []}, []),
    table("header without a line end", "x,y,class", {"x": [], "y": [], "class": []}, []),
    Case(id="300 columns", name="table.csv", make=wide, columns={f"v{i}": [str(i)] for i in range(300)}, lines=[2]),
    table("line ends of old Macs", "x,y\r1,2\r3,4\r", {"x": ["1", "3"], "y": ["2", "4"]}, [2, 3]),
    table("mixed line ends", "x,y\r\n1,2\n3,4\r5,6", {"x": ["1", "3", "5"], "y": ["2", "4", "6"]}, [2, 3, 4]),
    table("blank lines", "\n\nx,y\n\n1,2\n  \n,\n3,4\n\n", {"x": ["1", "3"], "y": ["2", "4"]}, [5, 8]),
    table("separators at the ends of rows", "x,y\n1,2,\n3,4,,,\n", {"x": ["1", "3"], "y": ["2", "4"]}, [2, 3]),
    table("rows that are too short", "x,y,class\n1,2\n3\n", {"x": ["1", "3"], "y": ["2", ""], "class": ["", ""]},
          [2, 3]),
    table("blanks around", " x , y \n 1 ,\t2\u00a0\n", {"x": ["1"], "y": ["2"]}, [2]),
    table("blanks before quotes", 'x, note\n1, "a, b"\n', {"x": ["1"], "note": ["a, b"]}, [2]),
    table("quotes within", 'x,note\n1,"the ""old"" plot"\n2,5" pipe\n',
          {"x": ["1", "2"], "note": ['the "old" plot', '5" pipe']},
          [2, 3]),
    table("line breaks within", 'x,note\n1,"two\nlines"\n2,"three\r\nmore\n"\n3,c\n',
          {"x": ["1", "2", "3"], "note": ["two\nlines", "three\r\nmore", "c"]}, [3, 6, 7]),
    table("line break in a column's name", 'x,"land\ncover"\n1,2\n', {"x": ["1"], "land cover": ["2"]}, [3]),
    table("commas in names between semicolons", '"area, ha";"x, y, z, w"\n1;2\n',
          {"area, ha": ["1"], "x, y, z, w": ["2"]}, [2]),
    table("columns without a name", "x,,y,\n1,a,2,\n3,,4,\n", {"x": ["1", "3"], "column 2": ["a", ""], "y": ["2", "4"]},
          [2, 3]),
    table("column without a name beside one of its name", "column 2,\n1,a\n", {"column 2": ["1"], "column 2'": ["a"]},
          [2]),
    table("names that differ in case", "class,Class\n1,2\n", {"class": ["1"], "Class": ["2"]}, [2]),
    table("other scripts", "x,класс,種類\n1,лес,森\n", {"x": ["1"], "класс": ["лес"], "種類": ["森"]}, [2]),
    table("formulas are text", "x,label\n1,=1+1\n2,@SUM(A1)\n", {"x": ["1", "2"], "label": ["=1+1", "@SUM(A1)"]},
          [2, 3]),
    table("encoding given", "x;ž\n1;ř\n", {"x": ["1"], "ž": ["ř"]}, [2], encoding="cp1250",
          read={"encoding": "cp1250"}),
    table("encoding given by its other name", "x;è\n1;é\n", {"x": ["1"], "è": ["é"]}, [2], encoding="latin-1",
          read={"encoding": "ISO-8859-1"}),
    table("UTF-16 without its mark, given", "x;y\n1;2\n", {"x": ["1"], "y": ["2"]}, [2], encoding="utf-16-le",
          read={"encoding": "utf-16-le"}),
    table("Latin-1 far down", "x,c\n" + "1,a\n" * 1500 + "2,forêt\n", encoding="latin-1",
          columns={"x": ["1"] * 1500 + ["2"], "c": ["a"] * 1500 + ["forêt"]}, lines=list(range(2, 1503)),
          notices=(r"from line 1502 \(byte \d+\) on: 'forêt'",)),
]  # fmt: skip

NUMBERS = [
    table("thousands between semicolons", "x;y\n1.234,5;2\n500,5;3\n", {"x": ["1.234,5", "500,5"], "y": ["2", "3"]},
          [2, 3],
          numbers={"x": [None, 500.5]}),
    table("thousands in quotes", 'x,y\n"500,000",2\n"1,234.5",3\n', {"x": ["500,000", "1,234.5"], "y": ["2", "3"]},
          [2, 3],
          numbers={"x": [None, None]}),
    table("points among decimal commas", "x\ty\n1,5\t1\n2,5\t2\n1.234\t3\n7\t4\n",
          {"x": ["1,5", "2,5", "1.234", "7"], "y": ["1", "2", "3", "4"]}, [2, 3, 4, 5],
          numbers={"x": [1.5, 2.5, None, 7]}),
    table("degrees, minutes and seconds", "x;y\n32°30'15\"E;13°15'S\n", {"x": ["32°30'15\"E"], "y": ["13°15'S"]}, [2],
          numbers={"x": [None], "y": [None]}),
    table("Arabic digits", "x,y\n\u0663\u0662,1\n", {"x": ["\u0663\u0662"], "y": ["1"]}, [2], numbers={"x": [None]}),
    table("what Python would take for numbers", "x\n1_000\nnan\ninf\n1e999\n0x10\n\u22125\n1 000\n-.5e-3\n",
          {"x": ["1_000", "nan", "inf", "1e999", "0x10", "\u22125", "1 000", "-.5e-3"]}, list(range(2, 10)),
          numbers={"x": [None] * 7 + [-0.0005]}),
]  # fmt: skip

REFUSED = [
    refused("empty", "t.csv", content(b""), "is empty; a table begins with a row of column names"),
    refused("empty lines", "t.csv", content("\n;;\n\n"), "is empty"),
    refused("a mark and nothing", "t.csv", content(b"\xef\xbb\xbf"), "is empty"),
    refused("missing", "t.csv", lambda path: path.with_name("tt.csv").touch(),
            r"no such file; did you mean 'tt\.csv'\?"),
    refused("folder", "t.csv", Path.mkdir, "is a folder; give a file"),
    refused("name twice", "t.csv", content("\nx,y,x\n1,2,3\n"),
            "line 2: the column 'x' stands twice; give each its own name"),
    refused("rows that are too long", "t.csv", content("x,y\n1,2\n32,5,13,25\n"),
            "line 3: 4 fields where the header has 2"),
    refused("R, row names without a name", "t.csv", content("x,y\n1,32.5,-13\n"),
            "line 2: 3 fields where the header has 2"),
    refused("quote never closed", "t.csv", content('x,c\n1,a\n2,"b\n3,c\n4,d\n'),
            "line 3: a quote that opens here is never"),
    refused("quote never closed, old Mac", "t.csv", content('x,c\r1,a\r2,"b\r3,c\r'),
            "line 3: a quote that opens here"),
    refused("field of 2 MB", "t.csv", content("x,c\n1," + "a" * 2_000_000),
            "line 2: field larger than .*is a quote not closed"),
    refused("zero byte", "t.csv", content(b"x,y\n1,2\n3,\0\n"),
            r"line 3 \(byte 10\): a zero byte; save the table as text in UTF-8"),
    refused("UTF-16 without its mark", "t.csv", content("x,y\n1,2\n", "utf-16-le"), r"line 1 \(byte 1\): a zero byte"),
    refused("UTF-16 cut short", "t.csv", content("x,y\n1,2\n".encode("utf-16")[:-1]),
            r"line 2 \(byte 16\): damaged UTF-16 text"),
    refused("no character of Windows-1252", "t.csv", content(b"x,y\n1,\x81\n"),
            r"line 2 \(byte 6\): neither UTF-8 nor Windows"),
    refused("one damaged character", "t.csv", content("x,y\n1,forêt\n".encode() + b"2,for\xeat\n"),
            r"line 3 \(byte 18\): damaged UTF-8 text, among other that is sound"),
    refused("another encoding than given", "t.csv", content(b"x,y\n1,\x81\n"), r"line 2 \(byte 6\): not cp1252 text",
            encoding="cp1252"),
    refused("UTF-8 given, Latin-1 found", "t.csv", content(b"x,\xe9\n"), r"line 1 \(byte 2\): not UTF-8 text",
            encoding="utf8"),
    refused("UTF-8 given, UTF-16 found", "t.csv", content("x,y\n", "utf-16"), "is in UTF-16 .* save it as CSV in UTF-8",
            encoding="utf-8"),
    refused("encoding that is none", "t.csv", content("x"), "unknown encoding 'latin-99'", encoding="latin-99"),
    refused("encoding that is no text", "t.csv", content("x"), "unknown encoding 'rot13'", encoding="rot13"),
    refused("sheet of a text", "t.csv", content("x\n"), "is text, which has no sheets; take sheet: out", sheet="a"),
    refused("web page", "t.csv", content("<!DOCTYPE html>\n<html><body>404</body></html>"), "is a web page or XML"),
    refused("HTML that Excel opens", "t.xls", content("<table><tr><td>x</td></tr></table>"), "is a web page or XML"),
    refused("KML", "t.csv", content('<?xml version="1.0"?><kml/>'), "is a web page or XML"),
    refused("GeoJSON", "t.csv", content('{"type": "FeatureCollection", "features": []}'),
            "is JSON.* is given with vector:"),
    refused("JSON rows", "t.csv", content(json.dumps([{"x": 1}], indent=1).replace("\n ", "")), "is JSON"),
    refused("GeoPackage", "t.csv", content(b"SQLite format 3\0" + bytes(99)), "a database .* give it with vector:"),
    refused("shapefile", "t.csv", content(b"\0\0\x27\x0a" + bytes(99)), "is a shapefile, .*; give it with vector:"),
    refused("packed", "t.csv", content(gzip.compress(b"x,y\n1,2\n")), "packed with gzip, .*; unpack it first"),
    refused("Parquet", "t.csv", content(b"PAR1" + bytes(99)),
            "a Parquet file, not a table in plain text; save it as CSV"),
    refused("PDF", "t.csv", content(b"%PDF-1.7\n"), "a PDF, not a table in plain text; save it as CSV in UTF-8"),
]  # fmt: skip

CASES = [*PROGRAMS, *SHAPES, *NUMBERS, *REFUSED]
