"""Tables and vector files damaged at random are read or refused in one line, and nothing else happens."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from classify_local.errors import InputError, RefusedError
from classify_local.storage.tables import read_table
from classify_local.storage.vectors import read_layer
from tests.faults.table_files import sheet_cases, text_cases, vector_cases
from tests.faults.table_files.cases import Case

ROUNDS = int(os.environ.get("CLASSIFY_LOCAL_MUTATIONS", "120"))
PIECES = (
    b"",
    b"-1",
    b"1e308",
    b"nan",
    b"<",
    b">",
    b"&",
    b'"',
    b"'",
    b"\0",
    b"\xff",
    b",",
    b";",
    b"\n",
    b"\r",
    b"EPSG:4326",
)

Read = Callable[..., Any]
CASES: list[tuple[Case, Read]] = [
    *((case, read_table) for case in [*text_cases.CASES, *sheet_cases.READ] if not case.error and "far" not in case.id),
    *((case, read_layer) for case in vector_cases.READ),
]


def damaged(data: bytes, rng: random.Random) -> bytes:
    """One to five bits, pieces or ends changed."""
    new = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5))):
        at = rng.randrange(len(new) + 1)
        kind = rng.choice(("bit", "bit", "piece", "cut", "gap"))
        if kind == "bit" and at < len(new):
            new[at] ^= 1 << rng.randrange(8)
        elif kind == "piece":
            new[at : at + rng.choice((0, 1, 3, 8))] = rng.choice(PIECES)
        elif kind == "cut" and rng.random() < 0.3:
            del new[at:]
        elif kind == "gap":
            del new[at : at + rng.randrange(30)]
    return bytes(new)


def outcome(read: Read, path: Path, case: Case) -> tuple[str, ...]:
    try:
        read(path, **case.read)
    except (InputError, RefusedError) as error:
        return error.problems
    return ()


@pytest.mark.parametrize("part", range(8))
def test_damaged_files_are_read_or_refused(part: int, tmp_path: Path) -> None:
    for i in range(part, max(len(CASES), ROUNDS), 8):
        rng = random.Random(i)
        case, read = CASES[i % len(CASES)]
        path = tmp_path / str(i) / case.name
        path.parent.mkdir()
        case.make(path)
        files = sorted(file for file in path.parent.iterdir() if file.is_file())
        victim = rng.choice([path, *files])
        victim.write_bytes(damaged(victim.read_bytes(), rng))
        problems = outcome(read, path, case)
        assert len(problems) <= 1, (i, case.id)
        assert not any("\n" in problem for problem in problems), (i, case.id)
