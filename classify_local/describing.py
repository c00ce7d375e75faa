"""The whole account of a training table: rows by source, class and fate, how far classes lie apart, and suspects."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classify_local.accuracy.separability import Separability, separability
from classify_local.accuracy.suspects import SuspectGroup, Suspects, find_suspects, suspected_groups
from classify_local.accuracy.validation import Validation
from classify_local.errors import InputError
from classify_local.grid import Grid, grid_sentence
from classify_local.learning import Learned
from classify_local.legend import Legend
from classify_local.prepared import Trainable
from classify_local.training.points import project
from classify_local.training.samples import TrainingReport, TrainingSet

USED = "used"
LAYER = "suspects"
"""The layer of the GeoPackage of suspects."""

_SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """How many rows of a source and class met one fate.

    Parameters
    ----------
    source
        The file.
    value
        Class value; None where it is not known, as of rows without one and of another recipe's rows left out.
    fate
        `USED`, or why they are left out.
    rows
        How many.
    """

    source: str
    value: int | None
    fate: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectRow:
    """A row whose class is probably wrong, and where to find it.

    Parameters
    ----------
    source, line
        The file, and its line or feature, -1 where that is not known: of rows another recipe gives.
    group
        Number of the polygon or group; -1 for a plain point.
    x, y
        In the image's reference system.
    longitude, latitude
        In degrees; not a number if the image's system is not tied to the earth.
    given, likely
        Class values the row has, and what a model takes it for.
    given_probability, likely_probability
        Of these classes, 0 to 1.
    """

    source: str
    line: int
    group: int
    x: float
    y: float
    longitude: float
    latitude: float
    given: int
    likely: int
    given_probability: float
    likely_probability: float

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it: no figure is null."""
        values = {name: getattr(self, name) for name in type(self).__dataclass_fields__}
        unknown = {name for name, value in values.items() if isinstance(value, float) and not math.isfinite(value)}
        return {name: None if name in unknown else value for name, value in values.items()}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingDescription:
    """What there is to say of a training table.

    Parameters
    ----------
    name
        The recipe's.
    bands, legend, grid
        Of the recipe.
    report
        What became of the rows.
    cells
        Rows by source, class and fate; their sum is the number of rows read.
    training
        The table.
    separability
        How far the classes lie apart; None where `unseparated` says why not.
    suspects
        Rows whose class is probably wrong; None where `unsuspected` says why not.
    suspect_rows
        The same rows in the same order, with their places.
    suspect_groups
        Groups of which half or more is suspected, each with its place by its first row.
    validation
        The check of the model; None where it was not made; `unchecked` may say why.
    """

    name: str
    bands: tuple[str, ...]
    legend: Legend
    grid: Grid
    report: TrainingReport
    cells: tuple[Cell, ...]
    training: TrainingSet
    separability: Separability | None
    unseparated: str
    suspects: Suspects | None
    suspect_rows: tuple[SuspectRow, ...]
    suspect_groups: tuple[tuple[SuspectGroup, str, int], ...]
    unsuspected: str
    validation: Validation | None
    unchecked: str

    @property
    def without_rows(self) -> tuple[int, ...]:
        """Classes of the legend without training data."""
        return tuple(value for value in self.legend.values if not self.report.classes.get(value))

    def to_dict(self, suspects: int = _SHOWN) -> dict[str, Any]:
        """For the run record and other programs, with so many suspects at most."""
        return {
            "name": self.name,
            "bands": list(self.bands),
            "grid": grid_sentence(self.grid),
            "rows": [
                {"source": cell.source, "class": cell.value, "fate": cell.fate, "rows": cell.rows}
                for cell in self.cells
            ],
            "classes": self._classes(),
            "classes_without_data": list(self.without_rows),
            "separability": _facts(self.separability, self.unseparated),
            "suspects": _facts(self.suspects, self.unsuspected),
            "suspect_rows": [row.to_dict() for row in self.suspect_rows[:suspects]],
            "suspect_groups": [
                {
                    "source": source, "line": line, "rows": group.rows, "suspected": group.suspected,
                    "given": group.given, "likely": group.likely,
                }
                for group, source, line in self.suspect_groups
            ],
            "validation": _facts(self.validation, self.unchecked),
            "notes": list(self.report.notes),
        }  # fmt: skip

    def _classes(self) -> dict[str, Any]:
        signatures = {} if self.separability is None else {one.value: one for one in self.separability.signatures}
        return {
            str(entry.value): {
                "label": entry.label,
                "rows": self.report.classes.get(entry.value, 0),
                "signature": signatures[entry.value].to_dict(self.bands)["bands"] if entry.value in signatures else {},
            }
            for entry in self.legend
        }


def describe(
    learned: Learned, ready: Trainable, *, suspects: bool = True, stopped: Callable[[], None] = lambda: None
) -> TrainingDescription | None:
    """All there is to say of the table a model was trained with; None for a classifier that needs none.

    Parameters
    ----------
    learned
        The model, its table and its check.
    ready
        The recipe it was trained from.
    suspects
        Also look for rows whose class is probably wrong, which takes from seconds to a minute.
    stopped
        Called now and then; may raise to stop.
    """
    if learned.report is None:
        return None
    return describe_table(
        learned.training, learned.report, ready, validation=learned.validation, unchecked=learned.unchecked,
        suspects=suspects, stopped=stopped,
    )  # fmt: skip


def describe_table(
    training: TrainingSet,
    report: TrainingReport,
    ready: Trainable,
    *,
    validation: Validation | None = None,
    unchecked: str = "",
    suspects: bool = True,
    stopped: Callable[[], None] = lambda: None,
) -> TrainingDescription:
    """All there is to say of a training table; the parameters are those of `describe`."""
    grid, bands = ready.stack.grid, ready.stack.names
    sources = [*(points.where for points in ready.points), *(other.where for other in ready.others)]
    apart, unseparated = _attempt(lambda: separability(training.features, training.labels, bands))
    found, unsuspected = None, "not asked for"
    if suspects:
        found, unsuspected = _attempt(
            lambda: find_suspects(training.features, training.labels, training.group, stopped=stopped)
        )
    own = report.rows.line[report.rows.open()]
    line = np.concatenate([own, np.full(len(training) - len(own), -1)])
    groups = () if found is None else suspected_groups(found, training.group, training.labels)
    return TrainingDescription(
        name=ready.document.name, bands=bands, legend=ready.legend, grid=grid, report=report,
        cells=tuple(_cells(report, training, sources)), training=training, separability=apart, unseparated=unseparated,
        suspects=found, unsuspected=unsuspected,
        suspect_rows=() if found is None else tuple(_suspect_rows(found, training, line, sources, grid)),
        suspect_groups=tuple((one, sources[training.source[one.row]], int(line[one.row])) for one in groups),
        validation=validation, unchecked=unchecked,
    )  # fmt: skip


def write_suspects(path: Path, description: TrainingDescription) -> None:
    """Write the suspected rows as points of a GeoPackage, in the image's reference system, the worst first.

    Parameters
    ----------
    path
        The GeoPackage; what stands there is replaced.
    description
        What was found.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    from classify_local.storage import geopackages

    rows, label = description.suspect_rows, description.legend.label
    columns = {
        "rank": np.arange(1, len(rows) + 1),
        "source": np.array([row.source for row in rows], dtype=object),
        "line": np.array([row.line for row in rows], dtype=np.int64),
        "given": np.array([row.given for row in rows], dtype=np.int64),
        "given_label": np.array([label(row.given) for row in rows], dtype=object),
        "given_probability": np.array([row.given_probability for row in rows], dtype=np.float64),
        "likely": np.array([row.likely for row in rows], dtype=np.int64),
        "likely_label": np.array([label(row.likely) for row in rows], dtype=object),
        "likely_probability": np.array([row.likely_probability for row in rows], dtype=np.float64),
    }
    x, y = np.array([(row.x, row.y) for row in rows], dtype=np.float64).reshape(-1, 2).T
    geopackages.write_points(path, x, y, description.grid.crs.to_wkt(), columns, LAYER)


def _attempt(find: Callable[[], Any]) -> tuple[Any, str]:
    """What was found, or why it could not be."""
    try:
        return find(), ""
    except InputError as error:
        return None, str(error)


def _cells(report: TrainingReport, training: TrainingSet, sources: Sequence[str]) -> Iterator[Cell]:
    """Rows by source, class and fate: sources as they come, classes ascending, used ones first."""
    rows, own = report.rows, int(report.rows.open().sum())  # behind the own rows stand those of other recipes
    number = np.concatenate([rows.source, training.source[own:]]).tolist()
    labels = np.concatenate([rows.labels, training.labels[own:]]).tolist()
    reasons = [*rows.reason.tolist(), *[""] * (len(training) - own)]
    counts = Counter((sources[i], label, reason) for i, label, reason in zip(number, labels, reasons, strict=True))
    known = Counter[tuple[str, str]]()
    for (source, _, reason), count in counts.items():
        known[source, reason] += count
    cells = [Cell(source=s, value=v, fate=reason or USED, rows=n) for (s, v, reason), n in counts.items()]
    for (source, reason), count in report.dropped.items():
        if count > known[source, reason]:
            cells.append(Cell(source=source, value=None, fate=reason, rows=count - known[source, reason]))
    first = {source: i for i, source in reversed(list(enumerate(report.read)))}
    yield from sorted(cells, key=lambda cell: (first[cell.source], *_class_order(cell.value), cell.fate != USED))


def _class_order(value: int | None) -> tuple[bool, int]:
    return value is None, value or 0


def _suspect_rows(
    found: Suspects, training: TrainingSet, line: NDArray[np.int64], sources: Sequence[str], grid: Grid
) -> Iterator[SuspectRow]:
    xy = training.xy[found.row]
    try:
        longitude, latitude = project(xy[:, 0], xy[:, 1], grid.crs.to_wkt(), "EPSG:4326")
    except InputError:  # no place on earth
        longitude = latitude = np.full(len(xy), math.nan)
    for i, row in enumerate(found.row.tolist()):
        yield SuspectRow(
            source=sources[training.source[row]], line=int(line[row]), group=int(training.group[row]),
            x=float(xy[i, 0]), y=float(xy[i, 1]), longitude=float(longitude[i]), latitude=float(latitude[i]),
            given=int(found.given[i]), likely=int(found.likely[i]),
            given_probability=float(found.given_probability[i]),
            likely_probability=float(found.likely_probability[i]),
        )  # fmt: skip


def _facts(found: Separability | Suspects | Validation | None, why_not: str) -> dict[str, Any] | None:
    if found is not None:
        return found.to_dict()
    return {"not made": why_not} if why_not else None
