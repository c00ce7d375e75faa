"""The benchmarks run, and what they compare is the same map. Nothing here says how fast anything is."""

from __future__ import annotations

import csv
import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import rasterio
from rasterio.warp import transform

from classify_local import api
from classify_local.api import maps
from classify_local.demonstration import sample_folder
from tests.conftest import Scene

FOLDER = Path(__file__).parents[2] / "benchmarks"


Load = Callable[[str], ModuleType]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    """Import a benchmark by name."""
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module


def run(script: str, *arguments: str | Path, **environment: str) -> str:
    command = [sys.executable, str(FOLDER / script), *map(str, arguments)]
    ended = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120, env=environment or None)
    return ended.stdout


def test_quick_comparison_makes_the_same_map_as_the_script(tmp_path: Path) -> None:
    printed = run("end_to_end.py", tmp_path / "scene", "--quick")
    stored = json.loads((tmp_path / "scene" / "end_to_end.json").read_text(encoding="utf-8"))
    script, ours = stored["results"][0]["contenders"]
    assert (script["name"], ours["name"]) == ("rasterio + scikit-learn script", "classify_local, 1 worker")
    assert ours["class_equal_to_script"] == 1
    assert ours["percent_equal_to_script"] == 1
    assert ours["forest"] == script["forest"]
    assert ours["equal_to_truth"] == script["equal_to_truth"] > 0.8
    assert ours["cpu_seconds"]["median"] > 0.1
    assert ours["peak_mb"]["max"] > 100
    expected = script["cpu_seconds"]["median"] / ours["cpu_seconds"]["median"]
    assert ours["times_script"]["median"] == pytest.approx(expected)
    assert f"| {ours['name']} | " in printed


def test_scene_is_what_it_says(tmp_path: Path, load: Load) -> None:
    scenes = load("scenes")
    spec = scenes.SceneSpec(size=700, bands=3, classes=4, points=(100, 403))
    scenes.make_scene(tmp_path, spec)
    with rasterio.open(tmp_path / "image.tif") as image, rasterio.open(tmp_path / "truth.tif") as truth:
        assert (image.dtypes, image.descriptions) == (("uint16",) * 3, ("blue", "green", "red"))
        assert image.block_shapes == [(512, 512)] * 3
        assert image.read().min() > 0, "no pixel is nodata"
        values, found = truth.read(1), set(np.unique(truth.read(1)))
        assert found == set(spec.values)
        for number, each in ((100, 25), (403, 100)):
            rows, cols, labels = _pixels(tmp_path / f"points_{number}.csv", truth)
            assert (values[rows, cols] == labels).all()
            assert len(set(zip(rows, cols, strict=True))) == len(labels), "each point has a pixel of its own"
            assert np.unique(labels, return_counts=True)[1].tolist() == [each] * 4
    assert api.check(tmp_path / "recipe_403.yml")


def test_scene_depends_on_its_spec_only_and_is_made_once(tmp_path: Path, load: Load) -> None:
    scenes = load("scenes")
    spec = scenes.SceneSpec(size=300, bands=2, classes=3, points=(60,))
    for name, other in (("one", spec), ("two", spec), ("three", replace(spec, seed=8))):
        scenes.make_scene(tmp_path / name, other)
    one, two, three = ((tmp_path / name / "image.tif").read_bytes() for name in ("one", "two", "three"))
    assert one == two != three
    made = (tmp_path / "one" / "image.tif").stat().st_mtime_ns
    scenes.make_scene(tmp_path / "one", replace(spec, points=(60, 30)))
    assert (tmp_path / "one" / "image.tif").stat().st_mtime_ns == made, "another table needs no other image"
    assert (tmp_path / "one" / "points_60.csv").read_bytes() == (tmp_path / "two" / "points_60.csv").read_bytes()
    assert len((tmp_path / "one" / "points_30.csv").read_text(encoding="utf-8").splitlines()) == 31
    scenes.make_scene(tmp_path / "one", replace(spec, seed=8))
    assert (tmp_path / "one" / "image.tif").read_bytes() == three
    assert not (tmp_path / "one" / "points_30.csv").exists(), "points of another landscape are not kept"


def test_field_is_the_same_whatever_the_strips(load: Load) -> None:
    field = load("scenes").SmoothField(np.random.default_rng(1), 100, sigma=9, step=3)
    strips = [field.rows(first, min(7, 100 - first)) for first in range(0, 100, 7)]
    np.testing.assert_array_equal(np.concatenate(strips), field.rows(0, 100))


def test_orfeo_toolbox_may_be_absent(tmp_path: Path) -> None:
    printed = run("otb.py", tmp_path / "image.tif", tmp_path / "points.csv", tmp_path, PATH=str(tmp_path))
    assert printed.startswith("Orfeo ToolBox is absent")


OPENCV_MODEL = """%YAML:1.0
---
opencv_ml_rtrees:
   training_params:
      max_depth: 25
   ntrees: 2
   trees:
      -
         nodes:
            -
               depth: 0
               value: 30.
               norm_class_idx: 2
               splits:
                  - { var:2, quality:2.7220248413085938e+02, le:1884. }
            -
               depth: 1
               value: 30.
               norm_class_idx: 2
            -
               depth: 1
               value: 80.
               norm_class_idx: 7
      -
         nodes:
            -
               depth: 0
               value: 80.
               norm_class_idx: 7
"""


def test_forest_size_of_an_orfeo_model(tmp_path: Path, load: Load) -> None:
    model = tmp_path / "model.rf"
    model.write_text(OPENCV_MODEL, encoding="utf-8")
    assert load("otb").forest_size(model) == {"trees": 2, "nodes": 2.0, "depth": 1}


def test_profile_finds_every_part_and_takes_its_wrappers_away(tmp_path: Path, scene: Scene, load: Load) -> None:
    profile_run = load("profile_run")
    before = maps.make_plan
    made = profile_run.profile(scene.recipe, tmp_path / "out")
    assert made.missing == ()
    assert made.parts["inference"] > 0
    assert made.parts["rest"] > -0.01
    assert list(made.parts)[1:-1] == list(dict.fromkeys(part for part, _, _ in profile_run.PROBES))
    assert maps.make_plan is before


def test_profile_counts_time_once(load: Load) -> None:
    stopwatch = load("profile_run").Stopwatch()
    inner = stopwatch.wrap("inner", lambda: sum(range(3_000_000)))
    stopwatch.wrap("outer", lambda: inner() + inner())()
    assert stopwatch.seconds["inner"] > 10 * stopwatch.seconds["outer"] >= 0


def test_ratio_is_formed_within_rounds(load: Load) -> None:
    end_to_end = load("end_to_end")

    def used(*cpu: float) -> list[object]:
        return [end_to_end.Usage(cpu=seconds, wall=seconds, peak_mb=1) for seconds in cpu]

    usages = {"ours": used(10, 20, 30), "script": used(20, 60, 30), "once": used(40)}
    assert end_to_end.ratio_to("ours", "script", usages) == {"min": 1, "median": 2, "max": 3}
    assert end_to_end.ratio_to("ours", "once", usages) == {"min": 2, "median": 2, "max": 2}
    assert end_to_end.ratio_to("ours", "absent", usages) is None


@pytest.mark.parametrize("name", ["bands only", "profile rlcms"])
def test_accuracy_of_a_variant(name: str, load: Load) -> None:
    facts = load("sample_accuracy").facts_of(sample_folder(), name, [1], 5)
    assert facts["bands"] == {"bands only": 6, "profile rlcms": 26}[name]
    assert 0.7 < facts["accuracies"][0] < 1


def _pixels(path: Path, image: rasterio.io.DatasetReader) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row, column and class of each point."""
    with path.open(newline="", encoding="utf-8") as stream:
        points = list(csv.DictReader(stream))
    lon, lat = ([float(point[name]) for point in points] for name in ("XCoordinate", "YCoordinate"))
    x, y = transform("EPSG:4326", image.crs, lon, lat)
    cols, rows = (np.floor(place).astype(int) for place in ~image.transform @ (np.array(x), np.array(y)))
    return rows, cols, np.array([int(point["class"]) for point in points])


def test_neighbourhoods_are_measured(
    tmp_path: Path, load: Load, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = load("neighbourhood")
    monkeypatch.setattr(module, "CASES", {label: module.CASES[label] for label in [*module.CASES][::4]})
    monkeypatch.setattr(sys, "argv", ["neighbourhood.py", str(tmp_path), "--size", "600", "--turns", "1"])
    module.main()
    rows = capsys.readouterr().out.splitlines()[2:]
    assert [row.split(" | ")[0] for row in rows] == ["| 10 bands", "| + texture and 2 focal statistics"]
