"""Files damaged at random are read or refused, quickly, and nothing else happens."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from classify_local.errors import InputError, RefusedError
from classify_local.grid import Window
from classify_local.recipe.text import load
from classify_local.storage.images import open_image
from classify_local.storage.legends import read_legend
from classify_local.storage.rasters import close_files, describe
from classify_local.storage.safety import AllowedFolders
from classify_local.training.reading import read_points
from tests.faults.scene import LEGEND, Scene, points, write_image
from tests.faults.vrts import vrt

ROUNDS = int(os.environ.get("CLASSIFY_LOCAL_MUTATIONS", "120"))
SECONDS = 2.0
PIECES = (
    b"", b"-1", b"0", b"1e308", b"nan", b"inf", b"99999999999999999999", b"<", b">", b"&", b'"', b"'", b"\0", b"\xff",
    b"\xc2\xb2", b",", b";", b"\n", b"\r", b"..", b"/", b"EPSG:4326", b"<a/>", b"\xe2\x80\xae",
)  # fmt: skip
SIDECAR = (
    "<PAMDataset><SRS>EPSG:32736</SRS><GeoTransform>1,2,3,4,5,6</GeoTransform><Metadata><MDI key='a'>b</MDI></Metadata>"
    "<PAMRasterBand band='1'><NoDataValue>7</NoDataValue></PAMRasterBand></PAMDataset>"
)


def damaged(data: bytes, rng: random.Random) -> bytes:
    """`data` with one to five bits, pieces or ends changed."""
    new = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5))):
        at = rng.randrange(len(new) + 1)
        kind = rng.choice(("bit", "bit", "piece", "piece", "cut", "copy", "gap"))
        if kind == "bit" and at < len(new):
            new[at] ^= 1 << rng.randrange(8)
        elif kind == "piece":
            new[at : at + rng.choice((0, 1, 3, 8))] = rng.choice(PIECES)
        elif kind == "cut" and rng.random() < 0.3:
            del new[at:]
        elif kind == "copy":
            start = rng.randrange(len(new) + 1)
            new[at:at] = new[start : start + rng.randrange(40)]
        elif kind == "gap":
            del new[at : at + rng.randrange(30)]
    return bytes(new)


def read_mosaic(folder: Path) -> None:
    mosaic = open_image("seed.vrt", folder.joinpath, AllowedFolders((folder,)))
    rows, cols = (min(side, 512) for side in mosaic.grid.shape)
    try:
        mosaic.read(range(1, len(mosaic.names) + 1), Window(row=0, col=0, rows=rows, cols=cols))
    finally:
        close_files()


def read_raster(folder: Path) -> None:
    file = describe(folder / "seed.tif")
    rows, cols = (min(side, 512) for side in file.grid.shape)
    try:
        file.read([1], Window(row=0, col=0, rows=rows, cols=cols))
    finally:
        close_files()


def read_table(folder: Path) -> None:
    document = load({"images": [{"path": "image.tif"}], "training": [{"csv": "seed.csv", "class": "landcover"}]})
    read_points(document.recipe.training[0], document)  # type: ignore[arg-type]


def raster(folder: Path, **profile: object) -> bytes:
    return write_image(folder / "whole.tif", **profile).read_bytes()


SEEDS: dict[str, tuple[str, Callable[[Path], bytes], Callable[[Path], object]]] = {
    "VRT": ("seed.vrt", lambda _: vrt(of_band="<NoDataValue>0</NoDataValue>").encode(), read_mosaic),
    "GeoTIFF": ("seed.tif", raster, read_raster),
    "compressed GeoTIFF": ("seed.tif", lambda f: raster(f, compress="deflate", predictor=2), read_raster),
    "table": ("seed.csv", lambda _: points().encode(), read_table),
    "legend": ("seed.csv", lambda _: LEGEND.encode(), lambda folder: read_legend(folder / "seed.csv")),
    "sidecar": ("image.tif.aux.xml", lambda _: SIDECAR.encode(), lambda folder: describe(folder / "image.tif")),
}  # fmt: skip


@pytest.mark.parametrize("kind", SEEDS)
def test_damaged_files_are_read_or_refused(
    kind: str, scene: Scene, monkeypatch: pytest.MonkeyPatch, patience: Callable[[], None]
):
    name, make, read = SEEDS[kind]
    seed = make(scene.folder)
    monkeypatch.chdir(scene.folder)
    outcomes: Counter[str] = Counter()

    for number in range(ROUNDS):
        scene.write(name, damaged(seed, random.Random(f"{kind} {number}")))
        os.utime(scene.folder, ns=(number, number))  # the folder's own time tells whether it was looked at before
        patience()
        began = time.perf_counter()
        try:
            read(scene.folder)
            outcomes["read"] += 1
        except (InputError, RefusedError):
            outcomes["refused"] += 1
        assert time.perf_counter() - began < SECONDS, f"{kind} {number}"

    assert outcomes["read"], "all was refused: the seed itself may be broken"
    assert outcomes["refused"], "nothing was refused: the damage does no damage"
