"""Training entries of a recipe read as a run reads them, and legends for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from classify_local.grid import Grid
from classify_local.legend import Legend, LegendEntry
from classify_local.recipe.model import CsvSource
from classify_local.recipe.text import load
from classify_local.storage.tables import Table
from classify_local.training.points import ReferencePoints
from classify_local.training.reading import read_points


def legend_of(**labels: int) -> Legend:
    """A legend by label, in which `_` stands for a space."""
    return Legend(
        tuple(
            LegendEntry(value=value, label=label.replace("_", " "), color=f"#{i + 1:06x}")
            for i, (label, value) in enumerate(labels.items())
        )
    )


def read_entry(legend: Legend | None = None, grid: Grid | None = None, **entry: Any) -> ReferencePoints:
    """The points of a recipe's only training entry."""
    document = load({"images": [{"path": "image.tif"}], "training": [entry]})
    (source,) = document.recipe.training
    return read_points(source, document, grid, legend)


def read_text(
    folder: Path, text: str | bytes, legend: Legend | None = None, name: str = "points.csv", **entry: Any
) -> ReferencePoints:
    """The points of a table given as text."""
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_entry(legend, csv=str(path), **entry)


def table_of(separator: str = ",", **columns: list[str]) -> Table:
    """A table in memory; in the names of columns `_` stands for a space."""
    cells = {name.replace("_", " "): list(cells) for name, cells in columns.items()}
    rows = len(next(iter(cells.values()), []))
    return Table(where="plots.csv", columns=cells, lines=range(2, rows + 2), separator=separator)


def entry_of(**keys: Any) -> CsvSource:
    """A training entry as a recipe says it."""
    document = load({"images": [{"path": "image.tif"}], "training": [{"csv": "plots.csv", **keys}]})
    (source,) = document.recipe.training
    assert isinstance(source, CsvSource)
    return source
