"""What stays together in a check of the model: features, values of a column, and never rows of two files."""

from __future__ import annotations

from collections import Counter

import geopandas
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rasterio.crs import CRS
from shapely.geometry import MultiPoint, Point, Polygon, box

from classify_local.errors import InputError
from classify_local.features.images import open_stack
from classify_local.grid import Grid
from classify_local.recipe.text import load
from classify_local.storage.columns import text_array
from classify_local.training.cells import group_numbers
from classify_local.training.joining import sample_all
from classify_local.training.points import ReferencePoints
from tests.conftest import TRANSFORM, UTM, write_raster
from tests.training.entries import legend_of, read_entry, read_text

GRID = Grid(crs=CRS.from_string(UTM), transform=TRANSFORM, shape=(20, 30))
CELLS = st.sampled_from(["", "a", "b", "A", "1", "1.0", " "])


def partition(values: list) -> set[frozenset[int]]:
    """The rows of each value, without those of None."""
    rows: dict[object, list[int]] = {}
    for row, value in enumerate(values):
        if value is not None:
            rows.setdefault(value, []).append(row)
    return {frozenset(found) for found in rows.values()}


@given(st.lists(CELLS, max_size=30))
def test_numbers_partition_the_rows_as_the_cells_do(cells):
    numbers = group_numbers(text_array(cells)).tolist()
    assert [number < 0 for number in numbers] == [cell == "" for cell in cells]
    assert partition([n if n >= 0 else None for n in numbers]) == partition([cell or None for cell in cells])
    assert all(-1 <= number < len(cells) for number in numbers)


def groups_of(points: ReferencePoints) -> list[int | None]:
    return [group if group >= 0 else None for group in points.group.tolist()]


def test_plain_points_have_no_group(tmp_path):
    points = read_text(tmp_path, "lon,lat,class\n1,2,3\n4,5,6\n")
    assert groups_of(points) == [None, None]


def test_a_group_column_of_a_table(tmp_path):
    points = read_text(tmp_path, "lon,lat,class,plot\n1,2,3,a\n4,5,6,b\n7,8,9,\nx,1,2,a\n1,1,1,a\n", group="plot")
    assert partition(groups_of(points)) == {frozenset({0, 3}), frozenset({1})}
    assert groups_of(points)[2] is None
    assert points.grouped_by == "values of plot"


def test_a_group_column_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"no column 'plots'.* did you mean 'plot'\? \(the recipe names it with group"):
        read_text(tmp_path, "lon,lat,class,plot\n1,2,3,a\n", group="plots")


@pytest.fixture
def layer(tmp_path) -> str:
    """Two polygons, a multipoint and a point, of which two have a plot."""
    x, y = TRANSFORM @ (np.arange(30.0), np.zeros(30))
    shapes = [
        box(x[0], y[0] - 20, x[2], y[0]), box(x[4], y[0] - 10, x[7], y[0]),
        MultiPoint([(x[10] + 5, y[0] - 5), (x[12] + 5, y[0] - 5)]), Point(x[15] + 5, y[0] - 5),
        Polygon([(x[20], y[0]), (x[21], y[0]), (x[21], y[0] - 10), (x[20], y[0] - 10)]),
    ]  # fmt: skip
    frame = geopandas.GeoDataFrame(
        {"class": [1, 2, 1, 2, 1], "plot": ["p", None, "q", "p", "p"]}, geometry=shapes, crs=UTM
    )
    frame.to_file(tmp_path / "plots.gpkg")
    return str(tmp_path / "plots.gpkg")


def test_features_with_several_places_are_groups(layer):
    points = read_entry(None, GRID, vector=layer)
    assert points.grouped_by == "features"
    by_line = {line: set(points.group[points.line == line].tolist()) for line in set(points.line.tolist())}
    assert Counter(points.line.tolist()) == {1: 4, 2: 3, 3: 2, 4: 1, 5: 1}
    assert by_line[4] == {-1}
    assert len(set.union(*by_line.values())) == 5


def test_a_group_column_joins_features_and_leaves_the_others_apart(layer):
    points = read_entry(None, GRID, vector=layer, group="plot")
    group = {line: set(points.group[points.line == line].tolist()) for line in range(1, 6)}
    assert all(len(found) == 1 for found in group.values())
    assert group[1] == group[4] == group[5]
    assert len(set.union(*group.values())) == 3
    assert -1 not in set.union(*group.values()), "a feature without a plot stays together by itself"


@pytest.mark.parametrize("plots", [["", "p", "", "q"], ["p", "", "q", "", "r"], ["", "", "", "p"], ["p", "q", "p", ""]])
def test_features_without_a_plot_meet_no_plot(tmp_path, plots):
    """Whatever numbers plots and features have."""
    x, y = TRANSFORM @ (np.arange(0.0, 25.0, 5), np.zeros(5))
    shapes = [box(x[i], y[0] - 20, x[i] + 20, y[0]) for i in range(len(plots))]
    frame = geopandas.GeoDataFrame({"class": [1] * len(plots), "plot": plots}, geometry=shapes, crs=UTM)
    frame.to_file(tmp_path / "plots.gpkg")
    points = read_entry(None, GRID, vector=str(tmp_path / "plots.gpkg"), group="plot")
    own = [plots[line - 1] or line for line in points.line.tolist()]
    assert partition(points.group.tolist()) == partition(own)


@given(st.lists(st.lists(CELLS, min_size=1, max_size=8), min_size=1, max_size=4))
def test_groups_of_several_files_are_kept_apart(tmp_path, files):
    path = tmp_path / "image.tif"
    if not path.exists():
        write_raster(path, np.arange(1, 601, dtype=np.uint16).reshape(20, 30))
    sources, cell = [], 0
    for number, cells in enumerate(files):
        lines = []
        for plot in cells:
            x, y = TRANSFORM @ (cell % 30 + 0.5, cell // 30 + 0.5)
            lines.append(f"{x},{y},1,{plot}\n")
            cell += 1
        text = "x,y,class,plot\n" + "".join(lines)
        sources.append(read_text(tmp_path, text, name=f"{number}.csv", crs=UTM, group="plot"))
    stack = open_stack(load({"images": [{"path": str(path)}]}))
    training, _ = sample_all(sources, stack, legend_of(a=1, b=2))
    own = [(number, plot.strip()) if plot.strip() else None for number, cells in enumerate(files) for plot in cells]
    assert partition([group if group >= 0 else None for group in training.group.tolist()]) == partition(own)
