"""A small scene with points of every kind: clicked, of a table, of a GeoPackage."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely

from classify_local.api.live import live_map
from classify_local.features.images import allowed_folders, open_stack
from classify_local.live.book import Book
from classify_local.live.session import LiveMap
from classify_local.live.table import PointReader
from classify_local.recipe.text import load
from classify_local.storage.legends import recipe_legend
from classify_local.storage.safety import AllowedFolders
from classify_local.training.collect import read_sources
from classify_local.training.points import ReferencePoints
from tests.conftest import TRANSFORM, UTM, write_scene

RECIPE = f"""\
# a recipe somebody wrote
name: scene   # with comments
images:
  - path: image.tif
legend: legend.csv
training:
  # a table
  - {{csv: points.csv, x: x, y: y, crs: '{UTM}'}}
  - vector: plots of others.gpkg   # a layer
    class: code
  - collected: clicked.csv
classifier: {{type: random_forest, number_of_trees: 5, seed: 1}}
output:
  bands: [class, class_probability]
  tile_size: 64
"""

NewScene = Callable[[], Path]
Opened = Callable[..., LiveMap]


def write_marked_scene(folder: Path) -> None:
    """`tests.conftest.write_scene` with a GeoPackage and a file of clicked points beside the table."""
    write_scene(folder)
    (folder / "recipe.yml").write_text(RECIPE, encoding="utf-8")
    (folder / "clicked.csv").write_text(
        'XCoordinate,YCoordinate,class\n33.001,-12.668,"1"\n33.002,-12.669,"2"\n33.0031,-12.6691,"5"\n',
        encoding="utf-8",
    )
    places = [TRANSFORM @ (col + 0.25, row + 0.75) for col, row in ((2, 40), (20, 41), (36, 42), (50, 43))]
    pyogrio.raw.write(
        folder / "plots of others.gpkg", shapely.to_wkb(shapely.points(places)), [np.array([1, 2, 5, 7])], ["code"],
        geometry_type="Point", crs=UTM, driver="GPKG",
    )  # fmt: skip


@pytest.fixture(scope="session")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scene's folder, to be copied."""
    folder = tmp_path_factory.mktemp("marked") / "scene"
    folder.mkdir()
    write_marked_scene(folder)
    return folder


@pytest.fixture
def new_scene(pattern: Path, tmp_path: Path) -> NewScene:
    """Copies the scene; gives the recipe."""
    numbers = itertools.count()
    return lambda: Path(shutil.copytree(pattern, tmp_path / f"scene{next(numbers)}")) / "recipe.yml"


@pytest.fixture
def recipe(new_scene: NewScene) -> Path:
    """The recipe of a fresh copy of the scene."""
    return new_scene()


@pytest.fixture
def opened(recipe: Path) -> Iterator[Opened]:
    """Opens the recipe as the page does."""
    with ExitStack() as stack:

        def open_(path: Path = recipe) -> LiveMap:
            session = live_map(path)
            stack.callback(session.close)
            return session

        yield open_


def open_book(recipe: Path) -> Book:
    """The marks of a recipe as its files are now."""
    document = load(recipe)
    stack, legend = open_stack(document), recipe_legend(document)
    reader = PointReader(stack, AllowedFolders(()))
    return Book(document, stack.grid, legend, lambda number, now: reader.entry(number, now, legend))


def read_anew(recipe: Path) -> list[ReferencePoints]:
    """The points as the command line reads them."""
    document = load(recipe)
    stack = open_stack(document)
    return read_sources(document, stack, recipe_legend(document), allowed_folders(document))


def contents(folder: Path) -> dict[str, bytes]:
    """Every file that is a user's, with its bytes; not the kept versions."""
    return {
        path.name: path.read_bytes()
        for path in sorted(folder.iterdir())
        if path.is_file() and not path.name.endswith(".aux.xml")
    }
