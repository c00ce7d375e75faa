"""Workbooks as people keep them, and what only looks like one."""

from __future__ import annotations

import datetime
import re
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from classify_local.errors import RefusedError
from tests.faults.table_files.cases import Case, Make, content, refused

Change = Callable[[Workbook], object]
BOMB = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]>'
FORMULA = '<c r="{0}"><f>A2*2</f><v>{1}</v></c>'


def book(*rows: Iterable[Any], change: Change = lambda _: None, **sheets: Iterable[Iterable[Any]]) -> Make:
    """A workbook whose first sheet, Data, has these rows, with more sheets by name."""

    def make(path: Path) -> None:
        workbook = Workbook()
        first = workbook.active
        first.title = "Data"
        for row in rows:
            first.append(list(row))
        for name, more in sheets.items():
            sheet = workbook.create_sheet(name)
            for row in more:
                sheet.append(list(row))
        change(workbook)
        workbook.save(path)

    return make


def edited(make: Make, member: str, edit: Callable[[str], str]) -> Make:
    """The workbook with one of its XML files changed; a member that is not there is added."""

    def remake(path: Path) -> None:
        make(path)
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        members[member] = edit(members.get(member, b"").decode()).encode()
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in members.items():
                archive.writestr(name, data)

    return remake


def hide_first(workbook: Workbook) -> None:
    workbook["Data"].sheet_state = "hidden"


def merge(workbook: Workbook) -> None:
    workbook["Data"].merge_cells("A1:B1")


def zipped(**members: bytes) -> Make:
    """An archive; in the names of its members two underscores stand for a slash, one for a point."""

    def make(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in members.items():
                packing = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
                archive.writestr(name.replace("__", "/").replace("_", "."), data, packing)

    return make


def bomb(path: Path) -> None:
    """200 MB of nothing in 200 kB."""
    PLAIN(path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/media/a.png", "w") as stream:
        for _ in range(200):
            stream.write(bytes(1_000_000))


def crowd(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(10_001):
            archive.writestr(str(i), b"")


def cut(path: Path) -> None:
    PLAIN(path)
    path.write_bytes(path.read_bytes()[:-200])


def flipped(path: Path) -> None:
    """A byte changed within the first sheet's packed data."""
    PLAIN(path)
    with zipfile.ZipFile(path) as archive:
        at = archive.getinfo("xl/worksheets/sheet1.xml").header_offset + 70
    data = bytearray(path.read_bytes())
    data[at] ^= 0xFF
    path.write_bytes(bytes(data))


def locked(path: Path) -> None:
    """The mark of encryption on every member."""
    PLAIN(path)
    data = path.read_bytes()
    path.write_bytes(re.sub(rb"(?<=PK\x01\x02....)..", b"\x01\x00", data, flags=re.DOTALL))


PLAIN = book(["x", "y", "class"], [32.5, -13.25, 10], [32.6, -13, 40])
PLAIN_COLUMNS = {"x": ["32.5", "32.6"], "y": ["-13.25", "-13"], "class": ["10", "40"]}


def sheet(id: str, make: Make, columns: dict[str, list[str]], lines: list[int], **more: Any) -> Case:  # noqa: A002
    return Case(id=id, name=str(more.pop("name", "book.xlsx")), make=make, columns=columns, lines=lines, **more)


READ = [
    sheet("workbook", PLAIN, PLAIN_COLUMNS, [2, 3], numbers={"y": [-13.25, -13]}),
    sheet("workbook under another name", PLAIN, PLAIN_COLUMNS, [2, 3], name="book.csv"),
    sheet("workbook with macros", PLAIN, PLAIN_COLUMNS, [2, 3], name="book.xlsm"),
    sheet("kinds of cells",
          book(["a", "b", "c", "d", "e", "f", "g"],
               [10, 10.5, True, datetime.date(2021, 5, 3), datetime.datetime(2021, 5, 3, 10, 30), datetime.time(10, 30),
                " text "],
               [-(2**40), 1e-7, False, None, datetime.datetime(2021, 5, 3), None, "007"]),
          {"a": ["10", "-1099511627776"], "b": ["10.5", "1e-07"], "c": ["true", "false"], "d": ["2021-05-03", ""],
           "e": ["2021-05-03T10:30:00", "2021-05-03"], "f": ["10:30:00", ""], "g": ["text", "007"]}, [2, 3]),
    sheet("decimal commas typed as text", book(["x"], ["32,5"], ["-13,25"]), {"x": ["32,5", "-13,25"]}, [2, 3],
          numbers={"x": [32.5, -13.25]}),
    sheet("empty rows and columns", book([], [None, "x", None, "c"], [], [None, 1, None, 2], [], [None, 3, None, 4]),
          {"x": ["1", "3"], "c": ["2", "4"]}, [4, 6]),
    sheet("remarks beside the table", book(["x", "y"], [1, 2], [3, 4, None, "checked"], [5, 6, "?", None, None]),
          {"x": ["1", "3", "5"], "y": ["2", "4", "6"], "column 3": ["", "", "?"], "column 4": ["", "checked", ""]},
          [2, 3, 4]),
    sheet("column without a name", book(["x", None, "y"], [1, "a", 2], [3, None, 4]),
          {"x": ["1", "3"], "column 2": ["a", ""], "y": ["2", "4"]}, [2, 3]),
    sheet("merged names", book(["place", None, "class"], [32.5, -13, 10], change=merge),
          {"place": ["32.5"], "column 2": ["-13"], "class": ["10"]}, [2]),
    sheet("several sheets", book(["x"], [1], Other=[["a"], [2]], Empty=[]), {"x": ["1"]}, [2],
          notices=(r"book\.xlsx, sheet 'Data': is read; for another give sheet:, of 'Other'$",)),
    sheet("first sheet empty", book(Plots=[["x"], [1]]), {"x": ["1"]}, [2]),
    sheet("first sheet hidden", book(["old"], [0], Plots=[["x"], [1]], change=hide_first), {"x": ["1"]}, [2],
          notices=("sheet 'Plots': is read; .* of 'Data'",)),
    sheet("sheet named", book(["x"], [1], **{"Feld 2": [["a"], [2]]}), {"a": ["2"]}, [2], read={"sheet": "Feld 2"}),
    sheet("sheet with a header only", book(["x", "y"]), {"x": [], "y": []}, []),
    sheet("results of formulas",
          edited(book(["x", "double"], [2, 0]), "xl/worksheets/sheet1.xml",
                 lambda text: re.sub(r'<c r="B2".*?</c>', FORMULA.format("B2", 4), text)),
          {"x": ["2"], "double": ["4"]}, [2]),
    sheet("formulas without results", book(["x", "double", "note"], [2, "=A2*2", None]),
          {"x": ["2"], "double": [""], "note": [""]}, [2],
          notices=(r"the column 'double' holds formulas without results; open the workbook",)),
    sheet("errors of formulas", book(["x"], ["#N/A"], [1]), {"x": ["#N/A", "1"]}, [2, 3], numbers={"x": [None, 1]}),
    sheet("size said wrongly",
          edited(PLAIN, "xl/worksheets/sheet1.xml",
          lambda text: re.sub('dimension ref=".*?"', 'dimension ref="A1"', text)),
          PLAIN_COLUMNS, [2, 3]),
    sheet("texts within the sheet",
          edited(book(["x"], [1]), "xl/worksheets/sheet1.xml",
                 lambda text: re.sub(r'<c r="A1".*?</c>', '<c r="A1" t="inlineStr"><is><t>x y</t></is></c>', text)),
          {"x y": ["1"]}, [2]),
]  # fmt: skip

REFUSED = [
    refused("no such sheet", "b.xlsx", book(["x"], [1], Plots=[["y"]]),
            "no sheet 'Plot'; it has Data, Plots; did you mean 'Plots'",
            sheet="Plot"),
    refused("workbook with nothing in it", "b.xlsx", book(), "is empty; a table begins with a row of column names"),
    refused("sheet with nothing in it", "b.xlsx", book(["x"], Empty=[]), "sheet 'Empty': is empty", sheet="Empty"),
    refused("name twice in a sheet", "b.xlsx", book([], ["x", "x"], [1, 2]),
            "sheet 'Data', row 2: the column 'x' stands twice"),
    refused("encoding of a workbook", "b.xlsx", PLAIN, "a spreadsheet or zip archive, not a table in plain text",
            encoding="utf-8"),
    refused("workbook cut short", "b.xlsx", cut, "is a spreadsheet or zip archive that cannot be opened"),
    refused("workbook with a changed byte", "b.xlsx", flipped, "is a damaged spreadsheet|cannot be opened"),
    refused("workbook with broken XML", "b.xlsx", edited(PLAIN, "xl/worksheets/sheet1.xml", lambda text: text[:-99]),
            "is a damaged spreadsheet"),
    refused("workbook without its parts", "b.xlsx", zipped(xl__workbook_xml=b"<workbook/>"),
            "is a damaged spreadsheet"),
    refused("workbook with a password", "b.xlsx", locked, "is protected by a password; save it without one"),
    refused("workbook with a password, as Excel does", "b.xlsx", content(b"\xd0\xcf\x11\xe0" + bytes(512)),
            r"old format \(\.xls\) or with a password, .* save it as \.xlsx or CSV"),
    refused("old workbook", "b.xls", content(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)),
            r"save it as \.xlsx or CSV"),
    refused("binary workbook", "b.xlsb", zipped(xl__workbook_bin=b"\0"),
            r"is a binary workbook \(\.xlsb\); save it as \.xlsx"),
    refused("OpenDocument", "b.ods",
            zipped(mimetype=b"application/vnd.oasis.opendocument.spreadsheet", content_xml=b"<a/>"),
            r"is an OpenDocument spreadsheet \(\.ods\); save it as \.xlsx or CSV"),
    refused("OpenDocument, in another order", "b.ods", zipped(content_xml=b"<a/>", mimetype=b"a" * 600),
            "is an OpenDocument"),
    refused("document", "b.docx", zipped(word__document_xml=b"<a/>"),
            "is a zip archive, not a spreadsheet; unpack it first"),
    refused("zipped table", "b.zip", zipped(table_csv=b"x,y\n1,2\n"),
            "is a zip archive, not a spreadsheet; unpack it first"),
    refused("zipped shapefile", "b.zip", zipped(plots_shp=b""),
            "is a zip archive of geometries, .* give it with vector:"),
    refused("entities", "b.xlsx", edited(PLAIN, "xl/worksheets/sheet1.xml",
                                         lambda text: BOMB + text.replace("<v>10</v>", "<v>&c;</v>")),
            "sheet1.xml: declares document types or entities", RefusedError),
    refused("entities in the texts", "b.xlsx", edited(PLAIN, "xl/sharedStrings.xml",
                                                      lambda text: BOMB + re.sub(r"<\?.*?\?>", "", text)),
            "sharedStrings.xml: declares document types or entities", RefusedError),
    refused("zip bomb", "b.xlsx", bomb, "unpacks to 200,.* more than its data can need; save", RefusedError),
    refused("zip of many files", "b.xlsx", crowd, "in 10,001 files, more than its data can need", RefusedError),
]  # fmt: skip

CASES = [*READ, *REFUSED]
