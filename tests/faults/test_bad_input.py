"""Whatever is given, the answer is a line that helps, the right exit code, and nothing written."""

from __future__ import annotations

import gc
import re
import warnings

import pytest

from tests.faults import (
    array_rows,
    grid_rows,
    product_rows,
    raster_rows,
    recipe_rows,
    table_rows,
    training_rows,
    vrt_rows,
)
from tests.faults.rows import Row
from tests.faults.scene import Scene, call, tree

MODULES = (
    raster_rows,
    table_rows,
    recipe_rows,
    training_rows,
    vrt_rows,
    grid_rows,
    product_rows,
    array_rows,
)
ROWS = [row for module in MODULES for row in module.ROWS]
SECONDS = 10.0
"""Of processor time: what is refused must not hang, whatever else the machine does."""
MEMORY = 200_000_000
"""Bytes a refusal may take beyond what the process has."""


def _cases() -> list[pytest.param]:
    return [pytest.param(row, command, id=f"{row.id}-{command}") for row in ROWS for command in row.commands]


@pytest.mark.parametrize(("row", "command"), _cases())
def test_bad_input_is_refused_with_a_line_that_helps(row: Row, command: str, scene: Scene):
    row.make(scene)
    recipe = scene.write_recipe()
    before = tree(scene.folder.parent)

    result = call(command, str(recipe), *(word.replace("{folder}", str(scene.folder)) for word in row.arguments))

    assert (result.code, len(result.problems)) == (row.code, row.lines), result.err
    assert "Traceback" not in result.err
    assert result.out == ""
    assert any(all(re.search(part, line) for part in (row.file, row.thing, row.remedy)) for line in result.problems), (
        "\n".join([f"no line matches {row.file!r}, {row.thing!r} and {row.remedy!r}:", *result.problems])
    )
    if command == "check":
        assert len(result.err.splitlines()) == row.lines, result.err
    assert tree(scene.folder.parent) == before
    assert result.seconds < SECONDS
    assert result.memory < MEMORY
    if row in array_rows.NETCDF:
        _let_go()


def _let_go() -> None:
    """SciPy leaves a damaged netCDF file to the garbage collector, which complains whenever it comes by."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()


def test_every_row_has_its_own_name():
    names = [row.id for row in ROWS]
    assert sorted(names) == sorted(set(names))
