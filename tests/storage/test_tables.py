"""Tables in text: what becomes of values on their way, in every separator and encoding; limits; memory's shape."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify_local.errors import InputError
from classify_local.storage import delimited, tables, text
from classify_local.storage.columns import Records, Rows
from classify_local.storage.tables import Table, read_csv, read_table

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\ufeff", exclude_categories=("Cs",)), max_size=12)
WESTERN = st.text(st.characters(codec="cp1252", exclude_characters="\0\r"), max_size=12)


def grid(cells: st.SearchStrategy[str]) -> st.SearchStrategy[list[list[str]]]:
    """Rows of one width, 2 to 4."""
    return st.integers(2, 4).flatmap(
        lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), max_size=8)
    )


def written(rows: list[list[str]], separator: str, end: str) -> str:
    """A table with the names a0, a1, ... as Python's own writer writes it, every cell in quotes."""
    width = len(rows[0]) if rows else 2
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=separator, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([[f"a{i}" for i in range(width)], *rows])
    return stream.getvalue()


def held(table: Table) -> list[list[str]]:
    """Rows of a table."""
    return [list(row) for row in zip(*table.columns.values(), strict=True)]


def kept(rows: list[list[str]]) -> list[list[str]]:
    """What must come back: cells stripped, rows without anything left out."""
    stripped = [[cell.strip() for cell in row] for row in rows]
    return [row for row in stripped if any(row)]


@given(grid(WORDS), st.sampled_from(",;\t|"), st.sampled_from(["\n", "\r\n"]),
       st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))  # fmt: skip
def test_text_comes_back(tmp_path, rows, separator, end, encoding):
    path = tmp_path / "t.csv"
    path.write_bytes(written(rows, separator, end).encode(encoding))
    table = read_table(path)
    assert held(table) == kept(rows)
    assert table.separator == separator
    assert table.notices == ()


@given(grid(WESTERN), st.sampled_from(",;\t|"))
def test_western_text_comes_back_and_is_never_silent(tmp_path, rows, separator):
    path = tmp_path / "t.csv"
    data = written(rows, separator, "\n").encode("cp1252")
    path.write_bytes(data)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        if not data[: error.start].isascii():
            with pytest.raises(InputError, match="damaged UTF-8"):
                read_table(path)
            return
        table = read_table(path)
        assert held(table) == kept(rows)
        assert len(table.notices) == 1
    assert held(read_table(path, encoding="cp1252")) == kept(rows)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path, data):
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    try:
        table = read_table(path)
    except InputError as error:
        said = str(error)
    else:
        assert all(len(cells) == len(table) for cells in table.columns.values())
        said = table.where
    assert said.startswith(str(path))


@given(grid(WORDS), st.sampled_from(",;\t|"))
def test_lines_are_those_an_editor_shows(tmp_path, rows, separator):
    path = tmp_path / "t.csv"
    path.write_text(written([[*row, f"#{i}"] for i, row in enumerate(rows)], separator, "\n"), "utf-8", newline="")
    lines = path.read_text("utf-8").split("\n")
    table = read_table(path)
    assert len(table) == len(rows)
    for i, line in enumerate(table.lines):
        assert lines[line - 1].endswith(f'"#{i}"')


# values


def test_cells_are_texts_to_whoever_takes_them(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x,c\n1,forest\n2,crop\n")
    table = read_table(path)
    assert table.columns["c"].dtype == np.dtypes.StringDType()
    assert table.columns["c"][0] == "forest"
    assert type(table.columns["c"][0]) is str
    assert [type(cell) for cell in table.columns["x"]] == [str, str]
    assert (table.columns["c"] == "crop").tolist() == [False, True]
    assert len(table) == 2


def test_places_name_the_unit_and_the_part():
    table = Table(where="a", columns={"c": ["x"] * 4}, lines=[5, 6, 1, 2], unit="feature", parts=((0, "b"), (2, "c")))
    assert [table.place(i) for i in range(4)] == ["b, feature 5", "b, feature 6", "c, feature 1", "c, feature 2"]
    assert Table(where="a", columns={}, lines=[7]).place(0) == "a, line 7"


def test_columns_of_different_length_are_no_table():
    with pytest.raises(ValueError, match="differ in length"):
        Table(where="a", columns={"c": ["x"]}, lines=[1, 2])


def test_rows_and_records_are_packed_by_chunks():
    rows, records = Rows(1), Records()
    for i in range(20_000):
        if i == 10_000:
            rows.widen(2)
        rows.add(i, [str(i), "b"][: 1 if i < 10_000 else 2])
        records.add(i, {"a": str(i)} if i % 2 else {"b": f" {i} "})
    first, second = rows.columns()
    assert first.tolist() == [str(i) for i in range(20_000)]
    assert second.tolist() == [""] * 10_000 + ["b"] * 10_000
    assert list(rows.numbers) == list(records.numbers) == list(range(20_000))
    columns = records.columns()
    assert list(columns) == ["b", "a"]
    assert columns["a"].tolist() == [str(i) if i % 2 else "" for i in range(20_000)]
    assert columns["b"].tolist() == ["" if i % 2 else str(i) for i in range(20_000)]


# nothing guessed


@pytest.mark.parametrize(
    "data", ["x,é\n1,2\n".encode("cp1252"), "x,y\n1,2\n".encode("utf-16"), b"PK\x03\x04" + bytes(50)]
)
def test_read_csv_guesses_nothing(tmp_path, data):
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    with pytest.raises(InputError):
        read_csv(path)


def test_read_csv_reads_what_this_package_writes(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("XCoordinate,YCoordinate,class\r\n32.5,-13.25,10\r\n", encoding="utf-8")
    assert held(read_csv(path)) == [["32.5", "-13.25", "10"]]


# limits


def test_too_many_rows_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    path.write_text("x,y\n" + "1,2\n" * 50)
    monkeypatch.setattr(delimited, "MAX_CELLS", 99)
    with pytest.raises(InputError, match=r"has more than 49 rows of 2 columns; take out columns .* or divide it"):
        read_table(path)
    monkeypatch.setattr(delimited, "MAX_CELLS", 100)
    assert len(read_table(path)) == 50


def test_a_line_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "_BLOCK", 10)
    monkeypatch.setattr(text, "_MAX_LINE_BLOCKS", 3)
    path = tmp_path / "t.csv"
    path.write_text("x,y\n" + "1" * 60)
    with pytest.raises(InputError, match="has a line of more than 3 MB; is this a table"):
        read_table(path)


@given(st.integers(1, 40), st.text("aé,\n", max_size=60), st.sampled_from(["utf-8", "cp1252", "utf-16"]))
def test_blocks_do_not_show(tmp_path, size, body, encoding):
    path = tmp_path / "t.csv"
    path.write_bytes(("x\n" + body.replace(",", "")).encode(encoding))
    whole = text.find_encoding(path) if encoding != "cp1252" else text.find_encoding(path, "cp1252")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "_BLOCK", size)
        patch.setattr(text, "_MAX_LINE_BLOCKS", 1000)
        again = text.find_encoding(path) if encoding != "cp1252" else text.find_encoding(path, "cp1252")
    assert again == whole


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_the_first_bad_byte_is_named_whatever_the_blocks(tmp_path, monkeypatch, size):
    path = tmp_path / "t.csv"
    path.write_bytes("x,y\n1,é\n2,".encode() + b"\xe9\n")
    monkeypatch.setattr(text, "_BLOCK", size)
    with pytest.raises(InputError, match=r"line 3 \(byte 11\): damaged UTF-8"):
        read_table(path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_that_may_not_be_read_is_named(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x\n1\n")
    path.chmod(0)
    with pytest.raises(InputError, match=r"t\.csv: cannot be read"):
        read_table(path)


def test_an_error_of_the_disk_names_the_file(tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    path.write_text("x\n1\n")

    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(tables, "find_encoding", fail)
    with pytest.raises(InputError, match=r"t\.csv: cannot be read: Input/output error"):
        read_table(path)


def test_a_table_in_text_needs_no_slow_library(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x,y\n1,2\n")
    code = (
        "import sys; from pathlib import Path; from classify_local.storage.tables import read_table; "
        f"read_table(Path({str(path)!r})); "
        "print({m.split('.')[0] for m in sys.modules} & {'openpyxl', 'pyogrio', 'geopandas', 'pandas', 'shapely'})"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "set()"


def test_statlog_is_read_whole(real_data: Path):
    table = read_table(real_data / "statlog" / "satellite.csv")
    with (real_data / "statlog" / "satellite.csv").open(newline="") as stream:
        assert held(table) == list(csv.reader(stream))[1:]
    *features, labels = table.columns
    assert len(features) == 36
    assert all(table.numbers(name)[1].all() for name in features)
    assert not table.numbers(labels)[1].any()
