"""Where auxiliary data lie if nothing else is said."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = "CLASSIFY_LOCAL_AUX"
"""Environment variable that names the folder of terrain, water and land cover."""


def default_folder(beside: Path = Path()) -> Path:
    """The folder the environment names, else `aux` in `beside`; on Windows, which keeps that name, `auxiliary`."""
    named = os.environ.get(FOLDER)
    return Path(named) if named else beside / ("auxiliary" if os.name == "nt" else "aux")
