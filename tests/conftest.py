import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real scenes, which is no part of the project."""
    default = Path(__file__).parents[1] / ".." / "shared" / "data"
    folder = Path(os.environ.get("CLASSIFY_LOCAL_REAL_DATA", default)).resolve()
    if not folder.is_dir():
        pytest.skip(f"no real scenes in {folder}; set CLASSIFY_LOCAL_REAL_DATA to their folder")
    return folder
