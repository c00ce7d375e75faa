"""A tiny valid scene that tests break in one place, and the command line called in this process."""

from __future__ import annotations

import contextlib
import io
import re
import stat
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from rasterio.errors import NotGeoreferencedWarning
from ruamel.yaml import YAML

from classify_local.cli import main as cli
from tests.faults.limits import bounded

ROWS, COLS = 50, 60
CRS = "EPSG:32736"
TRANSFORM = Affine(10, 0, 500_000, 0, -10, 8_600_000)
BANDS = ("red", "nir", "swir1")
LEGEND = "color,value,label\n#006400,10,Tree cover\n#F096FF,40,Cropland\n#0064C8,80,Water\n"
LABELS = (10, 40, 80)
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Scene:
    """A folder with image, legend, points and a recipe that is written when a command is called.

    `recipe` is changed by a test as it needs; `text` replaces it by bytes of any kind.
    """

    folder: Path
    recipe: dict[str, Any] = field(default_factory=lambda: default_recipe())
    text: bytes | str | None = None
    outside: Path = Path()

    def path(self, name: str) -> Path:
        return self.folder / name

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def image(self, name: str = "image.tif", **changes: Any) -> Path:
        return write_image(self.path(name), **changes)

    def write_recipe(self) -> Path:
        """The recipe's file, unless a test has put something else in its place."""
        recipe = self.path("recipe.yml")
        if self.text is not None:
            recipe.write_bytes(self.text.encode() if isinstance(self.text, str) else self.text)
        elif not recipe.exists():
            YAML().dump(self.recipe, recipe)
        return recipe

    def call(self, command: str, *arguments: str) -> Result:
        """Call `command` on the recipe."""
        return call(command, str(self.write_recipe()), *arguments)


@dataclass(frozen=True)
class Result:
    """What a call of the command line gave, the seconds of processor time it took and the bytes it added at most."""

    code: int
    out: str
    err: str
    seconds: float
    memory: int

    @property
    def problems(self) -> list[str]:
        """The lines that say what is wrong, without the word before them."""
        lines = _ESCAPES.sub("", self.err).splitlines()
        return [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]


def call(*arguments: str) -> Result:
    """Call the command line in this process, within bounds of memory and processor time."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), bounded() as used:
        code = cli.call(arguments)
    return Result(code, out.getvalue(), err.getvalue(), used.seconds, used.memory)


def default_recipe() -> dict[str, Any]:
    return {
        "images": [{"path": "image.tif", "bands": list(BANDS)}],
        "legend": "legend.csv",
        "training": [{"csv": "reference.csv", "class": "landcover"}],
        "classifier": {"type": "random_forest", "number_of_trees": 3},
        "output": {"bands": ["class"]},
    }


def write_scene(folder: Path) -> None:
    """The files of the valid scene, without the recipe."""
    folder.mkdir(parents=True)
    write_image(folder / "image.tif")
    (folder / "legend.csv").write_text(LEGEND)
    (folder / "reference.csv").write_text(points())


def write_image(path: Path, **changes: Any) -> Path:
    """A raster with noise; `changes` replace entries of its profile, or its `names` and `values`."""
    names = changes.pop("names", None)
    values = changes.pop("values", None)
    tags = changes.pop("tags", {})
    profile = {
        "driver": "GTiff", "width": COLS, "height": ROWS, "count": 3, "dtype": "uint16", "crs": CRS,
        "transform": TRANSFORM, "tiled": True, "blockxsize": 32, "blockysize": 32,
    }  # fmt: skip
    profile |= changes
    profile = {key: value for key, value in profile.items() if value is not None}
    path.parent.mkdir(parents=True, exist_ok=True)
    if values is None:
        shape = profile["count"], profile["height"], profile["width"]
        values = np.random.default_rng(7).integers(1, 9000, shape).astype(profile["dtype"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(path, "w", **profile) as handle:
            if values is not False:
                handle.write(values)
            for number, name in enumerate(names or BANDS[: profile["count"]], 1):
                handle.set_band_description(number, name)
            for namespace, items in tags.items():
                handle.update_tags(ns=namespace, **items)
    return path


def places(count: int = 30) -> list[tuple[float, float]]:
    """Longitude and latitude of pixels inside the image."""
    from pyproj import Transformer

    rng = np.random.default_rng(11)
    to_degrees = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
    cells = rng.permutation(ROWS * COLS)[:count]
    xy = [TRANSFORM @ (cell % COLS + 0.5, cell // COLS + 0.5) for cell in cells.tolist()]
    return [to_degrees.transform(x, y) for x, y in xy]


def points(
    header: str = "XCoordinate,YCoordinate,landcover",
    row: str = "{x:.8f},{y:.8f},{label}",
    labels: tuple[Any, ...] = LABELS,
    shift: float = 0.0,
) -> str:
    """A table of points in which `row` says how each is written."""
    lines = [
        row.format(x=x + shift, y=y + shift, label=labels[i % len(labels)], n=i) for i, (x, y) in enumerate(places())
    ]
    return "\n".join([header, *lines]) + "\n"


def tree(*folders: Path) -> dict[str, tuple[int, int, int]]:
    """Every entry below some folders with kind, size and time of change; folders without their time."""
    return {str(path): _stamp(path) for folder in folders for path in _below(folder)}


def _below(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from _below(path)


def _stamp(path: Path) -> tuple[int, int, int]:
    status = path.lstat()
    kind = stat.S_IFMT(status.st_mode)
    return (kind, 0, 0) if stat.S_ISDIR(kind) else (kind, status.st_size, status.st_mtime_ns)
