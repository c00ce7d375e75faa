"""What `init` guesses, as tables; and drafts, which always load and never hide a guess."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.crs import CRS
from rasterio.enums import ColorInterp

from classify_local import InputError, api, starting
from classify_local.bands.quality import clear_of, keep_pixels
from classify_local.grid import Grid
from classify_local.legend import Legend, LegendEntry
from classify_local.palettes.vision import EVERY_READER, look_alikes
from classify_local.recipe.text import dump, load, parse
from classify_local.starting import colors, lines, masks, paths, placing, sensors, values
from classify_local.starting.classes import Vocabulary, make_legend, match_legend
from classify_local.starting.columns import class_counts, guess_class_column, labels_beside
from classify_local.storage.columns import text_array
from tests.conftest import TRANSFORM, UTM, MakeRaster, write_raster

Draft = starting.Draft


# names of bands


@pytest.mark.parametrize(
    ("text", "sensor"),
    [
        ("S2A_MSIL2A_20220310T073621_N0400_R092_T36LYJ", "sentinel2"),
        ("T36LYJ_20220310T073621_B02_10m", "sentinel2"),
        ("data/japan_sentinel2/image", "sentinel2"),
        ("s2_2021", "sentinel2"),
        ("LC08_L2SP_170069_20210601_02_T1_SR_B2", "landsat89"),
        ("LO09_L1TP_1", "landsat89"),
        ("Landsat-9 mosaic", "landsat89"),
        ("LE07_L2SP", "landsat457"),
        ("LT05_L1TP", "landsat457"),
        ("chiapas_landsat7/image", "landsat457"),
        ("mosaic", None),
        ("lc1990", None),
        ("plots2", None),
    ],
)
def test_the_sensor_a_name_tells(text: str, sensor: str | None) -> None:
    assert sensors.sensor_of_name(text) == sensor


@pytest.mark.parametrize(
    ("stem", "sensor", "band"),
    [
        ("T36LYJ_20220310T073621_B02_10m", "sentinel2", "blue"),
        ("T36LYJ_20220310T073621_B8A_20m", "sentinel2", "nir2"),
        ("T36LYJ_20220310T073621_SCL_20m", "sentinel2", "scl"),
        ("LC08_X_02_T1_SR_B5", "landsat89", "nir"),
        ("LC08_X_02_T1_B5", "landsat89", "nir"),
        ("LT05_X_02_T1_SR_B4", "landsat457", "nir"),
        ("LT05_X_02_T1_QA_PIXEL", "landsat457", "qa_pixel"),
        ("LC08_X_02_T1_ST_B10", "landsat89", "thermal"),
        ("mosaic_red", None, "red"),
        ("mosaic_B5", None, None),
        ("LC08_X_02_T1_SR_QA_AEROSOL", "landsat89", None),
        ("elevation", None, None),
    ],
)
def test_the_band_a_file_name_tells(stem: str, sensor: str | None, band: str | None) -> None:
    assert sensors.band_of_name(stem, sensor) == band


@pytest.mark.parametrize(
    ("own", "where", "names", "sensor"),
    [
        (("B02", "B03", "B04", "B08", "B11"), "x", ("blue", "green", "red", "nir", "swir1"), "sentinel2"),
        (("B2", "B8A", "SCL"), "landsat", ("blue", "nir2", "SCL"), "sentinel2"),
        (("SR_B2", "SR_B5", "SR_B6", "QA_PIXEL"), "x", ("blue", "nir", "swir1", "QA_PIXEL"), "landsat89"),
        (("SR_B1", "SR_B4"), "x", ("blue", "nir"), "landsat457"),
        (("B4", "B5"), "LC08_1", ("red", "nir"), "landsat89"),
        (("B4", "B5"), "LT05_1", ("nir", "swir1"), "landsat457"),
        (("Red", "Near Infrared", "SWIR_1"), "x", ("red", "nir", "swir1"), None),
        (("rouge", "pir"), "x", ("red", "nir"), None),
        (("blue", "fmask"), "x", ("blue", "fmask"), None),
        (("Red", "red"), "x", ("red", "red_2"), None),
        (("a\nb", "\x07", "x" * 300), "x", ("a b", "band_2", "x" * 100), None),
        (("b1",), "maps/elevation_m", ("elevation_m",), None),
        (("b1",), "T36LYJ_20220310T073621_B08_10m", ("nir",), "sentinel2"),
    ],
)
def test_bands_are_named(own: tuple[str, ...], where: str, names: tuple[str, ...], sensor: str | None) -> None:
    naming = sensors.name_bands(own, where)
    assert naming.names == names
    assert naming.sensor == sensor
    assert not naming.nameless


@pytest.mark.parametrize(
    ("count", "where", "usual"),
    [
        (4, "japan_sentinel2/image", ("blue", "green", "red", "nir")),
        (10, "S2_stack", ("blue", "green", "red", "rededge1", "rededge2", "rededge3", "nir", "nir2", "swir1", "swir2")),
        (7, "LC08", ("aerosol", "blue", "green", "red", "nir", "swir1", "swir2")),
        (6, "image", ()),
    ],
)
def test_bands_without_names_are_not_guessed(count: int, where: str, usual: tuple[str, ...]) -> None:
    own = [f"b{number}" for number in range(1, count + 1)]
    naming = sensors.name_bands(own, where)
    assert naming.nameless
    assert naming.names == tuple(own)
    assert naming.usual == usual


def test_bands_may_be_named_by_the_colours_they_are_shown_in() -> None:
    naming = sensors.name_bands(("b1", "b2", "b3", "b4"), "photo", ("red", "green", "blue", None))
    assert naming.names == ("red", "green", "blue", "b4")
    assert not naming.nameless


# masks and values


@pytest.mark.parametrize(
    ("name", "quality", "keep"),
    [
        ("SCL", True, (4, 5, 6, 7, 11)),
        ("fmask", True, (0, 1, 3)),
        ("QA60", True, (0,)),
        ("dataMask", True, None),
        ("QA_RADSAT", True, "no mask"),
        ("SR_QA_AEROSOL", True, "no mask"),
        ("AOT", True, "no mask"),
        ("nir", False, "no mask"),
        ("aspect", False, "no mask"),
    ],
)
def test_bands_that_mask(name: str, quality: bool, keep: object) -> None:
    assert masks.is_quality(name) == quality
    rule = masks.mask_rule(name, ())
    assert (rule.keep if rule else "no mask") == keep


@pytest.mark.parametrize(
    ("seen", "kept", "not_kept"),
    [
        ({1, 21824, 22280, 21952, 30048}, {21824, 21952, 30048}, {1, 22280}),
        ({1, 5440, 5504, 5896, 7824}, {5440, 5504}, {1, 5896, 7824}),
    ],
)
def test_landsats_quality_bits(seen: set[int], kept: set[int], not_kept: set[int]) -> None:
    rule = masks.mask_rule("QA_PIXEL", seen)
    assert rule is not None
    assert rule.keep is not None
    assert kept <= set(rule.keep)
    assert not not_kept & set(rule.keep)


@pytest.mark.parametrize("name", ["SCL", "QA_PIXEL", "Fmask", "QA60"])
def test_what_init_keeps_is_what_a_recipe_that_names_the_band_keeps(name: str) -> None:
    """One source: `bands.quality`, whether values are written out or not."""
    known = clear_of(name)
    assert known is not None
    values = np.arange(2**16) if known.bits else np.array([0, *known.values])
    expected = keep_pixels(known, values)
    written, named = masks.mask_rule(name, values.tolist()), masks.mask_rule(name, values.tolist(), name)
    assert written is not None
    assert named is not None
    assert named.keep is None
    np.testing.assert_array_equal(written.clear(values), expected)
    np.testing.assert_array_equal(named.clear(values), expected)


@pytest.mark.parametrize("name", ["SCL", "Fmask"])
def test_other_codes_under_a_known_name_are_no_mask(name: str) -> None:
    assert masks.mask_rule(name, {0, 4, 64, 128}) is None


@given(st.sets(st.integers(0, 65535)))
def test_no_cloud_is_ever_kept(seen: set[int]) -> None:
    rule = masks.mask_rule("QA_PIXEL", seen)
    assert rule is not None
    assert rule.keep
    assert not any(value & 0b011111 for value in rule.keep)


@pytest.mark.parametrize(
    ("stored", "reflectance", "words"),
    [
        ({"whole": True, "low": 300, "high": 4500, "greatest": 9000}, (0.0001, 0.0), "guessed"),
        ({"whole": True, "low": 60, "high": 160, "greatest": 255}, None, "digital numbers"),
        (
            {"whole": True, "low": 8000, "high": 22000, "greatest": 60000, "collection_2": True},
            (0.0000275, -0.2),
            "names",
        ),
        ({"whole": True, "low": 100, "high": 4000, "greatest": 9000, "collection_2": True}, (0.0001, 0.0), "guessed"),
        ({"whole": True, "low": 8000, "high": 22000, "greatest": 60000}, None, "0.0000275"),
        ({"whole": True, "low": 5, "high": 50000, "greatest": 60000}, None, "no known scale"),
        (
            {"whole": True, "low": 300, "high": 14000, "greatest": 16000, "sensor": "sentinel2"},
            (0.0001, 0.0),
            "guessed",
        ),
        ({"whole": True, "low": 1100, "high": 5000, "greatest": 9000, "shifted": True}, (0.0001, -0.1), "2022"),
        ({"whole": False, "low": 0.01, "high": 0.6, "greatest": 1.2}, (1.0, 0.0), "as it is"),
        ({"whole": False, "low": 1, "high": 60, "greatest": 99}, (0.01, 0.0), "percent"),
        ({"whole": False, "low": 100, "high": 6000, "greatest": 9000}, (0.0001, 0.0), "10,000"),
        ({"whole": False, "low": -20, "high": -3, "greatest": 2}, None, "negative"),
        ({"whole": True, "low": 0, "high": 9, "greatest": 9, "tags": (0.002, 0.1)}, None, "tags"),
    ],
)
def test_reflectance(stored: dict[str, object], reflectance: object, words: str) -> None:
    found = values.resolve_scaling(values.Stored(**stored))  # type: ignore[arg-type]
    assert found.reflectance == reflectance
    assert words in found.why


@pytest.mark.parametrize(
    ("shares", "bands", "declared", "value"),
    [
        ({0.0: 0.2, -9999.0: 0.0}, 4, False, 0.0),
        ({0.0: 0.001}, 4, False, None),
        ({0.0: 0.2}, 4, True, None),
        ({0.0: 0.2}, 1, False, None),
        ({0.0: 0.0, -9999.0: 0.3}, 2, False, -9999.0),
    ],
)
def test_no_data_that_is_not_declared(
    shares: dict[float, float], bands: int, declared: bool, value: float | None
) -> None:
    assert values.resolve_empty(shares, bands, declared=declared) == value


@pytest.mark.parametrize(
    ("ratio", "whole", "reflective", "resampling"),
    [
        (2, True, True, "bilinear"),
        (0.5, True, True, "average"),
        (0.9, False, False, "bilinear"),
        (3, True, False, "nearest"),
    ],
)
def test_images_on_other_pixels(ratio: float, whole: bool, reflective: bool, resampling: str) -> None:
    assert values.resolve_resampling(ratio, whole=whole, reflective=reflective) == resampling


def test_bands_that_lack_more_than_most() -> None:
    assert values.resolve_lacking({"a": 0.85, "b": 0.85, "c": 0.62}) == {"c": pytest.approx(0.38)}
    assert values.resolve_lacking({"a": 0.5, "b": 0.5, "alone": 1.0}) == {}


# tables


def table(**columns: list[object]) -> dict[str, object]:
    return {name: text_array([str(cell) for cell in cells]) for name, cells in columns.items()}


MANY = list(range(30))
FEW = [1, 2, 3] * 10
NAMES = ["forest", "water", "urban"] * 10


@pytest.mark.parametrize(
    ("columns", "name", "others"),
    [
        (table(id=MANY, **{"class": FEW}), "class", ()),
        (table(id=MANY, Klasse=NAMES), "Klasse", ()),
        (table(lc_2021=FEW, other=FEW), "lc_2021", ()),
        (table(Uso_del_Suelo=NAMES, zone=FEW), "Uso_del_Suelo", ()),
        (table(fid=MANY, Name=NAMES), "Name", ()),
        (table(Name=[f"Placemark {i}" for i in MANY], cover_x=NAMES), "cover_x", ()),
        (table(fid=MANY, what=NAMES), "what", ()),
        (table(fid=MANY, who=NAMES, what=NAMES), "who", ("what",)),
        (table(fid=MANY, numbers=FEW, texts=NAMES), "texts", ("numbers",)),
        (table(fid=MANY, height=[0.5, 1.5, 2.5] * 10), None, ()),
        (table(id=[1, 2], **{"class": [1, 2]}), "class", ()),
        (table(fid=MANY), None, ()),
    ],
)
def test_the_class_column(columns: dict[str, object], name: str | None, others: tuple[str, ...]) -> None:
    found = guess_class_column(columns)  # type: ignore[arg-type]
    assert (found.name, found.others) == (name, others)


@pytest.mark.parametrize(
    ("cells", "counts"),
    [
        (["1.0", "2", "1", ""], {"1": 2, "2": 1}),
        (["1", "1", "1", "1", "n/a"], {"1": 4}),
        (["1", "n/a", "n/a"], {"1": 1, "n/a": 2}),
        (["forest", "Forest"], {"forest": 1, "Forest": 1}),
        (["1.5", "1.5"], {"1.5": 2}),
    ],
)
def test_classes_of_a_column(cells: list[str], counts: dict[str, int]) -> None:
    assert class_counts(text_array(cells)) == counts


def test_names_that_stand_beside_the_values() -> None:
    assert labels_beside(table(c=FEW, n=NAMES), "c") == {1: "forest", 2: "water", 3: "urban"}  # type: ignore[arg-type]
    assert labels_beside(table(c=FEW, n=["forest", "forest", "urban"] * 10), "c") == {}  # type: ignore[arg-type]


GRID = Grid(crs=CRS.from_string(UTM), transform=TRANSFORM, shape=(100, 100))


@pytest.mark.parametrize(
    ("crs", "swapped"),
    [("EPSG:4326", False), (UTM, False), ("EPSG:32636", False), ("EPSG:3857", False), ("EPSG:4326", True)],
)
def test_the_reference_system_of_coordinates(crs: str, swapped: bool) -> None:
    x, y = np.linspace(500_050, 500_950, 20), np.linspace(8_599_050, 8_599_950, 20)
    x, y = placing.project(x, y, UTM, crs)
    found = placing.guess_crs(*((y, x) if swapped else (x, y)), GRID)
    assert found == placing.Placed(crs=crs, inside=20, swapped=swapped)


def test_no_reference_system_fits() -> None:
    assert placing.guess_crs(np.array([7.0]), np.array([46.0]), GRID) is None


# classes and colours


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        (("Forest", "Forêt dense", "Bosque", "Floresta", "Tree cover"), "forest"),
        (("Water", "Eau", "Cuerpos de agua", "Água", "Permanent water bodies"), "water"),
        (("Built-up", "Zone urbaine", "Área urbana", "Cidade", "developed"), "urban"),
        (("Cropland", "Culture", "Cultivos", "Lavoura", "agriculture"), "crop"),
        (("Grassland", "Prairie", "Pastizal", "Pastagem", "herbaceous"), "grass"),
        (("Bare soil", "Sol nu", "Suelo desnudo", "Solo exposto", "barren"), "bare"),
        (("Herbaceous wetland", "Zone humide", "Humedal", "Área úmida"), "wetland"),
        (("Mangrove forest", "Manglar", "Manguezal"), "mangrove"),
        (("Shrubland", "Arbustes", "Matorral", "Mato"), "shrub"),
    ],
)
def test_natural_colours(labels: tuple[str, ...], kind: str) -> None:
    for label in labels:
        assert colors.natural_colors(label) == colors._COLORS[kind], label


@pytest.mark.parametrize("label", ["non-forest", "other land", "class 7", "marginal", "", "Wald", "1"])
def test_names_without_a_colour(label: str) -> None:
    assert colors.natural_colors(label) == ()


@given(st.lists(st.sampled_from(["forest", "bosque", "water", "urban", "x", "crop", "y"]), max_size=30))
def test_colours_are_valid_and_differ(labels: list[str]) -> None:
    made = colors.color_classes(labels)
    assert len(set(made)) == len(labels)
    assert all(LegendEntry(value=1, label="a", color=color).color == color for color in made)


def test_every_reader_can_tell_natural_colours_apart() -> None:
    first = [own[0] for own in colors._COLORS.values()]
    entries = [
        LegendEntry(value=i, label=kind, color=color)
        for i, (kind, color) in enumerate(zip(colors._COLORS, first, strict=True))
    ]
    alike = [pair for pair in look_alikes(Legend(tuple(entries))) if pair.readers == EVERY_READER]
    assert [(pair.first.label, pair.second.label) for pair in alike] == []


def vocabulary(where: str = "f", labels: dict[int, str] | None = None, **counts: int) -> Vocabulary:
    return Vocabulary(
        where=where, counts={name.lstrip("_"): count for name, count in counts.items()}, labels=labels or {}
    )


def test_a_legend_of_texts_is_numbered_by_the_alphabet() -> None:
    found = make_legend([vocabulary(water=3, Forest=5), vocabulary(forest=1)], {})
    assert [(one.value, one.label, one.color) for one in found.legend] == [
        (1, "Forest", "#006400"),
        (2, "water", "#0064C8"),
    ]
    assert found.texts == ({1: ("Forest",), 2: ("water",)}, {1: ("forest",)})
    assert found.rows == {1: 6, 2: 3}


def test_a_legend_of_numbers_and_texts() -> None:
    found = make_legend([vocabulary(_1=3, _7=2, labels={7: "water"}), vocabulary(Water=1, urban=2)], {1: "forest"})
    assert [(one.value, one.label) for one in found.legend] == [(1, "forest"), (2, "urban"), (7, "water")]
    assert found.texts == ({}, {2: ("urban",), 7: ("Water",)})
    assert found.nameless == ()
    assert make_legend([vocabulary(_1=3, _7=2)], {}).nameless == (1, 7)


def test_a_legend_of_the_users_own() -> None:
    legend = Legend(
        (LegendEntry(value=10, label="Forest", color="#006400"), LegendEntry(value=20, label="Water", color="#0064C8"))
    )
    found = match_legend(legend, [vocabulary(forest=3, swamp=1), vocabulary(_10=1, _30=2)])
    assert found.texts == ({10: ("forest",)}, {})
    assert found.unknown == ({"swamp": 1}, {"30": 2})
    with pytest.raises(InputError, match=r"f: none of its classes \(1, 2\) is a value or label of the legend"):
        match_legend(legend, [vocabulary(_1=1, _2=1)])


# paths and names


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("place/a.tif", "a.tif"),
        ("place/tiles/*.tif", "tiles/*.tif"),
        ("a.tif", "../a.tif"),
        ("other/a.tif", "../other/a.tif"),
        ("other/*.tif", "../other/*.tif"),
        ("../elsewhere/a.tif", None),
        ("place/[1]/a.tif", "[1]/a.tif"),
        ("place/~a.tif", None),
    ],
)
def test_paths_are_relative_in_and_beside_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, written: str | None
) -> None:
    work = tmp_path / "work"
    (work / "place" / "[1]").mkdir(parents=True)
    (work / "place" / "[1]" / "a.tif").touch()
    monkeypatch.chdir(work)
    full = Path(tmp_path.resolve(), "work", given)
    expected = written or (tmp_path.resolve() / "elsewhere/a.tif" if "elsewhere" in given else full).as_posix()
    assert paths.written_path(given, Path("place")) == expected
    assert paths.written_path(str(work / given), work / "place") == expected


@pytest.mark.parametrize(
    ("candidates", "name"),
    [
        (["image", "chiapas_landsat7"], "chiapas_landsat7"),
        (["recipe", "data", "R10m"], None),
        (["2021", "_", "x"], None),
        (["Zona Norte (2021)"], "Zona Norte _2021"),
        (["con", "aux.tif"], None),
        (["élan"], "élan"),
    ],
)
def test_names_of_maps(candidates: list[str], name: str | None) -> None:
    assert paths.telling_name(candidates) == name
    assert name is None or paths.is_name(name)


def test_a_map_without_a_better_name_is_stamped() -> None:
    name = paths.stamped_name(datetime(2021, 5, 5, 10, 24, 33))
    assert name == "Classification_2021-05-05_10-24-33"
    assert paths.is_name(name)


def test_where_a_recipe_goes(tmp_path: Path) -> None:
    assert paths.recipe_file(tmp_path) == tmp_path / "recipe.yml"
    assert paths.recipe_file(tmp_path / "new") == tmp_path / "new" / "recipe.yml"
    assert paths.recipe_file(tmp_path / "mine.yaml") == tmp_path / "mine.yaml"
    with pytest.raises(InputError, match=r"ends in \.yml; give for example a\.yml"):
        paths.recipe_file(tmp_path / "a.txt")


# lines of YAML

TEXTS = st.text(st.characters(codec="utf-8"), max_size=12) | st.text("ab0 ?-:,[]{}#&*!|>'\"%@`~=<\\/.", max_size=6)
SCALARS = st.integers(-(2**40), 2**40) | TEXTS | st.booleans() | st.sampled_from([0.0000275, -0.2, 1e-9, 3.5, 0.1])


@settings(max_examples=300)
@given(TEXTS.filter(lambda key: key.isprintable() and key.strip()), SCALARS, TEXTS)
def test_what_is_written_is_read_back(key: str, value: object, remark: str) -> None:
    out = lines.Lines()
    out.say(f"! {remark}")
    out.open("entries")
    out.key("first", value, 4, first=True)
    out.key("second", [value, key], 4)
    out.item(value, 2, remark)
    out.item({key: value}, 2, remark)
    text = out.text()
    node = parse(text, "t")
    assert dump(node) == text
    assert node["entries"] == [{"first": value, "second": [value, key]}, value, {key: value}]


# drafts


def pixels(rng: np.random.Generator, bands: int = 3, dtype: str = "uint16") -> tuple[np.ndarray, np.ndarray]:
    """Three stripes that differ in every band, and the stripe of each pixel."""
    stripe = np.arange(60)[None, :].repeat(40, 0) // 20
    means = 800 + 700 * ((stripe + np.arange(bands)[:, None, None]) % 3)
    image = means + rng.normal(0, 60, means.shape)
    return (image / 10_000 if dtype.startswith("float") else image).astype(dtype), stripe


LABELS = ("forest", "water", "crop")


def write_points(path: Path, stripe: np.ndarray, labels: tuple[str, ...] = LABELS, header: str = "x,y,class") -> Path:
    rng = np.random.default_rng(4)
    rows, cols = rng.integers(0, 40, 90), np.arange(90) % 60
    found = [(*(TRANSFORM @ (c + 0.5, r + 0.5)), labels[stripe[r, c]]) for r, c in zip(rows, cols, strict=True)]
    text = "\n".join(f'{x},{y},"{label}"' for x, y, label in found)
    path.write_text(f"{header}\n{text}\n", encoding="utf-8")
    return path


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An image and points in a folder, none of which says much of itself."""
    image, stripe = pixels(np.random.default_rng(1))
    write_raster(tmp_path / "a" / "image.tif", image, descriptions=("red", "nir", "swir1"))
    write_points(tmp_path / "a" / "points.csv", stripe)
    return tmp_path / "a"


def drafted(folder: Path, **more: object) -> Draft:
    given = {"training": [str(folder / "points.csv")], "folder": folder, **more}
    return starting.draft([str(folder / "image.tif")], **given)  # type: ignore[arg-type]


def unfolded(draft: Draft) -> str:
    """The text with each remark on one line."""
    return re.sub(r"\n *# ", " ", draft.text)


def written(folder: Path, draft: Draft) -> Path:
    for name, text in draft.beside.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "recipe.yml").write_text(draft.text, encoding="utf-8")
    return folder / "recipe.yml"


def rows_used(recipe: Path) -> Mapping[int, int]:
    """Rows of each class that a check finds usable."""
    learned = api.check(recipe).learned
    assert learned is not None
    assert learned.report is not None
    return learned.report.classes


def test_a_draft_is_a_recipe_that_passes_and_maps(place: Path) -> None:
    draft = drafted(place)
    assert draft.questions == ()
    assert dump(parse(draft.text, "r")) == draft.text
    for words in ("path: image.tif", "bands: [red, nir, swir1]", "csv: points.csv", "crs: EPSG:32736", "1: [crop]"):
        assert words in draft.text
    assert '{value: 2, label: forest, color: "#006400"}  # 40 rows' in draft.text
    assert sum(rows_used(written(place, draft)).values()) > 80
    result = api.run(place / "recipe.yml")
    assert {int(value) for value in result.record["pixels_by_class"]} == {1, 2, 3}


NASTY = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=8).filter(str.strip)


@settings(max_examples=25)
@given(
    names=st.lists(NASTY | st.none() | st.sampled_from(["B4", "SCL", "1", "nir"]), min_size=1, max_size=5),
    dtype=st.sampled_from(["uint8", "uint16", "int16", "float32"]),
    labels=st.lists(
        NASTY.filter(lambda text: '"' not in text),
        min_size=3,
        max_size=3,
        unique_by=lambda text: text.strip().casefold(),
    ),
    seed=st.integers(0, 9),
)
def test_every_draft_loads_and_keeps_its_remarks(
    tmp_path_factory: pytest.TempPathFactory, names: list[str | None], dtype: str, labels: list[str], seed: int
) -> None:
    folder = tmp_path_factory.mktemp("draft")
    image, stripe = pixels(np.random.default_rng(seed), len(names), "uint8" if dtype == "uint8" else dtype)
    path = folder / "image.tif"
    write_raster(path, image)
    with rasterio.open(path, "r+") as handle:
        handle.descriptions = names
    write_points(folder / "points.csv", stripe, tuple(labels))
    draft = drafted(folder)
    assert dump(parse(draft.text, "r")) == draft.text
    document = load(written(folder, draft))
    assert document.text() == draft.text
    assert api.open_stack(document).names
    assert api.check(document).learned is not None


def test_what_is_said_is_on_lines_of_their_own(place: Path) -> None:
    draft = drafted(place)
    assert all(len(line) <= 120 for line in draft.text.splitlines())
    assert draft.text.count("#") > 12


def test_bands_without_names_are_asked_for(place: Path, make_raster: MakeRaster) -> None:
    image, _ = pixels(np.random.default_rng(1), 4)
    make_raster(place / "image.tif", image)
    draft = drafted(place)
    (question,) = draft.questions
    assert "its 4 bands have no names" in question.text
    assert "bands: {b1: 1, b2: 2, b3: 3, b4: 4}" in draft.text
    assert "# bands: {blue: 1, green: 2, red: 3, nir: 4}" in draft.text
    named = drafted(place, answers={question.key: "green, red nir;swir1"})
    assert "bands: {green: 1, red: 2, nir: 3, swir1: 4}" in named.text
    assert "#   - indexes: [ndvi, ndmi, mndwi, ndwi]" in named.text
    assert "#   - texture: {bands: [nir], window: 7}" in named.text
    for answer, words in (
        ("a b", "holds 2 names"),
        ("a b c a", "names one twice"),
        ("a b 3 c", "digits alone"),
        (" ", "is empty"),
    ):
        with pytest.raises(InputError, match=words):
            drafted(place, answers={question.key: answer})


def test_colours_of_a_photograph_are_names(place: Path, make_raster: MakeRaster) -> None:
    image, _ = pixels(np.random.default_rng(1), 3, "uint8")
    make_raster(place / "image.tif", image, colorinterp=(ColorInterp.red, ColorInterp.green, ColorInterp.blue))
    assert "bands: {red: 1, green: 2, blue: 3}" in drafted(place).text


def test_no_data_that_nobody_declared(place: Path, make_raster: MakeRaster) -> None:
    image, _ = pixels(np.random.default_rng(1))
    image[:, :5] = 0
    make_raster(place / "image.tif", image, descriptions=("red", "nir", "swir1"))
    draft = drafted(place)
    assert "\n    nodata: 0\n" in draft.text
    assert any("0 is taken for no data" in note for note in draft.notes)
    make_raster(place / "image.tif", image, descriptions=("red", "nir", "swir1"), nodata=0)
    assert "nodata: 0" not in drafted(place).text


def test_a_band_that_would_cost_a_class_is_left_out(place: Path, make_raster: MakeRaster) -> None:
    image, _ = pixels(np.random.default_rng(1))
    image[2, :, 20:40] = 0
    make_raster(place / "image.tif", image, descriptions=("red", "nir", "swir1"), nodata=0)
    draft = drafted(place)
    assert "bands: [red, nir]" in draft.text
    assert "Not taken: swir1 has no data in 33.3 % of the image, and none where 'water' was seen" in unfolded(draft)
    assert api.check(written(place, draft)).learned is not None


@pytest.mark.parametrize(("code", "mask"), [(2, None), (1, "mask: {band: fmask}")])
def test_a_mask_that_would_cost_a_class_is_not_used(
    place: Path, make_raster: MakeRaster, code: int, mask: str | None
) -> None:
    image, stripe = pixels(np.random.default_rng(1))
    fmask = np.where(stripe == 1, code, 0).astype(image.dtype)
    make_raster(place / "image.tif", [*image, fmask], descriptions=("red", "nir", "swir1", "fmask"))
    draft = drafted(place)
    assert "bands: [red, nir, swir1]" in draft.text
    assert (mask or "would take away all training rows of 'water'") in draft.text
    assert api.check(written(place, draft)).learned is not None


def test_a_class_seen_only_where_the_image_has_nothing(place: Path, make_raster: MakeRaster) -> None:
    image, _ = pixels(np.random.default_rng(1))
    image[:, :, 40:] = 0
    make_raster(place / "image.tif", image, descriptions=("red", "nir", "swir1"), nodata=0)
    draft = drafted(place)
    assert '# - {value: 1, label: crop, color: "#FFD24D"}' in draft.text
    assert any("all rows of crop lie where the image has no data" in note for note in draft.notes)
    assert api.check(written(place, draft)).learned is not None


def test_a_file_for_each_band_becomes_one_image(tmp_path: Path, gdal: object) -> None:
    del gdal
    image, stripe = pixels(np.random.default_rng(1), 3)
    image = image * 4 + 7300
    quality = np.full((40, 60), 21824, np.uint16)
    quality[:3] = 22280
    stem = "LC08_L2SP_170069_20210601_20210608_02_T1"
    for name, band in zip(("SR_B4", "SR_B5", "SR_B10", "QA_PIXEL"), (*image, quality), strict=True):
        write_raster(tmp_path / "scene" / f"{stem}_{name}.TIF", band, nodata=0)
    write_raster(
        tmp_path / "scene" / f"{stem}_B8.TIF", np.ones((80, 120), np.uint16), transform=TRANSFORM @ Affine.scale(0.5)
    )
    write_points(tmp_path / "points.csv", stripe)
    folder = tmp_path / "mine"
    folder.mkdir()
    draft = starting.draft([str(tmp_path / "scene")], None, [str(tmp_path / "points.csv")], folder)
    assert "- path: scene_bands.vrt" in draft.text
    assert f"something else: {stem}_B8.TIF" in draft.text
    assert "allowed_folders: [../scene]" in draft.text
    assert "mask: {band: qa_pixel}" in draft.text
    assert "reflectance: {scale: 0.0000275, offset: -0.2}" in draft.text
    stack = api.open_stack(written(folder, draft))
    assert stack.names[:2] == ("red", "nir")
    assert np.array_equal(stack.read(stack.grid.window).features[:3], image)
    with rasterio.open(folder / "scene_bands.vrt") as handle:
        assert np.array_equal(handle.read([1, 2, 3]), image)
    assert api.check(folder / "recipe.yml").learned is not None


def test_files_of_several_dates_keep_their_dates(tmp_path: Path) -> None:
    image, _ = pixels(np.random.default_rng(1), 2)
    for year, band in zip((2019, 2021), image, strict=True):
        write_raster(tmp_path / "ndvi" / f"ndvi_{year}_mean.tif", band)
    draft = starting.draft([str(tmp_path / "ndvi")], folder=tmp_path)
    assert "bands: [ndvi_2019_mean, ndvi_2021_mean]" in draft.text
    assert len(load(written(tmp_path, draft)).recipe.images) == 1


def test_images_side_by_side_are_tiles_of_one(tmp_path: Path) -> None:
    image, stripe = pixels(np.random.default_rng(1))
    moved = TRANSFORM @ Affine.translation(30, 0)
    for name, part, transform in (("west", image[:, :, :30], TRANSFORM), ("east", image[:, :, 30:], moved)):
        write_raster(tmp_path / f"{name}.tif", part, transform=transform, descriptions=("red", "nir", "swir1"))
    write_points(tmp_path / "points.csv", stripe)
    files = [str(tmp_path / f"{name}.tif") for name in ("west", "east")]
    draft = starting.draft(files, None, [str(tmp_path / "points.csv")], tmp_path)
    assert "- path: [west.tif, east.tif]" in draft.text
    assert api.open_stack(written(tmp_path, draft)).grid.shape == (40, 60)


def test_an_image_on_other_pixels_says_how_it_is_resampled(place: Path, make_raster: MakeRaster) -> None:
    image, _ = pixels(np.random.default_rng(2))
    coarse = TRANSFORM @ Affine.scale(2)
    make_raster(place / "coarse.tif", image[:, ::2, ::2], transform=coarse, descriptions=("re1", "re2", "re3"))
    draft = starting.draft([str(place / "image.tif"), str(place / "coarse.tif")], folder=place)
    assert "    resampling: bilinear\n    # Names as the file has them.\n    bands:" in draft.text
    assert draft.text.count("resampling:") == 1


def test_two_dates_are_two_images(place: Path, make_raster: MakeRaster) -> None:
    image, _ = pixels(np.random.default_rng(2))
    make_raster(place / "later.tif", image, descriptions=("red", "nir", "swir1"))
    draft = starting.draft(
        [str(place / "image.tif"), str(place / "later.tif")], None, [str(place / "points.csv")], place
    )
    assert api.open_stack(written(place, draft)).names == ("red", "nir", "swir1", "red_1", "nir_1", "swir1_1")


# reference data


@pytest.mark.parametrize(
    ("header", "x", "y"),
    [
        ("longitude,latitude,class", "longitude", "latitude"),
        ("Rechts,Hoch,class", "Rechts", "Hoch"),
        ("y,x,class", "y", "x"),
    ],
)
def test_columns_of_coordinates(place: Path, header: str, x: str, y: str) -> None:
    _, stripe = pixels(np.random.default_rng(1))
    write_points(place / "points.csv", stripe, header=header)
    draft = drafted(place)
    assert f"    x: {x}\n    y: {y}\n    crs: EPSG:32736\n" in draft.text.replace("'y'", "y")
    assert sum(rows_used(written(place, draft)).values()) > 80


def test_rows_outside_the_image_are_said(place: Path) -> None:
    (place / "points.csv").write_text("x,y,class\n7.1,46.2,1\n7.2,46.3,2\n")
    with pytest.raises(InputError, match=r"none of its 2 rows lies in the image: x is 7.1 to 7.2 and y 46.2 to 46.3"):
        drafted(place)
    (place / "points.csv").write_text("a,b,class\n7.1,46.2,1\n7.2,46.3,2\n")
    with pytest.raises(InputError, match="no two of its columns lie in the image when taken for x and y; it has a, b"):
        drafted(place)


def test_a_reference_system_that_was_asked_for(place: Path) -> None:
    x, y = placing.project(np.array([500_100.0, 500_500]), np.array([8_599_900.0, 8_599_700]), UTM, "EPSG:3395")
    rows = "\n".join(f"{a},{b},{c}" for a, b, c in zip(x, y, "12", strict=True))
    (place / "points.csv").write_text(f"x,y,class\n{rows}\n")
    key = f"reference system of {place / 'points.csv'}"
    assert "crs: EPSG:3395" in drafted(place, answers={key: "EPSG:3395"}).text


def test_a_class_column_that_was_asked_for(place: Path) -> None:
    rows = "\n".join(f"{500_005 + i * 10},{8_599_995 - i * 10},{'ab'[i % 2]},{'pq'[i // 2 % 2]}" for i in range(20))
    (place / "points.csv").write_text(f"x,y,who,what\n{rows}\n")
    draft = drafted(place)
    (question,) = draft.questions
    assert question.choices == ("who", "what")
    assert "The class may as well be in what: look at it." in draft.text
    assert "class: what" in drafted(place, answers={question.key: "what"}).text
    with pytest.raises(InputError, match=r"is none of who, what; did you mean 'what'"):
        drafted(place, answers={question.key: "wat"})


def test_nothing_tells_the_class(place: Path) -> None:
    rows = "\n".join(f"{500_005 + i * 10},{8_599_995 - i * 10},{i}.5" for i in range(20))
    (place / "points.csv").write_text(f"x,y,height\n{rows}\n")
    with pytest.raises(InputError, match="no column looks like a class"):
        drafted(place)
    (place / "points.csv").write_text("x,y,class\n500005,8599995,1\n500015,8599995,1\n")
    with pytest.raises(InputError, match=r"no column looks like a class|holds only the class"):
        drafted(place)


def geojson(path: Path, stripe: int, **properties: str) -> Path:
    """Five small squares on a stripe of the image."""
    features = []
    for i in range(5):
        x, y = TRANSFORM @ (stripe * 20 + 4, i * 7 + 3)
        ring = [[x, y], [x + 40, y], [x + 40, y - 40], [x, y - 40], [x, y]]
        geometry = {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "properties": properties | {"id": f"{path.stem}{i}"}, "geometry": geometry})
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32736"}}
    path.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}))
    return path


def test_a_file_for_each_class(place: Path) -> None:
    files = [str(geojson(place / f"{name}.geojson", i)) for i, name in enumerate(("forest", "open_water"))]
    draft = drafted(place, training=files)
    assert [question.key for question in draft.questions] == [f"class of {path}" for path in files]
    assert "classes: {}\n    default: 2" in draft.text
    assert "label: open water" in draft.text
    assert set(rows_used(written(place, draft))) == {1, 2}


def test_polygons_say_how_they_are_sampled(place: Path) -> None:
    files = [str(geojson(place / f"{name}.geojson", i, cover=name)) for i, name in enumerate(("forest", "water"))]
    whole = [json.loads(Path(path).read_text()) for path in files]
    whole[0]["features"] += whole[1]["features"]
    (place / "both.geojson").write_text(json.dumps(whole[0]))
    draft = drafted(place, training=[str(place / "both.geojson")])
    assert "# 10 polygons, all in the image." in draft.text
    assert "class: cover" in draft.text
    assert "per_polygon: 100" in draft.text
    assert api.check(written(place, draft)).learned is not None


def test_one_polygon_around_the_image_counts(place: Path) -> None:
    path = geojson(place / "wide.geojson", 0, cover="all")
    whole = json.loads(path.read_text())
    ring = [[0, 0], [600_000, 0], [600_000, 9_000_000], [0, 9_000_000], [0, 0]]
    whole["features"] = [{**whole["features"][0], "geometry": {"type": "Polygon", "coordinates": [ring]}}]
    path.write_text(json.dumps(whole))
    draft = drafted(place, training=[str(path), str(place / "points.csv")])
    assert "# 1 polygon, all in the image." in draft.text


def test_degrees_that_are_none(place: Path) -> None:
    files = [geojson(place / f"{name}.geojson", i, cover=name) for i, name in enumerate(("forest", "water"))]
    for file in files:
        whole = json.loads(file.read_text())
        del whole["crs"]
        file.write_text(json.dumps(whole))
    draft = drafted(place, training=[str(file) for file in files])
    assert "crs: EPSG:32736" in draft.text
    assert "does not say its reference system; in EPSG:32736 it lies in the image" in draft.text
    assert set(rows_used(written(place, draft))) == {1, 2}


def test_bands_of_dates_are_left_out(place: Path, make_raster: MakeRaster) -> None:
    image, _ = pixels(np.random.default_rng(1))
    make_raster(place / "image.tif", image, descriptions=("red", "nir", "dayOfYear"))
    draft = drafted(place)
    assert "bands: [red, nir]" in draft.text
    assert "Not taken: dayOfYear tells when a pixel was seen, not what it is." in unfolded(draft)


def test_a_spreadsheet(place: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["Lat", "Lon", "Cobertura"])
    for i in range(30):
        x, y = placing.project(np.array([500_015.0 + i * 19]), np.array([8_599_900.0]), UTM, "EPSG:4326")
        book.active.append([float(y[0]), float(x[0]), ["bosque", "agua", "cultivo"][i % 3]])
    book.save(place / "puntos.xlsx")
    draft = drafted(place, training=[str(place / "puntos.xlsx")])
    assert "x: Lon\n    y: Lat\n    crs: EPSG:4326\n    class: Cobertura" in draft.text
    assert '{value: 1, label: agua, color: "#0064C8"}' in draft.text


def test_an_older_map_teaches(place: Path) -> None:
    _, stripe = pixels(np.random.default_rng(1))
    write_raster(place / "older.tif", (stripe + 1).astype(np.uint8))
    draft = drafted(place, training=[str(place / "older.tif")])
    assert "sample: {path: older.tif, per_class: {default: 1000}, pure: true}" in draft.text
    assert api.check(written(place, draft)).learned is not None


def test_a_survey_of_plots(place: Path) -> None:
    rows = []
    for i in range(30):
        x, y = placing.project(np.array([500_015.0 + i * 19]), np.array([8_599_900.0]), UTM, "EPSG:4326")
        rows.append(f"{i},{x[0]},{y[0]},false,1,{100 * (i % 2)},{100 - 100 * (i % 2)},100")
    header = "PLOT_ID,CENTER_LON,CENTER_LAT,FLAGGED,ANALYSES,Land cover:Forest,Land cover:Water,Sure:Yes"
    (place / "points.csv").write_text("\n".join([header, *rows]) + "\n")
    draft = drafted(place)
    (question,) = draft.questions
    assert question.choices == ("Land cover", "Sure")
    assert "filter:" in draft.text
    assert "1: Land cover:Forest" in draft.text.replace("'", "")
    assert set(rows_used(written(place, draft))) == {1, 2}


def test_a_survey_of_samples(place: Path) -> None:
    rows = []
    for i in range(30):
        x, y = placing.project(np.array([500_015.0 + i * 19]), np.array([8_599_900.0]), UTM, "EPSG:4326")
        rows.append(f"{i // 3},{i},{x[0]},{y[0]},false,1,{('Forest', 'Water')[i % 2]},a@b.c")
    header = "plotid,sampleid,lon,lat,flagged,analyses,Land cover,email"
    (place / "points.csv").write_text("\n".join([header, *rows]) + "\n")
    draft = drafted(place)
    assert "group: plotid" in draft.text
    assert "class: Land cover" in draft.text
    assert set(rows_used(written(place, draft))) == {1, 2}


def test_many_classes_get_a_file_of_their_own(place: Path) -> None:
    rows = "\n".join(f"{500_005 + i % 60 * 10},{8_599_995 - i // 60 * 10},{i % 35 + 1}" for i in range(210))
    (place / "points.csv").write_text(f"x,y,class\n{rows}\n")
    draft = drafted(place, name="many")
    assert "legend: many_legend.csv" in draft.text
    assert len(draft.beside["many_legend.csv"].splitlines()) == 36
    assert api.check(written(place, draft)).legend is not None


def test_classes_without_names_are_asked_for(place: Path) -> None:
    _, stripe = pixels(np.random.default_rng(1))
    write_points(place / "points.csv", stripe, ("10", "20", "30"))
    draft = drafted(place)
    (question,) = draft.questions
    assert question.default == "class 10, class 20, class 30"
    assert "Nothing there names them" in unfolded(draft)
    named = drafted(place, answers={question.key: "dense forest, water, crops"})
    assert '{value: 10, label: dense forest, color: "#006400"}' in named.text
    (place / "my_legend.csv").write_text("value,label,color\n10,Forest,#006400\n20,Water,#0064C8\n30,Crop,#FFD24D\n")
    assert any("my_legend.csv seems to name them" in note for note in drafted(place).notes)
    own = drafted(place, legend=str(place / "my_legend.csv"))
    assert "legend: my_legend.csv" in own.text
    assert own.questions == ()


def test_an_image_alone_is_enough(place: Path) -> None:
    draft = drafted(place, training=())
    assert "# legend:" in draft.text
    assert "# training:" in draft.text
    assert api.check(written(place, draft)).learned is None
    assert any("no reference data yet" in note for note in draft.notes)


def test_all_that_is_wrong_is_said_at_once(place: Path) -> None:
    with pytest.raises(InputError) as caught:
        starting.draft([str(place / "no.tif"), str(place / "points.csv")], str(place / "no.csv"), folder=place)
    assert len(caught.value.problems) == 3
