"""The legend of a recipe: inline, or the file it names."""

from __future__ import annotations

from functools import partial

from classify_local.errors import InputError
from classify_local.legend import Legend, LegendEntry
from classify_local.recipe.problems import place
from classify_local.recipe.text import RecipeDocument
from classify_local.storage.legends.found import ImportedLegend
from classify_local.storage.legends.notices import legend_notices
from classify_local.storage.legends.reading import import_legend
from classify_local.storage.legends.rows import Row, legend_of


def recipe_legend(document: RecipeDocument) -> Legend | None:
    """The legend a recipe gives, inline or as a file; None if it gives none.

    Raises
    ------
    InputError
        All that is wrong with it.
    """
    found = recipe_import(document)
    return None if found is None else found.legend


def recipe_import(document: RecipeDocument) -> ImportedLegend | None:
    """The legend a recipe gives, with what a user should know of it; None if it gives none.

    Raises
    ------
    InputError
        All that is wrong with it.
    """
    given = document.recipe.legend
    if given is None:
        return None
    if isinstance(given, str):
        return import_legend(document.resolve(given))
    where = place(document.node, ("legend",), document.where)
    if not given:
        raise InputError(f"{where}: holds no class; write one entry for each, or take the key out")
    rows = [
        Row(
            make=partial(LegendEntry, value=item.value, label=item.label, color=item.color, parent=item.parent),
            where=place(document.node, ("legend", i), document.where),
            beside=f"legend[{i}]",
        )
        for i, item in enumerate(given)
    ]
    legend = legend_of(rows, where)
    return ImportedLegend(legend, tuple(f"{where}: {notice}" for notice in legend_notices(legend)), "recipe")
