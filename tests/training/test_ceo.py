"""Tables of Collect Earth Online as it exports them: plots, and samples of plots."""

from __future__ import annotations

import pytest

from classify_local.errors import InputError
from classify_local.training.ceo import answers, as_survey
from classify_local.training.samples import FILTERED, UNMATCHED
from tests.training.entries import entry_of, legend_of, read_text, table_of

LEGEND = legend_of(Tree_cover=10, Cropland=40, Water=80)

OLD_PLOTS = """PLOT_ID,CENTER_LON,CENTER_LAT,SIZE_M,SHAPE,FLAGGED,ANALYSES,SAMPLE_POINTS,Land use:Tree cover,\
Land use:Cropland,Land use:Water,Sure?:yes,Sure?:no
1,33.1,-13.1,30,square,FALSE,1,4,100.0,0.0,0.0,100,0
2,33.2,-13.2,30,square,TRUE,1,4,0.0,0.0,100.0,100,0
3,33.3,-13.3,30,square,FALSE,0,4,0.0,100.0,0.0,0,100
4,33.4,-13.4,30,square,FALSE,2,4,0.0,25.0,75.0,0,100
5,33.5,-13.5,30,square,FALSE,1,4,0.0,0.0,0.0,0,100
"""
"""In capitals, with the number of analyses, as SEPAL knows them."""

PLOTS = """plotid,center_lon,center_lat,shape,size_m,sample_points,email,flagged,flagged_reason,collection_time,\
analysis_duration,common_securewatch_date,total_securewatch_dates,pl_stratum,Is it sure?:yes,Land use:Water,\
Land use:Cropland,Land use:Tree cover,Land use:Other
1,33.1,-13.1,square,30,4,a@b.c,false,,2024-05-01 10:00,3.2 secs,,0,x,100.00,0.00,0.00,100.00,0.00
2,33.2,-13.2,square,30,4,a@b.c,true,cloud,2024-05-01 10:01,3.2 secs,,0,x,,,,,
3,33.3,-13.3,square,30,4,a@b.c,,,2024-05-01 10:02,3.2 secs,,0,x,100.00,100.00,0.00,0.00,0.00
4,33.4,-13.4,square,30,4,a@b.c,false,,2024-05-01 10:03,3.2 secs,,0,x,100.00,0.00,0.00,0.00,100.00
"""

SAMPLES = """plotid,sampleid,sample_internal_id,lon,lat,email,flagged,collection_time,analysis_duration,imagery_title,\
imagery_attributions,sample_geom,pl_class,Land use,Sure?
1,1,7,33.10,-13.10,a@b.c,false,2024-05-01,3.2 secs,Planet,,"POINT(33.1 -13.1)",Water,Tree cover,yes
1,2,8,33.11,-13.11,a@b.c,false,2024-05-01,3.2 secs,Planet,,"POINT(33.11 -13.11)",Water,Cropland,no
2,1,9,33.20,-13.20,a@b.c,false,2024-05-01,3.2 secs,Planet,,"POINT(33.2 -13.2)",Water,water,yes
2,2,10,33.21,-13.21,a@b.c,true,2024-05-01,3.2 secs,Planet,,"POINT(33.21 -13.21)",Water,,
3,1,11,33.30,-13.30,a@b.c,false,2024-05-01,3.2 secs,Planet,,"POINT(33.3 -13.3)",Water,Water,yes
"""


def test_plots_in_capitals_with_analyses(tmp_path):
    points = read_text(tmp_path, OLD_PLOTS, LEGEND)
    assert (points.x.tolist(), points.labels.tolist()) == ([33.1, 33.4], [10, 40]), "the lowest class of a mixed plot"
    assert dict(points.left_out) == {FILTERED: 2, UNMATCHED: 1}
    first, second = points.notes
    assert first.endswith(
        "points.csv: a table of Collect Earth Online; the answers to 'Land use' are the classes, and rows count for "
        "which !FLAGGED && ANALYSES"
    )
    assert second.endswith("points.csv: 1 of 5 rows fit several classes; the lowest class value is taken")


def test_plots_as_they_are_exported_today(tmp_path):
    points = read_text(tmp_path, PLOTS, LEGEND)
    assert (points.x.tolist(), points.labels.tolist()) == ([33.1, 33.3], [10, 80])
    assert dict(points.left_out) == {FILTERED: 1, UNMATCHED: 1}
    assert points.notes[0].endswith("rows count for which !flagged")
    assert points.group.tolist() == [-1, -1]


def test_samples_of_plots_stay_together(tmp_path):
    points = read_text(tmp_path, SAMPLES, LEGEND)
    assert points.labels.tolist() == [10, 40, 80, 80]
    assert dict(points.left_out) == {FILTERED: 1}
    assert points.group[0] == points.group[1]
    assert len(set(points.group.tolist())) == 3
    assert points.grouped_by == "values of plotid"
    assert "the answers to 'Land use' are the classes" in points.notes[0]


@pytest.mark.parametrize(
    ("keys", "labels", "left"),
    [
        ({"filter": "CENTER_LON > 33.15"}, [80, 40, 40], {FILTERED: 1, UNMATCHED: 1}),
        ({"default": 0}, [10, 40, 0], {FILTERED: 2}),
        ({"columns": {7: "Sure?:yes"}}, [7, 7], {UNMATCHED: 3}),
        ({"classes": {7: "SIZE_M > 0"}}, [7] * 5, {}),
        ({"class": "PLOT_ID"}, [1, 2, 3, 4, 5], {}),
    ],
)
def test_what_the_recipe_says_itself_counts(tmp_path, keys, labels, left):
    points = read_text(tmp_path, OLD_PLOTS, LEGEND, **keys)
    assert (points.labels.tolist(), dict(points.left_out)) == (labels, left)


def test_a_group_of_the_recipe_counts(tmp_path):
    points = read_text(tmp_path, SAMPLES, LEGEND, group="Sure?")
    assert points.group[0] == points.group[2] == points.group[3] != points.group[1]


@pytest.mark.parametrize(
    ("table", "legend", "said"),
    [
        (OLD_PLOTS, legend_of(Forest=1, Water=2),
         "the legend's labels as answers (Land use: Tree cover, Cropland, Water; Sure?: yes, no); say the columns, "),
        (OLD_PLOTS, legend_of(Forest=1, Water=2), 'say the columns, for example columns: {10: "Land use:Tree cover"}'),
        (OLD_PLOTS.replace("Sure?:yes", "Then:Water").replace("Sure?:no", "Then:Cropland"),
         legend_of(Water=1, Cropland=2), "2 questions have the legend's labels as answers"),
        (SAMPLES, legend_of(Forest=1, Water=2), "not one question has the legend's labels as answers (plotid, "),
        (SAMPLES.replace("Sure?", "Later").replace(",yes", ",Water").replace(",no", ",Water"), LEGEND,
         "2 questions have the legend's labels as answers (Land use, Later); say the column, for example class: Later"),
    ],
)  # fmt: skip
def test_what_is_not_clear_is_said_with_the_questions(tmp_path, table, legend, said):
    with pytest.raises(InputError) as caught:
        read_text(tmp_path, table, legend)
    (line,) = caught.value.problems
    assert "points.csv: a table of Collect Earth Online, and " in line
    assert said in line


@pytest.mark.parametrize("table", [OLD_PLOTS, PLOTS, SAMPLES])
def test_without_a_legend_no_row_has_a_class_and_nothing_fails(tmp_path, table):
    points = read_text(tmp_path, table)
    assert len(points) == 0
    assert points.left_out[UNMATCHED]


@pytest.mark.parametrize(
    "columns",
    [
        {"lon": ["1"], "lat": ["2"], "Land_use:Water": ["1"]},
        {"center_lon": ["1"], "center_lat": ["2"], "flagged": ["false"]},
        {"center_lon": ["1"], "center_lat": ["2"], "flagged": ["false"], "Land_use:Water": ["1"], "class": ["80"]},
        {"plotid": ["1"], "lon": ["1"], "lat": ["2"], "flagged": ["false"]},
    ],
)
def test_other_tables_are_left_as_they_are(columns):
    entry = entry_of()
    assert as_survey(entry, table_of(**columns), LEGEND) == (entry, ())


def test_a_question_may_hold_a_colon():
    found = answers(table_of(**{"Cover: main:Water": ["1"], "Cover: main: Crop ": ["0"], ":x": [""], "y:": [""]}))
    assert found == {"Cover: main": {"Water": "Cover: main:Water", "Crop": "Cover: main: Crop "}}
