"""Sentinel-2 products in ESA's naming and structure, made small."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest
from affine import Affine

from classify_local.bands.aliases import find_band
from classify_local.errors import ClassifyLocalError, InputError, RefusedError
from classify_local.grid import Window
from classify_local.storage.composite import with_nodata
from classify_local.storage.products import open_product
from classify_local.storage.rasters import close_files
from tests.conftest import TRANSFORM, UTM, write_raster

L2A = "S2A_MSIL2A_20210710T080611_N0400_R078_T36LXK_20210710T104613.SAFE"
L1C = "S2B_MSIL1C_20210708T081609_N0301_R121_T36LXK_20210708T101613.SAFE"
STEM = "T36LXK_20210710T080611"
SIZES = {
    "B01": 60, "B02": 10, "B03": 10, "B04": 10, "B05": 20, "B06": 20, "B07": 20, "B08": 10, "B8A": 20, "B09": 60,
    "B10": 60, "B11": 20, "B12": 20,
}  # fmt: skip
SIDE = 36
LOSSLESS = {"driver": "JP2OpenJPEG", "QUALITY": "100", "REVERSIBLE": "YES"}


@pytest.fixture(autouse=True)
def _no_open_files():
    close_files()
    yield
    close_files()


def pixels(name: str, metres: int) -> np.ndarray:
    """Stored values of a band: no data in a corner, one saturated pixel, else unlike those of other bands."""
    side = SIDE * 10 // metres
    rng = np.random.default_rng(sum(map(ord, name)) + metres)
    if name == "SCL":
        return rng.integers(1, 12, (side, side)).astype("uint8")
    values = rng.integers(1, 12_000, (side, side)).astype("uint16")
    values[0, 0], values[-1, -1] = 0, 65535
    return values


def write_jp2(path, values, metres, **options):
    grid = {"transform": TRANSFORM @ Affine.scale(metres / 10), "crs": UTM, **options}
    return write_raster(path, values, **LOSSLESS, **grid)


def metadata(level: str, *, offset: int | None, quantification: str = "10000") -> str:
    """What ESA writes, without the spectra."""
    kind, tag = ("BOA", "BOA_ADD_OFFSET") if level == "2A" else ("RADIO", "RADIO_ADD_OFFSET")
    listed = {"BOA": "BOA_ADD_OFFSET_VALUES_LIST", "RADIO": "Radiometric_Offset_List"}[kind]
    offsets = "".join(f'<{tag} band_id="{i}">{offset}</{tag}>' for i in range(13))
    quantified = (
        '<QUANTIFICATION_VALUES_LIST><BOA_QUANTIFICATION_VALUE unit="none">'
        f"{quantification}</BOA_QUANTIFICATION_VALUE>"
        '<AOT_QUANTIFICATION_VALUE unit="none">1000.0</AOT_QUANTIFICATION_VALUE>'
        '<WVP_QUANTIFICATION_VALUE unit="cm">1000.0</WVP_QUANTIFICATION_VALUE></QUANTIFICATION_VALUES_LIST>'
        if level == "2A"
        else f'<QUANTIFICATION_VALUE unit="none">{quantification}</QUANTIFICATION_VALUE>'
    )
    psd = f"https://psd-14.sentinel2.eo.esa.int/PSD/User_Product_Level-{level}.xsd"
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n<n1:Level-{level}_User_Product xmlns:n1="{psd}">'
        "<n1:General_Info><Product_Image_Characteristics>"
        "<Special_Values><SPECIAL_VALUE_TEXT>NODATA</SPECIAL_VALUE_TEXT><SPECIAL_VALUE_INDEX>0</SPECIAL_VALUE_INDEX>"
        f"</Special_Values>{quantified}{'' if offset is None else f'<{listed}>{offsets}</{listed}>'}"
        f"</Product_Image_Characteristics></n1:General_Info></n1:Level-{level}_User_Product>"
    )


def write_l2a(folder, *, name=L2A, offset=-1000, transform=None):
    """A Level-2A product: each band in the folder of its own pixel size and in those of larger ones."""
    root = folder / name
    granule = root / "GRANULE" / "L2A_T36LXK_A031593_20210710T083227"
    grid = {} if transform is None else {"shift": transform}
    for band, metres in {**SIZES, "SCL": 20, "AOT": 10, "WVP": 10, "TCI": 10}.items():
        if band == "B10":
            continue
        for size in (size for size in (10, 20, 60) if size >= metres):
            values = (
                pixels(band, size) if band != "TCI" else np.ones((3, SIDE * 10 // size, SIDE * 10 // size), "uint8")
            )
            where = granule / "IMG_DATA" / f"R{size}m" / f"{STEM}_{band}_{size}m.jp2"
            options = {"transform": grid["shift"] @ Affine.scale(size / 10)} if grid else {}
            write_jp2(where, values, size, **options)
    (granule / "MTD_TL.xml").write_text("<x/>")
    (root / "MTD_MSIL2A.xml").write_text(metadata("2A", offset=offset), encoding="utf-8")
    (root / "manifest.safe").write_text("<x/>")
    return root


def write_l1c(folder, *, offset=None):
    root = folder / L1C
    images = root / "GRANULE" / "L1C_T36LXK_A022655_20210708T083341" / "IMG_DATA"
    for band, metres in SIZES.items():
        write_jp2(images / f"{STEM}_{band}.jp2", pixels(band, metres), metres)
    write_jp2(images / f"{STEM}_TCI.jp2", np.ones((3, SIDE, SIDE), "uint8"), 10)
    (root / "MTD_MSIL1C.xml").write_text(metadata("1C", offset=offset), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    return write_l2a(tmp_path_factory.mktemp("l2a"))


@pytest.fixture
def images(tmp_path):
    """A product a test may spoil, and the folder of its images of 10 m."""
    root = write_l2a(tmp_path)
    return root, next(root.glob("GRANULE/*/IMG_DATA/R10m"))


def test_bands_of_level_2a(product):
    image = open_product(product)
    assert image.names == (
        "B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12", "SCL", "AOT", "WVP",
    )  # fmt: skip
    assert image.dtypes == ("uint16",) * 12 + ("uint8", "uint16", "uint16")
    assert image.grid.shape == (SIDE, SIDE)
    assert image.grid.transform == TRANSFORM
    assert (image.scale, image.offset) == (1e-4, -0.1)
    assert [image.names[number - 1] for number in image.quality] == ["SCL", "AOT", "WVP"]
    assert image.paths[0].name == "MTD_MSIL2A.xml"
    assert len(image.files) == 15
    assert image.notes == ()


def test_every_band_has_its_own_pixels_on_the_grid_of_10_m(product):
    image = open_product(product)
    for number, name in enumerate(image.names, 1):
        metres = {"SCL": 20, "AOT": 10, "WVP": 10}.get(name) or SIZES[name]
        expected = pixels(name, metres).repeat(metres // 10, axis=0).repeat(metres // 10, axis=1)
        values, valid = image.read([number], image.grid.window)
        data = expected != 0
        if name in SIZES:
            data &= expected != 65535
        np.testing.assert_array_equal(valid[0], data, err_msg=name)
        np.testing.assert_array_equal(values[0][data], expected[data], err_msg=name)


def test_scene_classification_in_a_window(product):
    image = open_product(product)
    window = Window(row=3, col=5, rows=9, cols=40)
    values, valid = image.read([image.names.index("SCL") + 1], window)
    expected = pixels("SCL", 20).repeat(2, axis=0).repeat(2, axis=1)[3:12, 5:]
    np.testing.assert_array_equal(values[0, :, : expected.shape[1]], expected)
    assert not valid[0, :, expected.shape[1] :].any()
    assert with_nodata(image, None).read([2], image.grid.window)[1].all()


def test_aliases_find_the_bands(product):
    names = open_product(product).names
    found = [names[find_band(wanted, names, "x")] for wanted in ("B2", "B8", "nir", "nir2", "swir1", "swir2", "scl")]
    assert found == ["B02", "B08", "B08", "B8A", "B11", "B12", "SCL"]


@pytest.mark.parametrize("offset", [None, -1000])
def test_level_1c(tmp_path, offset):
    image = open_product(write_l1c(tmp_path, offset=offset))
    assert image.names == tuple(SIZES)
    assert (image.scale, image.offset) == (1e-4, 0.0 if offset is None else -0.1)
    assert [image.names[number - 1] for number in image.quality] == ["B10"]
    values, _ = image.read([13], image.grid.window)
    np.testing.assert_array_equal(values[0], pixels("B12", 20).repeat(2, axis=0).repeat(2, axis=1))


def test_a_product_before_baseline_4_has_no_offset(tmp_path):
    image = open_product(write_l2a(tmp_path, offset=None))
    assert (image.scale, image.offset) == (1e-4, 0.0)


def test_bands_with_offsets_of_their_own(images):
    root, _ = images
    text = metadata("2A", offset=-1000).replace('band_id="3">-1000', 'band_id="3">-500')
    (root / "MTD_MSIL2A.xml").write_text(text)
    image = open_product(root)
    assert image.scale is None
    assert image.reflectances[image.names.index("B04")] == (1e-4, -0.05)
    assert image.reflectances[image.names.index("B03")] == (1e-4, -0.1)


def test_a_product_is_also_given_by_its_metadata_or_its_granule(product):
    for path in (product / "MTD_MSIL2A.xml", next((product / "GRANULE").iterdir())):
        image = open_product(path)
        assert len(image.names) == 15
        assert image.paths == open_product(product).paths


def test_a_folder_of_any_name_with_metadata_is_a_product(images):
    root, _ = images
    assert len(open_product(root.rename(root.with_name("scene"))).names) == 15


def test_some_bands_only(images):
    root, folder = images
    for path in root.rglob("*_B0[569]_*"):
        path.unlink()
    image = open_product(root)
    assert "B05" not in image.names
    assert image.notes == ("the product lacks B05, B06, B09",)
    for path in folder.iterdir():
        path.unlink()
    assert open_product(root).grid.shape == (SIDE // 2, SIDE // 2)


def test_neighbouring_tiles_are_one_image(tmp_path):
    a = write_l2a(tmp_path)
    east = TRANSFORM @ Affine.translation(30, 0)
    b = write_l2a(tmp_path, name=L2A.replace("36LXK", "36LYK"), transform=east)
    image = open_product([a, b])
    assert image.grid.shape == (SIDE, SIDE + 30)
    values, valid = image.read([2], image.grid.window)
    np.testing.assert_array_equal(values[0][:, 31:66][valid[0][:, 31:66]], pixels("B02", 10)[:, 1:][valid[0][:, 31:66]])
    c = write_l2a(tmp_path, name="c.SAFE", offset=None)
    with pytest.raises(InputError, match="tiles of one image are stored alike"):
        open_product([a, c])
    (tmp_path / "plain").mkdir()
    with pytest.raises(InputError, match=r"plain: is no product as S2A_MSIL2A"):
        open_product([a, tmp_path / "plain"])


def test_what_is_no_product(tmp_path, make_raster):
    path = make_raster("plain/a.tif", np.ones((4, 4), "uint8"))
    (tmp_path / "MTD.xml").write_text("<x/>")
    for other in (path, path.parent, tmp_path / "missing", tmp_path / "MTD.xml"):
        assert open_product(other) is None


def spoil_two_granules(root):
    (root / "GRANULE" / "L2A_T36LYK_A031593_20210710T083227" / "IMG_DATA").mkdir(parents=True)


def spoil_no_granule(root):
    (root / "GRANULE").rename(root / "OTHER")


def spoil_no_images(root):
    for path in root.rglob("*.jp2"):
        path.unlink()


def spoil_text(old, new):
    def spoil(root):
        path = root / "MTD_MSIL2A.xml"
        path.write_text(path.read_text().replace(old, new))

    return spoil


BOMB = (
    "<!DOCTYPE b [<!ENTITY a 'aaaaaaaaaa'>"
    + "".join(f"<!ENTITY a{i} '{f'&a{i - 1 if i else str()};' * 10}'>" for i in range(9))
    + "]><b>&a8;</b>"
)


def spoil_reference_system(root):
    path = next(root.rglob("*_B05_20m.jp2"))
    path.unlink()
    write_jp2(path, pixels("B05", 20), 20, crs="EPSG:32737")


def spoil_grid(root):
    path = next(root.rglob("*_B05_20m.jp2"))
    path.unlink()
    write_jp2(path, pixels("B05", 20), 20, transform=TRANSFORM @ Affine.translation(0.5, 0) @ Affine.scale(2))


def spoil_second_image(root):
    path = next(root.rglob("*_B02_10m.jp2"))
    path.with_name(path.name.replace("T36LXK", "T36LYK")).write_bytes(path.read_bytes())


def spoil_many_bands(root):
    path = next(root.rglob("*_B02_10m.jp2"))
    path.unlink()
    write_jp2(path, np.ones((3, SIDE, SIDE), "uint8"), 10)


def spoil_image(root):
    next(root.rglob("*_B02_10m.jp2")).write_bytes(b"<html>")


@pytest.mark.parametrize(
    ("spoil", "kind", "words"),
    [
        (spoil_two_granules, InputError, r"holds 2 granules .* give one of them"),
        (spoil_no_granule, InputError, r"GRANULE: holds no granule"),
        (spoil_no_images, InputError, r"IMG_DATA: holds no image of any band"),
        (lambda root: (root / "MTD_MSIL2A.xml").unlink(), InputError, r"holds no MTD_MSIL1C\.xml or MTD_MSIL2A\.xml"),
        (lambda root: (root / "MTD_MSIL2A.xml").write_text("<a"), InputError, r"MTD_MSIL2A\.xml: broken XML"),
        (lambda root: (root / "MTD_MSIL2A.xml").write_text("<a/>"), InputError, r"says no QUANTIFICATION_VALUE"),
        (lambda root: (root / "MTD_MSIL2A.xml").write_text(BOMB), RefusedError, r"declares document types or entities"),
        (spoil_text(">10000<", ">0<"), InputError, r"BOA_QUANTIFICATION_VALUE is 0; allowed are numbers above 0"),
        (spoil_text(">10000<", ">nan<"), InputError, r"BOA_QUANTIFICATION_VALUE is 'nan', not a number"),
        (spoil_text(">-1000<", ">x<"), InputError, r"BOA_ADD_OFFSET is 'x', not a number"),
        (spoil_text('band_id="3"', 'band_id="99"'), InputError, r"band_id '99'; allowed are 0 to 12"),
        (spoil_reference_system, InputError, r"_B05_20m\.jp2: is in EPSG:32737, B02 in EPSG:32736"),
        (spoil_grid, InputError, r"_B05_20m\.jp2: its pixels \(20 x 20\) do not fit on those of B02"),
        (spoil_second_image, InputError, r"is a second image of B02"),
        (spoil_many_bands, InputError, r"_B02_10m\.jp2: holds 3 bands where B02 alone"),
        (spoil_image, InputError, r"_B02_10m\.jp2: is a web page"),
    ],
)  # fmt: skip
def test_broken_and_hostile_products(images, spoil, kind, words):
    root, _ = images
    spoil(root)
    with pytest.raises(kind, match=words) as caught:
        open_product(root)
    assert len(caught.value.problems) == 1
    assert caught.value.exit_code == kind.exit_code


def test_one_of_two_granules_is_read(images):
    root, _ = images
    granule = next((root / "GRANULE").iterdir())
    spoil_two_granules(root)
    assert len(open_product(granule).names) == 15


def test_names_in_the_metadata_lead_nowhere(images):
    root, _ = images
    spoil_text("<Special_Values>", "<IMAGE_FILE>../../../../etc/passwd</IMAGE_FILE><Special_Values>")(root)
    assert all(path.is_relative_to(root) for path in open_product(root).paths)


def test_metadata_of_gigabytes_are_not_read(images):
    root, _ = images
    with (root / "MTD_MSIL2A.xml").open("wb") as stream:
        stream.truncate(10**9)
    with pytest.raises(InputError, match="larger than 20 MB of XML"):
        open_product(root)


@pytest.mark.parametrize("first", [f"{L2A}/", f"{L2A}/manifest.safe", f"{L2A}/../../../../tmp/evil"])
def test_a_zip_is_to_be_unpacked(tmp_path, first):
    path = tmp_path / f"{L2A}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(first, "")
    before = set(tmp_path.rglob("*"))
    with pytest.raises(InputError, match=r"is a Sentinel-2 product in a zip archive; .* unzip S2A_") as caught:
        open_product(path)
    assert len(caught.value.problems) == 1
    assert set(tmp_path.rglob("*")) == before


def test_other_zips_are_not_products(tmp_path):
    for name in ("a.txt", "../../S2.SAFE/x"):
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
            archive.writestr(name, "x")
        assert open_product(tmp_path / "x.zip") is None
    (tmp_path / "x.zip").write_bytes(b"PK\x03\x04")
    assert open_product(tmp_path / "x.zip") is None


def test_all_problems_of_several_products_are_said(images, tmp_path):
    root, _ = images
    (tmp_path / "b.SAFE").mkdir()
    spoil_no_granule(root)
    with pytest.raises(ClassifyLocalError) as caught:
        open_product([root, tmp_path / "b.SAFE"])
    assert len(caught.value.problems) == 2
