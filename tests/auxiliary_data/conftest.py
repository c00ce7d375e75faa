"""A server on this machine with small tiles, in all the forms in which they are published."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine
from rasterio.io import MemoryFile

from classify_local.auxiliary_data.sources import SOURCES, Source
from tests.auxiliary_data import server
from tests.auxiliary_data.server import Web


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test opens a socket to elsewhere, and none is led by this machine's environment."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        assert self.family == socket.AF_UNIX or address[0] in ("127.0.0.1", "::1", "localhost"), address
        real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("CLASSIFY_LOCAL_AUX", "CLASSIFY_LOCAL_OFFLINE"):
        monkeypatch.delenv(name, raising=False)


def tile_bytes(
    west: float, north: float, side: float, *, dtype: str = "int16", pixels: int = 60, nodata: float | None = -32768,
    seed: int = 1, colors: bool = False, **creation: Any,
) -> bytes:  # fmt: skip
    """A small GeoTIFF of a tile."""
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 100, (pixels, pixels)).astype(dtype)
    profile = {
        "driver": "GTiff", "width": pixels, "height": pixels, "count": 1, "dtype": dtype, "nodata": nodata,
        "crs": "EPSG:4326", "transform": Affine(side / pixels, 0, west, 0, -side / pixels, north), **creation,
    }  # fmt: skip
    with MemoryFile() as memory:
        with memory.open(**profile) as handle:
            handle.write(values, 1)
            if colors:
                handle.write_colormap(1, {10: (0, 100, 0, 255), 80: (0, 100, 200, 255)})
        return memory.read()


def heights(side: int = 1201) -> np.ndarray:
    values = np.random.default_rng(5).integers(-400, 8000, (side, side)).astype(np.int16)
    values[0, 0], values[-1, -1], values[100:110, 200:210] = 1111, 2222, -32768
    return values


@pytest.fixture
def web() -> Iterator[Web]:
    """Terrain at 32-34 E, 14-13 S: two tiles, then sea; water; a coloured COG of land cover; a height file."""
    with server.serving() as web:
        web.files |= {
            "/srtm/S14E032.tif": tile_bytes(32, -13, 1),
            "/srtm/S14E033.tif": tile_bytes(33, -13, 1, seed=2, driver="COG", compress="DEFLATE"),
            "/water/occurrence/occurrence_30E_10Sv1_4_2021.tif": tile_bytes(
                30, -10, 10, dtype="uint8", nodata=255, compress="LZW"
            ),
            "/worldcover/ESA_WorldCover_10m_2021_v200_S15E030_Map.tif": tile_bytes(
                30, -12, 3, dtype="uint8", nodata=0, driver="COG", colors=True
            ),
            "/skadi/S14/S14E032.hgt.gz": gzip.compress(heights().astype(">i2").tobytes(), mtime=0),
        }
        yield web


def source(web: Web, key: str, *layers: str) -> Source:
    """A source at the server's address."""
    found = replace(SOURCES[key], base_url=f"{web.url}/{key.partition('-')[0]}")
    return replace(found, layers=layers) if layers else found


def names(folder: Path) -> list[str]:
    """Files in a folder of auxiliary data, without the lock."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in found if name != ".incoming/lock")
