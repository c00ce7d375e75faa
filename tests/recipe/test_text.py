"""Recipe text: comments and order survive, and an error says where it stands and what to write."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from classify_local.errors import InputError
from classify_local.recipe.text import RecipeDocument, dump, load, parse, validate, with_paths
from tests.recipe.examples import FULL, MINIMAL

SAMPLE = Path(__file__).parents[2] / "sample_data" / "recipe.yml"


@pytest.fixture
def document(tmp_path: Path) -> RecipeDocument:
    path = tmp_path / "map.yml"
    path.write_text(FULL)
    return load(path)


def said_of(text: str) -> list[str]:
    """The problems of a recipe, without the file's name."""
    with pytest.raises(InputError) as caught:
        validate(parse(text, "f.yml"), "f.yml")
    lines = caught.value.problems
    assert all(line.startswith("f.yml") and "\n" not in line for line in lines)
    return [line.removeprefix("f.yml").removeprefix(", ") for line in lines]


@pytest.mark.parametrize("text", [FULL, SAMPLE.read_text(encoding="utf-8"), MINIMAL], ids=["full", "sample", "minimal"])
def test_a_text_comes_back_as_it_was(text: str):
    assert dump(parse(text, "f.yml")) == text


@pytest.mark.parametrize(
    "line",
    [
        "name: 'single'  # why\n", 'name: "double"\n', "name: é森\n", "output: {bands: [class]}\n",
        "output:\n  # above\n  tile_size: 1024 # beside\n", "name: |\n  block\n", "auxiliary_data: ~/aux\n",
        "legend: null\n",
        "output: {tile_size: 0x400}\n", "training:\n  - {csv: a.csv, filter: '" + "x > 1 and " * 40 + "y'}\n",
        "output: {scale: 3.247217618387142e-274}\n", "output: {scale: 1.50E+2}\n", "a: &x 5\nb: *x\n",
    ],
)  # fmt: skip
def test_details_of_a_text_survive(line: str):
    assert dump(parse(MINIMAL + line, "f.yml")) == MINIMAL + line


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path):
    path = tmp_path / "f.yml"
    path.write_bytes("\ufeff".encode() + MINIMAL.replace("\n", "\r\n").encode())

    assert load(path).recipe.images[0].path == "image.tif"


def test_a_document_knows_its_folder_and_name(document: RecipeDocument, tmp_path: Path):
    assert document.folder == tmp_path
    assert document.name == "zambia_eastern_2021"
    assert document.changed({("name",): None}).name == "map"
    assert document.resolve("a/../b.tif") == tmp_path / "a/../b.tif"
    assert document.resolve("/b.tif") == Path("/b.tif")
    assert document.resolve("~/b.tif") == Path.home() / "b.tif"


def test_a_recipe_behind_a_link_lies_where_the_link_leads(tmp_path: Path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "f.yml").write_text(MINIMAL)
    (tmp_path / "link.yml").symlink_to("real/f.yml")

    assert load(tmp_path / "link.yml").folder == tmp_path / "real"


def test_a_mapping_is_a_recipe_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    document = load(
        {
            "images": [{"path": Path("a") / "b.tif", "bands": ("red", np.int64(2))}],
            "output": {"aoi": list(np.array([1.5, 2, 3, 4]))},
        }
    )

    assert document.folder == tmp_path
    assert document.recipe.images[0].path == str(Path("a/b.tif"))
    assert document.recipe.images[0].bands == ("red", 2)
    assert document.recipe.output.aoi == (1.5, 2, 3, 4)


def test_a_mapping_with_what_no_file_holds():
    with pytest.raises(InputError, match=r"holds a value that no recipe file can hold.*give texts, numbers"):
        load({"images": [{"path": object()}]})


def test_a_loaded_document_is_taken_as_it_is(document: RecipeDocument):
    assert load(document) is document


def test_changed_keeps_everything_else(document: RecipeDocument):
    changed = document.changed({("output", "bands"): ["class"], ("name",): "other"})

    assert changed.recipe.output.bands == ("class",)
    assert changed.name == "other"
    assert document.recipe.output.bands == ("class", "class_probability")
    assert document.text() == FULL
    before, after = FULL.splitlines(), changed.text().splitlines()
    different = [i for i, (old, new) in enumerate(zip(before, after, strict=False)) if old != new]
    assert before[different[0]].startswith("name: zambia")
    assert "# default: the recipe file's stem" in after[different[0]]
    assert "# vector file or [west, south, east, north]" in changed.text()


def test_changed_adds_parts_that_are_not_there():
    document = load({"images": [{"path": "a.tif"}]})

    assert document.changed({("output", "tile_size"): 512}).recipe.output.tile_size == 512


def test_changed_refuses_what_is_no_recipe(document: RecipeDocument):
    with pytest.raises(InputError, match=r"line \d+, output\.tile_size: must be at least 64, not 1"):
        document.changed({("output", "tile_size"): 1})


def test_with_paths_passes_every_path():
    seen: list[str] = []

    def change(path: str) -> str:
        seen.append(path)
        return f"/new/{path}"

    changed = with_paths(parse(FULL, "f.yml"), change)

    assert sorted(seen) == sorted(
        [
            "mosaic/*.tif", "scl.tif", "a.tif", "b.tif", "../2020/recipe.yml", "points.csv", "reference.csv",
            "reference_edits.csv", "f.csv", "plots.gpkg", "cover.gpkg", "worldcover.tif", "../2020/recipe.yml", "aux",
        ]
    )  # fmt: skip
    assert changed["images"][1]["path"] == ["/new/a.tif", "/new/b.tif"]
    assert changed["images"][1]["mask"] == "scl"
    assert changed["training"][5]["sample"]["path"] == "/new/worldcover.tif"
    assert "# clicked points; SEPAL's header" in dump(changed)
    validate(changed, "f.yml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("legend: legend.csv\n", "legend: /legend.csv"),
        ("output: {aoi: area.gpkg}\n", "aoi: /area.gpkg"),
        ("output: {aoi: [1, 2, 3, 4]}\n", "aoi: [1, 2, 3, 4]"),
        ("auxiliaries: [terrain, {name: a, path: b.tif}]\n", "[terrain, {name: a, path: /b.tif}]"),
        ("allowed_folders: [a, b]\n", "allowed_folders: [/a, /b]"),
    ],
)
def test_with_paths_of_parts(text: str, expected: str):
    assert expected in dump(with_paths(parse(MINIMAL + text, "f.yml"), lambda path: f"/{path}"))


def test_with_paths_changes_what_aliases_share_once():
    text = (
        "images:\n  - &i {path: &p [a.tif, b.tif], mask: &m {path: m.tif}}\n"
        "  - *i\n  - {path: *p, mask: *m}\n  - {path: c.tif, mask: *m}\n"
    )
    changed = with_paths(parse(text, "f.yml"), lambda path: f"x/{path}")

    assert [list(image["path"]) for image in changed["images"][:3]] == [["x/a.tif", "x/b.tif"]] * 3
    assert [image["mask"]["path"] for image in changed["images"]] == ["x/m.tif"] * 4


M = MINIMAL
LINES = [
    ("images:\n  - path: a.tif\noutputs: {}\n", "line 3, outputs: unknown key 'outputs'; did you mean 'output'?"),
    ("images:\n  - path: a.tif\n    band: [1]\n", "line 3, images[0].band: unknown key 'band'; did you mean 'bands'?"),
    ("images:\n  - path: a.tif\n  - pth: b.tif\n", "line 3, images[1]: needs exactly one of the keys: path, recipe; d"),
    ("images:\n  - path: a.tif\n    recipe: b.yml\n", "line 2, images[0]: needs exactly one of the keys: path, recipe"),
    ("images:\n  - a.tif\n", "line 2, images[0]: needs exactly one of the keys: path, recipe, not 'a.tif'"),
    ("images: []\n", "line 1, images: must hold at least 1, not 0"),
    ("images:\nlegend: a.csv\n", "line 1, images: must be a list, not nothing, for example images: [{path:"),
    ("name: x\n", "line 1, images: the key 'images' is missing, for example images: [{path: mosaic.tif}]"),
    (M + "    bands: [1.5]\n", "line 3, images[0].bands[0]: must be a whole number or text, not 1.5"),
    (M + "    bands:\n      - red\n      - [nir]\n", "line 5, images[0].bands[1]: must be a whole number or text, not"),
    (M + "    bands: {red: [1]}\n", "line 3, images[0].bands.red: must be a whole number or text, not a list"),
    (M + "    nodata: none\n", "line 3, images[0].nodata: must be a whole number or a number, not 'none'"),
    (M + "    mask: {path: a.tif, keeps: [1]}\n", "line 3, images[0].mask.keeps: unknown key 'keeps'; did you mean"),
    (M + "    mask:\n      keep: [1]\n", "line 3, images[0].mask: needs a path or a band, for example {path: scl.tif,"),
    (M + "    reflectance: {scale: .inf}\n", "line 3, images[0].reflectance.scale: must be a finite number, not inf"),
    (M + "    resampling: cubic\n", "line 3, images[0].resampling: must be one of nearest, bilinear, average, not"),
    (M + "    derived: [{indexes: [ndvii]}]\n", "line 3, images[0].derived[0].indexes[0]: must be one of ndvi,"),
    (M + "    derived: [{ratio: [a]}]\n", "line 3, images[0].derived[0].ratio: must hold at least 2, not 1"),
    (M + "    derived:\n      - {}\n", "line 4, images[0].derived[0]: each entry holds one of: ratio, norm"),
    (M + "    derived:\n      - ndvi\n", "line 4, images[0].derived[0]: must be a mapping of keys and values, not 'nd"),
    (M + "legend: 5\n", "line 3, legend: must be a list or text, not 5, for example legend: legend.csv"),
    (M + "legend:\n  - value: 1\n    label: a\n", "line 4, legend[0].color: the key 'color' is missing"),
    (M + "legend:\n  - {value: 1.5, label: a, color: '#000'}\n", "line 4, legend[0].value: must be a whole number, no"),
    (M + "legend:\n  - {value: yes, label: no, color: '#000'}\n", "line 4, legend[0].value: must be a whole number, n"),
    (M + "training: a.csv\n", "line 3, training: must be a list, not 'a.csv', for example training: [{csv: points.csv"),
    (M + "training:\n  - cvs: a.csv\n", "line 4, training[0]: needs exactly one of the keys: collected, csv, vector,"),
    (M + "training:\n  - csv: a.csv\n    klass: c\n", "line 5, training[0].klass: unknown key 'klass'; did you mean '"),
    (M + "training:\n  - vector: a.gpkg\n    per_polygon: 0\n", "line 5, training[0].per_polygon: must be at least 1,"),
    (M + "training:\n  - vector: a\n    pure: 1\n", "line 5, training[0].pure: must be true or false, not 1"),
    (M + "training:\n  - vector: a\n    classes: {x: [b]}\n", "line 5, training[0].classes.x: must be a whole number,"),
    (M + "training:\n  - sample: {path: a, per_class: 5}\n", "line 4, training[0].sample.per_class: must be a mapping"),
    (M + "training:\n  - sample:\n      band: 1\n", "line 4, training[0].sample.path: the key 'path' is missing"),
    (M + "auxiliaries: [slope]\n", "line 3, auxiliaries[0]: must be one of latitude, terrain, water, not 'slope'"),
    (M + "auxiliaries:\n  - name: a\n", "line 4, auxiliaries[0].path: the key 'path' is missing"),
    (M + "classifier: random_forest\n", "line 3, classifier: must be a mapping of keys and values, not 'random_forest"),
    (M + "classifier: {type: forest}\n", "line 3, classifier: type must be one of random_forest,"),
    (M + "classifier:\n  number_of_trees: 5\n", "line 3, classifier: needs the key 'type', for example type: random_f"),
    (M + "classifier:\n  type: random_forest\n  trees: 5\n", "line 5, classifier.trees: unknown key 'trees'; did you"),
    (M + "classifier:\n  type: svm\n  gamma: big\n", "line 5, classifier.gamma: must be"),
    (M + "classifier: {type: svm, gamma: -1}\n", "line 3, classifier.gamma: must be"),
    (M + "output:\n  bands: class\n", "line 4, output.bands: must be a list, not 'class', for example bands: [class]"),
    (M + "output:\n  bands:\n    - class\n    - probability\n", "line 6, output.bands[1]: no band 'probability'; ther"),
    (M + "output: {aoi: [1, 2, 3]}\n", "line 3, output.aoi[3]: a value is missing here"),
    (M + "output: {tile_size: 99999}\n", "line 3, output.tile_size: must be at most 32768, not 99999"),
    (M + "name: 2021-01-01\n", 'line 3, name: must be text, not 2021-01-01; write it in quotes: "2021-01-01"'),
    (M + "name: true\n", "line 3, name: must be text, not true"),
    (M + "5: x\n", "line 3, [5]: unknown key '5'; allowed: name, images"),
    (M + 'auxiliary_data: "\\ud800"\n', "line 3, auxiliary_data: must be text that UTF-8 can hold"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), LINES)
def test_an_error_says_line_path_and_remedy(text: str, expected: str):
    said = said_of(text)

    assert len(said) == 1, said
    assert said[0].startswith(expected)


def test_several_errors_come_in_the_order_of_the_file():
    said = said_of(
        "images:\n  - path: 5\n    bands: red\nclassifier: {type: cart, seed: 1}\noutput: {tile_size: 1}\nname: 5\n"
    )

    assert [int(re.findall(r"^line (\d+)", line)[0]) for line in said] == [2, 3, 4, 5, 6]


KINDS = "ratio, normalized_difference, difference, distance, angle, indexes, texture, focal, profile"
LIMITS = ".texture: limits are the lowest and the highest value of the levels, for example [0, 5000], not "
DERIVED = [
    ("texture: {measures: [asm]}", ".texture.bands: the key 'bands' is missing"),
    ("texture: {bands: []}", ".texture.bands: must hold at least 1, not 0"),
    ("texture: nir", ".texture: must be a mapping of keys and values, not 'nir', for example texture: {bands: [nir], "),
    ("texture: {bands: [a], window: 4}", ".texture.window: must be odd, as 3, 5 and 7 are, not 4"),
    ("texture: {bands: [a], window: 33}", ".texture.window: must be at most 31, not 33"),
    ("texture: {bands: [a], levels: 1}", ".texture.levels: must be at least 2, not 1"),
    ("texture: {bands: [a], levels: 257}", ".texture.levels: must be at most 256, not 257"),
    ("texture: {bands: [a], limits: 5}", ".texture.limits: must be a list, not 5, for example limits: [0, 5000]"),
    ("texture: {bands: [a], limits: [5]}", ".texture.limits[1]: a value is missing here"),
    ("texture: {bands: [a], limits: [5, 5]}", LIMITS + "[5, 5]"),
    ("texture: {bands: [a], limits: [-1e308, 1e308]}", LIMITS + "[-1e+308, 1e+308]"),
    ("texture: {bands: [a], limits: [0, 1e-320]}", LIMITS + "[0, 9.99989e-321]"),
    ("texture: {bands: [a], distance: 7}", ".texture: a window of 7 holds no pixels at distance 7; it is at most 6"),
    (
        "texture: {bands: [a], measures: [contrst]}",
        ".texture.measures[0]: must be one of contrast, dissimilarity, homo",
    ),
    ("texture: ", f": each entry holds one of: {KINDS}"),
    ("focal: {bands: [a], statistics: [std]}", ".focal.statistics[0]: must be one of mean, standard_deviation, minim"),
    ("focal: {bands: [a], window: 1}", ".focal.window: must be at least 3, not 1"),
    ("focal: {bands: a}", ".focal.bands: must be a list, not 'a'"),
    ("focal: {bands: [a]}, indexes: [ndvi]", f": each entry holds one of: {KINDS}"),
]


@pytest.mark.parametrize(("entry", "said"), DERIVED)
def test_an_error_in_bands_of_neighbourhoods_says_line_path_and_remedy(entry: str, said: str):
    found = said_of(M + f"    derived: [{{{entry}}}]\n")

    assert len(found) == 1
    assert found[0].startswith(f"line 3, images[0].derived[0]{said}")


def test_an_error_in_a_merged_part_names_a_line_near_it():
    said = said_of("images:\n  - &a {path: a.tif, bands: [1.5]}\n  - {<<: *a, bnds: 1}\n")

    assert any(line.startswith("line 3, images[1].bnds: unknown key 'bnds'") for line in said)
    assert all(re.match(r"line [23], images\[[01]\]", line) for line in said)


SYNTAX = [
    ("images:\n\t- a\n", 2, "indent with spaces, not with tabs"),
    ("images: [a\nlegend: b\n", 2, "in what begins on line 1; is a bracket not closed?"),
    ("images: 'a\n", 2, "in what begins on line 1; is a quote or bracket not closed?"),
    ("name: a: b\n", 1, "a text that holds ': ' stands in quotes"),
    ("name: @a\n", 1, "a text that begins with this character stands in quotes"),
    ("name: *a\n", 1, "found undefined alias 'a'; a text that begins with * stands in quotes"),
    ('name: "C:\\data"\n', 1, "write a path with /, or in 'single' quotes"),
    ("images:\n  - path: a\n   bands: b\n", 3, "the keys of one part begin in the same column"),
    ("name: a\nlegend\nimages: b\n", 3, "each line is 'key: value'"),
    ("name: a\n---\nname: b\n", 2, "keep one recipe in a file, without lines of ---"),
    ("name: a\nname: b\n", 2, 'the key "name" stands twice; keep one'),
    ("images:\n  - {path: a, path: b}\n", 2, 'the key "path" stands twice; keep one'),
    ("name: a\nlegend: \0\n", 2, r"control character '\x00'; take it out"),
    ("legend:\n  - {value: 1, color: #006400}\n", 2, 'write a colour in quotes, for example color: "#006400"'),
]


@pytest.mark.parametrize(("text", "line", "remedy"), SYNTAX)
def test_broken_yaml_is_answered_with_line_and_remedy(text: str, line: int, remedy: str):
    said = said_of(text)

    assert len(said) == 1
    assert said[0].startswith(f"line {line}: ")
    assert said[0].endswith(remedy)


@pytest.mark.parametrize("text", ["", "# only a comment\n", "text\n", "- a\n", "5\n", "null\n", "!x y\n"])
def test_what_is_no_mapping_is_no_recipe(text: str):
    assert said_of(text) == [": is no recipe; one is made of 'key: value' lines, first of all images:"]


@pytest.mark.parametrize("opening", ["[", "{", "[\n", "{ "])
def test_brackets_are_counted_before_they_are_read(opening: str):
    assert "nested deeper" in said_of("name: " + opening * 100_000)[0]


def test_brackets_in_texts_do_no_harm():
    text = MINIMAL + "training:\n  - csv: a.csv\n    filter: '" + "[{" * 49 + "'\n"

    assert validate(parse(text, "f.yml"), "f.yml").training[0].filter == "[{" * 49
