"""Vector files as people bring them: each is read right, or refused with one clear line, and nothing is run."""

from __future__ import annotations

import re

import numpy as np
import pytest
import shapely

from classify_local.storage.vectors import VectorLayer, read_layer
from tests.faults.table_files import vector_cases
from tests.faults.table_files.cases import Case, require_line, require_notices


@pytest.mark.parametrize("case", vector_cases.CASES, ids=lambda case: case.id)
def test_layer(case: Case, tmp_path):
    path = tmp_path / case.name
    case.make(path)
    before = {file: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()}
    if case.error:
        with pytest.raises(case.error) as caught:
            read_layer(path, **case.read)
        assert type(caught.value) is case.error
        require_line(caught.value, path, case.message)
    else:
        require_layer(read_layer(path, **case.read), case)
    assert {file: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()} == before


def require_layer(layer: VectorLayer, case: Case) -> None:
    assert {name: cells.tolist() for name, cells in layer.table.columns.items()} == case.columns
    expected = np.array([text and shapely.from_wkt(text) for text in case.geometries] + [None], dtype=object)[:-1]
    found = shapely.normalize(layer.geometries)
    assert shapely.equals_exact(found, shapely.normalize(expected), 1e-6)[~shapely.is_missing(expected)].all(), found
    assert (shapely.is_missing(found) == shapely.is_missing(expected)).all(), found
    assert layer.crs == case.crs
    require_notices(layer.notices, case.notices)
    assert sorted(layer.problems) == sorted(case.problems), layer.problems
    for row, pattern in case.problems.items():
        assert re.search(pattern, layer.problems[row]), layer.problems[row]
    if case.lines is not None:
        assert list(layer.table.lines) == case.lines


def test_names_are_unique():
    assert len({case.id for case in vector_cases.CASES}) == len(vector_cases.CASES)
