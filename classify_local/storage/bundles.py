"""Bundles: files in one archive that is the same, byte for byte, whenever the files are; taken apart without trust.

A bundle is a plain tar or a stored zip: its files are compressed already. Nothing else is read: no links, devices,
long names, sparse files, encryption, compression. So nothing unpacks to more bytes than the archive has.
"""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from classify_local.errors import InputError, RefusedError, StorageError
from classify_local.storage import atomic
from classify_local.storage.safety import require_file

MAX_MEMBERS = 20_000
_BLOCK = 512
_CHUNK = 1 << 20
_ZIP = b"PK\x03\x04"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_MAX_DIRECTORY = MAX_MEMBERS * 400
_DAMAGE = (zipfile.BadZipFile, tarfile.TarError, EOFError, NotImplementedError, RuntimeError, ValueError, struct.error)
_HINT = "a bundle is made by: classify-local aux bundle"

Named = Callable[[str], bool]
"""True for a name that a member may have."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a bundle: its name, its length, and where its bytes begin."""

    name: str
    size: int
    offset: int


def pack(out: Path, files: Mapping[str, Path | bytes], check: Callable[[], None] = lambda: None) -> None:
    """Write a bundle, whole or not at all.

    Parameters
    ----------
    out
        Ends in .tar or .zip, which says what it will be.
    files
        By the name they shall have: a file, or the bytes themselves. Their order is kept.
    check
        Called between files; raises to stop.

    Raises
    ------
    InputError
        If the name has another ending.
    StorageError
        If it cannot be written.
    """
    if out.suffix not in (".tar", ".zip"):
        raise InputError(f"{out}: give a name that ends in .tar or .zip")
    write = _write_tar if out.suffix == ".tar" else _write_zip
    atomic.require_file_name(out)
    atomic.require_space(out.absolute().parent, sum(_size(each) for each in files.values()) + _CHUNK)
    atomic.write_atomically(out, lambda part: write(part, files, check), lambda part: _compare(part, files, check))


def _write_tar(part: Path, files: Mapping[str, Path | bytes], check: Callable[[], None]) -> None:
    with tarfile.open(part, "w", format=tarfile.USTAR_FORMAT) as archive:
        for name, given in files.items():
            check()
            info = tarfile.TarInfo(name)
            info.size, info.mode = _size(given), 0o644
            with _stream(given) as stream:
                archive.addfile(info, stream)


def _write_zip(part: Path, files: Mapping[str, Path | bytes], check: Callable[[], None]) -> None:
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        for name, given in files.items():
            check()
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system, info.external_attr, info.file_size = 3, 0o644 << 16, _size(given)
            with _stream(given) as stream, archive.open(info, "w") as target:
                while data := stream.read(_CHUNK):
                    target.write(data)


def _compare(part: Path, files: Mapping[str, Path | bytes], check: Callable[[], None]) -> None:
    """Read the bundle back beside the files it was made of."""
    with Bundle.opened(part, lambda name: name in files) as bundle:
        same = [member.name for member in bundle.members] == list(files)
        for member in bundle.members if same else ():
            check()
            with _stream(files[member.name]) as stream:
                same = same and all(data == stream.read(len(data)) for data in bundle.pieces(member))
                same = same and not stream.read(1)
    if not same:
        raise StorageError(f"{part.name}: reads back differently; were files changed meanwhile?")


@dataclass(frozen=True, slots=True)
class Bundle:
    """An open bundle whose list of members has proved harmless."""

    path: Path
    members: tuple[Member, ...]
    stream: BinaryIO

    @classmethod
    @contextmanager
    def opened(cls, path: Path, named: Named) -> Iterator[Bundle]:
        """Open a bundle.

        Parameters
        ----------
        path
            The archive; its first bytes say what it is.
        named
            True for names that may occur.

        Raises
        ------
        InputError
            If it is no bundle.
        RefusedError
            If it holds what no bundle does.
        StorageError
            If it is cut short or damaged.
        """
        require_file(path)
        try:
            with path.open("rb") as stream:
                members = tuple(_zip_members(path, stream) if _is_zip(stream) else _tar_members(path, stream))
                _require_harmless(path, members, named)
                yield cls(path, members, stream)
        except OSError as error:
            raise StorageError(f"{path}: cannot be read: {error.strerror or error}") from error

    def pieces(self, member: Member) -> Iterator[bytes]:
        """The bytes of a member.

        Raises
        ------
        StorageError
            If the archive ends before.
        """
        self.stream.seek(member.offset)
        left = member.size
        while left:
            data = self.stream.read(min(_CHUNK, left))
            if not data:
                raise StorageError(f"{self.path}: ends within {member.name}; copy it again")
            left -= len(data)
            yield data


def _require_harmless(path: Path, members: tuple[Member, ...], named: Named) -> None:
    folded: set[str] = set()
    for member in members:
        if not named(member.name):
            raise RefusedError(f"{path}: holds {member.name[:100]!a}, which no bundle does; {_HINT}")
        if member.name.casefold() in folded:
            raise RefusedError(f"{path}: holds {member.name} twice; {_HINT}")
        folded.add(member.name.casefold())


def _is_zip(stream: BinaryIO) -> bool:
    head = stream.read(4)
    stream.seek(0)
    return head == _ZIP


def _tar_members(path: Path, stream: BinaryIO) -> Iterator[Member]:
    """Members of a plain tar. The library's reader would follow extended headers into memory."""
    end, offset = stream.seek(0, io.SEEK_END), 0
    for count in range(MAX_MEMBERS + 1):
        stream.seek(offset)
        block = stream.read(_BLOCK)
        if not block.strip(b"\0") and len(block) == _BLOCK:
            return
        info = _header(path, block, first=count == 0)
        if info.type != tarfile.REGTYPE:
            raise RefusedError(f"{path}: holds {info.name[:100]!a}, a link, folder or device; {_HINT}")
        offset += _BLOCK
        if not 0 <= info.size <= end - offset:
            raise StorageError(f"{path}: is cut short or damaged at {info.name[:100]!a}; copy it again")
        yield Member(info.name, info.size, offset)
        offset += -(-info.size // _BLOCK) * _BLOCK
    raise RefusedError(f"{path}: holds more than {MAX_MEMBERS:,} files; {_HINT}")


def _header(path: Path, block: bytes, *, first: bool) -> tarfile.TarInfo:
    try:
        return tarfile.TarInfo.frombuf(block, "ascii", "strict")
    except (tarfile.TarError, ValueError) as error:  # text that is not ASCII is a ValueError
        if first:
            raise InputError(f"{path}: is no bundle (starts with {block[:12]!r}); {_HINT}") from error
        raise StorageError(f"{path}: is cut short or damaged; copy it again") from error


def _zip_members(path: Path, stream: BinaryIO) -> Iterator[Member]:
    end = _require_small_directory(path, stream)
    try:
        infos = zipfile.ZipFile(stream).infolist()
        if len(infos) > MAX_MEMBERS:
            raise RefusedError(f"{path}: holds more than {MAX_MEMBERS:,} files; {_HINT}")
        taken = 0
        for info in sorted(infos, key=lambda info: info.header_offset):
            stored = info.compress_type == zipfile.ZIP_STORED and info.compress_size == info.file_size
            if info.flag_bits & 1 or not stored or info.orig_filename != info.filename:
                raise RefusedError(f"{path}: {info.filename[:100]!a} is packed as in no bundle; {_HINT}")
            if info.header_offset < taken:
                raise RefusedError(f"{path}: its files overlap; {_HINT}")
            offset = _data_offset(stream, info)
            taken = offset + info.file_size
            if taken > end:
                raise StorageError(f"{path}: is cut short or damaged at {info.filename[:100]!a}; copy it again")
            yield Member(info.filename, info.file_size, offset)
    except _DAMAGE as error:
        raise StorageError(f"{path}: is cut short or damaged ({error}); copy it again") from error


def _data_offset(stream: BinaryIO, info: zipfile.ZipInfo) -> int:
    stream.seek(info.header_offset)
    header = stream.read(30)
    if header[:4] != _ZIP:
        raise zipfile.BadZipFile("no file header where the list says")
    name, extra = struct.unpack("<HH", header[26:30])
    return int(info.header_offset + 30 + name + extra)


def _require_small_directory(path: Path, stream: BinaryIO) -> int:
    """Look at the list's length before the library reads it; returns the length of the archive."""
    end = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, end - 98))
    tail = stream.read()
    if len(tail) < 22 or tail[-22:-18] != b"PK\x05\x06":
        raise StorageError(f"{path}: is cut short, or has something behind its end; copy it again")
    size = struct.unpack("<L", tail[-10:-6])[0]
    if tail[-42:-38] == b"PK\x06\x07":  # with the records of large archives, 56 and 20 bytes, before its end
        size = struct.unpack("<Q", tail[-58:-50])[0]
        if tail[-98:-94] != b"PK\x06\x06":
            raise RefusedError(f"{path}: its list of files is not where a bundle has it; {_HINT}")
    if size > _MAX_DIRECTORY:
        raise RefusedError(f"{path}: holds more than {MAX_MEMBERS:,} files; {_HINT}")
    return end


def _size(given: Path | bytes) -> int:
    return len(given) if isinstance(given, bytes) else given.stat().st_size


@contextmanager
def _stream(given: Path | bytes) -> Iterator[BinaryIO]:
    if isinstance(given, bytes):
        yield io.BytesIO(given)
        return
    with given.open("rb") as stream:
        yield stream
