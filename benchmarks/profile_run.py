"""Where the time of a run goes: `python benchmarks/profile_run.py RECIPE [--json FILE]`.

Maps a recipe with one worker in this process, into a folder that is removed, and says how much CPU time
each part took: its own, without that of the parts it calls. The parts are functions (`PROBES`), wrapped for
the time of the run; a part that is not found is named, and its time shows up in the part around it. What
no part accounts for is the rest.

First, in a process of its own, the recipe is trained and a block is mapped, so that compiled code comes
from the cache on disk as it does in every later run; and the images are read once, so that they come from
the system's page cache.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import importlib
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import classify_local as cl
from classify_local.grid import Window

PACKAGE = "classify_local"
START, REST = "start-up: interpreter, imports", "rest"
PROBES = (
    ("opening: recipe, images, points", "preparation", "prepare_training"),
    ("plan, digests of the inputs", "mapping.plan", "make_plan"),
    ("training", "classifiers.trained", "train"),
    ("check of the model", "learning", "validate"),
    ("reading: decode", "storage.mosaic", "Mosaic.read"),
    ("reading: validity", "storage.rasters", "is_data"),
    ("features: assemble, derive", "features.stack", "FeatureStack.read"),
    ("features: assemble, derive", "features.images", "ImageSource.read"),
    ("counting what bands remove", "mapping.window", "MaskCount.count"),
    ("inference", "classifiers.inference.forest", "CompiledForest.shares"),
    ("tail: class, percent", "classifiers.inference.tail", "write_shares"),
    ("tail: class, percent", "mapping.block", "classify_block"),
    ("assembling tiles", "mapping.window", "map_window"),
    ("writing: compress, overviews", "storage.tiles", "_write"),
    ("writing: read back and compare", "storage.tiles", "_check"),
    ("writing: sha256", "storage.fingerprint", "sha256"),
    ("writing: fsync, rename, sidecars", "storage.tiles", "write_tile"),
    ("counting classes", "mapping.tiles", "_class_counts"),
    ("counting classes", "mapping.tiles", "_valid_count"),
    ("finish: VRTs, legend, style, record", "mapping.finish", "write_companions"),
)
"""Part, module of the package, function defined there; several may make up a part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """CPU seconds of each part, in the order of the parts, and what belongs to them."""

    parts: Mapping[str, float]
    wall: float
    megapixels: float
    missing: tuple[str, ...]

    @property
    def cpu(self) -> float:
        """All CPU seconds."""
        return sum(self.parts.values())

    def facts(self) -> dict[str, Any]:
        """For a file."""
        return {
            "megapixels": self.megapixels,
            "cpu_seconds": self.cpu,
            "wall_seconds": self.wall,
            "parts": {part: {"cpu_seconds": cpu, "share": cpu / self.cpu} for part, cpu in self.parts.items()},
            "functions_not_found": list(self.missing),
        }

    def table(self) -> str:
        """A table in Markdown."""
        rows = [("part", "CPU s", "share", "ms per Mpx"), ("---", "---:", "---:", "---:")]
        rows += [self._row(part, cpu) for part, cpu in self.parts.items()]
        rows.append(self._row("all", self.cpu))
        return "\n".join("| " + " | ".join(row) + " |" for row in rows)

    def _row(self, part: str, cpu: float) -> tuple[str, str, str, str]:
        return part, f"{cpu:.2f}", f"{100 * cpu / self.cpu:.1f} %", f"{1000 * cpu / self.megapixels:.1f}"


class Stopwatch:
    """Sums the CPU time of wrapped functions, each without what it spends in others that are wrapped."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._inner = threading.local()

    def wrap(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, timed."""

        @functools.wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            outer, self._inner.seconds = getattr(self._inner, "seconds", 0.0), 0.0
            began = time.thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                took = time.thread_time() - began
                with self._lock:
                    self.seconds[part] += took - self._inner.seconds
                self._inner.seconds = outer + took

        return timed


@contextlib.contextmanager
def probes(stopwatch: Stopwatch) -> Iterator[list[str]]:
    """Wrap the functions of `PROBES`, wherever they were imported to; gives those that are not there."""
    missing = []
    with contextlib.ExitStack() as undo:
        for part, module, path in PROBES:
            holder, name = _definition(importlib.import_module(f"{PACKAGE}.{module}"), path)
            function = getattr(holder, name, None)
            if function is None:
                missing.append(f"{module}.{path}")
                continue
            timed = stopwatch.wrap(part, function)
            for place, called in list(_places(holder, function)):
                undo.callback(setattr, place, called, function)
                setattr(place, called, timed)
        yield missing


def _definition(module: Any, path: str) -> tuple[Any, str]:
    """What holds a function, or None, and its name there."""
    *outer, name = path.split(".")
    for part in outer:
        module = getattr(module, part, None)
    return module, name


def _places(holder: Any, function: Any) -> Iterator[tuple[Any, str]]:
    """Where a function is bound: its class, or every module of the package that has imported it."""
    modules = [module for name, module in sys.modules.items() if name.startswith(PACKAGE)]
    for place in [holder] if isinstance(holder, type) else modules:
        yield from ((place, name) for name, value in vars(place).items() if value is function)


def profile(recipe: Path, out: Path) -> Profile:
    """Run a recipe with one worker."""
    stopwatch = Stopwatch()
    with probes(stopwatch) as missing:
        started, began = time.process_time(), time.perf_counter()
        result = cl.run(recipe, out=out, workers=1)
    parts = {START: started}
    parts |= {part: stopwatch.seconds[part] for part, _, _ in PROBES if part in stopwatch.seconds}
    parts[REST] = time.process_time() - sum(parts.values())
    return Profile(
        parts=parts, wall=time.perf_counter() - began, megapixels=result.record["pixels"] / 1e6, missing=tuple(missing)
    )  # fmt: skip


def warm(recipe: Path) -> None:
    """Train, map a small block, and read the images."""
    stack = cl.open_stack(recipe)
    block = stack.read(Window(row=0, col=0, rows=min(64, stack.grid.shape[0]), cols=min(64, stack.grid.shape[1])))
    cl.train(recipe).probabilities(block.features.reshape(len(block.features), -1))
    for path in stack.paths:
        with path.open("rb") as stream:
            while stream.read(1 << 22):
                pass


def main() -> None:
    """Profile a run, print, store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--warm-only", action="store_true", help="only fill the caches")
    options = parser.parse_args()
    if options.warm_only:
        warm(options.recipe)
        return
    subprocess.run([sys.executable, __file__, options.recipe, "--warm-only"], check=True)
    with tempfile.TemporaryDirectory(dir=options.recipe.parent) as out:
        made = profile(options.recipe, Path(out))
    print(
        f"{made.megapixels:g} Mpx, {made.megapixels / made.cpu:.2f} Mpx per CPU-second, {made.wall:.1f} s of wall time"
    )
    print(f"\n{made.table()}")
    for name in made.missing:
        print(f"not found: {name}")
    if options.json:
        options.json.write_text(json.dumps(made.facts(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
