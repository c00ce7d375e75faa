"""The whole account of a training table, from a recipe."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from pyproj import Transformer

from classify_local.describing import LAYER, USED, TrainingDescription, describe, write_suspects
from classify_local.errors import StorageError
from classify_local.learning import learn
from classify_local.preparation import prepare_training
from classify_local.recipe.text import load
from tests.conftest import UTM, Scene


def described(recipe: Path, *, suspects: bool = True, check: bool = False) -> TrainingDescription:
    ready = prepare_training(load(recipe), ())
    found = describe(learn(ready, check=check), ready, suspects=suspects)
    assert found is not None
    return found


def with_odd_rows(scene: Scene) -> dict[str, list[tuple[float, float, object]]]:
    """More rows in the scene's table, by what is wrong with them, and a second table."""
    x, y, value = scene.points[0]
    odd: dict[str, list[tuple[float, float, object]]] = {
        "no usable coordinates or class": [(x, y, "")] * 2,
        "class not in the legend": [(x, y, 99)],
        "outside the image": [(0.0, 0.0, value), (1e6, 1e7, 7)],
        "no data in a band": [(500_000 + 350, 8_600_000 - 250, 5)],
        "same pixel and class again": [(x, y, value)],
    }
    with scene.table.open("a", encoding="utf-8") as stream:
        stream.writelines(f"{a},{b},{c}\n" for rows in odd.values() for a, b, c in rows)
    there = scene.truth[0, int(x + 200 - 500_000) // 10]
    (scene.folder / "more.csv").write_text(f"x,y,class\n{x + 200},{y},{there}\n", encoding="utf-8")
    more = f"  - {{csv: more.csv, x: x, y: y, crs: '{UTM}'}}\n"
    scene.recipe.write_text(scene.recipe.read_text().replace("classifier:", f"{more}classifier:"), encoding="utf-8")
    return odd


def with_mistakes(scene: Scene, count: int = 5) -> list[int]:
    """Give some rows of the scene's table another class, and return their lines."""
    lines = scene.table.read_text(encoding="utf-8").splitlines()
    chosen = [3 + 23 * number for number in range(count)]
    for line in chosen:
        x, y, value = lines[line - 1].split(",")
        lines[line - 1] = f"{x},{y},{7 if value != '7' else 1}"
    scene.table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return chosen


def test_every_row_is_counted_once(scene: Scene) -> None:
    odd = with_odd_rows(scene)
    found = described(scene.recipe, suspects=False)
    assert sum(cell.rows for cell in found.cells) == 120 + sum(map(len, odd.values())) + 1
    by_fate = {cell.fate: 0 for cell in found.cells}
    for cell in found.cells:
        by_fate[cell.fate] += cell.rows
    assert by_fate.pop(USED) == len(found.training)
    assert by_fate == {reason: len(rows) for reason, rows in odd.items()}
    for source, count in found.report.read.items():
        assert sum(cell.rows for cell in found.cells if cell.source == source) == count
    for (source, reason), count in found.report.dropped.items():
        assert sum(cell.rows for cell in found.cells if (cell.source, cell.fate) == (source, reason)) == count
    for value, count in found.report.classes.items():
        assert sum(cell.rows for cell in found.cells if (cell.value, cell.fate) == (value, USED)) == count


def test_cells_come_in_order(scene: Scene) -> None:
    with_odd_rows(scene)
    cells = described(scene.recipe, suspects=False).cells
    assert [Path(cell.source).name for cell in cells] == sorted(Path(cell.source).name for cell in cells)[::-1]
    points = [cell for cell in cells if cell.source.endswith("points.csv")]
    assert [cell.value for cell in points if cell.value is not None] == sorted(
        cell.value for cell in points if cell.value is not None
    )
    assert (points[0].value, points[0].fate) == (1, USED)
    assert (points[-1].value, points[-1].rows) == (None, 2)


def test_mistakes_are_found_where_they_are(scene: Scene) -> None:
    lines = with_mistakes(scene)
    found = described(scene.recipe)
    assert {row.line for row in found.suspect_rows} == set(lines)
    rows = scene.table.read_text(encoding="utf-8").splitlines()
    to_degrees = Transformer.from_crs(UTM, "EPSG:4326", always_xy=True)
    for row in found.suspect_rows:
        x, y, value = rows[row.line - 1].split(",")
        assert (row.x, row.y, row.given) == (float(x), float(y), int(value))
        assert (row.longitude, row.latitude) == pytest.approx(to_degrees.transform(row.x, row.y))
        assert row.source == str(scene.table)
        assert row.group == -1


def test_suspects_as_a_geopackage(scene: Scene, tmp_path: Path) -> None:
    with_mistakes(scene)
    found = described(scene.recipe)
    path = tmp_path / "suspects.gpkg"
    path.write_text("what stood there before")
    write_suspects(path, found)
    frame = gpd.read_file(path, layer=LAYER)
    assert frame.crs == UTM
    assert frame["rank"].tolist() == list(range(1, len(found.suspect_rows) + 1))
    assert frame["line"].tolist() == [row.line for row in found.suspect_rows]
    assert frame["likely_label"].tolist() == [found.legend.label(row.likely) for row in found.suspect_rows]
    np.testing.assert_array_equal(frame.geometry.x, [row.x for row in found.suspect_rows])
    assert [file.name for file in tmp_path.iterdir() if "suspects" in file.name] == ["suspects.gpkg"]


def test_no_suspects_as_a_geopackage(scene: Scene, tmp_path: Path) -> None:
    found = described(scene.recipe)
    assert found.suspect_rows == ()
    write_suspects(tmp_path / "none.gpkg", found)
    assert len(gpd.read_file(tmp_path / "none.gpkg")) == 0


def test_a_geopackage_that_cannot_be_written(scene: Scene, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written"):
        write_suspects(tmp_path / "missing" / "suspects.gpkg", described(scene.recipe, suspects=False))


def test_as_json(scene: Scene) -> None:
    with_odd_rows(scene)
    with_mistakes(scene)
    found = described(scene.recipe, check=True)
    facts = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert facts["classes"]["5"]["rows"] == found.report.classes[5]
    assert facts["classes"]["5"]["signature"]["red"]["mean"] == pytest.approx(
        found.training.features[found.training.labels == 5, 0].mean()
    )
    assert facts["suspects"]["suspected"] == len(facts["suspect_rows"])
    assert facts["validation"]["folds"] == 5
    assert len(found.to_dict(suspects=2)["suspect_rows"]) == 2
    without = described(scene.recipe, suspects=False).to_dict()
    assert without["suspects"] == {"not made": "not asked for"}


def test_classes_without_rows(scene: Scene) -> None:
    with (scene.folder / "legend.csv").open("a", encoding="utf-8") as stream:
        stream.write("#FF0000,9,town\n")
    found = described(scene.recipe, suspects=False)
    assert found.without_rows == (9,)
    assert found.to_dict()["classes"]["9"] == {"label": "town", "rows": 0, "signature": {}}


def test_a_row_of_each_class_has_no_distances(scene: Scene) -> None:
    rows = {value: f"{x},{y},{value}" for x, y, value in scene.points}
    scene.table.write_text("x,y,class\n" + "\n".join(rows.values()) + "\n", encoding="utf-8")
    found = described(scene.recipe)
    assert found.separability is None
    assert "two rows" in found.unseparated
    assert found.suspects is None
    assert found.unsuspected
    json.dumps(found.to_dict(), allow_nan=False)


def test_a_classifier_without_training_has_nothing_to_describe(scene: Scene) -> None:
    tree = "1) root 9999 9999 9999\\n2) red<=1000 9999 9999 1 *\\n3) red>1000 9999 9999 2 *"
    text = scene.recipe.read_text().partition("training:")[0]
    scene.recipe.write_text(
        f'{text}classifier: {{type: decision_tree, decision_tree: "{tree}"}}\noutput: {{bands: [class]}}\n'
    )
    ready = prepare_training(load(scene.recipe), ())
    assert describe(learn(ready), ready) is None


def test_rows_of_another_recipe(scene: Scene) -> None:
    """They are counted under the file of their recipe, and have neither a line nor a dot on the map."""
    with_mistakes(scene)
    other = scene.folder / "other.yml"
    other.write_text(scene.recipe.read_text(), encoding="utf-8")
    text = scene.recipe.read_text().replace(f"csv: points.csv, x: x, y: y, crs: '{UTM}'", "recipe: other.yml")
    x, y, value = scene.points[0]
    (scene.folder / "one.csv").write_text(f"x,y,class\n{x},{y},{value}\n", encoding="utf-8")
    text = text.replace("classifier:", f"  - {{csv: one.csv, x: x, y: y, crs: '{UTM}'}}\nclassifier:")
    scene.recipe.write_text(text, encoding="utf-8")
    found = described(scene.recipe)
    sources = {Path(source).name: rows for source, rows in found.report.read.items()}
    assert sources == {"one.csv": 1, "other.yml": 120}
    assert {Path(cell.source).name: cell.fate for cell in found.cells} == {"one.csv": USED, "other.yml": USED}
    assert sum(cell.rows for cell in found.cells) == 121
    assert len(found.suspect_rows) >= 5
    assert {(Path(row.source).name, row.line) for row in found.suspect_rows} == {("other.yml", -1)}
    json.dumps(found.to_dict(), allow_nan=False)


SAMPLE_MISTAKES = {86, 185, 260, 288, 349, 377, 431, 481, 486, 504}
"""Lines of the sample scene's points that its script gave another class than the land has."""


def test_the_sample_scene_has_its_mistakes_found() -> None:
    found = described(Path(__file__).parents[1] / "sample_data" / "recipe.yml")
    suspected = {row.line for row in found.suspect_rows}
    assert len(suspected & SAMPLE_MISTAKES) >= 9
    assert len(suspected) <= 20
