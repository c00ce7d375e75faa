"""What a file holds, whether it can be used, and what is odd about it."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import rasterio

from classify_local.addresses import shown, without_keys
from classify_local.bands.aliases import recognise_sensor
from classify_local.errors import ClassifyLocalError, InputError
from classify_local.grid import grid_sentence
from classify_local.mapping.run import RUN_FOLDER
from classify_local.mapping.status import read_status
from classify_local.recipe.model import CsvSource, RasterImage, RecipeImage
from classify_local.recipe.text import load
from classify_local.storage import models, safety, vectors
from classify_local.storage.composite import Image, remotes_of
from classify_local.storage.images import open_image
from classify_local.storage.legends import read_legend
from classify_local.storage.packed import Packed, packed_kind, read_sepal_recipe
from classify_local.storage.rasters import RasterFile
from classify_local.storage.remarks import remarks_on
from classify_local.storage.safety import AllowedFolders
from classify_local.storage.tables import Table, read_table
from classify_local.training.columns import coordinate_columns

_TABLES = {".csv", ".tsv", ".txt", ".xlsx"}
_VECTORS = {".gpkg", ".shp", ".geojson", ".kml", ".kmz", ".gpx", ".fgb"}
_DEGREES = 180
_ARRAYS = ("netCDF", "Zarr")
_SIDECARS = (".aux.xml", ".msk", ".ovr")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What a file holds.

    Parameters
    ----------
    path
        The file or folder.
    kind
        raster, vector, table, legend, model, recipe, SEPAL recipe or run.
    facts
        What it holds, by name; values are numbers, texts, or lists and mappings of them.
    odd
        Sentences on what a user should look at.
    """

    path: str
    kind: str
    facts: dict[str, Any]
    odd: tuple[str, ...] = field(default=())


def inspect_path(path: Path) -> Inspection:
    """Say what a raster, vector, table, model, recipe or run folder holds.

    Raises
    ------
    InputError, RefusedError
        If it is none of them, or broken.
    """
    if path.is_dir():
        return _run(path) if (path / RUN_FOLDER).is_dir() else _raster(path)
    safety.require_file(path)
    suffix = path.suffix.lower()
    if suffix in (".yml", ".yaml"):
        return _recipe(path)
    if suffix in _TABLES:
        return _table(path)
    if suffix in _VECTORS:
        return _vector(path)
    return _zipped(path) if suffix == ".zip" else _raster(path)


def _zipped(path: Path) -> Inspection:
    kind = packed_kind(path)
    if kind is Packed.SEPAL_RECIPE:
        return _sepal_recipe(path)
    return _vector(path) if kind is Packed.VECTOR else _model(path)


def inspect_url(url: str, *, offline: bool = False) -> Inspection:
    """Say what a GeoTIFF on a web server holds; `offline` refuses to ask for it.

    Raises
    ------
    InputError, RefusedError, StorageError
        If there is none, it must not be asked for, or the server cannot be reached.
    """
    return _image(shown(url), open_image(url, Path, AllowedFolders((), offline=offline)))


def _raster(path: Path) -> Inspection:
    return _image(str(path), open_image(str(path.absolute()), Path, AllowedFolders((path.absolute().parent,))))


def _image(name: str, mosaic: Image) -> Inspection:
    files = mosaic.files
    facts = {
        "grid": grid_sentence(mosaic.grid),
        "bounds": list(mosaic.grid.bounds),
        "crs": mosaic.grid.crs.to_string(),
        "bands": [
            {"number": i, "name": name, "type": dtype}
            for i, (name, dtype) in enumerate(zip(mosaic.names, mosaic.dtypes, strict=True), 1)
        ],
        "sensor": recognise_sensor(mosaic.names),
        "nodata": sorted({str(value) for file in files for value in file.nodata}),
        "mask": _mask_sentence(mosaic),
        "reflectance": None if mosaic.scale is None else {"scale": mosaic.scale, "offset": mosaic.offset},
        "files": len(mosaic.paths) + len(remotes_of(mosaic)),
        "format": sorted({file.driver for file in files}),
        "sidecars": [beside.name for file in _local(mosaic) for beside in _sidecars(file.path)],
    }
    return Inspection(path=name, kind="raster", facts=facts, odd=tuple(_odd_raster(mosaic)))


def _odd_raster(mosaic: Image) -> list[str]:
    odd = []
    files = mosaic.files
    if not any(file.has_mask or file.alpha or any(value is not None for value in file.nodata) for file in files):
        odd.append("declares neither nodata nor a mask: every pixel counts as data; if a value means none, give it")
    if any(name.startswith("b") and name[1:].isdigit() for name in mosaic.names):
        odd.append("bands without a name are called b1, b2, ...; in a recipe name them: bands: {red: 3, nir: 4}")
    wide = sorted({dtype for dtype in mosaic.dtypes if dtype in ("int32", "uint32", "int64", "uint64", "float64")})
    if wide:
        odd.append(f"holds {', '.join(wide)}, which classifiers see as 32-bit floating point")
    if mosaic.grid.transform.e > 0:
        odd.append("is stored south side up")
    if mosaic.grid.transform.b or mosaic.grid.transform.d:
        odd.append("its grid is rotated")
    if mosaic.grid.crs.is_geographic:
        odd.append("its pixels are in degrees: areas are not equal")
    if max(mosaic.grid.shape) > 20_000 and not all(_has_overviews(file) for file in _local(mosaic)[:1]):
        odd.append("large and without overviews beside it; a map page would be slow")
    return [*odd, *remarks_on(mosaic)]


def _local(mosaic: Image) -> list[RasterFile]:
    """The rasters of an image that lie on this machine."""
    paths = set(mosaic.paths)
    return [file for file in mosaic.files if file.path in paths]


def _has_overviews(file: RasterFile) -> bool:
    if file.driver in _ARRAYS:
        return False
    with rasterio.open(file.path, driver=file.driver) as handle:
        return bool(handle.overviews(1))


def _mask_sentence(mosaic: Image) -> str:
    if mosaic.alpha or any(file.has_mask for file in mosaic.files):
        return "a mask or transparency band says which pixels are valid"
    return "none beside nodata"


def _sidecars(path: Path) -> list[Path]:
    found = [path.with_name(path.name + suffix) for suffix in _SIDECARS]
    found += [path.with_suffix(suffix) for suffix in (".tfw", ".wld", ".hdr", ".prj")]
    return [beside for beside in found if os.path.isfile(beside)]  # noqa: PTH113 - a name too long is none


def _vector(path: Path) -> Inspection:
    layers, odd = [], []
    for summary in vectors.list_layers(path):
        facts: dict[str, Any] = {"layer": summary.name, "features": summary.count}
        if summary.spatial:
            layer = vectors.read_layer(path, summary.name)
            kinds = sorted({geometry.geom_type for geometry in layer.geometries if geometry is not None})
            facts |= {"geometry": kinds, "crs": layer.crs, "columns": list(layer.table.columns)}
            odd += [f"the layer {summary.name} has no coordinate reference system"] if layer.crs is None else []
            problems = [f"feature {layer.table.lines[row]}: {why}" for row, why in layer.problems.items()]
            odd += [*layer.notices, *problems[:20]]
        layers.append(facts)
    return Inspection(path=str(path), kind="vector", facts={"layers": layers}, odd=tuple(dict.fromkeys(odd)))


def _table(path: Path) -> Inspection:
    table = read_table(path)
    try:
        legend = read_legend(path)
    except ClassifyLocalError:
        return _points(path, table)
    classes = [{"value": entry.value, "label": entry.label, "color": entry.color} for entry in legend]
    return Inspection(path=str(path), kind="legend", facts={"classes": classes})


def _points(path: Path, table: Table) -> Inspection:
    pair = _guessed_columns(path, table)
    facts: dict[str, Any] = {"rows": len(table), "columns": list(table.columns), "coordinates": list(pair or ())}
    odd = [] if pair else ["no columns that are known for coordinates; give x: and y: in the recipe"]
    if "class" in table.columns:
        facts["classes"] = dict(sorted(Counter(table.columns["class"]).items())[:100])
    else:
        odd.append("no column 'class'; give class: in the recipe")
    if pair:
        extent = facts["extent"] = _extent(table, pair)
        if extent is not None and max(map(abs, extent)) > _DEGREES:
            odd.append("the coordinates are no degrees; say their system in the recipe, for example crs: EPSG:32736")
    return Inspection(path=str(path), kind="table", facts=facts, odd=(*table.notices, *odd))


def _guessed_columns(path: Path, table: Table) -> tuple[str, str] | None:
    """The columns a recipe would take for coordinates if it named none."""
    try:
        return coordinate_columns(CsvSource(csv=str(path)), table)
    except InputError:
        return None


def _extent(table: Table, pair: tuple[str, str]) -> list[float] | None:
    """Least and greatest x and y of the rows that hold numbers."""
    columns = [table.numbers(name) for name in pair]
    known = columns[0][1] & columns[1][1]
    numbers = np.stack([values[known] for values, _ in columns], axis=1)
    if not len(numbers):
        return None
    low, high = numbers.min(axis=0), numbers.max(axis=0)
    return [float(low[0]), float(low[1]), float(high[0]), float(high[1])]


def _model(path: Path) -> Inspection:
    manifest, arrays = models.read(path)
    facts = {key: manifest.get(key) for key in ("classifier", "bands", "classes", "legend", "training", "versions")}
    facts["bytes"] = path.stat().st_size
    facts["numbers stored"] = int(sum(array.size for array in arrays.values()))
    odd = [
        f"was trained with {name} {version}, here is {models.versions().get(name)}"
        for name, version in dict(manifest.get("versions", {})).items()
        if name in ("scikit-learn", "classify_local") and models.versions().get(name) != version
    ]
    return Inspection(path=str(path), kind="model", facts=facts, odd=tuple(odd))


def _recipe(path: Path) -> Inspection:
    document = load(path)
    recipe = document.recipe
    legend = recipe.legend
    facts = {
        "name": document.name,
        "images": [without_keys(_said(image)) for image in recipe.images],
        "legend": legend if isinstance(legend, str) else None if legend is None else f"{len(legend)} classes",
        "training": [without_keys(source.model_dump(exclude_none=True, by_alias=True)) for source in recipe.training],
        "classifier": recipe.classifier.model_dump(by_alias=True),
        "output": list(recipe.output.bands),
    }
    odd = [f"has no {part} yet, which a run needs" for part in ("legend", "training") if not getattr(recipe, part)]
    return Inspection(path=str(path), kind="recipe", facts=facts, odd=tuple(odd))


def _said(image: RasterImage | RecipeImage) -> str | tuple[str, ...]:
    return image.path if isinstance(image, RasterImage) else f"the map of {image.recipe}"


def _sepal_recipe(path: Path) -> Inspection:
    """What a recipe of SEPAL's says, as far as it is in the form that SEPAL writes."""
    found = read_sepal_recipe(path)
    images, entries, sets = (
        _listed(found["model"], *keys)
        for keys in (("inputImagery", "images"), ("legend", "entries"), ("trainingData", "dataSets"))
    )
    classifier = found["model"].get("classifier")
    facts = {
        "name": str(found.get("title") or found.get("placeholder") or ""),
        "type": str(found["type"]),
        "images": [f"{image.get('type')} {image.get('id')}" for image in images],
        "legend": f"{len(entries)} classes",
        "training": [f"{each.get('name')} ({len(_listed(each, 'referenceData'))} points)" for each in sets],
        "auxiliaries": _texts(found["model"].get("auxiliaryImagery")),
        "classifier": classifier.get("type") if isinstance(classifier, dict) else None,
    }
    odd = ("is written in SEPAL's form; a run takes a recipe of this program's (.yml)",)
    return Inspection(path=str(path), kind="SEPAL recipe", facts=facts, odd=odd)


def _texts(given: Any) -> list[str]:
    return [item for item in given if isinstance(item, str)] if isinstance(given, list) else []


def _listed(part: Any, *keys: str) -> list[dict[str, Any]]:
    """The mappings in a list within a mapping; none where anything else stands."""
    for key in keys:
        part = part.get(key) if isinstance(part, dict) else None
    return [item for item in part if isinstance(item, dict)] if isinstance(part, list) else []


def _run(path: Path) -> Inspection:
    status = read_status(path)
    facts = {
        "name": status.name, "complete": status.complete, "running": status.running,
        "tiles done": len(status.done), "tiles missing": len(status.missing), "tiles failed": status.failed,
    }  # fmt: skip
    odd = () if status.complete or status.running else ("is not finished: run the same recipe again to resume",)
    return Inspection(path=str(path), kind="run", facts=facts, odd=odd)
