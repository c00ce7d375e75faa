"""The legend: from the classes that reference data hold, or matched with one the user has. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from classify_local.errors import InputError
from classify_local.legend import Legend, LegendEntry
from classify_local.starting.colors import color_classes
from classify_local.starting.columns import whole_number

_LISTED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """What a file of reference data calls its classes.

    Parameters
    ----------
    where
        The file.
    counts
        Its classes as texts, with their rows.
    labels, colors
        Names and colours of class values, where the file has them.
    """

    where: str
    counts: Mapping[str, int]
    labels: Mapping[int, str] = field(default_factory=dict)
    colors: Mapping[int, str] = field(default_factory=dict)

    @property
    def by_value(self) -> bool:
        """True if the texts are class values."""
        return all(whole_number(text) is not None for text in self.counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """A legend, and what the classes of each file are in it.

    Parameters
    ----------
    legend
        The legend.
    texts
        For each file, class value to the texts that mean it; nothing where the texts are the values.
    unknown
        For each file the texts that the legend does not have, with their rows.
    rows
        Rows of each class value.
    nameless
        Class values that nothing names.
    """

    legend: Legend
    texts: tuple[Mapping[int, tuple[str, ...]], ...]
    unknown: tuple[Mapping[str, int], ...]
    rows: Mapping[int, int]
    nameless: tuple[int, ...] = ()


def make_legend(vocabularies: Sequence[Vocabulary], names: Mapping[int, str]) -> Matched:
    """A legend of all classes: numbers are class values, texts get the free values from 1 in the order of the alphabet.

    Parameters
    ----------
    vocabularies
        Of the files.
    names
        Names of class values that the user gave.
    """
    values = sorted({int(text) for vocabulary in vocabularies if vocabulary.by_value for text in vocabulary.counts})
    known = {value: label for vocabulary in reversed(vocabularies) for value, label in vocabulary.labels.items()}
    labels = {value: names.get(value) or known.get(value) or f"class {value}" for value in values}
    spellings = _spellings([vocabulary for vocabulary in vocabularies if not vocabulary.by_value])
    by_label = {label.casefold(): value for value, label in labels.items()}
    free = (number for number in range(1, 1 << 20) if number not in labels)
    for folded in sorted(set(spellings) - set(by_label)):
        by_label[folded] = next(free)
        labels[by_label[folded]] = spellings[folded].most_common(1)[0][0]
    legend = _colored(labels, {v: c for one in reversed(vocabularies) for v, c in one.colors.items()})
    nameless = tuple(value for value in values if value not in known and value not in names)
    return match_legend(legend, vocabularies, by_label, nameless)


def match_legend(
    legend: Legend, vocabularies: Sequence[Vocabulary], by_label: Mapping[str, int] | None = None,
    nameless: tuple[int, ...] = (),
) -> Matched:  # fmt: skip
    """Find the classes of files in a legend: numbers among its values, texts among its labels.

    Raises
    ------
    InputError
        Naming each file that has no class of the legend.
    """
    known = by_label or {entry.label.casefold(): entry.value for entry in legend}
    found = [_values_of(vocabulary, legend, known) for vocabulary in vocabularies]
    strange = [
        f"{vocabulary.where}: none of its classes ({listed(vocabulary.counts)}) is a value or label of the legend "
        f"({listed([f'{entry.value} {entry.label}' for entry in legend])}); leave --legend out, and one is made of them"
        for vocabulary, of in zip(vocabularies, found, strict=True)
        if not of and vocabulary.counts
    ]
    if strange:
        raise InputError(*strange)
    rows: Counter[int] = Counter()
    texts = []
    for vocabulary, of in zip(vocabularies, found, strict=True):
        for text, value in of.items():
            rows[value] += vocabulary.counts[text]
        texts.append({} if vocabulary.by_value else _inverted(of))
    unknown = [
        {text: count for text, count in vocabulary.counts.items() if text not in of}
        for vocabulary, of in zip(vocabularies, found, strict=True)
    ]
    return Matched(legend=legend, texts=tuple(texts), unknown=tuple(unknown), rows=dict(rows), nameless=nameless)


def listed(names: Sequence[str] | Mapping[str, int]) -> str:
    """The first names, and how many more there are."""
    shown = list(names)[:_LISTED]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _spellings(vocabularies: Sequence[Vocabulary]) -> dict[str, Counter[str]]:
    """Texts that differ by capitals only are one class; its label is the most common of them."""
    found: dict[str, Counter[str]] = {}
    for vocabulary in vocabularies:
        for text, count in vocabulary.counts.items():
            found.setdefault(text.casefold(), Counter())[text] += count
    return found


def _colored(labels: Mapping[int, str], given: Mapping[int, str]) -> Legend:
    values = sorted(labels)
    named = _told_apart([labels[value] for value in values])
    made = color_classes(named)
    colors = [given.get(value, color) for value, color in zip(values, made, strict=True)]
    if len(set(colors)) < len(colors):
        colors = list(made)
    return Legend(
        tuple(
            LegendEntry(value=value, label=label, color=color)
            for value, label, color in zip(values, named, colors, strict=True)
        )
    )


def _told_apart(labels: Sequence[str]) -> list[str]:
    """The labels, those that are there already with their number behind: a legend has each once."""
    taken: set[str] = set()
    apart = []
    for number, label in enumerate(labels, 1):
        fresh = label if label not in taken else f"{label} ({number})"
        taken.add(fresh)
        apart.append(fresh)
    return apart


def _values_of(vocabulary: Vocabulary, legend: Legend, by_label: Mapping[str, int]) -> dict[str, int]:
    return dict(_known(vocabulary, set(legend.values), by_label))


def _known(vocabulary: Vocabulary, values: set[int], by_label: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    for text in vocabulary.counts:
        if vocabulary.by_value:
            if int(text) in values:
                yield text, int(text)
        elif text.casefold() in by_label:
            yield text, by_label[text.casefold()]


def _inverted(of: Mapping[str, int]) -> dict[int, tuple[str, ...]]:
    values: dict[int, list[str]] = {}
    for text, value in of.items():
        values.setdefault(value, []).append(text)
    return {value: tuple(sorted(values[value])) for value in sorted(values)}
