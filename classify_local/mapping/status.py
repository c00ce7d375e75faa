"""The state of a run, read from its folder."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classify_local.errors import InputError
from classify_local.mapping.finish import read_record
from classify_local.mapping.journal import Journal, TileRecord
from classify_local.mapping.plan import Plan, read_plan
from classify_local.mapping.run import RUN_FOLDER
from classify_local.storage import locks
from classify_local.storage.fingerprint import sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStatus:
    """Tiles of a run by state.

    Parameters
    ----------
    name
        Name of the map.
    running
        True while a run on this machine works there.
    complete
        True once all tiles and the run record are there.
    done, missing
        Ids of tiles.
    failed
        Tiles that could not be read in the last run, with the reason.
    damaged
        Tiles that differ from their checksum; filled by `verify`.
    """

    name: str
    running: bool
    complete: bool
    done: tuple[str, ...]
    missing: tuple[str, ...]
    failed: dict[str, str]
    damaged: tuple[str, ...]


def read_status(folder: Path, *, verify: bool = False) -> RunStatus:
    """The state of the run in a folder.

    Raises
    ------
    InputError
        If it holds none.
    """
    own = folder / RUN_FOLDER
    plan = read_plan(own)
    if plan is None:
        raise InputError(f"{folder}: holds no run; give the folder <out>/<name> of one")
    done = Journal(own).done(plan["digest"], folder)
    missing = [tile for tile in plan["tiles"] if tile not in done]
    record = read_record(folder / f"{plan['name']}_run.json") or {}
    current = record.get("run") == plan["digest"]
    return RunStatus(
        name=plan["name"],
        running=locks.is_held(own),
        complete=current and not missing and bool(record.get("complete")),
        done=tuple(tile for tile in plan["tiles"] if tile in done),
        missing=tuple(missing),
        failed=dict(record.get("failed_tiles", {})) if current else {},
        damaged=tuple(tile for tile, found in done.items() if verify and not _intact(found, folder)),
    )


def unfinished(folder: Path, plan: Plan) -> str:
    """Why the map in a folder is not the one that a run of `plan` would give now; an empty text if it is."""
    own = folder / RUN_FOLDER
    record = read_record(folder / f"{plan.name}_run.json")
    done = Journal(own).done(plan.digest, folder)
    return resolve_unfinished(record, read_plan(own), plan.digest, [tile.id for tile in plan.tiles], done)


def resolve_unfinished(
    record: Mapping[str, Any] | None,
    begun: Mapping[str, Any] | None,
    digest: str,
    tiles: Collection[str],
    done: Collection[str],
) -> str:
    """Why a map is not the one of a plan, or an empty text.

    Parameters
    ----------
    record
        The run record beside the map, if there is one.
    begun
        The plan its folder was begun with, if there is one.
    digest, tiles
        Of the plan that is asked for.
    done
        Tiles of that plan whose files are there.
    """
    if begun is None:
        return "it has no map"
    if begun["digest"] != digest:
        return "its map was made from something else"
    if record is None or record.get("run") != digest or not record.get("complete") or set(tiles) - set(done):
        return "its map is not finished"
    return ""


def _intact(record: TileRecord, folder: Path) -> bool:
    return all(sha256(folder / name) == facts["sha256"] for name, facts in record.files.items())
