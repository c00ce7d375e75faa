"""Earlier versions of a user's files: each differing one is kept, the first for ever, and never too many."""

from __future__ import annotations

import pytest

from classify_local.errors import StorageError
from classify_local.storage import versions
from classify_local.storage.versions import FOLDER, keep_version


@pytest.fixture
def path(tmp_path):
    return tmp_path / "points.csv"


def kept(path):
    return [copy.read_text() for copy in versions.versions(path)]


def test_each_state_is_kept_once(path):
    for text in ("a", "a", "b", "b", "a"):
        path.write_text(text)
        keep_version(path)
    assert kept(path) == ["a", "b", "a"]
    assert path.read_text() == "a"


def test_nothing_is_kept_of_nothing(path):
    assert keep_version(path) is None
    assert not (path.parent / FOLDER).exists()


def test_the_first_stays_and_the_oldest_of_the_others_go(path):
    for number in range(60):
        path.write_text(str(number))
        keep_version(path)
    assert kept(path) == ["0", *map(str, range(21, 60))]


def test_files_whose_names_begin_alike_are_apart(path):
    other = path.with_name("points.csv.20200101T000000.csv")
    for each in (path, other):
        each.write_text(each.name)
        keep_version(each)
    path.write_text("new")
    keep_version(path)
    assert kept(other) == [other.name]
    assert kept(path) == [path.name, "new"]


def test_where_nothing_can_be_kept_it_is_said(path):
    path.write_text("a")
    (path.parent / FOLDER).write_text("a file")
    with pytest.raises(StorageError, match=r"points\.csv: an earlier version cannot be kept"):
        keep_version(path)
