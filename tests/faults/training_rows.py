"""Training entries that say what cannot be: class keys, filters, groups, edits, geometries, layers, other recipes."""

from __future__ import annotations

import json
from typing import Any

import geopandas
from shapely.geometry import LineString, Point, box

from tests.faults.rows import Breaking, Row, put, together, write
from tests.faults.scene import CRS, LEGEND, TRANSFORM, Scene, places, points

POINTS = r"reference\.csv"
RECIPE = r"recipe\.yml, line \d+, training\[0\]"
COVER = "XCoordinate,YCoordinate,cover,landcover"
EDITS = "XCoordinate,YCoordinate,action,class,new_XCoordinate,new_YCoordinate\n"
CLICKED = "XCoordinate,YCoordinate,class\n"


def entry(**keys: Any) -> Breaking:
    """Keys of the first training entry, set or replaced; `class_` is class, None takes a key out."""

    def make(scene: Scene) -> None:
        own = scene.recipe["training"][0]
        for name, value in keys.items():
            own[name.rstrip("_")] = value
        for name in [name for name, value in own.items() if value is None]:
            del own[name]

    return make


def mapped(**keys: Any) -> Breaking:
    """The same with a table that also has a column of numbers."""
    table = write("reference.csv", points(COVER, "{x:.8f},{y:.8f},{n},{label}"))
    return together(table, entry(**({"class_": None} | keys)))


def edits(*lines: str) -> Breaking:
    return together(write("edits.csv", EDITS + "".join(f"{line}\n" for line in lines)), entry(edits="edits.csv"))


def collected(content: str) -> Breaking:
    return together(write("clicked.csv", content), put("training", 0, {"collected": "clicked.csv"}))


def layer(kind: str, labels: tuple[Any, ...] = (10, 40, 80), crs: str = CRS, **keys: Any) -> Breaking:
    """A layer of features on the image instead of the table."""

    def make(scene: Scene) -> None:
        corners = [TRANSFORM @ (10.0 * i, 10.0) for i in range(5)]
        shapes = {
            "points": [Point(x + 5, y - 5) for x, y in corners],
            "polygons": [box(x, y - 40, x + 40, y) for x, y in corners],
            "specks": [box(x + 1, y - 2, x + 2, y - 1) for x, y in corners],
            "lines": [LineString([(x, y), (x + 40, y)]) for x, y in corners],
            "far": [Point(x + 1e6, y) for x, y in corners],
        }[kind]
        classes = [labels[i % len(labels)] for i in range(5)]
        geopandas.GeoDataFrame({"class": classes}, geometry=shapes, crs=crs).to_file(scene.path("plots.gpkg"))
        scene.recipe["training"] = [{"vector": "plots.gpkg", **keys}]

    return make


def no_prj(scene: Scene) -> None:
    layer("points")(scene)
    geopandas.read_file(scene.path("plots.gpkg")).to_file(scene.path("plots.shp"))
    scene.path("plots.prj").unlink()
    scene.recipe["training"] = [{"vector": "plots.shp"}]


def geojson(geometry: Any) -> Breaking:
    """A table whose rows have one geometry, as JSON if it is no text."""
    cell = (geometry if isinstance(geometry, str) else json.dumps(geometry)).replace('"', '""')
    rows = "".join(f'"{cell}",{label}\n' for label in (10, 40, 80))
    return together(write("reference.csv", "shape,landcover\n" + rows), entry(geojson="shape"))


def other(recipe: dict[str, Any] | None = None, **changes: Any) -> Breaking:
    """Another recipe, of the same image, whose table this one takes."""

    def make(scene: Scene) -> None:
        own = scene.recipe | {"classifier": {"type": "cart"}}
        scene.write("older.yml", json.dumps((own if recipe is None else recipe) | changes))
        scene.recipe["training"] = [*scene.recipe["training"], {"recipe": "older.yml"}]

    return make


def metres() -> str:
    """The table with metres in place of degrees."""
    rows = [f"{500_000 + 10 * i},{8_599_900 - 10 * i},{(10, 40, 80)[i % 3]}" for i in range(len(places()))]
    return "\n".join(["XCoordinate,YCoordinate,landcover", *rows, ""])


def survey(*answers: str) -> str:
    """Plots of Collect Earth Online with columns for some answers."""
    header = ["plotid", "center_lon", "center_lat", "flagged", *answers]
    rows = [[str(i), f"{x:.8f}", f"{y:.8f}", "false", *["100"] * len(answers)] for i, (x, y) in enumerate(places())]
    return "\n".join(",".join(row) for row in (header, *rows)) + "\n"


CLASS_KEYS = [
    Row(id="a value for two classes", make=mapped(class_="landcover", classes={10: [1, "a"], 40: ["1.0"]}),
        file=RECIPE, thing=r"\.classes: '1\.0' stands for two classes, 10 and 40", remedy="give it to one"),
    Row(id="a class rule that cannot be read", make=mapped(classes={10: "cover >", 40: "cover > 5"}),
        file=RECIPE, thing=r"\.classes\.10, character 8", remedy="write what comes here"),
    Row(id="a class rule of an unknown column", make=mapped(classes={10: "cover > 5", 40: "covr > 5"}),
        file=RECIPE, thing=r"\.classes\.40: 'covr' is not a column; there are", remedy=r"did you mean 'cover'\?"),
    Row(id="class rules that run code", make=mapped(classes={10: "__import__('os').system('x')", 40: "cover"}),
        file=RECIPE, thing=r"\.classes\.10, character", remedy=r"."),
    Row(id="a list of values without a column", make=mapped(classes={10: ["a"]}),
        file=POINTS, thing="no column 'class'; it has XCoordinate, YCoordinate, cover", remedy="names it with class:"),
    Row(id="a class of a column that is not there", make=mapped(columns={10: "forest", 40: ["cover", "crop"]}), lines=2,
        file=POINTS, thing="no column 'crop'", remedy="the recipe names it with columns:"),
    Row(id="classes that no row fits", make=mapped(class_="landcover", classes={10: ["a"], 40: ["b"]}),
        file=POINTS, thing="30 no class matches", remedy="at least 2 classes must have some"),
    Row(id="all rows in the default class", make=mapped(class_="landcover", classes={40: ["b"]}, default=10),
        file=POINTS, thing="only class 10 has usable rows", remedy="add training data"),
    Row(id="three faults in the class keys", lines=3,
        make=mapped(classes={10: "cover >", 40: ["a"], 80: ["a"]}, class_="landcover", columns={10: "forest"}),
        file=RECIPE, thing="'a' stands for two classes, 40 and 80", remedy="give it to one"),
    Row(id="a class key that is no number", make=mapped(classes={"forest": ["a"]}),
        file=RECIPE, thing=r"classes\.forest", remedy="a whole number"),
    Row(id="a default that is no number", make=mapped(default="forest"),
        file=RECIPE, thing=r"default: .*'forest'", remedy="a whole number"),
    Row(id="a misspelt key", make=entry(clas="landcover"),
        file=RECIPE, thing="clas", remedy=r"did you mean 'class'\?"),
]  # fmt: skip

ROWS_OF_TABLES = [
    Row(id="a filter that cannot be read", make=entry(filter="landcover = 10"),
        file=RECIPE, thing=r"\.filter, character 11", remedy="write == to compare"),
    Row(id="a filter of an unknown column", make=entry(filter="land_cover > 10"),
        file=RECIPE, thing=r"\.filter: 'land_cover' is not a column", remedy=r"did you mean 'landcover'\?"),
    Row(id="a filter that leaves nothing", make=entry(filter="landcover > 100"),
        file=POINTS, thing="30 left out by the filter", remedy="at least 2 classes must have some"),
    Row(id="a filter of 10,001 characters", make=entry(filter="1" * 10_001),
        file=RECIPE, thing=r"\.filter: the expression has 10001 characters", remedy="shorten it"),
    Row(id="an empty filter", make=entry(filter=" "), file=RECIPE, thing=r"\.filter: .* empty", remedy="leave it out"),
    Row(id="a group that is not there", make=entry(group="plot"),
        file=POINTS, thing="no column 'plot'", remedy="the recipe names it with group:"),
    Row(id="metres where degrees are meant", make=write("reference.csv", metres()),
        file=rf"{POINTS}, line 2: ", thing="500000.0 8599900.0 are not degrees", remedy="for example crs: EPSG:32736"),
    Row(id="many faults of an entry", make=entry(filter="x >", group="plot", crs="EPSG:1", class_="cover"), lines=4,
        file=RECIPE, thing=r"\.crs: unknown reference system 'EPSG:1'", remedy="for example EPSG:4326"),
    Row(id="a survey whose answers are no labels", make=together(
        write("reference.csv", survey("Use:Wood", "Use:Field")), entry(class_=None)),
        file=POINTS, thing=r"not one question has the legend's labels as answers \(Use: Wood, Field\)",
        remedy=r'columns: \{10: "Use:Wood"\}'),
    Row(id="a GeoJSON column that is not there", make=entry(geojson="geom"),
        file=POINTS, thing="no column 'geom'", remedy="the recipe names it with geojson:"),
    Row(id="geometries that are no JSON", make=geojson("POINT 1 2"), lines=4,
        file=rf"{POINTS}, line 2: ", thing="the geometry 'POINT 1 2' is not GeoJSON", remedy="write for example"),
    Row(id="geometries that are lines", make=geojson({"type": "LineString", "coordinates": [[33, -13], [34, -13]]}),
        lines=4, file=rf"{POINTS}, line 3: ", thing="the geometry is a line", remedy="points and polygons can be used"),
    Row(id="geometries that are null", make=geojson("null"), lines=4,
        file=rf"{POINTS}: ", thing="none of its 3 rows", remedy="can be used"),
    Row(id="polygons far away in a column", make=geojson(box(0, 0, 1, 1).__geo_interface__),
        file=rf"{POINTS}: ", thing="3 outside the image", remedy="at least 2 classes must have some"),
]  # fmt: skip

EDITED = [
    Row(id="an unknown action", make=edits("33,-13,remove,,,"), file=r"edits\.csv, line 2: ",
        thing="no action 'remove'", remedy="there are class, move, delete, restore"),
    Row(id="an edit of no place", make=edits("33,,delete,,,"), file=r"edits\.csv, line 2: ",
        thing="YCoordinate '' is not a number", remedy="write for example"),
    Row(id="an edit with a class that is none", make=edits("33,-13,class,1.5,,"), file=r"edits\.csv, line 2: ",
        thing="class '1.5' is not a whole number", remedy="give the legend's value"),
    Row(id="edits of other columns", make=together(write("edits.csv", "x,y\n1,2\n"), entry(edits="edits.csv")), lines=6,
        file=r"edits\.csv: ", thing="no column 'action'; it has x, y", remedy="and needs XCoordinate, YCoordinate"),
    Row(id="30 edits that cannot be read", make=edits(*["x,1,delete,,,"] * 30), lines=21,
        file=r"edits\.csv: ", thing="10 more rows", remedy="cannot be read"),
    Row(id="edits in a folder", make=together(lambda scene: scene.path("edits.csv").mkdir(), entry(edits="edits.csv")),
        file=r"edits\.csv: ", thing="is a folder", remedy="give a file"),
    Row(id="all points deleted", file=POINTS, thing="30 deleted on the map page", remedy="at least 2 classes",
        make=edits(*(f"{x:.8f},{y:.8f},delete,,," for x, y in places()))),
    Row(id="clicked points of one class", make=collected(CLICKED + "".join(f'{x},{y},"10"\n' for x, y in places())),
        file=r"clicked\.csv: ", thing="only class 10 has usable rows", remedy="add training data"),
    Row(id="clicked points that are none yet", make=put("training", 0, {"collected": "clicked.csv"}),
        file=r"clicked\.csv: ", thing="no class has usable rows", remedy="add training data"),
    Row(id="clicked points in metres", make=collected(CLICKED + '500000,8599900,"10"\n'),
        file=r"clicked\.csv, line 2: ", thing="are not degrees", remedy="for example crs: EPSG:32736"),
    Row(id="clicked points that cannot be read", make=collected(CLICKED + 'x,1,"10"\n1,2,"?"\n'), lines=3,
        file=r"clicked\.csv, line 3: ", thing=r"class '\?' is not a number", remedy="give the legend's value"),
]  # fmt: skip

LAYERS = [
    Row(id="a layer without a reference system", make=no_prj,
        file=r"plots\.shp: ", thing="does not say its reference system", remedy="for example crs: EPSG:4326"),
    Row(id="a layer without the column", make=layer("points", **{"class": "cover"}),
        file=r"plots\.gpkg: ", thing="no column 'cover'; it has", remedy="the recipe names it with class:"),
    Row(id="a layer of lines", make=layer("lines"), lines=4,
        file=r"plots\.gpkg, feature 1: ", thing="is a line", remedy="points and polygons can be used"),
    Row(id="polygons that hold no pixel", make=layer("specks"),
        file=r"plots\.gpkg: ", thing="5 polygon that holds no pixel", remedy="at least 2 classes must have some"),
    Row(id="a layer far from the image", make=layer("far"),
        file=r"plots\.gpkg: ", thing="5 outside the image", remedy="at least 2 classes must have some"),
    Row(id="a layer whose labels the legend lacks", make=layer("polygons", ("wood", "field")), lines=4,
        file=r"plots\.gpkg, feature 1: ", thing="class 'wood' is not a number, and no label", remedy="legend's value"),
    Row(id="per_polygon of nothing", make=layer("polygons", per_polygon=0),
        file=RECIPE, thing="per_polygon", remedy="at least 1"),
    Row(id="a layer of points that is not there", make=layer("points", layer="plot"),
        file=r"plots\.gpkg: ", thing="no layer 'plot'; it has 'plots'", remedy=r"did you mean 'plots'\?"),
]  # fmt: skip

OTHERS = [
    Row(id="a recipe that takes from itself", make=put("training", 0, {"recipe": "recipe.yml"}),
        file=r"recipe\.yml: ", thing=r"training data from itself \(recipe\.yml -> recipe\.yml\)", remedy="take one of"),
    Row(id="two recipes that take from each other", make=other(training=[{"recipe": "recipe.yml"}]),
        file=r"older\.yml: ", thing=r"itself \(recipe\.yml -> older\.yml -> recipe\.yml\)", remedy="take one of"),
    Row(id="a recipe that is not there", make=put("training", 0, {"recipe": "oldr.yml"}),
        file=r"oldr\.yml: ", thing="does not exist", remedy="give the path of a recipe"),
    Row(id="another recipe without a legend", make=other(legend=None),
        file=r"older\.yml: ", thing="has no legend", remedy="for example legend: legend.csv"),
    Row(id="another recipe without training data", make=other(training=[]),
        file=r"older\.yml: ", thing="has no training data", remedy="for example - csv: points.csv"),
    Row(id="another recipe without a band", make=other(images=[{"path": "image.tif", "bands": ["red", "nir"]}]),
        file=r"recipe\.yml, of .*older\.yml, needs the band 'swir1'", thing="the images give red, nir", remedy=r"."),
    Row(id="another recipe that is no recipe", make=together(
        write("older.yml", "image: [x]\n"), put("training", 0, {"recipe": "older.yml"})), lines=2,
        file=r"older\.yml, line 1", thing="image", remedy=r"did you mean 'images'\?"),
    Row(id="another recipe of other classes", make=together(
        write("other.csv", LEGEND.replace(",10,", ",11,").replace(",40,", ",41,").replace(",80,", ",81,")),
        write("moved.csv", points(labels=(11, 41, 81))),
        write("older.yml", json.dumps({
            "images": [{"path": "image.tif", "bands": ["red", "nir", "swir1"]}], "legend": "other.csv",
            "training": [{"csv": "moved.csv", "class": "landcover"}], "classifier": {"type": "cart"}})),
        put("training", 0, {"recipe": "older.yml"})),
        file=r"older\.yml: no class has usable rows", thing="30 class not in the legend", remedy="at least 2 classes"),
]  # fmt: skip

ROWS = [*CLASS_KEYS, *ROWS_OF_TABLES, *EDITED, *LAYERS, *OTHERS]
