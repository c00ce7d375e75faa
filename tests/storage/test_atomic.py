"""The write protocol under faults: whatever step fails, the file is the old one or the new one."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from classify_local.errors import StorageError
from classify_local.storage import atomic

OLD, NEW = b"what was there before", b"what shall be there"
ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES)
CALLS: tuple[tuple[Any, str], ...] = (
    (atomic, "reached"),
    (os, "fsync"),
    (os, "open"),
    (Path, "open"),
    (Path, "write_bytes"),
    (Path, "read_bytes"),
    (Path, "replace"),
)


class Fault:
    """Lets the n-th of all watched calls raise instead of doing its work."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, nth: int, error: BaseException) -> None:
        self.count, self.nth, self.error = 0, nth, error
        self.at = ""
        for owner, name in CALLS:
            monkeypatch.setattr(owner, name, self._watched(name, getattr(owner, name)))

    def _watched(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            self.count += 1
            if self.count == self.nth:
                self.at = name
                raise self.error
            return real(*arguments, **options)

        return call

    @property
    def fired(self) -> bool:
        return self.count >= self.nth


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def fail_each_call(
    monkeypatch: pytest.MonkeyPatch,
    make_error: Callable[[], BaseException],
    prepare: Callable[[], None],
    act: Callable[[], None],
    judge: Callable[[BaseException | None], None],
) -> list[str]:
    """Let the first call fail, then the second, until all went well; returns which calls were made to fail."""
    failed = []
    for nth in range(1, 200):
        prepare()
        raised: BaseException | None = None
        with monkeypatch.context() as patch:
            fault = Fault(patch, nth, make_error())
            try:
                act()
            except BaseException as error:
                raised = error
        judge(raised)
        if not fault.fired:
            assert raised is None
            return failed
        failed.append(fault.at)
    raise AssertionError("it never came to its end")


@pytest.mark.parametrize("existed", [True, False])
@pytest.mark.parametrize("number", ERRORS)
@pytest.mark.parametrize("name", ["a.tif", "map [2021] *.txt", "ü ß.csv"])
def test_a_failed_write_leaves_the_old_file_or_the_new_one(tmp_path, monkeypatch, existed, number, name):
    final = tmp_path / name

    def prepare():
        final.unlink(missing_ok=True)
        if existed:
            final.write_bytes(OLD)

    def judge(raised):
        assert names(tmp_path) in ([final.name], [] if not existed else [final.name])
        content = final.read_bytes() if final.exists() else None
        if raised is None:
            assert content == NEW
        else:
            assert isinstance(raised, StorageError)
            assert str(raised).startswith(f"{final}: ")
            assert os.strerror(number) in str(raised)
            assert content in (NEW, OLD if existed else None)

    failed = fail_each_call(
        monkeypatch, lambda: OSError(number, os.strerror(number)), prepare,
        lambda: atomic.write_bytes(final, NEW), judge,
    )  # fmt: skip
    assert set(failed) == {name for _, name in CALLS}


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, StorageError])
def test_an_interrupted_write_leaves_the_old_file_or_the_new_one(tmp_path, monkeypatch, error):
    final = tmp_path / "a.tif"

    def judge(raised):
        assert names(tmp_path) == ["a.tif"]
        assert final.read_bytes() in (OLD, NEW)
        assert raised is None or isinstance(raised, error)

    fail_each_call(
        monkeypatch, lambda: error("no"), lambda: final.write_bytes(OLD) and None,
        lambda: atomic.write_bytes(final, NEW), judge,
    )  # fmt: skip


def test_files_a_driver_puts_beside_the_part_go_with_it(tmp_path):
    def write(part: Path) -> None:
        part.write_bytes(NEW)
        part.with_name(part.name + ".aux.xml").write_text("x")
        part.with_name(part.name + ".ovr.tmp").write_text("x")

    atomic.write_atomically(tmp_path / "a [1].tif", write)
    assert names(tmp_path) == ["a [1].tif"]


def test_a_part_of_another_writer_stays(tmp_path):
    others = tmp_path / f"a.tif.{'0' * 12}.part"
    others.write_bytes(b"in work")
    atomic.write_bytes(tmp_path / "a.tif", NEW)
    assert names(tmp_path) == ["a.tif", others.name]


def test_what_reads_back_differently_is_refused(tmp_path, monkeypatch):
    final = tmp_path / "a.txt"
    final.write_bytes(OLD)
    monkeypatch.setattr(atomic, "_write", lambda part, data: part.write_bytes(data[:-1]))
    with pytest.raises(StorageError, match=r"a\.txt: reads back differently"):
        atomic.write_bytes(final, NEW)
    assert final.read_bytes() == OLD
    assert names(tmp_path) == ["a.txt"]


def test_the_steps_come_in_their_order(tmp_path, monkeypatch):
    """What must be durable is synced before the rename, and the folder after it."""
    seen: list[str] = []
    real_sync, real_replace = os.fsync, Path.replace
    monkeypatch.setattr(atomic, "reached", seen.append)
    monkeypatch.setattr(os, "fsync", lambda descriptor: (seen.append("sync"), real_sync(descriptor))[1])
    monkeypatch.setattr(Path, "replace", lambda a, b: (seen.append("replace"), real_replace(a, b))[1])
    atomic.write_bytes(tmp_path / "a.txt", NEW)
    assert seen == [
        "before write", "written", "checked", "sync", "before rename", "replace", "renamed", "sync", "folder synced",
    ]  # fmt: skip


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(StorageError, match=r"a\.txt: cannot be written: No such file"):
        atomic.write_bytes(tmp_path / "none" / "a.txt", NEW)


# text that is kept


def test_text_that_is_there_already_is_left_alone(tmp_path):
    path = tmp_path / "a.txt"
    atomic.keep_text(path, "zwölf\r\nlines\n")
    assert path.read_bytes() == "zwölf\r\nlines\n".encode()
    before = path.stat()
    atomic.keep_text(path, "zwölf\r\nlines\n")
    assert path.stat() == before
    atomic.keep_text(path, "zwölf\nlines\n")
    assert path.read_bytes() == "zwölf\nlines\n".encode()
    assert path.stat().st_ino != before.st_ino


# lines that are appended


def test_lines_before_a_failed_append_stay(tmp_path, monkeypatch):
    journal = tmp_path / "journal.jsonl"

    def judge(raised):
        lines = journal.read_text().splitlines()
        assert lines[0] == "first"
        assert lines[1:] in ([], ["second"])
        assert lines[1:] or isinstance(raised, StorageError)

    failed = fail_each_call(
        monkeypatch, lambda: OSError(errno.EIO, "Input/output error"), lambda: journal.write_text("first\n") and None,
        lambda: atomic.append_line(journal, "second"), judge,
    )  # fmt: skip
    assert {"open", "fsync"} <= set(failed)


def test_a_new_journal_is_made_durable_with_its_folder(tmp_path, monkeypatch):
    synced: list[Path] = []
    monkeypatch.setattr(atomic, "sync_folder", synced.append)
    atomic.append_line(tmp_path / "journal.jsonl", "first")
    atomic.append_line(tmp_path / "journal.jsonl", "second")
    assert synced == [tmp_path]
    assert (tmp_path / "journal.jsonl").read_text() == "first\nsecond\n"


# what killed writers leave


@pytest.mark.parametrize(
    ("name", "is_leftover"),
    [
        ("a.tif.0123456789ab.part", True),
        ("a.tif.0123456789ab.part.aux.xml", True),
        ("a.tif.0123456789ab.part.ovr.tmp", True),
        (".probe.0123456789ab.part", True),
        ("map [1].tif.0123456789ab.part", True),
        ("a.tif", False),
        ("partial.tif", False),
        ("my.partial_class_0000000000-0000000000.tif", False),
        ("v1.part2_model.zip", False),
        ("east.part", False),
        ("survey.parts.csv", False),
        ("a.tif.0123456789zz.part", False),
        ("a.0123456789ab.part_class.tif", False),
    ],
)
def test_only_our_own_parts_are_leftovers(tmp_path, name, is_leftover):
    (tmp_path / name).write_bytes(b"")
    (tmp_path / "folder.0123456789ab.part").mkdir()
    assert [path.name for path in atomic.leftover_parts(tmp_path)] == ([name] if is_leftover else [])


def test_what_a_killed_writer_leaves_is_found(tmp_path):
    program = (
        "import os; from pathlib import Path; from classify_local.storage import atomic\n"
        "atomic.reached = lambda step: os._exit(9) if step == 'before rename' else None\n"
        "atomic.write_bytes(Path('a [1].tif'), b'x' * 10)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=False).returncode == 9
    (left,) = atomic.leftover_parts(tmp_path)
    assert names(tmp_path) == [left.name]


# before a run


def test_a_folder_is_proved_writable_without_a_trace(tmp_path):
    atomic.require_writable(tmp_path)
    atomic.require_writable(tmp_path / "not" / "yet" / "there")
    assert names(tmp_path) == []


def test_a_file_is_no_folder_for_output(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(StorageError, match=r"file: is a file; .* --out"):
            atomic.require_writable(folder)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOSPC])
def test_a_folder_that_cannot_be_written_is_said(tmp_path, monkeypatch, number):
    def refuse(*_arguments):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(StorageError) as caught:
        atomic.require_writable(tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert os.strerror(number) in str(caught.value)
    assert "--out" in str(caught.value)


def test_space_is_asked_for_before_it_is_needed(tmp_path, monkeypatch):
    monkeypatch.setattr(atomic.shutil, "disk_usage", lambda _path: SimpleNamespace(free=5_000_000))
    atomic.require_space(tmp_path, 5_000_000)
    with pytest.raises(StorageError, match="5 MB are free and 6 MB are needed"):
        atomic.require_space(tmp_path, 6_000_000)
