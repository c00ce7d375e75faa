"""Lazy arrays: equal to `read` for any chunking, and reading only what is touched."""

from __future__ import annotations

from pathlib import Path

import dask
import numpy as np
import pytest
import rasterio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classify_local import InputError, api
from classify_local.features.stack import FeatureStack
from tests.integration.synthetic import write_scene


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_scene(tmp_path_factory.mktemp("lazy"))


@pytest.fixture(scope="module")
def stack(recipe: Path) -> FeatureStack:
    return api.open_stack(recipe)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.integers(90, 900), cols=st.integers(90, 1500))
def test_values_equal_read_for_any_chunking(stack: FeatureStack, rows: int, cols: int) -> None:
    block = stack.read(stack.grid.window)
    with dask.config.set(scheduler="synchronous"):
        values = stack.to_xarray((rows, cols)).values
        stored = stack.to_xarray((rows, cols), masked=False).values
    np.testing.assert_array_equal(values, np.where(block.valid, block.features, np.nan).astype(np.float32))
    np.testing.assert_array_equal(stored, block.features)
    assert stored.dtype == block.features.dtype


def test_only_touched_chunks_are_read(stack: FeatureStack, monkeypatch: pytest.MonkeyPatch) -> None:
    windows = []
    read = FeatureStack.read
    monkeypatch.setattr(FeatureStack, "read", lambda self, window: (windows.append(window), read(self, window))[1])
    array = stack.to_xarray(256)
    assert windows == []
    array.isel(y=slice(260, 300), x=slice(10, 20)).compute(scheduler="synchronous")
    assert [(window.row, window.col) for window in windows] == [(256, 0)]


def test_coordinates_names_and_reference_system(stack: FeatureStack) -> None:
    array = stack.to_xarray()
    assert list(array.band.values) == list(stack.names)
    assert array.rio.crs == stack.grid.crs
    assert array.rio.transform() == stack.grid.transform
    assert (float(array.x[0]), float(array.y[0])) == (500_005.0, 8_599_995.0)
    assert set(array.unit.values) == {"stored value"}


def test_equal_content_has_equal_tokens_and_a_change_another(recipe: Path) -> None:
    one, two = api.open_stack(recipe), api.open_stack(recipe)
    assert dask.base.tokenize(one) == dask.base.tokenize(two)
    assert one.to_xarray().data.name == two.to_xarray().data.name
    assert one.to_xarray(masked=False).data.name != one.to_xarray().data.name


@pytest.mark.parametrize("chunks", [512, (300, 401)])
def test_a_lazy_map_equals_the_run(recipe: Path, stack: FeatureStack, chunks) -> None:
    result = api.run(recipe, out=recipe.parent / f"out{chunks}")
    lazy = api.classify(stack, api.train(recipe), ["class", "class_probability", "probability_5"], chunks)
    assert {name: str(lazy[name].dtype) for name in lazy} == {
        "class": "uint8", "class_probability": "uint8", "probability_5": "uint8",
    }  # fmt: skip
    with rasterio.open(result.vrt) as handle:
        for number, name in enumerate(lazy, 1):
            np.testing.assert_array_equal(lazy[name].values, handle.read(number))
    assert lazy["class"].rio.nodata == 0


def test_a_stack_with_other_bands_is_refused(recipe: Path, stack: FeatureStack) -> None:
    model = api.train(recipe)
    document = api.load_recipe(recipe)
    other = api.open_stack(document.changed({("images",): [{"path": "image.tif", "bands": ["band1"]}]}))
    with pytest.raises(InputError, match="the model needs the band 'band0'"):
        api.classify(other, model)


def test_bands_are_taken_by_name(recipe: Path, stack: FeatureStack) -> None:
    model = api.train(recipe)
    document = api.load_recipe(recipe)
    turned = document.changed({("images",): [{"path": "image.tif", "bands": ["band3", "band0", "band2", "band1"]}]})
    expected = api.classify(stack, model)["class"].values
    np.testing.assert_array_equal(api.classify(api.open_stack(turned), model)["class"].values, expected)
