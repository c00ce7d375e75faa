"""One model over other images: what a band is, by which scale, and in which range."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest
import rasterio

from classify_local import InputError, api
from classify_local.classifiers import persistence
from classify_local.transfer import require_contract, scale_notes
from tests.conftest import write_raster


def copied(scene, name: str, factor: float, **options):
    with rasterio.open(scene.image) as handle:
        values, transform = handle.read() * factor, handle.transform
    options = {"descriptions": ("red", "nir", "swir1"), "transform": transform, "nodata": 0, **options}
    return write_raster(scene.folder / name, values.astype(options.pop("dtype", np.uint16)), **options)


def test_the_contract_survives_the_model_file(scene, tmp_path):
    document = api.load_recipe(scene.recipe).changed({("images", 0, "derived"): [{"indexes": ["ndvi"]}]})
    model = api.train(document, tmp_path / "m.zip")
    again = persistence.load(tmp_path / "m.zip")
    assert [(band.unit, band.reflectance) for band in again.contract] == [
        *[("stored value", (0.0001, 0.0))] * 3, ("1", None),
    ]  # fmt: skip
    assert again.contract == model.contract
    with zipfile.ZipFile(tmp_path / "m.zip") as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert manifest["contract"][3] == {"name": "ndvi", "unit": "1", "reflectance": None}


def test_an_index_is_not_a_band_of_its_name(scene, tmp_path):
    """A file that has a band called ndvi stores who knows what."""
    document = api.load_recipe(scene.recipe).changed({("images", 0, "derived"): [{"indexes": ["ndvi"]}]})
    api.train(document, tmp_path / "m.zip")
    with rasterio.open(scene.image) as handle:
        values, transform = handle.read(), handle.transform
    stored = np.concatenate([values, values[:1]])
    write_raster(scene.folder / "four.tif", stored, transform=transform, descriptions=("red", "nir", "swir1", "ndvi"))
    other = api.load_recipe(scene.recipe).changed({("images", 0, "path"): "four.tif"})
    with pytest.raises(InputError, match=r"trained on ndvi as a derived band without unit, and here it is a stored"):
        api.run(other, model=tmp_path / "m.zip", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def texture(**options):
    given = {"bands": ["red"], "measures": ["contrast"], "window": 3, "limits": [0, 4000], **options}
    return {("images", 0, "derived"): [{"texture": given}]}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"levels": 16},
            r"contrast_3x3 as a texture of 32 levels of values from 0 to 4000, and here it is a .* of 16 ",
        ),
        ({"limits": [0, 8000]}, r"and here it is a texture of 32 levels of values from 0 to 8000"),
        ({"window": 5}, r"needs the band 'red_texture_contrast_3x3'"),
        ({"distance": 2}, r"needs the band 'red_texture_contrast_3x3'"),
    ],
)
def test_texture_of_other_levels_limits_or_windows_is_refused(scene, tmp_path, options, said):
    document = api.load_recipe(scene.recipe)
    api.train(document.changed(texture()), tmp_path / "m.zip")
    with pytest.raises(InputError, match=said):
        api.run(document.changed(texture(**options)), model=tmp_path / "m.zip", out=tmp_path / "out")
    api.run(document.changed(texture()), model=tmp_path / "m.zip", out=tmp_path / "same")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, None),
        ({("images", 0, "path"): "real.tif"}, "x 0.0001 + 0, here by x 1 + 0"),
        ({("images", 0, "reflectance"): {"scale": 0.0000275, "offset": -0.2}}, "here by x 2.75e-05 + -0.2"),
    ],
)
def test_values_of_another_scale_are_said(scene, changes, said):
    model = api.train(scene.recipe)
    copied(scene, "real.tif", 0.0001, dtype=np.float32)
    stack = api.open_stack(api.load_recipe(scene.recipe).changed(changes))
    require_contract(stack, model, "m.zip")
    notes = list(scale_notes(stack, model))
    assert (len(notes) == 1 and said in notes[0] and "red, nir, swir1" in notes[0]) if said else notes == []
