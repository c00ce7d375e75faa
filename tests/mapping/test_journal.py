"""The journal: a tile is done only if it says so and the files are there in full."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from classify_local.errors import StorageError
from classify_local.mapping.journal import Journal, TileRecord

RUN = "digest of the plan"


def made(folder: Path, tile: str, run: str = RUN, size: int = 10) -> TileRecord:
    """Two files of a tile, and its record."""
    files = {}
    for kind in ("class", "probability"):
        name = f"m_{kind}_{tile}.tif"
        (folder / name).write_bytes(b"x" * size)
        files[name] = {"product": kind, "sha256": "0", "bytes": size}
    return TileRecord(
        tile=tile, run=run, files=files, pixels=100, valid=90, classes={"1": 50, "-2": 40}, lost={"red": 10},
        lost_alone={"red": 9}, seconds=1.5,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / ".run").mkdir()
    return tmp_path


@pytest.fixture
def journal(folder) -> Journal:
    opened = Journal(folder / ".run")
    opened.open()
    return opened


def the_file(folder: Path) -> Path:
    (found,) = (folder / ".run" / "journal").glob("*.jsonl")
    return found


def test_a_noted_tile_is_done(folder, journal):
    record = made(folder, "a")
    assert journal.done(RUN, folder) == {}
    journal.add(record)
    assert journal.done(RUN, folder) == {"a": record}
    assert Journal(folder / ".run").done(RUN, folder) == {"a": record}


def test_every_process_has_a_file_of_its_own_and_all_are_read(folder, journal):
    other = Journal(folder / ".run")
    records = {name: made(folder, name) for name in "abcd"}
    for i, record in enumerate(records.values()):
        (journal, other)[i % 2].add(record)
    assert len(list((folder / ".run" / "journal").iterdir())) == 2
    assert Journal(folder / ".run").done(RUN, folder) == records


def test_tiles_of_another_plan_are_not_done(folder, journal):
    journal.add(made(folder, "a", run="another"))
    assert journal.done(RUN, folder) == {}
    assert list(journal.done("another", folder)) == ["a"]


def test_a_journal_that_is_not_there_has_no_tiles(folder):
    assert Journal(folder / ".run").done(RUN, folder) == {}
    assert Journal(folder / "nowhere").done(RUN, folder) == {}


@pytest.mark.parametrize("kind", ["class", "probability"])
@pytest.mark.parametrize("damage", ["missing", "shorter", "longer", "empty", "folder"])
def test_a_tile_whose_files_are_not_there_in_full_is_not_done(folder, journal, kind, damage):
    journal.add(made(folder, "a"))
    journal.add(made(folder, "b"))
    path = folder / f"m_{kind}_a.tif"
    if damage in {"missing", "folder"}:
        path.unlink()
    if damage == "folder":
        path.mkdir()
    elif damage != "missing":
        path.write_bytes({"shorter": b"x" * 9, "longer": b"x" * 11, "empty": b""}[damage])
    assert list(journal.done(RUN, folder)) == ["b"]


def test_a_last_line_that_was_cut_short_is_passed_over_wherever_it_was_cut(folder, journal):
    """At every byte of the line, as a process that is killed while it writes leaves it."""
    journal.add(made(folder, "a"))
    whole = the_file(folder).read_bytes()
    journal.add(made(folder, "b"))
    both = the_file(folder).read_bytes()
    for length in range(len(whole), len(both) + 1):
        the_file(folder).write_bytes(both[:length])
        found = set(journal.done(RUN, folder))
        assert found == ({"a", "b"} if length >= len(both) - 1 else {"a"})


@pytest.mark.parametrize(
    "line",
    [b"", b"\0" * 200, b"\xff\xfe\x80", b"not json", b"null", b"5", b"[]", b"{}", b'{"tile": "x"}', b'"text"',
     b'{"tile": "x", "run": "digest of the plan", "files": {}, "pixels": 1, "valid": 1, "more": 2}'],
)  # fmt: skip
def test_what_is_no_record_is_passed_over(folder, journal, line):
    journal.add(made(folder, "a"))
    path = the_file(folder)
    path.write_bytes(line + b"\n" + path.read_bytes() + line)
    assert list(journal.done(RUN, folder)) == ["a"]


def test_the_latest_note_of_a_tile_counts(folder, journal):
    journal.add(made(folder, "a", size=10))
    journal.add(made(folder, "a", size=20))
    assert journal.done(RUN, folder)["a"].files["m_class_a.tif"]["bytes"] == 20


def test_all_tiles_can_be_forgotten(folder, journal):
    journal.add(made(folder, "a"))
    Journal(folder / ".run").clear()
    assert journal.done(RUN, folder) == {}
    journal.add(made(folder, "b"))
    assert list(journal.done(RUN, folder)) == ["b"]


def test_a_note_is_durable_before_it_counts(folder, journal, monkeypatch):
    synced = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: (synced.append(descriptor), real(descriptor))[1])
    journal.add(made(folder, "a"))
    assert synced


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_note_that_cannot_be_written_is_a_storage_error(folder, journal, monkeypatch, number):
    def refuse(_descriptor):
        raise OSError(number, os.strerror(number))

    journal.add(made(folder, "a"))
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        with pytest.raises(StorageError, match="jsonl: cannot be written"):
            journal.add(made(folder, "b"))
    assert "a" in journal.done(RUN, folder)


def test_lines_are_plain_json(folder, journal):
    journal.add(made(folder, "a"))
    (line,) = the_file(folder).read_text().splitlines()
    assert json.loads(line)["classes"] == {"1": 50, "-2": 40}
