"""Landsat Collection 2 scenes in the naming and structure of USGS, made small."""

from __future__ import annotations

import io
import json
import math
import tarfile

import numpy as np
import pytest
from affine import Affine

from classify_local.bands.aliases import find_band
from classify_local.errors import InputError, RefusedError
from classify_local.storage.products import open_product
from classify_local.storage.products.metadata import read_mtl
from classify_local.storage.rasters import close_files
from tests.conftest import TRANSFORM, write_raster

L8 = "LC08_L2SP_170069_20210710_20210720_02_T1"
L9 = "LC09_L2SP_170069_20220729_20220731_02_T1"
L7 = "LE07_L2SP_170069_20020710_20200917_02_T1"
L5 = "LT05_L2SP_170069_19950710_20200912_02_T1"
L8_1 = "LC08_L1TP_170069_20210710_20210720_02_T1"
L7_1 = "LE07_L1TP_170069_20020710_20200917_02_T1"
L5_1 = "LT05_L1TP_170069_19950710_20200912_02_T1"
SIDE = 20
GRID = TRANSFORM @ Affine.scale(3)
OF_LEVEL_2 = {
    L8: [*(f"SR_B{i}" for i in range(1, 8)), "ST_B10"],
    L9: [*(f"SR_B{i}" for i in range(1, 8)), "ST_B10"],
    L7: [*(f"SR_B{i}" for i in (1, 2, 3, 4, 5, 7)), "ST_B6"],
    L5: [*(f"SR_B{i}" for i in (1, 2, 3, 4, 5, 7)), "ST_B6"],
}
OF_LEVEL_1 = {
    L8_1: [f"B{i}" for i in range(1, 12)],
    L7_1: ["B1", "B2", "B3", "B4", "B5", "B6_VCID_1", "B6_VCID_2", "B7", "B8"],
    L5_1: [f"B{i}" for i in range(1, 8)],
}


@pytest.fixture(autouse=True)
def _no_open_files():
    close_files()
    yield
    close_files()


def pixels(name: str) -> np.ndarray:
    rng = np.random.default_rng(sum(map(ord, name)))
    values = rng.integers(2, 40_000, (SIDE, SIDE)).astype("uint16")
    values[0, 0] = 1 if name == "QA_PIXEL" else 0
    return values


def groups(scene: str) -> dict[str, dict[str, str]]:
    """The metadata that matter, with Level-1 numbers in those of Level 2 too, as USGS has them."""
    bands = [name[-1] for name in OF_LEVEL_1.get(scene, OF_LEVEL_2[L8][:7]) if "_" not in name[:2]]
    level1 = {f"REFLECTANCE_MULT_BAND_{b}": f"{2e-05 if 'LC' in scene else 1e-3 + int(b) * 1e-4:.4E}" for b in bands}
    level1 |= {f"REFLECTANCE_ADD_BAND_{b}": "-0.100000" for b in bands}
    found = {
        "PRODUCT_CONTENTS": {"LANDSAT_PRODUCT_ID": scene, "FILE_NAME_BAND_1": "../../../../etc/passwd"},
        "IMAGE_ATTRIBUTES": {"SPACECRAFT_ID": "LANDSAT_8", "SUN_ELEVATION": "45.12345678"},
    }
    if "_L2" in scene:
        thermal = "ST_B10" if "LC" in scene else "ST_B6"
        found["LEVEL2_SURFACE_REFLECTANCE_PARAMETERS"] = {
            **{f"REFLECTANCE_MULT_BAND_{i}": "2.75e-05" for i in range(1, 8)},
            **{f"REFLECTANCE_ADD_BAND_{i}": "-0.2" for i in range(1, 8)},
        }
        found["LEVEL2_SURFACE_TEMPERATURE_PARAMETERS"] = {
            f"TEMPERATURE_MULT_BAND_{thermal}": "0.00341802", f"TEMPERATURE_ADD_BAND_{thermal}": "149.0",
        }  # fmt: skip
    found["LEVEL1_RADIOMETRIC_RESCALING"] = level1
    return found


def mtl(scene: str, kind: str, **changes: str) -> str:
    found = groups(scene)
    for items in found.values():
        items.update({name: value for name, value in changes.items() if name in items})
    if kind == "json":
        return json.dumps({"LANDSAT_METADATA_FILE": found})
    if kind == "xml":
        inner = "".join(
            f"<{group}>{''.join(f'<{name}>{value}</{name}>' for name, value in items.items())}</{group}>"
            for group, items in found.items()
        )
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<LANDSAT_METADATA_FILE>{inner}</LANDSAT_METADATA_FILE>'
    lines = ["GROUP = LANDSAT_METADATA_FILE"]
    for group, items in found.items():
        quoted = {
            name: value if value[0].isdigit() or value[0] == "-" else f'"{value}"' for name, value in items.items()
        }
        lines += [f"  GROUP = {group}", *(f"    {name} = {value}" for name, value in quoted.items())]
        lines.append(f"  END_GROUP = {group}")
    return "\n".join([*lines, "END_GROUP = LANDSAT_METADATA_FILE", "END", ""])


def write_scene(folder, scene, *, kinds=("txt",), transform=GRID, **changes):
    root = folder / scene
    level2 = "_L2" in scene
    names = (OF_LEVEL_2 if level2 else OF_LEVEL_1)[scene]
    extra = ["QA_PIXEL", "QA_RADSAT"] + (["SR_QA_AEROSOL", "ST_QA", "ST_EMIS"] if level2 and "LC" in scene else [])
    for name in [*names, *extra]:
        values, grid = pixels(name), transform
        if name == "B8":  # its pixels of 15 m have their centres, not their corners, on those of the others
            values = np.ones((2 * SIDE, 2 * SIDE), "uint16")
            grid = transform @ Affine.scale(0.5) @ Affine.translation(0.5, -0.5)
        write_raster(root / f"{scene}_{name}.TIF", values, transform=grid)
    for kind in kinds:
        (root / f"{scene}_MTL.{kind}").write_text(mtl(scene, kind, **changes))
    (root / f"{scene}_ANG.txt").write_text("GROUP = FILE_HEADER")
    return root


@pytest.mark.parametrize("scene", list(OF_LEVEL_2))
def test_level_2(tmp_path, scene):
    image = open_product(write_scene(tmp_path, scene))
    quality = ["QA_PIXEL", "QA_RADSAT"] + (["SR_QA_AEROSOL"] if "LC" in scene else [])
    assert list(image.names) == OF_LEVEL_2[scene] + quality
    assert [image.names[number - 1] for number in image.quality] == quality
    assert (image.scale, image.offset) == (2.75e-05, -0.2)
    assert image.grid.transform == GRID
    thermal = image.names.index(OF_LEVEL_2[scene][-1])
    assert image.units[thermal] == "K"
    assert image.reflectances[thermal] is None
    assert (image.layers[thermal].scale, image.layers[thermal].offset) == (0.00341802, 149.0)
    for number, name in enumerate(image.names, 1):
        values, valid = image.read([number], image.grid.window)
        expected = pixels(name)
        nodata = {"QA_PIXEL": 1, "SR_QA_AEROSOL": 1, "QA_RADSAT": None}.get(name, 0)
        data = np.ones(expected.shape, bool) if nodata is None else expected != nodata
        np.testing.assert_array_equal(valid[0], data, err_msg=name)
        np.testing.assert_array_equal(values[0], expected, err_msg=name)


def test_what_is_left_out_is_said(tmp_path):
    (note,) = open_product(write_scene(tmp_path, L8)).notes
    assert note.startswith("left out are ST_EMIS, ST_QA, ")


def test_aliases_find_the_bands(tmp_path):
    for scene, expected in (
        (L8, ["SR_B4", "SR_B5", "SR_B6", "ST_B10"]),
        (L5, ["SR_B3", "SR_B4", "SR_B5", "ST_B6"]),
    ):
        names = open_product(write_scene(tmp_path, scene)).names
        assert [names[find_band(wanted, names, "x")] for wanted in ("red", "nir", "swir1", "thermal")] == expected


@pytest.mark.parametrize("kind", ["txt", "json", "xml"])
def test_level_1_of_landsat_8_under_the_sun_it_had(tmp_path, kind):
    image = open_product(write_scene(tmp_path, L8_1, kinds=(kind,)))
    assert image.names == (
        "B1", "B2", "B3", "B4", "B5", "B6", "B7", "B9", "B10", "B11", "QA_PIXEL", "QA_RADSAT",
    )  # fmt: skip
    sine = math.sin(math.radians(45.12345678))
    assert (image.scale, image.offset) == pytest.approx((2e-05 / sine, -0.1 / sine))
    assert image.units[8:10] == ("", "")
    assert image.notes == ("B8 is panchromatic, with pixels of 15 m that fit no others, and is left out",)
    assert [image.names[number - 1] for number in image.quality] == ["B9", "QA_PIXEL", "QA_RADSAT"]


@pytest.mark.parametrize(("scene", "thermal"), [(L7_1, ["B6_VCID_1", "B6_VCID_2"]), (L5_1, ["B6"])])
def test_level_1_of_older_sensors_has_a_scale_for_each_band(tmp_path, scene, thermal):
    image = open_product(write_scene(tmp_path, scene))
    assert image.names == ("B1", "B2", "B3", "B4", "B5", "B7", *thermal, "QA_PIXEL", "QA_RADSAT") or scene == L5_1
    sine = math.sin(math.radians(45.12345678))
    assert (image.scale, image.offset) == (None, None)
    for name, reflectance in zip(image.names, image.reflectances, strict=True):
        if name in thermal or name.startswith("QA"):
            assert reflectance is None
        else:
            assert reflectance == pytest.approx(((1e-3 + int(name[-1]) * 1e-4) / sine, -0.1 / sine))


def test_the_forms_of_metadata_say_the_same(tmp_path):
    root = write_scene(tmp_path, L8, kinds=("txt", "json", "xml"))
    found = [read_mtl(root / f"{L8}_MTL.{kind}") for kind in ("txt", "json", "xml")]
    for name, items in found[1].items():
        assert found[0][name] == found[2][name] == items
    assert [path.name for path in open_product(root).described_by] == [f"{L8}_MTL.txt"]


def test_without_metadata(tmp_path):
    image = open_product(write_scene(tmp_path, L8, kinds=()))
    assert (image.scale, image.offset) == (2.75e-05, -0.2)
    image = open_product(write_scene(tmp_path, L5_1, kinds=()))
    assert image.scale is None
    assert "give reflectance in the recipe" in image.notes[-1]


def test_a_scene_is_also_given_by_its_metadata(tmp_path):
    root = write_scene(tmp_path, L8)
    assert open_product(root / f"{L8}_MTL.txt").names == open_product(root).names
    assert open_product(root / f"{L8}_ANG.txt") is None


def test_scenes_side_by_side(tmp_path):
    a = write_scene(tmp_path / "a", L8)
    b = write_scene(tmp_path / "b", L8, transform=GRID @ Affine.translation(0, SIDE - 4))
    image = open_product([a, b])
    assert image.grid.shape == (2 * SIDE - 4, SIDE)
    c = write_scene(tmp_path, L5)
    with pytest.raises(InputError, match=r"scenes of one image are of one sensor and level"):
        open_product([a, c])


def write_more(text):
    return lambda root: (root / f"{L8}_MTL.txt").write_text(text)


@pytest.mark.parametrize(
    ("spoil", "kind", "words"),
    [
        (lambda root: write_raster(root / f"{L9}_SR_B4.TIF", pixels("x")), InputError, "bands of 2 Landsat scenes"),
        (
            lambda root: [path.rename(root / path.name.replace("_02_T1", "_01_T1")) for path in list(root.iterdir())],
            InputError, "is of Landsat Collection 1, which USGS has withdrawn",
        ),
        (lambda root: [path.unlink() for path in root.glob("*_SR_B?.TIF")], InputError, "holds no band of reflectance"),
        (write_more("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"), RefusedError, "declares document types or entities"),
        (write_more("{"), InputError, "broken JSON"),
        (write_more('{"a": ' + "[" * 100_000), InputError, "broken JSON"),
        (write_more('{"LANDSAT_METADATA_FILE": 3}'), InputError, "holds no groups"),
        (write_more("\0\0\0"), InputError, "holds no groups"),
        (write_more(mtl(L8, "txt").replace("2.75e-05", "much")), InputError, "'much', not a number"),
        (write_more(mtl(L8, "txt").replace("2.75e-05", "inf")), InputError, "'inf', not a number"),
        (write_more(mtl(L8, "txt").replace("2.75e-05", "-1")), InputError, "is -1; allowed are numbers above 0"),
        (lambda root: (root / f"{L8}_SR_B4.TIF").write_bytes(b""), InputError, r"SR_B4\.TIF: is empty"),
        (
            lambda root: write_raster(root / f"{L8}_SR_B4.TIF", pixels("x"), crs="EPSG:32737", transform=GRID),
            InputError, r"SR_B4\.TIF: is in EPSG:32737",
        ),
    ],
)  # fmt: skip
def test_broken_and_hostile_scenes(tmp_path, spoil, kind, words):
    root = write_scene(tmp_path, L8)
    spoil(root)
    with pytest.raises(kind, match=words) as caught:
        open_product(root)
    assert caught.value.exit_code == kind.exit_code
    assert len(set(caught.value.problems)) == len(caught.value.problems)


@pytest.mark.parametrize("elevation", ["0", "-3", "91", "x"])
def test_a_sun_below_the_horizon_gives_no_reflectance(tmp_path, elevation):
    root = write_scene(tmp_path, L8_1, SUN_ELEVATION=elevation)
    with pytest.raises(InputError, match="SUN_ELEVATION is"):
        open_product(root)


def test_metadata_of_gigabytes_are_not_read(tmp_path):
    root = write_scene(tmp_path, L8)
    with (root / f"{L8}_MTL.txt").open("wb") as stream:
        stream.truncate(10**9)
    with pytest.raises(InputError, match="larger than 5 MB"):
        open_product(root)


@pytest.mark.parametrize("member", [f"{L8}_ANG.txt", f"./{L8}_SR_B1.TIF"])
def test_a_tar_is_to_be_unpacked(tmp_path, member):
    path = tmp_path / f"{L8}.tar"
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo(member), io.BytesIO(b""))
    with pytest.raises(InputError, match=rf"is a Landsat scene in a tar archive; .* tar -xf {L8}\.tar -C {L8}"):
        open_product(path)
    (tmp_path / f"{L8}.tar.gz").write_bytes(b"\x1f\x8b\x08")
    with pytest.raises(InputError, match=rf"tar -xf {L8}\.tar\.gz"):
        open_product(tmp_path / f"{L8}.tar.gz")


def test_other_folders_and_archives_are_not_products(tmp_path):
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo("../../evil"), io.BytesIO(b""))
    write_raster(tmp_path / "tiles" / "a.tif", pixels("x"))
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "x.tar", tmp_path / "tiles", tmp_path / "empty"):
        assert open_product(path) is None
