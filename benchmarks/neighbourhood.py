"""What texture and focal statistics cost a map: `python benchmarks/neighbourhood.py FOLDER [--size 3072]`.

Makes the scene of `memory.py` (10 bands) in FOLDER, if it is not there, and maps it by one worker with a model that is
trained before, in one process: without such bands, and with each kind. CPU seconds are counted, the best of some turns.
"""

from __future__ import annotations

import argparse
import shutil
import time
from pathlib import Path
from typing import Any

from memory import make_scene

import classify_local as cl

BAND = "band_4"
CHEAP, MAIN = ["contrast", "homogeneity", "correlation"], ["contrast", "homogeneity", "entropy", "correlation"]
STATISTICS = ["mean", "standard_deviation"]


def texture(measures: list[str]) -> dict[str, Any]:
    """An entry of a recipe."""
    return {"texture": {"bands": [BAND], "measures": measures, "window": 7, "limits": [0, 5000]}}


FOCAL = {"focal": {"bands": [BAND], "statistics": STATISTICS, "window": 5}}
CASES: dict[str, list[dict[str, Any]]] = {
    "10 bands": [],
    "+ 2 focal statistics, 5 x 5": [FOCAL],
    "+ texture without entropy, 7 x 7": [texture(CHEAP)],
    "+ texture, 7 x 7": [texture(MAIN)],
    "+ texture and 2 focal statistics": [texture(MAIN), FOCAL],
}


def cpu_seconds(document: Any, model: Path, folder: Path) -> float:
    """Of one map with a model."""
    shutil.rmtree(folder, ignore_errors=True)
    begun = time.process_time()
    cl.run(document, model=model, out=folder, workers=1)
    return time.process_time() - begun


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=3072)
    parser.add_argument("--turns", type=int, default=2)
    options = parser.parse_args()
    recipe = options.folder / "memory.yml"
    if not recipe.exists():
        make_scene(options.folder, options.size)
    names = {f"band_{number}": number for number in range(1, 11)}
    print("| bands | CPU s | Mpx per CPU-s | more CPU s per Mpx |\n|---|---:|---:|---:|")
    first = None
    for label, derived in CASES.items():
        document = cl.load_recipe(recipe).changed({("images", 0, "bands"): names, ("images", 0, "derived"): derived})
        model = options.folder / "model.zip"
        cl.train(document, model)
        found = min(cpu_seconds(document, model, options.folder / "out") for _ in range(options.turns))
        first = found if first is None else first
        pixels = options.size**2 / 1e6
        print(f"| {label} | {found:.1f} | {pixels / found:.2f} | {(found - first) / pixels:.3f} |", flush=True)


if __name__ == "__main__":
    main()
