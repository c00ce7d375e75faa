"""CPU-seconds from the start of the process until the first tile is begun, by the second and later runs.

    python benchmarks/startup.py RECIPE

The recipe's map is begun twice in processes of their own, which stop when they would make the first tile: once
into an empty folder, which trains and checks the model, and once into the same folder, where the model is stored.
A first process warms the caches of the disk and of compiled code.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM = """
import os, sys
from classify_local.mapping import run

def stop(*_, **__):
    times = os.times()
    print(f"{times.user + times.system:.2f}", flush=True)
    os._exit(0)

run.run_tiles = stop
from classify_local import api
api.run(sys.argv[1], out=sys.argv[2], workers=1)
"""


def cpu_seconds(recipe: Path, out: Path) -> float:
    """CPU-seconds until tiles are begun."""
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(recipe), str(out)], capture_output=True, text=True, check=True
    )
    return float(ended.stdout.splitlines()[-1])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    fresh, resumed = [], []
    for number in range(options.rounds + 1):
        with tempfile.TemporaryDirectory() as folder:
            times = [cpu_seconds(options.recipe, Path(folder)) for _ in range(2)]
        if number:
            fresh.append(times[0])
            resumed.append(times[1])
    for name, found in (("trains and checks", fresh), ("model stored", resumed)):
        print(f"{name}: {statistics.median(found):.2f} CPU-seconds ({min(found):.2f} to {max(found):.2f})")


if __name__ == "__main__":
    main()
