"""Cost of reading training points from a large table: `python benchmarks/reading.py --folder FOLDER [--rows 1000000]`.

Makes tables in FOLDER, if they are not there, and reads each as a training entry says: by values, by labels, with a
filter and lists of values, by expressions, with decimal commas, from GeoJSON, and by a column that holds no class.
Every case runs `training.reading.read_points` in a process of its own, of which the operating system tells CPU-seconds
(those of starting it among them) and peak resident memory.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from classify_local.errors import InputError
from classify_local.legend import Legend, LegendEntry
from classify_local.recipe.text import load
from classify_local.training.reading import read_points

LABELS = ("forest", "mangrove", "crop", "rice", "water", "built")
COLUMNS = ("id", "XCoordinate", "YCoordinate", "landcover", "class", "cover", "editor_name")
LEGEND = Legend(tuple(LegendEntry(value=i, label=label, color=f"#{i + 1:06x}") for i, label in enumerate(LABELS)))

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "values": ("comma", {}),
    "labels": ("comma", {"class": "landcover"}),
    "filter and lists": (
        "comma",
        {
            "class": "landcover", "filter": 'editor_name != "test" and cover > 5', "default": 5, "group": "editor_name",
            "classes": {0: ["forest", "mangrove"], 2: ["crop", "rice"], 4: ["water"]},
        },
    ),
    "expressions": (
        "comma", {"classes": {0: "cover > 60 && landcover == 'forest'", 2: "cover < 40", 4: "id % 2 == 0"}},
    ),
    "decimal commas": ("semicolon", {"class": "landcover", "filter": "cover > 5"}),
    "GeoJSON": ("geojson", {"geojson": "shape"}),
    "a column of names": ("comma", {"class": "editor_name"}),
    "a column that is no class": ("comma", {"class": "id", "classes": {1: ["a"]}}),
}  # fmt: skip


def columns(rows: int) -> list[list[Any]]:
    """The cells of `COLUMNS`."""
    rng = np.random.default_rng(1)
    number = rng.integers(0, len(LABELS), rows)
    names = np.array(LABELS)[number].tolist()
    editors = np.array(["ann", "bob", "test", "kim"])[rng.integers(0, 4, rows)].tolist()
    x, y, cover = 33 + rng.random(rows), -13 - rng.random(rows), rng.integers(0, 1010, rows) / 10
    return [
        list(range(rows)), x.round(7).tolist(), y.round(7).tolist(), names, number.tolist(), cover.tolist(), editors,
    ]  # fmt: skip


def make(folder: Path, rows: int) -> None:
    """The tables that are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    writers: dict[str, Callable[[tuple[Any, ...]], str]] = {
        "comma": lambda row: ",".join(map(str, row)),
        "semicolon": lambda row: ";".join(map(str, row)).replace(".", ","),
        "geojson": lambda row: f'"{{""type"":""Point"",""coordinates"":[{row[1]},{row[2]}]}}",{row[4]}',
    }
    heads = {"comma": ",".join(COLUMNS), "semicolon": ";".join(COLUMNS), "geojson": "shape,class"}
    for kind, write in writers.items():
        path = folder / f"{kind}_{rows}.csv"
        if not path.exists():
            part = path.with_suffix(".part")
            with part.open("w", encoding="utf-8") as stream:
                stream.write(heads[kind] + "\n")
                stream.writelines(write(row) + "\n" for row in zip(*columns(rows), strict=True))
            part.replace(path)


def read_case(folder: Path, case: str, rows: int) -> None:
    """One entry read in this process; prints how many points it gave."""
    kind, keys = CASES[case]
    entry = {"csv": str(folder / f"{kind}_{rows}.csv"), **keys}
    document = load({"images": [{"path": "image.tif"}], "training": [entry]})
    try:
        points = len(read_points(document.recipe.training[0], document, None, LEGEND))  # type: ignore[arg-type]
    except InputError:
        points = 0
    print(json.dumps({"points": points}))


def measured(command: list[str]) -> tuple[str, float, float]:
    """What a process prints, its CPU-seconds and its peak resident memory in MiB."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        printed = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return printed, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main() -> None:
    """Make the tables if need be, read each case in its own process, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--case", choices=list(CASES))
    options = parser.parse_args()
    if options.case:
        read_case(options.folder, options.case, options.rows)
        return
    make(options.folder, options.rows)
    print(f"{options.rows:,} rows, {os.cpu_count()} cores")
    print("| entry | points | CPU-seconds | peak MiB |\n|---|---|---|---|")
    for case in CASES:
        command = [sys.executable, __file__, "--folder", str(options.folder), "--rows", str(options.rows)]
        printed, seconds, peak = measured([*command, "--case", case])
        print(f"| {case} | {json.loads(printed)['points']:,} | {seconds:.1f} | {peak:.0f} |", flush=True)


if __name__ == "__main__":
    main()
