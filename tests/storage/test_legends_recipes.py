"""The legend of a recipe: inline, or a file of any format."""

from __future__ import annotations

import pytest

from classify_local.errors import InputError
from classify_local.legend import Legend, LegendEntry
from classify_local.recipe.text import load
from classify_local.storage.legends import recipe_import, recipe_legend, write_legend

LEGEND = Legend(
    (
        LegendEntry(value=10, label="Pine", color="#006400", parent="Forest land"),
        LegendEntry(value=20, label="Crop", color="#F096FF"),
    )
)
IMAGES = "images: [{path: image.tif}]\n"


def recipe(tmp_path, text):
    path = tmp_path / "recipe.yml"
    path.write_text(IMAGES + text)
    return load(path)


@pytest.mark.parametrize("name", ["legend.csv", "legend.aux.xml"])
def test_a_recipe_names_a_file_of_any_format(tmp_path, name):
    write_legend(LEGEND, tmp_path / name)
    assert recipe_legend(recipe(tmp_path, f"legend: {name}\n")) == LEGEND


@pytest.mark.parametrize("name", ["style.qml", "style.sld"])
def test_styles_are_legends_without_parents(tmp_path, name):
    write_legend(LEGEND, tmp_path / name)
    found = recipe_legend(recipe(tmp_path, f"legend: {name}\n"))
    assert found is not None
    assert [(entry.value, entry.label, entry.color) for entry in found] == [
        (entry.value, entry.label, entry.color) for entry in LEGEND
    ]


def test_a_recipe_without_a_legend(tmp_path):
    assert recipe_legend(recipe(tmp_path, "")) is None


def test_an_inline_legend_may_have_parents(tmp_path):
    text = (
        'legend:\n  - {value: 10, label: Pine, color: "#006400", parent: Forest land}\n'
        '  - {value: 20, label: Crop, color: "#F096FF"}\n'
    )
    assert recipe_legend(recipe(tmp_path, text)) == LEGEND


def test_notices_come_with_it(tmp_path):
    (tmp_path / "legend.csv").write_text("10,Pine,#006400\n20,Crop,#F096FF\n")
    found = recipe_import(recipe(tmp_path, "legend: legend.csv\n"))
    assert found is not None
    assert any("has no header" in notice for notice in found.notices)
    inline = recipe_import(recipe(tmp_path, 'legend:\n  - {value: 300, label: "a\u200b", color: "#006400"}\n'))
    assert inline is not None
    assert [notice.partition(" legend: ")[2][:9] for notice in inline.notices] == ["the label", "SEPAL's m"]


def test_all_problems_of_an_inline_legend_are_told(tmp_path):
    text = (
        'legend:\n  - {value: 10, label: "", color: "#006400"}\n  - {value: 10, label: b, color: "#12G"}\n'
        '  - {value: 10, label: c, color: "#000001"}\n  - {value: 10, label: d, color: "#000001"}\n'
    )
    with pytest.raises(InputError) as caught:
        recipe_legend(recipe(tmp_path, text))
    assert len(caught.value.problems) == 4
    assert all("recipe.yml, line" in line for line in caught.value.problems)
