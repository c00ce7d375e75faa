"""Tables as people bring them: each is read right, or refused with one clear line."""

from __future__ import annotations

import numpy as np
import pytest

from classify_local.storage.tables import read_table
from tests.faults.table_files import sheet_cases, text_cases
from tests.faults.table_files.cases import Case, require_line, require_notices

CASES = [*text_cases.CASES, *sheet_cases.CASES]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_table(case: Case, tmp_path):
    path = tmp_path / case.name
    case.make(path)
    before = sorted(tmp_path.iterdir())
    if case.error:
        with pytest.raises(case.error) as caught:
            read_table(path, **case.read)
        assert type(caught.value) is case.error
        require_line(caught.value, path, case.message)
    else:
        table = read_table(path, **case.read)
        assert {name: cells.tolist() for name, cells in table.columns.items()} == case.columns
        assert list(table.lines) == case.lines
        require_notices(table.notices, case.notices)
        for name, expected in case.numbers.items():
            values, ok = table.numbers(name)
            np.testing.assert_array_equal(values, np.array(expected, dtype=float))
            np.testing.assert_array_equal(ok, [value is not None for value in expected])
    assert sorted(tmp_path.iterdir()) == before


def test_names_are_unique():
    assert len({case.id for case in CASES}) == len(CASES)
