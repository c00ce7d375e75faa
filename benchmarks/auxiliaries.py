"""What auxiliary layers do to accuracy: `python benchmarks/auxiliaries.py [--seeds 5] [--para FOLDER]`.

The sample scene is mapped without and with its terrain, water and latitude, and compared with its held-out points. The
scene of Para, where its folder is given, is checked by repeated cross-validation, without and with terrain; the check
is of the model, on polygons that stay together.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import classify_local as cl
from classify_local.demonstration import copy_sample, held_out_accuracy

SAMPLE: Sequence[Sequence[str]] = ((), ("terrain",), ("water",), ("latitude",), ("latitude", "terrain", "water"))


def sample_accuracy(document: Any, layers: Sequence[str], seed: int) -> float:
    """Overall accuracy of one map on the held-out points."""
    changes = {("auxiliaries",): list(layers), ("auxiliary_data",): "aux", ("classifier", "seed"): seed}
    with tempfile.TemporaryDirectory() as out:
        made = cl.run(document.changed(changes), out=out)
        return held_out_accuracy(
            made.folder / f"{document.name}_class.vrt", document.folder / "reference.csv"
        ).matrix.overall


def sample_rows(seeds: Sequence[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        document = copy_sample(Path(folder) / "sample")
        for layers in SAMPLE:
            found = [100 * sample_accuracy(document, layers, seed) for seed in seeds]
            spread = statistics.stdev(found) if len(found) > 1 else 0.0
            print(
                f"| sample | {', '.join(layers) or 'none'} | {statistics.mean(found):.1f} | {spread:.1f} |", flush=True
            )


def para_rows(scene: Path, seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        terrain = Path(folder) / "terrain"
        terrain.mkdir()
        shutil.copy(scene / "srtm_1arc.tif", terrain)
        for layers in ((), ("terrain",)):
            model = cl.train(para_recipe(scene, Path(folder), layers, seed))
            check = model.training["validation"]["overall"]
            name = ", ".join(layers) or "none"
            print(f"| para | {name} | {100 * check['mean']:.2f} | {100 * check['sd']:.2f} over repeats |", flush=True)


def para_recipe(scene: Path, folder: Path, layers: Sequence[str], seed: int) -> dict[str, Any]:
    """The scene's recipe; its classes are the names in its labels, numbered."""
    import geopandas as gpd

    labels = gpd.read_file(scene / "labels.gpkg")
    column = next(name for name in labels.columns if name not in ("geometry", "id", "fid"))
    names = sorted(labels[column].astype(str).unique())
    labels["value"] = [names.index(name) + 1 for name in labels[column].astype(str)]
    labels.to_file(folder / "labels.gpkg", driver="GPKG")
    legend = [{"value": i, "label": name, "color": f"#{40 * i % 256:02x}8000"} for i, name in enumerate(names, 1)]
    return {
        "name": "para", "images": [{"path": str(scene / "image.tif")}], "legend": legend,
        "training": [{"vector": str(folder / "labels.gpkg"), "class": "value"}], "auxiliaries": list(layers),
        "auxiliary_data": str(folder), "classifier": {"type": "random_forest", "number_of_trees": 100, "seed": seed},
    }  # fmt: skip


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5, help="seeds 1 to this")
    parser.add_argument("--para", type=Path, help="the folder of the scene of Para")
    options = parser.parse_args()
    print("| scene | auxiliary layers | overall accuracy, percent | sd over seeds |\n|---|---|---:|---:|")
    sample_rows(range(1, options.seeds + 1))
    if options.para:
        para_rows(options.para, 1)


if __name__ == "__main__":
    main()
