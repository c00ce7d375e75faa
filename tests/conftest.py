"""What all tests share: the real scenes, a maker of small rasters, a tiny valid recipe, GDAL's programs."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import HealthCheck, settings
from numpy.typing import ArrayLike, NDArray
from rasterio.errors import NotGeoreferencedWarning

from classify_local.storage.remote import close_remote
from tests.hostile_server import Server, serving
from tests.offline import sitecustomize as offline

settings.register_profile(
    "classify_local",
    deadline=None,  # the machine is shared
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.load_profile("classify_local")

CONNECTIONS = Path(tempfile.mkdtemp(prefix="classify_local_tests_")) / "connections.txt"
"""What was tried to reach beyond this machine, by this process and those it started."""
os.environ[offline.NOTED] = str(CONNECTIONS)
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, [str(Path(offline.__file__).parent), os.environ.get("PYTHONPATH", "")])
)


@pytest.fixture(autouse=True)
def this_machine_only(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A test that reaches beyond this machine fails, also if what it tests puts up with being refused."""
    if request.node.get_closest_marker("network"):
        monkeypatch.delenv(offline.NOTED)
    yield
    tried = connections_tried()
    assert not tried, f"tried to reach beyond this machine: {tried}"


def connections_tried() -> list[str]:
    """The attempts since this was asked last."""
    if not CONNECTIONS.exists():
        return []
    tried = CONNECTIONS.read_text(encoding="utf-8").splitlines()
    CONNECTIONS.unlink()
    return tried


UTM = "EPSG:32736"
TRANSFORM = Affine(10, 0, 500_000, 0, -10, 8_600_000)

MakeRaster = Callable[..., Path]
RunGdal = Callable[..., str]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real scenes, which is no part of the project."""
    default = Path(__file__).parents[1] / ".." / "shared" / "data"
    folder = Path(os.environ.get("CLASSIFY_LOCAL_REAL_DATA", default)).resolve()
    if not folder.is_dir():
        pytest.skip(f"no real scenes in {folder}; set CLASSIFY_LOCAL_REAL_DATA to their folder")
    return folder


def write_raster(
    path: Path,
    values: ArrayLike,
    *,
    crs: str | None = UTM,
    transform: Affine | None = TRANSFORM,
    nodata: float | None = None,
    descriptions: tuple[str, ...] | None = None,
    colorinterp: tuple[Any, ...] | None = None,
    mask: NDArray[np.bool_] | None = None,
    internal_mask: bool = True,
    scales: tuple[float, ...] | None = None,
    driver: str = "GTiff",
    **creation: Any,
) -> Path:
    """Write an array of shape (rows, cols) or (bands, rows, cols) as a raster; `mask` is True where valid."""
    array = np.asarray(values)
    array = array[None] if array.ndim == 2 else array
    profile: dict[str, Any] = {
        "driver": driver, "count": array.shape[0], "height": array.shape[1], "width": array.shape[2],
        "dtype": array.dtype, "nodata": nodata, "crs": crs, **creation,
    }  # fmt: skip
    if transform is not None:
        profile["transform"] = transform
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings(), rasterio.Env(GDAL_TIFF_INTERNAL_MASK=internal_mask):
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(path, "w", **profile) as handle:
            if colorinterp is not None:
                handle.colorinterp = colorinterp
            handle.write(array)
            if descriptions is not None:
                handle.descriptions = descriptions
            if scales is not None:
                handle.scales = scales
            if mask is not None:
                handle.write_mask(mask)
    return path


@pytest.fixture
def make_raster(tmp_path: Path) -> MakeRaster:
    """`write_raster` into the test's folder; the path may be a name."""

    def make(path: str | Path, values: ArrayLike, **options: Any) -> Path:
        return write_raster(tmp_path / path, values, **options)

    return make


@pytest.fixture
def gdal(tmp_path: Path) -> RunGdal:
    """Run a program of GDAL's in the test's folder and return what it prints."""

    def run(program: str, *arguments: str | Path, folder: Path = tmp_path) -> str:
        found = shutil.which(program)
        if found is None:
            pytest.skip(f"{program} is not installed")
        ended = subprocess.run(
            [found, *map(str, arguments)], cwd=folder, check=True, capture_output=True, text=True, timeout=60
        )
        return ended.stdout

    return run


@dataclass(frozen=True)
class Scene:
    """A folder with a recipe and what it names.

    `truth` is the class value of every pixel, `points` the (x, y, class) of each training point.
    """

    folder: Path
    recipe: Path
    image: Path
    legend: Path
    table: Path
    truth: NDArray[np.int64]
    points: tuple[tuple[float, float, int], ...]


def write_scene(folder: Path) -> Scene:
    """Three bands of 48 x 64 pixels with four classes in stripes, a hole without data, 120 points."""
    rng = np.random.default_rng(7)
    values = np.array([1, 2, 5, 7])
    truth = np.broadcast_to(values[np.arange(64) // 16], (48, 64)).copy()
    means = np.array([[400, 900, 1500, 2200], [3000, 2400, 600, 1200], [1500, 300, 900, 2600]])
    image = means[:, np.searchsorted(values, truth)] + rng.normal(0, 150, (3, 48, 64))
    image = np.clip(image, 1, 9999).astype(np.uint16)
    image[:, 20:30, 30:40] = 0
    path = write_raster(
        folder / "image.tif", image, nodata=0, descriptions=("red", "nir", "swir1"), tiled=True,
        blockxsize=16, blockysize=16,
    )  # fmt: skip
    points = _points(rng, truth)
    with (folder / "points.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("x", "y", "class"), *points])
    (folder / "legend.csv").write_text(
        "color,value,label\n#006400,1,forest\n#F096FF,2,crop\n#0064C8,5,water\n#B4B4B4,7,bare\n", encoding="utf-8"
    )
    (folder / "recipe.yml").write_text(
        "name: scene\n"
        "images:\n  - path: image.tif\n"
        "legend: legend.csv\n"
        f"training:\n  - {{csv: points.csv, x: x, y: y, crs: '{UTM}'}}\n"
        "classifier: {type: random_forest, number_of_trees: 5, seed: 1}\n"
        "output:\n  bands: [class, class_probability]\n  tile_size: 64\n",
        encoding="utf-8",
    )
    return Scene(
        folder=folder, recipe=folder / "recipe.yml", image=path, legend=folder / "legend.csv",
        table=folder / "points.csv", truth=truth, points=tuple(points),
    )  # fmt: skip


def _points(rng: np.random.Generator, truth: NDArray[np.int64]) -> list[tuple[float, float, int]]:
    """Centres of 30 different pixels of each class, outside the hole."""
    free = np.ones(truth.shape, dtype=bool)
    free[20:30, 30:40] = False
    found = []
    for value in np.unique(truth):
        rows, cols = np.nonzero((truth == value) & free)
        for i in rng.choice(len(rows), 30, replace=False):
            x, y = TRANSFORM @ (cols[i] + 0.5, rows[i] + 0.5)
            found.append((float(x), float(y), int(value)))
    return found


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """A tiny valid recipe with its image, legend and points."""
    folder = tmp_path / "scene"
    folder.mkdir()
    return write_scene(folder)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A web server on this machine, which is reached whatever the environment says of proxies and networks."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.delenv("CLASSIFY_LOCAL_OFFLINE", raising=False)
    with serving() as found:
        yield found
        close_remote()
