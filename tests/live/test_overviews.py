"""Overviews beside an image: whole or not at all, the image untouched, and seen by GDAL."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio

from classify_local.errors import StorageError
from classify_local.features.images import open_stack
from classify_local.live import overviews
from classify_local.recipe.text import load
from tests.conftest import write_raster


@pytest.fixture
def image(recipe, monkeypatch):
    monkeypatch.setattr(overviews, "_LARGE", 40)
    monkeypatch.setattr(overviews, "_SMALL", 8)
    return recipe.with_name("image.tif")


def missing(recipe):
    return overviews.without_overviews(open_stack(load(recipe)))


def test_they_are_missing_made_and_seen(recipe, image):
    before, names = image.read_bytes(), {path.name for path in recipe.parent.iterdir()}
    assert missing(recipe) == [image]
    assert list(overviews.build([image])) == [1]
    assert missing(recipe) == []
    assert image.read_bytes() == before
    assert {path.name for path in recipe.parent.iterdir()} == {*names, "image.tif.ovr"}
    with rasterio.open(image) as handle:
        assert handle.overviews(1) == [2, 4, 8]
        whole, half = handle.read(), handle.read(out_shape=(3, 24, 32))
    for row in range(24):
        for col in range(32):
            cell = whole[:, 2 * row : 2 * row + 2, 2 * col : 2 * col + 2].reshape(3, -1).T.tolist()
            assert half[:, row, col].tolist() in cell


def test_small_images_need_none(recipe):
    assert missing(recipe) == []


@pytest.mark.parametrize("where", ["copy", "build", "rename"])
def test_a_failure_leaves_nothing(recipe, image, monkeypatch, where):
    before = {path.name: path.read_bytes() for path in recipe.parent.iterdir() if path.is_file()}

    def fail(*arguments, **options):
        raise OSError(28, "No space left on device")

    if where == "copy":
        monkeypatch.setattr(overviews.rasterio.shutil, "copy", fail)
    elif where == "build":
        monkeypatch.setattr(overviews, "close_files", fail)
    else:
        monkeypatch.setattr(overviews.Path, "replace", fail)
    with pytest.raises(StorageError, match=r"image\.tif\.ovr: cannot be made"):
        list(overviews.build([image]))
    assert {path.name: path.read_bytes() for path in recipe.parent.iterdir() if path.is_file()} == before


def test_masks_count_at_every_level(tmp_path, recipe, image):
    rng = np.random.default_rng(1)
    mask = np.ones((48, 64), dtype=bool)
    mask[8:40, 16:48] = False
    write_raster(image, rng.integers(1, 999, (3, 48, 64)).astype("uint16"), mask=mask,
                 descriptions=("red", "nir", "swir1"))  # fmt: skip
    far = open_stack(load(recipe), factor=4)
    before = far.read(far.grid.window).valid
    list(overviews.build([image]))
    overviews.close_files()
    far = open_stack(load(recipe), factor=4)
    np.testing.assert_array_equal(far.read(far.grid.window).valid, before)
    np.testing.assert_array_equal(before, mask[2::4, 2::4])


def test_a_session_makes_them_and_says_so(opened, recipe, image):
    session, heard = opened(), []
    assert session.settled()
    session.listen(heard.append)
    assert session.state()["overviews"] == {"missing": ["image.tif"], "building": False}
    session.build_overviews()
    told = [event for event in heard if event["type"] == "overviews"]
    assert [event["building"] for event in told] == [True, False]
    assert told[-1]["missing"] == []
    assert heard[-1]["type"] == "reload"
    assert session.state()["overviews"] == {"missing": [], "building": False}
