"""Cross-validation by group: a check of the model that costs no extra reference data.

It tells how well the model carries over to groups it has not seen. The accuracy of a map needs a
probability sample of the map; this is not that figure, and no text of ours calls it so. One assignment
of groups to folds moves overall accuracy by 2 to 5 points, so there are several, and their spread is shown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from classify_local.accuracy.confusion import ErrorMatrix, collapsed, error_matrix, pooled
from classify_local.accuracy.folds import Folds, assign_folds, checked_classes
from classify_local.accuracy.groups import Groups
from classify_local.errors import InputError
from classify_local.types import FeatureArray, LabelArray

FitPredict: TypeAlias = Callable[[FeatureArray, LabelArray, FeatureArray], LabelArray]
"""From training features (n, bands), their class values (n,), which are at least two, and test features (m, bands)
to the class values given to the test rows (m,)."""

WHAT_IT_IS = "a check of the model, not the map's accuracy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Mean and standard deviation over repeats; not a number where there is none.

    Parameters
    ----------
    mean, sd
        The deviation is that of a sample (n - 1): a single value has none.
    """

    mean: float
    sd: float

    def to_dict(self) -> dict[str, float | None]:
        """As JSON has it: no figure is null."""
        return {"mean": _number(self.mean), "sd": _number(self.sd)}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Validation:
    """What held-out rows say of a model.

    Parameters
    ----------
    matrices
        One error matrix for each repeat, all over the same classes; each row is in each matrix once.
    k
        Number of folds.
    seed
        Of the assignments.
    groups
        Number of groups.
    how
        What the groups are.
    unchecked
        Classes that one group alone holds: their rows train, but are not scored.
    lost
        Classes that some training part lacked although several groups hold them.
    """

    matrices: tuple[ErrorMatrix, ...]
    k: int
    seed: int
    groups: int
    how: str
    unchecked: tuple[int, ...] = ()
    lost: tuple[int, ...] = ()

    @property
    def repeats(self) -> int:
        """How many assignments to folds there were."""
        return len(self.matrices)

    @property
    def classes(self) -> tuple[int, ...]:
        """Class values of the matrices and of the figures by class."""
        return self.matrices[0].classes

    @property
    def rows(self) -> int:
        """Training rows that were scored."""
        return self.matrices[0].total

    @property
    def matrix(self) -> ErrorMatrix:
        """The sum over the repeats."""
        return pooled(self.matrices)

    @property
    def overall(self) -> Spread:
        """Overall accuracy."""
        return spread(matrix.overall for matrix in self.matrices)

    @property
    def balanced(self) -> Spread:
        """Balanced accuracy."""
        return spread(matrix.balanced for matrix in self.matrices)

    @property
    def macro_f1(self) -> Spread:
        """Mean of F1 over classes."""
        return spread(matrix.macro_f1 for matrix in self.matrices)

    @property
    def users(self) -> tuple[Spread, ...]:
        """User's accuracy of each class."""
        return _by_class([matrix.users for matrix in self.matrices])

    @property
    def producers(self) -> tuple[Spread, ...]:
        """Producer's accuracy of each class."""
        return _by_class([matrix.producers for matrix in self.matrices])

    @property
    def f1(self) -> tuple[Spread, ...]:
        """F1 of each class."""
        return _by_class([matrix.f1 for matrix in self.matrices])

    @property
    def sentence(self) -> str:
        """How it was done."""
        times = "once" if self.repeats == 1 else f"{self.repeats} times"
        return f"{self.rows:,} training rows in {self.how}, assigned to {self.k} folds at random {times}"

    def collapsed(self, of: Mapping[int, int]) -> Validation:
        """The same rows scored by broader classes; `of` gives that of each class."""
        matrices = tuple(collapsed(matrix, of) for matrix in self.matrices)
        return replace(self, matrices=matrices, unchecked=(), lost=())

    def to_dict(self) -> dict[str, Any]:
        """For the run record."""
        by_class = zip(self.classes, self.users, self.producers, self.f1, strict=True)
        return {
            "what": WHAT_IT_IS,
            "how": self.sentence,
            "folds": self.k,
            "repeats": self.repeats,
            "groups": self.groups,
            "rows": self.rows,
            "seed": self.seed,
            "overall": self.overall.to_dict(),
            "balanced": self.balanced.to_dict(),
            "macro_f1": self.macro_f1.to_dict(),
            "classes": {
                str(value): {"users": users.to_dict(), "producers": producers.to_dict(), "f1": f1.to_dict()}
                for value, users, producers, f1 in by_class
            },
            "matrix": self.matrix.to_dict(),
            "overall_by_repeat": [_number(matrix.overall) for matrix in self.matrices],
            "unchecked_classes": list(self.unchecked),
            "classes_lost_in_training": list(self.lost),
        }


def cross_validate(
    fit_predict: FitPredict,
    features: FeatureArray,
    labels: LabelArray,
    groups: Groups,
    *,
    k: int = 5,
    repeats: int = 3,
    seed: int = 1,
    stopped: Callable[[], None] = lambda: None,
) -> Validation:
    """Hold out each group once in each repeat and see what a model of the others makes of it.

    Parameters
    ----------
    fit_predict
        Trains and predicts.
    features
        Shape (n, bands).
    labels
        Class values, shape (n,).
    groups
        Which rows stay together.
    k, repeats
        Folds, and how often they are drawn.
    seed
        Of the folds; repeat r uses (seed, r).
    stopped
        Called before each training; may raise to stop.

    Raises
    ------
    InputError
        If too few groups, classes in groups, folds or repeats make a check impossible.
    """
    if repeats < 1:
        raise InputError(f"validation: {repeats} repeats; give at least 1")
    checked, unchecked = checked_classes(labels, groups)
    scored = np.isin(labels, checked)
    classes = tuple(np.unique(labels).tolist())
    assignments = [assign_folds(groups, labels, k, (seed, repeat)) for repeat in range(repeats)]
    matrices = []
    for folds in assignments:
        mapped = held_out(fit_predict, features, labels, folds, stopped)
        matrices.append(error_matrix(mapped[scored], labels[scored], classes))
    return Validation(
        matrices=tuple(matrices), k=assignments[0].k, seed=seed, groups=groups.count, how=groups.how,
        unchecked=unchecked, lost=tuple(sorted({value for folds in assignments for value in folds.lost})),
    )  # fmt: skip


def held_out(
    fit_predict: FitPredict,
    features: FeatureArray,
    labels: LabelArray,
    folds: Folds,
    stopped: Callable[[], None] = lambda: None,
) -> LabelArray:
    """The class each row gets from a model that has not seen its group, shape (n,)."""
    mapped = np.empty(len(labels), dtype=np.int64)
    for train, test in folds.splits():
        stopped()
        known = labels[train]
        # libraries refuse to learn a single class, and there is nothing to learn
        several = bool((known != known[0]).any())
        mapped[test] = fit_predict(features[train], known, features[test]) if several else known[0]
    return mapped


def spread(values: Iterable[float]) -> Spread:
    """Mean and standard deviation of those values that are numbers."""
    known = np.array([value for value in values if not math.isnan(value)])
    mean = float(known.mean()) if len(known) else math.nan
    return Spread(mean=mean, sd=float(known.std(ddof=1)) if len(known) > 1 else math.nan)


def _by_class(figures: Sequence[NDArray[np.float64]]) -> tuple[Spread, ...]:
    return tuple(spread(column) for column in np.array(figures).T.tolist())


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
