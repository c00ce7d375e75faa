"""Decision tree given as text, as R's rpart and tree print it; needs no training.

One line for each node: `<node>) <split> <n> <deviance> <class> [(<probabilities>)] [*]`, for example::

    1) root 9999 9999 9999
    2) nd<=-0.15 9999 9999 1 *
    3) nd>-0.15 9999 9999 2 *

The children of node i are 2i and 2i + 1. A split is `root`, or a band, `<`, `<=`, `>` or `>=`, and a number; `*` marks
a leaf, whose class is a class value of the legend. The other numbers, the order of lines, indentation and R's
headings say nothing. A JSON array of such texts is an ensemble: the class is the one of most trees; of several, the
smallest value (Earth Engine does not say what it takes). A pixel goes to node 2i where that node's split is true,
else to 2i + 1, whose split must be the opposite (`tree` prints `<` with `>`: a pixel just there goes to 2i + 1).
Values are compared as 64-bit numbers with the printed threshold.

`to_text` writes trees that were trained here in the same form, so that they travel to Earth Engine. The class of a
forest there is the majority of trees, here the greatest mean share: with impure leaves, they may differ.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classify_local.classifiers.forest import ForestArrays
from classify_local.classifiers.protocol import Arrays, plain, require_names
from classify_local.classifiers.random_forest import check_structure
from classify_local.errors import InputError, nearest
from classify_local.recipe.classifiers import DecisionTree

__all__ = ["FittedTrees", "Trees", "build", "parse", "restore", "to_text"]

MOST_NODES = 1_000_000
_LINE = re.compile(r"\s*([1-9][0-9]{0,399})\)\s*(\S.*)")
_HEADING = re.compile(r"\s*(n\s*=.*|node\), split,.*|\* denotes terminal node\s*|[0-9]+ observations? deleted.*)?")
_OPERATOR = re.compile("[<>]=?")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_LARGEST, _LARGEST_CLASS = 1e300, 2**31


@dataclass(frozen=True, slots=True)
class _Names:
    """What a text may name, and where its lines are, for messages."""

    bands: dict[str, int]
    classes: Collection[int] | None
    where: str

    def error(self, line: int, problem: str) -> InputError:
        """A problem of a line."""
        return InputError(f"{self.where} {line}: {problem}")


@dataclass(frozen=True, slots=True)
class _Node:
    """A line. A root has the band -1; `value` is 0 but in a leaf."""

    line: int
    band: int
    operator: str
    threshold: float
    leaf: bool
    value: int

    @property
    def last_below(self) -> float:
        """The greatest number that `<` or `<=` takes, and `>=` or `>` does not."""
        return math.nextafter(self.threshold, -math.inf) if self.operator in ("<", ">=") else self.threshold

    def is_opposite(self, other: _Node) -> bool:
        """Whether a row that is not here is there."""
        same = (self.band, self.threshold) == (other.band, other.threshold)
        return same and self.operator[0] != other.operator[0]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trees:
    """Trees as flat arrays, one after the other; a row goes left where its value <= threshold.

    Parameters
    ----------
    offsets
        Where each tree begins, and the end; shape (trees + 1,).
    left, right, feature, threshold
        As in `forest.ForestArrays`; -1, -1, 0 and 0 in a leaf.
    value
        Class value of a leaf, 0 elsewhere.
    """

    offsets: NDArray[np.int64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: NDArray[np.float64]
    value: NDArray[np.int64]

    @property
    def classes(self) -> tuple[int, ...]:
        """Class values of the leaves, ascending."""
        return tuple(np.unique(self.value[self.left < 0]).tolist())

    def leaves(self, rows: NDArray[np.float32], number: int) -> NDArray[np.int64]:
        """Node in which each row ends in a tree."""
        first = self.offsets[number]
        at = np.full(len(rows), first)
        going = np.arange(len(rows) if self.left[first] >= 0 else 0)
        while len(going):
            node = at[going]
            below = rows[going, self.feature[node]].astype(np.float64) <= self.threshold[node]
            node = first + np.where(below, self.left[node], self.right[node])
            at[going] = node
            going = going[self.left[node] >= 0]
        return at


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FittedTrees:
    """Trees whose leaves hold codes; `n_classes` is how many there are."""

    trees: Trees
    n_classes: int
    gives_probabilities: bool = False

    def predict(self, rows: NDArray[np.float32]) -> NDArray[np.int64]:
        """Codes of most trees, the first of several."""
        votes = np.zeros((len(rows), self.n_classes), np.int32)
        for number in range(len(self.trees.offsets) - 1):
            votes[np.arange(len(rows)), self.trees.value[self.trees.leaves(rows, number)]] += 1
        return np.asarray(votes.argmax(axis=1), dtype=np.int64)

    def predict_proba(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """Refuse.

        Raises
        ------
        InputError
            Always: the text has no probabilities that can be relied on.
        """
        raise InputError(f"decision_tree gives no probabilities for its {len(rows)} rows; only the class")

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The fields of `Trees`, with codes for values."""
        return {name: getattr(self.trees, name) for name in Trees.__slots__}


def build(parameters: DecisionTree, bands: Sequence[str], classes: Sequence[int]) -> FittedTrees:
    """The classifier of a recipe's text, with the codes of `classes`, ascending class values.

    Raises
    ------
    InputError
        If the text is no tree of these bands and classes.
    """
    trees = parse(parameters.decision_tree, bands, classes)
    codes = np.searchsorted(np.asarray(classes), trees.value) * (trees.left < 0)
    fields = {name: getattr(trees, name) for name in Trees.__slots__}
    return FittedTrees(trees=Trees(**{**fields, "value": codes.astype(np.int64)}), n_classes=len(classes))


def restore(parameters: DecisionTree, arrays: Arrays, n_bands: int, n_classes: int) -> FittedTrees:
    """The trees whose arrays these are.

    Raises
    ------
    RefusedError
        If they are none.
    """
    del parameters
    require_names(arrays, Trees.__slots__)
    nodes = {name: arrays[name] for name in Trees.__slots__ if name != "value"}
    check_structure(nodes, n_bands)
    value = plain(arrays, "value", np.int64, (len(arrays["left"]),), low=0, high=n_classes - 1)
    return FittedTrees(trees=Trees(**nodes, value=value), n_classes=n_classes)  # type: ignore[arg-type]


def parse(text: str, bands: Sequence[str], classes: Collection[int] | None = None) -> Trees:
    """The trees of a text.

    Parameters
    ----------
    text
        One tree, or a JSON array of texts.
    bands
        Names of the bands.
    classes
        Class values that leaves may have; any if None.

    Raises
    ------
    InputError
        That names the line.
    """
    numbers = {band: number for number, band in enumerate(bands)}
    texts = _texts(text)
    parts = []
    for count, part in enumerate(texts, 1):
        which = f"tree {count}, " if len(texts) > 1 else ""
        names = _Names(numbers, classes, f"classifier.decision_tree, {which}line")
        parts.append(_arranged(_nodes(part, names), names))
    if sum(map(len, parts)) > MOST_NODES:
        raise InputError(f"classifier.decision_tree: more than {MOST_NODES:,} nodes")
    left, right, feature, threshold, value = zip(*(row for part in parts for row in part), strict=True)
    return Trees(
        offsets=np.cumsum([0, *map(len, parts)], dtype=np.int64), left=np.array(left, np.int32),
        right=np.array(right, np.int32), feature=np.array(feature, np.int32),
        threshold=np.array(threshold, np.float64), value=np.array(value, np.int64),
    )  # fmt: skip


def to_text(trees: ForestArrays, bands: Sequence[str], classes: Sequence[int]) -> str:
    """Trained trees as text: of one tree, or the JSON array of a forest's; `parse` gives the same trees back.

    Raises
    ------
    InputError
        If a band's name cannot stand in the text.
    """
    for band in bands:
        if not band.strip("` ") or band != band.strip() or re.search("[<>`\r\n]", band) or band == "root":
            raise InputError(f"the band {band!r} cannot be named in the text of a tree; rename it")
    values = [classes[code] for code in trees.values.argmax(axis=1)]
    texts = ["\n".join(_lines(trees, number, bands, values)) + "\n" for number in range(trees.number_of_trees)]
    return texts[0] if len(texts) == 1 else json.dumps(texts, indent=0, ensure_ascii=False)


def _lines(trees: ForestArrays, number: int, bands: Sequence[str], values: Sequence[int]) -> Iterator[str]:
    first = int(trees.offsets[number])
    waiting = [(0, 1, "root")]
    while waiting:
        node, name, split = waiting.pop()
        at = first + node
        leaf = trees.left[at] < 0
        yield f"{name}) {split} {trees.samples[at]} {trees.impurity[at]:.6g} {values[at]}{' *' if leaf else ''}"
        if not leaf:
            band, threshold = bands[trees.feature[at]], float(trees.threshold[at])
            waiting.append((int(trees.right[at]), 2 * name + 1, f"{band}>{threshold!r}"))
            waiting.append((int(trees.left[at]), 2 * name, f"{band}<={threshold!r}"))


def _texts(text: str) -> list[str]:
    if not text.lstrip().startswith("["):
        return [text]
    try:
        texts = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"classifier.decision_tree: begins as a JSON array and is none: {error}") from error
    if not texts or not all(isinstance(part, str) for part in texts):
        raise InputError("classifier.decision_tree: a JSON array must hold trees as texts, at least one")
    return list(texts)


def _nodes(text: str, names: _Names) -> dict[int, _Node]:
    nodes: dict[int, _Node] = {}
    for line, content in enumerate(text.splitlines(), 1):
        found = _LINE.fullmatch(content)
        if found is None:
            if _HEADING.fullmatch(content):
                continue
            raise names.error(line, f"{_shown(content)} is no node; write for example: 2) band<=0.5 10 3 1 *")
        number = int(found[1])
        if number in nodes:
            raise names.error(line, f"node {number} stands on line {nodes[number].line} already")
        if len(nodes) >= MOST_NODES:
            raise names.error(line, f"more than {MOST_NODES:,} nodes")
        nodes[number] = _node(number, found[2], names, line)
    if 1 not in nodes:
        raise names.error(1, "there is no root; the first node is for example: 1) root 10 3 1")
    return nodes


def _node(number: int, rest: str, names: _Names, line: int) -> _Node:
    if number == 1:
        word, tail = _first_word(rest)
        if word != "root":
            raise names.error(line, "node 1 must be the root; write for example: 1) root 10 3 1")
        band, operator, threshold = -1, "", 0.0
    else:
        band, operator, threshold, tail = _split(rest, names, line)
    tail = tail.strip()
    leaf = tail.endswith("*")
    tail = tail.removesuffix("*").rstrip()
    fields = (tail[: tail.rfind("(")] if tail.endswith(")") and "(" in tail else tail).split()
    if len(fields) != 3:
        raise names.error(line, f"after the split must stand n, deviance and class, not {_shown(tail)}")
    value = _class_value(fields[2], names, line) if leaf else 0
    return _Node(line=line, band=band, operator=operator, threshold=threshold, leaf=leaf, value=value)


def _split(rest: str, names: _Names, line: int) -> tuple[int, str, float, str]:
    """Number of the band, operator, threshold, and what follows."""
    found = _OPERATOR.search(rest)
    if found is None:
        raise names.error(line, f"{_shown(rest)} has no split of a band with <, <=, > or >= and a number")
    band = rest[: found.start()].strip()
    band = band[1:-1] if len(band) > 1 and band[0] == band[-1] == "`" else band
    if band not in names.bands:
        raise names.error(line, f"there is no band {_shown(band)}{nearest(band, names.bands)}")
    number, tail = _first_word(rest[found.end() :])
    if not _NUMBER.fullmatch(number) or abs(float(number)) > _LARGEST:
        raise names.error(line, f"{_shown(number)} is not a number that a band can be compared with")
    return names.bands[band], found[0], float(number), tail


def _first_word(text: str) -> tuple[str, str]:
    word, tail, *_ = [*text.split(None, 1), "", ""]
    return word, tail


def _class_value(text: str, names: _Names, line: int) -> int:
    if not _NUMBER.fullmatch(text) or not float(text).is_integer() or abs(float(text)) > _LARGEST_CLASS:
        raise names.error(line, f"the class {_shown(text)} of a leaf must be a class value, a whole number")
    value = int(float(text))
    if names.classes is not None and value not in names.classes:
        allowed = ", ".join(map(str, names.classes))
        raise names.error(line, f"the legend has no class {value}; it has {allowed}")
    return value


def _arranged(nodes: dict[int, _Node], names: _Names) -> list[tuple[int, int, int, float, int]]:
    """Left, right, feature, threshold and value of the nodes, parents before their children."""
    places = {number: place for place, number in enumerate(sorted(nodes))}
    rows = []
    for number in places:
        node = nodes[number]
        if number > 1:
            _check_parent(number, nodes, names)
        if node.leaf:
            rows.append((-1, -1, 0, 0.0, node.value))
            continue
        first = _children(number, nodes, names)
        children = (places[2 * number], places[2 * number + 1])
        left, right = children if first.operator[0] == "<" else children[::-1]
        rows.append((left, right, first.band, first.last_below, 0))
    return rows


def _children(number: int, nodes: dict[int, _Node], names: _Names) -> _Node:
    """The first of the two children of a node, which stands for both."""
    line, first, second = nodes[number].line, nodes.get(2 * number), nodes.get(2 * number + 1)
    if first is None or second is None:
        missing = 2 * number if first is None else 2 * number + 1
        raise names.error(line, f"node {number} has no child {missing}; add it, or mark a leaf with *")
    if not first.is_opposite(second):
        raise names.error(second.line, f"the split of node {2 * number + 1} is not the opposite of line {first.line}")
    return first


def _check_parent(number: int, nodes: dict[int, _Node], names: _Names) -> None:
    parent = nodes.get(number // 2)
    if parent is None or parent.leaf:
        lacks = "is not there" if parent is None else "is a leaf"
        raise names.error(nodes[number].line, f"node {number} stands below node {number // 2}, which {lacks}")


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
