"""From points to a map, whole processes compared: `python benchmarks/end_to_end.py FOLDER`.

Makes a scene in FOLDER unless it is there, then for each table of points trains and maps it with
classify_local, with the script of `baseline.py`, and with Orfeo ToolBox where it is installed. Prints a
table and writes `end_to_end.json` in FOLDER.

* Each run is a process of its own; CPU time and peak memory are what the operating system counted for it
  and its children from start to end (start-up, training, reading, writing and checks included).
* The runs of a round follow each other in turn, the next round in reverse order. Ratios are formed within
  a round, so that they hold when the speed of the machine drifts.
* Before anything counts, every contender maps a tiny scene of the same kind, which fills its caches of
  compiled code, and the image is read once, which fills the system's page cache: the same for all. What the
  tiny scene takes is shown as the fixed part, and what it takes with an empty cache of compiled code as the
  first time. Libraries' own threads are set to one for all.

`--quick` is a small scene, one round and no Orfeo ToolBox: to see that it works, not how fast.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import otb
import rasterio
from numpy.typing import NDArray
from rasterio.windows import Window
from scenes import SceneSpec, add_options, spec_of

HERE = Path(__file__).resolve().parent
SCRIPT, OTB = "rasterio + scikit-learn script", "Orfeo ToolBox"
OTB_CLASS_ONLY = f"{OTB}, class only"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **otb.ONE_THREAD}
STRIP = 512
Command = Sequence[str | Path]
ForestSize = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one run took: seconds of CPU and wall time, and peak memory in MB, of its largest process."""

    cpu: float
    wall: float
    peak_mb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One way to make the map.

    Parameters
    ----------
    name
        How the tables call it.
    steps
        Its commands, run one after the other.
    folder
        Made anew before each run.
    class_map, percent_map
        Its results, each with its band; the second only where it is percent rounded as the script's.
    forest
        Reads the size of its trees after a run.
    rounds
        How often it is measured.
    prepare
        Makes in `folder` what a user would have ready; not counted.
    """

    name: str
    steps: Sequence[Command]
    folder: Path
    class_map: tuple[Path, int]
    percent_map: tuple[Path, int] | None
    forest: Callable[[], ForestSize]
    rounds: int
    prepare: Callable[[Path], None] = lambda _folder: None


def ours(scene: Path, number: int, out: Path, workers: int, rounds: int) -> Contender:
    """classify_local on its command line."""
    name = f"scene_{number}"
    made = out / name
    recipe = scene / f"recipe_{number}.yml"
    command: Command = [
        sys.executable, "-m", "classify_local", "run", recipe, "--out", out, "--workers", str(workers),
    ]  # fmt: skip
    return Contender(
        name=f"classify_local, {workers} worker{'s' * (workers > 1)}",
        steps=[command],
        folder=out, rounds=rounds,
        class_map=(made / f"{name}_class.vrt", 1), percent_map=(made / f"{name}_probability.vrt", 1),
        forest=lambda: model_size(made / f"{name}_model.zip"),
    )  # fmt: skip


def script(scene: Path, number: int, out: Path, rounds: int) -> Contender:
    """The fixed opponent."""
    made = out / "map.tif"
    command: Command = [sys.executable, HERE / "baseline.py", scene / "image.tif", scene / f"points_{number}.csv", made]
    return Contender(
        name=SCRIPT, steps=[command], folder=out, rounds=rounds, class_map=(made, 1), percent_map=(made, 2),
        forest=lambda: json.loads((out / "log.txt").read_text(encoding="utf-8").splitlines()[-1]),
    )  # fmt: skip


def orfeo(scene: Path, number: int, out: Path, rounds: int, *, confidence: bool) -> Contender:
    """Orfeo ToolBox, with or without its confidence map."""
    image = scene / "image.tif"
    return Contender(
        name=OTB if confidence else OTB_CLASS_ONLY,
        steps=otb.steps(image, otb.band_count(image), out, confidence=confidence),
        folder=out, rounds=rounds, class_map=(out / "class.tif", 1), percent_map=None,
        forest=lambda: otb.forest_size(out / "model.rf"),
        prepare=lambda folder: otb.write_places(image, scene / f"points_{number}.csv", folder / "places.geojson"),
    )  # fmt: skip


def contenders(scene: Path, number: int, out: Path, options: argparse.Namespace) -> list[Contender]:
    """All that take part."""
    found = [script(scene, number, out / "script", options.rounds)]
    found += [ours(scene, number, out / f"ours_{n}", n, options.rounds) for n in options.workers]
    if options.otb_rounds and otb.is_present():
        found.append(orfeo(scene, number, out / "otb", options.otb_rounds, confidence=True))
        found.append(orfeo(scene, number, out / "otb_class", options.otb_rounds, confidence=False))
    return found


def measured(contender: Contender, **environment: str) -> Usage:
    """Run a contender from scratch, with some more variables in its environment."""
    shutil.rmtree(contender.folder, ignore_errors=True)
    contender.folder.mkdir(parents=True)
    contender.prepare(contender.folder)
    used = [_step(command, contender.folder / "log.txt", environment) for command in contender.steps]
    return Usage(
        cpu=sum(u.cpu for u in used), wall=sum(u.wall for u in used), peak_mb=max(u.peak_mb for u in used)
    )  # fmt: skip


def _step(command: Command, log: Path, environment: Mapping[str, str]) -> Usage:
    # A child inherits its parent's peak on Linux, so this program itself has to stay small.
    began = time.perf_counter()
    with log.open("ab") as stream:
        process = subprocess.Popen(
            [str(part) for part in command], cwd=log.parent, stdout=stream, stderr=subprocess.STDOUT,
            env={**os.environ, **ONE_THREAD, **environment},
        )  # fmt: skip
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[0]} ended with {process.returncode}; see {log}")
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return Usage(
        cpu=used.ru_utime + used.ru_stime, wall=time.perf_counter() - began, peak_mb=used.ru_maxrss / unit
    )  # fmt: skip


def rounds_of(taking_part: Sequence[Contender], tell: Callable[[str], None]) -> dict[str, list[Usage]]:
    """All rounds, in turn and in reverse turn."""
    usages: dict[str, list[Usage]] = {contender.name: [] for contender in taking_part}
    for turn in range(max(contender.rounds for contender in taking_part)):
        for contender in taking_part[:: -1 if turn % 2 else 1]:
            if turn < contender.rounds:
                usage = measured(contender)
                usages[contender.name].append(usage)
                tell(f"round {turn + 1}, {contender.name}: {usage.cpu:.1f} CPU-s, {usage.wall:.1f} s")
    return usages


def model_size(model: Path) -> ForestSize:
    """Trees, mean nodes per tree and greatest depth of a model file of classify_local; empty if it has no forest."""
    with zipfile.ZipFile(model) as archive:
        names = [f"fitted/{name}.npy" for name in ("offsets", "left", "right")]
        if not set(names) <= set(archive.namelist()):
            return {}
        offsets, left, right = (np.load(archive.open(name)) for name in names)
    bounds = list(itertools.pairwise(offsets))
    depths = [_depth(left[first:end], right[first:end]) for first, end in bounds]
    return {"trees": len(bounds), "nodes": len(left) / len(bounds), "depth": max(depths)}


def _depth(left: NDArray[np.int32], right: NDArray[np.int32]) -> int:
    level, depth = np.zeros(1, dtype=np.int32), 0
    while True:
        below = np.concatenate([left[level], right[level]])
        level = below[below >= 0]
        if not level.size:
            return depth
        depth += 1


def agreement(one: tuple[Path, int], other: tuple[Path, int]) -> float:
    """Share of pixels on which two maps are equal, read in strips."""
    equal = total = 0
    with rasterio.Env(GDAL_CACHEMAX=64), rasterio.open(one[0]) as first, rasterio.open(other[0]) as second:
        for row in range(0, first.height, STRIP):
            window = Window(0, row, first.width, min(STRIP, first.height - row))
            same = first.read(one[1], window=window) == second.read(other[1], window=window)
            equal, total = equal + int(same.sum()), total + same.size
    return equal / total


def spread(values: Iterable[float]) -> dict[str, float]:
    """Least, median and greatest."""
    known = sorted(values)
    return {"min": known[0], "median": statistics.median(known), "max": known[-1]}


def ratio_to(name: str, opponent: str, usages: Mapping[str, Sequence[Usage]]) -> dict[str, float] | None:
    """CPU time of an opponent divided by one's own, round by round; from the medians where rounds differ in number."""
    if opponent not in usages:
        return None
    own, other = ([usage.cpu for usage in usages[key]] for key in (name, opponent))
    if len(own) != len(other):
        own, other = [statistics.median(own)], [statistics.median(other)]
    return spread(b / a for a, b in zip(own, other, strict=True))


def facts_of(
    contender: Contender, taking_part: Sequence[Contender], usages: Mapping[str, Sequence[Usage]], truth: Path,
    megapixels: float,
) -> dict[str, Any]:  # fmt: skip
    """Everything known of a contender."""
    used, reference = usages[contender.name], taking_part[0]
    percents = [made.percent_map for made in (contender, reference) if made.percent_map]
    return {
        "name": contender.name,
        "runs": [asdict(usage) for usage in used],
        "cpu_seconds": spread(u.cpu for u in used),
        "wall_seconds": spread(u.wall for u in used),
        "peak_mb": spread(u.peak_mb for u in used),
        "megapixels_per_cpu_second": spread(megapixels / u.cpu for u in used),
        "times_script": ratio_to(contender.name, SCRIPT, usages),
        "times_otb": ratio_to(contender.name, OTB, usages),
        "times_otb_class_only": ratio_to(contender.name, OTB_CLASS_ONLY, usages),
        "forest": dict(contender.forest()),
        "equal_to_truth": agreement(contender.class_map, (truth, 1)),
        "class_equal_to_script": agreement(contender.class_map, reference.class_map),
        "percent_equal_to_script": agreement(*percents) if len(percents) == 2 else None,
    }


def compare(folder: Path, number: int, spec: SceneSpec, options: argparse.Namespace) -> dict[str, Any]:
    """The comparison for one table of points."""
    tell = _teller()
    taking_part = contenders(folder, number, folder / "runs", options)
    tiny = {} if options.quick else on_tiny_scene(folder / "tiny", number, spec, options)
    _read_once(folder / "image.tif")
    usages = rounds_of(taking_part, tell)
    facts = [facts_of(c, taking_part, usages, folder / "truth.tif", spec.megapixels) for c in taking_part]
    return {"points": number, "contenders": [{**f, **tiny.get(f["name"], {})} for f in facts]}


def on_tiny_scene(
    folder: Path, number: int, spec: SceneSpec, options: argparse.Namespace
) -> dict[str, dict[str, float]]:
    """CPU seconds of each contender on a scene that takes next to none: the first time ever, and later."""
    _make(folder, replace(spec, size=STRIP))
    found = {}
    for contender in contenders(folder, number, folder / "runs", options):
        with tempfile.TemporaryDirectory() as empty:
            first = measured(contender, NUMBA_CACHE_DIR=empty).cpu
        measured(contender)  # fills its caches
        found[contender.name] = {"first_cpu_seconds": first, "fixed_cpu_seconds": measured(contender).cpu}
    return found


def _make(folder: Path, spec: SceneSpec) -> None:
    """Make a scene in a process of its own, which keeps this one small."""
    wanted = [f"--{key}={value}" for key, value in asdict(spec).items() if key != "points"]
    points = ["--points", *map(str, spec.points)]
    subprocess.run([sys.executable, HERE / "scenes.py", folder, *wanted, *points], check=True, stdout=sys.stderr)


def _read_once(path: Path) -> None:
    with path.open("rb") as stream:
        while stream.read(1 << 22):
            pass


def _teller() -> Callable[[str], None]:
    began = time.monotonic()
    return lambda text: print(f"[{time.monotonic() - began:5.0f} s] {text}", file=sys.stderr, flush=True)


def machine() -> dict[str, Any]:
    """The machine, in general terms, and what it runs."""
    cpu_info = Path("/proc/cpuinfo")
    flags = cpu_info.read_text(encoding="utf-8") if cpu_info.exists() else ""
    return {
        "architecture": platform.machine(),
        "processors": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "vectors": next((name for name in ("avx512f", "avx2", "neon") if name in flags), "unknown"),
        "system": platform.system(),
        "load": os.getloadavg(),
        "python": platform.python_version(),
        "versions": _versions("numpy", "numba", "rasterio", "scikit-learn"),
        "gdal": rasterio.__gdal_version__,
    }


def _versions(*names: str) -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in names}


SPEED = ("", "CPU s", "wall s", "peak MB", "Mpx per CPU-s", "times script", "times OTB", "times OTB class only")
MAP = (
    "",
    "nodes per tree (depth)",
    "equal to truth",
    "class as script",
    "percent as script",
    "fixed CPU s",
    "first time",
)


def tables(result: Mapping[str, Any]) -> str:
    """The comparison as tables in Markdown; medians, and least to greatest where there are several runs."""
    made = result["contenders"]
    return f"{_table(SPEED, map(_speed_row, made))}\n\n{_table(MAP, map(_map_row, made))}"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in (header, ["---"] * len(header), *rows))


def _speed_row(facts: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        facts["name"],
        _said(facts["cpu_seconds"], 1),
        _said(facts["wall_seconds"], 1),
        _said(facts["peak_mb"], 0),
        _said(facts["megapixels_per_cpu_second"], 2),
        *(_said(facts[key], 2) for key in ("times_script", "times_otb", "times_otb_class_only")),
    )


def _map_row(facts: Mapping[str, Any]) -> tuple[str, ...]:
    forest = facts["forest"]
    return (
        facts["name"],
        f"{forest['nodes']:.0f} ({forest['depth']:.0f})" if forest else "",
        f"{100 * facts['equal_to_truth']:.2f} %",
        _share(facts["class_equal_to_script"]),
        _share(facts["percent_equal_to_script"]),
        *(f"{facts[key]:.1f}" if key in facts else "" for key in ("fixed_cpu_seconds", "first_cpu_seconds")),
    )


def _said(values: Mapping[str, float] | None, digits: int) -> str:
    if values is None:
        return ""
    least, middle, greatest = (f"{values[key]:,.{digits}f}" for key in ("min", "median", "max"))
    return middle if least == greatest else f"{middle} ({least} to {greatest})"


def _share(share: float | None) -> str:
    if share is None:
        return ""
    return "all" if share == 1 else f"{100 * share:.3f} %"


def parse() -> argparse.Namespace:
    """The options; `--quick` stands for some of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    add_options(parser)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--otb-rounds", type=int, default=1, help="0 leaves Orfeo ToolBox out")
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2], help="one contender for each number")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path, help="default: end_to_end.json in FOLDER")
    options = parser.parse_args()
    options.folder = options.folder.resolve()
    if options.quick:
        vars(options).update(size=1000, points=[2000], rounds=1, otb_rounds=0, workers=[1])
    return options


def main() -> None:
    """Compare, print, store."""
    options = parse()
    spec = spec_of(options)
    _make(options.folder, spec)
    if options.otb_rounds and not otb.is_present():
        print(otb.ABSENT)
    stored: dict[str, Any] = {"scene": asdict(spec), "machine": machine(), "results": []}
    for number in spec.points:
        result = compare(options.folder, number, spec, options)
        stored["results"].append({**result, "load_after": os.getloadavg()})
        print(f"\n{spec.megapixels:g} Mpx, {spec.bands} bands, {spec.classes} classes, {number:,} points\n")
        print(tables(result), flush=True)
        path = options.json or options.folder / "end_to_end.json"
        path.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
