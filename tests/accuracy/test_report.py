"""The check of a model as people read it."""

from __future__ import annotations

import io

import matplotlib.image
import numpy as np
import pytest

from classify_local.accuracy.confusion import ErrorMatrix
from classify_local.accuracy.importance import Importance, OutOfBag
from classify_local.accuracy.search_space import Parameters
from classify_local.accuracy.tuning import Trial, Tuned
from classify_local.accuracy.validation import Spread, Validation
from classify_local.legend import Legend, LegendEntry
from classify_local.report.chart import importance_png
from classify_local.report.validation import (
    importance_lines,
    matrix_lines,
    out_of_bag_line,
    percent,
    tuning_lines,
    validation_lines,
)

LEGEND = Legend(
    (
        LegendEntry(value=1, label="forest", color="#006400"),
        LegendEntry(value=20, label="crop", color="#F096FF"),
        LegendEntry(value=30, label="open woodland with a long name", color="#B4B4B4"),
    )
)
FIRST = ErrorMatrix(classes=(1, 20, 30), counts=np.array([[90, 8, 0], [10, 1042, 0], [0, 0, 0]]))
SECOND = ErrorMatrix(classes=(1, 20, 30), counts=np.array([[80, 0, 0], [20, 1050, 0], [0, 0, 0]]))
CHECK = Validation(
    matrices=(FIRST, SECOND), k=5, seed=1, groups=30, how="30 polygons", unchecked=(30,), lost=(20,)
)  # fmt: skip


def test_a_check_in_full() -> None:
    assert list(validation_lines(CHECK, LEGEND)) == [
        f"cross-validation, a check of the model, not the map's accuracy: {CHECK.sentence}",
        "  mean and standard deviation over the 2 assignments:",
        "  overall accuracy   98.3 ± 0.1 %",
        "  balanced accuracy  92.3 ± 3.3 %",
        "  mean F1            94.5 ± 0.7 %",
        "                                    user's    producer's            F1",
        "    forest                    95.9 ± 5.8 %  85.0 ± 7.1 %  89.9 ± 1.4 %",
        "    crop                      98.6 ± 0.6 %  99.6 ± 0.5 %  99.1 ± 0.1 %",
        "    open woodland with a lo…             -             -             -",
        "  error matrix (all 2 assignments together, rows: what the model says, columns: the training data):",
        "                                    1     20  30    sum",
        "     1  forest                    170      8   0    178",
        "    20  crop                       30  2,092   0  2,122",
        "    30  open woodland with a lo…    0      0   0      0",
        "        sum                       200  2,100   0  2,300",
        "  not checked: 'open woodland with a long name', in one group only; give training data from a second place",
        "  in some folds no training data were left of 'crop'",
    ]
    assert CHECK.sentence == "1,150 training rows in 30 polygons, assigned to 5 folds at random 2 times"


def test_one_assignment_has_no_spread() -> None:
    once = Validation(matrices=(FIRST,), k=5, seed=1, groups=30, how="30 polygons")
    text = "\n".join(validation_lines(once, LEGEND))
    assert "±" not in text
    assert "at random once" in text
    assert "not checked" not in text


def test_columns_of_the_matrix_stand_under_one_another() -> None:
    lines = list(matrix_lines(FIRST, LEGEND))
    assert len({len(line) for line in lines}) == 1


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        (Spread(mean=0.8184, sd=0.0212), "81.8 ± 2.1 %"),
        (Spread(mean=1.0, sd=float("nan")), "100.0 %"),
        (Spread(mean=float("nan"), sd=float("nan")), "-"),
    ],
)
def test_percent(figure: Spread, said: str) -> None:
    assert percent(figure) == said


def test_out_of_bag() -> None:
    assert out_of_bag_line(OutOfBag(matrix=FIRST, unseen=0)) == (
        "out-of-bag accuracy: 98.4 % (flatters where rows have neighbours in their own group)"
    )
    empty = ErrorMatrix(classes=(1,), counts=np.zeros((1, 1), dtype=np.int64))
    assert "not to be had" in out_of_bag_line(OutOfBag(matrix=empty, unseen=9))


def test_tuning() -> None:
    def trial(parameters: Parameters, mean: float, refused: str = "") -> Trial:
        return Trial(parameters=parameters, rows=718, balanced=Spread(mean=mean, sd=0.02), refused=refused)

    best, given = {"cost": 10, "max_nodes": None}, {"cost": 100, "max_nodes": None}
    tuned = Tuned(best=best, given=given, trials=(trial(best, 0.8), trial(given, 0.7), trial({}, 0, "no")), how="how")
    assert list(tuning_lines(tuned)) == [
        "tuning: cost 10 (how)",
        "  80.0 ± 2.0 %      718 rows  cost 10, max_nodes empty",
        "  70.0 ± 2.0 %      718 rows  cost 100, max_nodes empty",
    ]
    same = Tuned(best=given, given=given, trials=(trial(given, 0.7),), how="how")
    assert next(tuning_lines(same)) == "tuning: the given parameters are the best (how)"


def importance(bands: int, repeats: int = 6) -> Importance:
    rng = np.random.default_rng(1)
    drops = 0.2 * np.exp(-np.arange(bands) / 5) - 0.01 + rng.normal(0, 0.01, (repeats, bands))
    names = ("elevation", "s2_2021_normalized_difference_nir_red_of_autumn", *(f"band_{i}" for i in range(bands)))
    return Importance(
        bands=names[:bands], drops=drops, overall=Spread(mean=0.78, sd=0.03), groups=30, classes=5, rows=718
    )  # fmt: skip


def test_importance_as_lines() -> None:
    lines = list(importance_lines(importance(12)))
    assert lines[0].endswith("(78.0 ± 3.0 %) falls on held-out groups when a band is shuffled")
    assert lines[1].startswith("  elevation  ")
    assert lines[-1].startswith("  and 2 more, each less than ")


@pytest.mark.parametrize(("bands", "repeats"), [(1, 1), (2, 6), (40, 2)])
def test_importance_as_a_picture(bands: int, repeats: int) -> None:
    found = importance(bands, repeats)
    png = importance_png(found)
    picture = matplotlib.image.imread(io.BytesIO(png))
    assert picture.shape[1] == 864
    assert picture.shape[0] < 1000
    assert 0.02 < (picture[..., :3].mean(axis=2) < 0.9).mean() < 0.6
    assert importance_png(found) == png
