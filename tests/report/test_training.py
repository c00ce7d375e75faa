"""The account of a training table on a terminal."""

from __future__ import annotations

import numpy as np
import pytest

from classify_local.accuracy.separability import Pair, Separability
from classify_local.accuracy.signatures import signature
from classify_local.legend import Legend, LegendEntry
from classify_local.report.training import (
    WORST,
    caution_sentences,
    description_lines,
    left_out_lines,
    pair_sentence,
    pair_sentences,
)
from tests.conftest import Scene
from tests.test_describing import described, with_mistakes, with_odd_rows

COLORS = [f"#0000{number:02X}" for number in range(30)]
LEGEND = Legend(tuple(LegendEntry(value=i, label=f"class {i}", color=COLORS[i]) for i in range(30)))


def pair(distance: float, trusted: bool = True, first: int = 1, second: int = 2) -> Pair:
    return Pair(
        first=first, second=second, distance=distance, band="swir1", band_distance=min(distance, 0.6), trusted=trusted
    )


def apart(*pairs: Pair, together: bool = True, rows: int = 60) -> Separability:
    signatures = tuple(signature(np.ones((rows, 4)), value) for value in (1, 2))
    return Separability(bands=("red", "nir", "swir1", "swir2"), signatures=signatures, pairs=pairs, together=together)


@pytest.mark.parametrize(
    ("one", "together", "how", "figures"),
    [
        (pair(0.84), True, "can hardly be told apart", "0.84 of 2; best single band: swir1, 0.60"),
        (pair(1.0), True, "are hard to tell apart", "1.00 of 2; best single band: swir1, 0.60"),
        (pair(0.5), False, "can hardly be told apart", "0.50 of 2; best single band: swir1"),
        (pair(0.5, False), True, "can hardly be told apart", "0.50 of 2; best single band: swir1, 0.50; from few rows"),
    ],
)
def test_a_pair(one: Pair, together: bool, how: str, figures: str) -> None:
    said = f"'class 1' and 'class 2' {how} by these bands ({figures})"
    assert pair_sentence(one, LEGEND, together) == said


def test_only_the_worst_pairs_have_a_sentence() -> None:
    pairs = [pair(0.1 * i, first=1, second=i) for i in range(2, 17)] + [pair(1.8), pair(1.95), pair(2.0)]
    lines = list(pair_sentences(apart(*pairs), LEGEND))
    assert len(lines) == WORST + 2
    assert lines[-2] == "5 more pairs below 1.7"
    assert lines[-1] == "the others lie at 1.7 or more: 1 with some overlap (below 1.9), 2 apart"
    assert list(pair_sentences(apart(pair(2.0)), LEGEND)) == [
        "all pairs lie at 1.7 or more: 0 with some overlap (below 1.9), 1 apart"
    ]
    assert list(pair_sentences(apart(pair(0.2)), LEGEND)) == [pair_sentence(pair(0.2), LEGEND, True)]


def test_cautions() -> None:
    assert list(caution_sentences(apart(pair(1)), LEGEND)) == []
    few = list(caution_sentences(apart(pair(1), rows=39), LEGEND))
    assert few == ["uncertain, because of fewer than 40 rows (10 for each band): 'class 1', 'class 2'"]
    alone = list(caution_sentences(apart(pair(1), rows=12, together=False), LEGEND))
    assert len(alone) == 1
    assert alone[0].startswith("there are too few rows to look at 4 bands together")


def test_a_recipe_in_full(scene: Scene) -> None:
    odd = with_odd_rows(scene)
    lines = with_mistakes(scene)
    found = described(scene.recipe)
    text = "\n".join(description_lines(found, shown=2))
    assert f"{scene.table}: {120 + sum(map(len, odd.values()))} rows" in text
    assert "left out, by class:" in text
    assert f"  class not known: 2 no usable coordinates or class, {scene.table}" in text
    assert "Jeffries-Matusita distance" in text
    assert f"rows whose class is probably wrong: {len(lines)} of {len(found.training)}, to be looked at" in text
    first = found.suspect_rows[0]
    assert f"  {scene.table}, line {first.line}: '{found.legend.label(first.given)}' (" in text
    assert f"  and {len(lines) - 2} more" in text
    assert "None" not in text
    assert "nan" not in text


def test_nothing_left_out_nothing_said(scene: Scene) -> None:
    found = described(scene.recipe, suspects=False)
    assert list(left_out_lines(found)) == []
    assert "rows whose class is probably wrong were not looked for: not asked for" in list(description_lines(found))
