"""The legend's verbs, as a notebook calls them."""

from __future__ import annotations

import pytest

from classify_local import legending
from classify_local.errors import InputError
from classify_local.legend import Legend, LegendEntry

LEGEND = Legend(
    tuple(LegendEntry(value=10 * i, label=f"class {i}", color=f"#{i:06x}", parent="all") for i in (3, 1, 2))
)


def test_there_and_back(tmp_path):
    assert legending.export_legend(LEGEND, tmp_path / "legend.csv") == ()
    assert legending.import_legend(tmp_path / "legend.csv").legend == LEGEND
    assert legending.import_legend(str(tmp_path / "legend.csv")).notices == ()
    assert legending.paste_legend(legending.legend_csv(LEGEND)).legend == LEGEND
    assert legending.paste_legend(legending.legend_csv(LEGEND).encode("utf-16")).legend == LEGEND


def test_a_palette_changes_colours_only():
    made = legending.with_palette(LEGEND, "viridis")
    assert [(entry.value, entry.label, entry.parent) for entry in made] == [
        (entry.value, entry.label, entry.parent) for entry in LEGEND
    ]
    assert [entry.color for entry in made] == ["#440154", "#21918C", "#FDE725"]
    assert legending.with_palette(made, "viridis") == made


def test_colours_that_repeat_are_refused():
    with pytest.raises(InputError, match="mine gives the classes 10 and 30 the same colour #000001, for 3 classes"):
        legending.with_colors(LEGEND, ["#000001", "#000002", "#000001"], "mine")


def test_palettes_and_their_look():
    assert len(legending.list_palettes()) == 152
    assert legending.check_colors(legending.with_palette(LEGEND, "Dark2")) == ()
    assert len(legending.check_colors(LEGEND)) == 3
