"""The first thing a new user runs: the sample scene from recipe to map, with accuracy and a picture."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
import rasterio

from classify_local.accuracy.confusion import ErrorMatrix, error_matrix
from classify_local.errors import InputError
from classify_local.grid import Grid
from classify_local.recipe.model import CollectedSource
from classify_local.recipe.text import RecipeDocument, load
from classify_local.storage import atomic
from classify_local.training.reading import read_points

_DATA = (
    "recipe.yml", "legend.csv", "points.csv", "reference.csv", "older_landcover.tif", "README.md", "mosaic", "aux",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOut:
    """Accuracy of a map on points it was not trained with."""

    matrix: ErrorMatrix
    outside: int


def sample_folder() -> Path:
    """Where the sample scene lies: inside the installed package, or beside it in a source checkout.

    Raises
    ------
    InputError
        If the installation lacks it.
    """
    package = Path(str(resources.files("classify_local")))
    for folder in (package / "sample_data", package.parent / "sample_data"):
        if (folder / "recipe.yml").is_file():
            return folder
    raise InputError("the sample scene is not part of this installation; install the package again")


def copy_sample(folder: Path) -> RecipeDocument:
    """Copy the sample scene into a folder, and read its recipe there. Files that are there stay.

    Raises
    ------
    StorageError
        If the folder cannot be written.
    InputError
        If the folder holds a recipe of its own that is no copy of the sample's.
    """
    atomic.require_writable(folder)
    source = sample_folder()
    own = folder / "recipe.yml"
    if own.exists() and own.read_bytes() != (source / "recipe.yml").read_bytes():
        raise InputError(f"{own}: is there already and is not the sample's; give an empty folder")
    folder.mkdir(parents=True, exist_ok=True)
    for name in _DATA:
        if (source / name).is_dir():
            shutil.copytree(source / name, folder / name, dirs_exist_ok=True, ignore=_present(source, folder))
        elif not (folder / name).exists():
            shutil.copy2(source / name, folder / name)
    return load(own)


def held_out_accuracy(class_map: Path, points: Path) -> HeldOut:
    """Compare a class map with reference points in SEPAL's format.

    Raises
    ------
    InputError
        If the points cannot be read.
    """
    document = load({"images": [{"path": str(class_map)}], "training": [{"collected": str(points.absolute())}]})
    (source,) = document.recipe.training
    assert isinstance(source, CollectedSource)  # noqa: S101  # as it was just written
    reference = read_points(source, document)
    with rasterio.open(class_map) as handle:
        grid = Grid(crs=handle.crs, transform=handle.transform, shape=handle.shape)
        placed = reference.in_crs(grid.crs.to_wkt())
        row, col = np.floor(grid.pixel_yx(placed.x, placed.y)).astype(np.int64)
        inside = (row >= 0) & (row < grid.shape[0]) & (col >= 0) & (col < grid.shape[1])
        mapped = handle.read(1)[row[inside], col[inside]].astype(np.int64)
        has_class = mapped != handle.nodata
    labels = reference.labels[inside][has_class]
    return HeldOut(matrix=error_matrix(mapped[has_class], labels), outside=len(reference.labels) - len(labels))


def _present(source: Path, folder: Path) -> Callable[[str, list[str]], set[str]]:
    """An ignore rule for `copytree`: what is there already."""

    def ignore(inside: str, names: list[str]) -> set[str]:
        target = folder / Path(inside).relative_to(source)
        return {name for name in names if (target / name).is_file()}

    return ignore
