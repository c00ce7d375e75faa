"""Collected points: exact, appended, whole after a power cut at any byte, kept when they are cleared."""

from __future__ import annotations

import csv
import io
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classify_local.errors import InputError, StorageError
from classify_local.training import appended, collected
from classify_local.training.collected import CRS, HEADER, CollectedPoint, append_point, clear, reference_csv
from tests.training.entries import legend_of, read_entry

POINTS = st.builds(CollectedPoint, x=st.floats(-180, 180), y=st.floats(-90, 90), label=st.integers(-(2**31), 2**31 - 1))
THREE = [CollectedPoint(x=33.125, y=-13.5, label=10), CollectedPoint(x=1e-7, y=-0.0, label=-3),
         CollectedPoint(x=-179.99999999999997, y=89.9, label=2_000_000_000)]  # fmt: skip
HEAD = "XCoordinate,YCoordinate,class\n"


def points_of(path) -> list[CollectedPoint]:
    found = read_entry(collected=str(path))
    rows = zip(found.x.tolist(), found.y.tolist(), found.labels.tolist(), strict=True)
    return [CollectedPoint(x=x, y=y, label=label) for x, y, label in rows]


# writing and reading


@settings(max_examples=25)
@given(st.lists(POINTS, max_size=8))
def test_what_is_written_is_read_back_exactly(tmp_path, points):
    whole, grown = tmp_path / "whole.csv", tmp_path / "grown.csv"
    grown.unlink(missing_ok=True)
    collected.write_points(whole, points)
    for point in points:
        append_point(grown, point)
    assert points_of(whole) == points_of(grown) == points
    assert not points or whole.read_bytes() == grown.read_bytes()
    assert read_entry(collected=str(whole)).crs == CRS


def test_the_file_is_sepals_and_reads_with_any_reader(tmp_path):
    for point in THREE:
        append_point(tmp_path / "points.csv", point)
    with (tmp_path / "points.csv").open(newline="") as stream:
        rows = list(csv.reader(stream))
    assert tuple(rows[0]) == HEADER
    assert [(float(x), float(y), int(label)) for x, y, label in rows[1:]] == [(p.x, p.y, p.label) for p in THREE]


@pytest.mark.parametrize("place", [(math.nan, 1.0), (1.0, math.inf), (-math.inf, 0.0)])
def test_a_point_has_a_place(place):
    with pytest.raises(InputError, match="has no place; give its longitude and latitude"):
        CollectedPoint(x=place[0], y=place[1], label=1)


@pytest.mark.parametrize(
    "content",
    [
        "XCoordinate,YCoordinate,class\n1,2,3\n",
        "XCoordinate,YCoordinate,class\n1,2,3",
        "XCoordinate,YCoordinate,class\r\n1,2,3\r\n",
        '\ufeffXCoordinate,YCoordinate,class\n1,2,"3"\n',
        '"XCoordinate","YCoordinate","class"\n"1","2","3"\n',
        "XCoordinate,YCoordinate,class,note\n1,2,3,seen\n",
        'XCoordinate,YCoordinate,class,note\n1,2,3,"seen\ntwice"\n',
        'XCoordinate,YCoordinate,class,note\n1,2,3,"seen\ntwice"',
    ],
)
def test_points_are_added_to_what_sepal_and_others_wrote(tmp_path, content):
    path = tmp_path / "points.csv"
    path.write_text(content, newline="")
    assert points_of(path) == [CollectedPoint(x=1, y=2, label=3)]
    append_point(path, THREE[0])
    append_point(path, THREE[1])
    assert points_of(path) == [CollectedPoint(x=1, y=2, label=3), *THREE[:2]]
    assert path.read_text().replace("\r", "").startswith(content.replace("\r", "").rstrip("\n"))


@pytest.mark.parametrize("content", ["YCoordinate,XCoordinate,class\n1,2,3\n", "lon,lat,class\n1,2,3\n", "x\n",
                                     "XCoordinate;YCoordinate;class\n1;2;3\n"])  # fmt: skip
def test_nothing_is_added_to_a_table_of_other_columns(tmp_path, content):
    path = tmp_path / "points.csv"
    path.write_text(content)
    with pytest.raises(InputError, match=r"points\.csv: does not begin with the columns XCoord.*; name another file"):
        append_point(path, THREE[0])
    assert path.read_text() == content


def test_a_table_with_another_separator_is_read(tmp_path):
    (tmp_path / "points.csv").write_text("XCoordinate;YCoordinate;class\n33,5;-13,25;10\n34;-14;40")
    assert points_of(tmp_path / "points.csv") == [
        CollectedPoint(x=33.5, y=-13.25, label=10), CollectedPoint(x=34, y=-14, label=40),
    ]  # fmt: skip


@pytest.mark.parametrize("content", ["", HEAD, HEAD[:-1]])
def test_a_file_without_points(tmp_path, content):
    path = tmp_path / "points.csv"
    path.write_text(content)
    assert points_of(path) == []
    append_point(path, THREE[0])
    assert points_of(path) == THREE[:1]


def test_every_column_that_is_missing_is_said(tmp_path):
    (tmp_path / "points.csv").write_text("XCoordinate,lat\n1,2\n")
    with pytest.raises(InputError) as caught:
        read_entry(collected=str(tmp_path / "points.csv"))
    first, second = caught.value.problems
    assert "points.csv: no column 'YCoordinate'; it has XCoordinate, lat, and needs XCoordinate, YCoord" in first
    assert "no column 'class'" in second


def test_labels_are_taken_for_values(tmp_path):
    (tmp_path / "points.csv").write_text(HEAD + "1,2,Water\n")
    points = read_entry(legend_of(Water=80), collected=str(tmp_path / "points.csv"))
    assert points.labels.tolist() == [80]
    assert "labels in the column 'class' are taken for their values: Water" in points.notes[0]


def test_what_cannot_be_written_is_said(tmp_path):
    (tmp_path / "points.csv").mkdir()
    with pytest.raises(StorageError, match=r"points\.csv: cannot be written"):
        append_point(tmp_path / "points.csv", THREE[0])


# a power cut


@pytest.mark.parametrize("tail", [b"", b"\0" * 40], ids=["cut", "zeros"])
@pytest.mark.parametrize("header", [HEAD, HEAD.replace("\n", ",note\n")], ids=["ours", "more columns"])
def test_a_power_cut_at_any_byte_loses_no_point_but_the_last(tmp_path, tail, header):
    path = tmp_path / "points.csv"
    path.write_text(header)
    for point in THREE[:2]:
        append_point(path, point)
    before = path.read_bytes()
    append_point(path, THREE[2])
    whole = path.read_bytes()
    for length in range(len(before), len(whole) + 1):
        torn = whole[:length] + tail
        path.write_bytes(torn)
        table, cut = collected.read(path)
        last = length >= len(whole) - 1 if not tail else length == len(whole)
        expected = THREE if last else THREE[:2]
        assert points_of(path) == expected, (length, torn[len(before) :])
        assert len(table) == len(expected)
        assert bool(cut) == (bool(tail) or (not last and length > len(before))), (length, cut)
        append_point(path, THREE[0])
        assert points_of(path) == [*expected, THREE[0]], (length, torn[len(before) :])
        assert path.read_bytes().count(b"\n") == len(expected) + 2


def test_a_line_that_was_cut_off_is_told(tmp_path):
    path = tmp_path / "points.csv"
    path.write_text(HEAD + '1.0,2.0,"3"\n\n4.0,5.0,"6')
    points = read_entry(collected=str(path))
    assert points.line.tolist() == [2]
    assert points.notes == (f"{path}: its last line was cut off and is left out: '4.0,5.0,\"6'",)


def test_lines_are_counted_as_in_the_file_after_a_cut(tmp_path):
    (tmp_path / "points.csv").write_text(HEAD + '1.0,2.0,"3"\n\n4.0,5.0,"6"\n7.0,x,"8"\n9,')
    points = read_entry(collected=str(tmp_path / "points.csv"))
    assert points.line.tolist() == [2, 4]
    assert "line 5: coordinate 'x' is not a number" in points.notes[1]


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        (b"", None),
        (b"XCoordinate", None),
        (HEAD.encode(), None),
        (HEAD.encode() + b"1,2,3", None),
        (HEAD.encode() + b"1,2,", HEAD),
        (HEAD.encode() + b'1,2,"', HEAD),
        (HEAD.encode() + b"1,2", HEAD),
        (HEAD.encode() + b"\0\0", HEAD),
        (HEAD.encode() + b'1,2,"3"\n\0\0', HEAD + '1,2,"3"\n'),
        (b"a,b,c\n1", None),
        (b"a;b\n1;", None),
        (b"a,b,c\n\0", None),
    ],
)
def test_only_lines_of_our_own_are_taken_for_cut_off(data, kept):
    found, cut = appended.whole_lines(data, HEADER)
    assert found == (data if kept is None else kept.encode())
    assert bool(cut) == (kept is not None)


# clearing


def test_clearing_keeps_a_copy_and_never_writes_over_one(tmp_path):
    path = tmp_path / "points.csv"
    assert clear(path)[0] == 0
    assert not list(tmp_path.iterdir())
    for round_, name in enumerate(["points.cleared.csv", "points.cleared-2.csv", "points.cleared-3.csv"], 1):
        for point in THREE[:round_]:
            append_point(path, point)
        content = path.read_bytes()
        assert clear(path)[0] == round_
        assert (tmp_path / name).read_bytes() == content
        assert path.read_text() == HEAD
        assert clear(path)[0] == 0
        assert len(list(tmp_path.iterdir())) == round_ + 1
    assert points_of(tmp_path / "points.cleared-3.csv") == THREE


def test_clearing_a_file_with_a_torn_line(tmp_path):
    path = tmp_path / "points.csv"
    path.write_text(HEAD + '1.0,2.0,"3"\n4.0,5')
    assert clear(path)[0] == 1
    assert (tmp_path / "points.cleared.csv").read_text().endswith("4.0,5")
    assert points_of(path) == []


def test_points_stay_if_no_copy_can_be_made(tmp_path, monkeypatch):
    path = tmp_path / "points.csv"
    append_point(path, THREE[0])

    def fail(*_: object) -> None:
        raise StorageError("no space")

    monkeypatch.setattr(collected.atomic, "write_bytes", fail)
    with pytest.raises(StorageError):
        clear(path)
    assert points_of(path) == THREE[:1]


# reference data as SEPAL writes it


def test_reference_csv():
    text = reference_csv([(33.125, -13.0, 10), (1e-7, 100.0, 0), (-0.5, 0.0, -3)])
    assert text == "XCoordinate,YCoordinate,class\r\n33.125,-13,10\r\n0.0000001,100,0\r\n-0.5,0,-3\r\n"


@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90), st.integers(0, 255)), max_size=9))
def test_reference_csv_is_read_back(tmp_path, rows):
    (tmp_path / "reference.csv").write_text(reference_csv(rows), newline="")
    points = points_of(tmp_path / "reference.csv")
    assert [point.label for point in points] == [label for *_, label in rows]
    for point, (x, y, _) in zip(points, rows, strict=True):
        assert (point.x, point.y) == (pytest.approx(x, abs=1e-10), pytest.approx(y, abs=1e-10))
    assert len(list(csv.reader(io.StringIO(reference_csv(rows))))) == len(rows) + 1
