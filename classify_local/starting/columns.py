"""Which column of a table holds the class, which the coordinates, and what the classes are. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from classify_local.storage.columns import TextArray
from classify_local.storage.numbers import NUMBER

MOST_CLASSES = 256
_FEW = 40
"""Distinct values up to which a column without a telling name may hold classes."""
_REPEATED = 3
"""Rows a class has on average in such a column, at least."""
_MOSTLY = 0.8
"""Share of rows from which on numbers are meant, and other texts are remarks."""

_CLASS_NAMES = (
    "class", "landusecategory", "classid", "classvalue", "classcode", "classnumber", "landcover", "lc", "lulc",
    "landuse", "lu", "lccode", "lcclass", "lucode", "cover", "covertype", "covercode", "covclass", "klasse", "klass",
    "clase", "classe", "klas", "classname", "category", "categorie", "categoria", "kategorie", "cobertura",
    "usodelsuelo", "usosuelo", "usodosolo", "usosolo", "uso", "occupation", "occupationdusol", "occsol",
    "landbedeckung", "landnutzung", "vegetation", "vegtype", "vegetationtype", "mcid", "macroclass",
)  # fmt: skip
"""Names of columns taken for the class, the likeliest first, without capitals, accents, marks and years."""
_VAGUE_NAMES = (
    "type", "tipo", "typ", "label", "gridcode", "dn", "code", "codigo", "cid", "mcname", "cname", "name", "nombre",
    "nom", "nome",
)  # fmt: skip
"""Names that are often something else: taken only if values repeat."""
_CLASS_WORDS = ("class", "klass", "clase", "cover", "landuse", "categ", "cobert", "usosuel", "usosol", "lulc", "veget")
_X_WORDS = ("lon", "lng", "easting", "este", "estx", "utme", "coordx", "xcoord", "pointx", "x")
_Y_WORDS = ("lat", "lat", "northing", "norte", "nordy", "utmn", "coordy", "ycoord", "pointy", "y")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassColumn:
    """The column that holds the class, why it was taken, and others that could.

    Parameters
    ----------
    name
        The column; None if there is none.
    why
        The reason, to go on after the column's name.
    others
        Further candidates; more than none only where the choice is not clear.
    """

    name: str | None
    why: str = ""
    others: tuple[str, ...] = ()


def guess_class_column(columns: dict[str, TextArray], coordinates: Iterable[str] = ()) -> ClassColumn:
    """The column that holds the class.

    Parameters
    ----------
    columns
        Of the table.
    coordinates
        Those that are known to hold something else.
    """
    left = {name: cells for name, cells in columns.items() if name not in set(coordinates)}
    few = {name: cells for name, cells in left.items() if _may_be_classes(cells, named=False)}
    named = [name for name, cells in left.items() if plain(name) in _CLASS_NAMES and _may_be_classes(cells, named=True)]
    vague = [name for name in few if plain(name) in _VAGUE_NAMES]
    for found, order in ((named, _CLASS_NAMES), (vague, _VAGUE_NAMES)):
        if found:
            return ClassColumn(name=min(found, key=lambda name: order.index(plain(name))), why="by its name")
    worded = [name for name in few if any(word in plain(name) for word in _CLASS_WORDS)]
    for found, why in ((worded, "by its name"), (list(few), "as it holds few different values")):
        if len(found) == 1:
            return ClassColumn(name=found[0], why=why)
        if found:
            likely = sorted(found, key=lambda name: (_is_number_column(few[name]), list(few).index(name)))
            return ClassColumn(name=likely[0], why="guessed among several", others=tuple(likely[1:]))
    return ClassColumn(name=None)


def plain(name: str) -> str:
    """A column's name without capitals, accents, marks, and a year or number at its end."""
    folded = unicodedata.normalize("NFKD", name.casefold())
    return re.sub(r"\d+$", "", re.sub(r"[^0-9a-z]", "", folded))


def class_counts(cells: TextArray) -> dict[str, int]:
    """The classes in a column with their rows; empty cells are none.

    Where nearly all are whole numbers the rest are remarks, not classes; 1 and 1.0 are one.
    """
    counts: Counter[str] = Counter()
    for text, count in Counter(cells.tolist()).items():
        if text:
            counts[_one_spelling(text)] += count
    whole = {text: count for text, count in counts.items() if whole_number(text) is not None}
    return whole if whole and sum(whole.values()) >= _MOSTLY * counts.total() else dict(counts)


def _one_spelling(text: str) -> str:
    """Numbers that are the same are written the same."""
    value = whole_number(text)
    if value is not None:
        return str(value)
    return repr(float(text)) if _is_number(text) and np.isfinite(float(text)) else text


def whole_number(text: str) -> int | None:
    """A class value, also stored as 10.0; None for anything else."""
    if not NUMBER.fullmatch(text):
        return None
    number = float(text)
    return int(number) if number.is_integer() and abs(number) < 2**31 else None


def labels_beside(columns: dict[str, TextArray], column: str) -> dict[int, str]:
    """Names of the classes from another column, where each class value goes with one text and each text with one."""
    values = columns[column].tolist()
    for name, cells in columns.items():
        if name == column or not _may_be_classes(cells, named=False):
            continue
        pairs = {(whole_number(value), text) for value, text in zip(values, cells.tolist(), strict=True) if value}
        texts = [text for _, text in pairs]
        numbers = [number for number, _ in pairs if number is not None]
        if len(numbers) == len(pairs) == len(set(texts)) == len(set(numbers)) and not any(map(_is_number, texts)):
            return {number: text for number, text in pairs if number is not None and text}
    return {}


def coordinate_pairs(columns: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of columns of numbers that may be x and y, those with telling names first."""
    rank = {name: (_rank(name, _X_WORDS), _rank(name, _Y_WORDS)) for name in columns}
    pairs = [(x, y) for x in columns for y in columns if x != y]
    return sorted(pairs, key=lambda pair: rank[pair[0]][0] + rank[pair[1]][1])


def _rank(name: str, words: Sequence[str]) -> int:
    folded = plain(name)
    return next((i for i, word in enumerate(words) if folded == word or (len(word) > 1 and word in folded)), 99)


def _may_be_classes(cells: TextArray, *, named: bool) -> bool:
    texts, counts = np.unique(cells, return_counts=True)
    filled = [(text, int(count)) for text, count in zip(texts.tolist(), counts.tolist(), strict=True) if text]
    rows = sum(count for _, count in filled)
    if named:
        return 1 < len(filled) <= MOST_CLASSES and (len(filled) < rows or rows <= _FEW)
    if any(_is_number(text) and whole_number(text) is None for text, _ in filled):
        return False
    return 1 < len(filled) <= _FEW and rows >= _REPEATED * len(filled)


def _is_number(text: str) -> bool:
    return NUMBER.fullmatch(text) is not None


def _is_number_column(cells: TextArray) -> bool:
    return all(_is_number(text) for text in np.unique(cells).tolist() if text)
