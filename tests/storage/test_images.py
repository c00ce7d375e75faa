"""What a recipe's path means: files that hide each other's bands are no tiles of one image."""

from __future__ import annotations

import numpy as np
import pytest
from affine import Affine

from classify_local.errors import InputError
from classify_local.storage.images import open_image, resolve_bands_apart
from classify_local.storage.rasters import close_files
from classify_local.storage.safety import AllowedFolders
from tests.conftest import TRANSFORM

ONE = ("b1",)


@pytest.fixture(autouse=True)
def _no_open_files():
    yield
    close_files()


@pytest.mark.parametrize(
    ("files", "bands"),
    [
        ([(ONE, "B4"), (ONE, "B8")], ("B4", "B8")),
        ([(ONE, "s2_B04_10m"), (ONE, "s2_B8_10m"), (ONE, "notes")], ("B4", "B8")),
        ([(ONE, "red"), (ONE, "nir"), (ONE, "swir1"), (ONE, "blue")], ("RED", "NIR", "SWIR1")),
        ([(("red",), "x"), (("nir",), "y")], ("red", "nir")),
        ([(("red", "nir"), "x"), (("VV",), "y")], ("red nir", "VV")),
        ([(ONE, "2023_B4"), (ONE, "2024_B4")], ()),
        ([(ONE, "monday"), (ONE, "tuesday")], ()),
        ([(ONE, "B4"), (ONE, "other")], ()),
        ([(("red", "nir"), "x"), (("nir", "red"), "y")], ()),
        ([(("red", "nir", "blue"), "x"), (("red", "nir"), "y")], ()),
        ([(("red",), "B4"), (("red",), "B8")], ("B4", "B8")),
    ],
)
def test_which_files_hold_bands_apart(files, bands):
    assert resolve_bands_apart(files) == bands


def opened(folder, *names):
    return open_image(list(names), lambda text: folder / text, AllowedFolders((folder,)))


def test_bands_in_files_of_their_own_are_refused_in_one_line(tmp_path, make_raster):
    for name in ("B4.tif", "B8.tif", "my B11.tif", "B12.tif"):
        make_raster(name, np.ones((1, 6, 7), "uint16"))
    with pytest.raises(InputError) as caught:
        opened(tmp_path, ".")
    (line,) = str(caught.value).splitlines()
    assert line == (
        f"{tmp_path}: B12.tif, B4.tif, B8.tif, ... cover the same pixels and seem to hold different bands (B12, B4, "
        "B8); files of one image are tiles with the same bands, so give each file as an image of its own, or stack "
        "them: gdalbuildvrt -separate stacked.vrt B12.tif B4.tif B8.tif ..."
    )


def shifted(cols: int) -> Affine:
    return TRANSFORM @ Affine.translation(cols, 0)


@pytest.mark.parametrize(
    ("names", "cols", "crs"),
    [
        pytest.param(("B4_2023.tif", "B4_2024.tif"), 0, None, id="two dates of a band"),
        pytest.param(("first.tif", "second.tif"), 0, None, id="names that tell nothing"),
        pytest.param(("B1.tif", "B2.tif"), 3, None, id="tiles of a map sheet that overlap"),
        pytest.param(("B1.tif", "B2.tif"), 0, "EPSG:32737", id="the same numbers in another zone"),
    ],
)
def test_tiles_over_each_other_are_allowed(tmp_path, make_raster, names, cols, crs):
    make_raster(names[0], np.full((1, 6, 7), 1, "uint16"))
    make_raster(names[1], np.full((1, 6, 7), 2, "uint16"), transform=shifted(cols), **({"crs": crs} if crs else {}))
    image = opened(tmp_path, *names)
    assert len(image.files) == 2
    if cols == 0 and crs is None:
        assert (image.read([1], image.grid.window)[0] == 2).all()
