"""What a file says is followed only into folders that the user named, and never runs or connects anywhere."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import rasterio

from classify_local.errors import RefusedError
from classify_local.storage.safety import AllowedFolders, check_sidecars
from tests.faults.rows import together
from tests.faults.scene import Scene, call, write_image
from tests.faults.vrt_rows import PYTHON, names_outside
from tests.faults.vrts import as_image, vrt


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A server that would notice whoever connects, GDAL's own network code included."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def test_the_sound_scene_is_checked_and_mapped(scene: Scene):
    checked, mapped = scene.call("check"), scene.call("run")

    assert (checked.code, checked.problems) == (0, [])
    assert "30 rows" in checked.out
    assert (mapped.code, mapped.problems) == (0, [])
    assert scene.path("downloads/recipe/recipe.vrt").is_file()


@pytest.mark.parametrize("key", ["legend", "training"])
def test_check_accepts_a_recipe_that_is_not_complete_yet(scene: Scene, key: str):
    scene.recipe.pop(key)

    result = scene.call("check")

    assert (result.code, result.problems) == (0, [])
    assert f"no {key}" in result.out


def test_allow_opens_a_folder(scene: Scene):
    names_outside(scene)

    refused, allowed = scene.call("run"), scene.call("run", "--allow", str(scene.outside))

    assert (refused.code, allowed.code) == (5, 0), allowed.err
    assert f"--allow {scene.outside}" in refused.problems[0]


def test_the_recipe_can_allow_a_folder(scene: Scene):
    names_outside(scene)
    scene.recipe["allowed_folders"] = ["../outside"]

    assert scene.call("check").code == 0


def test_a_vrt_reaches_its_own_folder_wherever_it_lies(scene: Scene):
    write_image(scene.outside / "tile.tif")
    (scene.outside / "mosaic.vrt").write_text(vrt("tile.tif"))
    scene.recipe["images"][0]["path"] = "../outside/mosaic.vrt"

    assert scene.call("check").code == 0


def test_allowing_a_folder_allows_no_other_that_begins_alike(tmp_path: Path):
    folders = AllowedFolders((tmp_path / "data",))

    with pytest.raises(RefusedError, match="--allow"):
        folders.require(tmp_path / "database" / "a.tif", tmp_path / "a.vrt")
    assert folders.require(tmp_path / "data" / "b" / ".." / "a.tif", tmp_path / "a.vrt") == tmp_path / "data" / "a.tif"


def test_a_name_to_allow_can_be_pasted_into_a_shell(tmp_path: Path):
    with pytest.raises(RefusedError, match=r"--allow '.*/my maps'$"):
        AllowedFolders(()).require(tmp_path / "my maps" / "a.tif", tmp_path / "a.vrt")


@pytest.mark.parametrize("source", ["/vsicurl/{address}/image.tif", "{address}/image.tif", "/vsis3/{address}"])
def test_a_source_on_the_network_is_refused_before_anything_connects(
    scene: Scene, listener: socket.socket, source: str
):
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    as_image(vrt(source.format(address=address)))(scene)

    result = scene.call("run")

    assert result.code == 5
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_a_reference_system_on_the_network_is_not_asked(scene: Scene, listener: socket.socket):
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/crs"
    as_image(vrt(srs=address))(scene)
    scene.recipe["training"][0]["crs"] = address

    result = scene.call("check")

    assert (result.code, len(result.problems)) == (5, 2)
    with pytest.raises(BlockingIOError):
        listener.accept()


@pytest.mark.parametrize("enabled", ["YES", "TRUSTED_MODULES"])
def test_python_in_a_vrt_does_not_run(scene: Scene, monkeypatch: pytest.MonkeyPatch, enabled: str):
    monkeypatch.setenv("GDAL_VRT_ENABLE_PYTHON", enabled)
    monkeypatch.chdir(scene.folder)
    as_image(vrt(band='subClass="VRTDerivedRasterBand"', of_band=PYTHON))(scene)

    assert scene.call("run").code == 5
    assert not scene.path("ran").exists()


def test_a_recipe_that_is_a_script_does_not_run(scene: Scene, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(scene.folder)
    scene.text = "!!python/object/apply:os.system [touch ran]\nimages: [{path: image.tif}]\n"

    assert scene.call("check").code == 2
    assert not scene.path("ran").exists()


def test_a_reference_system_is_not_read_from_a_file(scene: Scene):
    scene.write("crs.wkt", rasterio.crs.CRS.from_epsg(32736).to_wkt())
    as_image(vrt(srs=str(scene.path("crs.wkt"))))(scene)

    assert scene.call("check").code == 2


@pytest.mark.parametrize("front", ["", "\ufeff", '<?xml version="1.0"?>\n', "<!-- made by a mosaic tool -->\n", "\n "])
def test_what_stands_before_a_sound_vrt_does_no_harm(scene: Scene, front: str):
    as_image(front + vrt())(scene)

    assert scene.call("check").code == 0


def test_masks_of_sources_may_be_passed_on(scene: Scene):
    mask = vrt(number="mask,{n}").partition("</GeoTransform>")[2].partition("</VRTDataset>")[0]
    as_image(vrt(of_root=f"<MaskBand>{mask}</MaskBand>"))(scene)

    assert scene.call("check").code == 0


def test_sound_sidecars_are_accepted(scene: Scene):
    write_image(scene.path("image.tif.msk"), count=1, dtype="uint8", names=["mask"])
    scene.write("image.tif.aux.xml", "<PAMDataset><Metadata><MDI key='a'>b</MDI></Metadata></PAMDataset>")
    scene.write("image_2.tif.ovr", "belongs to another file")

    assert scene.call("check").code == 0


def test_a_sidecar_that_appears_later_is_seen(scene: Scene):
    check_sidecars(scene.path("image.tif"))
    os.utime(scene.folder, ns=(1, 1))
    check_sidecars(scene.path("image.tif"))
    scene.write("image.tif.msk", vrt())

    with pytest.raises(RefusedError, match="is no TIFF"):
        check_sidecars(scene.path("image.tif"))


def test_brackets_in_the_name_of_a_folder_are_no_pattern(scene: Scene, tmp_path: Path):
    together(lambda s: s.image("tiles/a.tif"), lambda s: s.recipe["images"][0].update(path="tiles/*.tif"))(scene)
    scene.write_recipe()
    moved = scene.folder.rename(tmp_path / "scene [2021]")

    assert call("check", str(moved / "recipe.yml")).code == 0
