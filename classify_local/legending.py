"""The legend's verbs: read one from anything that holds it, write it for other programs, give it colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from classify_local.errors import InputError
from classify_local.legend import Legend
from classify_local.palettes.names import PALETTES, PaletteName
from classify_local.palettes.ramps import palette_colors
from classify_local.palettes.vision import LookAlike, look_alikes
from classify_local.recipe.text import load
from classify_local.storage import legends
from classify_local.storage.legends import ImportedLegend

_RECIPES = (".yml", ".yaml")
_MARK_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def import_legend(path: str | Path, *, columns: Mapping[str, str] | None = None) -> ImportedLegend:
    """A legend from a recipe, or from a file of any format that holds one.

    Parameters
    ----------
    path
        A recipe (.yml), a table, a QGIS style, a styled layer descriptor, a colour map, GDAL's
        `.aux.xml` or a class raster.
    columns
        Columns of a table by role (value, label, color, red, green, blue, parent), where they are
        not to be guessed.

    Returns
    -------
    ImportedLegend
        The legend, and sentences on what a user should look at.

    Raises
    ------
    InputError, RefusedError
        All that is wrong with it, each with its line.
    """
    path = Path(path)
    if path.suffix.lower() not in _RECIPES:
        return legends.import_legend(path, columns)
    found = legends.recipe_import(load(path))
    if found is None:
        raise InputError(f"{path}: has no legend; give one, for example legend: legend.csv")
    return found


def paste_legend(pasted: str | bytes, *, columns: Mapping[str, str] | None = None) -> ImportedLegend:
    """A legend from a text that was pasted, in any of the formats that are text.

    Raises
    ------
    InputError, RefusedError
        All that is wrong with it, each with its line.
    """
    return legends.import_text(pasted if isinstance(pasted, str) else _decoded(pasted), columns=columns)


def export_legend(legend: Legend, path: str | Path, *, replace: bool = False) -> tuple[str, ...]:
    """Write a legend as .csv, .qml, .sld or .aux.xml, whole or not at all.

    Parameters
    ----------
    legend
        The legend.
    path
        The file, whose ending tells the format.
    replace
        Also if there is such a file.

    Returns
    -------
    tuple of str
        What the format cannot hold.

    Raises
    ------
    InputError
        If the ending is unknown, or the file is there.
    StorageError
        If it cannot be written.
    """
    return legends.write_legend(legend, Path(path), replace=replace)


def legend_csv(legend: Legend) -> str:
    """A legend as the text of SEPAL's CSV."""
    return legends.legend_csv(legend)


def with_palette(legend: Legend, name: str) -> Legend:
    """A legend in the colours of a palette, by SEPAL's rule.

    Raises
    ------
    InputError
        If there is no such palette, or it gives two classes the same colour.
    """
    return with_colors(legend, palette_colors(name, len(legend)), f"the palette {name!r}")


def with_colors(legend: Legend, colors: Sequence[str], whose: str) -> Legend:
    """A legend with a colour for each class, in the order of their values.

    Raises
    ------
    InputError
        If two classes would have the same.
    """
    first: dict[str, int] = {}
    for entry, color in zip(legend, colors, strict=True):
        if first.setdefault(color, entry.value) != entry.value:
            raise InputError(
                f"{whose} gives the classes {first[color]} and {entry.value} the same colour {color}, for "
                f"{len(legend)} classes; take a palette of more colours"
            )
    return Legend(tuple(replace(entry, color=color) for entry, color in zip(legend, colors, strict=True)))


def list_palettes() -> tuple[PaletteName, ...]:
    """The palettes that SEPAL offers, with the reason for those that are missing here."""
    return PALETTES


def check_colors(legend: Legend) -> tuple[LookAlike, ...]:
    """Pairs of classes whose colours readers cannot tell apart, those with a colour blindness among them."""
    return look_alikes(legend)


def _decoded(pasted: bytes) -> str:
    try:
        return pasted.decode("utf-16" if pasted.startswith(_MARK_UTF16) else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"the pasted text (byte {error.start}): not UTF-8; save it as a file and give that, or paste it as UTF-8"
        ) from error
