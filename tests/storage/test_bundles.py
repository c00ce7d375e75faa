"""Bundles: the same bytes every time, and nothing that is no bundle is taken apart."""

from __future__ import annotations

import io
import struct
import tarfile
import time
import warnings
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify_local.errors import ClassifyLocalError, InputError, Interrupted, RefusedError, StorageError
from classify_local.storage import bundles
from classify_local.storage.bundles import Bundle, pack

NAMES = {"manifest.json", "terrain/a.tif", "terrain/b.tif", "terrain/B.tif"}


def named(name: str) -> bool:
    return name in NAMES


def contents(path: Path) -> dict[str, bytes]:
    with Bundle.opened(path, named) as bundle:
        return {member.name: b"".join(bundle.pieces(member)) for member in bundle.members}


def packed(folder: Path, ending: str, **files: bytes) -> Path:
    out = folder / f"b{ending}"
    pack(out, {"manifest.json": b"{}", "terrain/a.tif": b"a" * 700, "terrain/b.tif": b"", **files})
    return out


@pytest.mark.parametrize("ending", [".tar", ".zip"])
def test_there_and_back(tmp_path, ending):
    (tmp_path / "a").write_bytes(b"a" * 700)
    out = tmp_path / f"b{ending}"
    pack(out, {"manifest.json": b"{}", "terrain/a.tif": tmp_path / "a", "terrain/b.tif": b""})
    assert contents(out) == {"manifest.json": b"{}", "terrain/a.tif": b"a" * 700, "terrain/b.tif": b""}
    before = out.read_bytes()
    (tmp_path / "a").touch()
    time.sleep(0.01)
    pack(out, {"manifest.json": b"{}", "terrain/a.tif": tmp_path / "a", "terrain/b.tif": b""})
    assert out.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", out.name]


@pytest.mark.parametrize("ending", [".tar", ".zip"])
def test_other_programs_read_it(tmp_path, ending):
    out = packed(tmp_path, ending)
    if ending == ".tar":
        with tarfile.open(out) as archive:
            assert archive.getnames() == ["manifest.json", "terrain/a.tif", "terrain/b.tif"]
            assert {info.mtime for info in archive} == {0}
            assert archive.extractfile("terrain/a.tif").read() == b"a" * 700
    else:
        with zipfile.ZipFile(out) as archive:
            assert archive.testzip() is None
            assert archive.namelist() == ["manifest.json", "terrain/a.tif", "terrain/b.tif"]


@given(data=st.dictionaries(st.sampled_from(sorted(NAMES - {"terrain/B.tif"})), st.binary(max_size=2000), min_size=1))
@pytest.mark.parametrize("ending", [".tar", ".zip"])
def test_whatever_is_packed_comes_out(tmp_path_factory, ending, data):
    out = tmp_path_factory.mktemp("b") / f"b{ending}"
    pack(out, data)
    assert contents(out) == data


def test_other_endings(tmp_path):
    with pytest.raises(InputError, match=r"ends in \.tar or \.zip"):
        pack(tmp_path / "b.tar.gz", {})


def test_a_file_that_changes_while_it_is_packed(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"a" * 700)
    real = bundles._write_tar

    def write(*arguments: Any) -> None:
        real(*arguments)
        (tmp_path / "a").write_bytes(b"b" * 700)

    monkeypatch.setattr(bundles, "_write_tar", write)
    with pytest.raises(StorageError, match="were files changed"):
        pack(tmp_path / "b.tar", {"terrain/a.tif": tmp_path / "a"})
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_packing_can_be_stopped(tmp_path):
    def check() -> None:
        raise Interrupted("stopped")

    with pytest.raises(Interrupted):
        pack(tmp_path / "b.zip", {"terrain/a.tif": b"a"}, check)
    assert list(tmp_path.iterdir()) == []


# hostile archives


def tar_of(path: Path, *infos: tarfile.TarInfo, data: bytes = b"") -> Path:
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as archive:
        for info in infos:
            info.size = len(data) if info.isreg() else 0
            archive.addfile(info, io.BytesIO(data))
    return path


def info(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    return made


@pytest.mark.parametrize(
    "infos",
    [
        [info("../evil.tif")],
        [info("/etc/evil")],
        [info("terrain/../../evil.tif")],
        [info("terrain\\a.tif")],
        [info("terrain/a.tif", tarfile.SYMTYPE, "/etc/passwd")],
        [info("terrain/a.tif", tarfile.LNKTYPE, "manifest.json")],
        [info("terrain/a.tif", tarfile.CHRTYPE)],
        [info("terrain/a.tif", tarfile.FIFOTYPE)],
        [info("terrain/a.tif", tarfile.DIRTYPE)],
        [info("terrain/b.tif"), info("terrain/B.tif")],
        [info("terrain/a.tif"), info("terrain/a.tif")],
        [info("terrain/" + "a" * 200 + ".tif")],
    ],
)
def test_tars_that_are_refused(tmp_path, infos):
    path = tar_of(tmp_path / "b.tar", *infos)
    with pytest.raises(RefusedError):
        contents(path)
    assert [path.name for path in tmp_path.iterdir()] == ["b.tar"]


def zip_of(path: Path, *names: str, data: bytes = b"a" * 100, how: int = zipfile.ZIP_STORED) -> Path:
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", how) as archive:
        warnings.simplefilter("ignore", UserWarning)  # names that stand twice
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), data, how)
    return path


@pytest.mark.parametrize(
    "names", [["../evil.tif"], ["/etc/evil"], ["terrain/b.tif", "terrain/B.tif"], ["terrain/a.tif"] * 2, ["terrain/"]]
)
def test_zips_that_are_refused(tmp_path, names):
    with pytest.raises(RefusedError):
        contents(zip_of(tmp_path / "b.zip", *names))


def test_a_zip_bomb(tmp_path):
    path = zip_of(tmp_path / "b.zip", "terrain/a.tif", data=b"\0" * 10_000_000, how=zipfile.ZIP_DEFLATED)
    with pytest.raises(RefusedError, match="packed as in no bundle"):
        contents(path)


def test_members_that_overlap(tmp_path):
    """Two entries of the list that share the same bytes."""
    path = zip_of(tmp_path / "b.zip", "terrain/a.tif", "terrain/b.tif")
    data = bytearray(path.read_bytes())
    second = data.rindex(b"PK\x01\x02")
    data[second + 42 : second + 46] = struct.pack("<L", 0)
    path.write_bytes(data)
    with pytest.raises(RefusedError, match="overlap"):
        contents(path)


def test_a_million_entries(tmp_path):
    began = time.monotonic()
    many = zip_of(tmp_path / "b.zip", *(f"terrain/{i}.tif" for i in range(bundles.MAX_MEMBERS + 1)), data=b"")
    with pytest.raises(RefusedError, match="more than 20,000 files"):
        contents(many)
    huge = bytearray(packed(tmp_path, ".zip").read_bytes())
    huge[-10:-6] = struct.pack("<L", 60_000_000)
    (tmp_path / "c.zip").write_bytes(huge)
    with pytest.raises(RefusedError, match="more than 20,000 files"):
        contents(tmp_path / "c.zip")
    block = tarfile.TarInfo("terrain/a.tif").tobuf(tarfile.USTAR_FORMAT)
    (tmp_path / "b.tar").write_bytes(block * (bundles.MAX_MEMBERS + 2))
    with pytest.raises(RefusedError, match="more than 20,000 files"):
        contents(tmp_path / "b.tar")
    assert time.monotonic() - began < 30


def test_an_encrypted_zip(tmp_path):
    data = bytearray(zip_of(tmp_path / "b.zip", "terrain/a.tif").read_bytes())
    entry = data.rindex(b"PK\x01\x02")
    data[entry + 8] |= 1
    (tmp_path / "b.zip").write_bytes(data)
    with pytest.raises(RefusedError, match="packed as in no bundle"):
        contents(tmp_path / "b.zip")


@pytest.mark.parametrize("data", [b"", b"hello", b"<html>", b"\x1f\x8b" + b"\0" * 600, b"x" * 5000])
def test_what_is_no_bundle(tmp_path, data):
    (tmp_path / "b").write_bytes(data)
    with pytest.raises(InputError, match="is no bundle"):
        contents(tmp_path / "b")


@pytest.mark.parametrize("ending", [".tar", ".zip"])
def test_cut_short_or_flipped_it_never_gives_other_names(tmp_path, ending):
    """Whatever byte is wrong: an error of ours, or members of the same names (their content has its own digest)."""
    whole = packed(tmp_path, ending).read_bytes()
    path = tmp_path / "broken"
    for place in range(0, min(len(whole), 3200), 13):
        for data in (whole[:place], whole[:place] + bytes([whole[place] ^ 0x41]) + whole[place + 1 :]):
            path.write_bytes(data)
            try:
                assert set(contents(path)) <= NAMES
            except ClassifyLocalError:
                continue
    path.write_bytes(whole[:1100] if ending == ".tar" else whole[:-10])
    with pytest.raises(StorageError, match="cut short"):
        contents(path)


def test_large_archives_have_other_records(tmp_path, monkeypatch):
    """Those over 4 GB: the library writes their records when it thinks the archive is large."""
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    path = packed(tmp_path, ".zip")
    assert b"PK\x06\x06" in path.read_bytes()
    assert contents(path)["terrain/a.tif"] == b"a" * 700
    data = bytearray(path.read_bytes())
    data[-58:-50] = struct.pack("<Q", 10**9)
    path.write_bytes(data)
    with pytest.raises(RefusedError, match="more than 20,000 files"):
        contents(path)
