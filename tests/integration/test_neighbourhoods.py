"""Maps by texture and focal statistics: the same pixels whatever tiles, workers, area and grid."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely

from classify_local import api
from classify_local.recipe.text import RecipeDocument, load
from tests.integration.synthetic import COLS, ROWS, TRANSFORM, read_bands, write_scene
from tests.integration.test_grids import write_polygon

DERIVED = [
    {"texture": {"bands": ["band0"], "measures": ["contrast", "entropy"], "window": 7, "limits": [0, 3000]}},
    {"focal": {"bands": ["band1", "band2"], "statistics": ["median", "standard_deviation"], "window": 15}},
]
CROP = (slice(210, 470), slice(390, 800))
"""An area whose edges cut blocks and the windows of pixels."""


def document(folder: Path, **output) -> RecipeDocument:
    changes = {("output", key): value for key, value in output.items()}
    return load(write_scene(folder)).changed({("images", 0, "derived"): DERIVED, **changes})


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """The map in one tile made by one worker."""
    return read_bands(api.run(document(tmp_path_factory.mktemp("whole"), tile_size=2048), workers=1).vrt)


@pytest.mark.parametrize(("tile_size", "workers"), [(512, 1), (512, 2), (300, 1)])
def test_pixels_do_not_depend_on_tiles_or_workers(
    tmp_path: Path, whole: np.ndarray, tile_size: int, workers: int
) -> None:
    result = api.run(document(tmp_path, tile_size=tile_size), workers=workers)
    np.testing.assert_array_equal(read_bands(result.vrt), whole)


def area(folder: Path) -> str:
    """A file with `CROP` as a polygon."""
    (rows, cols), corners = CROP, [(0, 0), (0, 1), (1, 1), (1, 0)]
    ring = [TRANSFORM @ ((cols.start, cols.stop)[i], (rows.start, rows.stop)[j]) for i, j in corners]
    return str(write_polygon(folder / "area.geojson", shapely.Polygon(ring), "EPSG:32736"))


def test_pixels_at_the_edge_of_an_area_have_their_neighbours(tmp_path: Path, whole: np.ndarray) -> None:
    """In small tiles, of which the whole image would have hundreds."""
    result = api.run(document(tmp_path, aoi=area(tmp_path), tile_size=64), workers=2)
    np.testing.assert_array_equal(read_bands(result.vrt), whole[:, *CROP])


def test_a_finer_map_repeats_the_pixels_and_not_their_windows(tmp_path: Path, whole: np.ndarray) -> None:
    result = api.run(document(tmp_path, scale=5, aoi=area(tmp_path)), workers=1)
    expected = whole[:, *CROP].repeat(2, axis=1).repeat(2, axis=2)
    np.testing.assert_array_equal(read_bands(result.vrt), expected)


def test_the_model_is_made_of_what_the_map_sees(tmp_path: Path) -> None:
    """Training pixels, read as small windows, hold what the whole image read at once does."""
    stack = api.open_stack(document(tmp_path))
    block = stack.read(stack.grid.window)
    with rasterio.open(tmp_path / "image.tif") as handle:
        missing = (handle.read() == 0).any(axis=0)
    np.testing.assert_array_equal(block.valid, ~missing)
    rng = np.random.default_rng(1)
    rows, cols = rng.integers(0, ROWS, 300), rng.integers(0, COLS, 300)
    features, valid = stack.sample(rows, cols)
    shown = valid.all(axis=1)
    np.testing.assert_array_equal(shown, block.valid[rows, cols])
    np.testing.assert_array_equal(features[shown].T, block.features[:, rows[shown], cols[shown]])
