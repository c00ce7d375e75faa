"""A recipe drafted from images, a legend and reference data."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from classify_local.errors import InputError, Problems, collect
from classify_local.legend import Legend
from classify_local.recipe.text import RecipeDocument, parse, validate, with_paths
from classify_local.starting.asking import Asked, Question
from classify_local.starting.class_choice import SourceDraft
from classify_local.starting.classes import Matched, listed, make_legend, match_legend
from classify_local.starting.imagery import ImageDraft
from classify_local.starting.opening import open_images
from classify_local.starting.paths import is_name, names_of, stamped_name, telling_name, written_path
from classify_local.starting.reference import draft_source
from classify_local.starting.telling import notes, summary
from classify_local.starting.text import INLINE, Parts, recipe_text
from classify_local.starting.trial import Trial, stack_of, try_points
from classify_local.storage.legends import import_legend, legend_csv
from classify_local.storage.safety import AllowedFolders
from classify_local.training.collect import read_sources

_TRIALS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A recipe that is not written yet.

    Parameters
    ----------
    text
        The recipe as YAML.
    document
        The same, read.
    beside
        Files that belong to it, by name in the recipe's folder.
    summary
        What it holds, in a few lines.
    notes
        Sentences a user should read.
    questions
        All that was asked, with what is taken when nobody answers.
    """

    text: str
    document: RecipeDocument
    beside: Mapping[str, str]
    summary: tuple[str, ...]
    notes: tuple[str, ...]
    questions: tuple[Question, ...]


def draft(
    images: Sequence[str],
    legend: str | None = None,
    training: Sequence[str] = (),
    folder: Path = Path(),
    name: str | None = None,
    *,
    answers: Mapping[str, str] | None = None,
    allow: Sequence[str] = (),
    now: datetime | None = None,
) -> Draft:
    """Draft a recipe; reads and writes nothing.

    Parameters
    ----------
    images
        Files, folders, patterns or VRTs; the first gives the grid.
    legend
        A file that holds the classes; else they are taken from the reference data.
    training
        Tables, vector files or classifications.
    folder
        Where the recipe will lie.
    name
        The map's; guessed if not given.
    answers
        To questions that an earlier draft asked, by their keys.
    allow
        Folders in which sources of a VRT may lie.
    now
        Stamps the name if there is no better one.

    Returns
    -------
    Draft
        A valid recipe. Questions without an answer took their default.

    Raises
    ------
    ClassifyLocalError
        All that is wrong with the files.
    """
    if name is not None and not is_name(name):
        raise InputError(f"--name: {name!r} can be no file's name; take up to 100 letters, digits, spaces, - and _")
    asked, allowed = Asked(answers or {}), AllowedFolders((folder.absolute(), *map(Path, allow)))
    opened, own, sources = _opened(images, legend, list(dict.fromkeys(training)), folder, asked, allowed)
    name = name or telling_name(_candidates(images, folder)) or stamped_name(now or datetime.now())
    matched = _matched(own, sources, asked)
    parts = _tried(_parts(opened, sources, matched, folder, name, legend, allow), allowed)
    text = recipe_text(parts)
    return Draft(
        text=text, document=_document(text, folder), beside=_beside(parts), summary=tuple(summary(parts)),
        notes=tuple(notes(parts)), questions=tuple(asked.questions),
    )  # fmt: skip


def _opened(
    images: Sequence[str], legend: str | None, training: Sequence[str], folder: Path, asked: Asked,
    allowed: AllowedFolders,
) -> tuple[list[ImageDraft], Legend | None, list[SourceDraft]]:  # fmt: skip
    """What is decided of each file, or all that is wrong with them."""
    problems = Problems()
    opened = problems.attempt(lambda: open_images(images, folder, asked, allowed)) or []
    own = problems.attempt(lambda: None if legend is None else import_legend(Path(legend).expanduser()).legend)
    sources: list[SourceDraft] = []
    if opened:
        draw = partial(draft_source, grid=opened[0].grid, asked=asked, alone=len(training) == 1)
        sources = problems.attempt(lambda: collect(partial(draw, path) for path in training)) or []
    problems.raise_all()
    return opened, own, sources


def _beside(parts: Parts) -> dict[str, str]:
    """Files that the recipe needs in its folder."""
    files = {name: content for image in parts.images for name, content in image.beside.items()}
    if parts.matched is not None and parts.legend_file is not None and not parts.own_legend:
        files[parts.legend_file] = legend_csv(parts.matched.legend)
    return files


def _candidates(images: Sequence[str], folder: Path) -> list[str]:
    return [*(part for path in images for part in names_of(path)), folder.absolute().name]


def _parts(
    images: Sequence[ImageDraft], sources: Sequence[SourceDraft], matched: Matched | None, folder: Path, name: str,
    legend: str | None, allow: Sequence[str],
) -> Parts:  # fmt: skip
    file = None if legend is None else written_path(legend, folder)
    if file is None and matched is not None and len(matched.legend) > INLINE:
        file = f"{name}_legend.csv"
    return Parts(
        name=name, folder=folder, images=images, sources=sources, matched=matched, legend_file=file,
        own_legend=legend is not None, without_data=(),
        allow=list(dict.fromkeys([*allow, *(place for image in images for place in image.allow)])),
    )  # fmt: skip


def _matched(own: Legend | None, sources: Sequence[SourceDraft], asked: Asked) -> Matched | None:
    vocabularies = [source.vocabulary for source in sources]
    if own is not None:
        return match_legend(own, vocabularies)
    if not sources:
        return None
    found = make_legend(vocabularies, {})
    if len(found.legend) < 2:
        only = found.legend.entries[0].label
        raise InputError(
            f"{listed([source.path for source in sources])}: holds only the class {only!r}, and a classifier tells at "
            "least two apart; give more reference data, or the right column the name 'class'"
        )
    if not found.nameless:
        return found
    numbers = listed([str(value) for value in found.nameless])
    question = Question(
        key="names of classes", default=", ".join(f"class {value}" for value in found.nameless), phrases=True,
        count=len(found.nameless), text=f"The classes have numbers and no names. What are {numbers} called?",
    )  # fmt: skip
    answer = asked.ask(question)
    if answer.text == question.default:
        return found
    return make_legend(vocabularies, dict(zip(found.nameless, question.names(answer.text), strict=True)))


def _tried(parts: Parts, allowed: AllowedFolders) -> Parts:
    """The recipe without bands and masks that would take a class away whole."""
    if parts.matched is None or not parts.sources:
        return parts
    legend = parts.matched.legend
    for _ in range(_TRIALS):
        document = _with_full_paths(_document(recipe_text(parts), parts.folder))
        points = read_sources(document, stack_of(parts.images), legend, allowed)
        found = try_points(points, parts.images, legend)
        if not found.culprits:
            return replace(parts, without_data=found.lost)
        parts = replace(parts, images=[_without(image, i, found) for i, image in enumerate(parts.images)])
    return parts


def _without(image: ImageDraft, number: int, found: Trial) -> ImageDraft:
    """An image without the bands that take a class away."""
    whose = {name: listed([repr(label) for label in of]) for (i, name), of in found.culprits.items() if i == number}
    gone = [
        (name, f"has no data{_lack(image, name)} where {labels} was seen: with it the map would lose that class")
        for name, labels in whose.items()
        if name is not None
    ]
    dropped = {name for name, _ in gone}
    picks = tuple(pick for pick in image.picks if pick.name not in dropped)
    lacking = {name: share for name, share in image.lacking.items() if name not in dropped}
    fewer = replace(image, picks=picks, left_out=(*image.left_out, *gone), lacking=lacking)
    if None not in whose or image.mask is None:
        return fewer
    why = f"The band {image.mask.ref} could mask pixels, but would take away all training rows of {whose[None]}."
    return replace(fewer, mask=None, mask_why_not=why)


def _lack(image: ImageDraft, name: str) -> str:
    share = image.lacking.get(name)
    return "" if share is None else f" in {100 * share:.1f} % of the image, and none"


def _with_full_paths(document: RecipeDocument) -> RecipeDocument:
    """The recipe as it reads before its folder is there: from that, `..` leads nowhere."""
    node = with_paths(document.node, lambda path: os.path.normpath(document.folder / path))
    return replace(document, node=node, recipe=validate(node, document.where))


def _document(text: str, folder: Path) -> RecipeDocument:
    where = str(folder / "recipe.yml")
    node = parse(text, where)
    return RecipeDocument(recipe=validate(node, where), node=node, folder=folder.resolve(), where=where)
