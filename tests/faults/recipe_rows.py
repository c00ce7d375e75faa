"""Recipes that cannot be read, or that ask for what there is not."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from tests.faults.rows import Breaking, Row, one_more_image, put, text, together, without, write
from tests.faults.scene import Scene, default_recipe

BASE = """\
images:
  - path: image.tif
    bands: [red, nir, swir1]
legend: legend.csv
training:
  - csv: reference.csv
    class: landcover
"""
"""Seven lines; what a row adds stands on line 8."""
RECIPE = r"recipe\.yml: "
LINE_8 = r"recipe\.yml, line 8, "


def added(line: str) -> Breaking:
    return text(BASE + line + "\n")


def aliases(levels: int) -> str:
    """A text of a kilobyte that means ten to the power of `levels` values."""
    names = "abcdefghijklmnop"[: levels + 1]
    lines = [f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]" for a, b in pairwise(names)]
    return "\n".join(["a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]", *lines]) + "\n"


BARE_COLOR = "images: [{path: image.tif}]\nlegend:\n  - value: 1\n    label: a\n    color: #006400\n"
BARE_COLOR_IN_BRACKETS = """\
images: [{path: image.tif}]
legend:
  - {value: 1, label: a, color: #006400}
  - {value: 2, label: b, color: #F096FF}
"""
WRONG_TYPES = BASE.replace("path: image.tif", "path: 5").replace("[red, nir, swir1]", "red") + (
    "classifier: {type: random_forest, number_of_trees: '25', bag_fraction: 2, seed: -1}\noutput: {tile_size: 10}\n"
)

YAML_ROWS = [
    Row(id="unknown key", make=added("outputs: {}"),
        file=LINE_8, thing="unknown key 'outputs'", remedy="mean 'output'"),
    Row(id="unknown key inside", make=text(BASE.replace("bands:", "band:")),
        file=r"recipe\.yml, line 3, images\[0\]\.band: ", thing="unknown key 'band'", remedy=r"did you mean 'bands'\?"),
    Row(id="bracket not closed", make=added("output: {bands: [class}"),
        file=r"recipe\.yml, line 8: ", thing="not valid YAML: expected ',' or '\\]'", remedy="is a bracket not closed"),
    Row(id="quote not closed", make=added("name: 'x"), file=r"recipe\.yml, line \d: ",
        thing="end of stream in what begins on line 8", remedy="quote or bracket not closed"),
    Row(id="tab", make=text("images:\n\t- path: image.tif\n"),
        file=r"recipe\.yml, line 2: ", thing=r"character '\\t'", remedy="with spaces, not with tabs"),
    Row(id="colon in a text", make=added("name: a: b"),
        file=r"recipe\.yml, line 8: ", thing="mapping values are not allowed", remedy="stands in quotes"),
    Row(id="wrong indent", make=added("output:\n    bands: [class]\n  tile_size: 512"),
        file=r"recipe\.yml, line 10: ", thing="not valid YAML", remedy="begin in the same column|key: value"),
    Row(id="backslash in quotes", make=added('auxiliary_data: "C:\\data"'),
        file=r"recipe\.yml, line 8: ", thing="unknown escape character 'd'", remedy="write a path with /"),
    Row(id="key twice", make=added("legend: other.csv"),
        file=r"recipe\.yml, line 8: ", thing='key "legend" stands twice', remedy="keep one"),
    Row(id="two documents", make=added("---\nimages: []"),
        file=r"recipe\.yml, line 8: ", thing="another document", remedy="keep one recipe in a file"),
    Row(id="alias of nothing", make=added("name: *x"),
        file=r"recipe\.yml, line 8: ", thing="alias 'x'", remedy="quotes"),
    Row(id="alias bomb", make=text(aliases(8) + BASE),
        file=RECIPE, thing="more than 300,000 values", remedy=r"take out the aliases \(\*\)"),
    Row(id="deep lists", make=added("name: " + "[" * 10_000),
        file=RECIPE, thing="nested deeper", remedy="take the brac"),
    Row(id="deep mappings", make=added("name: " + "{a: " * 3000 + "}" * 3000),
        file=RECIPE, thing="nested deeper than in any recipe", remedy="take the brackets out"),
    Row(id="deep indents", make=text("".join(" " * i + "a:\n" for i in range(1500))),
        file=RECIPE, thing="nested deeper than in any recipe", remedy="take the brackets out"),
    Row(id="not UTF-8", make=text(BASE.encode() + b"# caf\xe9\n"),
        file=r"recipe\.yml, line 8 \(byte \d+\): ", thing="not UTF-8 text", remedy="save the file as UTF-8"),
    Row(id="control character", make=added("name: a\0b"),
        file=r"recipe\.yml, line 8: ", thing=r"control character '\\x00'", remedy="take it out"),
    Row(id="11 MB", make=added("# " + "x" * 11_000_000),
        file=RECIPE, thing="larger than 2 MB", remedy="give the path"),
    Row(id="empty", make=text(""),
        file=RECIPE, thing="is no recipe", remedy="'key: value' lines, first of all images:"),
    Row(id="a list", make=text("- image.tif\n"), file=RECIPE, thing="is no recipe", remedy="'key: value' lines"),
    Row(id="a script", make=text("!!python/object/apply:os.system [touch ran]\n"),
        file=RECIPE, thing="is no recipe", remedy="'key: value' lines"),
    Row(id="a folder", make=lambda s: s.path("recipe.yml").mkdir(),
        file=RECIPE, thing="is a folder", remedy="give the path of a recipe"),
    Row(id="a number of 5,000 digits", make=added("classifier: {type: random_forest, seed: " + "9" * 5000 + "}"),
        file=RECIPE, thing="thousands of digits", remedy="digits"),
]  # fmt: skip

VALUES = [
    Row(id="wrong types", make=text(WRONG_TYPES), lines=6,
        file=r"recipe\.yml, line 8, classifier\.bag_fraction: ", thing="not 2", remedy="at most 1"),
    Row(id="text for a number", make=text(WRONG_TYPES), lines=6,
        file=r"recipe\.yml, line 8, classifier\.number_of_trees: ", thing="not '25'", remedy="must be a whole number"),
    Row(id="text for a list", make=text(WRONG_TYPES), lines=6,
        file=r"recipe\.yml, line 3, images\[0\]\.bands: ", thing="not 'red'", remedy=r"example bands: \[red, nir\]"),
    Row(id="endless training", make=added("classifier: {type: random_forest, number_of_trees: 1000000000}"),
        file=LINE_8, thing=r"classifier\.number_of_trees: .*not 1000000000", remedy="at most 100000"),
    Row(id="a number of 6,000 hexadecimal digits",
        make=added("classifier: {type: random_forest, seed: 0x" + "f" * 6000 + "}"),
        file=LINE_8, thing=r"classifier\.seed: .*a number too large", remedy="at most 4294967295"),
    Row(id="unknown classifier", make=added("classifier: {type: randomforest}"),
        file=LINE_8, thing="type must be one of .*cart.* not 'randomforest'", remedy="did you mean 'random_forest'"),
    Row(id="classifier without type", make=added("classifier: {number_of_trees: 9}"),
        file=LINE_8, thing="needs the key 'type'", remedy="for example type: random_forest"),
    Row(id="unknown source", make=text(BASE.replace("csv:", "cvs:")),
        file=r"line 6, training\[0\]: ", thing="exactly one of the keys: collected, csv,", remedy="did you mean 'csv'"),
    Row(id="two sources in one", make=text(BASE.replace("csv:", "vector: plots.gpkg\n    csv:")),
        file=r"line 6, training\[0\]: ", thing="it has csv and vector", remedy="make several entries"),
    Row(id="source without a key", make=text(BASE.replace("csv: reference.csv\n    class: landcover", "reference.csv")),
        file=r"line 6, training\[0\]: ", thing="not 'reference.csv'", remedy="one of the keys: collected, csv"),
    Row(id="image without list", make=text("images: image.tif\n"),
        file=r"line 1, images: ", thing="must be a list, not 'image.tif'", remedy=r"images: \[\{path: mosaic\.tif\}\]"),
    Row(id="no images", make=text("legend: legend.csv\n"),
        file=r"line 1, images: ", thing="the key 'images'", remedy=r"missing, for example images: \[\{path"),
    Row(id="empty path", make=text(BASE.replace("image.tif", "' '")),
        file=r"line 2, images\[0\]\.path: ", thing="not ' '", remedy="the path of a file or folder"),
    Row(id="path with a zero byte", make=text(BASE.replace("image.tif", '"a\\0b"')),
        file=r"line 2, images\[0\]\.path: ", thing=r"not 'a\\x00b'", remedy="the path of a file or folder"),
    Row(id="path of 5,000 characters", make=text(BASE.replace("image.tif", "a" * 5000)),
        file=r"line 2, images\[0\]\.path: ", thing="not 'aaa", remedy="at most 4096 characters"),
    Row(id="colour without quotes", make=text(BARE_COLOR),
        file=r"line 5, legend\[0\]\.color: ", thing="not nothing", remedy='write it in quotes, for example "#006400"'),
    Row(id="colour without quotes in brackets",
        make=text(BARE_COLOR_IN_BRACKETS),
        file=r"recipe\.yml, line 3: ", thing="not valid YAML", remedy='colour in quotes, for example color: "#006400"'),
    Row(id="name that leads elsewhere", make=added("name: ../map"),
        file=LINE_8, thing="not '../map'", remedy="up to 100 letters, digits"),
    Row(id="name of a device", make=added("name: con.x"), file=LINE_8, thing="not 'con.x'", remedy="Windows keeps"),
    Row(id="name that is a number", make=added("name: 2021"),
        file=LINE_8, thing="not 2021", remedy='in quotes: "2021"'),
    Row(id="name on the command line", make=added("# nothing"), commands=("run",), arguments=("--name", "../map"),
        file=r"recipe\.yml, line 1, name: ", thing="not '../map'", remedy="up to 100 letters, digits"),
    Row(id="unknown band", make=added("output: {bands: [clas]}"),
        file=LINE_8, thing=r"output\.bands\[0\]: no band 'clas'", remedy="did you mean 'class'"),
    Row(id="probability of no number", make=added("output: {bands: [probability_²]}"),
        file=LINE_8, thing="no band 'probability_²'", remedy="probability_<class value>"),
    Row(id="unknown band on the command line", make=added("# nothing"), commands=("run",),
        arguments=("--bands", "clas"),
        file=r"recipe\.yml, line 1, output\.bands\[0\]: ", thing="no band 'clas'", remedy="did you mean 'class'"),
    Row(id="unknown resampling", make=text(BASE.replace("    bands", "    resampling: cubic\n    bands")),
        file=r"line 3, images\[0\]\.resampling: ", thing="not 'cubic'", remedy="one of nearest, bilinear, average"),
    Row(id="mask of nothing", make=text(BASE.replace("    bands", "    mask: {keep: [1]}\n    bands")),
        file=r"line 3, images\[0\]\.mask: ", thing="needs a path or a band", remedy=r"example \{path: scl\.tif,"),
    Row(id="key that is no text", make=added("5: x"),
        file=LINE_8, thing="unknown key '5'", remedy="allowed: name, images"),
    Row(id="merged key", make=text("images:\n  - &a {path: image.tif, bands: [1.5]}\n  - {<<: *a}\n"), lines=2,
        file=r"line 2, images\[0\]\.bands\[0\]: ", thing="not 1.5", remedy="whole number or text"),
]  # fmt: skip


def training(**entry: Any) -> Breaking:
    return put("training", 0, entry)


def of_table(key: str, value: Any) -> Breaking:
    return put("training", 0, key, value)


def older(**changes: Any) -> Breaking:
    """Another recipe, of the same image, whose map is one more image; `changes` replace its parts or, if None, drop."""
    taken = changes.pop("taken", {})

    def make(scene: Scene) -> None:
        parts = {**default_recipe(), **changes}
        scene.write("older.yml", json.dumps({key: part for key, part in parts.items() if part is not None}))
        scene.recipe["images"].append({"recipe": "older.yml", **taken})

    return make


IMAGE_2 = r"recipe\.yml, line \d+, images\[1\]\."
RECIPES = [
    Row(id="a recipe as image that takes itself", make=one_more_image(recipe="recipe.yml"),
        file=r"recipe\.yml: ", thing=r"its own map from itself \(recipe\.yml -> recipe\.yml\)", remedy="take one of"),
    Row(id="two recipes that take each other's map", make=older(images=[{"recipe": "recipe.yml"}]),
        file=r"older\.yml: ", thing=r"itself \(recipe\.yml -> older\.yml -> recipe\.yml\)", remedy="take one of"),
    Row(id="a map and a table in a ring", make=older(training=[{"recipe": "recipe.yml"}]),
        file=r"older\.yml: ", thing=r"training data from itself \(recipe\.yml -> older\.yml -> recipe\.yml\)",
        remedy="take one of"),
    Row(id="a recipe as image that is not there", make=together(older(), put("images", 1, "recipe", "oldr.yml")),
        file=r"oldr\.yml: ", thing="does not exist", remedy="did you mean 'older.yml'"),
    Row(id="a recipe as image that is none", make=together(older(), write("older.yml", "image: [x]\n")), lines=2,
        file=r"older\.yml, line 1", thing="image", remedy=r"did you mean 'images'\?"),
    Row(id="a recipe as image over HTTP", make=one_more_image(recipe="https://example.org/r.yml"),
        file=r"example\.org/r\.yml: ", thing="does not exist", remedy="give the path of a recipe"),
    Row(id="a recipe as image without what a run needs", make=older(legend=None, training=[]), lines=2,
        file=r"older\.yml: ", thing="has no legend", remedy="a run needs one"),
    Row(id="a recipe as image whose files are not there", lines=3,
        make=older(images=[{"path": "imag.tif"}], legend="legnd.csv", training=[{"csv": "referenc.csv"}]),
        file=r"older\.yml: .*legnd\.csv: ", thing="no such file", remedy="did you mean 'legend.csv'"),
    Row(id="a band no map has", make=older(taken={"bands": ["clas"]}),
        file=IMAGE_2 + r"bands\[0\]: ", thing="no band 'clas'", remedy="did you mean 'class'"),
    Row(id="a class the other legend lacks", make=older(taken={"bands": ["probability_41"]}),
        file=r"older\.yml: bands: probability_41", thing="the legend has no such class", remedy="its values are 10,"),
    Row(id="a mask on a recipe as image", make=older(taken={"mask": "class"}),
        file=IMAGE_2 + "mask: ", thing="unknown key 'mask'", remedy="allowed: recipe, bands"),
    Row(id="an index of a recipe as image", make=older(taken={"derived": {"indexes": ["ndvi"]}}), lines=2,
        file=r"older\.yml|derived", thing="ndvi needs the band 'nir'", remedy="class"),
]  # fmt: skip

GRID = [
    Row(id="area outside the image", make=put("output", "aoi", [10, 10, 11, 11]),
        file=r"output\.aoi", thing="lies outside the first image", remedy=r"\(.* in the map's system\)"),
    Row(id="area of no sense", make=put("output", "aoi", [33, 95, 33.1, 99]),
        file=r"output\.aoi", thing="is not west, south, east, north", remedy="in degrees"),
    Row(id="size of no sense", make=put("output", "scale", "10 yards"),
        file=r"output\.scale", thing="'10 yards' is no size", remedy="write metres as a number"),
    Row(id="unknown system for the map", make=put("output", "crs", "UTM 36"),
        file=r"output\.crs", thing="unknown reference system 'UTM 36'", remedy="write EPSG:n"),
    Row(id="address as system of the map", make=put("output", "crs", "https://epsg.io/4326"),
        file=r"output\.crs", thing="is an address", remedy="write EPSG:n"),
    Row(id="area in a file that is not there", make=put("output", "aoi", "area.gpkg"),
        file=r"area\.gpkg: ", thing="no such file", remedy="did you mean|no such file"),
    Row(id="no terrain", make=put("auxiliaries", ["terrain"]),
        file="auxiliaries", thing="terrain is looked for in .*aux/terrain, which is not there", remedy="aux fetch"),
    Row(id="no water", make=together(put("auxiliaries", ["water"]), put("auxiliary_data", "more")),
        file="auxiliaries", thing="water is looked for in .*more/water", remedy="auxiliary_data:"),
    Row(id="a layer that is not there",
        make=put("auxiliaries", [{"name": "rain", "path": "rain.tif"}]), file=r"rain\.tif", thing="no such file",
        remedy="did you mean|no such file"),
]  # fmt: skip

FILE_NAME = [
    Row(id="no legend file and no table", lines=2,
        make=together(put("legend", "a.csv"), put("training", 0, "csv", "b.csv")),
        file=r"/b\.csv: ", thing="no such file", remedy="did you mean|no such file"),
    Row(id="images, legend and table at once", lines=4,
        make=together(put("images", 0, "path", "imag.tif"), put("training", 0, "csv", "referenc.csv"),
                      write("legend.csv", "color,value,label\n#12G,1,a\n#000001,1.5,b\n")),
        file=r"referenc\.csv: ", thing="no such file", remedy="did you mean 'reference.csv'"),
    Row(id="all that a run lacks", lines=3, commands=("run",),
        make=together(without("training"), without("legend"), put("images", 0, "path", "imag.tif")),
        file=r"imag\.tif: ", thing="no such file", remedy="did you mean 'image.tif'"),
]  # fmt: skip

ROWS = [*YAML_ROWS, *VALUES, *RECIPES, *GRID, *FILE_NAME]
