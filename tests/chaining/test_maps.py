"""A recipe's map as an image: any window is a crop of the map that a run makes, read or computed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classify_local import InputError, StorageError, api
from classify_local.chaining import maps
from classify_local.chaining.maps import Computed, Finished, RecipeMap
from classify_local.chaining.once import Once
from classify_local.grid import Window
from classify_local.preparation import prepare_training
from classify_local.recipe.text import load
from classify_local.storage.rasters import close_files
from tests.chaining.pairs import map_of, write_inner, write_outer
from tests.integration.synthetic import COLS, ROWS, read_bands

NODATA = (0, 255, 255)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RecipeMap, RecipeMap, np.ndarray]]:
    """The map computed, the same finished, and its pixels as GDAL reads them."""
    folder = tmp_path_factory.mktemp("maps")
    inner = write_inner(folder)
    outer = write_outer(folder)
    computed = map_of(outer)
    result = api.run(inner, workers=2)
    yield computed, map_of(outer), read_bands(result.vrt)
    maps.forget()
    close_files()


def test_each_comes_its_own_way(pair) -> None:
    computed, finished, _ = pair
    assert (type(computed.way), type(finished.way)) == (Computed, Finished)
    assert computed.names == finished.names == ("class", "class_probability", "probability_5")
    assert computed.dtypes == finished.dtypes == ("uint8",) * 3
    assert computed.grid == finished.grid
    assert computed.digest == finished.digest
    assert repr(computed) == repr(finished), "what is made of them lazily has one name"


@settings(max_examples=60)
@given(
    st.integers(-40, ROWS + 20), st.integers(-40, COLS + 20), st.integers(1, 600), st.integers(1, 600),
    st.lists(st.integers(1, 3), min_size=1, max_size=4),
)  # fmt: skip
def test_any_window_is_a_crop_of_the_map(pair, row: int, col: int, rows: int, cols: int, bands: list[int]) -> None:
    computed, finished, whole = pair
    window = Window(row=row, col=col, rows=rows, cols=cols)
    margin = 700
    wide = np.stack([np.pad(whole[n - 1], margin, constant_values=NODATA[n - 1]) for n in bands])
    expected = wide[:, row + margin : row + margin + rows, col + margin : col + margin + cols]
    known = expected != np.array([NODATA[n - 1] for n in bands])[:, None, None]
    for image in (computed, finished):
        values, valid = image.read(bands, window)
        assert values.shape == valid.shape == (len(bands), rows, cols)
        np.testing.assert_array_equal(valid, known)
        np.testing.assert_array_equal(values[valid], expected[known])


def test_little_room_changes_no_pixel(pair, monkeypatch: pytest.MonkeyPatch) -> None:
    computed, _, whole = pair
    small: Once[maps.Arrays] = Once(1_000_000, lambda arrays: sum(array.nbytes for array in arrays.values()))
    monkeypatch.setattr(maps, "_BLOCKS", small)
    for window in (computed.grid.window, Window(row=500, col=500, rows=30, cols=30)):
        values, _ = computed.read([1, 2, 3], window)
        np.testing.assert_array_equal(values, whole[(slice(None), *window.slices_in(computed.grid.window))])
        assert 0 < small.used <= 1_000_000


def test_each_block_is_computed_once_by_many_threads_and_by_need(pair, monkeypatch: pytest.MonkeyPatch) -> None:
    computed, _, whole = pair
    maps.forget()
    made: list[Window] = []
    make = maps.map_window
    monkeypatch.setattr(maps, "map_window", lambda stack, model, products, block: (
        made.append(block), make(stack, model, products, block))[1])  # fmt: skip
    trained: list[int] = []
    learn = maps.learn
    monkeypatch.setattr(maps, "learn", lambda ready, **more: (trained.append(1), learn(ready, **more))[1])
    corner = Window(row=510, col=510, rows=4, cols=4)
    with ThreadPoolExecutor(6) as pool:
        for values, _ in pool.map(lambda _: computed.read([1], corner), range(6)):
            np.testing.assert_array_equal(values[0], whole[0, 510:514, 510:514])
    assert trained == [1]
    assert sorted((block.row, block.col) for block in made) == [(0, 0), (0, 512), (512, 0), (512, 512)]


def test_points_cost_only_the_blocks_they_are_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_inner(tmp_path)
    stack = prepare_training(load(write_outer(tmp_path)), ()).stack
    maps.forget()
    made: list[Window] = []
    make = maps.map_window
    monkeypatch.setattr(maps, "map_window", lambda stack, model, products, block: (
        made.append(block), make(stack, model, products, block))[1])  # fmt: skip
    features, _ = stack.sample(np.array([3, 5, 690]), np.array([7, 400, 1299]))
    assert [(block.row, block.col) for block in made] == [(0, 0), (512, 1024)]
    assert features.shape == (3, 5)
    close_files()


def test_a_map_that_changes_while_it_is_read_is_told_of(tmp_path: Path) -> None:
    inner = write_inner(tmp_path)
    result = api.run(inner, workers=2)
    image = map_of(write_outer(tmp_path))
    tile = next(result.folder.glob("*_class_*.tif"))
    shutil.copy(tile, tile.with_suffix(".copy"))
    with tile.open("ab") as stream:
        stream.write(b"x")
    close_files()
    with pytest.raises(StorageError, match=r"scene\.yml: .*changed"):
        image.read([1], image.grid.window)
    close_files()


def test_what_does_not_suit_the_classifier_is_said_with_the_recipe_in_front(tmp_path: Path) -> None:
    inner = write_inner(tmp_path)
    table = inner.parent / "points.csv"
    table.write_text("\n".join(line for line in table.read_text().splitlines() if line.endswith((",class", ",5"))))
    outer = write_outer(tmp_path)
    image = map_of(outer)
    with pytest.raises(InputError) as caught:
        image.read([1], image.grid.window)
    assert all(line.startswith(f"{image.where}: ") for line in caught.value.problems)
    assert "at least 2 classes" in str(caught.value)
    close_files()
