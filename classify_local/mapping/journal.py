"""Which tiles are done: a line for each, in one file per process, made durable before the next."""

from __future__ import annotations

import json
import os
import socket
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from classify_local.storage import atomic

_FOLDER = "journal"


@dataclass(frozen=True, slots=True, kw_only=True)
class TileRecord:
    """A finished tile.

    Parameters
    ----------
    tile
        Its id.
    run
        Digest of the plan it was made under.
    files
        For each file its name, SHA-256 and size in bytes.
    pixels, valid
        Pixels of the tile, and how many of them have a class.
    classes
        Pixels of each class value.
    lost, lost_alone
        For each band or mask the pixels it removed, and those that nothing else did.
    seconds
        Time it took.
    """

    tile: str
    run: str
    files: dict[str, dict[str, Any]]
    pixels: int
    valid: int
    classes: dict[str, int] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    lost_alone: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0


class Journal:
    """The journal of a run folder; each process appends to a file of its own.

    Parameters
    ----------
    folder
        The folder `.run` of the output.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / _FOLDER
        self._own = self._folder / f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}.jsonl"

    def add(self, record: TileRecord) -> None:
        """Note a finished tile, durably."""
        atomic.append_line(self._own, json.dumps(asdict(record), sort_keys=True))
        atomic.reached("journaled")

    def open(self) -> None:
        """Make the folder, so that tiles can be noted."""
        self._folder.mkdir(parents=True, exist_ok=True)

    def clear(self) -> None:
        """Forget all tiles."""
        for path in self._folder.glob("*.jsonl"):
            path.unlink()

    def done(self, run: str, folder: Path) -> dict[str, TileRecord]:
        """Tiles made under plan `run` whose files are still there in full, by id.

        Parameters
        ----------
        run
            Digest of the plan.
        folder
            The folder of the tiles.
        """
        records = {record.tile: record for record in self._records() if record.run == run}
        return {tile: record for tile, record in records.items() if _present(record, folder)}

    def _records(self) -> Iterator[TileRecord]:
        for path in sorted(self._folder.glob("*.jsonl")):
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
                try:
                    yield TileRecord(**json.loads(line))
                except (ValueError, TypeError):
                    continue  # the last line of a process that was killed while it wrote


def _present(record: TileRecord, folder: Path) -> bool:
    for name, facts in record.files.items():
        try:
            if (folder / name).stat().st_size != facts["bytes"]:
                return False
        except OSError:
            return False
    return True
