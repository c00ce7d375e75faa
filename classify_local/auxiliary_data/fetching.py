"""Fetching tiles: several at once, each kept as soon as it is good, stopped in order, resumed where it was.

Threads wait for servers; the manifest is written by the thread that waits for them, one tile at a time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from classify_local.auxiliary_data import manifest as manifests
from classify_local.auxiliary_data import storing
from classify_local.auxiliary_data.areas import Area
from classify_local.auxiliary_data.manifest import AbsentRecord, FileRecord, Manifest, Published
from classify_local.auxiliary_data.planning import Plan, Wanted, resolve_plan
from classify_local.auxiliary_data.progress import FetchProgress, Meter, Silent, Watcher
from classify_local.auxiliary_data.sources import Source
from classify_local.errors import ClassifyLocalError, Interrupted, RefusedError, StorageError
from classify_local.mapping.stopping import GRACE, Stop, on_signals
from classify_local.storage import atomic, downloads, locks
from classify_local.storage.connections import Connections, Settings, Unreachable
from classify_local.storage.fingerprint import sha256

OFFLINE = "CLASSIFY_LOCAL_OFFLINE"
_POLL = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What became of the tiles an area needs: paths in the folder."""

    folder: Path
    fetched: tuple[str, ...]
    there: tuple[str, ...]
    absent: tuple[str, ...]


def is_offline() -> bool:
    """True if the environment forbids the network."""
    return os.environ.get(OFFLINE, "0").strip().lower() not in ("", "0", "no", "false", "off")


def plan(folder: Path, area: Area, sources: Sequence[Source], *, recheck: bool = False) -> Plan:
    """What an area needs and what of it is there already; asks no server.

    Raises
    ------
    InputError, StorageError
        As `resolve_plan` and for a damaged manifest.
    """

    def size_of(key: str) -> int | None:
        path = folder / key
        return path.stat().st_size if path.is_file() else None

    incoming = folder / manifests.INCOMING
    begun = {path.name.removesuffix(".part").replace("~", "/", 1) for path in incoming.glob("*~*.part")}
    return resolve_plan(area, sources, manifests.read(folder), size_of, begun, recheck=recheck)


def fetch(
    folder: Path,
    area: Area,
    sources: Sequence[Source],
    *,
    workers: int = 4,
    offline: bool = False,
    recheck: bool = False,
    settings: Settings | None = None,
    watcher: Watcher | None = None,
    stop: Stop | None = None,
) -> Fetched:
    """Fetch the tiles that an area needs and that are not there.

    Parameters
    ----------
    folder
        Where auxiliary data lie.
    area, sources
        What is wanted.
    workers
        Files on their way at once.
    offline
        Ask no server; the environment CLASSIFY_LOCAL_OFFLINE does the same.
    recheck
        Ask again for tiles that were not published.
    settings
        How patient to be.
    watcher
        Is told what happens.
    stop
        Through which to ask for a stop from elsewhere; signals ask as well.

    Raises
    ------
    RefusedError
        If something is to be fetched and there is to be no network; no socket is opened.
    StorageError
        Naming each tile that did not come and why; the others are there.
    Interrupted
        If somebody asked to stop; a later call resumes.
    InputError, LockedError
        If the area is not covered, or another fetch works in the folder.
    """
    watcher, stop = watcher or Silent(), stop or Stop()
    found = plan(folder, area, sources, recheck=recheck)
    if found.fetch and (offline or is_offline()):
        first = found.fetch[0]
        raise RefusedError(
            f"{len(found.fetch)} tiles are not in {folder}, the first is {first.key}, and the network is not to be "
            f"used; without --offline and {OFFLINE} they are fetched, or bring them with aux bundle and aux unbundle"
        )
    for notice in found.notices:
        watcher.say(notice)
    if not found.fetch:
        return _result(folder, found, (), ())
    with working(folder):
        found = plan(folder, area, sources, recheck=recheck)  # another fetch may just have ended
        watcher.say(f"{len(found.fetch)} tiles to fetch, about {found.megabytes:,.0f} MB, into {folder}")
        fetched, absent = _Fetch(folder, found.fetch, settings or Settings(connections=workers), watcher, stop).run(
            workers
        )
    return _result(folder, found, fetched, absent)


@contextmanager
def working(folder: Path) -> Iterator[Path]:
    """The lock of a folder of auxiliary data, and its place for what is on its way.

    Raises
    ------
    StorageError, LockedError
        If it cannot be written, or another fetch holds it.
    """
    atomic.require_writable(folder)
    incoming = folder / manifests.INCOMING
    try:
        incoming.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{incoming}: cannot be made: {error.strerror or error}; give another folder") from error
    with locks.hold(incoming):
        for place in (folder, *(folder / what for what in ("terrain", "water", "worldcover"))):
            for left in atomic.leftover_parts(place) if place.is_dir() else ():
                left.unlink(missing_ok=True)
        yield incoming


class _Fetch:
    """One fetch at work."""

    def __init__(
        self, folder: Path, wanted: Sequence[Wanted], settings: Settings, watcher: Watcher, stop: Stop
    ) -> None:
        self._folder, self._wanted, self._watcher, self._stop = folder, wanted, watcher, stop
        self._connections = Connections(settings)
        self._manifest = manifests.read(folder)
        self._meter = Meter()
        self._ended: dict[str, bool] = {}
        self._dead: set[str] = set()
        self._failures: dict[str, ClassifyLocalError] = {}
        self._began = time.monotonic()

    def run(self, workers: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Fetch all; returns what came and what is not published."""
        pool = ThreadPoolExecutor(max(1, workers), thread_name_prefix="fetch")
        with on_signals(self._stop):
            self._stop.patient = True
            try:
                self._wait({pool.submit(self._one, wanted): wanted for wanted in self._wanted})
            except BaseException:
                self._stop.ask()
                raise
            finally:
                self._stop.patient = False
                pool.shutdown(wait=False, cancel_futures=True)
                self._connections.close()
        self._raise_failures()
        if not any(self._ended.values()):
            self._watcher.say("none of these tiles is published there; is the area over land, and --base-url right?")
        came = tuple(key for key, published in self._ended.items() if published)
        return came, tuple(key for key, published in self._ended.items() if not published)

    def _wait(self, waiting: dict[Future[FileRecord | AbsentRecord], Wanted]) -> None:
        until = float("inf")
        while waiting and time.monotonic() < until:
            if self._stop.asked and until == float("inf"):
                until = time.monotonic() + GRACE
                for future in [future for future in waiting if future.cancel()]:
                    del waiting[future]
            ended, _ = wait(waiting, timeout=_POLL, return_when=FIRST_COMPLETED)
            for future in ended:
                self._take(waiting.pop(future), future)
            self._tell()
        self._stop.check()

    def _take(self, wanted: Wanted, future: Future[FileRecord | AbsentRecord]) -> None:
        """Write down what a thread brings; what is on its way is removed only after that."""
        try:
            record = future.result()
        except Interrupted:
            return
        except ClassifyLocalError as error:
            self._failures[wanted.key] = error
            self._watcher.say(f"{wanted.key}: failed: {error}")
            return
        if isinstance(record, FileRecord):
            self._save(self._manifest.with_file(wanted.key, record))
        else:
            self._save(self._manifest.with_absent(wanted.key, record))
            self._watcher.say(f"{wanted.key}: is not published (over open sea, or kept back)")
        self._ended[wanted.key] = isinstance(record, FileRecord)
        downloads.discard(self._part(wanted))

    def _save(self, manifest: Manifest) -> None:
        manifests.write(self._folder, manifest)
        self._manifest = manifest

    def _one(self, wanted: Wanted) -> FileRecord | AbsentRecord:
        """Fetch and store a tile, in a thread."""
        self._stop.check()
        host = urlsplit(wanted.url).netloc
        if host in self._dead:
            raise StorageError(f"{wanted.url}: not tried, since {host} cannot be reached")
        part = self._part(wanted)
        self._meter.before[wanted.key] = downloads.size_of(part)
        try:
            received = downloads.download(
                wanted.url, part, self._connections, check=self._stop.check,
                heard=partial(self._meter.heard, wanted.key),
            )  # fmt: skip
        except Unreachable:
            self._dead.add(host)
            raise
        return _absent(wanted) if received is None else self._stored(wanted, part, received)

    def _stored(self, wanted: Wanted, part: Path, received: downloads.Received) -> FileRecord:
        final = self._folder / wanted.key
        try:
            final.parent.mkdir(exist_ok=True)
            atomic.require_space(final.parent, 2 * received.bytes)
            stored = storing.store(
                part, final, wanted.cell, wanted.source.overviews, self._stop.check, packed=wanted.is_packed
            )
            return _record(wanted, final, received, stored)
        except OSError as error:
            raise StorageError(f"{final}: cannot be written: {error.strerror or error}") from error
        except storing.WrongContent as error:
            downloads.discard(part)
            raise StorageError(f"{wanted.url}: {error}") from error

    def _part(self, wanted: Wanted) -> Path:
        return self._folder / manifests.INCOMING / f"{wanted.key.replace('/', '~')}.part"

    def _tell(self) -> None:
        done, total, now = self._meter.totals(self._wanted, self._ended)
        self._watcher.progress(
            FetchProgress(
                files_done=len(self._ended), files_total=len(self._wanted), files_failed=len(self._failures),
                bytes_done=done, bytes_total=total, bytes_now=now, seconds=time.monotonic() - self._began,
            )
        )  # fmt: skip

    def _raise_failures(self) -> None:
        if not self._failures:
            return
        count, total = len(self._failures), len(self._wanted)
        raise StorageError(
            *(f"{key}: {line}" for key, error in self._failures.items() for line in error.problems),
            f"{count} of {total} tiles did not come; {total - count} are done and stay: run the same command again",
        )


def _record(wanted: Wanted, final: Path, received: downloads.Received, stored: storing.Stored) -> FileRecord:
    source = wanted.source
    return FileRecord.model_validate(
        {
            "what": source.what, "source": source.key, "version": source.version, "url": wanted.url, "date": _now(),
            "bytes": final.stat().st_size, "sha256": sha256(final), "bounds": wanted.cell.bounds,
            "attribution": source.attribution, "licence": source.licence, "stored": stored,
            "published": Published(
                bytes=received.bytes, sha256=received.sha256, etag=_short(received.etag),
                modified=_short(received.modified),
            ),
        }
    )  # fmt: skip


def _absent(wanted: Wanted) -> AbsentRecord:
    source = wanted.source
    return AbsentRecord.model_validate(
        {
            "what": source.what, "source": source.key, "version": source.version, "url": wanted.url, "date": _now(),
            "bounds": wanted.cell.bounds,
        }
    )  # fmt: skip


def _short(text: str | None) -> str | None:
    """What a server says, in a length that is worth keeping."""
    return text[:200] if text else None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _result(folder: Path, found: Plan, fetched: tuple[str, ...], absent: tuple[str, ...]) -> Fetched:
    return Fetched(
        folder=folder, fetched=fetched, there=tuple(each.key for each in (*found.there, *found.by_hand)),
        absent=(*absent, *(each.key for each in found.absent)),
    )  # fmt: skip
