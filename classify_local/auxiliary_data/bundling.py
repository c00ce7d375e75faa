"""Auxiliary data in one file for a machine without a network, and out of it again, each byte proved on the way."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from classify_local.auxiliary_data import manifest as manifests
from classify_local.auxiliary_data import storing
from classify_local.auxiliary_data.fetching import working
from classify_local.auxiliary_data.holdings import Held, damaged, holdings
from classify_local.auxiliary_data.manifest import FileRecord, Manifest
from classify_local.errors import InputError, Problems, RefusedError, StorageError
from classify_local.storage import atomic
from classify_local.storage.bundles import Bundle, Member, pack
from classify_local.storage.fingerprint import sha256

_MARGIN = 64_000_000
_MAX_MANIFEST = 64_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundled:
    """What went into a bundle, or came out of one: paths of files, and bytes."""

    path: Path
    keys: tuple[str, ...]
    bytes: int


def bundle(folder: Path, out: Path, check: Callable[[], None] = lambda: None) -> Bundled:
    """Pack a folder's files, each proved, with their manifest. The same files give the same bytes.

    Raises
    ------
    InputError
        If there is nothing to pack, or the name ends in neither .tar nor .zip.
    StorageError
        Naming files that are damaged, or if it cannot be written.
    """
    held = holdings(folder)
    if not held.files:
        raise InputError(f"{folder}: holds no auxiliary data to pack")
    bad = []
    for each in held.files:
        check()
        bad += [text] if (text := damaged(folder, each)) else []
    if bad:
        raise StorageError(*bad, "nothing was packed; delete what is damaged and fetch again")
    absent = manifests.read(folder).absent
    manifest = Manifest(files={each.key: each.record or _by_hand(folder, each) for each in held.files}, absent=absent)
    files = {each.key: folder / each.key for each in held.files}
    pack(out, {manifests.NAME: manifest.text().encode("utf-8"), **files}, check)
    return Bundled(path=out, keys=tuple(files), bytes=out.stat().st_size)


def _by_hand(folder: Path, each: Held) -> FileRecord:
    return FileRecord.model_validate(
        {"what": each.key.partition("/")[0], "bytes": each.bytes, "sha256": sha256(folder / each.key),
         "bounds": each.bounds}
    )  # fmt: skip


def unbundle(path: Path, folder: Path, *, force: bool = False, check: Callable[[], None] = lambda: None) -> Bundled:
    """Take a bundle apart into a folder, beside what is there.

    Everything is unpacked aside, compared with the manifest inside and read whole; only then is it moved in place.

    Parameters
    ----------
    path
        The bundle.
    folder
        Where auxiliary data lie, or shall lie.
    force
        Replace files that are there with another content.
    check
        Called between files; raises to stop.

    Raises
    ------
    InputError
        If it is no bundle, or other files of the same name are there.
    RefusedError
        If it holds what no bundle does.
    StorageError
        If it is damaged, or cannot be written.
    """
    with Bundle.opened(path, lambda name: name == manifests.NAME or manifests.is_key(name)) as opened:
        manifest, members = _announced(opened)
        atomic.require_writable(folder)
        with working(folder) as incoming:
            atomic.require_space(incoming, sum(member.size for member in members) + _MARGIN)
            own = manifests.read(folder)
            wanted = _missing(folder, manifest, members, force=force)
            with _aside(incoming) as aside:
                for number, member in enumerate(wanted):
                    check()
                    _unpack(opened, member, manifest.files[member.name], aside / f"{number}.tif")
                check()
                for number, member in enumerate(wanted):
                    _move(aside / f"{number}.tif", folder / member.name)
            manifests.write(folder, own.merged(manifest))
    keys = tuple(member.name for member in members)
    return Bundled(path=folder, keys=keys, bytes=sum(member.size for member in members))


def _announced(opened: Bundle) -> tuple[Manifest, list[Member]]:
    """The manifest inside, which must name every other member, and those members."""
    inside = {member.name: member for member in opened.members}
    announced = inside.pop(manifests.NAME, None)
    if announced is None:
        raise InputError(f"{opened.path}: holds no {manifests.NAME}; a bundle is made by: classify-local aux bundle")
    if announced.size > _MAX_MANIFEST:
        raise RefusedError(f"{opened.path}: its manifest is longer than any bundle's")
    manifest = manifests.parse(b"".join(opened.pieces(announced)), f"{opened.path}, {manifests.NAME}")
    if set(manifest.files) != set(inside):
        odd = sorted(set(manifest.files) ^ set(inside))[0]
        raise RefusedError(f"{opened.path}: its manifest and its files differ, first at {odd}")
    for key, record in manifest.files.items():
        if record.bytes != inside[key].size:
            raise StorageError(f"{opened.path}: {key} has not the length of its manifest; copy it again")
    return manifest, list(inside.values())


def _missing(folder: Path, manifest: Manifest, members: list[Member], *, force: bool) -> list[Member]:
    """Members that are not there yet; another file in their place is a problem unless forced."""
    found, problems = [], Problems()
    for member in members:
        final = folder / member.name
        if final.is_file() and _is(final, manifest.files[member.name]):
            continue
        if final.exists() and not (force and final.is_file()):
            problems.add(InputError(f"{final}: is there with another content; give --force to replace it"))
        found.append(member)
    problems.raise_all()
    return found


def _is(final: Path, record: FileRecord) -> bool:
    return final.stat().st_size == record.bytes and sha256(final) == record.sha256


@contextlib.contextmanager
def _aside(incoming: Path) -> Iterator[Path]:
    """A folder on the same file system, gone afterwards."""
    aside = Path(tempfile.mkdtemp(prefix="unbundle-", dir=incoming))
    try:
        yield aside
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _unpack(opened: Bundle, member: Member, record: FileRecord, aside: Path) -> None:
    digest = hashlib.sha256()
    try:
        with aside.open("wb") as stream:
            for data in opened.pieces(member):
                digest.update(data)
                stream.write(data)
    except OSError as error:
        raise StorageError(f"{aside.parent}: cannot be written: {error.strerror or error}") from error
    if digest.hexdigest() != record.sha256:
        raise StorageError(f"{opened.path}: {member.name} is damaged or was changed (sha256); copy it again")
    try:
        storing.read_whole(aside, lambda: None)
    except storing.WrongContent as error:
        raise StorageError(f"{opened.path}: {member.name} {error}") from error


def _move(aside: Path, final: Path) -> None:
    try:
        final.parent.mkdir(exist_ok=True)
        with aside.open("rb+") as stream:
            os.fsync(stream.fileno())
        aside.replace(final)
        atomic.sync_folder(final.parent)
    except OSError as error:
        raise StorageError(f"{final}: cannot be written: {error.strerror or error}") from error
