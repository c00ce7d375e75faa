"""The end of a run: VRTs over the tiles, legend, style, recipe copy and the run record."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

from classify_local.addresses import is_url, shown
from classify_local.grid import Tile
from classify_local.legend import Legend, upper
from classify_local.mapping.journal import TileRecord
from classify_local.mapping.products import CLASS, Product, common_dtype
from classify_local.mapping.tiles import MapJob
from classify_local.recipe.text import RecipeDocument, dump, with_paths
from classify_local.storage import atomic
from classify_local.storage.legends import legend_csv, qgis_style
from classify_local.storage.vrt_writing import VrtBand, write_vrt


def write_companions(job: MapJob, document: RecipeDocument, records: Mapping[str, TileRecord]) -> None:
    """Write everything that belongs to a map beside its tiles; what stands there already stays.

    Parameters
    ----------
    job
        The run.
    document
        Its recipe.
    records
        The tiles that exist, by id.
    """
    plan, folder = job.plan, job.folder
    made = [tile for tile in plan.tiles if tile.id in records]
    atomic.keep_text(folder / f"{plan.name}_legend.csv", legend_csv(job.legend))
    if plan.products[0].kind == CLASS:
        atomic.keep_text(folder / f"{plan.name}.qml", qgis_style(job.legend, band=1))
    atomic.keep_text(folder / f"{plan.name}_recipe.yml", recipe_copy(document, folder))
    atomic.reached("before VRTs")
    by_product = {product.kind: _bands(job, product, made) for product in plan.products}
    for product in plan.products:
        write_vrt(folder / f"{plan.name}_{product.kind}.vrt", plan.grid, by_product[product.kind], product.dtype)
        atomic.reached("between VRTs")
    every = [band for bands in by_product.values() for band in bands]
    write_vrt(folder / f"{plan.name}.vrt", plan.grid, every, common_dtype(plan.products))
    atomic.reached("after VRTs")


def recipe_copy(document: RecipeDocument, folder: Path) -> str:
    """The recipe as it was run, with its comments; relative paths lead from the output folder.

    Web addresses stand without their query, which may hold a key: a map is given to others.
    """

    def moved(path: str) -> str:
        if is_url(path):
            return shown(path)
        if Path(path).is_absolute() or "://" in path:
            return path
        return PurePath(os.path.relpath(document.folder / path, folder.resolve())).as_posix()

    node = with_paths(document.node, moved)
    node["name"] = document.name
    return dump(node)


def write_record(path: Path, facts: Mapping[str, Any]) -> None:
    """Write the run record."""
    atomic.write_text(path, json.dumps(facts, indent=1, ensure_ascii=False) + "\n")


def read_record(path: Path) -> dict[str, Any] | None:
    """The run record, or None if there is none to be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def summary(records: Mapping[str, TileRecord], legend: Legend) -> dict[str, Any]:
    """Pixels, valid pixels, pixels by class (also at the upper level) and by what removed them, over all tiles."""
    classes: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    for record in records.values():
        classes.update(record.classes)
        lost.update(record.lost)
        alone.update(record.lost_alone)
    return {
        "pixels": sum(record.pixels for record in records.values()),
        "valid_pixels": sum(record.valid for record in records.values()),
        "pixels_by_class": dict(sorted(classes.items(), key=lambda item: int(item[0]))),
        **({"pixels_by_upper_class": _by_upper_class(classes, legend)} if legend.parents else {}),
        "pixels_without_data": dict(lost),
        "pixels_only_this_removes": dict(alone),
    }


def _by_upper_class(classes: Mapping[str, int], legend: Legend) -> dict[str, int]:
    level = upper(legend)
    counts: Counter[str] = Counter()
    for value, pixels in classes.items():
        counts[level.labels[level.of[int(value)]]] += pixels
    return {label: counts[label] for label in level.labels}


def _bands(job: MapJob, product: Product, made: list[Tile]) -> list[VrtBand]:
    files = [(tile, job.plan.file_name(product, tile)) for tile in made]
    return [
        VrtBand(
            name=name, nodata=product.nodata, files=files, file_band=number, dtype=product.dtype,
            legend=job.legend if product.kind == CLASS else None,
        )
        for number, name in enumerate(product.bands, 1)
    ]  # fmt: skip
