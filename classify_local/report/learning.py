"""What there is to say of a model that was just trained."""

from __future__ import annotations

from collections.abc import Iterator

from classify_local.accuracy.importance import dominance_warnings
from classify_local.learning import Learned
from classify_local.legend import Legend
from classify_local.report.validation import importance_lines, out_of_bag_line, tuning_lines, validation_lines
from classify_local.studying import Study


def learned_lines(learned: Learned, legend: Legend) -> Iterator[str]:
    """The search for parameters and the check of the model, as far as they were made."""
    if learned.search is not None:
        yield from tuning_lines(learned.search)
    if learned.validation is not None:
        yield from validation_lines(learned.validation, legend)
    if learned.unchecked:
        yield f"the model was not checked: {learned.unchecked}"


def study_lines(study: Study) -> Iterator[str]:
    """Out-of-bag accuracy, importance, and what to be wary of."""
    if study.out_of_bag is not None:
        yield out_of_bag_line(study.out_of_bag)
    if study.importance is not None:
        yield from importance_lines(study.importance)
        yield from dominance_warnings(study.importance)
    if study.unstudied:
        yield f"the importance of bands was not measured: {study.unstudied}"
