"""What a folder of auxiliary data holds, and whether it is as it was when it came."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from classify_local.auxiliary_data import manifest as manifests
from classify_local.auxiliary_data import storing
from classify_local.auxiliary_data.manifest import Bounds, FileRecord
from classify_local.auxiliary_data.sources import SOURCES, recognised
from classify_local.errors import ClassifyLocalError, InputError, StorageError
from classify_local.storage.fingerprint import sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A file: `record` is None where the manifest knows nothing of it, `bounds` where its name says no place."""

    key: str
    bytes: int
    record: FileRecord | None
    bounds: Bounds | None
    missing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """All that lies in a folder, and the tiles known not to be published."""

    folder: Path
    files: tuple[Held, ...]
    absent: tuple[str, ...]


def holdings(folder: Path) -> Holdings:
    """Look at a folder.

    Raises
    ------
    InputError, StorageError
        If it is none, or its manifest is damaged.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; fetch something first, or name another one")
    manifest = manifests.read(folder)
    there = manifests.files_in(folder)
    keys = sorted({*there, *manifest.files})
    files = tuple(_held(folder, key, manifest.files.get(key), key in there) for key in keys)
    return Holdings(folder=folder, files=files, absent=tuple(sorted(manifest.absent)))


def _held(folder: Path, key: str, record: FileRecord | None, there: bool) -> Held:
    what, _, name = key.partition("/")
    known = recognised(what, name)
    bounds = record.bounds if record is not None and record.bounds else (known[1].bounds if known else None)
    size = (folder / key).stat().st_size if there else 0
    return Held(key=key, bytes=size, record=record, bounds=bounds, missing=not there)


def lines(held: Holdings, *, most: int | None = 20) -> Iterator[str]:
    """Holdings in words: for each kind its tiles, area, dates and attribution; then the files."""
    if not held.files and not held.absent:
        yield f"{held.folder}: holds no auxiliary data"
        return
    for what, key in sorted({(each.key.partition("/")[0], _source(each)) for each in held.files}):
        group = [each for each in held.files if each.key.startswith(what) and _source(each) == key]
        yield from _group(what, key, group)
    for each in held.files[:most]:
        yield f"  {_line(each)}"
    if most is not None and len(held.files) > most:
        yield f"  and {len(held.files) - most} more; --all shows them"
    if held.absent:
        few = ", ".join(held.absent[:5]) + (", ..." if len(held.absent) > 5 else "")
        yield f"not published (over open sea, or kept back): {len(held.absent)} tiles: {few}"


def _group(what: str, key: str, files: Sequence[Held]) -> Iterator[str]:
    source = SOURCES.get(key)
    title = f"{source.title}, version {source.version}" if source else "put there by hand"
    size = sum(each.bytes for each in files)
    yield f"{what}: {title}: {len(files)} files, {size / 1e6:,.1f} MB, {_extent(files)}"
    dates = sorted({each.record.date[:10] for each in files if each.record is not None and each.record.date})
    if dates:
        yield f"  fetched {dates[0]}" + (f" to {dates[-1]}" if len(dates) > 1 else "")
    if source:
        yield f"  {source.attribution} ({source.licence})"


def _source(each: Held) -> str:
    return (each.record.source or "") if each.record is not None else ""


def _extent(files: Iterable[Held]) -> str:
    """The bounds of all tiles; where they lie on both sides of the antimeridian, the shorter way round."""
    found = [each.bounds for each in files if each.bounds is not None]
    if not found:
        return "place not told by names"
    south, north = min(each[1] for each in found), max(each[3] for each in found)
    west, east = _span([(each[0], each[2]) for each in found])
    return f"{_degrees(south, 'SN')} to {_degrees(north, 'SN')}, {_degrees(west, 'WE')} to {_degrees(east, 'WE')}"


def _span(spans: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """West and east of tiles: the circle of longitudes without its widest gap."""
    merged: list[list[float]] = []
    for west, east in sorted(spans):
        if merged and west <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], east)
        else:
            merged.append([west, east])
    after = [*merged[1:], [merged[0][0] + 360, merged[0][1] + 360]]
    gaps = [following[0] - each[1] for each, following in zip(merged, after, strict=True)]
    widest = gaps.index(max(gaps))
    west = after[widest][0]
    return (west - 360 if west >= 180 else west), merged[widest][1]


def _degrees(value: float, marks: str) -> str:
    return f"{abs(value):g} {marks[value > 0] if value else ''}".strip()


def _line(each: Held) -> str:
    if each.missing:
        return f"{each.key}  is missing; fetch again"
    place = "" if each.bounds is None else f", {_extent([each])}"
    origin = "" if each.record is not None else ", not in the manifest"
    return f"{each.key}  {each.bytes / 1e6:,.1f} MB{place}{origin}"


def verify(folder: Path, *, workers: int = 2) -> tuple[int, int]:
    """Compare every file with the manifest and read all its pixels.

    Parameters
    ----------
    folder
        Where auxiliary data lie.
    workers
        Files read at once.

    Returns
    -------
    checked, unknown
        Files that are good; and how many of them the manifest does not know, of which only the pixels were read.

    Raises
    ------
    StorageError
        Naming every file that is damaged or missing.
    """
    files = holdings(folder).files
    with ThreadPoolExecutor(max(1, workers)) as pool:
        damage = list(pool.map(partial(damaged, folder), files))
    bad = [text for text in damage if text]
    if bad:
        raise StorageError(*bad, f"{len(bad)} of {len(files)} files are damaged; delete them and fetch again")
    return len(files), sum(each.record is None for each in files)


def damaged(folder: Path, each: Held) -> str | None:
    """What is wrong with a file; None if it is as the manifest says and every pixel can be read."""
    path = folder / each.key
    if each.missing:
        return f"{path}: is missing"
    try:
        if each.record is not None and each.record.bytes != each.bytes:
            return f"{path}: has {each.bytes:,} bytes, the manifest says {each.record.bytes:,}"
        if each.record is not None and each.record.sha256 != sha256(path):
            return f"{path}: its content is not that of the manifest (sha256)"
        storing.read_whole(path, lambda: None)
    except ClassifyLocalError as error:
        return f"{path}: {str(error).removeprefix(f'{path}: ')}"
    except OSError as error:
        return f"{path}: cannot be read: {error.strerror or error}"
    return None
